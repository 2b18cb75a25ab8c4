//! Commands of a user's own: of which text they can be, what they read, and which edits make notices.

use std::fs;

use super::column;
use crate::common::project::{Project, SMALL};

const FIRST: &str = "attack-gauss --quiet --sigma 0.25 --seed 3";

/// The rows of the attack `mine` in the table of this study, without what is different from run to run.
fn mine(project: &Project, out: &str) -> Vec<String> {
    let rows = column(&project.table(out), "alpha", &[",local,1,,mine,"]);
    assert_eq!(rows.len(), 4, "{out}");
    rows
}

#[test]
fn an_attack_is_any_text_of_a_shell() {
    let project = Project::new();
    let second = "attack-gauss --quiet --sigma $1 --seed 4";
    project.0.ok(&format!(
        "echo '{FIRST} | {second}' > both.sh; mkdir 'a b'; cp both.sh 'a b/c d.sh'; cp both.sh 'a b/e.sh'"
    ));
    let attack = |out: &str, text: &str| {
        let text = format!("mine.strengths = 0.5\ndefine mine\n{text}\nendef\n");
        fs::write(project.0.path("own.mk"), text).unwrap();
        let line = format!("{SMALL} ATTACKS='gauss mine' OUT={out}");
        project.make(&line);
        assert!(project.is_up_to_date(&line), "{out}");
        mine(&project, out)
    };
    let expected = attack("script", "bash both.sh $(strength)");
    for (out, text) in [
        ("pipeline", format!("{FIRST} | attack-gauss --quiet --sigma $(strength) --seed 4")),
        (
            "lines",
            format!(
                "{FIRST} |\n    attack-gauss --quiet \\\n\t--sigma $(strength) --seed 4 # the second"
            ),
        ),
        ("quoted", "bash 'a b/c d.sh' $(strength)".to_owned()),
        ("doubly", "bash \"a b/c d.sh\" $(strength)".to_owned()),
        ("elsewhere", "cd 'a b' && bash e.sh $(strength)".to_owned()),
        (
            "signs",
            format!(
                "for one in 1; do\n{FIRST}\ndone |\n{{\n+() {{ attack-gauss --quiet \"$$@\"; }}\n+ --sigma $(strength) --seed 4\n}}"
            ),
        ),
        ("functions", "-both() { bash both.sh \"$$@\"; }\n-both $(strength)".to_owned()),
    ] {
        assert_eq!(attack(out, &text), expected, "{out}: {text}");
    }
    // A document within the command stays as it is, whatever its lines begin with.
    let document = "@ not an at of make\n  - not a minus\n    + not a plus\n\ta tab\nit's $HOME\n";
    let text = document.replace('$', "$$");
    let found = attack(
        "document",
        &format!("cat > $(OUT)/here <<'END'\n{text}END\nbash both.sh $(strength)"),
    );
    assert_eq!(found, expected);
    assert_eq!(project.0.bytes("document/here").text(), document);
}

#[test]
fn a_stage_can_be_a_pipeline() {
    let project = Project::new();
    let table = |out: &str, stages: &str| {
        project.make(&format!("{SMALL} OUT={out} {stages}"));
        project.table(out)
    };
    let plain = table("plain", "");
    let pipeline = table(
        "pipeline",
        "spectrum='cat | spectrum --quiet $(few)' activations='$(extract) $(first-samples) | cat' \
         pixels='cat | spectrum --quiet | cat'",
    );
    assert_eq!(pipeline, plain);
}

#[test]
fn an_edit_of_a_script_is_noticed_however_it_is_named() {
    let project = Project::new();
    project.0.ok("mkdir folder 'a b'");
    let write = |file: &str, seed: usize| {
        let text = format!("attack-gauss --quiet --sigma \"$1\" --seed {seed}\n");
        fs::write(project.0.path(file), text).unwrap();
    };
    for (number, (file, command)) in [
        ("mine.sh", "bash mine.sh $(strength)"),
        ("mine.sh", "bash 'mine.sh' $(strength)"),
        ("mine.sh", "bash \"mine.sh\" $(strength)"),
        ("mine.sh", "cat|bash<(cat mine.sh) $(strength)"),
        ("folder/mine.sh", "cd folder; bash mine.sh $(strength)"),
        ("folder/mine.sh", "cd folder && bash ./mine.sh $(strength)"),
        ("a b/c d.sh", "bash 'a b/c d.sh' $(strength)"),
        ("a b/mine.sh", "cd \"a b\" && bash mine.sh $(strength)"),
    ]
    .into_iter()
    .enumerate()
    {
        let text = format!("mine = {command}\nmine.strengths = 0.5\n").replace("bash<", "bash <");
        fs::write(project.0.path("own.mk"), text).unwrap();
        let out = format!("out-{number}");
        let line = format!("{SMALL} ATTACKS=mine OUT={out}");
        write(file, 5);
        project.make(&line);
        assert!(project.is_up_to_date(&line), "{command}");
        let before = mine(&project, &out);
        write(file, 6);
        let would_run = project.would_run(&line);
        assert!(would_run.contains("mine") && !would_run.contains("local"), "{command}");
        project.make(&line);
        assert_ne!(mine(&project, &out), before, "{command}");
    }
}

#[test]
fn an_attack_need_not_read_its_input() {
    let project = Project::new();
    let images = "out/tiny/data/test-images.npy";
    project.make(&format!("{SMALL} inputs"));
    let text =
        format!("mine = attack-gauss --quiet --sigma $(strength) {images}\nmine.strengths = 0.5\n");
    fs::write(project.0.path("own.mk"), text).unwrap();
    project.make(&format!("{SMALL} ATTACKS='gauss mine'"));
    mine(&project, "out");
}

#[test]
fn an_attack_that_fails_leaves_nothing_half_written() {
    let project = Project::new();
    let failing = [
        "echo no images >&2; exit 3",
        "attack-gauss --quiet --sigma $(strength); echo no images >&2; exit 3",
        "head -c 1000; echo no images >&2; exit 3",
        "attack-gauss --quiet --sigma $(strength) | { echo no images >&2; exit 3; } | cat",
    ];
    for (number, command) in failing.into_iter().enumerate() {
        for shared in ["", "SHARED='gauss mine'"] {
            let out = format!("out-{number}{}", &shared[..shared.len().min(1)]);
            let text = format!("mine = {command}\nmine.strengths = 0.5\n");
            fs::write(project.0.path("own.mk"), text).unwrap();
            let line = format!("{SMALL} ATTACKS='gauss mine' {shared} OUT={out}");
            let said = project.refuses(&line, "no images");
            assert!(said.contains("Error 3"), "{said}");
            project.0.ok(&format!(
                "[ -z \"$(find {out} -path '*mine-0.5/*' -o -name '.*.part' ! -name '.progress.*')\" ]"
            ));
            // The command is mended, and the study is finished.
            let text = "mine = attack-gauss --quiet --sigma $(strength)\nmine.strengths = 0.5\n";
            fs::write(project.0.path("own.mk"), text).unwrap();
            project.make(&line);
            mine(&project, &out);
        }
    }
}

#[test]
fn a_rule_can_make_its_networks_from_those_of_another() {
    let project = Project::new();
    fs::write(
        project.0.path("own.mk"),
        "copied = cp -r $(from) $(model)\ncopied.from = local\n\
         twice = cp -r $(from) $(model)\ntwice.from = copied\n",
    )
    .unwrap();
    project.make(&format!("{SMALL} RULES=local OUT=local"));
    let alphas =
        |out: &str, rule: &str| column(&project.table(out), "alpha", &[&format!("tiny,{rule},1,")]);
    let expected = alphas("local", "local");
    for rules in ["copied", "twice", "copied local", "twice copied"] {
        let out = rules.replace(' ', "-");
        let line = format!("{SMALL} RULES='{rules}' OUT={out} -j2");
        project.make(&line);
        assert!(project.is_up_to_date(&line), "{rules}");
        for rule in rules.split(' ') {
            assert_eq!(alphas(&out, rule), expected, "{rules}");
        }
        let folders = project.0.ok(&format!("ls {out}/tiny/local/seed-1")).text();
        assert_eq!(folders.contains("clean"), rules.contains("local"), "{rules}: {folders}");
        // Another network of the first rule is another of those made from it.
        let again = project.would_run(&format!("{line} EPOCHS=2"));
        assert!(again.contains("local") && again.contains("copied"), "{rules}: {again:?}");
    }
}

#[test]
fn words_stand_before_each_tool_that_reads_a_network_of_a_rule() {
    let project = Project::new();
    let log = |note: &str| {
        let text = format!("# {note}\necho \"$1 $*\" >> tools.log\nexec \"$@\"\n");
        fs::write(project.0.path("log.sh"), text).unwrap();
    };
    log("first");
    fs::write(
        project.0.path("own.mk"),
        "logged = cp -r $(from) $(model)\nlogged.from = local\nlogged.with = bash log.sh\n\
         logged.attacks = gauss fgsm pgd\n",
    )
    .unwrap();
    // The report shows what the network of the first rule takes images for.
    let line = format!("{SMALL} RULES='logged local' ATTACKS='gauss fgsm pgd'");
    project.make(&line);
    assert!(project.is_up_to_date(&line));
    let said = project.0.bytes("tools.log").text();
    let tools: std::collections::BTreeSet<_> =
        said.lines().map(|line| line.split(' ').next().unwrap()).collect();
    let readers = ["accuracy", "attack-fgsm", "attack-pgd", "extract-activations"];
    assert_eq!(tools.into_iter().collect::<Vec<_>>(), readers);
    let model = "--model out/tiny/logged/seed-1/model ";
    assert!(said.lines().all(|line| line.contains(model)), "{said}");
    let alphas = |rule: &str| column(&project.table("out"), "alpha", &[&format!("tiny,{rule},1,")]);
    assert_eq!(alphas("logged"), alphas("local"));
    // Another script is another measurement of these networks, and of no others.
    log("second");
    let made = crate::common::project::recipes(&project.make(&format!("-n {line}")));
    let levels: Vec<_> = made.iter().filter(|recipe| recipe.value("kind") == "level").collect();
    assert!(levels.len() == 4 && levels.iter().all(|level| level.value("rule") == "logged"));
    assert!(!project.would_run(&line).contains("logged"));
}
