//! Files that are read whole. One rule: no file is longer than [`MAX_OCTETS`] or slower than the
//! time there is, whatever stands at its path, and no message holds what may be a key.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::error::{Error, system_words};
use crate::text;

/// The most that is read of one file; the greatest trust stores have a fiftieth of it.
pub const MAX_OCTETS: u64 = 16 * 1024 * 1024;

/// How long files may take.
#[derive(Clone, Copy, Debug)]
pub struct Wait {
    start: Instant,
    limit: Option<Duration>,
}

impl Wait {
    /// As long as `limit` from now; for ever where there is none.
    pub fn new(limit: Option<Duration>) -> Self {
        Self { start: Instant::now(), limit }
    }

    /// What is left of it.
    fn left(&self) -> Option<Duration> {
        self.limit.map(|limit| limit.saturating_sub(self.start.elapsed()))
    }
}

/// The octets of the file that an option or a variable names.
pub fn read(path: &str, wait: &Wait) -> Result<Vec<u8>, Error> {
    const RUN_OF_BASE64: usize = 40;
    octets(Path::new(path), MAX_OCTETS, wait).map_err(|reason| {
        let hidden = is_absent(path) && text::may_be_key(path, RUN_OF_BASE64);
        let path = if hidden { "the file" } else { path };
        Error::File { path: path.to_owned(), reason: with_note(reason, hidden) }
    })
}

/// The octets of the file that `-k` names, where a key is easily typed in place of the path.
pub fn read_of_k(path: &str, wait: &Wait) -> Result<Vec<u8>, Error> {
    const RUN_OF_BASE64: usize = 8;
    octets(Path::new(path), MAX_OCTETS, wait).map_err(|reason| {
        let hidden =
            is_absent(path) && (path.contains(':') || text::may_be_key(path, RUN_OF_BASE64));
        let path = if hidden { "-k" } else { path };
        Error::File { path: path.to_owned(), reason: with_note(reason, hidden) }
    })
}

fn with_note(reason: String, hidden: bool) -> String {
    match hidden {
        true => format!("{reason} (its name is not shown, since it may be a key)"),
        false => reason,
    }
}

fn is_absent(path: &str) -> bool {
    fs::symlink_metadata(path).is_err()
}

/// The octets of the start file of the folder `home`; none where there is no such file, or no
/// folder that can be read: a service may have `/dev/null` for a home, or somebody else's. A
/// relative path would let the folder that tdig is started in say what is trusted.
pub fn start_file(home: &Path) -> Result<Option<Vec<u8>>, Error> {
    const MAX_START: u64 = 1024 * 1024;
    let path = home.join(".tdigrc");
    let failed = |reason: String| {
        let path = path.to_string_lossy().into_owned();
        Err(Error::File { path, reason })
    };
    if !home.is_absolute() || !home.is_dir() {
        return Ok(None);
    }
    match fs::symlink_metadata(&path).map_err(|error| (error.kind(), system_words(&error))) {
        Err((ErrorKind::NotFound | ErrorKind::PermissionDenied, _)) => return Ok(None),
        Err((_, reason)) => return failed(reason),
        Ok(_) => {}
    }
    // what holds options may not be lost, so from here on there must be a file that can be read
    match fs::metadata(&path) {
        Ok(found) if found.is_file() => {
            bounded(&path, MAX_START).map_or_else(failed, |it| Ok(Some(it)))
        }
        Ok(found) if found.is_dir() => failed("is a directory".into()),
        // the usual way to have none
        Ok(_) if fs::canonicalize(&path).is_ok_and(|it| it == Path::new("/dev/null")) => Ok(None),
        Ok(_) => failed("is no regular file".into()),
        Err(error) => failed(system_words(&error)),
    }
}

/// The octets of any file, at most `max` of them, or in words why not.
pub fn octets(path: &Path, max: u64, wait: &Wait) -> Result<Vec<u8>, String> {
    let words = |error: io::Error| system_words(&error);
    let kind = fs::metadata(path).map_err(words)?;
    if kind.is_dir() {
        return Err("is a directory".into());
    }
    if kind.is_file() {
        return bounded(path, max);
    }
    PIPES.read(path, max, wait)
}

fn bounded(path: &Path, max: u64) -> Result<Vec<u8>, String> {
    let mut octets = Vec::new();
    let read = File::open(path).and_then(|file| file.take(max + 1).read_to_end(&mut octets));
    match read {
        Err(error) => Err(system_words(&error)),
        Ok(length) if length as u64 > max => {
            Err(format!("is longer than {} MiB", max / (1024 * 1024)))
        }
        Ok(_) => Ok(octets),
    }
}

/// What each of them gave; `None` while a thread reads.
type Known = BTreeMap<PathBuf, Option<Result<Arc<[u8]>, String>>>;

/// What was read of pipes and devices: a pipe gives its octets once, and a lookup may need them for
/// each session.
struct Pipes {
    known: Mutex<Known>,
    changed: Condvar,
}

static PIPES: Pipes = Pipes { known: Mutex::new(BTreeMap::new()), changed: Condvar::new() };

impl Pipes {
    /// A thread opens and reads, for both may block, and nothing ends that from outside.
    fn read(&'static self, path: &Path, max: u64, wait: &Wait) -> Result<Vec<u8>, String> {
        let mut known = self.known();
        if !known.contains_key(path) {
            known.insert(path.to_owned(), None);
            let of_thread = path.to_owned();
            let begun = thread::Builder::new().spawn(move || {
                let outcome = bounded(&of_thread, max).map(Arc::from);
                self.known().insert(of_thread, Some(outcome));
                self.changed.notify_all();
            });
            if let Err(error) = begun {
                known.remove(path);
                return Err(system_words(&error));
            }
        }
        loop {
            if let Some(Some(outcome)) = known.get(path) {
                return outcome.as_ref().map(|octets| octets.to_vec()).map_err(Clone::clone);
            }
            let Some(left) = wait.left() else {
                known = self.changed.wait(known).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            if left.is_zero() {
                let after = wait.limit.unwrap_or_default().as_secs_f64();
                return Err(format!("took too long to be read (after {after:.1} s)"));
            }
            let waited = self.changed.wait_timeout(known, left);
            known = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The text of a file that people write: without the byte order mark with which some editors begin
/// every file. What is no UTF-8 is replaced, for it may stand in a comment.
pub fn text(octets: &[u8]) -> Result<String, &'static str> {
    if is_utf16(octets) {
        return Err(UTF16);
    }
    let mark = "\u{feff}".as_bytes();
    Ok(String::from_utf8_lossy(octets.strip_prefix(mark).unwrap_or(octets)).into_owned())
}

/// What is said of a file in UTF-16.
pub const UTF16: &str = "is UTF-16; iconv -f UTF-16 -t UTF-8 converts it";

/// Whether a text is UTF-16: by its byte order mark, or by the letters of ASCII with which it
/// begins.
pub fn is_utf16(octets: &[u8]) -> bool {
    match octets {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => true,
        [a, 0, b, 0, ..] | [0, a, 0, b, ..] => [a, b].iter().all(|it| matches!(it, b' '..=b'~')),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_may_be_a_key_is_not_repeated() {
        let wait = Wait::new(None);
        let said = |error: Result<Vec<u8>, Error>| error.unwrap_err().to_string();
        let begins = |text: String| text.split(':').next().unwrap_or_default().to_owned();
        for path in [
            "labkey:c2VjcmV0",
            "c2VjcmV0c2Vj",
            "00112233445566778899aabbccddeeff",
            "hmac-sha256:labkey:secretsecret",
            "-----BEGIN PRIVATE KEY-----\nMIIB",
        ] {
            assert_eq!(begins(said(read_of_k(path, &wait))), "-k", "{path}");
        }
        for path in
            ["/nonexistent", "./my.key", "/nonexistent/lab.key", "Klab.example.+163+00042.key"]
        {
            assert_eq!(begins(said(read_of_k(path, &wait))), path);
            assert_eq!(begins(said(read(path, &wait))), path);
        }
        for path in [
            "-----BEGIN CERTIFICATE-----",
            "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg",
            "a\nb",
        ] {
            assert_eq!(begins(said(read(path, &wait))), "the file", "{path}");
        }
        assert_eq!(
            begins(said(read("/nonexistent/ISRGRootX1.pem", &wait))),
            "/nonexistent/ISRGRootX1.pem"
        );
        // what is there is a path
        let folder = std::env::temp_dir().join("c2VjcmV0c2Vj");
        fs::create_dir_all(&folder).unwrap();
        let folder = folder.to_str().unwrap();
        assert_eq!(said(read_of_k(folder, &wait)), format!("{folder}: is a directory"));
        fs::remove_dir(folder).unwrap();
    }

    #[test]
    fn text_is_without_its_mark_and_utf_16_is_named() {
        assert_eq!(text("\u{feff}a".as_bytes()), Ok("a".to_owned()));
        assert_eq!(text(b"a\xe9b"), Ok("a\u{fffd}b".to_owned()));
        for octets in [&b"\xff\xfea\0"[..], b"\xfe\xff\0a", b"k\0e\0", b"\0k\0e"] {
            assert_eq!(text(octets), Err(UTF16));
        }
        for octets in [&b""[..], b"a", b"\0\0\0\0", b"0\x82\x01\x0a", b"a\0b"] {
            assert!(!is_utf16(octets), "{octets:?}");
        }
    }
}
