//! An employee's first day in a real browser: accept the rules, take a link, copy it, see the first valid click, see
//! one's place.

use std::time::{Duration, Instant};

use bole::app::Actor;
use bole::app::filing::{Filed, Verdict};
use bole::app::interaction::{InteractionToFile, file_interaction};
use bole::app::rules::{RulesToPublish, publish_rules};
use bole::app::share::{ShareToFile, decide_on_share, file_share};
use bole::app::shop::{ItemWish, Redemption, hand_over, put_item, redeem};
use bole::domain::{EmployeeId, ItemKind, LimitPeriod, Role};
use bole::points::Rule;
use bole::storage::points::{NewEntry, award};
use serde_json::json;

use super::Rig;
use super::screens::speak;
use crate::support::browser::{Browser, Look};

const PAPER: &str = "# 员工社交影响力激励计划白皮书\n\n分享是自愿的。\n\n## 积分\n- 分享一次 10 积分\n- 有效点击 3 积分\n\n\
    ## 不能做\n- **严禁**购买点击";

/// Publishes the white paper.
async fn publish(rig: &Rig, body: &str) {
    let new = RulesToPublish {
        body: body.into(),
        effective_on: rig.app.today(),
        note: "有效点击加分。".into(),
    };
    publish_rules(&rig.app, &Actor::System, &new)
        .await
        .expect("a version");
}

/// Two versions of the rules, a shop with orders in every state, shares and an exchange of this employee's; `code` is a
/// link of theirs.
pub async fn stock(rig: &Rig, employee: &str, code: &str) {
    publish(rig, PAPER).await;
    publish(
        rig,
        &PAPER
            .replace("3 积分", "5 积分")
            .replace("购买点击", "购买点击和粉丝\n- 不承诺疗效"),
    )
    .await;
    let app = &rig.app;
    let id = app
        .store
        .employee_id_by_code(employee)
        .await
        .expect("a store")
        .expect("them");
    let entry = NewEntry {
        employee: id,
        rule: Rule::Click,
        source: "click:stock".into(),
        points: 1000,
        at: app.clock.now_ms(),
        day: app.today(),
        note: String::new(),
    };
    let mut tx = app.store.begin().await.expect("a store");
    award(&mut tx, &[entry], app.clock.now_ms())
        .await
        .expect("points");
    tx.commit().await.expect("a store");
    let own = Actor::Account {
        id: 99,
        roles: vec![Role::Employee],
        employee: Some(EmployeeId(id.0)),
    };
    for (n, title) in ["咖啡券", "免一次晨会", "帆布袋"].into_iter().enumerate() {
        let wish = ItemWish {
            title: title.into(),
            description: "任意门店，中杯任选。".into(),
            kind: [ItemKind::Voucher, ItemKind::Privilege, ItemKind::Goods][n],
            price: 120,
            stock: [Some(9), None, Some(1)][n],
            stock_seen: None,
            limit_count: Some(2),
            limit_period: LimitPeriod::Month,
            starts_on: None,
            ends_on: None,
            use_days: Some(30),
            on_sale: true,
            teams: Vec::new(),
        };
        let item = put_item(app, &Actor::System, None, &wish).await.expect("an item");
        let wish = Redemption {
            item,
            price: 120,
            once: ["stock-0", "stock-1", "stock-2"][n],
        };
        let order = redeem(app, &own, wish).await.expect("an order");
        if n == 0 {
            let id = order.into_inner().id;
            hand_over(app, &Actor::System, id, "QM-0001")
                .await
                .expect("handed");
        }
    }
    for (n, ago) in [3_600_000_i64, 7_200_000, 10_800_000].into_iter().enumerate() {
        let at = jiff::Timestamp::from_millisecond(app.clock.now_ms() - ago).expect("an instant");
        let share = ShareToFile {
            employee: employee.into(),
            link: code.into(),
            channel: "wechat-moments".into(),
            posted_at: at,
            evidence_url: Some("https://m.example/p/1".into()),
            picture: None,
        };
        let share = match file_share(app, &own, &share).await.expect("a share") {
            Filed::New(row) | Filed::Known(row) => row,
        };
        if n == 2 {
            decide_on_share(
                app,
                &Actor::System,
                share.id,
                Verdict::Rejected,
                "截图里看不到披露标签",
            )
            .await
            .expect("decided");
        } else {
            let talk = InteractionToFile {
                employee: employee.into(),
                share: share.id,
                friend: "陈女士".into(),
                occurred_at: at,
                evidence_url: None,
                picture: None,
            };
            file_interaction(app, &own, &talk).await.expect("an exchange");
        }
    }
}

async fn text(browser: &Browser) -> String {
    let text = browser.js("return document.body.innerText").await;
    text.as_str().unwrap_or_default().to_owned()
}

async fn at(browser: &Browser, path: &str) {
    let there = format!("location.href.includes('{path}') && document.readyState === 'complete'");
    browser.until(&there, Duration::from_secs(10)).await;
}

/// Looks at the page on a phone and at a desk.
async fn look(browser: &Browser, name: &str) {
    for look in [Look::PHONE, Look::DESK] {
        browser.look_as(look).await;
        assert_eq!(browser.axe().await, [""; 0], "{name}");
        assert!(!browser.overflows().await, "{name} {}", look.name());
        browser.screenshot(name).await;
    }
    browser.look_as(Look::PHONE).await;
}

/// One employee's first day in one language.
async fn first_day(rig: &Rig, login: &str, language: &str) {
    let browser = Browser::open(Look::PHONE).await;
    let allowed =
        json!({ "origin": rig.base, "permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"] });
    browser.cdp("Browser.grantPermissions", allowed).await;
    rig.sign_in(&browser, login).await;
    speak(&browser, rig, language).await;

    // The first link leads over the rules.
    browser.goto(&format!("{}/app/share", rig.base)).await;
    look(&browser, &format!("first-day-share-{language}")).await;
    browser.click("form[action='/app/share/link'] button").await;
    at(&browser, "/app/rules?next=").await;
    assert!(text(&browser).await.contains("购买点击"));
    look(&browser, &format!("first-day-rules-{language}")).await;
    browser.click("form[action='/app/rules/accept'] button").await;
    at(&browser, "/app/share?").await;
    browser.click("form[action='/app/share/link'] button").await;
    browser
        .until(
            "document.querySelector('[data-copy=copy]')",
            Duration::from_secs(10),
        )
        .await;
    browser.click("[data-copy=copy]").await;
    browser
        .until(
            "!document.querySelector('[data-copied]').hidden",
            Duration::from_secs(5),
        )
        .await;
    let copied = browser.js("return navigator.clipboard.readText()").await;
    let copied = copied.as_str().expect("text").to_owned();
    let link = copied
        .lines()
        .find(|l| l.starts_with("http"))
        .expect("a link")
        .to_owned();
    assert!(
        copied.contains(if language == "zh" { "广告" } else { "Ad" }),
        "{copied}"
    );
    look(&browser, &format!("first-day-copied-{language}")).await;

    assert_eq!(browser.console_errors().await, [""; 0]);
    browser.close().await;

    // A friend opens it and reads on, with a browser of their own (one is open at a time).
    let friend = Browser::open(Look::PHONE).await;
    friend.goto(&link).await;
    friend
        .until("location.pathname.startsWith('/l/')", Duration::from_secs(10))
        .await;
    let code = link.rsplit('/').next().expect("a code").to_owned();
    let end = Instant::now() + Duration::from_secs(30);
    loop {
        let rows = rig.api.get(&format!("/clicks?link={code}")).await.expect(200);
        if rows["data"][0]["valid"] == true {
            break;
        }
        assert!(Instant::now() < end, "no valid click: {rows}");
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    friend.close().await;

    // It is there, with its reason, and so is one's place.
    let browser = Browser::open(Look::PHONE).await;
    rig.sign_in(&browser, login).await;
    speak(&browser, rig, language).await;
    browser.goto(&format!("{}/app/results", rig.base)).await;
    let results = text(&browser).await;
    let counted = if language == "zh" { "计入" } else { "counted" };
    assert!(results.contains(counted), "{results}");
    look(&browser, &format!("first-day-results-{language}")).await;
    browser.goto(&format!("{}/app/board", rig.base)).await;
    let board = text(&browser).await;
    let me = if language == "zh" { "（我）" } else { "(me)" };
    assert!(board.contains(me), "{board}");
    look(&browser, &format!("first-day-board-{language}")).await;
    assert_eq!(browser.console_errors().await, [""; 0]);
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn given_a_first_day_when_the_rules_are_accepted_and_the_link_posted_then_the_first_valid_click_ranks()
{
    let rig = Rig::open(&[("trusted_proxies", "127.0.0.0/8"), ("dwell_limit_ms", "2000")]).await;
    rig.hire("zhang", "张晓雯", &[Role::Employee]).await;
    rig.hire("li", "李梦", &[Role::Employee]).await;
    rig.hire("wang", "王芳", &[Role::Employee]).await;
    rig.furnish("zhang").await;
    publish(&rig, PAPER).await;
    first_day(&rig, "li", "zh").await;
    first_day(&rig, "wang", "en").await;
    rig.end().await;
}
