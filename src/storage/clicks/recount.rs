//! Rollups against rows: what `bole doctor` asks.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::storage::{Store, StoreError, convert, reading};

/// A quarter of an hour, milliseconds: business days begin on one, in every zone.
const SLOT_MS: i64 = 900_000;

/// Which rollup.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rollup {
    /// Per employee and day.
    EmployeeDay,
    /// Per employee and month.
    EmployeeMonth,
    /// Per link.
    LinkTotals,
    /// Per campaign, channel and hour.
    CampaignHour,
}

/// One place where a rollup is not the sum of its rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The rollup.
    pub rollup: Rollup,
    /// Which row of it.
    pub key: String,
    /// Requests, human, valid and points (0 where there are none) out of the rows.
    pub rows: [i64; 4],
    /// What the rollup says.
    pub rollup_says: [i64; 4],
}

type Sums = BTreeMap<(Rollup, String), [i64; 4]>;

macro_rules! sums {
    ($store:expr, $row:ty, $sql:literal) => {{
        let rows: Vec<$row> = reading!($store, |db| sqlx::query_as($sql).fetch_all(db).await?);
        rows
    }};
}

impl Store {
    /// Recounts clicks and points from their rows and compares; empty when all is well. Reads everything: minutes on
    /// tens of millions of clicks. Not one snapshot: on a running system ask twice.
    pub async fn recount(&self, zone: &TimeZone) -> Result<Vec<Difference>, StoreError> {
        let rows = self.count_rows(zone).await?;
        let said = self.rollups_say().await?;
        let mut keys: Vec<&(Rollup, String)> = rows.keys().chain(said.keys()).collect();
        keys.sort();
        keys.dedup();
        let zero = [0; 4];
        Ok(keys
            .into_iter()
            .filter_map(|key| {
                let (counted, says) = (*rows.get(key).unwrap_or(&zero), *said.get(key).unwrap_or(&zero));
                (counted != says).then(|| Difference {
                    rollup: key.0,
                    key: key.1.clone(),
                    rows: counted,
                    rollup_says: says,
                })
            })
            .collect())
    }

    async fn count_rows(&self, zone: &TimeZone) -> Result<Sums, StoreError> {
        let mut sums = Sums::new();
        let mut add = |rollup, key, counts: [i64; 4]| {
            let sum = sums.entry((rollup, key)).or_insert([0; 4]);
            for (sum, count) in sum.iter_mut().zip(counts) {
                *sum += count;
            }
        };
        for (employee, slot, requests, human, valid) in sums!(
            self,
            (i64, i64, i64, i64, i64),
            "select employee_id, at / 900000, count(*), cast(sum(case when class = 'human' then 1 else 0 end) as bigint), \
             cast(sum(case when valid then 1 else 0 end) as bigint) from clicks \
             where employee_id is not null group by employee_id, at / 900000"
        ) {
            let at = Timestamp::from_millisecond(slot * SLOT_MS).unwrap_or(Timestamp::UNIX_EPOCH);
            let day = at.to_zoned(zone.clone()).date();
            let counts = [requests, human, valid, 0];
            add(Rollup::EmployeeDay, format!("{employee} {day}"), counts);
            let month = format!("{employee} {}", day.first_of_month());
            add(Rollup::EmployeeMonth, month, counts);
        }
        for (employee, day, points) in sums!(
            self,
            (i64, String, i64),
            "select employee_id, day, cast(sum(points) as bigint) from point_entries \
             where rule not in ('redemption', 'expiry') group by employee_id, day"
        ) {
            let counts = [0, 0, 0, points];
            let month: Date = convert::day("point_entries", "day", day.clone())?;
            add(Rollup::EmployeeDay, format!("{employee} {day}"), counts);
            let month = format!("{employee} {}", month.first_of_month());
            add(Rollup::EmployeeMonth, month, counts);
        }
        for (link, requests, human, valid) in sums!(
            self,
            (i64, i64, i64, i64),
            "select link_id, count(*), cast(sum(case when class = 'human' then 1 else 0 end) as bigint), \
             cast(sum(case when valid then 1 else 0 end) as bigint) from clicks group by link_id"
        ) {
            add(Rollup::LinkTotals, link.to_string(), [requests, human, valid, 0]);
        }
        for (campaign, channel, hour, requests, human, valid) in sums!(
            self,
            (i64, String, i64, i64, i64, i64),
            "select l.campaign_id, l.channel, c.at / 3600000, count(*), \
             cast(sum(case when c.class = 'human' then 1 else 0 end) as bigint), \
             cast(sum(case when c.valid then 1 else 0 end) as bigint) \
             from clicks c join links l on l.id = c.link_id group by l.campaign_id, l.channel, c.at / 3600000"
        ) {
            let key = format!("{campaign} {channel} {}", hour * 4 * SLOT_MS);
            add(Rollup::CampaignHour, key, [requests, human, valid, 0]);
        }
        Ok(sums)
    }

    async fn rollups_say(&self) -> Result<Sums, StoreError> {
        let mut said = Sums::new();
        for (employee, day, requests, human, valid, points) in sums!(
            self,
            (i64, String, i64, i64, i64, i64),
            "select employee_id, day, requests, human, valid, points from employee_day"
        ) {
            let key = (Rollup::EmployeeDay, format!("{employee} {day}"));
            said.insert(key, [requests, human, valid, points]);
        }
        for (employee, month, requests, human, valid, points) in sums!(
            self,
            (i64, String, i64, i64, i64, i64),
            "select employee_id, month, requests, human, valid, points from employee_month"
        ) {
            let key = (Rollup::EmployeeMonth, format!("{employee} {month}"));
            said.insert(key, [requests, human, valid, points]);
        }
        for (link, requests, human, valid) in sums!(
            self,
            (i64, i64, i64, i64),
            "select link_id, cast(sum(requests) as bigint), cast(sum(human) as bigint), cast(sum(valid) as bigint) \
             from (select * from link_totals union all select * from link_recent) as x group by link_id"
        ) {
            said.insert(
                (Rollup::LinkTotals, link.to_string()),
                [requests, human, valid, 0],
            );
        }
        for (campaign, channel, hour, requests, human, valid) in sums!(
            self,
            (i64, String, i64, i64, i64, i64),
            "select campaign_id, channel, hour, requests, human, valid from campaign_hour"
        ) {
            let key = (Rollup::CampaignHour, format!("{campaign} {channel} {hour}"));
            said.insert(key, [requests, human, valid, 0]);
        }
        Ok(said)
    }
}
