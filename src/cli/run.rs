//! From parsed arguments to the act.

use std::sync::Arc;
use std::time::Duration;

use crate::app::{App, NoWatch};
use crate::boot;
use crate::cli::{Cli, Command};
use crate::config::{Settings, Source, load};

/// What a command says when it refuses: one line for stderr.
pub type Refusal = Box<dyn std::error::Error + Send + Sync>;

/// Runs the command.
pub fn dispatch(cli: Cli) -> Result<(), Refusal> {
    // Schemes are pure: no settings, no database, nothing but the answer on stdout.
    if let Command::Scheme(c) = cli.command {
        return c.run();
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    // Looking at settings makes a mail sender, which wants a runtime around it.
    let inside = runtime.enter();
    let (settings, source) = load(cli.settings, cli.config.as_deref())?;
    boot::start_logging(&settings);
    drop(inside);
    runtime.block_on(run(cli.command, settings, source))
}

async fn run(command: Command, settings: Settings, source: Source) -> Result<(), Refusal> {
    match command {
        Command::Admin(c) => c.run(&settings).await,
        Command::ApiKey(c) => c.run(&settings).await,
        Command::Backup(c) => c.run(&settings).await,
        Command::BenchFill(c) => c.run(&settings).await,
        Command::Board(c) => c.run(&settings).await,
        Command::Points(c) => c.run(&settings).await,
        Command::Payout(c) => c.run(&settings).await,
        Command::Config(c) => c.run(&settings, &source),
        Command::Campaign(c) => c.run(&settings).await,
        Command::Coupon(c) => c.run(&settings).await,
        Command::Doctor(c) => c.run(&settings).await,
        Command::Employee(c) => c.run(&settings).await,
        Command::Export(c) => c.run(&settings).await,
        Command::Import(c) => c.run(&settings).await,
        Command::Link(c) => c.run(&settings).await,
        Command::Demo => crate::cli::demo::run(settings).await,
        Command::Restore(c) => c.run(&settings).await,
        Command::Serve => crate::cli::serve::run(&settings).await,
        Command::Scheme(c) => c.run(),
        Command::Migrate => {
            app(&settings).await?;
            eprintln!("the schema is up to date");
            Ok(())
        }
    }
}

/// How long a command waits for the database: a loaded server beside it is no reason to fail.
const PATIENCE: Duration = Duration::from_secs(60);

/// The application for a command that runs beside a server: nobody watches links, the server polls.
pub async fn app(settings: &Settings) -> Result<App, Refusal> {
    let nature = boot::Nature {
        patience: PATIENCE,
        ..boot::Nature::of_system()?
    };
    Ok(boot::open(settings, Arc::new(NoWatch), nature).await?.into_app())
}
