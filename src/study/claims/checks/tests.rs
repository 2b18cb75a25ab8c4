use super::*;

/// The rows of one network: attack, strength, and the accuracy of the network. Its two layers have an
/// accuracy of their own, and no exponent.
fn network(seed: u64, measured: &[(&str, f64, f64)]) -> Vec<Row> {
    let row = |&(attack, strength, accuracy): &(&str, f64, f64)| Row {
        dataset: "made".into(),
        rule: Some("local".into()),
        seed: Some(seed),
        attack: attack.into(),
        strength,
        layer: 1,
        accuracy: Some(0.3),
        network_accuracy: Some(accuracy),
        rank_first: 1,
        rank_last: 50,
        ..Row::default()
    };
    let layers = |row: Row| [1, 2].map(|layer| Row { layer, ..row.clone() });
    measured.iter().map(row).flat_map(layers).collect()
}

fn checked(rows: &[Row]) -> Vec<Check> {
    let attacks = [
        "fgsm; gradient; FGSM; ε; f",
        "pgd; gradient; PGD; ε; p",
        "bim; gradient; BIM; ε; b",
        "fgsm-transfer; gradient; Transfer; ε; t",
        "fgsm-random; gradient, control of fgsm; Random; ε; r",
        "gauss; noise; Noise; σ; g",
    ];
    let attacks = attacks.map(|text| text.parse().unwrap()).to_vec();
    checks(rows, &Catalogue { attacks, ..Catalogue::default() })
}

/// The only check of this name and attack.
fn check(rows: &[Row], name: CheckName, attack: &str) -> Check {
    let all = checked(rows).into_iter();
    let mut found = all.filter(|check| check.check == name && check.attack == attack);
    let first = found.next().unwrap();
    assert!(found.next().is_none());
    first
}

fn outcome(check: &Check) -> (Option<f64>, Option<f64>, Option<bool>, usize) {
    assert_eq!(check.reason.is_some(), check.passed.is_none());
    (check.value, check.strength, check.passed, check.seeds)
}

#[test]
fn several_steps_leave_at_most_a_point_more_than_one() {
    for attack in ["pgd", "bim"] {
        // At 0.2 both have a measurement; those at 0.1 and 0.4 have no partner.
        let rows = |accuracy: f64| {
            let first = [("clean", 0.0, 0.9), ("fgsm", 0.1, 0.2), ("fgsm", 0.2, 0.6)];
            let second = [("fgsm", 0.3, 0.4), (attack, 0.2, 0.6), (attack, 0.3, accuracy)];
            let alone = [(attack, 0.4, 0.9)];
            let worst = [first, second].concat();
            let better = [("clean", 0.0, 0.9), ("fgsm", 0.2, 0.6), (attack, 0.2, 0.1)];
            [network(1, &better), network(2, &[&worst[..], &alone].concat())].concat()
        };
        for (accuracy, value, passed) in
            [(0.41, 0.01, true), (0.411, 0.011, false), (0.1, 0.0, true)]
        {
            let check = check(&rows(accuracy), CheckName::Pgd, attack);
            let strength = if passed && value == 0.0 { 0.2 } else { 0.3 };
            assert_eq!(outcome(&check), (Some(value), Some(strength), Some(passed), 2));
            assert_eq!((check.beside.as_deref(), check.threshold), (Some("fgsm"), 0.01));
            assert!(check.touches("fgsm") && check.touches(attack) && !check.touches("gauss"));
        }
    }
}

#[test]
fn an_attack_from_another_network_is_no_stronger() {
    for (transferred, value, passed) in [(0.49, 0.01, true), (0.489, 0.011, false)] {
        let measured =
            [("clean", 0.0, 0.9), ("fgsm", 0.1, 0.5), ("fgsm-transfer", 0.1, transferred)];
        let check = check(&network(1, &measured), CheckName::Transfer, "fgsm-transfer");
        assert_eq!(outcome(&check), (Some(value), Some(0.1), Some(passed), 1));
        assert!(check.touches("fgsm") && check.touches("fgsm-transfer"));
    }
}

#[test]
fn random_signs_take_at_most_half_where_fgsm_takes_half_of_the_clean_accuracy() {
    let measured = |random: f64| {
        let fgsm = [("clean", 0.0, 0.9), ("fgsm", 0.1, 0.46), ("fgsm", 0.2, 0.45)];
        // At 0.1, FGSM has not yet taken half. At 0.3, random signs take nearly as much as FGSM.
        let signs = [("fgsm-random", 0.1, 0.5), ("fgsm-random", 0.2, random)];
        let last = [("fgsm", 0.3, 0.1), ("fgsm-random", 0.3, 0.15)];
        [&fgsm[..], &signs, &last].concat()
    };
    for (random, value, passed) in [(0.675, 0.5, true), (0.6705, 0.51, false), (0.9, 0.0, true)] {
        let rows = [network(1, &measured(0.95)), network(2, &measured(random))].concat();
        let check = check(&rows, CheckName::Random, "fgsm");
        assert_eq!(outcome(&check), (Some(value), Some(0.2), Some(passed), 2));
        assert_eq!(check.beside.as_deref(), Some("fgsm-random"));
        assert!(check.touches("fgsm") && !check.touches("fgsm-random"));
    }
    let weak = network(1, &[("clean", 0.0, 0.9), ("fgsm", 0.1, 0.46), ("fgsm-random", 0.1, 0.9)]);
    let undecided = check(&weak, CheckName::Random, "fgsm");
    assert_eq!(outcome(&undecided), (None, None, None, 0));
    assert!(undecided.reason.unwrap().contains("half of the clean accuracy at no strength"));
}

#[test]
fn the_largest_strength_leaves_at_most_a_fifth() {
    for (last, value, passed) in [(0.18, 0.2, true), (0.189, 0.21, false), (0.0, 0.0, true)] {
        let measured = [("clean", 0.0, 0.9), ("pgd", 0.3, last), ("pgd", 0.1, 0.8)];
        let strong = [("clean", 0.0, 0.9), ("pgd", 0.3, 0.0)];
        let rows = [network(1, &measured), network(2, &strong)].concat();
        let check = check(&rows, CheckName::Large, "pgd");
        assert_eq!(outcome(&check), (Some(value), Some(0.3), Some(passed), 2));
        assert!(check.touches("pgd") && !check.touches("fgsm"));
    }
    // It is asked of attacks along a gradient that are no controls.
    let weak = [("clean", 0.0, 0.9), ("gauss", 0.3, 0.9), ("fgsm-random", 0.3, 0.9)];
    let names: Vec<CheckName> =
        checked(&network(1, &weak)).iter().map(|check| check.check).collect();
    assert_eq!(names, [CheckName::Gradient]);
}

#[test]
fn one_lost_gradient_fails_and_what_is_not_audited_is_undecided() {
    let audited = |label: [Option<usize>; 2], gradient: [Option<usize>; 2]| {
        let audit = |seed: usize| {
            let measured = [("clean", 0.0, 0.9), ("fgsm-random", seed as f64, 0.1)];
            let rows = network(seed as u64, &measured).into_iter().map(move |row| Row {
                lost_label_images: label[seed - 1],
                zero_gradient_images: gradient[seed - 1],
                ..row
            });
            rows.collect::<Vec<_>>()
        };
        // A control counts for itself.
        check(&[audit(1), audit(2)].concat(), CheckName::Gradient, "fgsm-random")
    };
    let (none, all) = (None, Some(0));
    for (label, gradient, expected) in [
        ([all, all], [all, all], (Some(0.0), Some(1.0), Some(true), 2)),
        ([all, Some(1)], [all, all], (Some(1.0), Some(2.0), Some(false), 2)),
        ([all, Some(2)], [Some(5), Some(7)], (Some(7.0), Some(2.0), Some(false), 2)),
        ([none, all], [none, all], (Some(0.0), Some(2.0), Some(true), 1)),
        ([none, none], [all, all], (None, None, None, 0)),
        ([none, none], [all, Some(3)], (Some(3.0), Some(2.0), Some(false), 1)),
        ([none, none], [none, none], (None, None, None, 0)),
    ] {
        assert_eq!(outcome(&audited(label, gradient)), expected, "{label:?} {gradient:?}");
    }
    let reason = audited([none, none], [none, none]).reason;
    assert_eq!(reason.as_deref(), Some("the table has no audit of fgsm-random"));
}

/// Half of the images, and five points: no number of equally frequent classes has a higher chance.
#[test]
fn networks_that_may_be_at_chance_do_not_count() {
    let measured = |clean: f64| {
        let signs = [("clean", 0.0, clean), ("fgsm", 0.1, 0.2), ("fgsm-random", 0.1, clean)];
        let others = [("pgd", 0.1, 0.3), ("bim", 0.1, 0.3), ("fgsm-transfer", 0.1, 0.1)];
        [signs, others].concat()
    };
    let others = |checks: Vec<Check>| {
        let others = checks.into_iter().filter(|check| check.check != CheckName::Gradient);
        others.collect::<Vec<_>>()
    };
    let at_chance = others(checked(&network(1, &measured(0.55))));
    assert_eq!(at_chance.len(), 8);
    for check in &at_chance {
        assert_eq!(outcome(check), (None, None, None, 0));
        let reason = "a clean accuracy of at most 55 %, which may be chance";
        assert_eq!(check.reason.as_deref(), Some(reason));
    }
    let above = others(checked(&network(1, &measured(0.551))));
    assert!(above.iter().all(|check| check.passed.is_some() && check.seeds == 1));
    let both = [network(1, &measured(0.551)), network(2, &measured(0.1))].concat();
    assert_eq!(others(checked(&both)), above);
    // Different reasons are all named.
    let unknown = network(2, &measured(0.9)).into_iter().filter(|row| row.attack != "clean");
    let rows: Vec<Row> = network(1, &measured(0.1)).into_iter().chain(unknown).collect();
    let reason = check(&rows, CheckName::Large, "fgsm").reason.unwrap();
    assert!(reason.ends_with("may be chance; no accuracy on clean images"), "{reason}");
}

#[test]
fn attacks_that_the_networks_did_not_meet_are_not_checked() {
    let measured = [("clean", 0.0, 0.9), ("pgd", 0.1, 0.1), ("fgsm-random", 0.1, 0.9)];
    let names = |rows: &[Row]| {
        let checks = checked(rows);
        checks.iter().map(|check| (check.check, check.attack.clone())).collect::<Vec<_>>()
    };
    let expected = [
        (CheckName::Large, "pgd".to_owned()),
        (CheckName::Gradient, "fgsm-random".into()),
        (CheckName::Gradient, "pgd".into()),
    ];
    assert_eq!(names(&network(1, &measured)), expected);
    // Snapshots are not final networks, and a subset is not an attack.
    let others = [("fgsm", 0.1, 0.1), ("subset", 100.0, 0.9)];
    let others = network(1, &others)
        .into_iter()
        .map(|row| Row { epoch: (row.attack == "fgsm").then_some(3), ..row });
    let rows: Vec<Row> = network(1, &measured).into_iter().chain(others).collect();
    assert_eq!(names(&rows), expected);
    assert!(names(&network(1, &measured[..1])).is_empty());
    // Attacks without a strength in common.
    let apart = [("clean", 0.0, 0.9), ("fgsm", 0.1, 0.5), ("pgd", 0.2, 0.6)];
    let apart = check(&network(1, &apart), CheckName::Pgd, "pgd");
    assert_eq!(apart.reason.as_deref(), Some("pgd and fgsm have no strength in common"));
}

#[test]
fn each_point_counts_once_whatever_the_estimators_and_the_order() {
    let measured = [("clean", 0.0, 0.9), ("fgsm", 0.1, 0.4), ("fgsm", 0.2, 0.1)];
    let rows = [network(1, &measured), network(2, &measured)].concat();
    let expected = checked(&rows);
    let other = rows.iter().map(|row| Row { rank_last: 20, ..row.clone() });
    let mut both: Vec<Row> = rows.iter().cloned().chain(other).collect();
    both.reverse();
    assert_eq!(checked(&both), expected);
}

#[test]
fn rules_are_checked_apart() {
    let strong = network(1, &[("clean", 0.0, 0.9), ("fgsm", 0.3, 0.0)]);
    let weak = network(1, &[("clean", 0.0, 0.9), ("fgsm", 0.3, 0.8)]);
    let weak = weak.into_iter().map(|row| Row { rule: Some("mine".into()), ..row });
    let checks = checked(&strong.into_iter().chain(weak).collect::<Vec<_>>());
    assert_eq!(failed(&checks, "local", "fgsm"), [""; 0]);
    assert_eq!(failed(&checks, "mine", "fgsm"), ["large"]);
    assert_eq!(failed(&checks, "mine", "gauss"), [""; 0]);
}

#[test]
fn the_failed_checks_of_an_attack_are_named_once_and_in_order() {
    let single = [("clean", 0.0, 0.9), ("fgsm", 0.1, 0.4), ("fgsm-random", 0.1, 0.5)];
    let several = [("pgd", 0.1, 0.6), ("bim", 0.1, 0.6), ("fgsm-transfer", 0.1, 0.3)];
    let checks = checked(&network(1, &[single, several].concat()));
    assert_eq!(failed(&checks, "local", "fgsm"), ["pgd", "transfer", "random", "large"]);
    assert_eq!(failed(&checks, "local", "bim"), ["pgd", "large"]);
    assert_eq!(failed(&checks, "local", "fgsm-random"), [""; 0]);
}
