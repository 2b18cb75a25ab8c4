//! Values of flags that mean nothing, and flags that would do nothing.

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
        ("train --images x.npy --labels y.npy -o n --learning-rate -1".into(), "-1", "above 0"),
        ("train --images x.npy --labels y.npy -o n --hidden -10,10".into(), "-10", "from 1"),
        ("extract-activations --model net --layer -1 x.npy".into(), "-1", "from 1"),
        ("spectrum --subsample -5 x.npy".into(), "-5", "from 1"),
        ("fit-powerlaw --windows -5 x.npy".into(), "-5", "from 1"),
        ("fit-powerlaw --ranks -5-9 x.npy".into(), "-5-9", "FIRST-LAST"),
        ("dimension --neighbours -5 x.npy".into(), "-5", "at least 2"),
        ("draw-digits --count -5".into(), "-5", "from 1"),
        ("draw-powerlaw --alpha -1 --samples 5 --units 5".into(), "-1", "at least 0"),
        ("claims --stimulus-dimension -1 x.npy".into(), "-1", "above 0"),
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
