//! Temporary files and directories. They lie beside a target until they are complete, and are removed
//! if a signal or an error ends the process before that.

use std::{
    fs::{self, Permissions},
    io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use tempfile::Builder;

use super::target::folder;

/// The temporaries that have to be removed if a signal ends the process. The lock is held while a
/// temporary is created or renamed, so that none is missed.
static TEMPORARIES: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

fn temporaries() -> MutexGuard<'static, Vec<PathBuf>> {
    TEMPORARIES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A guard: no temporary can be created or completed until it is dropped.
pub struct Halt {
    _locked: MutexGuard<'static, Vec<PathBuf>>,
}

/// Remove all temporaries and prevent new ones, in a process that is about to end after a signal or an
/// error.
#[must_use]
pub fn halt() -> Halt {
    let temporaries = temporaries();
    for path in temporaries.iter() {
        // Errors are ignored, because the temporary may have been removed or renamed.
        let _ = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    }
    Halt { _locked: temporaries }
}

/// Create a temporary beside its target and register it for removal by [`halt`]. The umask is applied
/// to `mode`.
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

/// Create a temporary beside its target.
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

/// Move a temporary to its target by calling `put`, and unregister it. Meanwhile, no signal can end
/// the process.
pub fn complete<T>(temporary: &Path, put: impl FnOnce() -> T) -> T {
    let mut temporaries = temporaries();
    let result = put();
    temporaries.retain(|path| path != temporary);
    result
}

/// The first part of the name of a temporary, `.NAME.RANDOM.tmp`, up to RANDOM.
fn prefix(target: &Path) -> String {
    // File names are limited to 255 bytes, which NAME may use up. Its first 30 characters take at most
    // 120 bytes.
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    format!(".{}.", name.chars().take(30).collect::<String>())
}

/// The error without the path of the temporary, which tempfile adds; the messages name the target.
fn without_path(error: &io::Error) -> io::Error {
    match error.raw_os_error() {
        Some(code) => io::Error::from_raw_os_error(code),
        None => error.kind().into(),
    }
}
