//! A directory that appears complete or not at all, such as a network.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use rustix::fs::{CWD, RenameFlags, renameat_with};
use tempfile::TempDir;

use super::{
    target::{Target, check_folder, may_be_written, take_over},
    temporary::{begin, beside, complete},
};
use crate::{Error, Result};

/// Describes what an existing folder holds that must not be lost by replacing it; `None` if nothing.
pub type Foreign = fn(&Path) -> io::Result<Option<String>>;

/// A directory that is filled beside its target and then moved to it.
pub struct Directory {
    name: PathBuf,
    target: PathBuf,
    temporary: TempDir,
    foreign: Foreign,
}

impl Directory {
    /// Begin to write the directory `path`. An existing directory is replaced only if `foreign` finds
    /// nothing in it.
    ///
    /// # Errors
    /// As for [`Self::check`].
    pub fn create(path: &Path, foreign: Foreign) -> Result<Self> {
        let target = Self::check(path, foreign)?;
        let temporary = begin(&target, 0o777, |builder, folder| builder.tempdir_in(folder))
            .map_err(|e| Error::io(path, e))?;
        Ok(Self { name: path.to_owned(), target, temporary, foreign })
    }

    /// Check that the directory `path` can be written, and return its path with symlinks followed.
    ///
    /// # Errors
    /// If the path is not a directory, is not writable, or holds anything that `foreign` finds.
    pub fn check(path: &Path, foreign: Foreign) -> Result<PathBuf> {
        let (Target::Folder(target, _) | Target::File(target, None)) = Target::of(path)? else {
            return Err(Error::io(path, io::ErrorKind::NotADirectory.into()));
        };
        check_folder(&target, path)?;
        check_existing(&target, path, foreign)?;
        Ok(target)
    }

    /// The temporary directory, in which the contents are to be written.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.temporary.path()
    }

    /// Move the directory to its target.
    ///
    /// # Errors
    /// As for [`Self::check`], or if moving fails.
    pub fn finish(self) -> Result<()> {
        let Self { name, target, temporary, foreign } = self;
        let failed = |e: io::Error| Error::io(&name, e);
        let new = temporary.path().to_owned();
        // The target may have changed since it was checked.
        check_existing(&target, &name, foreign)?;
        File::open(&new).and_then(|folder| folder.sync_all()).map_err(failed)?;
        take_over_all(&target, &new).map_err(failed)?;
        complete(&new, || {
            let result = put(&new, &target);
            drop(temporary);
            result
        })
        .map_err(failed)
    }
}

/// Refuse to replace a folder in which `foreign` finds something.
fn check_existing(target: &Path, name: &Path, foreign: Foreign) -> Result<()> {
    let failed = |e: io::Error| Error::io(name, e);
    let mut entries = match fs::read_dir(target) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(failed)?,
    };
    if entries.next().is_none() {
        return Ok(());
    }
    if let Some(found) = foreign(target).map_err(failed)? {
        let message = format!(
            "would replace a folder that holds something else (found {found}): name another folder"
        );
        return Err(Error::data(message).in_file(name));
    }
    may_be_written(target).map_err(failed)?;
    for file in files(target).map_err(failed)? {
        may_be_written(&target.join(&file)).map_err(|e| Error::io(&name.join(&file), e))?;
    }
    Ok(())
}

/// Give the new directory and its files the modes and owners of the old ones.
fn take_over_all(old: &Path, new: &Path) -> io::Result<()> {
    let inside = files(new)?.into_iter().map(|file| (old.join(&file), new.join(&file)));
    for (old, new) in inside.chain([(old.to_owned(), new.to_owned())]) {
        match fs::symlink_metadata(old) {
            Ok(old) => take_over(&old, &File::open(new)?)?,
            Err(e) if e.kind() == io::ErrorKind::NotFound => {}
            Err(e) => return Err(e),
        }
    }
    Ok(())
}

/// The relative paths of the files and folders in a folder, at any depth.
fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = PathBuf::from(entry.file_name());
        if entry.file_type()?.is_dir() {
            found.extend(files(&entry.path())?.into_iter().map(|inside| name.join(inside)));
        }
        found.push(name);
    }
    Ok(found)
}

/// Move the new directory to its target. An old directory then has the name of the temporary.
fn put(new: &Path, target: &Path) -> io::Result<()> {
    match fs::rename(new, target) {
        // Renaming does not replace a folder that is not empty.
        Err(_) if target.exists() => {}
        renamed => return renamed,
    }
    match renameat_with(CWD, new, CWD, target, RenameFlags::EXCHANGE) {
        Ok(()) => Ok(()),
        // Some file systems, such as NFS, cannot exchange directories.
        Err(_) => replace(new, target),
    }
}

/// Move the old directory aside, move the new one to the target, and remove the old one. If the new
/// one cannot be moved, the old one is moved back.
fn replace(new: &Path, target: &Path) -> io::Result<()> {
    // Renaming replaces an empty folder.
    let aside = beside(target, 0o700, |builder, folder| builder.tempdir_in(folder))?;
    fs::rename(target, &aside)?;
    if let Err(error) = fs::rename(new, target) {
        let aside = aside.keep();
        if fs::rename(&aside, target).is_ok() {
            return Err(error);
        }
        let aside = aside.display();
        return Err(io::Error::other(format!("{error}; the old directory is now {aside}")));
    }
    drop(aside);
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn foreign(folder: &Path) -> io::Result<Option<String>> {
        let other = files(folder)?.into_iter().find(|file| *file != Path::new("mark"));
        Ok(other.map(|file| file.display().to_string()))
    }

    fn names(folder: &Path) -> Vec<PathBuf> {
        let mut names = files(folder).unwrap();
        names.sort();
        names
    }

    #[test]
    fn a_directory_is_replaced_as_a_whole_unless_it_has_other_contents() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("net");
        for content in ["1", "2"] {
            let directory = Directory::create(&path, foreign).unwrap();
            fs::write(directory.path().join("mark"), content).unwrap();
            directory.finish().unwrap();
            assert_eq!(fs::read_to_string(path.join("mark")).unwrap(), content);
        }
        assert_eq!(names(folder.path()), ["net", "net/mark"].map(PathBuf::from));
        // Files that were added while the new directory was written are not lost.
        let directory = Directory::create(&path, foreign).unwrap();
        fs::write(path.join("notes"), "mine").unwrap();
        assert!(directory.finish().unwrap_err().to_string().contains("found notes"));
        assert!(Directory::create(&path, foreign).is_err());
        assert_eq!(names(folder.path()), ["net", "net/mark", "net/notes"].map(PathBuf::from));
    }

    #[test]
    fn a_directory_keeps_its_modes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("net");
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
        fs::create_dir(&path).unwrap();
        fs::write(path.join("mark"), "old").unwrap();
        for (path, mode) in [(&path, 0o2710), (&path.join("mark"), 0o640)] {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        }
        let directory = Directory::create(&path, foreign).unwrap();
        fs::write(directory.path().join("mark"), "new").unwrap();
        directory.finish().unwrap();
        assert_eq!(fs::read_to_string(path.join("mark")).unwrap(), "new");
        assert_eq!((mode(&path), mode(&path.join("mark"))), (0o2710, 0o640));
    }

    #[test]
    fn without_an_exchange_the_old_directory_is_moved_aside_or_back() {
        let folder = tempfile::tempdir().unwrap();
        let (new, target) = (folder.path().join("new"), folder.path().join("net"));
        fs::create_dir(&target).unwrap();
        fs::write(target.join("mark"), "old").unwrap();
        // The new directory does not exist and cannot be moved, so that the old one is moved back.
        assert!(replace(&new, &target).is_err());
        assert_eq!(fs::read_to_string(target.join("mark")).unwrap(), "old");
        assert_eq!(names(folder.path()), ["net", "net/mark"].map(PathBuf::from));
        fs::create_dir(&new).unwrap();
        fs::write(new.join("mark"), "new").unwrap();
        replace(&new, &target).unwrap();
        assert_eq!(fs::read_to_string(target.join("mark")).unwrap(), "new");
        assert_eq!(names(folder.path()), ["net", "net/mark"].map(PathBuf::from));
    }
}
