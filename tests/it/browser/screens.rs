//! Every screen as a person meets it: phone and desk, Chinese and English, light and dark. axe finds nothing, the
//! console is silent, nothing is asked of strangers, nothing sticks out, and it is light enough for a phone.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::Duration;

use bole::web::gate::entries;
use serde_json::json;

use super::Rig;
use super::firm::{Firm, with_a_month};
use crate::support::browser::{Browser, Look};

/// What one page may weigh with all it asks for but pictures people uploaded, bytes as they travel (look.md).
const HEAVIEST: i64 = 100 * 1024;

/// Two looks for each language, so that every two of language, width and colour meet once.
const fn looks(language: &str) -> [Look; 2] {
    if language.len() == 2 {
        [Look::PHONE.dark(), Look::DESK]
    } else {
        [Look::PHONE, Look::DESK.dark()]
    }
}

/// What is wrong with a page in the language it is in now; it is loaded once.
pub async fn trouble(browser: &Browser, rig: &Rig, name: &str, url: &str) -> String {
    let mut trouble = String::new();
    browser.console_errors().await;
    browser.requests().await;
    browser.look_as(Look::PHONE).await;
    browser.goto(url).await;
    browser
        .until("document.readyState === 'complete'", Duration::from_secs(10))
        .await;
    let language = browser.js("return document.documentElement.lang").await;
    for look in looks(language.as_str().unwrap_or("zh-CN")) {
        browser.look_as(look).await;
        let at = format!("{name} {} {language}", look.name());
        for found in browser.axe().await {
            let _ = writeln!(trouble, "{at}: axe: {found}");
        }
        if browser.overflows().await {
            let _ = writeln!(trouble, "{at}: wider than the window");
        }
    }
    let weight = browser
        .js("return [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]\
             .filter(e => !/picture|poster|evidence|axe/.test(e.name)).reduce((n, e) => n + e.encodedBodySize, 0)")
        .await;
    if weight.as_i64().is_none_or(|bytes| bytes > HEAVIEST) {
        let _ = writeln!(trouble, "{name}: weighs {weight} bytes");
    }
    for error in browser.console_errors().await {
        let _ = writeln!(trouble, "{name}: console: {error}");
    }
    for request in browser.requests().await {
        let ours = [&rig.base, &rig.server.base]
            .iter()
            .any(|base| request.starts_with(*base));
        if !ours {
            let _ = writeln!(trouble, "{name}: asked of a stranger: {request}");
        }
    }
    trouble
}

/// Changes the language of whoever is signed in, or of the browser.
pub async fn speak(browser: &Browser, rig: &Rig, language: &str) {
    browser.goto(&format!("{}/app/me", rig.base)).await;
    let html = if language == "zh" { "zh-CN" } else { "en" };
    // Asked for again, it would come back at once, perhaps after the next page was asked for.
    let spoken = browser.js("return document.documentElement.lang").await;
    if spoken == html {
        return;
    }
    browser
        .click(&format!("button[name=lang][value={language}]"))
        .await;
    browser
        .until(
            &format!("document.documentElement.lang === '{html}'"),
            Duration::from_secs(10),
        )
        .await;
}

/// Who looks at which page: whoever it was made for. `{month}`, `{line}`, `{token}` stand for what the firm has.
const PAGES: [(&str, &[&str]); 7] = [
    (
        "zhang",
        &[
            "/app/share",
            "/app/share?campaign=winter&material=a&channel=douyin",
            "/app/results",
            "/app/results?span=month",
            "/app/results?span=all",
            "/app/board",
            "/app/board?by=team",
            "/app/claims",
            "/app/claims/new",
            "/app/claims/1",
            "/app/checkin",
            "/app/checkin/1/exchange",
            "/app/honours",
            "/app/income",
            "/app/income?month={month}",
            "/app/income/lines/{line}/sources",
            "/app/income/objections/1",
            "/app/income/source?kind=first_batch&key=s-0",
            "/app/me",
            "/app/notices",
            "/app/notices/settings",
            "/app/rules",
            "/app/rules?version=1",
            "/app/shop",
            "/app/shop/1",
            "/app/welcome",
        ],
    ),
    (
        "li",
        &[
            "/app/claims",
            "/app/claims/1/contest",
            "/app/honours",
            "/app/income",
            "/app/notices",
            "/app/results",
            "/app/shop",
        ],
    ),
    (
        "chen",
        &[
            "/app/board/screen",
            "/app/manage/campaigns",
            "/app/manage/campaigns/winter",
            "/app/manage/campaigns/winter/edit",
            "/app/manage/campaigns/winter/material",
            "/app/manage/campaigns/winter/material?code=a",
            "/app/manage/new-campaign",
            "/app/manage/materials",
            "/app/manage/funnel",
            "/app/manage/funnel?view=people",
            "/app/manage/funnel?view=cohorts",
            "/app/manage/boards",
            "/app/manage/points",
            "/app/manage/points?tab=exchanges",
            "/app/manage/points?tab=shares",
            "/app/manage/points?tab=awards",
            "/app/manage/points?tab=hand",
            "/app/manage/fraud",
            "/app/manage/fraud?tab=clicks",
            "/app/manage/fraud?tab=conversions",
            "/app/manage/fraud/1",
            "/app/manage/honours",
            "/app/manage/honours?tab=goals",
            "/app/manage/honours?tab=honours",
            "/app/manage/honours?tab=scouts",
            "/app/manage/review",
            "/app/manage/rules",
            "/app/manage/shop",
            "/app/manage/shop?status=all",
            "/app/manage/shop/new",
            "/app/manage/shop/items/1",
            "/app/me",
        ],
    ),
    (
        "qian",
        &[
            "/app/review/claims",
            "/app/review/claims?status=all",
            "/app/review/claims/1",
            "/app/review/crm",
        ],
    ),
    (
        "gu",
        &[
            "/app/pay/runs",
            "/app/pay/runs/1",
            "/app/pay/runs/1/lines",
            "/app/pay/lines/{line}",
            "/app/pay/lines/{line}/hold",
            "/app/pay/objections",
            "/app/pay/objections/1",
            "/app/pay/exports",
            "/app/pay/exports?month={month}",
            "/app/pay/schemes",
            "/app/pay/schemes/07-new-customers",
            "/app/pay/schemes/07-new-customers/edit",
            "/app/pay/facts",
            "/app/pay/facts/new",
            "/app/pay/facts/new?kind=first_batch",
            "/app/pay/facts/import",
            "/app/pay/facts/import?kind=first_batch",
            "/app/pay/facts/imports/1",
            "/app/pay/facts/history?kind=first_batch&key=s-1",
            "/app/pay/awards",
        ],
    ),
    (
        "fang",
        &["/app/pay/proposals", "/app/pay/audit", "/app/pay/runs/1"],
    ),
    (
        "wang",
        &[
            "/app/admin/people",
            "/app/admin/people?q=none-such",
            "/app/admin/people/zhang",
            "/app/admin/new-person",
            "/app/admin/import",
            "/app/admin/teams",
            "/app/admin/roles",
            "/app/admin/keys",
            "/app/admin/webhooks",
            "/app/admin/webhooks/1",
            "/app/admin/settings",
            "/app/admin/audit",
        ],
    ),
];

/// Pages nobody needs to sign in to.
const DOORS: [&str; 4] = [
    "/app/signin?next=/app/share",
    "/app/signin/link",
    "/app/signin/link/none",
    "/app/signin/password/{token}",
];

/// Addresses that are no pages: files, pictures, streams, pieces of a page, ways to one.
const NO_PAGES: [&str; 37] = [
    "/app",
    "/app/admin/audit.csv",
    "/app/pay/audit.csv",
    "/app/board/screen/live",
    "/app/campaigns/{slug}/materials/{code}/picture",
    "/app/campaigns/{slug}/picture",
    "/app/claims/{id}/files/{file}",
    "/app/evidence/{kind}/{id}",
    "/app/income/files/{name}",
    "/app/links/{code}/poster.png",
    "/app/links/{code}/qr.png",
    "/app/links/{code}/qr.svg",
    "/app/manage/boards.csv",
    "/app/manage/boards.png",
    "/app/manage/boards.xlsx",
    "/app/manage/campaigns.csv",
    "/app/manage/campaigns.xlsx",
    "/app/manage/campaigns/{slug}/coupons.csv",
    "/app/manage/campaigns/{slug}/coupons.xlsx",
    "/app/manage/campaigns/{slug}/links.csv",
    "/app/manage/campaigns/{slug}/links.xlsx",
    "/app/manage/funnel.csv",
    "/app/manage/funnel.xlsx",
    "/app/manage/honours.csv",
    "/app/manage/honours.xlsx",
    "/app/manage/materials/{slug}/{code}/picture",
    "/app/manage/points.csv",
    "/app/manage/points.xlsx",
    "/app/manage/review.pdf",
    "/app/manage/review.xlsx",
    "/app/manage/shop.csv",
    "/app/manage/shop.xlsx",
    "/app/me/data.zip",
    "/app/me/sessions",
    "/app/pay/exports/{of}/{file}",
    "/app/pay/facts/template",
    "/app/results/events",
];

/// These besides: sign-in at another's, and a picture of the shop.
const NO_PAGES_TOO: [&str; 3] = [
    "/app/shop/items/{id}/picture",
    "/app/signin/oidc",
    "/app/signin/oidc/back",
];

/// Whether an address is one of a route.
fn is_of(route: &str, address: &str) -> bool {
    let path = address.split('?').next().unwrap_or(address);
    let (route, path): (Vec<_>, Vec<_>) = (route.split('/').collect(), path.split('/').collect());
    route.len() == path.len() && route.iter().zip(&path).all(|(r, p)| r.starts_with('{') || r == p)
}

#[test]
fn given_the_pages_there_are_when_held_against_those_looked_at_then_none_is_left_out() {
    let looked_at: Vec<&str> = PAGES
        .iter()
        .flat_map(|(_, pages)| pages.iter().copied())
        .chain(DOORS)
        .collect();
    let no_pages: BTreeSet<&str> = NO_PAGES.into_iter().chain(NO_PAGES_TOO).collect();
    let pages: BTreeSet<&str> = entries()
        .filter(|(method, path, _)| *method == "GET" && path.starts_with("/app"))
        .map(|(_, path, _)| path)
        .collect();
    let missing: Vec<_> = pages
        .iter()
        .filter(|route| !no_pages.contains(**route) && !looked_at.iter().any(|page| is_of(route, page)))
        .collect();
    assert!(missing.is_empty(), "pages nobody looks at: {missing:#?}");
    let gone: Vec<_> = no_pages.difference(&pages).collect();
    assert!(gone.is_empty(), "no such address any more: {gone:#?}");
    for page in looked_at {
        assert!(
            pages.iter().any(|route| is_of(route, page)),
            "no such page any more: {page}"
        );
    }
}

/// Everything that is wrong with these people's pages.
async fn all_of(browser: &Browser, rig: &Rig, firm: &Firm, logins: &[&str]) -> String {
    let mut all = String::new();
    for (login, pages) in PAGES.iter().filter(|(login, _)| logins.contains(login)) {
        // What one may open another may not.
        let mut known = BTreeSet::new();
        rig.sign_in(browser, login).await;
        for language in ["en", "zh"] {
            speak(browser, rig, language).await;
            for page in *pages {
                let page = firm.address(page);
                all += &trouble(browser, rig, &page, &format!("{}{page}", rig.base)).await;
                if language == "zh" {
                    all += &dead_links(browser, &mut known).await;
                }
                if std::env::var("BOLE_PICTURES").is_ok() {
                    picture(browser, login, &page, language).await;
                }
            }
        }
        browser.cdp("Network.clearBrowserCookies", json!({})).await;
    }
    all
}

/// Links of the present page that lead nowhere: ours are followed, marks within the page are looked for. What was
/// followed before is not followed again.
async fn dead_links(browser: &Browser, known: &mut BTreeSet<String>) -> String {
    let links = browser
        .js("return [...document.querySelectorAll('a[href]')].map(a => a.getAttribute('href'))")
        .await;
    let mut dead = String::new();
    let here = browser.url().await;
    for link in links.as_array().into_iter().flatten().filter_map(|l| l.as_str()) {
        if let Some(mark) = link.strip_prefix('#') {
            let there = browser
                .js(&format!("return !!document.getElementById({})", json!(mark)))
                .await;
            if there != true {
                let _ = writeln!(dead, "{here}: nothing is marked {link}");
            }
            continue;
        }
        let path = link.split('#').next().unwrap_or(link);
        if !path.starts_with('/') || !known.insert(path.to_owned()) {
            continue;
        }
        let asked = format!("return fetch({}).then(a => a.status, String)", json!(path));
        let status = browser.js(&asked).await;
        if status.as_i64().is_none_or(|status| status >= 400) {
            let _ = writeln!(dead, "{here}: {link} answers {status}");
        }
    }
    browser.requests().await;
    browser.console_errors().await;
    dead
}

/// With `BOLE_PICTURES` set, pictures for people to look at.
async fn picture(browser: &Browser, login: &str, page: &str, language: &str) {
    let page = page
        .trim_start_matches("/app/")
        .replace(['/', '?', '=', '&'], "-");
    for look in looks(if language == "zh" { "zh-CN" } else { "en" }) {
        browser.look_as(look).await;
        browser.screenshot(&format!("{login}-{page}-{language}")).await;
    }
}

/// What was found but answers of 404 and 410 that are meant.
fn quiet(found: &str) -> String {
    let meant = |line: &&str| !line.contains("status of 404") && !line.contains("status of 410");
    found
        .lines()
        .filter(meant)
        .fold(String::new(), |all, line| all + line + "\n")
}

async fn furnished() -> (Rig, Firm) {
    let rig = Rig::open(&[("trusted_proxies", "127.0.0.0/8")]).await;
    let firm = with_a_month(&rig).await;
    (rig, firm)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn given_a_firm_with_a_month_behind_it_when_employees_open_their_pages_then_nothing_is_wrong() {
    let (rig, firm) = furnished().await;
    let browser = Browser::open(Look::PHONE).await;
    let all = all_of(&browser, &rig, &firm, &["zhang", "li"]).await;
    assert!(all.is_empty(), "{all}");
    browser.close().await;
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn given_a_firm_with_a_month_behind_it_when_marketing_opens_its_pages_then_nothing_is_wrong() {
    let (rig, firm) = furnished().await;
    let browser = Browser::open(Look::DESK).await;
    let all = all_of(&browser, &rig, &firm, &["chen", "qian"]).await;
    assert!(all.is_empty(), "{all}");
    browser.close().await;
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn given_a_firm_with_a_month_behind_it_when_pay_and_office_open_theirs_then_nothing_is_wrong() {
    let (rig, firm) = furnished().await;
    let browser = Browser::open(Look::DESK).await;
    let all = all_of(&browser, &rig, &firm, &["gu", "fang", "wang"]).await;
    assert!(all.is_empty(), "{all}");
    browser.close().await;
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn given_doors_and_customers_pages_when_opened_then_nothing_is_wrong() {
    let (rig, firm) = furnished().await;
    let browser = Browser::open(Look::PHONE).await;
    let mut all = String::new();
    for language in ["en", "zh"] {
        browser.goto(&format!("{}/app/signin", rig.base)).await;
        browser
            .click(&format!("button[name=lang][value={language}]"))
            .await;
        for door in DOORS {
            let door = firm.address(door);
            // Without a mail server there is no link to ask for, and a link of before is over: the console notes both.
            let found = trouble(&browser, &rig, &door, &format!("{}{door}", rig.base)).await;
            all += &quiet(&found);
        }
        let code = &firm.link;
        for page in [
            format!("/l/{code}"),
            format!("/l/{code}?sent=new"),
            "/l/winter".to_owned(),
            "/privacy".to_owned(),
        ] {
            all += &trouble(&browser, &rig, &page, &format!("{}{page}", rig.server.base)).await;
        }
        // These answer 404, which the console notes by itself.
        for page in ["/nothing9", "/app/nothing"] {
            let found = trouble(&browser, &rig, page, &format!("{}{page}", rig.server.base)).await;
            all += &quiet(&found);
        }
        browser
            .look_as(Look {
                language: "en",
                ..Look::PHONE
            })
            .await;
    }
    assert!(all.is_empty(), "{all}");
    browser.close().await;
    rig.end().await;
}
