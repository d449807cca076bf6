//! What a command line decides: every option in both forms, alone and beside others.

mod words;

use super::*;
use crate::cli::options::{Argument, OPTIONS};
use crate::cli::{Command, Look, parse};
use crate::dns::rdata::{class_name, type_name};

fn look(line: &str) -> Look {
    match parse(line.split_whitespace().map(Into::into)) {
        Ok(Command::Look(look)) => *look,
        other => panic!("{line}: {other:?}"),
    }
}

fn lookups(line: &str) -> Vec<Lookup> {
    let plan = |settings| Lookup::new(settings).unwrap_or_else(|error| panic!("{line}: {error}"));
    look(line).queries.iter().map(plan).collect()
}

/// `name type class` of each query.
fn questions(line: &str) -> Vec<String> {
    lookups(line).iter().map(|it| question(&it.query)).collect()
}

fn question(query: &Query) -> String {
    let qtype = type_name(query.qtype).map_or(format!("TYPE{}", query.qtype), str::to_owned);
    let qclass = class_name(query.qclass).map_or(format!("CLASS{}", query.qclass), str::to_owned);
    format!("{} {qtype} {qclass}", query.owner())
}

/// `host@port` of each server of the only query.
fn servers(line: &str) -> Vec<String> {
    match &lookups(line)[..] {
        [only] => targets_of(only).iter().map(Target::typed).collect(),
        several => panic!("{line}: {several:?}"),
    }
}

fn targets_of(lookup: &Lookup) -> &[Target] {
    match &lookup.route.targets {
        Targets::Given(targets) => targets,
        Targets::System(template) => std::slice::from_ref(template),
    }
}

fn message(line: &str) -> String {
    let fault = |error: Error| error.to_string();
    match parse(line.split_whitespace().map(Into::into)) {
        Ok(Command::Look(look)) => {
            let plans = look.queries.iter().map(Lookup::new).collect::<Result<Vec<_>, _>>();
            plans.map_or_else(fault, |_| panic!("{line} can be asked"))
        }
        Ok(other) => panic!("{line}: {other:?}"),
        Err(error) => fault(error),
    }
}

/// Everything that is decided, a word for each fact.
fn facts(lookup: &Lookup) -> Vec<String> {
    let mut facts = vec![question(&lookup.query).replace(' ', "/")];
    facts.extend(facts_of_query(&lookup.query));
    facts.extend(lookup.random_cookie.then(|| "random-cookie".to_owned()));
    facts.extend(lookup.transfer.then(|| "transfer".to_owned()));
    facts.extend(facts_of_route(&lookup.route));
    targets_of(lookup).iter().for_each(|target| facts.extend(facts_of_target(target)));
    facts.extend(facts_of_display(&lookup.route.display));
    facts
}

fn facts_of_query(query: &Query) -> Vec<String> {
    let bits = [
        (flag::NOTIFY, "notify"),
        (flag::AA, "aa"),
        (flag::TC, "tc"),
        (flag::RD, "rd"),
        (flag::RA, "ra"),
        (flag::Z, "z"),
        (flag::AD, "ad"),
        (flag::CD, "cd"),
    ];
    let set = bits.iter().filter(|(bit, _)| query.flags & bit != 0);
    let mut facts: Vec<String> = set.map(|(_, name)| name.to_string()).collect();
    facts.extend(query.serial.map(|serial| match serial {
        Serial::Answer(serial) => format!("answer={serial}"),
        Serial::Authority(serial) => format!("authority={serial}"),
    }));
    let Some(edns) = &query.edns else { return facts };
    facts.push(format!("edns={}", edns.version));
    facts.push(format!("size={}", edns.size));
    facts.extend((edns.flags & 0x8000 != 0).then(|| "do".to_owned()));
    facts.extend((edns.flags & 0x2000 != 0).then(|| "de".to_owned()));
    facts.extend(edns.options.iter().map(|(code, data)| {
        let hex: String = data.iter().map(|octet| format!("{octet:02x}")).collect();
        format!("opt={code}:{hex}")
    }));
    facts.push(match edns.padding {
        Padding::Off => "pad=no".to_owned(),
        Padding::Block(block) => format!("pad=to{block}"),
        Padding::Length(length) => format!("pad={length}"),
    });
    facts
}

fn facts_of_route(route: &Route) -> Vec<String> {
    let mut facts = vec![match route.transport {
        Transport::Tls => "tls".to_owned(),
        Transport::Tcp => "tcp".to_owned(),
        Transport::Udp { retry, ignore } => format!("udp,retry={retry},ignore={ignore}"),
    }];
    facts.extend(route.source.map(|source| format!("from={source}")));
    facts.extend(route.proxy.map(|it| format!("proxy={}-{}", it.source, it.destination)));
    facts.extend(route.key.as_ref().map(|key| match key {
        KeySource::Typed(_) => "key".to_owned(),
        KeySource::File(path) => format!("key={path}"),
    }));
    facts.extend(route.keepopen.then(|| "keepopen".to_owned()));
    facts.extend(route.badcookie.then(|| "badcookie".to_owned()));
    facts.extend(route.fallback.map(|port| format!("fallback={port}")));
    facts.extend((!route.delay.is_zero()).then(|| format!("delay={:?}", route.delay)));
    facts.push(route.timeout.map_or("for-ever".to_owned(), |time| format!("time={time:?}")));
    facts.extend(route.conditions.fail.iter().map(|it| format!("fail={it:?}")));
    facts.extend(route.conditions.expiry.map(|it| format!("expiry={it:?}")));
    facts
}

fn facts_of_target(target: &Target) -> Vec<String> {
    let mut facts = vec![format!("to={}", target.typed())];
    let policy = &target.policy;
    facts.extend(target.family.map(|family| format!("{family:?}")));
    facts.extend(policy.roots.iter().map(|root| match root {
        Root::File(path) => format!("root={path}"),
        root => format!("root={root:?}"),
    }));
    // what is not verified is still compared, for the verdict
    facts.extend(policy.name.as_ref().map(|name| format!("name={}", name.to_str())));
    facts.extend(policy.pins.iter().map(|pin| format!("pin={:02x}", pin[0])));
    facts.extend(policy.pin_files.iter().map(|path| format!("pin={path}")));
    facts.extend(policy.staple.map(|age| format!("staple={}h", age.as_secs() / 3600)));
    facts.extend(target.sni.as_ref().map(|name| format!("sni={}", name.to_str())));
    facts.extend(target.hello.alpn.iter().map(|token| format!("alpn={token}")));
    facts.extend(target.hello.version.map(|version| format!("{version:?}")));
    facts.extend(target.hello.own.iter().map(|(chain, key)| format!("own={chain},{key}")));
    facts
}

fn facts_of_display(display: &Display) -> Vec<String> {
    let shown = [
        (display.multiline, "multiline"),
        (display.generic, "generic"),
        (display.crypto, "crypto"),
        (display.qr, "qr"),
        (display.header, "header"),
        (display.comments, "comments"),
        (display.opt, "opt"),
        (display.opttext, "opttext"),
        (display.optpresent, "optpresent"),
        (display.question, "question"),
        (display.answer, "answer"),
        (display.authority, "authority"),
        (display.additional, "additional"),
        (display.tsig, "tsig"),
        (display.stats, "stats"),
        (display.class, "class"),
        (display.ttl, "ttl"),
        (display.idnout, "idnout"),
        (display.cert, "cert"),
        (display.pem, "pem"),
    ];
    let shown = shown.iter().filter(|(on, _)| *on).map(|(_, name)| name.to_string());
    [format!("{:?}", display.format)].into_iter().chain(shown).collect()
}

/// What `words` change in a lookup: facts that are gone, then facts that are new.
fn changes(words: &str) -> String {
    let plain = facts(&lookups("@192.0.2.1 example.com")[0]);
    let found = facts(&lookups(&format!("@192.0.2.1 example.com {words}"))[0]);
    let gone = plain.iter().filter(|it| !found.contains(it)).map(|it| format!("-{it}"));
    let new = found.iter().filter(|it| !plain.contains(it)).map(|it| format!("+{it}"));
    gone.chain(new).collect::<Vec<_>>().join(" ")
}

/// Words of a command line, and what they change.
const CHANGES: &[(&str, &str)] = &[
    // the way
    ("+tls", ""),
    (
        "+notls",
        "-pad=to128 -tls -to=192.0.2.1@853 +pad=no +udp,retry=2,ignore=false +to=192.0.2.1@53",
    ),
    ("+notls +tls", ""),
    ("+tls-ca +tls-pin=./pin.pem +notls +tls", ""),
    ("+tcp", ""),
    ("+notls +tcp", "-pad=to128 -tls -to=192.0.2.1@853 +pad=no +tcp +to=192.0.2.1@53"),
    ("+tcp +notls", "-pad=to128 -tls -to=192.0.2.1@853 +pad=no +tcp +to=192.0.2.1@53"),
    (
        "+notls +notcp",
        "-pad=to128 -tls -to=192.0.2.1@853 +pad=no +udp,retry=2,ignore=true +to=192.0.2.1@53",
    ),
    ("+notls +tls-sni=dns.example", "+sni=dns.example"),
    ("+ignore", ""),
    (
        "+notls +ignore +retry=0",
        "-pad=to128 -tls -to=192.0.2.1@853 +pad=no +udp,retry=0,ignore=true +to=192.0.2.1@53",
    ),
    (
        "+notls +ignore +noignore +retry=9 +noretry",
        "-pad=to128 -tls -to=192.0.2.1@853 +pad=no +udp,retry=2,ignore=false +to=192.0.2.1@53",
    ),
    ("+keepopen", "+keepopen"),
    ("+keepopen +nokeepopen", ""),
    ("+fallback", "+fallback=53"),
    ("+fallback=5353", "+fallback=5353"),
    ("+fallback +nofallback", ""),
    (
        "+notls +proxy=198.51.100.1#7-198.51.100.2",
        "-pad=to128 -tls -to=192.0.2.1@853 +pad=no +udp,retry=2,ignore=false \
         +proxy=198.51.100.1:7-198.51.100.2:0 +to=192.0.2.1@53",
    ),
    ("+proxy=198.51.100.1#7-198.51.100.2 +noproxy", ""),
    ("+msgdelay=250", "+delay=250ms"),
    ("+msgdelay=250 +nomsgdelay", ""),
    ("+timeout=2", "-time=5s +time=2s"),
    ("+timeout=0.25", "-time=5s +time=250ms"),
    ("+timeout=1500ms", "-time=5s +time=1.5s"),
    ("+timeout=2m", "-time=5s +time=120s"),
    ("+timeout=0", "-time=5s +for-ever"),
    ("+notimeout", "-time=5s +for-ever"),
    // these are a batch's, not a lookup's
    ("+pipeline=7 +connections=2 +unordered +names", ""),
    ("+nopipeline +noconnections +nounordered +nonames", ""),
    // who must answer
    ("+tls-ca", "+root=System"),
    ("+tls-ca=a.pem +tls-ca=b.pem", "+root=a.pem +root=b.pem"),
    ("+tls-ca +tls-ca=a.pem", "+root=System +root=a.pem"),
    ("+tls-ca +tls-ca=a.pem +notls-ca", ""),
    ("+tls-mozilla", "+root=Mozilla"),
    ("+tls-mozilla +notls-mozilla", ""),
    (
        "+tls-hostname=dns.example",
        "-name=192.0.2.1 +root=System +name=dns.example +sni=dns.example",
    ),
    (
        "+tls-hostname=dns.example +tls-ca=a.pem",
        "-name=192.0.2.1 +root=a.pem +name=dns.example +sni=dns.example",
    ),
    (
        "+tls-hostname=dns.example. +tls-mozilla",
        "-name=192.0.2.1 +root=Mozilla +name=dns.example +sni=dns.example",
    ),
    ("+tls-hostname=2001:db8::1", "-name=192.0.2.1 +root=System +name=2001:db8::1"),
    ("+tls-hostname=dns.example +notls-hostname", ""),
    ("+tls-sni=dns.example", "+sni=dns.example"),
    // an address is never sent
    ("+tls-sni=192.0.2.1", ""),
    (
        "+tls-sni=one.example +tls-hostname=two.example",
        "-name=192.0.2.1 +root=System +name=two.example +sni=one.example",
    ),
    ("+tls-sni=dns.example +notls-sni", ""),
    ("+tls-pin=GP8Knf7qBae+aIfythytMbYnL+yowaWVeD6MoLHkVRg=", "+pin=18"),
    ("+tls-pin=GP8Knf7qBae+aIfythytMbYnL+yowaWVeD6MoLHkVRg= +notls-pin", ""),
    ("+tls-pin=./pin.pem +tls-pin=/etc/pin.der", "+pin=./pin.pem +pin=/etc/pin.der"),
    (
        "+tls-pin=./pin.pem +tls-hostname=dns.example",
        "-name=192.0.2.1 +root=System \
      +name=dns.example +pin=./pin.pem +sni=dns.example",
    ),
    ("+tls-ocsp-stapling", "+root=System +staple=168h"),
    ("+tls-ocsp-stapling=24 +tls-ca=a.pem", "+root=a.pem +staple=24h"),
    ("+tls-ocsp-stapling +notls-ocsp-stapling", ""),
    ("+tls-certfile=c.pem +tls-keyfile=k.pem", "+own=c.pem,k.pem"),
    ("+tls-certfile=c.pem +tls-keyfile=k.pem +notls-certfile +notls-keyfile", ""),
    ("+tls-alpn=dot +tls-alpn=h2", "+alpn=h2"),
    ("+tls-alpn=h2", "-alpn=dot +alpn=h2"),
    ("+notls-alpn", "-alpn=dot"),
    ("+tls-version=1.2", "+Tls12"),
    ("+tls-version=1.3", "+Tls13"),
    ("+tls-version=1.3 +notls-version", ""),
    ("+tls-expiry=30d", "+expiry=Time(2592000s)"),
    ("+tls-expiry=33%", "+expiry=Share(33)"),
    ("+tls-expiry=30d +notls-expiry", ""),
    ("+fail=rcode,empty +fail=nxdomain", "+fail=Rcode +fail=Empty +fail=Named(3)"),
    ("+fail=rcode +nofail", ""),
    // the query
    ("+idnin", ""),
    ("+noidnin", ""),
    ("+aaflag +tcflag +raflag +zflag +cdflag", "+aa +tc +ra +z +cd"),
    ("+aaflag +tcflag +raflag +zflag +cdflag +noaaflag +notcflag +noraflag +nozflag +nocdflag", ""),
    ("+nordflag", "-rd"),
    ("+norecurse", "-rd"),
    ("+norecurse +rdflag", ""),
    ("+norec", "-rd"),
    ("+norecurse +recurse", ""),
    ("+noadflag", "-ad"),
    ("+noadflag +adflag", ""),
    ("+doflag", "+do"),
    ("+dnssec", "+do"),
    ("+dnssec +nodoflag", ""),
    ("+doflag +nodnssec", ""),
    ("+deflag", "+de"),
    ("+deflag +nodeflag", ""),
    ("+edns=1", "-edns=0 +edns=1"),
    ("+edns=1 +edns", ""),
    ("+noedns", "-edns=0 -size=1232 -pad=to128"),
    ("+noedns +edns", ""),
    ("+noedns +nopadding", "-edns=0 -size=1232 -pad=to128"),
    (
        "+dnssec +nsid +bufsize=4096 +cookie +subnet=192.0.2.0/24 +alignment +noedns",
        "-edns=0 \
      -size=1232 -pad=to128",
    ),
    // what is said in EDNS brings it back
    ("+noedns +dnssec", "+do"),
    ("+noedns +nsid", "+opt=3:"),
    ("+noedns +bufsize=4096", "-size=1232 +size=4096"),
    ("+noedns +padding", ""),
    ("+noedns +dnssec +nodnssec", "-edns=0 -size=1232 -pad=to128"),
    ("+bufsize=4096", "-size=1232 +size=4096"),
    ("+bufsize=0", ""),
    ("+bufsize=1", "-size=1232 +size=12"),
    ("+bufsize=65535", "-size=1232 +size=65535"),
    ("+bufsize=4096 +nobufsize", ""),
    ("+padding", ""),
    ("+padding=0", "-pad=to128 +pad=0"),
    ("+padding=200", "-pad=to128 +pad=200"),
    ("+nopadding", "-pad=to128 +pad=no"),
    ("+padding=200 +padding", ""),
    ("+notls +padding", "-tls -to=192.0.2.1@853 +udp,retry=2,ignore=false +to=192.0.2.1@53"),
    ("+alignment", ""),
    ("+alignment=64", "-pad=to128 +pad=to64"),
    ("+alignment=64 +noalignment", ""),
    // in whatever order: not at all, to a multiple, by so much
    ("+alignment=64 +padding=200", "-pad=to128 +pad=to64"),
    ("+padding=200 +alignment=64", "-pad=to128 +pad=to64"),
    ("+padding=200 +alignment=64 +noalignment", "-pad=to128 +pad=200"),
    ("+nopadding +alignment=64", "-pad=to128 +pad=no"),
    ("+nsid", "+opt=3:"),
    ("+nsid +nonsid", ""),
    ("+zoneversion", "+opt=19:"),
    ("+zoneversion +nozoneversion", ""),
    ("+subnet=192.0.2.255/25", "+opt=8:00011900c0000280"),
    ("+client=2001:db8::/32", "+opt=8:0002200020010db8"),
    ("+subnet=192.0.2.1", "+opt=8:00012000c0000201"),
    ("+subnet=192.0.2.1 +noclient", ""),
    ("+client=192.0.2.1 +nosubnet", ""),
    ("+cookie", "+opt=10:0000000000000000 +random-cookie"),
    ("+cookie=0123456789abcdef", "+opt=10:0123456789abcdef"),
    ("+cookie +nocookie", ""),
    ("+badcookie", ""),
    ("+nobadcookie", "-badcookie"),
    ("+expire", "+opt=9:"),
    ("+expire +noexpire", ""),
    ("+ednsopt=65001:00ff +ednsopt=65002", "+opt=65001:00ff +opt=65002:"),
    ("+ednsopt=65001:00ff +noednsopt", ""),
    // kdig's order on the wire
    (
        "+ednsopt=65001 +cookie=0123456789abcdef +subnet=192.0.2.0/24 +zoneversion +nsid",
        "+opt=3: +opt=19: +opt=8:00011800c00002 +opt=10:0123456789abcdef +opt=65001:",
    ),
    // what is shown
    ("+all", ""),
    (
        "+noall",
        "-header -comments -opt -question -answer -authority -additional -tsig -stats -cert",
    ),
    ("+noall +all", ""),
    ("+qr +all", "+qr"),
    ("+qr +noall +all", ""),
    (
        "+noall +qr",
        "-header -comments -opt -question -answer -authority -additional -tsig -stats -cert +qr",
    ),
    ("+short", "-Full +Short"),
    ("+short +noshort", ""),
    ("+json", "-Full +Json"),
    ("+json +nojson", ""),
    ("+short +json", "-Full +Json"),
    ("+json +short", "-Full +Short"),
    ("+short +multiline", "+multiline"),
    ("+noheader +nocomments +noopt +nostats +multiline", "+multiline"),
    ("+multiline +nomultiline", ""),
    ("+generic", "+generic"),
    ("+generic +nogeneric", ""),
    ("+crypto", ""),
    ("+nocrypto", "-crypto"),
    ("+qr", "+qr"),
    ("+qr +noqr", ""),
    (
        "+header +comments +opt +question +answer +authority +additional +tsig +stats +class +ttl",
        "",
    ),
    ("+noheader", "-header"),
    ("+nocomments", "-comments"),
    ("+noopt", "-opt"),
    ("+opttext +optpresent", "+opttext +optpresent"),
    ("+opttext +optpresent +noopttext +nooptpresent", ""),
    ("+noquestion", "-question"),
    ("+noanswer", "-answer"),
    ("+noauthority", "-authority"),
    ("+noadditional", "-opt -additional -tsig"),
    ("+noadditional +additional", "-opt -tsig"),
    ("+notsig", "-tsig"),
    ("+nostats", "-stats"),
    ("+idnout", "+idnout"),
    ("+idnout +noidnout", ""),
    ("+noclass", "-class"),
    ("+nottl", "-ttl"),
    ("+cert", ""),
    ("+nocert", "-cert"),
    ("+pem", "+pem"),
    ("+pem +nopem", ""),
    // the dash options
    ("-4", "+V4"),
    ("-6", "+V6"),
    ("-4 -6", "+V6"),
    ("-p 8853", "-to=192.0.2.1@853 +to=192.0.2.1@8853"),
    ("-p domain", "-to=192.0.2.1@853 +to=192.0.2.1@53"),
    ("-p domain-s", ""),
    ("-b 192.0.2.9", "+from=192.0.2.9:0"),
    ("-b 192.0.2.9@5353", "+from=192.0.2.9:5353"),
    ("-b ::1#5353", "+from=[::1]:5353"),
    ("-y hmac-sha1:k:AAAA", "+key"),
    ("-k k.key", "+key=k.key"),
    ("-k k.key -y k:AAAA", "+key"),
    ("-d -dd", ""),
    ("-r", ""),
    ("--color=always", ""),
    // transfers and notices
    ("AXFR", "-example.com./A/IN +example.com./AXFR/IN +transfer"),
    (
        "+notls AXFR",
        "-example.com./A/IN -pad=to128 -tls -to=192.0.2.1@853 +example.com./AXFR/IN +pad=no \
         +transfer +tcp +to=192.0.2.1@53",
    ),
    ("IXFR=7", "-example.com./A/IN +example.com./IXFR/IN +authority=7 +transfer"),
    (
        "-t ixfr=4294967295",
        "-example.com./A/IN +example.com./IXFR/IN +authority=4294967295 \
      +transfer",
    ),
    ("NOTIFY", "-example.com./A/IN -rd +example.com./SOA/IN +notify +aa"),
    ("-t notify=7", "-example.com./A/IN -rd +example.com./SOA/IN +notify +aa +answer=7"),
    ("NOTIFY +rdflag +noaaflag", "-example.com./A/IN +example.com./SOA/IN +notify"),
    ("IXFR=7 MX", "-example.com./A/IN +example.com./MX/IN"),
];

#[test]
fn each_option_decides_what_it_says() {
    for (words, expected) in CHANGES {
        assert_eq!(changes(words), *expected, "{words}");
    }
}

#[test]
fn each_option_is_tried_in_both_forms() {
    let words: Vec<&str> = CHANGES.iter().flat_map(|(words, _)| words.split(' ')).collect();
    let tried = |name: String| words.iter().any(|it| it.split('=').next() == Some(&name));
    for row in OPTIONS {
        assert!(tried(format!("+{}", row.name)), "+{}", row.name);
        assert!(tried(format!("+no{}", row.name)), "+no{}", row.name);
    }
}

#[test]
fn what_is_on_over_tls_changes_nothing_there_and_something_in_cleartext() {
    for row in OPTIONS.iter().filter(|it| it.on_where == Some("over TLS")) {
        assert_eq!(changes(&format!("+{}", row.name)), "", "+{}", row.name);
        let there = changes(&format!("+notls +{}", row.name));
        assert_ne!(there, changes("+notls"), "+{}", row.name);
    }
}

#[test]
fn what_is_off_changes_something_when_it_is_on() {
    // a batch, UDP, and the multiple that a query is padded to anyway
    const UNSEEN: [&str; 4] = ["unordered", "names", "ignore", "alignment"];
    for row in OPTIONS.iter().filter(|it| !it.on_by_default() && it.on_where.is_none()) {
        let needs_value = matches!(row.argument, Argument::Required(_));
        if !needs_value && !UNSEEN.contains(&row.name) {
            assert_ne!(changes(&format!("+{}", row.name)), "", "+{}", row.name);
        }
    }
}
