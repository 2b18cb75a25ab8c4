//! An output: a file, a device or a stream to which bytes are written in order.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use super::{
    descriptor,
    draft::Draft,
    target::{Target, name, take_over},
    temporary::{begin, complete},
};
use crate::{Error, Result};

/// A file, a device or stdout to which bytes are written in order.
#[must_use = "a file appears only when it is finished"]
pub struct Output {
    name: PathBuf,
    sink: Sink,
}

enum Sink {
    /// stdout, another open descriptor, a device or a FIFO.
    Stream(Stream),
    File {
        file: BufWriter<Draft>,
        target: PathBuf,
    },
}

/// A buffered stream. Unlike a `BufWriter`, it does not write its buffer when it is dropped: after an
/// error, the reader must not receive the rest as if it were data.
struct Stream {
    file: File,
    buffer: Vec<u8>,
    /// Whether the buffer holds complete lines of text, which are written one by one.
    text: bool,
}

impl Stream {
    const BUFFER: usize = 1 << 16;

    fn new(file: File) -> Self {
        Self { file, buffer: Vec::with_capacity(Self::BUFFER), text: false }
    }

    fn text(&mut self, lines: &[u8]) -> io::Result<()> {
        if !self.text || self.buffer.len() + lines.len() > Self::BUFFER {
            self.flush()?;
        }
        self.text = true;
        self.buffer.extend_from_slice(lines);
        Ok(())
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.text || self.buffer.len() + bytes.len() > Self::BUFFER {
            self.flush()?;
        }
        self.text = false;
        if bytes.len() > Self::BUFFER {
            return self.file.write(bytes);
        }
        self.buffer.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.text {
            // Processes that write to the same pipe interleave their output, but not within a single
            // write.
            let mut lines = self.buffer.split_inclusive(|&byte| byte == b'\n');
            lines.try_for_each(|line| self.file.write_all(line))?;
        } else {
            self.file.write_all(&self.buffer)?;
        }
        self.buffer.clear();
        Ok(())
    }
}

impl Output {
    /// Open `path` for writing; `-` is stdout. A file appears under this name when it is finished.
    ///
    /// # Errors
    /// If the path cannot be written.
    pub fn create(path: &Path) -> Result<Self> {
        let name = name(path);
        let failed = |e: io::Error| Error::io(name, e);
        let target = Target::of(path)?;
        target.check(name)?;
        let sink = match target {
            Target::Descriptor(number) => {
                Sink::Stream(Stream::new(descriptor::open(number).map_err(failed)?))
            }
            Target::Device(device) => {
                // The descriptor of another process may be a regular file, to which that process
                // writes as well.
                let is_file = fs::metadata(&device).is_ok_and(|metadata| metadata.is_file());
                let device = File::options().write(true).append(is_file).open(device);
                Sink::Stream(Stream::new(device.map_err(failed)?))
            }
            Target::Folder(..) => return Err(failed(io::ErrorKind::IsADirectory.into())),
            Target::File(target, existing) => {
                let mode = if existing.is_some() { 0o600 } else { 0o666 };
                let file = begin(&target, mode, |builder, folder| builder.tempfile_in(folder))
                    .map_err(failed)?;
                if let Some(old) = existing {
                    take_over(&old, file.as_file()).map_err(failed)?;
                }
                Sink::File { file: BufWriter::with_capacity(1 << 16, Draft::new(file)), target }
            }
        };
        Ok(Self { name: name.to_owned(), sink })
    }

    /// The name of the output in messages: the path as given, or `stdout`.
    #[must_use]
    pub fn name(&self) -> &Path {
        &self.name
    }

    /// The error for a failed write to this output.
    #[must_use]
    pub fn failed(&self, error: io::Error) -> Error {
        Error::io(&self.name, error)
    }

    /// Write bytes.
    pub fn bytes(&mut self, bytes: &[u8]) -> Result<()> {
        self.write_all(bytes).map_err(|e| self.failed(e))
    }

    /// Write complete lines of text. On a stream each line is a single write, so that the lines of
    /// several processes do not interleave.
    pub fn text(&mut self, lines: &str) -> Result<()> {
        match &mut self.sink {
            Sink::Stream(stream) => stream.text(lines.as_bytes()),
            Sink::File { file, .. } => file.write_all(lines.as_bytes()),
        }
        .map_err(|e| self.failed(e))
    }

    /// Complete the output. A file appears under its name now, and not before.
    pub fn finish(self) -> Result<()> {
        finish_all(vec![self])
    }

    /// Write the buffer, and flush a file to the disk.
    fn sync(&mut self) -> Result<()> {
        let synced = match &mut self.sink {
            Sink::Stream(stream) => stream.flush(),
            Sink::File { file, .. } => {
                file.flush().and_then(|()| file.get_ref().as_file().sync_all())
            }
        };
        synced.map_err(|e| self.failed(e))
    }

    /// Move a file to its target.
    fn put(self) -> Result<()> {
        let Sink::File { file, target } = self.sink else {
            return Ok(());
        };
        let failed = |e: io::Error| Error::io(&self.name, e);
        let file = file.into_inner().map_err(|e| failed(e.into_error()))?.into_file();
        let temporary = file.path().to_owned();
        complete(&temporary, || file.persist(&target)).map(drop).map_err(|e| failed(e.error))
    }
}

/// Complete several outputs. No file appears before all of them are on the disk.
pub fn finish_all(mut outputs: Vec<Output>) -> Result<()> {
    outputs.iter_mut().try_for_each(Output::sync)?;
    outputs.into_iter().try_for_each(Output::put)
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.sink {
            Sink::Stream(stream) => stream.write(bytes),
            Sink::File { file, .. } => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.sink {
            Sink::Stream(stream) => stream.flush(),
            Sink::File { file, .. } => file.flush(),
        }
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")] // macOS has no sockets of packets
mod tests {
    use std::thread::{self, JoinHandle};

    use rustix::net::{AddressFamily, RecvFlags, SocketFlags, SocketType, recv, socketpair};

    use super::*;

    /// An output to a socket that preserves the boundaries of writes, and the lengths of the writes that
    /// arrive.
    fn packets() -> (Output, JoinHandle<Vec<usize>>) {
        let (unix, kind) = (AddressFamily::UNIX, SocketType::SEQPACKET);
        let (writer, reader) = socketpair(unix, kind, SocketFlags::empty(), None).unwrap();
        let lengths = thread::spawn(move || {
            let mut buffer = vec![0_u8; 1 << 20];
            let receive = || recv(&reader, buffer.as_mut_slice(), RecvFlags::empty()).unwrap().0;
            std::iter::repeat_with(receive).take_while(|&length| length > 0).collect()
        });
        let sink = Sink::Stream(Stream::new(File::from(writer)));
        (Output { name: "socket".into(), sink }, lengths)
    }

    #[test]
    fn a_line_of_any_length_is_a_single_write_to_a_stream() {
        let (mut output, received) = packets();
        let lengths = [10, Stream::BUFFER - 5, 3, Stream::BUFFER + 7, 1, Stream::BUFFER, 20];
        for length in lengths {
            output.text(&format!("{}\n", "x".repeat(length - 1))).unwrap();
        }
        // Two lines in one call are two writes, and bytes are not split at line ends.
        output.text("a\nbc\n").unwrap();
        output.bytes(b"a\nb\nc").unwrap();
        output.finish().unwrap();
        assert_eq!(received.join().unwrap(), [&lengths[..], &[2, 3, 5]].concat());
    }

    #[test]
    fn a_stream_that_is_dropped_unfinished_does_not_write_its_buffer() {
        let (mut output, received) = packets();
        output.text("line\n").unwrap();
        drop(output);
        assert!(received.join().unwrap().is_empty());
    }
}
