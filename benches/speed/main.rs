//! What tdig costs beside others: CPU, wall clock and memory of whole processes, start-up and exit
//! included. One rule: all commands run in turn, round by round, and only ratios within one round
//! are judged, because two runs on a busy machine are not alike.
//!
//!     cargo bench --bench speed                        everything, about a minute
//!     cargo bench --bench speed -- one batch           these of one, batch, memory, size, trips
//!     cargo bench --bench speed -- rounds=5 names=10000
//!
//! The peers that are not installed are left out, and their rows say so. Output goes to /dev/null.
//!
//! | where | what lives there |
//! |---|---|
//! | `server` | a resolver over TLS that is faster than any client |
//! | `floor` | the smallest client that does the same work: the practical limit |
//! | `bench` | where they run: certificates, the lines of a batch, servers |
//! | `commands` | the command lines that are compared |
//! | `measure` | what a process cost, and series of that |
//! | `report` | the tables |

mod bench;
mod commands;
mod floor;
mod measure;
mod report;
mod server;

use std::error::Error;
use std::path::Path;

use bench::Bench;
use commands::{Command, Place};
use measure::{Series, rounds};
use report::{Bound, Report};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// The greatest binary, MiB.
const MAX_BINARY: f64 = 6.0;
const MIB: f64 = 1024.0 * 1024.0;

fn main() -> Outcome<()> {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    match words.first().map(String::as_str) {
        Some("floor") => floor::run(&words[1..]),
        Some("serve") => server::serve(Path::new(&words[1])),
        _ => compare(&Plan::read(&words)?),
    }
}

/// What to do.
struct Plan {
    parts: Vec<String>,
    /// Rounds of one query; a batch has a fifth as many.
    rounds: usize,
    /// Queries of a batch.
    names: usize,
}

impl Plan {
    fn read(words: &[String]) -> Outcome<Self> {
        let mut plan = Self { parts: Vec::new(), rounds: 40, names: 100_000 };
        for word in words {
            match word.split_once('=') {
                Some(("rounds", count)) => plan.rounds = count.parse()?,
                Some(("names", count)) => plan.names = count.parse()?,
                Some(_) => return Err(format!("{word}: neither rounds= nor names=").into()),
                None => plan.parts.push(word.clone()),
            }
        }
        Ok(plan)
    }

    fn has(&self, part: &str) -> bool {
        self.parts.is_empty() || self.parts.iter().any(|it| it == part)
    }
}

fn compare(plan: &Plan) -> Outcome<()> {
    let bench = Bench::build(plan.names)?;
    let mut report = Report::default();
    if plan.has("one") {
        one_query(&bench, plan.rounds, &mut report)?;
    }
    if plan.has("batch") {
        batch(&bench, (plan.rounds / 5).max(1), plan.names, &mut report)?;
    }
    if plan.has("memory") {
        memory(&bench, &mut report)?;
    }
    if plan.has("size") {
        let size = std::fs::metadata(commands::TDIG)?.len() as f64 / MIB;
        report.row("stripped binary", vec![Bound::figure("size", size, "MiB", MAX_BINARY)]);
    }
    if plan.has("trips") {
        let greeting = bench.greeting()?;
        report.row(
            "round trips of a fresh lookup",
            vec![
                Bound::figure("TCP, TLS, query", greeting.trips as f64, "", 3.0),
                Bound::fact("Finished and query read at once", greeting.together),
            ],
        );
    }
    report.print();
    Ok(())
}

fn one_query(bench: &Bench, count: usize, report: &mut Report) -> Outcome<()> {
    let fast = bench.place(&bench.fast);
    let commands = [Command::floor(&fast), Command::tdig_file(&fast), Command::kdig_file(&fast)];
    let [floor, tdig, kdig] = rounds(count, commands)?;
    report.table("one query, CA file and name checked, fast server", 1, [&floor, &tdig, &kdig]);
    report.row(
        "one query, CA file and name checked",
        vec![
            Bound::at_most("CPU", "floor", tdig.ratios(&floor, Series::CPU), 1.3),
            Bound::at_most("CPU", "kdig", tdig.ratios(&kdig, Series::CPU), 0.4),
        ],
    );
    report.row(
        "memory, one query",
        vec![Bound::figure("peak", tdig.most_memory() / MIB, "MiB", 8.0)],
    );

    let [tdig, kdig] = rounds(count, [Command::tdig_store(&fast), Command::kdig_store(&fast)])?;
    report.table("one query, system store and the CA file, fast server", 1, [&tdig, &kdig]);
    report.row(
        "one query, system store",
        vec![Bound::at_most("CPU", "kdig", tdig.ratios(&kdig, Series::CPU), 0.3)],
    );

    let bounds = match &bench.unbound {
        Some(server) => {
            let place = bench.place(server);
            let commands = [Command::tdig_file(&place), Command::kdig_file(&place)];
            let [tdig, kdig] = rounds(count, commands)?;
            report.table("one query, CA file and name checked, Unbound", 1, [&tdig, &kdig]);
            vec![Bound::at_most("wall", "kdig", tdig.ratios(&kdig, Series::WALL), 0.2)]
        }
        None => vec![Bound::missing("unbound")],
    };
    report.row("one query on Unbound without TCP_NODELAY", bounds);
    Ok(())
}

fn batch(bench: &Bench, count: usize, names: usize, report: &mut Report) -> Outcome<()> {
    for (server, title, least) in
        [(Some(&bench.fast), "the fast server", 2.0), (bench.unbound.as_ref(), "Unbound", 1.5)]
    {
        let row = format!("-f, {names} names over one connection, full text, {title}");
        let Some(server) = server else {
            report.row(&row, vec![Bound::missing("unbound")]);
            continue;
        };
        let place = bench.place(server);
        let commands = [
            Command::floor_batch(&place, names),
            Command::tdig_batch(&place, &bench.lines),
            Command::dnsperf(&place, &bench.lines),
        ];
        let [floor, tdig, dnsperf] = rounds(count, commands)?;
        report.table(&row, names, [&floor, &tdig, &dnsperf]);
        let mut bounds =
            vec![Bound::at_least("q/s", "dnsperf", dnsperf.ratios(&tdig, Series::WALL), least)];
        if least == 2.0 {
            bounds.push(Bound::at_most(
                "CPU a query",
                "dnsperf",
                tdig.ratios(&dnsperf, Series::CPU),
                1.0,
            ));
        }
        report.row(&row, bounds);
    }
    Ok(())
}

fn memory(bench: &Bench, report: &mut Report) -> Outcome<()> {
    let place = bench.place(&bench.fast);
    let mut bounds = Vec::new();
    for names in [10_000, 1_000_000] {
        let lines = bench.lines_of(names)?;
        let [tdig] = rounds(1, [Command::tdig_batch(&place, &lines)])?;
        report.table(&format!("-f, {names} names, memory"), names, [&tdig]);
        let words = format!("{names} names");
        bounds.push(Bound::figure(&words, tdig.most_memory() / MIB, "MiB", 16.0));
    }
    report.row("memory, batch", bounds);
    Ok(())
}

/// A place to ask at, as command lines have it.
impl Bench {
    fn place<'a>(&'a self, server: &'a bench::Process) -> Place<'a> {
        Place { port: server.port, root: &self.root, home: &self.home }
    }
}
