//! Suspicions: what looks odd on a person's day, with its evidence, and what was decided.

use std::collections::BTreeSet;

use jiff::civil::Date;
use sqlx::QueryBuilder;
use uuid::Uuid;

use crate::attribution::odd::{NEAR_MS, Odd};
use crate::domain::{ClickId, EmployeeId};
pub use crate::storage::odd_signs::Evidence;
use crate::storage::{Store, StoreError, Tx, convert, reading, writing};

/// A suspicion as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suspicion {
    /// Row.
    pub id: i64,
    /// Whose links it is about.
    pub employee: EmployeeId,
    /// Their code.
    pub code: String,
    /// Their name.
    pub name: String,
    /// The business day.
    pub day: Date,
    /// The sign.
    pub kind: Odd,
    /// Clicks or conversions it is about.
    pub hits: i64,
    /// Out of how many.
    pub base: i64,
    /// What points at them.
    pub evidence: Evidence,
    /// `open`, `held`, `cleared` or `confirmed`.
    pub status: String,
    /// When it was found, milliseconds UTC.
    pub found_at: i64,
    /// Who decided.
    pub decided_by: Option<String>,
    /// Milliseconds UTC.
    pub decided_at: Option<i64>,
    /// Why.
    pub reason: Option<String>,
}

/// A click as evidence.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct ClickEvidence {
    /// Which.
    pub id: Uuid,
    /// Milliseconds UTC.
    pub at: i64,
    /// The link.
    pub code: String,
    /// Where it was posted.
    pub channel: String,
    /// Class in force.
    pub class: String,
    /// Reason in force.
    pub reason: String,
    /// Visible time, milliseconds.
    pub dwell_ms: Option<i64>,
    /// Valid.
    pub valid: bool,
    /// Earned points.
    pub earned: bool,
    /// The visitor: the cookie's, else the day's hash.
    pub visitor: Option<Vec<u8>>,
    /// The network.
    pub network: Option<i64>,
    /// Region or country; may be empty.
    pub place: Option<String>,
    /// Browser and device.
    pub agent: Option<String>,
    /// Whose link.
    pub employee: String,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: i64,
    employee_id: i64,
    code: String,
    name: String,
    day: String,
    kind: String,
    hits: i64,
    base: i64,
    evidence: String,
    status: String,
    found_at: i64,
    decided_by: Option<String>,
    decided_at: Option<i64>,
    reason: Option<String>,
}

impl TryFrom<Row> for Suspicion {
    type Error = StoreError;

    fn try_from(r: Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: r.id,
            employee: EmployeeId(r.employee_id),
            code: r.code,
            name: r.name,
            day: convert::day("suspicions", "day", r.day)?,
            kind: convert::word("suspicions", "kind", r.kind)?,
            hits: r.hits,
            base: r.base,
            evidence: serde_json::from_str(&r.evidence).map_err(|_| StoreError::Corrupt {
                table: "suspicions",
                column: "evidence",
                value: r.evidence,
            })?,
            status: r.status,
            found_at: r.found_at,
            decided_by: r.decided_by,
            decided_at: r.decided_at,
            reason: r.reason,
        })
    }
}

macro_rules! sql {
    ($rest:literal) => {
        concat!(
            "select s.id, s.employee_id, e.code, e.name, s.day, s.kind, s.hits, s.base, s.evidence, s.status, s.found_at, \
             s.decided_by, s.decided_at, s.reason from suspicions s join employees e on e.id = s.employee_id ",
            $rest
        )
    };
}

const CLICK: &str = "select c.id, c.at, l.code, l.channel, c.class, c.reason, c.dwell_ms, c.valid, c.earned, \
     coalesce(c.visitor, c.visitor_hash) as visitor, c.network, \
     nullif(coalesce(nullif(p.region, ''), p.country), '') as place, \
     a.browser || ' · ' || a.device as agent, e.name as employee \
     from clicks c join links l on l.id = c.link_id join employees e on e.id = l.employee_id \
     left join click_places p on p.id = c.place_id left join click_agents a on a.id = c.agent_id where ";

impl Store {
    /// How many wait for a person.
    pub async fn suspicions_open(&self) -> Result<i64, StoreError> {
        let (n,): (i64,) = reading!(self, |db| {
            sqlx::query_as("select count(*) from suspicions where status = 'open'")
                .fetch_one(db)
                .await?
        });
        Ok(n)
    }

    /// Suspicions in a state, the latest day first; `skip` of them are on the pages before.
    pub async fn suspicions(
        &self,
        status: &str,
        skip: i64,
        limit: i64,
    ) -> Result<Vec<Suspicion>, StoreError> {
        let rows: Vec<Row> = reading!(self, |db| {
            sqlx::query_as(sql!(
                "where s.status = $1 order by s.day desc, s.hits desc, s.id limit $2 offset $3"
            ))
            .bind(status)
            .bind(limit)
            .bind(skip)
            .fetch_all(db)
            .await?
        });
        rows.into_iter().map(TryInto::try_into).collect()
    }

    /// Suspicions nobody has settled about whoever is credited with one of these leads and orders.
    pub async fn unsettled_about(&self, external_ids: &[String]) -> Result<Vec<Suspicion>, StoreError> {
        if external_ids.is_empty() {
            return Ok(Vec::new());
        }
        let rows: Vec<Row> = reading!(self, |db| {
            let mut q = QueryBuilder::new(sql!(
                "where s.status in ('open', 'held') and s.employee_id in \
                 (select v.credited_to from conversions v where v.external_id in ("
            ));
            let mut list = q.separated(", ");
            for id in external_ids {
                list.push_bind(id);
            }
            q.push(")) order by s.id");
            q.build_query_as().fetch_all(db).await?
        });
        rows.into_iter().map(TryInto::try_into).collect()
    }

    /// The suspicion with this id.
    pub async fn suspicion(&self, id: i64) -> Result<Option<Suspicion>, StoreError> {
        let row: Option<Row> = reading!(self, |db| {
            sqlx::query_as(sql!("where s.id = $1"))
                .bind(id)
                .fetch_optional(db)
                .await?
        });
        row.map(TryInto::try_into).transpose()
    }

    /// What other signs about the same person hold that nobody has settled.
    pub async fn held_by_others(&self, s: &Suspicion) -> Result<BTreeSet<String>, StoreError> {
        let rows: Vec<Row> = reading!(self, |db| {
            sqlx::query_as(sql!(
                "where s.employee_id = $1 and s.id <> $2 and s.status in ('open', 'held')"
            ))
            .bind(s.employee.0)
            .bind(s.id)
            .fetch_all(db)
            .await?
        });
        let mut held = BTreeSet::new();
        for row in rows {
            held.extend(Suspicion::try_from(row)?.evidence.held);
        }
        Ok(held)
    }

    /// The clicks a suspicion is about, in order; at most `limit`.
    pub async fn suspicion_clicks(
        &self,
        s: &Suspicion,
        (from, to): (ClickId, ClickId),
        limit_ms: i64,
        limit: i64,
    ) -> Result<Vec<ClickEvidence>, StoreError> {
        let about = s.evidence.about(s.kind);
        if about.is_some_and(<[String]>::is_empty) {
            return Ok(Vec::new());
        }
        let visitor = s.evidence.visitor.as_deref().map(unhex).unwrap_or_default();
        Ok(reading!(self, |db| {
            let mut q = QueryBuilder::new(CLICK);
            q.push("l.employee_id = ").push_bind(s.employee.0);
            if about.is_none() {
                q.push(" and l.parent_id is null and c.id >= ").push_bind(from.0);
                q.push(" and c.id < ").push_bind(to.0);
            }
            match s.kind {
                Odd::Visitor => {
                    q.push(" and coalesce(c.visitor, c.visitor_hash) = ")
                        .push_bind(visitor);
                }
                Odd::Network => {
                    q.push(" and c.network = ").push_bind(s.evidence.network);
                    q.push(" and c.class in ('human', 'suspect')");
                }
                Odd::Dwell => {
                    q.push(" and c.valid and c.dwell_ms <= ")
                        .push_bind(limit_ms + NEAR_MS);
                }
                Odd::Machine => {
                    q.push(" and c.class = 'suspect'");
                }
                Odd::Own => {
                    q.push(" and c.class = 'self'");
                }
                Odd::Regular => {
                    q.push(" and c.class in ('human', 'repeat', 'suspect')");
                }
                // Those it is about alone: the day's other leads and orders have nothing to do with it.
                Odd::Instant | Odd::Kin | Odd::Silent | Odd::LateClaim => {
                    q.push(" and c.id in (select v.touch_id from conversions v where v.credited_to = ");
                    q.push_bind(s.employee.0);
                    q.push(" and v.external_id in (");
                    let mut list = q.separated(", ");
                    for id in about.unwrap_or_default() {
                        list.push_bind(id);
                    }
                    q.push("))");
                }
            }
            q.push(" order by c.id limit ").push_bind(limit);
            q.build_query_as().fetch_all(db).await?
        }))
    }

    /// The latest suspect clicks of all.
    pub async fn suspect_clicks(
        &self,
        before: ClickId,
        limit: i64,
    ) -> Result<Vec<ClickEvidence>, StoreError> {
        Ok(reading!(self, |db| {
            let mut q = QueryBuilder::new(CLICK);
            q.push("c.class = 'suspect' and c.id < ").push_bind(before.0);
            q.push(" order by c.id desc limit ").push_bind(limit);
            q.build_query_as().fetch_all(db).await?
        }))
    }
}

/// Locks the suspicions about somebody that are not settled until the transaction ends.
pub async fn lock_suspicions(tx: &mut Tx, employee: EmployeeId) -> Result<(), StoreError> {
    let locked = writing!(tx, |db| {
        // `for update` exists on one database only; a write locks on both.
        sqlx::query(
            "update suspicions set status = status where employee_id = $1 and status in ('open', 'held')",
        )
        .bind(employee.0)
        .execute(db)
        .await?
        .rows_affected()
    });
    tracing::trace!(locked, "suspicions are locked");
    Ok(())
}

/// Files what was found; what was found before keeps its decision, and its figures follow while nobody decided. Gives it as
/// it stands now, with what it holds; `None` when it is settled.
pub async fn file_suspicion(
    tx: &mut Tx,
    employee: EmployeeId,
    day: Date,
    found: (Odd, i64, i64),
    evidence: &Evidence,
    at: i64,
) -> Result<Option<Suspicion>, StoreError> {
    let row: Option<Row> = writing!(tx, |db| {
        // Whoever files the same at once waits here, and reads below what the other one wrote.
        sqlx::query(
            "insert into suspicions as s (employee_id, day, kind, hits, base, evidence, status, found_at) \
             values ($1, $2, $3, $4, $5, $6, 'open', $7) on conflict (employee_id, day, kind) do update set \
             hits = excluded.hits, base = excluded.base where s.status = 'open'",
        )
        .bind(employee.0)
        .bind(day.to_string())
        .bind(found.0.as_str())
        .bind(found.1)
        .bind(found.2)
        .bind(serde_json::json!(evidence).to_string())
        .bind(at)
        .execute(&mut *db)
        .await?;
        sqlx::query_as(sql!(
            "where s.employee_id = $1 and s.day = $2 and s.kind = $3 and s.status in ('open', 'held')"
        ))
        .bind(employee.0)
        .bind(day.to_string())
        .bind(found.0.as_str())
        .fetch_optional(db)
        .await?
    });
    let Some(row) = row else { return Ok(None) };
    let mut filed = Suspicion::try_from(row)?;
    if filed.status == "open" {
        let held = std::mem::take(&mut filed.evidence.held);
        let now = Evidence {
            held,
            ..evidence.clone()
        };
        write_evidence(tx, filed.id, &now).await?;
        filed.evidence = now;
    }
    Ok(Some(filed))
}

/// Writes what points at a suspicion, and what it holds.
pub async fn write_evidence(tx: &mut Tx, id: i64, evidence: &Evidence) -> Result<(), StoreError> {
    let done = writing!(tx, |db| {
        sqlx::query("update suspicions set evidence = $2 where id = $1")
            .bind(id)
            .bind(serde_json::json!(evidence).to_string())
            .execute(db)
            .await?
            .rows_affected()
    });
    StoreError::check_rows("suspicions: evidence", done, 1)
}

/// Moves a suspicion from one of these states to another; `false`, and nothing written, when it stands elsewhere.
pub async fn decide_suspicion(
    tx: &mut Tx,
    id: i64,
    from: &[&str],
    to: &str,
    evidence: &Evidence,
    (by, at, reason): (&str, i64, &str),
) -> Result<bool, StoreError> {
    let done = writing!(tx, |db| {
        let mut q = QueryBuilder::new("update suspicions set status = ");
        q.push_bind(to)
            .push(", evidence = ")
            .push_bind(serde_json::json!(evidence).to_string());
        q.push(", decided_by = ")
            .push_bind(by)
            .push(", decided_at = ")
            .push_bind(at);
        q.push(", reason = ")
            .push_bind(reason)
            .push(" where id = ")
            .push_bind(id);
        q.push(" and status in (");
        let mut list = q.separated(", ");
        from.iter().for_each(|state| _ = list.push_bind(*state));
        q.push(")");
        q.build().execute(db).await?.rows_affected()
    });
    Ok(done == 1)
}

fn unhex(text: &str) -> Vec<u8> {
    text.as_bytes()
        .chunks(2)
        .filter_map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}
