//! What the CRM says, one record at a time or as a file.

use jiff::civil::Date;

use crate::app::again::again;
use crate::app::board::freeze_before;
use crate::app::check::external_id;
use crate::app::claims::ClaimError;
use crate::app::claims::decide::verify_by_record;
use crate::app::said::{Hashed, contacts, order};
use crate::app::{Actor, App, ImportError, ImportReport, Vault, Wrong};
use crate::attribution::claim::{Deal, OrderKey, grounds};
use crate::domain::ContentHash;
use crate::sheet::{Header, read_table};
use crate::storage::claims::{
    CrmRecord, NewCrmRecord, insert_record, lock_claim, lock_order, note_verified, open_claims_about,
};
use crate::storage::{StoreError, customers, insert_audit};

/// Longest source note and author, characters.
const MAX_NOTE: usize = 500;

/// A record as it was sent.
#[derive(Clone, Debug, Default)]
pub struct CrmInput {
    /// The CRM's id for it.
    pub external_id: String,
    /// The customer's phone.
    pub phone: Option<String>,
    /// The customer's e-mail.
    pub email: Option<String>,
    /// The shop's id for the customer.
    pub customer_id: Option<String>,
    /// The order number.
    pub order: Option<String>,
    /// Where the customer came from: `员工推荐-<name or code>`.
    pub source_note: String,
    /// Who wrote it into the CRM: code, name or e-mail.
    pub created_by: String,
    /// The day of the deal.
    pub occurred_on: Date,
}

/// What became of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CrmTaken {
    /// Whether it was stored now.
    pub is_new: bool,
    /// The claims it verified when it came.
    pub verified_claims: Vec<i64>,
}

struct Checked {
    contacts: Hashed,
    order: Option<(String, OrderKey)>,
    content_hash: [u8; 32],
}

/// Takes a record and verifies the claims it proves. The same again gives the first answer; the same id with other
/// content is refused. A claimant's own key proves nothing.
pub async fn take_record(app: &App, actor: &Actor, input: &CrmInput) -> Result<CrmTaken, ClaimError> {
    let checked = check(app, input).map_err(ClaimError::Wrong)?;
    freeze_before(app).await;
    again!(once(app, actor, input, &checked))
}

async fn once(app: &App, actor: &Actor, input: &CrmInput, new: &Checked) -> Result<CrmTaken, ClaimError> {
    let now_ms = app.clock.now_ms();
    let who = actor.word();
    let mut tx = app.store.begin().await?;
    let customer = if new.contacts.is_empty() {
        None
    } else {
        Some(customers::find_or_make(&mut tx, &new.contacts, now_ms).await?.id)
    };
    if let Some((_, key)) = &new.order {
        lock_order(&mut tx, key.as_str(), now_ms).await?;
    }
    let row = NewCrmRecord {
        external_id: &input.external_id,
        content_hash: new.content_hash,
        customer,
        order: new
            .order
            .as_ref()
            .map(|(written, key)| (written.as_str(), key.as_str())),
        source_note: input.source_note.trim(),
        created_by: input.created_by.trim(),
        occurred_on: input.occurred_on,
        sent_by: &who,
        received_at: now_ms,
    };
    let Some(id) = insert_record(&mut tx, &row).await? else {
        tx.rollback().await?;
        return repeated(app, input, new).await;
    };
    let deal = Deal {
        order: new.order.as_ref().map(|(_, key)| key.as_str()),
        customer: customer.map(|c| c.0),
    };
    let record = CrmRecord {
        id,
        external_id: input.external_id.clone(),
        content_hash: new.content_hash.to_vec(),
        customer_id: customer.map(|c| c.0),
        order_no: new.order.as_ref().map(|(written, _)| written.clone()),
        order_key: new.order.as_ref().map(|(_, key)| key.as_str().to_owned()),
        source_note: input.source_note.trim().to_owned(),
        created_by: input.created_by.trim().to_owned(),
        occurred_on: input.occurred_on.to_string(),
        received_at: now_ms,
        verified: "[]".to_owned(),
    };
    let mut verified = Vec::new();
    for claim in open_claims_about(&mut tx, deal).await? {
        // Its customer may be another one than the record's: only the claim itself is locked then.
        let Some(claim) = lock_claim(&mut tx, claim.id).await? else {
            continue;
        };
        let own = actor.employee() == Some(claim.employee) || who == claim.filed_by;
        if own || !claim.status.is_open() || grounds(deal, claim.deal()).is_none() {
            continue;
        }
        // One record, one deal: the earliest claim it proves.
        if verified.is_empty() && verify_by_record(app, &mut tx, &claim, &record).await? {
            verified.push(claim.id);
        }
    }
    if !verified.is_empty() {
        let list = serde_json::to_string(&verified).unwrap_or_else(|_| "[]".to_owned());
        note_verified(&mut tx, id, &list).await?;
    }
    let detail = serde_json::json!({ "verified_claims": &verified });
    let subject = format!("crm-record:{}", input.external_id);
    insert_audit(&mut tx, now_ms, &who, "crm.record", &subject, &detail).await?;
    tx.commit().await?;
    Ok(CrmTaken {
        is_new: true,
        verified_claims: verified,
    })
}

async fn repeated(app: &App, input: &CrmInput, new: &Checked) -> Result<CrmTaken, ClaimError> {
    let known = app.store.crm_record(&input.external_id).await?;
    let known = known.ok_or(StoreError::RowCount {
        what: "customers",
        found: 0,
        expected: 1,
    })?;
    if known.content_hash != new.content_hash {
        let detail = format!(
            "record {:?} was sent before with other content; the same id again must carry the same content",
            input.external_id
        );
        return Err(ClaimError::Conflict(detail));
    }
    Ok(CrmTaken {
        is_new: false,
        verified_claims: serde_json::from_str(&known.verified).unwrap_or_default(),
    })
}

fn check(app: &App, input: &CrmInput) -> Result<Checked, Vec<Wrong>> {
    let mut wrong = Vec::new();
    if let Err(detail) = external_id(&input.external_id) {
        wrong.push(Wrong::at("/external_id", detail));
    }
    let vault = Vault::new(&app.secrets);
    let said = [&input.phone, &input.email, &input.customer_id].map(|text| text.as_deref());
    let contacts = contacts(&vault, said, &mut wrong);
    let order = order(input.order.as_deref(), &mut wrong);
    if contacts.is_empty() && order.is_none() && wrong.is_empty() {
        wrong.push(Wrong::at(
            "/customer",
            "a customer's phone, e-mail or id, or an order, to find the deal by",
        ));
    }
    for (pointer, text) in [
        ("/source_note", &input.source_note),
        ("/created_by", &input.created_by),
    ] {
        let length = text.trim().chars().count();
        if !(1..=MAX_NOTE).contains(&length) || text.contains('\0') {
            wrong.push(Wrong::at(pointer, format!("1 to {MAX_NOTE} characters")));
        }
    }
    if !(Date::constant(2000, 1, 1)..=app.today()).contains(&input.occurred_on) {
        wrong.push(Wrong::at("/occurred_on", "a day from 2000-01-01 to today"));
    }
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let mut hash = ContentHash::default();
    hash.part(order.as_ref().map_or("", |(_, key)| key.as_str()));
    hash.part(input.source_note.trim());
    hash.part(input.created_by.trim());
    hash.part(input.occurred_on.to_string());
    for (kind, contact) in &contacts {
        hash.part(kind.as_str());
        hash.part(contact.0);
    }
    Ok(Checked {
        contacts,
        order,
        content_hash: hash.finish(),
    })
}

const fn column(names: &'static [&'static str], required: bool) -> Header<'static> {
    Header { names, required }
}

const COLUMNS: [Header<'_>; 8] = [
    column(&["external_id", "编号", "记录编号", "商机编号"], true),
    column(&["phone", "手机", "手机号", "电话", "客户手机"], false),
    column(&["email", "邮箱", "电子邮箱", "客户邮箱"], false),
    column(&["customer_id", "客户编号", "会员号", "客户号"], false),
    column(&["order", "订单号", "单号"], false),
    column(&["source_note", "来源备注", "客户来源", "来源"], true),
    column(&["created_by", "创建人", "录入人"], true),
    column(&["occurred_on", "日期", "成交日期"], true),
];

/// Takes every line as a record of its own; the same file again finds everything known.
pub async fn import_records(app: &App, actor: &Actor, bytes: &[u8]) -> Result<ImportReport, ImportError> {
    let table = read_table(bytes, &COLUMNS)?;
    let mut report = ImportReport {
        encoding: table.encoding.to_owned(),
        ignored_columns: table.ignored,
        ..ImportReport::default()
    };
    for row in table.rows {
        let input = match row.cells.map_err(|fault| ("line", fault.into())).and_then(record) {
            Ok(input) => input,
            Err((what, reason)) => {
                report.reject_for(row.line, what, reason);
                continue;
            }
        };
        match take_record(app, actor, &input).await {
            Ok(taken) if taken.is_new => report.created += 1,
            Ok(_) => report.known += 1,
            Err(ClaimError::Store(error)) => return Err(error.into()),
            Err(refused) => report.reject_for(row.line, what(&refused), refused.to_string()),
        }
    }
    Ok(report)
}

/// What a refused line is about: a column, or `content` where the id is known with other content.
fn what(refused: &ClaimError) -> &'static str {
    match refused {
        ClaimError::Wrong(wrong) => wrong.first().map_or("", |w| match w.pointer {
            "/external_id" => "external_id",
            "/order" => "order",
            "/source_note" => "source_note",
            "/created_by" => "created_by",
            "/occurred_on" => "occurred_on",
            _ => "customer",
        }),
        _ => "content",
    }
}

fn record(cells: Vec<Option<String>>) -> Result<CrmInput, (&'static str, String)> {
    let [
        external_id,
        phone,
        email,
        customer_id,
        order,
        source_note,
        created_by,
        occurred_on,
    ] = <[Option<String>; 8]>::try_from(cells).map_err(|_| ("line", "the line cannot be read".to_owned()))?;
    let need =
        |cell: Option<String>, name: &'static str| cell.ok_or_else(|| (name, format!("{name}: is empty")));
    let day = need(occurred_on, "occurred_on")?;
    Ok(CrmInput {
        external_id: need(external_id, "external_id")?,
        phone,
        email,
        customer_id,
        order,
        source_note: need(source_note, "source_note")?,
        created_by: need(created_by, "created_by")?,
        occurred_on: day.replace('/', "-").parse().map_err(|_| {
            let reason = format!("occurred_on: expected a day like 2026-11-21, found {day:?}");
            ("occurred_on", reason)
        })?,
    })
}
