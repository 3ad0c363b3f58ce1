//! Connection to the terminal, with a check that it still exists.

use std::io::{self, Stdout, Write};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use rustix::io::Errno;

/// Whether the terminal is gone. It stays `true`: terminals do not come back.
static GONE: AtomicBool = AtomicBool::new(false);

/// Bytes written so far.
static WRITTEN: AtomicU64 = AtomicU64::new(0);

/// Returns the number of bytes passed to [`Wire`]s so far, including those swallowed.
pub fn written() -> u64 {
    WRITTEN.load(Ordering::Relaxed)
}

/// Returns `true` if the terminal is gone: its window closed, its connection cut.
pub fn is_gone() -> bool {
    GONE.load(Ordering::SeqCst)
}

/// Standard output, as long as it leads to a terminal that is ours. After that it swallows
/// everything: what is dropped on the way out writes once more, be it the rest of a frame in which
/// there was a panic, and complains on standard error, which may be gone as well.
pub struct Wire(Stdout);

impl Wire {
    /// Creates a wire to standard output.
    pub fn new() -> Self {
        Self(io::stdout())
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        WRITTEN.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        if swallows() { Ok(bytes.len()) } else { noted(self.0.write(bytes), bytes.len()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        if swallows() { Ok(()) } else { noted(self.0.flush(), ()) }
    }
}

fn swallows() -> bool {
    is_gone() || !super::is_taken()
}

/// Returns the result, or `swallowed` if it shows that the other end is gone, which it records.
fn noted<T>(result: io::Result<T>, swallowed: T) -> io::Result<T> {
    match result {
        Err(error) if says_gone(&error) => {
            GONE.store(true, Ordering::SeqCst);
            Ok(swallowed)
        }
        other => other,
    }
}

/// Returns `true` if an error of reading, writing or asking means that the other end is gone.
///
/// A terminal that was hung up answers EIO, one whose device went away ENXIO, a pipe EPIPE.
pub fn says_gone(error: &io::Error) -> bool {
    matches!(Errno::from_io_error(error), Some(Errno::IO | Errno::NXIO | Errno::PIPE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_a_closed_terminal_are_told_from_others() {
        for errno in [Errno::IO, Errno::NXIO, Errno::PIPE] {
            assert!(says_gone(&errno.into()), "{errno:?}");
        }
        for errno in [Errno::INTR, Errno::AGAIN, Errno::NOSPC] {
            assert!(!says_gone(&errno.into()), "{errno:?}");
        }
        assert!(!says_gone(&io::Error::other("something else")));
    }
}
