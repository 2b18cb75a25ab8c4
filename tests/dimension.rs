//! `dimension` on points that are not all apart.

use ndarray::{Array2, Axis, concatenate, s};

use crate::common::{Folder, json_lines};

/// Points of a curved surface of three dimensions in eight coordinates.
fn surface(folder: &Folder) -> Array2<f64> {
    folder.ok("draw-powerlaw --alpha 0 --samples 600 --units 3 -o u.npy");
    let u = folder.read::<f32, ndarray::Ix2>("u.npy").mapv(f64::from);
    concatenate![Axis(1), u, u.mapv(f64::sin), u.slice(s![.., ..2]).mapv(|u| u * u)]
}

#[test]
fn duplicates_are_left_out_wherever_they_stand() {
    let folder = Folder::new();
    let points = surface(&folder);
    folder.write("once.npy", &points);
    folder.write("twice.npy", &concatenate![Axis(0), points, points.slice(s![..300, ..])]);
    let mut mixed = Array2::zeros((1800, 8));
    for (row, mut place) in mixed.rows_mut().into_iter().enumerate() {
        place.assign(&points.row(row * 7 % 600));
    }
    folder.write("thrice.npy", &mixed);
    let lines = |file: &str| json_lines(&folder.ok(&format!("dimension {file}")));
    let once = lines("once.npy");
    for (file, duplicates) in [("once.npy", 0), ("twice.npy", 300), ("thrice.npy", 1200)] {
        for (line, once) in lines(file).iter().zip(&once) {
            assert_eq!(line["duplicates"], duplicates, "{line}");
            assert_eq!(line["points"], 600 + duplicates, "{line}");
            let (found, expected) = (&line["dimension"], &once["dimension"]);
            let (found, expected) = (found.as_f64().unwrap(), expected.as_f64().unwrap());
            assert!((found - expected).abs() < 1e-9, "{line}");
            assert!((2.4..3.3).contains(&found), "{line}");
        }
    }
    // What is left after that may be too little.
    folder.write(
        "few.npy",
        &concatenate![Axis(0), points.slice(s![..5, ..]), points.slice(s![..5, ..])],
    );
    let message = folder.fails(1, "dimension few.npy");
    assert!(message.contains("found 5 distinct ones of 10, expected more than 11"), "{message}");
}

#[test]
fn a_lattice_is_said_to_be_one_and_keeps_the_other_estimate() {
    let folder = Folder::new();
    folder.write("line.npy", &Array2::from_shape_fn((100, 1), |(i, _)| i as f32));
    folder.write("grid.npy", &Array2::from_shape_fn((400, 2), |(i, j)| [i / 20, i % 20][j] as u16));
    for (file, dimension) in [("line.npy", 1.0), ("grid.npy", 2.0)] {
        let output = folder.run(&format!("dimension -q {file}"));
        assert!(output.status.success());
        let said = String::from_utf8(output.stderr).unwrap();
        let expected = format!("dimension: warning: {file}: has no dimension by twonn: ");
        assert!(said.starts_with(&expected) && said.lines().count() == 1, "{said}");
        assert!(said.contains("equally far neighbours, as on a lattice"), "{said}");
        let lines = json_lines(&output.stdout);
        assert!(lines[0]["dimension"].is_null(), "{}", lines[0]);
        let found = lines[1]["dimension"].as_f64().unwrap();
        assert!((found / dimension - 1.0).abs() < 0.5, "{found}");
        let message = folder.fails(1, &format!("dimension --method twonn {file}"));
        assert!(message.contains("use mle, which takes more neighbours"), "{message}");
    }
    let message = folder.fails(1, "dimension --neighbours 2 grid.npy");
    assert!(message.contains("by mle: 400 of 400 points have 2 equally far"), "{message}");
    assert!(message.contains("take more neighbours"), "{message}");
}
