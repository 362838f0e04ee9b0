//! A claim's way in a real browser: filed on a phone with a picture, asked about, answered, verified, credited.

use std::time::Duration;

use bole::domain::Role;

use super::Rig;
use super::screens::{speak, trouble};
use crate::support::browser::{Browser, Look};
use crate::support::target_tmp;

async fn at(browser: &Browser, path: &str) {
    let there = format!("location.href.includes('{path}') && document.readyState === 'complete'");
    browser.until(&there, Duration::from_secs(10)).await;
}

async fn sign_in(browser: &Browser, rig: &Rig, login: &str, look: Look) {
    browser
        .cdp("Network.clearBrowserCookies", serde_json::json!({}))
        .await;
    browser.look_as(look).await;
    rig.sign_in(browser, login).await;
}

async fn text(browser: &Browser) -> String {
    let text = browser.js("return document.body.innerText").await;
    text.as_str().unwrap_or_default().to_owned()
}

/// Whatever is wrong with a page in both languages; the account speaks Chinese afterwards.
async fn looked_at(browser: &Browser, rig: &Rig, pages: &[&str]) -> String {
    let mut all = String::new();
    for language in ["en", "zh"] {
        speak(browser, rig, language).await;
        for page in pages {
            all += &trouble(browser, rig, page, &format!("{}{page}", rig.base)).await;
            let name = page.trim_start_matches("/app/").replace(['/', '?', '='], "-");
            browser.look_as(Look::PHONE).await;
            browser.screenshot(&format!("{name}-{language}")).await;
            browser.look_as(Look::DESK).await;
            browser.screenshot(&format!("{name}-{language}")).await;
        }
    }
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn given_a_deal_closed_over_chat_when_claimed_with_a_picture_then_it_ends_credited() {
    let rig = Rig::open(&[]).await;
    rig.hire("zhang", "张晓雯", &[Role::Employee]).await;
    rig.hire("li", "李梦", &[Role::Employee]).await;
    rig.hire("qian", "钱程", &[Role::Employee, Role::Verifier]).await;
    let picture = target_tmp().join("聊天记录.png");
    image::RgbImage::from_pixel(60, 40, image::Rgb([140, 59, 33]))
        .save(&picture)
        .expect("a picture");
    let browser = Browser::open(Look::PHONE).await;
    let mut trouble = String::new();

    // The employee, on a phone: wrong first, then right.
    sign_in(&browser, &rig, "zhang", Look::PHONE).await;
    trouble += &looked_at(&browser, &rig, &["/app/claims", "/app/claims/new", "/app/me"]).await;
    browser.look_as(Look::PHONE).await;
    browser.goto(&format!("{}/app/claims/new", rig.base)).await;
    browser.fill("#name", "罗文静 <script>alert(1)</script>").await;
    browser.fill("#contact", "1381902746").await;
    browser.fill("#bought", "=水光补水 12 次卡").await;
    browser.fill("#amount", "5千9百8").await;
    browser.fill("#order", "QM-1119-0024").await;
    browser
        .fill("#story", "11 月初她在朋友圈看到我发的那条，聊了两周。")
        .await;
    browser.click("main form button[type=submit]").await;
    browser
        .until(
            "document.querySelector('.error-summary')",
            Duration::from_secs(10),
        )
        .await;
    assert_eq!(
        browser
            .js("return document.querySelectorAll('[aria-invalid]').length")
            .await,
        2
    );
    assert_eq!(
        browser.js("return document.querySelector('#amount').value").await,
        "5千9百8",
        "what was typed is kept"
    );
    browser.look_as(Look::PHONE.dark()).await;
    assert_eq!(browser.axe().await, [""; 0]);
    assert!(!browser.overflows().await);
    browser.look_as(Look::PHONE).await;
    browser.screenshot("claims-wrong").await;
    // The console notes the 422 by itself.
    browser.console_errors().await;
    browser.fill("#contact", "13819027461").await;
    browser.fill("#amount", "5980.00").await;
    let file = browser.find("#files").await;
    file.send_keys(picture.display().to_string())
        .await
        .expect("a file chosen");
    browser.click("main form button[type=submit]").await;
    at(&browser, "done=filed").await;
    let shown = text(&browser).await;
    assert!(
        shown.contains("¥5,980.00") && shown.contains("罗文静 <script>") && shown.contains("聊天记录.png"),
        "{shown}"
    );

    // The verifier, at a desk, asks.
    sign_in(&browser, &rig, "qian", Look::DESK).await;
    browser.goto(&format!("{}/app/review/claims", rig.base)).await;
    assert!(text(&browser).await.contains("你能审的有 1 单"));
    browser.click(".queue li a").await;
    at(&browser, "/app/review/claims/1").await;
    assert!(text(&browser).await.contains("13819027461"));
    browser.click("#decision-needs_information").await;
    browser.fill("#reason", "在哪家店成交？").await;
    browser.click(".decision button[type=submit]").await;
    at(&browser, "done=needs_information").await;
    trouble += &looked_at(
        &browser,
        &rig,
        &[
            "/app/review/claims",
            "/app/review/claims/1?status=all",
            "/app/review/crm",
        ],
    )
    .await;

    // The employee answers; the verifier verifies.
    sign_in(&browser, &rig, "zhang", Look::PHONE).await;
    trouble += &looked_at(&browser, &rig, &["/app/claims/1", "/app/claims"]).await;
    browser.look_as(Look::PHONE).await;
    browser.goto(&format!("{}/app/claims/1", rig.base)).await;
    browser.fill("#answer", "徐汇店，前台孙悦开的单").await;
    browser.click("form[action$='/answer'] button[type=submit]").await;
    at(&browser, "done=answered").await;
    sign_in(&browser, &rig, "qian", Look::DESK).await;
    browser.goto(&format!("{}/app/review/claims/1", rig.base)).await;
    assert!(text(&browser).await.contains("徐汇店"));
    browser.click("#decision-verified").await;
    browser.click(".decision button[type=submit]").await;
    at(&browser, "done=verified").await;

    // Another who files it now learns that it is taken; the employee sees it credited.
    sign_in(&browser, &rig, "zhang", Look::PHONE).await;
    browser.goto(&format!("{}/app/claims/1", rig.base)).await;
    assert!(text(&browser).await.contains("待确认，¥5,980.00"));
    browser.screenshot("claims-credited").await;
    browser.goto(&format!("{}/app/results", rig.base)).await;
    let results = text(&browser).await;
    assert!(
        results.contains("¥5,980.00") && results.contains("报单"),
        "{results}"
    );
    sign_in(&browser, &rig, "li", Look::PHONE).await;
    browser.goto(&format!("{}/app/claims/new", rig.base)).await;
    browser.fill("#contact", "13819027461").await;
    browser.fill("#amount", "100").await;
    browser.fill("#order", "QM-1119-0024").await;
    browser.fill("#story", "我也聊过").await;
    browser.click("main form button[type=submit]").await;
    browser
        .until(
            "document.querySelector('form[action$=\"/contest\"]')",
            Duration::from_secs(10),
        )
        .await;
    assert_eq!(browser.axe().await, [""; 0]);
    browser.screenshot("claims-taken").await;
    let taken = text(&browser).await;
    assert!(
        taken.contains("这个订单已经有人报了") && !taken.contains("张晓雯"),
        "{taken}"
    );
    assert!(trouble.is_empty(), "{trouble}");
    browser.close().await;
    rig.end().await;
}
