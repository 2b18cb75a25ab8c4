//! Where make runs: shells, folders, disks and commands that are not those of most machines.

use std::fs;

use crate::common::{
    self,
    project::{Project, SMALL},
};

#[test]
fn a_shell_on_the_command_line_or_in_the_environment_changes_nothing() {
    let project = Project::new();
    project.make(SMALL);
    for shell in ["SHELL=/bin/bash", "SHELL=/bin/sh", "SHELL=/nowhere/fish", ".SHELLFLAGS=-c"] {
        assert!(project.is_up_to_date(&format!("{SMALL} {shell}")), "{shell}");
        project.make(&format!("{SMALL} {shell} OUT=other"));
        assert_eq!(project.table("other"), project.table("out"), "{shell}");
        let line = format!("env SHELL=/nowhere/fish {}", Project::line(&format!("{SMALL} -q")));
        assert!(project.0.run(&line).status.success());
        project.0.ok("rm -r other");
    }
}

#[test]
fn in_a_folder_with_a_colon_make_works_or_says_why_not() {
    let project = Project::new();
    project.0.ok("mkdir 12:30; cp -r Makefile mk scripts src data digits 12:30; mkdir 12:30/tools");
    for tool in common::TOOLS.iter() {
        let copy = project.0.path(&format!("12:30/tools/{tool}"));
        fs::copy(common::bin().join(tool), copy).unwrap();
    }
    // Tools elsewhere can be found.
    project.0.run(&format!("cd 12:30; {}", Project::line(SMALL)));
    project.make(SMALL);
    let table = "out/tiny/table.csv";
    assert_eq!(project.0.bytes(&format!("12:30/{table}")), project.0.bytes(table));
    let line = Project::line(SMALL).replace(&common::bin().display().to_string(), "tools");
    let output = project.0.run(&format!("cd 12:30; {line} OUT=other"));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.lines().count() == 1 && stderr.contains("has a colon in its name"), "{stderr}");
    assert!(!project.0.path("12:30/other").exists());
    // What needs no tool works.
    project.0.ok(&format!("cd 12:30; {line} help; {line} clean"));
}

/// A command of this name that comes first on the PATH of what make runs.
fn stand_in(project: &Project, name: &str, script: &str) {
    project.0.ok("mkdir -p stand-in");
    let file = project.0.path(&format!("stand-in/{name}"));
    fs::write(&file, format!("#!/bin/sh\n{script}")).unwrap();
    project.0.ok(&format!("chmod +x stand-in/{name}"));
}

/// Run make with the stand-ins; gives what it says.
fn with_stand_ins(project: &Project, arguments: &str) -> String {
    let output = project.0.run(&format!("PATH=$PWD/stand-in:$PATH {}", Project::line(arguments)));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments}: {stderr}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn make_needs_no_more_of_env_than_busybox_has() {
    let project = Project::new();
    let real = project.0.ok("command -v env").text();
    // As busybox: -u, -i, -0 and assignments, and no other option.
    stand_in(
        &project,
        "env",
        &format!(
            "for word; do\n    case $word in\n        -u | -i | -0 | -) ;;\n        \
             -*) echo \"env: unrecognized option: $word\" >&2; exit 1 ;;\n        \
             *=*) ;;\n        *) [ \"$previous\" = -u ] || break ;;\n    esac\n    previous=$word\ndone\n\
             echo used >> {}\nexec {} \"$@\"\n",
            project.0.path("used").display(),
            real.trim_end()
        ),
    );
    assert!(
        project.0.run("PATH=$PWD/stand-in:$PATH env -S 'bash -p' -c true").status.code() == Some(1)
    );
    with_stand_ins(&project, SMALL);
    assert!(!project.0.bytes("used").is_empty());
    let table = project.table("out");
    assert!(with_stand_ins(&project, &format!("help {SMALL}")).contains("\n  quick "));
    with_stand_ins(&project, &format!("clean {SMALL}"));
    assert!(!project.0.path("out").exists());
    project.make(SMALL);
    assert_eq!(project.table("out"), table);
}

/// No script depends on an env with -S, which is also in the first lines of scripts that users call.
#[test]
fn no_script_begins_with_an_option_of_env() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts");
    let mut scripts = 0;
    for (path, bytes) in common::files(&folder) {
        let text = String::from_utf8_lossy(&bytes);
        let first = text.lines().next().unwrap_or_default();
        scripts += usize::from(first.starts_with("#!"));
        assert!(!first.contains("env -"), "{}: {first}", path.display());
    }
    assert!(scripts > 5, "{scripts}");
}

#[test]
fn a_disk_without_links_is_enough() {
    let project = Project::new();
    stand_in(&project, "ln", "echo 'ln: Function not implemented' >&2\nexit 1\n");
    let line = format!(
        "{SMALL} ATTACKS='gauss fgsm' INSPECTED='gauss fgsm' CHECKS=pgd SUBSETS=100 SNAPSHOTS=1"
    );
    with_stand_ins(&project, &line);
    assert!(project.is_up_to_date(&line));
    with_stand_ins(&project, &format!("sweep WIDTHS=6 DEPTHS=1 {line}"));
    let reconstructions = "reconstructions RULES=relu-sgd-joint ATTACKS=gauss";
    with_stand_ins(&project, &format!("{line} {reconstructions}"));
    assert_eq!(project.0.ok("find out ! -type f ! -type d").text(), "");
    assert_eq!(project.0.ok("find out -type f -links +1").text(), "");
    let clean = "out/tiny/samples/clean/x.npy";
    assert!(project.0.path(clean).is_file() && !project.0.path(clean).is_symlink());
}
