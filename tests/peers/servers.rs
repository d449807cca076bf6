//! The servers: BIND with the zones of `zones/`, alone or with a resolver or proxy before it.
//!
//! All of them listen on 127.0.0.1 (BIND on ::1 too) on ports that were free, with certificates
//! that were made a moment ago, and end with the `Lab` that holds them.

use std::fs;
use std::path::{Path, PathBuf};

use crate::pki::{PLAIN, Pki};
use crate::process::{Scratch, Server, free_ports, has_ipv6, listens, run, tools};

/// The zone with every type, which all peers serve or resolve.
pub(crate) const ZOO: &str = "zoo.example";

/// Running servers and what a command line has to know of them.
#[derive(Debug)]
pub(crate) struct Lab {
    /// Ended before the folder below them goes.
    servers: Vec<Server>,
    holes: Vec<(&'static str, String)>,
    kdig: PathBuf,
    scratch: Scratch,
}

impl Lab {
    /// BIND over TLS, with a port for each kind of certificate and one for plain DNS.
    pub(crate) fn bind(test: &str) -> Option<Lab> {
        let [kdig, named, keygen, signzone] =
            tools(test, ["kdig", "named", "dnssec-keygen", "dnssec-signzone"])?;
        let scratch = Scratch::new(test);
        let pki = Pki::make(&scratch, "pki", PLAIN);
        write_zones(&scratch, &keygen, &signzone);
        let (server, ports) = start_named(&scratch, &named, PORTS.len(), named_conf);
        let mut lab = Lab { servers: vec![server], holes: Vec::new(), kdig, scratch };
        for (name, port) in PORTS.iter().zip(ports) {
            lab.holes.push((name, port.to_string()));
        }
        lab.holes.push(("{ca}", "pki/root.pem".into()));
        lab.holes.push(("{ca2}", "pki/root2.pem".into()));
        lab.holes.push(("{pin}", pki.pin("good").into()));
        lab.holes.push(("{nopin}", format!("{}=", "A".repeat(43))));
        lab.holes.push(("{pin2}", pki.pin("inter").into()));
        Some(lab)
    }

    /// Unbound over TLS, which asks BIND.
    pub(crate) fn unbound(test: &str) -> Option<Lab> {
        let [unbound] = tools(test, ["unbound"])?;
        let mut lab = Lab::bind(test)?;
        lab.put_before("unbound", &unbound, &["-d", "-p", "-c", "unbound.conf"], unbound_conf);
        Some(lab)
    }

    /// Knot Resolver over TLS, which asks BIND.
    pub(crate) fn kresd(test: &str) -> Option<Lab> {
        let [kresd] = tools(test, ["kresd"])?;
        let mut lab = Lab::bind(test)?;
        lab.put_before("kresd", &kresd, &["-n", "-c", "kresd.conf", "."], kresd_conf);
        Some(lab)
    }

    /// dnsdist over TLS, which hands everything on to BIND.
    pub(crate) fn dnsdist(test: &str) -> Option<Lab> {
        let [dnsdist] = tools(test, ["dnsdist"])?;
        let mut lab = Lab::bind(test)?;
        let words = ["--supervised", "--disable-syslog", "-C", "dnsdist.conf"];
        lab.put_before("dnsdist", &dnsdist, &words, dnsdist_conf);
        Some(lab)
    }

    /// Where clients are run: the certificates are in `pki` below it.
    pub(crate) fn place(&self) -> &Path {
        self.scratch.path()
    }

    /// The kdig of this machine.
    pub(crate) fn kdig(&self) -> &Path {
        &self.kdig
    }

    /// A command line as words, its `{holes}` filled.
    pub(crate) fn words(&self, line: &str) -> Vec<String> {
        let filled = self
            .holes
            .iter()
            .fold(line.to_owned(), |line, (hole, value)| line.replace(hole, value));
        assert!(!filled.contains(['{', '}']), "an unknown hole: {filled}");
        filled.split_whitespace().map(str::to_owned).collect()
    }

    /// Starts a server that asks BIND, and lets `{dot}` be its port.
    fn put_before(
        &mut self,
        name: &'static str,
        program: &Path,
        words: &[&str],
        conf: fn(place: &str, port: u16, upstream: &str) -> String,
    ) {
        let place = self.place().display().to_string();
        let upstream = self.words("{plain}").remove(0);
        for _ in 0..3 {
            let port = free_ports(1)[0];
            self.scratch.write(&format!("{name}.conf"), &conf(&place, port, &upstream));
            let mut server = Server::start(name, program, words, self.place());
            let probe = format!("@127.0.0.1 -p {port} +tls +timeout=2 +retry=0 ns1.{ZOO} A");
            let probe = self.words(&probe);
            let answers = || {
                listens(port)
                    && run(&self.kdig, &probe, self.place()).stdout.contains("status: NOERROR")
            };
            if server.wait_until(answers) {
                self.holes.retain(|(hole, _)| *hole != "{dot}");
                self.holes.push(("{dot}", port.to_string()));
                // a resolver is ended before the server that it asks
                self.servers.insert(0, server);
                return;
            }
            eprintln!("{name} ended early, once more with another port:\n{}", server.log());
        }
        panic!("{name} does not start");
    }
}

/// Starts BIND with `conf` on `count` free ports and waits until all of them answer.
pub(crate) fn start_named(
    scratch: &Scratch,
    named: &Path,
    count: usize,
    conf: impl Fn(&[u16]) -> String,
) -> (Server, Vec<u16>) {
    for _ in 0..3 {
        let ports = free_ports(count);
        scratch.write("named.conf", &conf(&ports));
        let words = ["-g", "-n", "1", "-c", "named.conf"];
        let mut server = Server::start("named", named, &words, scratch.path());
        let log = scratch.path().join("named.log");
        let loaded = || {
            let log = fs::read_to_string(&log).unwrap_or_default();
            log.contains("all zones loaded") && log.contains("running")
        };
        if server.wait_until(loaded) {
            let log = server.log();
            let faults = ["not loaded due to errors", "loading from master file"];
            assert!(!faults.iter().any(|fault| log.contains(fault)), "a zone is bad:\n{log}");
            if ports.iter().all(|&port| listens(port)) && !log.contains("address in use") {
                return (server, ports);
            }
        }
        eprintln!("named does not serve, once more with other ports:\n{}", server.log());
    }
    panic!("named does not start");
}

/// What the ports of BIND are for, in this order: `{dot}` has the good certificate.
const PORTS: [&str; 9] = [
    "{dot}",
    "{plain}",
    "{wrong}",
    "{expired}",
    "{notyet}",
    "{self}",
    "{clienteku}",
    "{rsa}",
    "{tls12}",
];

/// The keys that BIND knows, each by the name `ALGORITHM.test`.
pub(crate) const KEYS: [(&str, &str); 6] = [
    ("hmac-md5", "c2xvdGhzIHNpZ24gc2xvd2x5"),
    ("hmac-sha1", "c2xvdGhzIHNpZ24gc2xvd2x5IDE="),
    ("hmac-sha224", "c2xvdGhzIHNpZ24gc2xvd2x5IDIyNA=="),
    ("hmac-sha256", "c2xvdGhzIHNpZ24gc2xvd2x5IDI1Ng=="),
    ("hmac-sha384", "c2xvdGhzIHNpZ24gc2xvd2x5IDM4NA=="),
    ("hmac-sha512", "c2xvdGhzIHNpZ24gc2xvd2x5IDUxMg=="),
];

fn named_conf(ports: &[u16]) -> String {
    let mut tls = String::new();
    let mut listen = String::new();
    for (hole, port) in PORTS.iter().zip(ports) {
        let name = hole.trim_matches(['{', '}']);
        let (file, protocols) = match name {
            "plain" => {
                listen += &format!("  listen-on port {port} {{ 127.0.0.1; }};\n");
                continue;
            }
            "dot" => ("good", ""),
            "tls12" => ("good", " protocols { TLSv1.2; };"),
            other => (other, ""),
        };
        tls += &format!(
            "tls {name} {{ cert-file \"pki/{file}.chain.pem\"; key-file \"pki/{file}.key\";\
             {protocols} }};\n"
        );
        listen += &format!("  listen-on port {port} tls {name} {{ 127.0.0.1; }};\n");
        if name == "dot" {
            let address = if has_ipv6() { "::1" } else { "none" };
            listen += &format!("  listen-on-v6 port {port} tls {name} {{ {address}; }};\n");
        }
    }
    let keys: String = KEYS
        .iter()
        .map(|(algorithm, secret)| {
            format!("key \"{algorithm}.test\" {{ algorithm {algorithm}; secret \"{secret}\"; }};\n")
        })
        .collect();
    let zones: String = ZONES
        .iter()
        .map(|(name, file)| {
            format!(
                "zone \"{name}\" {{ type primary; file \"{file}\"; check-names ignore; \
                 check-spf ignore; }};\n"
            )
        })
        .collect();
    format!(
        "{keys}{tls}options {{\n  directory \".\";\n  pid-file none;\n  session-keyfile none;\n\
         {listen}  recursion no;\n  dnssec-validation no;\n  notify no;\n\
         \x20 allow-transfer {{ any; }};\n  minimal-responses no;\n\
         \x20 rrset-order {{ order none; }};\n  version \"sloth 1\";\n  server-id \"zoo-1\";\n\
         }};\ncontrols {{ }};\n{zones}"
    )
}

const ZONES: &[(&str, &str)] = &[
    (ZOO, "zoo.zone"),
    ("signed.example", "signed.example.signed"),
    ("nsec3.example", "nsec3.example.signed"),
    ("100.51.198.in-addr.arpa", "reverse.zone"),
    ("8.b.d.0.1.0.0.2.ip6.arpa", "reverse.zone"),
];

fn write_zones(scratch: &Scratch, keygen: &Path, signzone: &Path) {
    scratch.write("zoo.zone", include_str!("zones/zoo.zone"));
    scratch.write("reverse.zone", include_str!("zones/reverse.zone"));
    for (zone, denial) in [("signed.example", ""), ("nsec3.example", "-3 C0FFEE -H 2")] {
        scratch.write(zone, include_str!("zones/signed.zone"));
        for flag in ["", "-f KSK"] {
            let line = format!("-q -a ECDSAP256SHA256 {flag} {zone}");
            make(scratch, keygen, &line);
        }
        // from a fixed day on, so that the text is as long in each run
        let line = format!("-q -S {denial} -s 20260101000000 -e 20880101000000 -o {zone} {zone}");
        make(scratch, signzone, &line);
    }
}

fn make(scratch: &Scratch, program: &Path, line: &str) {
    let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
    let made = run(program, &words, scratch.path());
    assert_eq!(made.status, 0, "{} {line}:\n{}", program.display(), made.stderr);
}

fn unbound_conf(place: &str, port: u16, upstream: &str) -> String {
    format!(
        "server:\n\
         directory: \"{place}\"\nchroot: \"\"\nusername: \"\"\npidfile: \"{place}/unbound.pid\"\n\
         use-syslog: no\nlogfile: \"\"\nverbosity: 1\nnum-threads: 1\n\
         interface: 127.0.0.1@{port}\ntls-port: {port}\n\
         tls-service-pem: \"{place}/pki/good.chain.pem\"\n\
         tls-service-key: \"{place}/pki/good.key\"\n\
         module-config: \"iterator\"\ndo-not-query-localhost: no\nrrset-roundrobin: no\n\
         local-zone: \"nearby.example.\" static\n\
         local-data: \"nearby.example. 120 IN A 198.51.100.200\"\n\
         local-data: 'nearby.example. 120 IN TXT \"from the resolver itself\"'\n\
         local-zone: \"many.example.\" redirect\n\
         local-data: \"many.example. 120 IN A 198.51.100.7\"\n\
         remote-control:\ncontrol-enable: no\n\
         stub-zone:\nname: \"{ZOO}\"\nstub-addr: 127.0.0.1@{upstream}\n\
         stub-zone:\nname: \"signed.example\"\nstub-addr: 127.0.0.1@{upstream}\n"
    )
}

fn kresd_conf(place: &str, port: u16, upstream: &str) -> String {
    format!(
        "modules.unload('priming')\n\
         modules.unload('ta_update')\n\
         modules.unload('ta_signal_query')\n\
         modules.unload('detect_time_skew')\n\
         modules.unload('detect_time_jump')\n\
         trust_anchors.remove('.')\n\
         reorder_RR(false)\n\
         cache.open(10 * MB, 'lmdb://{place}/kresd.cache')\n\
         net.tls('{place}/pki/good.chain.pem', '{place}/pki/good.key')\n\
         net.listen('127.0.0.1', {port}, {{ kind = 'tls' }})\n\
         policy.add(policy.all(policy.STUB({{ '127.0.0.1@{upstream}' }})))\n"
    )
}

fn dnsdist_conf(place: &str, port: u16, upstream: &str) -> String {
    format!(
        "setSecurityPollSuffix('')\n\
         addTLSLocal('127.0.0.1:{port}', '{place}/pki/good.chain.pem', '{place}/pki/good.key')\n\
         newServer({{ address = '127.0.0.1:{upstream}', checkName = 'ns1.{ZOO}.' }})\n"
    )
}
