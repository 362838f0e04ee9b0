//! What the parser makes of a text.

use std::ops::Range;

use jiff::civil::DateTime;

use crate::payout::num::Num;

/// An expression and where it stands in the file.
#[derive(Clone, Debug)]
pub struct Expr {
    pub kind: Kind,
    pub span: Range<usize>,
}

/// Forms.
#[derive(Clone, Debug)]
pub enum Kind {
    Num {
        value: Num,
        percent: bool,
    },
    Text(String),
    Bool(bool),
    Date(DateTime),
    /// `a.b`
    Name(Vec<String>),
    Neg(Box<Expr>),
    Not(Box<Expr>),
    Binary(Op, Box<Expr>, Box<Expr>),
    /// `x in [..]`, `x not in param.list`
    In {
        needle: Box<Expr>,
        list: List,
        negated: bool,
    },
    /// `when c then a when d then b else e`
    When(Vec<(Expr, Expr)>, Box<Expr>),
    Call(String, Vec<Expr>),
}

#[derive(Clone, Debug)]
pub enum List {
    Items(Vec<Expr>),
    Name(Box<Expr>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    Add,
    Sub,
    Mul,
    Div,
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    And,
    Or,
}

impl Op {
    pub fn word(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Sub => "-",
            Self::Mul => "*",
            Self::Div => "/",
            Self::Eq => "=",
            Self::Ne => "!=",
            Self::Lt => "<",
            Self::Le => "<=",
            Self::Gt => ">",
            Self::Ge => ">=",
            Self::And => "and",
            Self::Or => "or",
        }
    }
}

impl Expr {
    /// Same meaning, wherever it stands.
    pub fn same(&self, other: &Self) -> bool {
        let all = |a: &[Self], b: &[Self]| a.len() == b.len() && a.iter().zip(b).all(|(x, y)| x.same(y));
        match (&self.kind, &other.kind) {
            (Kind::Num { value: a, .. }, Kind::Num { value: b, .. }) => a == b,
            (Kind::Text(a), Kind::Text(b)) => a == b,
            (Kind::Bool(a), Kind::Bool(b)) => a == b,
            (Kind::Date(a), Kind::Date(b)) => a == b,
            (Kind::Name(a), Kind::Name(b)) => a == b,
            (Kind::Neg(a), Kind::Neg(b)) | (Kind::Not(a), Kind::Not(b)) => a.same(b),
            (Kind::Binary(o, a, b), Kind::Binary(p, c, d)) => o == p && a.same(c) && b.same(d),
            (Kind::Call(f, a), Kind::Call(g, b)) => f == g && all(a, b),
            _ => false,
        }
    }
}
