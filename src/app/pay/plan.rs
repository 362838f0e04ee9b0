//! What paying a run would pay, to whom, and what waits: decided here, done by the payment, told by the bank file.
//!
//! # Why
//! Several payouts are closed before the first of them is paid, and their bank files go out together. Each yuan must
//! stand in one of them, whichever is paid first. So all closed payouts are looked at at once, in the order they were
//! closed: each gives its own lines; lines that waited and are due go with the first; a debt is settled by the first
//! that gives enough. What one of them is left with is the same before and after another one was paid.

use std::collections::BTreeMap;

use jiff::civil::Date;
use sha2::{Digest, Sha256};

use crate::app::pay::{Clash, PayError};
use crate::domain::Money;
use crate::storage::pay::{
    WaitingLine, balances_of, last_export, unpaid_lines_in, unpaid_runs_in, waiting_in,
};
use crate::storage::{StoreError, Tx};

/// The kind of export a payment is held to.
pub(super) const BANK: &str = "bank";

/// A payment, decided.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    /// Account and amount, above 0.
    pub pays: BTreeMap<String, Money>,
    /// Lines of this run that are held or due later.
    pub waits: Vec<WaitingLine>,
    /// Lines that waited and are paid now.
    pub settles: Vec<i64>,
}

/// Amounts by account; below 0: taken.
type Sums = BTreeMap<String, Money>;

/// A closed run that is to be paid.
#[derive(Debug, Default)]
struct Turn {
    run: i64,
    gives: Sums,
    plan: Plan,
}

/// Decides what each of these closed runs pays on a day; what is not closed pays nothing.
pub(super) async fn of(tx: &mut Tx, runs: &[i64], today: Date) -> Result<BTreeMap<i64, Plan>, StoreError> {
    let mut turns = Vec::new();
    for run in unpaid_runs_in(tx).await? {
        let turn = Turn {
            run,
            ..Turn::default()
        };
        turns.push(turn);
    }
    let mut still = Sums::new();
    for (run, line) in unpaid_lines_in(tx).await? {
        let Some(turn) = turns.iter_mut().find(|turn| turn.run == run) else {
            continue;
        };
        // What takes away takes at once: only what is given can wait.
        if line.amount > Money::ZERO && waits(&line, today) {
            add(&mut still, &line);
            turn.plan.waits.push(line);
        } else {
            add(&mut turn.gives, &line);
        }
    }
    for line in waiting_in(tx).await? {
        match turns.first_mut() {
            Some(first) if !waits(&line, today) => {
                add(&mut first.gives, &line);
                first.plan.settles.push(line.line);
            }
            _ => add(&mut still, &line),
        }
    }
    let asked = turns.iter().filter(|turn| runs.contains(&turn.run));
    let mut owed: Sums = asked
        .flat_map(|turn| turn.gives.keys().cloned())
        .map(|account| (account, Money::ZERO))
        .collect();
    for (account, owed) in &mut owed {
        *owed = balances_of(tx, account).await?;
    }
    settle(&mut turns, &owed, &still);
    let plans = turns.into_iter().map(|turn| (turn.run, turn.plan));
    Ok(plans.filter(|(run, _)| runs.contains(run)).collect())
}

fn waits(line: &WaitingLine, today: Date) -> bool {
    line.held || line.until.is_some_and(|until| until > today)
}

/// The books hold every one of these, and their sum.
fn add(sums: &mut Sums, line: &WaitingLine) {
    let sum = sums.entry(line.account.clone()).or_default();
    *sum = sum.checked_add(line.amount).unwrap_or(*sum);
}

/// Decides for the accounts whose balance is known who of the turns pays what: everybody what they give, less what the
/// account is short of when each had paid all it gives and what still waits were kept.
fn settle(turns: &mut [Turn], owed: &Sums, still: &Sums) {
    for (account, owed) in owed {
        let given = |turn: &Turn| turn.gives.get(account).copied().filter(|m| *m > Money::ZERO);
        let kept = turns.iter().filter_map(given);
        let kept = kept.fold(still.get(account).copied().unwrap_or_default(), |sum, more| {
            sum.checked_add(more).unwrap_or(sum)
        });
        let mut short = kept.checked_sub(*owed).unwrap_or_default().max(Money::ZERO);
        for turn in turns.iter_mut() {
            let Some(gives) = given(turn) else { continue };
            let settled = short.min(gives);
            short = short.checked_sub(settled).unwrap_or_default();
            let pays = gives.checked_sub(settled).unwrap_or_default();
            if pays > Money::ZERO {
                turn.plan.pays.insert(account.clone(), pays);
            }
        }
    }
}

impl Plan {
    /// SHA-256 over who gets what.
    pub fn digest(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        for (account, amount) in &self.pays {
            hash.update((account.len() as u64).to_le_bytes());
            hash.update(account.as_bytes());
            hash.update(amount.minor().to_le_bytes());
        }
        hash.finalize().into()
    }

    /// Sum of the payments.
    pub fn total(&self) -> Money {
        let sum = self
            .pays
            .values()
            .try_fold(Money::ZERO, |sum, m| sum.checked_add(*m));
        sum.unwrap_or_default()
    }

    /// Refuses a payment that differs from the bank file handed out last: the bank would pay something else than the
    /// books say.
    pub async fn is_what_was_exported(&self, tx: &mut Tx, run: i64) -> Result<(), PayError> {
        match last_export(tx, run, BANK).await? {
            Some((digest, total)) if digest != self.digest() => Err(PayError::Conflict(Clash::Exported {
                run,
                told: total,
                now: self.total(),
            })),
            _ => Ok(()),
        }
    }
}
