//! `/app/claims/{id}`: one's own claim, where it stands, what is asked, and what one may do about it.

use askama::Template;
use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;

use super::form::wrong_files;
use super::new::LIMIT;
use super::view::{self, Eyes, FileView, Line, State as ClaimStanding};
use crate::app::claims::{ClaimError, appeal, attach, claim_contact, is_claimants, supply};
use crate::app::{LeadContact, Permission};
use crate::attribution::claim::{ClaimState, ClaimStep, MAX_ATTACHMENTS};
use crate::attribution::{ConversionKind, Status};
use crate::domain::Money;
use crate::storage::claims::Claim;
use crate::storage::conversions::Conversion;
use crate::web::html::{Html, see_other};
use crate::web::session::Staff;
use crate::web::shell::{Place, Shell};
use crate::web::ui::Field;
use crate::web::{Form, Path, Problem, Query, Upload, Web, decision};

/// What a true claim brought.
#[derive(Clone, Debug)]
pub struct Credit {
    pub kind: &'static str,
    pub icon: &'static str,
    pub word: String,
    pub amount: Money,
    pub why: String,
}

/// The page.
#[derive(Debug, Template)]
#[template(path = "claims/claim.html")]
pub struct ClaimPage {
    pub s: Shell,
    pub id: i64,
    pub state: ClaimStanding,
    pub customer: String,
    pub contact: Option<String>,
    pub is_lead: bool,
    pub bought: String,
    pub amount: Money,
    pub order: Option<String>,
    pub day: Date,
    pub story: String,
    /// Until when the deal is kept for the claimant; `None` once decided.
    pub held_until: Option<Timestamp>,
    /// What a verifier asks.
    pub question: Option<String>,
    /// Why it was rejected, while an appeal is open.
    pub rejected: Option<String>,
    pub credit: Option<Credit>,
    pub files: Vec<FileView>,
    /// How many more files may be attached.
    pub room: usize,
    pub lines: Vec<Line>,
    pub answer: Field,
    pub reason: Field,
    pub more: Field,
    pub done: Option<String>,
    pub notice: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
struct Asked {
    done: Option<String>,
}

#[derive(Debug, Deserialize)]
struct SentReason {
    reason: String,
}

/// What can be said to be done.
const DONE: [&str; 5] = ["filed", "known", "answered", "attached", "appealed"];

/// The routes.
pub fn routes() -> Router<Web> {
    Router::new()
        .route("/app/claims/{id}", get(show))
        .route("/app/claims/{id}/answer", post(answer))
        .route("/app/claims/{id}/files", post(add_files))
        .layer(DefaultBodyLimit::max(LIMIT))
        .route("/app/claims/{id}/appeal", post(send_appeal))
}

/// The claim of a path, for its claimant.
async fn own(web: &Web, staff: &Staff, id: i64) -> Result<Claim, Problem> {
    staff.who.need(Permission::Own)?;
    let found = web.app.store.claim(id).await?;
    let own = found.filter(|claim| is_claimants(&staff.who.actor, claim));
    Ok(own.ok_or(ClaimError::NotFound(id))?)
}

async fn page(web: &Web, staff: &Staff, claim: Claim) -> Result<ClaimPage, Problem> {
    let store = &web.app.store;
    let s = staff.who.shell(web, Place::Claims);
    let contact = claim_contact(&web.app, &staff.who.actor, &claim).await?;
    let events = store.claim_events(claim.id).await?;
    let said = |step: ClaimStep| {
        let last = events.iter().rev().find(|e| e.step == step);
        last.map(|e| e.reason.clone())
    };
    let question = (claim.status == ClaimState::NeedsInformation).then(|| said(ClaimStep::NeedsInformation));
    let rejected = (claim.status == ClaimState::Rejected).then(|| said(ClaimStep::Rejected));
    let (question, rejected) = (question.flatten(), rejected.flatten());
    let credit = match claim.external_id.as_deref().filter(|_| claim.status.is_true()) {
        Some(external_id) => store.conversion(external_id).await?,
        None => None,
    };
    let credit = credit.map(|c| credit_of(&s, &claim, &c));
    let files = view::files(claim.id, store.claim_files(claim.id).await?);
    let open = claim.status.is_open();
    Ok(ClaimPage {
        id: claim.id,
        state: ClaimStanding::of(s.lang, claim.status),
        customer: super::customer(s.lang, contact.as_ref()),
        contact: contact.and_then(reach),
        is_lead: claim.kind == ConversionKind::Lead,
        bought: claim.bought.clone(),
        amount: claim.amount,
        order: claim.order_no.clone(),
        day: claim.occurred_on,
        story: claim.story.clone(),
        held_until: open.then(|| view::instant(claim.held_until)),
        question,
        rejected,
        credit,
        room: if open {
            MAX_ATTACHMENTS.saturating_sub(files.len())
        } else {
            0
        },
        files,
        lines: view::timeline(&s, &claim, events, Eyes::Claimant),
        answer: Field::empty("answer"),
        reason: Field::empty("reason"),
        more: Field::empty("files"),
        done: None,
        notice: None,
        s,
    })
}

/// Phone or e-mail.
pub fn reach(contact: LeadContact) -> Option<String> {
    contact.phone.or(contact.email)
}

fn credit_of(s: &Shell, claim: &Claim, conversion: &Conversion) -> Credit {
    let mine = conversion.credited_to == Some(claim.employee);
    let (kind, icon, word) = match conversion.status {
        _ if !mine => ("", "cross", "not"),
        Status::Approved | Status::Paid => ("good", "check", "counted"),
        Status::Pending => ("warn", "clock", "waiting"),
        Status::Held => ("warn", "clock", "checking"),
        Status::Rejected => ("bad", "alert", "rejected"),
        Status::Refunded => ("bad", "alert", "refunded"),
        Status::Uncredited => ("", "cross", "not"),
    };
    Credit {
        kind,
        icon,
        word: s.word("verdict", word).to_string(),
        amount: if mine { conversion.net() } else { Money::ZERO },
        why: if mine {
            decision::standing(s.lang, &s.moment.zone, conversion, true)
        } else {
            decision::headline(s.lang, &s.moment.zone, &conversion.steps)
        },
    }
}

async fn show(
    State(web): State<Web>,
    staff: Staff,
    Path(id): Path<i64>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let claim = own(&web, &staff, id).await?;
    let mut page = page(&web, &staff, claim).await?;
    let done = asked.done.as_deref().filter(|d| DONE.contains(d));
    page.done = done.map(|d| staff.who.lang.word("claim-done", d).to_string());
    Ok(Html(page).into_response())
}

/// The page again with what was refused at its field; anything else is a problem.
async fn refused(
    web: &Web,
    staff: &Staff,
    id: i64,
    error: ClaimError,
    mark: impl FnOnce(&mut ClaimPage),
) -> Result<Response, Problem> {
    let (status, notice) = match error {
        ClaimError::Wrong(_) => (StatusCode::UNPROCESSABLE_ENTITY, None),
        // Somebody decided in between: the page shows what.
        ClaimError::Conflict(_) => {
            let words = staff.who.lang.t("claim-moved").to_string();
            (StatusCode::CONFLICT, Some(words))
        }
        other => return Err(other.into()),
    };
    let claim = own(web, staff, id).await?;
    let mut page = page(web, staff, claim).await?;
    mark(&mut page);
    page.notice = notice;
    Ok(Html(page).status(status))
}

/// The files of a form, checked before any is kept.
async fn keep_files(
    web: &Web,
    staff: &Staff,
    claim: &Claim,
    sent: &Upload,
) -> Result<Option<String>, Problem> {
    let known = web.app.store.claim_files(claim.id).await?.len();
    let room = MAX_ATTACHMENTS.saturating_sub(known);
    if let Some(wrong) = wrong_files(staff.who.lang, sent, room) {
        return Ok(Some(wrong));
    }
    for (name, bytes) in &sent.files {
        match attach(&web.app, &staff.who.actor, claim.id, name, bytes).await {
            Ok(_) => {}
            Err(ClaimError::Conflict(_)) => {
                return Ok(Some(staff.who.lang.t("claim-moved").to_string()));
            }
            Err(other) => return Err(other.into()),
        }
    }
    Ok(None)
}

async fn wrong_upload(
    web: &Web,
    staff: &Staff,
    id: i64,
    sent: &Upload,
    wrong: String,
) -> Result<Response, Problem> {
    let claim = own(web, staff, id).await?;
    let mut page = page(web, staff, claim).await?;
    page.answer = Field::new("answer", sent.text("answer"));
    page.more = page.more.wrong(wrong);
    let status = if sent.too_large {
        StatusCode::PAYLOAD_TOO_LARGE
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    Ok(Html(page).status(status))
}

async fn answer(
    State(web): State<Web>,
    staff: Staff,
    Path(id): Path<i64>,
    sent: Upload,
) -> Result<Response, Problem> {
    let claim = own(&web, &staff, id).await?;
    if let Some(wrong) = keep_files(&web, &staff, &claim, &sent).await? {
        return wrong_upload(&web, &staff, id, &sent, wrong).await;
    }
    let typed = sent.text("answer");
    match supply(&web.app, &staff.who.actor, id, typed).await {
        Ok(_) => Ok(see_other(&format!("/app/claims/{id}?done=answered"))),
        Err(error) => {
            let field = Field::new("answer", typed).wrong(staff.who.lang.t("claim-wrong-text"));
            refused(&web, &staff, id, error, |page| page.answer = field).await
        }
    }
}

async fn add_files(
    State(web): State<Web>,
    staff: Staff,
    Path(id): Path<i64>,
    sent: Upload,
) -> Result<Response, Problem> {
    let claim = own(&web, &staff, id).await?;
    let none = sent.files.is_empty() && !sent.too_large;
    let wrong = if none {
        Some(staff.who.lang.t("claim-wrong-none").to_string())
    } else {
        keep_files(&web, &staff, &claim, &sent).await?
    };
    match wrong {
        Some(wrong) => wrong_upload(&web, &staff, id, &sent, wrong).await,
        None => Ok(see_other(&format!("/app/claims/{id}?done=attached"))),
    }
}

async fn send_appeal(
    State(web): State<Web>,
    staff: Staff,
    Path(id): Path<i64>,
    Form(sent): Form<SentReason>,
) -> Result<Response, Problem> {
    own(&web, &staff, id).await?;
    match appeal(&web.app, &staff.who.actor, id, &sent.reason).await {
        Ok(_) => Ok(see_other(&format!("/app/claims/{id}?done=appealed"))),
        Err(error) => {
            let field = Field::new("reason", &sent.reason).wrong(staff.who.lang.t("claim-wrong-text"));
            refused(&web, &staff, id, error, |page| page.reason = field).await
        }
    }
}
