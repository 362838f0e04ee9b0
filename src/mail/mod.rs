//! E-mail out: a message in, SMTP out.
//!
//! # Why
//! One sender for digests and one-time links, with one timeout and one way to say what went wrong. Without `smtp_url`
//! there is no sender, and whoever wants one says so.

mod message;
mod sender;

pub use message::{Mail, MailError, mailbox};
pub use sender::{Mailer, MailerError};
