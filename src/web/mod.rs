//! Pages, HTTP API, landing page, sessions and problems.
//!
//! # Why
//! A handler takes, does, answers; everything it decides is decided below.
