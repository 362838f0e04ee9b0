//! The store: one text per query, two databases.
//!
//! # Why
//! `Store` is an enum of two pools and `Tx` of two transactions; [`reading!`] and [`writing!`] put the same
//! expression into both arms, so each query is written once and type-checked by both drivers.
//! Rooms: one file per noun, `impl Store { … }` for reads, free functions over `&mut Tx` for writes.
//! A write looks at `rows_affected()`; "not there" is `Ok(None)`.

mod accounts;
pub mod adjustments;
mod api_keys;
mod audit;
mod backup;
mod bindings;
pub mod board_editions;
pub mod boards;
mod bulk;
pub mod campaigns;
mod checkpoints;
pub mod child_links;
pub mod claims;
pub mod clicks;
mod connect;
mod conversion_row;
pub mod conversions;
mod convert;
pub mod coupons;
mod credits;
pub mod customers;
pub mod deliveries;
pub mod digests;
pub mod employees;
mod error;
pub mod evidence;
mod fill;
pub mod goals;
pub mod honours;
mod idempotency;
pub mod interactions;
mod keys;
mod link_table;
pub mod links;
mod loader_batches;
pub mod loader_marks;
pub mod materials;
mod meta;
pub mod monthly;
mod mydata;
pub mod notices;
mod odd_days;
mod odd_signs;
mod outbox;
pub mod pay;
pub mod people_imports;
pub mod people_list;
pub mod pilots;
pub mod points;
pub mod refunds;
pub mod results;
mod rollups;
pub mod rules;
mod sealed_contacts;
mod sessions;
pub mod shares;
pub mod shop;
pub mod signin;
pub mod slices;
pub mod stakes;
pub mod suspicions;
pub mod teams;
mod token_keys;
mod totals;
pub mod touches;
mod tx;
pub mod votes;
pub mod webhooks;

pub use accounts::{
    Account, NewAccount, clear_account_password, insert_account, lock_admins, set_account_disabled,
    set_account_lang, set_account_password, set_account_roles,
};
pub use api_keys::{ApiKey, insert_api_key, revoke_api_key};
pub use audit::{AuditEntry, AuditQuery, insert_audit, insert_audits};
pub use backup::{check_copy, clean_copy};
pub use bindings::{BindingRow, binding};
pub use checkpoints::{Checkpoint, advance_checkpoint, lock_loaders};
pub use connect::{Store, StoreOptions};
pub use credits::{LinkCredit, LinkWords, last_days, link_credits, link_words, people_changed_at};
pub use error::StoreError;
pub use idempotency::{Begun, Reservation, forget_idempotent, working_under};
pub use keys::{delete_token_key, destroy_salts, ensure_salt, insert_token_key};
pub use link_table::{LINK_CHUNK, LinkTexts, TableCampaign, TableLink};
pub use loader_batches::{StoredBatch, batches_of, has_other_nodes, last_batches, note_batch};
pub use outbox::{event_is_wanted, file_event};
pub use rollups::{add as add_tally, fold_links};
pub use sealed_contacts::{SealedContact, insert_sealed_contact};
pub use sessions::{delete_ended_sessions, delete_session, delete_sessions_of, save_session};
pub use token_keys::TokenKeyRow;
pub use tx::Tx;

/// Runs the same read on whichever database the store is: `reading!(self, |db| sqlx::query(…).fetch_all(db).await)`.
macro_rules! reading {
    ($store:expr, |$db:ident| $body:expr) => {
        match $store {
            $crate::storage::Store::Sqlite { read, .. } => {
                let $db = read;
                $body
            }
            $crate::storage::Store::Postgres(pool) => {
                let $db = pool;
                $body
            }
        }
    };
}

/// Runs the same statement inside a transaction: `writing!(tx, |db| sqlx::query(…).execute(db).await)`.
/// `db` is a `&mut` connection; reborrow (`&mut *db`) to use it twice.
macro_rules! writing {
    ($tx:expr, |$db:ident| $body:expr) => {
        match $tx {
            $crate::storage::Tx::Sqlite(tx) => {
                let $db = &mut **tx;
                $body
            }
            $crate::storage::Tx::Postgres(tx) => {
                let $db = &mut **tx;
                $body
            }
        }
    };
}

pub(crate) use {reading, writing};
