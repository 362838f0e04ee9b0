//! The redirect's table follows the store.

use std::sync::Arc;

use bole::redirect::refresh::{RefreshParts, Refresher};
use bole::redirect::table::Table;
use jiff::tz::TimeZone;

use super::scene::ten;
use crate::points::people::{sql, staff};
use crate::support::TestDb;

fn destination(table: &Table, code: &str, now_ms: i64) -> Option<String> {
    let reading = table.read();
    let found = reading.find(code, now_ms)?;
    let mut out = Vec::new();
    found.write_location(&mut out, None, "TOKEN");
    Some(format!("{:?} {}", found.state, String::from_utf8(out).unwrap()))
}

async fn given_links_that_change_when_refreshed_then_the_table_follows(db: TestDb) {
    staff(&db.store).await;
    let table = Arc::new(Table::new());
    let refresher = Refresher::new(RefreshParts {
        store: db.store.clone(),
        table: Arc::clone(&table),
        zone: TimeZone::get("Asia/Shanghai").unwrap(),
        picture_url: Box::new(|slug| format!("https://bole.example/{slug}.png")),
    });
    refresher.refresh().await.unwrap();
    assert_eq!(table.len(), 5);
    let first = destination(&table, "AAAAAA2", ten()).unwrap();
    assert!(
        first.starts_with("Live https://shop.example/?utm_source=wechat"),
        "{first}"
    );
    // Another process changes things: a link goes, one comes, the campaign moves and ends.
    let other = db.again().await;
    sql(
        &other,
        "update links set disabled_at = 5, changed_at = 5 where id = 1;
         insert into links (id, code, code_key, employee_id, campaign_id, channel, utm, expires_at, created_at, changed_at)
         values (70000, 'Late-Comer', 'late-comer', 2, 1, 'douyin', '{\"source\":\"own\"}', 1794967200001, 5, 5);
         update campaigns set destination = 'https://shop.example/new', ends_on = '2026-11-18', changed_at = 5;",
    )
    .await
    .unwrap();
    refresher.refresh().await.unwrap();
    assert!(
        destination(&table, "aaaaaa2", ten())
            .unwrap()
            .starts_with("Disabled")
    );
    let late = destination(&table, "late-comer", ten()).unwrap();
    assert!(
        late.starts_with("Live https://shop.example/new?utm_source=own"),
        "{late}"
    );
    assert!(
        destination(&table, "late-comer", 1_794_967_200_001)
            .unwrap()
            .starts_with("Expired")
    );
    // The last business day is the 18th in Shanghai: the campaign closes at 16:00 UTC.
    let close = ten() + 14 * 3_600_000;
    assert!(
        destination(&table, "aaaaaa3", close - 1)
            .unwrap()
            .starts_with("Live")
    );
    assert!(
        destination(&table, "aaaaaa3", close)
            .unwrap()
            .starts_with("Expired")
    );
    other.close().await;
}

/// Links with ids from one to the other, all changed at 5.
macro_rules! links {
    ($from:literal, $to:literal) => {
        concat!(
            "insert into links (id, code, code_key, employee_id, campaign_id, channel, material, created_at, changed_at) \
             with recursive n (i) as (select ",
            $from,
            " union all select i + 1 from n where i < ",
            $to,
            ") select i, 'many' || i, 'many' || i, 1, 1, 'wechat', 'm' || i, 5, 5 from n;"
        )
    };
}

async fn given_very_many_links_changed_at_once_when_refreshed_then_later_changes_are_seen_too(db: TestDb) {
    staff(&db.store).await;
    let table = Arc::new(Table::new());
    let refresher = Refresher::new(RefreshParts {
        store: db.store.clone(),
        table: Arc::clone(&table),
        zone: TimeZone::get("Asia/Shanghai").unwrap(),
        picture_url: Box::new(|_| String::new()),
    });
    refresher.refresh().await.unwrap();
    sql(&db.store, links!("100", "60099")).await.unwrap();
    refresher.refresh().await.unwrap();
    assert_eq!(table.len(), 60_005);
    // Nothing new: what was read is not read again, and nothing goes.
    refresher.refresh().await.unwrap();
    assert_eq!(table.len(), 60_005);
    // One more, stamped as the others were; then a change.
    sql(&db.store, links!("70000", "70000")).await.unwrap();
    refresher.refresh().await.unwrap();
    assert_eq!(table.len(), 60_006);
    sql(
        &db.store,
        "update links set disabled_at = 6, changed_at = 6 where id = 70000",
    )
    .await
    .unwrap();
    refresher.refresh().await.unwrap();
    assert!(
        destination(&table, "many70000", ten())
            .unwrap()
            .starts_with("Disabled")
    );
}

both!(given_very_many_links_changed_at_once_when_refreshed_then_later_changes_are_seen_too);
both!(given_links_that_change_when_refreshed_then_the_table_follows);
