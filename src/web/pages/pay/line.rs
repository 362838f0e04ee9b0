//! `/app/pay/lines/{id}`: how an amount came about, and `/app/pay/runs/{id}/lines`: the lines behind one sum.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::routing::get;
use serde::Deserialize;
use serde_json::Value;

use super::view;
use crate::app::Permission;
use crate::app::pay::SchemeNames;
use crate::domain::Money;
use crate::storage::pay::{LineRow, Run};
use crate::web::html::Html;
use crate::web::i18n::{Lang, amounts};
use crate::web::pages::income::view::named;
use crate::web::pages::paged;
use crate::web::session::SignedIn;
use crate::web::shell::{Place, Shell};
use crate::web::{Path, Problem, Query, Web};

/// Lines of the list behind one sum.
const ROWS: i64 = 200;
/// Deepest indentation shown; deeper ones stand at it.
const DEPTH: usize = 6;

/// A part of the story.
#[derive(Clone, Debug)]
pub struct Part {
    /// 0 for the line itself, 1 for what it was made of …
    pub depth: usize,
    pub says: String,
    pub rule: String,
    /// Exact figures by name.
    pub figures: Vec<(String, String)>,
    /// A fact: where its history is.
    pub source: Option<String>,
    /// How many more there are.
    pub more: i64,
}

/// A line as it is shown.
#[derive(Clone, Debug)]
pub struct LineView {
    pub id: i64,
    pub title: String,
    pub about: String,
    pub due: String,
    pub rule: String,
    /// `line`, `late` or `guard`.
    pub kind: &'static str,
    pub amount: Money,
    pub says: String,
}

/// How an amount came about.
#[derive(Debug, Template)]
#[template(path = "pay/line.html")]
pub struct LinePage {
    pub s: Shell,
    pub run: i64,
    pub scheme: String,
    pub period: String,
    pub name: String,
    pub line: LineView,
    pub parts: Vec<Part>,
    pub books: Vec<String>,
    /// Late: the run it corrects.
    pub origin: Option<(i64, String)>,
}

/// The lines behind one sum.
#[derive(Debug, Template)]
#[template(path = "pay/lines.html")]
pub struct LinesPage {
    pub s: Shell,
    pub run: i64,
    pub scheme: String,
    pub period: String,
    pub name: String,
    pub rows: Vec<LineView>,
    /// Of all its pages.
    pub sum: Money,
    pub next: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    payee: String,
    rule: String,
    after: Option<i64>,
}

/// The routes.
pub fn routes() -> Router<Web> {
    Router::new()
        .route("/app/pay/lines/{id}", get(show))
        .route("/app/pay/runs/{id}/lines", get(list))
}

impl LineView {
    pub fn of(lang: Lang, row: &LineRow) -> Self {
        let line = &row.line;
        let pick = |two: &(String, String)| match lang {
            Lang::Zh => two.0.clone(),
            Lang::En => two.1.clone(),
        };
        Self {
            id: row.id,
            title: pick(&line.title),
            about: line.about.clone().unwrap_or_default(),
            due: line
                .due
                .as_deref()
                .map_or_else(String::new, |day| view::day(lang, day)),
            rule: line.rule.clone(),
            kind: line.kind.as_str(),
            amount: line.amount,
            says: amounts(&pick(&line.says)),
        }
    }
}

/// The story as a list, each part below what it explains.
pub fn parts(lang: Lang, trace: &Value) -> Vec<Part> {
    let mut parts = Vec::new();
    walk(lang, trace, 0, &mut parts);
    parts
}

fn walk(lang: Lang, node: &Value, depth: usize, parts: &mut Vec<Part>) {
    let text = |name: &str| node[name].as_str().unwrap_or_default();
    let says = view::say_json(lang, &node["says"]);
    let kind = text("step").strip_prefix("fact.");
    let mut below = depth;
    // A step without words is bookkeeping: what it was made of moves up to its place.
    if !says.is_empty() {
        let figures = node["figures"].as_object();
        parts.push(Part {
            depth: depth.min(DEPTH),
            says,
            rule: text("rule").to_owned(),
            figures: figures
                .into_iter()
                .flatten()
                .map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned()))
                .collect(),
            source: kind.map(|kind| {
                let query = view::query(&[("kind", kind), ("key", text("key"))]);
                format!("/app/pay/facts/history{query}")
            }),
            more: 0,
        });
        below += 1;
    }
    for from in node["from"].as_array().into_iter().flatten() {
        walk(lang, from, below, parts);
    }
    let more = node["more"].as_i64().unwrap_or(0);
    if more > 0 {
        parts.push(Part {
            depth: below.min(DEPTH),
            says: String::new(),
            rule: String::new(),
            figures: Vec::new(),
            source: None,
            more,
        });
    }
}

async fn names(
    web: &Web,
    run: &Run,
    line_payee: (&str, &str),
    lang: Lang,
) -> Result<(String, String), Problem> {
    let scheme = SchemeNames::default()
        .of(&web.app, &run.scheme, run.from_on)
        .await?;
    let (kind, payee) = line_payee;
    let person = match kind {
        "employee" => web.app.store.employee(payee, web.app.today()).await?,
        _ => None,
    };
    let scheme = view::say(lang, &scheme);
    Ok((
        scheme,
        person.map_or_else(|| view::payee(lang, payee), |p| p.facts.name),
    ))
}

async fn show(State(web): State<Web>, who: SignedIn, Path(id): Path<i64>) -> Result<Html<LinePage>, Problem> {
    who.need(Permission::ReadPay)?;
    let missing = || Problem::not_found(format_args!("payout line {id}"));
    let row = web.app.store.run_line(id).await?.ok_or_else(missing)?;
    let run = web.app.store.run(row.run).await?.ok_or_else(missing)?;
    let lang = who.lang;
    let line = &row.line;
    let (scheme, name) = names(&web, &run, (&line.payee_kind, &line.payee), lang).await?;
    let trace: Value = serde_json::from_str(&line.trace).unwrap_or_default();
    let origin = match line.origin {
        Some(id) => web
            .app
            .store
            .run(id)
            .await?
            .map(|r| (id, view::period(lang, &r.period))),
        None => None,
    };
    let books = trace["book"].as_array().into_iter().flatten();
    let mut parts = parts(lang, &trace);
    let mut shown = LineView::of(lang, &row);
    for says in parts.iter_mut().map(|p| &mut p.says).chain([&mut shown.says]) {
        *says = named(says, &line.payee, &name);
    }
    Ok(Html(LinePage {
        s: who.shell(&web, Place::PayRuns),
        run: run.id,
        scheme,
        period: view::period(lang, &run.period),
        name,
        parts,
        books: books.map(|b| view::say_json(lang, &b["note"])).collect(),
        origin,
        line: shown,
    }))
}

async fn list(
    State(web): State<Web>,
    who: SignedIn,
    Path(id): Path<i64>,
    Query(asked): Query<Asked>,
) -> Result<Html<LinesPage>, Problem> {
    who.need(Permission::ReadPay)?;
    let run = web.app.store.run(id).await?;
    let run = run.ok_or_else(|| Problem::not_found(format_args!("payout {id}")))?;
    let lang = who.lang;
    let payee = Some(asked.payee.as_str()).filter(|p| !p.is_empty());
    let rule = Some(asked.rule.as_str()).filter(|r| !r.is_empty());
    let store = &web.app.store;
    let mut rows = store
        .lines_behind(id, (payee, rule), asked.after, ROWS + 1)
        .await?;
    let more = paged::cut(&mut rows, ROWS);
    let last = rows.last().map(|r| r.id.to_string()).unwrap_or_default();
    let next = more.then(|| {
        let query = view::query(&[("payee", &asked.payee), ("rule", &asked.rule), ("after", &last)]);
        format!("/app/pay/runs/{id}/lines{query}")
    });
    let kind = rows
        .first()
        .map_or("employee", |r| r.line.payee_kind.as_str())
        .to_owned();
    let (scheme, name) = names(&web, &run, (&kind, &asked.payee), lang).await?;
    Ok(Html(LinesPage {
        s: who.shell(&web, Place::PayRuns),
        run: id,
        scheme,
        period: view::period(lang, &run.period),
        name,
        rows: rows.iter().map(|r| LineView::of(lang, r)).collect(),
        sum: store.lines_sum(id, (payee, rule)).await?,
        next,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_step_without_words_lets_what_it_was_made_of_move_up() {
        let fact = json!({"step": "fact.sale", "rule": "", "key": "s 1", "says": {"zh": "销售", "en": "sale"}, "from": [], "more": 0});
        let quiet = json!({"step": "x", "says": {"zh": "", "en": ""}, "from": [fact], "more": 2});
        let trace = json!({"step": "bonus", "rule": "R1", "says": {"zh": "奖金", "en": "bonus"}, "figures": {"pay": "5"},
                           "from": [quiet], "more": 0});
        let told = parts(Lang::Zh, &trace);
        let seen: Vec<(usize, &str, i64)> = told.iter().map(|p| (p.depth, p.says.as_str(), p.more)).collect();
        assert_eq!(seen, [(0, "奖金", 0), (1, "销售", 0), (1, "", 2)]);
        assert_eq!(
            told[1].source.as_deref(),
            Some("/app/pay/facts/history?kind=sale&key=s+1")
        );
        assert_eq!(told[0].figures, [("pay".to_owned(), "5".to_owned())]);
    }
}
