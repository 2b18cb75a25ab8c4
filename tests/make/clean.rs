//! `make clean`, `make install` and `make uninstall`.

use std::{fs, path::PathBuf};

use crate::common::{self, project::Project};

#[test]
fn clean_removes_what_make_made_and_nothing_else() {
    let project = Project::new();
    let notes = [
        "kept/notes.txt",
        "kept/tiny/notes.txt",
        "kept/tiny/mine-1/spectrum.npy",
        "kept/tiny/local/seed-1/notes.txt",
        "kept/tiny/local/seed-1/clean/notes.txt",
        "kept/tiny/backprop/seed-1/notes.txt",
        "kept/tiny/figures/mine.svg",
        "kept/other/table.csv",
        "kept/sweep/notes.txt",
    ];
    for note in notes {
        fs::create_dir_all(project.0.path(note).parent().unwrap()).unwrap();
        fs::write(project.0.path(note), "mine").unwrap();
    }
    project.make("SNAPSHOTS=1 OUT=kept");
    let sweep = "WIDTHS=6 DEPTHS=1 RULES=local ATTACKS=gauss CONTROLS= SUBSETS= SNAPSHOTS=";
    project.make(&format!("sweep {sweep} OUT=kept"));
    project.make("data OUT=kept/quick");
    // Of other settings, and what a make that was killed leaves.
    project.make("RULES=local ATTACKS=gauss SIGMAS=0.7 CONTROLS= OUT=kept");
    project.0.ok("cd kept/tiny; touch local/seed-1/fgsm-0.1/.x.host-1-2.part data/.x.npy.abc.tmp
                  mkdir local/seed-1/.model.abc.tmp; touch local/seed-1/.model.abc.tmp/w1.npy");
    project.make("clean OUT=kept");
    let mut left: Vec<PathBuf> =
        common::files(&project.0.path("kept")).into_iter().map(|(path, _)| path).collect();
    left.sort();
    let mut expected: Vec<PathBuf> =
        notes.iter().map(|note| PathBuf::from(note.strip_prefix("kept/").unwrap())).collect();
    expected.sort();
    assert_eq!(left, expected);
    // The folder of the project itself, and one in which there is nothing else.
    let before = project.0.files();
    for out in [".", "alone"] {
        project.make(&format!("RULES=local ATTACKS=gauss CONTROLS= OUT={out}"));
        project.make(&format!("clean OUT={out}"));
    }
    assert_eq!(project.0.files(), before);
    assert!(!project.0.path("alone").exists());
}

#[test]
fn tools_are_installed_and_removed_and_nobodys_are_overwritten() {
    let project = Project::new();
    project.make("install PREFIX=there");
    project.make("install PREFIX=there");
    let version = project.0.ok("there/bin/fit-powerlaw --version");
    assert!(version.starts_with(b"fit-powerlaw "));
    for tool in common::TOOLS.iter() {
        for (form, file) in [
            ("man", format!("man/man1/{tool}.1")),
            ("bash", format!("bash-completion/completions/{tool}")),
            ("zsh", format!("zsh/site-functions/_{tool}")),
            ("fish", format!("fish/vendor_completions.d/{tool}.fish")),
        ] {
            project.0.ok(&format!("{tool} --generate {form} | cmp - there/share/{file}"));
        }
    }
    let overview = project.0.ok("cat there/share/man/man1/local-errors.1");
    for tool in common::TOOLS.iter() {
        let name = tool.replace('-', "\\-");
        let line = format!("\n.B {name}\n");
        assert!(String::from_utf8_lossy(&overview).contains(&line), "{tool}");
    }
    // As a package is built: elsewhere, for everyone to read whatever the umask.
    let staged = format!("umask 077; {}", Project::line("install PREFIX=/opt/le DESTDIR=staged"));
    project.0.run(&staged);
    let others = project.0.ok("find staged '(' -type d -o -path '*/bin/*' ')' ! -perm 755
                               find staged -type f ! -path '*/bin/*' ! -perm 644");
    assert_eq!(others.text(), "");
    let list = project.0.bytes("staged/opt/le/share/local-errors/installed");
    assert!(list.starts_with(b"bin/"));
    project.make("uninstall PREFIX=/opt/le DESTDIR=staged");
    assert!(common::files(&project.0.path("staged")).is_empty());
    // And local-errors(1), and the list of them.
    let files = common::files(&project.0.path("there"));
    assert_eq!(files.len(), 5 * common::TOOLS.len() + 2);
    project.make("uninstall PREFIX=there");
    assert!(common::files(&project.0.path("there")).is_empty());
    for file in ["there/bin/train", "there/share/man/man1/train.1"] {
        fs::write(project.0.path(file), "a model railway").unwrap();
        let output = project.run("install PREFIX=there");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(stderr.contains(&format!("{file} is there and not ours")), "{stderr}");
        assert_eq!(common::files(&project.0.path("there")).len(), 1);
        fs::remove_file(project.0.path(file)).unwrap();
    }
}

#[test]
fn the_names_of_what_is_installed_can_begin_with_a_prefix() {
    let project = Project::new();
    project.make("install PREFIX=there");
    let plain = common::files(&project.0.path("there"));
    project.make("install PREFIX=there PROGRAM_PREFIX=le-");
    assert_eq!(common::files(&project.0.path("there")).len(), 2 * plain.len());
    let help = project.0.ok("there/bin/le-train --help").text();
    assert!(help.contains("\nUsage: le-train "), "{help}");
    let said = project.0.fails(2, "there/bin/le-train --no-such-option");
    assert!(said.starts_with("le-train: "), "{said}");
    let page = project.0.ok("cat there/share/man/man1/le-train.1").text();
    assert!(page.contains("\nle\\-train \\- ") && page.contains("\\fBle\\-train\\fR"), "{page}");
    let overview = project.0.ok("cat there/share/man/man1/le-local-errors.1").text();
    assert!(overview.contains("\n.B le\\-train\n"), "{overview}");
    let completions = project.0.ok("cat there/share/bash-completion/completions/le-train").text();
    assert!(completions.contains("le-train"), "{completions}");
    project.make("uninstall PREFIX=there PROGRAM_PREFIX=le-");
    assert_eq!(common::files(&project.0.path("there")), plain);
}

/// A project of two tools, which are installed sooner than all.
fn small() -> Project {
    let project = Project::new();
    project.0.ok("cd src/bin; ls | grep -vx -e npy-info.rs -e validate.rs | xargs rm");
    project
}

#[test]
fn a_prefix_can_be_spelled_in_any_way_copied_and_moved() {
    let project = small();
    project.0.ok("mkdir there other; ln -s there link");
    let absolute = project.0.path("there/");
    for prefix in ["there", "./there//", "other/../there", "link", absolute.to_str().unwrap()] {
        project.make(&format!("install PREFIX={prefix}"));
    }
    let files = |folder| common::files(&project.0.path(folder));
    let installed = files("there");
    project.0.ok("cp -a there copy; cp -a there moves; mv moves moved");
    for copy in ["copy", "moved"] {
        project.make(&format!("uninstall PREFIX={copy}"));
        assert!(files(copy).is_empty());
        assert_eq!(files("there"), installed);
    }
    project.make("uninstall PREFIX=other/../link/");
    assert!(files("there").is_empty());
}

#[test]
fn an_upgrade_removes_tools_that_are_gone() {
    let project = small();
    project.make("install PREFIX=there");
    fs::remove_file(project.0.path("src/bin/validate.rs")).unwrap();
    let before = common::files(&project.0.path("there"));
    // An upgrade that fails half-way can be uninstalled.
    project.0.ok("cp -r there failed; mkdir failing; cp there/bin/npy-info failing/works
                  printf '#!/bin/sh\n[ $2 != zsh ] && exec %s/works \"$@\"' $PWD/failing > failing/npy-info");
    project.refuses("install PREFIX=failed BIN=failing", "npy-info --generate zsh failed");
    project.make("uninstall PREFIX=failed");
    assert!(common::files(&project.0.path("failed")).is_empty());
    project.make("install PREFIX=there");
    let after = common::files(&project.0.path("there"));
    assert_eq!(after.len(), before.len() - 5);
    assert!(after.iter().all(|(file, _)| !file.to_str().unwrap().contains("validate")));
}

#[test]
fn an_altered_list_removes_nothing() {
    let project = small();
    project.make("install PREFIX=there");
    fs::write(project.0.path("mine"), "").unwrap();
    let list = project.0.path("there/share/local-errors/installed");
    let names = fs::read_to_string(&list).unwrap();
    let absolute = project.0.path("mine");
    for line in [absolute.to_str().unwrap(), "../mine", "bin/../../mine", "bin/..", "mine"] {
        fs::write(&list, format!("{names}{line}\n")).unwrap();
        let before = project.0.files();
        let words = format!("there/share/local-errors/installed names {line}, which is not ours");
        for goal in ["install", "uninstall"] {
            project.refuses(&format!("{goal} PREFIX=there"), &words);
        }
        assert_eq!(project.0.files(), before);
    }
}
