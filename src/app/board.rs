//! Boards: live ones out of the rollups, frozen ones with what was restated since.

mod freezing;

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::app::App;
use crate::app::board::freezing::freeze_period;
use crate::domain::{EmployeeId, Period, PeriodKind};
use crate::ranking::{By, Metric, Place, Value, moved, rank};
use crate::storage::StoreError;
use crate::storage::boards::{FrozenBoard, Standing, Subject};

pub(in crate::app) use freezing::freeze_before;
pub use freezing::freeze_due;

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
