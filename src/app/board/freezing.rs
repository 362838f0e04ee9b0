//! Freezing boards: 24 h after their end, once, with every node's clicks on them (attribution.md §8).
//!
//! # Why
//! Whoever comes first after the instant freezes: the chore, a reader, or an act that would book something. Of several nodes
//! each says how far its spool is in the store; a board waits for those that are not as far as its instant, and for none of
//! them for ever: what a dead one still brings is a restatement.

use std::time::Duration;

use serde_json::json;

use jiff::civil::Date;

use crate::app::App;
use crate::app::board::{Key, places};
use crate::app::outbox::board_frozen;
use crate::domain::{EmployeeId, Period, PeriodError, PeriodKind};
use crate::ranking::{By, Metric, Place};
use crate::storage::boards::{ToFreeze, freeze_board};
use crate::storage::loader_marks::NodeMark;
use crate::storage::notices::tell_person;
use crate::storage::{StoreError, Tx, insert_audit};
use crate::tell::{Notice, NoticeKind};

/// After its end a board stays open this long, for what arrives late; milliseconds.
const FREEZE_AFTER_MS: i64 = 24 * 3_600_000;

/// Periods frozen in one call, so that a store full of old facts does not hold the other chores up.
const FREEZE_MAX: usize = 200;

/// How many places of a frozen board webhooks are told of.
const BEST: usize = 10;

/// The chore comes at the instant boards are due; for so long it may be under way, milliseconds.
const UNDER_WAY_MS: i64 = 10 * 60_000;

/// A node that said nothing for so long is dead: boards pass it over, and say so; milliseconds.
const DEAD_MS: i64 = 10 * 60_000;
/// After so long it is not spoken of any more, milliseconds.
const GONE_MS: i64 = 2 * 86_400_000;
/// A node that lives and does not catch up is waited for at most so long after the instant, milliseconds.
const LONGEST_MS: i64 = 6 * 3_600_000;
/// Nodes say how far they are when a day has begun: for so long the chore waits for that, and an act in the first moments.
const PATIENCE: (Duration, Duration) = (Duration::from_secs(3), Duration::from_millis(1_500));
/// After the instant, an act waits for nodes for so long, milliseconds.
const FIRST_MOMENTS_MS: i64 = 30_000;
const POLL: Duration = Duration::from_millis(100);

/// Periods with boards that freeze.
const KINDS: [fn(Date) -> Result<Period, PeriodError>; 3] =
    [Period::week_of, Period::month_of, Period::quarter_of];

/// Freezes the boards that have just become due, before something is booked: an act may book to other days than the one it
/// is asked about. What has long been over is the chore's: a firm that brings its history in fills whole weeks first. A
/// failure keeps nobody from what they came for.
pub(in crate::app) async fn freeze_before(app: &App) {
    let Ok(over) = jiff::Timestamp::from_millisecond(app.clock.now_ms().saturating_sub(FREEZE_AFTER_MS))
    else {
        return;
    };
    for of in KINDS {
        if let Ok(period) = of(app.day_of(over)).and_then(|p| p.previous())
            && (0..UNDER_WAY_MS).contains(&(app.clock.now_ms() - due_ms(app, &period)))
            && let Err(error) = freeze_once(app, &period).await
        {
            tracing::error!(%error, period = period.label(), "a board was not frozen before something was booked");
        }
    }
}

async fn freeze_once(app: &App, period: &Period) -> Result<(), StoreError> {
    let label = period.label();
    let found = app
        .store
        .frozen_board(&label, Metric::Points, By::Employee)
        .await?;
    if found.is_none() {
        if app.clock.now_ms() - due_ms(app, period) < FIRST_MOMENTS_MS {
            wait_for_nodes(app, period, PATIENCE.1).await?;
        }
        freeze_period(app, period).await?;
    }
    Ok(())
}

/// Freezes a period that is due and has something booked in it or before, once all nodes' clicks are in the store; whether
/// its boards are frozen now.
pub(super) async fn freeze_period(app: &App, period: &Period) -> Result<bool, StoreError> {
    if !is_due(app, period) || !app.watch.caught_up() {
        return Ok(false);
    }
    let first = app.store.first_booked_day().await?;
    if first.is_none_or(|first| first >= period.end) {
        return Ok(false);
    }
    let Nodes::Loaded { without } = nodes(app, period).await? else {
        return Ok(false);
    };
    // Another one may have been faster; either way it is frozen.
    freeze(app, period, &without).await?;
    Ok(true)
}

/// When a period's boards freeze, milliseconds UTC.
fn due_ms(app: &App, period: &Period) -> i64 {
    let end = period.to(&app.programme.zone).as_millisecond();
    end.saturating_add(FREEZE_AFTER_MS)
}

fn is_due(app: &App, period: &Period) -> bool {
    app.clock.now_ms() >= due_ms(app, period)
}

/// How far the nodes are.
#[derive(Debug, PartialEq, Eq)]
enum Nodes {
    /// All that count are past the instant; without these, which are passed over.
    Loaded { without: Vec<String> },
    /// Some are not.
    Behind,
}

/// How far nodes are that said this, at an instant boards are due.
fn far(marks: Vec<NodeMark>, due_ms: i64, now_ms: i64) -> Nodes {
    let mut without = Vec::new();
    for mark in marks.into_iter().filter(|mark| mark.loaded_to < due_ms) {
        let silent = now_ms - mark.said_at;
        if silent >= GONE_MS {
            continue;
        }
        if silent < DEAD_MS && now_ms - due_ms < LONGEST_MS {
            return Nodes::Behind;
        }
        without.push(mark.node);
    }
    Nodes::Loaded { without }
}

async fn nodes(app: &App, period: &Period) -> Result<Nodes, StoreError> {
    let marks = app.store.loader_marks().await?;
    Ok(far(marks, due_ms(app, period), app.clock.now_ms()))
}

async fn wait_for_nodes(app: &App, period: &Period, patience: Duration) -> Result<(), StoreError> {
    let mut waited = Duration::ZERO;
    while waited < patience && nodes(app, period).await? == Nodes::Behind {
        tokio::time::sleep(POLL).await;
        waited += POLL;
    }
    Ok(())
}

/// Freezes weeks, months and quarters that ended at least 24 h ago and are not frozen yet, at most 200 in one call; returns
/// the labels of those this call froze. Safe to call at any time, from several nodes at once: each period is frozen by one of them.
pub async fn freeze_due(app: &App) -> Result<Vec<String>, StoreError> {
    let Some(first) = app.store.first_booked_day().await? else {
        return Ok(Vec::new());
    };
    let known = app.store.frozen_periods().await?;
    let mut done = Vec::new();
    for of in KINDS {
        let mut day = first;
        while let Ok(period) = of(day) {
            if !is_due(app, &period) {
                break;
            }
            day = period.end;
            if known.contains(&period.label()) {
                continue;
            }
            wait_for_nodes(app, &period, PATIENCE.0).await?;
            let Nodes::Loaded { without } = nodes(app, &period).await? else {
                // Those after it are due later still.
                break;
            };
            if freeze(app, &period, &without).await? {
                done.push(period.label());
                if done.len() >= FREEZE_MAX {
                    return Ok(done);
                }
            }
        }
    }
    Ok(done)
}

async fn freeze(app: &App, period: &Period, without: &[String]) -> Result<bool, StoreError> {
    let now_ms = app.clock.now_ms();
    let mut boards: Vec<(Metric, By, Vec<ToFreeze>)> = Vec::new();
    let mut best = Vec::new();
    for by in By::ALL {
        let standings = app
            .store
            .standings(by, period.first, period.end, period.end)
            .await?;
        for metric in Metric::ALL {
            let places = places(&standings, metric, by);
            let rows = places.iter().map(|p| (p.key.id, p.rank, p.value)).collect();
            if (metric, by) == (Metric::Points, By::Employee) {
                best = places.iter().take(BEST).map(told).collect();
            }
            boards.push((metric, by, rows));
        }
    }
    let label = period.label();
    let mut tx = app.store.begin().await?;
    for (metric, by, rows) in &boards {
        if !freeze_board(&mut tx, &label, *metric, *by, now_ms, rows).await? {
            tx.rollback().await?;
            return Ok(false);
        }
    }
    let mut detail = json!({"boards": boards.len()});
    if !without.is_empty() {
        detail["without"] = json!(without);
    }
    insert_audit(&mut tx, now_ms, "system", "board.freeze", &label, &detail).await?;
    let points = boards
        .iter()
        .find(|(metric, by, _)| (*metric, *by) == (Metric::Points, By::Employee));
    if let Some((_, _, rows)) = points {
        board_frozen(&mut tx, period, (rows.len(), best), now_ms).await?;
        tell_people(&mut tx, period, rows, now_ms).await?;
    }
    tx.commit().await?;
    if !without.is_empty() {
        tracing::warn!(
            period = label,
            nodes = without.join(", "),
            "a board was frozen without these nodes, which did not say in time that their clicks are in the store; \
             what they still bring is shown as a restatement"
        );
    }
    Ok(true)
}

/// A place as webhooks are told of it: with the name as its owner chose to appear.
fn told(place: &Place<Key>) -> serde_json::Value {
    let who = &place.key.who;
    json!({
        "rank": place.rank,
        "name": who.shown(),
        "value": place.value.total(),
    })
}

/// Tells each person on a week's points board of their place.
async fn tell_people(tx: &mut Tx, period: &Period, rows: &[ToFreeze], now_ms: i64) -> Result<(), StoreError> {
    if period.kind != PeriodKind::Week {
        return Ok(());
    }
    for (person, rank, _) in rows {
        let notice = Notice {
            kind: NoticeKind::BoardFrozen,
            about: period.label(),
            facts: json!({ "period": period.label(), "rank": rank, "of": rows.len() }),
        };
        tell_person(tx, EmployeeId(*person), &notice, now_ms).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const DUE: i64 = 1_000_000_000;

    fn mark(node: &str, loaded_to: i64, said_at: i64) -> NodeMark {
        NodeMark {
            node: node.to_owned(),
            loaded_to,
            said_at,
        }
    }

    #[test]
    fn a_board_waits_for_nodes_that_live_and_passes_over_those_that_do_not() {
        let loaded = |without: &[&str]| Nodes::Loaded {
            without: without.iter().map(|n| (*n).to_owned()).collect(),
        };
        let now = DUE + 1_000;
        for (case, marks, now, then) in [
            ("nobody says anything", vec![], now, loaded(&[])),
            ("past the instant", vec![mark("a", DUE, now)], now, loaded(&[])),
            (
                "a millisecond short",
                vec![mark("a", DUE - 1, now)],
                now,
                Nodes::Behind,
            ),
            (
                "silent for less than ten minutes",
                vec![mark("a", 0, now - DEAD_MS + 1)],
                now,
                Nodes::Behind,
            ),
            ("for ten", vec![mark("a", 0, now - DEAD_MS)], now, loaded(&["a"])),
            (
                "for two days",
                vec![mark("a", 0, now - GONE_MS)],
                now,
                loaded(&[]),
            ),
            (
                "one dead, one behind",
                vec![mark("a", 0, now - DEAD_MS), mark("b", 0, now)],
                now,
                Nodes::Behind,
            ),
            (
                "alive, and behind for six hours",
                vec![mark("a", 0, DUE + LONGEST_MS)],
                DUE + LONGEST_MS,
                loaded(&["a"]),
            ),
        ] {
            assert_eq!(far(marks, DUE, now), then, "{case}");
        }
    }
}
