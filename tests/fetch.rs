//! `scripts/fetch-data` against servers on loopback: good, cut off, wrong, dead.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    process::Output,
    thread,
};

use flate2::{Compression, write::GzEncoder};

use crate::common::Folder;

/// Serve `content` for every path; the first answer ends after `cut` bytes, if there are so many.
fn serve(content: Vec<u8>, cut: usize) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for (index, stream) in listener.incoming().enumerate() {
            let mut stream = stream.unwrap();
            let lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let mut from = 0;
            for line in lines.map(Result::unwrap).take_while(|line| !line.is_empty()) {
                let range = line.to_lowercase();
                if let Some(range) = range.strip_prefix("range: bytes=") {
                    from = range.trim_end_matches('-').parse().unwrap();
                }
            }
            let (status, rest) = match content.get(from..) {
                Some(rest) if from > 0 => ("206 Partial Content", rest),
                Some(rest) => ("200 OK", rest),
                None => ("416 Range Not Satisfiable", [].as_slice()),
            };
            let end = content.len();
            let head = format!(
                "HTTP/1.1 {status}\r\nContent-Length: {}\r\nContent-Range: bytes {from}-{}/{end}\r\nConnection: close\r\n\r\n",
                rest.len(),
                end - 1
            );
            let sent = if index == 0 { rest.len().min(cut) } else { rest.len() };
            // A client that has seen enough may hang up.
            let _ =
                stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&rest[..sent]));
        }
    });
    url
}

fn gzipped(bytes: &[u8], level: u32) -> Vec<u8> {
    let mut gz = GzEncoder::new(Vec::new(), Compression::new(level));
    gz.write_all(bytes).unwrap();
    gz.finish().unwrap()
}

/// A folder with a list of one data set of one file.
struct List {
    folder: Folder,
    good: Vec<u8>,
}

impl List {
    fn new() -> Self {
        let folder = Folder::new();
        let plain: Vec<u8> = (0..200_000_u32).flat_map(|i| (i % 977 * i).to_le_bytes()).collect();
        let good = gzipped(&plain, 6);
        fs::write(folder.path("plain"), plain).unwrap();
        fs::write(folder.path("good"), &good).unwrap();
        folder.ok("sum() { sha256sum < $1 | cut -d ' ' -f 1; }
                   echo \"file tiny x.gz $(sum good) $(sum plain)\" > list");
        Self { folder, good }
    }

    fn fetch(&self, mirrors: &str) -> Output {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/fetch-data");
        self.folder.run(&format!("MIRRORS='{mirrors}' SOURCES=list DATA=. {script} tiny"))
    }

    fn fetched(&self, mirrors: &str) -> bool {
        let output = self.fetch(mirrors);
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
        output.status.success() && self.names() == ["x.gz"]
    }

    fn names(&self) -> Vec<String> {
        crate::common::files(&self.folder.path("tiny"))
            .iter()
            .map(|(path, _)| path.display().to_string())
            .collect()
    }
}

fn dead() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

#[test]
fn a_good_file_is_fetched_once() {
    let list = List::new();
    assert!(list.fetched(&serve(list.good.clone(), usize::MAX)));
    assert_eq!(list.folder.bytes("tiny/x.gz").0, list.good);
    // It is there: no mirror is asked.
    assert!(list.fetched(&dead()));
}

#[test]
fn a_dead_mirror_is_passed_over() {
    let list = List::new();
    assert!(list.fetched(&format!("{} {}", dead(), serve(list.good.clone(), usize::MAX))));
}

#[test]
fn a_file_cut_off_is_continued() {
    let list = List::new();
    let server = serve(list.good.clone(), 100_000);
    let output = list.fetch(&server);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(list.names(), ["x.gz.part"]);
    assert_eq!(list.folder.bytes("tiny/x.gz.part").len(), 100_000);
    assert!(list.fetched(&server));
    assert_eq!(list.folder.bytes("tiny/x.gz").0, list.good);
}

#[test]
fn a_wrong_file_is_refused_by_name() {
    let list = List::new();
    let mut wrong = list.good.clone();
    wrong[5000] ^= 1;
    let server = serve(wrong, usize::MAX);
    let output = list.fetch(&server);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr.contains(&format!("{server}/x.gz: is not x.gz (SHA-256 ")), "{stderr}");
    assert!(
        stderr.contains("tiny/x.gz could not be had") && stderr.contains("DATA_DIR=DIR"),
        "{stderr}"
    );
    assert!(list.names().is_empty());
    assert!(list.fetched(&format!("{server} {}", serve(list.good.clone(), usize::MAX))));
}

#[test]
fn the_beginning_of_another_file_is_not_continued_for_ever() {
    let list = List::new();
    fs::create_dir(list.folder.path("tiny")).unwrap();
    let server = serve(list.good.clone(), usize::MAX);
    for bytes in [5000, list.good.len(), list.good.len() + 5] {
        fs::write(list.folder.path("tiny/x.gz.part"), vec![7; bytes]).unwrap();
        assert!(list.fetched(&server), "{bytes} bytes were there");
        fs::remove_file(list.folder.path("tiny/x.gz")).unwrap();
    }
}

#[test]
fn a_file_packed_by_another_gzip_is_accepted() {
    let list = List::new();
    let other = gzipped(&list.folder.bytes("plain"), 1);
    assert_ne!(other, list.good);
    assert!(list.fetched(&serve(other, usize::MAX)));
}

#[test]
fn an_unknown_data_set_or_file_is_named() {
    let folder = Folder::new();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/fetch-data");
    let message = folder.fails(2, &format!("DATA=. {script} nist"));
    assert!(
        message.contains("unknown data set nist (known: fashion-mnist kmnist mnist; your own"),
        "{message}"
    );
    folder.ok("mkdir mnist");
    let message = folder.fails(2, &format!("DATA=. {script} mnist x.gz"));
    assert!(message.contains("mnist has no file x.gz"), "{message}");
}
