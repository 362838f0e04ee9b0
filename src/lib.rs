//! Bole (伯乐): employee sharing that pays, from a personal link to an explained payslip line.
//!
//! # Why
//! The crate is a house with floors; a module leans only on floors below it (a test guards this):
//!
//! ```text
//! 6  cli · config · boot · chores · demo   wires everything, decides nothing
//! 5  web                                   pages, API, landing page, sessions
//! 4  app                                   acts of several steps, one transaction each
//! 3  redirect                              the hot path: link table, follow, beacon, loader
//! 2  storage · spool · geo · mail · courier · openid   the outside world
//! 1  attribution · payout · classify · points · ranking · rules · share · sheet · paper · tell   pure functions over values
//! 0  domain                                words and values
//! ```

pub mod domain;

pub mod attribution;
pub mod classify;
pub mod paper;
pub mod payout;
pub mod points;
pub mod ranking;
pub mod rules;
pub mod share;
pub mod sheet;
pub mod tell;

pub mod courier;
pub mod geo;
pub mod mail;
pub mod openid;
pub mod spool;
pub mod storage;

pub mod redirect;

pub mod app;

pub mod web;

pub mod boot;
pub mod chores;
pub mod cli;
pub mod config;
pub mod demo;
