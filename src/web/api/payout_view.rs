//! Payouts as the API shows them.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::amount::Amount;
use super::filed::instant;
use crate::app::pay::PayError;
use crate::storage::pay::{LineRow, Run, RunNote};
use crate::web::i18n::Lang;
use crate::web::pages::pay::view;
use crate::web::{FieldError, Problem};

impl From<PayError> for Problem {
    fn from(error: PayError) -> Self {
        // A person's mistakes are told at their fields; what the state of things or an input does not allow, in words.
        let said = match &error {
            PayError::Conflict(_) | PayError::Input(_) | PayError::Unable(_) => {
                let [zh, en] = Lang::ALL.map(|lang| view::refusal(lang, &error));
                zh.zip(en).map(Box::new)
            }
            _ => None,
        };
        let problem = match error {
            PayError::Wrong(wrong) => Self::fields(
                wrong
                    .into_iter()
                    .map(|w| FieldError {
                        pointer: w.place(),
                        detail: w.detail,
                    })
                    .collect(),
            ),
            PayError::Forbidden(why) => Self::forbidden(why),
            PayError::NotFound(what) => Self::not_found(what),
            PayError::Conflict(clash) => Self::conflict(clash.to_string()),
            PayError::Refused(detail) => Self::new(
                axum::http::StatusCode::UNPROCESSABLE_ENTITY,
                "not-computable",
                detail,
            ),
            PayError::Input(fault) => Self::new(
                axum::http::StatusCode::UNPROCESSABLE_ENTITY,
                "not-computable",
                fault.to_string(),
            ),
            PayError::Unable(why) => Self::new(
                axum::http::StatusCode::UNPROCESSABLE_ENTITY,
                "not-computable",
                why.to_string(),
            ),
            PayError::Store(error) => error.into(),
        };
        Self { said, ..problem }
    }
}

/// Who did a step, and when.
#[derive(Debug, Serialize, ToSchema)]
pub struct Done {
    by: String,
    at: Timestamp,
}

fn done(step: Option<(String, i64)>) -> Option<Done> {
    step.map(|(by, at)| Done { by, at: instant(at) })
}

/// A scheme calculated for a period.
#[derive(Debug, Serialize, ToSchema)]
pub struct Payout {
    id: i64,
    scheme: String,
    /// `2026-11`, `2026-Q4`, `2026` or own dates.
    period: String,
    #[schema(value_type = String, format = Date)]
    from: Date,
    /// The day after the last.
    #[schema(value_type = String, format = Date)]
    to: Date,
    /// `calculated`, `in_review`, `approved`, `closed` or `paid`.
    state: String,
    total: Amount,
    /// Money nobody got, proposals, awards, warnings, people left out.
    #[schema(value_type = Object)]
    outcome: Value,
    calculated: Done,
    submitted: Option<Done>,
    approved: Option<Done>,
    closed: Option<Done>,
    paid: Option<Done>,
    /// SHA-256 over document, input and lines, once closed.
    snapshot: Option<String>,
    /// Why it, or an earlier calculation of these days, was sent back, and why warnings may stand; left out in lists.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notes: Vec<PayoutNote>,
}

/// Words kept with a payout.
#[derive(Debug, Serialize, ToSchema)]
pub struct PayoutNote {
    /// The payout they were written to.
    payout: i64,
    /// `returned`, `approved` or `closed`.
    step: String,
    words: String,
    by: String,
    at: Timestamp,
}

impl Payout {
    /// A payout with what was written to it.
    pub fn noted(run: Run, notes: Vec<RunNote>) -> Self {
        let notes = notes.into_iter().map(|note| PayoutNote {
            payout: note.run,
            step: note.step,
            words: note.words,
            by: note.by,
            at: instant(note.at),
        });
        Self {
            notes: notes.collect(),
            ..run.into()
        }
    }
}

impl From<Run> for Payout {
    fn from(run: Run) -> Self {
        let hex = |bytes: Vec<u8>| {
            bytes
                .iter()
                .map(|b| format!("{b:02x}"))
                .collect::<Vec<_>>()
                .concat()
        };
        Self {
            id: run.id,
            scheme: run.scheme,
            period: run.period,
            from: run.from_on,
            to: run.to_on,
            state: run.state.as_str().to_owned(),
            total: Amount(run.total),
            outcome: serde_json::from_str(&run.outcome).unwrap_or_default(),
            calculated: Done {
                by: run.calculated_by,
                at: instant(run.calculated_at),
            },
            submitted: done(run.submitted),
            approved: done(run.approved),
            closed: done(run.closed),
            paid: done(run.paid),
            snapshot: run.snapshot.map(hex),
            notes: Vec::new(),
        }
    }
}

/// An amount of a payout.
#[derive(Debug, Serialize, ToSchema)]
pub struct PayoutLine {
    id: i64,
    payout: i64,
    /// `line`, `late` (a correction of a closed period) or `guard`.
    kind: String,
    /// Late: the payout it corrects.
    origin: Option<i64>,
    /// Employee code, department or customer.
    payee: String,
    payee_kind: String,
    component: String,
    rule: String,
    /// Its name, `zh` and `en`.
    #[schema(value_type = Object)]
    title: Value,
    amount: Amount,
    /// What payroll books it under: `wages`, `annual_bonus`, `labour_service`, `dividend`, `equity`, `property` or `none`.
    income: &'static str,
    about: Option<String>,
    due: Option<String>,
    /// How it came about in one sentence, `zh` and `en`.
    #[schema(value_type = Object)]
    explanation: Value,
}

impl From<LineRow> for PayoutLine {
    fn from(row: LineRow) -> Self {
        let line = row.line;
        let two = |(zh, en): (String, String)| serde_json::json!({ "zh": zh, "en": en });
        Self {
            id: row.id,
            payout: row.run,
            kind: line.kind.as_str().to_owned(),
            origin: line.origin,
            payee: line.payee,
            payee_kind: line.payee_kind,
            component: line.component,
            rule: line.rule,
            title: two(line.title),
            amount: Amount(line.amount),
            income: line.income.word(),
            about: line.about,
            due: line.due,
            explanation: two(line.says),
        }
    }
}

/// How an amount came about.
#[derive(Debug, Serialize, ToSchema)]
pub struct Explanation {
    /// `zh` and `en`.
    #[schema(value_type = Object)]
    pub(super) sentences: Value,
    /// Step by step, down to the facts.
    #[schema(value_type = Object)]
    pub(super) trace: Value,
}
