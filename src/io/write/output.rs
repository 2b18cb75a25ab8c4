//! An output: a file, a device or a stream that bytes are written to, in order.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use tempfile::NamedTempFile;

use super::{
    target::{Target, name, open_descriptor, take_over},
    temporary::{begin, complete},
};
use crate::{Error, Result};

/// A file, a device or stdout that bytes are written to, in order.
#[must_use = "a file appears only when it is finished"]
pub struct Output {
    name: PathBuf,
    sink: Sink,
}

enum Sink {
    /// stdout, a device or a FIFO
    Stream(Stream),
    File {
        file: BufWriter<NamedTempFile>,
        target: PathBuf,
    },
}

/// A buffered stream. Unlike a `BufWriter`, one that is dropped before its end
/// writes nothing more: after an error no reader takes what is left for data.
struct Stream {
    file: File,
    buffer: Vec<u8>,
    /// Whether the buffer holds whole lines of text.
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
            // Processes that share a pipe mix what they write, but not within one call.
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
    /// Begin to write `path`; `-` is stdout.
    pub fn create(path: &Path) -> Result<Self> {
        let name = name(path);
        let failed = |e: io::Error| Error::io(name, e);
        let target = Target::of(path)?;
        target.check(name)?;
        let sink = match target {
            Target::Descriptor(number) => {
                Sink::Stream(Stream::new(open_descriptor(number).map_err(failed)?))
            }
            Target::Device(device) => {
                // It may be the regular file that another process writes.
                let is_file = fs::metadata(&device).is_ok_and(|metadata| metadata.is_file());
                let device = File::options().write(true).append(is_file).open(device);
                Sink::Stream(Stream::new(device.map_err(failed)?))
            }
            Target::Folder(..) => return Err(failed(io::ErrorKind::IsADirectory.into())),
            Target::File(target, there) => {
                let mode = if there.is_some() { 0o600 } else { 0o666 };
                let file = begin(&target, mode, |builder, folder| builder.tempfile_in(folder))
                    .map_err(failed)?;
                if let Some(old) = there {
                    take_over(&old, file.as_file()).map_err(failed)?;
                }
                Sink::File { file: BufWriter::with_capacity(1 << 16, file), target }
            }
        };
        Ok(Self { name: name.to_owned(), sink })
    }

    /// What messages call it: the path as given, or `stdout`.
    #[must_use]
    pub fn name(&self) -> &Path {
        &self.name
    }

    /// An error of writing this output.
    #[must_use]
    pub fn failed(&self, error: io::Error) -> Error {
        Error::io(&self.name, error)
    }

    /// Write some bytes.
    pub fn bytes(&mut self, bytes: &[u8]) -> Result<()> {
        self.write_all(bytes).map_err(|e| self.failed(e))
    }

    /// Write whole lines of text, each in one call of the system where a stream is
    /// shared: lines of several processes do not mix.
    pub fn text(&mut self, lines: &str) -> Result<()> {
        match &mut self.sink {
            Sink::Stream(stream) => stream.text(lines.as_bytes()),
            Sink::File { file, .. } => file.write_all(lines.as_bytes()),
        }
        .map_err(|e| self.failed(e))
    }

    /// Complete the output: only now does a file appear under its name.
    pub fn finish(self) -> Result<()> {
        finish_all(vec![self])
    }

    /// Bring all bytes to where they cannot be lost.
    fn settle(&mut self) -> Result<()> {
        let settled = match &mut self.sink {
            Sink::Stream(stream) => stream.flush(),
            Sink::File { file, .. } => {
                file.flush().and_then(|()| file.get_ref().as_file().sync_all())
            }
        };
        settled.map_err(|e| self.failed(e))
    }

    fn put(self) -> Result<()> {
        let Sink::File { file, target } = self.sink else {
            return Ok(());
        };
        let failed = |e: io::Error| Error::io(&self.name, e);
        let file = file.into_inner().map_err(|e| failed(e.into_error()))?;
        let temporary = file.path().to_owned();
        complete(&temporary, || file.persist(&target)).map(drop).map_err(|e| failed(e.error))
    }
}

/// Complete several outputs: none appears before the last is on the disk.
pub fn finish_all(mut outputs: Vec<Output>) -> Result<()> {
    outputs.iter_mut().try_for_each(Output::settle)?;
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
mod tests {
    use std::thread::{self, JoinHandle};

    use rustix::net::{AddressFamily, RecvFlags, SocketFlags, SocketType, recv, socketpair};

    use super::*;

    /// An output to a socket that keeps what each call wrote apart, and the lengths that
    /// arrive there.
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
    fn a_line_goes_to_a_stream_in_one_call_whatever_its_length() {
        let (mut output, received) = packets();
        let lengths = [10, Stream::BUFFER - 5, 3, Stream::BUFFER + 7, 1, Stream::BUFFER, 20];
        for length in lengths {
            output.text(&format!("{}\n", "x".repeat(length - 1))).unwrap();
        }
        // Two lines at once are two all the same, and bytes are no lines.
        output.text("a\nbc\n").unwrap();
        output.bytes(b"a\nb\nc").unwrap();
        output.finish().unwrap();
        assert_eq!(received.join().unwrap(), [&lengths[..], &[2, 3, 5]].concat());
    }

    #[test]
    fn a_stream_that_is_dropped_before_its_end_writes_nothing_more() {
        let (mut output, received) = packets();
        output.text("line\n").unwrap();
        drop(output);
        assert!(received.join().unwrap().is_empty());
    }
}
