//! `accuracy`.

use ndarray::Array1;

use crate::common::{Folder, json_lines};

#[test]
fn accuracy_beside_the_activations_is_the_tool_s() {
    let folder = Folder::with_network();
    let both = folder.ok("extract-activations --model net --accuracy a.jsonl --labels y.npy x.npy");
    assert_eq!(both, folder.ok("extract-activations --model net x.npy"));
    let expected = folder.ok("accuracy --model net --labels y.npy x.npy");
    assert_eq!(folder.bytes("a.jsonl"), expected);
    folder.ok("extract-activations --model net --samples 20 --accuracy - --labels y.npy x.npy -o h.npy > a.jsonl");
    let expected = folder.ok("accuracy --model net --samples 20 --labels y.npy x.npy");
    assert_eq!(folder.bytes("a.jsonl"), expected);
    for (line, words) in [
        ("--accuracy b.jsonl x.npy", "--labels"),
        ("--labels y.npy x.npy", "--accuracy"),
        ("--layer 1 --accuracy b.jsonl --labels y.npy x.npy", "all layers"),
        ("--accuracy - --labels y.npy x.npy", "stdout"),
        ("--accuracy b.jsonl --labels - < y.npy", "stdin"),
    ] {
        let said = folder.fails(2, &format!("extract-activations --model net {line}"));
        assert!(said.contains(words), "{said}");
        assert!(!folder.path("b.jsonl").exists(), "{line}");
    }
}

#[test]
fn accuracy_says_null_where_there_is_no_readout() {
    let folder = Folder::with_data();
    folder.ok(
        "train --rule backprop --images x.npy --labels y.npy --hidden 10,10 --epochs 20 -o net",
    );
    let text = folder.ok("accuracy --model net --labels y.npy --predictions p.npy x.npy").text();
    let first = text.lines().next().unwrap();
    assert_eq!(
        first,
        r#"{"layer":1,"samples":60,"units":10,"dead":DEAD,"correct":null,"accuracy":null,"loss":null}"#
            .replace("DEAD", &json_lines(text.as_bytes())[0]["dead"].to_string())
    );
    let (p, y): (Array1<u8>, Array1<u8>) = (folder.read("p.npy"), folder.read("y.npy"));
    let correct = p.iter().zip(&y).filter(|(p, y)| p == y).count();
    assert_eq!(json_lines(text.as_bytes())[1]["correct"], correct);
}
