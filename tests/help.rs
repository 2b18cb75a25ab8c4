//! What the tools say of themselves: `--help`, man pages, completions.

use crate::common::{self, Folder, TOOLS, project::Project};

#[test]
fn every_help_shows_an_example_and_every_version_the_packages() {
    let folder = Folder::new();
    for tool in TOOLS.iter() {
        let help = folder.ok(&format!("{tool} --help")).text();
        assert!(help.contains("Example:\n  "), "{tool}");
        assert!(help.contains("--quiet"), "{tool}");
        let version = folder.ok(&format!("{tool} --version")).text();
        assert_eq!(version, format!("{tool} {}\n", env!("CARGO_PKG_VERSION")));
    }
}

/// A folder with all the files that the examples name, of a study in miniature.
fn with_examples() -> Folder {
    let Project(folder) = {
        let project = Project::new();
        project.make("");
        project.make(
            "sweep WIDTHS=12 DEPTHS=1 SEEDS=1 RULES=local ATTACKS=gauss CONTROLS= SUBSETS= SNAPSHOTS=",
        );
        project
    };
    folder.ok("ln -s tiny out/mnist
               cp -r out/tiny/local/seed-1/model net
               cp out/tiny/data/*.npy digits/*.gz .
               cp test-images.npy x.npy; cp test-labels.npy y.npy
               extract-activations --model net x.npy -o h.npy
               attack-fgsm --model net --labels y.npy --epsilon 0.1 x.npy |
               extract-activations --model net -o attacked-h.npy
               extract-activations --model net train-images.npy -o train-h.npy
               spectrum h.npy -o spectrum.npy");
    folder
}

#[test]
fn the_example_of_every_help_runs_as_typed() {
    let files = with_examples();
    for tool in TOOLS.iter() {
        let help = files.ok(&format!("COLUMNS=1000 {tool} --help")).text();
        let example = help.split("Example:\n").nth(1).unwrap().split("\n\n").next().unwrap();
        assert!(example.contains(tool), "{tool}: {example}");
        let folder = Folder::new();
        folder.ok(&format!("cp -r {}/. .", files.path("").display()));
        let words: Vec<&str> = example.split_whitespace().collect();
        let outputs = words.windows(2).filter(|pair| pair[0] == "-o").map(|pair| pair[1]);
        let outputs: Vec<&str> = outputs.collect();
        folder.ok(&format!("rm -rf {}", outputs.join(" ")));
        let output = folder.run(example);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{tool}: {example}: {stderr}");
        assert!(outputs.iter().all(|file| folder.path(file).exists()), "{tool}: {example}");
        assert_eq!(output.stdout.is_empty(), !outputs.is_empty(), "{tool}: {example}");
    }
}

/// Run a line where `program` is installed; say so where it is not.
fn where_installed(folder: &Folder, program: &str, line: &str) -> Option<std::process::Output> {
    if folder.run(&format!("command -v {program}")).status.success() {
        return Some(folder.run(line));
    }
    common::skipped(&format!("{program} is not installed: {line}"));
    None
}

#[test]
fn every_tool_has_a_page_that_man_renders_without_a_warning() {
    let folder = Folder::new();
    for tool in TOOLS.iter() {
        folder.ok(&format!("{tool} --generate man > {tool}.1"));
        let help = folder.ok(&format!("COLUMNS=1000 {tool} --help")).text();
        for locale in ["C.UTF-8", "C"] {
            let line = format!("LC_ALL={locale} MANWIDTH=1000 man --warnings -l {tool}.1 | col -b");
            let Some(output) = where_installed(&folder, "man", &line) else { continue };
            let stderr = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success() && stderr.is_empty(), "{tool}: {stderr}");
            let page = String::from_utf8_lossy(&output.stdout).into_owned();
            let lines: Vec<&str> = page.lines().map(str::trim).collect();
            let name = format!("{tool} - {}", help.lines().next().unwrap());
            let place = |title: &str| lines.iter().position(|line| *line == title);
            let places =
                ["NAME", &name, "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT STATUS", "EXAMPLES"]
                    .map(place);
            assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{tool}: {page}");
            // The example is on the line below its title, whole.
            let example = help.split("Example:\n").nth(1).unwrap().lines().next().unwrap().trim();
            assert_eq!(lines[places[6].unwrap() + 1], example, "{page}");
            assert_eq!(place("SOURCE").is_some(), help.contains("\nSource: "), "{page}");
        }
        let mandoc = where_installed(&folder, "mandoc", &format!("mandoc -W error {tool}.1"));
        assert!(mandoc.is_none_or(|output| output.status.success()), "{tool}");
    }
}

#[test]
fn every_tool_completes_its_options_in_each_shell() {
    let folder = Folder::new();
    for tool in TOOLS.iter() {
        folder.ok(&format!(
            "for shell in bash zsh fish; do {tool} --generate $shell > {tool}.$shell; done"
        ));
        let line = format!(
            "set +u; source {tool}.bash; complete -p {tool} > /dev/null
             COMP_WORDS=({tool} --qui); COMP_CWORD=1; _{} {tool} --qui {tool}; echo ${{COMPREPLY[@]}}",
            tool.replace('-', "__")
        );
        assert_eq!(folder.ok(&line).text(), "--quiet\n", "{tool}");
        for shell in ["zsh", "fish"] {
            let line = format!("{shell} -n {tool}.{shell}");
            if let Some(output) = where_installed(&folder, shell, &line) {
                let stderr = String::from_utf8_lossy(&output.stderr);
                assert!(output.status.success() && stderr.is_empty(), "{line}: {stderr}");
            }
        }
    }
    for line in ["train --generate", "train --generate cake", "train --generate man bash"] {
        let message = folder.fails(2, line);
        assert!(message.contains("man, bash, zsh or fish"), "{message}");
    }
}
