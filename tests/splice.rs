//! scripts/splice: what the tools and the files of a study say, copied into README.md and doc/.

use std::fs;

use crate::common::{Folder, page, section, skipped};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// A copy of the scripts and the pages.
fn project() -> Folder {
    let folder = Folder::new();
    folder.ok(&format!("cp -r {ROOT}/scripts {ROOT}/doc {ROOT}/README.md ."));
    folder
}

fn splice(folder: &Folder) -> String {
    String::from_utf8(folder.ok("scripts/splice out").0).unwrap()
}

#[test]
fn the_tools_in_the_readme_are_listed_as_they_describe_themselves() {
    let folder = project();
    let readme = page("README.md");
    let listed = folder.ok("scripts/list-tools markdown").text();
    assert!(
        section(&readme, "The tools").contains(&format!("\n{listed}<!-- end -->\n")),
        "{listed}"
    );
    // What stands in the region is replaced, and nothing else changes.
    let emptied = readme.replace(&listed, "an old list\n");
    assert_ne!(emptied, readme);
    fs::write(folder.path("README.md"), emptied).unwrap();
    assert!(splice(&folder).contains("README.md: changed\n"));
    assert_eq!(folder.bytes("README.md").text(), readme);
}

#[test]
fn a_second_splice_changes_nothing_and_what_has_no_source_stays() {
    let folder = project();
    let said = splice(&folder);
    assert!(said.contains("doc/results.md: clean stays: "), "{said}");
    assert!(!said.contains("changed"), "{said}");
    let before = folder.files();
    assert_eq!(splice(&folder), said);
    assert!(folder.files() == before);
    assert_eq!(folder.bytes("doc/results.md").text(), page("doc/results.md"));
}

#[test]
fn a_region_without_an_end_is_refused() {
    let folder = project();
    fs::write(folder.path("README.md"), "<!-- splice: tools -->\nand then nothing\n").unwrap();
    let message = folder.fails(1, "scripts/splice out");
    assert_eq!(message, "splice: README.md: tools has no end");
}

#[test]
fn the_tables_have_the_numbers_of_the_study() {
    let folder = project();
    if !folder.run("command -v python3").status.success() {
        return skipped("python3 is missing: the tables of scripts/splice were not tested");
    }
    let study = r#"{"ranks":["1-50"],"attacks":[],"rules":[]}"#;
    // Two layers, the second first; and rows of another rule, attack and range of ranks.
    let summary = "\
dataset,rule,epoch,attack,strength,layer,method,rank_first,rank_last,accuracy_mean,accuracy_sd,dead_mean,dead_sd,alpha_mean,alpha_sd,r2_mean,r2_sd,participation_ratio_mean,participation_ratio_sd
mnist,local,,clean,0,2,ols,1,50,0.987,0.001,12,1.6,2.5,0.25,0.9,0.01,7.26,0.5
mnist,local,,clean,0,1,ols,1,50,0.976,0.0021,0,0,1.484,0.0149,0.96,0.002,13.06,0.44
mnist,backprop,,clean,0,1,ols,1,50,0.1,0.1,9,9,9,9,9,9,9,9
mnist,local,,clean,0,1,ols,1,20,0.1,0.1,9,9,9,9,9,9,9,9
mnist,local,,gauss,1,1,ols,1,50,0.1,0.1,9,9,9,9,9,9,9,9
mnist,local,5,clean,0,1,ols,1,50,0.1,0.1,9,9,9,9,9,9,9,9
";
    fs::create_dir_all(folder.path("out/mnist")).unwrap();
    fs::write(folder.path("out/mnist/study.json"), study).unwrap();
    fs::write(folder.path("out/mnist/summary.csv"), summary).unwrap();
    fs::write(folder.path("out/mnist/claims.jsonl"), "").unwrap();
    let said = splice(&folder);
    assert!(said.contains("doc/results.md: changed"), "{said}");
    assert!(said.contains("attacked stays: the study has no local gauss 0.5"), "{said}");
    let results = folder.bytes("doc/results.md").text();
    let table = "\
| layer | 1 | 2 |
|---|---|---|
| accuracy, % | 97.60 ± 0.21 | 98.70 ± 0.10 |
| alpha, ranks 1-50 | 1.48 ± 0.01 | 2.50 ± 0.25 |
| r² of that fit | 0.96 ± 0.00 | 0.90 ± 0.01 |
| participation ratio | 13.1 ± 0.4 | 7.3 ± 0.5 |
| units with one value on all test images | 0 ± 0 | 12 ± 2 |
";
    assert!(
        results.contains(&format!("<!-- splice: clean -->\n{table}<!-- end -->\n")),
        "{results}"
    );
    assert!(splice(&folder).lines().all(|line| !line.contains("changed")));
}

#[test]
fn the_tables_of_speed_are_of_their_vendor() {
    let folder = project();
    if !folder.run("command -v python3").status.success() {
        return skipped("python3 is missing: the tables of scripts/splice were not tested");
    }
    let head =
        "| work | threads | ours, s | peer, s | ours over the peer's (least-most) | of the limit |
|---|---|---|---|---|---|";
    let table = format!(
        "Some Intel processor, 2 cores; medians of 7 rounds in turns

{head}
| epoch, width 9, batch 8 | 1 | sparse 0.400 | PyTorch autograd 1.000 | 0.40 (0.39-0.41) | 0.91 f32 |
| epoch, width 9, batch 8 | 1 | sparse 0.400 | PyTorch by hand 0.800 | 0.50 (0.49-0.51) | 0.91 f32 |
| epoch, width 9, batch 8 | 1 | dense 0.600 | PyTorch autograd 1.000 | 0.60 (0.59-0.61) | 0.71 f32 |
| epoch, width 9, batch 8 | 1 | dense 0.600 | PyTorch by hand 0.800 | 0.75 (0.74-0.76) | 0.71 f32 |
| forward | 2 | ours 0.040 | PyTorch 0.050 | 0.80 (0.70-0.90) | 0.63 f32 |
| write | 1 | ours, to the disk 0.2 | NumPy, not waiting 0.1 | 2.00 (1.90-2.10) | – |
"
    );
    let study = format!(
        "Some Intel processor\n\n{head}\n| the study | 2 | make -j2 91.02 | PyTorch script 300.1 | 0.30 (0.30-0.30) | – |\n"
    );
    let regions = ["training-AMD", "work-AMD", "training-Intel", "work-Intel"]
        .map(|name| format!("<!-- splice: {name} -->\nas it was\n<!-- end -->\n"));
    fs::write(folder.path("doc/performance.md"), regions.concat()).unwrap();
    fs::create_dir_all(folder.path("target/peers")).unwrap();
    fs::write(folder.path("target/peers/table.md"), table).unwrap();
    fs::write(folder.path("target/peers/study.md"), study).unwrap();
    let said = splice(&folder);
    assert!(said.contains("work-AMD stays: target/peers/table.md was not measured on"), "{said}");
    let of = |page: &str, name: &str| {
        let start = page.find(&format!("<!-- splice: {name} -->")).unwrap();
        page[start..].split_once("<!-- end -->").unwrap().0.to_owned()
    };
    let performance = folder.bytes("doc/performance.md").text();
    assert!(of(&performance, "work-AMD").ends_with("as it was\n"), "{performance}");
    let training = of(&performance, "training-Intel");
    assert!(
        training
            .contains("| width 9, batch 8 | 1 | 0.400, 0.600 | 0.71 | 0.40, 0.60 | 0.50, 0.75 |\n"),
        "{training}"
    );
    assert_eq!(
        of(&performance, "work-Intel"),
        "<!-- splice: work-Intel -->
| work | threads | ours, s | peer | ratio | of the limit |
|---|---|---|---|---|---|
| forward | 2 | 0.040 | PyTorch | 0.80 | 0.63 f32 |
| the study | 2 | 91 | PyTorch script | 0.30 | – |
"
    );
}
