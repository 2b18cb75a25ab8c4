//! IDX files as they are found, and arrays of images and labels.

use std::fs;

use ndarray::{Array, Array1, Array2, Array3};

use crate::common::{
    Folder, header,
    memory::{limited, peak},
    npy,
};

fn images() -> Vec<u8> {
    let mut images = vec![0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 3];
    images.extend([0, 51, 255, 1, 2, 3]);
    images
}

#[test]
fn gzip_as_it_is_found_is_read_whatever_the_name() {
    let folder = Folder::new();
    fs::write(folder.path("train-images.idx3-ubyte"), images()).unwrap();
    let expected = folder.ok("import-idx train-images.idx3-ubyte");
    folder.ok("f=train-images.idx3-ubyte
               gzip -c $f > once.gz; gzip -c once.gz > twice.gz; gzip -c twice.gz > thrice
               { cat once.gz; head -c 5000 /dev/zero; } > padded.gz
               gzip -c padded.gz > padded-within.gz
               { head -c 10 $f | gzip; tail -c +11 $f | gzip; } > members.gz
               { gzip -c < /dev/null; cat once.gz; gzip -c < /dev/null; } > empty-members.gz");
    for file in ["once", "twice", "thrice", "padded", "padded-within", "members", "empty-members"] {
        let file = if file == "thrice" { "thrice".into() } else { format!("{file}.gz") };
        assert_eq!(folder.ok(&format!("import-idx {file}")), expected, "{file}");
        assert_eq!(folder.ok(&format!("cat {file} | import-idx")), expected, "{file}");
    }
}

#[test]
fn damaged_gzip_and_what_follows_it_are_errors() {
    let folder = Folder::new();
    fs::write(folder.path("images"), images()).unwrap();
    folder.ok("gzip -k images; gzip -c images.gz > twice; gzip -c twice | gzip > four
               head -c 30 images.gz > cut; head -c 40 twice > cut-twice
               { cat images.gz; echo more; } > more
               { cat images.gz; head -c 100 /dev/zero; echo more; } > padded-more
               { cat images.gz; head -c 100 /dev/zero; cat images.gz; } > padded-member
               cat images.gz images.gz > two
               { head -c 22 images; head -c 50000000 /dev/zero; } | gzip -9 > bomb");
    let mut checksum = folder.bytes("images.gz").0;
    let place = checksum.len() - 6;
    checksum[place] ^= 1;
    fs::write(folder.path("checksum"), &checksum).unwrap();
    folder.ok("gzip -c checksum > checksum-within");
    for (file, words) in [
        ("cut", "is cut short"),
        ("cut-twice", "is cut short"),
        ("checksum", "checksum: "),
        ("checksum-within", "checksum-within: "),
        ("more", "neither gzip nor padding"),
        ("padded-more", "neither gzip nor padding"),
        ("padded-member", "neither gzip nor padding"),
        ("two", "more bytes than its header says"),
        ("bomb", "more bytes than its header says"),
        ("four", "more than 3 times"),
    ] {
        let message = folder.fails(1, &format!("import-idx {file} -o new.npy"));
        assert!(message.contains(words), "{file}: {message}");
    }
}

#[test]
fn a_header_that_promises_much_takes_little_memory() {
    let folder = Folder::new();
    let header = |axes: [u32; 3]| {
        let axes = axes.into_iter().flat_map(u32::to_be_bytes);
        [0, 0, 8, 3].into_iter().chain(axes).collect::<Vec<u8>>()
    };
    for (name, axes, words) in [
        ("one", [1, 1 << 31, 1 << 29], "is cut short"),
        (
            "all",
            [u32::MAX; 3],
            "has an impossible size (found (4294967295, 4294967295, 4294967295)",
        ),
        ("none", [3, 0, 5], "has an impossible size (found (3, 0, 5)"),
    ] {
        fs::write(folder.path(name), header(axes)).unwrap();
        let imported = limited(200_000, "import-idx > /dev/null");
        let line = format!("{{ cat {name}; head -c 200000000 /dev/zero; }} | {{ {imported}; }}");
        let line =
            if words == "is cut short" { line } else { line.replace("; head", "; true; : head") };
        let message = folder.fails(1, &line);
        assert!(message.contains(words), "{name}: {message}");
    }
    fs::write(folder.path("labels"), [0, 0, 8, 1, 0, 0, 0, 0]).unwrap();
    let message = folder.fails(1, "import-idx labels");
    assert!(message.contains("(found (0,), expected no axis of 0)"), "{message}");
    fs::write(folder.path("short"), [0, 0, 8, 1, 0, 0, 0, 5, 1, 2]).unwrap();
    let message = folder.fails(1, "import-idx short");
    assert!(message.contains("does not hold the (5,) bytes its header promises"), "{message}");
}

#[test]
fn idx_files_are_read_plain_and_gzipped_and_only_whole() {
    let folder = Folder::new();
    let mut images = vec![0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 3];
    images.extend([0, 51, 255, 1, 2, 3]);
    let labels = [0, 0, 8, 1, 0, 0, 0, 2, 7, 4];
    fs::write(folder.path("images"), &images).unwrap();
    fs::write(folder.path("labels"), labels).unwrap();
    folder
        .ok("gzip -k images labels; import-idx images.gz -o x.npy; import-idx < labels.gz > y.npy");
    let x: Array2<f32> = folder.read("x.npy");
    assert_eq!(x.dim(), (2, 3));
    assert_eq!(x.row(0).to_vec(), [0.0, 51.0 / 255.0, 1.0]);
    assert_eq!(folder.read::<u8, ndarray::Ix1>("y.npy").to_vec(), [7, 4]);
    assert_eq!(folder.ok("import-idx images"), folder.bytes("x.npy"));
    assert_eq!(folder.ok("import-idx labels"), folder.bytes("y.npy"));
    let mut crc = folder.bytes("images.gz").0;
    let end = crc.len() - 6;
    crc[end] ^= 1;
    fs::write(folder.path("crc.gz"), crc).unwrap();
    fs::write(folder.path("cut"), &images[..20]).unwrap();
    fs::write(folder.path("long"), [&images[..], &[9]].concat()).unwrap();
    fs::write(folder.path("magic"), [0, 0, 13, 3, 0, 0, 0, 1]).unwrap();
    folder.ok("head -c 30 images.gz > cut.gz; cat images.gz labels.gz > two.gz");
    for file in ["crc.gz", "cut", "long", "magic", "cut.gz", "two.gz"] {
        let message = folder.fails(1, &format!("import-idx {file} -o new.npy"));
        assert!(message.starts_with(&format!("import-idx: {file}: ")), "{message}");
    }
}

/// The images of an array are those that the attacks read.
#[test]
fn images_of_any_dtype_and_shape_are_as_the_attacks_read_them() {
    let folder = Folder::new();
    let x = Array3::from_shape_fn((5, 2, 3), |(i, j, k)| (6 * i + 3 * j + k) as f32 / 30.0);
    folder.write("f4", &x);
    folder.write("f8", &x.mapv(|x| f64::from(x) * 1.000_000_1));
    folder.write("u1", &x.mapv(|x| (255.0 * x).round() as u8));
    folder.write("b1", &x.mapv(|x| x > 0.5));
    folder.write("matrix", &Array2::from_shape_fn((1, 3), |(_, j)| j as f32 - 7.5));
    folder.write("fortran", &x.clone().reversed_axes());
    folder.write("bright", &x.mapv(|x| 255.0 * x));
    folder.write("more-than-a-block", &Array::from_shape_fn((3000, 2, 1, 2), |(i, ..)| i as f32));
    fs::write(folder.path("f2"), npy(&header(">f2", true, "(2, 3)"), &[0x3c, 0].repeat(6)))
        .unwrap();
    for file in ["f4", "f8", "u1", "b1", "matrix", "fortran", "bright", "more-than-a-block", "f2"] {
        let expected = folder.ok(&format!("attack-gauss --sigma 0 --quiet {file}"));
        for line in ["import-idx -q F", "cat F | import-idx -q", "gzip -c F | import-idx -q -"] {
            assert_eq!(folder.ok(&line.replace('F', file)), expected, "{line}: {file}");
        }
        // The notices too.
        let said = |tool: &str| folder.ok(&format!("{tool} {file} 2>&1 >/dev/null")).text();
        let said_by_attack = said("attack-gauss --sigma 0").replace("attack-gauss", "import-idx");
        assert_eq!(said("import-idx"), said_by_attack);
    }
    assert_eq!(folder.read::<f32, ndarray::Ix3>("f4"), x);
    folder.ok("import-idx f4 -o new.npy");
    let flat: Array2<f32> = folder.read("new.npy");
    assert_eq!(flat, x.into_shape_with_order((5, 6)).unwrap());
}

#[test]
fn labels_of_an_array_are_checked_and_stay_as_they_are() {
    let folder = Folder::new();
    folder.write("u1", &Array1::from_vec(vec![0_u8, 255, 3]));
    folder.write("i8", &Array1::from_vec(vec![0_i64, 255, 3]));
    folder.write("b1", &Array1::from_vec(vec![true, false]));
    folder.write("from-1", &Array1::from_vec(vec![1_i32, 2, 3]));
    let spaced = header("<i2", true, "(2,)").replace(',', "  ,") + &" ".repeat(5000);
    fs::write(folder.path("spaced"), npy(&spaced, &[7, 0, 1, 0])).unwrap();
    fs::write(folder.path("big"), npy(&header(">i4", false, "(1,)"), &[0, 0, 0, 9])).unwrap();
    for file in ["u1", "i8", "b1", "from-1", "spaced", "big"] {
        let expected = folder.bytes(file);
        for line in ["import-idx -q F", "cat F | import-idx -q", "gzip -c F | import-idx -q"] {
            assert_eq!(folder.ok(&line.replace('F', file)), expected, "{line}: {file}");
        }
    }
    let said = folder.ok("import-idx from-1 2>&1 >/dev/null").text();
    assert!(said.contains("from-1: has labels from 1 to 3, so class 0 is empty"), "{said}");
}

#[test]
fn arrays_that_are_neither_images_nor_labels_are_refused() {
    let folder = Folder::new();
    folder.write("high", &Array1::from_vec(vec![0_i64, 256]));
    folder.write("low", &Array1::from_vec(vec![-1_i8]));
    folder.write("real", &Array1::from_vec(vec![0.0_f32, 1.0]));
    folder.write("column", &Array2::from_elem((3, 1), 1_i64));
    folder.write("integers", &Array2::from_elem((3, 4), 1_i64));
    folder.write("infinite", &Array2::from_elem((3, 4), f32::INFINITY));
    folder.write("far", &Array2::from_elem((3, 4), 1e300_f64));
    folder.write("none", &Array2::<f32>::zeros((0, 4)));
    fs::write(folder.path("scalar"), npy(&header("<f4", false, "()"), &[0; 4])).unwrap();
    fs::write(folder.path("cut"), npy(&header("<f4", false, "(2, 3)"), &[0; 20])).unwrap();
    fs::write(folder.path("cut-labels"), npy(&header("<i8", false, "(3,)"), &[0; 20])).unwrap();
    for (file, words) in [
        ("high", "has a label out of range at [1] (found 256, expected 0 to 255)"),
        ("low", "has a label out of range at [0] (found -1, expected 0 to 255)"),
        (
            "real",
            "has the wrong dtype (found f4, expected integers): in Python, numpy.save(NEW, numpy.load(OLD).astype('i8'))",
        ),
        (
            "column",
            "has the wrong shape (found (3, 1), expected (samples,)): in Python, numpy.save(NEW, numpy.load(OLD).ravel()",
        ),
        (
            "integers",
            "has the wrong dtype (found i8, expected f4, f2, f8, u1 or b1): if they are from 0 to 255",
        ),
        ("infinite", "has a non-finite value at [0, 0] (found inf, expected a number)"),
        ("far", "has a non-finite value at [0, 0]"),
        ("none", "has the wrong shape (found (0, 4), expected no axis of 0)"),
        ("scalar", "has the wrong shape (found (), expected (samples, pixels))"),
        (
            "cut",
            "does not hold the (2, 3) f4 array its header promises (found 20 bytes, expected 24)",
        ),
        ("cut-labels", "does not hold the (3,) i8 array its header promises"),
    ] {
        let message = folder.fails(1, &format!("import-idx {file} -o new.npy"));
        assert!(message.starts_with(&format!("import-idx: {file}: {words}")), "{message}");
        assert!(!folder.path("new.npy").exists());
    }
    for file in ["cut", "cut-labels"] {
        let message = folder.fails(1, &format!("cat {file} | import-idx -o new.npy"));
        assert!(message.starts_with("import-idx: stdin: is cut short"), "{message}");
    }
    // Labels in a column of bytes pass for images, which no study has of one pixel.
    folder.write("bytes", &Array2::from_elem((3, 1), 1_u8));
    let said = folder.ok("import-idx -q bytes 2>&1 >/dev/null").text();
    let expected = "import-idx: warning: bytes: holds images of one pixel: if they are labels, in \
                    Python, numpy.save(NEW, numpy.load(OLD).ravel())\n";
    assert_eq!(said, expected);
}

#[test]
fn images_larger_than_memory_are_imported() {
    let folder = Folder::new();
    let mut bytes = npy(&header("|u1", false, "(100000, 784)"), &[]);
    fs::write(folder.path("header"), &bytes).unwrap();
    bytes.resize(bytes.len() + 78_400_000, 7);
    fs::write(folder.path("large"), bytes).unwrap();
    for line in ["import-idx -q large -o new.npy", "import-idx -q - -o new.npy < <(cat large)"] {
        let peak = peak(&folder, line);
        assert!(peak < 30_000_000, "{line}: {peak} bytes");
    }
}
