//! The administrator's import in a real browser: a list looked at, confirmed, somebody given a first password, the log read.

use std::time::Duration;

use bole::domain::Role;

use super::Rig;
use super::screens::{speak, trouble};
use crate::support::browser::{Browser, Look};
use crate::support::target_tmp;

const LIST: &str = "工号,姓名,邮箱,手机,团队,入职日期\n\
    E101,赵一鸣,zhao@firm.example,13800000101,徐汇店,2026-11-02\n\
    E102,钱小满,qian@firm.example,13800000102,静安店,2026/11/3\n\
    zhang,张晓雯,zhang@firm.example,,徐汇店,\n\
    E103,<b>孙</b>,not an address,,静安店,\n\
    E101,又一个,,,,\n";

async fn at(browser: &Browser, what: &str) {
    let there = format!("({what}) && document.readyState === 'complete'");
    browser.until(&there, Duration::from_secs(10)).await;
}

async fn text(browser: &Browser) -> String {
    let text = browser.js("return document.body.innerText").await;
    text.as_str().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn given_a_list_of_people_when_an_admin_imports_it_then_it_is_shown_first_and_they_can_sign_in() {
    let rig = Rig::open(&[]).await;
    rig.hire("wang", "王芳", &[Role::Employee, Role::Admin]).await;
    rig.hire("zhang", "张晓雯", &[Role::Employee]).await;
    let list = target_tmp().join("员工名单.csv");
    std::fs::write(&list, LIST).expect("a file");
    let browser = Browser::open(Look::DESK).await;
    let mut all = String::new();
    rig.sign_in(&browser, "wang").await;
    browser.look_as(Look::DESK).await;
    browser.goto(&format!("{}/app/admin/people", rig.base)).await;
    browser.click("a[href='/app/admin/import']").await;
    at(&browser, "location.pathname === '/app/admin/import'").await;
    let file = browser.find("#file").await;
    file.send_keys(list.display().to_string())
        .await
        .expect("a file chosen");
    browser.click("form[enctype] button[type=submit]").await;
    at(&browser, "document.querySelector('.approval-bar')").await;
    let shown = text(&browser).await;
    for words in [
        "现在",
        "新增",
        "不收",
        "邮箱写得不对",
        "zhang@firm.example",
        "<b>孙</b>",
    ] {
        assert!(shown.contains(words) || words == "现在", "{words}: {shown}");
    }
    for look in [Look::DESK, Look::DESK.dark(), Look::PHONE, Look::PHONE.dark()] {
        browser.look_as(look).await;
        assert_eq!(browser.axe().await, [""; 0], "{}", look.name());
        assert!(!browser.overflows().await, "{}", look.name());
        browser.screenshot(&format!("admin-import-{}", look.name())).await;
    }
    browser.look_as(Look::DESK).await;
    browser.click(".approval-bar button").await;
    at(&browser, "document.querySelector('.notice-good')").await;
    browser.screenshot("admin-import-done").await;
    let people = rig
        .app
        .store
        .employee("E102", rig.app.today())
        .await
        .expect("a store");
    assert_eq!(people.expect("them").facts.name, "钱小满");

    browser.goto(&format!("{}/app/admin/people/E101", rig.base)).await;
    browser.click("button[value=password]").await;
    at(&browser, "document.querySelector('#once-title')").await;
    let given = browser
        .js("return document.querySelectorAll('#once-title ~ dl dd')[1].textContent")
        .await;
    let given = given.as_str().expect("a password").to_owned();
    browser.screenshot("admin-person").await;
    for language in ["en", "zh"] {
        speak(&browser, &rig, language).await;
        for page in [
            "/app/admin/people",
            "/app/admin/people?q=none-such",
            "/app/admin/people/E102",
            "/app/admin/people/wang",
            "/app/admin/new-person",
            "/app/admin/import",
            "/app/admin/teams",
            "/app/admin/roles",
            "/app/admin/keys",
            "/app/admin/settings",
            "/app/admin/audit",
        ] {
            all += &trouble(&browser, &rig, page, &format!("{}{page}", rig.base)).await;
            let name = page.trim_start_matches("/app/").replace(['/', '?', '='], "-");
            for look in [Look::PHONE, Look::DESK] {
                browser.look_as(look).await;
                browser.screenshot(&format!("{name}-{language}")).await;
            }
        }
    }
    assert!(all.is_empty(), "{all}");

    // The new one, on a phone: in with the given password, only to choose their own.
    browser
        .cdp("Network.clearBrowserCookies", serde_json::json!({}))
        .await;
    browser.look_as(Look::PHONE).await;
    browser.goto(&format!("{}/app/signin", rig.base)).await;
    browser.fill("#login", "zhao@firm.example").await;
    browser.fill("#password", &given).await;
    browser.click("main form button[type=submit]").await;
    at(&browser, "location.pathname.startsWith('/app/signin/password/')").await;
    assert_eq!(browser.axe().await, [""; 0]);
    assert!(!browser.overflows().await);
    browser.screenshot("signin-choose").await;
    browser.fill("#wished", "a good one of my own 7").await;
    browser.click("main form button[type=submit]").await;
    at(&browser, "location.pathname === '/app/welcome'").await;
    assert!(text(&browser).await.contains("赵一鸣") || text(&browser).await.contains("赵"));
    browser.close().await;
    rig.end().await;
}
