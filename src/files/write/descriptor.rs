//! Open descriptors as outputs: those that paths such as `/dev/stdout` and `/dev/fd/3` name.

use std::{
    fs::{self, File},
    io,
    os::fd::AsFd,
    path::Path,
};

use rustix::io::Errno;

use super::target::folder;
use crate::files::startup;

/// Whose descriptor a path names.
pub enum Descriptor {
    /// A descriptor of this process, with its number.
    Ours(u32),
    /// A descriptor of another process.
    Other,
}

/// The descriptor that a path such as `/dev/fd/3` names, if any. The kernel presents it as a link to
/// the file, which must be written to and not replaced.
pub fn named(path: &Path) -> Option<Descriptor> {
    let number = path.file_name()?.to_str()?.parse().ok()?;
    let folder = fs::canonicalize(folder(path)).ok()?;
    if !folder.starts_with("/proc") || !folder.ends_with("fd") {
        return None;
    }
    let ours = fs::canonicalize("/proc/self").is_ok_and(|ours| folder.starts_with(ours));
    Some(if ours { Descriptor::Ours(number) } else { Descriptor::Other })
}

/// A copy of a descriptor that this process inherited, for writing.
pub fn open(number: u32) -> io::Result<File> {
    let closed = || Err(io::Error::other("is closed"));
    match number {
        0..=2 if startup::was_closed(number) => closed(),
        0 => io::stdin().as_fd().try_clone_to_owned().map(File::from),
        1 => io::stdout().as_fd().try_clone_to_owned().map(File::from),
        2 => io::stderr().as_fd().try_clone_to_owned().map(File::from),
        _ if !was_inherited(number) => closed(),
        _ => duplicate(number),
    }
}

/// Whether a descriptor was open when the process started. Rust opens its own descriptors with the
/// flag close-on-exec, which an inherited descriptor cannot have.
fn was_inherited(number: u32) -> bool {
    let Ok(info) = fs::read_to_string(format!("/proc/self/fdinfo/{number}")) else {
        return false;
    };
    let flags = info.lines().find_map(|line| line.strip_prefix("flags:"));
    let flags = flags.and_then(|flags| u32::from_str_radix(flags.trim(), 8).ok());
    flags.is_none_or(|flags| flags & rustix::fs::OFlags::CLOEXEC.bits() == 0)
}

/// A duplicate of a descriptor, which shares the position in the file.
#[cfg(target_os = "linux")]
fn duplicate(number: u32) -> io::Result<File> {
    use rustix::process::{PidfdFlags, PidfdGetfdFlags, getpid, pidfd_getfd, pidfd_open};

    let foreign = i32::try_from(number).map_err(|_| Errno::BADF)?;
    let duplicate = pidfd_open(getpid(), PidfdFlags::empty())
        .and_then(|this| pidfd_getfd(this, foreign, PidfdGetfdFlags::empty()));
    // Some containers forbid pidfd_getfd.
    duplicate.map_or_else(|_| reopen(number), |duplicate| Ok(File::from(duplicate)))
}

#[cfg(not(target_os = "linux"))]
fn duplicate(number: u32) -> io::Result<File> {
    reopen(number)
}

/// Open a descriptor again by its name. A regular file is refused, because the new descriptor would
/// start at the beginning of the file.
fn reopen(number: u32) -> io::Result<File> {
    let path = format!("/proc/self/fd/{number}");
    if fs::metadata(&path)?.is_file() {
        let message = format!("cannot be continued on this system: use -o - and >&{number}");
        return Err(io::Error::other(message));
    }
    File::options().write(true).open(path)
}
