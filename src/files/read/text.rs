//! Reading small text files: JSON, JSON lines, and plain lines.

use std::{io::Read, path::Path};

use serde::de::DeserializeOwned;

use super::{Source, array, known::Kind, written::Written};
use crate::{Error, Result};

/// Largest size of these files. The longest have one line per layer and epoch, a few hundred kB.
const MAX_BYTES: u64 = 64 << 20;

/// Read a whole file as text. `expected` is the format, for messages; the source is returned for
/// messages as well.
fn text(path: &Path, expected: &str) -> Result<(Source, String)> {
    let mut source = Source::open(path)?;
    let mut bytes = Vec::new();
    (&mut source).take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(|e| source.failed(e))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(source.wrong(format!("is too long (expected at most {MAX_BYTES} bytes)")));
    }
    let Ok(text) = String::from_utf8(bytes) else {
        let not_text = || source.wrong("is not UTF-8 text");
        return Err(other_format(&source, expected).unwrap_or_else(not_text));
    };
    Ok((source, text))
}

/// The error for a file of another format than the text `expected`, if that format is recognised.
pub(super) fn other_format(source: &Source, expected: &str) -> Option<Error> {
    let known = source.known()?;
    match known.kind {
        Kind::Text => None,
        Kind::Json if expected.starts_with("JSON") => None,
        Kind::Json | Kind::Torch | Kind::Other => {
            Some(known.instead_of_text(expected, source.name()))
        }
    }
}

/// Parse one JSON value of the file `expected`. The message of an error begins with `wrong`.
fn parsed<T: DeserializeOwned>(
    source: &Source,
    text: &str,
    expected: &Written,
    wrong: &str,
) -> Result<T> {
    serde_json::from_str(text).map_err(|e| {
        let wrong = || source.wrong(format!("{wrong} the JSON expected: {e}"));
        let other = source.other_than(expected).or_else(|| other_format(source, "JSON"));
        other.unwrap_or_else(wrong)
    })
}

/// Read a file with one JSON value, the file `expected` of a tool.
pub fn json<T: DeserializeOwned>(path: &Path, expected: &Written) -> Result<T> {
    let (source, text) = text(path, "JSON")?;
    parsed(&source, &text, expected, "is not")
}

/// Read a file with one line of JSON followed by an f4 array.
pub fn json_and_array<T: DeserializeOwned>(path: &Path) -> Result<(T, Vec<f32>)> {
    let mut source = Source::open(path)?;
    let mut line = Vec::new();
    let mut byte = [0];
    while byte != *b"\n" {
        source.fill(&mut byte)?;
        line.push(byte[0]);
        if line.len() as u64 > MAX_BYTES {
            return Err(source.wrong(format!("has no line end in its first {MAX_BYTES} bytes")));
        }
    }
    let value = serde_json::from_slice(&line)
        .map_err(|e| source.wrong(format!("does not begin with the JSON expected: {e}")))?;
    Ok((value, array::rest(source)?))
}

/// Read a file with one JSON value per line, the file `expected` of a tool.
pub fn json_lines<T: DeserializeOwned>(path: &Path, expected: &Written) -> Result<Vec<T>> {
    let (source, text) = text(path, "JSON lines")?;
    let lines = text.lines().enumerate();
    lines
        .map(|(index, line)| parsed(&source, line, expected, &format!("line {} is not", index + 1)))
        .collect()
}

/// Read the non-empty lines of a file.
///
/// # Errors
/// If the file cannot be read, has no such line, or is a file of a tool with columns or keys.
pub fn lines(path: &Path) -> Result<Vec<String>> {
    const EXPECTED: &str = "lines of text";
    let (source, text) = text(path, EXPECTED)?;
    source.refuse_written(EXPECTED)?;
    let lines: Vec<_> = text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect();
    if lines.is_empty() {
        return Err(source.wrong("has no lines"));
    }
    Ok(lines)
}
