//! What the page begins with: the answer in a few sentences, and what it was found on.

use maud::{Markup, html};

use super::choices;
use crate::{
    report::{html::spread, rule_view::RuleView, study_files::StudyFiles},
    study::{
        catalogue::{AttackEntry, Catalogue},
        claims::{Claim, OF_THE_PAPER, Survey, Verdict},
        table::{self, Row},
    },
    words::{counted, listed, numbered, seeds},
};

/// Which of the paper's claims hold, and one line about the data and the networks.
pub fn answer(study: &StudyFiles) -> Markup {
    let over_all = over_all_choices(study.main_rule());
    html! {
        @if !over_all.is_empty() {
            ul.answer { @for sentence in &over_all { li { (sentence) } "\n" } } "\n"
            p.soft { "The default analysis, one of these:" } "\n"
        }
        ul.answer { @for sentence in sentences(study.main_rule()) { li { (sentence) } "\n" } } "\n"
        p.soft { (about(study)) } "\n"
    }
}

/// One sentence per claim of the paper, over all choices of the analysis; none if nothing is decided.
fn over_all_choices(rule: RuleView<'_>) -> Vec<String> {
    let surveys = choices::of_rule(rule);
    let under = |survey: &Survey<'_>| {
        let Survey { in_all_layers, in_some_layer, decided, .. } = survey;
        let title = rule.study.catalogue.attack(survey.attack).title;
        format!(
            "in {in_all_layers} of {decided} analyses under {title} (in some layer in {in_some_layer})"
        )
    };
    let of_paper = OF_THE_PAPER.into_iter().filter_map(|(name, saying)| {
        let of_name = surveys.iter().filter(|survey| survey.claim == name);
        let of_name: Vec<String> = of_name.map(under).collect();
        (!of_name.is_empty()).then(|| {
            let saying = saying.replace("alpha", "α");
            format!("The claim that {saying} ({name}) holds in all layers {}.", of_name.join(", "))
        })
    });
    of_paper.collect()
}

/// The answer: one sentence per claim of the paper. If nothing can be judged, what was measured.
fn sentences(rule: RuleView<'_>) -> Vec<String> {
    let catalogue = &rule.study.catalogue;
    let claims = rule.claims_of_the_paper();
    let basis = format!(
        "the learning rule “{}” with {} and α fitted over ranks {}",
        rule.title(),
        counted(rule.seeds().len(), "seed"),
        rule.estimator.ranks()
    );
    let of_paper = OF_THE_PAPER.map(|(name, saying)| {
        let of_name = claims.iter().copied().filter(|claim| claim.claim == name);
        (format!("that {} ({name})", saying.replace("alpha", "α")), of_name.collect::<Vec<_>>())
    });
    let judged: Vec<&Claim> = of_paper.iter().flat_map(|(_, claims)| claims).copied().collect();
    if judged.iter().any(|claim| claim.verdict != Verdict::Undecided) {
        let given = of_paper.iter().filter(|(_, claims)| !claims.is_empty());
        let sentences = given.map(|(saying, claims)| verdicts(saying, claims, catalogue));
        return sentences.chain([format!("This is judged for {basis}.")]).collect();
    }
    [undecided(&judged, &basis)].into_iter().chain(measured(rule)).collect()
}

/// `The claim that … holds in all 5 layers under Gaussian noise; in no layer under FGSM.`
fn verdicts(saying: &str, claims: &[&Claim], catalogue: &Catalogue) -> String {
    let under = |claim: &Claim| {
        let title = claim.attack.as_ref().map(|attack| catalogue.attack(attack).title);
        title.map_or(String::new(), |title| format!(" under {title}"))
    };
    let (undecided, decided): (Vec<&Claim>, Vec<&Claim>) =
        claims.iter().partition(|claim| claim.verdict == Verdict::Undecided);
    let holds = decided.iter().map(|claim| {
        let failure = claim.failure().map_or(String::new(), |failure| format!(" ({failure})"));
        format!("{}{}{failure}", place(claim), under(claim))
    });
    let cannot = undecided.iter().map(|claim| {
        let reason = claim.reason.as_ref().map_or(String::new(), |reason| format!(" ({reason})"));
        format!("cannot be judged{}{reason}", under(claim))
    });
    let holds: Vec<String> = holds.collect();
    let holds = (!holds.is_empty()).then(|| format!("holds {}", holds.join("; ")));
    let parts: Vec<String> = holds.into_iter().chain(cannot).collect();
    format!("The claim {saying} {}.", parts.join("; it "))
}

/// The layers in which a claim holds: `in layers 1 and 2 of 5`.
fn place(claim: &Claim) -> String {
    let (all, holding) = (claim.layers.len(), claim.holding());
    let undecided = claim.layers.iter().filter(|layer| layer.holds.is_none());
    let undecided: Vec<usize> = undecided.filter_map(|layer| layer.layer).collect();
    let place = match claim.verdict {
        Verdict::Reproduced if all == 1 => "in the only layer".into(),
        Verdict::Reproduced => format!("in all {all} layers"),
        _ if holding.is_empty() => "in no layer".into(),
        _ => format!("in {} of {all}", numbered("layer", &holding)),
    };
    if undecided.is_empty() {
        return place;
    }
    format!("{place} ({} cannot be judged)", numbered("layer", &undecided))
}

/// Why none of these claims can be judged.
fn undecided(claims: &[&Claim], basis: &str) -> String {
    let mut reasons: Vec<String> = claims.iter().filter_map(|claim| claim.reason.clone()).collect();
    reasons.sort();
    reasons.dedup();
    match (claims, reasons.as_slice()) {
        ([], _) => format!("The paper's claims were not judged for {basis}."),
        (_, []) => format!("None of the paper's claims can be judged for {basis}."),
        _ => {
            format!("None of the paper's claims can be judged for {basis}: {}.", reasons.join("; "))
        }
    }
}

/// What each attack at its largest strength does to the accuracy, and to alpha of the last layer.
fn measured(rule: RuleView<'_>) -> Option<String> {
    let networks = rule.networks();
    let last = networks.layers().last().copied()?;
    let change = |attack: &str, value: fn(&Row) -> Option<f64>, digits: usize| {
        let (from, to) = (networks.clean(last, value)?, networks.under(attack, value).pop()?);
        let [from, to] = [from, to].map(|point| Some(spread(Some(point.y?), point.sd, digits)));
        Some(format!("from {} to {}", from?, to?))
    };
    let strengths = table::attacks(networks.rows.iter().copied());
    let of_attack = |attack: AttackEntry| {
        let accuracy = |row: &Row| row.network_accuracy.map(|accuracy| 100.0 * accuracy);
        let accuracy =
            change(&attack.name, accuracy, 1).map(|change| format!("the accuracy goes {change} %"));
        let alpha = change(&attack.name, |row| row.alpha, 2)
            .map(|change| format!("α of layer {last} goes {change}"));
        let changes: Vec<String> = accuracy.into_iter().chain(alpha).collect();
        let strength = strengths.get(attack.name.as_str())?.last()?;
        (!changes.is_empty())
            .then(|| format!("under {}, {}", attack.at(*strength, ", "), listed(&changes)))
    };
    let all: Vec<String> = rule.attacks().into_iter().filter_map(of_attack).collect();
    (!all.is_empty()).then(|| format!("Measured at the largest strengths: {}.", all.join("; ")))
}

/// One line about the data, the networks and the attacks, as far as they are known.
fn about(study: &StudyFiles) -> Markup {
    let (rule, sizes) = (study.main_rule(), study.sizes());
    let networks = rule.networks();
    let of_model = |key: &str| study.model.as_ref()?[key].as_u64();
    let count = |count: Option<u64>, what: &str| count.map(|count| format!("{count} {what}"));
    let given =
        |parts: Vec<Option<String>>| parts.into_iter().flatten().collect::<Vec<_>>().join(", ");
    let data = vec![
        Some(study.dataset().to_owned()),
        count(of_model("samples"), "training images"),
        count(sizes.images.map(|images| images as u64), "test images"),
        count(sizes.pixels.map(|pixels| pixels as u64), "pixels"),
    ];
    let units = networks.layers().into_iter().filter_map(|layer| {
        networks.rows.iter().find(|row| row.layer == layer).map(|row| row.units)
    });
    let trained = vec![
        Some(widths(&units.collect::<Vec<_>>())),
        of_model("epochs").map(|epochs| counted(epochs as usize, "epoch")),
        Some(seeds(&rule.seeds())),
    ];
    let rules: Vec<&str> =
        study.rules.iter().map(|rule| study.catalogue.rule_title(rule)).collect();
    html! {
        b { "Data:" } " " (given(data)) ". "
        b { "Networks:" } " " (given(trained)) ". "
        b { "Learning rules:" } " " (rules.join(", ")) ". "
        b { "Attacks:" } " " (attacks(rule)) "."
    }
}

/// `5 layers of 200 units`, `layers of 300, 100 and 10 units`.
fn widths(units: &[usize]) -> String {
    match units {
        [one, others @ ..] if others.iter().all(|other| other == one) => {
            format!("{} of {}", counted(units.len(), "layer"), counted(*one, "unit"))
        }
        units => {
            let units: Vec<String> = units.iter().map(ToString::to_string).collect();
            format!("layers of {} units", listed(&units))
        }
    }
}

/// `Gaussian noise (σ = 0.1 to 3); FGSM (ε = 0.05); 2 controls`.
fn attacks(rule: RuleView<'_>) -> String {
    let networks = rule.networks();
    let strengths = table::attacks(networks.rows.iter().copied());
    let (controls, others): (Vec<_>, Vec<_>) =
        networks.attacks(&rule.study.catalogue).into_iter().partition(AttackEntry::is_control);
    let range = |attack: &AttackEntry| match strengths.get(attack.name.as_str()).map(Vec::as_slice)
    {
        Some([first, .., last]) => format!("{} to {last})", attack.at(*first, " (")),
        Some([one]) => format!("{})", attack.at(*one, " (")),
        _ => attack.title.clone(),
    };
    let controls = (!controls.is_empty()).then(|| counted(controls.len(), "control"));
    let all: Vec<String> = others.iter().map(range).chain(controls).collect();
    if all.is_empty() { "none".into() } else { all.join("; ") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{spectrum::powerlaw::Method, study::claims::LayerVerdict};

    /// A claim about `attack` that holds in each layer as told, from layer 1 on.
    fn claim(attack: Option<&str>, holds: &[Option<bool>], reason: Option<&str>) -> Claim {
        let holding = holds.iter().filter(|holds| **holds == Some(true)).count();
        let verdict = match holding {
            _ if holds.iter().all(Option::is_none) => Verdict::Undecided,
            0 => Verdict::NotReproduced,
            count if count == holds.len() => Verdict::Reproduced,
            _ => Verdict::Partly,
        };
        let layer = |(layer, holds): (usize, &Option<bool>)| LayerVerdict {
            layer: Some(layer),
            holds: *holds,
            ..LayerVerdict::default()
        };
        Claim {
            claim: "C1".into(),
            statement: String::new(),
            rule: "local".into(),
            attack: attack.map(Into::into),
            method: Method::Ols,
            rank_first: 1,
            rank_last: 50,
            statistic: String::new(),
            threshold: 0.8,
            layers: (1..).zip(holds).map(layer).collect(),
            verdict,
            reason: reason.map(Into::into),
            seeds: 5,
            rows: 60,
            failed_checks: Vec::new(),
        }
    }

    fn said(claims: &[Claim]) -> String {
        let attack = "fgsm; gradient; FGSM, exact; ε; attack-fgsm".parse().unwrap();
        let catalogue = Catalogue { attacks: vec![attack], ..Catalogue::default() };
        verdicts("that it is so (C1)", &claims.iter().collect::<Vec<_>>(), &catalogue)
    }

    const YES: Option<bool> = Some(true);
    const NO: Option<bool> = Some(false);

    #[test]
    fn a_sentence_says_in_which_layers_a_claim_holds_under_each_attack() {
        let all = claim(Some("gauss"), &[YES, YES, YES], None);
        let some = claim(Some("fgsm"), &[YES, NO, YES], None);
        let none = claim(Some("mine"), &[NO, NO, NO], None);
        assert_eq!(
            said(&[all.clone(), some, none.clone()]),
            "The claim that it is so (C1) holds in all 3 layers under gauss; in layers 1 and 3 of 3 under FGSM, \
             exact; in no layer under mine."
        );
        assert_eq!(said(&[none]), "The claim that it is so (C1) holds in no layer under mine.");
        let one = claim(Some("gauss"), &[YES], None);
        assert_eq!(
            said(&[one]),
            "The claim that it is so (C1) holds in the only layer under gauss."
        );
        let failed = Claim { failed_checks: vec!["large".into()], ..all };
        assert_eq!(
            said(&[failed]),
            "The claim that it is so (C1) holds in all 3 layers under gauss (the attack fails the check large)."
        );
    }

    #[test]
    fn what_cannot_be_judged_is_named_with_its_reason() {
        let some = claim(Some("gauss"), &[YES, None], None);
        let none = claim(Some("fgsm"), &[NO, None], None);
        let undecided = claim(Some("mine"), &[None, None], Some("few strengths"));
        assert_eq!(
            said(&[some, undecided, none]),
            "The claim that it is so (C1) holds in layer 1 of 2 (layer 2 cannot be judged) under gauss; in no layer \
             (layer 2 cannot be judged) under FGSM, exact; it cannot be judged under mine (few strengths)."
        );
        let missing = claim(None, &[], Some("the table has no attack"));
        assert_eq!(
            said(&[missing]),
            "The claim that it is so (C1) cannot be judged (the table has no attack)."
        );
    }

    #[test]
    fn reasons_that_claims_share_are_given_once() {
        let few = claim(Some("gauss"), &[None], Some("1 seed, 5 needed"));
        let missing = claim(None, &[], Some("the table has no attack along a gradient"));
        let claims = [&few, &missing, &few];
        assert_eq!(
            undecided(&claims, "this"),
            "None of the paper's claims can be judged for this: 1 seed, 5 needed; the table has no attack along a \
             gradient."
        );
        assert_eq!(undecided(&[], "this"), "The paper's claims were not judged for this.");
    }

    #[test]
    fn widths_are_given_once_if_they_are_equal() {
        assert_eq!(widths(&[200, 200]), "2 layers of 200 units");
        assert_eq!(widths(&[1]), "1 layer of 1 unit");
        assert_eq!(widths(&[300, 100, 10]), "layers of 300, 100 and 10 units");
    }
}
