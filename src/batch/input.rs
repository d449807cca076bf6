//! Where the lines of a batch come from. One rule: waiting for input delays no reply. Where the
//! system can wait for both at once, it does; elsewhere a thread reads ahead.

#[cfg(unix)]
pub(super) use pollable::Input;
#[cfg(not(unix))]
pub(super) use read_ahead::Input;

#[cfg(unix)]
mod pollable {
    use std::fs::File;
    use std::io::{self, Read, Stdin};

    use rustix::fd::{AsFd, BorrowedFd};

    /// An open file.
    pub(in super::super) enum Input {
        File(File),
        Stdin(Stdin),
    }

    impl Input {
        /// The file at `path`; `-` is the standard input.
        pub(in super::super) fn open(path: &str) -> io::Result<Self> {
            Ok(match path {
                "-" => Self::Stdin(io::stdin()),
                path => Self::File(File::open(path)?),
            })
        }

        /// What can be waited for; without it a read returns at once, with `WouldBlock` if nothing
        /// is there yet.
        #[expect(clippy::unnecessary_wraps, reason = "elsewhere there is none")]
        pub(in super::super) fn source(&self) -> Option<BorrowedFd<'_>> {
            Some(match self {
                Self::File(file) => file.as_fd(),
                Self::Stdin(stdin) => stdin.as_fd(),
            })
        }

        /// Takes what is there.
        pub(in super::super) fn read(&mut self, octets: &mut [u8]) -> io::Result<usize> {
            match self {
                Self::File(file) => file.read(octets),
                // past the buffer of the standard library, which poll does not know of
                Self::Stdin(stdin) => rustix::io::read(&*stdin, octets).map_err(Into::into),
            }
        }
    }
}

#[cfg(not(unix))]
mod read_ahead {
    use std::fs::File;
    use std::io::{self, ErrorKind, Read};
    use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
    use std::thread;

    use rustix::fd::BorrowedFd;

    /// What a thread has read. The thread waits until that is taken.
    pub(in super::super) struct Input {
        pieces: Receiver<io::Result<Vec<u8>>>,
        /// What is left of the last piece.
        piece: Vec<u8>,
    }

    const PIECE: usize = 64 * 1024;

    impl Input {
        /// The file at `path`; `-` is the standard input.
        pub(in super::super) fn open(path: &str) -> io::Result<Self> {
            let (sender, pieces) = sync_channel(1);
            match path {
                "-" => drop(thread::spawn(move || send(io::stdin(), &sender))),
                path => {
                    let file = File::open(path)?;
                    drop(thread::spawn(move || send(file, &sender)));
                }
            }
            Ok(Self { pieces, piece: Vec::new() })
        }

        /// What can be waited for; without it a read returns at once, with `WouldBlock` if nothing
        /// is there yet.
        pub(in super::super) fn source(&self) -> Option<BorrowedFd<'_>> {
            None
        }

        /// Takes what is there.
        pub(in super::super) fn read(&mut self, octets: &mut [u8]) -> io::Result<usize> {
            if self.piece.is_empty() {
                self.piece = match self.pieces.try_recv() {
                    Ok(piece) => piece?,
                    Err(TryRecvError::Empty) => return Err(ErrorKind::WouldBlock.into()),
                    Err(TryRecvError::Disconnected) => return Ok(0),
                };
            }
            let length = octets.len().min(self.piece.len());
            octets[..length].copy_from_slice(&self.piece[..length]);
            self.piece.drain(..length);
            Ok(length)
        }
    }

    /// Reads to the end, or to an error, which is sent like everything else.
    fn send(mut from: impl Read, to: &SyncSender<io::Result<Vec<u8>>>) {
        loop {
            let mut piece = vec![0; PIECE];
            let read = from.read(&mut piece).map(|length| {
                piece.truncate(length);
                piece
            });
            let goes_on = match &read {
                Ok(piece) => !piece.is_empty(),
                Err(error) => error.kind() == ErrorKind::Interrupted,
            };
            // the receiver is gone once the batch is over
            if to.send(read).is_err() || !goes_on {
                return;
            }
        }
    }
}
