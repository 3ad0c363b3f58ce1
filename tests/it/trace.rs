//! Traces: what the real binary writes is read back, checked against the rules of its format and
//! against the report; the critical path covers its step; recording changes nothing.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::common::{fine, spinntui};
use proptest::prelude::*;
use serde_json::Value;
use spinntui::machine::legend::PhaseId;
use spinntui::machine::legend::PopulationId;
use spinntui::machine::record::{Limits, Service, SpanRecorder};
use spinntui::machine::state::PacketKind;
use spinntui::mapping::egru::Phase;
use spinntui::session::command::StepUnit;
use spinntui::session::history::History;
use spinntui::session::snapshot::{CellKind, TimelineRequest, TimelineView, TimelineWindow};
use spinntui::session::timeline::{PathActivity, PathUses, Segment, Summary, idle, path};
use spinntui::session::view::timeline;
use spinntui::session::{Session, StepOutcome};

const SMALL: &str = "scenes/lm_small.ron";

/// Ways in which scenes differ, for what has to hold for all of them.
const VARIANTS: [&[(&str, &str)]; 9] = [
    &[],
    &[("mapping.schedule", "Pipelined")],
    &[("mapping.broadcast", "Router")],
    &[("mapping.broadcast", "Router"), ("mapping.fifo", "(bytes: 100)")],
    &[("mapping.broadcast", "Dma")],
    &[("mapping.payload", "Events")],
    &[("mapping.batch", "2")],
    &[("mapping.barrier", "Always"), ("assume.host_turnaround_us", "20.0")],
    &[("mapping.broadcast", "Dma"), ("assume.dma_setup_cycles", "0")],
];

fn session(edits: &[(&str, &str)]) -> Session {
    crate::common::session(SMALL, edits)
}

fn steps(session: &mut Session, count: u64) {
    let target = session.steps() + count;
    while session.steps() < target {
        match session.step(StepUnit::TimeStep) {
            StepOutcome::Advanced(_) => {}
            other => panic!("{other:?} in step {}", session.steps()),
        }
    }
}

fn recorded(edits: &[(&str, &str)], count: u64) -> Session {
    let mut session = session(edits);
    session.machine_mut().record(Limits::default());
    steps(&mut session, count);
    session
}

fn record(session: &Session) -> &SpanRecorder {
    session.machine().recorded().unwrap()
}

/// Instructions by kind add up to the cycles that the machine charged, in every way of sending.
#[test]
fn instructions_by_kind_add_up_to_what_operations_took() {
    for edits in VARIANTS {
        let session = recorded(edits, 4);
        let each = session.program().operating_point.ticks_per_cycle();
        let mut seen = BTreeSet::new();
        for operation in record(&session).pes.iter().flat_map(|pe| &pe.operations) {
            let instructions = operation.instructions;
            match Phase::from(operation.phase) {
                Phase::Wait | Phase::Barrier | Phase::Embedding => assert_eq!(instructions.total(), 0),
                phase => {
                    assert_eq!(instructions.total() * each, operation.busy, "{edits:?}: {operation:?}");
                    assert!(instructions.loads_stores > 0 && instructions.branches > 0, "{operation:?}");
                    seen.insert(phase);
                }
            }
        }
        assert_eq!(seen.len(), 5, "{edits:?}: {seen:?}");
    }
}

#[test]
fn uses_of_the_path_add_up_to_its_step_and_are_those_of_the_report() {
    for edits in VARIANTS {
        let session = recorded(edits, 4);
        let (program, record) = (session.program(), record(&session));
        let mut all = PathUses::default();
        for step in &record.steps {
            let uses = PathUses::of(program, record, &path(program, record, step, step.begin));
            assert_eq!(uses.ticks(), step.end - step.begin, "{edits:?}");
            assert!(uses.sending < uses.loads_stores + uses.arithmetic + uses.branches, "{edits:?}");
            all += uses;
        }
        assert!(all.noc > 0 && all.handlers > 0 && all.dma > 0, "{edits:?}: {all:?}");
        // The session records the same steps again on a machine of its own.
        assert_eq!(session.path_uses(), Some((all, false)), "{edits:?}");
    }
}

#[test]
fn recording_changes_nothing() {
    for edits in VARIANTS {
        let mut plain = session(edits);
        steps(&mut plain, 6);
        let mut recorded = session(edits);
        steps(&mut recorded, 2);
        recorded.machine_mut().record(Limits { packets: 100, per_pe: 5 });
        steps(&mut recorded, 4);
        assert_eq!(recorded.tick(), plain.tick(), "{edits:?}");
        assert_eq!(recorded.output_hash(), plain.output_hash(), "{edits:?}");
        assert_eq!(recorded.state_hash(), plain.state_hash(), "{edits:?}");
        assert!(record(&recorded).dropped > 0, "{edits:?}: a list of five is soon full");
    }
}

/// The machine's own probes book the same ticks on the way; here they are summed up from spans.
#[test]
fn spans_add_up_to_what_the_probes_count() {
    for edits in VARIANTS {
        let session = recorded(edits, 5);
        let (record, state) = (record(&session), session.machine().state());
        let mut busy = vec![[0; PhaseId::MAX]; session.program().populations.len()];
        let mut handlers = 0;
        for pe in &record.pes {
            for operation in &pe.operations {
                busy[usize::from(operation.population)][operation.phase.index()] += operation.busy;
            }
            handlers += pe
                .services
                .iter()
                .filter(|span| span.service != Service::Drain)
                .map(|span| span.end - span.begin)
                .sum::<u64>();
        }
        assert_eq!(busy, state.busy.phases, "{edits:?}");
        assert_eq!(handlers, state.busy.interrupts, "{edits:?}");
        assert_eq!(record.packets.len() as u64, state.sent, "{edits:?}");
        let routed = record.packets.iter().filter(|packet| packet.parent.is_some()).count() as u64;
        assert_eq!(routed, state.router[0].copies, "{edits:?}");
    }
}

/// The report's phases, computed again from spans: a phase's part is the time by which it ended
/// later than the one that ended last before it.
#[test]
fn phases_of_the_report_follow_from_spans() {
    for edits in [VARIANTS[0], VARIANTS[2], VARIANTS[4]] {
        let session = recorded(edits, 4);
        let (record, program) = (record(&session), session.program());
        let mut ends: BTreeMap<(u32, PopulationId, Phase), (u64, usize)> = BTreeMap::new();
        for operation in record.pes.iter().flat_map(|pe| &pe.operations) {
            let Some(end) = operation.end.filter(|_| !operation.ends_nothing) else { continue };
            let last =
                ends.entry((operation.step, operation.population, operation.phase.into())).or_default();
            *last = (last.0.max(end), last.1 + 1);
        }
        let mut closings: Vec<(u64, PopulationId, Phase)> = ends
            .into_iter()
            .filter(|&((_, layer, phase), (_, pes))| {
                phase != Phase::Broadcast && pes == program.populations[usize::from(layer)].pes.len()
            })
            .map(|((_, layer, phase), (end, _))| (end, layer, phase))
            .collect();
        for layer in program.population_ids() {
            for step in 0..4 {
                let values = record.packets.iter().filter(|packet| {
                    matches!(packet.kind, PacketKind::Values { population, step: s, .. }
                        if population == layer && s == step)
                });
                closings.push((
                    values.filter_map(|packet| packet.delivered).max().unwrap(),
                    layer,
                    Phase::Broadcast,
                ));
            }
        }
        closings.sort();
        let mut total = vec![[0; PhaseId::MAX]; program.populations.len()];
        let mut frontier = 0;
        for (end, layer, phase) in closings {
            total[usize::from(layer)][phase.index()] += end.saturating_sub(frontier);
            frontier = frontier.max(end);
        }
        assert_eq!(total, session.machine().state().phases.total, "{edits:?}");
    }
}

/// Segments follow each other from the step's beginning to its end, none is unexplained, and each
/// hangs together with the one before it.
fn covers(session: &Session, edits: &[(&str, &str)]) {
    let record = record(session);
    for step in &record.steps {
        let path = path(session.program(), record, step, step.begin);
        assert_eq!(path.iter().map(Segment::ticks).sum::<u64>(), step.end - step.begin, "{edits:?}");
        let mut at = step.begin;
        for segment in &path {
            assert_eq!(segment.begin, at, "{edits:?}");
            assert_ne!(segment.doing, PathActivity::Unknown, "{edits:?} step {}: {segment:?}", step.step);
            at = segment.end;
        }
        assert_eq!(at, step.end, "{edits:?}");
        for pair in path.windows(2) {
            let core = |doing| {
                matches!(
                    doing,
                    PathActivity::Operation
                        | PathActivity::Wake
                        | PathActivity::Handler
                        | PathActivity::Drain
                )
            };
            // From core to core the path changes the PE only by a packet.
            if core(pair[0].doing) && core(pair[1].doing) {
                assert_eq!(pair[0].pe, pair[1].pe, "{edits:?}: {pair:?}");
            }
            if pair[0].doing != PathActivity::Network && pair[1].doing == PathActivity::Network {
                let sender = pair[0].pe.filter(|_| pair[0].doing != PathActivity::Host);
                assert_eq!(sender, pair[1].pe, "{edits:?}: {pair:?}");
            }
        }
        let summary = Summary::of(session.program(), record, &path, 1);
        assert_eq!(summary.sum(|_| true), step.end - step.begin);
    }
}

#[test]
fn the_critical_path_covers_its_step_without_gaps() {
    for edits in VARIANTS {
        covers(&recorded(edits, 6), edits);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn on_any_mapping_the_critical_path_covers_its_step(
        pes in prop::array::uniform3(2_u32..9), pipelined in any::<bool>(), broadcast in 0_usize..3,
        events in any::<bool>(), sleep in any::<bool>(), priority in 0_usize..3, turnaround in 0_u32..3,
    ) {
        let broadcast = ["QpeMulticast", "Router", "Dma"][broadcast];
        let pes = pes.map(|pes| pes.to_string());
        let turnaround = format!("{turnaround}.5");
        let edits = [
            ("mapping.layers.0.pes", pes[0].as_str()),
            ("mapping.layers.1.pes", pes[1].as_str()),
            ("mapping.layers.2.pes", pes[2].as_str()),
            ("mapping.schedule", if pipelined && broadcast == "QpeMulticast" && !events { "Pipelined" } else { "LayerSequential" }),
            ("mapping.broadcast", broadcast),
            ("mapping.payload", if events { "Events" } else { "Dense" }),
            ("chip.waiting", if sleep { "Sleep" } else { "Poll" }),
            ("assume.bank_priority", ["Core", "Writes", "RoundRobin"][priority]),
            ("assume.host_turnaround_us", &turnaround),
        ];
        let session = recorded(&edits, 4);
        covers(&session, &edits);
        let record = record(&session);
        let window = 0..session.tick();
        let idle = idle(record, &window);
        // Idle, at work and waiting for DMA are all that a PE can be.
        for (index, _) in record.pes.iter().enumerate().filter(|(_, pe)| !pe.operations.is_empty()) {
            let waited: u64 = idle.by_pe.iter().filter(|((p, _), _)| usize::from(*p) == index).map(|(_, t)| t).sum();
            // Operations and handlers are booked when they begin: what of them is still to come is
            // booked ahead. So is an entry that is being taken out of the FIFO, some dozen cycles
            // of 8 ticks, which `ends` does not know.
            let (now, state) = (session.tick(), &session.machine().state().pes[index]);
            let ahead = state.ends.max(state.interrupts_until).saturating_sub(now) + 4_000;
            let known = waited + state.count.busy;
            prop_assert!(known <= now + ahead, "{} ticks over", known.saturating_sub(now + ahead));
            prop_assert!(waited < session.tick());
        }
    }
}

#[test]
fn a_slow_pe_is_named_with_what_it_costs() {
    // All of the second layer on one PE, while the others are spread over twelve and six.
    let scene = std::fs::read_to_string(SMALL).unwrap();
    let planted = scene
        .replace("(layer: \"rnns.1\", pes: 12)", "(layer: \"rnns.1\", on: [(3,4,2)])")
        .replace("models/", concat!(env!("CARGO_MANIFEST_DIR"), "/models/"))
        .replace("assets/", concat!(env!("CARGO_MANIFEST_DIR"), "/assets/"));
    assert_ne!(planted, scene);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("slow.ron");
    std::fs::write(&file, planted).unwrap();
    let text = fine(&["trace", file.to_str().unwrap(), "--skip", "5", "--format", "text"]);
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("This token took "), "{text}");
    assert!(text.contains("on PE(3,4,2) of rnns.1 ("), "{text}");
    // Every wait is for this PE, or for the host.
    assert!(text.contains("PEs of rnns.2 PE(3,4,2) of rnns.1"), "{text}");
}

#[test]
fn an_uneven_layer_is_worth_balancing() {
    let sentence = |edits: &[(&str, &str)]| {
        let session = recorded(edits, 3);
        let record = record(&session);
        let step = record.steps.back().unwrap();
        let path = path(session.program(), record, step, step.begin);
        let summary = Summary::of(session.program(), record, &path, 1);
        (summary.savings.iter().sum::<u64>(), summary.sentence(session.program(), "token"))
    };
    let (balanced, _) = sentence(&[]);
    let (ranges, words) = sentence(&[("mapping.balance", "Units")]);
    assert!(ranges > balanced, "{ranges} and {balanced}: {words}");
    assert!(words.contains("would save at most"), "{words}");
}

fn trace_json(arguments: &[&str]) -> Vec<Value> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("trace.json");
    let mut all = vec!["trace"];
    all.extend(arguments);
    all.extend(["-o", file.to_str().unwrap()]);
    fine(&all);
    let trace: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    trace["traceEvents"].as_array().unwrap().clone()
}

/// A time in whole nanoseconds; the format has microseconds.
fn ns(value: &Value) -> i64 {
    let ns = value.as_f64().unwrap() * 1e3;
    assert!((ns - ns.round()).abs() < 1e-3, "{value} is no whole nanosecond");
    ns.round() as i64
}

type Thread = (u64, u64);

fn thread(event: &Value) -> Thread {
    (event["pid"].as_u64().unwrap(), event["tid"].as_u64().unwrap())
}

/// Slices of each thread: begin, end, event.
fn slices(events: &[Value]) -> BTreeMap<Thread, Vec<(i64, i64, &Value)>> {
    let mut slices: BTreeMap<Thread, Vec<(i64, i64, &Value)>> = BTreeMap::new();
    for event in events.iter().filter(|event| event["ph"] == "X") {
        let begin = ns(&event["ts"]);
        slices.entry(thread(event)).or_default().push((begin, begin + ns(&event["dur"]), event));
    }
    slices
}

/// The format's rules:
/// https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU
fn obeys_the_format(events: &[Value]) {
    let mut named = BTreeSet::new();
    for event in events {
        let kind = event["ph"].as_str().unwrap();
        assert!(["X", "M", "s", "f", "C"].contains(&kind), "{event}");
        assert!(event["name"].is_string() && event["ts"].is_number(), "{event}");
        assert!(event["ts"].as_f64().unwrap() >= 0.0, "{event}");
        assert_eq!(event["dur"].is_number(), kind == "X", "{event}");
        assert!(!event["name"].as_str().unwrap().to_lowercase().contains("power"), "{event}");
        match kind {
            "M" if event["name"] == "thread_name" => drop(named.insert(thread(event))),
            "C" => assert!(event["args"].as_object().unwrap().values().all(Value::is_number), "{event}"),
            "f" => assert_eq!(event["bp"], "e", "{event}"),
            _ => {}
        }
    }
    // Slices of a thread lie side by side or within each other.
    let slices = slices(events);
    for (thread, slices) in &slices {
        assert!(named.contains(thread), "thread {thread:?} has no name");
        let mut sorted = slices.clone();
        sorted.sort_by_key(|&(begin, end, _)| (begin, -end));
        let mut open: Vec<(i64, i64, &Value)> = Vec::new();
        for slice in sorted {
            while open.last().is_some_and(|&(_, end, _)| end <= slice.0) {
                open.pop();
            }
            if let Some(around) = open.last() {
                assert!(slice.1 <= around.1, "{} and {} cross", slice.2, around.2);
            }
            open.push(slice);
        }
    }
    flows_hold(events, &slices);
}

/// Checks that each flow begins once and ends once, later, both in slices.
fn flows_hold(events: &[Value], slices: &BTreeMap<Thread, Vec<(i64, i64, &Value)>>) {
    let inside = |event: &Value| {
        let at = ns(&event["ts"]);
        slices
            .get(&thread(event))
            .is_some_and(|all| all.iter().any(|&(begin, end, _)| begin <= at && at < end))
    };
    let mut flows: BTreeMap<u64, Vec<&Value>> = BTreeMap::new();
    for event in events.iter().filter(|event| event["ph"] == "s" || event["ph"] == "f") {
        flows.entry(event["id"].as_u64().unwrap()).or_default().push(event);
    }
    for flow in flows.values() {
        assert_eq!(flow.len(), 2, "{flow:?}");
        assert_eq!((flow[0]["ph"].as_str(), flow[1]["ph"].as_str()), (Some("s"), Some("f")));
        assert!(ns(&flow[0]["ts"]) <= ns(&flow[1]["ts"]), "{flow:?}");
        assert!(flow.iter().all(|event| inside(event)), "{flow:?} leaves or reaches no slice");
        assert_eq!(flow[0]["cat"], flow[1]["cat"]);
        assert_eq!(flow[0]["name"], flow[1]["name"]);
    }
}

#[test]
fn every_trace_obeys_the_rules_of_its_format() {
    for edits in VARIANTS {
        let set: Vec<String> = edits.iter().map(|(path, value)| format!("{path}={value}")).collect();
        let mut arguments = vec![SMALL, "--steps", "3", "--skip", "1", "--packets", "all"];
        for edit in &set {
            arguments.extend(["--set", edit]);
        }
        let events = trace_json(&arguments);
        obeys_the_format(&events);
        let kinds: BTreeSet<&str> = events.iter().map(|event| event["ph"].as_str().unwrap()).collect();
        assert_eq!(kinds, BTreeSet::from(["C", "M", "X", "f", "s"]), "{edits:?}");
    }
}

/// Compares a trace with the report of the same steps: chip time, cycles, packets, events.
#[test]
fn a_trace_agrees_with_the_report() {
    let events = trace_json(&[SMALL, "--steps", "5", "--packets", "all"]);
    let report: Value =
        serde_json::from_str(&fine(&["run", SMALL, "--steps", "5", "--format", "json"])).unwrap();
    let of = |cat: &str| {
        events.iter().filter(|event| event["cat"] == cat && event["ph"] == "X").collect::<Vec<_>>()
    };
    let ticks =
        |events: &[&Value]| events.iter().map(|event| event["args"]["ticks"].as_u64().unwrap()).sum::<u64>();
    let chip = report["chip_time_us"].as_f64().unwrap();
    for whole in [ticks(&of("step")), ticks(&of("critical"))] {
        assert!((whole as f64 / 1200.0 - chip).abs() < 1e-6, "{whole} ticks, {chip} µs");
    }
    // Operations and idle time: every PE is accounted for from the beginning to the end.
    let phases = slices(&events);
    let pes: Vec<_> = phases.iter().filter(|((pid, _), _)| *pid == 1).collect();
    assert_eq!(pes.len(), 30);
    for (_, slices) in pes {
        let outer: Vec<_> = slices.iter().filter(|(_, _, event)| event["cat"] == "phase").collect();
        assert_eq!(outer[0].0, 0);
        assert!(outer.windows(2).all(|pair| pair[0].1 == pair[1].0), "operations follow each other");
        assert!((outer.last().unwrap().1 as f64 / 1e3 - chip).abs() < 2e-3);
    }
    let flows: BTreeSet<u64> = events
        .iter()
        .filter(|event| event["ph"] == "s")
        .map(|event| event["args"]["packet"].as_u64().unwrap())
        .collect();
    assert_eq!(flows.len() as u64, report["noc"]["packets"].as_u64().unwrap(), "each packet");
}

#[test]
fn a_table_of_spans_has_the_same_sums_as_the_trace() {
    let events = trace_json(&[SMALL, "--steps", "2"]);
    let csv = fine(&["trace", SMALL, "--steps", "2", "--format", "csv"]);
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let mut sums: BTreeMap<String, u64> = BTreeMap::new();
    for row in reader.deserialize() {
        let row: BTreeMap<String, String> = row.unwrap();
        let ticks: u64 = row["duration_ticks"].parse().unwrap();
        let us: f64 = row["duration_us"].parse().unwrap();
        assert!((us - ticks as f64 / 1200.0).abs() < 1e-9);
        *sums.entry(row["kind"].clone()).or_default() += ticks;
    }
    let of = |cat: &str| -> u64 {
        let all = events.iter().filter(|event| event["cat"] == cat && event["ph"] == "X");
        all.map(|event| event["args"]["ticks"].as_u64().unwrap()).sum()
    };
    assert_eq!(sums["operation"], of("phase"));
    assert_eq!(sums["wait"], of("idle"));
    assert_eq!(sums["handler"], of("handler"));
    assert_eq!(sums["critical"], of("critical"));
    assert_eq!(sums["critical"], sums["step"]);
    assert!(sums["packet"] > 0 && sums["fetch"] > 0);
}

#[test]
fn fewer_packets_make_a_smaller_trace_and_the_ending_says_the_format() {
    let flows = |events: &[Value]| events.iter().filter(|event| event["ph"] == "s").count();
    let [all, last, none] = ["all", "last", "none"].map(|choice| trace_json(&[SMALL, "--packets", choice]));
    assert!(flows(&all) > flows(&last) && flows(&last) > 0);
    assert_eq!(flows(&none), 0);
    let folder = tempfile::tempdir().unwrap();
    let begins = |name: &str| {
        let file = folder.path().join(name);
        fine(&["trace", SMALL, "-o", file.to_str().unwrap()]);
        std::fs::read_to_string(file).unwrap().chars().take(5).collect::<String>()
    };
    assert_eq!(begins("spans.csv"), "kind,");
    assert_eq!(begins("words.txt"), "Small");
    assert_eq!(begins("trace.json"), "{\"dis");
}

#[test]
fn bad_requests_are_explained() {
    let output = spinntui(&["trace", SMALL, "--skip", "100000000"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("leaves none to trace"));
    let nowhere = Path::new("/no/such/folder/trace.json");
    let output = spinntui(&["trace", SMALL, "-o", nowhere.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("/no/such/folder"));
}

/// The paper's network: what is recorded of a token fits the recorder, and the sentence names a
/// layer of it.
#[test]
fn a_token_of_the_paper_is_explained() {
    let text = fine(&["trace", "scenes/lm.ron", "--skip", "1", "--format", "text"]);
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("This token took 2,") && text.contains("R·y"), "{text}");
}

/// Returns the timeline as the panel asks for it.
fn line(session: &Session, window: TimelineWindow) -> TimelineView {
    let request = TimelineRequest { window, columns: 100, rows: 10, fit: false, pe: 0, cursor: 50 };
    timeline::of(session, request).unwrap()
}

#[test]
fn the_panel_is_given_the_last_steps_and_not_more() {
    let mut session = session(&[]);
    steps(&mut session, 2);
    assert!(
        timeline::of(
            &session,
            TimelineRequest {
                window: TimelineWindow::Latest(1),
                columns: 10,
                rows: 1,
                fit: false,
                pe: 0,
                cursor: 0
            }
        )
        .is_none(),
        "nobody looks"
    );
    session.watch_timeline(true);
    assert!(line(&session, TimelineWindow::Latest(1)).steps.is_empty());
    steps(&mut session, 9);
    let view = line(&session, TimelineWindow::Latest(1));
    assert_eq!((view.steps.len(), view.steps[0].step), (1, 10));
    assert_eq!((view.begin, view.end), (view.steps[0].begin, view.steps[0].end));
    assert!(view.sentence.starts_with("This token took "));
    assert_eq!((view.rows.len(), view.rows[0].cells.len(), view.order.len()), (10, 100, 30));
    assert!(view.path.iter().all(Option::is_some), "the path covers the step");
    assert!(view.packets.iter().any(|count| *count > 0) && view.dma.iter().any(|count| *count > 0));
    let critical =
        |view: &TimelineView| view.rows.iter().flat_map(|row| &row.cells).filter(|c| c.critical).count();
    assert!(critical(&view) > 0);
    // Four steps in full, the paths of all nine; every cell of the four is known.
    let all = line(&session, TimelineWindow::Latest(9));
    assert_eq!(all.steps.len(), 9);
    assert_eq!(all.detailed, all.steps[5].begin);
    assert!(all.path.iter().all(Option::is_some));
    let full = line(&session, TimelineWindow::Latest(4));
    assert!(full.rows.iter().flat_map(|row| &row.cells).all(|cell| cell.kind != CellKind::Blank));
    // A packet's length: a column of a nanosecond.
    let near = TimelineWindow::Ticks { begin: view.end - 200, end: view.end };
    assert_eq!(line(&session, near).begin, view.end - 200);
    session.watch_timeline(false);
    assert!(session.machine().recorded().is_none());
}

#[test]
fn going_back_cuts_the_record_and_going_on_writes_the_same_again() {
    let mut session = session(&[]);
    let mut history = History::new(&mut session);
    session.watch_timeline(true);
    let on = |session: &mut Session, history: &mut History, count: u64| {
        let target = session.steps() + count;
        while session.steps() < target {
            let StepOutcome::Advanced(progress) = session.advance() else { panic!("the text has ended") };
            history.note(session, progress);
        }
    };
    on(&mut session, &mut history, 6);
    let before = line(&session, TimelineWindow::Latest(1));
    history.back(&mut session, StepUnit::TimeStep, 2).unwrap();
    let back = line(&session, TimelineWindow::Latest(9));
    assert_eq!(back.now, session.tick());
    assert!(back.steps.iter().all(|step| step.end <= back.now) && back.end <= back.now);
    // The last step is visible without another step.
    let hash = session.state_hash();
    history.replay_last_step(&mut session);
    assert_eq!((session.state_hash(), session.tick()), (hash, back.now));
    assert_eq!(line(&session, TimelineWindow::Latest(1)).steps.last().map(|step| step.step), Some(3));
    on(&mut session, &mut history, 2);
    let again = line(&session, TimelineWindow::Latest(1));
    assert_eq!((again.steps, again.path, again.rows), (before.steps, before.path, before.rows));
    assert_eq!((again.sentence, again.packets), (before.sentence, before.packets));
}
