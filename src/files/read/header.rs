//! The header of a `.npy` file, which is checked strictly before it is used.
//!
//! Format: <https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>.
//! The header is a Python dictionary. The forms that NumPy and other programs write for plain numeric
//! arrays are accepted, with any spacing and order of the keys. The parser does not recurse, so that a
//! nested header cannot overflow the stack.

use std::io::{self, Read};

use super::{Dtype, Source, known::in_python};
use crate::Result;

/// Largest size of a header. NumPy's headers of plain arrays have 118 to about 250 bytes.
const MAX_BYTES: usize = 10_000;
const MAX_AXES: usize = 8;

/// The contents of a valid header.
#[derive(Debug, PartialEq)]
pub(super) struct Header {
    pub dtype: Dtype,
    pub big_endian: bool,
    pub fortran_order: bool,
    pub shape: Vec<usize>,
}

impl Header {
    /// Number of elements. The parser has checked that neither it nor the size in bytes overflows.
    pub fn count(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether the bytes of an element are in the order of this machine.
    pub fn is_native(&self) -> bool {
        self.big_endian == cfg!(target_endian = "big")
    }

    /// The dtype as NumPy writes it, such as `<f4`.
    pub fn descr(&self) -> String {
        let order = match self.dtype.bytes() {
            1 => '|',
            _ if self.big_endian => '>',
            _ => '<',
        };
        format!("{order}{}", self.dtype)
    }
}

/// A shape as NumPy prints it, such as `(60000, 784)`.
#[must_use]
pub fn shape_text(shape: &[usize]) -> String {
    match shape {
        [one] => format!("({one},)"),
        axes => {
            let axes: Vec<_> = axes.iter().map(ToString::to_string).collect();
            format!("({})", axes.join(", "))
        }
    }
}

/// The index of the element at a position in C order, such as `[2, 0]`.
pub(crate) fn index_text(shape: &[usize], position: usize) -> String {
    let mut rest = position;
    let mut index: Vec<String> = Vec::new();
    for &axis in shape.iter().rev() {
        index.push((rest % axis.max(1)).to_string());
        rest /= axis.max(1);
    }
    index.reverse();
    format!("[{}]", index.join(", "))
}

/// Read and check the header, and compare it with the length of the file if that is known.
pub(super) fn read(source: &mut Source) -> Result<Header> {
    let mut start = [0; 8];
    let filled = source.read_exact(&mut start);
    let [magic @ .., major, minor] = start;
    match filled {
        Err(e) if e.kind() != io::ErrorKind::UnexpectedEof => return Err(source.failed(e)),
        _ if magic != *b"\x93NUMPY" => return Err(source.not("a .npy array")),
        filled => filled.map_err(|e| source.failed(e))?,
    }
    let len = match (major, minor) {
        (1, 0) => {
            let mut len = [0; 2];
            source.fill(&mut len)?;
            usize::from(u16::from_le_bytes(len))
        }
        (2 | 3, 0) => {
            let mut len = [0; 4];
            source.fill(&mut len)?;
            usize::try_from(u32::from_le_bytes(len)).unwrap_or(usize::MAX)
        }
        _ => {
            return Err(source.wrong(format!(
                "has an unknown .npy version (found {major}.{minor}, expected 1.0, 2.0 or 3.0)"
            )));
        }
    };
    if len > MAX_BYTES {
        return Err(source.wrong(format!(
            "has a .npy header that is too long (found {len} bytes, expected at most {MAX_BYTES})"
        )));
    }
    let mut text = vec![0; len];
    source.fill(&mut text)?;
    let text = String::from_utf8_lossy(&text);
    let header = parse(&text).map_err(|e| source.wrong(e))?;
    let expected = (header.count() * header.dtype.bytes()) as u64;
    match source.remaining() {
        Some(found) if found != expected => {
            let mut text = None;
            if found > expected {
                source.skip(expected)?;
                text = source.text_behind()?;
            }
            Err(source.wrong(text.unwrap_or_else(|| {
                let shape = shape_text(&header.shape);
                format!(
                    "does not hold the {shape} {} array its header promises (found {found} bytes, expected {expected})",
                    header.dtype,
                )
            })))
        }
        _ => Ok(header),
    }
}

/// Parse the text of a header. The error says what is wrong with the file.
fn parse(text: &str) -> Scanned<Header> {
    let mut scan = Scan { rest: text };
    let (mut descr, mut fortran_order, mut shape) = (None, None, None);
    scan.expect('{')?;
    while !scan.eat('}') {
        let key = scan.quoted()?;
        scan.expect(':')?;
        let repeated = match key {
            "descr" => descr.replace(scan.descr()?).is_some(),
            "fortran_order" => fortran_order.replace(scan.boolean()?).is_some(),
            "shape" => shape.replace(scan.shape()?).is_some(),
            other => return bad(format!("unknown key {other:?}")),
        };
        if repeated {
            return bad(format!("{key:?} twice"));
        }
        if !scan.eat(',') {
            scan.expect('}')?;
            break;
        }
    }
    scan.end()?;
    let (Some(descr), Some(fortran_order), Some(shape)) = (descr, fortran_order, shape) else {
        return bad("it lacks \"descr\", \"fortran_order\" or \"shape\"");
    };
    let (big_endian, dtype) = Dtype::parse(descr)?;
    // An axis of 0 counts as 1, so that it does not hide an overflow of the other axes.
    let size = shape
        .iter()
        .try_fold(dtype.bytes(), |size, &axis| size.checked_mul(axis.max(1)))
        .filter(|&size| isize::try_from(size).is_ok());
    if size.is_none() {
        return bad(format!("the shape {} is too large for any memory", shape_text(&shape)));
    }
    Ok(Header { dtype, big_endian, fortran_order, shape })
}

/// A parsed value, or a description of what is wrong with the file.
type Scanned<T> = std::result::Result<T, String>;

fn bad<T>(what: impl std::fmt::Display) -> Scanned<T> {
    Err(format!("has a bad .npy header: {what}"))
}

/// The characters that Python accepts as space between tokens.
const SPACE: [char; 5] = [' ', '\t', '\n', '\r', '\x0c'];

/// A parser of the few forms that occur, which consumes the text from the front.
struct Scan<'a> {
    rest: &'a str,
}

impl<'a> Scan<'a> {
    /// Consume `c` if it comes next.
    fn eat(&mut self, c: char) -> bool {
        self.rest = self.rest.trim_start_matches(SPACE);
        match self.rest.strip_prefix(c) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn expect(&mut self, c: char) -> Scanned<()> {
        if self.eat(c) { Ok(()) } else { self.unexpected(&format!("{c:?}")) }
    }

    fn end(&self) -> Scanned<()> {
        match self.rest.trim_matches(SPACE) {
            "" => Ok(()),
            _ => self.unexpected("the end"),
        }
    }

    /// A string, `'word'`, `"word"`, or Python 2's `u'word'`.
    fn quoted(&mut self) -> Scanned<&'a str> {
        let word = self.rest.trim_start_matches(SPACE);
        self.rest = match word.strip_prefix(['u', 'U']) {
            Some(marked) if marked.starts_with(['\'', '"']) => marked,
            _ => word,
        };
        for quote in ['\'', '"'] {
            if self.eat(quote) {
                let Some((inside, rest)) = self.rest.split_once(quote) else {
                    return self.unexpected("a quote");
                };
                self.rest = rest;
                return Ok(inside);
            }
        }
        self.unexpected("a quoted word")
    }

    /// An element type as a string. A list or a tuple in its place describes a structured array.
    fn descr(&mut self) -> Scanned<&'a str> {
        if self.eat('(') {
            let remedy = in_python("numpy.load(OLD)");
            return Err(format!("has elements that are arrays themselves: {remedy}"));
        }
        if !self.eat('[') {
            return self.quoted();
        }
        let field = if self.eat('(') { self.quoted().unwrap_or_default() } else { "" };
        let field = if field.is_empty() { "FIELD".into() } else { format!("'{field}'") };
        let remedy = in_python(&format!("numpy.load(OLD)[{field}]"));
        Err(format!("is a structured array, whose elements are records and not numbers: {remedy}"))
    }

    fn boolean(&mut self) -> Scanned<bool> {
        self.rest = self.rest.trim_start_matches(SPACE);
        for (word, value) in [("True", true), ("False", false)] {
            if let Some(rest) = self.rest.strip_prefix(word) {
                self.rest = rest;
                return Ok(value);
            }
        }
        self.unexpected("True or False")
    }

    fn shape(&mut self) -> Scanned<Vec<usize>> {
        let mut axes = Vec::new();
        self.expect('(')?;
        while !self.eat(')') {
            axes.push(self.axis()?);
            if axes.len() > MAX_AXES {
                return bad(format!("more than {MAX_AXES} axes"));
            }
            if !self.eat(',') {
                if axes.len() == 1 {
                    return bad("the shape is a number in parentheses, (n), not a tuple, (n,)");
                }
                self.expect(')')?;
                break;
            }
        }
        Ok(axes)
    }

    /// The length of an axis, to which Python 2 may have appended an L.
    fn axis(&mut self) -> Scanned<usize> {
        self.rest = self.rest.trim_start_matches(SPACE);
        let end = self.rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(self.rest.len());
        let (digits, rest) = self.rest.split_at(end);
        self.rest = rest;
        if digits.is_empty() {
            return self.unexpected("the length of an axis");
        }
        self.eat('L');
        // A leading zero is refused: Python 2 read 010 as octal, 8.
        let octal = digits.len() > 1 && digits.starts_with('0');
        let axis = if octal { None } else { digits.parse().ok() };
        axis.map_or_else(|| bad(format!("an axis of {digits}")), Ok)
    }

    fn unexpected<T>(&self, expected: &str) -> Scanned<T> {
        let found: String = self.rest.trim_start().chars().take(20).collect();
        bad(format!("found {found:?}, expected {expected}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numpy_headers_are_read() {
        let header = parse("{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }     \n");
        let expected =
            Header { dtype: Dtype::F4, big_endian: false, fortran_order: false, shape: vec![3, 4] };
        assert_eq!(header, Ok(expected));
        for (text, shape) in [("()", vec![]), ("(7,)", vec![7]), ("(2, 3, 4)", vec![2, 3, 4])] {
            let text = format!("{{'shape': {text}, \"descr\": '>i8', 'fortran_order': True}}");
            let header = parse(&text).unwrap();
            assert_eq!((header.shape, header.big_endian), (shape, true));
        }
    }

    /// tests/reference/npy_info.py compares the same headers with NumPy.
    #[test]
    fn headers_are_read_as_numpy_reads_them() {
        let plain = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }";
        for text in [
            plain.replace("2, 3", "2L, 3L"),
            plain.replace("2, 3", "2L,3 L,"),
            plain.replace(", }", "}"),
            plain.replace(' ', ""),
            plain.replace(' ', "\t"),
            plain.replace(' ', "\r\n"),
            plain.replace(' ', "\x0c"),
            plain.replace('\'', "\""),
            plain.replace("'descr'", "u'descr'").replace("'<f4'", "u\"<f4\""),
            plain.replace("<f4", "=f4"),
            plain.replace("<f4", "|f4"),
            plain.replace("<f4", "f"),
            plain.replace("<f4", "float32"),
            format!(" \t{plain} \t \r\n  \n"),
            "{'shape': (2, 3), 'fortran_order': False, 'descr': '<f4'}".into(),
        ] {
            let expected = Header {
                dtype: Dtype::F4,
                big_endian: false,
                fortran_order: false,
                shape: vec![2, 3],
            };
            assert_eq!(parse(&text), Ok(expected), "{text:?}");
        }
    }

    #[test]
    fn structured_arrays_are_named() {
        for (descr, words) in [
            ("[('a', '<f4'), ('b', '<f4')]", "numpy.load(OLD)['a'])"),
            ("[(('title', 'a'), '<f4')]", "is a structured array"),
            ("[]", "is a structured array"),
            ("('<f4', (2,))", "elements that are arrays themselves"),
        ] {
            let text = format!("{{'descr': {descr}, 'fortran_order': False, 'shape': (3,), }}");
            let message = parse(&text).unwrap_err();
            assert!(message.contains(words), "{message}");
        }
    }

    #[test]
    fn a_position_is_converted_to_an_index_in_each_axis() {
        assert_eq!(index_text(&[4], 3), "[3]");
        assert_eq!(index_text(&[2, 3, 5], 29), "[1, 2, 4]");
        assert_eq!(index_text(&[7, 1], 5), "[5, 0]");
    }

    #[test]
    fn headers_that_numpy_does_not_write_are_refused() {
        let with = |descr: &str, order: &str, shape: &str| {
            format!("{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}")
        };
        let nested = format!("{}'<f4'{}", "[".repeat(22), "]".repeat(22));
        let deep = "(".repeat(5000);
        for text in [
            with(&nested, "False", "(3,)"),
            with("'<f4'", "False", &deep),
            with("[('a', '<f4')]", "False", "(3,)"),
            with("'<c8'", "False", "(3,)"),
            with("'<<f4'", "False", "(3,)"),
            with("'<f4'", "0", "(3,)"),
            with("'<f4'", "False", "(1+1, 3)"),
            with("'<f4'", "False", "(-1, 3)"),
            with("'<f4'", "False", "(3)"),
            with("'<f4'", "False", "(0, 1099511627776, 1099511627776)"),
            with("'<f4'", "False", "(18446744073709551616,)"),
            with("'<f4'", "False", "(4611686018427387904,)"),
            with("'<f4'", "False", "(1,1,1,1,1,1,1,1,1)"),
            with("'<f4'", "False", "(3,), 'extra': 1"),
            with("'<f4'", "False", "(3,), 'shape': (4,)"),
            with("'<f4'", "False", "(3,)") + "x",
            with("'<f4'", "False", "(3l,)"),
            with("'<f4'", "False", "(L,)"),
            with("'<f4'", "False", "(3 4)"),
            with("'<f4'", "False", "[3, 4]"),
            with("b'<f4'", "False", "(3,)"),
            with("'<f4'", "False", "(3,)") + "\0",
            "{'descr': '<f4', 'fortran_order': False}".into(),
            "{'descr': '<f4".into(),
            "{".into(),
            String::new(),
        ] {
            assert!(parse(&text).is_err(), "{text}");
        }
    }
}
