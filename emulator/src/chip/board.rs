//! Boards of several chips: which chips there are, which are neighbours, and which
//! way packets take.
//!
//! Each chip has six links to its neighbours in a hexagonal grid (CHIP26): east, north-east, north
//! and back. Which way packets take is a matter of the event routers' tables, that is of software;
//! ours are such that no circle of packets can wait for each other:
//!
//! * on a full rectangle and on the 48-chip board: along the diagonal first, then along x, then
//!   along y;
//! * with wrapped edges: over an edge where that is shorter and closes no circle;
//! * with missing chips: along a tree of shortest ways from the first chip.
//!
//! All ways from one chip form a tree, so that a router can copy a packet where they part.

use std::collections::VecDeque;

use serde::Serialize;

use super::dependencies::Dependencies;
use super::geometry::{ChipId, MAX_CHIPS};

/// Direction of a chip's link; the opposite one is three further.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Direction {
    /// Towards the neighbour at (x + 1, y).
    East,
    /// Towards the neighbour at (x + 1, y + 1).
    NorthEast,
    /// Towards the neighbour at (x, y + 1).
    North,
    /// Towards the neighbour at (x − 1, y).
    West,
    /// Towards the neighbour at (x − 1, y − 1).
    SouthWest,
    /// Towards the neighbour at (x, y − 1).
    South,
}

impl Direction {
    /// All directions, in the order of the links' numbers.
    pub const ALL: [Self; 6] =
        [Self::East, Self::NorthEast, Self::North, Self::West, Self::SouthWest, Self::South];

    /// Returns its name in lower case.
    pub const fn name(self) -> &'static str {
        match self {
            Self::East => "east",
            Self::NorthEast => "north-east",
            Self::North => "north",
            Self::West => "west",
            Self::SouthWest => "south-west",
            Self::South => "south",
        }
    }

    /// Returns the change of x and y along it.
    pub const fn step(self) -> (i32, i32) {
        match self {
            Self::East => (1, 0),
            Self::NorthEast => (1, 1),
            Self::North => (0, 1),
            Self::West => (-1, 0),
            Self::SouthWest => (-1, -1),
            Self::South => (0, -1),
        }
    }
}

/// A directed link from a chip to a neighbour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChipLink {
    /// Chip that the link leaves.
    pub from: ChipId,
    /// Chip that the link enters.
    pub to: ChipId,
    /// Direction in which the link leaves its chip.
    pub direction: Direction,
}

/// Number of a link in [`Board::links`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkId(pub u16);

impl From<LinkId> for u16 {
    fn from(link: LinkId) -> Self {
        link.0
    }
}

impl LinkId {
    /// Returns the number as an index.
    #[inline]
    pub fn index(self) -> usize {
        usize::from(self.0)
    }
}

/// Chips, links between them, and the ways that packets take.
#[derive(Clone, Debug, Default)]
pub struct Board {
    places: Vec<(u8, u8)>,
    links: Vec<ChipLink>,
    /// Links from chip to chip, by [`Self::pair`].
    ways: Vec<Vec<LinkId>>,
}

/// Rows of the 48-chip board, from y = 0: the first x and the number of chips.
///
/// The frame is 8 × 8 (facts sheet §3); that its 48 places are those of the first generation's
/// 48-chip board is our assumption.
pub const BOARD_48: [(u8, u8); 8] = [(0, 5), (0, 6), (0, 7), (0, 8), (1, 7), (2, 6), (3, 5), (4, 4)];

impl Board {
    /// Returns the board with chips at these places, numbered in this order; `wraps`: width and
    /// height behind which the board begins again, if it does.
    pub fn new(places: Vec<(u8, u8)>, wraps: Option<(u8, u8)>) -> Self {
        let mut places = places;
        places.truncate(MAX_CHIPS);
        let mut board = Self { places, links: Vec::new(), ways: Vec::new() };
        let chips = || ChipId::all(board.places.len());
        let links =
            chips().flat_map(|from| Direction::ALL.into_iter().map(move |direction| (from, direction)));
        let links = links.filter_map(|(from, direction)| {
            let to = board.neighbour(from, direction, wraps)?;
            (to != from).then_some(ChipLink { from, to, direction })
        });
        board.links = links.collect();
        board.ways = board.ways_of(wraps);
        board
    }

    /// Returns a full rectangle of chips, row after row from the bottom.
    pub fn rectangle(width: u8, height: u8) -> Vec<(u8, u8)> {
        (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).collect()
    }

    /// Returns the places of the 48-chip board.
    pub fn board_48() -> Vec<(u8, u8)> {
        let rows = (0..).zip(BOARD_48);
        rows.flat_map(|(y, (first, count))| (first..first + count).map(move |x| (x, y))).collect()
    }

    /// Returns the number of chips.
    pub fn chips(&self) -> usize {
        self.places.len()
    }

    /// Returns where a chip is on the board, as (x, y).
    pub fn place(&self, chip: ChipId) -> (u8, u8) {
        self.places.get(chip.index()).copied().unwrap_or_default()
    }

    /// Returns the chip at a place; `None` where there is none.
    pub fn chip_at(&self, place: (u8, u8)) -> Option<ChipId> {
        ChipId::from_index(self.places.iter().position(|&other| other == place)?)
    }

    /// Returns all directed links, by [`LinkId`].
    pub fn links(&self) -> &[ChipLink] {
        &self.links
    }

    /// Returns the links from one chip to another, in order; empty where there is no way.
    pub fn way(&self, from: ChipId, to: ChipId) -> &[LinkId] {
        self.ways.get(self.pair(from, to)).map_or(&[], Vec::as_slice)
    }

    /// Returns the link that a packet from chip `from` to chip `to` takes from chip `here`; `None`
    /// if its way does not lead through it, or ends there.
    pub fn next(&self, from: ChipId, to: ChipId, here: ChipId) -> Option<LinkId> {
        self.way(from, to).iter().copied().find(|link| self.links[link.index()].from == here)
    }

    /// Returns whether no circle of packets can wait for each other's links.
    pub fn is_free_of_deadlock(&self) -> bool {
        let mut dependencies = Dependencies::new(self.links.len());
        self.ways.iter().for_each(|way| dependencies.add(way));
        dependencies.is_acyclic()
    }

    fn pair(&self, from: ChipId, to: ChipId) -> usize {
        from.index() * self.places.len() + to.index()
    }

    fn neighbour(&self, from: ChipId, direction: Direction, wraps: Option<(u8, u8)>) -> Option<ChipId> {
        let ((x, y), (dx, dy)) = (self.place(from), direction.step());
        let (mut x, mut y) = (i32::from(x) + dx, i32::from(y) + dy);
        if let Some((width, height)) = wraps {
            (x, y) = (x.rem_euclid(width.into()), y.rem_euclid(height.into()));
        }
        self.chip_at((u8::try_from(x).ok()?, u8::try_from(y).ok()?))
    }

    fn link(&self, from: ChipId, direction: Direction) -> Option<LinkId> {
        let is = |link: &ChipLink| (link.from, link.direction) == (from, direction);
        Some(LinkId(self.links.iter().position(is)? as u16))
    }

    fn ways_of(&self, wraps: Option<(u8, u8)>) -> Vec<Vec<LinkId>> {
        let chips = || ChipId::all(self.chips());
        let straight = |from: ChipId| chips().map(|to| self.straight(from, to, None)).collect();
        let straight: Option<Vec<Vec<Vec<LinkId>>>> =
            chips().map(straight).map(|ways: Option<Vec<_>>| ways).collect();
        let Some(mut ways) = straight else { return self.tree_ways() };
        let mut dependencies = Dependencies::new(self.links.len());
        ways.iter().flatten().for_each(|way| dependencies.add(way));
        for from in chips().filter(|_| wraps.is_some()) {
            let around: Option<Vec<_>> = chips().map(|to| self.straight(from, to, wraps)).collect();
            let Some(around) = around.filter(|ways| self.is_tree(ways)) else { continue };
            let with = dependencies.with(&around);
            if with.is_acyclic() {
                dependencies = with;
                ways[from.index()] = around;
            }
        }
        ways.into_iter().flatten().collect()
    }

    /// Returns the way along the diagonal, then x, then y; `None` where a chip is missing on it.
    fn straight(&self, from: ChipId, to: ChipId, wraps: Option<(u8, u8)>) -> Option<Vec<LinkId>> {
        let (mut dx, mut dy) = self.distance(from, to, wraps);
        let (mut at, mut way) = (from, Vec::new());
        while (dx, dy) != (0, 0) {
            let direction = match (dx.signum(), dy.signum()) {
                (1, 1) => Direction::NorthEast,
                (-1, -1) => Direction::SouthWest,
                (1, _) => Direction::East,
                (-1, _) => Direction::West,
                (_, 1) => Direction::North,
                _ => Direction::South,
            };
            let link = self.link(at, direction)?;
            way.push(link);
            at = self.links[link.index()].to;
            (dx, dy) = (dx - direction.step().0, dy - direction.step().1);
        }
        Some(way)
    }

    /// Returns the change of x and y with the fewest links.
    fn distance(&self, from: ChipId, to: ChipId, wraps: Option<(u8, u8)>) -> (i32, i32) {
        let (a, b) = (self.place(from), self.place(to));
        let (dx, dy) = (i32::from(b.0) - i32::from(a.0), i32::from(b.1) - i32::from(a.1));
        let Some((width, height)) = wraps else { return (dx, dy) };
        let around = |d: i32, size: u8| [d, d - d.signum() * i32::from(size)];
        let all = around(dx, width).into_iter().flat_map(|x| around(dy, height).map(|y| (x, y)));
        let links = |(x, y): (i32, i32)| if x * y > 0 { x.abs().max(y.abs()) } else { x.abs() + y.abs() };
        all.min_by_key(|&to| links(to)).unwrap_or((dx, dy))
    }

    /// Returns whether ways from one chip never enter a chip by two links.
    fn is_tree(&self, ways: &[Vec<LinkId>]) -> bool {
        let mut by: Vec<Option<LinkId>> = vec![None; self.chips()];
        ways.iter().flatten().all(|&link| {
            let entered = &mut by[self.links[link.index()].to.index()];
            *entered.get_or_insert(link) == link
        })
    }

    /// Returns all ways along one tree of shortest ways from the first chip.
    fn tree_ways(&self) -> Vec<Vec<LinkId>> {
        let mut came: Vec<Option<ChipLink>> = vec![None; self.chips()];
        let mut queue = VecDeque::from([ChipId::FIRST]);
        while let Some(at) = queue.pop_front() {
            for link in self.links.iter().filter(|link| link.from == at && link.to != ChipId::FIRST) {
                if came[link.to.index()].is_none() {
                    came[link.to.index()] = Some(*link);
                    queue.push_back(link.to);
                }
            }
        }
        let up = |chip: ChipId| {
            std::iter::successors(came[chip.index()], |link| came[link.from.index()]).collect::<Vec<_>>()
        };
        let chips = || ChipId::all(self.chips());
        let way = |from: ChipId, to: ChipId| {
            let (mut rise, mut fall) = (up(from), up(to));
            while rise.last().is_some() && rise.last() == fall.last() {
                rise.pop();
                fall.pop();
            }
            let back =
                |link: &ChipLink| self.links.iter().position(|l| (l.from, l.to) == (link.to, link.from));
            let down = |link: &ChipLink| self.links.iter().position(|l| l == link);
            let all = rise.iter().filter_map(back).chain(fall.iter().rev().filter_map(down));
            all.map(|number| LinkId(number as u16)).collect()
        };
        chips().flat_map(|from| chips().map(move |to| (from, to))).map(|(from, to)| way(from, to)).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn chip(index: usize) -> ChipId {
        ChipId::from_index(index).unwrap()
    }

    /// Checks that every way leads from its first chip to its last and that the ways of a chip
    /// form a tree.
    fn check(board: &Board) {
        assert!(board.is_free_of_deadlock());
        for from in ChipId::all(board.chips()) {
            let ways: Vec<_> = ChipId::all(board.chips()).map(|to| board.way(from, to).to_vec()).collect();
            assert!(board.is_tree(&ways), "{from}");
            for (to, way) in ChipId::all(board.chips()).zip(&ways) {
                let end = way.iter().fold(from, |at, link| {
                    let link = board.links()[link.index()];
                    assert_eq!(link.from, at);
                    assert_eq!(board.next(from, to, at).map(|next| board.links()[next.index()]), Some(link));
                    link.to
                });
                assert_eq!(end, to, "from {from}");
            }
        }
    }

    #[test]
    fn the_48_chip_board_has_48_chips_in_a_frame_of_8_by_8() {
        let board = Board::new(Board::board_48(), None);
        assert_eq!(board.chips(), MAX_CHIPS);
        assert!(board.places.iter().all(|&(x, y)| x < 8 && y < 8));
        // Six links each, but for those at the edges of the hexagon.
        assert_eq!(board.links().len(), 240);
        check(&board);
        check(&Board::new(Board::board_48(), Some((8, 8))));
    }

    #[test]
    fn packets_go_along_the_diagonal_first() {
        let board = Board::new(Board::rectangle(4, 3), None);
        let way = board.way(chip(0), board.chip_at((3, 2)).unwrap());
        let directions: Vec<_> = way.iter().map(|link| board.links()[link.index()].direction).collect();
        assert_eq!(directions, [Direction::NorthEast, Direction::NorthEast, Direction::East]);
        check(&board);
    }

    #[test]
    fn wrapped_edges_shorten_ways_and_close_no_circle() {
        let links = |wraps| {
            let board = Board::new(Board::rectangle(6, 6), wraps);
            check(&board);
            board.ways.iter().map(Vec::len).sum::<usize>()
        };
        let (open, wrapped) = (links(None), links(Some((6, 6))));
        assert!(wrapped < open, "{wrapped} and {open}");
    }

    #[test]
    fn ways_lead_around_missing_chips() {
        let mut places = Board::rectangle(3, 3);
        places.retain(|&place| place != (1, 1));
        let board = Board::new(places, None);
        check(&board);
        let (a, b) = (board.chip_at((0, 0)).unwrap(), board.chip_at((2, 2)).unwrap());
        assert!(board.way(a, b).len() >= 3);
    }

    proptest! {
        #[test]
        fn every_board_is_free_of_deadlock(
            (width, height) in (1_u8..7, 1_u8..7),
            wraps: bool,
            missing in prop::collection::vec((0_u8..7, 0_u8..7), 0..3),
        ) {
            let mut places = Board::rectangle(width, height);
            places.retain(|place| *place == (0, 0) || !missing.contains(place));
            let board = Board::new(places, wraps.then_some((width, height)));
            prop_assert!(board.is_free_of_deadlock());
            // Chips that missing ones cut off have no way.
            let reached = |to| to == ChipId::FIRST || !board.way(ChipId::FIRST, to).is_empty();
            if ChipId::all(board.chips()).all(reached) {
                check(&board);
            }
        }
    }
}
