//! Temporaries: what stands beside a target until it is complete, and is removed
//! where a signal or an error ends the process before.

use std::{
    fs::{self, Permissions},
    io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use tempfile::Builder;

use super::target::folder;

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
pub fn begin<T: AsRef<Path>>(
    target: &Path,
    mode: u32,
    make: impl FnOnce(&Builder<'_, '_>, &Path) -> io::Result<T>,
) -> io::Result<T> {
    let mut temporaries = temporaries();
    let made = beside(target, mode, make)?;
    temporaries.push(made.as_ref().to_owned());
    Ok(made)
}

/// Make a temporary beside its target.
pub fn beside<T>(
    target: &Path,
    mode: u32,
    make: impl FnOnce(&Builder<'_, '_>, &Path) -> io::Result<T>,
) -> io::Result<T> {
    let prefix = prefix(target);
    let mut builder = Builder::new();
    builder.prefix(&prefix).suffix(".tmp").permissions(Permissions::from_mode(mode));
    make(&builder, folder(target)).map_err(|e| without_path(&e))
}

/// Put a temporary in its place, after which it is one no more. No signal ends
/// the process meanwhile.
pub fn complete<T>(temporary: &Path, put: impl FnOnce() -> T) -> T {
    let mut temporaries = temporaries();
    let done = put();
    temporaries.retain(|path| path != temporary);
    done
}

/// Temporary names are `.NAME.RANDOM.tmp`; this is what stands before RANDOM.
fn prefix(target: &Path) -> String {
    // A name at the file system's limit, 255 bytes, leaves no room for more; 30
    // characters are at most 120 bytes.
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    format!(".{}.", name.chars().take(30).collect::<String>())
}

/// tempfile's errors name the temporary; ours name the target.
fn without_path(error: &io::Error) -> io::Error {
    match error.raw_os_error() {
        Some(code) => io::Error::from_raw_os_error(code),
        None => error.kind().into(),
    }
}
