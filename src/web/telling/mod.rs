//! How what is told reads: in group chats, in the bell's list, in mail.
//!
//! # Why
//! What is filed are values; words come when it is shown or sent, in the reader's language.

mod digest;
mod notice;
mod robot;

pub use digest::MailWords;
pub use notice::{leads_to, sentence};
pub use robot::GroupWords;
