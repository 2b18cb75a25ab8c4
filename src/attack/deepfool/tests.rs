use super::*;
use crate::{
    attack::loss::tests::network,
    network::{Activation, CHUNK, Layer, Readout},
};
use ndarray::{Array1, ArrayView1, array};
use rand::{RngExt, SeedableRng, rngs::ChaCha8Rng};

fn images(samples: usize) -> Array2<f32> {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    Array2::from_shape_simple_fn((samples, 12), || rng.random())
}

fn one_layer(activation: Activation, w: Array2<f32>, b: Array1<f32>, r: Array2<f32>) -> Network {
    let classes = r.ncols();
    let layers = vec![Layer { w, b, readout: Some(Readout { r, c: None, probe: false }) }];
    Network { layers, classes, activation }
}

fn attack(deepfool: DeepFool<'_>, x: &Array2<f32>) -> (Array2<f32>, Vec<Outcome>) {
    deepfool.attack(x.view(), None, 0).unwrap()
}

fn answers(network: &Network, x: &Array2<f32>) -> Vec<usize> {
    let each = x.axis_chunks_iter(Axis(0), CHUNK);
    let each =
        each.flat_map(|x| DeepFool::new(network, None, Norm::Inf).unwrap().answers(x, 0).unwrap());
    each.collect()
}

fn norm_of_change(norm: Norm, a: ArrayView1<'_, f32>, b: ArrayView1<'_, f32>) -> f64 {
    let change = a.iter().zip(b).map(|(&a, &b)| f64::from(a) - f64::from(b));
    match norm {
        Norm::Inf => change.fold(0.0, |largest, c| largest.max(c.abs())),
        Norm::Two => change.map(|c| c * c).sum::<f64>().sqrt(),
    }
}

/// A network whose units are all active for images in [0, 1], so that its logits are linear.
fn linear() -> Network {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let mut random = |m, n| Array2::from_shape_simple_fn((m, n), || rng.random::<f32>() - 0.5);
    let mut network =
        one_layer(Activation::Relu, random(12, 9), Array1::from_elem(9, 9.0), random(9, 4));
    let readout = network.layers[0].readout.as_mut().unwrap();
    // Without it, the biases would decide the answer for all images.
    readout.c = Some(-9.5 * readout.r.sum_axis(Axis(0)));
    network
}

/// The distance of an image from the nearest boundary of [`linear`], and its answer.
fn distance(norm: Norm, network: &Network, x: ArrayView1<'_, f32>) -> (f64, usize) {
    let (layer, f8) = (&network.layers[0], |a: &Array2<f32>| a.mapv(f64::from));
    let readout = layer.readout.as_ref().unwrap();
    let (slope, r) = (f8(&layer.w).dot(&f8(&readout.r)), f8(&readout.r));
    let z = x.mapv(f64::from).dot(&slope) + layer.b.mapv(f64::from).dot(&r);
    let z = z + readout.c.as_ref().unwrap().mapv(f64::from);
    let y = (0..4).max_by(|&a, &b| z[a].total_cmp(&z[b])).unwrap();
    let distances = (0..4).filter(|&k| k != y).map(|k| {
        let w = &slope.column(k) - &slope.column(y);
        let dual = match norm {
            Norm::Inf => w.mapv(f64::abs).sum(),
            Norm::Two => w.dot(&w).sqrt(),
        };
        (z[k] - z[y]).abs() / dual
    });
    (distances.fold(f64::INFINITY, f64::min), y)
}

#[test]
fn one_step_reaches_the_boundary_of_a_linear_network() {
    let (network, x) = (linear(), images(300));
    for norm in [Norm::Inf, Norm::Two] {
        for overshoot in [0.0, 0.02, 0.5] {
            let deepfool = DeepFool::new(&network, None, norm).unwrap();
            let deepfool = deepfool.with_overshoot(overshoot).unwrap();
            // Without an overshoot, rounding decides on which side of the boundary the step ends.
            let steps = if overshoot > 0.0 { 1 } else { 9 };
            let (attacked, outcomes) = attack(deepfool.with_steps(steps).unwrap(), &x);
            let after = answers(&network, &attacked);
            for (row, outcome) in outcomes.iter().enumerate() {
                let (expected, y) = distance(norm, &network, x.row(row));
                let error = f64::from(outcome.distance) - (1.0 + overshoot) * expected;
                assert_eq!(outcome.end, End::Changed, "{norm:?} {overshoot} {row}");
                assert!(error.abs() < 1e-5, "{norm:?} {overshoot} {row}: {error}");
                assert_ne!(after[row], y);
            }
        }
    }
}

#[test]
fn answers_change_and_distances_are_the_norms_of_the_changes() {
    let (network, x) = (network(), images(300));
    let count = |outcomes: &[Outcome]| outcomes.iter().filter(|o| o.end == End::Changed).count();
    let before = answers(&network, &x);
    for norm in [Norm::Inf, Norm::Two] {
        for clip in [None, Some(Clip { low: -0.2, high: 1.2 })] {
            let deepfool = DeepFool::new(&network, None, norm).unwrap().with_clip(clip);
            let (attacked, outcomes) = attack(deepfool, &x);
            let (nearer, nearer_outcomes) = attack(deepfool.with_line_search(true), &x);
            for (attacked, outcomes) in [(&attacked, &outcomes), (&nearer, &nearer_outcomes)] {
                let after = answers(&network, attacked);
                for (row, outcome) in outcomes.iter().enumerate() {
                    assert_eq!(outcome.end == End::Changed, after[row] != before[row], "{row}");
                    let found = norm_of_change(norm, x.row(row), attacked.row(row));
                    assert!((f64::from(outcome.distance) - found).abs() < 1e-7 * found.max(1.0));
                }
                let within = |x: &f32| clip.is_none() || (-0.2..=1.2).contains(x);
                assert!(attacked.iter().all(within));
                // A few images take more than 50 steps along an edge between planes.
                assert!(count(outcomes) > if clip.is_none() { 285 } else { 200 }, "{norm:?}");
            }
            let both = outcomes.iter().zip(&nearer_outcomes);
            assert!(both.clone().all(|(far, near)| near.distance <= far.distance));
            assert!(both.filter(|(far, near)| near.distance < 0.99 * far.distance).count() > 0);
        }
    }
}

#[test]
fn a_line_search_ends_just_over_a_boundary() {
    let (network, x) = (network(), images(100));
    let before = answers(&network, &x);
    for overshoot in [0.0, 0.02, 0.3] {
        let deepfool = DeepFool::new(&network, None, Norm::Two).unwrap().with_line_search(true);
        let deepfool = deepfool.with_overshoot(overshoot).unwrap().with_steps(500).unwrap();
        let (attacked, outcomes) = attack(deepfool, &x);
        assert!(outcomes.iter().filter(|outcome| outcome.end == End::Changed).count() > 95);
        // On the same line, a little nearer than the fraction beyond the boundary.
        let part = 1.0 / (1.0 + overshoot as f32) - 1e-4;
        let nearer = &x + part * (&attacked - &x);
        assert_eq!(answers(&network, &nearer), before, "{overshoot}");
    }
}

#[test]
fn steps_are_exact_where_units_are_saturated() {
    // At x = 0 the logits are (1.5, -1), and the derivatives of the units are f'(z) and f'(z + 1).
    let saturated = |z: f32| {
        let w = array![[1.0, 0.0], [0.0, 1.0]];
        one_layer(Activation::Tanh, w, array![z, z + 1.0], array![[1.0, -1.0], [0.5, 0.0]])
    };
    let x = array![[0.0_f32, 0.0]];
    for z in [3.0, 20.0, 40.0] {
        let network = saturated(z);
        let slope = |z: f64| 4.0 * (-2.0 * z).exp() / (1.0 + (-2.0 * z).exp()).powi(2);
        let (a, b) = (2.0 * slope(z.into()), 0.5 * slope(f64::from(z) + 1.0));
        let z1 = f64::from(z).tanh();
        let f = 2.0 * z1 + 0.5 * (f64::from(z) + 1.0).tanh();
        for (norm, dual) in [(Norm::Inf, a + b), (Norm::Two, a.hypot(b))] {
            let deepfool = DeepFool::new(&network, None, norm).unwrap();
            let outcome = attack(deepfool, &x).1[0];
            let expected = 1.02 * f / dual;
            assert_eq!(outcome.end, End::Changed);
            let error = f64::from(outcome.distance) / expected - 1.0;
            assert!(error.abs() < 1e-5, "{norm:?} {z}: {outcome:?} for {expected}");
        }
        // 2 tanh(u) + 0.5 tanh(u + 1) = 0 at u = -0.17157
        let deepfool = DeepFool::new(&network, None, Norm::Inf).unwrap().with_line_search(true);
        let distance = attack(deepfool, &x).1[0].distance / (z + 0.17157);
        assert!((0.9999..1.0201).contains(&distance), "{z}: {distance}");
    }
    // Farther than f32 or f64 can hold.
    for z in [50.0, 500.0] {
        let network = saturated(z);
        let (attacked, outcomes) = attack(DeepFool::new(&network, None, Norm::Inf).unwrap(), &x);
        assert_eq!((attacked, outcomes[0].end), (x.clone(), End::NoDirection));
    }
}

#[test]
fn an_image_on_a_boundary_moves_over_it() {
    // Equal logits of classes 0 and 1, at a point where the units are active.
    let r = array![[2.0, 2.0, 1.0], [1.0, 1.0, 0.0], [1.0, 1.0, 0.0]];
    let w = array![[1.0, 0.0, 0.0], [0.0, 1.0, -1.0]];
    let mut network = one_layer(Activation::Relu, w, array![1.0, 1.0, 1.0], r);
    network.layers[0].readout.as_mut().unwrap().r[[0, 1]] = 3.0;
    network.layers[0].readout.as_mut().unwrap().r[[1, 1]] = 0.0;
    for x in [array![[0.0_f32, 0.0]], array![[-0.0, 0.0]]] {
        for norm in [Norm::Inf, Norm::Two] {
            let (_, outcomes) = attack(DeepFool::new(&network, None, norm).unwrap(), &x);
            assert_eq!(outcomes[0].end, End::Changed, "{x}");
            assert!(outcomes[0].distance < 2e-5, "{outcomes:?}");
        }
    }
}

#[test]
fn without_a_direction_an_image_stays() {
    let x = images(3);
    let stays = |network: &Network| {
        for norm in [Norm::Inf, Norm::Two] {
            let deepfool = DeepFool::new(network, None, norm).unwrap().with_line_search(true);
            let (attacked, outcomes) = attack(deepfool, &x);
            assert_eq!(attacked, x);
            let stayed = Outcome { distance: 0.0, end: End::NoDirection };
            assert!(outcomes.iter().all(|&outcome| outcome == stayed), "{outcomes:?}");
        }
    };
    let mut dead = network();
    dead.layers[1].b.fill(-1e6);
    stays(&dead);
    let (w, r) = (Array2::ones((12, 2)), array![[1.0], [2.0]]);
    stays(&one_layer(Activation::Relu, w, array![0.0, 0.0], r)); // a single class
    // The nearest plane is beyond f32; and at the next point an activation is.
    let r = array![[1.0, 0.0], [0.0, 1.0]];
    let w = Array2::from_elem((12, 2), 1e-40_f32);
    stays(&one_layer(Activation::Relu, w, array![1.0, 0.5], r.clone()));
    let w = Array2::from_shape_fn((12, 2), |(_, unit)| [1e-20_f32, -1e30][unit]);
    stays(&one_layer(Activation::Relu, w, array![1.0, -1.0], r));
}

#[test]
fn wrong_images_stay_and_others_do_not_depend_on_labels() {
    let (network, x) = (network(), images(40));
    let y: Vec<u8> = (0..40).map(|i| i % 4).collect();
    let deepfool = DeepFool::new(&network, None, Norm::Two).unwrap();
    let (labelled, with) = deepfool.attack(x.view(), Some(&y), 0).unwrap();
    let (other, without) = attack(deepfool, &x);
    let before = answers(&network, &x);
    let right = |row: usize| usize::from(y[row]) == before[row];
    for row in 0..40 {
        if right(row) {
            assert_eq!(with[row].end, without[row].end);
            let error = norm_of_change(Norm::Two, labelled.row(row), other.row(row));
            assert!(error < 1e-5 && (with[row].distance - without[row].distance).abs() < 1e-5);
        } else {
            assert_eq!(with[row], Outcome { distance: 0.0, end: End::AlreadyWrong });
            assert_eq!(labelled.row(row), x.row(row));
        }
    }
    assert!((5..35).contains(&(0..40).filter(|&row| right(row)).count()));
}

#[test]
fn images_out_of_steps_have_the_distance_reached() {
    let (network, x) = (network(), images(100));
    let deepfool = DeepFool::new(&network, None, Norm::Inf).unwrap().with_overshoot(0.0).unwrap();
    let (attacked, outcomes) = attack(deepfool.with_steps(1).unwrap(), &x);
    let (before, after) = (answers(&network, &x), answers(&network, &attacked));
    let out: Vec<_> = (0..100).filter(|&row| outcomes[row].end == End::OutOfSteps).collect();
    assert!(out.len() > 10 && out.len() < 100, "{}", out.len());
    for row in out {
        assert_eq!(before[row], after[row]);
        let distance = norm_of_change(Norm::Inf, x.row(row), attacked.row(row));
        assert!(distance > 0.0 && (f64::from(outcomes[row].distance) - distance).abs() < 1e-7);
    }
}

#[test]
fn the_number_of_threads_changes_no_byte() {
    let (network, x) = (network(), images(2 * CHUNK + 30));
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let deepfool = DeepFool::new(&network, None, Norm::Two).unwrap().with_line_search(true);
        pool.install(|| attack(deepfool, &x))
    };
    let one = run(1);
    assert!([2, 3].into_iter().all(|threads| run(threads) == one));
}

#[test]
fn the_answer_of_a_layer_below_can_be_attacked() {
    let (network, x) = (network(), images(50));
    let below = network.part(0..2);
    let attacked = attack(DeepFool::new(&network, Some(2), Norm::Inf).unwrap(), &x);
    assert_eq!(attacked, attack(DeepFool::new(&below, None, Norm::Inf).unwrap(), &x));
    assert!(DeepFool::new(&network, Some(4), Norm::Inf).is_err());
}

#[test]
fn numbers_that_are_not_finite_name_the_image() {
    let mut network = network();
    network.layers[2].readout.as_mut().unwrap().r.mapv_inplace(|r| r.signum() * f32::MAX);
    let deepfool = DeepFool::new(&network, None, Norm::Inf).unwrap();
    let message = deepfool.attack(images(3).view(), None, 500).unwrap_err().to_string();
    assert!(message.starts_with("image 50") && message.contains("a logit that is"), "{message}");
}

#[test]
fn invalid_settings_are_refused() {
    let network = network();
    let deepfool = DeepFool::new(&network, None, Norm::Inf).unwrap();
    assert!(deepfool.with_steps(0).is_err());
    for overshoot in [-0.1, f64::NAN, f64::INFINITY] {
        assert!(deepfool.with_overshoot(overshoot).is_err(), "{overshoot}");
    }
}
