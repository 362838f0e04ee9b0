//! What a run gives: lines, residuals, proposals, awards, warnings.

use serde_json::{Value as Json, json};

use super::income::{Income, TaxBasis};
use super::num::Num;
use super::schema::Label;
use super::value::Type;

/// Everything that leaves a scheme, in the document's order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Amounts to pay; whole fen, never 0.
    pub lines: Vec<Line>,
    /// Money nobody got, with its account.
    pub residuals: Vec<Residual>,
    /// For a named person to decide: pay rises, promotions, demotions.
    pub proposals: Vec<Proposal>,
    /// Points, trips, titles.
    pub awards: Vec<Award>,
    /// Things to look at.
    pub warnings: Vec<Warning>,
    /// Facts for the next period.
    pub facts: Vec<FactOut>,
    /// Who was considered and not paid, with the codes of what failed.
    pub excluded: Vec<Excluded>,
    /// Sum of the lines.
    pub total: Num,
    /// Whether amounts are before tax (GC-25).
    pub tax: TaxBasis,
}

/// An amount for somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Id of an employee, department or customer.
    pub payee: String,
    /// `employee`, `department` or `customer`.
    pub payee_kind: String,
    /// Which rule of the scheme: unique in it.
    pub component: String,
    /// Its name.
    pub title: Label,
    /// Rule ids like `R1`.
    pub rule: String,
    /// Whole fen.
    pub amount: Num,
    /// What payroll books it under (GC-25).
    pub income: Income,
    /// Base pay: nothing that is owed back is taken from it (GC-13).
    pub base: bool,
    /// What it is about: an order, a customer.
    pub about: Option<String>,
    /// When it is due, for tranches.
    pub due: Option<String>,
    pub(super) step: usize,
    pub(super) row: usize,
}

/// Money that went to nobody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Residual {
    /// The step.
    pub step: String,
    /// Where it goes: `company_budget`, `withheld`, `held`, `over_cap` …
    pub account: String,
    /// Whole fen.
    pub amount: Num,
    /// Why, for programs.
    pub reason: String,
    /// Why, for people.
    pub says: Label,
}

/// A change for a named person to decide on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// Who.
    pub payee: String,
    /// Which rule.
    pub component: String,
    /// Its name.
    pub title: Label,
    /// `pay_rise`, `promotion`, `demotion` …
    pub proposal: String,
    /// How much or how many levels.
    pub value: Num,
    /// Unit of it: money of a rise, a count of heads or levels.
    pub value_type: Type,
    /// To what: a grade, a level, a post.
    pub about: Option<String>,
    /// From when.
    pub effective: Option<String>,
    pub(super) step: usize,
    pub(super) row: usize,
}

/// Something other than cash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Award {
    /// Who.
    pub payee: String,
    /// `employee`, `department` or `customer`.
    pub payee_kind: String,
    /// Which rule.
    pub component: String,
    /// Its name.
    pub title: Label,
    /// `points`, `trip`, `title` …
    pub unit: String,
    /// How many.
    pub quantity: Num,
    /// What payroll books its value under (GC-25).
    pub income: Income,
    /// Cash equivalent, for cost and tax (GC-29).
    pub value: Option<Num>,
    /// What it is about.
    pub about: Option<String>,
    pub(super) step: usize,
    pub(super) row: usize,
}

/// Something to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// Which rule.
    pub component: String,
    /// What it says.
    pub title: Label,
    /// About whom.
    pub payee: Option<String>,
    /// About what.
    pub about: Option<String>,
    /// The figure.
    pub value: Option<String>,
    /// Unit of it.
    pub value_type: Option<Type>,
    /// Whether whoever lets it stand must say why (GC-22).
    pub needs_reason: bool,
}

/// A fact for the next period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FactOut {
    /// Its kind.
    pub kind: String,
    /// Its fields.
    pub fields: Vec<(String, String)>,
}

/// Considered and not paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excluded {
    /// Who.
    pub payee: String,
    /// Which rule.
    pub component: String,
    /// Its name.
    pub title: Label,
    /// Codes of all failed conditions.
    pub codes: Vec<String>,
    /// What each code says.
    pub reasons: Vec<Label>,
}

/// Something that leaves a scheme and can be told from the facts on.
#[derive(Clone, Copy, Debug)]
pub struct Emitted<'a> {
    /// Which rule.
    pub component: &'a str,
    pub(super) step: usize,
    pub(super) row: usize,
}

impl<'a> From<&'a Line> for Emitted<'a> {
    fn from(x: &'a Line) -> Self {
        Self {
            component: &x.component,
            step: x.step,
            row: x.row,
        }
    }
}

impl<'a> From<&'a Proposal> for Emitted<'a> {
    fn from(x: &'a Proposal) -> Self {
        Self {
            component: &x.component,
            step: x.step,
            row: x.row,
        }
    }
}

impl<'a> From<&'a Award> for Emitted<'a> {
    fn from(x: &'a Award) -> Self {
        Self {
            component: &x.component,
            step: x.step,
            row: x.row,
        }
    }
}

fn line(l: &Line, explanation: String) -> Json {
    let mut said = json!({
        "payee": l.payee, "payee_kind": l.payee_kind, "component": l.component,
        "title": { "zh": l.title.zh, "en": l.title.en }, "rule": l.rule,
        "amount": l.amount.fixed(2), "income": l.income.word(), "about": l.about, "due": l.due,
        "explanation": explanation,
    });
    if l.base {
        said["base"] = Json::Bool(true);
    }
    said
}

impl Proposal {
    /// Money with its fen; a count, a level or a share as a plain number.
    pub fn value_text(&self) -> String {
        if self.value_type.is_money() {
            self.value.fixed(2)
        } else {
            self.value.to_string()
        }
    }
}

impl Outcome {
    /// As the command line prints it; `explain` says how a line, proposal or award came about in one sentence.
    pub fn to_json(&self, explain: impl Fn(Emitted<'_>) -> String) -> Json {
        let money = |n: &Num| n.fixed(2);
        json!({
            "lines": self.lines.iter().map(|l| line(l, explain(l.into()))).collect::<Vec<_>>(),
            "residuals": self.residuals.iter().map(|r| json!({
                "step": r.step, "account": r.account, "amount": money(&r.amount), "reason": r.reason,
                "says": { "zh": r.says.zh, "en": r.says.en },
            })).collect::<Vec<_>>(),
            "proposals": self.proposals.iter().map(|p| json!({
                "payee": p.payee, "component": p.component, "title": { "zh": p.title.zh, "en": p.title.en },
                "proposal": p.proposal, "value": p.value_text(), "value_type": unit(p.value_type), "about": p.about,
                "effective": p.effective, "explanation": explain(p.into()),
            })).collect::<Vec<_>>(),
            "awards": self.awards.iter().map(|a| json!({
                "payee": a.payee, "payee_kind": a.payee_kind, "component": a.component,
                "title": { "zh": a.title.zh, "en": a.title.en }, "unit": a.unit,
                "quantity": a.quantity.to_string(), "value": a.value.as_ref().map(money), "income": a.income.word(),
                "about": a.about,
                "explanation": explain(a.into()),
            })).collect::<Vec<_>>(),
            "warnings": self.warnings.iter().map(warning).collect::<Vec<_>>(),
            "facts": self.facts.iter().map(|f| json!({
                "kind": f.kind,
                "fields": f.fields.iter().map(|(k, v)| (k.clone(), Json::String(v.clone())))
                    .collect::<serde_json::Map<_, _>>(),
            })).collect::<Vec<_>>(),
            "excluded": self.excluded.iter().map(|e| json!({
                "payee": e.payee, "component": e.component, "title": { "zh": e.title.zh, "en": e.title.en },
                "codes": e.codes,
                "reasons": e.reasons.iter().map(|r| json!({ "zh": r.zh, "en": r.en })).collect::<Vec<_>>(),
            })).collect::<Vec<_>>(),
            "total": money(&self.total), "tax": self.tax.word(),
        })
    }
}

/// What needs no reason says nothing of it: what was calculated before comes out the same.
fn warning(w: &Warning) -> Json {
    let mut told = json!({
        "component": w.component, "title": { "zh": w.title.zh, "en": w.title.en },
        "payee": w.payee, "about": w.about, "value": w.value,
    });
    if let Some(ty) = w.value_type {
        told["value_type"] = json!(unit(ty));
    }
    if w.needs_reason {
        told["needs_reason"] = json!(true);
    }
    told
}

/// The unit of a figure in a word; money is money, rounded or not.
fn unit(ty: Type) -> &'static str {
    if ty.is_money() {
        Type::MONEY.word()
    } else {
        ty.word()
    }
}
