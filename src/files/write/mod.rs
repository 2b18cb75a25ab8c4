//! Writing: a file appears complete or not at all.
//!
//! A regular file is written beside its target, as `.NAME.RANDOM.tmp`, flushed to the disk and
//! renamed, so that a reader sees either the old or the new contents. The new file takes the mode and
//! the owner of the file that it replaces. The same holds for a network, which is a directory. Devices,
//! FIFOs and open descriptors, such as stdout and `/dev/fd/3`, are written to and never replaced. A
//! symlink is kept, and the file to which it points is replaced.

mod array;
mod columns;
mod descriptor;
mod directory;
mod draft;
mod output;
mod target;
mod temporary;

use std::{fmt::Display, path::Path};

use serde::Serialize;

pub use array::{NpyOutput, npy};
pub use directory::{Directory, Foreign};
pub use output::{Output, finish_all};
pub use target::{check, check_not_read, create_folder, distinct, is_inside, is_terminal};
pub use temporary::{Halt, halt};

use crate::{Error, Result};

/// Write values as JSON lines. The output must be finished by the caller.
pub fn json_lines<T: Serialize>(path: &Path, values: &[T]) -> Result<Output> {
    let mut output = Output::create(path)?;
    for value in values {
        output.text(&json_line(value)?)?;
    }
    Ok(output)
}

/// Write records as a table for people: aligned columns, numbers with four digits. The output must be
/// finished by the caller.
pub fn table<T: Serialize>(path: &Path, records: &[T]) -> Result<Output> {
    let mut output = Output::create(path)?;
    output.text(&columns::columns(records)?)?;
    Ok(output)
}

/// Write values as text, one per line. The output must be finished by the caller.
pub fn lines<T: Display>(path: &Path, values: &[T]) -> Result<Output> {
    let mut output = Output::create(path)?;
    for value in values {
        output.text(&format!("{value}\n"))?;
    }
    Ok(output)
}

/// A value as one line of JSON, with the line end.
pub fn json_line<T: Serialize>(value: &T) -> Result<String> {
    let line = serde_json::to_string(value).map_err(|e| Error::data(e.to_string()).caused_by(e))?;
    Ok(line + "\n")
}

/// Write records as CSV with a header. The output must be finished by the caller.
pub fn csv<T: Serialize>(path: &Path, records: &[T]) -> Result<Output> {
    let mut output = Output::create(path)?;
    let mut writer = csv::Writer::from_writer(Vec::new());
    let failed = |e: csv::Error| Error::data(e.to_string()).in_file(path).caused_by(e);
    for record in records {
        writer.serialize(record).map_err(failed)?;
    }
    let bytes = writer.into_inner().expect("writing to memory does not fail");
    output.text(&String::from_utf8(bytes).expect("CSV of text is text"))?;
    Ok(output)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use ndarray::array;

    #[test]
    fn a_file_appears_only_when_it_is_finished() {
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
    fn no_output_appears_if_one_of_several_fails() {
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
}
