//! Writing new clicks.

use std::sync::{Arc, OnceLock};

use crate::domain::{Class, ClickId, ClickReason, EmployeeId, LinkId};
use crate::storage::bulk::{Bulk, pieces};
use crate::storage::{StoreError, Tx, writing};

/// A click to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClickRow {
    /// The click.
    pub id: ClickId,
    /// Its link.
    pub link: LinkId,
    /// Who is credited; `None` for indirect credit, or after the last working day.
    pub employee: Option<EmployeeId>,
    /// Class.
    pub class: Class,
    /// Reason.
    pub reason: ClickReason,
    /// Cookie, brought or set.
    pub visitor: Option<[u8; 12]>,
    /// Keyed hash, where no cookie was brought.
    pub visitor_hash: Option<[u8; 12]>,
    /// The network, as [`Network::to_number`](crate::classify::Network::to_number) says it.
    pub network: Option<i64>,
    /// Number of the place; see [`place_numbers`](super::place_numbers).
    pub place: Option<i64>,
    /// Number of the agent; see [`agent_numbers`](super::agent_numbers).
    pub agent: Option<i64>,
    /// Scanned, not tapped.
    pub scan: bool,
    /// Its beacons, packed; `None` without any.
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

static PLAIN: Bulk = Bulk::rows(
    "insert into clicks (id, link_id, at, employee_id, class, reason, visitor, visitor_hash, network, place_id, agent_id, \
     scan) values ",
    12,
    " on conflict (id) do nothing",
)
.or_fail();
static FULL: Bulk = Bulk::rows(
    "insert into clicks (id, link_id, at, employee_id, class, reason, visitor, visitor_hash, network, place_id, agent_id, \
     scan, beacons, page_visitor, dwell_ms, valid, earned) values ",
    17,
    " on conflict (id) do nothing",
)
.or_fail();

/// A word as it is bound: shared, so that it costs no allocation.
fn shared<const N: usize>(
    words: &'static OnceLock<[Arc<str>; N]>,
    at: usize,
    word: fn(usize) -> &'static str,
) -> Arc<str> {
    Arc::clone(&words.get_or_init(|| std::array::from_fn(|at| word(at).into()))[at])
}

fn class_word(class: Class) -> Arc<str> {
    static WORDS: OnceLock<[Arc<str>; Class::ALL.len()]> = OnceLock::new();
    shared(&WORDS, class as usize, |at| Class::ALL[at].as_str())
}

fn reason_word(reason: ClickReason) -> Arc<str> {
    static WORDS: OnceLock<[Arc<str>; ClickReason::ALL.len()]> = OnceLock::new();
    shared(&WORDS, reason as usize, |at| ClickReason::ALL[at].as_str())
}

/// Stores clicks; returns how many were new. Ids that are there already are left alone.
pub async fn insert_clicks(tx: &mut Tx, rows: &[ClickRow]) -> Result<u64, StoreError> {
    // Most come without beacons: a fifth fewer values to hand over.
    let (plain, full): (Vec<&ClickRow>, Vec<&ClickRow>) =
        rows.iter().partition(|row| row.beacons.is_none() && !row.valid);
    Ok(insert(tx, &PLAIN, &plain).await? + insert(tx, &FULL, &full).await?)
}

async fn insert(tx: &mut Tx, statement: &'static Bulk, rows: &[&ClickRow]) -> Result<u64, StoreError> {
    let full = std::ptr::eq(statement, &raw const FULL);
    let mut inserted = 0;
    for piece in pieces(rows) {
        let text = statement.text(tx, piece.len());
        inserted += writing!(tx, |db| {
            let mut query = sqlx::query(text);
            for row in piece {
                query = query
                    .bind(row.id.0)
                    .bind(row.link.0)
                    .bind(row.id.unix_ms())
                    .bind(row.employee.map(|e| e.0))
                    .bind(class_word(row.class))
                    .bind(reason_word(row.reason))
                    .bind(row.visitor.map(Vec::from))
                    .bind(row.visitor_hash.map(Vec::from))
                    .bind(row.network)
                    .bind(row.place)
                    .bind(row.agent)
                    .bind(row.scan);
                if !full {
                    continue;
                }
                query = query
                    .bind(row.beacons.as_deref())
                    .bind(row.page_visitor.map(Vec::from))
                    .bind(row.dwell_ms)
                    .bind(row.valid)
                    .bind(row.earned);
            }
            query.execute(db).await?.rows_affected()
        });
    }
    Ok(inserted)
}
