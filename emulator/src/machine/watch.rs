//! Writes to bytes that a debugger watches.

use std::ops::Range;

use super::exec::Machine;
use crate::chip::geometry::Pe;

/// A write that touched watched bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// PE whose SRAM was written.
    pub pe: Pe,
    /// The watched bytes that it touched.
    pub bytes: Range<u32>,
}

impl Machine {
    /// Notes writes to these bytes of a PE's SRAM from now on; the emulation is not affected.
    pub fn watch(&mut self, pe: Pe, bytes: Range<u32>) {
        self.state.pes[pe.index()].sram.watch(bytes);
        if !self.watched.contains(&pe) {
            self.watched.push(pe);
        }
    }

    /// Returns whether any bytes are watched.
    pub fn watches(&self) -> bool {
        !self.watched.is_empty()
    }

    /// Stops watching all bytes.
    pub fn unwatch(&mut self) {
        for pe in self.watched.drain(..) {
            self.state.pes[pe.index()].sram.unwatch();
        }
    }

    /// Returns the writes to watched bytes since [`Self::forget_written`], by PE in the order in
    /// which PEs were first watched.
    pub fn written(&self) -> Vec<Written> {
        let of = |&pe: &Pe| {
            let bytes = self.state.pes[pe.index()].sram.written();
            bytes.iter().map(move |bytes| Written { pe, bytes: bytes.clone() })
        };
        self.watched.iter().flat_map(of).collect()
    }

    /// Forgets the writes to watched bytes.
    pub fn forget_written(&mut self) {
        for pe in &self.watched {
            self.state.pes[pe.index()].sram.forget_written();
        }
    }
}
