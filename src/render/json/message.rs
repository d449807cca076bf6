//! A message as RFC 8427 has it, with kdig's additions. One rule: numbers are those of the wire but
//! the response code, which is that of header and OPT record together.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::{date, edns};
use crate::dns::digits::in_hex;
use crate::dns::fault::Gravity;
use crate::dns::message::{Header, Message, Question, Record};
use crate::dns::name::Name;
use crate::dns::query::flag;
use crate::dns::rdata::{self, Style};
use crate::dns::section::Section;
use crate::exchange::Packet;

/// A message and when it was sent or received.
pub(super) struct MessageView<'a> {
    pub(super) message: &'a Message<'a>,
    pub(super) packet: &'a Packet,
}

impl Serialize for MessageView<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.members(&mut map)?;
        map.end()
    }
}

impl MessageView<'_> {
    /// The members, for an object that has others beside them.
    pub(super) fn members<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        let Self { message, packet } = self;
        map.serialize_entry("dateString", &date(&packet.at))?;
        map.serialize_entry("dateSeconds", &packet.at.timestamp().as_second())?;
        map.serialize_entry("msgLength", &message.bytes.len())?;
        if let Some(header) = message.header {
            self.header(header, map)?;
        }
        match &message.questions[..] {
            [] => {}
            [question] => question_members(question, map)?,
            questions => {
                let questions: Vec<_> = questions.iter().map(QuestionView).collect();
                map.serialize_entry("questionRRs", &questions)?;
            }
        }
        for (name, section) in [
            ("answerRRs", Section::Answer),
            ("authorityRRs", Section::Authority),
            ("additionalRRs", Section::Additional),
        ] {
            let records = message.section(section).iter().filter(|it| !message.is_opt(it));
            let now = packet.at.timestamp().as_second();
            let records: Vec<_> = records.map(|record| RecordView { record, now }).collect();
            if !records.is_empty() {
                map.serialize_entry(name, &records)?;
            }
        }
        if let Some(opt) = message.opt() {
            let question = message.questions.first().map(|question| question.name);
            let view = edns::EdnsView { opt, rcode: message.rcode(), question };
            map.serialize_entry("EDNS", &view)?;
        }
        let unread = message.faults.iter().any(|fault| fault.gravity() == Gravity::Unreadable);
        if unread || !message.unread().is_empty() {
            map.serialize_entry("messageOctetsHEX", &in_hex(message.bytes))?;
        }
        Ok(())
    }

    fn header<M: SerializeMap>(&self, header: Header, map: &mut M) -> Result<(), M::Error> {
        map.serialize_entry("ID", &header.id)?;
        let bit = |bit| u8::from(header.is(bit));
        map.serialize_entry("QR", &bit(Header::QR))?;
        map.serialize_entry("Opcode", &header.opcode().0)?;
        for (name, flag) in [
            ("AA", flag::AA),
            ("TC", flag::TC),
            ("RD", flag::RD),
            ("RA", flag::RA),
            ("Z", flag::Z),
            ("AD", flag::AD),
            ("CD", flag::CD),
        ] {
            map.serialize_entry(name, &bit(flag))?;
        }
        let rcode = self.message.rcode();
        map.serialize_entry("RCODE", &rcode.code)?;
        map.serialize_entry("RCODEname", &edns::rcode_name(rcode))?;
        let counts = ["QDCOUNT", "ANCOUNT", "NSCOUNT", "ARCOUNT"].iter().zip(header.counts);
        for (name, count) in counts {
            map.serialize_entry(name, &count)?;
        }
        Ok(())
    }
}

fn question_members<M: SerializeMap>(question: &Question<'_>, map: &mut M) -> Result<(), M::Error> {
    map.serialize_entry("QNAME", &owner(question.name))?;
    map.serialize_entry("QTYPE", &question.record_type)?;
    map.serialize_entry("QTYPEname", &code(question.record_type, rdata::write_type))?;
    map.serialize_entry("QCLASS", &question.class)?;
    map.serialize_entry("QCLASSname", &code(question.class, rdata::write_class))
}

/// One of several questions.
struct QuestionView<'a>(&'a Question<'a>);

impl Serialize for QuestionView<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        let Question { name, record_type, class } = *self.0;
        head(name, record_type, class, &mut map)?;
        map.end()
    }
}

/// A record, and the moment that its times are near: seconds since 1970.
struct RecordView<'a> {
    record: &'a Record<'a>,
    now: i64,
}

impl Serialize for RecordView<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let &Record { owner, record_type, class, ttl, rdata, .. } = self.record;
        let mut map = serializer.serialize_map(None)?;
        head(owner, record_type, class, &mut map)?;
        map.serialize_entry("TTL", &ttl)?;
        if rdata.has_text(record_type) {
            let mut member = b"rdata".to_vec();
            rdata::write_type(&mut member, record_type);
            let mut text = Vec::new();
            let style = Style { now: self.now, ..Style::default() };
            rdata.write(record_type, style, &mut text);
            map.serialize_entry(&ascii(member), &ascii(text))?;
        }
        let octets = rdata.uncompressed(record_type);
        map.serialize_entry("RDLENGTH", &octets.len())?;
        if !octets.is_empty() {
            map.serialize_entry("RDATAHEX", &in_hex(&octets))?;
        }
        map.end()
    }
}

fn head<M: SerializeMap>(
    name: Name<'_>,
    record_type: u16,
    class: u16,
    map: &mut M,
) -> Result<(), M::Error> {
    map.serialize_entry("NAME", &owner(name))?;
    map.serialize_entry("TYPE", &record_type)?;
    map.serialize_entry("TYPEname", &code(record_type, rdata::write_type))?;
    map.serialize_entry("CLASS", &class)?;
    map.serialize_entry("CLASSname", &code(class, rdata::write_class))
}

fn owner(name: Name<'_>) -> String {
    let mut text = Vec::with_capacity(name.length());
    name.write(&mut text, false);
    ascii(text)
}

pub(super) fn code(number: u16, write: fn(&mut Vec<u8>, u16)) -> String {
    let mut text = Vec::new();
    write(&mut text, number);
    ascii(text)
}

/// What the writers of `dns` made: without Unicode labels it is all ASCII.
fn ascii(text: Vec<u8>) -> String {
    String::from_utf8(text).unwrap_or_default()
}
