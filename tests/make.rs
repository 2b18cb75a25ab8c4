//! The study's Makefile, on a miniature, with the tools of this build.

#![allow(clippy::unwrap_used)] // a test that cannot go on has failed
#![allow(clippy::too_many_lines)] // lists of cases

mod common;

use std::{
    collections::BTreeSet,
    fs,
    io::Write,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    thread::sleep,
    time::Duration,
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
    assert!(said.contains("trained local/seed-2/model"), "{said}");
    assert!(said.contains("36 levels in out/tiny/table.csv"), "{said}");
    assert!(
        said.contains("C2 local: under gauss, accuracy against alpha is monotonic: undecided"),
        "{said}"
    );
    assert!(project.is_up_to_date(""));
    assert!(project.is_up_to_date("THREADS=2 RUN=nice"));
    assert_eq!(project.would_run(""), set(&[]));
    project.make("-j2 THREADS=2 OUT=other");
    for file in [
        "table.csv",
        "summary.csv",
        "claims.jsonl",
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
                  participation_ratio,effective_rank,zero_gradient_images,zero_sign_pixels,max_change,warnings";
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
        set(&["fit-powerlaw", "tabulate", "claims", "report"])
    );
    assert_eq!(project.would_run("SEEDS=1"), set(&["claims", "tabulate", "report"]));
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
            "report"
        ])
    );
    assert!(project.would_run("EPOCHS=3").contains("train"));
    let append = |file: &str| {
        let mut source = fs::OpenOptions::new().append(true).open(project.0.path(file)).unwrap();
        source.write_all(b"// changed\n").unwrap();
    };
    let restore = |file: &str| {
        fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join(file), project.0.path(file)).unwrap();
    };
    project.0.ok("touch src/linalg.rs src/bin/train.rs");
    assert_eq!(project.would_run(""), set(&[]));
    for (file, runs, rests) in [
        ("src/spectrum/mod.rs", "spectrum", "train"),
        ("src/powerlaw/mod.rs", "fit-powerlaw", "spectrum"),
        ("src/attack/fgsm.rs", "attack-fgsm", "attack-gauss"),
        ("src/attack/gauss.rs", "attack-gauss", "attack-fgsm"),
        ("src/table.rs", "tabulate", "fit-powerlaw"),
        ("src/bin/train.rs", "train", "import-idx"),
    ] {
        append(file);
        let would_run = project.would_run("");
        assert!(would_run.contains(runs), "{file}: {would_run:?}");
        assert!(!would_run.contains(rests) || runs == "train", "{file}: {would_run:?}");
        restore(file);
    }
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
    for file in ["table.csv", "claims.jsonl", "report.html"] {
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
    assert_eq!(project.would_run(""), set(&["claims", "tabulate", "report"]));
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
fn an_attack_may_take_its_gradient_from_the_next_seeds_network() {
    let project = Project::new();
    let with = |seeds: &str, more: &str| {
        format!(
            "RULES='local backprop' CONTROLS= SUBSETS= SNAPSHOTS=1 SEEDS='{seeds}' \
             ATTACKS='fgsm pgd fgsm-transfer' {more}"
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
                ("pgd", "attack-pgd", seed),
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
    for words in ["PGD, exact gradient", "FGSM on another seed's network", "FGSM transferred"] {
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

#[test]
fn a_folder_of_arrays_is_a_data_set() {
    let project = Project::new();
    fs::create_dir_all(project.0.path("data/mine")).unwrap();
    for (set, samples) in [("train", 300), ("test", 200)] {
        let (x, y) = common::data(samples, 64);
        let x = x.into_shape_with_order((samples, 8, 8)).unwrap();
        project.0.write(&format!("data/mine/{set}-images.npy"), &x);
        project.0.write(&format!("data/mine/{set}-labels.npy"), &y.mapv(i64::from));
    }
    let line = Project::line("DATASET=mine").replace("DATA_DIR=digits", "");
    let output = project.0.run(&line);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let table = String::from_utf8(project.0.bytes("out/mine/table.csv").0).unwrap();
    let accuracy = column(&table, "accuracy", &["mine,backprop,1,,clean,0,2,"]);
    assert!(accuracy[0].parse::<f64>().unwrap() > 0.5, "{accuracy:?}");
    let model = project.0.bytes("out/mine/local/seed-1/model/model.json");
    let model: serde_json::Value = serde_json::from_slice(&model).unwrap();
    assert_eq!((&model["sizes"][0], &model["classes"]), (&64.into(), &3.into()));
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
    // And the list of them.
    let files = common::files(&project.0.path("there"));
    assert_eq!(files.len(), 5 * common::TOOLS.len() + 1);
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

/// README shows a stage swapped for a NumPy script: what it shows works.
#[test]
#[ignore = "needs PYTHON, one that has NumPy"]
fn the_numpy_stage_of_the_readme_gives_the_same_exponents() {
    let readme =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let script = readme.split("```python\n").nth(1).unwrap().split("```").next().unwrap();
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
        ("CONTROLS=mine", "mine is named but no variable mine"),
        ("SIGMAS=0,1", "SIGMAS has a bad value: 0,1"),
        ("EPSILONS=-0.1", "EPSILONS has a bad value: -0.1"),
        ("RANKS=1:50", "RANKS has a bad value: 1:50"),
        ("HIDDEN=20,30", "HIDDEN has a bad value: 20,30 (expected layers of one width"),
        ("EPOCHS=few", "EPOCHS has a bad value: few"),
        ("THREADS=-1", "THREADS has a bad value: -1"),
        ("ATTACKS='gauss mine'", "mine is named but no variable mine holds its command"),
        ("ATTACKS=fgsm-transfer SEEDS=7", "SEEDS must be two or more, found 7"),
        ("ATTACKS=mine mine=cat", "mine has no strengths: set mine.strengths"),
        ("ATTACKS=clean", "ATTACKS has a bad value: clean"),
        ("TRAIN_SAMPLES=-1", "TRAIN_SAMPLES has a bad value: -1"),
        ("sweep WIDTHS=wide", "WIDTHS has a bad value: wide"),
        ("sweep DEPTHS=", "DEPTHS is empty"),
        ("sweep TRAIN_SIZES=all", "TRAIN_SIZES has a bad value: all"),
        ("OUT='a b'", "OUT must be a name without spaces"),
        ("DATA_DIR=nowhere", "nowhere/t10k-images-idx3-ubyte.gz is missing"),
    ] {
        let output = project.run(arguments);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments}: {stderr}");
        assert!(stderr.contains(words), "{arguments}: {stderr}");
    }
    assert!(project.make("help").contains("all: the study"));
}

/// The lists of sources in the Makefile are what the sources use.
#[test]
fn each_stage_lists_the_sources_its_tool_uses() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for tool in common::TOOLS {
        let show = format!("include Makefile\nshow: ; echo $(lib.{tool})\n");
        let folder = Folder::new();
        fs::write(folder.path("show.mk"), show).unwrap();
        let line =
            format!("cd {} && make -f {} show", root.display(), folder.path("show.mk").display());
        let listed = String::from_utf8(folder.ok(&line).0).unwrap();
        let listed: BTreeSet<String> = listed.split_whitespace().map(Into::into).collect();
        let mut used = BTreeSet::from(["Cargo.lock".into()]);
        follow(root, &format!("src/bin/{tool}.rs"), &mut used);
        used.remove(&format!("src/bin/{tool}.rs"));
        assert_eq!(listed, used, "{tool}");
    }
}

/// Add `file` and all modules it names: by `use`, by a path, or as a private part.
fn follow(root: &Path, file: &str, used: &mut BTreeSet<String>) {
    if !used.insert(file.into()) {
        return;
    }
    let text = fs::read_to_string(root.join(file)).unwrap();
    let code = text.split("#[cfg(test)]").next().unwrap();
    let module = |path: &str| {
        let candidates = [format!("src/{path}.rs"), format!("src/{path}/mod.rs")];
        candidates.into_iter().find(|file| root.join(file).is_file())
    };
    let mut found = Vec::new();
    for path in paths(code) {
        // The longest part of a path that is a file; the others are items in it.
        let parts: Vec<&str> = path.split("::").filter(|part| !part.is_empty()).collect();
        for end in 1..=parts.len() {
            found.extend(module(&parts[..end].join("/")));
        }
        if ["Error", "Result", "Kind"].iter().any(|name| parts.first() == Some(name)) {
            found.push("src/error.rs".into());
        }
    }
    let folder = Path::new(file).parent().unwrap().display().to_string();
    let parts = code.lines().filter_map(|line| line.strip_prefix("mod ")?.strip_suffix(';'));
    // The parts of `a/mod.rs` are in `a`, and so are those of `a.rs`.
    let below = file.strip_suffix("/mod.rs").or(file.strip_suffix(".rs")).unwrap();
    found.extend(parts.map(|part| format!("{below}/{part}.rs")));
    for (place, name) in code.match_indices("include_str!(\"") {
        let file = code[place + name.len()..].split('"').next().unwrap();
        used.insert(file.strip_prefix("../").map_or(format!("{folder}/{file}"), Into::into));
    }
    for file in found {
        follow(root, &file, used);
    }
}

/// The paths below `crate::` or `local_errors::`, nested braces written out.
fn paths(code: &str) -> Vec<String> {
    let mut paths = Vec::new();
    for start in ["crate::", "local_errors::"] {
        for (place, _) in code.match_indices(start) {
            let rest = &code[place + start.len()..];
            expand("", rest, &mut paths);
        }
    }
    paths
}

fn expand(prefix: &str, text: &str, paths: &mut Vec<String>) {
    let end =
        text.find(|c: char| !c.is_alphanumeric() && c != '_' && c != ':').unwrap_or(text.len());
    let (head, rest) = text.split_at(end);
    let Some(inside) = rest.strip_prefix('{') else {
        return paths.push(format!("{prefix}{head}").trim_end_matches("::self").into());
    };
    let (mut depth, mut item) = (0, 0);
    for (place, c) in inside.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                expand(&format!("{prefix}{head}"), inside[item..place].trim(), paths);
                item = place + 1;
                if c == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
}
