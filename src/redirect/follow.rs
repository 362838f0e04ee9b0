//! `GET /{code}`: find the link, tell people from machines, write the click down, answer.
//!
//! # Why
//! Everything a redirect needs is in memory; the one thing it waits for is a `write()`. What goes wrong behind it (full
//! disk, dead store) is counted and alarmed and never the customer's trouble.
//!
//! Not recorded: HEAD, unknown codes, and disabled or expired links — those lead nowhere of ours, carry no token, and
//! a click that could never count would only blur the campaign's figures; the metrics count them.

use std::sync::{Arc, Mutex, PoisonError, RwLock};

use axum::body::Body;
use axum::http::{Extensions, HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, Uri, header};
use ipnet::IpNet;
use jiff::Timestamp;
use rand::Rng as _;
use rand::rngs::StdRng;

use crate::attribution::token::TokenKeys;
use crate::classify::referrer_host;
use crate::classify::{Context, Network, RequestFacts, SaltedHasher, Visitor, VisitorId, in_networks, judge};
use crate::domain::{Class, ClickId, Clock, LinkId, LinkState};
use crate::redirect::cookie::{
    STAFF_COOKIE, StaffCookie, VISITOR_COOKIE, cookie, id_of, visitor_header, visitor_id,
};
use crate::redirect::front::Notices;
use crate::redirect::guard::BeaconGuard;
use crate::redirect::metrics::RedirectMetrics;
use crate::redirect::table::{Found, Table};
use crate::redirect::{preview, request};
use crate::share::is_scan;
use crate::spool::{Appended, ClickRecord, Record, Spool};

/// What the redirect is told by the settings.
#[derive(Clone, Debug, Default)]
pub struct FollowSettings {
    /// The firm's own networks.
    pub internal_networks: Vec<IpNet>,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Whether `Sec-GPC: 1` and `DNT: 1` are honoured.
    pub honour_do_not_track: bool,
    /// Where links live, without a trailing slash: `https://s.example`. Cookies are `Secure` when it is https.
    pub short_url: String,
}

/// What a [`Redirector`] is made of.
pub struct RedirectorParts {
    /// The links, kept right by the loader.
    pub table: Arc<Table>,
    /// Where clicks are written down.
    pub spool: Arc<Spool>,
    /// What signs click tokens.
    pub tokens: TokenKeys,
    /// What signs the staff cookie.
    pub staff: StaffCookie,
    /// The day's salt for visitor hashes; see [`Redirector::set_salt`].
    pub salt: [u8; 32],
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Chance: ids and visitor cookies. Must be cryptographic and seeded from the system.
    pub rng: StdRng,
    /// The 404 and 410 pages.
    pub notices: Arc<dyn Notices>,
    /// Settings.
    pub settings: FollowSettings,
}

/// Everything the hot path needs, behind one `Arc`.
pub struct Redirector {
    pub(super) table: Arc<Table>,
    pub(super) spool: Arc<Spool>,
    pub(super) tokens: RwLock<TokenKeys>,
    pub(super) staff: StaffCookie,
    hasher: RwLock<SaltedHasher>,
    pub(super) clock: Arc<dyn Clock>,
    rng: Mutex<StdRng>,
    notices: Arc<dyn Notices>,
    pub(super) settings: FollowSettings,
    secure: bool,
    pub(super) guard: BeaconGuard,
    /// Counters.
    pub metrics: RedirectMetrics,
}

/// An answer, and the record it must wait for in strict mode.
pub(super) struct Followed {
    pub response: Response<Body>,
    pub wait: Option<Appended>,
}

impl From<Response<Body>> for Followed {
    fn from(response: Response<Body>) -> Self {
        Self { response, wait: None }
    }
}

impl Redirector {
    /// Puts the parts together.
    pub fn new(parts: RedirectorParts) -> Self {
        Self {
            table: parts.table,
            spool: parts.spool,
            tokens: RwLock::new(parts.tokens),
            staff: parts.staff,
            hasher: RwLock::new(SaltedHasher::new(&parts.salt)),
            clock: parts.clock,
            rng: Mutex::new(parts.rng),
            notices: parts.notices,
            secure: parts.settings.short_url.starts_with("https:"),
            settings: parts.settings,
            guard: BeaconGuard::new(),
            metrics: RedirectMetrics::default(),
        }
    }

    /// Changes the salt of visitor hashes: daily, by the chores. The old one is forgotten here at once.
    pub fn set_salt(&self, salt: &[u8; 32]) {
        *self.hasher.write().unwrap_or_else(PoisonError::into_inner) = SaltedHasher::new(salt);
    }

    /// Changes the token keys, after a rotation.
    pub fn set_tokens(&self, tokens: TokenKeys) {
        *self.tokens.write().unwrap_or_else(PoisonError::into_inner) = tokens;
    }

    /// The link table, for who keeps it right.
    pub fn table(&self) -> &Arc<Table> {
        &self.table
    }

    /// The spool, for its counters.
    pub fn spool(&self) -> &Arc<Spool> {
        &self.spool
    }

    /// Whether there is such a link, live or over.
    pub(super) fn knows(&self, code: &str) -> bool {
        let now_ms = self.clock.now_ms();
        self.table.read().find(code, now_ms).is_some()
    }

    /// Answers `GET` or `HEAD` of `code`.
    pub(super) fn follow(
        &self,
        code: &str,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
        extensions: &Extensions,
    ) -> Followed {
        let now = self.clock.now();
        let reading = self.table.read();
        let Some(found) = reading.find(code, now.as_millisecond()) else {
            drop(reading);
            self.metrics.unknown.add();
            return self.notices.not_found(headers).into();
        };
        if found.state != LinkState::Live {
            let fallback = found
                .campaign
                .fallback()
                .and_then(|to| HeaderValue::from_str(to).ok());
            drop(reading);
            return if let Some(to) = fallback {
                self.metrics.fallbacks.add();
                redirect(to, None).into()
            } else {
                self.metrics.gone.add();
                self.notices.gone(headers).into()
            };
        }
        let facts = request::facts(headers, extensions, &self.settings);
        let context = self.context(&facts, headers, &found, now);
        let verdict = judge(&facts, &context);
        let link = found.facts.id;
        let query = uri.query();
        let scan = query.is_some_and(is_scan);
        let head = *method == Method::HEAD;
        let click = Click {
            link,
            class: verdict.class,
            reason: verdict.reason,
            scan,
        };
        match verdict.class {
            Class::Preview => {
                let response = preview::page(found.campaign, &format!("{}/{code}", self.settings.short_url));
                drop(reading);
                self.metrics.previewed.add();
                let id = self.new_id(now);
                self.kept(head, response, id, click, &facts, headers, Visitor::None, None)
            }
            Class::Prefetch => {
                drop(reading);
                self.metrics.put_off.add();
                let id = self.new_id(now);
                self.kept(head, put_off(), id, click, &facts, headers, Visitor::None, None)
            }
            class => {
                let nobody = class == Class::Bot || facts.do_not_track;
                let (visitor, fresh) = if nobody {
                    (Visitor::None, None)
                } else {
                    self.visitor(&facts, headers, head)
                };
                let id = self.new_id(now);
                let token = self
                    .tokens
                    .read()
                    .unwrap_or_else(PoisonError::into_inner)
                    .sign(id);
                let mut location = Vec::with_capacity(512);
                found.write_location(
                    &mut location,
                    query,
                    std::str::from_utf8(&token).unwrap_or_default(),
                );
                drop(reading);
                // Copied, so that the header is no longer than it must be.
                let Ok(location) = HeaderValue::from_bytes(&location) else {
                    return self.notices.not_found(headers).into();
                };
                let set =
                    fresh.and_then(|random| HeaderValue::try_from(visitor_header(random, self.secure)).ok());
                self.metrics.redirected.add();
                let issued = fresh.as_ref().map(id_of);
                self.kept(
                    head,
                    redirect(location, set),
                    id,
                    click,
                    &facts,
                    headers,
                    visitor,
                    issued,
                )
            }
        }
    }

    fn context(
        &self,
        facts: &RequestFacts<'_>,
        headers: &HeaderMap,
        found: &Found<'_>,
        now: Timestamp,
    ) -> Context {
        let cookies = request::lines(headers, header::COOKIE);
        Context {
            internal: in_networks(&self.settings.internal_networks, facts.client),
            staff: cookie(cookies, STAFF_COOKIE)
                .and_then(|value| self.staff.read(value, now.as_millisecond())),
            owner: found.facts.employee,
        }
    }

    /// Who clicked, and the random bytes of the cookie to set when the browser brought none.
    fn visitor(
        &self,
        facts: &RequestFacts<'_>,
        headers: &HeaderMap,
        head: bool,
    ) -> (Visitor, Option<[u8; 16]>) {
        let cookies = request::lines(headers, header::COOKIE);
        if let Some(id) = cookie(cookies, VISITOR_COOKIE).and_then(visitor_id) {
            return (Visitor::Cookie(id), None);
        }
        if head {
            // Never recorded, so no cookie may go out that no record knows.
            return (Visitor::None, None);
        }
        let hasher = self.hasher.read().unwrap_or_else(PoisonError::into_inner);
        let hash = hasher.hash(facts.client, facts.user_agent, facts.accept_language);
        drop(hasher);
        let mut random = [0u8; 16];
        self.rng
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .fill_bytes(&mut random);
        (Visitor::Hash(hash), Some(random))
    }

    fn new_id(&self, now: Timestamp) -> ClickId {
        ClickId::new(now, &mut *self.rng.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Writes the click down (not for HEAD) and gives the answer back.
    #[expect(
        clippy::too_many_arguments,
        reason = "one place writes clicks down; a struct for it would be said once"
    )]
    fn kept(
        &self,
        head: bool,
        response: Response<Body>,
        id: ClickId,
        click: Click,
        facts: &RequestFacts<'_>,
        headers: &HeaderMap,
        visitor: Visitor,
        issued: Option<VisitorId>,
    ) -> Followed {
        if head {
            self.metrics.heads.add();
            return response.into();
        }
        let referrer = request::text(headers, header::REFERER).and_then(referrer_host);
        let record = Record::Click(ClickRecord {
            id,
            link: click.link,
            class: click.class,
            reason: click.reason,
            visitor,
            issued,
            scan: click.scan,
            network: Network::of(facts.client),
            user_agent: facts.user_agent,
            language: facts.accept_language.unwrap_or_default(),
            referrer_host: referrer.as_ref().map_or("", |host| host.as_str()),
        });
        if let Ok(appended) = self.spool.append(&record) {
            self.metrics.recorded(click.class);
            let wait = self.spool.is_strict().then_some(appended);
            Followed { response, wait }
        } else {
            // Counted and alarmed by the spool; the visitor goes on.
            self.metrics.missed.add();
            response.into()
        }
    }
}

#[derive(Clone, Copy)]
struct Click {
    link: LinkId,
    class: Class,
    reason: crate::domain::ClickReason,
    scan: bool,
}

const NO_STORE: HeaderValue = HeaderValue::from_static("private, no-store");

pub(super) fn redirect(location: HeaderValue, cookie: Option<HeaderValue>) -> Response<Body> {
    let mut headers = HeaderMap::with_capacity(4);
    headers.insert(header::LOCATION, location);
    headers.insert(header::CACHE_CONTROL, NO_STORE);
    if let Some(cookie) = cookie {
        headers.insert(header::SET_COOKIE, cookie);
    }
    answer(StatusCode::FOUND, headers)
}

/// A prefetch is put off, so that the real click still reaches us.
fn put_off() -> Response<Body> {
    let mut headers = HeaderMap::with_capacity(2);
    headers.insert(header::CACHE_CONTROL, NO_STORE);
    // Browsers that look at it prefetch nothing more from here.
    headers.insert(
        HeaderName::from_static("x-robots-tag"),
        HeaderValue::from_static("noindex"),
    );
    answer(StatusCode::SERVICE_UNAVAILABLE, headers)
}

fn answer(status: StatusCode, headers: HeaderMap) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}
