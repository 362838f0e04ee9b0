//! The UTM merge of the hot path: everything a click does not change is composed beforehand.

use crate::share::encode::{encode_value, key_is, push_foreign};
use crate::share::utm::{Utm, UtmOverrides, incoming_parts};
use crate::share::{Destination, location};

/// A destination with all that is the same for every click on it. One per campaign, plus one per link with a
/// destination or UTM values of its own; channel and employee code come with the click, already encoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// `https://shop.example/page?` with the destination's own parameters and their last `&`.
    head: Box<str>,
    /// Fixed `utm_source` value, encoded; `None`: the link's channel.
    source: Option<Box<str>>,
    /// `&utm_medium=…&utm_campaign=…[&utm_term=…]&utm_content=`.
    middle: Box<str>,
    /// Fixed `utm_content` value, encoded; `None`: the link's employee code.
    content: Option<Box<str>>,
    /// `#…`, or nothing.
    fragment: Box<str>,
    /// `utm_term` is ours as well.
    has_term: bool,
}

impl Target {
    /// Composes a target. `overrides` are a link's own UTM values.
    pub fn new(destination: &Destination, campaign_slug: &str, overrides: Option<&UtmOverrides>) -> Self {
        let utm = Utm {
            channel: "",
            campaign_slug,
            employee_code: "",
            overrides,
        };
        // The plain merge does the work once; its tail is ours, known, and cut off.
        let all = location(destination, &utm, None, None);
        let (all, fragment) = all.split_at(all.find('#').unwrap_or(all.len()));
        let mut tail = String::new();
        for (name, value) in utm.parameters() {
            tail = format!("{tail}&{name}={}", encode_value(value));
        }
        let head = &all[..all.len() - (tail.len() - 1)];
        let own = |value: &Option<String>| value.as_deref().map(|v| encode_value(v).into_boxed_str());
        let source = overrides.and_then(|o| own(&o.source));
        let content = overrides.and_then(|o| own(&o.content));
        let from = "&utm_source=".len() + source.as_ref().map_or(0, |s| s.len());
        let to = tail.len() - content.as_ref().map_or(0, |c| c.len());
        Self {
            head: head.into(),
            middle: tail[from..to].into(),
            fragment: fragment.into(),
            has_term: overrides.is_some_and(|o| o.term.is_some()),
            source,
            content,
        }
    }

    /// Appends the address for one click: equal to [`location`] with the same values.
    ///
    /// `channel` and `employee_code` are encoded ([`encode_value`]), `token` is base64url. Without an incoming query nothing is parsed, and
    /// nothing allocated beyond `buf`. Whatever the query holds, only printable ASCII is written.
    pub fn write_location(
        &self,
        buf: &mut Vec<u8>,
        channel: &str,
        employee_code: &str,
        incoming: Option<&str>,
        token: &str,
    ) {
        let source = self.source.as_deref().unwrap_or(channel);
        let content = self.content.as_deref().unwrap_or(employee_code);
        let fixed = self.head.len() + self.middle.len() + self.fragment.len();
        buf.reserve(fixed + source.len() + content.len() + token.len() + "utm_source=&bclid=".len());
        buf.extend_from_slice(self.head.as_bytes());
        if let Some(query) = incoming.filter(|q| !q.is_empty()) {
            for part in incoming_parts(query).filter(|part| !self.is_ours(part)) {
                push_foreign(buf, part);
                buf.push(b'&');
            }
        }
        buf.extend_from_slice(b"utm_source=");
        buf.extend_from_slice(source.as_bytes());
        buf.extend_from_slice(self.middle.as_bytes());
        buf.extend_from_slice(content.as_bytes());
        buf.extend_from_slice(b"&bclid=");
        buf.extend_from_slice(token.as_bytes());
        buf.extend_from_slice(self.fragment.as_bytes());
    }

    fn is_ours(&self, part: &[u8]) -> bool {
        let end = part.iter().position(|b| *b == b'=').unwrap_or(part.len());
        let key = &part[..end];
        // Most keys begin otherwise; an escaped first letter goes the long way.
        if !matches!(key.first(), Some(b'u' | b'b' | b'%')) {
            return false;
        }
        [
            &b"bclid"[..],
            b"utm_source",
            b"utm_medium",
            b"utm_campaign",
            b"utm_content",
        ]
        .iter()
        .any(|name| key_is(key, name))
            || (self.has_term && key_is(key, b"utm_term"))
    }
}
