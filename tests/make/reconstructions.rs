//! `make reconstructions`.

use serde_json::Value;

use super::unwrapped;
use crate::common::project::Project;

#[test]
fn reconstructions_are_a_study_with_a_page_of_verdicts() {
    let project = Project::new();
    let line = "reconstructions SEEDS='1 2' EPOCHS=1 WIDE=16,16 \
                RULES='relu-sgd-joint tanh-adam-sequential shifted-tanh-adam-sequential-wide' \
                ATTACKS='gauss fgsm-float32-clipped' SIGMAS='0.5 1 2 4' EPSILONS='0.1 0.2'";
    let said = project.make(line);
    let page = "out/reconstructions/tiny/reconstructions.html";
    let words = format!("which claims hold whatever one chooses: {page}");
    assert!(unwrapped(&said).contains(&words), "{said}");
    let read = |file: &str| String::from_utf8(project.0.bytes(file).0).unwrap();
    let text = read(page);
    for words in [
        "Verdict by reconstruction",
        "What each claim depends on",
        "<td>ReLU, sgd, joint</td>",
        "<td>(1 + tanh)/2, Adam, sequential, wide</td>",
        "<span>FGSM, float32, clipped</span>",
        "C2 (1–8)",
    ] {
        assert!(text.contains(words), "{words}");
    }
    assert!(!text.contains("NaN"));
    let survival = read("out/reconstructions/tiny/survival.csv");
    let header =
        "claim,attack,method,rank_first,rank_last,decided,in_all_layers,in_some_layer,separating\n";
    assert!(
        survival.starts_with(header) && survival.contains("\nC2,gauss,ols,1,8,0,0,0,\n"),
        "{survival}"
    );
    assert!(project.0.path("out/reconstructions/tiny/figures/reconstructions.svg").is_file());
    // Each learns as it says.
    for (rule, activation, schedule, sizes) in [
        ("relu-sgd-joint", "relu", "joint", "[36,12,12]"),
        ("tanh-adam-sequential", "tanh", "sequential", "[36,12,12]"),
        ("shifted-tanh-adam-sequential-wide", "shifted-tanh", "sequential", "[36,16,16]"),
    ] {
        let model = read(&format!("out/reconstructions/tiny/{rule}/seed-1/model/model.json"));
        for words in [
            format!("\"activation\":\"{activation}\""),
            format!("\"schedule\":\"{schedule}\""),
            format!("\"sizes\":{sizes}"),
        ] {
            assert!(model.contains(&words), "{rule}: {model}");
        }
    }
    let again = project.make(line);
    assert!(again.contains("nothing to do") && !again.contains("which claims"), "{again}");
    // In parts, as on a cluster.
    let apart = line.replacen("reconstructions", "", 1) + " OUT=apart";
    project.make(&format!("reconstructions-inputs {apart}"));
    let tasks = project.make(&format!("reconstructions-tasks {apart}"));
    for task in tasks.lines() {
        project.make(&format!("{task} {apart}"));
    }
    project.make(&format!("reconstructions {apart}"));
    let table = |out: &str| read(&format!("{out}/reconstructions/tiny/table.csv"));
    assert_eq!(table("apart"), table("out"));
}

/// Each habit of public code changes what it says, and nothing else that is measured of its network.
#[test]
fn habits_of_public_code_are_reconstructions() {
    let project = Project::new();
    let rules = [
        "relu-adam-joint",
        "tanh-adam-joint-centred",
        "relu-adam-joint-correct",
        "relu-adam-sequential-seen",
        "shifted-tanh-adam-joint-no-bias",
    ];
    project.make(&format!(
        "reconstructions SEEDS=1 SAMPLES=150 RULES='{}' ATTACKS='gauss fgsm' EPSILONS=0.1",
        rules.join(" ")
    ));
    let study = "out/reconstructions/tiny";
    let read =
        |file: &str| String::from_utf8(project.0.bytes(&format!("{study}/{file}")).0).unwrap();
    let model = |rule: &str| read(&format!("{rule}/seed-1/model/model.json"));
    assert!(model("tanh-adam-joint-centred").contains("\"pixel_range\":[-1.0,1.0]"));
    assert!(model("shifted-tanh-adam-joint-no-bias").contains("\"bias\":false"));

    // Of the clean images that are left, all are classified correctly, and they are those that were.
    let last = |rule: &str, level: &str| {
        let lines = read(&format!("{rule}/seed-1/{level}/accuracy.jsonl"));
        serde_json::from_str::<Value>(lines.lines().last().unwrap()).unwrap()
    };
    let all = last("relu-adam-joint", "clean");
    assert_eq!(all["samples"], 150);
    for level in ["clean", "fgsm-0.1", "gauss-0.5"] {
        let left = last("relu-adam-joint-correct", level);
        assert_eq!(left["samples"], all["correct"], "{level}");
        assert_eq!(left["correct"] == left["samples"], level == "clean", "{left}");
    }

    // The spectra are those of training images, and the accuracy is that of test images.
    let folder = format!("{study}/relu-adam-sequential-seen/seed-1");
    let attack = "attack-fgsm --epsilon 0.1 --samples 150 --quiet";
    for (level, images) in [
        ("clean", "attack-gauss --sigma 0 --samples 150 --quiet".to_owned()),
        ("gauss-0.5", "attack-gauss --sigma 0.5 --samples 150 --seed 1 --quiet".to_owned()),
        (
            "fgsm-0.1",
            format!("{attack} --model {folder}/model --labels {study}/data/train-labels.npy"),
        ),
    ] {
        let spectrum = format!(
            "{images} {study}/data/train-images.npy | extract-activations --model {folder}/model --quiet | \
             spectrum --quiet > expected.npy; cmp expected.npy {folder}/{level}/spectrum.npy"
        );
        project.0.ok(&spectrum);
        assert_eq!(last("relu-adam-sequential-seen", level)["samples"], 150);
    }
    let tests = format!(
        "accuracy --model {folder}/model --labels {study}/data/test-labels.npy --samples 150 --quiet \
         {study}/data/test-images.npy | cmp - {folder}/clean/accuracy.jsonl"
    );
    project.0.ok(&tests);
}
