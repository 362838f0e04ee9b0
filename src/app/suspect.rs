//! Suspicions: found by a chore, decided by a person (attribution.md §9).

use serde_json::json;
use uuid::Uuid;

use crate::app::clicks::{OverruleError, overrule_click};
use crate::app::slices::ids_of;
use crate::app::{Actor, App, Permission, Refused, VerdictError, give_verdict};
use crate::attribution::Verdict;
use crate::attribution::odd::{INSTANT_MS, odd};
use crate::domain::{Class, ClickId};
use crate::storage::suspicions::{ClickEvidence, Evidence, Suspicion, decide_suspicion, file_suspicion};
use crate::storage::{StoreError, insert_audit};

/// Longest reason, characters.
const REASON_MAX: usize = 500;
/// Clicks of one suspicion that are shown and decided on together.
pub const CLICKS_MAX: i64 = 500;

/// Looks for what is odd about a day, and files it; gives how many signs.
pub(in crate::app) async fn look_at_day(app: &App, day: jiff::civil::Date) -> Result<usize, StoreError> {
    let (from, to) = ids_of(app, day);
    let limit_ms = app.programme.dwell_limit_ms;
    let mut days = app.store.odd_days(from, to, limit_ms).await?;
    for c in app.store.conversions_of_day(day).await? {
        let (Some(employee), Some(touch)) = (c.employee, c.touch) else {
            continue;
        };
        let (facts, evidence) = days.entry(employee).or_default();
        facts.conversions += 1;
        if (0..=INSTANT_MS).contains(&(c.at - touch.unix_ms())) {
            facts.instant += 1;
            evidence.conversions.push(c.external_id);
        }
    }
    let now_ms = app.clock.now_ms();
    let mut filed = 0;
    let mut tx = app.store.begin().await?;
    for (employee, (facts, evidence)) in &days {
        for found in odd(facts) {
            file_suspicion(&mut tx, *employee, day, found, evidence, now_ms).await?;
            filed += 1;
        }
    }
    tx.commit().await?;
    Ok(filed)
}

/// A suspicion with its clicks, and what a decision would move.
#[derive(Clone, Debug)]
pub struct Case {
    /// The suspicion.
    pub suspicion: Suspicion,
    /// Its clicks, at most 500.
    pub clicks: Vec<ClickEvidence>,
    /// Leads and orders by those clicks that still count: id, kind, net amount.
    pub conversions: Vec<(String, String, i64)>,
    /// Points those clicks earned.
    pub points: i64,
}

/// The case of a suspicion.
pub async fn case(app: &App, id: i64) -> Result<Option<Case>, StoreError> {
    let Some(suspicion) = app.store.suspicion(id).await? else {
        return Ok(None);
    };
    let span = ids_of(app, suspicion.day);
    let limit_ms = app.programme.dwell_limit_ms;
    let clicks = app
        .store
        .suspicion_clicks(&suspicion, span, limit_ms, CLICKS_MAX)
        .await?;
    let ids: Vec<Uuid> = clicks.iter().map(|c| c.id).collect();
    let conversions = app.store.conversions_by_clicks(suspicion.employee, &ids).await?;
    let earned = i64::try_from(clicks.iter().filter(|c| c.earned).count()).unwrap_or(0);
    Ok(Some(Case {
        points: earned * app.programme.points.click,
        suspicion,
        clicks,
        conversions,
    }))
}

/// What a person decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The leads and orders by those clicks wait.
    Hold,
    /// Nothing is wrong; what was held goes on.
    Clear,
    /// It is what it looks like: those clicks become this class, leads and orders by them are rejected.
    Confirm(Class),
}

impl Decision {
    const fn word(self) -> &'static str {
        match self {
            Self::Hold => "held",
            Self::Clear => "cleared",
            Self::Confirm(_) => "confirmed",
        }
    }

    const fn from(self) -> &'static [&'static str] {
        match self {
            Self::Hold => &["open"],
            Self::Clear | Self::Confirm(_) => &["open", "held"],
        }
    }
}

/// Decides on a suspicion, with a reason, audited. Of two who decide at once one wins. Nobody decides on their own.
pub async fn decide_on_suspicion(
    app: &App,
    actor: &Actor,
    id: i64,
    decision: Decision,
    reason: &str,
) -> Result<Suspicion, Refused> {
    if !(actor.may(Permission::OverruleClicks) && actor.may(Permission::DecideConversions)) {
        return Err(Refused::Forbidden(
            "only who overrules clicks may decide on suspicions",
        ));
    }
    let reason = reason.trim();
    if !(1..=REASON_MAX).contains(&reason.chars().count()) {
        return Err(Refused::at("/reason", "why, 1 to 500 characters"));
    }
    if decision == Decision::Confirm(Class::Human) {
        return Err(Refused::at("/class", "a class that does not count"));
    }
    let case = case(app, id)
        .await?
        .ok_or_else(|| Refused::NotFound(format!("suspicion {id}")))?;
    if actor.employee() == Some(case.suspicion.employee) {
        return Err(Refused::Forbidden("nobody decides on their own clicks"));
    }
    let mut evidence: Evidence = case.suspicion.evidence.clone();
    let ids: Vec<String> = case.conversions.iter().map(|(id, ..)| id.clone()).collect();
    let to_hold: Vec<String> = ids
        .iter()
        .filter(|id| !evidence.held.contains(id))
        .cloned()
        .collect();
    if decision == Decision::Hold {
        evidence.held.extend(to_hold.iter().cloned());
    }
    let (by, now_ms) = (actor.word(), app.clock.now_ms());
    let mut tx = app.store.begin().await?;
    let written = decide_suspicion(
        &mut tx,
        id,
        decision.from(),
        decision.word(),
        &evidence,
        (&by, now_ms, reason),
    )
    .await?;
    if !written {
        tx.rollback().await?;
        return Err(Refused::Conflict("somebody has decided already".to_owned()));
    }
    let detail = json!({
        "employee": case.suspicion.code, "day": case.suspicion.day, "kind": case.suspicion.kind.as_str(),
        "decision": decision.word(), "clicks": case.clicks.len(), "conversions": ids, "reason": reason,
    });
    let subject = format!("suspicion:{id}");
    insert_audit(&mut tx, now_ms, &by, "suspicion.decide", &subject, &detail).await?;
    tx.commit().await?;
    match decision {
        Decision::Hold => verdicts(app, actor, &to_hold, Verdict::Held, reason).await?,
        Decision::Clear => verdicts(app, actor, &evidence.held, Verdict::Released, reason).await?,
        Decision::Confirm(class) => {
            for click in case.clicks.iter().filter(|c| c.class != class.as_str()) {
                match overrule_click(app, actor, ClickId(click.id), class, reason).await {
                    Ok(_) | Err(OverruleError::NotFound(_)) => {}
                    Err(OverruleError::Store(error)) => return Err(error.into()),
                    Err(error) => return Err(Refused::Conflict(error.to_string())),
                }
            }
            let mut all = ids;
            all.extend(evidence.held.iter().cloned());
            verdicts(app, actor, &all, Verdict::Rejected, reason).await?;
        }
    }
    let now = app.store.suspicion(id).await?;
    now.ok_or_else(|| Refused::NotFound(format!("suspicion {id}")))
}

/// The same verdict on several; what moved elsewhere meanwhile stays where it is.
async fn verdicts(
    app: &App,
    actor: &Actor,
    ids: &[String],
    verdict: Verdict,
    reason: &str,
) -> Result<(), Refused> {
    for id in ids {
        match give_verdict(app, actor, id, verdict, Some(reason)).await {
            Ok(_) | Err(VerdictError::Refused(_) | VerdictError::Missing) => {}
            Err(VerdictError::Store(error)) => return Err(error.into()),
            Err(error) => return Err(Refused::Conflict(error.to_string())),
        }
    }
    Ok(())
}
