//! `make reconstructions`.

use crate::common::project::Project;

#[test]
fn reconstructions_are_a_study_with_a_page_of_verdicts() {
    let project = Project::new();
    let line = "reconstructions SEEDS='1 2' EPOCHS=1 WIDE=16,16 \
                RULES='relu-sgd-joint tanh-adam-sequential shifted-tanh-adam-sequential-wide' \
                ATTACKS='gauss fgsm-float32-clipped' SIGMAS='0.5 1 2 4' EPSILONS='0.1 0.2'";
    let said = project.make(line);
    let page = "out/reconstructions/tiny/reconstructions.html";
    assert!(said.contains(&format!("which claims hold whatever one chooses: {page}")), "{said}");
    let read = |file: &str| String::from_utf8(project.0.bytes(file).0).unwrap();
    let text = read(page);
    for words in [
        "Verdict by reconstruction",
        "What each claim hangs on",
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
