//! Suspicions: found by a chore, decided by a person (attribution.md §9).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;
use uuid::Uuid;

use crate::app::again::again;
use crate::app::board::freeze_before;
use crate::app::clicks::overrule_in;
use crate::app::slices::ids_of;
use crate::app::verdict::verdict_in;
use crate::app::{Actor, App, Permission, Refused, VerdictError};
use crate::attribution::odd::{INSTANT_MS, Odd, OddDay, odd};
use crate::attribution::{ConversionKind, Status, Verdict};
use crate::domain::{Class, ClickId, EmployeeId};
use crate::storage::conversions::lock_by_external_id;
use crate::storage::suspicions::{
    ClickEvidence, Evidence, Suspicion, decide_suspicion, file_suspicion, lock_suspicions,
};
use crate::storage::{StoreError, insert_audit, lock_loaders};

/// Longest reason, characters.
const REASON_MAX: usize = 500;
/// Clicks of one suspicion that are looked at and decided on together.
pub const CLICKS_MAX: i64 = 5_000;

/// Looks for what is odd about a day, and files it; gives how many signs.
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

/// Looks at a day's credited claims alone, and files those the CRM was faster than.
pub(in crate::app) async fn look_at_claims(app: &App, day: jiff::civil::Date) -> Result<(), StoreError> {
    let mut days: BTreeMap<EmployeeId, Evidence> = BTreeMap::new();
    for (employee, id) in app.store.claimed_late(day).await? {
        days.entry(employee).or_default().late_claims.push(id);
    }
    if days.is_empty() {
        return Ok(());
    }
    let mut tx = app.store.begin().await?;
    for (employee, evidence) in &days {
        let facts = OddDay {
            late_claims: i64::try_from(evidence.late_claims.len()).unwrap_or(i64::MAX),
            ..OddDay::default()
        };
        for found in odd(&facts) {
            file_suspicion(&mut tx, *employee, day, found, evidence, app.clock.now_ms()).await?;
        }
    }
    tx.commit().await
}

/// A suspicion with its clicks, and what a decision would move.
#[derive(Clone, Debug)]
pub struct Case {
    /// The suspicion.
    pub suspicion: Suspicion,
    /// Its clicks, at most 5 000.
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
    let conversions = match suspicion.kind {
        // With or without a click: what the sign names is what it is about.
        kind @ (Odd::Kin | Odd::Silent | Odd::LateClaim) => {
            let about = suspicion.evidence.about(kind).unwrap_or_default();
            app.store.counting_of(suspicion.employee, about).await?
        }
        _ => app.store.conversions_by_clicks(suspicion.employee, &ids).await?,
    };
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
    let seen = app.store.suspicion(id).await?;
    let Suspicion { employee, day, .. } = seen.ok_or_else(|| missing(id))?;
    if actor.employee() == Some(employee) {
        return Err(Refused::Forbidden("nobody decides on their own clicks"));
    }
    freeze_before(app, day).await;
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
    let known = lock_suspicions(&mut tx, employee).await?;
    let Case {
        suspicion,
        mut clicks,
        conversions,
        ..
    } = case(app, id).await?.ok_or_else(|| missing(id))?;
    let counting: BTreeSet<String> = conversions.into_iter().map(|(id, ..)| id).collect();
    let others: BTreeSet<String> = known
        .iter()
        .filter(|s| s.id != id && s.status == "held")
        .flat_map(|s| s.evidence.held.iter().cloned())
        .collect();
    let mut evidence = suspicion.evidence.clone();
    let mut held: BTreeSet<String> = evidence.held.drain(..).collect();
    let (verdict, moved) = match decision {
        Decision::Hold => {
            let ids: Vec<Uuid> = clicks.iter().map(|c| c.id).collect();
            let same = app.store.conversions_held_by_clicks(employee, &ids).await?;
            // What another sign holds already is held by this one too.
            held.extend(same.into_iter().filter(|id| others.contains(id)));
            held.extend(counting.iter().cloned());
            (Verdict::Held, counting)
        }
        Decision::Clear => (Verdict::Released, held.difference(&others).cloned().collect()),
        Decision::Confirm(_) => {
            let mut moved: BTreeSet<String> = counting.union(&held).cloned().collect();
            if suspicion.kind == Odd::Silent && suspicion.status == "held" {
                moved = still_silent(app, employee, &moved, &mut clicks).await?;
            }
            // Whatever else those clicks credit falls with them, named by the sign or not.
            let ids: Vec<Uuid> = clicks.iter().map(|c| c.id).collect();
            let by_clicks = app.store.conversions_by_clicks(employee, &ids).await?;
            moved.extend(by_clicks.into_iter().map(|(id, ..)| id));
            moved.extend(app.store.conversions_held_by_clicks(employee, &ids).await?);
            (Verdict::Rejected, moved)
        }
    };
    evidence.held = held.into_iter().collect();
    let how = (by.as_str(), now_ms, reason);
    if !decide_suspicion(&mut tx, id, decision.from(), decision.word(), &evidence, how).await? {
        return Err(Refused::Conflict("somebody has decided already".to_owned()));
    }
    let detail = json!({
        "employee": suspicion.code, "day": suspicion.day, "kind": suspicion.kind.as_str(),
        "decision": decision.word(), "clicks": clicks.len(), "conversions": moved, "reason": reason,
    });
    let subject = format!("suspicion:{id}");
    insert_audit(&mut tx, now_ms, &by, "suspicion.decide", &subject, &detail).await?;
    // All conversions are locked before anything is booked: whoever books one waits for it with nothing in hand.
    let mut locked = Vec::new();
    for external_id in &moved {
        locked.extend(lock_by_external_id(&mut tx, external_id).await?);
    }
    if matches!(decision, Decision::Confirm(_)) {
        // Before any rollup is booked: a loader holds this when it books, and waits for nothing else then.
        lock_loaders(&mut tx).await?;
    }
    for conversion in &locked {
        match verdict_in(&mut tx, actor, conversion, (verdict, reason), now_ms).await {
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
        let changing = clicks.iter().filter(|c| c.class != class.as_str());
        let ids: Vec<ClickId> = changing.map(|c| ClickId(c.id)).collect();
        overrule_in(app, &mut tx, actor, (&ids, class), reason).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Of the leads a sign held, those nobody released since: who was released has answered. `clicks` are narrowed to those
/// that brought nobody else.
async fn still_silent(
    app: &App,
    employee: EmployeeId,
    named: &BTreeSet<String>,
    clicks: &mut Vec<ClickEvidence>,
) -> Result<BTreeSet<String>, StoreError> {
    let (mut silent, mut theirs, mut answered) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for (id, status, touch) in app.store.touches_of(employee, named).await? {
        if status == Status::Held {
            silent.insert(id);
            theirs.extend(touch);
        } else if status.counts() {
            answered.extend(touch);
        }
    }
    clicks.retain(|c| theirs.contains(&ClickId(c.id)) && !answered.contains(&ClickId(c.id)));
    Ok(silent)
}
