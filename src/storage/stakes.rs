//! Leads and orders a decision on a sign may move.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::QueryBuilder;
use uuid::Uuid;

use crate::attribution::{ConversionKind, Status};
use crate::domain::{ClickId, EmployeeId, Money};
use crate::storage::suspicions::ClickEvidence;
use crate::storage::{Store, StoreError, convert, reading};

/// A lead or order credited to somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stake {
    /// The caller's id for it.
    pub external_id: String,
    /// Lead or sale.
    pub kind: ConversionKind,
    /// Paid, less what went back.
    pub net: Money,
    /// Where it stands.
    pub status: Status,
    /// The click that credits it.
    pub touch: Option<ClickId>,
}

impl Store {
    /// What is credited to somebody, whatever its state, and has one of these ids or is credited by one of these clicks.
    pub async fn stakes(
        &self,
        employee: EmployeeId,
        named: &BTreeSet<String>,
        clicks: &[ClickEvidence],
    ) -> Result<Vec<Stake>, StoreError> {
        if named.is_empty() && clicks.is_empty() {
            return Ok(Vec::new());
        }
        let rows: Vec<(String, String, i64, String, Option<Uuid>)> = reading!(self, |db| {
            let mut q = QueryBuilder::new(
                "select external_id, kind, amount - refunded, status, touch_id from conversions where credited_to = ",
            );
            // A list is never empty: nothing has the empty id, or is credited by the nil click.
            q.push_bind(employee.0).push(" and (external_id in (''");
            for id in named {
                q.push(", ").push_bind(id);
            }
            q.push(") or touch_id in (").push_bind(Uuid::nil());
            for click in clicks {
                q.push(", ").push_bind(click.id);
            }
            q.push(")) order by id");
            q.build_query_as().fetch_all(db).await?
        });
        rows.into_iter()
            .map(|(external_id, kind, net, status, touch)| {
                Ok(Stake {
                    external_id,
                    kind: convert::word("conversions", "kind", kind)?,
                    net: Money::from_minor(net),
                    status: convert::word("conversions", "status", status)?,
                    touch: touch.map(ClickId),
                })
            })
            .collect()
    }

    /// Which conversions have the credit of these claims now: the shop's orders that took their places among them.
    pub async fn credited_by_claims(
        &self,
        claims: &BTreeSet<i64>,
    ) -> Result<BTreeMap<i64, String>, StoreError> {
        if claims.is_empty() {
            return Ok(BTreeMap::new());
        }
        let rows: Vec<(i64, String)> = reading!(self, |db| {
            let mut q = QueryBuilder::new(
                "select id, external_id from claims where external_id is not null and id in (",
            );
            let mut list = q.separated(", ");
            for claim in claims {
                list.push_bind(*claim);
            }
            q.push(")");
            q.build_query_as().fetch_all(db).await?
        });
        Ok(rows.into_iter().collect())
    }
}
