//! JSON under `/api/v1` (api.md), described by OpenAPI generated from the code.
//!
//! # Why
//! One file per resource; paths and bodies are stated once, on the handler, and the description comes out of that.

mod amount;
mod awards;
mod campaigns;
mod claim_files;
mod claim_view;
mod claims;
mod clicks;
mod conversion_view;
mod conversions;
mod coupons;
mod crm;
mod customers;
mod describe;
mod employees;
mod facts;
mod filed;
mod holds;
mod interactions;
mod leaderboard;
mod links;
mod objections;
mod payout_view;
mod payouts;
mod pictures;
mod points;
mod refused;
mod schemes;
mod shares;
mod webhooks;

pub use amount::Amount;
pub use claim_files::download;
pub use leaderboard::Leaderboard;
pub use pictures::poster_words;

use axum::Router;
use axum::routing::get;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};
use utoipa_axum::router::OpenApiRouter;

use crate::web::{Problem, Web};

#[derive(OpenApi)]
#[openapi(
    info(title = "Bole", description = "Employee sharing that pays. Errors are RFC 9457 problems; amounts are strings."),
    components(schemas(Problem)),
    modifiers(&Bearer),
    security(("bearer" = [])),
)]
struct Description;

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let scheme = SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build());
        openapi
            .components
            .get_or_insert_default()
            .add_security_scheme("bearer", scheme);
    }
}

/// All API routes, with the description at `/api/v1/openapi.json`.
pub fn router() -> Router<Web> {
    let resources = OpenApiRouter::<Web>::new()
        .merge(employees::routes())
        .merge(campaigns::routes())
        .merge(links::routes())
        .merge(pictures::routes())
        .merge(coupons::routes())
        .merge(customers::routes())
        .merge(clicks::routes())
        .merge(conversions::routes())
        .merge(claims::routes())
        .merge(claim_files::routes())
        .merge(crm::routes())
        .merge(facts::routes())
        .merge(schemes::routes())
        .merge(payouts::routes())
        .merge(objections::routes())
        .merge(holds::routes())
        .merge(shares::routes())
        .merge(interactions::routes())
        .merge(awards::routes())
        .merge(points::routes())
        .merge(leaderboard::routes())
        .merge(webhooks::routes());
    let (router, openapi) = OpenApiRouter::with_openapi(Description::openapi())
        .nest("/api/v1", resources)
        .split_for_parts();
    let mut document = serde_json::to_value(&openapi).unwrap_or_default();
    describe::complete(&mut document);
    let json = document.to_string();
    router.route(
        "/api/v1/openapi.json",
        get(move || {
            std::future::ready((
                [(axum::http::header::CONTENT_TYPE, "application/json")],
                json.clone(),
            ))
        }),
    )
}
