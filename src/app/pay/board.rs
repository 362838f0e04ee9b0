//! The period board: every scheme that is set up, month by month, with what is due and what is missing.

use jiff::civil::Date;

use crate::app::App;
use crate::app::pay::guard::GUARDS;
use crate::app::pay::{PayError, library};
use crate::domain::Period;
use crate::payout::Label;
use crate::storage::pay::{RunHead, RunState, Setting};

/// Months a board shows.
pub const BOARD_MONTHS: usize = 6;
/// Most runs of the list of what waits.
const OPEN_MOST: i64 = 200;

/// A scheme's place in a month.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BoardCell {
    /// The period due here, by its label; `None` where nothing is.
    pub due: Option<String>,
    /// Whether that period is over and nobody calculated it.
    pub is_missing: bool,
    /// Runs of periods that end (an activity's: begin) in the month.
    pub runs: Vec<RunHead>,
}

/// A scheme on the board.
#[derive(Clone, Debug)]
pub struct BoardRow {
    /// Scheme id.
    pub scheme: String,
    /// Its name.
    pub name: Label,
    /// `month`, `quarter`, `year` or `activity`.
    pub period: String,
    /// Guards run over the other schemes and pay nothing.
    pub is_guard: bool,
    /// One per month.
    pub cells: Vec<BoardCell>,
}

/// The board.
#[derive(Clone, Debug)]
pub struct Board {
    /// The newest first.
    pub months: Vec<Period>,
    /// By scheme id.
    pub rows: Vec<BoardRow>,
    /// Runs that are not paid yet, the earliest first.
    pub open: Vec<RunHead>,
}

/// The board that ends with the month of `until`.
pub async fn board(app: &App, until: Date) -> Result<Board, PayError> {
    let today = app.today();
    let wrong = |_| PayError::field("?until", "a day of this era");
    let mut months = vec![Period::month_of(until).map_err(wrong)?];
    while months.len() < BOARD_MONTHS {
        let last = months[months.len() - 1];
        months.push(last.previous().map_err(wrong)?);
    }
    let since = months[months.len() - 1].first;
    let heads = app.store.run_heads(since).await?;
    let mut ids = app.store.schemes_set().await?;
    ids.extend(heads.iter().map(|h| h.scheme.clone()));
    ids.sort_unstable();
    ids.dedup();
    let mut rows = Vec::new();
    for scheme in ids {
        let Some(known) = library::scheme_document(app, &scheme, until).await? else {
            continue;
        };
        let settings = app.store.settings_of(&scheme).await?;
        let header = &known.document.header;
        let cells = months.iter().map(|month| {
            let due = period_due(known.period(), month).filter(|period| {
                scheme != GUARDS && is_due(&settings, period.first) && header.from <= period.first
            });
            let mine = |head: &&RunHead| {
                let day = if known.period() == "activity" {
                    Some(head.from_on)
                } else {
                    head.to_on.yesterday().ok()
                };
                head.scheme == scheme && day.is_some_and(|day| month.contains(day))
            };
            let runs: Vec<RunHead> = heads.iter().filter(mine).cloned().collect();
            BoardCell {
                is_missing: runs.is_empty() && due.as_ref().is_some_and(|p| p.end <= today),
                due: due.map(|p| p.label()),
                runs,
            }
        });
        rows.push(BoardRow {
            cells: cells.collect(),
            name: header.name.clone(),
            period: known.period().to_owned(),
            is_guard: header.guard,
            scheme,
        });
    }
    Ok(Board {
        months,
        rows,
        open: app.store.open_heads(OPEN_MOST).await?,
    })
}

/// The period of a kind that ends with a month.
pub(super) fn period_due(kind: &str, month: &Period) -> Option<Period> {
    let period = match kind {
        "month" => Ok(*month),
        "quarter" => Period::quarter_of(month.first),
        "year" => Period::parse(&format!("{:04}", month.first.year())),
        _ => return None,
    };
    period.ok().filter(|p| p.end == month.end)
}

/// Whether a scheme is switched on for periods that begin on a day; settings stand the newest first.
fn is_due(settings: &[Setting], day: Date) -> bool {
    let day = day.to_string();
    settings
        .iter()
        .find(|s| s.from_on <= day)
        .is_some_and(|s| s.enabled)
}

/// What a run waits for, by its state.
pub const fn next_step(state: RunState) -> Option<&'static str> {
    match state {
        RunState::Calculated => Some("submit"),
        RunState::InReview => Some("approve"),
        RunState::Approved => Some("close"),
        RunState::Closed => Some("pay"),
        RunState::Paid | RunState::Superseded => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quarter_is_due_with_its_last_month_and_a_year_with_december() {
        let month = |text: &str| Period::parse(text).unwrap();
        let label = |kind: &str, text: &str| period_due(kind, &month(text)).map(|p| p.label());
        assert_eq!(label("month", "2026-10").as_deref(), Some("2026-10"));
        assert_eq!(label("quarter", "2026-09").as_deref(), Some("2026-Q3"));
        assert_eq!(label("quarter", "2026-10"), None);
        assert_eq!(label("year", "2026-12").as_deref(), Some("2026"));
        assert_eq!(label("year", "2026-11"), None);
        assert_eq!(label("activity", "2026-12"), None);
    }

    #[test]
    fn the_last_setting_from_a_day_on_says_whether_a_scheme_is_due() {
        let setting = |from_on: &str, enabled: bool| Setting {
            id: 1,
            scheme: "07".into(),
            from_on: from_on.into(),
            document: None,
            params: "{}".into(),
            enabled,
            note: String::new(),
            set_by: "system".into(),
            created_at: 0,
        };
        let list = [setting("2026-11-01", false), setting("2026-09-01", true)];
        let on = |text: &str| is_due(&list, text.parse().unwrap());
        assert!(!on("2026-08-01") && on("2026-10-01") && !on("2026-11-01"));
    }
}
