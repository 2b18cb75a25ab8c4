//! A directory that appears whole: a network.

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

/// What in a folder is not of the kind that may replace it, in words; `None` if all is.
pub type Foreign = fn(&Path) -> io::Result<Option<String>>;

/// A directory that is filled beside its target and then put in its place.
pub struct Directory {
    name: PathBuf,
    target: PathBuf,
    temporary: TempDir,
    foreign: Foreign,
}

impl Directory {
    /// Begin to write the directory `path`. An older one is replaced only if all in it
    /// is of the same kind.
    pub fn create(path: &Path, foreign: Foreign) -> Result<Self> {
        let target = Self::check(path, foreign)?;
        let temporary = begin(&target, 0o777, |builder, folder| builder.tempdir_in(folder))
            .map_err(|e| Error::io(path, e))?;
        Ok(Self { name: path.to_owned(), target, temporary, foreign })
    }

    /// Refuse what cannot become such a directory; gives where it is to be.
    pub fn check(path: &Path, foreign: Foreign) -> Result<PathBuf> {
        let (Target::Folder(target, _) | Target::File(target, None)) = Target::of(path)? else {
            return Err(Error::io(path, io::ErrorKind::NotADirectory.into()));
        };
        check_folder(&target, path)?;
        check_older(&target, path, foreign)?;
        Ok(target)
    }

    /// Where to write what the directory is to hold.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.temporary.path()
    }

    /// Put the directory in its place.
    pub fn finish(self) -> Result<()> {
        let Self { name, target, temporary, foreign } = self;
        let failed = |e: io::Error| Error::io(&name, e);
        let new = temporary.path().to_owned();
        // Something may have been put there since.
        check_older(&target, &name, foreign)?;
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

/// Refuse to replace a folder that holds anything else than what may be replaced.
fn check_older(target: &Path, name: &Path, foreign: Foreign) -> Result<()> {
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

/// Give the new directory and its files the modes and owners of the older ones.
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

/// The files and folders in a folder, at any depth, relative to it.
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

fn put(new: &Path, target: &Path) -> io::Result<()> {
    match fs::rename(new, target) {
        // Renaming replaces no folder that holds something: it is there, or was
        // put there by another process this moment.
        Err(_) if target.exists() => {}
        renamed => return renamed,
    }
    // Afterwards the temporary name is the old directory's.
    match renameat_with(CWD, new, CWD, target, RenameFlags::EXCHANGE) {
        Ok(()) => Ok(()),
        // Not every file system can, NFS for one.
        Err(_) => put_aside(new, target),
    }
}

/// Move the old directory aside, put the new one in its place, then remove the old one;
/// it is back where that fails.
fn put_aside(new: &Path, target: &Path) -> io::Result<()> {
    // A folder that holds nothing is replaced by renaming.
    let aside = beside(target, 0o700, |builder, folder| builder.tempdir_in(folder))?;
    fs::rename(target, &aside)?;
    if let Err(error) = fs::rename(new, target) {
        let aside = aside.keep();
        return match fs::rename(&aside, target) {
            Ok(()) => Err(error),
            Err(_) => Err(io::Error::other(format!("{error}; the old one is {}", aside.display()))),
        };
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
    fn a_directory_is_replaced_whole_and_only_one_of_its_kind() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("net");
        for content in ["1", "2"] {
            let directory = Directory::create(&path, foreign).unwrap();
            fs::write(directory.path().join("mark"), content).unwrap();
            directory.finish().unwrap();
            assert_eq!(fs::read_to_string(path.join("mark")).unwrap(), content);
        }
        assert_eq!(names(folder.path()), ["net", "net/mark"].map(PathBuf::from));
        // What came while the new one was being made is not lost.
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
    fn where_directories_cannot_be_exchanged_the_old_one_goes_last() {
        let folder = tempfile::tempdir().unwrap();
        let (new, target) = (folder.path().join("new"), folder.path().join("net"));
        fs::create_dir(&target).unwrap();
        fs::write(target.join("mark"), "old").unwrap();
        // The new one cannot be moved: the old one is back.
        assert!(put_aside(&new, &target).is_err());
        assert_eq!(fs::read_to_string(target.join("mark")).unwrap(), "old");
        assert_eq!(names(folder.path()), ["net", "net/mark"].map(PathBuf::from));
        fs::create_dir(&new).unwrap();
        fs::write(new.join("mark"), "new").unwrap();
        put_aside(&new, &target).unwrap();
        assert_eq!(fs::read_to_string(target.join("mark")).unwrap(), "new");
        assert_eq!(names(folder.path()), ["net", "net/mark"].map(PathBuf::from));
    }
}
