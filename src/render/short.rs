//! The data alone: the RDATA of every answer record, one a line. One rule: nothing else.

use std::io::{self, Write};

use super::dig;
use crate::display::Display;
use crate::dns::message::Message;
use crate::dns::rdata::Style;
use crate::dns::section::Section;

/// Writes the RDATA of the answer records of a reply that came `now`, in seconds since 1970; nothing
/// when there are none.
pub fn reply(
    message: &Message<'_>,
    now: i64,
    display: &Display,
    out: &mut dyn Write,
) -> io::Result<()> {
    let style = Style { now, ..dig::style(display) };
    let mut text = Vec::with_capacity(2 * message.bytes.len());
    for record in message.section(Section::Answer) {
        record.rdata.write(record.record_type, style, &mut text);
        text.push(b'\n');
    }
    out.write_all(&text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dns::unhex;
    use crate::render::dig::tests::{LOOKUP, exchange};

    #[test]
    fn only_the_data_of_the_answer_is_written() {
        let mut out = Vec::new();
        let exchange = exchange(unhex(LOOKUP));
        let message = Message::read(&exchange.reply.bytes);
        reply(&message, 0, &Display::default(), &mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "192.0.2.1\n192.0.2.2\n");
    }
}
