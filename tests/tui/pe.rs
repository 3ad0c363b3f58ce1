//! The PE panel on a real experiment: a face that is answered as the engine answers,
//! without its thread.

use std::path::Path;

use insta::assert_snapshot;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Color;

use spinntui::chip::geometry::{ChipId, Pe};
use spinntui::scene::LoadedScene;
use spinntui::session::Session;
use spinntui::session::build::{ModelCache, Plan};
use spinntui::session::command::{Command, Speed, StepUnit};
use spinntui::session::engine::EngineEvent;
use spinntui::session::history::History;
use spinntui::session::inspect::Link;
use spinntui::session::instructions::Debugger;
use spinntui::session::snapshot::{
    AttentionRequest, DebugView, Focus, HistoryView, Part, PartView, Pin, RunState, Snapshot,
};
use spinntui::session::view::{EngineFacts, snapshot};
use spinntui::tui::app::{App, Effect, Msg};
use spinntui::tui::panels::{self, PanelId, View};
use spinntui::tui::theme::depth::Depth;
use spinntui::tui::theme::{Glyphs, Looks};
use spinntui::tui::update::update;

use crate::common::{draw, empty_app, press, text};
use crate::sizes::frame;

/// App with the experiment that it shows.
pub struct Rig {
    pub app: App,
    pub session: Session,
    pub history: History,
    focus: Focus,
    pins: Vec<Pin>,
    attention: Option<AttentionRequest>,
}

impl Rig {
    /// Creates a rig with the small language model after two words and `events` events.
    fn new(size: (u16, u16), events: usize) -> Self {
        Self::of("scenes/lm_small.ron", size, 2, events)
    }

    /// A scene after `steps` time steps and `events` events.
    pub fn of(scene: &str, size: (u16, u16), steps: usize, events: usize) -> Self {
        let loaded = LoadedScene::load(Path::new(scene), &[]).unwrap();
        let plan = Plan::new(&loaded, &mut ModelCache::default()).unwrap();
        let mut session = plan.start(loaded).unwrap();
        session.watch_membranes();
        for _ in 0..steps {
            session.step(StepUnit::TimeStep);
        }
        for _ in 0..events {
            session.advance();
        }
        let history = History::new(&mut session);
        let (app, focus, pins) = (empty_app(size), Focus::Nothing, Vec::new());
        let mut rig = Self { app, session, history, focus, pins, attention: None };
        rig.answer();
        rig
    }

    pub fn snapshot(&self) -> Snapshot {
        let facts = EngineFacts {
            build: 1,
            run: RunState::Paused,
            speed: Speed::Unlimited,
            steps_per_second: 0.0,
            focus: self.focus,
            pins: self.pins.clone(),
            attention: self.attention,
            watches: Vec::new(),
            debug: DebugView::default(),
            history: HistoryView::default(),
        };
        snapshot(&self.session, &facts)
    }

    /// Sends a picture, and more while the app asks for other detail.
    pub fn answer(&mut self) {
        for _ in 0..5 {
            let snapshot = self.snapshot();
            let effects = update(&mut self.app, Msg::Engine(EngineEvent::Snapshot(snapshot.into())));
            if !self.take(&effects) {
                return;
            }
        }
    }

    /// Whether other detail is asked for.
    fn take(&mut self, effects: &[Effect]) -> bool {
        let mut asked = false;
        for effect in effects {
            if let Effect::Engine(Command::Focus(focus)) = effect {
                (self.focus, asked) = (*focus, true);
            }
            if let Effect::Engine(Command::Code { pe, motion, count, back }) = effect {
                let mut seen = |_: &mut Session, _| false;
                let mut debugger = Debugger::new(&mut self.session, &mut self.history, &mut seen);
                debugger.focus(Pe::from_index(*pe).unwrap()).unwrap();
                for _ in 0..*count {
                    let _ = if *back { Some(debugger.backward(*motion)) } else { debugger.forward(*motion) };
                }
                asked = true;
            }
            if let Effect::Engine(Command::Pin(pins)) = effect {
                (self.pins, asked) = (pins.clone(), true);
            }
            if let Effect::Engine(Command::Attention(request)) = effect {
                (self.attention, asked) = (*request, true);
            }
        }
        asked
    }

    pub fn press(&mut self, keys: &str) {
        for key in keys.split_whitespace() {
            let effects = press(&mut self.app, key);
            if self.take(&effects) {
                self.answer();
            }
        }
        update(&mut self.app, Msg::CountExpired);
    }

    /// The words under the cursor in Memory.
    fn label(&self) -> String {
        let Some(PartView::Memory(view)) = &self.app.inspection().unwrap().view else { panic!("no memory") };
        view.word(self.app.pe.address).unwrap().label.clone()
    }

    pub fn screen(&mut self, keys: &str) -> String {
        self.press(keys);
        text(&self.app)
    }
}

pub fn snapshots() -> insta::internals::SettingsBindDropGuard {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.bind_to_scope()
}

#[test]
fn the_three_parts_at_three_sizes() {
    let _settings = snapshots();
    for (size, name) in [((80, 24), "80x24"), ((120, 40), "120x40"), ((200, 60), "200x60")] {
        let mut rig = Rig::new(size, 300);
        assert_snapshot!(format!("{name}-pe-core"), rig.screen("8 z"));
        assert_snapshot!(format!("{name}-pe-memory"), rig.screen("v a a a a a j j x"));
        assert_snapshot!(format!("{name}-pe-neurons"), rig.screen("v j j l"));
    }
    let mut rig = Rig::new((80, 24), 300);
    assert_snapshot!("80x24-pe-beside", rig.screen("8 v a a a a"));
    let mut rig = Rig::new((120, 40), 300);
    assert_snapshot!("120x40-pe-beside", rig.screen("8 v v"));
}

/// Spiking neurons in the panel, and their potentials below the raster.
#[test]
fn a_spiking_network_at_three_sizes() {
    let _settings = snapshots();
    for (size, name) in [((80, 24), "80x24"), ((120, 40), "120x40"), ((200, 60), "200x60")] {
        let mut rig = Rig::of("scenes/dnf.ron", size, 40, 0);
        assert_snapshot!(format!("{name}-spiking-neurons"), rig.screen("8 v v j j"));
        assert_snapshot!(format!("{name}-spiking-memory"), rig.screen("z V a a a a"));
        let mut rig = Rig::of("scenes/lif.ron", size, 60, 0);
        assert_snapshot!(format!("{name}-spiking-task"), rig.screen("2 @"));
    }
    let mut rig = Rig::of("scenes/lif.ron", (80, 24), 60, 0);
    rig.app.set_looks(Looks { depth: Depth::Off, glyphs: Glyphs::Ascii, ..Looks::default() });
    assert_snapshot!("80x24-spiking-task-ascii", rig.screen("2 @"));
}

#[test]
fn the_three_parts_in_ascii_and_without_attributes() {
    let _settings = snapshots();
    let mut rig = Rig::new((80, 24), 300);
    rig.app.set_looks(Looks { depth: Depth::Off, glyphs: Glyphs::Ascii, ..Looks::default() });
    for (name, keys, mark) in
        [("core", "8 z", "[Core]"), ("memory", "v home a a a j", ">3f21a116"), ("neurons", "v j", " > ")]
    {
        let screen = rig.screen(keys);
        assert!(screen.contains(mark), "{screen}");
        assert!(screen.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\n')), "{screen}");
        let buf = draw(&rig.app);
        assert!(buf.content().iter().all(|cell| cell.modifier.is_empty() && cell.fg == Color::Reset));
        assert_snapshot!(format!("80x24-pe-{name}-ascii"), screen);
    }
}

#[test]
fn a_neuron_is_followed_to_a_receiver_and_back() {
    let mut rig = Rig::new((120, 40), 0);
    rig.press("8 v v j j j");
    let start = rig.app.pe.place(rig.app.selected);
    assert_eq!((start.part, start.at), (Part::Neurons, 3));
    rig.press("enter");
    let Some(PartView::Neurons(page)) = &rig.app.inspection().unwrap().view else { panic!() };
    let links = page.links.clone().unwrap();
    let unit = page.units.iter().find(|unit| unit.number == 3).unwrap().unit;
    assert_eq!(links.receivers.len(), 18, "twelve PEs of its layer, six of the next: {:?}", links.receivers);
    // Its bytes come first, then who gets its y. At the end of a step readers of the layer itself
    // still have it.
    let all = links.links(start.pe);
    let reader = |link: &Link| link.place.pe != start.pe && link.to.contains("as y for rnns.1");
    let down = "j ".repeat(all.iter().position(reader).unwrap());
    rig.press(&down);
    rig.press("enter");
    let landed = rig.app.pe.place(rig.app.selected);
    assert_eq!(landed.part, Part::Memory);
    assert_ne!(landed.pe, start.pe, "{links:?}");
    assert!(rig.label().starts_with(&format!("y(2) rnns.1 unit {unit} (")), "{}", rig.label());
    rig.press("e");
    assert_eq!(rig.app.pe.place(rig.app.selected), start);
    rig.press(&format!("l {down} enter"));
    assert_eq!(rig.app.pe.place(rig.app.selected), landed);
    let here =
        |rig: &Rig| rig.session.machine().state().pes[rig.app.selected.index()].sram.word(rig.app.pe.address);
    let value = here(&rig);
    rig.press("enter");
    assert_eq!(rig.app.selected.index(), start.pe, "the sender");
    assert_eq!(rig.label(), format!("y of unit {unit}"));
    assert_eq!(here(&rig), value, "the same bits at both ends");
    rig.press("enter");
    assert_eq!(rig.app.pe.place(rig.app.selected), start);
    rig.press("e e");
    assert_eq!(rig.app.pe.place(rig.app.selected), landed, "back at the very word");
}

#[test]
fn a_weight_leads_to_what_it_is_multiplied_with_and_a_flipped_bit_is_seen() {
    let mut rig = Rig::new((120, 40), 0);
    rig.press("8 v z home");
    let pe = rig.app.selected;
    let loaded = rig.session.program().pe(pe).unwrap();
    let values = loaded.regions.iter().find(|r| r.name.ends_with("R values")).unwrap().start;
    let regions = loaded.regions.iter().filter(|region| region.start <= values && region.start > 0).count();
    rig.press(&"a ".repeat(regions));
    assert_eq!(rig.app.pe.address, values);
    assert!(rig.label().starts_with("R of unit "), "{}", rig.label());
    let before = text(&rig.app);
    rig.session.machine_mut().flip_bit(pe, values + 3, 6);
    rig.answer();
    let after = text(&rig.app);
    assert_ne!(before, after);
    let bits = rig.session.machine().state().pes[pe.index()].sram.word(values);
    assert!(after.contains(&format!("{bits:08x}")), "{after}");
    let from = rig.label();
    let source = from.rsplit("from unit ").next().unwrap().trim_end_matches(')').to_owned();
    rig.press("enter");
    assert!(rig.label().contains(&format!(" unit {source} ")), "{from} leads to {}", rig.label());
}

#[test]
fn keys_move_inside_the_panel_only_while_it_has_the_focus() {
    let mut rig = Rig::new((80, 24), 0);
    let selected = rig.app.selected;
    rig.press("8 v");
    assert_eq!((rig.app.focus(), rig.app.pe.part), (PanelId::Pe, Part::Memory));
    assert_ne!(rig.app.pe.address, 0, "it opens where the data begins");
    rig.press("home j l");
    assert_eq!((rig.app.selected, rig.app.pe.address), (selected, 12), "two words a row here");
    rig.press("k k k k");
    assert_eq!(rig.app.pe.address, 4, "no further than the first row");
    rig.press("G");
    assert_eq!(rig.app.pe.address, 0x1_FFFC);
    rig.press("j l home");
    assert_eq!(rig.app.pe.address, 0);
    rig.press("x x x");
    rig.press("1");
    rig.press("l");
    assert_ne!(rig.app.selected, selected, "the floor plan has the keys again");
    assert_eq!(rig.app.pe.address, 0);
    rig.press("1");
    rig.press("v");
    assert_eq!(rig.app.pe.part, Part::Memory, "v means nothing there");
    rig.press("enter");
    assert!(rig.app.expanded, "enter expands other panels");
}

#[test]
fn units_are_sorted_by_their_distance() {
    let mut rig = Rig::new((120, 40), 0);
    rig.press("8 v v y");
    let Some(PartView::Neurons(page)) = &rig.app.inspection().unwrap().view else { panic!() };
    assert!(page.units.is_sorted_by(|a, b| a.distance.abs() <= b.distance.abs()));
    assert!(
        page.units
            .iter()
            .all(|u| u.distance.to_bits() == (u.c_before - u.theta).to_bits() && u.event == (u.y != 0.0))
    );
}

/// Source, machine code, registers and stack, after some instructions; and keys that mean other
/// things elsewhere.
#[test]
fn machine_code_at_three_sizes() {
    let _settings = snapshots();
    for (name, size) in [("80x24", (80, 24)), ("120x40", (120, 40)), ("200x60", (200, 60))] {
        let mut rig = Rig::new(size, 0);
        let still = rig.screen("8 V");
        assert!(still.contains("runs to the PE's next call"), "{still}");
        let screen = rig.screen("z i n n n i i");
        assert_snapshot!(format!("pe_code_{name}"), screen);
        let next = screen.lines().find(|line| line.contains("next ")).unwrap().to_owned();
        assert!(!rig.screen("i i").contains(&next));
        assert!(rig.screen("I I").contains(&next));
        let line = rig.screen("n");
        assert_ne!(rig.screen("n"), line);
        assert_eq!(rig.screen("N").lines().nth(6), line.lines().nth(6), "the same source line");
    }
    let mut rig = Rig::new((80, 24), 0);
    rig.screen("8 V z i i");
    let moved = rig.screen("j j j j j j j j j");
    assert_ne!(moved, rig.screen("k k k k k k k k k"), "the listing scrolls");
    assert!(rig.screen("f").contains("returned"));
    assert!(rig.screen("F").contains("instruction 0 of"));
}

#[test]
fn every_part_draws_itself_into_every_area_and_nowhere_else() {
    for events in [0, 170, 900] {
        let mut rig = Rig::new((80, 24), events);
        rig.press("8");
        for part in Part::ALL {
            rig.app.pe.part = part;
            let effects = update(&mut rig.app, Msg::CountExpired);
            rig.take(&effects);
            rig.answer();
            let snapshot = rig.app.snapshot.clone().unwrap();
            for (width, height) in (0..130).step_by(3).flat_map(|w| (0..50).step_by(2).map(move |h| (w, h))) {
                let screen = Rect::new(0, 0, width + 4, height + 4);
                let area = Rect::new(2, 2, width, height);
                let mut buf = Buffer::empty(screen);
                panels::render(PanelId::Pe, &View { app: &rig.app, snapshot: &snapshot }, area, &mut buf);
                for (x, y) in frame(area) {
                    assert_eq!(buf[(x, y)].symbol(), " ", "{part:?} {width}x{height} at {x},{y}");
                }
            }
        }
    }
}

#[test]
fn a_pe_without_a_program_says_so() {
    let mut rig = Rig::new((80, 24), 0);
    rig.app.selected = Pe::of(ChipId::FIRST).find(|&pe| rig.session.program().pe(pe).is_none()).unwrap();
    rig.press("8 v");
    assert!(text(&rig.app).contains("no program"), "{}", text(&rig.app));
}
