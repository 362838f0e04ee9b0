//! `rank`: places by keys, and a cut by number or share with a rule for ties.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::payout::expr::code::Code;
use crate::payout::expr::eval::World;
use crate::payout::num::{Mode, Num};
use crate::payout::raw::{At, Node};
use crate::payout::relation::{Out, OutPolicy, Relation, Row, Work};
use crate::payout::schema::Column;
use crate::payout::value::{Type, Value};

use super::order::{self, Keys};
use super::spec::{Choice, Spec};
use super::{Block, Halt, Made, at_row};

#[derive(Clone, Debug)]
pub struct Rank {
    pub from: usize,
    pub per: Vec<usize>,
    pub keys: Keys,
    pub method: Places,
    pub cut: Option<Cut>,
    pub with_share: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Places {
    /// 1, 1, 3.
    Standard,
    /// 1, 1, 2.
    Dense,
    /// 1, 2, 3: equals by the row's own order.
    Ordinal,
}

#[derive(Clone, Debug)]
pub struct Cut {
    pub count: Option<Code>,
    /// Share of the base, and how it becomes a number.
    pub share: Option<(Code, Choice<Mode>, Choice<bool>)>,
    pub ties: Choice<Ties>,
}

/// What happens to equals on both sides of the cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ties {
    Include,
    Exclude,
    /// They share the places that are left.
    Split,
}

pub fn read(spec: &Spec<'_>) -> Option<Made> {
    spec.only(&["from", "per", "keys", "method", "keep", "ties", "as", "share_as"]);
    let from = spec.from()?;
    let per = spec.columns("per", from)?;
    let keys = order::read(spec, "keys", from)?;
    if keys.is_empty() {
        spec.missing("keys", "columns, `-` in front for the largest first");
        return None;
    }
    let methods = [
        ("standard", Places::Standard),
        ("dense", Places::Dense),
        ("ordinal", Places::Ordinal),
    ];
    let Choice::Fixed(method) = spec.choice("method", &methods, Places::Standard)? else {
        spec.missing("method", "`standard`, `dense` or `ordinal` itself");
        return None;
    };
    let cut = match spec.raw("keep") {
        None => None,
        Some(raw) => {
            let expected = "`{ count = … }` or `{ share = …, rounding = \"down\", base = \"listed\" }`";
            if !matches!(raw.node, Node::Map(_)) {
                spec.env.sink.error(&raw.span, "`keep`", expected);
                return None;
            }
            let inner = Spec {
                at: At::root(raw),
                ..*spec
            };
            spec.report(inner.at.only(&["count", "share", "rounding", "base"]))?;
            let count = inner.expr(
                "count",
                from,
                |t| t == Type::Count || t == Type::Number,
                "a count",
            );
            let share = inner.expr(
                "share",
                from,
                |t| matches!(t, Type::Ratio | Type::Number),
                "a ratio",
            );
            if count.is_some() == share.is_some() {
                spec.env.sink.error(
                    &raw.span,
                    "`keep` without exactly one of `count` and `share`",
                    expected,
                );
                return None;
            }
            let rounding = inner.choice(
                "rounding",
                &[("down", Mode::Down), ("half_up", Mode::HalfUp)],
                Mode::Down,
            )?;
            let base = inner.choice("base", &[("listed", true), ("qualified", false)], true)?;
            let ties = [
                ("include", Ties::Include),
                ("exclude", Ties::Exclude),
                ("split", Ties::Split),
            ];
            let ties = spec.choice("ties", &ties, Ties::Include)?;
            Some(Cut {
                count: count.map(|c| c.code),
                share: share.map(|s| (s.code, rounding, base)),
                ties,
            })
        }
    };
    let mut columns = spec.schema(from).columns.clone();
    columns.push(Column::new(&spec.new_column("as", &columns)?, Type::Count));
    let with_share = spec.raw("share_as").is_some();
    if with_share {
        columns.push(Column::new(&spec.new_column("share_as", &columns)?, Type::Ratio));
    }
    let (single, key_parts) = (spec.schema(from).single, spec.schema(from).key_parts);
    let rank = Rank {
        from,
        per,
        keys,
        method,
        cut,
        with_share,
    };
    Some(Made {
        block: Block::Rank(rank),
        columns,
        single,
        key_parts,
    })
}

impl Rank {
    pub fn run(&self, world: &World<'_>) -> Result<Relation, Halt> {
        let source = &world.relations[self.from];
        let mut groups: BTreeMap<Vec<Value>, Vec<usize>> = BTreeMap::new();
        for at in order::sorted(source, &self.keys) {
            let key = self
                .per
                .iter()
                .map(|c| source.rows[at].cells[*c].clone())
                .collect();
            groups.entry(key).or_default().push(at);
        }
        let mut made: Vec<Option<Row>> = vec![None; source.rows.len()];
        for members in groups.values() {
            self.group(world, source, members, &mut made)?;
        }
        Ok(Relation::of(made.into_iter().flatten().collect()))
    }

    fn group(
        &self,
        world: &World<'_>,
        source: &Relation,
        members: &[usize],
        made: &mut [Option<Row>],
    ) -> Result<(), Halt> {
        let (standing, out): (Vec<usize>, Vec<usize>) =
            members.iter().copied().partition(|at| source.rows[*at].is_in());
        let keep = self.places(world, source, members, standing.len())?;
        let mut at = 0;
        let mut distinct = 0;
        while at < standing.len() {
            let equal = standing[at..]
                .iter()
                .take_while(|other| {
                    self.method != Places::Ordinal
                        && order::compare(&source.rows[standing[at]], &source.rows[**other], &self.keys)
                            .is_eq()
                })
                .count()
                .max(1);
            distinct += 1;
            let rank = if self.method == Places::Dense {
                distinct
            } else {
                at + 1
            };
            let share = self.share(world, keep, at, equal);
            for n in at..at + equal {
                let row = &source.rows[standing[n]];
                let mut more = vec![Value::Num(count(rank))];
                if self.with_share {
                    more.push(Value::Num(share.clone()));
                }
                let mut new = row.extended(standing[n], more);
                if share.is_zero() {
                    let codes = vec!["rank".to_owned()];
                    new.out = Some(Arc::new(Out {
                        codes,
                        policy: OutPolicy::Redistribute,
                    }));
                }
                let places = keep.unwrap_or(standing.len());
                new.work = Some(Arc::new(Work::Rank {
                    rank,
                    of: standing.len(),
                    places,
                }));
                made[standing[n]] = Some(new);
            }
            at += equal;
        }
        for n in out {
            let mut more = vec![Value::Num(Num::ZERO)];
            if self.with_share {
                more.push(Value::Num(Num::ZERO));
            }
            made[n] = Some(source.rows[n].extended(n, more));
        }
        Ok(())
    }

    /// How many places there are; `None` without a cut.
    fn places(
        &self,
        world: &World<'_>,
        source: &Relation,
        members: &[usize],
        standing: usize,
    ) -> Result<Option<usize>, Halt> {
        let (Some(cut), Some(first)) = (&self.cut, members.first()) else {
            return Ok(None);
        };
        let row = &source.rows[*first];
        let seen = world.row(row);
        let number = if let Some(code) = &cut.count {
            at_row(seen.eval(code), &row.key)?.num().floor()
        } else if let Some((code, rounding, base)) = &cut.share {
            let listed = base.of(world.params).unwrap_or(true);
            let base = count(if listed { members.len() } else { standing });
            let mode = rounding.of(world.params).unwrap_or(Mode::Down);
            (at_row(seen.eval(code), &row.key)?.num() * base).rounded(&Num::ONE, mode)
        } else {
            return Ok(None);
        };
        let number = number
            .to_i128()
            .and_then(|n| usize::try_from(n.max(0)).ok())
            .unwrap_or(usize::MAX);
        Ok(Some(number))
    }

    /// What part of a place each of `equal` rows from place `at` (0 = first) has.
    fn share(&self, world: &World<'_>, keep: Option<usize>, at: usize, equal: usize) -> Num {
        let (Some(keep), Some(cut)) = (keep, &self.cut) else {
            return Num::ONE;
        };
        if at >= keep {
            return Num::ZERO;
        }
        if at + equal <= keep {
            return Num::ONE;
        }
        match cut.ties.of(world.params).unwrap_or(Ties::Include) {
            Ties::Include => Num::ONE,
            Ties::Exclude => Num::ZERO,
            Ties::Split => count(keep - at).over(&count(equal)).unwrap_or_default(),
        }
    }
}

fn count(n: usize) -> Num {
    Num::int(i128::try_from(n).unwrap_or(i128::MAX))
}
