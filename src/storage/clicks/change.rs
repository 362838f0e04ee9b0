//! Changing stored clicks.

use crate::domain::{Class, ClickId, ClickReason};
use crate::storage::bulk::{Bulk, pieces};
use crate::storage::{StoreError, Tx, writing};

/// What may change of a click, in full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClickChange {
    /// The click.
    pub id: ClickId,
    /// Class.
    pub class: Class,
    /// Reason.
    pub reason: ClickReason,
    /// What the rules had said before a person overruled.
    pub was: Option<(Class, ClickReason)>,
    /// Beacons, packed.
    pub beacons: Option<Vec<u8>>,
    /// The page's visitor.
    pub page_visitor: Option<[u8; 16]>,
    /// Visible time believed, milliseconds.
    pub dwell_ms: Option<i64>,
    /// Valid.
    pub valid: bool,
    /// Earned points.
    pub earned: bool,
}

static UPDATE: Bulk = Bulk::rows(
    "with v (id, class, reason, was_class, was_reason, beacons, page_visitor, dwell_ms, valid, earned) as (values ",
    10,
    ") update clicks set class = v.class, reason = v.reason, was_class = v.was_class, was_reason = v.was_reason, \
     beacons = v.beacons, page_visitor = v.page_visitor, dwell_ms = v.dwell_ms, valid = v.valid, earned = v.earned \
     from v where clicks.id = v.id",
);

/// Writes changes; every click must be there.
pub async fn change_clicks(tx: &mut Tx, changes: &[ClickChange]) -> Result<(), StoreError> {
    for piece in pieces(changes) {
        let text = UPDATE.text(tx, piece.len());
        let done = writing!(tx, |db| {
            let mut query = sqlx::query(text);
            for c in piece {
                query = query
                    .bind(c.id.0)
                    .bind(c.class.as_str())
                    .bind(c.reason.as_str())
                    .bind(c.was.map(|(class, _)| class.as_str()))
                    .bind(c.was.map(|(_, reason)| reason.as_str()))
                    .bind(c.beacons.as_deref())
                    .bind(c.page_visitor.as_ref().map(|v| &v[..]))
                    .bind(c.dwell_ms)
                    .bind(c.valid)
                    .bind(c.earned);
            }
            query.execute(db).await?.rows_affected()
        });
        StoreError::check_rows("clicks", done, piece.len() as u64)?;
    }
    Ok(())
}
