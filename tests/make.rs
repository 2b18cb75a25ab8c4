//! The study's Makefile, on a miniature, with the tools of this build.

#![allow(clippy::unwrap_used)] // a test that cannot go on has failed
#![allow(clippy::too_many_lines)] // lists of cases

mod common;

use std::{
    collections::BTreeSet, fs, io::Write, os::unix::process::CommandExt, path::PathBuf,
    thread::sleep, time::Duration,
};

use common::{Folder, project::Project};

fn set(tools: &[&str]) -> BTreeSet<String> {
    tools.iter().map(|&tool| tool.into()).collect()
}

/// The column `name` of the rows that contain all of `words`.
fn column(table: &str, name: &str, words: &[&str]) -> Vec<String> {
    let header: Vec<_> = table.lines().next().unwrap().split(',').collect();
    let place = header.iter().position(|column| *column == name).unwrap();
    let rows = table.lines().skip(1).filter(|row| words.iter().all(|word| row.contains(word)));
    rows.map(|row| row.split(',').nth(place).unwrap().to_owned()).collect()
}

#[test]
fn the_study_is_made_once_whatever_the_jobs_and_threads() {
    let project = Project::new();
    assert!(project.would_run("").contains("train"));
    assert!(!project.0.path("out").exists(), "make -n made something");
    let said = project.make("-j1");
    assert!(said.contains("(36/36)"), "{said}");
    assert!(said.contains("network local/seed-2, accuracy of layers 1-2: "), "{said}");
    assert!(said.contains("36 levels in out/tiny/table.csv"), "{said}");
    let verdict = "C2 local, gauss, ranks 1-8: accuracy against alpha is monotonic: undecided: 2 seeds \
                   (expected at least 3)\n";
    assert!(said.contains(verdict), "{said}");
    let verdicts = String::from_utf8(project.0.bytes("out/tiny/verdicts.txt").0).unwrap();
    assert!(said.contains(&verdicts) && verdicts.lines().count() == 6, "{verdicts}");
    assert!(project.is_up_to_date(""));
    assert!(project.is_up_to_date("THREADS=2 RUN=nice"));
    assert_eq!(project.would_run(""), set(&[]));
    project.make("-j2 THREADS=2 OUT=other");
    for file in [
        "table.csv",
        "summary.csv",
        "claims.jsonl",
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
    for words in ["The paper's claims: local errors", "undecided", "What to distrust", "sha256"] {
        assert!(page.contains(words), "{words}");
    }
    for outside in ["<script", "<link", "@import", "url(", "src=\"http", "NaN"] {
        assert!(!page.contains(outside), "{outside}");
    }
    let table = project.table("out");
    let header = "dataset,rule,seed,epoch,attack,strength,layer,samples,correct,accuracy,network_accuracy,loss,\
                  dead,units,positive,method,first,last,points,alpha,stderr,intercept,r2,curvature,\
                  participation_ratio,effective_rank,lost_label_images,zero_gradient_images,zero_sign_pixels,\
                  max_change,warnings";
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
    assert_eq!(column(&table, "accuracy", &["tiny,backprop,1,,clean,0,1,"]), ["", ""]);
    assert_eq!(column(&table, "layer", &["tiny,,,,gauss,0.5,"]), ["0", "0"]);
    let summary = String::from_utf8(project.0.bytes("out/tiny/summary.csv").0).unwrap();
    assert_eq!(summary.lines().count(), 1 + 2 * (17 * 2 + 2));
    let mean: f64 =
        column(&summary, "alpha_mean", &["tiny,local,,clean,0,1,ols,1,8"])[0].parse().unwrap();
    let alphas = column(&table, "alpha", &[",,clean,0,1,", ",ols,1,8,", "tiny,local,"]);
    let sum: f64 = alphas.iter().map(|alpha| alpha.parse::<f64>().unwrap()).sum();
    assert!((sum / 2.0 - mean).abs() < 1e-12);
    let scratch = |(path, _): &(PathBuf, common::Bytes)| {
        path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(".x"))
    };
    assert!(!project.0.files().iter().any(scratch));
}

#[test]
fn a_change_reruns_what_depends_on_it_and_nothing_else() {
    let project = Project::new();
    project.make("");
    assert_eq!(
        project.would_run("RANKS=1-5"),
        set(&["fit-powerlaw", "tabulate", "claims", "describe-study", "report"])
    );
    assert_eq!(
        project.would_run("SEEDS=1"),
        set(&["claims", "describe-study", "tabulate", "report"])
    );
    assert_eq!(project.would_run("SIGMAS='0.50 0.5'"), set(&[]));
    assert_eq!(
        project.would_run("EPSILONS='0.1 0.2 0.3'"),
        set(&[
            "attack-fgsm",
            "accuracy",
            "extract-activations",
            "spectrum",
            "fit-powerlaw",
            "tabulate",
            "claims",
            "describe-study",
            "report"
        ])
    );
    assert!(project.would_run("EPOCHS=3").contains("train"));
    // A tool is known by its bytes, wherever it lies and however new it is.
    fs::create_dir(project.0.path("bin")).unwrap();
    for tool in common::TOOLS {
        fs::copy(common::bin().join(tool), project.0.path(&format!("bin/{tool}"))).unwrap();
    }
    assert_eq!(project.would_run("BIN=bin"), set(&[]));
    for (tool, runs, rests) in [
        ("spectrum", "spectrum", "train"),
        ("fit-powerlaw", "fit-powerlaw", "spectrum"),
        ("attack-fgsm", "attack-fgsm", "attack-gauss"),
        ("attack-gauss", "attack-gauss", "attack-fgsm"),
        ("tabulate", "tabulate", "fit-powerlaw"),
        ("train", "train", "import-idx"),
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
        project.0.ok("cd out/tiny; find . -name '*.tmp' -o -name '*.part'").0,
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
    assert_eq!(project.would_run(""), set(&["claims", "describe-study", "tabulate", "report"]));
    project.make("");
    assert_eq!(project.table("out"), project.table("whole"));
}

#[test]
fn a_sweep_is_studies_joined_in_one_table_and_report() {
    let project = Project::new();
    let sweep = "sweep WIDTHS='6 12' DEPTHS='1 2' TRAIN_SIZES='100 300' RULES=local CONTROLS= SUBSETS= SNAPSHOTS=";
    let said = project.make(sweep);
    assert!(said.contains("made train-100/width-6/depth-1/tiny"), "{said}");
    let read = |file: &str| String::from_utf8(project.0.bytes(file).0).unwrap();
    let table = read("out/sweep/table.csv");
    assert!(
        table.starts_with("train_samples,width,depth,dataset,rule,seed,epoch,attack,"),
        "{table}"
    );
    // Of 4 points of one layer and 4 of two: 2 seeds in 6 levels, the images in 2; 2 ranges of ranks.
    assert_eq!(table.lines().count(), 1 + 4 * 2 * ((2 * 6 + 2) + (2 * 6 * 2 + 2)));
    assert_eq!(column(&table, "units", &["300,12,2,tiny,local,1,,clean,0,2,"]), ["12", "12"]);
    let page = read("out/sweep/report.html");
    for words in [
        "Against width",
        "Against depth",
        "Against training images",
        "Against seed",
        "Along the layers",
        "<td>local errors</td><td>Gaussian noise, σ = 0.5</td>",
        ">FGSM, exact gradient, ε = 0.2</text>",
    ] {
        assert!(page.contains(words), "{words}");
    }
    assert!(
        page.contains("href=\"train-300/width-12/depth-2/tiny/report.html\"")
            && !page.contains("NaN")
    );
    assert!(project.0.path("out/sweep/train-300/width-12/depth-2/tiny/report.html").is_file());
    for file in ["width", "depth", "train-samples", "seed", "layers"] {
        assert!(project.0.path(&format!("out/sweep/figures/{file}.svg")).is_file(), "{file}");
    }
    // A point is the study that its settings make.
    project
        .make("OUT=alone RULES=local CONTROLS= SUBSETS= SNAPSHOTS= HIDDEN=12,12 TRAIN_SAMPLES=100");
    assert_eq!(
        read("alone/tiny/table.csv"),
        read("out/sweep/train-100/width-12/depth-2/tiny/table.csv")
    );
    // With local errors the first layer of two is the only layer of one.
    let first = |depth: usize| {
        column(&table, "alpha", &[&format!("300,12,{depth},tiny,local,1,,gauss,0.5,1,")])
    };
    assert_eq!(first(1), first(2));
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

#[test]
fn an_attack_a_rule_and_a_stage_of_ones_own_are_a_variable_each() {
    let project = Project::new();
    fs::write(project.0.path("mine.sh"), "attack-gauss --quiet --sigma \"$1\" --seed 9\n").unwrap();
    let own = "RULES='local untrained' ATTACKS='gauss mine' mine='bash mine.sh $(strength)' mine.strengths='0 0.5'";
    project.make(own);
    let table = project.table("out");
    let accuracy = |level: &str| column(&table, "accuracy", &[level]);
    assert_eq!(accuracy("tiny,local,1,,mine,0,"), accuracy("tiny,local,1,,clean,0,"));
    assert_ne!(
        column(&table, "alpha", &["tiny,local,1,,mine,0.5,"]),
        column(&table, "alpha", &["tiny,local,1,,gauss,0.5,"])
    );
    assert_eq!(column(&table, "alpha", &["tiny,untrained,2,,clean,0,"]).len(), 4);
    // The script is a source of its stage.
    fs::write(project.0.path("mine.sh"), "attack-gauss --quiet --sigma \"$1\" --seed 8\n").unwrap();
    let again = project.would_run(own);
    assert!(again.contains("accuracy") && !again.contains("train"), "{again:?}");
    fs::write(
        project.0.path("own.mk"),
        "ATTACKS += mine\nmine = bash mine.sh $(strength)\nmine.strengths = 0.5\n",
    )
    .unwrap();
    project.make("OUT=added RULES=local");
    let added = column(&project.table("added"), "alpha", &["tiny,local,1,,mine,0.5,"]);
    assert_eq!(added.len(), 4);
    // A network of one's own: here the tools' own, with the four keys a reader needs.
    fs::write(
        project.0.path("network.sh"),
        "mkdir -p $2 && cp out/tiny/local/seed-$1/model/*.npy $2 && echo '{\"schema\":\"local-errors/model/1\",\
         \"rule\":\"mine\",\"sizes\":[36,12,12],\"classes\":3}' > $2/model.json\n",
    )
    .unwrap();
    fs::write(
        project.0.path("own.mk"),
        "RULES += elsewhere\nelsewhere = bash network.sh $(seed) $(model)\n\
         ATTACKS += mine\nmine = bash mine.sh $(strength)\nmine.strengths = 0.5\n",
    )
    .unwrap();
    // What the command line sets, own.mk could not add to.
    let line = Project::line("OUT=own").replace("RULES='local backprop'", "");
    let output = project.0.run(&line);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let own = project.table("own");
    let alphas = |rule: &str| column(&own, "alpha", &[&format!("tiny,{rule},2,,mine,0.5,")]);
    assert_eq!(alphas("elsewhere"), alphas("local"));
    let claims = String::from_utf8(project.0.bytes("own/tiny/claims.jsonl").0).unwrap();
    assert!(claims.contains(r#""rule":"elsewhere","attack":"mine""#));
    let page = String::from_utf8(project.0.bytes("own/tiny/report.html").0).unwrap();
    for words in ["For comparison: elsewhere", "along the strengths of mine", ">mine</text>"] {
        assert!(page.contains(words), "{words}");
    }
    fs::remove_file(project.0.path("own.mk")).unwrap();
    let swapped = "spectrum='env LC_ALL=C spectrum --quiet' OUT=swapped RULES=local ATTACKS=gauss";
    project.make(swapped);
    let alphas = |table: &str| column(table, "alpha", &["tiny,local,", "gauss"]);
    assert_eq!(alphas(&project.table("swapped")), alphas(&table));
    assert!(project.is_up_to_date(swapped));
    // extract-activations measures accuracy too, unless either of the two is replaced.
    for stage in [
        "accuracy='touch replaced; accuracy --model $(model) --labels $(labels) $(options)'",
        "activations='touch replaced; extract-activations --model $(model) $(options)'",
    ] {
        project.make(&format!("{stage} OUT=replacing RULES=local ATTACKS=gauss"));
        assert_eq!(project.table("replacing"), project.table("swapped"), "{stage}");
        fs::remove_file(project.0.path("replaced")).unwrap();
    }
}

#[test]
fn attacks_and_rules_are_what_their_descriptions_say() {
    let project = Project::new();
    fs::write(
        project.0.path("own.mk"),
        "hebb = $(backprop)\nhebb.about = Hebb & sons;\nlocal.about = local errors; hebb\n\
         gaussian-blur = attack-gauss --sigma $(strength) --seed 3 $(options)\n\
         gaussian-blur.strengths = 0.5\ngaussian-blur.about = other; <Blur>; radius (pixels)\n\
         mine-clipped = $(gaussian-blur)\nmine-clipped.strengths = 0.5\n\
         mine-clipped.about = noise; Mine; τ (grey)\n\
         gauss.about = noise, control of mine-clipped; Weak noise; σ\n",
    )
    .unwrap();
    let settings = "SEEDS='1 2 3' RULES='backprop local hebb' CONTROLS= ATTACKS='gauss gaussian-blur mine-clipped'";
    let said = project.make(settings);
    assert!(project.is_up_to_date(settings));
    let claims = common::json_lines(&project.0.bytes("out/tiny/claims.jsonl"));
    let of = |attack: &str| {
        let of_attack = claims.iter().filter(|c| c["attack"] == attack && c["rule"] == "hebb");
        of_attack.map(|claim| claim["claim"].as_str().unwrap()).collect::<BTreeSet<_>>()
    };
    assert_eq!(of("gaussian-blur"), BTreeSet::from(["C1"]));
    assert_eq!(of("mine-clipped"), BTreeSet::from(["C1", "C2"]));
    assert_eq!(of("gauss"), BTreeSet::from(["C1", "C2"]));
    // The first rule that is no control is what the study is about, backprop and local are not.
    let verdicts: Vec<&str> = said.lines().filter(|line| line.starts_with('C')).collect();
    let begins =
        ["C1 hebb, gaussian-blur,", "C1 hebb, mine-clipped,", "C2 hebb, mine-clipped,", "C3 hebb,"];
    assert_eq!(verdicts.len(), begins.len());
    for (verdict, begin) in verdicts.iter().zip(begins) {
        assert!(verdict.starts_with(begin), "{verdict}");
    }
    let figure = |name: &str| {
        String::from_utf8(project.0.bytes(&format!("out/tiny/figures/{name}.svg")).0).unwrap()
    };
    let page = String::from_utf8(project.0.bytes("out/tiny/report.html").0).unwrap();
    for words in [
        "The paper's claims: Hebb &amp; sons",
        "For comparison: local errors",
        "Control attacks: Hebb &amp; sons",
    ] {
        assert!(page.contains(words), "{words}");
    }
    assert!(!page.contains("<Blur>"));
    // Noise, then others.
    let shown = figure("accuracy-strength-hebb");
    let place = |title: &str| shown.find(&format!(">{title}</text>")).unwrap();
    assert!(place("Mine") < place("&lt;Blur&gt;") && !shown.contains("Weak noise"));
    assert!(shown.contains(">τ (grey)</text>") && shown.contains(">radius (pixels)</text>"));
    assert!(figure("controls-hebb").contains(">Weak noise</text>"));
    for (name, words) in [
        ("spectra", vec![">Mine τ = 0.5</text>", ">&lt;Blur&gt; radius = 0.5</text>"]),
        ("samples", vec![">Mine</text>", ">τ = 0.5</text>", ">radius = 0.5</text>"]),
    ] {
        for words in words {
            assert!(figure(name).contains(words), "{name}: {words}");
        }
    }
    // The images of the page are what the network of the same rule takes them for.
    project.0.ok("accuracy --samples 10 --model out/tiny/hebb/seed-1/model --labels out/tiny/data/test-labels.npy \
                  out/tiny/data/test-images.npy --predictions p.npy");
    assert!(project.0.bytes("p.npy") == project.0.bytes("out/tiny/samples/clean/predictions.npy"));
}

#[test]
fn an_attack_may_take_its_gradient_from_the_next_seeds_network() {
    let project = Project::new();
    let with = |seeds: &str, more: &str| {
        format!(
            "RULES='local backprop' CONTROLS= SUBSETS= SNAPSHOTS=1 SEEDS='{seeds}' \
             ATTACKS='fgsm bim pgd fgsm-transfer' {more}"
        )
    };
    // What one make trains for another's attack is trained as it is for its own.
    let sample = "out/tiny/samples/fgsm-transfer-0.1/predictions.npy";
    project.make(&with("1 2", sample));
    project.make(&with("1 2", "-j2"));
    assert!(project.is_up_to_date(&with("1 2", "")));
    let table = project.table("out");
    let accuracy = |level: &str| column(&table, "network_accuracy", &[level]);
    for rule in ["local", "backprop"] {
        for (seed, next) in [(1, 2), (2, 1)] {
            let model: serde_json::Value = serde_json::from_slice(
                &project.0.bytes(&format!("out/tiny/{rule}/seed-{seed}/model/model.json")),
            )
            .unwrap();
            assert_eq!(model["seed"], seed);
            for (level, attack, network) in [
                ("fgsm-transfer", "attack-fgsm", next),
                ("bim", "attack-pgd", seed),
                ("pgd", "attack-pgd --random-start", seed),
                ("fgsm", "attack-fgsm", seed),
            ] {
                let net = |seed: u64| format!("out/tiny/{rule}/seed-{seed}/model");
                let lines = common::json_lines(&project.0.ok(&format!(
                    "{attack} --epsilon 0.1 --model {} --labels out/tiny/data/test-labels.npy \
                     out/tiny/data/test-images.npy | \
                     accuracy --model {} --labels out/tiny/data/test-labels.npy",
                    net(network),
                    net(seed)
                )));
                let expected = lines.last().unwrap()["accuracy"].to_string();
                let found = accuracy(&format!("tiny,{rule},{seed},,{level},0.1,2,"));
                assert_eq!(found, [expected.clone(), expected], "{rule} {seed} {level}");
            }
        }
    }
    assert_ne!(
        accuracy("tiny,local,1,,fgsm-transfer,0.1,2,"),
        accuracy("tiny,local,1,,fgsm,0.1,2,")
    );
    let page = String::from_utf8(project.0.bytes("out/tiny/report.html").0).unwrap();
    for words in ["PGD, exact gradient", "FGSM on another seed's network", "under bim, accuracy"] {
        assert!(page.contains(words), "{words}");
    }
    // With a third seed the second has another next one, and the first has not.
    let commands = project.make(&with("1 2 3", "-n"));
    let attacks = |network: &str| {
        let attack = "attack-fgsm --epsilon 0.1 --model out/tiny/local/";
        let line = |line: &&str| line.contains(&format!("{attack}{network}/model "));
        let lines = commands.lines().filter(line);
        lines
            .filter(|line| line.contains("/.audit."))
            .map(|line| {
                let place = line.split("--audit ").nth(1).unwrap();
                place.split("/.audit.").next().unwrap().to_owned()
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(attacks("seed-1"), ["out/tiny/local/seed-3/fgsm-transfer-0.1"]);
    assert!(attacks("seed-3").contains(&"out/tiny/local/seed-2/fgsm-transfer-0.1".into()));
    assert!(attacks("seed-2").is_empty());
    project.make(&with("1 2 3", ""));
    project.make(&with("1 2", ""));
    assert_eq!(project.table("out"), table);
}

/// The line of a study on the four arrays of `data/NAME`.
fn on_arrays(name: &str) -> String {
    Project::line(&format!("DATASET={name}")).replace("DATA_DIR=digits", "")
}

#[test]
fn a_folder_of_arrays_is_a_data_set_whatever_axes_its_images_have() {
    let project = Project::new();
    let shapes: [(&str, &[usize]); 4] =
        [("flat", &[64]), ("grey", &[8, 8]), ("channel", &[1, 8, 8]), ("colour", &[4, 4, 4])];
    for (name, axes) in shapes {
        let folder = format!("data/{name}");
        fs::create_dir_all(project.0.path(&folder)).unwrap();
        for (set, samples) in [("train", 300), ("test", 200)] {
            let (x, y) = common::data(samples, 64);
            let shape = [&[samples], axes].concat();
            let x = x.into_shape_with_order(shape).unwrap();
            project.0.write(&format!("{folder}/{set}-images.npy"), &x);
            project.0.write(&format!("{folder}/{set}-labels.npy"), &y.mapv(i64::from));
        }
        let output = project.0.run(&on_arrays(name));
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let table = |name: &str| {
        String::from_utf8(project.0.bytes(&format!("out/{name}/table.csv")).0).unwrap()
    };
    let flat = table("flat");
    let accuracy = column(&flat, "accuracy", &["flat,backprop,1,,clean,0,2,"]);
    assert!(accuracy[0].parse::<f64>().unwrap() > 0.5, "{accuracy:?}");
    assert_eq!(column(&flat, "layer", &["flat,,,,clean,0,"]), ["0", "0"]);
    for (name, _) in shapes {
        assert_eq!(table(name).replace(name, "flat"), flat, "{name}");
    }
    let model = project.0.bytes("out/grey/local/seed-1/model/model.json");
    let model: serde_json::Value = serde_json::from_slice(&model).unwrap();
    assert_eq!((&model["sizes"][0], &model["classes"]), (&64.into(), &3.into()));
}

#[test]
fn data_are_known_by_what_is_in_them() {
    let project = Project::new();
    for (folder, from) in [("old", 0), ("new", 50)] {
        fs::create_dir_all(project.0.path(folder)).unwrap();
        let (x, y) = common::data(400, 36);
        for (set, rows) in [("train", from..from + 200), ("test", from + 200..from + 300)] {
            let x = x.slice(ndarray::s![rows.clone(), ..]).to_owned();
            let y = y.slice(ndarray::s![rows]).to_owned();
            project.0.write(&format!("{folder}/{set}-images.npy"), &x);
            project.0.write(&format!("{folder}/{set}-labels.npy"), &y);
        }
    }
    // As a copy that keeps times leaves them: all older than what is made.
    project.0.ok("touch -d 2024-01-01 old/* new/*; cp -rp old used");
    let mine = |folder: &str, more: &str| {
        let line = on_arrays("mine") + &format!(" DATA_DIR={folder} {more}");
        let output = project.0.run(&line);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        project.0.bytes("out/mine/table.csv")
    };
    let only = "RULES=local CONTROLS= ATTACKS=gauss";
    let old = mine("used", only);
    let new = mine("new", only);
    assert!(old != new, "another DATA_DIR changed nothing");
    assert!(mine("old", only) == old);
    assert!(project.0.run(&(on_arrays("mine") + " DATA_DIR=used -q " + only)).status.success());
    project.0.ok("cp -p --remove-destination new/* used");
    assert!(mine("used", only) == new, "files replaced with their times kept changed nothing");
    project.0.ok("cp -p old/* used");
    assert!(mine("used", only) == old, "files overwritten with their times kept changed nothing");
}

#[test]
fn idx_files_are_found_packed_unpacked_and_with_dots() {
    let project = Project::new();
    let data = |folder: &str| {
        project.make(&format!("data DATA_DIR={folder} OUT=out-{folder}"));
        project.0.bytes(&format!("out-{folder}/tiny/data/test-images.npy"))
    };
    let packed = data("digits");
    project.0.ok("cp -r digits unpacked; gunzip unpacked/*
         mkdir dotted; for f in unpacked/*; do g=${f##*/}; cp $f dotted/${g/-idx/.idx}; done");
    assert!(data("unpacked") == packed);
    assert!(data("dotted") == packed);
}

#[test]
fn drawn_digits_are_drawn_whatever_the_environment_names() {
    let project = Project::new();
    let line = |environment: &str, dataset: &str| {
        format!(
            "{environment} make data BIN={} DATASET={dataset} DRAWN='30 20' OUT=out-{dataset}",
            common::bin().display()
        )
    };
    project.0.ok(&line("DATA_DIR=digits", "digits"));
    let drawn = project.0.ok("draw-digits --count 20 --seed 2 --quiet");
    assert_eq!(drawn, project.0.bytes("out-digits/digits/data/test-images.npy"));
    // Where there are files to read, the environment may name them, and make says so.
    let said = project.0.ok(&line("DATA_DIR=digits", "tiny"));
    assert!(said.starts_with(b"data from DATA_DIR=digits, which the environment sets\n"));
}

#[test]
fn what_the_environment_holds_changes_nothing() {
    let project = Project::new();
    let study = |environment: &str, out: &str| {
        let line = Project::line(&format!("RULES=local ATTACKS='gauss fgsm' CONTROLS= OUT={out}"));
        let output = project.0.run(&format!("env {environment} {line}"));
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{environment}: {stderr}");
        (output.stdout, project.table(out))
    };
    let (said, table) = study("A=1", "plain");
    fs::write(project.0.path("startup"), "set -o noclobber; echo noise; sort() { :; }\n").unwrap();
    // Names of settings, of helpers and of what a rule or an attack may have.
    let names = "HIDDEN=3 SEEDS=9 BIN=/nowhere RUN=false SCRATCH=/nowhere V=1 each=x list=x grep=x data=x \
                 local=x local.attacks=x gauss.spectrum=false 'measure=$(error x)' name=x path=x say=x";
    let shell = "BASH_ENV=$PWD/startup ENV=$PWD/startup SHELLOPTS=noclobber CDPATH=/ POSIXLY_CORRECT=1 \
                 GREP_OPTIONS=-v 'BASH_FUNC_grep%%=() { false; }' 'BASH_FUNC_mv%%=() { false; }'";
    for (out, environment) in [("names", names), ("shell", shell)] {
        let (other, found) = study(environment, out);
        assert_eq!(found, table, "{environment}");
        let plain = String::from_utf8_lossy(&said).replace("plain/", &format!("{out}/"));
        assert_eq!(String::from_utf8_lossy(&other), plain, "{environment}");
    }
    // Numbers with a decimal comma, where such a locale can be made.
    fs::create_dir(project.0.path("locales")).unwrap();
    let made = project.0.run(
        "localedef -i de_DE -f UTF-8 locales/de_DE.UTF-8 2> /dev/null || true
         LOCPATH=$PWD/locales LC_ALL=de_DE.UTF-8 locale decimal_point",
    );
    if made.stdout == b",\n" {
        let german = "-u LC_ALL LANG=de_DE.UTF-8 LOCPATH=$PWD/locales";
        assert_eq!(study(german, "comma").1, table);
    } else {
        common::skipped("no locale with a decimal comma can be made here");
    }
    for flags in ["e", "i", "t"] {
        let output = project.0.run(&format!("MAKEFLAGS={flags} {}", Project::line("")));
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(stderr.contains(&format!("make -{flags} cannot make the study")), "{stderr}");
    }
}

#[test]
fn scripts_take_nothing_from_the_users_shell_or_checkout() {
    let folder = Folder::new();
    let root = env!("CARGO_MANIFEST_DIR");
    folder
        .ok(&format!("cp -r {root}/scripts {root}/data {root}/.gitattributes . && touch startup"));
    let said = |environment: &str, script: &str| {
        let line = format!("{environment} MIRRORS=file:///nowhere DATA=$PWD/none {script} mnist");
        let output = folder.run(&line);
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8_lossy(&output.stderr).into_owned()
            + &String::from_utf8_lossy(&output.stdout)
    };
    let plain = said("", "scripts/fetch-data");
    assert!(plain.contains("could not be had"), "{plain}");
    let shell = "env CDPATH=. SHELLOPTS=noclobber POSIXLY_CORRECT=1 GREP_OPTIONS=-v 'BASH_FUNC_cut%%=() { false; }'";
    assert_eq!(said(shell, "scripts/fetch-data"), plain);
    if folder.run("git --version").status.success() {
        folder.ok("git init -q from; cp -r scripts data .gitattributes from; cd from; git add .
             git -c user.name=n -c user.email=e commit -q -m all; cd ..
             git clone -q -c core.autocrlf=true from windows");
        assert_eq!(said("", "windows/scripts/fetch-data"), plain);
    } else {
        common::skipped("a checkout by Git for Windows, since git is missing");
    }
    // A login node belongs to all: what a cluster's tasks share takes two jobs there.
    folder.ok(
        "mkdir bin; printf '#!/bin/sh\\necho \"$@\" > said; exit 1\\n' > bin/make; cp bin/make bin/sbatch; chmod +x bin/*",
    );
    for (argument, jobs) in
        [("", "-j2 inputs"), ("-j7", "-j7 inputs"), ("sweep", "-j2 sweep-inputs")]
    {
        folder.run(&format!("PATH=$PWD/bin:$PATH scripts/slurm-array {argument} SEEDS=1"));
        let said = fs::read_to_string(folder.path("said")).unwrap();
        assert!(said.starts_with(jobs) && said.ends_with("SEEDS=1\n"), "{argument}: {said}");
    }
}

#[test]
fn clean_removes_what_make_made_and_nothing_else() {
    let project = Project::new();
    let notes = [
        "kept/notes.txt",
        "kept/tiny/notes.txt",
        "kept/tiny/mine-1/spectrum.npy",
        "kept/tiny/local/seed-1/notes.txt",
        "kept/tiny/local/seed-1/clean/notes.txt",
        "kept/tiny/backprop/seed-1/notes.txt",
        "kept/tiny/figures/mine.svg",
        "kept/other/table.csv",
        "kept/sweep/notes.txt",
    ];
    for note in notes {
        fs::create_dir_all(project.0.path(note).parent().unwrap()).unwrap();
        fs::write(project.0.path(note), "mine").unwrap();
    }
    project.make("SNAPSHOTS=1 OUT=kept");
    let sweep = "WIDTHS=6 DEPTHS=1 RULES=local ATTACKS=gauss CONTROLS= SUBSETS= SNAPSHOTS=";
    project.make(&format!("sweep {sweep} OUT=kept"));
    project.make("data OUT=kept/quick");
    // Of other settings, and what a make that was killed leaves.
    project.make("RULES=local ATTACKS=gauss SIGMAS=0.7 CONTROLS= OUT=kept");
    project.0.ok("cd kept/tiny; touch local/seed-1/fgsm-0.1/.x.host-1-2.part data/.x.npy.abc.tmp
                  mkdir local/seed-1/.model.abc.tmp; touch local/seed-1/.model.abc.tmp/w1.npy");
    project.make("clean OUT=kept");
    let mut left: Vec<PathBuf> =
        common::files(&project.0.path("kept")).into_iter().map(|(path, _)| path).collect();
    left.sort();
    let mut expected: Vec<PathBuf> =
        notes.iter().map(|note| PathBuf::from(note.strip_prefix("kept/").unwrap())).collect();
    expected.sort();
    assert_eq!(left, expected);
    // The folder of the project itself, and one in which there is nothing else.
    let before = project.0.files();
    for out in [".", "alone"] {
        project.make(&format!("RULES=local ATTACKS=gauss CONTROLS= OUT={out}"));
        project.make(&format!("clean OUT={out}"));
    }
    assert_eq!(project.0.files(), before);
    assert!(!project.0.path("alone").exists());
}

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
fn tools_are_installed_and_removed_and_nobodys_are_overwritten() {
    let project = Project::new();
    project.make("install PREFIX=there");
    project.make("install PREFIX=there");
    let version = project.0.ok("there/bin/fit-powerlaw --version");
    assert!(version.starts_with(b"fit-powerlaw "));
    for tool in common::TOOLS {
        for (form, file) in [
            ("man", format!("man/man1/{tool}.1")),
            ("bash", format!("bash-completion/completions/{tool}")),
            ("zsh", format!("zsh/site-functions/_{tool}")),
            ("fish", format!("fish/vendor_completions.d/{tool}.fish")),
        ] {
            project.0.ok(&format!("{tool} --generate {form} | cmp - there/share/{file}"));
        }
    }
    let overview = project.0.ok("cat there/share/man/man1/local-errors.1");
    for tool in common::TOOLS {
        let name = tool.replace('-', "\\-");
        let line = format!("\n.B {name}\n");
        assert!(String::from_utf8_lossy(&overview).contains(&line), "{tool}");
    }
    // As a package is built: elsewhere, for everyone to read whatever the umask.
    let staged = format!("umask 077; {}", Project::line("install PREFIX=/opt/le DESTDIR=staged"));
    project.0.run(&staged);
    let modes = project.0.ok("find staged -printf '%m %y\\n' | sort -u");
    assert_eq!(String::from_utf8_lossy(&modes), "644 f\n755 d\n755 f\n");
    let list = project.0.bytes("staged/opt/le/share/local-errors/installed");
    assert!(list.starts_with(b"/opt/le/bin/"));
    project.make("uninstall PREFIX=/opt/le DESTDIR=staged");
    assert!(common::files(&project.0.path("staged")).is_empty());
    // And local-errors(1), and the list of them.
    let files = common::files(&project.0.path("there"));
    assert_eq!(files.len(), 5 * common::TOOLS.len() + 2);
    project.make("uninstall PREFIX=there");
    assert!(common::files(&project.0.path("there")).is_empty());
    for file in ["there/bin/train", "there/share/man/man1/train.1"] {
        fs::write(project.0.path(file), "a model railway").unwrap();
        let output = project.run("install PREFIX=there");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(stderr.contains(&format!("{file} is there and not ours")), "{stderr}");
        assert_eq!(common::files(&project.0.path("there")).len(), 1);
        fs::remove_file(project.0.path(file)).unwrap();
    }
}

/// doc/extending.md replaces a stage by a NumPy script: what it shows works.
#[test]
#[ignore = "needs PYTHON, one that has NumPy"]
fn the_numpy_stage_of_the_documentation_gives_the_same_exponents() {
    let page = common::page("doc/extending.md");
    let blocks = common::blocks(common::section(&page, "Replace a stage"));
    let [("python", script), ("bash", _)] = blocks[..] else { unreachable!("{blocks:?}") };
    let project = Project::new();
    fs::write(project.0.path("spectrum.py"), script).unwrap();
    let python = std::env::var("PYTHON").unwrap();
    project.make("");
    project.make(&format!("OUT=swapped spectrum='{python} spectrum.py'"));
    let alphas = |out: &str| -> Vec<f64> {
        column(&project.table(out), "alpha", &[])
            .iter()
            .map(|alpha| alpha.parse().unwrap())
            .collect()
    };
    let (ours, numpys) = (alphas("out"), alphas("swapped"));
    assert_eq!(ours.len(), numpys.len());
    for (ours, numpys) in ours.into_iter().zip(numpys) {
        assert!((ours - numpys).abs() < 1e-6, "{ours} and {numpys}");
    }
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
        ("OUT='a b'", "OUT must be a folder, its name of letters"),
        ("OUT=", "OUT must be a folder, its name of letters"),
        ("OUT=run-12:30", "OUT must be a folder, its name of letters"),
        ("OUT=lr=0.1,bs=64", "OUT must be a folder, its name of letters"),
        ("OUT='out*'", "OUT must be a folder, its name of letters"),
        ("OUT=-o", "OUT must be a folder, its name of letters"),
        ("DATA_DIR='di gits'", "DATA_DIR must be a folder, its name of letters"),
        ("SCRATCH='a:b'", "SCRATCH must be a folder, its name of letters"),
        ("install PREFIX='my tools'", "PREFIX must be a folder, its name of letters"),
        (
            "DATASET='tiny tiny'",
            "DATASET has a bad value: tiny tiny (expected a name such as mnist",
        ),
        ("DATA_DIR=nowhere", "nowhere/train-images-idx3-ubyte.gz is missing"),
    ] {
        let output = project.run(arguments);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments}: {stderr}");
        assert!(stderr.contains(words), "{arguments}: {stderr}");
    }
    let help = project.make("help");
    assert!(help.contains("\n  all                the study"), "{help}");
    assert!(help.lines().all(|line| line.len() < 80), "{help}");
}
