//! The networks of a sweep, and the curves of what was varied.

use std::collections::{BTreeMap, BTreeSet};

use super::{Sweep, SweepRow, Varied};
use crate::{
    report::{
        figures::{self, Axis, Curve, Layout, Palette, Panel},
        level::{self, Level},
        selection::{Selection, means},
    },
    study::{catalogue::Catalogue, grid, table::Row},
    words,
};

/// The trained networks of one rule, with alpha from one estimator.
pub struct Networks<'a> {
    pub catalogue: &'a Catalogue,
    rows: Vec<&'a SweepRow>,
    datasets: Vec<&'a str>,
}

impl<'a> Networks<'a> {
    pub fn of(sweep: &'a Sweep, rule: &str) -> Self {
        let wanted = |row: &Row| {
            row.rule.as_deref() == Some(rule)
                && row.epoch.is_none()
                && row.estimator() == sweep.headline
        };
        let rows: Vec<_> = sweep.rows.iter().filter(|(_, row)| wanted(row)).collect();
        let datasets: BTreeSet<_> = rows.iter().map(|(_, row)| row.dataset.as_str()).collect();
        Self { catalogue: &sweep.catalogue, rows, datasets: datasets.into_iter().collect() }
    }

    /// What a figure says of the networks that it shows: `Networks: local errors, seeds 1 to 5; studies: 6.`
    pub fn shown(&self, title: &str) -> String {
        let seeds = words::seeds(&self.rows.iter().filter_map(|(_, row)| row.seed).collect());
        format!("Networks: {title}, {seeds}; studies: {}.", self.studies().len())
    }

    /// The value of a varied property as a number. Data sets are numbered from 1.
    fn value(&self, varied: Varied, (point, row): &SweepRow) -> u64 {
        match varied {
            Varied::Width => point.width as u64,
            Varied::Depth => point.depth as u64,
            // All images are 0, which an axis of logarithms leaves out.
            Varied::TrainSamples => point.train_samples.unwrap_or(0) as u64,
            Varied::Dataset => {
                let index = self.datasets.iter().position(|name| *name == row.dataset);
                index.expect("these are the data sets of all rows") as u64 + 1
            }
            Varied::Seed => row.seed.expect("a network has a seed"),
        }
    }

    /// All values of a varied property.
    pub fn values(&self, varied: Varied) -> BTreeSet<u64> {
        self.rows.iter().map(|row| self.value(varied, row)).collect()
    }

    pub fn axis(&self, varied: Varied) -> Axis {
        match varied {
            Varied::Width => Axis::log("width (units)"),
            Varied::Depth => Axis::whole("depth (layers)"),
            Varied::TrainSamples => Axis::log("training images"),
            Varied::Dataset => {
                let names = self.datasets.iter().enumerate();
                let names: Vec<_> =
                    names.map(|(index, name)| format!("{}: {name}", index + 1)).collect();
                Axis::whole(&format!("data set ({})", names.join(", ")))
            }
            Varied::Seed => Axis::whole("seed"),
        }
    }

    /// The label of a network's curve: the properties that were varied, except the seed and the one on
    /// the x axis.
    fn label(&self, row: &SweepRow, x: Option<Varied>) -> String {
        let others = Varied::ALL.into_iter().filter(|&varied| {
            varied != Varied::Seed && Some(varied) != x && self.values(varied).len() > 1
        });
        let name = |varied| match varied {
            Varied::Dataset => row.1.dataset.clone(),
            Varied::TrainSamples => format!("{} images", self.value(varied, row)),
            _ => format!("{} {}", varied.name(), self.value(varied, row)),
        };
        others.map(name).collect::<Vec<_>>().join(", ")
    }

    /// The rows of each study. No study is without rows.
    fn studies(&self) -> Vec<Vec<&'a SweepRow>> {
        let mut studies: BTreeMap<(grid::GridPoint, &str), Vec<&'a SweepRow>> = BTreeMap::new();
        for row in &self.rows {
            studies.entry((row.0, &row.1.dataset)).or_default().push(row);
        }
        studies.into_values().collect()
    }

    /// The rows of the last layer at one level, for each study that has this level.
    pub fn last_layers(&self, level: &Level) -> Vec<Vec<&'a SweepRow>> {
        let of_last_layer = |study: Vec<&'a SweepRow>| {
            let last = study.iter().map(|(_, row)| row.layer).max();
            let wanted = |(_, row): &&SweepRow| Some(row.layer) == last && level.is_of(row);
            study.into_iter().filter(wanted).collect::<Vec<_>>()
        };
        let studies = self.studies().into_iter().map(of_last_layer);
        studies.filter(|study| !study.is_empty()).collect()
    }

    /// Clean images, and each attack that is no control at the middle of its strengths.
    pub fn levels(&self) -> Vec<Level> {
        level::middle(self.rows.iter().map(|(_, row)| row), self.catalogue)
    }

    /// Accuracy, alpha and participation ratio against a varied property: one row of panels per level.
    pub fn against(&self, varied: Varied) -> String {
        let panels = |level: Level| {
            let rows = self.last_layers(&level).concat();
            let panel = |title: String, y: &str, value: fn(&Row) -> Option<f64>| {
                let curves = self.curves(&rows, varied, value);
                let panel = Panel { title, x: self.axis(varied), y: Axis::linear(y), curves };
                panel.with_ticks_at_points()
            };
            [
                panel(level.title(self.catalogue, ", "), "accuracy, %", percent),
                panel(String::new(), "α", |row| row.alpha),
                panel(String::new(), "participation ratio", |row| row.participation_ratio),
            ]
        };
        let panels: Vec<Panel> = self.levels().into_iter().flat_map(panels).collect();
        let layout = Layout {
            title: format!(
                "Accuracy, power-law exponent alpha and participation ratio against {}",
                self.axis(varied).label
            ),
            columns: 3,
            height: 190,
            share_y: false,
            palette: Palette::Distinct,
        };
        figures::panels(&panels, &layout)
    }

    fn curves(
        &self,
        rows: &[&SweepRow],
        varied: Varied,
        value: impl Fn(&Row) -> Option<f64>,
    ) -> Vec<Curve> {
        let mut curves: Vec<(String, Pairs)> = Vec::new();
        for row in rows {
            let label = self.label(row, Some(varied));
            let pair = (self.value(varied, row) as f64, value(&row.1));
            match curves.iter_mut().find(|(other, _)| *other == label) {
                Some((_, pairs)) => pairs.push(pair),
                None => curves.push((label, vec![pair])),
            }
        }
        let curve = |(label, pairs)| Curve { label, points: means(measured(pairs)) };
        curves.into_iter().map(curve).collect()
    }

    /// alpha and participation ratio against the layer, one line per study.
    pub fn along_layers(&self) -> String {
        let profile = |rows: Vec<&SweepRow>| {
            let name = self.label(rows[0], None);
            Selection { rows: rows.iter().map(|(_, row)| row).collect() }.profile(&name)
        };
        figures::layers(&self.studies().into_iter().map(profile).collect::<Vec<_>>())
    }
}

/// x and y of networks.
pub type Pairs = Vec<(f64, Option<f64>)>;

/// The pairs without those that lack their value, such as alpha of a layer without variance. If all pairs
/// at an x lack it, they stay.
pub fn measured(pairs: Pairs) -> Pairs {
    let has = |x: f64| pairs.iter().any(|(at, value)| at.total_cmp(&x).is_eq() && value.is_some());
    pairs.iter().filter(|(x, value)| value.is_some() || !has(*x)).copied().collect()
}

/// The network's accuracy in %.
pub fn percent(row: &Row) -> Option<f64> {
    row.network_accuracy.map(|accuracy| 100.0 * accuracy)
}
