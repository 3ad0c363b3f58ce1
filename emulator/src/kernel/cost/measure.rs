//! Measurement of kernel costs: differences between executions of the listings on small inputs.

use std::sync::OnceLock;

use super::matrix::Coefficients;
use super::{Broadcast, CsrRow, KernelCosts, PerItem, SOURCES, Wait, interrupt};
use crate::chip::cortex_m4f::Cycles;
use crate::chip::listing::board::Board;
use crate::chip::listing::instruction::Op;
use crate::chip::listing::kind::InstructionKind;
use crate::chip::listing::trace::{Call, Step, execute};
use crate::chip::listing::{Function, ListingError};
use crate::kernel::routine::Routine;

/// Address of the transmit trigger, `COMMS->tcr` of registers.h.
pub(super) const TRIGGER: u32 = 0xE200_0014;
/// Address of the exp unit's operand, `EXP_UNIT->operand` of registers.h.
pub(super) const EXP_OPERAND: u32 = 0xE010_0100;
/// Address of the number of the block that arrived, `COMMS->rkr` of registers.h.
const RECEIVE_KEY: u32 = 0xE200_0018;
/// Byte address of the stack in measurements; any free address would do.
pub(super) const STACK: u32 = 0x1_F000;
pub(super) const DATA: u32 = 0x8000;

/// Cost `fixed + refills · P`, of which both terms may be negative, as in a correction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Linear {
    /// Cycles that do not depend on P.
    pub fixed: i64,
    /// Number of pipeline refills, P cycles each.
    pub refills: i64,
}

impl Linear {
    /// Returns `n` times the cost.
    #[must_use]
    pub fn times(self, n: u32) -> Self {
        Self { fixed: self.fixed * i64::from(n), refills: self.refills * i64::from(n) }
    }

    /// Returns the cycles for a refill of `p` cycles.
    pub fn at(self, p: u32) -> i64 {
        self.fixed + self.refills * i64::from(p)
    }
}

impl std::fmt::Display for Linear {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sign = if self.refills < 0 { '-' } else { '+' };
        let text = match self.refills.unsigned_abs() {
            0 => self.fixed.to_string(),
            1 => format!("{} {sign} P", self.fixed),
            n => format!("{} {sign} {n}P", self.fixed),
        };
        f.pad(&text)
    }
}

impl From<Cycles> for Linear {
    fn from(c: Cycles) -> Self {
        Self { fixed: i64::from(c.fixed), refills: i64::from(c.refills) }
    }
}

impl std::ops::Add for Linear {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self { fixed: self.fixed + other.fixed, refills: self.refills + other.refills }
    }
}

impl std::ops::Sub for Linear {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self { fixed: self.fixed - other.fixed, refills: self.refills - other.refills }
    }
}

/// Returns the sum of costs times counts. It is never negative, because it is the cost of an
/// execution.
pub(super) fn evaluate(terms: &[(Linear, u32)]) -> Cycles {
    let sum = |part: fn(&Linear) -> i64| {
        let total =
            terms.iter().fold(0_i64, |sum, (c, n)| sum.saturating_add(part(c).saturating_mul((*n).into())));
        u32::try_from(total.max(0)).unwrap_or(u32::MAX)
    };
    Cycles::new(sum(|c| c.fixed), sum(|c| c.refills))
}

/// Cycles that a measurement counts: all of them, or those of the instructions of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Meter(pub Option<InstructionKind>);

impl Meter {
    /// Counts every cycle.
    pub const ALL: Self = Self(None);

    /// Executes a function on `board`; [`Step::end`] counts the metered cycles only.
    pub fn run(
        self,
        function: &Function,
        arguments: &[u32],
        board: &mut Board,
    ) -> Result<Vec<Step>, ListingError> {
        let mut steps = run(function, arguments, board)?;
        self.count(function, &mut steps);
        Ok(steps)
    }

    /// Removes the cycles of other kinds from [`Step::end`]; pipeline refills belong to branches.
    pub fn count(self, function: &Function, steps: &mut [Step]) {
        let Some(kind) = self.0 else { return };
        let (mut before, mut counted) = (Cycles::ZERO, Cycles::ZERO);
        for step in steps {
            let op = function.instructions.get(step.instruction).map(|instruction| &instruction.op);
            let own = op.is_some_and(|op| InstructionKind::of(op) == kind);
            let (fixed, refills) = (step.end.fixed - before.fixed, step.end.refills - before.refills);
            let refills = if kind == InstructionKind::Branch { refills } else { 0 };
            before = step.end;
            counted += Cycles::new(if own { fixed } else { 0 }, refills);
            step.end = counted;
        }
    }
}

/// Returns the metered costs of all committed listings.
///
/// Every meter counts entry and exit of handlers, which are not instructions.
pub(super) fn all(meter: Meter) -> Result<KernelCosts, ListingError> {
    let (pointwise, exps_per_unit) = pointwise(meter)?;
    let (barrier, barrier_poll) = barrier(meter)?;
    Ok(KernelCosts {
        csr: csr_row(meter)?,
        pointwise,
        exps_per_unit,
        trace: trace(meter)?,
        clear: clear(meter)?,
        broadcast: broadcast(meter)?,
        receive: interrupt(receive(meter, 2)?),
        receive_last: interrupt(receive(meter, 1)?),
        wait: wait(meter)?,
        dma_start: evaluate(&[(total(meter, "embedding_dma", "embedding_dma_start", &[DATA, 5])?, 1)]),
        dma_isr: interrupt(dma_isr(meter)?),
        timer_log: evaluate(&[(total(meter, "timer_log", "timer_log", &[DATA])?, 1)]),
        barrier,
        barrier_poll,
        matrix: matrix(meter)?,
        delivery: super::events::measure(meter)?,
        accesses: super::access::committed()?,
        arriving: Box::new(super::arrivals::measure(meter)?),
        spikes: Box::new(super::spikes::measure(meter)?),
        transformer: Box::new(super::transformer::measure(meter)?),
        maps: super::maps::measure(meter)?,
    })
}

fn matrix(meter: Meter) -> Result<[Coefficients; Routine::ALL.len()], ListingError> {
    let mut all = [Coefficients::default(); Routine::ALL.len()];
    for (coefficients, routine) in all.iter_mut().zip(Routine::ALL) {
        *coefficients = super::matrix::measure(routine, meter)?;
    }
    Ok(all)
}

/// Functions of the committed listings, by source; each source is read once, on first use.
static FUNCTIONS: [OnceLock<Result<Vec<Function>, ListingError>>; SOURCES.len()] =
    [const { OnceLock::new() }; SOURCES.len()];

/// Returns a function of a committed listing.
pub(super) fn load(source: &str, function: &str) -> Result<&'static Function, ListingError> {
    let missing = |name: &str| ListingError::NoFunction { name: name.to_string() };
    let found = SOURCES.iter().zip(&FUNCTIONS).find(|(known, _)| known.name == source);
    let (source, functions) = found.ok_or_else(|| missing(source))?;
    let functions = functions.get_or_init(|| source.parse()).as_ref().map_err(Clone::clone)?;
    functions.iter().find(|known| known.name == function).ok_or_else(|| missing(function))
}

/// Executes a function on `board`.
pub(super) fn run(
    function: &Function,
    arguments: &[u32],
    board: &mut Board,
) -> Result<Vec<Step>, ListingError> {
    let symbols = [("buffer_of_block", DATA), ("input_ready", DATA), ("tick_ready", DATA)];
    let call = Call { arguments, stack: STACK, symbols: &symbols };
    #[cfg(test)]
    let before = board.clone();
    let steps = execute(function, &call, board)?;
    #[cfg(test)]
    super::machine_code::check(function, &call, before, board, &steps);
    Ok(steps)
}

pub(super) fn end(steps: &[Step]) -> Linear {
    steps.last().map_or_else(Linear::default, |step| step.end.into())
}

/// Returns the cycles before the last instruction, the return.
pub(super) fn before_return(steps: &[Step]) -> Linear {
    steps.len().checked_sub(2).and_then(|i| steps.get(i)).map_or_else(Linear::default, |step| step.end.into())
}

/// Returns the cycles of a call on empty memory.
pub(super) fn total(
    meter: Meter,
    source: &str,
    function: &str,
    arguments: &[u32],
) -> Result<Linear, ListingError> {
    Ok(end(&meter.run(load(source, function)?, arguments, &mut Board::default())?))
}

/// Executes `csr_row` on rows of the given numbers of non-zeros, all of them 0 × 0.
fn csr_row(meter: Meter) -> Result<CsrRow, ListingError> {
    let function = load("csr_row", "csr_row")?;
    let cost = |row_lengths: &[u32]| {
        let mut board = Board::default();
        let (value, column, start, x, sum) = (DATA, DATA + 0x100, DATA + 0x200, DATA + 0x300, DATA + 0x400);
        let ends = row_lengths.iter().scan(0, |end, n| {
            *end += n;
            Some(*end)
        });
        board.put(start + 4, ends);
        let arguments = [value, column, start, row_lengths.len() as u32, x, sum];
        meter.run(function, &arguments, &mut board).map(|steps| end(&steps))
    };
    let empty_row = cost(&[0, 0])? - cost(&[0])?;
    let nonzero = cost(&[2])? - cost(&[1])?;
    Ok(CsrRow {
        none: cost(&[])?,
        call: cost(&[0])? - empty_row,
        row: cost(&[1, 1])? - cost(&[1])? - nonzero,
        empty_row,
        nonzero,
    })
}

pub(super) fn per_item(cost: impl Fn(u32) -> Result<Linear, ListingError>) -> Result<PerItem, ListingError> {
    let item = cost(2)? - cost(1)?;
    Ok(PerItem { none: cost(0)?, call: cost(1)? - item, item })
}

/// Returns the costs of the step of units with events, of those that always send, and the
/// operations of the exp unit per unit, which are those of both.
fn pointwise(meter: Meter) -> Result<([PerItem; 2], u32), ListingError> {
    let at = |array: u32| DATA + 0x100 * array;
    let (function, always) = (load("pointwise", "pointwise")?, load("pointwise_always", "pointwise_always")?);
    let steps = |units: u32| {
        let arguments = [units, at(0), at(1), at(2), at(3), at(4), at(5), at(6)];
        meter.run(function, &arguments, &mut Board::default())
    };
    let always = per_item(|units| {
        let arguments = [units, at(0), at(1), at(2), at(3), at(4), at(5)];
        meter.run(always, &arguments, &mut Board::default()).map(|s| end(&s))
    })?;
    let exps = steps(1)?.iter().filter(|s| s.stored.is_some_and(|(at, _)| at == EXP_OPERAND)).count() as u32;
    Ok(([per_item(|units| steps(units).map(|s| end(&s)))?, always], exps))
}

fn trace(meter: Meter) -> Result<PerItem, ListingError> {
    per_item(|units| total(meter, "pointwise", "trace", &[units, DATA, DATA + 0x100]))
}

fn clear(meter: Meter) -> Result<PerItem, ListingError> {
    per_item(|words| total(meter, "clear", "clear", &[DATA, words]))
}

fn broadcast(meter: Meter) -> Result<Broadcast, ListingError> {
    let function = load("broadcast", "broadcast")?;
    let steps = |packets: u32, destinations: u32| {
        meter.run(function, &[DATA, packets, DATA + 0x100, destinations], &mut Board::default())
    };
    let cost = |packets, destinations| steps(packets, destinations).map(|s| end(&s));
    let first = steps(1, 1)?;
    let trigger = first.iter().find(|step| step.stored.is_some_and(|(at, _)| at == TRIGGER));
    let destination = cost(1, 2)? - cost(1, 1)?;
    let packet = cost(2, 1)? - cost(1, 1)? - destination;
    Ok(Broadcast {
        none: cost(0, 1)?,
        call: cost(1, 1)? - packet - destination,
        packet,
        destination,
        unsent_packet: cost(2, 0)? - cost(1, 0)?,
        lead: trigger.map_or_else(Linear::default, |step| step.end.into()),
    })
}

/// Returns the cycles of `receive_isr` before its return, when `missing` blocks are still expected.
fn receive(meter: Meter, missing: u32) -> Result<Linear, ListingError> {
    let mut board = Board::default();
    let (block, buffer) = (3, DATA + 0x1000);
    board.put(RECEIVE_KEY, [block]);
    board.put(DATA + 4 * block, [buffer]);
    board.put(buffer, [0, missing, 0]);
    Ok(before_return(&meter.run(load("receive_isr", "receive_isr")?, &[], &mut board)?))
}

fn dma_isr(meter: Meter) -> Result<Linear, ListingError> {
    Ok(before_return(&meter.run(load("embedding_dma", "embedding_dma_isr")?, &[], &mut Board::default())?))
}

fn wait(meter: Meter) -> Result<Wait, ListingError> {
    let (polling, sleeping) = (load("wait_input", "wait_polling")?, load("wait_input", "wait_sleeping")?);
    let steps = |function: &Function, misses: u32| {
        let mut board = Board::default();
        board.raise(DATA, misses, 1);
        meter.run(function, &[DATA], &mut board)
    };
    let missed = steps(sleeping, 1)?;
    let is_wfi = |step: &&Step| {
        sleeping.instructions.get(step.instruction).is_some_and(|i| i.op == Op::WaitForInterrupt)
    };
    let awake = missed.iter().find(is_wfi).map_or_else(Linear::default, |step| step.end.into());
    let once = |linear: Linear| evaluate(&[(linear, 1)]);
    Ok(Wait {
        check_polling: once(end(&steps(polling, 0)?)),
        check_sleeping: once(end(&steps(sleeping, 0)?)),
        poll: once(end(&steps(polling, 2)?) - end(&steps(polling, 1)?)),
        wake_sleeping: once(end(&missed) - awake),
    })
}

/// Measures `barrier_collect` over slots that are up to date (step 0), and one iteration over a
/// slot that is not.
fn barrier(meter: Meter) -> Result<(PerItem, Cycles), ListingError> {
    let function = load("barrier", "barrier_collect")?;
    let cost = |pes, misses| {
        let mut board = Board::default();
        board.put(DATA, [u32::from(misses > 0)]);
        board.raise(DATA, misses, 0);
        meter.run(function, &[DATA, pes, 0], &mut board).map(|s| end(&s))
    };
    let poll = cost(1, 2)? - cost(1, 1)?;
    Ok((per_item(|pes| cost(pes, 0))?, evaluate(&[(poll, 1)])))
}
