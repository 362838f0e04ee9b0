//! What was typed is there again when it was refused: beside rows, and where it is long.

use axum::http::StatusCode;
use bole::storage::shares::Filter;

use super::staff::{WISH, firm};
use crate::support::TestDb;

/// The value of the only field with this id.
fn value(page: &str, id: &str) -> String {
    let at = page
        .find(&format!("id=\"{id}\""))
        .unwrap_or_else(|| panic!("no {id}: {page}"));
    let tag = page[at..].split('>').next().unwrap_or_default();
    let value = tag.split("value=\"").nth(1);
    value
        .and_then(|v| v.split('"').next())
        .unwrap_or_default()
        .to_owned()
}

async fn given_a_decision_on_points_when_its_reason_is_refused_then_it_stands_in_its_own_row(db: TestDb) {
    let (app, mut zhang, mut chen) = firm(&db).await;
    zhang.post("/app/share/link", &WISH).await;
    let code = app.store.links(None, None, None, 9).await.unwrap()[0]
        .code
        .as_str()
        .to_owned();
    let posted = [WISH.as_slice(), &[("code", code.as_str())]].concat();
    zhang.post("/app/share/posted", &posted).await;
    let share = app.store.shares(Filter::default(), None, 9).await.unwrap()[0].id;
    let listed = chen.get("/app/manage/points?tab=shares").await.body;
    assert!(
        listed.contains("冬季焕肤季 · ") && !listed.contains("winter"),
        "campaigns by their names: {listed}"
    );
    let long = "截".repeat(501);
    let refused = chen
        .post(
            &format!("/app/manage/points/shares/{share}"),
            &[("decision", "rejected"), ("reason", &long)],
        )
        .await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let field = format!("reason-shares-{share}");
    assert_eq!(value(&refused.body, &field), long);
    assert!(
        refused.body.contains(&format!("id=\"{field}-error\"")),
        "{}",
        refused.body
    );
}

async fn given_an_honour_when_its_withdrawal_is_refused_then_the_reason_stands_beside_it_and_not_in_the_other_form(
    db: TestDb,
) {
    let (app, _, mut chen) = firm(&db).await;
    let given = [
        ("employee", "zhang"),
        ("kind", "badge"),
        ("title", "冬季之星"),
        ("span", "2026-11"),
        ("reason", "帮了新人"),
    ];
    let done = chen.post("/app/manage/honours/honours", &given).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    let honour = app.store.honours(None, 9).await.unwrap()[0].id;
    let long = "错".repeat(501);
    let refused = chen
        .post(
            &format!("/app/manage/honours/honours/{honour}"),
            &[("reason", &long)],
        )
        .await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let field = format!("withdraw-{honour}");
    assert_eq!(value(&refused.body, &field), long);
    assert!(
        refused.body.contains(&format!("id=\"{field}-error\"")),
        "{}",
        refused.body
    );
    assert!(
        !refused.body.contains("id=\"reason-error\"") && refused.body.matches(&long).count() == 1,
        "the form to give one is as it was: {}",
        refused.body
    );
}

async fn given_more_honours_than_a_page_when_turned_then_each_is_seen(db: TestDb) {
    let (app, _, mut chen) = firm(&db).await;
    for n in 1..=52 {
        let title = format!("第{n}号");
        let given = [
            ("employee", "zhang"),
            ("kind", "badge"),
            ("title", title.as_str()),
            ("span", "2026-11"),
            ("reason", "好"),
        ];
        let done = chen.post("/app/manage/honours/honours", &given).await;
        assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    }
    let all = app.store.honours(None, 99).await.unwrap();
    let first = chen.get("/app/manage/honours?tab=honours").await.body;
    assert!(first.contains("第52号") && !first.contains("第2号"), "{first}");
    let next = format!("/app/manage/honours?tab=honours&#38;before={}", all[49].id);
    assert!(first.contains(&next), "{first}");
    let second = chen.get(&next.replace("&#38;", "&")).await.body;
    assert!(second.contains("第2号") && second.contains("第1号"), "{second}");
}

both!(
    given_a_decision_on_points_when_its_reason_is_refused_then_it_stands_in_its_own_row,
    given_an_honour_when_its_withdrawal_is_refused_then_the_reason_stands_beside_it_and_not_in_the_other_form,
    given_more_honours_than_a_page_when_turned_then_each_is_seen,
);
