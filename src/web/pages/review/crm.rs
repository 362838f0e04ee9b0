//! `/app/review/crm`: the CRM's records by hand and by file, with a report line by line.

use askama::Template;
use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use jiff::civil::Date;
use serde::Deserialize;

use crate::app::claims::{ClaimError, CrmInput, import_records, take_record};
use crate::app::{ImportError, ImportReport, Permission, Wrong};
use crate::web::html::{Html, see_other};
use crate::web::i18n::Lang;
use crate::web::session::SignedIn;
use crate::web::shell::{Place, Shell};
use crate::web::ui::Field;
use crate::web::{Form, Problem, Query, Upload, Web, sheet_wrong};

/// Largest file, bytes: as the API takes.
const LIMIT: usize = 8 << 20;

/// A record by hand.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Sent {
    external_id: String,
    contact: String,
    order: String,
    source_note: String,
    created_by: String,
    occurred_on: String,
}

/// The form as it is shown.
#[derive(Clone, Debug)]
pub struct RecordForm {
    pub external_id: Field,
    /// Phone or e-mail.
    pub contact: Field,
    pub order: Field,
    pub source_note: Field,
    pub created_by: Field,
    pub occurred_on: Field,
    pub others: Vec<String>,
}

/// What became of a file.
#[derive(Clone, Debug)]
pub struct Report {
    pub encoding: String,
    pub created: i64,
    pub known: i64,
    pub rejected: i64,
    pub lines: Vec<(i64, String)>,
    pub ignored: Option<String>,
}

/// The page.
#[derive(Debug, Template)]
#[template(path = "review/crm.html")]
pub struct CrmPage {
    pub s: Shell,
    pub f: RecordForm,
    pub file: Field,
    pub report: Option<Report>,
    pub done: Option<String>,
    /// Claims just verified.
    pub verified: Vec<i64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    order: Option<String>,
    done: Option<String>,
    claims: Option<String>,
}

/// The routes.
pub fn routes() -> Router<Web> {
    Router::new()
        .route("/app/review/crm", get(show).post(send))
        .route(
            "/app/review/crm/import",
            post(import).layer(DefaultBodyLimit::max(LIMIT)),
        )
}

impl RecordForm {
    fn of(sent: &Sent) -> Self {
        Self {
            external_id: Field::new("external_id", sent.external_id.trim()),
            contact: Field::new("contact", sent.contact.trim()),
            order: Field::new("order", sent.order.trim()),
            source_note: Field::new("source_note", sent.source_note.trim()),
            created_by: Field::new("created_by", sent.created_by.trim()),
            occurred_on: Field::new("occurred_on", sent.occurred_on.trim()),
            others: Vec::new(),
        }
    }

    pub fn all(&self) -> [&Field; 6] {
        [
            &self.external_id,
            &self.contact,
            &self.order,
            &self.source_note,
            &self.created_by,
            &self.occurred_on,
        ]
    }

    pub fn is_wrong(&self) -> bool {
        !self.others.is_empty() || self.all().iter().any(|f| f.is_wrong())
    }

    fn read(&mut self, lang: Lang) -> Option<CrmInput> {
        let Ok(day) = self.occurred_on.value.parse::<Date>() else {
            self.occurred_on.error = Some(lang.word("crm-wrong", "occurred_on").to_string());
            return None;
        };
        let text = |f: &Field| Some(f.value.clone()).filter(|t| !t.is_empty());
        let contact = text(&self.contact);
        let is_email = contact.as_ref().is_some_and(|c| c.contains('@'));
        Some(CrmInput {
            external_id: self.external_id.value.clone(),
            phone: contact.clone().filter(|_| !is_email),
            email: contact.filter(|_| is_email),
            customer_id: None,
            order: text(&self.order),
            source_note: self.source_note.value.clone(),
            created_by: self.created_by.value.clone(),
            occurred_on: day,
        })
    }

    fn refuse(&mut self, lang: Lang, wrong: &[Wrong]) {
        for w in wrong {
            let name = w.pointer.trim_start_matches('/');
            let (field, word) = match name {
                "external_id" => (&mut self.external_id, name),
                "order" => (&mut self.order, name),
                "source_note" => (&mut self.source_note, name),
                "created_by" => (&mut self.created_by, name),
                "occurred_on" => (&mut self.occurred_on, name),
                _ => (&mut self.contact, "customer"),
            };
            field.error = Some(lang.word("crm-wrong", word).to_string());
        }
    }
}

fn page(web: &Web, who: &SignedIn, f: RecordForm) -> CrmPage {
    CrmPage {
        s: who.shell(web, Place::Crm),
        f,
        file: Field::empty("file"),
        report: None,
        done: None,
        verified: Vec::new(),
    }
}

fn empty(web: &Web, order: &str) -> RecordForm {
    RecordForm::of(&Sent {
        order: order.to_owned(),
        occurred_on: web.app.today().to_string(),
        ..Sent::default()
    })
}

async fn show(
    State(web): State<Web>,
    who: SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Html<CrmPage>, Problem> {
    who.need(Permission::SendConversions)?;
    let mut page = page(
        &web,
        &who,
        empty(&web, asked.order.as_deref().unwrap_or_default()),
    );
    let done = asked.done.as_deref().filter(|d| ["new", "known"].contains(d));
    page.done = done.map(|d| who.lang.word("crm-done", d).to_string());
    let claims = asked.claims.as_deref().unwrap_or_default();
    page.verified = claims
        .split(',')
        .filter_map(|id| id.parse().ok())
        .take(10)
        .collect();
    Ok(Html(page))
}

async fn send(State(web): State<Web>, who: SignedIn, Form(sent): Form<Sent>) -> Result<Response, Problem> {
    who.need(Permission::SendConversions)?;
    let mut f = RecordForm::of(&sent);
    let mut status = StatusCode::UNPROCESSABLE_ENTITY;
    if let Some(input) = f.read(who.lang) {
        match take_record(&web.app, &who.actor, &input).await {
            Ok(taken) => {
                let done = if taken.is_new { "new" } else { "known" };
                let ids: Vec<String> = taken.verified_claims.iter().map(i64::to_string).collect();
                let path = format!("/app/review/crm?done={done}&claims={}", ids.join(","));
                return Ok(see_other(&path));
            }
            Err(ClaimError::Wrong(wrong)) => f.refuse(who.lang, &wrong),
            Err(ClaimError::Conflict(_)) => {
                status = StatusCode::CONFLICT;
                f.external_id.error = Some(who.lang.word("crm-wrong", "content").to_string());
            }
            Err(other) => return Err(other.into()),
        }
    }
    Ok(Html(page(&web, &who, f)).status(status))
}

fn report(lang: Lang, report: ImportReport) -> Report {
    let count = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    let ignored = report.ignored_columns;
    let comma = lang.t("shell-comma").to_string();
    Report {
        encoding: report.encoding,
        created: count(report.created),
        known: count(report.known),
        rejected: count(report.rejected_count),
        lines: report
            .rejected
            .into_iter()
            .map(|r| {
                let words = match r.what {
                    "" => r.reason,
                    what => lang.word("crm-wrong", what).to_string(),
                };
                (count(r.line), words)
            })
            .collect(),
        ignored: (!ignored.is_empty()).then(|| ignored.join(&comma)),
    }
}

async fn import(State(web): State<Web>, who: SignedIn, sent: Upload) -> Result<Response, Problem> {
    who.need(Permission::SendConversions)?;
    let lang = who.lang;
    let mut page = page(&web, &who, empty(&web, ""));
    let wrong = match sent.files.first() {
        _ if sent.too_large => (StatusCode::PAYLOAD_TOO_LARGE, lang.t("crm-file-large")),
        None => (StatusCode::UNPROCESSABLE_ENTITY, lang.t("crm-file-none")),
        Some((_, bytes)) => match import_records(&web.app, &who.actor, bytes).await {
            Ok(done) => {
                page.report = Some(report(lang, done));
                return Ok(Html(page).into_response());
            }
            Err(ImportError::Store(error)) => return Err(error.into()),
            Err(ImportError::Table(error)) => (StatusCode::UNPROCESSABLE_ENTITY, sheet_wrong(lang, &error)),
        },
    };
    page.file = page.file.wrong(wrong.1);
    Ok(Html(page).status(wrong.0))
}

/// A form with everything wrong, for samples.
#[cfg(test)]
pub fn sample(lang: Lang) -> RecordForm {
    let mut form = RecordForm::of(&Sent {
        source_note: "员工推荐-张晓雯".into(),
        ..Sent::default()
    });
    let pointers = [
        "/external_id",
        "/customer",
        "/order",
        "/source_note",
        "/created_by",
        "/occurred_on",
    ];
    form.refuse(lang, &pointers.map(|p| Wrong::at(p, "english only")));
    form
}
