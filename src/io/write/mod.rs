//! Writing: a file appears whole or not at all.
//!
//! A regular file is written beside its target, as `.NAME.RANDOM.tmp`, flushed to the disk and
//! renamed. So whoever opens the target reads either the old bytes or the new ones. The new file
//! takes the mode and owner of the file it replaces. The same holds for a network, which is a
//! directory. A device, a FIFO or an open descriptor, such as stdout and `/dev/fd/3`, is written
//! into and never replaced. A symlink stays, and the file it points to is replaced.

mod array;
mod directory;
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

/// An output of JSON lines, to be finished.
pub fn json_lines<T: Serialize>(path: &Path, values: &[T]) -> Result<Output> {
    let mut output = Output::create(path)?;
    for value in values {
        output.text(&json_line(value)?)?;
    }
    Ok(output)
}

/// An output of values, one in each line, to be finished.
pub fn lines<T: Display>(path: &Path, values: &[T]) -> Result<Output> {
    let mut output = Output::create(path)?;
    for value in values {
        output.text(&format!("{value}\n"))?;
    }
    Ok(output)
}

/// One JSON value and the end of the line.
pub fn json_line<T: Serialize>(value: &T) -> Result<String> {
    let line = serde_json::to_string(value).map_err(|e| Error::data(e.to_string()).caused_by(e))?;
    Ok(line + "\n")
}

/// An output of records as CSV with a header, to be finished.
pub fn csv<T: Serialize>(path: &Path, records: &[T]) -> Result<Output> {
    let mut output = Output::create(path)?;
    let mut writer = csv::Writer::from_writer(Vec::new());
    let failed = |e: csv::Error| Error::data(e.to_string()).in_file(path).caused_by(e);
    for record in records {
        writer.serialize(record).map_err(failed)?;
    }
    let bytes = writer.into_inner().expect("memory takes all bytes");
    output.text(&String::from_utf8(bytes).expect("text becomes text"))?;
    Ok(output)
}

#[cfg(test)]
mod tests {
    use std::fs;

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
}
