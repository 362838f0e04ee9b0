//! The front as a whole: requests in, answers and spool records out.

mod beacons;
mod clicks;

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
