//! Votes, honours, goals, pilots, and whose doors these are.

use super::*;

async fn given_a_vote_when_open_then_each_votes_once_not_for_themselves_and_the_count_awards(db: TestDb) {
    let app = app(&db);
    let clock = db.clock.clone();
    let _scene = Scene::new(db).await;
    people(&app).await;
    let mut boss = signed_in(&app, "boss").await;
    let open = "/app/manage/honours/vote";
    for (fields, id) in [
        (
            [
                ("month", "2026-12"),
                ("closes_on", "2026-11-20"),
                ("candidates", "Z3\nL4"),
            ],
            "month-error",
        ),
        (
            [
                ("month", "2026-11"),
                ("closes_on", "2026-11-01"),
                ("candidates", "Z3\nL4"),
            ],
            "closes_on-error",
        ),
        (
            [
                ("month", "2026-11"),
                ("closes_on", "2026-11-20"),
                ("candidates", "Z3"),
            ],
            "candidates-error",
        ),
        (
            [
                ("month", "2026-11"),
                ("closes_on", "2026-11-20"),
                ("candidates", "Z3\n<script>"),
            ],
            "candidates-error",
        ),
        (
            [
                ("month", "2026-11"),
                ("closes_on", "2026-11-20"),
                ("candidates", "Z3\nAL"),
            ],
            "candidates-error",
        ),
    ] {
        let answer = boss.post(open, &fields).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{fields:?}");
        assert!(answer.body.contains(id), "{fields:?} {}", answer.body);
    }
    let good = [
        ("month", "2026-11"),
        ("closes_on", "2026-11-20"),
        ("candidates", "Z3 苏打饼干\nL4 <i>秋冬</i>"),
    ];
    assert_eq!(boss.post(open, &good).await.status, StatusCode::SEE_OTHER);
    assert_eq!(
        boss.post(open, &good).await.status,
        StatusCode::CONFLICT,
        "one a month"
    );
    let mut l4 = signed_in(&app, "l4").await;
    let mut w5 = signed_in(&app, "w5").await;
    let page = l4.get("/app/honours").await;
    assert!(
        page.body.contains("苏打饼干") && !page.body.contains("<i>秋冬"),
        "{}",
        page.body
    );
    assert!(l4.get("/app/board").await.body.contains("正在投票"));
    let ballot = |who: &'static str| [("vote", "1"), ("candidate", who)];
    assert_eq!(
        l4.post("/app/honours", &ballot("L4")).await.status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "own"
    );
    assert_eq!(
        l4.post("/app/honours", &ballot("W5")).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    // The same ballot twice at once is one.
    let mut twin = signed_in(&app, "l4").await;
    let (yes, no) = (ballot("Z3"), ballot("Z3"));
    let (a, b) = tokio::join!(l4.post("/app/honours", &yes), twin.post("/app/honours", &no));
    let mut statuses = [a.status, b.status];
    statuses.sort();
    assert_eq!(statuses, [StatusCode::SEE_OTHER, StatusCode::CONFLICT]);
    assert_eq!(
        w5.post("/app/honours", &ballot("L4")).await.status,
        StatusCode::SEE_OTHER
    );
    let early = boss.post("/app/manage/honours/vote/1", &[("reason", "")]).await;
    assert_eq!(early.status, StatusCode::CONFLICT, "still open");
    clock.set(at("2026-11-21T02:00:00Z"));
    let mut z3 = signed_in(&app, "z3").await;
    assert_eq!(
        z3.post("/app/honours", &ballot("L4")).await.status,
        StatusCode::CONFLICT,
        "closed"
    );
    let tie = boss.post("/app/manage/honours/vote/1", &[("reason", "")]).await;
    assert_eq!(
        tie.status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "a tie is settled by a person"
    );
    let own = z3.post("/app/manage/honours/vote/1", &[("winner", "Z3")]).await;
    assert_eq!(own.status, StatusCode::FORBIDDEN, "not for oneself");
    let counted = boss
        .post(
            "/app/manage/honours/vote/1",
            &[("winner", "L4"), ("reason", "三种语气都好")],
        )
        .await;
    assert_eq!(counted.status, StatusCode::SEE_OTHER, "{}", counted.body);
    assert_eq!(app.store.point_balance(EmployeeId(2)).await.unwrap(), 500);
    assert_eq!(
        app.store.best_creator_of("2026-11").await.unwrap(),
        Some(2),
        "what the scheme reads"
    );
    assert!(w5.get("/app/honours").await.body.contains("李四"));
}

async fn given_honours_and_goals_when_given_then_people_see_them_and_the_rules_hold(db: TestDb) {
    let app = app(&db);
    let mut scene = Scene::new(db).await;
    people(&app).await;
    traffic(&mut scene).await;
    let mut boss = signed_in(&app, "boss").await;
    let give = "/app/manage/honours/honours";
    let good = [
        ("employee", "L4"),
        ("kind", "chief"),
        ("title", "首席推荐官"),
        ("span", "2026-Q4"),
        ("reason", "带得动<script>"),
    ];
    for (at, value, id) in [
        (0, "nobody", "employee-error"),
        (1, "king", "kind-error"),
        (2, "", "title-error"),
        (3, "2027", "span-error"),
        (4, " ", "reason-error"),
    ] {
        let mut fields = good;
        fields[at].1 = value;
        let answer = boss.post(give, &fields).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{fields:?}");
        assert!(answer.body.contains(id), "{fields:?} {}", answer.body);
    }
    assert_eq!(boss.post(give, &good).await.status, StatusCode::SEE_OTHER);
    let mut other = good;
    other[0].1 = "W5";
    assert_eq!(
        boss.post(give, &other).await.status,
        StatusCode::CONFLICT,
        "one chief a quarter"
    );
    let mut z3 = signed_in(&app, "z3").await;
    let mut own = good;
    (own[0].1, own[1].1) = ("Z3", "badge");
    assert_eq!(z3.post(give, &own).await.status, StatusCode::FORBIDDEN);
    let mut l4 = signed_in(&app, "l4").await;
    for path in [
        "/app/honours",
        "/app/me",
        "/app/results",
        "/app/board?metric=clicks",
    ] {
        let page = l4.get(path).await;
        assert!(page.body.contains("首席推荐官"), "{path} {}", page.body);
        assert!(!page.body.contains("<script>"), "{path}");
    }
    let goal = "/app/manage/honours/goals";
    let good = [
        ("team", "north"),
        ("metric", "clicks"),
        ("first", "2026-11-16"),
        ("last", "2026-11-22"),
        ("target", "12"),
        ("reward", "下午茶"),
    ];
    for (at, value, id) in [
        (0, "moon", "team-error"),
        (1, "fame", "metric-error"),
        (3, "2026-11-01", "last-error"),
        (4, "-3", "target-error"),
        (5, "", "reward-error"),
    ] {
        let mut fields = good;
        fields[at].1 = value;
        let answer = boss.post(goal, &fields).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{fields:?}");
        assert!(answer.body.contains(id), "{fields:?} {}", answer.body);
    }
    assert_eq!(boss.post(goal, &good).await.status, StatusCode::SEE_OTHER);
    let mut firm = good;
    firm[0].1 = "";
    assert_eq!(boss.post(goal, &firm).await.status, StatusCode::SEE_OTHER);
    let board = l4.get("/app/board").await.body;
    assert!(board.contains("6 次，目标 12 次"), "{board}");
    let mut w5 = signed_in(&app, "w5").await;
    assert_eq!(
        w5.get("/app/board").await.body.matches("目标 12 次").count(),
        1,
        "the firm's alone"
    );
    assert_eq!(
        boss.post(&format!("{goal}/1"), &[]).await.status,
        StatusCode::SEE_OTHER
    );
    assert_eq!(
        boss.post(&format!("{goal}/1"), &[]).await.status,
        StatusCode::CONFLICT
    );
    let back = boss.post(&format!("{give}/1"), &[("reason", "误发")]).await;
    assert_eq!(back.status, StatusCode::SEE_OTHER);
    assert!(!l4.get("/app/me").await.body.contains("首席推荐官"));
    assert_eq!(
        boss.get("/app/manage/honours?tab=scouts").await.status,
        StatusCode::OK
    );
}

async fn given_a_campaign_in_a_pilot_when_others_look_then_they_see_nothing_and_get_no_link(db: TestDb) {
    let app = app(&db);
    let _scene = Scene::new(db).await;
    people(&app).await;
    let mut boss = signed_in(&app, "boss").await;
    let pilot = "/app/manage/campaigns/spring/pilot";
    assert_eq!(
        boss.post(pilot, &[("act", "start")]).await.status,
        StatusCode::SEE_OTHER
    );
    for (who, status) in [
        ("<script>", StatusCode::UNPROCESSABLE_ENTITY),
        ("L4", StatusCode::SEE_OTHER),
        ("L4", StatusCode::CONFLICT),
    ] {
        assert_eq!(
            boss.post(pilot, &[("act", "add"), ("who", who)]).await.status,
            status,
            "{who}"
        );
    }
    let (mut l4, mut w5) = (signed_in(&app, "l4").await, signed_in(&app, "w5").await);
    assert!(l4.get("/app/share").await.body.contains("春"), "a member");
    assert!(!w5.get("/app/share").await.body.contains("春"), "nobody else");
    let wish = [("campaign", "spring"), ("material", ""), ("channel", "weibo")];
    let refused = w5.post("/app/share/link", &wish).await;
    assert!(
        refused.status.is_client_error(),
        "{} {}",
        refused.status,
        refused.body
    );
    assert_eq!(
        number(&app.store, "select count(*) from links where employee_id = 3").await,
        0
    );
    let minted = l4.post("/app/share/link", &wish).await;
    assert_eq!(minted.status, StatusCode::SEE_OTHER, "{}", minted.body);
    // A team.
    assert_eq!(
        boss.post(pilot, &[("act", "add"), ("who", "南区")]).await.status,
        StatusCode::SEE_OTHER
    );
    assert!(w5.get("/app/share").await.body.contains("春"));
    let team = number(
        &app.store,
        "select id from pilot_members where team_id is not null",
    )
    .await
    .to_string();
    assert_eq!(
        boss.post(pilot, &[("act", "remove"), ("member", team.as_str())])
            .await
            .status,
        StatusCode::SEE_OTHER
    );
    assert!(!w5.get("/app/share").await.body.contains("春"));
    assert_eq!(
        boss.post(pilot, &[("act", "open")]).await.status,
        StatusCode::SEE_OTHER
    );
    assert_eq!(
        boss.post(pilot, &[("act", "open")]).await.status,
        StatusCode::CONFLICT
    );
    assert!(w5.get("/app/share").await.body.contains("春"), "open to all");
}

async fn given_an_employee_when_opening_the_managers_desk_then_every_door_is_shut(db: TestDb) {
    let app = app(&db);
    let _scene = Scene::new(db).await;
    people(&app).await;
    let mut l4: Browser = signed_in(&app, "l4").await;
    for path in [
        "/app/manage/funnel",
        "/app/manage/funnel.csv?part=channels",
        "/app/manage/funnel.xlsx",
        "/app/manage/boards",
        "/app/manage/boards.png",
        "/app/manage/points",
        "/app/manage/fraud",
        "/app/manage/honours",
        "/app/manage/review",
        "/app/manage/review.pdf",
    ] {
        assert_eq!(l4.get(path).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    for path in [
        "/app/manage/boards",
        "/app/manage/points",
        "/app/manage/points/hand/1",
        "/app/manage/fraud/1",
        "/app/manage/fraud/clicks",
        "/app/manage/fraud/conversions",
        "/app/manage/honours/vote",
        "/app/manage/honours/vote/1",
        "/app/manage/honours/goals",
        "/app/manage/honours/honours",
        "/app/manage/campaigns/spring/pilot",
    ] {
        assert_eq!(
            l4.post(path, &[("decision", "approved")]).await.status,
            StatusCode::FORBIDDEN,
            "{path}"
        );
    }
}

both!(
    given_a_vote_when_open_then_each_votes_once_not_for_themselves_and_the_count_awards,
    given_honours_and_goals_when_given_then_people_see_them_and_the_rules_hold,
    given_a_campaign_in_a_pilot_when_others_look_then_they_see_nothing_and_get_no_link,
    given_an_employee_when_opening_the_managers_desk_then_every_door_is_shut,
);
