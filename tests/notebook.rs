//! doc/notebook.md: its blocks are a session, which reads and draws what stands in a study's files.
//!
//! `PYTHON=python3 cargo test --test tests notebook:: -- --ignored --nocapture`

use std::fs;

use crate::common::{blocks, page, project::Project};

#[test]
#[ignore = "needs PYTHON, one that has NumPy, pandas and Matplotlib"]
fn the_session_reads_and_draws_what_stands_in_the_files() {
    let page = page("doc/notebook.md");
    let blocks = blocks(&page).into_iter().filter(|(language, _)| *language == "python");
    let session: String = blocks.map(|(_, text)| text).collect();
    let project = Project::new();
    project.make(
        "quick DATASET=digits DRAWN='600 300' SEEDS='1 2 3 4 5' RULES=local ATTACKS='gauss fgsm' CHECKS=pgd \
         EPSILONS='0.05 0.1 0.15 0.2'",
    );
    fs::write(project.0.path("session.py"), session + include_str!("notebook/check.py")).unwrap();
    let python = std::env::var("PYTHON").unwrap();
    let output = project.0.run(&format!("MPLBACKEND=Agg {python} session.py"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
