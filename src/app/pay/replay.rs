//! Looking again: a closed run computed once more to the byte, and the ledger's chain.

use jiff::civil::Date;
use serde_json::Value;

use crate::app::App;
use crate::app::pay::calculate::{NO_COMPONENT, compute};
use crate::app::pay::facts::fact_hash;
use crate::app::pay::material::gather;
use crate::app::pay::parts::Parts;
use crate::app::pay::steps::seal;
use crate::app::pay::unknown::FACT;
use crate::app::pay::{PayError, compare, guard, library};
use crate::storage::StoreError;
use crate::storage::pay::{LineKind, NewLine};

/// What computing a run once more found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replayed {
    /// Lines of its own period that come out the same to the byte.
    pub same: usize,
    /// Lines that do not, or are missing, or are too many: which, and what of them.
    pub differ: Vec<String>,
    /// Parts of the outcome that come out otherwise: `warnings`, `proposals` …
    pub outcome_differs: Vec<String>,
    /// Whether what was read hashes as it did.
    pub input_is_same: bool,
    /// What of it does not, in words.
    pub input_differs: Vec<String>,
    /// Whether the seal of a closed run still fits.
    pub seal_fits: Option<bool>,
}

impl Replayed {
    /// Whether nothing differs.
    pub fn is_same(&self) -> bool {
        self.differ.is_empty()
            && self.outcome_differs.is_empty()
            && self.input_is_same
            && self.seal_fits != Some(false)
    }
}

/// Computes a run again from the document, parameters, roster and facts it was computed from.
pub async fn replay(app: &App, id: i64) -> Result<Replayed, PayError> {
    let run = app
        .store
        .run(id)
        .await?
        .ok_or_else(|| PayError::NotFound(format!("payout {id}")))?;
    let document = library::document_of(&run)?;
    let params: Value = serde_json::from_str(&run.params).unwrap_or_default();
    let days = (run.from_on, run.to_on);
    let across = run.scheme == guard::GUARDS;
    let material = if across {
        guard::again(app, &document, &run).await?
    } else {
        gather(app, &document, days, &params, run.watermark, Some(&run.roster)).await?
    };
    let input_is_same = material.hash[..] == run.input_hash[..];
    let input_differs = if input_is_same {
        Vec::new()
    } else {
        said(&run.input_parts, &material.parts)
    };
    let computed = compute(document, material).await?;
    // The guards' lines are what everybody may keep: none of them is stored.
    let now = if across { Vec::new() } else { computed.lines };
    let stored = app.store.run_lines(id, None, None, i64::MAX).await?;
    let was: Vec<&NewLine> = stored
        .iter()
        .map(|row| &row.line)
        .filter(|l| l.kind == LineKind::Line)
        .collect();
    let (same, differ) = compare::lines(&was, &now);
    let mut outcome: Value = serde_json::from_str(&run.outcome).unwrap_or_default();
    if let Some(warnings) = outcome["warnings"].as_array_mut() {
        // What the day of the calculation told is of that day.
        warnings.retain(|warning| warning["component"] != NO_COMPONENT && warning[FACT].is_null());
    }
    let outcome_differs = compare::outcome(&outcome, &computed.outcome);
    let seal_fits = run
        .snapshot
        .as_ref()
        .map(|hash| hash[..] == seal(&run, &stored)[..]);
    Ok(Replayed {
        same,
        differ,
        outcome_differs,
        input_is_same,
        input_differs,
        seal_fits,
    })
}

/// What of an input hashes otherwise than it did.
fn said(noted: &str, now: &Parts) -> Vec<String> {
    let Some(then) = Parts::parse(noted) else {
        return vec!["it was calculated before its parts were noted: no single one can be named".to_owned()];
    };
    let mut said = then.differences(now);
    if said.is_empty() {
        said.push("every part is as it was: the period, or how the parts are put together".to_owned());
    }
    said
}

/// Closed runs whose seal does not fit what is stored of them: document, input, outcome or a line was changed. With how many
/// were looked at.
pub async fn check_seals(app: &App) -> Result<(usize, Vec<i64>), StoreError> {
    let (mut looked, mut broken) = (0, Vec::new());
    for head in app
        .store
        .booked_between(Date::constant(1900, 1, 1), Date::constant(2199, 12, 31))
        .await?
    {
        let id = head.id;
        let Some(run) = app.store.run(id).await? else {
            continue;
        };
        let lines = app.store.run_lines(id, None, None, i64::MAX).await?;
        let fits = run
            .snapshot
            .as_ref()
            .is_some_and(|hash| hash[..] == seal(&run, &lines)[..]);
        looked += 1;
        if !fits {
            broken.push(id);
        }
    }
    Ok((looked, broken))
}

/// How many facts there are, and the first that is not what was recorded.
pub async fn check_facts(app: &App) -> Result<(usize, Option<i64>), StoreError> {
    let (mut last, mut looked, mut broken) = (0, 0, None);
    loop {
        let page = app.store.sealed_facts(last, 10_000).await?;
        let Some(end) = page.last().map(|fact| fact.id) else {
            return Ok((looked, broken));
        };
        looked += page.len();
        last = end;
        let mut wrong = page.iter().filter(|fact| {
            let hash = fact_hash(fact.subject.as_deref(), &fact.occurred, &fact.fields, fact.void);
            fact.content_hash != hash
        });
        broken = broken.or(wrong.next().map(|fact| fact.id));
    }
}

/// Payouts whose ledger entries, lines and total do not say the same.
pub async fn check_books(app: &App) -> Result<Vec<i64>, StoreError> {
    app.store.books_misfit().await
}

/// What looking at the whole ledger found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerReport {
    /// Entries.
    pub entries: i64,
    /// The first entry whose hashes do not fit, that is missing, or that is not what its line says.
    pub broken_at: Option<i64>,
    /// Sum of all accounts: zero, always.
    pub trial_balance: i64,
    /// Hash of the last entry, hex.
    pub head: String,
}

/// Walks the whole chain.
pub async fn check_ledger(app: &App) -> Result<LedgerReport, StoreError> {
    let (count, head) = app.store.ledger_head().await?;
    let (mut last, mut prev, mut broken_at) = (0, vec![0u8], None);
    loop {
        let entries = app.store.ledger_entries(last, 1000).await?;
        if entries.is_empty() {
            break;
        }
        for entry in entries {
            if broken_at.is_none() && (entry.id != last + 1 || !entry.is_sound(&prev)) {
                broken_at = Some(last + 1);
            }
            last = entry.id;
            prev = entry.hash;
        }
    }
    if broken_at.is_none() && (last != count || prev != head) {
        broken_at = Some(last + 1);
    }
    if broken_at.is_none() {
        broken_at = app.store.ledger_misfit().await?;
    }
    let balance = app.store.trial_balance().await?;
    Ok(LedgerReport {
        entries: count,
        broken_at,
        trial_balance: balance.iter().map(|(_, minor)| minor).sum(),
        head: head
            .iter()
            .map(|b| format!("{b:02x}"))
            .collect::<Vec<_>>()
            .concat(),
    })
}
