//! The manager's week in a real browser: a campaign and its pilot, the funnel, points by hand with a second person, a
//! suspicion, the vote, the board and the office display that lives.

use std::time::Duration;

use bole::app::slices;
use bole::domain::Role;
use serde_json::json;

use super::Rig;
use super::screens::{speak, trouble};
use crate::support::browser::{Browser, Look};

async fn at(browser: &Browser, path: &str) {
    let there = format!("location.href.includes('{path}') && document.readyState === 'complete'");
    browser.until(&there, Duration::from_secs(10)).await;
}

async fn text(browser: &Browser) -> String {
    let text = browser.js("return document.body.innerText").await;
    text.as_str().unwrap_or_default().to_owned()
}

async fn sign_in(browser: &Browser, rig: &Rig, login: &str) {
    browser.cdp("Network.clearBrowserCookies", json!({})).await;
    browser.look_as(Look::DESK).await;
    rig.sign_in(browser, login).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn given_a_firm_when_a_manager_works_through_a_week_then_each_screen_does_its_part() {
    let rig = Rig::open(&[("trusted_proxies", "127.0.0.0/8")]).await;
    rig.hire("zhang", "张晓雯", &[Role::Employee]).await;
    rig.hire("li", "李梦", &[Role::Employee]).await;
    rig.hire("chen", "陈经理", &[Role::Employee, Role::Manager]).await;
    rig.hire("shen", "沈主管", &[Role::Employee, Role::Manager]).await;
    let codes = rig.furnish("zhang").await;
    slices::count_due(&rig.app).await.expect("a count");
    let browser = Browser::open(Look::DESK).await;
    let mut wrong = String::new();

    // Monday: a campaign, first for a pilot group.
    sign_in(&browser, &rig, "chen").await;
    browser
        .goto(&format!("{}/app/manage/new-campaign", rig.base))
        .await;
    browser.fill("#slug", "solstice").await;
    browser.fill("#name", "冬至养护").await;
    browser
        .fill("#destination", &format!("{}/l/solstice", rig.server.base))
        .await;
    browser.click("main form button[type=submit]").await;
    at(&browser, "/app/manage/campaigns/solstice?done=created").await;
    browser.click("form[action$='/pilot'] button").await;
    at(&browser, "done=pilot").await;
    browser.fill("#who", "zhang").await;
    browser
        .click("form[action$='/pilot'] input[value=add] ~ button")
        .await;
    browser
        .until("document.querySelector('#pilot .rows')", Duration::from_secs(10))
        .await;
    assert!(text(&browser).await.contains("试点中"));

    // Tuesday: who brings what.
    browser
        .goto(&format!("{}/app/manage/funnel?campaign=winter", rig.base))
        .await;
    let funnel = text(&browser).await;
    assert!(funnel.contains("1 人发出 2 条链接"), "{funnel}");
    browser.click("a.sort[href*='sort=human']").await;
    at(&browser, "sort=human").await;

    // Wednesday: points by hand, decided by the other manager.
    browser
        .goto(&format!("{}/app/manage/points?tab=hand", rig.base))
        .await;
    browser.fill("#employee", "zhang").await;
    browser.fill("#points", "30").await;
    browser.fill("#reason", "带新人").await;
    browser.click("form[action='/app/manage/points'] button").await;
    at(&browser, "done=asked").await;
    assert!(text(&browser).await.contains("是你报的，要另一个人来审"));

    // Thursday: the vote.
    browser.goto(&format!("{}/app/manage/honours", rig.base)).await;
    browser.fill("#candidates", "zhang 三连图\nli 小视频").await;
    browser.click("form[action$='/honours/vote'] button").await;
    at(&browser, "done=opened").await;

    // Friday: the board on the office display lives.
    browser
        .goto(&format!("{}/app/manage/boards?metric=sales", rig.base))
        .await;
    assert!(text(&browser).await.contains("定榜后才能公布"));
    browser.click(".work-head a[href*='/board/screen']").await;
    at(&browser, "/app/board/screen").await;
    let before = text(&browser).await;
    let sale = json!({ "kind": "sale", "external_id": "O-9", "occurred_at": rig.app.now(), "amount": "4321.00",
        "coupon": "WINTER30", "customer": { "phone": "13900000099" } });
    rig.api.post("/conversions", sale).await.expect(201);
    browser
        .until(
            "document.body.innerText.includes('6,620')",
            Duration::from_secs(15),
        )
        .await;
    assert!(!before.contains("6,620"), "{before}");
    browser.screenshot("manage-screen-live").await;

    // Every screen, both languages, every look.
    for language in ["en", "zh"] {
        speak(&browser, &rig, language).await;
        for page in [
            "/app/manage/funnel",
            "/app/manage/funnel?view=people",
            "/app/manage/funnel?view=cohorts",
            "/app/manage/boards",
            "/app/manage/points?tab=hand",
            "/app/manage/points?tab=shares",
            "/app/manage/fraud",
            "/app/manage/fraud?tab=clicks",
            "/app/manage/fraud?tab=conversions",
            "/app/manage/materials",
            "/app/manage/honours",
            "/app/manage/honours?tab=goals",
            "/app/manage/honours?tab=honours",
            "/app/manage/honours?tab=scouts",
            "/app/manage/review",
            "/app/manage/campaigns/solstice",
            "/app/honours",
            "/app/board",
        ] {
            wrong += &trouble(&browser, &rig, page, &format!("{}{page}", rig.base)).await;
            let name = page.trim_start_matches("/app/").replace(['/', '?', '='], "-");
            for look in [Look::PHONE, Look::DESK, Look::DESK.dark()] {
                browser.look_as(look).await;
                browser.screenshot(&format!("{name}-{language}")).await;
            }
        }
    }
    // The second person approves; the employee votes and sees it.
    sign_in(&browser, &rig, "shen").await;
    browser
        .goto(&format!("{}/app/manage/points?tab=hand", rig.base))
        .await;
    browser.click("button[value=approved]").await;
    at(&browser, "done=approved").await;
    browser.cdp("Network.clearBrowserCookies", json!({})).await;
    browser.look_as(Look::PHONE).await;
    rig.sign_in(&browser, "zhang").await;
    browser.goto(&format!("{}/app/honours", rig.base)).await;
    browser.click("#candidate-li").await;
    browser.click("main form button[type=submit]").await;
    at(&browser, "done=voted").await;
    assert!(text(&browser).await.contains("你投给了 李梦"));
    browser.goto(&format!("{}/app/results?span=all", rig.base)).await;
    assert!(text(&browser).await.contains("人工调整"));
    assert!(!codes[0].is_empty());
    assert!(wrong.is_empty(), "{wrong}");
    browser.close().await;
    rig.end().await;
}
