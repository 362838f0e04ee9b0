//! The UTM merge (attribution.md §1), said plainly: for display and as the yardstick of [`super::Target`].

use crate::share::Destination;
use crate::share::encode::{encode_value, into_text, key_is, push_foreign};

/// Longest query of an incoming request that is passed on, bytes. A longer one is left out as a whole: cut anywhere,
/// it would say something nobody sent.
pub const MAX_INCOMING_BYTES: usize = 4096;

/// A link's own UTM values, where they differ from the defaults.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UtmOverrides {
    /// Instead of the channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Instead of `employee`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub medium: Option<String>,
    /// Instead of the campaign's slug.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub campaign: Option<String>,
    /// Instead of the employee code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// Not sent by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub term: Option<String>,
}

impl UtmOverrides {
    /// Whether nothing is overridden.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A link's UTM values, plain text.
#[derive(Clone, Copy, Debug)]
pub struct Utm<'a> {
    /// Where the link is posted.
    pub channel: &'a str,
    /// The campaign.
    pub campaign_slug: &'a str,
    /// Whose link it is.
    pub employee_code: &'a str,
    /// The link's own values.
    pub overrides: Option<&'a UtmOverrides>,
}

impl<'a> Utm<'a> {
    /// The parameters in the order they are sent.
    pub fn parameters(&self) -> Vec<(&'static str, &'a str)> {
        let own = |get: fn(&UtmOverrides) -> &Option<String>| self.overrides.and_then(|o| get(o).as_deref());
        let mut all = vec![
            ("utm_source", own(|o| &o.source).unwrap_or(self.channel)),
            ("utm_medium", own(|o| &o.medium).unwrap_or("employee")),
            ("utm_campaign", own(|o| &o.campaign).unwrap_or(self.campaign_slug)),
        ];
        all.extend(own(|o| &o.term).map(|term| ("utm_term", term)));
        all.push(("utm_content", own(|o| &o.content).unwrap_or(self.employee_code)));
        all
    }
}

/// The address a click is sent to.
///
/// In this order: the destination's own parameters, those of the incoming request (without the scan marker `q=1`), ours, the click
/// token as `bclid`, the fragment. Ours win: a foreign parameter is dropped when its key, percent-decoded, equals one of ours exactly
/// (case counts: `UTM_Source` is somebody else's). Duplicates among foreign parameters are all kept, byte for byte.
pub fn location(
    destination: &Destination,
    utm: &Utm<'_>,
    incoming: Option<&str>,
    token: Option<&str>,
) -> String {
    let ours = utm.parameters();
    let foreign = |part: &&[u8]| {
        let key = part.split(|b| *b == b'=').next().unwrap_or_default();
        !key_is(key, b"bclid") && !ours.iter().any(|(name, _)| key_is(key, name.as_bytes()))
    };
    let (head, fragment) = split_before(destination.as_str(), '#');
    let (base, query) = split_before(head, '?');
    let kept: Vec<&[u8]> = query
        .strip_prefix('?')
        .unwrap_or_default()
        .as_bytes()
        .split(|b| *b == b'&')
        .filter(foreign)
        .collect();
    let kept = kept.join(&b'&');
    let mut parts = if kept.is_empty() {
        Vec::new()
    } else {
        vec![into_text(kept)]
    };
    for part in incoming_parts(incoming.unwrap_or_default()).filter(foreign) {
        let mut out = Vec::new();
        push_foreign(&mut out, part);
        parts.push(into_text(out));
    }
    parts.extend(
        ours.iter()
            .map(|(name, value)| format!("{name}={}", encode_value(value))),
    );
    parts.extend(token.map(|token| format!("bclid={token}")));
    format!("{base}?{}{fragment}", parts.join("&"))
}

/// Whether the query of a request says that the link was scanned from its QR code (`q=1`).
pub fn is_scan(query: &str) -> bool {
    query.as_bytes().split(|b| *b == b'&').any(|part| part == b"q=1")
}

/// The parts of an incoming query that are passed on, before ours are taken out.
pub(super) fn incoming_parts(query: &str) -> impl Iterator<Item = &[u8]> {
    let query = if query.len() > MAX_INCOMING_BYTES {
        ""
    } else {
        query
    };
    query
        .as_bytes()
        .split(|b| *b == b'&')
        .filter(|part| !part.is_empty() && *part != b"q=1")
}

fn split_before(text: &str, mark: char) -> (&str, &str) {
    text.split_at(text.find(mark).unwrap_or(text.len()))
}
