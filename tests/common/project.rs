//! The project with a data set so small that the whole study takes a second.

use std::{collections::BTreeSet, fs, io::Write, process::Output};

use flate2::{Compression, write::GzEncoder};

use super::{Folder, bin};

/// A copy of the project, and a data set of 300 and 200 images of 6 x 6 and 3 classes.
pub struct Project(pub Folder);

impl Project {
    pub fn new() -> Self {
        let folder = Folder::new();
        let root = env!("CARGO_MANIFEST_DIR");
        folder.ok(&format!(
            "cp -r {root}/Makefile {root}/mk {root}/scripts . && mkdir -p src && cp -r {root}/src/bin src && mkdir digits data && cp {root}/data/digits.json data"
        ));
        for (name, samples) in [("train", 300), ("t10k", 200)] {
            let (x, y) = super::data(samples, 36);
            let count = u32::try_from(samples).unwrap().to_be_bytes();
            let mut images = [[0, 0, 8, 3], count, [0, 0, 0, 6], [0, 0, 0, 6]].concat();
            images.extend(x.iter().map(|x| (x * 255.0).round() as u8));
            let labels = [[0, 0, 8, 1].as_slice(), &count, y.as_slice().unwrap()].concat();
            for (kind, bytes) in [("images-idx3", images), ("labels-idx1", labels)] {
                let file = fs::File::create(folder.path(&format!("digits/{name}-{kind}-ubyte.gz")))
                    .unwrap();
                let mut gz = GzEncoder::new(file, Compression::fast());
                gz.write_all(&bytes).unwrap();
                gz.finish().unwrap();
            }
        }
        Self(folder)
    }

    pub fn line(arguments: &str) -> String {
        format!(
            "make BIN={} DATASET=tiny DATA_DIR=digits SEEDS='1 2' HIDDEN=12,12 EPOCHS=2 SIGMAS=0.5 \
             EPSILONS='0.1 0.2' RANKS='1-8 2-6' METHODS=ols RULES='local backprop' CONTROLS=fgsm-random CHECKS= SUBSETS=100 \
             {arguments}",
            bin().display()
        )
    }

    pub fn run(&self, arguments: &str) -> Output {
        self.0.run(&Self::line(arguments))
    }

    /// make must refuse this with these words; gives its stderr.
    pub fn refuses(&self, arguments: &str, words: &str) -> String {
        let output = self.run(arguments);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments}: {stderr}");
        assert!(stderr.contains(words), "{arguments}: {stderr}");
        stderr
    }

    /// make must succeed; gives its stdout.
    pub fn make(&self, arguments: &str) -> String {
        let output = self.run(arguments);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "make {arguments}: {stderr}");
        // Of networks as small as these, some images have no gradient.
        let expected = ["warning: stdin: has few samples", "without a gradient to follow"];
        let unexpected =
            stderr.lines().find(|line| !expected.iter().any(|words| line.contains(words)));
        assert_eq!(unexpected, None, "make {arguments}");
        String::from_utf8(output.stdout).unwrap()
    }

    pub fn is_up_to_date(&self, arguments: &str) -> bool {
        self.run(&format!("-q {arguments}")).status.success()
    }

    /// The commands that make would run, a tool's name each time.
    pub fn would_run(&self, arguments: &str) -> BTreeSet<String> {
        let commands = self.make(&format!("-n {arguments}"));
        let mut tools = BTreeSet::new();
        // Stamps and study.json hold commands that are not run.
        for line in commands.lines().filter(|line| !line.contains("printf '%s\\n' '")) {
            let mut words = line.split(' ').filter(|word| super::TOOLS.contains(word));
            let described = line.starts_with("describe-study");
            tools.extend(
                words.by_ref().take(if described { 1 } else { usize::MAX }).map(Into::into),
            );
        }
        tools
    }

    pub fn table(&self, out: &str) -> String {
        String::from_utf8(self.0.bytes(&format!("{out}/tiny/table.csv")).0).unwrap()
    }
}
