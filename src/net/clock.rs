//! Local time. One rule: the one file that says how local time goes is read, not the index of all
//! zones there are, which takes longer than a handshake.

use std::cell::OnceCell;
use std::fs;

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

/// A clock of the place we run in.
#[derive(Clone, Debug, Default)]
pub(super) struct Clock {
    zone: OnceCell<TimeZone>,
}

impl Clock {
    /// This moment.
    pub(super) fn now(&self) -> Zoned {
        Timestamp::now().to_zoned(self.zone.get_or_init(zone).clone())
    }
}

/// The zone of the system, unless the environment names another.
fn zone() -> TimeZone {
    let local = match std::env::var_os("TZ") {
        None => fs::read("/etc/localtime").ok(),
        Some(_) => None,
    };
    local.and_then(|octets| TimeZone::tzif("Local", &octets).ok()).unwrap_or_else(TimeZone::system)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_time_is_that_of_the_system() {
        let ours = Clock::default().now();
        let theirs = ours.timestamp().to_zoned(TimeZone::system());
        let format = "%Y-%m-%d %H:%M:%S %Z";
        assert_eq!(ours.strftime(format).to_string(), theirs.strftime(format).to_string());
    }
}
