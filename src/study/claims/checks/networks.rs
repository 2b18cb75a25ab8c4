//! The final networks of a rule under each attack: their accuracy, and the gradients that the attack
//! lost. Neither depends on the layer or on the estimator of alpha, so that each counts once.

use std::collections::BTreeMap;

use crate::study::{claims::thresholds::MIN_CLEAN, table::Row};

/// What one network has under an attack of one strength.
#[derive(Clone, Copy, Debug)]
pub struct Attacked {
    pub strength: f64,
    /// Accuracy of the network; `None` if it is not in the table.
    pub accuracy: Option<f64>,
    /// Number of images that lost the term of their label or their whole gradient, whichever are more;
    /// `None` if there is no audit of both.
    pub lost_images: Option<usize>,
}

/// The final network of one seed.
#[derive(Clone, Debug, Default)]
pub struct Network<'a> {
    clean: Option<f64>,
    attacks: BTreeMap<&'a str, Vec<Attacked>>,
}

/// The networks of these rows, by seed. The rows are those of one rule's final networks, with the
/// clean images once.
pub fn networks<'a>(rows: &[&'a Row]) -> Vec<Network<'a>> {
    let mut networks: BTreeMap<u64, Network<'a>> = BTreeMap::new();
    for row in rows {
        let Some(seed) = row.seed else { continue };
        let network = networks.entry(seed).or_default();
        if row.attack == "clean" {
            network.clean = network.clean.or(row.network_accuracy);
        } else {
            network.attacks.entry(&row.attack).or_default().push(Attacked {
                strength: row.strength,
                accuracy: row.network_accuracy,
                lost_images: lost_images(row.lost_label_images, row.zero_gradient_images),
            });
        }
    }
    for points in networks.values_mut().flat_map(|network| network.attacks.values_mut()) {
        points.sort_by(|a, b| a.strength.total_cmp(&b.strength));
        points.dedup_by(|a, b| a.strength.total_cmp(&b.strength).is_eq());
    }
    networks.into_values().collect()
}

/// One image may be in both counts. A count that is missing may hide images, so that the other one
/// decides only if it is above 0.
fn lost_images(label: Option<usize>, gradient: Option<usize>) -> Option<usize> {
    match (label, gradient) {
        (Some(label), Some(gradient)) => Some(label.max(gradient)),
        (one, other) => one.or(other).filter(|&images| images > 0),
    }
}

impl Network<'_> {
    /// The clean accuracy. The error says why it does not show that the network knows the classes.
    pub fn clean_above_chance(&self) -> Result<f64, String> {
        match self.clean {
            Some(clean) if clean > MIN_CLEAN => Ok(clean),
            Some(_) => Err(format!(
                "a clean accuracy of at most {:.0} %, which may be chance",
                100.0 * MIN_CLEAN
            )),
            None => Err("no accuracy on clean images".into()),
        }
    }

    /// The network under an attack, by rising strength; empty if it did not meet the attack.
    pub fn under(&self, attack: &str) -> &[Attacked] {
        self.attacks.get(attack).map_or(&[], Vec::as_slice)
    }

    /// The accuracies under two attacks at each strength that both have, by rising strength.
    pub fn under_both(&self, one: &str, other: &str) -> Vec<(f64, [f64; 2])> {
        let pair = |a: &Attacked| {
            let same = |b: &&Attacked| b.strength.total_cmp(&a.strength).is_eq();
            let b = self.under(other).iter().find(same)?;
            Some((a.strength, [a.accuracy?, b.accuracy?]))
        };
        self.under(one).iter().filter_map(pair).collect()
    }
}
