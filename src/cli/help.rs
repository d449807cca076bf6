//! The help text, made from the tables. One rule: under 100 lines of at most 80 columns, and no
//! option named by hand.

use std::io::{self, Write};

use super::options::{Argument, Group, OPTIONS, Row};

/// How the program is called.
pub const USAGE: &str = "tdig [option]... [@server]... [name [type] [class] [+option]...]...";

/// Writes the help.
pub fn write(out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "Usage: {USAGE}")?;
    writeln!(out, "  tdig @dns.example +tls-ca example.com MX")?;
    writeln!(out, "  tdig -d @1.1.1.1 +tls-ca +tls-host=one.one.one.one example.com\n")?;
    for argument in super::clap_command().get_arguments().filter(|it| !it.is_hide_set()) {
        let short = argument.get_short().map(|short| format!("-{short}"));
        let long = argument.get_long().map(|long| format!("--{long}"));
        let name = [short, long].into_iter().flatten().collect::<Vec<_>>().join(", ");
        let value = argument
            .get_value_names()
            .filter(|_| {
                argument.get_action().takes_values() && argument.get_num_args() != Some(0.into())
            })
            .and_then(|names| names.first())
            .map(
                |value| {
                    if name.starts_with("--") { format!("={value}") } else { format!(" {value}") }
                },
            )
            .unwrap_or_default();
        let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
        writeln!(out, "  {:<24} {help}", format!("{name}{value}"))?;
    }
    for group in Group::ALL {
        writeln!(out, "\n{}:", group.title())?;
        for row in OPTIONS.iter().filter(|row| row.group == group && !row.is_alias()) {
            let is_on = row.on_by_default() || row.on_where.is_some();
            let star = if is_on { '*' } else { ' ' };
            writeln!(out, "  {:<23}{star} {}", synopsis(row), row.help)?;
        }
    }
    writeln!(out, "\n* is on by default. Unambiguous short forms will do. tdig(1) says more.")
}

/// `+[no]tls-ca[=FILE]`
pub fn synopsis(row: &Row) -> String {
    let value = match row.argument {
        Argument::None => String::new(),
        Argument::Optional(value) => format!("[={value}]"),
        Argument::Required(value) => format!("={value}"),
    };
    format!("+[no]{}{value}", row.name)
}
