//! A webhook's life: made, told, listed, replayed, deleted.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, header};
use bole::app::answers::seal_answer;
use bole::app::deliver::forget_sent;
use serde_json::json;

use super::receiver::{Does, Receiver};
use super::{deliveries, rig, sale, send, webhook};
use crate::support::{Kind, TestDb};
use crate::web::Browser;

async fn given_a_webhook_when_a_sale_is_taken_then_it_is_told_once_and_signed(db: TestDb) {
    let rig = rig(&db).await;
    let receiver = Receiver::open(Does::ok()).await;
    let made = webhook(&rig, &receiver.url, &["sale.created"]).await;
    let secret = made["secret"].as_str().unwrap();
    let taken = sale(&rig, "S-1").await;
    assert_eq!(send(&rig.app).await, 1);
    let got = receiver.take();
    assert_eq!(got.len(), 1);
    let got = &got[0];
    assert!(got.is_signed_with(secret), "{got:?}");
    assert!(!got.is_signed_with("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"));
    assert_eq!(
        got.headers["webhook-timestamp"], "1794967200",
        "when it is sent, by the clock"
    );
    assert_eq!(got.headers["content-type"], "application/json");
    let body = got.json();
    assert_eq!(body["type"], "sale.created");
    assert_eq!(body["timestamp"], "2026-11-18T02:00:00Z");
    for name in ["id", "external_id", "status", "credited_to", "amount", "currency"] {
        assert_eq!(body["data"][name], taken[name], "{name}");
    }
    assert_eq!(send(&rig.app).await, 0, "told once");
    // The same conversion again is no new one.
    let again = json!({ "kind": "sale", "external_id": "S-1", "occurred_at": "2026-11-18T01:00:00Z", "amount": "199.00",
                        "customer": { "phone": "13900000001" } });
    assert_eq!(rig.post("admin", "/conversions", again).await.0, 200);
    assert_eq!(send(&rig.app).await, 0);
    assert_eq!(deliveries(&rig, &made).await, ["sent 1 200"]);
    let list = rig.get("admin", "/webhooks").await;
    let row = &list["data"][0];
    assert_eq!((&row["due"], &row["failed"]), (&json!(0), &json!(0)));
    assert_eq!(row["sent_at"], "2026-11-18T02:00:00Z");
    assert!(row.get("secret").is_none(), "said once, never again");
}

async fn given_a_given_secret_when_made_then_it_signs_with_it(db: TestDb) {
    let rig = rig(&db).await;
    let receiver = Receiver::open(Does::ok()).await;
    let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let wish = json!({ "url": receiver.url, "events": ["sale.created"], "secret": secret });
    let (status, made) = rig.post("admin", "/webhooks", wish).await;
    assert_eq!((status, &made["secret"]), (201, &json!(secret)));
    sale(&rig, "S-1").await;
    send(&rig.app).await;
    assert!(receiver.take()[0].is_signed_with(secret));
    let plain = db
        .number("select count(*) from webhooks where sealed is null")
        .await;
    assert_eq!(plain, 0, "kept sealed");
}

async fn given_several_webhooks_when_something_happens_then_each_gets_what_it_asked_for(db: TestDb) {
    let rig = rig(&db).await;
    let (all, leads) = (Receiver::open(Does::ok()).await, Receiver::open(Does::ok()).await);
    webhook(&rig, &all.url, &["lead.created", "sale.created"]).await;
    webhook(&rig, &leads.url, &["lead.created"]).await;
    sale(&rig, "S-1").await;
    send(&rig.app).await;
    assert_eq!((all.take().len(), leads.take().len()), (1, 0));
    let lead = json!({ "kind": "lead", "external_id": "L-1", "occurred_at": "2026-11-18T01:00:00Z",
                       "customer": { "phone": "13900000002" } });
    assert_eq!(rig.post("admin", "/conversions", lead).await.0, 201);
    send(&rig.app).await;
    let (one, two) = (all.take(), leads.take());
    assert_eq!((one.len(), two.len()), (1, 1));
    assert_eq!(one[0].id(), two[0].id(), "one message to both");
    assert_eq!(one[0].json()["data"].get("amount"), None, "a lead has no amount");
}

async fn given_what_was_sent_when_replayed_then_it_comes_again_with_its_id(db: TestDb) {
    let rig = rig(&db).await;
    let receiver = Receiver::open(Does::ok()).await;
    let made = webhook(&rig, &receiver.url, &["sale.created"]).await;
    let path = format!("/webhooks/{}/replay", made["id"]);
    sale(&rig, "S-1").await;
    db.clock.advance_ms(60_000);
    sale(&rig, "S-2").await;
    send(&rig.app).await;
    let first: Vec<String> = receiver.take().iter().map(|g| g.id().to_owned()).collect();
    assert_eq!(first.len(), 2);
    let (status, body) = rig.call("admin", "POST", &path, None).await;
    assert_eq!((status, body), (202, json!({ "queued": 2 })));
    send(&rig.app).await;
    let mut again: Vec<String> = receiver.take().iter().map(|g| g.id().to_owned()).collect();
    again.sort();
    let mut sorted = first.clone();
    sorted.sort();
    assert_eq!(again, sorted);
    let since = json!({ "since": "2026-11-18T02:00:30Z" });
    assert_eq!(rig.post("admin", &path, since).await.1, json!({ "queued": 1 }));
    let failed = json!({ "failed_only": true });
    assert_eq!(rig.post("admin", &path, failed).await.1, json!({ "queued": 0 }));
    send(&rig.app).await;
    assert_eq!(receiver.take().len(), 1);
    let audited = db
        .number("select count(*) from audit_log where action = 'webhook.replay'")
        .await;
    assert_eq!(audited, 3);
}

async fn given_a_deleted_webhook_when_something_happens_then_nothing_is_sent(db: TestDb) {
    let rig = rig(&db).await;
    let receiver = Receiver::open(Does::ok()).await;
    let made = webhook(&rig, &receiver.url, &["sale.created"]).await;
    let path = format!("/webhooks/{}", made["id"]);
    sale(&rig, "S-1").await;
    assert_eq!(rig.call("admin", "DELETE", &path, None).await.0, 204);
    sale(&rig, "S-2").await;
    assert_eq!(send(&rig.app).await, 0);
    assert_eq!(receiver.count(), 0);
    assert_eq!(rig.call("admin", "DELETE", &path, None).await.0, 404);
    assert_eq!(
        rig.call("admin", "POST", &format!("{path}/replay"), None).await.0,
        404
    );
    assert_eq!(
        rig.call("admin", "GET", &format!("{path}/deliveries"), None)
            .await
            .0,
        404
    );
    assert_eq!(rig.get("admin", "/webhooks").await["data"], json!([]));
}

async fn given_a_message_under_way_when_its_webhook_is_deleted_then_it_is_given_up_and_forgotten(db: TestDb) {
    let rig = rig(&db).await;
    let receiver = Receiver::open(Does::Sleeps).await;
    let made = webhook(&rig, &receiver.url, &["sale.created"]).await;
    let path = format!("/webhooks/{}", made["id"]);
    sale(&rig, "S-1").await;
    let deletion = async {
        while receiver.count() == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert_eq!(rig.call("admin", "DELETE", &path, None).await.0, 204);
    };
    let (taken, ()) = tokio::join!(send(&rig.app), deletion);
    assert_eq!(taken, 0, "nobody answered");
    let due = "select count(*) from deliveries where state = 'due'";
    assert_eq!(db.number(due).await, 0);
    // Where the store lets both through at once, an event is filed for a webhook beside its deletion.
    db.sql("update deliveries set state = 'due', done_at = null")
        .await;
    db.clock.advance_ms(30 * 86_400_000 + 1);
    assert_eq!(forget_sent(&rig.app).await.unwrap(), 1);
    assert_eq!(db.number(due).await, 0);
}

async fn given_wrong_wishes_when_made_then_each_is_refused_at_its_field(db: TestDb) {
    let rig = rig(&db).await;
    let good = json!({ "url": "https://crm.example/hook", "events": ["sale.created"] });
    for (field, value) in [
        ("url", json!("")),
        ("url", json!("crm.example/hook")),
        ("url", json!("ftp://crm.example/")),
        ("url", json!("javascript:alert(1)")),
        ("url", json!("https://me:hush@crm.example/")),
        ("url", json!(format!("https://crm.example/{}", "x".repeat(2000)))),
        ("url", json!(7)),
        ("events", json!([])),
        ("events", json!(["sale.made"])),
        ("secret", json!("whsec_short")),
        ("secret", json!("letmein")),
        ("format", json!("slack")),
    ] {
        let mut wish = good.clone();
        wish[field] = value.clone();
        let (status, body) = rig.post("admin", "/webhooks", wish).await;
        assert_eq!(status, 422, "{field} {value}: {body}");
        let pointer = body["errors"][0]["pointer"].as_str().unwrap();
        assert!(
            pointer.starts_with(&format!("/{field}")),
            "{field} {value}: {body}"
        );
    }
    let wecom = json!({ "url": "https://qyapi.example/send?key=k", "events": ["board.frozen"], "format": "wecom", "secret": "x" });
    assert_eq!(rig.post("admin", "/webhooks", wecom).await.0, 422);
    assert_eq!(
        db.number("select count(*) from webhooks").await,
        0,
        "nothing is stored"
    );
    for key in ["third", "manager-z3", "employee-z3"] {
        assert_eq!(rig.post(key, "/webhooks", good.clone()).await.0, 403, "{key}");
        assert_eq!(rig.call(key, "GET", "/webhooks", None).await.0, 403, "{key}");
        assert_eq!(rig.call(key, "DELETE", "/webhooks/1", None).await.0, 403, "{key}");
        assert_eq!(
            rig.call(key, "POST", "/webhooks/1/replay", None).await.0,
            403,
            "{key}"
        );
    }
    let (status, body) = rig
        .post("admin", "/webhooks/1/replay", json!({ "until": 1 }))
        .await;
    assert_eq!(status, 422, "{body}");
    for n in 0..50 {
        let wish =
            json!({ "url": format!("https://crm.example/{n}"), "events": ["sale.created", "sale.created"] });
        let (status, made) = rig.post("admin", "/webhooks", wish).await;
        assert_eq!((status, &made["events"]), (201, &json!(["sale.created"])));
    }
    assert_eq!(
        rig.post("admin", "/webhooks", good).await.0,
        409,
        "there is a limit"
    );
    let page = rig.get("admin", "/webhooks?limit=30").await;
    let next = page["next_cursor"].as_str().unwrap();
    let rest = rig
        .get("admin", &format!("/webhooks?limit=30&cursor={next}"))
        .await;
    assert_eq!(
        (
            page["data"].as_array().unwrap().len(),
            rest["data"].as_array().unwrap().len()
        ),
        (30, 20)
    );
}

async fn given_a_webhook_made_under_a_key_when_asked_again_then_its_secret_is_kept_sealed(db: TestDb) {
    let rig = rig(&db).await;
    let mut caller = Browser::new(&rig.app);
    let mut ask = async |key: &str, url: &str| {
        let wish = json!({ "url": url, "events": ["sale.created"] });
        let request = Request::post("/api/v1/webhooks")
            .header(header::AUTHORIZATION, "Bearer admin")
            .header(header::CONTENT_TYPE, "application/json")
            .header("idempotency-key", key);
        caller.send(request, Body::from(wish.to_string())).await
    };
    let first = ask("once", "http://127.0.0.1:9/a").await;
    assert_eq!(first.status, 201, "{}", first.body);
    assert!(first.body.contains("\"secret\":\"whsec_"), "{}", first.body);
    let again = ask("once", "http://127.0.0.1:9/a").await;
    assert_eq!(
        (again.status, &again.body),
        (first.status, &first.body),
        "the same answer"
    );
    assert_eq!(again.header("idempotent-replayed"), "true");
    assert_eq!(db.number("select count(*) from webhooks").await, 1);
    let kept = "select count(*) from idempotency_keys where status = 201";
    assert_eq!(db.number(kept).await, 1);
    assert_eq!(
        db.number(&format!(
            "{kept} and (body like '%whsec%' or body like '%secret%')"
        ))
        .await,
        0,
        "nobody reads it in the store"
    );
    assert_eq!(
        ask("once", "http://127.0.0.1:9/b").await.status,
        409,
        "another request"
    );

    // Answers of before the seal stand; what was sealed for another opens for nobody.
    db.sql("update idempotency_keys set body = '{\"id\":7}'").await;
    assert_eq!(ask("once", "http://127.0.0.1:9/a").await.body, "{\"id\":7}");
    let foreign = seal_answer(&rig.app, "key:9", "once", &first.body).expect("sealed");
    db.sql(&format!("update idempotency_keys set body = '{foreign}'"))
        .await;
    assert_eq!(ask("once", "http://127.0.0.1:9/a").await.status, 500);
}

async fn given_a_webhook_made_when_its_answer_was_lost_then_asking_again_says_so_and_makes_no_second_one(
    db: TestDb,
) {
    let rig = rig(&db).await;
    let mut caller = Browser::new(&rig.app);
    let mut ask = async |path: &str, body: &serde_json::Value| {
        let request = Request::post(format!("/api/v1{path}"))
            .header(header::AUTHORIZATION, "Bearer admin")
            .header(header::CONTENT_TYPE, "application/json")
            .header("idempotency-key", path);
        caller.send(request, Body::from(body.to_string())).await
    };
    // The act's own transaction stands, and the one that keeps the answer does not.
    let (bar, lift) = match db.kind {
        Kind::Sqlite => (
            "create trigger bar before update on idempotency_keys when new.status > 99 \
             begin select raise(abort, 'no'); end",
            "drop trigger bar",
        ),
        Kind::Postgres => (
            "create function bar() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$; \
             create trigger bar before update on idempotency_keys for each row when (new.status > 99) \
             execute function bar()",
            "drop trigger bar on idempotency_keys",
        ),
    };
    let wish = json!({ "url": "http://127.0.0.1:9/a", "events": ["sale.created"] });
    let order = json!({ "kind": "sale", "external_id": "S-1", "occurred_at": "2026-11-18T01:00:00Z", "amount": "199.00" });
    db.sql(bar).await;
    assert_eq!(ask("/webhooks", &wish).await.status, 500);
    assert_eq!(ask("/conversions", &order).await.status, 500);
    db.sql(lift).await;
    let soon = ask("/webhooks", &wish).await;
    assert_eq!(soon.status, 409, "perhaps it is still worked on");
    db.clock.advance_ms(61_000);
    let again = ask("/webhooks", &wish).await;
    assert_eq!(again.status, 409, "{}", again.body);
    assert!(again.body.contains("answer-lost"), "{}", again.body);
    assert_eq!(db.number("select count(*) from webhooks").await, 1);
    let again = ask("/conversions", &order).await;
    assert_eq!(again.status, 200, "{}", again.body);
    assert_eq!(db.number("select count(*) from conversions").await, 1);
}

both!(
    given_a_webhook_made_when_its_answer_was_lost_then_asking_again_says_so_and_makes_no_second_one,
    given_a_webhook_made_under_a_key_when_asked_again_then_its_secret_is_kept_sealed,
    given_a_webhook_when_a_sale_is_taken_then_it_is_told_once_and_signed,
    given_a_given_secret_when_made_then_it_signs_with_it,
    given_several_webhooks_when_something_happens_then_each_gets_what_it_asked_for,
    given_what_was_sent_when_replayed_then_it_comes_again_with_its_id,
    given_a_deleted_webhook_when_something_happens_then_nothing_is_sent,
    given_a_message_under_way_when_its_webhook_is_deleted_then_it_is_given_up_and_forgotten,
    given_wrong_wishes_when_made_then_each_is_refused_at_its_field,
);
