//! `bole bench-fill`: data for `cargo bench`. Hidden: nobody else needs it.

use clap::Args;

use crate::app::accounts::{self, AccountWish};
use crate::cli::run::{Refusal, app};
use crate::config::Settings;
use crate::domain::Role;

/// Data for the benchmark.
#[derive(Debug, Args)]
pub struct BenchFill {
    /// Fill an empty store with this many links, called bench1, bench2, …
    #[arg(long)]
    links: Option<i64>,
    /// Print how many clicks the store holds.
    #[arg(long)]
    count: bool,
}

impl BenchFill {
    /// Does it.
    pub async fn run(self, settings: &Settings) -> Result<(), Refusal> {
        let app = app(settings).await?;
        if let Some(links) = self.links {
            app.store.fill_links(links, app.clock.now_ms()).await?;
            let wish = AccountWish {
                login: "bench",
                name: "Bench",
                password: Some("vier-pferde-41"),
                roles: &[Role::Employee],
                employee: app.store.employee_id_by_code("bench1").await?,
                lang: "zh",
            };
            accounts::create(&app, &wish).await??;
        }
        if self.count {
            println!("{}", app.store.requests_in_all().await?);
        }
        app.store.close().await;
        Ok(())
    }
}
