//! The employees' pages: rules before the first link, check-in, the shop, one's data; and what is typed wrongly.

use axum::http::StatusCode;
use bole::app::campaigns::{NewCampaign, create_campaign};
use bole::app::materials::{MaterialStep, decide_on_material, put_material};
use bole::app::{Actor, App};
use bole::domain::Role;
use bole::storage::materials::MaterialFacts;
use bole::storage::shares::Filter;
use bole::storage::shop::OrderFilter;

use super::pages::{hire, signed_in};
use super::{Browser, app};
use crate::staff::earn;
use crate::support::TestDb;

const HOSTILE: &str = "<script>alert(1)</script>' or 1=1 --";

/// Zhang, an employee; Chen, a manager; a campaign with a piece of material.
pub async fn firm(db: &TestDb) -> (App, Browser, Browser) {
    let app = app(db);
    hire(&app, "zhang", "张晓雯", &[Role::Employee]).await;
    hire(&app, "chen", "陈经理", &[Role::Employee, Role::Manager]).await;
    let new = NewCampaign {
        slug: "winter".into(),
        name: "冬季焕肤季".into(),
        destination: "https://shop.example/winter".into(),
        ..NewCampaign::default()
    };
    let winter = create_campaign(&app, &Actor::System, &new)
        .await
        .expect("it")
        .into_inner();
    let facts = MaterialFacts {
        title: "今天发这条".into(),
        pro: "先测再补：{链接}\n广告 · 我在伯乐工作".into(),
        fun: "苏打饼干".into(),
        video_url: Some("https://v.example/1".into()),
        ..MaterialFacts::default()
    };
    put_material(&app, &Actor::System, winter.id, "a", &facts)
        .await
        .expect("material");
    decide_on_material(&app, &Actor::System, winter.id, "a", MaterialStep::Approve)
        .await
        .expect("approved");
    let (zhang, chen) = (signed_in(&app, "zhang").await, signed_in(&app, "chen").await);
    (app, zhang, chen)
}

pub const WISH: [(&str, &str); 3] = [
    ("campaign", "winter"),
    ("material", "a"),
    ("channel", "wechat-group"),
];

fn rules(body: &str, day: &str, step: &str, after: &str) -> [(&'static str, String); 5] {
    [
        ("body", body.to_owned()),
        ("effective_on", day.to_owned()),
        ("note", String::new()),
        ("step", step.to_owned()),
        ("after", after.to_owned()),
    ]
}

async fn send(browser: &mut Browser, path: &str, fields: &[(&'static str, String)]) -> super::Answer {
    let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (*n, v.as_str())).collect();
    browser.post(path, &fields).await
}

async fn given_published_rules_when_the_first_link_is_wanted_then_they_are_accepted_first(db: TestDb) {
    let (app, mut zhang, mut chen) = firm(&db).await;
    let refused = zhang.get("/app/manage/rules").await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    for (body, day, field) in [
        ("", "2026-11-18", "body"),
        ("规则", "2026-11-17", "effective_on"),
        ("规则", "十一月", "effective_on"),
    ] {
        let wrong = send(&mut chen, "/app/manage/rules", &rules(body, day, "publish", "0")).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(
            wrong.body.contains(&format!("id=\"{field}-error\"")),
            "{}",
            wrong.body
        );
    }
    let text = format!("# 白皮书\n\n- 分享 10 积分\n- {HOSTILE}");
    let look = send(
        &mut chen,
        "/app/manage/rules",
        &rules(&text, "2026-11-18", "preview", "0"),
    )
    .await;
    assert!(
        look.status == StatusCode::OK && !look.body.contains("<script>alert"),
        "{}",
        look.body
    );
    assert!(
        app.store.rules_versions().await.expect("a store").is_empty(),
        "a look publishes nothing"
    );
    let done = send(
        &mut chen,
        "/app/manage/rules",
        &rules(&text, "2026-11-18", "publish", "0"),
    )
    .await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    // Somebody who has not seen it does not publish over it.
    let blind = send(
        &mut chen,
        "/app/manage/rules",
        &rules("别的", "2026-11-18", "publish", "0"),
    )
    .await;
    assert_eq!(blind.status, StatusCode::CONFLICT);

    let held = zhang.post("/app/share/link", &WISH).await;
    assert!(
        held.header("location").starts_with("/app/rules?next="),
        "{held:?}"
    );
    assert!(
        app.store
            .links(None, None, None, 9)
            .await
            .expect("a store")
            .is_empty()
    );
    let page = zhang.get(held.header("location")).await;
    assert!(
        page.body.contains("分享 10 积分") && page.body.contains("我已看完，同意"),
        "{}",
        page.body
    );
    assert!(!page.body.contains("<script>alert"));
    let next = "/app/share?campaign=winter&material=a&channel=wechat-group";
    let accepted = zhang
        .post("/app/rules/accept", &[("version", "1"), ("next", next)])
        .await;
    assert_eq!(accepted.header("location"), next);
    let away = [("version", "1"), ("next", "https://evil.example/")];
    let stays = zhang.post("/app/rules/accept", &away).await;
    assert!(stays.header("location").starts_with("/app/rules"), "{stays:?}");
    let minted = zhang.post("/app/share/link", &WISH).await;
    let shown = zhang.get(minted.header("location")).await.body;
    let code = app.store.links(None, None, None, 9).await.expect("a store")[0]
        .code
        .clone();
    let link = format!("https://s.example/{}", code.as_str());
    assert!(shown.contains(&format!("先测再补：{link}")), "{shown}");
    assert_eq!(
        shown.matches("广告 · 我在伯乐工作").count(),
        2,
        "once in each voice, whatever the copy says: {shown}"
    );
    assert!(
        shown.contains("本周新") && shown.contains("https://v.example/1"),
        "{shown}"
    );

    // A new version: what changed is shown, and it holds up no further link.
    let second = text.replace("10 积分", "12 积分");
    send(
        &mut chen,
        "/app/manage/rules",
        &rules(&second, "2026-11-18", "publish", "1"),
    )
    .await;
    let page = zhang.get("/app/rules").await.body;
    assert!(
        page.contains("<del>10</del>") && page.contains("<ins>12</ins>"),
        "{page}"
    );
    assert!(zhang.get("/app/share").await.body.contains("规则有了新版本"));
    let more = [("campaign", "winter"), ("material", "a"), ("channel", "weibo")];
    zhang.post("/app/share/link", &more).await;
    assert_eq!(
        app.store.links(None, None, None, 9).await.expect("a store").len(),
        2
    );
    for wrong in ["0", "3", "x", HOSTILE] {
        let answer = zhang.post("/app/rules/accept", &[("version", wrong)]).await;
        assert!(answer.status.is_client_error(), "{wrong}: {answer:?}");
    }
}

/// A PNG whose header promises 10 000 × 5 000 pixels.
fn fifty_million() -> Vec<u8> {
    let mut bytes = png();
    bytes[16..24].copy_from_slice(&[0, 0, 0x27, 0x10, 0, 0, 0x13, 0x88]);
    let crc = crc32fast::hash(&bytes[12..29]).to_be_bytes();
    bytes[29..33].copy_from_slice(&crc);
    bytes
}

fn png() -> Vec<u8> {
    let mut out = std::io::Cursor::new(Vec::new());
    let picture = image::RgbImage::from_pixel(40, 30, image::Rgb([140, 59, 33]));
    picture
        .write_to(&mut out, image::ImageFormat::Png)
        .expect("a PNG");
    out.into_inner()
}

async fn given_a_share_when_checked_in_with_a_screenshot_then_its_state_is_seen_and_wrong_fields_are_named(
    db: TestDb,
) {
    let (app, mut zhang, mut chen) = firm(&db).await;
    zhang.post("/app/share/link", &WISH).await;
    let code = app.store.links(None, None, None, 9).await.expect("a store")[0]
        .code
        .clone();
    let code = code.as_str();
    let good = [
        ("link", code),
        ("posted", "2026-11-18T09:30"),
        ("url", "https://m.example/p/1"),
    ];
    let but = |name: &'static str, text: &'static str| {
        let mut fields = good.to_vec();
        for field in &mut fields {
            if field.0 == name {
                field.1 = text;
            }
        }
        fields
    };
    for (name, text, field) in [
        ("link", "", "link"),
        ("link", HOSTILE, "link"),
        ("posted", "gestern", "posted"),
        ("posted", "2026-11-18T23:30", "posted"),
        ("url", "javascript:alert(1)", "url"),
    ] {
        let wrong = zhang
            .upload_as("/app/checkin", &but(name, text), "picture", &[])
            .await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY, "{name} {text}");
        assert!(
            wrong.body.contains(&format!("id=\"{field}-error\"")),
            "{}",
            wrong.body
        );
        assert!(!wrong.body.contains("<script>alert"));
    }
    for (file, bytes) in [
        ("50mp.png", fifty_million()),
        ("a.png", b"<svg onload=alert(1)>".to_vec()),
        ("b.png", b"PK\x03\x04not a picture".to_vec()),
    ] {
        let wrong = zhang
            .upload_as("/app/checkin", &good, "picture", &[(file, &bytes)])
            .await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY, "{file}");
        assert!(wrong.body.contains("id=\"picture-error\""), "{}", wrong.body);
    }
    let huge = vec![0_u8; 6 << 20];
    let wrong = zhang
        .upload_as("/app/checkin", &good, "picture", &[("c.png", &huge)])
        .await;
    assert_eq!(wrong.status, StatusCode::PAYLOAD_TOO_LARGE);
    let none = app
        .store
        .shares(Filter::default(), None, 9)
        .await
        .expect("a store");
    assert!(none.is_empty(), "nothing wrong is stored: {none:?}");

    let done = zhang
        .upload_as("/app/checkin", &good, "picture", &[("p.png", &png())])
        .await;
    assert_eq!(
        done.header("location"),
        "/app/checkin?done=earned",
        "{}",
        done.body
    );
    let page = zhang.get("/app/checkin?done=earned").await.body;
    assert!(
        page.contains("计分") && page.contains("+10 积分") && page.contains("今天还有 2 次"),
        "{page}"
    );
    let id = app
        .store
        .shares(Filter::default(), None, 9)
        .await
        .expect("a store")[0]
        .id;
    let picture = format!("/app/evidence/share/{id}");
    assert!(page.contains(&picture));
    assert_eq!(zhang.get(&picture).await.header("content-type"), "image/jpeg");
    assert_eq!(
        chen.get(&picture).await.status,
        StatusCode::OK,
        "who decides on points sees it"
    );
    hire(&app, "li", "李梦", &[Role::Employee]).await;
    let mut li = signed_in(&app, "li").await;
    assert_eq!(
        li.get(&picture).await.status,
        StatusCode::NOT_FOUND,
        "nobody else does"
    );
    assert_eq!(
        li.get(&format!("/app/checkin/{id}/exchange")).await.status,
        StatusCode::NOT_FOUND
    );

    // An exchange below it waits for a person.
    let path = format!("/app/checkin/{id}/exchange");
    for (friend, occurred) in [
        ("", "2026-11-18T09:40"),
        ("陈女士", "2026-11-18T09:00"),
        ("陈女士", "x"),
    ] {
        let fields = [("friend", friend), ("occurred", occurred), ("url", "")];
        let wrong = zhang.upload_as(&path, &fields, "picture", &[]).await;
        assert_eq!(
            wrong.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{friend} {occurred}"
        );
    }
    let fields = [("friend", HOSTILE), ("occurred", "2026-11-18T09:40"), ("url", "")];
    let told = zhang
        .upload_as(&path, &fields, "picture", &[("p.png", &png())])
        .await;
    assert_eq!(
        told.header("location"),
        "/app/checkin?done=exchange",
        "{}",
        told.body
    );
    let page = zhang.get("/app/checkin").await.body;
    assert!(page.contains("待审") && !page.contains("<script>alert"), "{page}");
}

async fn given_an_item_when_redeemed_by_a_double_click_then_it_is_one_order_seen_through_to_its_end(
    db: TestDb,
) {
    let (app, mut zhang, mut chen) = firm(&db).await;
    let zhang_id = app
        .store
        .employee_id_by_code("zhang")
        .await
        .expect("a store")
        .expect("her");
    let item = [
        ("title", "咖啡券"),
        ("description", "中杯"),
        ("kind", "voucher"),
        ("price", "100"),
        ("stock", "1"),
        ("limit_count", "1"),
        ("limit_period", "month"),
        ("starts_on", ""),
        ("ends_on", ""),
        ("use_days", "30"),
        ("on_sale", "1"),
    ];
    assert_eq!(zhang.get("/app/manage/shop").await.status, StatusCode::FORBIDDEN);
    for (name, text) in [
        ("title", ""),
        ("price", "0"),
        ("price", "1e3"),
        ("price", "99999999999999999999"),
        ("stock", "-1"),
        ("kind", HOSTILE),
        ("use_days", "x"),
        ("ends_on", "2026-13-01"),
    ] {
        let fields = item.map(|(n, t)| if n == name { (n, text) } else { (n, t) });
        let wrong = chen
            .upload_as("/app/manage/shop/new", &fields, "picture", &[])
            .await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY, "{name} {text}");
        assert!(
            wrong.body.contains(&format!("id=\"{name}-error\"")),
            "{name}: {}",
            wrong.body
        );
    }
    for bad in [fifty_million(), b"GIF89a<script>".to_vec()] {
        let wrong = chen
            .upload_as("/app/manage/shop/new", &item, "picture", &[("a.png", &bad)])
            .await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(wrong.body.contains("id=\"picture-error\""));
    }
    assert!(
        app.store.shop_items().await.expect("a store").is_empty(),
        "nothing wrong is stored"
    );
    let made = chen
        .upload_as("/app/manage/shop/new", &item, "picture", &[("a.png", &png())])
        .await;
    assert_eq!(made.status, StatusCode::SEE_OTHER, "{}", made.body);
    let id = app.store.shop_items().await.expect("a store")[0].id;
    let path = format!("/app/shop/{id}");

    let poor = zhang.get(&path).await.body;
    assert!(
        poor.contains("还差 100 分") && !poor.contains("name=\"once\""),
        "{poor}"
    );
    earn(&app, zhang_id.0, 120).await;
    let page = zhang.get(&path).await.body;
    let once = page
        .split("name=\"once\" value=\"")
        .nth(1)
        .and_then(|r| r.split('"').next());
    let form = [("price", "100"), ("once", once.expect("a word"))];
    let first = zhang.post(&path, &form).await;
    let second = zhang.post(&path, &form).await;
    for answer in [&first, &second] {
        assert_eq!(
            answer.header("location"),
            "/app/shop?done=ordered#orders",
            "{answer:?}"
        );
    }
    let orders = app
        .store
        .orders(OrderFilter::default(), None, 9)
        .await
        .expect("a store");
    assert_eq!(orders.len(), 1);
    assert_eq!(app.store.point_balance(zhang_id).await.expect("a store"), 20);
    let gone = zhang.post(&path, &[("price", "100"), ("once", "another")]).await;
    assert_eq!(gone.status, StatusCode::CONFLICT);
    assert!(gone.body.contains("换完了"), "{}", gone.body);

    let order = orders[0].id;
    let queue = chen.get("/app/manage/shop").await.body;
    assert!(
        queue.contains("张晓雯") && queue.contains("1 份等发放"),
        "{queue}"
    );
    let unsaid = chen
        .post(
            &format!("/app/manage/shop/orders/{order}/cancel"),
            &[("reason", " ")],
        )
        .await;
    assert_eq!(unsaid.status, StatusCode::UNPROCESSABLE_ENTITY);
    let long = "没货".repeat(151);
    let long = [("reason", long.as_str())];
    let wordy = chen
        .post(&format!("/app/manage/shop/orders/{order}/cancel"), &long)
        .await;
    assert_eq!(wordy.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        wordy.body.contains(&format!("value=\"{}\"", long[0].1))
            && wordy.body.contains(&format!("id=\"wrong-{order}\"")),
        "what was typed is there again: {}",
        wordy.body
    );
    let marked = |typed: &str| format!("value=\"{typed}\" aria-invalid");
    assert!(wordy.body.contains(&marked(long[0].1)), "{}", wordy.body);
    let code = "C".repeat(101);
    let hand = format!("/app/manage/shop/orders/{order}/hand");
    let coded = chen.post(&hand, &[("code", code.as_str())]).await.body;
    assert!(
        coded.contains(&marked(&code)) && coded.matches("aria-invalid").count() == 1,
        "the code is wrong, not the reason: {coded}"
    );
    let handed = chen.post(&hand, &[("code", "C-<b>7")]).await;
    assert_eq!(handed.status, StatusCode::SEE_OTHER, "{}", handed.body);
    let mine = zhang.get("/app/shop").await.body;
    assert!(
        mine.contains("C-&#60;b&#62;7") && mine.contains("2026年12月18日"),
        "{mine}"
    );
    let late = zhang.post(&format!("/app/shop/orders/{order}/cancel"), &[]).await;
    assert!(late.header("location").contains("settled"), "{late:?}");
    let foreign = chen.post(&format!("/app/shop/orders/{order}/cancel"), &[]).await;
    assert_eq!(
        foreign.status,
        StatusCode::NOT_FOUND,
        "in the shop one calls off one's own"
    );
}

both!(
    given_published_rules_when_the_first_link_is_wanted_then_they_are_accepted_first,
    given_a_share_when_checked_in_with_a_screenshot_then_its_state_is_seen_and_wrong_fields_are_named,
    given_an_item_when_redeemed_by_a_double_click_then_it_is_one_order_seen_through_to_its_end,
);
