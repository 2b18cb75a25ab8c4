//! The error type of the library and the tools: what is wrong, in which file, and of which kind it is.

use std::{
    fmt, io,
    path::{Path, PathBuf},
};

/// Shorthand for a result with [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

/// An error that stops a tool. It is displayed as one line, `file: what is wrong`.
#[derive(Debug)]
pub struct Error {
    kind: Kind,
    file: Option<PathBuf>,
    message: String,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// The kind of an error, which determines the exit status of a tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An error in the data, or of input or output: exit status 1.
    Data,
    /// An error in the arguments: exit status 2.
    Usage,
    /// The reader of the output has closed the pipe: the tool ends by SIGPIPE without a message.
    ClosedPipe,
}

impl Error {
    /// An error in the data.
    pub fn data(message: impl Into<String>) -> Self {
        Self { kind: Kind::Data, file: None, message: message.into(), source: None }
    }

    /// An error in the arguments.
    pub fn usage(message: impl Into<String>) -> Self {
        Self { kind: Kind::Usage, ..Self::data(message) }
    }

    /// An error of opening, reading, writing or renaming `file`.
    #[must_use]
    pub fn io(file: &Path, error: io::Error) -> Self {
        let kind = match error.kind() {
            io::ErrorKind::BrokenPipe => Kind::ClosedPipe,
            _ => Kind::Data,
        };
        Self { kind, ..Self::data(reason(&error)).in_file(file).caused_by(error) }
    }

    /// Attach the error that caused this one, as its source.
    #[must_use]
    pub fn caused_by(mut self, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(error.into());
        self
    }

    /// Attach the file that the error is about, unless it has one already.
    #[must_use]
    pub fn in_file(mut self, file: &Path) -> Self {
        self.file.get_or_insert_with(|| file.to_owned());
        self
    }

    /// Add to the message what can be done, if it is known.
    #[must_use]
    pub fn with_remedy(mut self, remedy: Option<String>) -> Self {
        if let Some(remedy) = remedy {
            self.message = format!("{}: {remedy}", self.message);
        }
        self
    }

    /// The kind of the error.
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
            // Long paths usually differ at the end, so that more of it is kept.
            let file = shorten(&escape(&file.to_string_lossy()), 50, 130);
            left -= file.len();
            write!(f, "{file}: ")?;
        }
        f.write_str(&shorten(&escape(&self.message), left - 60, 50))
    }
}

/// Largest number of bytes of a message with its file. With the name of the tool and `warning`, a line
/// stays below 500 bytes.
const MAX_LINE: usize = 460;

/// A number as text for a message: the shortest that reads back the same, without a trailing `.0`.
#[must_use]
pub fn number(x: impl fmt::Debug) -> String {
    // Debug uses an exponent, as in 1e-300, where Display would print three hundred digits.
    let text = format!("{x:?}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

/// The message of the operating system, without the error number.
pub(crate) fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_owned()
}

/// The text with control characters, such as line ends, written as `\n` or `\u{1b}`.
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

/// The text with its middle replaced by `...` if it is longer than `head` and `tail` bytes together.
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
    fn the_error_of_the_system_is_the_source() {
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
