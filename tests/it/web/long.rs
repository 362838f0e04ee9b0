//! Lists that outgrew a page: what is new is on the first, and nothing is out of reach.

use std::io::Cursor;

use axum::http::StatusCode;
use bole::app::adjust::ask_adjustment;
use bole::app::{Actor, App};
use bole::domain::{EmployeeId, ItemKind, LimitPeriod, LinkCode, MaterialState, Money, Role};
use bole::share::{CouponCode, Discount};
use bole::storage::campaigns::{CampaignFacts, insert_campaign};
use bole::storage::coupons::{CouponSettings, insert_coupon};
use bole::storage::links::{LinkKey, LinkSettings, insert_link};
use bole::storage::materials::{MaterialFacts, put_material};
use bole::storage::shop::{ItemFacts, insert_item};
use calamine::{Reader, Xlsx};

use super::pages::{hire, signed_in};
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

/// The first sheet of a workbook: its rows as texts, and whether anything in it is a formula.
fn sheet(bytes: Vec<u8>) -> (Vec<Vec<String>>, bool) {
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).expect("a workbook");
    let name = book.sheet_names()[0].clone();
    let formulas = book.worksheet_formula(&name).expect("a sheet");
    let range = book.worksheet_range(&name).expect("a sheet");
    let rows = range
        .rows()
        .map(|row| row.iter().map(ToString::to_string).collect());
    (rows.collect(), !formulas.is_empty())
}

async fn given_the_lists_of_the_desk_when_downloaded_then_they_are_whole_and_for_whoever_sees_the_page(
    db: TestDb,
) {
    let (app, mut zhang, mut chen) = firm(&db).await;
    campaigns(&app, 1_020).await;
    let given = [
        ("employee", "zhang"),
        ("kind", "badge"),
        ("title", "=1+1"),
        ("span", "2026-11"),
        ("reason", "帮了新人"),
    ];
    let done = chen.post("/app/manage/honours/honours", &given).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    for browser in [&mut zhang, &mut chen] {
        let made = browser.post("/app/share/link", &super::staff::WISH).await;
        assert!(
            made.status.is_success() || made.status.is_redirection(),
            "{}",
            made.body
        );
    }
    let codes = app.store.links(None, None, None, 9).await.unwrap();
    let own = codes.iter().find(|l| l.employee_code == "zhang").unwrap();
    let posted = [super::staff::WISH.as_slice(), &[("code", own.code.as_str())]].concat();
    zhang.post("/app/share/posted", &posted).await;
    let coupon = [("employee", "zhang"), ("amount_off", "30")];
    chen.post("/app/manage/campaigns/winter/coupons", &coupon).await;
    let asked = [("employee", "zhang"), ("points", "-5"), ("reason", "@多算了一次")];
    let done = chen.post("/app/manage/points", &asked).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    for (list, head, says) in [
        (
            "campaigns",
            "名称,代号,状态,从,到,请求,真人,有效,线索,成交,成交额",
            "活动1。",
        ),
        ("campaigns", "名称", "活动1020。"),
        ("campaigns", "名称", "合计,,,,,0,0,0,0,0,0.00"),
        (
            "campaigns/winter/links",
            "链接,员工,员工工号,渠道,素材,状态,到期,请求",
            "张晓雯,zhang,微信群",
        ),
        ("campaigns/winter/links", "链接", "合计"),
        (
            "campaigns/winter/coupons",
            "优惠码,员工工号,优惠,已用,最多用几次,到期,状态",
            "¥30.00",
        ),
        ("points", "员工,员工工号,团队,内容,时间,积分,状态,理由,凭证", ""),
        ("shop", "员工,员工工号,团队,内容,积分,时间,状态,理由", ""),
        // What somebody typed is no formula of who opens the file.
        (
            "honours",
            "员工,员工工号,种类,称号,哪一段,理由,时间,谁授予,状态,收回时间,谁收回,收回理由",
            ",'=1+1,",
        ),
    ] {
        let csv = chen.get(&format!("/app/manage/{list}.csv")).await;
        assert_eq!(csv.status, StatusCode::OK, "{list}: {}", csv.body);
        assert!(csv.header("content-type").starts_with("text/csv"), "{list}");
        assert!(csv.header("content-disposition").ends_with(".csv\""), "{list}");
        assert!(
            csv.body.starts_with(&format!("\u{feff}{head}")),
            "{list}: {}",
            csv.body
        );
        assert!(csv.body.contains(says), "{list}: {}", csv.body);
        let xlsx = chen.get(&format!("/app/manage/{list}.xlsx")).await;
        assert_eq!(xlsx.status, StatusCode::OK, "{list}: {}", xlsx.body);
        let (rows, formulas) = sheet(xlsx.bytes);
        assert_eq!(rows.len(), csv.body.lines().count(), "{list}");
        assert_eq!(rows[0][0], head.split(',').next().unwrap(), "{list}");
        assert!(!formulas, "{list}");
        let foreign = zhang.get(&format!("/app/manage/{list}.csv")).await;
        assert_eq!(foreign.status, StatusCode::FORBIDDEN, "{list}");
    }
    let told = chen.get("/app/manage/honours.csv").await.body;
    assert!(told.ends_with(",陈经理,,,,\n"), "{told}");
    let back = chen
        .post("/app/manage/honours/honours/1", &[("reason", "发错人了")])
        .await;
    assert_eq!(back.status, StatusCode::SEE_OTHER, "{}", back.body);
    let told = chen.get("/app/manage/honours.csv").await.body;
    assert!(
        told.contains(",陈经理,已收回,2026-") && told.ends_with(",陈经理,发错人了\n"),
        "{told}"
    );
    let shares = chen.get("/app/manage/points.csv?tab=shares").await;
    assert!(shares.body.contains("张晓雯,zhang,"), "{}", shares.body);
    assert!(shares.header("content-disposition").contains("points-shares"));
    let hand = chen.get("/app/manage/points.csv?tab=hand").await.body;
    assert!(
        hand.contains("张晓雯,zhang,")
            && hand.contains("'@多算了一次（陈经理 提出）,2026-")
            && hand.contains(",-5,"),
        "{hand}"
    );

    // Of one person, as the page lists them; of nobody, as the page refuses them.
    let links = chen
        .get("/app/manage/campaigns/winter/links.csv?employee=chen")
        .await
        .body;
    assert!(links.contains("陈经理") && !links.contains("张晓雯"), "{links}");
    let page = chen.get("/app/manage/campaigns/winter?employee=chen").await.body;
    assert!(page.contains("/links.xlsx?employee=chen\""), "{page}");
    for wrong in [
        "winter/links.csv?employee=nobody",
        "summer/links.csv",
        "summer/coupons.xlsx",
    ] {
        let answer = chen.get(&format!("/app/manage/campaigns/{wrong}")).await;
        assert!(answer.status.is_client_error(), "{wrong}: {:?}", answer.status);
    }

    chen.post("/app/lang", &[("lang", "en"), ("next", "/app/manage/points")])
        .await;
    let english = chen.get("/app/manage/campaigns/winter/links.csv").await.body;
    assert!(
        english.starts_with("\u{feff}Link,Employee,Employee code,Channel,") && english.contains("\nTotal,"),
        "{english}"
    );
}

/// So many points by hand for one person, asked for one after another: 1, 2, 3, ….
async fn asked_for(app: &App, many: i64) {
    for points in 1..=many {
        ask_adjustment(app, &Actor::System, "zhang", points, "带新人")
            .await
            .unwrap();
    }
}

async fn given_points_by_hand_when_one_is_decided_between_two_pieces_then_each_is_read_once(db: TestDb) {
    let (app, _, mut chen) = firm(&db).await;
    asked_for(&app, 5).await;
    let first = app.store.newest_adjustments(None, 2).await.unwrap();
    let yes = [("decision", "approved"), ("reason", "")];
    for id in [3, 5] {
        let done = chen.post(&format!("/app/manage/points/hand/{id}"), &yes).await;
        assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    }
    let rest = app
        .store
        .newest_adjustments(first.last().map(|r| r.id), 9)
        .await
        .unwrap();
    let ids: Vec<i64> = first.iter().chain(&rest).map(|r| r.id).collect();
    assert_eq!(ids, [5, 4, 3, 2, 1]);
    // The page has those that wait first; what is decided meanwhile comes later, and nothing is lost.
    let first = app.store.adjustments(None, 2).await.unwrap();
    assert_eq!(first.iter().map(|r| r.id).collect::<Vec<_>>(), [4, 2]);
    let done = chen.post("/app/manage/points/hand/4", &yes).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    let rest = app.store.adjustments(Some((true, 2)), 9).await.unwrap();
    assert_eq!(rest.iter().map(|r| r.id).collect::<Vec<_>>(), [1, 5, 4, 3]);
}

async fn given_more_points_by_hand_than_a_page_when_turned_then_the_decided_follow_those_that_wait(
    db: TestDb,
) {
    let (app, _, mut chen) = firm(&db).await;
    asked_for(&app, 102).await;
    for (id, decision) in [(50, "approved"), (60, "rejected")] {
        let sent = [("decision", decision), ("reason", "看过")];
        let done = chen.post(&format!("/app/manage/points/hand/{id}"), &sent).await;
        assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    }
    let page = chen.get("/app/manage/points?tab=hand").await.body;
    assert_eq!(page.matches("<li id=\"hand-").count(), 100, "{page}");
    let next = page
        .split(" rel=\"next\"")
        .next()
        .and_then(|before| before.rsplit("href=\"").next())
        .and_then(|href| href.split('"').next())
        .unwrap()
        .replace("&#38;", "&");
    let page = chen.get(&next).await.body;
    let at = |id: i64| page.find(&format!("<li id=\"hand-{id}\""));
    assert!(at(60).is_some() && at(60) < at(50), "{next}: {page}");
    assert_eq!(page.matches("<li id=\"hand-").count(), 2, "{page}");
    let file = chen.get("/app/manage/points.csv?tab=hand").await.body;
    assert_eq!(file.lines().count(), 103, "{file}");
}

async fn given_thousands_of_audit_entries_when_downloaded_then_the_file_has_every_one(db: TestDb) {
    let (app, _, mut chen) = firm(&db).await;
    hire(&app, "wang", "王芳", &[Role::Admin]).await;
    let mut wang = signed_in(&app, "wang").await;
    let insert = "insert into audit_log (at, actor, action, subject, detail) \
                  with recursive n(i) as (select 1 union all select i + 1 from n where i < 2500) \
                  select i, 'system', 'test.noted', 'note:' || i, '{}' from n";
    db.sql(insert).await;
    let file = wang.get("/app/admin/audit.csv?action=test.").await;
    assert_eq!(file.status, StatusCode::OK, "{}", file.body);
    let lines: Vec<&str> = file.body.lines().collect();
    assert_eq!(lines.len(), 2_501);
    assert!(
        lines[1].contains(",system,系统,test.noted,note:2500,"),
        "{}",
        lines[1]
    );
    assert!(lines[2_500].contains(",note:1,"), "{}", lines[2_500]);
    let wrong = wang.get("/app/admin/audit.csv?from=soon").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", wrong.body);
    let none = wang
        .get("/app/admin/audit.csv?subject=nothing-like-it")
        .await
        .body;
    assert_eq!(none, "\u{feff}at,actor,name,action,subject,detail\n");
    assert_eq!(
        chen.get("/app/admin/audit.csv").await.status,
        StatusCode::FORBIDDEN
    );
}

both!(
    given_points_by_hand_when_one_is_decided_between_two_pieces_then_each_is_read_once,
    given_more_points_by_hand_than_a_page_when_turned_then_the_decided_follow_those_that_wait,
    given_thousands_of_audit_entries_when_downloaded_then_the_file_has_every_one,
    given_the_lists_of_the_desk_when_downloaded_then_they_are_whole_and_for_whoever_sees_the_page,
    given_hundreds_of_campaigns_when_the_newest_runs_then_it_is_shared_approved_and_asked_for,
    given_more_links_than_are_offered_when_one_checks_in_then_the_newest_are_and_an_old_one_by_its_code,
    given_more_coupons_than_a_page_when_the_newest_is_made_then_it_is_first_and_the_oldest_can_be_turned_off,
    given_a_long_catalogue_when_one_of_it_is_opened_then_it_is_there,
);
