//! Month end in a real browser: facts from a file, calculated, reviewed, approved by another, closed, paid; and a trial of
//! other parameters that changes nothing.

use std::time::Duration;

use bole::app::Actor;
use bole::app::pay::{SettingInput, change_setting, check_ledger, set_attributes};
use bole::domain::Role;
use serde_json::json;

use super::Rig;
use super::screens::{speak, trouble};
use crate::support::browser::{Browser, Look};
use crate::support::target_tmp;

const SCHEME: &str = "07-new-customers";

async fn at(browser: &Browser, path: &str) {
    let there = format!("location.href.includes('{path}') && document.readyState === 'complete'");
    browser.until(&there, Duration::from_secs(20)).await;
}

async fn sign_in(browser: &Browser, rig: &Rig, login: &str) {
    browser.cdp("Network.clearBrowserCookies", json!({})).await;
    browser.look_as(Look::DESK).await;
    rig.sign_in(browser, login).await;
}

async fn text(browser: &Browser) -> String {
    let text = browser.js("return document.body.innerText").await;
    text.as_str().unwrap_or_default().to_owned()
}

/// Whatever is wrong with pages in both languages and all looks; the account speaks Chinese afterwards.
async fn looked_at(browser: &Browser, rig: &Rig, pages: &[&str]) -> String {
    let mut all = String::new();
    for language in ["en", "zh"] {
        speak(browser, rig, language).await;
        for page in pages {
            all += &trouble(browser, rig, page, &format!("{}{page}", rig.base)).await;
            let name = page
                .trim_start_matches("/app/")
                .replace(['/', '?', '=', '&', ':', '#'], "-");
            for look in [Look::PHONE, Look::DESK] {
                browser.look_as(look).await;
                browser.screenshot(&format!("{name}-{language}")).await;
            }
            if language == "zh" {
                browser.look_as(Look::DESK.dark()).await;
                browser.screenshot(&format!("{name}-{language}")).await;
                browser.look_as(Look::DESK).await;
            }
        }
    }
    all
}

/// Two people who sell, under a scheme switched on from January.
async fn set_up(rig: &Rig) {
    let from_on = "2026-01-01".parse().expect("a day");
    let input = SettingInput {
        from_on,
        document: None,
        params: serde_json::Map::new(),
        enabled: true,
        note: "试行".into(),
    };
    change_setting(&rig.app, &Actor::System, SCHEME, &input)
        .await
        .expect("a setting");
    for code in ["zhang", "li"] {
        let role = json!({ "07-new-customers.role": "sales" });
        let role = role.as_object().expect("an object");
        set_attributes(&rig.app, &Actor::System, code, from_on, role)
            .await
            .expect("attributes");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn given_a_file_of_first_batches_when_a_month_ends_then_two_people_bring_it_to_paid_in_the_browser() {
    let rig = Rig::open(&[]).await;
    rig.hire("zhang", "张晓雯", &[Role::Employee]).await;
    rig.hire("li", "李梦", &[Role::Employee]).await;
    rig.hire("gu", "顾蕾", &[Role::Employee, Role::Finance]).await;
    rig.hire("fang", "方建国", &[Role::Employee, Role::Approver])
        .await;
    set_up(&rig).await;
    // Last month's sales: six shops for 李梦, so that a rise is proposed.
    let today = rig.app.today();
    let month = bole::domain::Period::month_of(today)
        .and_then(|m| m.previous())
        .expect("a month");
    let mut rows = vec![format!("s-0,{},zhang,甲店,\"60,000.00\"", month.first)];
    rows.extend((1..=6).map(|n| format!("s-{n},{},li,{n} 号店,{}.50", month.first, n * 7000)));
    rows.push(format!("s-9,{},nobody,乙店,5", month.first));
    let file = target_tmp().join(format!("首批-{}.csv", std::process::id()));
    std::fs::write(
        &file,
        format!("\u{feff}编号,日期,业务员,新店,实收金额\n{}\n", rows.join("\n")),
    )
    .expect("a file");
    let browser = Browser::open(Look::DESK).await;
    let mut trouble = String::new();

    // Import: looked at, then recorded.
    sign_in(&browser, &rig, "gu").await;
    browser
        .goto(&format!("{}/app/pay/facts/import?kind=first_batch", rig.base))
        .await;
    let chosen = browser.find("#file").await;
    chosen
        .send_keys(file.display().to_string())
        .await
        .expect("a file chosen");
    browser.click("form[enctype] button[type=submit]").await;
    at(&browser, "/app/pay/facts/imports/1").await;
    let shown = text(&browser).await;
    assert!(
        shown.contains("没有这个工号") && shown.contains("记下这 7 行"),
        "{shown}"
    );
    trouble += &looked_at(&browser, &rig, &["/app/pay/facts/imports/1"]).await;
    browser
        .goto(&format!("{}/app/pay/facts/imports/1", rig.base))
        .await;
    browser.click("main form button[type=submit]").await;
    browser
        .until(
            "document.body.innerText.includes('已经记下')",
            Duration::from_secs(10),
        )
        .await;

    // Calculate what is missing, put it up for review.
    browser.goto(&format!("{}/app/pay/runs", rig.base)).await;
    assert!(text(&browser).await.contains("没算"));
    let label = month.label();
    browser
        .goto(&format!(
            "{}/app/pay/runs?scheme={SCHEME}&period={label}",
            rig.base
        ))
        .await;
    browser.click("#calculate form button[type=submit]").await;
    at(&browser, "/app/pay/runs/1?done=calculate").await;
    browser
        .click("form[action='/app/pay/runs/1/submit'] button")
        .await;
    at(&browser, "done=submit").await;
    assert!(text(&browser).await.contains("要有批准权的人来批准"));

    // Another person approves.
    sign_in(&browser, &rig, "fang").await;
    browser.goto(&format!("{}/app/pay/runs", rig.base)).await;
    browser.click("main .rows a").await;
    at(&browser, "/app/pay/runs/1").await;
    browser
        .click("form[action='/app/pay/runs/1/approve'] button")
        .await;
    at(&browser, "done=approve").await;

    // Closed and paid; the amount opens its story down to the file's line.
    sign_in(&browser, &rig, "gu").await;
    browser.goto(&format!("{}/app/pay/runs/1", rig.base)).await;
    browser.click("form[action='/app/pay/runs/1/close'] button").await;
    at(&browser, "done=close").await;
    browser.click("form[action='/app/pay/runs/1/pay'] button").await;
    at(&browser, "done=pay").await;
    let lines = rig
        .app
        .store
        .run_lines(1, Some("zhang"), None, 9)
        .await
        .expect("a store");
    browser
        .goto(&format!("{}/app/pay/lines/{}", rig.base, lines[0].id))
        .await;
    let story = text(&browser).await;
    assert!(
        story.contains("¥9,000.00") && story.contains("60,000.00"),
        "{story}"
    );
    browser.click(".trace a").await;
    at(&browser, "/app/pay/facts/history").await;
    assert!(text(&browser).await.contains("顾蕾"));

    // What if: nothing changes.
    let before = check_ledger(&rig.app).await.expect("a store");
    assert_eq!((before.broken_at, before.trial_balance), (None, 0));
    for language in ["zh", "en"] {
        speak(&browser, &rig, language).await;
        browser
            .goto(&format!("{}/app/pay/schemes/{SCHEME}/edit", rig.base))
            .await;
        browser
            .js("document.getElementById('p.gap').value = 'none'")
            .await;
        browser.click("button[name=act][value=try]").await;
        browser
            .until("document.querySelector('#trial')", Duration::from_secs(20))
            .await;
        let words = text(&browser).await;
        let (who, change) = if language == "zh" {
            ("少得的人", "只读，没有入账")
        } else {
            ("Lose", "nothing booked")
        };
        assert!(words.contains(who) && words.contains(change), "{words}");
        assert_eq!(browser.axe().await, [""; 0], "the trial in {language}");
        browser.screenshot(&format!("pay-trial-{language}")).await;
        browser.click("button[name=act][value=test]").await;
        browser
            .until("document.querySelector('#trial')", Duration::from_secs(20))
            .await;
    }
    assert_eq!(
        check_ledger(&rig.app).await.expect("a store"),
        before,
        "the same ledger, its hash included"
    );

    // A wrong parameter, at its field.
    speak(&browser, &rig, "zh").await;
    browser
        .goto(&format!("{}/app/pay/schemes/{SCHEME}/edit", rig.base))
        .await;
    browser.fill("input[name='p.batch_bands.1.low']", "五万").await;
    browser.click("button[name=act][value=save]").await;
    browser
        .until(
            "document.querySelector('.error-summary')",
            Duration::from_secs(10),
        )
        .await;
    assert_eq!(browser.axe().await, [""; 0], "the form with its faults");
    browser.screenshot("pay-edit-wrong").await;
    browser.console_errors().await;

    // Every screen, in both languages and all looks.
    let line = format!("/app/pay/lines/{}", lines[0].id);
    trouble += &looked_at(
        &browser,
        &rig,
        &[
            "/app/pay/runs",
            "/app/pay/runs/1",
            "/app/pay/runs/1/lines?payee=li",
            &line,
            "/app/pay/schemes",
            "/app/pay/schemes/07-new-customers",
            "/app/pay/schemes/07-new-customers/edit",
            "/app/pay/facts",
            "/app/pay/facts/new?kind=first_batch",
            "/app/pay/facts/import?kind=first_batch",
            "/app/pay/facts/history?kind=first_batch&key=s-1",
            "/app/pay/awards",
        ],
    )
    .await;
    sign_in(&browser, &rig, "fang").await;
    trouble += &looked_at(&browser, &rig, &["/app/pay/proposals"]).await;
    assert!(trouble.is_empty(), "{trouble}");
    browser.goto(&format!("{}/app/pay/proposals", rig.base)).await;
    browser.fill("input[name=reason]", "连着六家新店").await;
    browser.click("button[name=act][value=accept]").await;
    at(&browser, "done=accepted").await;
    browser.close().await;
    rig.end().await;
}
