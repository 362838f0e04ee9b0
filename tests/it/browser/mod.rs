//! What people meet in a real browser, on the real server.

mod admin;
mod back;
mod claims;
mod dwell;
mod firm;
mod harness;
mod income;
mod landing;
mod manage;
mod pay;
mod rig;
mod screens;
mod share;
mod signin;
mod staff;

pub use rig::Rig;
