//! `scale`: bands on a measure.

use std::sync::Arc;

use crate::payout::expr::code::Code;
use crate::payout::expr::eval::World;
use crate::payout::expr::fault::{UNCHECKED, fault};
use crate::payout::num::Num;
use crate::payout::raw::{At, Node};
use crate::payout::relation::{Relation, Work};
use crate::payout::schema::{Column, ParamKind, Setting};
use crate::payout::value::{Type, Value};

use super::bands::{Bands, GAPS, Gap, METHODS, Method, read_bands};
use super::spec::{Choice, Spec};
use super::{Block, Halt, Made, at_row};

#[derive(Clone, Debug)]
pub struct Scale {
    pub from: usize,
    pub value: Code,
    /// Paid on `prior + value` less what `prior` alone pays (cumulative periods).
    pub prior: Option<Code>,
    pub bands: BandSource,
    pub method: Choice<Method>,
    pub gap: Choice<Gap>,
    pub with_rate: bool,
    /// Unit of the measure and of what the bands give.
    pub of: Type,
    pub gives: Type,
}

#[derive(Clone, Debug)]
pub enum BandSource {
    Fixed(Arc<Bands>),
    Param(usize),
}

pub fn read(spec: &Spec<'_>) -> Option<Made> {
    spec.only(&[
        "from", "value", "prior", "bands", "gives", "method", "gap", "as", "rate_as",
    ]);
    let from = spec.from()?;
    let value = spec.need_expr(
        "value",
        from,
        |t| t.is_number() && t != Type::Number,
        "a measure with a unit",
    )?;
    let prior = spec.expr("prior", from, |t| t == value.ty, value.ty.word());
    let (bands, of, gives) = bands(spec, value.ty)?;
    let same = of == value.ty || (of.is_money() && value.ty.is_money());
    if !same {
        let span = spec.raw("bands")?.span.clone();
        spec.env.sink.error(
            &span,
            format!("bands on {}", of.word()),
            format!("bands on {}", value.ty.word()),
        );
        return None;
    }
    let method = spec.choice("method", &METHODS, Method::Whole)?;
    let gap = spec.choice("gap", &GAPS, Gap::Lower)?;
    let rated = |m: Method| matches!(m, Method::Whole | Method::Marginal);
    let all = match &method {
        Choice::Fixed(m) => vec![*m],
        Choice::Param(_, words) => words.iter().map(|w| w.1).collect(),
    };
    if all.iter().any(|m| rated(*m)) && !all.iter().all(|m| rated(*m)) {
        spec.env.sink.error(
            &spec.span(),
            "methods that multiply and methods that do not",
            "one kind of method",
        );
        return None;
    }
    // A lump sum that is reached is looked up; everything else moves with the measure.
    let lump = |m: &Method| matches!(m, Method::Flat | Method::CumulativeFlat);
    let cash = (value.cash || prior.as_ref().is_some_and(|p| p.cash)) && !all.iter().all(lump);
    let ty = if rated(all[0]) {
        if gives != Type::Ratio {
            let what = format!("a method by rate with bands that give {}", gives.word());
            spec.env.sink.error(
                &spec.span(),
                what,
                "bands that give ratio, or `method = \"flat\"`",
            );
            return None;
        }
        if value.ty.is_money() {
            Type::Money { from_cash: cash }
        } else {
            value.ty
        }
    } else if gives == Type::MONEY {
        Type::Money { from_cash: cash }
    } else {
        gives
    };
    let mut columns = spec.schema(from).columns.clone();
    columns.push(Column {
        cash,
        ..Column::new(&spec.new_column("as", &columns)?, ty)
    });
    let with_rate = spec.raw("rate_as").is_some();
    if with_rate {
        columns.push(Column {
            cash,
            ..Column::new(&spec.new_column("rate_as", &columns)?, Type::Ratio)
        });
    }
    let (single, key_parts) = (spec.schema(from).single, spec.schema(from).key_parts);
    let prior = prior.map(|p| p.code);
    let scale = Scale {
        from,
        value: value.code,
        prior,
        bands,
        method,
        gap,
        with_rate,
        of: value.ty,
        gives,
    };
    Some(Made {
        block: Block::Scale(scale),
        columns,
        single,
        key_parts,
    })
}

fn bands(spec: &Spec<'_>, measure: Type) -> Option<(BandSource, Type, Type)> {
    let Some(raw) = spec.raw("bands") else {
        spec.missing("bands", "`param.…` or a list of `{ from, upto, gives }`");
        return None;
    };
    if let Node::Str(name) = &raw.node {
        let found = name.strip_prefix("param.").and_then(|id| spec.env.param(id));
        let Some((at, ParamKind::Bands { of, gives })) = found.map(|at| (at, &spec.env.params[at].kind))
        else {
            spec.env.sink.error(
                &raw.span,
                format!("`{name}`"),
                "a parameter of type bands, or the bands themselves",
            );
            return None;
        };
        return Some((BandSource::Param(at), *of, *gives));
    }
    let word = spec.need("gives", "`ratio`, `money` … : what the bands give")?;
    let Some(gives) = Type::from_word(word).filter(|t| t.is_number()) else {
        spec.env.sink.error(
            &spec.raw("gives")?.span,
            format!("`{word}`"),
            "`ratio`, `money`, `count`, `points` or `score`",
        );
        return None;
    };
    let bands = spec.report(read_bands(At::root(raw), measure, gives))?;
    Some((BandSource::Fixed(Arc::new(bands)), measure, gives))
}

impl Scale {
    /// The bands of this run.
    pub fn bands<'a>(&'a self, params: &'a [Setting]) -> Option<&'a Bands> {
        match &self.bands {
            BandSource::Fixed(b) => Some(b),
            BandSource::Param(at) => match &params[*at] {
                Setting::Bands(b) => Some(b),
                _ => None,
            },
        }
    }

    pub fn run(&self, world: &World<'_>) -> Result<Relation, Halt> {
        let (Some(bands), Some(method), Some(gap)) = (
            self.bands(world.params),
            self.method.of(world.params),
            self.gap.of(world.params),
        ) else {
            return Err(Halt::all(fault("bands or a method that are not set", UNCHECKED)));
        };
        let source = &world.relations[self.from];
        let mut rows = Vec::with_capacity(source.rows.len());
        for (at, row) in source.rows.iter().enumerate() {
            let seen = world.row(row);
            let value = at_row(seen.eval(&self.value), &row.key)?.num();
            let prior = match &self.prior {
                Some(code) => at_row(seen.eval(code), &row.key)?.num(),
                None => Num::ZERO,
            };
            let given = bands.pays(&(&prior + &value), method, gap);
            let result = match self.prior {
                Some(_) => &given.pays - &bands.pays(&prior, method, gap).pays,
                None => given.pays.clone(),
            };
            let mut more = vec![Value::Num(result.clone())];
            if self.with_rate {
                more.push(Value::Num(given.rate.clone().unwrap_or_default()));
            }
            let mut made = row.extended(at, more);
            let work = Work::Scale {
                value,
                prior,
                result,
                rate: given.rate,
                band: given.band,
            };
            made.work = Some(Arc::new(work));
            rows.push(made);
        }
        Ok(Relation::of(rows))
    }
}
