//! A source of bytes: a file, a FIFO or stdin, which is read once and in order.

use std::{
    fmt::Write,
    fs::File,
    io::{self, BufReader, Cursor, Read, Seek},
    os::fd::AsFd,
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};

use super::{
    gzip,
    known::{KNOWN_BY, Known, in_python, known},
    printed,
};
use crate::{Error, Result};

/// Whether a path argument means stdin or stdout.
#[must_use]
pub fn is_stream(path: &Path) -> bool {
    path == Path::new("-")
}

/// The error for a file in the place of a network's directory.
#[must_use]
pub fn instead_of_network(file: &Path) -> Error {
    let begun = Source::open(file).and_then(|mut source| {
        let read = io::copy(&mut (&mut source).take(KNOWN_BY as u64), &mut io::sink());
        read.map(|_| source.known()).map_err(|e| source.failed(e))
    });
    match begun {
        Ok(Some(known)) => known.instead_of_network(file),
        Ok(None) => Error::data("is a file (expected the directory of a network)").in_file(file),
        Err(e) => e,
    }
}

/// A source of bytes and its name in messages.
pub struct Source {
    name: PathBuf,
    reader: Reader,
    /// Number of bytes; `None` for a stream.
    len: Option<u64>,
    position: u64,
    /// The first bytes, from which an unexpected format is recognised.
    start: Vec<u8>,
    sha256: Option<Sha256>,
    /// The bytes read since [`Source::copied`].
    copy: Option<Vec<u8>>,
}

enum Reader {
    /// A regular file, in which bytes can be skipped by seeking.
    File(BufReader<File>),
    /// Anything else, in which all bytes have to be read.
    Stream(BufReader<Box<dyn Read>>),
}

impl Reader {
    /// One page, the smallest unit read from a disk. A larger buffer would read too much if only some
    /// rows of a large file are used.
    const FILE_BUFFER: usize = 1 << 12;
    const STREAM_BUFFER: usize = 1 << 16;

    fn buffered(&self) -> &[u8] {
        match self {
            Self::File(file) => file.buffer(),
            Self::Stream(stream) => stream.buffer(),
        }
    }
}

impl Read for Reader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.read(buffer),
            Self::Stream(stream) => stream.read(buffer),
        }
    }
}

impl Source {
    /// Open `path` for reading; `-` is stdin.
    ///
    /// # Errors
    /// If the path cannot be opened or is a folder.
    pub fn open(path: &Path) -> Result<Self> {
        if is_stream(path) {
            let stdin = io::stdin().as_fd().try_clone_to_owned();
            widen(io::stdin());
            return Self::of_file(Path::new("stdin"), stdin.map(File::from));
        }
        Self::of_file(path, File::open(path))
    }

    fn of_file(name: &Path, file: io::Result<File>) -> Result<Self> {
        let failed = |e: io::Error| Error::io(name, e);
        let mut file = file.map_err(failed)?;
        let metadata = file.metadata().map_err(failed)?;
        if metadata.is_dir() {
            return Err(Error::data("is a folder (expected a file)").in_file(name));
        }
        if !metadata.is_file() {
            return Ok(Self::of(name, file));
        }
        // The position matters for stdin, of which another program may have read a part.
        let len = metadata.len().saturating_sub(file.stream_position().map_err(failed)?);
        let reader = Reader::File(BufReader::with_capacity(Reader::FILE_BUFFER, file));
        Ok(Self::new(name.to_owned(), reader, Some(len)))
    }

    /// A source of unknown length, such as a pipe.
    pub fn of(name: &Path, reader: impl Read + 'static) -> Self {
        Self::new(name.to_owned(), Self::stream(reader), None)
    }

    fn stream(reader: impl Read + 'static) -> Reader {
        Reader::Stream(BufReader::with_capacity(Reader::STREAM_BUFFER, Box::new(reader)))
    }

    fn new(name: PathBuf, reader: Reader, len: Option<u64>) -> Self {
        Self { name, reader, len, position: 0, start: Vec::new(), sha256: None, copy: None }
    }

    /// The same source from its first byte. At most [`KNOWN_BY`] bytes may have been read so far.
    pub(super) fn again(self) -> Result<Self> {
        let reader = match self.reader {
            Reader::File(mut file) => {
                let read =
                    i64::try_from(self.start.len()).expect("at most KNOWN_BY bytes are kept");
                file.seek_relative(-read).map_err(|e| Error::io(&self.name, e))?;
                Reader::File(file)
            }
            Reader::Stream(stream) => {
                let arrived = [self.start.as_slice(), stream.buffer()].concat();
                Self::stream(Cursor::new(arrived).chain(stream.into_inner()))
            }
        };
        Ok(Self::new(self.name, reader, self.len))
    }

    /// The same source from its first byte, unpacked if it is gzip. At most [`KNOWN_BY`] bytes may have
    /// been read so far.
    pub(super) fn unpacked(self) -> Result<Self> {
        let whole = Cursor::new(self.start).chain(self.reader);
        let source = Self::of(&self.name, io::empty());
        let reader = gzip::unpacked(Box::new(whole)).map_err(|e| source.failed(e))?;
        Ok(Self { reader: Self::stream(reader), ..source })
    }

    /// Compute the SHA-256 of all bytes read from now on. Bytes that are skipped are not included.
    #[must_use]
    pub fn hashed(self) -> Self {
        Self { sha256: Some(Sha256::new()), ..self }
    }

    /// Keep a copy of all bytes read from now on.
    pub(super) fn copied(self) -> Self {
        Self { copy: Some(Vec::new()), ..self }
    }

    /// Keep no further bytes, and take those that were kept.
    pub(super) fn end_copy(&mut self) -> Vec<u8> {
        self.copy.take().unwrap_or_default()
    }

    /// The SHA-256, in hexadecimal, of the bytes read since [`Source::hashed`]; `None` if it is not
    /// computed.
    #[must_use]
    pub fn sha256(&self) -> Option<String> {
        let digest = self.sha256.clone()?.finalize();
        let mut text = String::new();
        for byte in digest {
            let _ = write!(text, "{byte:02x}"); // writing to a String does not fail
        }
        Some(text)
    }

    /// The SHA-256, in hexadecimal, of the rest of the source.
    pub fn sha256_of_all(self) -> Result<String> {
        let mut source = self.hashed();
        io::copy(&mut source, &mut io::sink()).map_err(|e| source.failed(e))?;
        Ok(source.sha256().expect("the source is hashed"))
    }

    /// The name of the source in messages: the path as given, or `stdin`.
    #[must_use]
    pub fn name(&self) -> &Path {
        &self.name
    }

    /// Number of bytes not yet read; `None` for a stream.
    #[must_use]
    pub fn remaining(&self) -> Option<u64> {
        self.len.map(|len| len.saturating_sub(self.position))
    }

    /// Whether the source can be opened again by its name, as a file other than stdin can.
    #[must_use]
    pub fn opens_again(&self) -> bool {
        self.len.is_some() && self.name != Path::new("stdin")
    }

    /// The format of the source, if it is recognised from the first bytes.
    #[must_use]
    pub(super) fn known(&self) -> Option<Known> {
        known(&self.beginning())
    }

    /// The first bytes of the source, at most [`KNOWN_BY`], as far as they have arrived.
    pub(super) fn beginning(&self) -> Vec<u8> {
        let mut start = [self.start.as_slice(), self.reader.buffered()].concat();
        start.truncate(KNOWN_BY);
        start
    }

    /// The error for a source that does not have the expected format.
    pub(super) fn not(&self, expected: &str) -> Error {
        let start = self.beginning();
        if let Some(known) = known(&start) {
            return known.instead_of(expected, &self.name);
        }
        let hint = match printed::beginning(&start) {
            Some(text) => format!("it begins with the text {text}"),
            None => format!(
                "if it holds plain binary numbers, {}",
                in_python("numpy.fromfile(OLD, DTYPE).reshape(ROWS, -1)")
            ),
        };
        self.wrong(format!("is not {expected}, and its format is unknown: {hint}"))
    }

    /// An error about the data of this source.
    pub fn wrong(&self, message: impl Into<String>) -> Error {
        Error::data(message).in_file(&self.name)
    }

    /// The error for a failed read from this source.
    #[must_use]
    pub fn failed(&self, error: io::Error) -> Error {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => {
                self.wrong(format!("is cut short (ends after {} bytes)", self.position))
            }
            _ => Error::io(&self.name, error),
        }
    }

    /// Skip this number of bytes. In a file, this does not read them.
    pub(super) fn skip(&mut self, bytes: u64) -> Result<()> {
        if let (Reader::File(file), Ok(offset)) = (&mut self.reader, i64::try_from(bytes)) {
            file.seek_relative(offset).map_err(|e| Error::io(&self.name, e))?;
            self.position += bytes;
            return Ok(());
        }
        match io::copy(&mut self.by_ref().take(bytes), &mut io::sink()) {
            Ok(skipped) if skipped == bytes => Ok(()),
            Ok(_) => Err(self.failed(io::ErrorKind::UnexpectedEof.into())),
            Err(e) => Err(self.failed(e)),
        }
    }

    /// Fill `buffer`.
    ///
    /// # Errors
    /// If the source ends before that; the message says after how many bytes.
    pub fn fill(&mut self, buffer: &mut [u8]) -> Result<()> {
        self.read_exact(buffer).map_err(|e| self.failed(e))
    }

    /// Check that the source ends here.
    ///
    /// # Errors
    /// If more bytes follow, because the header is wrong or because two files were concatenated.
    pub fn end(&mut self) -> Result<()> {
        let end = self.position;
        let text = self.text_behind()?;
        if self.position == end {
            return Ok(());
        }
        let more = || format!("has more bytes than its header says (expected {end})");
        Err(self.wrong(text.unwrap_or_else(more)))
    }

    /// What is wrong with an array that ends here, if text follows it.
    pub(super) fn text_behind(&mut self) -> Result<Option<String>> {
        let mut bytes = [0; printed::BEHIND];
        let count = self.read(&mut bytes).map_err(|e| self.failed(e))?;
        Ok(printed::behind(bytes.split_at(count).0))
    }
}

/// Enlarge the buffer of a pipe. With the default of 64 KB, the two processes would wait for each
/// other most of the time.
#[cfg(target_os = "linux")]
fn widen(pipe: impl std::os::fd::AsFd) {
    const BYTES: usize = 1 << 18; // by default, all pipes of a user may take 64 MB together
    // An error is ignored: stdin is not a pipe, or its size is limited.
    let _ = rustix::pipe::fcntl_setpipe_size(pipe, BYTES);
}

#[cfg(not(target_os = "linux"))]
fn widen<T>(_: T) {}

impl Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = loop {
            match self.reader.read(buffer) {
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                other => break other?,
            }
        };
        self.position += count as u64;
        let wanted = count.min(KNOWN_BY.saturating_sub(self.start.len()));
        self.start.extend(buffer.iter().take(wanted));
        let read = buffer.get(..count).expect("at most a buffer full is read");
        if let Some(sha256) = &mut self.sha256 {
            sha256.update(read);
        }
        if let Some(copy) = &mut self.copy {
            copy.extend(read);
        }
        Ok(count)
    }
}
