//! Keys in the notation of BIND's files. One rule: what is there twice, or does not end, is
//! refused, for nobody knows which part was meant.

use super::key::KeyFault;

/// A key as BIND writes it.
pub(super) struct Clause<'a> {
    pub(super) name: &'a str,
    pub(super) algorithm: Option<&'a str>,
    pub(super) secret: Option<&'a str>,
}

impl<'a> Clause<'a> {
    /// The keys of a text that begins as a file of BIND with a key does; what stands between them
    /// is for others. Keywords may be in capitals.
    pub(super) fn all(text: &'a str) -> Result<Vec<Self>, KeyFault> {
        let mut words = Words(text);
        let mut found = Vec::new();
        let mut depth = 0_usize;
        while let Some(word) = words.next() {
            if depth == 0 && word.eq_ignore_ascii_case("key") {
                let rest = words.0;
                if let (Some(name), Some("{")) = (words.next(), words.next()) {
                    found.push(Self::read(name, &mut words)?);
                    continue;
                }
                words.0 = rest;
            }
            if found.is_empty() {
                // a line, or what is none of BIND's
                break;
            }
            match word {
                "{" => depth += 1,
                "}" => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
        Ok(found)
    }

    /// The statements behind the brace.
    fn read(name: &'a str, words: &mut Words<'a>) -> Result<Self, KeyFault> {
        let mut clause = Self { name, algorithm: None, secret: None };
        while let Some(word) = words.next().filter(|&word| word != "}") {
            let field = match &*word.to_ascii_lowercase() {
                "algorithm" => &mut clause.algorithm,
                "secret" => &mut clause.secret,
                _ => continue,
            };
            if field.is_some() {
                return Err(KeyFault::Statement);
            }
            *field = words.next().filter(|it| !matches!(*it, ";" | "}"));
            match words.next() {
                _ if field.is_none() => {}
                Some(";") | None => {}
                Some("}") => break,
                Some(_) => return Err(KeyFault::Statement),
            }
        }
        Ok(clause)
    }
}

/// The words of a file of BIND: without comments, and without the quotes of those in quotes.
struct Words<'a>(&'a str);

impl<'a> Iterator for Words<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        loop {
            let text = self.0.trim_start();
            let comment = if text.starts_with('#') || text.starts_with("//") {
                "\n"
            } else if text.starts_with("/*") {
                "*/"
            } else {
                return self.word(text);
            };
            self.0 = text.split_once(comment).map_or("", |(_, rest)| rest);
        }
    }
}

impl<'a> Words<'a> {
    fn word(&mut self, text: &'a str) -> Option<&'a str> {
        const MARKS: [char; 4] = ['{', '}', ';', '"'];
        let (word, rest) = if let Some(quoted) = text.strip_prefix('"') {
            quoted.split_once('"').unwrap_or((quoted, ""))
        } else if text.starts_with(MARKS) {
            text.split_at(1)
        } else {
            let ends = |c: char| MARKS.contains(&c) || c.is_whitespace();
            text.split_at(text.find(ends).unwrap_or(text.len()))
        };
        self.0 = rest;
        (!text.is_empty()).then_some(word)
    }
}
