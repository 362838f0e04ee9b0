//! Boards: live ones out of the rollups, frozen ones with what was restated since.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde_json::json;

use crate::app::App;
use crate::app::outbox::board_frozen;
use crate::domain::{EmployeeId, Period, PeriodError, PeriodKind};
use crate::ranking::{By, Metric, Place, Value, moved, rank};
use crate::storage::boards::{FrozenBoard, Standing, Subject, ToFreeze, freeze_board};
use crate::storage::notices::tell_person;
use crate::storage::{StoreError, Tx, insert_audit};
use crate::tell::{Notice, NoticeKind};

/// After its end a board stays open this long, for what arrives late; milliseconds.
const FREEZE_AFTER_MS: i64 = 24 * 3_600_000;

/// Periods frozen in one call, so that a store full of old facts does not hold the other chores up.
const FREEZE_MAX: usize = 200;

/// How many places of a frozen board webhooks are told of.
const BEST: usize = 10;

/// What a frozen row would be today, when that differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Restated {
    /// The rank; `None` without a place.
    pub rank: Option<i64>,
    /// The value.
    pub value: Value,
}

/// A row of a board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoardRow {
    /// 1 is first. On a frozen board the rank that stands.
    pub rank: i64,
    /// Row of the employee or team.
    pub subject: i64,
    /// Their code.
    pub code: String,
    /// The name as they chose to appear; the viewer's own in full.
    pub name: String,
    /// The value (minor units for sales).
    pub value: Value,
    /// Places moved since the period before, positive upward; `None` when new.
    pub moved: Option<i64>,
    /// What is missing to draw level with the next better place; `None` for the first.
    pub missing: Option<Value>,
    /// On a frozen board: what it would be today, when that differs.
    pub restated: Option<Restated>,
    /// Whether it is the viewer (or their team).
    pub mine: bool,
}

/// A board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Board {
    /// Its span.
    pub period: Period,
    /// What is compared.
    pub metric: Metric,
    /// Who is compared.
    pub by: By,
    /// When it was frozen, milliseconds UTC; `None`: live.
    pub frozen_at: Option<i64>,
    /// Best first.
    pub rows: Vec<BoardRow>,
    /// Of a frozen board: who had no place when it was frozen and has one by later facts; `rank` is the restated one.
    pub late: Vec<BoardRow>,
}

impl Board {
    /// The viewer's row.
    pub fn mine(&self) -> Option<&BoardRow> {
        self.rows.iter().find(|row| row.mine)
    }
}

/// The board of a period, as `viewer` sees it: frozen if it was frozen, live otherwise.
pub async fn board(
    app: &App,
    viewer: Option<EmployeeId>,
    period: Period,
    metric: Metric,
    by: By,
) -> Result<Board, StoreError> {
    let me = match (viewer, by) {
        (None, _) => None,
        (Some(person), By::Employee) => Some(person.0),
        (Some(person), By::Team) => app.store.team_on(person.0, app.today()).await?,
    };
    // First of all: what is over is frozen before anything of it is read.
    let frozen = frozen_by_now(app, &period, metric, by).await?;
    let before = match period.previous() {
        Ok(previous) => ranks_of(app, previous, metric, by).await?,
        Err(_) => BTreeMap::new(),
    };
    let live = live_places(app, &period, metric, by).await?;
    let row = |rank: i64, who: &Subject, value: Value, missing: Option<Value>| BoardRow {
        rank,
        subject: who.id,
        code: who.code.clone(),
        name: if me == Some(who.id) {
            who.name.clone()
        } else {
            who.shown()
        },
        value,
        moved: moved(before.get(&who.id).copied(), rank),
        missing,
        restated: None,
        mine: me == Some(who.id),
    };
    let Some(frozen) = frozen else {
        let rows = live
            .iter()
            .map(|p| row(p.rank, &p.key.who, p.value, p.missing))
            .collect();
        return Ok(Board {
            period,
            metric,
            by,
            frozen_at: None,
            rows,
            late: Vec::new(),
        });
    };
    let mut today: BTreeMap<i64, &Place<Key>> = live.iter().map(|p| (p.key.id, p)).collect();
    let mut rows: Vec<BoardRow> = Vec::with_capacity(frozen.rows.len());
    for frozen in &frozen.rows {
        let missing = match rows.last() {
            Some(last) if last.rank == frozen.place => last.missing,
            Some(last) => Some(frozen.value.missing_to(last.value)),
            None => None,
        };
        let now = today.remove(&frozen.who.id);
        let now = Restated {
            rank: now.map(|p| p.rank),
            value: now.map_or(Value::whole(0), |p| p.value),
        };
        let same = now.rank == Some(frozen.place) && now.value == frozen.value;
        let mut shown = row(frozen.place, &frozen.who, frozen.value, missing);
        shown.restated = (!same).then_some(now);
        rows.push(shown);
    }
    let late = live
        .iter()
        .filter(|p| today.contains_key(&p.key.id))
        .map(|p| row(p.rank, &p.key.who, p.value, p.missing))
        .collect();
    Ok(Board {
        period,
        metric,
        by,
        frozen_at: Some(frozen.frozen_at),
        rows,
        late,
    })
}

/// The frozen board of a period. One that is due is frozen now: whoever asks after the instant sees what stands for good, and
/// no later fact gets in before the chore's next turn.
async fn frozen_by_now(
    app: &App,
    period: &Period,
    metric: Metric,
    by: By,
) -> Result<Option<FrozenBoard>, StoreError> {
    if period.kind == PeriodKind::Custom {
        return Ok(None);
    }
    let label = period.label();
    let found = app.store.frozen_board(&label, metric, by).await?;
    if found.is_some() || !freeze_period(app, period).await? {
        return Ok(found);
    }
    app.store.frozen_board(&label, metric, by).await
}

/// The chore comes at the instant boards are due; for so long it may be under way, milliseconds.
const UNDER_WAY_MS: i64 = 10 * 60_000;

/// Freezes the boards a day counts for, where they have just become due: before something that happened then is booked.
/// What has long been over is the chore's: a firm that brings its history in fills whole weeks first. A failure keeps nobody
/// from what they came for.
pub(in crate::app) async fn freeze_before(app: &App, day: Date) {
    for of in KINDS {
        if let Ok(period) = of(day)
            && (0..UNDER_WAY_MS).contains(&(app.clock.now_ms() - due_ms(app, &period)))
            && let Err(error) = freeze_once(app, &period).await
        {
            tracing::error!(%error, period = period.label(), "a board was not frozen before something was booked to it");
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
        freeze_period(app, period).await?;
    }
    Ok(())
}

/// Freezes a period that is due and has something booked in it or before, once this node's clicks are in the store; whether
/// its boards are frozen now.
async fn freeze_period(app: &App, period: &Period) -> Result<bool, StoreError> {
    if !is_due(app, period) || !app.watch.caught_up() {
        return Ok(false);
    }
    let first = app.store.first_booked_day().await?;
    if first.is_none_or(|first| first >= period.end) {
        return Ok(false);
    }
    // Another one may have been faster; either way it is frozen.
    freeze(app, period, app.clock.now_ms()).await?;
    Ok(true)
}

/// Periods with boards that freeze.
const KINDS: [fn(Date) -> Result<Period, PeriodError>; 3] =
    [Period::week_of, Period::month_of, Period::quarter_of];

/// When a period's boards freeze, milliseconds UTC.
fn due_ms(app: &App, period: &Period) -> i64 {
    let end = period.to(&app.programme.zone).as_millisecond();
    end.saturating_add(FREEZE_AFTER_MS)
}

fn is_due(app: &App, period: &Period) -> bool {
    app.clock.now_ms() >= due_ms(app, period)
}

/// Freezes weeks, months and quarters that ended at least 24 h ago and are not frozen yet, at most 200 in one call; returns
/// the labels of those this call froze. Safe to call at any time, from several nodes at once: each period is frozen by one of them.
pub async fn freeze_due(app: &App) -> Result<Vec<String>, StoreError> {
    let Some(first) = app.store.first_booked_day().await? else {
        return Ok(Vec::new());
    };
    let known = app.store.frozen_periods().await?;
    let now_ms = app.clock.now_ms();
    let mut done = Vec::new();
    for of in KINDS {
        let mut day = first;
        while let Ok(period) = of(day) {
            if !is_due(app, &period) {
                break;
            }
            day = period.end;
            if !known.contains(&period.label()) && freeze(app, &period, now_ms).await? {
                done.push(period.label());
                if done.len() >= FREEZE_MAX {
                    return Ok(done);
                }
            }
        }
    }
    Ok(done)
}

async fn freeze(app: &App, period: &Period, now_ms: i64) -> Result<bool, StoreError> {
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
    insert_audit(
        &mut tx,
        now_ms,
        "system",
        "board.freeze",
        &label,
        &json!({"boards": boards.len()}),
    )
    .await?;
    let points = boards
        .iter()
        .find(|(metric, by, _)| (*metric, *by) == (Metric::Points, By::Employee));
    if let Some((_, _, rows)) = points {
        board_frozen(&mut tx, period, (rows.len(), best), now_ms).await?;
        tell_people(&mut tx, period, rows, now_ms).await?;
    }
    tx.commit().await?;
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

/// Ties are in the order of the codes, whatever their case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    code: String,
    /// Unique, so that the comparison ends here.
    id: i64,
    who: Subject,
}

fn places(standings: &[Standing], metric: Metric, by: By) -> Vec<Place<Key>> {
    rank(standings.iter().map(|standing| {
        let total = metric.of(&standing.counts);
        let value = match by {
            By::Employee => Value::whole(total),
            By::Team => Value::shared(total, standing.members),
        };
        let key = Key {
            code: standing.who.code.to_lowercase(),
            id: standing.who.id,
            who: standing.who.clone(),
        };
        (key, value)
    }))
}

async fn live_places(
    app: &App,
    period: &Period,
    metric: Metric,
    by: By,
) -> Result<Vec<Place<Key>>, StoreError> {
    // While a period runs, only days up to today make somebody an active member of a team.
    let tomorrow = app.today().tomorrow().unwrap_or(Date::MAX);
    let until = period.end.min(tomorrow).max(period.first);
    let standings = app.store.standings(by, period.first, period.end, until).await?;
    Ok(places(&standings, metric, by))
}

async fn ranks_of(
    app: &App,
    period: Period,
    metric: Metric,
    by: By,
) -> Result<BTreeMap<i64, i64>, StoreError> {
    if period.kind != PeriodKind::Custom
        && let Some(frozen) = app.store.frozen_board(&period.label(), metric, by).await?
    {
        return Ok(frozen.rows.iter().map(|r| (r.who.id, r.place)).collect());
    }
    let live = live_places(app, &period, metric, by).await?;
    Ok(live.iter().map(|p| (p.key.id, p.rank)).collect())
}
