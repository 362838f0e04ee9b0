//! Where a link may lead: http(s), on a host the campaign allows.

use std::fmt;

use url::{Host, Url};

/// Longest destination, bytes of its ASCII form.
pub const MAX_DESTINATION_BYTES: usize = 2000;

/// A destination that may stand in a `Location` header: absolute http(s), pure ASCII, no credentials.
///
/// IDN hosts are in punycode, default ports dropped, dot segments resolved, non-ASCII percent-encoded
/// (WHATWG URL); what was ASCII in path, query and fragment already is kept byte for byte.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Destination {
    text: String,
    host: String,
    port: u16,
}

/// Why a text is not a destination.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DestinationError {
    /// Longer than [`MAX_DESTINATION_BYTES`].
    #[error("a destination has at most 2000 characters (percent-encoded)")]
    TooLong,
    /// Line breaks, tabs, other control characters.
    #[error("a destination has no control characters")]
    Control,
    /// Unreadable, or relative.
    #[error("a destination is an absolute URL like \"https://shop.example/page\"")]
    Syntax,
    /// `javascript:`, `data:`, `ftp:` …
    #[error("a destination begins with http:// or https://")]
    Scheme,
    /// `user:password@`.
    #[error("a destination carries no user name or password")]
    Credentials,
    /// A host off the campaign's allow-list.
    #[error("the host {0:?} is not on the campaign's allow-list")]
    Host(String),
}

impl Destination {
    /// Parses a destination without looking at an allow-list (a campaign's fallback URL, say).
    pub fn parse(text: &str) -> Result<Self, DestinationError> {
        let text = text.trim_matches(' ');
        if text.len() > MAX_DESTINATION_BYTES {
            return Err(DestinationError::TooLong);
        }
        // `Url` would drop line breaks and tabs in silence.
        if text.chars().any(char::is_control) {
            return Err(DestinationError::Control);
        }
        let url = Url::parse(text).map_err(|_| DestinationError::Syntax)?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(DestinationError::Scheme);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(DestinationError::Credentials);
        }
        let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else {
            return Err(DestinationError::Syntax);
        };
        let host = host.trim_end_matches('.').to_owned();
        let text: String = url.into();
        if text.len() > MAX_DESTINATION_BYTES {
            return Err(DestinationError::TooLong);
        }
        Ok(Self { text, host, port })
    }

    /// Parses a destination and holds it against the campaign's allow-list.
    pub fn parse_allowed(text: &str, allowed: &AllowedHosts) -> Result<Self, DestinationError> {
        let destination = Self::parse(text)?;
        if allowed.allows(&destination) {
            Ok(destination)
        } else {
            Err(DestinationError::Host(destination.host))
        }
    }

    /// The ASCII form.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The host: lower case, punycode, IPv6 in brackets, without port and final dot.
    pub fn host(&self) -> &str {
        &self.host
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.fmt(f)
    }
}

/// The hosts a campaign may lead to: exact (`shop.example`, optionally `:port`) or all below one (`*.shop.example`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllowedHosts(Vec<Rule>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    /// `*.` stood before it: hosts below, not the host itself.
    below: bool,
    host: String,
    /// `None`: any port.
    port: Option<u16>,
}

/// Why a text is not an entry of an allow-list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "an allowed host is a name like \"shop.example\", \"shop.example:8443\" or \"*.shop.example\", without https:// and path"
)]
pub struct HostError;

impl AllowedHosts {
    /// The most entries.
    pub const MAX: usize = 50;

    /// Parses the entries; the error names the index of the first bad one.
    pub fn parse<S: AsRef<str>>(entries: &[S]) -> Result<Self, (usize, HostError)> {
        if entries.len() > Self::MAX {
            return Err((Self::MAX, HostError));
        }
        let rules = entries
            .iter()
            .enumerate()
            .map(|(i, e)| Rule::parse(e.as_ref()).map_err(|e| (i, e)));
        Ok(Self(rules.collect::<Result<_, _>>()?))
    }

    /// The list that allows a destination's host alone, on any port.
    pub fn of(destination: &Destination) -> Self {
        Self(vec![Rule {
            below: false,
            host: destination.host.clone(),
            port: None,
        }])
    }

    /// Whether a destination's host is on the list.
    pub fn allows(&self, destination: &Destination) -> bool {
        self.0.iter().any(|rule| rule.allows(destination))
    }

    /// The entries as text, in punycode, as they are stored.
    pub fn entries(&self) -> Vec<String> {
        self.0.iter().map(Rule::to_string).collect()
    }
}

impl Rule {
    fn parse(text: &str) -> Result<Self, HostError> {
        let text = text.trim();
        let (below, rest) = text.strip_prefix("*.").map_or((false, text), |rest| (true, rest));
        let (name, port) = match rest.rsplit_once(':') {
            // The colons of an IPv6 address stand inside its brackets.
            Some((name, port)) if !port.ends_with(']') => {
                let digits = port.bytes().all(|b| b.is_ascii_digit());
                let port: u16 = port.parse().map_err(|_| HostError)?;
                if !digits || port == 0 {
                    return Err(HostError);
                }
                (name, Some(port))
            }
            _ => (rest, None),
        };
        let host = Host::parse(name.trim_end_matches('.')).map_err(|_| HostError)?;
        if let Host::Domain(name) = &host {
            // `*.com` would open the list to everybody.
            let fits = name
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'));
            if name.is_empty() || !fits || (below && !name.contains('.')) {
                return Err(HostError);
            }
        } else if below {
            return Err(HostError);
        }
        Ok(Self {
            below,
            host: host.to_string(),
            port,
        })
    }

    fn allows(&self, destination: &Destination) -> bool {
        let host = destination.host.as_str();
        let name = if self.below {
            host.strip_suffix(self.host.as_str())
                .is_some_and(|sub| sub.len() > 1 && sub.ends_with('.'))
        } else {
            host == self.host
        };
        name && self.port.is_none_or(|port| port == destination.port)
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let star = if self.below { "*." } else { "" };
        write!(f, "{star}{}", self.host)?;
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(entries: &[&str]) -> AllowedHosts {
        AllowedHosts::parse(entries).unwrap()
    }

    #[test]
    fn only_http_and_https_lead_anywhere() {
        assert!(Destination::parse("http://a.example/").is_ok());
        for bad in [
            "javascript:alert(1)",
            "JavaScript:alert(1)",
            "data:text/html,x",
            "ftp://a.example/",
            "file:///etc/passwd",
            "blob:https://a.example/1",
            "mailto:a@b.example",
        ] {
            assert_eq!(Destination::parse(bad), Err(DestinationError::Scheme), "{bad}");
        }
        for bad in [
            "",
            "/path",
            "//a.example/x",
            "a.example",
            "https://",
            "https://a b/",
            "https://[::1",
        ] {
            assert_eq!(Destination::parse(bad), Err(DestinationError::Syntax), "{bad}");
        }
    }

    #[test]
    fn credentials_control_characters_and_length_are_refused() {
        for bad in [
            "https://u@a.example/",
            "https://u:p@a.example/",
            "https://a.example@evil.example/",
        ] {
            assert_eq!(
                Destination::parse(bad),
                Err(DestinationError::Credentials),
                "{bad}"
            );
        }
        for bad in [
            "https://a.example/\r\nSet-Cookie: x",
            "https://a.exa\tmple/",
            "java\nscript:alert(1)",
            "https://a.example/\u{85}",
            "https://a.example/\0",
        ] {
            assert_eq!(Destination::parse(bad), Err(DestinationError::Control), "{bad:?}");
        }
        let long = format!("https://a.example/{}", "x".repeat(1983));
        assert_eq!(Destination::parse(&long), Err(DestinationError::TooLong));
        assert!(Destination::parse(&long[..2000]).is_ok());
        assert_eq!(
            Destination::parse(&format!("https://a.example/{}", "字".repeat(300))),
            Err(DestinationError::TooLong)
        );
    }

    #[test]
    fn what_was_ascii_is_kept_and_the_rest_is_encoded() {
        let kept = "https://a.example/p%e4%BD%a0/x?a=1&a=2&&b=%20+c&d#f?%41";
        assert_eq!(Destination::parse(kept).unwrap().as_str(), kept);
        let given = Destination::parse("https://晴美.example:443/护理?店=沪").unwrap();
        assert_eq!(
            given.as_str(),
            "https://xn--zkvs27c.example/%E6%8A%A4%E7%90%86?%E5%BA%97=%E6%B2%AA"
        );
        assert_eq!(given.host(), "xn--zkvs27c.example");
    }

    #[test]
    fn hosts_are_compared_exactly_in_punycode_and_without_regard_to_default_ports() {
        let list = allowed(&[
            "Shop.Example",
            "晴美.example",
            "secure.example:443",
            "*.brand.example",
            "127.0.0.1:8081",
            "[::1]",
        ]);
        for good in [
            "https://shop.example/",
            "https://SHOP.example:8443/",
            "https://shop.example./",
            "http://晴美.example/x",
            "https://xn--zkvs27c.example",
            "https://secure.example/",
            "https://secure.example:443/",
            "https://a.brand.example/",
            "https://a.b.brand.example/",
            "http://127.0.0.1:8081/x",
            "http://[::1]:9000/",
        ] {
            assert!(Destination::parse_allowed(good, &list).is_ok(), "{good}");
        }
        for bad in [
            "https://evil.example/",
            "https://shop.example.evil.example/",
            "https://notshop.example/",
            "https://secure.example:444/",
            "http://secure.example/",
            "https://brand.example/",
            "https://evilbrand.example/",
            "https://evil.example/?x=shop.example",
            "https://evil.example\\@shop.example/",
            "http://127.0.0.1/",
            "http://0x7f000001:8082/",
        ] {
            assert!(
                matches!(
                    Destination::parse_allowed(bad, &list),
                    Err(DestinationError::Host(_))
                ),
                "{bad}"
            );
        }
    }

    #[test]
    fn entries_of_an_allow_list_are_hosts() {
        for bad in [
            "",
            "*",
            "*.com",
            "https://a.example",
            "a.example/x",
            "a b",
            "a.example:0",
            "a.example:x",
            "*.127.0.0.1",
            "u@a.example",
            "a.*.example",
        ] {
            assert_eq!(
                AllowedHosts::parse(&["ok.example", bad]),
                Err((1, HostError)),
                "{bad}"
            );
        }
        assert_eq!(
            allowed(&["*.晴美.example", "A.example:81"]).entries(),
            ["*.xn--zkvs27c.example", "a.example:81"]
        );
    }
}
