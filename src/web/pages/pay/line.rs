//! `/app/pay/lines/{id}`: how an amount came about, and `/app/pay/runs/{id}/lines`: the lines behind one sum.

use std::collections::BTreeSet;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::routing::get;
use serde::Deserialize;
use serde_json::Value;

use super::view;
use crate::app::Permission;
use crate::app::pay::{SchemeNames, candidates, document_of, reader_codes};
use crate::domain::Money;
use crate::payout::Document;
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
    /// Figures the sentence cuts, exact, by what people call them.
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

/// The story as a list, each part below what it explains; `document`: the one it was computed by, which names the figures.
pub fn parts(lang: Lang, document: Option<&Document>, trace: &Value) -> Vec<Part> {
    let mut parts = Vec::new();
    walk((lang, document), trace, 0, &mut parts);
    parts
}

/// Whether a sentence, which has two decimals, cuts a figure.
fn is_cut(value: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit() || c == '-');
    match (value.split_once('/'), value.split_once('.')) {
        (Some((n, d)), _) => is_number(n) && is_number(d),
        (None, Some((whole, part))) => part.len() > 2 && is_number(whole) && is_number(part),
        (None, None) => false,
    }
}

fn figures(lang: Lang, document: &Document, node: &Value) -> Vec<(String, String)> {
    let step = node["step"].as_str().unwrap_or_default();
    let all = node["figures"].as_object().into_iter().flatten();
    let cut = all.filter_map(|(name, value)| Some((name, value.as_str().filter(|v| is_cut(v))?)));
    cut.filter_map(|(name, value)| {
        let label = document.column_label(step, name)?;
        Some((view::say(lang, label), value.to_owned()))
    })
    .collect()
}

fn walk((lang, document): (Lang, Option<&Document>), node: &Value, depth: usize, parts: &mut Vec<Part>) {
    let text = |name: &str| node[name].as_str().unwrap_or_default();
    let says = view::say_json(lang, &node["says"]);
    let kind = text("step").strip_prefix("fact.");
    let mut below = depth;
    // A step without words is bookkeeping: what it was made of moves up to its place.
    if !says.is_empty() {
        parts.push(Part {
            depth: depth.min(DEPTH),
            says,
            rule: text("rule").to_owned(),
            figures: document.map_or_else(Vec::new, |document| figures(lang, document, node)),
            source: kind.map(|kind| {
                let query = view::query(&[("kind", kind), ("key", text("key"))]);
                format!("/app/pay/facts/history{query}")
            }),
            more: 0,
        });
        below += 1;
    }
    for from in node["from"].as_array().into_iter().flatten() {
        walk((lang, document), from, below, parts);
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

/// Code and name of everybody a story names, the payee first.
async fn people(
    web: &Web,
    (payee, name): (&str, &str),
    trace: &Value,
) -> Result<Vec<(String, String)>, Problem> {
    let mut said = BTreeSet::new();
    candidates(trace, &mut said);
    let others = reader_codes(&web.app, payee, said).await?;
    let mut people = vec![(payee.to_owned(), name.to_owned())];
    if !others.is_empty() {
        let names = web.app.store.employee_names().await?;
        people.extend(names.into_iter().filter(|(code, _)| others.contains(code)));
    }
    Ok(people)
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
    let corrected = match line.origin {
        Some(id) => web.app.store.run(id).await?,
        None => None,
    };
    // What is corrected was computed by its own version.
    let document = document_of(corrected.as_ref().unwrap_or(&run)).ok();
    let origin = corrected.map(|r| (r.id, view::period(lang, &r.period)));
    let books = trace["book"].as_array().into_iter().flatten();
    let mut parts = parts(lang, document.as_deref(), &trace);
    let mut shown = LineView::of(lang, &row);
    let people = people(&web, (&line.payee, &name), &trace).await?;
    for says in parts.iter_mut().map(|p| &mut p.says).chain([&mut shown.says]) {
        for (code, name) in &people {
            *says = named(says, code, name);
        }
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
        let told = parts(Lang::Zh, None, &trace);
        let seen: Vec<(usize, &str, i64)> = told.iter().map(|p| (p.depth, p.says.as_str(), p.more)).collect();
        assert_eq!(seen, [(0, "奖金", 0), (1, "销售", 0), (1, "", 2)]);
        assert_eq!(
            told[1].source.as_deref(),
            Some("/app/pay/facts/history?kind=sale&key=s+1")
        );
        assert!(told[0].figures.is_empty(), "nobody named it");
    }

    #[test]
    fn figures_a_sentence_cuts_are_told_exactly_by_their_names_and_helpers_are_not() {
        for (value, cut) in [
            ("5/22", true),
            ("-5/22", true),
            ("0.125", true),
            ("31.79", false),
            ("7", false),
            ("a/b", false),
            ("true", false),
        ] {
            assert_eq!(is_cut(value), cut, "{value}");
        }
        let document = &crate::app::pay::documents()["05-assessment-pay"];
        let trace = json!({"step": "indicator_scores", "rule": "A3", "says": {"zh": "单项得分", "en": "score"},
                           "figures": {"earned": "5/22", "misses": "2", "reached": "10/11", "nothing": "1/3"}, "from": [], "more": 0});
        let step = document.to_json()["steps"].clone();
        let step = step
            .as_array()
            .unwrap()
            .iter()
            .find(|s| s["columns"].to_string().contains("\"earned\""));
        let mut trace = trace;
        trace["step"] = step.unwrap()["id"].clone();
        let told = parts(Lang::Zh, Some(document.as_ref()), &trace);
        let values: Vec<&str> = told[0].figures.iter().map(|(_, value)| value.as_str()).collect();
        assert_eq!(values, ["5/22", "10/11"], "{:?}", told[0].figures);
        assert!(
            told[0].figures.iter().all(|(name, _)| !name.is_ascii()),
            "{:?}",
            told[0].figures
        );
    }
}
