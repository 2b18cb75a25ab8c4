//! How a study was made: its rules, attacks and stages, as `study.json` holds them.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What a study is: written once, beside each command in the Makefile.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Catalogue {
    /// The command that makes the study.
    pub command: String,
    /// The version of the tools.
    pub version: String,
    /// The ranges of ranks that are fitted, as FIRST-LAST; the first is the headline.
    pub ranks: Vec<String>,
    /// The learning rules.
    pub rules: Vec<RuleEntry>,
    /// The attacks.
    pub attacks: Vec<AttackEntry>,
    /// The measurements.
    pub stages: Vec<Stage>,
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
    /// Whether it only serves to understand another.
    pub control: bool,
    /// What the report calls it.
    pub title: String,
    /// What its strength is, with the unit.
    pub unit: String,
    /// What attacks images.
    pub command: String,
}

/// What kind of attack it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// Noise without a direction.
    Noise,
    /// One step along the sign of a gradient.
    Gradient,
    /// Anything else.
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

impl FromStr for RuleEntry {
    type Err = String;

    /// `NAME; TITLE; RULE THAT IT IS A CONTROL OF, OR NOTHING; COMMAND`
    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let ([name, title, of], command) = fields(text)?;
        let control_of = Some(of.to_owned()).filter(|of| !of.is_empty());
        Ok(Self { name: name.into(), title: title.into(), control_of, command })
    }
}

impl FromStr for AttackEntry {
    type Err = String;

    /// `NAME; FAMILY, with "control" behind it for a control; TITLE; UNIT; COMMAND`
    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let ([name, family, title, unit], command) = fields(text)?;
        let (family, control) = match family.strip_suffix(" control") {
            Some(family) => (family.trim(), true),
            None => (family, false),
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
            control,
            title: title.into(),
            unit: unit.into(),
            command,
        })
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
    use super::*;

    #[test]
    fn descriptions_are_read_and_what_is_none_is_refused() {
        let attack: AttackEntry =
            "clip; noise control; Noise, clipped; σ; a --b 1; c | d".parse().unwrap();
        assert_eq!((attack.family, attack.control), (Family::Noise, true));
        assert_eq!((attack.title.as_str(), attack.unit.as_str()), ("Noise, clipped", "σ"));
        assert_eq!(attack.command, "a --b 1; c | d");
        let rule: RuleEntry = "local; local errors;; train".parse().unwrap();
        assert_eq!((rule.control_of, rule.command.as_str()), (None, "train"));
        let rule: RuleEntry = "backprop; backpropagation; local; train".parse().unwrap();
        assert_eq!(rule.control_of.as_deref(), Some("local"));
        assert!("mine; warp; Mine; strength; cat".parse::<AttackEntry>().is_err());
        assert!("mine; noise; Mine".parse::<AttackEntry>().is_err());
        assert!("fit".parse::<Stage>().is_err());
    }
}
