//! `bole config …`.

use clap::Subcommand;

use crate::cli::run::Refusal;
use crate::config::{Settings, Source};

/// Check and show the settings in force.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Check flags, environment and file together; exit 1 and say what is wrong.
    #[command(after_help = "Example: bole config check --config /etc/bole.toml")]
    Check,
}

impl ConfigCommand {
    /// Does it. Reading and checking happened before: whoever comes here has settings that can be right.
    pub fn run(self, settings: &Settings, source: &Source) -> Result<(), Refusal> {
        let Self::Check = self;
        let urls = settings.urls()?;
        match source {
            Source::None => println!("no settings file: flags, environment and defaults"),
            Source::File(path) => println!("settings file: {}", path.display()),
        }
        println!("listen          {}", settings.listen);
        println!("base_url        {}", urls.base);
        println!("short_url       {}", urls.short);
        println!("data_dir        {}", settings.data_dir.display());
        println!("time_zone       {}", settings.time_zone);
        for path in &settings.geo_db {
            let state = if path.is_file() { "found" } else { "not there yet" };
            println!("geo_db          {} ({state})", path.display());
        }
        println!("ok");
        Ok(())
    }
}
