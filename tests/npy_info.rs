//! `npy-info`.

use std::fs;

use ndarray::{Array1, s};

use crate::common::{Folder, header, json_lines, memory::limited, npy};

#[test]
fn npy_info_says_what_is_in_an_array() {
    fn bytes<T: Copy, const N: usize>(values: &[T], to_bytes: impl Fn(T) -> [u8; N]) -> Vec<u8> {
        values.iter().flat_map(|&x| to_bytes(x)).collect()
    }
    let folder = Folder::new();
    let dyadic = [0.5, -1.5, 2.0, 0.25, 3.0, 4.0];
    let mixed = [f32::NAN, 1.0, f32::INFINITY, -f32::INFINITY, 3.0, f32::NAN];
    let large = [i64::MIN, -1, i64::MAX];
    for (descr, fortran, shape, body, said) in [
        (
            "<f4",
            false,
            "(2, 3)",
            bytes(&dyadic, |x| (x as f32).to_le_bytes()),
            "<f4 (2, 3), min -1.5, max 4.0, mean 1.375, first 0.5 -1.5 2.0 0.25 3.0, all finite",
        ),
        (
            ">f8",
            false,
            "(6,)",
            bytes(&dyadic, f64::to_be_bytes),
            ">f8 (6,), min -1.5, max 4.0, mean 1.375, first 0.5 -1.5 2.0 0.25 3.0, all finite",
        ),
        (
            "<f8",
            true,
            "(3, 2)",
            bytes(&dyadic, f64::to_le_bytes),
            "<f8 (3, 2) Fortran order, min -1.5, max 4.0, mean 1.375, first 0.5 -1.5 2.0 0.25 3.0, all finite",
        ),
        // 0.1 in single precision is 0.100000001490116119384765625.
        (
            "<f4",
            false,
            "(1, 1)",
            bytes(&[0.1], f32::to_le_bytes),
            "<f4 (1, 1), min 0.1, max 0.1, mean 0.10000000149011612, first 0.1, all finite",
        ),
        (
            ">i4",
            false,
            "(4,)",
            bytes(&[-7, 2, 3, 4], i32::to_be_bytes),
            ">i4 (4,), min -7, max 4, mean 0.5, first -7 2 3 4, all finite",
        ),
        (
            "<i8",
            false,
            "(3,)",
            bytes(&large, i64::to_le_bytes),
            "<i8 (3,), min -9223372036854775808, max 9223372036854775807, mean -0.6666666666666666, \
          first -9223372036854775808 -1 9223372036854775807, all finite",
        ),
        (
            "<u8",
            false,
            "(1,)",
            bytes(&[u64::MAX], u64::to_le_bytes),
            "<u8 (1,), min 18446744073709551615, max 18446744073709551615, mean 1.8446744073709552e19, \
          first 18446744073709551615, all finite",
        ),
        (
            "<u4",
            false,
            "(2,)",
            bytes(&[u32::MAX, 1], u32::to_le_bytes),
            "<u4 (2,), min 1, max 4294967295, mean 2147483648.0, first 4294967295 1, all finite",
        ),
        (
            "|u1",
            false,
            "(1, 1, 1, 1, 1, 1, 1, 6)",
            vec![9, 8, 7, 6, 5, 255],
            "|u1 (1, 1, 1, 1, 1, 1, 1, 6), min 5, max 255, mean 48.333333333333336, first 9 8 7 6 5, all finite",
        ),
        (
            "<f8",
            false,
            "()",
            bytes(&[7.5], f64::to_le_bytes),
            "<f8 (), min 7.5, max 7.5, mean 7.5, first 7.5, all finite",
        ),
        ("<f4", false, "(0, 3)", vec![], "<f4 (0, 3), no values"),
        (
            "<f4",
            false,
            "(6,)",
            bytes(&mixed, f32::to_le_bytes),
            "<f4 (6,), min 1.0, max 3.0, mean 2.0, first NaN 1.0 inf -inf 3.0, not finite: 2 NaN, 2 infinite",
        ),
        (
            "<f4",
            false,
            "(1,)",
            bytes(&mixed[..1], f32::to_le_bytes),
            "<f4 (1,), first NaN, not finite: 1 NaN, 0 infinite",
        ),
    ] {
        fs::write(folder.path("a.npy"), npy(&header(descr, fortran, shape), &body)).unwrap();
        let line = folder.ok("npy-info a.npy").text();
        assert_eq!(line, format!("a.npy: {said}\n"));
        assert_eq!(folder.ok("cat a.npy | npy-info").text(), line.replace("a.npy", "stdin"));
    }
    let mixed = Array1::from_vec(mixed.to_vec());
    folder.write("mixed.npy", &mixed);
    folder.write("none.npy", &mixed.slice(s![..0]).to_owned());
    assert_eq!(
        folder.ok("npy-info --json none.npy - < mixed.npy").text(),
        "{\"file\":\"none.npy\",\"dtype\":\"<f4\",\"shape\":[0],\"order\":\"C\",\"min\":null,\"max\":null,\
         \"mean\":null,\"first\":[],\"nan\":0,\"infinite\":0}\n\
         {\"file\":\"stdin\",\"dtype\":\"<f4\",\"shape\":[6],\"order\":\"C\",\"min\":1.0,\"max\":3.0,\
         \"mean\":2.0,\"first\":[null,1.0,null,null,3.0],\"nan\":2,\"infinite\":2}\n"
    );
}

#[test]
fn npy_info_streams_and_is_whole_or_nothing() {
    let folder = Folder::new();
    // Sums of many blocks: 0 + 1 + ... + n - 1 is n (n - 1) / 2.
    let n = 300_001;
    folder.write("i.npy", &Array1::from_iter(0..i64::from(n)));
    folder.write("f.npy", &Array1::from_iter((0..n).map(f64::from)));
    let lines = json_lines(&folder.ok("npy-info --json i.npy f.npy"));
    for line in &lines {
        assert_eq!(line["mean"].as_f64(), Some(150_000.0));
        assert_eq!(line["max"].as_f64(), Some(300_000.0));
    }
    // 400 MB in a process that may have 300.
    let start = npy(&header("<f8", false, "(50000000,)"), &[]);
    fs::write(folder.path("start"), start).unwrap();
    let described = limited(300_000, "npy-info --json");
    let line =
        folder.ok(&format!("{{ cat start; head -c 400000000 /dev/zero; }} | {{ {described}; }}"));
    assert_eq!(json_lines(&line)[0]["mean"].as_f64(), Some(0.0));
    // A bad file after a good one; a name with a line end.
    fs::write(folder.path("bad.npy"), "no array").unwrap();
    let message = folder.fails(1, "npy-info i.npy bad.npy");
    assert!(message.starts_with("npy-info: bad.npy: is text (expected a .npy array)"), "{message}");
    let message = folder.fails(1, "npy-info < /dev/null");
    assert!(message.contains("stdin: is empty"), "{message}");
    folder.fails(2, "npy-info - - < i.npy");
    let line = folder.ok("mv i.npy $'a\\nb'; npy-info *b -o said; cat said").text();
    assert!(line.starts_with("a\\nb: <i8 (300001,), min 0, "), "{line}");
    assert_eq!(line.lines().count(), 1);
}

#[test]
#[ignore = "needs PYTHON, one that has NumPy"]
fn npy_info_agrees_with_numpy() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/reference/npy_info.py");
    Folder::new().ok(&format!("\"$PYTHON\" {script}"));
}
