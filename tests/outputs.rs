//! Where outputs go: files that are replaced, descriptors that are written on, and what is refused.

use std::{
    fs::{self, Permissions},
    io::Write,
    os::unix::fs::{MetadataExt, PermissionsExt},
    process::Stdio,
    thread::sleep,
    time::{Duration, Instant},
};

use local_errors::report::Report;

use crate::common::{Folder, header, npy};

/// A folder with a spectrum of one layer, `s.npy`.
fn with_spectrum() -> Folder {
    let folder = Folder::new();
    folder.ok("draw-powerlaw --alpha 1 --samples 200 --units 10 | spectrum -q -o s.npy");
    folder
}

fn mode(folder: &Folder, name: &str) -> u32 {
    fs::symlink_metadata(folder.path(name)).unwrap().mode() & 0o7777
}

/// Wait for the file that a process substitution leaves at its end: the shell does not.
fn await_end(folder: &Folder) {
    let start = Instant::now();
    while !folder.path("end").exists() {
        assert!(start.elapsed() < Duration::from_secs(20), "the reader does not end");
        sleep(Duration::from_millis(5));
    }
    fs::remove_file(folder.path("end")).unwrap();
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "needs /proc")]
fn a_descriptor_is_written_on_where_it_stands() {
    let folder = with_spectrum();
    let fit = "fit-powerlaw --ranks 1-8 s.npy";
    let line = String::from_utf8(folder.ok(fit).0).unwrap();
    folder.ok("ln -s /dev/stdout link; ln -s link link-to-link; ln -s /proc/self/fd/3 link-3");
    for (number, names) in [
        (1, "- /dev/stdout /dev/fd/1 /proc/self/fd/1 /proc/thread-self/fd/1 link link-to-link"),
        (2, "/dev/stderr /dev/fd/2"),
        (3, "/dev/fd/3 /proc/self/fd/3 link-3 /dev/../dev/fd/3"),
        (17, "/dev/fd/17"),
    ] {
        for name in names.split(' ') {
            let group = format!("{{ echo a >&{number}; {fit} -o {name}; echo b >&{number}; }}");
            folder.ok(&format!("{group} {number}> out"));
            assert_eq!(*folder.bytes("out"), *format!("a\n{line}b\n").as_bytes(), "{name}");
            folder.ok(&format!("echo old > out; {group} {number}>> out"));
            assert_eq!(*folder.bytes("out"), *format!("old\na\n{line}b\n").as_bytes(), "{name}");
            // A pipe, and a descriptor that may be read too.
            folder.ok(&format!("{group} {number}> >(cat > out; touch end)"));
            await_end(&folder);
            assert_eq!(*folder.bytes("out"), *format!("a\n{line}b\n").as_bytes(), "{name}");
            folder.ok(&format!("rm out; {group} {number}<> out"));
            assert_eq!(*folder.bytes("out"), *format!("a\n{line}b\n").as_bytes(), "{name}");
        }
    }
    // Another process's, which cannot be shared, is added to.
    folder.ok(&format!("exec > out; echo a; {fit} -o /proc/$$/fd/1"));
    assert_eq!(*folder.bytes("out"), *format!("a\n{line}").as_bytes());
    assert!(folder.path("link").is_symlink());
}

#[test]
fn process_substitution_and_fifos_get_the_bytes_of_the_file() {
    let folder = with_spectrum();
    folder.ok(
        "draw-powerlaw --alpha 1 --samples 200 --units 10 -o h.npy; spectrum -q h.npy -o s.npy
               mkfifo fifo; cat fifo > b.npy & spectrum -q h.npy -o fifo; wait
               spectrum -q h.npy -o >(cat > a.npy; touch end)",
    );
    await_end(&folder);
    assert_eq!(folder.bytes("a.npy"), folder.bytes("s.npy"));
    assert_eq!(folder.bytes("b.npy"), folder.bytes("s.npy"));
    folder.ok("[ -p fifo ]");
}

#[test]
fn a_descriptor_that_was_not_given_is_closed() {
    let folder = with_spectrum();
    // The tool has opened some of these itself.
    for number in 3..12 {
        let said = folder.fails(
            1,
            &format!("exec {number}>&-; fit-powerlaw --ranks 1-8 s.npy -o /dev/fd/{number}"),
        );
        assert_eq!(said, format!("fit-powerlaw: /dev/fd/{number}: is closed"));
    }
}

#[test]
fn a_file_that_is_replaced_keeps_its_mode_and_owner() {
    let folder = with_spectrum();
    folder.ok("umask 022; spectrum -q s.npy -o new.npy 2> /dev/null || fit-powerlaw --ranks 1-8 s.npy -o new");
    assert_eq!(mode(&folder, "new"), 0o644);
    let by_root = fs::metadata(folder.path("new")).unwrap().uid() == 0;
    for (bits, umask) in [(0o600, "022"), (0o664, "022"), (0o755, "077"), (0o620, "000")] {
        fs::set_permissions(folder.path("new"), Permissions::from_mode(bits)).unwrap();
        if by_root {
            folder.ok("chown 65534:12345 new");
        }
        folder.ok(&format!("umask {umask}; fit-powerlaw --ranks 1-8 s.npy -o new"));
        assert_eq!(mode(&folder, "new"), bits);
        if by_root {
            let new = fs::metadata(folder.path("new")).unwrap();
            assert_eq!((new.uid(), new.gid()), (65534, 12345));
        }
    }
}

#[test]
fn nobody_can_read_a_private_file_while_it_is_replaced() {
    let folder = Folder::new();
    fs::write(folder.path("private.npy"), "").unwrap();
    fs::set_permissions(folder.path("private.npy"), Permissions::from_mode(0o600)).unwrap();
    let mut child = folder
        .command("attack-gauss")
        .args(["--sigma", "1", "-o", "private.npy"])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(&npy(&header("<f4", false, "(2, 4)"), &[0; 16])).unwrap();
    let start = Instant::now();
    while folder.files().len() < 2 {
        assert!(start.elapsed() < Duration::from_secs(20), "no temporary appears");
        sleep(Duration::from_millis(5));
    }
    for (name, _) in folder.files() {
        assert_eq!(mode(&folder, name.to_str().unwrap()), 0o600, "{}", name.display());
    }
    stdin.write_all(&[0; 16]).unwrap();
    drop(stdin);
    assert!(child.wait().unwrap().success());
    assert_eq!(mode(&folder, "private.npy"), 0o600);
}

#[test]
fn a_file_that_may_not_be_written_is_refused() {
    let folder = with_spectrum();
    folder.ok("cp \"$(command -v fit-powerlaw)\" tool; echo mine > out; chmod 444 out
               mkdir closed; echo mine > closed/out; chmod 666 closed/out; chmod 555 closed; chmod 777 .");
    let by_root = fs::metadata(folder.path("out")).unwrap().uid() == 0;
    if by_root && !folder.run("setpriv --reuid 65534 --clear-groups true").status.success() {
        crate::common::skipped("root may write every file, and cannot be another here");
        return;
    }
    let user = if by_root { "setpriv --reuid 65534 --regid 65534 --clear-groups" } else { "" };
    let fit = format!("exec -a fit-powerlaw {user} ./tool --ranks 1-8 s.npy");
    let said = folder.fails(1, &format!("{fit} -o out"));
    assert!(said.ends_with(": out: Permission denied"), "{said}");
    let said = folder.fails(1, &format!("{fit} -o closed/out"));
    assert!(said.ends_with(": closed/out: its folder closed is not writable (Permission denied)"));
    let said = folder.fails(1, &format!("{fit} -o closed/new"));
    assert!(said.ends_with(": closed/new: its folder closed is not writable (Permission denied)"));
    folder.ok("chmod 755 closed");
}

/// What makes two outputs of each tool that can: `-o` and another.
const OF_TWO: [&str; 10] = [
    "accuracy --model net --labels y.npy x.npy --predictions",
    "extract-activations --model net --labels y.npy x.npy --accuracy",
    "attack-fgsm --epsilon 0.1 --model net --labels y.npy x.npy --audit",
    "attack-pgd --epsilon 0.1 --model net --labels y.npy x.npy --audit",
    "attack-deepfool --model net x.npy --distances",
    "tabulate --runs /dev/null --summary",
    "claims /dev/null --verdicts",
    "claims /dev/null --checks",
    "validate --alphas 1 --samples 300 --draws 2 --units 20 --ranks 1-10 --figure",
    "train --images x.npy --labels y.npy --epochs 1 --checkpoint",
];

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "needs /proc")]
fn two_outputs_that_are_one_file_are_refused_however_they_are_spelled() {
    let folder = Folder::with_network();
    folder.ok("mkdir sub; echo > old; ln old hard; ln -s old link; ln -s new dangling
               touch redirected");
    // Where nobody looks into every file.
    let outside = Folder::new();
    outside.ok(&format!(
        "ln -s {} here; ln -s /dev/stdout out; mkfifo fifo",
        folder.path("").display()
    ));
    let [here, out, fifo] = ["here/new", "out", "fifo"].map(|name| outside.path(name));
    let [here, out, fifo] = [&here, &out, &fifo].map(|path| path.to_str().unwrap());
    for tool in OF_TWO {
        for (one, other) in [
            ("new", "new"),
            ("./new", "new"),
            ("sub/../new", "new"),
            ("new", here),
            ("new", "$PWD/new"),
            ("dangling", "new"),
            ("old", "./old"),
            ("old", "hard"),
            ("old", "link"),
            (fifo, &*fifo.replace("/fifo", "/./fifo")),
            ("/dev/stdout", "/proc/self/fd/1"),
            ("-", "/dev/stdout"),
            (out, "/dev/fd/1"),
            ("/dev/fd/3", "/dev/fd/1"),
            ("redirected", "/dev/fd/3"),
        ] {
            for (one, other) in [(one, other), (other, one)] {
                if tool.starts_with("train") && "-/dev/stdoutold".contains(one) {
                    continue; // no directories
                }
                let line = format!("{tool} {one} -o {other} 3>> redirected >&3");
                let said = folder.fails(2, &line);
                let words = ["is the same output as", "is given for two outputs"];
                assert!(words.iter().any(|words| said.contains(words)), "{line}: {said}");
            }
        }
        folder.fails(2, &format!("{tool} - -o -"));
    }
    // Of these there is enough for two.
    folder.ok("accuracy --model net --labels y.npy x.npy --predictions /dev/null -o /dev/null");
}

#[test]
fn a_page_and_its_figures_do_not_meet() {
    let folder = Folder::new();
    let figures = vec![("curve".to_owned(), "svg".to_owned())];
    let report = Report { page: "html".into(), figures };
    for page in ["figures/curve.svg", "figures/../figures/curve.svg", "figures"] {
        let (page, figures) = (folder.path(page), folder.path("figures"));
        let outputs = report.outputs(&page, Some(&figures));
        let said = outputs.map(drop).unwrap_err().to_string();
        assert!(said.contains("output"), "{said}");
        fs::create_dir_all(figures).unwrap();
    }
    assert!(folder.files().is_empty());
}

#[test]
fn a_file_that_is_being_read_is_not_written_on() {
    let folder = Folder::with_data();
    for line in [
        "attack-gauss --sigma 1 x.npy >> x.npy",
        "attack-gauss --sigma 1 ./x.npy 1<> x.npy",
        "attack-gauss --sigma 1 < x.npy >> x.npy",
        "attack-gauss --sigma 1 x.npy -o /dev/fd/3 3>> x.npy",
    ] {
        let said = folder.fails(2, line);
        assert!(
            said.contains("is also the file to which the output is redirected"),
            "{line}: {said}"
        );
    }
}

#[test]
fn a_folder_that_is_missing_is_named_before_the_work() {
    let folder = Folder::with_network();
    fs::write(folder.path("bad.npy"), "no array").unwrap();
    for line in [
        "attack-gauss --sigma 1 bad.npy -o no/such/x.npy",
        "extract-activations --model net bad.npy -o no/such/x.npy",
        "extract-activations --model net --labels y.npy bad.npy --accuracy no/such/x.npy -o h.npy",
        "accuracy --model net --labels y.npy bad.npy --predictions no/such/x.npy",
        "spectrum bad.npy -o no/such/x.npy",
        "spectrum bad.npy --moments no/such/x.npy",
        "fit-powerlaw bad.npy -o no/such/x.npy",
        "dimension bad.npy -o no/such/x.npy",
        "class-geometry --labels y.npy bad.npy -o no/such/x.npy",
        "import-idx bad.npy -o no/such/x.npy",
        "draw-digits --count 3 -o no/such/x.npy",
        "train --images bad.npy --labels y.npy -o no/such/x.npy",
        "train --images bad.npy --labels y.npy --checkpoint no/such/x.npy -o new",
        "tabulate --runs bad.npy --summary no/such/x.npy",
        "claims bad.npy --verdicts no/such/x.npy",
        "claims bad.npy --checks no/such/x.npy",
    ] {
        let said = folder.fails(1, line);
        assert!(
            said.ends_with(": no/such/x.npy: its folder no/such does not exist"),
            "{line}: {said}"
        );
    }
    let said = folder.fails(1, "draw-digits --count 3 -o bad.npy/x.npy");
    assert!(said.contains("bad.npy/x.npy: Not a directory"), "{said}");
    let said = folder.fails(1, "draw-digits --count 3 -o new/");
    assert!(said.contains("new/: names a folder"), "{said}");
}

#[test]
fn a_name_may_be_as_long_as_the_file_system_lets_it() {
    let folder = Folder::with_data();
    // 255 bytes, of one, of three and of four bytes a character.
    for name in ["n".repeat(255), "\u{2261}".repeat(85), format!("{}nnn", "\u{1f41f}".repeat(63))] {
        assert_eq!(name.len(), 255);
        for _ in 0..2 {
            folder.ok(&format!("attack-gauss --sigma 1 x.npy -o {name}"));
        }
        folder.ok(&format!("rm {name}"));
        for _ in 0..2 {
            folder.ok(&format!(
                "train --images x.npy --labels y.npy --hidden 5 --epochs 1 -o {name}"
            ));
        }
        folder.ok(&format!("accuracy --model {name} --labels y.npy x.npy; rm -r {name}"));
    }
}

#[test]
fn training_replaces_a_network_and_no_other_folder() {
    let folder = Folder::with_network();
    folder.ok("mkdir keras; echo '{\"class_name\": \"Sequential\"}' > keras/model.json
               echo weights > keras/model.weights.h5
               cp -r net noted; echo mine > noted/notes.txt
               cp -r net deep; mkdir deep/epoch-3; cp net/* deep/epoch-3; echo mine > deep/epoch-3/w3.txt
               cp -r net linked; rm linked/w1.npy; ln -s ../net/w1.npy linked
               mkdir empty; echo > file; ln -s noted link");
    for (name, words) in [
        ("keras", "found model.weights.h5"),
        ("noted", "found notes.txt"),
        ("link", "found notes.txt"),
        ("deep", "found w3.txt in epoch-3"),
        ("linked", "found w1.npy, which is not a regular file"),
        (".", "found deep"),
        ("file", "file: not a directory"),
        ("/dev/stdout", "/dev/stdout: not a directory"),
    ] {
        // Before the images are read.
        let said = folder.fails(1, &format!("train --images none --labels y.npy -o {name}"));
        assert!(said.contains(words), "{name}: {said}");
    }
    let said = folder
        .fails(2, "train --images x.npy --labels y.npy --checkpoint net/state --epochs 1 -o net");
    assert!(said.contains("net/state: is in the directory that the network replaces"), "{said}");
    let train = "train --images x.npy --labels y.npy --hidden 5 --epochs 2";
    folder.ok(&format!(
        "{train} --snapshots 1 -o empty; {train} -o empty; rm noted/notes.txt; {train} -o link"
    ));
    assert_eq!(folder.bytes("noted/w1.npy"), folder.bytes("empty/w1.npy"));
    assert!(!folder.path("empty/epoch-1").exists());
}

#[test]
fn an_output_may_be_the_input_and_an_odd_name() {
    let folder = Folder::with_data();
    let expected = folder.ok("attack-gauss --sigma 1 x.npy");
    folder.ok(
        "attack-gauss --sigma 1 x.npy -o ' a\nb.npy'; attack-gauss --sigma 1 x.npy -o ./--x.npy
               attack-gauss --sigma 0 -o c.npy -- --x.npy; attack-gauss --sigma 1 x.npy -o x.npy",
    );
    for name in [" a\nb.npy", "--x.npy", "c.npy", "x.npy"] {
        assert_eq!(folder.bytes(name), expected, "{name:?}");
    }
    folder.ok("cp x.npy $'\\xff.npy'; attack-gauss --sigma 0 $'\\xff.npy' -o $'\\xfe.npy'; cmp x.npy $'\\xfe.npy'");
    let message = folder.fails(1, "attack-gauss --sigma 1 $'no\\xff\\e[31m'");
    assert_eq!(message, "attack-gauss: no\u{fffd}\\u{1b}[31m: No such file or directory");
    let message = folder.fails(1, "attack-gauss --sigma 1 'not\nhere'");
    assert_eq!(message, "attack-gauss: not\\nhere: No such file or directory");
}
