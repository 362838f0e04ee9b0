//! A day's clicks, read for what may be odd about them.

use std::collections::BTreeMap;

use crate::attribution::odd::{NEAR_MS, OddDay};
use crate::domain::{ClickId, EmployeeId};
use crate::storage::odd_signs::Evidence;
use crate::storage::{Store, StoreError, reading};

/// What was read of a day, per person, with what points at the clicks.
pub type OddDays = BTreeMap<EmployeeId, (OddDay, Evidence)>;

impl Store {
    /// Clicks of people's own links from one id up to another, read for what may be odd about them. `limit_ms` is the
    /// limit of a valid click.
    pub async fn odd_days(&self, from: ClickId, to: ClickId, limit_ms: i64) -> Result<OddDays, StoreError> {
        let mut days = OddDays::new();
        let sums: Vec<(i64, i64, i64, i64, i64, i64, i64)> = reading!(self, |db| {
            sqlx::query_as(
                "select l.employee_id, cast(sum(case when c.class in ('human', 'repeat', 'suspect') then 1 else 0 end) as bigint), \
                 cast(sum(case when c.class = 'human' then 1 else 0 end) as bigint), \
                 cast(sum(case when c.valid then 1 else 0 end) as bigint), \
                 cast(sum(case when c.valid and c.dwell_ms <= $3 then 1 else 0 end) as bigint), \
                 cast(sum(case when c.class = 'suspect' then 1 else 0 end) as bigint), \
                 cast(sum(case when c.class = 'self' then 1 else 0 end) as bigint) \
                 from clicks c join links l on l.id = c.link_id where c.id >= $1 and c.id < $2 and l.parent_id is null \
                 group by l.employee_id",
            )
            .bind(from.0)
            .bind(to.0)
            .bind(limit_ms + NEAR_MS)
            .fetch_all(db)
            .await?
        });
        for (employee, clicks, human, valid, near, suspect, own) in sums {
            let (day, _) = days.entry(EmployeeId(employee)).or_default();
            (day.clicks, day.human, day.valid) = (clicks, human, valid);
            (day.near, day.suspect, day.own) = (near, suspect, own);
        }
        let visitors: Vec<(i64, Vec<u8>, i64)> = reading!(self, |db| {
            sqlx::query_as(
                "select l.employee_id, coalesce(c.visitor, c.visitor_hash), count(*) from clicks c \
                 join links l on l.id = c.link_id where c.id >= $1 and c.id < $2 and l.parent_id is null \
                 and c.class in ('human', 'repeat', 'suspect') and coalesce(c.visitor, c.visitor_hash) is not null \
                 group by l.employee_id, coalesce(c.visitor, c.visitor_hash) having count(*) >= 5",
            )
            .bind(from.0)
            .bind(to.0)
            .fetch_all(db)
            .await?
        });
        for (employee, visitor, n) in visitors {
            let (day, evidence) = days.entry(EmployeeId(employee)).or_default();
            if n > day.visitor {
                day.visitor = n;
                evidence.visitor = Some(hex(&visitor));
            }
        }
        let networks: Vec<(i64, i64, i64)> = reading!(self, |db| {
            sqlx::query_as(
                "select l.employee_id, c.network, count(*) from clicks c join links l on l.id = c.link_id \
                 where c.id >= $1 and c.id < $2 and l.parent_id is null and c.class = 'human' and c.network is not null \
                 group by l.employee_id, c.network having count(*) >= 5",
            )
            .bind(from.0)
            .bind(to.0)
            .fetch_all(db)
            .await?
        });
        for (employee, network, n) in networks {
            let (day, evidence) = days.entry(EmployeeId(employee)).or_default();
            if n > day.network {
                day.network = n;
                evidence.network = Some(network);
            }
        }
        let gaps: Vec<(i64, i64, i64)> = reading!(self, |db| {
            sqlx::query_as(
                "select employee_id, gap / 1000, count(*) from (select l.employee_id, \
                 c.at - lag(c.at) over (partition by l.employee_id order by c.at) as gap from clicks c \
                 join links l on l.id = c.link_id where c.id >= $1 and c.id < $2 and l.parent_id is null \
                 and c.class in ('human', 'repeat', 'suspect')) as x where gap is not null \
                 group by employee_id, gap / 1000",
            )
            .bind(from.0)
            .bind(to.0)
            .fetch_all(db)
            .await?
        });
        for (employee, seconds, n) in gaps {
            let (day, evidence) = days.entry(EmployeeId(employee)).or_default();
            day.gaps += n;
            if seconds >= 2 && n > day.even {
                day.even = n;
                evidence.gap_seconds = Some(seconds);
            }
        }
        Ok(days)
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
