//! Recognises files of other formats by their first bytes, and says how to convert them to an array.

use std::{borrow::Cow, fmt::Display, path::Path};

use super::{idx, printed};
use crate::Error;

/// Number of bytes by which formats are recognised. A tar archive needs bytes 257 to 261, other formats
/// need fewer. The columns of a table take about 600 bytes, a key of a line of JSON may come later.
pub(super) const KNOWN_BY: usize = 4096;

/// A recognised format.
#[derive(Debug, PartialEq)]
pub(super) struct Known {
    /// What is wrong with the file, such as `is a .npz archive`.
    wrong: Cow<'static, str>,
    /// The part of the file that shows it, if a message has to quote it.
    found: Option<String>,
    remedy: Remedy,
    pub kind: Kind,
}

/// How to obtain an array from a file of another format.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Remedy {
    /// None is known.
    Nothing,
    /// An action on the file.
    File(&'static str),
    /// A Python expression for the array, in which `OLD` is the name of the file.
    Python(Cow<'static, str>),
}

/// The kind of a format. Readers of text report errors in text themselves, more precisely.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Text other than JSON.
    Text,
    /// JSON.
    Json,
    /// A file of PyTorch, which may hold a network.
    Torch,
    /// Anything else.
    Other,
}

impl Known {
    /// A format, named with its article, such as `a .npz archive`.
    pub fn new(format: impl Display, remedy: Remedy) -> Self {
        Self { wrong: format!("is {format}").into(), found: None, remedy, kind: Kind::Other }
    }

    /// A file in which `wrong` is the case, such as `has text in front of the array`. `found` shows it.
    pub fn with_found(wrong: &'static str, found: String, remedy: Remedy) -> Self {
        Self { wrong: wrong.into(), found: Some(found), remedy, kind: Kind::Other }
    }

    /// The error for this format in place of the text `expected`.
    pub fn instead_of_text(self, expected: &str, file: &Path) -> Error {
        let remedy = match self.remedy {
            Remedy::Python(_) => Remedy::Nothing, // gives an array, not text
            other => other,
        };
        Self { remedy, ..self }.instead_of(expected, file)
    }

    /// The error for this format in place of a network's directory.
    pub fn instead_of_network(self, file: &Path) -> Error {
        let remedy = match self.kind {
            Kind::Torch => Remedy::File("python3 -m local_errors OLD NEW converts a module"),
            _ => Remedy::Nothing,
        };
        Self { remedy, ..self }.instead_of("the directory of a network", file)
    }

    /// The error for this format in place of `expected`.
    pub fn instead_of(self, expected: &str, file: &Path) -> Error {
        let found = self.found.map(|found| format!("found {found}, ")).unwrap_or_default();
        let message = format!("{} ({found}expected {expected})", self.wrong);
        let message = match self.remedy {
            Remedy::Nothing => message,
            Remedy::File(remedy) => format!("{message}: {remedy}"),
            Remedy::Python(value) => format!("{message}: {}", in_python(&value)),
        };
        Error::data(message).in_file(file)
    }
}

/// The remedy that saves the array `value` in Python.
pub(super) fn in_python(value: &str) -> String {
    format!("in Python, numpy.save(NEW, {value})")
}

const fn python(value: &'static str) -> Remedy {
    Remedy::Python(Cow::Borrowed(value))
}

const UNPACK: Remedy = Remedy::File("unpack it first");
const AGAIN: Remedy = Remedy::File("transfer it again, as binary");
const CONVERTED: &str = "a .npy array that was altered by a transfer in text mode";
const HDF5: Remedy = python("h5py.File(OLD)[NAME][()]");
const IMAGE: Remedy = python("numpy.stack([numpy.asarray(PIL.Image.open(OLD)) for OLD in FILES])");
const FEATHER: Remedy = python("pandas.read_feather(OLD).to_numpy()");
const TORCH: Remedy = python("torch.load(OLD).detach().cpu().numpy()");

/// The pickled number 0x1950a86a20f9469cfc6c, which torch.save wrote first before PyTorch 1.6.
const OLD_TORCH: &[u8] = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19";

fn torch() -> Known {
    Known { kind: Kind::Torch, ..Known::new("a PyTorch file", TORCH) }
}

/// Formats that begin with characteristic bytes.
const MAGIC: [(&[u8], &str, Remedy); 31] = [
    (b"\x93NUMPY", "a .npy array", Remedy::Nothing),
    (b"\xc2\x93NUMPY", CONVERTED, AGAIN),
    (b"\xef\xbf\xbdNUMPY", CONVERTED, AGAIN),
    (b"\x1f\x8b", "gzipped", Remedy::File("gunzip it first, or pipe zcat into the tool")),
    (b"BZh", "a bzip2 file", UNPACK),
    (b"\xfd7zXZ\0", "an xz file", UNPACK),
    (b"\x28\xb5\x2f\xfd", "a Zstandard file", UNPACK),
    (b"\x04\x22\x4d\x18", "an LZ4 file", UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", UNPACK),
    (b"Rar!", "a RAR archive", UNPACK),
    (b"MATLAB 7.3 MAT-file", "a MATLAB 7.3 file, which is HDF5", HDF5),
    (b"MATLAB 5.0 MAT-file", "a MATLAB file", python("scipy.io.loadmat(OLD)[NAME]")),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file", HDF5),
    (b"CDF\x01", "a NetCDF file", Remedy::Nothing),
    (b"CDF\x02", "a NetCDF file", Remedy::Nothing),
    (b"SIMPLE  =", "a FITS file", Remedy::Nothing),
    (b"PAR1", "a Parquet file", python("pandas.read_parquet(OLD).to_numpy()")),
    (b"ARROW1", "an Arrow file", FEATHER),
    (b"FEA1", "a Feather file", FEATHER),
    (b"SQLite format 3", "an SQLite database", Remedy::Nothing),
    (b"\x89PNG", "a PNG image", IMAGE),
    (b"\xff\xd8\xff", "a JPEG image", IMAGE),
    (b"GIF8", "a GIF image", IMAGE),
    (b"II*\0", "a TIFF image", IMAGE),
    (b"MM\0*", "a TIFF image", IMAGE),
    (b"%PDF", "a PDF document", Remedy::Nothing),
    (
        b"version https://git-lfs.github.com",
        "a Git LFS pointer, not the file itself",
        Remedy::File("git lfs pull fetches it"),
    ),
    (
        b"\xff\xfe",
        "text in UTF-16, as written by a redirection in PowerShell",
        Remedy::File("write it with -o"),
    ),
    (b"\xfe\xff", "text in UTF-16", Remedy::Nothing),
    (b"<?xml", "an XML file", Remedy::Nothing),
    (b"\x7fELF", "a program", Remedy::Nothing),
];

/// Recognise a format by the first [`KNOWN_BY`] bytes of a file, or by all bytes of a shorter file.
pub(super) fn known(start: &[u8]) -> Option<Known> {
    if start.is_empty() {
        return Some(Known::new("empty", Remedy::Nothing));
    }
    if let Some(array) = printed::in_front(start) {
        return Some(array);
    }
    if start.starts_with(OLD_TORCH) {
        return Some(torch());
    }
    if let Some((_, what, remedy)) = MAGIC.iter().find(|(magic, ..)| start.starts_with(magic)) {
        return Some(Known::new(*what, remedy.clone()));
    }
    if start.starts_with(b"PK\x03\x04") || start.starts_with(b"PK\x05\x06") {
        return Some(zip(start));
    }
    if start.get(257..262) == Some(b"ustar") {
        return Some(Known::new("a tar archive", UNPACK));
    }
    if let [0x80, 2..=5, ..] = start {
        return Some(Known::new("a Python pickle", python("pickle.load(open(OLD, 'rb'))")));
    }
    if start.get(8) == Some(&b'{') && start.get(2..8) == Some(&[0; 6]) {
        let remedy = python("safetensors.numpy.load_file(OLD)[NAME]");
        return Some(Known::new("a safetensors file", remedy));
    }
    idx::known(start).or_else(|| text(start)).or_else(|| printed::bytes_in_front(start))
}

/// Recognise the kind of a zip archive by its first member.
fn zip(start: &[u8]) -> Known {
    let len = match start.get(26..28) {
        Some(&[low, high]) => usize::from(u16::from_le_bytes([low, high])),
        _ => 0,
    };
    let name = start.get(30..).map(|rest| rest.get(..len).unwrap_or(rest));
    let name = String::from_utf8_lossy(name.unwrap_or_default());
    if let Some(array) = name.strip_suffix(".npy") {
        let remedy = Remedy::Python(format!("numpy.load(OLD)[\"{array}\"]").into());
        return Known::new("a .npz archive of arrays", remedy);
    }
    match name.split_once('/') {
        Some((_, "data.pkl" | "version" | "byteorder" | ".format_version")) => torch(),
        _ if name == "[Content_Types].xml" => Known::new("an Office document", Remedy::Nothing),
        _ => Known::new("a zip archive", UNPACK),
    }
}

/// Recognise a web page, JSON, or other text.
fn text(start: &[u8]) -> Option<Known> {
    let text = printed::all(start)?.trim_start_matches('\u{feff}').trim_start();
    let lower = text.to_ascii_lowercase();
    if lower.starts_with("<!doctype html") || lower.starts_with("<html") {
        let remedy = Remedy::File("look at it, and fetch the file again");
        return Some(Known::new("a web page (HTML)", remedy));
    }
    if lower.starts_with('<') {
        return Some(Known::new("a web page or XML", Remedy::Nothing));
    }
    if text.starts_with(['{', '[']) {
        return Some(Known { kind: Kind::Json, ..Known::new("JSON text", Remedy::Nothing) });
    }
    let remedy = loadtxt(text).map_or(Remedy::Nothing, |value| Remedy::Python(value.into()));
    Some(Known { kind: Kind::Text, ..Known::new("text", remedy) })
}

/// The NumPy expression that reads a table of numbers, with or without a header line. Other text may begin
/// with a digit too, such as `9 epochs`.
fn loadtxt(text: &str) -> Option<String> {
    let rows = text.split_inclusive('\n').take(2).position(is_row)?;
    let delimiter = if text.contains(',') { ", delimiter=','" } else { "" };
    let names = if rows == 1 { ", skiprows=1" } else { "" };
    Some(format!("numpy.loadtxt(OLD{delimiter}{names})"))
}

/// Whether a line of a table holds numbers only. A line without an end is cut, perhaps within a number.
fn is_row(line: &str) -> bool {
    let is_number = |cell: &str| cell.parse::<f64>().is_ok();
    let is_begun = |cell: &str| cell.chars().all(|c| "0123456789+-.eE".contains(c));
    let cells = line.split(|c: char| c == ',' || c.is_whitespace());
    let cells: Vec<_> = cells.filter(|cell| !cell.is_empty()).collect();
    match cells.as_slice() {
        [] => false,
        [whole @ .., last] => {
            let is_last = is_number(last) || !line.ends_with('\n') && is_begun(last);
            is_last && whole.iter().all(|cell| is_number(cell))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(start: &[u8]) -> String {
        let known = known(start).map(|known| known.instead_of("a .npy array", Path::new("f")));
        known.map_or("unknown".into(), |error| error.to_string())
    }

    #[test]
    fn formats_are_named_with_a_remedy() {
        let zip = |name: &str| {
            let mut start = b"PK\x03\x04".to_vec();
            start.extend([0; 22]);
            start.extend((name.len() as u16).to_le_bytes());
            start.extend([0; 2]);
            start.extend(name.bytes());
            start
        };
        let mut tar = vec![b'a'; 100];
        tar.extend([0; 157]);
        tar.extend(b"ustar\0");
        for (start, words) in [
            (vec![], "f: is empty (expected a .npy array)"),
            (
                zip("arr_0.npy"),
                "f: is a .npz archive of arrays (expected a .npy array): \
              in Python, numpy.save(NEW, numpy.load(OLD)[\"arr_0\"])",
            ),
            (zip("layers/h.npy"), "numpy.load(OLD)[\"layers/h\"]"),
            (zip("archive/data.pkl"), "a PyTorch file"),
            (zip("model.json"), "a zip archive (expected a .npy array): unpack it first"),
            (b"PK\x05\x06".to_vec(), "a zip archive"),
            (tar, "a tar archive"),
            (b"\x80\x04\x95".to_vec(), "a Python pickle"),
            (b"\x50\0\0\0\0\0\0\0{\"w\":".to_vec(), "a safetensors file"),
            (b"\n<!DOCTYPE HTML><title>403".to_vec(), "a web page (HTML)"),
            (b"\xef\xbb\xbf<html>".to_vec(), "a web page (HTML)"),
            (b"{\"layer\":1}\n".to_vec(), "JSON text"),
            (
                b"1.0,2.0\n".to_vec(),
                "is text (expected a .npy array): in Python, \
              numpy.save(NEW, numpy.loadtxt(OLD, delimiter=','))",
            ),
            ("1 2\n".into(), "numpy.loadtxt(OLD))"),
            ("x,y\n1,2\n".into(), "numpy.loadtxt(OLD, delimiter=',', skiprows=1))"),
            ("0.5,0.25,1e".into(), "numpy.loadtxt(OLD, delimiter=','))"),
            ("7".into(), "numpy.loadtxt(OLD))"),
            (
                "a cut character: é".as_bytes().strip_suffix(b"\xa9").unwrap_or_default().to_vec(),
                "is text",
            ),
            (b"\0\x01\x02\x99".to_vec(), "unknown"),
            (b"\x93".to_vec(), "unknown"),
            (b"9 epochs\n\x93NUMPY\x01\0".to_vec(), "f: has text in front of the array (found"),
            ([zip("x.txt"), b"\x93NUMPY\x01".to_vec()].concat(), "f: is a zip archive"),
        ] {
            let message = message(&start);
            assert!(message.contains(words), "{words}: {message}");
        }
        // What a program printed is not taken for a table.
        for text in ["no numbers\n", "9 epochs\n", "epoch\n1/9 [=>..] 0s\n", "1 of", "-\n"] {
            assert_eq!(message(text.as_bytes()), "f: is text (expected a .npy array)", "{text}");
        }
        for (magic, format, _) in MAGIC {
            assert!(message(magic).contains(format), "{format}");
        }
    }
}
