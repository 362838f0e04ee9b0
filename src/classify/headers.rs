//! Short values copied out of headers, so that no read buffer stays pinned by a click.

use std::fmt;

/// Up to `N` (≤ 255) bytes of text, inline: no allocation on the way of a click.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Short<const N: usize> {
    len: u8,
    bytes: [u8; N],
}

/// A language tag, normalised (`zh-CN`, `zh-Hans-CN`, `en`), at most 16 characters.
pub type Language = Short<16>;

/// A referrer's host name, lower case, at most 100 characters.
pub type ReferrerHost = Short<100>;

impl<const N: usize> Short<N> {
    /// Copies a text of at most `N` bytes; longer ones are `None`.
    pub fn new(text: &str) -> Option<Self> {
        let mut short = Self {
            len: 0,
            bytes: [0; N],
        };
        text.bytes().try_for_each(|byte| short.push(byte))?;
        Some(short)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        // Whole `str`s and single ASCII bytes go in, so this never falls back.
        std::str::from_utf8(&self.bytes[..usize::from(self.len)]).unwrap_or_default()
    }

    fn push(&mut self, byte: u8) -> Option<()> {
        *self.bytes.get_mut(usize::from(self.len))? = byte;
        self.len = self.len.checked_add(1)?;
        Some(())
    }
}

impl<const N: usize> fmt::Debug for Short<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

impl<const N: usize> fmt::Display for Short<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The first tag of an `Accept-Language` value in BCP 47 case (`zh-cn;q=0.9,en` → `zh-CN`); subtags beyond
/// 16 characters are left off. `None` for `*`, nothing, or garbage.
pub fn language(accept_language: &str) -> Option<Language> {
    let first = accept_language
        .split([',', ';'])
        .next()
        .unwrap_or_default()
        .trim();
    let mut tag = Language {
        len: 0,
        bytes: [0; 16],
    };
    let mut extension = false; // what follows a single letter is written small (RFC 5646 §2.1.1)
    for (index, part) in first.split(['-', '_']).enumerate() {
        let letters = part.bytes().all(|b| b.is_ascii_alphabetic());
        let fits = if index == 0 {
            letters && (2..=8).contains(&part.len())
        } else {
            (1..=8).contains(&part.len())
        };
        if !fits || !part.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return None;
        }
        if usize::from(tag.len) + part.len() + usize::from(index > 0) > 16 {
            break;
        }
        if index > 0 {
            tag.push(b'-')?;
        }
        for (place, byte) in part.bytes().enumerate() {
            let upper =
                index > 0 && !extension && letters && (part.len() == 2 || (part.len() == 4 && place == 0));
            tag.push(if upper {
                byte.to_ascii_uppercase()
            } else {
                byte.to_ascii_lowercase()
            })?;
        }
        extension |= part.len() == 1;
    }
    Some(tag)
}

/// The host of a `Referer` value: http(s) or Android's `android-app://package`, lower case, without user,
/// port and closing dot. `None` for garbage and for hosts over 100 characters.
pub fn referrer_host(referer: &str) -> Option<ReferrerHost> {
    let (scheme, rest) = referer.trim().split_once("://")?;
    if !["https", "http", "android-app"]
        .iter()
        .any(|s| scheme.eq_ignore_ascii_case(s))
    {
        return None;
    }
    let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    let host_port = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let (host, port) = if let Some(inner) = host_port.strip_prefix('[') {
        let (address, after) = inner.split_once(']')?;
        address.parse::<std::net::Ipv6Addr>().ok()?;
        (
            &host_port[..address.len() + 2],
            after.strip_prefix(':').or(after.is_empty().then_some(""))?,
        )
    } else {
        let (host, port) = host_port.split_once(':').unwrap_or((host_port, ""));
        if !host
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
        {
            return None;
        }
        (host.strip_suffix('.').unwrap_or(host), port)
    };
    if host.is_empty()
        || host.starts_with('.')
        || host.contains("..")
        || !port.bytes().all(|b| b.is_ascii_digit())
    {
        return None;
    }
    let mut short = ReferrerHost {
        len: 0,
        bytes: [0; 100],
    };
    host.bytes()
        .try_for_each(|byte| short.push(byte.to_ascii_lowercase()))?;
    Some(short)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(header: &str) -> Option<String> {
        language(header).map(|l| l.to_string())
    }

    fn host(referer: &str) -> Option<String> {
        referrer_host(referer).map(|h| h.to_string())
    }

    #[test]
    fn the_first_language_is_taken_in_its_usual_spelling() {
        assert_eq!(tag("zh-CN,zh;q=0.9,en;q=0.8").as_deref(), Some("zh-CN"));
        assert_eq!(tag("zh_cn").as_deref(), Some("zh-CN"));
        assert_eq!(tag(" ZH-hans-cn ; q=1").as_deref(), Some("zh-Hans-CN"));
        assert_eq!(tag("es-419").as_deref(), Some("es-419"));
        assert_eq!(tag("en").as_deref(), Some("en"));
        assert_eq!(
            tag("zh-Hans-CN-u-co-pinyin").as_deref(),
            Some("zh-Hans-CN-u-co"),
            "cut between subtags"
        );
    }

    #[test]
    fn garbage_is_no_language() {
        for header in [
            "",
            "*",
            "*;q=0.1",
            ",",
            "a",
            "zh--CN",
            "zh CN",
            "中文",
            "-",
            "123",
            "x\u{0}y",
            "toolongsubtag",
        ] {
            assert_eq!(tag(header), None, "{header:?}");
        }
    }

    #[test]
    fn the_referrers_host_is_all_that_is_kept() {
        assert_eq!(
            host("https://Mp.Weixin.QQ.com/s/abc?token=secret").as_deref(),
            Some("mp.weixin.qq.com")
        );
        assert_eq!(
            host("http://user:pw@example.com:8080/x").as_deref(),
            Some("example.com")
        );
        assert_eq!(host("HTTPS://example.com.").as_deref(), Some("example.com"));
        assert_eq!(host("https://example.com?x").as_deref(), Some("example.com"));
        assert_eq!(
            host("android-app://com.tencent.mm/").as_deref(),
            Some("com.tencent.mm")
        );
        assert_eq!(
            host("https://[2001:DB8::1]:8443/").as_deref(),
            Some("[2001:db8::1]")
        );
        assert_eq!(host("https://xn--fiqs8s.cn/").as_deref(), Some("xn--fiqs8s.cn"));
    }

    #[test]
    fn garbage_is_no_referrer() {
        for referer in [
            "",
            "about:blank",
            "example.com",
            "https://",
            "https:///path",
            "javascript://x",
            "https://exa mple.com/",
            "https://中国.cn/",
            "https://a..b/",
            "https://.a/",
            "https://a:b/",
            "https://[::1",
            "https://[zz]/",
            "https://[::1]x/",
            "https://<script>/",
        ] {
            assert_eq!(host(referer), None, "{referer:?}");
        }
        assert_eq!(host(&format!("https://{}/", "a".repeat(101))), None);
        assert!(host(&format!("https://{}/", "a".repeat(100))).is_some());
    }

    #[test]
    fn a_short_text_takes_what_fits_and_no_more() {
        assert_eq!(Short::<4>::new("abcd").unwrap().as_str(), "abcd");
        assert_eq!(Short::<4>::new("abcde"), None);
        assert_eq!(Short::<6>::new("中国").unwrap().as_str(), "中国");
    }
}
