//! What a request says, read from its headers without copying.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::ConnectInfo;
use axum::http::{Extensions, HeaderMap, HeaderName, header};

use crate::classify::{RequestFacts, client_address};
use crate::redirect::follow::FollowSettings;

static SEC_PURPOSE: HeaderName = HeaderName::from_static("sec-purpose");
static PURPOSE: HeaderName = HeaderName::from_static("purpose");
static X_PURPOSE: HeaderName = HeaderName::from_static("x-purpose");
static X_MOZ: HeaderName = HeaderName::from_static("x-moz");
static SEC_GPC: HeaderName = HeaderName::from_static("sec-gpc");
static X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The header's value as far as it is text: up to the first byte that is none.
pub(super) fn text(headers: &HeaderMap, name: impl header::AsHeaderName) -> Option<&str> {
    headers.get(name).map(|value| readable(value.as_bytes()))
}

/// All lines of a header, as far as they are text.
pub(super) fn lines(headers: &HeaderMap, name: impl header::AsHeaderName) -> impl Iterator<Item = &str> {
    headers
        .get_all(name)
        .iter()
        .map(|value| readable(value.as_bytes()))
}

fn readable(bytes: &[u8]) -> &str {
    match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default(),
    }
}

/// What classification looks at. Without a known peer (a test, a Unix socket) the client is `0.0.0.0`.
pub(super) fn facts<'a>(
    headers: &'a HeaderMap,
    extensions: &Extensions,
    settings: &FollowSettings,
) -> RequestFacts<'a> {
    let peer = extensions
        .get::<ConnectInfo<SocketAddr>>()
        .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0.ip());
    let says = |name: &HeaderName| text(headers, name) == Some("1");
    RequestFacts {
        user_agent: text(headers, header::USER_AGENT).unwrap_or_default(),
        accept_language: text(headers, header::ACCEPT_LANGUAGE),
        sec_purpose: text(headers, &SEC_PURPOSE),
        purpose: text(headers, &PURPOSE),
        x_purpose: text(headers, &X_PURPOSE),
        x_moz: text(headers, &X_MOZ),
        do_not_track: settings.honour_do_not_track && (says(&SEC_GPC) || says(&header::DNT)),
        client: if settings.trusted_proxies.is_empty() {
            peer.to_canonical()
        } else {
            client_address(peer, lines(headers, &X_FORWARDED_FOR), &settings.trusted_proxies)
        },
    }
}
