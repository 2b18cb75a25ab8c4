use std::slice::from_ref;

use super::*;

/// What no figure contains, and what all do.
fn check(svg: &str, labels: &[&str]) {
    assert!(svg.starts_with("<svg xmlns=") && svg.ends_with("</svg>\n"));
    for wrong in ["NaN", "inf", "#000000", "<script", "http://", "https://"] {
        let svg = svg.replace("http://www.w3.org/2000/svg", "");
        assert!(!svg.contains(wrong), "{wrong} in {svg}");
    }
    for label in labels {
        assert!(svg.contains(&format!(">{label}</text>")), "no {label} in {svg}");
    }
    assert!(svg.contains("currentColor") && svg.contains("viewBox"));
    coordinates(svg);
}

/// Check that every coordinate is on the sheet.
fn coordinates(svg: &str) {
    let number = |svg: &str, name: &str| -> Vec<f64> {
        svg.split(&format!(" {name}=\""))
            .skip(1)
            .map(|s| s.split('"').next().unwrap().parse().unwrap())
            .collect()
    };
    let sheet = svg.split("viewBox=\"0 0 ").nth(1).unwrap().split('"').next().unwrap();
    let (width, height) = sheet.split_once(' ').unwrap();
    let (width, height): (f64, f64) = (width.parse().unwrap(), height.parse().unwrap());
    let places =
        svg.split("points=\"").skip(1).flat_map(|s| s.split('"').next().unwrap().split(' '));
    let places: Vec<(f64, f64)> = places
        .filter_map(|place| place.split_once(','))
        .map(|(x, y)| (x.parse().unwrap(), y.parse().unwrap()))
        .collect();
    for x in ["x", "x1", "x2", "cx"]
        .iter()
        .flat_map(|name| number(svg, name))
        .chain(places.iter().map(|p| p.0))
    {
        assert!((0.0..=width).contains(&x), "x {x} of {width}");
    }
    for y in ["y", "y1", "y2", "cy"]
        .iter()
        .flat_map(|name| number(svg, name))
        .chain(places.iter().map(|p| p.1))
    {
        assert!((0.0..=height).contains(&y), "y {y} of {height}");
    }
}

fn curve(label: &str, values: &[Option<f64>]) -> Curve {
    let point = |(x, y): (usize, &Option<f64>)| Point { x: x as f64, y: *y, sd: Some(0.01) };
    Curve { label: label.into(), points: values.iter().enumerate().map(point).collect() }
}

fn seed(shift: f64) -> Vec<Measurement> {
    let state = |strength: f64| Measurement {
        strength,
        alpha: Some(1.5 - strength + shift),
        accuracy: Some(0.9 - strength),
    };
    [0.0, 0.1, 0.2, 0.5].map(state).to_vec()
}

fn row(layers: Vec<LayerMeasurements>) -> AccuracyAlpha {
    AccuracyAlpha { title: "FGSM".into(), strength_label: "ε (pixel units)".into(), layers }
}

#[test]
fn accuracy_against_alpha_has_its_markers() {
    let layer = |layer| LayerMeasurements {
        layer,
        seeds: vec![seed(0.0), seed(0.1)],
        turning_point: (layer == 2).then_some((1.3, 0.7)),
    };
    let rows = [row(vec![layer(1), layer(2)])];
    let svg = accuracy_alpha(&rows);
    check(
        &svg,
        &["layer 1", "layer 2", "FGSM", "ε (pixel units)", "turning point", "clean", "0.5"],
    );
    assert_eq!(svg, accuracy_alpha(&rows));
    let without = [row(vec![layer(1)])];
    assert!(!accuracy_alpha(&without).contains("turning point"));
}

#[test]
fn a_strength_that_a_seed_misses_has_no_mean() {
    let marks = |seeds: Vec<Vec<Measurement>>| {
        let layer = LayerMeasurements { layer: 1, seeds, turning_point: None };
        accuracy_alpha(&[row(vec![layer])]).matches("<circle").count()
    };
    // Two circles for each mean, and two in the legend.
    assert_eq!(marks(vec![seed(0.0), seed(0.1)]), 2 * 3 + 2);
    let mut short = seed(0.1);
    short[1].alpha = None;
    assert_eq!(marks(vec![seed(0.0), short]), 2 * 2 + 2);
    let mut collapsed = seed(0.1);
    collapsed[1].accuracy = Some(f64::NAN);
    assert_eq!(marks(vec![seed(0.0), collapsed]), 2 * 2 + 2);
}

#[test]
fn empty_figures_are_drawn() {
    check(&accuracy_alpha(&[]), &["clean"]);
    let empty = LayerMeasurements { layer: 1, seeds: vec![], turning_point: None };
    check(&accuracy_alpha(&[row(vec![]), row(vec![empty])]), &["no values"]);
    coordinates(&accuracy_strength(&[]));
    coordinates(&alpha_strength(&[]));
    coordinates(&spectra(&[]));
    check(
        &spectra(&[LayerSpectra { title: "images".into(), spectra: vec![] }]),
        &["images", "no values"],
    );
    check(&layers(&[]), &["no values"]);
    check(&training(&[], &[]), &["no values", "epoch"]);
    check(&epochs(&[], &[]), &["no values", "epoch", "α"]);
    check(&samples_alpha(&[]), &["no values"]);
    check(&local_slopes(&[]), &["no values", "rank n"]);
    coordinates(&samples(&[], &[], 28));
}

#[test]
fn a_single_point_is_drawn() {
    let one = curve("layer 1", &[Some(0.5)]);
    let attack = AccuracyStrength {
        title: "FGSM".into(),
        strength_label: "ε".into(),
        layers: vec![one.clone()],
    };
    check(&accuracy_strength(&[attack]), &["layer 1", "FGSM", "ε", "accuracy (%)"]);
    check(&training(from_ref(&one), from_ref(&one)), &["layer 1"]);
    check(&epochs(from_ref(&one), from_ref(&one)), &["layer 1", "accuracy (%)"]);
    let rule = LayerProfile {
        name: "local".into(),
        alpha: one.points.clone(),
        participation_ratio: one.points.clone(),
    };
    check(&layers(&[rule]), &["local", "layer", "α"]);
    let point =
        LayerMeasurements { layer: 1, seeds: vec![seed(0.0)[..1].to_vec()], turning_point: None };
    check(&accuracy_alpha(&[row(vec![point])]), &["layer 1"]);
    let level = LabelledSpectrum { label: "clean".into(), eigenvalues: vec![1.0], fits: vec![] };
    check(&spectra(&[LayerSpectra { title: "layer 1".into(), spectra: vec![level] }]), &["clean"]);
}

#[test]
fn what_is_missing_breaks_the_line() {
    let lines =
        |values: &[Option<f64>]| samples_alpha(&[curve("", values)]).matches("<polyline").count();
    let whole = [None, Some(1.0), Some(1.1), Some(1.2), Some(1.3), Some(1.4)];
    let mut broken = whole;
    broken[3] = Some(f64::NAN);
    assert_eq!(lines(&broken), lines(&whole) + 1);
    check(&samples_alpha(&[curve("layer 1", &broken)]), &["layer 1", "number of samples"]);
    check(&samples_alpha(&[curve("layer 1", &[None, None])]), &["no values"]);
    // A log axis has no place for 0, nor for the part of a band below 0.
    let losses = Curve {
        label: "layer 1".into(),
        points: vec![
            Point { x: 1.0, y: Some(1.0), sd: Some(2.0) },
            Point { x: 2.0, y: Some(0.1), sd: None },
            Point { x: 3.0, y: Some(0.0), sd: Some(f64::INFINITY) },
        ],
    };
    check(&training(from_ref(&losses), from_ref(&losses)), &["loss (nats)", "test error (%)"]);
}

#[test]
fn changes_of_alpha_are_a_second_row() {
    let attack = |changes| AlphaStrength {
        title: "Gaussian".into(),
        strength_label: "σ".into(),
        layers: vec![curve("layer 1", &[Some(1.5), Some(1.2)])],
        changes,
    };
    let svg = alpha_strength(&[attack(vec![curve("layer 1", &[Some(0.0), Some(-0.3)])])]);
    check(&svg, &["Gaussian", "α", "α − α(clean)", "−0.30"]);
    assert!(!alpha_strength(&[attack(vec![])]).contains("α(clean)"));
}

#[test]
fn spectra_leave_out_round_off_and_name_alpha() {
    let level = |tail: f64| LabelledSpectrum {
        label: "clean".into(),
        eigenvalues: vec![100.0, 10.0, 1.0, tail, 0.0, f64::NAN],
        fits: vec![FittedLine { alpha: 1.5, intercept: 4.6, first: 1, last: 3 }],
    };
    let svg =
        |tail| spectra(&[LayerSpectra { title: "layer 3".into(), spectra: vec![level(tail)] }]);
    check(&svg(1e-9), &["layer 3", "α = 1.50", "rank n", "clean"]);
    assert_eq!(svg(1e-9), svg(-1.0));
    assert_ne!(svg(1e-7), svg(1e-9));
    // A line ends where the spectrum ends.
    let mut steep = level(0.1);
    steep.fits = vec![FittedLine { alpha: 1.5, intercept: 4.6, first: 1, last: 100_000 }];
    let mut cut = level(0.1);
    cut.fits = vec![FittedLine { alpha: 1.5, intercept: 4.6, first: 1, last: 4 }];
    let svg = |level| spectra(&[LayerSpectra { title: "layer 3".into(), spectra: vec![level] }]);
    assert_eq!(svg(steep), svg(cut));
    let mut none = level(0.1);
    none.fits = vec![FittedLine { alpha: f64::NAN, intercept: 4.6, first: 1, last: 4 }];
    assert!(!svg(none).contains("α ="));
}

#[test]
fn the_list_of_exponents_covers_no_spectrum() {
    let level = |scale: f64| LabelledSpectrum {
        label: format!("{scale}"),
        eigenvalues: (1..=20).map(|n| scale * f64::from(n).powf(-0.1)).collect(),
        fits: vec![FittedLine { alpha: 0.1, intercept: scale.ln(), first: 1, last: 20 }],
    };
    let svg = spectra(&[LayerSpectra {
        title: "layer 1".into(),
        spectra: vec![level(1.0), level(10.0)],
    }]);
    let top = svg.lines().filter(|line| line.contains("α =")).map(|line| {
        line.split(" y=\"").nth(1).unwrap().split('"').next().unwrap().parse::<f64>().unwrap()
    });
    let top = top.fold(f64::INFINITY, f64::min) - 8.0;
    let spectra = svg.lines().filter(|line| line.contains("stroke-width=\"2\""));
    let points = spectra.filter(|line| line.matches(',').count() == 20).flat_map(|line| {
        line.split("points=\"").nth(1).unwrap().split('"').next().unwrap().split(' ')
    });
    let lowest = points.map(|point| point.split_once(',').unwrap().1.parse::<f64>().unwrap());
    assert!(lowest.fold(0.0, f64::max) < top);
}

#[test]
fn samples_mark_what_is_wrong_by_more_than_colour() {
    let sample = |predicted| Sample { pixels: vec![-0.5, 0.0, 1.0, 1.25], predicted };
    let rows = [SampleRow {
        label: "FGSM\nε = 0.1".into(),
        samples: vec![sample(Some(7)), sample(Some(3)), sample(None)],
    }];
    let svg = samples(&rows, &[7, 8, 9], 2);
    check(&svg, &["FGSM", "ε = 0.1", "grey −0.5 to 1.3", "7", "3 ×", "–", "true class"]);
    assert_eq!(svg.matches("<image").count(), 3);
    assert_eq!(svg, samples(&rows, &[7, 8, 9], 2));
    coordinates(&samples(&rows, &[7], 0));
    // A long title is wrapped.
    let long =
        SampleRow { label: "FGSM on another seed's network\nε = 0.1".into(), ..rows[0].clone() };
    check(&samples(&[long], &[7], 2), &["FGSM on another", "seed's network", "ε = 0.1"]);
    let nan = SampleRow {
        label: String::new(),
        samples: vec![Sample { pixels: vec![f32::NAN; 4], predicted: None }],
    };
    check(&samples(&[nan], &[1], 2), &["grey 0 to 1"]);
}

#[test]
fn labels_are_text_whatever_they_say() {
    let svg = samples_alpha(&[curve("<b> & \"c\" #000000", &[None, Some(1.0)])]);
    assert!(svg.contains("&lt;b&gt; &amp; &quot;c&quot; #000000</text>"));
}
