//! Files of `static/`, inside the binary, under addresses that carry their content's hash.
//!
//! # Why
//! An address that changes with the content may be kept for ever; nothing is asked of a third party.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::LazyLock;

use axum::Router;
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use rust_embed::RustEmbed;

use crate::web::{Problem, Web};

#[derive(RustEmbed)]
#[folder = "static/"]
struct Static;

/// Name of a file to its address, for every file of `static/`.
static URLS: LazyLock<BTreeMap<String, String>> = LazyLock::new(|| {
    Static::iter()
        .filter_map(|name| {
            let hash = short_hash(&Static::get(&name)?.metadata.sha256_hash());
            Some((name.to_string(), format!("/assets/{hash}/{name}")))
        })
        .collect()
});

fn short_hash(hash: &[u8; 32]) -> String {
    hash[..6]
        .iter()
        .fold(String::with_capacity(12), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}

/// The address of a file of `static/`; of a file that is not there, an address that answers 404 (a test reads the
/// templates for such names).
pub fn url(name: &str) -> &'static str {
    URLS.get(name).map_or("/assets/missing", String::as_str)
}

/// `GET /assets/{hash}/{name}`.
pub fn routes() -> Router<Web> {
    Router::new().route("/assets/{hash}/{*name}", get(file))
}

async fn file(Path((hash, name)): Path<(String, String)>, headers: HeaderMap) -> Response {
    let Some(found) = Static::get(&name) else {
        return Problem::not_found(format_args!("file {name:?}")).into_response();
    };
    let tag = short_hash(&found.metadata.sha256_hash());
    let etag = format!("\"{tag}\"");
    // A page of an older release may ask by its old address: it gets the file as it is now, but must ask again.
    let cache = if hash == tag {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let media = match name.rsplit('.').next() {
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("txt") => "text/plain; charset=utf-8",
        _ => found.metadata.mimetype(),
    };
    let known = headers
        .get(header::IF_NONE_MATCH)
        .and_then(|v| v.to_str().ok())
        .is_some_and(|v| v.split(',').any(|t| t.trim().trim_start_matches("W/") == etag));
    let mut response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        found.data.into_owned().into_response()
    };
    let head = response.headers_mut();
    head.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    for (name, value) in [(header::CONTENT_TYPE, media), (header::ETAG, &etag)] {
        if let Ok(value) = HeaderValue::from_str(value) {
            head.insert(name, value);
        }
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use regex::Regex;

    #[test]
    fn templates_name_only_files_that_are_there() {
        let asset = Regex::new(r#"(?:asset|assets::url)\("([^"]+)"\)"#).unwrap();
        let mut folders = vec![
            concat!(env!("CARGO_MANIFEST_DIR"), "/templates").into(),
            concat!(env!("CARGO_MANIFEST_DIR"), "/src/web").into(),
        ];
        let mut seen = 0;
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir::<std::path::PathBuf>(folder).unwrap().flatten() {
                let path = entry.path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                for found in asset.captures_iter(&std::fs::read_to_string(&path).unwrap_or_default()) {
                    assert_ne!(
                        url(&found[1]),
                        "/assets/missing",
                        "{}: {}",
                        path.display(),
                        &found[1]
                    );
                    seen += 1;
                }
            }
        }
        assert!(seen > 3, "found {seen} files named");
    }

    #[test]
    fn icons_named_anywhere_are_in_the_sprite() {
        let sprite = Static::get("icons.svg").unwrap();
        let sprite = std::str::from_utf8(&sprite.data).unwrap();
        for name in crate::web::ui::ICONS {
            assert!(sprite.contains(&format!("<symbol id=\"{name}\"")), "{name}");
        }
    }
}
