//! The outermost service: short links and beacons are answered here, everything else by the app's router.

use std::borrow::Cow;
use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::{Body, HttpBody as _};
use axum::http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use tower::Service;

use crate::domain::RESERVED;
use crate::redirect::door;
use crate::redirect::follow::Redirector;

/// The pages for links that lead nowhere; made by the web floor, in the firm's look.
pub trait Notices: Send + Sync + 'static {
    /// 404: nobody has such a code.
    fn not_found(&self, headers: &HeaderMap) -> Response<Body>;
    /// 410: the link was turned off or is over, and its campaign has no fallback.
    fn gone(&self, headers: &HeaderMap) -> Response<Body>;
}

/// Plain texts instead of pages: for tests and benches.
#[derive(Clone, Copy, Debug, Default)]
pub struct PlainNotices;

impl Notices for PlainNotices {
    fn not_found(&self, _: &HeaderMap) -> Response<Body> {
        plain(StatusCode::NOT_FOUND, "no such link\n")
    }

    fn gone(&self, _: &HeaderMap) -> Response<Body> {
        plain(StatusCode::GONE, "this link is over\n")
    }
}

fn plain(status: StatusCode, text: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
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
}

/// The service. `Front::new(redirector, router)`, then
/// `axum::ServiceExt::into_make_service_with_connect_info::<SocketAddr>(front)`.
#[derive(Clone)]
pub struct Front<S> {
    redirector: Arc<Redirector>,
    inner: S,
}

impl<S> Front<S> {
    /// Stands before `inner`.
    pub fn new(redirector: Arc<Redirector>, inner: S) -> Self {
        Self { redirector, inner }
    }
}

/// The answer of a [`Front`]: mostly there at once, without a box.
pub enum Answer {
    /// There.
    Ready(Option<Response<Body>>),
    /// To come: an fsync, a body, or the inner service.
    Pending(Pin<Box<dyn Future<Output = Response<Body>> + Send>>),
}

impl Future for Answer {
    type Output = Result<Response<Body>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut *self {
            Self::Ready(response) => Poll::Ready(Ok(response.take().unwrap_or_default())),
            Self::Pending(future) => future.as_mut().poll(context).map(Ok),
        }
    }
}

impl<S> Service<Request<Body>> for Front<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Answer;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Answer {
        let method = request.method();
        if let Some(code) = code_of(request.uri().path()) {
            if *method == Method::GET || *method == Method::HEAD {
                return self.follow(&code, &request);
            }
            if self.redirector.knows(&code) {
                let mut answer = only_followed();
                if !request.body().is_end_stream() {
                    // Nobody reads it: the next request could not be told from it.
                    let close = HeaderValue::from_static("close");
                    answer.headers_mut().insert(header::CONNECTION, close);
                }
                return Answer::Ready(Some(answer));
            }
        }
        if request.uri().path() == "/b" {
            let redirector = Arc::clone(&self.redirector);
            return Answer::Pending(Box::pin(async move { redirector.beacon(request).await }));
        }
        if *method == Method::GET && request.uri().path() == door::PATH {
            return Answer::Ready(Some(self.redirector.door(request.uri())));
        }
        let inner = self.inner.call(request);
        Answer::Pending(Box::pin(async move {
            match inner.await {
                Ok(response) => response,
                Err(never) => match never {},
            }
        }))
    }
}

impl<S> Front<S> {
    fn follow(&self, code: &str, request: &Request<Body>) -> Answer {
        let redirector = &self.redirector;
        let followed = redirector.follow(
            code,
            request.method(),
            request.uri(),
            request.headers(),
            request.extensions(),
        );
        let Some(appended) = followed.wait else {
            return Answer::Ready(Some(followed.response));
        };
        let redirector = Arc::clone(redirector);
        Answer::Pending(Box::pin(async move {
            // A failed fsync is counted and alarmed; the visitor is answered all the same.
            let _ = redirector.spool.durable(appended).await;
            followed.response
        }))
    }
}

/// A link is there, and can only be followed.
fn only_followed() -> Response<Body> {
    let mut response = plain(StatusCode::METHOD_NOT_ALLOWED, "a link can only be followed\n");
    let allowed = HeaderValue::from_static("GET, HEAD");
    response.headers_mut().insert(header::ALLOW, allowed);
    response
}

/// The code in a path of one segment: 3–30 ASCII letters, digits and `-`, and not one of the app's own words. Some apps
/// write letters as `%74`.
fn code_of(path: &str) -> Option<Cow<'_, str>> {
    let code = path.strip_prefix('/')?;
    let code = if code.contains('%') {
        Cow::Owned(unescaped(code)?)
    } else {
        Cow::Borrowed(code)
    };
    let fits = (3..=30).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    (fits && !is_reserved(&code)).then_some(code)
}

/// A text with its `%74` read, where it is short and all of it ASCII.
fn unescaped(text: &str) -> Option<String> {
    let mut bytes = text.bytes();
    let mut found = String::new();
    while let Some(byte) = bytes.next() {
        let read = match byte {
            b'%' => {
                let (high, low) = (char::from(bytes.next()?), char::from(bytes.next()?));
                u8::try_from(high.to_digit(16)? * 16 + low.to_digit(16)?).ok()?
            }
            other => other,
        };
        if !read.is_ascii() || found.len() >= 30 {
            return None;
        }
        found.push(char::from(read));
    }
    Some(found)
}

fn is_reserved(code: &str) -> bool {
    let lower = |b: &u8| b.to_ascii_lowercase();
    RESERVED
        .binary_search_by(|word| word.bytes().cmp(code.as_bytes().iter().map(lower)))
        .is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_be_a_code_is_looked_up() {
        for code in ["abc2345", "Zhang-San10", "ABC", &"a".repeat(30)] {
            assert_eq!(code_of(&format!("/{code}")).as_deref(), Some(code));
        }
        assert_eq!(code_of("/%74bxd5%77j").as_deref(), Some("tbxd5wj"));
        for path in [
            "/",
            "",
            "/b",
            "/ab",
            "/app",
            "/APP",
            "/Api",
            "/healthz",
            "/a.b.c",
            "/b.js",
            "/abc/",
            "/l/abc2345",
            "/api/v1/links",
            "/..%2fx",
            "/%E5%BC%A0",
            "/%61pp",
            "/abc%2fx",
            "/abc%",
            "/abc%00",
            "*",
        ] {
            assert_eq!(code_of(path), None, "{path}");
        }
        assert_eq!(code_of(&format!("/{}", "a".repeat(31))), None);
    }
}
