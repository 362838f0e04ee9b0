//! Objections and holds through the API: one's own line, decided by another, appealed to a third; held and released by two.

use serde_json::{Value, json};

use super::{activity, calculated, lines, take};
use crate::points::rig::Rig;
use crate::support::TestDb;

/// A run under review and the line of 张三 in it.
async fn reviewed(rig: &Rig) -> (Value, i64) {
    activity(rig).await;
    let run = calculated(rig, "admin").await;
    assert_eq!(take(rig, "admin", &run, "submit").await.0, 200);
    let own = rig
        .get("employee-z3", &format!("/payouts/{}/lines", run["id"]))
        .await;
    let line = own["data"][0]["id"].as_i64().unwrap();
    (run, line)
}

async fn given_an_own_line_when_objected_to_then_it_is_told_decided_by_another_and_appealed_to_a_third(
    db: TestDb,
) {
    let rig = Rig::new(&db).await;
    let (run, line) = reviewed(&rig).await;
    let wrong = json!({"line": line, "reason": "  "});
    let (status, body) = rig.post("employee-z3", "/objections", wrong).await;
    assert_eq!(
        (status, &body["errors"][0]["pointer"]),
        (422, &json!("/reason")),
        "{body}"
    );
    let new = json!({"line": line, "reason": "少算了一个节点"});
    // Somebody else's line is not there; who is nobody has none.
    assert_eq!(rig.post("employee-l4", "/objections", new.clone()).await.0, 404);
    assert_eq!(rig.post("admin", "/objections", new.clone()).await.0, 403);
    let (status, filed) = rig.post("employee-z3", "/objections", new.clone()).await;
    assert_eq!(
        (status, &filed["status"], &filed["employee"]),
        (201, &json!("open"), &json!("Z3"))
    );
    assert_eq!(
        rig.post("employee-z3", "/objections", new).await.0,
        409,
        "one to a line"
    );
    let path = format!("/objections/{}", filed["id"]);

    assert_eq!(rig.call("employee-l4", "GET", &path, None).await.0, 404);
    for key in ["third", "manager-z3"] {
        let (status, _) = rig.call(key, "GET", "/objections?employee=L4", None).await;
        assert_eq!(status, 403, "{key}");
        let decision = json!({"decision": "declined", "reason": "核对过"});
        assert_eq!(
            rig.post(key, &format!("{path}/decision"), decision).await.0,
            403,
            "{key}"
        );
    }
    let own = rig.get("employee-z3", "/objections").await;
    assert_eq!(own["data"].as_array().map(Vec::len), Some(1));
    assert_eq!(rig.get("employee-l4", "/objections").await["data"], json!([]));
    assert_eq!(
        rig.get("admin", "/objections?status=open").await["data"][0]["id"],
        filed["id"]
    );
    assert_eq!(
        rig.call("admin", "GET", "/objections?status=lost", None).await.0,
        422
    );

    let answer = json!({"answer": "请说明是哪一个节点"});
    let (_, told) = rig.post("admin", &format!("{path}/answer"), answer).await;
    assert_eq!(told["said"].as_array().map(Vec::len), Some(2), "{told}");
    assert!(
        told["said"][1]["by"].is_string(),
        "who answered, for those who decide"
    );
    let reply = json!({"answer": "体验那一个"});
    let (_, told) = rig.post("employee-z3", &format!("{path}/answer"), reply).await;
    assert_eq!(
        (&told["said"][2]["step"], &told["said"][1]["by"]),
        (&json!("reply"), &Value::Null)
    );
    let empty = json!({"answer": ""});
    let (_, body) = rig.post("admin", &format!("{path}/answer"), empty).await;
    assert_eq!(body["errors"][0]["pointer"], "/answer");

    // Nothing closes over a doubt.
    assert_eq!(take(&rig, "other", &run, "approve").await.0, 200);
    let (status, body) = take(&rig, "admin", &run, "close").await;
    assert!(
        status == 409 && body["detail"].as_str().unwrap().contains("wait for a decision"),
        "{body}"
    );

    let decision = |word: &str| json!({"decision": word, "reason": "签到表上没有"});
    let decide = format!("{path}/decision");
    assert_eq!(
        rig.post("admin", &decide, decision("recalculate")).await.0,
        409,
        "approved by now"
    );
    let (_, body) = rig
        .post("admin", &decide, json!({"decision": "maybe", "reason": "x"}))
        .await;
    assert_eq!(body["status"], 422, "{body}");
    let (_, told) = rig.post("admin", &decide, decision("declined")).await;
    assert_eq!(
        (&told["status"], told["appeal_until"].is_string()),
        (&json!("declined"), true)
    );
    let appeal = json!({"reason": "现场有照片"});
    let (_, told) = rig
        .post("employee-z3", &format!("{path}/appeal"), appeal.clone())
        .await;
    assert_eq!(told["status"], "appealed", "{told}");
    assert_eq!(
        rig.post("employee-z3", &format!("{path}/appeal"), appeal).await.0,
        409,
        "once"
    );
    assert_eq!(
        rig.post("admin", &decide, decision("declined")).await.0,
        403,
        "who decided first"
    );
    let (_, told) = rig.post("other", &decide, decision("fact")).await;
    assert_eq!(
        (&told["status"], &told["remedy"]),
        (&json!("accepted"), &json!("fact"))
    );
    assert_eq!(
        rig.post("employee-z3", &format!("{path}/withdraw"), json!({}))
            .await
            .0,
        409
    );
    assert_eq!(take(&rig, "admin", &run, "close").await.0, 200);
}

async fn given_an_objection_when_taken_back_then_the_line_may_be_objected_to_again(db: TestDb) {
    let rig = Rig::new(&db).await;
    let (_, line) = reviewed(&rig).await;
    let new = json!({"line": line, "reason": "请核对"});
    let (_, filed) = rig.post("employee-z3", "/objections", new.clone()).await;
    let withdraw = format!("/objections/{}/withdraw", filed["id"]);
    assert_eq!(rig.post("employee-l4", &withdraw, json!({})).await.0, 404);
    let (status, told) = rig.post("employee-z3", &withdraw, json!({})).await;
    assert_eq!((status, &told["status"]), (200, &json!("withdrawn")));
    assert_eq!(rig.post("employee-z3", "/objections", new).await.0, 201);
}

async fn given_a_line_when_held_then_it_is_booked_and_paid_only_after_another_person_released_it(db: TestDb) {
    let rig = Rig::new(&db).await;
    let (run, line) = reviewed(&rig).await;
    let (hold, release) = (
        format!("/payout-lines/{line}/hold"),
        format!("/payout-lines/{line}/release"),
    );
    let why = json!({"reason": "客户要求退款，等确认"});
    for key in ["employee-z3", "third", "manager-z3"] {
        assert_eq!(rig.post(key, &hold, why.clone()).await.0, 403, "{key}");
    }
    assert_eq!(
        rig.post("admin", "/payout-lines/99999/hold", why.clone()).await.0,
        404
    );
    let (_, body) = rig.post("admin", &hold, json!({"reason": ""})).await;
    assert_eq!(body["errors"][0]["pointer"], "/reason");
    assert_eq!(rig.post("admin", &release, why.clone()).await.0, 409, "not held");
    let (status, held) = rig.post("admin", &hold, why.clone()).await;
    assert_eq!(
        (status, &held["payee"], &held["released_at"]),
        (200, &json!("Z3"), &Value::Null)
    );
    assert_eq!(rig.post("other", &hold, why.clone()).await.0, 409, "held already");
    for (key, step) in [("other", "approve"), ("admin", "close"), ("admin", "pay")] {
        assert_eq!(take(&rig, key, &run, step).await.0, 200, "{step}");
    }
    let owed = rig
        .app
        .store
        .account_balance("payable:employee:Z3")
        .await
        .unwrap();
    assert_eq!(
        owed.to_string(),
        "15000.00",
        "booked, not paid: {:?}",
        lines(&rig, &run).await
    );
    assert_eq!(
        rig.post("admin", &release, why.clone()).await.0,
        403,
        "who held it"
    );
    let (status, released) = rig.post("other", &release, why).await;
    assert_eq!(
        (status, released["release_reason"].is_string()),
        (200, true),
        "{released}"
    );
    let list = rig.get("other", &format!("/payouts/{}/holds", run["id"])).await;
    assert_eq!(list["data"].as_array().map(Vec::len), Some(1));
    assert_eq!(
        rig.call(
            "employee-z3",
            "GET",
            &format!("/payouts/{}/holds", run["id"]),
            None
        )
        .await
        .0,
        403
    );
}

async fn given_more_holds_than_a_page_when_an_old_one_is_released_then_it_is_told_and_every_page_is_given(
    db: TestDb,
) {
    let rig = Rig::new(&db).await;
    let (run, line) = reviewed(&rig).await;
    let why = json!({"reason": "客户要求退款，等确认"});
    assert_eq!(
        rig.post("admin", &format!("/payout-lines/{line}/hold"), why.clone())
            .await
            .0,
        200
    );
    db.sql(&format!(
        "insert into line_holds (line_id, reason, held_by, held_at, release_reason, released_by, released_at) \
         with recursive n(i) as (select 1 union all select i + 1 from n where i < 1000) \
         select id, 'x', 'key:1', 1, 'y', 'key:2', 2 from run_lines, n where run_id = {} and payee = 'L4'",
        run["id"]
    ))
    .await;
    let (status, released) = rig
        .post("other", &format!("/payout-lines/{line}/release"), why)
        .await;
    assert_eq!((status, &released["line"]), (200, &json!(line)), "{released}");
    let (mut seen, mut cursor) = (0, String::new());
    loop {
        let path = format!("/payouts/{}/holds?limit=200{cursor}", run["id"]);
        let list = rig.get("admin", &path).await;
        seen += list["data"].as_array().map_or(0, Vec::len);
        let Some(next) = list["next_cursor"].as_str() else {
            assert_eq!(list["data"][0]["line"], json!(line), "the oldest comes last");
            break;
        };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen, 1_001);
}

both!(given_more_holds_than_a_page_when_an_old_one_is_released_then_it_is_told_and_every_page_is_given);
both!(given_an_own_line_when_objected_to_then_it_is_told_decided_by_another_and_appealed_to_a_third);
both!(given_an_objection_when_taken_back_then_the_line_may_be_objected_to_again);
both!(given_a_line_when_held_then_it_is_booked_and_paid_only_after_another_person_released_it);
