//! Whether the drawn digits are a fair stand-in for MNIST. `make check-digits` runs it, and
//! measures MNIST beside them where `DATA_DIR` holds its files.

use ndarray::{Array1, Array2, Axis};
use rand::{SeedableRng, rngs::ChaCha8Rng, seq::SliceRandom};

use crate::common::{Folder, json_lines};

/// What is measured, and between which bounds it must be for the digits.
const MEASURES: [(&str, f64, f64); 6] = [
    ("error of a linear classifier, %", 5.0, 15.0),
    ("error of the preset's network, %", 0.5, 4.0),
    ("mean pixel", 0.10, 0.16),
    ("pixels inked, %", 15.0, 25.0),
    ("participation ratio of the pixels", 20.0, 45.0),
    ("alpha of the pixels, ranks 1-50", 0.8, 1.3),
];

/// Images `train.npy`, `test.npy` and labels `train-labels.npy`, `test-labels.npy` in a folder.
fn measure(folder: &Folder) -> [f64; 6] {
    let train: Array2<f32> = folder.read("train.npy");
    let mean = f64::from(train.sum()) / train.len() as f64;
    let inked = train.iter().filter(|&&x| x > 0.0).count() as f64 / train.len() as f64;
    let fit = &json_lines(&folder.ok("spectrum -q train.npy | fit-powerlaw --ranks 1-50"))[0];
    folder.ok("train -q --samples 20000 --images train.npy --labels train-labels.npy -o net");
    let network = json_lines(&folder.ok("accuracy --model net --labels test-labels.npy test.npy"));
    let error = 1.0 - network.last().unwrap()["accuracy"].as_f64().unwrap();
    let number = |key: &str| fit[key].as_f64().unwrap();
    let linear = linear_error(folder, &train);
    [
        100.0 * linear,
        100.0 * error,
        mean,
        100.0 * inked,
        number("participation_ratio"),
        number("alpha"),
    ]
}

/// Softmax regression on the first 20,000 images: 20 epochs of gradient descent at 0.1, halved
/// in the second ten.
fn linear_error(folder: &Folder, train: &Array2<f32>) -> f64 {
    let labels: Array1<u8> = folder.read("train-labels.npy");
    let (mut w, mut b) = (Array2::<f32>::zeros((train.ncols(), 10)), Array1::<f32>::zeros(10));
    let mut order: Vec<usize> = (0..20_000).collect();
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    for epoch in 0..20 {
        order.shuffle(&mut rng);
        let rate = if epoch < 10 { 0.1 } else { 0.05 };
        for batch in order.chunks(50) {
            let x = train.select(Axis(0), batch);
            let mut p = x.dot(&w) + &b;
            for (mut p, &sample) in p.rows_mut().into_iter().zip(batch) {
                let largest = p.fold(f32::MIN, |a, &b| a.max(b));
                p.mapv_inplace(|z| (z - largest).exp());
                p /= p.sum();
                p[usize::from(labels[sample])] -= 1.0;
            }
            let step = -rate / batch.len() as f32;
            ndarray::linalg::general_mat_mul(step, &x.t(), &p, 1.0, &mut w);
            b.scaled_add(step, &p.sum_axis(Axis(0)));
        }
    }
    let (test, labels): (Array2<f32>, Array1<u8>) =
        (folder.read("test.npy"), folder.read("test-labels.npy"));
    let z = test.dot(&w) + &b;
    let wrong = z
        .rows()
        .into_iter()
        .zip(&labels)
        .filter(|(z, y)| (0..10).any(|class| z[class] > z[usize::from(**y)]));
    wrong.count() as f64 / labels.len() as f64
}

#[test]
#[ignore = "takes a minute; make check-digits runs it in release"]
fn the_digits_are_a_fair_stand_in_for_mnist() {
    let digits = Folder::new();
    digits.ok("for labels in '' --labels; do
                 draw-digits --count 20000 --seed 1 $labels -o train${labels#-}.npy
                 draw-digits --count 5000 --seed 2 $labels -o test${labels#-}.npy
               done");
    let digits = measure(&digits);
    let mnist = std::env::var("DATA_DIR").ok().map(|source| {
        let mnist = Folder::new();
        let source = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(source);
        mnist.ok(&format!(
            "for set in train:train test:t10k; do
               import-idx {0}/${{set#*:}}-images-idx3-ubyte.gz -o ${{set%:*}}.npy
               import-idx {0}/${{set#*:}}-labels-idx1-ubyte.gz -o ${{set%:*}}-labels.npy
             done",
            source.display()
        ));
        measure(&mnist)
    });
    println!("{:36} {:>8} {:>8}  must be", "", "digits", "MNIST");
    for (index, (name, low, high)) in MEASURES.into_iter().enumerate() {
        let mnist = mnist.map_or("-".into(), |mnist| format!("{:.3}", mnist[index]));
        println!("{name:36} {:>8.3} {mnist:>8}  {low} to {high}", digits[index]);
    }
    for ((name, low, high), found) in MEASURES.into_iter().zip(digits) {
        assert!((low..=high).contains(&found), "{name}: {found}");
    }
}
