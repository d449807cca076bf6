//! What a server, or a device before it, does that takes the first packet for all of the hello. One
//! rule: it never reads a second packet.

use std::io;

use super::fault::alert;
use super::line::Line;

/// The octets of TCP that one packet carries, at most, on most ways.
pub(super) const PACKET: usize = 1400;

/// What is done to a ClientHello that is longer than that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnLong {
    /// Sends RST.
    Reset,
    /// Sends FIN.
    Close,
    /// Waits for ever for nothing.
    Silence,
    /// Sends a fatal alert of this number and FIN.
    Alert(u8),
    /// Says goodbye in TLS and sends FIN.
    CloseNotify,
    /// Sends the first octets of a ServerHello and then RST.
    HelloThenReset,
}

impl OnLong {
    /// Serves a connection whose ClientHello is too long.
    pub(super) fn serve(self, line: Line<'_>) -> io::Result<()> {
        match self {
            Self::Reset => return line.reset(),
            Self::Close => {}
            Self::Silence => return line.drain(),
            Self::Alert(number) => line.raw(&alert(2, number))?,
            Self::CloseNotify => line.raw(&alert(1, 0))?,
            Self::HelloThenReset => {
                line.raw(&[22, 3, 3, 0, 90, 2])?;
                line.pause(std::time::Duration::from_millis(50))?;
                return line.reset();
            }
        }
        line.close()
    }
}
