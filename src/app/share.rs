//! Filing shares and exchanges with friends, and deciding on them.

use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::json;
use url::Url;

use crate::app::{Actor, App, Permission};
use crate::domain::{Channel, EmployeeId, LinkCode};
use crate::points::{Rule, ShareOutcome, earns_on, friend_key, share_outcome, source};
use crate::storage::interactions::{
    InteractionRow, NewInteractionRow, decide_interaction, insert_interaction, interaction, interaction_with,
};
use crate::storage::points::{NewEntry, award, lock_balance, reverse};
use crate::storage::shares::{
    Decided, EarnerRow, NewShareRow, ShareRow, SharedLink, day_so_far, earner, insert_share, share, share_at,
};
use crate::storage::{StoreError, Tx, insert_audit};

/// Longest evidence address, characters.
const URL_MAX: usize = 2000;
/// Longest friend's name, characters.
const FRIEND_MAX: usize = 60;
/// Longest reason, characters.
pub(crate) const REASON_MAX: usize = 500;

/// Why something filed for points, or a decision on it, was not taken.
#[derive(Debug, thiserror::Error)]
pub enum PointsError {
    /// A field is wrong: JSON pointer and what was expected.
    #[error("{pointer}: {expected}")]
    Field {
        /// JSON pointer.
        pointer: &'static str,
        /// What was expected.
        expected: String,
    },
    /// The caller may not do this for this person.
    #[error("{0}")]
    Forbidden(&'static str),
    /// There is no such thing.
    #[error("no such {0}")]
    NotFound(String),
    /// It contradicts what is stored.
    #[error("{0}")]
    Conflict(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl PointsError {
    pub(crate) fn field(pointer: &'static str, expected: impl Into<String>) -> Self {
        Self::Field {
            pointer,
            expected: expected.into(),
        }
    }
}

/// Something filed: new, or known before with the same content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filed<T> {
    /// Stored now.
    New(T),
    /// Stored before.
    Known(T),
}

/// A share as it is told to us.
#[derive(Clone, Debug)]
pub struct ShareToFile {
    /// Employee code.
    pub employee: String,
    /// Link code.
    pub link: String,
    /// Where it was posted; must be the link's.
    pub channel: String,
    /// When; not in the future.
    pub posted_at: Timestamp,
    /// Where it can be seen (http or https).
    pub evidence_url: Option<String>,
}

/// An exchange as it is told to us.
#[derive(Clone, Debug)]
pub struct InteractionToFile {
    /// Employee code.
    pub employee: String,
    /// The share under which it happened.
    pub share: i64,
    /// The friend, 1–60 characters, as the employee calls them.
    pub friend: String,
    /// When; not in the future.
    pub occurred_at: Timestamp,
    /// Where it can be seen (http or https).
    pub evidence_url: Option<String>,
}

/// A person's verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Fine.
    Approved,
    /// Found wanting; needs a reason.
    Rejected,
}

/// Files a share and applies the rules at once: it earns when it is the first of its item on its channel and one of the
/// day's first three. The same link and instant again is the same share.
pub async fn file_share(app: &App, actor: &Actor, new: &ShareToFile) -> Result<Filed<ShareRow>, PointsError> {
    let person = whom(app, actor, &new.employee).await?;
    let unknown = || {
        PointsError::field(
            "/link",
            format!("a link's code; there is none called {:?}", new.link),
        )
    };
    let code = LinkCode::parse(&new.link).map_err(|_| unknown())?;
    let link = app.store.shared_link(code.as_str()).await?.ok_or_else(unknown)?;
    if link.employee_id != person.id || link.parent_id.is_some() {
        return Err(PointsError::field(
            "/link",
            format!("a link of {}'s own", person.code),
        ));
    }
    let channel = Channel::parse(&new.channel).map_err(|e| PointsError::field("/channel", e.to_string()))?;
    if channel.as_str() != link.channel {
        return Err(PointsError::field(
            "/channel",
            format!("the link's channel, {:?}", link.channel),
        ));
    }
    let now_ms = app.clock.now_ms();
    let posted_at = past("/posted_at", new.posted_at, now_ms)?;
    let evidence = evidence(new.evidence_url.as_deref())?;
    let day = app.day_of(new.posted_at);

    let mut tx = app.store.begin().await?;
    lock_balance(&mut tx, person.employee()).await?;
    if let Some(known) = share_at(&mut tx, link.id, posted_at).await? {
        return if known.evidence_url == evidence {
            Ok(Filed::Known(known))
        } else {
            let detail = "this link's share of that instant is known with other evidence";
            Err(PointsError::Conflict(detail.to_owned()))
        };
    }
    let (outcome, points) = judge(app, &mut tx, &link, day, None, person.left_on()?).await?;
    let row = NewShareRow {
        link: &link,
        posted_at,
        day,
        evidence_url: evidence.as_deref(),
        outcome: outcome.as_str(),
        points,
        filed_by: &actor.word(),
        filed_for: actor.employee(),
        filed_at: now_ms,
    };
    let id = insert_share(&mut tx, &row).await?;
    if points > 0 {
        let entry = entry(
            person.employee(),
            Rule::Share,
            source::share(id),
            points,
            posted_at,
            day,
        );
        award(&mut tx, &[entry], now_ms).await?;
    }
    let stored = share(&mut tx, id).await?.ok_or_else(|| missing("share", id))?;
    tx.commit().await?;
    Ok(Filed::New(stored))
}

/// Decides on a share: found wanting, its points are taken back; approved, the rules are applied (again). Nobody decides
/// on their own share or on one they filed.
pub async fn decide_on_share(
    app: &App,
    actor: &Actor,
    id: i64,
    verdict: Verdict,
    reason: &str,
) -> Result<ShareRow, PointsError> {
    let reason = decision_reason(verdict, reason)?;
    let now_ms = app.clock.now_ms();
    let mut tx = app.store.begin().await?;
    let known = share(&mut tx, id).await?.ok_or_else(|| missing("share", id))?;
    let person = EmployeeId(known.employee_id);
    apart(actor, person, &known.filed_by, known.filed_for)?;
    lock_balance(&mut tx, person).await?;
    // Read again: who held the lock before us may have decided.
    let known = share(&mut tx, id).await?.ok_or_else(|| missing("share", id))?;
    let day = stored_day("shares", &known.day)?;
    let (outcome, points) = match verdict {
        Verdict::Rejected => (ShareOutcome::Rejected, 0),
        // What earned keeps its points.
        Verdict::Approved if known.outcome == ShareOutcome::Earned.as_str() => {
            (ShareOutcome::Earned, known.points)
        }
        Verdict::Approved => {
            let link = SharedLink {
                id: known.link_id,
                employee_id: known.employee_id,
                campaign_id: known.campaign_id,
                channel: known.channel.clone(),
                material: known.material.clone(),
                parent_id: None,
            };
            let left_on = left_on(&mut tx, person).await?;
            judge(app, &mut tx, &link, day, Some(id), left_on).await?
        }
    };
    let words = (verdict.status(), outcome.as_str());
    if (known.status.as_str(), known.outcome.as_str()) == words && known.decided_by.is_some() {
        return Ok(known);
    }
    let by = actor.word();
    let decided = Decided {
        status: words.0,
        outcome: words.1,
        points,
        by: &by,
        at: now_ms,
        reason,
    };
    crate::storage::shares::decide_share(&mut tx, id, &decided).await?;
    if points > 0 {
        let entry = entry(
            person,
            Rule::Share,
            source::share(id),
            points,
            known.posted_at,
            day,
        );
        award(&mut tx, &[entry], now_ms).await?;
    } else {
        reverse(&mut tx, Rule::Share, &source::share(id), now_ms, reason).await?;
    }
    let detail = json!({"decision": words.0, "outcome": words.1, "reason": reason});
    insert_audit(
        &mut tx,
        now_ms,
        &by,
        "share.decide",
        &format!("share:{id}"),
        &detail,
    )
    .await?;
    let stored = share(&mut tx, id).await?.ok_or_else(|| missing("share", id))?;
    tx.commit().await?;
    Ok(stored)
}

/// Files an exchange with a friend under a share; it waits for a person's decision. The same friend under the same share
/// again is the same exchange.
pub async fn file_interaction(
    app: &App,
    actor: &Actor,
    new: &InteractionToFile,
) -> Result<Filed<InteractionRow>, PointsError> {
    let person = whom(app, actor, &new.employee).await?;
    let key = friend_key(&new.friend);
    let friend = new.friend.trim();
    if !(1..=FRIEND_MAX).contains(&friend.chars().count()) || friend.chars().any(char::is_control) {
        return Err(PointsError::field(
            "/friend",
            "the friend's name, 1 to 60 characters",
        ));
    }
    let now_ms = app.clock.now_ms();
    let occurred_at = past("/occurred_at", new.occurred_at, now_ms)?;
    let evidence = evidence(new.evidence_url.as_deref())?;

    let mut tx = app.store.begin().await?;
    lock_balance(&mut tx, person.employee()).await?;
    let post = share(&mut tx, new.share)
        .await?
        .filter(|post| post.employee_id == person.id)
        .ok_or_else(|| PointsError::field("/share", format!("the id of a share of {}'s own", person.code)))?;
    if occurred_at < post.posted_at {
        return Err(PointsError::field(
            "/occurred_at",
            "an instant after the share was posted",
        ));
    }
    if let Some(known) = interaction_with(&mut tx, post.id, &key).await? {
        return if known.occurred_at == occurred_at && known.evidence_url == evidence {
            Ok(Filed::Known(known))
        } else {
            let detail = "an exchange with this friend under this share is known with other content";
            Err(PointsError::Conflict(detail.to_owned()))
        };
    }
    let row = NewInteractionRow {
        employee: person.employee(),
        share: post.id,
        friend,
        friend_key: &key,
        occurred_at,
        day: app.day_of(new.occurred_at),
        evidence_url: evidence.as_deref(),
        filed_by: &actor.word(),
        filed_for: actor.employee(),
        filed_at: now_ms,
    };
    let id = insert_interaction(&mut tx, &row).await?;
    let stored = interaction(&mut tx, id)
        .await?
        .ok_or_else(|| missing("interaction", id))?;
    tx.commit().await?;
    Ok(Filed::New(stored))
}

/// Decides on an exchange; approved it earns, once per friend per share. Nobody decides on their own or on one they filed.
pub async fn decide_on_interaction(
    app: &App,
    actor: &Actor,
    id: i64,
    verdict: Verdict,
    reason: &str,
) -> Result<InteractionRow, PointsError> {
    let reason = decision_reason(verdict, reason)?;
    let now_ms = app.clock.now_ms();
    let mut tx = app.store.begin().await?;
    let known = interaction(&mut tx, id)
        .await?
        .ok_or_else(|| missing("interaction", id))?;
    let person = EmployeeId(known.employee_id);
    apart(actor, person, &known.filed_by, known.filed_for)?;
    lock_balance(&mut tx, person).await?;
    let known = interaction(&mut tx, id)
        .await?
        .ok_or_else(|| missing("interaction", id))?;
    let day = stored_day("interactions", &known.day)?;
    let (outcome, points) = match verdict {
        Verdict::Rejected => ("rejected", 0),
        Verdict::Approved if known.outcome == "earned" => ("earned", known.points),
        Verdict::Approved => {
            let post = share(&mut tx, known.share_id).await?;
            if post.is_some_and(|post| post.status == "rejected") {
                let detail = "the share this exchange is under was rejected; approve that first";
                return Err(PointsError::Conflict(detail.to_owned()));
            }
            if earns_on(day, left_on(&mut tx, person).await?) {
                ("earned", app.programme.points.interaction)
            } else {
                ("after-leaving", 0)
            }
        }
    };
    let words = (verdict.status(), outcome);
    if (known.status.as_str(), known.outcome.as_str()) == words {
        return Ok(known);
    }
    let by = actor.word();
    let decided = Decided {
        status: words.0,
        outcome,
        points,
        by: &by,
        at: now_ms,
        reason,
    };
    decide_interaction(&mut tx, id, &decided).await?;
    let of = source::interaction(id);
    if points > 0 {
        let entry = entry(person, Rule::Interaction, of, points, known.occurred_at, day);
        award(&mut tx, &[entry], now_ms).await?;
    } else {
        reverse(&mut tx, Rule::Interaction, &of, now_ms, reason).await?;
    }
    let detail = json!({"decision": words.0, "outcome": outcome, "reason": reason});
    insert_audit(
        &mut tx,
        now_ms,
        &by,
        "interaction.decide",
        &format!("interaction:{id}"),
        &detail,
    )
    .await?;
    let stored = interaction(&mut tx, id)
        .await?
        .ok_or_else(|| missing("interaction", id))?;
    tx.commit().await?;
    Ok(stored)
}

impl Verdict {
    /// The state it leads to.
    pub const fn status(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Rejected => "rejected",
        }
    }
}

/// The person, when the caller may file for them: oneself, or anybody with [`Permission::DecidePoints`].
pub(crate) async fn whom(app: &App, actor: &Actor, code: &str) -> Result<EarnerRow, PointsError> {
    let found = app.store.earner(code).await?;
    let own = found
        .as_ref()
        .is_some_and(|p| actor.employee() == Some(p.employee()));
    if !(own && actor.may(Permission::Own) || actor.may(Permission::DecidePoints)) {
        return Err(PointsError::Forbidden(
            "points are filed for oneself, or by who decides on points",
        ));
    }
    found.ok_or_else(|| {
        PointsError::field(
            "/employee",
            format!("an employee's code; there is nobody called {code:?}"),
        )
    })
}

/// 403 when the actor is the person, or the one who filed it: never both sides of one decision.
fn apart(
    actor: &Actor,
    person: EmployeeId,
    filed_by: &str,
    filed_for: Option<i64>,
) -> Result<(), PointsError> {
    if !actor.may(Permission::DecidePoints) {
        return Err(PointsError::Forbidden("only who decides on points may do this"));
    }
    let me = actor.employee();
    if me == Some(person) {
        return Err(PointsError::Forbidden("nobody decides on their own points"));
    }
    if actor.word() == filed_by || (me.is_some() && me.map(|e| e.0) == filed_for) {
        return Err(PointsError::Forbidden("who filed it cannot decide on it"));
    }
    Ok(())
}

async fn judge(
    app: &App,
    tx: &mut Tx,
    link: &SharedLink,
    day: Date,
    except: Option<i64>,
    left_on: Option<Date>,
) -> Result<(ShareOutcome, i64), PointsError> {
    let rules = &app.programme.points;
    let so_far = day_so_far(tx, link, day, except).await?;
    let outcome = share_outcome(rules, so_far, day, left_on);
    let points = if outcome == ShareOutcome::Earned {
        rules.share
    } else {
        0
    };
    Ok((outcome, points))
}

async fn left_on(tx: &mut Tx, person: EmployeeId) -> Result<Option<Date>, PointsError> {
    let row = earner(tx, person).await?;
    Ok(row.map(|r| r.left_on()).transpose()?.flatten())
}

fn entry(employee: EmployeeId, rule: Rule, source: String, points: i64, at: i64, day: Date) -> NewEntry {
    NewEntry {
        employee,
        rule,
        source,
        points,
        at,
        day,
        note: String::new(),
    }
}

fn past(pointer: &'static str, at: Timestamp, now_ms: i64) -> Result<i64, PointsError> {
    let ms = at.as_millisecond();
    if (0..=now_ms).contains(&ms) {
        Ok(ms)
    } else {
        Err(PointsError::field(
            pointer,
            "an instant that is not in the future",
        ))
    }
}

fn evidence(url: Option<&str>) -> Result<Option<String>, PointsError> {
    let Some(text) = url else { return Ok(None) };
    let parsed = Url::parse(text).ok().filter(|u| {
        matches!(u.scheme(), "http" | "https") && u.has_host() && text.chars().count() <= URL_MAX
    });
    match parsed {
        Some(url) => Ok(Some(url.into())),
        None => Err(PointsError::field(
            "/evidence_url",
            "an http or https address of at most 2 000 characters",
        )),
    }
}

fn decision_reason(verdict: Verdict, reason: &str) -> Result<&str, PointsError> {
    let reason = reason.trim();
    if reason.chars().count() > REASON_MAX || (verdict == Verdict::Rejected && reason.is_empty()) {
        return Err(PointsError::field("/reason", "why, 1 to 500 characters"));
    }
    Ok(reason)
}

fn missing(what: &str, id: i64) -> PointsError {
    PointsError::NotFound(format!("{what} {id}"))
}

fn stored_day(table: &'static str, text: &str) -> Result<Date, StoreError> {
    text.parse().map_err(|_| StoreError::Corrupt {
        table,
        column: "day",
        value: text.to_owned(),
    })
}
