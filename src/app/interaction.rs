//! Filing exchanges with friends under a share, and deciding on them.

use jiff::Timestamp;
use serde_json::json;

use crate::app::board::freeze_before;
use crate::app::filing::{
    Filed, PointsError, Verdict, apart, day_of_row, decision_reason, entry, evidence, missing, past, whom,
};
use crate::app::notices::points_decided;
use crate::app::{Actor, App};
use crate::domain::EmployeeId;
use crate::points::{Rule, earns_on, friend_key, source};
use crate::share::KeptPicture;
use crate::storage::evidence::{EvidenceOf, insert_evidence};
use crate::storage::insert_audit;
use crate::storage::interactions::{
    InteractionRow, NewInteractionRow, decide_interaction, insert_interaction, interaction, interaction_with,
};
use crate::storage::points::{award, lock_balance, reverse};
use crate::storage::shares::{Decided, left_on, share};

/// Longest friend's name, characters.
const FRIEND_MAX: usize = 60;

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
    /// A screenshot, cleaned.
    pub picture: Option<KeptPicture>,
}

/// The share an exchange was under, told by what was posted where: the person's latest one of that link and channel.
pub async fn share_told_by_link(
    app: &App,
    actor: &Actor,
    employee: &str,
    (link, channel): (&str, &str),
    at: Timestamp,
) -> Result<i64, PointsError> {
    let person = whom(app, actor, employee).await?;
    let found = app
        .store
        .latest_share(person.id, (link, channel), at.as_millisecond())
        .await?;
    found.map(|share| share.id).ok_or_else(|| {
        let expected = format!(
            "a link {} had shared on {channel:?} before; file the share first",
            person.code
        );
        PointsError::field("/link", expected)
    })
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
    lock_balance(&mut tx, person.id).await?;
    let post = share(&mut tx, new.share)
        .await?
        .filter(|post| post.employee_id == person.id.0)
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
        employee: person.id,
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
    if let Some(picture) = &new.picture {
        let picture = (picture.media_type, picture.bytes.as_slice());
        insert_evidence(&mut tx, EvidenceOf::Interaction(id), picture, now_ms).await?;
    }
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
    freeze_before(app).await;
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
    let day = day_of_row("interactions", &known.day)?;
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
    points_decided(
        &mut tx,
        person,
        &format!("interaction:{id}"),
        (points, reason),
        now_ms,
    )
    .await?;
    let stored = interaction(&mut tx, id)
        .await?
        .ok_or_else(|| missing("interaction", id))?;
    tx.commit().await?;
    Ok(stored)
}
