//! Lists that outgrew a page: what is new is on the first, and nothing is out of reach.

use axum::http::StatusCode;
use bole::app::App;
use bole::domain::{EmployeeId, ItemKind, LimitPeriod, LinkCode, MaterialState, Money};
use bole::share::{CouponCode, Discount};
use bole::storage::campaigns::{CampaignFacts, insert_campaign};
use bole::storage::coupons::{CouponSettings, insert_coupon};
use bole::storage::links::{LinkKey, LinkSettings, insert_link};
use bole::storage::materials::{MaterialFacts, put_material};
use bole::storage::shop::{ItemFacts, insert_item};

use super::staff::firm;
use crate::support::TestDb;

/// So many campaigns `c1`, `c2`, … in this order; all but the last are over. Returns the row of the last.
async fn campaigns(app: &App, many: usize) -> bole::domain::CampaignId {
    let mut tx = app.store.begin().await.unwrap();
    let mut last = None;
    for n in 1..=many {
        let facts = CampaignFacts {
            name: format!("活动{n}。"),
            destination: "https://shop.example/".into(),
            allowed_hosts: vec!["shop.example".into()],
            ends_on: (n < many).then(|| jiff::civil::date(2026, 10, 1)),
            ..CampaignFacts::default()
        };
        last = insert_campaign(&mut tx, &format!("c{n}"), &facts, 1)
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();
    last.unwrap()
}

async fn given_hundreds_of_campaigns_when_the_newest_runs_then_it_is_shared_approved_and_asked_for(
    db: TestDb,
) {
    let (app, mut zhang, mut chen) = firm(&db).await;
    let newest = campaigns(&app, 505).await;
    let facts = MaterialFacts {
        title: "刚写的文案".into(),
        pro: "先测再补".into(),
        ..MaterialFacts::default()
    };
    let mut tx = app.store.begin().await.unwrap();
    put_material(&mut tx, newest, "new", &facts, MaterialState::Draft, "other", 1)
        .await
        .unwrap();
    tx.commit().await.unwrap();

    let share = zhang.get("/app/share?campaign=c505&material=").await.body;
    assert!(
        share.contains("活动505。") && !share.contains("活动504。"),
        "{share}"
    );
    let library = chen.get("/app/manage/materials?tab=draft").await.body;
    assert!(library.contains("刚写的文案"), "{library}");
    let funnel = chen.get("/app/manage/funnel").await.body;
    assert!(
        funnel.contains("value=\"c505\"") && funnel.contains("value=\"c1\""),
        "every campaign can be asked for"
    );
}

/// The first address of the page that contains `part`.
fn address(page: &str, part: &str) -> String {
    let from = page.find(part).unwrap_or_else(|| panic!("no {part}: {page}"));
    let text: String = page[from..].chars().take_while(|c| *c != '"').collect();
    text.replace("&amp;", "&").replace("&#38;", "&")
}

async fn given_more_links_than_are_offered_when_one_checks_in_then_the_newest_are_and_an_old_one_by_its_code(
    db: TestDb,
) {
    let (app, mut zhang, _) = firm(&db).await;
    let winter = app.store.campaign("winter").await.unwrap().unwrap();
    let employee = app
        .store
        .employee("zhang", app.today())
        .await
        .unwrap()
        .unwrap()
        .id;
    let mut tx = app.store.begin().await.unwrap();
    for n in 1..=205 {
        let key = LinkKey {
            employee,
            campaign: winter.id,
            channel: format!("kanal-{n}"),
            material: String::new(),
        };
        let code = LinkCode::from_store(format!("link{n}x"));
        insert_link(&mut tx, &code, &key, &LinkSettings::default(), n)
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();
    let page = zhang.get("/app/checkin").await.body;
    let newest = page.find("value=\"link205x\"").expect("the newest is offered");
    assert!(
        page.find("value=\"link204x\"").expect("the next, too") > newest,
        "newest first"
    );
    assert!(!page.contains("value=\"link1x\""), "200 at most");
    let page = zhang.get("/app/checkin?link=link1x").await.body;
    assert!(page.contains("value=\"link1x\" selected"), "{page}");
}

async fn given_more_coupons_than_a_page_when_the_newest_is_made_then_it_is_first_and_the_oldest_can_be_turned_off(
    db: TestDb,
) {
    let (app, _, mut chen) = firm(&db).await;
    let winter = app.store.campaign("winter").await.unwrap().unwrap();
    let employee: EmployeeId = app
        .store
        .employee("zhang", app.today())
        .await
        .unwrap()
        .unwrap()
        .id;
    let open = CouponSettings {
        starts_on: None,
        ends_on: None,
        max_redemptions: None,
        disabled_at: None,
    };
    let mut tx = app.store.begin().await.unwrap();
    for n in 1..=60 {
        let code = CouponCode::parse(&format!("COUPON-{n}")).unwrap();
        let off = Discount::Amount(Money::from_minor(3_000));
        insert_coupon(&mut tx, &code, (employee, winter.id), off, &open, n)
            .await
            .unwrap();
    }
    for n in 1..=205 {
        let key = LinkKey {
            employee,
            campaign: winter.id,
            channel: format!("kanal-{n}"),
            material: String::new(),
        };
        let code = LinkCode::from_store(format!("link{n}x"));
        insert_link(&mut tx, &code, &key, &LinkSettings::default(), n)
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();
    let page = chen.get("/app/manage/campaigns/winter").await.body;
    assert!(
        page.contains(">COUPON-60<") && !page.contains(">COUPON-1<"),
        "{page}"
    );
    let next = address(&page, "/app/manage/campaigns/winter?coupons=");
    let page = chen.get(&next).await.body;
    assert!(
        page.contains(">COUPON-1<") && !page.contains(">COUPON-60<"),
        "{page}"
    );
    // Turning the links leaves the coupons where they are, and the other way round.
    let both = chen
        .get(&address(&page, "/app/manage/campaigns/winter?after="))
        .await
        .body;
    assert!(
        both.contains(">COUPON-1<") && !both.contains(">COUPON-60<"),
        "{both}"
    );
    let first = both.find("id=\"coupons\"").expect("the coupons");
    let back = address(&both[first..], "/app/manage/campaigns/winter?");
    assert!(back.contains("after=") && !back.contains("coupons="), "{back}");
    let button = address(&page, "/app/manage/coupons/COUPON-1/state");
    let off = chen.post(&button, &[("disabled", "true")]).await;
    assert_eq!(off.status, StatusCode::SEE_OTHER, "{}", off.body);
    assert!(
        off.header("location").contains("coupons="),
        "back to the page: {off:?}"
    );
    let coupon = app.store.coupon("COUPON-1").await.unwrap().unwrap();
    assert!(coupon.disabled_at.is_some());
}

async fn given_a_long_catalogue_when_one_of_it_is_opened_then_it_is_there(db: TestDb) {
    let (app, _, mut chen) = firm(&db).await;
    let winter = app.store.campaign("winter").await.unwrap().unwrap();
    let mut tx = app.store.begin().await.unwrap();
    let mut dearest = 0;
    for n in 1..=205 {
        let item = ItemFacts {
            title: format!("礼品{n}"),
            description: String::new(),
            kind: ItemKind::Voucher,
            price: n,
            stock: None,
            limit_count: None,
            limit_period: LimitPeriod::Month,
            starts_on: None,
            ends_on: None,
            use_days: None,
            on_sale: true,
            teams: Vec::new(),
        };
        dearest = insert_item(&mut tx, &item, "system", 1).await.unwrap();
        let facts = MaterialFacts {
            title: format!("文案{n}"),
            ..MaterialFacts::default()
        };
        put_material(
            &mut tx,
            winter.id,
            &format!("m{n}"),
            &facts,
            MaterialState::Draft,
            "system",
            1,
        )
        .await
        .unwrap();
    }
    tx.commit().await.unwrap();
    let item = chen.get(&format!("/app/manage/shop/items/{dearest}")).await;
    assert_eq!(item.status, StatusCode::OK, "{}", item.body);
    assert!(item.body.contains("礼品205"), "{}", item.body);
    let material = chen.get("/app/manage/campaigns/winter/material?code=m1").await;
    assert_eq!(material.status, StatusCode::OK, "{}", material.body);
    assert!(material.body.contains("文案1"), "{}", material.body);
}

both!(
    given_hundreds_of_campaigns_when_the_newest_runs_then_it_is_shared_approved_and_asked_for,
    given_more_links_than_are_offered_when_one_checks_in_then_the_newest_are_and_an_old_one_by_its_code,
    given_more_coupons_than_a_page_when_the_newest_is_made_then_it_is_first_and_the_oldest_can_be_turned_off,
    given_a_long_catalogue_when_one_of_it_is_opened_then_it_is_there,
);
