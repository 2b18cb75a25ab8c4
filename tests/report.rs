//! `report`: what its figures and means are of.

use std::fs;

use crate::common::{self, Bytes, Folder, header, npy, project::Project};

const REPORT: &str = "report --table out/tiny/table.csv --claims out/tiny/claims.jsonl out/tiny -o page.html --figures figures";

/// The page, and all figures.
fn report(folder: &Folder) -> (String, Vec<(std::path::PathBuf, Bytes)>) {
    folder.ok(&format!("rm -rf figures && {REPORT}"));
    let page = String::from_utf8(folder.bytes("page.html").0).unwrap();
    (page, crate::common::files(&folder.path("figures")))
}

/// The cells of a rule's rows among the numbers, by ranks.
fn numbers(page: &str, rule: &str, ranks: &str) -> Vec<String> {
    let numbers = page.split(">Numbers</h2>").nth(1).unwrap().split("</table>").next().unwrap();
    let row = format!("<tr><td>{rule}</td><td>{ranks}</td>");
    let rows = numbers.lines().filter(|line| line.starts_with(&row));
    rows.map(|line| line[row.len()..].to_owned()).collect()
}

#[test]
fn fits_of_several_methods_are_not_averaged() {
    let project = Project::new();
    project.make("all");
    let (one, figures) = report(&project.0);
    project.make("all fit='fit-powerlaw --ranks 1-8 --ranks 2-6 --method all'");
    let (three, of_three) = report(&project.0);
    assert_eq!(figures.len(), of_three.len());
    for (one, three) in figures.iter().zip(&of_three) {
        assert!(one == three, "{}", one.0.display());
    }
    assert!(three.contains("The tables also have rows for fits by mle and weighted."));
    for ranks in ["1–8", "2–6"] {
        let expected = numbers(&one, "local errors", ranks);
        assert_eq!(expected.len(), 2);
        assert_eq!(numbers(&three, "local errors", &format!("{ranks}, ols")), expected);
        for method in ["mle", "weighted"] {
            let others = numbers(&three, "local errors", &format!("{ranks}, {method}"));
            assert!(others.len() == 2 && others != expected, "{method}");
        }
    }
    // Of one method alone, whichever it is, the page is that method's.
    project.make("all fit='fit-powerlaw --ranks 1-8 --method weighted'");
    let (weighted, _) = report(&project.0);
    assert!(weighted.contains("Headline: ranks 1–8, method weighted."));
    let expected = numbers(&three, "local errors", "1–8, weighted");
    assert_eq!(numbers(&weighted, "local errors", "1–8"), expected);
}

#[test]
fn the_headline_is_the_first_of_the_studys_ranks() {
    let project = Project::new();
    let folder = &project.0;
    project.make("all");
    let record = fs::read_to_string(folder.path("out/tiny/study.json")).unwrap();
    let mut record: serde_json::Value = serde_json::from_str(&record).unwrap();
    let mut headline = |ranks: Option<serde_json::Value>| {
        let record = record.as_object_mut().unwrap();
        match ranks {
            Some(ranks) => record.insert("ranks".into(), ranks),
            None => record.remove("ranks"),
        };
        let text = serde_json::to_string(record).unwrap();
        fs::write(folder.path("out/tiny/study.json"), text).unwrap();
        let (page, figures) = report(folder);
        let words = page.split("Headline: ranks ").nth(1).unwrap().split(',').next().unwrap();
        assert!(!page.contains("1–50") && !page.contains("1-50"));
        (words.to_owned(), figures)
    };
    let (lowest, of_lowest) = headline(None);
    assert_eq!(lowest, "1–8");
    assert_eq!(headline(Some(["1-8", "2-6"].into())), (lowest.clone(), of_lowest.clone()));
    let (second, of_second) = headline(Some(["2-6", "1-8"].into()));
    assert_eq!(second, "2–6");
    assert!(of_second != of_lowest);
    // Ranks that the table has not are passed over.
    assert_eq!(headline(Some(["5-9", "2-6"].into())), (second, of_second));
    assert_eq!(headline(Some(["5-9"].into())), (lowest, of_lowest));
    fs::write(folder.path("out/tiny/study.json"), "{\"ranks\":[\"8-1\"]}").unwrap();
    let message = folder.fails(1, REPORT);
    assert!(
        message.contains("study.json: is not the JSON expected: 8-1 is not a range"),
        "{message}"
    );
}

#[test]
fn a_strength_of_zero_adds_nothing_to_the_page_and_a_point_twice_is_refused() {
    let project = Project::new();
    let folder = &project.0;
    project.make("all");
    let (page, figures) = report(folder);
    let table = fs::read_to_string(folder.path("out/tiny/table.csv")).unwrap();
    let zeros = table.lines().filter(|line| line.contains(",clean,0,"));
    let zeros: String = zeros.map(|line| line.replace(",clean,0,", ",fgsm,0,") + "\n").collect();
    assert!(zeros.lines().count() > 8);
    fs::write(folder.path("out/tiny/table.csv"), format!("{table}{zeros}")).unwrap();
    let (again, figures_again) = report(folder);
    assert!(page == again && figures == figures_again);
    let other = table.lines().last().unwrap().replacen("tiny", "other", 1);
    fs::write(folder.path("out/tiny/table.csv"), format!("{table}{other}\n")).unwrap();
    let line = REPORT.replace("page.html", "new.html").replace("--figures figures", "");
    assert!(folder.fails(1, &line).contains("more than one data set"));
    let last = table.lines().last().unwrap();
    fs::write(folder.path("out/tiny/table.csv"), format!("{table}{last}\n")).unwrap();
    let message = folder.fails(1, &line);
    assert!(message.contains("are the same point"), "{message}");
}

#[test]
fn a_study_without_descriptions_is_shown_by_names_and_one_that_cannot_be_read_is_named() {
    let project = Project::new();
    let folder = &project.0;
    project.make("all CONTROLS='gauss-repeat fgsm-random'");
    let (page, figures) = report(folder);
    for words in ["Control attacks: local errors", "The signal under noise: local errors"] {
        assert!(page.contains(words), "{words}");
    }
    let names = |figures: &[(std::path::PathBuf, Bytes)]| {
        let names = figures.iter().map(|(path, _)| path.file_name().unwrap().to_owned());
        names.map(|name| name.into_string().unwrap()).collect::<Vec<_>>()
    };
    assert!(names(&figures).contains(&"controls-local.svg".into()));
    // An earlier version's, which had its commands elsewhere, and none.
    fs::write(folder.path("out/tiny/study.json"), "{\"commands\":{\"local\":\"train\"}}").unwrap();
    let (earlier, of_earlier) = report(folder);
    fs::remove_file(folder.path("out/tiny/study.json")).unwrap();
    let (plain, of_plain) = report(folder);
    assert!(of_earlier == of_plain && earlier.contains("commands") && !plain.contains("commands"));
    for words in ["The paper's claims: local<", ">gauss-repeat</text>", ">strength</text>"] {
        assert!(plain.contains(words), "{words}");
    }
    for words in ["Control attacks: ", "The signal under noise: ", "Gaussian noise</text>"] {
        assert!(page.contains(words) && !plain.contains(words), "{words}");
    }
    assert!(!names(&of_plain).contains(&"controls-local.svg".into()));
    for text in ["", "{\"attacks\":[{\"name\":\"gauss\"}]}", "{\"rules\":\"local\"}"] {
        fs::write(folder.path("out/tiny/study.json"), text).unwrap();
        let message = folder.fails(1, &REPORT.replace("page.html", "new.html"));
        let expected = if text.is_empty() { "is empty" } else { "is not the JSON expected" };
        assert!(message.contains(&format!("study.json: {expected}")), "{message}");
        assert!(!folder.path("new.html").exists());
    }
}

#[test]
fn files_of_the_network_shown_that_do_not_fit_together_are_refused() {
    let project = Project::new();
    let folder = &project.0;
    project.make("all");
    let line = REPORT.replace("page.html", "new.html");
    let refused = |file: &str, bytes: &[u8], expected: &str| {
        let before = folder.bytes(file).0;
        fs::write(folder.path(file), bytes).unwrap();
        let message = folder.fails(1, &line);
        assert!(message.contains(expected), "{message}");
        assert!(!folder.path("new.html").exists());
        fs::write(folder.path(file), before).unwrap();
    };
    // The images have one layer, the network has two.
    refused(
        "out/tiny/local/seed-1/gauss-0.5/spectrum.npy",
        &folder.bytes("out/tiny/clean/spectrum.npy").0,
        "gauss-0.5/spectrum.npy: differs from the clean spectra in the number of layers (found 1, expected 2)",
    );
    refused(
        "out/tiny/samples/clean/predictions.npy",
        &npy(&header("|u1", false, "(1,)"), &[3]),
        "predictions.npy: has too few labels for the images shown (found 1, expected 10)",
    );
    folder.ok(&line);
}

/// The cells of each row of the first table after a heading.
fn rows_after(page: &str, heading: &str) -> Vec<Vec<String>> {
    let table = page.split(heading).nth(1).unwrap_or_else(|| panic!("no {heading}"));
    let body = table.split("<tbody>").nth(1).unwrap().split("</tbody>").next().unwrap();
    let cells = |line: &str| {
        line.split("<td>")
            .skip(1)
            .map(|cell| cell.split("</td>").next().unwrap().to_owned())
            .collect()
    };
    body.lines().filter(|line| line.contains("<td>")).map(cells).collect()
}

#[test]
fn what_instruments_found_is_on_the_page() {
    let project = Project::new();
    project.make("all CHECKS=pgd EPSILONS='0.05 0.1 0.2' SIGMAS='0.3 0.6'");
    let (page, figures) = report(&project.0);
    for name in [
        "displacement-gauss",
        "displacement-fgsm",
        "local-slopes",
        "classes-depth",
        "classes-strength",
        "robustness",
    ] {
        let file = format!("{name}.svg");
        assert!(figures.iter().any(|(path, _)| path.ends_with(&file)), "{name}");
    }
    // The parts of the change of alpha add up to it.
    let number = |cell: &str| -> f64 {
        cell.split('\u{a0}').next().unwrap().replace('−', "-").parse().unwrap()
    };
    for heading in ["<h3>Gaussian noise</h3>", "<h3>FGSM, exact gradient</h3>"] {
        let rows = rows_after(&page, heading);
        assert_eq!(rows.len(), 4, "{heading}: two strengths of two layers");
        for row in rows {
            let [clean, attacked, own, rest] = [2, 3, 4, 5].map(|i| number(&row[i]));
            assert!((clean + own + rest - attacked).abs() < 0.02, "{row:?}");
            assert!(row[6].ends_with(" of 8"), "{row:?}");
        }
    }
    assert_eq!(page.matches(" on average over layers and seeds").count(), 4);
    // No directions hold more of the variance than the principal ones, and the centres are part of theirs.
    for row in rows_after(&page, "<h3>The plateau</h3>") {
        let [first, span, between] = [1, 2, 3].map(|i| number(&row[i]));
        assert!(first + 0.051 > span && span + 0.051 > between && between > 1.0, "{row:?}");
    }
    let robustness = rows_after(&page, ">How far is a boundary?</h2>");
    assert_eq!(robustness.len(), 2 * 3);
    for rule in robustness.chunks(3) {
        let farther: Vec<f64> = rule.iter().map(|row| number(&row[3])).collect();
        assert!(farther.is_sorted_by(|a, b| a >= b) && rule.iter().all(|row| row[1] == rule[0][1]));
    }
    let slopes = rows_after(&page, ">Is it a power law? local errors</h2>");
    assert_eq!(slopes.len(), 2);
    // Layers of 12 units have no ranks from 51 on.
    assert!(
        slopes.iter().all(|row| number(&row[1]) > 0.0 && row[3] == "–" && number(&row[4]) > 0.0)
    );
    let described = rows_after(&page, "<summary>Descriptions of the spectra");
    assert_eq!(described.len(), 2 * 2);
    assert!(page.contains("The accuracies of layers 1 are those of probes"));
    let of_backprop = numbers(&page, "backpropagation", "1–8");
    assert!(of_backprop[0].contains(", probe</td>") && !of_backprop[1].contains("probe"));
}

#[test]
fn the_checks_of_the_attacks_are_shown_if_they_are_given() {
    let project = Project::new();
    let folder = &project.0;
    project.make("all CONTROLS='gauss-repeat fgsm-random fgsm-clipped'");
    let heading = ">Is the attack weak, or the network strong?</h2>";
    let (without, figures) = report(folder);
    for words in [heading, "Thresholds of the checks"] {
        assert!(!without.contains(words), "{words}");
    }
    let checks = fs::read_to_string(folder.path("out/tiny/checks.jsonl")).unwrap();
    // Undecided, and of a rule that the study does not have.
    let undecided = r#"{"check":"pgd","statement":"mine is strong","rule":"local","attack":"mine","beside":"fgsm","strength":null,"value":null,"threshold":0.01,"passed":null,"reason":"a reason","seeds":0}"#;
    let other = undecided.replace("local", "nowhere").replace("mine is", "other is");
    let failed = undecided.replace("mine is", "weak is").replace(
        r#""strength":null,"value":null,"threshold":0.01,"passed":null,"reason":"a reason","seeds":0"#,
        r#""strength":0.25,"value":0.0125,"threshold":0.01,"passed":false,"seeds":3"#,
    );
    fs::write(folder.path("k.jsonl"), format!("{checks}{undecided}\n{other}\n{failed}\n")).unwrap();
    let line = REPORT.replace("out/tiny -o", "--checks k.jsonl out/tiny -o");
    folder.ok(&format!("rm -rf figures && {line}"));
    let page = folder.bytes("page.html").text();
    assert!(common::files(&folder.path("figures")) == figures);
    let places = ["id=\"control-attacks", heading, "id=\"the-signal-under-noise"]
        .map(|words| page.find(words).unwrap_or_else(|| panic!("{words}")));
    assert!(places.is_sorted());
    let section = page[places[1]..].split("</table>").next().unwrap();
    let rows = |words: &str| section.lines().filter(|line| line.contains(words)).count();
    assert_eq!(rows("<tr>"), 1 + checks.lines().count() + 2);
    assert!(rows(">local errors</td>") > 0 && rows(">backpropagation</td>") > 0);
    assert_eq!(rows("other is strong"), 0);
    for (statement, end) in [
        (
            "mine is strong",
            [
                "0",
                "–",
                "0.010",
                "<span class=\"verdict\">undecided</span><br><span class=\"wrap\">a reason</span>",
            ],
        ),
        (
            "weak is strong",
            ["3", "0.013 at 0.25", "0.010", "<span class=\"verdict\">failed</span>"],
        ),
    ] {
        let row = section.lines().find(|line| line.contains(statement)).unwrap();
        let labels = ["seeds", "worst value over seeds and strengths", "at most", "outcome"];
        let cell = |(label, cell)| format!("<td data-label=\"{label}\">{cell}</td>");
        let cells = labels.into_iter().zip(end).map(cell).collect::<Vec<_>>().concat();
        assert!(row.ends_with(&format!("{cells}</tr>")), "{row}");
    }
    assert!(page.contains("<h3>Thresholds of the checks of the attacks</h3>"));

    // A verdict names what its attack fails, from the file of the claims.
    let claims = fs::read_to_string(folder.path("out/tiny/claims.jsonl")).unwrap();
    let changed = |line: &str| {
        let mut claim: serde_json::Value = serde_json::from_str(line).unwrap();
        claim["failed_checks"] = ["pgd", "large", "gradient"].into();
        claim.to_string() + "\n"
    };
    let fails = "the attack fails the checks pgd, large and gradient";
    fs::write(folder.path("c.jsonl"), claims.lines().map(changed).collect::<String>()).unwrap();
    folder.ok(&line.replace("out/tiny/claims.jsonl", "c.jsonl"));
    let named = folder.bytes("page.html").text().matches(fails).count();
    assert!(named >= claims.lines().count(), "{named}");

    for (text, says) in [
        ("{", "k.jsonl: line 1 is not the JSON expected"),
        (
            &undecided.replace("pgd", "warp"),
            "k.jsonl: line 1 is not the JSON expected: unknown variant `warp`",
        ),
    ] {
        fs::write(folder.path("k.jsonl"), text).unwrap();
        let message = folder.fails(1, &line.replace("page.html", "new.html"));
        assert!(message.contains(says), "{message}");
    }
    fs::write(folder.path("k.jsonl"), "").unwrap();
    folder.ok(&line);
    assert!(folder.bytes("page.html").text() == without);
    assert!(!folder.path("new.html").exists());
}
