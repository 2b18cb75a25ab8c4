//! Whether spectra are power laws.

use maud::{Markup, html};

use crate::{
    report::{
        doubts::{description, of_fit, warnings},
        figures::{self, Curve, Point, layer_name},
        headline,
        html::{FigureList, Section, long_table, number, table},
        rule_view::RuleView,
    },
    spectrum::powerlaw::{self, Description, Fit, Method, Order, Ranks},
    study::table::{self, Row},
    words::numbered,
};

/// The windows of ranks, both ends included, over which the table has the slope. Ten classes differ in nine
/// directions.
const WINDOWS: [(usize, usize); 3] = [(1, 9), (10, 50), (51, 100)];

/// Above this chi-squared per degree of freedom, a power law is rejected. It is far above 1 because the
/// eigenvalues of activations, which are not Gaussian, scatter more than those of Gaussian data.
const REJECTED: f64 = 10.0;

/// In the figure, a window reaches from the rank divided by this number to the rank times it.
const REACH: f64 = 1.3;

const DESCRIPTIONS: [&str; 5] =
    ["ranks", "layer", "preferred, clean images", "preferred, all images", "doubts, all images"];

/// Local slopes and residuals of the clean spectra of the network shown, and the descriptions of all spectra
/// compared.
pub fn is_it_one(rule: RuleView<'_>, figures: &mut FigureList) -> Section {
    let body = html! {
        (slopes(rule))
        (figure(rule, figures))
        (descriptions(rule))
    };
    Section::new(format!("Is it a power law? {}", rule.title()), body)
}

/// Whether a power law is rejected, and the numbers of each layer.
fn slopes(rule: RuleView<'_>) -> Markup {
    let (study, ranks) = (rule.study, rule.estimator.ranks());
    let networks = rule.networks();
    let clean = networks.rows.iter().filter(|row| row.attack == "clean");
    let samples = clean.filter_map(|row| row.samples).max();
    let layers = || (1..).zip(&study.spectra[0].eigenvalues);
    let headline = Ranks::new(rule.estimator.first, rule.estimator.last).ok();
    let chi_squared =
        |lambda: &[f64]| chi_squared(&straight_line(lambda, headline?), lambda, samples?);
    let found: Vec<(usize, Option<f64>)> =
        layers().map(|(layer, lambda)| (layer, chi_squared(lambda))).collect();
    let windows =
        WINDOWS.map(|(first, last)| Ranks::new(first, last).expect("at least three ranks"));
    let row = |(layer, lambda): (usize, &Vec<f64>)| {
        let slopes = windows.map(|window| of_fit(&straight_line(lambda, window)));
        let cells = slopes.into_iter().chain([number(chi_squared(lambda), 1)]);
        [layer.to_string()].into_iter().chain(cells).collect()
    };
    let names = windows.map(|window| format!("slope, ranks {}–{}", window.first(), window.last()));
    let chi = format!("χ² per degree of freedom, ranks {ranks}");
    let header: Vec<&str> = ["layer"]
        .into_iter()
        .chain(names.iter().map(String::as_str))
        .chain([chi.as_str()])
        .collect();
    html! {
        p {
            b { (verdict(&found, &ranks)) }
            " α is the mean slope over its ranks, and other ranks have another slope."
        }
        p {
            "A power law is a straight line of ln λ against ln n. χ² compares the residuals of the fitted line with \
             the standard deviation of ln λ that Gaussian data would have, √(2/P) for P images (Anderson, Ann. \
             Math. Stat. 34, 122, 1963)"
            @if let Some(samples) = samples {
                ", which is " (number(Some((2.0 / samples as f64).sqrt()), 3)) " for the " (samples) " images"
            }
            ". χ² per degree of freedom is about 1 if only this scatter separates the spectrum from a line. \
             Activations are not Gaussian, so that χ² is right in its order of magnitude only: a power law \
             counts as rejected above " (REJECTED) ". "
            "The table and the figure show the clean images of one network. " (study.network_shown())
        }
        (table(&header, &layers().map(row).collect::<Vec<Vec<String>>>()))
    }
}

/// `A power law over ranks 1–50 is rejected in layers 1 and 2 of 3: χ² per degree of freedom is 240 to 4400.`
fn verdict(found: &[(usize, Option<f64>)], ranks: &str) -> String {
    let judged = found.iter().filter_map(|(layer, value)| Some((*layer, (*value)?)));
    let rejected: Vec<(usize, f64)> = judged.filter(|(_, value)| *value > REJECTED).collect();
    let layers: Vec<usize> = rejected.iter().map(|(layer, _)| *layer).collect();
    let values = rejected.iter().map(|(_, value)| *value);
    let (least, most) = (values.clone().fold(f64::INFINITY, f64::min), values.fold(0.0, f64::max));
    if found.iter().all(|(_, value)| value.is_none()) {
        return format!("Whether the spectra are power laws over ranks {ranks} cannot be judged.");
    }
    if rejected.is_empty() {
        return format!("A power law over ranks {ranks} is not rejected in any layer.");
    }
    let range =
        if layers.len() == 1 { format!("{least:.0}") } else { format!("{least:.0} to {most:.0}") };
    format!(
        "A power law over ranks {ranks} is rejected in {} of {}: χ² per degree of freedom is {range} there.",
        numbered("layer", &layers),
        found.len()
    )
}

/// The least-squares line of ln lambda against ln n over these ranks, as far as eigenvalues are positive.
fn straight_line(lambda: &[f64], ranks: Ranks) -> Fit {
    let fit = powerlaw::fit(lambda, None, ranks, Method::Ols, Order::AsGiven);
    fit.expect("a spectrum in any order can be fitted")
}

/// Chi-squared per degree of freedom of a line, if the variance of each ln lambda is 2/samples.
fn chi_squared(line: &Fit, lambda: &[f64], samples: usize) -> Option<f64> {
    let (alpha, intercept) = (line.alpha?, line.intercept?);
    let residual = |n: usize| lambda[n - 1].ln() - intercept + alpha * (n as f64).ln();
    let squares: f64 = (line.rank_first..).take(line.points).map(|n| residual(n).powi(2)).sum();
    let degrees_of_freedom = line.points.checked_sub(2).filter(|&left| left > 0)?;
    Some(samples as f64 / 2.0 * squares / degrees_of_freedom as f64)
}

/// The local slope at each rank whose window lies within the positive eigenvalues.
fn local_slopes(lambda: &[f64]) -> Vec<Point> {
    let slope = |n: usize| {
        let first = (n - 1).min((n as f64 / REACH).ceil() as usize);
        let last = (n + 1).max((n as f64 * REACH).floor() as usize);
        let line = straight_line(lambda, Ranks::new(first, last).expect("at least three ranks"));
        (line.points == last + 1 - first).then(|| Point::new(n as f64, line.alpha))
    };
    (2..lambda.len()).map_while(slope).collect()
}

fn figure(rule: RuleView<'_>, figures: &mut FigureList) -> Markup {
    let curve = |(layer, lambda): (usize, &Vec<f64>)| Curve {
        label: layer_name(layer),
        points: local_slopes(lambda),
    };
    let curves: Vec<Curve> = (1..).zip(&rule.study.spectra[0].eigenvalues).map(curve).collect();
    figures.add(
        "local-slopes",
        figures::local_slopes(&curves),
        &rule.study.network_shown(),
        "Clean images: minus the slope of ln λ against ln n, by least squares over the ranks from n/1.3 to 1.3 n, \
         and over at least three ranks. A power law would be a horizontal line at α.",
    )
}

/// Which description of the spectra of each layer is preferred, and the warnings of all fits, for all
/// estimators; nothing if the descriptions were not compared and no fit has a warning.
fn descriptions(rule: RuleView<'_>) -> Markup {
    let mut lines = Vec::new();
    for estimator in table::estimators(&rule.study.rows) {
        let ranks = headline::name(&rule.study.rows, estimator);
        let networks = rule.with(estimator).networks();
        for layer in networks.layers() {
            let rows: Vec<&Row> =
                networks.rows.iter().copied().filter(|row| row.layer == layer).collect();
            let clean = rows.iter().copied().filter(|row| row.attack == "clean");
            lines.push(vec![
                ranks.clone(),
                layer.to_string(),
                preferred(clean),
                preferred(rows.iter().copied()),
                warned(&rows),
            ]);
        }
    }
    let has_any = lines.iter().any(|line| line[2..].iter().any(|cell| cell != "–"));
    html! {
        @if has_any {
            p {
                "A second, weaker test covers the spectra of all seeds and, under \"all images\", of all attacks and \
                 strengths: a power law, an exponential, and a power law that is broken at a rank are fitted to the \
                 ranks, and the description with the lowest Bayesian information criterion is preferred. The \
                 criterion needs the number of independent ranks, which is only estimated. Tables of α name the \
                 preferred description where it is not the power law."
            }
            (long_table("Descriptions of the spectra", &DESCRIPTIONS, &lines))
        }
    }
}

/// `broken 4, power law 1`: how many of these rows prefer each description.
fn preferred<'a>(rows: impl Iterator<Item = &'a Row> + Clone) -> String {
    let all = [Description::PowerLaw, Description::Exponential, Description::Broken];
    let count = |wanted: Description| {
        let count = rows.clone().filter(|row| row.preferred == Some(wanted)).count();
        (count > 0).then(|| format!("{} {count}", description(wanted)))
    };
    or_dash(all.into_iter().filter_map(count).collect())
}

/// The warnings, and how many of these rows have each.
fn warned(rows: &[&Row]) -> String {
    let warnings = warnings(rows.iter().copied()).into_iter();
    or_dash(warnings.map(|(code, count)| format!("{code} {count}")).collect())
}

fn or_dash(parts: Vec<String>) -> String {
    if parts.is_empty() { "–".into() } else { parts.join(", ") }
}

#[cfg(test)]
mod tests {
    use approx::assert_relative_eq;

    use super::*;

    #[test]
    fn chi_squared_is_about_1_for_the_scatter_of_gaussian_samples_and_rejects_a_bent_spectrum() {
        // Residuals of exactly the size sqrt(2/P), in a pattern without mean, slope or bend up to rank 40.
        let signs = [1.0, -1.0, -1.0, 1.0];
        let lambda = |bend: f64| -> Vec<f64> {
            let value = |n: u32| {
                let x = f64::from(n).ln();
                (-1.5 * x - bend * x * x + 0.02 * signs[(n % 4) as usize]).exp()
            };
            (1..=60).map(value).collect()
        };
        let ranks = Ranks::new(1, 40).unwrap();
        let of = |lambda: &[f64]| chi_squared(&straight_line(lambda, ranks), lambda, 5000).unwrap();
        assert_relative_eq!(of(&lambda(0.0)), 1.0, max_relative = 0.1);
        assert!(of(&lambda(0.5)) > 10.0 * REJECTED);
        let found = [(1, Some(240.0)), (2, Some(3.0)), (3, Some(4400.4)), (4, None)];
        assert_eq!(
            verdict(&found, "1–50"),
            "A power law over ranks 1–50 is rejected in layers 1 and 3 of 4: χ² per degree of freedom is 240 to 4400 \
             there."
        );
        assert!(verdict(&found[3..], "1–50").ends_with("cannot be judged."));
        assert!(verdict(&found[1..2], "1–50").ends_with("is not rejected in any layer."));
    }

    #[test]
    fn local_slopes_of_a_power_law_are_its_exponent_up_to_the_last_whole_window() {
        let mut lambda: Vec<f64> = (1..=26).map(|n| f64::from(n).powf(-1.5)).collect();
        lambda.extend([0.0; 4]);
        let slopes = local_slopes(&lambda);
        // The window of rank 20 ends at rank 26, and that of rank 21 at rank 27.
        assert_eq!((slopes[0].x, slopes[slopes.len() - 1].x), (2.0, 20.0));
        for slope in slopes {
            assert_relative_eq!(slope.y.unwrap(), 1.5, max_relative = 1e-9);
        }
    }
}
