//! Signing in and out where staff's host and the short host are two.

use std::time::Duration;

use bole::domain::Role;
use serde_json::json;

use super::Rig;
use crate::support::browser::{Browser, Look};

/// The names of the cookies the browser holds for a host.
async fn cookies(browser: &Browser, url: &str) -> Vec<String> {
    let answer = browser.cdp("Network.getCookies", json!({ "urls": [url] })).await;
    let cookies = answer["cookies"].as_array().cloned().unwrap_or_default();
    let mut names: Vec<String> = cookies
        .iter()
        .filter_map(|c| c["name"].as_str().map(str::to_owned))
        .collect();
    names.sort();
    names
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn given_two_hosts_when_signing_in_and_out_then_the_short_host_knows_and_forgets_the_browser() {
    let rig = Rig::open(&[]).await;
    rig.hire("zhang", "张晓雯", &[Role::Employee]).await;
    let short = rig.server.base.clone();
    let browser = Browser::open(Look::PHONE).await;

    rig.sign_in(&browser, "zhang").await;
    assert_eq!(browser.url().await, format!("{}/app/share", rig.base));
    assert_eq!(cookies(&browser, &short).await, ["bs"]);
    assert_eq!(cookies(&browser, &rig.base).await, ["bole_session", "lang"]);

    browser.goto(&format!("{}/app/me", rig.base)).await;
    browser.click("form[action='/app/signout'] button").await;
    browser
        .until("location.pathname === '/app/signin'", Duration::from_secs(10))
        .await;
    assert_eq!(cookies(&browser, &short).await, [""; 0], "the short host forgot");
    assert_eq!(cookies(&browser, &rig.base).await, ["lang"]);
    assert_eq!(browser.console_errors().await, [""; 0]);

    browser.goto(&format!("{}/app/me", rig.base)).await;
    assert!(browser.url().await.contains("/app/signin?next="));
    browser.close().await;
    rig.end().await;
}
