//! Links from a page to other files.

use std::{
    ffi::OsStr,
    fs, io,
    os::unix::ffi::OsStrExt,
    path::{self, Component, Path, PathBuf},
};

use crate::{Error, Result, files::read::is_stream};

/// Links from a page to the files of a folder.
pub struct Links {
    /// The folder's URL, without a slash at its end; empty if it is the page's own folder.
    folder: String,
}

impl Links {
    /// Links from a page that will be written to `page`. They are relative to it, or absolute if the page
    /// goes to a stream: stdout, a device or a FIFO.
    pub fn new(page: &Path, folder: &Path) -> Result<Self> {
        let failed = |path: &Path, e: io::Error| Error::io(path, e);
        let to = absolute(folder).map_err(|e| failed(folder, e))?;
        if has_no_place(page) {
            return Ok(Self { folder: url(&to) });
        }
        let from = page.parent().unwrap_or(Path::new(""));
        Ok(Self { folder: url(&between(&absolute(from).map_err(|e| failed(from, e))?, &to)) })
    }

    /// Links to a folder, if there is one.
    pub fn optional(page: &Path, folder: Option<&Path>) -> Result<Option<Self>> {
        folder.map(|folder| Self::new(page, folder)).transpose()
    }

    /// The link to a file, given by the names of the folders that contain it and its own.
    pub fn to(&self, names: impl IntoIterator<Item = impl AsRef<OsStr>>) -> String {
        let names = names.into_iter().map(|name| encoded(name.as_ref()));
        let folder = Some(self.folder.clone()).filter(|folder| !folder.is_empty());
        folder.into_iter().chain(names).collect::<Vec<_>>().join("/")
    }
}

/// A link from a page to a file.
pub struct FileLink {
    pub(super) name: String,
    pub(super) url: String,
}

impl FileLink {
    /// The link from a page that will be written to `page`; none to a stream, which cannot be read again.
    ///
    /// # Errors
    /// If there is no such file.
    pub fn new(page: &Path, file: &Path) -> Result<Option<Self>> {
        if has_no_place(file) {
            return Ok(None);
        }
        fs::metadata(file).map_err(|e| Error::io(file, e))?;
        let Some(name) = file.file_name() else { return Ok(None) };
        let folder = Links::new(page, file.parent().unwrap_or(Path::new("")))?;
        Ok(Some(Self { name: name.to_string_lossy().into(), url: folder.to([name]) }))
    }
}

/// Whether a path is that of a stream: stdin or stdout, a device or a FIFO.
fn has_no_place(path: &Path) -> bool {
    // `/dev/stdout` can be a regular file, but that file is not in /dev.
    let device = ["/dev", "/proc"].iter().any(|folder| path.starts_with(folder));
    is_stream(path) || device || fs::metadata(path).is_ok_and(|at| !at.is_file())
}

/// The absolute path without `.` and `..`. Symlinks are kept, as a browser keeps them, unless the path
/// contains `..`, which after a symlink is not the folder that contains it.
fn absolute(path: &Path) -> io::Result<PathBuf> {
    if path.components().any(|part| part == Component::ParentDir) {
        return match (fs::canonicalize(path), path.parent(), path.file_name()) {
            // A folder that does not exist yet.
            (Err(e), Some(parent), Some(name)) if e.kind() == io::ErrorKind::NotFound => {
                Ok(fs::canonicalize(Path::new(".").join(parent))?.join(name))
            }
            (found, ..) => found,
        };
    }
    // The parent of `page.html` is an empty path.
    Ok(path::absolute(Path::new(".").join(path))?.components().collect())
}

/// The relative path from one folder to another.
fn between(from: &Path, to: &Path) -> PathBuf {
    let shared = from.components().zip(to.components()).take_while(|(a, b)| a == b).count();
    let up = from.components().skip(shared).map(|_| Component::ParentDir);
    up.chain(to.components().skip(shared)).collect()
}

fn url(path: &Path) -> String {
    let parts = path.components().map(|part| match part {
        Component::RootDir => String::new(),
        part => encoded(part.as_os_str()),
    });
    parts.collect::<Vec<_>>().join("/")
}

/// A name with all bytes percent-encoded except those that URLs never reserve (RFC 3986, section 2.3).
fn encoded(name: &OsStr) -> String {
    let byte = |&byte: &u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    };
    name.as_bytes().iter().map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(page: &str, folder: &str) -> String {
        Links::new(Path::new(page), Path::new(folder)).unwrap().to(["depth-2", "report.html"])
    }

    #[test]
    fn links_lead_from_the_page_to_the_folder() {
        let found = |page: &str| link(page, "/a/sweep");
        assert_eq!(found("/a/sweep/report.html"), "depth-2/report.html");
        assert_eq!(found("/a/report.html"), "sweep/depth-2/report.html");
        assert_eq!(found("/report.html"), "a/sweep/depth-2/report.html");
        assert_eq!(found("/a/other/page/p.html"), "../../sweep/depth-2/report.html");
        assert_eq!(found("/a/sweep/./pages/p.html"), "../depth-2/report.html");
        for stream in ["-", "/dev/stdout", "/dev/fd/1", "/dev/null"] {
            assert_eq!(found(stream), "/a/sweep/depth-2/report.html", "{stream}");
        }
        // Both relative to the current folder.
        assert_eq!(link("p.html", "out/sweep"), "out/sweep/depth-2/report.html");
        assert_eq!(link("out/p.html", ""), "../depth-2/report.html");
    }

    #[test]
    fn a_file_is_linked_by_its_name_and_a_stream_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a b.csv");
        let link = || FileLink::new(&folder.path().join("pages/p.html"), &file);
        assert!(link().is_err());
        fs::write(&file, "").unwrap();
        let FileLink { name, url } = link().unwrap().unwrap();
        assert_eq!((name.as_str(), url.as_str()), ("a b.csv", "../a%20b.csv"));
        for stream in ["-", "/dev/null"] {
            assert!(FileLink::new(Path::new("p.html"), Path::new(stream)).unwrap().is_none());
        }
    }

    #[test]
    fn reserved_characters_are_encoded() {
        let links = Links::new(Path::new("/a/p.html"), Path::new("/a/b c/50%?#é:\"<&")).unwrap();
        assert_eq!(links.to(["x/y"]), "b%20c/50%25%3F%23%C3%A9%3A%22%3C%26/x%2Fy");
    }
}
