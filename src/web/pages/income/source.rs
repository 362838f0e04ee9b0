//! What an amount came from, one by one: `/app/income/source` and `/app/income/lines/{id}/sources`.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::routing::get;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::view::{self, SourceView};
use crate::app::pay::{TRACKER, is_own_source, known, story};
use crate::app::results::Event;
use crate::domain::{ClickId, Money};
use crate::storage::pay::{FactRow, RunState};
use crate::web::html::Html;
use crate::web::pages::pay::{facts, view as pay_view};
use crate::web::pages::results::event::{EventView, Words};
use crate::web::session::Staff;
use crate::web::shell::{Place, Shell};
use crate::web::{Path, Problem, Query, Web};

/// Facts listed of one line.
const ROWS: i64 = 500;

/// One fact.
#[derive(Debug, Template)]
#[template(path = "income/source.html")]
pub struct SourcePage {
    pub s: Shell,
    pub title: String,
    pub key: String,
    pub occurred: String,
    /// Name and value.
    pub fields: Vec<(String, String)>,
    pub source: String,
    pub recorded: String,
    pub revision: i64,
    pub void: bool,
    /// The same in one's results.
    pub events: Vec<EventView>,
    pub more: Option<String>,
}

/// All own facts behind a line.
#[derive(Debug, Template)]
#[template(path = "income/sources.html")]
pub struct SourcesPage {
    pub s: Shell,
    pub title: String,
    pub period: String,
    pub month: String,
    pub amount: Money,
    /// Kind and its facts.
    pub kinds: Vec<(String, Vec<SourceView>)>,
}

#[derive(Debug, Deserialize)]
struct Asked {
    kind: String,
    key: String,
}

/// The routes.
pub fn routes() -> Router<Web> {
    Router::new()
        .route("/app/income/source", get(show))
        .route("/app/income/lines/{id}/sources", get(list))
}

fn fields_of(fact: &FactRow) -> Map<String, Value> {
    serde_json::from_str(&fact.fields).unwrap_or_default()
}

/// Whether a fact is a person's: about them, or naming them.
fn is_own(fact: &FactRow, code: &str) -> bool {
    fact.subject.as_deref() == Some(code)
        || (fact.subject.is_none() && fields_of(fact).values().any(|v| v.as_str() == Some(code)))
}

async fn own(web: &Web, staff: &Staff) -> Result<(String, String), Problem> {
    let person = web
        .app
        .store
        .employee_by_id(staff.employee, web.app.today())
        .await?;
    let person = person.ok_or_else(|| Problem::not_found("employee"))?;
    Ok((person.code, person.facts.name))
}

async fn show(
    State(web): State<Web>,
    staff: Staff,
    Query(asked): Query<Asked>,
) -> Result<Html<SourcePage>, Problem> {
    let missing = || Problem::not_found("fact");
    if [&asked.kind, &asked.key]
        .iter()
        .any(|text| text.contains('\0') || text.len() > 1_000)
    {
        return Err(missing());
    }
    let (code, name) = own(&web, &staff).await?;
    // Where two sources use one key, it is said with its source before it.
    let mut history = web.app.store.fact_history(&asked.kind, &asked.key).await?;
    if history.is_empty()
        && let Some((source, key)) = asked.key.split_once('/')
    {
        history = web.app.store.fact_history(&asked.kind, key).await?;
        history.retain(|f| f.source == source);
    }
    let fact = history
        .into_iter()
        .find(|f| is_own(f, &code))
        .ok_or_else(missing)?;
    let s = staff.who.shell(&web, Place::Income);
    let lang = s.lang;
    let known = known(&web.app).await?;
    let info = known.kinds().get(&fact.kind);
    let fields = fields_of(&fact)
        .iter()
        .map(|(field, value)| {
            let is_me = value.as_str() == Some(&*code);
            let value = if is_me {
                name.clone()
            } else {
                facts::value(lang, info, field, value)
            };
            (facts::field_name(lang, info, field), value)
        })
        .collect();
    Ok(Html(SourcePage {
        title: pay_view::kind_name(lang, &known, &fact.kind),
        occurred: pay_view::occurred(&s.moment, &fact.occurred),
        fields,
        source: lang
            .word(
                "fact-source",
                if is_own_source(&fact.source) {
                    "tracker"
                } else {
                    "other"
                },
            )
            .with("name", &fact.source)
            .to_string(),
        recorded: s.exact(&pay_view::instant(fact.recorded_at)),
        revision: fact.revision + 1,
        void: fact.void,
        events: event(&web, &staff, &fact).await?,
        more: None,
        key: fact.source_key,
        s,
    }))
}

/// The click, lead or order behind a fact of the tracker, told as in one's results.
async fn event(web: &Web, staff: &Staff, fact: &FactRow) -> Result<Vec<EventView>, Problem> {
    if fact.source != TRACKER {
        return Ok(Vec::new());
    }
    let store = &web.app.store;
    let words = Words::new(web, staff);
    let found = match fact.kind.as_str() {
        "click" => {
            let Ok(id) = fact.source_key.parse::<uuid::Uuid>() else {
                return Ok(Vec::new());
            };
            let after = ClickId(uuid::Uuid::from_u128(id.as_u128().saturating_add(1)));
            let clicks = store.clicks_around(staff.employee, after, 1).await?;
            clicks.into_iter().find(|c| c.id == ClickId(id)).map(Event::Click)
        }
        "lead" | "order" | "indirect" => store
            .conversion(&fact.source_key)
            .await?
            .filter(|c| [c.credited_to, c.indirect_to].contains(&Some(staff.employee)))
            .map(|c| Event::Conversion(Box::new(c))),
        _ => None,
    };
    Ok(found.iter().map(|event| words.of(event)).collect())
}

async fn list(
    State(web): State<Web>,
    staff: Staff,
    Path(id): Path<i64>,
) -> Result<Html<SourcesPage>, Problem> {
    let missing = || Problem::not_found(format_args!("payout line {id}"));
    let (code, name) = own(&web, &staff).await?;
    let row = web.app.store.run_line(id).await?.ok_or_else(missing)?;
    let run = web.app.store.run(row.run).await?.ok_or_else(missing)?;
    let hidden = matches!(run.state, RunState::Calculated | RunState::Superseded);
    if hidden || row.line.payee != code || row.line.payee_kind != "employee" {
        return Err(missing());
    }
    let trace: Value = serde_json::from_str(&row.line.trace).unwrap_or_default();
    // The kinds of what is told; everything of these kinds that is one's own and of the days.
    let mut kinds: Vec<String> = story(&trace, None).sources.into_iter().map(|s| s.kind).collect();
    kinds.retain(|kind| !kind.is_empty());
    kinds.sort();
    kinds.dedup();
    // A correction is about the days it corrects, by what is known since.
    let (days, mark) = match row.line.origin {
        Some(origin) => {
            let origin = web.app.store.run(origin).await?.ok_or_else(missing)?;
            ((origin.from_on, origin.to_on), run.watermark)
        }
        None => ((run.from_on, run.to_on), run.watermark),
    };
    let s = staff.who.shell(&web, Place::Income);
    let lang = s.lang;
    let mut listed = Vec::new();
    let known = known(&web.app).await?;
    for kind in kinds {
        let info = known.kinds().get(&kind);
        let own = web.app.store.own_facts((&kind, &code), days, mark, ROWS).await?;
        let colon = lang.t("shell-colon").to_string();
        let views = own
            .iter()
            .map(|fact| {
                let details = fields_of(fact)
                    .iter()
                    .map(|(field, value)| {
                        let name = facts::field_name(lang, info, field);
                        format!("{name}{colon}{}", facts::value(lang, info, field, value))
                    })
                    .collect();
                let query = pay_view::query(&[("kind", &kind), ("key", &fact.source_key)]);
                SourceView {
                    says: format!(
                        "{} {}",
                        pay_view::occurred(&s.moment, &fact.occurred),
                        fact.source_key
                    ),
                    details,
                    href: Some(format!("/app/income/source{query}")),
                }
            })
            .collect::<Vec<_>>();
        if !views.is_empty() {
            listed.push((pay_view::kind_name(lang, &known, &kind), views));
        }
    }
    let month = run.to_on.yesterday().unwrap_or(run.from_on);
    Ok(Html(SourcesPage {
        title: view::say(lang, &row.line.title, &code, &name),
        period: pay_view::period(lang, &run.period),
        month: format!("{:04}-{:02}", month.year(), month.month()),
        amount: row.line.amount,
        kinds: listed,
        s,
    }))
}
