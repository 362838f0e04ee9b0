//! A rise that was accepted is a fact: it is not proposed again within twelve months (GC-10).

use bole::app::App;
use bole::storage::pay::{FactFilter, FactRow, Offer};
use serde_json::json;

use super::offers::{open_shops, proposed_in};
use super::{calculated, firm, first_batches, signed_in};
use crate::support::TestDb;

async fn rises(app: &App) -> Vec<FactRow> {
    let filter = FactFilter {
        kind: Some("rise"),
        ..FactFilter::default()
    };
    app.store.facts(filter, None, 9).await.expect("a store")
}

/// How many proposals November's calculation makes.
async fn november(app: &App) -> usize {
    let mut gu = signed_in(app, "gu").await;
    let run = calculated(&mut gu, "07-new-customers", "2026-11").await;
    let run = app
        .store
        .run(run.parse().expect("a number"))
        .await
        .expect("a store");
    let outcome: serde_json::Value = serde_json::from_str(&run.expect("a run").outcome).expect("JSON");
    outcome["proposals"].as_array().expect("a list").len()
}

/// Six new shops of li's in September, October and November; both months closed, October's and September's proposals.
async fn two_proposed(app: &App) -> (Offer, Offer) {
    first_batches(app).await;
    for month in ["09", "10", "11"] {
        open_shops(app, &format!("2026-{month}-15"), 6).await;
    }
    let september = proposed_in(app, "2026-09").await;
    (september, proposed_in(app, "2026-10").await)
}

async fn given_an_accepted_rise_when_the_next_month_is_calculated_then_it_is_not_proposed_again(db: TestDb) {
    let app = firm(&db).await;
    let (september, october) = two_proposed(&app).await;
    assert_eq!(november(&app).await, 1, "nobody decided");
    let mut fang = signed_in(&app, "fang").await;
    let path = format!("/app/pay/offers/{}", october.id);
    let accept = [("act", "accept"), ("reason", "连着六家新店")];
    assert_eq!(fang.post(&path, &accept).await.status.as_u16(), 303);
    let known = rises(&app).await;
    assert_eq!(known.len(), 1, "{known:?}");
    assert_eq!(
        (
            known[0].subject.as_deref(),
            known[0].occurred.as_str(),
            known[0].void
        ),
        (Some("li"), "2026-11-01", false)
    );
    let fields: serde_json::Value = serde_json::from_str(&known[0].fields).expect("JSON");
    assert_eq!(
        fields,
        json!({"person": "li", "rule": "R2", "for_scheme": "07-new-customers"})
    );
    assert_eq!(fang.post(&path, &accept).await.status.as_u16(), 409, "once");
    assert_eq!(rises(&app).await.len(), 1);
    assert_eq!(november(&app).await, 0);
    // Nor is the other one accepted, in either language.
    let other = format!("/app/pay/offers/{}", september.id);
    let answer = fang.post(&other, &accept).await;
    assert_eq!(answer.status.as_u16(), 409);
    assert!(answer.body.contains("12 个月内只加一次"), "{}", answer.body);
    assert_eq!(rises(&app).await.len(), 1);
    let decline = [("act", "decline"), ("reason", "已加过")];
    assert_eq!(fang.post(&other, &decline).await.status.as_u16(), 303);
}

async fn given_an_accepted_rise_when_it_is_taken_back_then_its_fact_is_void_and_it_is_proposed_again(
    db: TestDb,
) {
    let app = firm(&db).await;
    let (_, october) = two_proposed(&app).await;
    let mut fang = signed_in(&app, "fang").await;
    let path = format!("/app/pay/offers/{}", october.id);
    let withdraw = [("act", "withdraw"), ("reason", "弄错人了")];
    assert_eq!(
        fang.post(&path, &withdraw).await.status.as_u16(),
        409,
        "not accepted yet"
    );
    assert_eq!(
        fang.post(&path, &[("act", "accept"), ("reason", "好")])
            .await
            .status
            .as_u16(),
        303
    );
    let queue = fang.get("/app/pay/proposals?state=accepted").await.body;
    assert!(queue.contains("收回采纳"), "{queue}");
    for login in ["li", "gu", "fu", "chen"] {
        let mut browser = signed_in(&app, login).await;
        assert_eq!(
            browser.post(&path, &withdraw).await.status.as_u16(),
            403,
            "{login}"
        );
    }
    assert_eq!(
        fang.post(&path, &[("act", "withdraw"), ("reason", " ")])
            .await
            .status
            .as_u16(),
        422
    );
    assert!(!rises(&app).await[0].void);
    assert_eq!(fang.post(&path, &withdraw).await.status.as_u16(), 303);
    let known = rises(&app).await;
    assert!(
        known.len() == 2 && known[0].void && known[0].revision == 1,
        "{known:?}"
    );
    assert_eq!(november(&app).await, 1);
    // What was handed over stays.
    let declined = fang.get("/app/pay/proposals?state=declined").await.body;
    assert!(declined.contains("弄错人了"), "{declined}");
}

async fn given_a_rise_that_was_handed_over_when_it_is_taken_back_then_it_is_refused(db: TestDb) {
    let app = firm(&db).await;
    let (_, october) = two_proposed(&app).await;
    let (mut gu, mut fang) = (signed_in(&app, "gu").await, signed_in(&app, "fang").await);
    let path = format!("/app/pay/offers/{}", october.id);
    assert_eq!(
        fang.post(&path, &[("act", "accept"), ("reason", "好")])
            .await
            .status
            .as_u16(),
        303
    );
    assert_eq!(gu.post(&path, &[("act", "hand")]).await.status.as_u16(), 303);
    assert_eq!(
        fang.post(&path, &[("act", "withdraw"), ("reason", "晚了")])
            .await
            .status
            .as_u16(),
        409
    );
    assert!(rises(&app).await.len() == 1);
}

async fn given_a_rise_from_before_there_were_such_facts_when_the_next_month_is_calculated_then_it_is_one(
    db: TestDb,
) {
    let app = firm(&db).await;
    let (_, october) = two_proposed(&app).await;
    assert_eq!(november(&app).await, 1, "nobody decided");
    // As it was left behind: handed over, and nothing recorded.
    let moved = db
        .sql(&format!(
            "update pay_offers set state = 'handed_over', decided_by = 'account:9', decided_at = 1, reason = 'x', \
             handed_by = 'account:8', handed_at = 2, handed_note = '' where id = {}",
            october.id
        ))
        .await;
    assert_eq!(moved, 1);
    assert!(rises(&app).await.is_empty());
    for _ in 0..2 {
        assert_eq!(november(&app).await, 0, "once in twelve months");
        let known = rises(&app).await;
        assert_eq!(known.len(), 1, "recorded once: {known:?}");
        assert_eq!(
            (
                known[0].subject.as_deref(),
                known[0].occurred.as_str(),
                known[0].void
            ),
            (Some("li"), "2026-11-01", false)
        );
    }
}

both!(given_an_accepted_rise_when_the_next_month_is_calculated_then_it_is_not_proposed_again);
both!(given_an_accepted_rise_when_it_is_taken_back_then_its_fact_is_void_and_it_is_proposed_again);
both!(given_a_rise_that_was_handed_over_when_it_is_taken_back_then_it_is_refused);
both!(given_a_rise_from_before_there_were_such_facts_when_the_next_month_is_calculated_then_it_is_one);
