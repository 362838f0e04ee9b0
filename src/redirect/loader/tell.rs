//! Tells of clicks that became valid: webhooks of each, a person of their first.

use jiff::Timestamp;
use serde_json::json;

use crate::domain::{ClickId, EmployeeId, LinkId};
use crate::storage::notices::tell_first;
use crate::storage::{StoreError, Tx, event_is_wanted, file_event, link_words};
use crate::tell::{Event, Notice, NoticeKind};

/// A click that became valid.
#[derive(Clone, Copy, Debug)]
pub struct BecameValid {
    /// Which.
    pub id: ClickId,
    /// Its link.
    pub link: LinkId,
    /// Who is credited.
    pub employee: Option<EmployeeId>,
    /// Visible time believed, milliseconds.
    pub dwell_ms: Option<i64>,
}

/// Files what there is to tell, in the batch's own transaction.
pub async fn tell_valid(tx: &mut Tx, valid: &[BecameValid], now_ms: i64) -> Result<(), StoreError> {
    if valid.is_empty() {
        return Ok(());
    }
    let mut people: Vec<EmployeeId> = valid.iter().filter_map(|v| v.employee).collect();
    people.sort_unstable();
    people.dedup();
    let first = Notice {
        kind: NoticeKind::ClickValid,
        about: "first".to_owned(),
        facts: json!({}),
    };
    tell_first(tx, &people, &first, now_ms).await?;
    if !event_is_wanted(tx, Event::ClickValid).await? {
        return Ok(());
    }
    let mut links: Vec<LinkId> = valid.iter().map(|v| v.link).collect();
    links.sort_unstable();
    links.dedup();
    let words = link_words(tx, &links).await?;
    for click in valid {
        let words = words.iter().find(|w| w.link == click.link);
        let at = Timestamp::from_millisecond(click.id.unix_ms()).unwrap_or(Timestamp::UNIX_EPOCH);
        let credited = words.filter(|_| click.employee.is_some());
        let data = json!({
            "id": click.id.to_string(),
            "at": at.to_string(),
            "link": words.map(|w| &w.code),
            "employee": credited.map(|w| &w.who.code),
            // As everybody may see it: group chats say it.
            "employee_name": credited.map(|w| w.who.shown()),
            "campaign": words.map(|w| &w.campaign),
            "campaign_name": words.map(|w| &w.campaign_name),
            "dwell_ms": click.dwell_ms,
        });
        file_event(tx, Event::ClickValid, &click.id.to_string(), now_ms, &data).await?;
    }
    Ok(())
}
