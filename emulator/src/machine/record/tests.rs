use super::*;
use crate::chip::geometry::{ChipId, PE_COUNT, QpeId};
use crate::machine::arrivals::{CounterId, Message};
use crate::machine::legend::PopulationId;
use crate::machine::queue::CHIP;
use crate::machine::state::PacketKind;

fn packet(sent: Tick) -> PacketSpan {
    PacketSpan {
        source: CHIP,
        qpe: QpeId::on(ChipId::FIRST, 0),
        mask: 1,
        host: false,
        kind: PacketKind::Message {
            message: Message { population: PopulationId(0), sample: 0, counter: CounterId(0), address: 0 },
            relayed: false,
        },
        parent: None,
        hops: 1,
        sent,
        arrives: sent + 20,
        delivered: None,
    }
}

#[test]
fn a_full_list_loses_its_oldest_and_numbers_stay_right() {
    let mut recorder = SpanRecorder::new(Limits { packets: 3, per_pe: 2 }, PE_COUNT, 0, 10);
    for n in 0..5 {
        recorder.sent(packet(100 * n), n as u32);
    }
    assert_eq!((recorder.first_packet, recorder.dropped), (12, 2));
    assert_eq!(recorder.packet(11), None);
    assert_eq!(recorder.packet(14).unwrap().sent, 400);
    assert_eq!(recorder.packet(15), None);
    assert_eq!(recorder.delivered(0, 500), None, "it is not kept any more");
    assert_eq!(recorder.delivered(3, 500), Some(13));
    assert_eq!(recorder.packet(13).unwrap().delivered, Some(500));
}

#[test]
fn what_goes_on_is_not_forgotten() {
    let mut recorder = SpanRecorder::new(Limits::default(), PE_COUNT, 0, 0);
    for n in 0..4 {
        recorder.sent(packet(100 * n), n as u32);
    }
    recorder.delivered(0, 20);
    recorder.delivered(2, 230);
    recorder.forget_before(150);
    // The second is on the mesh since 100 and was to arrive at 120: it waits at a port, or is lost.
    // The third is not.
    assert_eq!(recorder.packet(0), None);
    assert!(recorder.packet(2).is_some());
    recorder.wait(3, 160);
    recorder.waited(3, 170, false);
    recorder.wait(3, 180);
    recorder.forget_before(175);
    assert_eq!(recorder.pes[3].waits.len(), 1);
    assert_eq!(recorder.pes[3].waits[0].end, None);
}

#[test]
fn a_wait_is_cut_where_something_else_is_missing() {
    let mut recorder = SpanRecorder::new(Limits::default(), PE_COUNT, 0, 0);
    recorder.wait(0, 10);
    recorder.pes[0].cause = Some(7);
    recorder.waited(0, 30, true);
    recorder.pes[0].cause = Some(8);
    recorder.waited(0, 50, false);
    let waits: Vec<_> = recorder.pes[0].waits.iter().map(|w| (w.begin, w.end, w.packet)).collect();
    assert_eq!(waits, [(10, Some(30), Some(7)), (30, Some(50), Some(8))]);
}
