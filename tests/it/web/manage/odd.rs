//! Points by hand and suspicions.

use bole::attribution::odd::Odd;
use serde_json::json;

use super::*;
use crate::convert::{Shop, and, sale};

async fn given_points_by_hand_when_asked_then_a_second_person_decides_once_and_nobody_for_themselves(
    db: TestDb,
) {
    let app = app(&db);
    let _scene = Scene::new(db).await;
    people(&app).await;
    let mut boss = signed_in(&app, "boss").await;
    let mut second = signed_in(&app, "second").await;
    let mut z3 = signed_in(&app, "z3").await;
    let long = "x".repeat(501);
    for (fields, id) in [
        (
            [("employee", "nobody"), ("points", "20"), ("reason", "讲课")],
            "employee-error",
        ),
        (
            [("employee", "L4"), ("points", "0"), ("reason", "讲课")],
            "points-error",
        ),
        (
            [("employee", "L4"), ("points", "1e9"), ("reason", "讲课")],
            "points-error",
        ),
        (
            [("employee", "L4"), ("points", "10001"), ("reason", "讲课")],
            "points-error",
        ),
        (
            [("employee", "L4"), ("points", "20"), ("reason", " ")],
            "reason-error",
        ),
        (
            [("employee", "L4"), ("points", "20"), ("reason", long.as_str())],
            "reason-error",
        ),
    ] {
        let answer = boss.post("/app/manage/points", &fields).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{fields:?}");
        assert!(answer.body.contains(id), "{fields:?} {}", answer.body);
    }
    assert_eq!(
        number(&app.store, "select count(*) from point_adjustments").await,
        0
    );
    let own = [("employee", "Z3"), ("points", "20"), ("reason", "我")];
    assert_eq!(
        z3.post("/app/manage/points", &own).await.status,
        StatusCode::FORBIDDEN
    );
    let ask = [
        ("employee", "L4"),
        ("points", "+20"),
        ("reason", "<script>讲课</script>"),
    ];
    let asked = boss.post("/app/manage/points", &ask).await;
    assert_eq!(asked.header("location"), "/app/manage/points?tab=hand&done=asked");
    let yes = [("decision", "approved"), ("reason", "")];
    let mine = boss.post("/app/manage/points/hand/1", &yes).await;
    assert_eq!(mine.status, StatusCode::FORBIDDEN, "who asked does not decide");
    let no = second
        .post(
            "/app/manage/points/hand/1",
            &[("decision", "rejected"), ("reason", " ")],
        )
        .await;
    assert_eq!(
        no.status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "a rejection needs a reason"
    );
    assert!(
        !no.body.contains("rel=\"prev\""),
        "there is one page: {}",
        no.body
    );
    let page = second.get("/app/manage/points?tab=hand").await;
    assert!(
        page.body.contains("现有 0 积分，通过后 20") && !page.body.contains("<script>讲课"),
        "{}",
        page.body
    );
    // Two decide in the same instant: one wins.
    let mut third = signed_in(&app, "z3").await;
    let (a, b) = tokio::join!(
        second.post("/app/manage/points/hand/1", &yes),
        third.post("/app/manage/points/hand/1", &yes)
    );
    let mut statuses = [a.status, b.status];
    statuses.sort();
    assert_eq!(statuses, [StatusCode::SEE_OTHER, StatusCode::CONFLICT]);
    assert_eq!(app.store.point_balance(EmployeeId(2)).await.unwrap(), 20);
    let taken = [("employee", "L4"), ("points", "-5"), ("reason", "重复")];
    z3.post("/app/manage/points", &taken).await;
    second.post("/app/manage/points/hand/2", &yes).await;
    assert_eq!(app.store.point_balance(EmployeeId(2)).await.unwrap(), 15);
    let told = "select count(*) from notices where employee_id = 2 and kind = 'points-decided'";
    assert_eq!(number(&app.store, told).await, 2, "of both they were told");
    let mut l4 = signed_in(&app, "l4").await;
    let results = l4.get("/app/results").await;
    assert!(results.body.contains("人工调整"), "{}", results.body);
    for tab in ["exchanges", "shares", "awards"] {
        let answer = boss.get(&format!("/app/manage/points?tab={tab}")).await;
        assert_eq!(answer.status, StatusCode::OK, "{tab}");
    }
    let odd = boss.post("/app/manage/points/awards/1", &yes).await;
    assert_eq!(odd.status, StatusCode::NOT_FOUND);
}

async fn given_a_sign_when_its_page_is_read_then_it_lists_what_each_decision_would_move(db: TestDb) {
    let shop = Shop::open(db).await;
    account(&shop.app, "boss", None, &[Role::Manager]).await;
    let mut boss = signed_in(&shop.app, "boss").await;
    let fast = shop.click(1, "2026-11-17T00:30:00Z", "human").await;
    for (n, (id, when)) in [
        ("FAST", "2026-11-17T00:30:03Z"),
        ("NEXT", "2026-11-18T01:00:00Z"),
        ("HELD", "2026-11-18T01:10:00Z"),
    ]
    .into_iter()
    .enumerate()
    {
        let body = and(sale(id, when, &format!("1390000000{n}")), "click", fast.clone());
        shop.take(body).await;
    }
    let held = json!({ "decision": "held", "reason": "查" });
    shop.post("/conversions/HELD/decision", held).await.is(200);
    slices::count_due(&shop.app).await.unwrap();
    let open = shop.app.store.suspicions("open", 0, 9).await.unwrap();
    let sign = open.iter().find(|s| s.kind == Odd::Instant).expect("a sign").id;
    let path = format!("/app/manage/fraud/{sign}");
    let page = boss.get(&path).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    for text in [
        "放行：因这条迹象暂缓的 0 条线索、2 笔成交（¥398.00）",
        "0 条线索、3 笔成交（¥597.00）驳回",
        "HELD",
        "NEXT",
        "放行 · 认定",
        "暂缓中",
    ] {
        assert!(page.body.contains(text), "{text}: {}", page.body);
    }
    let confirm = [("decision", "confirm"), ("class", "suspect"), ("reason", "监控")];
    assert_eq!(boss.post(&path, &confirm).await.status, StatusCode::SEE_OTHER);
    for id in ["FAST", "NEXT", "HELD"] {
        let now = shop.get(&format!("/conversions/{id}")).await;
        assert_eq!(now["status"], "rejected", "{id}");
    }
    let page = boss.get(&path).await;
    assert!(
        !page.body.contains("NEXT"),
        "nothing is left to move: {}",
        page.body
    );
}

async fn given_more_orders_than_a_page_holds_when_a_signs_page_is_read_then_the_rest_is_counted_and_listed(
    db: TestDb,
) {
    let shop = Shop::open(db).await;
    account(&shop.app, "boss", None, &[Role::Manager]).await;
    let mut boss = signed_in(&shop.app, "boss").await;
    let fast = shop.click(1, "2026-11-17T00:30:00Z", "human").await;
    for n in 0..103 {
        let body = and(
            sale(
                &format!("ORDER-{n:03}"),
                "2026-11-17T00:30:03Z",
                &format!("139000{n:05}"),
            ),
            "click",
            fast.clone(),
        );
        shop.take(body).await;
    }
    slices::count_due(&shop.app).await.unwrap();
    let open = shop.app.store.suspicions("open", 0, 9).await.unwrap();
    let sign = open.iter().find(|s| s.kind == Odd::Instant).expect("a sign").id;
    let path = format!("/app/manage/fraud/{sign}");
    let page = boss.get(&path).await;
    assert_eq!(page.body.matches("ORDER-").count(), 100);
    let all = format!("{path}?all=1");
    assert!(
        page.body.contains(&format!("href=\"{all}#conversions\"")),
        "{}",
        page.body
    );
    assert!(page.body.contains("还有 3 笔"), "{}", page.body);
    assert_eq!(boss.get(&all).await.body.matches("ORDER-").count(), 103);
}

async fn given_a_run_of_clicks_when_found_odd_then_a_person_holds_it_and_confirms_it_with_effect(db: TestDb) {
    let app = app(&db);
    let mut scene = Scene::new(db).await;
    people(&app).await;
    // Twenty visitors out of one network, every 30 seconds, gone right after the limit.
    for n in 0u8..20 {
        let start = i64::from(n) * 60_000;
        let mut click = scene.click(start, 5);
        click.visitor = bole::classify::Visitor::Cookie([n + 1; 12]);
        let id = click.id;
        scene.write(Record::Click(click));
        scene.write(Record::Beacon(beacon(
            id,
            BeaconKind::Start,
            start + 500,
            0,
            None,
        )));
        scene.write(Record::Beacon(beacon(
            id,
            BeaconKind::Limit,
            start + 32_000,
            31_000,
            None,
        )));
    }
    scene.load().await;
    slices::count_due(&app).await.unwrap();
    let open = app.store.suspicions("open", 0, 10).await.unwrap();
    let mut kinds: Vec<&str> = open.iter().map(|s| s.kind.as_str()).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["dwell", "network", "regular"]);
    assert_eq!(
        app.store.point_balance(EmployeeId(2)).await.unwrap(),
        100,
        "a sign moves no points"
    );
    let network = open.iter().find(|s| s.kind.as_str() == "network").unwrap().id;
    let path = format!("/app/manage/fraud/{network}");
    let mut boss = signed_in(&app, "boss").await;
    let mut second = signed_in(&app, "second").await;
    let mut l4 = signed_in(&app, "l4").await;
    assert_eq!(l4.get(&path).await.status, StatusCode::FORBIDDEN);
    assert!(
        boss.get("/app/manage/fraud")
            .await
            .body
            .contains("20 次真人点击里，20 次来自同一个网络")
    );
    let case = boss.get(&path).await;
    assert!(case.body.contains("收回 100 积分"), "{}", case.body);
    for (fields, id) in [
        (
            [("decision", "confirm"), ("class", "suspect"), ("reason", "")],
            "reason-error",
        ),
        (
            [("decision", "shoot"), ("class", "suspect"), ("reason", "x")],
            "decision-error",
        ),
        (
            [("decision", "confirm"), ("class", "human"), ("reason", "x")],
            "class-error",
        ),
    ] {
        let answer = boss.post(&path, &fields).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{fields:?}");
        assert!(answer.body.contains(id), "{fields:?} {}", answer.body);
    }
    let hold = [("decision", "hold"), ("class", "suspect"), ("reason", "先看监控")];
    assert_eq!(boss.post(&path, &hold).await.status, StatusCode::SEE_OTHER);
    assert_eq!(
        boss.post(&path, &hold).await.status,
        StatusCode::CONFLICT,
        "held already"
    );
    let confirm = [
        ("decision", "confirm"),
        ("class", "internal"),
        ("reason", "店里的 Wi-Fi"),
    ];
    let (a, b) = tokio::join!(boss.post(&path, &confirm), second.post(&path, &confirm));
    let mut statuses = [a.status, b.status];
    statuses.sort();
    assert_eq!(
        statuses,
        [StatusCode::SEE_OTHER, StatusCode::CONFLICT],
        "{} {}",
        a.body,
        b.body
    );
    assert_eq!(app.store.point_balance(EmployeeId(2)).await.unwrap(), 0);
    scene.assert_counts().await;
    // About oneself nobody decides, admin included.
    let own = Actor::Account {
        id: 99,
        roles: vec![Role::Admin],
        employee: Some(EmployeeId(2)),
    };
    let dwell = open.iter().find(|s| s.kind.as_str() == "dwell").unwrap().id;
    let refused = decide_on_suspicion(&app, &own, dwell, Decision::Clear, "没事").await;
    assert!(
        matches!(refused, Err(bole::app::Refused::Forbidden(_))),
        "{refused:?}"
    );
    let clear = [
        ("decision", "clear"),
        ("class", "suspect"),
        ("reason", "活动现场"),
    ];
    let cleared = boss.post(&format!("/app/manage/fraud/{dwell}"), &clear).await;
    assert_eq!(
        cleared.header("location"),
        "/app/manage/fraud?tab=cleared&done=cleared"
    );
    for tab in ["held", "cleared", "confirmed", "conversions", "clicks"] {
        assert_eq!(
            boss.get(&format!("/app/manage/fraud?tab={tab}")).await.status,
            StatusCode::OK,
            "{tab}"
        );
    }
    assert!(
        number(
            &app.store,
            "select count(*) from audit_log where action = 'suspicion.decide'"
        )
        .await
            >= 3
    );
    assert_eq!(
        boss.get("/app/manage/fraud/9999").await.status,
        StatusCode::NOT_FOUND
    );
    let nothing = [("id", ClickId(uuid::Uuid::nil()).to_string())];
    let nothing: Vec<(&str, &str)> = nothing.iter().map(|(k, v)| (*k, v.as_str())).collect();
    let gone = [nothing[0], ("class", "bot"), ("reason", "x")];
    assert_eq!(
        boss.post("/app/manage/fraud/clicks", &gone).await.status,
        StatusCode::NOT_FOUND
    );
}

async fn given_a_verdict_with_a_reason_when_my_results_are_read_then_they_say_it_and_not_what_credited(
    db: TestDb,
) {
    let shop = Shop::open(db).await;
    account(&shop.app, "z3", Some(1), &[Role::Employee]).await;
    let mut z3 = signed_in(&shop.app, "z3").await;
    for (n, (decision, id)) in [("rejected", "O-1"), ("held", "O-2")].into_iter().enumerate() {
        let click = shop.click(1, "2026-11-18T00:30:00Z", "human").await;
        let phone = format!("1390000000{n}");
        shop.take(and(sale(id, "2026-11-18T01:30:00Z", &phone), "click", click))
            .await;
        let body = json!({ "decision": decision, "reason": format!("系统里查不到{id}的付款") });
        shop.post(&format!("/conversions/{id}/decision"), body)
            .await
            .is(200);
    }
    let page = z3.get("/app/results").await.body;
    for id in ["O-1", "O-2"] {
        let said = format!("审核说明：系统里查不到{id}的付款");
        assert!(page.contains(&said), "{said}: {page}");
    }
    assert!(!page.contains("已计入 Z3"), "{page}");
    // What a sign holds says so, in the reader's language; a colleague's reason to reject it comes in its place.
    let click = shop.click(1, "2026-11-18T02:00:00Z", "human").await;
    shop.take(and(
        sale("O-3", "2026-11-18T02:00:03Z", "13900000009"),
        "click",
        click,
    ))
    .await;
    slices::count_due(&shop.app).await.unwrap();
    for page in ["/app/results", "/app/notices"] {
        let body = z3.get(page).await.body;
        assert!(body.contains("系统发现迹象“秒成交”"), "{page}: {body}");
        assert!(!body.contains("sign:instant"), "{page}: {body}");
    }
    account(&shop.app, "boss", None, &[Role::Manager]).await;
    let mut boss = signed_in(&shop.app, "boss").await;
    let held = boss.get("/app/manage/fraud?tab=conversions").await.body;
    assert!(
        held.contains("系统发现迹象“秒成交”") && !held.contains("sign:instant"),
        "{held}"
    );
}

both!(
    given_a_verdict_with_a_reason_when_my_results_are_read_then_they_say_it_and_not_what_credited,
    given_points_by_hand_when_asked_then_a_second_person_decides_once_and_nobody_for_themselves,
    given_a_run_of_clicks_when_found_odd_then_a_person_holds_it_and_confirms_it_with_effect,
    given_a_sign_when_its_page_is_read_then_it_lists_what_each_decision_would_move,
    given_more_orders_than_a_page_holds_when_a_signs_page_is_read_then_the_rest_is_counted_and_listed,
);
