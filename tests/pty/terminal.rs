//! A pseudo-terminal with the binary in it and a screen of cells behind it.

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

use crate::{ENDLESS, SCENE};

/// Deadline for expected output.
///
/// Only a failing test waits this long: it allows for one core shared with eight busy loops.
const PATIENCE: Duration = Duration::from_secs(300);
/// Interval between two looks at the screen.
const GLANCE: Duration = Duration::from_millis(10);
/// Most bytes read at once.
const PORTION: usize = 8_192;
/// Scenes with their replacements, which run as on a machine ten times faster.
const FAST: [(&str, &str); 2] =
    [(SCENE, "tests/scenes/fast.ron"), (ENDLESS, "tests/scenes/fast_endless.ron")];

/// The binary under test.
pub fn binary() -> PathBuf {
    std::env::var_os("SPINNTUI_TEST_BIN").map_or_else(|| env!("CARGO_BIN_EXE_spinntui").into(), PathBuf::from)
}

/// Returns `true` if the binary reads `SPINNTUI_TEST_PANIC` and `SPINNTUI_TEST_HOLD`.
///
/// Builds without debug assertions do not, and of another binary this is not known: then the test
/// is reported as skipped.
pub fn has_test_variables() -> bool {
    let has = cfg!(debug_assertions) && std::env::var_os("SPINNTUI_TEST_BIN").is_none();
    if !has {
        crate::common::skipped("the binary may ignore SPINNTUI_TEST_PANIC and SPINNTUI_TEST_HOLD");
    }
    has
}

/// Program to start, and the terminal to start it in.
pub struct Setup {
    program: PathBuf,
    args: Vec<String>,
    size: (u16, u16),
    env: Vec<(String, Option<String>)>,
    controlling: bool,
}

impl Setup {
    /// The binary on a scene, at 80×24.
    ///
    /// With `SPINNTUI_TEST_FAST` set, the small scenes are replaced by those of `FAST`.
    pub fn scene(scene: &str) -> Self {
        let fast = FAST
            .iter()
            .find(|(small, _)| *small == scene && std::env::var_os("SPINNTUI_TEST_FAST").is_some());
        Self::program(binary(), &[fast.map_or(scene, |(_, fast)| fast)])
    }

    /// Creates the setup of any program.
    pub fn program(program: impl Into<PathBuf>, args: &[&str]) -> Self {
        let args = args.iter().map(|&arg| arg.to_owned()).collect();
        Self { program: program.into(), args, size: (80, 24), env: Vec::new(), controlling: true }
    }

    /// With a further argument.
    pub fn arg(mut self, arg: &str) -> Self {
        self.args.push(arg.to_owned());
        self
    }

    /// Sets the size of the terminal: columns, rows.
    pub fn size(mut self, size: (u16, u16)) -> Self {
        self.size = size;
        self
    }

    /// With a variable.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), Some(value.to_owned())));
        self
    }

    /// Without a variable.
    pub fn without(mut self, name: &str) -> Self {
        self.env.push((name.to_owned(), None));
        self
    }

    /// As some launchers do: the terminal is no process's controlling terminal, so that closing it
    /// sends no signal.
    pub fn without_controlling_terminal(mut self) -> Self {
        self.controlling = false;
        self
    }

    /// Starts the program.
    pub fn start(self) -> Terminal {
        let pair = native_pty_system().openpty(pty_size(self.size)).unwrap();
        let mut command = CommandBuilder::new(self.program);
        command.args(self.args);
        command.cwd(env!("CARGO_MANIFEST_DIR"));
        command.set_controlling_tty(self.controlling);
        for name in [
            "NO_COLOR",
            "COLORTERM",
            "COLORFGBG",
            "FORCE_COLOR",
            "CLICOLOR_FORCE",
            "SSH_CONNECTION",
            "RUST_BACKTRACE",
            "LC_ALL",
            "SPINNTUI_LOG",
            "SPINNTUI_LOG_LEVEL",
        ] {
            command.env_remove(name);
        }
        command.env("TERM", "xterm-256color");
        command.env("LANG", "C.UTF-8");
        // Keeps the configuration of the user who runs the tests out.
        command.env("XDG_CONFIG_HOME", "/nonexistent");
        command.env("SPINNTUI_STATE", "");
        for (name, value) in self.env {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            }
        }
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let parser = vt100::Parser::new(one_or_more(self.size.1), one_or_more(self.size.0), 0);
        let seen = Arc::new(Mutex::new(Seen { parser, raw: Vec::new() }));
        let flow = Arc::new(Flow::default());
        let reader = pair.master.try_clone_reader().unwrap();
        let (behind, flow_behind) = (Arc::clone(&seen), Arc::clone(&flow));
        let thread = thread::spawn(move || read(reader, &behind, &flow_behind));
        let writer = pair.master.take_writer().unwrap();
        Terminal { line: Some(Line { master: pair.master, writer, thread }), child, seen, flow }
    }
}

/// Control of the terminal's reader.
#[derive(Default)]
struct Flow {
    /// Nothing is read.
    held: AtomicBool,
    /// Rate in bytes a second; 0 for no limit.
    rate: AtomicU32,
    /// Whether the terminal is about to be closed.
    closing: AtomicBool,
}

fn read(mut reader: Box<dyn Read + Send>, seen: &Mutex<Seen>, flow: &Flow) {
    let mut buffer = [0; PORTION];
    while !flow.closing.load(Ordering::SeqCst) {
        if flow.held.load(Ordering::SeqCst) {
            thread::sleep(GLANCE);
            continue;
        }
        let rate = flow.rate.load(Ordering::SeqCst) as usize;
        let most = if rate == 0 { PORTION } else { (rate / 100).clamp(1, PORTION) };
        let Ok(n @ 1..) = reader.read(&mut buffer[..most]) else { return };
        let mut seen = seen.lock().unwrap();
        seen.parser.process(&buffer[..n]);
        seen.raw.extend_from_slice(&buffer[..n]);
        drop(seen);
        if rate > 0 {
            thread::sleep(Duration::from_secs_f64(n as f64 / rate as f64));
        }
    }
}

struct Seen {
    parser: vt100::Parser,
    /// Bytes written so far.
    raw: Vec<u8>,
}

/// The terminal's own end.
struct Line {
    master: Box<dyn MasterPty + Send>,
    writer: Box<dyn Write + Send>,
    thread: JoinHandle<()>,
}

/// The app in a terminal.
pub struct Terminal {
    line: Option<Line>,
    child: Box<dyn Child + Send + Sync>,
    seen: Arc<Mutex<Seen>>,
    flow: Arc<Flow>,
}

impl Terminal {
    /// Starts the binary on a scene in a terminal of this size, with a clean environment and these
    /// variables on top.
    pub fn start(scene: &str, size: (u16, u16), env: &[(&str, &str)]) -> Self {
        // Without a scene, the list of what there is.
        let setup = if scene.is_empty() { Setup::program(binary(), &[]) } else { Setup::scene(scene) };
        let setup = setup.size(size);
        env.iter().fold(setup, |setup, (name, value)| setup.env(name, value)).start()
    }

    fn line(&mut self) -> &mut Line {
        self.line.as_mut().expect("the terminal was closed")
    }

    /// Types these bytes.
    pub fn press(&mut self, keys: &str) {
        let writer = &mut self.line().writer;
        writer.write_all(keys.as_bytes()).unwrap();
        writer.flush().unwrap();
    }

    /// Pastes a text in the way of terminals with bracketed paste.
    pub fn paste(&mut self, text: &str) {
        self.press(&format!("\x1b[200~{text}\x1b[201~"));
    }

    /// Changes the terminal's size: columns, rows.
    pub fn resize(&self, size: (u16, u16)) {
        self.seen.lock().unwrap().parser.screen_mut().set_size(one_or_more(size.1), one_or_more(size.0));
        self.line.as_ref().unwrap().master.resize(pty_size(size)).unwrap();
    }

    /// Reads nothing from now on, or again.
    pub fn hold(&self, held: bool) {
        self.flow.held.store(held, Ordering::SeqCst);
    }

    /// Limits reading to `rate` bytes a second from now on; 0 removes the limit.
    pub fn limit(&self, rate: u32) {
        self.flow.rate.store(rate, Ordering::SeqCst);
    }

    /// Closes the terminal, as a user closes a window.
    pub fn close(&mut self) {
        self.flow.closing.store(true, Ordering::SeqCst);
        // The reading thread has the terminal open: something has to come, so that it notices.
        self.press("?");
        let Line { master, writer, thread } = self.line.take().unwrap();
        thread.join().unwrap();
        drop(writer);
        drop(master);
    }

    /// Sends a signal by name.
    pub fn signal(&self, name: &str) {
        let status =
            Command::new("kill").args([format!("-{name}"), self.pid().to_string()]).status().unwrap();
        assert!(status.success());
    }

    pub fn pid(&self) -> u32 {
        self.child.process_id().unwrap()
    }

    /// The screen as text.
    pub fn screen(&self) -> String {
        self.seen.lock().unwrap().parser.screen().contents()
    }

    /// Bytes that the app has written so far.
    pub fn bytes_seen(&self) -> usize {
        self.seen.lock().unwrap().raw.len()
    }

    /// Returns how many times these bytes were written.
    pub fn times_seen(&self, bytes: &str) -> usize {
        let seen = self.seen.lock().unwrap();
        seen.raw.windows(bytes.len()).filter(|window| *window == bytes.as_bytes()).count()
    }

    /// Returns the last text put on the clipboard, decoded from its OSC 52 sequence.
    pub fn clipboard(&self) -> Option<String> {
        use base64::Engine;
        let seen = self.seen.lock().unwrap();
        let begin = b"\x1b]52;c;";
        let at = seen.raw.windows(begin.len()).rposition(|window| window == begin)? + begin.len();
        let end = at + seen.raw[at..].windows(2).position(|window| window == b"\x1b\\")?;
        let text = base64::prelude::BASE64_STANDARD.decode(&seen.raw[at..end]).unwrap();
        Some(String::from_utf8(text).unwrap())
    }

    pub fn on_alternate_screen(&self) -> bool {
        self.seen.lock().unwrap().parser.screen().alternate_screen()
    }

    pub fn cursor_visible(&self) -> bool {
        !self.seen.lock().unwrap().parser.screen().hide_cursor()
    }

    /// Waits until the app has undone every change of the terminal, as a shell expects.
    pub fn assert_given_back(&self, when: &str) {
        self.wait_until_back(when);
        let seen = self.seen.lock().unwrap();
        assert!(!seen.parser.screen().bracketed_paste(), "{when}: pasted text is still bracketed");
        let mut frames = seen.raw.windows(8).filter(|window| window.starts_with(b"\x1b[?2026"));
        assert_eq!(frames.next_back().map(|window| window[7]), Some(b'l'), "{when}: a frame was left open");
        assert!(!seen.raw.windows(7).any(|window| window == b"\x1b[?1000" || window == b"\x1b[?1002"));
    }

    /// Waits until the terminal shows a shell's screen with its cursor, and is in cooked mode.
    pub fn wait_until_back(&self, when: &str) {
        let back = || !self.on_alternate_screen() && self.cursor_visible() && self.is_cooked();
        patiently(back, || {
            let [screen, cursor] = [self.on_alternate_screen(), self.cursor_visible()];
            let cooked = self.is_cooked();
            format!("{when}: alternate screen {screen}, cursor visible {cursor}, cooked {cooked}")
        });
    }

    /// Waits until the app has taken over the terminal: raw mode, alternate screen.
    pub fn wait_until_taken(&self) {
        patiently(
            || self.on_alternate_screen() && !self.is_cooked(),
            || format!("the app does not take the terminal; the screen:\n{}", self.screen()),
        );
    }

    /// Whether every cell of the screen is as asked.
    pub fn every_cell(&self, asked: impl Fn(&vt100::Cell) -> bool) -> bool {
        let seen = self.seen.lock().unwrap();
        let screen = seen.parser.screen();
        let (rows, columns) = screen.size();
        (0..rows.get())
            .all(|row| (0..columns.get()).all(|column| screen.cell(row, column).is_none_or(&asked)))
    }

    /// Whether the terminal echoes and waits for lines, as a shell expects it.
    pub fn is_cooked(&self) -> bool {
        self.stty().split_whitespace().any(|flag| flag == "icanon")
    }

    /// Returns the line settings of the terminal, by its own name: the master's side shares them.
    fn stty(&self) -> String {
        let name = self.line.as_ref().unwrap().master.tty_name().unwrap();
        let output = Command::new("stty").arg("-a").arg("-F").arg(name).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    }

    /// Waits for text on the screen.
    pub fn wait_for(&self, text: &str) {
        self.wait_until(text, |screen| screen.contains(text));
    }

    /// Waits until the screen is as requested; `what` is for the message.
    pub fn wait_until(&self, what: &str, asked: impl Fn(&str) -> bool) {
        patiently(
            || asked(&self.screen()),
            || format!("waited for {what:?}; the screen:\n{}", self.screen()),
        );
    }

    /// Waits until the app has written nothing for a while and none of its threads has work left.
    ///
    /// Silence alone is not enough: on a busy machine an app with work left may wait longer
    /// for a core.
    pub fn settle(&self) {
        self.wait_for_quiet(Duration::from_millis(200), "the app never stops writing");
    }

    /// Waits for half a second in which nothing is written.
    ///
    /// A busy machine may still draw earlier changes: not the first half second has to be silent,
    /// but one of many. If a timer draws, none of them is.
    pub fn wait_for_silence(&self) {
        self.wait_for_quiet(Duration::from_millis(500), "bytes are written while nothing happens");
    }

    fn wait_for_quiet(&self, quiet: Duration, otherwise: &str) {
        let mut last = self.bytes_seen();
        let settled = || {
            let busy = self.is_busy();
            thread::sleep(quiet);
            let now = self.bytes_seen();
            std::mem::replace(&mut last, now) == now && !busy && !self.is_busy()
        };
        patiently(settled, || otherwise.to_owned());
    }

    /// Returns `true` if a thread of the app runs or waits for a core or a disk.
    ///
    /// A process that has ended is not busy.
    #[cfg(target_os = "linux")]
    fn is_busy(&self) -> bool {
        let Some(Ok(tasks)) = self.child.process_id().map(|id| std::fs::read_dir(format!("/proc/{id}/task")))
        else {
            return false;
        };
        tasks.filter_map(Result::ok).any(|task| {
            let stat = std::fs::read_to_string(task.path().join("stat")).unwrap_or_default();
            // The state follows the name, which is in brackets and may have brackets itself.
            stat.rsplit_once(") ").is_some_and(|(_, fields)| fields.starts_with(['R', 'D']))
        })
    }

    /// Returns `false`: without /proc, `settle` relies on silence alone.
    #[cfg(not(target_os = "linux"))]
    fn is_busy(&self) -> bool {
        false
    }

    /// Waits until the process is stopped (Ctrl-Z).
    pub fn wait_until_stopped(&self) {
        let state = || {
            Command::new("ps").args(["-o", "stat=", "-p", &self.pid().to_string()]).output().unwrap().stdout
        };
        patiently(|| state().first() == Some(&b'T'), || "the process does not stop".to_owned());
    }

    /// Waits until the app has taken the terminal.
    pub fn wait_until_raw(&self) {
        patiently(|| !self.is_cooked(), || "the terminal stays cooked".to_owned());
    }

    /// Waits for the end of the process and of its output.
    pub fn exit_code(&mut self) -> u32 {
        let mut code = None;
        let screen = Arc::clone(&self.seen);
        patiently(
            || {
                code = self.child.try_wait().unwrap().map(|status| status.exit_code());
                code.is_some()
            },
            || {
                format!(
                    "the app does not end; the screen:\n{}",
                    screen.lock().unwrap().parser.screen().contents()
                )
            },
        );
        // The last output may still be under way: the reader ends after it, unless the test holds
        // it.
        let all_read = || {
            self.flow.held.load(Ordering::SeqCst) || self.line.as_ref().is_none_or(|l| l.thread.is_finished())
        };
        patiently(all_read, || "the terminal is still open after the end of the app".to_owned());
        code.unwrap()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}

pub fn patiently(mut done: impl FnMut() -> bool, message: impl FnOnce() -> String) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < PATIENCE, "{}", message());
        thread::sleep(GLANCE);
    }
}

fn pty_size((columns, rows): (u16, u16)) -> PtySize {
    PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 }
}

fn one_or_more(n: u16) -> NonZeroU16 {
    NonZeroU16::new(n).unwrap_or(NonZeroU16::MIN)
}
