//! What shares, exchanges and awards have in common: decisions, lists, refusals.

use axum::http::StatusCode;
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::app::filing::{Filed, PointsError, Verdict};
use crate::app::{Actor, App, Permission};
use crate::storage::shares::Filter;
use crate::web::pages::paged::cut;
use crate::web::{Json, List, Page, Problem};

impl From<PointsError> for Problem {
    fn from(error: PointsError) -> Self {
        match error {
            PointsError::Field { pointer, expected } => Self::field(pointer, format!("expected {expected}")),
            PointsError::Forbidden(why) => Self::forbidden(why),
            PointsError::NotFound(what) => Self::not_found(what),
            PointsError::Conflict(detail) => Self::conflict(detail),
            PointsError::Store(error) => error.into(),
        }
    }
}

/// A verdict on what was filed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDecision {
    pub(super) decision: Decision,
    /// Why; needed for a rejection, at most 500 characters.
    #[serde(default)]
    pub(super) reason: String,
}

/// The verdict.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    /// Fine: points by the rules.
    Approved,
    /// Found wanting: no points, and those given are taken back.
    Rejected,
}

impl From<Decision> for Verdict {
    fn from(decision: Decision) -> Self {
        match decision {
            Decision::Approved => Self::Approved,
            Decision::Rejected => Self::Rejected,
        }
    }
}

/// What a list is narrowed to.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Narrow {
    /// Employee code.
    employee: Option<String>,
    /// `pending`, `approved` or `rejected`.
    status: Option<String>,
    /// How many at most.
    limit: Option<u16>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

pub(super) fn instant(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// 201 for what is new, 200 with the first answer for what was known.
pub(super) fn filed<R, T: From<R>>(filed: Filed<R>) -> (StatusCode, Json<T>) {
    match filed {
        Filed::New(row) => (StatusCode::CREATED, Json(row.into())),
        Filed::Known(row) => (StatusCode::OK, Json(row.into())),
    }
}

pub(super) fn listed<R, T: From<R>>(mut rows: Vec<R>, limit: i64, id: impl Fn(&R) -> i64) -> Json<List<T>> {
    let more = cut(&mut rows, limit);
    let next_cursor = rows.last().filter(|_| more).map(|row| id(row).to_string());
    Json(List {
        data: rows.into_iter().map(Into::into).collect(),
        next_cursor,
    })
}

/// The list's filter when the caller may see it: everybody's, or one's own.
pub(super) async fn narrowed<'a>(
    app: &App,
    actor: &Actor,
    narrow: &'a Narrow,
) -> Result<(Filter<'a>, Option<i64>, i64), Problem> {
    let employee = match &narrow.employee {
        Some(code) => {
            let found = app.store.employee(code, app.today()).await?;
            Some(found.map(|p| p.id).ok_or_else(|| {
                Problem::field(
                    "?employee",
                    format!("expected an employee's code; there is nobody called {code:?}"),
                )
            })?)
        }
        None => None,
    };
    let own = employee.is_some() && employee == actor.employee() && actor.may(Permission::Own);
    if !own && !actor.may(Permission::ReadTracker) {
        return Err(Problem::forbidden(
            "this key sees its own person's only: ?employee=CODE",
        ));
    }
    let status = narrow.status.as_deref();
    if status.is_some_and(|s| !["pending", "approved", "rejected"].contains(&s)) {
        return Err(Problem::field(
            "?status",
            "expected pending, approved or rejected",
        ));
    }
    let page = Page {
        limit: narrow.limit,
        cursor: narrow.cursor.clone(),
    };
    Ok((Filter { employee, status }, page.after_id()?, page.limit()?))
}
