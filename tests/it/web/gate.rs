//! Every route, tried by every role: what the tables say is what happens, and no route is missing from them.

use std::collections::BTreeSet;
use std::path::Path;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, header};
use axum::middleware::from_fn_with_state;
use axum::routing::{delete, get, put};
use bole::app::api_keys::{KeyWish, make_key};
use bole::app::{Actor, Permission, allows};
use bole::domain::Role;
use bole::web::Web;
use bole::web::gate::{Entry, api as api_gate, entries, pages as pages_gate};
use regex::Regex;
use tower::ServiceExt;

use super::pages::{hire, signed_in};
use super::{Answer, Browser, app};
use crate::support::TestDb;

/// Who holds which right: employee, manager, verifier, finance, approver, admin.
const RIGHTS: [(&str, &str); 16] = [
    ("Own", "x x x x x x"),
    ("ReadTracker", ". x x x x x"),
    ("WritePeople", ". . . . . x"),
    ("WriteCampaigns", ". x . . . x"),
    ("SendConversions", ". . x x . x"),
    ("DecideConversions", ". x . . . x"),
    ("OverruleClicks", ". x . . . x"),
    ("DecidePoints", ". x . . . x"),
    ("PublishBoards", ". x . . . x"),
    ("PublishRules", ". x . . . x"),
    ("RunShop", ". x . . . x"),
    ("DecideClaims", ". . x . . x"),
    ("ReadPay", ". . . x x x"),
    ("CalculatePay", ". . . x . x"),
    ("ApprovePay", ". . . . x x"),
    ("Administer", ". . . . . x"),
];

#[test]
fn given_the_table_of_rights_when_compared_then_every_role_may_what_it_says_and_nothing_else() {
    assert_eq!(RIGHTS.len(), Permission::ALL.len());
    for permission in Permission::ALL {
        let name = format!("{permission:?}");
        let (_, row) = RIGHTS
            .iter()
            .find(|(n, _)| *n == name)
            .expect("a row for each right");
        let held = Role::ALL.map(|role| if allows(role, permission) { "x" } else { "." });
        assert_eq!(held.join(" "), *row, "{name}");
    }
}

fn sources(folder: &Path, into: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|e| e == "rs") {
            into.push(std::fs::read_to_string(&path).expect("a source"));
        }
    }
}

/// The routes the pages' sources make, `METHOD path`.
fn page_routes() -> BTreeSet<String> {
    let mut texts = Vec::new();
    sources(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src/web/pages"),
        &mut texts,
    );
    let path = Regex::new(r#"^\(\s*"([^"]+)"\s*,"#).expect("a pattern");
    let method = Regex::new(r"\b(get|post|put|patch|delete)\(").expect("a pattern");
    let mut found = BTreeSet::new();
    for text in texts {
        for (at, _) in text.match_indices(".route(") {
            let rest = &text[at + ".route".len()..];
            let mut depth = 0_i32;
            let end = rest.char_indices().find(|(_, c)| {
                depth += i32::from(*c == '(') - i32::from(*c == ')');
                depth == 0
            });
            let call = &rest[..end.expect("its end").0];
            let Some(path) = path.captures(call) else { continue };
            for method in method.captures_iter(call) {
                found.insert(format!("{} {}", method[1].to_uppercase(), &path[1]));
            }
        }
    }
    assert!(
        found.len() > 60,
        "only {} routes found: the reading is broken",
        found.len()
    );
    found
}

/// Every route there is: the pages' by their sources, the API's by its description.
async fn routes(browser: &mut Browser) -> BTreeSet<String> {
    let described: serde_json::Value =
        serde_json::from_str(&browser.get("/api/v1/openapi.json").await.body).expect("JSON");
    let mut there = page_routes();
    for (path, item) in described["paths"].as_object().expect("paths") {
        for method in item.as_object().expect("methods").keys() {
            there.insert(format!("{} {path}", method.to_uppercase()));
        }
    }
    there
}

async fn given_the_routes_there_are_when_held_against_the_table_then_each_stands_in_it_once(db: TestDb) {
    let there = routes(&mut Browser::new(&app(&db))).await;
    let mut told = BTreeSet::new();
    for (method, path, _) in entries() {
        assert!(
            told.insert(format!("{method} {path}")),
            "{method} {path} stands twice"
        );
    }
    let missing: Vec<_> = there.difference(&told).collect();
    assert!(
        missing.is_empty(),
        "not in src/web/gate.txt (python3 tests/look/gate.py writes it anew): {missing:#?}"
    );
    // Its own address is the one thing the description does not describe.
    told.remove("GET /api/v1/openapi.json");
    let left: Vec<_> = told.difference(&there).collect();
    assert!(left.is_empty(), "in src/web/gate.txt without a route: {left:#?}");
}

/// A path with something in the place of its parameters.
fn filled(path: &str) -> String {
    let part = |part: &str| if part.starts_with('{') { "1" } else { part }.to_owned();
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}

async fn try_page(browser: &mut Browser, method: &str, path: &str) -> Answer {
    if method == "GET" {
        browser.get(&filled(path)).await
    } else {
        browser.post(&filled(path), &[]).await
    }
}

async fn try_api(browser: &mut Browser, key: Option<&str>, method: &str, path: &str) -> Answer {
    let mut request = Request::builder()
        .method(method)
        .uri(filled(path))
        .header(header::CONTENT_TYPE, "application/json");
    if let Some(key) = key {
        request = request.header(header::AUTHORIZATION, format!("Bearer {key}"));
    }
    let body = if method == "GET" {
        Body::empty()
    } else {
        Body::from("{}")
    };
    browser.send(request, body).await
}

async fn given_every_route_when_each_role_tries_it_then_only_those_the_tables_name_get_in(db: TestDb) {
    let app = app(&db);
    let mut wrong = Vec::new();
    let mut nobody = Browser::new(&app);
    let there = routes(&mut nobody).await;
    let is_there = |method: &str, path: &str| there.contains(&format!("{method} {path}"));
    for (method, path, entry) in entries().filter(|(method, path, _)| is_there(method, path)) {
        let is_api = path.starts_with("/api/");
        let answer = if is_api {
            try_api(&mut nobody, None, method, path).await
        } else {
            try_page(&mut nobody, method, path).await
        };
        let sent_away = answer.status == 401 || answer.header("location").starts_with("/app/signin?next=");
        if sent_away == (entry == Entry::Anybody) {
            wrong.push(format!("nobody {method} {path}: {}", answer.status));
        }
    }
    for role in Role::ALL {
        let login = format!("the-{role}");
        hire(&app, &login, "某某", &[role]).await;
        let mut browser = signed_in(&app, &login).await;
        let wish = KeyWish {
            name: &login,
            role,
            employee: None,
            expires_at: None,
        };
        let key = make_key(&app, &Actor::System, &wish).await.expect("a key");
        for (method, path, entry) in entries().filter(|(method, path, _)| is_there(method, path)) {
            // The live board's stream never ends; nobody is asked who they are at open doors.
            if path.ends_with("/live") || entry == Entry::Anybody {
                continue;
            }
            let is_api = path.starts_with("/api/");
            let answer = if is_api {
                try_api(&mut browser, Some(&key), method, path).await
            } else {
                try_page(&mut browser, method, path).await
            };
            let may = match entry {
                Entry::Right(right) => allows(role, right),
                // Whose it is, the handler says: of an API key's own there is nothing here.
                Entry::SignedIn if is_api && answer.status == 403 => continue,
                _ => true,
            };
            if (answer.status == 403) == may || answer.status == 401 || answer.status.as_u16() >= 500 {
                wrong.push(format!("{role} {method} {path}: {}", answer.status));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

async fn given_a_route_the_table_does_not_name_when_asked_for_then_nobody_gets_in(db: TestDb) {
    let web = Web::new(app(&db));
    let open = || async { "inside" };
    let pages = Router::new()
        .route("/app/unnamed", get(open).post(open))
        .route("/app/signin", put(open))
        .route("/app/signin/link", get(open))
        .layer(from_fn_with_state(web.clone(), pages_gate));
    let api = Router::new()
        .route("/api/v1/unnamed/{id}", get(open))
        .route("/api/v1/claims", delete(open))
        .layer(from_fn_with_state(web.clone(), api_gate));
    let site = pages.merge(api).with_state(web);
    for (method, path, status) in [
        ("GET", "/app/unnamed", 403),
        ("HEAD", "/app/unnamed", 403),
        ("POST", "/app/unnamed", 403),
        ("PUT", "/app/signin", 405),
        ("GET", "/api/v1/unnamed/7", 403),
        ("DELETE", "/api/v1/claims", 405),
        ("GET", "/app/signin/link", 200),
    ] {
        let request = Request::builder().method(method).uri(path).body(Body::empty());
        let answer = site.clone().oneshot(request.expect("a request")).await;
        assert_eq!(answer.expect("an answer").status(), status, "{method} {path}");
    }
}

both!(
    given_a_route_the_table_does_not_name_when_asked_for_then_nobody_gets_in,
    given_the_routes_there_are_when_held_against_the_table_then_each_stands_in_it_once,
    given_every_route_when_each_role_tries_it_then_only_those_the_tables_name_get_in,
);
