//! A file of a study in the place of another one: named, with the one that is wanted.

use std::fs;

use crate::common::{Folder, project::Project};

/// The files that the tools write, with the names by which messages call them.
const FILES: [(&str, &str); 19] = [
    ("table.csv", "table.csv"),
    ("summary.csv", "summary.csv"),
    ("sweep.csv", "the table.csv of a sweep"),
    ("sweep-summary.csv", "summary.csv"),
    ("survival.csv", "survival.csv"),
    ("estimators.csv", "estimators.csv"),
    ("claims.jsonl", "claims.jsonl"),
    ("choices.jsonl", "choices.jsonl"),
    ("checks.jsonl", "checks.jsonl"),
    ("study.json", "study.json"),
    ("model.json", "model.json"),
    ("history.jsonl", "history.jsonl"),
    ("accuracy.jsonl", "accuracy.jsonl"),
    ("probe.jsonl", "probe.jsonl"),
    ("alpha.jsonl", "alpha.jsonl"),
    ("classes.jsonl", "classes.jsonl"),
    ("displacement.jsonl", "displacement.jsonl"),
    ("dimension.jsonl", "dimension.jsonl"),
    ("audit.json", "audit.json"),
];

/// The tools that read such files, where FILE stands for one: which they want, and what they say then.
const READERS: [(&str, &str, &str); 7] = [
    ("claims FILE", "table.csv", "table.csv, which tabulate writes"),
    (
        "report --table FILE --claims claims.jsonl .",
        "table.csv",
        "table.csv, which tabulate writes",
    ),
    ("report-sweep FILE", "sweep.csv", "the table.csv of a sweep, which tabulate --sweep writes"),
    (
        "report --table table.csv --claims FILE .",
        "claims.jsonl",
        "claims.jsonl, which claims writes",
    ),
    (
        "report --table table.csv --claims claims.jsonl --choices FILE .",
        "choices.jsonl",
        "choices.jsonl, which claims --choices writes",
    ),
    (
        "report --table table.csv --claims claims.jsonl --checks FILE .",
        "checks.jsonl",
        "checks.jsonl, which claims --checks writes",
    ),
    ("tabulate --runs FILE", "", "lines of text"),
];

/// A folder with all these files, as a study makes them.
fn written() -> Folder {
    let project = Project::new();
    project.make("");
    project.0.ok(
        "mkdir all; cd all; study=../out/tiny network=../out/tiny/local/seed-1
         cp $study/{table.csv,summary.csv,claims.jsonl,checks.jsonl,study.json,choices.jsonl} .
         dimension -o dimension.jsonl $study/data/test-images.npy
         cp $network/model/{model.json,history.jsonl} $network/clean/{accuracy,alpha,classes}.jsonl .
         cp $study/backprop/seed-1/clean/probe.jsonl $network/fgsm-0.1/{displacement.jsonl,audit.json} .
         report-reconstructions --table table.csv --claims claims.jsonl --survival survival.csv $study > /dev/null
         validate --alphas 1 --samples 30 --draws 1 --units 6 --ranks 1-5 -o estimators.csv
         mkdir -p grid/train-all/width-12/depth-2; cp -r $study grid/train-all/width-12/depth-2
         sed 's|^out|grid/train-all/width-12/depth-2|' ../out/tiny/.stamps/runs |
           tabulate --sweep --summary sweep-summary.csv -o sweep.csv",
    );
    let folder = Folder::new();
    for (file, _) in FILES {
        fs::copy(project.0.path("all").join(file), folder.path(file)).unwrap();
    }
    folder
}

#[test]
fn a_file_in_the_place_of_another_is_named_with_the_one_that_is_wanted() {
    let folder = written();
    for (reader, wanted, expected) in READERS {
        for (file, name) in FILES {
            // More columns than those of a study are no mistake.
            if file == wanted || (wanted, file) == ("table.csv", "sweep.csv") {
                continue;
            }
            let line = reader.replace("FILE", file);
            let what = if file.ends_with("csv") { "columns" } else { "keys" };
            let said = folder.fails(1, &line);
            let expected = format!("{file}: has the {what} of {name} (expected {expected})");
            assert!(said.ends_with(&expected), "{line}: {said}");
        }
    }
    // Through a pipe, and where the wanted file is damaged.
    let said = folder.fails(1, "claims < summary.csv");
    assert!(said.starts_with("claims: stdin: has the columns of summary.csv (expected"), "{said}");
    let said = folder.fails(1, "sed s/,alpha,/,beta,/ table.csv | claims");
    assert!(said.ends_with("is not the table expected: it lacks the column alpha"), "{said}");
    let said = folder.fails(1, "report --table table.csv --claims <(head -c 900 claims.jsonl) .");
    assert!(said.contains("is not the JSON expected"), "{said}");
}
