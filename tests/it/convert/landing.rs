//! The hosted landing page: lead form, traps, duplicates, visitors' own links.

use serde_json::json;

use super::*;
use crate::web::{Answer, Browser};

/// The hidden fields of a page's first form with this action.
fn hidden(page: &Answer, name: &str) -> String {
    let marker = format!("name=\"{name}\" value=\"");
    let (_, rest) = page
        .body
        .split_once(&marker)
        .unwrap_or_else(|| panic!("no {name} in {}", page.body));
    rest.split('"').next().unwrap_or_default().to_owned()
}

/// How the share section of a page is hidden whose visitor nobody is known to have brought.
const HIDDEN: &str = "data-visit hidden>";

async fn visit(shop: &Shop, browser: &mut Browser, path: &str) -> (String, String) {
    let page = browser.get(path).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    shop.db.clock.advance_ms(20_000);
    (hidden(&page, "bclid"), hidden(&page, "shown"))
}

async fn leads(shop: &Shop) -> i64 {
    shop.db.number("select count(*) from conversions").await
}

async fn given_a_visitor_by_a_link_when_the_form_is_sent_then_one_lead_is_credited_however_often(db: TestDb) {
    let shop = Shop::open(db).await;
    let mut browser = Browser::new(&shop.app);
    let click = shop.click(1, "2026-11-18T01:59:00Z", "human").await;
    let (token, shown) = visit(
        &shop,
        &mut browser,
        &format!("/l/AAAAAA2?bclid={click}&utm_source=wechat"),
    )
    .await;
    assert_eq!(token, click);
    let form = [
        ("name", "王女士"),
        ("phone", "138 7777 0001"),
        ("email", "w@example.com"),
        ("message", "想做补水"),
        ("consent", "yes"),
        ("website", ""),
        ("bclid", &token),
        ("shown", &shown),
    ];
    let sent = browser.post("/l/aaaaaa2", &form).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.body);
    assert_eq!(sent.header("location"), "/l/aaaaaa2?sent=new");
    let thanks = browser.get(sent.header("location")).await;
    assert!(thanks.body.contains("收到了"), "{}", thanks.body);
    let found = shop.get("/conversions").await["data"][0].clone();
    assert_eq!(told(&found), "Z3 click pending", "{found}");
    assert_eq!(found["source"], "form");
    let contact = shop
        .get(&format!(
            "/conversions/{}/contact",
            found["external_id"].as_str().unwrap()
        ))
        .await;
    assert_eq!(
        (contact["name"].as_str(), contact["message"].as_str()),
        (Some("王女士"), Some("想做补水"))
    );
    // Again: the same, spelled otherwise; by the other contact only; by another link of the campaign.
    for (path, phone, email) in [
        ("/l/aaaaaa2", "+8613877770001", "w@example.com"),
        ("/l/aaaaaa2", "", "W@EXAMPLE.com"),
        ("/l/bbbbbb2", "13877770001", ""),
    ] {
        let again = browser
            .post(
                path,
                &[
                    ("phone", phone),
                    ("email", email),
                    ("consent", "yes"),
                    ("shown", &shown),
                ],
            )
            .await;
        assert_eq!(
            again.header("location"),
            format!("{path}?sent=again"),
            "{}",
            again.body
        );
    }
    assert_eq!(leads(&shop).await, 1);
    let other = browser
        .post(
            "/l/dddddd2",
            &[("phone", "13877770001"), ("consent", "yes"), ("shown", &shown)],
        )
        .await;
    assert_eq!(
        other.header("location"),
        "/l/dddddd2?sent=new",
        "another campaign is another enquiry"
    );
}

async fn given_a_wrong_form_when_sent_then_errors_stand_at_the_fields_and_values_stay(db: TestDb) {
    let shop = Shop::open(db).await;
    let mut browser = Browser::new(&shop.app);
    let (_, shown) = visit(&shop, &mut browser, "/l/aaaaaa2").await;
    let wrong = browser
        .post(
            "/l/aaaaaa2",
            &[
                ("name", "<b>王</b>"),
                ("phone", "1387777"),
                ("email", "x@y"),
                ("shown", &shown),
            ],
        )
        .await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    for id in ["phone-error", "email-error", "consent-error"] {
        assert!(
            wrong.body.contains(&format!("id=\"{id}\"")),
            "{id}: {}",
            wrong.body
        );
    }
    assert!(
        wrong.body.contains("value=\"1387777\"") && wrong.body.contains("&#60;b&#62;王"),
        "{}",
        wrong.body
    );
    assert_eq!(
        hidden(&wrong, "shown"),
        shown,
        "the time it was first shown stays"
    );
    let empty = browser
        .post("/l/aaaaaa2", &[("consent", "yes"), ("shown", &shown)])
        .await;
    assert!(empty.body.contains("请填手机号或邮箱"), "{}", empty.body);
    let long = "x".repeat(1001);
    let long = browser
        .post(
            "/l/aaaaaa2",
            &[("phone", "13877770001"), ("message", &long), ("consent", "1")],
        )
        .await;
    assert!(long.body.contains("message-error"), "{}", long.body);
    let pasted = "补".repeat(1_800);
    let pasted = browser
        .post("/l/aaaaaa2", &[("message", &pasted), ("consent", "1")])
        .await;
    assert_eq!(pasted.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(pasted.body.contains("message-error"), "{}", pasted.body);
    browser.language = "en";
    let english = browser.post("/l/aaaaaa2", &[("phone", "13877770001")]).await;
    assert!(
        english.body.contains("only if you tick this box"),
        "{}",
        english.body
    );
    let huge = browser
        .post("/l/aaaaaa2", &[("message", &"x".repeat(70_000))])
        .await;
    assert_eq!(huge.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(leads(&shop).await, 0);
}

async fn given_too_many_forms_when_sent_from_one_network_then_the_page_says_when_and_keeps_what_was_typed(
    db: TestDb,
) {
    let shop = Shop::open(db).await;
    let mut browser = Browser::new(&shop.app);
    let (_, shown) = visit(&shop, &mut browser, "/l/aaaaaa2").await;
    let form = |phone: &str| {
        [
            ("name", "王女士".to_owned()),
            ("phone", phone.to_owned()),
            ("consent", "yes".to_owned()),
            ("shown", shown.clone()),
        ]
    };
    let send = async |browser: &mut Browser, phone: &str| {
        let form = form(phone);
        let fields: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        browser.post("/l/aaaaaa2", &fields).await
    };
    for n in 10..30 {
        let sent = send(&mut browser, &format!("138666600{n}")).await;
        assert_eq!(sent.header("location"), "/l/aaaaaa2?sent=new", "{}", sent.body);
    }
    let refused = send(&mut browser, "13866660099").await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    let wait: i64 = refused.header("retry-after").parse().expect("seconds");
    assert!((1..=31).contains(&wait), "{wait}");
    assert!(
        refused.body.contains("请过 1 分钟再点一次") && refused.body.contains("value=\"13866660099\""),
        "{}",
        refused.body
    );
    let shared = browser.post("/l/aaaaaa2/share", &[]).await;
    assert_eq!(
        shared.status,
        StatusCode::TOO_MANY_REQUESTS,
        "the share button is held to it too"
    );
    assert_eq!(leads(&shop).await, 20, "nothing was stored");
    shop.db.clock.advance_ms(wait * 1000);
    let sent = send(&mut browser, "13866660099").await;
    assert_eq!(sent.header("location"), "/l/aaaaaa2?sent=new");
}

async fn given_machines_and_other_sites_when_they_send_forms_then_nothing_is_credited(db: TestDb) {
    let shop = Shop::open(db).await;
    let mut browser = Browser::new(&shop.app);
    let click = shop.click(1, "2026-11-18T01:59:00Z", "human").await;
    let (token, shown) = visit(&shop, &mut browser, &format!("/l/aaaaaa2?bclid={click}")).await;
    let send = |phone: &'static str, website: &'static str, shown: String| {
        let token = token.clone();
        move || {
            [
                ("phone", phone.to_owned()),
                ("website", website.to_owned()),
                ("consent", "yes".to_owned()),
                ("bclid", token),
                ("shown", shown),
            ]
        }
    };
    let post = async |browser: &mut Browser, form: [(&'static str, String); 5]| {
        let form: Vec<_> = form.iter().map(|(n, v)| (*n, v.as_str())).collect();
        browser.post("/l/aaaaaa2", &form).await
    };
    let trapped = post(
        &mut browser,
        send("13877770001", "http://spam.example", shown.clone())(),
    )
    .await;
    assert_eq!(
        trapped.header("location"),
        "/l/aaaaaa2?sent=new",
        "it is told what people are told"
    );
    assert_eq!(leads(&shop).await, 0);
    browser.site = "cross-site";
    let crossed = post(&mut browser, send("13877770001", "", shown.clone())()).await;
    assert_eq!(crossed.status, StatusCode::FORBIDDEN);
    browser.site = "same-origin";
    let fresh = hidden(&browser.get("/l/aaaaaa2").await, "shown");
    shop.db.clock.advance_ms(799);
    post(&mut browser, send("13877770002", "", fresh)()).await;
    let fast = shop.get("/conversions").await["data"][0].clone();
    assert_eq!(told(&fast), "Z3 click held", "faster than people type: {fast}");
    let told_so =
        "select count(*) from notices where kind = 'conversion-moved' and facts like '%step:form-fast%'";
    assert_eq!(shop.db.number(told_so).await, 1, "she is told that it waits");
    let forged = format!("1.{}", "0".repeat(16));
    post(&mut browser, send("13877770003", "", forged)()).await;
    assert_eq!(
        shop.get("/conversions?status=held").await["data"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    assert_eq!(shop.board(1, "2026-11-18").await, [0, 0, 0]);
    // An altered token loses the credit, never the lead.
    let altered: String = token.chars().rev().collect();
    let form = [
        ("phone", "13877770004"),
        ("consent", "yes"),
        ("bclid", altered.as_str()),
        ("shown", shown.as_str()),
    ];
    assert_eq!(
        browser.post("/l/aaaaaa2", &form).await.header("location"),
        "/l/aaaaaa2?sent=new"
    );
    let found = shop.get("/conversions").await["data"][0].clone();
    assert_eq!(told(&found), "- - uncredited");
}

async fn given_a_visitor_when_they_share_then_each_has_one_child_of_the_link_that_brought_them(db: TestDb) {
    let shop = Shop::open(db).await;
    let mut first = Browser::new(&shop.app);
    let shared = first.post("/l/aaaaaa2/share", &[]).await;
    assert_eq!(shared.status, StatusCode::SEE_OTHER, "{}", shared.body);
    let place = shared.header("location").to_owned();
    let code = place
        .strip_prefix("/l/aaaaaa2?shared=")
        .unwrap()
        .strip_suffix("#share")
        .unwrap()
        .to_owned();
    let page = first.get(place.trim_end_matches("#share")).await;
    assert!(
        page.body.contains(&format!("https://s.example/{code}")),
        "{}",
        page.body
    );
    assert_eq!(
        first.post("/l/aaaaaa2/share", &[]).await.header("location"),
        place,
        "the same visitor, the same link"
    );
    let mut second = Browser::new(&shop.app);
    second.set_cookie("bv", "AAAAAAAAAAAAAAAAAAAAAA");
    let theirs = second
        .post("/l/aaaaaa2/share", &[])
        .await
        .header("location")
        .to_owned();
    assert_ne!(theirs, place);
    let link = shop.app.store.link(&code).await.unwrap().unwrap();
    assert_eq!(
        (link.parent.map(|p| p.0), link.employee.0, link.channel.as_str()),
        (Some(1), 1, "reshare")
    );
    // Brought by a child (link 5), the page's address still says the parent's code.
    let click = shop.click(5, "2026-11-18T01:59:00Z", "human").await;
    let deep = second
        .post("/l/aaaaaa2/share", &[("bclid", &click)])
        .await
        .header("location")
        .to_owned();
    let code = deep
        .strip_prefix("/l/aaaaaa2?shared=")
        .unwrap()
        .strip_suffix("#share")
        .unwrap();
    let link = shop.app.store.link(code).await.unwrap().unwrap();
    assert_eq!(link.parent.map(|p| p.0), Some(5));
    second.site = "cross-site";
    assert_eq!(
        second.post("/l/aaaaaa2/share", &[]).await.status,
        StatusCode::FORBIDDEN
    );
    let none = first.get("/l/aaaaaa2?shared=bbbbbb2").await;
    assert!(
        !none.body.contains("s.example/bbbbbb2"),
        "an employee's link is not shown as the visitor's"
    );
}

async fn given_a_click_still_on_its_way_when_its_visitor_shares_then_the_page_waits_for_its_link(db: TestDb) {
    let shop = Shop::open(db).await;
    let mut browser = Browser::new(&shop.app);
    let (token, id) = shop.token("2026-11-18T01:59:59Z");
    let page = browser.get(&format!("/l/autumn?bclid={token}")).await;
    assert!(page.body.contains("action=\"/l/autumn/share\""), "{}", page.body);
    let fields = [("bclid", token.as_str())];
    let (shared, ()) = tokio::join!(browser.post("/l/autumn/share", &fields), async {
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        shop.store_click(id, 2, "2026-11-18T01:59:59Z", "human").await;
    });
    assert!(
        shared.header("location").starts_with("/l/autumn?shared="),
        "{shared:?}"
    );
    let parent = "select cast(max(parent_id) as bigint) from links where parent_id = 2";
    assert_eq!(shop.db.number(parent).await, 2);
    let stranger = browser.get("/l/autumn?bclid=forged").await;
    assert!(stranger.body.contains(HIDDEN), "{}", stranger.body);
}

async fn given_names_when_opened_then_links_and_campaigns_have_pages_and_what_is_over_says_so(db: TestDb) {
    let shop = Shop::open(db).await;
    shop.db
        .sql("update campaigns set description = '第一段\n\n第二段 <script>' where id = 1")
        .await;
    let mut browser = Browser::new(&shop.app);
    let page = browser.get("/l/aaaaaa2").await;
    assert!(
        page.body.contains("<p>第一段</p>") && page.body.contains("&#60;script&#62;"),
        "{}",
        page.body
    );
    assert!(
        page.body.contains("property=\"og:title\" content=\"秋\""),
        "{}",
        page.body
    );
    assert!(
        page.body.contains("<script src=\"/b.js\" data-limit=\"30000\""),
        "{}",
        page.body
    );
    let by_slug = browser.get("/l/autumn").await;
    assert_eq!(by_slug.status, StatusCode::OK);
    assert!(
        by_slug.body.contains(HIDDEN),
        "without a link there is nothing to share, unless the meter knows one"
    );
    let click = shop.click(2, "2026-11-18T01:59:00Z", "human").await;
    let brought = browser.get(&format!("/l/autumn?bclid={click}")).await;
    assert!(
        brought.body.contains("/l/autumn/share") && !brought.body.contains(HIDDEN),
        "{}",
        brought.body
    );
    let (token, shown) = visit(&shop, &mut browser, &format!("/l/autumn?bclid={click}")).await;
    let form = [
        ("phone", "13877770009"),
        ("consent", "yes"),
        ("bclid", &token),
        ("shown", &shown),
    ];
    assert_eq!(
        browser.post("/l/autumn", &form).await.header("location"),
        "/l/autumn?sent=new"
    );
    assert_eq!(
        told(&shop.get("/conversions").await["data"][0]),
        "L4 click pending"
    );
    assert_eq!(browser.get("/l/nobody").await.status, StatusCode::NOT_FOUND);
    assert_eq!(
        browser.get("/l/aaaaaa2/picture").await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(browser.get("/privacy").await.status, StatusCode::OK);
    shop.db.sql("update links set disabled_at = 1 where id = 1").await;
    assert_eq!(browser.get("/l/aaaaaa2").await.status, StatusCode::GONE);
    shop.db
        .sql("update campaigns set ends_on = '2026-11-17' where id = 1")
        .await;
    assert_eq!(browser.get("/l/bbbbbb2").await.status, StatusCode::GONE);
    let late = browser
        .post("/l/bbbbbb2", &[("phone", "13877770008"), ("consent", "yes")])
        .await;
    assert_eq!(late.status, StatusCode::GONE);
}

async fn given_our_own_landing_page_when_a_campaign_leads_there_then_it_is_always_allowed(db: TestDb) {
    let shop = Shop::open(db).await;
    let make = |slug: &str, destination: &str| json!({ "slug": slug, "name": "落地", "destination": destination, "allowed_hosts": ["shop.example"] });
    shop.post("/campaigns", make("own", "https://s.example/l/own"))
        .await
        .is(201);
    shop.post("/campaigns", make("loop", "https://s.example/aaaaaa2"))
        .await
        .wrong_at("/destination");
    shop.post("/campaigns", make("other", "https://evil.example/l/own"))
        .await
        .wrong_at("/destination");
    let link = json!({ "employee": "Z3", "campaign": "own", "channel": "wechat", "destination": "https://s.example/l/aaaaaa2" });
    shop.post("/links", link).await.is(201);
}

both!(
    given_our_own_landing_page_when_a_campaign_leads_there_then_it_is_always_allowed,
    given_a_visitor_by_a_link_when_the_form_is_sent_then_one_lead_is_credited_however_often,
    given_a_wrong_form_when_sent_then_errors_stand_at_the_fields_and_values_stay,
    given_too_many_forms_when_sent_from_one_network_then_the_page_says_when_and_keeps_what_was_typed,
    given_machines_and_other_sites_when_they_send_forms_then_nothing_is_credited,
    given_a_visitor_when_they_share_then_each_has_one_child_of_the_link_that_brought_them,
    given_a_click_still_on_its_way_when_its_visitor_shares_then_the_page_waits_for_its_link,
    given_names_when_opened_then_links_and_campaigns_have_pages_and_what_is_over_says_so
);
