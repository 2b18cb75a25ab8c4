//! A record of a table as serde reads it: columns by name, cells by what a field expects.

use std::fmt;

use csv::StringRecord;
use serde::{
    Deserializer,
    de::{self, DeserializeSeed, IntoDeserializer, MapAccess, SeqAccess, Visitor},
    forward_to_deserialize_any,
};

/// What is wrong with a record.
#[derive(Debug)]
pub enum Wrong {
    /// The table lacks columns.
    Columns(String),
    /// A cell, or a combination of cells, is invalid.
    Cell(String),
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Columns(message) | Self::Cell(message)) = self;
        f.write_str(message)
    }
}

impl std::error::Error for Wrong {}

impl de::Error for Wrong {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::Cell(message.to_string())
    }
}

/// A record to be deserialised as a struct or a tuple of structs.
#[derive(Clone, Copy)]
pub struct Record<'a> {
    /// The names of the columns.
    pub columns: &'a [String],
    /// The text of the cells.
    pub cells: &'a StringRecord,
    /// Columns that may be missing.
    pub optional: &'a [&'a str],
}

impl<'de> Deserializer<'de> for Record<'_> {
    type Error = Wrong;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> std::result::Result<V::Value, Wrong> {
        let missing = |field: &&&str| {
            !self.optional.contains(*field) && !self.columns.iter().any(|column| column == **field)
        };
        let missing: Vec<&str> = fields.iter().filter(missing).copied().collect();
        match missing.as_slice() {
            [] => visitor.visit_map(Cells { record: self, next: 0 }),
            [one] => Err(Wrong::Columns(format!("it lacks the column {one}"))),
            more => Err(Wrong::Columns(format!("it lacks the columns {}", more.join(", ")))),
        }
    }

    /// Each struct of the tuple finds its own columns.
    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        len: usize,
        visitor: V,
    ) -> std::result::Result<V::Value, Wrong> {
        visitor.visit_seq(Parts { record: self, left: len })
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> std::result::Result<V::Value, Wrong> {
        visitor.visit_map(Cells { record: self, next: 0 })
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct newtype_struct seq tuple_struct map enum identifier ignored_any
    }
}

struct Parts<'a> {
    record: Record<'a>,
    left: usize,
}

impl<'de> SeqAccess<'de> for Parts<'_> {
    type Error = Wrong;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> std::result::Result<Option<S::Value>, Wrong> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        seed.deserialize(self.record).map(Some)
    }
}

struct Cells<'a> {
    record: Record<'a>,
    next: usize,
}

impl<'de> MapAccess<'de> for Cells<'_> {
    type Error = Wrong;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> std::result::Result<Option<S::Value>, Wrong> {
        let Some(column) = self.record.columns.get(self.next) else { return Ok(None) };
        seed.deserialize(IntoDeserializer::<Wrong>::into_deserializer(column.as_str())).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> std::result::Result<S::Value, Wrong> {
        let column = self.record.columns.get(self.next).map_or("", String::as_str);
        let text = self.record.cells.get(self.next).unwrap_or_default().trim();
        self.next += 1;
        seed.deserialize(Cell { text })
            .map_err(|e| Wrong::Cell(format!("column {column}: found {text:?}, expected {e}")))
    }
}

/// The text of a cell. Its errors hold what was expected.
#[derive(Clone, Copy)]
struct Cell<'a> {
    text: &'a str,
}

/// 2^53, up to which f8 represents all integers.
const MAX_EXACT: f64 = 9_007_199_254_740_992.0;

impl Cell<'_> {
    fn is_missing(self) -> bool {
        ["", "na", "n/a", "nan", "null", "none"].iter().any(|m| self.text.eq_ignore_ascii_case(m))
    }

    fn number(self) -> Option<f64> {
        self.text.parse().ok().filter(|number: &f64| number.is_finite())
    }

    /// A non-negative integer, which may be written as `1.0` or `1e3`.
    fn whole(self) -> Option<u64> {
        let exact = |number: &f64| number.fract() == 0.0 && (0.0..=MAX_EXACT).contains(number);
        let number = || self.number().filter(exact).map(|number| number as u64);
        self.text.parse().ok().or_else(number)
    }
}

impl<'de> Deserializer<'de> for Cell<'_> {
    type Error = Wrong;

    fn deserialize_option<V: Visitor<'de>>(
        self,
        visitor: V,
    ) -> std::result::Result<V::Value, Wrong> {
        if self.is_missing() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> std::result::Result<V::Value, Wrong> {
        let number = self.number().ok_or_else(|| Wrong::Cell("a finite number".into()))?;
        visitor.visit_f64(number)
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> std::result::Result<V::Value, Wrong> {
        let number = self.whole().ok_or_else(|| Wrong::Cell("a whole number from 0".into()))?;
        visitor.visit_u64(number)
    }

    /// Other programs write the words with a capital letter.
    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> std::result::Result<V::Value, Wrong> {
        match self.text.to_ascii_lowercase().as_str() {
            "true" => visitor.visit_bool(true),
            "false" => visitor.visit_bool(false),
            _ => Err(Wrong::Cell("true or false".into())),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> std::result::Result<V::Value, Wrong> {
        if !variants.contains(&self.text) {
            return Err(Wrong::Cell(format!("one of {}", variants.join(", "))));
        }
        visitor.visit_enum(IntoDeserializer::<Wrong>::into_deserializer(self.text))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(
        self,
        visitor: V,
    ) -> std::result::Result<V::Value, Wrong> {
        visitor.visit_unit()
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> std::result::Result<V::Value, Wrong> {
        visitor.visit_str(self.text)
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u8 u16 u32 u128 f32 char str string bytes byte_buf unit unit_struct
        newtype_struct seq tuple tuple_struct map struct identifier
    }
}
