//! `bole doctor`: looks at everything an operator would look at.

use crate::cli::run::{Refusal, app};
use crate::config::Settings;
use crate::geo::Geo;

/// Says what it finds; exit 1 when something is wrong.
pub async fn run(settings: &Settings) -> Result<(), Refusal> {
    let mut wrong = 0;
    let mut say = |fine: bool, what: String| {
        println!("{} {what}", if fine { "ok   " } else { "WRONG" });
        wrong += u32::from(!fine);
    };
    let app = app(settings).await?;
    say(
        true,
        format!(
            "settings, data folder and secret: {}",
            settings.data_dir.display()
        ),
    );
    let ping = app.store.ping().await;
    say(ping.is_ok(), "the store answers".to_owned());
    for file in Geo::open(settings.geo_db.iter().cloned()).status() {
        let what = match (&file.loaded, &file.error) {
            (Some((kind, _)), None) => format!("geo file {}: {kind}", file.path.display()),
            (_, error) => format!(
                "geo file {}: {}",
                file.path.display(),
                error.clone().unwrap_or_default()
            ),
        };
        say(file.error.is_none(), what);
    }
    let off = app.store.recount(&app.programme.zone).await?;
    say(
        off.is_empty(),
        format!("rollups equal a recount of the rows ({} differences)", off.len()),
    );
    for difference in off.iter().take(20) {
        println!("      {difference:?}");
    }
    app.store.close().await;
    if wrong > 0 {
        return Err(format!("{wrong} things are wrong").into());
    }
    Ok(())
}
