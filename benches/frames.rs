//! Benchmarks of a frame and of a key press: `cargo bench --bench frames`.
//!
//! `frame/…`: drawing, comparing with the frame before, and encoding for the terminal, into memory;
//! the bytes of a frame are printed. `churn`: every cell changes symbol and both colours, the worst
//! case. The others alternate between two moments of a real scene that are a token apart. `key/…`:
//! from a key press to the encoded frame that shows its effect, through `update` and the engine's
//! thread; without the terminal's own part, which `examples/latency.rs` has.

#![allow(clippy::expect_used, clippy::panic, reason = "a bench that cannot run should say why")]

use std::cell::RefCell;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use crossbeam_channel::{Receiver, unbounded};
use crossterm::event::{KeyEvent, KeyModifiers};
use ratatui::backend::CrosstermBackend;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Color;
use ratatui::{Terminal, TerminalOptions, Viewport};
use spinntui::session::engine::{Engine, EngineEvent, EngineOptions};
use spinntui::session::snapshot::RunState;
use spinntui::tui::app::{App, Effect, Msg};
use spinntui::tui::keymap::parse_key;
use spinntui::tui::theme::Theme;
use spinntui::tui::update::update;
use spinntui::tui::view;

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

/// Bytes in memory, to be looked at from outside.
#[derive(Clone, Default)]
struct Memory(Rc<RefCell<Vec<u8>>>);

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Terminal whose bytes go into memory, through a buffer as in the app.
struct Screen {
    terminal: Terminal<CrosstermBackend<BufWriter<Memory>>>,
    memory: Memory,
}

impl Screen {
    fn new((columns, rows): (u16, u16)) -> Self {
        let viewport = Viewport::Fixed(Rect::new(0, 0, columns, rows));
        let memory = Memory::default();
        let backend = CrosstermBackend::new(BufWriter::with_capacity(64 * 1024, memory.clone()));
        let terminal = Terminal::with_options(backend, TerminalOptions { viewport });
        Self { terminal: terminal.expect("memory has no errors"), memory }
    }

    /// Draws a frame; how many bytes it took.
    fn draw(&mut self, paint: impl FnOnce(Rect, &mut Buffer)) -> usize {
        self.memory.0.borrow_mut().clear();
        self.terminal.draw(|frame| paint(frame.area(), frame.buffer_mut())).expect("memory has no errors");
        self.memory.0.borrow().len()
    }
}

/// App with an engine behind it.
struct Face {
    app: App,
    engine: Engine,
    events: Receiver<EngineEvent>,
}

impl Face {
    fn open(scene: &str, size: (u16, u16)) -> Self {
        let scene = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenes").join(scene);
        let (sender, events) = unbounded();
        let options = EngineOptions {
            scene,
            set: Vec::new(),
            autorun: false,
            record: None,
            points: Vec::new(),
            exact: false,
            against: None,
        };
        let engine = Engine::start(options, move |event| drop(sender.send(event))).expect("a thread");
        let app = App::new("scene", Theme::default(), size);
        let mut face = Self { app, engine, events };
        face.until(|app| app.picture().is_some());
        face
    }

    fn carry_out(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            if let Effect::Engine(command) = effect {
                self.engine.send(command);
            }
        }
    }

    fn press(&mut self, keys: &str) {
        for key in keys.split_whitespace() {
            let key = parse_key(key).expect("a key");
            let event = KeyEvent::new(key.code, key.modifiers | KeyModifiers::NONE);
            let effects = update(&mut self.app, Msg::Key(event));
            self.carry_out(effects);
        }
    }

    /// Handles the engine's messages until the model is as requested.
    fn until(&mut self, asked: impl Fn(&App) -> bool) {
        while !asked(&self.app) {
            let event = self.events.recv_timeout(Duration::from_secs(60)).expect("the engine is silent");
            self.take_in(event);
        }
    }

    fn take_in(&mut self, event: EngineEvent) {
        let snapshot = matches!(event, EngineEvent::Snapshot(_));
        let effects = update(&mut self.app, Msg::Engine(event));
        self.carry_out(effects);
        if snapshot {
            self.engine.ready();
        }
    }

    /// Handles the messages of a short while: answers to a new focus.
    fn settle(&mut self) {
        while let Ok(event) = self.events.recv_timeout(Duration::from_millis(200)) {
            self.take_in(event);
        }
    }

    /// Advances by one time step.
    fn step(&mut self) {
        let steps = self.app.picture().map_or(0, |snapshot| snapshot.steps);
        self.press("s");
        self.until(|app| {
            app.picture().is_some_and(|now| now.steps == steps + 1 && now.run == RunState::Paused)
        });
    }
}

/// Draws a frame in which every cell has another half block in other colours than in
/// the frame before.
fn churn(n: usize, area: Rect, buf: &mut Buffer) {
    for (at, cell) in buf.content.iter_mut().enumerate().take(area.area() as usize) {
        let level = (at * 7 + n * 13) as u8;
        cell.set_symbol(if n.is_multiple_of(2) { "▀" } else { "▄" });
        cell.set_fg(Color::Rgb(level, level.wrapping_mul(3), 255 - level));
        cell.set_bg(Color::Rgb(255 - level, level, level.wrapping_mul(5)));
    }
}

fn frames(c: &mut Criterion) {
    let mut group = c.benchmark_group("frame");
    for size in SIZES {
        let mut screen = Screen::new(size);
        let bytes = (0..3).map(|n| screen.draw(|area, buf| churn(n, area, buf))).last().unwrap_or(0);
        eprintln!("frame/churn/{}x{}: {bytes} bytes", size.0, size.1);
        let mut n = 0;
        group.bench_function(format!("churn/{}x{}", size.0, size.1), |b| {
            b.iter(|| {
                n += 1;
                screen.draw(|area, buf| churn(n, area, buf))
            });
        });
    }
    for scene in ["lm_small.ron", "lm.ron"] {
        for (columns, rows) in SIZES {
            let mut face = Face::open(scene, (columns, rows));
            for (panel, keys) in [("start", ""), ("pe", "8 z"), ("timeline", "9 z"), ("noc", "4 z")] {
                if !keys.is_empty() && (columns, rows) != (200, 60) {
                    continue;
                }
                face.press(keys);
                face.settle();
                face.step();
                face.settle();
                let before = face.app.clone();
                face.step();
                face.settle();
                let apps = [before, face.app.clone()];
                let mut screen = Screen::new((columns, rows));
                let mut n = 0;
                let mut draw = || {
                    n += 1;
                    screen.draw(|area, buf| view::draw(&apps[n % 2], area, buf))
                };
                let bytes = (0..3).map(|_| draw()).last().unwrap_or(0);
                let name = format!("{scene}/{panel}/{columns}x{rows}");
                eprintln!("frame/{name}: {bytes} bytes");
                group.bench_function(name, |b| b.iter(&mut draw));
                face.press(if keys.is_empty() { "" } else { "z" });
            }
        }
    }
    group.finish();
}

fn keys(c: &mut Criterion) {
    let mut group = c.benchmark_group("key");
    for scene in ["lm_small.ron", "lm.ron"] {
        let size = (120, 40);
        let mut face = Face::open(scene, size);
        let mut screen = Screen::new(size);
        for (name, step) in [("event", "i"), ("time step", "s")] {
            group.bench_function(format!("{scene}/{name}"), |b| {
                b.iter_custom(|times| {
                    let mut sum = Duration::ZERO;
                    for _ in 0..times {
                        // So that the text is not used up.
                        if face.app.picture().is_some_and(|now| now.steps > 500) {
                            face.press("R");
                            face.until(|app| app.picture().is_some_and(|now| now.steps == 0));
                        }
                        let events = face.app.picture().map_or(0, |now| now.events);
                        let start = Instant::now();
                        face.press(step);
                        face.until(|app| {
                            app.picture()
                                .is_some_and(|now| now.events > events && now.run == RunState::Paused)
                        });
                        screen.draw(|area, buf| view::draw(&face.app, area, buf));
                        sum += start.elapsed();
                    }
                    sum
                });
            });
        }
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20).measurement_time(Duration::from_secs(3));
    targets = frames, keys
}
criterion_main!(benches);
