//! The ledger: once per fact, append-only, balances that agree with a recount.

use bole::domain::EmployeeId;
use bole::points::Rule;
use bole::storage::points::{NewEntry, award, lapse, reverse, spend};
use jiff::civil::{Date, date};

use super::people::{ZHANG, number, sql, staff};
use crate::support::TestDb;

const DAY: Date = date(2026, 11, 18);

fn click(employee: EmployeeId, n: i64) -> NewEntry {
    NewEntry {
        employee,
        rule: Rule::Click,
        source: format!("click:{n}"),
        points: 5,
        at: 1_000,
        day: DAY,
        note: String::new(),
    }
}

async fn post(db: &TestDb, entries: &[NewEntry]) -> usize {
    let mut tx = db.store.begin().await.unwrap();
    let done = award(&mut tx, entries, 2_000).await.unwrap();
    tx.commit().await.unwrap();
    done
}

async fn take_back(db: &TestDb, source: &str) -> bool {
    let mut tx = db.store.begin().await.unwrap();
    let done = reverse(&mut tx, Rule::Click, source, 3_000, "a bot")
        .await
        .unwrap();
    tx.commit().await.unwrap();
    done
}

async fn agree(db: &TestDb) {
    let apart = "select count(*) from (select employee_id, sum(points) as points from point_entries group by employee_id) e \
         join point_balances b on b.employee_id = e.employee_id where b.balance <> e.points";
    assert_eq!(
        number(&db.store, apart).await,
        0,
        "balances differ from the entries"
    );
    let days = "select count(*) from employee_day d where d.points <> coalesce((select sum(e.points) from point_entries e \
         where e.employee_id = d.employee_id and e.day = d.day and e.rule not in ('redemption', 'expiry')), 0)";
    assert_eq!(number(&db.store, days).await, 0, "days differ from the entries");
}

async fn given_an_award_when_reversed_and_awarded_again_then_each_is_one_more_entry(db: TestDb) {
    staff(&db.store).await;
    assert_eq!(
        post(&db, &[click(ZHANG, 1), click(ZHANG, 1), click(ZHANG, 2)]).await,
        2
    );
    assert_eq!(post(&db, &[click(ZHANG, 1)]).await, 0);
    assert!(take_back(&db, "click:1").await);
    assert!(!take_back(&db, "click:1").await);
    assert!(!take_back(&db, "click:9").await);
    assert_eq!(db.store.point_balance(ZHANG).await.unwrap(), 5);
    assert_eq!(post(&db, &[click(ZHANG, 1)]).await, 1);
    let entries = db.store.point_entries(ZHANG, None, 10).await.unwrap();
    let told: Vec<_> = entries
        .iter()
        .map(|e| (e.source.as_str(), e.seq, e.points))
        .collect();
    assert_eq!(
        told,
        [
            ("click:1", 2, 5),
            ("click:1", 1, -5),
            ("click:2", 0, 5),
            ("click:1", 0, 5)
        ]
    );
    assert_eq!(db.store.point_balance(ZHANG).await.unwrap(), 10);
    agree(&db).await;
}

async fn given_thousands_in_one_batch_when_posted_twice_then_they_count_once(db: TestDb) {
    staff(&db.store).await;
    let entries: Vec<_> = (0..2_500).map(|n| click(EmployeeId(1 + n % 4), n)).collect();
    assert_eq!(post(&db, &entries).await, 2_500);
    assert_eq!(post(&db, &entries[..1_100]).await, 0);
    assert_eq!(db.store.point_balance(ZHANG).await.unwrap(), 625 * 5);
    agree(&db).await;
}

async fn given_two_nodes_when_they_award_one_fact_at_once_then_it_earns_once(db: TestDb) {
    staff(&db.store).await;
    for round in 0..5 {
        let other = db.again().await;
        let at_once = |store: bole::storage::Store| async move {
            let mut tx = store.begin().await.unwrap();
            let done = award(&mut tx, &[click(ZHANG, round)], 2_000).await.unwrap();
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            tx.commit().await.unwrap();
            done
        };
        let (a, b) = tokio::join!(at_once(db.store.clone()), at_once(other));
        assert_eq!(a + b, 1);
    }
    assert_eq!(db.store.point_balance(ZHANG).await.unwrap(), 25);
    agree(&db).await;
}

async fn given_two_nodes_when_they_reverse_one_award_at_once_then_one_does(db: TestDb) {
    staff(&db.store).await;
    post(&db, &[click(ZHANG, 1)]).await;
    let other = db.again().await;
    let at_once = |store: bole::storage::Store| async move {
        let mut tx = store.begin().await.unwrap();
        let done = reverse(&mut tx, Rule::Click, "click:1", 3_000, "a bot")
            .await
            .unwrap();
        tx.commit().await.unwrap();
        done
    };
    let (a, b) = tokio::join!(at_once(db.store.clone()), at_once(other));
    assert!(a ^ b);
    assert_eq!(db.store.point_balance(ZHANG).await.unwrap(), 0);
    agree(&db).await;
}

async fn given_an_entry_when_changed_or_deleted_then_the_database_refuses(db: TestDb) {
    staff(&db.store).await;
    post(&db, &[click(ZHANG, 1)]).await;
    for text in [
        "update point_entries set points = 500",
        "delete from point_entries",
    ] {
        let error = sql(&db.store, text).await.unwrap_err().to_string();
        assert!(error.contains("only grows"), "{error}");
    }
    assert_eq!(number(&db.store, "select count(*) from point_entries").await, 1);
}

async fn given_a_balance_when_more_is_spent_at_once_than_it_holds_then_one_redemption_is_refused(db: TestDb) {
    staff(&db.store).await;
    post(&db, &[click(ZHANG, 1), click(ZHANG, 2)]).await;
    let other = db.again().await;
    let buy = |store: bole::storage::Store, source: &'static str| async move {
        let mut tx = store.begin().await.unwrap();
        let done = spend(&mut tx, ZHANG, source, 6, 4_000, DAY).await.unwrap();
        tx.commit().await.unwrap();
        done
    };
    let (a, b) = tokio::join!(buy(db.store.clone(), "order:1"), buy(other, "order:2"));
    assert!(a ^ b);
    assert_eq!(db.store.point_balance(ZHANG).await.unwrap(), 4);
    // What was earned may still be taken back: the balance then says what is owed, and buys nothing.
    take_back(&db, "click:1").await;
    assert_eq!(db.store.point_balance(ZHANG).await.unwrap(), -1);
    assert!(!buy(db.store.clone(), "order:3").await);
    let on_the_board = "select cast(sum(points) as bigint) from employee_day";
    assert_eq!(
        number(&db.store, on_the_board).await,
        5,
        "spending takes no place on a board"
    );
    agree(&db).await;
}

async fn given_points_of_this_year_when_the_next_year_is_over_then_they_lapse_once(db: TestDb) {
    staff(&db.store).await;
    post(&db, &[click(ZHANG, 1), click(ZHANG, 2)]).await;
    let lapse_on = async |day: Date| {
        let mut tx = db.store.begin().await.unwrap();
        let points = lapse(&mut tx, ZHANG, day, 5_000).await.unwrap();
        tx.commit().await.unwrap();
        points
    };
    assert_eq!(lapse_on(date(2027, 12, 31)).await, 0);
    assert_eq!(db.store.with_lapsed_points(date(2027, 12, 31)).await.unwrap(), []);
    assert_eq!(
        db.store.with_lapsed_points(date(2028, 1, 1)).await.unwrap(),
        [ZHANG]
    );
    assert_eq!(lapse_on(date(2028, 1, 1)).await, 10);
    assert_eq!(lapse_on(date(2028, 1, 2)).await, 0);
    assert_eq!(db.store.point_balance(ZHANG).await.unwrap(), 0);
    // A click of the lapsed year turns out to be a bot: nobody pays for it twice.
    take_back(&db, "click:1").await;
    assert_eq!(lapse_on(date(2028, 1, 2)).await, -5);
    assert_eq!(db.store.point_balance(ZHANG).await.unwrap(), 0);
    agree(&db).await;
}

both!(
    given_an_award_when_reversed_and_awarded_again_then_each_is_one_more_entry,
    given_thousands_in_one_batch_when_posted_twice_then_they_count_once,
    given_two_nodes_when_they_award_one_fact_at_once_then_it_earns_once,
    given_two_nodes_when_they_reverse_one_award_at_once_then_one_does,
    given_an_entry_when_changed_or_deleted_then_the_database_refuses,
    given_a_balance_when_more_is_spent_at_once_than_it_holds_then_one_redemption_is_refused,
    given_points_of_this_year_when_the_next_year_is_over_then_they_lapse_once,
);
