//! Counting days into slices (a chore), and what managers read of them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, Weekday};
use jiff::{Timestamp, ToSpan};
use uuid::Uuid;

use crate::app::App;
use crate::app::suspect::look_at_day;
use crate::attribution::counted;
use crate::domain::ClickId;
use crate::storage::StoreError;
use crate::storage::slices::{ConversionOfDay, DayCount, Print, SliceCut, Sliced, carry_links, write_day};

/// Days counted in one call, so that other chores get their turn.
const DAYS_MAX: usize = 40;
/// Clicks after which a call ends, for the same reason: about two seconds.
const CLICKS_MAX: i64 = 300_000;
/// A day of so many clicks is counted whenever it changed: about a quarter of a second.
const SMALL_DAY: i64 = 50_000;
/// Milliseconds a larger day rests between two counts, each so many clicks above that: a count reads every click of its day
/// (about 5 µs each), so counting takes a fortieth of one core at most.
const CLICKS_PER_MS: i64 = 5;
/// Longest rest, milliseconds.
const REST_MAX_MS: i64 = 30 * 60_000;
/// Contents of a campaign that keep their name on a day.
const MATERIALS: usize = 60;
/// Regions of a campaign that keep their name on a day.
const REGIONS: usize = 40;
/// Days back that are looked at for what is odd about them.
const LOOK_DAYS: i64 = 31;
/// What the others are summed under.
pub const OTHERS: &str = "…";
/// A link younger than this may have an elder that is not committed yet, milliseconds.
const YOUNG_MS: i64 = 10_000;

/// The smallest click id of an instant: ids sort by it.
pub(in crate::app) fn first_id(ms: i64) -> ClickId {
    let ms = u64::try_from(ms.max(0)).unwrap_or(0).min((1 << 48) - 1);
    ClickId(Uuid::from_u128(u128::from(ms) << 80))
}

/// Monday of the week a day lies in.
pub fn monday_of(day: Date) -> Date {
    let days = i64::from(day.weekday().since(Weekday::Monday));
    day.saturating_sub(days.days())
}

/// Counts the days something was booked on since they were counted, latest first, at most 40 in one call; gives how many.
/// A day of very many clicks is counted less often (see [`rest_ms`]). Safe to call at any time and from several nodes.
pub async fn count_due(app: &App) -> Result<u64, StoreError> {
    let now_ms = app.clock.now_ms();
    let mut tx = app.store.begin().await?;
    carry_links(&mut tx, now_ms - YOUNG_MS).await?;
    tx.commit().await?;
    let known = app.store.prints().await?;
    let (mut done, mut read) = (0, 0);
    for (day, (print, requests)) in prints(app).await?.into_iter().rev() {
        let before = known.get(&day);
        if before.is_some_and(|k| k.print == print) {
            continue;
        }
        // A day never counted rests from the start of the process: a burst is not the time to read it.
        let since = before.map_or(app.started_ms(), |k| k.counted_at);
        if now_ms - since < rest_ms(requests) {
            continue;
        }
        let count = count_day(app, day).await?;
        let mut tx = app.store.begin().await?;
        write_day(&mut tx, day, &print, now_ms, &count).await?;
        tx.commit().await?;
        if i64::from((app.today() - day).get_days()) <= LOOK_DAYS {
            look_at_day(app, day).await?;
        }
        done += 1;
        read += requests;
        if done >= DAYS_MAX || read >= CLICKS_MAX {
            break;
        }
    }
    Ok(done as u64)
}

/// How long a day of so many clicks rests between two counts, milliseconds: 0 up to 50 000, 10 s for 100 000, 3 min for a
/// million, half an hour at most.
fn rest_ms(requests: i64) -> i64 {
    ((requests - SMALL_DAY).max(0) / CLICKS_PER_MS).min(REST_MAX_MS)
}

/// What the hours of each business day sum up to now, and how many clicks they hold.
async fn prints(app: &App) -> Result<BTreeMap<Date, (Print, i64)>, StoreError> {
    let mut sums: BTreeMap<Date, (u64, i64)> = BTreeMap::new();
    let hours = app.store.hour_sums(0, i64::MAX, None, None).await?;
    for hour in hours {
        let c = hour.counts;
        // In zones off the whole hour, an hour belongs to two days.
        let days: BTreeSet<Date> = [hour.hour, hour.hour + 3_599_999]
            .into_iter()
            .filter_map(|ms| Timestamp::from_millisecond(ms).ok())
            .map(|at| app.day_of(at))
            .collect();
        for day in days {
            let (sum, requests) = sums.entry(day).or_insert((0xcbf2_9ce4_8422_2325, 0));
            *requests += c.requests;
            for number in [
                hour.hour, c.requests, c.human, c.valid, c.leads, c.sales, c.amount,
            ] {
                for byte in number.to_le_bytes() {
                    *sum = (*sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
                }
            }
        }
    }
    Ok(sums
        .into_iter()
        .map(|(day, (sum, requests))| (day, (Print(format!("{sum:016x}")), requests)))
        .collect())
}

/// The ids of a business day's clicks, half-open.
pub(in crate::app) fn ids_of(app: &App, day: Date) -> (ClickId, ClickId) {
    let edge = |day: Date| {
        let zoned = day.to_zoned(app.programme.zone.clone());
        first_id(zoned.map_or(0, |z| z.timestamp().as_millisecond()))
    };
    (edge(day), edge(day.tomorrow().unwrap_or(Date::MAX)))
}

async fn count_day(app: &App, day: Date) -> Result<DayCount, StoreError> {
    let (from, to) = ids_of(app, day);
    let mut count = DayCount {
        slices: app.store.count_slices(from, to).await?,
        people: app.store.count_people(from, to).await?,
        cohorts: BTreeMap::new(),
    };
    for conversion in app.store.conversions_of_day(day).await? {
        add_conversion(app, &mut count, &conversion);
    }
    count.slices = bounded(count.slices);
    Ok(count)
}

fn add_conversion(app: &App, count: &mut DayCount, c: &ConversionOfDay) {
    let counts = counted(c.kind, c.status, c.net);
    let Some((campaign, channel)) = c.campaign.clone().filter(|_| !counts.is_zero()) else {
        return;
    };
    if let Some(employee) = c.employee {
        count
            .people
            .entry((employee, channel.clone()))
            .or_default()
            .counts += counts;
    }
    if let Some(first) = c.first
        && let Ok(at) = Timestamp::from_millisecond(first.unix_ms())
    {
        let week = monday_of(app.day_of(at));
        *count.cohorts.entry((week, campaign)).or_default() += counts;
    }
    let cut = SliceCut {
        campaign,
        channel,
        material: c.material.clone(),
        region: c.region.clone(),
    };
    count.slices.entry(cut).or_default().counts += counts;
}

/// Keeps the names of the most clicked contents and regions of each campaign, so that a day has an upper size.
fn bounded(slices: BTreeMap<SliceCut, Sliced>) -> BTreeMap<SliceCut, Sliced> {
    let mut materials: BTreeMap<_, BTreeMap<&str, i64>> = BTreeMap::new();
    let mut regions: BTreeMap<_, BTreeMap<&str, i64>> = BTreeMap::new();
    for (cut, sums) in &slices {
        let weight = sums.counts.requests + sums.counts.leads + sums.counts.sales;
        *materials
            .entry(cut.campaign)
            .or_default()
            .entry(&cut.material)
            .or_default() += weight;
        *regions
            .entry(cut.campaign)
            .or_default()
            .entry(&cut.region)
            .or_default() += weight;
    }
    let keep = |weights: BTreeMap<_, BTreeMap<&str, i64>>, most: usize| -> BTreeSet<(_, String)> {
        let mut kept = BTreeSet::new();
        for (campaign, names) in weights {
            let mut names: Vec<(&str, i64)> = names.into_iter().collect();
            names.sort_by_key(|(name, weight)| (std::cmp::Reverse(*weight), name.to_string()));
            kept.extend(
                names
                    .into_iter()
                    .take(most)
                    .map(|(name, _)| (campaign, name.to_owned())),
            );
        }
        kept
    };
    let materials = keep(materials, MATERIALS);
    let regions = keep(regions, REGIONS);
    let mut out: BTreeMap<SliceCut, Sliced> = BTreeMap::new();
    for (mut cut, sums) in slices {
        if !materials.contains(&(cut.campaign, cut.material.clone())) {
            OTHERS.clone_into(&mut cut.material);
        }
        if !regions.contains(&(cut.campaign, cut.region.clone())) {
            OTHERS.clone_into(&mut cut.region);
        }
        *out.entry(cut).or_default() += sums;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{CampaignId, Counts};
    use crate::storage::slices::Excluded;
    use jiff::civil::date;

    #[test]
    fn a_busy_day_rests_so_that_counting_it_takes_a_fortieth_of_a_core() {
        assert_eq!(rest_ms(0), 0);
        assert_eq!(rest_ms(50_000), 0);
        assert_eq!(rest_ms(100_000), 10_000);
        assert_eq!(rest_ms(1_050_000), 200_000);
        assert_eq!(rest_ms(i64::MAX), REST_MAX_MS);
    }

    #[test]
    fn a_week_begins_on_monday() {
        assert_eq!(monday_of(date(2026, 11, 21)), date(2026, 11, 16));
        assert_eq!(monday_of(date(2026, 11, 16)), date(2026, 11, 16));
    }

    #[test]
    fn a_day_of_very_many_contents_keeps_the_most_clicked_and_sums_the_rest() {
        let slices: BTreeMap<SliceCut, Sliced> = (0..500)
            .map(|n| {
                let cut = SliceCut {
                    campaign: CampaignId(1),
                    channel: "wechat".into(),
                    material: format!("m{n:03}"),
                    region: String::new(),
                };
                let counts = Counts {
                    requests: n,
                    ..Counts::default()
                };
                let excluded = Excluded::default();
                (cut, Sliced { counts, excluded })
            })
            .collect();
        let kept = bounded(slices);
        assert_eq!(kept.len(), MATERIALS + 1);
        let sum: i64 = kept.values().map(|s| s.counts.requests).sum();
        assert_eq!(sum, 499 * 500 / 2, "nothing is lost");
        assert!(kept.keys().any(|c| c.material == "m499") && !kept.keys().any(|c| c.material == "m000"));
    }
}
