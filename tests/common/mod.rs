//! What the tests share: the tools, small data, and how to read what comes out.

pub mod hostile;
pub mod links;
pub mod memory;
pub mod project;

use std::{
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::{Arc, LazyLock, Once},
};

use local_errors::files::startup::was_ignored;
use ndarray::{Array, Array1, Array2, Dimension};
use ndarray_npy::{ReadableElement, WritableElement};
use rand::{RngExt, SeedableRng, rngs::ChaCha8Rng};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use tempfile::TempDir;

/// Every tool: a file of `src/bin` each.
pub static TOOLS: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let files = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/bin")).unwrap();
    let mut names: Vec<String> = files
        .map(|file| file.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    names.sort();
    names.into_iter().map(|name| &*name.leak()).collect()
});

/// Where the tools are: those of this build, or in the folder BIN.
pub fn bin() -> PathBuf {
    let built = || Path::new(env!("CARGO_BIN_EXE_train")).parent().unwrap().to_owned();
    std::env::var_os("BIN").map_or_else(built, PathBuf::from)
}

/// What a tool wrote. Prints as a length and a hash.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bytes(pub Vec<u8>);

impl Bytes {
    pub fn text(self) -> String {
        String::from_utf8(self.0).unwrap()
    }
}

impl std::ops::Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl std::fmt::Debug for Bytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut hasher = DefaultHasher::new();
        self.0.hash(&mut hasher);
        write!(f, "{} bytes {:x}", self.0.len(), hasher.finish())
    }
}

/// Make what the tests start heed signals that the tests themselves ignore, under `nohup` for
/// example: a program inherits what is ignored, but not a handler.
fn heed_signals() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        for signal in [SIGHUP, SIGINT, SIGTERM].into_iter().filter(|&signal| was_ignored(signal)) {
            signal_hook::flag::register(signal, Arc::default()).unwrap();
        }
    });
}

/// A folder to work in, with the tools on the PATH of what runs there.
pub struct Folder(TempDir);

impl Folder {
    pub fn new() -> Self {
        heed_signals();
        Self(tempfile::tempdir().unwrap())
    }

    /// With images x.npy (60, 16) and labels y.npy of 3 classes that can be learned.
    pub fn with_data() -> Self {
        let folder = Self::new();
        let (x, y) = data(60, 16);
        folder.write("x.npy", &x);
        folder.write("y.npy", &y);
        folder
    }

    /// And a network `net` of two layers of 10 units.
    pub fn with_network() -> Self {
        let folder = Self::with_data();
        folder.ok("train --images x.npy --labels y.npy --hidden 10,10 --epochs 4 -o net");
        folder
    }

    /// And t.csv, the table of a study of one run: the clean images.
    pub fn with_table() -> Self {
        let folder = Self::with_network();
        folder.ok("run=out/digits/local/seed-1/clean; mkdir -p $run
                   accuracy --model net --labels y.npy x.npy -o $run/accuracy.jsonl
                   extract-activations --model net x.npy | spectrum 2> /dev/null | fit-powerlaw --ranks 1-8 -o $run/alpha.jsonl
                   echo $run | tabulate --runs - -o t.csv");
        folder
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        let path = std::env::var("PATH").unwrap();
        let path = format!("{}:{path}", bin().display());
        // `make test` runs the tests, and they run make: not as a part of it.
        for variable in ["MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES"] {
            command.env_remove(variable);
        }
        command.current_dir(self.0.path()).env("PATH", path).env_remove("DATA_DIR");
        command
    }

    /// Run a line of bash.
    pub fn run(&self, line: &str) -> Output {
        self.command("bash").args(["-eu", "-o", "pipefail", "-c", line]).output().unwrap()
    }

    /// Run a line of bash that must succeed without a word on stderr, but for how trainings go; gives
    /// its stdout.
    pub fn ok(&self, line: &str) -> Bytes {
        let output = self.run(line);
        let stderr = String::from_utf8_lossy(&output.stderr);
        let unexpected = stderr.lines().find(|line| !is_progress(line));
        assert!(output.status.success() && unexpected.is_none(), "{line}: {stderr}");
        Bytes(output.stdout)
    }

    /// Run a line of bash that must fail with this status, nothing on stdout and one short line
    /// on stderr, which it gives.
    pub fn fails(&self, status: i32, line: &str) -> String {
        let before = self.files();
        let output = self.run(line);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(status), "{line}: {stderr}");
        assert_eq!(stderr.lines().count(), 1, "{line}: {stderr}");
        assert!(stderr.len() <= 500, "{line}: {stderr}");
        assert!(!stderr.trim_end().contains(char::is_control), "{line}: {stderr:?}");
        assert!(output.stdout.is_empty(), "{line}: bytes on stdout");
        assert_eq!(self.files(), before, "{line}: the folder changed");
        stderr.trim_end().to_owned()
    }

    /// All files, temporary ones too, and what is in them.
    pub fn files(&self) -> Vec<(PathBuf, Bytes)> {
        files(self.0.path())
    }

    pub fn write<A: WritableElement, D: Dimension>(&self, name: &str, array: &Array<A, D>) {
        ndarray_npy::write_npy(self.path(name), array).unwrap();
    }

    pub fn read<A: ReadableElement, D: Dimension>(&self, name: &str) -> Array<A, D> {
        ndarray_npy::read_npy(self.path(name)).unwrap()
    }

    pub fn bytes(&self, name: &str) -> Bytes {
        Bytes(fs::read(self.path(name)).unwrap())
    }
}

/// Whether a line on stderr says how a training goes.
fn is_progress(line: &str) -> bool {
    let parts = [": epoch ", " layer, ", " layers, "];
    line.starts_with("train: ") && parts.iter().any(|part| line.contains(part))
}

/// A page of the documentation, such as README.md.
pub fn page(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

/// What a page says under a heading of the second level.
pub fn section<'a>(page: &'a str, title: &str) -> &'a str {
    let below = page.split(&format!("\n## {title}\n")).nth(1).unwrap();
    below.split("\n## ").next().unwrap()
}

/// The fenced blocks of a text, each with its language.
pub fn blocks(text: &str) -> Vec<(&str, &str)> {
    text.split("```").skip(1).step_by(2).map(|block| block.split_once('\n').unwrap()).collect()
}

/// Say what a test leaves out, past what captures the output of tests that pass.
pub fn skipped(why: &str) {
    let mut stderr = std::io::stderr();
    writeln!(stderr, "SKIPPED: {why}").unwrap();
}

/// All files below a folder, sorted, and what is in them.
pub fn files(folder: &Path) -> Vec<(PathBuf, Bytes)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            let inside = files(&path).into_iter();
            let name = PathBuf::from(path.file_name().unwrap());
            found.extend(inside.map(|(path, bytes)| (name.join(path), bytes)));
        } else {
            let bytes = fs::read(&path).unwrap_or_default();
            found.push((path.strip_prefix(folder).unwrap().to_owned(), Bytes(bytes)));
        }
    }
    found.sort();
    found
}

/// Images with values in [0, 1], many of them 0, and their classes of 3: each class has a
/// pattern of its own under noise.
pub fn data(samples: usize, pixels: usize) -> (Array2<f32>, Array1<u8>) {
    let mut rng = ChaCha8Rng::seed_from_u64(11);
    let patterns = Array2::from_shape_simple_fn((3, pixels), || rng.random_range(-0.8..0.8_f32));
    let y = Array1::from_shape_fn(samples, |i| (i % 3) as u8);
    let x = Array2::from_shape_fn((samples, pixels), |(i, j)| {
        (patterns[[i % 3, j]] + rng.random_range(-0.3..0.3_f32)).clamp(0.0, 1.0)
    });
    (x, y)
}

/// JSON lines.
pub fn json_lines(bytes: &[u8]) -> Vec<serde_json::Value> {
    let text = std::str::from_utf8(bytes).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A `.npy` file with this header text, whatever it says, and these bytes.
pub fn npy(header: &str, body: &[u8]) -> Vec<u8> {
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend(u16::try_from(header.len() + 1).unwrap().to_le_bytes());
    bytes.extend(header.bytes());
    bytes.push(b'\n');
    bytes.extend(body);
    bytes
}

/// The header NumPy writes.
pub fn header(descr: &str, fortran: bool, shape: &str) -> String {
    let fortran = if fortran { "True" } else { "False" };
    format!("{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {shape}, }}")
}

/// The beginning of a zip archive whose first member has this name.
pub fn zip(name: &str) -> Vec<u8> {
    let mut bytes = b"PK\x03\x04".to_vec();
    bytes.extend([0; 22]);
    bytes.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
    bytes.extend([0; 2]);
    bytes.extend(name.bytes());
    bytes
}
