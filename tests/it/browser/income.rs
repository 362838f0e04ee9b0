//! An amount that is wrong, in a real browser: seen on a phone, objected to in one tap, accepted at a desk, corrected in the
//! next period; with the statement and its PDF.

use std::time::Duration;

use bole::app::Actor;
use bole::app::pay::{FactInput, SettingInput, change_setting, put_facts, set_attributes};
use bole::domain::Role;
use serde_json::{Map, Value, json};

use super::Rig;
use super::screens::{speak, trouble};
use crate::support::browser::{Browser, Look};

async fn at(browser: &Browser, path: &str) {
    let there = format!("location.href.includes('{path}') && document.readyState === 'complete'");
    browser.until(&there, Duration::from_secs(10)).await;
}

async fn sign_in(browser: &Browser, rig: &Rig, login: &str, look: Look) {
    browser.cdp("Network.clearBrowserCookies", json!({})).await;
    browser.look_as(look).await;
    rig.sign_in(browser, login).await;
}

async fn text(browser: &Browser) -> String {
    let text = browser.js("return document.body.innerText").await;
    text.as_str().unwrap_or_default().to_owned()
}

/// Whatever is wrong with a page in both languages, with pictures; the account speaks Chinese afterwards.
async fn looked_at(browser: &Browser, rig: &Rig, pages: &[(&str, String)]) -> String {
    let mut all = String::new();
    for language in ["en", "zh"] {
        speak(browser, rig, language).await;
        for (name, page) in pages {
            all += &trouble(browser, rig, name, &format!("{}{page}", rig.base)).await;
            for (look, word) in [
                (Look::PHONE, "phone"),
                (Look::PHONE.dark(), "phone-dark"),
                (Look::DESK, "desk"),
                (Look::DESK.dark(), "desk-dark"),
            ] {
                browser.look_as(look).await;
                browser
                    .js("document.querySelectorAll('details.line').forEach(d => d.open = true)")
                    .await;
                browser.screenshot(&format!("{name}-{language}-{word}")).await;
            }
        }
    }
    all
}

fn object(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

async fn sold(rig: &Rig, key: &str, day: &str, amount: &str) {
    let input = FactInput {
        kind: "first_batch".into(),
        source: "till".into(),
        source_key: key.into(),
        subject: Some("zhang".into()),
        occurred: day.into(),
        measures: object(&json!({ "amount": amount })),
        dimensions: object(&json!({ "customer": "门店 罗女士" })),
        void: false,
    };
    put_facts(&rig.app, &Actor::System, &[input])
        .await
        .expect("a store");
}

/// Takes a step of a run on its page.
async fn step(browser: &Browser, rig: &Rig, run: i64, step: &str) {
    browser.goto(&format!("{}/app/pay/runs/{run}", rig.base)).await;
    browser
        .click(&format!("form[action='/app/pay/runs/{run}/{step}'] button"))
        .await;
    at(browser, &format!("/app/pay/runs/{run}")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn given_a_wrong_amount_when_objected_to_then_it_is_corrected_in_the_next_period() {
    let rig = Rig::open(&[]).await;
    rig.hire("zhang", "张晓雯", &[Role::Employee]).await;
    rig.hire("gu", "顾蕾", &[Role::Finance]).await;
    rig.hire("fang", "方建国", &[Role::Approver]).await;
    let today = rig.app.today();
    let this = bole::domain::Period::month_of(today).expect("a month");
    let last = this.previous().expect("a month");
    let before = last.previous().expect("a month");
    let from_on = before.first;
    let setting = SettingInput {
        from_on,
        document: None,
        params: Map::new(),
        enabled: true,
        note: "试行".into(),
    };
    change_setting(&rig.app, &Actor::System, "07-new-customers", &setting)
        .await
        .expect("a setting");
    let role = object(&json!({ "07-new-customers.role": "sales" }));
    set_attributes(&rig.app, &Actor::System, "zhang", from_on, &role)
        .await
        .expect("attributes");
    sold(&rig, "QM-1004-0017", &before.first.to_string(), "26000.00").await;
    let browser = Browser::open(Look::DESK).await;
    let mut wrong = String::new();

    // Finance calculates and puts it up for review.
    sign_in(&browser, &rig, "gu", Look::DESK).await;
    browser.goto(&format!("{}/app/pay/runs", rig.base)).await;
    browser
        .js("document.querySelector('#scheme').value = '07-new-customers'")
        .await;
    browser.fill("#period", &before.label()).await;
    browser.click("#calculate form button[type=submit]").await;
    at(&browser, "/app/pay/runs/1").await;
    step(&browser, &rig, 1, "submit").await;

    // The employee, on a phone: the amount, what it was made of, one tap.
    sign_in(&browser, &rig, "zhang", Look::PHONE).await;
    browser.goto(&format!("{}/app/income", rig.base)).await;
    browser.click("details.line summary").await;
    let shown = text(&browser).await;
    assert!(
        shown.contains("QM-1004-0017") && shown.contains("复核中"),
        "{shown}"
    );
    browser.click(".explain form button").await;
    at(&browser, "/app/income/objections/1").await;
    browser.fill("#words", "小票有两张，合计 36,000").await;
    browser.click("form[action$='/reply'] button").await;
    // The page comes back at the same address: what was written stands on it then.
    browser
        .until(
            "document.body.innerText.includes('小票有两张')",
            std::time::Duration::from_secs(10),
        )
        .await;
    wrong += &looked_at(
        &browser,
        &rig,
        &[
            ("income", "/app/income".to_owned()),
            ("income-objection", "/app/income/objections/1".to_owned()),
            (
                "income-source",
                "/app/income/source?kind=first_batch&key=QM-1004-0017".to_owned(),
            ),
            ("income-sources", "/app/income/lines/1/sources".to_owned()),
        ],
    )
    .await;

    // Another person approves; finance accepts, corrected by a fact in the next period.
    sign_in(&browser, &rig, "fang", Look::DESK).await;
    step(&browser, &rig, 1, "approve").await;
    sign_in(&browser, &rig, "gu", Look::DESK).await;
    browser.goto(&format!("{}/app/pay/objections", rig.base)).await;
    browser.click("tbody a").await;
    at(&browser, "/app/pay/objections/1").await;
    assert!(text(&browser).await.contains("小票有两张"));
    wrong += &looked_at(
        &browser,
        &rig,
        &[
            ("pay-objections", "/app/pay/objections".to_owned()),
            ("pay-objection", "/app/pay/objections/1".to_owned()),
            ("pay-hold", "/app/pay/lines/1/hold".to_owned()),
        ],
    )
    .await;
    browser.look_as(Look::DESK).await;
    browser.goto(&format!("{}/app/pay/objections/1", rig.base)).await;
    browser.click("#decision-fact").await;
    browser.fill("#words", "核对小票，确有第二张，已更正").await;
    browser.click("form[action$='/decision'] button").await;
    at(&browser, "done=accept").await;
    for word in ["close", "pay"] {
        step(&browser, &rig, 1, word).await;
    }
    sold(&rig, "QM-1004-0017", &before.first.to_string(), "36000.00").await;
    browser.goto(&format!("{}/app/pay/runs", rig.base)).await;
    browser
        .js("document.querySelector('#scheme').value = '07-new-customers'")
        .await;
    browser.fill("#period", &last.label()).await;
    browser.click("#calculate form button[type=submit]").await;
    at(&browser, "/app/pay/runs/2").await;
    step(&browser, &rig, 2, "submit").await;
    wrong += &looked_at(
        &browser,
        &rig,
        &[(
            "pay-exports",
            format!("/app/pay/exports?month={}", before.label()),
        )],
    )
    .await;

    // The employee sees the correction with its origin, and takes the statement along.
    sign_in(&browser, &rig, "zhang", Look::PHONE).await;
    browser.goto(&format!("{}/app/income", rig.base)).await;
    browser
        .js("document.querySelectorAll('details').forEach(d => { d.open = true; })")
        .await;
    let shown = text(&browser).await;
    assert!(shown.contains("更正：") && shown.contains("补差"), "{shown}");
    browser.look_as(Look::PHONE).await;
    browser.screenshot("income-corrected").await;
    let path = format!("/app/income/files/{}.pdf", last.label());
    let fetched = browser
        .js(&format!(
            "return fetch('{path}').then(r => r.arrayBuffer().then(b => [r.status, Array.from(new Uint8Array(b)).slice(0, 5)]))"
        ))
        .await;
    assert_eq!(fetched, json!([200, [37, 80, 68, 70, 45]]), "%PDF-");
    assert!(wrong.is_empty(), "{wrong}");
    browser.close().await;
    rig.end().await;
}
