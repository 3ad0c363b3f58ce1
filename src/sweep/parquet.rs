//! The table of results as Parquet: the columns of the CSV, with types.
//!
//! A column whose values are all whole numbers, numbers, or truth values has that type; the rest is
//! text, as in the CSV. Where a point has no value, there is none. Rows are written in groups, so
//! that a table of any length is held in memory only as far as its bytes.

use std::path::Path;
use std::sync::Arc;

use parquet::basic::{LogicalType, Repetition, Type as Physical};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::Type;
use serde_json::Value as Json;
use thiserror::Error;

use super::gather::{Row, cell, lines};
use super::list::Listing;
use super::load::{LoadedPlan, columns};
use crate::output::OutputError;

/// Rows of a group.
const GROUP: usize = 65_536;

/// Error that stops a table from being made.
#[derive(Debug, Error)]
pub enum TableError {
    /// Lines of results cannot be read.
    #[error(transparent)]
    Lines(#[from] OutputError),
    /// A value does not fit its column.
    #[error("the table cannot be written as Parquet: {0}")]
    Parquet(#[from] ParquetError),
}

/// Type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Whole numbers of 64 bits.
    Whole,
    /// Numbers in double precision.
    Number,
    /// True or false.
    Truth,
    /// Text, as in the CSV.
    Text,
}

impl Kind {
    /// Returns the type of a value; `None` for no value.
    fn of(value: &Json) -> Option<Self> {
        match value {
            Json::Null => None,
            Json::Bool(_) => Some(Self::Truth),
            Json::Number(number) if number.is_i64() => Some(Self::Whole),
            Json::Number(_) => Some(Self::Number),
            _ => Some(Self::Text),
        }
    }

    /// Returns a type that holds the values of both.
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (one, two) if one == two => one,
            (Self::Whole, Self::Number) | (Self::Number, Self::Whole) => Self::Number,
            _ => Self::Text,
        }
    }

    fn field(self, name: &str) -> Result<Type, ParquetError> {
        let (physical, logical) = match self {
            Self::Whole => (Physical::INT64, None),
            Self::Number => (Physical::DOUBLE, None),
            Self::Truth => (Physical::BOOLEAN, None),
            Self::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        };
        let field = Type::primitive_type_builder(name, physical).with_repetition(Repetition::OPTIONAL);
        field.with_logical_type(logical).build()
    }
}

/// Columns of the table and their types, collected from all rows.
#[derive(Clone, Debug)]
pub struct Kinds {
    columns: Vec<(String, Option<Kind>)>,
}

impl Kinds {
    /// Creates a table with the columns of a plan, whose types are not known yet.
    pub fn new(plan: &LoadedPlan) -> Self {
        Self { columns: columns(plan.sweep()).into_iter().map(|name| (name, None)).collect() }
    }

    /// Takes in the types of a row.
    pub fn add(&mut self, row: Row<'_>) {
        for (name, kind) in &mut self.columns {
            if let Some(found) = Kind::of(&row.get(name)) {
                *kind = Some(kind.map_or(found, |kind| kind.and(found)));
            }
        }
    }
}

/// Returns the table of results as the bytes of a Parquet file.
///
/// # Errors
///
/// Fails if lines of results cannot be read, or a value does not fit its column.
pub fn table(
    plan: &LoadedPlan,
    listing: &Listing<'_>,
    folder: &Path,
    kinds: &Kinds,
) -> Result<Vec<u8>, TableError> {
    let kind = |kind: Option<Kind>| kind.unwrap_or(Kind::Text);
    let columns: Vec<(&str, Kind)> =
        kinds.columns.iter().map(|(name, found)| (name.as_str(), kind(*found))).collect();
    let fields = columns.iter().map(|(name, kind)| kind.field(name).map(Arc::new));
    let schema =
        Type::group_type_builder("results").with_fields(fields.collect::<Result<_, _>>()?).build()?;
    let mut bytes = Vec::new();
    let properties = Arc::new(WriterProperties::builder().build());
    let mut writer = SerializedFileWriter::new(&mut bytes, Arc::new(schema), properties)?;
    let mut rows: Vec<Vec<Json>> = Vec::new();
    lines(plan, listing, folder, |row| {
        rows.push(columns.iter().map(|(name, _)| row.get(name)).collect());
        if rows.len() == GROUP {
            write_group(&mut writer, &columns, &std::mem::take(&mut rows))?;
        }
        Ok::<_, TableError>(())
    })?;
    write_group(&mut writer, &columns, &rows)?;
    writer.close()?;
    Ok(bytes)
}

fn write_group(
    writer: &mut SerializedFileWriter<&mut Vec<u8>>,
    columns: &[(&str, Kind)],
    rows: &[Vec<Json>],
) -> Result<(), ParquetError> {
    if rows.is_empty() {
        return Ok(());
    }
    let mut group = writer.next_row_group()?;
    for (at, (_, kind)) in columns.iter().enumerate() {
        let values = rows.iter().map(|row| row.get(at).unwrap_or(&Json::Null));
        match kind {
            Kind::Whole => write_column::<Int64Type>(&mut group, values.map(Json::as_i64)),
            Kind::Number => write_column::<DoubleType>(&mut group, values.map(Json::as_f64)),
            Kind::Truth => write_column::<BoolType>(&mut group, values.map(Json::as_bool)),
            Kind::Text => write_column::<ByteArrayType>(&mut group, values.map(text)),
        }?;
    }
    group.close().map(drop)
}

fn text(value: &Json) -> Option<ByteArray> {
    (!value.is_null()).then(|| ByteArray::from(cell(value).into_bytes()))
}

fn write_column<T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, &mut Vec<u8>>,
    values: impl Iterator<Item = Option<T::T>>,
) -> Result<(), ParquetError> {
    let Some(mut column) = group.next_column()? else { return Ok(()) };
    let (mut there, mut present) = (Vec::new(), Vec::new());
    for value in values {
        there.push(i16::from(value.is_some()));
        present.extend(value);
    }
    column.typed::<T>().write_batch(&present, Some(&there), None)?;
    column.close()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_have_the_type_of_all_their_values() {
        let of = |values: &[Json]| values.iter().filter_map(Kind::of).reduce(Kind::and);
        let (whole, number) = (Json::from(3), Json::from(0.5));
        assert_eq!(of(&[whole.clone(), Json::Null]), Some(Kind::Whole));
        assert_eq!(of(&[whole.clone(), number.clone()]), Some(Kind::Number));
        assert_eq!(of(&[number, Json::from("Poll")]), Some(Kind::Text));
        assert_eq!(of(&[Json::from(true), Json::from(false)]), Some(Kind::Truth));
        assert_eq!(of(&[Json::from(true), whole]), Some(Kind::Text));
        assert_eq!(of(&[Json::Null]), None);
    }

    #[test]
    fn written_groups_are_read_back() {
        use parquet::file::reader::{FileReader, SerializedFileReader};
        let columns = [("point", Kind::Whole), ("waiting", Kind::Text), ("energy_j", Kind::Number)];
        let fields = columns.iter().map(|(name, kind)| kind.field(name).map(Arc::new));
        let schema =
            Type::group_type_builder("results").with_fields(fields.collect::<Result<_, _>>().unwrap());
        let (mut bytes, properties) = (Vec::new(), Arc::new(WriterProperties::builder().build()));
        let mut writer =
            SerializedFileWriter::new(&mut bytes, Arc::new(schema.build().unwrap()), properties).unwrap();
        let rows = [
            vec![Json::from(0), Json::from("Poll"), Json::from(1)],
            vec![Json::from(1), Json::Null, Json::from(0.25)],
        ];
        for row in rows {
            write_group(&mut writer, &columns, &[row]).unwrap();
        }
        writer.close().unwrap();
        let reader = SerializedFileReader::new(bytes::Bytes::from(bytes)).unwrap();
        assert_eq!(reader.num_row_groups(), 2);
        let read: Vec<String> =
            reader.get_row_iter(None).unwrap().map(|row| row.unwrap().to_string()).collect();
        assert_eq!(read[0], "{point: 0, waiting: \"Poll\", energy_j: 1.0}");
        assert_eq!(read[1], "{point: 1, waiting: null, energy_j: 0.25}");
    }
}
