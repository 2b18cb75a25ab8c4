//! The report: one HTML page that needs nothing else, and its figures.

mod claims;
mod controls;
mod curves;
mod fgsm;
pub mod figures;
mod html;
mod links;
mod study;
mod sweep;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use crate::{
    Result,
    geometry::powerlaw::Fit,
    io::write::{self, Output},
    study::{
        catalogue::{AttackEntry, Catalogue},
        claims::Claim,
        table::{self, Estimator, Row},
    },
};
use curves::{images, part, snapshots};
use figures::{Curve, Point, Sample, SampleRow, Spectra, layer_name};
use html::{escape, figure, number, spread};
pub use links::Links;
pub use study::{Level, Samples, Study};
pub use sweep::{Sweep, sweep};

/// The page and its figures, each with the name of its file.
pub struct Report {
    /// HTML.
    pub page: String,
    /// SVG.
    pub figures: Vec<(String, String)>,
    /// To the files of the figures, where they are files too.
    pub links: Option<Links>,
}

impl Report {
    /// The page, and its figures in a folder, as outputs to be finished.
    pub fn outputs(&self, page: &Path, figures: Option<&Path>) -> Result<Vec<Output>> {
        let mut texts = vec![(page.to_owned(), &self.page)];
        if let Some(folder) = figures {
            write::distinct(&[page, folder])?;
            write::create_folder(folder)?;
            let path = |name: &str| folder.join(format!("{name}.svg"));
            texts.extend(self.figures.iter().map(|(name, svg)| (path(name), svg)));
        }
        write::distinct(&texts.iter().map(|(path, _)| path.as_path()).collect::<Vec<_>>())?;
        let written = texts.iter().map(|(path, text)| {
            let mut output = Output::create(path)?;
            output.bytes(text.as_bytes())?;
            Ok(output)
        });
        written.collect()
    }
}

/// Make the report of a study; `links` lead to its figures where they are files too.
#[must_use]
pub fn report(study: &Study, links: Option<Links>) -> Report {
    let dataset = study.rows.first().map_or("", |row| row.dataset.as_str());
    let rules = rules(&study.rows, &study.catalogue);
    let estimator = study.headline;
    let mut report = Report::begin(
        &format!("Manifold smoothness and adversarial vulnerability: {}", escape(dataset)),
        &format!(
            "Does the geometry of a network's hidden representations tell how vulnerable it is? Test images are \
             attacked, and the exponent α of the power-law decay of each layer's eigenspectrum is related to accuracy. \
             {}",
            headline_words(&study.rows, estimator)
        ),
        links,
    );
    let Some(rule) = rules.first() else { return report };
    report.heading(&format!("The paper's claims: {}", study.catalogue.rule_title(rule)));
    report.claims_of_the_paper(study, rule, estimator);
    report.add(include_str!("literature.html"));
    report.without_exponent(study, rule, estimator);
    report.accuracy_against_alpha(study, rule, estimator);
    report.heading(&format!("Along the strengths: {}", study.catalogue.rule_title(rule)));
    report.against_strength(study, rule, estimator);
    report.audit(study, rule, estimator);
    report.layers(study, &rules, estimator);
    report.epochs(study, rule, estimator);
    report.network(study);
    report.control_attacks(study, rule, estimator);
    report.signal_alone(study, rule, estimator);
    report.number_of_samples(study, rule, estimator);
    report.other_rules(study, &rules, estimator);
    report.all_claims(study);
    report.numbers(study, &rules);
    report.add("<h2>Methods</h2>\n");
    report.add(include_str!("methods.html"));
    report.thresholds();
    report.add("<h2>What to distrust</h2>\n");
    report.add(include_str!("distrust.html"));
    report.provenance(study);
    report.end();
    report
}

/// The rules, first the one that the study is about.
fn rules<'a>(rows: impl IntoIterator<Item = &'a Row>, catalogue: &Catalogue) -> Vec<String> {
    catalogue.in_order(rows.into_iter().filter_map(|row| row.rule.clone()).collect())
}

/// Names of the methods that these rows were fitted by.
fn methods<'a>(rows: impl IntoIterator<Item = &'a Row>) -> Vec<&'static str> {
    let names: BTreeSet<_> = rows.into_iter().map(|row| row.method.name()).collect();
    names.into_iter().collect()
}

/// Which ranks and method the figures and the first claims are of.
fn headline_words<'a>(rows: impl IntoIterator<Item = &'a Row>, estimator: Estimator) -> String {
    let (ranks, method) = (estimator.ranks(), estimator.method.name());
    let others: Vec<_> = methods(rows).into_iter().filter(|name| *name != method).collect();
    let others = match others.as_slice() {
        [] => String::new(),
        names => format!(" Fits by {} stand in the tables, each by itself.", names.join(" and ")),
    };
    format!("Headline: ranks {ranks}, method {method}.{others}")
}

/// Ranks, and the method where the study has several.
fn estimator_name(study: &Study, estimator: Estimator) -> String {
    match methods(&study.rows).len() {
        1 => estimator.ranks(),
        _ => format!("{}, {}", estimator.ranks(), estimator.method.name()),
    }
}

impl Study {
    fn claim(&self, name: &str, rule: &str, attack: &str, estimator: Estimator) -> Option<&Claim> {
        self.claims.iter().find(|claim| {
            claim.claim == name
                && claim.rule == rule
                && claim.attack.as_deref() == Some(attack)
                && claim.estimator() == estimator
        })
    }

    /// The claim of a turning point under an attack.
    fn turning(&self, rule: &str, attack: &AttackEntry, estimator: Estimator) -> Option<&Claim> {
        self.claim("C3", rule, &attack.name, estimator)
    }

    fn is_control(&self, attack: &str) -> bool {
        self.catalogue.attack(attack).is_control()
    }

    /// An attack at one strength, as a page calls it.
    fn level_name(&self, attack: &str, strength: f64, between: &str) -> String {
        level_name(&self.catalogue, attack, strength, between)
    }

    /// The attacks that are no controls, of these rows.
    fn attacks(&self, rows: &curves::Part<'_>) -> Vec<AttackEntry> {
        let mut attacks = rows.attacks(&self.catalogue);
        attacks.retain(|attack| !attack.is_control());
        attacks
    }
}

impl Report {
    /// A page that has a heading and says what it is about, both HTML.
    fn begin(heading: &str, lead: &str, links: Option<Links>) -> Self {
        let page = format!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
             <title>{heading}</title>\n<style>\n{}</style></head><body>\n<h1>{heading}</h1>\n<p>{lead}</p>\n",
            include_str!("style.css")
        );
        Self { page, figures: Vec::new(), links }
    }

    fn end(&mut self) {
        self.add("</body></html>\n");
    }

    fn add(&mut self, html: &str) {
        self.page.push_str(html);
    }

    fn draw(&mut self, name: &str, svg: String, caption: &str) {
        let file = self.links.as_ref().map(|links| links.to([format!("{name}.svg").as_str()]));
        self.add(&figure(&svg, caption, file.as_deref()));
        self.figures.push((name.into(), svg));
    }

    fn heading(&mut self, text: &str) {
        self.add(&format!("<h2>{}</h2>\n", escape(text)));
    }

    /// The figure that shows the paper's claims.
    fn accuracy_against_alpha(&mut self, study: &Study, rule: &str, estimator: Estimator) {
        let rows = part(&study.rows, rule, estimator);
        let attacks = study.attacks(&rows);
        let drawn: Vec<figures::Row> = attacks
            .iter()
            .map(|attack| rows.accuracy_alpha(attack, study.turning(rule, attack, estimator)))
            .collect();
        self.draw(
            &format!("accuracy-alpha-{rule}"),
            figures::accuracy_alpha(&drawn),
            "Accuracy against α, a panel a layer. Thin: seeds; thick: their mean; colour: strength. A diamond marks the \
             turning point where the claim of one holds. Layers without a readout show the network's accuracy.",
        );
    }

    /// Layers that have no exponent in some networks, and why.
    fn without_exponent(&mut self, study: &Study, rule: &str, estimator: Estimator) {
        let rows = part(&study.rows, rule, estimator).rows;
        let rows = || rows.iter().filter(|row| !study.is_control(&row.attack));
        let mut found: BTreeMap<(usize, &str), Vec<&Row>> = BTreeMap::new();
        for row in rows().filter(|row| row.alpha.is_none()) {
            let why = if row.positive == 0 {
                "no variance, every unit has one value for all images"
            } else {
                "fewer than three of the ranks have variance"
            };
            found.entry((row.layer, why)).or_default().push(row);
        }
        if found.is_empty() {
            return;
        }
        self.add("<h3>Layers without an exponent</h3>\n<ul>\n");
        for ((layer, why), without) in found {
            let seeds: BTreeSet<u64> = without.iter().filter_map(|row| row.seed).collect();
            let seeds: Vec<String> = seeds.iter().map(ToString::to_string).collect();
            let clean = if without.iter().any(|row| row.attack == "clean") { "" } else { "not " };
            self.add(&format!(
                "<li>Layer {layer}: {why}. Seed {}; {} of the {} measurements of this layer, the clean images {clean}among \
                 them.</li>\n",
                seeds.join(", "),
                without.len(),
                rows().filter(|row| row.layer == layer).count()
            ));
        }
        self.add(
            "</ul>\n<p>What has no exponent is left out of figures, means and claims, which say of how many seeds they \
             are.</p>\n",
        );
    }

    fn against_strength(&mut self, study: &Study, rule: &str, estimator: Estimator) {
        let rows = part(&study.rows, rule, estimator);
        let attacks = study.attacks(&rows);
        let accuracy: Vec<_> = attacks.iter().map(|a| rows.accuracy_strength(a)).collect();
        self.draw(
            &format!("accuracy-strength-{rule}"),
            figures::accuracy_strength(&accuracy),
            "Accuracy against strength: mean over seeds, band of one standard deviation.",
        );
        let alpha: Vec<_> = attacks.iter().map(|a| rows.alpha_strength(a)).collect();
        self.draw(
            &format!("alpha-strength-{rule}"),
            figures::alpha_strength(&alpha),
            "α against strength, and its distance from that of the clean images of the same network.",
        );
    }

    fn layers(&mut self, study: &Study, rules: &[String], estimator: Estimator) {
        self.heading("Along the layers");
        let mut drawn: Vec<figures::Rule> =
            rules.iter().map(|rule| controls::with_images(study, rule, estimator)).collect();
        drawn.extend(
            rules.first().map(|rule| controls::noise_against_layer(study, rule, estimator)),
        );
        self.draw(
            "layers",
            figures::layers(&drawn),
            "Clean images: α and participation ratio against the layer, mean and standard deviation over seeds; layer 0 \
             is the images themselves. Noise of the same shape is the law of Marchenko and Pastur: no structure at all, and nearly as many dimensions as units.",
        );
    }

    /// During training, from snapshots.
    fn epochs(&mut self, study: &Study, rule: &str, estimator: Estimator) {
        let rows = snapshots(&study.rows, rule, estimator);
        let epoch = |row: &Row| row.epoch.map(|epoch| epoch as f64);
        let alphas = rows.curves(epoch, |row| row.alpha);
        if alphas.is_empty() {
            return;
        }
        self.heading(&format!("Along the epochs: {}", study.catalogue.rule_title(rule)));
        self.draw(
            "epochs",
            figures::epochs(&alphas, &rows.curves(epoch, |row| row.accuracy.or(row.network_accuracy))),
            "Clean images, networks after so many epochs of training: mean and standard deviation over seeds.",
        );
    }

    /// One network: its training, spectra, and what it makes of attacked images.
    fn network(&mut self, study: &Study) {
        self.add("<h2>One network</h2>\n");
        if !study.history.is_empty() {
            let numbers: BTreeSet<usize> = study.history.iter().map(|p| p.layer).collect();
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
        let layers = study.levels.first().map_or(0, |level| level.eigenvalues.len());
        let spectra: Vec<Spectra> =
            (1..=layers).map(|layer| spectra_of(study, layer, study.headline)).collect();
        self.draw(
            "spectra",
            figures::spectra(&spectra),
            "Eigenvalues against rank, clean and attacked, with the lines fitted over the headline's ranks; noise of the \
             same shape and variance has the spectrum of Marchenko and Pastur.",
        );
        let width = study.samples.first().map_or(0, |s| s.images.ncols()).isqrt();
        if width * width == study.samples.first().map_or(1, |s| s.images.ncols()) {
            let rows: Vec<SampleRow> =
                study.samples.iter().map(|samples| sample_row(study, samples)).collect();
            self.draw(
                "samples",
                figures::samples(&rows, &study.labels, width),
                "Test images, clean and attacked, and what the network takes them for.",
            );
        }
    }

    fn numbers(&mut self, study: &Study, rules: &[String]) {
        self.add(
            "<h2>Numbers</h2>\n<p>Clean images: mean ± standard deviation over seeds. Layer 0 is the images \
             themselves; noise has the shape of the first rule's layers.</p>\n",
        );
        let mut lines = Vec::new();
        for estimator in table::estimators(&study.rows) {
            let ranks = estimator_name(study, estimator);
            lines.extend(numbers_of("images", &ranks, &images(&study.rows, estimator)));
            for rule in rules {
                let rows = part(&study.rows, rule, estimator);
                lines.extend(numbers_of(study.catalogue.rule_title(rule), &ranks, &rows));
            }
            let mut noise =
                rules.first().map_or(Vec::new(), |rule| controls::noise(study, rule, estimator));
            noise.dedup_by(|(_, a), (_, b)| (a.units, a.alpha) == (b.units, b.alpha));
            lines.extend(noise.iter().map(|(_, fit)| numbers_of_noise(&ranks, fit)));
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
        self.add(&html::table(&header, &lines));
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

fn numbers_of(name: &str, ranks: &str, rows: &curves::Part<'_>) -> Vec<Vec<String>> {
    let line = |layer: usize| {
        let clean = |value: fn(&Row) -> Option<f64>, digits: usize| {
            let point = rows.along("clean", layer, value).into_iter().next();
            let cell = point.map_or("–".into(), |point| spread(point.y, point.sd, digits));
            match rows.seeds_with(layer, value) {
                (with, all) if 0 < with && with < all => format!("{cell} ({with} of {all} seeds)"),
                _ => cell,
            }
        };
        vec![
            escape(name),
            ranks.into(),
            layer.to_string(),
            clean(|row| row.accuracy.map(|a| 100.0 * a), 2),
            clean(|row| row.alpha, 2),
            clean(|row| row.r2, 3),
            clean(|row| row.curvature, 2),
            clean(|row| row.participation_ratio, 1),
            clean(|row| row.effective_rank, 1),
            clean(|row| row.dead.map(|dead| dead as f64), 0),
        ]
    };
    rows.layers().into_iter().map(line).collect()
}

fn numbers_of_noise(ranks: &str, fit: &Fit) -> Vec<String> {
    vec![
        controls::NOISE.into(),
        ranks.into(),
        "–".into(),
        "–".into(),
        number(fit.alpha, 2),
        number(fit.r2, 3),
        number(fit.curvature, 2),
        number(fit.participation_ratio, 1),
        number(fit.effective_rank, 1),
        "–".into(),
    ]
}

fn spectra_of(study: &Study, layer: usize, estimator: Estimator) -> Spectra {
    let level = |level: &Level| {
        let fit =
            level.fits.iter().find(|fit| fit.layer.unwrap_or(1) == layer && estimator.is_of(fit));
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
            label: study.level_name(&level.attack, level.strength, " "),
            eigenvalues: level.eigenvalues.get(layer - 1).cloned().unwrap_or_default(),
            fit: line,
        }
    };
    let mut levels: Vec<figures::Level> = study.levels.iter().map(level).collect();
    levels
        .extend(study.levels.first().and_then(|clean| controls::noise_level(study, layer, clean)));
    Spectra { layer, levels }
}

fn sample_row(study: &Study, samples: &Samples) -> SampleRow {
    let sample = |(pixels, &predicted): (ndarray::ArrayView1<'_, f32>, &u8)| Sample {
        pixels: pixels.to_vec(),
        predicted: Some(predicted),
    };
    let images = samples.images.rows().into_iter().zip(&samples.predictions);
    SampleRow {
        label: study.level_name(&samples.attack, samples.strength, "\n"),
        samples: images.map(sample).collect(),
    }
}

fn level_name(catalogue: &Catalogue, attack: &str, strength: f64, between: &str) -> String {
    if attack == "clean" { "clean".into() } else { catalogue.attack(attack).at(strength, between) }
}
