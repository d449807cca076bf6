//! OPTIONS: one row per `+option`. One rule: parsing, help, man page and completions all read this
//! table and nothing else; a row that needs a second place is missing a field.

mod set;

pub use set::Value;

use super::settings::Settings;
use super::spelling::value_without_key;

/// One `+[no]option`.
pub struct Row {
    /// Its name, without `+` and `no`.
    pub name: &'static str,
    /// What may follow `=`.
    pub argument: Argument,
    /// Where help and manual list it.
    pub group: Group,
    /// One line: what it does when it is on.
    pub help: &'static str,
    /// What else the manual says: units, defaults, implications.
    pub manual: &'static str,
    /// kdig has it too. kdig's names are matched first, so that a prefix which is unambiguous
    /// there stays so.
    pub kdig: bool,
    /// It is for a batch as a whole, so that none of its lines can say it.
    pub is_of_batch: bool,
    /// Where it is on when nothing is typed, if that is neither everywhere nor nowhere.
    pub on_where: Option<&'static str>,
    set: Set,
}

/// What may follow `=`; the text is the name of the value in help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Argument {
    /// Nothing.
    None,
    /// A value, or nothing.
    Optional(&'static str),
    /// A value.
    Required(&'static str),
}

/// What an option does to the settings.
#[derive(Clone, Copy)]
enum Set {
    /// Sets and clears a field.
    Switch(fn(&mut Settings) -> &mut bool),
    /// Anything else. The error is what is wrong with the value; it may be empty.
    Apply(fn(&mut Settings, Value<'_>) -> Result<(), String>),
}

/// The chapters of help and manual, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// TLS, and what the server must prove.
    Trust,
    /// The way of the query.
    Travel,
    /// The query.
    Query,
    /// What is shown.
    Display,
}

impl Group {
    /// All, in order.
    pub const ALL: [Self; 4] = [Self::Trust, Self::Travel, Self::Query, Self::Display];

    /// Its heading.
    pub fn title(self) -> &'static str {
        match self {
            Self::Trust => "Who must answer",
            Self::Travel => "How it is asked",
            Self::Query => "What is asked",
            Self::Display => "What is shown",
        }
    }
}

impl Row {
    /// Applies the option. The error is a whole message.
    pub fn set(&self, settings: &mut Settings, value: Value<'_>) -> Result<(), String> {
        match self.set {
            Set::Switch(field) => {
                *field(settings) = value != Value::Off;
                Ok(())
            }
            Set::Apply(apply) => apply(settings, value).map_err(|why| {
                let typed = match value {
                    Value::With(typed) => format!("+{}={}", self.name, value_without_key(typed)),
                    Value::On => format!("+{}", self.name),
                    Value::Off => format!("+no{}", self.name),
                };
                let why = if why.is_empty() { why } else { format!(" ({why})") };
                format!("invalid {typed}{why}")
            }),
        }
    }

    /// Whether it is another name of the option that its help names.
    pub fn is_alias(&self) -> bool {
        self.help.starts_with("Same as ")
    }

    /// Whether the option is on everywhere when nothing is typed: computed, so that it cannot be
    /// wrong.
    pub fn on_by_default(&self) -> bool {
        let defaults = Settings::default();
        let mut settings = defaults.clone();
        // what needs a value is nothing without one
        !matches!(self.argument, Argument::Required(_))
            && self.set(&mut settings, Value::On).is_ok()
            && settings.decided() == defaults.decided()
    }

    const fn on(self, place: &'static str) -> Self {
        Self { on_where: Some(place), ..self }
    }

    const fn of_batch(self) -> Self {
        Self { is_of_batch: true, ..self }
    }

    const fn ours(self) -> Self {
        Self { kdig: false, ..self }
    }

    const fn manual(self, manual: &'static str) -> Self {
        Self { manual, ..self }
    }
}

const fn switch(
    group: Group,
    name: &'static str,
    field: fn(&mut Settings) -> &mut bool,
    help: &'static str,
) -> Row {
    any(group, name, Argument::None, Set::Switch(field), help)
}

const fn row(
    group: Group,
    name: &'static str,
    argument: Argument,
    apply: fn(&mut Settings, Value<'_>) -> Result<(), String>,
    help: &'static str,
) -> Row {
    any(group, name, argument, Set::Apply(apply), help)
}

const fn any(
    group: Group,
    name: &'static str,
    argument: Argument,
    set: Set,
    help: &'static str,
) -> Row {
    Row {
        name,
        argument,
        group,
        help,
        manual: "",
        kdig: true,
        is_of_batch: false,
        on_where: None,
        set,
    }
}

use Argument::{None as Nothing, Optional, Required};
use Group::{Display as Show, Query, Travel, Trust};

const OVER_TLS: &str = "over TLS";

/// Every option, in the order in which help lists them within their group.
pub const OPTIONS: &[Row] = &[
    row(Trust, "tls", Nothing, set::tls, "Use DNS over TLS, which is the default.").manual(
        "Without any of the options below nothing about the server is verified (opportunistic \
         profile, RFC 8310), and the output says so. +notls asks in cleartext, over UDP and port \
         53. It is an error beside a server or an option before it that only TLS can satisfy, and \
         beside +tls-expiry.",
    ),
    row(Trust, "tls-ca", Optional("FILE"), set::tls_ca, "Trust the system's store, or the PEM FILE.")
        .manual(
            "May be given several times; what is trusted adds up. The certificate must lead to one \
             of these trust anchors, be within its dates, be meant for a server, and carry the \
             name or address of the server as typed. Where the server is neither, such as a UNIX \
             socket, +tls-hostname is needed. A certificate in FILE that is not a CA's, or may not \
             sign this one, is trusted only as the server's own.",
        ),
    row(Trust, "tls-mozilla", Nothing, set::tls_mozilla, "Trust Mozilla's roots, built in.")
        .ours()
        .manual("As +tls-ca otherwise."),
    row(
        Trust,
        "tls-hostname",
        Required("NAME"),
        |it, value| set::tls_name(it, |tls| &mut tls.hostname, value),
        "Check the certificate for NAME, a name or an address.",
    )
    .manual(
        "Instead of the server's own name, also of one that follows its #. It is sent, too, unless \
         +tls-sni says otherwise. Implies +tls-ca where no other trust anchor is named. Only \
         Subject Alternative Names count, never the common name.",
    ),
    row(
        Trust,
        "tls-sni",
        Required("NAME"),
        |it, value| set::tls_name(it, |tls| &mut tls.sni, value),
        "Send NAME as server name indication.",
    )
    .manual("Instead of the name that is checked. An address is never sent."),
    row(Trust, "tls-pin", Required("PIN"), set::tls_pin, "Accept only keys with this SHA-256 PIN.").manual(
        "May be given several times; one must match. Base64, hex, sha256//PIN, pin-sha256=\"PIN\", \
         or a PEM or DER file. A pin counts only for a key that was proved: that of the server's \
         own certificate, or of one from which its signatures descend. Together with a trust anchor \
         or a name, all must hold. Alone, the dates of the certificates are shown, not enforced. \
         Without it any key is accepted.",
    ),
    row(
        Trust,
        "tls-ocsp-stapling",
        Optional("HOURS"),
        set::tls_ocsp_stapling,
        "Demand a stapled OCSP response that says good.",
    )
    .manual(
        "It must be signed for the issuer of the server's certificate, not be past its next \
         update, and be no older than HOURS (168). Implies +tls-ca where no trust anchor is named. \
         A staple that says revoked is refused by every option that verifies the certificate.",
    ),
    row(
        Trust,
        "tls-certfile",
        Required("FILE"),
        |it, value| set::file(it, |tls| &mut tls.certfile, value),
        "Client certificate chain to present.",
    )
    .manual("PEM, or one certificate in DER. Needs +tls-keyfile. Sent only if the server asks."),
    row(
        Trust,
        "tls-keyfile",
        Required("FILE"),
        |it, value| set::file(it, |tls| &mut tls.keyfile, value),
        "The private key of +tls-certfile.",
    )
    .manual("PEM or DER; PKCS #8, SEC1 or PKCS #1."),
    row(Trust, "tls-alpn", Required("TOKEN"), set::tls_alpn, "Offer the ALPN token TOKEN, not dot.")
        .ours()
        .manual("May be given several times. +notls-alpn offers none."),
    row(Trust, "tls-version", Required("1.2|1.3"), set::tls_version, "Offer only this version of TLS.")
        .ours(),
    row(
        Trust,
        "tls-groups",
        Required("GROUP"),
        set::tls_groups,
        "Offer the key exchange groups GROUP,...",
    )
    .ours()
    .manual(
        "X25519MLKEM768, x25519, secp256r1 and secp384r1, as IANA's registry of TLS names them, in \
         the order in which they are offered. By default all are, in this order. The post-quantum \
         share of X25519MLKEM768 makes a ClientHello that does not fit into one packet. Where the \
         server ends the connection, refuses the hello, or is silent for half of the time, before \
         its first handshake message, it is asked once more without that share, and a warning says \
         so; not where +tls-groups was typed. +notls-groups is the default list.",
    ),
    row(Trust, "tls-expiry", Required("TIME|N%"), set::tls_expiry, "Fail if a certificate expires within TIME.")
        .ours()
        .manual(
            "A time as in 30d or 12h, or a share of the certificate's lifetime as in 33%. It \
             concerns every certificate that the trust rests on, and the trust anchor's own where \
             that is at hand. One that is not valid yet, or has dates that cannot be read, fails. \
             The lookup is done and shown; the exit status is 2.",
        ),
    row(Trust, "fail", Required("COND"), set::fail, "Fail on COND[,...]: rcode, nodata and others.")
        .ours()
        .manual(
            "rcode (any status but NOERROR), the name of a status such as servfail, empty (no \
             answer record), nodata (no record of the type asked for, of the name itself or of the \
             one at the end of its CNAME and DNAME records, whatever the status), unpadded (a \
             reply without padding), insecure (AD is not set in the reply), tls12 (anything but \
             TLS 1.3, cleartext too). The lookup is done and shown; the exit status is 2, and a \
             line on standard error says which condition it was. A zone transfer is judged by all \
             of them but nodata and insecure, which are errors there. +nofail forgets all of them.",
        ),
    row(Travel, "tcp", Nothing, set::tcp, "Use TCP; with +notls, instead of UDP.")
        .on(OVER_TLS)
        .manual("+notcp is UDP and implies +ignore."),
    switch(Travel, "ignore", |it| &mut it.transport.ignore, "Accept truncated replies over UDP."),
    switch(
        Travel,
        "keepopen",
        |it| &mut it.transport.keepopen,
        "Use one session for several queries.",
    )
    .manual(
        "Queries of one command line to the same server, with the same demands on it, share a \
         session. One that the server closed is opened again.",
    ),
    row(Travel, "pipeline", Required("N"), set::pipeline, "In a batch, have N queries in flight (500).")
        .ours()
        .of_batch(),
    row(Travel, "connections", Required("N"), set::connections, "In a batch, use N sessions (1).")
        .ours()
        .of_batch(),
    switch(
        Travel,
        "unordered",
        |it| &mut it.batch.unordered,
        "In a batch, show replies as they come.",
    )
    .ours()
    .of_batch(),
    switch(
        Travel,
        "names",
        |it| &mut it.batch.names,
        "In a batch, take a line as name, type, class.",
    )
    .manual(
        "For a list from elsewhere: no line can change who is asked, or how. The first word is the \
         name, also one that begins with +, - or @. A type and a class may follow; a line with \
         anything else fails, and nothing is sent for it.",
    )
    .ours()
    .of_batch(),
    row(Travel, "retry", Required("N"), set::retry, "Repeat a query over UDP N times (2; at most 1000)."),
    row(Travel, "proxy", Required("SRC-DST"), set::proxy, "Send a PROXYv2 header, plain DNS only.")
        .manual("Source and destination are addresses with or without #port."),
    row(Travel, "fallback", Optional("PORT"), set::fallback, "Without TLS, ask over TCP in cleartext.")
        .ours()
        .manual(
            "On port 53, or PORT. Only where no certificate is verified: it contradicts every \
             option that asks for one. It does not apply once a TLS session was established.",
        ),
    row(Travel, "msgdelay", Required("MS"), set::msgdelay, "Wait before each message of a transfer."),
    row(Travel, "timeout", Required("TIME"), set::timeout, "Give a whole lookup this long (5 s).").manual(
        "Seconds, or a number with its unit as in 1500ms or 2s. Name resolution, connection, \
         handshake and reply together must be done in this time. 0 or +notimeout waits forever.",
    ),
    switch(Query, "idnin", |it| &mut it.idnin, "Convert names beyond ASCII to Punycode.").manual(
        "As UTS 46 has it. What is sent is told while the header is shown. +noidnin sends the octets \
         of the name as they are.",
    ),
    row(Query, "rdflag", Nothing, set::rdflag, "Set the flag RD, recursion desired.")
        .manual("A NOTIFY goes out without it and with AA, unless the options say otherwise."),
    row(Query, "recurse", Nothing, set::rdflag, "Same as +[no]rdflag."),
    switch(Query, "adflag", |it| &mut it.flags.ad, "Set the flag AD, authentic data."),
    switch(Query, "cdflag", |it| &mut it.flags.cd, "Set the flag CD, checking disabled."),
    row(Query, "aaflag", Nothing, set::aaflag, "Set the flag AA, authoritative answer."),
    switch(Query, "tcflag", |it| &mut it.flags.tc, "Set the flag TC, truncated."),
    switch(Query, "raflag", |it| &mut it.flags.ra, "Set the flag RA, recursion available."),
    switch(Query, "zflag", |it| &mut it.flags.z, "Set the reserved flag bit Z."),
    row(Query, "edns", Optional("N"), set::edns, "Use EDNS, of version N (0).")
        .manual("+noedns sends no OPT record, and forgets what the options for it said. One that follows \
             it, such as +dnssec, brings the record back."),
    switch(Query, "doflag", |it| &mut it.edns.dnssec_ok, "Set the flag DO: send DNSSEC records."),
    switch(Query, "dnssec", |it| &mut it.edns.dnssec_ok, "Same as +[no]doflag."),
    switch(Query, "deflag", |it| &mut it.edns.delegation, "Set the flag DE, delegation extension."),
    row(Query, "bufsize", Required("N"), set::bufsize, "Announce a UDP payload of N octets (1232)."),
    row(Query, "padding", Optional("N"), set::padding, "Pad the query, with N octets if given.").manual(
        "Without N a query is padded to a multiple of 128 octets (RFC 8467).",
    )
    .on(OVER_TLS),
    row(Query, "alignment", Optional("N"), set::alignment, "Pad to a multiple of N octets (128).")
        .manual("Comes before the length that +padding gives; +nopadding comes before it."),
    switch(
        Query,
        "badcookie",
        |it| &mut it.transport.badcookie,
        "Repeat a query with the server's cookie.",
    ),
    switch(Query, "nsid", |it| &mut it.edns.nsid, "Ask for the server's identifier (NSID)."),
    switch(
        Query,
        "zoneversion",
        |it| &mut it.edns.zone_version,
        "Ask for the version of the zone (RFC 9660).",
    ),
    row(Query, "subnet", Required("ADDR"), set::subnet, "Send the client subnet ADDR[/PREFIX].")
        .manual(
            "The whole address counts where no prefix is given. 0 is a subnet of no address at \
             all, as 0.0.0.0/0 is, and asks the server to tell nobody an address (RFC 7871 section \
             7.1.2). None is sent by default.",
        ),
    row(Query, "client", Required("ADDR"), set::subnet, "Same as +[no]subnet."),
    row(Query, "cookie", Optional("HEX"), set::cookie, "Send a cookie, random if none is given."),
    row(Query, "expire", Nothing, set::expire, "Ask for the expiry of the zone (RFC 7314)."),
    row(Query, "ednsopt", Required("CODE"), set::ednsopt, "Send the EDNS option CODE[:HEX].")
        .manual("May be given several times. +noednsopt sends none of them, as by default."),
    row(Show, "all", Nothing, set::all, "Show every part of the reply."),
    row(Show, "short", Nothing, set::short, "Show the data of the answer alone."),
    row(Show, "json", Nothing, set::json, "Write one JSON object a query.").manual(
        "RFC 8427 with kdig's names, and who answered, how long it took, how it was padded and why \
         it failed. Readable on a terminal, one line an object otherwise. Only +[no]qr changes what \
         is in it.",
    ),
    row(Show, "multiline", Nothing, set::multiline, "Wrap long records over several lines.")
        .manual("It takes +short and +json back, and shows no part that is not shown without it."),
    switch(Show, "cert", |it| &mut it.display.cert, "Show the certificate chain and the verdict.")
        .ours(),
    switch(Show, "pem", |it| &mut it.display.pem, "Show the certificate chain as PEM.")
        .ours()
        .manual("With +short nothing else is written; +json has it anyway. A chain that is \
             refused is written too."),
    switch(Show, "qr", |it| &mut it.display.qr, "Show the query too."),
    switch(Show, "header", |it| &mut it.display.header, "Show TLS session and header."),
    switch(Show, "comments", |it| &mut it.display.comments, "Show the titles of sections."),
    switch(Show, "opt", |it| &mut it.display.opt, "Show the EDNS pseudosection."),
    switch(Show, "opttext", |it| &mut it.display.opttext, "Show unknown EDNS options as text."),
    switch(Show, "optpresent", |it| &mut it.display.optpresent, "Show EDNS as one record."),
    switch(Show, "question", |it| &mut it.display.question, "Show the question section."),
    switch(Show, "answer", |it| &mut it.display.answer, "Show the answer section."),
    switch(Show, "authority", |it| &mut it.display.authority, "Show the authority section."),
    row(Show, "additional", Nothing, set::additional, "Show the additional section.")
        .manual("+noadditional hides EDNS and TSIG too."),
    switch(Show, "tsig", |it| &mut it.display.tsig, "Show the TSIG pseudosection."),
    row(Show, "stats", Nothing, set::stats, "Show sizes, time and peer.")
        .manual("Also with +short, if it follows it."),
    switch(Show, "class", |it| &mut it.display.class, "Show the class of records."),
    switch(Show, "ttl", |it| &mut it.display.ttl, "Show the TTL of records."),
    row(Show, "idnout", Nothing, set::idnout, "Show Punycode as Unicode (on a terminal).")
        .on("on a terminal"),
    switch(Show, "crypto", |it| &mut it.display.crypto, "Show keys, signatures and digests."),
    switch(Show, "generic", |it| &mut it.display.generic, "Show types and data as RFC 3597 has it."),
];

/// What kdig has and this program has not, on purpose, and why: names without their +, and dash
/// options as they are typed.
pub const LEFT_OUT: &[(&str, &str)] = &[
    ("https", "DNS over HTTPS is another protocol; this is a tool for DNS over TLS"),
    ("https-get", "DNS over HTTPS is another protocol; this is a tool for DNS over TLS"),
    ("quic", "DNS over QUIC is another protocol; this is a tool for DNS over TLS"),
    ("validate", "DNSSEC is for a validating resolver to check; +cdflag and +dnssec show its data"),
    ("fastopen", "TCP Fast Open saves nothing where the handshake of TLS follows"),
    ("-E", "replies are kept by +json, and captures are opened by SSLKEYLOGFILE"),
    ("-G", "a file of dnstap is for dnstap-read to show"),
];
