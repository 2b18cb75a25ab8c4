//! Names: of attacks and rules, and those that the command line and own.mk may set.

use std::fs;

use crate::common::project::{Project, SMALL};

#[test]
fn attacks_and_rules_have_any_name_or_one_that_make_refuses_first() {
    let project = Project::new();
    for name in [
        "none", "null", "plain", "source", "first", "level", "model", "data", "labels", "train",
        "spectrum", "PATH", "SEEDS", "describe", "import", "runs", "images", "script", "run",
        "text", "from", "with", "say",
    ] {
        for (own, settings, level) in [
            (
                format!(
                    "{name} = attack-gauss --quiet --sigma $(strength)\n{name}.strengths = 0.5\n"
                ),
                format!("ATTACKS='gauss {name}'"),
                format!(",local,1,,{name},0.5,"),
            ),
            (
                format!("{name} = $(local)\n"),
                format!("RULES='local {name}'"),
                format!(",{name},1,,gauss,0.5,"),
            ),
        ] {
            fs::write(project.0.path("own.mk"), own).unwrap();
            let output = project.run(&format!("{SMALL} {settings}"));
            let stderr = String::from_utf8_lossy(&output.stderr);
            if output.status.success() {
                assert!(project.table("out").contains(&level), "{name}: {settings}");
                project.0.ok("rm -r out");
            } else {
                assert_eq!(stderr.lines().count(), 1, "{name}: {stderr}");
                let words =
                    ["attack", "rule"].map(|what| format!("the {what} {name} needs another name"));
                assert!(words.iter().any(|words| stderr.contains(words)), "{name}: {stderr}");
                assert!(!project.0.path("out").exists(), "{name}");
            }
        }
    }
}

/// What must be refused on the command line and in own.mk alike.
const SLIPS: [(&str, &str); 15] = [
    ("SEED=7", "SEED is no setting: did you mean SEEDS? (see make help)"),
    ("ATTACK=fgsm", "ATTACK is no setting: did you mean ATTACKS?"),
    ("EPSILON=0.1", "EPSILON is no setting: did you mean EPSILONS?"),
    ("HIDEN=8,8", "HIDEN is no setting: did you mean HIDDEN?"),
    ("TRAIN_SAMPELS=3", "TRAIN_SAMPELS is no setting: did you mean TRAIN_SAMPLES?"),
    ("out=elsewhere", "out is no setting: did you mean OUT?"),
    ("seeds=7", "seeds is no setting: did you mean SEEDS?"),
    ("local.atacks=gauss", "local.atacks is no setting: did you mean local.attacks?"),
    ("gaus.strengths=1", "gaus.strengths is no setting: did you mean gauss.strengths?"),
    ("data=digits", "data cannot be set"),
    ("model=net", "model cannot be set"),
    ("labels=y.npy", "labels cannot be set"),
    ("strength=1", "strength cannot be set"),
    ("_study=x", "_study is make's own"),
    ("_as=x", "_as is make's own"),
];

#[test]
fn names_that_resemble_a_setting_are_refused_wherever_they_stand() {
    let project = Project::new();
    for (slip, words) in SLIPS {
        let before = project.0.files();
        let said = project.refuses(&format!("{SMALL} {slip}"), words);
        assert_eq!(said.lines().count(), 1, "{said}");
        assert!(project.0.files() == before, "{slip}");
        for sign in ["=", ":="] {
            let own = slip.replacen('=', &format!(" {sign} "), 1);
            fs::write(project.0.path("own.mk"), own + "\n").unwrap();
            project.refuses(SMALL, words);
        }
        fs::remove_file(project.0.path("own.mk")).unwrap_or_default();
    }
    assert!(project.refuses("data=digits", "data cannot").contains("DATA_DIR"));
}

/// `data=FOLDER` is a slip for `DATA_DIR=FOLDER`. What make writes is never there.
#[test]
fn the_users_arrays_stay_whatever_is_set() {
    let project = Project::new();
    project.make(&format!("{SMALL} data OUT=made"));
    project.0.ok("mv made/tiny/data mine; rm -r made; chmod 644 mine/*");
    let before = project.0.files();
    for goal in ["", "data", "inputs", "quick", "reconstructions", "sweep"] {
        for slip in ["data=mine", "_data=mine", "labels=mine/test-labels.npy"] {
            let output = project.run(&format!("{goal} {SMALL} {slip}"));
            assert!(!output.status.success(), "{goal} {slip}");
            assert!(project.0.files() == before, "{goal} {slip}");
        }
    }
    // This is what was meant.
    let mine = project.0.ok("cksum mine/*");
    project.make(&format!("{SMALL} DATA_DIR=mine"));
    assert_eq!(project.0.ok("cksum mine/*"), mine);
}

#[test]
fn names_that_wrappers_and_the_user_need_pass() {
    let project = Project::new();
    let wrapped = "INSTALL=/usr/bin/install CC=gcc CFLAGS=-O2 AR=ar libdir=/usr/lib VERBOSE=1 \
                   __BASH_MAKE_COMPLETION__=1 SHELL=/bin/bash";
    fs::write(
        project.0.path("own.mk"),
        "MINE := 0.5\nmy-noise = attack-gauss --quiet\nmine-sigma = 0.5\nfolder := $(CURDIR)\n\
         mine = $(my-noise) --sigma $(strength) --seed $(words $(mine-sigma) $(MINE))\nmine.strengths = $(mine-sigma)\n",
    )
    .unwrap();
    let line = format!("{SMALL} ATTACKS='gauss mine' {wrapped}");
    project.make(&line);
    assert!(project.table("out").contains(",local,1,,mine,0.5,"));
    assert!(project.is_up_to_date(&line));
    assert!(project.is_up_to_date(&format!("{SMALL} ATTACKS='gauss mine'")));
}

#[test]
fn settings_that_would_fail_at_the_end_are_refused_before_the_beginning() {
    let project = Project::new();
    let before = project.0.files();
    for (settings, words) in [
        ("RANKS=9-1", "RANKS has a bad value: 9-1"),
        ("RANKS='1-8 8-8'", "RANKS has a bad value: 8-8"),
        ("RANKS=1-2", "RANKS has a bad value: 1-2"),
        ("RANKS=0-8", "RANKS has a bad value: 0-8"),
        ("RANKS=13-20", "RANKS has a bad value: 13-20 (layers have only 12 units)"),
        ("METHODS=lsq", "METHODS has a bad value: lsq"),
        ("STIMULUS_DIMENSION=0", "STIMULUS_DIMENSION has a bad value: 0"),
        ("DRAWS=0", "DRAWS has a bad value: 0"),
        ("DRAWN=300", "DRAWN has a bad value: 300"),
        ("SIGMAS_TO=far", "has a bad value: noise, up to far"),
        ("gauss.about='noise; no unit'", "gauss.about has a bad value"),
        ("gauss.about='loud; Noise; σ (pixel units)'", "gauss.about has a bad value"),
        ("gauss.about='noise, control for fgsm; Noise; σ'", "gauss.about has a bad value"),
        ("local.about='Mine; backprop; again'", "local.about has a bad value"),
    ] {
        let said = project.refuses(&format!("plan {SMALL} {settings}"), words);
        assert_eq!(said.lines().count(), 1, "{settings}: {said}");
        assert!(project.0.files() == before, "{settings}");
    }
    let sweep = "sweep WIDTHS='12 6' DEPTHS=1 RANKS=7-10";
    project.refuses(
        &format!("{SMALL} {sweep}"),
        "RANKS has a bad value: 7-10 (layers have only 6 units)",
    );
    project.make(&format!("plan {SMALL} RANKS='1-12 10-12'"));
}
