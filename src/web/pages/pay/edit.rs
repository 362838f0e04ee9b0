//! `/app/pay/schemes/{id}/edit`: a scheme's parameters as a form; tried on a period, tested on closed ones, saved.

use askama::Template;
use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::Value;

use super::drawn::{Drawn, drawn};
use super::params::{self, Param, Typed};
use super::schemes::changes;
use super::view;
use crate::app::Permission;
use crate::app::pay::{
    BackTest, Draft, InForce, PayError, PersonChange, SettingInput, Trial, back_test, change_setting,
    open_from, own_document, scheme_document, what_if,
};
use crate::domain::{Money, Period};
use crate::storage::pay::Setting;
use crate::web::html::{Html, see_other};
use crate::web::i18n::{Lang, date_words};
use crate::web::session::SignedIn;
use crate::web::shell::{Place, Shell};
use crate::web::ui::{Field, Opt};
use crate::web::{DOCUMENT_BODY, Form, Path, Problem, Query, Web};

/// Most people of a comparison that are named.
const PEOPLE: usize = 200;

/// Somebody before and after, with their bars in hundredths of the longest.
#[derive(Clone, Debug)]
pub struct PersonView {
    pub name: String,
    pub code: String,
    pub before: Money,
    pub after: Money,
    pub change: String,
    pub bars: (i64, i64),
}

/// What a trial says.
#[derive(Clone, Debug)]
pub struct TrialView {
    pub title: String,
    pub before: Money,
    pub after: Money,
    pub change: String,
    pub percent: Option<String>,
    pub gain: i64,
    pub lose: i64,
    pub same: i64,
    pub people: Vec<PersonView>,
    pub more: i64,
    /// A back-test's periods: name, before, after, change.
    pub periods: Vec<(String, Money, Money, String)>,
    pub refused: Vec<(String, String)>,
    pub left: i64,
}

/// The page.
#[derive(Debug, Template)]
#[template(path = "pay/scheme_edit.html")]
pub struct EditPage {
    pub s: Shell,
    pub id: String,
    pub name: String,
    pub params: Vec<Param>,
    pub from_on: Field,
    pub note: Field,
    pub enabled: bool,
    pub document: Field,
    pub period: Field,
    pub periods: Vec<Opt>,
    pub drawn: Vec<Drawn>,
    pub trial: Option<TrialView>,
    pub refused: Option<String>,
    pub wrong: bool,
    pub saves: bool,
    /// Versions to come that this change meets.
    pub coming: Vec<Coming>,
    /// What the page said of the versions: a save that does not know them is asked about first.
    pub seen: String,
    /// What saving changes against the version it takes the place of, to be looked at first.
    pub asks: Option<Asks>,
}

/// A version that begins on the chosen day or after it, or is in force on it and not yet today.
#[derive(Clone, Debug)]
pub struct Coming {
    pub day: String,
    pub from: String,
    pub note: String,
    /// It begins after the chosen day: until then only the new version holds.
    pub after: bool,
}

/// Changes of parameters and parts of the document.
#[derive(Clone, Debug)]
pub struct Asks {
    pub from: String,
    pub params: Vec<(String, String, String)>,
    pub document: Vec<String>,
}

/// Which day the form is for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct For {
    from_on: Option<String>,
}

/// The routes.
pub fn routes() -> Router<Web> {
    Router::new().route(
        "/app/pay/schemes/{id}/edit",
        get(show).post(send).layer(DefaultBodyLimit::max(DOCUMENT_BODY)),
    )
}

/// The scheme as it is on the day a change begins: what is in force today may be changed already by then.
async fn found(web: &Web, id: &str, from_on: Option<&str>) -> Result<(InForce, Date), Problem> {
    let today = web.app.today();
    let next_month = || Period::month_of(today).map_or(today, |m| m.end);
    let day = from_on
        .and_then(|day| day.trim().parse().ok())
        .unwrap_or_else(next_month);
    let found = scheme_document(&web.app, id, day).await?;
    let found = found.ok_or_else(|| Problem::not_found(format_args!("scheme {id:?}")))?;
    Ok((found, day))
}

/// Versions to come that a change from this day on meets, the first one first; and what stands for all that is known.
fn coming(lang: Lang, settings: &[Setting], today: Date, from_on: Date) -> (Vec<Coming>, String) {
    let (today, chosen) = (today.to_string(), from_on.to_string());
    let base = settings.iter().find(|s| s.from_on <= chosen);
    let mut met: Vec<&Setting> = settings.iter().filter(|s| s.from_on > chosen).collect();
    met.extend(base.filter(|s| s.from_on > today));
    met.sort_by_key(|s| (s.from_on.clone(), std::cmp::Reverse(s.id)));
    met.dedup_by_key(|s| s.from_on.clone());
    let newest = settings.iter().map(|s| s.id).max().unwrap_or_default();
    let view = |s: &&Setting| Coming {
        day: s.from_on.clone(),
        from: s
            .from_on
            .parse()
            .map_or_else(|_| s.from_on.clone(), |day| date_words(lang, day)),
        note: s.note.clone(),
        after: s.from_on > chosen,
    };
    (met.iter().map(view).collect(), format!("{chosen}/{newest}"))
}

/// Periods that can be tried: those that have runs, and the current one.
async fn periods(web: &Web, lang: Lang, id: &str, every: &str) -> Result<Vec<Opt>, Problem> {
    let today = web.app.today();
    let current = match every {
        "month" => Period::month_of(today).ok(),
        "quarter" => Period::quarter_of(today).ok(),
        "year" => Period::parse(&format!("{:04}", today.year())).ok(),
        _ => None,
    };
    let heads = web.app.store.run_heads(Date::constant(1900, 1, 1)).await?;
    let mut labels: Vec<String> = heads
        .iter()
        .rev()
        .filter(|h| h.scheme == id)
        .map(|h| h.period.clone())
        .collect();
    let current = current.map(|p| p.label()).filter(|now| !labels.contains(now));
    labels.extend(current);
    labels.dedup();
    labels.truncate(60);
    Ok(labels
        .iter()
        .map(|l| Opt::new(l, view::period(lang, l)))
        .collect())
}

async fn page(
    web: &Web,
    who: &SignedIn,
    id: &str,
    (known, day): (&InForce, Date),
    typed: &Typed,
) -> Result<EditPage, Problem> {
    let lang = who.lang;
    let header = &known.document.header;
    let versions = web.app.store.settings_of(id).await?;
    let (coming, seen) = coming(lang, &versions, web.app.today(), day);
    let get = |name: &str| typed.get(name).map(|t| t.trim().to_owned());
    let periods = periods(web, lang, id, known.period()).await?;
    let first = periods.first().map(|o| o.value.clone()).unwrap_or_default();
    Ok(EditPage {
        s: who.shell(web, Place::PaySchemes),
        id: id.to_owned(),
        name: view::say(lang, &header.name),
        params: params::form(lang, &known.document, &known.params),
        from_on: Field::new("from_on", get("from_on").unwrap_or_else(|| day.to_string())),
        note: Field::new("note", get("note").unwrap_or_default()),
        enabled: if typed.is_empty() {
            // As the version of that day says; a scheme that was never set up is set up to be due.
            let chosen = day.to_string();
            let base = versions.iter().find(|version| version.from_on <= chosen);
            base.is_none_or(|base| base.enabled)
        } else {
            typed.contains_key("enabled")
        },
        document: Field::new(
            "document",
            typed
                .get("document")
                .map(|t| t.replace("\r\n", "\n"))
                .unwrap_or_default(),
        ),
        period: Field::new("period", get("period").unwrap_or(first)),
        periods,
        drawn: Vec::new(),
        trial: None,
        refused: None,
        wrong: false,
        saves: who.actor.may(Permission::CalculatePay),
        coming,
        seen,
        asks: None,
    })
}

async fn show(
    State(web): State<Web>,
    who: SignedIn,
    Path(id): Path<String>,
    Query(asked): Query<For>,
) -> Result<Html<EditPage>, Problem> {
    who.need(Permission::ReadPay)?;
    let (known, day) = found(&web, &id, asked.from_on.as_deref()).await?;
    let mut page = page(&web, &who, &id, (&known, day), &Typed::new()).await?;
    page.drawn = drawn(who.lang, &known.document, &known.params, None);
    Ok(Html(page))
}

async fn send(
    State(web): State<Web>,
    who: SignedIn,
    Path(id): Path<String>,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    who.need(Permission::ReadPay)?;
    let lang = who.lang;
    let (known, day) = found(&web, &id, typed.get("from_on").map(String::as_str)).await?;
    let mut page = page(&web, &who, &id, (&known, day), &typed).await?;
    let own = Some(page.document.value.clone()).filter(|text| !text.trim().is_empty());
    let document = match &own {
        None => known.document.clone(),
        Some(text) => match own_document(&id, text).await {
            Ok(document) => document,
            Err(error) => {
                page.params = params::typed(lang, &known.document, &typed, &[]);
                return refuse(lang, page, error);
            }
        },
    };
    let draft = Draft {
        params: params::read(&document, &typed),
        document: own.clone(),
    };
    let json = Value::Object(draft.params.clone());
    let wrong = document.params_wrong(&json);
    page.params = params::typed(lang, &document, &typed, &wrong);
    page.drawn = drawn(lang, &known.document, &known.params, Some((&document, &json)));
    let act = typed.get("act").map_or("", String::as_str);
    if act == "save" {
        who.need(Permission::CalculatePay)?;
    }
    page.wrong = !wrong.is_empty();
    if act == "save" {
        read_saving(lang, &mut page);
    }
    if page.wrong {
        return Ok(Html(page).status(StatusCode::UNPROCESSABLE_ENTITY));
    }
    if act == "save" {
        if let Err(error) = open_from(&web.app, &id, day).await {
            return refuse(lang, page, error);
        }
        // What was planned meanwhile, or for a day the form was not made for, is not undone unseen.
        if !page.coming.is_empty() && typed.get("seen") != Some(&page.seen) {
            let mut params = changes(lang, &document, &known.params, &json);
            if page.enabled != known.enabled {
                let yes = |on: bool| {
                    lang.word("param-choice", if on { "true" } else { "false" })
                        .to_string()
                };
                params.push((
                    lang.t("edit-enabled").to_string(),
                    yes(known.enabled),
                    yes(page.enabled),
                ));
            }
            page.asks = Some(Asks {
                from: date_words(lang, day),
                params,
                document: match &own {
                    Some(_) => crate::payout::whatif::documents(&known.document, &document),
                    None => Vec::new(),
                },
            });
            return Ok(Html(page).status(StatusCode::CONFLICT));
        }
    }
    let done = match act {
        "try" => {
            let tried = what_if(&web.app, &who.actor, &id, &page.period.value, &draft).await;
            tried.map(|t| Some((vec![t], None)))
        }
        "test" => {
            let tested = back_test(&web.app, &who.actor, &id, &draft).await;
            tested.map(|b| Some((Vec::new(), Some(b))))
        }
        "save" => {
            let input = SettingInput {
                from_on: day,
                document: own.or(current_document(&web, &id, day).await?),
                params: draft.params,
                enabled: page.enabled,
                note: page.note.value.clone(),
            };
            change_setting(&web.app, &who.actor, &id, &input)
                .await
                .map(|_| None)
        }
        _ => return Err(Problem::field("/act", "expected try, test or save")),
    };
    match done {
        Ok(None) => Ok(see_other(&format!("/app/pay/schemes/{id}?done=saved"))),
        Ok(Some((trials, test))) => {
            let names = web.app.store.employee_names().await?;
            page.trial = Some(match (trials.first(), test) {
                (Some(trial), _) => of_trial(lang, trial, &names),
                (None, test) => of_test(lang, &test.unwrap_or_default(), &names),
            });
            Ok(Html(page).status(StatusCode::OK))
        }
        Err(error) => refuse(lang, page, error),
    }
}

/// The document of the firm's own that is in force on that day: it stays unless another is given.
async fn current_document(web: &Web, id: &str, day: Date) -> Result<Option<String>, Problem> {
    let setting = web.app.store.setting_on(id, day).await?;
    Ok(setting.and_then(|s| s.document))
}

/// What only saving needs: from when, and why.
fn read_saving(lang: Lang, page: &mut EditPage) {
    if page.from_on.value.parse::<Date>().is_err() {
        page.from_on.error = Some(lang.t("form-date").to_string());
    }
    if page.note.value.is_empty() || page.note.value.chars().count() > 500 {
        page.note.error = Some(lang.t("edit-wrong-note").to_string());
    }
    page.wrong |= page.from_on.is_wrong() || page.note.is_wrong();
}

fn refuse(lang: Lang, mut page: EditPage, error: PayError) -> Result<Response, Problem> {
    let status = match &error {
        PayError::Conflict(_) => StatusCode::CONFLICT,
        PayError::Forbidden(_) => StatusCode::FORBIDDEN,
        PayError::Wrong(_) | PayError::Refused(_) | PayError::Input(_) | PayError::Unable(_) => {
            StatusCode::UNPROCESSABLE_ENTITY
        }
        PayError::NotFound(_) | PayError::Store(_) => return Err(error.into()),
    };
    match &error {
        PayError::Wrong(wrong) if wrong.iter().all(|w| w.pointer == "/from_on") => {
            page.from_on.error = Some(lang.t("edit-wrong-closed").to_string());
            page.wrong = true;
        }
        PayError::Wrong(wrong) if wrong.iter().all(|w| w.pointer == "/period") => {
            page.period.error = Some(lang.t("runs-wrong-period").to_string());
        }
        PayError::Wrong(wrong) if wrong.iter().all(|w| w.pointer == "/document") => {
            let told: Vec<&str> = wrong.iter().take(20).map(|w| w.detail.as_str()).collect();
            page.document.error = Some(told.join("\n\n"));
            page.wrong = true;
        }
        _ => page.refused = view::refusal(lang, &error),
    }
    Ok(Html(page).status(status))
}

type People = std::collections::BTreeMap<String, String>;

fn of_trial(lang: Lang, trial: &Trial, names: &People) -> TrialView {
    let period = view::period(lang, &trial.period);
    let title = match trial.run {
        Some(run) => lang.t("trial-run").with("period", period).n("run", run),
        None => lang.t("trial-now").with("period", period),
    };
    TrialView {
        title: title.to_string(),
        ..compared(lang, (trial.before, trial.after), &trial.people, names)
    }
}

fn of_test(lang: Lang, test: &BackTest, names: &People) -> TrialView {
    let sum = |of: fn(&Trial) -> Money| {
        test.trials
            .iter()
            .fold(Money::ZERO, |s, t| s.checked_add(of(t)).unwrap_or(s))
    };
    TrialView {
        title: lang.t("trial-back").n("n", test.trials.len()).to_string(),
        periods: test
            .trials
            .iter()
            .map(|t| {
                let change = view::change(t.after.minor() - t.before.minor());
                (view::period(lang, &t.period), t.before, t.after, change)
            })
            .collect(),
        refused: test
            .refused
            .iter()
            .map(|(p, why)| (view::period(lang, p), why.clone()))
            .collect(),
        left: i64::try_from(test.left).unwrap_or(0),
        ..compared(lang, (sum(|t| t.before), sum(|t| t.after)), &test.people(), names)
    }
}

fn compared(
    lang: Lang,
    (before, after): (Money, Money),
    people: &[PersonChange],
    names: &People,
) -> TrialView {
    let count =
        |test: fn(&&PersonChange) -> bool| i64::try_from(people.iter().filter(test).count()).unwrap_or(0);
    let mut sorted: Vec<&PersonChange> = people.iter().collect();
    sorted.sort_by_key(|p| (std::cmp::Reverse(p.change().unsigned_abs()), p.payee.clone()));
    let longest = sorted
        .iter()
        .map(|p| p.before.minor().max(p.after.minor()))
        .max()
        .unwrap_or(0)
        .max(1);
    let bar = |amount: Money| {
        i64::try_from(i128::from(amount.minor().max(0)) * 100 / i128::from(longest)).unwrap_or(0)
    };
    let shown = sorted.iter().take(PEOPLE).map(|p| {
        let name = names.get(&p.payee);
        PersonView {
            name: name.cloned().unwrap_or_else(|| view::payee(lang, &p.payee)),
            code: name.map_or(String::new(), |_| p.payee.clone()),
            before: p.before,
            after: p.after,
            change: view::change(p.change()),
            bars: (bar(p.before), bar(p.after)),
        }
    });
    TrialView {
        title: String::new(),
        before,
        after,
        change: view::change(after.minor() - before.minor()),
        percent: view::percent(after.minor(), before.minor()),
        gain: count(|p| p.change() > 0),
        lose: count(|p| p.change() < 0),
        same: count(|p| p.change() == 0),
        people: shown.collect(),
        more: i64::try_from(sorted.len().saturating_sub(PEOPLE)).unwrap_or(0),
        periods: Vec::new(),
        refused: Vec::new(),
        left: 0,
    }
}
