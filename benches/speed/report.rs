//! The tables. One rule: every bound is shown beside what was measured, reached or not.

use crate::measure::{Series, median};

/// One row for each thing that is promised.
#[derive(Default)]
pub(crate) struct Report {
    rows: Vec<(String, Vec<Bound>)>,
}

/// A promise, what became of it, and whether that is enough.
pub(crate) struct Bound {
    promise: String,
    measured: String,
    reached: Option<bool>,
}

impl Bound {
    /// The median of `ratios` to what `peer` needs is at most this.
    pub(crate) fn at_most(what: &str, peer: &str, ratios: Vec<f64>, most: f64) -> Self {
        Self::ratio(format!("{what} <= {most} x {peer}"), peer, ratios, |it| it <= most)
    }

    /// The median of `ratios` to what `peer` achieves is at least this.
    pub(crate) fn at_least(what: &str, peer: &str, ratios: Vec<f64>, least: f64) -> Self {
        Self::ratio(format!("{what} >= {least} x {peer}"), peer, ratios, |it| it >= least)
    }

    /// A figure of tdig's own is at most this.
    pub(crate) fn figure(what: &str, figure: f64, unit: &str, most: f64) -> Self {
        let decimals = if unit.is_empty() { 0 } else { 2 };
        Self {
            promise: format!("{what} <= {most} {unit}").trim_end().to_owned(),
            measured: format!("{figure:.decimals$} {unit}").trim_end().to_owned(),
            reached: Some(figure <= most),
        }
    }

    /// Something holds or does not.
    pub(crate) fn fact(what: &str, holds: bool) -> Self {
        let measured = if holds { "yes" } else { "no" }.to_owned();
        Self { promise: what.to_owned(), measured, reached: Some(holds) }
    }

    /// The row of a peer that is not installed.
    pub(crate) fn missing(peer: &str) -> Self {
        let measured = format!("{peer} is not installed");
        Self { promise: "-".to_owned(), measured, reached: None }
    }

    fn ratio(promise: String, peer: &str, ratios: Vec<f64>, enough: impl Fn(f64) -> bool) -> Self {
        if ratios.is_empty() {
            return Self { promise, ..Self::missing(peer) };
        }
        let least = ratios.iter().copied().fold(f64::INFINITY, f64::min);
        let most = ratios.iter().copied().fold(0.0, f64::max);
        let middle = median(ratios);
        let measured = format!("{middle:.2} ({least:.2} to {most:.2})");
        Self { promise, measured, reached: Some(enough(middle)) }
    }
}

impl Report {
    /// Prints a table of what commands cost for so many queries.
    pub(crate) fn table<const N: usize>(&self, title: &str, queries: usize, series: [&Series; N]) {
        let mut table = format!(
            "{title}\n\n| command | wall ms | CPU ms | peak MiB | q/s | CPU us a query |\n\
             |---|---|---|---|---|---|\n"
        );
        for series in series {
            if series.runs.is_empty() {
                table += &format!("| {} | not installed | | | | |\n", series.title);
                continue;
            }
            let (wall, cpu) = (series.median(Series::WALL), series.median(Series::CPU));
            let memory = series.most_memory() / 1024.0 / 1024.0;
            table += &format!(
                "| {} | {:.1} | {:.1} | {memory:.1} | {:.0} | {:.2} |\n",
                series.title,
                wall * 1e3,
                cpu * 1e3,
                queries as f64 / wall,
                cpu * 1e6 / queries as f64,
            );
        }
        // each as soon as it is there: the whole takes minutes
        println!("{table}");
    }

    /// Adds what is promised of one thing.
    pub(crate) fn row(&mut self, title: &str, bounds: Vec<Bound>) {
        self.rows.push((title.to_owned(), bounds));
    }

    /// Prints the promises.
    pub(crate) fn print(&self) {
        println!(
            "Medians; ratios are taken round by round, with the least and the most of them.\n"
        );
        println!("| what | bound | measured | reached |\n|---|---|---|---|");
        for (title, bounds) in &self.rows {
            for Bound { promise, measured, reached } in bounds {
                let reached = match reached {
                    Some(true) => "yes",
                    Some(false) => "NO",
                    None => "-",
                };
                println!("| {title} | {promise} | {measured} | {reached} |");
            }
        }
    }
}
