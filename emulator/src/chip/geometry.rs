//! Places on the die: 38 QPEs of 2×2 PEs on a 7×6 grid with four holes.
//!
//! Source: SpiNNMachine `QUAD_MAP` / `vec2mesh.txt` ("Copyright (c) 2024 TU Dresden"), quoted in
//! the facts sheet §1.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Columns of the QPE grid; x runs from 1 to this.
pub const GRID_X: u8 = 7;
/// Rows of the QPE grid; y runs from 1 to this, upwards.
pub const GRID_Y: u8 = 6;
/// QPEs on the chip.
pub const QPE_COUNT: usize = 38;
/// PEs in one QPE.
pub const PES_PER_QPE: usize = 4;
/// PEs on the chip.
pub const PE_COUNT: usize = QPE_COUNT * PES_PER_QPE;
/// Coordinates of the QPEs that exist, in words, for messages.
pub const GRID_HELP: &str = "x is 1 to 7, y 1 to 6; (4,3), (4,4), (7,3) and (7,4) are holes in the grid";
/// Grid positions of the event router: "at the centre of the die occupying the area of
/// two Quads" (CHIP26).
pub const ROUTER_POSITIONS: [(u8, u8); 2] = [(4, 3), (4, 4)];
/// Grid positions without a QPE whose contents are not published.
pub const UNDOCUMENTED_POSITIONS: [(u8, u8); 2] = [(7, 3), (7, 4)];

/// QPE positions in the order of the chip's linear core ids (1..=152, four to a QPE).
pub const QPES: [Qpe; QPE_COUNT] = {
    const ORDER: [(u8, u8); QPE_COUNT] = [
        (7, 6),
        (7, 5),
        (6, 6),
        (6, 5),
        (6, 4),
        (5, 4),
        (5, 6),
        (3, 6),
        (4, 6),
        (5, 5),
        (3, 5),
        (4, 5),
        (1, 6),
        (2, 6),
        (1, 5),
        (2, 5),
        (1, 4),
        (2, 4),
        (3, 4),
        (1, 1),
        (2, 1),
        (1, 2),
        (2, 2),
        (1, 3),
        (2, 3),
        (3, 3),
        (5, 1),
        (3, 1),
        (4, 1),
        (5, 2),
        (3, 2),
        (4, 2),
        (7, 1),
        (6, 1),
        (7, 2),
        (6, 2),
        (6, 3),
        (5, 3),
    ];
    let mut qpes = [Qpe { x: 0, y: 0 }; QPE_COUNT];
    let mut i = 0;
    while i < QPE_COUNT {
        qpes[i] = Qpe { x: ORDER[i].0, y: ORDER[i].1 };
        i += 1;
    }
    qpes
};

/// A quad processing element: four PEs around one NoC router.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Qpe {
    /// Column, 1..=7, left to right.
    pub x: u8,
    /// Row, 1..=6, bottom to top.
    pub y: u8,
}

impl Qpe {
    /// Returns the QPE at a grid position, if there is one.
    pub fn at(x: u8, y: u8) -> Option<Self> {
        let qpe = Self { x, y };
        QPES.contains(&qpe).then_some(qpe)
    }

    /// Returns the position of the QPE in [`QPES`]; `usize::MAX` if there is no such QPE.
    pub fn index(self) -> usize {
        QPES.iter().position(|&q| q == self).unwrap_or(usize::MAX)
    }
}

impl fmt::Display for Qpe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "QPE({},{})", self.x, self.y)
    }
}

/// Chips that a machine has at most: those of a 48-chip board.
pub const MAX_CHIPS: usize = 48;

/// A chip, by its number on the board.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ChipId(u8);

impl ChipId {
    /// The first chip, and the only one of a machine without a board.
    pub const FIRST: Self = Self(0);

    /// Returns the chip with this number; `None` from [`MAX_CHIPS`] on.
    pub fn from_index(index: usize) -> Option<Self> {
        (index < MAX_CHIPS).then_some(Self(index as u8))
    }

    /// Returns the chips of a machine that has `count` of them.
    pub fn all(count: usize) -> impl DoubleEndedIterator<Item = Self> + ExactSizeIterator {
        (0..count.min(MAX_CHIPS) as u8).map(Self)
    }

    /// Returns its number on the board.
    #[inline]
    pub fn index(self) -> usize {
        usize::from(self.0)
    }
}

impl fmt::Display for ChipId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "chip {}", self.0)
    }
}

/// A QPE of any chip: those of the first chip come first, in the order of [`QPES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct QpeId(u16);

impl QpeId {
    /// Stands for the event router, where a packet's destination is asked for.
    pub const ROUTER: Self = Self(u16::MAX);

    /// Returns the QPE at position `local` of [`QPES`] on a chip.
    #[inline]
    pub const fn on(chip: ChipId, local: usize) -> Self {
        Self(chip.0 as u16 * QPE_COUNT as u16 + local as u16)
    }

    /// Returns the QPE with this number among those of all chips.
    #[inline]
    pub const fn from_index(index: usize) -> Self {
        Self(index as u16)
    }

    /// Returns its number among the QPEs of all chips.
    #[inline]
    pub fn index(self) -> usize {
        usize::from(self.0)
    }

    /// Returns its position in [`QPES`].
    #[inline]
    pub fn local(self) -> usize {
        self.index() % QPE_COUNT
    }

    /// Returns the chip that it is on.
    #[inline]
    pub fn chip(self) -> ChipId {
        ChipId((self.index() / QPE_COUNT) as u8)
    }

    /// Returns its coordinates on its chip; `None` for the event router.
    pub fn qpe(self) -> Option<Qpe> {
        (self != Self::ROUTER).then(|| QPES[self.local()])
    }

    /// Returns the number of its PE `p` (0..4) among the PEs of all chips.
    #[inline]
    pub fn pe_index(self, p: usize) -> usize {
        self.index() * PES_PER_QPE + p
    }
}

impl fmt::Display for QpeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.qpe(), self.chip()) {
            (None, _) => f.write_str("event router"),
            (Some(qpe), ChipId::FIRST) => qpe.fmt(f),
            (Some(qpe), chip) => write!(f, "{qpe}@{}", chip.0),
        }
    }
}

/// A processing element of any chip.
///
/// PEs of the first chip come first, in the order of the chip's linear core ids (id − 1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u16")]
pub struct Pe(u16);

impl TryFrom<u16> for Pe {
    type Error = String;

    /// Returns the PE with an index that was read from a file.
    fn try_from(index: u16) -> Result<Self, String> {
        let last = MAX_CHIPS * PE_COUNT - 1;
        Self::from_index(index.into()).ok_or_else(|| format!("no PE {index}: PEs are 0 to {last}"))
    }
}

impl Pe {
    /// Returns the PEs of a machine that has `count` of them, in index order.
    pub fn first(count: usize) -> impl DoubleEndedIterator<Item = Self> + ExactSizeIterator {
        (0..count.min(MAX_CHIPS * PE_COUNT) as u16).map(Self)
    }

    /// Returns the PEs of a chip, in index order.
    pub fn of(chip: ChipId) -> impl DoubleEndedIterator<Item = Self> + ExactSizeIterator {
        let first = chip.index() * PE_COUNT;
        (first as u16..(first + PE_COUNT) as u16).map(Self)
    }

    /// Returns the PE with this index among those of all chips.
    #[inline]
    pub fn from_index(index: usize) -> Option<Self> {
        (index < MAX_CHIPS * PE_COUNT).then_some(Self(index as u16))
    }

    /// Returns PE `p` (0..4) of the QPE at (`x`, `y`) of the first chip; `None` if there is none.
    ///
    /// Users write these coordinates as `(x,y,p)`.
    pub fn at(x: u8, y: u8, p: u8) -> Option<Self> {
        if usize::from(p) >= PES_PER_QPE {
            return None;
        }
        let qpe = Qpe::at(x, y)?;
        Self::from_index(qpe.index() * PES_PER_QPE + usize::from(p))
    }

    /// Returns the PE at the place of this one on another chip.
    #[must_use]
    pub fn on(self, chip: ChipId) -> Self {
        Self((chip.index() * PE_COUNT + self.index() % PE_COUNT) as u16)
    }

    /// Returns its number among the PEs of all chips.
    #[inline]
    pub fn index(self) -> usize {
        usize::from(self.0)
    }

    /// Returns the chip that it is on.
    #[inline]
    pub fn chip(self) -> ChipId {
        ChipId((self.index() / PE_COUNT) as u8)
    }

    /// Returns the coordinates of the QPE that it belongs to, on its chip.
    pub fn qpe(self) -> Qpe {
        QPES[self.qpe_id().local()]
    }

    /// Returns the QPE that it belongs to.
    #[inline]
    pub fn qpe_id(self) -> QpeId {
        QpeId((self.index() / PES_PER_QPE) as u16)
    }

    /// Returns the number of the PE within its QPE, 0..4.
    pub fn p(self) -> u8 {
        (self.index() % PES_PER_QPE) as u8
    }

    /// Returns the chip's own id byte (NESTML `getMyPEID()`): x in bits 7:5, y in 4:2, PE in 1:0.
    pub fn id_byte(self) -> u8 {
        let qpe = self.qpe();
        qpe.x << 5 | qpe.y << 2 | self.p()
    }
}

impl fmt::Display for Pe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let qpe = self.qpe();
        write!(f, "PE({},{},{})", qpe.x, qpe.y, self.p())?;
        match self.chip() {
            ChipId::FIRST => Ok(()),
            chip => write!(f, "@{}", chip.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floor_plan_has_38_qpes_and_four_holes() {
        let mut seen = 0;
        for y in 1..=GRID_Y {
            for x in 1..=GRID_X {
                let hole = ROUTER_POSITIONS.contains(&(x, y)) || UNDOCUMENTED_POSITIONS.contains(&(x, y));
                assert_eq!(Qpe::at(x, y).is_none(), hole, "({x},{y})");
                seen += usize::from(!hole);
            }
        }
        assert_eq!(seen, QPE_COUNT);
    }

    #[test]
    fn pe_coordinates_round_trip() {
        for pe in Pe::of(ChipId::FIRST) {
            let qpe = pe.qpe();
            assert_eq!(Pe::at(qpe.x, qpe.y, pe.p()), Some(pe));
        }
        assert_eq!(Pe::at(4, 3, 0), None);
        assert_eq!(Pe::at(1, 1, 4), None);
        assert_eq!(Pe::from_index(MAX_CHIPS * PE_COUNT), None);
        let read = |text: &str| serde_json::from_str::<Pe>(text);
        assert_eq!(serde_json::to_string(&Pe::from_index(151).unwrap()).unwrap(), "151");
        assert_eq!(read("151").unwrap().index(), 151);
        assert!(read("7296").unwrap_err().to_string().contains("PEs are 0 to 7295"));
    }

    #[test]
    fn a_pe_is_a_place_on_a_chip() {
        let pe = Pe::at(3, 4, 2).unwrap();
        assert_eq!((pe.chip(), pe.to_string().as_str()), (ChipId::FIRST, "PE(3,4,2)"));
        let last = ChipId::from_index(MAX_CHIPS - 1).unwrap();
        let there = pe.on(last);
        assert_eq!((there.chip(), there.qpe(), there.p()), (last, pe.qpe(), 2));
        assert_eq!(there.to_string(), "PE(3,4,2)@47");
        assert_eq!(there.qpe_id(), QpeId::on(last, pe.qpe_id().local()));
        assert_eq!(there.qpe_id().pe_index(2), there.index());
        assert_eq!(there.qpe_id().to_string(), "QPE(3,4)@47");
        let all: Vec<Pe> = ChipId::all(MAX_CHIPS).flat_map(Pe::of).collect();
        assert!(all.iter().copied().eq(Pe::first(MAX_CHIPS * PE_COUNT)));
        assert_eq!(ChipId::from_index(MAX_CHIPS), None);
    }
}
