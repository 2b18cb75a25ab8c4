//! Text in front of an array or behind it, as when a program prints its progress to the stdout to which
//! it writes the array.

use super::known::{Known, Remedy};

/// The first bytes of an array.
const ARRAY: &[u8] = b"\x93NUMPY";

/// Number of bytes behind an array from which text is recognised.
pub(super) const BEHIND: usize = 256;

/// What to do about the text.
const REMEDY: &str = "print it to stderr";

/// The text with which the bytes begin, which may be empty, and the rest. Programs that redraw a line of a
/// terminal print backspaces and escape sequences; other control characters do not occur in text.
pub(super) fn split(bytes: &[u8]) -> (&str, &[u8]) {
    let valid = bytes.utf8_chunks().next().map_or("", |chunk| chunk.valid());
    let is_text = |c: char| !c.is_control() || c.is_whitespace() || "\x07\x08\x1b".contains(c);
    let end = valid.find(|c| !is_text(c)).unwrap_or(valid.len());
    (valid.split_at(end).0, bytes.split_at(end).1)
}

/// The text of bytes that are text, of which the last character may be incomplete.
pub(super) fn all(bytes: &[u8]) -> Option<&str> {
    let (text, rest) = split(bytes);
    let is_cut = |e: std::str::Utf8Error| e.valid_up_to() == 0 && e.error_len().is_none();
    let ends = rest.is_empty() || std::str::from_utf8(rest).is_err_and(is_cut);
    (ends && !text.is_empty()).then_some(text)
}

/// Recognise an array with text in front of it by the first bytes of a file.
pub(super) fn in_front(start: &[u8]) -> Option<Known> {
    let (text, rest) = split(start);
    // The array may begin with the last of these bytes.
    let array = rest.starts_with(ARRAY) || !rest.is_empty() && ARRAY.starts_with(rest);
    let wrong = "has text in front of the array";
    (array && !text.is_empty())
        .then(|| Known::with_found(wrong, quoted(text), Remedy::File(REMEDY)))
}

/// Recognise an array with other bytes than text in front of it, such as text that is not UTF-8.
pub(super) fn bytes_in_front(start: &[u8]) -> Option<Known> {
    let count = start.windows(ARRAY.len()).position(|bytes| bytes == ARRAY)?;
    let wrong = "has other bytes in front of the array";
    Some(Known::with_found(wrong, format!("{count} bytes"), Remedy::Nothing))
}

/// What is wrong with an array that is followed by these bytes, if they are text.
pub(super) fn behind(bytes: &[u8]) -> Option<String> {
    let text = all(bytes)?;
    // A single byte of an array is often the code of a character.
    let is_printed = text.trim().len() > 1 && text.contains(char::is_alphanumeric);
    is_printed.then(|| {
        format!("has text behind the array (found {}, expected its end): {REMEDY}", quoted(text))
    })
}

/// The beginning of a file of unknown format that begins with at least one line of text. Plain binary
/// numbers do not, except by a rare chance.
pub(super) fn beginning(start: &[u8]) -> Option<String> {
    const SHORTEST: usize = 8;
    let (text, _) = split(start);
    (text.len() >= SHORTEST && text.contains(['\n', '\r'])).then(|| quoted(text))
}

/// The first line that is not blank, cut if it is long, in quotes.
fn quoted(text: &str) -> String {
    const LONGEST: usize = 40;
    let mut lines = text.split(['\n', '\r', '\x08']).map(str::trim);
    let line = lines.find(|line| !line.is_empty()).unwrap_or(text);
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{:?}...", line.split_at(end).0),
        None => format!("{line:?}"),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn message(start: &[u8]) -> String {
        let known = in_front(start).or_else(|| bytes_in_front(start));
        let error = known.map(|known| known.instead_of("a .npy array", Path::new("f")));
        error.map_or("unknown".into(), |error| error.to_string())
    }

    #[test]
    fn what_is_in_front_of_an_array_is_quoted() {
        let after = |text: &[u8]| [text, b"\x93NUMPY\x01\0v\0{'descr'"].concat();
        for (text, quote) in [
            ("epoch 1 done\n", "\"epoch 1 done\""),
            ("\n\n  a \"b\"\nc\n", "\"a \\\"b\\\"\""),
            ("loading", "\"loading\""),
            (" ", "\" \""),
            ("1/9 [=>..]\x08\x08\x082/9 [==>.]\r", "\"1/9 [=>..]\""),
            ("\x1b[1m9/9\x1b[0m ━━ 0s\n", "\"\\u{1b}[1m9/9\\u{1b}[0m ━━ 0s\""),
            (&"é".repeat(50), &format!("\"{}\"...", "é".repeat(40))),
        ] {
            let expected = format!(
                "f: has text in front of the array (found {quote}, expected a .npy array): \
                 print it to stderr"
            );
            assert_eq!(message(&after(text.as_bytes())), expected);
            // As far as the first bytes show it.
            assert_eq!(message(&[text.as_bytes(), b"\x93NU"].concat()), expected);
        }
        let latin_1 = message(&after(b"termin\xe9e\n"));
        let expected =
            "f: has other bytes in front of the array (found 9 bytes, expected a .npy array)";
        assert_eq!(latin_1, expected);
        for start in [&b"text alone\n"[..], b"text \0 and zeros", b"\0\x01", b""] {
            assert_eq!(message(start), "unknown", "{start:?}");
        }
    }

    #[test]
    fn text_behind_an_array_is_told_from_more_of_its_bytes() {
        let expected = "has text behind the array (found \"epoch 2 done\", expected its end): \
                        print it to stderr";
        assert_eq!(behind(b"epoch 2 done\nand more\n").as_deref(), Some(expected));
        for bytes in [&b"\0\0\x80\x3f"[..], b"A", b"\n", b"ab\0\0", b"\x93NUMPY\x01", b""] {
            assert_eq!(behind(bytes), None, "{bytes:?}");
        }
    }

    #[test]
    fn binary_numbers_do_not_begin_with_lines_of_text() {
        assert_eq!(beginning(b"P5\n28 28\n255\n\0\0\xff").as_deref(), Some("\"P5\""));
        for bytes in [&0.5_f32.to_le_bytes().repeat(9)[..], &[0; 99], b"ab\ncd\0\0\0", b""] {
            assert_eq!(beginning(bytes), None, "{bytes:?}");
        }
    }
}
