//! Teams: founded, renamed, one name for one.

use axum::http::StatusCode;

use super::admin::{between, office};
use crate::support::TestDb;

async fn given_teams_when_founded_and_renamed_then_a_name_stands_for_one(db: TestDb) {
    let (_, mut browser) = office(&db).await;
    let found = |name: &'static str| [("name", name)];
    assert_eq!(browser.post("/app/admin/teams", &found("甲店")).await.status, 303);
    assert_eq!(browser.post("/app/admin/teams", &found("乙店")).await.status, 303);
    assert_eq!(
        browser.post("/app/admin/teams", &found(" 甲店 ")).await.status,
        409
    );
    assert_eq!(browser.post("/app/admin/teams", &found("")).await.status, 422);
    let page = browser.get("/app/admin/teams").await.body;
    let id = between(&page, "action=\"/app/admin/teams/", "\"").to_owned();
    let path = format!("/app/admin/teams/{id}");
    assert_eq!(browser.post(&path, &found("丙店")).await.status, 303);
    let page = browser.get("/app/admin/teams").await.body;
    assert!(page.contains("丙店"), "{page}");
    let other = if page.contains("甲店") {
        "甲店"
    } else {
        "乙店"
    };
    assert_eq!(browser.post(&path, &found(other)).await.status, 409);
    assert_eq!(
        browser.post("/app/admin/teams/999", &found("x")).await.status,
        404
    );
    for page in [
        "/app/admin/roles",
        "/app/admin/settings",
        "/app/admin/people?sort=hired&state=active",
    ] {
        assert_eq!(browser.get(page).await.status, StatusCode::OK, "{page}");
    }
}

both!(given_teams_when_founded_and_renamed_then_a_name_stands_for_one);
