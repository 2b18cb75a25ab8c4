//! `report-sweep`: where its links lead.

use std::{fs, path::Path};

use crate::{
    common::{
        Folder,
        links::{links, target},
    },
    tables::{self, study},
};

/// A sweep of one study in `folder`, whose report is there, and its table.
fn sweep(folder: &Folder, sweep: &str) {
    let report = folder.path(sweep).join("train-all/width-20/depth-2/a b&c#1");
    fs::create_dir_all(&report).unwrap();
    fs::write(report.join("report.html"), "").unwrap();
    let curve = |_, seed: u64, i: usize| (0.9 - 0.1 * i as f64, Some(2.0 + 0.1 * seed as f64));
    let rows = study("gauss", 2, &[0.0, 0.1, 0.2], curve);
    let rows: Vec<_> = rows.iter().map(|row| row.with(&[("dataset", "a b&c#1")])).collect();
    let text = tables::text(&rows);
    let lines = text.lines().enumerate().map(|(number, line)| {
        let place = if number == 0 { "train_samples,width,depth" } else { ",20,2" };
        format!("{place},{line}\n")
    });
    fs::write(folder.path(sweep).join("table.csv"), lines.collect::<String>()).unwrap();
}

#[test]
fn links_lead_to_the_studies_wherever_the_page_is() {
    let folder = Folder::new();
    sweep(&folder, "out/my sweep");
    for page in
        ["page.html", "out/page.html", "out/my sweep/report.html", "out/pages/a b/page.html"]
    {
        let path = folder.path(page);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        for named in [page.to_owned(), path.to_str().unwrap().to_owned(), format!("out/../{page}")]
        {
            folder.ok(&format!("report-sweep 'out/my sweep/table.csv' -o '{named}'"));
            let text = fs::read_to_string(&path).unwrap();
            assert!(links(&text).len() >= 2);
            for link in links(&text) {
                assert!(!link.starts_with('/') && !link.contains([' ', '&', '#']), "{link}");
                assert!(target(path.parent().unwrap(), link).is_file(), "{page}: {link}");
            }
        }
    }
    // A page on stdout has no place: its links are absolute.
    for line in [
        "report-sweep 'out/my sweep/table.csv'",
        "report-sweep 'out/my sweep/table.csv' -o /dev/stdout",
    ] {
        let page = String::from_utf8(folder.ok(&format!("{line} | cat")).0).unwrap();
        assert!(links(&page).iter().all(|link| target(Path::new("/"), link).is_file()), "{line}");
    }
    // Where the studies of a table on stdin are is not known.
    let page = folder.ok("report-sweep < 'out/my sweep/table.csv'");
    let page = String::from_utf8(page.0).unwrap();
    assert!(links(&page).is_empty() && page.contains("depth-2/a b&amp;c#1"));
}

#[test]
fn a_network_without_an_exponent_is_left_out_of_the_means() {
    let folder = Folder::new();
    sweep(&folder, "s");
    let table = fs::read_to_string(folder.path("s/table.csv")).unwrap();
    // Layer 2 of the clean images of seeds 1 to 5: 2.1, 2.2 and so on to 2.5.
    let page = String::from_utf8(folder.ok("report-sweep s/table.csv").0).unwrap();
    assert!(page.contains("<td>2.30\u{a0}±\u{a0}0.16</td>"));
    let alpha = table.lines().next().unwrap().split(',').position(|name| name == "alpha").unwrap();
    let line = |line: &str| {
        let mut cells: Vec<&str> = line.split(',').collect();
        if cells[5] == "5" {
            cells[alpha] = "";
        }
        cells.join(",")
    };
    let lines: Vec<String> = table.lines().map(line).collect();
    fs::write(folder.path("s/table.csv"), lines.join("\n")).unwrap();
    let page = String::from_utf8(folder.ok("report-sweep s/table.csv").0).unwrap();
    assert!(page.contains("<td>2.25\u{a0}±\u{a0}0.13 (4 of 5 seeds)</td>"));
}

#[test]
fn a_point_that_is_there_twice_is_refused() {
    let folder = Folder::new();
    sweep(&folder, "s");
    let message = folder.fails(1, "{ cat s/table.csv; tail -n 1 s/table.csv; } | report-sweep");
    assert!(message.contains("stdin: lines 31 and 32 are the same point"), "{message}");
}

#[test]
fn a_table_without_networks_is_refused() {
    let folder = Folder::new();
    sweep(&folder, "s");
    let table = fs::read_to_string(folder.path("s/table.csv")).unwrap();
    let mut lines = table.lines();
    let header: Vec<&str> = lines.next().unwrap().split(',').collect();
    let cells = header.iter().zip(lines.next().unwrap().split(','));
    let of_images = cells.map(|(name, cell)| match *name {
        "rule" | "seed" => "",
        "layer" => "0",
        _ => cell,
    });
    let line = of_images.collect::<Vec<_>>().join(",");
    fs::write(folder.path("s/table.csv"), format!("{}\n{line}\n", header.join(","))).unwrap();
    let message = folder.fails(1, "report-sweep s/table.csv");
    assert!(message.contains("s/table.csv: has no row of a network"), "{message}");
}
