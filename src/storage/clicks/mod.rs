//! Clicks: one row each, flagged and never dropped.
//!
//! # Why
//! The loader writes them many at a time and judges them by their neighbours; people read them, few at a time
//! (attribution.md §2). Rows lie in the order of their ids, which is the order of the clicks.

mod change;
mod common;
mod earners;
mod insert;
mod orphans;
mod read;
mod recount;
mod seen;
mod visits;

pub use change::{ClickChange, change_clicks};
pub use common::{AgentWords, PlaceWords, agent_numbers, place_numbers};
pub use earners::{Earner, earners_around};
pub use insert::{ClickRow, insert_clicks};
pub use orphans::{forget_orphans, keep_orphans, orphans_of};
pub use read::{ClickFilter, ClickView};
pub use recount::{Difference, Rollup};
pub use seen::{
    PageSpan, Seen, VisitorKey, clicks_by_id, clicks_of_visitors, last_click_at, page_visits, wechat_on_links,
};
pub use visits::{each_visit_between, each_visit_on_links};

use std::ops::RangeInclusive;

use uuid::Uuid;

use crate::domain::{Class, ClickId, ClickReason};
use crate::storage::StoreError;

/// The smallest id a click at `at_ms` can have: ids compared with it tell before from after.
pub fn first_id_at(at_ms: i64) -> ClickId {
    let millis = u128::try_from(at_ms.clamp(0, (1 << 48) - 1)).unwrap_or(0);
    ClickId(Uuid::from_u128(millis << 80))
}

/// Milliseconds of a day (UTC): the index of clicks by link is one of days.
const DAY_MS: i64 = 86_400_000;

/// The days (UTC) from one instant to another, both included.
fn days(from_ms: i64, to_ms: i64) -> RangeInclusive<i64> {
    from_ms.div_euclid(DAY_MS)..=to_ms.div_euclid(DAY_MS)
}

/// Appends `and (days of the index)`; `$q` ends in a condition already.
macro_rules! on_days {
    ($q:ident, $at:literal, $days:expr) => {
        let mut list = $q
            .push(concat!(" and (", $at, " / 86400000) in ("))
            .separated(", ");
        for day in $days {
            list.push_bind(day);
        }
        $q.push(")");
    };
}
pub(in crate::storage) use on_days;

fn class_of(text: &str) -> Result<Class, StoreError> {
    text.parse().map_err(|()| corrupt("class", text))
}

fn reason_of(text: &str) -> Result<ClickReason, StoreError> {
    text.parse().map_err(|()| corrupt("reason", text))
}

fn corrupt(column: &'static str, value: &str) -> StoreError {
    StoreError::Corrupt {
        table: "clicks",
        column,
        value: value.to_owned(),
    }
}

fn visitor_of(column: &'static str, bytes: Option<Vec<u8>>) -> Result<Option<[u8; 12]>, StoreError> {
    bytes.map(|b| fixed(column, &b)).transpose()
}

fn fixed<const N: usize>(column: &'static str, bytes: &[u8]) -> Result<[u8; N], StoreError> {
    bytes
        .try_into()
        .map_err(|_| corrupt(column, &format!("{bytes:02x?}")))
}
