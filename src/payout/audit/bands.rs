//! `scale` done again: every band looked at from the top, slices added up by the figure in their middle.

use dashu_ratio::RBig;

use crate::payout::block::bands::{Bands, Gap, Method};
use crate::payout::block::scale::Scale;
use crate::payout::num::Num;

use super::eval::{Ground, Why};
use super::meet::meet;
use super::rows::cells;
use super::value::{V, count, part};
use super::{Expect, Redone};

struct Band {
    low: RBig,
    low_in: bool,
    high: Option<RBig>,
    high_in: bool,
    gives: RBig,
}

/// What a measure pays, the rate in force where there is one, and the band reached.
struct Pays {
    amount: RBig,
    rate: Option<RBig>,
    band: Option<usize>,
}

impl Pays {
    const NOTHING: Self = Self {
        amount: RBig::ZERO,
        rate: None,
        band: None,
    };
}

fn plain(bands: &Bands) -> Vec<Band> {
    let one = |b: &crate::payout::block::bands::Band| Band {
        low: b.low.to_rbig(),
        low_in: b.low_in,
        high: b.high.as_ref().map(Num::to_rbig),
        high_in: b.high_in,
        gives: b.gives.to_rbig(),
    };
    bands.list.iter().map(one).collect()
}

fn reached(list: &[Band], x: &RBig) -> Option<usize> {
    let begun = |b: &Band| *x > b.low || (b.low_in && *x == b.low);
    (0..list.len()).rev().find(|n| begun(&list[*n]))
}

/// Whether a band states that `x` is its own.
fn includes(band: &Band, x: &RBig) -> bool {
    let begun = *x > band.low || (band.low_in && *x == band.low);
    let open = band
        .high
        .as_ref()
        .is_none_or(|end| x < end || (band.high_in && x == end));
    begun && open
}

/// The figure in force at `x` and its band: of two that both state `x` as theirs the better one (GC-05): a larger
/// figure pays more, a larger rate on a negative measure less.
fn figure(list: &[Band], x: &RBig, gap: Gap, method: Method) -> Option<(usize, RBig)> {
    let turned = method != Method::Flat && *x < RBig::ZERO;
    let better = |n: usize, than: usize| {
        let (n, than) = (&list[n].gives, &list[than].gives);
        if turned { n < than } else { n > than }
    };
    let last = reached(list, x)?;
    // A band without a stated end goes on to the next one's beginning only.
    let before = (0..last)
        .rev()
        .find(|n| list[*n].high.is_some() && includes(&list[*n], x));
    let n = before.filter(|n| better(*n, last)).unwrap_or(last);
    let band = &list[n];
    let Some(end) = &band.high else {
        return Some((n, band.gives.clone()));
    };
    if x < end || (band.high_in && x == end) || gap == Gap::Lower {
        return Some((n, band.gives.clone()));
    }
    let next = list.get(n + 1)?;
    match gap {
        Gap::None | Gap::Lower => None,
        Gap::Upper => Some((n + 1, next.gives.clone())),
        Gap::Linear => {
            let way = (x - end) / (&next.low - end);
            Some((n, &band.gives + (&next.gives - &band.gives) * way))
        }
    }
}

fn pays(list: &[Band], x: &RBig, method: Method, gap: Gap) -> Pays {
    let in_force = figure(list, x, gap, method);
    match (method, in_force) {
        (Method::Whole, Some((band, rate))) => Pays {
            amount: x * &rate,
            rate: Some(rate),
            band: Some(band),
        },
        (Method::Flat, Some((band, sum))) => Pays {
            amount: sum,
            rate: None,
            band: Some(band),
        },
        (Method::Whole | Method::Flat, None) => Pays::NOTHING,
        (Method::CumulativeFlat, _) => match reached(list, x) {
            Some(band) => Pays {
                amount: list[..=band].iter().fold(RBig::ZERO, |sum, b| sum + &b.gives),
                rate: None,
                band: Some(band),
            },
            None => Pays::NOTHING,
        },
        (Method::Interpolate, _) => match reached(list, x) {
            Some(band) => Pays {
                amount: between(list, band, x),
                rate: None,
                band: Some(band),
            },
            None => Pays::NOTHING,
        },
        (Method::Marginal, in_force) => {
            let (band, rate) = in_force.unzip();
            Pays {
                amount: slices(list, x, gap),
                rate,
                band,
            }
        }
    }
}

fn between(list: &[Band], at: usize, x: &RBig) -> RBig {
    let (here, next) = (&list[at], list.get(at + 1));
    next.map_or(here.gives.clone(), |next| {
        let way = (x - &here.low) / (&next.low - &here.low);
        &here.gives + (&next.gives - &here.gives) * way
    })
}

/// Between two neighbouring bounds the figure is constant or rises evenly, so the one in the middle holds on average.
fn slices(list: &[Band], x: &RBig, gap: Gap) -> RBig {
    let mut bounds: Vec<RBig> = list
        .iter()
        .flat_map(|b| [Some(b.low.clone()), b.high.clone()])
        .flatten()
        .collect();
    bounds.push(x.clone());
    bounds.retain(|b| b <= x);
    bounds.sort();
    bounds.dedup();
    bounds.windows(2).fold(RBig::ZERO, |sum, w| {
        let middle = (&w[0] + &w[1]) * part(1, 2);
        let rate = figure(list, &middle, gap, Method::Marginal).map_or(RBig::ZERO, |f| f.1);
        sum + (&w[1] - &w[0]) * rate
    })
}

pub fn scale(b: &Scale, ground: Ground<'_>) -> Result<Redone, Why> {
    let (Some(bands), Some(method), Some(gap)) = (
        b.bands(ground.params),
        b.method.of(ground.params),
        b.gap.of(ground.params),
    ) else {
        return Err("no bands");
    };
    let list = plain(bands);
    let mut rows = Vec::new();
    let source = &ground.relations[b.from].rows;
    for (at, (row, mut made)) in source.iter().zip(cells(ground, b.from)).enumerate() {
        let sees = ground.sees(&made);
        let value = sees.num(&b.value)?;
        let prior = b.prior.as_ref().map_or(Ok(RBig::ZERO), |c| sees.num(c))?;
        let bounds = bands
            .list
            .iter()
            .flat_map(|b| std::iter::once(&b.low).chain(&b.high));
        for (nth, bound) in bounds.enumerate() {
            meet(&b.value, nth, &V::N(&value + &prior), &V::N(bound.to_rbig()));
        }
        let mut all = pays(&list, &(&value + &prior), method, gap);
        if b.prior.is_some() {
            all.amount -= pays(&list, &prior, method, gap).amount;
        }
        made.push(V::N(all.amount.clone()));
        if b.with_rate {
            made.push(V::N(all.rate.clone().unwrap_or(RBig::ZERO)));
        }
        let mut work = vec![("value", value), ("prior", prior), ("result", all.amount)];
        work.extend(all.rate.map(|r| ("rate", r)));
        work.extend(all.band.map(|n| ("band", count(n))));
        rows.push(Expect::of(row, at, made, work));
    }
    Ok(Redone::of(rows))
}
