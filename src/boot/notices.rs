//! The firm's 404 and 410 pages for the redirect.

use std::sync::OnceLock;

use axum::body::Body;
use axum::http::{HeaderMap, Response};

use crate::redirect::{Notices, PlainNotices};
use crate::web::i18n::Lang;
use crate::web::{Web, pages};

/// Pages once the site is there; plain words before.
#[derive(Default)]
pub struct Pages(OnceLock<Web>);

impl Pages {
    /// Hands the site over; later calls change nothing.
    pub fn set(&self, web: Web) {
        let _ = self.0.set(web);
    }
}

impl Notices for Pages {
    fn not_found(&self, headers: &HeaderMap) -> Response<Body> {
        match self.0.get() {
            Some(web) => pages::not_found(web, Lang::of(headers)),
            None => PlainNotices.not_found(headers),
        }
    }

    fn gone(&self, headers: &HeaderMap) -> Response<Body> {
        match self.0.get() {
            Some(web) => pages::gone(web, Lang::of(headers)),
            None => PlainNotices.gone(headers),
        }
    }
}
