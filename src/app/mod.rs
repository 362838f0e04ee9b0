//! Acts of several steps, one transaction each: mint, convert, award, freeze a board, import.
//!
//! # Why
//! Decide purely, then do it in one transaction: pages, API and command line share the same acts.

pub mod accounts;
mod actor;
pub mod adjust;
mod again;
pub mod answers;
pub mod api_keys;
pub mod award;
pub mod board;
pub mod campaigns;
mod check;
pub mod claims;
pub mod clicks;
mod convert;
pub mod coupons;
pub mod deliver;
pub mod digest;
pub mod export;
pub mod filing;
mod gather;
pub mod honour;
mod import;
pub mod interaction;
pub mod keys;
pub mod landing;
pub mod materials;
pub mod mint;
pub mod mydata;
pub mod notices;
pub mod outbox;
mod outside;
pub mod pay;
pub mod people;
mod permission;
pub mod pictures;
pub mod pilot;
pub mod publish;
mod refund;
mod refused;
pub mod results;
pub mod rules;
mod said;
mod secrets;
pub mod share;
pub mod shop;
pub mod slices;
mod state;
pub mod suspect;
mod vault;
mod verdict;
pub mod vote;
pub mod webhooks;

pub use actor::Actor;
pub use check::{ConversionInput, MAX_EXTERNAL_ID, Wrong, click_of_token, token_keys};
pub use convert::{ConvertError, Converted, convert, redecide, redecide_for_click, redecide_late};
pub use import::{ImportError, ImportReport, import_conversions, import_customers};
pub use outside::Outside;
pub use permission::{Permission, allows};
pub use refund::{RefundError, RefundInput, Refunded, refund};
pub use refused::{Change, Refused};
pub use secrets::Secrets;
pub use state::{App, AppParts, LinkWatch, NoWatch, Urls};
pub use vault::{LeadContact, Vault, VaultError, erase_due_contacts, read_contact};
pub use verdict::{VerdictError, approve_due, give_verdict};
