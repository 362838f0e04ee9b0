//! The trace re-checked by code of its own: every working of a run is done again with big fractions only.
//!
//! # Why
//! An engine that checks itself with the same functions repeats its own mistakes. This room shares nothing with the
//! blocks but the figures they wrote down: no `Num` arithmetic, no `share`, no `bands`.

use dashu_int::{IBig, UBig};
use dashu_ratio::RBig;

use super::block::Block;
use super::block::bands::{Gap, Method};
use super::doc::{Document, Step};
use super::num::{Mode, Num};
use super::relation::{MadeOf, Relation, Row, Work};
use super::run::Evaluation;
use super::schema::Setting;

/// A working that does not give what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// The step.
    pub step: String,
    /// Key of the row.
    pub row: String,
    /// What is wrong.
    pub what: String,
}

/// Does every working of a run again; empty when all agree.
pub fn audit(doc: &Document, run: &Evaluation) -> Vec<Mismatch> {
    let mut found = Vec::new();
    for step in &doc.steps {
        let relation = &run.relations[step.relation];
        let mut say = |row: &Row, what: String| {
            found.push(Mismatch {
                step: step.id.clone(),
                row: row.key.to_string(),
                what,
            });
        };
        for row in &relation.rows {
            if let Some(work) = &row.work
                && let Err(what) = redo(step, work, run)
            {
                say(row, what);
            }
            if let Err(what) = written(step, row) {
                say(row, what);
            }
            if let Err(what) = added(step, row, run) {
                say(row, what);
            }
        }
        if let Block::Allocate(a) = &step.block
            && a.per.is_empty()
            && let Err(what) = conserved(relation)
        {
            found.push(Mismatch {
                step: step.id.clone(),
                row: String::new(),
                what,
            });
        }
    }
    let total: RBig = run
        .outcome
        .lines
        .iter()
        .fold(RBig::ZERO, |sum, l| sum + l.amount.to_rbig());
    if total != run.outcome.total.to_rbig() {
        found.push(Mismatch {
            step: "total".into(),
            row: String::new(),
            what: "the lines do not add up".into(),
        });
    }
    for l in &run.outcome.lines {
        if !(l.amount.to_rbig() * RBig::from(100)).is_int() {
            found.push(Mismatch {
                step: l.component.clone(),
                row: l.payee.clone(),
                what: "a part of a fen".into(),
            });
        }
    }
    found
}

fn agree(what: &str, mine: &RBig, theirs: &Num) -> Result<(), String> {
    if *mine == theirs.to_rbig() {
        Ok(())
    } else {
        Err(format!("{what}: {mine} again, {theirs} written"))
    }
}

/// The last number of a row is what its working gave, unless the row is out.
fn written(step: &Step, row: &Row) -> Result<(), String> {
    let result = match row.work.as_deref() {
        Some(Work::Round { result, .. }) => result,
        Some(Work::Share(s)) if row.is_in() => &s.result,
        Some(Work::Limit { after, .. }) => after,
        _ => return Ok(()),
    };
    match row.cells.last().and_then(|v| v.as_num()) {
        Some(n) if n == result => Ok(()),
        _ => Err(format!(
            "step `{}` wrote something else than its working",
            step.id
        )),
    }
}

fn redo(step: &Step, work: &Work, run: &Evaluation) -> Result<(), String> {
    match work {
        Work::Round {
            exact,
            unit,
            mode,
            result,
            parts,
        } => {
            let (x, u) = (exact.to_rbig(), unit.to_rbig());
            if *parts > 1 {
                // Rounded one by one: each is at most half a unit (a whole one for up and down) off.
                let off = abs(&(result.to_rbig() - &x));
                let most = u * RBig::from(*parts);
                return if off <= most {
                    Ok(())
                } else {
                    Err("one by one: too far off".into())
                };
            }
            agree("rounding", &rounded(&x, &u, *mode), result)
        }
        Work::Share(s) => {
            if s.queue == 0 {
                return Ok(());
            }
            let (total, unit) = (s.total.to_rbig(), s.unit.to_rbig());
            let exact = &total * s.weight.to_rbig() / s.weights.to_rbig();
            // With floors or caps others are fixed first, so the plain share is only a check without them.
            let Block::Allocate(a) = &step.block else {
                return Err("a share outside an allocation".into());
            };
            if a.floor.is_some() || a.cap.is_some() {
                return Ok(());
            }
            agree("share", &exact, &s.exact)?;
            let down = rounded(&exact, &unit, Mode::Down);
            agree("whole units", &down, &s.floor)?;
            let sign = if total < RBig::ZERO { -unit } else { unit };
            agree("result", &(if s.extra { down + sign } else { down }), &s.result)
        }
        Work::Scale {
            value, prior, result, ..
        } => {
            let Block::Scale(scale) = &step.block else {
                return Err("a scale outside a scale".into());
            };
            let settings: &[Setting] = &run.input.params;
            let (Some(bands), Some(method), Some(gap)) = (
                scale.bands(settings),
                scale.method.of(settings),
                scale.gap.of(settings),
            ) else {
                return Err("no bands".into());
            };
            let list: Vec<Band> = bands
                .list
                .iter()
                .map(|b| Band {
                    low: b.low.to_rbig(),
                    low_in: b.low_in,
                    high: b.high.as_ref().map(Num::to_rbig),
                    high_in: b.high_in,
                    gives: b.gives.to_rbig(),
                })
                .collect();
            let (value, prior) = (value.to_rbig(), prior.to_rbig());
            let mut mine = pays(&list, &(&value + &prior), method, gap);
            if scale.prior.is_some() {
                mine -= pays(&list, &prior, method, gap);
            }
            agree("scale", &mine, result)
        }
        Work::Tranche { total, share, result } => {
            let off = abs(&(result.to_rbig() - total.to_rbig() * share.to_rbig()));
            if off <= RBig::from(1) {
                Ok(())
            } else {
                Err("a tranche too far from its share".into())
            }
        }
        Work::Limit {
            before, after, high, ..
        } => match high {
            Some(cap) if after > before && after > cap => Err("a limit that raised above its cap".into()),
            _ => Ok(()),
        },
        Work::Rank { .. } => Ok(()),
    }
}

struct Band {
    low: RBig,
    low_in: bool,
    high: Option<RBig>,
    high_in: bool,
    gives: RBig,
}

/// The figure in force at `x`, found by looking at every band from the top.
fn figure(list: &[Band], x: &RBig, gap: Gap) -> Option<RBig> {
    let n = (0..list.len()).rev().find(|n| {
        if list[*n].low_in {
            *x >= list[*n].low
        } else {
            *x > list[*n].low
        }
    })?;
    let band = &list[n];
    let inside = match &band.high {
        None => true,
        Some(h) => *x < *h || (band.high_in && x == h),
    };
    if inside || gap == Gap::Lower {
        return Some(band.gives.clone());
    }
    let next = list.get(n + 1)?;
    let end = band.high.clone()?;
    match gap {
        Gap::None | Gap::Lower => None,
        Gap::Upper => Some(next.gives.clone()),
        Gap::Linear => Some(&band.gives + (&next.gives - &band.gives) * (x - &end) / (&next.low - &end)),
    }
}

fn pays(list: &[Band], x: &RBig, method: Method, gap: Gap) -> RBig {
    match method {
        Method::Whole => figure(list, x, gap).map_or(RBig::ZERO, |rate| x * rate),
        Method::Flat => figure(list, x, gap).unwrap_or(RBig::ZERO),
        Method::CumulativeFlat => list
            .iter()
            .filter(|b| if b.low_in { *x >= b.low } else { *x > b.low })
            .fold(RBig::ZERO, |sum, b| sum + &b.gives),
        Method::Interpolate => {
            let reached: Vec<usize> = (0..list.len()).filter(|n| list[*n].low <= *x).collect();
            let Some(n) = reached.last() else {
                return RBig::ZERO;
            };
            match list.get(n + 1) {
                None => list[*n].gives.clone(),
                Some(next) => {
                    let width = &next.low - &list[*n].low;
                    &list[*n].gives + (&next.gives - &list[*n].gives) * (x - &list[*n].low) / width
                }
            }
        }
        Method::Marginal => {
            // The area under the rate: cut at every bound, each piece has one straight rate.
            let mut cuts: Vec<RBig> = list.iter().map(|b| b.low.clone()).collect();
            cuts.extend(list.iter().filter_map(|b| b.high.clone()));
            cuts.push(x.clone());
            cuts.sort();
            cuts.dedup();
            let mut sum = RBig::ZERO;
            for w in cuts.windows(2).filter(|w| w[1] <= *x) {
                let width = &w[1] - &w[0];
                let at = |part: u8| &w[0] + &width * RBig::from(part) / RBig::from(3);
                // A straight line's mean is the mean of two inner points: bounds are never touched.
                let rate = |p: &RBig| figure(list, p, gap).unwrap_or(RBig::ZERO);
                sum += (rate(&at(1)) + rate(&at(2))) / RBig::from(2) * &width;
            }
            sum
        }
    }
}

fn abs(x: &RBig) -> RBig {
    if *x < RBig::ZERO { -x.clone() } else { x.clone() }
}

/// Rounding by counting units from below.
fn rounded(x: &RBig, unit: &RBig, mode: Mode) -> RBig {
    let units = abs(x) / unit;
    let numerator: IBig = units.numerator().clone();
    let denominator: UBig = units.denominator().clone();
    let whole = &numerator / IBig::from(denominator.clone());
    let rest = units - RBig::from(whole.clone());
    let half = RBig::from_parts(IBig::from(1), UBig::from(2u8));
    let odd = &whole % IBig::from(2) != IBig::ZERO;
    let up = match mode {
        Mode::Down => false,
        Mode::Up => rest > RBig::ZERO,
        Mode::HalfUp => rest >= half,
        Mode::HalfEven => rest > half || (rest == half && odd),
    };
    let count = RBig::from(whole) + if up { RBig::from(1) } else { RBig::ZERO };
    if *x < RBig::ZERO {
        -(count * unit)
    } else {
        count * unit
    }
}

/// Sums of an aggregation, when a column is nothing but a sum.
fn added(step: &Step, row: &Row, run: &Evaluation) -> Result<(), String> {
    use super::expr::code::{Code, FigureKind};
    let (Block::Aggregate(a), MadeOf::Many(members)) = (&step.block, &row.made_of) else {
        return Ok(());
    };
    let source = &run.relations[a.from].rows;
    for (n, code) in a.columns.iter().enumerate() {
        let Code::Figure(f) = code else { continue };
        let figure = &a.figures[*f];
        let (FigureKind::Sum, Some(Code::Col(c)), None) = (figure.kind, &figure.arg, &figure.only) else {
            continue;
        };
        let sum = members.iter().fold(RBig::ZERO, |sum, m| {
            sum + source[*m as usize].cells[*c]
                .as_num()
                .map_or(RBig::ZERO, Num::to_rbig)
        });
        agree(
            "a sum",
            &sum,
            row.cells[a.by.len() + n].as_num().unwrap_or(&Num::ZERO),
        )?;
    }
    Ok(())
}

/// Parts and residuals of one pool make the whole.
fn conserved(relation: &Relation) -> Result<(), String> {
    let mut total: Option<Num> = None;
    let mut sum = RBig::ZERO;
    for row in &relation.rows {
        if let Some(Work::Share(s)) = row.work.as_deref() {
            total = Some(s.total.clone());
            if row.is_in() {
                sum += s.result.to_rbig();
            }
        }
    }
    for r in &relation.residuals {
        sum += r.amount.to_rbig();
    }
    match total {
        Some(total) => agree("parts and residuals", &sum, &total),
        None => Ok(()),
    }
}
