//! Slices as pages read them: sums over days, by one of their sides.

use std::collections::BTreeMap;

use jiff::civil::Date;
use sqlx::QueryBuilder;

use super::{Excluded, Sliced};
use crate::domain::{CampaignId, Counts, EmployeeId};
use crate::storage::{Store, StoreError, convert, reading};

/// What the hours of a day sum up to: another print, another count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Print(pub String);

/// A day's print when it was counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrintOfDay {
    /// The print.
    pub print: Print,
    /// When it was counted, milliseconds UTC.
    pub counted_at: i64,
}

/// By which side slices are summed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// Campaign, by its slug.
    Campaign,
    /// Channel.
    Channel,
    /// Material, by its code.
    Material,
    /// Region.
    Region,
}

/// Which slices are summed; `None` is all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CutFilter {
    /// First business day.
    pub first: Date,
    /// Last business day + 1.
    pub end: Date,
    /// One campaign.
    pub campaign: Option<CampaignId>,
    /// One channel.
    pub channel: Option<String>,
    /// One material.
    pub material: Option<String>,
    /// One region.
    pub region: Option<String>,
}

/// A side's sum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CutSum {
    /// The slug, channel, material or region; of material prefixed by its campaign's slug: `winter/m1`.
    pub key: String,
    /// The sums.
    pub sums: Sliced,
}

/// An hour's sum over campaigns and channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HourSum {
    /// Its first millisecond, UTC.
    pub hour: i64,
    /// The sums.
    pub counts: Counts,
}

/// What a person brought on a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonSum {
    /// Who.
    pub employee: EmployeeId,
    /// Where.
    pub channel: String,
    /// What; requests are left out.
    pub counts: Counts,
    /// Visitors, each day's summed.
    pub visitors: i64,
    /// Clicks out of the busiest network of each day, summed.
    pub network: i64,
}

/// Leads and orders of a day that go back to a week.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CohortSum {
    /// Monday of the customer's first known click.
    pub week: Date,
    /// Business day of the lead or order.
    pub day: Date,
    /// How many, how much.
    pub counts: Counts,
}

impl CutFilter {
    /// Whether it narrows to days and a campaign alone.
    pub fn is_plain(&self) -> bool {
        self.channel.is_none() && self.material.is_none() && self.region.is_none()
    }
}

/// The figures of a slice.
const COLUMNS: [&str; 13] = [
    "requests", "human", "valid", "preview", "bot", "prefetch", "repeated", "internal", "own", "suspect",
    "leads", "sales", "amount",
];

/// Rows summed by one side.
fn by_side(by: Cut, rows: &[SumRow]) -> Vec<CutSum> {
    let mut sums: BTreeMap<String, Sliced> = BTreeMap::new();
    for row in rows {
        let key = match by {
            Cut::Campaign => row.slug.clone(),
            Cut::Channel => row.channel.clone(),
            Cut::Material => format!("{}/{}", row.slug, row.material),
            Cut::Region => row.region.clone(),
        };
        *sums.entry(key).or_default() += row.sliced();
    }
    sums.into_iter().map(|(key, sums)| CutSum { key, sums }).collect()
}

#[derive(sqlx::FromRow)]
struct SumRow {
    slug: String,
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
    leads: i64,
    sales: i64,
    amount: i64,
}

impl SumRow {
    fn sliced(&self) -> Sliced {
        Sliced {
            counts: Counts {
                requests: self.requests,
                human: self.human,
                valid: self.valid,
                leads: self.leads,
                sales: self.sales,
                amount: self.amount,
                points: 0,
            },
            excluded: Excluded {
                preview: self.preview,
                bot: self.bot,
                prefetch: self.prefetch,
                repeated: self.repeated,
                internal: self.internal,
                own: self.own,
                suspect: self.suspect,
            },
        }
    }
}

impl Store {
    /// The hours of a span summed per campaign and channel filter, in order; milliseconds UTC, whole hours, half-open.
    pub async fn hour_sums(
        &self,
        from: i64,
        to: i64,
        campaign: Option<CampaignId>,
        channel: Option<&str>,
    ) -> Result<Vec<HourSum>, StoreError> {
        type Row = (i64, i64, i64, i64, i64, i64, i64);
        let rows: Vec<Row> = reading!(self, |db| {
            let mut q = QueryBuilder::new(
                "select hour, cast(sum(requests) as bigint), cast(sum(human) as bigint), cast(sum(valid) as bigint), \
                 cast(sum(leads) as bigint), cast(sum(sales) as bigint), cast(sum(amount) as bigint) \
                 from campaign_hour where hour >= ",
            );
            q.push_bind(from).push(" and hour < ").push_bind(to);
            if let Some(campaign) = campaign {
                q.push(" and campaign_id = ").push_bind(campaign.0);
            }
            if let Some(channel) = channel {
                q.push(" and channel = ").push_bind(channel);
            }
            q.push(" group by hour order by hour");
            q.build_query_as().fetch_all(db).await?
        });
        Ok(rows
            .into_iter()
            .map(|(hour, requests, human, valid, leads, sales, amount)| HourSum {
                hour,
                counts: Counts {
                    requests,
                    human,
                    valid,
                    leads,
                    sales,
                    amount,
                    points: 0,
                },
            })
            .collect())
    }

    /// First hour anything was booked on, milliseconds UTC.
    pub async fn first_hour(&self) -> Result<Option<i64>, StoreError> {
        let (hour,): (Option<i64>,) = reading!(self, |db| {
            sqlx::query_as("select min(hour) from campaign_hour")
                .fetch_one(db)
                .await?
        });
        Ok(hour)
    }

    /// The prints of the days that were counted.
    pub async fn prints(&self) -> Result<BTreeMap<Date, PrintOfDay>, StoreError> {
        let rows: Vec<(String, String, i64)> = reading!(self, |db| {
            sqlx::query_as("select day, print, counted_at from slice_days")
                .fetch_all(db)
                .await?
        });
        rows.into_iter()
            .map(|(day, print, counted_at)| {
                let print = Print(print);
                Ok((
                    convert::day("slice_days", "day", day)?,
                    PrintOfDay { print, counted_at },
                ))
            })
            .collect()
    }

    /// When the days of a span were last counted; `None`: not yet.
    pub async fn counted_at(&self, first: Date, end: Date) -> Result<Option<i64>, StoreError> {
        let (at,): (Option<i64>,) = reading!(self, |db| {
            sqlx::query_as("select max(counted_at) from slice_days where day >= $1 and day < $2")
                .bind(first.to_string())
                .bind(end.to_string())
                .fetch_one(db)
                .await?
        });
        Ok(at)
    }

    /// Slices summed by one side, in the order of their keys. Days and a campaign alone are read out of sums by that side.
    pub async fn cut_sums(&self, by: Cut, filter: &CutFilter) -> Result<Vec<CutSum>, StoreError> {
        let found = if filter.is_plain() {
            self.side_rows(by, filter).await?
        } else {
            self.cross_rows(filter).await?
        };
        Ok(by_side(by, &found))
    }

    /// Slices summed by every side: campaigns, channels, materials, regions.
    pub async fn all_cut_sums(&self, filter: &CutFilter) -> Result<[Vec<CutSum>; 4], StoreError> {
        if filter.is_plain() {
            let channels = self.side_rows(Cut::Channel, filter).await?;
            let materials = self.side_rows(Cut::Material, filter).await?;
            let regions = self.side_rows(Cut::Region, filter).await?;
            return Ok([
                by_side(Cut::Campaign, &channels),
                by_side(Cut::Channel, &channels),
                by_side(Cut::Material, &materials),
                by_side(Cut::Region, &regions),
            ]);
        }
        let all = self.cross_rows(filter).await?;
        Ok([Cut::Campaign, Cut::Channel, Cut::Material, Cut::Region].map(|by| by_side(by, &all)))
    }

    /// Sums by campaign and one side.
    async fn side_rows(&self, by: Cut, filter: &CutFilter) -> Result<Vec<SumRow>, StoreError> {
        let side = match by {
            Cut::Campaign | Cut::Channel => "channel",
            Cut::Material => "material",
            Cut::Region => "region",
        };
        Ok(reading!(self, |db| {
            let mut q = QueryBuilder::new(
                "select g.slug, x.* from (select campaign_id, key as channel, key as material, key as region",
            );
            for column in COLUMNS {
                q.push(", cast(sum(")
                    .push(column)
                    .push(") as bigint) as ")
                    .push(column);
            }
            q.push(" from slice_sides where side = ").push_bind(side);
            q.push(" and day >= ").push_bind(filter.first.to_string());
            q.push(" and day < ").push_bind(filter.end.to_string());
            if let Some(campaign) = filter.campaign {
                q.push(" and campaign_id = ").push_bind(campaign.0);
            }
            q.push(" group by campaign_id, key) as x join campaigns g on g.id = x.campaign_id");
            q.build_query_as().fetch_all(db).await?
        }))
    }

    /// Sums by every side at once, where several sides are narrowed.
    async fn cross_rows(&self, filter: &CutFilter) -> Result<Vec<SumRow>, StoreError> {
        Ok(reading!(self, |db| {
            let mut q =
                QueryBuilder::new("select g.slug, x.* from (select campaign_id, channel, material, region");
            for column in COLUMNS {
                q.push(", cast(sum(")
                    .push(column)
                    .push(") as bigint) as ")
                    .push(column);
            }
            q.push(" from slices where day >= ")
                .push_bind(filter.first.to_string());
            q.push(" and day < ").push_bind(filter.end.to_string());
            if let Some(campaign) = filter.campaign {
                q.push(" and campaign_id = ").push_bind(campaign.0);
            }
            for (column, value) in [
                (" and channel = ", &filter.channel),
                (" and material = ", &filter.material),
                (" and region = ", &filter.region),
            ] {
                if let Some(value) = value {
                    q.push(column).push_bind(value);
                }
            }
            q.push(" group by campaign_id, channel, material, region) as x join campaigns g on g.id = x.campaign_id");
            q.build_query_as().fetch_all(db).await?
        }))
    }

    /// What people brought from `first` up to, not including, `end`, by channel.
    pub async fn person_sums(&self, first: Date, end: Date) -> Result<Vec<PersonSum>, StoreError> {
        type Row = (i64, String, i64, i64, i64, i64, i64, i64, i64);
        let rows: Vec<Row> = reading!(self, |db| {
            sqlx::query_as(
                "select employee_id, channel, cast(sum(human) as bigint), cast(sum(valid) as bigint), \
                 cast(sum(visitors) as bigint), cast(sum(network) as bigint), cast(sum(leads) as bigint), \
                 cast(sum(sales) as bigint), cast(sum(amount) as bigint) from person_slices \
                 where day >= $1 and day < $2 group by employee_id, channel order by employee_id, channel",
            )
            .bind(first.to_string())
            .bind(end.to_string())
            .fetch_all(db)
            .await?
        });
        Ok(rows
            .into_iter()
            .map(
                |(employee, channel, human, valid, visitors, network, leads, sales, amount)| PersonSum {
                    employee: EmployeeId(employee),
                    channel,
                    counts: Counts {
                        human,
                        valid,
                        leads,
                        sales,
                        amount,
                        ..Counts::default()
                    },
                    visitors,
                    network,
                },
            )
            .collect())
    }

    /// Leads and orders whose customers first clicked in the weeks from `first` up to, not including, `end`.
    pub async fn cohort_sums(
        &self,
        first: Date,
        end: Date,
        campaign: Option<CampaignId>,
    ) -> Result<Vec<CohortSum>, StoreError> {
        type Row = (String, String, i64, i64, i64);
        let rows: Vec<Row> = reading!(self, |db| {
            let mut q = QueryBuilder::new(
                "select week, day, cast(sum(leads) as bigint), cast(sum(sales) as bigint), \
                 cast(sum(amount) as bigint) from cohort_slices where day >= ",
            );
            // Nothing comes before its click.
            q.push_bind(first.to_string());
            q.push(" and week >= ").push_bind(first.to_string());
            q.push(" and week < ").push_bind(end.to_string());
            if let Some(campaign) = campaign {
                q.push(" and campaign_id = ").push_bind(campaign.0);
            }
            q.push(" group by week, day");
            q.build_query_as().fetch_all(db).await?
        });
        rows.into_iter()
            .map(|(week, day, leads, sales, amount)| {
                Ok(CohortSum {
                    week: convert::day("cohort_slices", "week", week)?,
                    day: convert::day("cohort_slices", "day", day)?,
                    counts: Counts {
                        leads,
                        sales,
                        amount,
                        ..Counts::default()
                    },
                })
            })
            .collect()
    }

    /// People's rows of days, for trends: business day, person, human clicks, valid clicks, leads, orders.
    pub async fn people_days(
        &self,
        first: Date,
        end: Date,
    ) -> Result<Vec<(Date, EmployeeId, Counts)>, StoreError> {
        type Row = (String, i64, i64, i64, i64, i64, i64, i64);
        let rows: Vec<Row> = reading!(self, |db| {
            sqlx::query_as(
                "select day, employee_id, requests, human, valid, leads, sales, amount from employee_day \
                 where day >= $1 and day < $2",
            )
            .bind(first.to_string())
            .bind(end.to_string())
            .fetch_all(db)
            .await?
        });
        rows.into_iter()
            .map(|(day, employee, requests, human, valid, leads, sales, amount)| {
                let counts = Counts {
                    requests,
                    human,
                    valid,
                    leads,
                    sales,
                    amount,
                    points: 0,
                };
                Ok((
                    convert::day("employee_day", "day", day)?,
                    EmployeeId(employee),
                    counts,
                ))
            })
            .collect()
    }
}
