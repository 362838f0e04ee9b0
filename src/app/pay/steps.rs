//! The road of a run: review, approval by another person, close, pay. Back only from its review, with a reason.

use serde_json::{Value, json};

use crate::app::again::again;
use crate::app::outbox::{payout_moved, scheme_name};
use crate::app::pay::{Clash, PayError, Unable, guard, next, offers, plan, reasons, watch};
use crate::app::{Actor, App, Permission};
use crate::domain::{ContentHash, Money};
use crate::payout::Income;
use crate::storage::notices::tell_payees;
use crate::storage::pay::{
    LineRow, NewEntry, NewLine, Run, RunState, RunStep, corrected_meanwhile, insert_lines, insert_waiting,
    lock_ledger, lock_run, move_run, objections_waiting_in, post, run_lines_in, settle_waiting,
    waits_for_recalculation_in,
};
use crate::storage::{Tx, insert_audit};
use crate::tell::{Notice, NoticeKind};

/// Puts a calculated run up for review: statements become visible, objections open.
pub async fn submit(app: &App, actor: &Actor, id: i64) -> Result<Run, PayError> {
    need(
        actor,
        Permission::CalculatePay,
        "only finance and HR submit a payout",
    )?;
    again!(async {
        let mut tx = app.store.begin().await?;
        let run = locked(&mut tx, id, RunState::Calculated).await?;
        if let Some(other) = corrected_meanwhile(&mut tx, id).await? {
            return Err(PayError::Conflict(Clash::Corrected { run: other }));
        }
        advance(app, &mut tx, actor, &run, RunState::InReview, Told::default()).await?;
        tx.commit().await?;
        Ok::<_, PayError>(())
    })?;
    reread(app, id).await
}

/// Sends a run under review back to be calculated again: whoever submits payouts, or an approver it does not pay. Employees
/// see nothing of it until it is put up for review once more; what they objected to goes along.
pub async fn send_back(app: &App, actor: &Actor, id: i64, reason: &str) -> Result<Run, PayError> {
    let seen = app.store.run_head(id).await?.ok_or_else(|| missing(id))?;
    if let Some(why) = barred_from_return(app, actor, seen.id).await? {
        return Err(PayError::Forbidden(match why {
            Barred::Paid => "an approver does not send back a payout that pays them",
            _ => "only finance, HR and approvers send a payout back",
        }));
    }
    let reason = reasons::words(reason)?;
    again!(async {
        let mut tx = app.store.begin().await?;
        let run = locked(&mut tx, id, RunState::InReview).await?;
        reasons::keep(app, &mut tx, actor, (id, "returned"), reason).await?;
        let told = Told {
            reason: Some(reason),
            ..Told::default()
        };
        advance(app, &mut tx, actor, &run, RunState::Calculated, told).await?;
        tx.commit().await?;
        Ok::<_, PayError>(())
    })?;
    reread(app, id).await
}

/// Why this actor may not send a run back.
pub(super) async fn barred_from_return(
    app: &App,
    actor: &Actor,
    run: i64,
) -> Result<Option<Barred>, PayError> {
    if actor.may(Permission::CalculatePay) {
        return Ok(None);
    }
    if !actor.may(Permission::ApprovePay) {
        return Ok(Some(Barred::Role));
    }
    let pays = match actor.employee() {
        Some(person) => app.store.run_pays(run, person).await?,
        None => false,
    };
    Ok(pays.then_some(Barred::Paid))
}

/// Approves a run under review. Not who calculated or submitted it, and nobody who is paid by it. `reason`: why warnings
/// that need one may stand (GC-22); empty where there is none.
pub async fn approve(app: &App, actor: &Actor, id: i64, reason: &str) -> Result<Run, PayError> {
    need(actor, Permission::ApprovePay, Barred::Role.detail())?;
    again!(async {
        // Looked at before the transaction: who calculated and submitted it, and whom it pays, stands while it is under review.
        let seen = app.store.run(id).await?.ok_or_else(|| missing(id))?;
        stands((id, seen.state), RunState::InReview)?;
        let pays = match actor.employee() {
            Some(person) => app.store.run_pays(id, person).await?,
            None => false,
        };
        if let Some(why) = barred(app, actor, &seen, pays).await? {
            return Err(PayError::Forbidden(why.detail()));
        }
        let guards = match guard::look(app, &seen.head()).await {
            Ok((_, warnings)) => warnings,
            // They cannot see every scheme yet: what they say of this one is asked for at its close.
            Err(PayError::Conflict(_) | PayError::Refused(_) | PayError::Input(_) | PayError::Unable(_)) => {
                Value::Null
            }
            Err(other) => return Err(other),
        };
        let reason = reasons::asked(app, (id, &seen.outcome), &guards, reason).await?;
        let mut tx = app.store.begin().await?;
        let run = locked(&mut tx, id, RunState::InReview).await?;
        if waits_for_recalculation_in(&mut tx, id).await? {
            return Err(PayError::Conflict(Clash::Recalculate { run: id }));
        }
        if let Some(reason) = reason {
            reasons::keep(app, &mut tx, actor, (id, "approved"), reason).await?;
        }
        let told = Told {
            reason,
            ..Told::default()
        };
        advance(app, &mut tx, actor, &run, RunState::Approved, told).await?;
        tx.commit().await?;
        Ok::<_, PayError>(())
    })?;
    reread(app, id).await
}

/// Closes an approved run: the guards in force look at its month, those across schemes at every scheme of its days, what is
/// over is taken back, the lines are booked, what it found for the next period is recorded, and the whole is sealed by a hash.
/// Before its last day is over that is possible, and told: what comes then is a late fact. `reason` as at its approval: where only now the guards warn of something.
pub async fn close(app: &App, actor: &Actor, id: i64, reason: &str) -> Result<Run, PayError> {
    need(
        actor,
        Permission::CalculatePay,
        "only finance and HR close a payout",
    )?;
    let seen = app.store.run_head(id).await?.ok_or_else(|| missing(id))?;
    stands((id, seen.state), RunState::Approved)?;
    watch::guards(app, actor, &seen).await?;
    for _ in 0..CLOSE_TRIES {
        let (booked, _) = app.store.ledger_head().await?;
        let run = app.store.run(id).await?.ok_or_else(|| missing(id))?;
        let seen = run.head();
        // Approved in this very instant, it would close without the guards.
        stands((id, seen.state), RunState::Approved)?;
        let looked = guard::look(app, &seen).await?;
        let reason = reasons::asked(app, (id, &run.outcome), &looked.1, reason).await?;
        if again!(close_once(app, actor, id, (booked, reason), &looked))? {
            return reread(app, id).await;
        }
    }
    Err(PayError::Conflict(Clash::Busy))
}

/// How often the guards look again because something was booked while they looked.
const CLOSE_TRIES: u32 = 8;

/// Closes it with what the guards found when so many entries were booked; `false`, and nothing written, when there are more
/// by now: two runs that close at once would else give up the same money twice.
async fn close_once(
    app: &App,
    actor: &Actor,
    id: i64,
    (booked, reason): (i64, Option<&str>),
    (guards, warnings): &(Vec<NewLine>, Value),
) -> Result<bool, PayError> {
    let now_ms = app.clock.now_ms();
    let mut tx = app.store.begin().await?;
    let run = locked(&mut tx, id, RunState::Approved).await?;
    let open = objections_waiting_in(&mut tx, id).await?;
    if open > 0 {
        return Err(PayError::Conflict(Clash::Objected { run: id, open }));
    }
    let mut head = lock_ledger(&mut tx).await?;
    if head.count != booked {
        return Ok(false);
    }
    after(now_ms, head.at(), "something was booked")?;
    insert_lines(&mut tx, id, guards).await?;
    let lines = run_lines_in(&mut tx, id).await?;
    let total = lines
        .iter()
        .try_fold(Money::ZERO, |sum, row| sum.checked_add(row.line.amount));
    let total = total.ok_or(PayError::Unable(Unable::TooMuch))?;
    let run = Run { total, ..run };
    let currency = app.programme.currency;
    for (at, line) in lines.iter().enumerate() {
        let entry = booking(&run, at + 1, line);
        post(&mut tx, &mut head, &entry, currency.as_str(), now_ms).await?;
    }
    next::record(&mut tx, &run, &actor.word(), now_ms).await?;
    offers::file(&mut tx, &run, now_ms).await?;
    if let Some(reason) = reason {
        reasons::keep(app, &mut tx, actor, (id, "closed"), reason).await?;
    }
    let told = Told {
        snapshot: Some(seal(&run, &lines)),
        guards: Some(warnings),
        reason,
    };
    advance(app, &mut tx, actor, &run, RunState::Closed, told).await?;
    tx.commit().await?;
    Ok(true)
}

/// Pays a closed run: everybody gets what the ledger owes them, at most what this run gave and what waited and is due
/// now; debts are settled first and the rest is carried (GC-13). What is held or due later waits. Refused when the last
/// bank file says something else.
pub async fn pay(app: &App, actor: &Actor, id: i64) -> Result<Run, PayError> {
    need(actor, Permission::CalculatePay, "only finance and HR pay")?;
    again!(async {
        let now_ms = app.clock.now_ms();
        let mut tx = app.store.begin().await?;
        let run = locked(&mut tx, id, RunState::Closed).await?;
        let mut head = lock_ledger(&mut tx).await?;
        after(now_ms, head.at(), "something was booked")?;
        let plan = plan::of(&mut tx, &[id], app.today()).await?.remove(&id);
        let plan = plan.unwrap_or_default();
        plan.is_what_was_exported(&mut tx, run.id).await?;
        for line in &plan.waits {
            insert_waiting(&mut tx, line).await?;
        }
        for line in &plan.settles {
            settle_waiting(&mut tx, *line, id).await?;
        }
        for (account, amount) in plan.pays {
            let entry = NewEntry {
                key: format!("pay:{}:{account}", book_of(&run)),
                debit: account,
                credit: "cash".to_owned(),
                amount,
                run: id,
                line: None,
            };
            post(
                &mut tx,
                &mut head,
                &entry,
                app.programme.currency.as_str(),
                now_ms,
            )
            .await?;
        }
        advance(app, &mut tx, actor, &run, RunState::Paid, Told::default()).await?;
        tx.commit().await?;
        Ok::<_, PayError>(())
    })?;
    reread(app, id).await
}

/// Why somebody may not approve a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Barred {
    /// It takes an approver.
    Role,
    /// They calculated it or put it up for review.
    Calculated,
    /// It pays them.
    Paid,
}

impl Barred {
    /// The word of its text.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Role => "role",
            Self::Calculated => "calculated",
            Self::Paid => "paid",
        }
    }

    const fn detail(self) -> &'static str {
        match self {
            Self::Role => "only an approver approves a payout",
            Self::Calculated => "who calculated a payout does not approve it",
            Self::Paid => "nobody approves a payout that pays them",
        }
    }
}

/// Why this actor may not approve this run; `pays`: whether it pays them.
pub(super) async fn barred(
    app: &App,
    actor: &Actor,
    run: &Run,
    pays: bool,
) -> Result<Option<Barred>, PayError> {
    if !actor.may(Permission::ApprovePay) {
        return Ok(Some(Barred::Role));
    }
    let person = actor.employee();
    if person.is_some() && person == run.calculated_for {
        return Ok(Some(Barred::Calculated));
    }
    let submitted = run.submitted.as_ref().map(|(who, _)| who);
    for who in [Some(&run.calculated_by), submitted].into_iter().flatten() {
        if actor.is_same(&app.store, who).await? {
            return Ok(Some(Barred::Calculated));
        }
    }
    Ok(pays.then_some(Barred::Paid))
}

pub(super) fn need(actor: &Actor, permission: Permission, why: &'static str) -> Result<(), PayError> {
    if actor.may(permission) {
        Ok(())
    } else {
        Err(PayError::Forbidden(why))
    }
}

pub(super) fn missing(id: i64) -> PayError {
    PayError::NotFound(format!("payout {id}"))
}

pub(super) async fn reread(app: &App, id: i64) -> Result<Run, PayError> {
    app.store.run(id).await?.ok_or_else(|| missing(id))
}

pub(super) async fn locked(tx: &mut Tx, id: i64, state: RunState) -> Result<Run, PayError> {
    let run = lock_run(tx, id).await?.ok_or_else(|| missing(id))?;
    stands((id, run.state), state)?;
    Ok(run)
}

/// Refuses a step of a run that stands elsewhere.
fn stands((run, is): (i64, RunState), wanted: RunState) -> Result<(), PayError> {
    if is == wanted {
        return Ok(());
    }
    Err(PayError::Conflict(Clash::Stands { run, is, wanted }))
}

/// Clocks of two nodes may differ by this much, milliseconds.
const SKEW_MS: i64 = 60_000;

/// Refuses what would be written before what was written: somebody turned the clock back, and an order of events nobody
/// can trust is worse than waiting.
fn after(now_ms: i64, last_ms: i64, what: &'static str) -> Result<(), PayError> {
    if now_ms + SKEW_MS >= last_ms {
        return Ok(());
    }
    let told =
        |ms: i64| jiff::Timestamp::from_millisecond(ms).map_or_else(|_| ms.to_string(), |at| at.to_string());
    Err(PayError::Conflict(Clash::Clock {
        now: told(now_ms),
        last: told(last_ms),
        what,
    }))
}

/// What a step tells besides who took it.
#[derive(Clone, Copy, Default)]
struct Told<'a> {
    /// The seal of a close.
    snapshot: Option<[u8; 32]>,
    /// What the guards warned of at the close.
    guards: Option<&'a Value>,
    /// Why.
    reason: Option<&'a str>,
}

async fn advance(
    app: &App,
    tx: &mut Tx,
    actor: &Actor,
    run: &Run,
    to: RunState,
    told: Told<'_>,
) -> Result<(), PayError> {
    let now_ms = app.clock.now_ms();
    let who = actor.word();
    let steps = [&run.submitted, &run.approved, &run.closed].into_iter().flatten();
    let last = steps.map(|(_, at)| *at).fold(run.calculated_at, i64::max);
    after(now_ms, last, "this payout took its last step")?;
    let step = RunStep {
        from: run.state,
        to,
        by: &who,
        by_person: actor.employee(),
        snapshot: told.snapshot,
        total: run.total,
        at: now_ms,
    };
    move_run(tx, run.id, &step).await?;
    let detail = json!({ "scheme": run.scheme, "period": run.period, "total": run.total.to_string(),
                         "guards": told.guards, "reason": told.reason });
    // Back in the state it had when it was calculated: another act than calculating it.
    let action = match to {
        RunState::Calculated => "payout.returned".to_owned(),
        to => format!("payout.{}", to.as_str()),
    };
    insert_audit(tx, now_ms, &who, &action, &format!("payout:{}", run.id), &detail).await?;
    payout_moved(tx, run, to, now_ms).await?;
    if to == RunState::Closed {
        tell_payees(tx, run.id, &closed_notice(run), now_ms).await?;
    }
    Ok(())
}

/// What payees are told: which scheme and period. How much stands on their statement.
fn closed_notice(run: &Run) -> Notice {
    let name = scheme_name(run);
    Notice {
        kind: NoticeKind::PayoutClosed,
        about: run.id.to_string(),
        facts: json!({ "run": run.id, "zh": name["zh"], "en": name["en"], "period": run.period }),
    }
}

/// A run in the ledger's words: of one scheme and period only one is ever closed.
pub(super) fn book_of(run: &Run) -> String {
    format!("{}:{}..{}", run.scheme, run.from_on, run.to_on)
}

/// `at`: the line's place in its run, from 1.
fn booking(run: &Run, at: usize, line: &LineRow) -> NewEntry {
    let expense = format!("expense:{}", run.scheme);
    let amount = line.line.amount;
    let (debit, credit) = if amount > Money::ZERO {
        (expense, line.line.account())
    } else {
        (line.line.account(), expense)
    };
    NewEntry {
        debit,
        credit,
        amount: Money::from_minor(amount.minor().abs()),
        run: run.id,
        line: Some(line.id),
        key: format!("close:{}:{at}", book_of(run)),
    }
}

/// SHA-256 over document, input and every line as it will be read (engine.md: closed).
pub(super) fn seal(run: &Run, lines: &[LineRow]) -> [u8; 32] {
    let mut hash = ContentHash::default();
    hash.part(&run.scheme);
    hash.part(run.from_on.to_string());
    hash.part(run.to_on.to_string());
    hash.part(&run.document);
    hash.part(&run.input_hash);
    hash.part(&run.outcome);
    for row in lines {
        let l = &row.line;
        hash.part(l.kind.as_str());
        hash.part(l.origin.unwrap_or(0).to_le_bytes());
        hash.part(l.amount.minor().to_le_bytes());
        let texts = [
            &l.payee,
            &l.payee_kind,
            &l.component,
            &l.rule,
            &l.title.0,
            &l.title.1,
            &l.says.0,
            &l.says.1,
            &l.trace,
        ];
        for text in texts {
            hash.part(text);
        }
        for text in [&l.about, &l.due] {
            hash.part(text.as_deref().unwrap_or(""));
        }
        // Left out where it is what the kind of payee says: seals made before the class was stored still fit.
        if l.income != Income::of_payee(&l.payee_kind) {
            hash.part(l.income.word());
        }
        if l.base {
            hash.part("base");
        }
    }
    hash.finish()
}
