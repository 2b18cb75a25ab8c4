//! `make sweep`.

use super::column;
use crate::common::project::{Project, SMALL};

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
fn what_a_sweep_would_do_can_be_asked_before_and_after() {
    let project = Project::new();
    let before = project.0.files();
    let sweep = |more: &str| format!("sweep {SMALL} WIDTHS='6 8' DEPTHS=1 {more}");
    let said = project.make(&format!("-n {}", sweep("")));
    for words in ["width-6/depth-1/tiny", "width-8/depth-1/tiny", "run local", "report-sweep"] {
        assert!(said.contains(words), "{words}: {said}");
    }
    let said = project.make(&format!("-n reconstructions {SMALL} RULES=relu-sgd-joint"));
    assert!(said.contains("run relu-sgd-joint") && said.contains("run reconstructed"), "{said}");
    let asked = |more: &str| project.run(&format!("-q {}", sweep(more))).status.code();
    assert_eq!(asked(""), Some(1));
    assert!(project.0.files() == before, "a question was answered by files");
    project.make(&sweep(""));
    let made = project.0.files();
    assert_eq!(asked(""), Some(0));
    // Another list of points, and other settings of a point.
    for more in [
        "WIDTHS='6 8 10'",
        "WIDTHS=6",
        "DEPTHS='1 2'",
        "TRAIN_SIZES=100",
        "RANKS=1-5",
        "EPOCHS=2",
        "SIGMAS=1",
    ] {
        assert_eq!(asked(more), Some(1), "{more}");
        project.make(&format!("-n {}", sweep(more)));
    }
    assert_eq!(asked(""), Some(0));
    assert!(project.0.files() == made, "a question was answered by files");
    // One point that was made with another setting.
    let point = "OUT=out/sweep/train-all/width-8/depth-1 DATA_DIR=out/sweep/tiny/data HIDDEN=8 TRAIN_SAMPLES=";
    project.make(&format!("{SMALL} {point} EPOCHS=2"));
    assert_eq!(asked(""), Some(1));
    project.make(&sweep(""));
    assert_eq!(asked(""), Some(0));
}
