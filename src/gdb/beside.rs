//! Server beside a running app: clients one after the other, on the experiment of its engine.

use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::target::Chip;
use super::{listen, serve};
use crate::chip::geometry::Pe;
use crate::session::engine::DebugPort;
use crate::session::instructions::Debugger;

/// News of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// A client has come.
    Attached(SocketAddr),
    /// A client is gone, or could not be served; holds the words for it.
    Ended(String),
}

impl Chip for DebugPort {
    fn with<R: Send + 'static>(
        &mut self,
        ask: impl FnOnce(&mut Debugger<'_>) -> R + Send + 'static,
    ) -> Option<R> {
        self.ask(ask)
    }
}

/// State shared by the server and the listening thread.
#[derive(Debug, Default)]
struct Shared {
    ended: AtomicBool,
    client: Mutex<Option<TcpStream>>,
}

/// Running server; it ends when it is dropped.
#[derive(Debug)]
pub struct Server {
    place: SocketAddr,
    shared: Arc<Shared>,
}

impl Server {
    /// Listens on a port of the loopback interface (0 for any that is free), and serves clients one
    /// after the other on a thread of its own. `pe` is the PE in focus of each; `tell` is called
    /// with all news.
    ///
    /// # Errors
    ///
    /// Fails if the port is taken, or no thread can be started.
    pub fn start(
        port: u16,
        engine: DebugPort,
        pe: Pe,
        tell: impl Fn(News) + Send + 'static,
    ) -> io::Result<Self> {
        let listener = listen(port)?;
        let place = listener.local_addr()?;
        let shared = Arc::new(Shared::default());
        let own = Arc::clone(&shared);
        std::thread::Builder::new().name("gdb".into()).spawn(move || {
            while !own.ended.load(Ordering::Acquire) {
                if let Some(words) = one_client(&listener, &engine, pe, &own, &tell) {
                    tell(News::Ended(words));
                }
            }
        })?;
        Ok(Self { place, shared })
    }

    /// Returns the address that it listens on.
    pub fn place(&self) -> SocketAddr {
        self.place
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::Release);
        if let Some(client) = self.shared.client.lock().unwrap_or_else(PoisonError::into_inner).take() {
            let _ = client.shutdown(Shutdown::Both);
        }
        // Wakes the thread, which waits for a client.
        let _ = TcpStream::connect(self.place);
    }
}

/// Serves the next client; returns how that ended, `None` if the server has ended.
fn one_client(
    listener: &TcpListener,
    engine: &DebugPort,
    pe: Pe,
    shared: &Shared,
    tell: &impl Fn(News),
) -> Option<String> {
    let attached = |stream: &TcpStream, client: SocketAddr| {
        if shared.ended.load(Ordering::Acquire) {
            return Err(io::Error::other("the server has ended"));
        }
        let focused = engine.ask(move |debugger| debugger.focus(pe));
        match focused {
            Some(Ok(())) => {}
            Some(Err(error)) => return Err(io::Error::other(error.to_string())),
            None => return Err(io::Error::other("there is no experiment")),
        }
        *shared.client.lock().unwrap_or_else(PoisonError::into_inner) = Some(stream.try_clone()?);
        tell(News::Attached(client));
        Ok(())
    };
    let ended = serve(listener, engine.clone(), pe, attached);
    if shared.ended.load(Ordering::Acquire) {
        return None;
    }
    *shared.client.lock().unwrap_or_else(PoisonError::into_inner) = None;
    Some(match ended {
        Ok((_, words)) => words,
        Err(error) => format!("no connection with gdb: {error}"),
    })
}
