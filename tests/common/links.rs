//! Where the links of a page lead.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

/// The values of an attribute, in the order of the page.
fn values<'a>(page: &'a str, attribute: &str) -> Vec<&'a str> {
    let begin = format!(" {attribute}=\"");
    page.split(&begin).skip(1).map(|rest| rest.split('"').next().unwrap()).collect()
}

/// The links of a page to other files, as they stand there.
pub fn links(page: &str) -> Vec<&str> {
    let links = values(page, "href").into_iter();
    links.filter(|link| !link.starts_with('#') && !link.starts_with("data:")).collect()
}

/// Check that no anchor is there twice, and that every link within the page leads to one.
pub fn check_anchors(page: &str) {
    let ids = values(page, "id");
    let once: BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(ids.len(), once.len(), "{ids:?}");
    let within: Vec<_> =
        values(page, "href").into_iter().filter_map(|link| link.strip_prefix('#')).collect();
    assert!(within.len() >= 2 && within.iter().all(|anchor| once.contains(anchor)), "{within:?}");
}

/// The file that a link leads to from a page in `base`, `..` and escapes taken as a browser does.
pub fn target(base: &Path, link: &str) -> PathBuf {
    let mut bytes = Vec::new();
    let mut rest = link.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        if byte == b'%' {
            let code = std::str::from_utf8(&after[..2]).unwrap();
            bytes.push(u8::from_str_radix(code, 16).unwrap());
            rest = &after[2..];
        } else {
            bytes.push(byte);
            rest = after;
        }
    }
    let mut path = base.to_owned();
    for part in Path::new(&String::from_utf8(bytes).unwrap()).components() {
        match part {
            std::path::Component::ParentDir => assert!(path.pop()),
            part => path.push(part),
        }
    }
    path
}
