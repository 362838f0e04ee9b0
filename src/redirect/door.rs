//! The staff door: `GET /bs` on the short host, where signing in leads through so that the browser is known there as
//! a member of staff's (attribution.md §2), and signing out so that it no longer is. App, short host and destination
//! are three sites: a cookie set on one is not seen on another.

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, Uri, header};

use crate::domain::EmployeeId;
use crate::redirect::follow::{Redirector, redirect};

/// The door's path; too short to be a code.
pub(super) const PATH: &str = "/bs";
/// The parameter of a way in, and of one out.
const IN: &str = "t";
const OUT: &str = "x";
/// A way through the door is good for a minute, milliseconds.
const TICKET_MS: i64 = 60_000;
/// How long a browser stays known, milliseconds: 30 days.
const KNOWN_MS: i64 = 30 * 24 * 3_600_000;

impl Redirector {
    /// The address that makes a browser known as `employee`'s and leads on to `back`. Both are signed together, so the
    /// door leads nowhere else.
    pub fn staff_door(&self, employee: EmployeeId, back: &str) -> String {
        let ticket = self.staff.ticket(employee, self.clock.now_ms() + TICKET_MS, back);
        self.door_url(IN, &ticket, back)
    }

    /// The address that makes a browser nobody's again and leads on to `back`. Signed too: another site's page cannot
    /// turn a colleague's clicks into strangers'.
    pub fn staff_way_out(&self, back: &str) -> String {
        let ticket = self.staff.farewell(self.clock.now_ms() + TICKET_MS, back);
        self.door_url(OUT, &ticket, back)
    }

    fn door_url(&self, way: &str, ticket: &str, back: &str) -> String {
        let back: String = url::form_urlencoded::byte_serialize(back.as_bytes()).collect();
        format!("{}{PATH}?{way}={ticket}&to={back}", self.settings.short_url)
    }

    /// Answers the door; a ticket that is not ours, or too old, opens nothing.
    pub(super) fn door(&self, uri: &Uri) -> Response<Body> {
        self.opened(uri).unwrap_or_else(|| {
            let mut response = Response::new(Body::from("this way in is over: sign in again\n"));
            *response.status_mut() = StatusCode::GONE;
            let headers = response.headers_mut();
            headers.insert(
                header::CONTENT_TYPE,
                HeaderValue::from_static("text/plain; charset=utf-8"),
            );
            headers.insert(
                header::CACHE_CONTROL,
                HeaderValue::from_static("private, no-store"),
            );
            response
        })
    }

    fn opened(&self, uri: &Uri) -> Option<Response<Body>> {
        let mut pairs = url::form_urlencoded::parse(uri.query()?.as_bytes());
        let (way, ticket) = pairs.next()?;
        let (_, back) = pairs.next().filter(|(name, _)| name == "to")?;
        let now_ms = self.clock.now_ms();
        let cookie = match &*way {
            IN => {
                let employee = self.staff.open(&ticket, &back, now_ms)?;
                self.staff.header(employee, now_ms, now_ms + KNOWN_MS)
            }
            OUT if self.staff.leads_out(&ticket, &back, now_ms) => self.staff.removal(),
            _ => return None,
        };
        Some(redirect(
            HeaderValue::from_str(&back).ok()?,
            Some(HeaderValue::try_from(cookie).ok()?),
        ))
    }
}
