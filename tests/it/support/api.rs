//! A small client of `/api/v1` with a bearer key.

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode, redirect};
use serde_json::Value;

/// A client that follows no redirects and keeps no cookies.
pub fn client() -> Client {
    super::install_tls();
    Client::builder()
        .redirect(redirect::Policy::none())
        .no_proxy()
        .build()
        .expect("an HTTP client")
}

/// A caller of the API.
#[derive(Clone)]
pub struct Api {
    /// `http://127.0.0.1:PORT`.
    pub base: String,
    /// The bearer key.
    pub key: String,
    client: Client,
}

/// What was answered.
#[derive(Debug)]
pub struct Answer {
    /// Status.
    pub status: StatusCode,
    /// Content type, without parameters.
    pub content_type: String,
    /// Body.
    pub body: Vec<u8>,
    asked: String,
}

impl Api {
    /// A caller with this key.
    pub fn new(base: &str, key: &str) -> Self {
        Self {
            base: base.to_owned(),
            key: key.to_owned(),
            client: client(),
        }
    }

    /// `GET /api/v1{path}`.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    /// `POST /api/v1{path}` with a JSON body.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::POST, path).json(&body)).await
    }

    /// `PATCH /api/v1{path}` with a JSON body.
    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::PATCH, path).json(&body)).await
    }

    /// `DELETE /api/v1{path}`.
    pub async fn delete(&self, path: &str) -> Answer {
        self.send(self.request(Method::DELETE, path)).await
    }

    /// Any method with raw bytes of any content type.
    pub async fn raw(
        &self,
        method: Method,
        path: &str,
        content_type: &str,
        body: impl Into<Vec<u8>>,
    ) -> Answer {
        self.send(
            self.request(method, path)
                .header(CONTENT_TYPE, content_type)
                .body(body.into()),
        )
        .await
    }

    /// A request to build on; hand it to [`Api::send`].
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("{}/api/v1{path}", self.base);
        let request = self.client.request(method, url);
        if self.key.is_empty() {
            request
        } else {
            request.header(AUTHORIZATION, format!("Bearer {}", self.key))
        }
    }

    /// Sends a request and reads the answer whole.
    pub async fn send(&self, request: RequestBuilder) -> Answer {
        let asked = request
            .try_clone()
            .and_then(|r| r.build().ok())
            .map_or_else(String::new, |r| format!("{} {}", r.method(), r.url()));
        let response: Response = request.send().await.unwrap_or_else(|e| panic!("{asked}: {e}"));
        let status = response.status();
        let header = response
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|v| v.to_str().ok())
            .unwrap_or_default();
        let content_type = header.split(';').next().unwrap_or_default().to_owned();
        let body = response
            .bytes()
            .await
            .unwrap_or_else(|e| panic!("{asked}: {e}"))
            .to_vec();
        Answer {
            status,
            content_type,
            body,
            asked,
        }
    }
}

impl Answer {
    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{}: {e}: {}", self.asked, self.text()))
    }

    /// The JSON of an answer that must have this status.
    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}: {}", self.asked, self.text());
        if self.body.is_empty() {
            Value::Null
        } else {
            self.json()
        }
    }

    /// Asserts a problem (RFC 9457) of this status and gives it.
    #[track_caller]
    pub fn problem(&self, status: u16) -> Value {
        assert_eq!(
            self.content_type,
            "application/problem+json",
            "{}: {}",
            self.asked,
            self.text()
        );
        let problem = self.expect(status);
        assert_eq!(problem["status"], status, "{}: {}", self.asked, self.text());
        assert!(problem["title"].is_string(), "{}: {}", self.asked, self.text());
        problem
    }
}
