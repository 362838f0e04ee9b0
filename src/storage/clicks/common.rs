//! What many clicks have in common, kept once and named by number.

use std::sync::Arc;

use crate::storage::bulk::{Bulk, pieces};
use crate::storage::{StoreError, Tx, writing};

/// What browsers said, each combination once. Words; empty where nothing was said.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AgentWords {
    /// Browser or app.
    pub browser: &'static str,
    /// Operating system.
    pub os: &'static str,
    /// Kind of device.
    pub device: &'static str,
    /// First language asked for.
    pub language: Arc<str>,
    /// Referrer's host.
    pub referrer: Arc<str>,
}

/// Where networks lie, each combination once. Empty and 0 where it is not known.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PlaceWords {
    /// ISO 3166 code.
    pub country: Arc<str>,
    /// Name of the region.
    pub region: Arc<str>,
    /// Name of the city.
    pub city: Arc<str>,
    /// Autonomous system.
    pub asn: u32,
}

static AGENTS: Bulk = Bulk::rows(
    "insert into click_agents as t (browser, os, device, language, referrer) values ",
    5,
    // Nothing changes, but the row comes back.
    " on conflict (browser, os, device, language, referrer) do update set browser = t.browser \
     returning id, browser, os, device, language, referrer",
);
static PLACES: Bulk = Bulk::rows(
    "insert into click_places as t (country, region, city, asn) values ",
    4,
    " on conflict (country, region, city, asn) do update set asn = t.asn returning id, country, region, city, asn",
);

/// The numbers of these agents (all different), in their order; those not known yet get one.
pub async fn agent_numbers(tx: &mut Tx, agents: &[AgentWords]) -> Result<Vec<i64>, StoreError> {
    type Row = (i64, String, String, String, String, String);
    let mut numbers = Vec::with_capacity(agents.len());
    for piece in pieces(agents) {
        let text = AGENTS.text(tx, piece.len());
        let rows: Vec<Row> = writing!(tx, |db| {
            let mut query = sqlx::query_as(text);
            for a in piece {
                query = query.bind(a.browser).bind(a.os).bind(a.device);
                query = query.bind(Arc::clone(&a.language)).bind(Arc::clone(&a.referrer));
            }
            query.fetch_all(db).await?
        });
        for a in piece {
            let same = |row: &&Row| {
                (row.1.as_str(), row.2.as_str(), row.3.as_str()) == (a.browser, a.os, a.device)
                    && *row.4 == *a.language
                    && *row.5 == *a.referrer
            };
            numbers.extend(rows.iter().find(same).map(|row| row.0));
        }
    }
    StoreError::check_rows("click_agents", numbers.len() as u64, agents.len() as u64)?;
    Ok(numbers)
}

/// The numbers of these places (all different), in their order; those not known yet get one.
pub async fn place_numbers(tx: &mut Tx, places: &[PlaceWords]) -> Result<Vec<i64>, StoreError> {
    type Row = (i64, String, String, String, i64);
    let mut numbers = Vec::with_capacity(places.len());
    for piece in pieces(places) {
        let text = PLACES.text(tx, piece.len());
        let rows: Vec<Row> = writing!(tx, |db| {
            let mut query = sqlx::query_as(text);
            for p in piece {
                query = query.bind(Arc::clone(&p.country)).bind(Arc::clone(&p.region));
                query = query.bind(Arc::clone(&p.city)).bind(i64::from(p.asn));
            }
            query.fetch_all(db).await?
        });
        for p in piece {
            let same = |row: &&Row| {
                *row.1 == *p.country && *row.2 == *p.region && *row.3 == *p.city && row.4 == i64::from(p.asn)
            };
            numbers.extend(rows.iter().find(same).map(|row| row.0));
        }
    }
    StoreError::check_rows("click_places", numbers.len() as u64, places.len() as u64)?;
    Ok(numbers)
}
