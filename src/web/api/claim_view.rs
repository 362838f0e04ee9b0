//! A claim as JSON.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use utoipa::ToSchema;

use super::amount::Amount;
use super::filed::instant;
use crate::app::LeadContact;
use crate::app::claims::ClaimError;
use crate::attribution::claim::{ClaimState, ClaimStep};
use crate::storage::claims::{Claim as Stored, ClaimEvent, ClaimFile, CrmRecord as StoredRecord};
use crate::web::{FieldError, Problem};

impl From<ClaimError> for Problem {
    fn from(error: ClaimError) -> Self {
        match error {
            ClaimError::Wrong(wrong) => Self::fields(
                wrong
                    .into_iter()
                    .map(|w| FieldError {
                        pointer: w.place(),
                        detail: w.detail,
                    })
                    .collect(),
            ),
            ClaimError::Forbidden(why) => Self::forbidden(why),
            ClaimError::NotFound(id) => Self::not_found(format_args!("claim {id}")),
            ClaimError::Taken { id, .. } => Self {
                instance: Some(format!("/api/v1/claims/{id}").into()),
                ..Self::conflict(error.to_string())
            },
            ClaimError::Conflict(detail) | ClaimError::Credited(detail) => Self::conflict(detail),
            ClaimError::Store(error) => error.into(),
        }
    }
}

/// A deal claimed by hand.
#[derive(Debug, Serialize, ToSchema)]
pub struct Claim {
    pub(super) id: i64,
    /// Employee code.
    employee: String,
    /// `lead` or `sale`.
    kind: String,
    /// `submitted`, `needs_information`, `verified`, `rejected`, `appealed`, `upheld` or `overturned`.
    status: String,
    order: Option<String>,
    bought: Option<String>,
    amount: Option<Amount>,
    currency: String,
    #[schema(value_type = String, format = Date)]
    occurred_on: Date,
    story: String,
    filed_at: Timestamp,
    /// While undecided, nobody else's claim on this deal is taken until then.
    held_until: Timestamp,
    /// The conversion it became, or credited.
    conversion: Option<String>,
    decided_at: Option<Timestamp>,
}

/// A record that verifies a claim as it is filed does so within this, and nobody else that fast; milliseconds.
const AT_ONCE_MS: i64 = 1_000;

impl Claim {
    /// As it was first answered when it was filed: undecided, unless a record of the CRM verified it in the same moment.
    pub(super) fn first(row: Stored, events: &[ClaimEvent]) -> Self {
        let filed_at = row.filed_at;
        let at_once = events
            .iter()
            .any(|e| e.step == ClaimStep::Verified && e.at - filed_at < AT_ONCE_MS);
        let now = Self::from(row);
        if at_once {
            return Self {
                status: ClaimState::Verified.as_str().to_owned(),
                ..now
            };
        }
        Self {
            status: ClaimState::Submitted.as_str().to_owned(),
            conversion: None,
            decided_at: None,
            ..now
        }
    }
}

impl From<Stored> for Claim {
    fn from(row: Stored) -> Self {
        Self {
            id: row.id,
            employee: row.employee_code,
            kind: row.kind.as_str().to_owned(),
            status: row.status.as_str().to_owned(),
            order: row.order_no,
            bought: Some(row.bought).filter(|text| !text.is_empty()),
            amount: (row.amount.minor() > 0).then_some(Amount(row.amount)),
            currency: row.currency,
            occurred_on: row.occurred_on,
            story: row.story,
            filed_at: instant(row.filed_at),
            held_until: instant(row.held_until),
            conversion: row.external_id,
            decided_at: row.decided_at.map(instant),
        }
    }
}

/// The customer in plain, until its retention date.
#[derive(Debug, Serialize, ToSchema)]
pub struct ClaimCustomer {
    name: Option<String>,
    phone: Option<String>,
    email: Option<String>,
}

/// A line of the timeline.
#[derive(Debug, Serialize, ToSchema)]
pub struct Event {
    /// `filed`, `supplied`, `attached`, `needs_information`, `verified`, `rejected`, `appealed`, `upheld`, `overturned`,
    /// `contested` or `crm_seen`.
    step: String,
    /// Who: `key:3`, `account:7` or `system`.
    actor: String,
    /// Code of the person behind it.
    employee: Option<String>,
    reason: String,
    at: Timestamp,
}

/// A file attached.
#[derive(Debug, Serialize, ToSchema)]
pub struct Attachment {
    id: i64,
    name: String,
    media_type: String,
    /// Bytes.
    size: i64,
    url: String,
}

impl Attachment {
    pub(super) fn of(claim: i64, file: ClaimFile) -> Self {
        Self {
            url: format!("/api/v1/claims/{claim}/attachments/{}", file.id),
            id: file.id,
            name: file.name,
            media_type: file.media_type,
            size: file.size,
        }
    }
}

/// What the CRM says about the deal.
#[derive(Debug, Serialize, ToSchema)]
pub struct CrmRecord {
    external_id: String,
    order: Option<String>,
    source_note: String,
    created_by: String,
    occurred_on: String,
    received_at: Timestamp,
}

/// A claim with everything around it.
#[derive(Debug, Serialize, ToSchema)]
pub struct ClaimDetail {
    #[serde(flatten)]
    claim: Claim,
    customer: Option<ClaimCustomer>,
    timeline: Vec<Event>,
    attachments: Vec<Attachment>,
    /// Verifiers only.
    crm_records: Vec<CrmRecord>,
}

/// What a detail is made of.
pub(super) struct Around {
    pub contact: Option<LeadContact>,
    pub events: Vec<ClaimEvent>,
    pub files: Vec<ClaimFile>,
    pub records: Vec<StoredRecord>,
    /// Whether persons on the timeline other than the claimant are named.
    pub names: bool,
}

impl ClaimDetail {
    pub(super) fn new(claim: Stored, around: Around) -> Self {
        let (id, own) = (claim.id, claim.employee_code.clone());
        let event = |e: ClaimEvent| {
            let named = around.names || e.person.as_deref() == Some(own.as_str());
            Event {
                step: e.step.as_str().to_owned(),
                actor: if named { e.actor } else { "staff".to_owned() },
                employee: e.person.filter(|_| named),
                reason: e.reason,
                at: instant(e.at),
            }
        };
        Self {
            customer: around.contact.map(|c| ClaimCustomer {
                name: c.name,
                phone: c.phone,
                email: c.email,
            }),
            timeline: around.events.into_iter().map(event).collect(),
            attachments: around
                .files
                .into_iter()
                .map(|file| Attachment::of(id, file))
                .collect(),
            crm_records: around
                .records
                .into_iter()
                .map(|r| CrmRecord {
                    external_id: r.external_id,
                    order: r.order_no,
                    source_note: r.source_note,
                    created_by: r.created_by,
                    occurred_on: r.occurred_on,
                    received_at: instant(r.received_at),
                })
                .collect(),
            claim: claim.into(),
        }
    }
}
