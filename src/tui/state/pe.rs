//! Position of the user in the PE panel, and the keys that move it.

use crate::chip::geometry::Pe;
use crate::machine::program::RegionKind;
use crate::machine::sram::SRAM_BYTES;
use crate::session::inspect::{Link, UnitLinks};
use crate::session::snapshot::{Inspection, Part, PartView, PeLocation, Request};
use crate::tui::command::Direction;
pub use crate::tui::command::pe::Key;

/// Format of words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WordFormat {
    /// Words as eight hexadecimal digits.
    #[default]
    Hex,
    /// Words as single-precision numbers.
    F32,
    /// Words as whole numbers ≥ 0.
    U32,
}

impl WordFormat {
    /// Returns the next format, after the last the first.
    #[must_use]
    pub const fn next(self) -> Self {
        match self {
            Self::Hex => Self::F32,
            Self::F32 => Self::U32,
            Self::U32 => Self::Hex,
        }
    }

    /// Returns the name of the format.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hex => "hex",
            Self::F32 => "f32",
            Self::U32 => "u32",
        }
    }
}

/// Places kept to go back to.
const TRAIL: usize = 100;

/// The panel's state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PeState {
    /// Part of the PE that is shown.
    pub part: Part,
    /// Address of the word under the cursor in Memory.
    pub address: u32,
    /// Whether the user or a lesson has chosen the address; else it is the start of the PE's data.
    pub placed: bool,
    /// Number of the unit under the cursor in Neurons.
    pub unit: u32,
    /// Format of words.
    pub format: WordFormat,
    /// Whether units nearest to their threshold come first.
    pub by_distance: bool,
    /// Index of the link under the cursor, if it is among the links of the unit.
    pub link: Option<usize>,
    /// First line shown of Core.
    pub scroll: usize,
    /// Lines that the listing of Code is moved down by, from the instruction that is next.
    pub ahead: i32,
    /// Places visited before, latest last.
    pub trail: Vec<PeLocation>,
}

impl PeState {
    /// Returns the present place in the selected PE.
    pub fn place(&self, selected: Pe) -> PeLocation {
        let at = match self.part {
            Part::Core | Part::Code => 0,
            Part::Memory => self.address,
            Part::Neurons => self.unit,
        };
        PeLocation { pe: selected.index(), part: self.part, at }
    }

    /// Returns the request to send to the engine.
    pub fn request(&self, selected: Pe) -> Request {
        Request { place: self.place(selected), by_distance: self.by_distance }
    }

    /// Goes to a place and remembers the present one.
    pub fn go(&mut self, selected: &mut Pe, to: PeLocation) {
        self.trail.push(self.place(*selected));
        if self.trail.len() > TRAIL {
            self.trail.remove(0);
        }
        self.stand(selected, to);
    }

    /// Goes back; returns `true` if there was an earlier place.
    pub fn back(&mut self, selected: &mut Pe) -> bool {
        let Some(place) = self.trail.pop() else { return false };
        self.stand(selected, place);
        true
    }

    fn stand(&mut self, selected: &mut Pe, place: PeLocation) {
        if let Some(pe) = Pe::from_index(place.pe) {
            *selected = pe;
        }
        self.part = place.part;
        self.link = None;
        match place.part {
            Part::Core | Part::Code => self.scroll = 0,
            Part::Memory => self.set_address(i64::from(place.at)),
            Part::Neurons => self.unit = place.at,
        }
    }

    /// Moves the cursor. `row` is how many words a row of memory has on screen.
    pub fn step(&mut self, direction: Direction, times: u32, row: u32, shown: Option<&Inspection>) {
        match self.part {
            Part::Core => self.scroll_core(direction, times),
            Part::Code => self.scroll_code(direction, times),
            Part::Memory => {
                // Up and down stay in their column: no further than the first and the last row.
                let row = 4 * row.max(1);
                let above = times.min(self.address / row);
                let below = times.min((SRAM_BYTES - 4).saturating_sub(self.address) / row);
                let bytes = match direction {
                    Direction::Left => -4 * i64::from(times),
                    Direction::Right => 4 * i64::from(times),
                    Direction::Up => -i64::from(above * row),
                    Direction::Down => i64::from(below * row),
                };
                self.set_address(i64::from(self.address) + bytes);
            }
            Part::Neurons => self.step_units(direction, times, shown),
        }
    }

    fn scroll_core(&mut self, direction: Direction, times: u32) {
        self.scroll = match direction {
            Direction::Down => (self.scroll + times as usize).min(200),
            Direction::Up => self.scroll.saturating_sub(times as usize),
            Direction::Left | Direction::Right => self.scroll,
        };
    }

    fn scroll_code(&mut self, direction: Direction, times: u32) {
        let times = times.min(1000) as i32;
        self.ahead = match direction {
            Direction::Down => (self.ahead + times).min(10_000),
            Direction::Up => (self.ahead - times).max(-10_000),
            Direction::Left | Direction::Right => self.ahead,
        };
    }

    /// Moves the cursor to the start of the PE's data, unless an address was chosen.
    ///
    /// The program region at address 0 comes first otherwise.
    pub fn open_memory(&mut self, shown: Option<&Inspection>) {
        let Some(PartView::Memory(view)) = shown.and_then(|shown| shown.view.as_ref()) else { return };
        let data = view.map.iter().find(|region| region.kind == RegionKind::Weights);
        let data = data.or(view.map.iter().find(|region| region.kind == RegionKind::State));
        if let Some(region) = data.filter(|_| !self.placed) {
            self.address = region.start & !3;
        }
    }

    fn set_address(&mut self, address: i64) {
        self.placed = true;
        self.address = address.clamp(0, i64::from(SRAM_BYTES) - 4) as u32 & !3;
    }

    fn step_units(&mut self, direction: Direction, times: u32, shown: Option<&Inspection>) {
        let Some(view) = shown.and_then(units) else { return };
        let links = view.links.map_or(0, |links| links.links(0).len());
        // Bytes come first, then receivers: left and right go from one group to the other.
        let bytes = view.links.map_or(0, |links| links.spots.len());
        let times = times as usize;
        match (direction, self.link) {
            (Direction::Right, None) => self.link = (links > 0).then_some(0),
            (Direction::Right, Some(at)) => {
                self.link = Some(if at < bytes && bytes < links { bytes } else { at });
            }
            (Direction::Left, Some(at)) if at >= bytes => self.link = Some(0),
            (Direction::Left, _) => self.link = None,
            (Direction::Down, Some(at)) => self.link = Some((at + times).min(links.saturating_sub(1))),
            (Direction::Up, Some(at)) => self.link = Some(at.saturating_sub(times)),
            (Direction::Down | Direction::Up, None) => {
                let at = view.numbers.iter().position(|&number| number == self.unit).unwrap_or(0);
                let to = if direction == Direction::Down { at + times } else { at.saturating_sub(times) };
                if let Some(&number) = view.numbers.get(to.min(view.numbers.len().saturating_sub(1))) {
                    self.unit = number;
                }
            }
        }
    }

    /// Handles a key. If it leads to another place, that place is returned, with a description.
    pub fn key(&mut self, key: Key, page: u32, row: u32, shown: Option<&Inspection>) -> Option<Link> {
        match key {
            Key::NextPart => self.turn(1),
            Key::PreviousPart => self.turn(Part::ALL.len() - 1),
            Key::Format => self.format = self.format.next(),
            Key::Sort => self.by_distance = !self.by_distance,
            Key::PageDown => self.step(Direction::Down, page, row, shown),
            Key::PageUp => self.step(Direction::Up, page, row, shown),
            Key::First => {
                self.set_address(0);
                (self.unit, self.scroll, self.ahead) = (0, 0, 0);
            }
            Key::Last => {
                self.set_address(i64::from(SRAM_BYTES));
                if let Some(view) = shown.and_then(units) {
                    self.unit = view.total.saturating_sub(1);
                }
            }
            Key::NextRegion => self.go_region(true, shown),
            Key::PreviousRegion => self.go_region(false, shown),
            Key::Follow => return self.follow(shown),
            Key::Back => {}
        }
        None
    }

    fn turn(&mut self, by: usize) {
        let at = Part::ALL.iter().position(|&part| part == self.part).unwrap_or(0);
        self.part = Part::ALL[(at + by) % Part::ALL.len()];
        self.link = None;
    }

    fn go_region(&mut self, next: bool, shown: Option<&Inspection>) {
        let Some(PartView::Memory(view)) = shown.and_then(|shown| shown.view.as_ref()) else { return };
        let mut starts = view.map.iter().map(|region| region.start);
        let to = if next {
            starts.find(|&start| start > self.address)
        } else {
            starts.take_while(|&start| start < self.address).last()
        };
        if let Some(start) = to {
            self.set_address(i64::from(start));
        }
    }

    fn follow(&mut self, shown: Option<&Inspection>) -> Option<Link> {
        match shown?.view.as_ref()? {
            PartView::Core(_) => {
                self.turn(1);
                None
            }
            PartView::Code(_) => None,
            PartView::Memory(view) => view.word(self.address)?.link.clone(),
            PartView::Neurons(_) | PartView::SpikingNeurons(_) => {
                let links = shown.and_then(units)?.links?;
                if let Some(at) = self.link {
                    links.links(shown?.request.place.pe).get(at).cloned()
                } else {
                    self.link = Some(0);
                    None
                }
            }
        }
    }
}

/// Page of units of any network family.
struct Units<'a> {
    total: u32,
    /// Numbers of the page's units on the PE, in the order shown.
    numbers: Vec<u32>,
    links: Option<&'a UnitLinks>,
}

fn units(shown: &Inspection) -> Option<Units<'_>> {
    Some(match shown.view.as_ref()? {
        PartView::Neurons(view) => Units {
            total: view.total,
            numbers: view.units.iter().map(|unit| unit.number).collect(),
            links: view.links.as_ref(),
        },
        PartView::SpikingNeurons(view) => Units {
            total: view.total,
            numbers: view.neurons.iter().map(|neuron| neuron.number).collect(),
            links: view.links.as_ref(),
        },
        PartView::Core(_) | PartView::Memory(_) | PartView::Code(_) => return None,
    })
}
