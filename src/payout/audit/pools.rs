//! `allocate`, `limit` and `release` done again.

use std::collections::BTreeMap;

use dashu_ratio::RBig;

use crate::payout::block::allocate::Allocate;
use crate::payout::block::derive::visit;
use crate::payout::block::limit::{Excess, Limit};
use crate::payout::block::release::{OnFail, Release, Rest};
use crate::payout::expr::code::Code;
use crate::payout::num::Mode;
use crate::payout::relation::{OutPolicy, Row, numbered};
use crate::payout::value::Value;

use super::eval::{Ground, Why};
use super::meet::meet;
use super::rows::{cells, in_order, picked};
use super::shares::{Claim, give, give_within};
use super::value::{V, count, part, rounded};
use super::{Expect, Redone};

pub fn allocate(b: &Allocate, ground: Ground<'_>) -> Result<Redone, Why> {
    let source = &ground.relations[b.from].rows;
    let all = cells(ground, b.from);
    let hundredths = if b.money { b.unit.of(ground.params) } else { None };
    let unit = hundredths.map_or(RBig::ONE, |h| RBig::from(h) / RBig::from(100));
    let mut groups: BTreeMap<Vec<V>, Vec<usize>> = BTreeMap::new();
    if b.per.is_empty() {
        groups.insert(Vec::new(), Vec::new());
    }
    for at in in_order(&all, &b.order) {
        groups.entry(picked(&all[at], &b.per)).or_default().push(at);
    }
    let mut made: Vec<Option<Expect>> = source.iter().map(|_| None).collect();
    let mut residuals = Vec::new();
    for members in groups.values() {
        let total = rounded(&amount(b, ground, &all, members)?, &unit, Mode::HalfUp);
        let claims = claims(b, ground, &all, members, &unit)?;
        let (parts, left) = give_within(&total, &unit, &claims)?;
        let weights = claims.iter().fold(RBig::ZERO, |sum, c| sum + &c.weight);
        let people = claims.iter().filter(|c| c.weight != RBig::ZERO).count();
        for ((at, p), claim) in members.iter().zip(parts).zip(&claims) {
            let row: &Row = &source[*at];
            if let Some(out) = row.out.as_ref().filter(|_| p.result != RBig::ZERO) {
                let held = out.policy == OutPolicy::Hold;
                residuals.push((
                    if held { "held" } else { "withheld" }.to_owned(),
                    p.result.clone(),
                ));
            }
            let mut own = all[*at].clone();
            own.push(V::N(if row.out.is_some() {
                RBig::ZERO
            } else {
                p.result.clone()
            }));
            // Who stands exactly at a bound may be held there or have come there by weight.
            let limited =
                (claim.low.is_some() || claim.high.is_some() || b.cap.is_some() || b.floor.is_some())
                    && p.exact == p.floor;
            let mut work = vec![
                ("total", total.clone()),
                ("weight", claim.weight.clone()),
                ("weights", weights.clone()),
                ("unit", unit.clone()),
                ("exact", p.exact),
                ("floor", p.floor),
                ("extra", count(usize::from(p.extra))),
                ("result", p.result),
                ("people", count(people)),
            ];
            if !limited {
                work.push(("queue", count(p.place)));
            }
            made[*at] = Some(Expect::of(row, *at, own, work));
        }
        if left != RBig::ZERO {
            residuals.push((
                b.nobody.of(ground.params).unwrap_or("company_budget").to_owned(),
                left,
            ));
        }
    }
    Ok(Redone {
        rows: made.into_iter().flatten().collect(),
        residuals,
    })
}

fn amount(b: &Allocate, ground: Ground<'_>, all: &[Vec<V>], members: &[usize]) -> Result<RBig, Why> {
    let amounts: Vec<RBig> = members
        .iter()
        .map(|at| ground.sees(&all[*at]).num(&b.amount))
        .collect::<Result<_, _>>()?;
    if let Some(first) = amounts.first() {
        return if amounts.iter().all(|a| a == first) {
            Ok(first.clone())
        } else {
            Err("rows of one pool with different amounts")
        };
    }
    let mut reads_a_row = false;
    visit(&b.amount, &mut |c| reads_a_row |= matches!(c, Code::Col(_)));
    if reads_a_row {
        Ok(RBig::ZERO)
    } else {
        ground.sees(&[]).num(&b.amount)
    }
}

fn claims(
    b: &Allocate,
    ground: Ground<'_>,
    all: &[Vec<V>],
    members: &[usize],
    unit: &RBig,
) -> Result<Vec<Claim>, Why> {
    let one = |at: &usize| {
        let out = &ground.relations[b.from].rows[*at].out;
        if out.as_ref().is_some_and(|o| o.policy == OutPolicy::Redistribute) {
            return Ok(Claim {
                weight: RBig::ZERO,
                low: None,
                high: None,
            });
        }
        let sees = ground.sees(&all[*at]);
        let limit = |code: &Option<Code>, mode| match code {
            Some(c) => sees.num(c).map(|n| Some(rounded(&n, unit, mode))),
            None => Ok(None),
        };
        Ok(Claim {
            weight: sees.num(&b.weight)?,
            low: limit(&b.floor, Mode::Up)?,
            high: limit(&b.cap, Mode::Down)?,
        })
    };
    members.iter().map(one).collect()
}

pub fn limit(b: &Limit, ground: Ground<'_>) -> Result<Redone, Why> {
    let source = &ground.relations[b.from].rows;
    let all = cells(ground, b.from);
    let excess = b.excess.of(ground.params).unwrap_or(Excess::Drop);
    let fen = part(1, 100);
    let mut after: Vec<RBig> = all.iter().map(|c| c[b.column].num()).collect();
    let mut bounds = vec![(None, None); after.len()];
    let mut groups: BTreeMap<Vec<V>, Vec<usize>> = BTreeMap::new();
    for at in in_order(&all, &b.order) {
        let key = match &b.per {
            None => vec![V::N(count(at))],
            Some(per) => picked(&all[at], per),
        };
        groups.entry(key).or_default().push(at);
    }
    let mut residuals = Vec::new();
    for members in groups.values() {
        let sees = ground.sees(&all[members[0]]);
        let bound = |code: &Option<Code>, mode| match code {
            Some(c) => sees
                .num(c)
                .map(|n| Some(if b.cash { rounded(&n, &fen, mode) } else { n })),
            None => Ok(None),
        };
        let (cap, low) = (bound(&b.cap, Mode::Down)?, bound(&b.floor, Mode::Up)?);
        for (nth, bound) in [&cap, &low].into_iter().enumerate() {
            let Some(bound) = bound else { continue };
            let sum = members.iter().fold(RBig::ZERO, |sum, at| sum + &after[*at]);
            meet(&b.column, nth, &V::N(sum), &V::N(bound.clone()));
        }
        for at in members {
            bounds[*at] = (low.clone(), cap.clone());
            if let Some(low) = low.as_ref().filter(|low| b.per.is_none() && after[*at] < **low) {
                after[*at] = low.clone();
            }
        }
        let Some(cap) = cap else { continue };
        let paid: Vec<usize> = members
            .iter()
            .copied()
            .filter(|at| source[*at].out.is_none())
            .collect();
        let total = paid.iter().fold(RBig::ZERO, |sum, at| sum + &after[*at]);
        if total <= cap || excess == Excess::Warn {
            continue;
        }
        let over = &total - &cap;
        match excess {
            Excess::Scale if b.cash => {
                let weights: Vec<RBig> = paid.iter().map(|at| after[*at].clone()).collect();
                for (at, p) in paid
                    .iter()
                    .zip(give(&cap, &fen, &weights).ok_or("nothing to scale")?)
                {
                    after[*at] = p.result;
                }
            }
            Excess::Scale => {
                for at in &paid {
                    after[*at] = if total == RBig::ZERO {
                        RBig::ZERO
                    } else {
                        &after[*at] * &cap / &total
                    };
                }
            }
            _ => {
                // From the last: everybody keeps what the cap leaves after all before him.
                let mut left = over.clone();
                for at in paid.iter().rev().filter(|at| source[**at].out.is_none()) {
                    let has = if after[*at] > RBig::ZERO {
                        after[*at].clone()
                    } else {
                        RBig::ZERO
                    };
                    let take = if left < has { left.clone() } else { has };
                    after[*at] = &after[*at] - &take;
                    left -= take;
                }
            }
        }
        let account = if excess == Excess::Carry {
            "carried"
        } else {
            "over_cap"
        };
        residuals.push((account.to_owned(), over));
    }
    let rows = source
        .iter()
        .zip(all)
        .zip(after.into_iter().zip(bounds))
        .enumerate();
    let rows = rows.map(|(at, ((row, mut made), (after, (low, high))))| {
        let mut work = vec![("before", made[b.column].num()), ("after", after.clone())];
        work.extend(low.map(|n| ("low", n)));
        work.extend(high.map(|n| ("high", n)));
        made.push(V::N(after));
        Expect::of(row, at, made, work)
    });
    Ok(Redone {
        rows: rows.collect(),
        residuals,
    })
}

pub fn release(b: &Release, ground: Ground<'_>) -> Result<Redone, Why> {
    let unit = b.unit.to_rbig();
    let rest = b.remainder.of(ground.params).unwrap_or(Rest::First);
    let mut redone = Redone::of(Vec::new());
    let source = &ground.relations[b.from].rows;
    for (at, (row, all)) in source.iter().zip(cells(ground, b.from)).enumerate() {
        let sees = ground.sees(&all);
        let total = all[b.column].num();
        let shares: Vec<RBig> = b
            .tranches
            .iter()
            .map(|t| sees.num(&t.share))
            .collect::<Result<_, _>>()?;
        if shares.iter().fold(RBig::ZERO, |a, s| a + s) != RBig::ONE {
            return Err("shares that are not the whole");
        }
        let parts: Vec<RBig> = match rest {
            Rest::Largest => {
                let parts = give(&total, &unit, &shares).ok_or("no shares")?;
                parts.into_iter().map(|p| p.result).collect()
            }
            _ => {
                let mut parts: Vec<RBig> = shares
                    .iter()
                    .map(|s| rounded(&(&total * s), &unit, Mode::Down))
                    .collect();
                let left = parts.iter().fold(total.clone(), |left, p| left - p);
                // A tranche of nothing takes no left-over unit.
                let mut counting = (0..parts.len()).filter(|n| shares[*n] != RBig::ZERO);
                let taker = if rest == Rest::First {
                    counting.next()
                } else {
                    counting.next_back()
                };
                let taker = taker.ok_or("no tranche")?;
                parts[taker] = &parts[taker] + left;
                parts
            }
        };
        for (n, ((tranche, share), result)) in b.tranches.iter().zip(shares).zip(parts).enumerate() {
            let released = tranche.when.as_ref().map_or(Ok(true), |c| sees.test(c))?;
            if !released && row.out.is_none() && result != RBig::ZERO {
                let held = tranche.on_fail == OnFail::Hold;
                redone
                    .residuals
                    .push((if held { "held" } else { "lapsed" }.to_owned(), result.clone()));
            }
            let number = Value::Num((i64::try_from(n).unwrap_or_default() + 1).into());
            let mut made = all.clone();
            let paid = released && row.out.is_none();
            made.extend([
                V::from(&number),
                sees.eval(&tranche.due)?,
                V::N(if paid { result.clone() } else { RBig::ZERO }),
            ]);
            let work = vec![("total", total.clone()), ("share", share), ("result", result)];
            redone.rows.push(Expect {
                key: numbered(&row.key, b.source_parts, &number),
                ..Expect::of(row, at, made, work)
            });
        }
    }
    Ok(redone)
}
