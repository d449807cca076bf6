//! Options of kdig: each is one of tdig's, or left out with a reason.

use tdig::cli::options::{LEFT_OUT, OPTIONS};

use crate::process::{Scratch, run, tools};

/// The options that kdig 3.6 has and 3.2.6 has not.
const SINCE_326: &[&str] =
    &["doflag", "deflag", "validate", "optpresent", "zoneversion", "msgdelay", "idnin", "idnout"];

#[test]
fn every_option_of_kdig_is_there_or_left_out_with_a_reason() {
    let Some([kdig]) = tools("options", ["kdig"]) else { return };
    let scratch = Scratch::new("options");
    let help = run(&kdig, &["--help".into()], scratch.path()).stdout;
    let printed = help.split("+[no]").skip(1);
    let name = |text: &str| -> String {
        text.chars().take_while(|it| it.is_ascii_alphanumeric() || *it == '-').collect()
    };
    let mut names: Vec<String> = printed.map(name).collect();
    assert!(names.len() > 50, "{help}");
    names.extend(SINCE_326.iter().map(|name| name.to_string()));
    for name in names {
        let is_ours = OPTIONS.iter().any(|row| row.kdig && row.name == name);
        let is_left_out = LEFT_OUT.iter().any(|(left_out, _)| *left_out == name);
        assert!(is_ours != is_left_out, "+{name}");
    }
}

#[test]
fn every_dash_option_of_kdig_is_there_or_left_out_with_a_reason() {
    let ours = tdig::cli::clap_command();
    for letter in "46bcdhkpqtVxyEG".chars() {
        let is_ours = ours.get_arguments().any(|it| it.get_short() == Some(letter));
        let is_left_out = LEFT_OUT.iter().any(|(left_out, _)| *left_out == format!("-{letter}"));
        assert!(is_ours != is_left_out, "-{letter}");
    }
}
