//! What runs of other days give for things: an order's incentives are added up over periods.

use std::collections::BTreeMap;
use std::str::FromStr;

use jiff::civil::Date;

use crate::storage::pay::{LineKind, RunClaim};
use crate::storage::{Store, StoreError, reading};

/// What a run of other days gives somebody for a thing.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Elsewhere {
    /// The run.
    pub run_id: i64,
    /// Its scheme.
    pub scheme: String,
    /// The last fact it knew.
    pub watermark: i64,
    /// Whether it is closed or paid: 1 or 0.
    pub booked: i64,
    kind: String,
    /// The closed run it corrects.
    pub origin_id: Option<i64>,
    /// An order, a customer.
    pub about: String,
    /// Employee code, department or customer.
    pub payee: String,
    /// Fen.
    pub amount: i64,
    /// Fen the thing was worth, where it is a part of a line; 0 where the line is about the thing.
    pub of_amount: i64,
}

impl Elsewhere {
    /// Whether it corrects a closed run.
    pub fn is_late(&self) -> bool {
        LineKind::from_str(&self.kind) == Ok(LineKind::Late)
    }
}

/// Keys looked up at once.
const KEYS: usize = 5_000;

/// `$1`, `$2`: the days that are not elsewhere.
macro_rules! elsewhere {
    ($db:ident, $days:expr, $part:expr, $columns:literal, $key:literal, $from:literal, $group:literal) => {{
        let mut q = sqlx::QueryBuilder::new(concat!(
            "select r.id as run_id, r.scheme, r.watermark, cast(case when r.state in ('closed', 'paid') then 1 else 0 end \
             as bigint) as booked, ", $columns, " from ", $from, " where not (r.from_on < "
        ));
        q.push_bind($days.1.to_string()).push(" and r.to_on > ");
        q.push_bind($days.0.to_string());
        q.push(concat!(
            ") and r.state in ('in_review', 'approved', 'closed', 'paid') and ", $key, " in ("
        ));
        let mut list = q.separated(", ");
        for key in $part {
            list.push_bind(key);
        }
        q.push(concat!(") ", $group));
        q.build_query_as().fetch_all($db).await?
    }};
}

impl Store {
    /// What booked runs of other days, and those under review, give for these things: lines about them, and parts of lines.
    /// What the guards took of it or gave back is not in it.
    pub async fn given_elsewhere(
        &self,
        keys: &[String],
        days: (Date, Date),
    ) -> Result<Vec<Elsewhere>, StoreError> {
        let mut found: Vec<Elsewhere> = Vec::new();
        for part in keys.chunks(KEYS) {
            let lines: Vec<Elsewhere> = reading!(self, |db| {
                elsewhere!(
                    db,
                    days,
                    part,
                    "l.kind, l.origin_id, l.about, l.payee, cast(sum(l.amount) as bigint) as amount, \
                     cast(0 as bigint) as of_amount",
                    "l.kind <> 'guard' and l.about",
                    "run_lines l join runs r on r.id = l.run_id",
                    "group by r.id, r.scheme, r.watermark, r.state, l.kind, l.origin_id, l.about, l.payee \
                     order by r.id, l.about, l.payee, l.origin_id"
                )
            });
            found.extend(lines);
            let parts: Vec<Elsewhere> = reading!(self, |db| {
                elsewhere!(
                    db,
                    days,
                    part,
                    "'line' as kind, cast(null as bigint) as origin_id, c.fact_key as about, c.payee, \
                     c.amount, c.of_amount",
                    "c.fact_key",
                    "run_claims c join runs r on r.id = c.run_id",
                    "order by r.id, c.fact_key, c.payee, c.component, c.kind"
                )
            });
            found.extend(parts);
        }
        Ok(found)
    }

    /// The first ledger entry of each of these runs: who booked first. Runs that booked nothing are left out.
    pub async fn first_entries(&self, runs: &[i64]) -> Result<BTreeMap<i64, i64>, StoreError> {
        let mut found = BTreeMap::new();
        for part in runs.chunks(KEYS) {
            let rows: Vec<(i64, i64)> = reading!(self, |db| {
                let mut q = sqlx::QueryBuilder::new("select run_id, min(id) from ledger where run_id in (");
                let mut list = q.separated(", ");
                for run in part {
                    list.push_bind(*run);
                }
                q.push(") group by run_id");
                q.build_query_as().fetch_all(db).await?
            });
            found.extend(rows);
        }
        Ok(found)
    }

    /// What these runs give, in parts of lines, for facts the guards across schemes must look at: those that more than one of
    /// them names, that a line of theirs is about, that is given more than this many thousandths of its worth, or that runs
    /// of other days name: `others`, or (`None`) those that are booked.
    pub async fn claims_to_guard(
        &self,
        runs: &[i64],
        permille: i64,
        others: Option<&[i64]>,
    ) -> Result<Vec<RunClaim>, StoreError> {
        if runs.is_empty() {
            return Ok(Vec::new());
        }
        Ok(reading!(self, |db| {
            let mut q = sqlx::QueryBuilder::new(
                "select c.run_id, c.payee, c.component, c.kind, c.fact_key, c.amount, c.of_amount from run_claims c \
                 where c.run_id in (",
            );
            let mut list = q.separated(", ");
            for run in runs {
                list.push_bind(*run);
            }
            q.push(") and (c.fact_key in (select fact_key from run_claims where run_id in (");
            let mut list = q.separated(", ");
            for run in runs {
                list.push_bind(*run);
            }
            // Divided first: thousandths of the largest amount would not fit. It lets too many in, never too few.
            q.push(
                ") group by fact_key having count(distinct run_id) > 1 or sum(amount) > (max(of_amount) / 1000) * ",
            );
            q.push_bind(permille);
            for exists in [
                ") or exists (select 1 from run_claims o join runs r on r.id = o.run_id where o.fact_key = c.fact_key \
                 and o.run_id <> c.run_id and (",
                ")) or exists (select 1 from run_lines l join runs r on r.id = l.run_id where l.about = c.fact_key \
                 and l.kind <> 'guard' and (",
            ] {
                q.push(exists);
                if others.is_none() {
                    q.push("r.state in ('closed', 'paid') or ");
                }
                q.push("r.id in (");
                let mut list = q.separated(", ");
                for run in runs.iter().chain(others.unwrap_or_default()) {
                    list.push_bind(*run);
                }
                q.push(")");
            }
            q.push("))) order by c.fact_key, c.run_id, c.payee, c.component, c.kind");
            q.build_query_as().fetch_all(db).await?
        }))
    }
}
