//! The peer of a TLS session: what was negotiated, what the certificates say, and what was judged
//! of them. One rule: facts are told as they are, and only [`Verdict`] says whether they suffice.

use std::fmt;

/// The peer of a TLS session: facts and the verdict on them.
#[derive(Clone, Debug, Default)]
pub struct TlsFacts {
    /// What was negotiated.
    pub session: SessionFacts,
    /// The certificates in the order sent.
    pub chain: Vec<CertFacts>,
    /// What was asked of them and whether it holds.
    pub verdict: Verdict,
}

/// What a handshake negotiated, in the words kdig prints.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SessionFacts {
    /// `TLS1.3` or `TLS1.2`.
    pub version: String,
    /// `ECDHE-X25519`.
    pub key_exchange: String,
    /// `ECDSA-SECP256R1-SHA256`; empty if the handshake did not get there.
    pub signature: String,
    /// `AES-256-GCM`.
    pub cipher: String,
    /// The server name sent (SNI); `None` when none was.
    pub sni: Option<String>,
    /// The ALPN tokens offered.
    pub offered: Vec<String>,
    /// The ALPN token the server chose, escaped.
    pub alpn: Option<String>,
    /// What became of a certificate of our own.
    pub own: OwnCertificate,
    /// Session tickets received so far; TLS 1.3 sends them after the handshake.
    pub tickets: u32,
    /// The session continues an older one.
    pub resumed: bool,
}

/// A client certificate: what we have and what the server wants.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnCertificate {
    /// The files of certificate chain and key, as typed.
    pub files: Option<(String, String)>,
    /// The server asked for one.
    pub asked: bool,
    /// One was sent.
    pub sent: bool,
}

impl fmt::Display for SessionFacts {
    /// `(TLS1.3)-(ECDHE-X25519)-(ECDSA-SECP256R1-SHA256)-(AES-256-GCM)`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { version, key_exchange, signature, cipher, .. } = self;
        write!(f, "({version})-({key_exchange})-({signature})-({cipher})")
    }
}

/// What one certificate says. Every text in it has passed [`crate::text`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertFacts {
    /// The certificate as sent, DER.
    pub der: Vec<u8>,
    /// SHA-256 of the SubjectPublicKeyInfo (RFC 7858 section 4.2); `None` if no key was found.
    pub pin: Option<[u8; 32]>,
    /// SHA-256 of the whole certificate.
    pub fingerprint: [u8; 32],
    /// Its content, or why it cannot be read.
    pub content: Result<CertContent, String>,
}

/// The content of a certificate that can be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CertContent {
    /// Distinguished name in encoding order, RFC 4514 escapes; empty when it has none.
    pub subject: String,
    /// The same of the issuer.
    pub issuer: String,
    /// Subject Alternative Names.
    pub names: Vec<AltName>,
    /// Seconds since 1970.
    pub not_before: i64,
    /// Seconds since 1970.
    pub not_after: i64,
    /// `ECDSA P-256`, `RSA 2048`.
    pub key: String,
    /// `ECDSA-SHA384`.
    pub signature: String,
    /// Upper-case hex.
    pub serial: String,
    /// Certificate version, 1 or 3.
    pub version: u32,
    /// Basic constraints; `None` when absent.
    pub ca: Option<CaFacts>,
    /// Key usage in RFC 5280's words; `None` when absent.
    pub key_usage: Option<Vec<String>>,
    /// Extended key usage; `None` when absent.
    pub extended_key_usage: Option<Vec<String>>,
    /// Where the issuer's certificate may be fetched (AIA).
    pub issuer_urls: Vec<String>,
    /// What a CA may certify, where that is limited: `other.test only`, `all but example.com`.
    pub constraints: Option<String>,
    /// Critical extensions that path building does not know, as object identifiers.
    pub unknown_critical: Vec<String>,
    /// A server must staple its status (RFC 7633).
    pub must_staple: bool,
    /// What it says of the key that signed it.
    pub authority_key: Option<AuthorityKey>,
    /// Its subject key identifier.
    pub subject_key: Option<Vec<u8>>,
}

impl CertContent {
    /// The key usage in words, where there is one and it lacks digital signature: a TLS server
    /// signs the handshake (RFC 8446 section 4.4.2.2).
    pub fn usage_without_signature(&self) -> Option<String> {
        let uses = self.key_usage.as_ref()?;
        let uses: Vec<_> = uses.iter().map(String::as_str).filter(|it| !it.is_empty()).collect();
        match uses[..] {
            _ if uses.contains(&"digital signature") => None,
            [] => Some("nothing that can be read".into()),
            _ => Some(uses.join(", ")),
        }
    }
}

/// An authority key identifier (RFC 5280 section 4.2.1.1): the subject key identifier of the
/// issuer, or issuer and serial number of the issuer's certificate, or both.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuthorityKey {
    /// The subject key identifier of the issuer.
    pub key_id: Option<Vec<u8>>,
    /// The name of the issuer of the issuer's certificate.
    pub issuer: Option<String>,
    /// The serial number of that certificate, upper-case hex.
    pub serial: Option<String>,
}

/// What of an authority key identifier is not so of the issuer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthorityFault {
    /// The key.
    Key,
    /// Issuer or serial number of the issuer's certificate.
    Certificate,
}

/// Basic constraints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CaFacts {
    /// May sign certificates.
    pub ca: bool,
    /// How many intermediates may follow.
    pub path_len: Option<u32>,
}

/// One Subject Alternative Name, escaped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AltName {
    /// dNSName.
    Dns(String),
    /// iPAddress as text.
    Ip(String),
    /// rfc822Name.
    Email(String),
    /// uniformResourceIdentifier.
    Uri(String),
    /// Any other kind, with its name.
    Other(String),
}

impl fmt::Display for AltName {
    /// The name alone; one of no octets is seen by its quotes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Dns(name)
        | Self::Ip(name)
        | Self::Email(name)
        | Self::Uri(name)
        | Self::Other(name)) = self;
        f.write_str(if name.is_empty() { "\"\"" } else { name })
    }
}

/// The questions that can be asked of a certificate chain, in the order they are answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// Did the server prove to hold the key of its certificate? Asked by TLS itself, and answered
    /// only where it did not.
    Key,
    /// Does the end-entity certificate carry the name?
    Name,
    /// Does a path of valid signatures lead to a trust anchor?
    Chain,
    /// Is every certificate of the path within its dates?
    Dates,
    /// Is the certificate meant for a TLS server?
    Purpose,
    /// Does a stapled OCSP response say that the certificate is good?
    Staple,
    /// Is a proved key among the pins?
    Pin,
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Key => "key",
            Self::Name => "name",
            Self::Chain => "chain",
            Self::Dates => "dates",
            Self::Purpose => "purpose",
            Self::Staple => "staple",
            Self::Pin => "pin",
        })
    }
}

/// The answer to one question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// What was asked.
    pub question: Question,
    /// Whether the command line asked it: what was not asked cannot refuse.
    pub asked: bool,
    /// Whether it holds; `None` when it could not be judged.
    pub holds: Option<bool>,
    /// What is wrong, where it does not hold.
    pub flaw: Option<Flaw>,
    /// Why, as one line without a full stop.
    pub why: String,
}

impl Answer {
    /// It holds.
    pub fn yes(question: Question, why: impl Into<String>) -> Self {
        Self { question, asked: false, holds: Some(true), flaw: None, why: why.into() }
    }

    /// It does not hold, because of `flaw`.
    pub fn no(question: Question, flaw: Flaw, why: impl Into<String>) -> Self {
        Self { question, asked: false, holds: Some(false), flaw: Some(flaw), why: why.into() }
    }

    /// Whether it was asked, and does not hold.
    pub fn refuses(&self) -> bool {
        self.asked && self.holds != Some(true)
    }

    /// It could not be judged.
    pub fn open(question: Question, why: impl Into<String>) -> Self {
        Self { question, asked: false, holds: None, flaw: None, why: why.into() }
    }
}

/// What can be wrong with a certificate, its chain or its staple. What it looks like in the case at
/// hand is said by [`Answer::why`]; this is for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// Other names than the one to check.
    OtherName,
    /// No name at all, or in the common name alone.
    NoNames,
    /// Signed by its own key, and no trust anchor.
    SelfSigned,
    /// A CA's certificate serves as a server's.
    CaAsServer,
    /// The chain ends at a root that is no trust anchor.
    UnknownRoot,
    /// The chain ends at a certificate whose issuer is neither sent nor trusted.
    UnknownIssuer,
    /// The server sent its own certificate alone, and its issuer is not trusted.
    IntermediateMissing,
    /// A certificate was signed by one that is no CA's.
    NotCa,
    /// A signature was not made by the key of the issuer.
    BadSignature,
    /// A signature or key that is too weak.
    WeakAlgorithm,
    /// A signature or key of a kind that tdig cannot verify.
    UnsupportedAlgorithm,
    /// The server did not prove to hold the key of its certificate.
    KeyUnproved,
    /// A CA certified what it may not.
    NameConstraint,
    /// A CA has more CAs below it than it may.
    PathLength,
    /// A critical extension that is not understood.
    UnknownCritical,
    /// X.509 version 1 or 2.
    OldVersion,
    /// A certificate, or a part of one, that cannot be read.
    Malformed,
    /// A chain with too many branches to follow.
    TooComplex,
    /// Past its last day.
    Expired,
    /// Before its first day.
    NotYetValid,
    /// Not meant for servers.
    OtherPurpose,
    /// A key usage that does not allow what the key is used for.
    KeyUsage,
    /// Revoked by its issuer.
    Revoked,
    /// No staple came.
    NoStaple,
    /// The staple is not fresh.
    StaleStaple,
    /// The staple proves nothing of this certificate.
    BadStaple,
    /// The pinned key was shown but not proved.
    PinUnproved,
    /// Another key than the pinned.
    OtherKey,
}

impl Flaw {
    /// Every flaw, in the order in which they are declared.
    pub const ALL: &[Self] = &[
        Self::OtherName,
        Self::NoNames,
        Self::SelfSigned,
        Self::CaAsServer,
        Self::UnknownRoot,
        Self::UnknownIssuer,
        Self::IntermediateMissing,
        Self::NotCa,
        Self::BadSignature,
        Self::WeakAlgorithm,
        Self::UnsupportedAlgorithm,
        Self::KeyUnproved,
        Self::NameConstraint,
        Self::PathLength,
        Self::UnknownCritical,
        Self::OldVersion,
        Self::Malformed,
        Self::TooComplex,
        Self::Expired,
        Self::NotYetValid,
        Self::OtherPurpose,
        Self::KeyUsage,
        Self::Revoked,
        Self::NoStaple,
        Self::StaleStaple,
        Self::BadStaple,
        Self::PinUnproved,
        Self::OtherKey,
    ];
}

impl fmt::Display for Flaw {
    /// A word for programs: it does not change.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OtherName => "other-name",
            Self::NoNames => "no-names",
            Self::SelfSigned => "self-signed",
            Self::CaAsServer => "ca-as-server",
            Self::UnknownRoot => "unknown-root",
            Self::UnknownIssuer => "unknown-issuer",
            Self::IntermediateMissing => "intermediate-missing",
            Self::NotCa => "not-a-ca",
            Self::BadSignature => "bad-signature",
            Self::WeakAlgorithm => "weak-algorithm",
            Self::UnsupportedAlgorithm => "unsupported-algorithm",
            Self::KeyUnproved => "key-unproved",
            Self::NameConstraint => "name-constraint",
            Self::PathLength => "path-length",
            Self::UnknownCritical => "unknown-critical-extension",
            Self::OldVersion => "old-version",
            Self::Malformed => "malformed",
            Self::TooComplex => "too-complex",
            Self::Expired => "expired",
            Self::NotYetValid => "not-yet-valid",
            Self::OtherPurpose => "other-purpose",
            Self::KeyUsage => "key-usage",
            Self::Revoked => "revoked",
            Self::NoStaple => "no-staple",
            Self::StaleStaple => "stale-staple",
            Self::BadStaple => "bad-staple",
            Self::PinUnproved => "pin-unproved",
            Self::OtherKey => "other-key",
        })
    }
}

/// What a stapled OCSP response says of the server's certificate, once its signature was verified
/// (RFC 6960).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StapleFacts {
    /// What it says.
    pub status: StapleStatus,
    /// As of when, seconds since 1970.
    pub this_update: i64,
    /// Until when newer information is there, seconds since 1970.
    pub next_update: Option<i64>,
    /// The signer: `its issuer`, or the responder that the issuer appointed.
    pub signer: String,
}

/// The status of a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StapleStatus {
    /// Not revoked.
    Good,
    /// Revoked.
    Revoked {
        /// When, seconds since 1970.
        at: i64,
        /// RFC 5280's word for the reason.
        reason: Option<&'static str>,
    },
    /// The responder does not know it.
    Unknown,
}

/// What the chain was judged by and how it came out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Nothing was asked: the session is encrypted, its peer is not verified (RFC 8310 section 5).
    pub opportunistic: bool,
    /// The name or address the certificate was checked for.
    pub name: String,
    /// One answer for each question.
    pub answers: Vec<Answer>,
    /// Positions (from 0) in the chain of the verified path, end-entity first; where none could
    /// be verified, of the certificates from which the end-entity's signatures descend.
    pub path: Vec<usize>,
    /// How many of those, from the first, the trust rests on: the rest lies beyond a trust anchor,
    /// and is not needed. All of them where no trust anchor was found.
    pub needed: usize,
    /// The signer of each certificate of the chain.
    pub signers: Vec<Signer>,
    /// Where the path ends.
    pub anchor: Option<AnchorFacts>,
    /// Positions in the chain of the pinned, proved keys.
    pub pinned: Vec<usize>,
    /// What the server stapled, or why that proves nothing; `None` when it stapled nothing.
    pub staple: Option<Result<StapleFacts, String>>,
    /// When it was judged, seconds since 1970.
    pub at: i64,
    /// What is wrong with a path that is trusted all the same, as clauses: others refuse it.
    pub notes: Vec<String>,
    /// Positions of the certificates, of those needed, whose authority key identifier does not fit
    /// their issuer.
    pub authority_faults: Vec<(usize, AuthorityFault)>,
    /// What a client of the strict profile would refuse it for; `None` where it would not.
    pub strict_refusal: Option<Answer>,
    /// The one next thing to type.
    pub hint: Option<String>,
}

impl Verdict {
    /// The answer to `question`; every verdict that was reached has one.
    pub fn answer(&self, question: Question) -> Option<&Answer> {
        self.answers.iter().find(|answer| answer.question == question)
    }

    /// Whether `question` was asked.
    pub fn asked(&self, question: Question) -> bool {
        self.answer(question).is_some_and(|answer| answer.asked)
    }

    /// The first question asked that does not hold: the reason of a refusal.
    pub fn refusal(&self) -> Option<&Answer> {
        self.refusals().next()
    }

    /// Every question asked that does not hold.
    pub fn refusals(&self) -> impl Iterator<Item = &Answer> {
        self.answers.iter().filter(|answer| answer.refuses())
    }

    /// Positions of the certificates that the trust rests on, end-entity first.
    pub fn rests_on(&self) -> &[usize] {
        &self.path[..self.needed.min(self.path.len())]
    }

    /// Whether certificates came whose key was not proved.
    pub fn is_unproved(&self) -> bool {
        self.answer(Question::Key).is_some()
    }

    /// Takes back what rests on the key of the first certificate, which was not proved: what the
    /// certificates say is shown, and none of their pins counts.
    pub fn withdraw_key(&mut self, flaw: Flaw, why: String) {
        let key = Answer { asked: true, ..Answer::no(Question::Key, flaw, why) };
        for answer in &mut self.answers {
            if answer.question == Question::Pin && answer.asked && answer.holds == Some(true) {
                let why = format!("{}, but no key was proved: not counted", answer.why);
                *answer =
                    Answer { asked: true, ..Answer::no(Question::Pin, Flaw::PinUnproved, why) };
            }
        }
        self.answers.insert(0, key);
        self.pinned.clear();
        self.hint = None;
    }

    /// Whether every question asked holds.
    pub fn trusted(&self) -> bool {
        self.refusal().is_none()
    }
}

/// The signer of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signer {
    /// The certificate at this position of the chain.
    Sent(usize),
    /// Its own key.
    Itself,
    /// The trust anchor of the verified path.
    Anchor,
    /// Not the certificate at this position, although it has the name of the issuer.
    Forged(usize),
    /// Perhaps the certificate at this position, which has the name of the issuer: the signature
    /// could not be verified.
    Unverified(usize),
    /// Neither a certificate that was sent nor a trust anchor.
    Unknown,
}

/// A trust anchor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnchorFacts {
    /// Distinguished name in encoding order.
    pub subject: String,
    /// SHA-256 of its SubjectPublicKeyInfo.
    pub pin: [u8; 32],
    /// `system store`, `built-in Mozilla roots`, or the file.
    pub origin: String,
    /// From when until when its certificate is valid, seconds since 1970; `None` where that is not
    /// at hand.
    pub validity: Option<(i64, i64)>,
    /// It is the end-entity itself.
    pub is_first: bool,
}

impl AnchorFacts {
    /// What is wrong with its dates at `now`, if they are known and something is.
    pub fn date_flaw(&self, now: i64) -> Option<Flaw> {
        let (begin, end) = self.validity?;
        match () {
            () if now > end => Some(Flaw::Expired),
            () if now < begin => Some(Flaw::NotYetValid),
            () => None,
        }
    }
}
