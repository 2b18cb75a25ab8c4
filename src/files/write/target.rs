//! The target of an output: what its path leads to, and whether it can be written.

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

use super::descriptor::{self, Descriptor};
use crate::{Error, Result, error::reason, files::read::is_stream};

/// Largest number of symlinks followed, as in the kernel.
const MAX_LINKS: usize = 40;

/// What a path leads to. Symlinks are followed, because they are kept when a file is replaced.
#[derive(Debug)]
pub enum Target {
    /// An open descriptor of this process, such as `-` and `/dev/stdout`. It is written at its current
    /// position.
    Descriptor(u32),
    /// A device, a FIFO, or a descriptor of another process. It is opened and written to.
    Device(PathBuf),
    /// A regular file, with its metadata if it exists.
    File(PathBuf, Option<Metadata>),
    /// A folder, with its metadata.
    Folder(PathBuf, Metadata),
}

impl Target {
    /// The target of a path; `-` is stdout.
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
        for _ in 0..MAX_LINKS {
            match descriptor::named(&path) {
                Some(Descriptor::Ours(number)) => return Ok(Self::Descriptor(number)),
                Some(Descriptor::Other) => return Ok(Self::Device(path)),
                None => {}
            }
            let metadata = match fs::symlink_metadata(&path) {
                Ok(metadata) => metadata,
                Err(e) if e.kind() == io::ErrorKind::NotFound => {
                    // `DIR/` becomes `DIR`, so that the temporary lies beside it and not in it.
                    return Ok(Self::File(path.components().collect(), None));
                }
                Err(e) => return Err(e),
            };
            if metadata.is_symlink() {
                path = folder(&path).join(fs::read_link(&path)?);
            } else if metadata.is_dir() {
                // `.` and `..` have no name from which to form that of a temporary.
                return Ok(Self::Folder(fs::canonicalize(&path)?, metadata));
            } else if metadata.is_file() {
                return Ok(Self::File(path, Some(metadata)));
            } else {
                return Ok(Self::Device(path));
            }
        }
        Err(Errno::LOOP.into())
    }

    /// Check that the target can be written as a file. Messages call it `path`.
    pub fn check(&self, path: &Path) -> Result<()> {
        let failed = |e: io::Error| Error::io(path, e);
        match self {
            Self::Descriptor(number) => descriptor::open(*number).map(drop).map_err(failed),
            // Not checked, because opening a FIFO waits for its reader.
            Self::Device(_) => Ok(()),
            Self::Folder(..) => Err(failed(io::ErrorKind::IsADirectory.into())),
            Self::File(_, None) if path.as_os_str().as_encoded_bytes().ends_with(b"/") => {
                Err(Error::data("names a folder").in_file(path))
            }
            Self::File(target, existing) => {
                if existing.is_some() {
                    may_be_written(target).map_err(failed)?;
                }
                check_folder(target, path)
            }
        }
    }

    /// Device and inode number, which identify a file under all its names. `None` for a target that does
    /// not exist, and for terminals and /dev/null, to which several outputs may be written.
    fn node(&self) -> Option<(u64, u64)> {
        let metadata = match self {
            Self::Descriptor(number) => descriptor::open(*number).ok()?.metadata().ok()?,
            Self::Device(path) => fs::metadata(path).ok()?,
            Self::File(_, existing) => existing.clone()?,
            Self::Folder(_, metadata) => metadata.clone(),
        };
        let shared = metadata.file_type().is_char_device();
        (!shared).then_some((metadata.dev(), metadata.ino()))
    }

    /// Whether two targets are the same file.
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

/// Check that outputs can be written, before they are computed.
pub fn check(outputs: &[&Path]) -> Result<()> {
    outputs.iter().try_for_each(|path| Target::of(path)?.check(name(path)))
}

/// The name of an output in messages: the path as given, or `stdout`.
pub fn name(path: &Path) -> &Path {
    if is_stream(path) { Path::new("stdout") } else { path }
}

/// Refuse two outputs that are the same file, even under different names.
pub fn distinct(outputs: &[&Path]) -> Result<()> {
    let mut targets: Vec<(&Path, Target)> = Vec::new();
    for &path in outputs {
        let target = Target::of(path)?;
        if let Some((other, _)) = targets.iter().find(|(_, other)| other.is(&target)) {
            return Err(match (is_stream(path), *other == path) {
                (true, true) => Error::usage("only one output can be - (stdout)"),
                (_, true) => Error::usage("is given for two outputs").in_file(path),
                _ => {
                    Error::usage(format!("is the same output as {}", other.display())).in_file(path)
                }
            });
        }
        targets.push((path, target));
    }
    Ok(())
}

/// Create a folder for outputs, unless it exists.
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

/// Whether a file lies, or would lie, inside an existing folder.
#[must_use]
pub fn is_inside(file: &Path, folder: &Path) -> bool {
    let parent = match Target::of(file) {
        Ok(Target::File(file, _)) => fs::canonicalize(self::folder(&file)),
        _ => return false,
    };
    let folder = fs::canonicalize(folder);
    parent.is_ok_and(|parent| folder.is_ok_and(|folder| parent.starts_with(folder)))
}

/// Whether an output is a terminal, under any name.
#[must_use]
pub fn is_terminal(output: &Path) -> bool {
    let file = match Target::of(output) {
        Ok(Target::Descriptor(number)) => descriptor::open(number),
        // Only character devices are opened, because opening a FIFO waits for its reader.
        Ok(Target::Device(device))
            if fs::metadata(&device).is_ok_and(|device| device.file_type().is_char_device()) =>
        {
            File::options().write(true).open(device)
        }
        _ => return false,
    };
    file.is_ok_and(|file| file.is_terminal())
}

/// Refuse an output that the shell has redirected, by `>` or `>>`, to a file which is also an input:
/// it would be overwritten while it is read.
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
        Err(Error::usage("is also the file to which the output is redirected (use -o FILE)")
            .in_file(name))
    })
}

/// Check that a file or folder is writable. Renaming could replace a read-only file, which other
/// programs, such as `cp`, refuse to overwrite.
pub fn may_be_written(path: &Path) -> io::Result<()> {
    Ok(accessat(CWD, path, Access::WRITE_OK, AtFlags::EACCESS)?)
}

/// Check that a temporary can be created in the folder of `target`. Messages call the target `path`.
pub fn check_folder(target: &Path, path: &Path) -> Result<()> {
    let folder = folder(target);
    let wrong = |message: String| {
        Err(Error::data(format!("its folder {} {message}", folder.display())).in_file(path))
    };
    match fs::metadata(folder) {
        Ok(metadata) if !metadata.is_dir() => return wrong("is not a folder".into()),
        Err(e) if e.kind() == io::ErrorKind::NotFound => return wrong("does not exist".into()),
        Err(e) => return wrong(format!("cannot be used ({})", reason(&e))),
        Ok(_) => {}
    }
    match accessat(CWD, folder, Access::WRITE_OK | Access::EXEC_OK, AtFlags::EACCESS) {
        Err(e) => wrong(format!("is not writable ({})", reason(&e.into()))),
        Ok(()) => Ok(()),
    }
}

/// Give a new file or folder the mode of the one that it replaces, and its owner and group as far as
/// permitted.
pub fn take_over(old: &Metadata, new: &File) -> io::Result<()> {
    let now = new.metadata()?;
    // As with any write, a file loses its set-user-ID and set-group-ID bits; a folder keeps them.
    let mut mode = old.mode() & if old.is_dir() { 0o7777 } else { 0o777 };
    let (owner, group) = (Uid::from_raw(old.uid()), Gid::from_raw(old.gid()));
    if (now.uid(), now.gid()) != (old.uid(), old.gid())
        && fchown(new, Some(owner), Some(group)).is_err()
        && fchown(new, None, Some(group)).is_err()
    {
        // The group is a different one and must not get the permissions of the old group. It gets
        // those of others.
        mode = mode & !0o070 | (mode & 0o007) << 3;
    }
    if new.metadata()?.mode() & 0o7777 != mode {
        fchmod(new, Mode::from_raw_mode(mode))?;
    }
    Ok(())
}

/// The folder that contains a path.
pub fn folder(target: &Path) -> &Path {
    match target.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}
