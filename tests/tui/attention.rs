//! Views of a transformer in the task panel, on real experiments: spikes of heads,
//! states, weights, expectations.

use insta::assert_snapshot;

use spinntui::mapping::attention::AttentionProgram;
use spinntui::session::StepOutcome;
use spinntui::session::attention::Of;
use spinntui::session::command::StepUnit;
use spinntui::session::history::SeekTarget;
use spinntui::tui::state::attention::Shown;
use spinntui::tui::theme::depth::Depth;
use spinntui::tui::theme::{Glyphs, Looks};

use crate::common::draw;
use crate::pe::{Rig, snapshots};

const SPIKING: &str = "scenes/spiking_gpt.ron";
const ORDINARY: &str = "scenes/gpt.ron";
const SIZES: [((u16, u16), &str); 3] = [((80, 24), "80x24"), ((120, 40), "120x40"), ((200, 60), "200x60")];

#[test]
fn both_twins_at_three_sizes() {
    let _settings = snapshots();
    for (size, name) in SIZES {
        let mut rig = Rig::of(SPIKING, size, 12, 0);
        assert_snapshot!(format!("{name}-attention-beside"), rig.screen("2 v j j"));
        assert_snapshot!(format!("{name}-attention-spikes"), rig.screen("z"));
        assert_snapshot!(format!("{name}-attention-state"), rig.screen("v l l"));
        assert_snapshot!(format!("{name}-attention-expected"), rig.screen("v"));
        let mut rig = Rig::of(ORDINARY, size, 12, 0);
        assert_snapshot!(format!("{name}-attention-weights"), rig.screen("2 z v v l"));
    }
}

#[test]
fn views_in_ascii_and_without_attributes() {
    let mut rig = Rig::of("tests/scenes/attention/spiking-encoded.ron", (80, 24), 5, 0);
    rig.app.set_looks(Looks { depth: Depth::Off, glyphs: Glyphs::Ascii, ..Looks::default() });
    for (keys, mark) in [("2 z v j", ">h.0 1"), ("v", "B of states"), ("v", "expected after each layer")] {
        let screen = rig.screen(keys);
        assert!(screen.contains(mark), "{screen}");
        assert!(screen.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\n')), "{screen}");
        let buf = draw(&rig.app);
        assert!(buf.content().iter().all(|cell| cell.modifier.is_empty()));
    }
}

/// Digits of a row are tenths of the neurons that the mathematics has spike, and rates their mean.
#[test]
fn spikes_and_rates_are_those_of_the_mathematics() {
    let mut rig = Rig::of("tests/scenes/attention/spiking-encoded.ron", (120, 40), 0, 0);
    let of = AttentionProgram::of(rig.session.program()).unwrap();
    let (network, sequence) = (of.network.clone(), of.sequence as usize);
    let mut state = network.state();
    let (mut total, words) = ([0_u64; 4], 15);
    for step in 0..words {
        rig.session.step(StepUnit::TimeStep);
        if step % sequence == 0 {
            state.start_sequence();
        }
        let mut row = vec![0.0; network.width];
        rig.session.program().dram.read(rig.session.rows()[0], &mut row);
        network.step(&mut state, &row);
        let head = &state.trace().layers[1].heads[0];
        for (total, spikes) in total.iter_mut().zip([&head.query, &head.key, &head.value, &head.output]) {
            *total += spikes.count();
        }
    }
    rig.answer();
    let screen = rig.screen("2 z v");
    let head = &state.trace().layers[1].heads[0];
    let width = network.head_width();
    let digits = |spikes: &spinntui::net::attention::Spikes| -> String {
        let steps = spikes.words().len();
        let count = |step: usize| (0..width).filter(|&neuron| spikes.get(step, neuron)).count();
        let mark = |count: usize| match count {
            0 => '·',
            _ => char::from(b'0' + (10 * count / width).min(9) as u8),
        };
        (0..steps).map(|step| mark(count(step))).collect()
    };
    let all = [&head.query, &head.key, &head.value, &head.output];
    let marks = all.map(digits).join(" ");
    let row = screen.lines().find(|line| line.contains("h.1 0")).unwrap();
    assert!(row.contains(&marks), "{row}\n{marks}");
    let steps = head.query.words().len();
    let places = (width * steps) as f64;
    let shown = |rates: [f64; 4]| rates.map(|rate| format!("{:>5.1}", 100.0 * rate)).join(" ");
    assert!(row.contains(&shown(all.map(|spikes| spikes.count() as f64 / places))), "{row}");
    let screen = rig.screen("w");
    let row = screen.lines().find(|line| line.contains("h.1 0")).unwrap();
    assert!(row.contains(&shown(total.map(|count| count as f64 / places / words as f64))), "{row}");
}

/// Goes on by words, as the engine does.
fn on(rig: &mut Rig, words: u64) {
    let end = rig.session.steps() + words;
    while rig.session.steps() < end {
        let StepOutcome::Advanced(progress) = rig.session.advance_swiftly() else { panic!("the text ends") };
        rig.history.note(&mut rig.session, progress);
    }
}

#[test]
fn stepping_back_shows_the_earlier_word_again() {
    for scene in [SPIKING, ORDINARY] {
        for views in 1..=3 {
            let mut rig = Rig::of(scene, (120, 40), 0, 0);
            on(&mut rig, 3);
            rig.answer();
            rig.press("2 z");
            (0..views).for_each(|_| rig.press("v"));
            // Without the line of the run's state.
            let shown = |rig: &mut Rig| rig.screen("").lines().skip(1).collect::<Vec<_>>().join("\n");
            rig.press("j");
            let before = shown(&mut rig);
            on(&mut rig, 2);
            rig.answer();
            let later = shown(&mut rig);
            rig.history.go(&mut rig.session, &SeekTarget::Step(3)).unwrap();
            rig.answer();
            assert_eq!(shown(&mut rig), before, "{scene}");
            // Only the twin's missing raster is the same for every word.
            assert!(later != before || scene == ORDINARY && views == 1, "{scene} {before}");
        }
    }
}

/// Within a word, layers that have done it show it, and the others the word before.
#[test]
fn a_word_under_way_is_told_apart_layer_by_layer() {
    let mut rig = Rig::of("tests/scenes/attention/spiking-encoded.ron", (120, 40), 2, 0);
    let (heads, mut seen) = (2, std::collections::BTreeSet::new());
    rig.press("2 z v");
    loop {
        rig.session.advance();
        rig.answer();
        let view = rig.snapshot().attention.unwrap();
        let of = |layer: usize| view.spikes[layer].heads.iter().map(|head| head.of).collect::<Vec<Of>>();
        // A block has its spikes after its layer's heads, and before those of the next layer.
        let blocks = [0, 1].map(|layer: usize| view.spikes[layer].hidden_of == Of::Present);
        let heads_of = [0, 1].map(|layer: usize| of(layer).contains(&Of::Present));
        assert!(blocks[0] <= heads_of[0] && heads_of[1] <= blocks[0] && blocks[1] <= heads_of[1]);
        assert!(view.spikes.iter().all(|layer| layer.heads.len() == heads));
        seen.insert(format!("{:?}", [of(0), of(1)]));
        if rig.session.steps() == 3 {
            break;
        }
    }
    for state in [[Of::Last; 2], [Of::Present, Of::Last], [Of::Present; 2]] {
        let expected = state.map(|of| vec![of; heads]);
        assert!(seen.contains(&format!("{expected:?}")), "{expected:?} of {seen:#?}");
    }
}

#[test]
fn keys_turn_views_and_choose_heads_and_other_scenes_have_none_of_it() {
    let mut rig = Rig::of("tests/scenes/attention/spiking-encoded.ron", (120, 40), 2, 0);
    let text = rig.screen("2");
    assert!(text.contains("perplexity") && text.contains("it expected"), "{text}");
    rig.press("v");
    assert_eq!(rig.app.attention.shown, Shown::Spikes);
    rig.press("v j l");
    let state = rig.app.attention;
    assert_eq!((state.shown, state.layer, state.head), (Shown::Head, 1, 1));
    assert_eq!(rig.snapshot().attention.unwrap().head.map(|head| (head.layer, head.head)), Some((1, 1)));
    rig.press("V V");
    assert_eq!(rig.app.attention.shown, Shown::Text);
    assert!(rig.snapshot().attention.unwrap().head.is_none(), "nothing is read that is not shown");
    assert!(rig.screen("?").contains("Views of the transformer"));
    let mut rig = Rig::of("scenes/lm_small.ron", (120, 40), 2, 0);
    let text = rig.screen("2");
    rig.press("v");
    assert!(rig.app.attention.shown == Shown::Text && rig.snapshot().attention.is_none(), "{text}");
    assert!(!rig.screen("?").contains("Views of the transformer"));
}
