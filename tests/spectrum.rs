//! `spectrum`: shards, repeats, subsamples.

use ndarray::{Array2, Array3, Axis, s};

use crate::common::{self, Folder, json_lines};

#[test]
fn a_stack_is_its_layers_and_shards_are_their_whole() {
    let folder = Folder::with_network();
    folder.ok("extract-activations --model net x.npy -o h.npy
               for l in 1 2; do extract-activations --model net --layer $l x.npy -o h$l.npy; done");
    let stack: Array3<f32> = folder.read("h.npy");
    for layer in 1..=2 {
        let one: Array2<f32> = folder.read(&format!("h{layer}.npy"));
        assert_eq!(stack.index_axis(Axis(0), layer - 1), one);
        folder.ok(&format!("spectrum h{layer}.npy -o l{layer}.npy 2> /dev/null"));
    }
    folder.ok("spectrum h.npy -o l.npy 2> /dev/null");
    let lambda: Array2<f64> = folder.read("l.npy");
    for layer in 1..=2 {
        assert_eq!(
            lambda.row(layer - 1),
            folder.read::<f64, ndarray::Ix1>(&format!("l{layer}.npy"))
        );
    }
    folder.write("a.npy", &stack.slice(s![.., ..23, ..]).to_owned());
    folder.write("b.npy", &stack.slice(s![.., 23.., ..]).to_owned());
    folder.ok("spectrum a.npy b.npy -o shards.npy 2> /dev/null
               spectrum --samples 40 a.npy b.npy -o some.npy 2> /dev/null
               spectrum --samples 40 h.npy -o first.npy 2> /dev/null");
    let near = |a: &str, b: &str| {
        let (a, b): (Array2<f64>, Array2<f64>) = (folder.read(a), folder.read(b));
        let largest = b[[0, 0]];
        assert!((&a - &b).iter().all(|d| d.abs() < 1e-12 * largest), "{a} {b}");
    };
    near("shards.npy", "l.npy");
    near("some.npy", "first.npy");
}

#[test]
fn few_samples_are_warned_of_and_quiet_does_not_hide_it() {
    let folder = Folder::with_network();
    folder.ok("extract-activations --model net --layer 1 --samples 40 x.npy -o h.npy");
    let output = folder.run("spectrum --quiet h.npy -o l.npy");
    assert!(output.status.success());
    assert_eq!(
        String::from_utf8_lossy(&output.stderr),
        "spectrum: warning: h.npy: has few samples for its units, which biases alpha upwards (found 40 samples of 10 units, expected at least ten times as many)\n"
    );
}

#[test]
fn subsamples_repeat_with_their_seed_and_spread_says_how_far_alpha_is_known() {
    let folder = Folder::new();
    folder.ok("draw-powerlaw --alpha 1 --samples 2000 --units 40 -o h.npy");
    let draw = |seed: u32| {
        folder.ok(&format!("spectrum -q --subsample 1000 --draws 12 --seed {seed} h.npy -o s.npy"));
        folder.read::<f64, ndarray::Ix2>("s.npy")
    };
    let (one, other) = (draw(1), draw(2));
    assert_eq!((one.dim(), &draw(1)), ((12, 40), &one));
    assert!(one != other && one.row(0) != one.row(1));
    // All rows drawn are all rows.
    folder
        .ok("spectrum -q --subsample 2000 --draws 2 h.npy -o all.npy; spectrum h.npy -o whole.npy");
    let (all, whole) = (
        folder.read::<f64, ndarray::Ix2>("all.npy"),
        folder.read::<f64, ndarray::Ix1>("whole.npy"),
    );
    let largest = all.row(1).iter().zip(&whole).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    assert!(largest < 1e-12, "{largest}");
    let lines = json_lines(&folder.ok("fit-powerlaw --draws --ranks 1-40 --ranks 1-20 s.npy"));
    assert_eq!(
        (lines.len(), &lines[1]["rank_last"], &lines[1]["draws"]),
        (2, &20.into(), &12.into())
    );
    // Halves spread as much as all of them are uncertain: about sqrt(2/n) / sqrt(sum of ln² n) here.
    let (alpha, sd) = (lines[0]["alpha"].as_f64().unwrap(), lines[0]["alpha_sd"].as_f64().unwrap());
    assert!((alpha - 1.0).abs() < 0.05 && (0.001..0.02).contains(&sd), "{alpha} {sd}");
}

/// The session of doc/own-data.md on activations works as typed: noise halves alpha, and two
/// repeats recover it.
#[test]
fn the_session_of_the_documentation_on_activations_runs_as_typed() {
    let page = common::page("doc/own-data.md");
    let blocks = common::blocks(common::section(&page, "Your own activations"));
    let [("bash", session)] = blocks[..] else { unreachable!("{blocks:?}") };
    let lines = json_lines(&Folder::new().ok(session));
    let alpha = |line: usize| lines[line]["alpha"].as_f64().unwrap();
    // Three methods on two shards, the shards' moments, noise, repeats.
    assert!((alpha(0) - 1.0).abs() < 0.02 && (alpha(3) - 1.0).abs() < 0.02, "{lines:?}");
    assert!((alpha(4) - 0.5).abs() < 0.05, "{}", lines[4]);
    assert!((alpha(5) - 1.0).abs() < 0.05, "{}", lines[5]);
    assert_eq!(lines[6]["draws"], 20);
    assert_eq!(lines.last().unwrap()["method"], "mle");
}

#[test]
fn what_makes_no_sense_of_spectra_and_dimensions_is_refused() {
    let folder = Folder::with_data();
    folder
        .ok("head -c 8 /dev/zero > zero; draw-powerlaw --alpha 1 --samples 50 --units 16 -o h.npy");
    folder.ok("spectrum -q h.npy -o s.npy 2> /dev/null; spectrum h.npy --moments m.npy");
    folder.write("wide.npy", &Array2::<f32>::zeros((3, 100_000)));
    for (status, line, words) in [
        (2, "spectrum --repeat h.npy", "--repeat takes two files"),
        (2, "spectrum --repeat --normalize h.npy h.npy", "cannot be used with"),
        (
            1,
            "spectrum wide.npy --moments -",
            "wide.npy: has too many units for 100000 x 100000 moments",
        ),
        (2, "spectrum h.npy --moments a.npy -o b.npy", "cannot be used with"),
        (2, "spectrum --subsample 0 h.npy", "whole number from 1"),
        (
            1,
            "spectrum -q --repeat h.npy x.npy 2>&1 >/dev/null | grep -v 'for its units' >&2; exit 1",
            "x.npy: is not a repeat of the same stimuli (found 60 samples",
        ),
        (1, "spectrum --from-moments h.npy", "h.npy: has the wrong dtype"),
        (
            1,
            "spectrum --from-moments s.npy",
            "s.npy: has the wrong shape (found (16,), expected (units + 2",
        ),
        (
            1,
            "spectrum --subsample 51 h.npy 2>&1 | grep -v 'for its units' >&2; exit 1",
            "h.npy: has too few samples for a subsample (found 50",
        ),
        (
            2,
            "fit-powerlaw --windows 40 --ranks 1-5 s.npy",
            "leaves no window of at least three ranks",
        ),
        (2, "fit-powerlaw --grid 1:2 s.npy", "expected FIRST,...:LAST,..."),
        (2, "fit-powerlaw --grid 1:9 --ranks 1-5 s.npy", "cannot be used with"),
        (2, "fit-powerlaw --method best s.npy", "[possible values: ols, weighted, mle, all]"),
        (1, "fit-powerlaw --draws s.npy", "s.npy: has one spectrum"),
        (
            1,
            "dimension --samples 10 x.npy",
            "x.npy: has too few points (found 10, expected more than 11",
        ),
        (2, "dimension --neighbours 1 x.npy", "expected at least 2"),
        (
            2,
            "draw-powerlaw --alpha=-1 --samples 2 --units 2 -o a.npy",
            "expected a number of at least 0",
        ),
        (2, "validate --ranks 1-2 -o v.csv", "at least three ranks"),
    ] {
        let message = folder.fails(status, line);
        assert!(message.contains(words), "{line}: {message}");
    }
}

#[test]
#[ignore = "needs PYTHON, one that has NumPy, and scikit-dimension if it may"]
#[allow(clippy::print_stdout)] // what was left out
fn the_spectral_tools_agree_with_numpy_and_scikit_dimension() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/reference/spectral.py");
    let said = Folder::new().run(&format!("\"$PYTHON\" {script}"));
    println!("{}", String::from_utf8_lossy(&said.stdout));
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
}
