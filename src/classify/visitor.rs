//! Which visitor a click comes from: a cookie, else a keyed hash that dies with its salt.

use std::net::IpAddr;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::agent::word_enum;
use super::visible;

/// A visitor's id: 96 bits, random (cookie) or a keyed hash.
pub type VisitorId = [u8; 12];

word_enum! {
    /// How a visitor was recognised.
    VisitorBy {
        /// Not at all (`Sec-GPC`, `DNT`, machines).
        None = "none",
        /// By the cookie on the short domain.
        Cookie = "cookie",
        /// By the keyed hash of address, user agent and language; people of one office can share it.
        Hash = "hash",
    }
}

/// A visitor as a click shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Visitor {
    /// Not to be known.
    None,
    /// The cookie that came with the request.
    Cookie(VisitorId),
    /// The keyed hash of the request.
    Hash(VisitorId),
}

impl Visitor {
    /// How it was recognised.
    pub const fn by(self) -> VisitorBy {
        match self {
            Self::None => VisitorBy::None,
            Self::Cookie(_) => VisitorBy::Cookie,
            Self::Hash(_) => VisitorBy::Hash,
        }
    }

    /// The id, if there is one.
    pub const fn id(self) -> Option<VisitorId> {
        match self {
            Self::None => None,
            Self::Cookie(id) | Self::Hash(id) => Some(id),
        }
    }

    /// Puts way and id together again, as rows and records keep them; without an id it is nobody.
    pub const fn from_parts(by: VisitorBy, id: Option<VisitorId>) -> Self {
        match (by, id) {
            (VisitorBy::Cookie, Some(id)) => Self::Cookie(id),
            (VisitorBy::Hash, Some(id)) => Self::Hash(id),
            _ => Self::None,
        }
    }
}

/// The day's salt, made ready once: HMAC-SHA256 with the key already worked in.
///
/// The salt is random, changes daily and is destroyed after 48 h (attribution.md §2); the caller sees to it.
#[derive(Clone)]
pub struct SaltedHasher(Hmac<Sha256>);

impl SaltedHasher {
    /// Works the salt in: two SHA-256 blocks, once a day.
    pub fn new(salt: &[u8; 32]) -> Self {
        let mut block = [0u8; 64];
        block[..32].copy_from_slice(salt);
        Self(Hmac::new(&block.into()))
    }

    /// The visitor's hash under this salt. The parts are framed by their lengths, so that moving a character
    /// from one to the next gives another hash; IPv4 inside IPv6 is IPv4.
    pub fn hash(&self, client: IpAddr, user_agent: &str, accept_language: Option<&str>) -> VisitorId {
        let address = match client.to_canonical() {
            IpAddr::V4(v4) => v4.to_ipv6_mapped().octets(),
            IpAddr::V6(v6) => v6.octets(),
        };
        let user_agent = visible(user_agent);
        let mut head = [0u8; 24];
        head[..16].copy_from_slice(&address);
        head[16..].copy_from_slice(&(user_agent.len() as u64).to_le_bytes());
        let mut mac = self.0.clone();
        mac.update(&head);
        mac.update(user_agent.as_bytes());
        if let Some(language) = accept_language {
            mac.update(b"\x01");
            mac.update(language.as_bytes());
        }
        let tag = mac.finalize().into_bytes();
        let mut id = VisitorId::default();
        id.copy_from_slice(&tag[..12]);
        id
    }
}

impl std::fmt::Debug for SaltedHasher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SaltedHasher(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn one_visitor_keeps_one_hash_while_the_salt_lives() {
        let day = SaltedHasher::new(&[7; 32]);
        let visitor = day.hash(ip("203.0.113.7"), "agent", Some("zh-CN"));
        assert_eq!(
            visitor,
            day.hash(ip("::ffff:203.0.113.7"), "agent", Some("zh-CN"))
        );
        assert_ne!(
            visitor,
            SaltedHasher::new(&[8; 32]).hash(ip("203.0.113.7"), "agent", Some("zh-CN"))
        );
    }

    #[test]
    fn every_part_counts_and_parts_cannot_slide() {
        let day = SaltedHasher::new(&[7; 32]);
        let base = day.hash(ip("203.0.113.7"), "agent", Some("zh"));
        assert_ne!(base, day.hash(ip("203.0.113.8"), "agent", Some("zh")));
        assert_ne!(base, day.hash(ip("203.0.113.7"), "Agent", Some("zh")));
        assert_ne!(base, day.hash(ip("203.0.113.7"), "agent", Some("en")));
        assert_ne!(base, day.hash(ip("203.0.113.7"), "agentz", Some("h")));
        assert_ne!(
            day.hash(ip("203.0.113.7"), "agent", None),
            day.hash(ip("203.0.113.7"), "agent", Some("")),
            "no language and an empty one differ"
        );
    }

    #[test]
    fn it_is_hmac_sha256_as_the_standard_has_it() {
        // Computed independently: python3 hmac.new(bytes([7])*32, msg, sha256).digest()[:12]
        let day = SaltedHasher::new(&[7; 32]);
        assert_eq!(day.hash(ip("203.0.113.7"), "agent", Some("zh-CN")), KNOWN);
    }

    const KNOWN: VisitorId = [114, 228, 153, 192, 15, 68, 171, 22, 4, 142, 183, 19];

    #[test]
    fn the_salt_is_never_printed() {
        assert_eq!(format!("{:?}", SaltedHasher::new(&[7; 32])), "SaltedHasher(…)");
    }

    #[test]
    fn a_visitor_comes_back_from_its_parts() {
        for visitor in [Visitor::None, Visitor::Cookie([1; 12]), Visitor::Hash([2; 12])] {
            assert_eq!(Visitor::from_parts(visitor.by(), visitor.id()), visitor);
        }
        for by in VisitorBy::ALL {
            assert_eq!(VisitorBy::from_code(by.code()), Some(*by));
            assert_eq!(by.as_str().parse(), Ok(*by));
        }
        assert_eq!(Visitor::from_parts(VisitorBy::Hash, None), Visitor::None);
    }

    proptest! {
        #[test]
        fn any_text_has_a_hash(address: IpAddr, agent: String, language: Option<String>) {
            let day = SaltedHasher::new(&[1; 32]);
            let once = day.hash(address, &agent, language.as_deref());
            prop_assert_eq!(once, day.hash(address, &agent, language.as_deref()));
        }
    }
}
