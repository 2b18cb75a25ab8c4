//! Arrays as NumPy and other programs write them.

use std::fs;

use ndarray::{Array1, Array2, Array3, Axis, s};

use crate::common::{self, Bytes, Folder, header, json_lines, memory::peak, npy};

#[test]
fn bool_arrays_are_0_and_1() {
    let folder = Folder::with_network();
    let mask = folder.read::<f32, ndarray::Ix2>("x.npy").mapv(|x| x > 0.2);
    folder.write("b.npy", &mask);
    folder.write("u.npy", &mask.mapv(u8::from));
    folder.write("f.npy", &mask.mapv(f32::from));
    for tool in ["spectrum -q 2> /dev/null", "dimension -q --method mle"] {
        assert_eq!(folder.ok(&format!("{tool} b.npy")), folder.ok(&format!("{tool} u.npy")));
        assert_eq!(folder.ok(&format!("{tool} b.npy")), folder.ok(&format!("{tool} f.npy")));
    }
    // As images they are 0 and 1, and not parts of 255.
    let extract = "extract-activations --model net";
    assert_eq!(folder.ok(&format!("{extract} b.npy")), folder.ok(&format!("{extract} f.npy")));
    let labels = Array1::from_shape_fn(60, |i| i % 2 == 0);
    folder.write("bool-labels.npy", &labels);
    folder.write("labels.npy", &labels.mapv(i16::from));
    let accuracy = "accuracy --model net x.npy --labels";
    let expected = folder.ok(&format!("{accuracy} labels.npy"));
    assert_eq!(folder.ok(&format!("{accuracy} bool-labels.npy")), expected);
    // Any byte but 0 is true.
    fs::write(folder.path("odd.npy"), npy(&header("|b1", false, "(4,)"), &[0, 1, 2, 255])).unwrap();
    let line = String::from_utf8(folder.ok("npy-info odd.npy").0).unwrap();
    assert_eq!(line, "odd.npy: |b1 (4,), min 0, max 1, mean 0.75, first 0 1 1 1, all finite\n");
}

#[test]
fn headers_of_other_programs_and_times_are_read() {
    let folder = Folder::new();
    let body: Vec<u8> =
        [1.0_f32, 2.0, 3.0, 4.0, 5.0, 6.0].iter().flat_map(|x| x.to_le_bytes()).collect();
    let plain = header("<f4", false, "(2, 3)");
    fs::write(folder.path("a.npy"), npy(&plain, &body)).unwrap();
    let expected = folder.ok("npy-info - < a.npy");
    for text in [
        plain.replace("2, 3", "2L, 3L"),
        plain.replace('\'', "\""),
        plain.replace(' ', "\t"),
        plain.replace(", }", "}"),
        plain.replace("<f4", "=f4"),
        "{'shape':(2,3,),'descr':'f4','fortran_order':False}    ".into(),
    ] {
        fs::write(folder.path("a.npy"), npy(&text, &body)).unwrap();
        assert_eq!(folder.ok("npy-info - < a.npy"), expected, "{text}");
    }
    for version in [2, 3] {
        let mut bytes = b"\x93NUMPY".to_vec();
        bytes.extend([version, 0]);
        bytes.extend((plain.len() as u32).to_le_bytes());
        bytes.extend(plain.bytes());
        bytes.extend(&body);
        fs::write(folder.path("a.npy"), bytes).unwrap();
        assert_eq!(folder.ok("npy-info - < a.npy"), expected, "version {version}");
    }
}

#[test]
fn a_spectrum_of_one_matrix_may_be_a_column_or_a_row_of_any_type() {
    let folder = Folder::new();
    let law = Array1::from_shape_fn(60, |n| ((n + 1) as f64).powf(-1.25));
    folder.write("law.npy", &law);
    folder.write("column.npy", &law.clone().insert_axis(Axis(1)));
    folder.write("row.npy", &law.clone().insert_axis(Axis(0)));
    let fit = |file: &str| folder.ok(&format!("fit-powerlaw --ranks 1-40 {file}"));
    let expected = fit("law.npy");
    let line = &json_lines(&expected)[0];
    assert!(line["layer"].is_null() && (line["alpha"].as_f64().unwrap() - 1.25).abs() < 1e-12);
    assert_eq!(fit("column.npy"), expected);
    assert_eq!(fit("row.npy"), expected);
    // Two rows are two layers.
    let stack = ndarray::stack![Axis(0), law, law];
    folder.write("stack.npy", &stack);
    assert_eq!(json_lines(&fit("stack.npy"))[1]["layer"], 2);
    let counts = law.mapv(|l| (1e6 * l).round() as i32);
    folder.write("counts.npy", &counts);
    folder.write("counts-f8.npy", &counts.mapv(f64::from));
    assert_eq!(fit("counts.npy"), fit("counts-f8.npy"));
    folder.write("half.npy", &law.mapv(|l| half::f16::from_f64(l).to_bits()));
    let mut as_half = folder.bytes("half.npy").0;
    let place = as_half.windows(3).position(|part| part == b"<u2").unwrap();
    as_half[place + 1] = b'f';
    fs::write(folder.path("half.npy"), as_half).unwrap();
    let alpha = json_lines(&fit("half.npy"))[0]["alpha"].as_f64().unwrap();
    assert!((alpha - 1.25).abs() < 1e-3, "{alpha}");
    let message = folder.fails(1, "head -c 600 law.npy | fit-powerlaw");
    assert!(message.contains("is cut short (ends after 600 bytes)"), "{message}");
}

#[test]
fn a_place_in_an_array_has_as_many_indices_as_it_has_axes() {
    let folder = Folder::with_network();
    let mut flat = Array1::from_elem(6, 1.0);
    flat[4] = f64::NAN;
    folder.write("flat.npy", &flat);
    let mut cubes = Array3::<f32>::zeros((60, 4, 4));
    cubes[[7, 2, 1]] = f32::INFINITY;
    folder.write("cubes.npy", &cubes);
    let mut big = Array2::from_elem((60, 16), 0.5);
    big[[59, 3]] = 1e39;
    folder.write("big.npy", &big);
    for (line, words) in [
        ("fit-powerlaw flat.npy", "flat.npy: has a non-finite value at [4] (found NaN"),
        ("spectrum -q flat.npy", "found (6,), expected (samples, units)"),
        ("attack-gauss --sigma 1 cubes.npy", "at [7, 2, 1] (found inf, expected a number)"),
        ("attack-gauss --sigma 1 big.npy", "at [59, 3] (found inf, expected a number within f4)"),
    ] {
        let message = folder.fails(1, line);
        assert!(message.contains(words), "{line}: {message}");
    }
}

#[test]
fn no_type_takes_more_memory_than_f8() {
    let folder = Folder::new();
    let x = common::data(500, 8000).0.mapv(|x| (200.0 * x) as u8);
    folder.write("f8.npy", &x.mapv(f64::from));
    folder.write("i8.npy", &x.mapv(i64::from));
    folder.write("i2.npy", &x.mapv(i16::from));
    folder.write("b1.npy", &x.mapv(|x| x > 100));
    let fortran = x.mapv(f64::from).reversed_axes().as_standard_layout().into_owned();
    folder.write("fortran.npy", &fortran.reversed_axes());
    folder.write("u1.npy", &x);
    drop(x);
    let used = |file| peak(&folder, &format!("dimension --quiet {file}"));
    let most = used("f8.npy");
    // The array has 32 MB; blocks under conversion and the allocator's pages a few.
    for file in ["i8.npy", "i2.npy", "b1.npy", "u1.npy", "fortran.npy"] {
        let used = used(file);
        assert!(used < most + (8 << 20), "{file}: {used} and {most} bytes");
    }
}

#[test]
fn sums_of_integers_are_exact() {
    let folder = Folder::new();
    // Each sum is beyond 64 bits, and its mean beyond what f8 sums would give.
    let n = 70_000;
    folder.write("u8.npy", &Array1::from_elem(n, u64::MAX - 1));
    folder.write(
        "i8.npy",
        &Array1::from_shape_fn(n, |i| if i % 2 == 0 { i64::MIN } else { i64::MAX }),
    );
    let lines = json_lines(&folder.ok("npy-info --json u8.npy i8.npy"));
    assert_eq!(lines[0]["mean"].as_f64(), Some(18_446_744_073_709_551_614.0));
    assert_eq!(lines[1]["mean"].as_f64(), Some(-0.5));
}

#[test]
fn fortran_order_is_read_alike_in_files_and_streams() {
    let folder = Folder::new();
    let stack =
        Array3::from_shape_fn((2, 40, 5), |(l, i, j)| ((l + 3 * i * i + 7 * j) % 11) as f32);
    folder.write("c.npy", &stack);
    let turned = stack.clone().reversed_axes().as_standard_layout().into_owned();
    folder.write("f.npy", &turned.reversed_axes());
    assert!(String::from_utf8_lossy(&folder.bytes("f.npy")).contains("True"));
    for flags in ["", "--samples 7", "--flatten", "--flatten --samples 1 --no-center"] {
        let run = |file: &str| folder.ok(&format!("spectrum -q {flags} {file} 2> /dev/null"));
        let expected = run("c.npy");
        for file in ["f.npy", "- < f.npy", "<(cat f.npy)"] {
            assert_eq!(run(file), expected, "{flags} {file}");
        }
    }
    let layer = stack.slice(s![1, .., ..]).to_owned();
    folder.write("layer.npy", &layer);
    folder.write("layer-f.npy", &layer.t().as_standard_layout().into_owned().reversed_axes());
    let attack = |file: &str| folder.ok(&format!("attack-gauss -q --sigma 0.1 {file}"));
    assert_eq!(attack("layer.npy"), attack("layer-f.npy"));
}

#[test]
fn other_dtypes_and_orders_are_converted() {
    let folder = Folder::with_network();
    let x: Array2<f32> = folder.read("x.npy");
    let y: Array1<u8> = folder.read("y.npy");
    folder.write("f8.npy", &x.mapv(f64::from));
    folder.write("fortran.npy", &x.t().as_standard_layout().into_owned().reversed_axes());
    folder.write("cubes.npy", &x.clone().into_shape_with_order((60, 4, 4)).unwrap());
    let big: Vec<u8> = x.iter().flat_map(|x| x.to_be_bytes()).collect();
    fs::write(folder.path("big.npy"), npy(&header(">f4", false, "(60, 16)"), &big)).unwrap();
    folder.write("i4.npy", &y.mapv(i32::from));
    folder.write("i8.npy", &y.mapv(i64::from));
    folder.write("u4.npy", &y.mapv(u32::from));
    folder.write("u8.npy", &y.mapv(u64::from));
    assert!(String::from_utf8_lossy(&folder.bytes("fortran.npy")).contains("True"));
    let expected = folder.ok("accuracy --model net --labels y.npy x.npy");
    for images in ["f8", "fortran", "cubes", "big"] {
        let found = folder.ok(&format!("accuracy --model net --labels y.npy {images}.npy"));
        assert_eq!(found, expected, "{images}");
    }
    for labels in ["i4", "i8", "u4", "u8"] {
        let found = folder.ok(&format!("accuracy --model net --labels {labels}.npy x.npy"));
        assert_eq!(found, expected, "{labels}");
    }
    let bytes = x.mapv(|x| (x * 255.0).round() as u8);
    folder.write("bytes.npy", &bytes);
    folder.write("divided.npy", &bytes.mapv(|x| f32::from(x) / 255.0));
    let said = folder.run("extract-activations --model net bytes.npy");
    assert_eq!(
        String::from_utf8_lossy(&said.stderr),
        "extract-activations: bytes.npy: holds bytes, which are divided by 255\n"
    );
    assert_eq!(
        Bytes(said.stdout),
        folder.ok("extract-activations --quiet --model net divided.npy")
    );
}
