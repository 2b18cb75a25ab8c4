//! The project with a data set so small that the whole study takes a second.

use std::{collections::BTreeSet, fs, io::Write, process::Output};

use flate2::{Compression, write::GzEncoder};

use super::{Folder, bin};

/// Settings of one network and its clean images, which is made in a second. Those after them take precedence.
pub const SMALL: &str = "SEEDS=1 EPOCHS=1 SIGMAS=0.5 EPSILONS=0.1 RULES=local ATTACKS=gauss CONTROLS= CHECKS= \
                         SUBSETS= SNAPSHOTS= INSPECTED=";

/// A copy of the project, and a data set of 300 and 200 images of 6 x 6 and 3 classes.
pub struct Project(pub Folder);

impl Project {
    pub fn new() -> Self {
        let folder = Folder::new();
        let root = env!("CARGO_MANIFEST_DIR");
        folder.ok(&format!(
            "cp -r {root}/Makefile {root}/mk {root}/scripts . && mkdir -p src && cp -r {root}/src/bin src && \
             mkdir digits data && cp {root}/data/*.* data"
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

    /// The names of the commands that make would run: rules, attacks and stages.
    pub fn would_run(&self, arguments: &str) -> BTreeSet<String> {
        let said = self.make(&format!("-n {arguments}"));
        recipes(&said).into_iter().flat_map(|recipe| recipe.runs).collect()
    }

    pub fn table(&self, out: &str) -> String {
        String::from_utf8(self.0.bytes(&format!("{out}/tiny/table.csv")).0).unwrap()
    }
}

/// A recipe that `make -n` prints.
#[derive(Default)]
pub struct Recipe {
    /// What it gives to its commands: the words NAME=VALUE of `level`.
    level: Vec<(String, String)>,
    /// The commands that it runs.
    pub runs: Vec<String>,
}

impl Recipe {
    pub fn value(&self, name: &str) -> &str {
        self.level.iter().find(|(other, _)| other == name).map_or("", |(_, value)| value)
    }
}

/// The recipes that `make -n` prints. Those of other targets than levels belong to the one before.
pub fn recipes(said: &str) -> Vec<Recipe> {
    let mut recipes = vec![Recipe::default()];
    let mut is_text = false;
    for line in said.lines() {
        // The text of a script, in quotes, is not run here.
        let has_odd_quotes = line.replace(r"'\''", "").matches('\'').count() % 2 == 1;
        let was_text = is_text;
        is_text =
            if was_text { !has_odd_quotes } else { line.starts_with("write ") && has_odd_quotes };
        if was_text || line.starts_with("write ") {
            continue;
        }
        if let Some(words) = line.strip_prefix("level ") {
            let words = words.split(' ').filter_map(|word| word.split_once('='));
            let level = words.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
            recipes.push(Recipe { level, runs: Vec::new() });
        }
        let recipe = recipes.last_mut().unwrap();
        let attack = recipe.value("attack").to_owned();
        if line.contains("level-images") && !recipe.value("of_one_network").is_empty() {
            recipe.runs.push(attack.clone());
        }
        let words: Vec<&str> = line.split([' ', ';']).collect();
        for pair in words.windows(2).filter(|pair| pair[0] == "run") {
            match pair[1] {
                "$attack" if attack == "clean" => (),
                "$attack" => recipe.runs.push(attack.clone()),
                name => recipe.runs.push(name.to_owned()),
            }
        }
    }
    recipes
}
