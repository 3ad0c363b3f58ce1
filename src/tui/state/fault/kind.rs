//! Kinds of faults: their names, their fields, and a fault from the texts of its fields.

use crate::chip::geometry::Pe;
use crate::chip::place::PePlace;
use crate::machine::fault::Fault;

/// Kind of a fault, in the order of the menu.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A bit of SRAM changes once.
    FlipBit,
    /// A bit of SRAM keeps a value.
    StickBit,
    /// A core halts.
    KillPe,
    /// Packets are lost.
    DropPackets,
    /// Packets arrive late.
    DelayPackets,
    /// Packets are written to another address.
    DivertPackets,
    /// Kill a link: it loses what reaches it.
    KillLink,
    /// Kill a link between chips: it loses what would cross it.
    KillChipLink,
    /// A chip fails.
    KillChip,
}

/// Field of a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// The PE, `x,y,p`.
    Pe,
    /// Byte address in the PE's SRAM.
    Address,
    /// Bit of that byte, 0 to 7.
    Bit,
    /// Value of the bit, 0 or 1.
    Value,
    /// Number of packets.
    Packets,
    /// Delay of each packet, µs.
    Us,
    /// QPE that a link leaves, `x,y`.
    From,
    /// QPE that a link enters, `x,y`.
    To,
    /// Chip that a link leaves, `x,y`.
    FromChip,
    /// Chip that a link enters, `x,y`.
    ToChip,
    /// Chip that fails, `x,y`.
    Chip,
}

impl Kind {
    /// All kinds, in the order of the menu: those of a chip, then those of a board.
    pub const ALL: [Self; 9] = [
        Self::FlipBit,
        Self::StickBit,
        Self::KillPe,
        Self::DropPackets,
        Self::DelayPackets,
        Self::DivertPackets,
        Self::KillLink,
        Self::KillChipLink,
        Self::KillChip,
    ];

    /// Returns the kinds that can happen on a board of `chips` chips.
    pub fn offered(chips: usize) -> &'static [Self] {
        const ALL: &[Kind] = &Kind::ALL;
        if chips > 1 { ALL } else { &ALL[..7] }
    }

    /// Returns the name of the kind in scenes.
    pub const fn name(self) -> &'static str {
        match self {
            Self::FlipBit => "FlipBit",
            Self::StickBit => "StickBit",
            Self::KillPe => "KillPe",
            Self::DropPackets => "DropPackets",
            Self::DelayPackets => "DelayPackets",
            Self::DivertPackets => "DivertPackets",
            Self::KillLink => "KillLink",
            Self::KillChipLink => "KillChipLink",
            Self::KillChip => "KillChip",
        }
    }

    /// Describes the fault in one line of the menu.
    pub const fn about(self) -> &'static str {
        match self {
            Self::FlipBit => "a bit of a PE's memory changes once",
            Self::StickBit => "a bit of a PE's memory keeps a value",
            Self::KillPe => "a PE's core halts; its memory still takes packets",
            Self::DropPackets => "the next packets that a PE sends are lost",
            Self::DelayPackets => "the next packets that a PE sends arrive late",
            Self::DivertPackets => "the next packets of y are written to another address",
            Self::KillLink => "a link of the mesh loses what reaches it, in one direction",
            Self::KillChipLink => "a link between chips loses what would cross it",
            Self::KillChip => "a chip's cores halt; its links to others are dead",
        }
    }

    /// Returns the fields of the fault, in the order of the form.
    pub const fn fields(self) -> &'static [Field] {
        match self {
            Self::FlipBit => &[Field::Pe, Field::Address, Field::Bit],
            Self::StickBit => &[Field::Pe, Field::Address, Field::Bit, Field::Value],
            Self::KillPe => &[Field::Pe],
            Self::DropPackets => &[Field::Pe, Field::Packets],
            Self::DelayPackets => &[Field::Pe, Field::Packets, Field::Us],
            Self::DivertPackets => &[Field::Pe, Field::Packets, Field::Address],
            Self::KillLink => &[Field::From, Field::To],
            Self::KillChipLink => &[Field::FromChip, Field::ToChip],
            Self::KillChip => &[Field::Chip],
        }
    }

    /// Reads a fault from the texts of [`Kind::fields`].
    ///
    /// # Errors
    ///
    /// Fails with the first field that cannot be read, and the values that it accepts.
    pub fn read(self, texts: &[&str]) -> Result<Fault, String> {
        let text = |field: Field| {
            let at = self.fields().iter().position(|&other| other == field);
            at.and_then(|at| texts.get(at)).map_or("", |text| text.trim())
        };
        let number = |field: Field| whole(field, text(field));
        let pe = || pe(text(Field::Pe)).map(PePlace::from);
        let end = |field: Field| qpe(field, text(field));
        let byte = |field: Field| u8::try_from(number(field)?).map_err(|_| refused(field, text(field)));
        Ok(match self {
            Self::FlipBit => {
                Fault::FlipBit { pe: pe()?, address: number(Field::Address)?, bit: byte(Field::Bit)? }
            }
            Self::StickBit => Fault::StickBit {
                pe: pe()?,
                address: number(Field::Address)?,
                bit: byte(Field::Bit)?,
                value: byte(Field::Value)?,
            },
            Self::KillPe => Fault::KillPe { pe: pe()? },
            Self::DropPackets => Fault::DropPackets { pe: pe()?, packets: number(Field::Packets)? },
            Self::DelayPackets => {
                let (pe, us) = (pe()?, text(Field::Us));
                let us = us.parse().map_err(|_| refused(Field::Us, us))?;
                Fault::DelayPackets { pe, packets: number(Field::Packets)?, us }
            }
            Self::DivertPackets => Fault::DivertPackets {
                pe: pe()?,
                packets: number(Field::Packets)?,
                address: number(Field::Address)?,
            },
            Self::KillLink => Fault::KillLink { from: end(Field::From)?, to: end(Field::To)? },
            Self::KillChipLink => {
                Fault::KillChipLink { from: end(Field::FromChip)?, to: end(Field::ToChip)? }
            }
            Self::KillChip => Fault::KillChip { chip: end(Field::Chip)? },
        })
    }
}

impl Field {
    /// Returns the label of the field in the form.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pe => "PE",
            Self::Address => "address",
            Self::Bit => "bit",
            Self::Value => "value",
            Self::Packets => "packets",
            Self::Us => "µs late",
            Self::From => "from QPE",
            Self::To => "to QPE",
            Self::FromChip => "from chip",
            Self::ToChip => "to chip",
            Self::Chip => "chip",
        }
    }

    /// States the values that the field accepts.
    pub const fn takes(self) -> &'static str {
        match self {
            Self::Pe => "x,y,p as on the floor plan, for example 3,4,2",
            Self::Address => "byte address, for example 0x8000 or 32768",
            Self::Bit => "0 to 7 of that byte",
            Self::Value => "0 or 1",
            Self::Packets => "a number of packets, from 1 on",
            Self::Us => "a time in µs above 0, for example 50",
            Self::From | Self::To => "x,y as on the floor plan, for example 3,4",
            Self::FromChip | Self::ToChip | Self::Chip => "x,y as on the map of chips, for example 1,0",
        }
    }
}

fn refused(field: Field, text: &str) -> String {
    format!("invalid {} `{text}`: expected {}", field.name(), field.takes())
}

/// Parses a whole number, decimal or hexadecimal (`0x…`).
fn whole(field: Field, text: &str) -> Result<u32, String> {
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
    let number = digits.map_or_else(|| text.parse().ok(), |digits| u32::from_str_radix(digits, 16).ok());
    number.ok_or_else(|| refused(field, text))
}

/// Parses the place of a QPE or a chip written as `3,4` or `(3, 4)`.
fn qpe(field: Field, text: &str) -> Result<(u8, u8), String> {
    let inner = text.trim_start_matches('(').trim_end_matches(')');
    let numbers: Option<Vec<u8>> =
        inner.split([',', ' ']).filter(|part| !part.is_empty()).map(|part| part.parse().ok()).collect();
    match numbers.as_deref() {
        Some(&[x, y]) => Ok((x, y)),
        _ => Err(refused(field, text)),
    }
}

/// Parses a PE written as `3,4,2`, `(3, 4, 2)` or `PE(3,4,2)`; on chip 1 of a board `PE(3,4,2)@1`
/// or `3,4,2,1`.
///
/// # Errors
///
/// Fails if the text is not three numbers or four, or if no chip has a PE there.
pub fn pe(text: &str) -> Result<Pe, String> {
    let inner = text.trim().trim_start_matches("PE").trim_start_matches('(');
    let numbers: Vec<u8> = inner
        .split([',', ' ', ')', '@'])
        .filter(|part| !part.is_empty())
        .map(|part| part.parse().map_err(|_| format!("invalid number `{part}`: expected for example 3,4,2")))
        .collect::<Result<_, _>>()?;
    let place = match *numbers.as_slice() {
        [x, y, p] => PePlace { x, y, p, chip: 0 },
        [x, y, p, chip] => PePlace { x, y, p, chip },
        _ => return Err(refused(Field::Pe, text)),
    };
    place.pe().ok_or_else(|| format!("there is no PE {place}: x 1..7, y 1..6, p 0..3, with holes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_no_field_holds_are_refused_as_typed() {
        let stick = |bit: &str, value: &str| Kind::StickBit.read(&["3,4,2", "0x8000", bit, value]);
        let fault = Fault::StickBit { pe: (3, 4, 2).into(), address: 0x8000, bit: 7, value: 1 };
        assert_eq!(stick("7", "1"), Ok(fault));
        for typed in ["256", "300", "0x107"] {
            let error = stick(typed, "1").unwrap_err();
            assert_eq!(error, format!("invalid bit `{typed}`: expected 0 to 7 of that byte"));
            let error = stick("7", typed).unwrap_err();
            assert_eq!(error, format!("invalid value `{typed}`: expected 0 or 1"));
        }
    }

    #[test]
    fn a_link_is_two_places() {
        let link = Fault::KillLink { from: (3, 4), to: (2, 4) };
        assert_eq!(Kind::KillLink.read(&["3,4", "(2, 4)"]), Ok(link));
        let error = Kind::KillLink.read(&["3,4,1", "2,4"]).unwrap_err();
        assert_eq!(error, "invalid from QPE `3,4,1`: expected x,y as on the floor plan, for example 3,4");
        let link = Fault::KillChipLink { from: (0, 0), to: (1, 0) };
        assert_eq!(Kind::KillChipLink.read(&["0,0", "1,0"]), Ok(link));
        assert_eq!(Kind::KillChip.read(&["1,0"]), Ok(Fault::KillChip { chip: (1, 0) }));
    }
}
