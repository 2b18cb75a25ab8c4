//! What the user's environment and shell do not change.

use std::fs;

use crate::common::{self, Folder, project::Project};

/// A line that says how far a make is, without how long it took.
fn without_time(line: &str) -> String {
    match (line.split_once(", "), line.split_once("  ")) {
        (Some((done, _)), Some((_, step))) if done.contains('/') => format!("{done}  {step}"),
        _ => line.to_owned(),
    }
}

#[test]
fn what_the_environment_holds_changes_nothing() {
    let project = Project::new();
    let study = |environment: &str, out: &str| {
        let line = Project::line(&format!("RULES=local ATTACKS='gauss fgsm' CONTROLS= OUT={out}"));
        let output = project.0.run(&format!("env {environment} {line}"));
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{environment}: {stderr}");
        let said = String::from_utf8(output.stdout).unwrap();
        (said.lines().map(without_time).collect::<Vec<_>>(), project.table(out))
    };
    let (said, table) = study("A=1", "plain");
    fs::write(project.0.path("startup"), "set -o noclobber; echo noise; sort() { :; }\n").unwrap();
    // Names of settings, of helpers and of what a rule or an attack may have.
    let names = "HIDDEN=3 SEEDS=9 BIN=/nowhere SCRATCH=/nowhere V=1 each=x list=x grep=x data=x \
                 local=x local.attacks=x gauss.spectrum=false 'measure=$(error x)' name=x path=x say=x";
    let shell = "BASH_ENV=$PWD/startup ENV=$PWD/startup SHELLOPTS=noclobber CDPATH=/ POSIXLY_CORRECT=1 \
                 GREP_OPTIONS=-v 'BASH_FUNC_grep%%=() { false; }' 'BASH_FUNC_mv%%=() { false; }'";
    for (out, environment) in [("names", names), ("shell", shell)] {
        let (other, found) = study(environment, out);
        assert_eq!(found, table, "{environment}");
        let plain: Vec<String> =
            said.iter().map(|line| line.replace("plain/", &format!("{out}/"))).collect();
        assert_eq!(other, plain, "{environment}");
    }
    // Numbers with a decimal comma, where such a locale can be made.
    fs::create_dir(project.0.path("locales")).unwrap();
    let made = project.0.run(
        "localedef -i de_DE -f UTF-8 locales/de_DE.UTF-8 2> /dev/null || true
         LOCPATH=$PWD/locales LC_ALL=de_DE.UTF-8 locale decimal_point",
    );
    if made.stdout == b",\n" {
        let german = "-u LC_ALL LANG=de_DE.UTF-8 LOCPATH=$PWD/locales";
        assert_eq!(study(german, "comma").1, table);
    } else {
        common::skipped("no locale with a decimal comma can be made here");
    }
    for flags in ["e", "i", "t"] {
        let output = project.0.run(&format!("MAKEFLAGS={flags} {}", Project::line("")));
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(stderr.contains(&format!("make -{flags} cannot make the study")), "{stderr}");
    }
}

#[test]
fn scripts_take_nothing_from_the_users_shell_or_checkout() {
    let folder = Folder::new();
    let root = env!("CARGO_MANIFEST_DIR");
    folder
        .ok(&format!("cp -r {root}/scripts {root}/data {root}/.gitattributes . && touch startup"));
    let said = |environment: &str, script: &str| {
        let line = format!("{environment} MIRRORS=file:///nowhere DATA=$PWD/none {script} mnist");
        let output = folder.run(&line);
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8_lossy(&output.stderr).into_owned()
            + &String::from_utf8_lossy(&output.stdout)
    };
    let plain = said("", "scripts/fetch-data");
    assert!(plain.contains("could not be had"), "{plain}");
    let shell = "env CDPATH=. SHELLOPTS=noclobber POSIXLY_CORRECT=1 GREP_OPTIONS=-v 'BASH_FUNC_cut%%=() { false; }'";
    assert_eq!(said(shell, "scripts/fetch-data"), plain);
    if folder.run("git --version").status.success() {
        folder.ok("git init -q from; cp -r scripts data .gitattributes from; cd from; git add .
             git -c user.name=n -c user.email=e commit -q -m all; cd ..
             git clone -q -c core.autocrlf=true from windows");
        assert_eq!(said("", "windows/scripts/fetch-data"), plain);
    } else {
        common::skipped("a checkout by Git for Windows, since git is missing");
    }
    // A login node belongs to all: what a cluster's tasks share takes two jobs there.
    folder.ok(
        "mkdir bin; printf '#!/bin/sh\\necho \"$@\" > said; exit 1\\n' > bin/make; cp bin/make bin/sbatch; chmod +x bin/*",
    );
    for (argument, jobs) in
        [("", "-j2 inputs"), ("-j7", "-j7 inputs"), ("sweep", "-j2 sweep-inputs")]
    {
        folder.run(&format!("PATH=$PWD/bin:$PATH scripts/slurm-array {argument} SEEDS=1"));
        let said = fs::read_to_string(folder.path("said")).unwrap();
        assert!(said.starts_with(jobs) && said.ends_with("SEEDS=1\n"), "{argument}: {said}");
    }
}
