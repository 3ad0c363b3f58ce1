//! A hand-made experiment for looking at the app without an engine: the paper-size language model
//! after a number of tokens. Deterministic: the same step gives the same snapshot. The figures are
//! plausible, not computed.

use std::sync::Arc;

use spinntui::chip::geometry::{ChipId, PE_COUNT, Pe, QPES, Qpe};
use spinntui::machine::legend::PhaseId;
use spinntui::machine::legend::PopulationId;
use spinntui::machine::options::Assume;
use spinntui::mapping::check::Level;
use spinntui::mapping::egru::Phase;
use spinntui::session::command::Speed;
use spinntui::session::firing::{Firing, UnitFiring};
use spinntui::session::snapshot::{
    BankCount, BoardView, Counts, DebugView, Detail, DetailView, EnergyParts, EnergyView, Finding,
    HistoryView, LayerSetup, LayerView, LinkView, NocView, PeDetail, PeStatus, PeView, PhaseView, RegionKind,
    RegionView, RunState, Setup, SharedSnapshot, Snapshot, TaskView,
};
use spinntui::session::snapshot::{
    CellKind, CellView, PathActivity, PathCell, StepMark, TimelineRequest, TimelineRow, TimelineView,
};
use spinntui::task::dvs::gesture::Gesture;
use spinntui::task::dvs::picture::{EventPicture, PICTURE_SIDE};
use spinntui::task::dvs::view::{ClassView, GestureView};
use spinntui::task::lm::view::{Candidate, LanguageView, WordView};

/// Ticks of one time step: 2,432 µs.
const STEP_TICKS: u64 = 2_432 * 1_200;

const TEXT: &str = "The chip is a quiet place . Most of its processing elements wait most of the time , and a neuron \
    that has nothing to say sends nothing at all . When its cell state passes the threshold , a packet leaves for \
    every element that listens , and the network on chip carries it there within a few hundred nanoseconds . So the \
    work of a token is not the size of the model but the number of its events , and silence is cheap . The second \
    layer is the largest of the three : it holds a thousand three hundred and fifty units , each with three gates , \
    and its pruned weights fill almost all of the memory that is left beside the program . = Mapping = A layer is \
    spread over fifty processing elements so that their non @-@ zero weights are balanced ; the fullest one sets the \
    pace , because the others must wait for it before the next layer can begin .";

/// (units, inputs, sparsity of W, of R, activity)
const LAYERS: [(u32, u32, f32, f32, f32); 3] =
    [(1350, 750, 0.950, 0.951, 0.11), (1350, 1350, 0.950, 0.949, 0.08), (750, 1350, 0.951, 0.950, 0.16)];

/// (phase, µs per layer)
const PHASES: [(Phase, [f64; 3]); 7] = [
    (Phase::Wait, [12.4, 9.1, 9.8]),
    (Phase::Embedding, [3.8, 0.0, 0.0]),
    (Phase::Input, [212.6, 421.9, 236.2]),
    (Phase::Recurrent, [418.7, 433.1, 152.4]),
    (Phase::Pointwise, [96.3, 97.0, 55.8]),
    (Phase::Broadcast, [44.6, 46.2, 29.3]),
    (Phase::Log, [1.9, 1.9, 1.9]),
];

/// Returns a number in 0..1 that depends on its seeds only.
fn noise(a: u64, b: u64) -> f32 {
    let mut x = a.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ b.wrapping_mul(0xC2B2_AE3D_27D4_EB4F) ^ 0x5851_F42D;
    x ^= x >> 31;
    x = x.wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^= x >> 29;
    (x >> 40) as f32 / (1u64 << 24) as f32
}

/// The paused experiment after 227 tokens, which most tests look at.
pub fn snapshot() -> Snapshot {
    at(227)
}

/// Returns the sample snapshot in the form that the engine sends.
pub fn shared() -> SharedSnapshot {
    Arc::new(snapshot())
}

/// The experiment after `step` tokens.
pub fn at(step: u64) -> Snapshot {
    Snapshot {
        build: 1,
        setup: Arc::new(setup()),
        run: RunState::Paused,
        speed: Speed::Unlimited,
        tick: step * STEP_TICKS + 7_310,
        events: step * 41_200 + 93,
        steps: step,
        within_step: false,
        sequences: step / 70,
        step_ticks: STEP_TICKS,
        steps_per_second: 412.3,
        last_event: "packet 12 of PE(3,5,1) delivered at QPE(6,2)".to_owned(),
        pes: Pe::of(ChipId::FIRST).map(|pe| pe_view(pe, step)).collect(),
        layers: (0..LAYERS.len()).map(|index| layer_view(index, step)).collect(),
        phases: phases(step),
        path_uses: None,
        counts: Counts::default(),
        real_time: None,
        noc: noc(step),
        energy: energy(step),
        task: task(step),
        findings: vec![
            finding(
                Level::Warning,
                "imbalance",
                "rnns.1",
                Pe::from_index(60),
                "PE(6,4,2) works 1311.0 µs a step, 12 % more than the \
                mean of its layer: the others wait for it",
            ),
            finding(
                Level::Note,
                "almost-full",
                "PE(6,4,2)",
                Pe::from_index(60),
                "the fullest PE: 130651 of 131072 bytes in use",
            ),
        ],
        history: HistoryView { every: 4, moments: 1, memory_mib: 512, ..HistoryView::default() },
        faults: Vec::new(),
        debug: DebugView::default(),
        watches: Vec::new(),
        membranes: Vec::new(),
        attention: None,
        detail: Detail::default(),
    }
}

fn finding(level: Level, rule: &str, place: &str, pe: Option<Pe>, what: &str) -> Finding {
    let help = "balance: NonZeros gives every PE as many weights; then more PEs for this layer".to_owned();
    Finding {
        level,
        rule: rule.to_owned(),
        place: place.to_owned(),
        pe,
        what: what.to_owned(),
        help,
        follows: false,
    }
}

/// Parts that add up to the whole.
fn energy(step: u64) -> EnergyView {
    let whole = 0.000_941 * step as f64;
    let share = |share: f64| share * whole;
    let mut phases_j = vec![[0.0; PhaseId::MAX]; LAYERS.len()];
    for (phase, shares) in [
        (Phase::Input, [0.03, 0.06, 0.03]),
        (Phase::Recurrent, [0.06, 0.06, 0.02]),
        (Phase::Pointwise, [0.01, 0.01, 0.005]),
        (Phase::Broadcast, [0.005, 0.005, 0.005]),
    ] {
        for (layer, part) in phases_j.iter_mut().zip(shares) {
            layer[phase.index()] = share(part);
        }
    }
    EnergyView {
        power_w: 0.387,
        energy_j: whole,
        step_j: 0.000_943,
        parts: EnergyParts {
            chip_j: share(0.18),
            asleep_j: share(0.38),
            phases_j,
            mac_j: 0.0,
            interrupts_j: share(0.005),
            polling_j: share(0.135),
            noc_j: 0.0,
            dram_j: 0.0,
        },
        history: (step.saturating_sub(140)..step).map(|s| 0.000_9 + 0.000_08 * noise(s, 77)).collect(),
    }
}

/// Layers one after the other along the core ids: fifty PEs each, two spare.
fn layer_of(pe: Pe) -> Option<u8> {
    (pe.index() < 150).then_some((pe.index() / 50) as u8)
}

fn pe_view(pe: Pe, step: u64) -> PeView {
    let Some(layer) = layer_of(pe) else {
        return PeView { bank_bytes: [18_330, 0, 0, 0], ..PeView::default() };
    };
    let seed = pe.index() as u64;
    let (units, _, _, _, activity) = LAYERS[usize::from(layer)];
    let units = (units / 50) as u16;
    let events = (noise(seed, step) * 2.0 * activity * f32::from(units)).round();
    let active = (step % 3) as u8 == layer;
    let (status, phase): (_, Option<Phase>) = match (active, noise(seed, step + 7)) {
        (true, n) if n < 0.75 => (PeStatus::Busy, Some(Phase::Recurrent)),
        (true, _) => (PeStatus::Busy, Some(Phase::Pointwise)),
        (false, n) if n < 0.1 => (PeStatus::Dma, Some(Phase::Embedding)),
        (false, _) => (PeStatus::Polling, Some(Phase::Wait)),
    };
    let fill = match layer {
        0 => 0.83,
        1 => 0.985,
        _ => 0.62,
    };
    let bank = |k: u64| (32_768.0 * (fill - 0.03 * noise(seed, 100 + k))) as u32;
    PeView {
        status,
        layer: Some(PopulationId(layer.into())),
        phase: phase.map(PhaseId::from),
        units,
        activity: events / f32::from(units),
        activity_mean: activity * (0.7 + 0.6 * noise(seed, 1)),
        duty: 0.27 + 0.08 * noise(seed, step + 3),
        duty_mean: 0.28 + 0.05 * noise(seed, 2),
        energy_uj: 5.3 + 1.6 * noise(seed, step + 4),
        energy_total_uj: (5.3 + 1.6 * noise(seed, 3)) * step as f32,
        bank_bytes: [bank(0), bank(1), bank(2), if layer == 2 { bank(3) / 4 } else { bank(3) }],
        nonzeros: 10_300 + (700.0 * noise(seed, 5)) as u32,
        fifo: None,
        tick: None,
    }
}

/// Facts about the experiment that no step changes.
fn setup() -> Setup {
    Setup {
        title: "EGRU language model on WikiText-2".to_owned(),
        scene: "scenes/lm.ron".to_owned(),
        edits: Vec::new(),
        model: "egru-lm-wikitext2".to_owned(),
        sequence_length: 70,
        clock_mhz: 150,
        legend: Arc::new(Phase::legend()),
        assume: Assume::default(),
        layers: (0..LAYERS.len()).map(layer_setup).collect(),
        pes: Vec::new(),
    }
}

fn layer_setup(index: usize) -> LayerSetup {
    let (units, inputs, kernel, recurrent, _) = LAYERS[index];
    LayerSetup {
        name: format!("rnns.{index}"),
        units,
        inputs,
        pes: 50,
        weight_sparsity: f32::midpoint(kernel, recurrent),
        matrix_sparsity: Some([kernel, recurrent]),
        nonzeros_mean: [8_505.0, 10_935.0, 4_725.0][index],
        nonzeros_max: [8_611, 11_034, 4_790][index],
    }
}

fn layer_view(index: usize, step: u64) -> LayerView {
    let (.., activity) = LAYERS[index];
    let activity_at = |s: u64| activity * (0.6 + 0.8 * noise(s, 31 + index as u64));
    LayerView {
        activity: activity_at(step),
        activity_mean: activity,
        activity_history: (step.saturating_sub(139)..=step).map(activity_at).collect(),
        firing: Some(Firing {
            never: 7,
            least: Some(UnitFiring { unit: 3, steps: 1 }),
            most: Some(UnitFiring { unit: 41, steps: step as u32 }),
        }),
    }
}

fn phases(step: u64) -> Vec<PhaseView> {
    let total: f64 = PHASES.iter().flat_map(|(_, us)| us).sum();
    let mut views = Vec::new();
    for (phase, times) in PHASES {
        for (layer, mean_us) in (0u8..).zip(times) {
            if mean_us > 0.0 {
                let jitter = f64::from(noise(step, u64::from(layer) + phase as u64 * 8)) * 0.06 + 0.97;
                views.push(PhaseView {
                    phase: phase.into(),
                    layer: PopulationId(layer.into()),
                    time_us: mean_us * jitter,
                    mean_us,
                    share: mean_us / total,
                });
            }
        }
    }
    views
}

fn noc(step: u64) -> NocView {
    let mut links = Vec::new();
    for qpe in QPES {
        for (dx, dy) in [(1i8, 0i8), (-1, 0), (0, 1), (0, -1)] {
            let (x, y) = (qpe.x.wrapping_add_signed(dx), qpe.y.wrapping_add_signed(dy));
            if Qpe::at(x, y).is_none() {
                continue;
            }
            let seed = u64::from(qpe.x) * 64 + u64::from(qpe.y) * 8 + (dx + 2 * dy + 3) as u64;
            let central = 1.0 - (f32::from(qpe.x) - 4.0).abs() / 8.0 - (f32::from(qpe.y) - 3.5).abs() / 8.0;
            let packets = (260.0 * central * (0.4 + 0.6 * noise(seed, step))) as u32;
            links.push(LinkView {
                from: (qpe.x, qpe.y),
                to: (x, y),
                packets,
                total: u64::from(packets) * step,
                waited: u64::from(packets) * step / 40,
                dead: false,
            });
        }
    }
    NocView {
        links,
        packets: 3_450,
        packets_total: 3_450 * step,
        hops_total: 41_700 * step,
        in_flight: 14,
        max_link_load: 0.000_35,
        mean_latency_ns: 148.0,
        max_latency_ns: 430.0,
        matrix: matrix(step),
        under_way: Vec::new(),
        fifo: None,
        board: BoardView { chips: vec![(0, 0)], links: Vec::new() },
    }
}

/// Layers of a few columns each talk among themselves and to the next.
fn matrix(step: u64) -> Vec<Vec<u64>> {
    let layer = |x: u8| x.saturating_sub(1) / 3;
    let packets = |from: Qpe, to: Qpe| {
        let near = layer(to.x) == layer(from.x) || layer(to.x) == layer(from.x) + 1;
        let seed = u64::from(from.x) * 512 + u64::from(from.y) * 64 + u64::from(to.x) * 8 + u64::from(to.y);
        if near { 60 + (60.0 * noise(seed, step)) as u64 } else { 0 }
    };
    QPES.iter().map(|&from| QPES.iter().map(|&to| packets(from, to)).collect()).collect()
}

fn task(step: u64) -> TaskView {
    let words: Vec<&str> = TEXT.split_whitespace().collect();
    let surprisal = |s: u64| {
        let word = words[s as usize % words.len()];
        let rare = (word.len() as f32 / 9.0).min(1.0);
        (0.3 + 11.0 * noise(s, 77) * (0.25 + 0.75 * rare)).min(12.5)
    };
    let view = |s: u64| WordView {
        word: words[s as usize % words.len()].to_owned(),
        known: noise(s, 78) < 0.97,
        surprisal: (s > 0).then(|| surprisal(s)),
        generated: false,
    };
    let history: Vec<f32> = (step.saturating_sub(139).max(1)..=step).map(surprisal).collect();
    let mean = f64::from(history.iter().sum::<f32>()) / history.len().max(1) as f64;
    TaskView::LanguageModel(LanguageView {
        words: (step.saturating_sub(399)..=step).map(view).collect(),
        first: step.saturating_sub(399),
        upcoming: Vec::new(),
        top: [("the", 0.214), ("a", 0.117), ("its", 0.046), ("processing", 0.021), ("which", 0.009)]
            .map(|(word, probability)| Candidate { word: word.to_owned(), probability })
            .to_vec(),
        perplexity: (step > 0).then(|| mean.exp()),
        mean_surprisal: (step > 0).then_some(mean),
        surprisal_history: history,
        predictions: step,
        total_steps: Some(3_214),
        streams: 1,
        generating: false,
        characters: false,
        note: "Vocabulary of WikiText-2: 33,278 words; perplexity over all of them, <unk> included."
            .to_owned(),
    })
}

/// Returns the detail of a snapshot with the timeline in focus.
pub fn in_time(request: TimelineRequest) -> Detail {
    let view = DetailView::Timeline(Box::new(timeline(request)));
    Detail { view, ..in_focus(usize::from(request.pe)) }
}

/// Returns the detail of a snapshot with a PE in focus.
pub fn in_focus(pe: usize) -> Detail {
    Detail { pe: Some(detail(pe)), ..Detail::default() }
}

/// The detail that the engine sends for a focused PE.
pub fn detail(pe: usize) -> PeDetail {
    let regions = [
        (0x0_0000, 0x0_4799, "program", RegionKind::Program),
        (0x0_4799, 0x0_5799, "stack", RegionKind::Stack),
        (0x0_5799, 0x0_6b99, "debug log", RegionKind::Log),
        (0x0_6b9c, 0x0_8000, "rnns.1 R rows, values", RegionKind::Weights),
        (0x0_8000, 0x0_c2c4, "rnns.1 W values", RegionKind::Weights),
        (0x0_c2c4, 0x1_4b00, "rnns.1 R columns", RegionKind::Weights),
        (0x1_4b00, 0x1_b8c0, "rnns.1 W columns", RegionKind::Weights),
        (0x1_b8c0, 0x1_cdd8, "buffer A: x", RegionKind::Buffer),
        (0x1_cdd8, 0x1_e2f0, "buffer B: y", RegionKind::Buffer),
        (0x1_e2f0, 0x1_e9b0, "c, biases, thresholds", RegionKind::State),
    ];
    PeDetail {
        pe,
        regions: regions
            .map(|(start, end, name, kind)| RegionView { start, end, name: name.to_owned(), kind })
            .to_vec(),
        operation: "R·y of rnns.1, 81 rows, 5,467 non-zeros".to_owned(),
        operation_span: Some((1_000_000, 1_519_720)),
        arrivals: (31, 50),
        packets: (23_154, 3_178),
        interrupts: 454,
        phases: PHASES.iter().map(|&(phase, us)| (phase.into(), us[1])).collect(),
        timer_log: vec![421, 433, 96, 46, 422, 433, 97, 46],
        banks: [
            BankCount { core: 7_412_310, noc: 158_900, dma: 0, core_stalls: 0, write_waits: 6_231 },
            BankCount { core: 15_090_112, ..BankCount::default() },
            BankCount { core: 14_880_004, ..BankCount::default() },
            BankCount { core: 9_120_551, ..BankCount::default() },
        ],
        units: (0..27)
            .map(|u| (u * 50 + 7, noise(u64::from(u), 9) * 1.4 - 0.7, if u % 9 == 4 { 0.83 } else { 0.0 }))
            .collect(),
    }
}

/// A gesture being recognised: a ring of events, the right hand's wave ahead.
pub fn gestures() -> Snapshot {
    let names = [
        "hand_clapping",
        "right_hand_wave",
        "left_hand_wave",
        "right_arm_clockwise",
        "right_arm_counter_clockwise",
        "left_arm_clockwise",
        "left_arm_counter_clockwise",
        "arm_roll",
        "air_drums",
        "air_guitar",
        "other_gestures",
    ];
    let class = |(index, name): (usize, &&str)| {
        let probability = if index == 1 { 0.71 } else { 0.29 * noise(index as u64, 5) / 5.0 };
        ClassView {
            name: (*name).to_owned(),
            short: Gesture::from_index(index).map_or("?", Gesture::short).to_owned(),
            score: probability.ln(),
            probability,
        }
    };
    let confusion = |cell: usize| match (cell / names.len(), cell % names.len()) {
        (label, answer) if label == answer => 3 + (7.0 * noise(label as u64, 6)) as u32,
        (label, answer) => u32::from(noise(label as u64, answer as u64 + 40) > 0.94),
    };
    let confusion: Vec<u32> = (0..names.len() * names.len()).map(confusion).collect();
    let (mut on, mut off) = (vec![0; PICTURE_SIDE * PICTURE_SIDE], vec![0; PICTURE_SIDE * PICTURE_SIDE]);
    for element in 0..PICTURE_SIDE * PICTURE_SIDE {
        let (x, y) = ((element % PICTURE_SIDE) as f32 - 24.0, (element / PICTURE_SIDE) as f32 - 28.0);
        let radius = x.hypot(y);
        let events = (4.0 * noise(element as u64, 3)) as u8;
        if (12.0..15.0).contains(&radius) {
            if x > 0.0 { on[element] = events } else { off[element] = events }
        }
    }
    let view = GestureView {
        source: "user24_led.aedat, slice 2 of 4".to_owned(),
        label: Some(1),
        frame: 41,
        frames: 67,
        sample: 63,
        samples: 264,
        batch: 1,
        bin_us: 25_000,
        upcoming: Vec::new(),
        picture: EventPicture { on, off },
        classes: names.iter().enumerate().map(class).collect(),
        judged: confusion.iter().map(|&n| u64::from(n)).sum(),
        correct: (0..names.len()).map(|k| u64::from(confusion[k * names.len() + k])).sum(),
        confusion,
        recent: (0..30)
            .map(|k| {
                let label = k % names.len();
                (Some(label), if noise(k as u64, 8) > 0.9 { 10 } else { label })
            })
            .collect(),
        note: "Trained on synthetic gestures.".to_owned(),
    };
    let setup = Arc::new(Setup { sequence_length: 67, ..setup() });
    Snapshot { setup, task: TaskView::Gestures(view), ..snapshot() }
}

/// A chip of which nothing is known: empty lists everywhere.
pub fn hollow() -> Snapshot {
    Snapshot {
        pes: vec![PeView::default(); PE_COUNT],
        layers: Vec::new(),
        phases: Vec::new(),
        noc: NocView::default(),
        findings: Vec::new(),
        setup: Arc::new(Setup { title: String::new(), layers: Vec::new(), ..setup() }),
        task: TaskView::LanguageModel(LanguageView::default()),
        ..at(0)
    }
}

/// Uses of a third of a time step, by sixteenths.
const TIMES: [CellKind; 16] = {
    use CellKind::{Handler, Idle};
    /// Work in a phase, as `From` cannot be called in a constant.
    const fn work(phase: Phase) -> CellKind {
        CellKind::Work(PhaseId(phase.index() as u8))
    }
    [
        work(Phase::Embedding),
        work(Phase::Input),
        work(Phase::Input),
        work(Phase::Input),
        work(Phase::Input),
        work(Phase::Input),
        work(Phase::Recurrent),
        work(Phase::Recurrent),
        work(Phase::Recurrent),
        work(Phase::Recurrent),
        work(Phase::Recurrent),
        work(Phase::Recurrent),
        work(Phase::Pointwise),
        work(Phase::Broadcast),
        Handler,
        Idle,
    ]
};

/// Returns a timeline of the last token: layers in turn, the tenth PE of each on the critical path.
pub fn timeline(request: TimelineRequest) -> TimelineView {
    let (begin, columns) = (226 * STEP_TICKS, usize::from(request.columns));
    let order: Vec<u16> = (0..150).collect();
    let kind = |pe: u16, column: usize| {
        let place = 48 * column / columns.max(1);
        if place / 16 == usize::from(pe) / 50 { TIMES[place % 16] } else { CellKind::Idle }
    };
    let cell = |pe: u16, column: usize| CellView {
        kind: kind(pe, column),
        critical: pe % 50 == 9 && kind(pe, column) != CellKind::Idle,
    };
    let row = |&pe: &u16| TimelineRow {
        pe,
        layer: PopulationId(pe / 50),
        cells: (0..columns).map(|column| cell(pe, column)).collect(),
    };
    let at = usize::from(request.pe).min(149);
    let count = usize::from(request.rows).min(150);
    let first = at.saturating_sub(count / 2).min(150 - count);
    // As the engine chooses them: evenly over the layers, the selected PE among them.
    let shared = |row: usize| {
        let pe = (row * 150 / count.max(1)) as u16;
        if at * count / 150 == row { at as u16 } else { pe }
    };
    let chosen: Vec<u16> =
        if request.fit { (0..count).map(shared).collect() } else { order[first..first + count].to_vec() };
    let path = |column: usize| {
        let layer = (48 * column / columns.max(1) / 16) as u8;
        let doing = match kind(u16::from(layer) * 50 + 9, column) {
            CellKind::Work(phase) => (PathActivity::Operation, Some(phase)),
            CellKind::Handler => (PathActivity::Network, Some(Phase::Broadcast.into())),
            _ => (PathActivity::Wake, Some(Phase::Wait.into())),
        };
        let pe = Some(u16::from(layer) * 50 + 9);
        Some(PathCell { doing: doing.0, phase: doing.1, layer: Some(PopulationId(layer.into())), pe })
    };
    let burst =
        |column: usize| if 48 * column / columns.max(1) % 16 >= 13 { 40 + column as u32 % 7 } else { 0 };
    let cursor = u64::from(request.cursor) * STEP_TICKS / columns.max(1) as u64;
    TimelineView {
        request,
        begin,
        end: begin + STEP_TICKS,
        known: begin - 3 * STEP_TICKS,
        detailed: begin - 3 * STEP_TICKS,
        now: begin + STEP_TICKS + 7_310,
        rows: chosen.iter().map(row).collect(),
        order,
        path: (0..columns).map(path).collect(),
        packets: (0..columns).map(burst).collect(),
        dma: (0..columns).map(|column| u32::from(column * 48 < columns) * 50).collect(),
        steps: vec![StepMark { step: 226, begin, end: begin + STEP_TICKS }],
        sentence: "This token took 2,432 µs: 44 % W·x and R·y on PE(3,4,2) of rnns.1 (10,935 non-zeros, 1.2 % above its \
            layer's mean), 37 % on PE(2,6,3) of rnns.0, 18 % on PE(7,1,0) of rnns.2, 1 % DRAM; balancing rnns.0 would \
            save at most 14 µs."
            .to_owned(),
        cursor: vec![
            "waiting for input of rnns.2, #227: 1,700.12 µs, from 549632.00 to 551332.12".to_owned(),
            "waits for PE(4,6,3) of rnns.1: 1,698.01 µs, from 549632.10 to 551330.11".to_owned(),
            "until packet 812345 (x of the next layer of step 226), sent at 551329.90 µs over 5 links".to_owned(),
        ],
        cursor_tick: begin + cursor,
    }
}
