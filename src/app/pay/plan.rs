//! What paying a run would pay, to whom, and what waits: decided here, done by the payment, told by the bank file.

use std::collections::BTreeMap;

use jiff::civil::Date;
use sha2::{Digest, Sha256};

use crate::app::pay::PayError;
use crate::app::pay::steps::payable;
use crate::domain::Money;
use crate::storage::pay::{WaitingLine, balances_of, held_in, last_export, run_lines_in, waiting_in};
use crate::storage::{StoreError, Tx};

/// The kind of export a payment is held to.
pub(super) const BANK: &str = "bank";

/// A payment, decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    /// Account and amount, above 0.
    pub pays: BTreeMap<String, Money>,
    /// Lines of this run that are held or due later.
    pub waits: Vec<WaitingLine>,
    /// Lines that waited and are paid now.
    pub settles: Vec<i64>,
}

/// Decides what a closed run pays on a day.
pub(super) async fn of(tx: &mut Tx, run: i64, today: Date) -> Result<Plan, StoreError> {
    let held = held_in(tx, run).await?;
    let mut gives: BTreeMap<String, Money> = BTreeMap::new();
    let mut still: BTreeMap<String, Money> = BTreeMap::new();
    let add = |sums: &mut BTreeMap<String, Money>, account: &str, amount: Money| {
        let sum = sums.entry(account.to_owned()).or_default();
        *sum = sum.checked_add(amount).unwrap_or(*sum);
    };
    let mut waits = Vec::new();
    for row in run_lines_in(tx, run).await? {
        let account = payable(&row);
        let due = row.line.due.as_deref().and_then(|d| d.parse::<Date>().ok());
        let later = due.filter(|due| *due > today);
        let is_held = held.contains(&row.id);
        // What takes away takes at once: only what is given can wait.
        if row.line.amount > Money::ZERO && (is_held || later.is_some()) {
            add(&mut still, &account, row.line.amount);
            // Everybody of the run is looked at, also who gets nothing of it today.
            add(&mut gives, &account, Money::ZERO);
            waits.push(WaitingLine {
                line: row.id,
                account,
                amount: row.line.amount,
                until: later,
                held: is_held,
            });
        } else {
            add(&mut gives, &account, row.line.amount);
        }
    }
    let mut settles = Vec::new();
    for line in waiting_in(tx).await? {
        if line.held || line.until.is_some_and(|until| until > today) {
            add(&mut still, &line.account, line.amount);
        } else {
            add(&mut gives, &line.account, line.amount);
            settles.push(line.line);
        }
    }
    let mut pays = BTreeMap::new();
    for (account, gives) in gives {
        let owed = balances_of(tx, &account).await?;
        let waiting = still.get(&account).copied().unwrap_or_default();
        let free = owed.checked_sub(waiting).unwrap_or_default();
        let amount = free.min(gives);
        if amount > Money::ZERO {
            pays.insert(account, amount);
        }
    }
    Ok(Plan { pays, waits, settles })
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
            Some((digest, total)) if digest != self.digest() => Err(PayError::Conflict(format!(
                "the bank file of payout {run} says {total}, what is to be paid now is {}: export it again first",
                self.total()
            ))),
            _ => Ok(()),
        }
    }
}
