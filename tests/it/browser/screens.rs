//! Every screen as a person meets it: phone and desk, Chinese and English, light and dark. axe finds nothing, the
//! console is silent, nothing is asked of strangers, and nothing sticks out.

use std::fmt::Write as _;
use std::time::Duration;

use bole::domain::Role;

use super::Rig;
use crate::support::browser::{Browser, Look};

const LOOKS: [Look; 4] = [Look::PHONE, Look::PHONE.dark(), Look::DESK, Look::DESK.dark()];

/// What is wrong with a page, in both languages and all looks; it is loaded once per language.
pub async fn trouble(browser: &Browser, rig: &Rig, name: &str, url: &str) -> String {
    let mut trouble = String::new();
    browser.console_errors().await;
    browser.requests().await;
    browser.look_as(LOOKS[0]).await;
    browser.goto(url).await;
    browser
        .until("document.readyState === 'complete'", Duration::from_secs(10))
        .await;
    let language = browser.js("return document.documentElement.lang").await;
    for look in LOOKS {
        browser.look_as(look).await;
        let at = format!("{name} {} {language}", look.name());
        for found in browser.axe().await {
            let _ = writeln!(trouble, "{at}: axe: {found}");
        }
        if browser.overflows().await {
            let _ = writeln!(trouble, "{at}: wider than the window");
        }
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
    browser
        .click(&format!("button[name=lang][value={language}]"))
        .await;
    let html = if language == "zh" { "zh-CN" } else { "en" };
    browser
        .until(
            &format!("document.documentElement.lang === '{html}'"),
            Duration::from_secs(10),
        )
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn given_a_firm_with_a_week_behind_it_when_its_screens_are_opened_then_nothing_is_wrong_in_any_look() {
    let rig = Rig::open(&[("trusted_proxies", "127.0.0.0/8")]).await;
    rig.hire("zhang", "张晓雯", &[Role::Employee]).await;
    rig.hire("chen", "陈经理", &[Role::Employee, Role::Manager]).await;
    let [code, _] = rig.furnish("zhang").await;
    super::staff::stock(&rig, "zhang", &code).await;
    rig.tell("zhang").await;
    let browser = Browser::open(Look::PHONE).await;
    let mut all = String::new();

    browser.goto(&format!("{}/app/signin", rig.base)).await;
    for language in ["en", "zh"] {
        browser
            .click(&format!("button[name=lang][value={language}]"))
            .await;
        let signin = format!("{}/app/signin?next=/app/share", rig.base);
        all += &trouble(&browser, &rig, "signin", &signin).await;
    }
    for (login, pages) in [
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
                "/app/me",
                "/app/notices",
                "/app/notices/settings",
                "/app/rules",
                "/app/rules?version=1",
                "/app/checkin",
                "/app/checkin/1/exchange",
                "/app/shop",
                "/app/shop/1",
            ][..],
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
                "/app/manage/rules",
                "/app/manage/shop",
                "/app/manage/shop?status=all",
                "/app/manage/shop/new",
                "/app/manage/shop/items/1",
            ][..],
        ),
    ] {
        rig.sign_in(&browser, login).await;
        for language in ["zh", "en"] {
            speak(&browser, &rig, language).await;
            for page in pages {
                all += &trouble(&browser, &rig, page, &format!("{}{page}", rig.base)).await;
            }
        }
        browser
            .cdp("Network.clearBrowserCookies", serde_json::json!({}))
            .await;
    }
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
        let others: Vec<&str> = found.lines().filter(|l| !l.contains("status of 404")).collect();
        all += &others.join("\n");
    }
    assert!(all.is_empty(), "{all}");
    browser.close().await;
    rig.end().await;
}
