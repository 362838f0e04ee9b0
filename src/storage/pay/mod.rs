//! Pay: facts, attributes, settings, runs and their lines, the ledger (engine.md).

mod facts;
mod ledger;
mod lines;
mod review;
mod runs;
mod settings;
mod tracker;

pub use facts::{FactFilter, FactRow, NewFact, PutFact, put_fact, watermark};
pub use ledger::{Entry, NewEntry, balances_of, lock_ledger, post};
pub use lines::{LineKind, LineRow, NewLine, corrected_meanwhile, insert_lines, run_lines_in};
pub use review::{LineGroup, RunHead};
pub use runs::{NewRun, Run, RunState, RunStep, insert_run, lock_run, move_run, supersede};
pub use settings::{NewSetting, RosterValue, Setting, insert_roster_value, insert_setting};
pub use tracker::{Credited, EarnedClick, Posted, Returned};
