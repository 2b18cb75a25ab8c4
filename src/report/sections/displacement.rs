//! Why alpha moves: the variance that an attack adds by itself, and everything else.

use maud::{Markup, html};
use ndarray::{Array1, Array2, ArrayView1};

use crate::{
    math::mean::mean_and_sd,
    report::{
        doubts::of_ranks,
        figures::{self, Axis, Curve, Layout, Palette, Panel, Point, layer_name},
        html::{FigureList, Section, long_table, number, of_seeds, spread},
        instruments::Displaced,
        rule_view::RuleView,
    },
    spectrum::powerlaw::{self, Order, POSITIVE, Ranks},
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
    "the rest",
    "ranks where clean + cross ≤ 0",
    "displacement / spread",
    "shift of the mean, %",
    "own in first 10 directions, %",
    "in first 50, %",
];

/// The change of alpha under each attack whose displacement was measured; none if there is none.
pub fn why_alpha_moves(rule: RuleView<'_>, figures: &mut FigureList) -> Option<Section> {
    let attacks = by_attack(rule);
    if attacks.is_empty() {
        return None;
    }
    let levels = || attacks.iter().flat_map(|(_, levels)| levels);
    let not_positive = most_not_positive(levels().flat_map(|level| &level.layers).flatten());
    let body = html! {
        p {
            "Along each eigenvector of the clean covariance, the attacked variance is the clean one, plus a \
             cross term, twice the covariance of clean activation and displacement, plus the own variance \
             of the displacement. α of clean plus own, minus α of clean, is the change by the own variance \
             alone; both are fitted to the variances in the order of the clean eigenvalues. The rest, up to α of \
             the attacked spectrum, is the change by the cross terms and by the turning of the principal \
             directions. It is given as one number because the parts depend on the order in which the terms are \
             added: own variance must come first, since clean plus cross alone is no variance and is not positive \
             at up to " (not_positive) " of the ranks used (the largest number over layers \
             and seeds; the tables give the largest over seeds). A layer of a seed counts only if its three exponents are over the same ranks."
        }
        ul { @for level in levels() { li { (sentence(rule, level)) } "\n" } }
        @for (attack, levels) in &attacks {
            h3 { (attack.title) } "\n"
            (numbers(rule, attack, levels))
            (figure(rule, attack, levels, figures))
        }
    };
    Some(Section::new(format!("Why α moves: {}", rule.title()), body))
}

/// The change of alpha of one seed's layer under an attack. All its exponents are over the same ranks.
struct Change {
    clean: f64,
    /// alpha of clean plus own, minus alpha of clean.
    own: f64,
    /// alpha of the attacked spectrum, minus alpha of clean plus own.
    rest: f64,
    /// Number of ranks used.
    ranks: usize,
    /// At how many of them clean plus cross, without own, is not positive.
    not_positive: usize,
}

impl Change {
    /// From the terms (3, units) and the row of the attacked spectrum; none if an exponent is missing or is
    /// over fewer ranks than another.
    fn of(terms: &Array2<f64>, attacked: &Row) -> Option<Self> {
        let [clean, cross, own] = [0, 1, 2].map(|row| terms.row(row).to_owned());
        let Estimator { method, first, last } = attacked.estimator();
        let ranks = Ranks::new(first, last).ok()?;
        let [before, with_own] = [clean.clone(), &clean + &own].map(|variances| {
            let fit = powerlaw::fit(&variances.to_vec(), None, ranks, method, Order::AsGiven);
            fit.expect("variances in any order can be fitted")
        });
        if [before.points, with_own.points] != [attacked.points; 2] {
            return None;
        }
        let without_own = clean + cross;
        let used = without_own.iter().skip(first - 1).take(attacked.points);
        Some(Self {
            clean: before.alpha?,
            own: with_own.alpha? - before.alpha?,
            rest: attacked.alpha? - with_own.alpha?,
            ranks: attacked.points,
            not_positive: used.filter(|variance| **variance <= 0.0).count(),
        })
    }

    fn all(&self) -> f64 {
        self.own + self.rest
    }
}

/// `50 of 50`: the largest number of ranks, over these changes, at which clean plus cross is not positive.
fn most_not_positive<'a>(changes: impl IntoIterator<Item = &'a Change>) -> String {
    let most = changes.into_iter().max_by_key(|change| change.not_positive);
    most.map_or("–".into(), |change| format!("{} of {}", change.not_positive, change.ranks))
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
        Change::of(terms.get(layer - 1)?, row?)
    };
    attacked.seeds.iter().filter_map(of_seed).collect()
}

/// `Gaussian noise, σ = 0.5: α falls by 0.42 on average over layers and seeds; ...`
fn sentence(rule: RuleView<'_>, explained: &Explained<'_>) -> String {
    let name = explained.attacked.level.title(&rule.study.catalogue, ", ");
    let counted: Vec<&Change> = explained.layers.iter().flatten().collect();
    if counted.is_empty() {
        return format!("{name}: no layer has exponents over the same ranks.");
    }
    let mean = |part: fn(&Change) -> f64| {
        counted.iter().map(|change| part(change)).sum::<f64>() / counted.len() as f64
    };
    let signed =
        |value: f64| format!("{}{}", if value < 0.0 { "" } else { "+" }, number(Some(value), 2));
    let all = mean(Change::all);
    let measured = explained.layers.len() * explained.attacked.seeds.len();
    let left_out = if counted.len() < measured {
        format!(" ({} of {measured}, those with exponents over the same ranks)", counted.len())
    } else {
        String::new()
    };
    format!(
        "{name}: α {} by {} on average over layers and seeds{left_out}; the attack's own variance alone changes \
         it by {}, everything else by {}.",
        if all < 0.0 { "falls" } else { "rises" },
        number(Some(all.abs()), 2),
        signed(mean(|change| change.own)),
        signed(mean(|change| change.rest)),
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
            let spread = spread(mean.filter(|mean| mean.is_finite()), sd, 2);
            of_seeds(spread, (changes.len(), attacked.seeds.len()))
        };
        let alpha = |of: fn(&Change) -> f64| {
            let used = changes.iter().map(|change| change.ranks);
            of_ranks(part(of), used, rule.estimator.rank_count())
        };
        let strength = |row: &Row| attacked.level.is_of(row).then_some(row.strength);
        let measured = |value: fn(&Row) -> Option<f64>, digits: usize| {
            let point = networks.against(layer, strength, value).into_iter().next();
            point.map_or("–".into(), |point| spread(point.y, point.sd, digits))
        };
        vec![
            attacked.level.strength.to_string(),
            layer.to_string(),
            alpha(|change| change.clean),
            alpha(|change| change.clean + change.all()),
            part(|change| change.own),
            part(|change| change.rest),
            most_not_positive(changes),
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

    #[test]
    fn the_change_of_alpha_is_split_into_own_variance_and_the_rest() {
        // Decays with the exponents 2 (clean), 1 (with own) and 1.75 (attacked).
        let decay = |alpha: f64| Array1::from_shape_fn(40, |n| (n as f64 + 1.0).powf(-alpha));
        // Clean plus cross is negative from rank 21 on.
        let cross = Array1::from_shape_fn(40, |n| if n < 20 { 0.0 } else { -1.0 });
        let terms = stack![ndarray::Axis(0), decay(2.0), cross, decay(1.0) - decay(2.0)];
        let attacked =
            Row { rank_first: 1, rank_last: 30, points: 30, alpha: Some(1.75), ..Row::default() };
        let change = Change::of(&terms, &attacked).unwrap();
        assert_relative_eq!(change.clean, 2.0, max_relative = 1e-12);
        assert_relative_eq!(change.own, -1.0, max_relative = 1e-12);
        assert_relative_eq!(change.rest, 0.75, max_relative = 1e-12);
        assert_relative_eq!(change.all(), -0.25, max_relative = 1e-12);
        assert_eq!(most_not_positive([&change]), "10 of 30");
        // Exponents over different ranks are not compared.
        let fewer = Row { points: 29, ..attacked.clone() };
        assert!(Change::of(&terms, &fewer).is_none());
        assert!(Change::of(&Array2::zeros((3, 40)), &attacked).is_none());
    }
}
