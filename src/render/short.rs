//! The data alone: the RDATA of every answer record, one a line. One rule: nothing else.

use std::io::{self, Write};

use super::dig;
use crate::display::Display;
use crate::dns::message::Message;
use crate::dns::section::Section;

/// Writes the RDATA of the answer records of a reply; nothing when there are none.
pub fn reply(message: &Message<'_>, display: &Display, out: &mut dyn Write) -> io::Result<()> {
    let mut text = Vec::with_capacity(2 * message.bytes.len());
    for record in message.section(Section::Answer) {
        record.rdata.write(record.record_type, dig::style(display), &mut text);
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
        reply(&message, &Display::default(), &mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "192.0.2.1\n192.0.2.2\n");
    }
}
