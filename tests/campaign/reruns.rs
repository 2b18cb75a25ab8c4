//! The same bytes, whatever the threads, the jobs, the locale and the environment.

use super::{Size, Tally};
use crate::common::{self, Folder, project::Project};

pub fn run(size: &Size) -> Vec<Tally> {
    vec![tools(size), study(size)]
}

fn tools(size: &Size) -> Tally {
    let mut tally = Tally::new("reruns of the tools over threads and environments");
    let (x, y) = common::data(700, 40);
    let run = |threads: usize, environment: &str| {
        let folder = Folder::new();
        folder.write("x.npy", &x);
        folder.write("y.npy", &y);
        let bin = common::bin();
        // bash says where it has no such locale; the tools have none at all.
        folder.ok(&format!(
            "export {environment} 2> /dev/null; b={bin}; t='--threads {threads}'
             $b/train $t --images x.npy --labels y.npy --hidden 70,50,50 --epochs 2 --batch-size 97 -o net
             $b/attack-gauss $t --sigma 0.5 x.npy -o g.npy
             $b/attack-fgsm $t --model net --labels y.npy --epsilon 0.1 x.npy -o f.npy
             $b/attack-pgd $t --model net --labels y.npy --epsilon 0.1 --random-start x.npy -o p.npy
             $b/attack-deepfool $t --model net --labels y.npy --distances e.npy x.npy -o d.npy
             $b/train $t --rule backprop --images x.npy --labels y.npy --hidden 50,50 --epochs 2 -o bp
             $b/extract-activations $t --model bp f.npy -o h.npy
             $b/spectrum h.npy -o l.npy
             $b/fit-powerlaw --ranks 1-40 l.npy -o alpha.jsonl
             $b/accuracy $t --model net --labels y.npy f.npy -o a.jsonl",
            bin = bin.display(),
        ));
        folder.files()
    };
    let expected = run(1, "LC_ALL=C");
    for _ in 0..size.reruns {
        for threads in [1, 2, 3, 8] {
            for environment in ["LC_ALL=C", "LC_ALL=de_DE.UTF-8", "-n HOME TMPDIR"] {
                let same = run(threads, environment) == expected;
                let outcome = if same { Ok(()) } else { Err("other bytes".into()) };
                tally.add(&format!("{threads} threads, {environment}"), outcome);
            }
        }
    }
    tally
}

fn study(size: &Size) -> Tally {
    let mut tally = Tally::new("reruns of the study over jobs and threads");
    let project = Project::new();
    project.make("-j1");
    let expected = common::files(&project.0.path("out"));
    for _ in 0..size.reruns.div_ceil(3) {
        for (jobs, threads) in [(1, 3), (2, 1), (3, 2), (8, 8)] {
            project.0.ok("rm -rf out");
            project.make(&format!("-j{jobs} THREADS={threads}"));
            let same = common::files(&project.0.path("out")) == expected;
            let outcome = if same { Ok(()) } else { Err("other bytes".into()) };
            tally.add(&format!("-j{jobs} THREADS={threads}"), outcome);
        }
    }
    tally
}
