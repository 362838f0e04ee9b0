//! Stored clicks as their neighbours look at them: many at a time, none held.

use std::sync::LazyLock;

use sqlx::QueryBuilder;
use tokio_stream::StreamExt as _;
use uuid::Uuid;

use crate::attribution::visits::Visit;
use crate::classify::Browser;
use crate::domain::{ClickId, ClickReason, LinkId};
use crate::storage::clicks::{days, first_id_at, fixed, on_days, visitor_of};
use crate::storage::{StoreError, Tx, writing};

/// Links per statement.
const CHUNK: usize = 500;

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    link_id: i64,
    visitor: Option<Vec<u8>>,
    visitor_hash: Option<Vec<u8>>,
    network: Option<i64>,
    wechat: bool,
    hosting: bool,
    page_visitor: Option<Vec<u8>>,
}

/// The condition on a click (`c.`) that neighbours may decide on it, whoever overruled them.
pub(super) static BY_NEIGHBOURS: LazyLock<String> = LazyLock::new(|| {
    let words = ClickReason::BY_NEIGHBOURS.map(|reason| format!("'{}'", reason.as_str()));
    format!("coalesce(c.was_reason, c.reason) in ({})", words.join(", "))
});

/// The condition on a click (`c.`) that it came out of WeChat or WeCom.
pub(super) static IN_WECHAT: LazyLock<String> = LazyLock::new(|| {
    let words = [Browser::WeChat, Browser::WeCom].map(|app| format!("'{}'", app.as_str()));
    format!(
        "c.agent_id in (select id from click_agents where browser in ({}))",
        words.join(", ")
    )
});

static SELECT: LazyLock<String> = LazyLock::new(|| {
    format!(
        "select c.id, c.link_id, c.visitor, c.visitor_hash, c.network, coalesce({}, false) as wechat, \
         coalesce(c.was_reason, c.reason) = '{}' as hosting, c.page_visitor from clicks c where {} and ",
        *IN_WECHAT,
        ClickReason::HostingNetwork.as_str(),
        *BY_NEIGHBOURS
    )
});

fn visit(row: Row) -> Result<Visit, StoreError> {
    Ok(Visit {
        id: ClickId(row.id),
        link: LinkId(row.link_id),
        cookie: visitor_of("visitor", row.visitor)?,
        hash: visitor_of("visitor_hash", row.visitor_hash)?,
        network: row
            .network
            .and_then(|number| u64::try_from(number).ok())
            .unwrap_or(0),
        wechat: row.wechat,
        hosting: row.hosting,
        page_visitor: row.page_visitor.map(|b| fixed("page_visitor", &b)).transpose()?,
    })
}

/// Hands every visit on these links from `from_ms` to the end of the day of `to_ms` to `each`, those of one link in their
/// order.
pub async fn each_visit_on_links(
    tx: &mut Tx,
    links: &[LinkId],
    (from_ms, to_ms): (i64, i64),
    mut each: impl FnMut(&Visit),
) -> Result<(), StoreError> {
    for chunk in links.chunks(CHUNK) {
        writing!(tx, |db| {
            let mut q = QueryBuilder::new(SELECT.as_str());
            q.push("c.id >= ").push_bind(first_id_at(from_ms).0);
            on_days!(q, "c.at", days(from_ms, to_ms));
            let mut list = q.push(" and c.link_id in (").separated(", ");
            for link in chunk {
                list.push_bind(link.0);
            }
            q.push(") order by c.at / 86400000, c.link_id, c.id");
            let mut rows = q.build_query_as::<Row>().fetch(db);
            while let Some(row) = rows.next().await {
                each(&visit(row?)?);
            }
        });
    }
    Ok(())
}

/// Hands the visits from `from_ms` until before `to_ms` to `each`, in their order, at most `limit`.
pub async fn each_visit_between(
    tx: &mut Tx,
    (from_ms, to_ms): (i64, i64),
    limit: i64,
    mut each: impl FnMut(&Visit),
) -> Result<(), StoreError> {
    writing!(tx, |db| {
        let mut q = QueryBuilder::new(SELECT.as_str());
        q.push("c.id >= ").push_bind(first_id_at(from_ms).0);
        q.push(" and c.id < ").push_bind(first_id_at(to_ms).0);
        q.push(" order by c.id limit ").push_bind(limit);
        let mut rows = q.build_query_as::<Row>().fetch(db);
        while let Some(row) = rows.next().await {
            each(&visit(row?)?);
        }
    });
    Ok(())
}
