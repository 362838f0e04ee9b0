//! Writing new clicks.

use std::sync::Arc;

use crate::domain::{Class, ClickId, ClickReason, EmployeeId, LinkId};
use crate::storage::bulk::{Bulk, pieces};
use crate::storage::{StoreError, Tx, writing};

/// A click to be stored. Texts that recur are shared.
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
    /// `203.0.113.0/24`.
    pub network: Option<Arc<str>>,
    /// ISO 3166 code.
    pub country: Option<Arc<str>>,
    /// Name of the region.
    pub region: Option<Arc<str>>,
    /// Name of the city.
    pub city: Option<Arc<str>>,
    /// Autonomous system.
    pub asn: Option<u32>,
    /// Browser or app, a word.
    pub browser: &'static str,
    /// Operating system, a word.
    pub os: &'static str,
    /// Kind of device, a word.
    pub device: &'static str,
    /// First language asked for.
    pub language: Option<Arc<str>>,
    /// Referrer's host.
    pub referrer: Option<Arc<str>>,
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
    "insert into clicks (id, link_id, at, employee_id, class, reason, visitor, visitor_hash, network, country, region, \
     city, asn, browser, os, device, language, referrer, scan) values ",
    19,
    " on conflict (id) do nothing",
);
static FULL: Bulk = Bulk::rows(
    "insert into clicks (id, link_id, at, employee_id, class, reason, visitor, visitor_hash, network, country, region, \
     city, asn, browser, os, device, language, referrer, scan, beacons, page_visitor, dwell_ms, valid, earned) values ",
    24,
    " on conflict (id) do nothing",
);

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
                    .bind(row.class.as_str())
                    .bind(row.reason.as_str())
                    .bind(row.visitor.as_ref().map(|v| &v[..]))
                    .bind(row.visitor_hash.as_ref().map(|v| &v[..]))
                    .bind(row.network.clone())
                    .bind(row.country.clone())
                    .bind(row.region.clone())
                    .bind(row.city.clone())
                    .bind(row.asn.map(i64::from))
                    .bind(row.browser)
                    .bind(row.os)
                    .bind(row.device)
                    .bind(row.language.clone())
                    .bind(row.referrer.clone())
                    .bind(row.scan);
                if !full {
                    continue;
                }
                query = query
                    .bind(row.beacons.as_deref())
                    .bind(row.page_visitor.as_ref().map(|v| &v[..]))
                    .bind(row.dwell_ms)
                    .bind(row.valid)
                    .bind(row.earned);
            }
            query.execute(db).await?.rows_affected()
        });
    }
    Ok(inserted)
}
