//! Screens: one file each, mirroring `templates/`.
//!
//! # Why
//! The page struct that derives the template sits above its handler, so that what a page shows is read in one place.

mod actors;
pub mod admin;
mod board;
mod checkin;
mod claims;
pub mod errors;
mod home;
mod honours;
mod income;
mod manage;
mod me;
mod notices;
mod objections;
pub(in crate::web) mod paged;
pub(in crate::web) mod pay;
mod results;
mod review;
mod rules;
mod sessions;
mod share;
mod shop;
mod signin;

pub use errors::{gone, not_found};

use axum::Router;

use crate::web::Web;

/// All pages. GETs change nothing; every change is a POST answered by 303, or by 422 with the form as it was typed.
pub fn routes() -> Router<Web> {
    Router::new()
        .merge(admin::routes())
        .merge(board::routes())
        .merge(checkin::routes())
        .merge(claims::routes())
        .merge(home::routes())
        .merge(income::routes())
        .merge(objections::routes())
        .merge(honours::routes())
        .merge(manage::routes())
        .merge(me::routes())
        .merge(notices::routes())
        .merge(pay::routes())
        .merge(results::routes())
        .merge(review::routes())
        .merge(rules::routes())
        .merge(sessions::routes())
        .merge(share::routes())
        .merge(shop::routes())
        .merge(signin::routes())
}

/// What every page rendered from samples must be: whole, translated, nothing inline. With `BOLE_SAMPLES=FOLDER` the
/// samples are written there, to be looked at (`tests/look/serve.py` serves them with their files).
#[cfg(test)]
pub(in crate::web) fn check_sample(name: &str, html: &str, lang: crate::web::i18n::Lang) {
    assert!(
        html.contains(&format!("<html lang=\"{}\"", lang.html())),
        "{html}"
    );
    for bad in [
        "Unknown localization",
        "<style",
        " style=",
        " onclick=",
        "<script>",
        "javascript:",
    ] {
        assert!(!html.contains(bad), "{bad} in {html}");
    }
    assert_eq!(html.matches("<h1").count(), 1, "one heading of the first level");
    assert!(!html.contains("/assets/missing"));
    let mut ids: Vec<&str> = html
        .split(" id=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect();
    ids.sort_unstable();
    let all = ids.len();
    ids.dedup();
    assert_eq!(ids.len(), all, "ids are unique: {html}");
    if let Ok(folder) = std::env::var("BOLE_SAMPLES") {
        let path = std::path::Path::new(&folder).join(format!("{name}.{}.html", lang.as_str()));
        std::fs::write(path, html).unwrap();
    }
}
