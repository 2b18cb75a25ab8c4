//! Where a path leads that something is to be written to, and whether it may be.

use std::{
    fs::{self, File, Metadata},
    io::{self, IsTerminal},
    os::{
        fd::AsFd,
        unix::fs::{FileTypeExt, MetadataExt},
    },
    path::{Path, PathBuf},
};

use rustix::{
    fs::{Access, AtFlags, CWD, Gid, Mode, Uid, accessat, fchmod, fchown},
    io::Errno,
};

use crate::{
    Error, Result,
    error::reason,
    io::{read::is_stream, startup},
};

/// Links that are followed, as the kernel does.
const LINKS: usize = 40;

/// What a path leads to. A symlink stays, so it is followed here.
#[derive(Debug)]
pub enum Target {
    /// An open descriptor of this process, as `-` and `/dev/stdout` are: written on
    /// where it stands.
    Descriptor(u32),
    /// A device, a FIFO, or a descriptor of another process: written into.
    Device(PathBuf),
    /// A regular file that is there, with what is known of it, or is not there yet.
    File(PathBuf, Option<Metadata>),
    /// A folder, with what is known of it.
    Folder(PathBuf, Metadata),
}

impl Target {
    /// Follow a path to its end; `-` is stdout.
    pub fn of(path: &Path) -> Result<Self> {
        if is_stream(path) {
            return Ok(Self::Descriptor(1));
        }
        if path.as_os_str().is_empty() {
            return Err(Error::usage("an output needs a name (found an empty one)"));
        }
        Self::follow(path).map_err(|e| Error::io(path, e))
    }

    fn follow(path: &Path) -> io::Result<Self> {
        let mut path = path.to_owned();
        for _ in 0..LINKS {
            match descriptor(&path) {
                Some(Descriptor::Ours(number)) => return Ok(Self::Descriptor(number)),
                Some(Descriptor::Other) => return Ok(Self::Device(path)),
                None => {}
            }
            let metadata = match fs::symlink_metadata(&path) {
                Ok(metadata) => metadata,
                Err(e) if e.kind() == io::ErrorKind::NotFound => {
                    // `DIR/` is `DIR`, beside which a temporary can stand.
                    return Ok(Self::File(path.components().collect(), None));
                }
                Err(e) => return Err(e),
            };
            if metadata.is_symlink() {
                path = folder(&path).join(fs::read_link(&path)?);
            } else if metadata.is_dir() {
                // `.` and `..` have no name to put a temporary beside.
                return Ok(Self::Folder(fs::canonicalize(&path)?, metadata));
            } else if metadata.is_file() {
                return Ok(Self::File(path, Some(metadata)));
            } else {
                return Ok(Self::Device(path));
            }
        }
        Err(Errno::LOOP.into())
    }

    /// Refuse what cannot be written as a file, which goes by the name of `path`.
    pub fn check(&self, path: &Path) -> Result<()> {
        let failed = |e: io::Error| Error::io(path, e);
        match self {
            Self::Descriptor(number) => open_descriptor(*number).map(drop).map_err(failed),
            // To open a FIFO is to wait for its reader.
            Self::Device(_) => Ok(()),
            Self::Folder(..) => Err(failed(io::ErrorKind::IsADirectory.into())),
            Self::File(_, None) if path.as_os_str().as_encoded_bytes().ends_with(b"/") => {
                Err(Error::data("names a folder").in_file(path))
            }
            Self::File(target, there) => {
                if there.is_some() {
                    may_be_written(target).map_err(failed)?;
                }
                check_folder(target, path)
            }
        }
    }

    /// Device and inode, by which a file is known under all its names; a terminal or
    /// /dev/null takes what several outputs write.
    fn node(&self) -> Option<(u64, u64)> {
        let metadata = match self {
            Self::Descriptor(number) => open_descriptor(*number).ok()?.metadata().ok()?,
            Self::Device(path) => fs::metadata(path).ok()?,
            Self::File(_, there) => there.clone()?,
            Self::Folder(_, metadata) => metadata.clone(),
        };
        let shared = metadata.file_type().is_char_device();
        (!shared).then_some((metadata.dev(), metadata.ino()))
    }

    fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Descriptor(one), Self::Descriptor(other)) if one == other => true,
            (Self::File(one, None), Self::File(other, None)) => {
                let folder = |path: &Path| {
                    fs::metadata(folder(path)).ok().map(|folder| (folder.dev(), folder.ino()))
                };
                one.file_name() == other.file_name()
                    && (one == other || folder(one).is_some() && folder(one) == folder(other))
            }
            _ => self.node().is_some() && self.node() == other.node(),
        }
    }
}

/// Refuse outputs that cannot be written, before the work that makes them.
pub fn check(outputs: &[&Path]) -> Result<()> {
    outputs.iter().try_for_each(|path| Target::of(path)?.check(name(path)))
}

/// What messages call an output: the path as given, or `stdout`.
pub fn name(path: &Path) -> &Path {
    if is_stream(path) { Path::new("stdout") } else { path }
}

/// Refuse two outputs that are one file, however they are spelled.
pub fn distinct(outputs: &[&Path]) -> Result<()> {
    let mut targets: Vec<(&Path, Target)> = Vec::new();
    for &path in outputs {
        let target = Target::of(path)?;
        if let Some((other, _)) = targets.iter().find(|(_, other)| other.is(&target)) {
            return Err(match (is_stream(path), *other == path) {
                (true, true) => Error::usage("only one output can be -, stdout"),
                (_, true) => Error::usage("is named for two outputs").in_file(path),
                _ => {
                    Error::usage(format!("is the same output as {}", other.display())).in_file(path)
                }
            });
        }
        targets.push((path, target));
    }
    Ok(())
}

/// Make a folder for outputs, unless it is there.
pub fn create_folder(folder: &Path) -> Result<()> {
    match Target::of(folder)? {
        Target::Folder(..) => Ok(()),
        Target::File(target, None) => {
            check_folder(&target, folder)?;
            fs::create_dir(&target).map_err(|e| Error::io(folder, e))
        }
        _ => Err(Error::io(folder, io::ErrorKind::NotADirectory.into())),
    }
}

/// Whether a file is, or would be, in a folder that is there.
#[must_use]
pub fn is_inside(file: &Path, folder: &Path) -> bool {
    let parent = match Target::of(file) {
        Ok(Target::File(file, _)) => fs::canonicalize(self::folder(&file)),
        _ => return false,
    };
    let folder = fs::canonicalize(folder);
    parent.is_ok_and(|parent| folder.is_ok_and(|folder| parent.starts_with(folder)))
}

/// Whether an output is a terminal, under any of its names.
#[must_use]
pub fn is_terminal(output: &Path) -> bool {
    let file = match Target::of(output) {
        Ok(Target::Descriptor(number)) => open_descriptor(number),
        // To open a FIFO is to wait for its reader.
        Ok(Target::Device(device))
            if fs::metadata(&device).is_ok_and(|device| device.file_type().is_char_device()) =>
        {
            File::options().write(true).open(device)
        }
        _ => return false,
    };
    file.is_ok_and(|file| file.is_terminal())
}

/// Refuse an output that is written on into a file which is being read: the shell's
/// `>` and `>>` replace nothing at the end.
pub fn check_not_read(output: &Path, inputs: &[&Path]) -> Result<()> {
    let target = Target::of(output)?;
    let (Target::Descriptor(_), Some(node)) = (&target, target.node()) else { return Ok(()) };
    let is_output = |path: &&&Path| {
        let metadata = if is_stream(path) {
            io::stdin().as_fd().try_clone_to_owned().and_then(|stdin| File::from(stdin).metadata())
        } else {
            fs::metadata(path)
        };
        metadata.is_ok_and(|input| input.is_file() && (input.dev(), input.ino()) == node)
    };
    inputs.iter().find(is_output).map_or(Ok(()), |input| {
        let name = if is_stream(input) { Path::new("stdin") } else { *input };
        Err(Error::usage("is the file that the output goes to (use -o FILE)").in_file(name))
    })
}

/// Whether a file or folder may be written, which `cp` asks before it replaces one.
pub fn may_be_written(path: &Path) -> io::Result<()> {
    Ok(accessat(CWD, path, Access::WRITE_OK, AtFlags::EACCESS)?)
}

/// Whether a temporary can stand in the folder of `target`, which goes by the name of `path`.
pub fn check_folder(target: &Path, path: &Path) -> Result<()> {
    let folder = folder(target);
    let wrong = |message: String| {
        Err(Error::data(format!("its folder {} {message}", folder.display())).in_file(path))
    };
    match fs::metadata(folder) {
        Ok(metadata) if !metadata.is_dir() => return wrong("is no folder".into()),
        Err(e) if e.kind() == io::ErrorKind::NotFound => return wrong("does not exist".into()),
        Err(e) => return wrong(format!("cannot be used ({})", reason(&e))),
        Ok(_) => {}
    }
    match accessat(CWD, folder, Access::WRITE_OK | Access::EXEC_OK, AtFlags::EACCESS) {
        Err(e) => wrong(format!("may not be written ({})", reason(&e.into()))),
        Ok(()) => Ok(()),
    }
}

/// Give what is new the mode of what it replaces, and the owner and group as far as
/// that is allowed.
pub fn take_over(old: &Metadata, new: &File) -> io::Result<()> {
    let now = new.metadata()?;
    // A program loses its set-user-ID bit when it is written; a folder keeps all bits.
    let mut mode = old.mode() & if old.is_dir() { 0o7777 } else { 0o777 };
    let (owner, group) = (Uid::from_raw(old.uid()), Gid::from_raw(old.gid()));
    if (now.uid(), now.gid()) != (old.uid(), old.gid())
        && fchown(new, Some(owner), Some(group)).is_err()
        && fchown(new, None, Some(group)).is_err()
    {
        // Another group must not get what the old one could do: it gets what all can.
        mode = mode & !0o070 | (mode & 0o007) << 3;
    }
    if new.metadata()?.mode() & 0o7777 != mode {
        fchmod(new, Mode::from_raw_mode(mode))?;
    }
    Ok(())
}

/// The folder that a path is in.
pub fn folder(target: &Path) -> &Path {
    match target.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

enum Descriptor {
    Ours(u32),
    Other,
}

/// Whether a path is the name of a descriptor, such as `/dev/fd/3`: the kernel makes
/// it a link to the file, which must not be replaced.
fn descriptor(path: &Path) -> Option<Descriptor> {
    let number = path.file_name()?.to_str()?.parse().ok()?;
    let folder = fs::canonicalize(folder(path)).ok()?;
    if !folder.starts_with("/proc") || !folder.ends_with("fd") {
        return None;
    }
    let ours = fs::canonicalize("/proc/self").is_ok_and(|ours| folder.starts_with(ours));
    Some(if ours { Descriptor::Ours(number) } else { Descriptor::Other })
}

/// A descriptor that this process was given, to be written to.
pub fn open_descriptor(number: u32) -> io::Result<File> {
    let closed = || Err(io::Error::other("is closed"));
    match number {
        0..=2 if startup::was_closed(number) => closed(),
        0 => io::stdin().as_fd().try_clone_to_owned().map(File::from),
        1 => io::stdout().as_fd().try_clone_to_owned().map(File::from),
        2 => io::stderr().as_fd().try_clone_to_owned().map(File::from),
        _ if !was_given(number) => closed(),
        _ => duplicate(number),
    }
}

/// Whether a descriptor was open when the process started: those opened since are
/// closed where a program is executed.
fn was_given(number: u32) -> bool {
    let Ok(info) = fs::read_to_string(format!("/proc/self/fdinfo/{number}")) else {
        return false;
    };
    let flags = info.lines().find_map(|line| line.strip_prefix("flags:"));
    let flags = flags.and_then(|flags| u32::from_str_radix(flags.trim(), 8).ok());
    flags.is_none_or(|flags| flags & rustix::fs::OFlags::CLOEXEC.bits() == 0)
}

/// The same open file, with its position, under a number of our own.
#[cfg(target_os = "linux")]
fn duplicate(number: u32) -> io::Result<File> {
    use rustix::process::{PidfdFlags, PidfdGetfdFlags, getpid, pidfd_getfd, pidfd_open};

    let foreign = i32::try_from(number).map_err(|_| Errno::BADF)?;
    let duplicate = pidfd_open(getpid(), PidfdFlags::empty())
        .and_then(|this| pidfd_getfd(this, foreign, PidfdGetfdFlags::empty()));
    // Some containers forbid that call.
    duplicate.map_or_else(|_| reopen(number), |duplicate| Ok(File::from(duplicate)))
}

#[cfg(not(target_os = "linux"))]
fn duplicate(number: u32) -> io::Result<File> {
    reopen(number)
}

/// A pipe or device opened again is the same; a regular file would begin at its start.
fn reopen(number: u32) -> io::Result<File> {
    let path = format!("/proc/self/fd/{number}");
    if fs::metadata(&path)?.is_file() {
        let message = format!("cannot be written on here: use -o - and >&{number}");
        return Err(io::Error::other(message));
    }
    File::options().write(true).open(path)
}
