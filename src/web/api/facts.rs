//! `/api/v1/facts`: see api.md.

use std::borrow::Cow;

use axum::extract::{DefaultBodyLimit, State};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{IntoParams, PartialSchema, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::filed::{instant, listed};
use crate::app::pay::{FactAnswer, FactInput, MAX_FACTS, put_facts};
use crate::app::{App, Permission};
use crate::storage::pay::{FactFilter, FactRow};
use crate::web::extract::read_value;
use crate::web::{Authed, FieldError, Json, List, Page, Problem, Query, Web};

/// Largest body, bytes: 10 000 facts.
const LIMIT: usize = 16 << 20;

/// The routes of this resource.
pub fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(post_facts, list_facts))
        .layer(DefaultBodyLimit::max(LIMIT))
}

/// Something that happened, as a scheme declares it (`GET /schemes/{id}`).
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewFact {
    /// A kind some scheme declares: `receipt`, `score`, …
    kind: String,
    /// Who says so.
    #[schema(example = "till")]
    source: String,
    /// Their id for it. The same again with other content is a new revision.
    source_key: String,
    /// Employee code: fills the kind's employee field.
    #[serde(default)]
    subject: Option<String>,
    /// A day, or an instant with its offset.
    #[schema(example = "2026-11-21")]
    occurred_on: String,
    /// Figures by name; amounts and rates are strings.
    #[serde(default)]
    measures: Map<String, Value>,
    /// Words by name; `for_scheme` keeps the fact to one scheme.
    #[serde(default)]
    dimensions: Map<String, Value>,
    /// It did not happen after all.
    #[serde(default)]
    void: bool,
}

/// A fact as it was sent; one that cannot be read is told at its place and keeps no other back.
#[derive(Debug)]
pub struct Sent(Result<NewFact, FieldError>);

impl<'de> Deserialize<'de> for Sent {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Value::deserialize(from).map(|value| Self(read_value(value)))
    }
}

// For whoever reads the description it is a fact.
impl PartialSchema for Sent {
    fn schema() -> RefOr<Schema> {
        NewFact::schema()
    }
}

impl ToSchema for Sent {
    fn name() -> Cow<'static, str> {
        NewFact::name()
    }

    fn schemas(list: &mut Vec<(String, RefOr<Schema>)>) {
        NewFact::schemas(list);
    }
}

/// One fact or up to 10 000.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(
    untagged,
    expecting = "expected a list of facts, or an object with that list as `facts`"
)]
pub enum NewFacts {
    /// A list.
    Many(Vec<Sent>),
    /// A list under a name.
    Named {
        /// The list.
        facts: Vec<Sent>,
    },
}

/// What became of one fact, in the order they were sent.
#[derive(Debug, Serialize, ToSchema)]
pub struct Taken {
    /// `recorded`, `known` or `rejected`.
    status: &'static str,
    /// Its revision, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<i64>,
    /// JSON pointer into that fact.
    #[serde(skip_serializing_if = "Option::is_none")]
    pointer: Option<String>,
    /// What was expected there.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

/// What became of all.
#[derive(Debug, Serialize, ToSchema)]
pub struct TakenAll {
    data: Vec<Taken>,
    recorded: usize,
    known: usize,
    rejected: usize,
}

/// A revision of a fact.
#[derive(Debug, Serialize, ToSchema)]
pub struct Fact {
    id: i64,
    kind: String,
    source: String,
    source_key: String,
    revision: i64,
    subject: Option<String>,
    occurred_on: String,
    /// Measures and dimensions.
    #[schema(value_type = Object)]
    fields: Value,
    void: bool,
    recorded_at: Timestamp,
}

impl From<FactRow> for Fact {
    fn from(row: FactRow) -> Self {
        Self {
            id: row.id,
            kind: row.kind,
            source: row.source,
            source_key: row.source_key,
            revision: row.revision,
            subject: row.subject,
            occurred_on: row.occurred,
            fields: serde_json::from_str(&row.fields).unwrap_or_default(),
            void: row.void,
            recorded_at: instant(row.recorded_at),
        }
    }
}

/// What a list is narrowed to.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct FactList {
    /// Only this kind.
    kind: Option<String>,
    /// Only from this source.
    source: Option<String>,
    /// First day.
    from: Option<String>,
    /// The day after the last.
    to: Option<String>,
    /// How many at most.
    limit: Option<u16>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Takes facts, each for itself. What the tracker knows flows in by itself.
#[utoipa::path(
    post, path = "/facts", tag = "pay", request_body = NewFacts,
    responses((status = 200, body = TakenAll)),
)]
async fn post_facts(
    State(app): State<App>,
    authed: Authed,
    Json(new): Json<NewFacts>,
) -> Result<Json<TakenAll>, Problem> {
    let actor = authed.need(Permission::CalculatePay)?;
    let (NewFacts::Many(list) | NewFacts::Named { facts: list }) = new;
    // Here, too: what cannot be read never reaches the count of the floor below.
    if list.len() > MAX_FACTS {
        return Err(Problem::field("", format!("at most {MAX_FACTS} facts at once")));
    }
    let (mut inputs, mut unread) = (Vec::with_capacity(list.len()), Vec::new());
    for (at, Sent(fact)) in list.into_iter().enumerate() {
        match fact {
            Ok(f) => inputs.push(FactInput {
                kind: f.kind,
                source: f.source,
                source_key: f.source_key,
                subject: f.subject,
                occurred: f.occurred_on,
                measures: f.measures,
                dimensions: f.dimensions,
                void: f.void,
            }),
            Err(FieldError { pointer, detail }) => unread.push((at, FactAnswer::Wrong { pointer, detail })),
        }
    }
    let mut answers = put_facts(&app, actor, &inputs).await?;
    // The places come in order, so each is right when its turn comes.
    for (at, wrong) in unread {
        answers.insert(at, wrong);
    }
    let count = |test: fn(&FactAnswer) -> bool| answers.iter().filter(|a| test(a)).count();
    let all = TakenAll {
        recorded: count(|a| matches!(a, FactAnswer::Recorded(_))),
        known: count(|a| matches!(a, FactAnswer::Known(_))),
        rejected: count(|a| matches!(a, FactAnswer::Wrong { .. })),
        data: Vec::new(),
    };
    let data = answers.into_iter().map(taken).collect();
    Ok(Json(TakenAll { data, ..all }))
}

fn taken(answer: FactAnswer) -> Taken {
    let (status, revision, wrong) = match answer {
        FactAnswer::Recorded(revision) => ("recorded", Some(revision), None),
        FactAnswer::Known(revision) => ("known", Some(revision), None),
        FactAnswer::Wrong { pointer, detail } => ("rejected", None, Some((pointer, detail))),
    };
    let (pointer, detail) = wrong.unzip();
    Taken {
        status,
        revision,
        pointer,
        detail,
    }
}

/// A day of the query in its one spelling.
fn day(name: &str, text: Option<&str>) -> Result<Option<String>, Problem> {
    let read = |text: &str| match text.parse::<Date>() {
        Ok(day) => Ok(day.to_string()),
        Err(_) => Err(Problem::field(name, "expected a day like 2026-11-21")),
    };
    text.map(read).transpose()
}

/// Revisions of facts, newest first.
#[utoipa::path(
    get, path = "/facts", tag = "pay", params(FactList),
    responses((status = 200, body = List<Fact>)),
)]
async fn list_facts(
    State(app): State<App>,
    authed: Authed,
    Query(list): Query<FactList>,
) -> Result<Json<List<Fact>>, Problem> {
    authed.need(Permission::ReadPay)?;
    let page = Page {
        limit: list.limit,
        cursor: list.cursor,
    };
    let (from, to) = (
        day("?from", list.from.as_deref())?,
        day("?to", list.to.as_deref())?,
    );
    let filter = FactFilter {
        kind: list.kind.as_deref(),
        source: list.source.as_deref(),
        from: from.as_deref(),
        to: to.as_deref(),
    };
    let limit = page.limit()?;
    let rows = app.store.facts(filter, page.after_id()?, limit + 1).await?;
    Ok(listed(rows, limit, |row| row.id))
}
