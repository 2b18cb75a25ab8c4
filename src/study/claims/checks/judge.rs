//! The checks of one rule: the value of each network, and the worst of them.

use super::{Check, CheckName, networks::Network};
use crate::study::catalogue::{AttackEntry, Family};

const FGSM: &str = "fgsm";
/// FGSM in several steps.
const ITERATED: [&str; 2] = ["pgd", "bim"];
/// FGSM on the network of another seed.
const TRANSFERRED: &str = "fgsm-transfer";
/// The size of FGSM with random signs.
const RANDOM: &str = "fgsm-random";

/// A value of a network at one strength of an attack; the largest is the worst.
#[derive(Clone, Copy)]
struct Found {
    value: f64,
    strength: f64,
}

/// The largest value; the first of equal ones.
fn worst(found: impl IntoIterator<Item = Found>) -> Option<Found> {
    found.into_iter().reduce(|worst, next| if next.value > worst.value { next } else { worst })
}

/// The final networks of a rule.
pub struct OfRule<'a> {
    pub rule: &'a str,
    pub networks: Vec<Network<'a>>,
}

impl OfRule<'_> {
    /// All checks of these attacks.
    pub fn checks(&self, attacks: &[AttackEntry]) -> Vec<Check> {
        let has = |name: &str| attacks.iter().any(|attack| attack.name == name);
        let mut checks = Vec::new();
        if has(FGSM) {
            let iterated = ITERATED.into_iter().filter(|name| has(name));
            checks.extend(iterated.map(|name| self.iterated(name)));
            checks.extend(has(TRANSFERRED).then(|| self.transferred()));
            checks.extend(has(RANDOM).then(|| self.random()));
        }
        let along_gradient = attacks.iter().filter(|attack| attack.family == Family::Gradient);
        let no_control = along_gradient.clone().filter(|attack| !attack.is_control());
        checks.extend(no_control.map(|attack| self.large(&attack.name)));
        checks.extend(along_gradient.map(|attack| self.gradient(&attack.name)));
        checks
    }

    fn iterated(&self, attack: &str) -> Check {
        let statement = format!("{attack} is at least as strong as {FGSM} at each strength");
        let asked = (CheckName::Pgd, attack, Some(FGSM));
        self.judge(asked, statement, |network| excess(network, attack, FGSM))
    }

    fn transferred(&self) -> Check {
        let statement = format!(
            "{TRANSFERRED}, from another seed's network, is no stronger than {FGSM} at each strength"
        );
        let asked = (CheckName::Transfer, TRANSFERRED, Some(FGSM));
        self.judge(asked, statement, |network| excess(network, FGSM, TRANSFERRED))
    }

    fn random(&self) -> Check {
        let statement = format!(
            "where {FGSM} takes half of the clean accuracy, random signs of the same size take at most half \
             of what it takes"
        );
        let asked = (CheckName::Random, FGSM, Some(RANDOM));
        self.judge(asked, statement, taken_at_random)
    }

    fn large(&self, attack: &str) -> Check {
        let statement = format!(
            "the largest strength of {attack} leaves at most a fifth of the clean accuracy"
        );
        let asked = (CheckName::Large, attack, None);
        self.judge(asked, statement, |network| left_at_largest(network, attack))
    }

    fn gradient(&self, attack: &str) -> Check {
        let statement =
            format!("under {attack}, no image loses the term of its label or its whole gradient");
        let asked = (CheckName::Gradient, attack, None);
        self.judge(asked, statement, |network| lost_images(network, attack))
    }

    /// Judge a check, of an attack beside another one, by the worst of the values that `value` finds in
    /// each network. Its error is the reason why a network has none.
    fn judge(
        &self,
        (check, attack, beside): (CheckName, &str, Option<&str>),
        statement: String,
        value: impl Fn(&Network<'_>) -> Result<Found, String>,
    ) -> Check {
        let (mut found, mut reasons) = (Vec::new(), Vec::new());
        for network in &self.networks {
            match value(network) {
                Ok(value) => found.push(value),
                Err(reason) if !reasons.contains(&reason) => reasons.push(reason),
                Err(_) => {}
            }
        }
        let seeds = found.len();
        let worst = worst(found);
        let threshold = check.threshold().value;
        Check {
            check,
            statement,
            rule: self.rule.into(),
            attack: attack.into(),
            beside: beside.map(Into::into),
            strength: worst.map(|worst| worst.strength),
            value: worst.map(|worst| worst.value),
            threshold,
            passed: worst.map(|worst| worst.value <= threshold),
            reason: worst.is_none().then(|| reasons.join("; ")),
            seeds,
        }
    }
}

/// How much more accuracy an attack leaves than another one of the same strength that should be no
/// stronger.
fn excess(network: &Network<'_>, attack: &str, other: &str) -> Result<Found, String> {
    network.clean_above_chance()?;
    let differences = network.under_both(attack, other).into_iter();
    let differences =
        differences.map(|(strength, [this, that])| Found { value: rounded(this - that), strength });
    worst(differences).ok_or_else(|| nothing_shared(attack, other))
}

/// What random signs take of the accuracy, as a fraction of what FGSM takes, at the smallest strength
/// at which FGSM takes half of the clean accuracy.
fn taken_at_random(network: &Network<'_>) -> Result<Found, String> {
    let clean = network.clean_above_chance()?;
    let both = network.under_both(FGSM, RANDOM);
    if both.is_empty() {
        return Err(nothing_shared(FGSM, RANDOM));
    }
    let halved = both.into_iter().find(|(_, [fgsm, _])| *fgsm <= clean / 2.0);
    let (strength, [fgsm, random]) = halved.ok_or_else(|| {
        format!("{FGSM} takes half of the clean accuracy at no strength that {RANDOM} has")
    })?;
    Ok(Found { value: rounded((clean - random) / (clean - fgsm)), strength })
}

/// The accuracy at the largest strength, as a fraction of the clean one.
fn left_at_largest(network: &Network<'_>, attack: &str) -> Result<Found, String> {
    let clean = network.clean_above_chance()?;
    let largest = network.under(attack).last().and_then(|point| {
        Some(Found { value: rounded(point.accuracy? / clean), strength: point.strength })
    });
    largest.ok_or_else(|| format!("no accuracy under the largest strength of {attack}"))
}

/// The largest number of images that lost their gradient.
fn lost_images(network: &Network<'_>, attack: &str) -> Result<Found, String> {
    let lost = network.under(attack).iter().filter_map(|point| {
        Some(Found { value: point.lost_images? as f64, strength: point.strength })
    });
    worst(lost).ok_or_else(|| format!("the table has no audit of {attack}"))
}

fn nothing_shared(one: &str, other: &str) -> String {
    format!("{one} and {other} have no strength in common")
}

/// Without the round-off of the subtraction and division of fractions of images, so that a value that
/// is at the threshold passes.
fn rounded(value: f64) -> f64 {
    (value * 1e12).round() / 1e12 + 0.0 // turns -0 into 0
}
