//! Estimates of a share's cost before it is placed, for mappers and tuners that compare kernels
//! without building images.

use super::{OpCounts, Share};
use crate::chip::cortex_m4f::Cycles;
use crate::kernel::cost::KernelCosts;
use crate::kernel::options::KernelKind;
use crate::kernel::parts::Parts;
use crate::kernel::routine::Routine;

impl KernelKind {
    /// Returns the C function that serves it on a PE with `rows` rows; `finite` if no weight is
    /// infinite or NaN.
    pub const fn routine(self, rows: u32, finite: bool) -> Routine {
        let narrow = rows <= 256;
        match self {
            Self::CsrRow16 => Routine::CsrRow16,
            Self::CsrRowSkip if finite => Routine::CsrRowSkip,
            Self::CsrRow | Self::CsrRowSkip => Routine::CsrRow,
            Self::CsrFast => Routine::CsrFast,
            Self::CscEvent | Self::CscFast => match (finite, narrow) {
                (true, true) if matches!(self, Self::CscFast) => Routine::CscFast8,
                (true, true) => Routine::CscEvent8,
                (true, false) => Routine::CscEvent16,
                (false, true) => Routine::CscAll8,
                (false, false) => Routine::CscAll16,
            },
            Self::CscEventList if narrow => Routine::CscList8,
            Self::CscEventList => Routine::CscList16,
            Self::Dense => Routine::Dense,
            Self::DenseEvent if finite => Routine::DenseEvent,
            Self::DenseEvent => Routine::DenseAll,
            Self::Int8Csr => Routine::Int8Csr,
            Self::Int8Mac => Routine::Int8Mac,
        }
    }

    /// Returns `true` if the input is a list of events, which the broadcast must send.
    pub const fn takes_list(self) -> bool {
        matches!(self, Self::CscEventList)
    }

    /// Returns whether it rounds its inputs, too, and so has to know how large they become.
    pub const fn rounds_inputs(self) -> bool {
        matches!(self, Self::Int8Mac)
    }

    /// Returns `true` if the sums have the reference network's bits.
    pub const fn is_exact(self) -> bool {
        !matches!(self, Self::Int8Csr | Self::Int8Mac)
    }
}

/// Counts of a share's weights from which the work of every kernel follows.
#[derive(Clone, Debug)]
pub struct Counts {
    /// `true` if no weight is infinite or NaN.
    finite: bool,
    rows: u32,
    empty_rows: u32,
    stored: u32,
    /// Rows by length, as [`KernelKind::CsrFast`] reads them.
    row_parts: Parts,
    /// Weights of each source.
    by_source: Vec<u32>,
}

impl Share<'_> {
    /// Returns `true` if no weight is infinite or NaN.
    pub fn finite(&self) -> bool {
        self.rows.iter().flatten().all(|(_, weight)| weight.is_finite())
    }

    /// Counts the share's weights.
    pub fn counts(&self) -> Counts {
        let mut row_parts = Parts::default();
        self.rows.iter().for_each(|row| row_parts.row(row.len() as u32));
        let mut by_source = vec![0_u32; self.words.len()];
        let mut finite = true;
        for (source, weight) in self.rows.iter().flatten() {
            finite &= weight.is_finite();
            if let Some(count) = by_source.get_mut(*source as usize) {
                *count += 1;
            }
        }
        Counts {
            finite,
            rows: self.rows.len() as u32,
            empty_rows: self.rows.iter().filter(|row| row.is_empty()).count() as u32,
            stored: self.rows.iter().map(|row| row.len() as u32).sum(),
            row_parts,
            by_source,
        }
    }

    /// Returns the work of a kernel if exactly the sources for which `active` is true are not zero.
    pub fn work(&self, kind: KernelKind, active: impl Fn(u32) -> bool) -> OpCounts {
        self.counts().work(kind, active)
    }

    /// Returns the cycles of that work.
    pub fn cost(&self, kind: KernelKind, active: impl Fn(u32) -> bool, costs: &KernelCosts) -> Cycles {
        let counts = self.counts();
        costs.matrix(counts.routine(kind), &counts.work(kind, active))
    }
}

impl Counts {
    /// Returns the C function that computes the share with a kernel.
    pub const fn routine(&self, kind: KernelKind) -> Routine {
        kind.routine(self.rows, self.finite)
    }

    /// Returns the work of a kernel if exactly the sources for which `active` is true are not zero.
    ///
    /// It is what [`super::Kernel::work`] counts on the placed bytes with such an input.
    pub fn work(&self, kind: KernelKind, active: impl Fn(u32) -> bool) -> OpCounts {
        let all = !self.finite;
        match kind {
            KernelKind::CsrRow | KernelKind::CsrRow16 | KernelKind::Int8Csr => self.row_work(self.stored),
            KernelKind::CsrRowSkip if all => self.row_work(self.stored),
            KernelKind::CsrRowSkip => {
                let visited = (0_u32..).zip(&self.by_source).filter(|(source, _)| active(*source));
                self.row_work(visited.map(|(_, count)| count).sum())
            }
            KernelKind::CsrFast => OpCounts { parts: Some(self.row_parts), ..self.row_work(self.stored) },
            KernelKind::CscFast if !all && self.rows <= 256 => {
                let (work, parts) = self.source_work(active, true);
                OpCounts { parts: Some(parts), ..work }
            }
            KernelKind::CscEvent | KernelKind::CscFast => {
                self.source_work(|source| all || active(source), true).0
            }
            KernelKind::CscEventList => self.source_work(active, false).0,
            KernelKind::Dense | KernelKind::Int8Mac => {
                let (rows, gathered) = (self.rows, self.by_source.len() as u32);
                OpCounts { rows, nonzeros: rows * gathered, gathered, ..OpCounts::default() }
            }
            KernelKind::DenseEvent => {
                let (rows, sources) = (self.rows, self.by_source.len() as u32);
                let active = (0..sources).filter(|source| all || active(*source)).count() as u32;
                OpCounts {
                    rows,
                    nonzeros: rows * active,
                    active,
                    silent: sources - active,
                    ..OpCounts::default()
                }
            }
        }
    }

    /// Returns the work of a kernel that visits the rows one after the other, `nonzeros` weights.
    fn row_work(&self, nonzeros: u32) -> OpCounts {
        OpCounts {
            rows: self.rows,
            empty_rows: self.empty_rows,
            nonzeros,
            skipped: self.stored - nonzeros,
            ..OpCounts::default()
        }
    }

    /// Returns the work of a kernel that visits sources, and its columns by length.
    fn source_work(&self, visited: impl Fn(u32) -> bool, looks: bool) -> (OpCounts, Parts) {
        let mut work = OpCounts { rows: self.rows, ..OpCounts::default() };
        let mut parts = Parts::default();
        for (source, &count) in (0_u32..).zip(&self.by_source) {
            if visited(source) {
                parts.columns(count, 1);
                work.idle += u32::from(count == 0);
                work.active += u32::from(count > 0);
                work.nonzeros += count;
            } else {
                work.silent += u32::from(looks);
            }
        }
        (work, parts.shaped(self.rows, self.by_source.len() as u32))
    }
}
