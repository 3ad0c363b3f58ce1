//! Connection with a client, without its requests to send a packet again.

use std::io;
use std::net::TcpStream;

use gdbstub::conn::{Connection, ConnectionExt};

/// Request to send the last packet again.
const NACK: u8 = b'-';

/// Position in the client's stream of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    Between,
    Body,
    /// Digits of the checksum still to come.
    Checksum(u8),
}

impl At {
    /// Returns the position after a byte.
    fn after(self, byte: u8) -> Self {
        match (self, byte) {
            (Self::Between, b'$') => Self::Body,
            (Self::Body, b'#') => Self::Checksum(2),
            (Self::Checksum(left), _) if left > 1 => Self::Checksum(left - 1),
            (Self::Checksum(_), _) => Self::Between,
            (same, _) => same,
        }
    }

    /// Returns `true` if a byte here is a request to send the last packet again.
    fn is_nack(self, byte: u8) -> bool {
        self == Self::Between && byte == NACK
    }
}

/// Connection with a client.
///
/// gdb asks for a packet again if an answer takes longer than two seconds, as `monitor step token`
/// may on a large chip; gdbstub would end the connection. TCP loses no packet: the answer is still
/// on its way, and gdb waits for it.
#[derive(Debug)]
pub(super) struct Client {
    stream: TcpStream,
    at: At,
}

impl Client {
    pub fn new(stream: TcpStream) -> Self {
        Self { stream, at: At::Between }
    }
}

impl Connection for Client {
    type Error = io::Error;

    fn write(&mut self, byte: u8) -> io::Result<()> {
        Connection::write(&mut self.stream, byte)
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        Connection::write_all(&mut self.stream, bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Connection::flush(&mut self.stream)
    }

    fn on_session_start(&mut self) -> io::Result<()> {
        self.stream.on_session_start()
    }
}

impl ConnectionExt for Client {
    fn read(&mut self) -> io::Result<u8> {
        loop {
            let byte = ConnectionExt::read(&mut self.stream)?;
            if !self.at.is_nack(byte) {
                self.at = self.at.after(byte);
                return Ok(byte);
            }
        }
    }

    fn peek(&mut self) -> io::Result<Option<u8>> {
        loop {
            let byte = ConnectionExt::peek(&mut self.stream)?;
            if !byte.is_some_and(|byte| self.at.is_nack(byte)) {
                return Ok(byte);
            }
            ConnectionExt::read(&mut self.stream)?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_bytes_between_packets_are_requests_to_send_again() {
        let mut at = At::Between;
        let mut nacks = Vec::new();
        for (place, &byte) in b"+-$vCont;c:p1.-1#-3-+-$?#3f".iter().enumerate() {
            if at.is_nack(byte) {
                nacks.push(place);
            }
            at = at.after(byte);
        }
        assert_eq!((nacks, at), (vec![1, 19, 21], At::Between));
    }
}
