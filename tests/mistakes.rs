//! Common mistakes with a user's own data: which message names each mistake, whether the tool still
//! computes, and whether the remedy in the message works.

use std::fs;

use ndarray::{Array1, Array2, Axis, s};

use crate::common::{Folder, header, npy};

/// What a line of bash that must succeed says on stderr.
fn said(folder: &Folder, line: &str) -> String {
    let output = folder.run(line);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{line}: {stderr}");
    stderr
}

const ON_NETWORK: [&str; 5] = [
    "accuracy --model net --labels y.npy",
    "extract-activations --model net",
    "attack-fgsm --model net --labels y.npy --epsilon 0.1",
    "attack-pgd --model net --labels y.npy --epsilon 0.1",
    "attack-deepfool --model net --labels y.npy --steps 1000",
];

#[test]
fn images_of_another_scale_are_used_with_a_notice_of_their_range() {
    let folder = Folder::with_network();
    let x: Array2<f32> = folder.read("x.npy");
    folder.write("bright.npy", &x.mapv(|x| (255.0 * x).round()));
    folder.write("f8.npy", &x.mapv(|x| f64::from((255.0 * x).round())));
    folder.write("bytes.npy", &x.mapv(|x| (255.0 * x).round() as u8));
    for tool in ON_NETWORK.iter().chain(&["attack-gauss --sigma 0.1"]) {
        let expected = folder.ok(&format!("{tool} -q bright.npy"));
        for images in ["bright.npy", "f8.npy", "< bright.npy"] {
            let output = folder.run(&format!("{tool} {images}"));
            let stderr = String::from_utf8(output.stderr).unwrap();
            assert!(output.status.success() && output.stdout == expected.0, "{tool}: {stderr}");
            assert!(stderr.contains(": holds pixels from 0 to 255 (expected 0 to 1"), "{stderr}");
            assert!(stderr.ends_with("numpy.save(NEW, numpy.load(OLD) / 255)\n"), "{stderr}");
            assert_eq!(stderr.lines().count(), 1, "{stderr}");
        }
        let bytes = said(&folder, &format!("{tool} bytes.npy"));
        assert!(bytes.ends_with(": bytes.npy: holds bytes, which are divided by 255\n"), "{bytes}");
    }
    // Images after an attack are beyond [0, 1] as well, and nothing is said of them.
    for attack in ["attack-gauss --sigma 3", "attack-fgsm --model net --labels y.npy --epsilon 0.5"]
    {
        folder.ok(&format!("{attack} x.npy | {}", ON_NETWORK[0]));
    }
}

#[test]
fn training_accepts_what_rounding_leaves_beyond_grey_values() {
    let folder = Folder::with_data();
    let mut x: Array2<f32> = folder.read("x.npy");
    let train = |name: &str| {
        format!("train -q --images {name} --labels y.npy --hidden 5 --epochs 1 -o net")
    };
    for (pixel, accepted) in
        [(1.0 + f32::EPSILON, true), (-1e-9, true), (1.000_01, false), (-1e-5, false)]
    {
        x[[3, 2]] = pixel;
        folder.write("near.npy", &x);
        if accepted {
            folder.ok(&train("near.npy"));
        } else {
            let message = folder.fails(1, &train("near.npy"));
            assert!(message.contains("a pixel outside [0, 1] at [3, 2] (found "), "{message}");
        }
    }
    // Images that were standardised are images again, but for rounding.
    let x: Array2<f32> = folder.read("x.npy");
    let standardised = x.mapv(|x| (x - 0.1307) / 0.3081);
    folder.write("standardised.npy", &standardised);
    let message = folder.fails(1, &train("standardised.npy"));
    assert!(message.ends_with("numpy.save(NEW, numpy.load(OLD) * DEVIATION + MEAN)"), "{message}");
    folder.write("again.npy", &standardised.mapv(|x| x * 0.3081 + 0.1307));
    folder.ok(&train("again.npy"));
}

#[test]
fn labels_from_1_are_named() {
    let folder = Folder::with_network();
    let y: Array1<u8> = folder.read("y.npy");
    folder.write("from-1.npy", &y.mapv(|y| y + 1));
    folder.write("two.npy", &y.mapv(|y| y.max(1)));
    folder.ok("extract-activations --model net x.npy -o h.npy");
    let doubt = "has labels from 1 to 3, so class 0 is empty: to count from 0, in Python, \
                 numpy.save(NEW, numpy.load(OLD) - 1)";
    // A network that learns such labels has one class too many: a warning, also if it is quiet.
    for quiet in ["", "-q"] {
        let line = format!(
            "train {quiet} --images x.npy --labels from-1.npy --hidden 4 --epochs 0 -o four"
        );
        let first = said(&folder, &line).lines().next().unwrap_or_default().to_owned();
        assert_eq!(first, format!("train: warning: from-1.npy: {doubt}"));
    }
    let probe = "probe --activations h.npy --test-activations h.npy";
    for (tool, files) in [
        ("accuracy --model four --labels from-1.npy x.npy", 1),
        ("attack-fgsm --model four --labels from-1.npy --epsilon 0.1 x.npy", 1),
        ("extract-activations --model four --labels from-1.npy --accuracy a.jsonl x.npy", 1),
        ("class-geometry --labels from-1.npy h.npy", 1),
        (&format!("{probe} --labels from-1.npy --test-labels from-1.npy"), 2),
    ] {
        let lines = said(&folder, &format!("{tool} > /dev/null"));
        let name = tool.split(' ').next().unwrap();
        let line = format!("{name}: from-1.npy: {doubt}\n");
        assert_eq!(lines, line.repeat(files), "{tool}");
    }
    folder.ok("accuracy -q --model four --labels from-1.npy x.npy");
    let message = folder.fails(1, "accuracy --model net --labels from-1.npy x.npy");
    assert!(
        message.contains("(found 3, expected 0 to 2): to count from 0, in Python, "),
        "{message}"
    );
    // The images of one class may be selected.
    folder.write("one.npy", &y.mapv(|_| 1_u8));
    folder.ok("accuracy --model net --labels one.npy x.npy");
    let lines = said(&folder, "accuracy --model net --labels two.npy x.npy");
    assert!(lines.contains("has labels from 1 to 2, so class 0 is empty"), "{lines}");
}

#[test]
fn samples_along_the_wrong_axis_are_suspected() {
    let folder = Folder::with_network();
    let x: Array2<f32> = folder.read("x.npy");
    folder.write("turned.npy", &x.t().to_owned());
    let wide = x.slice(s![.., ..3]).t().to_owned();
    folder.write("wide.npy", &wide);
    folder.write("stack.npy", &wide.clone().insert_axis(Axis(0)));
    let matrix = "rows are samples, and the array may be transposed: in Python, \
                  numpy.save(NEW, numpy.load(OLD).T)";
    let stack = matrix.replace(".T)", ".swapaxes(1, 2))");
    // As many samples as there are units now would be enough.
    for (line, remedy) in [
        ("spectrum wide.npy", Some(matrix)),
        ("spectrum --repeat wide.npy wide.npy", Some(matrix)),
        ("spectrum stack.npy", Some(&stack)),
        ("spectrum turned.npy", None),
        ("spectrum --samples 2 wide.npy", None),
        ("spectrum --subsample 2 wide.npy", None),
        ("spectrum --flatten stack.npy stack.npy stack.npy", None),
    ] {
        let said = said(&folder, &format!("{line} > /dev/null"));
        assert!(said.contains("has few samples for its units") && said.lines().count() == 1);
        let found = said.trim_end().split_once("as many): ").map(|(_, remedy)| remedy);
        assert_eq!(found, remedy, "{line}");
    }
    folder.ok("spectrum --few-samples wide.npy");
    // The labels, or the network, tell how many samples there are.
    let set = "turned.npy --labels y.npy";
    for line in [
        &format!("train --images {set} -o new"),
        &format!("class-geometry {set}"),
        &format!("probe --activations {set} --test-activations x.npy --test-labels y.npy"),
        &format!("accuracy --model net {set}"),
        "extract-activations --model net turned.npy",
    ] {
        let message = folder.fails(1, line);
        assert!(message.ends_with(matrix), "{line}: {message}");
    }
}

#[test]
fn all_missing_inputs_are_named_at_once() {
    let folder = Folder::with_network();
    for (line, names) in [
        (
            "train --images a.npy --labels y.npy --test-images b.npy --test-labels c.npy -o new",
            "a.npy, b.npy, c.npy",
        ),
        ("accuracy --model none --labels a.npy b.npy", "a.npy, none, b.npy"),
        ("attack-pgd --epsilon 1 --model none --labels a.npy x.npy", "a.npy, none"),
        ("spectrum a.npy x.npy b.npy", "a.npy, b.npy"),
        (
            "report --table a.csv --claims b.jsonl --checks c.jsonl none",
            "none, a.csv, b.jsonl, c.jsonl",
        ),
        ("describe-study --command make a.npy b.npy", "a.npy, b.npy"),
        ("accuracy --model none --labels a.npy - < x.npy", "a.npy, none"),
    ] {
        let tool = line.split(' ').next().unwrap();
        let expected = format!("{tool}: {names}: No such file or directory");
        assert_eq!(folder.fails(1, line), expected);
    }
}

/// The line of Python after which messages say `in Python`.
fn remedy(message: &str) -> &str {
    message.trim_end().split_once("in Python, ").unwrap_or_else(|| panic!("{message}")).1
}

#[test]
#[ignore = "needs PYTHON, one that has NumPy"]
fn the_remedies_are_remedies_in_numpy() {
    let folder = Folder::with_network();
    let python = std::env::var("PYTHON").unwrap();
    fs::write(
        folder.path("make.py"),
        "import numpy, pickle
x, y = numpy.load('x.npy'), numpy.load('y.npy')
numpy.savez('x.npz', x=x)
numpy.savez_compressed('packed.npz', x=x)
numpy.savetxt('x.txt', x)
numpy.savetxt('x.csv', x, delimiter=',', header='a,b', comments='')
pickle.dump(x, open('x.pkl', 'wb'))
numpy.save('object.npy', numpy.array(list(x) + [None], dtype=object)[:-1], allow_pickle=True)
numpy.save('text.npy', x.astype('U'))
numpy.save('turned.npy', x.T)
numpy.save('stack.npy', x[:, :3].T[None])
numpy.save('bright.npy', numpy.round(255 * x))
numpy.save('standardised.npy', (x - numpy.float32(0.13)) / numpy.float32(0.3))
numpy.save('bytes.npy', numpy.round(255 * x).astype('u1'))
numpy.save('integers.npy', numpy.round(255 * x).astype('i8'))
numpy.save('from-1.npy', y.astype('i8') + 1)
numpy.save('numbers.npy', y.astype('f4'))
numpy.save('column.npy', y[:, None])
numpy.save('one-hot.npy', numpy.eye(3)[y])
",
    )
    .unwrap();
    folder.ok(&format!("{python} make.py"));
    let train = "train -q --hidden 4 --epochs 0 -o new --labels y.npy --images";
    let (import, accuracy) = ("attack-gauss -q --sigma 0", "accuracy --model net --labels");
    for (tool, file, right) in [
        (import, "x.npz", Some("x.npy")),
        (import, "packed.npz", Some("x.npy")),
        (import, "x.txt", Some("x.npy")),
        (import, "x.csv", Some("x.npy")),
        (import, "x.pkl", Some("x.npy")),
        (import, "object.npy", Some("x.npy")),
        (import, "text.npy", Some("x.npy")),
        (import, "integers.npy", Some("bytes.npy")),
        (&format!("{accuracy} y.npy"), "turned.npy", Some("x.npy")),
        (&format!("{accuracy} y.npy"), "bright.npy", None),
        (&format!("{accuracy} y.npy"), "x.npz", Some("x.npy")),
        (&format!("{accuracy} FILE x.npy"), "from-1.npy", Some("y.npy")),
        (&format!("{accuracy} FILE x.npy"), "numbers.npy", Some("y.npy")),
        (&format!("{accuracy} FILE x.npy"), "column.npy", Some("y.npy")),
        (&format!("{accuracy} FILE x.npy"), "one-hot.npy", Some("y.npy")),
        ("class-geometry --labels y.npy", "turned.npy", Some("x.npy")),
        ("spectrum", "stack.npy", None),
        (train, "bright.npy", None),
        (train, "standardised.npy", None),
    ] {
        let tool = if tool.contains("FILE") { tool.to_owned() } else { format!("{tool} FILE") };
        let on = |file: &str| tool.replace("FILE", file);
        let output = folder.run(&format!("{} > /dev/null", on(file)));
        let message = String::from_utf8(output.stderr).unwrap();
        let script = format!(
            "import numpy, pickle\nOLD, NEW, DEVIATION, MEAN = '{file}', 'new.npy', 0.3, 0.13\n{}\n",
            remedy(&message)
        );
        fs::write(folder.path("remedy.py"), script).unwrap();
        folder.ok(&format!("{python} remedy.py"));
        let found = folder.ok(&on("new.npy"));
        if let Some(right) = right {
            assert_eq!(found, folder.ok(&on(right)), "{tool} {file}");
        }
    }
}

#[test]
fn the_first_pixels_are_those_of_the_images_used() {
    let folder = Folder::new();
    let mut body = vec![0; 4 * 2 * 3];
    body[20..].copy_from_slice(&9_f32.to_le_bytes());
    fs::write(folder.path("x.npy"), npy(&header("<f4", false, "(2, 3)"), &body)).unwrap();
    folder.ok("attack-gauss --sigma 0 --samples 1 x.npy");
    let said = said(&folder, "attack-gauss --sigma 0 x.npy > /dev/null");
    assert!(said.contains("holds pixels from 0 to 9 (expected 0 to 1"), "{said}");
}
