//! Every bad input against every tool that could meet it, with the time and memory taken.

use std::{
    fs,
    io::{self, Read, Write},
};

use flate2::{Compression, write::GzEncoder};
use ndarray::Array1;

use super::{Size, Tally};
use crate::common::{
    self, Folder, header,
    hostile::{MODEL, arrays, models, readers},
    memory::{Ended, measured},
    npy,
};

const MEMORY: u64 = 64 << 20;
const SECONDS: f64 = 2.0;

pub fn run(_: &Size) -> Vec<Tally> {
    vec![malformed(), deep()]
}

/// One line that names what is wrong, after warnings if there are some.
fn refused(ended: &Ended) -> Result<(), String> {
    let lines: Vec<_> = ended.stderr.lines().collect();
    let (last, before) = lines.split_last().ok_or("nothing was said")?;
    let strange = lines.iter().any(|line| line.len() > 500 || line.contains(char::is_control));
    if ended.code != Some(1) || strange || before.iter().any(|line| !line.contains(": warning: ")) {
        return Err(format!("status {:?}: {:?}", ended.code, ended.stderr));
    }
    if last.contains(": warning: ") { Err(format!("no error: {last}")) } else { Ok(()) }
}

fn idx_files() -> Vec<(&'static str, Vec<u8>)> {
    let mut good = vec![0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 3];
    good.extend([0, 51, 255, 1, 2, 3]);
    let changed = |place: usize, byte: u8| {
        let mut bytes = good.clone();
        bytes[place] = byte;
        bytes
    };
    let gz = |bytes: &[u8]| {
        let mut gz = GzEncoder::new(Vec::new(), Compression::best());
        gz.write_all(bytes).unwrap();
        gz.finish().unwrap()
    };
    let mut crc = gz(&good);
    let end = crc.len();
    crc[end - 6] ^= 1;
    let mut bomb = GzEncoder::new(Vec::new(), Compression::best());
    bomb.write_all(&good).unwrap();
    io::copy(&mut io::repeat(0).take(200 << 20), &mut bomb).unwrap();
    vec![
        ("empty", vec![]),
        ("one byte", vec![0]),
        ("of floats", changed(2, 13)),
        ("two axes", changed(3, 2)),
        ("many more", changed(4, 255)),
        ("huge", [&[0, 0, 8, 3][..], &[255; 12]].concat()),
        ("an axis of 0", changed(7, 0)),
        ("cut", good[..20].to_vec()),
        ("long", [&good[..], &[9]].concat()),
        ("gz cut", gz(&good)[..18].to_vec()),
        ("gz checksum", crc),
        ("gz of two files", [gz(&good), gz(&good)].concat()),
        ("gz and more", [gz(&good), b"more".to_vec()].concat()),
        ("gz bomb", bomb.finish().unwrap()),
        ("gz four deep", gz(&gz(&gz(&gz(&good))))),
        ("gz in gz cut", gz(&gz(&good)[..18])),
        ("gz padded and more", [gz(&good), vec![0; 512], b"more".to_vec()].concat()),
        ("gz of nothing", gz(&gz(b"").repeat(1 << 20))),
        ("a page", b"<html>403".to_vec()),
        ("an array cut", npy(&header("|u1", false, "(2, 3)"), &[0; 5])),
        ("an array of text", npy(&header("|S1", false, "(6,)"), &[b'7'; 6])),
    ]
}

const TEXTS: [(&str, &str); 8] = [
    ("empty", ""),
    ("binary", "\0\u{1}\u{1b}[31m\n"),
    ("prose", "hello, world\n"),
    ("another table", "a,b,c\n1,2,3\n"),
    ("a long line", "x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x\n"),
    ("a quote", "dataset,\"rule\n"),
    ("JSON", "{\"claim\":[[[[[[[[[[\n"),
    ("a path", "../../../dev/null/x\n"),
];

fn malformed() -> Tally {
    let mut tally = Tally::new("bad inputs");
    let folder = Folder::with_network();
    let mut lines = Vec::new();
    let mut bad = |tally: &mut Tally, case: &str, bytes: &[u8], place: &str, readers: &[&str]| {
        fs::write(folder.path(place), bytes).unwrap();
        for reader in readers {
            for (stream, name) in [(false, "bad"), (true, "- < bad")] {
                if stream && !reader.contains("BAD") {
                    continue;
                }
                let line = reader.replace("BAD", name);
                let ended = measured(&folder, &line);
                let outcome = refused(&ended).and_then(|()| {
                    lines.push((ended.seconds, ended.memory));
                    if ended.seconds > SECONDS || ended.memory > MEMORY {
                        return Err(format!("{} s, {} bytes", ended.seconds, ended.memory));
                    }
                    Ok(())
                });
                tally.add(&format!("{case}: {line}"), outcome);
            }
        }
    };
    for (case, bytes) in arrays() {
        bad(&mut tally, case, &bytes, "bad", &readers(case));
    }
    for (case, bytes) in idx_files() {
        bad(&mut tally, case, &bytes, "bad", &["import-idx BAD"]);
    }
    for (case, text) in TEXTS {
        let readers = [
            "tabulate --runs BAD",
            "tabulate --sweep --runs BAD",
            "claims BAD",
            "report-sweep BAD",
        ];
        bad(&mut tally, case, text.as_bytes(), "bad", &readers);
    }
    let readers = [
        "extract-activations --model net x.npy",
        "accuracy --model net --labels y.npy x.npy",
        "attack-fgsm --epsilon 1 --model net --labels y.npy x.npy",
        "attack-pgd --epsilon 1 --model net --labels y.npy x.npy",
        "attack-deepfool --model net x.npy",
    ];
    for (case, text) in models() {
        bad(&mut tally, case, text.as_bytes(), "net/model.json", &readers);
    }
    fs::write(folder.path("net/model.json"), MODEL).unwrap();
    for name in ["w1.npy", "b2.npy", "r2.npy"] {
        let good = folder.bytes(&format!("net/{name}"));
        for (case, bytes) in arrays() {
            bad(&mut tally, case, &bytes, &format!("net/{name}"), &readers[..1]);
        }
        fs::write(folder.path(&format!("net/{name}")), &*good).unwrap();
    }
    let most = |f: fn(&(f64, u64)) -> f64| lines.iter().map(f).fold(0.0, f64::max);
    let (seconds, memory) = (most(|line| line.0), most(|line| line.1 as f64));
    tally.note = format!("at most {seconds:.2} s and {:.0} MB", memory / 1e6);
    tally
}

/// A bad value at the end of a large file: found in the time of reading it, and no more memory.
fn deep() -> Tally {
    let mut tally = Tally::new("a bad value deep in a large file");
    let folder = Folder::new();
    let (samples, pixels) = (60_000, 400);
    let (small, labels) = common::data(300, pixels);
    folder.write("small.npy", &small);
    folder.write("few.npy", &labels);
    folder.ok("train --images small.npy --labels few.npy --hidden 20,20 --epochs 1 -o net");
    folder.write("y.npy", &Array1::from_shape_fn(samples, |i| (i % 3) as u8));
    let row: Vec<u8> = (0..pixels).flat_map(|j| (j as f32 / 400.0).to_le_bytes()).collect();
    for (name, last) in [("good.npy", 0.5), ("bad.npy", f32::NAN)] {
        let mut file = fs::File::create(folder.path(name)).unwrap();
        file.write_all(&npy(&header("<f4", false, "(60000, 400)"), &[])).unwrap();
        for _ in 1..samples {
            file.write_all(&row).unwrap();
        }
        file.write_all(&row[4..]).unwrap();
        file.write_all(&f32::to_le_bytes(last)).unwrap();
    }
    let mut notes = Vec::new();
    for line in [
        "attack-gauss --sigma 1 FILE",
        "attack-fgsm --epsilon 1 --model net --labels y.npy FILE",
        "extract-activations --model net FILE",
        "accuracy --model net --labels y.npy FILE",
        "spectrum --quiet FILE",
        "train --images FILE --labels y.npy --hidden 5 --epochs 1 --quiet -o new",
    ] {
        for redirect in ["", "- < "] {
            let run =
                |name: &str| measured(&folder, &line.replace("FILE", &format!("{redirect}{name}")));
            let (good, bad) = (run("good.npy"), run("bad.npy"));
            let limit = 1.0 + 1.5 * good.seconds;
            let outcome = refused(&bad).and_then(|()| {
                let words = bad.stderr.contains("[59999, 399]");
                let fits = bad.seconds <= limit && bad.memory <= good.memory + MEMORY;
                if words && fits && good.code == Some(0) {
                    return Ok(());
                }
                Err(format!(
                    "{} s, {} bytes: {}{}",
                    bad.seconds, bad.memory, good.stderr, bad.stderr
                ))
            });
            notes.push((bad.seconds / good.seconds, bad.memory as f64 - good.memory as f64));
            tally.add(&format!("{line} {redirect}"), outcome);
        }
    }
    let time = notes.iter().map(|note| note.0).fold(0.0, f64::max);
    let memory = notes.iter().map(|note| note.1).fold(f64::MIN, f64::max);
    tally.note =
        format!("at most {time:.2} of the time of a good one, {:.0} MB more", memory / 1e6);
    tally
}
