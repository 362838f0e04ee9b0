//! Evaluation: steps in order, then what was emitted.

use std::sync::OnceLock;

use super::block::Block;
use super::block::emit::{NEEDS_REASON, What};
use super::block::join::{Index, Join};
use super::diag::Diagnostic;
use super::doc::{Document, Step};
use super::expr::eval::World;
use super::input::Input;
use super::outcome::{Award, Excluded, FactOut, Line, Outcome, Proposal, Residual, Warning};
use super::relation::{Relation, Row, Why};
use super::schema::Label;
use super::value::{Type, Value};

pub(super) use super::doc::ROSTER;

/// Why a run ended without lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stop {
    /// The step.
    pub step: String,
    /// Key of the row, when one row was the reason.
    pub row: Option<String>,
    /// What happened, and where in the document.
    pub fault: Box<Diagnostic>,
}

impl std::fmt::Display for Stop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let d = &self.fault;
        write!(f, "{}:{}:{}: step `{}`", d.file, d.line, d.column, self.step)?;
        if let Some(row) = &self.row {
            write!(f, ", row `{row}`")?;
        }
        write!(f, ": {}; expected {}", d.what, d.expected)?;
        d.hint.as_ref().map_or(Ok(()), |hint| write!(f, "; hint: {hint}"))
    }
}

impl std::error::Error for Stop {}

/// A row of a step for readers: its key, then column names and values as exact text.
pub type StepRow = (String, Vec<(String, String)>);

/// Everything a run made: the outcome and what it came from.
#[derive(Clone, Debug)]
pub struct Evaluation {
    /// What leaves the scheme.
    pub outcome: Outcome,
    pub(super) relations: Vec<Relation>,
    pub(super) input: Input,
    pub(super) indexes: Indexes,
}

/// The rows joins look among, by the relation of their step and their number in it: made when an explanation first asks,
/// for 100 000 lines ask for the same.
type Indexes = Vec<Vec<OnceLock<Index>>>;

impl Evaluation {
    /// The rows the `n`-th join of a step looks among.
    pub(super) fn index(&self, relation: usize, n: usize, join: &Join) -> Option<&Index> {
        let kept = self.indexes.get(relation)?.get(n)?;
        Some(kept.get_or_init(|| join.index(&self.world())))
    }

    /// Whether anybody or anything of this id is in the roster, the facts or the tables, or gets something: payees may be
    /// customers and departments.
    pub fn knows(&self, doc: &Document, id: &str) -> bool {
        let steps = doc.steps.len();
        let given = self.relations[..self.relations.len() - steps].iter();
        let named = |row: &Row| {
            let mut texts = row.cells.iter();
            texts.any(|cell| matches!(cell, Value::Text(text) if **text == *id))
        };
        let o = &self.outcome;
        given.flat_map(|relation| &relation.rows).any(named)
            || o.lines.iter().any(|line| line.payee == id)
            || o.proposals.iter().any(|one| one.payee == id)
            || o.awards.iter().any(|one| one.payee == id)
    }

    /// What a row of any step sees.
    pub(super) fn world(&self) -> World<'_> {
        World {
            params: &self.input.params,
            relations: &self.relations,
            from: self.input.from,
            to: self.input.to,
        }
    }

    /// Rows of a step: key, then column names and values as exact text. `None`: no such step.
    pub fn rows(&self, doc: &Document, step: &str) -> Option<Vec<StepRow>> {
        let step = doc.steps.iter().find(|s| s.id == step)?;
        let columns = &doc.schemas[step.relation].columns;
        let row = |r: &Row| {
            let cells = columns
                .iter()
                .zip(r.cells.iter())
                .map(|(c, v)| (c.name.clone(), v.to_string()));
            (r.key.to_string(), cells.collect())
        };
        Some(self.relations[step.relation].rows.iter().map(row).collect())
    }
}

/// Runs a document on its input.
///
/// # Errors
/// A [`Stop`] with the step, the row and the place in the document.
pub fn evaluate(doc: &Document, input: Input) -> Result<Evaluation, Stop> {
    let mut input = input;
    let mut relations = std::mem::take(&mut input.relations);
    for step in &doc.steps {
        let world = World {
            params: &input.params,
            relations: &relations,
            from: input.from,
            to: input.to,
        };
        let made = step.block.run(&world).map_err(|halt| {
            let hint = halt.hint.or_else(|| halt.without.map(|r| doc.way_out(r)));
            let fault = doc.diagnose(&step.span, halt.what, halt.expected, hint);
            Stop {
                step: step.id.clone(),
                row: halt.row,
                fault: Box::new(fault),
            }
        })?;
        relations.push(made);
    }
    let outcome = collect(doc, &relations, &input);
    let mut indexes: Indexes = vec![Vec::new(); relations.len()];
    for step in &doc.steps {
        if let Block::Derive(derive) = &step.block {
            indexes[step.relation].resize_with(derive.joins.len(), OnceLock::new);
        }
    }
    Ok(Evaluation {
        outcome,
        relations,
        input,
        indexes,
    })
}

impl Document {
    /// Where a row that was looked for in vain has to be added.
    fn way_out(&self, relation: usize) -> String {
        let mut given = relation;
        while let Some(step) = self.step_of(given) {
            given = step.block.source();
        }
        match self.schemas[given].name.split_once('.') {
            Some(("param", table)) => format!("add the row to `params.{table}`"),
            Some((_, kind)) => format!("add the `{kind}` to `facts`, or mend the name it is looked for by"),
            None => "add the person to `roster`, or mend the id".to_owned(),
        }
    }
}

fn collect(doc: &Document, relations: &[Relation], input: &Input) -> Outcome {
    let mut outcome = Outcome {
        tax: doc.header.tax,
        ..Outcome::default()
    };
    for note in &input.notes {
        outcome.warnings.push(Warning {
            component: "override".into(),
            title: Label {
                zh: "参数越界，已写明理由".into(),
                en: "A parameter outside its range, with a reason".into(),
            },
            payee: None,
            about: None,
            value: Some(note.clone()),
            value_type: None,
            needs_reason: false,
        });
    }
    for (at, step) in doc.steps.iter().enumerate() {
        let relation = &relations[step.relation];
        for r in &relation.residuals {
            outcome.residuals.push(Residual {
                step: step.id.clone(),
                account: r.account.clone(),
                amount: r.amount.clone(),
                reason: r.why.to_string(),
                says: why(&doc.steps[..at], &r.why),
            });
        }
        for note in &relation.notes {
            outcome.warnings.push(Warning {
                component: step.id.clone(),
                title: step.label.clone(),
                payee: None,
                about: None,
                value: Some(note.clone()),
                value_type: None,
                needs_reason: false,
            });
        }
        emit(doc, at, relation, &mut outcome);
    }
    outcome.total = outcome.lines.iter().map(|l| &l.amount).sum();
    outcome
}

fn emit(doc: &Document, at: usize, relation: &Relation, outcome: &mut Outcome) {
    let step = &doc.steps[at];
    let Block::Emit(e) = &step.block else { return };
    let columns = &doc.schemas[step.relation].columns;
    for (n, row) in relation.rows.iter().enumerate() {
        let text = |name: &str| e.field(row, name).map(|v| v.text().to_string());
        let num = |name: &str| e.field(row, name).map(Value::num);
        let date = |name: &str| e.field(row, name).map(ToString::to_string);
        let unit = |name: &str| columns.iter().find(|c| c.name == name).map(|c| c.ty);
        let payee = text("payee");
        if let (Some(out), true) = (&row.out, e.what != What::Fact) {
            outcome.excluded.push(Excluded {
                payee: payee.unwrap_or_default(),
                component: e.component.clone(),
                title: step.label.clone(),
                codes: out.codes.clone(),
                reasons: out.codes.iter().map(|c| reason(&doc.steps[..at], c)).collect(),
            });
            continue;
        }
        let (about, title, component) = (text("about"), step.label.clone(), e.component.clone());
        match e.what {
            What::Line => {
                let amount = num("amount").unwrap_or_default();
                if amount.is_zero() {
                    continue;
                }
                outcome.lines.push(Line {
                    payee: payee.unwrap_or_default(),
                    payee_kind: e.payee_kind.clone(),
                    component,
                    title,
                    rule: step.rule.clone(),
                    amount,
                    income: e.income(&doc.header),
                    base: e.base,
                    about,
                    due: date("due"),
                    step: at,
                    row: n,
                });
            }
            What::Proposal => {
                let value = num("value").unwrap_or_default();
                if value.is_zero() {
                    continue;
                }
                outcome.proposals.push(Proposal {
                    payee: payee.unwrap_or_default(),
                    component,
                    title,
                    proposal: e.unit.clone(),
                    value,
                    value_type: unit("value").unwrap_or(Type::Number),
                    about,
                    effective: date("effective"),
                    step: at,
                    row: n,
                });
            }
            What::Award => {
                let quantity = num("quantity").unwrap_or_default();
                if quantity.is_zero() {
                    continue;
                }
                outcome.awards.push(Award {
                    payee: payee.unwrap_or_default(),
                    payee_kind: e.payee_kind.clone(),
                    component,
                    title,
                    unit: e.unit.clone(),
                    quantity,
                    value: num("value"),
                    income: e.income(&doc.header),
                    about,
                    step: at,
                    row: n,
                });
            }
            What::Warning => outcome.warnings.push(Warning {
                component,
                title,
                payee,
                about,
                value: text_of(e.field(row, "value")),
                value_type: unit("value"),
                needs_reason: matches!(e.field(row, NEEDS_REASON), Some(Value::Bool(true))),
            }),
            What::Fact => outcome.facts.push(fact(e, row)),
        }
    }
}

/// What a code says: the words of its condition in the nearest step before; `rank` is the cut of a ranking.
fn reason(before: &[Step], code: &str) -> Label {
    let conditions = before.iter().rev().filter_map(|s| match &s.block {
        Block::Qualify(q) => Some(&q.conditions),
        _ => None,
    });
    let said = conditions.flatten().find(|c| c.code == code);
    said.map_or_else(
        || Label {
            zh: "名次在名额之外".into(),
            en: "ranked below the places there are".into(),
        },
        |c| c.label.clone(),
    )
}

/// Why nobody got some money, for people; rows by their keys without the marks between parts.
fn why(before: &[Step], why: &Why) -> Label {
    let two = |zh: String, en: String| Label { zh, en };
    let named = |key: &str| key.replace("\\|", " ").replace('|', " ");
    match why {
        Why::Nobody => two("没有人符合条件".to_owned(), "nobody qualifies".to_owned()),
        Why::Capped => two("每个人都到了上限".to_owned(), "everybody is at a cap".to_owned()),
        Why::Over(key) => two(named(key), named(key)),
        Why::Failed(key, codes) => {
            let reasons: Vec<Label> = codes.iter().map(|code| reason(before, code)).collect();
            let zh: Vec<&str> = reasons.iter().map(|label| label.zh.as_str()).collect();
            let en: Vec<&str> = reasons.iter().map(|label| label.en.as_str()).collect();
            let key = named(key);
            two(
                format!("{key}：{}", zh.join("、")),
                format!("{key}: {}", en.join(", ")),
            )
        }
        Why::Tranche(key, n) => {
            let key = named(key);
            two(
                format!("{key}：第 {n} 期的条件没有满足"),
                format!("{key}: the condition of part {n} does not hold"),
            )
        }
    }
}

fn text_of(value: Option<&Value>) -> Option<String> {
    value.map(ToString::to_string)
}

fn fact(e: &super::block::emit::Emit, row: &Row) -> FactOut {
    let fields = e
        .names
        .iter()
        .zip(row.cells.iter())
        .map(|(n, v)| (n.clone(), v.to_string()))
        .collect();
    FactOut {
        kind: e.unit.clone(),
        fields,
    }
}
