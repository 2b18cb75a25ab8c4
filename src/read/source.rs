//! A file, a FIFO or stdin, read in order and once.

use std::{
    fmt::Write,
    fs::File,
    io::{self, BufReader, Read},
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};

use crate::{Error, Result};

/// Whether a path argument means stdin or stdout.
#[must_use]
pub fn is_stream(path: &Path) -> bool {
    path == Path::new("-")
}

/// Something bytes are read from, with the name it has in messages.
pub struct Source {
    name: PathBuf,
    reader: Box<dyn Read>,
    len: Option<u64>,
    position: u64,
    sha256: Option<Sha256>,
}

impl Source {
    /// Open `path`; `-` is stdin.
    pub fn open(path: &Path) -> Result<Self> {
        if is_stream(path) {
            widen(io::stdin());
            return Ok(Self::new(PathBuf::from("stdin"), Box::new(io::stdin()), None));
        }
        let file = File::open(path).map_err(|e| Error::io(path, &e))?;
        let metadata = file.metadata().map_err(|e| Error::io(path, &e))?;
        let len = metadata.is_file().then_some(metadata.len());
        Ok(Self::new(path.to_owned(), Box::new(file), len))
    }

    /// From anything that can be read, of unknown length as a pipe is.
    pub fn of(name: &Path, reader: impl Read + 'static) -> Self {
        Self::new(name.to_owned(), Box::new(reader), None)
    }

    fn new(name: PathBuf, inner: Box<dyn Read>, len: Option<u64>) -> Self {
        let reader = Box::new(BufReader::with_capacity(1 << 16, inner));
        Self { name, reader, len, position: 0, sha256: None }
    }

    /// From now on, read what `decode` makes of the bytes, of unknown length.
    pub(super) fn decoded<D: Read + 'static>(
        self,
        decode: impl FnOnce(Box<dyn Read>) -> D,
    ) -> Self {
        Self { reader: Box::new(decode(self.reader)), len: None, ..self }
    }

    /// Take the SHA-256 of everything read from here on.
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
        io::copy(&mut source, &mut io::sink()).map_err(|e| source.failed(&e))?;
        Ok(source.sha256().unwrap_or_default())
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

    /// An error about this source's data.
    pub fn wrong(&self, message: impl Into<String>) -> Error {
        Error::data(message).in_file(&self.name)
    }

    /// An error of reading this source.
    #[must_use]
    pub fn failed(&self, error: &io::Error) -> Error {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => {
                self.wrong(format!("is cut short (ends after {} bytes)", self.position))
            }
            _ => Error::io(&self.name, error),
        }
    }

    /// Fill `buffer`, or say after how many bytes the data end.
    pub fn fill(&mut self, buffer: &mut [u8]) -> Result<()> {
        self.read_exact(buffer).map_err(|e| self.failed(&e))
    }

    /// Refuse bytes after the end: a length that lies, or two files in one stream.
    pub fn end(&mut self) -> Result<()> {
        match self.read(&mut [0]) {
            Ok(0) => Ok(()),
            Ok(_) => {
                let end = self.position - 1;
                Err(self.wrong(format!("has more bytes than its header says (expected {end})")))
            }
            Err(e) => Err(self.failed(&e)),
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
        if let (Some(sha256), Some(read)) = (&mut self.sha256, buffer.get(..count)) {
            sha256.update(read);
        }
        Ok(count)
    }
}
