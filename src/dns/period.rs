//! Lengths of time in words. One rule: the words are kdig's: weeks at most, no unit that is zero.

use std::io::Write;

/// Appends `1 week 2 days 1 second`; nothing for 0 seconds.
pub(super) fn write(out: &mut Vec<u8>, seconds: u64) {
    let mut left = seconds;
    let mut space = "";
    for (unit, length) in UNITS {
        let count = left / length;
        left %= length;
        if count > 0 {
            let plural = if count > 1 { "s" } else { "" };
            // writing to a Vec does not fail
            let _ = write!(out, "{space}{count} {unit}{plural}");
            space = " ";
        }
    }
}

const UNITS: [(&str, u64); 5] =
    [("week", 604_800), ("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1)];

#[cfg(test)]
mod tests {
    #[test]
    fn units_that_are_zero_are_left_out() {
        let words = |seconds| {
            let mut out = Vec::new();
            super::write(&mut out, seconds);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(words(1_209_600), "2 weeks");
        assert_eq!(words(90_061), "1 day 1 hour 1 minute 1 second");
        assert_eq!(words(0), "");
    }
}
