//! Events and packets in words.

use crate::chip::geometry::{Pe, QpeId};
use crate::machine::program::Program;
use crate::machine::queue::{CHIP, EventKind};
use crate::machine::state::{Packet, PacketKind};
use crate::session::Session;

/// Describes the event that was handled last; empty before the first.
pub(super) fn last_event(session: &Session) -> String {
    let Some(event) = session.last_event else { return String::new() };
    let who = source(event.source);
    let state = session.machine().state();
    let doing = || {
        let pe = Pe::from_index(usize::from(event.source))?;
        let (phase, slot) = super::readings::operation(session.program().pe(pe)?, &state.pes[pe.index()])?;
        Some(format!(
            "{} of {}",
            session.program().legend.phase(phase),
            session.program().populations[usize::from(slot.population)].name
        ))
    };
    match event.kind {
        EventKind::Deliver(number) => {
            let packet = state.packets.get(number);
            let to = packet.map_or_else(String::new, receiver);
            let what = packet.map_or_else(|| "a packet".to_owned(), |p| contents(session.program(), p));
            format!("{who}: packet with {what} delivered at {to}")
        }
        EventKind::Interrupt => format!("{who}: handler of a doorbell write ends"),
        EventKind::Drain => format!("{who}: takes a packet out of its FIFO"),
        EventKind::DmaEnd => format!("{who}: DMA from DRAM ends"),
        EventKind::OperationEnd => {
            format!("{who}: next operation{}", doing().map_or_else(String::new, |d| format!(", {d}")))
        }
        EventKind::Inject => format!("{who}: packet injected"),
        EventKind::StepStart if session.program().is_timed() => "timers: next tick".to_owned(),
        EventKind::StepStart => "host: next time step announced".to_owned(),
        EventKind::StepEnd => "host: a time step is complete".to_owned(),
    }
}

/// Returns the receiver of a packet, in words.
pub(in crate::session) fn receiver(packet: &Packet) -> String {
    match packet.qpe {
        _ if packet.host => "the host".to_owned(),
        QpeId::ROUTER => "the event router".to_owned(),
        qpe => qpe.to_string(),
    }
}

/// Returns a name of the source of an event or packet.
pub(in crate::session) fn source(source: u16) -> String {
    match Pe::from_index(usize::from(source)) {
        Some(pe) => pe.to_string(),
        None if source == CHIP => "host".to_owned(),
        None => format!("source {source}"),
    }
}

/// Returns a description of a packet's contents.
pub(in crate::session) fn contents(program: &Program, packet: &Packet) -> String {
    match packet.kind {
        PacketKind::Event { message: None, population: None, .. } => program.legend.row.to_owned(),
        PacketKind::Values { population, .. }
        | PacketKind::Event { message: None, population: Some(population), .. } => {
            let sent = program.legend.sent;
            format!("{sent} of {}", program.population_name(population))
        }
        PacketKind::Announce { .. } => "the next time step".to_owned(),
        PacketKind::Message { message, .. } | PacketKind::Event { message: Some(message), .. } => {
            program.legend.counter(message.counter).map_or("a message", |counter| counter.kind).to_owned()
        }
    }
}
