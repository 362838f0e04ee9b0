//! `POST /b`: what `b.js` tells of a visit. Always 204, so that nobody learns what was wrong.

use std::sync::PoisonError;
use std::time::Duration;

use axum::body::{Body, HttpBody as _};
use axum::http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http_body_util::BodyExt as _;
use sha2::{Digest as _, Sha256};

use crate::attribution::token::{BEACON_LIFE_MS, TOKEN_CHARS};
use crate::redirect::follow::Redirector;
use crate::spool::{BeaconKind, BeaconRecord, Record};

/// Longest beacon, bytes.
pub const MAX_BEACON: usize = 256;
/// Bytes read of a body before the connection is closed upon it.
const MAX_READ: usize = 16 << 20;
/// A beacon's body comes within so long, or not at all.
const PATIENCE: Duration = Duration::from_secs(10);
/// How far the clocks of two nodes may differ: a token of the other may be from the future, milliseconds.
const SKEW_MS: i64 = 60_000;
/// Nobody looks at a page for longer than the token lives.
const MAX_VISIBLE_MS: u64 = 24 * 60 * 60 * 1000;

/// A beacon before its token was looked at.
#[derive(Debug, PartialEq, Eq)]
struct Said<'a> {
    token: &'a str,
    kind: BeaconKind,
    visible_ms: u32,
    interacted: bool,
    page_visitor: Option<[u8; 16]>,
}

impl Redirector {
    /// Answers `/b`, whatever the method.
    pub(super) async fn beacon(&self, request: Request<Body>) -> Response<Body> {
        let is_post = *request.method() == Method::POST;
        let waits = request.headers().contains_key(header::EXPECT);
        let body = request.into_body();
        // Who asks before sending so much is not told to send.
        let is_refused = waits && body.size_hint().lower() > MAX_BEACON as u64;
        let (said, is_read) = if is_refused {
            (None, false)
        } else {
            let read = tokio::time::timeout(PATIENCE, read_body(body)).await;
            read.unwrap_or((None, false))
        };
        if is_post {
            match said.as_deref().and_then(parse) {
                Some(said) => self.take(&said),
                None => self.metrics.beacons_refused.add(),
            }
        }
        let mut answer = no_content();
        if !is_read {
            let close = HeaderValue::from_static("close");
            answer.headers_mut().insert(header::CONNECTION, close);
        }
        answer
    }

    fn take(&self, said: &Said<'_>) {
        let now_ms = self.clock.now_ms();
        let verified = self
            .tokens
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .verify(said.token);
        let fresh = |at_ms: i64| (-SKEW_MS..=BEACON_LIFE_MS).contains(&now_ms.saturating_sub(at_ms));
        let Some(click) = verified
            .ok()
            .filter(|click| fresh(click.unix_ms()) && self.guard.admits(*click))
        else {
            self.metrics.beacons_refused.add();
            return;
        };
        let record = Record::Beacon(BeaconRecord {
            click,
            at_ms: now_ms,
            kind: said.kind,
            visible_ms: said.visible_ms,
            interacted: said.interacted,
            page_visitor: said.page_visitor,
        });
        match self.spool.append(&record) {
            Ok(_) => self.metrics.beacons.add(),
            Err(_) => self.metrics.beacons_missed.add(),
        }
    }
}

/// `token,kind,visible_ms,interacted[,page_visitor]`; visible times beyond a day are a day.
fn parse(body: &[u8]) -> Option<Said<'_>> {
    let mut fields = std::str::from_utf8(body).ok()?.trim_ascii_end().split(',');
    let token = fields.next().filter(|token| token.len() == TOKEN_CHARS)?;
    let kind = match fields.next()? {
        "1" => BeaconKind::Start,
        "2" => BeaconKind::Limit,
        "3" => BeaconKind::Leaving,
        _ => return None,
    };
    let visible = fields
        .next()
        .filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()))?;
    let visible_ms = u32::try_from(visible.parse::<u64>().ok()?.min(MAX_VISIBLE_MS)).ok()?;
    let interacted = match fields.next()? {
        "0" => false,
        "1" => true,
        _ => return None,
    };
    let page_visitor = match fields.next() {
        None | Some("") => None,
        Some(text) => Some(page_id(text)?),
    };
    fields.next().is_none().then_some(Said {
        token,
        kind,
        visible_ms,
        interacted,
        page_visitor,
    })
}

/// Sixteen bytes that stand for a page's visitor: `b.js` sends them as they are, another page's own word (a UUID, a
/// number of its own; 1 to 64 printable characters) is hashed to as many.
fn page_id(text: &str) -> Option<[u8; 16]> {
    let mut id = [0; 16];
    if text.len() == 22 && URL_SAFE_NO_PAD.decode_slice(text, &mut id) == Ok(16) {
        return Some(id);
    }
    if text.len() > 64 || !text.bytes().all(|b| b.is_ascii_graphic()) {
        return None;
    }
    id.copy_from_slice(&Sha256::digest(text)[..16]);
    Some(id)
}

/// The body, if it is at most [`MAX_BEACON`] bytes, and whether it was read to its end: a longer one is thrown away up to
/// [`MAX_READ`], so that whoever still sends sees the answer and no broken connection.
async fn read_body(mut body: Body) -> (Option<Vec<u8>>, bool) {
    let mut bytes = Vec::new();
    let mut read = 0;
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else {
            return (None, false);
        };
        let Ok(data) = frame.into_data() else {
            continue;
        };
        read += data.len();
        if read > MAX_READ {
            return (None, false);
        }
        if read <= MAX_BEACON {
            bytes.extend_from_slice(&data);
        }
    }
    ((read <= MAX_BEACON).then_some(bytes), true)
}

fn no_content() -> Response<Body> {
    let mut headers = HeaderMap::with_capacity(5);
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_METHODS,
        HeaderValue::from_static("POST"),
    );
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_HEADERS,
        HeaderValue::from_static("content-type"),
    );
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("86400"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    *response.headers_mut() = headers;
    response
}

/// `GET /b.js`, for the router to mount: the script, for an hour in caches. `limit_ms` is what it measures by on a page
/// whose tag says no `data-limit`.
pub fn script(limit_ms: i64) -> Response<Body> {
    let mut response = Response::new(Body::from(SCRIPT.replacen(
        DEFAULT_LIMIT,
        &format!("||{limit_ms}"),
        1,
    )));
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/javascript; charset=utf-8"),
    );
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("public, max-age=3600"),
    );
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response
}

/// The limit as the minified script says it.
const DEFAULT_LIMIT: &str = "||3e4";

/// `static/b.js`, minified.
const SCRIPT: &str = include_str!("../../static/b.min.js");

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "AQEBk0pbbH1wAIAAAAAAAAAAAAAAAAAAAAAAAA";

    #[test]
    fn the_script_is_below_one_kilobyte_gzipped_and_made_of_its_source() {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        std::io::Write::write_all(&mut gzip, SCRIPT.as_bytes()).unwrap();
        let size = gzip.finish().unwrap().len();
        println!("b.js: {size} bytes gzipped");
        assert!(size < 1024, "{size}");
        let crc = crc32fast::hash(include_bytes!("../../static/b.js"));
        assert!(
            SCRIPT.ends_with(&format!("//{crc:08x}")),
            "make b.min.js anew: b.js says how"
        );
        assert_eq!(
            SCRIPT.matches(DEFAULT_LIMIT).count(),
            1,
            "the limit of the settings is put in its place"
        );
        assert!(!SCRIPT.contains("eval") && !SCRIPT.contains("new Function"));
    }

    #[test]
    fn a_beacon_has_four_or_five_fields_of_their_kinds() {
        let said = Said {
            token: TOKEN,
            kind: BeaconKind::Limit,
            visible_ms: 30_001,
            interacted: true,
            page_visitor: None,
        };
        assert_eq!(
            parse(format!("{TOKEN},2,30001,1").as_bytes()),
            Some(Said { ..said })
        );
        assert_eq!(
            parse(format!("{TOKEN},2,30001,1,").as_bytes()),
            Some(Said { ..said })
        );
        let id = format!("{TOKEN},1,0,0,AAAAAAAAAAAAAAAAAAAAAA");
        assert_eq!(parse(id.as_bytes()).unwrap().page_visitor, Some([0; 16]));
        // A page of one's own may name its visitors otherwise, and end the line.
        let page =
            |id: &str| parse(format!("{TOKEN},1,0,0,{id}\n").as_bytes()).and_then(|said| said.page_visitor);
        let others = [
            "short",
            "AAAAAAAAAAAAAAAAAAAAAB",
            "0f8fad5b-d9cb-469f-a165-70867728950e",
        ]
        .map(|id| page(id).unwrap_or_else(|| panic!("{id} names nobody")));
        assert!(others[0] != others[1] && others[1] != others[2] && others[0] != others[2]);
        assert!(others.iter().all(|id| *id != [0; 16]), "{others:?}");
        let day = format!("{TOKEN},3,99999999999999,0");
        assert_eq!(parse(day.as_bytes()).unwrap().visible_ms, 86_400_000);
        for bad in [
            "",
            ",,,",
            TOKEN,
            &format!("{TOKEN},1,0"),
            &format!("{TOKEN},0,0,0"),
            &format!("{TOKEN},4,0,0"),
            &format!("{TOKEN},1,-1,0"),
            &format!("{TOKEN},1,+1,0"),
            &format!("{TOKEN},1,,0"),
            &format!("{TOKEN},1,1e3,0"),
            &format!("{TOKEN},1,0,2"),
            &format!("{TOKEN},1,0,0,two words"),
            &format!("{TOKEN},1,0,0,\u{7f}"),
            &format!("{TOKEN},1,0,0,{}", "x".repeat(65)),
            &format!("{TOKEN},1,0,0,AAAAAAAAAAAAAAAAAAAAAA,x"),
            &format!("{},1,0,0", &TOKEN[1..]),
        ] {
            assert_eq!(parse(bad.as_bytes()), None, "{bad:?}");
        }
        assert_eq!(parse(&[0xff; 40]), None);
    }
}
