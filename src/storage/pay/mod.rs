//! Pay: facts, attributes, settings, runs and their lines, the ledger, objections, holds (engine.md).

mod claims;
mod desk;
mod elsewhere;
mod facts;
mod holds;
mod ledger;
mod lines;
mod notes;
mod objections;
mod offers;
mod review;
mod runs;
mod settings;
mod statement;
mod tracker;

pub use claims::{RunClaim, insert_claims};
pub use desk::{PayImport, apply_pay_import, insert_pay_import};
pub use elsewhere::Elsewhere;
pub use facts::{
    FactFilter, FactRow, LateFact, NewFact, PutFact, ReadFact, SealedFact, facts_in, put_fact, put_new_facts,
    told_in, watermark,
};
pub use holds::{
    HoldRow, WaitingLine, insert_export, insert_hold, insert_waiting, is_waiting, last_export, lock_hold,
    release_hold, settle_waiting, unpaid_lines_in, unpaid_runs_in, waiting_in,
};
pub use ledger::{Entry, NewEntry, balances_of, lock_ledger, post};
pub use lines::{
    Given, LineKind, LineRow, NewLine, accounts_of, corrected_meanwhile, insert_lines, run_lines_in,
};
pub use notes::{NewRunNote, RunNote, insert_run_note};
pub use objections::{
    Objection, ObjectionState, ObjectionStep, follow_run, insert_objection, insert_objection_step,
    lock_objection, move_objection, objections_waiting_in, waits_for_recalculation_in,
};
pub use offers::{
    NewOffer, Offer, OfferState, decide_offer, hand_over_offer, insert_offers, take_back_offer,
};
pub use review::{LineGroup, RunHead};
pub use runs::{NewRun, Run, RunState, RunStep, insert_run, lock_run, move_run, overlapping_run, supersede};
pub use settings::{NewSetting, RosterValue, Setting, insert_roster_value, insert_setting};
pub use statement::PayeeRun;
pub use tracker::{Credited, EarnedClick, Posted, Returned};
