//! Reading CSV tables with a header.
//!
//! Columns are found by name, in any order, and additional ones are ignored. Integers may be written
//! as `1.0`. In a column that may lack values, an empty cell, `NA`, `nan`, `null` and the like mean a
//! missing value. Numbers that are not finite are refused. Errors name the line and the column.

use std::{
    io::Read,
    path::{Path, PathBuf},
};

use csv::ErrorKind;
use serde::de::DeserializeOwned;

use super::{
    Source,
    cells::{Record, Wrong},
    text::other_format,
    written::Written,
};
use crate::{Error, Result};

/// Largest size of a table. That of a study has a few MB, that of a sweep a few MB per study.
const MAX_BYTES: u64 = 1 << 30;

/// The records of a table.
#[derive(Debug)]
pub struct Records<T> {
    /// The name of the file in messages.
    pub name: PathBuf,
    /// The records in the order of the file, at least one.
    pub lines: Vec<Line<T>>,
}

/// A record of a table with its line in the file.
#[derive(Clone, Debug, PartialEq)]
pub struct Line<T> {
    /// The line in which the record starts, counted from 1; the header is line 1.
    pub number: u64,
    /// The record.
    pub record: T,
}

/// Read a CSV file with a header and at least one record, the file `expected` of a tool. A record may be
/// a tuple of structs, whose columns are side by side, as `write::csv` writes them. Columns may be
/// missing only if they are in `optional`.
///
/// # Errors
/// If the file cannot be read, is not such a table, or has an invalid cell.
pub fn csv<T: DeserializeOwned>(
    path: &Path,
    expected: &Written,
    optional: &[&str],
) -> Result<Records<T>> {
    let mut source = Source::open(path)?;
    records(&mut source, optional).map_err(|e| {
        let other = source.other_than(expected);
        other.or_else(|| other_format(&source, "a CSV table")).unwrap_or(e)
    })
}

fn records<T: DeserializeOwned>(source: &mut Source, optional: &[&str]) -> Result<Records<T>> {
    let name = source.name().to_owned();
    let wrong = |message: String| Error::data(message).in_file(&name);
    let other = |message: String| wrong(format!("is not the table expected: {message}"));
    let mut reader = csv::Reader::from_reader(source.take(MAX_BYTES));
    let header = reader.headers().map_err(|e| other(malformed(&e, 0)))?;
    // Some programs write a byte order mark, which is not part of the first name.
    let columns: Vec<String> =
        header.iter().map(|name| name.trim().trim_start_matches('\u{feff}').to_owned()).collect();
    let duplicate = columns.iter().enumerate().find(|(index, name)| {
        !name.is_empty() && columns.iter().take(*index).any(|other| other == *name)
    });
    if let Some((_, name)) = duplicate {
        return Err(other(format!("it has two columns named {name}")));
    }
    // The csv crate counts lines by `\n`. If lines end with `\r\n`, the `\n` of the header has not been
    // counted at this point, and all line numbers are one too small.
    let uncounted = 2_u64.saturating_sub(reader.position().line());
    let mut lines = Vec::new();
    for record in reader.records() {
        let cells = record.map_err(|e| other(malformed(&e, uncounted)))?;
        let number = line(cells.position(), uncounted);
        let record = Record { columns: &columns, cells: &cells, optional };
        let record = T::deserialize(record).map_err(|e| match e {
            Wrong::Columns(message) => other(message),
            Wrong::Cell(message) => wrong(format!("line {number}: {message}")),
        })?;
        lines.push(Line { number, record });
    }
    if reader.get_ref().limit() == 0 {
        return Err(other(format!("it is too long (expected less than {MAX_BYTES} bytes)")));
    }
    if lines.is_empty() {
        return Err(other("it has no rows".into()));
    }
    Ok(Records { name, lines })
}

/// The line of a position, counted from 1.
fn line(position: Option<&csv::Position>, uncounted: u64) -> u64 {
    position.map_or(1, |at| at.line() + uncounted)
}

fn malformed(error: &csv::Error, uncounted: u64) -> String {
    match error.kind() {
        ErrorKind::UnequalLengths { pos, expected_len, len } => format!(
            "line {} has the wrong number of cells (found {len}, expected {expected_len} as in the header)",
            line(pos.as_ref(), uncounted)
        ),
        ErrorKind::Utf8 { pos, .. } => {
            format!("line {} is not UTF-8 text", line(pos.as_ref(), uncounted))
        }
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::fmt;

    use serde::Deserialize;

    use super::{super::written::TABLE, *};

    #[derive(Debug, PartialEq, Deserialize)]
    struct Place {
        width: usize,
        height: Option<usize>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Measured {
        name: String,
        #[serde(default)]
        kind: Kind,
        alpha: Option<f64>,
    }

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Kind {
        #[default]
        Flat,
        Steep,
    }

    fn read<T: DeserializeOwned>(text: &str, optional: &[&str]) -> Result<Vec<Line<T>>> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        Ok(csv(file.path(), &TABLE, optional)?.lines)
    }

    fn error<T: DeserializeOwned + fmt::Debug>(text: &str) -> String {
        let message = read::<T>(text, &[]).unwrap_err().to_string();
        message.split_once(": ").unwrap().1.to_owned()
    }

    #[test]
    fn columns_are_found_by_name_and_numbers_are_read_in_all_forms() {
        let expected = [
            Line { number: 2, record: Place { width: 5, height: Some(7) } },
            Line { number: 3, record: Place { width: 0, height: None } },
        ];
        for text in [
            "width,height\n5,7\n0,\n",
            "\u{feff}width,height\r\n5,7\r\n0,NA\r\n",
            "height,of,width\n7,nothing,5.0\nnull,,0e3\n",
            "\"height\",\"width\"\n\"7.0\",\"5\"\n\"NaN\",\" 0 \"\n",
        ] {
            assert_eq!(read::<Place>(text, &[]).unwrap(), expected, "{text}");
        }
        let seed = read::<Place>("width,height\n1,18446744073709551615\n", &[]).unwrap();
        assert_eq!(seed.first().unwrap().record.height, Some(usize::MAX));
    }

    #[test]
    fn invalid_numbers_are_refused_with_line_and_column() {
        for (cell, found) in [
            ("", "\"\""),
            ("nan", "\"nan\""),
            ("-1", "\"-1\""),
            ("1.5", "\"1.5\""),
            ("1e400", "\"1e400\""),
            ("1e17", "\"1e17\""),
            ("0x10", "\"0x10\""),
            ("inf", "\"inf\""),
        ] {
            let expected =
                format!("line 3: column width: found {found}, expected a whole number from 0");
            assert_eq!(error::<Place>(&format!("width,height\n1,1\n{cell},1\n")), expected);
        }
        for cell in ["inf", "-inf", "1e400", "-1e400", "\"0,5\"", "one"] {
            let message = error::<Measured>(&format!("name,kind,alpha\na,steep,{cell}\n"));
            assert!(message.starts_with("line 2: column alpha: found"), "{message}");
            assert!(message.ends_with("expected a finite number"), "{message}");
        }
        assert_eq!(
            error::<Measured>("name,kind,alpha\na,bent,1\n"),
            "line 2: column kind: found \"bent\", expected one of flat, steep"
        );
    }

    #[test]
    fn missing_columns_are_named_and_optional_ones_may_be_missing() {
        assert_eq!(
            error::<Place>("a,b\n1,2\n"),
            "is not the table expected: it lacks the columns width, height"
        );
        assert_eq!(
            error::<Place>("width\n1\n"),
            "is not the table expected: it lacks the column height"
        );
        assert_eq!(
            error::<Place>("width,width\n1,1\n"),
            "is not the table expected: it has two columns named width"
        );
        assert_eq!(
            error::<Place>("width,height\n1,2\n1\n"),
            "is not the table expected: line 3 has the wrong number of cells (found 1, expected 2 as in the header)"
        );
        let found = read::<Measured>("alpha,name\n1.5,a\n", &["kind"]).unwrap();
        let expected = Measured { name: "a".into(), kind: Kind::Flat, alpha: Some(1.5) };
        assert_eq!(found.first().unwrap().record, expected);
        for empty in ["", "width,height\n"] {
            assert!(read::<Place>(empty, &[]).is_err());
        }
    }

    #[test]
    fn a_record_may_be_a_tuple_of_structs() {
        let text = "name,width,height,kind,alpha\nb,3,4,steep,1\n";
        let found = read::<(Place, Measured)>(text, &[]).unwrap();
        assert_eq!(found.first().unwrap().record.0, Place { width: 3, height: Some(4) });
        assert_eq!(found.first().unwrap().record.1.kind, Kind::Steep);
    }
}
