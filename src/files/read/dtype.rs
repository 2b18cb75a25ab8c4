//! Element types, as NumPy names them.

use std::{ffi::c_long, fmt};

use super::known::in_python;

/// The element types of arrays that can be read, named as in NumPy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dtype {
    /// Boolean, one byte.
    B1,
    /// Floating point, two bytes.
    F2,
    /// Floating point, four bytes.
    F4,
    /// Floating point, eight bytes.
    F8,
    /// Unsigned integer, one byte.
    U1,
    /// Unsigned integer, two bytes.
    U2,
    /// Unsigned integer, four bytes.
    U4,
    /// Unsigned integer, eight bytes.
    U8,
    /// Signed integer, one byte.
    I1,
    /// Signed integer, two bytes.
    I2,
    /// Signed integer, four bytes.
    I4,
    /// Signed integer, eight bytes.
    I8,
}

impl Dtype {
    /// All element types.
    pub const ALL: [Self; 12] = [
        Self::B1,
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

    /// Size of an element in bytes.
    #[must_use]
    pub fn bytes(self) -> usize {
        match self {
            Self::B1 | Self::U1 | Self::I1 => 1,
            Self::F2 | Self::U2 | Self::I2 => 2,
            Self::F4 | Self::U4 | Self::I4 => 4,
            Self::F8 | Self::U8 | Self::I8 => 8,
        }
    }

    /// Whether the elements are floating-point numbers.
    #[must_use]
    pub fn is_float(self) -> bool {
        matches!(self, Self::F2 | Self::F4 | Self::F8)
    }

    /// Parse the name of an element type, such as `f4`, `<f4`, `float32` or `single`. Returns whether it
    /// is big-endian, and the type. The error says what the elements are and how to convert them.
    pub(super) fn parse(descr: &str) -> Result<(bool, Self), String> {
        let code = descr.strip_prefix(['<', '>', '|', '=']).unwrap_or(descr);
        let dtype = Self::of_code(code)
            .or_else(|| if code == descr { Self::of_name(code) } else { None })
            .ok_or_else(|| unreadable(descr, code))?;
        Ok((descr.starts_with('>'), dtype))
    }

    /// Parse the codes that NumPy writes, and the one-letter codes of C's types.
    fn of_code(code: &str) -> Option<Self> {
        if let Some(dtype) = Self::ALL.into_iter().find(|dtype| dtype.to_string() == code) {
            return Some(dtype);
        }
        Some(match code {
            "?" => Self::B1,
            "e" => Self::F2,
            "f" => Self::F4,
            "d" => Self::F8,
            "B" => Self::U1,
            "H" => Self::U2,
            "I" => Self::U4,
            "b" => Self::I1,
            "h" => Self::I2,
            "i" => Self::I4,
            // The size of C's long depends on the system that reads, as in NumPy.
            "L" if size_of::<c_long>() == 4 => Self::U4,
            "l" if size_of::<c_long>() == 4 => Self::I4,
            "Q" | "P" | "N" | "L" => Self::U8,
            "q" | "p" | "n" | "l" => Self::I8,
            _ => return None,
        })
    }

    /// Parse long names, which cannot have a byte order.
    fn of_name(name: &str) -> Option<Self> {
        Some(match name {
            "bool" | "bool_" => Self::B1,
            "half" | "float16" => Self::F2,
            "single" | "float32" => Self::F4,
            "double" | "float" | "float64" => Self::F8,
            "ubyte" | "uint8" => Self::U1,
            "ushort" | "uint16" => Self::U2,
            "uintc" | "uint32" => Self::U4,
            "uint" | "uintp" | "ulonglong" | "uint64" => Self::U8,
            "byte" | "int8" => Self::I1,
            "short" | "int16" => Self::I2,
            "intc" | "int32" => Self::I4,
            "int" | "intp" | "longlong" | "int64" => Self::I8,
            "ulong" => return Self::of_code("L"),
            "long" => return Self::of_code("l"),
            _ => return None,
        })
    }
}

impl fmt::Display for Dtype {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::B1 => "b1",
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

/// The message for an array of another type: what it holds, and the line of Python that converts it.
fn unreadable(descr: &str, code: &str) -> String {
    let is_sized = |prefix: &str| {
        let digits = code.strip_prefix(prefix).map(|rest| rest.split('[').next().unwrap_or(rest));
        digits.is_some_and(|digits| digits.bytes().all(|digit| digit.is_ascii_digit()))
    };
    let (contents, remedy) = match code {
        "c8" | "c16" | "c32" | "F" | "D" | "G" | "complex64" | "complex128" => (
            "complex numbers",
            "if the imaginary parts are 0, in Python, numpy.save(NEW, numpy.load(OLD).real)".into(),
        ),
        "O" | "O8" | "object" => (
            "Python objects",
            in_python("numpy.array(list(numpy.load(OLD, allow_pickle=True)), 'f4')"),
        ),
        "f12" | "f16" | "g" | "longdouble" => {
            ("long doubles", in_python("numpy.load(OLD).astype('f8')"))
        }
        "V2" => (
            "two-byte elements without a type, as NumPy saves bfloat16",
            "save it as float32: in PyTorch x.float(), in JAX x.astype('f4')".into(),
        ),
        _ if is_sized("U") || is_sized("S") || is_sized("a") || code == "c" => {
            ("text", in_python("numpy.load(OLD).astype('f8')"))
        }
        _ if is_sized("M8") => ("dates", in_python("numpy.load(OLD).astype('i8')")),
        _ if is_sized("m8") => ("time spans", in_python("numpy.load(OLD).astype('i8')")),
        _ if is_sized("V") => ("bytes without a type", in_python("numpy.load(OLD).view(DTYPE)")),
        _ => {
            let names = Dtype::ALL.map(|dtype| dtype.to_string());
            return format!(
                "has a bad .npy header: dtype {descr:?} is unknown (expected one of {})",
                names.join(" ")
            );
        }
    };
    format!("holds {contents} (found {code}, expected real numbers of at most 8 bytes): {remedy}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// tests/reference/npy_info.py compares the same names with NumPy's.
    #[test]
    fn the_names_that_numpy_accepts_are_parsed() {
        for (descr, expected) in [
            ("<f4", (false, Dtype::F4)),
            (">f4", (true, Dtype::F4)),
            ("=f4", (false, Dtype::F4)),
            ("f4", (false, Dtype::F4)),
            ("|u1", (false, Dtype::U1)),
            ("<u1", (false, Dtype::U1)),
            ("|i1", (false, Dtype::I1)),
            ("|b1", (false, Dtype::B1)),
            ("<b1", (false, Dtype::B1)),
            ("?", (false, Dtype::B1)),
            ("<d", (false, Dtype::F8)),
            (">i", (true, Dtype::I4)),
            ("float32", (false, Dtype::F4)),
            ("bool", (false, Dtype::B1)),
            ("uint8", (false, Dtype::U1)),
        ] {
            assert_eq!(Dtype::parse(descr), Ok(expected), "{descr}");
        }
        for descr in ["", "<", "<<f4", "<float32", " f4", "f3", "u3", "F4", "|"] {
            let message = Dtype::parse(descr).unwrap_err();
            assert!(message.contains("bad .npy header"), "{descr}: {message}");
        }
    }

    #[test]
    fn arrays_without_real_numbers_are_named() {
        for (descr, words) in [
            ("<c8", "complex numbers (found c8, expected real"),
            (">c16", ".real"),
            ("|O", "Python objects"),
            ("<U7", "text"),
            ("|S3", "text"),
            ("<M8[ns]", "dates"),
            ("<m8[s]", "time spans"),
            ("|V2", "bfloat16"),
            ("|V5", "bytes without a type"),
            ("<f16", "astype('f8')"),
        ] {
            let message = Dtype::parse(descr).unwrap_err();
            assert!(message.contains(words) && !message.contains("header"), "{descr}: {message}");
        }
    }
}
