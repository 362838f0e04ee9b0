//! What people meet in a real browser, on the real server.

mod dwell;
mod harness;
mod rig;
mod signin;

pub use rig::Rig;
