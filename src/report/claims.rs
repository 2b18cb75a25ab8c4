//! The claims with their verdicts, and what they were judged by.

use super::{
    Report, Study, estimator_name,
    html::{escape, number, table},
};
use crate::study::{
    claims::{
        Claim, Interval, LayerVerdict, MIN_RANGE, MIN_SEEDS, MONOTONICITY, POSITIVE, PROMINENCE,
        RESOLUTION, RHO, Threshold, Verdict,
    },
    table::Estimator,
};

const HEADER: [&str; 4] =
    ["claim", "verdict", "statistic, threshold", "layer by layer, with 95 % intervals"];

impl Report {
    /// The paper's claims on a rule, with their verdicts for this estimator, but for the controls.
    pub(super) fn claims_of_the_paper(&mut self, study: &Study, rule: &str, estimator: Estimator) {
        let of_paper = |claim: &&Claim| {
            ["C1", "C1-layers", "C1-epochs", "C2", "C3"].contains(&claim.claim.as_str())
                && claim.rule == rule
                && claim.estimator() == estimator
                && !claim.attack.as_deref().is_some_and(|attack| study.is_control(attack))
        };
        let mut claims: Vec<&Claim> = study.claims.iter().filter(of_paper).collect();
        claims.sort_by(|a, b| a.claim.cmp(&b.claim));
        let lines: Vec<Vec<String>> = claims.into_iter().map(row).collect();
        self.add(&table(&HEADER, &lines));
    }

    pub(super) fn all_claims(&mut self, study: &Study) {
        self.add(
            "<h2>All claims</h2>\n<p>Also those beside the paper's: along depth, smoothness, the backpropagation \
             control.</p>\n",
        );
        let mut header = vec!["rule", "ranks"];
        header.extend(HEADER);
        let line = |claim: &Claim| {
            let mut cells = vec![escape(&claim.rule), estimator_name(study, claim.estimator())];
            cells.extend(row(claim));
            cells
        };
        let lines: Vec<_> = study.claims.iter().map(line).collect();
        self.add(&table(&header, &lines));
    }

    pub(super) fn thresholds(&mut self) {
        self.add("<h3>Thresholds, written down before the numbers</h3>\n");
        let line = |threshold: &Threshold| {
            vec![
                threshold.name.into(),
                number(Some(threshold.value), 2),
                format!("<span class=\"text\">{}</span>", escape(threshold.reason)),
            ]
        };
        let lines: Vec<_> = [RHO, MONOTONICITY, PROMINENCE, POSITIVE].iter().map(line).collect();
        self.add(&table(&["statistic", "at least", "why"], &lines));
        self.add(&format!(
            "<p>Undecided below {MIN_SEEDS} seeds, and where the mean accuracy over seeds moves by less than {} points along \
             the strengths. M and the turning point are taken in the order of falling mean accuracy, one order for all seeds; \
             accuracies that differ by up to {} point are the same and stand in the order of their strengths. Points at the floor of \
             accuracy do not count, but for the first of them in M. A seed whose layer has no exponent is left out of that layer.</p>\n",
            100.0 * MIN_RANGE,
            100.0 * RESOLUTION
        ));
    }
}

fn row(claim: &Claim) -> Vec<String> {
    let layers: Vec<String> = claim.layers.iter().map(|of| layer(claim, of)).collect();
    vec![
        format!(
            "<span class=\"text\"><b>{}</b> {}</span>",
            escape(&claim.claim),
            escape(&claim.statement)
        ),
        format!(
            "<span class=\"verdict\">{}</span>{}",
            claim.outcome(),
            claim.reason.as_ref().map_or(String::new(), |reason| format!(
                "<br><span class=\"text\">{}</span>",
                escape(reason)
            ))
        ),
        format!(
            "<span class=\"wrap\">{} ≥ {}</span>",
            escape(&claim.statistic),
            number(Some(claim.threshold), 2)
        ),
        layers.join("<br>"),
    ]
}

fn layer(claim: &Claim, layer: &LayerVerdict) -> String {
    let name = layer.layer.map_or(String::new(), |number| format!("{number}: "));
    let statistic = match layer.statistic {
        Some(Interval { value, low, high }) => format!(
            "{} [{}, {}]",
            number(Some(value), 2),
            number(Some(low), 2),
            number(Some(high), 2)
        ),
        // Said once of the claim where all layers are.
        None => match &layer.reason {
            Some(reason) if claim.verdict != Verdict::Undecided => {
                format!("undecided, {}", escape(reason))
            }
            _ => "undecided".into(),
        },
    };
    let seeds = match layer.statistic {
        Some(_) if layer.seeds < claim.seeds => {
            format!(" ({} of {} seeds)", layer.seeds, claim.seeds)
        }
        _ => String::new(),
    };
    let turn = layer.turn.as_ref().filter(|_| layer.holds == Some(true));
    let turn = turn.map_or(String::new(), |turn| format!(" at {}", number(Some(turn.strength), 2)));
    let text = format!("{name}{statistic}{turn}{seeds}");
    if layer.holds == Some(true) { format!("<b>{text}</b>") } else { text }
}
