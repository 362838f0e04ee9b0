//! The page of webhooks: made, listed, deleted, and what is wrong said at the field.

use axum::http::StatusCode;

use bole::storage::file_event;
use bole::tell::Event;
use serde_json::json;

use super::admin::{HOSTILE, between, office};
use crate::support::TestDb;

async fn given_a_webhook_when_made_listed_and_deleted_on_its_page_then_nothing_wrong_is_stored(db: TestDb) {
    let (_, mut browser) = office(&db).await;
    assert!(
        browser
            .get("/app/admin/webhooks")
            .await
            .body
            .contains("还没有推送")
    );
    let wrong = browser
        .post(
            "/app/admin/webhooks",
            &[
                ("url", "ftp://x/\"><script>"),
                ("format", "fax"),
                ("secret", HOSTILE),
            ],
        )
        .await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        wrong.body.contains("选一种") && wrong.body.contains("ftp://x/&#34;&#62;&#60;script&#62;"),
        "{}",
        wrong.body
    );
    let fields = [("url", "http://127.0.0.1:9/"), ("format", "standard")];
    let wrong = browser.post("/app/admin/webhooks", &fields).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    for words in [
        "要 http 或 https 地址",
        "至少选一件事",
        "value=\"http://127.0.0.1:9/\"",
    ] {
        assert!(wrong.body.contains(words), "{words}: {}", wrong.body);
    }
    assert_eq!(db.number("select count(*) from webhooks").await, 0);
    let fields = [
        ("url", "https://crm.example/bole"),
        ("format", "standard"),
        ("sale.created", "on"),
        ("claim.decided", "on"),
        ("secret", ""),
    ];
    let made = browser.post("/app/admin/webhooks", &fields).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.body);
    assert!(
        made.body.contains("whsec_") && made.body.contains("只显示这一次"),
        "{}",
        made.body
    );
    let list = browser.get("/app/admin/webhooks").await.body;
    assert!(
        list.contains("https://crm.example/bole")
            && list.contains("成交、报单有结果")
            && !list.contains("whsec_"),
        "{list}"
    );
    assert!(
        browser
            .get("/app/admin/settings")
            .await
            .body
            .contains("/app/admin/webhooks")
    );
    let one = browser.get("/app/admin/webhooks/1").await.body;
    assert!(one.contains("还没有消息"), "{one}");
    assert_eq!(
        browser.get("/app/admin/webhooks/9").await.status,
        StatusCode::NOT_FOUND
    );
    let again = browser.post("/app/admin/webhooks/1/replay", &[]).await;
    assert_eq!(again.header("location"), "/app/admin/webhooks/1?done=again");
    let gone = browser.post("/app/admin/webhooks/1/delete", &[]).await;
    assert_eq!(gone.header("location"), "/app/admin/webhooks?done=deleted");
    assert!(
        browser
            .get("/app/admin/webhooks")
            .await
            .body
            .contains("还没有推送")
    );
}

async fn given_more_messages_than_a_page_when_its_pages_are_turned_then_each_is_there_once(db: TestDb) {
    let (app, mut browser) = office(&db).await;
    let fields = [
        ("url", "https://crm.example/bole"),
        ("format", "standard"),
        ("sale.created", "on"),
    ];
    let made = browser.post("/app/admin/webhooks", &fields).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.body);
    let mut tx = app.store.begin().await.unwrap();
    for n in 0..60 {
        let about = format!("o-{n}");
        file_event(
            &mut tx,
            Event::SaleCreated,
            &about,
            app.clock.now_ms(),
            &json!({}),
        )
        .await
        .unwrap();
    }
    tx.commit().await.unwrap();
    let first = browser.get("/app/admin/webhooks/1").await.body;
    assert!(!first.contains("rel=\"prev\""), "{first}");
    let next = between(&first, "href=\"/app/admin/webhooks/1?before=", "\"").to_owned();
    let second = browser
        .get(&format!("/app/admin/webhooks/1?before={next}"))
        .await
        .body;
    assert!(
        second.contains("rel=\"prev\"") && !second.contains("rel=\"next\""),
        "{second}"
    );
    let rows = |body: &str| {
        body.split("<tbody>")
            .nth(1)
            .unwrap_or_default()
            .matches("<tr>")
            .count()
    };
    assert_eq!((rows(&first), rows(&second)), (50, 10), "{second}");
}

both!(given_more_messages_than_a_page_when_its_pages_are_turned_then_each_is_there_once);
both!(given_a_webhook_when_made_listed_and_deleted_on_its_page_then_nothing_wrong_is_stored);
