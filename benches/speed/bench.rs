//! Where the programs run: certificates, the lines of a batch, servers. One rule: all of it is made
//! anew in a directory of its own and goes with it, and the servers are processes of their own, so
//! that this one stays small: the memory of a process counts from that of its parent.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};

use crate::Outcome;
use crate::commands::{self, NAME};
use crate::server::{self, Greeting};

/// Everything that is needed, until it is dropped.
pub(crate) struct Bench {
    /// The fast server.
    pub(crate) fast: Process,
    /// Unbound, where it is installed.
    pub(crate) unbound: Option<Process>,
    /// The PEM file of the authority.
    pub(crate) root: String,
    /// A home directory without any configuration.
    pub(crate) home: String,
    /// The lines of a batch.
    pub(crate) lines: String,
    // goes last
    directory: Directory,
}

/// A server that ends with this value.
pub(crate) struct Process {
    child: Child,
    /// Where it listens on 127.0.0.1.
    pub(crate) port: u16,
}

struct Directory(PathBuf);

impl Bench {
    /// Starts servers, and writes a batch of so many names.
    pub(crate) fn build(names: usize) -> Outcome<Self> {
        let directory = std::env::temp_dir().join(format!("tdig-speed-{}", std::process::id()));
        fs::create_dir_all(directory.join("home"))?;
        let directory = Directory(directory);
        let path = |name: &str| directory.0.join(name).display().to_string();
        write_certificates(&directory.0)?;
        let bench = Self {
            fast: fast(&directory.0)?,
            unbound: unbound(&directory.0)?,
            root: path("root.pem"),
            home: path("home"),
            lines: path("lines"),
            directory,
        };
        write_lines(&bench.lines, names)?;
        Ok(bench)
    }

    /// The path of a batch of so many names.
    pub(crate) fn lines_of(&self, names: usize) -> Outcome<String> {
        let path = self.directory.0.join(format!("lines-{names}")).display().to_string();
        write_lines(&path, names)?;
        Ok(path)
    }

    /// How tdig greets a server.
    pub(crate) fn greeting(&self) -> Outcome<Greeting> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let port = listener.local_addr()?.port();
        let config = server::config(&self.directory.0)?;
        let watched = thread::spawn(move || {
            let (stream, _) = listener.accept()?;
            server::talk(stream, config)
        });
        let place = commands::Place { port, root: &self.root, home: &self.home };
        commands::Command::tdig_file(&place).command().status()?;
        Ok(watched.join().map_err(|_| "the server fell")??)
    }
}

/// The lines of a batch, which dnsperf reads as well.
fn write_lines(path: &str, names: usize) -> Outcome<()> {
    let mut file = BufWriter::new(File::create(path)?);
    for number in 0..names {
        writeln!(file, "n{number:07}.bench.test A")?;
    }
    Ok(file.flush()?)
}

/// An authority, and a server's certificate that it signed.
fn write_certificates(directory: &Path) -> Outcome<()> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.distinguished_name.push(DnType::CommonName, "Bench Root CA");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let key = KeyPair::generate()?;
    fs::write(directory.join("root.pem"), params.self_signed(&key)?.pem())?;
    let root = Issuer::new(params, key);

    let mut params = CertificateParams::new(vec![NAME.to_owned()])?;
    params.distinguished_name.push(DnType::CommonName, NAME);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let key = KeyPair::generate()?;
    fs::write(directory.join("server.pem"), params.signed_by(&key, &root)?.pem())?;
    fs::write(directory.join("server.key"), key.serialize_pem())?;
    Ok(())
}

fn fast(directory: &Path) -> Outcome<Process> {
    let mut command = Command::new(std::env::current_exe()?);
    let mut child = command.arg("serve").arg(directory).stdout(Stdio::piped()).spawn()?;
    let out = child.stdout.take().ok_or("no output of the server")?;
    let mut line = String::new();
    BufReader::new(out).read_line(&mut line)?;
    Ok(Process { child, port: line.trim().parse()? })
}

/// Unbound with one thread and one name; it does not set TCP_NODELAY.
fn unbound(directory: &Path) -> Outcome<Option<Process>> {
    if !commands::is_installed("unbound") {
        return Ok(None);
    }
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let path = |name: &str| directory.join(name).display().to_string();
    let lines = [
        "server:".to_owned(),
        "num-threads: 1".to_owned(),
        "do-udp: no".to_owned(),
        format!("interface: 127.0.0.1@{port}"),
        format!("tls-port: {port}"),
        format!("tls-service-key: {}", path("server.key")),
        format!("tls-service-pem: {}", path("server.pem")),
        "access-control: 127.0.0.0/8 allow".to_owned(),
        r#"local-zone: "bench.test." redirect"#.to_owned(),
        r#"local-data: "bench.test. 300 IN A 192.0.2.1""#.to_owned(),
        r#"username: """#.to_owned(),
        r#"chroot: """#.to_owned(),
        r#"pidfile: """#.to_owned(),
        "use-syslog: no".to_owned(),
        "remote-control:".to_owned(),
        "control-enable: no".to_owned(),
    ];
    let file = directory.join("unbound.conf");
    fs::write(&file, lines.join("\n"))?;
    let mut command = Command::new("unbound");
    command.args(["-d", "-c"]).arg(file).stdout(Stdio::null()).stderr(Stdio::null());
    let process = Process { child: command.spawn()?, port };
    for _ in 0..100 {
        if TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return Ok(Some(process));
        }
        thread::sleep(Duration::from_millis(50));
    }
    Err("unbound does not listen".into())
}

impl Drop for Process {
    fn drop(&mut self) {
        // one that has ended already is as good
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        // what stays in the temporary directory does no harm
        let _ = fs::remove_dir_all(&self.0);
    }
}
