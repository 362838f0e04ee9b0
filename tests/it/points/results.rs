//! "My results": sums and trend from rollups, events from rows, page by page.

use bole::app::results::{Event, EventCursor, Span, events, results};
use bole::domain::{Class, ClickId, ClickReason, Counts, EmployeeId, LinkId, Slice, Tally};
use bole::points::{Rule, source};
use bole::storage::add_tally;
use bole::storage::clicks::{ClickRow, insert_clicks};
use bole::storage::points::{NewEntry, award_into};
use jiff::Timestamp;
use jiff::civil::{Date, date};

use super::people::{ZHANG, sql, staff};
use super::rig::app;
use crate::support::{TestDb, at};

fn click(id: ClickId, link: i64, employee: Option<EmployeeId>, class: Class, valid: bool) -> ClickRow {
    ClickRow {
        id,
        link: LinkId(link),
        employee,
        class,
        reason: if class == Class::Human {
            ClickReason::Person
        } else {
            ClickReason::CrawlerList
        },
        visitor: None,
        visitor_hash: None,
        network: None,
        place: None,
        agent: None,
        scan: false,
        beacons: None,
        page_visitor: None,
        dwell_ms: valid.then_some(31_000),
        valid,
        earned: valid,
    }
}

/// Writes a click as the loader does: row, rollups, points.
async fn clicked(
    db: &mut TestDb,
    when: &str,
    link: i64,
    employee: Option<EmployeeId>,
    class: Class,
    valid: bool,
) -> ClickId {
    let instant: Timestamp = at(when);
    let id = ClickId::new(instant, &mut db.rng);
    let day: Date = instant
        .to_zoned(jiff::tz::TimeZone::get("Asia/Shanghai").unwrap())
        .date();
    let mut tally = Tally::default();
    let slice = Slice {
        day,
        at_ms: instant.as_millisecond(),
        employee,
        link: Some(LinkId(link)),
        campaign: None,
    };
    let counts = Counts {
        requests: 1,
        human: i64::from(class == Class::Human),
        valid: i64::from(valid),
        ..Counts::default()
    };
    tally.book(&slice, counts);
    let mut tx = db.store.begin().await.unwrap();
    insert_clicks(&mut tx, &[click(id, link, employee, class, valid)])
        .await
        .unwrap();
    if let (true, Some(employee)) = (valid, employee) {
        let entry = NewEntry {
            employee,
            rule: Rule::Click,
            source: source::click(id),
            points: 5,
            at: instant.as_millisecond(),
            day,
            note: String::new(),
        };
        award_into(&mut tx, &[entry], instant.as_millisecond(), &mut tally)
            .await
            .unwrap();
    }
    add_tally(&mut tx, &tally).await.unwrap();
    tx.commit().await.unwrap();
    id
}

async fn given_two_weeks_when_asked_for_this_one_then_it_stands_beside_the_same_days_of_the_last(
    mut db: TestDb,
) {
    staff(&db.store).await;
    let me = Some(ZHANG);
    clicked(&mut db, "2026-11-09T02:00:00Z", 1, me, Class::Human, true).await; // Monday before
    clicked(&mut db, "2026-11-15T15:59:59.999Z", 1, me, Class::Human, true).await; // Sunday's last millisecond
    clicked(&mut db, "2026-11-15T16:00:00Z", 1, me, Class::Human, true).await; // Monday's first
    clicked(&mut db, "2026-11-18T01:00:00Z", 2, me, Class::Bot, false).await;
    clicked(&mut db, "2026-11-18T01:00:01Z", 2, me, Class::Human, false).await;
    clicked(
        &mut db,
        "2026-11-18T01:00:02Z",
        5,
        Some(EmployeeId(2)),
        Class::Human,
        true,
    )
    .await;
    let app = app(&db, &db.store);
    let week = results(&app, ZHANG, Span::Week).await.unwrap();
    assert_eq!((week.first, week.end), (date(2026, 11, 16), date(2026, 11, 23)));
    assert_eq!(
        (
            week.counts.requests,
            week.counts.human,
            week.counts.valid,
            week.counts.points
        ),
        (3, 2, 1, 5)
    );
    assert_eq!((week.not_human(), week.not_valid()), (1, 1));
    // Wednesday: Sunday of the week before is not among the days compared.
    assert_eq!(week.before.unwrap().valid, 1);
    assert_eq!(week.balance, 15);
    let days: Vec<_> = week
        .days
        .iter()
        .map(|d| (d.day.day(), d.counts.requests, d.before.unwrap().requests))
        .collect();
    assert_eq!(days, [(16, 1, 1), (17, 0, 0), (18, 2, 0)]);
    let all = results(&app, ZHANG, Span::All).await.unwrap();
    assert_eq!(
        (all.first, all.counts.points, all.before),
        (date(2026, 11, 9), 15, None)
    );
    assert_eq!(all.days.len(), 10);
    let month = results(&app, ZHANG, Span::Month).await.unwrap();
    assert_eq!((month.counts.valid, month.before), (3, Some(Counts::default())));
    let nobody = results(&app, EmployeeId(3), Span::All).await.unwrap();
    assert_eq!((nobody.counts, nobody.days.len()), (Counts::default(), 1));
}

async fn given_events_of_all_kinds_when_read_page_by_page_then_none_is_skipped_or_told_twice(mut db: TestDb) {
    staff(&db.store).await;
    let me = Some(ZHANG);
    let mut ids = Vec::new();
    for n in 0..7 {
        let when = format!("2026-11-18T00:0{n}:00Z");
        let class = if n % 2 == 0 { Class::Human } else { Class::Bot };
        ids.push(clicked(&mut db, &when, 1 + n % 4, me, class, n == 0).await);
    }
    clicked(
        &mut db,
        "2026-11-18T00:03:30Z",
        5,
        Some(EmployeeId(2)),
        Class::Human,
        true,
    )
    .await;
    let mut tx = db.store.begin().await.unwrap();
    let mut tally = Tally::default();
    // Booked later than the clicks, the second with an instant before the first: its place is by its row.
    for (n, recorded) in [(1, "2026-11-18T00:04:30Z"), (2, "2026-11-18T00:02:30Z")] {
        let entry = NewEntry {
            employee: ZHANG,
            rule: Rule::Share,
            source: source::share(n),
            points: 10,
            at: 0,
            day: date(2026, 11, 18),
            note: String::new(),
        };
        award_into(&mut tx, &[entry], at(recorded).as_millisecond(), &mut tally)
            .await
            .unwrap();
    }
    add_tally(&mut tx, &tally).await.unwrap();
    tx.commit().await.unwrap();

    let app = app(&db, &db.store);
    for size in [1, 2, 3, 50] {
        let (mut cursor, mut clicks, mut shares) = (EventCursor::default(), Vec::new(), Vec::new());
        loop {
            let page = events(&app, ZHANG, cursor, size).await.unwrap();
            assert!(page.events.len() <= size);
            for event in page.events {
                match event {
                    Event::Click(click) => clicks.push(click.id),
                    Event::Points(entry) => shares.push(entry.source),
                    Event::Conversion(_) => panic!("none was made"),
                }
            }
            match page.next {
                Some(next) => cursor = EventCursor::parse(&next.text()).unwrap(),
                None => break,
            }
        }
        let mut expected = ids.clone();
        expected.reverse();
        assert_eq!(clicks, expected, "pages of {size}");
        assert_eq!(shares, ["share:2", "share:1"], "pages of {size}");
    }
    let first = events(&app, ZHANG, EventCursor::default(), 1).await.unwrap();
    let Event::Click(click) = &first.events[0] else {
        panic!("{first:?}")
    };
    assert_eq!(
        (click.class, click.valid, click.link.as_str()),
        (Class::Human, false, "aaaaaa4")
    );
    assert_eq!(click.campaign, "春");
    assert!(
        events(&app, EmployeeId(3), EventCursor::default(), 10)
            .await
            .unwrap()
            .events
            .is_empty()
    );
    for bad in [
        "",
        "x",
        "00000000-0000-0000-0000-000000000000_1_2",
        "00000000-0000-0000-0000-000000000000_1_2_3_4",
    ] {
        assert_eq!(EventCursor::parse(bad), None, "{bad}");
    }
}

async fn given_more_links_than_are_asked_one_by_one_when_read_then_the_events_are_the_same(mut db: TestDb) {
    staff(&db.store).await;
    let mut ids = Vec::new();
    sql(
        &db.store,
        "insert into links (id, code, code_key, employee_id, campaign_id, channel, material, created_at, changed_at)
         with recursive n (i) as (select 100 union all select i + 1 from n where i < 320)
         select i, 'many' || i, 'many' || i, 1, 1, 'wechat', 'm' || i, 1, 1 from n;
         insert into link_totals (link_id, requests) select id, 1 from links where id >= 100;",
    )
    .await
    .unwrap();
    for n in 0..5 {
        ids.push(
            clicked(
                &mut db,
                &format!("2026-11-18T00:0{n}:00Z"),
                100 + n * 40,
                Some(ZHANG),
                Class::Human,
                false,
            )
            .await,
        );
    }
    clicked(
        &mut db,
        "2026-11-18T00:03:30Z",
        5,
        Some(EmployeeId(2)),
        Class::Human,
        false,
    )
    .await;
    ids.reverse();
    let app = app(&db, &db.store);
    let page = events(&app, ZHANG, EventCursor::default(), 3).await.unwrap();
    let told = |events: &[Event]| -> Vec<ClickId> {
        events
            .iter()
            .map(|e| match e {
                Event::Click(c) => c.id,
                _ => panic!("{e:?}"),
            })
            .collect()
    };
    assert_eq!(told(&page.events), ids[..3]);
    let rest = events(&app, ZHANG, page.next.unwrap(), 3).await.unwrap();
    assert_eq!(told(&rest.events), ids[3..]);
    assert_eq!(rest.next, None);
}

both!(
    given_two_weeks_when_asked_for_this_one_then_it_stands_beside_the_same_days_of_the_last,
    given_events_of_all_kinds_when_read_page_by_page_then_none_is_skipped_or_told_twice,
    given_more_links_than_are_asked_one_by_one_when_read_then_the_events_are_the_same,
);

async fn given_sales_by_coupon_when_events_are_read_then_credited_and_refused_ones_are_told_with_their_steps(
    db: TestDb,
) {
    let rig = super::rig::Rig::new(&db).await;
    sql(
        &db.store,
        "insert into coupons (id, code, code_key, employee_id, campaign_id, percent_off, disabled_at, created_at, changed_at)
         values (1, 'ZHANG10', 'zhang10', 1, 1, 10, null, 1, 1), (2, 'ZHANG20', 'zhang20', 1, 1, 20, 2, 1, 1);",
    )
    .await
    .unwrap();
    for (n, coupon) in [(1, "ZHANG10"), (2, "zhang20"), (3, "ZHANG10")] {
        let body = serde_json::json!({"kind": "sale", "external_id": format!("o{n}"), "amount": "199.00", "coupon": coupon,
            "occurred_at": format!("2026-11-18T01:0{n}:00Z"), "customer": {"phone": format!("1380013800{n}")}});
        let (status, answer) = rig.post("admin", "/conversions", body).await;
        assert_eq!(status, 201, "{answer}");
    }
    let (mut cursor, mut told) = (EventCursor::default(), Vec::new());
    loop {
        let page = events(&rig.app, ZHANG, cursor, 1).await.unwrap();
        for event in page.events {
            let Event::Conversion(sale) = event else {
                panic!("{event:?}")
            };
            assert!(!sale.steps.is_empty());
            told.push((sale.external_id.clone(), sale.credited_to));
        }
        match page.next {
            Some(next) => cursor = next,
            None => break,
        }
    }
    let expected =
        [("o3", Some(ZHANG)), ("o2", None), ("o1", Some(ZHANG))].map(|(id, to)| (id.to_owned(), to));
    assert_eq!(told, expected);
    assert!(
        events(&rig.app, EmployeeId(2), EventCursor::default(), 9)
            .await
            .unwrap()
            .events
            .is_empty()
    );
    let week = results(&rig.app, ZHANG, Span::Week).await.unwrap();
    assert_eq!((week.counts.sales, week.counts.amount), (2, 39_800));
    let board = rig.get("admin", "/leaderboard?period=2026-11&metric=sales").await;
    assert_eq!(board["rows"][0]["value"], "398.00");
}

both!(given_sales_by_coupon_when_events_are_read_then_credited_and_refused_ones_are_told_with_their_steps);
