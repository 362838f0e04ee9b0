//! Filing shares, and deciding on them.

use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::json;

use crate::app::board::freeze_before;
use crate::app::filing::{
    Filed, PointsError, Verdict, apart, day_of_row, decision_reason, entry, evidence, missing, past, whom,
};
use crate::app::notices::points_decided;
use crate::app::{Actor, App};
use crate::domain::{Channel, EmployeeId, LinkCode};
use crate::points::{Rule, ShareOutcome, share_outcome, source};
use crate::share::KeptPicture;
use crate::storage::evidence::{EvidenceOf, insert_evidence};
use crate::storage::points::{award, lock_balance, reverse};
use crate::storage::shares::{
    Decided, NewShareRow, ShareRow, Shared, day_so_far, decide_share, insert_share, left_on, share, share_at,
};
use crate::storage::{Tx, insert_audit};

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
    /// A screenshot, cleaned.
    pub picture: Option<KeptPicture>,
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
    let link = app.store.link(code.as_str()).await?.ok_or_else(unknown)?;
    if link.employee != person.id || link.parent.is_some() {
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
    let of = Shared {
        link: link.id.0,
        employee: person.id,
        campaign: link.campaign.0,
        material: link.material,
        channel: link.channel,
    };

    freeze_before(app).await;
    let mut tx = app.store.begin().await?;
    lock_balance(&mut tx, person.id).await?;
    if let Some(known) = share_at(&mut tx, of.link, posted_at).await? {
        return if known.evidence_url == evidence {
            Ok(Filed::Known(known))
        } else {
            let detail = "this link's share of that instant is known with other evidence";
            Err(PointsError::Conflict(detail.to_owned()))
        };
    }
    let (outcome, points) = judge(app, &mut tx, &of, day, None, person.facts.left_on).await?;
    let row = NewShareRow {
        of: &of,
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
        let entry = entry(person.id, Rule::Share, source::share(id), points, posted_at, day);
        award(&mut tx, &[entry], now_ms).await?;
    }
    if let Some(picture) = &new.picture {
        let picture = (picture.media_type, picture.bytes.as_slice());
        insert_evidence(&mut tx, EvidenceOf::Share(id), picture, now_ms).await?;
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
    freeze_before(app).await;
    let now_ms = app.clock.now_ms();
    let mut tx = app.store.begin().await?;
    let known = share(&mut tx, id).await?.ok_or_else(|| missing("share", id))?;
    let person = EmployeeId(known.employee_id);
    apart(actor, person, &known.filed_by, known.filed_for)?;
    lock_balance(&mut tx, person).await?;
    // Read again: who held the lock before us may have decided.
    let known = share(&mut tx, id).await?.ok_or_else(|| missing("share", id))?;
    let day = day_of_row("shares", &known.day)?;
    let (outcome, points) = match verdict {
        Verdict::Rejected => (ShareOutcome::Rejected, 0),
        // What earned keeps its points.
        Verdict::Approved if known.outcome == ShareOutcome::Earned.as_str() => {
            (ShareOutcome::Earned, known.points)
        }
        Verdict::Approved => {
            let of = Shared {
                link: known.link_id,
                employee: person,
                campaign: known.campaign_id,
                material: known.material.clone(),
                channel: known.channel.clone(),
            };
            let left_on = left_on(&mut tx, person).await?;
            judge(app, &mut tx, &of, day, Some(id), left_on).await?
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
    decide_share(&mut tx, id, &decided).await?;
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
    points_decided(&mut tx, person, &format!("share:{id}"), (points, reason), now_ms).await?;
    let stored = share(&mut tx, id).await?.ok_or_else(|| missing("share", id))?;
    tx.commit().await?;
    Ok(stored)
}

async fn judge(
    app: &App,
    tx: &mut Tx,
    of: &Shared,
    day: Date,
    except: Option<i64>,
    left_on: Option<Date>,
) -> Result<(ShareOutcome, i64), PointsError> {
    let rules = &app.programme.points;
    let so_far = day_so_far(tx, of, day, except).await?;
    let outcome = share_outcome(rules, so_far, day, left_on);
    let points = if outcome == ShareOutcome::Earned {
        rules.share
    } else {
        0
    };
    Ok((outcome, points))
}
