//! `b.js` in a real browser, on a site of another origin than the short host's, under a strict policy.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::http::{HeaderName, header};
use axum::response::Html;
use axum::routing::get;
use axum::{Router, ServiceExt as _};
use bole::attribution::token::{TokenKey, TokenKeys};
use bole::boot::SystemClock;
use bole::domain::{CampaignId, Clock as _, EmployeeId, LinkId};
use bole::redirect::table::{CampaignChange, EmployeeChange, LinkChange, Table};
use bole::redirect::{FollowSettings, Front, PlainNotices, Redirector, RedirectorParts, StaffCookie};
use bole::share::Destination;
use bole::spool::{BeaconKind, BeaconRecord, NodeName, Position, Reader, Record, Spool, SpoolSettings, Step};

use crate::support::browser::{Browser, Look};
use crate::support::rng;

const LIMIT_MS: u32 = 1500;

/// A short host and a shop.
struct Street {
    dir: tempfile::TempDir,
    short: String,
    shop: String,
}

async fn listen() -> (tokio::net::TcpListener, String) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let base = format!("http://{}", listener.local_addr().expect("an address"));
    (listener, base)
}

fn node() -> NodeName {
    NodeName::parse("n1").expect("a name")
}

impl Street {
    async fn build() -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let (short_door, short) = listen().await;
        let (shop_door, shop) = listen().await;
        let table = Arc::new(Table::new());
        for (n, page) in [(1, "page"), (2, "held")] {
            let campaign = CampaignChange {
                id: CampaignId(n),
                slug: "winter",
                destination: Destination::parse(&format!("{shop}/{page}?sku=1#top")).expect("an address"),
                opens_at_ms: None,
                closes_at_ms: None,
                disabled: false,
                fallback: None,
                title: "Winter",
                description: "",
                picture_url: None,
            };
            let link = LinkChange {
                id: LinkId(n),
                code: page,
                employee: EmployeeId(1),
                campaign: CampaignId(n),
                channel: "wechat",
                child: false,
                disabled: false,
                expires_at_ms: None,
                destination: None,
                utm: None,
            };
            let employee = EmployeeChange {
                id: EmployeeId(1),
                code: "E1",
            };
            assert_eq!(table.apply(&[campaign], &[employee], &[link]), 0);
        }
        let spool = Spool::open(
            SpoolSettings::new(dir.path().to_owned(), node()),
            SystemClock.now(),
        )
        .expect("a spool");
        let redirector = Redirector::new(RedirectorParts {
            table,
            spool: Arc::new(spool),
            tokens: TokenKeys::new(
                &TokenKey {
                    id: 1,
                    secret: [1; 32],
                },
                &[],
            )
            .expect("a key"),
            staff: StaffCookie::new(&[2; 32], false),
            salt: [3; 32],
            clock: Arc::new(SystemClock),
            rng: rng(),
            notices: Arc::new(PlainNotices),
            settings: FollowSettings {
                short_url: short.clone(),
                ..FollowSettings::default()
            },
        });
        let script = Router::new().route("/b.js", get(async || bole::redirect::script(30_000)));
        let front = Front::new(Arc::new(redirector), script);
        let short_service = front.into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move { axum::serve(short_door, short_service).await });

        let meter = format!("<script src={short}/b.js data-limit={LIMIT_MS} async></script>");
        let html = |before: &str| {
            Html(format!(
                "<!doctype html><html lang=en><head><title>shop</title>{before}{meter}</head>\
                 <body><h1>Shop</h1><a id=on href=/next>on</a><div style=height:3000px></div></body></html>"
            ))
        };
        let policy = format!("default-src 'none'; script-src 'self' {short}; connect-src {short}");
        let (page, held) = (html(""), html("<script src=/hold.js></script>"));
        let next = page.clone();
        let hold = "window.boleConsent = function (go) { window.agree = go; }";
        let shop_pages = Router::new()
            .route("/page", get(|| async { page }))
            .route("/next", get(|| async { next }))
            .route("/held", get(|| async { held }))
            .route(
                "/hold.js",
                get(move || async move { ([(header::CONTENT_TYPE, "text/javascript")], hold) }),
            )
            .layer(tower_http::set_header::SetResponseHeaderLayer::overriding(
                HeaderName::from_static("content-security-policy"),
                axum::http::HeaderValue::try_from(policy).expect("a header"),
            ));
        tokio::spawn(async move { axum::serve(shop_door, shop_pages).await });
        Self { dir, short, shop }
    }

    fn beacons(&self) -> Vec<BeaconRecord> {
        let mut reader = Reader::new(self.dir.path(), node(), Position::default());
        let mut beacons = Vec::new();
        loop {
            match reader.next_step().expect("a readable spool") {
                Step::Record(Record::Beacon(beacon)) => beacons.push(beacon),
                Step::Record(Record::Click(_)) => {}
                Step::Damage(damage) => panic!("{damage:?}"),
                Step::CaughtUp => return beacons,
            }
        }
    }

    /// Waits until a beacon of this kind is there.
    async fn until(&self, kind: BeaconKind) -> BeaconRecord {
        let end = Instant::now() + Duration::from_secs(10);
        loop {
            if let Some(found) = self.beacons().into_iter().rfind(|beacon| beacon.kind == kind) {
                return found;
            }
            assert!(
                Instant::now() < end,
                "no {kind:?} beacon within 10 s, only {:?}",
                self.beacons()
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

async fn pause(ms: u64) {
    tokio::time::sleep(Duration::from_millis(ms)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_visit_when_it_lasts_over_the_limit_then_start_limit_and_total_are_told_by_the_seen_time() {
    let street = Street::build().await;
    let browser = Browser::open(Look::PHONE).await;
    browser.goto(&format!("{}/page?fbclid=x", street.short)).await;
    browser
        .until(
            "window.bole && bole.token().length === 38",
            Duration::from_secs(5),
        )
        .await;

    // The token is gone from the address; everything else is still there.
    let ours = "utm_source=wechat&utm_medium=employee&utm_campaign=winter&utm_content=E1";
    assert_eq!(
        browser.url().await,
        format!("{}/page?sku=1&fbclid=x&{ours}#top", street.shop)
    );
    let start = street.until(BeaconKind::Start).await;
    assert!(start.page_visitor.is_some());

    // Hidden before the limit: that time does not count.
    browser.hide().await;
    pause(2500).await;
    assert!(
        street
            .beacons()
            .iter()
            .all(|beacon| beacon.kind != BeaconKind::Limit),
        "{:?}",
        street.beacons()
    );
    browser.show().await;
    browser.click("h1").await;

    // In mid-visit, without leaving.
    let limit = street.until(BeaconKind::Limit).await;
    assert!(limit.visible_ms > LIMIT_MS, "{limit:?}");
    assert!(
        i64::from(limit.visible_ms) <= limit.at_ms - start.at_ms - 2000,
        "the hidden time is not in {limit:?}"
    );
    assert!(limit.interacted);

    // On the next page of the visit the count goes on under the same token, and nothing is told twice.
    let token = browser.js("return bole.token()").await;
    browser.click("#on").await;
    browser
        .until(
            "location.pathname === '/next' && window.bole",
            Duration::from_secs(5),
        )
        .await;
    assert_eq!(browser.js("return bole.token()").await, token);
    let left = street.until(BeaconKind::Leaving).await;
    assert!(left.visible_ms >= limit.visible_ms, "{left:?}");
    pause(800).await;
    browser.goto("about:blank").await;
    pause(500).await;
    let beacons = street.beacons();
    let last = beacons.last().expect("a beacon");
    assert_eq!(last.kind, BeaconKind::Leaving);
    assert!(last.visible_ms >= left.visible_ms + 500, "{beacons:?}");
    let count = |kind| beacons.iter().filter(|beacon| beacon.kind == kind).count();
    assert_eq!(
        (count(BeaconKind::Start), count(BeaconKind::Limit)),
        (1, 1),
        "{beacons:?}"
    );
    assert!(
        beacons
            .iter()
            .all(|beacon| beacon.click == start.click && beacon.page_visitor == start.page_visitor)
    );
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_consent_hook_when_it_holds_then_nothing_is_stored_or_sent_until_it_lets_go() {
    let street = Street::build().await;
    let browser = Browser::open(Look::DESK).await;
    browser.goto(&format!("{}/held", street.short)).await;
    browser
        .until("window.bole && window.agree", Duration::from_secs(5))
        .await;
    assert!(!browser.url().await.contains("bclid"));
    pause(2500).await;
    assert_eq!(
        browser
            .js("return sessionStorage.length + localStorage.length")
            .await,
        0
    );
    assert_eq!(street.beacons(), []);
    browser.js("agree(); agree()").await;
    let start = street.until(BeaconKind::Start).await;
    assert!(
        start.visible_ms < 1000,
        "the time before does not count: {start:?}"
    );
    street.until(BeaconKind::Limit).await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_no_click_when_the_page_is_visited_then_the_script_does_nothing() {
    let street = Street::build().await;
    let browser = Browser::open(Look::DESK).await;
    browser
        .goto(&format!("{}/page?bclid=short&x=1", street.shop))
        .await;
    browser.until("window.bole", Duration::from_secs(5)).await;
    assert_eq!(browser.js("return bole.token()").await, "");
    assert_eq!(
        browser
            .js("return sessionStorage.length + localStorage.length")
            .await,
        0
    );
    assert!(browser.url().await.ends_with("?bclid=short&x=1"));
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_the_server_is_away_when_the_limit_is_passed_then_it_is_told_until_it_lands() {
    let street = Street::build().await;
    let browser = Browser::open(Look::DESK).await;
    browser.goto(&format!("{}/page", street.short)).await;
    street.until(BeaconKind::Start).await;
    // The page's way to the server fails, as in a lift.
    browser.js("window.real = fetch; window.fetch = function () { return Promise.reject(new TypeError('lift')); }").await;
    pause(2500).await;
    assert!(
        street
            .beacons()
            .iter()
            .all(|beacon| beacon.kind != BeaconKind::Limit)
    );
    browser.js("window.fetch = window.real").await;
    let limit = street.until(BeaconKind::Limit).await;
    assert!(limit.visible_ms > LIMIT_MS);
    browser.close().await;
}
