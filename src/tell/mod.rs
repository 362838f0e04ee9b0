//! What others are told and how it is written: events for webhooks, notices for people, signatures, retry times,
//! the formats of group robots, and which addresses are nobody's business.
//!
//! # Why
//! The words are fixed by api.md and by three makers of chat programs; pure functions can be compared with theirs.

mod address;
mod event;
mod format;
mod message;
mod notice;
mod retry;
mod robot;
mod secret;

pub use address::is_public;
pub use event::Event;
pub use format::Format;
pub use message::{Message, message_id};
pub use notice::{Channel, Notice, NoticeKind};
pub use retry::{GIVE_UP_MS, next_try};
pub use robot::{RobotPost, robot_post, robot_refusal};
pub use secret::{Secret, SecretError};
