use approx::assert_relative_eq;
use ndarray::{Array1, Array2, Axis, array, concatenate, s};
use rand::{RngExt, SeedableRng, rngs::ChaCha8Rng, seq::SliceRandom};
use rand_distr::{Distribution, StandardNormal};

use super::*;
use crate::math::scale::times_power_of_two;

fn measured(h: &Array2<f64>, labels: &[u8], block: usize) -> Result<ClassGeometry> {
    let mut layer = Layer::new(&counts(labels), h.ncols())?;
    for rows in h.axis_chunks_iter(Axis(0), block) {
        layer.add(rows, labels)?;
    }
    layer.finish(None, h.ncols())
}

fn measure(h: &Array2<f64>, labels: &[u8]) -> ClassGeometry {
    measured(h, labels, 64).unwrap()
}

/// Samples of four classes, labelled 0, 1, 3 and 4, of 300, 200, 100 and 9 samples in random order.
fn random(units: usize) -> (Array2<f64>, Vec<u8>) {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let counts = [(0, 300), (1, 200), (3, 100), (4, 9)];
    let mut labels: Vec<u8> =
        counts.into_iter().flat_map(|(label, count)| vec![label; count]).collect();
    labels.shuffle(&mut rng);
    let centres = Array2::from_shape_simple_fn((5, units), || rng.random_range(-1.0..1.0));
    let h = Array2::from_shape_fn((labels.len(), units), |(i, j)| {
        let noise: f64 = StandardNormal.sample(&mut rng);
        centres[[usize::from(labels[i]), j]] + noise / (j + 1) as f64
    });
    (h, labels)
}

fn numbers(g: &ClassGeometry) -> [f64; 8] {
    let some = |x: Option<f64>| x.unwrap();
    [
        g.within,
        g.between,
        some(g.ratio),
        some(g.nc1),
        some(g.centre_span),
        some(g.class_dimension),
        some(g.class_radius),
        some(g.centre_correlation),
    ]
}

fn assert_near(found: &ClassGeometry, expected: &ClassGeometry) {
    assert_eq!((found.samples, found.classes), (expected.samples, expected.classes));
    for (found, expected) in numbers(found).into_iter().zip(numbers(expected)) {
        assert_relative_eq!(found, expected, max_relative = 1e-12);
    }
}

#[test]
fn two_classes_on_a_line() {
    // The means are -1 and 5, the mean of all samples is 0.5.
    let h = array![[5.0], [-2.0], [-1.0], [0.0]];
    let found = measure(&h, &[1, 0, 0, 0]);
    let expected = ClassGeometry {
        layer: None,
        samples: 4,
        units: 1,
        classes: 2,
        within: 0.5,
        between: 11.25,
        ratio: Some(22.5),
        nc1: Some(0.5 / 11.25 / 2.0),
        centre_span: Some(1.0),
        class_dimension: Some(1.0),
        class_radius: Some(1.0 / 1.5), // of the class of three samples alone
        centre_correlation: Some(1.0),
    };
    assert_eq!((found.layer, found.units), (None, 1));
    assert_near(&found, &expected);
}

/// The samples of each class are at distance `radius` from its centre, in both directions of each
/// axis, and the centres are 10 times a unit vector each.
fn crosses(classes: usize, radius: f64) -> (Array2<f64>, Vec<u8>) {
    let labels: Vec<u8> = (0..2 * classes * classes).map(|i| (i % classes) as u8).collect();
    let h = Array2::from_shape_fn((labels.len(), classes), |(i, j)| {
        let (class, direction) = (i % classes, i / classes);
        let sign = if direction % 2 == 0 { radius } else { -radius };
        let offset = if direction / 2 == j { sign } else { 0.0 };
        offset + if class == j { 10.0 } else { 0.0 }
    });
    (h, labels)
}

#[test]
fn isotropic_clouds_have_as_many_dimensions_as_units() {
    let (classes, radius) = (6, 0.5);
    let (h, labels) = crosses(classes, radius);
    let n = classes as f64;
    // The centres are a simplex: each at the squared distance 100 (1 - 1/n) from the mean, and
    // n - 1 eigenvalues of the between-class scatter are 100 / n.
    let squared_distance = 100.0 * (1.0 - 1.0 / n);
    let trace = radius * radius * 2.0 * n / (2.0 * n - 1.0);
    let expected = [
        radius * radius,
        squared_distance,
        squared_distance / (radius * radius),
        radius * radius / n * (n - 1.0) / 100.0,
        // A cloud has as much variance in each direction, and the centres span all but one.
        (squared_distance + radius * radius * (n - 1.0) / n) / (squared_distance + radius * radius),
        n,
        (trace / squared_distance).sqrt(),
        1.0 / (n - 1.0),
    ];
    for (found, expected) in numbers(&measure(&h, &labels)).into_iter().zip(expected) {
        assert_relative_eq!(found, expected, max_relative = 1e-13);
    }
    // Of random samples: 1 / dimension is larger by 1 / samples.
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    let h = Array2::from_shape_simple_fn((4000, 8), || StandardNormal.sample(&mut rng));
    let labels: Vec<u8> = (0..4000).map(|i| (i % 2) as u8).collect();
    let dimension = measure(&h, &labels).class_dimension.unwrap();
    assert_relative_eq!(1.0 / dimension, 1.0 / 8.0 + 1.0 / 2000.0, max_relative = 1e-2);
}

#[test]
fn collapsed_classes_have_no_scatter_and_a_simplex_of_centres() {
    let (h, labels) = crosses(6, 0.0);
    for offset in [0.0, 0.1, 1e6 + 0.1] {
        let found = measure(&(&h + offset), &labels);
        assert_eq!((found.within, found.ratio, found.nc1), (0.0, None, Some(0.0)));
        assert_eq!((found.class_dimension, found.class_radius), (None, Some(0.0)));
        assert_relative_eq!(found.centre_correlation.unwrap(), 0.2, max_relative = 1e-8);
    }
    let nearly = measure(&crosses(6, 1e-9).0, &labels);
    assert_relative_eq!(nearly.nc1.unwrap(), 1e-18 / 6.0 * 5.0 / 100.0, max_relative = 1e-6);
}

#[test]
fn what_is_not_defined_is_null() {
    let undefined = |h: &Array2<f64>, labels: &[u8]| {
        let found = measure(h, labels);
        (
            found.ratio,
            found.nc1,
            found.class_dimension,
            found.class_radius,
            found.centre_correlation,
        )
    };
    // No variance at all.
    for value in [0.0, 0.1, -1e300, 5e-324] {
        let h = Array2::from_elem((90, 3), value);
        let labels: Vec<u8> = (0..90).map(|i| (i % 4) as u8).collect();
        assert_eq!(undefined(&h, &labels), (None, None, None, None, None), "{value}");
    }
    let (h, labels) = random(5);
    // A single class, and a single sample.
    let (ratio, nc1, dimension, radius, correlation) = undefined(&h, &vec![7; labels.len()]);
    assert_eq!((ratio, nc1, radius, correlation), (Some(0.0), None, None, None));
    assert!(dimension.is_some());
    let one = h.slice(s![..1, ..]).to_owned();
    assert_eq!(undefined(&one, &[3]), (None, None, None, None, None));
    // Each sample is a class.
    let few = h.slice(s![..9, ..]).to_owned();
    let each = measure(&few, &[0, 1, 2, 3, 4, 5, 6, 7, 200]);
    assert_eq!((each.classes, each.within, each.nc1), (9, 0.0, Some(0.0)));
    assert_eq!((each.ratio, each.class_dimension, each.class_radius), (None, None, None));
    assert!(each.centre_correlation.is_some());
}

#[test]
fn a_centre_at_the_mean_has_no_direction() {
    let (h, _) = random(4);
    let cloud = h.slice(s![..30, ..]).to_owned();
    let three = concatenate![Axis(0), &cloud - 0.7, cloud, &cloud + 0.7];
    let labels: Vec<u8> = (0..90).map(|i| (i / 30) as u8).collect();
    let found = measure(&three, &labels);
    assert_eq!((found.class_radius, found.centre_correlation), (None, None));
    let within = cloud.var_axis(Axis(0), 0.0).sum();
    let between = 2.0 * 0.49 * 4.0 / 3.0;
    assert_relative_eq!(found.within, within, max_relative = 1e-12);
    assert_relative_eq!(found.between, between, max_relative = 1e-12);
    let along = cloud.dot(&Array1::from_elem(4, 0.5)).var(0.0);
    assert_relative_eq!(found.nc1.unwrap(), along / between / 3.0, max_relative = 1e-12);
    let span = (along + between) / (within + between);
    assert_relative_eq!(found.centre_span.unwrap(), span, max_relative = 1e-12);
    // All centres are at the mean: their distances are round-off.
    let twice = concatenate![Axis(0), cloud, &cloud * -1.0, &cloud * -2.0, &cloud * 2.0];
    let labels: Vec<u8> = (0..120).map(|i| (i / 60) as u8).collect();
    for scale in [1.0, 1e-140, 1e140] {
        let found = measure(&(&twice * scale), &labels);
        assert_eq!((found.between, found.ratio, found.nc1), (0.0, Some(0.0), None), "{scale}");
        assert_eq!(found.centre_span, None);
        assert_eq!((found.class_radius, found.centre_correlation), (None, None));
    }
}

#[test]
fn neither_order_nor_blocks_change_it() {
    for units in [6, 150] {
        let (h, labels) = random(units);
        let expected = measure(&h, &labels);
        assert_eq!((expected.classes, expected.samples), (4, 609));
        for block in [1, 7, 300, 609] {
            assert_near(&measured(&h, &labels, block).unwrap(), &expected);
        }
        let mut order: Vec<usize> = (0..labels.len()).collect();
        order.shuffle(&mut ChaCha8Rng::seed_from_u64(3));
        let shuffled: Vec<u8> = order.iter().map(|&i| labels[i]).collect();
        assert_near(&measure(&h.select(Axis(0), &order), &shuffled), &expected);
        order.sort_by_key(|&i| labels[i]);
        let sorted: Vec<u8> = order.iter().map(|&i| labels[i]).collect();
        assert_near(&measure(&h.select(Axis(0), &order), &sorted), &expected);
    }
}

#[test]
fn a_class_of_fewer_samples_than_units_is_measured_like_the_others() {
    let (h, labels) = random(6);
    let expected = measure(&h, &labels);
    // With 350 units more that are constant, all classes have fewer samples than units.
    let wide = concatenate![Axis(1), h, Array2::from_elem((609, 350), 0.3)];
    let found = measure(&wide, &labels);
    assert_eq!(found.units, 356);
    assert_near(&found, &expected);
}

#[test]
fn an_offset_of_a_million_costs_no_accuracy() {
    for units in [6, 150] {
        let (h, labels) = random(units);
        let far = &h + 1e6;
        // This difference is exact, so that the numbers of `near` are those of `far`.
        let near = &far - 1e6;
        assert_near(&measure(&far, &labels), &measure(&near, &labels));
    }
}

#[test]
fn powers_of_two_scale_the_variances_and_nothing_else() {
    for units in [6, 150] {
        let (h, labels) = random(units);
        let scaled = |by: i32| h.mapv(|x| times_power_of_two(x, by));
        let expected = measure(&h, &labels);
        for by in [-500, -450, -400, -300, -7, 7, 300, 400, 450, 500] {
            let found = measure(&scaled(by), &labels);
            let variance = |x| times_power_of_two(x, 2 * by);
            let (within, between) = (variance(expected.within), variance(expected.between));
            assert_eq!(found, ClassGeometry { within, between, ..expected.clone() }, "{by}");
        }
        for (by, word) in [(-1000, "small"), (-600, "multiply"), (520, "divide"), (1022, "large")] {
            let message = measured(&scaled(by), &labels, 64).unwrap_err().to_string();
            assert!(message.contains(word), "{message}");
        }
    }
}

#[test]
fn classes_may_differ_in_scale_and_constant_units_do_not_matter() {
    let (mut h, labels) = random(6);
    let expected = measure(&h, &labels).class_dimension.unwrap();
    for (mut row, &label) in h.rows_mut().into_iter().zip(&labels) {
        if label == 1 {
            row.mapv_inplace(|x| x * 1e-200);
        }
    }
    let found = measure(&h, &labels);
    assert_relative_eq!(found.class_dimension.unwrap(), expected, max_relative = 1e-12);
    let with_constants =
        concatenate![Axis(1), Array2::from_elem((609, 1), 1e5), h, Array2::zeros((609, 2))];
    assert_near(&measure(&with_constants, &labels), &found);
}

#[test]
fn what_does_not_fit_into_memory_is_refused() {
    assert!(check_memory(&[10, 0, 10], 1 << 20, 1).is_ok());
    for (counts, units, layers) in [
        (vec![1 << 17; 2], 1 << 16, 1),
        (vec![10; 3], usize::MAX / 8, 1),
        (vec![1000; 10], 1000, 1 << 20),
    ] {
        let message = check_memory(&counts, units, layers).unwrap_err().to_string();
        assert!(message.contains("too large for units x units"), "{message}");
    }
}
