//! Every flag that takes a number, of every tool, with the extreme values of its type: the tool
//! does its work or says in one line why not. It never panics or aborts, and comes to an end.

use std::{collections::BTreeSet, os::unix::process::ExitStatusExt};

use crate::common::{Folder, TOOLS, memory::limited};

/// What a flag's value looks like: `V` stands for the number.
struct Flag {
    name: &'static str,
    forms: &'static [&'static str],
    /// Whole numbers, or real ones as well.
    values: &'static [&'static str],
}

const WHOLE: &[&str] = &[
    "0",
    "1",
    "2",
    "3",
    "18446744073709551615",
    "18446744073709551614",
    "9223372036854775807",
    "9223372036854775808",
    "4294967296",
    "9999999999999999999",
    "18446744073709551616",
    "-1",
    "-9223372036854775808",
    "1.5",
    "1e3",
    "nan",
    "",
];

const REAL: &[&str] = &[
    "0",
    "-0",
    "1",
    "1.7976931348623157e308",
    "5e-324",
    "2.2250738585072014e-308",
    "3.4028235e38",
    "1e39",
    "1e-45",
    "1e-50",
    "1e309",
    "-1e309",
    "-1.7976931348623157e308",
    "-5e-324",
    "18446744073709551616",
    "inf",
    "-inf",
    "nan",
    "0,1",
    "",
];

const fn whole(name: &'static str) -> Flag {
    Flag { name, forms: &["V"], values: WHOLE }
}

const fn real(name: &'static str) -> Flag {
    Flag { name, forms: &["V"], values: REAL }
}

const fn list(name: &'static str, values: &'static [&'static str]) -> Flag {
    Flag { name, forms: &["V", "V,V", "2,V", "V,2"], values }
}

const CLIP: Flag = Flag { name: "--clip", forms: &["0,V", "V,1", "-V,V", "V"], values: REAL };
const PIXEL_RANGE: Flag = Flag { name: "--pixel-range", ..CLIP };
const RANKS: Flag =
    Flag { name: "--ranks", forms: &["1-V", "V-V", "3-V", "V-9", "V"], values: WHOLE };

/// The flags that take a number, each tool with arguments that are valid otherwise.
fn tools() -> Vec<(&'static str, &'static str, Vec<Flag>)> {
    let attack = |more: Vec<Flag>| {
        let common = [whole("--seed"), whole("--samples"), whole("--threads"), CLIP];
        common.into_iter().chain(more).collect::<Vec<_>>()
    };
    vec![
        (
            "accuracy",
            "--model net --labels y.npy x.npy",
            vec![whole("--samples"), whole("--threads")],
        ),
        (
            "attack-deepfool",
            "--model net --labels y.npy x.npy",
            vec![
                whole("--steps"),
                real("--overshoot"),
                whole("--layer"),
                CLIP,
                whole("--samples"),
                whole("--threads"),
            ],
        ),
        (
            "attack-fgsm",
            "--epsilon 0.1 --model net --labels y.npy x.npy",
            attack(vec![real("--epsilon"), whole("--layer")]),
        ),
        ("attack-gauss", "--sigma 0.1 x.npy", attack(vec![real("--sigma"), whole("--draws")])),
        (
            "attack-pgd",
            "--epsilon 0.1 --model net --labels y.npy x.npy --random-start",
            attack(vec![
                real("--epsilon"),
                whole("--layer"),
                whole("--steps"),
                real("--step-size"),
            ]),
        ),
        ("claims", "t.csv", Vec::new()),
        ("class-geometry", "--labels y.npy x.npy", vec![whole("--samples")]),
        ("dimension", "x.npy", vec![whole("--neighbours"), whole("--samples"), whole("--threads")]),
        ("draw-digits", "--count 2", vec![whole("--count"), whole("--seed")]),
        (
            "draw-powerlaw",
            "--alpha 1 --samples 20 --units 4 --noise 0.1",
            vec![
                real("--alpha"),
                real("--noise"),
                whole("--samples"),
                whole("--units"),
                whole("--seed"),
                whole("--noise-seed"),
            ],
        ),
        (
            "extract-activations",
            "--model net x.npy",
            vec![whole("--layer"), whole("--average"), whole("--samples"), whole("--threads")],
        ),
        (
            "fit-powerlaw",
            "s.npy",
            vec![
                RANKS,
                Flag {
                    name: "--grid",
                    forms: &["1:V", "V:V", "V:9", "1,V:9,V", "V"],
                    values: WHOLE,
                },
                whole("--windows"),
            ],
        ),
        ("displacement", "x.npy x.npy", vec![whole("--samples")]),
        ("import-idx", "labels", vec![]),
        ("npy-info", "x.npy", vec![]),
        ("describe-study", "--command make x.npy", vec![RANKS]),
        ("report", "", vec![]),
        ("report-sweep", "", vec![]),
        ("report-reconstructions", "", vec![]),
        (
            "spectrum",
            "-q --subsample 30 --draws 2 x.npy",
            vec![whole("--samples"), whole("--subsample"), whole("--draws"), whole("--seed")],
        ),
        ("tabulate", "", vec![]),
        (
            "probe",
            "--activations x.npy --labels y.npy --test-activations x.npy --test-labels y.npy",
            vec![real("--l2"), whole("--iterations"), real("--tolerance"), whole("--threads")],
        ),
        (
            "train",
            "-q --images x.npy --labels y.npy --hidden 4,4 --epochs 1 -o new",
            vec![
                list("--hidden", WHOLE),
                whole("--epochs"),
                whole("--batch-size"),
                real("--learning-rate"),
                real("--lr-decay"),
                whole("--lr-decay-every"),
                real("--momentum"),
                real("--weight-gain"),
                real("--readout-scale"),
                whole("--seed"),
                list("--snapshots", WHOLE),
                PIXEL_RANGE,
                whole("--samples"),
                whole("--threads"),
            ],
        ),
        (
            "validate",
            "--alphas 1 --samples 30 --draws 1 --units 6 --ranks 1-5",
            vec![
                list("--alphas", REAL),
                list("--samples", WHOLE),
                whole("--units"),
                real("--noise"),
                whole("--draws"),
                RANKS,
            ],
        ),
    ]
}

/// Flags whose value is no number.
const WORDS: &[&str] = &[
    "--accuracies",
    "--accuracy",
    "--activation",
    "--activations",
    "--attack",
    "--audit",
    "--checkpoint",
    "--checks",
    "--choices",
    "--claims",
    "--command",
    "--correct-on",
    "--distances",
    "--figure",
    "--figures",
    "--gradient",
    "--images",
    "--into",
    "--labels",
    "--method",
    "--model",
    "--moments",
    "--norm",
    "--optimizer",
    "--output",
    "--predictions",
    "--rule",
    "--runs",
    "--schedule",
    "--stage",
    "--study",
    "--summary",
    "--survival",
    "--table",
    "--test-activations",
    "--test-images",
    "--test-labels",
    "--verdicts",
];

/// All files that the arguments name.
fn folder() -> Folder {
    let folder = Folder::with_table();
    folder
        .ok("spectrum x.npy -o s.npy 2> /dev/null; printf '\\0\\0\\10\\1\\0\\0\\0\\1\\7' > labels");
    folder
}

/// The arguments with another value of the flag, or with the flag.
fn with(arguments: &str, flag: &str, value: &str) -> Vec<String> {
    let mut words: Vec<String> = arguments.split_whitespace().map(Into::into).collect();
    if let Some(place) = words.iter().position(|word| word == flag) {
        words.drain(place..place + 2);
    }
    words.push(format!("{flag}={value}"));
    words
}

#[test]
fn no_number_makes_a_tool_panic_or_run_for_ever() {
    let folder = folder();
    let mut failed = Vec::new();
    for (tool, arguments, flags) in tools() {
        for Flag { name, forms, values } in flags {
            for form in forms {
                for value in values {
                    let words = with(arguments, name, &form.replace('V', value));
                    let line = format!("{tool} {}", words.join(" "));
                    // 4 GB at most, so that a size that is taken as it comes is noticed.
                    let limits = limited(4_000_000, "exec timeout -k 1 20 \"$@\" > /dev/null");
                    let output = folder
                        .command("bash")
                        .args(["-c", &limits, "bash", tool])
                        .args(&words)
                        .output()
                        .unwrap();
                    let stderr = String::from_utf8_lossy(&output.stderr);
                    let code = output.status.code();
                    let warning = format!("{tool}: warning: ");
                    let errors = stderr.lines().filter(|line| !line.starts_with(&warning));
                    let lines = errors.count();
                    let short = stderr.lines().all(|line| line.len() <= 500);
                    let fine = match code {
                        Some(0) => lines == 0,
                        Some(1 | 2) => lines == 1 && short,
                        _ => false,
                    };
                    if !fine {
                        let how = code.map_or_else(
                            || format!("signal {:?}", output.status.signal()),
                            |code| format!("status {code}"),
                        );
                        let said = stderr.lines().next().unwrap_or_default();
                        failed.push(format!("{line}: {how}, {lines} lines: {said}"));
                    }
                }
            }
        }
    }
    assert!(failed.is_empty(), "{} fail:\n{}", failed.len(), failed.join("\n"));
}

/// What the help calls `--flag <VALUE>`.
fn flags_with_values(folder: &Folder, tool: &str) -> BTreeSet<String> {
    let help = folder.ok(&format!("COLUMNS=1000 {tool} --help"));
    let help = String::from_utf8_lossy(&help).into_owned();
    let options = help.split("\nOptions:\n").nth(1).unwrap_or_default();
    let flag = |line: &str| {
        let (flag, _) = line.trim_start().split_once(" <")?;
        let flag = flag.rsplit(", ").next()?;
        flag.starts_with("--").then(|| flag.to_owned())
    };
    options.lines().filter_map(flag).collect()
}

#[test]
fn all_flags_that_take_a_number_are_among_these() {
    let folder = Folder::new();
    let tools = tools();
    let names: BTreeSet<&str> = tools.iter().map(|(tool, ..)| *tool).collect();
    assert_eq!(names, TOOLS.iter().copied().collect());
    let mut found = 0;
    for (tool, _, flags) in &tools {
        let known: BTreeSet<String> = flags.iter().map(|flag| flag.name.to_owned()).collect();
        let flags = flags_with_values(&folder, tool);
        let numbers: BTreeSet<String> =
            flags.into_iter().filter(|flag| !WORDS.contains(&flag.as_str())).collect();
        assert_eq!(numbers, known, "{tool}");
        found += numbers.len();
    }
    assert!(found > 50, "{found}");
}
