//! Programs as child processes: one that is run to its end, and one that serves until dropped.
//!
//! Every wait here has a bound, and a child is ended by its own handle, never by a name. Servers
//! are started through `setpriv --pdeathsig` where there is one, so that they end with the tests
//! even if the tests are killed.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// How long one run of a client may take: no comparison here waits for anything.
const RUN_BOUND: Duration = Duration::from_secs(30);
/// How long a server may take until its port answers.
const START_BOUND: Duration = Duration::from_secs(20);

/// What one run of a program left behind.
#[derive(Debug)]
pub(crate) struct Run {
    /// Standard output, bytes that are no UTF-8 replaced.
    pub(crate) stdout: String,
    /// Standard error, likewise.
    pub(crate) stderr: String,
    /// The exit status; 128 and the signal's number if a signal ended it, as a shell says it.
    pub(crate) status: i32,
}

/// Runs `program` with `words` in the folder `place`, in a bare environment (no rc file of the
/// user, no colour, UTC), with an empty standard input.
pub(crate) fn run(program: &Path, words: &[String], place: &Path) -> Run {
    run_with(program, words, place, "")
}

/// The same with a standard input, which must be shorter than a pipe is.
pub(crate) fn run_with(program: &Path, words: &[String], place: &Path, input: &str) -> Run {
    let mut child = Command::new(program)
        .args(words)
        .current_dir(place)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", place)
        .env("LC_ALL", "C.UTF-8")
        .env("TZ", "UTC")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|fault| panic!("cannot start {}: {fault}", program.display()));
    if let Some(mut stdin) = child.stdin.take() {
        // a program that does not read its input needs none
        let _ = stdin.write_all(input.as_bytes());
    }
    let out = drain(child.stdout.take());
    let err = drain(child.stderr.take());
    let status = ended(&mut child, RUN_BOUND).unwrap_or_else(|| {
        end(&mut child);
        panic!("{} {} took longer than {RUN_BOUND:?}", program.display(), words.join(" "))
    });
    let text = |reader: thread::JoinHandle<Vec<u8>>| {
        String::from_utf8_lossy(&reader.join().expect("a reader does not panic")).into_owned()
    };
    Run { stdout: text(out), stderr: text(err), status }
}

/// A server: a child process that is ended when this is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    log: PathBuf,
    name: &'static str,
}

impl Server {
    /// Starts `program` with `words` in `place`, its output into the file `name.log` there.
    pub(crate) fn start(
        name: &'static str,
        program: &Path,
        words: &[&str],
        place: &Path,
    ) -> Server {
        let log = place.join(format!("{name}.log"));
        let file = File::create(&log).expect("the scratch folder is writable");
        let mut command = match tool("setpriv") {
            Some(setpriv) => {
                let mut command = Command::new(setpriv);
                command.args(["--pdeathsig", "KILL"]).arg(program);
                command
            }
            None => Command::new(program),
        };
        let child = command
            .args(words)
            .current_dir(place)
            .stdin(Stdio::null())
            .stdout(file.try_clone().expect("a file handle can be cloned"))
            .stderr(file)
            .spawn()
            .unwrap_or_else(|fault| panic!("cannot start {name}: {fault}"));
        Server { child, log, name }
    }

    /// Waits until `ready` holds; false if the server ended before that, as it does when another
    /// process has taken its port in between.
    pub(crate) fn wait_until(&mut self, mut ready: impl FnMut() -> bool) -> bool {
        let until = Instant::now() + START_BOUND;
        while Instant::now() < until {
            if self.child.try_wait().expect("a child can be asked").is_some() {
                return false;
            }
            if ready() {
                return true;
            }
            thread::sleep(Duration::from_millis(20));
        }
        panic!("{} did not answer within {START_BOUND:?}:\n{}", self.name, self.log());
    }

    /// What the server has said so far.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

/// A folder of its own below the system's temporary folder, removed when dropped.
#[derive(Debug)]
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    /// A new, empty folder that only this user can enter.
    pub(crate) fn new(purpose: &str) -> Scratch {
        use std::os::unix::fs::DirBuilderExt;
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("tdig-{purpose}-{}-{count}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::DirBuilder::new().mode(0o700).create(&path).expect("a temporary folder can be made");
        Scratch(path)
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Writes a file into it, in a folder that is made if need be, and says where.
    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).expect("the scratch folder is writable");
        }
        fs::write(&path, text).expect("the scratch folder is writable");
        path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The tools by these names, in the same order; None, after saying so, if one is missing.
///
/// With `TDIG_PEERS=required` in the environment a missing tool is a failure.
pub(crate) fn tools<const N: usize>(test: &str, names: [&str; N]) -> Option<[PathBuf; N]> {
    let missing: Vec<&str> = names.into_iter().filter(|name| tool(name).is_none()).collect();
    if missing.is_empty() {
        return Some(names.map(|name| tool(name).expect("it was there a moment ago")));
    }
    skip(test, &format!("not installed: {}", missing.join(", ")));
    None
}

/// Says that a test did not run and why; fails if the environment says that it has to.
pub(crate) fn skip(test: &str, why: &str) {
    assert!(!required(), "{test}: {why}, and TDIG_PEERS=required");
    say(&format!("skipped {test}: {why}"));
}

/// Writes a line to standard error, past the harness, which would keep it back if the test passes.
pub(crate) fn say(line: &str) {
    let _ = io::stderr().write_all(format!("{line}\n").as_bytes());
}

/// Is a missing peer a failure?
pub(crate) fn required() -> bool {
    std::env::var("TDIG_PEERS").is_ok_and(|value| value == "required")
}

/// `count` ports of 127.0.0.1, all different, that were free over TCP and UDP a moment ago.
pub(crate) fn free_ports(count: usize) -> Vec<u16> {
    let mut held = Vec::new();
    while held.len() < count {
        let tcp = TcpListener::bind(("127.0.0.1", 0)).expect("loopback has a free port");
        let port = tcp.local_addr().expect("it is bound").port();
        if let Ok(udp) = UdpSocket::bind(("127.0.0.1", port)) {
            held.push((port, tcp, udp));
        }
    }
    held.into_iter().map(|(port, _, _)| port).collect()
}

/// Does the port of 127.0.0.1 take connections?
pub(crate) fn listens(port: u16) -> bool {
    let address = ([127, 0, 0, 1], port).into();
    TcpStream::connect_timeout(&address, Duration::from_millis(500)).is_ok()
}

/// Has this machine an IPv6 loopback address?
pub(crate) fn has_ipv6() -> bool {
    TcpListener::bind(("::1", 0)).is_ok()
}

fn tool(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let system = ["/usr/sbin", "/usr/local/sbin", "/sbin"].map(PathBuf::from);
    std::env::split_paths(&path).chain(system).map(|folder| folder.join(name)).find(|p| p.is_file())
}

fn drain(pipe: Option<impl Read + Send + 'static>) -> thread::JoinHandle<Vec<u8>> {
    thread::spawn(move || -> Vec<u8> {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            let _: io::Result<usize> = pipe.read_to_end(&mut bytes);
        }
        bytes
    })
}

fn ended(child: &mut Child, bound: Duration) -> Option<i32> {
    let until = Instant::now() + bound;
    while Instant::now() < until {
        if let Some(status) = child.try_wait().expect("a child can be asked") {
            return status.code().or(status.signal().map(|signal| 128 + signal));
        }
        thread::sleep(Duration::from_millis(2));
    }
    None
}

fn end(child: &mut Child) {
    let _ = child.kill();
    let _ = child.wait();
}

#[test]
fn a_run_has_both_streams_and_the_status() {
    let scratch = Scratch::new("process");
    let words = ["-c".into(), "echo out; echo err >&2; exit 7".into()];
    let run = run(Path::new("/bin/sh"), &words, scratch.path());
    assert_eq!((run.stdout.as_str(), run.stderr.as_str(), run.status), ("out\n", "err\n", 7));
}

#[test]
fn a_server_ends_with_its_handle() {
    let scratch = Scratch::new("process");
    let server = Server::start("sleep", Path::new("/bin/sleep"), &["60"], scratch.path());
    let process = PathBuf::from(format!("/proc/{}", server.child.id()));
    assert!(process.exists());
    drop(server);
    assert!(!process.exists());
}

#[test]
fn a_scratch_folder_is_removed() {
    let scratch = Scratch::new("process");
    let file = scratch.write("deep/er.txt", "text");
    assert!(file.is_file());
    let place = scratch.path().to_owned();
    drop(scratch);
    assert!(!place.exists());
}
