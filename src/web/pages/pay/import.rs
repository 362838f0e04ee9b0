//! `/app/pay/facts/import`: a file of facts or attributes, looked at line by line, then recorded exactly as shown.

use askama::Template;
use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::Deserialize;

use super::facts;
use super::view::{self, Chip};
use crate::app::Permission;
use crate::app::pay::{
    Does, Enterable, EntryError, Item, Known, PayError, confirm, is_own_source, items_of, known, look_at_file,
};
use crate::sheet::{Column, MAX_BYTES, Table};
use crate::web::html::{Html, see_other};
use crate::web::i18n::{Lang, TimeTag};
use crate::web::pages::actors::Actors;
use crate::web::session::SignedIn;
use crate::web::shell::{Place, Shell};
use crate::web::ui::{Field, Opt};
use crate::web::{Path, Problem, Query, Upload, Web};

/// Largest body: the file and what stands around it.
const LIMIT: usize = MAX_BYTES + (64 << 10);
/// Most lines of each sort that are shown.
const SHOWN: usize = 500;

/// The page to choose a file.
#[derive(Debug, Template)]
#[template(path = "pay/facts_import.html")]
pub struct ImportPage {
    pub s: Shell,
    pub kinds: Vec<Opt>,
    pub rosters: Vec<Opt>,
    pub kind: String,
    pub name: String,
    /// Head and whether it must be filled in.
    pub columns: Vec<(String, bool)>,
    pub source: Field,
    pub file: Field,
}

/// A line as it is shown.
#[derive(Clone, Debug)]
pub struct LineView {
    pub line: i64,
    pub chip: Chip,
    pub key: String,
    pub day: String,
    pub words: String,
}

/// The page of a file that was looked at.
#[derive(Debug, Template)]
#[template(path = "pay/facts_preview.html")]
pub struct PreviewPage {
    pub s: Shell,
    pub id: i64,
    pub kind: String,
    pub name: String,
    pub file_name: String,
    pub new: i64,
    pub revised: i64,
    pub known: i64,
    pub wrong: i64,
    pub late: i64,
    pub lines: Vec<LineView>,
    pub more: i64,
    pub applied: Option<(String, TimeTag)>,
    pub refused: Option<String>,
    pub writes: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    kind: Option<String>,
    r#as: Option<String>,
}

/// The routes.
pub fn routes() -> Router<Web> {
    Router::new()
        .route(
            "/app/pay/facts/import",
            get(show).post(send).layer(DefaultBodyLimit::max(LIMIT)),
        )
        .route("/app/pay/facts/template", get(template))
        .route("/app/pay/facts/imports/{id}", get(preview).post(apply))
}

fn find(known: &Known, word: &str) -> Result<Enterable, Problem> {
    Enterable::find(known, word).ok_or_else(|| Problem::not_found(format_args!("kind {word:?}")))
}

fn head(lang: Lang, column: &(String, String, String, bool)) -> String {
    match lang {
        Lang::Zh => column.1.clone(),
        Lang::En => column.2.clone(),
    }
}

async fn page(web: &Web, who: &SignedIn, word: &str) -> Result<(ImportPage, Option<Enterable>), Problem> {
    who.need(Permission::CalculatePay)?;
    let lang = who.lang;
    let known = known(&web.app).await?;
    let what = match word {
        "" => None,
        word => Some(find(&known, word)?),
    };
    let page = ImportPage {
        s: who.shell(web, Place::PayFacts),
        kinds: facts::kinds(lang, &known),
        rosters: facts::rosters(lang, &known),
        kind: word.to_owned(),
        name: what
            .as_ref()
            .map_or_else(String::new, |w| view::say(lang, &w.label)),
        columns: what
            .iter()
            .flat_map(|w| w.columns())
            .map(|c| (head(lang, &c), c.3))
            .collect(),
        source: Field::new("source", lang.t("import-source-default")),
        file: Field::empty("file"),
    };
    Ok((page, what))
}

async fn show(
    State(web): State<Web>,
    who: SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Html<ImportPage>, Problem> {
    let word = asked.kind.as_deref().unwrap_or_default().trim();
    page(&web, &who, word).await.map(|(page, _)| Html(page))
}

/// An empty sheet with the heads of a kind.
async fn template(
    who: SignedIn,
    State(web): State<Web>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    who.need(Permission::CalculatePay)?;
    let known = known(&web.app).await?;
    let what = find(&known, asked.kind.as_deref().unwrap_or_default())?;
    let columns = what.columns();
    let heads = columns.iter().map(|c| Column::text(head(who.lang, c)));
    let table = Table::new(view::say(who.lang, &what.label), heads.collect());
    let wrong = |error: crate::sheet::SheetError| Problem::internal(&error);
    let (bytes, media, end) = if asked.r#as.as_deref() == Some("xlsx") {
        let media = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
        (table.to_xlsx(web.app.today()).map_err(wrong)?, media, "xlsx")
    } else {
        (table.to_csv().map_err(wrong)?, "text/csv; charset=utf-8", "csv")
    };
    let name = what.word.replace(':', "-");
    let disposition = HeaderValue::from_str(&format!("attachment; filename=\"{name}.{end}\""));
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(media)),
        (
            header::CONTENT_DISPOSITION,
            disposition.unwrap_or(HeaderValue::from_static("attachment")),
        ),
    ];
    Ok((headers, bytes).into_response())
}

async fn send(
    State(web): State<Web>,
    who: SignedIn,
    Query(asked): Query<Asked>,
    sent: Upload,
) -> Result<Response, Problem> {
    let lang = who.lang;
    let word = asked.kind.unwrap_or_default();
    let (mut page, what) = page(&web, &who, word.trim()).await?;
    let what = what.ok_or_else(|| Problem::not_found("kind \"\""))?;
    let source = sent.text("source").trim().to_owned();
    page.source.value.clone_from(&source);
    let is_good = (1..=100).contains(&source.chars().count()) && !source.chars().any(char::is_control);
    if !is_good || is_own_source(&source) {
        page.source.error = Some(lang.t("import-wrong-source").to_string());
        return Ok(Html(page).status(StatusCode::UNPROCESSABLE_ENTITY));
    }
    let (status, words) = match sent.files.first() {
        _ if sent.too_large => (StatusCode::PAYLOAD_TOO_LARGE, lang.word("import-wrong", "large")),
        None => (
            StatusCode::UNPROCESSABLE_ENTITY,
            lang.word("import-wrong", "none"),
        ),
        Some((name, bytes)) => {
            match look_at_file(&web.app, &who.actor, &what, &source, (name, bytes)).await {
                Ok(id) => return Ok(see_other(&format!("/app/pay/facts/imports/{id}"))),
                Err(EntryError::Sheet(error)) => {
                    let words = lang
                        .word("import-wrong", error.word())
                        .with("column", error.column());
                    (StatusCode::UNPROCESSABLE_ENTITY, words)
                }
                Err(EntryError::Pay(error)) => return Err(error.into()),
                Err(EntryError::Store(error)) => return Err(error.into()),
            }
        }
    };
    page.file = page.file.wrong(words);
    Ok(Html(page).status(status))
}

fn line(lang: Lang, what: &Enterable, item: &Item) -> LineView {
    let columns = what.columns();
    let named = |name: &str| {
        columns
            .iter()
            .find(|c| c.0 == name)
            .map_or_else(|| name.to_owned(), |c| head(lang, c))
    };
    let comma = lang.t("shell-comma").to_string();
    let cells: Vec<String> = item
        .cells
        .iter()
        .filter(|(name, _)| {
            !matches!(
                name.as_str(),
                "source_key" | "code" | "occurred_on" | "from_on" | "void"
            )
        })
        .map(|(name, value)| format!("{} {value}", named(name)))
        .collect();
    let mut words = cells.join(&comma);
    let chip = match &item.does {
        Does::Wrong { column, word, detail } => {
            let at = if column.is_empty() {
                String::new()
            } else {
                format!("{}{}", named(column), lang.t("shell-colon"))
            };
            words = format!("{at}{}", lang.word("entry-wrong", word).with("detail", detail));
            Chip::new("bad", "cross", lang.t("preview-wrong"))
        }
        Does::Known => Chip::new("", "dash", lang.t("preview-known")),
        Does::New if item.void => Chip::new("warn", "alert", lang.t("preview-void")),
        Does::Revise { .. } if item.void => Chip::new("warn", "alert", lang.t("preview-void")),
        Does::New => Chip::new("good", "plus", lang.t("preview-new")),
        Does::Revise { revision } => Chip::new("warn", "alert", lang.t("preview-revise").n("n", *revision)),
    };
    if item.late {
        words = format!("{words}{comma}{}", lang.t("preview-late"));
    }
    LineView {
        line: i64::try_from(item.line).unwrap_or(i64::MAX),
        key: item.key.clone(),
        day: item.day.clone(),
        chip,
        words,
    }
}

async fn looked(web: &Web, who: &SignedIn, id: i64) -> Result<PreviewPage, Problem> {
    who.need(Permission::ReadPay)?;
    let lang = who.lang;
    let import = web.app.store.pay_import(id).await?;
    let import = import.ok_or_else(|| Problem::not_found(format_args!("file {id}")))?;
    let known = known(&web.app).await?;
    let what = find(&known, &import.kind)?;
    let items = items_of(&import);
    let count =
        |test: fn(&Item) -> bool| i64::try_from(items.iter().filter(|i| test(i)).count()).unwrap_or(0);
    let names = Actors::load(web, lang).await?;
    let moment = crate::web::shell::moment(&web.app, lang);
    // What is wrong stands first.
    let mut sorted: Vec<&Item> = items.iter().collect();
    sorted.sort_by_key(|i| !matches!(i.does, Does::Wrong { .. }));
    Ok(PreviewPage {
        s: who.shell(web, Place::PayFacts),
        id,
        name: view::say(lang, &what.label),
        file_name: import.file_name.clone(),
        new: count(|i| i.does == Does::New),
        revised: count(|i| matches!(i.does, Does::Revise { .. })),
        known: count(|i| i.does == Does::Known),
        wrong: count(|i| matches!(i.does, Does::Wrong { .. })),
        late: count(|i| i.late),
        lines: sorted.iter().take(SHOWN).map(|i| line(lang, &what, i)).collect(),
        more: i64::try_from(items.len().saturating_sub(SHOWN)).unwrap_or(0),
        applied: import
            .applied_by
            .as_ref()
            .zip(import.applied_at)
            .map(|(by, at)| (names.name(by), moment.time(view::instant(at)))),
        refused: None,
        writes: who.actor.may(Permission::CalculatePay),
        kind: import.kind,
    })
}

async fn preview(
    State(web): State<Web>,
    who: SignedIn,
    Path(id): Path<i64>,
) -> Result<Html<PreviewPage>, Problem> {
    looked(&web, &who, id).await.map(Html)
}

async fn apply(State(web): State<Web>, who: SignedIn, Path(id): Path<i64>) -> Result<Response, Problem> {
    who.need(Permission::CalculatePay)?;
    match confirm(&web.app, &who.actor, id).await {
        Ok(_) => Ok(see_other(&format!("/app/pay/facts/imports/{id}"))),
        Err(PayError::Conflict(_)) => {
            let mut page = looked(&web, &who, id).await?;
            page.refused = Some(who.lang.t("preview-moved").to_string());
            Ok(Html(page).status(StatusCode::CONFLICT))
        }
        Err(other) => Err(other.into()),
    }
}
