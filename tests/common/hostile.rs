//! What no tool may take: the cases, and where each tool would read them.

use super::{header, npy};

/// Each tool with `BAD` where the file goes.
const READERS: &[&str] = &[
    "import-idx BAD",
    "attack-gauss --sigma 1 BAD",
    "attack-fgsm --epsilon 1 --model net --labels y.npy BAD",
    "attack-fgsm --epsilon 1 --model net --labels BAD x.npy",
    "attack-deepfool --model net BAD",
    "attack-deepfool --model net --labels BAD x.npy",
    "extract-activations --model net BAD",
    "extract-activations --model net --labels y.npy --correct-on BAD x.npy",
    "accuracy --model net --labels y.npy BAD",
    "accuracy --model net --labels BAD x.npy",
    "probe --activations BAD --labels y.npy --test-activations x.npy --test-labels y.npy",
    "probe --activations x.npy --labels y.npy --test-activations BAD --test-labels y.npy",
    "probe --activations x.npy --labels BAD --test-activations x.npy --test-labels y.npy",
    "spectrum BAD",
    "spectrum --from-moments BAD",
    "spectrum --repeat x.npy BAD",
    "dimension BAD",
    "class-geometry --labels y.npy BAD",
    "class-geometry --labels BAD x.npy",
    "fit-powerlaw BAD",
    "train --images BAD --labels y.npy -o new",
];

/// Arrays of which only their dtype, shape or values are no stage's.
const WELL_FORMED: [&str; 2] = ["scalar", "not finite"];

/// The tools that must refuse a case of [`arrays`]: all, but for `npy-info`, which says what is
/// in any array.
pub fn readers(case: &str) -> Vec<&'static str> {
    let info = (!WELL_FORMED.contains(&case)).then_some("npy-info BAD");
    READERS.iter().copied().chain(info).collect()
}

/// Files that claim to be arrays, and are not, or not a stage's.
pub fn arrays() -> Vec<(&'static str, Vec<u8>)> {
    let plain = header("<f4", false, "(2, 3)");
    let with = |descr: &str, shape: &str| npy(&header(descr, false, shape), &[0; 24]);
    let nested = format!(
        "{{'descr': {}'<f4'{}, 'fortran_order': False, 'shape': (2, 3), }}",
        "[".repeat(22),
        "]".repeat(22)
    );
    let deep =
        format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {}, }}", "(".repeat(5000));
    let mut long = b"\x93NUMPY\x02\x00\xff\xff\xff\xff".to_vec();
    long.extend(plain.bytes());
    let mut version = npy(&plain, &[0; 24]);
    version[6] = 9;
    vec![
        ("empty", vec![]),
        ("text", b"hello, world\n".to_vec()),
        ("magic only", b"\x93NUMPY".to_vec()),
        ("cut header", npy(&plain, &[])[..40].to_vec()),
        ("cut data", npy(&plain, &[0; 20])),
        ("trailing data", npy(&plain, &[0; 25])),
        ("nested descr", npy(&nested, &[0; 24])),
        ("deep shape", npy(&deep, &[0; 24])),
        ("structured", npy(&plain.replace("'<f4'", "[('a', '<f4'), ('b', '<f4')]"), &[0; 24])),
        ("object", with("|O", "(2, 3)")),
        ("complex", with("<c8", "(2, 3)")),
        ("escape", with("\\x1b[31m", "(2, 3)")),
        ("escape raw", with("\x1b[31m", "(2, 3)")),
        ("terabytes", with("<f4", "(1099511627776, 3)")),
        ("overflow", with("<f4", "(18446744073709551615, 3)")),
        ("hidden overflow", with("<f4", "(0, 1099511627776, 1099511627776)")),
        ("negative", with("<f4", "(-2, 3)")),
        ("sum", with("<f4", "(1+1, 3)")),
        ("scalar", npy(&header("<f4", false, "()"), &[0; 4])),
        ("nine axes", with("<f4", "(1, 1, 1, 1, 1, 1, 1, 2, 3)")),
        ("header of 4 GiB", long),
        ("version 9", version),
        ("no shape", npy("{'descr': '<f4', 'fortran_order': False, }", &[0; 24])),
        ("not finite", npy(&plain, &[0xff; 24])),
    ]
}

/// The model.json of a network of two layers of 10 units, as short as it may be.
pub const MODEL: &str =
    r#"{"schema":"local-errors/model/1","rule":"local","sizes":[16,10,10],"classes":3}"#;

/// Texts that claim to be that.
pub fn models() -> Vec<(&'static str, String)> {
    vec![
        ("empty", String::new()),
        ("no JSON", "sizes: 3".into()),
        ("no sizes", MODEL.replace("sizes", "size")),
        ("another schema", MODEL.replace("model/1", "model/9")),
        ("no activation", MODEL.replace("model/1", "model/2")),
        ("an activation too early", MODEL.replace('{', r#"{"activation":"tanh","#)),
        (
            "an unknown activation",
            MODEL.replace("model/1", "model/2").replace('{', r#"{"activation":"swish","#),
        ),
        ("negative size", MODEL.replace("16", "-16")),
        ("one size", MODEL.replace("16,10,10", "16")),
        ("a size of 0", MODEL.replace("16", "0")),
        ("too wide", MODEL.replace("16", "17")),
        ("too deep", MODEL.replace("10,10", "10,10,10")),
        ("no classes", MODEL.replace(":3", ":0")),
        ("other classes", MODEL.replace(":3", ":4")),
        ("deep JSON", "[".repeat(100_000)),
    ]
}
