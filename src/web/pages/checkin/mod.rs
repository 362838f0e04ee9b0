//! `/app/checkin`: what one posted and whom one talked to, for points: told with evidence, and what became of it.

mod exchange;
mod view;

use askama::Template;
use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::get;
use jiff::Timestamp;
use jiff::civil::DateTime;
use serde::Deserialize;

use crate::app::filing::{Filed, PointsError};
use crate::app::pictures::cleaned;
use crate::app::share::{ShareToFile, file_share};
use crate::app::{Permission, Refused};
use crate::points::ShareOutcome;
use crate::share::{KeptPicture, MAX_PICTURE_BYTES};
use crate::storage::evidence::EvidenceOf;
use crate::storage::shares::Filter;
use crate::web::html::{Html, see_other};
use crate::web::i18n::Lang;
use crate::web::session::{SignedIn, Staff};
use crate::web::shell::{Place, Shell};
use crate::web::ui::{Field, Opt};
use crate::web::{Path, Problem, Query, Upload, Web};

use view::{Row, rows};
pub(in crate::web) use view::{campaign_names, posted_where};

/// A picture and what is typed, bytes.
const LIMIT: usize = MAX_PICTURE_BYTES + (256 << 10);

/// Own links offered, the newest first.
const LINKS: i64 = 200;

/// Rows on a page.
const ROWS: i64 = 20;

/// The form.
#[derive(Clone, Debug)]
pub struct CheckinForm {
    pub link: Field,
    pub links: Vec<Opt>,
    pub posted: Field,
    pub url: Field,
    pub picture: Field,
}

impl CheckinForm {
    pub fn all(&self) -> [&Field; 4] {
        [&self.link, &self.posted, &self.url, &self.picture]
    }

    pub fn is_wrong(&self) -> bool {
        self.all().iter().any(|f| f.is_wrong())
    }
}

/// The page.
#[derive(Debug, Template)]
#[template(path = "checkin/checkin.html")]
pub struct CheckinPage {
    pub s: Shell,
    /// Shares that can still earn today, of how many.
    pub left: i64,
    pub most: i64,
    pub share_points: i64,
    pub exchange_points: i64,
    pub form: CheckinForm,
    pub rows: Vec<Row>,
    pub previous: Option<String>,
    pub next: Option<String>,
    pub done: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
struct Asked {
    link: Option<String>,
    before: Option<i64>,
    done: Option<String>,
}

/// The routes.
pub fn routes() -> Router<Web> {
    Router::new()
        .route(
            "/app/checkin",
            get(show).post(file).layer(DefaultBodyLimit::max(LIMIT)),
        )
        .route("/app/evidence/{kind}/{id}", get(evidence))
        .merge(exchange::routes())
}

/// What can be said to be done.
const DONE: [&str; 5] = [
    "earned",
    "repeated-item",
    "daily-limit",
    "after-leaving",
    "exchange",
];

async fn form(web: &Web, staff: &Staff, chosen: &str) -> Result<CheckinForm, Problem> {
    let lang = staff.who.lang;
    let store = &web.app.store;
    let mut links = store.newest_links(staff.employee, LINKS).await?;
    // An older one that was asked for by its code is offered, too.
    if !chosen.is_empty() && !links.iter().any(|l| l.code.as_str() == chosen) {
        let older = store.link(chosen).await?;
        links.extend(older.filter(|l| l.employee == staff.employee && l.parent.is_none()));
    }
    let names = campaign_names(web).await?;
    let offered = links.iter().map(|l| {
        let words = posted_where(lang, &names, &l.campaign_slug, &l.channel);
        Opt::new(
            l.code.as_str(),
            lang.t("checkin-link-of")
                .with("where", words)
                .with("code", l.code.as_str()),
        )
    });
    let now = web.app.now().to_zoned(web.app.programme.zone.clone());
    Ok(CheckinForm {
        link: Field::new("link", chosen),
        links: offered.collect(),
        posted: Field::new("posted", now.datetime().strftime("%Y-%m-%dT%H:%M")),
        url: Field::empty("url"),
        picture: Field::empty("picture"),
    })
}

async fn page(web: &Web, staff: &Staff, asked: &Asked, form: CheckinForm) -> Result<CheckinPage, Problem> {
    let lang = staff.who.lang;
    let rules = &web.app.programme.points;
    let filter = Filter {
        employee: Some(staff.employee),
        status: None,
    };
    let latest = web.app.store.shares(filter, None, 50).await?;
    let today = web.app.today().to_string();
    let earned =
        |s: &&crate::storage::shares::ShareRow| s.day == today && s.outcome == ShareOutcome::Earned.as_str();
    let earned = i64::try_from(latest.iter().filter(earned).count()).unwrap_or(i64::MAX);
    let (rows, more) = rows(web, staff.employee, lang, asked.before, ROWS).await?;
    let next = rows
        .last()
        .filter(|_| more)
        .map(|last| format!("/app/checkin?before={}", last.id));
    Ok(CheckinPage {
        s: staff.who.shell(web, Place::Checkin),
        left: (rules.shares_per_day - earned).max(0),
        most: rules.shares_per_day,
        share_points: rules.share,
        exchange_points: rules.interaction,
        form,
        rows,
        previous: asked.before.map(|_| "/app/checkin".to_owned()),
        next,
        done: asked
            .done
            .as_deref()
            .filter(|d| DONE.contains(d))
            .map(|d| lang.word("checkin-done", d).to_string()),
    })
}

async fn show(
    State(web): State<Web>,
    staff: Staff,
    Query(asked): Query<Asked>,
) -> Result<Html<CheckinPage>, Problem> {
    staff.who.need(Permission::Own)?;
    let form = form(&web, &staff, asked.link.as_deref().unwrap_or("")).await?;
    page(&web, &staff, &asked, form).await.map(Html)
}

/// The screenshot sent along, cleaned; what is wrong with it is put at its field.
pub async fn screenshot(
    lang: Lang,
    sent: &mut Upload,
    field: &mut Field,
) -> Result<Option<KeptPicture>, Problem> {
    if sent.too_large {
        field.error = Some(lang.t("picture-wrong").to_string());
        return Ok(None);
    }
    let Some((_, bytes)) = sent.files.pop() else {
        return Ok(None);
    };
    match cleaned("/picture", bytes.to_vec()).await {
        Ok(picture) => Ok(Some(picture)),
        Err(Refused::Wrong(_)) => {
            field.error = Some(lang.t("picture-wrong").to_string());
            Ok(None)
        }
        Err(other) => Err(other.into()),
    }
}

/// A date and time of the business zone as browsers send it; what is none marks the field.
pub fn instant(web: &Web, lang: Lang, field: &mut Field) -> Option<Timestamp> {
    let parsed = field.value.trim().parse::<DateTime>().ok();
    let at = parsed.and_then(|t| t.to_zoned(web.app.programme.zone.clone()).ok());
    if at.is_none() {
        field.error = Some(lang.t("checkin-wrong-posted").to_string());
    }
    at.map(|at| at.timestamp())
}

/// Whether a form too large was refused, or one that is wrong.
pub fn wrong_status(sent: &Upload) -> StatusCode {
    if sent.too_large {
        StatusCode::PAYLOAD_TOO_LARGE
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    }
}

async fn file(State(web): State<Web>, staff: Staff, mut sent: Upload) -> Result<Response, Problem> {
    staff.who.need(Permission::Own)?;
    let lang = staff.who.lang;
    let mut f = form(&web, &staff, sent.text("link").trim()).await?;
    f.posted.value = sent.text("posted").trim().to_owned();
    f.url.value = sent.text("url").trim().to_owned();
    let picture = screenshot(lang, &mut sent, &mut f.picture).await?;
    let posted_at = instant(&web, lang, &mut f.posted);
    let link = web.app.store.link(&f.link.value).await?;
    let link = link.filter(|l| l.employee == staff.employee && l.parent.is_none());
    if link.is_none() {
        f.link.error = Some(lang.t("checkin-wrong-link").to_string());
    }
    if let (Some(link), Some(posted_at), false) = (link, posted_at, f.is_wrong()) {
        let share = ShareToFile {
            employee: link.employee_code.clone(),
            link: link.code.as_str().to_owned(),
            channel: link.channel.clone(),
            posted_at,
            evidence_url: Some(f.url.value.clone()).filter(|u| !u.is_empty()),
            picture,
        };
        match file_share(&web.app, &staff.who.actor, &share).await {
            Ok(Filed::New(row) | Filed::Known(row)) => {
                return Ok(see_other(&format!("/app/checkin?done={}", row.outcome)));
            }
            Err(error) => refuse(lang, error, &mut f)?,
        }
    }
    let page = page(&web, &staff, &Asked::default(), f).await?;
    Ok(Html(page).status(wrong_status(&sent)))
}

/// Puts what was refused at its field.
fn refuse(lang: Lang, error: PointsError, f: &mut CheckinForm) -> Result<(), Problem> {
    let (field, words) = match error {
        PointsError::Field {
            pointer: "/posted_at",
            ..
        } => (&mut f.posted, lang.t("checkin-wrong-posted")),
        PointsError::Field {
            pointer: "/evidence_url",
            ..
        } => (&mut f.url, lang.t("checkin-wrong-url")),
        PointsError::Field { .. } => (&mut f.link, lang.t("checkin-wrong-link")),
        PointsError::Conflict(_) => (&mut f.posted, lang.t("checkin-wrong-known")),
        PointsError::Store(error) => return Err(error.into()),
        PointsError::Forbidden(words) => return Err(Problem::forbidden(words)),
        PointsError::NotFound(what) => return Err(Problem::not_found(what)),
    };
    field.error = Some(words.to_string());
    Ok(())
}

/// A screenshot: its owner's, and who decides on points.
async fn evidence(
    State(web): State<Web>,
    who: SignedIn,
    Path((kind, id)): Path<(String, i64)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let missing = || Problem::not_found(format_args!("evidence {kind:?} {id}"));
    let of = match kind.as_str() {
        "share" => EvidenceOf::Share(id),
        "interaction" => EvidenceOf::Interaction(id),
        _ => return Err(missing()),
    };
    let owner = web.app.store.evidence_owner(of).await?;
    let own = owner.is_some() && owner == who.actor.employee() && who.actor.may(Permission::Own);
    if !own && !who.actor.may(Permission::DecidePoints) {
        return Err(missing());
    }
    let (media_type, bytes) = web.app.store.evidence(of).await?.ok_or_else(missing)?;
    // What was filed never changes.
    Ok(crate::web::picture::answer(&headers, &media_type, bytes, id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pages_print_in_both_languages_with_every_outcome_and_error() {
        for lang in Lang::ALL {
            let wrong = |name, key| Field::empty(name).wrong(lang.t(key));
            let page = CheckinPage {
                s: Shell::sample(lang, Place::Checkin),
                left: 1,
                most: 3,
                share_points: 10,
                exchange_points: 15,
                form: CheckinForm {
                    link: wrong("link", "checkin-wrong-link"),
                    links: vec![Opt::new("w7kx3rp", "winter · 朋友圈")],
                    posted: wrong("posted", "checkin-wrong-known"),
                    url: wrong("url", "checkin-wrong-url"),
                    picture: wrong("picture", "picture-wrong"),
                },
                rows: view::samples(lang),
                previous: None,
                next: Some("/app/checkin?before=3".into()),
                done: Some(lang.word("checkin-done", "earned").to_string()),
            };
            crate::web::pages::check_sample("checkin", &page.render().unwrap(), lang);
            for word in DONE {
                assert!(
                    !lang
                        .word("checkin-done", word)
                        .to_string()
                        .contains("checkin-done")
                );
            }
        }
    }
}
