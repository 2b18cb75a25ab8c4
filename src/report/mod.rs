//! The report: one HTML page that needs nothing else, and its figures.

mod curves;
mod html;
mod study;

use std::fmt::Write;

use crate::{
    claims::{
        ABOVE_FLOOR, Claim, Interval, MIN_SEEDS, MONOTONICITY, POSITIVE, PROMINENCE, RHO, Verdict,
    },
    figures::{self, Curve, Point, Sample, SampleRow, Spectra, layer_name},
};
use curves::{part, title};
use html::{escape, figure, number, spread, table};
pub use study::{Level, Samples, Study};

/// The page and its figures, each with the name of its file.
pub struct Report {
    /// HTML.
    pub page: String,
    /// SVG.
    pub figures: Vec<(String, String)>,
}

/// Ranks of the headline, where the study has them.
const HEADLINE: (usize, usize) = (1, 50);

/// Make the report of a study.
#[must_use]
pub fn report(study: &Study) -> Report {
    let mut report = Report { page: String::new(), figures: Vec::new() };
    let dataset = study.rows.first().map_or("", |row| row.dataset.as_str());
    let rules = study.rules();
    let ranks = study.headline();
    let heading = format!("Manifold smoothness and adversarial vulnerability: {}", escape(dataset));
    report.add(&format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{heading}</title>\n<style>\n{}</style></head><body>\n<h1>{heading}</h1>\n",
        include_str!("style.css")
    ));
    report.add(&format!(
        "<p>Does the geometry of a network's hidden representations tell how vulnerable it is? Test images are \
         attacked, and the exponent α of the power-law decay of each layer's eigenspectrum is related to accuracy. \
         Headline: ranks {}–{}.</p>\n",
        ranks.0, ranks.1
    ));
    for rule in &rules {
        report.claims_of_the_paper(study, rule, ranks);
    }
    for rule in &rules {
        report.curves(study, rule, ranks);
    }
    report.audit(study, ranks);
    report.layers(study, &rules, ranks);
    report.network(study);
    report.all_claims(study);
    report.numbers(study, &rules);
    report.add("<h2>Methods</h2>\n");
    report.add(include_str!("methods.html"));
    report.thresholds();
    report.add("<h2>What to distrust</h2>\n");
    report.add(include_str!("distrust.html"));
    report.provenance(study);
    report.add("</body></html>\n");
    report
}

impl Study {
    /// The rules, local errors first.
    fn rules(&self) -> Vec<String> {
        let mut rules: Vec<String> = self.rows.iter().filter_map(|row| row.rule.clone()).collect();
        rules.sort_by_key(|rule| (rule != "local", rule.clone()));
        rules.dedup();
        rules
    }

    /// [`HEADLINE`], or the first ranks there are.
    fn headline(&self) -> (usize, usize) {
        let all: Vec<_> = self.rows.iter().map(|row| (row.first, row.last)).collect();
        if all.contains(&HEADLINE) { HEADLINE } else { all.first().copied().unwrap_or(HEADLINE) }
    }

    fn claim(&self, name: &str, rule: &str, attack: &str, ranks: (usize, usize)) -> Option<&Claim> {
        self.claims.iter().find(|claim| {
            claim.claim == name
                && claim.rule == rule
                && claim.attack.as_deref() == Some(attack)
                && (claim.first, claim.last) == ranks
        })
    }
}

impl Report {
    fn add(&mut self, html: &str) {
        self.page.push_str(html);
    }

    fn draw(&mut self, name: &str, svg: String, caption: &str) {
        self.add(&figure(&svg, caption));
        self.figures.push((name.into(), svg));
    }

    /// The three claims of the paper, each with its verdict, and the figure that shows them.
    fn claims_of_the_paper(&mut self, study: &Study, rule: &str, ranks: (usize, usize)) {
        let rows = part(&study.rows, rule, ranks);
        self.add(&format!("<h2>The paper's claims: {}</h2>\n", rule_name(rule)));
        let mut claims: Vec<&Claim> = study
            .claims
            .iter()
            .filter(|c| ["C1", "C2", "C3"].contains(&c.claim.as_str()))
            .filter(|c| c.rule == rule && (c.first, c.last) == ranks)
            .collect();
        claims.sort_by(|a, b| a.claim.cmp(&b.claim));
        let lines: Vec<Vec<String>> = claims.into_iter().map(claim_row).collect();
        self.add(&table(&CLAIM_HEADER, &lines));
        let drawn: Vec<figures::Row> = rows
            .attacks()
            .into_iter()
            .map(|attack| rows.accuracy_alpha(attack, study.claim("C3", rule, attack, ranks)))
            .collect();
        self.draw(
            &format!("accuracy-alpha-{rule}"),
            figures::accuracy_alpha(&drawn),
            "Accuracy against α, a panel a layer. Thin: seeds; thick: their mean; colour: strength. A diamond marks the \
             turning point where the claim of one holds. Layers without a readout show the network's accuracy.",
        );
    }

    fn curves(&mut self, study: &Study, rule: &str, ranks: (usize, usize)) {
        let rows = part(&study.rows, rule, ranks);
        self.add(&format!("<h2>Along the strengths: {}</h2>\n", rule_name(rule)));
        let accuracy: Vec<_> =
            rows.attacks().into_iter().map(|a| rows.accuracy_strength(a)).collect();
        self.draw(
            &format!("accuracy-strength-{rule}"),
            figures::accuracy_strength(&accuracy),
            "Accuracy against strength: mean over seeds, band of one standard deviation.",
        );
        let alpha: Vec<_> = rows.attacks().into_iter().map(|a| rows.alpha_strength(a)).collect();
        self.draw(
            &format!("alpha-strength-{rule}"),
            figures::alpha_strength(&alpha),
            "α against strength, and its distance from that of the clean images of the same network.",
        );
    }

    /// What arithmetic kept from being attacked.
    fn audit(&mut self, study: &Study, ranks: (usize, usize)) {
        let rules = study.rules();
        let Some(rule) = rules.first() else { return };
        let rows = part(&study.rows, rule, ranks);
        let Some(&layer) = rows.layers().last() else { return };
        let mut lines = Vec::new();
        for attack in rows.attacks() {
            let along =
                |value: fn(&crate::table::Row) -> Option<f64>| rows.along(attack, layer, value);
            let images = along(|row| row.zero_gradient_images.map(|n| n as f64));
            let pixels = along(|row| row.zero_sign_pixels.map(|n| n as f64));
            let change = along(|row| row.max_change);
            let accuracy = along(|row| row.network_accuracy.map(|a| 100.0 * a));
            for (((images, pixels), change), accuracy) in images
                .iter()
                .zip(&pixels)
                .zip(&change)
                .zip(&accuracy)
                .filter(|(((i, _), _), _)| i.y.is_some())
            {
                lines.push(vec![
                    title(attack),
                    images.x.to_string(),
                    number(images.y, 1),
                    number(pixels.y, 1),
                    number(change.y, 4),
                    spread(accuracy.y, accuracy.sd, 1),
                ]);
            }
        }
        if lines.is_empty() {
            return;
        }
        self.add(&format!(
            "<h2>What single precision does to FGSM: {}</h2>\n<p>Means over seeds: images whose gradient is 0 in every \
             pixel, pixels whose sign is 0, the largest change of a pixel, and the network's accuracy. Under the exact \
             gradient none is lost to arithmetic; what turns there turns without its help.</p>\n",
            rule_name(rule)
        ));
        let header = [
            "attack",
            "ε",
            "images with no gradient",
            "pixels of sign 0",
            "largest change",
            "accuracy, %",
        ];
        self.add(&table(&header, &lines));
    }

    fn layers(&mut self, study: &Study, rules: &[String], ranks: (usize, usize)) {
        self.add("<h2>Along the layers</h2>\n");
        let drawn: Vec<figures::Rule> =
            rules.iter().map(|rule| part(&study.rows, rule, ranks).against_layer(rule)).collect();
        self.draw(
            "layers",
            figures::layers(&drawn),
            "Clean images: α and participation ratio against the layer, mean and standard deviation over seeds.",
        );
    }

    /// One network: its training, spectra, and what it makes of attacked images.
    fn network(&mut self, study: &Study) {
        self.add("<h2>One network</h2>\n");
        if !study.history.is_empty() {
            let numbers: std::collections::BTreeSet<usize> =
                study.history.iter().map(|p| p.layer).collect();
            let curves = |value: fn(&crate::train::Progress) -> Option<f64>| -> Vec<Curve> {
                let curve = |layer: &usize| Curve {
                    label: layer_name(*layer),
                    points: study
                        .history
                        .iter()
                        .filter(|progress| progress.layer == *layer)
                        .map(|progress| Point::new(progress.epoch as f64, value(progress)))
                        .collect(),
                };
                numbers.iter().map(curve).collect()
            };
            let svg = figures::training(&curves(|p| p.test_error), &curves(|p| Some(p.train_loss)));
            self.draw("training", svg, "Training, a line a layer with a readout.");
        }
        let ranks = study.headline();
        let layers = study.levels.first().map_or(0, |level| level.eigenvalues.len());
        let spectra: Vec<Spectra> =
            (1..=layers).map(|layer| spectra_of(study, layer, ranks)).collect();
        self.draw(
            "spectra",
            figures::spectra(&spectra),
            "Eigenvalues against rank, clean and attacked, with the lines fitted over the headline's ranks.",
        );
        let width = study.samples.first().map_or(0, |s| s.images.ncols()).isqrt();
        if width * width == study.samples.first().map_or(1, |s| s.images.ncols()) {
            let rows: Vec<SampleRow> = study.samples.iter().map(sample_row).collect();
            self.draw(
                "samples",
                figures::samples(&rows, &study.labels, width),
                "Test images, clean and attacked, and what the network takes them for.",
            );
        }
    }

    fn all_claims(&mut self, study: &Study) {
        self.add("<h2>All claims</h2>\n<p>Also those beside the paper's: along training, depth, smoothness, the backpropagation control.</p>\n");
        let mut header = vec!["rule", "ranks"];
        header.extend(CLAIM_HEADER);
        let line = |claim: &Claim| {
            let mut cells = vec![escape(&claim.rule), format!("{}–{}", claim.first, claim.last)];
            cells.extend(claim_row(claim));
            cells
        };
        let lines: Vec<_> = study.claims.iter().map(line).collect();
        self.add(&table(&header, &lines));
    }

    fn numbers(&mut self, study: &Study, rules: &[String]) {
        self.add("<h2>Numbers</h2>\n<p>Clean images: mean ± standard deviation over seeds.</p>\n");
        let mut ranges: Vec<(usize, usize)> =
            study.rows.iter().map(|row| (row.first, row.last)).collect();
        ranges.sort_unstable();
        ranges.dedup();
        let mut lines = Vec::new();
        for rule in rules {
            for &ranks in &ranges {
                let rows = part(&study.rows, rule, ranks);
                for layer in rows.layers() {
                    let clean = |value: fn(&crate::table::Row) -> Option<f64>, digits: usize| {
                        let point = rows.along("clean", layer, value).into_iter().next();
                        point.map_or("–".into(), |point| spread(point.y, point.sd, digits))
                    };
                    lines.push(vec![
                        escape(rule),
                        format!("{}–{}", ranks.0, ranks.1),
                        layer.to_string(),
                        clean(|row| row.accuracy.map(|a| 100.0 * a), 2),
                        clean(|row| row.alpha, 2),
                        clean(|row| row.r2, 3),
                        clean(|row| row.curvature, 2),
                        clean(|row| row.participation_ratio, 1),
                        clean(|row| row.effective_rank, 1),
                        clean(|row| row.dead.map(|dead| dead as f64), 0),
                    ]);
                }
            }
        }
        let header = [
            "rule",
            "ranks",
            "layer",
            "accuracy, %",
            "α",
            "r²",
            "curvature",
            "participation ratio",
            "effective rank",
            "dead units",
        ];
        self.add(&table(&header, &lines));
    }

    fn thresholds(&mut self) {
        self.add("<h3>Thresholds, written down before the numbers</h3>\n");
        let line = |threshold: &crate::claims::Threshold| {
            vec![
                threshold.name.into(),
                number(Some(threshold.value), 2),
                format!("<span class=\"text\">{}</span>", escape(threshold.reason)),
            ]
        };
        let lines: Vec<_> = [RHO, MONOTONICITY, PROMINENCE, POSITIVE].iter().map(line).collect();
        self.add(&table(&["statistic", "at least", "why"], &lines));
        self.add(&format!(
            "<p>Undecided below {MIN_SEEDS} seeds. For the turning point, strengths count whose accuracy is more than \
             {} points above its floor.</p>\n",
            100.0 * ABOVE_FLOOR
        ));
    }

    fn provenance(&mut self, study: &Study) {
        self.add("<h2>How it was made</h2>\n");
        self.add(&format!("<p>local-errors {}.</p>\n", env!("CARGO_PKG_VERSION")));
        for (name, value) in
            [("The study", &study.record), ("The network shown, and its inputs", &study.model)]
        {
            if let Some(value) = value {
                let text = serde_json::to_string_pretty(value).unwrap_or_default();
                self.add(&format!("<h3>{name}</h3>\n<pre>{}</pre>\n", escape(&text)));
            }
        }
    }
}

const CLAIM_HEADER: [&str; 4] =
    ["claim", "verdict", "statistic, threshold", "layer by layer, with 95 % intervals"];

fn claim_row(claim: &Claim) -> Vec<String> {
    let layer = |layer: &crate::claims::Layer| {
        let name = layer.layer.map_or(String::new(), |number| format!("{number}: "));
        let statistic = match layer.statistic {
            Some(Interval { value, low, high }) => format!(
                "{} [{}, {}]",
                number(Some(value), 2),
                number(Some(low), 2),
                number(Some(high), 2)
            ),
            None => "undecided".into(),
        };
        let turn = layer.turn.as_ref().filter(|_| layer.holds == Some(true));
        let turn =
            turn.map_or(String::new(), |turn| format!(" at {}", number(Some(turn.strength), 2)));
        let text = format!("{name}{statistic}{turn}");
        if layer.holds == Some(true) { format!("<b>{text}</b>") } else { text }
    };
    let layers: Vec<String> = claim.layers.iter().map(layer).collect();
    vec![
        format!(
            "<span class=\"text\"><b>{}</b> {}</span>",
            escape(&claim.claim),
            escape(&claim.statement)
        ),
        format!("<span class=\"verdict\">{}</span>", verdict(claim)),
        format!("{} ≥ {}", escape(&claim.statistic), number(Some(claim.threshold), 2)),
        layers.join("<br>"),
    ]
}

/// The verdict in words, with the layers of one that holds in some.
fn verdict(claim: &Claim) -> String {
    let mut text = claim.verdict.name().to_owned();
    if claim.verdict == Verdict::Partly {
        let holding = claim.layers.iter().filter(|layer| layer.holds == Some(true));
        let numbers: Vec<_> =
            holding.filter_map(|layer| layer.layer).map(|n| n.to_string()).collect();
        let _ = write!(text, ": layer {}", numbers.join(", "));
    }
    text
}

fn rule_name(rule: &str) -> String {
    match rule {
        "local" => "local errors".into(),
        "backprop" => "backpropagation".into(),
        other => escape(other),
    }
}

fn spectra_of(study: &Study, layer: usize, ranks: (usize, usize)) -> Spectra {
    let level = |level: &Level| {
        let fit = level
            .fits
            .iter()
            .find(|fit| fit.layer.unwrap_or(1) == layer && (fit.first, fit.last) == ranks);
        let line = fit.and_then(|fit| {
            let last = fit.first + fit.points.saturating_sub(1);
            Some(figures::Line {
                alpha: fit.alpha?,
                intercept: fit.intercept?,
                first: fit.first,
                last,
            })
        });
        figures::Level {
            label: level_name(&level.attack, level.strength, " "),
            eigenvalues: level.eigenvalues.get(layer - 1).cloned().unwrap_or_default(),
            fit: line,
        }
    };
    Spectra { layer, levels: study.levels.iter().map(level).collect() }
}

fn sample_row(samples: &Samples) -> SampleRow {
    let sample = |(pixels, &predicted): (ndarray::ArrayView1<'_, f32>, &u8)| Sample {
        pixels: pixels.to_vec(),
        predicted: Some(predicted),
    };
    let images = samples.images.rows().into_iter().zip(&samples.predictions);
    SampleRow {
        label: level_name(&samples.attack, samples.strength, "\n"),
        samples: images.map(sample).collect(),
    }
}

fn level_name(attack: &str, strength: f64, between: &str) -> String {
    let short = match attack {
        "clean" => return "clean".into(),
        "gauss" => "Gaussian".into(),
        "fgsm" => "FGSM exact".into(),
        "fgsm-float32" => "FGSM float32".into(),
        other => other.to_owned(),
    };
    let symbol = if attack.starts_with("gauss") { "σ = " } else { "ε = " };
    format!("{short}{between}{symbol}{strength}")
}
