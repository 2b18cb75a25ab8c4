//! Made-up files by the million through each parser: built by the formats' grammars, with
//! numbers, nesting and lengths that lie, and whole files with some bytes changed.

use std::{
    fs,
    io::{Cursor, Write},
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    process,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

use flate2::{Compression, write::GzEncoder};
use local_errors::{
    Result,
    files::read::{self, DataFile, Labels, Rows, Source},
    network::files,
    study::table,
};
use rand::{Rng, RngExt, SeedableRng, rngs::ChaCha8Rng, seq::IndexedRandom};
use tempfile::{tempdir, tempdir_in};

use super::{Size, Tally};
use crate::common::{header, npy};

type Made = fn(&mut ChaCha8Rng) -> Vec<u8>;
type Parser<'a> = Box<dyn Fn(Vec<u8>) -> Result<()> + 'a>;

pub fn run(size: &Size) -> Vec<Tally> {
    // In memory where it can be: millions of files.
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() { tempdir_in(memory) } else { tempdir() }.unwrap();
    let file = folder.path().join("file");
    let source = |bytes: Vec<u8>| Source::of(Path::new("made"), Cursor::new(bytes));
    let drain = |rows: Result<Rows<f32>>| -> Result<()> {
        let mut rows = rows?;
        while rows.next_block(64)?.is_some() {}
        Ok(())
    };
    let parsers: [(&str, Made, Parser<'_>); 8] = [
        ("images", array, Box::new(|bytes| drain(Rows::images(source(bytes))))),
        ("activations", array, Box::new(|bytes| drain(Rows::activations(source(bytes), true)))),
        ("spectra", array, Box::new(|bytes| drain(Rows::spectra(source(bytes))))),
        ("labels", array, Box::new(|bytes| Labels::read(source(bytes)).map(drop))),
        (
            "arrays as files",
            array,
            Box::new(|bytes| {
                fs::write(&file, bytes).unwrap();
                drain(Rows::images(Source::open(&file)?))
            }),
        ),
        (
            "IDX",
            idx,
            Box::new(|bytes| {
                match DataFile::open(source(bytes))? {
                    DataFile::Idx(mut idx) => while idx.next_block()?.is_some() {},
                    DataFile::Images(images) => drain(Ok(images))?,
                    DataFile::Labels(..) => {}
                }
                Ok(())
            }),
        ),
        (
            "model.json",
            json,
            Box::new(|bytes| {
                fs::write(&file, bytes).unwrap();
                read::json::<files::Description>(&file, &read::written::MODEL).map(drop)
            }),
        ),
        (
            "table.csv",
            csv,
            Box::new(|bytes| {
                fs::write(&file, bytes).unwrap();
                table::read(&file).map(drop)
            }),
        ),
    ];
    FEEDING.store(true, Ordering::Relaxed);
    watch();
    let fed =
        parsers.into_iter().map(|(name, made, parser)| feed(size.headers, name, made, &parser));
    let tallies = fed.collect();
    FEEDING.store(false, Ordering::Relaxed);
    tallies
}

static FEEDING: AtomicBool = AtomicBool::new(false);
static FED: AtomicUsize = AtomicUsize::new(0);

fn feed(count: usize, name: &str, made: Made, parser: &Parser<'_>) -> Tally {
    let mut tally = Tally::new(&format!("made-up headers: {name}"));
    let mut rng = ChaCha8Rng::seed_from_u64(name.len() as u64);
    let (mut taken, mut longest) = (0, Duration::ZERO);
    for case in 0..count {
        let bytes = made(&mut rng);
        let start = Instant::now();
        let outcome = catch_unwind(AssertUnwindSafe(|| parser(bytes)));
        longest = longest.max(start.elapsed());
        FED.fetch_add(1, Ordering::Relaxed);
        let outcome = match outcome {
            Err(_) => Err("a panic".to_owned()),
            Ok(_) if start.elapsed() > Duration::from_secs(1) => Err("over a second".into()),
            Ok(Err(error)) if error.to_string().len() > 480 => Err(format!("too long: {error}")),
            Ok(Err(error)) if error.to_string().contains(char::is_control) => {
                Err(format!("not escaped: {error:?}"))
            }
            Ok(result) => {
                taken += usize::from(result.is_ok());
                Ok(())
            }
        };
        tally.add(&case.to_string(), outcome);
    }
    tally.note = format!("{taken} valid; the longest took {} ms", longest.as_millis());
    tally
}

/// A parser that hangs cannot be stopped: say so, and end.
fn watch() {
    thread::spawn(|| {
        let mut last = 0;
        while FEEDING.load(Ordering::Relaxed) {
            thread::sleep(Duration::from_secs(20));
            let fed = FED.load(Ordering::Relaxed);
            if fed == last && FEEDING.load(Ordering::Relaxed) {
                let _ = writeln!(std::io::stderr(), "a parser hangs");
                process::abort();
            }
            last = fed;
        }
    });
}

fn array(rng: &mut ChaCha8Rng) -> Vec<u8> {
    let descr = [
        "<f4", "<f8", "|u1", ">f4", "<i8", "<i4", ">u8", "<c8", "|O", "<U7", "f4", "<<f4", "|b1",
        "=f2", "float32",
    ];
    let axis = |rng: &mut ChaCha8Rng| match rng.random_range(0..8) {
        0 => "0".to_owned(),
        1 => rng.random::<u64>().to_string(),
        2 => (1_u128 << rng.random_range(20..70)).to_string(),
        3 => ["-1", "1+1", "1e3", "True", "None", "1L", "", "٣", "0x10"]
            .choose(rng)
            .unwrap()
            .to_string(),
        _ => rng.random_range(1..5).to_string(),
    };
    let axes: Vec<_> = (0..rng.random_range(0..4)).map(|_| axis(rng)).collect();
    let mut shape = format!("({}{})", axes.join(", "), if axes.len() == 1 { "," } else { "" });
    let mut descr = format!("'{}'", descr.choose(rng).unwrap());
    for text in [&mut shape, &mut descr] {
        if rng.random_ratio(1, 12) {
            let depth = rng.random_range(1..2000);
            let (open, close) =
                *[("[", "]"), ("(", ")"), ("{", "}"), ("-", "")].choose(rng).unwrap();
            *text = format!("{}{text}{}", open.repeat(depth), close.repeat(depth));
        }
    }
    let order = ["False", "False", "False", "True", "0", "'False'"].choose(rng).unwrap();
    let mut parts = vec![
        format!("'descr': {descr}"),
        format!("'fortran_order': {order}"),
        format!("'shape': {shape}"),
    ];
    if rng.random_ratio(1, 10) {
        let part = parts.choose(rng).unwrap().clone();
        parts.push(part);
    }
    if rng.random_ratio(1, 10) {
        parts.remove(rng.random_range(0..parts.len()));
    }
    let mut text = format!("{{{}, }}", parts.join(", "));
    if rng.random_ratio(1, 6) {
        text = header("<f4", rng.random(), "(2, 3)");
    }
    text.truncate(9000);
    let body = vec![0; [0, 4, 24, 24, 48, 64].choose(rng).copied().unwrap()];
    let mut bytes = npy(&text, &body);
    if rng.random_ratio(1, 20) {
        bytes[6] = rng.random_range(0..5); // the version, and with it where the length is
    }
    mutate(rng, bytes)
}

fn idx(rng: &mut ChaCha8Rng) -> Vec<u8> {
    let axes = *[1_u8, 3, 3, 1, 2, 255].choose(rng).unwrap();
    let mut bytes = vec![0, 0, *[8_u8, 8, 8, 8, 13].choose(rng).unwrap(), axes];
    for _ in 0..axes.min(3) {
        let axis: u32 = if rng.random_ratio(1, 6) { rng.random() } else { rng.random_range(0..5) };
        bytes.extend(axis.to_be_bytes());
    }
    bytes.extend(vec![7; rng.random_range(0..80)]);
    if rng.random_ratio(1, 3) {
        let mut gz = GzEncoder::new(Vec::new(), Compression::fast());
        gz.write_all(&bytes).unwrap();
        bytes = gz.finish().unwrap();
    }
    mutate(rng, bytes)
}

fn json(rng: &mut ChaCha8Rng) -> Vec<u8> {
    fn value(rng: &mut ChaCha8Rng, depth: usize) -> String {
        match rng.random_range(0..if depth < 6 { 9 } else { 7 }) {
            0 => "null".into(),
            1 => rng.random::<i64>().to_string(),
            2 => format!("{}e{}", rng.random::<u8>(), rng.random::<i16>()),
            3 => r#""local-errors/model/1""#.into(),
            4 => "[784,200,200]".into(),
            5 => r#""\ud800""#.into(),
            6 => "[".repeat(rng.random_range(1..3000)),
            7 => format!("[{},{}]", value(rng, depth + 1), value(rng, depth + 1)),
            _ => format!("{{\"a\":{}}}", value(rng, depth + 1)),
        }
    }
    let good = ["\"local-errors/model/1\"", "\"local\"", "[784,200,200]", "10"];
    let mut parts = Vec::new();
    for (key, good) in ["schema", "rule", "sizes", "classes"].into_iter().zip(good) {
        let text = if rng.random_ratio(1, 4) { value(rng, 0) } else { good.into() };
        parts.push(format!("\"{key}\":{text}"));
    }
    mutate(rng, format!("{{{}}}\n", parts.join(",")).into_bytes())
}

fn csv(rng: &mut ChaCha8Rng) -> Vec<u8> {
    let header = "dataset,rule,seed,epoch,attack,strength,layer,samples,correct,accuracy,network_accuracy,loss,\
                  dead,units,positive,method,rank_first,rank_last,points,alpha,stderr,intercept,r2,curvature,\
                  participation_ratio,effective_rank,lost_label_images,zero_gradient_images,zero_sign_pixels,max_change,warnings";
    let row = "digits,local,1,,gauss,0.1,1,100,90,0.9,0.9,0.3,0,200,200,ols,1,50,50,1.2,0.01,0.5,0.99,0.1,\
               10.5,20.5,,,,,cut-at-positive";
    let mut cells: Vec<String> = row.split(',').map(Into::into).collect();
    if rng.random_ratio(1, 2) {
        let cell =
            ["nan", "-1", "1e999", "\"", "\"a,b\"", "", "\u{1b}[31m", "18446744073709551616"];
        let place = rng.random_range(0..cells.len());
        cells[place] = cell.choose(rng).unwrap().to_string();
    }
    mutate(rng, format!("{header}\n{row}\n{}\n", cells.join(",")).into_bytes())
}

/// Some bytes changed, cut or repeated.
fn mutate(rng: &mut ChaCha8Rng, mut bytes: Vec<u8>) -> Vec<u8> {
    for _ in 0..[0, 0, 1, 2, 8].choose(rng).copied().unwrap() {
        if bytes.is_empty() {
            break;
        }
        let place = rng.random_range(0..bytes.len());
        match rng.random_range(0..5) {
            0 => bytes.truncate(place),
            1 => bytes[place] = rng.next_u32() as u8,
            2 => bytes[place] ^= 1 << rng.random_range(0..8),
            3 => drop(bytes.remove(place)),
            _ => bytes.insert(place, b"'\"([{},:\n\x1b\0"[rng.random_range(0..11)]),
        }
    }
    bytes
}
