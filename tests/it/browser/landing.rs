//! A customer's way in one browser: a tap on the link, the landing page, staying, a lead, a link of their own; and the
//! employee's points at its end.

use std::time::{Duration, Instant};

use bole::domain::Role;
use serde_json::Value;

use super::Rig;
use crate::support::browser::{Browser, Look};

const LIMIT_MS: u32 = 2_000;

/// Asks until `good` says yes; the last answer when patience ends.
async fn wait_for(rig: &Rig, path: &str, good: impl Fn(&Value) -> bool) -> Value {
    let end = Instant::now() + Duration::from_secs(10);
    loop {
        let answer = rig.api.get(path).await.expect(200);
        if good(&answer) || Instant::now() > end {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn given_a_tap_on_a_link_when_the_customer_stays_and_leaves_a_number_then_click_lead_and_points_follow()
{
    let rig = Rig::open(&[
        ("dwell_limit_ms", &LIMIT_MS.to_string()),
        ("trusted_proxies", "127.0.0.0/8"),
    ])
    .await;
    rig.hire("zhang", "张晓雯", &[Role::Employee]).await;
    rig.hire("li", "李店长", &[Role::Employee]).await;
    rig.furnish("zhang").await;
    let link = serde_json::json!({ "employee": "li", "campaign": "winter", "channel": "wechat-group" });
    let link = rig.api.post("/links", link).await.expect(201);
    let code = link["code"].as_str().expect("a code").to_owned();

    let browser = Browser::open(Look::PHONE).await;
    browser.goto(&format!("{}/{code}", rig.server.base)).await;
    browser
        .until("location.pathname === '/l/winter'", Duration::from_secs(5))
        .await;
    browser
        .until("!location.href.includes('bclid')", Duration::from_secs(5))
        .await;
    assert!(
        browser
            .js("return document.querySelector('#share') !== null")
            .await
            == true,
        "offered at once"
    );

    // Staying makes the click valid, and the employee's points follow.
    let clicks = format!("/clicks?link={code}");
    let rows = wait_for(&rig, &clicks, |page| page["data"][0]["valid"] == true).await;
    assert_eq!(rows["data"].as_array().map(Vec::len), Some(1), "{rows}");
    assert_eq!(rows["data"][0]["valid"], true, "{rows}");
    let points = wait_for(&rig, "/employees/li/points", |p| p["balance"] == 5).await;
    assert_eq!(points["balance"], 5, "{points}");

    // A wrong number is told at its field, and the right one becomes a lead of the same employee.
    browser.fill("#name", "王女士").await;
    browser.fill("#phone", "1380013").await;
    browser.click("#consent").await;
    browser
        .click("form[action='/l/winter'] button[type=submit]")
        .await;
    browser
        .until("document.querySelector('#phone-error')", Duration::from_secs(5))
        .await;
    assert_eq!(
        browser.js("return document.activeElement.className").await,
        "error-summary"
    );
    assert_eq!(browser.axe().await, [""; 0]);
    browser.fill("#phone", "138 0013 8000").await;
    browser
        .click("form[action='/l/winter'] button[type=submit]")
        .await;
    browser
        .until("location.search.includes('sent=new')", Duration::from_secs(10))
        .await;
    let leads = wait_for(&rig, "/conversions?kind=lead&employee=li", |page| {
        page["data"][0].is_object()
    })
    .await;
    let lead = &leads["data"][0];
    assert_eq!(
        (&lead["via"], &lead["credited_to"]),
        (&"click".into(), &"li".into()),
        "{lead}"
    );
    assert_eq!(lead["status"], "pending", "{lead}");

    // The employee sees both, with why.
    let employee = format!("{}/app/results", rig.base);
    rig.sign_in(&browser, "li").await;
    browser.goto(&employee).await;
    let list = browser
        .js("return document.querySelector('#list').innerText")
        .await;
    let list = list.as_str().expect("text");
    assert!(list.contains("+5") && list.contains("线索"), "{list}");
    browser.close().await;
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn given_a_landing_page_when_its_visitor_makes_a_link_then_it_is_a_child_of_the_one_that_brought_them()
{
    let rig = Rig::open(&[("trusted_proxies", "127.0.0.0/8")]).await;
    rig.hire("zhang", "张晓雯", &[Role::Employee]).await;
    let [code, _] = rig.furnish("zhang").await;
    let browser = Browser::open(Look::PHONE).await;
    browser.goto(&format!("{}/{code}", rig.server.base)).await;
    browser
        .until("location.pathname === '/l/winter'", Duration::from_secs(5))
        .await;
    // Loaded again, the address says no longer who brought the visitor; the button stays, and still knows.
    browser
        .until(
            "sessionStorage.bole && !location.search.includes('bclid')",
            Duration::from_secs(5),
        )
        .await;
    browser.goto(&format!("{}/l/winter", rig.server.base)).await;
    browser
        .until(
            "document.querySelector('#share').checkVisibility()",
            Duration::from_secs(5),
        )
        .await;
    browser.click("#share form button").await;
    browser
        .until("document.querySelector('#own-link')", Duration::from_secs(10))
        .await;
    let own = browser
        .js("return document.querySelector('#own-link').value")
        .await;
    let own = own.as_str().expect("a link").to_owned();
    let child = own.rsplit('/').next().expect("a code").to_owned();
    let row = rig.api.get(&format!("/links/{child}")).await.expect(200);
    assert_eq!(row["channel"], "reshare", "{row}");
    assert_eq!(row["employee"], "zhang", "{row}");
    assert_eq!(browser.console_errors().await, [""; 0]);
    browser.close().await;
    rig.end().await;
}
