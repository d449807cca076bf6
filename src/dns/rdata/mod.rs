//! RDATA: wire format in, presentation format out. One rule: what does not fit its type is shown
//! whole as `\# length hex` (RFC 3597 section 5), so that no octet is ever hidden or guessed at.

use super::cursor::Cursor;
use super::name::Name;
use field::Field;
use pen::Writer;

mod compound;
mod field;
mod key;
mod pen;
mod svcb;
mod table;
mod write;

pub(super) use key::algorithm_name;
pub(super) use pen::quoted;

pub use pen::Style;
pub use table::{
    RECORD_TYPES, RecordType, class_from_word, class_name, record_type, type_from_word, type_name,
    write_class, write_type,
};

/// The RDATA of one record, in its message: names in it may point out of it.
#[derive(Clone, Copy, Debug)]
pub struct Rdata<'a> {
    place: Cursor<'a>,
}

impl<'a> Rdata<'a> {
    /// The `length` octets that follow in the message.
    pub(super) fn take(cursor: &mut Cursor<'a>, length: usize) -> Option<Self> {
        let start = *cursor;
        cursor.octets(length)?;
        Some(Self { place: Cursor { end: cursor.at, ..start } })
    }

    /// The octets as they stand in the message.
    pub fn octets(&self) -> &'a [u8] {
        self.place.message.get(self.place.at..self.place.end).unwrap_or_default()
    }

    /// The octets with every name written out, as RFC 3597 section 4 wants them outside of their
    /// message; as they are when they do not fit the type.
    pub fn uncompressed(&self, number: u16) -> Vec<u8> {
        let mut octets = Vec::with_capacity(self.octets().len());
        if self.expand(fields(number), &mut octets).is_none() {
            octets.clear();
            octets.extend(self.octets());
        }
        octets
    }

    /// Whether the octets are what the type is made of. Any octets fit a type without fields.
    pub fn fits(&self, number: u16) -> bool {
        let mut rest = self.place;
        let fields = fields(number);
        fields.is_empty()
            || fields.iter().all(|field| field.take(&mut rest).is_some()) && rest.left() == 0
    }

    /// Whether the RDATA have a text other than `\# length hex`: their type is known and they fit
    /// it. No octets at all are no data (RFC 2136 section 2.4), but an APL of no prefixes.
    pub fn has_text(&self, number: u16) -> bool {
        let fields = fields(number);
        let any = self.place.left() > 0 || fields == [Field::Apl];
        any && !fields.is_empty() && self.fits(number)
    }

    /// Appends the text of the RDATA of a record of type `number`, without a space at its end;
    /// nothing for an APL without prefixes, which has no text.
    pub fn write(&self, number: u16, style: Style, out: &mut Vec<u8>) {
        let start = out.len();
        let mut writer = Writer::new(out, style);
        let fields = fields(number);
        let empty = self.place.left() == 0 && fields != [Field::Apl];
        if style.generic || fields.is_empty() || empty || self.text(fields, &mut writer).is_none() {
            out.truncate(start);
            Writer::new(out, style).unknown(&self.uncompressed(number));
        }
    }

    /// The name that the RDATA are, as those of CNAME and DNAME; `None` if they are anything else.
    pub fn name(&self) -> Option<Name<'a>> {
        let mut rest = self.place;
        let name = rest.name().ok()?;
        (rest.left() == 0).then_some(name)
    }

    /// The serial of an SOA record (RFC 1035 section 3.3.13): the first of five numbers at its end.
    pub(super) fn soa_serial(&self) -> Option<u32> {
        let octets = self.octets();
        let numbers = octets.get(octets.len().checked_sub(20)?..)?;
        numbers.first_chunk().map(|serial| u32::from_be_bytes(*serial))
    }

    /// The error field of a TSIG record (RFC 8945 section 4.2); `None` if the data are no TSIG.
    pub(super) fn tsig_error(&self) -> Option<u16> {
        let mut rest = self.place;
        rest.plain_name()?;
        // time signed and fudge
        rest.skip(8)?;
        let mac = rest.u16()?;
        rest.skip(mac.into())?;
        // original ID
        rest.skip(2)?;
        rest.u16()
    }

    fn text(&self, fields: &[Field], writer: &mut Writer<'_>) -> Option<()> {
        let mut rest = self.place;
        for &field in fields {
            let place = rest;
            let octets = field.take(&mut rest)?;
            writer.field(field, octets, place);
        }
        (rest.left() == 0).then(|| writer.finish(fields.contains(&Field::Key), self.octets()))
    }

    fn expand(&self, fields: &[Field], octets: &mut Vec<u8>) -> Option<()> {
        let mut rest = self.place;
        for field in fields {
            match field {
                Field::Name => rest.name().ok()?.write_wire(octets),
                _ => octets.extend(field.take(&mut rest)?),
            }
        }
        // a type without fields is all rest
        (rest.left() == 0).then_some(())
    }
}

fn fields(number: u16) -> &'static [Field] {
    record_type(number).map_or(&[], |row| row.fields)
}

#[cfg(test)]
mod tests;
