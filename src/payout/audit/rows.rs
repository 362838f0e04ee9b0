//! `select`, `aggregate`, `derive`, `table`, `qualify`, `emit` done again.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use dashu_ratio::RBig;

use crate::payout::block::aggregate::Aggregate;
use crate::payout::block::derive::Derive;
use crate::payout::block::emit::Emit;
use crate::payout::block::join::{Join, Missing};
use crate::payout::block::order::Keys;
use crate::payout::block::qualify::Qualify;
use crate::payout::block::select::Select;
use crate::payout::block::table::{Table, Test};
use crate::payout::expr::code::{Figure, FigureKind};
use crate::payout::relation::{Out, OutPolicy, Row, key_of};
use crate::payout::value::Value;

use super::eval::{Ground, Sight, Why};
use super::meet::meet;
use super::value::{V, count};
use super::{Expect, Redone};

/// Cells of every row of a relation.
pub fn cells(ground: Ground<'_>, relation: usize) -> Vec<Vec<V>> {
    let rows = &ground.relations[relation].rows;
    rows.iter()
        .map(|r| r.cells.iter().map(V::from).collect())
        .collect()
}

/// Row numbers in a written order, equals as they stand.
pub fn in_order(cells: &[Vec<V>], keys: &Keys) -> Vec<usize> {
    let mut order: Vec<usize> = (0..cells.len()).collect();
    order.sort_by(|a, b| by_keys(&cells[*a], &cells[*b], keys).then(a.cmp(b)));
    order
}

pub fn by_keys(a: &[V], b: &[V], keys: &Keys) -> Ordering {
    keys.iter().fold(Ordering::Equal, |so_far, (column, falls)| {
        let next = a[*column].cmp(&b[*column]);
        so_far.then(if *falls { next.reverse() } else { next })
    })
}

/// Values of some columns.
pub fn picked(cells: &[V], columns: &[usize]) -> Vec<V> {
    columns.iter().map(|c| cells[*c].clone()).collect()
}

fn same(row: &Row, at: usize, cells: Vec<V>) -> Expect {
    Expect {
        key: row.key.clone(),
        cells,
        out: row.out.as_deref().cloned(),
        from: Some(vec![at]),
        work: Vec::new(),
    }
}

pub fn select(b: &Select, ground: Ground<'_>) -> Result<Redone, Why> {
    let mut rows = Vec::new();
    if !b.picks.is_empty() {
        for (relation, (name, picks)) in b.from.iter().zip(&b.picks) {
            for (row, all) in ground.relations[*relation]
                .rows
                .iter()
                .zip(cells(ground, *relation))
            {
                let mut taken = picked(&all, picks);
                taken.push(V::T(name.as_str().into()));
                let parts = [Value::Text(name.as_str().into()), Value::Text(row.key.clone())];
                rows.push(Expect {
                    key: key_of(&parts),
                    from: None,
                    ..same(row, 0, taken)
                });
            }
        }
        return Ok(Redone::of(rows));
    }
    let source = &ground.relations[b.from[0]].rows;
    let all = cells(ground, b.from[0]);
    let mut taken = BTreeSet::new();
    for at in in_order(&all, &b.order) {
        let sees = ground.sees(&all[at]);
        let in_window = match &b.window {
            Some((column, start, end)) => {
                let when = &all[at][*column];
                let bounds = (sees.eval(start)?, sees.eval(end)?);
                meet(start, 0, when, &bounds.0);
                meet(end, 0, when, &bounds.1);
                *when >= bounds.0 && *when < bounds.1
            }
            None => true,
        };
        let holds = in_window && b.only.as_ref().map_or(Ok(true), |c| sees.test(c))?;
        // Who is out does not take the place of the first.
        let groups = !b.first_of.is_empty() && source[at].out.is_none();
        if holds && (!groups || taken.insert(picked(&all[at], &b.first_of))) {
            rows.push(same(&source[at], at, all[at].clone()));
        }
    }
    Ok(Redone::of(rows))
}

/// A figure over the rows of a group.
fn figure(f: &Figure, group: &[Sight<'_>], nothing: Sight<'_>) -> Result<V, Why> {
    let mut values = Vec::new();
    let mut n = 0;
    for row in group {
        if f.only.as_ref().map_or(Ok(true), |c| row.test(c))? {
            n += 1;
            if let Some(arg) = &f.arg {
                values.push(row.eval(arg)?);
            }
        }
    }
    let truths = |wanted: bool| values.iter().any(|v| v.is_true() == wanted);
    let found = match f.kind {
        FigureKind::Sum | FigureKind::Running | FigureKind::Total => {
            Some(V::N(values.iter().map(V::num).fold(RBig::ZERO, |sum, x| sum + x)))
        }
        FigureKind::Count | FigureKind::Index => Some(V::N(count(n))),
        FigureKind::Distinct => Some(V::N(count(values.iter().collect::<BTreeSet<_>>().len()))),
        FigureKind::Lowest => values.iter().min().cloned(),
        FigureKind::Highest => values.iter().max().cloned(),
        FigureKind::First => values.first().cloned(),
        FigureKind::Last => values.last().cloned(),
        FigureKind::Any | FigureKind::Spaced => Some(V::B(truths(true))),
        FigureKind::All => Some(V::B(!truths(false))),
    };
    match (found, &f.empty) {
        (Some(v), _) => Ok(v),
        // What holds for an empty group needs no row.
        (None, Some(code)) => nothing.eval(code),
        (None, None) => Err("a figure of nothing"),
    }
}

pub fn aggregate(b: &Aggregate, ground: Ground<'_>) -> Result<Redone, Why> {
    let source = &ground.relations[b.from].rows;
    let all = cells(ground, b.from);
    let mut groups: BTreeMap<Vec<V>, Vec<usize>> = BTreeMap::new();
    for (at, row) in source.iter().enumerate() {
        if b.with_excluded || row.out.is_none() {
            groups.entry(picked(&all[at], &b.by)).or_default().push(at);
        }
    }
    let mut list: Vec<(Vec<V>, Vec<usize>)> = match b.over {
        Some(over) => {
            let keys = ground.relations[over]
                .rows
                .iter()
                .map(|r| vec![V::T(r.key.clone())]);
            keys.map(|k| (k.clone(), groups.remove(&k).unwrap_or_default()))
                .collect()
        }
        None if b.by.is_empty() => vec![(Vec::new(), groups.remove(&Vec::new()).unwrap_or_default())],
        None => groups.into_iter().collect(),
    };
    if b.over.is_none() {
        let roster = &ground.relations[super::ROSTER].rows;
        let places: HashMap<&str, usize> = roster.iter().enumerate().map(|(n, r)| (&*r.key, n)).collect();
        let place = |v: &V, person: bool| match v {
            V::T(t) if person => places.get(&**t).copied(),
            _ => None,
        };
        list.sort_by(|(x, _), (y, _)| {
            let each = x.iter().zip(y).zip(&b.people);
            each.fold(Ordering::Equal, |so_far, ((a, b), person)| {
                so_far.then_with(|| place(a, *person).cmp(&place(b, *person)).then_with(|| a.cmp(b)))
            })
        });
    }
    let mut rows = Vec::new();
    for (key, members) in list {
        let group: Vec<Sight<'_>> = members.iter().map(|at| ground.sees(&all[*at])).collect();
        let figures = b.figures.iter().map(|f| figure(f, &group, ground.sees(&[])));
        let figures: Vec<V> = figures.collect::<Result<_, _>>()?;
        // Only columns of `by` can be read here, at their places in the source.
        let mut layout = vec![V::B(false); b.by.iter().max().map_or(0, |m| m + 1)];
        for (v, at) in key.iter().zip(&b.by) {
            layout[*at] = v.clone();
        }
        let sees = Sight {
            figures: &figures,
            ..ground.sees(&layout)
        };
        let mut made = key.clone();
        for code in &b.columns {
            made.push(sees.eval(code)?);
        }
        rows.push(Expect {
            key: name(&key),
            cells: made,
            out: None,
            from: Some(members),
            work: Vec::new(),
        });
    }
    Ok(Redone::of(rows))
}

/// The key of a group as relations name it.
pub fn name(key: &[V]) -> Arc<str> {
    let value = |v: &V| match v {
        V::N(n) => Value::Num(n.clone().into()),
        V::T(t) => Value::Text(t.clone()),
        V::B(b) => Value::Bool(*b),
        V::D(d) => Value::Date(*d),
    };
    key_of(&key.iter().map(value).collect::<Vec<_>>())
}

pub fn derive(b: &Derive, ground: Ground<'_>) -> Result<Redone, Why> {
    let source = &ground.relations[b.from].rows;
    let all = cells(ground, b.from);
    let indexes: Vec<HashMap<&str, usize>> = b
        .joins
        .iter()
        .map(|j| {
            let rows = ground.relations[j.to].rows.iter().enumerate();
            rows.map(|(n, r)| (&*r.key, n)).collect()
        })
        .collect();
    let mut kept: Vec<(usize, Vec<Vec<V>>)> = Vec::new();
    'rows: for (at, row) in all.iter().enumerate() {
        let sees = ground.sees(row);
        let mut partners = Vec::new();
        for (join, index) in b.joins.iter().zip(&indexes) {
            let on: Vec<V> = join.on.iter().map(|c| sees.eval(c)).collect::<Result<_, _>>()?;
            let found = match &join.reach {
                None => index.get(&*name(&on)).copied(),
                Some(_) => reached(join, &on, sees)?,
            };
            let found = found.map(|n| &ground.relations[join.to].rows[n]);
            match (found, &join.missing) {
                (Some(partner), _) => partners.push(partner.cells.iter().map(V::from).collect()),
                (None, Missing::Drop) => continue 'rows,
                (None, Missing::Refuse) => return Err("a row without its partner"),
                (None, Missing::Values(values)) => {
                    let width = values.iter().map(|v| v.0 + 1).max().unwrap_or(0);
                    let mut stand_in = vec![V::B(false); width];
                    for (column, code) in values {
                        stand_in[*column] = sees.eval(code)?;
                    }
                    partners.push(stand_in);
                }
            }
        }
        kept.push((at, partners));
    }
    let mut rows = Vec::new();
    let windows = windows(b, ground, &all, &kept)?;
    for ((at, partners), figures) in kept.iter().zip(&windows) {
        let mut made = all[*at].clone();
        for code in &b.columns {
            let sees = Sight {
                ground,
                cells: &made,
                joins: partners,
                figures,
            };
            let next = sees.eval(code)?;
            made.push(next);
        }
        rows.push(same(&source[*at], *at, made));
    }
    Ok(Redone::of(rows))
}

/// Of the rows that agree with `on`, the last one that begins at or below what is reached.
fn reached(join: &Join, on: &[V], sees: Sight<'_>) -> Result<Option<usize>, Why> {
    let Some(reach) = &join.reach else {
        return Ok(None);
    };
    let upto = sees.eval(&reach.upto)?;
    let all = cells(sees.ground, join.to);
    let begun = (0..all.len()).filter(|n| picked(&all[*n], &reach.of) == on && all[*n][reach.column] <= upto);
    let mut begun: Vec<usize> = begun.collect();
    begun.sort_by(|a, b| all[*b][reach.column].cmp(&all[*a][reach.column]));
    match begun.as_slice() {
        [first, second, ..] if all[*first][reach.column] == all[*second][reach.column] => {
            Err("two rows that begin at one value")
        }
        [first, ..] => Ok(Some(*first)),
        [] => Ok(None),
    }
}

/// Which rows of a group begin after the end of the last one that did: from each that does, the next is looked for.
fn spaced(
    f: &Figure,
    from: usize,
    ground: Ground<'_>,
    all: &[Vec<V>],
    kept: &[(usize, Vec<Vec<V>>)],
    members: &[usize],
) -> Result<Vec<bool>, Why> {
    let (Some(begin), Some(end)) = (&f.arg, &f.only) else {
        return Err("no beginning and end");
    };
    let mut spans = Vec::new();
    for n in members {
        let (at, partners) = &kept[*n];
        let sees = Sight {
            joins: partners,
            ..ground.sees(&all[*at])
        };
        let is_in = ground.relations[from].rows[*at].out.is_none();
        spans.push((is_in, sees.eval(begin)?, sees.eval(end)?));
    }
    let mut stands = vec![false; spans.len()];
    let mut next = spans.iter().position(|span| span.0);
    while let Some(at) = next {
        stands[at] = true;
        let end = &spans[at].2;
        next = (at + 1..spans.len()).find(|n| spans[*n].0 && spans[*n].1 > *end);
    }
    Ok(stands)
}

/// Running sums, numbers and totals: each row looks at the rows of its group that stand up to it, or at all.
fn windows(
    b: &Derive,
    ground: Ground<'_>,
    all: &[Vec<V>],
    kept: &[(usize, Vec<Vec<V>>)],
) -> Result<Vec<Vec<V>>, Why> {
    let mut made = vec![Vec::new(); kept.len()];
    if b.figures.is_empty() {
        return Ok(made);
    }
    let place: HashMap<usize, usize> = kept.iter().enumerate().map(|(n, k)| (k.0, n)).collect();
    let mut groups: BTreeMap<Vec<V>, Vec<usize>> = BTreeMap::new();
    for at in in_order(all, &b.order) {
        if let Some(n) = place.get(&at) {
            groups.entry(picked(&all[at], &b.by)).or_default().push(*n);
        }
    }
    for members in groups.values() {
        for f in &b.figures {
            if f.kind == FigureKind::Spaced {
                for (n, stands) in members.iter().zip(spaced(f, b.from, ground, all, kept, members)?) {
                    made[*n].push(V::B(stands));
                }
                continue;
            }
            let mut so_far = RBig::ZERO;
            let mut steps = Vec::new();
            for n in members {
                let (at, partners) = &kept[*n];
                if ground.relations[b.from].rows[*at].out.is_none() {
                    let sees = Sight {
                        joins: partners,
                        ..ground.sees(&all[*at])
                    };
                    so_far += f.arg.as_ref().map_or(Ok(RBig::ONE), |c| sees.num(c))?;
                }
                steps.push(so_far.clone());
            }
            for (n, running) in members.iter().zip(steps) {
                let whole = f.kind == FigureKind::Total;
                made[*n].push(V::N(if whole { so_far.clone() } else { running }));
            }
        }
    }
    Ok(made)
}

pub fn table(b: &Table, ground: Ground<'_>) -> Result<Redone, Why> {
    let holds = |test: &Test, v: &V| match test {
        Test::Any => true,
        Test::Words(words) => words.iter().any(|w| V::from(w) == *v),
        Test::Range { low, high } => {
            let x = v.num();
            for (bound, _) in [low, high].into_iter().flatten() {
                meet(bound, 0, v, &V::N(bound.to_rbig()));
            }
            let above = low.as_ref().is_none_or(|(n, with)| match x.cmp(&n.to_rbig()) {
                Ordering::Less => false,
                Ordering::Equal => *with,
                Ordering::Greater => true,
            });
            let under = high.as_ref().is_none_or(|(n, with)| match x.cmp(&n.to_rbig()) {
                Ordering::Less => true,
                Ordering::Equal => *with,
                Ordering::Greater => false,
            });
            above && under
        }
    };
    let mut rows = Vec::new();
    for (at, (row, mut made)) in ground.relations[b.from]
        .rows
        .iter()
        .zip(cells(ground, b.from))
        .enumerate()
    {
        let on = picked(&made, &b.on);
        let hits: Vec<_> = b
            .rows
            .iter()
            .filter(|line| line.tests.iter().zip(&on).all(|(t, v)| holds(t, v)))
            .collect();
        let gives = match (hits.as_slice(), &b.otherwise) {
            ([one], _) => &one.gives,
            ([], Some(otherwise)) => otherwise,
            _ => return Err("not exactly one row of the table"),
        };
        made.extend(gives.iter().map(V::from));
        rows.push(same(row, at, made));
    }
    Ok(Redone::of(rows))
}

pub fn qualify(b: &Qualify, ground: Ground<'_>) -> Result<Redone, Why> {
    let policy = b.excluded.of(ground.params).unwrap_or(OutPolicy::Redistribute);
    let mut rows = Vec::new();
    let source = &ground.relations[b.from].rows;
    for (at, (row, made)) in source.iter().zip(cells(ground, b.from)).enumerate() {
        let sees = ground.sees(&made);
        let mut failed = Vec::new();
        for c in &b.conditions {
            if !sees.test(&c.test)? {
                failed.push(c.code.clone());
            }
        }
        let mut expect = same(row, at, made.clone());
        if !failed.is_empty() {
            let mut codes = expect.out.map_or(Vec::new(), |o| o.codes);
            codes.extend(failed);
            expect.out = Some(Out { codes, policy });
        }
        rows.push(expect);
    }
    Ok(Redone::of(rows))
}

pub fn emit(b: &Emit, ground: Ground<'_>) -> Result<Redone, Why> {
    let mut rows = Vec::new();
    let source = &ground.relations[b.from].rows;
    for (at, (row, all)) in source.iter().zip(cells(ground, b.from)).enumerate() {
        let sees = ground.sees(&all);
        if b.only.as_ref().map_or(Ok(true), |c| sees.test(c))? {
            let made = b.fields.iter().map(|c| sees.eval(c)).collect::<Result<_, _>>()?;
            rows.push(same(row, at, made));
        }
    }
    Ok(Redone::of(rows))
}
