use super::*;
use crate::spectrum::powerlaw::Method;

/// A table of two layers in which alpha of layer l and seed s at strength number i is
/// `alpha(l, s, i)`, and accuracy falls with the strength.
fn table(
    attack: &str,
    seeds: u64,
    strengths: usize,
    alpha: impl Fn(usize, u64, usize) -> Option<f64>,
) -> Vec<Row> {
    let mut rows = Vec::new();
    for layer in 1..=2 {
        for seed in 1..=seeds {
            for i in 0..strengths {
                rows.push(Row {
                    dataset: "made".into(),
                    rule: Some("local".into()),
                    seed: Some(seed),
                    attack: if i == 0 { "clean".into() } else { attack.into() },
                    strength: i as f64 / 10.0,
                    layer,
                    accuracy: Some(0.95 - 0.05 * i as f64),
                    alpha: alpha(layer, seed, i),
                    participation_ratio: Some(10.0),
                    method: Method::Ols,
                    rank_first: 1,
                    rank_last: 50,
                    ..Row::default()
                });
            }
        }
    }
    rows
}

fn judged(rows: &[Row], claim: &str) -> Claim {
    let Judgement { claims, .. } = judge(rows, &Catalogue::default());
    claims.into_iter().find(|c| c.claim == claim).unwrap()
}

/// A pseudo-random number between -1 and 1 for each seed and strength.
fn noise(seed: u64, i: usize) -> f64 {
    let x = (seed * 37 + i as u64 * 101) as f64;
    (x.sin() * 43_758.545).fract()
}

#[allow(clippy::unnecessary_wraps)] // as `table` takes it
fn falling(_: usize, seed: u64, i: usize) -> Option<f64> {
    Some(3.0 - 0.1 * i as f64 + 0.001 * noise(seed, i))
}

/// Alpha falls up to strength number 6 and rises again.
#[allow(clippy::unnecessary_wraps)] // as `table` takes it
fn valley(_: usize, seed: u64, i: usize) -> Option<f64> {
    Some(2.0 + 0.1 * (i as f64 - 6.0).abs() + 0.005 * noise(seed, i))
}

#[test]
fn a_falling_curve_is_monotonic_and_does_not_turn() {
    let gauss = table("gauss", 5, 12, falling);
    assert_eq!(judged(&gauss, "C1").verdict, Verdict::Reproduced);
    assert_eq!(judged(&gauss, "C2").verdict, Verdict::Reproduced);
    let fgsm = table("fgsm", 5, 12, falling);
    assert_eq!(judged(&fgsm, "C3").verdict, Verdict::NotReproduced);
}

#[test]
fn a_valley_turns_at_its_lowest_point() {
    let claim = judged(&table("fgsm", 5, 12, valley), "C3");
    assert_eq!(claim.verdict, Verdict::Reproduced);
    for layer in &claim.layers {
        let turn = layer.turn.as_ref().unwrap();
        assert!((turn.strength - 0.6).abs() < 1e-12 && turn.valley);
        assert!(turn.slope_before.unwrap().most < 0.0 && turn.slope_after.unwrap().least > 0.0);
    }
    let gauss = table("gauss", 5, 12, valley);
    assert_eq!(judged(&gauss, "C2").verdict, Verdict::NotReproduced);
    assert_eq!(judged(&gauss, "C1").verdict, Verdict::NotReproduced);
}

/// The mean over six seeds of 0.1 would be 0.09999999999999999.
#[test]
fn a_turning_point_has_the_strength_that_was_given_for_any_number_of_seeds() {
    let valley = |_: usize, seed, i: usize| {
        Some(2.0 + 0.1 * (i as f64 - 1.0).abs() + 0.005 * noise(seed, i))
    };
    for seeds in 5..=20 {
        let claim = judged(&table("fgsm", seeds, 12, valley), "C3");
        let turn = claim.layers[0].turn.as_ref().unwrap();
        assert_eq!(serde_json::to_string(&turn.strength).unwrap(), "0.1", "{seeds} seeds");
    }
}

#[test]
fn a_peak_turns_too() {
    let peak = |layer, seed, i| valley(layer, seed, i).map(|alpha| 5.0 - alpha);
    let claim = judged(&table("fgsm", 5, 12, peak), "C3");
    assert_eq!(claim.verdict, Verdict::Reproduced);
    assert!(!claim.layers[0].turn.as_ref().unwrap().valley);
}

#[test]
fn a_claim_that_holds_in_one_layer_of_two_is_partly_reproduced() {
    let either = |layer, seed, i| {
        if layer == 1 { falling(layer, seed, i) } else { valley(layer, seed, i) }
    };
    let claim = judged(&table("fgsm", 5, 12, either), "C3");
    assert_eq!(claim.verdict, Verdict::Partly);
    let holds: Vec<_> = claim.layers.iter().map(|layer| layer.holds).collect();
    assert_eq!(holds, [Some(false), Some(true)]);
}

#[test]
fn noise_alone_reproduces_no_claim() {
    let noisy = |_, seed, i| Some(2.0 + 0.1 * noise(seed, i));
    for (attack, claim) in [("gauss", "C1"), ("gauss", "C2"), ("fgsm", "C3")] {
        let rows = table(attack, 5, 12, noisy);
        assert_eq!(judged(&rows, claim).verdict, Verdict::NotReproduced, "{claim}");
    }
}

#[test]
fn a_flat_curve_too_few_seeds_and_too_few_strengths_are_undecided() {
    let flat = |_, _, _| Some(2.0);
    for rows in
        [table("gauss", 5, 12, flat), table("gauss", 4, 12, falling), table("gauss", 5, 3, falling)]
    {
        let claim = judged(&rows, "C2");
        assert_eq!(claim.verdict, Verdict::Undecided);
        assert!(claim.layers.iter().all(|layer| layer.holds.is_none()));
    }
    assert_eq!(judged(&table("gauss", 5, 12, falling), "C2").verdict, Verdict::Reproduced);
}

#[test]
fn a_collapsed_layer_is_undecided_and_the_others_are_judged() {
    let collapsed = |layer, seed, i| if layer == 2 { None } else { falling(layer, seed, i) };
    let claim = judged(&table("gauss", 5, 12, collapsed), "C2");
    assert_eq!(claim.verdict, Verdict::Partly);
    assert_eq!((claim.layers[1].layer, claim.layers[1].holds), (Some(2), None));
}

/// All seeds have exactly the same curve, so that the bound is their value.
#[test]
fn values_just_above_and_below_each_threshold_are_told_apart() {
    // 11 steps down of 1 and one up of `back`: M = (11 - back) / (11 + back).
    let stepped = |back: f64| {
        move |_: usize, _: u64, i: usize| Some(if i <= 11 { 20.0 - i as f64 } else { 9.0 + back })
    };
    let back_at = 11.0 * (1.0 - MONOTONICITY.value) / (1.0 + MONOTONICITY.value);
    for (back, expected) in
        [(back_at * 0.99, Verdict::Reproduced), (back_at * 1.01, Verdict::NotReproduced)]
    {
        let rows = table("gauss", 5, 13, stepped(back));
        assert_eq!(judged(&rows, "C2").verdict, expected, "{back}");
    }
    // The last strength is the floor of accuracy; before it the curve rises by `back` of 10.
    let turned = |back: f64| {
        move |_: usize, _: u64, i: usize| Some(if i <= 10 { 20.0 - i as f64 } else { 10.0 + back })
    };
    let back_at = 10.0 * PROMINENCE.value;
    for (back, expected) in
        [(back_at * 1.01, Verdict::Reproduced), (back_at * 0.99, Verdict::NotReproduced)]
    {
        let rows = table("fgsm", 5, 13, turned(back));
        assert_eq!(judged(&rows, "C3").verdict, expected, "{back}");
    }
    // rho of n points with two distant ones swapped: 1 - 6 (2 d²) / (n (n² - 1)).
    let swapped = |d: usize| {
        move |_: usize, _: u64, i: usize| {
            let place = if i == 0 {
                d
            } else if i == d {
                0
            } else {
                i
            };
            Some(20.0 - place as f64)
        }
    };
    let rho = |d: usize| 1.0 - 12.0 * (d * d) as f64 / (12.0 * 143.0);
    for (d, expected) in [(5, Verdict::Reproduced), (6, Verdict::NotReproduced)] {
        assert_eq!(rho(d) >= RHO.value, expected == Verdict::Reproduced);
        assert_eq!(judged(&table("gauss", 5, 12, swapped(d)), "C1").verdict, expected);
    }
}

#[test]
fn local_errors_are_compared_with_backpropagation_seed_by_seed() {
    let mut rows = table("gauss", 5, 5, |_, seed, _| Some(2.0 + seed as f64));
    let mut other = table("gauss", 5, 5, |_, seed, _| Some(1.9 + seed as f64));
    for row in &mut other {
        row.rule = Some("backprop".into());
    }
    rows.extend(other);
    // The spread between seeds is far larger than the difference within them.
    assert_eq!(judged(&rows, "local-backprop").verdict, Verdict::Reproduced);
}

#[test]
fn snapshots_are_judged_along_the_epochs() {
    let mut rows = table("gauss", 5, 6, falling);
    let none = judged(&rows, "C1-epochs");
    assert_eq!((none.verdict, none.rows), (Verdict::Undecided, 0));
    assert!(none.reason.unwrap().contains("no snapshots"));
    for row in &mut rows {
        row.epoch = Some((row.strength * 10.0) as usize + 1);
        row.attack = "clean".into();
    }
    assert_eq!(judged(&rows, "C1-epochs").verdict, Verdict::Reproduced);
}

/// The rows of several attacks, whose curves all fall.
fn attacked(attacks: &[&str]) -> Vec<Row> {
    let mut rows = table(attacks[0], 5, 12, falling);
    for attack in &attacks[1..] {
        rows.extend(table(attack, 5, 12, falling).into_iter().filter(|row| row.attack != "clean"));
    }
    rows
}

fn described(attacks: &[&str], rules: &[&str]) -> Catalogue {
    Catalogue {
        attacks: attacks.iter().map(|text| text.parse().unwrap()).collect(),
        rules: rules.iter().map(|text| text.parse().unwrap()).collect(),
        ..Catalogue::default()
    }
}

/// The claims judged for each attack.
fn claims_by_attack(claims: &[Claim]) -> Vec<(String, String)> {
    let mut found: Vec<_> = claims
        .iter()
        .filter_map(|claim| Some((claim.attack.clone()?, claim.claim.clone())))
        .collect();
    // Each has its reading at each strength beside it.
    let (across, mut found): (Vec<_>, Vec<_>) =
        found.drain(..).partition(|(_, claim)| claim.ends_with("-at-strength"));
    let mut named: Vec<_> = across
        .into_iter()
        .map(|(attack, claim)| (attack, claim.replace("-at-strength", "")))
        .collect();
    named.sort();
    found.sort();
    assert_eq!(named, found);
    found
}

#[test]
fn the_family_of_an_attack_decides_its_claims_and_not_its_name() {
    let rows = attacked(&["fgsm-fog", "gauss", "gaussian-blur", "pgd"]);
    let pairs = |pairs: &[(&str, &str)]| {
        pairs.iter().map(|(a, c)| ((*a).to_owned(), (*c).to_owned())).collect::<Vec<_>>()
    };
    let catalogue = described(
        &[
            "gaussian-blur; other; Blur; strength; blur",
            "fgsm-fog; noise; Fog; strength; fog",
            "pgd; gradient; PGD; ε; attack-pgd",
            "gauss; gradient; Not noise; ε; other",
        ],
        &[],
    );
    assert_eq!(
        claims_by_attack(&judge(&rows, &catalogue).claims),
        pairs(&[
            ("fgsm-fog", "C1"),
            ("fgsm-fog", "C2"),
            ("gauss", "C1"),
            ("gauss", "C3"),
            ("gaussian-blur", "C1"),
            ("pgd", "C1"),
            ("pgd", "C3"),
        ])
    );
    // Without descriptions, by exact names.
    assert_eq!(
        claims_by_attack(&judge(&rows, &Catalogue::default()).claims),
        pairs(&[
            ("fgsm-fog", "C1"),
            ("gauss", "C1"),
            ("gauss", "C2"),
            ("gaussian-blur", "C1"),
            ("pgd", "C1"),
        ])
    );
}

#[test]
fn verdicts_are_for_the_headline_estimator_and_without_controls() {
    let mut rows = attacked(&["gauss", "mine-clipped", "weak"]);
    for rule in ["mine", "zero"] {
        rows.extend(
            table("gauss", 2, 12, falling)
                .into_iter()
                .map(|row| Row { rule: Some(rule.into()), ..row }),
        );
    }
    let other = rows.clone().into_iter().map(|row| Row { rank_first: 3, rank_last: 20, ..row });
    rows.extend(other.collect::<Vec<_>>());
    let attacks = [
        "gauss; noise; Noise; σ; attack-gauss",
        "mine-clipped; other; Mine; strength; mine",
        "weak; noise, control of gauss; Weak; σ; weak",
    ];
    let verdicts = |rules: &[&str], ranks: &[&str]| {
        let catalogue = Catalogue {
            ranks: ranks.iter().map(|ranks| ranks.parse().unwrap()).collect(),
            ..described(&attacks, rules)
        };
        let Judgement { claims, analyses, .. } = judge(&rows, &catalogue);
        verdicts(&claims, &analyses, &rows, &catalogue)
    };
    let rules = ["zero; Zero; local; z", "mine; Mine;; m", "local; local errors;; l"];
    let few = "  by default, ranks 3-20: undecided: 2 seeds, 5 needed";
    let none = "  by default, ranks 3-20: undecided: the table has no attack along a gradient";
    let all = "  in all layers in 12 of 12 analyses, in some layer in 12";
    let default = "  by default, ranks 3-20: reproduced (layers 1 2)";
    let expected = [
        "C1 mine, gauss: high accuracy goes with a fast decay",
        few,
        "C2 mine, gauss: accuracy against alpha is monotonic",
        few,
        "C3 mine: accuracy against alpha is not monotonic",
        none,
        "C1 local, gauss: high accuracy goes with a fast decay",
        all,
        default,
        "C1 local, mine-clipped: high accuracy goes with a fast decay",
        all,
        default,
        "C2 local, gauss: accuracy against alpha is monotonic",
        all,
        default,
        "C3 local: accuracy against alpha is not monotonic",
        none,
    ];
    assert_eq!(verdicts(&rules, &["3-20", "1-50"]), expected);
    // If all rules are controls, the one that is shown first is included.
    let rules = ["zero; Zero; hebb; z", "mine; Mine; hebb; m", "local; Local; hebb; l"];
    let lines = verdicts(&rules, &["1-50"]);
    let claims: Vec<&String> = lines.iter().filter(|line| line.starts_with('C')).collect();
    assert_eq!(claims.len(), 4);
    assert!(claims.iter().all(|line| line[2..].starts_with(" local")));
}

/// alpha turns above strength number 6, and accuracy is at its floor from number 9 on; with clipping it
/// falls throughout. Two estimators.
#[test]
fn all_combinations_of_choices_are_judged_and_the_decisive_one_is_named() {
    let with_floor = |attack: &str, alpha: fn(usize, u64, usize) -> Option<f64>| {
        let rows = table(attack, 5, 12, alpha).into_iter();
        let rows = rows.map(|row| Row { accuracy: row.accuracy.map(|a| a.max(0.5)), ..row });
        rows.collect::<Vec<Row>>()
    };
    let clipped = with_floor("fgsm-clipped", |layer, seed, i| {
        falling(layer, seed, i).map(|alpha| alpha - 0.4) // as clean images have it
    });
    let mut rows = with_floor("fgsm", valley);
    rows.extend(clipped.into_iter().filter(|row| row.attack != "clean"));
    let other = rows.clone().into_iter().map(|row| Row { rank_first: 3, rank_last: 20, ..row });
    rows.extend(other.collect::<Vec<_>>());
    let catalogue = Catalogue {
        ranks: vec!["1-50".parse().unwrap()],
        ..described(
            &[
                "fgsm; gradient, up to 0.9 0.6 0.61; FGSM; ε; a",
                "fgsm-clipped; gradient, clipped fgsm, up to 0.9 0.6 0.61; Clipped; ε; b",
            ],
            &[],
        )
    };
    let Judgement { analyses, .. } = judge(&rows, &catalogue);
    let surveys = surveys(&analyses, "local");
    let named: Vec<_> = surveys.iter().map(|of| (of.claim, of.rule, of.attack)).collect();
    assert_eq!(named, [("C1", "local", "fgsm"), ("C3", "local", "fgsm")]);
    // Clipping, 2 ranges of ranks, 2 largest strengths with other points, the floor, 3 scales.
    assert!(surveys.iter().all(|survey| survey.analyses.len() == 2 * 2 * 2 * 2 * 3));
    let turns = &surveys[1];
    // Up to 0.6 alpha only falls, and so it does with clipping.
    assert_eq!((turns.decided, turns.in_all_layers, turns.in_some_layer), (48, 12, 12));
    for analysis in &turns.analyses {
        let turning = !analysis.clipped && analysis.largest == Some(0.9);
        assert_eq!(analysis.layers_holding, if turning { vec![1, 2] } else { vec![] });
        assert!((analysis.threshold - PROMINENCE.value * analysis.scale).abs() < 1e-12);
    }
    let defaults: Vec<_> = turns.analyses.iter().filter(|one| one.default).collect();
    let [default] = defaults.as_slice() else { panic!("{defaults:?}") };
    assert_eq!((default.rank_last, default.largest, default.scale), (50, Some(0.9), 1.0));
    let separating = turns.separating().unwrap();
    assert_eq!(separating, "images not clipped, 1.0 layers on average, otherwise 0.0");
}

#[test]
fn the_floor_of_accuracy_and_the_scale_of_the_thresholds_are_choices() {
    // alpha falls by 1 to strength number 6, where accuracy reaches its floor, and then rises by 0.15.
    let alpha = |_, _, i: usize| {
        Some(3.0 - if i <= 6 { i as f64 / 6.0 } else { 1.0 - 0.03 * (i - 6) as f64 })
    };
    let rows = table("fgsm", 5, 12, alpha);
    let rows: Vec<Row> = rows
        .into_iter()
        .map(|row| Row { accuracy: row.accuracy.map(|a| a.max(0.65)), ..row })
        .collect();
    let Judgement { analyses, claims, .. } = judge(&rows, &Catalogue::default());
    let of_c3 = analyses.iter().filter(|one| one.claim == "C3");
    for one in of_c3.clone() {
        let expected = one.floor == Floor::Kept && one.scale < 2.0;
        assert_eq!(one.holds_in_all(), expected, "{one:?}");
    }
    assert_eq!(of_c3.count(), 6);
    // The floor counts in C1 as in C2: only its first point.
    let c1 = claims.iter().find(|claim| claim.claim == "C1").unwrap();
    assert!((c1.layers[0].statistic.unwrap().median - 1.0).abs() < 1e-12);
    let kept = analyses.iter().filter(|one| one.claim == "C1" && one.floor == Floor::Kept);
    assert!(kept.clone().all(Analysis::holds_in_all) && kept.count() == 3);
}

#[test]
fn clean_images_are_judged_only_if_accuracy_moves() {
    let across = |step: f64| {
        let rows = deep(|layer, _| 3.0 - 0.1 * layer as f64).into_iter();
        rows.map(move |row| {
            let accuracy = Some(0.98 - step * row.layer as f64);
            Row { accuracy, ..row }
        })
        .collect::<Vec<Row>>()
    };
    assert_eq!(judged(&across(0.02), "C1-layers").verdict, Verdict::Reproduced);
    for claim in ["C1-layers", "accuracy-depth"] {
        let reason = judged(&across(0.002), claim).reason.unwrap();
        assert_eq!(reason, "accuracy moves by 0.6 percentage points, 5 needed", "{claim}");
    }
}

#[test]
fn an_outcome_names_the_layers_in_which_a_claim_holds() {
    let rows = |alpha: fn(usize, u64, usize) -> Option<f64>| table("gauss", 5, 12, alpha);
    let outcome = |rows: &[Row]| judged(rows, "C2").outcome();
    assert_eq!(outcome(&rows(falling)), "reproduced (layers 1 2)");
    assert_eq!(outcome(&rows(valley)), "not reproduced");
    let partly =
        |layer, seed, i| if layer == 1 { valley(layer, seed, i) } else { falling(layer, seed, i) };
    assert_eq!(outcome(&rows(partly)), "partly (layer 2)");
    assert_eq!(outcome(&table("gauss", 2, 12, falling)), "undecided");
}

/// Four layers; accuracy falls with the layer and with the strength.
fn deep(alpha: impl Fn(usize, usize) -> f64) -> Vec<Row> {
    let two = |first: usize| {
        let rows = table("gauss", 5, 3, |layer, _, i| Some(alpha(first + layer, i)));
        rows.into_iter().map(move |row| {
            let layer = first + row.layer;
            let accuracy = row.accuracy.map(|accuracy| accuracy - 0.1 * layer as f64);
            Row { layer, accuracy, ..row }
        })
    };
    two(0).chain(two(2)).collect()
}

#[test]
fn at_each_strength_the_claims_are_judged_across_the_layers() {
    let rows = deep(|layer, i| {
        let falling = 3.0 - layer as f64 * 0.1;
        if i == 1 { falling } else { (falling - 2.75).abs() }
    });
    for claim in ["C1-at-strength", "C2-at-strength"] {
        let claim = judged(&rows, claim);
        assert_eq!(claim.outcome(), "partly (strength 0.1)");
        let strengths: Vec<_> = claim.layers.iter().map(|of| (of.layer, of.strength)).collect();
        assert_eq!(strengths, [(None, Some(0.1)), (None, Some(0.2))]);
        assert_eq!((claim.layers[0].above, claim.layers[1].above), (Some(5), Some(0)));
    }
    // Three strengths are too few for the other reading, and two layers for this one.
    let along = judged(&rows, "C2");
    assert_eq!(along.reason.as_deref(), Some("3 strengths with an exponent, 4 needed"));
    let few = judged(&table("gauss", 5, 12, falling), "C2-at-strength");
    assert_eq!(few.reason.as_deref(), Some("2 layers with an exponent, 4 needed"));
    let few = judged(&table("gauss", 5, 12, falling), "C1-layers");
    assert_eq!(few.reason.as_deref(), Some("2 layers with an exponent, 4 needed"));
}

/// One seed of five below the threshold is enough for a claim not to hold; of eight, it is not.
#[test]
fn how_many_seeds_may_be_below_the_threshold_follows_from_the_bound() {
    for (seeds, expected) in [(5, Verdict::NotReproduced), (8, Verdict::Reproduced)] {
        let one_turns = |layer, seed, i| {
            if seed == 1 { valley(layer, seed, i) } else { falling(layer, seed, i) }
        };
        let claim = judged(&table("gauss", seeds, 12, one_turns), "C2");
        assert_eq!(claim.verdict, expected, "{seeds}");
        assert_eq!(claim.layers[0].above, Some(seeds as usize - 1));
        assert!(claim.layers[0].statistic.unwrap().least < MONOTONICITY.value);
    }
}

#[test]
fn claims_and_verdicts_name_the_checks_that_their_attack_fails() {
    let mut rows = attacked(&["fgsm", "gauss"]);
    let named = |rows: &[Row]| {
        let Judgement { claims, analyses, checks } = judge(rows, &Catalogue::default());
        let lines = verdicts(&claims, &analyses, rows, &Catalogue::default());
        // The title of a claim and what is said of it, in one line.
        let lines: Vec<String> =
            lines.join("\n").replace("\n  ", " | ").lines().map(Into::into).collect();
        let failing = claims.into_iter().filter(|claim| !claim.failed_checks.is_empty());
        let failing =
            failing.map(|claim| (claim.claim, claim.attack.unwrap(), claim.failed_checks));
        (checks.len(), failing.collect::<Vec<_>>(), lines)
    };
    let (checks, failing, lines) = named(&rows);
    assert_eq!((checks, failing.len()), (2, 0));
    assert!(lines.iter().all(|line| !line.contains("the attack fails")));

    for row in rows.iter_mut().filter(|row| row.attack == "fgsm") {
        (row.lost_label_images, row.zero_gradient_images) = (Some(3), Some(0));
    }
    let (_, failing, lines) = named(&rows);
    let expected = ["C1", "C1-at-strength", "C3", "C3-at-strength"];
    assert!(failing.iter().map(|(claim, ..)| claim.as_str()).eq(expected));
    assert!(failing.iter().all(|(_, attack, checks)| attack == "fgsm" && checks == &["gradient"]));
    let turns = lines.iter().find(|line| line.starts_with("C3 local, fgsm: ")).unwrap();
    let fails = "by default, ranks 1-50: not reproduced; the attack fails the check gradient";
    assert!(turns.ends_with(fails), "{turns}");
    assert!(lines.iter().all(|line| line.contains("fgsm") == line.ends_with("gradient")));

    // 0.40 of 0.95 is left at the largest strength.
    for row in &mut rows {
        row.network_accuracy = row.accuracy;
    }
    let two = named(&rows).2.into_iter().find(|line| line.starts_with("C3")).unwrap();
    assert!(two.ends_with("; the attack fails the checks large and gradient"), "{two}");
    // What an undecided claim lacks stands before it.
    rows.retain(|row| row.seed < Some(5));
    let four = named(&rows).2.into_iter().find(|line| line.starts_with("C3")).unwrap();
    let ends = "undecided: 4 seeds, 5 needed; the attack fails the checks large and gradient";
    assert!(four.ends_with(ends), "{four}");
}
