//! `draw-powerlaw`: what seeds decide.

use ndarray::Array2;

use crate::common::Folder;

/// The noise of a draw: what it has beyond the same draw without.
fn noise(folder: &Folder, seeds: &str) -> Array2<f32> {
    let draw = |options: &str| -> Array2<f32> {
        let line = format!("draw-powerlaw --alpha 1 --samples 200 --units 10 {seeds} {options}");
        folder.ok(&format!("{line} -o h.npy"));
        folder.read("h.npy")
    };
    draw("--noise 0.5") - draw("")
}

fn correlation(a: &Array2<f32>, b: &Array2<f32>) -> f32 {
    let product = |a: &Array2<f32>, b: &Array2<f32>| (a * b).sum();
    product(a, b) / (product(a, a) * product(b, b)).sqrt()
}

#[test]
fn draws_of_different_seeds_share_no_noise() {
    let folder = Folder::new();
    let one = noise(&folder, "--seed 1");
    // 2000 numbers: a correlation of 0 has a standard error of 0.022.
    for other in ["--seed 2", "--seed 7", "--seed 1 --noise-seed 2", "--seed 2 --noise-seed 5"] {
        let found = correlation(&one, &noise(&folder, other));
        assert!(found.abs() < 0.12, "{other}: {found}");
    }
    for same in ["", "--seed 1 --noise-seed 1", "--seed 3 --noise-seed 1"] {
        let found = correlation(&one, &noise(&folder, same));
        assert!(found > 0.999, "{same}: {found}");
    }
}

#[test]
fn wide_rows_are_drawn_in_smaller_blocks_to_the_same_numbers() {
    let folder = Folder::new();
    let draw = "draw-powerlaw --alpha 1 --units 3000 --noise 0.2 --samples";
    folder.ok(&format!("{draw} 700 -o all.npy; {draw} 400 -o first.npy"));
    let (all, first): (Array2<f32>, Array2<f32>) =
        (folder.read("all.npy"), folder.read("first.npy"));
    assert_eq!(all.slice(ndarray::s![..400, ..]), first);
}
