//! A checked expression: names are resolved, types are right.

use crate::payout::num::Num;
use crate::payout::value::Value;

use super::ast::Op;
use super::func::Func;

#[derive(Clone, Debug)]
pub enum Code {
    Const(Value),
    /// Column of the row.
    Col(usize),
    /// Column of the row found by the n-th join.
    Join(usize, usize),
    /// Column of a relation with exactly one row.
    Single(usize, usize),
    Param(usize),
    Period(Instant),
    Neg(Box<Code>),
    Not(Box<Code>),
    Arith(Op, Box<Code>, Box<Code>),
    Compare(Op, Box<Code>, Box<Code>),
    And(Box<Code>, Box<Code>),
    Or(Box<Code>, Box<Code>),
    In(Box<Code>, Vec<Code>, bool),
    InParam(Box<Code>, usize, bool),
    When(Vec<(Code, Code)>, Box<Code>),
    Call(Func, Vec<Code>),
    /// n-th aggregate or window figure of the step.
    Figure(usize),
}

impl Code {
    /// The number it always is, when it reads nothing.
    pub fn constant(&self) -> Option<Num> {
        match self {
            Self::Const(Value::Num(n)) => Some(n.clone()),
            Self::Neg(a) => a.constant().map(|n| n.negated()),
            Self::Arith(op, a, b) => {
                let (a, b) = (a.constant()?, b.constant()?);
                match op {
                    Op::Add => Some(a + b),
                    Op::Sub => Some(a - b),
                    Op::Mul => Some(a * b),
                    _ => a.over(&b),
                }
            }
            _ => None,
        }
    }
}

/// Instants of the period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Instant {
    /// First day.
    From,
    /// The day after the last (half-open).
    To,
    /// The last day: where GC-26 measures service.
    LastDay,
}

/// A figure over the rows of a group (`aggregate`) or around a row (`derive … by`).
#[derive(Clone, Debug)]
pub struct Figure {
    pub kind: FigureKind,
    pub arg: Option<Code>,
    /// Filter of sum, count and distinct; where a spaced row ends.
    pub only: Option<Code>,
    /// What an empty group gives.
    pub empty: Option<Code>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FigureKind {
    Sum,
    Count,
    Distinct,
    Lowest,
    Highest,
    First,
    Last,
    Any,
    All,
    /// Window: the sum up to and with this row.
    Running,
    /// Window: 1 for the first row of the group.
    Index,
    /// Window: the sum over the whole group.
    Total,
    /// Window: whether the row begins after the end of the last one before it that was so; the first one is.
    Spaced,
}

impl FigureKind {
    pub const GROUP: [&'static str; 9] = [
        "sum", "count", "distinct", "lowest", "highest", "first", "last", "any", "all",
    ];
    pub const WINDOW: [&'static str; 4] = ["running", "index", "total", "spaced"];

    pub fn from_word(word: &str) -> Option<Self> {
        Some(match word {
            "sum" => Self::Sum,
            "count" => Self::Count,
            "distinct" => Self::Distinct,
            "lowest" => Self::Lowest,
            "highest" => Self::Highest,
            "first" => Self::First,
            "last" => Self::Last,
            "any" => Self::Any,
            "all" => Self::All,
            "running" => Self::Running,
            "index" => Self::Index,
            "total" => Self::Total,
            "spaced" => Self::Spaced,
            _ => return None,
        })
    }

    pub fn is_window(self) -> bool {
        matches!(self, Self::Running | Self::Index | Self::Total | Self::Spaced)
    }
}
