//! Settings: checked, and counted once.

use super::set;
use crate::common::project::Project;

#[test]
fn a_value_that_is_named_twice_counts_once() {
    let project = Project::new();
    let table = |arguments: &str| {
        project.make(&format!("CONTROLS= ATTACKS=gauss {arguments}"));
        project.table("out")
    };
    let once = table("SNAPSHOTS=1");
    let twice = table(
        "SNAPSHOTS='1 1' SEEDS='01 2 1 2' RULES='local backprop local' ATTACKS='gauss gauss' \
         SIGMAS='0.5 0.50 .5' SUBSETS='100 100' RANKS='1-8 2-6 1-8'",
    );
    assert_eq!(once, twice);
    let again = project.would_run("CONTROLS= ATTACKS=gauss SNAPSHOTS='1 1' RANKS='1-8 2-6 1-8'");
    assert_eq!(again, set(&[]));
    let points = project
        .0
        .ok(&Project::line("-s sweep-tasks WIDTHS='6 6' DEPTHS='1 1' DATASETS='tiny tiny'"));
    assert_eq!(String::from_utf8_lossy(&points).lines().count(), 1);
}

#[test]
fn malformed_settings_and_missing_data_are_refused() {
    let project = Project::new();
    for (arguments, words) in [
        ("SEEDS='1 x'", "SEEDS has a bad value: x (expected whole numbers"),
        ("SEEDS=", "SEEDS is empty"),
        ("SUBSETS=all", "SUBSETS has a bad value: all"),
        ("SNAPSHOTS=0", "SNAPSHOTS has a bad value: 0"),
        ("CONTROLS=mine", "no attack mine: there are bim fgsm"),
        (
            "RULES=locl",
            "no rule locl: there are backprop local shuffled untrained, or a line locl = COMMAND",
        ),
        ("SEED=1", "SEED is no setting: did you mean SEEDS?"),
        ("ATTACK=gauss", "ATTACK is no setting: did you mean ATTACKS?"),
        ("gaus.strengths=1", "gaus.strengths is no setting: did you mean"),
        ("SIGMAS=0,1", "SIGMAS has a bad value: 0,1"),
        ("EPSILONS=-0.1", "EPSILONS has a bad value: -0.1"),
        ("RANKS=1:50", "RANKS has a bad value: 1:50"),
        ("HIDDEN=20,30", "HIDDEN has a bad value: 20,30 (expected layers of one width"),
        ("EPOCHS=few", "EPOCHS has a bad value: few"),
        ("THREADS=-1", "THREADS has a bad value: -1"),
        ("ATTACKS='gauss mine'", "no attack mine: there are"),
        ("ATTACKS=fgsm-transfer SEEDS=7", "SEEDS must be two or more, found 7"),
        ("ATTACKS=mine mine=cat", "mine has no strengths: set mine.strengths"),
        ("ATTACKS=clean clean=cat clean.strengths=1", "the attack clean needs another name"),
        ("TRAIN_SAMPLES=-1", "TRAIN_SAMPLES has a bad value: -1"),
        ("sweep WIDTHS=wide", "WIDTHS has a bad value: wide"),
        ("sweep DEPTHS=", "DEPTHS is empty"),
        ("sweep TRAIN_SIZES=all", "TRAIN_SIZES has a bad value: all"),
        ("OUT='a b'", "OUT has a bad value: a b (expected a folder, its name of letters"),
        ("OUT=", "OUT is empty (expected a folder, its name of letters"),
        ("OUT=run-12:30", "OUT has a bad value: run-12:30 (expected a folder, its name of letters"),
        (
            "OUT=lr=0.1,bs=64",
            "OUT has a bad value: lr=0.1,bs=64 (expected a folder, its name of letters",
        ),
        ("OUT='out*'", "OUT has a bad value: out* (expected a folder, its name of letters"),
        ("OUT=-o", "OUT has a bad value: -o (expected a folder, its name of letters"),
        (
            "DATA_DIR='di gits'",
            "DATA_DIR has a bad value: di gits (expected a folder, its name of letters",
        ),
        ("SCRATCH='a:b'", "SCRATCH has a bad value: a:b (expected a folder, its name of letters"),
        (
            "install PREFIX='my tools'",
            "PREFIX has a bad value: my tools (expected a folder, its name of letters",
        ),
        (
            "DATASET='tiny tiny'",
            "DATASET has a bad value: tiny tiny (expected a name such as mnist",
        ),
        (
            "DATA_DIR=nowhere",
            "nowhere lacks train-images.npy train-labels.npy test-images.npy test-labels.npy (expected four arrays",
        ),
    ] {
        project.refuses(arguments, words);
    }
    let help = project.make("help");
    assert!(help.contains("\n  all                the study"), "{help}");
    assert!(help.lines().all(|line| line.len() < 80), "{help}");
}
