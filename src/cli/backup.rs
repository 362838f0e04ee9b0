//! `bole backup`, `bole restore`.

use std::path::PathBuf;

use crate::boot::{Manifest, make_backup, restore_backup};
use crate::cli::doctor::LAST_BACKUP;
use crate::cli::run::{Refusal, app};
use crate::config::Settings;

/// Makes a backup: database (without the visitors' salts), spool and secret in one folder, consistent while the server
/// runs. Keep it as safe as the installation itself: with the secret in it, contacts can be read.
#[derive(Debug, clap::Args)]
pub struct BackupCommand {
    /// A folder that is missing or empty.
    target: PathBuf,
    /// What was written, as JSON.
    #[arg(long)]
    json: bool,
}

impl BackupCommand {
    /// Does it.
    pub async fn run(self, settings: &Settings) -> Result<(), Refusal> {
        let app = app(settings).await?;
        let made = make_backup(&app.store, &settings.data_dir, &self.target, app.now()).await?;
        app.store.put_meta(LAST_BACKUP, &made.made_at.to_string()).await?;
        app.store.close().await;
        say(
            &made,
            self.json,
            &format!("backed up to {}", self.target.display()),
        )
    }
}

/// Brings a backup back. Every file is checked before anything is written, and a folder that holds something is refused.
#[derive(Debug, clap::Args)]
pub struct RestoreCommand {
    /// A backup's folder.
    backup: PathBuf,
    /// What was brought back, as JSON.
    #[arg(long)]
    json: bool,
}

impl RestoreCommand {
    /// Does it.
    pub async fn run(self, settings: &Settings) -> Result<(), Refusal> {
        if let Some(url) = &settings.database_url {
            let what = if url.starts_with("sqlite:") {
                "a backup is brought back into the data folder: leave database_url out"
            } else {
                "the store is PostgreSQL: bring it back with pg_restore, and each node's spool folder by copying"
            };
            return Err(what.into());
        }
        let found = restore_backup(&self.backup, &settings.data_dir).await?;
        let place = settings.data_dir.display();
        say(
            &found,
            self.json,
            &format!("brought back into {place}; start bole serve, then run bole doctor"),
        )?;
        if !found.has_secret() {
            eprintln!(
                "the secret is not in this backup: set secret_key as it was, or contacts and tokens are lost"
            );
        }
        Ok(())
    }
}

fn say(manifest: &Manifest, json: bool, line: &str) -> Result<(), Refusal> {
    if json {
        println!("{}", serde_json::to_string_pretty(manifest)?);
    } else {
        let kib = manifest.bytes().div_ceil(1024);
        println!(
            "{line}: {} files, {kib} KiB, as of {}",
            manifest.files.len(),
            manifest.made_at
        );
    }
    Ok(())
}
