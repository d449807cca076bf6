//! The kinds of fields that RDATA is made of, and where each ends. One rule: what [`Field::take`]
//! has taken is known to fit its kind, so that writing it needs no second check. It takes nothing
//! whose text would be read back as other octets: no blob of no octets, no bit that is not shown.

use super::svcb;
use crate::dns::cursor::Cursor;

/// A field of RDATA, or a place where its text may be folded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    /// IPv6 prefix length, address suffix, prefix name (RFC 2874 section 3.1).
    A6,
    /// Discovery flag, relay type and relay (RFC 8777 section 4.2).
    AmtRelay,
    /// Address prefixes (RFC 3123 section 4).
    Apl,
    /// ATM address: digits (E.164) or hex (NSAP).
    Atma,
    /// Base64 to the end.
    Base64,
    /// Base64 to the end, or none.
    Base64IfAny,
    /// Base64 to the end, `-` for none.
    Base64OrDash,
    /// Folded text goes on in the next line.
    Break,
    /// Base64 to the end that `+nocrypto` omits.
    Crypto64,
    /// Hex to the end that `+nocrypto` omits.
    CryptoHex,
    /// `NOTIFY` or a number (RFC 9859 section 2.1).
    DsyncScheme,
    /// So many octets as `00-00-5E-...` (RFC 7043).
    Eui(u8),
    /// Hex to the end.
    Hex,
    /// Host identity (RFC 8005 section 5).
    Hip,
    /// Gateway type, algorithm and gateway (RFC 4025 section 2).
    IpsecGateway,
    Ipv4,
    Ipv6,
    /// The public key of a DNSKEY, to the end.
    Key,
    /// Place on earth (RFC 1876).
    Loc,
    /// 64 bits as `0014:4FFF:FF20:EE64` (RFC 6742).
    Locator,
    /// A name that may be compressed.
    Name,
    /// Owner hash with its length (RFC 5155 section 3.3).
    NextHash,
    /// A number of 32 bits, and what it is.
    Noted(&'static str),
    /// Hex to the end behind `0x` (RFC 1706).
    Nsap,
    /// The bit map of NXT (RFC 2535 section 5.2).
    NxtTypes,
    /// Folded text begins: `(` and the next line.
    Open,
    /// 32 bits of seconds, and what they are.
    Period(&'static str),
    /// A name that is never compressed.
    PlainName,
    /// The bit map of WKS (RFC 1035 section 3.4.2).
    Ports,
    /// One character string.
    Quoted,
    /// One character string, or none at the end.
    QuotedIfAny,
    /// The octets to the end as one string.
    QuotedRest,
    /// Salt with its length (RFC 5155 section 3.3).
    Salt,
    /// The type that a SIG covers, 0 for a message (RFC 2931).
    SigType,
    /// Length of 16 bits and base64.
    Sized64,
    /// Character strings to the end, one at least.
    Strings,
    /// Service parameters (RFC 9460 section 2.2).
    SvcParams,
    /// The tag of CAA (RFC 8659 section 4.1).
    Tag,
    /// 32 bits as `YYYYMMDDHHMMSS`.
    Time,
    /// RCODE or error of TSIG (RFC 8945 section 3).
    TsigError,
    /// Length of 16 bits and base64 that `+nocrypto` omits.
    TsigMac,
    /// A record type.
    Type,
    /// Windows of bit maps (RFC 4034 section 4.1.2).
    Types,
    U8,
    U16,
    U32,
    U48,
}

impl Field {
    /// Takes the field from `rdata` and returns its octets; `None` if what is there does not fit.
    pub(super) fn take<'a>(self, rdata: &mut Cursor<'a>) -> Option<&'a [u8]> {
        let start = rdata.at;
        self.skip(rdata)?;
        rdata.message.get(start..rdata.at)
    }

    fn skip(self, rdata: &mut Cursor<'_>) -> Option<()> {
        match self {
            Self::Break | Self::Open => Some(()),
            Self::DsyncScheme | Self::U8 => rdata.skip(1),
            Self::SigType | Self::TsigError | Self::Type | Self::U16 => rdata.skip(2),
            Self::Ipv4 | Self::Noted(_) | Self::Period(_) | Self::Time | Self::U32 => rdata.skip(4),
            Self::U48 => rdata.skip(6),
            Self::Locator => rdata.skip(8),
            Self::Ipv6 => rdata.skip(16),
            Self::Eui(length) => rdata.skip(length.into()),
            Self::Name => rdata.name().ok().map(|_| ()),
            Self::PlainName => rdata.plain_name().map(|_| ()),
            Self::Base64
            | Self::Crypto64
            | Self::CryptoHex
            | Self::Hex
            | Self::Key
            | Self::Nsap => (!rdata.rest().is_empty()).then_some(()),
            Self::Base64IfAny | Self::Base64OrDash | Self::QuotedRest => rdata.skip(rdata.left()),
            Self::Quoted | Self::Salt => rdata.string().map(|_| ()),
            Self::QuotedIfAny if rdata.left() == 0 => Some(()),
            Self::QuotedIfAny => rdata.string().map(|_| ()),
            Self::NextHash | Self::Tag => {
                rdata.string().filter(|string| !string.is_empty()).map(|_| ())
            }
            Self::Strings => {
                rdata.string()?;
                while rdata.left() > 0 {
                    rdata.string()?;
                }
                Some(())
            }
            Self::Sized64 | Self::TsigMac => {
                let length = rdata.u16()?;
                rdata.skip(length.into())
            }
            Self::A6 => {
                let prefix = rdata.u8().filter(|&prefix| prefix <= 128)?;
                let suffix = rdata.octets(a6_suffix(prefix))?;
                // the bits that the prefix gives are zero here
                let pad = suffix.first().is_some_and(|first| first & !(0xff >> (prefix % 8)) != 0);
                (!pad).then_some(())?;
                if prefix > 0 {
                    rdata.plain_name()?;
                }
                Some(())
            }
            Self::AmtRelay => {
                let relay = rdata.u8()? & 0x7f;
                gateway(relay, rdata)
            }
            Self::IpsecGateway => {
                let (kind, algorithm) = (rdata.u8()?, rdata.u8()?);
                gateway(kind, rdata)?;
                // only without an algorithm is there no key (RFC 4025 section 2.4)
                (algorithm == 0 || rdata.left() > 0).then_some(())
            }
            Self::Apl => {
                while rdata.left() > 0 {
                    address_prefix(rdata)?;
                }
                Some(())
            }
            Self::Atma => {
                let format = rdata.u8()?;
                let address = Some(rdata.rest()).filter(|address| !address.is_empty())?;
                let digits = address.iter().all(u8::is_ascii_digit);
                (format == 0 || format == 1 && digits).then_some(())
            }
            Self::Hip => {
                let (hit, _algorithm, key) = (rdata.u8()?, rdata.u8()?, rdata.u16()?);
                (hit > 0 && key > 0).then_some(())?;
                rdata.skip(usize::from(hit) + usize::from(key))?;
                while rdata.left() > 0 {
                    rdata.plain_name()?;
                }
                Some(())
            }
            Self::Loc => {
                // other versions have other fields
                let fields = (rdata.u8()? == 0).then(|| rdata.octets(15))??;
                loc_fits(fields).then_some(())
            }
            Self::NxtTypes => {
                let map = rdata.rest();
                // the first bit says that this is not such a map
                let fits = map.len() <= 16 && map.first().is_none_or(|first| first & 0x80 == 0);
                (fits && is_short(map)).then_some(())
            }
            Self::Ports => {
                let map = rdata.rest();
                (map.len() <= 8192 && is_short(map)).then_some(())
            }
            Self::SvcParams => svcb::take(rdata),
            Self::Types => {
                let mut last = None;
                while rdata.left() > 0 {
                    let window = rdata.u8()?;
                    let map = rdata.string()?;
                    let ascends = last.is_none_or(|last| last < window);
                    // RFC 4034 section 4.1.2: no zeros at the end, and no window of none
                    let fits = matches!(map.len(), 1..=32) && is_short(map);
                    (ascends && fits).then_some(())?;
                    last = Some(window);
                }
                Some(())
            }
        }
    }
}

/// Octets of an A6 address that the prefix does not give.
pub(super) fn a6_suffix(prefix: u8) -> usize {
    16_usize.saturating_sub(usize::from(prefix) / 8)
}

/// One address prefix: family, prefix length, negation and address without trailing zeros.
pub(super) fn address_prefix<'a>(rdata: &mut Cursor<'a>) -> Option<(u16, u8, bool, &'a [u8])> {
    let (family, prefix, length) = (rdata.u16()?, rdata.u8()?, rdata.u8()?);
    let address = rdata.octets(usize::from(length & 0x7f))?;
    let (octets, bits) = match family {
        1 => (4, 32),
        2 => (16, 128),
        _ => return None,
    };
    let fits = address.len() <= octets && prefix <= bits;
    // a reader writes neither zeros at the end (RFC 3123 section 4) nor bits beyond the prefix
    let shown = is_short(address) && !has_bits_beyond(address, prefix);
    (fits && shown).then_some((family, prefix, length & 0x80 != 0, address))
}

/// Whether there is no zero at the end, which a map of bits is the same without.
fn is_short(octets: &[u8]) -> bool {
    octets.last() != Some(&0)
}

/// Whether a bit is set behind the first `prefix` bits.
fn has_bits_beyond(address: &[u8], prefix: u8) -> bool {
    let (whole, bits) = (usize::from(prefix / 8), prefix % 8);
    let mut rest = address.iter().skip(whole);
    rest.next().is_some_and(|next| next & (0xff >> bits) != 0) || rest.any(|&octet| octet != 0)
}

/// A gateway: none, IPv4, IPv6 or a name.
fn gateway(kind: u8, rdata: &mut Cursor<'_>) -> Option<()> {
    match kind {
        0 => Some(()),
        1 => rdata.skip(4),
        2 => rdata.skip(16),
        3 => rdata.plain_name().map(|_| ()),
        _ => None,
    }
}

/// Sizes are a digit and a power of ten, where zero has no power; and no place lies beyond the poles or the 180th meridian.
fn loc_fits(fields: &[u8]) -> bool {
    let Some((sizes, places)) = fields.split_at_checked(3) else { return false };
    let digits = |&size: &u8| matches!((size >> 4, size & 0xf), (0, 0) | (1..10, 0..10));
    let degrees = |at: usize| {
        let place = places.get(at..at + 4).map(crate::dns::cursor::number);
        place.map(|place| (place as i64 - (1 << 31)).unsigned_abs())
    };
    sizes.iter().all(digits)
        && degrees(0).is_some_and(|latitude| latitude <= 90 * 3_600_000)
        && degrees(4).is_some_and(|longitude| longitude <= 180 * 3_600_000)
}
