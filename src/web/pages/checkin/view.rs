//! What was told, and what became of it, as it is printed.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;

use crate::domain::EmployeeId;
use crate::points::ShareOutcome;
use crate::storage::StoreError;
use crate::storage::evidence::EvidenceOf;
use crate::storage::interactions::InteractionRow;
use crate::storage::shares::{Filter, ShareRow};
use crate::web::Web;
use crate::web::i18n::Lang;
use crate::web::pages::paged::cut;

/// What became of something told.
#[derive(Clone, Debug)]
pub struct State {
    pub kind: &'static str,
    pub icon: &'static str,
    pub word: String,
    /// Points in force.
    pub points: i64,
    /// Why, where it did not count.
    pub why: Option<String>,
}

/// An exchange under a share.
#[derive(Clone, Debug)]
pub struct Exchange {
    pub friend: String,
    pub at: Timestamp,
    pub url: Option<String>,
    pub picture: Option<String>,
    pub state: State,
}

/// A share.
#[derive(Clone, Debug)]
pub struct Row {
    pub id: i64,
    pub title: String,
    pub at: Timestamp,
    pub url: Option<String>,
    pub picture: Option<String>,
    pub state: State,
    pub exchanges: Vec<Exchange>,
    /// Whether an exchange can be told: not below a share that was found wanting.
    pub open: bool,
}

fn state(lang: Lang, outcome: &str, points: i64, reason: Option<&str>) -> State {
    let rejected = outcome == ShareOutcome::Rejected.as_str();
    let (kind, icon, word) = match outcome {
        "earned" => ("good", "check", "counted"),
        "pending" => ("warn", "clock", "waiting"),
        "rejected" => ("bad", "cross", "refused"),
        _ => ("", "dash", "not"),
    };
    let why = match outcome {
        "earned" | "pending" => None,
        _ if rejected => Some(reason.unwrap_or_default().to_owned()).filter(|r| !r.is_empty()),
        other => Some(lang.word("checkin-why", other).to_string()),
    };
    State {
        kind,
        icon,
        word: lang.word("checkin-state", word).to_string(),
        points,
        why,
    }
}

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap_or_default()
}

fn exchange(lang: Lang, row: &InteractionRow, pictured: &BTreeSet<i64>) -> Exchange {
    Exchange {
        friend: row.friend.clone(),
        at: at(row.occurred_at),
        url: row.evidence_url.clone(),
        picture: pictured
            .contains(&row.id)
            .then(|| format!("/app/evidence/interaction/{}", row.id)),
        state: state(lang, &row.outcome, row.points, row.reason.as_deref()),
    }
}

/// Names of campaigns by slug.
pub async fn campaign_names(web: &Web) -> Result<HashMap<String, String>, StoreError> {
    let campaigns = web.app.store.campaign_names().await?;
    Ok(campaigns.into_iter().map(|c| (c.slug, c.name)).collect())
}

/// What was posted, and where: campaign and channel.
pub fn posted_where(lang: Lang, names: &HashMap<String, String>, slug: &str, channel: &str) -> String {
    let name = names.get(slug).map_or(slug, String::as_str);
    format!("{name} · {}", lang.channel(channel))
}

/// A page of one's shares with the exchanges below them, newest first, and whether there are more.
pub async fn rows(
    web: &Web,
    employee: EmployeeId,
    lang: Lang,
    before: Option<i64>,
    limit: i64,
) -> Result<(Vec<Row>, bool), StoreError> {
    let store = &web.app.store;
    let filter = Filter {
        employee: Some(employee),
        status: None,
    };
    let mut shares: Vec<ShareRow> = store.shares(filter, before, limit + 1).await?;
    let more = cut(&mut shares, limit);
    // The newest stands first.
    let (Some(last), Some(first)) = (shares.first(), shares.last()) else {
        return Ok((Vec::new(), false));
    };
    let pictured = store.with_evidence(EvidenceOf::Share(first.id), last.id).await?;
    let exchanges = store.interactions_under(employee, (first.id, last.id)).await?;
    let ids = exchanges.iter().map(|x| x.id);
    let shown = match (ids.clone().min(), ids.max()) {
        (Some(first), Some(last)) => store.with_evidence(EvidenceOf::Interaction(first), last).await?,
        _ => BTreeSet::new(),
    };
    let names = campaign_names(web).await?;
    let rows = shares.iter().map(|s| {
        let title = posted_where(lang, &names, &s.campaign_slug, &s.channel);
        let below = exchanges.iter().filter(|x| x.share_id == s.id);
        Row {
            id: s.id,
            title,
            at: at(s.posted_at),
            url: s.evidence_url.clone(),
            picture: pictured
                .contains(&s.id)
                .then(|| format!("/app/evidence/share/{}", s.id)),
            state: state(lang, &s.outcome, s.points, s.reason.as_deref()),
            exchanges: below.map(|x| exchange(lang, x, &shown)).collect(),
            open: s.outcome != ShareOutcome::Rejected.as_str(),
        }
    });
    Ok((rows.collect(), more))
}

/// Every outcome, for the test that prints them.
#[cfg(test)]
pub fn samples(lang: Lang) -> Vec<Row> {
    let when: Timestamp = "2026-11-20T02:00:00Z".parse().unwrap();
    let outcomes = ShareOutcome::ALL.into_iter().zip(1..);
    outcomes
        .map(|(outcome, id)| Row {
            id,
            title: "winter · 朋友圈".into(),
            at: when,
            url: Some("https://m.example/post/1".into()),
            picture: Some(format!("/app/evidence/share/{id}")),
            state: state(lang, outcome.as_str(), 10, Some("截图看不清 <b>")),
            exchanges: vec![Exchange {
                friend: "陈女士".into(),
                at: when,
                url: None,
                picture: None,
                state: state(lang, "pending", 0, None),
            }],
            open: outcome != ShareOutcome::Rejected,
        })
        .collect()
}
