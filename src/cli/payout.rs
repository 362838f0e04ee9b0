//! `bole payout …`: the road of a payout, on the database.

use std::io::Write as _;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;

use crate::app::pay::{
    ExportKind, ExportOf, approve, calculate, check_ledger, close, export_table, pay, replay, send_back,
    submit,
};
use crate::app::{Actor, App};
use crate::cli::run::{Refusal, app};
use crate::config::Settings;
use crate::storage::pay::Run;

/// Calculate, review, approve, close, pay and check payouts.
#[derive(Debug, Subcommand)]
pub enum PayoutCommand {
    /// List payouts, newest first.
    #[command(after_help = "Example: bole payout list --scheme 00-social --json")]
    List {
        /// Only this scheme.
        #[arg(long)]
        scheme: Option<String>,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Calculate a scheme for a period; books nothing.
    #[command(after_help = "Example: bole payout calculate 00-social 2026-11 --as finance")]
    Calculate {
        /// Scheme id.
        scheme: String,
        /// 2026-11, 2026-Q4, 2026 or 2026-11-03..2026-11-06 (the second day is the one after the last).
        period: String,
        #[command(flatten)]
        who: Who,
    },
    /// Show a payout and its lines.
    #[command(after_help = "Example: bole payout show 12 --payee lin")]
    Show {
        /// The payout's number.
        id: i64,
        /// Only this payee.
        #[arg(long)]
        payee: Option<String>,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Put a calculated payout up for review.
    #[command(after_help = "Example: bole payout submit 12 --as finance")]
    Submit(Step),
    /// Send a payout under review back to be calculated again, with a reason.
    #[command(after_help = "Example: bole payout return 12 --reason \"a receipt is missing\" --as boss")]
    Return(Reasoned),
    /// Approve a payout under review: another person than who calculated it.
    #[command(after_help = "Example: bole payout approve 12 --as boss")]
    Approve(Reasoned),
    /// Close an approved payout: guards, booking, seal.
    #[command(after_help = "Example: bole payout close 12 --as finance")]
    Close(Reasoned),
    /// Pay a closed payout; debts are settled first.
    #[command(after_help = "Example: bole payout pay 12 --as finance")]
    Pay(Step),
    /// Write a payout for payroll, bank or books: CSV, or XLSX where the file's name ends so.
    #[command(after_help = "Example: bole payout export 12 --kind payroll --output payroll.xlsx")]
    Export {
        /// The payout's number.
        id: i64,
        /// Which file.
        #[arg(long, default_value = "payroll")]
        kind: Kind,
        /// Where to; stdout unless said.
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Compute a payout again from what it was computed from, and compare to the byte.
    #[command(after_help = "Example: bole payout replay 12")]
    Replay {
        /// The payout's number.
        id: i64,
    },
    /// Walk the ledger's chain and add all accounts up.
    #[command(after_help = "Example: bole payout ledger")]
    Ledger,
}

/// Who acts.
#[derive(Debug, Args)]
pub struct Who {
    /// Sign-in of who does it; the machine's operator unless said. Two sides of one decision need two people.
    #[arg(long = "as", value_name = "LOGIN")]
    login: Option<String>,
}

/// A step of a payout.
#[derive(Debug, Args)]
pub struct Step {
    /// The payout's number.
    id: i64,
    #[command(flatten)]
    who: Who,
}

/// A step of a payout that may need a reason.
#[derive(Debug, Args)]
pub struct Reasoned {
    #[command(flatten)]
    step: Step,
    /// Why it is sent back, or why warnings that need a reason may stand (GC-22).
    #[arg(long, default_value = "", value_name = "WORDS")]
    reason: String,
}

/// Which file.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Kind {
    /// Every line with its income class, before tax.
    Payroll,
    /// What is transferred to whom; a payment that differs from it is refused.
    Bank,
    /// The entries of the general ledger.
    Ledger,
    /// What the scheme costs.
    Cost,
}

impl Who {
    async fn actor(&self, app: &App) -> Result<Actor, Refusal> {
        let Some(login) = &self.login else {
            return Ok(Actor::System);
        };
        let account = app.store.account_by_login(login).await?;
        let account = account.filter(|a| a.disabled_at.is_none());
        let account = account.ok_or_else(|| format!("no sign-in {login:?} that is not disabled"))?;
        Ok(Actor::Account {
            id: account.id,
            roles: account.roles,
            employee: account.employee,
        })
    }
}

fn told(run: &Run) {
    println!(
        "payout {}  {}  {}  {}  total {}",
        run.id,
        run.scheme,
        run.period,
        run.state.as_str(),
        run.total
    );
}

impl PayoutCommand {
    /// Does it.
    pub async fn run(self, settings: &Settings) -> Result<(), Refusal> {
        let app = app(settings).await?;
        let done = self.on(&app).await;
        app.store.close().await;
        done
    }

    async fn on(self, app: &App) -> Result<(), Refusal> {
        match self {
            Self::List { scheme, json } => list(app, scheme.as_deref(), json).await?,
            Self::Calculate { scheme, period, who } => {
                let actor = who.actor(app).await?;
                told(&calculate(app, &actor, &scheme, &period).await?);
            }
            Self::Show { id, payee, json } => show(app, id, payee.as_deref(), json).await?,
            Self::Submit(step) => told(&submit(app, &step.who.actor(app).await?, step.id).await?),
            Self::Return(Reasoned { step, reason }) => {
                told(&send_back(app, &step.who.actor(app).await?, step.id, &reason).await?);
            }
            Self::Approve(Reasoned { step, reason }) => {
                told(&approve(app, &step.who.actor(app).await?, step.id, &reason).await?);
            }
            Self::Close(Reasoned { step, reason }) => {
                told(&close(app, &step.who.actor(app).await?, step.id, &reason).await?);
            }
            Self::Pay(step) => told(&pay(app, &step.who.actor(app).await?, step.id).await?),
            Self::Export { id, kind, output } => {
                let kind = match kind {
                    Kind::Payroll => ExportKind::Payroll,
                    Kind::Bank => ExportKind::Bank,
                    Kind::Ledger => ExportKind::Ledger,
                    Kind::Cost => ExportKind::Cost,
                };
                let table = export_table(app, &Actor::System, ExportOf::Run(id), kind).await?;
                let is_book = output
                    .as_ref()
                    .is_some_and(|p| p.extension().is_some_and(|e| e == "xlsx"));
                let bytes = if is_book {
                    table.to_xlsx(app.today())?
                } else {
                    table.to_csv()?
                };
                match output {
                    Some(path) => {
                        std::fs::write(&path, bytes).map_err(|e| format!("{}: {e}", path.display()))?
                    }
                    None => std::io::stdout().write_all(&bytes)?,
                }
            }
            Self::Replay { id } => {
                let found = replay(app, id).await?;
                println!("{} lines the same, {} differ", found.same, found.differ.len());
                for line in found.differ.iter().take(20) {
                    println!("  {line}");
                }
                for part in &found.outcome_differs {
                    println!("outcome otherwise: {part}");
                }
                for part in &found.input_differs {
                    println!("read otherwise: {part}");
                }
                if found.seal_fits == Some(false) {
                    println!("the seal does not fit what is stored");
                }
                if !found.is_same() {
                    return Err(format!("payout {id} does not come out the same").into());
                }
            }
            Self::Ledger => {
                let report = check_ledger(app).await?;
                println!("{} entries, head {}", report.entries, report.head);
                if let Some(at) = report.broken_at {
                    return Err(format!("the chain is broken at entry {at}").into());
                }
                if report.trial_balance != 0 {
                    return Err(format!("the trial balance is {} fen, not 0", report.trial_balance).into());
                }
                println!("chain whole, trial balance 0");
            }
        }
        Ok(())
    }
}

async fn list(app: &App, scheme: Option<&str>, as_json: bool) -> Result<(), Refusal> {
    let runs = app.store.runs(scheme, None, 1000).await?;
    if as_json {
        let list: Vec<_> = runs
            .iter()
            .map(|r| {
                json!({ "id": r.id, "scheme": r.scheme, "period": r.period, "state": r.state.as_str(),
                        "total": r.total.to_string() })
            })
            .collect();
        println!("{}", serde_json::to_string_pretty(&list)?);
    } else {
        runs.iter().for_each(told);
    }
    Ok(())
}

async fn show(app: &App, id: i64, payee: Option<&str>, as_json: bool) -> Result<(), Refusal> {
    let run = app
        .store
        .run(id)
        .await?
        .ok_or_else(|| format!("no payout {id}"))?;
    let lines = app.store.run_lines(id, payee, None, i64::MAX).await?;
    if as_json {
        let list: Vec<_> = lines
            .iter()
            .map(|row| {
                let l = &row.line;
                json!({ "id": row.id, "kind": l.kind.as_str(), "payee": l.payee, "component": l.component,
                        "amount": l.amount.to_string(), "about": l.about,
                        "explanation": { "zh": l.says.0, "en": l.says.1 } })
            })
            .collect();
        let all = json!({ "id": run.id, "scheme": run.scheme, "period": run.period, "state": run.state.as_str(),
                          "total": run.total.to_string(), "lines": list });
        println!("{}", serde_json::to_string_pretty(&all)?);
        return Ok(());
    }
    told(&run);
    for row in lines {
        let l = row.line;
        println!(
            "{:>12}  {:<16}  {}  {}",
            l.amount.to_string(),
            l.payee,
            l.title.0,
            l.says.0
        );
    }
    Ok(())
}
