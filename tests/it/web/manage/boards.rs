//! Boards: published, and frozen while clicks arrive.

use super::*;

async fn given_a_board_when_published_then_only_frozen_once_and_again_when_restated(db: TestDb) {
    let app = app(&db);
    let clock = db.clock.clone();
    let mut scene = Scene::new(db).await;
    people(&app).await;
    traffic(&mut scene).await;
    let mut boss = signed_in(&app, "boss").await;
    let mut second = signed_in(&app, "second").await;
    let fields = [
        ("period", "2026-W47"),
        ("metric", "clicks"),
        ("by", "employee"),
        ("note", "<b>恭喜</b>"),
    ];
    assert_eq!(
        boss.post("/app/manage/boards", &fields).await.status,
        StatusCode::CONFLICT,
        "it is running"
    );
    clock.set(at("2026-11-24T02:00:00Z"));
    freeze_due(&app).await.unwrap();
    let path = "/app/manage/boards?period=2026-W47&metric=clicks&by=employee";
    assert!(boss.get(path).await.body.contains("已定榜"));
    let long = "字".repeat(501);
    let mut wrong = fields;
    wrong[3] = ("note", long.as_str());
    assert_eq!(
        boss.post("/app/manage/boards", &wrong).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    let (a, b) = tokio::join!(
        boss.post("/app/manage/boards", &fields),
        second.post("/app/manage/boards", &fields)
    );
    let mut statuses = [a.status, b.status];
    statuses.sort();
    assert_eq!(
        statuses,
        [StatusCode::SEE_OTHER, StatusCode::CONFLICT],
        "one of two publishes"
    );
    let again = boss.post("/app/manage/boards", &fields).await;
    assert_eq!(again.status, StatusCode::CONFLICT, "nothing changed since");
    let mut l4 = signed_in(&app, "l4").await;
    let seen = l4.get("/app/board?period=2026-W47&metric=clicks").await;
    assert!(
        seen.body.contains("已公布") && seen.body.contains("&#60;b&#62;恭喜"),
        "{}",
        seen.body
    );
    // A valid click turns out to be none: restated, published again.
    let row = scene.rows().await.into_iter().find(|r| r.valid).unwrap();
    bole::app::clicks::overrule_click(&app, &Actor::System, row.id, Class::Internal, "内部")
        .await
        .unwrap();
    let edition = boss.post("/app/manage/boards", &fields).await;
    assert_eq!(edition.status, StatusCode::SEE_OTHER, "{}", edition.body);
    assert_eq!(
        number(&app.store, "select max(edition) from board_publications").await,
        2
    );
    for file in ["csv", "xlsx", "png"] {
        let answer = boss
            .get(&path.replace("boards?", &format!("boards.{file}?")))
            .await;
        assert_eq!(answer.status, StatusCode::OK, "{file}");
    }
    assert_eq!(
        boss.get("/app/manage/boards?metric=fame").await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
}

async fn given_clicks_arriving_when_two_nodes_freeze_the_week_then_one_wins_and_the_board_says_what_came_later(
    db: TestDb,
) {
    let app_a = app(&db);
    let app_b = app(&db);
    let clock = db.clock.clone();
    let mut scene = Scene::new(db).await;
    traffic(&mut scene).await;
    clock.set(at("2026-11-24T02:00:00Z"));
    for n in 0u8..40 {
        let start = 3_600_000 + i64::from(n) * 60_000;
        let mut click = scene.click(start, if n % 2 == 0 { 1 } else { 5 });
        click.visitor = bole::classify::Visitor::Cookie([n + 100; 12]);
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
            start + 41_000,
            40_000,
            None,
        )));
    }
    let mut loader = scene.loader();
    let (a, b, loaded) = tokio::join!(freeze_due(&app_a), freeze_due(&app_b), loader.catch_up());
    loaded.unwrap();
    let (a, b) = (a.unwrap(), b.unwrap());
    let wins = [&a, &b]
        .iter()
        .filter(|labels| labels.contains(&"2026-W47".to_owned()))
        .count();
    assert_eq!(wins, 1, "{a:?} {b:?}");
    // Whatever the freeze saw, frozen value and restatement together say what is true now.
    let week = bole::domain::Period::parse("2026-W47").unwrap();
    let board = bole::app::board::board(
        &app_a,
        None,
        week,
        bole::ranking::Metric::Clicks,
        bole::ranking::By::Employee,
    )
    .await
    .unwrap();
    assert!(board.frozen_at.is_some());
    let now = |row: &bole::app::board::BoardRow| row.restated.map_or(row.value, |r| r.value).rounded();
    let all: i64 =
        board.rows.iter().map(now).sum::<i64>() + board.late.iter().map(|r| r.value.rounded()).sum::<i64>();
    assert_eq!(all, 46, "{board:?}");
    scene.assert_counts().await;
}

both!(
    given_a_board_when_published_then_only_frozen_once_and_again_when_restated,
    given_clicks_arriving_when_two_nodes_freeze_the_week_then_one_wins_and_the_board_says_what_came_later,
);
