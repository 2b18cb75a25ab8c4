//! What make makes again: after a change, a kill, or with other jobs.

use std::{
    fs, io::Write, os::unix::process::CommandExt, path::PathBuf, thread::sleep, time::Duration,
};

use super::{column, set, unwrapped};
use crate::common::{self, project::Project};

#[test]
fn the_study_is_made_once_whatever_the_jobs_and_threads() {
    let project = Project::new();
    assert!(project.would_run("").is_superset(&set(&[
        "local",
        "backprop",
        "backprop.probe",
        "fgsm",
        "report"
    ])));
    assert!(!project.0.path("out").exists(), "make -n made something");
    let said = project.make("-j1");
    // Of the networks of backprop the readouts are trained afterwards.
    let first = "4 networks, 2 probes, 36 levels, 36 fits, 18 instruments, 6 samples, 3 pages\n";
    assert!(said.starts_with(first) && said.contains("\n105/105, "), "{said}");
    assert!(said.contains("network local/seed-2, accuracy of layers 1-2: "), "{said}");
    assert!(said.contains("36 levels in out/tiny/table.csv"), "{said}");
    let verdict = "C2 local, gauss: accuracy against alpha is monotonic\n  by default, ranks 1-8: \
                   undecided: 2 seeds, 5 needed\n";
    assert!(said.contains(verdict), "{said}");
    let verdicts = String::from_utf8(project.0.bytes("out/tiny/verdicts.txt").0).unwrap();
    assert!(unwrapped(&said).contains(&unwrapped(&verdicts)), "{said}");
    let is_step = |line: &&str| line.contains("/105, ");
    assert!(said.lines().filter(|line| !is_step(line)).all(|line| line.len() <= 80), "{said}");
    assert_eq!(verdicts.lines().count(), 12);
    assert!(project.is_up_to_date(""));
    assert!(project.is_up_to_date("THREADS=2"));
    assert_eq!(project.would_run(""), set(&[]));
    project.make("-j2 THREADS=2 OUT=other");
    for file in [
        "table.csv",
        "summary.csv",
        "claims.jsonl",
        "checks.jsonl",
        "verdicts.txt",
        "study.json",
        "report.html",
        "figures/spectra.svg",
        "local/seed-1/fgsm-0.1/audit.json",
        "backprop/seed-2/model/w1.npy",
    ] {
        let bytes = |out: &str| project.0.bytes(&format!("{out}/tiny/{file}"));
        assert_eq!(bytes("out"), bytes("other"), "{file}");
    }
    let page = String::from_utf8(project.0.bytes("out/tiny/report.html").0).unwrap();
    for words in [
        "The paper's claims: local errors",
        "undecided",
        "Is the attack weak, or the network strong?",
        "What to distrust",
        "sha256",
    ] {
        assert!(page.contains(words), "{words}");
    }
    for outside in ["<script", "<link", "@import", "url(", "src=\"http", "NaN"] {
        assert!(!page.contains(outside), "{outside}");
    }
    let table = project.table("out");
    let header = "dataset,rule,seed,epoch,attack,strength,layer,samples,correct,accuracy,network_accuracy,loss,\
                  probe,dead,units,positive,method,rank_first,rank_last,points,alpha,stderr,intercept,r2,curvature,\
                  preferred,participation_ratio,effective_rank,lost_label_images,zero_gradient_images,zero_sign_pixels,\
                  max_change,class_ratio,nc1,centre_span,class_dimension,class_radius,centre_correlation,displacement,\
                  mean_shift,displaced_first_10,displaced_first_50,median_distance,warnings";
    assert_eq!(table.lines().next().unwrap(), header);
    // 34 runs of two layers and two of the images, each with two rank ranges.
    assert_eq!(table.lines().count(), 1 + 2 * (34 * 2 + 2));
    // The last snapshot is the final network, and a subset is the first of the clean images.
    assert_eq!(
        column(&table, "alpha", &["tiny,local,1,2,clean,0,"]),
        column(&table, "alpha", &["tiny,local,1,,clean,0,"])
    );
    assert_eq!(column(&table, "samples", &["tiny,local,1,,subset,100,2,"]), ["100", "100"]);
    assert_eq!(column(&table, "samples", &["tiny,local,1,,fgsm,0.1,2,"]), ["200", "200"]);
    // The readout of a hidden layer is a probe, that of the last layer was trained.
    assert_eq!(column(&table, "probe", &["tiny,backprop,1,,clean,0,1,"]), ["true", "true"]);
    assert_eq!(column(&table, "probe", &["tiny,backprop,1,,clean,0,2,"]), ["false", "false"]);
    assert!(!column(&table, "accuracy", &["tiny,backprop,1,,clean,0,1,"]).contains(&String::new()));
    assert_eq!(column(&table, "layer", &["tiny,,,,gauss,0.5,"]), ["0", "0"]);
    let summary = String::from_utf8(project.0.bytes("out/tiny/summary.csv").0).unwrap();
    assert_eq!(summary.lines().count(), 1 + 2 * (17 * 2 + 2));
    let mean: f64 =
        column(&summary, "alpha_mean", &["tiny,local,,clean,0,1,ols,1,8"])[0].parse().unwrap();
    let alphas = column(&table, "alpha", &[",,clean,0,1,", ",ols,1,8,", "tiny,local,"]);
    let sum: f64 = alphas.iter().map(|alpha| alpha.parse::<f64>().unwrap()).sum();
    assert!((sum / 2.0 - mean).abs() < 1e-12);
    let scratch =
        |(path, _): &(PathBuf, common::Bytes)| path.extension().is_some_and(|end| end == "part");
    assert!(!project.0.files().iter().any(scratch));
}

#[test]
fn a_change_reruns_what_depends_on_it_and_nothing_else() {
    let project = Project::new();
    project.make("");
    assert_eq!(
        project.would_run("RANKS=1-5"),
        set(&["fit", "tabulate", "claims", "describe", "report"])
    );
    assert_eq!(project.would_run("SEEDS=1"), set(&["claims", "describe", "tabulate", "report"]));
    assert_eq!(project.would_run("SIGMAS='0.50 0.5'"), set(&[]));
    assert_eq!(
        project.would_run("EPSILONS='0.1 0.2 0.3'"),
        set(&[
            "fgsm",
            "fgsm-float32",
            "fgsm-random",
            "activations",
            "accuracy",
            "spectrum",
            "fit",
            "tabulate",
            "claims",
            "describe",
            "report"
        ])
    );
    assert!(project.would_run("EPOCHS=3").contains("local"));
    // A tool is known by its bytes, wherever it lies and however new it is.
    fs::create_dir(project.0.path("bin")).unwrap();
    for tool in common::TOOLS.iter() {
        fs::copy(common::bin().join(tool), project.0.path(&format!("bin/{tool}"))).unwrap();
    }
    assert_eq!(project.would_run("BIN=bin"), set(&[]));
    for (tool, runs, rests) in [
        ("spectrum", "spectrum", "local"),
        ("fit-powerlaw", "fit", "spectrum"),
        ("attack-fgsm", "fgsm", "gauss"),
        ("attack-gauss", "gauss", "fgsm"),
        ("tabulate", "tabulate", "fit"),
        ("train", "local", "import"),
        ("import-idx", "import", "describe-study"),
        ("report", "report", "claims"),
    ] {
        let path = project.0.path(&format!("bin/{tool}"));
        // Bytes behind a program's end change nothing of what it does.
        fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(b"x").unwrap();
        let would_run = project.would_run("BIN=bin");
        assert!(would_run.contains(runs) && !would_run.contains(rests), "{tool}: {would_run:?}");
        fs::copy(common::bin().join(tool), &path).unwrap();
    }
    fs::remove_file(project.0.path("bin/claims")).unwrap();
    let output = project.run("BIN=bin");
    assert!(String::from_utf8_lossy(&output.stderr).contains("bin/claims is missing: BIN must be"));
    let before = project.table("out");
    project.make("RANKS=1-5");
    assert_ne!(project.table("out"), before);
    project.make("");
    assert_eq!(project.table("out"), before);
}

#[test]
fn a_killed_make_is_finished_by_the_next() {
    let project = Project::new();
    project.make("OUT=whole");
    let mut kills = 0;
    // What Ctrl-C sends, and what leaves no time to tidy up.
    for (wait, signal) in
        [40, 90, 150, 220, 300, 500, 800, 1200].into_iter().zip(["INT", "KILL"].iter().cycle())
    {
        let mut child = project.0.command("bash");
        child.args(["-c", &Project::line("-j2 > /dev/null 2>&1")]).process_group(0);
        let mut child = child.spawn().unwrap();
        sleep(Duration::from_millis(wait));
        kills += usize::from(child.try_wait().unwrap().is_none());
        project.0.run(&format!("kill -{signal} -- -{}", child.id()));
        child.wait().unwrap();
    }
    assert!(kills > 0, "make was over before it could be killed");
    project.make("");
    assert!(project.is_up_to_date(""));
    // A make that is stopped deletes the target it is at, of a network this file.
    project.0.ok("rm out/tiny/local/seed-2/model/model.json");
    project.make("");
    // Killed after the page was made, before its figures were listed.
    project.0.ok("rm out/tiny/.stamps/figures");
    project.make("");
    for file in ["table.csv", "claims.jsonl", "report.html", ".stamps/figures"] {
        let bytes = |out: &str| project.0.bytes(&format!("{out}/tiny/{file}"));
        assert!(bytes("out") == bytes("whole"), "{file}");
    }
}

#[test]
fn old_scratch_is_swept_and_new_is_left() {
    let project = Project::new();
    project.make("inputs");
    project.0.ok("cd out/tiny; mkdir .model.a1.tmp data/.model.b2.tmp
                  touch .model.a1.tmp/w1.npy .x.npy.b2.tmp data/.x.host-1.part data/.y.host-2.part
                  touch -t 202001010000 .model.a1.tmp data/.x.host-1.part .x.npy.b2.tmp");
    project.make("inputs");
    assert_eq!(
        // A make that is not of `all` leaves what it has noted of itself.
        project.0.ok("cd out/tiny; find . -name '*.tmp' -o -name '*.part' ! -name '.progress.*'").0,
        b"./data/.y.host-2.part\n./data/.model.b2.tmp\n".to_vec()
    );
}

#[test]
fn seeds_can_be_made_apart_and_joined() {
    let project = Project::new();
    project.make("OUT=whole");
    project.make("inputs");
    let line = Project::line("");
    project.0.ok(&format!("({line} seed-1 & {line} seed-2 & wait) > log 2>&1"));
    assert_eq!(project.would_run(""), set(&["claims", "describe", "tabulate", "report"]));
    project.make("");
    assert_eq!(project.table("out"), project.table("whole"));
    // What needs the networks of two seeds is left to the make that joins them, which trains none.
    project.make("OUT=whole CHECKS=fgsm-transfer");
    fs::remove_dir_all(project.0.path("out")).unwrap();
    project.make("inputs CHECKS=fgsm-transfer");
    project.make("seed-1 CHECKS=fgsm-transfer");
    assert!(!project.0.path("out/tiny/local/seed-2").exists());
    project.make("seed-2 CHECKS=fgsm-transfer");
    let left = project.would_run("CHECKS=fgsm-transfer");
    assert!(left.contains("fgsm-transfer") && !left.contains("local"), "{left:?}");
    project.make("CHECKS=fgsm-transfer");
    assert_eq!(project.table("out"), project.table("whole"));
}

#[test]
fn attacked_images_may_pass_through_another_disk() {
    let project = Project::new();
    project.make("RULES=local ATTACKS=fgsm OUT=whole");
    fs::create_dir(project.0.path("scratch")).unwrap();
    project.make("-j2 RULES=local ATTACKS=fgsm SCRATCH='$(CURDIR)/scratch'");
    assert_eq!(project.table("out"), project.table("whole"));
    assert!(common::files(&project.0.path("scratch")).is_empty());
    // It is used: where it is missing, nothing can be attacked.
    let output = project.run("RULES=local ATTACKS=fgsm OUT=other SCRATCH=nowhere");
    assert!(String::from_utf8_lossy(&output.stderr).contains("nowhere/"));
}

#[test]
fn a_training_that_was_cut_off_goes_on_unless_its_settings_changed() {
    let project = Project::new();
    let only = "RULES=local CONTROLS= SUBSETS= SNAPSHOTS= SEEDS=1 EPOCHS=20";
    let model = "out/tiny/local/seed-1/model/model.json";
    let line = |epochs: usize, checkpoint: &str| {
        format!(
            "train -q --hidden 12,12 --epochs {epochs} --checkpoint {checkpoint} \
             --images out/tiny/data/train-images.npy --labels out/tiny/data/train-labels.npy \
             --test-images out/tiny/data/test-images.npy --test-labels out/tiny/data/test-labels.npy -o"
        )
    };
    project.make(&format!("{only} {model}"));
    let whole = project.0.bytes(model);
    // That of more epochs stands for one of other settings; `train` itself refuses it.
    let left = "out/tiny/local/seed-1/model.checkpoint";
    project.0.run(&format!(
        "{} net & until [ -e {left} ]; do sleep 0.01; done; kill $!; wait $!",
        line(1_000_000, left)
    ));
    assert!(project.0.path(left).is_file());
    project.0.fails(1, &format!("{} net", line(20, left)));
    fs::remove_file(project.0.path(model)).unwrap();
    project.0.ok(&format!("touch -t 200001010000 {left}"));
    project.make(&format!("{only} {model}"));
    assert!(project.0.bytes(model) == whole && !project.0.path(left).exists());
}
