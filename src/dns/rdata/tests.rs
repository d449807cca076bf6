//! RDATA on the wire and its text. One rule: a type without a row here fails a test.

use super::*;
use crate::dns::unhex;

#[test]
fn each_type_has_its_text() {
    for (number, wire, expected) in rows() {
        assert_eq!(text(number, &wire, Style::default()), expected, "TYPE{number}");
        assert!(rdata(&wire).fits(number) || wire.is_empty(), "TYPE{number} {expected}");
    }
}

#[test]
fn no_type_is_without_a_row() {
    let tested: Vec<u16> = rows().into_iter().map(|row| row.0).collect();
    for row in RECORD_TYPES.iter().filter(|row| !row.fields.is_empty()) {
        assert!(tested.contains(&row.number), "{}", row.mnemonic);
    }
}

#[test]
fn rdata_that_is_cut_or_too_long_is_shown_whole() {
    for (number, wire, expected) in rows() {
        let longer = [&wire[..], b"\xc0"].concat();
        for octets in (0..wire.len()).map(|end| &wire[..end]).chain([&longer[..]]) {
            let text = text(number, octets, Style::default());
            let apl = type_from_word("APL") == Some(number);
            let fits = rdata(octets).fits(number) && (apl || !octets.is_empty());
            let opaque = record_type(number).is_none_or(|row| row.fields.is_empty());
            let unknown = text.starts_with(&format!("\\# {}", octets.len()));
            assert_eq!(unknown, opaque || !fits, "{expected} -> {text}");
        }
    }
}

#[test]
fn what_does_not_fit_is_shown_whole() {
    for (word, wire) in [
        ("A", "C00002"),
        ("AAAA", "C0000201"),
        ("CNAME", "C0FF"),
        ("TXT", "05616263"),
        ("SVCB", "0001000003000150"),
        ("SVCB", "00010000030002003500010003026832"),
        ("SVCB", "0001000001000405683200"),
        ("SVCB", "00010000040003C00002"),
        ("SVCB", "000100000200010A"),
        ("SVCB", "00010000000004000300010003000201BB"),
        ("NSEC", "0000210102"),
        ("NSEC", "000000"),
        ("NSEC", "0001014000014000"),
        ("CAA", "000061"),
        ("LOC", "01000000800000008000000000989680"),
        ("LOC", "00A00000800000008000000000989680"),
        ("LOC", "00000000FFFFFFFF8000000000989680"),
        ("APL", "00030000"),
        ("APL", "00010005C000020100"),
        ("APL", "00012100"),
        ("A6", "8100"),
        ("IPSECKEY", "0A0402AA"),
        ("NXT", "0080"),
        ("ATMA", "012B31"),
        ("NSEC3", "0101000000000001"),
        ("DNAME", "00FF"),
    ] {
        let number = type_from_word(word).unwrap();
        let octets = unhex(wire);
        assert!(!rdata(&octets).fits(number), "{word} {wire}");
        let expected = format!("\\# {} {wire}", octets.len());
        assert_eq!(text(number, &octets, Style::default()), expected, "{word}");
    }
}

#[test]
fn no_key_digest_or_signature_is_empty() {
    for (word, wire) in [
        ("DS", "00010D02"),
        ("CDS", "00000000"),
        ("DLV", "00010D02"),
        ("TA", "00010D02"),
        ("DNSKEY", "0101030D"),
        ("CDNSKEY", "00000300"),
        ("KEY", "0100030D"),
        ("RKEY", "00000308"),
        ("RRSIG", "00010D030000012C7A000000690000003039047465737400"),
        ("SIG", "00010D030000012C7A000000690000003039047465737400"),
        ("SSHFP", "0402"),
        ("TLSA", "030101"),
        ("SMIMEA", "030101"),
        ("CERT", "0001000108"),
        ("ZONEMD", "7848B91C0101"),
        ("IPSECKEY", "0A0102C0000226"),
        ("OPENPGPKEY", ""),
        ("DHCID", ""),
    ] {
        let (number, octets) = (type_from_word(word).unwrap(), unhex(wire));
        assert!(!rdata(&octets).fits(number), "{word}");
        let whole = format!("\\# {} {wire}", octets.len());
        for style in [Style::default(), Style { crypto: false, ..Style::default() }] {
            assert_eq!(text(number, &octets, style), whole.trim_end(), "{word}");
        }
        // one octet is data, as in the records that ask for a DS to be deleted (RFC 8078 section 4)
        assert!(rdata(&[&octets[..], &[0]].concat()).fits(number), "{word}");
    }
}

#[test]
fn long_rdata_is_folded_as_kdig_folds_it() {
    let style = Style { multiline: true, ..Style::default() };
    for (word, wire, expected) in [
        (
            "SOA",
            "036E733100016800000000010000000200000E100000000000015F91",
            "ns1. h. (|1 ; serial|2 ; refresh (2 seconds)|3600 ; retry (1 hour)|0 ; expire\
             |90001 ; minimum (1 day 1 hour 1 second)|)",
        ),
        ("MX", "000A016100", "10 a."),
        ("TXT", "01610162", "\"a\" \"b\""),
        (
            "TLSA",
            "0301010123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF",
            "3 1 1 (|0123456789ABCDEF0123456789ABCDEF01234567|89ABCDEF0123456789ABCDEF|)",
        ),
        ("CERT", "000300010874657374", "3 1 8 (|dGVzdA==|)"),
        (
            "DHCID",
            "000201636FC0B8271C82825BB1AC5C41CF5351AA69B4FEBD94E8F17CDB95000DA48C40",
            "(|AAIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuV|AA2kjEA=|)",
        ),
        ("IPSECKEY", "0A0102C000022601035153", "10 (|1 2 192.0.2.38|AQNRUw==|)"),
        (
            "RRSIG",
            "00010D030000012C7A0000006900000030390474657374000001020304050607",
            "A 13 3 300 20341111011232 (|20251027232800 12345 test.|AAECAwQFBgc=|)",
        ),
        ("NSEC", "01610000024001", "a. A MX"),
        ("CSYNC", "000000420003000460000008", "66 3 A NS AAAA"),
        (
            "NSEC3",
            "0101000C04AABBCCDD1417F3DF17B2B2ADAEF615257DE4D2020B80AC6C7C0006400000000002",
            "1 1 12 AABBCCDD (|2vptu5timamqttgl4luu9kg21e0aor3s|A RRSIG|)",
        ),
        ("NSEC3", "01010000000101", "1 1 0 - (|04|)"),
        (
            "SVCB",
            "000103646F740000010008 03646F7403646F71000300020355",
            "1 dot. (|alpn=\"dot,doq\"|port=853|)",
        ),
        ("HTTPS", "0000016100", "0 a."),
        (
            "DNSKEY",
            "0101030D99DB2CC14CABDC33D6D77DA63A2F15F71112584F234E8D1DC428E39E8A4A97E1\
             AA271A555DC90701E17E2A4C4B6F120B7C32D44F4AC02BD894CF2D4BE7778A19",
            "257 3 13 (|mdsswUyr3DPW132mOi8V9xESWE8jTo0dxCjjnopK\
             |l+GqJxpVXckHAeF+KkxLbxILfDLUT0rAK9iUzy1L|53eKGQ==\
             |) ; KSK, ECDSAP256SHA256 (256b), id = 2371",
        ),
        ("CDNSKEY", "0000030000", "0 3 0 (|AA==|) ; ZSK, DELETE, id = 768"),
        ("DNSKEY", "010003C8010203", "256 3 200 (|AQID|) ; ZSK, UNKNOWN (0b), id = 2250"),
        (
            "DNSKEY",
            "010003FD076578616D706C65000000",
            "256 3 253 (|B2V4YW1wbGUAAAA=|) ; ZSK, PRIVATEDNS (example.), id = 24217",
        ),
        (
            "TSIG",
            "046861736800 00006B01EBC3012C0004AABBCCDD9D6800000000",
            "hash. 1795288003 300 (|4 qrvM3Q==|40296 NOERROR 0|)",
        ),
        ("TYPE65280", "DEADBEEF", "(|\\# 4|DEADBEEF|)"),
        ("TYPE65281", "", "(|\\# 0|)"),
    ] {
        let number = type_from_word(word).unwrap();
        let expected = expected.replace('|', "\n\t\t\t\t");
        assert_eq!(text(number, &unhex(wire), style), expected, "{word}");
    }
}

#[test]
fn nocrypto_omits_keys_signatures_and_digests() {
    let line = Style { crypto: false, ..Style::default() };
    let folded = Style { multiline: true, ..line };
    for (word, wire, in_line, in_lines) in [
        ("TLSA", "0301010123", "3 1 1 [omitted]", "3 1 1 [omitted]"),
        ("DHCID", "000201", "[omitted]", "[omitted]"),
        (
            "RRSIG",
            "00010D030000012C7A000000690000003039047465737400000102",
            "A 13 3 300 20341111011232 20251027232800 12345 test. [omitted]",
            "A 13 3 300 20341111011232 (|20251027232800 12345 test.|[omitted]|)",
        ),
        (
            "DNSKEY",
            "010003C8010203",
            "256 3 200 [id = 2250]",
            "256 3 200 [omitted]| ; ZSK, UNKNOWN (0b), id = 2250",
        ),
        (
            "TSIG",
            "046861736800 00006B01EBC3012C0004AABBCCDD9D6800000000",
            "hash. 1795288003 300 4 [omitted] 40296 NOERROR 0",
            "hash. 1795288003 300 (|4 [omitted]|40296 NOERROR 0|)",
        ),
        (
            "IPSECKEY",
            "0A0102C000022601035153",
            "10 1 2 192.0.2.38 AQNRUw==",
            "10 (|1 2 192.0.2.38|AQNRUw==|)",
        ),
    ] {
        let number = type_from_word(word).unwrap();
        assert_eq!(text(number, &unhex(wire), line), in_line);
        assert_eq!(text(number, &unhex(wire), folded), in_lines.replace('|', "\n\t\t\t\t"));
    }
}

#[test]
fn names_are_written_out_where_their_type_may_compress_them() {
    let message = unhex("03 6C6162 00 000A 046D61696C C000");
    let mut cursor = Cursor { at: 5, ..Cursor::new(&message) };
    let mx = Rdata::take(&mut cursor, 9).unwrap();
    let text = |rdata: Rdata<'_>, word, style| {
        let mut out = Vec::new();
        rdata.write(type_from_word(word).unwrap(), style, &mut out);
        String::from_utf8(out).unwrap()
    };
    let generic = Style { generic: true, ..Style::default() };
    assert_eq!(text(mx, "MX", Style::default()), "10 mail.lab.");
    assert_eq!(text(mx, "MX", generic), r"\# 12 000A046D61696C036C616200");
    // the same octets in a type that came after RFC 3597
    assert_eq!(text(mx, "TYPE65280", generic), r"\# 9 000A046D61696CC000");
    assert!(!mx.fits(type_from_word("SVCB").unwrap()));
    // a name that leads out of the record, not through a pointer
    let cut = Rdata::take(&mut Cursor { at: 5, ..Cursor::new(&message) }, 4).unwrap();
    assert_eq!(text(cut, "MX", Style::default()), r"\# 4 000A046D");
}

#[test]
fn key_tags_are_those_of_rfc_4034() {
    let rsa_md5 = unhex("010003010301000128F2304142");
    assert_eq!(key::tag(&rsa_md5), 0x3041);
    assert_eq!(key::tag(&[]), 0);
    assert_eq!(key::tag(&[1, 0, 3, 1]), 3);
}

fn text(number: u16, wire: &[u8], style: Style) -> String {
    let mut out = b"before:".to_vec();
    rdata(wire).write(number, style, &mut out);
    let text = String::from_utf8(out).unwrap();
    assert!(text.lines().all(|line| !line.ends_with(' ')), "{text}");
    text.strip_prefix("before:").unwrap().to_owned()
}

fn rdata(wire: &[u8]) -> Rdata<'_> {
    Rdata { place: Cursor::new(wire) }
}

/// Number, wire format and text of the rows of [`ROWS`].
fn rows() -> Vec<(u16, Vec<u8>, &'static str)> {
    let mut rows = Vec::new();
    let mut wire = String::new();
    for line in ROWS.lines().filter(|line| !line.is_empty()) {
        match line.strip_prefix("=").map(str::trim_start) {
            Some(text) => {
                let (word, hex) = wire.split_once(' ').unwrap_or((&wire, ""));
                rows.push((type_from_word(word).unwrap(), unhex(hex), text));
                wire.clear();
            }
            None => wire.push_str(line.strip_prefix("  ").unwrap_or(line)),
        }
    }
    rows
}

/// Type and RDATA in hex, which an indented line continues; behind `=` the text.
const ROWS: &str = r##"
SOA 036E733108616C6C74797065730474657374000A686F73746D617374657208616C6C747970657304746573740078
  C275F400001C2000000E100012750000000000
= ns1.alltypes.test. hostmaster.alltypes.test. 2026010100 7200 3600 1209600 0
NS 036E733108616C6C7479706573047465737400
= ns1.alltypes.test.
A6 40000000000000000103707265056F74686572047465737400
= 64 ::1 pre.other.test.
A6 0020010DB8000000000000000000000001
= 0 2001:db8::1
A6 8003707265056F74686572047465737400
= 128 pre.other.test.
AFSDB 000103616673056F74686572047465737400
= 1 afs.other.test.
AMTRELAY 0A01CB00710F
= 10 0 1 203.0.113.15
AMTRELAY 0A00
= 10 0 0 .
AMTRELAY 0A830572656C6179056F74686572047465737400
= 10 1 3 relay.other.test.
APL 00011503C0A82000011C83C0A8260002200420010DB8
= 1:192.168.32.0/21 !1:192.168.38.0/28 2:2001:db8::/32
ATMA 013631323030303030303030
= +61200000000
ATMA 0047000580005A0000000001E133FFFFFF00016100
= 47000580005a0000000001e133ffffff00016100
AVC 1F6170702D6E616D653A574F4C4647414E477C6170702D636C6173733A4F414D
= "app-name:WOLFGANG|app-class:OAM"
CAA 0005697373756563612E6578616D706C652E6E65743B20706F6C6963793D6576
= 0 issue "ca.example.net; policy=ev"
CAA 00037462731B5B3341
= 0 tbs "\027[3A"
CAA 0003612E6261
= 0 a.b "a"
CAA 00025F2061
= 0 "_ " "a"
CAA 000561225C237F61
= 0 a\"\\#\127 "a"
CAA 0003613B6261
= 0 "a;b" "a"
CDNSKEY 0000030000
= 0 3 0 AA==
CDS EC4505012BB183AF5F22588179A53B0A98631FAD1A292118
= 60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118
CDS 0000000000
= 0 0 0 00
CERT 0001FFFF0833115C6F2F64FF2BDE74C7D080ACE11F97ABD0CBBFBC82F3E39224B2471E1468225829FF1B11E16A2
  E95
= 1 65535 8 MxFcby9k/yvedMfQgKzhH5er0Mu/vILz45IkskceFGgiWCn/GxHhai6V
CERT FDE8000100010203
= 65000 1 0 AQID
CSYNC 000000420003000460000008
= 66 3 A NS AAAA
DHCID 000201636FC0B8271C82825BB1AC5C41CF5351AA69B4FEBD94E8F17CDB95000DA48C40
= AAIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuVAA2kjEA=
DLV EC4505012BB183AF5F22588179A53B0A98631FAD1A292118
= 60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118
DNAME 05646E616D65056F74686572047465737400
= dname.other.test.
DNSKEY 0100030F974D96A22D224BC01ADB915091477D44CCD91C9A41A11430010117D52C59240E
= 256 3 15 l02Woi0iS8Aa25FQkUd9RMzZHJpBoRQwAQEX1SxZJA4=
DNSKEY 010003C8010203
= 256 3 200 AQID
DNSKEY 010003FD076578616D706C65000000
= 256 3 253 B2V4YW1wbGUAAAA=
DOA 0000000000000001020068747470733A2F2F7777772E6973632E6F72672F
= 0 1 2 "" aHR0cHM6Ly93d3cuaXNjLm9yZy8=
DS EC4505012BB183AF5F22588179A53B0A98631FAD1A292118
= 60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118
DSYNC 003B0114EF066E6F74696679056F74686572047465737400
= CDS NOTIFY 5359 notify.other.test.
EID 0102030405
= 0102030405
EUI48 00005E00532A
= 00-00-5E-00-53-2A
EUI64 00005EEF1000002A
= 00-00-5E-EF-10-00-00-2A
GPOS 082D33322E36383832083131362E383635320431302E30
= "-32.6882" "116.8652" "10.0"
HINFO 08504320496E74656C07556E6978207637
= "PC Intel" "Unix v7"
HTTPS 000004706F6F6C056F74686572047465737400
= 0 pool.other.test.
IPSECKEY 0A0000
= 10 0 0 .
IPSECKEY 0A0002010351537986ED35533B6064478EEEB27B5BD74DAE149B6E81BA3A0521AF82AB7801
= 10 0 2 . AQNRU3mG7TVTO2BkR47usntb102uFJtugbo6BSGvgqt4AQ==
IPSECKEY 0A0102C0000226010351537986ED35533B6064478EEEB27B5BD74DAE149B6E81BA3A0521AF82AB7801
= 10 1 2 192.0.2.38 AQNRU3mG7TVTO2BkR47usntb102uFJtugbo6BSGvgqt4AQ==
IPSECKEY 0A0302026777056F74686572047465737400010351537986ED35533B6064478EEEB27B5BD74DAE149B6E81B
  A3A0521AF82AB7801
= 10 3 2 gw.other.test. AQNRU3mG7TVTO2BkR47usntb102uFJtugbo6BSGvgqt4AQ==
IPSECKEY 0A020220010DB8000000000000000000000001010351537986ED35533B6064478EEEB27B5BD74DAE149B6E8
  1BA3A0521AF82AB7801
= 10 2 2 2001:db8::1 AQNRU3mG7TVTO2BkR47usntb102uFJtugbo6BSGvgqt4AQ==
ISDN 0F31353038363230323830303332313703303034
= "150862028003217" "004"
ISDN 0F313530383632303238303033323137
= "150862028003217"
KEY 0100030803010001A1C8C29C77C385472A2EA2D4B1E74DA59E1C22F5E7826E83446D73D8E2E6AC0F5E9068E80E6C
  46FEDC4AC3D028F230C4BA720AB6C9E26AF62F410F39DBCF
= 256 3 8 AwEAAaHIwpx3w4VHKi6i1LHnTaWeHCL154Jug0Rtc9ji5qwPXpBo6A5sRv7cSsPQKPIwxLpyCrbJ4mr2L0EPOdvP
KX 000A026B78056F74686572047465737400
= 10 kx.other.test.
L32 000A0A010200
= 10 10.1.2.0
L64 000A20010DB811401000
= 10 2001:0DB8:1140:1000
LOC 000016138B3CF018810CBCE0009895B8
= 52 22 23 N  4 53 32 E  -2m  0m 10000m 10m
LOC 00121099800001F47FFFFFFB01312D37
= 0 0 0.500 N  0 0 0.005 W  100000.55m  1m 0.01m 90000000m
LP 000A0B6C36342D7375626E657431056F74686572047465737400
= 10 l64-subnet1.other.test.
MB 026D62056F74686572047465737400
= mb.other.test.
MG 026D67056F74686572047465737400
= mg.other.test.
MINFO 0161056F746865720474657374000162056F74686572047465737400
= a.other.test. b.other.test.
MR 026D72056F74686572047465737400
= mr.other.test.
NAPTR 00640032017310687474702B49324C2B4932432B49325210215E2E2A24217369703A615C624063210372657005
  6F74686572047465737400
= 100 50 "s" "http+I2L+I2C+I2R" "!^.*$!sip:a\\b@c!" rep.other.test.
NID 000A00144FFFFF20EE64
= 10 0014:4FFF:FF20:EE64
NIMLOC 0102030405
= 0102030405
NINFO 036120620163
= "a b" "c"
A 7F000001
= 127.0.0.1
NSAP 47000580005A0000000001E133FFFFFF00016100
= 0x47000580005a0000000001e133ffffff00016100
NSAP-PTR 076E736170707472056F74686572047465737400
= nsapptr.other.test.
NSEC 016208616C6C74797065730474657374000009400100000003000040010140041B0000000000000000000000000
  00000000000000000000000000020FF0180
= b.alltypes.test. A MX RRSIG NSEC HTTPS CAA TYPE1234 TYPE65280
NSEC 01000A6E7365632D6D756C746908616C6C7479706573047465737400000762018008000380FF200000000000000
  000000000000000000000000000000000000000000000000002
= \000.nsec-multi.alltypes.test. A NS SOA MX TXT AAAA RRSIG NSEC DNSKEY TYPE65534
NSEC3PARAM 0100000C04AABBCCDD
= 1 0 12 AABBCCDD
NSEC3PARAM 0100000000
= 1 0 0 -
NULL 01020304
= \# 4 01020304
NXT 0161056F746865720474657374004001
= a.other.test. A MX
OPENPGPKEY 010305554366000000010001
= AQMFVUNmAAAAAQAB
PX 000A066D6170383232056F74686572047465737400076D617078343030056F74686572047465737400
= 10 map822.other.test. mapx400.other.test.
RESINFO 08716E616D656D696E0D6578746572723D31352D31372C10696E666F75726C3D687474703A2F2F78
= "qnamemin" "exterr=15-17," "infourl=http://x"
RKEY 0000030803010001
= 0 3 8 AwEAAQ==
RP 046D626F78056F7468657204746573740003747874056F74686572047465737400
= mbox.other.test. txt.other.test.
RT 000A027274056F74686572047465737400
= 10 rt.other.test.
SINK 01020304
= 1 2 3 BA==
SINK 010203
= 1 2 3
SMIMEA 030001D2ABDE240D7CD3EE6B4B28C54DF034B97983A1D16E8A410E4561CB106618E971
= 3 0 1 D2ABDE240D7CD3EE6B4B28C54DF034B97983A1D16E8A410E4561CB106618E971
SPF 0B763D73706631202D616C6C
= "v=spf1 -all"
SRV 000A0014035503737276056F74686572047465737400
= 10 20 853 srv.other.test.
SSHFP 0402123456789ABCDEF67890123456789ABCDEF67890123456789ABCDEF123456789
= 4 2 123456789ABCDEF67890123456789ABCDEF67890123456789ABCDEF123456789
SVCB 0001000001000908665C6F2C1B226F6F
= 1 . alpn="f\\\\o\\,\027\"oo"
SVCB 000100029B000668656C6C6F0A
= 1 . key667="hello\010"
TA EC4505012BB183AF5F22588179A53B0A98631FAD1A292118
= 60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118
TALINK 0161056F746865720474657374000162056F74686572047465737400
= a.other.test. b.other.test.
TLSA 030101D2ABDE240D7CD3EE6B4B28C54DF034B97983A1D16E8A410E4561CB106618E971
= 3 1 1 D2ABDE240D7CD3EE6B4B28C54DF034B97983A1D16E8A410E4561CB106618E971
TXT 297122756F746520625C736C6173682073656D693B636F6C6F6E201B5B33316D200720FFFE207461620905C3BC62
  6572
= "q\"uote b\\slash semi;colon \027[31m \007 \255\254 tab\009" "\195\188ber"
UINFO 0141
= \# 2 0141
ZONEMD 7848B91C0101C68090D9
= 2018031900 1 1 C68090D9
URI 000A00016674703A2F2F667470312E6578616D706C652E636F6D2F7075626C6963
= 10 1 "ftp://ftp1.example.com/public"
WKS C0000201060000004000000000000080
= 192.0.2.1 6 25 80
X25 0C333131303631373030393536
= "311061700956"
NSEC3 0101000C04AABBCCDD1417F3DF17B2B2ADAEF615257DE4D2020B80AC6C7C0006400000000002
= 1 1 12 AABBCCDD 2vptu5timamqttgl4luu9kg21e0aor3s A RRSIG
SIG 00000D02000000007A00000069000000303908616C6C74797065730474657374000001020304050607
= 0 13 2 0 20341111011232 20251027232800 12345 alltypes.test. AAECAwQFBgc=
RRSIG 00010D030000012CFFFFFFFF000000013039047465737400AA
= A 13 3 300 19691231235959 19700101000001 12345 test. qg==
RRSIG 00010D030000012C7A00000069000000303908616C6C74797065730474657374000001020304050607
= A 13 3 300 20341111011232 20251027232800 12345 alltypes.test. AAECAwQFBgc=
HIP 0402000420010010030100010472767331076578616D706C6503636F6D000472767332076578616D706C6503636F
  6D00
= 2 20010010 AwEAAQ== rvs1.example.com. rvs2.example.com.
HIP 01020001FFAA
= 2 FF qg==
SVCB 000100000500050045FE0D000006001020010DB8000000000000000000000001000700102F646E732D717565727
  97B3F646E737D00080000
= 1 . ech=AEX+DQA= ipv6hint=2001:db8::1 dohpath="/dns-query{?dns}" ohttp
MD 026D64056F74686572047465737400
= md.other.test.
MF 026D66056F74686572047465737400
= mf.other.test.
CNAME 0174047465737400
= t.test.
PTR 0174047465737400
= t.test.
MX 000A0174047465737400
= 10 t.test.
AAAA 20010DB8000000000000000000000001
= 2001:db8::1
AAAA 00000000000000000000FFFFC0000201
= ::ffff:192.0.2.1
AAAA 000000000000000000000000C0000201
= ::c000:201
AAAA 0064FF9B0000000000000000C0000201
= 64:ff9b::c000:201
AAAA 00000000000000000000000000000001
= ::1
LOC 0033161376E8D1B570BE15F000989FE0
= 42 21 54.123 S  71 6 18 W  24m  30m 10000m 10m
TSIG 0B686D61632D7368613235360000006B01EBC3012C0004AABBCCDD9D6800100000
= hmac-sha256. 1795288003 300 4 qrvM3Q== 40296 BADSIG 0
TSIG 0B686D61632D7368613235360000006B01EBC3012C00009D6800000006000000000001
= hmac-sha256. 1795288003 300 0 40296 NOERROR 6 AAAAAAAB
TKEY 03677373000000000100000002000300000002AABB0000
= gss. 1 2 3 NOERROR 2 qrs= 0
WALLET 034254430361626300
= "BTC" "abc" ""
DOA 00000000000000010200
= 0 1 2 "" -
HHIT 01020304
= AQIDBA==
BRID 0102030405
= AQIDBAU=
DSYNC 003B0214EF066E6F74696679056F74686572047465737400
= CDS 2 5359 notify.other.test.
AMTRELAY 0A0220010DB8000000000000000000000001
= 10 0 2 2001:db8::1
APL 0001000000020080
= 1:0.0.0.0/0 !2:::/0
TXT 09610062FF630A645C65
= "a\000b\255c\010d\\e"
HTTPS 000100000100060268320268330002000000040004C0000201
= 1 . alpn="h2,h3" no-default-alpn ipv4hint=192.0.2.1
TYPE65280 DEADBEEF
= \# 4 DEADBEEF
TYPE65281
= \# 0
A
= \# 0
APL
=
ANY 01
= \# 1 01
"##;
