//! `/api/v1/schemes`, and people's attributes: see api.md.

use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::filed::instant;
use crate::app::pay::{SettingInput, change_setting, documents, scheme_document, set_attributes};
use crate::app::{App, Permission};
use crate::storage::pay::Setting;
use crate::web::{Authed, DOCUMENT_BODY, Json, Path, Problem, Web};

/// The routes of this resource.
pub fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(list_schemes))
        .routes(routes!(get_scheme))
        .routes(routes!(put_attributes))
        .merge(
            OpenApiRouter::new()
                .routes(routes!(post_setting))
                .layer(DefaultBodyLimit::max(DOCUMENT_BODY)),
        )
}

/// A scheme.
#[derive(Debug, Serialize, ToSchema)]
pub struct Scheme {
    id: String,
    /// Its name, `zh` and `en`.
    #[schema(value_type = Object)]
    name: Value,
    /// `month`, `quarter`, `year` or `activity`.
    period: String,
    version: i64,
    /// Guards run on the lines of all other schemes.
    guard: bool,
    /// Whether it is due in its periods today.
    enabled: bool,
    /// Parameters that must be supplied before it can be calculated.
    missing: Vec<String>,
}

/// All schemes.
#[derive(Debug, Serialize, ToSchema)]
pub struct Schemes {
    data: Vec<Scheme>,
}

/// A way a scheme is run, from a day on.
#[derive(Debug, Serialize, ToSchema)]
pub struct Version {
    id: i64,
    from_on: String,
    /// Whether it is a document of the firm's own.
    own_document: bool,
    #[schema(value_type = Object)]
    params: Value,
    enabled: bool,
    note: String,
    set_by: String,
    created_at: Timestamp,
}

impl From<Setting> for Version {
    fn from(row: Setting) -> Self {
        Self {
            id: row.id,
            from_on: row.from_on,
            own_document: row.document.is_some(),
            params: serde_json::from_str(&row.params).unwrap_or_default(),
            enabled: row.enabled,
            note: row.note,
            set_by: row.set_by,
            created_at: instant(row.created_at),
        }
    }
}

/// A change of how a scheme is run.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewVersion {
    /// Holds for periods that begin on this day or later; never in a closed one.
    #[schema(value_type = String, format = Date)]
    from_on: Date,
    /// Parameters by name; amounts and rates are strings. All that are not the default.
    #[serde(default)]
    params: Map<String, Value>,
    /// A document of the firm's own, TOML.
    document: Option<String>,
    /// Whether the scheme is due in its periods; true unless said.
    enabled: Option<bool>,
    /// Why.
    #[serde(default)]
    note: String,
}

/// A person's attributes from a day on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAttributes {
    /// Hold from this day on.
    #[schema(value_type = String, format = Date)]
    from_on: Date,
    /// By name, as the schemes declare them.
    attributes: Map<String, Value>,
}

/// What became of them.
#[derive(Debug, Serialize, ToSchema)]
pub struct AttributesSet {
    /// How many changed.
    changed: usize,
}

/// All schemes, those built in.
#[utoipa::path(
    get, path = "/schemes", tag = "pay",
    responses((status = 200, body = Schemes)),
)]
async fn list_schemes(State(app): State<App>, authed: Authed) -> Result<Json<Schemes>, Problem> {
    authed.need(Permission::ReadPay)?;
    let mut ids: Vec<String> = documents().keys().cloned().collect();
    ids.extend(app.store.schemes_set().await?);
    ids.sort_unstable();
    ids.dedup();
    let mut data = Vec::new();
    for id in ids {
        let Some(found) = scheme_document(&app, &id, app.today()).await? else {
            continue;
        };
        let header = &found.document.header;
        let set = |name: &&str| found.params.get(*name).is_none();
        data.push(Scheme {
            name: json!({ "zh": header.name.zh, "en": header.name.en }),
            period: found.period().to_owned(),
            version: header.version,
            guard: header.guard,
            enabled: found.enabled,
            missing: found
                .document
                .missing_params()
                .into_iter()
                .filter(set)
                .map(str::to_owned)
                .collect(),
            id,
        });
    }
    Ok(Json(Schemes { data }))
}

/// A scheme whole: document text, parameters, facts, attributes, steps, versions.
#[utoipa::path(
    get, path = "/schemes/{id}", tag = "pay", params(("id" = String, Path, description = "Scheme id")),
    responses((status = 200, body = Object)),
)]
async fn get_scheme(
    State(app): State<App>,
    authed: Authed,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    authed.need(Permission::ReadPay)?;
    let found = scheme_document(&app, &id, app.today()).await?;
    let found = found.ok_or_else(|| Problem::not_found(format_args!("scheme {id:?}")))?;
    let versions: Vec<Version> = app
        .store
        .settings_of(&id)
        .await?
        .into_iter()
        .map(Into::into)
        .collect();
    let mut json = found.document.to_json();
    json["document"] = json!(found.document.text());
    json["in_force"] = json!({ "params": found.params, "enabled": found.enabled });
    json["versions"] = json!(versions);
    Ok(Json(json))
}

/// Changes how a scheme is run, from a day on.
#[utoipa::path(
    post, path = "/schemes/{id}/versions", tag = "pay", request_body = NewVersion,
    params(("id" = String, Path, description = "Scheme id")),
    responses((status = 201, body = Version)),
)]
async fn post_setting(
    State(app): State<App>,
    authed: Authed,
    Path(id): Path<String>,
    Json(new): Json<NewVersion>,
) -> Result<(StatusCode, Json<Version>), Problem> {
    let actor = authed.need(Permission::CalculatePay)?;
    let input = SettingInput {
        from_on: new.from_on,
        document: new.document,
        params: new.params,
        enabled: new.enabled.unwrap_or(true),
        note: new.note,
    };
    let made = change_setting(&app, actor, &id, &input).await?;
    let all = app.store.settings_of(&id).await?;
    let row = all.into_iter().find(|row| row.id == made);
    let row = row.ok_or_else(|| Problem::not_found(format_args!("version {made}")))?;
    Ok((StatusCode::CREATED, Json(row.into())))
}

/// Sets a person's attributes from a day on.
#[utoipa::path(
    put, path = "/employees/{code}/attributes", tag = "pay", request_body = NewAttributes,
    params(("code" = String, Path, description = "Employee code")),
    responses((status = 200, body = AttributesSet)),
)]
async fn put_attributes(
    State(app): State<App>,
    Authed(actor): Authed,
    Path(code): Path<String>,
    Json(new): Json<NewAttributes>,
) -> Result<Json<AttributesSet>, Problem> {
    let changed = set_attributes(&app, &actor, &code, new.from_on, &new.attributes).await?;
    Ok(Json(AttributesSet { changed }))
}
