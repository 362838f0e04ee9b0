//! `bole points …`.

use clap::Subcommand;
use jiff::Timestamp;
use serde_json::json;

use crate::app::Actor;
use crate::app::award::{AwardToGive, give_best_creator};
use crate::app::filing::Filed;
use crate::cli::run::{Refusal, app};
use crate::config::Settings;

/// Show a person's points; give the month's award.
#[derive(Debug, Subcommand)]
pub enum PointsCommand {
    /// Show a person's balance and latest entries.
    #[command(after_help = "Example: bole points show zhangsan --json")]
    Show {
        /// Employee code.
        employee: String,
        /// The latest so many entries.
        #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=1000))]
        limit: u16,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Make somebody best content creator of a month (one per month).
    #[command(
        after_help = "Example: bole points best-creator zhangsan --month 2026-11 --reason 'the film of the opening'"
    )]
    BestCreator {
        /// Employee code.
        employee: String,
        /// A month that has begun, like 2026-11.
        #[arg(long)]
        month: String,
        /// Why; it is kept in the audit log.
        #[arg(long)]
        reason: String,
    },
}

impl PointsCommand {
    /// Does it.
    pub async fn run(self, settings: &Settings) -> Result<(), Refusal> {
        let app = app(settings).await?;
        match self {
            Self::Show {
                employee,
                limit,
                json,
            } => {
                let found = app.store.employee(&employee, app.today()).await?;
                let found = found.ok_or_else(|| format!("no such employee: {employee:?}"))?;
                let balance = app.store.point_balance(found.id).await?;
                let entries = app.store.point_entries(found.id, None, i64::from(limit)).await?;
                let instant = |ms| Timestamp::from_millisecond(ms).ok();
                if json {
                    let entries: Vec<_> = entries
                        .iter()
                        .map(|e| {
                            json!({"rule": e.rule.as_str(), "points": e.points, "source": e.source, "at": instant(e.at),
                                   "day": e.day, "note": e.note})
                        })
                        .collect();
                    println!(
                        "{}",
                        serde_json::to_string_pretty(&json!({"balance": balance, "entries": entries}))?
                    );
                    return Ok(());
                }
                println!("{}: {balance} points", found.code);
                for entry in entries {
                    println!(
                        "{}  {:>6}  {:<12}  {}  {}",
                        entry.day,
                        entry.points,
                        entry.rule.as_str(),
                        entry.source,
                        entry.note
                    );
                }
            }
            Self::BestCreator {
                employee,
                month,
                reason,
            } => {
                let award = AwardToGive {
                    employee,
                    month,
                    reason,
                };
                match give_best_creator(&app, &Actor::System, &award).await? {
                    Filed::New(row) => eprintln!(
                        "{} has {} points for {}",
                        row.employee_code, row.points, row.month
                    ),
                    Filed::Known(row) => {
                        eprintln!("{} had that award for {} already", row.employee_code, row.month);
                    }
                }
            }
        }
        Ok(())
    }
}
