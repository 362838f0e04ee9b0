//! Filing a claim.

use jiff::civil::Date;
use rand::Rng;

use crate::app::again::again;
use crate::app::board::freeze_before;
use crate::app::claims::decide::verify_by_record;
use crate::app::claims::{ClaimError, MAX_TEXT, note};
use crate::app::filing::Filed;
use crate::app::said::{Hashed, contacts, order};
use crate::app::{Actor, App, LeadContact, Permission, Vault, Wrong, unprintable};
use crate::attribution::claim::{ClaimStep, Deal, Grounds, HOLD_DAYS, OrderKey, grounds};
use crate::attribution::{ConversionKind, DAY_MS};
use crate::domain::{ContentHash, EmployeeId, Money};
use crate::storage::claims::{
    Claim, NewClaim, insert_claim, lock_claim, lock_order, open_claims_about, records_of,
};
use crate::storage::{SealedContact, StoreError, Tx, customers};

/// Longest name of a customer or of what was bought, characters.
const MAX_NAME: usize = 200;
/// First day a deal may be of.
const FIRST_DAY: Date = Date::constant(2000, 1, 1);

/// A claim as it was sent.
#[derive(Clone, Debug, Default)]
pub struct ClaimInput {
    /// Employee code: whose deal it is.
    pub employee: String,
    /// Lead or sale.
    pub kind: Option<ConversionKind>,
    /// The customer's name.
    pub customer_name: Option<String>,
    /// The customer's phone.
    pub phone: Option<String>,
    /// The customer's e-mail.
    pub email: Option<String>,
    /// The shop's id for the customer.
    pub customer_id: Option<String>,
    /// The order number.
    pub order: Option<String>,
    /// What was bought.
    pub bought: Option<String>,
    /// Paid; a sale's only.
    pub amount: Option<Money>,
    /// The day of the deal.
    pub occurred_on: Date,
    /// How it came about.
    pub story: String,
}

/// A claim whose fields are right.
struct Checked {
    kind: ConversionKind,
    contacts: Hashed,
    contact: LeadContact,
    order: Option<(String, OrderKey)>,
    bought: String,
    amount: Money,
    occurred_on: Date,
    story: String,
}

/// Files a claim. The same again is the same claim; a deal that somebody holds is refused, and by whom is not said.
/// A CRM record that is there already and names the claimant verifies it at once.
pub async fn file_claim(app: &App, actor: &Actor, input: ClaimInput) -> Result<Filed<Claim>, ClaimError> {
    let found = app.store.employee(&input.employee, app.today()).await?;
    let own = found.as_ref().is_some_and(|p| actor.employee() == Some(p.id));
    if !(own && actor.may(Permission::Own) || actor.may(Permission::DecideClaims)) {
        return Err(ClaimError::Forbidden(
            "a deal is claimed for oneself, or by a verifier for somebody else",
        ));
    }
    let person = found.ok_or_else(|| {
        ClaimError::field(
            "/employee",
            format!("there is nobody with the code {:?}", input.employee),
        )
    })?;
    let checked = check(app, &input).map_err(ClaimError::Wrong)?;
    freeze_before(app).await;
    again!(once(app, actor, person.id, &checked))
}

/// What is wrong with a claim's fields, all of it; nothing is stored.
pub fn wrong_fields(app: &App, input: &ClaimInput) -> Vec<Wrong> {
    check(app, input).err().unwrap_or_default()
}

async fn once(
    app: &App,
    actor: &Actor,
    employee: EmployeeId,
    new: &Checked,
) -> Result<Filed<Claim>, ClaimError> {
    let now_ms = app.clock.now_ms();
    let mut tx = app.store.begin().await?;
    let customer = customers::find_or_make(&mut tx, &new.contacts, now_ms).await?.id;
    if let Some((_, key)) = &new.order {
        lock_order(&mut tx, key.as_str(), now_ms).await?;
    }
    let content_hash = content_hash(employee, new);
    let deal = Deal {
        order: new.order.as_ref().map(|(_, key)| key.as_str()),
        customer: Some(customer.0),
    };
    for other in open_claims_about(&mut tx, deal).await? {
        if other.employee == employee && other.content_hash == content_hash {
            return Ok(Filed::Known(other));
        }
        if let Some(grounds) = holds(&other, deal, now_ms) {
            return Err(ClaimError::Taken {
                id: other.id,
                grounds: match grounds {
                    Grounds::Order => "the same order",
                    Grounds::Customer => "the same customer",
                },
            });
        }
    }
    let sealed = seal(app, &content_hash, &new.contact, now_ms);
    let who = actor.word();
    let row = NewClaim {
        employee,
        kind: new.kind,
        content_hash,
        customer,
        order: new
            .order
            .as_ref()
            .map(|(written, key)| (written.as_str(), key.as_str())),
        bought: &new.bought,
        amount: new.amount,
        currency: app.programme.currency,
        occurred_on: new.occurred_on,
        story: &new.story,
        sealed: sealed.as_ref(),
        erase_at: erase_at(app, now_ms),
        held_until: now_ms.saturating_add(HOLD_DAYS * DAY_MS),
        filed_by: &who,
        filed_for: actor.employee(),
        filed_at: now_ms,
    };
    let id = insert_claim(&mut tx, &row).await?;
    note(
        &mut tx,
        id,
        ClaimStep::Filed,
        (&who, actor.employee()),
        "",
        now_ms,
    )
    .await?;
    for record in records_of(&mut tx, deal).await? {
        let claim = reread(&mut tx, id).await?;
        if claim.status.is_open() && grounds(record.deal(), claim.deal()).is_some() {
            verify_by_record(app, &mut tx, &claim, &record).await?;
        }
    }
    let claim = reread(&mut tx, id).await?;
    tx.commit().await?;
    Ok(Filed::New(claim))
}

/// Why another claim keeps a deal from being filed, if it does.
fn holds(other: &Claim, deal: Deal<'_>, now_ms: i64) -> Option<Grounds> {
    let grounds = grounds(other.deal(), deal)?;
    let held = now_ms < other.held_until;
    let keeps = match grounds {
        // One order, one credit, for ever.
        Grounds::Order => held || other.status.is_true(),
        Grounds::Customer => held,
    };
    keeps.then_some(grounds)
}

async fn reread(tx: &mut Tx, id: i64) -> Result<Claim, StoreError> {
    lock_claim(tx, id).await?.ok_or(StoreError::RowCount {
        what: "claims",
        found: 0,
        expected: 1,
    })
}

fn erase_at(app: &App, now_ms: i64) -> i64 {
    now_ms.saturating_add(app.programme.contact_retention_days.saturating_mul(DAY_MS))
}

/// What the sealed contact of a claim is bound to.
pub(super) fn seal_name(content_hash: &[u8]) -> String {
    use base64::Engine as _;
    let text = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(content_hash);
    format!("claim-content:{text}")
}

fn seal(app: &App, content_hash: &[u8], contact: &LeadContact, now_ms: i64) -> Option<SealedContact> {
    let mut nonce = [0u8; 24];
    app.with_rng(|rng| rng.fill_bytes(&mut nonce));
    Vault::new(&app.secrets).seal(&seal_name(content_hash), contact, nonce, erase_at(app, now_ms))
}

fn check(app: &App, input: &ClaimInput) -> Result<Checked, Vec<Wrong>> {
    let mut wrong = Vec::new();
    let vault = Vault::new(&app.secrets);
    let said = [&input.phone, &input.email, &input.customer_id].map(|text| text.as_deref());
    let contacts = contacts(&vault, said, &mut wrong);
    if contacts.is_empty() && wrong.is_empty() {
        wrong.push(Wrong::at(
            "/customer",
            "the customer's phone, e-mail or id is needed to find the deal in the CRM",
        ));
    }
    let order = order(input.order.as_deref(), &mut wrong);
    let kind = input.kind.unwrap_or(ConversionKind::Sale);
    let amount = match (kind, input.amount) {
        (ConversionKind::Sale, Some(amount)) if amount > Money::ZERO => amount,
        (ConversionKind::Lead, None) => Money::ZERO,
        (ConversionKind::Sale, _) => {
            wrong.push(Wrong::at(
                "/amount",
                "a sale needs its paid amount above 0, like \"199.00\"",
            ));
            Money::ZERO
        }
        (ConversionKind::Lead, Some(_)) => {
            wrong.push(Wrong::at("/amount", "a lead has no amount; an order is a sale"));
            Money::ZERO
        }
    };
    if !(FIRST_DAY..=app.today()).contains(&input.occurred_on) {
        wrong.push(Wrong::at("/occurred_on", "a day from 2000-01-01 to today"));
    }
    let mut short = |pointer, text: &Option<String>| {
        let text = text.as_deref().map(str::trim).unwrap_or_default();
        if text.chars().count() > MAX_NAME || text.chars().any(unprintable) {
            wrong.push(Wrong::at(
                pointer,
                format!("at most {MAX_NAME} printable characters"),
            ));
        }
        text.to_owned()
    };
    let name = short("/customer/name", &input.customer_name);
    let bought = short("/bought", &input.bought);
    let story = input.story.trim().to_owned();
    if story.is_empty() || story.chars().count() > MAX_TEXT || story.contains('\0') {
        wrong.push(Wrong::at(
            "/story",
            format!("how the deal came about, 1 to {MAX_TEXT} characters"),
        ));
    }
    if !wrong.is_empty() {
        return Err(wrong);
    }
    Ok(Checked {
        kind,
        contacts,
        contact: LeadContact {
            name: Some(name).filter(|n| !n.is_empty()),
            phone: input.phone.clone(),
            email: input.email.clone(),
            message: None,
        },
        order,
        bought,
        amount,
        occurred_on: input.occurred_on,
        story,
    })
}

fn content_hash(employee: EmployeeId, new: &Checked) -> [u8; 32] {
    let mut hash = ContentHash::default();
    hash.part(employee.0.to_le_bytes());
    hash.part(new.kind.as_str());
    hash.part(new.order.as_ref().map_or("", |(_, key)| key.as_str()));
    hash.part(&new.bought);
    hash.part(new.amount.minor().to_le_bytes());
    hash.part(new.occurred_on.to_string());
    hash.part(&new.story);
    for (kind, contact) in &new.contacts {
        hash.part(kind.as_str());
        hash.part(contact.0);
    }
    hash.finish()
}
