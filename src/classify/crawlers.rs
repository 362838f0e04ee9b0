//! The vendored crawler list as one expression, and where it is wrong.

use std::sync::LazyLock;

use regex::bytes::{Regex, RegexBuilder};
use serde::Deserialize;

/// npm's `crawler-user-agents`, pinned and unchanged (MIT; see its README for the version).
const JSON: &str = include_str!("../../static/vendor/crawler-user-agents/crawler-user-agents.json");

/// Patterns of the list that catch people: the pattern, what stands in its place, and why. The list's own
/// examples stay caught.
const TOO_WIDE: &[(&str, Option<&str>, &str)] = &[
    (
        r"AP3A\.240617\.008",
        None,
        "the build number of Android 15 on millions of OPPO, OnePlus and realme phones; it stands in each of \
         their user agents, inside WeChat too",
    ),
    (
        "MetaIAB Facebook",
        None,
        "Facebook's in-app browser on Android calls itself so",
    ),
    (
        "Sogou",
        Some(r"Sogou (?:[A-Za-z]+ )?[Ss]pider"),
        "SogouMobileBrowser and SogouSearch are people",
    ),
    ("Viber", Some("^Viber"), "Viber's in-app browser appends its name"),
    (r"008\/", Some("^008/"), "ends many a version or build number"),
];

/// The examples of the patterns that were taken out whole: just these agents were seen scraping.
const SCRAPERS: [&str; 2] = [
    "Mozilla/5.0 (Linux; Android 15; CPH2557 Build/AP3A.240617.008; wv) AppleWebKit/537.36 (KHTML, like Gecko) \
     Version/4.0 Chrome/142.0.7444.142 Mobile Safari/537.36 Instagram 406.0.0.58.159 Android (35/15; 480dpi; \
     1080x2400; OPPO; CPH2557; OP573DL1; mt6833; en_MY; 822918295; IABMV/1) NV/1",
    "Mozilla/5.0 (Linux; Android 16; Pixel 10 Pro XL Build/CP1A.260305.018; wv) AppleWebKit/537.36 (KHTML, like \
     Gecko) Version/4.0 Chrome/146.0.7680.174 Mobile Safari/537.36 MetaIAB Facebook",
];

#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(borrow)]
    pattern: std::borrow::Cow<'a, str>,
}

/// `None` if the vendored file or an expression in it is broken, which the tests rule out.
static CRAWLERS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let entries: Vec<Entry<'_>> = serde_json::from_str(JSON).ok()?;
    let mut all = String::with_capacity(32 * 1024);
    for Entry { pattern } in &entries {
        let correction = TOO_WIDE.iter().find(|(wide, _, _)| wide == pattern);
        let Some(pattern) = correction.map_or(Some(&**pattern), |(_, narrow, _)| *narrow) else {
            continue;
        };
        if !all.is_empty() {
            all.push('|');
        }
        all.push_str("(?:");
        all.push_str(pattern);
        all.push(')');
    }
    RegexBuilder::new(&all).unicode(false).build().ok()
});

/// Builds the expression, if that has not happened yet.
pub(super) fn warm_up() {
    LazyLock::force(&CRAWLERS);
}

/// Whether the list knows this user agent as a machine.
///
/// A hit inside Android's description of the device (`(Linux; Android 15; <model> Build/<number>)`) is a phone
/// whose name happens to contain a crawler's, unless the description itself speaks of a machine (`compatible`,
/// an address, the word bot). Naming an app of people excuses nothing.
pub(super) fn is_crawler(user_agent: &str) -> bool {
    let Some(crawlers) = CRAWLERS.as_ref() else {
        return false;
    };
    if !crawlers.is_match(user_agent.as_bytes()) {
        return SCRAPERS.contains(&user_agent);
    }
    let Some((description, rest)) = device_description(user_agent) else {
        return true;
    };
    speaks_of_a_machine(description) || crawlers.is_match(rest.as_bytes())
}

/// Android's description of the device in a browser's user agent, and what follows it (with the closing
/// bracket, so that nothing in the rest counts as the beginning).
fn device_description(user_agent: &str) -> Option<(&str, &str)> {
    let inside = user_agent.strip_prefix("Mozilla/5.0 (")?;
    if !inside.starts_with("Linux; Android ") && !inside.starts_with("Linux; U; Android ") {
        return None;
    }
    let mut depth = 0_u32;
    for (at, byte) in inside.bytes().enumerate() {
        match byte {
            b'(' => depth += 1,
            b')' if depth == 0 => return Some((&inside[..at], &inside[at..])),
            b')' => depth -= 1,
            _ => {}
        }
    }
    None
}

fn speaks_of_a_machine(description: &str) -> bool {
    ["compatible", "://", "bot", "Bot", "pider", "rawl", "www.", "@"]
        .iter()
        .any(|word| description.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Deserialize)]
    struct Full {
        pattern: String,
        instances: Vec<String>,
    }

    fn list() -> Vec<Full> {
        serde_json::from_str(JSON).unwrap()
    }

    #[test]
    fn no_example_of_the_list_is_missed() {
        let list = list();
        let examples: Vec<&String> = list.iter().flat_map(|e| &e.instances).collect();
        assert!(
            list.len() >= 1_500 && examples.len() >= 2_000,
            "the whole list is there"
        );
        let missed: Vec<_> = examples.into_iter().filter(|agent| !is_crawler(agent)).collect();
        assert!(missed.is_empty(), "{} missed: {missed:#?}", missed.len());
    }

    #[test]
    fn the_corrections_still_meet_the_list() {
        let list = list();
        for (wide, narrow, _) in TOO_WIDE {
            let entry = list.iter().find(|e| e.pattern == *wide);
            assert!(
                entry.is_some(),
                "{wide} is gone from the list: drop its correction"
            );
            assert!(narrow.is_none_or(|n| Regex::new(n).is_ok()), "{narrow:?}");
        }
    }

    #[test]
    fn a_phone_is_not_a_crawler_for_its_name() {
        for device in [
            "CPH2653 Build/AP3A.240617.008; wv",
            "PLK110 Build/AP3A.240617.008",
            "Odin; Build/AQ3A",
            "Sonic 5",
        ] {
            let agent = format!(
                "Mozilla/5.0 (Linux; Android 15; {device}) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 \
                 Chrome/130.0.6723.103 Mobile Safari/537.36 XWEB/1300333 MMWEBSDK/20250201 MicroMessenger/8.0.57.2820"
            );
            assert!(!is_crawler(&agent), "{agent}");
        }
    }

    #[test]
    fn a_crawler_stays_one_whatever_it_mentions() {
        for agent in [
            "Mozilla/5.0 (Linux; Android 15; CPH2653 Build/AP3A.240617.008; wv) AppleWebKit/537.36 Mobile MicroMessenger/8.0.57 (compatible; Baiduspider/2.0; +http://www.baidu.com/search/spider.html)",
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) MicroMessenger/8.0.60 HeadlessChrome/130.0.0.0",
            "Mozilla/5.0 (Linux; Android 7.0; compatible; Googlebot/2.1) AppleWebKit/537.36 AlipayClient/10.7",
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X; Bytespider) AppleWebKit/605.1.15 aweme/33.0",
            "Mozilla/5.0 (Windows NT 10.0; +https://example.com/zgrab) AppleWebKit/537.36 DingTalk(7.0)",
        ] {
            assert!(is_crawler(agent), "{agent}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(agent: String, tail: String) {
            let _ = is_crawler(&agent);
            let _ = is_crawler(&format!("Mozilla/5.0 (Linux; {agent}) GPTBot/1 {tail}"));
        }
    }
}
