//! Telling the other nodes how far this one's spool is in the store.
//!
//! # Why
//! A board freezes with every node's clicks on it, and only the node itself can tell. It says so now and then, and at once
//! when a quarter of an hour has begun: business days begin, and boards freeze, on one in every zone there is. Where a store
//! has one node, nobody asks.

use crate::redirect::loader::run::LoaderParts;
use crate::storage::loader_marks::{forget_mark, say_loaded};
use crate::storage::{Store, StoreError};

/// How often it is said anew, milliseconds.
const EVERY_MS: i64 = 10_000;
const QUARTER_MS: i64 = 900_000;

/// What was said last.
#[derive(Debug, Default)]
pub(super) struct Marks {
    said_at: Option<i64>,
    loaded_to: i64,
}

impl Marks {
    /// Says that the spool was read to its end at `at_ms`, or that it is being read; not every time. A failure is said
    /// again with the next step.
    pub(super) async fn say(&mut self, parts: &LoaderParts, at_ms: i64, emptied: bool) {
        if !matches!(parts.store, Store::Postgres(_)) {
            return;
        }
        let begun = emptied && at_ms.div_euclid(QUARTER_MS) > self.loaded_to.div_euclid(QUARTER_MS);
        if !begun && self.said_at.is_some_and(|said| at_ms - said < EVERY_MS) {
            return;
        }
        match say(parts, emptied.then_some(at_ms), at_ms).await {
            Ok(()) => {
                self.said_at = Some(at_ms);
                if emptied {
                    self.loaded_to = at_ms;
                }
            }
            Err(error) => tracing::debug!(%error, "the other nodes were not told how far this one is"),
        }
    }

    /// Says that this node stops with an empty spool.
    pub(super) async fn leave(&mut self, parts: &LoaderParts) {
        if self.said_at.take().is_some()
            && let Err(error) = leave(parts).await
        {
            tracing::debug!(%error, "the other nodes were not told that this one stops");
        }
    }
}

async fn say(parts: &LoaderParts, loaded_to: Option<i64>, at_ms: i64) -> Result<(), StoreError> {
    let mut tx = parts.store.begin().await?;
    say_loaded(&mut tx, parts.node.as_str(), loaded_to, at_ms).await?;
    tx.commit().await
}

async fn leave(parts: &LoaderParts) -> Result<(), StoreError> {
    let mut tx = parts.store.begin().await?;
    forget_mark(&mut tx, parts.node.as_str()).await?;
    tx.commit().await
}
