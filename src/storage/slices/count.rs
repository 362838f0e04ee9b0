//! Counting a day from its rows, and writing what came out.

use std::collections::BTreeMap;

use jiff::civil::Date;
use sqlx::QueryBuilder;
use uuid::Uuid;

use super::{Excluded, Print, Sliced};
use crate::attribution::{ConversionKind, Status};
use crate::domain::{CampaignId, ClickId, Counts, EmployeeId, Money};
use crate::storage::{Store, StoreError, Tx, convert, reading, writing};

/// Rows per statement: 18 columns × 1 000 stays below SQLite's 32 766 binds.
const ROWS: usize = 1_000;

/// The key of a slice within its day.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SliceCut {
    /// Campaign.
    pub campaign: CampaignId,
    /// Channel.
    pub channel: String,
    /// Material's code; empty: none.
    pub material: String,
    /// `CN/上海`; empty: unknown.
    pub region: String,
}

/// What a person brought on a channel on a day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PersonCut {
    /// What counted; requests are left out.
    pub counts: Counts,
    /// Different visitors.
    pub visitors: i64,
    /// Human clicks out of the busiest network.
    pub network: i64,
}

/// A day, counted.
#[derive(Clone, Debug, Default)]
pub struct DayCount {
    /// By campaign, channel, material and region.
    pub slices: BTreeMap<SliceCut, Sliced>,
    /// By person and channel.
    pub people: BTreeMap<(EmployeeId, String), PersonCut>,
    /// Leads and orders by the Monday of the customer's first known click.
    pub cohorts: BTreeMap<(Date, CampaignId), Counts>,
}

/// A credited conversion as a day's count needs it.
#[derive(Clone, Debug)]
pub struct ConversionOfDay {
    /// The caller's id.
    pub external_id: String,
    /// What.
    pub kind: ConversionKind,
    /// Where it stands.
    pub status: Status,
    /// What is left of the amount.
    pub net: Money,
    /// When, milliseconds UTC.
    pub at: i64,
    /// Who is credited; `None`: indirect, or nobody.
    pub employee: Option<EmployeeId>,
    /// Campaign and channel, when known.
    pub campaign: Option<(CampaignId, String)>,
    /// The link's material.
    pub material: String,
    /// Where the click that credited came from.
    pub region: String,
    /// The click that credited.
    pub touch: Option<ClickId>,
    /// The customer's first known click.
    pub first: Option<ClickId>,
}

#[derive(sqlx::FromRow)]
struct ClickSums {
    campaign_id: i64,
    channel: String,
    material: String,
    region: String,
    requests: i64,
    human: i64,
    valid: i64,
    preview: i64,
    bot: i64,
    prefetch: i64,
    repeated: i64,
    internal: i64,
    own: i64,
    suspect: i64,
}

#[derive(sqlx::FromRow)]
struct ConversionRow {
    external_id: String,
    kind: String,
    status: String,
    amount: i64,
    refunded: i64,
    occurred_at: i64,
    credited_to: Option<i64>,
    campaign_id: Option<i64>,
    channel: Option<String>,
    material: Option<String>,
    region: Option<String>,
    touch_id: Option<Uuid>,
    first_id: Option<Uuid>,
}

macro_rules! region {
    () => {
        "coalesce(p.country || case when p.region <> '' then '/' || p.region else '' end, '')"
    };
}

impl Store {
    /// Clicks from one id up to, not including, another, by campaign, channel, material and region.
    pub async fn count_slices(
        &self,
        from: ClickId,
        to: ClickId,
    ) -> Result<BTreeMap<SliceCut, Sliced>, StoreError> {
        macro_rules! of_class {
            ($class:literal) => {
                concat!(
                    "cast(sum(case when c.class = '",
                    $class,
                    "' then 1 else 0 end) as bigint)"
                )
            };
        }
        let rows: Vec<ClickSums> = reading!(self, |db| {
            sqlx::query_as(concat!(
                "select l.campaign_id, l.channel, l.material, ",
                region!(),
                " as region, count(*) as requests, ",
                of_class!("human"),
                " as human, cast(sum(case when c.valid then 1 else 0 end) as bigint) as valid, ",
                of_class!("preview"),
                " as preview, ",
                of_class!("bot"),
                " as bot, ",
                of_class!("prefetch"),
                " as prefetch, ",
                of_class!("repeat"),
                " as repeated, ",
                of_class!("internal"),
                " as internal, ",
                of_class!("self"),
                " as own, ",
                of_class!("suspect"),
                " as suspect from clicks c join links l on l.id = c.link_id \
                 left join click_places p on p.id = c.place_id where c.id >= $1 and c.id < $2 \
                 group by l.campaign_id, l.channel, l.material, ",
                region!()
            ))
            .bind(from.0)
            .bind(to.0)
            .fetch_all(db)
            .await?
        });
        Ok(rows
            .into_iter()
            .map(|r| {
                let cut = SliceCut {
                    campaign: CampaignId(r.campaign_id),
                    channel: r.channel,
                    material: r.material,
                    region: r.region,
                };
                let counts = Counts {
                    requests: r.requests,
                    human: r.human,
                    valid: r.valid,
                    ..Counts::default()
                };
                let excluded = Excluded {
                    preview: r.preview,
                    bot: r.bot,
                    prefetch: r.prefetch,
                    repeated: r.repeated,
                    internal: r.internal,
                    own: r.own,
                    suspect: r.suspect,
                };
                (cut, Sliced { counts, excluded })
            })
            .collect())
    }

    /// The same clicks by credited person and channel.
    pub async fn count_people(
        &self,
        from: ClickId,
        to: ClickId,
    ) -> Result<BTreeMap<(EmployeeId, String), PersonCut>, StoreError> {
        let rows: Vec<(i64, String, i64, i64, i64)> = reading!(self, |db| {
            sqlx::query_as(
                "select c.employee_id, l.channel, count(*), \
                 cast(sum(case when c.valid then 1 else 0 end) as bigint), \
                 count(distinct coalesce(c.visitor, c.visitor_hash)) from clicks c join links l on l.id = c.link_id \
                 where c.id >= $1 and c.id < $2 and c.class = 'human' and c.employee_id is not null \
                 group by c.employee_id, l.channel",
            )
            .bind(from.0)
            .bind(to.0)
            .fetch_all(db)
            .await?
        });
        let networks: Vec<(i64, String, i64)> = reading!(self, |db| {
            sqlx::query_as(
                "select employee_id, channel, cast(max(n) as bigint) from (select c.employee_id, l.channel, c.network, \
                 count(*) as n from clicks c join links l on l.id = c.link_id where c.id >= $1 and c.id < $2 \
                 and c.class = 'human' and c.employee_id is not null and c.network is not null \
                 group by c.employee_id, l.channel, c.network) as x group by employee_id, channel",
            )
            .bind(from.0)
            .bind(to.0)
            .fetch_all(db)
            .await?
        });
        let mut people: BTreeMap<(EmployeeId, String), PersonCut> = BTreeMap::new();
        for (employee, channel, human, valid, visitors) in rows {
            let cut = people.entry((EmployeeId(employee), channel)).or_default();
            cut.counts.human = human;
            cut.counts.valid = valid;
            cut.visitors = visitors;
        }
        for (employee, channel, most) in networks {
            people.entry((EmployeeId(employee), channel)).or_default().network = most;
        }
        Ok(people)
    }

    /// What was booked on a business day, credited or not, with the click behind it.
    pub async fn conversions_of_day(&self, day: Date) -> Result<Vec<ConversionOfDay>, StoreError> {
        let rows: Vec<ConversionRow> = reading!(self, |db| {
            sqlx::query_as(concat!(
                "select v.external_id, v.kind, v.status, v.amount, v.refunded, v.occurred_at, v.credited_to, v.campaign_id, \
                 v.channel, l.material, ",
                region!(),
                " as region, v.touch_id, \
                 (select w.touch_id from conversions w where w.customer_id = v.customer_id and w.touch_id is not null \
                 and w.occurred_at <= v.occurred_at order by w.touch_id limit 1) as first_id \
                 from conversions v left join links l on l.id = v.link_id left join clicks k on k.id = v.touch_id \
                 left join click_places p on p.id = k.place_id where v.day = $1 order by v.id"
            ))
            .bind(day.to_string())
            .fetch_all(db)
            .await?
        });
        rows.into_iter()
            .map(|r| {
                Ok(ConversionOfDay {
                    external_id: r.external_id,
                    kind: convert::word("conversions", "kind", r.kind)?,
                    status: convert::word("conversions", "status", r.status)?,
                    net: Money::from_minor(r.amount - r.refunded),
                    at: r.occurred_at,
                    employee: r.credited_to.map(EmployeeId),
                    campaign: r.campaign_id.map(CampaignId).zip(r.channel),
                    material: r.material.unwrap_or_default(),
                    region: r.region.unwrap_or_default(),
                    touch: r.touch_id.map(ClickId),
                    first: r.first_id.or(r.touch_id).map(ClickId),
                })
            })
            .collect()
    }
}

/// Figures in the order of the columns.
fn numbers(sums: &Sliced) -> [i64; 13] {
    let (c, e) = (&sums.counts, &sums.excluded);
    [
        c.requests, c.human, c.valid, e.preview, e.bot, e.prefetch, e.repeated, e.internal, e.own, e.suspect,
        c.leads, c.sales, c.amount,
    ]
}

/// The slices summed by one side alone, each side.
fn sides_of(slices: &BTreeMap<SliceCut, Sliced>) -> BTreeMap<(&'static str, CampaignId, &str), Sliced> {
    let mut sides: BTreeMap<(&'static str, CampaignId, &str), Sliced> = BTreeMap::new();
    for (cut, sums) in slices {
        for (side, key) in [
            ("channel", cut.channel.as_str()),
            ("material", cut.material.as_str()),
            ("region", cut.region.as_str()),
        ] {
            *sides.entry((side, cut.campaign, key)).or_default() += *sums;
        }
    }
    sides
}

/// Writes a day's count in place of the one before.
pub async fn write_day(
    tx: &mut Tx,
    day: Date,
    print: &Print,
    counted_at: i64,
    count: &DayCount,
) -> Result<(), StoreError> {
    let text = day.to_string();
    let done = writing!(tx, |db| {
        // First, so that two nodes counting one day do it one after the other.
        let done = sqlx::query(
            "insert into slice_days (day, print, counted_at) values ($1, $2, $3) \
             on conflict (day) do update set print = excluded.print, counted_at = excluded.counted_at",
        )
        .bind(&text)
        .bind(&print.0)
        .bind(counted_at)
        .execute(&mut *db)
        .await?
        .rows_affected();
        for old in [
            "delete from slices where day = $1",
            "delete from slice_sides where day = $1 and side in ('channel', 'material', 'region')",
            "delete from person_slices where day = $1",
            "delete from cohort_slices where day = $1",
        ] {
            let gone = sqlx::query(old)
                .bind(&text)
                .execute(&mut *db)
                .await?
                .rows_affected();
            tracing::trace!(gone, "rows of an older count");
        }
        done
    });
    StoreError::check_rows("slice_days", done, 1)?;
    let slices: Vec<_> = count.slices.iter().collect();
    for chunk in slices.chunks(ROWS) {
        writing!(tx, |db| {
            let mut q = QueryBuilder::new(
                "insert into slices (day, campaign_id, channel, material, region, requests, human, valid, preview, bot, \
                 prefetch, repeated, internal, own, suspect, leads, sales, amount) ",
            );
            q.push_values(chunk, |mut row, (cut, sums)| {
                row.push_bind(&text)
                    .push_bind(cut.campaign.0)
                    .push_bind(&cut.channel);
                row.push_bind(&cut.material).push_bind(&cut.region);
                for number in numbers(sums) {
                    row.push_bind(number);
                }
            });
            let done = q.build().execute(db).await?.rows_affected();
            StoreError::check_rows("slices", done, chunk.len() as u64)?;
        });
    }
    let sides: Vec<_> = sides_of(&count.slices).into_iter().collect();
    for chunk in sides.chunks(ROWS) {
        writing!(tx, |db| {
            let mut q = QueryBuilder::new(
                "insert into slice_sides (side, day, campaign_id, key, requests, human, valid, preview, bot, \
                 prefetch, repeated, internal, own, suspect, leads, sales, amount) ",
            );
            q.push_values(chunk, |mut row, ((side, campaign, key), sums)| {
                row.push_bind(*side)
                    .push_bind(&text)
                    .push_bind(campaign.0)
                    .push_bind(*key);
                for number in numbers(sums) {
                    row.push_bind(number);
                }
            });
            let done = q.build().execute(db).await?.rows_affected();
            StoreError::check_rows("slice_sides", done, chunk.len() as u64)?;
        });
    }
    let people: Vec<_> = count.people.iter().collect();
    for chunk in people.chunks(ROWS) {
        writing!(tx, |db| {
            let mut q = QueryBuilder::new(
                "insert into person_slices (day, employee_id, channel, human, valid, visitors, network, leads, sales, amount) ",
            );
            q.push_values(chunk, |mut row, ((employee, channel), cut)| {
                row.push_bind(&text).push_bind(employee.0).push_bind(channel);
                let c = &cut.counts;
                for number in [
                    c.human,
                    c.valid,
                    cut.visitors,
                    cut.network,
                    c.leads,
                    c.sales,
                    c.amount,
                ] {
                    row.push_bind(number);
                }
            });
            let done = q.build().execute(db).await?.rows_affected();
            StoreError::check_rows("person_slices", done, chunk.len() as u64)?;
        });
    }
    let cohorts: Vec<_> = count.cohorts.iter().collect();
    for chunk in cohorts.chunks(ROWS) {
        writing!(tx, |db| {
            let mut q = QueryBuilder::new(
                "insert into cohort_slices (day, week, campaign_id, leads, sales, amount) ",
            );
            q.push_values(chunk, |mut row, ((week, campaign), c)| {
                row.push_bind(&text)
                    .push_bind(week.to_string())
                    .push_bind(campaign.0);
                row.push_bind(c.leads).push_bind(c.sales).push_bind(c.amount);
            });
            let done = q.build().execute(db).await?.rows_affected();
            StoreError::check_rows("cohort_slices", done, chunk.len() as u64)?;
        });
    }
    Ok(())
}

/// Forgets that a day was counted, so that the chore counts it again: for changes the hours do not show (a class that
/// never counted became another that does not).
pub async fn forget_day(tx: &mut Tx, day: Date) -> Result<(), StoreError> {
    let known = writing!(tx, |db| {
        sqlx::query("update slice_days set print = '' where day = $1")
            .bind(day.to_string())
            .execute(db)
            .await?
            .rows_affected()
    });
    tracing::trace!(known, %day, "to be counted again");
    Ok(())
}
