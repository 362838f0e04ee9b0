//! What a checker knows about relations and parameters before anything is computed.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use super::diag::Sink;
use super::num::Num;
use super::value::{Type, Value};

/// The words a text column may hold, when they are known.
pub type Options = Option<Arc<[String]>>;

/// A column of a relation.
#[derive(Clone, Debug)]
pub struct Column {
    pub name: String,
    pub ty: Type,
    pub options: Options,
    /// Text that is the id of somebody in the roster.
    pub employee: bool,
    /// What an input that leaves it out gets.
    pub default: Option<Value>,
    /// Smallest and largest allowed.
    pub min: Option<Num>,
    pub max: Option<Num>,
    /// Moves with an amount that was rounded to cash, by way of a ratio or count.
    pub cash: bool,
    /// For people: Chinese, English.
    pub label: Label,
    pub named: Named,
}

impl Column {
    pub fn new(name: &str, ty: Type) -> Self {
        Self {
            name: name.into(),
            ty,
            options: None,
            employee: false,
            default: None,
            min: None,
            max: None,
            cash: false,
            label: Label::default(),
            named: Named::Itself,
        }
    }

    /// Whether it is cash or moves with it: such money is not rounded again.
    pub fn is_cash(&self) -> bool {
        self.cash || matches!(self.ty, Type::Cash | Type::Money { from_cash: true })
    }
}

/// Where a column's label comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// Its own declaration or step, or nowhere.
    Itself,
    /// The column or parameter it was made of.
    After,
    /// A helper that explanations leave out.
    Hidden,
}

/// A name in both languages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Label {
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

/// A relation: its name and columns.
#[derive(Clone, Debug)]
pub struct Schema {
    pub name: String,
    pub columns: Vec<Column>,
    /// Always exactly one row, so that `name.column` is a figure.
    pub single: bool,
    /// Number of parts of a row's key.
    pub key_parts: usize,
    /// How many of the fields come from outside (messages).
    pub span: Range<usize>,
}

impl Schema {
    pub fn find(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|c| c.name == name)
    }
}

/// What a parameter is.
#[derive(Clone, Debug)]
pub enum ParamKind {
    /// One value, for texts out of these options.
    One(Type, Options),
    /// A list of values.
    List(Type),
    /// Bands on a measure that give something.
    Bands { of: Type, gives: Type },
    /// Rows with these columns; the first is the key.
    Table(usize),
}

/// A declared parameter.
#[derive(Clone, Debug)]
pub struct ParamDecl {
    pub id: String,
    pub label: Label,
    /// Rule or ambiguity it stands for: `R1`, `A3`, `GC-06`.
    pub rule: String,
    /// Why it has this default, or none.
    pub reason: Label,
    pub kind: ParamKind,
    /// Values by date, half-open; empty when missing.
    pub dated: Vec<Dated>,
    /// Smallest allowed.
    pub min: Option<Num>,
    /// Must be above this.
    pub over: Option<Num>,
    /// Largest allowed.
    pub max: Option<Num>,
    /// Whether a reasoned override may leave `min`..`max`.
    pub override_allowed: bool,
    /// Whether only an administrator sets it: a legal acknowledgement (L-02).
    pub administrator: bool,
    pub span: Range<usize>,
}

/// A value in force from a date on.
#[derive(Clone, Debug)]
pub struct Dated {
    pub from: Option<jiff::civil::Date>,
    pub to: Option<jiff::civil::Date>,
    pub value: Setting,
}

/// What a parameter is set to.
#[derive(Clone, Debug)]
pub enum Setting {
    One(Value),
    List(Vec<Value>),
    Bands(Arc<super::block::bands::Bands>),
    /// Rows of cells.
    Table(Vec<Vec<Value>>),
}

/// Everything a checker looks names up in.
pub struct Env<'a> {
    pub sink: &'a Sink<'a>,
    pub params: &'a [ParamDecl],
    pub schemas: Vec<Schema>,
    pub used: RefCell<Used>,
    /// Ids of all steps, to tell a later one from an unknown one.
    pub step_ids: Vec<String>,
    /// Steps with faults of their own: what reads them is not reported again.
    pub failed: RefCell<BTreeSet<String>>,
}

/// What was read; the rest is reported as unused.
#[derive(Default)]
pub struct Used {
    pub params: BTreeSet<usize>,
    /// Relation and column.
    pub columns: BTreeSet<(usize, usize)>,
    pub relations: BTreeSet<usize>,
}

impl Env<'_> {
    pub fn relation(&self, name: &str) -> Option<usize> {
        let at = self.schemas.iter().position(|s| s.name == name)?;
        self.used.borrow_mut().relations.insert(at);
        Some(at)
    }

    pub fn param(&self, name: &str) -> Option<usize> {
        let at = self.params.iter().position(|p| p.id == name)?;
        self.used.borrow_mut().params.insert(at);
        Some(at)
    }
}
