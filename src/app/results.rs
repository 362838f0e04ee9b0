//! "My results": sums and trend out of the rollups, and the list of events with why they (do not) count.

use std::collections::BTreeMap;

use jiff::ToSpan;
use jiff::civil::Date;
use uuid::Uuid;

use crate::app::App;
use crate::domain::{ClickId, Counts, EmployeeId, Period};
use crate::storage::StoreError;
use crate::storage::conversions::Conversion;
use crate::storage::points::PointEntry;
use crate::storage::results::ClickEvent;

/// Days a trend shows at most.
const TREND_DAYS: i64 = 92;

/// Which days.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Span {
    /// This week, Monday to Sunday, beside the week before.
    #[default]
    Week,
    /// This month beside the month before.
    Month,
    /// Everything, from the first day anything was booked to.
    All,
}

/// A day of the trend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrendDay {
    /// The day.
    pub day: Date,
    /// What it brought; zeros included, so that a chart has no holes.
    pub counts: Counts,
    /// The same day of the span before (Monday beside Monday, the 3rd beside the 3rd); `None` for [`Span::All`].
    pub before: Option<Counts>,
}

/// A person's results. The funnel is `counts`: requests → human → valid → leads → sales.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Results {
    /// First day.
    pub first: Date,
    /// Day after the last.
    pub end: Date,
    /// The sums.
    pub counts: Counts,
    /// The sums of the span before up to the same day, so that a Tuesday is not compared with a whole week.
    pub before: Option<Counts>,
    /// Day by day up to today, at most 92 of them.
    pub days: Vec<TrendDay>,
    /// Points to spend.
    pub balance: i64,
}

impl Results {
    /// Recorded requests that are not a person's click: previews, crawlers, repeats, colleagues …
    pub fn not_human(&self) -> i64 {
        self.counts.requests - self.counts.human
    }

    /// Clicks of people that stayed too short or were not measured.
    pub fn not_valid(&self) -> i64 {
        self.counts.human - self.counts.valid
    }
}

/// What a person has this week, this month or in all.
pub async fn results(app: &App, employee: EmployeeId, span: Span) -> Result<Results, StoreError> {
    let today = app.today();
    let tomorrow = today.tomorrow().unwrap_or(Date::MAX);
    let period = match span {
        Span::Week => Period::week_of(today).ok(),
        Span::Month => Period::month_of(today).ok(),
        Span::All => None,
    };
    let previous = period.and_then(|p| p.previous().ok());
    let (first, end) = period.map_or((Date::constant(1, 1, 1), Date::MAX), |p| (p.first, p.end));
    let rows = app.store.employee_days(employee, first, end).await?;
    let first = match period {
        Some(period) => period.first,
        None => rows.first().map_or(today, |(day, _)| *day),
    };
    let end = period.map_or(tomorrow, |p| p.end);
    let earlier = match previous {
        Some(p) => app.store.employee_days(employee, p.first, p.end).await?,
        None => Vec::new(),
    };
    let sum = |rows: &mut dyn Iterator<Item = Counts>| {
        rows.fold(Counts::default(), |mut sum, counts| {
            sum += counts;
            sum
        })
    };
    let counts = sum(&mut rows.iter().map(|(_, c)| *c));
    let before = previous.map(|p| {
        let same_day = p.first.saturating_add((tomorrow - first).get_days().days());
        sum(&mut earlier.iter().filter(|(day, _)| *day < same_day).map(|(_, c)| *c))
    });
    let now: BTreeMap<Date, Counts> = rows.into_iter().collect();
    let then: BTreeMap<Date, Counts> = earlier.into_iter().collect();
    let from = first.max(today.saturating_sub((TREND_DAYS - 1).days()));
    let days = from
        .series(1.day())
        .take_while(|day| *day < end.min(tomorrow))
        .map(|day| TrendDay {
            day,
            counts: now.get(&day).copied().unwrap_or_default(),
            before: previous.map(|p| {
                let same = p.first.saturating_add((day - first).get_days().days());
                // The 31st has nothing beside it in a month of 30.
                then.get(&same)
                    .copied()
                    .filter(|_| same < p.end)
                    .unwrap_or_default()
            }),
        })
        .collect();
    Ok(Results {
        first,
        end,
        counts,
        before,
        days,
        balance: app.store.point_balance(employee).await?,
    })
}

/// Something that happened, with all that says why it (does not) count.
#[derive(Clone, Debug)]
pub enum Event {
    /// A click: class, reason, dwell.
    Click(ClickEvent),
    /// A lead or sale: its steps are the written decision.
    Conversion(Box<Conversion>),
    /// Points for anything but a click; a negative one says in `note` why.
    Points(PointEntry),
}

impl Event {
    /// When it happened (points: when they were booked), milliseconds UTC.
    pub fn at(&self) -> i64 {
        match self {
            Self::Click(click) => click.at,
            Self::Conversion(conversion) => conversion.occurred_at,
            Self::Points(entry) => entry.recorded_at,
        }
    }
}

/// How far a reader of events has come: each kind by its own key, so that nothing is skipped or told twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventCursor {
    click: ClickId,
    conversion: (i64, i64),
    points: i64,
}

impl Default for EventCursor {
    fn default() -> Self {
        Self {
            click: ClickId(Uuid::max()),
            conversion: (i64::MAX, i64::MAX),
            points: i64::MAX,
        }
    }
}

impl EventCursor {
    /// Reads what [`EventCursor::text`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('_');
        let cursor = Self {
            click: ClickId(parts.next()?.parse().ok()?),
            conversion: (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?),
            points: parts.next()?.parse().ok()?,
        };
        parts.next().is_none().then_some(cursor)
    }

    /// The cursor as a word for a URL.
    pub fn text(&self) -> String {
        let (at, id) = self.conversion;
        format!("{}_{at}_{id}_{}", self.click, self.points)
    }
}

/// A page of events.
#[derive(Clone, Debug)]
pub struct Events {
    /// The latest first.
    pub events: Vec<Event>,
    /// Where to go on; `None` at the end.
    pub next: Option<EventCursor>,
}

/// What happened around a person, the latest first, at most `limit` (1–200).
pub async fn events(
    app: &App,
    employee: EmployeeId,
    after: EventCursor,
    limit: usize,
) -> Result<Events, StoreError> {
    let limit = limit.clamp(1, 200);
    // One more than asked for, so that we know whether there is more.
    let rows = i64::try_from(limit + 1).unwrap_or(201);
    let clicks = app.store.clicks_around(employee, after.click, rows).await?;
    let conversions = app
        .store
        .conversions_around(employee, after.conversion, rows)
        .await?;
    let points = app
        .store
        .other_point_entries(employee, after.points, rows)
        .await?;
    let kinds: [Vec<Event>; 3] = [
        clicks.into_iter().map(Event::Click).collect(),
        conversions
            .into_iter()
            .map(|c| Event::Conversion(Box::new(c)))
            .collect(),
        points.into_iter().map(Event::Points).collect(),
    ];
    let mut all: Vec<(i64, Event)> = Vec::new();
    for kind in kinds {
        // Each kind keeps the order of its own key, which its cursor goes by, even where instants run otherwise.
        let mut latest = i64::MAX;
        for event in kind {
            latest = latest.min(event.at());
            all.push((latest, event));
        }
    }
    all.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    let mut all: Vec<Event> = all.into_iter().map(|(_, event)| event).collect();
    let more = all.len() > limit;
    all.truncate(limit);
    let mut next = after;
    for event in &all {
        match event {
            Event::Click(click) => next.click = click.id.min(next.click),
            Event::Conversion(c) => next.conversion = (c.occurred_at, c.id.0).min(next.conversion),
            Event::Points(entry) => next.points = entry.id.min(next.points),
        }
    }
    Ok(Events {
        events: all,
        next: more.then_some(next),
    })
}
