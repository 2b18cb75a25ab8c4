//! Files of other formats are named, with the way out.

use std::fs;

use ndarray::Array1;

use crate::common::{Folder, header, npy, zip};

#[test]
fn what_cannot_be_read_is_named_with_the_way_out() {
    let folder = Folder::with_data();
    let array = |descr: &str| npy(&header(descr, false, "(2,)"), &[0; 16]);
    let records = npy(
        "{'descr': [('rate', '<f4'), ('n', '<i4')], 'fortran_order': False, 'shape': (2,), }",
        &[0; 16],
    );
    let idx = |magic: [u8; 4]| [&magic[..], &5_u32.to_be_bytes(), &[0; 5]].concat();
    for (name, bytes, words) in [
        ("complex.npy", array("<c8"), "holds complex numbers (found c8, expected real"),
        ("complex.npy", array("<c8"), "numpy.load(OLD).real"),
        ("object.npy", array("|O"), "holds Python objects"),
        ("records.npy", records, "numpy.load(OLD)['rate']"),
        ("text.npy", array("<U2"), "holds text"),
        ("days.npy", array("<M8[D]"), "holds dates"),
        ("a.npz", zip("arr_0.npy"), "numpy.load(OLD)[\"arr_0\"]"),
        ("net.pt", zip("net/data.pkl"), "is a PyTorch file"),
        ("old.pt", b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.".to_vec(), "is a PyTorch file"),
        ("a.pkl", b"\x80\x04\x95\0".to_vec(), "is a Python pickle"),
        ("a.mat", b"MATLAB 5.0 MAT-file, Platform: GLNXA64".to_vec(), "scipy.io.loadmat"),
        ("b.mat", b"MATLAB 7.3 MAT-file, Platform: GLNXA64".to_vec(), "h5py"),
        ("a.h5", b"\x89HDF\r\n\x1a\n\0".to_vec(), "is an HDF5 file"),
        ("page", b"<!doctype html><title>403".to_vec(), "is a web page (HTML)"),
        ("a.zip", zip("readme.txt"), "is a zip archive"),
        ("a.gz", b"\x1f\x8b\x08\0".to_vec(), "is gzipped"),
        ("lfs", b"version https://git-lfs.github.com/spec/v1\noid".to_vec(), "git lfs pull"),
        ("a.csv", b"x,y\n1.5,2\n".to_vec(), "numpy.loadtxt(OLD, delimiter=',', skiprows=1)"),
        ("a.txt", b"1.5 2\n".to_vec(), "numpy.loadtxt(OLD)"),
        ("a.png", b"\x89PNG\r\n\x1a\n".to_vec(), "is a PNG image"),
        ("a.jpg", b"\xff\xd8\xff\xe0".to_vec(), "is a JPEG image"),
        ("a.parquet", b"PAR1".to_vec(), "pandas.read_parquet"),
        ("lines", b"{\"layer\":1}\n".to_vec(), "is JSON text"),
        ("labels-idx1-ubyte", idx([0, 0, 8, 1]), "import-idx"),
        ("qmnist", idx([0, 0, 12, 2]), "like the labels of QMNIST"),
        ("little", idx([1, 8, 0, 0]), "little-endian"),
        ("empty", vec![], "is empty"),
    ] {
        fs::write(folder.path(name), bytes).unwrap();
        // Each reader of arrays.
        for tool in ["npy-info", "fit-powerlaw", "attack-gauss --sigma 1", "dimension"] {
            for argument in [name.to_owned(), format!("- < {name}")] {
                let message = folder.fails(1, &format!("{tool} {argument}"));
                assert!(message.contains(words), "{tool} {argument}: {message}");
                assert!(!message.contains("bad .npy header"), "{message}");
            }
        }
        fs::remove_file(folder.path(name)).unwrap();
    }
    let message = folder.fails(1, "npy-info .");
    assert_eq!(message, "npy-info: .: is a folder (expected a file)");
}

#[test]
fn readers_of_idx_files_and_of_text_name_them_too() {
    let folder = Folder::with_data();
    fs::write(folder.path("page"), "\n<HTML><head><title>403 Forbidden").unwrap();
    fs::write(folder.path("qmnist"), [0, 0, 12, 2, 0, 0, 0, 1, 0, 0, 0, 8]).unwrap();
    fs::write(folder.path("cube"), [0, 0, 8, 4, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 3])
        .unwrap();
    fs::write(folder.path("lines"), "{\"layer\":1}\n").unwrap();
    fs::write(folder.path("net.json"), "# sizes\n").unwrap();
    fs::write(folder.path("a.npz"), zip("h.npy")).unwrap();
    folder.ok("gzip -k page qmnist; mkdir net; cp page net/model.json; mkdir other; cp y.npy other/model.json");
    for (line, words) in [
        ("import-idx page", "page: is a web page (HTML) (expected an IDX file"),
        ("import-idx page.gz", "is a web page (HTML)"),
        ("import-idx qmnist", "an IDX file of >i4 with 2 axes"),
        ("import-idx qmnist.gz", ".reshape(-1, 8)[:, 0].astype('u1')"),
        ("import-idx cube", "offset=20).reshape(-1, 2, 2, 3)"),
        ("import-idx lines", "is JSON text"),
        ("import-idx < /dev/null", "stdin: is empty"),
        ("claims x.npy", "x.npy: is a .npy array (expected a CSV table)"),
        ("claims lines", "lines: is JSON text (expected a CSV table)"),
        ("claims page", "page: is a web page (HTML) (expected a CSV table)"),
        ("report-sweep page.gz", "page.gz: is gzipped (expected a CSV table)"),
        ("claims a.npz", "a.npz: is a .npz archive of arrays (expected a CSV table)"),
        ("tabulate --runs x.npy", "x.npy: is a .npy array (expected lines of text)"),
        ("extract-activations --model net x.npy", "net/model.json: is a web page (HTML)"),
        ("extract-activations --model other x.npy", "other/model.json: is a .npy array"),
    ] {
        let message = folder.fails(1, line);
        assert!(message.contains(words), "{line}: {message}");
    }
}

#[test]
fn text_that_a_program_prints_around_an_array_is_quoted() {
    let folder = Folder::with_network();
    folder.ok("{ echo epoch 1 done; cat x.npy; } > front
               { cat x.npy; echo epoch 2 done; } > behind
               { for i in {1..1000}; do echo epoch $i done; done; cat x.npy; } > long
               { for i in {1..1000}; do echo $i/9 done; done; cat x.npy; } > numbered
               { head -c 4093 long | tr '\\n' ' '; cat x.npy; } > edge
               { echo epoch 1 done; tail -c +129 x.npy; } > raw
               { cat x.npy; printf '\\0'; } > more");
    for (file, words) in [
        (
            "front",
            "has text in front of the array (found \"epoch 1 done\", expected a .npy array): \
             print it to stderr",
        ),
        (
            "behind",
            "has text behind the array (found \"epoch 2 done\", expected its end): \
             print it to stderr",
        ),
        ("long", "is text (expected a .npy array)"),
        ("numbered", "is text (expected a .npy array)"),
        ("edge", "has text in front of the array (found \"epoch 1 done epoch"),
        (
            "raw",
            "is not a .npy array, and its format is unknown: it begins with the text \"epoch 1 done\"",
        ),
    ] {
        for tool in ["extract-activations --model net", "npy-info", "class-geometry --labels y.npy"]
        {
            for (argument, name) in
                [(file.to_owned(), file), (format!("- < <(cat {file})"), "stdin")]
            {
                let message = folder.fails(1, &format!("{tool} {argument}"));
                let message = message.split_once(": ").unwrap().1;
                assert!(message.starts_with(&format!("{name}: {words}")), "{tool}: {message}");
                assert!(!message.contains("numpy."), "{tool}: {message}");
            }
        }
    }
    let message = folder.fails(1, "npy-info more");
    assert!(message.contains("more: does not hold the"), "{message}");
    let message = folder.fails(1, "npy-info - < <(cat more)");
    assert!(message.contains("stdin: has more bytes than its header says"), "{message}");
    let message = folder.fails(1, "claims front");
    assert!(message.contains("found \"epoch 1 done\", expected a CSV table)"), "{message}");
}

#[test]
fn a_message_has_numbers_that_can_be_read() {
    let folder = Folder::with_data();
    folder.write("tiny.npy", &Array1::from_vec(vec![3.0, 2.0, -1e300]));
    let message = folder.fails(1, "fit-powerlaw tiny.npy");
    assert!(message.contains("-1e300") && message.len() < 200, "{message}");
    let mut x: ndarray::Array2<f32> = folder.read("x.npy");
    x[[2, 1]] = 1.1;
    folder.write("x.npy", &x);
    let message = folder.fails(1, "train --images x.npy --labels y.npy -o net");
    assert!(message.contains("at [2, 1] (found 1.1, expected 0 to 1"), "{message}");
}
