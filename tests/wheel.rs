//! The Python wheel: installed in a fresh virtual environment, and used as the documents do.
//!
//! `make wheel && PYTHON=python3 cargo test --test tests wheel:: -- --ignored --nocapture`

use std::{collections::BTreeSet, fs, path::Path};

use local_errors::tools;

use crate::{
    common::{Folder, TOOLS, json_lines, project::Project},
    documents::pipeline_of_the_readme,
    own_network::{has_torch, python, session},
};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Installs the wheel below a folder, and gives the line of bash that finds it first.
fn install(folder: &Folder) -> String {
    let python = python();
    folder.ok(&format!(
        "{python} -m venv venv; venv/bin/pip install --quiet --disable-pip-version-check {ROOT}/target/wheels/*.whl"
    ));
    format!("PATH={}:$PATH", folder.path("venv/bin").display())
}

#[test]
#[ignore = "needs PYTHON, and the wheel of make wheel"]
fn the_tools_of_the_wheel_are_those_of_cargo() {
    let folder = Folder::with_data();
    let setup = install(&folder);
    for tool in TOOLS.iter() {
        folder.ok(&format!(
            "for word in --version --help '--generate man'; do\n\
             {tool} $word > ours; ({setup}; {tool} $word > theirs); cmp ours theirs; done"
        ));
        let said = |setup: &str| folder.fails(2, &format!("{setup}\n{tool} --no-such-option"));
        assert_eq!(said(&setup), said(""));
    }
    // The same bytes, in a pipe that its reader closes too.
    let line =
        "attack-gauss --sigma 0.5 x.npy | cksum; attack-gauss x.npy --sigma 1 | head -c 1 | cksum";
    assert_eq!(folder.ok(&format!("{setup}\n{line}")), folder.ok(line));
    let said = folder.fails(2, &format!("{setup}\nlocal-errors fit"));
    assert!(said.starts_with("fit: is no tool (expected one of accuracy, "), "{said}");
    folder.ok(&format!(
        "{setup}\nlocal-errors accuracy --version; local-errors --help; local-errors --version"
    ));
}

#[test]
#[ignore = "needs PYTHON, and the wheel of make wheel"]
fn what_the_documents_show_works_with_the_wheel() {
    let project = Project::new();
    let folder = &project.0;
    let setup = install(folder);
    pipeline_of_the_readme(folder, &setup);
    // NumPy comes with the wheel.
    let script = "import numpy as np; from local_errors import *; n = np.random.default_rng(1).normal\n\
                  save_network('own', [(n(size=(784, 20)), np.zeros(20), n(size=(20, 10)))])\n\
                  [(w, b, r)] = read_network('own'); save_activations('own.npy', np.maximum(np.load('x.npy') @ w + b, 0))";
    fs::write(folder.path("own.py"), script).unwrap();
    let lines = folder.ok(&format!(
        "{setup}\npython3 own.py; for h in 'cat own.npy' 'extract-activations --model own x.npy'; do \
         $h | spectrum | fit-powerlaw; done"
    ));
    let alphas: Vec<_> =
        json_lines(&lines).iter().map(|line| line["alpha"].as_f64().unwrap()).collect();
    assert!((alphas[0] - alphas[1]).abs() < 1e-4, "{alphas:?}");
    if has_torch("the section \"Your own network\" of doc/own-data.md, with the wheel") {
        let site = folder.ok(&format!("{} -c 'import numpy; print(numpy.__path__[0])'", python()));
        let site = site.text();
        let site = Path::new(site.trim()).parent().unwrap().display().to_string();
        // PyTorch is that of PYTHON. The documents name a folder of the source, which is not here.
        folder.ok("rm -rf net own.npy");
        session(
            &project,
            &format!("{setup}\necho {site} > $(echo venv/lib/python3*/site-packages)/torch.pth"),
        );
    }
}

#[test]
fn a_link_to_a_script_of_the_wheel_calls_its_tool() {
    let folder = Folder::new();
    folder.ok(&format!(
        "mkdir -p 'a venv/bin' bin further
         cp -L {ROOT}/python/programs/scripts/npy-info 'a venv/bin'
         printf '#!/bin/sh\\necho \"$@\"\\n' > 'a venv/bin/local-errors'
         chmod +x 'a venv/bin/'*
         ln -s \"$PWD/a venv/bin/npy-info\" bin/npy-info
         ln -s '../a venv/bin/npy-info' bin/relative
         ln -s ../bin/relative further/-n"
    ));
    // The name is that of the script, and not of the link to it.
    for called in ["'a venv/bin/npy-info'", "bin/npy-info", "bin/relative", "further/-n"] {
        for shell in ["", "dash", "busybox sh", "bash"] {
            let line = format!("{shell} {called} 'a b' -q");
            if folder.run(&format!("test -z '{shell}' || {shell} -c true")).status.success() {
                assert_eq!(folder.ok(&line).text(), "npy-info a b -q\n", "{line}");
            }
        }
    }
    assert_eq!(folder.ok("PATH=$PWD/bin:$PATH npy-info x").text(), "npy-info x\n");
    assert_eq!(
        folder.ok("cd bin; ./npy-info x; cd ../further; ./-n x").text(),
        "npy-info x\n".repeat(2)
    );
}

/// The links in python/programs/scripts are the tools.
#[test]
fn the_wheel_has_a_script_for_each_tool() {
    let folder = Path::new(ROOT).join("python/programs/scripts");
    let names = fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name());
    let names: BTreeSet<_> = names.map(|name| name.to_string_lossy().into_owned()).collect();
    assert_eq!(names, TOOLS.iter().map(ToString::to_string).collect());
    assert_eq!(tools::names(), *TOOLS);
    assert!(TOOLS.iter().all(|tool| tools::main_of(tool).is_some()));
}
