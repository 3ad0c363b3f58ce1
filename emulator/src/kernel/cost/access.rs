//! Loads and stores that the kernels make in SRAM, array by array, read off
//! their committed listings.
//!
//! The way of [`super`]'s cycles: each listing is executed on small inputs, every access is counted
//! at the array that its address lies in, and how the counts grow gives the coefficients of a
//! formula. Property tests hold that the formula equals the count of an execution on any input.
//! Instruction fetches and the literals beside the instructions are not counted.

use std::cell::RefCell;
use std::ops::Range;
use std::sync::OnceLock;

use super::fast;
use super::matrix::{
    ARRAY_STEP, AT, Column, FIRST_ARRAY, PARTS, STACK as TRIAL_STACK, TERMS, Trial, measure_by,
    multiplicities,
};
use super::measure::{DATA, Linear, Meter, STACK, load, per_item};
use crate::chip::listing::ListingError;
use crate::chip::listing::board::Board;
use crate::chip::listing::trace::{Call, Memory, execute};
use crate::kernel::matrix::OpCounts;
use crate::kernel::routine::Routine;

/// Memory that a matrix kernel accesses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Touched {
    /// An array of its matrix, by its place in [`crate::kernel::options::KernelKind::arrays`].
    Array(usize),
    /// Input of the kernel.
    Input,
    /// Sums that the kernel adds to, one a row.
    Sums,
    /// The stack: arguments and saved registers.
    Stack,
}

impl Touched {
    /// All arrays that the trials keep apart.
    pub(super) const ALL: [Self; 7] = [
        Self::Array(0),
        Self::Array(1),
        Self::Array(2),
        Self::Array(3),
        Self::Input,
        Self::Sums,
        Self::Stack,
    ];

    /// Returns the range of byte addresses that a trial gives it.
    pub(super) fn range(self) -> Range<u32> {
        match self {
            Self::Array(index) => {
                let start = FIRST_ARRAY + ARRAY_STEP * index as u32;
                start..start + ARRAY_STEP
            }
            Self::Input => AT.x..AT.sums,
            Self::Sums => AT.sums..AT.sums + 0x4000,
            // Registers are saved below the first byte of the arguments.
            Self::Stack => TRIAL_STACK - 0x1000..TRIAL_STACK + 0x1000,
        }
    }
}

/// Accesses to one array, as a formula in the terms of a kernel's cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Formula {
    /// Array, buffer or stack that is accessed.
    pub touched: Touched,
    terms: [i64; TERMS],
    /// Accesses of the parts of the fast kernels; `None` for others.
    parts: Option<[i64; PARTS]>,
}

impl Formula {
    /// Returns the accesses of a call with the work `done`.
    pub fn count(&self, done: &Multiples) -> u64 {
        let sum =
            |terms: &[i64], times: &[i64]| terms.iter().zip(times).map(|(term, n)| term * n).sum::<i64>();
        let parts = self.parts.as_ref().zip(done.parts.as_ref());
        let all = match parts {
            Some((terms, parts)) => self.terms[0] + sum(terms, parts),
            None => sum(&self.terms, &done.terms),
        };
        all.max(0) as u64
    }
}

/// Factors of a formula's terms in one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Multiples {
    terms: [i64; TERMS],
    parts: Option<[i64; PARTS]>,
}

impl From<&OpCounts> for Multiples {
    fn from(work: &OpCounts) -> Self {
        let parts = work.parts.map(|parts| parts.0.map(i64::from));
        Self { terms: multiplicities(work).map(i64::from), parts }
    }
}

/// Arrays of the point-wise step, in the order of its arguments, and the stack.
pub const POINTWISE_ARRAYS: usize = 8;

/// Accesses of one `broadcast`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BroadcastAccesses {
    /// The block of y.
    pub block: u64,
    /// The list of destinations.
    pub list: u64,
    /// Arguments and saved registers.
    pub stack: u64,
}

/// A loop over items of which there is at least one: `call + items · item`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct PerItem {
    call: i64,
    item: i64,
}

impl PerItem {
    fn count(self, items: u32) -> u64 {
        if items == 0 { 0 } else { (self.call + i64::from(items) * self.item).max(0) as u64 }
    }
}

/// `call + packets · (packet + destinations · destination)`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct PerPacket {
    call: i64,
    packet: i64,
    destination: i64,
}

/// Accesses of all kernels, as formulas.
#[derive(Clone, Debug, PartialEq)]
pub struct Accesses {
    /// Formulas of each matrix kernel, by [`Routine`] index; arrays that the routine never touches
    /// are left out.
    matrix: [Vec<Formula>; Routine::ALL.len()],
    /// Accesses of the point-wise step by array: of units with events, then units that always send.
    pointwise: [[PerItem; POINTWISE_ARRAYS]; 2],
    trace: [PerItem; 2],
    /// Accesses of `broadcast` to the block of y, the list of destinations and the stack.
    broadcast: [PerPacket; 3],
}

impl Accesses {
    /// Returns the accesses of a matrix kernel, one formula for each array.
    pub fn matrix(&self, routine: Routine) -> &[Formula] {
        &self.matrix[routine as usize]
    }

    /// Returns the accesses of the point-wise step of `units` units to each array.
    ///
    /// The arrays are: sums W·x, sums R·y, both biases, θ, c, y, stack. Units that always send have
    /// no θ to load.
    pub fn pointwise(&self, units: u32, always: bool) -> [u64; POINTWISE_ARRAYS] {
        self.pointwise[usize::from(always)].map(|p| p.count(units))
    }

    /// Returns the accesses of passing on `units` traces to: y, traces.
    pub fn trace(&self, units: u32) -> [u64; 2] {
        self.trace.map(|p| p.count(units))
    }

    /// Returns the accesses of sending `packets` packets to `destinations` QPEs.
    pub fn broadcast(&self, packets: u32, destinations: u32) -> BroadcastAccesses {
        if packets == 0 || destinations == 0 {
            return BroadcastAccesses::default();
        }
        let (packets, destinations) = (i64::from(packets), i64::from(destinations));
        let [block, list, stack] = self.broadcast.map(|p| {
            let each = p.packet + destinations.saturating_mul(p.destination);
            p.call.saturating_add(packets.saturating_mul(each)).max(0) as u64
        });
        BroadcastAccesses { block, list, stack }
    }
}

/// A memory that counts the accesses to some ranges of it.
#[derive(Debug, Default)]
pub(super) struct Counting {
    board: Board,
    ranges: Vec<Range<u32>>,
    counts: Vec<i64>,
}

impl Counting {
    pub(super) fn new(board: Board, ranges: Vec<Range<u32>>) -> Self {
        Self { board, counts: vec![0; ranges.len()], ranges }
    }

    fn note(&mut self, address: u32) {
        for (range, count) in self.ranges.iter().zip(&mut self.counts) {
            *count += i64::from(range.contains(&address));
        }
    }

    pub(super) fn count(&self, range: usize) -> i64 {
        self.counts.get(range).copied().unwrap_or(0)
    }
}

impl Memory for Counting {
    fn load(&mut self, address: u32) -> Result<u32, String> {
        self.note(address);
        self.board.load(address)
    }

    fn store(&mut self, address: u32, value: u32) -> Result<(), String> {
        self.note(address);
        self.board.store(address, value)
    }
}

/// Executes a routine on a trial and counts: accesses in the order of [`Touched::ALL`]. The caller
/// stores the arguments that do not fit the registers; the kernel only loads them, so they are
/// taken out again.
pub(super) fn counted(routine: Routine, trial: &Trial) -> Result<[i64; Touched::ALL.len()], ListingError> {
    if routine.is_fast() {
        return fast::run(routine, trial, Meter::ALL).map(|ran| ran.counts);
    }
    let placed = trial.placed(routine)?;
    let mut board = Board::default();
    for (address, words) in placed.image {
        board.put(address, words);
    }
    let mut memory = Counting::new(board, Touched::ALL.map(Touched::range).to_vec());
    let function = load(routine.source(), routine.function())?;
    let arguments = placed.kernel.arguments(AT);
    execute(function, &Call { arguments: &arguments, stack: TRIAL_STACK, symbols: &[] }, &mut memory)?;
    Ok(std::array::from_fn(|i| {
        let by_caller = if Touched::ALL[i] == Touched::Stack { on_stack(&arguments) } else { 0 };
        memory.count(i) - by_caller
    }))
}

/// Returns the number of arguments on the stack: those beyond the four in registers.
fn on_stack(arguments: &[u32]) -> i64 {
    arguments.len().saturating_sub(4) as i64
}

/// Returns a count as a cost without pipeline refills.
fn linear(count: i64) -> Linear {
    Linear { fixed: count, refills: 0 }
}

/// Returns the accesses of all committed listings, counted once.
pub(super) fn committed() -> Result<&'static Accesses, ListingError> {
    static ACCESSES: OnceLock<Result<Accesses, ListingError>> = OnceLock::new();
    ACCESSES.get_or_init(measure).as_ref().map_err(Clone::clone)
}

/// Counts the accesses of all committed listings.
fn measure() -> Result<Accesses, ListingError> {
    let mut matrix: [Vec<Formula>; Routine::ALL.len()] = std::array::from_fn(|_| Vec::new());
    for (formulas, routine) in matrix.iter_mut().zip(Routine::ALL) {
        // Every array asks for the counts of the trials that the others ask for.
        let known: RefCell<Vec<(Trial, [i64; Touched::ALL.len()])>> = RefCell::default();
        for (i, touched) in Touched::ALL.into_iter().enumerate() {
            let count = |rows, sources: &[Column<'_>]| {
                let trial = Trial::pattern(rows, sources);
                if let Some((_, counts)) = known.borrow().iter().find(|(known, _)| *known == trial) {
                    return Ok(linear(counts[i]));
                }
                let counts = counted(routine, &trial)?;
                known.borrow_mut().push((trial, counts));
                Ok(linear(counts[i]))
            };
            let measured = measure_by(routine, count)?;
            let terms = measured.terms().map(|term| term.fixed);
            let parts = measured.parts.map(|parts| parts.map(|term| term.fixed));
            let touches = terms.iter().chain(parts.iter().flatten()).any(|&term| term != 0);
            if touches {
                formulas.push(Formula { touched, terms, parts });
            }
        }
    }
    Ok(Accesses { matrix, pointwise: pointwise()?, trace: trace()?, broadcast: broadcast()? })
}

/// Executes a function whose first `arrays` data arrays lie 256 bytes apart from [`DATA`] on; the
/// last count is of the stack.
pub(super) fn count_in(
    source: &str,
    function: &str,
    arguments: &[u32],
    arrays: usize,
) -> Result<Vec<i64>, ListingError> {
    let array = |i: usize| DATA + 0x100 * i as u32..DATA + 0x100 * (i as u32 + 1);
    let ranges = (0..arrays).map(array).chain(std::iter::once(STACK - 0x1000..STACK + 0x1000)).collect();
    let mut memory = Counting::new(Board::default(), ranges);
    let call = Call { arguments, stack: STACK, symbols: &[] };
    execute(load(source, function)?, &call, &mut memory)?;
    let stack = memory.count(arrays) - on_stack(arguments);
    Ok((0..arrays).map(|i| memory.count(i)).chain([stack]).collect())
}

/// Returns the arguments of `pointwise`, or with one fewer those of `pointwise_always`.
///
/// Their arrays lie where [`count_in`] expects them.
fn pointwise_arguments<const N: usize>(units: u32) -> [u32; N] {
    std::array::from_fn(|i| if i == 0 { units } else { DATA + 0x100 * (i as u32 - 1) })
}

/// Place of θ among the arrays of the point-wise step.
const THRESHOLD: usize = 4;

/// Counts the accesses of a point-wise step to its arrays, then to the stack.
pub(super) fn count_pointwise(units: u32, always: bool) -> Result<Vec<i64>, ListingError> {
    if !always {
        return count_in("pointwise", "pointwise", &pointwise_arguments::<POINTWISE_ARRAYS>(units), 7);
    }
    let arguments = pointwise_arguments::<{ POINTWISE_ARRAYS - 1 }>(units);
    let mut counts = count_in("pointwise_always", "pointwise_always", &arguments, 6)?;
    counts.insert(THRESHOLD, 0);
    Ok(counts)
}

fn pointwise() -> Result<[[PerItem; POINTWISE_ARRAYS]; 2], ListingError> {
    Ok([by_unit(|units| count_pointwise(units, false))?, by_unit(|units| count_pointwise(units, true))?])
}

fn trace() -> Result<[PerItem; 2], ListingError> {
    by_unit(|units| count_in("pointwise", "trace", &[units, DATA, DATA + 0x100], 2))
}

/// Returns each array's accesses in a loop over units.
fn by_unit<const N: usize>(
    count: impl Fn(u32) -> Result<Vec<i64>, ListingError>,
) -> Result<[PerItem; N], ListingError> {
    let mut all = [PerItem::default(); N];
    for (i, entry) in all.iter_mut().enumerate() {
        let loop_ = per_item(|units| Ok(linear(count(units)?.get(i).copied().unwrap_or(0))))?;
        *entry = PerItem { call: loop_.call.fixed, item: loop_.item.fixed };
    }
    Ok(all)
}

fn broadcast() -> Result<[PerPacket; 3], ListingError> {
    let count = |packets: u32, destinations: u32| {
        count_in("broadcast", "broadcast", &[DATA, packets, DATA + 0x100, destinations], 2)
    };
    let (one, more_destinations, more_packets) = (count(1, 1)?, count(1, 2)?, count(2, 1)?);
    let at = |counts: &[i64], i: usize| counts.get(i).copied().unwrap_or(0);
    Ok(std::array::from_fn(|i| {
        let destination = at(&more_destinations, i) - at(&one, i);
        let packet = at(&more_packets, i) - at(&one, i) - destination;
        PerPacket { call: at(&one, i) - packet - destination, packet, destination }
    }))
}

#[cfg(test)]
mod tests;
