//! What is counted, and where it is booked.

use std::collections::BTreeMap;
use std::ops::{AddAssign, Neg};

use jiff::civil::Date;

use crate::domain::{CampaignId, EmployeeId, LinkId};

/// Counts of one slice; differences may be negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Recorded requests of any class.
    pub requests: i64,
    /// Clicks of class human.
    pub human: i64,
    /// Valid clicks.
    pub valid: i64,
    /// Credited leads.
    pub leads: i64,
    /// Credited sales.
    pub sales: i64,
    /// Net sales amount, minor units.
    pub amount: i64,
    /// Points (booked per employee and day only).
    pub points: i64,
}

impl Counts {
    /// Whether nothing changes.
    pub fn is_zero(&self) -> bool {
        *self == Self::default()
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, o: Self) {
        self.requests += o.requests;
        self.human += o.human;
        self.valid += o.valid;
        self.leads += o.leads;
        self.sales += o.sales;
        self.amount += o.amount;
        self.points += o.points;
    }
}

impl Neg for Counts {
    type Output = Self;

    fn neg(self) -> Self {
        Self {
            requests: -self.requests,
            human: -self.human,
            valid: -self.valid,
            leads: -self.leads,
            sales: -self.sales,
            amount: -self.amount,
            points: -self.points,
        }
    }
}

/// Differences to the rollups, gathered over a batch and written in its transaction.
/// Ordered maps: two writers touch rows in one order and cannot deadlock.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Per business day and employee.
    pub employee_day: BTreeMap<(Date, EmployeeId), Counts>,
    /// Per link.
    pub link: BTreeMap<LinkId, Counts>,
    /// Per campaign, channel and hour (first ms, UTC).
    pub campaign_hour: BTreeMap<(CampaignId, String, i64), Counts>,
}

/// Where a click or conversion is booked.
#[derive(Clone, Copy, Debug)]
pub struct Slice<'a> {
    /// Business day of the event.
    pub day: Date,
    /// Instant of the event, milliseconds UTC.
    pub at_ms: i64,
    /// The credited employee; `None` for indirect credit (no place on the board).
    pub employee: Option<EmployeeId>,
    /// The link, when one is known.
    pub link: Option<LinkId>,
    /// The campaign and channel, when known.
    pub campaign: Option<(CampaignId, &'a str)>,
}

impl Tally {
    /// Books a difference in every rollup the slice touches.
    pub fn book(&mut self, slice: &Slice<'_>, counts: Counts) {
        if counts.is_zero() {
            return;
        }
        if let Some(employee) = slice.employee {
            *self.employee_day.entry((slice.day, employee)).or_default() += counts;
        }
        if let Some(link) = slice.link {
            *self.link.entry(link).or_default() += counts;
        }
        if let Some((campaign, channel)) = slice.campaign {
            let hour = slice.at_ms - slice.at_ms.rem_euclid(3_600_000);
            *self
                .campaign_hour
                .entry((campaign, channel.to_owned(), hour))
                .or_default() += counts;
        }
    }

    /// Books points, which exist per employee and day only.
    pub fn book_points(&mut self, day: Date, employee: EmployeeId, points: i64) {
        if points != 0 {
            *self.employee_day.entry((day, employee)).or_default() += Counts {
                points,
                ..Counts::default()
            };
        }
    }
}
