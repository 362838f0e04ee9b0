//! Suspicions: found by a chore, decided by a person (attribution.md §9).

mod moves;
mod taking;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use crate::app::again::again;
use crate::app::board::freeze_before;
use crate::app::claims::claim_id;
use crate::app::clicks::overrule_in;
use crate::app::slices::ids_of;
use crate::app::verdict::verdict_in;
use crate::app::{Actor, App, Permission, Refused, VerdictError};
use crate::attribution::odd::{INSTANT_MS, Odd, OddDay, odd};
use crate::attribution::{ConversionKind, Status};
use crate::domain::{Class, ClickId, EmployeeId};
use crate::storage::conversions::lock_by_external_id;
use crate::storage::suspicions::{Evidence, Suspicion, decide_suspicion, lock_suspicions};
use crate::storage::{StoreError, insert_audit, lock_loaders};

pub use moves::{Case, Moves};
pub(in crate::app) use taking::hold_unsettled;

/// Longest reason, characters.
const REASON_MAX: usize = 500;
/// Clicks of one suspicion that are looked at and decided on together.
pub const CLICKS_MAX: i64 = 5_000;

/// Looks for what is odd about a day, files it and holds what it is about; gives how many signs.
pub(in crate::app) async fn look_at_day(app: &App, day: jiff::civil::Date) -> Result<usize, StoreError> {
    let (from, to) = ids_of(app, day);
    let limit_ms = app.programme.dwell_limit_ms;
    let mut days = app.store.odd_days(from, to, limit_ms).await?;
    for c in app.store.conversions_of_day(day).await? {
        let Some(employee) = c.employee else { continue };
        let (facts, evidence) = days.entry(employee).or_default();
        if c.kind == ConversionKind::Lead {
            facts.leads += 1;
            facts.silent += i64::from(c.status == Status::Rejected);
            evidence.leads.push(c.external_id.clone());
        }
        let Some(touch) = c.touch else { continue };
        facts.conversions += 1;
        if (0..=INSTANT_MS).contains(&(c.at - touch.unix_ms())) {
            facts.instant += 1;
            evidence.conversions.push(c.external_id);
        }
    }
    for (employee, id) in app.store.by_own_browser(day, (from, to)).await? {
        let (facts, evidence) = days.entry(employee).or_default();
        facts.kin += 1;
        evidence.kin.push(id);
    }
    for (employee, id) in app.store.claimed_late(day).await? {
        let (facts, evidence) = days.entry(employee).or_default();
        facts.late_claims += 1;
        evidence.late_claims.push(id);
    }
    let mut filed = 0;
    for (employee, (facts, evidence)) in &days {
        for found in odd(facts) {
            taking::file(app, *employee, day, found, evidence).await?;
            filed += 1;
        }
    }
    Ok(filed)
}

/// Looks at a day's credited claims alone; files and holds those the CRM was faster than.
pub(in crate::app) async fn look_at_claims(app: &App, day: jiff::civil::Date) -> Result<(), StoreError> {
    let mut days: BTreeMap<EmployeeId, Evidence> = BTreeMap::new();
    for (employee, id) in app.store.claimed_late(day).await? {
        days.entry(employee).or_default().late_claims.push(id);
    }
    for (employee, evidence) in &days {
        let facts = OddDay {
            late_claims: i64::try_from(evidence.late_claims.len()).unwrap_or(i64::MAX),
            ..OddDay::default()
        };
        for found in odd(&facts) {
            taking::file(app, *employee, day, found, evidence).await?;
        }
    }
    Ok(())
}

/// The case of a suspicion.
pub async fn case(app: &App, id: i64) -> Result<Option<Case>, StoreError> {
    match app.store.suspicion(id).await? {
        Some(suspicion) => case_of(app, suspicion).await.map(Some),
        None => Ok(None),
    }
}

async fn case_of(app: &App, suspicion: Suspicion) -> Result<Case, StoreError> {
    let span = ids_of(app, suspicion.day);
    let limit_ms = app.programme.dwell_limit_ms;
    let clicks = app
        .store
        .suspicion_clicks(&suspicion, span, limit_ms, CLICKS_MAX)
        .await?;
    let about = match suspicion.kind {
        // With or without a click: what the sign names is what it is about.
        kind @ (Odd::Kin | Odd::Silent | Odd::LateClaim) => {
            let about = suspicion.evidence.about(kind).unwrap_or_default();
            Some(today(app, about.iter().cloned().collect()).await?)
        }
        _ => None,
    };
    let held = today(app, suspicion.evidence.held.iter().cloned().collect()).await?;
    let others = today(app, app.store.held_by_others(&suspicion).await?).await?;
    let mut named = held.clone();
    named.extend(about.iter().flatten().cloned());
    let stakes = app.store.stakes(suspicion.employee, &named, &clicks).await?;
    Ok(Case {
        suspicion,
        clicks,
        stakes,
        about,
        held,
        others,
    })
}

/// These leads and orders, and those that took the place of claims among them.
async fn today(app: &App, mut ids: BTreeSet<String>) -> Result<BTreeSet<String>, StoreError> {
    let claims = ids.iter().filter_map(|id| claim_id(id)).collect();
    ids.extend(app.store.credited_by_claims(&claims).await?.into_values());
    Ok(ids)
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
    let seen = app.store.suspicion(id).await?;
    let Suspicion { employee, .. } = seen.ok_or_else(|| missing(id))?;
    if actor.employee() == Some(employee) {
        return Err(Refused::Forbidden("nobody decides on their own clicks"));
    }
    freeze_before(app).await;
    again!(once(app, actor, (id, employee), decision, reason))?;
    let now = app.store.suspicion(id).await?;
    now.ok_or_else(|| missing(id))
}

fn missing(id: i64) -> Refused {
    Refused::NotFound(format!("suspicion {id}"))
}

/// The decision with all it moves, in one transaction: a decision that stands has its effect.
async fn once(
    app: &App,
    actor: &Actor,
    (id, employee): (i64, EmployeeId),
    decision: Decision,
    reason: &str,
) -> Result<(), Refused> {
    let (by, now_ms) = (actor.word(), app.clock.now_ms());
    let mut tx = app.store.begin().await?;
    // Signs of one person share conversions: decisions on them take turns.
    lock_suspicions(&mut tx, employee).await?;
    let case = case(app, id).await?.ok_or_else(|| missing(id))?;
    let moves = case.moves(decision);
    let suspicion = &case.suspicion;
    let moved: Vec<&str> = moves.conversions.iter().map(|c| c.external_id.as_str()).collect();
    let mut evidence = suspicion.evidence.clone();
    evidence.held = moves.held.into_iter().collect();
    let how = (by.as_str(), now_ms, reason);
    if !decide_suspicion(&mut tx, id, decision.from(), decision.word(), &evidence, how).await? {
        return Err(Refused::Conflict("somebody has decided already".to_owned()));
    }
    let detail = json!({
        "employee": suspicion.code, "day": suspicion.day, "kind": suspicion.kind.as_str(),
        "decision": decision.word(), "clicks": moves.clicks.len(), "conversions": moved, "reason": reason,
    });
    let subject = format!("suspicion:{id}");
    insert_audit(&mut tx, now_ms, &by, "suspicion.decide", &subject, &detail).await?;
    // All conversions are locked before anything is booked: whoever books one waits for it with nothing in hand.
    let mut locked = Vec::new();
    for external_id in moved {
        locked.extend(lock_by_external_id(&mut tx, external_id).await?);
    }
    if matches!(decision, Decision::Confirm(_)) {
        // Before any rollup is booked: a loader holds this when it books, and waits for nothing else then.
        lock_loaders(&mut tx).await?;
    }
    for conversion in &locked {
        match verdict_in(&mut tx, actor, conversion, (moves.verdict, reason), now_ms).await {
            // What moved elsewhere meanwhile stays where it is.
            Ok(_) | Err(VerdictError::Refused(_)) => {}
            Err(VerdictError::Store(error)) => return Err(error.into()),
            Err(_) => {
                return Err(Refused::Forbidden(
                    "nobody decides on a conversion they are credited with",
                ));
            }
        }
    }
    if let Decision::Confirm(class) = decision {
        let changing = moves.clicks.iter().filter(|c| c.class != class.as_str());
        let ids: Vec<ClickId> = changing.map(|c| ClickId(c.id)).collect();
        overrule_in(app, &mut tx, actor, (&ids, class), reason).await?;
    }
    tx.commit().await?;
    Ok(())
}
