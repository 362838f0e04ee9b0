//! `/app/admin/people`: everybody, searched, filtered, sorted, page by page.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::routing::get;
use jiff::civil::Date;
use serde::Deserialize;

use crate::app::Permission;
use crate::domain::Role;
use crate::storage::people_list::{PeopleQuery, PersonRow, SortBy, Standing};
use crate::web::html::Html;
use crate::web::i18n::Lang;
use crate::web::session::SignedIn;
use crate::web::shell::{Place, Shell};
use crate::web::ui::Opt;
use crate::web::{Problem, Query, Web};

/// People on a page.
const ROWS: i64 = 50;
/// Longest search, characters.
const MAX_TEXT: usize = 100;

/// A head of the table.
#[derive(Clone, Debug)]
pub struct Head {
    pub href: String,
    pub label: String,
    pub current: bool,
    pub descending: bool,
}

/// Somebody as a row.
#[derive(Clone, Debug)]
pub struct Row {
    pub code: String,
    pub name: String,
    pub email: Option<String>,
    pub team: Option<String>,
    pub hired: Option<Date>,
    pub left: Option<Date>,
    /// Whether the last working day is over.
    pub is_gone: bool,
    pub roles: Vec<String>,
    /// How they sign in: kind of state, icon, words.
    pub signin: (&'static str, &'static str, String),
}

/// The page.
#[derive(Debug, Template)]
#[template(path = "admin/people.html")]
pub struct PeoplePage {
    pub s: Shell,
    pub text: String,
    pub team: String,
    pub teams: Vec<Opt>,
    pub state: String,
    pub states: Vec<Opt>,
    pub sort: String,
    pub heads: Vec<Head>,
    pub rows: Vec<Row>,
    pub all: i64,
    pub previous: Option<String>,
    pub next: Option<String>,
    /// Whether anybody is looked for.
    pub is_filtered: bool,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    q: String,
    team: String,
    state: String,
    sort: String,
    page: Option<i64>,
}

/// The routes.
pub fn routes() -> Router<Web> {
    Router::new().route("/app/admin/people", get(show))
}

/// The words of a row of roles.
pub fn role_words(lang: Lang, words: &str) -> Vec<String> {
    words
        .split(',')
        .filter_map(|word| word.parse::<Role>().ok())
        .map(|role| lang.word("role", role.as_str()).to_string())
        .collect()
}

impl Row {
    pub fn of(lang: Lang, row: PersonRow, today: Date) -> Self {
        let day = |text: Option<String>| text.and_then(|t| t.parse::<Date>().ok());
        let left = day(row.left_on);
        let (kind, icon, word) = match (&row.roles, row.is_disabled, row.has_password) {
            (None, ..) => ("", "dash", "none"),
            (Some(_), true, _) => ("warn", "lock", "locked"),
            (Some(_), false, true) => ("good", "check", "password"),
            (Some(_), false, false) => ("warn", "clock", "invited"),
        };
        Self {
            roles: role_words(lang, row.roles.as_deref().unwrap_or("")),
            code: row.code,
            name: row.name,
            email: row.email,
            team: row.team,
            hired: day(row.hired_on),
            left,
            is_gone: left.is_some_and(|last| last < today),
            signin: (kind, icon, lang.word("signin-state", word).to_string()),
        }
    }
}

fn href(asked: &Asked, sort: &str, page: i64) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in [
        ("q", asked.q.as_str()),
        ("team", asked.team.as_str()),
        ("state", asked.state.as_str()),
        ("sort", sort),
    ] {
        if !value.is_empty() {
            query.append_pair(name, value);
        }
    }
    if page > 1 {
        query.append_pair("page", &page.to_string());
    }
    let query = query.finish();
    if query.is_empty() {
        "/app/admin/people".to_owned()
    } else {
        format!("/app/admin/people?{query}")
    }
}

async fn show(
    State(web): State<Web>,
    who: SignedIn,
    Query(mut asked): Query<Asked>,
) -> Result<Html<PeoplePage>, Problem> {
    who.need(Permission::Administer)?;
    let lang = who.lang;
    asked.q = asked.q.trim().chars().take(MAX_TEXT).collect();
    let page = asked.page.unwrap_or(1).clamp(1, 100_000);
    let standing = match asked.state.as_str() {
        "active" => Standing::Active,
        "left" => Standing::Left,
        "without" => Standing::Without,
        _ => Standing::All,
    };
    let sort = match asked.sort.as_str() {
        "name" => SortBy::Name,
        "team" => SortBy::Team,
        "hired" => SortBy::Hired,
        _ => SortBy::Code,
    };
    let query = PeopleQuery {
        text: asked.q.clone(),
        team: Some(asked.team.clone()).filter(|t| !t.is_empty()),
        standing,
        sort,
        skip: (page - 1) * ROWS,
        limit: ROWS,
    };
    let today = web.app.today();
    let (rows, all) = web.app.store.people(&query, today).await?;
    let mut teams = vec![Opt::new("", lang.t("person-any-team"))];
    teams.extend(
        web.app
            .store
            .teams()
            .await?
            .into_iter()
            .map(|t| Opt::new(&t.name, &t.name)),
    );
    let states = ["all", "active", "left", "without"].map(|word| {
        Opt::new(
            if word == "all" { "" } else { word },
            lang.word("person-state", word),
        )
    });
    let heads = [
        ("code", SortBy::Code, lang.t("person-code")),
        ("name", SortBy::Name, lang.t("person-name")),
        ("team", SortBy::Team, lang.t("person-team")),
        ("hired", SortBy::Hired, lang.t("person-hired_on")),
    ]
    .map(|(word, by, label)| Head {
        href: href(&asked, word, 1),
        label: label.to_string(),
        current: by == sort,
        descending: by == SortBy::Hired,
    });
    Ok(Html(PeoplePage {
        s: who.shell(&web, Place::AdminPeople),
        is_filtered: !asked.q.is_empty() || !asked.team.is_empty() || standing != Standing::All,
        previous: (page > 1).then(|| href(&asked, &asked.sort, page - 1)),
        next: (page * ROWS < all).then(|| href(&asked, &asked.sort, page + 1)),
        text: asked.q,
        team: asked.team,
        teams,
        state: asked.state,
        states: states.to_vec(),
        sort: asked.sort,
        heads: heads.to_vec(),
        rows: rows.into_iter().map(|row| Row::of(lang, row, today)).collect(),
        all,
    }))
}
