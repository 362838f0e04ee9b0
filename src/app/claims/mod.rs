//! Claims: filing a deal no link can see, deciding on it, and what the CRM says (attribution.md §6).
//!
//! # Why
//! One deal has one claim and one credit. Whoever wants both the customer and the claim locks them in this order:
//! customer, order, claim, conversion; what still collides is tried again.

mod attach;
mod compare;
mod credit;
mod crm;
mod decide;
mod ending;
mod file;
mod steps;

use crate::app::{Actor, Wrong};
use crate::attribution::claim::{ClaimStep, StepRefused};
use crate::domain::EmployeeId;
use crate::storage::claims::{Claim, NewEvent, insert_event};
use crate::storage::{StoreError, Tx};

pub use attach::{Attached, FileError, MAX_FILE, attach, check_file};
pub use compare::{Compared, Match, NoteSays, compare};
pub(in crate::app) use credit::{claim_doubts, claim_id, give_way};
pub use crm::{CrmInput, CrmTaken, import_records, take_record};
pub use decide::{Barred, ClaimVerdict, barred, decide_on_claim};
pub use file::{ClaimInput, file_claim, wrong_fields};
pub use steps::{appeal, claim_contact, contest, supply};

/// Longest story, reason or answer, characters.
pub const MAX_TEXT: usize = 2000;

/// Why something about a claim was not taken.
#[derive(Debug, thiserror::Error)]
pub enum ClaimError {
    /// Fields that are wrong.
    #[error("{}", Wrong::list(.0))]
    Wrong(Vec<Wrong>),
    /// The caller may not.
    #[error("{0}")]
    Forbidden(&'static str),
    /// There is no such claim, or it is not for this caller's eyes.
    #[error("no such claim {0}")]
    NotFound(i64),
    /// The deal is held by another claim. It says which, not whose.
    #[error("this deal is already claimed ({grounds}); contest claim {id} with a reason if it is yours")]
    Taken {
        /// The other claim.
        id: i64,
        /// Because of the order or the customer.
        grounds: &'static str,
    },
    /// It contradicts what is stored.
    #[error("{0}")]
    Conflict(String),
    /// The claim may be true, but its order has its credit.
    #[error("{0}")]
    Credited(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ClaimError {
    fn field(pointer: &'static str, detail: impl std::fmt::Display) -> Self {
        Self::Wrong(vec![Wrong::at(pointer, detail)])
    }

    fn is_collision(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_collision())
    }
}

impl From<StepRefused> for ClaimError {
    fn from(refused: StepRefused) -> Self {
        Self::Conflict(refused.to_string())
    }
}

/// 1 to [`MAX_TEXT`] characters, trimmed.
fn text<'a>(pointer: &'static str, given: &'a str) -> Result<&'a str, ClaimError> {
    let given = given.trim();
    if given.is_empty() || given.chars().count() > MAX_TEXT || given.contains('\0') {
        return Err(ClaimError::field(pointer, format!("1 to {MAX_TEXT} characters")));
    }
    Ok(given)
}

/// Whether the actor files for, answers for and appeals for this person: is them, or filed the claim for them.
pub fn is_claimants(actor: &Actor, claim: &Claim) -> bool {
    actor.employee() == Some(claim.employee) || actor.word() == claim.filed_by
}

async fn note(
    tx: &mut Tx,
    claim: i64,
    step: ClaimStep,
    (actor, person): (&str, Option<EmployeeId>),
    reason: &str,
    at: i64,
) -> Result<i64, StoreError> {
    let event = NewEvent {
        claim,
        step,
        actor,
        person,
        reason,
        at,
    };
    insert_event(tx, &event).await
}
