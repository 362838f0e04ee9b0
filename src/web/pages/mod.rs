//! Screens: one file each, mirroring `templates/`.
//!
//! # Why
//! The page struct that derives the template sits above its handler, so that what a page shows is read in one place.

pub mod errors;
mod home;
mod me;
mod rules;
mod signin;

pub use errors::{gone, not_found};

use axum::Router;

use crate::web::Web;

/// All pages. GETs change nothing; every change is a POST answered by 303, or by 422 with the form as it was typed.
pub fn routes() -> Router<Web> {
    Router::new()
        .merge(home::routes())
        .merge(me::routes())
        .merge(rules::routes())
        .merge(signin::routes())
}

/// What every page rendered from samples must be: whole, translated, nothing inline.
#[cfg(test)]
fn check_sample(html: &str, lang: crate::web::i18n::Lang) {
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
}
