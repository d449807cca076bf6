//! Colour. One rule: taken away, it leaves the plain text to the byte.

use std::io::{self, Write};

use owo_colors::Style;

/// What a piece of text is, not how it looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Lines that frame the data: titles, statistics.
    Comment,
    /// The owner of a record.
    Owner,
    /// A record type.
    Type,
    /// A pin.
    Pin,
    /// Good news.
    Good,
    /// Bad news.
    Bad,
    /// News to look at.
    Warning,
    /// The next thing to type.
    Hint,
}

/// A pen that writes in colour, or not.
#[derive(Clone, Copy, Debug)]
pub struct Ink {
    colour: bool,
}

impl Ink {
    /// A pen that writes in colour when `colour` is true.
    pub fn new(colour: bool) -> Self {
        Self { colour }
    }

    /// Writes what `text` writes, in the style of `role`.
    pub fn paint<W: Write + ?Sized>(
        self,
        out: &mut W,
        role: Role,
        text: impl FnOnce(&mut W) -> io::Result<()>,
    ) -> io::Result<()> {
        if !self.colour {
            return text(out);
        }
        let style = style(role);
        write!(out, "{}", style.prefix_formatter())?;
        text(out)?;
        write!(out, "{}", style.suffix_formatter())
    }
}

fn style(role: Role) -> Style {
    match role {
        Role::Comment => Style::new().dimmed(),
        Role::Owner => Style::new().bold(),
        Role::Type => Style::new().cyan(),
        Role::Pin => Style::new().magenta(),
        Role::Good => Style::new().green(),
        Role::Bad => Style::new().red().bold(),
        Role::Warning => Style::new().yellow(),
        Role::Hint => Style::new().blue(),
    }
}
