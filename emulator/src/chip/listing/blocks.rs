//! The shape of a function: basic blocks, and the loops they form.
//!
//! This is the view to read and to show; [`super::trace`] executes the same listing, and a test
//! holds that both give the same cost of an iteration.

use std::collections::BTreeSet;
use std::ops::Range;

use super::instruction::{Cond, Instruction, Op};
use super::{Function, ListingError};
use crate::chip::cortex_m4f::{Cycles, Timing, timing};

/// Instructions that are entered at the first and left after the last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// Instructions of the block, as indices into the function's.
    pub range: Range<usize>,
    /// Cycles if the block is entered by a branch and left by falling through, or by a return or an
    /// unconditional branch with its refill.
    pub cycles: Cycles,
    /// Cycles of the block if its conditional branch is taken; equal to `cycles` if it has none.
    pub taken: Cycles,
    /// Block that the branch goes to.
    pub branches_to: Option<usize>,
    /// Block that execution falls into.
    pub falls_to: Option<usize>,
}

/// A loop: the blocks from which its header can be reached again without leaving it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loop {
    /// Block at which the loop is entered.
    pub header: usize,
    /// Blocks whose branch back to the header closes the loop.
    pub latches: Vec<usize>,
    /// All blocks of the loop.
    pub blocks: BTreeSet<usize>,
    /// Number of loops around this loop.
    pub depth: usize,
    /// Cycles of one iteration on the default path, with the back edge taken: conditional branches
    /// are not taken unless that leaves the loop, and inner loops are passed once. `None` if there
    /// is no such path.
    pub iteration: Option<Cycles>,
}

/// Blocks and loops of a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Blocks in the order of the listing.
    pub blocks: Vec<Block>,
    /// Loops, outer before inner.
    pub loops: Vec<Loop>,
}

impl Shape {
    /// Finds the blocks and loops of `function`.
    pub fn of(function: &Function) -> Result<Self, ListingError> {
        let blocks = blocks(function);
        let loops = loops(function, &blocks)?;
        Ok(Self { blocks, loops })
    }
}

/// Returns the cost of every instruction as read down the listing. The interplay with the line
/// above counts unless that line always branches away or a label stands between.
pub fn annotate(function: &Function) -> Vec<Timing> {
    let entered: BTreeSet<usize> = function.labels.values().copied().collect();
    let cost = |(i, instruction): (usize, &Instruction)| {
        let before = i.checked_sub(1).filter(|_| !entered.contains(&i));
        timing(instruction, before.and_then(|before| function.instructions.get(before)))
    };
    function.instructions.iter().enumerate().map(cost).collect()
}

fn blocks(function: &Function) -> Vec<Block> {
    let count = function.instructions.len();
    let mut starts: BTreeSet<usize> = function.labels.values().copied().filter(|at| *at < count).collect();
    starts.insert(0);
    for (i, instruction) in function.instructions.iter().enumerate() {
        if instruction.op.target().is_some() || instruction.op.returns() {
            starts.insert(i + 1);
        }
    }
    let starts: Vec<usize> = starts.into_iter().filter(|at| *at < count).collect();
    let timings = annotate(function);
    let block_at = |instruction: usize| starts.binary_search(&instruction).ok();
    let ends = starts.iter().copied().skip(1).chain([count]);
    let block = |(from, to): (usize, usize)| {
        let last = function.instructions.get(to.wrapping_sub(1));
        let target = last.and_then(|last| last.op.target()).and_then(|label| function.labels.get(label));
        let leaves = last.is_some_and(|last| {
            last.cond == Cond::Always && (last.op.returns() || matches!(last.op, Op::Branch { .. }))
        });
        let own = timings.get(from..to).unwrap_or_default();
        Block {
            range: from..to,
            cycles: own.iter().map(|t| t.cycles).sum(),
            taken: own.split_last().map_or(Cycles::ZERO, |(last, rest)| {
                rest.iter().map(|t| t.cycles).sum::<Cycles>() + last.taken
            }),
            branches_to: target.and_then(|at| block_at(*at)),
            falls_to: if leaves { None } else { block_at(to) },
        }
    };
    starts.iter().copied().zip(ends).map(block).collect()
}

fn successors(block: &Block) -> impl Iterator<Item = usize> {
    block.branches_to.into_iter().chain(block.falls_to)
}

/// Finds the natural loops: each has edges back to a header that dominates their source blocks.
///
/// Fails if a retreating edge leads to a block that does not dominate its source.
fn loops(function: &Function, blocks: &[Block]) -> Result<Vec<Loop>, ListingError> {
    let dominators = dominators(blocks);
    let dominates = |a: usize, b: usize| dominators.get(b).is_some_and(|over| over.contains(&a));
    let mut loops: Vec<Loop> = Vec::new();
    for (from, to) in retreating_edges(blocks) {
        if !dominates(to, from) {
            let last = blocks.get(from).and_then(|block| block.range.end.checked_sub(1));
            let line = last.and_then(|last| function.instructions.get(last)).map_or(0, |i| i.line);
            return Err(ListingError::Irreducible { line });
        }
        let body = natural_loop(blocks, to, from);
        match loops.iter_mut().find(|l| l.header == to) {
            Some(known) => {
                known.latches.push(from);
                known.blocks.extend(body);
            }
            None => {
                loops.push(Loop { header: to, latches: vec![from], blocks: body, depth: 0, iteration: None });
            }
        }
    }
    let all = loops.clone();
    for l in &mut loops {
        l.depth =
            all.iter().filter(|outer| outer.header != l.header && outer.blocks.contains(&l.header)).count();
        l.iteration = iteration(blocks, l);
    }
    loops.sort_by_key(|l| (l.depth, l.header));
    Ok(loops)
}

/// Returns each block's dominators: the blocks on every path from the entry to it, itself included.
fn dominators(blocks: &[Block]) -> Vec<BTreeSet<usize>> {
    let all: BTreeSet<usize> = (0..blocks.len()).collect();
    let mut over = vec![all; blocks.len()];
    if let Some(entry) = over.first_mut() {
        *entry = BTreeSet::from([0]);
    }
    loop {
        let mut changed = false;
        for at in 1..blocks.len() {
            let mut common: Option<BTreeSet<usize>> = None;
            for before in predecessors(blocks, at) {
                let theirs = &over[before];
                common = Some(
                    common.map_or_else(|| theirs.clone(), |c| c.intersection(theirs).copied().collect()),
                );
            }
            // An unreachable block keeps the full set, so that it takes no dominators from others.
            let Some(mut now) = common else { continue };
            now.insert(at);
            changed |= over[at] != now;
            over[at] = now;
        }
        if !changed {
            return over;
        }
    }
}

fn predecessors(blocks: &[Block], at: usize) -> impl Iterator<Item = usize> {
    blocks
        .iter()
        .enumerate()
        .filter(move |(_, block)| successors(block).any(|to| to == at))
        .map(|(from, _)| from)
}

/// Returns the edges to a block on the path of a depth-first walk from the entry.
fn retreating_edges(blocks: &[Block]) -> Vec<(usize, usize)> {
    let mut edges = Vec::new();
    let mut seen = BTreeSet::from([0]);
    let mut path: Vec<(usize, Vec<usize>)> =
        vec![(0, blocks.first().map(|b| successors(b).collect()).unwrap_or_default())];
    while let Some((from, rest)) = path.last_mut() {
        let from = *from;
        match rest.pop() {
            None => {
                path.pop();
            }
            Some(to) if path.iter().any(|(on, _)| *on == to) => edges.push((from, to)),
            Some(to) if seen.insert(to) => {
                path.push((to, blocks.get(to).map(|b| successors(b).collect()).unwrap_or_default()));
            }
            Some(_) => {}
        }
    }
    edges
}

/// Returns the header and all blocks from which the latch is reached without passing the header.
fn natural_loop(blocks: &[Block], header: usize, latch: usize) -> BTreeSet<usize> {
    let mut body = BTreeSet::from([header]);
    let mut todo = vec![latch];
    while let Some(at) = todo.pop() {
        if body.insert(at) {
            todo.extend(predecessors(blocks, at));
        }
    }
    body
}

/// Walks from the header along the default path until the header comes again: straight on where
/// that stays in the loop.
fn iteration(blocks: &[Block], l: &Loop) -> Option<Cycles> {
    let mut cycles = Cycles::ZERO;
    let mut at = l.header;
    for _ in 0..blocks.len() {
        let block = blocks.get(at)?;
        if block.branches_to == Some(l.header) {
            return Some(cycles + block.taken);
        }
        let inside = |next: &usize| l.blocks.contains(next);
        let next = if let Some(next) = block.falls_to.filter(inside) {
            cycles += block.cycles;
            next
        } else {
            cycles += block.taken;
            block.branches_to.filter(inside)?
        };
        if next == l.header {
            return Some(cycles);
        }
        at = next;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const CSR_ROW: &str = include_str!("../../../../assets/kernels/csr_row.s");

    #[test]
    fn csr_row_has_two_nested_loops_and_the_inner_one_costs_13_plus_p() {
        let function = Function::parse(CSR_ROW, "csr_row").unwrap();
        let shape = Shape::of(&function).unwrap();
        assert_eq!(shape.loops.iter().map(|l| l.depth).collect::<Vec<_>>(), [0, 1]);
        let inner = &shape.loops[1];
        assert_eq!(inner.blocks.len(), 1);
        assert_eq!(inner.iteration, Some(Cycles::new(13, 1)));
        assert!(shape.loops[0].blocks.contains(&inner.header));
    }

    #[test]
    fn blocks_cover_every_instruction_once() {
        let function = Function::parse(CSR_ROW, "csr_row").unwrap();
        let mut next = 0;
        for block in Shape::of(&function).unwrap().blocks {
            assert_eq!(block.range.start, next);
            next = block.range.end;
        }
        assert_eq!(next, function.instructions.len());
    }

    #[test]
    fn an_unreachable_block_does_not_make_a_loop_irreducible() {
        let listing = "f:\n\tb .L2\n\tnop\n.L3:\n\tadds r0, r0, #1\n.L2:\n\tcmp r0, #9\n\tbne .L3\n\tbx lr\n\t.size f, .-f\n";
        let shape = Shape::of(&Function::parse(listing, "f").unwrap()).unwrap();
        assert_eq!(shape.loops.len(), 1);
        assert_eq!(shape.loops[0].latches, [2]);
    }

    #[test]
    fn a_loop_with_two_entries_is_refused() {
        let listing = "f:\n\tcmp r0, #0\n\tbeq .L2\n.L1:\n\tadds r0, r0, #1\n.L2:\n\tcmp r0, #9\n\tbne .L1\n\tbx lr\n\t.size f, .-f\n";
        let function = Function::parse(listing, "f").unwrap();
        assert!(matches!(Shape::of(&function), Err(ListingError::Irreducible { .. })));
    }
}
