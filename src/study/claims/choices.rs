//! The verdict over all choices: the paper's claims, judged in each of the ways in which the analysis could
//! have been made.
//!
//! A verdict of one analysis may depend on choices that the analyst made. So each claim about an attack is
//! judged for all combinations of them: are the images clipped, over which ranks and with which weights is
//! alpha fitted, up to which strength does the curve go, do points at the floor of accuracy count, and what
//! if all thresholds are halved or doubled? (Simonsohn, Simmons and Nelson, Nat. Hum. Behav. 4, 1208,
//! 2020: specification curve; Steegen et al., Perspect. Psychol. Sci. 11, 702, 2016: multiverse)

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    Verdict,
    curves::{self, Subject},
    paper::About,
};
use crate::{
    number,
    spectrum::powerlaw::Method,
    study::{
        catalogue::{AttackEntry, Catalogue},
        splits::{Choices, Split, largest_split},
        table::{self, Estimator, Row},
    },
};

/// What an analysis chooses besides the attack and the estimator of alpha.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Choice {
    /// Whether points at the floor of accuracy count.
    pub floor: Floor,
    /// Points of larger strengths do not count.
    pub largest: f64,
    /// Factor of the room that the thresholds of the claims leave, of `RESOLUTION` and of `MIN_RANGE`.
    pub scale: f64,
}

/// The default choice, for an attack of which all strengths count.
impl Default for Choice {
    fn default() -> Self {
        Self { floor: Floor::LeftOut, largest: f64::INFINITY, scale: 1.0 }
    }
}

/// What is done with the points at the floor of accuracy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Floor {
    /// They do not count, but for the first in C1 and C2.
    LeftOut,
    /// They count.
    Kept,
}

/// The scales of the thresholds, with their names.
const SCALES: [(f64, &str); 3] = [(0.5, "halved"), (1.0, "as set"), (2.0, "doubled")];

/// A claim judged with one combination of choices: a line of `claims --choices`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Analysis {
    /// C1, C2 or C3, along the strengths of the attack.
    pub claim: String,
    /// The learning rule.
    pub rule: String,
    /// The attack, by its name without clipping.
    pub attack: String,
    /// The matrix whose eigenvalues are fitted.
    pub matrix: Matrix,
    /// The method by which alpha was estimated.
    pub method: Method,
    /// First rank of the fit.
    pub rank_first: usize,
    /// Last rank of the fit.
    pub rank_last: usize,
    /// Whether the attacked images are clipped.
    pub clipped: bool,
    /// Whether points at the floor of accuracy count.
    pub floor: Floor,
    /// The largest strength that counts; `None` if all do.
    pub largest: Option<f64>,
    /// Factor of all thresholds.
    pub scale: f64,
    /// The value that the lower confidence bound of the statistic's median over seeds must reach.
    pub threshold: f64,
    /// The layers in which the claim holds.
    pub layers_holding: Vec<usize>,
    /// Number of layers.
    pub layers: usize,
    /// The verdict.
    pub verdict: Verdict,
    /// Whether this is the combination of the main results.
    pub default: bool,
}

/// The matrix whose eigenvalues are fitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Matrix {
    /// The covariance of the activations.
    Covariance,
}

impl Analysis {
    /// Whether anything is decided.
    #[must_use]
    pub fn is_decided(&self) -> bool {
        self.verdict != Verdict::Undecided
    }

    /// Whether the claim holds in all layers.
    #[must_use]
    pub fn holds_in_all(&self) -> bool {
        self.verdict == Verdict::Reproduced
    }

    /// Whether the claim holds in some layer.
    #[must_use]
    pub fn holds_in_some(&self) -> bool {
        !self.layers_holding.is_empty()
    }

    /// The estimator of alpha.
    #[must_use]
    pub fn estimator(&self) -> Estimator {
        Estimator { method: self.method, first: self.rank_first, last: self.rank_last }
    }

    /// The choices in words.
    #[must_use]
    pub fn choices(&self) -> Choices {
        let scale = SCALES.iter().find(|(scale, _)| scale.total_cmp(&self.scale).is_eq());
        let scale = scale.map_or_else(|| number(self.scale), |(_, name)| (*name).into());
        let largest = self.largest.map_or("all".into(), |largest| format!("to {largest}"));
        Choices::from_iter([
            ("images", if self.clipped { "clipped" } else { "not clipped" }.into()),
            ("strengths", largest),
            (
                "points at the floor",
                if self.floor == Floor::Kept { "kept" } else { "left out" }.into(),
            ),
            ("ranks", format!("{}-{}", self.rank_first, self.rank_last)),
            ("fit", self.method.name().into()),
            ("thresholds", scale),
        ])
    }
}

/// Judge the paper's claims for each rule and each attack that is no control, in all combinations of
/// choices. `rows` have clean images once.
pub fn analyses(rows: &[Row], catalogue: &Catalogue) -> Vec<Analysis> {
    let headline = table::headline(rows, &catalogue.ranks);
    let mut all = Vec::new();
    for subject in curves::subjects(rows) {
        let of_rule = rows.iter().filter(|row| row.rule.as_ref() == Some(&subject.rule));
        for name in table::attacks(of_rule).into_keys() {
            let attack = catalogue.attack(name);
            if !attack.is_control() {
                let is_headline = headline == Some(subject.estimator);
                all.extend(of_attack(rows, &subject, &attack, is_headline));
            }
        }
    }
    all.sort_by(|a, b| key(a).cmp(&key(b)));
    all
}

/// What analyses of one claim have in common.
fn key(analysis: &Analysis) -> (&str, &str, &str) {
    (&analysis.rule, &analysis.claim, &analysis.attack)
}

/// The analyses of one attack with one estimator of alpha.
fn of_attack(
    rows: &[Row],
    subject: &Subject,
    attack: &AttackEntry,
    is_headline: bool,
) -> Vec<Analysis> {
    let layers = curves::along_strength(rows, subject, &attack.name);
    let Estimator { method, first, last } = subject.estimator;
    let mut all = Vec::new();
    let default = Choice { largest: attack.largest(), ..Choice::default() };
    for largest in distinct(attack, &layers) {
        let layers = curves::up_to(layers.clone(), largest);
        for floor in [Floor::LeftOut, Floor::Kept] {
            for (scale, _) in SCALES {
                let choice = Choice { floor, largest, scale };
                for about in About::all(subject, attack, choice) {
                    let judged = about.in_each_layer(&layers);
                    let clipped = attack.clipped_of.is_some();
                    all.push(Analysis {
                        claim: about.claim.into(),
                        rule: subject.rule.clone(),
                        attack: attack.unclipped().into(),
                        matrix: Matrix::Covariance,
                        method,
                        rank_first: first,
                        rank_last: last,
                        clipped,
                        floor,
                        largest: Some(largest).filter(|largest| largest.is_finite()),
                        scale,
                        threshold: judged.threshold,
                        layers_holding: judged.holding(),
                        layers: judged.layers.len(),
                        verdict: judged.verdict,
                        default: is_headline && !clipped && choice == default,
                    });
                }
            }
        }
    }
    all
}

/// The strengths up to which an attack is judged, without those that leave the same points as another.
fn distinct(attack: &AttackEntry, layers: &BTreeMap<usize, curves::Seeds>) -> Vec<f64> {
    let points = || layers.values().flat_map(BTreeMap::values).flatten();
    let left = |largest: f64| points().filter(|point| point.at <= largest).count();
    let all = if attack.up_to.is_empty() { vec![attack.largest()] } else { attack.up_to.clone() };
    let mut counts = Vec::new();
    let new = |largest: &f64| {
        let count = left(*largest);
        let new = !counts.contains(&count);
        counts.push(count);
        new
    };
    all.into_iter().filter(new).collect()
}

/// In how many analyses a claim holds, and which choice separates them most.
#[derive(Clone, Debug)]
pub struct Survey<'a> {
    /// C1, C2 or C3.
    pub claim: &'a str,
    /// The learning rule.
    pub rule: &'a str,
    /// The attack, by its name without clipping.
    pub attack: &'a str,
    /// All analyses of this claim.
    pub analyses: Vec<&'a Analysis>,
    /// How many of them are decided.
    pub decided: usize,
    /// In how many of these the claim holds in all layers.
    pub in_all_layers: usize,
    /// In how many of these it holds in at least one layer.
    pub in_some_layer: usize,
    /// Which choice separates the analyses most, by the number of layers in which the claim holds.
    pub split: Option<Split>,
}

/// The surveys of a rule, one per claim and attack.
#[must_use]
pub fn surveys<'a>(analyses: &'a [Analysis], rule: &str) -> Vec<Survey<'a>> {
    let alike = analyses.chunk_by(|a, b| key(a) == key(b));
    alike.filter(|alike| alike[0].rule == rule).map(survey).collect()
}

fn survey(analyses: &[Analysis]) -> Survey<'_> {
    let decided: Vec<&Analysis> = analyses.iter().filter(|one| one.is_decided()).collect();
    let choices: Vec<Choices> = decided.iter().map(|one| one.choices()).collect();
    let holding = decided.iter().map(|one| one.layers_holding.len() as f64);
    let outcomes: Vec<(&Choices, f64)> = choices.iter().zip(holding).collect();
    let (rule, claim, attack) = key(&analyses[0]);
    Survey {
        claim,
        rule,
        attack,
        decided: decided.len(),
        in_all_layers: decided.iter().filter(|one| one.holds_in_all()).count(),
        in_some_layer: decided.iter().filter(|one| one.holds_in_some()).count(),
        split: largest_split(&outcomes),
        analyses: analyses.iter().collect(),
    }
}

impl Survey<'_> {
    /// `in all layers in 12 of 216 analyses, in some layer in 150`.
    #[must_use]
    pub fn counts(&self) -> String {
        let Self { in_all_layers, in_some_layer, decided, .. } = self;
        format!(
            "in all layers in {in_all_layers} of {decided} analyses, in some layer in {in_some_layer}"
        )
    }

    /// `images clipped, 3.1 layers on average, otherwise 0.8`; `None` if no choice matters.
    #[must_use]
    pub fn separating(&self) -> Option<String> {
        let Split { of, choice, with, without } = self.split.as_ref()?;
        Some(format!(
            "{of} {choice}, {:.1} layers on average, otherwise {:.1}",
            with.mean(),
            without.mean()
        ))
    }
}
