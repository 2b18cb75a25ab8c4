//! Rows of the table, selected and turned into what the figures draw.

use std::collections::{BTreeMap, BTreeSet};

use super::figures::{
    AccuracyAlpha, AccuracyStrength, AlphaStrength, Curve, LayerMeasurements, LayerProfile,
    Measurement, Point, layer_name,
};
use crate::{
    math::mean::mean_and_sd,
    study::{
        catalogue::{AttackEntry, Catalogue},
        claims::Claim,
        table::{self, Estimator, Row},
    },
};

/// Rows of one rule, or of the images themselves, with alpha from one estimator. They include those of
/// clean images.
pub struct Selection<'a> {
    pub rows: Vec<&'a Row>,
}

impl<'a> Selection<'a> {
    /// The trained networks of a rule.
    pub fn networks(rows: &'a [Row], rule: &str, estimator: Estimator) -> Self {
        Self::new(rows, estimator, |row| row.rule.as_deref() == Some(rule) && row.epoch.is_none())
    }

    /// The snapshots of a rule's networks during training.
    pub fn snapshots(rows: &'a [Row], rule: &str, estimator: Estimator) -> Self {
        Self::new(rows, estimator, |row| row.rule.as_deref() == Some(rule) && row.epoch.is_some())
    }

    /// The images themselves, which are layer 0.
    pub fn images(rows: &'a [Row], estimator: Estimator) -> Self {
        Self::new(rows, estimator, |row| row.rule.is_none())
    }

    fn new(rows: &'a [Row], estimator: Estimator, wanted: impl Fn(&Row) -> bool) -> Self {
        let wanted = |row: &&Row| wanted(row) && row.estimator() == estimator;
        Self { rows: rows.iter().filter(wanted).collect() }
    }

    /// The attacks: noise first, then gradient attacks, then others, each in order of their names.
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

    /// Mean and standard deviation over seeds of a value against `x`. A seed that has no value anywhere,
    /// such as alpha of a layer without variance, is left out if other seeds have values. A seed that
    /// lacks some of its values leaves gaps.
    pub fn against(
        &self,
        layer: usize,
        x: impl Fn(&Row) -> Option<f64>,
        value: impl Fn(&Row) -> Option<f64>,
    ) -> Vec<Point> {
        let of_layer = self.rows.iter().filter(|row| row.layer == layer);
        let values: Vec<(Option<u64>, f64, Option<f64>)> =
            of_layer.filter_map(|row| Some((row.seed, x(row)?, value(row)))).collect();
        let with = values.iter().filter(|(_, _, value)| value.is_some());
        let with: BTreeSet<Option<u64>> = with.map(|(seed, _, _)| *seed).collect();
        let counts = |seed: &Option<u64>| with.is_empty() || with.contains(seed);
        let counted = values.into_iter().filter(|(seed, _, _)| counts(seed));
        means(counted.map(|(_, x, value)| (x, value)))
    }

    /// Mean and standard deviation over seeds of a value of the clean images; none if there are no rows of
    /// clean images.
    pub fn clean(&self, layer: usize, value: impl Fn(&Row) -> Option<f64>) -> Option<Point> {
        let clean = |row: &Row| (row.attack == "clean").then_some(row.strength);
        self.against(layer, clean, value).into_iter().next()
    }

    /// How many seeds have a value for the clean images of a layer, and how many seeds there are.
    pub fn seeds_with(&self, layer: usize, value: impl Fn(&Row) -> Option<f64>) -> (usize, usize) {
        let clean = || self.rows.iter().filter(|row| row.layer == layer && row.attack == "clean");
        (clean().filter(|row| value(row).is_some()).count(), clean().count())
    }

    /// Mean and standard deviation over seeds of a value that is the same in all layers, at each strength of
    /// an attack.
    pub fn under(&self, attack: &str, value: impl Fn(&Row) -> Option<f64>) -> Vec<Point> {
        let last = self.layers().last().copied();
        let strength = |row: &Row| (row.attack == attack).then_some(row.strength);
        last.map_or(Vec::new(), |layer| self.against(layer, strength, value))
    }

    /// One curve per layer of a value against `x`.
    pub fn curves(
        &self,
        x: impl Fn(&Row) -> Option<f64> + Copy,
        value: impl Fn(&Row) -> Option<f64> + Copy,
    ) -> Vec<Curve> {
        let curve =
            |layer| Curve { label: layer_name(layer), points: self.against(layer, x, value) };
        self.layers().into_iter().map(curve).collect()
    }

    /// Mean and standard deviation over seeds of a value at each strength of an attack, from the clean
    /// images on.
    pub fn along_strengths(
        &self,
        layer: usize,
        attack: &AttackEntry,
        value: impl Fn(&Row) -> Option<f64>,
    ) -> Vec<Point> {
        self.against(layer, |row| clean_or(row, &attack.name).then_some(row.strength), value)
    }

    /// One curve per layer of a value against the strength of an attack, from the clean images on.
    fn against_strength(
        &self,
        attack: &AttackEntry,
        value: impl Fn(&Row) -> Option<f64> + Copy,
    ) -> Vec<Curve> {
        let points = |layer| self.along_strengths(layer, attack, value);
        let curve = |layer| Curve { label: layer_name(layer), points: points(layer) };
        self.layers().into_iter().map(curve).collect()
    }

    /// Accuracy against alpha under an attack, with the turning points that its claim holds for.
    pub fn accuracy_alpha(&self, attack: &AttackEntry, claim: Option<&Claim>) -> AccuracyAlpha {
        let layers = self.layers().into_iter().map(|layer| {
            let mut seeds: BTreeMap<Option<u64>, Vec<Measurement>> = BTreeMap::new();
            let rows = self.rows.iter().filter(|row| row.layer == layer);
            for row in rows.filter(|row| clean_or(row, &attack.name)) {
                let Row { strength, alpha, .. } = **row;
                let accuracy = own_accuracy(row);
                seeds.entry(row.seed).or_default().push(Measurement { strength, alpha, accuracy });
            }
            // A seed without any exponent has no points here and does not count in the mean.
            seeds.retain(|_, measured| measured.iter().any(|one| one.alpha.is_some()));
            for measured in seeds.values_mut() {
                measured.sort_by(|a, b| a.strength.total_cmp(&b.strength));
            }
            let judged =
                claim.and_then(|claim| claim.layers.iter().find(|l| l.layer == Some(layer)));
            let turn = judged.filter(|l| l.holds == Some(true)).and_then(|l| l.turn.as_ref());
            LayerMeasurements {
                layer,
                seeds: seeds.into_values().collect(),
                turning_point: turn.map(|turn| (turn.alpha, turn.accuracy)),
            }
        });
        AccuracyAlpha {
            title: attack.title.clone(),
            strength_label: attack.unit.clone(),
            layers: layers.collect(),
        }
    }

    /// Accuracy against the strength of an attack.
    pub fn accuracy_strength(&self, attack: &AttackEntry) -> AccuracyStrength {
        AccuracyStrength {
            title: attack.title.clone(),
            strength_label: attack.unit.clone(),
            layers: self.against_strength(attack, own_accuracy),
        }
    }

    /// alpha against the strength of an attack, and its change from clean images.
    pub fn alpha_strength(&self, attack: &AttackEntry) -> AlphaStrength {
        self.alpha_strength_as(attack, |row| row.alpha)
    }

    /// The same with alpha only where the fit uses all ranks asked for.
    pub fn alpha_strength_over_all_ranks(&self, attack: &AttackEntry) -> AlphaStrength {
        let all = |row: &Row| row.points == row.estimator().rank_count();
        self.alpha_strength_as(attack, |row| row.alpha.filter(|_| all(row)))
    }

    fn alpha_strength_as(
        &self,
        attack: &AttackEntry,
        alpha: impl Fn(&Row) -> Option<f64> + Copy,
    ) -> AlphaStrength {
        let of_clean = |row: &Row| {
            let same = |other: &&&Row| {
                other.attack == "clean" && other.layer == row.layer && other.seed == row.seed
            };
            alpha(self.rows.iter().find(same)?)
        };
        AlphaStrength {
            title: attack.title.clone(),
            strength_label: attack.unit.clone(),
            layers: self.against_strength(attack, alpha),
            changes: self.against_strength(attack, |row| Some(alpha(row)? - of_clean(row)?)),
        }
    }

    /// One curve per layer of alpha of clean images against the number of images.
    pub fn alpha_samples(&self) -> Vec<Curve> {
        let samples = |row: &Row| row.samples.filter(|_| clean_or(row, "subset")).map(|n| n as f64);
        self.curves(samples, |row| row.alpha)
    }

    /// alpha and participation ratio of clean images against the layer.
    pub fn profile(&self, name: &str) -> LayerProfile {
        let clean = |value: fn(&Row) -> Option<f64>| {
            let at = |layer: usize| Some(Point { x: layer as f64, ..self.clean(layer, value)? });
            self.layers().into_iter().filter_map(at).collect()
        };
        LayerProfile {
            name: name.into(),
            alpha: clean(|row| row.alpha),
            participation_ratio: clean(|row| row.participation_ratio),
        }
    }
}

/// The accuracy of the layer's own readout; of the network if the layer has no readout.
pub fn own_accuracy(row: &Row) -> Option<f64> {
    row.accuracy.or(row.network_accuracy)
}

fn clean_or(row: &Row, attack: &str) -> bool {
    row.attack == attack || row.attack == "clean"
}

/// Mean and standard deviation of the values at each x, by rising x.
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
        let (y, sd) = mean_and_sd(values.into_iter());
        Point { x, y, sd }
    };
    groups.into_iter().map(point).collect()
}
