//! The page link-preview fetchers get instead of the redirect.

use std::fmt::Write as _;

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};

use crate::redirect::table::Campaign;

/// Open Graph tags, no script, nothing to follow. `url` is the short URL, so that the card leads through the redirect.
pub(super) fn page(campaign: &Campaign, url: &str) -> Response<Body> {
    let mut html = String::with_capacity(1024);
    let title = Escaped(&campaign.title);
    let _ = write!(
        html,
        "<!doctype html><html><head><meta charset=\"utf-8\"><title>{title}</title>\
         <meta name=\"robots\" content=\"noindex\"><meta property=\"og:type\" content=\"website\">\
         <meta property=\"og:title\" content=\"{title}\"><meta property=\"og:url\" content=\"{}\">",
        Escaped(url)
    );
    if !campaign.description.is_empty() {
        let text = Escaped(&campaign.description);
        let _ = write!(
            html,
            "<meta property=\"og:description\" content=\"{text}\"><meta name=\"description\" content=\"{text}\">"
        );
    }
    let card = match &campaign.picture_url {
        Some(picture) => {
            let _ = write!(
                html,
                "<meta property=\"og:image\" content=\"{}\">",
                Escaped(picture)
            );
            "summary_large_image"
        }
        None => "summary",
    };
    let _ = write!(
        html,
        "<meta name=\"twitter:card\" content=\"{card}\"></head><body><h1>{title}</h1><p>{}</p></body></html>",
        Escaped(&campaign.description)
    );
    let mut response = Response::new(Body::from(html));
    *response.status_mut() = StatusCode::OK;
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    );
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("private, no-store"),
    );
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'"),
    );
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    response
}

/// Text as it may stand in HTML, between tags and in quoted attributes.
struct Escaped<'a>(&'a str);

impl std::fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut rest = self.0;
        while let Some(at) = rest.find(['&', '<', '>', '"', '\'']) {
            f.write_str(&rest[..at])?;
            f.write_str(match rest.as_bytes()[at] {
                b'&' => "&amp;",
                b'<' => "&lt;",
                b'>' => "&gt;",
                b'"' => "&quot;",
                _ => "&#39;",
            })?;
            rest = &rest[at + 1..];
        }
        f.write_str(rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_leave_its_place_in_the_page() {
        let text = Escaped("<b>\"Tom\" & 'Anna'</b> 冬").to_string();
        assert_eq!(text, "&lt;b&gt;&quot;Tom&quot; &amp; &#39;Anna&#39;&lt;/b&gt; 冬");
    }
}
