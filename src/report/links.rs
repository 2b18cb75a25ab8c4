//! Links between files.

use std::{
    ffi::OsStr,
    fs, io,
    os::unix::ffi::OsStrExt,
    path::{self, Component, Path, PathBuf},
};

use crate::{Error, Result, io::read::is_stream};

/// What leads from a page to the files of a folder.
pub struct Links {
    /// A URL, without a slash at its end; empty for the page's own folder.
    folder: String,
}

impl Links {
    /// From the page, wherever it is to be written, to a folder. A page that goes to a stream (stdout,
    /// a device, a FIFO) has no place, and its links are absolute.
    pub fn new(page: &Path, folder: &Path) -> Result<Self> {
        let failed = |path: &Path, e: io::Error| Error::io(path, e);
        let to = plain(folder).map_err(|e| failed(folder, e))?;
        // `/dev/stdout` may be a file, which is not there.
        let device = ["/dev", "/proc"].iter().any(|folder| page.starts_with(folder));
        if is_stream(page) || device || fs::metadata(page).is_ok_and(|at| !at.is_file()) {
            return Ok(Self { folder: url(&to) });
        }
        let from = page.parent().unwrap_or(Path::new(""));
        Ok(Self { folder: url(&between(&plain(from).map_err(|e| failed(from, e))?, &to)) })
    }

    /// The same where there may be no folder.
    pub fn optional(page: &Path, folder: Option<&Path>) -> Result<Option<Self>> {
        folder.map(|folder| Self::new(page, folder)).transpose()
    }

    /// To a file, by the names of the folders that it lies in and its own.
    pub fn to<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> String {
        let names = names.into_iter().map(|name| encoded(OsStr::new(name)));
        let folder = Some(self.folder.clone()).filter(|folder| !folder.is_empty());
        folder.into_iter().chain(names).collect::<Vec<_>>().join("/")
    }
}

/// The path from the root, without `.` and `..`. A symlink on the way keeps its name, as it does for
/// a reader of the page, unless `..` follows it, which leads elsewhere then.
fn plain(path: &Path) -> io::Result<PathBuf> {
    if path.components().any(|part| part == Component::ParentDir) {
        return match (fs::canonicalize(path), path.parent(), path.file_name()) {
            // A folder that is yet to be made.
            (Err(e), Some(parent), Some(name)) if e.kind() == io::ErrorKind::NotFound => {
                Ok(fs::canonicalize(Path::new(".").join(parent))?.join(name))
            }
            (found, ..) => found,
        };
    }
    // An empty one is that of `page.html`.
    Ok(path::absolute(Path::new(".").join(path))?.components().collect())
}

/// The way from one folder to another.
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

/// All bytes but those that mean themselves anywhere in a URL (RFC 3986, section 2.3).
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
        // Both from the folder that the tool runs in.
        assert_eq!(link("p.html", "out/sweep"), "out/sweep/depth-2/report.html");
        assert_eq!(link("out/p.html", ""), "../depth-2/report.html");
    }

    #[test]
    fn what_means_something_in_a_url_is_encoded() {
        let links = Links::new(Path::new("/a/p.html"), Path::new("/a/b c/50%?#é:\"<&")).unwrap();
        assert_eq!(links.to(["x/y"]), "b%20c/50%25%3F%23%C3%A9%3A%22%3C%26/x%2Fy");
    }
}
