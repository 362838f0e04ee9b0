//! What points at the leads and orders of a suspicion: browsers of the employee's own, claims the CRM was faster than.

use std::collections::BTreeSet;

use jiff::civil::Date;

use crate::attribution::odd::Odd;
use crate::domain::{ClickId, EmployeeId};
use crate::storage::{Store, StoreError, reading};

/// What points at the clicks of a suspicion.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Evidence {
    /// The busiest visitor, hex.
    pub visitor: Option<String>,
    /// The busiest network (/24 or /48 as a number).
    pub network: Option<i64>,
    /// The length of the even gaps, seconds.
    pub gap_seconds: Option<i64>,
    /// External ids of the leads and orders within seconds of their click.
    pub conversions: Vec<String>,
    /// Those by a browser of the employee's own.
    pub kin: Vec<String>,
    /// The day's leads, where many were void.
    pub leads: Vec<String>,
    /// What became of claims the CRM was faster than.
    pub late_claims: Vec<String>,
    /// Those that were held because of it.
    pub held: Vec<String>,
}

impl Evidence {
    /// The leads and orders a sign is about; `None` where it is about clicks.
    pub fn about(&self, kind: Odd) -> Option<&[String]> {
        match kind {
            Odd::Instant => Some(&self.conversions),
            Odd::Kin => Some(&self.kin),
            Odd::Silent => Some(&self.leads),
            Odd::LateClaim => Some(&self.late_claims),
            Odd::Visitor | Odd::Network | Odd::Regular | Odd::Dwell | Odd::Machine | Odd::Own => None,
        }
    }
}

/// A lead or order, and who is credited with it.
pub type Credited = (EmployeeId, String);

impl Store {
    /// A day's leads and orders by a browser that clicked on the employee's links as the employee, between two clicks.
    pub async fn by_own_browser(
        &self,
        day: Date,
        (from, to): (ClickId, ClickId),
    ) -> Result<Vec<Credited>, StoreError> {
        let own: Vec<(i64, Vec<u8>)> = reading!(self, |db| {
            sqlx::query_as(
                "select distinct l.employee_id, coalesce(c.visitor, c.visitor_hash) from clicks c \
                 join links l on l.id = c.link_id where c.id >= $1 and c.id < $2 and c.class = 'self' \
                 and coalesce(c.visitor, c.visitor_hash) is not null",
            )
            .bind(from.0)
            .bind(to.0)
            .fetch_all(db)
            .await?
        });
        if own.is_empty() {
            return Ok(Vec::new());
        }
        let own: BTreeSet<(i64, Vec<u8>)> = own.into_iter().collect();
        let credited: Vec<(i64, Vec<u8>, String)> = reading!(self, |db| {
            sqlx::query_as(
                "select v.credited_to, coalesce(c.visitor, c.visitor_hash), v.external_id from conversions v \
                 join clicks c on c.id = v.touch_id where v.day = $1 and v.credited_to is not null \
                 and v.status <> 'rejected' and coalesce(c.visitor, c.visitor_hash) is not null order by v.id",
            )
            .bind(day.to_string())
            .fetch_all(db)
            .await?
        });
        let credited = credited.into_iter().filter_map(|(employee, visitor, id)| {
            own.contains(&(employee, visitor))
                .then_some((EmployeeId(employee), id))
        });
        Ok(credited.collect())
    }

    /// A day's credited claims whose deal the CRM had when they were filed, by a record that verified them not.
    pub async fn claimed_late(&self, day: Date) -> Result<Vec<Credited>, StoreError> {
        let rows: Vec<(i64, String, i64, String)> = reading!(self, |db| {
            sqlx::query_as(
                "select v.credited_to, v.external_id, k.id, r.verified from conversions v \
                 join claims k on k.external_id = v.external_id and k.employee_id = v.credited_to \
                 join crm_records r on r.received_at < k.filed_at and (r.order_key = k.order_key \
                 or (r.customer_id = k.customer_id and (r.order_key is null or k.order_key is null))) \
                 where v.day = $1 and v.via = 'claim' and v.status <> 'rejected' order by v.id, r.id",
            )
            .bind(day.to_string())
            .fetch_all(db)
            .await?
        });
        let mut late = Vec::new();
        let mut proved = BTreeSet::new();
        for (employee, id, claim, verified) in rows {
            let verified: Vec<i64> = serde_json::from_str(&verified).unwrap_or_default();
            if verified.contains(&claim) {
                proved.insert(id.clone());
            }
            let found = (EmployeeId(employee), id);
            if !late.contains(&found) {
                late.push(found);
            }
        }
        late.retain(|(_, id)| !proved.contains(id));
        Ok(late)
    }
}
