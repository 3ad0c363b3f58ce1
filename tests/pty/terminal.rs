//! A pseudo-terminal with the binary in it and a screen of cells behind it.

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

/// How long to wait for what has to come. Only a failing test waits this long.
const PATIENCE: Duration = Duration::from_secs(20);
/// How often to look.
const GLANCE: Duration = Duration::from_millis(10);

/// The binary under test.
pub fn binary() -> PathBuf {
    std::env::var_os("SPINNTUI_TEST_BIN").map_or_else(|| env!("CARGO_BIN_EXE_spinntui").into(), PathBuf::from)
}

struct Seen {
    parser: vt100::Parser,
    bytes: usize,
}

/// The app in a terminal.
pub struct Terminal {
    master: Box<dyn MasterPty + Send>,
    writer: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    seen: Arc<Mutex<Seen>>,
}

impl Terminal {
    /// Starts the binary on a scene in a terminal of this size, with a clean environment and these variables on top.
    pub fn start(scene: &str, size: (u16, u16), env: &[(&str, &str)]) -> Self {
        let pair = native_pty_system().openpty(pty_size(size)).unwrap();
        let mut command = CommandBuilder::new(binary());
        if !scene.is_empty() {
            command.arg(scene);
        }
        command.cwd(env!("CARGO_MANIFEST_DIR"));
        for name in [
            "NO_COLOR",
            "COLORTERM",
            "FORCE_COLOR",
            "CLICOLOR_FORCE",
            "SSH_CONNECTION",
            "RUST_BACKTRACE",
            "LC_ALL",
        ] {
            command.env_remove(name);
        }
        command.env("TERM", "xterm-256color");
        command.env("LANG", "C.UTF-8");
        for (name, value) in env {
            command.env(name, value);
        }
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let parser = vt100::Parser::new(one_or_more(size.1), one_or_more(size.0), 0);
        let seen = Arc::new(Mutex::new(Seen { parser, bytes: 0 }));
        let mut reader = pair.master.try_clone_reader().unwrap();
        let behind = Arc::clone(&seen);
        thread::spawn(move || {
            let mut buffer = [0; 8_192];
            while let Ok(n @ 1..) = reader.read(&mut buffer) {
                let mut seen = behind.lock().unwrap();
                seen.parser.process(&buffer[..n]);
                seen.bytes += n;
            }
        });
        let writer = pair.master.take_writer().unwrap();
        Self { master: pair.master, writer, child, seen }
    }

    /// Types these bytes.
    pub fn press(&mut self, keys: &str) {
        self.writer.write_all(keys.as_bytes()).unwrap();
        self.writer.flush().unwrap();
    }

    /// Changes the terminal's size: columns, rows.
    pub fn resize(&self, size: (u16, u16)) {
        self.seen.lock().unwrap().parser.screen_mut().set_size(one_or_more(size.1), one_or_more(size.0));
        self.master.resize(pty_size(size)).unwrap();
    }

    /// Sends a signal by name.
    pub fn signal(&self, name: &str) {
        let status =
            Command::new("kill").args([format!("-{name}"), self.pid().to_string()]).status().unwrap();
        assert!(status.success());
    }

    fn pid(&self) -> u32 {
        self.child.process_id().unwrap()
    }

    /// The screen as text.
    pub fn screen(&self) -> String {
        self.seen.lock().unwrap().parser.screen().contents()
    }

    /// Bytes that the app has written so far.
    pub fn bytes_seen(&self) -> usize {
        self.seen.lock().unwrap().bytes
    }

    pub fn on_alternate_screen(&self) -> bool {
        self.seen.lock().unwrap().parser.screen().alternate_screen()
    }

    pub fn cursor_visible(&self) -> bool {
        !self.seen.lock().unwrap().parser.screen().hide_cursor()
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

    /// The line settings of the terminal, by its own name: the master's side shares them.
    fn stty(&self) -> String {
        let name = self.master.tty_name().unwrap();
        let output = Command::new("stty").arg("-a").arg("-F").arg(name).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    }

    /// Waits for text on the screen.
    pub fn wait_for(&self, text: &str) {
        self.wait_until(text, |screen| screen.contains(text));
    }

    /// Waits until the screen is as asked; `what` is for the message.
    pub fn wait_until(&self, what: &str, asked: impl Fn(&str) -> bool) {
        patiently(
            || asked(&self.screen()),
            || format!("waited for {what:?}; the screen:\n{}", self.screen()),
        );
    }

    /// Waits until nothing more is being written.
    pub fn settle(&self) {
        let mut last = self.bytes_seen();
        let settled = || {
            thread::sleep(Duration::from_millis(200));
            let now = self.bytes_seen();
            std::mem::replace(&mut last, now) == now
        };
        patiently(settled, || "the app never stops writing".to_owned());
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
        // What it wrote last may still be on its way.
        self.settle();
        code.unwrap()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}

fn patiently(mut done: impl FnMut() -> bool, message: impl FnOnce() -> String) {
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
