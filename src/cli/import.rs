//! `bole import …`.

use std::io::Read;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use serde::Serialize;

use crate::app::people::import_employees;
use crate::app::{Actor, import_conversions, import_customers};
use crate::cli::run::{Refusal, app};
use crate::config::Settings;

/// The largest file taken, bytes.
const MAX_FILE: u64 = 64 << 20;

/// Take people, known customers or conversions out of a CSV file. Headers in Chinese or English, UTF-8 or GB18030; the
/// same file can be imported again.
#[derive(Debug, Subcommand)]
pub enum ImportCommand {
    /// Employees: `code` and `name`, perhaps `email`, `phone`, `team`, `hired_on`, `left_on`.
    #[command(after_help = "Example: bole import employees 员工.csv --json")]
    Employees(File),
    /// Known customers (phone, email, id), kept as hashes: they are not new.
    #[command(after_help = "Example: bole import customers crm.csv")]
    Customers(File),
    /// Conversions: `kind`, `external_id`, `occurred_at`, `amount`, `click`, `coupon`, `phone` …
    #[command(after_help = "Example: bole import conversions orders.csv")]
    Conversions(File),
}

/// A file and how to report on it.
#[derive(Debug, clap::Args)]
pub struct File {
    /// The file; `-` is standard input.
    file: PathBuf,
    /// The report as JSON.
    #[arg(long)]
    json: bool,
}

impl ImportCommand {
    /// Does it; exit 1 when a line was not taken.
    pub async fn run(self, settings: &Settings) -> Result<(), Refusal> {
        let app = app(settings).await?;
        let (Self::Employees(args) | Self::Customers(args) | Self::Conversions(args)) = &self;
        let bytes = read(&args.file)?;
        let rejected = match &self {
            Self::Employees(args) => {
                let report = import_employees(&app, &Actor::System, &bytes).await?;
                let line = format!(
                    "{} created, {} updated, {} unchanged",
                    report.created, report.updated, report.unchanged
                );
                say(
                    args,
                    &report,
                    &line,
                    report.rejected.iter().map(|r| (r.line, r.reason.as_str())),
                )?;
                report.rejected_count
            }
            Self::Customers(args) | Self::Conversions(args) => {
                let report = match &self {
                    Self::Customers(_) => import_customers(&app, &bytes).await?,
                    _ => import_conversions(&app, &Actor::System, &bytes).await?,
                };
                let line = format!("{} created, {} known before", report.created, report.known);
                say(
                    args,
                    &report,
                    &line,
                    report.rejected.iter().map(|r| (r.line, r.reason.as_str())),
                )?;
                report.rejected_count
            }
        };
        app.store.close().await;
        if rejected > 0 {
            return Err(
                format!("{rejected} lines were not taken; correct them and import the file again").into(),
            );
        }
        Ok(())
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Refusal> {
    let mut bytes = Vec::new();
    let source: Box<dyn Read> = if path == Path::new("-") {
        Box::new(std::io::stdin().lock())
    } else {
        Box::new(std::fs::File::open(path).map_err(|e| format!("{}: {e}", path.display()))?)
    };
    source.take(MAX_FILE + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(format!("{}: larger than 64 MiB; split it", path.display()).into());
    }
    Ok(bytes)
}

fn say<'a>(
    args: &File,
    report: &impl Serialize,
    line: &str,
    rejected: impl Iterator<Item = (u64, &'a str)>,
) -> Result<(), Refusal> {
    if args.json {
        println!("{}", serde_json::to_string_pretty(report)?);
        return Ok(());
    }
    println!("{line}");
    for (number, reason) in rejected {
        println!("line {number}: {reason}");
    }
    Ok(())
}
