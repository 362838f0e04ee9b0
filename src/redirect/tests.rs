//! The front as a whole: requests in, answers and spool records out.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderName, Request, Response, StatusCode, header};
use http_body_util::BodyExt as _;
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use tower::{Service as _, ServiceExt as _};

use super::table::{CampaignChange, EmployeeChange, LinkChange, Table};
use super::*;
use crate::attribution::token::{TokenKey, TokenKeys};
use crate::classify::{Network, Visitor, VisitorBy};
use crate::domain::{CampaignId, Class, ClickId, ClickReason, Clock as _, EmployeeId, LinkId, ManualClock};
use crate::share::Destination;
use crate::spool::{
    BeaconKind, BeaconRecord, Durability, NodeName, Position, Reader, Record, Spool, SpoolSettings, Step,
};

const CHROME: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36";
const START: &str = "2026-11-20T10:00:00Z";

struct House {
    dir: tempfile::TempDir,
    clock: Arc<ManualClock>,
    redirector: Arc<Redirector>,
    front: Front<axum::Router>,
    tokens: TokenKeys,
    staff: StaffCookie,
}

/// A click as a test looks at it.
#[derive(Debug, PartialEq)]
struct Seen {
    id: ClickId,
    link: LinkId,
    class: Class,
    reason: ClickReason,
    visitor: Visitor,
    issued: Option<[u8; 12]>,
    scan: bool,
    network: Network,
    language: String,
    referrer: String,
}

fn link(id: i64, code: &str) -> LinkChange<'_> {
    LinkChange {
        id: LinkId(id),
        code,
        employee: EmployeeId(5),
        campaign: CampaignId(1),
        channel: "wechat",
        child: false,
        disabled: false,
        expires_at_ms: None,
        destination: None,
        utm: None,
    }
}

fn fill(table: &Table) {
    let campaign = CampaignChange {
        id: CampaignId(1),
        slug: "winter",
        destination: Destination::parse("https://shop.example/p?a=1#top").unwrap(),
        opens_at_ms: None,
        closes_at_ms: None,
        disabled: false,
        fallback: Some(Destination::parse("https://shop.example/over").unwrap()),
        title: "Winter <sale>",
        description: "Warm & dry",
        picture_url: Some("https://app.example/picture/1"),
    };
    let bare = CampaignChange {
        id: CampaignId(2),
        fallback: None,
        ..campaign.clone()
    };
    let employees = [EmployeeChange {
        id: EmployeeId(5),
        code: "E5",
    }];
    let start = START.parse::<jiff::Timestamp>().unwrap().as_millisecond();
    let links = [
        link(1, "abc2345"),
        LinkChange {
            disabled: true,
            ..link(2, "off2222")
        },
        LinkChange {
            expires_at_ms: Some(start),
            ..link(3, "old2222")
        },
        LinkChange {
            disabled: true,
            campaign: CampaignId(2),
            ..link(4, "gone222")
        },
    ];
    assert_eq!(table.apply(&[campaign, bare], &employees, &links), 0);
}

impl House {
    fn new() -> Self {
        Self::with(|_| {})
    }

    fn with(change: impl FnOnce(&mut SpoolSettings)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::new(START.parse().unwrap()));
        let mut settings = SpoolSettings::new(dir.path().to_owned(), NodeName::parse("n1").unwrap());
        change(&mut settings);
        let table = Arc::new(Table::new());
        fill(&table);
        let tokens = TokenKeys::new(
            &TokenKey {
                id: 1,
                secret: [1; 32],
            },
            &[],
        )
        .unwrap();
        let staff = StaffCookie::new(&[2; 32], true);
        let redirector = Arc::new(Redirector::new(RedirectorParts {
            table,
            spool: Arc::new(Spool::open(settings, clock.now()).unwrap()),
            tokens: tokens.clone(),
            staff: staff.clone(),
            salt: [3; 32],
            clock: clock.clone(),
            rng: StdRng::seed_from_u64(1),
            notices: Arc::new(PlainNotices),
            settings: FollowSettings {
                internal_networks: vec!["192.0.2.0/24".parse().unwrap()],
                trusted_proxies: vec!["10.0.0.0/8".parse().unwrap()],
                honour_do_not_track: true,
                short_url: "https://s.example".to_owned(),
            },
        }));
        let inner = axum::Router::new().fallback(|| async { "the app" });
        let front = Front::new(Arc::clone(&redirector), inner);
        Self {
            dir,
            clock,
            redirector,
            front,
            tokens,
            staff,
        }
    }

    async fn send(&self, request: Request<Body>) -> Response<Body> {
        self.front
            .clone()
            .ready()
            .await
            .unwrap()
            .call(request)
            .await
            .unwrap()
    }

    async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Response<Body> {
        self.send(visit("GET", path, headers)).await
    }

    async fn beacon(&self, body: impl Into<Body>) -> Response<Body> {
        self.send(Request::post("/b").body(body.into()).unwrap()).await
    }

    fn records(&self) -> (Vec<Seen>, Vec<BeaconRecord>) {
        read(self.dir.path())
    }

    fn clicks(&self) -> Vec<Seen> {
        self.records().0
    }

    /// The token in an answer's `Location`.
    fn token(&self, answer: &Response<Body>) -> (String, ClickId) {
        let to = location(answer);
        let token = to
            .split("&bclid=")
            .nth(1)
            .unwrap()
            .split('#')
            .next()
            .unwrap()
            .to_owned();
        let id = self.tokens.verify(&token).unwrap();
        (token, id)
    }
}

fn read(root: &Path) -> (Vec<Seen>, Vec<BeaconRecord>) {
    let mut reader = Reader::new(root, NodeName::parse("n1").unwrap(), Position::default());
    let (mut clicks, mut beacons) = (Vec::new(), Vec::new());
    loop {
        match reader.next_step().unwrap() {
            Step::CaughtUp => return (clicks, beacons),
            Step::Damage(damage) => panic!("{damage:?}"),
            Step::Record(Record::Beacon(beacon)) => beacons.push(beacon),
            Step::Record(Record::Click(click)) => clicks.push(Seen {
                id: click.id,
                link: click.link,
                class: click.class,
                reason: click.reason,
                visitor: click.visitor,
                issued: click.issued,
                scan: click.scan,
                network: click.network,
                language: click.language.to_owned(),
                referrer: click.referrer_host.to_owned(),
            }),
        }
    }
}

/// A request as Chrome makes it from 203.0.113.9; headers given replace its own, empty ones take them away.
fn visit(method: &str, path: &str, headers: &[(&str, &str)]) -> Request<Body> {
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .body(Body::empty())
        .unwrap();
    let own = [("user-agent", CHROME), ("accept-language", "zh-CN,zh;q=0.9")];
    for (name, value) in own.iter().chain(headers) {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        request.headers_mut().remove(&name);
        if !value.is_empty() {
            request.headers_mut().insert(name, value.parse().unwrap());
        }
    }
    request
        .extensions_mut()
        .insert(ConnectInfo::<SocketAddr>("203.0.113.9:4711".parse().unwrap()));
    request
}

fn location(answer: &Response<Body>) -> &str {
    answer.headers()[header::LOCATION].to_str().unwrap()
}

async fn body(answer: Response<Body>) -> String {
    String::from_utf8(answer.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

/// `name=value` of the cookie an answer sets.
fn set_cookie(answer: &Response<Body>) -> Option<String> {
    let line = answer.headers().get(header::SET_COOKIE)?.to_str().unwrap();
    Some(line.split(';').next().unwrap().to_owned())
}

#[tokio::test]
async fn a_click_is_answered_with_destination_and_token_and_written_down() {
    let house = House::new();
    let from = [("referer", "https://mp.weixin.qq.com/s?x=1")];
    let answer = house.get("/ABC2345?fbclid=z&q=1", &from).await;
    assert_eq!(answer.status(), StatusCode::FOUND);
    assert_eq!(answer.headers()[header::CACHE_CONTROL], "private, no-store");
    let (token, id) = house.token(&answer);
    let utm = "utm_source=wechat&utm_medium=employee&utm_campaign=winter&utm_content=E5";
    assert_eq!(
        location(&answer),
        format!("https://shop.example/p?a=1&fbclid=z&{utm}&bclid={token}#top")
    );
    let clicks = house.clicks();
    assert_eq!(clicks.len(), 1);
    let click = &clicks[0];
    assert_eq!((click.id, click.link, click.class), (id, LinkId(1), Class::Human));
    assert_eq!(click.id.unix_ms(), house.clock.now_ms());
    assert!(click.scan);
    assert_eq!(click.network, Network::V4([203, 0, 113]));
    assert_eq!(
        (click.language.as_str(), click.referrer.as_str()),
        ("zh-CN,zh;q=0.9", "mp.weixin.qq.com")
    );
    house.get("/abc2345?q=11", &[]).await;
    assert!(!house.clicks()[1].scan);
}

#[tokio::test]
async fn a_browser_is_known_by_the_cookie_of_its_first_answer() {
    let house = House::new();
    let first = house.get("/abc2345", &[]).await;
    let line = first.headers()[header::SET_COOKIE].to_str().unwrap();
    assert!(line.contains("HttpOnly; SameSite=Lax; Secure"), "{line}");
    let cookie = set_cookie(&first).unwrap();
    let second = house
        .get("/abc2345", &[("cookie", &format!("x=1; {cookie}"))])
        .await;
    assert_eq!(set_cookie(&second), None);
    let neighbour = house.get("/abc2345", &[("cookie", "bv=forged")]).await;
    assert!(set_cookie(&neighbour).is_some_and(|other| other != cookie));
    let clicks = house.clicks();
    assert_eq!(clicks[0].visitor.by(), VisitorBy::Hash);
    assert_eq!(clicks[1].visitor, Visitor::Cookie(clicks[0].issued.unwrap()));
    assert_eq!(clicks[1].issued, None);
    assert_eq!(
        clicks[2].visitor, clicks[0].visitor,
        "one browser build behind one address shares a hash"
    );
    house.redirector.set_salt(&[4; 32]);
    house.get("/abc2345", &[]).await;
    assert_ne!(
        house.clicks()[3].visitor,
        clicks[0].visitor,
        "until the salt changes"
    );
}

#[tokio::test]
async fn who_does_not_want_to_be_followed_gets_no_cookie_and_is_nobody() {
    let house = House::new();
    for header in ["dnt", "sec-gpc"] {
        let answer = house.get("/abc2345", &[(header, "1")]).await;
        assert_eq!(answer.status(), StatusCode::FOUND);
        assert_eq!(set_cookie(&answer), None);
        house.token(&answer);
    }
    house
        .get(
            "/abc2345",
            &[("dnt", "1"), ("cookie", "bv=AAAAAAAAAAAAAAAAAAAAAA")],
        )
        .await;
    house.get("/abc2345", &[("dnt", "0")]).await;
    let clicks = house.clicks();
    for click in &clicks[..3] {
        assert_eq!(
            (click.class, click.reason),
            (Class::Human, ClickReason::DoNotTrack)
        );
        assert_eq!((click.visitor, click.issued), (Visitor::None, None));
    }
    assert_eq!(clicks[3].reason, ClickReason::Person);
}

#[tokio::test]
async fn head_is_answered_alike_and_never_recorded() {
    let house = House::new();
    for path in ["/abc2345", "/off2222", "/gone222", "/nobody2"] {
        let get = house.get(path, &[("cookie", "bv=AAAAAAAAAAAAAAAAAAAAAA")]).await;
        let head = house
            .send(visit("HEAD", path, &[("cookie", "bv=AAAAAAAAAAAAAAAAAAAAAA")]))
            .await;
        assert_eq!(head.status(), get.status(), "{path}");
        assert!(head.headers().keys().eq(get.headers().keys()), "{path}");
    }
    let head = house.send(visit("HEAD", "/abc2345", &[])).await;
    assert_eq!(set_cookie(&head), None, "no cookie goes out that no record knows");
    assert_eq!(house.clicks().len(), 1, "the one GET of a live link");
}

#[tokio::test]
async fn dead_links_lead_to_the_fallback_or_say_so_and_are_no_clicks() {
    let house = House::new();
    for path in ["/off2222", "/old2222"] {
        let answer = house.get(path, &[]).await;
        assert_eq!(answer.status(), StatusCode::FOUND);
        assert_eq!(location(&answer), "https://shop.example/over");
        assert_eq!(answer.headers()[header::CACHE_CONTROL], "private, no-store");
        assert_eq!(set_cookie(&answer), None);
    }
    assert_eq!(house.get("/gone222", &[]).await.status(), StatusCode::GONE);
    assert_eq!(house.get("/nobody2", &[]).await.status(), StatusCode::NOT_FOUND);
    assert!(house.clicks().is_empty());
    let counts = house.redirector.metrics.counts();
    assert_eq!(
        (counts.fallbacks, counts.gone, counts.unknown, counts.redirected),
        (2, 1, 1, 0)
    );
}

#[tokio::test]
async fn preview_fetchers_get_a_card_and_nothing_to_run() {
    let house = House::new();
    let answer = house
        .get("/abc2345", &[("user-agent", "facebookexternalhit/1.1")])
        .await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(set_cookie(&answer), None);
    let html = body(answer).await;
    for part in [
        "<meta property=\"og:title\" content=\"Winter &lt;sale&gt;\">",
        "<meta property=\"og:description\" content=\"Warm &amp; dry\">",
        "<meta property=\"og:image\" content=\"https://app.example/picture/1\">",
        "<meta property=\"og:url\" content=\"https://s.example/abc2345\">",
    ] {
        assert!(html.contains(part), "{part} in {html}");
    }
    assert!(!html.contains("<script") && !html.contains("bclid"));
    let clicks = house.clicks();
    assert_eq!(
        (clicks[0].class, clicks[0].visitor),
        (Class::Preview, Visitor::None)
    );
}

#[tokio::test]
async fn a_prefetch_is_put_off_and_the_real_click_still_counts() {
    let house = House::new();
    let answer = house
        .get("/abc2345", &[("sec-purpose", "prefetch;prerender")])
        .await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(
        answer.headers()[header::CACHE_CONTROL]
            .to_str()
            .unwrap()
            .contains("no-store")
    );
    assert_eq!(house.get("/abc2345", &[]).await.status(), StatusCode::FOUND);
    let classes: Vec<_> = house.clicks().iter().map(|click| click.class).collect();
    assert_eq!(classes, [Class::Prefetch, Class::Human]);
}

#[tokio::test]
async fn bots_are_redirected_without_a_cookie() {
    let house = House::new();
    let answer = house.get("/abc2345", &[("user-agent", "curl/8.5.0")]).await;
    assert_eq!(answer.status(), StatusCode::FOUND);
    assert_eq!(set_cookie(&answer), None);
    assert_eq!(house.clicks()[0].class, Class::Bot);
    assert_eq!(house.redirector.metrics.counts().by_class[Class::Bot as usize], 1);
}

#[tokio::test]
async fn the_firm_is_known_by_network_and_by_signed_cookie() {
    let house = House::new();
    let now = house.clock.now_ms();
    let staff = |id: i64, until: i64| {
        let line = house.staff.header(EmployeeId(id), now, until);
        line.split(';').next().unwrap().to_owned()
    };
    house.get("/abc2345", &[("cookie", &staff(5, now + 1000))]).await;
    house.get("/abc2345", &[("cookie", &staff(6, now + 1000))]).await;
    house.get("/abc2345", &[("cookie", &staff(5, now))]).await;
    house.get("/abc2345", &[("x-forwarded-for", "192.0.2.7")]).await;
    let proxied = |entry: &str| {
        let mut request = visit("GET", "/abc2345", &[("x-forwarded-for", entry)]);
        request
            .extensions_mut()
            .insert(ConnectInfo::<SocketAddr>("10.0.0.1:1".parse().unwrap()));
        request
    };
    house.send(proxied("192.0.2.7")).await;
    house.send(proxied("198.51.100.7")).await;
    let clicks = house.clicks();
    let classes: Vec<_> = clicks.iter().map(|click| (click.class, click.reason)).collect();
    assert_eq!(
        classes,
        [
            (Class::Own, ClickReason::OwnLink),
            (Class::Internal, ClickReason::StaffBrowser),
            (Class::Human, ClickReason::Person),
            (Class::Human, ClickReason::Person),
            (Class::Internal, ClickReason::InternalNetwork),
            (Class::Human, ClickReason::Person),
        ]
    );
    assert_eq!(clicks[5].network, Network::V4([198, 51, 100]));
}

#[tokio::test]
async fn with_no_room_for_the_click_the_visitor_is_answered_and_the_miss_counted() {
    let house = House::with(|settings| settings.total_bytes = 300);
    for _ in 0..5 {
        assert_eq!(house.get("/abc2345", &[]).await.status(), StatusCode::FOUND);
    }
    let counts = house.redirector.metrics.counts();
    assert_eq!(counts.redirected, 5);
    assert!(counts.missed > 0);
    assert_eq!(house.clicks().len() as u64 + counts.missed, 5);
    assert_eq!(house.redirector.spool().counts().missed, counts.missed);
}

#[tokio::test]
async fn in_strict_mode_the_answer_comes_after_the_fsync() {
    let house = House::with(|settings| settings.durability = Durability::Strict);
    let before = house.redirector.spool().counts().syncs;
    assert_eq!(house.get("/abc2345", &[]).await.status(), StatusCode::FOUND);
    assert!(house.redirector.spool().counts().syncs > before);
}

#[tokio::test]
async fn hostile_headers_are_cut_where_they_end_being_text() {
    let house = House::new();
    let mut request = visit("GET", "/abc2345?a=%0d%0aSet-Cookie:x", &[]);
    let agent = [CHROME.as_bytes(), &[0xff, 0xfe]].concat();
    request
        .headers_mut()
        .insert(header::USER_AGENT, agent.as_slice().try_into().unwrap());
    let long = "x".repeat(4000);
    request
        .headers_mut()
        .insert(header::ACCEPT_LANGUAGE, long.parse().unwrap());
    request
        .headers_mut()
        .insert(header::REFERER, format!("https://{long}/").parse().unwrap());
    let answer = house.send(request).await;
    assert_eq!(answer.status(), StatusCode::FOUND);
    assert!(location(&answer).bytes().all(|b| b.is_ascii_graphic()));
    let click = &house.clicks()[0];
    assert_eq!((click.language.len(), click.referrer.as_str()), (64, ""));
}

#[tokio::test]
async fn everything_else_is_the_apps() {
    let house = House::new();
    for path in [
        "/",
        "/app",
        "/API",
        "/app/share",
        "/l/abc2345",
        "/b.js",
        "/abc2345/",
        "/healthz",
        "/a_b_c",
    ] {
        assert_eq!(body(house.get(path, &[]).await).await, "the app", "{path}");
    }
    let post = house.send(visit("POST", "/abc2345", &[])).await;
    assert_eq!(body(post).await, "the app");
}

#[tokio::test]
async fn a_beacon_with_a_good_token_is_written_down() {
    let house = House::new();
    let (token, id) = house.token(&house.get("/abc2345", &[]).await);
    house.clock.advance_ms(30_500);
    let answer = house
        .beacon(format!("{token},2,30001,1,AAAAAAAAAAAAAAAAAAAAAA"))
        .await;
    assert_eq!(answer.status(), StatusCode::NO_CONTENT);
    assert_eq!(answer.headers()[header::ACCESS_CONTROL_ALLOW_ORIGIN], "*");
    let expected = BeaconRecord {
        click: id,
        at_ms: house.clock.now_ms(),
        kind: BeaconKind::Limit,
        visible_ms: 30_001,
        interacted: true,
        page_visitor: Some([0; 16]),
    };
    assert_eq!(house.records().1, [expected]);
}

#[tokio::test]
async fn beacons_that_are_forged_old_long_or_malformed_die_before_any_work() {
    let house = House::new();
    let (token, _) = house.token(&house.get("/abc2345", &[]).await);
    let other = TokenKeys::new(
        &TokenKey {
            id: 1,
            secret: [9; 32],
        },
        &[],
    )
    .unwrap();
    let foreign = String::from_utf8(other.sign(house.clicks()[0].id).to_vec()).unwrap();
    for bad in [
        format!("{foreign},1,0,0"),
        format!("{token},9,0,0"),
        String::new(),
        format!("{token},1,0,0{}", " ".repeat(300)),
        "x".repeat(10_000_000),
    ] {
        assert_eq!(house.beacon(bad).await.status(), StatusCode::NO_CONTENT);
    }
    for method in ["GET", "OPTIONS", "PUT"] {
        assert_eq!(
            house.send(visit(method, "/b", &[])).await.status(),
            StatusCode::NO_CONTENT
        );
    }
    house.clock.advance_ms(24 * 3_600_000 + 1);
    house.beacon(format!("{token},1,0,0")).await;
    assert!(house.records().1.is_empty());
    assert_eq!(house.redirector.metrics.counts().beacons_refused, 6);
    house.clock.advance_ms(-1);
    house.beacon(format!("{token},1,0,0")).await;
    assert_eq!(house.records().1.len(), 1, "good for 24 hours");
}

#[tokio::test]
async fn a_replayed_beacon_does_not_fill_the_spool() {
    let house = House::new();
    let (token, _) = house.token(&house.get("/abc2345", &[]).await);
    for _ in 0..50 {
        house.beacon(format!("{token},3,1000,0")).await;
    }
    assert_eq!(house.records().1.len(), 20);
}
