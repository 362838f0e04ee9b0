//! A claim as a value.

use jiff::civil::Date;

use crate::attribution::claim::{ClaimState, Deal};
use crate::attribution::{ConversionKind, Step};
use crate::domain::{Currency, CustomerId, EmployeeId, Money};
use crate::storage::convert::{day, word};
use crate::storage::{SealedContact, StoreError};

/// A claim to be written.
#[derive(Clone, Debug)]
pub struct NewClaim<'a> {
    /// Whose.
    pub employee: EmployeeId,
    /// Lead or sale.
    pub kind: ConversionKind,
    /// SHA-256 of what was filed.
    pub content_hash: [u8; 32],
    /// The customer; locked.
    pub customer: CustomerId,
    /// The order as written and as compared.
    pub order: Option<(&'a str, &'a str)>,
    /// What was bought.
    pub bought: &'a str,
    /// Paid; zero for leads.
    pub amount: Money,
    /// Of the amount.
    pub currency: Currency,
    /// The day of the deal.
    pub occurred_on: Date,
    /// How it came about.
    pub story: &'a str,
    /// The customer's name and contact; erased on its date.
    pub sealed: Option<&'a SealedContact>,
    /// When what is sealed is erased, milliseconds UTC.
    pub erase_at: i64,
    /// Held until then while undecided, milliseconds UTC.
    pub held_until: i64,
    /// Who filed: an actor's word.
    pub filed_by: &'a str,
    /// The person that actor is tied to.
    pub filed_for: Option<EmployeeId>,
    /// Milliseconds UTC.
    pub filed_at: i64,
}

/// A claim as it stands.
#[derive(Clone, Debug)]
pub struct Claim {
    /// Row; people say it.
    pub id: i64,
    /// Whose.
    pub employee: EmployeeId,
    /// Their code.
    pub employee_code: String,
    /// Their name.
    pub employee_name: String,
    /// Lead or sale.
    pub kind: ConversionKind,
    /// Where it stands.
    pub status: ClaimState,
    /// SHA-256 of what was filed.
    pub content_hash: Vec<u8>,
    /// The customer.
    pub customer: CustomerId,
    /// The order as written.
    pub order_no: Option<String>,
    /// The order as compared.
    pub order_key: Option<String>,
    /// What was bought.
    pub bought: String,
    /// Paid; zero for leads.
    pub amount: Money,
    /// ISO 4217.
    pub currency: String,
    /// The day of the deal.
    pub occurred_on: Date,
    /// How it came about.
    pub story: String,
    /// The customer's name and contact, until erased.
    pub sealed: Option<SealedContact>,
    /// Held until then while undecided, milliseconds UTC.
    pub held_until: i64,
    /// The conversion it became, or credited.
    pub external_id: Option<String>,
    /// What speaks against what it credits, as steps that hold.
    pub doubts: Vec<Step>,
    /// Who filed: an actor's word.
    pub filed_by: String,
    /// The person that actor is tied to.
    pub filed_for: Option<EmployeeId>,
    /// Milliseconds UTC.
    pub filed_at: i64,
    /// Who decided last: an actor's word.
    pub decided_by: Option<String>,
    /// The person that actor is tied to.
    pub decided_for: Option<EmployeeId>,
    /// Milliseconds UTC.
    pub decided_at: Option<i64>,
}

impl Claim {
    /// What tells its deal from others.
    pub fn deal(&self) -> Deal<'_> {
        Deal {
            order: self.order_key.as_deref(),
            customer: Some(self.customer.0),
        }
    }
}

#[derive(sqlx::FromRow)]
pub(super) struct Row {
    id: i64,
    employee_id: i64,
    employee_code: String,
    employee_name: String,
    kind: String,
    status: String,
    content_hash: Vec<u8>,
    customer_id: i64,
    order_no: Option<String>,
    order_key: Option<String>,
    bought: String,
    amount: i64,
    currency: String,
    occurred_on: String,
    story: String,
    nonce: Option<Vec<u8>>,
    sealed: Option<Vec<u8>>,
    erase_at: i64,
    held_until: i64,
    external_id: Option<String>,
    doubts: String,
    filed_by: String,
    filed_for: Option<i64>,
    filed_at: i64,
    decided_by: Option<String>,
    decided_for: Option<i64>,
    decided_at: Option<i64>,
}

/// The columns of [`Row`]; claims are `c`, their employees `e`.
macro_rules! claim_sql {
    ($rest:literal) => {
        concat!(
            "select c.id, c.employee_id, e.code as employee_code, e.name as employee_name, c.kind, c.status, ",
            "c.content_hash, c.customer_id, c.order_no, c.order_key, c.bought, c.amount, c.currency, c.occurred_on, ",
            "c.story, c.nonce, c.sealed, c.erase_at, c.held_until, c.external_id, c.doubts, c.filed_by, c.filed_for, c.filed_at, ",
            "c.decided_by, c.decided_for, c.decided_at from claims c join employees e on e.id = c.employee_id ",
            $rest
        )
    };
}
pub(super) use claim_sql;

impl TryFrom<Row> for Claim {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let sealed = row.nonce.zip(row.sealed).map(|(nonce, sealed)| SealedContact {
            nonce,
            sealed,
            erase_at: row.erase_at,
        });
        Ok(Self {
            id: row.id,
            employee: EmployeeId(row.employee_id),
            employee_code: row.employee_code,
            employee_name: row.employee_name,
            kind: word("claims", "kind", row.kind)?,
            status: word("claims", "status", row.status)?,
            content_hash: row.content_hash,
            customer: CustomerId(row.customer_id),
            order_no: row.order_no,
            order_key: row.order_key,
            bought: row.bought,
            amount: Money::from_minor(row.amount),
            currency: row.currency,
            occurred_on: day("claims", "occurred_on", row.occurred_on)?,
            story: row.story,
            sealed,
            held_until: row.held_until,
            external_id: row.external_id,
            doubts: serde_json::from_str(&row.doubts).map_err(|_| StoreError::Corrupt {
                table: "claims",
                column: "doubts",
                value: row.doubts,
            })?,
            filed_by: row.filed_by,
            filed_for: row.filed_for.map(EmployeeId),
            filed_at: row.filed_at,
            decided_by: row.decided_by,
            decided_for: row.decided_for.map(EmployeeId),
            decided_at: row.decided_at,
        })
    }
}
