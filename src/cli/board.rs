//! `bole board …`.

use clap::Subcommand;

use crate::app::board::{board, freeze_due};
use crate::cli::run::{Refusal, app};
use crate::config::Settings;
use crate::domain::Period;
use crate::ranking::{By, Metric};
use crate::web::api::Leaderboard;

/// Show and freeze leaderboards.
#[derive(Debug, Subcommand)]
pub enum BoardCommand {
    /// Show a board; names as people chose to appear.
    #[command(after_help = "Example: bole board show 2026-W47 --metric sales --by team")]
    Show {
        /// 2026-W47, 2026-11, 2026-Q4 or 2026-11-01..2026-11-16 (half-open); this week when left out.
        #[arg(value_parser = parse_period)]
        period: Option<Period>,
        /// points, clicks, leads or sales.
        #[arg(long, default_value = "points", value_parser = parse_metric)]
        metric: Metric,
        /// employee or team.
        #[arg(long, default_value = "employee", value_parser = parse_by)]
        by: By,
        /// The best so many.
        #[arg(long, default_value_t = 50)]
        limit: usize,
        /// As JSON, as the API answers it.
        #[arg(long)]
        json: bool,
    },
    /// Freeze what ended at least 24 hours ago (a running server does it by itself).
    #[command(after_help = "Example: bole board freeze")]
    Freeze,
}

fn parse_period(text: &str) -> Result<Period, String> {
    Period::parse(text).map_err(|e| e.to_string())
}

fn parse_metric(text: &str) -> Result<Metric, String> {
    text.parse()
        .map_err(|()| "expected points, clicks, leads or sales".to_owned())
}

fn parse_by(text: &str) -> Result<By, String> {
    text.parse().map_err(|()| "expected employee or team".to_owned())
}

impl BoardCommand {
    /// Does it.
    pub async fn run(self, settings: &Settings) -> Result<(), Refusal> {
        let app = app(settings).await?;
        match self {
            Self::Show {
                period,
                metric,
                by,
                limit,
                json,
            } => {
                let period = match period {
                    Some(period) => period,
                    None => Period::week_of(app.today())?,
                };
                let board = board(&app, None, period, metric, by).await?;
                let zone = &app.programme.zone;
                if json {
                    let board = Leaderboard::new(board, zone, true, limit);
                    println!("{}", serde_json::to_string_pretty(&board)?);
                    return Ok(());
                }
                let state = if board.frozen_at.is_some() {
                    "frozen"
                } else {
                    "live"
                };
                println!("{} {metric} by {by}, {state}", period.label());
                for row in board.rows.iter().take(limit) {
                    let value = match metric {
                        Metric::Sales => crate::domain::Money::from_minor(row.value.rounded()).to_string(),
                        _ if row.value.members() == 1 => row.value.total().to_string(),
                        _ => {
                            let hundredths = row.value.hundredths();
                            format!("{}.{:02}", hundredths / 100, hundredths % 100)
                        }
                    };
                    let moved = row.moved.map_or_else(|| "new".to_owned(), |n| format!("{n:+}"));
                    println!(
                        "{:>5}  {:<12}  {value:>14}  {moved:>5}  {}",
                        row.rank, row.code, row.name
                    );
                }
            }
            Self::Freeze => {
                for label in freeze_due(&app).await? {
                    println!("{label}");
                }
            }
        }
        Ok(())
    }
}
