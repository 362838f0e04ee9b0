//! The class of one request, from what it shows by itself.

use std::net::IpAddr;

use crate::domain::{Class, ClickReason, EmployeeId};

use super::agent::Agent;
use super::crawlers;
use super::known::known;
use super::tokens::{self, Scan};
use super::visible;

/// What a request says about itself, borrowed from its headers. A missing user agent is the empty text.
#[derive(Clone, Copy, Debug)]
pub struct RequestFacts<'a> {
    /// `User-Agent`.
    pub user_agent: &'a str,
    /// `Accept-Language`.
    pub accept_language: Option<&'a str>,
    /// `Sec-Purpose`.
    pub sec_purpose: Option<&'a str>,
    /// `Purpose`.
    pub purpose: Option<&'a str>,
    /// `X-Purpose`.
    pub x_purpose: Option<&'a str>,
    /// `X-Moz`.
    pub x_moz: Option<&'a str>,
    /// `Sec-GPC: 1` or `DNT: 1`, and the setting honours it.
    pub do_not_track: bool,
    /// The client's address ([`client_address`](super::client_address)).
    pub client: IpAddr,
}

/// What the server knows about the request's surroundings.
#[derive(Clone, Copy, Debug)]
pub struct Context {
    /// The client's address lies in `internal_networks`.
    pub internal: bool,
    /// Who signed in with this browser, from the signed cookie.
    pub staff: Option<EmployeeId>,
    /// Whose link it is.
    pub owner: EmployeeId,
}

/// Class, reason and agent of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The class.
    pub class: Class,
    /// Why.
    pub reason: ClickReason,
    /// Browser, system and device.
    pub agent: Agent,
}

/// Class and reason of a request (attribution.md §2). The first that holds decides:
///
/// 1. `prefetch`: a prefetch header, whoever sends it;
/// 2. `preview`: a link-preview fetcher (before `bot`: most stand on crawler lists too);
/// 3. `bot`: no user agent, under 20 characters, the crawler list, bare `Mozilla/5.0`, a library;
/// 4. `self`: the link's own employee;
/// 5. `internal`: another signed-in member of staff, or an internal network;
/// 6. `suspect`: no `Accept-Language`, which every browser sends;
/// 7. `human` with [`ClickReason::DoNotTrack`];
/// 8. `human`.
///
/// Repeats, hosting networks, scanners and WeChat's second fetch are judged later by the loader, from `human`.
pub fn classify(facts: &RequestFacts<'_>, context: &Context) -> (Class, ClickReason) {
    let verdict = judge(facts, context);
    (verdict.class, verdict.reason)
}

/// [`classify`] and [`Agent::parse`] with one look at the user agent.
pub fn judge(facts: &RequestFacts<'_>, context: &Context) -> Verdict {
    let (scan, machine) = known(visible(facts.user_agent), |agent| {
        let scan = tokens::scan(agent);
        // Of a preview nobody asks, and most stand on the list.
        (
            scan,
            if scan.is_preview() {
                None
            } else {
                machine(agent, scan)
            },
        )
    });
    let (class, reason) = decide(facts, context, scan, machine);
    Verdict {
        class,
        reason,
        agent: scan.agent(),
    }
}

fn decide(
    facts: &RequestFacts<'_>,
    context: &Context,
    scan: Scan,
    machine: Option<ClickReason>,
) -> (Class, ClickReason) {
    if is_prefetch(facts) {
        return (Class::Prefetch, ClickReason::PrefetchHeader);
    }
    if scan.is_preview() {
        return (Class::Preview, ClickReason::PreviewAgent);
    }
    if let Some(reason) = machine {
        return (Class::Bot, reason);
    }
    match context.staff {
        Some(employee) if employee == context.owner => return (Class::Own, ClickReason::OwnLink),
        Some(_) => return (Class::Internal, ClickReason::StaffBrowser),
        None if context.internal => return (Class::Internal, ClickReason::InternalNetwork),
        None => {}
    }
    if facts.accept_language.is_none_or(|value| value.trim().is_empty()) {
        return (Class::Suspect, ClickReason::NoLanguage);
    }
    if facts.do_not_track {
        return (Class::Human, ClickReason::DoNotTrack);
    }
    (Class::Human, ClickReason::Person)
}

/// `Sec-Purpose: prefetch…` (Fetch standard: `prefetch;prerender`, `prefetch;anonymous-client-ip`), and the
/// older `Purpose: prefetch` (Chrome), `X-Purpose: preview` (Safari's top sites), `X-Moz: prefetch` (Firefox).
fn is_prefetch(facts: &RequestFacts<'_>) -> bool {
    let begins = |value: Option<&str>, word: &str| {
        value.is_some_and(|v| {
            v.trim_start()
                .as_bytes()
                .get(..word.len())
                .is_some_and(|b| b.eq_ignore_ascii_case(word.as_bytes()))
        })
    };
    begins(facts.sec_purpose, "prefetch")
        || [facts.purpose, facts.x_purpose, facts.x_moz]
            .into_iter()
            .any(|value| begins(value, "prefetch") || begins(value, "preview"))
}

/// Fewest characters of a browser's user agent.
const SHORTEST: usize = 20;

/// HTTP libraries and tools by the beginning of their user agent; the list has more.
const LIBRARIES: &[&str] = &[
    "ApacheBench",
    "Apache-HttpAsyncClient",
    "Bun/",
    "Dart/",
    "Deno/",
    "Faraday",
    "GuzzleHttp",
    "IdeaHTTP",
    "Jakarta Commons-HttpClient",
    "Java-http-client",
    "Java/",
    "Java1",
    "Mojolicious",
    "PHP",
    "PostmanRuntime",
    "Reqwest",
    "RestSharp",
    "Ruby",
    "Symfony HttpClient",
    "Typhoeus",
    "WinHttp",
    "got (",
    "got/",
    "hackney",
    "insomnia",
    "java/",
    "k6/",
    "libcurl",
    "lua-resty-http",
    "node",
    "python",
    "reqwest",
    "rest-client",
    "superagent",
    "undici",
    "unirest",
    "ureq",
    "wrk",
];

fn machine(user_agent: &str, scan: Scan) -> Option<ClickReason> {
    let trimmed = user_agent.trim();
    if trimmed.is_empty() {
        return Some(ClickReason::NoAgent);
    }
    if trimmed.chars().nth(SHORTEST - 1).is_none() {
        return Some(ClickReason::ScriptAgent);
    }
    if crawlers::is_crawler(user_agent) {
        return Some(ClickReason::CrawlerList);
    }
    let script = match trimmed.strip_prefix("Mozilla/") {
        Some(rest) => is_bare(rest),
        None => scan.is_native() || LIBRARIES.iter().any(|name| trimmed.starts_with(name)),
    };
    script.then_some(ClickReason::ScriptAgent)
}

/// After `Mozilla/`: a version and at most one parenthesis, but no product. Internet Explorer up to 10 was so.
fn is_bare(rest: &str) -> bool {
    let after_version = rest
        .trim_start_matches(|c: char| c.is_ascii_digit() || c == '.')
        .trim();
    let Some(inside) = after_version.strip_prefix('(') else {
        return after_version.is_empty();
    };
    inside.find(')').is_none_or(|end| end + 1 == inside.len())
        && !inside.contains("MSIE")
        && !inside.contains("Trident")
}
