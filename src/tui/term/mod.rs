//! Taking and giving back of the terminal: the only place that writes escape sequences outside a
//! frame. `docs/terminal.md` lists problems with terminals, the behaviour of the app, and the
//! test for it.

mod guarded;
pub mod hangup;
pub mod input;
pub mod panic;
pub mod signals;
mod wire;

use std::io::{self, BufWriter, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::clipboard::CopyToClipboard;
use crossterm::cursor::{Hide, Show};
use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::style::Print;
use crossterm::terminal::{
    BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen,
    disable_raw_mode, enable_raw_mode,
};
use crossterm::{execute, queue};
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use ratatui::prelude::Buffer;

use self::wire::Wire;
pub use self::wire::{is_gone, says_gone};

/// A frame at 200×60 with full churn is some 430 kB; a buffer much smaller than that means
/// many small writes.
const BUFFER_BYTES: usize = 64 * 1024;
/// Size up to which a frame has no new cell in it, only its beginning and end, bytes.
const EMPTY_FRAME: u64 = 40;

/// Whether the terminal is ours now. Shared with the panic hook, so that giving it back
/// twice does nothing.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// Whether the mouse is taken along with the terminal.
static MOUSE: AtomicBool = AtomicBool::new(false);
/// Modes 1000 and 1006: buttons and the wheel, in decimal coordinates. Movement is not reported:
/// each report would wake the app.
const MOUSE_ON: &str = "\x1b[?1000h\x1b[?1006h";
/// Ends both modes.
const MOUSE_OFF: &str = "\x1b[?1006l\x1b[?1000l";

/// Sets whether the mouse is taken along with the terminal from the next time on.
pub fn use_mouse(on: bool) {
    MOUSE.store(on, Ordering::SeqCst);
}

/// Returns `sequence` if the mouse is taken, else nothing.
fn for_mouse(sequence: &'static str) -> Print<&'static str> {
    Print(if MOUSE.load(Ordering::SeqCst) { sequence } else { "" })
}

/// Takes the terminal: raw mode, alternate screen, no cursor, brackets around pasted text, and the
/// mouse if [`use_mouse`] has turned it on.
fn take() -> io::Result<()> {
    enable_raw_mode()?;
    TAKEN.store(true, Ordering::SeqCst);
    // Pasted text would otherwise come as key presses, and one `q` in it would leave.
    execute!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste, Hide, for_mouse(MOUSE_ON))
}

/// Gives the terminal back as it was; does nothing if the app does not have it. Errors are ignored:
/// there may be no terminal left to report them to.
pub fn give_back() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        // A panic inside a frame leaves a synchronised update open.
        let _ = execute!(
            io::stdout(),
            EndSynchronizedUpdate,
            for_mouse(MOUSE_OFF),
            DisableBracketedPaste,
            Show,
            LeaveAlternateScreen
        );
        let _ = disable_raw_mode();
    }
}

/// Returns `true` if the app has taken the terminal.
pub fn is_taken() -> bool {
    TAKEN.load(Ordering::SeqCst)
}

type Backing = CrosstermBackend<BufWriter<Wire>>;

/// The terminal, ours until dropped.
pub struct Screen {
    terminal: ratatui::Terminal<Backing>,
    /// Whether the screen shows something other than the last frame.
    stale: bool,
}

impl Screen {
    /// Takes the terminal.
    pub fn take() -> io::Result<Self> {
        // Colours are the theme's business. Left to itself, crossterm answers NO_COLOR with full
        // resets, which wipe bold and reverse, too.
        crossterm::style::force_color_output(true);
        let screen = take().and_then(|()| new_terminal()).map(|terminal| Self { terminal, stale: false });
        if screen.is_err() {
            give_back();
        }
        screen
    }

    /// Returns the size of the terminal: columns and rows.
    pub fn size(&self) -> io::Result<(u16, u16)> {
        self.terminal.size().map(|size| (size.width, size.height))
    }

    /// Draws one frame, bracketed so that terminals that can do so show it at once. Returns whether
    /// any cell is new.
    pub fn draw(&mut self, paint: impl FnOnce(Rect, &mut Buffer)) -> io::Result<bool> {
        let before = wire::written();
        queue!(self.terminal.backend_mut(), BeginSynchronizedUpdate)?;
        if std::mem::take(&mut self.stale) {
            // Not `Terminal::clear`, which asks the terminal for the cursor's position and fails
            // after two seconds without an answer.
            let size = self.terminal.size()?;
            self.terminal.resize(size.into())?;
        }
        self.terminal.draw(|frame| paint(frame.area(), frame.buffer_mut()))?;
        queue!(self.terminal.backend_mut(), EndSynchronizedUpdate)?;
        self.flush()?;
        Ok(wire::written() - before > EMPTY_FRAME)
    }

    /// Asks the terminal to put a text on the clipboard (OSC 52). It may refuse, and does
    /// not say so.
    pub fn copy(&mut self, text: &str) -> io::Result<()> {
        queue!(self.terminal.backend_mut(), CopyToClipboard::to_clipboard_from(text))?;
        self.flush()
    }

    fn flush(&mut self) -> io::Result<()> {
        Write::flush(self.terminal.backend_mut())?;
        if is_gone() {
            Err(io::Error::new(io::ErrorKind::BrokenPipe, "the terminal is gone"))
        } else {
            Ok(())
        }
    }

    /// Discards the known contents of the screen, so that the next frame clears it and draws
    /// all of it.
    pub fn forget(&mut self) {
        self.stale = true;
    }

    /// Takes the terminal again, after [`give_back`] or after another program may have
    /// changed its mode.
    pub fn retake(&mut self) -> io::Result<()> {
        give_back();
        take()?;
        self.forget();
        Ok(())
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
    }
}

fn new_terminal() -> io::Result<ratatui::Terminal<Backing>> {
    ratatui::Terminal::new(CrosstermBackend::new(BufWriter::with_capacity(BUFFER_BYTES, Wire::new())))
}
