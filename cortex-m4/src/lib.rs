//! Executes machine code of an Arm Cortex-M4F: Thumb-2 and single-precision floating point, as `gcc
//! -O2` writes them.
//!
//! [`decode`] turns halfwords into an [`Instruction`]; [`Core`] executes it on a [`Bus`] and counts
//! cycles by [`Timings`]. Anything that the core does not know is a [`Fault`] with its address,
//! never a silent cycle. Source of encodings and behaviour: Arm, ARMv7-M Architecture Reference
//! Manual (DDI 0403E), chapters A5 to A7.
//!
//! Left out: exceptions and their stacking, the cumulative flags of FPSCR, flush-to-zero, half
//! precision, exclusive accesses, and most parallel (DSP) instructions. NaN payloads are those
//! of the host.

mod core;
mod decode;
mod facts;
mod instruction;
mod text;

pub use core::cache::Cache;
pub use core::fault::{Bus, Fault, FaultKind, Traps};
pub use core::{Core, Counts, Flags, Limits, RETURN, Step, Stop};
pub use decode::{Decoded, decode};
pub use facts::{Class, Facts, Kind, Timings};
pub use instruction::{
    Address, Alu, Cond, Convert, Extend, FpuOp, Half, Index, Instruction, Multiple, Offset, Op, Operand, Reg,
    Reverse, Set, Shift, System, Test, VUnary, Width,
};
