//! `emit`: what leaves the scheme: lines to pay, proposals, awards, warnings, facts for the next period.

use crate::payout::diag::one_of;
use crate::payout::doc::Header;
use crate::payout::expr::check::Typed;
use crate::payout::expr::code::Code;
use crate::payout::expr::eval::World;
use crate::payout::income::Income;
use crate::payout::raw::{At, Node};
use crate::payout::relation::{Relation, Row, one};
use crate::payout::schema::{Column, Label};
use crate::payout::value::{Type, Value};

use super::spec::Spec;
use super::{Block, Halt, Made, at_row};

#[derive(Clone, Debug)]
pub struct Emit {
    pub from: usize,
    pub what: What,
    pub only: Option<Code>,
    /// Name of the line's kind, unique in the scheme.
    pub component: String,
    /// Expressions in the order of the columns this step makes.
    pub fields: Vec<Code>,
    pub names: Vec<String>,
    pub title: Label,
    /// `employee`, `department` or `customer`.
    pub payee_kind: String,
    /// Income class of a line or award, where the step names one (GC-25).
    pub income: Option<Income>,
    /// Lines of base pay: nothing that is owed back is taken from them (GC-13).
    pub base: bool,
    /// Unit of an award or kind of a proposal.
    pub unit: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    Line,
    Proposal,
    Award,
    Warning,
    Fact,
}

/// Whether whoever lets a warning stand must say why (GC-22): a field of the row, told where it is true.
pub const NEEDS_REASON: &str = "needs_reason";

const WHAT: [(&str, What); 5] = [
    ("line", What::Line),
    ("proposal", What::Proposal),
    ("award", What::Award),
    ("warning", What::Warning),
    ("fact", What::Fact),
];

#[expect(
    clippy::too_many_lines,
    reason = "one arm for each kind of output, side by side"
)]
pub fn read(spec: &Spec<'_>) -> Option<Made> {
    let from = spec.from()?;
    let word = spec.need("as", "`line`, `proposal`, `award`, `warning` or `fact`")?;
    let Some((_, what)) = WHAT.iter().find(|w| w.0 == word) else {
        let expected = "`line`, `proposal`, `award`, `warning` or `fact`";
        spec.env
            .sink
            .error(&spec.raw("as")?.span, format!("`{word}`"), expected);
        return None;
    };
    let common = ["from", "as", "where", "payee", "payee_kind", "component", "about"];
    let own: &[&str] = match what {
        What::Line => &["amount", "due", "income", "base"],
        What::Proposal => &["proposal", "value", "effective"],
        What::Award => &["quantity", "unit", "value", "income"],
        What::Warning => &["value", "needs_reason"],
        What::Fact => &["kind", "fields"],
    };
    spec.only(&[&common[..], own].concat());
    let only = match spec.raw("where") {
        Some(_) => Some(spec.condition("where", from)?.code),
        None => None,
    };
    let title = Label {
        zh: spec.need("zh", "what people read, in Chinese")?.to_owned(),
        en: spec.need("en", "the same in English")?.to_owned(),
    };
    let component = spec.text("component").unwrap_or(spec.id).to_owned();
    let mut emit = Emit {
        from,
        what: *what,
        only,
        component,
        fields: Vec::new(),
        names: Vec::new(),
        title,
        payee_kind: "employee".into(),
        income: None,
        base: false,
        unit: String::new(),
    };
    let mut columns = Vec::new();
    let mut push = |name: &str, typed: Option<Typed>| -> Option<()> {
        let typed = typed?;
        columns.push(Column::new(name, typed.ty));
        emit.fields.push(typed.code);
        emit.names.push(name.to_owned());
        Some(())
    };
    let text = |t: Type| t == Type::Text;
    if *what == What::Warning || *what == What::Fact {
        if spec.raw("payee").is_some() {
            push("payee", spec.expr("payee", from, text, "text"))?;
        }
    } else {
        push(
            "payee",
            spec.need_expr("payee", from, text, "the text that names who is paid"),
        )?;
    }
    if spec.raw("about").is_some() {
        push("about", spec.expr("about", from, text, "text"))?;
    }
    match what {
        What::Line => {
            let expected = "cash: exact money goes through `round` or `allocate` first";
            push(
                "amount",
                spec.need_expr("amount", from, |t| t == Type::Cash, expected),
            )?;
            if spec.raw("due").is_some() {
                push("due", spec.expr("due", from, |t| t == Type::Date, "a date"))?;
            }
        }
        What::Proposal => {
            push(
                "value",
                spec.need_expr("value", from, Type::is_number, "a number"),
            )?;
            if spec.raw("effective").is_some() {
                push(
                    "effective",
                    spec.expr("effective", from, |t| t == Type::Date, "a date"),
                )?;
            }
        }
        What::Award => {
            push(
                "quantity",
                spec.need_expr("quantity", from, |t| t.is_number() && !t.is_money(), "a number"),
            )?;
            if spec.raw("value").is_some() {
                push("value", spec.expr("value", from, Type::is_money, "money"))?;
            }
        }
        What::Warning => {
            if spec.raw("value").is_some() {
                push("value", spec.expr("value", from, |_| true, "anything"))?;
            }
            if spec.raw("needs_reason").is_some() {
                push(NEEDS_REASON, spec.condition("needs_reason", from))?;
            }
        }
        What::Fact => {
            let Some(Node::Map(entries)) = spec.raw("fields").map(|r| &r.node) else {
                spec.missing("fields", "names and expressions");
                return None;
            };
            for e in entries {
                let schema = spec.schema(from);
                push(&e.key, spec.typed(&e.value, &super::spec::over(schema, from)))?;
            }
        }
    }
    if let Some(kind) = spec.text("payee_kind") {
        if !["employee", "department", "customer"].contains(&kind) {
            let expected = "`employee`, `department` or `customer`";
            spec.env
                .sink
                .error(&spec.raw("payee_kind")?.span, format!("`{kind}`"), expected);
        }
        kind.clone_into(&mut emit.payee_kind);
    }
    if let Some(word) = spec.text("income") {
        emit.income = Income::parse(word);
        if emit.income.is_none() {
            let expected = one_of(Income::words());
            spec.env
                .sink
                .error(&spec.raw("income")?.span, format!("`{word}`"), expected);
        }
    }
    if let Some(raw) = spec.raw("base") {
        emit.base = spec.report(At::root(raw).bool())?;
    }
    emit.unit = match what {
        What::Proposal => spec
            .need("proposal", "`pay_rise`, `promotion`, `demotion` …")?
            .to_owned(),
        What::Award => spec.need("unit", "`points`, `trip`, `title` …")?.to_owned(),
        What::Fact => spec.need("kind", "the kind of fact")?.to_owned(),
        _ => String::new(),
    };
    let key_parts = spec.schema(from).key_parts;
    Some(Made {
        block: Block::Emit(emit),
        columns,
        single: false,
        key_parts,
    })
}

impl Emit {
    pub fn run(&self, world: &World<'_>) -> Result<Relation, Halt> {
        let mut rows = Vec::new();
        for (at, row) in world.relations[self.from].rows.iter().enumerate() {
            let seen = world.row(row);
            if let Some(only) = &self.only
                && !at_row(seen.test(only), &row.key)?
            {
                continue;
            }
            let cells: Vec<Value> = self
                .fields
                .iter()
                .map(|c| at_row(seen.eval(c), &row.key))
                .collect::<Result<_, _>>()?;
            let out = row.out.clone();
            rows.push(Row {
                key: row.key.clone(),
                cells: cells.into(),
                out,
                made_of: one(at),
                work: None,
            });
        }
        Ok(Relation::of(rows))
    }

    /// The income class of what it emits: its own, for employees the document's, or what the kind of payee says.
    pub fn income(&self, header: &Header) -> Income {
        self.income
            .or(header.income.filter(|_| self.payee_kind == "employee"))
            .unwrap_or_else(|| Income::of_payee(&self.payee_kind))
    }

    /// A field of an emitted row.
    pub fn field<'r>(&self, row: &'r Row, name: &str) -> Option<&'r Value> {
        self.names.iter().position(|n| n == name).map(|at| &row.cells[at])
    }
}
