//! The board and one run.

use bole::storage::pay::{NewLine, insert_lines};

use super::{calculated, firm, first_batches, signed_in, step};
use crate::support::TestDb;

async fn given_periods_that_are_over_when_the_board_is_opened_then_what_is_missing_stands_out_and_can_be_calculated(
    db: TestDb,
) {
    let app = firm(&db).await;
    let mut gu = signed_in(&app, "gu").await;
    let empty = gu.get("/app/pay/runs").await.body;
    assert!(empty.contains("还没有启用方案"), "{empty}");
    first_batches(&app).await;
    let board = gu.get("/app/pay/runs").await.body;
    // June to October are over, November is not.
    assert_eq!(board.matches("没算</span>").count(), 5, "{board}");
    assert_eq!(board.matches("未到期").count(), 1);
    assert!(
        board.contains("scheme=07-new-customers&#38;period=2026-10#calculate"),
        "{board}"
    );
    let run = calculated(&mut gu, "07-new-customers", "2026-10").await;
    let board = gu.get("/app/pay/runs").await.body;
    assert_eq!(board.matches("没算</span>").count(), 4);
    assert!(
        board.contains(&format!("/app/pay/runs/{run}")) && board.contains("等送审"),
        "{board}"
    );
    // The board of a year ago is before the scheme.
    let old = gu.get("/app/pay/runs?until=2025-10").await.body;
    assert_eq!(old.matches("没算</span>").count(), 0);
    for wrong in [
        "until=x",
        "until=2026-13",
        "until=9999-01",
        "until=-1",
        "until=2026-10-01",
    ] {
        assert_eq!(
            gu.get(&format!("/app/pay/runs?{wrong}")).await.status.as_u16(),
            422,
            "{wrong}"
        );
    }
    assert_eq!(gu.get("/app/pay/runs?until=").await.status.as_u16(), 200);
}

async fn given_a_wrong_period_when_calculated_then_the_field_says_so_and_nothing_is_stored(db: TestDb) {
    let app = firm(&db).await;
    first_batches(&app).await;
    let mut gu = signed_in(&app, "gu").await;
    let hostile = format!("<script>alert(1)</script>{}", "字".repeat(5000));
    for (scheme, period, id) in [
        ("07-new-customers", "", "period-error"),
        ("07-new-customers", "2026-Q4", "period-error"),
        ("07-new-customers", hostile.as_str(), "period-error"),
        ("' or 1=1 --", "2026-10", "scheme-error"),
        ("", "", "period-error"),
    ] {
        let answer = gu
            .post("/app/pay/runs", &[("scheme", scheme), ("period", period)])
            .await;
        assert_eq!(answer.status.as_u16(), 422, "{scheme} {period}");
        assert!(answer.body.contains(&format!("id=\"{id}\"")), "{}", answer.body);
        assert!(!answer.body.contains("<script>alert"), "escaped");
    }
    // What cannot be computed says where: the team process needs a rate nobody supplied.
    let activity = [
        ("scheme", "01-team-process"),
        ("period", "2026-11-03..2026-11-06"),
    ];
    let refused = gu.post("/app/pay/runs", &activity).await;
    assert_eq!(refused.status.as_u16(), 422);
    assert!(refused.body.contains("manager_rate"), "{}", refused.body);
    assert!(app.store.runs(None, None, 10).await.expect("a store").is_empty());
}

async fn given_a_run_when_it_is_reviewed_then_its_sums_changes_lines_and_stories_are_there(db: TestDb) {
    let app = firm(&db).await;
    first_batches(&app).await;
    let mut gu = signed_in(&app, "gu").await;
    calculated(&mut gu, "07-new-customers", "2026-09").await;
    let run = calculated(&mut gu, "07-new-customers", "2026-10").await;
    let path = format!("/app/pay/runs/{run}");
    let page = gu.get(&path).await.body;
    // 60 000 × 15 % and 31 000.50 × 10 %, and 300 each for a new shop; 20 000 × 10 % and 300 before.
    assert!(
        page.contains("¥12,700.05") && page.contains("+10,400.05"),
        "{page}"
    );
    assert!(page.contains("变化大") && !page.contains("请知悉"), "{page}");
    assert!(page.contains("张晓雯<small>zhang</small>"), "{page}");
    let only = gu.get(&format!("{path}?who=%E6%9D%8E")).await.body;
    assert!(
        only.contains("李梦<small>li</small>") && !only.contains("张晓雯<small>"),
        "{only}"
    );
    let by_code = gu
        .get(&format!("{path}?who=ZHANG&only=outliers&sort=was"))
        .await
        .body;
    assert!(
        by_code.contains("张晓雯<small>") && by_code.contains("aria-sort=\"ascending\""),
        "{by_code}"
    );
    let sorted = gu.get(&format!("{path}?sort=now")).await.body;
    let rows = sorted.split("id=\"lines\"").nth(1).expect("lines");
    let at = |text: &str| rows.find(text).unwrap_or_else(|| panic!("{text} in {rows}"));
    assert!(at("¥300.00") < at("¥3,100.05") && at("¥3,100.05") < at("¥9,000.00"));
    for odd in ["page=0", "page=999", "sort=%27", "who=%25", "rule=x", "only=x"] {
        assert_eq!(
            gu.get(&format!("{path}?{odd}")).await.status.as_u16(),
            200,
            "{odd}"
        );
    }
    let lines = app
        .store
        .run_lines(run.parse().expect("a number"), Some("zhang"), None, 9)
        .await
        .expect("a store");
    let story = gu.get(&format!("/app/pay/lines/{}", lines[0].id)).await.body;
    assert!(
        story.contains("60,000.00") && story.contains("facts/history?kind=first_batch"),
        "{story}"
    );
    gu.language = "en";
    gu.post("/app/me/lang", &[("lang", "en")]).await;
    assert_eq!(gu.get("/app/pay/runs/9999").await.status.as_u16(), 404);
    assert_eq!(gu.get("/app/pay/runs/x").await.status.as_u16(), 404);
    assert_eq!(gu.get("/app/pay/lines/9999").await.status.as_u16(), 404);
}

async fn given_more_lines_than_a_page_when_those_of_one_rule_are_asked_for_then_each_is_listed_and_the_sum_is_of_all(
    db: TestDb,
) {
    let app = firm(&db).await;
    first_batches(&app).await;
    let mut gu = signed_in(&app, "gu").await;
    let run = calculated(&mut gu, "07-new-customers", "2026-10").await;
    let id: i64 = run.parse().expect("a number");
    let of_zhang = || app.store.run_lines(id, Some("zhang"), None, 999);
    // As many of each rule as an order's scheme has of its orders.
    let many: Vec<NewLine> = of_zhang()
        .await
        .expect("a store")
        .into_iter()
        .flat_map(|row| {
            (0..205).map(move |n| NewLine {
                about: Some(format!("s-{n}")),
                ..row.line.clone()
            })
        })
        .collect();
    let mut tx = db.store.begin().await.expect("a store");
    insert_lines(&mut tx, id, &many).await.expect("lines");
    tx.commit().await.expect("a store");
    let lines = of_zhang().await.expect("a store");
    let bonus: Vec<_> = lines
        .iter()
        .filter(|r| r.line.component == "new_stores")
        .collect();
    assert!(bonus.len() > 200 && lines.len() > 400, "{}", lines.len());
    let path = format!("/app/pay/runs/{run}/lines?payee=zhang&rule=new_stores");
    let first = gu.get(&path).await.body;
    let sum = bonus.iter().map(|r| r.line.amount.minor()).sum::<i64>();
    let sum = bole::web::i18n::yuan(bole::domain::Money::from_minor(sum));
    let shown = |body: &str, of: &str| body.matches(&format!("href=\"/app/pay/lines/{of}")).count();
    assert_eq!(shown(&first, ""), 200);
    assert!(first.contains(&sum), "{sum} in {first}");
    let after = format!("{path}&after={}", bonus[199].id);
    assert!(first.contains(&after.replace('&', "&#38;")), "{after} in {first}");
    let last = gu.get(&after).await.body;
    assert_eq!(shown(&last, ""), bonus.len() - 200);
    assert!(
        last.contains(&sum) && shown(&last, &format!("{}\"", bonus[200].id)) == 1,
        "{last}"
    );
}

both!(given_more_lines_than_a_page_when_those_of_one_rule_are_asked_for_then_each_is_listed_and_the_sum_is_of_all);

async fn given_a_run_when_two_people_take_it_down_its_road_then_each_step_is_theirs_and_it_is_paid_once(
    db: TestDb,
) {
    let app = firm(&db).await;
    first_batches(&app).await;
    let (mut gu, mut fang) = (signed_in(&app, "gu").await, signed_in(&app, "fang").await);
    let run = calculated(&mut gu, "07-new-customers", "2026-10").await;
    for out_of_order in ["close", "pay"] {
        assert_eq!(step(&mut gu, &run, out_of_order).await, 409, "{out_of_order}");
    }
    assert_eq!(step(&mut fang, &run, "submit").await, 403);
    assert_eq!(step(&mut gu, &run, "submit").await, 303);
    assert_eq!(step(&mut gu, &run, "submit").await, 409, "twice");
    assert_eq!(
        step(&mut gu, &run, "again").await,
        409,
        "under review it stays as it is"
    );
    assert_eq!(step(&mut gu, &run, "approve").await, 403, "who calculated");
    let seen = gu.get(&format!("/app/pay/runs/{run}")).await.body;
    assert!(
        seen.contains("aria-disabled=\"true\"") && seen.contains("要有批准权的人来批准"),
        "{seen}"
    );
    // Sent back without a reason the answer shows the field, with one it stands above everything else.
    let path = format!("/app/pay/runs/{run}/return");
    let bare = fang.post(&path, &[("reason", " ")]).await;
    assert_eq!(bare.status.as_u16(), 422);
    assert!(
        bare.body.contains("back-reason-error") && bare.body.contains(&format!("action=\"{path}#return\"")),
        "{}",
        bare.body
    );
    let told = fang.post(&path, &[("reason", "少算了一个人")]).await;
    assert_eq!(told.status.as_u16(), 303, "{}", told.body);
    let page = gu.get(&format!("/app/pay/runs/{run}")).await.body;
    let above = page.split("figure-main").next().unwrap_or_default();
    assert!(
        above.contains("退回：少算了一个人") && above.contains("方建国"),
        "{page}"
    );
    assert_eq!(step(&mut gu, &run, "submit").await, 303);
    let page = gu.get(&format!("/app/pay/runs/{run}")).await.body;
    let above = page.split("figure-main").next().unwrap_or_default();
    assert!(
        !above.contains("少算了一个人") && page.contains("少算了一个人"),
        "{page}"
    );
    assert_eq!(step(&mut fang, &run, "approve").await, 303);
    assert_eq!(step(&mut fang, &run, "approve").await, 409, "twice");
    assert_eq!(step(&mut fang, &run, "close").await, 403);
    assert_eq!(step(&mut gu, &run, "close").await, 303);
    assert_eq!(step(&mut gu, &run, "pay").await, 303);
    assert_eq!(step(&mut gu, &run, "pay").await, 409, "twice");
    assert_eq!(step(&mut gu, &run, "reopen").await, 404);
    let paid = gu.get(&format!("/app/pay/runs/{run}")).await.body;
    assert!(
        paid.contains("关账快照") && paid.contains("方建国") && !paid.contains("approval-bar"),
        "{paid}"
    );
    let ledger = bole::app::pay::check_ledger(&app).await.expect("a store");
    assert_eq!((ledger.broken_at, ledger.trial_balance), (None, 0));
}

async fn given_a_scheme_that_is_due_and_not_calculated_when_a_run_is_to_close_then_the_page_says_which_and_does_not_offer_it(
    db: TestDb,
) {
    let app = firm(&db).await;
    first_batches(&app).await;
    let due = bole::app::pay::SettingInput {
        from_on: "2026-01-01".parse().expect("a day"),
        document: None,
        params: serde_json::Map::new(),
        enabled: true,
        note: String::new(),
    };
    bole::app::pay::change_setting(&app, &bole::app::Actor::System, "07-repeat-orders", &due)
        .await
        .expect("a setting");
    let (mut gu, mut fang) = (signed_in(&app, "gu").await, signed_in(&app, "fang").await);
    let run = calculated(&mut gu, "07-new-customers", "2026-10").await;
    step(&mut gu, &run, "submit").await;
    step(&mut fang, &run, "approve").await;
    let page = gu.get(&format!("/app/pay/runs/{run}")).await.body;
    assert!(
        page.contains("还没算：首批高额提成：返单与消耗") && page.contains("挡住关账"),
        "by its name: {page}"
    );
    assert!(
        !page.contains(&format!("action=\"/app/pay/runs/{run}/close\"")),
        "{page}"
    );
    let refused = gu.post(&format!("/app/pay/runs/{run}/close"), &[]).await;
    assert_eq!(refused.status.as_u16(), 409);
    assert!(refused.body.contains("role=\"alert\""), "{}", refused.body);
    calculated(&mut gu, "07-repeat-orders", "2026-10").await;
    assert_eq!(step(&mut gu, &run, "close").await, 303);
}

both!(given_periods_that_are_over_when_the_board_is_opened_then_what_is_missing_stands_out_and_can_be_calculated);
both!(given_a_wrong_period_when_calculated_then_the_field_says_so_and_nothing_is_stored);
both!(given_a_run_when_it_is_reviewed_then_its_sums_changes_lines_and_stories_are_there);
both!(given_a_run_when_two_people_take_it_down_its_road_then_each_step_is_theirs_and_it_is_paid_once);
both!(given_a_scheme_that_is_due_and_not_calculated_when_a_run_is_to_close_then_the_page_says_which_and_does_not_offer_it);
