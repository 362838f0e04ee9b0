//! The vendored crawler list, and where it is wrong.
//!
//! Nearly all of its 1 500 patterns are plain names, so they are looked up in a table ([`Names`]) in time
//! linear in the user agent, whoever wrote it. (The same list as one `regex` alternation is as fast on
//! browsers, but random letters throw its state cache over: 0.5–4 ms a request, measured, where one redirect
//! costs 10 µs. That would be a gift to anybody with a grudge.) The 40 patterns that are more than a name
//! lend the table their longest name; only when that is there the one expression of those 40 decides. A test
//! holds table and alternation against each other.

use std::sync::LazyLock;

use regex::bytes::{Regex, RegexBuilder};
use serde::Deserialize;

use super::names::Names;

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

/// The list, ready to be asked.
struct Crawlers {
    /// Names out of all patterns; `true` marks those that are the whole pattern.
    names: Names<bool>,
    /// The patterns that are more than a name.
    rest: Regex,
}

/// `None` if the vendored file or an expression in it is broken, which the tests rule out.
static CRAWLERS: LazyLock<Option<Crawlers>> = LazyLock::new(|| Crawlers::build(JSON));

impl Crawlers {
    fn build(json: &str) -> Option<Self> {
        let entries: Vec<Entry<'_>> = serde_json::from_str(json).ok()?;
        let (mut names, mut rest) = (Vec::new(), Vec::new());
        for pattern in entries.iter().filter_map(corrected).flat_map(alternatives) {
            let (name, whole) = longest_name(pattern);
            names.push((name, whole));
            if !whole {
                rest.push(format!("(?:{pattern})"));
            }
        }
        let rest = RegexBuilder::new(&rest.join("|")).unicode(false).build().ok()?;
        Some(Self {
            names: Names::new(names)?,
            rest,
        })
    }

    fn know(&self, user_agent: &str) -> bool {
        let mut asked = false;
        self.names.any(user_agent.as_bytes(), |whole| {
            if whole {
                return true;
            }
            // Once is enough: the expression reads the whole user agent.
            !std::mem::replace(&mut asked, true) && self.rest.is_match(user_agent.as_bytes())
        })
    }
}

/// The pattern, or what stands in its place; `None` when it was taken out.
fn corrected<'a>(entry: &'a Entry<'_>) -> Option<&'a str> {
    TOO_WIDE
        .iter()
        .find(|(wide, _, _)| *wide == entry.pattern)
        .map_or(Some(&entry.pattern), |(_, narrow, _)| *narrow)
}

/// The alternatives of a pattern, outside of brackets.
fn alternatives(pattern: &str) -> impl Iterator<Item = &str> {
    let (mut depth, mut escaped) = (0_u32, false);
    pattern.split(move |c: char| {
        let divides = c == '|' && depth == 0 && !escaped;
        match c {
            '(' | '[' if !escaped => depth += 1,
            ')' | ']' if !escaped => depth = depth.saturating_sub(1),
            _ => {}
        }
        escaped = c == '\\' && !escaped;
        divides
    })
}

/// The longest text every match of a pattern contains, and whether the pattern is nothing else. Understands as
/// much of regular expressions as the list uses.
fn longest_name(pattern: &str) -> (String, bool) {
    let (mut runs, mut whole, mut depth) = (vec![String::new()], true, 0_u32);
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        let literal = match c {
            '\\' => chars.next().filter(|e| !e.is_ascii_alphanumeric()),
            '(' | '[' | ')' | ']' | '{' | '}' | '^' | '$' | '.' | '*' | '+' | '?' | '|' => None,
            other => Some(other),
        };
        match (c, literal) {
            ('(' | '[' | '{', None) => depth += 1,
            (')' | ']' | '}', None) => depth = depth.saturating_sub(1),
            // What is repeated or optional need not be there.
            ('*' | '+' | '?', None) if depth == 0 => {
                runs.last_mut().and_then(String::pop);
            }
            _ => {}
        }
        match literal {
            Some(letter) if depth == 0 => runs.last_mut().map_or((), |run| run.push(letter)),
            Some(_) => {}
            None => {
                whole = false;
                runs.push(String::new());
            }
        }
    }
    (
        runs.into_iter().max_by_key(String::len).unwrap_or_default(),
        whole,
    )
}

/// Builds the table, if that has not happened yet.
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
    if !crawlers.know(user_agent) {
        return SCRAPERS.contains(&user_agent);
    }
    let Some((description, rest)) = device_description(user_agent) else {
        return true;
    };
    speaks_of_a_machine(description) || crawlers.know(rest)
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

    /// The list as its authors mean it: one expression.
    fn as_one_expression() -> Regex {
        let entries: Vec<Entry<'_>> = serde_json::from_str(JSON).unwrap();
        let all: Vec<String> = entries
            .iter()
            .filter_map(corrected)
            .map(|p| format!("(?:{p})"))
            .collect();
        RegexBuilder::new(&all.join("|")).unicode(false).build().unwrap()
    }

    #[test]
    fn the_table_knows_what_one_expression_of_the_list_knows() {
        let (table, expression) = (Crawlers::build(JSON).unwrap(), as_one_expression());
        let examples: Vec<String> = list().into_iter().flat_map(|e| e.instances).collect();
        let people = include_str!("../../tests/fixtures/real-user-agents.tsv")
            .lines()
            .map(str::to_owned);
        for agent in examples.iter().cloned().chain(people) {
            // Each agent whole, and cut at either end, so that beginnings and ends meet nothing and something.
            for cut in 0..agent.len().min(24) {
                let (Some(head), Some(tail)) = (agent.get(..agent.len() - cut), agent.get(cut..)) else {
                    continue;
                };
                for part in [head, tail] {
                    assert_eq!(table.know(part), expression.is_match(part.as_bytes()), "{part:?}");
                }
            }
        }
    }

    #[test]
    fn every_pattern_lends_a_name_worth_looking_for() {
        for (pattern, name, whole) in [
            (r"Googlebot\/", "Googlebot/", true),
            ("^curl", "curl", false),
            (r"S[eE][mM]rushBot", "rushBot", false),
            (r"(^| )PTST\/", "PTST/", false),
            (r"BlogTraffic\/\d\.\d+ Feed-Fetcher", " Feed-Fetcher", false),
            (r"Spider[\s\S]*spider\.com", "spider.com", false),
            ("colou?r", "colo", false),
        ] {
            assert_eq!(longest_name(pattern), (name.to_owned(), whole), "{pattern}");
        }
        for entry in serde_json::from_str::<Vec<Entry<'_>>>(JSON).unwrap() {
            for pattern in alternatives(&entry.pattern) {
                assert!(longest_name(pattern).0.len() >= 3, "{pattern}");
            }
        }
    }

    proptest! {
        #[test]
        fn table_and_expression_agree_on_anything(parts in prop::collection::vec((0_usize..1_500, 0_usize..12, "\\PC{0,3}"), 1..6)) {
            static EXPRESSION: LazyLock<Regex> = LazyLock::new(as_one_expression);
            static NAMES: LazyLock<Vec<String>> = LazyLock::new(|| list().into_iter().map(|e| longest_name(&e.pattern).0).collect());
            let mut agent = String::new();
            for (at, cut, junk) in &parts {
                agent.push_str(NAMES[*at].get(*cut..).unwrap_or_default());
                agent.push_str(junk);
            }
            prop_assert_eq!(CRAWLERS.as_ref().unwrap().know(&agent), EXPRESSION.is_match(agent.as_bytes()));
        }

        #[test]
        fn no_text_panics(agent: String, tail: String) {
            let _ = is_crawler(&agent);
            let _ = is_crawler(&format!("Mozilla/5.0 (Linux; {agent}) GPTBot/1 {tail}"));
        }
    }
}
