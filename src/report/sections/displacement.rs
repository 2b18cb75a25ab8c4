//! Why alpha moves: the variance that an attack adds, and the variance that it moves.

use maud::{Markup, html};
use ndarray::{Array1, Array2, ArrayView1};

use crate::{
    geometry::powerlaw::{self, Order, POSITIVE, Ranks},
    math::mean::mean_and_sd,
    report::{
        figures::{self, Axis, Curve, Layout, Palette, Panel, Point, layer_name},
        html::{FigureList, Section, long_table, number, spread},
        inside_files::Displaced,
        rule_view::RuleView,
    },
    study::{
        catalogue::AttackEntry,
        table::{Estimator, Row},
    },
};

/// After the strength.
const HEADER: [&str; 10] = [
    "layer",
    "α, clean",
    "α, attacked",
    "by own variance",
    "by cross terms",
    "by turned directions",
    "displacement / spread",
    "shift of the mean, %",
    "own in first 10 directions, %",
    "in first 50, %",
];

/// The change of alpha under each attack that was looked into, split by its cause; none if there is none.
pub fn why_alpha_moves(rule: RuleView<'_>, figures: &mut FigureList) -> Option<Section> {
    let attacks = by_attack(rule);
    if attacks.is_empty() {
        return None;
    }
    let body = html! {
        p {
            "Along each eigenvector of the clean covariance, the attacked variance is the clean one, plus a \
             cross term, twice the covariance of clean activation and displacement, plus the own variance \
             of the displacement. α of clean plus own, α of all three, and α of the attacked spectrum, \
             which has its own eigenvectors, split the change of α into three parts that add up to it. The \
             first two are fitted to the variances in the order of the clean eigenvalues."
        }
        ul { @for level in attacks.iter().flat_map(|(_, levels)| levels) { li { (sentence(rule, level)) } "\n" } }
        @for (attack, levels) in &attacks {
            h3 { (attack.title) } "\n"
            (numbers(rule, attack, levels))
            (figure(rule, attack, levels, figures))
        }
    };
    Some(Section::new(format!("Why α moves: {}", rule.title()), body))
}

/// A part of a change that is at least this fraction of the largest part is named beside it.
const ABOUT_AS_MUCH: f64 = 0.8;

/// The change of alpha of one seed's layer under an attack, split by its cause.
struct Change {
    clean: f64,
    own: f64,
    cross: f64,
    turned: f64,
}

impl Change {
    /// From the terms (3, units) and alpha of the attacked spectrum; none if an exponent is missing.
    fn of(terms: &Array2<f64>, attacked: f64, estimator: Estimator) -> Option<Self> {
        let [clean, cross, own] = [0, 1, 2].map(|row| terms.row(row).to_owned());
        let with_own = alpha(&(&clean + &own), estimator)?;
        let with_both = alpha(&(&clean + &own + &cross), estimator)?;
        let clean = alpha(&clean, estimator)?;
        let (own, cross) = (with_own - clean, with_both - with_own);
        Some(Self { clean, own, cross, turned: attacked - with_both })
    }

    fn all(&self) -> f64 {
        self.own + self.cross + self.turned
    }
}

/// alpha of variances in the order in which they are given.
fn alpha(variances: &Array1<f64>, estimator: Estimator) -> Option<f64> {
    let Estimator { method, first, last } = estimator;
    let ranks = Ranks::new(first, last).ok()?;
    powerlaw::fit(&variances.to_vec(), None, ranks, method, Order::AsGiven).ok()?.alpha
}

/// What an attack displaces, and the changes of alpha of all seeds in each layer.
struct Explained<'a> {
    attacked: &'a Displaced,
    layers: Vec<Vec<Change>>,
}

impl<'a> Explained<'a> {
    fn of(rule: RuleView<'_>, attacked: &'a Displaced) -> Self {
        let layers = attacked.seeds.values().map(Vec::len).max().unwrap_or(0);
        let layers = (1..=layers).map(|layer| changes(rule, attacked, layer)).collect();
        Self { attacked, layers }
    }
}

/// The changes of all seeds in a layer.
fn changes(rule: RuleView<'_>, attacked: &Displaced, layer: usize) -> Vec<Change> {
    let networks = rule.networks();
    let of_seed = |(seed, terms): (&u64, &Vec<Array2<f64>>)| {
        let row = networks
            .rows
            .iter()
            .find(|row| row.seed == Some(*seed) && row.layer == layer && attacked.level.is_of(row));
        Change::of(terms.get(layer - 1)?, row?.alpha?, rule.estimator)
    };
    attacked.seeds.iter().filter_map(of_seed).collect()
}

/// `Gaussian noise, σ = 0.5: α falls by 0.42 on average over layers and seeds ...`
fn sentence(rule: RuleView<'_>, explained: &Explained<'_>) -> String {
    let name = explained.attacked.level.title(&rule.study.catalogue, ", ");
    let all: Vec<&Change> = explained.layers.iter().flatten().collect();
    let mean =
        |part: fn(&Change) -> f64| mean_and_sd(all.iter().map(|change| Some(part(change)))).0;
    let parts =
        [mean(|change| change.own), mean(|change| change.cross), mean(|change| change.turned)];
    let (Some(change), [Some(own), Some(cross), Some(turned)], false) =
        (mean(Change::all), parts, all.is_empty())
    else {
        return format!("{name}: no layer has the exponents.");
    };
    let direction = if change < 0.0 { "falls" } else { "rises" };
    let causes = [
        (own, "because of the variance that the attack itself adds"),
        (cross, "because the attack moves activations along the representation"),
        (turned, "because the principal directions turn"),
    ];
    let mut along: Vec<_> = causes.iter().filter(|(part, _)| part * change > 0.0).collect();
    along.sort_by(|a, b| b.0.abs().total_cmp(&a.0.abs()));
    let cause = match along.as_slice() {
        [] => String::new(),
        [(first, cause), (second, other), ..] if second / first > ABOUT_AS_MUCH => {
            format!(", {cause} and, about as much, {other}")
        }
        [(_, cause), ..] => format!(", mainly {cause}"),
    };
    let [change, own, cross, turned] =
        [change.abs(), own, cross, turned].map(|part| number(Some(part), 2));
    format!(
        "{name}: α {direction} by {change} on average over layers and seeds{cause} (own variance {own}, cross terms {cross}, \
         turned directions {turned})."
    )
}

/// What moves alpha in each layer, at each strength of an attack.
fn numbers(rule: RuleView<'_>, attack: &AttackEntry, levels: &[Explained<'_>]) -> Markup {
    let header: Vec<&str> = [attack.unit.as_str()].into_iter().chain(HEADER).collect();
    let rows = levels.iter().flat_map(|explained| lines(rule, explained));
    long_table("What moves α, by strength and layer", &header, &rows.collect::<Vec<_>>())
}

fn lines(rule: RuleView<'_>, explained: &Explained<'_>) -> Vec<Vec<String>> {
    let (networks, attacked) = (rule.networks(), explained.attacked);
    let line = |(layer, changes): (usize, &Vec<Change>)| {
        let part = |part: fn(&Change) -> f64| {
            let (mean, sd) = mean_and_sd(changes.iter().map(|change| Some(part(change))));
            spread(mean.filter(|mean| mean.is_finite()), sd, 2)
        };
        let strength = |row: &Row| attacked.level.is_of(row).then_some(row.strength);
        let measured = |value: fn(&Row) -> Option<f64>, digits: usize| {
            let point = networks.against(layer, strength, value).into_iter().next();
            point.map_or("–".into(), |point| spread(point.y, point.sd, digits))
        };
        vec![
            attacked.level.strength.to_string(),
            layer.to_string(),
            part(|change| change.clean),
            part(|change| change.clean + change.all()),
            part(|change| change.own),
            part(|change| change.cross),
            part(|change| change.turned),
            measured(|row| row.displacement, 3),
            measured(|row| row.mean_shift.map(|fraction| 100.0 * fraction), 1),
            measured(|row| row.displaced_first_10.map(|fraction| 100.0 * fraction), 1),
            measured(|row| row.displaced_first_50.map(|fraction| 100.0 * fraction), 1),
        ]
    };
    (1..).zip(&explained.layers).map(line).collect()
}

/// The attacks that were looked into, noise first, each with its levels.
fn by_attack<'a>(rule: RuleView<'a>) -> Vec<(AttackEntry, Vec<Explained<'a>>)> {
    let chunks = rule.study.displaced.chunk_by(|a, b| a.level.attack == b.level.attack);
    let explained = |levels: &'a [Displaced]| {
        let attack = rule.study.catalogue.attack(&levels[0].level.attack);
        (attack, levels.iter().map(|attacked| Explained::of(rule, attacked)).collect::<Vec<_>>())
    };
    let mut attacks: Vec<_> = chunks.map(explained).collect();
    attacks.sort_by_key(|(attack, _)| attack.family);
    attacks
}

/// The terms in the network shown: a row of panels for each strength, and in it a panel for each layer.
fn figure(
    rule: RuleView<'_>,
    attack: &AttackEntry,
    levels: &[Explained<'_>],
    figures: &mut FigureList,
) -> Markup {
    let panels = levels.iter().flat_map(|Explained { attacked, .. }| {
        let terms = attacked.seeds.get(&rule.study.seed).into_iter().flatten();
        let title = attacked.level.strength.to_string();
        terms.zip(1..).map(move |(terms, layer)| panel(&title, layer, terms))
    });
    let layout = Layout {
        title: format!("Variance along the clean principal directions: {}", attack.title),
        columns: levels.iter().map(|level| level.layers.len()).max().unwrap_or(1).min(5),
        height: 150,
        share_y: true,
        palette: Palette::Distinct,
    };
    figures.add(
        &format!("displacement-{}", attack.name),
        figures::panels(&panels.collect::<Vec<_>>(), &layout),
        &rule.study.network_shown(),
        "Variance along the eigenvectors of the clean covariance, largest eigenvalue first: one row of panels per \
         strength, one panel per layer. Where own exceeds clean, the attack decides the decay.",
    )
}

fn panel(strength: &str, layer: usize, terms: &Array2<f64>) -> Panel {
    let round_off = POSITIVE * terms.row(0).iter().fold(0.0, |a: f64, b| a.max(*b));
    let curve = |label: &str, values: Array1<f64>| {
        let point = |(rank, value): (usize, &f64)| {
            Point::new(rank as f64, Some(*value).filter(|value| *value > round_off))
        };
        Curve { label: label.into(), points: (1..).zip(&values).map(point).collect() }
    };
    let row = |index: usize| -> ArrayView1<'_, f64> { terms.row(index) };
    Panel {
        title: format!("{}, {strength}", layer_name(layer)),
        x: Axis::log("rank"),
        y: Axis::log("variance"),
        curves: vec![
            curve("clean", row(0).to_owned()),
            curve("own", row(2).to_owned()),
            curve("cross, positive", row(1).to_owned()),
            curve("cross, negative", -&row(1)),
        ],
    }
}

#[cfg(test)]
mod tests {
    use approx::assert_relative_eq;
    use ndarray::stack;

    use super::*;
    use crate::geometry::powerlaw::Method;

    #[test]
    fn the_change_of_alpha_is_split_by_its_causes() {
        // Decays with the exponents 2 (clean), 1 (with own) and 1.5 (with both).
        let decay = |alpha: f64| Array1::from_shape_fn(40, |n| (n as f64 + 1.0).powf(-alpha));
        let (own, cross) = (decay(1.0) - decay(2.0), decay(1.5) - decay(1.0));
        let terms = stack![ndarray::Axis(0), decay(2.0), cross, own];
        let estimator = Estimator { method: Method::Ols, first: 1, last: 30 };
        let change = Change::of(&terms, 1.75, estimator).unwrap();
        assert_relative_eq!(change.clean, 2.0, max_relative = 1e-12);
        assert_relative_eq!(change.own, -1.0, max_relative = 1e-12);
        assert_relative_eq!(change.cross, 0.5, max_relative = 1e-12);
        assert_relative_eq!(change.turned, 0.25, max_relative = 1e-12);
        assert_relative_eq!(change.all(), -0.25, max_relative = 1e-12);
        assert!(Change::of(&Array2::zeros((3, 40)), 1.0, estimator).is_none());
    }
}
