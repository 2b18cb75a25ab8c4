//! The table's rows as what the figures draw.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    report::figures::{
        self, AccuracyAlpha, AccuracyStrength, AlphaStrength, Curve, Point, Rule, State, layer_name,
    },
    study::{
        catalogue::{AttackEntry, Catalogue},
        claims::Claim,
        table::{self, Estimator, Row},
    },
};

/// Rows of one rule and estimator; `clean` among them.
pub struct Part<'a> {
    /// The rows.
    pub rows: Vec<&'a Row>,
}

/// The final networks of a rule, fitted in this way.
pub fn part<'a>(rows: &'a [Row], rule: &str, estimator: Estimator) -> Part<'a> {
    pick(rows, estimator, |row| row.rule.as_deref() == Some(rule) && row.epoch.is_none())
}

/// The snapshots of a rule's networks, fitted in this way.
pub fn snapshots<'a>(rows: &'a [Row], rule: &str, estimator: Estimator) -> Part<'a> {
    pick(rows, estimator, |row| row.rule.as_deref() == Some(rule) && row.epoch.is_some())
}

/// The images themselves, which are layer 0.
pub fn images(rows: &[Row], estimator: Estimator) -> Part<'_> {
    pick(rows, estimator, |row| row.rule.is_none())
}

fn pick(rows: &[Row], estimator: Estimator, wanted: impl Fn(&Row) -> bool) -> Part<'_> {
    let wanted = |row: &&Row| wanted(row) && row.estimator() == estimator;
    Part { rows: rows.iter().filter(wanted).collect() }
}

impl Part<'_> {
    /// The attacks, without `clean`: noise, then the gradient's, then others, each by name.
    pub fn attacks(&self, catalogue: &Catalogue) -> Vec<AttackEntry> {
        let names = table::attacks(self.rows.iter().copied()).into_keys();
        let mut attacks: Vec<_> = names.map(|name| catalogue.attack(name)).collect();
        attacks.sort_by_key(|attack| attack.family);
        attacks
    }

    /// Numbers of the layers.
    pub fn layers(&self) -> BTreeSet<usize> {
        self.rows.iter().map(|row| row.layer).collect()
    }

    /// Mean and deviation over seeds of a value, at each strength of an attack.
    pub fn along(
        &self,
        attack: &str,
        layer: usize,
        value: impl Fn(&Row) -> Option<f64>,
    ) -> Vec<Point> {
        let at = |row: &Row| of(row, attack).then_some(row.strength);
        self.against(layer, at, value)
    }

    /// Mean and deviation over seeds of a value against what `at` gives. A seed that has no value
    /// anywhere, such as the exponent of a layer without variance, is left out where others have;
    /// one that misses some of them leaves a gap there.
    pub fn against(
        &self,
        layer: usize,
        at: impl Fn(&Row) -> Option<f64>,
        value: impl Fn(&Row) -> Option<f64>,
    ) -> Vec<Point> {
        let of_layer = self.rows.iter().filter(|row| row.layer == layer);
        let values: Vec<(Option<u64>, f64, Option<f64>)> =
            of_layer.filter_map(|row| Some((row.seed, at(row)?, value(row)))).collect();
        let with = values.iter().filter(|(_, _, value)| value.is_some());
        let with: BTreeSet<Option<u64>> = with.map(|(seed, _, _)| *seed).collect();
        let counts = |seed: &Option<u64>| with.is_empty() || with.contains(seed);
        let counted = values.into_iter().filter(|(seed, _, _)| counts(seed));
        means(counted.map(|(_, x, value)| (x, value)))
    }

    /// Seeds that have a value for the clean images of a layer, and seeds there are.
    pub fn seeds_with(&self, layer: usize, value: impl Fn(&Row) -> Option<f64>) -> (usize, usize) {
        let clean = || self.rows.iter().filter(|row| row.layer == layer && row.attack == "clean");
        (clean().filter(|row| value(row).is_some()).count(), clean().count())
    }

    /// A curve a layer of a value against what `at` gives.
    pub fn curves(
        &self,
        at: impl Fn(&Row) -> Option<f64> + Copy,
        value: impl Fn(&Row) -> Option<f64> + Copy,
    ) -> Vec<Curve> {
        let curve =
            |layer| Curve { label: layer_name(layer), points: self.against(layer, at, value) };
        self.layers().into_iter().map(curve).collect()
    }

    fn along_strength(
        &self,
        attack: &AttackEntry,
        value: impl Fn(&Row) -> Option<f64> + Copy,
    ) -> Vec<Curve> {
        self.curves(|row| of(row, &attack.name).then_some(row.strength), value)
    }

    /// alpha of the clean images of the same network.
    fn clean_alpha(&self, row: &Row) -> Option<f64> {
        let same = |other: &&&Row| {
            other.attack == "clean" && other.layer == row.layer && other.seed == row.seed
        };
        self.rows.iter().find(same)?.alpha
    }

    /// Accuracy against alpha under an attack, with the turning points of its claim.
    pub fn accuracy_alpha(&self, attack: &AttackEntry, claim: Option<&Claim>) -> figures::Row {
        let layers = self.layers().into_iter().map(|layer| {
            let mut seeds: BTreeMap<u64, Vec<State>> = BTreeMap::new();
            for row in self.rows.iter().filter(|row| row.layer == layer && of(row, &attack.name)) {
                let accuracy = row.accuracy.or(row.network_accuracy);
                let state = State { strength: row.strength, alpha: row.alpha, accuracy };
                seeds.entry(row.seed.unwrap_or_default()).or_default().push(state);
            }
            // A seed without any exponent has no point here, and no part in the mean.
            seeds.retain(|_, states| states.iter().any(|state| state.alpha.is_some()));
            for states in seeds.values_mut() {
                states.sort_by(|a, b| a.strength.total_cmp(&b.strength));
            }
            let judged =
                claim.and_then(|claim| claim.layers.iter().find(|l| l.layer == Some(layer)));
            let turn = judged.filter(|l| l.holds == Some(true)).and_then(|l| l.turn.as_ref());
            AccuracyAlpha {
                layer,
                seeds: seeds.into_values().collect(),
                turning_point: turn.map(|turn| (turn.alpha, turn.accuracy)),
            }
        });
        let (title, strength) = (attack.title.clone(), attack.unit.clone());
        figures::Row { title, strength, layers: layers.collect() }
    }

    /// Accuracy against strength under an attack.
    pub fn accuracy_strength(&self, attack: &AttackEntry) -> AccuracyStrength {
        let layers = self.along_strength(attack, |row| row.accuracy.or(row.network_accuracy));
        AccuracyStrength { title: attack.title.clone(), strength: attack.unit.clone(), layers }
    }

    /// alpha against strength under an attack, and how far it is from that of clean images.
    pub fn alpha_strength(&self, attack: &AttackEntry) -> AlphaStrength {
        AlphaStrength {
            title: attack.title.clone(),
            strength: attack.unit.clone(),
            layers: self.along_strength(attack, |row| row.alpha),
            changes: self.along_strength(attack, |row| Some(row.alpha? - self.clean_alpha(row)?)),
        }
    }

    /// alpha of clean images against their number.
    pub fn alpha_samples(&self) -> Vec<Curve> {
        let samples = |row: &Row| row.samples.filter(|_| of(row, "subset")).map(|n| n as f64);
        self.curves(samples, |row| row.alpha)
    }

    /// Exponent and dimensionality of clean images against the layer.
    pub fn against_layer(&self, name: &str) -> Rule {
        let clean = |value: fn(&Row) -> Option<f64>| {
            let of_layer = |layer: usize| {
                let point = self.along("clean", layer, value).into_iter().next();
                point.map(|point| Point { x: layer as f64, ..point })
            };
            self.layers().into_iter().filter_map(of_layer).collect()
        };
        Rule {
            name: name.into(),
            alpha: clean(|row| row.alpha),
            participation_ratio: clean(|row| row.participation_ratio),
        }
    }
}

/// Mean and deviation of the values at each x, in order.
pub fn means(pairs: impl IntoIterator<Item = (f64, Option<f64>)>) -> Vec<Point> {
    let mut groups: Vec<(f64, Vec<Option<f64>>)> = Vec::new();
    for (x, value) in pairs {
        match groups.iter_mut().find(|(other, _)| other.total_cmp(&x).is_eq()) {
            Some((_, values)) => values.push(value),
            None => groups.push((x, vec![value])),
        }
    }
    groups.sort_by(|a, b| a.0.total_cmp(&b.0));
    let point = |(x, values): (f64, Vec<Option<f64>>)| {
        let (y, sd) = crate::math::mean::mean_and_sd(values.into_iter());
        Point { x, y, sd }
    };
    groups.into_iter().map(point).collect()
}

fn of(row: &Row, attack: &str) -> bool {
    row.attack == attack || row.attack == "clean"
}
