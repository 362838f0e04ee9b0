//! `/api/v1/crm/records`: see api.md.

use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::conversion_view::Import;
use super::conversions::Customer;
use crate::app::claims::{CrmInput, import_records, take_record};
use crate::app::{App, Permission};
use crate::web::{Authed, Json, Lines, Problem, Web};

/// Largest import, bytes.
const IMPORT_LIMIT: usize = 8 << 20;

/// The routes of this resource.
pub fn routes() -> OpenApiRouter<Web> {
    let import = OpenApiRouter::new()
        .routes(routes!(import_csv))
        .layer(DefaultBodyLimit::max(IMPORT_LIMIT));
    OpenApiRouter::new().routes(routes!(post_record)).merge(import)
}

/// A deal as the CRM knows it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRecord {
    /// The CRM's id. The same again gives the first answer again.
    external_id: String,
    #[serde(default)]
    customer: Customer,
    /// Order number.
    order: Option<String>,
    /// Where the customer came from; `员工推荐-<name or employee code>` verifies that person's claim.
    #[schema(example = "员工推荐-Z007")]
    source_note: String,
    /// Who wrote it into the CRM: code, name or e-mail. A claimant's own note proves nothing.
    created_by: String,
    /// The day of the deal.
    #[schema(value_type = String, format = Date)]
    occurred_on: Date,
}

/// What a record did.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecordTaken {
    /// Claims it verified when it came.
    verified_claims: Vec<i64>,
}

/// Takes a CRM record and verifies the claim it proves; what is ambiguous waits for a person.
#[utoipa::path(
    post, path = "/crm/records", tag = "claims", request_body = NewRecord,
    responses(
        (status = 201, body = RecordTaken),
        (status = 200, body = RecordTaken, description = "Known: the first answer again"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "Same id, other content"),
    ),
)]
async fn post_record(
    State(app): State<App>,
    authed: Authed,
    Json(new): Json<NewRecord>,
) -> Result<(StatusCode, Json<RecordTaken>), Problem> {
    let actor = authed.need(Permission::SendConversions)?;
    let input = CrmInput {
        external_id: new.external_id,
        phone: new.customer.phone,
        email: new.customer.email,
        customer_id: new.customer.id,
        order: new.order,
        source_note: new.source_note,
        created_by: new.created_by,
        occurred_on: new.occurred_on,
    };
    let taken = take_record(&app, actor, &input).await?;
    let status = if taken.is_new {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    let verified_claims = taken.verified_claims;
    Ok((status, Json(RecordTaken { verified_claims })))
}

/// Takes CRM records as CSV (columns `external_id`, `phone`, `email`, `customer_id`, `order`, `source_note`,
/// `created_by`, `occurred_on`, or their Chinese names).
#[utoipa::path(
    post, path = "/crm/records/import", tag = "claims",
    request_body(content = String, content_type = "text/csv"),
    responses(
        (status = 200, body = Import),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "Not such a file"),
    ),
)]
async fn import_csv(
    State(app): State<App>,
    authed: Authed,
    Lines(bytes): Lines,
) -> Result<Json<Import>, Problem> {
    let actor = authed.need(Permission::SendConversions)?;
    Ok(Json(import_records(&app, actor, &bytes).await?.into()))
}
