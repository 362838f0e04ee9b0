//! `bole export …`.

use std::io::{BufWriter, Write};
use std::path::PathBuf;

use clap::Subcommand;
use jiff::Timestamp;

use crate::app::App;
use crate::app::export::{Heads, export_clicks, export_conversions};
use crate::cli::run::{Refusal, app};
use crate::config::Settings;
use crate::storage::clicks::ClickFilter;
use crate::storage::conversions::ConversionFilter;

/// Write clicks or conversions as CSV, the newest first. UTF-8, instants in the business zone, amounts as decimals.
#[derive(Debug, Subcommand)]
pub enum ExportCommand {
    /// Clicks with class, reason and dwell.
    #[command(
        after_help = "Example: bole export clicks --from 2026-11-01T00:00:00+08:00 --output clicks.csv"
    )]
    Clicks {
        /// Only on the link with this code.
        #[arg(long)]
        link: Option<String>,
        /// Only of this class: human, preview, bot, prefetch, repeat, internal, self or suspect.
        #[arg(long)]
        class: Option<String>,
        #[command(flatten)]
        common: Common,
    },
    /// Leads and sales with their state and whose they are; without contacts.
    #[command(after_help = "Example: bole export conversions --kind sale --excel --output sales.csv")]
    Conversions {
        /// Only lead or sale.
        #[arg(long)]
        kind: Option<String>,
        /// Only in this state.
        #[arg(long)]
        status: Option<String>,
        #[command(flatten)]
        common: Common,
    },
}

/// Which instants, and where to.
#[derive(Debug, clap::Args)]
pub struct Common {
    /// First instant, RFC 3339.
    #[arg(long)]
    from: Option<Timestamp>,
    /// First instant after, RFC 3339.
    #[arg(long)]
    to: Option<Timestamp>,
    /// Chinese heads behind a byte order mark, as spreadsheets want it.
    #[arg(long)]
    excel: bool,
    /// A file to make; without it standard output.
    #[arg(long)]
    output: Option<PathBuf>,
}

impl Common {
    fn heads(&self) -> Heads {
        if self.excel { Heads::Chinese } else { Heads::Api }
    }

    fn output(&self) -> Result<Box<dyn Write>, Refusal> {
        Ok(match &self.output {
            Some(path) => {
                let file = std::fs::File::create_new(path).map_err(|e| format!("{}: {e}", path.display()))?;
                Box::new(BufWriter::new(file))
            }
            None => Box::new(BufWriter::new(std::io::stdout().lock())),
        })
    }
}

impl ExportCommand {
    /// Does it.
    pub async fn run(self, settings: &Settings) -> Result<(), Refusal> {
        let app = app(settings).await?;
        let count = self.write(&app).await?;
        app.store.close().await;
        eprintln!("{count} rows");
        Ok(())
    }

    async fn write(&self, app: &App) -> Result<u64, Refusal> {
        match self {
            Self::Clicks { link, class, common } => {
                let link = match link {
                    Some(code) => {
                        let found = app.store.link(code).await?;
                        Some(found.ok_or_else(|| format!("no such link: {code:?}"))?.id)
                    }
                    None => None,
                };
                let filter = ClickFilter {
                    link,
                    class: parsed(class.as_deref(), "class")?,
                    from_ms: common.from.map(Timestamp::as_millisecond),
                    to_ms: common.to.map(Timestamp::as_millisecond),
                };
                Ok(export_clicks(app, &filter, common.heads(), common.output()?).await?)
            }
            Self::Conversions { kind, status, common } => {
                let filter = ConversionFilter {
                    kind: parsed(kind.as_deref(), "kind")?,
                    status: parsed(status.as_deref(), "status")?,
                    from_ms: common.from.map(Timestamp::as_millisecond),
                    to_ms: common.to.map(Timestamp::as_millisecond),
                    ..ConversionFilter::default()
                };
                Ok(export_conversions(app, &filter, common.heads(), common.output()?).await?)
            }
        }
    }
}

fn parsed<T: std::str::FromStr>(text: Option<&str>, name: &str) -> Result<Option<T>, Refusal> {
    text.map(|text| {
        text.parse()
            .map_err(|_| format!("--{name} {text:?}: is not one; see --help").into())
    })
    .transpose()
}
