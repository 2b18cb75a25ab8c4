//! `claims`: what the verdicts look at, and what a table has to be.

use std::fs;

use serde_json::Value;

use crate::{
    common::{Folder, json_lines},
    tables::{self, Row, study},
};

const STRENGTHS: [f64; 6] = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5];

/// The line of a claim.
fn judged(folder: &Folder, rows: &[Row], claim: &str) -> Value {
    tables::write(folder, "t.csv", rows);
    let lines = json_lines(&folder.ok("claims t.csv"));
    lines.into_iter().find(|line| line["claim"] == claim).unwrap()
}

fn verdict(rows: &[Row], claim: &str) -> String {
    judged(&Folder::new(), rows, claim)["verdict"].as_str().unwrap().to_owned()
}

#[test]
fn monotonic_means_accuracy_against_alpha_whatever_the_strengths() {
    let accuracies = [0.95, 0.7, 0.4, 0.2, 0.4, 0.7];
    // alpha = 1 + accuracy, in any order of the strengths.
    for order in [[0, 1, 2, 3, 4, 5], [3, 0, 5, 1, 4, 2], [5, 4, 3, 2, 1, 0]] {
        for slope in [1.0, -1.0] {
            let together = |_, seed: u64, i: usize| {
                let accuracy = accuracies[order[i]];
                (accuracy, Some(3.0 + slope * accuracy + 1e-4 * seed as f64))
            };
            assert_eq!(verdict(&study("gauss", 2, &STRENGTHS, together), "C2"), "reproduced");
            assert_eq!(verdict(&study("fgsm", 2, &STRENGTHS, together), "C3"), "not-reproduced");
        }
    }
    // Accuracy to and fro, while alpha only falls.
    let zigzag = |high: f64, low: f64| {
        move |_, _, i: usize| {
            (if i.is_multiple_of(2) { high } else { low }, Some(2.0 - 0.1 * i as f64))
        }
    };
    assert_eq!(verdict(&study("gauss", 2, &STRENGTHS, zigzag(0.9, 0.5)), "C2"), "not-reproduced");
    // Accuracy to and fro, and alpha with it: there it turns, though along accuracy it does not.
    let with_it = |_, _, i: usize| {
        let accuracy = [0.9, 0.5, 0.8, 0.4, 0.7, 0.3][i];
        (accuracy, Some(1.0 + accuracy))
    };
    assert_eq!(verdict(&study("gauss", 2, &STRENGTHS, with_it), "C2"), "reproduced");
}

#[test]
fn a_turn_along_accuracy_is_found_at_its_strength_in_any_order() {
    // As accuracy falls, alpha falls to the fourth point and rises again.
    let accuracies = [0.95, 0.85, 0.75, 0.65, 0.55, 0.45, 0.35, 0.1];
    let alphas = [2.0, 1.8, 1.6, 1.4, 1.6, 1.8, 2.0, 2.2];
    let strengths: Vec<f64> = (0..8).map(|i| f64::from(i) / 10.0).collect();
    for order in [[0, 1, 2, 3, 4, 5, 6, 7], [2, 7, 3, 0, 5, 1, 6, 4]] {
        let valley = |_, _, i: usize| (accuracies[order[i]], Some(alphas[order[i]]));
        let claim = judged(&Folder::new(), &study("fgsm", 1, &strengths, valley), "C3");
        assert_eq!(claim["verdict"], "reproduced");
        let turn = &claim["layers"][0]["turn"];
        let place = order.iter().position(|&point| point == 3).unwrap();
        assert!((turn["strength"].as_f64().unwrap() - strengths[place]).abs() < 1e-12);
        assert!((turn["accuracy"].as_f64().unwrap() - 0.65).abs() < 1e-12);
        assert_eq!(turn["valley"], true);
    }
}

#[test]
fn where_accuracy_hardly_moves_nothing_is_decided() {
    let chance = [0.10, 0.11, 0.09, 0.10, 0.12, 0.10];
    let at_chance =
        |_, seed: u64, i: usize| (chance[(i + seed as usize) % 6], Some(2.0 - 0.1 * i as f64));
    let robust = |_, _, i: usize| (0.98 - 0.005 * i as f64, Some(2.0 - 0.1 * i as f64));
    for rows in [study("gauss", 2, &STRENGTHS, at_chance), study("gauss", 2, &STRENGTHS, robust)] {
        for claim in ["C1", "C2"] {
            let claim = judged(&Folder::new(), &rows, claim);
            assert_eq!(claim["verdict"], "undecided");
            assert!(claim["reason"].as_str().unwrap().contains("accuracy moves by"));
            assert_eq!(claim["layers"][0]["statistic"], Value::Null);
        }
    }
    let claim = judged(&Folder::new(), &study("fgsm", 2, &STRENGTHS, at_chance), "C3");
    assert_eq!(claim["verdict"], "undecided");
    // It moves, and the curve is the same.
    let falls = |_, _, i: usize| (0.98 - 0.05 * i as f64, Some(2.0 - 0.1 * i as f64));
    assert_eq!(verdict(&study("gauss", 2, &STRENGTHS, falls), "C2"), "reproduced");
}

#[test]
fn a_strength_of_zero_is_the_clean_images_counted_once() {
    let folder = Folder::new();
    let claims = |rows: &[Row]| {
        tables::write(&folder, "t.csv", rows);
        folder.ok("claims t.csv")
    };
    let order = [0.0, 1.0, 3.0, 4.0, 2.0];
    for attack in ["gauss", "fgsm", "mine"] {
        let curve = |_, _, i: usize| (0.9 - 0.1 * i as f64, Some(3.0 - 0.1 * order[i]));
        for points in 3..=5 {
            let without = study(attack, 1, &STRENGTHS[..points], curve);
            let is_clean = |row: &&Row| row.get("attack") == "clean";
            for zero in ["0", "0.0", "-0", "0e0"] {
                let again = without.iter().filter(is_clean);
                let again = again.map(|row| row.with(&[("attack", attack), ("strength", zero)]));
                let both: Vec<Row> = without.iter().cloned().chain(again).collect();
                assert_eq!(claims(&without), claims(&both), "{attack} {points} {zero}");
                // And it stands for clean images where there are none.
                let alone: Vec<Row> =
                    both.into_iter().filter(|row| row.get("attack") != "clean").collect();
                assert_eq!(claims(&without), claims(&alone), "{attack} {points} {zero}");
            }
        }
    }
}

#[test]
fn a_claim_with_nothing_to_judge_it_on_says_so() {
    let folder = Folder::new();
    let curve = |_, _, i: usize| (0.9 - 0.1 * i as f64, Some(3.0 - 0.1 * i as f64));
    let only = |claim: &str, attack: &str, reason: &str| {
        let rows = study(attack, 2, &STRENGTHS, curve);
        let line = judged(&folder, &rows, claim);
        assert_eq!(line["verdict"], "undecided", "{line}");
        assert!(line["reason"].as_str().unwrap().contains(reason), "{line}");
    };
    only("C2", "fgsm", "no attack by noise");
    only("C3", "gauss", "no attack along a gradient");
    only("C1-epochs", "gauss", "no snapshots");
    only("C1-layers", "gauss", "2 layers with an exponent, 4 needed");
    // An attack of strength 0 alone, and none at all.
    let clean = study("gauss", 1, &STRENGTHS[..1], curve);
    assert_eq!(judged(&folder, &clean, "C1")["reason"], "the table has no attack");
    let zero: Vec<Row> =
        clean.iter().flat_map(|row| [row.clone(), row.with(&[("attack", "gauss")])]).collect();
    let line = judged(&folder, &zero, "C2");
    assert_eq!(line["attack"], "gauss");
    assert!(
        line["reason"].as_str().unwrap().contains("1 strengths with an exponent, 4 needed"),
        "{line}"
    );
    // Seeds.
    let four: Vec<Row> = study("gauss", 1, &STRENGTHS, curve)
        .into_iter()
        .filter(|row| row.get("seed") != "3")
        .collect();
    assert_eq!(judged(&folder, &four, "C2")["reason"], "4 seeds, 5 needed");
}

#[test]
fn seeds_without_an_exponent_are_left_out_and_counted() {
    let folder = Folder::new();
    let mut rows = Vec::new();
    for seed in 1..=6 {
        for (i, strength) in STRENGTHS.iter().enumerate() {
            let accuracy = (0.9 - 0.1 * i as f64).to_string();
            let dead = seed == 4;
            rows.push(Row::of(&[
                ("seed", &seed.to_string()),
                ("attack", if i == 0 { "clean" } else { "gauss" }),
                ("strength", &strength.to_string()),
                ("accuracy", if dead { "0.1" } else { &accuracy }),
                ("positive", if dead { "0" } else { "20" }),
                ("participation_ratio", if dead { "" } else { "5" }),
                ("alpha", &if dead { String::new() } else { (3.0 - 0.1 * i as f64).to_string() }),
            ]));
        }
    }
    let line = judged(&folder, &rows, "C2");
    assert_eq!(line["verdict"], "reproduced");
    assert_eq!((&line["seeds"], &line["layers"][0]["seeds"]), (&6.into(), &5.into()));
    let dead = |row: &Row| ["2", "3", "5", "6"].contains(&row.get("seed"));
    let none = [("alpha", ""), ("positive", "0"), ("participation_ratio", "")];
    let mostly: Vec<Row> =
        rows.iter().map(|row| if dead(row) { row.with(&none) } else { row.clone() }).collect();
    let line = judged(&folder, &mostly, "C2");
    assert_eq!(line["verdict"], "undecided");
    assert!(
        line["reason"].as_str().unwrap().starts_with("1 of 6 seeds have an exponent"),
        "{line}"
    );
}

#[test]
fn a_table_is_read_by_its_names_whatever_wrote_it() {
    let folder = Folder::new();
    let rows = study("gauss", 2, &STRENGTHS, |layer, seed, i| {
        let alpha = 3.0 - 0.1 * i as f64 + 0.001 * seed as f64;
        (0.9 - 0.1 * i as f64, (layer == 1 || i != 2).then_some(alpha))
    });
    let plain = tables::text(&rows);
    fs::write(folder.path("t.csv"), &plain).unwrap();
    let expected = folder.ok("claims t.csv");
    let cells = |line: &str| line.split(',').map(str::to_owned).collect::<Vec<String>>();
    let each = |change: &dyn Fn(usize, Vec<String>) -> Vec<String>| {
        let lines = plain.lines().enumerate();
        let lines = lines.map(|(number, line)| change(number, cells(line)).join(",") + "\n");
        lines.collect::<String>()
    };
    let column = |name: &str| cells(plain.lines().next().unwrap()).iter().position(|c| c == name);
    let set = |name: &str, change: &dyn Fn(&str) -> String| {
        let place = column(name).unwrap();
        each(&|number, mut cells| {
            if number > 0 {
                cells[place] = change(&cells[place]);
            }
            cells
        })
    };
    for (name, text) in [
        ("CRLF", plain.replace('\n', "\r\n")),
        ("BOM", format!("\u{feff}{plain}")),
        ("no end of the last line", plain.trim_end().to_owned()),
        ("quotes", each(&|_, cells| cells.iter().map(|cell| format!("\"{cell}\"")).collect())),
        ("reordered", each(&|_, cells| cells.into_iter().rev().collect())),
        (
            "a further column",
            each(&|number, mut cells| {
                cells.insert(3, if number == 0 { "note".into() } else { format!("n{number}") });
                cells
            }),
        ),
        ("lines in another order", {
            let mut lines: Vec<&str> = plain.lines().skip(1).collect();
            lines.reverse();
            format!("{}\n{}\n", plain.lines().next().unwrap(), lines.join("\n"))
        }),
        ("1.0 for 1", set("seed", &|seed| format!("{seed}.0"))),
        ("NA for nothing", set("epoch", &|_| "NA".into())),
        (
            "nan for nothing",
            set("alpha", &|alpha| {
                if alpha.is_empty() { "nan".into() } else { alpha.to_owned() }
            }),
        ),
        ("without a column of audits", {
            let place = column("lost_label_images").unwrap();
            each(&|_, mut cells| {
                cells.remove(place);
                cells
            })
        }),
    ] {
        fs::write(folder.path("t.csv"), text).unwrap();
        assert_eq!(folder.ok("claims t.csv"), expected, "{name}");
    }

    for (column, cell, says) in [
        ("accuracy", "inf", "line 2: column accuracy: found \"inf\", expected a finite number"),
        ("alpha", "1e400", "line 2: column alpha: found \"1e400\""),
        ("alpha", "two", "line 2: column alpha: found \"two\""),
        ("strength", "nan", "line 2: column strength: found \"nan\""),
        ("strength", "", "line 2: column strength: found \"\""),
        ("seed", "1.5", "line 2: column seed: found \"1.5\", expected a whole number from 0"),
        ("seed", "", "line 2: has a rule without a seed"),
        ("layer", "-1", "line 2: column layer: found \"-1\""),
        ("layer", "0", "line 2: has layer 0 with a rule"),
        ("method", "median", "line 2: column method: found \"median\", expected one of ols"),
        ("accuracy", "97.6", "line 2: has an accuracy that is not a fraction"),
        ("rank_first", "0", "line 2: has ranks"),
        ("units", "18446744073709551615", "line 2: has more units"),
        ("dataset", "", "line 2: has an empty dataset"),
    ] {
        let mut wrong = rows.clone();
        wrong[0] = wrong[0].with(&[(column, cell)]);
        tables::write(&folder, "t.csv", &wrong);
        let message = folder.fails(1, "claims t.csv");
        assert!(message.contains(&format!("t.csv: {says}")), "{message}");
    }
    fs::write(folder.path("t.csv"), plain.replacen("alpha", "Alpha", 1)).unwrap();
    assert!(folder.fails(1, "claims t.csv").contains("it lacks the column alpha"));
}

#[test]
fn a_point_that_is_there_twice_is_refused() {
    let folder = Folder::new();
    let rows =
        study("gauss", 1, &STRENGTHS, |_, _, i| (0.9 - 0.1 * i as f64, Some(2.0 - 0.1 * i as f64)));
    // Of two studies joined, with the same numbers or with others.
    for change in [vec![], vec![("alpha", "1.23")]] {
        let again = rows[4].with(&change);
        let both: Vec<Row> = rows.iter().cloned().chain([again]).collect();
        tables::write(&folder, "t.csv", &both);
        let message = folder.fails(1, "claims t.csv");
        assert!(message.contains("lines 6 and 32 are the same point: made local seed 1 gauss-0.4"));
    }
    let other = rows[4].with(&[("method", "mle")]);
    tables::write(&folder, "t.csv", &rows.iter().cloned().chain([other]).collect::<Vec<Row>>());
    folder.ok("claims t.csv");
}

#[test]
fn a_study_says_what_its_attacks_and_rules_are_whatever_their_names() {
    let folder = Folder::new();
    let falls = |_, _, i: usize| (0.95 - 0.15 * i as f64, Some(3.0 - 0.1 * i as f64));
    let of = |attack: &str, rule: &str| {
        let rows = study(attack, 2, &STRENGTHS, falls);
        rows.iter().map(|row| row.with(&[("rule", rule)])).collect::<Vec<Row>>()
    };
    let attacked = |row: &Row| row.get("attack") != "clean";
    let mut rows = [of("gaussian-blur", "hebb"), of("gauss", "local")].concat();
    for attack in ["mine-clipped", "fgsm-fog", "pgd"] {
        rows.extend(of(attack, "hebb").into_iter().filter(attacked));
    }
    let other = rows.iter().map(|row| row.with(&[("rank_first", "2"), ("rank_last", "9")]));
    let both: Vec<Row> = rows.iter().cloned().chain(other).collect();
    tables::write(&folder, "t.csv", &both);
    folder.ok("describe-study --command make --ranks 2-9 --ranks 1-8 \
               --rule 'local; local errors; hebb; train' --rule 'hebb; Hebb;; learn' \
               --attack 'gaussian-blur; other; Blur; radius; blur' \
               --attack 'mine-clipped; gradient; Mine; strength; mine' \
               --attack 'fgsm-fog; noise, control of mine-clipped; Fog; strength; fog' \
               --attack 'pgd; gradient; PGD; epsilon; attack-pgd' \
               --attack 'gauss; noise; Noise; sigma; attack-gauss' -o study.json");
    let claims_of = |study: &str| {
        let lines = json_lines(&folder.ok(&format!("claims {study} --verdicts v.txt t.csv")));
        let of_attack = |attack: &str| {
            let of_attack = lines.iter().filter(|line| line["attack"] == attack);
            let names = of_attack.filter(|line| line["rank_first"] == 1);
            let names = names.map(|line| line["claim"].as_str().unwrap());
            names.filter(|name| !name.ends_with("-at-strength")).collect::<Vec<_>>().join(" ")
        };
        ["gaussian-blur", "mine-clipped", "fgsm-fog", "pgd", "gauss"].map(of_attack)
    };
    assert_eq!(claims_of("--study study.json"), ["C1", "C1 C3", "C1 C2", "C1 C3", "C1 C2"]);
    // Of the first ranks named, of the rule and of the attacks that are no controls.
    let decay = |attack: &str, fails: &str| {
        format!(
            "C1 hebb, {attack}: high accuracy goes with a fast decay\n  in all layers in 12 of 12 analyses, in some \
             layer in 12\n  by default, ranks 2-9: reproduced (layers 1 2){fails}\n"
        )
    };
    let turns = |attack: &str, fails: &str| {
        format!(
            "C3 hebb, {attack}: accuracy against alpha is not monotonic\n  in all layers in 0 of 12 analyses, in \
             some layer in 0\n  by default, ranks 2-9: not reproduced{fails}\n"
        )
    };
    // The gradient attacks leave 0.20 of 0.95 at the largest strength, more than a fifth.
    let fails = "; the attack fails the check large";
    let expected = [
        decay("gaussian-blur", ""),
        decay("mine-clipped", fails),
        decay("pgd", fails),
        turns("mine-clipped", fails),
        turns("pgd", fails),
    ];
    let verdicts = fs::read_to_string(folder.path("v.txt")).unwrap();
    assert_eq!(verdicts, expected.concat());
    // From elsewhere, exact names alone are known.
    assert_eq!(claims_of(""), ["C1", "C1", "C1", "C1", "C1 C2"]);
    let verdicts = fs::read_to_string(folder.path("v.txt")).unwrap();
    let [title, counts, default] =
        ["C1 local, gauss: ", "12 of 12 analyses", "by default, ranks 1-8: "];
    assert!(
        verdicts.starts_with(title) && verdicts.contains(counts) && verdicts.contains(default),
        "{verdicts}"
    );
    assert!(verdicts.contains(
        "C3 hebb: accuracy against alpha is not monotonic\n  by default, ranks 1-8: undecided: the table has"
    ));

    for (text, says) in [
        ("{", "is not the JSON expected"),
        ("{}", "describes no rules and no attacks"),
        (r#"{"attacks":[{"name":"mine","family":"warp"}]}"#, "unknown variant `warp`"),
    ] {
        fs::write(folder.path("bad.json"), text).unwrap();
        let message =
            folder.fails(1, "claims --study bad.json -o new.jsonl --verdicts new.txt t.csv");
        assert!(message.contains("bad.json: ") && message.contains(says), "{message}");
    }
    assert!(folder.fails(1, "claims --study none.json t.csv").contains("none.json: "));
    folder.fails(2, "claims -o same --verdicts same t.csv");
    folder.fails(1, "claims -o new.jsonl --verdicts /dev/full t.csv");
    for file in ["new.jsonl", "new.txt", "same"] {
        assert!(!folder.path(file).exists(), "{file}");
    }
}

#[test]
fn checks_of_the_attacks_are_lines_of_json_that_the_claims_name() {
    let folder = Folder::new();
    let of = |attack: &str, slope: f64, lost: &str| {
        let falls = |_, _, i: usize| (0.95 - slope * i as f64, Some(3.0 - 0.1 * i as f64));
        let audit = [("lost_label_images", lost), ("zero_gradient_images", "0")];
        let rows = study(attack, 2, &STRENGTHS, falls);
        rows.iter().map(|row| row.with(&audit)).collect::<Vec<Row>>()
    };
    let attacked = |row: &Row| row.get("attack") != "clean";
    let table = |lost: &str| {
        let others = [of("pgd", 0.15, "0"), of("fgsm-random", 0.01, "0")].concat();
        let mut rows = of("fgsm", 0.18, lost);
        rows.extend(others.into_iter().filter(attacked));
        rows
    };
    folder.ok("describe-study --command make --rule 'local; local errors;; train' \
               --attack 'fgsm; gradient; FGSM; epsilon; attack-fgsm' \
               --attack 'pgd; gradient; PGD; epsilon; attack-pgd' \
               --attack 'fgsm-random; gradient, control of fgsm; Signs; epsilon; attack-fgsm' -o s.json");
    let line = "claims --study s.json --checks k.jsonl --verdicts v.txt t.csv";
    tables::write(&folder, "t.csv", &table("0"));
    folder.ok(line);
    // At the largest strength, PGD leaves 0.20, FGSM 0.05, and random signs 0.90 of 0.95.
    let text = folder.bytes("k.jsonl").text();
    let expected = [
        r#"{"check":"pgd","statement":"pgd is at least as strong as fgsm at each strength","rule":"local","attack":"pgd","beside":"fgsm","strength":0.5,"value":0.15,"threshold":0.01,"passed":false,"seeds":5}"#,
        r#""attack":"fgsm","beside":"fgsm-random","strength":0.3,"value":0.055555555556,"threshold":0.5,"passed":true,"seeds":5}"#,
        r#""attack":"fgsm","beside":null,"strength":0.5,"value":0.052631578947,"threshold":0.2,"passed":true,"seeds":5}"#,
        r#""attack":"pgd","beside":null,"strength":0.5,"value":0.210526315789,"threshold":0.2,"passed":false,"seeds":5}"#,
        r#""attack":"fgsm","beside":null,"strength":0.1,"value":0.0,"threshold":0.0,"passed":true,"seeds":5}"#,
        r#""attack":"fgsm-random","beside":null,"strength":0.1,"value":0.0,"threshold":0.0,"passed":true,"seeds":5}"#,
        r#""attack":"pgd","beside":null,"strength":0.1,"value":0.0,"threshold":0.0,"passed":true,"seeds":5}"#,
    ];
    assert_eq!(text.lines().count(), expected.len(), "{text}");
    for (line, end) in text.lines().zip(expected) {
        assert!(line.ends_with(end), "{line}");
    }
    let names = |attack: &str| {
        let lines = json_lines(&folder.ok(line));
        let of_attack: Vec<Value> =
            lines.into_iter().filter(|line| line["attack"] == attack).collect();
        assert!(of_attack.windows(2).all(|two| two[0]["failed_checks"] == two[1]["failed_checks"]));
        of_attack[0]["failed_checks"].clone()
    };
    assert_eq!(names("fgsm"), Value::from(vec!["pgd"]));
    assert_eq!(names("pgd"), Value::from(vec!["pgd", "large"]));
    assert_eq!(names("fgsm-random"), Value::Null);
    let verdicts = folder.bytes("v.txt").text();
    let verdicts = verdicts.replace("\n  ", "; ");
    let of_pgd = verdicts.lines().filter(|line| line.contains(", pgd: "));
    assert!(
        of_pgd.clone().count() == 2
            && of_pgd
                .clone()
                .all(|line| line.ends_with("; the attack fails the checks pgd and large")),
        "{verdicts}"
    );
    // One image of one run.
    tables::write(&folder, "t.csv", &table("1"));
    assert_eq!(names("fgsm"), Value::from(vec!["pgd", "gradient"]));

    // Where nothing was attacked there is nothing to check, and what cannot be checked says why.
    tables::write(&folder, "t.csv", &study("gauss", 2, &STRENGTHS, |_, _, _| (0.9, Some(2.0))));
    folder.ok(line);
    assert!(folder.bytes("k.jsonl").is_empty());
    tables::write(&folder, "t.csv", &study("fgsm", 2, &STRENGTHS, |_, _, _| (0.1, Some(2.0))));
    folder.ok(line);
    let reasons = json_lines(&folder.bytes("k.jsonl"));
    let reasons: Vec<(&Value, &Value)> =
        reasons.iter().map(|check| (&check["passed"], &check["reason"])).collect();
    let chance: Value = "a clean accuracy of at most 55 %, which may be chance".into();
    let audit: Value = "the table has no audit of fgsm".into();
    assert_eq!(reasons, [(&Value::Null, &chance), (&Value::Null, &audit)]);
    folder.fails(2, "claims --checks same --verdicts same t.csv");
    assert!(!folder.path("same").exists());
}
