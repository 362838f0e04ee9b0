//! Pages: one file per screen, mirrored by `templates/pages/`.
//!
//! # Why
//! The page struct deriving its template sits above its handler, so that what a page shows is read in one place.
