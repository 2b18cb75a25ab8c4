//! The study's stages as a user types them: files and streams give the same bytes.

use crate::common::{self, Folder, json_lines};

#[test]
fn the_pipeline_as_typed_gives_the_bytes_of_the_files() {
    let folder = Folder::with_network();
    let piped = folder.ok(
        "attack-fgsm --model net --labels y.npy --epsilon 0.1 x.npy | extract-activations --model net | spectrum 2> /dev/null | fit-powerlaw --ranks 1-8",
    );
    folder.ok("attack-fgsm --model net --labels y.npy --epsilon 0.1 x.npy -o a.npy
               extract-activations --model net a.npy -o h.npy
               spectrum h.npy -o l.npy 2> /dev/null
               fit-powerlaw --ranks 1-8 l.npy -o f.jsonl");
    assert_eq!(folder.bytes("f.jsonl"), piped);
    assert_eq!(json_lines(&piped).len(), 2);
}

#[test]
fn every_array_argument_works_as_a_file_and_as_a_stream() {
    let folder = Folder::with_network();
    folder
        .ok("extract-activations --model net x.npy -o h.npy; spectrum h.npy -o l.npy 2> /dev/null");
    for (with_file, with_stream) in [
        ("attack-gauss --sigma 0.3 x.npy", "attack-gauss --sigma 0.3 - < x.npy"),
        ("attack-gauss --sigma 0.3 x.npy", "attack-gauss --sigma 0.3 < x.npy"),
        (
            "attack-fgsm --model net --labels y.npy --epsilon 0.1 x.npy",
            "attack-fgsm --model net --labels - --epsilon 0.1 x.npy < y.npy",
        ),
        (
            "attack-fgsm --model net --labels y.npy --epsilon 0.1 x.npy",
            "cat x.npy | attack-fgsm --model net --labels y.npy --epsilon 0.1",
        ),
        (
            "attack-pgd --model net --labels y.npy --epsilon 0.1 x.npy",
            "cat x.npy | attack-pgd --model net --labels y.npy --epsilon 0.1",
        ),
        (
            "attack-deepfool --model net --labels y.npy x.npy",
            "attack-deepfool --model net --labels - x.npy < y.npy",
        ),
        ("attack-deepfool --model net x.npy", "cat x.npy | attack-deepfool --model net"),
        ("extract-activations --model net x.npy", "cat x.npy | extract-activations --model net"),
        (
            "accuracy --model net --labels y.npy x.npy",
            "accuracy --model net --labels - x.npy < y.npy",
        ),
        (
            "accuracy --model net --labels y.npy x.npy",
            "cat x.npy | accuracy --model net --labels y.npy",
        ),
        ("spectrum h.npy 2> /dev/null", "cat h.npy | spectrum 2> /dev/null"),
        ("fit-powerlaw --ranks 1-8 l.npy", "cat l.npy | fit-powerlaw --ranks 1-8"),
    ] {
        assert_eq!(folder.ok(with_file), folder.ok(with_stream), "{with_stream}");
    }
    folder.ok("train --images - --labels y.npy --hidden 10,10 --epochs 4 -o piped < x.npy");
    assert_eq!(folder.bytes("net/w1.npy"), folder.bytes("piped/w1.npy"));
    assert_eq!(folder.bytes("net/model.json"), folder.bytes("piped/model.json"));
}

#[test]
fn threads_change_no_byte() {
    let folder = Folder::new();
    let (x, y) = common::data(700, 40);
    folder.write("x.npy", &x);
    folder.write("y.npy", &y);
    let mut seen = Vec::new();
    for threads in [1, 2, 3, 8, 0] {
        folder.ok(&format!(
            "for rule in local backprop; do
               train --threads {threads} --rule $rule --images x.npy --labels y.npy --test-images x.npy \
                 --test-labels y.npy --hidden 70,50,50 --epochs 2 --batch-size 97 -o $rule
             done
             for activation in tanh gelu; do
               train --threads {threads} --activation $activation --optimizer adam --schedule sequential \
                 --images x.npy --labels y.npy --hidden 70,50,50 --epochs 2 --batch-size 97 -o $activation
               attack-fgsm --threads {threads} --model $activation --labels y.npy --epsilon 0.1 x.npy -o f-$activation.npy
               attack-deepfool --threads {threads} --model $activation --norm 2 --line-search --samples 300 x.npy \
                 --distances e-$activation.npy -o d-$activation.npy
             done
             attack-gauss --threads {threads} --sigma 0.5 x.npy -o g.npy
             attack-fgsm --threads {threads} --model local --labels y.npy --epsilon 0.1 x.npy -o f.npy
             attack-pgd --threads {threads} --model local --labels y.npy --epsilon 0.1 --random-start \
               --audit p.json x.npy -o p.npy
             attack-deepfool --threads {threads} --model local --labels y.npy --distances e.npy x.npy -o d.npy
             extract-activations --threads {threads} --model backprop --layer 2 f.npy -o h.npy
             accuracy --threads {threads} --model local --labels y.npy f.npy -o a.jsonl"
        ));
        seen.push(folder.files());
    }
    assert!(seen.windows(2).all(|pair| pair[0] == pair[1]));
}
