//! The description of a study, `study.json`: its learning rules, attacks and measurements.

use std::{path::Path, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{Error, Result, files::read, spectrum::powerlaw::Ranks};

/// The description of a study. The Makefile has each entry beside the command that it describes.
/// Keys that a `study.json` lacks are empty here. An attack without an entry is described by its
/// name alone: see [`AttackEntry::undescribed`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Catalogue {
    /// The command that makes the study.
    pub command: String,
    /// The version of the tools.
    pub version: String,
    /// The ranges of ranks that are fitted. The report shows the first in the main text.
    pub ranks: Vec<Ranks>,
    /// The learning rules.
    pub rules: Vec<RuleEntry>,
    /// The attacks.
    pub attacks: Vec<AttackEntry>,
    /// The measurements.
    pub stages: Vec<Stage>,
}

impl Catalogue {
    /// Read a `study.json`.
    ///
    /// # Errors
    /// If the file cannot be read, or if it describes neither rules nor attacks.
    pub fn read(file: &Path) -> Result<Self> {
        let catalogue: Self = read::json(file, &read::written::STUDY)?;
        if catalogue.rules.is_empty() && catalogue.attacks.is_empty() {
            let message =
                "describes no rules and no attacks (expected the output of describe-study)";
            return Err(Error::data(message).in_file(file));
        }
        Ok(catalogue)
    }

    /// Read the `study.json` in a study's folder; an empty catalogue if there is no such file.
    ///
    /// # Errors
    /// If the file exists and cannot be read.
    pub fn of_study(folder: &Path) -> Result<Self> {
        let file = folder.join("study.json");
        // If the existence cannot be determined, reading the file reports why.
        if matches!(file.try_exists(), Ok(false)) {
            return Ok(Self::default());
        }
        read::json(&file, &read::written::STUDY)
    }

    /// The entry of an attack.
    #[must_use]
    pub fn attack(&self, name: &str) -> AttackEntry {
        let described = self.attacks.iter().find(|attack| attack.name == name);
        described.cloned().unwrap_or_else(|| AttackEntry::undescribed(name))
    }

    /// The attack of which `name` is a repeat, if any. A repeat is a control with its own command for
    /// the spectrum, which estimates the spectrum of the signal without the noise.
    #[must_use]
    pub fn signal_of(&self, name: &str) -> Option<String> {
        let stage = format!("{name}.spectrum");
        let has_own_spectrum = self.stages.iter().any(|own| own.name == stage);
        self.attack(name).control_of.filter(|_| has_own_spectrum)
    }

    /// The title of a rule in the report.
    #[must_use]
    pub fn rule_title<'a>(&'a self, name: &'a str) -> &'a str {
        self.rule(name).map_or(name, |rule| rule.title.as_str())
    }

    /// Whether a rule is a control of another rule.
    #[must_use]
    pub fn is_control_rule(&self, name: &str) -> bool {
        self.rule(name).is_some_and(|rule| rule.control_of.is_some())
    }

    /// The rules in the order of the report. The main rule comes first: the first rule in the
    /// catalogue that is not a control, or else local errors. The others follow by name. Duplicates
    /// are removed.
    #[must_use]
    pub fn in_order(&self, mut rules: Vec<String>) -> Vec<String> {
        let main_rules = self.rules.iter().filter(|rule| rule.control_of.is_none());
        let mut candidates = main_rules.map(|rule| rule.name.as_str()).chain(["local"]);
        let first = candidates.find(|candidate| rules.iter().any(|rule| rule == candidate));
        rules.sort_by_key(|rule| (Some(rule.as_str()) != first, rule.clone()));
        rules.dedup();
        rules
    }

    /// The rules in the order of the catalogue; those that it lacks follow by name. Duplicates are
    /// removed.
    #[must_use]
    pub fn as_named(&self, mut rules: Vec<String>) -> Vec<String> {
        let place = |name: &String| self.rules.iter().position(|rule| rule.name == *name);
        rules.sort_by_key(|rule| (place(rule).unwrap_or(usize::MAX), rule.clone()));
        rules.dedup();
        rules
    }

    fn rule(&self, name: &str) -> Option<&RuleEntry> {
        self.rules.iter().find(|rule| rule.name == name)
    }
}

/// The description of a learning rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RuleEntry {
    /// Name in the table.
    pub name: String,
    /// Title in the report.
    pub title: String,
    /// The rule of which it is a control, if any.
    pub control_of: Option<String>,
    /// The command that trains a network.
    pub command: String,
}

/// The description of an attack.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AttackEntry {
    /// Name in the table.
    pub name: String,
    /// The kind of attack, which determines the claims that are judged on it.
    pub family: Family,
    /// The attack of which it is a control, if any.
    pub control_of: Option<String>,
    /// The attack that it is but for clipping the pixels, if any. Both are judged, and whether to clip is
    /// one of the choices of the analysis.
    #[serde(default)]
    pub clipped_of: Option<String>,
    /// Strengths up to which the claims are judged: the first for the main results, the others as choices
    /// of the analysis. Empty: all strengths.
    #[serde(default)]
    pub up_to: Vec<f64>,
    /// Title in the report.
    pub title: String,
    /// Symbol and unit of the strength, such as `σ (pixel units)`.
    pub unit: String,
    /// The command that attacks images.
    pub command: String,
}

impl AttackEntry {
    /// The entry of an attack that no `study.json` describes, for tables from other sources: `gauss`
    /// is noise, `fgsm` and `fgsm-float32` follow a gradient, and the family of any other is
    /// [`Family::Other`].
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
            clipped_of: None,
            up_to: Vec::new(),
            title: name.into(),
            unit: "strength".into(),
            command: String::new(),
        }
    }

    /// Whether it is a control of another attack.
    #[must_use]
    pub fn is_control(&self) -> bool {
        self.control_of.is_some()
    }

    /// The attack without clipping: another one if it is clipped, or else itself.
    #[must_use]
    pub fn unclipped(&self) -> &str {
        self.clipped_of.as_ref().unwrap_or(&self.name)
    }

    /// The strength up to which the main results judge the claims.
    #[must_use]
    pub fn largest(&self) -> f64 {
        self.up_to.first().copied().unwrap_or(f64::INFINITY)
    }

    /// The title and the strength, such as `Gaussian noise, σ = 0.5` with the separator `, `. The
    /// symbol is the first word of the unit.
    #[must_use]
    pub fn at(&self, strength: f64, separator: &str) -> String {
        let symbol = self.unit.split_whitespace().next();
        let symbol = symbol.map_or(String::new(), |symbol| format!("{symbol} = "));
        format!("{}{separator}{symbol}{strength}", self.title)
    }
}

/// The kind of an attack. The report shows attacks in the order of the kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// Noise in random directions; claims C1 and C2 are judged on it.
    Noise,
    /// Steps along a gradient; claims C1 and C3 are judged on it.
    Gradient,
    /// Any other attack; claim C1 is judged on it.
    Other,
}

/// The description of a measurement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stage {
    /// Name in the Makefile.
    pub name: String,
    /// The command that computes it.
    pub command: String,
}

/// Split a description at `;` into `N` fields and the command, which may contain `;`.
fn fields<const N: usize>(text: &str) -> std::result::Result<([&str; N], String), String> {
    let mut pieces = text.splitn(N + 1, ';').map(str::trim);
    let mut fields = [""; N];
    for field in &mut fields {
        *field = pieces.next().unwrap_or_default();
    }
    match (fields[0], pieces.next()) {
        (name, Some(command)) if !name.is_empty() => Ok((fields, command.to_owned())),
        _ => Err(format!("expected {} parts separated by semicolons, the first not empty", N + 1)),
    }
}

/// The title, or the name if the title is empty.
fn title_or_name(title: &str, name: &str) -> String {
    if title.is_empty() { name } else { title }.into()
}

impl FromStr for RuleEntry {
    type Err = String;

    /// Parse `NAME; TITLE; CONTROL-OF; COMMAND`. CONTROL-OF is the rule of which this one is a
    /// control, or empty.
    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let ([name, title, of], command) = fields(text)?;
        let control_of = Some(of.to_owned()).filter(|of| !of.is_empty());
        Ok(Self { name: name.into(), title: title_or_name(title, name), control_of, command })
    }
}

impl FromStr for AttackEntry {
    type Err = String;

    /// Parse `NAME; KIND; TITLE; UNIT; COMMAND`. `KIND` is the family, followed by any of `, control of
    /// ATTACK`, `, clipped ATTACK` and `, up to STRENGTH STRENGTH ...`.
    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let ([name, kind, title, unit], command) = fields(text)?;
        let mut parts = kind.split(',').map(str::trim);
        let family = match parts.next().unwrap_or_default() {
            "noise" => Family::Noise,
            "gradient" => Family::Gradient,
            "other" => Family::Other,
            family => {
                return Err(format!(
                    "{name} has an unknown family (found {family}, expected noise, gradient or other)"
                ));
            }
        };
        let mut entry = Self {
            family,
            title: title_or_name(title, name),
            unit: unit.into(),
            command,
            ..Self::undescribed(name)
        };
        for part in parts {
            let words: Vec<&str> = part.split_whitespace().collect();
            match words.as_slice() {
                ["control", "of", attack] => entry.control_of = Some((*attack).into()),
                ["clipped", attack] => entry.clipped_of = Some((*attack).into()),
                ["up", "to", strengths @ ..] => {
                    let strengths = strengths.iter().map(|word| word.parse());
                    entry.up_to = strengths
                        .collect::<std::result::Result<_, _>>()
                        .map_err(|_| format!("{name} has a bad strength (found {part})"))?;
                }
                _ => {
                    return Err(format!(
                        "{name} has an unknown relation (found {part}, expected control of ATTACK, clipped \
                         ATTACK or up to STRENGTHS)"
                    ));
                }
            }
        }
        Ok(entry)
    }
}

impl FromStr for Stage {
    type Err = String;

    /// Parse `NAME; COMMAND`.
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
    fn valid_descriptions_are_parsed_and_others_refused() {
        let attack: AttackEntry =
            "clip; noise, control of gauss; Noise, clipped; σ; a --b 1; c | d".parse().unwrap();
        assert_eq!(attack.family, Family::Noise);
        assert_eq!(attack.control_of.as_deref(), Some("gauss"));
        assert_eq!((attack.title.as_str(), attack.unit.as_str()), ("Noise, clipped", "σ"));
        assert_eq!(attack.command, "a --b 1; c | d");
        let attack: AttackEntry =
            "clip; noise, clipped gauss, up to 0.3 0.2; Clipped; σ; a".parse().unwrap();
        assert_eq!((attack.unclipped(), attack.is_control()), ("gauss", false));
        assert_eq!((attack.largest(), attack.up_to), (0.3, vec![0.3, 0.2]));
        let rule: RuleEntry = "local; local errors;; train".parse().unwrap();
        assert_eq!((rule.control_of, rule.command.as_str()), (None, "train"));
        let rule: RuleEntry = "backprop; backpropagation; local; train".parse().unwrap();
        assert_eq!(rule.control_of.as_deref(), Some("local"));
        for (text, found) in [
            ("mine; warp; Mine; strength; cat", "found warp"),
            ("mine; noise control; Mine; strength; cat", "found noise control"),
            ("mine; noise, control; Mine; strength; cat", "found control, expected control of"),
            ("mine; noise, up to 1 x; Mine; strength; cat", "bad strength (found up to 1 x)"),
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
    fn the_description_of_an_attack_counts_and_not_its_name() {
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
    fn a_repeat_is_a_control_with_its_own_spectrum() {
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
    fn the_first_rule_that_is_not_a_control_is_shown_first() {
        let order = |rules: &[&str], names: &[&str]| {
            let names = names.iter().map(|name| (*name).to_owned()).collect();
            catalogue(rules, &[], &[]).in_order(names).join(" ")
        };
        let rules = ["random; Random; hebb; r", "hebb; Hebb;; h", "local; local errors;; l"];
        assert_eq!(order(&rules, &["local", "hebb", "random", "hebb"]), "hebb local random");
        // A rule that is not in the table is not shown.
        assert_eq!(order(&rules, &["random", "local"]), "local random");
        assert_eq!(order(&[], &["zero", "local", "backprop"]), "local backprop zero");
        assert_eq!(order(&[], &["zero", "backprop"]), "backprop zero");
    }

    #[test]
    fn a_missing_study_json_describes_nothing_and_an_invalid_one_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("study.json");
        assert_eq!(Catalogue::of_study(folder.path()).unwrap(), Catalogue::default());
        assert!(Catalogue::read(&file).is_err());
        // The format of early versions, which had the commands under another key.
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
