//! The report of a sweep: accuracy, exponent and dimensionality against each thing that was varied.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use super::{
    Report,
    curves::{Part, means},
    headline_words,
    html::{self, escape, spread},
    level_name,
    links::Links,
    rules,
    study::middle,
};
use crate::{
    Error, Result,
    io::read::is_stream,
    math::mean::mean_and_sd,
    report::figures::{self, Axis, Colours, Curve, Layout, Panel},
    study::{
        catalogue::Catalogue,
        grid::{self, GridPoint},
        table::{self, Estimator, Row},
    },
};

/// What a curve is drawn of: x and y.
type Pairs = Vec<(f64, Option<f64>)>;

/// An attack and its strength.
type Level = (String, f64);

/// What may differ between two networks of a sweep.
#[derive(Clone, Copy, PartialEq)]
enum Varied {
    Width,
    Depth,
    TrainSamples,
    Dataset,
    Seed,
}

const VARIED: [Varied; 5] =
    [Varied::Width, Varied::Depth, Varied::TrainSamples, Varied::Dataset, Varied::Seed];

/// The rows of one rule and estimator, the networks of a sweep at the end of training.
struct Networks<'a> {
    catalogue: &'a Catalogue,
    rows: Vec<&'a (GridPoint, Row)>,
    datasets: Vec<&'a str>,
}

/// What a sweep's report shows.
pub struct Sweep {
    /// The rows of the table, of which an attack of strength 0 has none: it is the clean images.
    rows: Vec<(GridPoint, Row)>,
    /// What the rules and attacks of its first study are.
    catalogue: Catalogue,
    /// The estimator that everything is of.
    headline: Estimator,
    /// What leads to the studies' own reports; none where it is not known where they are.
    links: Option<Links>,
}

impl Sweep {
    /// Read the table of a sweep, in whose folder its studies are, for a page that is to be written
    /// to `page`.
    pub fn read(table: &Path, page: &Path) -> Result<Self> {
        let rows = table::clean_once(grid::read(table)?);
        let folder = table.parent().filter(|_| !is_stream(table));
        // The studies differ in their networks and data alone.
        let first = rows
            .first()
            .zip(folder)
            .map(|((point, row), folder)| folder.join(point.folder()).join(&row.dataset));
        let catalogue =
            first.map_or_else(|| Ok(Catalogue::default()), |f| Catalogue::of_study(&f))?;
        let headline = table::headline(rows.iter().map(|(_, row)| row), &catalogue.ranks);
        Ok(Self {
            catalogue,
            headline: headline.ok_or_else(|| Error::data("has no rows").in_file(table))?,
            links: folder.map(|folder| Links::new(page, folder)).transpose()?,
            rows,
        })
    }
}

/// Make the report of a sweep; `figures` leads to its figures where they are files too.
#[must_use]
pub fn sweep(sweep: &Sweep, figures: Option<Links>) -> Report {
    let Sweep { rows, catalogue, headline, links } = sweep;
    let mut report = Report::begin(
        "A sweep: accuracy, exponent and dimensionality",
        "How accuracy, the exponent α of the eigenspectrum's decay and the participation ratio of the last layer go \
         with what was varied. Mean and standard deviation over seeds.",
        figures,
    );
    let studied = || rows.iter().map(|(_, row)| row);
    let rules = rules(studied(), catalogue);
    let Some(rule) = rules.first() else { return report };
    report.add(&format!(
        "<p>Of {}. {}</p>\n",
        escape(catalogue.rule_title(rule)),
        headline_words(studied(), *headline)
    ));
    let networks = Networks::of(sweep, rule);
    for varied in VARIED.into_iter().filter(|varied| networks.values(*varied).len() > 1) {
        report.heading(&format!("Against {}", networks.axis(varied).label));
        report.draw(
            varied.name(),
            networks.against(varied),
            "The last layer. Clean images, then each attack at the middle of its strengths. A line is what else was \
             varied.",
        );
    }
    report.heading("Along the layers");
    report.draw(
        "layers",
        networks.along_layers(),
        "Clean images: α and participation ratio against the layer. With local errors the lower layers of a deep \
         network are those of a shallow one.",
    );
    report.add("<h2>Numbers</h2>\n<p>The last layer, mean ± standard deviation over seeds; at a study's name is its report.</p>\n");
    let numbers = rules.iter().map(|rule| Networks::of(sweep, rule).numbers(rule, links.as_ref()));
    let header =
        ["study", "rule", "images", "seeds", "accuracy, %", "α", "r²", "participation ratio"];
    report.add(&html::table(&header, &numbers.flatten().collect::<Vec<_>>()));
    report.end();
    report
}

impl Varied {
    fn name(self) -> &'static str {
        match self {
            Self::Width => "width",
            Self::Depth => "depth",
            Self::TrainSamples => "train-samples",
            Self::Dataset => "dataset",
            Self::Seed => "seed",
        }
    }
}

impl<'a> Networks<'a> {
    fn of(sweep: &'a Sweep, rule: &str) -> Self {
        let wanted = |row: &Row| {
            row.rule.as_deref() == Some(rule)
                && row.epoch.is_none()
                && row.estimator() == sweep.headline
        };
        let rows: Vec<_> = sweep.rows.iter().filter(|(_, row)| wanted(row)).collect();
        let datasets: BTreeSet<_> = rows.iter().map(|(_, row)| row.dataset.as_str()).collect();
        let datasets = datasets.into_iter().collect();
        Self { catalogue: &sweep.catalogue, rows, datasets }
    }

    /// A number for each value, in order.
    fn value(&self, varied: Varied, (point, row): &(GridPoint, Row)) -> u64 {
        match varied {
            Varied::Width => point.width as u64,
            Varied::Depth => point.depth as u64,
            Varied::TrainSamples => point.train_samples.unwrap_or(0) as u64,
            Varied::Dataset => {
                self.datasets.iter().position(|name| *name == row.dataset).unwrap_or(0) as u64 + 1
            }
            Varied::Seed => row.seed.unwrap_or(0),
        }
    }

    fn values(&self, varied: Varied) -> BTreeSet<u64> {
        self.rows.iter().map(|row| self.value(varied, row)).collect()
    }

    fn axis(&self, varied: Varied) -> Axis {
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

    /// What a legend calls a network: what is varied, but for `not` and the seed.
    fn label(&self, row: &(GridPoint, Row), not: Option<Varied>) -> String {
        let others = VARIED.into_iter().filter(|&varied| {
            varied != Varied::Seed && Some(varied) != not && self.values(varied).len() > 1
        });
        let name = |varied| match varied {
            Varied::Dataset => row.1.dataset.clone(),
            Varied::TrainSamples => format!("{} images", self.value(varied, row)),
            _ => format!("{} {}", varied.name(), self.value(varied, row)),
        };
        others.map(name).collect::<Vec<_>>().join(", ")
    }

    /// The rows of each study.
    fn studies(&self) -> Vec<Vec<&'a (GridPoint, Row)>> {
        let mut studies: BTreeMap<(GridPoint, &str), Vec<&'a (GridPoint, Row)>> = BTreeMap::new();
        for row in &self.rows {
            studies.entry((row.0, &row.1.dataset)).or_default().push(row);
        }
        studies.into_values().collect()
    }

    /// The last layer of each network, under an attack of one strength.
    fn last_layers(&self, (attack, strength): &Level) -> Vec<&'a (GridPoint, Row)> {
        let last = |study: Vec<&'a (GridPoint, Row)>| {
            let last = study.iter().map(|(_, row)| row.layer).max();
            let wanted = move |row: &Row| {
                Some(row.layer) == last
                    && row.attack == *attack
                    && row.strength.total_cmp(strength).is_eq()
            };
            study.into_iter().filter(move |(_, row)| wanted(row))
        };
        self.studies().into_iter().flat_map(last).collect()
    }

    /// Clean images, and each attack that is no control at the middle of its strengths.
    fn levels(&self) -> Vec<Level> {
        middle(self.rows.iter().map(|(_, row)| row), self.catalogue)
    }

    fn level_name(&self, (attack, strength): &Level) -> String {
        level_name(self.catalogue, attack, *strength, ", ")
    }

    /// Accuracy, exponent and participation ratio against what is varied, a row of panels for the
    /// clean images and for each attack.
    fn against(&self, varied: Varied) -> String {
        let panels = |level: Level| {
            let rows = self.last_layers(&level);
            let panel = |title: String, y: &str, value: fn(&Row) -> Option<f64>| Panel {
                title,
                x: self.axis(varied),
                y: Axis::linear(y),
                curves: self.curves(&rows, varied, value),
            };
            [
                panel(self.level_name(&level), "accuracy, %", percent),
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
            colours: Colours::Names,
        };
        figures::panels(&panels, &layout)
    }

    fn curves(
        &self,
        rows: &[&(GridPoint, Row)],
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

    fn along_layers(&self) -> String {
        let study = |rows: Vec<&(GridPoint, Row)>| {
            let name = self.label(rows.first()?, None);
            Some(Part { rows: rows.iter().map(|(_, row)| row).collect() }.against_layer(&name))
        };
        let studies: Vec<_> = self.studies().into_iter().filter_map(study).collect();
        figures::layers(&studies)
    }

    /// A line of cells for each study and level that is drawn.
    fn numbers(&self, rule: &str, links: Option<&Links>) -> Vec<Vec<String>> {
        let line = |level: &Level, study: &[&(GridPoint, Row)]| {
            let (point, first) = study.first()?;
            let folder = point.folder();
            let name = escape(&format!("{folder}/{}", first.dataset));
            let report = folder.split('/').chain([first.dataset.as_str(), "report.html"]);
            let name = match links {
                Some(links) => format!("<a href=\"{}\">{name}</a>", links.to(report)),
                None => name,
            };
            let mean = |value: fn(&Row) -> Option<f64>, digits| {
                let values = study.iter().map(|(_, row)| (0.0, value(row)));
                let values = measured(values.collect()).into_iter().map(|(_, value)| value);
                let with = values.clone().flatten().count();
                let (mean, sd) = mean_and_sd(values);
                match spread(mean, sd, digits) {
                    cell if 0 < with && with < study.len() => format!("{cell} ({with} seeds)"),
                    cell => cell,
                }
            };
            Some(vec![
                name,
                escape(self.catalogue.rule_title(rule)),
                escape(&self.level_name(level)),
                study.len().to_string(),
                mean(percent, 2),
                mean(|row| row.alpha, 2),
                mean(|row| row.r2, 3),
                mean(|row| row.participation_ratio, 1),
            ])
        };
        let levels = self.levels();
        let lines = levels.iter().flat_map(|level| {
            let rows = self.last_layers(level);
            let study = |a: &&(GridPoint, Row), b: &&(GridPoint, Row)| {
                (a.0, &a.1.dataset) == (b.0, &b.1.dataset)
            };
            rows.chunk_by(study).filter_map(|study| line(level, study)).collect::<Vec<_>>()
        });
        lines.collect()
    }
}

/// What networks have at an x, without those that have nothing there, as a layer without variance has no
/// exponent; where none has anything, they stay.
fn measured(pairs: Pairs) -> Pairs {
    let has = |x: f64| pairs.iter().any(|(at, value)| at.total_cmp(&x).is_eq() && value.is_some());
    let kept = pairs.iter().filter(|(x, value)| value.is_some() || !has(*x)).copied();
    kept.collect()
}

fn percent(row: &Row) -> Option<f64> {
    row.network_accuracy.map(|accuracy| 100.0 * accuracy)
}
