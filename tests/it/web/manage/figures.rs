//! Slices, the funnel and the month.

use super::*;

async fn given_clicks_when_counted_into_slices_then_they_are_the_rows_and_follow_what_changes(db: TestDb) {
    let app = app(&db);
    let mut scene = Scene::new(db).await;
    traffic(&mut scene).await;
    assert_eq!(slices::count_due(&app).await.unwrap(), 1);
    assert_eq!(slices::count_due(&app).await.unwrap(), 0, "nothing changed");
    let store = &app.store;
    let found = store.cut_sums(Cut::Material, &day()).await.unwrap();
    let told: Vec<_> = found
        .iter()
        .map(|s| {
            (
                s.key.as_str(),
                s.sums.counts.requests,
                s.sums.counts.human,
                s.sums.counts.valid,
            )
        })
        .collect();
    assert_eq!(told, [("spring/", 4, 4, 2), ("spring/m1", 8, 7, 4)]);
    let channels = store.cut_sums(Cut::Channel, &day()).await.unwrap();
    assert_eq!((channels.len(), channels[0].sums.excluded.bot), (1, 1));
    let sums = store
        .person_sums("2026-11-18".parse().unwrap(), "2026-11-19".parse().unwrap())
        .await
        .unwrap();
    assert_eq!(
        sums.iter()
            .map(|s| (s.employee.0, s.counts.human))
            .collect::<Vec<_>>(),
        [(1, 7), (2, 4)]
    );
    let links = store.link_people(None).await.unwrap();
    assert_eq!(links.iter().map(|l| l.links).sum::<i64>(), 5);

    // Overruled from a class that does not count to another that does not: the hours say nothing, the day is counted again.
    let bot = scene
        .rows()
        .await
        .into_iter()
        .find(|r| r.class == Class::Bot)
        .unwrap();
    bole::app::clicks::overrule_click(&app, &Actor::System, bot.id, Class::Internal, "收银台的平板")
        .await
        .unwrap();
    assert_eq!(slices::count_due(&app).await.unwrap(), 1);
    let again = store.cut_sums(Cut::Channel, &day()).await.unwrap();
    assert_eq!(
        (again[0].sums.excluded.bot, again[0].sums.excluded.internal),
        (0, 1)
    );
}

async fn given_traffic_when_the_funnel_is_opened_then_its_figures_files_and_filters_agree(db: TestDb) {
    let app = app(&db);
    let mut scene = Scene::new(db).await;
    people(&app).await;
    traffic(&mut scene).await;
    sql(&app.store, "update campaigns set name = '=cmd|春' where id = 1")
        .await
        .unwrap();
    slices::count_due(&app).await.unwrap();
    let mut boss = signed_in(&app, "boss").await;
    let page = boss.get("/app/manage/funnel").await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    assert!(page.body.contains("2 人发出 5 条链接"), "{}", page.body);
    assert!(page.body.contains("占真人点击 54.5%"), "{}", page.body);
    assert!(page.body.contains("没有用素材"));
    for view in ["people", "cohorts"] {
        let page = boss.get(&format!("/app/manage/funnel?view={view}")).await;
        assert_eq!(page.status, StatusCode::OK, "{view} {}", page.body);
    }
    assert!(
        boss.get("/app/manage/funnel?view=people")
            .await
            .body
            .contains("张三")
    );
    let narrowed = boss
        .get("/app/manage/funnel?campaign=spring&material=m1&from=2026-11-18&to=2026-11-18")
        .await;
    assert!(narrowed.body.contains("占真人点击 57.1%"), "{}", narrowed.body);
    let csv = boss
        .get("/app/manage/funnel.csv?part=campaigns&from=2026-11-18&to=2026-11-18")
        .await;
    assert!(
        csv.body.starts_with('\u{feff}') && csv.body.contains("'=cmd|春"),
        "{}",
        csv.body
    );
    assert!(csv.body.contains(",12,11,6,"), "{}", csv.body);
    let xlsx = boss.get("/app/manage/funnel.xlsx").await;
    assert!(xlsx.body.starts_with("PK"), "{:?}", xlsx.headers);
    // Hostile and wrong.
    let wrong = boss
        .get("/app/manage/funnel?from=2026-13-40&to=%3Cscript%3E")
        .await;
    assert_eq!(wrong.status, StatusCode::OK);
    assert!(
        wrong.body.contains("id=\"from-error\"") && !wrong.body.contains("<script>"),
        "{}",
        wrong.body
    );
    for (query, status) in [
        ("campaign=nobody", StatusCode::NOT_FOUND),
        ("channel='%20or%201=1--&material=%22%3E", StatusCode::OK),
        ("from=2026-11-18&to=2026-11-01", StatusCode::OK),
        ("from=1900-01-01&to=2200-01-01", StatusCode::OK),
        ("view=%00&sort=%00", StatusCode::OK),
    ] {
        let answer = boss.get(&format!("/app/manage/funnel?{query}")).await;
        assert_eq!(answer.status, status, "{query}");
    }
    assert_eq!(
        boss.get("/app/manage/funnel.csv?part=x").await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    // The month.
    for path in [
        "/app/manage/review",
        "/app/manage/review?period=2026-10",
        "/app/manage/review.xlsx",
    ] {
        let answer = boss.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path} {}", answer.body);
    }
    assert!(boss.get("/app/manage/review").await.body.contains("达人：张三"));
    assert!(boss.get("/app/manage/review.pdf").await.body.starts_with("%PDF"));
    let no_month = boss.get("/app/manage/review?period=2026-W47").await;
    assert_eq!(no_month.status, StatusCode::UNPROCESSABLE_ENTITY);
}

both!(
    given_clicks_when_counted_into_slices_then_they_are_the_rows_and_follow_what_changes,
    given_traffic_when_the_funnel_is_opened_then_its_figures_files_and_filters_agree,
);
