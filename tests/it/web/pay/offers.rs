//! Proposals: decided by another person with a reason, handed over by a third.

use bole::app::pay::{SettingInput, change_setting, statement};
use bole::app::{Actor, App};
use bole::storage::pay::{NewOffer, Offer, OfferState, insert_offers};
use serde_json::json;

use super::{calculated, fact, firm, first_batches, signed_in, step};
use crate::support::TestDb;

/// So many new shops of li's on a day.
pub async fn open_shops(app: &App, day: &str, shops: usize) {
    for n in 0..shops {
        let words = json!({"amount": "1000.00", "customer": format!("新店 {day} {n}")});
        fact(app, "first_batch", &format!("{day}-{n}"), Some("li"), day, words).await;
    }
}

/// Closes a month of the first-batch scheme; the proposal filed with it.
pub async fn proposed_in(app: &App, month: &str) -> Offer {
    let filed = async || {
        let all = app.store.offers("proposal", None, None, 9).await;
        all.expect("a store")
    };
    let before = filed().await.len();
    let (mut gu, mut fang) = (signed_in(app, "gu").await, signed_in(app, "fang").await);
    let run = calculated(&mut gu, "07-new-customers", month).await;
    step(&mut gu, &run, "submit").await;
    assert_eq!(filed().await.len(), before, "not before the close");
    step(&mut fang, &run, "approve").await;
    assert_eq!(step(&mut gu, &run, "close").await, 303);
    let offers = filed().await;
    assert_eq!(offers.len(), before + 1, "{offers:?}");
    offers.into_iter().next().expect("one")
}

/// Six new shops of li's in October: a rise is proposed when the payout closes.
async fn proposed(app: &App) -> Offer {
    first_batches(app).await;
    open_shops(app, "2026-10-15", 6).await;
    proposed_in(app, "2026-10").await
}

async fn given_a_proposal_when_it_is_decided_then_by_an_approver_with_a_reason_and_once(db: TestDb) {
    let app = firm(&db).await;
    let offer = proposed(&app).await;
    assert_eq!(
        (offer.says.payee.as_str(), offer.says.what.as_str()),
        ("li", "pay_rise")
    );
    assert!(!offer.says.says.0.is_empty(), "it is told how it came about");
    let path = format!("/app/pay/offers/{}", offer.id);
    let mut fang = signed_in(&app, "fang").await;
    let queue = fang.get("/app/pay/proposals").await.body;
    assert!(
        queue.contains("李梦") && queue.contains("加薪 ¥200.00") && queue.contains("采纳"),
        "{queue}"
    );
    for login in ["zhang", "li", "chen", "gu", "fu"] {
        let mut browser = signed_in(&app, login).await;
        let answer = browser.post(&path, &[("act", "accept"), ("reason", "好")]).await;
        assert_eq!(answer.status.as_u16(), 403, "{login}");
    }
    let state = app
        .store
        .offer(offer.id)
        .await
        .expect("a store")
        .expect("it")
        .state;
    assert_eq!(state, OfferState::Open);
    let accepted = fang
        .post(&path, &[("act", "accept"), ("reason", "连着六家新店")])
        .await;
    assert_eq!(
        accepted.header("location"),
        "/app/pay/proposals?done=accepted",
        "{}",
        accepted.body
    );
    let again = fang.post(&path, &[("act", "decline"), ("reason", "不")]).await;
    assert_eq!(again.status.as_u16(), 409);
    assert!(again.body.contains("别人已经处理过了"), "{}", again.body);
    let mut gu = signed_in(&app, "gu").await;
    assert_eq!(
        fang.post(&path, &[("act", "hand")]).await.status.as_u16(),
        403,
        "an approver does not hand over"
    );
    assert_eq!(
        gu.post(&path, &[("act", "hand"), ("reason", "已改工资卡")])
            .await
            .status
            .as_u16(),
        303
    );
    assert_eq!(
        gu.post(&path, &[("act", "hand")]).await.status.as_u16(),
        409,
        "once"
    );
    let done = gu.get("/app/pay/proposals?state=handed_over").await.body;
    assert!(done.contains("已改工资卡") && done.contains("顾蕾"), "{done}");
    assert!(gu.get("/app/pay/awards").await.body.contains("这里是空的"));
}

async fn given_a_proposal_when_decided_badly_then_the_field_says_so_and_it_stays_open(db: TestDb) {
    let app = firm(&db).await;
    let offer = proposed(&app).await;
    let path = format!("/app/pay/offers/{}", offer.id);
    let mut fang = signed_in(&app, "fang").await;
    let long = "字".repeat(501);
    for reason in ["", "   ", long.as_str()] {
        let answer = fang.post(&path, &[("act", "decline"), ("reason", reason)]).await;
        assert_eq!(answer.status.as_u16(), 422, "{reason}");
        assert!(
            answer.body.contains(&format!("id=\"reason-{}-error\"", offer.id)),
            "{}",
            answer.body
        );
    }
    for act in ["", "drop", "reopen"] {
        assert_eq!(
            fang.post(&path, &[("act", act), ("reason", "x")])
                .await
                .status
                .as_u16(),
            422,
            "{act}"
        );
    }
    assert_eq!(
        fang.post("/app/pay/offers/999", &[("act", "accept"), ("reason", "x")])
            .await
            .status
            .as_u16(),
        404
    );
    assert_eq!(
        fang.get("/app/pay/proposals?state=%27").await.status.as_u16(),
        422
    );
    let script = "<script>alert(1)</script>";
    assert_eq!(
        fang.post(&path, &[("act", "decline"), ("reason", script)])
            .await
            .status
            .as_u16(),
        303
    );
    let shown = fang.get("/app/pay/proposals?state=declined").await.body;
    assert!(
        shown.contains("&#60;script&#62;") && !shown.contains(script),
        "{shown}"
    );
}

/// A non-cash award of zhang's, the nth.
fn elsewhere(place: i64) -> NewOffer {
    let two = |text: &str| (text.to_owned(), text.to_owned());
    NewOffer {
        kind: "award",
        place,
        payee: "zhang".into(),
        payee_kind: "employee".into(),
        component: "gift".into(),
        title: two("gift"),
        what: "cup".into(),
        quantity: "1".into(),
        amount: None,
        about: None,
        effective: None,
        says: two("a cup"),
    }
}

async fn given_non_cash_awards_when_their_payout_is_closed_then_they_stand_on_the_statement_and_in_its_files(
    db: TestDb,
) {
    // The year is over.
    db.clock.set("2027-01-04T02:00:00Z".parse().expect("an instant"));
    let app = firm(&db).await;
    let input = SettingInput {
        from_on: "2026-01-01".parse().expect("a day"),
        document: None,
        params: serde_json::Map::new(),
        enabled: false,
        note: String::new(),
    };
    change_setting(&app, &Actor::System, "14-vesting", &input)
        .await
        .expect("a setting");
    let grant = json!({"shares": 100_001, "years": 4, "kind_of_holder": "executive"});
    fact(&app, "grant", "g1", Some("zhang"), "2025-03-02", grant).await;
    let passed = json!({"grant": "g1", "year": 1, "passed": true, "for_scheme": "14-vesting"});
    fact(&app, "assessment", "a1", None, "2026-02-20", passed).await;
    let (mut gu, mut fang) = (signed_in(&app, "gu").await, signed_in(&app, "fang").await);
    // Many awards of somewhere else, filed before.
    first_batches(&app).await;
    let other = calculated(&mut gu, "07-new-customers", "2026-09").await;
    let many: Vec<NewOffer> = (0..1_000).map(elsewhere).collect();
    let mut tx = db.store.begin().await.expect("a store");
    insert_offers(&mut tx, other.parse().expect("a number"), &many, 1)
        .await
        .expect("offers");
    tx.commit().await.expect("a store");
    let run = calculated(&mut gu, "14-vesting", "2026").await;
    step(&mut gu, &run, "submit").await;
    step(&mut fang, &run, "approve").await;
    assert_eq!(step(&mut gu, &run, "close").await, 303);
    // A month of nothing but an award is a month.
    let mut zhang = signed_in(&app, "zhang").await;
    let page = zhang.get("/app/income?month=2026-12").await.body;
    for words in ["非现金奖励", "25001", "等决定"] {
        assert!(page.contains(words), "{words} in {page}");
    }
    let found = app.store.employee("zhang", app.today()).await.expect("a store");
    let of = statement(&app, found.expect("zhang").id, None)
        .await
        .expect("a store");
    let of = of.expect("a statement");
    assert_eq!(of.pending, vec![], "an award is no money to come");
    let of_run = |(_, award): &(_, Offer)| award.run.to_string() == run;
    assert!(
        !of.awards.is_empty() && of.awards.iter().all(of_run),
        "{:?}",
        of.awards
    );
    let mut li = signed_in(&app, "li").await;
    let page = li.get("/app/income").await.body;
    assert!(!page.contains("25001"), "{page}");
    let pdf = zhang.get("/app/income/files/2026-12.pdf").await;
    let paper = crate::support::pdf::pdf_lines(&pdf.bytes).join(" ");
    assert!(paper.contains("非现金奖励") && paper.contains("25001"), "{paper}");
    let sheet = zhang.get("/app/income/files/2026-12.xlsx").await;
    assert_eq!(sheet.status.as_u16(), 200);
    let mut book: calamine::Xlsx<_> =
        calamine::Reader::new(std::io::Cursor::new(sheet.bytes)).expect("a workbook");
    let range = calamine::Reader::worksheet_range_at(&mut book, 0)
        .expect("a sheet")
        .expect("cells");
    let text: String = range.cells().map(|(_, _, cell)| cell.to_string() + " ").collect();
    assert!(text.contains("25001") && text.contains("非现金折合"), "{text}");
}

both!(given_non_cash_awards_when_their_payout_is_closed_then_they_stand_on_the_statement_and_in_its_files);
both!(given_a_proposal_when_it_is_decided_then_by_an_approver_with_a_reason_and_once);
both!(given_a_proposal_when_decided_badly_then_the_field_says_so_and_it_stays_open);
