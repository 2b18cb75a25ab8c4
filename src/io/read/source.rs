//! A file, a FIFO or stdin, read in order and once.

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
};
use crate::{Error, Result};

/// Whether a path argument means stdin or stdout.
#[must_use]
pub fn is_stream(path: &Path) -> bool {
    path == Path::new("-")
}

/// Something bytes are read from, with the name it has in messages.
pub struct Source {
    name: PathBuf,
    reader: Reader,
    len: Option<u64>,
    position: u64,
    /// The first bytes, which tell what a file is that cannot be read.
    start: Vec<u8>,
    sha256: Option<Sha256>,
}

enum Reader {
    /// A regular file: what is not wanted is passed over.
    File(BufReader<File>),
    /// Everything else has to be read to the end.
    Stream(BufReader<Box<dyn Read>>),
}

impl Reader {
    /// A page: no less comes from a disk, and more than is wanted would be read where single rows
    /// of a large file are.
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
    /// Open `path`; `-` is stdin.
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
        // What another program left of stdin.
        let len = metadata.len().saturating_sub(file.stream_position().map_err(failed)?);
        let reader = Reader::File(BufReader::with_capacity(Reader::FILE_BUFFER, file));
        Ok(Self::new(name.to_owned(), reader, Some(len)))
    }

    /// From anything that can be read, of unknown length as a pipe is.
    pub fn of(name: &Path, reader: impl Read + 'static) -> Self {
        Self::new(name.to_owned(), Self::stream(reader), None)
    }

    fn stream(reader: impl Read + 'static) -> Reader {
        Reader::Stream(BufReader::with_capacity(Reader::STREAM_BUFFER, Box::new(reader)))
    }

    fn new(name: PathBuf, reader: Reader, len: Option<u64>) -> Self {
        Self { name, reader, len, position: 0, start: Vec::new(), sha256: None }
    }

    /// The same from its first byte on, unpacked if it is gzip. No more than [`KNOWN_BY`] bytes may
    /// have been read.
    pub(super) fn unpacked(self) -> Result<Self> {
        let whole = Cursor::new(self.start).chain(self.reader);
        let source = Self::of(&self.name, io::empty());
        let reader = gzip::unpacked(Box::new(whole)).map_err(|e| source.failed(e))?;
        Ok(Self { reader: Self::stream(reader), ..source })
    }

    /// Take the SHA-256 of everything read from here on; what is passed over in a file is not.
    #[must_use]
    pub fn hashed(self) -> Self {
        Self { sha256: Some(Sha256::new()), ..self }
    }

    /// The SHA-256, in hexadecimal, of what was read since [`Source::hashed`].
    #[must_use]
    pub fn sha256(&self) -> Option<String> {
        let digest = self.sha256.clone()?.finalize();
        let mut text = String::new();
        for byte in digest {
            let _ = write!(text, "{byte:02x}"); // a String takes everything
        }
        Some(text)
    }

    /// The SHA-256 of all that is left to read.
    pub fn sha256_of_all(self) -> Result<String> {
        let mut source = self.hashed();
        io::copy(&mut source, &mut io::sink()).map_err(|e| source.failed(e))?;
        Ok(source.sha256().expect("it is hashed"))
    }

    /// What messages call it: the path as given, or `stdin`.
    #[must_use]
    pub fn name(&self) -> &Path {
        &self.name
    }

    /// Bytes not yet read, where the length is known beforehand.
    #[must_use]
    pub fn remaining(&self) -> Option<u64> {
        self.len.map(|len| len.saturating_sub(self.position))
    }

    /// Whether the same bytes can be read again by its name: a file, and not stdin.
    #[must_use]
    pub fn opens_again(&self) -> bool {
        self.len.is_some() && self.name != Path::new("stdin")
    }

    /// What it is, if that is known from its first bytes.
    #[must_use]
    pub(super) fn known(&self) -> Option<Known> {
        let start = [self.start.as_slice(), self.reader.buffered()].concat();
        known(&start)
    }

    /// The error of a source that is not of the format expected.
    pub(super) fn not(&self, expected: &str) -> Error {
        match self.known() {
            Some(known) => known.instead_of(expected, &self.name),
            None => self.wrong(format!(
                "is not {expected}, nor of another format known here: if it has bare numbers, {}",
                in_python("numpy.fromfile(OLD, DTYPE).reshape(ROWS, -1)")
            )),
        }
    }

    /// An error about this source's data.
    pub fn wrong(&self, message: impl Into<String>) -> Error {
        Error::data(message).in_file(&self.name)
    }

    /// An error of reading this source.
    #[must_use]
    pub fn failed(&self, error: io::Error) -> Error {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => {
                self.wrong(format!("is cut short (ends after {} bytes)", self.position))
            }
            _ => Error::io(&self.name, error),
        }
    }

    /// Pass over this number of bytes; those of a file are not read.
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

    /// Fill `buffer`, or say after how many bytes the data end.
    pub fn fill(&mut self, buffer: &mut [u8]) -> Result<()> {
        self.read_exact(buffer).map_err(|e| self.failed(e))
    }

    /// Refuse bytes after the end: a length that lies, or two files in one stream.
    pub fn end(&mut self) -> Result<()> {
        match self.read(&mut [0]) {
            Ok(0) => Ok(()),
            Ok(_) => {
                let end = self.position - 1;
                Err(self.wrong(format!("has more bytes than its header says (expected {end})")))
            }
            Err(e) => Err(self.failed(e)),
        }
    }
}

/// A pipe of 64 KB, the preset, makes its two ends wait for each other most of the time.
#[cfg(target_os = "linux")]
fn widen(pipe: impl std::os::fd::AsFd) {
    const BYTES: usize = 1 << 18; // all pipes of a user together get 64 MB, where nothing else is set
    // What is not a pipe, or may not be widened, is read as it is.
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
        if let Some(sha256) = &mut self.sha256 {
            sha256.update(buffer.get(..count).expect("no more is read than fits"));
        }
        Ok(count)
    }
}
