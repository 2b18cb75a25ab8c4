//! Records as a table for people: aligned columns, numbers with four digits.

use serde::Serialize;
use serde_json::Value;

use crate::{Error, Result};

/// Longest line of a table, if possible: the width of a terminal.
const LINE: usize = 80;

/// The lines of a table: a header of the records' keys, and one line per record. If these lines are too
/// long, each key has a line and each record a column. Keys of an inner object are `outer.inner`. A dash
/// stands for what is null or missing.
pub fn columns<T: Serialize>(records: &[T]) -> Result<String> {
    let failed = |e: serde_json::Error| Error::data(e.to_string()).caused_by(e);
    let mut names: Vec<String> = Vec::new();
    let mut rows: Vec<Vec<(String, String)>> = Vec::new();
    for record in records {
        let mut cells = Vec::new();
        flatten("", &serde_json::to_value(record).map_err(failed)?, &mut cells);
        for (name, _) in &cells {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
        rows.push(cells);
    }
    let cell = |cells: &[(String, String)], name: &String| {
        let found = cells.iter().find(|(own, _)| own == name);
        found.map_or("-".to_owned(), |(_, cell)| cell.clone())
    };
    let row = |cells: Vec<(String, String)>| names.iter().map(|name| cell(&cells, name)).collect();
    let mut table: Vec<Vec<String>> = vec![names.clone()];
    table.extend(rows.into_iter().map(row));
    let lines = aligned(&table);
    let width = |text: &str| text.lines().map(|line| line.chars().count()).max().unwrap_or(0);
    if width(&lines) <= LINE {
        return Ok(lines);
    }
    let column = |index: usize| table.iter().map(|row| row[index].clone()).collect();
    let turned = aligned(&(0..names.len()).map(column).collect::<Vec<Vec<String>>>());
    Ok(if width(&turned) < width(&lines) { turned } else { lines })
}

/// The cells of a record in order, with their names.
fn flatten(name: &str, value: &Value, cells: &mut Vec<(String, String)>) {
    let text = match value {
        Value::Object(inner) => {
            for (key, value) in inner {
                let name = if name.is_empty() { key.clone() } else { format!("{name}.{key}") };
                flatten(&name, value, cells);
            }
            return;
        }
        Value::Array(values) if values.is_empty() => "-".into(),
        Value::Array(values) => values.iter().map(plain).collect::<Vec<_>>().join(" "),
        other => plain(other),
    };
    cells.push((name.to_owned(), text));
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => "-".into(),
        Value::String(text) => text.clone(),
        Value::Number(number) => match number.as_f64() {
            Some(real) if number.is_f64() => four_digits(real),
            _ => number.to_string(),
        },
        other => other.to_string(),
    }
}

/// A number with four significant digits.
fn four_digits(x: f64) -> String {
    const DIGITS: i32 = 4;
    let magnitude = if x == 0.0 { 0 } else { x.abs().log10().floor() as i32 };
    if (-4..7).contains(&magnitude) {
        let decimals = (DIGITS - 1 - magnitude).max(0) as usize;
        format!("{x:.decimals$}")
    } else {
        format!("{x:.3e}")
    }
}

/// Pad all cells but the last of a row to the width of their column; numbers to the right.
fn aligned(table: &[Vec<String>]) -> String {
    let width = |column: usize| {
        table.iter().map(|row| row[column].chars().count()).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..table.first().map_or(0, Vec::len)).map(width).collect();
    // The first line or column has the names.
    let is_text = |column: usize| {
        let mut cells = table.iter().skip(1).map(|row| row[column].as_str());
        cells.any(|cell| cell != "-" && cell.parse::<f64>().is_err())
    };
    let texts: Vec<bool> = (0..widths.len()).map(is_text).collect();
    let mut lines = String::new();
    for row in table {
        let pad = |(column, cell): (usize, &String)| {
            let width = widths[column];
            if texts[column] { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
        };
        let cells: Vec<String> = row.iter().enumerate().map(pad).collect();
        lines.push_str(cells.join("  ").trim_end());
        lines.push('\n');
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_have_four_digits_and_columns_are_aligned() {
        let records = [
            json!({"layer": 1, "alpha": 1.234_56, "warnings": [], "bic": {"broken": -12.5}}),
            json!({"layer": 10, "alpha": null, "warnings": ["bent", "cut"], "bic": {"broken": 0.0}}),
        ];
        let expected = "layer  alpha  warnings  bic.broken\n    \
                            1  1.235  -             -12.50\n   \
                            10      -  bent cut       0.000\n";
        assert_eq!(columns(&records).unwrap(), expected);
        for (x, text) in [
            (123_456.7, "123457"),
            (0.000_123_46, "0.0001235"),
            (-1e-9, "-1.000e-9"),
            (1e300, "1.000e300"),
            (12.0, "12.00"),
        ] {
            assert_eq!(four_digits(x), text);
        }
        assert_eq!(columns::<Value>(&[]).unwrap(), "\n");
    }

    #[test]
    fn lines_longer_than_a_terminal_become_columns() {
        let record = |first: f64| {
            let pair = |n: u32| (format!("a long name {n}"), json!(first + f64::from(n)));
            Value::Object((0..8).map(pair).collect())
        };
        let table = columns(&[record(1.0), record(2.0)]).unwrap();
        assert_eq!(table.lines().next(), Some("a long name 0  1.000  2.000"));
        assert_eq!(table.lines().count(), 8);
    }
}
