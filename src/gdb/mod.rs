//! Server for gdb: the PEs of the emulated chip as threads of one process.
//!
//! The protocol is the crate `gdbstub`'s; [`crate::session::instructions`] does what is asked for.
//! It listens on the loopback interface only, and serves one client.

mod arch;
mod monitor;
mod target;

use std::io::{self, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};

use gdbstub::common::Signal;
use gdbstub::conn::ConnectionExt;
use gdbstub::stub::run_blocking::{BlockingEventLoop, Event, WaitForStopReasonError};
use gdbstub::stub::{DisconnectReason, GdbStub, MultiThreadStopReason};

use crate::session::instructions::Debugger;
use target::{ChipTarget, TargetFault};

pub use arch::DESCRIPTION;

/// Listens on a port of the loopback interface; 0 for any that is free.
///
/// # Errors
///
/// Fails if the port is taken.
pub fn listen(port: u16) -> io::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port))
}

/// Serves the next client until it detaches or is gone, and returns the experiment as it left it,
/// with how the connection ended.
///
/// # Errors
///
/// Fails if no connection comes about.
pub fn serve(
    listener: &TcpListener,
    debugger: Debugger,
    told: &mut dyn Write,
) -> io::Result<(Debugger, String)> {
    let (stream, client) = listener.accept()?;
    writeln!(told, "gdb attached from {client}")?;
    told.flush()?;
    stream.set_nodelay(true)?;
    let mut target = ChipTarget::new(debugger);
    let ended = match GdbStub::new(stream).run_blocking::<Loop>(&mut target) {
        Ok(DisconnectReason::Disconnect) => "gdb detached".to_owned(),
        Ok(DisconnectReason::Kill) => "gdb killed the program, which here ends the debugging only".to_owned(),
        Ok(DisconnectReason::TargetExited(_)) => "the program has ended".to_owned(),
        Ok(DisconnectReason::TargetTerminated(signal)) => format!("the program was stopped by {signal}"),
        Err(error) => format!("the connection ended: {error}"),
    };
    Ok((target.into_debugger(), ended))
}

/// Runs the chip between packets of the client.
enum Loop {}

impl BlockingEventLoop for Loop {
    type Target = ChipTarget;
    type Connection = TcpStream;
    type StopReason = MultiThreadStopReason<u32>;

    fn wait_for_stop_reason(
        target: &mut ChipTarget,
        connection: &mut TcpStream,
    ) -> Result<Event<Self::StopReason>, WaitForStopReasonError<TargetFault, io::Error>> {
        loop {
            if let Some(reason) = target.proceed() {
                return Ok(Event::TargetStopped(reason));
            }
            if connection.peek().map_err(WaitForStopReasonError::Connection)?.is_some() {
                let byte = ConnectionExt::read(connection).map_err(WaitForStopReasonError::Connection)?;
                return Ok(Event::IncomingData(byte));
            }
        }
    }

    fn on_interrupt(target: &mut ChipTarget) -> Result<Option<Self::StopReason>, TargetFault> {
        Ok(Some(MultiThreadStopReason::SignalWithThread { tid: target.thread(), signal: Signal::SIGINT }))
    }
}
