//! Pay: facts flow in, runs are calculated, reviewed, approved by another, closed, paid (engine.md, GC-21).
//!
//! # Why
//! The engine is a pure function; here it is fed and its results are kept. What was calculated is kept with everything it
//! was calculated from, so that it can be calculated again to the byte; what is booked is never changed, only added to.

mod blame;
mod board;
mod calculate;
mod catalog;
mod clash;
mod compare;
mod earlier;
mod entry;
mod export;
mod facts;
mod flow;
mod guard;
mod holds;
mod late;
mod library;
mod looking;
mod material;
mod next;
mod objections;
mod offers;
mod parts;
mod plan;
mod reasons;
mod release;
mod replay;
mod review;
mod rises;
mod settings;
mod statement;
mod steps;
mod story;
mod unable;
mod unknown;
mod watch;
mod whatif;

use crate::app::Wrong;
use crate::storage::StoreError;

pub use blame::{FactFault, InputFault, PeopleFault};
pub use board::{BOARD_MONTHS, Board, BoardCell, BoardRow, board, next_step};
pub use calculate::calculate;
pub use catalog::{FieldInfo, KindInfo, Known, known};
pub use clash::Clash;
pub use entry::{Does, Enterable, EntryError, Item, confirm, enter, items_of, look_at_file};
pub use export::{ExportKind, ExportOf, export_table};
pub use facts::{FactAnswer, FactInput, MAX_FACTS, is_own_source, put_facts};
pub use flow::{TRACKER, flow};
pub use holds::{hold_line, may_hold, release_line};
pub use library::{InForce, SchemeNames, builtin_texts, document_of, documents, scheme_document};
pub use objections::{
    MAX_WORDS, ObjectionVerdict, appeal_objection, calculate_again, decide_objection, decides_objections,
    object, objection_barred, objection_deadline, talk, withdraw_objection,
};
pub use offers::{barred_from_handing, barred_from_offer, decide_on_offer, hand_over, withdraw_offer};
pub use replay::{LedgerReport, Replayed, check_books, check_facts, check_ledger, check_seals, replay};
pub use review::{Check, ComponentSum, Looked, Outlier, Review, StepOffer, review};
pub use settings::{SettingInput, change_setting, open_from, set_attributes};
pub use statement::{Month, Part, Pending, Statement, months, reader_codes, statement};
pub use steps::{approve, close, pay, send_back, submit};
pub use story::{Reader, Source, Story, Two, candidates, redacted, story};
pub use unable::Unable;
pub use whatif::{BACK_PERIODS, BackTest, Draft, PersonChange, Trial, back_test, own_document, what_if};

/// Why something about pay was not done.
#[derive(Debug, thiserror::Error)]
pub enum PayError {
    /// Fields that are wrong.
    #[error("{}", Wrong::list(.0))]
    Wrong(Vec<Wrong>),
    /// The caller may not.
    #[error("{0}")]
    Forbidden(&'static str),
    /// There is no such thing.
    #[error("no such {0}")]
    NotFound(String),
    /// The state does not allow it.
    #[error("{0}")]
    Conflict(Clash),
    /// The scheme cannot be computed on what is known: where in the input or the document, found, expected.
    #[error("{0}")]
    Refused(String),
    /// A fact the scheme cannot read, or people it must know more of.
    #[error("{0}")]
    Input(Box<InputFault>),
    /// It cannot be computed or closed, for a reason Bole itself finds.
    #[error("{0}")]
    Unable(Unable),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl PayError {
    pub(in crate::app) fn field(pointer: &'static str, detail: impl std::fmt::Display) -> Self {
        Self::Wrong(vec![Wrong::at(pointer, detail)])
    }

    fn is_collision(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_collision() || error.is_unique_violation())
    }
}
