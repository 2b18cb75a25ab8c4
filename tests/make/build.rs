//! The tools that make builds by cargo, with a stand-in for cargo on the PATH.

use std::{fs, process::Output};

use crate::common::{
    self,
    project::{Project, SMALL},
};

/// "Builds" by copying the tools from the folder `new` to where cargo would put them, and says so as cargo does.
const CARGO: &str = r#"#!/bin/bash
echo "$@" >> "$LOG"
dir=${CARGO_TARGET_DIR:-${CARGO_BUILD_TARGET_DIR:-target}} triple=${CONFIGURED-${CARGO_BUILD_TARGET:-}}
while [ $# -gt 0 ]; do
    case $1 in
        --target-dir) dir=$2 && shift ;;
        --target-dir=*) dir=${1#*=} ;;
        --target) triple=$2 && shift ;;
        --target=*) triple=${1#*=} ;;
    esac
    shift
done
into=$dir/${triple:+$triple/}release
mkdir -p "$into"
for tool in new/*; do
    cp "$tool" "$into/"
    printf '{"reason":"compiler-artifact","executable":"%s"}\n' "$(realpath "$into/${tool##*/}")"
done
"#;

/// A project whose tools are built by the stand-in.
fn project() -> Project {
    let project = Project::new();
    project.0.ok("mkdir stand-in new");
    fs::write(project.0.path("stand-in/cargo"), CARGO).unwrap();
    project.0.ok("chmod +x stand-in/cargo; touch src/lib.rs Cargo.toml Cargo.lock build.rs");
    for tool in common::TOOLS.iter() {
        fs::copy(common::bin().join(tool), project.0.path(&format!("new/{tool}"))).unwrap();
    }
    project
}

/// A line of make without BIN, in which only the stand-in is found as cargo.
fn run(project: &Project, environment: &str, arguments: &str) -> Output {
    let line = Project::line(&format!("{SMALL} {arguments}"));
    let (make, rest) = line.split_once(" BIN=").unwrap();
    let rest = rest.split_once(' ').unwrap().1;
    project.0.run(&format!(
        "export PATH=$PWD/stand-in:/usr/bin:/bin LOG=$PWD/log; env {environment} {make} {rest}"
    ))
}

fn calls(project: &Project) -> usize {
    fs::read_to_string(project.0.path("log")).map_or(0, |log| log.lines().count())
}

#[test]
fn tools_are_built_where_make_takes_them_whatever_the_environment_says() {
    let project = project();
    let output = run(&project, "", "data");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(calls(&project), 1);
    assert!(project.0.path("target/release/train").is_file());
    // What is built is not built again.
    assert!(run(&project, "", "data").status.success());
    assert_eq!(calls(&project), 1);
    for (number, environment) in [
        "CARGO_TARGET_DIR=$PWD/elsewhere",
        "CARGO_BUILD_TARGET_DIR=$PWD/elsewhere",
        "CARGO_BUILD_TARGET=riscv64gc-unknown-linux-gnu",
        "CARGO_TARGET_DIR=$PWD/elsewhere CARGO_BUILD_TARGET=x86_64-unknown-linux-musl",
    ]
    .into_iter()
    .enumerate()
    {
        // A source is newer, and import-idx is another program, that of the new one.
        let import = format!(
            "#!/bin/sh\necho {number} >> \"$USED\"\nexec {}/import-idx \"$@\"\n",
            common::bin().display()
        );
        fs::write(project.0.path("new/import-idx"), import).unwrap();
        project.0.ok("chmod +x new/import-idx; touch -d 'now + 1 second' src/lib.rs; sleep 1.1");
        let output = run(&project, &format!("USED=$PWD/used {environment}"), "data");
        assert!(
            output.status.success(),
            "{environment}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        assert_eq!(calls(&project), 2 + number, "{environment}");
        let used = fs::read_to_string(project.0.path("used")).unwrap();
        assert!(used.ends_with(&format!("{number}\n")), "{environment}: {used}");
        assert!(!project.0.path("elsewhere").exists(), "{environment}");
    }
}

#[test]
fn tools_that_cargo_puts_elsewhere_are_not_taken_for_older_ones() {
    let project = project();
    assert!(run(&project, "", "data").status.success());
    project.0.ok("touch -d 'now + 1 second' src/lib.rs; sleep 1.1; rm -r out");
    // A configuration of cargo can name a target, which nothing on the command line overrides.
    let output = run(&project, "CONFIGURED=riscv64gc-unknown-linux-gnu", "data");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(
        stderr.contains("cargo has put the tools into ") && stderr.contains("build.target"),
        "{stderr}"
    );
    assert!(!project.0.path("out").exists());
    // The remedy is what it says.
    let remedy = stderr.split("add ").nth(1).unwrap().split(' ').next().unwrap().to_owned();
    assert!(remedy.starts_with("BIN=/") && remedy.contains("riscv64gc"), "{remedy}");
    let output = run(&project, "CONFIGURED=riscv64gc-unknown-linux-gnu", &format!("data {remedy}"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(project.0.path("out/tiny/data/test-images.npy").is_file());
    assert_eq!(calls(&project), 2);
}

#[test]
fn questions_and_completion_build_and_write_nothing() {
    let project = project();
    let completion = "-npq __BASH_MAKE_COMPLETION__=1 .DEFAULT_GOAL= ";
    let questions =
        ["help", "-n all", "-n sweep", "-n reconstructions", "-q all", "-n quick", completion];
    for is_built in [false, true] {
        if is_built {
            assert!(run(&project, "", "data").status.success());
            project.0.ok("rm -r out log; touch -d 'now + 1 second' src/lib.rs; sleep 1.1");
        }
        let before = project.0.files();
        for question in questions {
            let output = run(&project, "", question);
            let stdout = String::from_utf8_lossy(&output.stdout);
            assert_eq!(calls(&project), 0, "{question}");
            assert!(project.0.files() == before, "{question}");
            match question {
                "help" => {
                    assert!(output.status.success() && stdout.contains("\n  all "), "{stdout}");
                }
                // bash takes the targets from what -p prints.
                _ if question == completion => {
                    let stderr = String::from_utf8_lossy(&output.stderr);
                    assert!(
                        stdout.contains("\nall:") && !stderr.contains("is missing"),
                        "{stderr}"
                    );
                }
                _ => (),
            }
        }
    }
}
