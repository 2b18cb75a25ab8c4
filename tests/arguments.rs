//! Values of flags that mean nothing, and flags that would do nothing.

use ndarray::{Array1, Array2};

use crate::common::Folder;

#[test]
fn a_negative_number_is_refused_as_a_value_and_not_as_a_flag() {
    let folder = Folder::with_network();
    let attack = "--model net --labels y.npy x.npy";
    for (line, value, words) in [
        ("attack-gauss --sigma -0.1 x.npy".to_owned(), "-0.1", "at least 0"),
        ("attack-gauss --sigma -inf x.npy".into(), "-inf", "at least 0"),
        ("attack-gauss --sigma -1e-3 x.npy".into(), "-1e-3", "at least 0"),
        ("attack-gauss --sigma 1 --seed -1 x.npy".into(), "-1", "whole number from 0"),
        ("attack-gauss --sigma 1 --samples -1 x.npy".into(), "-1", "whole number from 1"),
        ("attack-gauss --sigma 1 --threads -1 x.npy".into(), "-1", "whole number from 0 to"),
        ("attack-gauss --sigma 1 --clip -1 x.npy".into(), "-1", "LOW,HIGH"),
        (format!("attack-fgsm --epsilon -0.1 {attack}"), "-0.1", "at least 0"),
        (format!("attack-fgsm --epsilon 1 --layer -1 {attack}"), "-1", "whole number from 1"),
        (format!("attack-pgd --epsilon -.5 {attack}"), "-.5", "at least 0"),
        (format!("attack-pgd --epsilon 1 --step-size -1 {attack}"), "-1", "above 0"),
        (format!("attack-deepfool --overshoot -0.02 {attack}"), "-0.02", "at least 0"),
        ("train --images x.npy --labels y.npy -o n --learning-rate -1".into(), "-1", "above 0"),
        ("train --images x.npy --labels y.npy -o n --hidden -10,10".into(), "-10", "from 1"),
        ("extract-activations --model net --layer -1 x.npy".into(), "-1", "from 1"),
        ("spectrum --subsample -5 x.npy".into(), "-5", "from 1"),
        ("fit-powerlaw --windows -5 x.npy".into(), "-5", "from 1"),
        ("fit-powerlaw --ranks -5-9 x.npy".into(), "-5-9", "FIRST-LAST"),
        ("dimension --neighbours -5 x.npy".into(), "-5", "at least 2"),
        ("draw-digits --count -5".into(), "-5", "from 1"),
        ("draw-powerlaw --alpha -1 --samples 5 --units 5".into(), "-1", "at least 0"),
        ("validate --noise -1".into(), "-1", "at least 0"),
    ] {
        let message = folder.fails(2, &line);
        let named = message.contains(&format!("invalid value '{value}' for '--"));
        assert!(named && message.contains(words), "{line}: {message}");
    }
    // An interval may begin below 0, and a value may begin with a sign.
    folder.ok("attack-gauss --sigma 1 --clip -1,1 x.npy; attack-gauss --sigma +1 x.npy");
}

#[test]
fn a_flag_that_would_do_nothing_is_refused() {
    let folder = Folder::with_network();
    let fgsm = "attack-fgsm --epsilon 0.1 --model net --labels y.npy x.npy";
    for (line, words) in [
        ("spectrum --draws 5 x.npy".to_owned(), "--subsample"),
        ("spectrum --seed 5 x.npy".into(), "--subsample"),
        (format!("{fgsm} --seed 2"), "--gradient random"),
        (format!("{fgsm} --seed 2 --gradient float32"), "--gradient random"),
        ("dimension --neighbours 5 --method twonn x.npy".into(), "--method mle"),
    ] {
        let message = folder.fails(2, &line);
        assert!(message.contains(words), "{line}: {message}");
    }
    folder.ok("spectrum -q --subsample 50 --draws 2 --seed 5 x.npy 2> /dev/null");
    let random = format!("{fgsm} --gradient random");
    assert_eq!(folder.ok(&random), folder.ok(&format!("{random} --seed 1")));
    assert_ne!(folder.ok(&random), folder.ok(&format!("{random} --seed 2")));
    folder.ok("dimension --neighbours 5 x.npy; dimension --neighbours 5 --method mle x.npy");
}

#[test]
fn a_command_line_that_asks_for_nonsense_is_refused() {
    let folder = Folder::with_network();
    for line in [
        "attack-gauss --sigma -1 x.npy",
        "attack-gauss --sigma nan x.npy",
        "attack-gauss --sigma 0,1 x.npy",
        "attack-gauss --sigma '' x.npy",
        "attack-gauss --sigma 1 --seed -1 x.npy",
        "attack-gauss --sigma 1 --seed 18446744073709551616 x.npy",
        "attack-gauss --sigma 1 --samples 0 x.npy",
        "attack-gauss --sigma 1 --clip 1,0 x.npy",
        "attack-gauss x.npy",
        "attack-fgsm --epsilon inf --model net --labels y.npy x.npy",
        "attack-fgsm --epsilon 0.1 --model net --labels - - < x.npy",
        "attack-fgsm --epsilon 0.1 --model net --labels y.npy x.npy --gradient best",
        "attack-fgsm --epsilon 0.1 --model net --labels y.npy x.npy -o same --audit same",
        "attack-fgsm --epsilon 0.1 --model net --labels y.npy x.npy --audit -",
        "attack-pgd --epsilon 0.1 --model net --labels y.npy x.npy --steps 0",
        "attack-pgd --epsilon 0.1 --model net --labels y.npy x.npy --step-size 0",
        "attack-pgd --epsilon 0.1 --model net --labels y.npy x.npy --gradient random",
        "attack-deepfool --model net x.npy --norm 1",
        "attack-deepfool --model net x.npy --steps 0",
        "attack-deepfool --model net x.npy --distances -",
        "attack-deepfool x.npy",
        "accuracy --model net --labels y.npy x.npy --predictions -",
        "accuracy --model net x.npy",
        "extract-activations --model net --layer 0 x.npy",
        "extract-activations --model net --layer 3 x.npy",
        "spectrum - - < x.npy",
        "fit-powerlaw --ranks 50-1 x.npy",
        "fit-powerlaw --ranks 0-50 x.npy",
        "fit-powerlaw --ranks 1-2 x.npy",
        "fit-powerlaw --method best x.npy",
        "train --images x.npy --labels y.npy",
        "train --images x.npy --labels y.npy -o -",
        "train --images x.npy --labels y.npy -o new --hidden 10,0",
        "train --images x.npy --labels y.npy -o new --learning-rate 0",
        "train --images x.npy --labels y.npy -o new --batch-size 0",
        "train --images x.npy --labels y.npy -o new --epochs 2 --snapshots 3",
        "train --images x.npy --labels y.npy -o new --test-images x.npy",
        "tabulate --runs",
        "import-idx one two",
    ] {
        folder.fails(2, line);
    }
}

#[test]
fn data_that_do_not_fit_are_named_with_both_numbers() {
    let folder = Folder::with_network();
    folder.write("narrow.npy", &Array2::<f32>::zeros((60, 9)));
    folder.write("few.npy", &Array1::<u8>::zeros(59));
    folder.write("none.npy", &Array2::<f32>::zeros((0, 16)));
    folder.write("flat.npy", &Array1::<f32>::zeros(16));
    folder.write("nine.npy", &Array1::<u8>::from_elem(60, 9));
    folder.write("negative.npy", &Array1::<i64>::from_elem(60, -1));
    folder.write("float.npy", &Array1::<f32>::zeros(60));
    folder.write("one.npy", &Array2::<f32>::zeros((1, 16)));
    folder.write("up.npy", &Array1::from_vec(vec![1.0, 2.0, 0.5]));
    let mut bad: Array2<f32> = folder.read("x.npy");
    bad[[7, 3]] = f32::NAN;
    folder.write("nan.npy", &bad);
    bad[[7, 3]] = 255.0;
    folder.write("range.npy", &bad);
    folder.ok(
        "cp -r net broken; cp y.npy broken/w2.npy; cp -r net nan; cp nan.npy nan/; mkdir empty",
    );
    let mut w: Array2<f32> = folder.read("net/w1.npy");
    w[[2, 1]] = f32::INFINITY;
    folder.write("nan/w1.npy", &w);
    for (line, words) in [
        (
            "accuracy --model net --labels y.npy narrow.npy",
            "narrow.npy: has rows of the wrong length (found 9, expected 16",
        ),
        (
            "accuracy --model net --labels few.npy x.npy",
            "few.npy: label count differs from image count of x.npy (found 59 labels, 60 images)",
        ),
        (
            "accuracy --model net --labels nine.npy x.npy",
            "nine.npy: has a label outside the classes at [0] (found 9, expected 0 to 2)",
        ),
        (
            "accuracy --model net --labels negative.npy x.npy",
            "negative.npy: has a label out of range at [0] (found -1, expected 0 to 255)",
        ),
        (
            "accuracy --model net --labels float.npy x.npy",
            "float.npy: has the wrong dtype (found f4, expected integers)",
        ),
        (
            "accuracy --model net --labels y.npy none.npy",
            "none.npy: has the wrong shape (found (0, 16)",
        ),
        (
            "accuracy --model net --labels y.npy flat.npy",
            "flat.npy: has the wrong shape (found (16,), expected (samples, pixels))",
        ),
        (
            "accuracy --model net --labels y.npy --samples 61 x.npy",
            "x.npy: has too few samples (found 60, expected at least the 61 to be used)",
        ),
        ("attack-gauss --sigma 1 nan.npy", "nan.npy: has a non-finite value at [7, 3] (found NaN"),
        (
            "extract-activations --model nan x.npy",
            "nan/w1.npy: has a non-finite value at [2, 1] (found inf",
        ),
        (
            "extract-activations --model broken x.npy",
            "broken/w2.npy: has the wrong dtype (found u1",
        ),
        ("extract-activations --model empty x.npy", "empty/model.json: No such file"),
        ("extract-activations --model nowhere x.npy", "nowhere: No such file"),
        (
            "train --images range.npy --labels y.npy -o new",
            "range.npy: has a pixel outside [0, 1] at [7, 3] (found 255",
        ),
        ("train --images x.npy --labels few.npy -o new", "few.npy: label count differs"),
        (
            "train --images x.npy --labels y.npy --test-images narrow.npy --test-labels y.npy -o new",
            "narrow.npy: has rows of the wrong length (found 9, expected 16",
        ),
        (
            "train --images x.npy --labels y.npy --test-images x.npy --test-labels nine.npy -o new",
            "nine.npy: has more classes than the training labels (found 10, expected 3)",
        ),
        ("train --images x.npy --labels y.npy -o empty/new/deep --epochs 1", "empty/new/deep: "),
        (
            "train --images x.npy --labels y.npy -o . --epochs 1",
            ".: would replace a folder that holds something else (found broken)",
        ),
        (
            "spectrum one.npy 2> >(tail -n 1 >&2)",
            "one.npy: has too few samples for a covariance (found 1, expected at least 2)",
        ),
        (
            "fit-powerlaw up.npy",
            "up.npy: is not sorted, largest first, at rank 2 (found 2, expected at most 1)",
        ),
        ("fit-powerlaw x.npy", "x.npy: is not sorted"),
        (
            "accuracy --model net --labels y.npy < /dev/null",
            "stdin: is empty (expected a .npy array)",
        ),
        ("attack-gauss --sigma 1 x.npy -o /dev/full", "/dev/full: No space left on device"),
        ("attack-gauss --sigma 1 x.npy > /dev/full", "stdout: No space left on device"),
        ("attack-gauss --sigma 1 x.npy -o empty", "empty: is a directory"),
        ("attack-gauss --sigma 1 x.npy -o no/where.npy", "no/where.npy: "),
        ("ulimit -f 1; attack-gauss --sigma 1 x.npy -o big.npy", "big.npy: File too large"),
        ("printf 'm/fgsm\\n' | tabulate --runs -", "is not a run"),
        ("tabulate < /dev/null", "stdin: has no lines"),
        ("printf 'm/clean\\n' | tabulate --sweep", "is not a run of a sweep"),
        ("report-sweep < /dev/null", "stdin: is empty (expected a CSV table)"),
        ("report-sweep x.npy", "x.npy: is a .npy array (expected a CSV table)"),
        ("claims < /dev/null", "stdin: is empty (expected a CSV table)"),
    ] {
        let message = folder.fails(1, line);
        let tool = line.trim_start_matches("ulimit -f 1; ").split(' ').next().unwrap();
        let tool = if tool == "printf" { "tabulate" } else { tool };
        assert!(message.starts_with(&format!("{tool}: ")), "{line}: {message}");
        assert!(message.contains(words), "{line}: {message}");
    }
}
