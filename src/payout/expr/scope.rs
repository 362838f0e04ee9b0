//! What an expression can see, and what it turns out to be.

use std::cell::RefCell;

use crate::payout::schema::{Column, Label, Named, Options};
use crate::payout::value::Type;

use super::code::{Code, Figure};

/// An expression with its type.
#[derive(Clone, Debug)]
pub struct Typed {
    pub code: Code,
    pub ty: Type,
    pub options: Options,
    pub employee: bool,
    /// Moves with an amount that was rounded to cash.
    pub cash: bool,
    /// What people call it: that of the column or parameter it is.
    pub label: Label,
}

impl Typed {
    pub fn plain(code: Code, ty: Type) -> Self {
        Self {
            code,
            ty,
            options: None,
            employee: false,
            cash: false,
            label: Label::default(),
        }
    }

    /// The column it becomes; a bare number is a count.
    pub fn column(self, name: &str) -> (Column, Code) {
        let ty = if self.ty == Type::Number {
            Type::Count
        } else {
            self.ty
        };
        let column = Column {
            options: self.options,
            employee: self.employee,
            cash: self.cash,
            named: if self.label == Label::default() {
                Named::Itself
            } else {
                Named::After
            },
            label: self.label,
            ..Column::new(name, ty)
        };
        (column, self.code)
    }
}

/// What an expression can see besides parameters and single figures.
pub struct Scope<'a> {
    pub columns: &'a [Column],
    /// Relation the columns come from, to note what is read.
    pub relation: Option<usize>,
    /// Alias and relation.
    pub joins: &'a [(String, usize)],
    /// Where figures over rows are collected; `None` where they make no sense.
    pub figures: Option<&'a RefCell<Vec<Figure>>>,
    /// Windows are allowed (else group figures).
    pub window: bool,
}
