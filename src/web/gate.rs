//! Who gets in where: one table (`gate.txt`) for pages and API, looked at before any handler and before any body is read.
//!
//! Handlers look at what only they know: whose claim it is, who calculated. A route the table does not name lets nobody
//! in: whoever adds one must say whom it is for. A test walks every route with every role.

use std::collections::HashMap;
use std::sync::LazyLock;

use axum::extract::{FromRequestParts, MatchedPath, Request, State};
use axum::http::{Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::app::Permission;
use crate::web::session::SignedIn;
use crate::web::{Authed, Problem, Web};

/// The table as people read it.
pub const TABLE: &str = include_str!("gate.txt");

/// Whom a route lets in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// Everybody, signed in or not.
    Anybody,
    /// Whoever is signed in or has a key.
    SignedIn,
    /// Who is an employee.
    Employee,
    /// Whose role allows this.
    Right(Permission),
}

static ENTRIES: LazyLock<HashMap<(&'static str, &'static str), Entry>> = LazyLock::new(|| {
    entries()
        .map(|(method, path, entry)| ((path, method), entry))
        .collect()
});

/// The rows of the table: method, path, whom it lets in. A word that is none lets nobody in but administrators.
pub fn entries() -> impl Iterator<Item = (&'static str, &'static str, Entry)> {
    TABLE
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            let (method, path, word) = (words.next()?, words.next()?, words.next()?);
            let entry = match word {
                "anybody" => Entry::Anybody,
                "signed-in" => Entry::SignedIn,
                "employee" => Entry::Employee,
                right => Entry::Right(
                    Permission::ALL
                        .into_iter()
                        .find(|p| format!("{p:?}") == right)
                        .unwrap_or(Permission::Administer),
                ),
            };
            Some((method, path, entry))
        })
}

/// Whom the route of a request lets in. What the table does not name is refused: by its method where the address has
/// others, else wholly.
fn entry(request: &Request) -> Result<Entry, Unnamed> {
    let path = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("", MatchedPath::as_str);
    let method = match request.method() {
        &Method::HEAD => "GET",
        method => method.as_str(),
    };
    // A 'static key finds what a shorter one asks for.
    if let Some(entry) = ENTRIES.get(&(path, method) as &(&str, &str)) {
        return Ok(*entry);
    }
    let others: Vec<&str> = entries()
        .filter(|(_, known, _)| *known == path)
        .map(|(method, ..)| method)
        .collect();
    if others.is_empty() {
        tracing::error!(%method, path, "a route that src/web/gate.txt does not name");
    }
    Err(Unnamed(others))
}

/// A route the table does not name, with the methods it names at the same address.
struct Unnamed(Vec<&'static str>);

impl IntoResponse for Unnamed {
    fn into_response(self) -> Response {
        if self.0.is_empty() {
            return Problem::forbidden("nobody was given the right to this address").into_response();
        }
        let detail = "this address does not take this method";
        let problem = Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method", detail);
        ([(header::ALLOW, self.0.join(", "))], problem).into_response()
    }
}

/// The gate of pages.
pub async fn pages(State(web): State<Web>, request: Request, next: Next) -> Response {
    let entry = match entry(&request) {
        Ok(Entry::Anybody) => return next.run(request).await,
        Ok(entry) => entry,
        Err(unnamed) => return unnamed.into_response(),
    };
    let (mut parts, body) = request.into_parts();
    let who = match SignedIn::from_request_parts(&mut parts, &web).await {
        Ok(who) => who,
        Err(gate) => return gate.into_response(),
    };
    let refused = match entry {
        Entry::Right(right) => who.need(right).err(),
        Entry::Employee if who.actor.employee().is_none() => Some(Problem::forbidden(
            "this page belongs to an employee; this account is not one's",
        )),
        _ => None,
    };
    match refused {
        Some(problem) => problem.into_response(),
        None => next.run(Request::from_parts(parts, body)).await,
    }
}

/// The gate of the API.
pub async fn api(State(web): State<Web>, request: Request, next: Next) -> Response {
    let entry = match entry(&request) {
        Ok(Entry::Anybody) => return next.run(request).await,
        Ok(entry) => entry,
        Err(unnamed) => return unnamed.into_response(),
    };
    let (mut parts, body) = request.into_parts();
    let caller = match Authed::from_request_parts(&mut parts, &web).await {
        Ok(caller) => caller,
        Err(problem) => return problem.into_response(),
    };
    let refused = match entry {
        Entry::Right(right) => caller.need(right).err(),
        _ => None,
    };
    match refused {
        Some(problem) => problem.into_response(),
        None => next.run(Request::from_parts(parts, body)).await,
    }
}
