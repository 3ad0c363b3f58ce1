//! Values of a plan: numbers, `true` and `false`, and words or longer pieces of RON in quotes.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde::{Serialize, Serializer};

/// Value that an axis gives to a field, as `--set` takes it.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Whole number, as in `12`.
    Whole(i64),
    /// Number with a fraction.
    Number(f64),
    /// `true` or `false`.
    Bool(bool),
    /// Word, path or longer piece of RON.
    Text(String),
}

impl Value {
    /// Returns the value as a number; `None` for words, `true` and `false`.
    pub fn number(&self) -> Option<f64> {
        match *self {
            Self::Whole(number) => Some(number as f64),
            Self::Number(number) => Some(number),
            Self::Bool(_) | Self::Text(_) => None,
        }
    }
}

impl fmt::Display for Value {
    /// Writes the value as it follows `--set PATH=`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(number) => write!(f, "{number}"),
            // With a point or an exponent, and the digits that read back to the number.
            Self::Number(number) => write!(f, "{number:?}"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Text(text) => f.write_str(text),
        }
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Whole(number) => serializer.serialize_i64(*number),
            Self::Number(number) => serializer.serialize_f64(*number),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Text(text) => serializer.serialize_str(text),
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnyValue;
        impl Visitor<'_> for AnyValue {
            type Value = Value;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number, true, false, or a value in quotes, such as \"Poll\"")
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Value, E> {
                Ok(Value::Whole(number))
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Value, E> {
                i64::try_from(number).map(Value::Whole).map_err(|_| E::custom("the number is too large"))
            }

            fn visit_f64<E: Error>(self, number: f64) -> Result<Value, E> {
                Ok(Value::Number(number))
            }

            fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
                Ok(Value::Bool(value))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
                Ok(Value::Text(text.to_owned()))
            }
        }
        deserializer.deserialize_any(AnyValue)
    }
}

impl JsonSchema for Value {
    fn schema_name() -> Cow<'static, str> {
        "Value".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        // No type: any of several.
        Schema::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_read_back_as_they_are_written() {
        let values: Vec<Value> =
            ron::from_str("[8, -3, 0.1, 1e-7, true, \"Poll\", \"[(at: Step(1))]\"]").unwrap();
        let expected = ["8", "-3", "0.1", "1e-7", "true", "Poll", "[(at: Step(1))]"];
        assert_eq!(values.iter().map(ToString::to_string).collect::<Vec<_>>(), expected);
        assert_eq!(values[0], Value::Whole(8));
        assert_eq!(values[2].number(), Some(0.1));
        assert_eq!(values[5].number(), None);
        let json = serde_json::to_string(&values[..6]).unwrap();
        assert_eq!(json, "[8,-3,0.1,1e-7,true,\"Poll\"]");
        assert_eq!(serde_json::from_str::<Vec<Value>>(&json).unwrap(), values[..6]);
        // A single digit before an exponent stays a number with a fraction.
        assert_eq!(Value::Number(2.0).to_string(), "2.0");
        ron::from_str::<Value>("(a: 1)").unwrap_err();
    }
}
