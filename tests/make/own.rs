//! Attacks, rules and stages that a user adds or swaps.

use std::{collections::BTreeSet, fs};

use super::column;
use crate::common::{
    self,
    project::{Project, Recipe, recipes},
};

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
    assert!(again.contains("mine") && !again.contains("local"), "{again:?}");
    fs::write(
        project.0.path("own.mk"),
        "ATTACKS += mine\nmine = bash mine.sh $(strength)\nmine.strengths = 0.5\n",
    )
    .unwrap();
    project.make("OUT=added RULES=local");
    let added = column(&project.table("added"), "alpha", &["tiny,local,1,,mine,0.5,"]);
    assert_eq!(added.len(), 4);
    // A rule that copies a network from elsewhere. Its model.json has only the four keys that are read.
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
        let names = of_attack.map(|claim| claim["claim"].as_str().unwrap());
        names.filter(|name| !name.ends_with("-at-strength")).collect::<BTreeSet<_>>()
    };
    assert_eq!(of("gaussian-blur"), BTreeSet::from(["C1"]));
    assert_eq!(of("mine-clipped"), BTreeSet::from(["C1", "C2"]));
    assert_eq!(of("gauss"), BTreeSet::from(["C1", "C2"]));
    // The first rule that is no control is what the study is about, backprop and local are not.
    let verdicts: Vec<&str> = said.lines().filter(|line| line.starts_with('C')).collect();
    let begins =
        ["C1 hebb, gaussian-blur:", "C1 hebb, mine-clipped:", "C2 hebb, mine-clipped:", "C3 hebb:"];
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
    for words in [
        "PGD, exact gradient",
        "FGSM on another seed's network",
        "along the strengths of BIM, exact gradient <span",
    ] {
        assert!(page.contains(words), "{words}");
    }
    // With a third seed the second has another next one, and the first has not.
    let made = recipes(&project.make(&with("1 2 3", "-n")));
    let attacks = |network: &str| {
        let source = format!("out/tiny/local/{network}/model");
        let levels = made.iter().filter(|recipe| {
            recipe.runs.contains(&"fgsm-transfer".to_owned())
                && recipe.value("strength") == "0.1"
                && recipe.value("source") == source
        });
        let folder =
            |recipe: &Recipe| recipe.value("target").rsplit_once('/').unwrap().0.to_owned();
        levels.map(folder).collect::<Vec<_>>()
    };
    assert_eq!(attacks("seed-1"), ["out/tiny/local/seed-3/fgsm-transfer-0.1"]);
    assert!(attacks("seed-3").contains(&"out/tiny/local/seed-2/fgsm-transfer-0.1".into()));
    assert!(attacks("seed-2").is_empty());
    project.make(&with("1 2 3", ""));
    project.make(&with("1 2", ""));
    assert_eq!(project.table("out"), table);
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
