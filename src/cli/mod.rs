//! The command line.
//!
//! # Why
//! Everything an operator does has a command with help, an example and `--json` where a script wants it.
//! Answers go to stdout, everything else to stderr; a refusal exits with 1, a wrong call with 2.

mod admin;
mod api_key;
mod backup;
mod bench_fill;
mod board;
mod config;
mod demo;
mod doctor;
mod export;
mod import;
mod payout;
mod points;
mod run;
mod scheme;
mod serve;
mod tracker;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::config::Layer;

/// Employee sharing that pays: links, clicks that count, attribution, leaderboards, payouts.
#[derive(Debug, Parser)]
#[command(name = "bole", version, about, propagate_version = true, max_term_width = 100)]
struct Cli {
    /// Settings file; `./bole.toml` is read when it is there.
    #[arg(long, env = "BOLE_CONFIG", value_name = "FILE", global = true)]
    config: Option<PathBuf>,
    #[command(flatten, next_help_heading = "Settings (each is also a line in bole.toml)")]
    settings: Layer,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Create or change sign-ins.
    #[command(subcommand)]
    Admin(admin::AdminCommand),
    /// Create, list and revoke API keys.
    #[command(subcommand)]
    ApiKey(api_key::ApiKeyCommand),
    /// Copy everything into a folder, consistent while the server runs.
    #[command(after_help = "Example: bole backup /var/backups/bole-2026-11-21 --data-dir /var/lib/bole")]
    Backup(backup::BackupCommand),
    /// Data for the benchmark.
    #[command(hide = true)]
    BenchFill(bench_fill::BenchFill),
    /// Show and freeze leaderboards.
    #[command(subcommand)]
    Board(board::BoardCommand),
    /// Create, end and list campaigns.
    #[command(subcommand)]
    Campaign(tracker::CampaignCommand),
    /// Create and end coupons.
    #[command(subcommand)]
    Coupon(tracker::CouponCommand),
    /// Check what an operator would: settings, store, spool, backup, rollups against a recount.
    #[command(after_help = "Example: bole doctor --backup /var/backups/bole-2026-11-21")]
    Doctor(doctor::DoctorCommand),
    /// Take people on, note who leaves, list them.
    #[command(subcommand)]
    Employee(tracker::EmployeeCommand),
    /// Write clicks or conversions as CSV.
    #[command(subcommand)]
    Export(export::ExportCommand),
    /// Import people, known customers or conversions from a CSV file.
    #[command(subcommand)]
    Import(import::ImportCommand),
    /// Mint, show and end links.
    #[command(subcommand)]
    Link(tracker::LinkCommand),
    /// Check and show the settings in force.
    #[command(subcommand)]
    Config(config::ConfigCommand),
    /// Build a salon chain with weeks of traffic and serve it with ready-made sign-ins.
    #[command(after_help = "Example: bole demo --listen 127.0.0.1:8080")]
    Demo,
    /// Bring a backup back into an empty data folder.
    #[command(after_help = "Example: bole restore /var/backups/bole-2026-11-21 --data-dir /var/lib/bole")]
    Restore(backup::RestoreCommand),
    /// Run the server.
    #[command(after_help = "Example: bole serve --listen 0.0.0.0:8080 --base-url https://bole.firm.example")]
    Serve,
    /// Bring the database's schema up to date (serve does it by itself).
    Migrate,
    /// Calculate, review, approve, close, pay and check payouts.
    #[command(subcommand)]
    Payout(payout::PayoutCommand),
    /// Show a person's points; give the month's award.
    #[command(subcommand)]
    Points(points::PointsCommand),
    /// Read, check, run and explain pay schemes; needs no database.
    Scheme(scheme::SchemeCommand),
}

/// Entry point of the `bole` command; returns the process's exit code.
pub fn main() -> ExitCode {
    // Compose files write `BOLE_X=` for what they do not set: an empty variable says nothing.
    let command = Cli::command().mut_args(|arg| match arg.get_env() {
        Some(name) if std::env::var_os(name).is_some_and(|value| value.is_empty()) => {
            arg.env(None::<&'static str>)
        }
        _ => arg,
    });
    let cli = Cli::from_arg_matches(&command.get_matches()).unwrap_or_else(|error| error.exit());
    match run::dispatch(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(refusal) => {
            eprintln!("bole: {refusal}");
            ExitCode::FAILURE
        }
    }
}
