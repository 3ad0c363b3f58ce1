//! Coordinates of PEs as users write them: `(x, y, p)` on chip 0, `(x, y, p, chip)` on others.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, SeqAccess, Visitor};
use serde::ser::SerializeTuple;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::geometry::{ChipId, Pe};

/// Coordinates of a PE: column, row, PE of that QPE, and chip. There may be no PE at them.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PePlace {
    /// Column of the QPE, 1 to 7.
    pub x: u8,
    /// Row of the QPE, 1 to 6.
    pub y: u8,
    /// PE of that QPE, 0 to 3.
    pub p: u8,
    /// Number of the chip on the board; 0 is the first.
    pub chip: u8,
}

impl PePlace {
    /// Returns the PE at this place; `None` if no chip of any board has one there.
    pub fn pe(self) -> Option<Pe> {
        Some(Pe::at(self.x, self.y, self.p)?.on(ChipId::from_index(self.chip.into())?))
    }
}

impl From<Pe> for PePlace {
    fn from(pe: Pe) -> Self {
        Self { x: pe.qpe().x, y: pe.qpe().y, p: pe.p(), chip: pe.chip().index() as u8 }
    }
}

impl From<(u8, u8, u8)> for PePlace {
    fn from((x, y, p): (u8, u8, u8)) -> Self {
        Self { x, y, p, chip: 0 }
    }
}

/// Writes `(3,4,2)`, or `(3,4,2,1)` on chip 1. `{:#}` adds a space after each comma, as in scenes.
impl fmt::Display for PePlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { x, y, p, chip } = self;
        match (chip, f.alternate()) {
            (0, false) => write!(f, "({x},{y},{p})"),
            (0, true) => write!(f, "({x}, {y}, {p})"),
            (_, false) => write!(f, "({x},{y},{p},{chip})"),
            (_, true) => write!(f, "({x}, {y}, {p}, {chip})"),
        }
    }
}

/// Writes the form used in scenes, since campaigns write faults into scenes with `Debug`.
impl fmt::Debug for PePlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:#}")
    }
}

impl Serialize for PePlace {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let numbers = [self.x, self.y, self.p, self.chip];
        let numbers = if self.chip == 0 { &numbers[..3] } else { &numbers[..] };
        let mut tuple = serializer.serialize_tuple(numbers.len())?;
        for number in numbers {
            tuple.serialize_element(number)?;
        }
        tuple.end()
    }
}

impl<'de> Deserialize<'de> for PePlace {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_tuple(4, Numbers)
    }
}

/// Visitor that reads three or four numbers.
struct Numbers;

impl<'de> Visitor<'de> for Numbers {
    type Value = PePlace;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the coordinates of a PE: (x, y, p) on chip 0, (x, y, p, chip) on other chips")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut numbers: A) -> Result<PePlace, A::Error> {
        let mut coordinates = [0; 3];
        for (count, number) in coordinates.iter_mut().enumerate() {
            *number = numbers.next_element()?.ok_or_else(|| Error::invalid_length(count, &self))?;
        }
        let [x, y, p] = coordinates;
        Ok(PePlace { x, y, p, chip: numbers.next_element()?.unwrap_or(0) })
    }
}

impl JsonSchema for PePlace {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "PePlace".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let number = generator.subschema_for::<u8>();
        json_schema!({
            "description": "Coordinates of a PE: (x, y, p) on chip 0, (x, y, p, chip) on other chips.",
            "type": "array",
            "prefixItems": [number, number, number, number],
            "minItems": 3,
            "maxItems": 4,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_numbers_or_four_are_read_and_written() {
        for (text, place) in
            [("(3,4,2)", PePlace::from((3, 4, 2))), ("(3,4,2,7)", PePlace { chip: 7, ..(3, 4, 2).into() })]
        {
            assert_eq!(ron::from_str::<PePlace>(text).unwrap(), place);
            assert_eq!(ron::to_string(&place).unwrap(), text);
            assert_eq!(ron::from_str::<PePlace>(&format!("{place:?}")).unwrap(), place);
            let json = text.replace('(', "[").replace(')', "]");
            assert_eq!(serde_json::from_str::<PePlace>(&json).unwrap(), place);
            assert_eq!(serde_json::to_string(&place).unwrap(), json);
        }
        for text in ["(3,4)", "(3,4,2,1,1)", "(3,4,256)", "7", "(3,4,-2)"] {
            assert!(ron::from_str::<PePlace>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_place_is_a_pe_and_back() {
        for pe in Pe::first(1000) {
            assert_eq!(PePlace::from(pe).pe(), Some(pe));
        }
        assert_eq!(PePlace::from((4, 3, 0)).pe(), None);
        assert_eq!(PePlace { chip: 200, ..(1, 1, 0).into() }.pe(), None);
    }
}
