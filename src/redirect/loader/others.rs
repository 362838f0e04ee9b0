//! What other nodes stored since the last batch.
//!
//! # Why
//! A loader judges clicks from memory, and what others store is missing there. Each node notes the stretches of time its
//! batches' clicks lie in, and the others read those clicks once: forgetting everything whenever somebody else works
//! would have every batch read the last hour again.

use std::collections::{BTreeSet, HashMap};

use crate::domain::ClickId;
use crate::storage::{StoreError, Tx, batches_of, has_other_nodes, last_batches, note_batch};

/// Clicks this far apart are stretches of their own, milliseconds, so that a straggler brings nobody to read an hour.
const APART_MS: i64 = 2_000;
/// Stretches of one batch, at most; beyond, those nearest to each other are one.
const STRETCHES: usize = 8;
/// One's own clicks that are told from others' between them, the latest.
const OWN: usize = 65_536;

/// From the first instant to the last one, milliseconds UTC.
pub(super) type Stretch = (i64, i64);

/// The others, as far as their batches are known.
#[derive(Debug, Default)]
pub(super) struct Others {
    /// The last batch known, by node, this one's among them; `None` before remembering began.
    seen: Option<HashMap<String, i64>>,
    /// Whether there are any.
    any: bool,
    /// One's own clicks stored lately.
    own: BTreeSet<ClickId>,
}

impl Others {
    /// Where others stored clicks since the last time; `None` when that is not known: begin anew.
    pub(super) async fn since(
        &mut self,
        tx: &mut Tx,
        node: &str,
    ) -> Result<Option<Vec<Stretch>>, StoreError> {
        let Some(seen) = &mut self.seen else {
            return Ok(None);
        };
        self.any = self.any || has_other_nodes(tx, node).await?;
        if !self.any {
            return Ok(Some(Vec::new()));
        }
        let mut stretches = Vec::new();
        for (other, last) in last_batches(tx).await? {
            // Whoever is new begins at 1.
            let known = seen.entry(other.clone()).or_insert(0);
            if other == node || last <= *known {
                continue;
            }
            for batch in batches_of(tx, &other, *known).await? {
                if batch.number > *known + 1 {
                    return Ok(None);
                }
                *known = batch.number;
                stretches.push((batch.first_at, batch.last_at));
            }
        }
        stretches.sort_unstable();
        stretches.dedup_by(|next, before| {
            let touch = next.0 <= before.1 + 1;
            if touch {
                before.1 = before.1.max(next.1);
            }
            touch
        });
        Ok(Some(stretches))
    }

    /// Begins to follow the others from here on; what they stored so far is learned from rows.
    pub(super) async fn begin(&mut self, tx: &mut Tx, node: &str) -> Result<(), StoreError> {
        self.any = has_other_nodes(tx, node).await?;
        self.seen = Some(last_batches(tx).await?.into_iter().collect());
        self.own.clear();
        Ok(())
    }

    /// Whether a click is one of this node's own, lately.
    pub(super) fn is_own(&self, id: ClickId) -> bool {
        self.own.contains(&id)
    }

    /// Tells the others of clicks being stored, in their order.
    pub(super) async fn tell(&mut self, tx: &mut Tx, node: &str, ids: &[ClickId]) -> Result<(), StoreError> {
        let (Some(seen), true) = (&mut self.seen, self.any && !ids.is_empty()) else {
            return Ok(());
        };
        let number = seen.entry(node.to_owned()).or_insert(0);
        *number += 1;
        note_batch(tx, node, *number, &stretches(ids)).await?;
        self.own.extend(ids);
        while self.own.len() > OWN {
            self.own.pop_first();
        }
        Ok(())
    }
}

fn stretches(ids: &[ClickId]) -> Vec<Stretch> {
    let mut apart_ms = APART_MS;
    loop {
        let mut found: Vec<Stretch> = Vec::new();
        for at_ms in ids.iter().map(|id| id.unix_ms()) {
            match found.last_mut() {
                Some(last) if at_ms - last.1 <= apart_ms => last.1 = last.1.max(at_ms),
                _ => found.push((at_ms, at_ms)),
            }
        }
        if found.len() <= STRETCHES {
            return found;
        }
        apart_ms = apart_ms.saturating_mul(4);
    }
}
