//! What filing for points and deciding on it have in common: refusals, who may, and the checks of fields.

use jiff::Timestamp;
use jiff::civil::Date;
use url::Url;

use crate::app::{Actor, App, Permission};
use crate::domain::EmployeeId;
use crate::points::Rule;
use crate::storage::StoreError;
use crate::storage::employees::Employee;
use crate::storage::points::NewEntry;

/// Longest evidence address, characters.
const URL_MAX: usize = 2000;
/// Longest reason, characters.
pub(crate) const REASON_MAX: usize = 500;

/// Why something filed for points, or a decision on it, was not taken.
#[derive(Debug, thiserror::Error)]
pub enum PointsError {
    /// A field is wrong: JSON pointer and what was expected.
    #[error("{pointer}: {expected}")]
    Field {
        /// JSON pointer.
        pointer: &'static str,
        /// What was expected.
        expected: String,
    },
    /// The caller may not do this for this person.
    #[error("{0}")]
    Forbidden(&'static str),
    /// There is no such thing.
    #[error("no such {0}")]
    NotFound(String),
    /// It contradicts what is stored.
    #[error("{0}")]
    Conflict(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl PointsError {
    pub(crate) fn field(pointer: &'static str, expected: impl Into<String>) -> Self {
        Self::Field {
            pointer,
            expected: expected.into(),
        }
    }
}

/// Something filed: new, or known before with the same content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filed<T> {
    /// Stored now.
    New(T),
    /// Stored before.
    Known(T),
}

impl<T> Filed<T> {
    /// What was filed, new or known.
    pub fn into_inner(self) -> T {
        match self {
            Self::New(value) | Self::Known(value) => value,
        }
    }
}

/// A person's verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Fine.
    Approved,
    /// Found wanting; needs a reason.
    Rejected,
}

impl Verdict {
    /// The state it leads to.
    pub const fn status(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Rejected => "rejected",
        }
    }
}

/// The person, when the caller may file for them: oneself, or anybody with [`Permission::DecidePoints`].
pub(crate) async fn whom(app: &App, actor: &Actor, code: &str) -> Result<Employee, PointsError> {
    let found = app.store.employee(code, app.today()).await?;
    let own = found.as_ref().is_some_and(|p| actor.employee() == Some(p.id));
    if !(own && actor.may(Permission::Own) || actor.may(Permission::DecidePoints)) {
        return Err(PointsError::Forbidden(
            "points are filed for oneself, or by who decides on points",
        ));
    }
    found.ok_or_else(|| {
        PointsError::field(
            "/employee",
            format!("an employee's code; there is nobody called {code:?}"),
        )
    })
}

/// 403 when the actor is the person, or the one who filed it: never both sides of one decision.
pub(crate) fn apart(
    actor: &Actor,
    person: EmployeeId,
    filed_by: &str,
    filed_for: Option<i64>,
) -> Result<(), PointsError> {
    if !actor.may(Permission::DecidePoints) {
        return Err(PointsError::Forbidden("only who decides on points may do this"));
    }
    let me = actor.employee();
    if me == Some(person) {
        return Err(PointsError::Forbidden("nobody decides on their own points"));
    }
    if actor.word() == filed_by || (me.is_some() && me.map(|e| e.0) == filed_for) {
        return Err(PointsError::Forbidden("who filed it cannot decide on it"));
    }
    Ok(())
}

pub(crate) fn entry(
    employee: EmployeeId,
    rule: Rule,
    source: String,
    points: i64,
    at: i64,
    day: Date,
) -> NewEntry {
    NewEntry {
        employee,
        rule,
        source,
        points,
        at,
        day,
        note: String::new(),
    }
}

pub(crate) fn past(pointer: &'static str, at: Timestamp, now_ms: i64) -> Result<i64, PointsError> {
    let ms = at.as_millisecond();
    if (0..=now_ms).contains(&ms) {
        Ok(ms)
    } else {
        Err(PointsError::field(
            pointer,
            "an instant that is not in the future",
        ))
    }
}

pub(crate) fn evidence(url: Option<&str>) -> Result<Option<String>, PointsError> {
    let Some(text) = url else { return Ok(None) };
    let parsed = Url::parse(text).ok().filter(|u| {
        matches!(u.scheme(), "http" | "https") && u.has_host() && text.chars().count() <= URL_MAX
    });
    match parsed {
        Some(url) => Ok(Some(url.into())),
        None => Err(PointsError::field(
            "/evidence_url",
            "an http or https address of at most 2 000 characters",
        )),
    }
}

pub(crate) fn decision_reason(verdict: Verdict, reason: &str) -> Result<&str, PointsError> {
    let reason = reason.trim();
    if reason.chars().count() > REASON_MAX || (verdict == Verdict::Rejected && reason.is_empty()) {
        return Err(PointsError::field("/reason", "why, 1 to 500 characters"));
    }
    Ok(reason)
}

pub(crate) fn missing(what: &str, id: i64) -> PointsError {
    PointsError::NotFound(format!("{what} {id}"))
}

pub(crate) fn day_of_row(table: &'static str, text: &str) -> Result<Date, StoreError> {
    text.parse().map_err(|_| StoreError::Corrupt {
        table,
        column: "day",
        value: text.to_owned(),
    })
}
