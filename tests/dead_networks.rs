//! A network whose layers have no variance: nulls from end to end, and nothing stops.

use std::fs;

use ndarray::{Array1, Array2, ArrayD};
use serde_json::Value;

use crate::common::{Folder, json_lines, project::Project};

/// A network of two layers of three units for images of 36 pixels and 3 classes, whose first layer
/// gives 0 for all images.
fn dead(folder: &Folder) {
    fs::create_dir(folder.path("dead")).unwrap();
    for (n, inputs) in [(1, 36), (2, 3)] {
        folder.write(&format!("dead/w{n}.npy"), &Array2::<f32>::ones((inputs, 3)));
        folder.write(&format!("dead/b{n}.npy"), &Array1::<f32>::from_elem(3, -1e6));
        folder.write(&format!("dead/r{n}.npy"), &Array2::<f32>::eye(3));
    }
    let model = r#"{"schema":"local-errors/model/1","rule":"local","sizes":[36,3,3],"classes":3}"#;
    fs::write(folder.path("dead/model.json"), model).unwrap();
}

fn page(project: &Project) -> String {
    fs::read_to_string(project.0.path("out/tiny/report.html")).unwrap()
}

#[test]
fn a_spectrum_of_zeros_has_no_alpha_and_a_warning() {
    let folder = Folder::new();
    for shape in [vec![20], vec![1, 20], vec![3, 20]] {
        folder.write("zeros.npy", &ArrayD::<f64>::zeros(shape.clone()));
        for method in ["ols", "weighted", "mle", "all"] {
            let output = folder
                .run(&format!("fit-powerlaw --quiet --method {method} --ranks 1-9 zeros.npy"));
            assert!(output.status.success(), "{shape:?} {method}");
            let stderr = String::from_utf8(output.stderr).unwrap();
            let says = "fit-powerlaw: warning: zeros.npy: has no positive eigenvalue";
            assert!(stderr.starts_with(says) && stderr.lines().count() == 1, "{stderr}");
            for line in json_lines(&output.stdout) {
                for name in ["alpha", "participation_ratio", "effective_rank", "r2"] {
                    assert!(line[name].is_null(), "{name}");
                }
                assert!(line["warnings"].as_array().unwrap().contains(&"no-variance".into()));
            }
        }
    }
}

#[test]
fn one_unit_and_six_seeds_make_a_study() {
    let project = Project::new();
    // Of one unit there is an alpha in no network; in some of them the unit is dead as well.
    let output = project.run("all HIDDEN=1 RANKS=1-8 SEEDS='1 2 3 4 5 6' RULES=local");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let claims = json_lines(&project.0.bytes("out/tiny/claims.jsonl"));
    assert!(!claims.is_empty());
    for claim in claims.iter().filter(|claim| claim["claim"] != "accuracy-depth") {
        assert_eq!(claim["verdict"], "undecided", "{claim}");
        assert!(claim["reason"].is_string(), "{claim}");
    }
    assert!(page(&project).contains("<h3>Layers without an exponent</h3>"));
}

#[test]
fn dead_networks_beside_living_ones_are_left_out_and_named() {
    let project = Project::new();
    let folder = &project.0;
    dead(folder);
    // The rule `half` trains seeds 1 to 5, and has a dead network for 6 and 7.
    let half = "RULES=half half.attacks='gauss fgsm' half='[ $(seed) -lt 6 ] && { $(local); } || { mkdir -p $(model) && cp dead/* $(model); }'";
    let arguments = format!(
        "all {half} SEEDS='1 2 3 4 5 6 7' HIDDEN=12,12 SIGMAS='0.5 1 2 4' SUBSETS= SNAPSHOTS="
    );
    let output = project.run(&arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let claims = json_lines(&folder.bytes("out/tiny/claims.jsonl"));
    let seeds = |claim: &Value| claim["layers"][0]["seeds"].as_u64();
    let c1 = claims.iter().find(|claim| claim["claim"] == "C1" && claim["attack"] == "gauss");
    let c1 = c1.unwrap();
    assert_eq!((seeds(c1), c1["seeds"].as_u64()), (Some(5), Some(7)), "{c1}");
    let page = page(&project);
    assert!(page.contains(
        "Layer 1: no variance, every unit has the same value for all images. Seeds 6, 7:"
    ));
    assert!(page.contains("(5 of 7 seeds)"));
    // The means are those of the living.
    let table = fs::read_to_string(folder.path("out/tiny/table.csv")).unwrap();
    let is_living = |line: &&str| !line.contains(",half,6,") && !line.contains(",half,7,");
    let living: Vec<&str> = table.lines().filter(is_living).collect();
    let living = living.join("\n");
    fs::write(folder.path("living.csv"), living).unwrap();
    folder.ok("claims living.csv -o living.jsonl");
    folder.ok(
        "report --table living.csv --claims living.jsonl out/tiny -o page.html --figures of-living",
    );
    let figures = |name: &str| folder.bytes(name);
    for figure in ["alpha-strength-half.svg", "accuracy-alpha-half.svg", "layers.svg"] {
        let alpha = figures(&format!("of-living/{figure}"));
        assert!(figures(&format!("out/tiny/figures/{figure}")) == alpha, "{figure}");
    }
}

#[test]
fn a_study_of_dead_networks_alone_is_made() {
    let project = Project::new();
    dead(&project.0);
    let rule = "RULES=gone gone.attacks='gauss fgsm fgsm-float32' gone='mkdir -p $(model) && cp dead/* $(model)'";
    let output = project.run(&format!("all {rule} SEEDS='1 2 3' SUBSETS= SNAPSHOTS="));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let claims = json_lines(&project.0.bytes("out/tiny/claims.jsonl"));
    assert!(claims.iter().all(|claim| claim["verdict"] == "undecided"));
    let page = page(&project);
    for wrong in ["NaN", ">inf", "-inf"] {
        assert!(!page.contains(wrong), "{wrong}");
    }
    assert!(page.contains("no values"));
}

#[test]
fn a_collapsed_layer_stops_nothing() {
    let folder = Folder::new();
    let mut lambda = Array2::zeros((2, 20));
    lambda.row_mut(1).assign(&Array1::from_shape_fn(20, |n| 1.0 / (n + 1) as f64));
    folder.write("l.npy", &lambda);
    let lines = json_lines(&folder.ok("fit-powerlaw --ranks 1-20 l.npy"));
    assert!(lines[0]["alpha"].is_null());
    assert!((lines[1]["alpha"].as_f64().unwrap() - 1.0).abs() < 1e-12);
}
