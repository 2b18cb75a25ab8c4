//! The header of a `.npy` file, checked strictly before anything trusts it.
//!
//! Format: <https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>.
//! NumPy writes a Python dictionary; only what it writes for plain numeric
//! arrays is accepted, by a scan without recursion.

use std::fmt;

use super::Source;
use crate::Result;

/// NumPy's headers of plain arrays are of 118 to about 250 bytes.
const MAX_BYTES: usize = 10_000;
const MAX_AXES: usize = 8;

/// The element types that some array of the pipeline may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dtype {
    /// 16-bit floating point
    F2,
    /// 32-bit floating point
    F4,
    /// 64-bit floating point
    F8,
    /// unsigned, one byte
    U1,
    /// unsigned, two bytes
    U2,
    /// unsigned, four bytes
    U4,
    /// unsigned, eight bytes
    U8,
    /// signed, one byte
    I1,
    /// signed, two bytes
    I2,
    /// signed, four bytes
    I4,
    /// signed, eight bytes
    I8,
}

impl Dtype {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::F2,
        Self::F4,
        Self::F8,
        Self::U1,
        Self::U2,
        Self::U4,
        Self::U8,
        Self::I1,
        Self::I2,
        Self::I4,
        Self::I8,
    ];

    /// Bytes an element takes.
    #[must_use]
    pub fn bytes(self) -> usize {
        match self {
            Self::U1 | Self::I1 => 1,
            Self::F2 | Self::U2 | Self::I2 => 2,
            Self::F4 | Self::U4 | Self::I4 => 4,
            Self::F8 | Self::U8 | Self::I8 => 8,
        }
    }
}

impl fmt::Display for Dtype {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::F2 => "f2",
            Self::F4 => "f4",
            Self::F8 => "f8",
            Self::U1 => "u1",
            Self::U2 => "u2",
            Self::U4 => "u4",
            Self::U8 => "u8",
            Self::I1 => "i1",
            Self::I2 => "i2",
            Self::I4 => "i4",
            Self::I8 => "i8",
        })
    }
}

/// What a checked header says.
#[derive(Debug, PartialEq)]
pub(super) struct Header {
    pub dtype: Dtype,
    pub big_endian: bool,
    pub fortran_order: bool,
    pub shape: Vec<usize>,
}

impl Header {
    /// Elements in all; the product and its size in bytes were checked not to overflow.
    pub fn count(&self) -> usize {
        self.shape.iter().product()
    }

    /// The dtype as NumPy writes it, `<f4` say.
    pub fn descr(&self) -> String {
        let order = match self.dtype.bytes() {
            1 => '|',
            _ if self.big_endian => '>',
            _ => '<',
        };
        format!("{order}{}", self.dtype)
    }
}

/// `(60000, 784)`, as NumPy prints a shape.
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

/// Read and check the header; for a file of known length, the length too.
pub(super) fn read(source: &mut Source) -> Result<Header> {
    let mut start = [0; 8];
    source.fill(&mut start)?;
    let [magic @ .., major, _minor] = start;
    if magic != *b"\x93NUMPY" {
        return Err(source.wrong("is not a .npy file (the first bytes are not \\x93NUMPY)"));
    }
    let len = match major {
        1 => {
            let mut len = [0; 2];
            source.fill(&mut len)?;
            usize::from(u16::from_le_bytes(len))
        }
        2 | 3 => {
            let mut len = [0; 4];
            source.fill(&mut len)?;
            usize::try_from(u32::from_le_bytes(len)).unwrap_or(usize::MAX)
        }
        other => {
            return Err(source
                .wrong(format!("has an unknown .npy version (found {other}, expected 1 to 3)")));
        }
    };
    if len > MAX_BYTES {
        return Err(source.wrong(format!(
            "has a .npy header too long to be one (found {len} bytes, expected at most {MAX_BYTES})"
        )));
    }
    let mut text = vec![0; len];
    source.fill(&mut text)?;
    let text = String::from_utf8_lossy(&text);
    let header = parse(&text).map_err(|e| source.wrong(format!("has a bad .npy header: {e}")))?;
    let expected = (header.count() * header.dtype.bytes()) as u64;
    match source.remaining() {
        Some(found) if found != expected => Err(source.wrong(format!(
            "does not hold the {} {} array its header promises (found {found} bytes, expected {expected})",
            shape_text(&header.shape),
            header.dtype,
        ))),
        _ => Ok(header),
    }
}

fn parse(text: &str) -> std::result::Result<Header, String> {
    let mut scan = Scan { rest: text };
    let (mut descr, mut fortran_order, mut shape) = (None, None, None);
    scan.expect('{')?;
    while !scan.eat('}') {
        let key = scan.quoted()?;
        scan.expect(':')?;
        let repeated = match key {
            "descr" => descr.replace(scan.quoted()?).is_some(),
            "fortran_order" => fortran_order.replace(scan.boolean()?).is_some(),
            "shape" => shape.replace(scan.shape()?).is_some(),
            other => return Err(format!("unknown key {other:?}")),
        };
        if repeated {
            return Err(format!("{key:?} twice"));
        }
        if !scan.eat(',') {
            scan.expect('}')?;
            break;
        }
    }
    scan.end()?;
    let descr = descr.ok_or("no \"descr\"")?;
    let (big_endian, dtype) = dtype(descr)?;
    let shape = shape.ok_or("no \"shape\"")?;
    // An axis of 0 must not hide others whose product overflows.
    shape
        .iter()
        .try_fold(dtype.bytes(), |size, &axis| size.checked_mul(axis.max(1)))
        .filter(|&size| isize::try_from(size).is_ok())
        .ok_or("the shape is larger than any memory")?;
    let fortran_order = fortran_order.ok_or("no \"fortran_order\"")?;
    Ok(Header { dtype, big_endian, fortran_order, shape })
}

fn dtype(descr: &str) -> std::result::Result<(bool, Dtype), String> {
    let kind = descr.trim_start_matches(['<', '>', '|', '=']);
    Dtype::ALL
        .into_iter()
        .find(|dtype| dtype.to_string() == kind && descr.len() - kind.len() <= 1)
        .map(|dtype| (descr.starts_with('>'), dtype))
        .ok_or_else(|| {
            let names = Dtype::ALL.map(|dtype| dtype.to_string());
            format!("dtype {descr:?} is none of {}", names.join(" "))
        })
}

/// The few forms that occur, each taken from the front of what is left.
struct Scan<'a> {
    rest: &'a str,
}

impl<'a> Scan<'a> {
    fn eat(&mut self, c: char) -> bool {
        self.rest = self.rest.trim_start_matches(' ');
        match self.rest.strip_prefix(c) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn expect(&mut self, c: char) -> std::result::Result<(), String> {
        if self.eat(c) { Ok(()) } else { Err(self.unexpected(&format!("{c:?}"))) }
    }

    fn end(&self) -> std::result::Result<(), String> {
        match self.rest.trim_matches([' ', '\n']) {
            "" => Ok(()),
            _ => Err(self.unexpected("the end")),
        }
    }

    fn quoted(&mut self) -> std::result::Result<&'a str, String> {
        for quote in ['\'', '"'] {
            if self.eat(quote) {
                let (inside, rest) =
                    self.rest.split_once(quote).ok_or_else(|| self.unexpected("a quote"))?;
                self.rest = rest;
                return Ok(inside);
            }
        }
        Err(self.unexpected("a quoted word"))
    }

    fn boolean(&mut self) -> std::result::Result<bool, String> {
        self.rest = self.rest.trim_start_matches(' ');
        for (word, value) in [("True", true), ("False", false)] {
            if let Some(rest) = self.rest.strip_prefix(word) {
                self.rest = rest;
                return Ok(value);
            }
        }
        Err(self.unexpected("True or False"))
    }

    fn shape(&mut self) -> std::result::Result<Vec<usize>, String> {
        let mut axes = Vec::new();
        self.expect('(')?;
        while !self.eat(')') {
            axes.push(self.axis()?);
            if axes.len() > MAX_AXES {
                return Err(format!("more than {MAX_AXES} axes"));
            }
            if !self.eat(',') {
                if axes.len() == 1 {
                    return Err("(n) is a number, (n,) a shape".into());
                }
                self.expect(')')?;
                break;
            }
        }
        Ok(axes)
    }

    fn axis(&mut self) -> std::result::Result<usize, String> {
        self.rest = self.rest.trim_start_matches(' ');
        let end = self.rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(self.rest.len());
        let (digits, rest) = self.rest.split_at(end);
        self.rest = rest;
        digits.parse().map_err(|_| format!("an axis of {digits:?}"))
    }

    fn unexpected(&self, expected: &str) -> String {
        let found: String = self.rest.trim_start().chars().take(20).collect();
        format!("found {found:?}, expected {expected}")
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

    #[test]
    fn what_numpy_does_not_write_is_refused() {
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
            "{'descr': '<f4', 'fortran_order': False}".into(),
            "{'descr': '<f4".into(),
            "{".into(),
            String::new(),
        ] {
            assert!(parse(&text).is_err(), "{text}");
        }
    }
}
