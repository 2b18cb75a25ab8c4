//! Writing: a file appears whole or not at all.
//!
//! A regular file is written beside its target, as `.NAME.RANDOM.tmp`, flushed
//! to the disk and renamed: whoever opens the target meets the old bytes or the
//! new ones. So does a network, which is a directory. A device or FIFO is
//! written into, never renamed over; a symlink stays, what it points to is
//! replaced.

use std::{
    fmt::Display,
    fs::{self, File, Permissions},
    io::{self, BufWriter, Write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use ndarray::{ArrayBase, Data, Dimension};
use ndarray_npy::{WritableElement, WriteDataError};
use py_literal::Value as PyValue;
use rustix::fs::{CWD, RenameFlags, renameat_with};
use serde::Serialize;
use tempfile::{Builder, NamedTempFile, TempDir};

use crate::{Error, Result, elementwise::all_finite, read::is_stream};

/// What has to be removed when a signal ends the process. Locked while a
/// temporary comes or goes, so that none is overlooked.
static TEMPORARIES: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

fn temporaries() -> MutexGuard<'static, Vec<PathBuf>> {
    TEMPORARIES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// No file can be begun or completed until this is dropped.
pub struct Halt {
    _locked: MutexGuard<'static, Vec<PathBuf>>,
}

/// Remove what is being written, and let nothing more be: for a process that is
/// about to end, by a signal or by an error.
#[must_use]
pub fn halt() -> Halt {
    let temporaries = temporaries();
    for path in temporaries.iter() {
        // It may be gone, or renamed, already.
        let _ = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    }
    Halt { _locked: temporaries }
}

/// Make a temporary beside its target, which [`halt`] removes; `mode` is less the umask.
fn begin<T: AsRef<Path>>(
    target: &Path,
    mode: u32,
    make: impl FnOnce(&Builder<'_, '_>, &Path) -> io::Result<T>,
) -> io::Result<T> {
    let prefix = prefix(target);
    let mut builder = Builder::new();
    builder.prefix(&prefix).suffix(".tmp").permissions(Permissions::from_mode(mode));
    let mut temporaries = temporaries();
    let made = make(&builder, folder(target)).map_err(|e| without_path(&e))?;
    temporaries.push(made.as_ref().to_owned());
    Ok(made)
}

/// Put a temporary in its place, after which it is one no more.
fn complete<T>(temporary: &Path, put: impl FnOnce() -> T) -> T {
    let mut temporaries = temporaries();
    let done = put();
    temporaries.retain(|path| path != temporary);
    done
}

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
    inner: Box<dyn Write>,
    buffer: Vec<u8>,
}

impl Stream {
    const BUFFER: usize = 1 << 16;

    fn new(inner: Box<dyn Write>) -> Self {
        Self { inner, buffer: Vec::with_capacity(Self::BUFFER) }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.buffer.len() + bytes.len() > Self::BUFFER {
            self.flush()?;
        }
        if bytes.len() > Self::BUFFER {
            return self.inner.write(bytes);
        }
        self.buffer.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.write_all(&self.buffer)?;
        self.buffer.clear();
        self.inner.flush()
    }
}

impl Output {
    /// Begin to write `path`; `-` is stdout.
    pub fn create(path: &Path) -> Result<Self> {
        if is_stream(path) {
            let stdout = Stream::new(Box::new(io::stdout()));
            return Ok(Self { name: "stdout".into(), sink: Sink::Stream(stdout) });
        }
        let failed = |e: io::Error| Error::io(path, &e);
        let target = resolve(path).map_err(failed)?;
        let sink = match fs::metadata(&target) {
            Ok(metadata) if metadata.is_dir() => {
                return Err(failed(io::ErrorKind::IsADirectory.into()));
            }
            Ok(metadata) if !metadata.is_file() => {
                let device = File::options().write(true).open(&target).map_err(failed)?;
                Sink::Stream(Stream::new(Box::new(device)))
            }
            _ => {
                let file = begin(&target, 0o666, |builder, folder| builder.tempfile_in(folder))
                    .map_err(failed)?;
                Sink::File { file: BufWriter::with_capacity(1 << 16, file), target }
            }
        };
        Ok(Self { name: path.to_owned(), sink })
    }

    /// An error of writing this output.
    #[must_use]
    pub fn failed(&self, error: &io::Error) -> Error {
        Error::io(&self.name, error)
    }

    /// Write some bytes.
    pub fn bytes(&mut self, bytes: &[u8]) -> Result<()> {
        self.write_all(bytes).map_err(|e| self.failed(&e))
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
        settled.map_err(|e| self.failed(&e))
    }

    fn put(self) -> Result<()> {
        let Sink::File { file, target } = self.sink else {
            return Ok(());
        };
        let failed = |e: &io::Error| Error::io(&self.name, e);
        let file = file.into_inner().map_err(|e| failed(e.error()))?;
        let temporary = file.path().to_owned();
        complete(&temporary, || file.persist(&target)).map(drop).map_err(|e| failed(&e.error))
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

/// What arrays are written of.
pub trait Element: WritableElement + Copy + Display {
    /// Whether all are numbers: neither infinite nor NaN.
    fn are_numbers(elements: &[Self]) -> bool;
}

impl Element for f32 {
    fn are_numbers(elements: &[Self]) -> bool {
        all_finite(elements)
    }
}

impl Element for f64 {
    fn are_numbers(elements: &[Self]) -> bool {
        all_finite(elements)
    }
}

impl Element for u8 {
    fn are_numbers(_: &[Self]) -> bool {
        true
    }
}

/// An array that is written in blocks, first axis first.
pub struct NpyOutput<T> {
    output: Output,
    shape: Vec<usize>,
    missing: usize,
    element: std::marker::PhantomData<T>,
}

impl<T: Element> NpyOutput<T> {
    /// Begin an array of this shape, in C order.
    pub fn create(path: &Path, shape: &[usize]) -> Result<Self> {
        Self::within(Output::create(path)?, shape)
    }

    /// Begin an array of this shape after what was already written.
    pub fn within(mut output: Output, shape: &[usize]) -> Result<Self> {
        let missing = shape.iter().try_fold(1, |count: usize, &axis| count.checked_mul(axis));
        let most = usize::MAX / 2 / size_of::<T>();
        let Some(missing) = missing.filter(|&missing| missing <= most) else {
            return Err(Error::data(format!(
                "is to hold more elements than a file can have (found shape {shape:?}, expected at most {most} in all)"
            ))
            .in_file(&output.name));
        };
        output.bytes(&npy_header::<T>(shape))?;
        Ok(Self { output, shape: shape.to_vec(), missing, element: std::marker::PhantomData })
    }

    /// Write the next elements: those of `block`, in C order.
    pub fn block<S: Data<Elem = T>, D: Dimension>(
        &mut self,
        block: &ArrayBase<S, D>,
    ) -> Result<()> {
        let standard = block.as_standard_layout();
        let elements = standard.as_slice().unwrap_or_default();
        if !T::are_numbers(elements) {
            return Err(self.no_number(elements));
        }
        self.missing = self
            .missing
            .checked_sub(elements.len())
            .ok_or_else(|| self.wrong("was given more elements than its shape holds"))?;
        T::write_slice(elements, &mut self.output).map_err(|e| match e {
            WriteDataError::Io(e) => self.output.failed(&e),
            e @ WriteDataError::FormatData(_) => self.wrong(&e.to_string()),
        })
    }

    /// Complete the array.
    pub fn finish(self) -> Result<()> {
        self.filled()?.finish()
    }

    /// The output, which has all of the array.
    pub fn filled(self) -> Result<Output> {
        match self.missing {
            0 => Ok(self.output),
            missing => Err(self.wrong(&format!("lacks {missing} elements of its shape"))),
        }
    }

    /// What is written can be read again: every value is a number.
    fn no_number(&self, elements: &[T]) -> Error {
        let (place, found) = (0..).zip(elements).find(|(_, x)| !T::are_numbers(&[**x])).unzip();
        let written = self.shape.iter().product::<usize>() - self.missing;
        let mut place = written + place.unwrap_or(0);
        let mut index: Vec<usize> = Vec::new();
        for &axis in self.shape.iter().rev() {
            index.insert(0, place % axis.max(1));
            place /= axis.max(1);
        }
        let found = found.map(ToString::to_string).unwrap_or_default();
        self.wrong(&format!(
            "is to hold a value at {index:?} that is no finite number (found {found}): the arguments or the data are too large"
        ))
    }

    fn wrong(&self, message: &str) -> Error {
        Error::data(message).in_file(&self.output.name)
    }
}

/// An output of a whole array, to be finished.
pub fn npy<T, S, D>(path: &Path, array: &ArrayBase<S, D>) -> Result<Output>
where
    T: Element,
    S: Data<Elem = T>,
    D: Dimension,
{
    let mut output = NpyOutput::create(path, array.shape())?;
    output.block(array)?;
    output.filled()
}

/// Version 1.0 of the format, padded to 64 bytes as NumPy does.
fn npy_header<T: WritableElement>(shape: &[usize]) -> Vec<u8> {
    let descr = match T::type_descriptor() {
        PyValue::String(descr) => descr,
        other => other.to_string(),
    };
    let axes: Vec<_> = shape.iter().map(ToString::to_string).collect();
    let shape = if let [axis] = axes.as_slice() { format!("{axis},") } else { axes.join(", ") };
    let text = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({shape}), }}");
    let len = (10 + text.len() + 1).next_multiple_of(64) - 10;
    let mut header = b"\x93NUMPY\x01\x00".to_vec();
    // At most 8 axes of 20 digits: far below 65,536.
    header.extend(u16::try_from(len).unwrap_or(u16::MAX).to_le_bytes());
    header.extend(format!("{text:<width$}\n", width = len - 1).into_bytes());
    header
}

/// An output of JSON lines, to be finished.
pub fn json_lines<T: Serialize>(path: &Path, values: &[T]) -> Result<Output> {
    let mut output = Output::create(path)?;
    for value in values {
        output.bytes(json_line(value)?.as_bytes())?;
    }
    Ok(output)
}

/// An output of a line a value, to be finished.
pub fn lines<T: Display>(path: &Path, values: &[T]) -> Result<Output> {
    let mut output = Output::create(path)?;
    for value in values {
        output.bytes(format!("{value}\n").as_bytes())?;
    }
    Ok(output)
}

/// One JSON value and the end of the line.
pub fn json_line<T: Serialize>(value: &T) -> Result<String> {
    let line = serde_json::to_string(value).map_err(|e| Error::data(e.to_string()))?;
    Ok(line + "\n")
}

/// An output of records as CSV with a header, to be finished.
pub fn csv<T: Serialize>(path: &Path, records: &[T]) -> Result<Output> {
    let mut output = Output::create(path)?;
    let mut writer = csv::Writer::from_writer(Vec::new());
    let failed = |e: csv::Error| Error::data(e.to_string()).in_file(path);
    for record in records {
        writer.serialize(record).map_err(failed)?;
    }
    let bytes = writer.into_inner().map_err(|e| Error::data(e.to_string()).in_file(path))?;
    output.bytes(&bytes)?;
    Ok(output)
}

/// A directory that is filled beside its target and then put in its place.
pub struct Directory {
    name: PathBuf,
    target: PathBuf,
    temporary: TempDir,
}

impl Directory {
    /// Begin to write the directory `path`. An older one is replaced only if it
    /// holds `mark`, the file by which its kind is known, or nothing.
    pub fn create(path: &Path, mark: &str) -> Result<Self> {
        let failed = |e: io::Error| Error::io(path, &e);
        let target = resolve(path).map_err(failed)?;
        if fs::symlink_metadata(&target).is_ok() {
            let mut entries = fs::read_dir(&target).map_err(failed)?;
            if entries.next().is_some() && !target.join(mark).is_file() {
                return Err(Error::data(format!(
                    "would replace a folder that is something else (found no {mark} in it)"
                ))
                .in_file(path));
            }
        }
        let temporary =
            begin(&target, 0o777, |builder, folder| builder.tempdir_in(folder)).map_err(failed)?;
        Ok(Self { name: path.to_owned(), target, temporary })
    }

    /// Where to write what the directory is to hold.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.temporary.path()
    }

    /// Put the directory in its place.
    pub fn finish(self) -> Result<()> {
        let Self { name, target, temporary } = self;
        let failed = |e: io::Error| Error::io(&name, &e);
        let new = temporary.path().to_owned();
        File::open(&new).and_then(|folder| folder.sync_all()).map_err(failed)?;
        let put = || {
            match fs::rename(&new, &target) {
                // Renaming replaces no folder that holds something: it is there, or was
                // put there by another process this moment.
                Err(_) if target.exists() => {}
                renamed => return renamed,
            }
            // Afterwards the temporary name is the old directory's.
            let exchanged = renameat_with(CWD, &new, CWD, &target, RenameFlags::EXCHANGE);
            exchanged.map_err(io::Error::from).or_else(|_| {
                fs::remove_dir_all(&target)?;
                fs::rename(&new, &target)
            })
        };
        complete(&new, || {
            let result = put();
            drop(temporary);
            result
        })
        .map_err(failed)
    }
}

/// Where a path leads: what a symlink points to, or the path itself.
fn resolve(path: &Path) -> io::Result<PathBuf> {
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_symlink() => match fs::canonicalize(path) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                // A dangling link: what it names is to appear.
                Ok(folder(path).join(fs::read_link(path)?))
            }
            resolved => resolved,
        },
        // `.`, `..` and `DIR/` have no name to put a temporary beside.
        Ok(metadata) if metadata.is_dir() => fs::canonicalize(path),
        _ => Ok(path.components().collect()),
    }
}

fn folder(target: &Path) -> &Path {
    match target.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

/// Temporary names are `.NAME.RANDOM.tmp`; this is what stands before RANDOM.
fn prefix(target: &Path) -> String {
    // A name at the file system's limit leaves no room for more.
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    format!(".{}.", name.chars().take(40).collect::<String>())
}

/// tempfile's errors name the temporary; ours name the target.
fn without_path(error: &io::Error) -> io::Error {
    match error.raw_os_error() {
        Some(code) => io::Error::from_raw_os_error(code),
        None => error.kind().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn nothing_appears_before_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.npy");
        fs::write(&path, "old").unwrap();
        let mut output = Output::create(&path).unwrap();
        output.bytes(b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"old");
        output.finish().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        drop(Output::create(&path).unwrap());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn of_several_outputs_none_appears_where_one_fails() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.npy");
        let output = npy(&path, &array![1.0_f32]).unwrap();
        let full = npy(Path::new("/dev/full"), &array![1.0_f32]).unwrap();
        assert!(finish_all(vec![output, full]).is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_symlink_stays_and_a_folder_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let (link, target) = (folder.path().join("link"), folder.path().join("target"));
        std::os::unix::fs::symlink(&target, &link).unwrap();
        for content in [array![1_u8], array![2]] {
            npy(&link, &content).unwrap().finish().unwrap();
            assert!(link.is_symlink());
            assert_eq!(ndarray_npy::read_npy::<_, ndarray::Array1<u8>>(&target).unwrap(), content);
        }
        assert!(Output::create(folder.path()).is_err());
    }

    #[test]
    fn a_directory_is_replaced_whole_and_only_one_of_its_kind() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("net");
        for content in ["1", "2"] {
            let directory = Directory::create(&path, "model.json").unwrap();
            fs::write(directory.path().join("model.json"), content).unwrap();
            directory.finish().unwrap();
            assert_eq!(fs::read_to_string(path.join("model.json")).unwrap(), content);
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(Directory::create(folder.path(), "model.json").is_err());
    }

    #[test]
    fn an_array_has_the_header_numpy_writes() {
        let header = npy_header::<f32>(&[3]);
        assert_eq!(header.len(), 128);
        assert!(header.ends_with(b" \n"));
        let text = String::from_utf8_lossy(&header[10..]).into_owned();
        assert!(text.starts_with("{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }"));
    }

    #[test]
    fn a_value_that_is_no_number_is_named_and_nothing_appears() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.npy");
        for bad in [f32::INFINITY, f32::NEG_INFINITY, f32::NAN] {
            let mut output = NpyOutput::create(&path, &[3, 2, 2]).unwrap();
            output.block(&array![[1.0, 2.0], [3.0, f32::MAX]]).unwrap();
            let message = output.block(&array![[1.0, 2.0], [bad, bad]]).unwrap_err().to_string();
            assert!(message.contains("at [1, 1, 0]") && message.contains("x.npy"), "{message}");
            drop(output);
            assert!(npy(&path, &array![1.0, f64::from(bad)]).is_err());
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_shape_that_no_file_holds_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.npy");
        for shape in [[usize::MAX, 1], [usize::MAX, usize::MAX], [1 << 40, 1 << 40]] {
            assert!(NpyOutput::<f32>::create(&path, &shape).is_err(), "{shape:?}");
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn an_array_with_missing_rows_does_not_appear() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.npy");
        let mut output = NpyOutput::create(&path, &[2, 2]).unwrap();
        output.block(&array![1.0_f64, 2.0]).unwrap();
        assert!(output.finish().is_err());
        assert!(!path.exists());
    }
}
