//! `/api/v1/claims`: see api.md.

use axum::extract::State;
use axum::http::StatusCode;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::amount::Amount;
use super::claim_view::{Around, Claim, ClaimDetail};
use super::conversions::{Customer, Kind};
use super::filed::listed;
use crate::app::claims::{
    ClaimError, ClaimInput, ClaimVerdict, appeal, claim_contact, contest, decide_on_claim, file_claim, supply,
};
use crate::app::filing::Filed;
use crate::app::{App, Permission};
use crate::attribution::claim::ClaimState;
use crate::storage::claims::ClaimFilter;
use crate::web::{Authed, Json, List, Page, Path, Problem, Query, Web};

/// The routes of this resource.
pub fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(post_claim, list_claims))
        .routes(routes!(get_claim))
        .routes(routes!(post_claim_decision))
        .routes(routes!(post_claim_answer))
        .routes(routes!(post_appeal))
        .routes(routes!(post_contest))
}

/// A deal no link could see.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewClaim {
    /// Employee code: whose deal it is.
    employee: String,
    kind: Kind,
    /// Phone, e-mail or the shop's id; a name beside it.
    customer: Customer,
    /// Order number, as the CRM writes it.
    order: Option<String>,
    /// What was bought.
    bought: Option<String>,
    /// Paid; a sale's only.
    amount: Option<Amount>,
    /// The day of the deal, not in the future.
    #[schema(value_type = String, format = Date)]
    occurred_on: Date,
    /// How it came about, 1 to 2 000 characters.
    story: String,
}

/// A verifier's decision.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewClaimDecision {
    decision: ClaimDecision,
    /// Needed unless `verified`; the claimant reads it.
    #[serde(default)]
    reason: String,
}

/// The decision.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClaimDecision {
    /// True: it is credited.
    Verified,
    /// Found wanting.
    Rejected,
    /// The claimant must say more first.
    NeedsInformation,
}

/// Why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewReason {
    /// 1 to 2 000 characters.
    reason: String,
}

/// What a verifier asked for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAnswer {
    /// 1 to 2 000 characters.
    answer: String,
}

impl NewReason {
    pub(super) fn reason(&self) -> &str {
        &self.reason
    }
}

impl NewAnswer {
    pub(super) fn answer(&self) -> &str {
        &self.answer
    }
}

/// That a doubt was noted.
#[derive(Debug, Serialize, ToSchema)]
pub struct Contested {
    /// The claim.
    id: i64,
    /// `contested`.
    status: &'static str,
}

/// What a list is narrowed to.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ClaimList {
    /// Employee code.
    employee: Option<String>,
    /// `submitted`, `needs_information`, `verified`, `rejected`, `appealed`, `upheld` or `overturned`.
    status: Option<String>,
    /// How many at most.
    limit: Option<u16>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Files a claim. The first filer holds the deal for 30 days; a CRM record that names them verifies it at once.
#[utoipa::path(
    post, path = "/claims", tag = "claims", request_body = NewClaim,
    responses(
        (status = 201, body = Claim, description = "Stored"),
        (status = 200, body = Claim, description = "Known: the same claim again; the first answer, whatever became of it"),
        (status = 409, body = Problem, content_type = "application/problem+json",
         description = "The order or the customer is claimed already; `instance` is the claim to contest"),
    ),
)]
async fn post_claim(
    State(app): State<App>,
    Authed(actor): Authed,
    Json(new): Json<NewClaim>,
) -> Result<(StatusCode, Json<Claim>), Problem> {
    let input = ClaimInput {
        employee: new.employee,
        kind: Some(new.kind.into()),
        customer_name: new.customer.name,
        phone: new.customer.phone,
        email: new.customer.email,
        customer_id: new.customer.id,
        order: new.order,
        bought: new.bought,
        amount: new.amount.map(|a| a.0),
        occurred_on: new.occurred_on,
        story: new.story,
    };
    Ok(match file_claim(&app, &actor, input).await? {
        Filed::New(claim) => (StatusCode::CREATED, Json(claim.into())),
        Filed::Known(claim) => {
            let events = app.store.claim_events(claim.id).await?;
            (StatusCode::OK, Json(Claim::first(claim, &events)))
        }
    })
}

/// Claims, newest first: everybody's for who may read them, else one's own.
#[utoipa::path(
    get, path = "/claims", tag = "claims", params(ClaimList),
    responses((status = 200, body = List<Claim>)),
)]
async fn list_claims(
    State(app): State<App>,
    Authed(actor): Authed,
    Query(list): Query<ClaimList>,
) -> Result<Json<List<Claim>>, Problem> {
    let mut employee = match &list.employee {
        None => None,
        Some(code) => {
            let found = app.store.employee(code, app.today()).await?;
            let unknown = || Problem::field("?employee", format!("there is nobody with the code {code:?}"));
            Some(found.ok_or_else(unknown)?.id)
        }
    };
    let all = actor.may(Permission::ReadTracker) || actor.may(Permission::DecideClaims);
    if !all {
        let own = actor.employee().filter(|_| actor.may(Permission::Own));
        let own = own.filter(|own| employee.is_none_or(|asked| asked == *own));
        employee = Some(own.ok_or_else(|| Problem::forbidden("this key sees its own person's claims only"))?);
    }
    let status = match &list.status {
        None => None,
        Some(word) => Some(word.parse::<ClaimState>().map_err(|()| {
            let words: Vec<_> = ClaimState::ALL.iter().map(|s| s.as_str()).collect();
            Problem::field("?status", format!("expected one of {}", words.join(", ")))
        })?),
    };
    let page = Page {
        limit: list.limit,
        cursor: list.cursor.clone(),
    };
    let filter = ClaimFilter {
        employee,
        status,
        waiting: false,
    };
    let limit = page.limit()?;
    let rows = app.store.claims(filter, page.after_id()?, limit + 1).await?;
    Ok(listed(rows, limit, |row| row.id))
}

/// A claim with its timeline, its files and, for verifiers, what the CRM says.
#[utoipa::path(
    get, path = "/claims/{id}", tag = "claims", params(("id" = i64, Path, description = "The claim")),
    responses((status = 200, body = ClaimDetail)),
)]
async fn get_claim(
    State(app): State<App>,
    Authed(actor): Authed,
    Path(id): Path<i64>,
) -> Result<Json<ClaimDetail>, Problem> {
    let claim = app.store.claim(id).await?.ok_or(ClaimError::NotFound(id))?;
    let contact = claim_contact(&app, &actor, &claim).await?;
    let verifier = actor.may(Permission::DecideClaims);
    let around = Around {
        contact,
        events: app.store.claim_events(id).await?,
        files: app.store.claim_files(id).await?,
        records: if verifier {
            app.store.crm_records_about(claim.deal()).await?
        } else {
            Vec::new()
        },
        names: verifier,
    };
    Ok(Json(ClaimDetail::new(claim, around)))
}

/// Decides on a claim. Nobody decides on their own, or on one they filed; an appeal goes to another person.
#[utoipa::path(
    post, path = "/claims/{id}/decision", tag = "claims", request_body = NewClaimDecision,
    params(("id" = i64, Path, description = "The claim")),
    responses((status = 200, body = Claim)),
)]
async fn post_claim_decision(
    State(app): State<App>,
    authed: Authed,
    Path(id): Path<i64>,
    Json(new): Json<NewClaimDecision>,
) -> Result<Json<Claim>, Problem> {
    let actor = authed.need(Permission::DecideClaims)?;
    let verdict = match new.decision {
        ClaimDecision::Verified => ClaimVerdict::Verified,
        ClaimDecision::Rejected => ClaimVerdict::Rejected,
        ClaimDecision::NeedsInformation => ClaimVerdict::NeedsInformation,
    };
    Ok(Json(
        decide_on_claim(&app, actor, id, verdict, &new.reason)
            .await?
            .into(),
    ))
}

/// Answers what a verifier asked.
#[utoipa::path(
    post, path = "/claims/{id}/answer", tag = "claims", request_body = NewAnswer,
    params(("id" = i64, Path, description = "The claim")),
    responses((status = 200, body = Claim)),
)]
async fn post_claim_answer(
    State(app): State<App>,
    Authed(actor): Authed,
    Path(id): Path<i64>,
    Json(new): Json<NewAnswer>,
) -> Result<Json<Claim>, Problem> {
    Ok(Json(supply(&app, &actor, id, &new.answer).await?.into()))
}

/// Appeals against a rejection.
#[utoipa::path(
    post, path = "/claims/{id}/appeal", tag = "claims", request_body = NewReason,
    params(("id" = i64, Path, description = "The claim")),
    responses((status = 200, body = Claim)),
)]
async fn post_appeal(
    State(app): State<App>,
    Authed(actor): Authed,
    Path(id): Path<i64>,
    Json(new): Json<NewReason>,
) -> Result<Json<Claim>, Problem> {
    Ok(Json(appeal(&app, &actor, id, &new.reason).await?.into()))
}

/// Says that a claimed deal is one's own; a person will decide.
#[utoipa::path(
    post, path = "/claims/{id}/contest", tag = "claims", request_body = NewReason,
    params(("id" = i64, Path, description = "The claim that holds the deal")),
    responses((status = 200, body = Contested)),
)]
async fn post_contest(
    State(app): State<App>,
    Authed(actor): Authed,
    Path(id): Path<i64>,
    Json(new): Json<NewReason>,
) -> Result<Json<Contested>, Problem> {
    contest(&app, &actor, id, &new.reason).await?;
    Ok(Json(Contested {
        id,
        status: "contested",
    }))
}
