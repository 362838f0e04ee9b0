//! `rank` and `round` done again.

use std::collections::{BTreeMap, BTreeSet};

use dashu_ratio::RBig;

use crate::payout::block::aggregate::Aggregate;
use crate::payout::block::rank::{Places, Rank, Ties};
use crate::payout::block::round::Round;
use crate::payout::expr::code::{Code, Figure, FigureKind};
use crate::payout::num::Mode;
use crate::payout::relation::{Out, OutPolicy};

use super::eval::{Ground, Why};
use super::rows::{aggregate, by_keys, cells, in_order, picked};
use super::value::{V, count, floor, part, rounded};
use super::{Expect, Redone};

pub fn rank(b: &Rank, ground: Ground<'_>) -> Result<Redone, Why> {
    let source = &ground.relations[b.from].rows;
    let all = cells(ground, b.from);
    let mut groups: BTreeMap<Vec<V>, Vec<usize>> = BTreeMap::new();
    for at in in_order(&all, &b.keys) {
        groups.entry(picked(&all[at], &b.per)).or_default().push(at);
    }
    let mut made: Vec<Option<Expect>> = source.iter().map(|_| None).collect();
    for members in groups.values() {
        let standing: Vec<usize> = members
            .iter()
            .copied()
            .filter(|at| source[*at].out.is_none())
            .collect();
        let keep = places(b, ground, &all, members, standing.len())?;
        for at in members {
            let mut own = all[*at].clone();
            if source[*at].out.is_some() {
                own.extend(std::iter::repeat_n(
                    V::N(RBig::ZERO),
                    1 + usize::from(b.with_share),
                ));
                made[*at] = Some(Expect::of(&source[*at], *at, own, Vec::new()));
                continue;
            }
            let before: Vec<usize> = standing
                .iter()
                .copied()
                .filter(|o| match b.method {
                    Places::Ordinal => by_keys(&all[*o], &all[*at], &b.keys).then(o.cmp(at)).is_lt(),
                    _ => by_keys(&all[*o], &all[*at], &b.keys).is_lt(),
                })
                .collect();
            let equals = standing
                .iter()
                .filter(|o| match b.method {
                    Places::Ordinal => *o == at,
                    _ => by_keys(&all[**o], &all[*at], &b.keys).is_eq(),
                })
                .count();
            let keys = |n: &usize| b.keys.iter().map(|k| all[*n][k.0].clone()).collect::<Vec<V>>();
            let rank = match b.method {
                Places::Dense => before.iter().map(keys).collect::<BTreeSet<_>>().len() + 1,
                _ => before.len() + 1,
            };
            let share = share(b, ground, keep.as_ref(), before.len(), equals);
            own.push(V::N(count(rank)));
            if b.with_share {
                own.push(V::N(share.clone()));
            }
            let places = keep.clone().unwrap_or(count(standing.len()));
            let work = vec![
                ("rank", count(rank)),
                ("of", count(standing.len())),
                ("places", places),
            ];
            let mut expect = Expect::of(&source[*at], *at, own, work);
            if share == RBig::ZERO {
                expect.out = Some(Out {
                    codes: vec!["rank".to_owned()],
                    policy: OutPolicy::Redistribute,
                });
            }
            made[*at] = Some(expect);
        }
    }
    Ok(Redone::of(made.into_iter().flatten().collect()))
}

/// How many places there are.
fn places(
    b: &Rank,
    ground: Ground<'_>,
    all: &[Vec<V>],
    members: &[usize],
    standing: usize,
) -> Result<Option<RBig>, Why> {
    let (Some(cut), Some(first)) = (&b.cut, members.first()) else {
        return Ok(None);
    };
    let sees = ground.sees(&all[*first]);
    let number = match (&cut.count, &cut.share) {
        (Some(code), _) => floor(&sees.num(code)?),
        (None, Some((code, rounding, listed))) => {
            let of = if listed.of(ground.params).unwrap_or(true) {
                members.len()
            } else {
                standing
            };
            let exact = sees.num(code)? * count(of);
            // Half-up is the floor of one half more.
            match rounding.of(ground.params) {
                Some(Mode::HalfUp) if exact >= RBig::ZERO => floor(&(exact + part(1, 2))),
                _ => rounded(&exact, &RBig::ONE, Mode::Down),
            }
        }
        (None, None) => return Ok(None),
    };
    Ok(Some(if number < RBig::ZERO { RBig::ZERO } else { number }))
}

/// What part of a place each of `equals` rows behind `before` others has.
fn share(b: &Rank, ground: Ground<'_>, keep: Option<&RBig>, before: usize, equals: usize) -> RBig {
    let (Some(keep), Some(cut)) = (keep, &b.cut) else {
        return RBig::ONE;
    };
    let left = keep - count(before);
    if left <= RBig::ZERO {
        return RBig::ZERO;
    }
    match cut.ties.of(ground.params) {
        _ if left >= count(equals) => RBig::ONE,
        Some(Ties::Exclude) => RBig::ZERO,
        Some(Ties::Split) => left / count(equals),
        _ => RBig::ONE,
    }
}

pub fn round(b: &Round, ground: Ground<'_>) -> Result<Redone, Why> {
    let unit = RBig::from(b.unit.of(ground.params).unwrap_or(1)) / RBig::from(100);
    let mode = b.mode.of(ground.params).unwrap_or(Mode::HalfUp);
    let source = &ground.relations[b.from].rows;
    let all = cells(ground, b.from);
    let work = |exact: RBig, result: RBig, parts: usize| {
        vec![
            ("exact", exact),
            ("unit", unit.clone()),
            ("mode", count(mode as usize)),
            ("result", result),
            ("parts", count(parts)),
        ]
    };
    let Some(by) = &b.by else {
        let rows = source.iter().zip(all).enumerate().map(|(at, (row, mut made))| {
            let exact = made[b.column].num();
            let result = rounded(&exact, &unit, mode);
            made.push(V::N(result.clone()));
            Expect::of(row, at, made, work(exact, result, 1))
        });
        return Ok(Redone::of(rows.collect()));
    };
    let each = b.each.of(ground.params).unwrap_or(false);
    let sum = Figure {
        kind: FigureKind::Sum,
        arg: Some(Code::Col(b.column)),
        only: None,
        empty: None,
    };
    let mut redone = aggregate(
        &Aggregate {
            from: b.from,
            by: by.clone(),
            over: None,
            people: b.people.clone(),
            figures: vec![sum],
            columns: vec![Code::Figure(0)],
            with_excluded: false,
        },
        ground,
    )?;
    for expect in &mut redone.rows {
        let members = expect.from.clone().unwrap_or_default();
        let exact = expect.cells[by.len()].num();
        let (result, parts) = if each {
            let one = |at: &usize| rounded(&all[*at][b.column].num(), &unit, mode);
            (
                members.iter().map(one).fold(RBig::ZERO, |a, x| a + x),
                members.len(),
            )
        } else {
            (rounded(&exact, &unit, mode), 1)
        };
        expect.cells[by.len()] = V::N(result.clone());
        expect.work = work(exact, result, parts);
    }
    Ok(redone)
}
