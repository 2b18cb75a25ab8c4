//! `claims --choices` against a reference in NumPy that was written from its description.

use std::collections::BTreeMap;

use rand::{RngExt, SeedableRng, rngs::ChaCha8Rng};

use crate::{
    common::{Folder, json_lines},
    tables::{self, Row},
};

/// Attacks as `describe-study` takes them, and the strengths at which they are measured.
const ATTACKS: [(&str, &str, &[f64]); 6] = [
    ("gauss", "noise, up to 2 0.8 1.5", &[0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 3.0]),
    ("gauss-clipped", "noise, clipped gauss, up to 2 0.8 1.9", &[0.2, 0.4, 0.6, 0.8, 1.2, 2.0]),
    ("gauss-repeat", "noise, control of gauss", &[0.5, 1.0, 1.5, 2.0]),
    ("fgsm", "gradient, up to 1.5", &[0.2, 0.4, 0.6, 0.8, 1.0, 1.2, 1.4, 1.6]),
    ("pgd", "gradient", &[0.3, 0.6, 0.9, 1.2, 1.5]),
    ("blur", "other, up to 0.3 0.8 2", &[0.1, 0.2, 0.3, 0.4, 0.6, 0.9]),
];

/// Method, first and last rank, and how much alpha of an estimator scatters.
const ESTIMATORS: [(&str, &str, &str, f64); 4] = [
    ("ols", "1", "8", 0.0),
    ("ols", "2", "9", 0.03),
    ("weighted", "1", "8", 0.1),
    ("weighted", "2", "9", 0.5),
];

/// How much accuracy a rule loses per unit of strength, down to that of chance.
const RULES: [(&str, f64); 3] = [("local", 1.0), ("backprop", 0.2), ("untrained", 0.01)];

/// Curves of six seeds in three layers, that fall, that turn and that do both. Seed 6 is fitted over
/// fewer ranks at some points of layer 2, and over others than the other seeds, but all alike, in layer 3.
fn rows(rng: &mut ChaCha8Rng) -> Vec<Row> {
    let mut rows = Vec::new();
    let clean: (&str, &str, &[f64]) = ("clean", "", &[0.0]);
    for (rule, loss) in RULES {
        for (attack, family, strengths) in std::iter::once(clean).chain(ATTACKS) {
            // Of all seeds, so that some points at the floor of accuracy are above others.
            let shared: Vec<f64> =
                strengths.iter().map(|_| rng.random_range(-0.01..0.01)).collect();
            for ((strength, shared), seed) in
                strengths.iter().zip(shared).flat_map(|s| (1..=6).map(move |seed| (s, seed)))
            {
                let mean = (0.9 - loss * strength).max(0.1) + shared;
                let accuracy: f64 = mean + rng.random_range(-0.02..0.02);
                let accuracy = accuracy.to_string();
                for (layer, (method, first, last, scatter)) in
                    (1..=3).flat_map(|layer| ESTIMATORS.map(|estimator| (layer, estimator)))
                {
                    let turns = family.starts_with("gradient") || (rule == "local" && layer == 2);
                    let shape = if turns { (3.0 * strength).sin() } else { -strength };
                    let alpha = 2.0 + 0.4 * shape + scatter * rng.random_range(-0.5..0.5);
                    let points = match (layer, seed) {
                        (2, 6) if *strength > 0.7 => "6",
                        (3, 6) => "7",
                        _ => "8",
                    };
                    // Some fits fail.
                    let failed = rng.random_range(0..200) == 0;
                    rows.push(Row::of(&[
                        ("rule", rule),
                        ("seed", &seed.to_string()),
                        ("attack", attack),
                        ("strength", &strength.to_string()),
                        ("layer", &layer.to_string()),
                        ("network_accuracy", &accuracy),
                        ("accuracy", if layer == 2 { "" } else { &accuracy }),
                        ("method", method),
                        ("rank_first", first),
                        ("rank_last", last),
                        ("points", points),
                        ("alpha", &if failed { String::new() } else { alpha.to_string() }),
                    ]));
                }
            }
        }
    }
    rows
}

#[test]
#[ignore = "needs PYTHON, one that has NumPy"]
fn numpy_judges_all_choices_alike() {
    let folder = Folder::new();
    let attacks = ATTACKS
        .map(|(name, family, _)| format!("--attack '{name}; {family}; {name}; strength; attack'"));
    let rules = RULES.map(|(name, _)| format!("--rule '{name}; {name};; train'"));
    let (attacks, rules) = (attacks.join(" "), rules.join(" "));
    folder.ok(&format!(
        "describe-study --command make --ranks 1-8 --ranks 2-9 {rules} {attacks} -o s.json"
    ));
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/reference/choices.py");
    let mut verdicts = BTreeMap::new();
    for seed in 1..=3 {
        tables::write(&folder, "t.csv", &rows(&mut ChaCha8Rng::seed_from_u64(seed)));
        folder.ok("claims --study s.json --choices c.jsonl t.csv -o claims.jsonl");
        let lines = json_lines(&folder.bytes("c.jsonl"));
        let compared = folder.ok(&format!("\"$PYTHON\" '{script}' t.csv s.json c.jsonl")).text();
        assert_eq!(compared.trim(), lines.len().to_string());
        for line in lines {
            *verdicts.entry(format!("{} {}", line["claim"], line["verdict"])).or_insert(0) += 1;
        }
    }
    // All verdicts on all claims.
    assert_eq!(verdicts.len(), 12, "{verdicts:?}");
}
