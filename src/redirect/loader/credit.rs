//! Whose a click is, and what it adds to.

use std::sync::Arc;

use hashbrown::HashMap;

use jiff::civil::Date;

use crate::domain::{CampaignId, Class, Counts, EmployeeId, LinkId, Slice, Tally};
use crate::redirect::loader::rules::Days;
use crate::redirect::table::Table;
use crate::storage::{StoreError, Tx, last_days, link_credits, people_changed_at};

/// Links remembered.
const LINKS: usize = 65_536;

/// Where a link's clicks are booked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Credit {
    employee: EmployeeId,
    campaign: CampaignId,
    channel: u16,
    child: bool,
    left_on: Option<Date>,
}

impl Credit {
    /// Who is credited with a click of `day`: nobody for a visitor's child link, or after the last working day.
    pub fn employee_on(&self, day: Date) -> Option<EmployeeId> {
        (!self.child && self.left_on.is_none_or(|last| day <= last)).then_some(self.employee)
    }
}

/// Credits of links, remembered until people change. Whose a link is, and what for, never changes: the redirect's own
/// table says it without a row read; who left, the store says.
#[derive(Default)]
pub struct Credits {
    table: Option<Arc<Table>>,
    links: HashMap<LinkId, Credit>,
    channels: Vec<String>,
    left: HashMap<EmployeeId, Date>,
    people_changed_at: i64,
}

impl Credits {
    /// With the redirect's table to look links up in.
    pub fn with(table: Arc<Table>) -> Self {
        Self {
            table: Some(table),
            ..Self::default()
        }
    }

    /// Makes sure these links are known; those nobody knows stay unknown.
    pub async fn learn(
        &mut self,
        tx: &mut Tx,
        links: impl Iterator<Item = LinkId>,
    ) -> Result<(), StoreError> {
        let changed = people_changed_at(tx).await?;
        if changed != self.people_changed_at {
            self.left.clear();
            for (employee, text) in last_days(tx).await? {
                let day = text.parse().map_err(|_| StoreError::Corrupt {
                    table: "employees",
                    column: "left_on",
                    value: text,
                })?;
                self.left.insert(employee, day);
            }
        }
        if changed != self.people_changed_at || self.links.len() >= LINKS {
            self.links.clear();
            self.people_changed_at = changed;
        }
        let mut missing: Vec<LinkId> = links.filter(|link| !self.links.contains_key(link)).collect();
        missing.sort_unstable();
        missing.dedup();
        if let Some(table) = self.table.clone().filter(|_| !missing.is_empty()) {
            let reading = table.read();
            missing.retain(|link| {
                let found = reading.credit_of(*link);
                if let Some((employee, campaign, channel, child)) = found {
                    self.remember(*link, employee, campaign, channel, child);
                }
                found.is_none()
            });
        }
        for found in link_credits(tx, &missing).await? {
            self.remember(
                found.link,
                found.employee,
                found.campaign,
                &found.channel,
                found.child,
            );
        }
        Ok(())
    }

    fn remember(
        &mut self,
        link: LinkId,
        employee: EmployeeId,
        campaign: CampaignId,
        channel: &str,
        child: bool,
    ) {
        let credit = Credit {
            employee,
            campaign,
            channel: self.channel(channel),
            child,
            left_on: self.left.get(&employee).copied(),
        };
        self.links.insert(link, credit);
    }

    fn channel(&mut self, channel: &str) -> u16 {
        let place = self.channels.iter().position(|known| known == channel);
        let place = place.unwrap_or_else(|| {
            self.channels.push(channel.to_owned());
            self.channels.len() - 1
        });
        u16::try_from(place).unwrap_or(u16::MAX)
    }

    /// Where a link's clicks are booked.
    pub fn of(&self, link: LinkId) -> Option<Credit> {
        self.links.get(&link).copied()
    }
}

/// What a click of this class counts.
pub fn counts(class: Class, valid: bool) -> Counts {
    Counts {
        requests: 1,
        human: i64::from(class == Class::Human),
        valid: i64::from(valid),
        ..Counts::default()
    }
}

/// Differences of a batch, gathered per link, hour and credited employee before they go into rollups.
#[derive(Debug, Default)]
pub struct Ledger {
    sums: HashMap<(LinkId, i64, Option<EmployeeId>), Counts>,
}

impl Ledger {
    /// Books a click's change: `before` is `None` when it is new.
    pub fn book(
        &mut self,
        link: LinkId,
        at_ms: i64,
        employee: Option<EmployeeId>,
        before: Option<Counts>,
        after: Counts,
    ) {
        let sum = self
            .sums
            .entry((link, at_ms.div_euclid(900_000), employee))
            .or_default();
        *sum += after;
        if let Some(before) = before {
            *sum += -before;
        }
    }

    /// Adds everything to the rollups' differences.
    pub fn into_tally(self, credits: &Credits, days: &mut Days, tally: &mut Tally) {
        for ((link, slot, employee), counts) in self.sums {
            let at_ms = slot * 900_000;
            let credit = credits.of(link);
            let slice = Slice {
                day: days.of(at_ms),
                at_ms,
                employee,
                link: Some(link),
                campaign: credit.and_then(|c| {
                    let channel = credits.channels.get(usize::from(c.channel))?;
                    Some((c.campaign, channel.as_str()))
                }),
            };
            tally.book(&slice, counts);
        }
    }
}
