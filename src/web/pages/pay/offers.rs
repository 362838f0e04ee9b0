//! `/app/pay/proposals` and `/app/pay/awards`: what schemes propose or award besides money, and what became of each.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use serde::Deserialize;

use super::view::{self, Chip};
use crate::app::Permission;
use crate::app::pay::{
    PayError, SchemeNames, barred_from_handing, barred_from_offer, decide_on_offer, hand_over, withdraw_offer,
};
use crate::domain::Money;
use crate::storage::pay::{Offer, OfferState};
use crate::web::html::{Html, see_other};
use crate::web::i18n::{Lang, TimeTag, amounts};
use crate::web::pages::actors::Actors;
use crate::web::pages::income::view::named;
use crate::web::pages::paged;
use crate::web::session::SignedIn;
use crate::web::shell::{Place, Shell};
use crate::web::ui::Choice;
use crate::web::{Form, Path, Problem, Query, Web};

/// Offers on a page.
const ROWS: i64 = 50;

/// An offer as it is shown.
#[derive(Clone, Debug)]
pub struct Row {
    pub id: i64,
    pub name: String,
    pub code: String,
    pub title: String,
    pub what: String,
    pub amount: Option<Money>,
    pub effective: String,
    pub about: String,
    pub says: String,
    pub run: i64,
    pub scheme: String,
    pub period: String,
    pub chip: Chip,
    /// What could be done: `decide` or `hand`, and why not.
    pub act: Option<(&'static str, Option<&'static str>)>,
    /// Whether who looks may take its acceptance back.
    pub back: bool,
    pub decided: Option<(String, TimeTag, String)>,
    pub handed: Option<(String, TimeTag, String)>,
    pub reason: String,
    pub error: Option<String>,
}

/// The page.
#[derive(Debug, Template)]
#[template(path = "pay/offers.html")]
pub struct OffersPage {
    pub s: Shell,
    /// `proposals` or `awards`.
    pub queue: &'static str,
    pub states: Vec<Choice>,
    pub rows: Vec<Row>,
    pub next: Option<String>,
    pub done: Option<String>,
    pub refused: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    state: Option<String>,
    before: Option<i64>,
    done: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Sent {
    act: String,
    reason: String,
}

/// The routes.
pub fn routes() -> Router<Web> {
    Router::new()
        .route("/app/pay/proposals", get(proposals))
        .route("/app/pay/awards", get(awards))
        .route("/app/pay/offers/{id}", post(decide))
}

/// The queue a kind belongs to.
fn queue_of(kind: &str) -> (&'static str, Place) {
    match kind {
        "award" => ("awards", Place::PayAwards),
        _ => ("proposals", Place::PayProposals),
    }
}

async fn row(
    web: &Web,
    who: &SignedIn,
    (names, schemes): (&Actors, &mut SchemeNames),
    offer: &Offer,
) -> Result<Row, Problem> {
    let lang = who.lang;
    let (app, actor) = (&web.app, &who.actor);
    let pick = |two: &(String, String)| match lang {
        Lang::Zh => two.0.clone(),
        Lang::En => two.1.clone(),
    };
    let moment = crate::web::shell::moment(app, lang);
    let step = |step: &Option<(String, i64, String)>| {
        let told = step.as_ref()?;
        Some((
            names.name(&told.0),
            moment.time(view::instant(told.1)),
            told.2.clone(),
        ))
    };
    let act = match offer.state {
        OfferState::Open => Some(("decide", barred_from_offer(app, actor, offer).await?)),
        OfferState::Accepted => Some(("hand", barred_from_handing(app, actor, offer).await?)),
        OfferState::Declined | OfferState::HandedOver => None,
    };
    let back = offer.state == OfferState::Accepted && barred_from_offer(app, actor, offer).await?.is_none();
    let scheme = schemes.of(app, &offer.scheme, offer.from_on).await?;
    let says = &offer.says;
    Ok(Row {
        id: offer.id,
        name: offer.name.clone().unwrap_or_else(|| says.payee.clone()),
        code: offer.name.as_ref().map_or(String::new(), |_| says.payee.clone()),
        title: pick(&says.title),
        what: view::offer_what(lang, offer),
        amount: says.amount,
        effective: says
            .effective
            .as_deref()
            .map_or_else(String::new, |day| view::day(lang, day)),
        about: says.about.clone().unwrap_or_default(),
        says: amounts(&named(
            &pick(&says.says),
            &says.payee,
            offer.name.as_deref().unwrap_or(&says.payee),
        )),
        run: offer.run,
        scheme: view::say(lang, &scheme),
        period: view::period(lang, &offer.period),
        chip: view::offer_chip(lang, offer.state),
        decided: step(&offer.decided),
        handed: step(&offer.handed),
        reason: String::new(),
        error: None,
        act,
        back,
    })
}

async fn page(web: &Web, who: &SignedIn, kind: &'static str, asked: &Asked) -> Result<OffersPage, Problem> {
    who.need(Permission::ReadPay)?;
    let lang = who.lang;
    let (queue, place) = queue_of(kind);
    let word = asked.state.as_deref().map_or("open", str::trim);
    let state = match word {
        "all" => None,
        word => Some(
            word.parse::<OfferState>()
                .map_err(|()| Problem::field("?state", "expected a state or all"))?,
        ),
    };
    let mut offers = web.app.store.offers(kind, state, asked.before, ROWS + 1).await?;
    let more = paged::cut(&mut offers, ROWS);
    let next = offers
        .last()
        .filter(|_| more)
        .map(|o| format!("/app/pay/{queue}?state={word}&before={}", o.id));
    let names = Actors::load(web, lang).await?;
    let mut rows = Vec::with_capacity(offers.len());
    let mut schemes = SchemeNames::default();
    for offer in &offers {
        rows.push(row(web, who, (&names, &mut schemes), offer).await?);
    }
    let choice = |name: &'static str| {
        let label = lang.word("offer-filter", name);
        Choice::new(format!("/app/pay/{queue}?state={name}"), label, name == word)
    };
    let done = asked.done.as_deref().and_then(|d| d.parse::<OfferState>().ok());
    Ok(OffersPage {
        s: who.shell(web, place),
        queue,
        states: ["open", "accepted", "declined", "handed_over", "all"]
            .map(choice)
            .to_vec(),
        rows,
        next,
        done: done.map(|d| lang.word("offer-done", d.as_str()).to_string()),
        refused: None,
    })
}

async fn proposals(
    State(web): State<Web>,
    who: SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Html<OffersPage>, Problem> {
    page(&web, &who, "proposal", &asked).await.map(Html)
}

async fn awards(
    State(web): State<Web>,
    who: SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Html<OffersPage>, Problem> {
    page(&web, &who, "award", &asked).await.map(Html)
}

async fn decide(
    State(web): State<Web>,
    who: SignedIn,
    Path(id): Path<i64>,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    who.need(Permission::ReadPay)?;
    let lang = who.lang;
    let offer = web.app.store.offer(id).await?;
    let offer = offer.ok_or_else(|| Problem::not_found(format_args!("offer {id}")))?;
    let (app, actor) = (&web.app, &who.actor);
    let decided = match sent.act.as_str() {
        "accept" => decide_on_offer(app, actor, id, true, &sent.reason).await,
        "decline" => decide_on_offer(app, actor, id, false, &sent.reason).await,
        "hand" => hand_over(app, actor, id, &sent.reason).await,
        "withdraw" => withdraw_offer(app, actor, id, &sent.reason).await,
        _ => {
            return Err(Problem::field(
                "/act",
                "expected accept, decline, hand or withdraw",
            ));
        }
    };
    let (queue, _) = queue_of(offer.says.kind);
    let error = match decided {
        Ok(now) => {
            return Ok(see_other(&format!(
                "/app/pay/{queue}?done={}",
                now.state.as_str()
            )));
        }
        Err(error) => error,
    };
    let asked = Asked {
        state: Some(offer.state.as_str().to_owned()),
        ..Asked::default()
    };
    let mut page = page(&web, &who, offer.says.kind, &asked).await?;
    let status = match &error {
        PayError::Wrong(_) => {
            for row in page.rows.iter_mut().filter(|r| r.id == id) {
                row.reason.clone_from(&sent.reason);
                row.error = Some(lang.t("offer-wrong-reason").to_string());
            }
            StatusCode::UNPROCESSABLE_ENTITY
        }
        PayError::Forbidden(_) => StatusCode::FORBIDDEN,
        PayError::Conflict(_) => StatusCode::CONFLICT,
        _ => return Err(error.into()),
    };
    page.refused = match &error {
        PayError::Conflict(why) => Some(view::clash(lang, why)),
        PayError::Forbidden(_) => Some(lang.t("pay-not-you").to_string()),
        _ => None,
    };
    Ok(Html(page).status(status))
}
