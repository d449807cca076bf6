//! The secrets of sessions, for programs that read captures (SSLKEYLOGFILE). One rule: a file that
//! is made here is for its owner alone, and no file holds a lookup up.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use rustls::KeyLog;

/// The file that secrets are added to, in the format of NSS.
#[derive(Debug)]
pub(super) struct SecretFile(File);

impl SecretFile {
    /// Opens the file at `path`, or makes it. One that is there keeps its mode.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        open(path).map(Self)
    }
}

/// A FIFO that nobody reads is an error at once, and one that is full takes no more.
#[cfg(unix)]
fn open(path: &Path) -> io::Result<File> {
    use rustix::fs::{Mode, OFlags};
    let how = OFlags::WRONLY
        | OFlags::APPEND
        | OFlags::CREATE
        | OFlags::CLOEXEC
        | OFlags::NOCTTY
        | OFlags::NONBLOCK;
    Ok(File::from(rustix::fs::open(path, how, Mode::RUSR | Mode::WUSR)?))
}

#[cfg(not(unix))]
fn open(path: &Path) -> io::Result<File> {
    File::options().append(true).create(true).open(path)
}

impl KeyLog for SecretFile {
    fn log(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        let mut line = format!("{label} ");
        for (octets, end) in [(client_random, ' '), (secret, '\n')] {
            line.extend(octets.iter().map(|octet| format!("{octet:02x}")));
            line.push(end);
        }
        // in one piece, for other sessions write too; a lookup goes on without its log
        let _ = (&self.0).write_all(line.as_bytes());
    }
}
