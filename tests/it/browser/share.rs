//! What only the device can do: copying, the share sheet, and the list that grows in place.

use std::time::Duration;

use bole::domain::Role;
use serde_json::json;

use super::Rig;
use crate::support::browser::{Browser, Look};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn given_ones_own_link_when_copied_and_shared_then_the_chosen_voice_carries_link_and_disclosure() {
    let rig = Rig::open(&[("trusted_proxies", "127.0.0.0/8")]).await;
    rig.hire("zhang", "张晓雯", &[Role::Employee]).await;
    let [code, _] = rig.furnish("zhang").await;
    let browser = Browser::open(Look::PHONE).await;
    let allowed =
        json!({ "origin": rig.base, "permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"] });
    browser.cdp("Browser.grantPermissions", allowed).await;
    // A phone's share sheet, which headless Chromium has not: it keeps what it was handed.
    let sheet = json!({ "source": "navigator.share = async (what) => { window.handed = what; };" });
    browser.cdp("Page.addScriptToEvaluateOnNewDocument", sheet).await;
    rig.sign_in(&browser, "zhang").await;
    browser.goto(&format!("{}/app/share", rig.base)).await;
    let link = format!("{}/{code}", rig.server.base);

    assert_eq!(
        browser
            .js("return document.querySelector('[data-copied]').hidden")
            .await,
        true
    );
    browser.click("[data-copy=copy]").await;
    browser
        .until(
            "!document.querySelector('[data-copied]').hidden",
            Duration::from_secs(5),
        )
        .await;
    let copied = browser.js("return navigator.clipboard.readText()").await;
    let copied = copied.as_str().expect("text");
    assert!(copied.starts_with("入冬后脸上发紧"), "{copied}");
    assert!(copied.contains(&format!("\n{link}\n")), "{copied}");
    assert!(copied.ends_with("广告 · 我在本公司工作"), "{copied}");

    // Another voice, by the share sheet.
    browser.click("label[for=voice-fun]").await;
    browser.click("[data-share]").await;
    browser.until("window.handed", Duration::from_secs(5)).await;
    let handed = browser.js("return window.handed").await;
    let text = handed["text"].as_str().expect("text");
    assert!(text.starts_with("我的脸，十一月：苏打饼干。"), "{text}");
    assert!(text.contains(&link) && text.contains("广告"), "{text}");
    assert_eq!(handed["title"], "冬季焕肤季");

    // The coupon's own button copies the code alone.
    browser.click("[data-copy-text]").await;
    browser
        .until(
            "document.querySelector('[data-copy-text]').textContent.includes('已复制')",
            Duration::from_secs(5),
        )
        .await;
    assert_eq!(
        browser.js("return navigator.clipboard.readText()").await,
        "WINTER30"
    );

    // A web view that lets no page copy: the text is marked for the finger, and words say what to do.
    browser
        .js("navigator.clipboard.writeText = () => Promise.reject(new Error('not here'))")
        .await;
    browser.click("[data-copy=copy]").await;
    browser
        .until(
            "!document.querySelector('[data-copy-failed]').hidden",
            Duration::from_secs(5),
        )
        .await;
    let marked = browser.js("return getSelection().toString()").await;
    let marked = marked.as_str().expect("text");
    assert!(marked.contains("苏打饼干") && marked.contains(&link), "{marked}");
    assert_eq!(browser.console_errors().await, [""; 0]);
    browser.close().await;
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn given_more_events_than_a_page_when_more_is_pressed_then_the_list_grows_in_place_to_its_end() {
    let rig = Rig::open(&[("trusted_proxies", "127.0.0.0/8")]).await;
    rig.hire("zhang", "张晓雯", &[Role::Employee]).await;
    rig.furnish("zhang").await;
    let browser = Browser::open(Look::PHONE).await;
    rig.sign_in(&browser, "zhang").await;
    // 24 clicks, 2 sales, a lead: what was answered is there within 2 s.
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    browser.goto(&format!("{}/app/results", rig.base)).await;
    let events = "document.querySelectorAll('#list .event').length";
    assert_eq!(browser.js(&format!("return {events}")).await, 20);
    browser.js("window.stayed = true").await;
    browser.click("#more a").await;
    browser
        .until(&format!("{events} === 27"), Duration::from_secs(10))
        .await;
    assert_eq!(
        browser.js("return window.stayed").await,
        true,
        "the page was not loaded again"
    );
    assert_eq!(
        browser
            .js("return document.querySelectorAll('#more').length")
            .await,
        0,
        "that was all"
    );
    assert_eq!(browser.axe().await, [""; 0]);
    assert_eq!(browser.console_errors().await, [""; 0]);

    // Without script the same button is a link to the next part.
    browser
        .cdp("Emulation.setScriptExecutionDisabled", json!({ "value": true }))
        .await;
    browser.goto(&format!("{}/app/results", rig.base)).await;
    browser.press("#more a").await;
    browser
        .cdp("Emulation.setScriptExecutionDisabled", json!({ "value": false }))
        .await;
    assert!(
        browser.url().await.contains("/app/results?after="),
        "{}",
        browser.url().await
    );
    assert_eq!(browser.js(&format!("return {events}")).await, 7);
    browser.close().await;
    rig.end().await;
}
