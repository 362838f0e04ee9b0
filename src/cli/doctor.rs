//! `bole doctor`: looks at everything an operator would look at.

use std::path::{Path, PathBuf};

use jiff::{Timestamp, ToSpan};

use crate::app::App;
use crate::app::pay::{check_books, check_facts, check_ledger, check_seals};
use crate::boot::check_backup;
use crate::cli::run::{Refusal, app};
use crate::config::Settings;
use crate::geo::Geo;
use crate::spool::{segment_path, segments};

/// Under this name the store remembers when a backup was made last.
pub(super) const LAST_BACKUP: &str = "last_backup_at";

/// A backup older than this is said, days.
const BACKUP_DAYS: i64 = 7;

/// Check what an operator would.
#[derive(Debug, clap::Args)]
pub struct DoctorCommand {
    /// Also read this backup whole: every file there and unaltered, the database sound, no salts in it.
    #[arg(long)]
    backup: Option<PathBuf>,
}

/// What was found, as it is printed.
#[derive(Default)]
struct Findings {
    wrong: u32,
}

impl Findings {
    fn say(&mut self, fine: bool, what: &str) {
        println!("{} {what}", if fine { "ok   " } else { "WRONG" });
        self.wrong += u32::from(!fine);
    }

    /// Not wrong by itself, but to be known.
    fn note(what: &str) {
        println!("note  {what}");
    }
}

impl DoctorCommand {
    /// Says what it finds; exit 1 when something is wrong.
    pub async fn run(self, settings: &Settings) -> Result<(), Refusal> {
        let mut found = Findings::default();
        let app = app(settings).await?;
        let folder = settings.data_dir.display();
        found.say(true, &format!("settings, data folder and secret: {folder}"));
        found.say(app.store.ping().await.is_ok(), "the store answers");
        spool(&mut found, settings);
        geo(&mut found, settings);
        last_backup(&mut found, &app).await?;
        if let Some(backup) = &self.backup {
            one_backup(&mut found, backup).await;
        }
        let off = app.store.recount(&app.programme.zone).await?;
        let words = format!("rollups equal a recount of the rows ({} differences)", off.len());
        found.say(off.is_empty(), &words);
        for difference in off.iter().take(20) {
            println!("      {difference:?}");
        }
        ledger(&mut found, &app).await?;
        app.store.close().await;
        if found.wrong > 0 {
            return Err(format!("{} things are wrong", found.wrong).into());
        }
        Ok(())
    }
}

async fn ledger(found: &mut Findings, app: &App) -> Result<(), Refusal> {
    let ledger = check_ledger(app).await?;
    let what = match ledger.broken_at {
        None => format!("the ledger's chain of {} entries is whole", ledger.entries),
        Some(at) => format!("the ledger's chain is broken at entry {at} of {}", ledger.entries),
    };
    found.say(ledger.broken_at.is_none(), &what);
    // Cut off at its end the chain is whole all the same: who keeps the head elsewhere sees it.
    println!("      its head is {}", ledger.head);
    let balance = ledger.trial_balance;
    found.say(
        balance == 0,
        &format!("the trial balance is zero (found {balance} fen)"),
    );
    let (closed, broken) = check_seals(app).await?;
    let what = match broken[..] {
        [] => format!("the seals of {closed} closed payouts fit"),
        _ => format!("closed payouts that were changed since: {broken:?} of {closed}"),
    };
    found.say(broken.is_empty(), &what);
    let off = check_books(app).await?;
    let what = match off[..] {
        [] => "each payout's entries are its lines and its total".to_owned(),
        _ => format!("payouts whose entries, lines and total differ: {off:?}"),
    };
    found.say(off.is_empty(), &what);
    let (facts, changed) = check_facts(app).await?;
    let what = match changed {
        None => format!("the {facts} facts are as they were recorded"),
        Some(id) => format!("fact {id} of {facts} was changed since it was recorded"),
    };
    found.say(changed.is_none(), &what);
    Ok(())
}

fn spool(found: &mut Findings, settings: &Settings) {
    let root = settings.data_dir.join("spool");
    let mut bytes = 0;
    let mut count = 0;
    for node in std::fs::read_dir(&root).into_iter().flatten().flatten() {
        for number in segments(&node.path()).unwrap_or_default() {
            count += 1;
            bytes += std::fs::metadata(segment_path(&node.path(), number)).map_or(0, |m| m.len());
        }
    }
    let (mib, most) = (bytes >> 20, u64::from(settings.spool_max_mib));
    let words = format!("the spool: {count} segments, {mib} of at most {most} MiB");
    found.say(mib * 10 < most * 9, &words);
}

fn geo(found: &mut Findings, settings: &Settings) {
    for file in Geo::open(settings.geo_db.iter().cloned()).status() {
        let what = match (&file.loaded, &file.error) {
            (Some((kind, _)), None) => format!("geo file {}: {kind}", file.path.display()),
            (_, error) => {
                let error = error.clone().unwrap_or_default();
                format!("geo file {}: {error}", file.path.display())
            }
        };
        found.say(file.error.is_none(), &what);
    }
}

/// Old backups are wrong; none at all may mean other means (snapshots, `pg_dump`), which we cannot see.
async fn last_backup(found: &mut Findings, app: &App) -> Result<(), Refusal> {
    let last = app.store.meta(LAST_BACKUP).await?;
    match last.and_then(|text| text.parse::<Timestamp>().ok()) {
        Some(at) => {
            let fresh = app.now() - (BACKUP_DAYS * 24).hours() <= at;
            found.say(fresh, &format!("last backup with bole backup: {at}"));
        }
        None => Findings::note("no backup was made with bole backup yet"),
    }
    Ok(())
}

async fn one_backup(found: &mut Findings, backup: &Path) {
    match check_backup(backup).await {
        Ok(manifest) => {
            let secret = if manifest.has_secret() {
                ""
            } else {
                ", without the secret"
            };
            let words = format!(
                "the backup {} of {}: {} files, all as they were{secret}",
                backup.display(),
                manifest.made_at,
                manifest.files.len()
            );
            found.say(true, &words);
        }
        Err(error) => found.say(false, &format!("the backup {error}")),
    }
}
