//! The prose of the manual page, marked as the head of `man.rs` says. One rule: it says what the
//! tables cannot, and only what is so.

pub(super) const DESCRIPTION: &[&str] = &[
    "tdig asks a DNS resolver a question over TLS, on TCP port 853 unless told otherwise. It \
     shows who answered, which is the certificate chain with the SHA-256 pin of every key and a \
     verdict, and what was answered, in the format of `kdig`(1). With +notls it asks in \
     cleartext.",
    "Words may be typed in any order. One that begins with `@` is a server, one that begins with \
     + or - is an option. Of the others, one that names a record type or a class, in any case, is \
     that; everything else is a name to ask for. A name that reads like a \
     type is typed with `-q` or with a dot at its end. A name that is spelt like an option is asked \
     with a warning, and a word that begins with a typographic dash or a wide plus sign is an \
     error.",
    "Each name is a query of its own. Options, types, classes and servers before the first name \
     are for all queries; those after a name are for that query alone, and its servers replace \
     those of all. Names are taken as they are: no search domain is appended. The type is A by \
     default, PTR with `-x`, and the class is IN. Without any name the root is asked for, by \
     default for its NS records.",
    "Letters beyond ASCII in a name are sent in Punycode. A backslash takes the character after \
     it as it stands, or as the three decimal digits after it say. The type `IXFR=`{SERIAL} asks \
     for what changed in a zone since then, and `NOTIFY`, with or without `=`{SERIAL}, tells a \
     server that a zone changed.",
    "Several servers are asked in turn until one replies, and so are all addresses of a server \
     that is given by name. +timeout is the time for all servers together, of which each may take \
     an equal share of what is left. A server that replies SERVFAIL or REFUSED is no help if there \
     is another.",
    "What is demanded of a server is read off the options. There are two profiles (RFC 8310):",
];

pub(super) const PROFILES: &[(&str, &str)] = &[
    (
        "opportunistic",
        "None of +tls-ca, +tls-mozilla, +tls-hostname, +tls-pin and +tls-ocsp-stapling is given, \
         and no server is given with a name to check. The session is encrypted, but nobody is \
         verified: whoever controls the network may be the one who answers. The verdict says so, \
         and also what a strict client would have said. This is the default.",
    ),
    (
        "strict",
        "Any of them is given. Everything asked for must hold, or the session ends before the \
         query is sent. Nothing is then tried without verification or without TLS.",
    ),
];

pub(super) const SERVERS: &[&str] = &[
    "A server is a name, an address or the path of a UNIX socket. Its port is that of `-p`, and \
     by default 853, or 53 with +notls, unless one is typed with it. An IPv6 address may name a \
     zone, as in `fe80::1%eth0`.",
    "After any of these, #{NAME} is the name to check the certificate for: \
     `@1.1.1.1#one.one.one.one` or `@1.1.1.1:853#one.one.one.one`. It demands the strict profile, \
     and trusts the system's store where no other trust anchor is named. What +tls-hostname says \
     comes before it.",
    "Without any server those of `/etc/resolv.conf` are asked, where the same notations may \
     stand. Address, name checked and name sent (server name indication) are three things: each \
     server is checked for its own name, or for its address where it has none, and an address is \
     never sent.",
];

pub(super) const NOTATIONS: &[(&str, &str)] = &[
    ("`@`{HOST}", "A name, an IPv4 address or an IPv6 address."),
    ("`@`{HOST}`:`{PORT}", "The port of a name or an IPv4 address."),
    ("`@`{HOST}`@`{PORT}", "The port of any of them."),
    ("`@`{HOST}`#`{PORT}", "The same."),
    ("`@[`{ADDRESS}`]`, `@[`{ADDRESS}`]:`{PORT}", "An IPv6 address in brackets."),
    ("`@tls://`{HOST}[`:`{PORT}]", "A URL."),
    ("`@/`{PATH}", "A UNIX socket: of datagrams for plain DNS over UDP, of a stream otherwise."),
];

pub(super) const PLUS: &[&str] = &[
    "Each has a form that begins with `+no` and undoes it. A name may be shortened while it means \
     one option only; names that kdig knows come before those it does not. If options conflict, the last one wins, unless \
     noted. A file is named by its \
     path; no ~ is expanded after a =.",
];

pub(super) const PINS: &[&str] = &[
    "A pin is the SHA-256 hash of the public key of a certificate (SubjectPublicKeyInfo). tdig \
     shows it for every certificate of the chain; of a certificate in a file it is what this \
     prints:",
    "+tls-pin takes base64, hex with or without colons, `sha256//`{BASE64}, several of these \
     joined by `;`, `pin-sha256=\"`{BASE64}`\"`, or the name of a PEM or DER file with the \
     certificate or the public key. A word is a file if it begins with `/` or `.`, or ends as \
     files with keys do (.pem, .der, .crt, .cer, .pub, .key).",
    "A pin counts for keys that were proved: that of the server's own certificate, which signed \
     the handshake, and those of certificates from which its signatures descend. A certificate \
     that a server merely sends along proves nothing.",
];

pub(super) const PIN_COMMAND: &[&str] = &[
    "openssl x509 -in cert.pem -pubkey -noout |",
    "    openssl pkey -pubin -outform der |",
    "    openssl dgst -sha256 -binary | base64",
];

/// What is more than one option.
pub(super) const CHAPTERS: &[(&str, &[&str])] = &[
    (
        "PLAIN DNS",
        &["+notls asks in cleartext: over UDP, and again over TCP if the reply is truncated, or \
             over TCP at once with +tcp and for a transfer of a zone. It never drops a demand. \
             Where a server is given as `tls://` or with a name to check, also in \
             `/etc/resolv.conf`, where an option of TLS was given before it, also in `~/.tdigrc`, or where +tls-expiry is \
             given, +notls is an error that names both. An option of TLS that follows +notls \
             brings TLS back. +tls with +notcp is an error: what was to be encrypted is not sent \
             otherwise. Only +fallback does that, only where nothing was demanded of the server, \
             and it says so."],
    ),
    (
        "BATCH",
        &[
            "With `-f` each line of a file is a command line of its own, without the name of the \
             program. A word that begins with # or ; begins a comment, which ends with its line; \
             empty lines are none. Of a file that holds a key or a certificate nothing is asked \
             from there on. What stands on the command line is for every line; servers of a line \
             replace those of the command line. `-d`, `-f`, `-h`, `-r`, `-V`, `--color`, +pipeline, \
             +connections, +unordered and +names are for the whole batch, and are errors in a line. \
             Lines are read as they come, also from a pipe, and \
             memory does not grow with their number.",
            "Queries to the same server share a session, with +pipeline of them in flight and \
             +connections sessions at most; sessions with several servers are opened beside each \
             other. Where a line has several servers, the first that a session can be opened with \
             is asked, and what it replies is shown, also REFUSED. Replies are shown in the order \
             of the lines, or as they come with +unordered. A line that makes no sense is told with its number; it \
             fails, as does one that gets no reply, and the others go on.",
            "A session that a server closes is opened again, and what it left unanswered is asked \
             again, at most twice. +timeout is how long a query may wait for a session and for \
             its reply, and a server that answers one query after the other owes only the next. \
             Transfers, queries over UDP \
             and those with a signature or a cookie of their own are asked by themselves.",
            "At the end a summary says how many queries there were, how fast, with what status, \
             what failed, and how long replies took; replies that were not padded although the query \
             was are counted in one warning. With +short it is on standard error. With \
             +json it is there, too, as one object in the last line, which the schema describes \
             under `batch`. Ctrl-C, SIGTERM and SIGHUP end the batch: what is done is \
             shown, and summed up. A second Ctrl-C ends the program at once. A signal that was \
             ignored at the start, as by `nohup`, stays ignored. If nobody reads the results any \
             longer, no further lines are read; the exit status is that of what was found, and the \
             summary is on standard error.",
            "Where standard error is a terminal and standard output is not, it shows how far the \
             batch is: what is done, how fast, what failed, and the time left if the file is a \
             regular one.",
        ],
    ),
    (
        "SIGNATURES",
        &["`-y` and `-k` sign queries with TSIG (RFC 8945) and verify the signatures of \
             replies; the algorithms are hmac-md5, hmac-sha1, hmac-sha224, hmac-sha256, \
             hmac-sha384 and hmac-sha512. A key on the command line is for all users of the \
             machine to see, so `-k` is better. Its file holds one key: a line as `-y` has it, or BIND's \
             notation. No message repeats what may be a key. A reply whose signature is missing or wrong is \
             shown, an error says why, and the exit status is 11."],
    ),
    (
        "ZONE TRANSFERS",
        &["The types `AXFR` and `IXFR=`{SERIAL} transfer a zone, or what changed in it. Records \
             are written as they come, and +timeout is the time from one message with a record to \
             the next. Over TLS the session must be of TLS 1.3 and the server must choose ALPN `dot` (RFC \
             9103), else the zone is not asked for. That the server was not verified is worth a \
             warning. A transfer that breaks off is an error, and so is one that is refused, that \
             brings another version of the zone than it began with, another class, or an increment \
             from another serial than {SERIAL} or with a gap. Records outside of the zone, and a \
             server whose version is older than {SERIAL}, are worth a warning. With +json the \
             first object has `server` and `tls`."],
    ),
    (
        "CLIENT CERTIFICATES",
        &["+tls-certfile and +tls-keyfile are needed both. They are shown to a server that asks \
             for a certificate; with `-d` tdig says whether it did. A server that refuses them \
             does so with an alert, which in TLS 1.3 comes in place of the reply. An encrypted key is \
             not decrypted."],
    ),
    (
        "CHECKS",
        &["For monitoring, +fail and +tls-expiry turn a lookup into a check. It is done and \
             shown as always. If a condition holds that +fail names, or a certificate of the path \
             has less time left than +tls-expiry asks for, a line on standard error says which, \
             and the exit status is 2."],
    ),
];

pub(super) const OUTPUT: &[&str] = &[
    "A reply is shown as kdig shows it, and every line that tdig adds begins with ;; as comments \
     do. Between the line of the TLS session and the header stands the certificate section:",
];

pub(super) const OUTPUT_EXAMPLE: &[&str] = &[
    ";; TLS session (TLS1.3)-(ECDHE-X25519)-(ECDSA-SECP256R1-SHA256)-(AES-256-GCM)",
    ";; CERTIFICATE CHAIN:",
    ";; #1, CN=dns.example",
    ";;     SHA-256 PIN: GP8Knf7qBae+aIfythytMbYnL+yowaWVeD6MoLHkVRg=",
    ";;     Names: dns.example, 192.0.2.1",
    ";;     Valid: 2026-10-09 to 2027-01-09 UTC, expires in 48days 14h",
    ";;     Key: ECDSA P-256, signed by #2 with ECDSA-SHA384",
    ";; Verdict: trusted for dns.example (chain, dates, name, purpose; no pin asked)",
];

pub(super) const OUTPUT_LINES: &[(&str, &str)] = &[
    (
        "Chain",
        "The certificates as they were sent, each with its subject, pin, names, dates and key, \
         and who signed it. A pinned key says MATCH. The trust anchor follows where it was not \
         sent, with its dates where its certificate is at hand. At most four names are shown; \
         `-dd` shows all.",
    ),
    (
        "Verdict",
        "What was checked and how it came out. When a server is refused, one line follows for \
         each question: name, chain, dates, purpose, staple and pin, also for those that hold. \
         The chain of a server that is refused is shown like any other. What other programs refuse \
         and tdig accepts is said behind what was checked: a trust anchor that has expired or is \
         not valid yet, and an authority key identifier of another key.",
    ),
    ("Phases", "The time that connection, TLS handshake and reply took, one by one."),
    (
        "Padding",
        "The size of query and reply with and without EDNS padding. A padded query that \
         gets a reply without padding is worth a warning, except with +short and +json.",
    ),
];

pub(super) const OUTPUT_FORMS: &[&str] = &[
    "+short writes the data of the answer alone, and +json one object a query, readable on a \
     terminal and one line an object otherwise, also for a query that failed. \
     `man/tdig.schema.json` of the source describes it. With both, debug lines are on standard \
     error; otherwise they are on standard output, as kdig's. Warnings and errors are on standard \
     error.",
    "Whatever a server or certificate has written is escaped: no control character of theirs \
     reaches the terminal.",
];

pub(super) const STATUS: &[&str] =
    &["With several queries it is that of the first that failed. All are asked."];

pub(super) const ENVIRONMENT: &[(&str, &str)] = &[
    ("`NO_COLOR`", "Set and not empty: write without colour, unless `--color` says otherwise."),
    (
        "`CLICOLOR_FORCE`",
        "Set, not empty and not 0: write in colour where `--color` and `NO_COLOR` say nothing. By \
         default only a terminal gets colour.",
    ),
    ("`SSL_CERT_FILE`", "A PEM file to use in place of the system's store."),
    ("`SSL_CERT_DIR`", "A directory of PEM files to use in place of the system's store."),
    (
        "`SSLKEYLOGFILE`",
        "A file to which the secrets of TLS sessions are appended, with which a program such as \
         `wireshark`(1) reads a capture of them. It is made for its owner alone, for whoever reads \
         it can read the sessions; one that exists keeps its mode.",
    ),
    (
        "`HOME`",
        "The folder of `.tdigrc`. Where it is no absolute path of a folder that can be read, there \
         is no such file.",
    ),
    (
        "`TZ`",
        "The time zone of the time in a reply's statistics: a name of the zone database below \
         `TZDIR` or /usr/share/zoneinfo, the path of such a file, or a rule (POSIX). What cannot be \
         read is UTC. Certificate dates are UTC.",
    ),
];

pub(super) const FILES: &[(&str, &str)] = &[
    (
        "~/.tdigrc",
        "Options and servers, separated by blanks or lines, which are read as if they stood \
         before those of the command line. Servers, trust anchors and pins on the command line \
         replace those of the file; everything else adds to it. A word that begins with # or ; begins a comment, which \
         ends with its line. `-r` leaves the file unread.",
    ),
    (
        "PEM files",
        "What the options of certificates and keys name may be odd in form: with a byte order \
         mark, indented, on one line, with line feeds written as \\n, with `X509` or `TRUSTED` in its \
         labels. A certificate that cannot be read is an error that names its line. A file, which \
         may be a pipe, must be read within +timeout, and has 16 MiB at most.",
    ),
    (
        "/etc/resolv.conf",
        "Its `nameserver` lines are asked where no server is typed. Where it has none, `::1` and \
         `127.0.0.1` are.",
    ),
    (
        "/etc/ssl/certs/ca-certificates.crt",
        "The system's store of trust anchors on Debian and its kin. Elsewhere it is found where \
         the system keeps it.",
    ),
];

/// Each is parsed by a test.
pub(super) const EXAMPLES: &[(&str, &str)] = &[
    ("tdig @192.0.2.1 example.com MX", "Ask over TLS, and look at who answers."),
    (
        "tdig @1.1.1.1#one.one.one.one example.com AAAA",
        "Ask only if the certificate is good for one.one.one.one, by the system's store.",
    ),
    (
        "tdig @dns.example +tls-pin=GP8Knf7qBae+aIfythytMbYnL+yowaWVeD6MoLHkVRg= example.com",
        "Ask only the holder of a known key.",
    ),
    (
        "tdig -d @192.0.2.1 -p 8853 +tls-ca=ca.pem +tls-host=dns.example example.com",
        "See why the certificate of a resolver with its own authority is refused.",
    ),
    (
        "tdig @9.9.9.9#dns.quad9.net +short +timeout=2s example.com -x 192.0.2.1",
        "Two queries for a script: data alone, two seconds each, and an exit status that tells \
         the causes apart.",
    ),
    (
        "tdig @1.1.1.1#one.one.one.one +fail=rcode,empty +tls-expiry=14d +noall example.com",
        "A check: the answer is there, and no certificate expires within two weeks.",
    ),
    (
        "tdig -f names.txt @1.1.1.1#one.one.one.one +json +pipeline=100",
        "Ask for all names of a file, a hundred at a time, an object a line.",
    ),
    (
        "tdig @192.0.2.53#ns1.example.com -k transfer.key example.com AXFR",
        "Transfer a zone from a server that is verified, with a signature.",
    ),
];

pub(super) const DIFFERENCES: &[&str] = &[
    "Queries go over TLS, to port 853, without +tls being typed. +notls is plain DNS, over UDP \
     again, where kdig's stays with TCP. It is an error after an option of TLS, where kdig's forgets \
     the option. +tls with +notcp is an error, not a query in cleartext.",
    "An unknown option is one line with the nearest name, not the help. So is an option \
     with a typographic dash. A bad value has one wording, with the reason behind it; a bad key is \
     reported without its secret.",
    "`TYPE65536`, `MX=3` and `IXFR` without a serial are errors, not names, and `HS` is a class. A type \
     or class without a name is asked of the root. `-q` without a name is an error, not a query \
     without a question. A port above 65535, an empty server and a source that is no address are \
     errors before anything is sent. Dash options may be joined, as in `-4d`.",
    "`-p` is the port of every server that names none, wherever it stands: a number, `domain`, \
     `domain-s` or `https`.",
    "Each server is checked for its own name, not for that of the first; one of \
     `/etc/resolv.conf` for its address, or for the name after its #. A common name is no name to check, a dot at the end of a \
     name means nothing, and an address is never sent as server name. A server that replies \
     SERVFAIL or REFUSED is followed by the next.",
    "A pin counts only for a key that was proved. Names, chain and pins must hold together. \
     +tls-pin takes more notations. A client certificate without its key is an error \
     before anything is sent.",
    "+timeout is one time for the whole lookup, and takes fractions and units. +noedns forgets \
     +ednsopt and +expire too. What these add to a query is padded with it.",
    "The exit status tells causes apart; kdig's is 1 for all of them, and 0 for a bad signature. \
     Warnings say the cause, also without `-d`. Text from servers and certificates is escaped.",
    "With +short and +json debug lines are on standard error. +noshort shows all parts again, and \
     +multiline switches none on. \
     JSON has more members, is one line an object unless it is for a terminal, and is written for \
     a query that failed.",
    "Subjects of certificates are in the order in which they are encoded, as in kdig 3.2. There \
     are no blanks at the end of a line.",
    "These options of kdig are left out on purpose:",
];

pub(super) const STANDARDS: &[(&str, &str)] = &[
    ("RFC 1035", "DNS messages."),
    ("RFC 6891", "EDNS."),
    ("RFC 7830, RFC 8467", "Padding, and how much of it."),
    ("RFC 7858", "DNS over TLS, and its pins."),
    ("RFC 8310", "Usage profiles."),
    ("RFC 8427", "DNS messages in JSON."),
    ("RFC 8945", "TSIG."),
    ("RFC 9103", "Zone transfers over TLS."),
];
