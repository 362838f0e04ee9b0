//! `/l/{name}`: a customer's page with the campaign's text, a lead form and a share button (attribution.md §4).
//!
//! Visitors have no session, so there is nothing to forge: what other sites' pages send is refused by where it comes
//! from, machines by a field people do not see and a form that comes back too fast.

use askama::Template;
use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::Rng as _;
use serde::Deserialize;

use crate::app::landing::{
    self, Landing, LeadForm, LeadRefused, LeadSent, MAX_MESSAGE, MAX_NAME, form_stamp, reshare, send_lead,
    shared_link,
};
use crate::domain::LinkState;
use crate::redirect::VISITOR_COOKIE;
use crate::storage::StoreError;
use crate::web::html::{Html, see_other};
use crate::web::i18n::Lang;
use crate::web::shell::Shell;
use crate::web::ui::Field;
use crate::web::{Form, Path, Problem, Query, Sender, Web, pages};

/// Largest form, bytes: a message that was pasted and is too long is refused at its field, typed text kept; nine bytes
/// carry a Chinese character.
const FORM_LIMIT: usize = 64 << 10;
/// Remembers a visitor's own link where the redirect left no cookie (opened straight, or do-not-track).
const SHARE_COOKIE: &str = "bv_share";
const SHARE_SECONDS: u32 = 365 * 24 * 3600;

/// The routes.
pub fn routes() -> Router<Web> {
    Router::new()
        .route("/l/{name}", get(show).post(send))
        .route("/l/{name}/share", post(share))
        .route("/l/{name}/picture", get(picture))
        .route("/privacy", get(privacy))
        .layer(DefaultBodyLimit::max(FORM_LIMIT))
}

/// The page.
#[derive(Debug, Template)]
#[template(path = "landing/landing.html")]
struct LandingPage {
    s: Shell,
    /// The page's own address, without query.
    path: String,
    /// Absolute, for previews.
    url: String,
    title: String,
    /// The campaign's text, by paragraph.
    paragraphs: Vec<String>,
    picture: Option<String>,
    limit_ms: i64,
    token: String,
    stamp: String,
    /// `new` or `again` after the form was taken.
    sent: Option<&'static str>,
    /// The visitor's own link.
    shared: Option<String>,
    may_share: bool,
    name: Field,
    phone: Field,
    email: Field,
    message: Field,
    consent: Field,
    /// What is wrong, when anything is.
    wrong: Vec<(&'static str, String)>,
    /// Minutes to wait, when too many forms came.
    wait: Option<i64>,
    retention_days: i64,
}

/// What may stand in the page's address.
#[derive(Debug, Default, Deserialize)]
struct Arrived {
    #[serde(default)]
    bclid: String,
    #[serde(default)]
    sent: String,
    #[serde(default)]
    shared: String,
}

/// The lead form.
#[derive(Debug, Default, Deserialize)]
struct Sent {
    #[serde(default)]
    name: String,
    #[serde(default)]
    phone: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    message: String,
    #[serde(default)]
    consent: String,
    /// Hidden from people.
    #[serde(default)]
    website: String,
    #[serde(default)]
    bclid: String,
    #[serde(default)]
    shown: String,
}

/// The share button's form.
#[derive(Debug, Default, Deserialize)]
struct Share {
    #[serde(default)]
    bclid: String,
}

/// The page's subject, or the page that says why there is none.
async fn find(web: &Web, lang: Lang, name: &str, token: &str) -> Result<Landing, Box<Response>> {
    open(web, lang, landing::landing(&web.app, name, short(token)).await)
}

fn short(token: &str) -> Option<&str> {
    Some(token).filter(|t| t.len() <= 100)
}

/// A page that is not there is boxed: a response is large, and most pages are there.
fn open(web: &Web, lang: Lang, found: Result<Option<Landing>, StoreError>) -> Result<Landing, Box<Response>> {
    match found {
        Ok(Some(found)) if found.state == LinkState::Live => Ok(found),
        Ok(Some(_)) => Err(Box::new(pages::gone(web, lang))),
        Ok(None) => Err(Box::new(pages::not_found(web, lang))),
        Err(error) => Err(Box::new(Problem::from(error).into_response())),
    }
}

fn page(web: &Web, lang: Lang, name: &str, found: &Landing, form: &Sent) -> LandingPage {
    let path = format!("/l/{name}");
    let short = web.app.urls.short.as_str().trim_end_matches('/');
    let facts = &found.campaign.facts;
    let paragraphs = facts.description.lines().map(str::trim).filter(|l| !l.is_empty());
    LandingPage {
        s: Shell::public(web, lang),
        url: format!("{short}{path}"),
        title: facts.name.clone(),
        paragraphs: paragraphs.map(str::to_owned).collect(),
        picture: found.campaign.has_picture.then(|| format!("{path}/picture")),
        limit_ms: web.app.programme.dwell_limit_ms,
        token: form.bclid.clone(),
        stamp: if form.shown.is_empty() {
            form_stamp(&web.app)
        } else {
            form.shown.clone()
        },
        sent: None,
        shared: None,
        may_share: found.link.is_some() || found.arriving,
        name: Field::new("name", &form.name),
        phone: Field::new("phone", &form.phone),
        email: Field::new("email", &form.email),
        message: Field::new("message", &form.message),
        consent: Field::new("consent", &form.consent),
        wrong: Vec::new(),
        wait: None,
        retention_days: web.app.programme.contact_retention_days,
        path,
    }
}

async fn show(
    State(web): State<Web>,
    lang: Lang,
    Path(name): Path<String>,
    Query(arrived): Query<Arrived>,
) -> Result<Response, Problem> {
    let found = match find(&web, lang, &name, &arrived.bclid).await {
        Ok(found) => found,
        Err(response) => return Ok(*response),
    };
    let form = Sent {
        bclid: arrived.bclid,
        ..Sent::default()
    };
    let mut page = page(&web, lang, &name, &found, &form);
    page.sent = match arrived.sent.as_str() {
        "new" => Some("new"),
        "again" => Some("again"),
        _ => None,
    };
    if !arrived.shared.is_empty() {
        let link = shared_link(&web.app.store, &found, &arrived.shared).await?;
        page.shared = link.map(|l| web.app.urls.short_url(l.code.as_str()));
        // Back from making it, the address no longer says who brought the visitor.
        page.may_share |= page.shared.is_some();
    }
    Ok(Html(page).into_response())
}

async fn send(
    State(web): State<Web>,
    lang: Lang,
    Path(name): Path<String>,
    sender: Sender,
    headers: HeaderMap,
    Form(form): Form<Sent>,
) -> Result<Response, Problem> {
    from_our_page(&web, &headers)?;
    let found = match find(&web, lang, &name, &form.bclid).await {
        Ok(found) => found,
        Err(response) => return Ok(*response),
    };
    if let Err(seconds) = not_too_often(&web, sender, &found) {
        // What was typed stays on the page, to be sent again.
        let mut page = page(&web, lang, &name, &found, &form);
        page.wait = Some(i64::from(seconds.div_ceil(60)));
        let mut response = Html(page).status(StatusCode::TOO_MANY_REQUESTS);
        let seconds = HeaderValue::from(seconds);
        response.headers_mut().insert(header::RETRY_AFTER, seconds);
        return Ok(response);
    }
    let lead = LeadForm {
        name: form.name.clone(),
        phone: form.phone.clone(),
        email: form.email.clone(),
        message: form.message.clone(),
        consent: !form.consent.is_empty(),
        honeypot: form.website.clone(),
        token: form.bclid.clone(),
        stamp: form.shown.clone(),
    };
    match send_lead(&web.app, &found, &lead).await {
        Ok(LeadSent::New | LeadSent::Trapped) => Ok(see_other(&format!("/l/{name}?sent=new"))),
        Ok(LeadSent::Again) => Ok(see_other(&format!("/l/{name}?sent=again"))),
        Err(LeadRefused::Store(error)) => Err(error.into()),
        Err(LeadRefused::Wrong(wrong)) => {
            let mut page = page(&web, lang, &name, &found, &form);
            let fields = [
                &mut page.name,
                &mut page.phone,
                &mut page.email,
                &mut page.message,
                &mut page.consent,
            ];
            for field in fields {
                let pointer = wrong
                    .iter()
                    .find(|w| w.pointer.trim_start_matches('/') == field.name);
                if let Some(found) = pointer {
                    let most = if field.name == "name" {
                        MAX_NAME
                    } else {
                        MAX_MESSAGE
                    };
                    let words = lang
                        .word("landing-wrong", &found.detail)
                        .n("most", i64::try_from(most).unwrap_or(0))
                        .to_string();
                    page.wrong.push((field.name, words.clone()));
                    field.error = Some(words);
                }
            }
            Ok(Html(page).status(StatusCode::UNPROCESSABLE_ENTITY))
        }
    }
}

/// Counts a form; the seconds to wait when one network, or everybody on one link, sends too many.
fn not_too_often(web: &Web, sender: Sender, found: &Landing) -> Result<(), u32> {
    let forms = &web.front.forms;
    forms.by_network(sender.0)?;
    forms.by_link(found.link.as_ref().map_or(-found.campaign.id.0, |link| link.id.0))
}

async fn share(
    State(web): State<Web>,
    lang: Lang,
    Path(name): Path<String>,
    sender: Sender,
    headers: HeaderMap,
    Form(form): Form<Share>,
) -> Result<Response, Problem> {
    from_our_page(&web, &headers)?;
    let found = match find(&web, lang, &name, &form.bclid).await {
        Ok(found) => found,
        Err(response) => return Ok(*response),
    };
    not_too_often(&web, sender, &found).map_err(Problem::too_many)?;
    let arrived = landing::landing_arrived(&web.app, &name, short(&form.bclid)).await;
    let found = match open(&web, lang, arrived) {
        Ok(found) => found,
        Err(response) => return Ok(*response),
    };
    let Some(link) = &found.link else {
        return Ok(see_other(&format!("/l/{name}")));
    };
    let known = visitor(&headers);
    let visitor = known.unwrap_or_else(|| {
        let mut bytes = [0u8; 16];
        web.app.with_rng(|rng| rng.fill_bytes(&mut bytes));
        bytes
    });
    let code = reshare(&web.app, link.id, &visitor[..12]).await?;
    let code = code.ok_or_else(|| Problem::too_many(3600))?;
    let mut response = see_other(&format!("/l/{name}?shared={code}#share"));
    if known.is_none() {
        let secure = if web.app.urls.short.scheme() == "https" {
            "; Secure"
        } else {
            ""
        };
        let value = URL_SAFE_NO_PAD.encode(visitor);
        let cookie = format!(
            "{SHARE_COOKIE}={value}; Max-Age={SHARE_SECONDS}; Path=/l/; HttpOnly; SameSite=Lax{secure}"
        );
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
    }
    Ok(response)
}

/// The visitor in the redirect's cookie, else in ours: 16 random bytes.
fn visitor(headers: &HeaderMap) -> Option<[u8; 16]> {
    let pairs = || {
        headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|v| v.to_str().ok())
            .flat_map(|v| v.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
    };
    [VISITOR_COOKIE, SHARE_COOKIE].into_iter().find_map(|wanted| {
        let (_, value) = pairs().find(|(name, _)| *name == wanted)?;
        URL_SAFE_NO_PAD.decode(value).ok()?.try_into().ok()
    })
}

/// 403 for what another site's page sends. A browser says where a form comes from; what says nothing is no browser of a
/// visitor's, and there is no session it could abuse.
fn from_our_page(web: &Web, headers: &HeaderMap) -> Result<(), Problem> {
    let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok());
    let ours = match (text("sec-fetch-site"), text("origin")) {
        (Some(site), _) => matches!(site, "same-origin" | "none"),
        (None, None) => true,
        (None, Some(origin)) => {
            let host = origin.split_once("://").map(|(_, host)| host);
            let named = [&web.app.urls.short, &web.app.urls.base];
            host.is_some() && (host == text("host"))
                || named
                    .iter()
                    .any(|url| url.origin().ascii_serialization() == origin)
        }
    };
    if ours {
        Ok(())
    } else {
        Err(Problem::forbidden(
            "this form was sent from a page of another site",
        ))
    }
}

async fn picture(State(web): State<Web>, lang: Lang, Path(name): Path<String>) -> Result<Response, Problem> {
    let found = match find(&web, lang, &name, "").await {
        Ok(found) => found,
        Err(response) => return Ok(*response),
    };
    let picture = web.app.store.campaign_picture(found.campaign.id).await?;
    let Some(picture) = picture else {
        return Ok(pages::not_found(&web, lang));
    };
    let media = HeaderValue::from_str(&picture.media_type)
        .unwrap_or_else(|_| HeaderValue::from_static("application/octet-stream"));
    let cache = HeaderValue::from_static("public, max-age=300");
    Ok((
        [(header::CONTENT_TYPE, media), (header::CACHE_CONTROL, cache)],
        picture.bytes,
    )
        .into_response())
}

/// The privacy notice.
#[derive(Debug, Template)]
#[template(path = "landing/privacy.html")]
struct PrivacyPage {
    s: Shell,
    retention_days: i64,
}

async fn privacy(State(web): State<Web>, lang: Lang) -> Response {
    Html(PrivacyPage {
        s: Shell::public(&web, lang),
        retention_days: web.app.programme.contact_retention_days,
    })
    .into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::shell::Place;

    fn sample(lang: Lang) -> LandingPage {
        LandingPage {
            s: Shell::sample(lang, Place::Elsewhere),
            path: "/l/abc2345".into(),
            url: "https://s.example/l/abc2345".into(),
            title: "秋季护肤 <体验>".into(),
            paragraphs: vec!["换季干燥，来店做一次补水。".into(), "到店报手机号即可。".into()],
            picture: Some("/l/abc2345/picture".into()),
            limit_ms: 30_000,
            token: "t\"><script>".into(),
            stamp: "1.a".into(),
            sent: None,
            shared: None,
            may_share: true,
            name: Field::new("name", "罗女士"),
            phone: Field::new("phone", "138").wrong(lang.word("landing-wrong", "phone")),
            email: Field::empty("email"),
            message: Field::empty("message"),
            consent: Field::empty("consent").wrong(lang.word("landing-wrong", "consent")),
            wrong: vec![("phone", "x".into())],
            wait: None,
            retention_days: 180,
        }
    }

    #[test]
    fn each_state_of_the_page_is_whole_and_escaped() {
        for lang in Lang::ALL {
            let plain = LandingPage {
                wrong: Vec::new(),
                phone: Field::empty("phone"),
                consent: Field::empty("consent"),
                ..sample(lang)
            };
            let sent = LandingPage {
                sent: Some("again"),
                shared: Some("https://s.example/xyz2345".into()),
                ..sample(lang)
            };
            let waiting = LandingPage {
                wrong: Vec::new(),
                wait: Some(1),
                ..sample(lang)
            };
            for (name, page) in [
                ("landing", plain),
                ("landing-wait", waiting),
                ("landing-wrong", sample(lang)),
                ("landing-sent", sent),
            ] {
                let html = page.render().unwrap();
                crate::web::pages::check_sample(name, &html, lang);
                assert!(html.contains("秋季护肤 &#60;体验&#62;"), "{html}");
            }
            let privacy = PrivacyPage {
                s: Shell::sample(lang, Place::Elsewhere),
                retention_days: 180,
            };
            let html = privacy.render().unwrap();
            crate::web::pages::check_sample("privacy", &html, lang);
            assert!(html.contains("180"));
        }
    }
}
