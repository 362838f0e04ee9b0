//! Code to link, in memory: every live, disabled and expired link of the store.
//!
//! # Why
//! A redirect must not ask a database. The loader fills the table once and then keeps it right by telling it every
//! row that changed, also by another process; telling it twice does no harm.

mod changes;
mod packed;
#[cfg(test)]
mod tests;

use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::domain::{CampaignId, EmployeeId, LinkId};
pub use changes::{CampaignChange, EmployeeChange, LinkChange};
pub use packed::{Campaign, Found};

use packed::Packed;

/// Links put in under one lock; redirects wait that long (well below a millisecond).
const CHUNK: usize = 256;

/// The link table. Look-ups allocate nothing and share a lock.
#[derive(Default)]
pub struct Table {
    packed: RwLock<Packed>,
}

/// A consistent view; hold it for microseconds, not across an await.
pub struct Reading<'a>(RwLockReadGuard<'a, Packed>);

/// A table being filled beside the one in use.
pub struct Bulk(Packed);

impl Table {
    /// An empty table.
    pub fn new() -> Self {
        Self::default()
    }

    /// A view to find links in.
    pub fn read(&self) -> Reading<'_> {
        Reading(self.packed.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Brings the table up to date: campaigns and employees first, so that no link is found before what it needs.
    /// Says how many links do not fit the table (an id of 2^32 or more, a code that is none); they stay unknown.
    pub fn apply(
        &self,
        campaigns: &[CampaignChange<'_>],
        employees: &[EmployeeChange<'_>],
        links: &[LinkChange<'_>],
    ) -> usize {
        for part in campaigns.chunks(CHUNK) {
            let mut packed = self.write();
            for change in part {
                packed.put_campaign(change);
            }
        }
        for part in employees.chunks(CHUNK) {
            let mut packed = self.write();
            for change in part {
                packed.put_employee(change);
            }
        }
        let mut refused = 0;
        for part in links.chunks(CHUNK) {
            let mut packed = self.write();
            refused += part.iter().filter(|change| !packed.put_link(change)).count();
        }
        refused
    }

    /// Begins a fresh table with room for `links`; it takes the place of this one's content by [`Table::replace`].
    pub fn bulk(links: usize) -> Bulk {
        Bulk(Packed::with_room_for(links))
    }

    /// Puts a filled table in the place of the present content.
    pub fn replace(&self, bulk: Bulk) {
        let old = std::mem::replace(&mut *self.write(), bulk.0);
        // Freed outside the lock.
        drop(old);
    }

    /// Links held.
    pub fn len(&self) -> usize {
        self.read().0.len()
    }

    /// Whether no link is held.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes held for links.
    pub fn bytes(&self) -> usize {
        self.read().0.bytes()
    }

    fn write(&self) -> RwLockWriteGuard<'_, Packed> {
        self.packed.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reading<'_> {
    /// The link of `code` (any case), as of `now_ms`. `None` too while its campaign or employee is not known yet.
    pub fn find(&self, code: &str, now_ms: i64) -> Option<Found<'_>> {
        self.0.find(code, now_ms)
    }

    /// Whose a link is, what for, where it is posted, and whether it is a visitor's child link.
    pub fn credit_of(&self, link: LinkId) -> Option<(EmployeeId, CampaignId, &str, bool)> {
        self.0.credit_of(link)
    }
}

impl Bulk {
    /// Puts a campaign in.
    pub fn campaign(&mut self, change: &CampaignChange<'_>) {
        self.0.put_campaign(change);
    }

    /// Puts an employee in.
    pub fn employee(&mut self, change: &EmployeeChange<'_>) {
        self.0.put_employee(change);
    }

    /// Puts a link in; `false` when it does not fit the table.
    pub fn link(&mut self, change: &LinkChange<'_>) -> bool {
        self.0.put_link(change)
    }
}
