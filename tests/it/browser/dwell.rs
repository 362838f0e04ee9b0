//! Dwell in a real browser (attribution.md §3): a person clicks a short link to a page with `b.js` and stays,
//! looks away, leaves, or cheats.

use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::response::Html;
use axum::routing::get;
use serde_json::Value;

use crate::support::api::client;
use crate::support::browser::{Browser, Look};
use crate::support::scene::Scene;
use crate::support::server::Server;

/// Over this a visit is valid, milliseconds.
const LIMIT_MS: u32 = 2_000;

/// A stranger's site: `/` is where the customer reads a post with our link, `/offer` the destination with `b.js`.
async fn site(short: &str) -> String {
    let offer = |State(short): State<String>| async move {
        Html(format!(
            "<!doctype html><html lang=zh><head><meta charset=utf-8><title>秋季护肤</title>\
             <link rel=icon href='data:,'><script src='{short}/b.js' defer></script></head>\
             <body><h1>秋季护肤</h1><a id=away href='/elsewhere'>away</a></body></html>"
        ))
    };
    let app = Router::new()
        .route("/offer", get(offer))
        .route(
            "/elsewhere",
            get(|| async { Html("<!doctype html><title>elsewhere</title><p id=there>…</p>") }),
        )
        .with_state(short.to_owned());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let base = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move { axum::serve(listener, app).await });
    base
}

/// A server, a campaign leading to a page with `b.js`, and a browser.
struct Visit {
    server: Server,
    scene: Scene,
    browser: Browser,
}

impl Visit {
    async fn begin() -> Self {
        let server = Server::with(&[("dwell_limit_ms", &LIMIT_MS.to_string())]).await;
        let site = site(&server.base).await;
        let scene = Scene::lay(&server, 4, &format!("{site}/offer?colour=red#top")).await;
        Self {
            server,
            scene,
            browser: Browser::open(Look::PHONE).await,
        }
    }

    /// Clicks the link of employee `e{number}` and waits until the page's script has taken the token.
    async fn click(&self, number: usize) {
        let link = format!("{}/{}", self.server.base, self.scene.codes[number - 1]);
        self.browser.goto(&link).await;
        self.browser
            .until("location.pathname === '/offer'", Duration::from_secs(5))
            .await;
        self.browser
            .until("!location.href.includes('bclid')", Duration::from_secs(5))
            .await;
    }

    /// The one click row of a link, once `good` says yes (or as it is when patience ends).
    async fn row(&self, number: usize, patience: Duration, good: impl Fn(&Value) -> bool) -> Value {
        let end = Instant::now() + patience;
        loop {
            let rows = self
                .scene
                .clicks(&format!("link={}", self.scene.codes[number - 1]))
                .await;
            if rows.len() == 1 && (good(&rows[0]) || Instant::now() > end) {
                return rows[0].clone();
            }
            assert!(Instant::now() < end, "one click expected: {rows:?}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// The points of employee `e{number}`: balance and entries.
    async fn points(&self, number: usize) -> Value {
        self.scene
            .api
            .get(&format!("/employees/e{number}/points"))
            .await
            .expect(200)
    }

    /// Asserts that the link's click is a person's, not valid, and gave nothing; gives its dwell.
    async fn earns_nothing(&self, number: usize) -> u64 {
        // What was answered is visible within 2 s.
        tokio::time::sleep(Duration::from_millis(2_500)).await;
        let row = self.row(number, Duration::from_secs(5), |_| true).await;
        assert_eq!(row["class"], "human", "{row}");
        assert_eq!(row["valid"], false, "{row}");
        assert_eq!(self.points(number).await["balance"], 0);
        row["dwell_ms"].as_u64().unwrap_or_default()
    }

    async fn end(mut self) {
        self.browser.close().await;
        self.server.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn given_a_click_when_the_page_stays_visible_over_the_limit_then_it_is_valid_and_earns_points_once() {
    let visit = Visit::begin().await;
    visit.click(1).await;
    let address = visit.browser.url().await;
    assert!(
        !address.contains("bclid"),
        "a copied address must not carry the token: {address}"
    );
    assert!(
        address.contains("colour=red") && address.contains("utm_content=e1"),
        "the rest stays: {address}"
    );
    assert!(address.ends_with("#top"), "the fragment stays last: {address}");
    let kept = visit
        .browser
        .js("return Object.values(sessionStorage).join() + ' ' + bole.token()")
        .await;
    let kept = kept.as_str().unwrap_or_default();
    let token = kept.rsplit(' ').next().unwrap_or_default().to_owned();
    assert_eq!(token.len(), 38, "bole.token() hands the token to forms: {kept}");
    assert!(
        kept.matches(&token).count() >= 2,
        "the token is kept in sessionStorage: {kept}"
    );

    // The limit is reported in mid-visit: the page is still open when the click is valid.
    let row = visit
        .row(1, Duration::from_secs(8), |row| row["valid"] == true)
        .await;
    assert_eq!(row["valid"], true, "{row}");
    assert_eq!(row["class"], "human", "{row}");
    assert!(
        row["dwell_ms"]
            .as_u64()
            .is_some_and(|ms| ms > u64::from(LIMIT_MS)),
        "{row}"
    );
    let stats = visit.scene.stats(&visit.scene.codes[0]).await;
    assert_eq!(stats["valid"], 1, "{stats}");
    assert_eq!(visit.points(1).await["balance"], 5);
    assert_eq!(visit.browser.console_errors().await, Vec::<String>::new());

    // Replaying its beacons, or a visit by the same person again, earns nothing more.
    for kind in [1, 2, 3, 2] {
        let beacon = format!("{token},{kind},{},1", LIMIT_MS + 500);
        let answer = client()
            .post(format!("{}/b", visit.server.base))
            .body(beacon)
            .send()
            .await
            .expect("/b");
        assert_eq!(answer.status(), 204);
    }
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    let points = visit.points(1).await;
    assert_eq!(points["balance"], 5, "{points}");
    assert_eq!(points["entries"].as_array().map(Vec::len), Some(1), "{points}");
    visit.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn given_a_click_when_the_page_is_hidden_left_early_or_a_beacon_is_forged_then_it_is_not_valid() {
    let visit = Visit::begin().await;

    // Hidden in between: on the page for longer than the limit, seen for less.
    visit.click(1).await;
    tokio::time::sleep(Duration::from_millis(700)).await;
    visit.browser.hide().await;
    tokio::time::sleep(Duration::from_millis(u64::from(LIMIT_MS) + 1_000)).await;
    visit.browser.show().await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    visit.browser.click("#away").await;
    let dwell = visit.earns_nothing(1).await;
    assert!(
        (300..u64::from(LIMIT_MS)).contains(&dwell),
        "only visible time counts: {dwell} ms"
    );

    // Left early: the leaving beacon lands and says how little it was.
    visit.click(2).await;
    let token = visit
        .browser
        .js("return bole.token()")
        .await
        .as_str()
        .unwrap_or_default()
        .to_owned();
    tokio::time::sleep(Duration::from_millis(500)).await;
    visit.browser.click("#away").await;
    let dwell = visit.earns_nothing(2).await;
    assert!(
        (200..u64::from(LIMIT_MS)).contains(&dwell),
        "left after about half a second: {dwell} ms"
    );

    // Its leaving beacon replayed later: time has passed, visible time has not.
    for _ in 0..5 {
        let beacon = format!("{token},3,{dwell},0");
        let answer = client()
            .post(format!("{}/b", visit.server.base))
            .body(beacon)
            .send()
            .await
            .expect("/b");
        assert_eq!(answer.status(), 204);
    }
    assert_eq!(visit.earns_nothing(2).await, dwell, "a replay changes nothing");

    // Forged: "a minute visible" within the first second, by a script that holds the page's token.
    visit.click(3).await;
    let forged = visit
        .browser
        .js(&format!(
            "return fetch('{}/b', {{method: 'POST', body: bole.token() + ',2,60000,1'}}).then(r => r.status)",
            visit.server.base
        ))
        .await;
    assert_eq!(forged, 204, "a beacon is answered alike, whatever it says");
    visit.browser.click("#away").await;
    visit.earns_nothing(3).await;
    visit.end().await;
}
