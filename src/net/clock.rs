//! Local time. One rule: the one file that says how local time goes is read, and never the index of
//! all zones there are, which takes longer than a handshake.

use std::cell::OnceCell;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Component, Path};

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

/// A clock of the place we run in.
#[derive(Clone, Debug, Default)]
pub(crate) struct Clock {
    zone: OnceCell<TimeZone>,
}

impl Clock {
    /// This moment.
    pub(crate) fn now(&self) -> Zoned {
        Timestamp::now().to_zoned(self.zone.get_or_init(zone).clone())
    }
}

/// The zone of the system, unless the environment names another.
fn zone() -> TimeZone {
    if cfg!(not(unix)) {
        return TimeZone::system();
    }
    let named = std::env::var_os("TZ").map(|it| it.to_string_lossy().into_owned());
    let folder = std::env::var_os("TZDIR").map(|it| it.to_string_lossy().into_owned());
    of_variable(named.as_deref(), folder.as_deref())
}

/// The zone that `TZ` says (POSIX.1-2024, Base Definitions section 8.3), as the C library has it:
/// what it cannot read is UTC.
fn of_variable(named: Option<&str>, folder: Option<&str>) -> TimeZone {
    const FOLDERS: [&str; 4] =
        ["/usr/share/zoneinfo", "/usr/lib/zoneinfo", "/usr/share/lib/zoneinfo", "/etc/zoneinfo"];
    let Some(named) = named else { return of_file(Path::new("/etc/localtime")).unwrap_or(UTC) };
    let named = named.strip_prefix(':').unwrap_or(named);
    if ["", "UTC", "UTC0", "Etc/UTC"].contains(&named) {
        return UTC;
    }
    let path = Path::new(named);
    let found = if path.is_absolute() {
        of_file(path)
    } else if path.components().all(|part| matches!(part, Component::Normal(_))) {
        let folders = folder.into_iter().chain(FOLDERS.into_iter().filter(|_| folder.is_none()));
        folders.map(Path::new).find_map(|folder| of_file(&folder.join(path)))
    } else {
        None
    };
    found.or_else(|| of_posix(named)).unwrap_or(UTC)
}

const UTC: TimeZone = TimeZone::UTC;

/// A zone such as `CET-1CEST,M3.5.0,M10.5.0/3`. One that names summer time without saying when has
/// the rule of the United States, as everywhere.
fn of_posix(named: &str) -> Option<TimeZone> {
    const DEFAULT_RULE: &str = ",M3.2.0,M11.1.0";
    // a name of letters alone is that of a file which is not there
    let is_zone = named.contains(|it: char| it.is_ascii_digit());
    let with_rule = || TimeZone::posix(&format!("{named}{DEFAULT_RULE}"));
    let zone = is_zone.then(|| TimeZone::posix(named).or_else(|_| with_rule()));
    zone?.ok()
}

/// The zone of a file of the zone database (RFC 9636), which is a regular one of some kilobytes.
fn of_file(path: &Path) -> Option<TimeZone> {
    const MAX_OCTETS: u64 = 256 * 1024;
    if !fs::metadata(path).ok()?.is_file() {
        return None;
    }
    let mut octets = Vec::new();
    File::open(path).ok()?.take(MAX_OCTETS).read_to_end(&mut octets).ok()?;
    TimeZone::tzif("Local", &octets).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORMAT: &str = "%Y-%m-%d %H:%M:%S %Z";

    #[test]
    fn local_time_is_that_of_the_system() {
        let ours = Clock::default().now();
        let theirs = ours.timestamp().to_zoned(TimeZone::system());
        assert_eq!(ours.strftime(FORMAT).to_string(), theirs.strftime(FORMAT).to_string());
    }

    #[test]
    #[cfg(unix)]
    fn the_variable_means_what_it_means_to_the_c_library() {
        for (named, summer, winter) in [
            ("", "10:00:00 UTC", "10:00:00 UTC"),
            (":", "10:00:00 UTC", "10:00:00 UTC"),
            ("UTC", "10:00:00 UTC", "10:00:00 UTC"),
            (":UTC", "10:00:00 UTC", "10:00:00 UTC"),
            ("UTC0", "10:00:00 UTC", "10:00:00 UTC"),
            ("CET-1CEST,M3.5.0,M10.5.0/3", "12:00:00 CEST", "11:00:00 CET"),
            ("EST5EDT", "06:00:00 EDT", "05:00:00 EST"),
            ("ABC5XYZ", "06:00:00 XYZ", "05:00:00 ABC"),
            ("<+0330>-3:30", "13:30:00 +0330", "13:30:00 +0330"),
            ("JST-9", "19:00:00 JST", "19:00:00 JST"),
            // what is no zone
            ("Nowhere/Nothing", "10:00:00 UTC", "10:00:00 UTC"),
            ("../../../etc/passwd", "10:00:00 UTC", "10:00:00 UTC"),
            (":/dev/zero", "10:00:00 UTC", "10:00:00 UTC"),
            (":/dev/null", "10:00:00 UTC", "10:00:00 UTC"),
            ("/etc/passwd", "10:00:00 UTC", "10:00:00 UTC"),
            ("/", "10:00:00 UTC", "10:00:00 UTC"),
            (".", "10:00:00 UTC", "10:00:00 UTC"),
        ] {
            let zone = of_variable(Some(named), None);
            let at = |moment: &str| {
                let moment: Timestamp = moment.parse().unwrap();
                moment.to_zoned(zone.clone()).strftime("%H:%M:%S %Z").to_string()
            };
            let times = (at("2026-07-25T10:00:00Z"), at("2026-11-25T10:00:00Z"));
            assert_eq!(times, (summer.to_owned(), winter.to_owned()), "{named}");
        }
    }

    #[test]
    #[cfg(unix)]
    fn a_zone_of_the_database_is_found_by_name_and_by_path() {
        const FOLDER: &str = "/usr/share/zoneinfo";
        if !Path::new(FOLDER).join("Europe/Prague").exists() {
            return;
        }
        let moment: Timestamp = "2026-07-25T10:00:00Z".parse().unwrap();
        for (named, folder) in [
            ("Europe/Prague", None),
            (":Europe/Prague", None),
            ("/usr/share/zoneinfo/Europe/Prague", None),
            (":/usr/share/zoneinfo/Europe/Prague", Some("/nonexistent")),
            ("Prague", Some("/usr/share/zoneinfo/Europe")),
        ] {
            let time = moment.to_zoned(of_variable(Some(named), folder));
            assert_eq!(time.strftime("%H %Z").to_string(), "12 CEST", "{named}");
        }
        let elsewhere = of_variable(Some("Europe/Prague"), Some("/nonexistent"));
        assert_eq!(moment.to_zoned(elsewhere).strftime("%H %Z").to_string(), "10 UTC");
    }
}
