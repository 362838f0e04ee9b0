//! Boards: live, frozen once, restated beside; names as people chose.

use bole::app::board::{board, freeze_due};
use bole::domain::{Counts, EmployeeId, Period, Tally};
use bole::ranking::{By, Metric};
use bole::storage::add_tally;
use jiff::civil::Date;
use serde_json::{Value, json};

use super::people::{ZHANG, number, sql, staff};
use super::rig::{Rig, app};
use crate::support::{TestDb, at};

/// Books points, valid clicks and an amount in fen.
async fn book(db: &TestDb, day: &str, person: i64, points: i64, valid: i64, amount: i64) {
    let mut tally = Tally::default();
    let day: Date = day.parse().unwrap();
    let counts = Counts {
        points,
        valid,
        amount,
        ..Counts::default()
    };
    *tally.employee_day.entry((day, EmployeeId(person))).or_default() += counts;
    let mut tx = db.store.begin().await.unwrap();
    add_tally(&mut tx, &tally).await.unwrap();
    tx.commit().await.unwrap();
}

fn places(board: &Value) -> Vec<(i64, String)> {
    let rows = board["rows"].as_array().unwrap();
    rows.iter()
        .map(|r| {
            (
                r["rank"].as_i64().unwrap(),
                r["code"].as_str().unwrap().to_owned(),
            )
        })
        .collect()
}

fn ranks(expected: &[(i64, &str)]) -> Vec<(i64, String)> {
    expected
        .iter()
        .map(|(rank, code)| (*rank, (*code).to_owned()))
        .collect()
}

async fn given_a_running_week_when_asked_then_it_is_ranked_live_with_moves_and_distances(db: TestDb) {
    let rig = Rig::new(&db).await;
    book(&db, "2026-11-15", 3, 99, 0, 0).await; // Sunday of the week before
    book(&db, "2026-11-14", 1, 5, 0, 0).await;
    book(&db, "2026-11-16", 1, 40, 2, 19_900).await;
    book(&db, "2026-11-18", 1, 10, 1, 0).await;
    book(&db, "2026-11-17", 3, 50, 0, 5).await;
    book(&db, "2026-11-17", 2, 20, 0, 0).await;
    book(&db, "2026-11-17", 4, 0, 7, -5).await;
    let week = rig
        .get("admin", "/leaderboard?period=2026-W47&metric=points&by=employee")
        .await;
    assert_eq!(places(&week), ranks(&[(1, "W5"), (1, "Z3"), (3, "L4")]), "{week}");
    assert_eq!(week["period"]["frozen"], false);
    assert_eq!(week["period"]["from"], "2026-11-15T16:00:00Z");
    assert_eq!(week["period"]["to"], "2026-11-22T16:00:00Z");
    let rows = &week["rows"];
    let told: Vec<_> = (0..3)
        .map(|i| {
            (
                rows[i]["name"].clone(),
                rows[i]["value"].clone(),
                rows[i]["moved"].clone(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            (json!("小五"), json!(50), json!(0)),
            (json!("张*"), json!(50), json!(1)),
            (json!("李四"), json!(20), Value::Null),
        ]
    );
    assert_eq!(
        (&rows[0]["distance"], &rows[2]["distance"]),
        (&Value::Null, &json!(30))
    );
    let sales = rig
        .get("admin", "/leaderboard?period=2026-W47&metric=sales")
        .await;
    assert_eq!(
        places(&sales),
        ranks(&[(1, "Z3"), (2, "W5")]),
        "net below zero has no place"
    );
    assert_eq!(
        (&sales["rows"][0]["value"], &sales["rows"][1]["distance"]),
        (&json!("199.00"), &json!("198.95"))
    );
    let clicks = rig
        .get("admin", "/leaderboard?period=2026-W47&metric=clicks")
        .await;
    assert_eq!(places(&clicks), ranks(&[(1, "OY"), (2, "Z3")]));
    assert_eq!(clicks["rows"][0]["name"], "欧阳*");
    let own = rig
        .get("admin", "/leaderboard?period=2026-11-16..2026-11-18")
        .await;
    assert_eq!(
        places(&own),
        ranks(&[(1, "W5"), (2, "Z3"), (3, "L4")]),
        "half-open"
    );
    let now = rig.get("employee-z3", "/leaderboard").await;
    assert_eq!(
        (&now["period"]["label"], &now["rows"][1]["name"]),
        (&json!("2026-W47"), &json!("张三")),
        "one's own name in full"
    );
    assert_eq!(
        (&now["rows"][0]["code"], &now["rows"][1]["code"]),
        (&Value::Null, &json!("Z3"))
    );
    for bad in [
        "period=2026-W60",
        "metric=likes",
        "by=city",
        "limit=0",
        "metrics=points",
    ] {
        assert_eq!(
            rig.call("admin", "GET", &format!("/leaderboard?{bad}"), None)
                .await
                .0,
            422,
            "{bad}"
        );
    }
}

async fn given_teams_when_compared_then_it_is_per_member_active_in_the_period(db: TestDb) {
    let rig = Rig::new(&db).await;
    // The South lost 欧阳娜娜 before the week; 李四 moves from the North to the South on Wednesday.
    sql(
        &db.store,
        "update employees set left_on = '2026-11-15' where id = 4;
         update team_members set to_on = '2026-11-17' where employee_id = 2;
         insert into team_members (employee_id, team_id, from_on) values (2, 2, '2026-11-18');",
    )
    .await
    .unwrap();
    book(&db, "2026-11-16", 1, 10, 0, 1_000).await;
    book(&db, "2026-11-17", 2, 5, 0, 0).await; // while in the North
    book(&db, "2026-11-18", 2, 4, 0, 0).await; // while in the South
    book(&db, "2026-11-18", 3, 11, 0, 999).await;
    book(&db, "2026-11-18", 5, 70, 0, 0).await; // in no team
    let teams = rig.get("admin", "/leaderboard?period=2026-W47&by=team").await;
    assert_eq!(places(&teams), ranks(&[(1, "north"), (1, "south")]), "{teams}");
    assert_eq!(teams["rows"][0]["value"], 7.5);
    assert_eq!(teams["rows"][0]["team"], json!({"total": 15, "members": 2}));
    assert_eq!(teams["rows"][1]["name"], "南区");
    let sales = rig
        .get("admin", "/leaderboard?period=2026-W47&by=team&metric=sales")
        .await;
    assert_eq!(
        (&sales["rows"][0]["value"], &sales["rows"][1]["value"]),
        (&json!("5.00"), &json!("5.00"))
    );
    assert_eq!(
        places(&sales),
        ranks(&[(1, "north"), (2, "south")]),
        "1 000 fen of two are more than 999 of two"
    );
    let moved = board(
        &rig.app,
        Some(ZHANG),
        Period::parse("2026-W47").unwrap(),
        Metric::Points,
        By::Team,
    )
    .await
    .unwrap();
    assert_eq!(moved.mine().map(|row| row.code.as_str()), Some("north"));
}

async fn given_a_week_that_ended_when_24_hours_passed_then_it_freezes_and_later_facts_stand_beside(
    db: TestDb,
) {
    let rig = Rig::new(&db).await;
    book(&db, "2026-11-16", 1, 50, 0, 0).await;
    book(&db, "2026-11-22", 2, 40, 0, 0).await;
    // One millisecond before Monday's end in Shanghai: late facts still count.
    db.clock.set(at("2026-11-23T15:59:59.999Z"));
    assert!(freeze_due(&rig.app).await.unwrap().is_empty());
    db.clock.set(at("2026-11-23T16:00:00Z"));
    assert_eq!(freeze_due(&rig.app).await.unwrap(), ["2026-W47"]);
    assert!(freeze_due(&rig.app).await.unwrap().is_empty());
    let path = "/leaderboard?period=2026-W47";
    let frozen = rig.get("admin", path).await;
    assert_eq!(frozen["period"]["frozen"], true);
    assert_eq!(frozen["period"]["frozen_at"], "2026-11-23T16:00:00Z");
    assert_eq!(
        (&frozen["rows"][0]["restated"], &frozen["late"]),
        (&Value::Null, &json!([]))
    );

    // A click of 张三 turns out to be a bot's; sales of 王五 are booked late, to their own week.
    book(&db, "2026-11-16", 1, -15, 0, 0).await;
    book(&db, "2026-11-20", 3, 45, 0, 0).await;
    let now = rig.get("admin", path).await;
    assert_eq!(places(&now), ranks(&[(1, "Z3"), (2, "L4")]), "the places stand");
    assert_eq!(
        (&now["rows"][0]["value"], &now["rows"][0]["restated"]),
        (&json!(50), &json!({"rank": 3, "value": 35}))
    );
    assert_eq!(
        now["rows"][1]["restated"],
        Value::Null,
        "the same place with the same value"
    );
    assert_eq!(
        (&now["late"][0]["code"], &now["late"][0]["rank"]),
        (&json!("W5"), &json!(1))
    );

    // The next week moves from where people stood when frozen.
    book(&db, "2026-11-23", 2, 1, 0, 0).await;
    let next = rig.get("admin", "/leaderboard?period=2026-W48").await;
    assert_eq!(
        (&next["rows"][0]["code"], &next["rows"][0]["moved"]),
        (&json!("L4"), &json!(1))
    );

    // Who withdraws a name is withdrawn from frozen boards too.
    assert_eq!(now["rows"][1]["name"], "李四");
    sql(&db.store, "update employees set display = 'hidden' where id = 2")
        .await
        .unwrap();
    assert_eq!(rig.get("admin", path).await["rows"][1]["name"], "*");
    book(&db, "2026-11-22", 2, -40, 0, 0).await;
    let gone = rig.get("admin", path).await;
    assert_eq!(gone["rows"][1]["restated"], json!({"rank": null, "value": 0}));
}

async fn given_weeks_months_and_quarters_due_when_frozen_then_each_once_even_empty_ones(db: TestDb) {
    let rig = Rig::new(&db).await;
    book(&db, "2026-09-28", 1, 5, 0, 0).await;
    db.clock.set(at("2026-10-12T02:00:00Z"));
    let mut labels = freeze_due(&rig.app).await.unwrap();
    labels.sort();
    assert_eq!(labels, ["2026-09", "2026-Q3", "2026-W40"]);
    // The week of 5–11 October ends 24 h later; nobody did anything in it.
    db.clock.set(at("2026-10-12T16:00:00Z"));
    assert_eq!(freeze_due(&rig.app).await.unwrap(), ["2026-W41"]);
    let empty = rig.get("admin", "/leaderboard?period=2026-W41").await;
    assert_eq!(
        (&empty["rows"], &empty["period"]["frozen"]),
        (&json!([]), &json!(true))
    );
    assert_eq!(number(&db.store, "select count(*) from boards").await, 4 * 8);
}

async fn given_two_nodes_when_they_freeze_at_once_then_one_wins_and_nothing_is_doubled(db: TestDb) {
    staff(&db.store).await;
    for day in 1..=30 {
        for person in 1..=4 {
            book(&db, &format!("2026-09-{day:02}"), person, person * day, 1, 1).await;
        }
    }
    db.clock.set(at("2026-10-20T00:00:00Z"));
    let (a, b) = (app(&db, &db.store), app(&db, &db.again().await));
    let (a, b) = tokio::join!(freeze_due(&a), freeze_due(&b));
    let mut labels = [a.unwrap(), b.unwrap()].concat();
    labels.sort();
    let mut once = labels.clone();
    once.dedup();
    assert_eq!(labels, once, "frozen twice");
    assert!(labels.contains(&"2026-Q3".to_owned()));
    let boards = i64::try_from(labels.len()).unwrap() * 8;
    assert_eq!(number(&db.store, "select count(*) from boards").await, boards);
    let doubled = "select count(*) from (select board_id, subject_id from board_rows group by board_id, subject_id having count(*) > 1) x";
    assert_eq!(number(&db.store, doubled).await, 0);
}

async fn given_a_quarter_when_read_out_of_months_then_it_is_what_its_days_sum_up_to(db: TestDb) {
    let rig = Rig::new(&db).await;
    // 李四 changes teams within October; 王五 joins the firm's second team on the last day of November.
    sql(
        &db.store,
        "update team_members set to_on = '2026-10-15' where employee_id = 2;
         insert into team_members (employee_id, team_id, from_on) values (2, 2, '2026-10-16');
         update team_members set to_on = '2026-11-29' where employee_id = 3;
         insert into team_members (employee_id, team_id, from_on) values (3, 1, '2026-11-30');",
    )
    .await
    .unwrap();
    db.clock.set(at("2027-02-01T00:00:00Z"));
    for (n, day) in [
        "2026-09-30",
        "2026-10-01",
        "2026-10-15",
        "2026-10-16",
        "2026-11-30",
        "2026-12-31",
        "2027-01-01",
    ]
    .iter()
    .enumerate()
    {
        for person in 1..=4 {
            book(&db, day, person, 1 << (n + 1), person, person * 100).await;
        }
    }
    book(&db, "2026-10-01", 1, -3, 0, 0).await;
    for by in By::ALL {
        for metric in Metric::ALL {
            // The same days under another name are read day by day.
            let quarter = rig
                .get(
                    "admin",
                    &format!("/leaderboard?period=2026-Q4&metric={metric}&by={by}"),
                )
                .await;
            let days: Vec<_> = [
                "2026-10-01..2026-10-02",
                "2026-10-02..2026-12-31",
                "2026-12-31..2027-01-01",
            ]
            .iter()
            .map(|span| format!("/leaderboard?period={span}&metric={metric}&by={by}"))
            .collect();
            let mut sums: std::collections::BTreeMap<String, i64> = std::collections::BTreeMap::new();
            for path in days {
                for row in rig.get("admin", &path).await["rows"].as_array().unwrap() {
                    *sums.entry(row["code"].to_string()).or_default() += total(row);
                }
            }
            let told: std::collections::BTreeMap<String, i64> = quarter["rows"]
                .as_array()
                .unwrap()
                .iter()
                .map(|row| (row["code"].to_string(), total(row)))
                .collect();
            assert_eq!(told, sums, "{metric} by {by}");
        }
    }
    let apart = "select count(*) from employee_month m where m.points <> (select sum(d.points) from employee_day d \
                 where d.employee_id = m.employee_id and substr(d.day, 1, 7) = substr(m.month, 1, 7))";
    assert_eq!(number(&db.store, apart).await, 0);
}

/// A row's undivided total; amounts in fen.
fn total(row: &Value) -> i64 {
    let value = row.get("team").map_or(&row["value"], |team| &team["total"]);
    match value.as_str() {
        Some(amount) => amount.replace('.', "").parse().unwrap(),
        None => value.as_i64().unwrap(),
    }
}

async fn given_no_facts_at_all_when_asked_then_no_row_is_invented(db: TestDb) {
    let rig = Rig::new(&db).await;
    assert!(freeze_due(&rig.app).await.unwrap().is_empty());
    for by in By::ALL {
        for metric in Metric::ALL {
            let board = rig
                .get(
                    "admin",
                    &format!("/leaderboard?period=2026-11&metric={metric}&by={by}"),
                )
                .await;
            assert_eq!(board["rows"], json!([]));
        }
    }
}

both!(
    given_a_running_week_when_asked_then_it_is_ranked_live_with_moves_and_distances,
    given_teams_when_compared_then_it_is_per_member_active_in_the_period,
    given_a_week_that_ended_when_24_hours_passed_then_it_freezes_and_later_facts_stand_beside,
    given_weeks_months_and_quarters_due_when_frozen_then_each_once_even_empty_ones,
    given_two_nodes_when_they_freeze_at_once_then_one_wins_and_nothing_is_doubled,
    given_a_quarter_when_read_out_of_months_then_it_is_what_its_days_sum_up_to,
    given_no_facts_at_all_when_asked_then_no_row_is_invented,
);
