//! Every chore of the table, run as the timer runs it: it does what is due, once, and nothing before.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bole::app::{click_of_token, keys};
use bole::chores::TABLE;
use bole::domain::{ClickId, Clock as _, Programme};
use bole::redirect::loader::LoaderCounts;
use bole::storage::{Begun, Reservation, working_under};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::convert::{DAY, NOW, Shop, and, lead, sale, told};
use crate::support::{TestDb, at};

const HOUR: i64 = 3_600_000;

/// What the tests below try; a chore that is added wants a test.
const TRIED: [&str; 16] = [
    // Tried in `staff::shop`.
    "call off what leavers ordered",
    "freeze boards",
    "lapse points",
    "approve conversions",
    "decide on clicks that came late",
    "erase contacts",
    "forget answers",
    "end sessions",
    "destroy visitor salts",
    "rotate token keys",
    "forget beacons without a click",
    "tell of points about to end",
    "forget notices",
    "forget messages",
    "forget waits and links",
    "count slices",
];

#[test]
fn given_the_table_when_read_then_every_chore_of_it_is_tried_here() {
    let table: BTreeSet<&str> = TABLE.iter().map(|chore| chore.name).collect();
    assert_eq!(table.len(), TABLE.len(), "names are unique");
    assert_eq!(table, BTreeSet::from(TRIED));
}

/// Runs one chore; how many things it did.
async fn run(shop: &Shop, name: &str) -> u64 {
    let chore = TABLE.iter().find(|chore| chore.name == name).expect("a chore");
    (chore.run)(&shop.app).await.expect("a store")
}

async fn given_a_spool_that_is_not_loaded_yet_when_the_timer_starts_then_the_board_waits_for_it(db: TestDb) {
    let shop = Shop::open(db).await;
    shop.db
        .sql("insert into employee_day (day, employee_id, points) values ('2026-11-16', 1, 5)")
        .await;
    shop.db.clock.set(at("2026-11-23T16:00:00Z"));
    let (loader, stop) = (Arc::new(LoaderCounts::default()), CancellationToken::new());
    let timer = tokio::spawn(bole::chores::run(
        shop.app.clone(),
        Arc::clone(&loader),
        stop.clone(),
    ));
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    let frozen = async || shop.get("/leaderboard?period=2026-W47").await["period"]["frozen"] == true;
    assert!(!frozen().await);
    loader.caught_up.store(true, Ordering::Relaxed);
    for _ in 0..100 {
        if frozen().await {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(frozen().await);
    stop.cancel();
    timer.await.expect("the timer ends");
}

async fn given_a_week_that_is_over_a_day_when_the_chore_comes_then_its_board_freezes_once(db: TestDb) {
    let shop = Shop::open(db).await;
    shop.db
        .sql("insert into employee_day (day, employee_id, points) values ('2026-11-16', 1, 5)")
        .await;
    shop.db.clock.set(at("2026-11-23T15:59:59Z"));
    assert_eq!(run(&shop, "freeze boards").await, 0);
    shop.db.clock.set(at("2026-11-23T16:00:00Z"));
    assert_eq!(run(&shop, "freeze boards").await, 1);
    assert_eq!(run(&shop, "freeze boards").await, 0);
    let board = shop.get("/leaderboard?period=2026-W47").await;
    assert_eq!(board["period"]["frozen"], true, "{board}");
}

async fn given_a_day_whose_hours_changed_when_the_chore_comes_then_it_is_counted_once(db: TestDb) {
    let shop = Shop::open(db).await;
    assert_eq!(run(&shop, "count slices").await, 0);
    let hour = at("2026-11-18T02:00:00Z").as_millisecond();
    let row = format!(
        "insert into campaign_hour (campaign_id, channel, hour, requests) values (1, 'wechat', {hour}, 1)"
    );
    shop.db.sql(&row).await;
    assert_eq!(run(&shop, "count slices").await, 1);
    assert_eq!(run(&shop, "count slices").await, 0);
}

async fn given_points_when_the_year_after_is_over_then_the_chore_lets_them_lapse_once(db: TestDb) {
    let shop = Shop::open(db).await;
    let share = json!({ "employee": "Z3", "link": "aaaaaa2", "channel": "wechat", "posted_at": NOW });
    shop.post("/shares", share).await.is(201);
    let balance = async || shop.get("/employees/Z3/points").await["balance"].clone();
    assert_eq!(balance().await, 10);
    shop.db.clock.set(at("2027-12-31T15:59:59Z"));
    assert_eq!(
        run(&shop, "lapse points").await,
        0,
        "the last minute of 2027 in Shanghai"
    );
    shop.db.clock.set(at("2027-12-31T16:00:00Z"));
    assert_eq!(run(&shop, "lapse points").await, 1);
    assert_eq!(balance().await, 0);
    assert_eq!(run(&shop, "lapse points").await, 0);
}

async fn given_a_pending_sale_when_its_hold_is_over_then_the_chore_approves_it(db: TestDb) {
    let shop = Shop::open(db).await;
    shop.take(and(sale("S", NOW, "13900000001"), "coupon", "Z10"))
        .await;
    shop.db.clock.set(at("2026-12-07T15:59:59Z"));
    assert_eq!(run(&shop, "approve conversions").await, 0);
    shop.db.clock.set(at("2026-12-07T16:00:00Z"));
    assert_eq!(run(&shop, "approve conversions").await, 1);
    assert_eq!(shop.get("/conversions/S").await["status"], "approved");
    assert_eq!(run(&shop, "approve conversions").await, 0);
}

async fn given_a_sale_whose_click_came_late_when_the_chore_comes_then_it_is_credited(db: TestDb) {
    let shop = Shop::open(db).await;
    let (token, id) = shop.token("2026-11-18T01:59:58Z");
    let taken = shop
        .take(and(sale("S", NOW, "13900000001"), "click", token))
        .await;
    assert_eq!(told(&taken), "- - uncredited");
    assert_eq!(run(&shop, "decide on clicks that came late").await, 0);
    shop.store_click(id, 2, "2026-11-18T01:59:58Z", "human").await;
    assert_eq!(run(&shop, "decide on clicks that came late").await, 1);
    assert_eq!(told(&shop.get("/conversions/S").await), "L4 click pending");
}

async fn given_a_leads_contact_when_its_days_by_the_setting_are_over_then_the_chore_erases_it(db: TestDb) {
    let programme = Programme {
        contact_retention_days: 7,
        ..Programme::default()
    };
    let shop = Shop::under(db, programme).await;
    shop.take(lead("L1", NOW, "13822223333")).await;
    shop.db.clock.advance_ms(DAY);
    shop.take(lead("L2", NOW, "13822224444")).await;
    let kept = async || shop.db.number("select count(*) from sealed_contacts").await;
    shop.db.clock.advance_ms(6 * DAY - 1);
    assert_eq!(run(&shop, "erase contacts").await, 0);
    assert_eq!(kept().await, 2);
    shop.db.clock.advance_ms(1);
    assert_eq!(
        run(&shop, "erase contacts").await,
        1,
        "the first one's date has come"
    );
    assert_eq!(kept().await, 1);
    shop.db.clock.advance_ms(DAY);
    assert_eq!(run(&shop, "erase contacts").await, 1);
    assert_eq!(kept().await, 0);
    assert_eq!(
        shop.get("/conversions/L1").await["kind"],
        "lead",
        "the lead itself stays"
    );
}

async fn given_kept_answers_when_two_days_are_over_then_the_chore_forgets_them(db: TestDb) {
    let shop = Shop::open(db).await;
    let now = shop.db.clock.now_ms();
    shop.app
        .store
        .begin_idempotent(&once(now), &[1; 32], false)
        .await
        .expect("a store");
    shop.db.clock.advance_ms(2 * DAY);
    assert_eq!(run(&shop, "forget answers").await, 0);
    shop.db.clock.advance_ms(1);
    assert_eq!(run(&shop, "forget answers").await, 1);
    assert_eq!(shop.db.number("select count(*) from idempotency_keys").await, 0);
}

fn once(at: i64) -> Reservation {
    Reservation {
        actor: "key:1".to_owned(),
        key: "once".to_owned(),
        at,
    }
}

async fn given_a_request_taken_for_dead_when_another_has_its_key_then_it_stores_nothing_more(db: TestDb) {
    let shop = Shop::open(db).await;
    let store = &shop.app.store;
    let slow = once(shop.db.clock.now_ms());
    shop.db.clock.advance_ms(HOUR);
    let next = once(shop.db.clock.now_ms());
    for request in [&slow, &next] {
        let begun = store.begin_idempotent(request, &[1; 32], false).await;
        assert_eq!(begun.expect("a store"), Begun::Fresh);
    }
    let act = async || {
        let mut tx = store.begin().await.expect("a store");
        bole::storage::save_session(&mut tx, &[9; 32], None, "{}", i64::MAX)
            .await
            .expect("a session");
        tx.commit().await
    };
    let late = working_under(slow.clone(), act()).await;
    assert!(late.is_err(), "the key is another's now");
    assert_eq!(shop.db.number("select count(*) from sessions").await, 0);
    working_under(next.clone(), act()).await.expect("a commit");
    assert_eq!(shop.db.number("select count(*) from sessions").await, 1);
    for (request, answer) in [
        (&slow, Some((500, "late"))),
        (&next, Some((201, "{}"))),
        (&slow, Some((500, "late"))),
        (&slow, None),
    ] {
        store.end_idempotent(request, answer).await.expect("a store");
    }
    let again = once(shop.db.clock.now_ms());
    let answered = Begun::Answered {
        status: 201,
        body: "{}".to_owned(),
    };
    let begun = store.begin_idempotent(&again, &[1; 32], false).await;
    assert_eq!(begun.expect("a store"), answered);
}

async fn given_an_act_that_was_committed_when_its_process_dies_then_it_is_not_done_twice(db: TestDb) {
    let shop = Shop::open(db).await;
    let store = &shop.app.store;
    let begin = async |repeatable| {
        let now = shop.db.clock.now_ms();
        let begun = store.begin_idempotent(&once(now), &[1; 32], repeatable).await;
        begun.expect("a store")
    };
    let write = async || {
        store
            .begin()
            .await
            .expect("a store")
            .commit()
            .await
            .expect("a commit")
    };
    assert_eq!(begin(false).await, Begun::Fresh);
    shop.db.clock.advance_ms(HOUR);
    assert_eq!(begin(false).await, Begun::Fresh, "nothing of it was stored");
    let act = async {
        write().await;
        write().await;
    };
    let started = shop.db.clock.now_ms();
    working_under(once(started), act).await;
    assert_eq!(begin(false).await, Begun::Running, "it may still be answered");
    store.release_idempotent(started).await.expect("a store");
    assert_eq!(
        begin(false).await,
        Begun::Running,
        "reserved by this process, not by the one before"
    );
    store.release_idempotent(started + 1).await.expect("a store");
    assert_eq!(begin(false).await, Begun::Lost, "at once after a restart");
    assert_eq!(
        begin(true).await,
        Begun::Fresh,
        "what has a key of its own is simply done again"
    );
    working_under(once(started), write()).await;
    store.end_idempotent(&once(started), None).await.expect("a store");
    assert_eq!(
        begin(false).await,
        Begun::Lost,
        "it failed after something was stored"
    );
    assert_eq!(begin(true).await, Begun::Fresh);
    store.end_idempotent(&once(started), None).await.expect("a store");
    assert_eq!(begin(false).await, Begun::Fresh, "it failed before anything was");
    let done = store.end_idempotent(&once(started), Some((201, "{}"))).await;
    done.expect("a store");
    let answered = Begun::Answered {
        status: 201,
        body: "{}".to_owned(),
    };
    assert_eq!(begin(false).await, answered);
}

async fn given_sessions_when_they_have_ended_then_the_chore_takes_them_away(db: TestDb) {
    let shop = Shop::open(db).await;
    let end = shop.db.clock.now_ms() + HOUR;
    let mut tx = shop.app.store.begin().await.expect("a store");
    for (id, end) in [(1, end), (2, end + HOUR)] {
        bole::storage::save_session(&mut tx, &[id; 32], None, "{}", end)
            .await
            .expect("a session");
    }
    tx.commit().await.expect("a store");
    assert_eq!(run(&shop, "end sessions").await, 0);
    shop.db.clock.advance_ms(HOUR);
    assert_eq!(run(&shop, "end sessions").await, 1);
    assert_eq!(shop.db.number("select count(*) from sessions").await, 1);
}

async fn given_the_days_salts_when_48_hours_are_over_then_they_are_destroyed_for_good(db: TestDb) {
    let shop = Shop::open(db).await;
    let first = keys::todays_salt(&shop.app).await.expect("a store");
    assert_eq!(
        keys::todays_salt(&shop.app).await.expect("a store"),
        first,
        "one a day"
    );
    shop.db.clock.advance_ms(DAY);
    let second = keys::todays_salt(&shop.app).await.expect("a store");
    assert_ne!(first, second);
    shop.db.clock.advance_ms(DAY);
    assert_eq!(run(&shop, "destroy visitor salts").await, 0, "to the second");
    shop.db.clock.advance_ms(1);
    assert_eq!(run(&shop, "destroy visitor salts").await, 1);
    let left = "select count(*) from visitor_salts where day = '2026-11-18'";
    assert_eq!(shop.db.number(left).await, 0);
    assert_eq!(shop.db.number("select count(*) from visitor_salts").await, 1);
    assert_ne!(keys::todays_salt(&shop.app).await.expect("a store"), first);
}

async fn given_token_keys_when_a_month_is_over_then_a_new_one_signs_and_the_old_verifies_for_its_window(
    db: TestDb,
) {
    let shop = Shop::open(db).await;
    // The shop's key is as old as its books; the first rotation makes one of today.
    assert_eq!(run(&shop, "rotate token keys").await, 1);
    let sign = async |tag: u8| {
        let keys = keys::ensure_token_keys(&shop.app).await.expect("keys");
        let id = ClickId(uuid::Uuid::from_bytes([tag; 16]));
        (String::from_utf8(keys.sign(id).to_vec()).expect("ASCII"), id)
    };
    let known = async |token: &str| click_of_token(&shop.app, token).await.expect("a store");
    let (old, old_id) = sign(1).await;
    shop.db.clock.advance_ms(30 * DAY - 1);
    run(&shop, "rotate token keys").await;
    assert_eq!(sign(1).await.0, old, "the same key still signs");
    shop.db.clock.advance_ms(1);
    run(&shop, "rotate token keys").await;
    let (new, new_id) = sign(2).await;
    assert_ne!(old[..4], new[..4], "another key signs now");
    assert_eq!(
        (known(&old).await, known(&new).await),
        (Some(old_id), Some(new_id))
    );

    // It signed to the last moment: what it signed is good for the window of 30 days and one for beacons.
    shop.db.clock.advance_ms(31 * DAY);
    run(&shop, "rotate token keys").await;
    assert_eq!(known(&old).await, Some(old_id));
    shop.db.clock.advance_ms(1);
    assert!(run(&shop, "rotate token keys").await > 0);
    assert_eq!(
        known(&old).await,
        None,
        "retired: whatever it signed is worth nothing"
    );
    assert_eq!(known(&new).await, Some(new_id));
}

async fn given_a_window_of_ten_years_when_keys_are_rotated_for_as_long_then_all_tokens_still_verify(
    db: TestDb,
) {
    let programme = Programme {
        attribution_window_days: 3650,
        ..Programme::default()
    };
    let shop = Shop::under(db, programme).await;
    run(&shop, "rotate token keys").await;
    let keys = keys::ensure_token_keys(&shop.app).await.expect("keys");
    let id = ClickId(uuid::Uuid::from_bytes([1; 16]));
    let token = String::from_utf8(keys.sign(id).to_vec()).expect("ASCII");
    for _ in 0..120 {
        shop.db.clock.advance_ms(30 * DAY);
        run(&shop, "rotate token keys").await;
        let found = click_of_token(&shop.app, &token).await.expect("a store");
        assert_eq!(
            found,
            Some(id),
            "within the window, and never more keys than a node holds"
        );
    }
}

async fn given_beacons_without_a_click_when_two_days_are_over_then_the_chore_forgets_them(db: TestDb) {
    let shop = Shop::open(db).await;
    let now = shop.db.clock.now_ms();
    let mut tx = shop.app.store.begin().await.expect("a store");
    let orphan = (ClickId(uuid::Uuid::from_bytes([1; 16])), vec![1, 2, 3], now);
    bole::storage::clicks::keep_orphans(&mut tx, &[orphan])
        .await
        .expect("an orphan");
    tx.commit().await.expect("a store");
    shop.db.clock.advance_ms(2 * DAY);
    assert_eq!(run(&shop, "forget beacons without a click").await, 0);
    shop.db.clock.advance_ms(1);
    assert_eq!(run(&shop, "forget beacons without a click").await, 1);
    assert_eq!(shop.db.number("select count(*) from orphan_beacons").await, 0);
}

both!(
    given_a_request_taken_for_dead_when_another_has_its_key_then_it_stores_nothing_more,
    given_a_spool_that_is_not_loaded_yet_when_the_timer_starts_then_the_board_waits_for_it
);
both!(
    given_an_act_that_was_committed_when_its_process_dies_then_it_is_not_done_twice,
    given_a_day_whose_hours_changed_when_the_chore_comes_then_it_is_counted_once,
    given_a_week_that_is_over_a_day_when_the_chore_comes_then_its_board_freezes_once,
    given_points_when_the_year_after_is_over_then_the_chore_lets_them_lapse_once,
    given_a_pending_sale_when_its_hold_is_over_then_the_chore_approves_it,
    given_a_sale_whose_click_came_late_when_the_chore_comes_then_it_is_credited,
    given_a_leads_contact_when_its_days_by_the_setting_are_over_then_the_chore_erases_it,
    given_kept_answers_when_two_days_are_over_then_the_chore_forgets_them,
    given_sessions_when_they_have_ended_then_the_chore_takes_them_away,
    given_the_days_salts_when_48_hours_are_over_then_they_are_destroyed_for_good,
    given_token_keys_when_a_month_is_over_then_a_new_one_signs_and_the_old_verifies_for_its_window,
    given_a_window_of_ten_years_when_keys_are_rotated_for_as_long_then_all_tokens_still_verify,
    given_beacons_without_a_click_when_two_days_are_over_then_the_chore_forgets_them,
);
