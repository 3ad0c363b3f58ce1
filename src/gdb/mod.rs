//! Server for gdb: the PEs of the emulated chip as threads of one process.
//!
//! The protocol is the crate `gdbstub`'s; [`crate::session::instructions`] does what is asked for.
//! It listens on the loopback interface only, and serves one client.

mod arch;
mod beside;
mod client;
mod monitor;
mod target;

use std::io;
use std::marker::PhantomData;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};

use gdbstub::common::Signal;
use gdbstub::conn::ConnectionExt;
use gdbstub::stub::run_blocking::{BlockingEventLoop, Event, WaitForStopReasonError};
use gdbstub::stub::{DisconnectReason, GdbStub, MultiThreadStopReason};

use crate::chip::geometry::Pe;
use client::Client;
use target::ChipTarget;

pub use arch::DESCRIPTION;
pub use beside::{News, Server};
pub use target::{Chip, Gone};

/// Listens on a port of the loopback interface; 0 for any that is free.
///
/// # Errors
///
/// Fails if the port is taken.
pub fn listen(port: u16) -> io::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port))
}

/// Serves the next client until it detaches or is gone, and returns the experiment as it left it,
/// with how the connection ended. `pe` is the PE in focus, which is followed already.
///
/// # Errors
///
/// Fails if no connection comes about.
pub fn serve<C: Chip>(
    listener: &TcpListener,
    chip: C,
    pe: Pe,
    attached: impl FnOnce(&TcpStream, SocketAddr) -> io::Result<()>,
) -> io::Result<(C, String)> {
    let (stream, client) = listener.accept()?;
    attached(&stream, client)?;
    stream.set_nodelay(true)?;
    let mut target = ChipTarget::new(chip, pe);
    let ended = match GdbStub::new(Client::new(stream)).run_blocking::<Loop<C>>(&mut target) {
        Ok(DisconnectReason::Disconnect) => "gdb detached".to_owned(),
        Ok(DisconnectReason::Kill) => "gdb killed the program, which here ends the debugging only".to_owned(),
        Ok(DisconnectReason::TargetExited(_)) => "the program has ended".to_owned(),
        Ok(DisconnectReason::TargetTerminated(signal)) => format!("the program was stopped by {signal}"),
        Err(error) => format!("the connection ended: {error}"),
    };
    Ok((target.into_chip(), ended))
}

/// Runs the chip between packets of the client.
struct Loop<C>(PhantomData<C>);

impl<C: Chip> BlockingEventLoop for Loop<C> {
    type Target = ChipTarget<C>;
    type Connection = Client;
    type StopReason = MultiThreadStopReason<u32>;

    fn wait_for_stop_reason(
        target: &mut ChipTarget<C>,
        connection: &mut Client,
    ) -> Result<Event<Self::StopReason>, WaitForStopReasonError<Gone, io::Error>> {
        loop {
            if let Some(reason) = target.proceed().map_err(WaitForStopReasonError::Target)? {
                return Ok(Event::TargetStopped(reason));
            }
            if connection.peek().map_err(WaitForStopReasonError::Connection)?.is_some() {
                let byte = ConnectionExt::read(connection).map_err(WaitForStopReasonError::Connection)?;
                return Ok(Event::IncomingData(byte));
            }
        }
    }

    fn on_interrupt(target: &mut ChipTarget<C>) -> Result<Option<Self::StopReason>, Gone> {
        Ok(Some(MultiThreadStopReason::SignalWithThread { tid: target.thread(), signal: Signal::SIGINT }))
    }
}
