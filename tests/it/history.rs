//! Going back: what is replayed is what was, whatever way one came, and where history ends
//! it says so.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test helper that fails should say where")]

use std::collections::BTreeMap;

use spinntui::chip::geometry::{ChipId, Pe, QPES};
use spinntui::chip::place::PePlace;
use spinntui::machine::fault::{Fault, FaultError};
use spinntui::machine::routes::ROUTES;
use spinntui::machine::stop::{StallCause, Stop};
use spinntui::mapping::egru::EgruSlot;
use spinntui::scene::{HistoryOptions, LoadedScene};
use spinntui::session::build::{ModelCache, build};
use spinntui::session::command::StepUnit;
use spinntui::session::history::{
    Bookmark, BookmarkCommand, History, HistoryError, LastWrite, Position, SeekTarget,
};
use spinntui::session::{Session, StepOutcome, Stopped};
use spinntui::task::dvs::recognising::Recognising;
use spinntui::task::lm::reading::Reading;

const UNITS: [StepUnit; 5] =
    [StepUnit::Event, StepUnit::Phase, StepUnit::Layer, StepUnit::TimeStep, StepUnit::Sequence];

struct Walker {
    session: Session,
    history: History,
}

/// Fingerprint of a moment: machine, task, outputs, energy.
type Seen = (u128, u128, Option<u64>, u64, u64);

impl Walker {
    fn new(scene: &str, set: &[(&str, &str)]) -> Self {
        let set: Vec<(String, String)> =
            set.iter().map(|(path, value)| ((*path).to_owned(), (*value).to_owned())).collect();
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(scene);
        let loaded = LoadedScene::load(&path, &set).unwrap();
        let mut session = build(loaded, &mut ModelCache::default()).unwrap();
        let history = History::new(&mut session);
        Self { session, history }
    }

    fn forward(&mut self, unit: StepUnit) -> bool {
        loop {
            let StepOutcome::Advanced(progress) = self.session.advance() else { return false };
            self.history.note(&mut self.session, progress);
            if self.session.completes(unit, progress) {
                return true;
            }
        }
    }

    fn steps(&mut self, steps: u64) {
        (0..steps).for_each(|_| assert!(self.forward(StepUnit::TimeStep)));
    }

    fn at(&self) -> Position {
        Position::of(&self.session)
    }

    fn seen(&mut self) -> Seen {
        let work = self.session.work();
        let score =
            work.of::<Reading>().and_then(|reading| reading.task().score().perplexity()).map(f64::to_bits);
        let answers = match work.of::<Reading>() {
            Some(reading) => reading.surprisals().iter().flatten().map(|s| u64::from(s.to_bits())).sum(),
            None => work.of::<Recognising>().map_or(0, |gestures| gestures.task().tally().answered()),
        };
        let energy = self.session.energy().energy_j.to_bits();
        (self.session.state_hash(), self.session.output_hash(), score, answers, energy)
    }

    fn back(&mut self, unit: StepUnit, count: u64) -> Result<Position, HistoryError> {
        self.history.back(&mut self.session, unit, count)
    }

    fn go(&mut self, place: &SeekTarget) -> Result<Position, HistoryError> {
        self.history.go(&mut self.session, place)
    }
}

/// A small xorshift.
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % n
    }
}

/// Seeks to random places again and again, and checks that a place is the same each time.
fn walk(scene: &str, set: &[(&str, &str)], moves: u64) {
    let mut walker = Walker::new(scene, set);
    let mut random = Random(0x5eed_0001);
    let mut known: BTreeMap<u64, (Position, Seen)> = BTreeMap::new();
    let mut met = 0;
    for number in 0..moves {
        let before = walker.at();
        let unit = UNITS[random.below(4) as usize];
        let what = match random.below(8) {
            0..=2 => {
                let count = 1 + random.below(4);
                for _ in 0..count {
                    walker.forward(unit);
                }
                format!("{count} {unit} on")
            }
            3..=5 => {
                let count = 1 + random.below(6);
                match walker.back(unit, count) {
                    Ok(at) => assert!(at < before),
                    Err(HistoryError::Ended { oldest }) => assert_eq!(walker.at(), oldest),
                    Err(other) => panic!("{other}"),
                }
                format!("{count} {unit} back")
            }
            6 => {
                let event = random.below(before.events + 1);
                match walker.go(&SeekTarget::Event(event)) {
                    Ok(at) => assert_eq!(at.events, event),
                    Err(HistoryError::Ended { oldest }) => assert!(event < oldest.events),
                    Err(other) => panic!("{other}"),
                }
                format!("to event {event}")
            }
            _ => {
                let time = random.below(before.tick + 1) as f64 / 1200.0;
                match walker.go(&SeekTarget::TimeUs(time)) {
                    Ok(at) => assert!(at.tick as f64 / 1200.0 <= time),
                    Err(HistoryError::Ended { oldest }) => assert!(time < oldest.tick as f64 / 1200.0),
                    Err(other) => panic!("{other}"),
                }
                format!("to {time} µs")
            }
        };
        let (at, seen) = (walker.at(), walker.seen());
        if let Some(earlier) = known.insert(at.events, (at, seen)) {
            assert_eq!(earlier, (at, seen), "move {number}: {what} from {before}");
            met += 1;
        }
    }
    assert!(met * 20 > moves, "only {met} places were met again");
}

#[test]
fn steps_back_keep_the_step_ends_that_they_run_through() {
    let mut walker = Walker::new("scenes/lm_small.ron", &[]);
    walker.steps(12);
    let mut seen = Vec::new();
    for _ in 0..4 {
        walker.history.back(&mut walker.session, StepUnit::TimeStep, 1).unwrap();
        seen.push((walker.at().steps, walker.history.moments()));
    }
    // The start, 4, 8 and 12 were kept; the way from 8 to 11 leads past 9 and 10.
    assert_eq!(seen, [(11, 7), (10, 7), (9, 7), (8, 7)]);
}

#[test]
fn a_random_walk_meets_the_same_places_again() {
    walk("scenes/lm_small.ron", &[], 600);
}

#[test]
fn so_does_one_with_little_memory_and_one_through_a_pipeline() {
    walk("scenes/lm_small.ron", &[("history", "(every: 2, memory_mib: 8)")], 200);
    walk("scenes/lm_small.ron", &[("mapping.schedule", "Pipelined"), ("mapping.batch", "2")], 200);
}

#[test]
#[ignore = "takes minutes: the long test run (cargo test --release --test it history:: -- --ignored)"]
fn a_long_random_walk_meets_the_same_places_again() {
    walk("scenes/lm_small.ron", &[], 100_000);
}

#[test]
fn a_step_back_lands_where_that_step_began() {
    let mut walker = Walker::new("scenes/lm_small.ron", &[]);
    walker.steps(9);
    for unit in UNITS {
        // From the end of a unit: one back and one on is where one was.
        walker.forward(unit);
        let (at, seen) = (walker.at(), walker.seen());
        assert!(walker.back(unit, 1).unwrap() < at);
        walker.forward(unit);
        assert_eq!((walker.at(), walker.seen()), (at, seen), "{unit}");
    }
    // From within a step: its beginning. Three back is two steps more.
    walker.go(&SeekTarget::Step(9)).unwrap();
    for _ in 0..50 {
        walker.forward(StepUnit::Event);
    }
    assert_eq!(walker.back(StepUnit::TimeStep, 1).unwrap().steps, 9);
    assert_eq!(walker.back(StepUnit::TimeStep, 2).unwrap().steps, 7);
    // A later position that was reached before can be sought as well.
    assert_eq!(walker.go(&SeekTarget::Step(9)).unwrap().steps, 9);
    // The first layer of a step begins where the step does.
    walker.forward(StepUnit::Layer);
    let first = walker.back(StepUnit::Layer, 1).unwrap();
    assert_eq!(first, walker.go(&SeekTarget::Step(9)).unwrap());
}

#[test]
fn stops_and_bookmarks_are_places() {
    let mut walker = Walker::new("scenes/lm_small.ron", &[]);
    walker.history.stopped(&walker.session);
    walker.steps(3);
    walker.history.stopped(&walker.session);
    walker.history.bookmark(&walker.session, "here");
    assert!(walker.at().to_string().starts_with("time step 3, event "), "{}", walker.at());
    walker.steps(2);
    walker.history.stopped(&walker.session);
    assert_eq!(walker.go(&SeekTarget::PreviousStop).unwrap().steps, 3);
    assert_eq!(walker.go(&SeekTarget::PreviousStop).unwrap().steps, 0);
    assert_eq!(walker.go(&SeekTarget::PreviousStop), Err(HistoryError::NoStop));
    assert_eq!(walker.go(&SeekTarget::Bookmark("here".into())).unwrap().steps, 3);
    let error = walker.go(&SeekTarget::Bookmark("there".into())).unwrap_err().to_string();
    assert!(error.contains("`there`") && error.contains("there are here"), "{error}");
    // One of an earlier run is the end of its step, whatever its events were called then.
    let at = Position { events: 1, steps: 4, tick: 1, within: false };
    let earlier = Bookmark { name: "earlier".into(), note: "odd".into(), at, earlier: false };
    let restore =
        BookmarkCommand::Restore(vec![earlier.clone(), Bookmark { name: "here".into(), ..earlier }]);
    walker.history.change_bookmarks(&restore).unwrap();
    assert_eq!(walker.history.bookmarks().iter().map(|b| b.at.steps).collect::<Vec<_>>(), [3, 4]);
    assert_eq!(walker.go(&SeekTarget::Bookmark("earlier".into())).unwrap().steps, 4);
    assert_eq!(walker.history.note_of("earlier"), Some("odd"));
    let note = BookmarkCommand::Note { name: "here".into(), note: "a word".into() };
    assert_eq!(walker.history.change_bookmarks(&note).unwrap(), "bookmark `here`: a word");
    walker.go(&SeekTarget::Bookmark("here".into())).unwrap();
    // A fault changes what comes: own bookmarks behind it go, those of an earlier run stay.
    walker.steps(1);
    walker.history.bookmark(&walker.session, "later");
    walker.go(&SeekTarget::Step(3)).unwrap();
    walker.history.inject(&mut walker.session, Fault::KillPe { pe: (1, 4, 0).into() }).unwrap();
    let names = |walker: &Walker| -> Vec<String> {
        walker.history.bookmarks().iter().map(|bookmark| bookmark.name.clone()).collect()
    };
    assert_eq!(names(&walker), ["here", "earlier"]);
    walker.history.change_bookmarks(&BookmarkCommand::Remove("earlier".into())).unwrap();
    assert_eq!(names(&walker), ["here"]);
    let ahead = walker.go(&SeekTarget::Step(50)).unwrap_err().to_string();
    assert!(ahead.contains("lies ahead") && ahead.contains("time step 3"), "{ahead}");
    assert_eq!(walker.at().steps, 3);
}

#[test]
fn where_history_ends_it_says_so_and_stays_at_a_moment_that_was() {
    let options = HistoryOptions { every: 2, memory_mib: 12 };
    let set = [("history", "(every: 2, memory_mib: 12)")];
    let mut walker = Walker::new("scenes/lm_small.ron", &set);
    assert_eq!(walker.history.options(), options);
    let mut seen = vec![walker.seen()];
    for _ in 0..120 {
        walker.steps(1);
        seen.push(walker.seen());
    }
    let oldest = walker.history.oldest();
    let bytes = walker.history.bytes();
    assert!((1..110).contains(&oldest.steps) && bytes <= 12 << 20, "{oldest}, {bytes} bytes");
    let error = walker.back(StepUnit::TimeStep, 119).unwrap_err();
    assert_eq!(error, HistoryError::Ended { oldest });
    assert!(error.to_string().contains("cannot go back further"), "{error}");
    assert_eq!(walker.at(), oldest);
    assert_eq!(walker.seen(), seen[oldest.steps as usize]);
    assert_eq!(walker.go(&SeekTarget::Step(1)), Err(HistoryError::Ended { oldest }));
    assert_eq!(walker.at(), oldest);
    walker.steps(3);
    assert_eq!(walker.seen(), seen[oldest.steps as usize + 3]);
}

#[test]
fn gestures_go_back_with_their_scores() {
    let mut walker = Walker::new("scenes/dvs.ron", &[]);
    walker.steps(66);
    let (at, seen) = (walker.at(), walker.seen());
    walker.steps(5);
    let later = walker.seen();
    assert_eq!(later.3, seen.3 + 1);
    assert_eq!(walker.back(StepUnit::TimeStep, 5).unwrap(), at);
    assert_eq!(walker.seen(), seen);
    walker.steps(5);
    assert_eq!(walker.seen(), later);
}

/// A PE of the layer, the first address of a unit's θ, say: a word that is never written; and of
/// its y, which it writes itself.
fn places(walker: &Walker) -> (Pe, u32, u32, u32) {
    let program = walker.session.program();
    let pe = program.populations[1].pes[0];
    let slot = &program.pe(pe).unwrap().slots[0];
    let pointwise = EgruSlot::of(slot).unwrap().pointwise;
    (pe, pointwise.threshold, pointwise.y, slot.buffers.of(0))
}

#[test]
fn who_wrote_last_is_answered_and_nothing_is_disturbed() {
    let mut walker = Walker::new("scenes/lm_small.ron", &[]);
    walker.steps(10);
    let (pe, threshold, y, x) = places(&walker);
    let (at, seen) = (walker.at(), walker.seen());
    let ask = |walker: &mut Walker, address: u32| {
        let answer = walker.history.last_write(&mut walker.session, pe, &(address..address + 4));
        assert_eq!((walker.at(), walker.seen()), (at, seen));
        answer
    };
    assert_eq!(ask(&mut walker, threshold), LastWrite::Load);
    assert_eq!(LastWrite::Load.to_string(), "the host, when it loaded the program");
    let LastWrite::By(own) = ask(&mut walker, y) else { panic!() };
    assert!(own.what.contains("pointwise of rnns.1"), "{own:?}");
    assert_eq!(own.pe, Some((pe.qpe().x, pe.qpe().y, pe.p())));
    assert_eq!(own.bytes, y..y + 4);
    let LastWrite::By(packet) = ask(&mut walker, x) else { panic!() };
    // In the buffer is x or y, step by step.
    assert!(packet.what.contains("packet") && packet.what.contains("y of rnns."), "{packet:?}");
    // Eight steps were done when it came: it is part of #9.
    let said = LastWrite::By(packet.clone()).to_string();
    assert!(said.contains("(time step #9, event "), "{said}");
    let layer = usize::from(packet.what.ends_with("rnns.1"));
    // The moment it names is right after the write: one event before it the bytes were
    // not yet written.
    let program = walker.session.program();
    let (px, py, p) = packet.pe.unwrap();
    let sender = Pe::at(px, py, p).unwrap();
    assert!(program.populations[layer].pes.contains(&sender), "{packet:?}");
    walker.go(&SeekTarget::Event(packet.at.events)).unwrap();
    assert_eq!(walker.at(), packet.at);
}

#[test]
fn a_fault_is_found_undone_and_repeated() {
    let mut walker = Walker::new("scenes/lm_small.ron", &[]);
    walker.steps(6);
    let sound = {
        walker.steps(4);
        let seen = walker.seen();
        walker.back(StepUnit::TimeStep, 4).unwrap();
        seen
    };
    let (pe, threshold, ..) = places(&walker);
    let place = PePlace::from(pe);
    // The sign of θ: the unit sends in every step from now on.
    let fault = Fault::FlipBit { pe: place, address: threshold + 3, bit: 7 };
    let before = (walker.at(), walker.seen());
    walker.history.inject(&mut walker.session, fault).unwrap();
    let injected = walker.seen();
    assert_ne!(injected.0, before.1.0);
    let answer = walker.history.last_write(&mut walker.session, pe, &(threshold..threshold + 4));
    assert!(matches!(&answer, LastWrite::By(writer) if writer.at == before.0), "{answer:?}");
    assert_eq!(walker.seen(), injected);
    walker.steps(4);
    let faulty = walker.seen();
    assert_ne!((faulty.0, faulty.1), (sound.0, sound.1));
    let answer = walker.history.last_write(&mut walker.session, pe, &(threshold..threshold + 4));
    let LastWrite::By(writer) = answer else { panic!("{answer:?}") };
    assert_eq!(writer.at.events, before.0.events + 1);
    assert!(writer.what.contains("a fault (bit 7"), "{writer:?}");
    // Back to after it, and on: the same again. Back to before it: it never was.
    walker.back(StepUnit::TimeStep, 2).unwrap();
    walker.steps(2);
    assert_eq!(walker.seen(), faulty);
    walker.back(StepUnit::TimeStep, 4).unwrap();
    assert_eq!((walker.at(), walker.seen()), before);
    walker.steps(4);
    assert_eq!(walker.seen(), sound);
}

#[test]
fn every_fault_shows_and_can_be_undone() {
    let mut walker = Walker::new("scenes/lm_small.ron", &[]);
    walker.steps(5);
    let (pe, threshold, ..) = places(&walker);
    let place = PePlace::from(pe);
    let begin = (walker.at(), walker.seen());
    let links = &walker.session.machine().state().noc.links;
    let (busiest, _) = links.iter().enumerate().max_by_key(|(_, link)| link.packets).unwrap();
    let link = ROUTES.links()[busiest];
    let end = |qpe: u8| (QPES[usize::from(qpe)].x, QPES[usize::from(qpe)].y);
    let dead = Fault::KillLink { from: end(link.from), to: end(link.to) };
    walker.steps(3);
    let sound = walker.seen();
    for (fault, stalls) in [
        (dead, true),
        (Fault::FlipBit { pe: place, address: threshold + 3, bit: 7 }, false),
        (Fault::StickBit { pe: place, address: threshold + 3, bit: 7, value: 1 }, false),
        (Fault::KillPe { pe: place }, true),
        (Fault::DropPackets { pe: place, packets: 40 }, true),
        (Fault::DelayPackets { pe: place, packets: 3, us: 5000.0 }, false),
        (Fault::DivertPackets { pe: place, packets: 2, address: 0x1_0000 }, false),
    ] {
        walker.go(&SeekTarget::Step(5)).unwrap();
        assert_eq!((walker.at(), walker.seen()), begin, "{fault:?}");
        walker.history.inject(&mut walker.session, fault).unwrap();
        let complete = (0..3).all(|_| walker.forward(StepUnit::TimeStep));
        assert_eq!(complete, !stalls, "{fault:?}");
        if stalls {
            let StepOutcome::Stopped(Stopped::Machine(Stop::Stall(stall))) = walker.session.advance() else {
                panic!("{fault:?}")
            };
            assert!(stall.waiting.is_some(), "{stall}");
            match (fault, stall.cause) {
                (Fault::KillPe { .. }, StallCause::Halted(dead)) => assert_eq!(dead, pe),
                (Fault::KillLink { .. }, StallCause::DeadLink { link: named, packets, .. }) => {
                    assert_eq!(named, link);
                    assert!(packets > 0, "{stall}");
                }
                (Fault::DropPackets { .. }, StallCause::PacketsLost) => {}
                other => panic!("{other:?}"),
            }
        } else {
            assert_ne!(walker.seen(), sound, "{fault:?}");
        }
    }
    walker.go(&SeekTarget::Step(5)).unwrap();
    walker.steps(3);
    assert_eq!(walker.seen(), sound);
}

#[test]
fn a_fault_of_packets_to_come_is_told_as_such() {
    let pe = PePlace::from((1, 4, 0));
    let told = |fault: Fault| fault.to_string();
    assert_eq!(told(Fault::DropPackets { pe, packets: 1 }), "the next packet from PE(1,4,0) lost");
    let late = Fault::DelayPackets { pe, packets: 3, us: 50.0 };
    assert_eq!(told(late), "the next 3 packets from PE(1,4,0) 50 µs late");
}

fn dead_link(from: (u8, u8), to: (u8, u8)) -> Fault {
    Fault::KillLink { from, to }
}

/// Steps both ways past the death of links between chips, with either way of sending.
#[test]
fn a_place_after_a_chip_has_died_is_the_same_whatever_way_leads_there() {
    for (faults, broadcast) in [
        ("[(at: Step(2), fault: KillChip(chip: (1, 0)))]", "QpeMulticast"),
        ("[(at: TimeUs(900.0), fault: KillChipLink(from: (0, 0), to: (1, 0)))]", "Router"),
    ] {
        let board = [("chip.board", "Chips(2, 1)"), ("mapping.across", "Even")];
        let edits = [board[0], board[1], ("mapping.broadcast", broadcast), ("faults", faults)];
        walk("scenes/lm_small.ron", &edits, 60);
    }
}

/// Steps both ways past the death of a link, while packets are on their way over it.
#[test]
fn a_place_after_a_link_has_died_is_the_same_whatever_way_leads_there() {
    for faults in [
        "[(at: Step(2), fault: KillLink(from: (1, 1), to: (2, 1)))]",
        "[(at: TimeUs(700.0), fault: KillLink(from: (2, 1), to: (1, 1))), (at: Step(3), fault: KillLink(from: (1, 2), to: (1, 1)))]",
    ] {
        walk("scenes/lm_small.ron", &[("faults", faults)], 120);
    }
}

#[test]
fn senseless_faults_are_refused() {
    let walker = Walker::new("scenes/lm_small.ron", &[]);
    let program = walker.session.program();
    let (pe, ..) = places(&walker);
    let place = PePlace::from(pe);
    let unused = Pe::of(ChipId::FIRST).find(|&pe| program.pe(pe).is_none()).unwrap();
    let idle = (unused.qpe().x, unused.qpe().y, unused.p());
    for (fault, error) in [
        (Fault::KillPe { pe: (4, 3, 0).into() }, FaultError::NoPe((4, 3, 0).into())),
        (Fault::KillPe { pe: idle.into() }, FaultError::Unused(unused)),
        (Fault::FlipBit { pe: place, address: 131_072, bit: 0 }, FaultError::Address(131_072)),
        (Fault::FlipBit { pe: place, address: 0, bit: 8 }, FaultError::Bit),
        (Fault::StickBit { pe: place, address: 0, bit: 0, value: 2 }, FaultError::Bit),
        (Fault::DropPackets { pe: place, packets: 0 }, FaultError::Nothing),
        (Fault::DelayPackets { pe: place, packets: 1, us: f64::NAN }, FaultError::Nothing),
        (Fault::DivertPackets { pe: place, packets: 1, address: 8 }, FaultError::Address(8)),
        (dead_link((1, 1), (3, 1)), FaultError::NoLink { from: (1, 1), to: (3, 1) }),
        (dead_link((3, 3), (4, 3)), FaultError::NoLink { from: (3, 3), to: (4, 3) }),
        (dead_link((7, 6), (8, 6)), FaultError::NoLink { from: (7, 6), to: (8, 6) }),
    ] {
        assert_eq!(fault.check(program), Err(error), "{fault:?}");
    }
}
