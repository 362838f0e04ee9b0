//! Keeps the link table right while links, campaigns and people change, also by another process.
//!
//! # Why
//! A redirect asks no database, so somebody must look for it: at once after a change of our own
//! ([`Refresher::refresh`], before the caller's answer goes out), every 500 ms for everybody else's.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::ToSpan as _;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use tokio::sync::{Mutex, watch};

use crate::domain::LinkId;
use crate::redirect::table::{Bulk, CampaignChange, EmployeeChange, LinkChange, Table};
use crate::share::{Destination, UtmOverrides};
use crate::storage::{LINK_CHUNK, LinkTexts, Store, StoreError, TableCampaign, TableLink};

/// How often others' changes are looked for.
const EVERY: Duration = Duration::from_millis(500);
/// Changes are looked for this long before the last one seen: writers stamp a change before they commit it, and the
/// clocks of nodes differ.
const OVERLAP_MS: i64 = 10_000;
const OVERLAP: Duration = Duration::from_secs(10);
/// Beyond so many changed links at once all are read anew.
const MOST: i64 = 50_000;

/// Texts of links asked for at once while all are read: reading and packing go on side by side.
const AHEAD: usize = 3;

/// What a refresher is made of.
pub struct RefreshParts {
    /// Where links come from.
    pub store: Store,
    /// Where they go.
    pub table: Arc<Table>,
    /// Business time zone: campaigns open and close by its days.
    pub zone: TimeZone,
    /// The absolute address of a campaign's picture, by its slug.
    pub picture_url: Box<dyn Fn(&str) -> String + Send + Sync>,
}

/// Brings a [`Table`] up to date with the store.
pub struct Refresher {
    parts: RefreshParts,
    seen: Mutex<Seen>,
}

/// Instants of the last changes seen, milliseconds UTC.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    campaigns: i64,
    employees: i64,
    links: i64,
    /// The last link's row.
    last: i64,
    /// Since when no link has changed.
    links_since: Option<Instant>,
    /// No link has changed for so long that none stamped before the last one can still turn up.
    settled: bool,
    loaded: bool,
}

/// Where links go while all are read.
enum Filling<'a> {
    Fresh(Box<Bulk>),
    InPlace(&'a Table),
}

impl Filling<'_> {
    /// Says how many links do not fit.
    fn put(
        &mut self,
        campaigns: &[CampaignChange<'_>],
        employees: &[EmployeeChange<'_>],
        links: &[LinkChange<'_>],
    ) -> usize {
        match self {
            Self::InPlace(table) => table.apply(campaigns, employees, links),
            Self::Fresh(bulk) => {
                campaigns.iter().for_each(|change| bulk.campaign(change));
                employees.iter().for_each(|change| bulk.employee(change));
                links.iter().filter(|change| !bulk.link(change)).count()
            }
        }
    }
}

impl Refresher {
    /// A refresher; the table is empty until [`Refresher::refresh`].
    pub fn new(parts: RefreshParts) -> Self {
        Self {
            parts,
            seen: Mutex::default(),
        }
    }

    /// Brings the table up to date: everything the first time, what changed afterwards.
    pub async fn refresh(&self) -> Result<(), StoreError> {
        let mut seen = self.seen.lock().await;
        if !seen.loaded {
            return self.load(&mut seen).await;
        }
        let store = &self.parts.store;
        let campaigns = store.table_campaigns_since(seen.campaigns - OVERLAP_MS).await?;
        let employees = store.table_employees_since(seen.employees - OVERLAP_MS).await?;
        let links_at = store.links_changed_at().await?;
        let still = links_at <= seen.links;
        let settles = still && seen.links_since.is_some_and(|since| since.elapsed() >= OVERLAP);
        let from = if seen.settled {
            seen.links + 1
        } else {
            seen.links - OVERLAP_MS
        };
        let links = match store.table_links_since(from, MOST).await? {
            Some(links) => links,
            // Many were changed at once, and have been read: once more when the last of them must be there.
            None if still && !settles && store.last_link().await?.0 == seen.last => LinkTexts::default(),
            None => {
                self.load(&mut seen).await?;
                seen.settled = settles;
                return Ok(());
            }
        };
        let pictures = self.pictures(&campaigns);
        let campaign_changes: Vec<_> = campaigns
            .iter()
            .zip(&pictures)
            .filter_map(|(c, picture)| self.campaign(c, picture.as_deref()))
            .collect();
        let employee_changes: Vec<_> = employees
            .iter()
            .map(|(id, code, _)| EmployeeChange { id: *id, code })
            .collect();
        let rows = links.links()?;
        let link_changes: Vec<_> = rows.iter().map(link).collect();
        let refused = self
            .parts
            .table
            .apply(&campaign_changes, &employee_changes, &link_changes);
        complain(refused);
        seen.campaigns = campaigns
            .iter()
            .map(|c| c.changed_at)
            .fold(seen.campaigns, i64::max);
        seen.employees = employees.iter().map(|e| e.2).fold(seen.employees, i64::max);
        if still {
            seen.settled |= settles;
        } else {
            // Read before the links: what changed in between is read again.
            seen.links = links_at;
            seen.links_since = Some(Instant::now());
            seen.settled = false;
        }
        Ok(())
    }

    /// Refreshes every 500 ms until told to stop. A store that is away leaves the table as it is.
    pub async fn run(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let mut away = false;
        loop {
            if *stop.borrow() {
                return;
            }
            match (self.refresh().await, away) {
                (Ok(()), true) => {
                    away = false;
                    tracing::info!("links are up to date again");
                }
                (Err(error), false) => {
                    away = true;
                    tracing::error!(%error, "links cannot be brought up to date; redirects go on with those known");
                }
                _ => {}
            }
            tokio::select! {
                () = tokio::time::sleep(EVERY) => {}
                changed = stop.changed() => if changed.is_err() { return },
            }
        }
    }

    /// Reads everything: the first time into a fresh table that is swapped in.
    async fn load(&self, seen: &mut Seen) -> Result<(), StoreError> {
        let store = &self.parts.store;
        // Marks first: what changes while we read is read again.
        let links_at = store.links_changed_at().await?;
        let campaigns = store.table_campaigns_since(0).await?;
        let employees = store.table_employees_since(0).await?;
        let last = store.last_link().await?;
        let mut filling = if seen.loaded {
            // Links never go: brought up to date where they are, a million of them take no second table.
            Filling::InPlace(&self.parts.table)
        } else {
            Filling::Fresh(Box::new(Table::bulk(
                usize::try_from(last.0).unwrap_or(0).min(4_000_000),
            )))
        };
        let pictures = self.pictures(&campaigns);
        let campaign_changes: Vec<_> = campaigns
            .iter()
            .zip(&pictures)
            .filter_map(|(c, picture)| self.campaign(c, picture.as_deref()))
            .collect();
        let employee_changes: Vec<_> = employees
            .iter()
            .map(|(id, code, _)| EmployeeChange { id: *id, code })
            .collect();
        filling.put(&campaign_changes, &employee_changes, &[]);
        let mut refused = 0;
        let mut starts = (0..last.0).step_by(usize::try_from(LINK_CHUNK).unwrap_or(usize::MAX));
        let ask = |after: i64| {
            let store = store.clone();
            tokio::spawn(async move { store.table_links(LinkId(after)).await })
        };
        let mut asked: VecDeque<_> = starts.by_ref().take(AHEAD).map(ask).collect();
        while let Some(texts) = asked.pop_front() {
            asked.extend(starts.next().map(ask));
            let texts = texts.await.unwrap_or_else(|ended| match ended.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_) => Ok(LinkTexts::default()),
            })?;
            let rows = texts.links()?;
            let link_changes: Vec<_> = rows.iter().map(link).collect();
            refused += filling.put(&[], &[], &link_changes);
        }
        complain(refused);
        if let Filling::Fresh(bulk) = filling {
            self.parts.table.replace(*bulk);
        }
        *seen = Seen {
            campaigns: campaigns.iter().map(|c| c.changed_at).max().unwrap_or(0),
            employees: employees.iter().map(|e| e.2).max().unwrap_or(0),
            links: links_at,
            last: last.0,
            links_since: Some(
                seen.links_since
                    .filter(|_| links_at == seen.links)
                    .unwrap_or_else(Instant::now),
            ),
            settled: false,
            loaded: true,
        };
        Ok(())
    }

    fn pictures(&self, campaigns: &[TableCampaign]) -> Vec<Option<String>> {
        campaigns
            .iter()
            .map(|c| c.has_picture.then(|| (self.parts.picture_url)(&c.slug)))
            .collect()
    }

    fn campaign<'a>(
        &self,
        campaign: &'a TableCampaign,
        picture_url: Option<&'a str>,
    ) -> Option<CampaignChange<'a>> {
        let Ok(destination) = Destination::parse(&campaign.destination) else {
            tracing::error!(campaign = %campaign.slug, "the stored destination is none; its links stay unknown");
            return None;
        };
        Some(CampaignChange {
            id: campaign.id,
            slug: &campaign.slug,
            destination,
            opens_at_ms: campaign.starts_on.and_then(|day| self.begins(day)),
            closes_at_ms: campaign
                .ends_on
                .and_then(|day| day.checked_add(1.day()).ok())
                .and_then(|day| self.begins(day)),
            disabled: campaign.disabled,
            fallback: campaign
                .fallback_url
                .as_deref()
                .and_then(|text| Destination::parse(text).ok()),
            title: &campaign.name,
            description: &campaign.description,
            picture_url,
        })
    }

    /// The first instant of a business day, milliseconds UTC.
    fn begins(&self, day: Date) -> Option<i64> {
        let zoned = day.to_zoned(self.parts.zone.clone()).ok()?;
        Some(zoned.timestamp().as_millisecond())
    }
}

fn link<'a>(row: &TableLink<'a>) -> LinkChange<'a> {
    let utm: Option<UtmOverrides> = row.utm.and_then(|text| serde_json::from_str(text).ok());
    LinkChange {
        id: row.id,
        code: row.code,
        employee: row.employee,
        campaign: row.campaign,
        channel: row.channel,
        child: row.child,
        disabled: row.disabled,
        expires_at_ms: row.expires_at_ms,
        destination: row.destination.and_then(|text| Destination::parse(text).ok()),
        utm: utm.filter(|utm| !utm.is_empty()),
    }
}

fn complain(refused: usize) {
    if refused > 0 {
        tracing::error!(
            refused,
            "links do not fit the table and stay unknown to redirects"
        );
    }
}
