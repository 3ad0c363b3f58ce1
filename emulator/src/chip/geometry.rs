//! Where things are on the die: 38 QPEs of 2×2 PEs on a 7×6 grid with four holes.
//!
//! Source: SpiNNMachine `QUAD_MAP` / `vec2mesh.txt` ("Copyright (c) 2024 TU Dresden"), quoted in the facts sheet §1.

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
/// Which QPEs there are, in words, for messages.
pub const GRID_HELP: &str = "x is 1 to 7, y 1 to 6; (4,3), (4,4), (7,3) and (7,4) are holes in the grid";
/// Grid positions of the event router: "at the centre of the die occupying the area of two Quads" (CHIP26).
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
    /// The QPE at a grid position, if there is one.
    pub fn at(x: u8, y: u8) -> Option<Self> {
        let qpe = Self { x, y };
        QPES.contains(&qpe).then_some(qpe)
    }

    /// Position in [`QPES`].
    pub fn index(self) -> usize {
        QPES.iter().position(|&q| q == self).unwrap_or(usize::MAX)
    }
}

impl fmt::Display for Qpe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "QPE({},{})", self.x, self.y)
    }
}

/// One of the 152 processing elements, by its place in the order of the chip's linear core ids (id − 1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u16")]
pub struct Pe(u16);

impl TryFrom<u16> for Pe {
    type Error = String;

    /// Returns the PE with an index that was read from a file.
    fn try_from(index: u16) -> Result<Self, String> {
        Self::from_index(index.into()).ok_or_else(|| format!("no PE {index}: PEs are 0 to {}", PE_COUNT - 1))
    }
}

impl Pe {
    /// All PEs, in index order.
    pub fn all() -> impl DoubleEndedIterator<Item = Self> + ExactSizeIterator {
        (0..PE_COUNT as u16).map(Self)
    }

    /// The PE with this index (0..152).
    pub fn from_index(index: usize) -> Option<Self> {
        (index < PE_COUNT).then_some(Self(index as u16))
    }

    /// PE `p` (0..4) of the QPE at (`x`, `y`): the coordinates users write as `(x,y,p)`.
    pub fn at(x: u8, y: u8, p: u8) -> Option<Self> {
        if usize::from(p) >= PES_PER_QPE {
            return None;
        }
        let qpe = Qpe::at(x, y)?;
        Self::from_index(qpe.index() * PES_PER_QPE + usize::from(p))
    }

    /// Index, 0..152.
    pub fn index(self) -> usize {
        usize::from(self.0)
    }

    /// The QPE it belongs to.
    pub fn qpe(self) -> Qpe {
        QPES[self.qpe_index()]
    }

    /// Index of its QPE in [`QPES`].
    pub fn qpe_index(self) -> usize {
        self.index() / PES_PER_QPE
    }

    /// Its number within the QPE, 0..4.
    pub fn p(self) -> u8 {
        (self.index() % PES_PER_QPE) as u8
    }

    /// The chip's own id byte: x in bits 7:5, y in bits 4:2, PE in bits 1:0 (NESTML `getMyPEID()`).
    pub fn id_byte(self) -> u8 {
        let qpe = self.qpe();
        qpe.x << 5 | qpe.y << 2 | self.p()
    }
}

impl fmt::Display for Pe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let qpe = self.qpe();
        write!(f, "PE({},{},{})", qpe.x, qpe.y, self.p())
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
        for pe in Pe::all() {
            let qpe = pe.qpe();
            assert_eq!(Pe::at(qpe.x, qpe.y, pe.p()), Some(pe));
        }
        assert_eq!(Pe::at(4, 3, 0), None);
        assert_eq!(Pe::at(1, 1, 4), None);
        assert_eq!(Pe::from_index(PE_COUNT), None);
        let read = |text: &str| serde_json::from_str::<Pe>(text);
        assert_eq!(serde_json::to_string(&Pe::from_index(151)).unwrap(), "151");
        assert_eq!(read("151").unwrap().index(), 151);
        assert!(read("152").unwrap_err().to_string().contains("PEs are 0 to 151"));
    }
}
