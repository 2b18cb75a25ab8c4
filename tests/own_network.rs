//! Networks from elsewhere: the Python module `local_errors`, and what doc/own-data.md shows of it.
//!
//! The tools must give what `own_network/expected.py` computes in double precision, by NumPy and by
//! PyTorch. `PYTHON=python3 cargo test --test tests own_network:: -- --ignored --nocapture`

use std::{fs, path::Path, process::Command};

use ndarray::{Array2, Array3, Axis, Ix1, Ix2, s};

use crate::common::{Folder, json_lines, project::Project};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

const ACTIVATIONS: [&str; 7] =
    ["relu", "leaky-relu", "tanh", "sigmoid", "shifted-tanh", "gelu", "silu"];

pub fn python() -> String {
    std::env::var("PYTHON").unwrap()
}

/// Whether there is PyTorch; without it, it is said what `is_left_out`.
pub fn has_torch(is_left_out: &str) -> bool {
    let found = Command::new(python()).args(["-c", "import torch"]).output().unwrap();
    if !found.status.success() {
        println!("NO PYTORCH IN {}: NOT TESTED: {is_left_out}", python());
    }
    found.status.success()
}

/// Run the script of expectations.
fn expect(folder: &Folder, way: &str) {
    folder.ok(&format!(
        "PYTHONPATH={ROOT}/python {} {ROOT}/tests/own_network/expected.py {way}",
        python()
    ));
}

fn assert_near(found: f64, expected: f64, scale: f64) {
    assert!((found - expected).abs() <= 1e-5 * scale, "{found} for {expected}");
}

/// The loss of each layer with a readout, of these labels and images.
fn losses(folder: &Folder, data: &str) -> Vec<f64> {
    let lines = json_lines(&folder.ok(&format!("accuracy --model net --labels {data}")));
    lines.into_iter().filter_map(|line| line["loss"].as_f64()).collect()
}

/// The tools say of the network in `net` what is expected.
fn compare(folder: &Folder) {
    folder.ok("extract-activations --model net x.npy -o h.npy");
    let stack: Array3<f32> = folder.read("h.npy");
    for (layer, h) in stack.axis_iter(Axis(0)).enumerate() {
        let expected: Array2<f64> = folder.read(&format!("h{}.npy", layer + 1));
        assert_eq!(h.shape(), expected.shape());
        let largest = expected.iter().map(|h| h.abs()).fold(0.0, f64::max);
        for (&h, &expected) in h.iter().zip(&expected) {
            assert_near(f64::from(h), expected, largest);
        }
    }

    // PyTorch's are of the last readout alone.
    let expected: Array2<f64> = folder.read("loss.npy");
    let means = losses(folder, "y.npy --predictions p.npy x.npy");
    assert!(expected.nrows() > 0 && means.len() >= expected.nrows());
    for (&loss, expected) in means.iter().rev().zip(expected.rows().into_iter().rev()) {
        let mean = expected.sum() / expected.len() as f64;
        assert_near(loss, mean, mean);
    }
    // Image by image, since logits that are wrong may cancel in the mean.
    let (x, y) = (folder.read::<f32, Ix2>("x.npy"), folder.read::<u8, Ix1>("y.npy"));
    let of_last = expected.row(expected.nrows() - 1);
    let largest = of_last.iter().copied().fold(0.0, f64::max);
    for (image, &expected) in of_last.iter().enumerate() {
        folder.write("one-x.npy", &x.slice(s![image..=image, ..]).to_owned());
        folder.write("one-y.npy", &y.slice(s![image..=image]).to_owned());
        assert_near(*losses(folder, "one-y.npy one-x.npy").last().unwrap(), expected, largest);
    }
    let (found, expected) =
        (folder.read::<u8, Ix1>("p.npy"), folder.read::<u8, Ix1>("classes.npy"));
    assert_eq!(found, expected);

    folder.ok("attack-fgsm --model net --labels y.npy --epsilon 0.25 x.npy -o a.npy");
    let change = folder.read::<f32, Ix2>("a.npy") - folder.read::<f32, Ix2>("x.npy");
    let gradient: Array2<f64> = folder.read("gradient.npy");
    let stable: Array2<u8> = folder.read("stable.npy");
    assert_eq!(change.shape(), gradient.shape());
    for ((&change, &gradient), _) in
        change.iter().zip(&gradient).zip(&stable).filter(|(_, stable)| **stable == 1)
    {
        assert!((f64::from(change) - 0.25 * gradient.signum()).abs() < 1e-6, "{gradient}");
    }
    let left_out = stable.iter().filter(|&&stable| stable == 0).count();
    assert!(left_out * 100 < stable.len(), "{left_out} signs were not compared");
}

#[test]
#[ignore = "needs PYTHON, one that has NumPy"]
fn the_tools_give_what_numpy_gives() {
    let folder = Folder::with_data();
    for activation in ACTIVATIONS {
        expect(&folder, &format!("numpy {activation}"));
        compare(&folder);
    }
}

#[test]
#[ignore = "needs PYTHON, one that has NumPy and PyTorch"]
fn the_tools_give_what_torch_gives_and_torch_what_the_tools_give() {
    if !has_torch("PyTorch's networks in the tools, and theirs in PyTorch") {
        return;
    }
    let folder = Folder::with_data();
    // PyTorch has no module of shifted-tanh.
    for activation in ACTIVATIONS.iter().filter(|&&activation| activation != "shifted-tanh") {
        expect(&folder, &format!("torch {activation}"));
        compare(&folder);
    }
    for (activation, rule) in
        ACTIVATIONS.iter().flat_map(|f| ["local", "backprop"].map(|rule| (f, rule)))
    {
        folder.ok(&format!(
            "train --images x.npy --labels y.npy --hidden 10,10 --epochs 4 --rule {rule} \
             --activation {activation} -o net"
        ));
        expect(&folder, "back");
        compare(&folder);
    }
}

/// A script that must be refused with one line, in which these words are.
fn refused(folder: &Folder, script: &str, words: &str) {
    let script = format!("import numpy as np\nfrom local_errors import *\n{script}");
    fs::write(folder.path("wrong.py"), script).unwrap();
    let before = folder.files();
    let output = folder.run(&format!("PYTHONPATH={ROOT}/python {} wrong.py", python()));
    let stderr = String::from_utf8(output.stderr).unwrap();
    let said = stderr.trim_end().lines().last().unwrap_or_default();
    assert!(said.starts_with("ValueError: ") && said.contains(words), "{stderr}");
    assert_eq!(folder.files(), before, "{words}");
}

#[test]
#[ignore = "needs PYTHON, one that has NumPy"]
fn what_is_no_network_is_refused() {
    let folder = Folder::new();
    fs::create_dir(folder.path("mine")).unwrap();
    fs::write(folder.path("mine/notes"), "").unwrap();
    let layer = "a = (np.ones((4, 3)), np.ones(3)); r = (np.ones((3, 2)), np.ones(2))\n";
    for (call, words) in [
        ("save_network('net', [])", "a layer must be (w, b)"),
        ("save_network('net', [a])", "the last layer has no readout"),
        ("save_network('net', [a, a + r])", "w2 has a wrong shape (found (4, 3), expected (3, 3))"),
        ("save_network('net', [(a[0], np.ones(4), *r)])", "w1 has a wrong shape"),
        ("save_network('net', [a + (np.ones((2, 3)),)])", "r1 has a wrong shape"),
        (
            "save_network('net', [a + (r[0], np.ones(3))])",
            "c1 has a wrong shape (found (3,), expected (2,))",
        ),
        ("save_network('net', [(a[0] * 1e39, a[1], *r)])", "w1 has a value that is not finite"),
        ("save_network('mine', [a + r])", "holds something else (found notes)"),
        (
            "save_activations('h.npy', [np.ones((2, 3)), np.ones((2, 4))])",
            "layers of different shapes",
        ),
        ("save_activations('h.npy', np.ones(3))", "activations have a wrong shape"),
        ("save_activations('h.npy', np.full((2, 3), np.nan))", "not finite"),
    ] {
        refused(&folder, &format!("{layer}{call}"), words);
    }
    if !has_torch("modules that are refused") {
        return;
    }
    let linear = "from torch.nn import *\na, r = Linear(4, 3), Linear(3, 2)\n";
    for (module, words) in [
        ("Sequential(a, r)", "has Linear where ReLU is expected"),
        ("Sequential(a, Softplus(), r)", "has Softplus where ReLU is expected"),
        ("Sequential(a, Tanh(), Linear(3, 3), ReLU(), r)", "has ReLU where Tanh is expected"),
        ("Sequential(a, GELU('tanh'), r)", "where GELU() is expected"),
        ("Sequential(a, LeakyReLU(0.2), r)", "where LeakyReLU() is expected"),
        ("Sequential(Conv1d(1, 1, 1), ReLU(), r)", "where Linear is expected"),
        ("Sequential(a, ReLU())", "must end with a hidden layer"),
        ("Sequential(a)", "must end with a hidden layer"),
        ("a", "must end with a hidden layer"),
        ("Sequential(a, ReLU(), a)", "r1 has a wrong shape"),
        ("Sequential(Flatten(2), a, ReLU(), r)", "where Linear is expected"),
    ] {
        refused(&folder, &format!("{linear}save_network('net', from_torch({module}))"), words);
    }
}

#[test]
#[ignore = "needs PYTHON, one that has NumPy"]
fn a_network_is_replaced_whole_and_no_other_folder() {
    let folder = Folder::with_network();
    let script = "import os, sys; from local_errors import *\n\
                  save_network(sys.argv[1], read_network('net'))\n";
    fs::write(folder.path("save.py"), script).unwrap();
    let save = |name: &str| {
        folder.ok(&format!("PYTHONPATH={ROOT}/python {} save.py {name}", python()));
    };
    let long = "\u{2261}".repeat(85); // 255 bytes
    for name in ["new", &long, "link", "inside/../other"] {
        folder.ok("mkdir -p inside behind; ln -sfn behind link");
        save(name);
        folder.ok(&format!("chmod 2750 {name}; chmod 600 {name}/w1.npy; cp -r net {name}/epoch-1"));
        save(name);
        folder.ok(&format!(
            "cmp net/w1.npy {name}/w1.npy; [ \"$(stat -Lc %a {name} {name}/w1.npy | xargs)\" = '2750 600' ]
             [ ! -e {name}/epoch-1 ]; [ -z \"$(find . -name '.*.tmp')\" ]; rm -r \"$(realpath {name})\""
        ));
        assert!(folder.path("link").is_symlink());
        folder.ok("rm -rf inside behind link");
    }
    folder.ok("mkdir keras; echo '{\"class_name\": \"Sequential\"}' > keras/model.json
               cp -r net noted; echo mine > noted/notes.txt; cp -r net deep; cp -r noted deep/epoch-3
               cp -r net linked; rm linked/w1.npy; ln -s ../net/w1.npy linked; echo > file");
    for (name, words) in [
        ("keras", "found a model.json without the schema"),
        ("noted", "found notes.txt)"),
        ("deep", "found notes.txt in epoch-3"),
        ("linked", "found w1.npy, which is not a regular file"),
        ("no/such", "no does not exist"),
    ] {
        refused(&folder, &format!("save_network('{name}', read_network('net'))"), words);
    }
    // Where the new one cannot be put in place, the old one is back; nothing came between.
    refused(
        &folder,
        "import os; os.replaced = 0; rename = os.rename\n\
         def fails(a, b):\n    os.replaced += 1\n    if os.replaced == 2: raise ValueError('no')\n    rename(a, b)\n\
         os.rename = fails\nsave_network('net', read_network('net'))",
        "no",
    );
}

#[test]
#[ignore = "needs PYTHON, one that has NumPy and PyTorch"]
fn what_changes_nothing_in_use_is_left_out_of_a_module() {
    if !has_torch("modules with Dropout, Identity and wrappers") {
        return;
    }
    let folder = Folder::new();
    let script = "import numpy as np, torch\nfrom torch.nn import *\nfrom local_errors import *\n\
        a, b, c = Linear(6, 4), Linear(4, 4, bias=False), Linear(4, 3)\n\
        plain = Sequential(a, ReLU(), b, ReLU(), c)\n\
        names = ['state_dict', 'model_state_dict', 'model']\n\
        wraps = [lambda d: d, lambda d: {'module._orig_mod.' + k: v for k, v in d.items()},\n\
                 lambda d: {'epoch': 3, 'optimizer': {}, 'state_dict': d}, lambda d: {'model': plain, 'n': 1}]\n\
        same = [Sequential(Flatten(), Dropout(0.5), a, ReLU(), Identity(), Dropout1d(), b, ReLU(), AlphaDropout(), c, Identity()),\n\
                Sequential(Sequential(a, ReLU()), Sequential(b, ReLU()), c), DataParallel(plain), torch.compile(plain)]\n\
        same += [wrap(plain.state_dict()) for wrap in wraps] + [torch.compile(plain).state_dict()]\n\
        x = torch.rand(5, 6)\n\
        for module in same + [m.train() for m in same[:2]]:\n\
        \x20   layers = from_torch(module, activation='relu')\n\
        \x20   (w, b1), (v, b2, r, c1) = layers\n\
        \x20   h = np.maximum(np.maximum(x.numpy() @ w + b1, 0) @ v + b2, 0)\n\
        \x20   assert np.allclose(h @ r + c1, plain(x).detach().numpy(), atol=1e-6), module\n\
        for kind in (torch.bfloat16, torch.float16, torch.float64):\n\
        \x20   small = Sequential(Linear(6, 4), ReLU(), Linear(4, 3)).to(kind)\n\
        \x20   for one in (small, small.state_dict()):\n\
        \x20       save_network('net', from_torch(one, 'relu'))\n\
        \x20       for number, array in enumerate(a for layer in read_network('net') for a in layer):\n\
        \x20           parameter = list(small.parameters())[number].detach().float().numpy().T\n\
        \x20           assert np.array_equal(array, parameter), kind\n";
    fs::write(folder.path("same.py"), script).unwrap();
    folder.ok(&format!("PYTHONPATH={ROOT}/python {} -W ignore same.py", python()));
    let linear = "from torch.nn import *\na, r = Linear(4, 3), Linear(3, 2)\n\
                  class Own(Sequential):\n    def forward(self, x): return -x\n";
    for (module, words) in [
        (
            "Sequential(a, BatchNorm1d(3), ReLU(), r).state_dict(), 'relu'",
            "found 1.weight of shape (3,)",
        ),
        ("Sequential(a, ReLU(), r).state_dict()", "which does not say what stands between"),
        ("Own(a, ReLU(), r)", "has Own where Linear is expected"),
        ("Sequential(a, ReLU(), Own(r))", "has Own where Linear is expected"),
        ("{'lr': 0.1}, 'relu'", "is no state_dict (found the keys lr)"),
        ("[a, r]", "is no module or state_dict (found list)"),
        ("{'a.weight': a.weight.int()}, 'relu'", "must end with a hidden layer"),
        (
            "{'a.weight': a.weight.int(), 'b.weight': r.weight}, 'relu'",
            "wrong kind (found torch.int32, expected floating point)",
        ),
    ] {
        refused(&folder, &format!("{linear}save_network('other', from_torch({module}))"), words);
    }
}

#[test]
#[ignore = "needs PYTHON, one that has NumPy and PyTorch"]
fn a_saved_module_becomes_a_network_and_nothing_in_the_file_is_run() {
    if !has_torch("python3 -m local_errors NET.pt DIRECTORY") {
        return;
    }
    let folder = Folder::with_data();
    let script = "import torch\nfrom torch.nn import *\n\
                  net = Sequential(Linear(16, 5), ReLU(), Dropout(), Linear(5, 3))\n\
                  torch.save(net, 'net.pt')\n\
                  torch.save(net.bfloat16().state_dict(), 'state.pt')\n\
                  torch.save(torch.ones(3), 'tensor.pt')\n\
                  torch.save({'w.weight': torch.ones(3, 3, device='meta'), 'v.weight': torch.ones(2, 3)}, 'meta.pt')\n\
                  class Own(Module): pass\n\
                  torch.save(Own(), 'own.pt')\n\
                  class Evil:\n    def __reduce__(self): return print, ('run',)\n\
                  torch.save(Evil(), 'evil.pt')\n";
    fs::write(folder.path("save.py"), script).unwrap();
    folder.ok(&format!("{} save.py", python()));
    folder.ok("head -c 700 net.pt > cut.pt; : > empty.pt; echo hello > $'text\\n.pt'; mkdir mine; echo > mine/notes");
    let own = format!("PYTHONPATH={ROOT}/python {} -m local_errors", python());
    // Twice: the second replaces the first.
    folder.ok(&format!("{own} net.pt net; {own} net.pt net"));
    // The same without the module on the path.
    folder.ok(&format!(
        "{} {ROOT}/scripts/own_network.py net.pt same; cmp net/w1.npy same/w1.npy",
        python()
    ));
    assert_eq!(json_lines(&folder.ok("accuracy --model net --labels y.npy x.npy")).len(), 1);
    let said = folder.fails(1, &format!("{own} state.pt other"));
    assert!(
        said.contains("state.pt: is a state_dict") && said.contains("--activation relu"),
        "{said}"
    );
    folder.ok(&format!("{own} --activation relu state.pt state"));
    folder.ok("accuracy --model state --labels y.npy x.npy");
    for (file, words) in [
        ("evil.pt", "evil.pt: holds print, which is not loaded"),
        ("own.pt", "own.pt: holds __main__.Own, which is not loaded"),
        ("missing.pt", "missing.pt: No such file or directory"),
        (".", ".: Is a directory"),
        ("cut.pt", "cut.pt: is no Sequential"),
        ("empty.pt", "empty.pt: is no Sequential"),
        ("$'text\\n.pt'", "text\\n.pt: is no Sequential"),
        ("save.py", "save.py: is no Sequential"),
        ("x.npy", "x.npy: is no Sequential"),
        ("tensor.pt", "tensor.pt: is no module or state_dict (found Tensor)"),
        ("--activation relu meta.pt", "meta.pt: "),
    ] {
        let said = folder.fails(1, &format!("{own} {file} other"));
        assert!(said.starts_with(&format!("local_errors: {words}")), "{file}: {said}");
    }
    for (directory, words) in [
        ("mine", "mine: would replace a folder that holds something else (found notes)"),
        ("no/such", "no/such: its folder "),
        ("save.py", "save.py: Not a directory"),
    ] {
        let said = folder.fails(1, &format!("{own} net.pt {directory}"));
        assert!(said.starts_with(&format!("local_errors: {words}")), "{directory}: {said}");
    }
}

/// The section is a session: a block of Python is the file that its first line names.
#[test]
#[ignore = "needs PYTHON, one that has NumPy and PyTorch"]
fn the_session_of_the_documentation_works() {
    if !has_torch("the section \"Your own network\" of doc/own-data.md") {
        return;
    }
    let project = Project::new();
    project.0.ok(&format!("cp -r {ROOT}/python ."));
    let bin = Path::new(&python()).parent().unwrap().display().to_string();
    session(&project, &format!("PATH={bin}:$PATH"));
}

/// The session, each block after a line of bash that finds the tools and Python.
pub fn session(project: &Project, setup: &str) {
    let page = crate::common::page("doc/own-data.md");
    let blocks = crate::common::blocks(crate::common::section(&page, "Your own network"));
    let mut run = String::new();
    for (language, text) in blocks {
        match language {
            "python" => {
                let name = text.lines().next().unwrap().strip_prefix("# ").unwrap();
                fs::write(project.0.path(name.split(':').next().unwrap()), text).unwrap();
            }
            "bash" => {
                let output = project.0.run(&format!("{setup}\n{text}"));
                let stderr = String::from_utf8(output.stderr).unwrap();
                assert!(output.status.success(), "{text}: {stderr}");
                run += &String::from_utf8(output.stdout).unwrap();
            }
            "make" => {
                // On the miniature in place of the digits.
                fs::write(project.0.path("own.mk"), text).unwrap();
                let line =
                    Project::line("").replace("RULES='local backprop'", "CONTROLS= SUBSETS=");
                let output = project.0.run(&format!("{setup}\n{line}"));
                assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
                assert!(project.table("out").contains("tiny,torch,2,,fgsm,0.2,2,"));
            }
            other => unreachable!("a block in {other}"),
        }
    }
    let lines = json_lines(run.as_bytes());
    let of = |key: &str| lines.iter().filter_map(|line| line[key].as_f64()).collect::<Vec<_>>();
    // The readout of the last layer and the probes of all layers, on digits that they did not learn
    // from; then all of them under an attack.
    let (accuracies, probes) = (of("accuracy"), of("test_accuracy"));
    assert!((accuracies.len(), probes.len()) == (4, 3) && accuracies[0] > 0.8, "{lines:?}");
    assert!(probes.iter().all(|&accuracy| accuracy > 0.8), "{lines:?}");
    assert!(of("alpha").iter().all(|&alpha| alpha > 0.5 && alpha < 5.0), "{lines:?}");
}
