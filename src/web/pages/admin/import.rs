//! `/app/admin/import`: people out of a file. First what would become of every line, then exactly that.

use askama::Template;
use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;

use crate::app::Permission;
use crate::app::people::{LineDone, Plan, PreviewError, confirm_import, preview_import};
use crate::sheet::MAX_BYTES;
use crate::web::html::Html;
use crate::web::i18n::Lang;
use crate::web::session::SignedIn;
use crate::web::shell::{Place, Shell};
use crate::web::ui::Field;
use crate::web::{Form, Problem, Upload, Web, row_wrong, sheet_wrong};

/// Lines shown of each kind; the counts are of all.
const SHOWN: usize = 500;
/// Room for the form around the file, bytes.
const ENVELOPE: usize = 16 << 10;

/// A line as it is shown.
#[derive(Clone, Debug)]
pub struct Line {
    pub line: i64,
    pub code: String,
    pub name: String,
    /// Kind of state, icon, words.
    pub state: (&'static str, &'static str, String),
    /// What changes, or why not.
    pub notes: Vec<String>,
}

/// What a file would do.
#[derive(Clone, Debug)]
pub struct Preview {
    pub token: String,
    pub encoding: String,
    pub created: i64,
    pub updated: i64,
    pub unchanged: i64,
    pub rejected: i64,
    pub lines: Vec<Line>,
    /// Lines beyond those shown.
    pub hidden: i64,
    pub ignored: Option<String>,
    pub sheets: Option<String>,
}

/// What a file did.
#[derive(Clone, Debug)]
pub struct DoneImport {
    pub created: i64,
    pub updated: i64,
    pub unchanged: i64,
    pub rejected: i64,
}

/// The page.
#[derive(Debug, Template)]
#[template(path = "admin/import.html")]
pub struct ImportPage {
    pub s: Shell,
    pub file: Field,
    pub preview: Option<Preview>,
    pub done: Option<DoneImport>,
    pub error: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Confirm {
    token: String,
}

/// The routes.
pub fn routes() -> Router<Web> {
    Router::new()
        .route(
            "/app/admin/import",
            get(show)
                .post(preview)
                .layer(DefaultBodyLimit::max(MAX_BYTES + ENVELOPE)),
        )
        .route("/app/admin/import/confirm", post(confirm))
}

fn empty(web: &Web, who: &SignedIn) -> ImportPage {
    ImportPage {
        s: who.shell(web, Place::AdminPeople),
        file: Field::empty("file"),
        preview: None,
        done: None,
        error: None,
    }
}

async fn show(State(web): State<Web>, who: SignedIn) -> Result<Html<ImportPage>, Problem> {
    who.need(Permission::Administer)?;
    Ok(Html(empty(&web, &who)))
}

fn count(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

impl Preview {
    pub fn of(lang: Lang, plan: Plan, token: String) -> Self {
        let is_rejected = |d: &LineDone| matches!(d, LineDone::Rejected(_) | LineDone::Broken(_));
        let comma = lang.t("shell-comma").to_string();
        let list = |names: Vec<String>| (!names.is_empty()).then(|| names.join(&comma));
        let mut preview = Self {
            token,
            encoding: plan.encoding.to_owned(),
            created: count(plan.count(|d| matches!(d, LineDone::Created))),
            updated: count(plan.count(|d| matches!(d, LineDone::Updated(_)))),
            unchanged: count(plan.count(|d| matches!(d, LineDone::Unchanged))),
            rejected: count(plan.count(is_rejected)),
            lines: Vec::new(),
            hidden: 0,
            ignored: list(plan.ignored_columns),
            sheets: list(plan.other_sheets),
        };
        let mut lines = plan.lines;
        // What needs somebody comes first; what is as it was comes last.
        lines.sort_by_key(|l| match l.done {
            LineDone::Rejected(_) | LineDone::Broken(_) => 0,
            LineDone::Updated(_) => 1,
            LineDone::Created => 2,
            LineDone::Unchanged => 3,
        });
        preview.hidden = i64::try_from(lines.len().saturating_sub(SHOWN)).unwrap_or(i64::MAX);
        lines.truncate(SHOWN);
        for line in lines {
            let state = |kind, icon, word: &str| (kind, icon, lang.word("import-line", word).to_string());
            let (state, notes) = match &line.done {
                LineDone::Created => (state("good", "plus", "created"), Vec::new()),
                LineDone::Unchanged => (state("", "dash", "unchanged"), Vec::new()),
                LineDone::Updated(changes) => {
                    let note = |(field, before, after): &(&'static str, String, String)| {
                        let before = if before.is_empty() { "—" } else { before };
                        let after = if after.is_empty() { "—" } else { after };
                        lang.t("import-change")
                            .with("field", lang.word("person", field))
                            .with("before", before)
                            .with("after", after)
                            .to_string()
                    };
                    (
                        state("warn", "check", "updated"),
                        changes.iter().map(note).collect(),
                    )
                }
                LineDone::Broken(fault) => (
                    state("bad", "cross", "rejected"),
                    vec![row_wrong(lang, fault).to_string()],
                ),
                LineDone::Rejected(wrong) => {
                    let note = |(pointer, _): &(&'static str, String)| {
                        let name = pointer.trim_start_matches('/');
                        lang.word("person-wrong", name).to_string()
                    };
                    (
                        state("bad", "cross", "rejected"),
                        wrong.iter().map(note).collect(),
                    )
                }
            };
            preview.lines.push(Line {
                line: count(line.line),
                code: line.code,
                name: line.name,
                state,
                notes,
            });
        }
        preview
    }
}

async fn preview(State(web): State<Web>, who: SignedIn, sent: Upload) -> Result<Response, Problem> {
    who.need(Permission::Administer)?;
    let lang = who.lang;
    let mut page = empty(&web, &who);
    let (status, words) = match sent.files.first() {
        _ if sent.too_large => {
            let large = sheet_wrong(lang, &crate::sheet::ReadError::TooLarge);
            (StatusCode::PAYLOAD_TOO_LARGE, large)
        }
        None => (StatusCode::UNPROCESSABLE_ENTITY, lang.t("import-file-none")),
        Some((_, bytes)) => match preview_import(&web.app, &who.actor, bytes).await {
            Ok((plan, token)) => {
                page.preview = Some(Preview::of(lang, plan, token));
                return Ok(Html(page).into_response());
            }
            Err(PreviewError::File(error)) => (StatusCode::UNPROCESSABLE_ENTITY, sheet_wrong(lang, &error)),
            Err(other) => return Err(problem(other)),
        },
    };
    page.file = page.file.wrong(words);
    Ok(Html(page).status(status))
}

fn problem(error: PreviewError) -> Problem {
    match error {
        PreviewError::File(error) => Problem::field("/file", error),
        PreviewError::Gone | PreviewError::Changed => Problem::conflict(error.to_string()),
        PreviewError::Refused(refused) => refused.into(),
        PreviewError::Store(error) => error.into(),
    }
}

async fn confirm(
    State(web): State<Web>,
    who: SignedIn,
    Form(sent): Form<Confirm>,
) -> Result<Response, Problem> {
    who.need(Permission::Administer)?;
    let mut page = empty(&web, &who);
    let word = match confirm_import(&web.app, &who.actor, &sent.token).await {
        Ok(done) => {
            page.done = Some(DoneImport {
                created: count(done.created),
                updated: count(done.updated),
                unchanged: count(done.unchanged),
                rejected: count(done.rejected_count),
            });
            return Ok(Html(page).into_response());
        }
        Err(PreviewError::Gone) => "gone",
        Err(PreviewError::Changed) => "changed",
        Err(other) => return Err(problem(other)),
    };
    page.error = Some(who.lang.word("import-refused", word).to_string());
    Ok(Html(page).status(StatusCode::CONFLICT))
}
