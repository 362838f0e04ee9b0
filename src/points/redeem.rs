//! Whether somebody may redeem an item of the shop now.

use jiff::civil::Date;

use crate::points::earns_on;

/// Why somebody cannot redeem an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bar {
    /// The person has left.
    Left,
    /// Not offered at all.
    OffSale,
    /// Its first day is to come.
    NotYet,
    /// Its last day is over.
    Over,
    /// For other teams.
    OtherTeam,
    /// Nothing is left.
    SoldOut,
    /// The person had as many as the limit allows in its period.
    Limit,
    /// Not enough points.
    Balance,
}

impl Bar {
    /// The word in texts.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Left => "left",
            Self::OffSale => "off-sale",
            Self::NotYet => "not-yet",
            Self::Over => "over",
            Self::OtherTeam => "other-team",
            Self::SoldOut => "sold-out",
            Self::Limit => "limit",
            Self::Balance => "balance",
        }
    }
}

/// An item, as far as it decides.
#[derive(Clone, Copy, Debug)]
pub struct Offer<'a> {
    /// Whether it is offered.
    pub on_sale: bool,
    /// Points.
    pub price: i64,
    /// How many are left; `None`: as many as are asked for.
    pub stock: Option<i64>,
    /// Most per person and period.
    pub limit: Option<i64>,
    /// First business day.
    pub starts_on: Option<Date>,
    /// Last business day.
    pub ends_on: Option<Date>,
    /// For these teams; empty: for everybody.
    pub teams: &'a [i64],
}

/// Who asks, as far as it decides.
#[derive(Clone, Copy, Debug)]
pub struct Asker {
    /// Last working day.
    pub left_on: Option<Date>,
    /// Their team today.
    pub team: Option<i64>,
    /// How many of the item they ordered in the limit's period and did not call off.
    pub had: i64,
    /// Their points.
    pub balance: i64,
}

/// The first thing that stands between a person and an item, the most lasting one first; `None`: go ahead.
pub fn bar(offer: &Offer<'_>, asker: &Asker, today: Date) -> Option<Bar> {
    if !earns_on(today, asker.left_on) {
        Some(Bar::Left)
    } else if !offer.on_sale {
        Some(Bar::OffSale)
    } else if offer.ends_on.is_some_and(|last| last < today) {
        Some(Bar::Over)
    } else if offer.starts_on.is_some_and(|first| today < first) {
        Some(Bar::NotYet)
    } else if !(offer.teams.is_empty() || asker.team.is_some_and(|team| offer.teams.contains(&team))) {
        Some(Bar::OtherTeam)
    } else if offer.stock == Some(0) {
        Some(Bar::SoldOut)
    } else if offer.limit.is_some_and(|most| asker.had >= most) {
        Some(Bar::Limit)
    } else if asker.balance < offer.price {
        Some(Bar::Balance)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn each_thing_that_stands_in_the_way_is_named() {
        let today = date(2026, 11, 21);
        let offer = Offer {
            on_sale: true,
            price: 100,
            stock: Some(1),
            limit: Some(2),
            starts_on: Some(today),
            ends_on: Some(today),
            teams: &[3],
        };
        let asker = Asker {
            left_on: Some(today),
            team: Some(3),
            had: 1,
            balance: 100,
        };
        assert_eq!(bar(&offer, &asker, today), None);
        let yesterday = date(2026, 11, 20);
        let cases = [
            (
                offer,
                Asker {
                    left_on: Some(yesterday),
                    ..asker
                },
                Bar::Left,
            ),
            (
                Offer {
                    on_sale: false,
                    ..offer
                },
                asker,
                Bar::OffSale,
            ),
            (
                Offer {
                    ends_on: Some(yesterday),
                    ..offer
                },
                asker,
                Bar::Over,
            ),
            (
                Offer {
                    starts_on: Some(date(2026, 11, 22)),
                    ends_on: None,
                    ..offer
                },
                asker,
                Bar::NotYet,
            ),
            (
                offer,
                Asker {
                    team: Some(4),
                    ..asker
                },
                Bar::OtherTeam,
            ),
            (offer, Asker { team: None, ..asker }, Bar::OtherTeam),
            (
                Offer {
                    stock: Some(0),
                    ..offer
                },
                asker,
                Bar::SoldOut,
            ),
            (offer, Asker { had: 2, ..asker }, Bar::Limit),
            (offer, Asker { balance: 99, ..asker }, Bar::Balance),
        ];
        for (offer, asker, why) in cases {
            assert_eq!(bar(&offer, &asker, today), Some(why));
        }
        let free = Offer {
            teams: &[],
            stock: None,
            limit: None,
            ..offer
        };
        assert_eq!(
            bar(
                &free,
                &Asker {
                    team: None,
                    had: 99,
                    ..asker
                },
                today
            ),
            None
        );
    }
}
