//! `fit-powerlaw` on spectra as they come.

use ndarray::{Array1, Array2};
use serde_json::Value;

use crate::common::{Folder, json_lines};

fn law(alpha: f64, units: u32) -> Array1<f64> {
    (1..=units).map(|n| f64::from(n).powf(-alpha)).collect()
}

fn reversed(lambda: &Array1<f64>) -> Array1<f64> {
    lambda.iter().rev().copied().collect()
}

/// The lines, and what is said beside them.
fn fit(folder: &Folder, line: &str) -> (Vec<Value>, String) {
    let output = folder.run(line);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{line}: {stderr}");
    (json_lines(&output.stdout), stderr)
}

#[test]
fn ascending_order_is_reversed_and_said_once() {
    let folder = Folder::new();
    // As `numpy.linalg.eigvalsh` gives those of a covariance of few samples: ascending, with
    // round-off about 0.
    let mut lambda = law(1.5, 40).to_vec();
    lambda.extend([3e-16, 1e-17, 0.0, -2e-17, -4e-16]);
    let falling = Array1::from_vec(lambda);
    folder.write("falling.npy", &falling);
    folder.write("ascending.npy", &reversed(&falling));
    let (expected, said) = fit(&folder, "fit-powerlaw --method all falling.npy");
    assert_eq!(said, "");
    assert!((expected[0]["alpha"].as_f64().unwrap() - 1.5).abs() < 1e-9);
    assert_eq!(expected[0]["positive"], 40);
    let (found, said) = fit(&folder, "fit-powerlaw --method all ascending.npy");
    assert_eq!(found, expected);
    assert_eq!(said, "fit-powerlaw: ascending.npy: is in ascending order: taken in reverse\n");
    let (found, said) = fit(&folder, "fit-powerlaw -q --method all ascending.npy");
    assert_eq!((found, said.as_str()), (expected, ""));
}

#[test]
fn each_row_of_a_stack_has_an_order_of_its_own() {
    let folder = Folder::new();
    let rows = [law(1.0, 60), reversed(&law(1.5, 60)), reversed(&law(2.0, 60))];
    let stack = Array2::from_shape_fn((3, 60), |(i, j)| rows[i][j]);
    folder.write("s.npy", &stack);
    let (lines, said) = fit(&folder, "fit-powerlaw --ranks 1-50 --ranks 2-20 s.npy");
    for (line, alpha) in lines.iter().zip([1.0, 1.0, 1.5, 1.5, 2.0, 2.0]) {
        assert!((line["alpha"].as_f64().unwrap() - alpha).abs() < 1e-9, "{line}");
    }
    let expected = "fit-powerlaw: s.npy: has 2 of 3 rows in ascending order: taken in reverse\n";
    assert_eq!(said, expected);
}

#[test]
fn a_spectrum_in_no_order_is_refused_without_a_wrong_way_out() {
    let folder = Folder::new();
    let mut lambda = law(1.5, 50);
    lambda.swap(10, 20);
    folder.write("s.npy", &lambda);
    let message = folder.fails(1, "fit-powerlaw s.npy");
    assert!(message.contains("s.npy: is not sorted, largest first, at rank 12"), "{message}");
    assert!(message.contains("sort the eigenvalues"), "{message}");
    // It would take the values as they are: another number than the eigenvalues' alpha.
    assert!(!message.contains("--as-ranked"), "{message}");
    lambda.swap(10, 20);
    lambda[49] = -1e-3;
    folder.write("s.npy", &lambda);
    let message = folder.fails(1, "fit-powerlaw s.npy");
    assert!(message.contains("negative eigenvalue at rank 50 (found -0.001"), "{message}");
}

#[test]
fn values_as_ranked_are_never_reversed() {
    let folder = Folder::new();
    folder.write("s.npy", &reversed(&law(1.5, 50)));
    let (lines, said) = fit(&folder, "fit-powerlaw --as-ranked s.npy");
    assert!(lines[0]["alpha"].as_f64().unwrap() < 0.0, "{}", lines[0]);
    assert_eq!(said, "");
}

#[test]
fn a_flat_spectrum_has_no_slope_no_bend_and_no_r2() {
    let folder = Folder::new();
    for value in [0.1, 1e-300, 3e300] {
        folder.write("s.npy", &Array1::from_elem(60, value));
        for line in fit(&folder, "fit-powerlaw --method all s.npy").0 {
            assert_eq!(line["alpha"].to_string(), "0.0", "{line}");
            assert!(line["r2"].is_null(), "{line}");
            assert_eq!(line["warnings"], serde_json::json!([]), "{line}");
        }
    }
}

#[test]
fn an_exact_power_law_is_straight_over_any_ranks() {
    let folder = Folder::new();
    folder.write("s.npy", &law(1.0, 2000));
    let firsts = (1..1990).step_by(13);
    let ranges = firsts.flat_map(|first| [2, 9, 30, 400].map(|width| (first, first + width)));
    let ranges = ranges.filter(|&(_, last)| last <= 2000);
    let ranges: Vec<_> = ranges.map(|(first, last)| format!("--ranks {first}-{last}")).collect();
    let ranges = ranges.join(" ");
    let (lines, _) = fit(&folder, &format!("fit-powerlaw {ranges} s.npy"));
    for line in lines {
        let number = |key: &str| line[key].as_f64().unwrap();
        let width = (number("rank_last") / number("rank_first")).ln();
        assert!((number("alpha") - 1.0).abs() < 1e-9, "{line}");
        // What the slope changes by from one end to the other.
        assert!(number("curvature").abs() * width < 1e-8, "{line}");
    }
}

#[test]
fn fits_have_the_fields_of_the_contract_in_order() {
    let folder = Folder::new();
    let lambda = Array1::from_shape_fn(60, |n| 7.0 * ((n + 1) as f64).powf(-1.25));
    folder.write("l.npy", &lambda);
    let text = folder.ok("fit-powerlaw --ranks 1-50 --ranks 3-90 l.npy").text();
    let keys = [
        "layer",
        "units",
        "positive",
        "rank_first",
        "rank_last",
        "points",
        "method",
        "alpha",
        "stderr",
        "intercept",
        "r2",
        "curvature",
        "participation_ratio",
        "effective_rank",
        "warnings",
    ];
    let places: Vec<_> =
        keys.iter().map(|key| text.find(&format!("\"{key}\":")).unwrap()).collect();
    assert!(places.is_sorted(), "{text}");
    let lines = json_lines(text.as_bytes());
    assert_eq!(lines[0].as_object().unwrap().len(), keys.len());
    assert!((lines[0]["alpha"].as_f64().unwrap() - 1.25).abs() < 1e-12);
    assert_eq!((&lines[1]["rank_last"], &lines[1]["points"]), (&90.into(), &58.into()));
    assert_eq!(lines[1]["warnings"], serde_json::json!(["cut-at-positive"]));
    assert!(lines[0]["layer"].is_null());
}

#[test]
fn all_methods_windows_and_grids_are_lines_of_their_own() {
    let folder = Folder::new();
    let law = Array1::from_shape_fn(200, |n| ((n + 1) as f64).powf(-1.5));
    folder.write("law.npy", &law);
    let ranges = |flags: &str| -> Vec<(u64, u64, String)> {
        let lines = json_lines(&folder.ok(&format!("fit-powerlaw {flags} law.npy")));
        let number = |line: &serde_json::Value, key: &str| line[key].as_u64().unwrap();
        let method = |line: &serde_json::Value| line["method"].as_str().unwrap().to_owned();
        for line in lines.iter().filter(|line| method(line) != "mle") {
            assert!((line["alpha"].as_f64().unwrap() - 1.5).abs() < 1e-9, "{line}");
        }
        lines
            .iter()
            .map(|line| (number(line, "rank_first"), number(line, "rank_last"), method(line)))
            .collect()
    };
    let ols = |first, last| (first, last, "ols".to_owned());
    let all = ["ols", "weighted", "mle"].map(|method| (1, 50, method.to_owned()));
    assert_eq!(ranges("--method all"), all);
    assert_eq!(ranges("--windows 2 --ranks 2-200"), [ols(2, 20), ols(20, 200)]);
    assert_eq!(ranges("--grid 1,20:21,100"), [ols(1, 21), ols(1, 100), ols(20, 100)]);
}

#[test]
fn a_comparison_names_what_describes_the_ranks_best() {
    let folder = Folder::new();
    let law = |lambda: fn(f64) -> f64| Array1::from_shape_fn(60, |n| lambda((n + 1) as f64));
    folder.write("power.npy", &law(|n| n.powf(-1.5)));
    folder.write("exponential.npy", &law(|n| (-0.2 * n).exp()));
    folder.write("broken.npy", &law(|n| if n < 10.0 { 1.0 / n } else { 1e3 * n.powi(-4) }));
    folder.write("few.npy", &law(|n| if n < 5.0 { 1.0 / n } else { 0.0 }));
    folder.write("none.npy", &Array1::<f64>::zeros(9));
    let compared = |name: &str| {
        json_lines(&folder.ok(&format!("fit-powerlaw --compare {name}.npy 2> /dev/null")))[0]
            .clone()
    };
    for (name, preferred) in
        [("power", "power-law"), ("exponential", "exponential"), ("broken", "broken")]
    {
        assert_eq!(compared(name)["preferred"], preferred, "{name}");
    }
    assert_eq!(compared("broken")["break"], 10);
    let few = compared("few");
    assert_eq!(
        (&few["preferred"], &few["bic"]["broken"]),
        (&"power-law".into(), &None::<f64>.into())
    );
    let none = compared("none");
    assert!(none["preferred"].is_null() && none["bic"].is_null() && none["break"].is_null());
}

#[test]
fn a_figure_has_a_panel_for_each_spectrum_and_a_line_for_each_range() {
    let folder = Folder::with_network();
    folder.ok("extract-activations --model net x.npy | spectrum --few-samples -o s.npy
               fit-powerlaw --ranks 1-5 --ranks 2-8 --figure two.svg s.npy -o fits.jsonl
               fit-powerlaw --ranks 1-5 --figure - s.npy -o other.jsonl > same.svg");
    let svg = folder.bytes("two.svg").text();
    for words in ["layer 1", "layer 2", ", 1–5", ", 2–8"] {
        assert!(svg.contains(words), "{words}");
    }
    assert!(folder.bytes("same.svg").text().contains("α = "));
    assert_eq!(
        folder.fails(2, "fit-powerlaw --figure - s.npy"),
        "fit-powerlaw: only one output can be - (stdout)"
    );
}
