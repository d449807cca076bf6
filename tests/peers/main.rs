//! tdig beside real kdig, against real servers: the same command lines, line by line.
//!
//! One test a peer, each with servers of its own on loopback. A peer that is not installed is
//! skipped and named on standard error; with `TDIG_PEERS=required` it fails. What may differ is
//! the list in `alterations.rs`, and nothing else.

#![cfg(unix)]

mod alterations;
mod batch;
mod commands;
mod compare;
mod json;
mod options;
mod pki;
mod presentation;
mod process;
#[path = "../rdata/mod.rs"]
mod rdata;
mod records;
mod servers;
mod transcripts;
mod tsig;
mod usage;

use servers::Lab;

#[test]
fn bind_and_kdig_agree_with_tdig() {
    let Some(lab) = Lab::bind("bind") else { return };
    commands::check(&lab, commands::BIND);
    json::check(&lab);
    commands::check_ipv6(&lab);
}

#[test]
fn every_record_is_as_in_kdig() {
    let Some(lab) = Lab::bind("records-kdig") else { return };
    commands::check_every_record(&lab);
}

#[test]
fn every_record_that_kdig_does_not_know_is_as_in_dig() {
    let Some(lab) = Lab::bind("records-dig") else { return };
    records::check(&lab);
}

#[test]
fn unbound_and_kdig_agree_with_tdig() {
    let Some(lab) = Lab::unbound("unbound") else { return };
    commands::check(&lab, commands::RESOLVER);
}

#[test]
fn unbound_answers_five_thousand_queries_in_flight() {
    let Some(lab) = Lab::unbound("unbound-batch") else { return };
    batch::check_many_in_flight(&lab);
}

#[test]
fn parallel_splits_two_lists_and_merges_the_answers() {
    let Some(lab) = Lab::unbound("unbound-parallel") else { return };
    batch::check_parallel("parallel", &lab);
}

#[test]
fn knot_resolver_and_kdig_agree_with_tdig() {
    let Some(lab) = Lab::kresd("kresd") else { return };
    commands::check(&lab, commands::RESOLVER);
}

#[test]
fn dnsdist_and_kdig_agree_with_tdig() {
    let Some(lab) = Lab::dnsdist("dnsdist") else { return };
    commands::check(&lab, commands::RESOLVER);
}

#[test]
fn signed_queries_end_as_those_of_kdig() {
    let Some(lab) = Lab::bind("tsig") else { return };
    tsig::check(&lab);
}
