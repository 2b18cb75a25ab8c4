//! The one error type: what is wrong, with which file, and whose fault it is.

use std::{
    fmt, io,
    path::{Path, PathBuf},
};

/// Shorthand for a result with [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

/// Anything that stops a tool. Displays as one line, `file: what is wrong`.
#[derive(Debug)]
pub struct Error {
    kind: Kind,
    file: Option<PathBuf>,
    message: String,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// Decides the exit status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The data, or the disk: status 1.
    Data,
    /// The command line: status 2.
    Usage,
    /// The reader of our output went away: an end by SIGPIPE, silently.
    ClosedPipe,
}

impl Error {
    /// The data make the request impossible.
    pub fn data(message: impl Into<String>) -> Self {
        Self { kind: Kind::Data, file: None, message: message.into(), source: None }
    }

    /// The command line asks for what cannot be done.
    pub fn usage(message: impl Into<String>) -> Self {
        Self { kind: Kind::Usage, ..Self::data(message) }
    }

    /// `file` could not be opened, read, written or renamed.
    #[must_use]
    pub fn io(file: &Path, error: io::Error) -> Self {
        let kind = match error.kind() {
            io::ErrorKind::BrokenPipe => Kind::ClosedPipe,
            _ => Kind::Data,
        };
        Self { kind, ..Self::data(reason(&error)).in_file(file).caused_by(error) }
    }

    /// Keep the error that is behind it, for whoever asks for the source.
    #[must_use]
    pub fn caused_by(mut self, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(error.into());
        self
    }

    /// Say which file it is about, unless that is known already.
    #[must_use]
    pub fn in_file(mut self, file: &Path) -> Self {
        self.file.get_or_insert_with(|| file.to_owned());
        self
    }

    /// What decides the exit status.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|error| error as _)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut left = MAX_LINE;
        if let Some(file) = &self.file {
            // The end of a long path is what tells files apart.
            let file = shorten(&escape(&file.to_string_lossy()), 50, 130);
            left -= file.len();
            write!(f, "{file}: ")?;
        }
        f.write_str(&shorten(&escape(&self.message), left - 60, 50))
    }
}

/// Bytes of a message and its file. With the tool's name and `warning` a line stays below 500.
const MAX_LINE: usize = 460;

/// A number in a message: the shortest text that reads back the same, and `2`, not `2.0`.
#[must_use]
pub fn number(x: impl fmt::Debug) -> String {
    // Unlike Display it has an exponent: 1e-300, not three hundred digits.
    let text = format!("{x:?}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

/// What the system says, without its number.
pub(crate) fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_owned()
}

/// Control characters, escapes and line ends among them, as `\n` or `\u{1b}`.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() {
            escaped.extend(c.escape_default());
        } else {
            escaped.push(c);
        }
    }
    escaped
}

/// At most about `head` and `tail` bytes of a text, with `...` for what is left out.
fn shorten(text: &str, head: usize, tail: usize) -> String {
    if text.len() <= head + tail {
        return text.to_owned();
    }
    let boundary = |i: &usize| text.is_char_boundary(*i);
    let head = (0..=head).rev().find(boundary).unwrap_or(0);
    let tail = (text.len() - tail..text.len()).find(boundary).unwrap_or(text.len());
    format!("{}...{}", &text[..head], &text[tail..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_one_short_line_without_control_characters() {
        let error = Error::data("bad\n\x1b[31m".repeat(200)).in_file(Path::new(&"é/".repeat(3000)));
        let line = error.to_string();
        assert!(line.len() < 480, "{} bytes", line.len());
        assert!(!line.chars().any(char::is_control), "{line}");
    }

    #[test]
    fn numbers_are_as_short_as_they_can_be() {
        for (x, text) in [
            (0.0, "0"),
            (-2.0, "-2"),
            (0.1, "0.1"),
            (-1e-300, "-1e-300"),
            (1e300, "1e300"),
            (f64::MAX, "1.7976931348623157e308"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-inf"),
        ] {
            assert_eq!(number(x), text);
        }
        assert_eq!(number(0.1_f32), "0.1");
        assert_eq!(number(f32::MAX), "3.4028235e38");
    }

    #[test]
    fn what_the_system_said_is_the_source() {
        let error = Error::io(Path::new("a"), io::Error::from_raw_os_error(2));
        let source = std::error::Error::source(&error).and_then(|e| e.downcast_ref::<io::Error>());
        assert_eq!(source.and_then(io::Error::raw_os_error), Some(2));
        assert_eq!(error.to_string(), "a: No such file or directory");
    }

    #[test]
    fn the_first_file_named_stays() {
        let error = Error::data("no").in_file(Path::new("a")).in_file(Path::new("b"));
        assert_eq!(error.to_string(), "a: no");
    }
}
