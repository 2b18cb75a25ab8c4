//! IDX files as they are found.

use std::fs;

use ndarray::Array2;

use crate::common::{Folder, memory::limited};

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
    folder.ok("head -c 30 images.gz > cut.gz; cat images.gz labels.gz > two.gz; cp x.npy array");
    for file in ["crc.gz", "cut", "long", "magic", "cut.gz", "two.gz", "array"] {
        let message = folder.fails(1, &format!("import-idx {file} -o new.npy"));
        assert!(message.starts_with(&format!("import-idx: {file}: ")), "{message}");
    }
}
