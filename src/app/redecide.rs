//! Decisions taken once more: the click came late, a claim was found true, or a person said what a click was.
//!
//! # Why
//! A click that a person overrules changes what it credits, in the transaction that overrules it: no crash leaves money on
//! a bot's click. What is approved or paid stays, and its decision says what was learnt since. The order of locks is that of
//! all who want several of these: customers, conversions, coupons, the loader, rollups.

use std::collections::BTreeSet;

use serde_json::json;

use crate::app::again::again;
use crate::app::board::freeze_before;
use crate::app::convert::{book, booking, decided, slice_of};
use crate::app::gather::{Basis, gather};
use crate::app::notices::{conversion_moved, held_because};
use crate::app::{Actor, App, Vault};
use crate::attribution::{Outcome, Reason, Rules, Status, Step, Via, counted, decide};
use crate::domain::{Class, ClickId, CustomerId};
use crate::storage::conversions::{self, Conversion, Decided};
use crate::storage::{StoreError, Tx, coupons, customers, insert_audit, touches};

/// Decides an uncredited conversion once more, after its click reached the store late. `None` when there is no such
/// conversion or it is not uncredited; else as it stands now. What it was first answered stays.
pub async fn redecide(app: &App, actor: &Actor, external_id: &str) -> Result<Option<Conversion>, StoreError> {
    freeze_before(app).await;
    let mut tx = app.store.begin().await?;
    if !redecide_in(app, &mut tx, actor, external_id).await? {
        return Ok(None);
    }
    tx.commit().await?;
    app.store.conversion(external_id).await
}

/// The same inside a transaction; `false` when there is no such conversion or it is not uncredited.
pub(in crate::app) async fn redecide_in(
    app: &App,
    tx: &mut Tx,
    actor: &Actor,
    external_id: &str,
) -> Result<bool, StoreError> {
    // The customer before the conversion would be the order of others; here the conversion is known first. The
    // customer's lock is taken before anything about them is read.
    let found = conversions::lock_by_external_id(tx, external_id).await?;
    let Some(old) = found.filter(|c| c.status == Status::Uncredited) else {
        return Ok(false);
    };
    decide_again(app, tx, actor, &old, "").await?;
    Ok(true)
}

/// A chore: decides once more what was uncredited because its click had not reached the store. At most 500 at a time.
pub async fn redecide_late(app: &App) -> Result<usize, StoreError> {
    let mut credited = 0;
    for id in app.store.conversions_with_late_click(500).await? {
        let done = redecide(app, &Actor::System, &id).await?;
        credited += usize::from(done.is_some_and(|c| c.status != Status::Uncredited));
    }
    Ok(credited)
}

/// A chore: decides once more what is credited by a click that credits nobody. It was on its way into the store while
/// somebody overruled the click. At most 500 clicks at a time; gives how many.
pub async fn redecide_lost(app: &App) -> Result<usize, StoreError> {
    let found = app.store.clicks_credited_in_vain(500).await?;
    if !found.is_empty() {
        freeze_before(app).await;
    }
    for click in &found {
        again!(without(app, *click))?;
    }
    Ok(found.len())
}

async fn without(app: &App, click: ClickId) -> Result<(), StoreError> {
    let mut tx = app.store.begin().await?;
    let concerned = Concerned::lock(&mut tx, click, app.clock.now_ms()).await?;
    let Some(touch) = touches::by_click(&mut tx, click).await? else {
        return Ok(());
    };
    let found = (touch.class, "");
    concerned.decide(app, &mut tx, &Actor::System, found).await?;
    tx.commit().await
}

/// What a click's class decides: locked before the click is touched, decided again after.
pub(in crate::app) struct Concerned {
    click: ClickId,
    /// What came with its token or is credited by it, in the order it happened.
    direct: Vec<Conversion>,
    /// What is credited, or not, because their customer is bound by some of those, or not.
    bound: Vec<Conversion>,
}

impl Concerned {
    /// Finds and locks what hangs on a click.
    pub async fn lock(tx: &mut Tx, click: ClickId, now_ms: i64) -> Result<Self, StoreError> {
        let found = conversions::of_click(tx, click).await?;
        let people: BTreeSet<i64> = found.iter().filter_map(|c| c.customer).collect();
        for customer in people {
            customers::lock_customer(tx, CustomerId(customer), now_ms).await?;
        }
        let (mut direct, mut bound) = (Vec::new(), Vec::new());
        let mut codes = BTreeSet::new();
        for one in found {
            if let Some(conversion) = conversions::lock_by_external_id(tx, &one.external_id).await? {
                // Settled between the look and the lock: no binding takes it back.
                if !one.direct && !can_change(conversion.status) {
                    continue;
                }
                codes.extend(conversion.coupon_code.clone());
                let list = if one.direct { &mut direct } else { &mut bound };
                list.push(conversion);
            }
        }
        for code in codes {
            coupons::lock_coupon(tx, &code).await?;
        }
        Ok(Self { click, direct, bound })
    }

    /// Decides all of it once more, after a person said what the click was.
    pub async fn decide(
        &self,
        app: &App,
        tx: &mut Tx,
        actor: &Actor,
        (class, reason): (Class, &str),
    ) -> Result<(), StoreError> {
        let (mut open, mut moved) = (Vec::new(), BTreeSet::new());
        for old in &self.direct {
            if can_change(old.status) {
                open.push(old);
            } else {
                note_later(app, tx, actor, old, (self.click, class)).await?;
            }
        }
        // None of them may hold another one up: each binds the customer again when it is decided.
        let binding = open.iter().copied().chain(&self.bound);
        for old in binding.filter(|old| old.bound_at.is_some()) {
            conversions::bind(tx, old.id, None).await?;
        }
        for old in open {
            if decide_again(app, tx, actor, old, reason).await? {
                moved.extend(old.customer.map(|c| c.0));
            }
        }
        for old in &self.bound {
            if old.customer.is_some_and(|c| moved.contains(&c.0)) {
                decide_again(app, tx, actor, old, reason).await?;
            } else if old.bound_at.is_some() {
                conversions::bind(tx, old.id, old.bound_at).await?;
            }
        }
        Ok(())
    }
}

/// What is settled stays: a person rejects it, or it is clawed back.
const fn can_change(status: Status) -> bool {
    matches!(status, Status::Uncredited | Status::Pending | Status::Held)
}

/// Decides a locked conversion once more and books the difference; whether anything about it changed.
async fn decide_again(
    app: &App,
    tx: &mut Tx,
    actor: &Actor,
    old: &Conversion,
    reason: &str,
) -> Result<bool, StoreError> {
    let now_ms = app.clock.now_ms();
    let customer = match old.customer {
        None => None,
        Some(id) => {
            customers::lock_customer(tx, id, now_ms).await?;
            Some((id, customers::hashes(tx, id).await?))
        }
    };
    let basis = Basis {
        id: old.id,
        external_id: &old.external_id,
        kind: old.kind,
        occurred_at: old.occurred_at,
        day: old.day,
        amount: old.amount,
        click: old.click,
        coupon_code: old.coupon_code.as_deref(),
        redeemed: Some((old.coupon, old.coupon_refusal.clone())),
        customer,
        form_ms: old.form_ms,
        now_ms,
    };
    let gathered = gather(tx, &Vault::new(&app.secrets), &basis).await?;
    let decision = decide(&gathered.evidence, &Rules::from(&app.programme));
    let mut new = decided(decision, basis.customer.as_ref().map(|(id, _)| *id), &gathered);
    new.status = standing(old, &new);
    if new.status == Status::Pending && (gains(actor, old, &new) || waits_for_another(old, &new)) {
        new.status = Status::Held;
        // The last step is the outcome.
        let at = new.steps.len().saturating_sub(1);
        new.steps.insert(at, Step::new(Reason::ClickOwnWord));
    }
    // Refunds came in meanwhile: nothing is left to pay.
    new.status = new
        .status
        .after_refund(old.amount.minor() > 0 && old.net().minor() == 0);
    let same = new.steps == old.steps && new.status == old.status;
    if !same || old.bound_at.is_some() {
        conversions::write_decision(tx, old.id, &new, false, now_ms).await?;
    }
    if same {
        return Ok(false);
    }
    book(tx, &slice_of(old), -counted(old.kind, old.status, old.net())).await?;
    let counts = counted(old.kind, new.status, old.net());
    book(tx, &booking(old.day, old.occurred_at, &new), counts).await?;
    insert_audit(
        tx,
        now_ms,
        &actor.word(),
        "conversion.redecided",
        &format!("conversion:{}", old.external_id),
        &json!({
            "from": old.status.as_str(), "status": new.status.as_str(), "reason": reason,
            "from_employee": old.credited_to.map(|e| e.0), "employee": new.credited_to.map(|e| e.0),
        }),
    )
    .await?;
    // Why a click is what it is said to be is for who looks after clicks; the decision itself says what it came to.
    if old.credited_to != new.credited_to {
        conversion_moved(tx, old, (old.credited_to, Status::Uncredited), "", now_ms).await?;
    }
    if old.credited_to != new.credited_to || old.status != new.status {
        let why = if new.status == Status::Held {
            held_because(&new.steps)
        } else {
            String::new()
        };
        conversion_moved(tx, old, (new.credited_to, new.status), &why, now_ms).await?;
    }
    Ok(true)
}

/// The state after a fresh decision, beside what people have said: who holds something holds on to it, and what somebody
/// released is not held again for the doubts they saw.
fn standing(old: &Conversion, new: &Decided) -> Status {
    let same = (old.credited_to, old.indirect_to) == (new.credited_to, new.indirect_to);
    let by_person = old.decided_by.is_some();
    let doubts = |steps: &[Step]| -> BTreeSet<Reason> {
        let held = steps.iter().filter(|s| s.outcome == Outcome::Held);
        held.map(|s| s.reason).collect()
    };
    match (old.status, new.status) {
        // Held though the rules saw no doubt: a person, or the claim that was paid for this order.
        (Status::Held, Status::Pending) if by_person || doubts(&old.steps).is_empty() => Status::Held,
        (Status::Pending, Status::Held)
            if same && by_person && doubts(&new.steps).is_subset(&doubts(&old.steps)) =>
        {
            Status::Pending
        }
        (_, status) => status,
    }
}

/// Whether it would count for the actor from now on: that is for somebody else to say.
fn gains(actor: &Actor, old: &Conversion, new: &Decided) -> bool {
    let counted_before = old.status == Status::Pending
        && (old.credited_to, old.indirect_to) == (new.credited_to, new.indirect_to);
    let own = actor.employee();
    own.is_some() && (own == new.credited_to || own == new.indirect_to) && !counted_before
}

/// Whether it is held because whoever overruled a click would gain by it, and nobody has looked since.
fn waits_for_another(old: &Conversion, new: &Decided) -> bool {
    old.status == Status::Held
        && old.decided_by.is_none()
        && old.steps.iter().any(|s| s.reason == Reason::ClickOwnWord)
        && (old.credited_to, old.indirect_to) == (new.credited_to, new.indirect_to)
}

/// Says in the decision of something settled what its click was found to be since.
async fn note_later(
    app: &App,
    tx: &mut Tx,
    actor: &Actor,
    old: &Conversion,
    (click, class): (ClickId, Class),
) -> Result<(), StoreError> {
    let now_ms = app.clock.now_ms();
    let mut steps: Vec<Step> = old.steps.clone();
    steps.retain(|step| step.reason != Reason::ClickLater);
    let noted = Step::new(Reason::ClickLater)
        .word("class", class.as_str())
        .number("click_at", click.unix_ms());
    // The last step is the outcome.
    steps.insert(steps.len().saturating_sub(1), noted);
    if steps == old.steps {
        return Ok(());
    }
    conversions::write_steps(tx, old.id, &steps, now_ms).await?;
    let detail =
        json!({ "status": old.status.as_str(), "class": class.as_str(), "via": old.via.map(Via::as_str) });
    let subject = format!("conversion:{}", old.external_id);
    insert_audit(tx, now_ms, &actor.word(), "conversion.noted", &subject, &detail).await
}
