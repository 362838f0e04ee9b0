//! Conversions and imports as the API shows them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::Amount;
use crate::app::{App, ImportReport};
use crate::attribution::{Fact, Facts, Outcome, Status, Step};
use crate::storage::conversions::Conversion as Row;
use crate::storage::refunds::Refund;
use crate::web::decision::step_text;
use crate::web::i18n::Lang;

/// A conversion and why it is (not) credited.
#[derive(Debug, Serialize, ToSchema)]
pub struct Conversion {
    id: i64,
    external_id: String,
    /// `lead` or `sale`.
    kind: String,
    /// `api`, `csv`, `form` or `claim`.
    source: String,
    /// `pending`, `approved`, `paid`, `rejected`, `refunded`, `held` or `uncredited`.
    status: String,
    /// Employee code.
    credited_to: Option<String>,
    /// Employee code: a visitor's link led here (talent-scout pool).
    indirect_to: Option<String>,
    /// `coupon`, `click`, `customer`, `claim` or null.
    via: Option<String>,
    /// What was looked at, in order; the last one is the outcome.
    decision: Vec<StepView>,
    occurred_at: Timestamp,
    /// The business day it is booked at.
    day: String,
    /// A sale's.
    amount: Option<Amount>,
    refunded: Option<Amount>,
    currency: Option<String>,
    coupon: Option<String>,
    product_class: Option<String>,
    /// When `pending` becomes `approved`.
    hold_until: Timestamp,
    created_at: Timestamp,
    /// Who decided last (`account:7`, `key:3`), why and when.
    decided_by: Option<String>,
    reason: Option<String>,
    decided_at: Option<Timestamp>,
    refunds: Vec<RefundView>,
}

/// One step of a decision.
#[derive(Debug, Serialize, ToSchema)]
pub struct StepView {
    /// `coupon`, `click`, `window`, `touch`, `reshare`, `employment`, `self-purchase`, `ownership`, `new-customer`,
    /// `binding`, `claim`, `form` or `credit`.
    rule: String,
    /// `none`, `passed`, `failed` or `held`.
    outcome: String,
    /// What was found, in a word.
    reason: String,
    /// What was found, in values.
    found: BTreeMap<String, Value>,
    /// What would have been needed, in values.
    needed: BTreeMap<String, Value>,
    /// The step as sentences.
    text: Words,
}

/// The same in both languages.
#[derive(Debug, Serialize, ToSchema)]
pub struct Words {
    zh: String,
    en: String,
}

/// A refund of the sale.
#[derive(Debug, Serialize, ToSchema)]
pub struct RefundView {
    external_id: String,
    amount: Amount,
    occurred_at: Timestamp,
}

/// What became of a file.
#[derive(Debug, Serialize, ToSchema)]
pub struct Import {
    /// `UTF-8` or `GB18030`.
    encoding: String,
    /// Stored now.
    created: u64,
    /// There before.
    known: u64,
    /// Lines that were not taken, at most 1 000.
    rejected: Vec<RejectedLine>,
    /// How many lines were not taken in all.
    rejected_count: u64,
    /// Columns nobody asked for.
    ignored_columns: Vec<String>,
}

/// A line that was not taken.
#[derive(Debug, Serialize, ToSchema)]
pub struct RejectedLine {
    /// From 1.
    line: u64,
    /// What was wrong and what was expected.
    reason: String,
}

impl From<ImportReport> for Import {
    fn from(report: ImportReport) -> Self {
        let rejected = report.rejected.into_iter().map(|r| RejectedLine {
            line: r.line,
            reason: r.reason,
        });
        Self {
            encoding: report.encoding,
            created: report.created,
            known: report.known,
            rejected: rejected.collect(),
            rejected_count: report.rejected_count,
            ignored_columns: report.ignored_columns,
        }
    }
}

pub(super) fn instant(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn values(facts: &Facts) -> BTreeMap<String, Value> {
    let value = |(name, fact): (&String, &Fact)| {
        let value = match fact {
            Fact::Number(at) if name.ends_with("_at") => Value::String(instant(*at).to_string()),
            Fact::Number(number) => Value::from(*number),
            Fact::Word(word) => Value::String(word.clone()),
        };
        (name.clone(), value)
    };
    facts.iter().map(value).collect()
}

impl StepView {
    fn of(app: &App, step: &Step) -> Self {
        let outcome = match step.outcome {
            Outcome::None => "none",
            Outcome::Passed => "passed",
            Outcome::Failed => "failed",
            Outcome::Held => "held",
        };
        let zone = &app.programme.zone;
        Self {
            rule: step.rule.clone(),
            outcome: outcome.to_owned(),
            reason: step.reason.to_string(),
            found: values(&step.found),
            needed: values(&step.needed),
            text: Words {
                zh: step_text(Lang::Zh, zone, step),
                en: step_text(Lang::En, zone, step),
            },
        }
    }
}

impl Conversion {
    /// As it was first answered: later decisions and refunds are not in it.
    pub(super) fn first(app: &App, row: Row) -> Self {
        let status = row.first_status;
        let view = Self::with(app, row, status);
        Self {
            refunded: view.amount.map(|_| Amount(crate::domain::Money::ZERO)),
            decided_by: None,
            reason: None,
            decided_at: None,
            ..view
        }
    }

    /// As it stands.
    pub(super) fn now(app: &App, row: Row, refunds: &[Refund]) -> Self {
        let status = row.status;
        let refunds = refunds.iter().map(|r| RefundView {
            external_id: r.external_id.clone(),
            amount: Amount(r.amount),
            occurred_at: instant(r.occurred_at),
        });
        Self {
            refunds: refunds.collect(),
            ..Self::with(app, row, status)
        }
    }

    fn with(app: &App, row: Row, status: Status) -> Self {
        let is_sale = row.kind == crate::attribution::ConversionKind::Sale;
        Self {
            id: row.id.0,
            kind: row.kind.to_string(),
            source: row.source.to_string(),
            status: status.to_string(),
            credited_to: row.credited_code,
            indirect_to: row.indirect_code,
            via: row.via.map(|via| via.to_string()),
            decision: row.steps.iter().map(|step| StepView::of(app, step)).collect(),
            occurred_at: instant(row.occurred_at),
            day: row.day.to_string(),
            amount: is_sale.then_some(Amount(row.amount)),
            refunded: is_sale.then_some(Amount(row.refunded)),
            currency: is_sale.then_some(row.currency),
            coupon: row.coupon_code,
            product_class: row.product_class,
            hold_until: instant(row.hold_until),
            created_at: instant(row.created_at),
            decided_by: row.decided_by,
            reason: row.decided_reason,
            decided_at: row.decided_at.map(instant),
            external_id: row.external_id,
            refunds: Vec::new(),
        }
    }
}
