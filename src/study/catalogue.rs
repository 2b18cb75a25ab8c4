//! How a study was made: its rules, attacks and stages, as `study.json` holds them.

use std::{path::Path, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{Error, Result, geometry::powerlaw::Ranks, io::read};

/// What a study is: written once, beside each command in the Makefile. A part that a `study.json`
/// lacks is empty here, and what is not in it is taken for what its name says: see
/// [`AttackEntry::undescribed`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Catalogue {
    /// The command that makes the study.
    pub command: String,
    /// The version of the tools.
    pub version: String,
    /// The ranges of ranks that are fitted; the first is the headline.
    pub ranks: Vec<Ranks>,
    /// The learning rules.
    pub rules: Vec<RuleEntry>,
    /// The attacks.
    pub attacks: Vec<AttackEntry>,
    /// The measurements.
    pub stages: Vec<Stage>,
}

impl Catalogue {
    /// Read a `study.json`, which must describe rules or attacks.
    pub fn read(file: &Path) -> Result<Self> {
        let catalogue: Self = read::json(file)?;
        if catalogue.rules.is_empty() && catalogue.attacks.is_empty() {
            let message = "describes no rules and no attacks (expected what describe-study writes)";
            return Err(Error::data(message).in_file(file));
        }
        Ok(catalogue)
    }

    /// The `study.json` of a study's folder; an empty catalogue where there is none, or one that
    /// describes nothing.
    pub fn of_study(folder: &Path) -> Result<Self> {
        let file = folder.join("study.json");
        // What cannot be looked for is not missing: reading it says why.
        if matches!(file.try_exists(), Ok(false)) { Ok(Self::default()) } else { read::json(&file) }
    }

    /// What an attack is.
    #[must_use]
    pub fn attack(&self, name: &str) -> AttackEntry {
        let described = self.attacks.iter().find(|attack| attack.name == name);
        described.cloned().unwrap_or_else(|| AttackEntry::undescribed(name))
    }

    /// The attack that `name` is the repeat of: a control whose spectrum is a command of its own, by
    /// which it measures the signal alone.
    #[must_use]
    pub fn signal_of(&self, name: &str) -> Option<String> {
        let stage = format!("{name}.spectrum");
        let has_own = self.stages.iter().any(|own| own.name == stage);
        self.attack(name).control_of.filter(|_| has_own)
    }

    /// What a page calls a rule.
    #[must_use]
    pub fn rule_title<'a>(&'a self, name: &'a str) -> &'a str {
        self.rule(name).map_or(name, |rule| rule.title.as_str())
    }

    /// Whether a rule only serves to understand another.
    #[must_use]
    pub fn is_control_rule(&self, name: &str) -> bool {
        self.rule(name).is_some_and(|rule| rule.control_of.is_some())
    }

    /// The rules in the order in which they are shown: what the study is about, which is the first of
    /// the catalogue that is no control, or else local errors; then the others by name.
    #[must_use]
    pub fn in_order(&self, mut rules: Vec<String>) -> Vec<String> {
        let described = self.rules.iter().filter(|rule| rule.control_of.is_none());
        let first = described.map(|rule| rule.name.as_str()).chain(["local"]);
        let first = first.into_iter().find(|first| rules.iter().any(|rule| rule == first));
        rules.sort_by_key(|rule| (Some(rule.as_str()) != first, rule.clone()));
        rules.dedup();
        rules
    }

    fn rule(&self, name: &str) -> Option<&RuleEntry> {
        self.rules.iter().find(|rule| rule.name == name)
    }
}

/// A learning rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RuleEntry {
    /// Its name in the table.
    pub name: String,
    /// What the report calls it.
    pub title: String,
    /// The rule that it is a control of.
    pub control_of: Option<String>,
    /// What trains a network by it.
    pub command: String,
}

/// An attack.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AttackEntry {
    /// Its name in the table.
    pub name: String,
    /// Which claims it is judged by.
    pub family: Family,
    /// The attack that it is a control of: it only serves to understand that one.
    pub control_of: Option<String>,
    /// What the report calls it.
    pub title: String,
    /// What its strength is, with the unit.
    pub unit: String,
    /// What attacks images.
    pub command: String,
}

impl AttackEntry {
    /// An attack that no `study.json` describes, as in a table from elsewhere: `gauss` is noise,
    /// `fgsm` and `fgsm-float32` follow a gradient, and of any other nothing is known but its name.
    #[must_use]
    pub fn undescribed(name: &str) -> Self {
        let family = match name {
            "gauss" => Family::Noise,
            "fgsm" | "fgsm-float32" => Family::Gradient,
            _ => Family::Other,
        };
        Self {
            name: name.into(),
            family,
            control_of: None,
            title: name.into(),
            unit: "strength".into(),
            command: String::new(),
        }
    }

    /// Whether it only serves to understand another.
    #[must_use]
    pub fn is_control(&self) -> bool {
        self.control_of.is_some()
    }

    /// The attack at one strength: its title, then what is `between`, and `σ = 0.5` with the first
    /// word of the unit.
    #[must_use]
    pub fn at(&self, strength: f64, between: &str) -> String {
        let symbol = self.unit.split_whitespace().next();
        let symbol = symbol.map_or(String::new(), |symbol| format!("{symbol} = "));
        format!("{}{between}{symbol}{strength}", self.title)
    }
}

/// What kind of attack it is, in the order in which attacks are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// Noise without a direction: claims C1 and C2.
    Noise,
    /// Steps along a gradient: claims C1 and C3.
    Gradient,
    /// Anything else: claim C1.
    Other,
}

/// A measurement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stage {
    /// Its name in the Makefile.
    pub name: String,
    /// What computes it.
    pub command: String,
}

/// The first `N` fields of a description, which `;` separates, and the command behind them.
fn fields<const N: usize>(text: &str) -> std::result::Result<([&str; N], String), String> {
    let mut parts = text.splitn(N + 1, ';').map(str::trim);
    let mut fields = [""; N];
    for field in &mut fields {
        *field = parts.next().unwrap_or_default();
    }
    match (fields[0], parts.next()) {
        (name, Some(command)) if !name.is_empty() => Ok((fields, command.to_owned())),
        _ => Err(format!("expected {} parts between semicolons", N + 1)),
    }
}

/// A title, or the name where it is empty.
fn titled(title: &str, name: &str) -> String {
    if title.is_empty() { name } else { title }.into()
}

impl FromStr for RuleEntry {
    type Err = String;

    /// `NAME; TITLE; RULE THAT IT IS A CONTROL OF, OR NOTHING; COMMAND`
    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let ([name, title, of], command) = fields(text)?;
        let control_of = Some(of.to_owned()).filter(|of| !of.is_empty());
        Ok(Self { name: name.into(), title: titled(title, name), control_of, command })
    }
}

impl FromStr for AttackEntry {
    type Err = String;

    /// `NAME; FAMILY, or FAMILY, control of ATTACK; TITLE; UNIT; COMMAND`
    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let ([name, family, title, unit], command) = fields(text)?;
        let (family, control_of) = match family.split_once(',') {
            Some((family, relation)) => (family.trim(), Some(control_of(name, relation)?)),
            None => (family, None),
        };
        let family = match family {
            "noise" => Family::Noise,
            "gradient" => Family::Gradient,
            "other" => Family::Other,
            _ => {
                return Err(format!(
                    "{name} is of no family (found {family}, expected noise, gradient or other)"
                ));
            }
        };
        Ok(Self {
            name: name.into(),
            family,
            control_of,
            title: titled(title, name),
            unit: unit.into(),
            command,
        })
    }
}

/// The attack behind `control of`.
fn control_of(name: &str, relation: &str) -> std::result::Result<String, String> {
    let words: Vec<&str> = relation.split_whitespace().collect();
    match words.as_slice() {
        ["control", "of", attack] => Ok((*attack).into()),
        _ => Err(format!(
            "{name} is related to no attack (found {}, expected control of ATTACK)",
            relation.trim()
        )),
    }
}

impl FromStr for Stage {
    type Err = String;

    /// `NAME; COMMAND`
    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let ([name], command) = fields(text)?;
        Ok(Self { name: name.into(), command })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn catalogue(rules: &[&str], attacks: &[&str], stages: &[&str]) -> Catalogue {
        Catalogue {
            rules: rules.iter().map(|text| text.parse().unwrap()).collect(),
            attacks: attacks.iter().map(|text| text.parse().unwrap()).collect(),
            stages: stages.iter().map(|text| text.parse().unwrap()).collect(),
            ..Catalogue::default()
        }
    }

    #[test]
    fn descriptions_are_read_and_what_is_none_is_refused() {
        let attack: AttackEntry =
            "clip; noise, control of gauss; Noise, clipped; σ; a --b 1; c | d".parse().unwrap();
        assert_eq!(attack.family, Family::Noise);
        assert_eq!(attack.control_of.as_deref(), Some("gauss"));
        assert_eq!((attack.title.as_str(), attack.unit.as_str()), ("Noise, clipped", "σ"));
        assert_eq!(attack.command, "a --b 1; c | d");
        let rule: RuleEntry = "local; local errors;; train".parse().unwrap();
        assert_eq!((rule.control_of, rule.command.as_str()), (None, "train"));
        let rule: RuleEntry = "backprop; backpropagation; local; train".parse().unwrap();
        assert_eq!(rule.control_of.as_deref(), Some("local"));
        for (text, found) in [
            ("mine; warp; Mine; strength; cat", "found warp"),
            ("mine; noise control; Mine; strength; cat", "found noise control"),
            ("mine; noise, control; Mine; strength; cat", "found control, expected control of"),
            ("mine; noise, like gauss; Mine; strength; cat", "found like gauss"),
            ("mine; noise; Mine", "expected 5 parts"),
        ] {
            let message = text.parse::<AttackEntry>().unwrap_err();
            assert!(message.contains(found), "{message}");
        }
        assert!("fit".parse::<Stage>().is_err());
        assert_eq!("mine; other;; strength; cat".parse::<AttackEntry>().unwrap().title, "mine");
        assert_eq!("mine;;; train".parse::<RuleEntry>().unwrap().title, "mine");
    }

    #[test]
    fn an_attack_is_what_its_description_says_and_no_more_than_its_name_without_one() {
        let catalogue = catalogue(
            &[],
            &[
                "gaussian-blur; other; Blur; radius (pixels); blur",
                "mine-clipped; noise; Mine; σ; mine",
                "rest; gradient, control of fgsm; Rest;; rest",
            ],
            &[],
        );
        let attack = |name| catalogue.attack(name);
        assert_eq!(
            (attack("gaussian-blur").family, attack("rest").family),
            (Family::Other, Family::Gradient)
        );
        assert!(!attack("mine-clipped").is_control() && attack("rest").is_control());
        assert_eq!(attack("gaussian-blur").at(2.0, ", "), "Blur, radius = 2");
        assert_eq!(attack("rest").at(0.5, " "), "Rest 0.5");
        for (name, family) in [
            ("gauss", Family::Noise),
            ("fgsm", Family::Gradient),
            ("fgsm-float32", Family::Gradient),
            ("gauss-clipped", Family::Other),
            ("fgsm2", Family::Other),
            ("pgd", Family::Other),
        ] {
            assert_eq!(attack(name).family, family, "{name}");
            assert!(!attack(name).is_control());
            assert_eq!(attack(name).at(0.5, "\n"), format!("{name}\nstrength = 0.5"));
        }
    }

    #[test]
    fn the_signal_alone_is_measured_by_a_control_that_has_its_own_spectrum() {
        let attacks = [
            "blur; other; Blur; r; blur",
            "twice; other, control of blur; Blur twice; r; blur",
            "weak; other, control of blur; Weak blur; r; blur",
        ];
        let catalogue = catalogue(&[], &attacks, &["twice.spectrum; spectrum", "blur.spectrum; s"]);
        assert_eq!(catalogue.signal_of("twice").as_deref(), Some("blur"));
        for attack in ["blur", "weak", "gauss-repeat"] {
            assert_eq!(catalogue.signal_of(attack), None, "{attack}");
        }
    }

    #[test]
    fn the_first_rule_that_is_no_control_is_shown_first() {
        let order = |rules: &[&str], names: &[&str]| {
            let names = names.iter().map(|name| (*name).to_owned()).collect();
            catalogue(rules, &[], &[]).in_order(names).join(" ")
        };
        let rules = ["random; Random; hebb; r", "hebb; Hebb;; h", "local; local errors;; l"];
        assert_eq!(order(&rules, &["local", "hebb", "random", "hebb"]), "hebb local random");
        // One that the table has not is none that can be shown.
        assert_eq!(order(&rules, &["random", "local"]), "local random");
        assert_eq!(order(&[], &["zero", "local", "backprop"]), "local backprop zero");
        assert_eq!(order(&[], &["zero", "backprop"]), "backprop zero");
    }

    #[test]
    fn a_study_that_is_missing_or_lacks_parts_describes_nothing_and_a_wrong_one_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("study.json");
        assert_eq!(Catalogue::of_study(folder.path()).unwrap(), Catalogue::default());
        assert!(Catalogue::read(&file).is_err());
        // That of an earlier version had its commands elsewhere.
        fs::write(&file, r#"{"commands":{"gauss":"attack-gauss"},"ranks":["1-20"]}"#).unwrap();
        let catalogue = Catalogue::of_study(folder.path()).unwrap();
        assert_eq!(catalogue.ranks, [Ranks::new(1, 20).unwrap()]);
        assert!(catalogue.attacks.is_empty());
        let message = Catalogue::read(&file).unwrap_err().to_string();
        assert!(message.contains("study.json: describes no rules and no attacks"), "{message}");
        for wrong in ["", "[", "7", r#"{"ranks":["8-1"]}"#, r#"{"attacks":[{"name":"a"}]}"#] {
            fs::write(&file, wrong).unwrap();
            for found in [Catalogue::of_study(folder.path()), Catalogue::read(&file)] {
                let message = found.unwrap_err().to_string();
                let expected =
                    if wrong.is_empty() { "is empty" } else { "is not the JSON expected" };
                assert!(message.contains(&format!("study.json: {expected}")), "{message}");
            }
        }
    }
}
