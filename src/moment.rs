//! Moments and lengths of time in words. One rule: whole units, two at most, UTC.

use std::time::Duration;

use jiff::Timestamp;

/// The day of a moment, UTC.
pub fn day(seconds: i64) -> String {
    match Timestamp::from_second(seconds) {
        Ok(moment) => moment.strftime("%Y-%m-%d").to_string(),
        // no end at all (RFC 5280 section 4.1.2.5)
        Err(_) if seconds > 0 => "9999-12-31".to_owned(),
        Err(_) => format!("second {seconds} of the epoch"),
    }
}

/// A length of time in two units at most, days up to two years: `48days 14h`, `364days`,
/// `9years 11months`.
pub fn span(seconds: i64) -> String {
    const HOUR: u64 = 3600;
    const DAY: u64 = 24 * HOUR;
    const YEAR: u64 = 365 * DAY;
    let seconds = seconds.unsigned_abs();
    if (DAY..2 * YEAR).contains(&seconds) {
        let (days, hours) = (seconds / DAY, seconds % DAY / HOUR);
        let unit = if days == 1 { "day" } else { "days" };
        return match (days, hours) {
            (..100, 1..) => format!("{days}{unit} {hours}h"),
            _ => format!("{days}{unit}"),
        };
    }
    let words = humantime::format_duration(Duration::from_secs(seconds)).to_string();
    words.split(' ').take(2).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_has_two_units_at_most_and_counts_days_while_one_can() {
        for (seconds, words) in [
            (0, "0s"),
            (61, "1m 1s"),
            (7_200, "2h"),
            (86_400, "1day"),
            (-90_000, "1day 1h"),
            (48 * 86_400 + 14 * 3_600 + 5, "48days 14h"),
            (99 * 86_400, "99days"),
            (364 * 86_400 + 20 * 3_600, "364days"),
            (3_650 * 86_400, "9years 11months"),
        ] {
            assert_eq!(span(seconds), words);
        }
    }

    #[test]
    fn a_day_is_of_utc_and_of_any_year() {
        assert_eq!(day(0), "1970-01-01");
        assert_eq!(day(253_402_300_799), "9999-12-31");
        assert_eq!(day(i64::MIN), "second -9223372036854775808 of the epoch");
    }
}
