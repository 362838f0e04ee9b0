//! The running pieces the demo is built with: the real ones, on a clock that is set by hand.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Method, Request, Response, header};
use jiff::Timestamp;
use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};
use tower::Service;

use crate::app::App;
use crate::demo::visitors::{DemoAgent, NETWORKS};
use crate::domain::ManualClock;
use crate::redirect::Front;
use crate::redirect::loader::Loader;

/// The firm in the making.
pub struct World {
    /// The application, on the hand-set clock.
    pub app: App,
    /// The clock.
    pub clock: Arc<ManualClock>,
    /// The redirect, as the server runs it.
    pub front: Front<Router>,
    /// The loader, as the server runs it.
    pub loader: Loader,
    /// The demo's own chance: fixed seed.
    pub rng: StdRng,
    /// Clicks in all, about.
    pub clicks: u32,
}

/// One invented visitor: what their phone sends.
pub struct Visitor {
    /// User agent.
    pub agent: &'static str,
    /// Where from.
    pub ip: Ipv4Addr,
    /// The short host's cookie, once it was handed out.
    cookie: Option<String>,
    /// What `b.js` keeps on the destination.
    page: String,
    /// Phone number, should they leave it.
    pub phone: String,
}

/// All visitors by number.
#[derive(Default)]
pub struct Crowd(HashMap<u64, Visitor>);

impl Crowd {
    /// The visitor with this number; invented when first asked for.
    pub fn get(&mut self, number: u64) -> &mut Visitor {
        self.0.entry(number).or_insert_with(|| Visitor::invent(number))
    }
}

impl Visitor {
    fn invent(number: u64) -> Self {
        let mut rng = StdRng::seed_from_u64(number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let (a, b) = NETWORKS[rng.random_range(0..NETWORKS.len())];
        let mut page = [0u8; 16];
        rng.fill_bytes(&mut page);
        Self {
            agent: pick(&super::visitors::PEOPLE, &mut rng),
            ip: Ipv4Addr::new(a, b, rng.random(), rng.random_range(1..255)),
            cookie: None,
            page: base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, page),
            phone: format!("13{:09}", 800_000_000 + number % 100_000_000),
        }
    }

    /// A machine with this agent; it keeps no cookies.
    pub fn machine(agent: &'static str, rng: &mut impl Rng) -> Self {
        let ip = Ipv4Addr::new(66, 249, rng.random_range(64..96), rng.random_range(1..255));
        Self {
            agent,
            ip,
            cookie: None,
            page: String::new(),
            phone: String::new(),
        }
    }
}

/// One out of a weighted list.
pub fn pick(list: &[DemoAgent], rng: &mut impl Rng) -> &'static str {
    let mut at = rng.random_range(0..list.iter().map(|a| a.weight).sum::<u32>());
    for agent in list {
        match at.checked_sub(agent.weight) {
            Some(rest) => at = rest,
            None => return agent.agent,
        }
    }
    ""
}

impl World {
    /// Opens a short link as a visitor's phone does; the click token when the answer was a redirect.
    pub async fn click(
        &mut self,
        at: Timestamp,
        code: &str,
        scan: bool,
        visitor: &mut Visitor,
    ) -> Option<String> {
        self.clock.set(at);
        let query = if scan { "?q=1" } else { "" };
        let mut request = Request::get(format!("/{code}{query}"))
            .header(header::USER_AGENT, visitor.agent)
            .header(header::ACCEPT_LANGUAGE, "zh-CN,zh;q=0.9");
        if let Some(cookie) = &visitor.cookie {
            request = request.header(header::COOKIE, cookie);
        }
        let mut request = request.body(Body::empty()).ok()?;
        request
            .extensions_mut()
            .insert(ConnectInfo(SocketAddr::new(IpAddr::V4(visitor.ip), 40_000)));
        let response = self.answer(request).await;
        if let Some(set) = response
            .headers()
            .get(header::SET_COOKIE)
            .and_then(|v| v.to_str().ok())
        {
            visitor.cookie = set.split(';').next().map(ToOwned::to_owned);
        }
        let location = response.headers().get(header::LOCATION)?.to_str().ok()?;
        let (_, token) = location.split_once("bclid=")?;
        Some(
            token
                .chars()
                .take_while(|c| c.is_ascii_alphanumeric() || *c == '-' || *c == '_')
                .collect(),
        )
    }

    /// Sends a beacon as `b.js` does.
    pub async fn beacon(&mut self, at: Timestamp, token: &str, kind: u8, visible_ms: i64, visitor: &Visitor) {
        self.clock.set(at);
        let body = format!("{token},{kind},{visible_ms},1,{}", visitor.page);
        let request = Request::builder()
            .method(Method::POST)
            .uri("/b")
            .body(Body::from(body));
        if let Ok(request) = request {
            self.answer(request).await;
        }
    }

    async fn answer(&mut self, request: Request<Body>) -> Response<Body> {
        match self.front.call(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }
}
