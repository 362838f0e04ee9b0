//! Reading clicks back to judge others by them.

use sqlx::QueryBuilder;
use uuid::Uuid;

use crate::domain::{Class, ClickId, ClickReason, EmployeeId, LinkId};
use crate::storage::clicks::visits::{BY_NEIGHBOURS, IN_WECHAT};
use crate::storage::clicks::{class_of, days, first_id_at, fixed, on_days, reason_of, visitor_of};
use crate::storage::{StoreError, Tx, writing};

/// Ids per statement.
const CHUNK: usize = 500;

/// A stored click, as far as rules look at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The click.
    pub id: ClickId,
    /// Its link.
    pub link: LinkId,
    /// Who is credited.
    pub employee: Option<EmployeeId>,
    /// Class in force.
    pub class: Class,
    /// Reason in force.
    pub reason: ClickReason,
    /// What the rules had said before a person overruled.
    pub was: Option<(Class, ClickReason)>,
    /// Cookie.
    pub visitor: Option<[u8; 12]>,
    /// Hash.
    pub visitor_hash: Option<[u8; 12]>,
    /// Network.
    pub network: Option<i64>,
    /// Browser, a word.
    pub browser: Option<String>,
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

#[derive(sqlx::FromRow)]
pub(super) struct Row {
    id: Uuid,
    link_id: i64,
    employee_id: Option<i64>,
    class: String,
    reason: String,
    was_class: Option<String>,
    was_reason: Option<String>,
    visitor: Option<Vec<u8>>,
    visitor_hash: Option<Vec<u8>>,
    network: Option<i64>,
    browser: Option<String>,
    beacons: Option<Vec<u8>>,
    page_visitor: Option<Vec<u8>>,
    dwell_ms: Option<i64>,
    valid: bool,
    earned: bool,
}

/// What a [`Row`] is read from, of `clicks c`.
macro_rules! columns {
    () => {
        "c.id, link_id, employee_id, class, reason, was_class, was_reason, visitor, visitor_hash, network, \
         (select browser from click_agents a where a.id = agent_id) as browser, beacons, page_visitor, dwell_ms, valid, earned"
    };
}
pub(super) use columns;

const COLUMNS: &str = concat!("select ", columns!(), " from clicks c where ");

pub(super) fn from_row(row: Row) -> Result<Seen, StoreError> {
    let was = match (row.was_class, row.was_reason) {
        (Some(class), Some(reason)) => Some((class_of(&class)?, reason_of(&reason)?)),
        _ => None,
    };
    Ok(Seen {
        id: ClickId(row.id),
        link: LinkId(row.link_id),
        employee: row.employee_id.map(EmployeeId),
        class: class_of(&row.class)?,
        reason: reason_of(&row.reason)?,
        was,
        visitor: visitor_of("visitor", row.visitor)?,
        visitor_hash: visitor_of("visitor_hash", row.visitor_hash)?,
        network: row.network,
        browser: row.browser,
        beacons: row.beacons,
        page_visitor: row.page_visitor.map(|b| fixed("page_visitor", &b)).transpose()?,
        dwell_ms: row.dwell_ms,
        valid: row.valid,
        earned: row.earned,
    })
}

macro_rules! seen {
    ($tx:expr, |$q:ident| $build:block) => {{
        let rows: Vec<Row> = writing!($tx, |db| {
            let mut $q = QueryBuilder::new(COLUMNS);
            $build
            $q.build_query_as().fetch_all(db).await?
        });
        rows.into_iter().map(from_row).collect::<Result<Vec<Seen>, StoreError>>()
    }};
}

/// Those of the clicks that are stored.
pub async fn clicks_by_id(tx: &mut Tx, ids: &[ClickId]) -> Result<Vec<Seen>, StoreError> {
    let mut found = Vec::new();
    for chunk in ids.chunks(CHUNK) {
        found.extend(seen!(tx, |q| {
            q.push("id in ");
            let mut list = q.push("(").separated(", ");
            for id in chunk {
                list.push_bind(id.0);
            }
            q.push(")");
        })?);
    }
    Ok(found)
}

/// The clicks on these links out of WeChat or WeCom from `from_ms` until before `to_ms`.
pub async fn wechat_on_links(
    tx: &mut Tx,
    links: &[LinkId],
    from_ms: i64,
    to_ms: i64,
) -> Result<Vec<Seen>, StoreError> {
    let mut found = Vec::new();
    for chunk in links.chunks(CHUNK) {
        found.extend(seen!(tx, |q| {
            q.push("id >= ").push_bind(first_id_at(from_ms).0);
            q.push(" and id < ").push_bind(first_id_at(to_ms).0);
            on_days!(q, "at", days(from_ms, to_ms - 1));
            let mut list = q.push(" and link_id in (").separated(", ");
            for link in chunk {
                list.push_bind(link.0);
            }
            q.push(") and ").push(IN_WECHAT.as_str());
        })?);
    }
    Ok(found)
}

/// Clicks of these visitors, told by cookie or hash, from `from_ms` until before `to_ms`; on these links only, when some
/// are given.
pub async fn clicks_of_visitors(
    tx: &mut Tx,
    visitors: &[VisitorKey],
    links: Option<&[LinkId]>,
    from_ms: i64,
    to_ms: i64,
) -> Result<Vec<Seen>, StoreError> {
    let ids = |cookie: bool| {
        let of = visitors.iter().filter_map(move |key| match key {
            VisitorKey::Cookie(id) if cookie => Some(*id),
            VisitorKey::Hash(id) if !cookie => Some(*id),
            _ => None,
        });
        of.collect::<Vec<[u8; 12]>>()
    };
    let mut found = Vec::new();
    for (column, ids) in [("visitor", ids(true)), ("visitor_hash", ids(false))] {
        for chunk in ids.chunks(CHUNK) {
            found.extend(seen!(tx, |q| {
                q.push("id >= ").push_bind(first_id_at(from_ms).0);
                q.push(" and id < ").push_bind(first_id_at(to_ms).0);
                if let Some(links) = links {
                    on_days!(q, "at", days(from_ms, to_ms - 1));
                    let mut list = q.push(" and link_id in (").separated(", ");
                    for link in links {
                        list.push_bind(link.0);
                    }
                    q.push(")");
                }
                let mut list = q.push(" and ").push(column).push(" in (").separated(", ");
                for id in chunk {
                    list.push_bind(&id[..]);
                }
                q.push(")");
            })?);
        }
    }
    Ok(found)
}

/// Clicks that carry one page visitor on a link, between two of them that are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageSpan {
    /// The link.
    pub link: LinkId,
    /// The page's visitor.
    pub page: [u8; 16],
    /// The first one looked at.
    pub first: ClickId,
    /// The last one.
    pub last: ClickId,
}

/// The clicks of each span, with the nearest that neighbours decide on before it and after it.
pub async fn page_visits(tx: &mut Tx, spans: &[PageSpan]) -> Result<Vec<Seen>, StoreError> {
    let mut found: Vec<Seen> = Vec::new();
    for chunk in spans.chunks(CHUNK) {
        let rows: Vec<Row> = writing!(tx, |db| {
            let mut q = QueryBuilder::new("with v (link, page, first, last) as (");
            q.push_values(chunk, |mut row, span| {
                row.push_bind(span.link.0).push_bind(&span.page[..]);
                row.push_bind(span.first.0).push_bind(span.last.0);
            });
            q.push("), ids (id) as (select c.id from v join clicks c on c.link_id = v.link and c.page_visitor = v.page \
                    and c.page_visitor is not null and c.id >= v.first and c.id <= v.last");
            for (beyond, order) in [
                ("< v.first and ", " order by c.id desc"),
                ("> v.last and ", " order by c.id"),
            ] {
                q.push(" union all select (select c.id from clicks c where c.link_id = v.link and c.page_visitor = v.page \
                        and c.page_visitor is not null and c.id ");
                q.push(beyond).push(BY_NEIGHBOURS.as_str()).push(order);
                q.push(" limit 1) from v");
            }
            q.push(") ").push(COLUMNS).push("id in (select id from ids)");
            q.build_query_as().fetch_all(db).await?
        });
        for row in rows {
            found.push(from_row(row)?);
        }
    }
    Ok(found)
}

/// The instant of the last click stored, milliseconds UTC.
pub async fn last_click_at(tx: &mut Tx) -> Result<Option<i64>, StoreError> {
    let row: Option<(Uuid,)> = writing!(tx, |db| {
        sqlx::query_as("select id from clicks order by id desc limit 1")
            .fetch_optional(db)
            .await?
    });
    Ok(row.map(|(id,)| ClickId(id).unix_ms()))
}

/// What shows a visitor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum VisitorKey {
    /// The cookie, brought or set.
    Cookie([u8; 12]),
    /// The keyed hash.
    Hash([u8; 12]),
    /// The page's visitor.
    Page([u8; 16]),
}
