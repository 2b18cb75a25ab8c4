//! README.md, CONTRIBUTING.md and doc/: short enough, with links that lead somewhere, and with what the
//! tools really do.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use crate::common::{Folder, TOOLS, blocks, json_lines, page, section};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// README.md, CONTRIBUTING.md and the pages in doc/, as paths in the project.
fn pages() -> Vec<PathBuf> {
    let pages = fs::read_dir(Path::new(ROOT).join("doc")).unwrap();
    let pages = pages.map(|entry| Path::new("doc").join(entry.unwrap().file_name()));
    let pages = pages.filter(|path| path.extension().is_some_and(|extension| extension == "md"));
    pages.chain(["README.md", "CONTRIBUTING.md"].map(PathBuf::from)).collect()
}

/// A page without its fenced blocks.
fn prose(page: &str) -> String {
    page.split("```").step_by(2).collect()
}

/// The targets of a page's links.
fn links(page: &str) -> Vec<String> {
    let links = prose(page);
    let links = links.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
    links.map(|(target, _)| target.to_owned()).collect()
}

/// The anchors that GitHub gives the headings of a page.
fn anchors(page: &str) -> BTreeSet<String> {
    let headings = prose(page);
    let headings = headings.lines().filter(|line| line.starts_with('#'));
    let anchor = |heading: &str| {
        let letters = heading.trim_start_matches('#').trim().chars();
        let letters = letters.filter(|c| c.is_alphanumeric() || " -_".contains(*c));
        letters.collect::<String>().to_lowercase().replace(' ', "-")
    };
    headings.map(anchor).collect()
}

#[test]
fn anchors_are_those_of_github() {
    let found =
        anchors("# The paper's claims\ntext\n## r² and `curvature`, or not\n```\n# no\n```\n");
    assert_eq!(found, ["the-papers-claims", "r²-and-curvature-or-not"].map(String::from).into());
}

#[test]
fn every_relative_link_leads_to_a_file_and_every_anchor_to_a_heading() {
    let (mut wrong, mut followed) = (Vec::new(), 0);
    for path in pages() {
        let text = page(path.to_str().unwrap());
        for link in links(&text).iter().filter(|link| !link.contains("://")) {
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = match file {
                "" => path.clone(),
                file => path.parent().unwrap().join(file),
            };
            let exists = Path::new(ROOT).join(&target).is_file();
            let leads = exists
                && (anchor.is_empty() || anchors(&page(target.to_str().unwrap())).contains(anchor));
            if !leads {
                wrong.push(format!("{}: {link}", path.display()));
            }
            followed += 1;
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
    assert!(followed > 30, "{followed}");
}

#[test]
fn readme_is_short_and_leads_to_every_page_and_every_tool() {
    let readme = page("README.md");
    let lines = readme.lines().count();
    assert!(lines <= 160, "{lines} lines");
    let links: BTreeSet<PathBuf> = links(&readme).iter().map(PathBuf::from).collect();
    for page in pages().iter().filter(|page| page.starts_with("doc")) {
        assert!(links.contains(page), "{}", page.display());
    }
    let tools = section(&readme, "The tools");
    let tools = tools.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    assert_eq!(tools.collect::<BTreeSet<_>>(), TOOLS.iter().copied().collect());
}

/// Each path is there, with the tool `dimension` in place of NAME, and in the file what is said to be in it.
#[test]
fn contributing_names_places_that_exist() {
    let contributing = page("CONTRIBUTING.md").replace("/NAME.", "/dimension.");
    let text = prose(&contributing);
    let code = text.split('`').skip(1).step_by(2);
    let paths: Vec<&str> = code.filter(|code| code.contains('/') && !code.contains(' ')).collect();
    for path in &paths {
        assert!(Path::new(ROOT).join(path).exists(), "{path}");
    }
    let ends: Vec<&str> = text.split("` in `").collect();
    for pair in ends.windows(2) {
        let name = pair[0].rsplit('`').next().unwrap();
        let file = pair[1].split('`').next().unwrap();
        assert!(page(file).contains(name), "{name} in {file}");
    }
    assert!(paths.len() > 20 && ends.len() > 5, "{paths:?} {ends:?}");
}

/// The number behind a key in a line of JSON that … may shorten.
fn number(line: &str, key: &str) -> Option<f64> {
    let (_, rest) = line.split_once(&format!("\"{key}\":"))?;
    rest.split([',', '}', '…']).next()?.parse().ok()
}

/// Another processor may add sums in another order, which changes a network as much as another
/// seed does: digits differ there, but not what the example shows.
#[test]
fn the_pipeline_of_the_readme_prints_what_stands_below_it() {
    pipeline_of_the_readme(&Folder::new(), "");
}

/// The same, after a line of bash that finds the tools.
pub fn pipeline_of_the_readme(folder: &Folder, setup: &str) {
    let readme = page("README.md");
    let blocks = blocks(section(&readme, "One pipeline"));
    let [("bash", commands), ("json", shown)] = blocks[..] else { unreachable!("{blocks:?}") };
    let output = folder.ok(&format!("{setup}\n{commands}"));
    let (lines, shown) = (json_lines(&output), shown.lines().collect::<Vec<_>>());
    assert_eq!(lines.len(), shown.len());
    for (line, shown) in lines.iter().zip(shown) {
        let close = |key: &str, tolerance: f64| {
            let (real, shown) = (line[key].as_f64(), number(shown, key));
            assert_eq!(real.is_some(), shown.is_some(), "{key}: {line}");
            real.zip(shown).is_none_or(|(real, shown)| (real - shown).abs() <= tolerance * shown)
        };
        assert!(close("layer", 0.0) && close("units", 0.0), "{line}");
        assert!(close("accuracy", 0.3) && close("alpha", 0.3), "{line} and {shown}");
        let bent = |text: &str| text.contains("bent");
        assert_eq!(bent(&line["warnings"].to_string()), bent(shown), "{line}");
    }
    let accuracy = |line: &Value| line["accuracy"].as_f64();
    assert!(accuracy(&lines[0]) > accuracy(&lines[1]).map(|attacked| attacked + 0.5), "{lines:?}");
}

#[test]
fn the_columns_of_the_table_are_those_of_the_documentation() {
    let folder = Folder::with_table();
    let table = String::from_utf8(folder.bytes("t.csv").0).unwrap();
    let header = table.lines().next().unwrap().split(',');
    let formats = page("doc/formats.md");
    let rows = section(&formats, "The table").lines().filter_map(|line| line.strip_prefix("| `"));
    let columns = rows.filter_map(|row| row.split(" | ").next());
    let columns = columns.flat_map(|cell| cell.split(", ").map(|name| name.trim_matches('`')));
    assert_eq!(columns.collect::<BTreeSet<_>>(), header.collect::<BTreeSet<_>>());
}

/// The regions of a page that tools made, and the rest without code and the targets of links.
fn made_and_written(page: &str) -> (String, String) {
    let (mut made, mut written, mut inside) = (String::new(), String::new(), false);
    for line in prose(page).lines() {
        inside = line.starts_with("<!-- splice: ") || (inside && line != "<!-- end -->");
        let text = if inside { &mut made } else { &mut written };
        text.push_str(line);
        text.push('\n');
    }
    let without_code: String = written.split('`').step_by(2).collect();
    let mut pieces = without_code.split("](");
    let first = pieces.next().unwrap_or_default().to_owned();
    let rest = pieces.map(|piece| piece.split_once(')').map_or("", |(_, text)| text));
    (made, first + &rest.collect::<String>())
}

/// The numbers in a text, with their digits after the point. Those that belong to a name, such as C1, are none.
fn numbers(text: &str) -> Vec<(f64, i32)> {
    let is_part = |c: char| c.is_alphanumeric() || ".,".contains(c);
    let words = text.split(|c: char| !is_part(c)).map(|word| word.trim_matches(['.', ',']));
    let words = words.map(|word| word.replace(',', ""));
    let number = |word: String| {
        let digits =
            word.split_once('.').map_or(0, |(_, digits)| i32::try_from(digits.len()).unwrap());
        Some((word.parse().ok()?, digits))
            .filter(|_| word.starts_with(|c: char| c.is_ascii_digit()))
    };
    words.filter_map(number).collect()
}

/// Not results: the settings of the study, a confidence, and numbers of classes and draws.
const SETTINGS: [f64; 10] = [784.0, 200.0, 1000.0, 10_000.0, 10.0, 97.9, 1.0, 0.0, 0.3, 16.0];

#[test]
fn each_number_of_the_answer_and_of_the_results_stands_in_a_table_that_tools_made() {
    let (readme, results) = (page("README.md"), page("doc/results.md"));
    let results = results.split("## How the results are checked").next().unwrap();
    let (made, written) = made_and_written(results);
    let answer = made_and_written(section(&readme, "The answer")).1;
    let made: Vec<f64> = numbers(&made).into_iter().map(|(number, _)| number).collect();
    let stands = |(number, digits): (f64, i32)| {
        let half = 0.5 * 10_f64.powi(-digits) + 1e-9;
        let is_year = digits == 0 && (1900.0..2100.0).contains(&number);
        is_year || SETTINGS.contains(&number) || made.iter().any(|of| (of - number).abs() <= half)
    };
    let written = [numbers(&written), numbers(&answer)].concat();
    let nowhere: Vec<f64> =
        written.iter().filter(|of| !stands(**of)).map(|(number, _)| *number).collect();
    assert!(nowhere.is_empty(), "in no table: {nowhere:?}");
    assert!(written.len() > 50, "{}", written.len());
}

#[test]
fn numbers_of_a_text_are_found_and_names_are_none() {
    let (made, written) = made_and_written(
        "a 1.5 `7` [b 2](c-3)\n<!-- splice: x -->\n| 1,234 | −0.50 |\n<!-- end -->\nC1 float32 4-5 %.",
    );
    assert_eq!(numbers(&made), [(1234.0, 0), (0.5, 2)]);
    let found: Vec<f64> = numbers(&written).into_iter().map(|(number, _)| number).collect();
    assert_eq!(found, [1.5, 2.0, 4.0, 5.0]);
}
