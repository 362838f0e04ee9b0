//! What people, campaigns, links and coupons have in common: refusals, fields that can be emptied, lists.

use axum::http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Deserializer};
use utoipa::IntoParams;

use crate::app::{Change, Refused};
use crate::web::{FieldError, Page, Problem};

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Wrong(wrong) => Self::fields(
                wrong
                    .into_iter()
                    .map(|w| FieldError {
                        pointer: w.place(),
                        detail: w.detail,
                    })
                    .collect(),
            ),
            Refused::Forbidden(why) => Self::forbidden(why),
            Refused::NotFound(what) => Self::not_found(what),
            Refused::Conflict(why) => Self::conflict(why),
            Refused::Store(error) => error.into(),
        }
    }
}

/// A field of a change: absent leaves the value, `null` empties it. With `#[serde(default)]`.
pub(super) fn nullable<'de, D: Deserializer<'de>, T: Deserialize<'de>>(d: D) -> Result<Change<T>, D::Error> {
    Option::<T>::deserialize(d).map(Some)
}

/// A field of a change that cannot be empty: absent leaves the value, `null` is wrong at the field. With `#[serde(default)]`.
pub(super) fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(d: D) -> Result<Option<T>, D::Error> {
    T::deserialize(d).map(Some)
}

/// A text of a change that may be empty: `null` empties it. With `#[serde(default)]`.
pub(super) fn emptied<'de, D: Deserializer<'de>>(d: D) -> Result<Option<String>, D::Error> {
    Option::<String>::deserialize(d).map(|text| Some(text.unwrap_or_default()))
}

/// What a list of links or coupons is narrowed to.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct OwnerFilter {
    /// Employee code.
    pub(super) employee: Option<String>,
    /// Campaign slug.
    pub(super) campaign: Option<String>,
    /// How many at most.
    pub(super) limit: Option<u16>,
    /// `next_cursor` of the page before.
    pub(super) cursor: Option<String>,
}

impl OwnerFilter {
    /// Its page.
    pub(super) fn page(&self) -> Page {
        Page {
            limit: self.limit,
            cursor: self.cursor.clone(),
        }
    }
}

/// A body that is not of the media type a call takes.
pub(super) fn media_type(expected: &str) -> Problem {
    Problem::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "media-type",
        format!("expected {expected}"),
    )
}

/// An instant that may be missing.
pub(super) fn instant_opt(ms: Option<i64>) -> Option<Timestamp> {
    ms.map(super::filed::instant)
}
