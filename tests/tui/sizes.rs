//! Nothing panics, whatever the size: of the screen and of the data.

use std::sync::Arc;

use proptest::prelude::*;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use spinntui::machine::legend::PopulationId;
use spinntui::session::engine::EngineEvent;
use spinntui::session::snapshot::{DetailView, Snapshot, TaskView, TimelineRequest, TimelineWindow};
use spinntui::task::lm::view::{LanguageView, WordView};
use spinntui::tui::app::{App, Msg};
use spinntui::tui::panels::{self, PanelId, View};
use spinntui::tui::update::update;

use crate::common::{app, app_with, draw, empty_app, press};
use crate::sample;

fn full() -> Snapshot {
    Snapshot { detail: sample::in_time(request(60)), ..sample::snapshot() }
}

fn request(columns: u16) -> TimelineRequest {
    TimelineRequest {
        window: TimelineWindow::Latest(1),
        columns,
        rows: 20,
        fit: true,
        pe: 24,
        cursor: columns / 2,
    }
}

/// Figures and words that no engine should send, and that must not bring the app down all the same.
fn hostile() -> Snapshot {
    let mut snapshot = full();
    for pe in &mut snapshot.pes {
        (pe.activity, pe.duty, pe.energy_uj) = (f32::NAN, f32::INFINITY, -1.0);
        (pe.layer, pe.bank_bytes) = (Some(PopulationId(255)), [u32::MAX / 8; 4]);
    }
    for layer in &mut snapshot.layers {
        layer.activity_history = vec![f32::NAN, -1.0, f32::INFINITY, 1e30];
    }
    let setup = Arc::make_mut(&mut snapshot.setup);
    for layer in &mut setup.layers {
        layer.name = "文".repeat(60);
    }
    setup.sequence_length = 0;
    for phase in &mut snapshot.phases {
        (phase.time_us, phase.share, phase.layer) = (f64::NAN, f64::INFINITY, PopulationId(200));
    }
    snapshot.energy.history = vec![f32::NAN, -1.0, f32::INFINITY, 1e30];
    snapshot.energy.parts.chip_j = f64::NAN;
    snapshot.energy.parts.polling_j = f64::INFINITY;
    for pe in &mut snapshot.pes {
        pe.energy_total_uj = f32::NAN;
    }
    for link in &mut snapshot.noc.links {
        (link.packets, link.to) = (u32::MAX, (255, 0));
    }
    (snapshot.tick, snapshot.steps) = (u64::MAX, u64::MAX - 1);
    let TaskView::LanguageModel(LanguageView { words, perplexity, .. }) = &mut snapshot.task else {
        unreachable!()
    };
    *perplexity = Some(f64::INFINITY);
    words.extend(["", "\u{1b}[31m", "a\nb", "👩‍👩‍👧‍👦", &"x".repeat(500)].map(|word| WordView {
        word: word.to_owned(),
        known: false,
        surprisal: Some(f32::NAN),
        generated: true,
    }));
    if let Some(detail) = &mut snapshot.detail.pe {
        for region in &mut detail.regions {
            (region.start, region.end) = (u32::MAX, 0);
        }
    }
    if let DetailView::Timeline(line) = &mut snapshot.detail.view {
        (line.end, line.cursor_tick, line.request.columns) = (line.begin + 1, u64::MAX, 0);
        line.sentence = "文".repeat(400);
        line.packets = vec![u32::MAX; 3];
        line.path.truncate(2);
        for row in &mut line.rows {
            (row.pe, row.layer) = (u16::MAX, PopulationId(255));
        }
    }
    snapshot.pes.truncate(100);
    snapshot
}

/// Returns a snapshot of gestures with inconsistent counts and missing classes.
fn hostile_gestures() -> Snapshot {
    let mut snapshot = Snapshot { detail: sample::in_focus(24), ..sample::gestures() };
    let TaskView::Gestures(view) = &mut snapshot.task else { unreachable!() };
    (view.label, view.judged, view.correct) = (Some(99), 0, u64::MAX);
    (view.frame, view.frames, view.sample) = (u32::MAX, 0, u64::MAX - 1);
    view.picture.on.truncate(70);
    view.confusion = vec![u32::MAX / 16; 130];
    view.recent.push((Some(99), 98));
    for class in &mut view.classes {
        (class.score, class.probability) = (f32::NAN, f32::INFINITY);
        class.name = "文".repeat(40);
    }
    snapshot
}

fn selected_apps() -> Vec<App> {
    [full(), sample::hollow(), hostile(), sample::gestures(), hostile_gestures()]
        .into_iter()
        .map(|mut snapshot| {
            let mut app = empty_app((80, 24));
            update(&mut app, Msg::Engine(EngineEvent::Snapshot(sample::shared())));
            if let Some(detail) = &mut snapshot.detail.pe {
                detail.pe = app.selected.index();
            }
            update(&mut app, Msg::Engine(EngineEvent::Snapshot(snapshot.into())));
            app
        })
        .collect()
}

/// Returns the cells around an area, two on each side.
pub fn frame(area: Rect) -> impl Iterator<Item = (u16, u16)> {
    let (right, bottom) = (area.right(), area.bottom());
    let beside = [area.x - 2, area.x - 1, right, right + 1];
    let above = [area.y - 2, area.y - 1, bottom, bottom + 1];
    let rows = above.into_iter().flat_map(move |y| (area.x - 2..right + 2).map(move |x| (x, y)));
    rows.chain((area.y..bottom).flat_map(move |y| beside.into_iter().map(move |x| (x, y))))
}

#[test]
fn every_panel_draws_itself_into_every_area_and_nowhere_else() {
    std::thread::scope(|scope| {
        for app in selected_apps() {
            scope.spawn(move || draws_itself_into_every_area(app));
        }
    });
}

/// Tests that no panel of an app draws outside of its area, at many sizes.
fn draws_itself_into_every_area(mut app: App) {
    for metric in 0..5 {
        let snapshot = app.snapshot.clone().unwrap();
        // Every size would take a minute; the steps are coprime with every pitch in use.
        // `looks.rs` draws sizes at random besides.
        for width in (0..12).chain((12..250).step_by(13)) {
            for height in (0..8).chain((8..80).step_by(11)) {
                let screen = Rect::new(0, 0, width + 4, height + 4);
                let area = Rect::new(2, 2, width, height);
                for expanded in [false, true] {
                    app.expanded = expanded;
                    let view = View { app: &app, snapshot: &snapshot };
                    for panel in PanelId::ALL {
                        // Only the floor plan has metrics, and another face when it is
                        // expanded.
                        if (metric > 0 || expanded) && panel != PanelId::Chip {
                            continue;
                        }
                        let mut buf = Buffer::empty(screen);
                        panels::render(panel, &view, area, &mut buf);
                        for (x, y) in frame(area) {
                            assert_eq!(buf[(x, y)].symbol(), " ", "{panel:?} {width}x{height} at {x},{y}");
                        }
                    }
                }
            }
        }
        press(&mut app, "m");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn the_whole_screen_draws_at_every_size_after_any_keys(
        width in 1u16..=250,
        height in 1u16..=80,
        keys in proptest::collection::vec(0usize..KEYS.len(), 0..12),
        which in 0usize..3,
    ) {
        let snapshot = [full(), sample::hollow(), hostile()][which].clone();
        let mut app = app_with((width, height), snapshot);
        for key in keys {
            press(&mut app, KEYS[key]);
        }
        draw(&app);
    }

    #[test]
    fn a_frame_drawn_for_another_size_than_the_message_said_is_fine(width in 0u16..=250, height in 0u16..=80) {
        let app = app((80, 24));
        let area = Rect::new(0, 0, width, height);
        spinntui::tui::view::draw(&app, area, &mut Buffer::empty(area));
    }
}

const KEYS: [&str; 34] = [
    "8", "v", "x", "enter", "e", "a", "y", "G", "1", "2", "3", "4", "5", "6", "7", "C", "0", "tab",
    "backtab", "z", "?", "!", "esc", "h", "j", "k", "l", "m", "w", "<", "s", "down", "up", "f1",
];

#[test]
fn the_smallest_screens_say_something() {
    for width in 1..=36 {
        for height in 1..=12 {
            let mut app = app((width, height));
            update(&mut app, Msg::Engine(EngineEvent::SceneError("a\nb".to_owned())));
            let buf = draw(&app);
            assert!(buf.content().iter().any(|cell| cell.symbol() != " "), "{width}x{height} is blank");
        }
    }
}
