//! The page of a study: what it begins with, where its links lead, and how a browser shows it.

use std::fs;

use crate::common::{
    Folder,
    links::{check_anchors, links, target},
    project::Project,
    skipped,
};

const PAGE: &str = "out/tiny/report.html";

fn read(folder: &Folder) -> String {
    folder.bytes(PAGE).text()
}

/// What a page says under its title, without markup.
fn opening(page: &str) -> String {
    let opening = page.split("</h1>").nth(1).unwrap().split("<nav").next().unwrap();
    let text = opening.split('<').skip(1).filter_map(|tag| tag.split_once('>'));
    text.map(|(_, text)| text.replace('\u{a0}', " ")).collect()
}

/// Mean and standard deviation over seeds of a column times `scale`, in layer 2 and of the fit to ranks 1-8,
/// for local errors at a level.
fn over_seeds(table: &str, column: &str, scale: f64, level: &str) -> (f64, f64) {
    let header: Vec<&str> = table.lines().next().unwrap().split(',').collect();
    let place = |name: &str| header.iter().position(|column| *column == name).unwrap();
    let rows = table.lines().filter(|row| row.starts_with("tiny,local,") && row.contains(level));
    let rows = rows.map(|row| row.split(',').collect::<Vec<_>>());
    let wanted =
        [("epoch", ""), ("layer", "2"), ("rank_last", "8")].map(|(name, cell)| (place(name), cell));
    let rows = rows.filter(|row| wanted.iter().all(|(place, cell)| row[*place] == *cell));
    let values: Vec<f64> =
        rows.map(|row| scale * row[place(column)].parse::<f64>().unwrap()).collect();
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (mean, (squares / (values.len() as f64 - 1.0)).sqrt())
}

#[test]
fn a_page_begins_with_the_answer_and_its_links_lead_somewhere() {
    let project = Project::new();
    let folder = &project.0;
    project.make("all");
    let (page, table) = (read(folder), project.table("out"));
    let opening = opening(&page);
    // Two seeds decide nothing; what was measured is said.
    let undecided = "None of the paper's claims can be judged for the learning rule “local errors” with 2 seeds \
                     and α fitted over ranks 1–8: 2 seeds, 5 needed.";
    for words in [
        undecided,
        "Measured at the largest strengths: under Gaussian noise, σ = 0.5, the accuracy goes",
    ] {
        assert!(opening.contains(words), "{opening}");
    }
    for (level, name) in [
        (",gauss,0.5,", "Gaussian noise, σ = 0.5"),
        (",fgsm,0.2,", "FGSM, exact gradient, ε = 0.2"),
        (",fgsm-float32,0.2,", "FGSM, float32 gradient, ε = 0.2"),
    ] {
        let change = |column: &str, scale: f64, digits: usize| {
            let ends = [",clean,0,", level].map(|level| {
                let (mean, sd) = over_seeds(&table, column, scale, level);
                format!("{mean:.digits$} ± {sd:.digits$}")
            });
            format!("goes from {} to {}", ends[0], ends[1])
        };
        let expected = format!(
            "under {name}, the accuracy {} % and α of layer 2 {}",
            change("network_accuracy", 100.0, 1),
            change("alpha", 1.0, 2)
        );
        assert!(opening.contains(&expected), "{expected}: {opening}");
    }
    for about in [
        "Data: tiny, 300 training images, 200 test images, 36 pixels.",
        "Networks: 2 layers of 12 units, 2 epochs, seeds 1 and 2.",
        "Learning rules: local errors, backpropagation.",
        "Attacks: Gaussian noise (σ = 0.5); FGSM, exact gradient (ε = 0.1 to 0.2); FGSM, float32 gradient (ε = \
         0.1 to 0.2); 1 control.",
    ] {
        assert!(opening.contains(about), "{about}: {opening}");
    }
    // Thresholds quote this study: three points along FGSM, 200 images of 36 pixels, 3 classes.
    for reason in [
        "a tenth of the 200 images, the standard deviation of the difference is 2.24 points",
        "which is 17 % for 36 pixels",
        "which is 1/3 for 3 classes",
    ] {
        assert!(page.contains(reason), "{reason}");
    }

    check_anchors(&page);
    let links = links(&page);
    for file in ["table.csv", "summary.csv", "claims.jsonl", "figures/spectra.svg"] {
        assert!(links.contains(&file), "{file}");
    }
    let base = folder.path(PAGE);
    let base = base.parent().unwrap();
    for link in &links {
        assert!(target(base, link).is_file(), "{link}");
    }
    let figures = page.matches("<figure>").count();
    assert_eq!(page.matches("<figcaption><b>Network").count(), figures);
    assert_eq!(links.iter().filter(|link| link.starts_with("figures/")).count(), figures);
}

/// Sent by a page to the one that frames it, with all that is folded open.
const LOOK: &str = r#"<script>addEventListener("load", () => {
  document.querySelectorAll("details").forEach(part => part.open = true);
  const root = document.documentElement;
  const names = parts => [...parts].map(part => part.textContent.trim().slice(0, 40));
  const cut = selector => names([...document.querySelectorAll(selector)].filter(part => part.scrollWidth > part.clientWidth));
  const links = [...document.querySelectorAll("a[href^='#']")];
  const lost = links.filter(link => !document.getElementById(decodeURIComponent(link.hash.slice(1))));
  parent.postMessage("found " + JSON.stringify({
    width: innerWidth, overflow: root.scrollWidth - root.clientWidth, links: links.length, lost: names(lost),
    boxes: cut(".wide"), verdicts: cut(".wide:has(> .cards)"),
  }), "*");
});</script>"#;

/// What a page in a frame of this width says of itself, and the lines of the console.
fn look(folder: &Folder, page: &str, width: usize) -> (serde_json::Value, Vec<String>) {
    let text = page.replace("</body>", &format!("{LOOK}</body>"));
    fs::write(folder.path("out/tiny/looked.html"), text).unwrap();
    // A window has a least width, a frame has not.
    let frame = format!(
        "<!DOCTYPE html><body><pre id=\"found\"></pre><script>addEventListener('message', message => \
         document.getElementById('found').textContent = message.data)</script>\
         <iframe src=\"looked.html\" style=\"border: 0; width: {width}px; height: 800px\"></iframe>"
    );
    fs::write(folder.path("out/tiny/frame.html"), frame).unwrap();
    let output = chromium(folder, "--window-size=1400,900 --dump-dom", "frame.html");
    let dom = String::from_utf8(output.stdout).unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    let found = dom.split("found {").nth(1).unwrap_or_else(|| panic!("{dom}\n{stderr}"));
    let found = format!("{{{}", found.split("</pre>").next().unwrap());
    let console = stderr.lines().filter(|line| line.contains("CONSOLE"));
    (serde_json::from_str(&found).unwrap(), console.map(Into::into).collect())
}

fn chromium(folder: &Folder, arguments: &str, page: &str) -> std::process::Output {
    let output = folder.run(&format!(
        "cd out/tiny; HOME=$PWD chromium --headless --no-sandbox --disable-gpu --user-data-dir=$PWD/profile \
         --enable-logging=stderr --virtual-time-budget=20000 {arguments} file://$PWD/{page}"
    ));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output
}

/// The number of pages of a PDF in which no object is compressed.
fn pages(folder: &Folder, page: &str) -> usize {
    fs::write(folder.path("out/tiny/printed.html"), page).unwrap();
    chromium(folder, "--print-to-pdf=printed.pdf", "printed.html");
    let pdf = folder.bytes("out/tiny/printed.pdf").0;
    pdf.windows(12).filter(|bytes| bytes == b"/Type /Page\n").count()
}

#[test]
fn a_browser_shows_the_page_whole_at_any_width_and_on_paper() {
    let project = Project::new();
    let folder = &project.0;
    if !folder.run("command -v chromium").status.success() {
        return skipped("chromium is not installed: how a browser shows the page of a study");
    }
    project.make("all CONTROLS='gauss-repeat fgsm-random' CHECKS=pgd");
    let page = read(folder);
    for width in [1280, 390] {
        let (found, console) = look(folder, &page, width);
        assert_eq!(console, [""; 0], "{width}");
        assert_eq!(found["width"], width);
        assert_eq!(found["overflow"], 0, "{width}: {found}");
        assert!(found["links"].as_u64() > Some(10), "{found}");
        assert_eq!(found["lost"], serde_json::json!([]), "{width}");
        // All tables fit on the wide page, and the verdicts on the narrow one.
        let cut = if width == 1280 { "boxes" } else { "verdicts" };
        assert_eq!(found[cut], serde_json::json!([]), "{width}");
    }
    // What is wrong would be seen.
    let wrong = "<!DOCTYPE html><body><a href=\"#nowhere\">nowhere</a><div class=\"wide\" style=\"overflow: auto\">\
                 <div class=\"cards\" style=\"width: 2000px\">cut</div></div><p style=\"width: 1300px\">wide</p>\
                 <script>console.warn('a warning')</script></body>";
    let (found, console) = look(folder, wrong, 390);
    assert!(console.len() == 1 && console[0].contains("a warning"), "{console:?}");
    assert!(found["overflow"].as_u64() > Some(900), "{found}");
    for (key, expected) in [("lost", "nowhere"), ("boxes", "cut"), ("verdicts", "cut")] {
        assert_eq!(found[key], serde_json::json!([expected]), "{found}");
    }

    let open = page.replace("<details>", "<details open>");
    let closed = page.replace("details::details-content", "details::nothing");
    let [printed, open, closed] = [&page, &open, &closed].map(|page| pages(folder, page));
    assert!(printed == open && printed > closed, "{printed} {open} {closed}");
}
