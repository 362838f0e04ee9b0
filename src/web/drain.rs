//! A refused body is read to its end.
//!
//! # Why
//! A server that answers (413, 401, 404, …) and hangs up while the caller still sends makes most callers see a broken
//! connection instead of the answer, or at their next request.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use http_body_util::BodyExt as _;

/// Bytes read and thrown away at most, and for how long: of a body that was too large, and of one nobody looked at.
const TOO_LARGE: (usize, Duration) = (64 << 20, Duration::from_secs(20));
const UNREAD: (usize, Duration) = (1 << 20, Duration::from_secs(2));

/// A body that two hold: the handler, and after it this layer.
#[derive(Clone)]
struct Shared(Arc<Mutex<Body>>);

impl HttpBody for Shared {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, axum::Error>>> {
        let mut body = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Pin::new(&mut *body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_end_stream()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).size_hint()
    }
}

/// Middleware: what is left of the body when the answer is there is read, within limits, before it goes out; beyond them
/// the answer says that the connection ends. Nobody who waits for a `100 Continue` is asked to send.
pub async fn drain(request: Request, next: Next) -> Response {
    let waits = request.headers().contains_key(header::EXPECT);
    let (parts, body) = request.into_parts();
    let shared = Shared(Arc::new(Mutex::new(body)));
    let mut response = next
        .run(Request::from_parts(parts, Body::new(shared.clone())))
        .await;
    let too_large = response.status() == StatusCode::PAYLOAD_TOO_LARGE;
    if shared.is_end_stream() || (waits && !too_large) {
        return response;
    }
    let (most, patience) = if too_large { TOO_LARGE } else { UNREAD };
    let read = tokio::time::timeout(patience, throw_away(shared, most)).await;
    if read != Ok(true) {
        response
            .headers_mut()
            .insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// Whether it came to its end.
async fn throw_away(mut body: Shared, most: usize) -> bool {
    let mut read = 0;
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else {
            return false;
        };
        read += frame.data_ref().map_or(0, Bytes::len);
        if read > most {
            return false;
        }
    }
    true
}
