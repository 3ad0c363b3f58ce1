//! Measurements of the real program in a real pseudo-terminal: time from a key to the screen,
//! frames a second, and the cost of a paused app.
//!
//! ```text
//! cargo build --release && cargo run --release --example latency [-- SCENE ...]
//! ```
//!
//! Times are from before the key is written until the bytes that show its effect have been
//! read and taken into a screen of cells, as a terminal would. A scene has to run freely
//! for ten seconds; lm_small.ron is through sooner. `SPINNTUI_TEST_BIN` names another
//! binary than `target/release/spinntui`.

#![allow(clippy::expect_used, clippy::panic, reason = "a measurement that cannot be made should say why")]

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, unbounded};
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

const SIZES: [(u16, u16); 2] = [(80, 24), (200, 60)];
const KEYS: usize = 40;
const WATCHED: Duration = Duration::from_secs(5);
const PATIENCE: Duration = Duration::from_secs(60);
/// Begins a frame.
const FRAME: &[u8] = b"\x1b[?2026h";

struct Running {
    child: Box<dyn Child + Send + Sync>,
    _master: Box<dyn MasterPty + Send>,
    writer: Box<dyn Write + Send>,
    chunks: Receiver<Vec<u8>>,
    screen: vt100::Parser,
    frames: usize,
    bytes: usize,
}

impl Running {
    fn start(scene: &str, (columns, rows): (u16, u16)) -> Self {
        let binary = std::env::var("SPINNTUI_TEST_BIN");
        let root = env!("CARGO_MANIFEST_DIR");
        let mut command =
            CommandBuilder::new(binary.unwrap_or_else(|_| format!("{root}/target/release/spinntui")));
        command.arg(scene);
        command.cwd(root);
        command.env("TERM", "xterm-256color");
        command.env("COLORTERM", "truecolor");
        command.env("LANG", "C.UTF-8");
        command.env_remove("NO_COLOR");
        command.env_remove("SSH_CONNECTION");
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).expect("a pseudo-terminal");
        let child = pair.slave.spawn_command(command).expect("the binary: cargo build --release");
        let mut reader = pair.master.try_clone_reader().expect("a reader");
        let writer = pair.master.take_writer().expect("a writer");
        let (sender, chunks) = unbounded();
        thread::spawn(move || {
            let mut buffer = vec![0; 65_536];
            while let Ok(n @ 1..) = reader.read(&mut buffer) {
                if sender.send(buffer[..n].to_vec()).is_err() {
                    return;
                }
            }
        });
        let one = |n| NonZeroU16::new(n).unwrap_or(NonZeroU16::MIN);
        let screen = vt100::Parser::new(one(rows), one(columns), 0);
        Self { child, _master: pair.master, writer, chunks, screen, frames: 0, bytes: 0 }
    }

    fn take_in(&mut self, chunk: &[u8]) {
        self.frames += chunk.windows(FRAME.len()).filter(|window| *window == FRAME).count();
        self.bytes += chunk.len();
        self.screen.process(chunk);
    }

    /// Waits until the screen is as requested, and returns the time that it took.
    fn until(&mut self, asked: impl Fn(&str) -> bool) -> Duration {
        let start = Instant::now();
        while !asked(&self.screen.screen().contents()) {
            let chunk = self.chunks.recv_timeout(PATIENCE);
            let Ok(chunk) = chunk else { panic!("never came:\n{}", self.screen.screen().contents()) };
            self.take_in(&chunk);
        }
        start.elapsed()
    }

    /// Presses keys, waits until the screen is as requested, and returns the time that it took.
    fn press(&mut self, keys: &str, asked: impl Fn(&str) -> bool) -> Duration {
        let start = Instant::now();
        self.writer.write_all(keys.as_bytes()).expect("the terminal is open");
        self.until(asked);
        start.elapsed()
    }

    fn watch(&mut self, time: Duration) {
        let end = Instant::now() + time;
        while let Ok(chunk) = self.chunks.recv_deadline(end) {
            self.take_in(&chunk);
        }
    }

    /// Returns the step that the status line shows; 0 if it shows none.
    fn step(&self) -> u64 {
        let screen = self.screen.screen().contents();
        let mut words = screen.split_whitespace().skip_while(|word| *word != "token").skip(1);
        words.next().and_then(|word| word.replace(',', "").parse().ok()).unwrap_or(0)
    }

    /// Returns each thread's name and CPU time so far, in hundredths of a second. Linux only.
    fn cpu(&self) -> Vec<(String, u64)> {
        let tasks = format!("/proc/{}/task", self.child.process_id().unwrap_or(0));
        let Ok(threads) = std::fs::read_dir(tasks) else { return Vec::new() };
        let stats =
            threads.filter_map(|thread| std::fs::read_to_string(thread.ok()?.path().join("stat")).ok());
        let read = |stat: String| {
            let (head, tail) = stat.rsplit_once(')')?;
            let name = head.split_once('(')?.1.to_owned();
            let fields: Vec<&str> = tail.split_whitespace().collect();
            Some((name, fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?))
        };
        stats.filter_map(read).collect()
    }
}

/// Returns the use of a core by each thread between two readings, in per cent.
fn used(before: &[(String, u64)], after: &[(String, u64)], time: Duration) -> String {
    let of = |name: &str, list: &[(String, u64)]| -> u64 {
        list.iter().filter(|(other, _)| other == name).map(|(_, ticks)| ticks).sum()
    };
    let shares = after.iter().map(|(name, _)| {
        let ticks = of(name, after) - of(name, before);
        format!("{name} {:.0} %", ticks as f64 / time.as_secs_f64())
    });
    shares.collect::<Vec<_>>().join(", ")
}

fn told(what: &str, mut times: Vec<Duration>) {
    times.sort();
    let ms = |time: Option<&Duration>| time.map_or(0.0, |time| time.as_secs_f64() * 1e3);
    println!(
        "  {what:<44} {:6.1} {:6.1} {:6.1} ms  (min, median, max of {})",
        ms(times.first()),
        ms(times.get(times.len() / 2)),
        ms(times.last()),
        times.len()
    );
}

fn measure(scene: &str, size: (u16, u16)) {
    println!("{scene} at {}x{}", size.0, size.1);
    let mut app = Running::start(scene, size);
    let begun = app.until(|screen| screen.contains("PAUSED"));
    println!("  {:<44} {:6.0} ms", "start to the first picture", begun.as_secs_f64() * 1e3);
    let mut help = Vec::new();
    for _ in 0..KEYS {
        help.push(app.press("?", |screen| screen.contains("search:")));
        app.press("\x1b", |screen| !screen.contains("search:"));
    }
    told("? to the help", help);
    let steps = (1..=KEYS).map(|n| {
        let shown = format!("token {n} ");
        app.press("s", |screen| screen.contains(&shown) && screen.contains("PAUSED"))
    });
    told("s to the next token, paused", steps.collect());
    let back = (0..KEYS).rev().map(|n| {
        let shown = format!("token {n} ");
        app.press("S", |screen| screen.contains(&shown))
    });
    told("S to the token before", back.collect());
    app.watch(Duration::from_secs(1));
    app.press(" ", |screen| screen.contains("RUNNING"));
    let mut during = Vec::new();
    for _ in 0..KEYS / 2 {
        app.watch(Duration::from_millis(37));
        during.push(app.press("?", |screen| screen.contains("search:")));
        app.watch(Duration::from_millis(23));
        app.press("\x1b", |screen| !screen.contains("search:"));
    }
    told("? to the help while it runs freely", during);
    let (frames, bytes, step, cpu) = (app.frames, app.bytes, app.step(), app.cpu());
    let start = Instant::now();
    app.watch(WATCHED);
    let time = start.elapsed();
    println!(
        "  running freely: {:.1} frames/s, {:.0} kB/s, {:.0} steps/s; CPU: {}",
        (app.frames - frames) as f64 / time.as_secs_f64(),
        (app.bytes - bytes) as f64 / time.as_secs_f64() / 1e3,
        (app.step() - step) as f64 / time.as_secs_f64(),
        used(&cpu, &app.cpu(), time)
    );
    let mut pauses = vec![app.press(" ", |screen| screen.contains("PAUSED"))];
    for _ in 0..KEYS / 2 {
        app.press(" ", |screen| screen.contains("RUNNING"));
        app.watch(Duration::from_millis(71));
        pauses.push(app.press(" ", |screen| screen.contains("PAUSED")));
    }
    told("space to PAUSED out of a free run", pauses);
    app.watch(Duration::from_secs(1));
    let (bytes, cpu) = (app.bytes, app.cpu());
    app.watch(WATCHED);
    println!(
        "  paused for {} s: {} bytes; CPU: {}",
        WATCHED.as_secs(),
        app.bytes - bytes,
        used(&cpu, &app.cpu(), WATCHED)
    );
    app.writer.write_all(b"q").expect("the terminal is open");
    let _ = app.child.wait();
}

fn main() {
    let mut scenes: Vec<String> = std::env::args().skip(1).collect();
    if scenes.is_empty() {
        scenes = vec!["scenes/lm.ron".to_owned()];
    }
    for scene in scenes {
        for size in SIZES {
            measure(&scene, size);
        }
    }
}
