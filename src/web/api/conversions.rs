//! `/api/v1/conversions`: see api.md.

use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Amount;
use super::conversion_view::{Conversion, instant};
use crate::app::{
    Actor, App, ConversionInput, ConvertError, ImportError, LeadContact, Permission, RefundError,
    RefundInput, VaultError, VerdictError, Wrong, convert, give_verdict, import_conversions, read_contact,
    refund,
};
use crate::attribution::{ConversionKind, Status, Verdict};
use crate::storage::conversions::ConversionFilter;
use crate::web::pages::paged::cut;
use crate::web::{Authed, FieldError, Json, Lines, List, Page, Path, Problem, Query, Web};

/// Largest import, bytes.
const IMPORT_LIMIT: usize = 8 << 20;

/// The routes of this resource.
pub fn routes() -> OpenApiRouter<Web> {
    let import = OpenApiRouter::new()
        .routes(routes!(import_csv))
        .layer(DefaultBodyLimit::max(IMPORT_LIMIT));
    OpenApiRouter::new()
        .routes(routes!(post_conversion, list_conversions))
        .routes(routes!(get_conversion))
        .routes(routes!(get_contact))
        .routes(routes!(post_decision))
        .routes(routes!(post_refund))
        .merge(import)
}

/// Lead or sale.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A form, registration, download or enquiry.
    Lead,
    /// An order with a paid amount.
    Sale,
}

impl From<Kind> for ConversionKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Lead => Self::Lead,
            Kind::Sale => Self::Sale,
        }
    }
}

/// The customer, by any contact; kept as keyed hashes, a lead's also sealed until its retention date.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Customer {
    /// Mainland numbers in any spelling, others with their country code.
    #[schema(example = "138 0013 8000")]
    pub(super) phone: Option<String>,
    /// An e-mail address.
    pub(super) email: Option<String>,
    /// The shop's own id.
    pub(super) id: Option<String>,
    /// How to call the customer back; leads and claims only, sealed.
    pub(super) name: Option<String>,
}

/// A lead or a sale.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewConversion {
    kind: Kind,
    /// The caller's id; leads and sales share one namespace. The same again gives the first answer again.
    #[schema(example = "QM-1119-0024")]
    external_id: String,
    /// When it happened, with offset; at most 5 minutes in the future.
    occurred_at: Timestamp,
    /// Paid; a sale's only.
    amount: Option<Amount>,
    /// The programme's, which it is when absent.
    #[schema(example = "CNY")]
    currency: Option<String>,
    /// The click token (`bclid`).
    click: Option<String>,
    /// A coupon code.
    coupon: Option<String>,
    #[serde(default)]
    customer: Option<Customer>,
    /// The shop's word for what was sold.
    product_class: Option<String>,
}

/// A person's word on a conversion.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewVerdict {
    decision: Word,
    /// Needed for `rejected` and `held`; at most 500 characters.
    #[serde(default)]
    reason: Option<String>,
}

/// The word.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Word {
    /// It stands.
    Approved,
    /// It does not: a void lead, a fake order.
    Rejected,
    /// It waits for a closer look.
    Held,
    /// The closer look found nothing.
    Released,
}

/// Money that went back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRefund {
    /// The caller's id for the refund. The same again gives the first answer again.
    external_id: String,
    /// Above 0, at most what is left of the sale.
    amount: Amount,
    /// When, with offset.
    occurred_at: Timestamp,
}

/// A refund.
#[derive(Debug, Serialize, ToSchema)]
pub struct Refund {
    id: i64,
    external_id: String,
    /// The sale's external id.
    conversion: String,
    amount: Amount,
    occurred_at: Timestamp,
    /// The sale's state after it.
    status: String,
    /// What is left of the sale after it.
    rest: Amount,
}

/// How to call a lead back.
#[derive(Debug, Serialize, ToSchema)]
pub struct Contact {
    name: Option<String>,
    phone: Option<String>,
    email: Option<String>,
    message: Option<String>,
}

/// What a list is narrowed to.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Narrow {
    /// `pending`, `approved`, `paid`, `rejected`, `refunded`, `held` or `uncredited`.
    status: Option<String>,
    /// `lead` or `sale`.
    kind: Option<String>,
    /// Code of the employee credited, directly or indirectly.
    employee: Option<String>,
    /// First instant.
    from: Option<Timestamp>,
    /// First instant after.
    to: Option<Timestamp>,
    /// How many at most.
    limit: Option<u16>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

fn wrong(fields: Vec<Wrong>) -> Problem {
    let errors = fields.into_iter().map(|w| FieldError {
        pointer: w.place(),
        detail: w.detail,
    });
    Problem::fields(errors.collect())
}

impl From<ConvertError> for Problem {
    fn from(error: ConvertError) -> Self {
        match error {
            ConvertError::Wrong(fields) => wrong(fields),
            other @ ConvertError::OtherContent(_) => Self::conflict(other.to_string()),
            ConvertError::Store(error) => error.into(),
        }
    }
}

impl From<ImportError> for Problem {
    fn from(error: ImportError) -> Self {
        match error {
            ImportError::Table(error) => Self::field("", error),
            ImportError::Store(error) => error.into(),
        }
    }
}

/// Takes a lead or a sale, decides who is credited, and says why.
#[utoipa::path(
    post, path = "/conversions", tag = "conversions", request_body = NewConversion,
    responses(
        (status = 201, body = Conversion, description = "Taken and decided"),
        (status = 200, body = Conversion, description = "Known: the first answer again"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "The external id is taken by other content"),
    ),
)]
async fn post_conversion(
    State(app): State<App>,
    authed: Authed,
    Json(new): Json<NewConversion>,
) -> Result<(StatusCode, Json<Conversion>), Problem> {
    let actor = authed.need(Permission::SendConversions)?;
    let customer = new.customer.unwrap_or_default();
    let input = ConversionInput {
        amount: new.amount.map(|a| a.0),
        currency: new.currency,
        click: new.click,
        coupon: new.coupon,
        phone: customer.phone,
        email: customer.email,
        customer_id: customer.id,
        product_class: new.product_class,
        contact: LeadContact {
            name: customer.name,
            ..LeadContact::default()
        },
        ..ConversionInput::new(new.kind.into(), new.external_id, new.occurred_at)
    };
    let done = convert(&app, actor, input).await?;
    let status = if done.is_new {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    Ok((status, Json(Conversion::first(&app, done.conversion))))
}

/// A conversion as it stands now, with its decision and refunds.
#[utoipa::path(
    get, path = "/conversions/{external_id}", tag = "conversions",
    params(("external_id" = String, Path, description = "The caller's id")),
    responses((status = 200, body = Conversion)),
)]
async fn get_conversion(
    State(app): State<App>,
    Authed(actor): Authed,
    Path(external_id): Path<String>,
) -> Result<Json<Conversion>, Problem> {
    let found = app.store.conversion(&external_id).await?;
    let missing = || Problem::not_found(format_args!("conversion {external_id:?}"));
    let found = found.ok_or_else(missing)?;
    let own = actor.employee();
    let is_own = own.is_some() && (own == found.credited_to || own == found.indirect_to);
    if !actor.may(Permission::ReadTracker) && !actor.may(Permission::SendConversions) && !is_own {
        // Whether somebody else's exists is nobody's business.
        return Err(missing());
    }
    let refunds = app.store.refunds_of(found.id).await?;
    Ok(Json(Conversion::now(&app, found, &refunds)))
}

/// Conversions, the newest first.
#[utoipa::path(
    get, path = "/conversions", tag = "conversions", params(Narrow),
    responses((status = 200, body = List<Conversion>)),
)]
async fn list_conversions(
    State(app): State<App>,
    Authed(actor): Authed,
    Query(narrow): Query<Narrow>,
) -> Result<Json<List<Conversion>>, Problem> {
    let page = Page {
        limit: narrow.limit,
        cursor: narrow.cursor.clone(),
    };
    let limit = page.limit()?;
    let filter = filter(&app, &actor, &narrow, page.after_id()?).await?;
    let mut rows = app.store.conversions(&filter, limit + 1).await?;
    let more = cut(&mut rows, limit);
    let next_cursor = rows.last().filter(|_| more).map(|row| row.id.to_string());
    let data = rows
        .into_iter()
        .map(|row| Conversion::now(&app, row, &[]))
        .collect();
    Ok(Json(List { data, next_cursor }))
}

async fn filter(
    app: &App,
    actor: &Actor,
    narrow: &Narrow,
    before: Option<i64>,
) -> Result<ConversionFilter, Problem> {
    let status = narrow.status.as_deref().map(|word| {
        word.parse::<Status>().map_err(|()| {
            let words: Vec<_> = Status::ALL.iter().map(|s| s.as_str()).collect();
            Problem::field("?status", format!("expected one of {}", words.join(", ")))
        })
    });
    let kind = narrow.kind.as_deref().map(|word| {
        word.parse::<ConversionKind>()
            .map_err(|()| Problem::field("?kind", "expected lead or sale"))
    });
    let employee = match &narrow.employee {
        None => None,
        Some(code) => {
            let found = app.store.employee_id_by_code(code).await?;
            Some(found.ok_or_else(|| {
                Problem::field(
                    "?employee",
                    format!("expected an employee's code; there is nobody called {code:?}"),
                )
            })?)
        }
    };
    let own = employee.is_some() && employee == actor.employee() && actor.may(Permission::Own);
    if !own && !actor.may(Permission::ReadTracker) {
        return Err(Problem::forbidden(
            "this key sees its own person's only: ?employee=CODE",
        ));
    }
    Ok(ConversionFilter {
        status: status.transpose()?,
        kind: kind.transpose()?,
        employee,
        from_ms: narrow.from.map(Timestamp::as_millisecond),
        to_ms: narrow.to.map(Timestamp::as_millisecond),
        before,
    })
}

/// How to call a lead back. Every look is audited; after the retention date there is nothing to see.
#[utoipa::path(
    get, path = "/conversions/{external_id}/contact", tag = "conversions",
    params(("external_id" = String, Path, description = "The caller's id")),
    responses(
        (status = 200, body = Contact),
        (status = 410, body = Problem, content_type = "application/problem+json", description = "Never given, or erased"),
    ),
)]
async fn get_contact(
    State(app): State<App>,
    authed: Authed,
    Path(external_id): Path<String>,
) -> Result<Json<Contact>, Problem> {
    let actor = authed.need(Permission::DecideConversions)?;
    match read_contact(&app, actor, &external_id).await {
        Ok(Some(contact)) => Ok(Json(Contact {
            name: contact.name,
            phone: contact.phone,
            email: contact.email,
            message: contact.message,
        })),
        Ok(None) => Err(Problem::not_found(format_args!("conversion {external_id:?}"))),
        Err(error @ VaultError::Gone) => Err(Problem::new(StatusCode::GONE, "gone", error.to_string())),
        Err(VaultError::Store(error)) => Err(error.into()),
        Err(error @ VaultError::Sealed) => Err(Problem::internal(&error)),
    }
}

/// A person's word: approved, rejected (a void lead), held or released. Nobody decides on what they are credited with.
#[utoipa::path(
    post, path = "/conversions/{external_id}/decision", tag = "conversions", request_body = NewVerdict,
    params(("external_id" = String, Path, description = "The caller's id")),
    responses(
        (status = 200, body = Conversion),
        (status = 403, body = Problem, content_type = "application/problem+json", description = "Also on one's own"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "Its state does not allow it"),
    ),
)]
async fn post_decision(
    State(app): State<App>,
    authed: Authed,
    Path(external_id): Path<String>,
    Json(new): Json<NewVerdict>,
) -> Result<Json<Conversion>, Problem> {
    let actor = authed.need(Permission::DecideConversions)?;
    let verdict = match new.decision {
        Word::Approved => Verdict::Approved,
        Word::Rejected => Verdict::Rejected,
        Word::Held => Verdict::Held,
        Word::Released => Verdict::Released,
    };
    let done = give_verdict(&app, actor, &external_id, verdict, new.reason.as_deref()).await;
    let conversion = done.map_err(|error| match error {
        VerdictError::Missing => Problem::not_found(format_args!("conversion {external_id:?}")),
        VerdictError::Own => Problem::forbidden(error.to_string()),
        VerdictError::Reason => Problem::field("/reason", error),
        VerdictError::Refused(refused) => Problem::conflict(refused.to_string()),
        VerdictError::Store(error) => error.into(),
    })?;
    let refunds = app.store.refunds_of(conversion.id).await?;
    Ok(Json(Conversion::now(&app, conversion, &refunds)))
}

/// Money that went back: partial keeps the state, the whole makes it `refunded`; beyond the rest is refused.
#[utoipa::path(
    post, path = "/conversions/{external_id}/refunds", tag = "conversions", request_body = NewRefund,
    params(("external_id" = String, Path, description = "The sale's external id")),
    responses(
        (status = 201, body = Refund, description = "Booked"),
        (status = 200, body = Refund, description = "Known: the first answer again"),
    ),
)]
async fn post_refund(
    State(app): State<App>,
    authed: Authed,
    Path(conversion): Path<String>,
    Json(new): Json<NewRefund>,
) -> Result<(StatusCode, Json<Refund>), Problem> {
    let actor = authed.need(Permission::SendConversions)?;
    let input = RefundInput {
        conversion,
        external_id: new.external_id,
        amount: new.amount.0,
        occurred_at: new.occurred_at,
    };
    let done = refund(&app, actor, &input).await.map_err(|error| match error {
        RefundError::Missing => Problem::not_found(format_args!("conversion {:?}", input.conversion)),
        RefundError::Wrong(fields) => wrong(fields),
        other @ RefundError::OtherContent(_) => Problem::conflict(other.to_string()),
        RefundError::Store(error) => error.into(),
    })?;
    let status = if done.is_new {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    let answer = Refund {
        id: done.id,
        external_id: input.external_id,
        conversion: input.conversion,
        amount: Amount(input.amount),
        occurred_at: instant(input.occurred_at.as_millisecond()),
        status: done.status.to_string(),
        rest: Amount(done.rest),
    };
    Ok((status, Json(answer)))
}

/// Takes a CSV file line by line; the same file again finds everything known.
#[utoipa::path(
    post, path = "/conversions/import", tag = "conversions",
    request_body(content = String, content_type = "text/csv"),
    responses(
        (status = 200, body = super::conversion_view::Import),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "Not such a file"),
    ),
)]
async fn import_csv(
    State(app): State<App>,
    authed: Authed,
    Lines(bytes): Lines,
) -> Result<Json<super::conversion_view::Import>, Problem> {
    let actor = authed.need(Permission::SendConversions)?;
    let report = import_conversions(&app, actor, &bytes).await?;
    Ok(Json(report.into()))
}
