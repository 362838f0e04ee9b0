//! `/app/me`: language, name on boards, password, where one is signed in, signing out. `/app/welcome` asks for the name once.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use tower_sessions::Session;

use crate::app::accounts::{self, AccountRefusal};
use crate::app::mydata::{MyDataError, my_data};
use crate::app::{Permission, rules, unprintable};
use crate::domain::DisplayName;
use crate::ranking::board_name;
use crate::storage::employees::{Employee, set_employee_display};
use crate::web::html::{Html, see_other};
use crate::web::i18n::Lang;
use crate::web::pages::sessions;
use crate::web::session::{Gate, SignedIn, Staff, id_hash, safe_next};
use crate::web::shell::{Place, Shell};
use crate::web::ui::{Choice, Field};
use crate::web::{Form, Problem, Query, Web, layers};

/// Longest nickname, characters.
const MAX_NICKNAME: usize = 20;

/// How one appears on boards, as a form.
#[derive(Clone, Debug)]
struct DisplayForm {
    /// `full`, `nickname`, `hidden`, or nothing yet.
    chosen: String,
    nickname: Field,
    /// What each choice would look like.
    full: String,
    unasked: String,
}

impl DisplayForm {
    fn of(employee: &Employee) -> Self {
        let name = &employee.facts.name;
        Self {
            chosen: match employee.display {
                DisplayName::Unasked => String::new(),
                other => other.as_str().to_owned(),
            },
            nickname: Field::new("nickname", employee.facts.nickname.as_deref().unwrap_or("")),
            full: name.clone(),
            unasked: board_name(name, None, DisplayName::Unasked),
        }
    }
}

/// The page.
#[derive(Debug, Template)]
#[template(path = "me/me.html")]
struct MePage {
    s: Shell,
    login: String,
    /// Team, when an employee belongs to one.
    team: Option<String>,
    languages: Vec<Choice>,
    display: Option<DisplayForm>,
    /// Points to spend, of an employee.
    points: Option<i64>,
    /// A version of the rules waits to be accepted.
    rules_wait: bool,
    current: Field,
    wished: Field,
    /// Where one is signed in.
    sessions: Vec<sessions::Row>,
    /// What was just done.
    done: Option<String>,
}

/// Asked once, at first sign-in.
#[derive(Debug, Template)]
#[template(path = "me/welcome.html")]
struct WelcomePage {
    s: Shell,
    display: DisplayForm,
    next: String,
}

#[derive(Debug, Deserialize)]
struct Done {
    done: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Next {
    next: Option<String>,
}

#[derive(Debug, Deserialize)]
struct DisplayChoice {
    display: Option<String>,
    nickname: Option<String>,
    next: Option<String>,
}

#[derive(Deserialize)]
struct PasswordChange {
    current: String,
    wished: String,
}

/// The routes.
pub fn routes() -> Router<Web> {
    Router::new()
        .route("/app/me", get(show))
        .route("/app/me/display", post(display))
        .route("/app/me/data.zip", get(data))
        .route("/app/me/password", post(password))
        .route("/app/welcome", get(welcome))
}

async fn employee_of(web: &Web, who: &SignedIn) -> Result<Option<Employee>, Problem> {
    Ok(match who.actor.employee() {
        Some(id) => web.app.store.employee_by_id(id, web.app.today()).await?,
        None => None,
    })
}

async fn page(web: &Web, who: &SignedIn, session: &Session) -> Result<MePage, Problem> {
    let employee = employee_of(web, who).await?;
    let (mut points, mut rules_wait) = (None, false);
    if let Some(employee) = &employee {
        points = Some(web.app.store.point_balance(employee.id).await?);
        rules_wait = rules::standing(&web.app, Some(employee.id)).await?.waits();
    }
    Ok(MePage {
        points,
        rules_wait,
        s: who.shell(web, Place::Me),
        login: who.account.login.clone(),
        team: employee.as_ref().and_then(|e| e.team.clone()),
        languages: languages(who.lang),
        display: employee.as_ref().map(DisplayForm::of),
        current: Field::empty("current"),
        wished: Field::empty("wished"),
        sessions: sessions::rows(web, who, session).await?,
        done: None,
    })
}

fn languages(current: Lang) -> Vec<Choice> {
    let choice = |lang: Lang| Choice::new(lang.as_str(), lang.t("lang-name"), lang == current);
    Lang::ALL.map(choice).to_vec()
}

/// The page as an answer; one signs out from it.
fn answer(web: &Web, page: MePage, status: StatusCode) -> Response {
    let mut response = Html(page).status(status);
    layers::allow_short_host(web, &mut response);
    response
}

async fn show(
    State(web): State<Web>,
    who: SignedIn,
    session: Session,
    Query(q): Query<Done>,
) -> Result<Response, Problem> {
    let mut page = page(&web, &who, &session).await?;
    page.done = match q.done.as_deref() {
        Some("display") => Some(who.lang.t("me-done-display").to_string()),
        Some("password") => Some(who.lang.t("me-done-password").to_string()),
        Some("ended") => Some(who.lang.t("sessions-done").to_string()),
        _ => None,
    };
    Ok(answer(&web, page, StatusCode::OK))
}

async fn welcome(State(web): State<Web>, staff: Staff, Query(q): Query<Next>) -> Result<Response, Problem> {
    let next = safe_next(q.next.as_deref()).unwrap_or("/app").to_owned();
    let Some(employee) = employee_of(&web, &staff.who).await? else {
        return Ok(see_other(&next));
    };
    let page = WelcomePage {
        s: staff.who.shell(&web, Place::Elsewhere),
        display: DisplayForm::of(&employee),
        next,
    };
    Ok(Html(page).into_response())
}

/// Stores how one appears. A nickname that cannot be shown leads back to the form.
async fn display(
    State(web): State<Web>,
    staff: Staff,
    session: Session,
    Form(form): Form<DisplayChoice>,
) -> Result<Response, Gate> {
    let lang = staff.who.lang;
    let Some(employee) = employee_of(&web, &staff.who).await? else {
        return Err(Problem::not_found("employee").into());
    };
    let nickname = form.nickname.as_deref().map(str::trim).filter(|n| !n.is_empty());
    let wished = form.display.as_deref().unwrap_or("").parse::<DisplayName>();
    let error = match (&wished, nickname) {
        (Err(()) | Ok(DisplayName::Unasked), _) => Some(lang.t("me-display-choose")),
        (Ok(DisplayName::Nickname), None) => Some(lang.t("me-nickname-missing")),
        (_, Some(name)) if name.chars().count() > MAX_NICKNAME || name.chars().any(unprintable) => {
            Some(lang.t("me-nickname-long"))
        }
        _ => None,
    };
    if let Some(error) = error {
        let mut form_again = DisplayForm::of(&employee);
        form_again.chosen = form.display.unwrap_or_default();
        form_again.nickname = Field::new("nickname", nickname.unwrap_or("")).wrong(error);
        let mut page = page(&web, &staff.who, &session).await?;
        page.display = Some(form_again);
        return Ok(answer(&web, page, StatusCode::UNPROCESSABLE_ENTITY));
    }
    let display = wished.unwrap_or_default();
    let mut tx = web.app.store.begin().await.map_err(Problem::from)?;
    set_employee_display(&mut tx, employee.id, display, nickname, web.app.clock.now_ms())
        .await
        .map_err(Problem::from)?;
    tx.commit().await.map_err(Problem::from)?;
    Ok(see_other(
        safe_next(form.next.as_deref()).unwrap_or("/app/me?done=display"),
    ))
}

/// Everything the firm holds on oneself, as a file.
async fn data(State(web): State<Web>, staff: Staff) -> Result<Response, Problem> {
    staff.who.need(Permission::Own)?;
    let bytes = match my_data(&web.app, &staff.who.account, staff.employee).await {
        Ok(bytes) => bytes,
        Err(MyDataError::Store(error)) => return Err(error.into()),
        Err(MyDataError::Nobody) => return Err(Problem::not_found("employee of this account")),
        Err(error) => return Err(Problem::internal(&error)),
    };
    let head = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/zip")),
        (
            header::CONTENT_DISPOSITION,
            HeaderValue::from_static("attachment; filename=\"bole-me.zip\""),
        ),
    ];
    Ok((head, bytes).into_response())
}

async fn password(
    State(web): State<Web>,
    who: SignedIn,
    session: Session,
    Form(form): Form<PasswordChange>,
) -> Result<Response, Problem> {
    let keep = session.id().map(|id| id_hash(&id));
    let changed =
        accounts::change_password(&web.app, &who.account, &form.current, &form.wished, keep.as_ref()).await?;
    let Err(refusal) = changed else {
        return Ok(see_other("/app/me?done=password"));
    };
    let mut page = page(&web, &who, &session).await?;
    match refusal {
        AccountRefusal::Password(error) => {
            page.wished = page.wished.wrong(who.lang.word("me-password", error.as_str()));
        }
        _ => page.current = page.current.wrong(who.lang.t("me-wrong-password")),
    }
    Ok(answer(&web, page, StatusCode::UNPROCESSABLE_ENTITY))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::accounts::{OpenSession, PasswordError};

    fn form() -> DisplayForm {
        DisplayForm {
            chosen: "nickname".into(),
            nickname: Field::new("nickname", "小雯").wrong("错"),
            full: "张晓雯".into(),
            unasked: "张*".into(),
        }
    }

    #[test]
    fn the_pages_print_in_both_languages() {
        for lang in Lang::ALL {
            for error in [
                PasswordError::Short,
                PasswordError::Long,
                PasswordError::Guessable,
            ] {
                let line = |key: &str, is_current: bool, agent: &str| {
                    sessions::row(OpenSession {
                        key: key.into(),
                        agent: agent.into(),
                        begun_at: (!is_current).then_some(1_763_000_000_000),
                        ends_at: 1_764_000_000_000,
                        is_current,
                    })
                };
                let page = MePage {
                    sessions: vec![line("a", true, "wechat ios"), line("b", false, "other other")],
                    s: Shell::sample(lang, Place::Me),
                    login: "zhang.xw".into(),
                    team: Some("徐汇店".into()),
                    languages: languages(lang),
                    display: Some(form()),
                    points: Some(1_240),
                    rules_wait: true,
                    current: Field::empty("current"),
                    wished: Field::empty("wished").wrong(lang.word("me-password", error.as_str())),
                    done: Some(lang.t("me-done-display").to_string()),
                };
                crate::web::pages::check_sample("me", &page.render().unwrap(), lang);
            }
            let page = WelcomePage {
                s: Shell::sample(lang, Place::Elsewhere),
                display: form(),
                next: "/app/board".into(),
            };
            crate::web::pages::check_sample("welcome", &page.render().unwrap(), lang);
        }
    }
}
