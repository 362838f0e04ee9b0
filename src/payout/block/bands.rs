//! Bands: from where to where a rate or a lump sum holds, and how much that pays.

use crate::payout::num::Num;
use crate::payout::raw::{At, Refused};
use crate::payout::setting::read_num;
use crate::payout::value::Type;

/// Bands in rising order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bands {
    pub list: Vec<Band>,
}

/// One band.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Band {
    /// Where it begins.
    pub low: Num,
    /// Whether the beginning belongs to it (`from`), else `over`.
    pub low_in: bool,
    /// Where it is stated to end.
    pub high: Option<Num>,
    /// Whether the end belongs to it (`upto`), else `below`.
    pub high_in: bool,
    /// The rate or amount.
    pub gives: Num,
}

/// How a band's figure is applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// The reached rate on the whole measure.
    Whole,
    /// Each slice at its own rate.
    Marginal,
    /// The reached lump sum.
    Flat,
    /// All lump sums up to the reached one.
    CumulativeFlat,
    /// Between two bands' lump sums, in proportion.
    Interpolate,
}

/// What holds between a stated end and the next beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gap {
    /// The lower band goes on (GC-06).
    Lower,
    /// Nothing is paid.
    None,
    /// The next band holds already.
    Upper,
    /// The figure rises evenly.
    Linear,
}

pub const METHODS: [(&str, Method); 5] = [
    ("whole", Method::Whole),
    ("marginal", Method::Marginal),
    ("flat", Method::Flat),
    ("cumulative_flat", Method::CumulativeFlat),
    ("interpolate", Method::Interpolate),
];
pub const GAPS: [(&str, Gap); 4] = [
    ("lower", Gap::Lower),
    ("none", Gap::None),
    ("upper", Gap::Upper),
    ("linear", Gap::Linear),
];

/// Most bands of one scale.
pub const BANDS_MAX: usize = 1_000;

/// Reads a list of `{ from|over, upto|below, gives }` and proves it: rising, no overlap beyond a shared point, where the
/// better of the two holds (GC-05).
pub fn read_bands(at: At<'_>, of: Type, gives: Type) -> Result<Bands, Refused> {
    let count = at.list_len()?;
    if count == 0 || count > BANDS_MAX {
        return Err(at.refuse(format!("{count} bands"), format!("1 to {BANDS_MAX} bands")));
    }
    let mut list: Vec<Band> = Vec::with_capacity(count);
    at.each(|_, item| {
        item.only(&["from", "over", "upto", "below", "gives"])?;
        let num = |key: &str| item.get(key, |v| read_num(v, of));
        let (low, low_in) = match (num("from")?, num("over")?) {
            (Some(n), None) => (n, true),
            (None, Some(n)) => (n, false),
            _ => {
                return Err(item.refuse(
                    "a band without exactly one beginning",
                    "`from` (with the number itself) or `over` (without it)",
                ));
            }
        };
        let (high, high_in) = match (num("upto")?, num("below")?) {
            (Some(n), None) => (Some(n), true),
            (None, Some(n)) => (Some(n), false),
            (None, None) => (None, false),
            _ => {
                return Err(item.refuse(
                    "a band with two ends",
                    "`upto` (with the number itself) or `below` (without it)",
                ));
            }
        };
        let Some(gives) = item.get("gives", |v| read_num(v, gives))? else {
            return Err(item.refuse("`gives` is missing", format!("`gives`: {}", gives.word())));
        };
        if high
            .as_ref()
            .is_some_and(|h| h < &low || (h == &low && !(low_in && high_in)))
        {
            return Err(item.refuse("a band that ends before it begins", "an end above its beginning"));
        }
        if let Some(before) = list.last() {
            if low < before.low || (low == before.low && (low_in || !before.low_in)) {
                return Err(item.refuse(
                    format!("a band from {low} after one from {}", before.low),
                    "bands in rising order, each beginning once",
                ));
            }
            if let Some(end) = before.high.as_ref().filter(|h| **h > low) {
                return Err(item.refuse(
                    format!("overlap: the band before goes to {end}, this one begins at {low}"),
                    format!(
                        "a beginning at or above {end}; both may share {end} itself, the better of the two then holds there"
                    ),
                ));
            }
        }
        list.push(Band {
            low,
            low_in,
            high,
            high_in,
            gives,
        });
        Ok(())
    })?;
    Ok(Bands { list })
}

/// What a scale gives for a measure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    pub pays: Num,
    /// The rate in force at the measure, where there is one.
    pub rate: Option<Num>,
    /// The band reached, from 0.
    pub band: Option<usize>,
}

impl Bands {
    /// The last band whose beginning the measure has reached.
    fn reached(&self, x: &Num) -> Option<usize> {
        let after = self
            .list
            .partition_point(|b| if b.low_in { &b.low <= x } else { &b.low < x });
        after.checked_sub(1)
    }

    /// The band in force where `x` has been reached. Where the one before includes `x` as well, the better for the payee
    /// holds (GC-05): the larger figure, or the smaller rate where the measure itself is negative.
    fn in_force(&self, x: &Num, by_rate: bool) -> Option<usize> {
        let at = self.reached(x)?;
        let before = at.checked_sub(1).filter(|b| {
            let band = &self.list[*b];
            band.high_in && band.high.as_ref() == Some(x)
        });
        let Some(before) = before else {
            return Some(at);
        };
        let (earlier, later) = (&self.list[before].gives, &self.list[at].gives);
        let keeps = if by_rate && x.is_negative() {
            earlier < later
        } else {
            earlier > later
        };
        Some(if keeps { before } else { at })
    }

    /// Band and figure at `x`: `None` below the first band or in a gap that pays nothing.
    fn figure(&self, x: &Num, gap: Gap, by_rate: bool) -> Option<(usize, Num)> {
        let at = self.in_force(x, by_rate)?;
        let band = &self.list[at];
        let past = band
            .high
            .as_ref()
            .filter(|h| if band.high_in { x > *h } else { x >= *h });
        let Some(end) = past else {
            return Some((at, band.gives.clone()));
        };
        let next = self.list.get(at + 1);
        match (gap, next) {
            (Gap::Lower, _) => Some((at, band.gives.clone())),
            (Gap::None, _) | (_, None) => None,
            (Gap::Upper, Some(next)) => Some((at + 1, next.gives.clone())),
            (Gap::Linear, Some(next)) => {
                let part = (x - end).over(&(&next.low - end)).unwrap_or_default();
                Some((at, &band.gives + &((&next.gives - &band.gives) * part)))
            }
        }
    }

    /// What a cumulative measure pays.
    pub fn pays(&self, x: &Num, method: Method, gap: Gap) -> Given {
        let nothing = Given {
            pays: Num::ZERO,
            rate: None,
            band: None,
        };
        match method {
            Method::Whole => self.figure(x, gap, true).map_or(nothing, |(band, rate)| Given {
                pays: x * &rate,
                rate: Some(rate),
                band: Some(band),
            }),
            Method::Flat => self.figure(x, gap, false).map_or(nothing, |(band, sum)| Given {
                pays: sum,
                rate: None,
                band: Some(band),
            }),
            Method::CumulativeFlat => match self.reached(x) {
                Some(at) => Given {
                    pays: self.list[..=at].iter().map(|b| &b.gives).sum(),
                    rate: None,
                    band: Some(at),
                },
                None => nothing,
            },
            Method::Marginal => self.marginal(x, gap),
            Method::Interpolate => self.interpolate(x),
        }
    }

    /// Slices: band i holds from its beginning to the next one's, the gap between as `gap` says.
    fn marginal(&self, x: &Num, gap: Gap) -> Given {
        let mut pays = Num::ZERO;
        for (at, band) in self.list.iter().enumerate() {
            if x <= &band.low {
                break;
            }
            let next = self.list.get(at + 1);
            let stated = band.high.as_ref();
            let end = match (gap, stated, next) {
                (Gap::Lower, _, next) | (_, None, next) => next.map(|n| &n.low),
                (_, Some(end), _) => Some(end),
            };
            let upper = end.map_or(x, |e| if e < x { e } else { x });
            pays = pays + (upper - &band.low) * &band.gives;
            // What lies between the stated end and the next beginning.
            if let (Some(end), Some(next)) = (stated, next)
                && x > end
                && gap != Gap::Lower
            {
                let upper = if &next.low < x { &next.low } else { x };
                let width = upper - end;
                let rate = match gap {
                    Gap::Upper => next.gives.clone(),
                    Gap::Linear => {
                        let part = width.over(&(&next.low - end)).unwrap_or_default();
                        let at_top = &band.gives + &((&next.gives - &band.gives) * part);
                        (&band.gives + &at_top) * Num::ratio(1, 2).unwrap_or_default()
                    }
                    _ => Num::ZERO,
                };
                pays = pays + width * rate;
            }
        }
        let figure = self.figure(x, gap, true);
        Given {
            pays,
            rate: figure.as_ref().map(|f| f.1.clone()),
            band: figure.map(|f| f.0),
        }
    }

    fn interpolate(&self, x: &Num) -> Given {
        let Some(at) = self.reached(x) else {
            return Given {
                pays: Num::ZERO,
                rate: None,
                band: None,
            };
        };
        let band = &self.list[at];
        let pays = match self.list.get(at + 1) {
            Some(next) => {
                let part = (x - &band.low).over(&(&next.low - &band.low)).unwrap_or_default();
                &band.gives + &((&next.gives - &band.gives) * part)
            }
            None => band.gives.clone(),
        };
        Given {
            pays,
            rate: None,
            band: Some(at),
        }
    }

    /// Stated ends before the next beginning: (end, next beginning).
    pub fn gaps(&self) -> Vec<(Num, Num)> {
        self.list
            .windows(2)
            .filter_map(|w| {
                w[0].high
                    .clone()
                    .filter(|h| h < &w[1].low)
                    .map(|h| (h, w[1].low.clone()))
            })
            .collect()
    }

    /// Beginnings of bands.
    pub fn thresholds(&self) -> Vec<Num> {
        self.list.iter().map(|b| b.low.clone()).collect()
    }
}
