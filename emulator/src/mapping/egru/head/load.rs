//! Loads of a head on the chip, beside the EGRU's programs.

use super::plan::HeadPlan;
use super::write::HeadWriter;
use super::{HeadError, HeadRequest};
use crate::chip::geometry::Pe;
use crate::machine::arrivals::{Announcement, Inbox};
use crate::machine::program::{PeProgram, Population};
use crate::mapping::build::{Placed, Request};
use crate::mapping::error::MapError;
use crate::mapping::memory::Common;

/// Head of a program: what its PEs are loaded with.
pub(in crate::mapping) struct WrittenHead {
    pub populations: Vec<Population>,
    pub announcements: Vec<Announcement>,
    pub programs: Vec<(Pe, PeProgram, Inbox)>,
    pub dram: Vec<u32>,
}

/// Writes the programs of a head's PEs.
///
/// # Errors
///
/// Fails if a PE has no room for its share; the error says on how many PEs the head would fit.
pub(in crate::mapping) fn write(
    request: &Request<'_>,
    plan: &HeadPlan,
    placed: &[Placed],
    common: &Common,
) -> Result<WrittenHead, MapError> {
    let empty = || MapError::LayerMissing { name: "the first".to_owned(), layers: Vec::new() };
    let first = placed.first().ok_or_else(empty)?;
    let buffers = *common.buffers.first().and_then(|buffers| buffers.first()).ok_or_else(empty)?;
    let writer = |plan| HeadWriter::new(plan, request.network, (&first.pes, buffers));
    let fits = |pes: usize| {
        let asked = request.head.map(|head| HeadRequest { pes: pes as u32, ..head.clone() });
        let plan = asked.and_then(|asked| HeadPlan::new(request, &asked, placed, None).ok());
        plan.is_some_and(|plan| HeadWriter::new(&plan, request.network, (&first.pes, buffers)).fits())
    };
    let writer = writer(plan);
    let written = writer.write().map_err(|error| match error {
        HeadError::DoesNotFit { pe, full, weights, pes, .. } => {
            let least = (pes + 1..=plan.free).find(|&pes| fits(pes));
            HeadError::DoesNotFit { pe, full, weights, pes, least }
        }
        other => other,
    })?;
    let populations = writer.populations();
    let lanes = placed.len() + populations.len();
    let program = |(pe, program): (Pe, PeProgram)| {
        let inbox = writer.inbox(&program, lanes);
        (pe, program, inbox)
    };
    Ok(WrittenHead {
        populations,
        announcements: writer.announcements(),
        programs: written.programs.into_iter().map(program).collect(),
        dram: written.dram,
    })
}
