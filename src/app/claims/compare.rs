//! A claim beside what the CRM says: what agrees, for the eyes of a person.

use crate::app::App;
use crate::attribution::claim::{Named, SourceNote};
use crate::domain::EmployeeId;
use crate::storage::StoreError;
use crate::storage::claims::{Claim, CrmRecord};
use crate::storage::employees::NamedPerson;

/// Most records compared.
const MOST: usize = 10;

/// Whether a claim and a record name the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Match {
    /// They do.
    Same,
    /// They name different ones.
    Different,
    /// One of them names none.
    Missing,
}

impl Match {
    fn of<T: PartialEq>(one: Option<T>, other: Option<T>) -> Self {
        match (one, other) {
            (Some(one), Some(other)) if one == other => Self::Same,
            (Some(_), Some(_)) => Self::Different,
            _ => Self::Missing,
        }
    }
}

/// Whom a record's source note names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoteSays {
    /// The claimant.
    Claimant,
    /// Somebody else who is known.
    Other,
    /// Several people go by that name.
    Several,
    /// Nobody who is known.
    Unknown,
    /// It is not of the form `员工推荐-…`.
    Nobody,
}

/// A record and how it agrees with a claim.
#[derive(Clone, Debug)]
pub struct Compared {
    /// The record.
    pub record: CrmRecord,
    /// By keyed hashes: the contact itself is not in the record.
    pub customer: Match,
    /// By its one spelling.
    pub order: Match,
    /// Whether the days are equal.
    pub same_day: bool,
    /// Whom the source note names.
    pub note: NoteSays,
    /// Whether the claimant wrote it into the CRM: then it proves nothing.
    pub by_claimant: bool,
}

/// The CRM's records that may speak of a claim's deal, the newest first, at most 10.
pub async fn compare(app: &App, claim: &Claim) -> Result<Vec<Compared>, StoreError> {
    let mut records = app.store.crm_records_about(claim.deal()).await?;
    records.truncate(MOST);
    let claimant = app.store.employee_by_id(claim.employee, app.today()).await?;
    let claimant = claimant.map(|e| NamedPerson {
        id: e.id,
        code: e.code,
        name: e.facts.name,
        email: e.facts.email,
    });
    let mut compared = Vec::with_capacity(records.len());
    for record in records {
        compared.push(Compared {
            customer: Match::of(record.customer_id, Some(claim.customer.0)),
            order: Match::of(record.order_key.as_deref(), claim.order_key.as_deref()),
            same_day: record.occurred_on == claim.occurred_on.to_string(),
            note: says(app, claim, &record.source_note).await?,
            by_claimant: claimant
                .as_ref()
                .is_some_and(|p| is_author(p, &record.created_by)),
            record,
        });
    }
    Ok(compared)
}

async fn says(app: &App, claim: &Claim, note: &str) -> Result<NoteSays, StoreError> {
    let Some(named) = SourceNote::parse(note) else {
        return Ok(NoteSays::Nobody);
    };
    let people = app.store.people_by_code_or_name(named.as_str()).await?;
    let list = people.iter().map(|p| (p.id.0, p.code.as_str(), p.name.as_str()));
    Ok(match named.named(list) {
        Named::One(one) if EmployeeId(one) == claim.employee => NoteSays::Claimant,
        Named::One(_) => NoteSays::Other,
        Named::Several => NoteSays::Several,
        Named::Nobody => NoteSays::Unknown,
    })
}

/// Whether a CRM author is this person: by code, name or e-mail.
pub(super) fn is_author(person: &NamedPerson, author: &str) -> bool {
    let author = author.trim().to_lowercase();
    [Some(&person.code), Some(&person.name), person.email.as_ref()]
        .into_iter()
        .flatten()
        .any(|text| text.trim().to_lowercase() == author)
}
