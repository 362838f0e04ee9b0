//! The site as a browser sees it: the router, asked without a socket.

mod admin;
mod claims;
mod gate;
mod long;
mod manage;
mod mydata;
mod openapi;
mod pages;
mod pay;
mod shell;
mod signin;
mod staff;
mod teams;
mod typed;
mod webhooks;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use bole::app::{App, AppParts, NoWatch, Outside, Secrets, Urls};
use bole::domain::Programme;
use bole::web::{Web, router};
use http_body_util::BodyExt;
use tower::ServiceExt;

use crate::support::TestDb;

/// The application over a test's store and clock.
pub fn app(db: &TestDb) -> App {
    app_with(db, Programme::default())
}

/// The same under other rules.
pub fn app_with(db: &TestDb, programme: Programme) -> App {
    App::new(AppParts {
        store: db.store.clone(),
        clock: db.clock.clone(),
        rng: crate::support::rng(),
        programme,
        urls: Urls {
            base: "https://bole.example/".parse().expect("a URL"),
            short: "https://s.example/".parse().expect("a URL"),
        },
        secrets: Secrets::new([7; 32]),
        watch: Arc::new(NoWatch),
        outside: Outside::default(),
    })
}

/// An answer, read to its end.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
    /// The same as it came.
    pub bytes: Vec<u8>,
}

impl Answer {
    /// A header's value, or nothing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or("")
    }
}

/// A browser: keeps cookies, says where it stands.
pub struct Browser {
    router: Router,
    cookies: std::collections::BTreeMap<String, String>,
    /// `Accept-Language`.
    pub language: &'static str,
    /// `Sec-Fetch-Site` of its POSTs.
    pub site: &'static str,
}

impl Browser {
    pub fn new(app: &App) -> Self {
        Self {
            router: router(Web::new(app.clone())),
            cookies: std::collections::BTreeMap::new(),
            language: "zh-CN",
            site: "same-origin",
        }
    }

    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies.get(name).map(String::as_str)
    }

    pub fn set_cookie(&mut self, name: &str, value: &str) {
        self.cookies.insert(name.into(), value.into());
    }

    pub async fn get(&mut self, path: &str) -> Answer {
        self.send(
            Request::get(path).header(header::ACCEPT, "text/html,*/*;q=0.8"),
            Body::empty(),
        )
        .await
    }

    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        let request = Request::post(path)
            .header(header::ACCEPT, "text/html,*/*;q=0.8")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header("sec-fetch-site", self.site);
        self.send(request, Body::from(body)).await
    }

    /// Posts a form with files (`files`), each with its name and content.
    pub async fn upload(&mut self, path: &str, fields: &[(&str, &str)], files: &[(&str, &[u8])]) -> Answer {
        self.upload_as(path, fields, "files", files).await
    }

    /// The same where the files' field has another name.
    pub async fn upload_as(
        &mut self,
        path: &str,
        fields: &[(&str, &str)],
        field: &str,
        files: &[(&str, &[u8])],
    ) -> Answer {
        let mut body = Vec::new();
        for (name, text) in fields {
            let part = format!("--edge\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n");
            body.extend_from_slice(part.as_bytes());
        }
        for (name, bytes) in files {
            let head = format!(
                "--edge\r\ncontent-disposition: form-data; name=\"{field}\"; filename=\"{name}\"\r\n\
                 content-type: application/octet-stream\r\n\r\n"
            );
            body.extend_from_slice(head.as_bytes());
            body.extend_from_slice(bytes);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(b"--edge--\r\n");
        let request = Request::post(path)
            .header(header::ACCEPT, "text/html,*/*;q=0.8")
            .header(header::CONTENT_TYPE, "multipart/form-data; boundary=edge")
            .header("sec-fetch-site", self.site);
        // Piece by piece, as a network brings it.
        let pieces: Vec<_> = body
            .chunks(64 << 10)
            .map(|piece| Ok::<_, std::convert::Infallible>(axum::body::Bytes::copy_from_slice(piece)))
            .collect();
        self.send(request, Body::from_stream(tokio_stream::iter(pieces)))
            .await
    }

    pub async fn send(&mut self, request: axum::http::request::Builder, body: Body) -> Answer {
        let cookies: Vec<String> = self.cookies.iter().map(|(n, v)| format!("{n}={v}")).collect();
        let mut request = request
            .header(header::HOST, "bole.example")
            .header(header::ACCEPT_LANGUAGE, self.language);
        if !cookies.is_empty() {
            request = request.header(header::COOKIE, cookies.join("; "));
        }
        let request = request.body(body).expect("a request");
        let response = self.router.clone().oneshot(request).await.expect("an answer");
        let (head, body) = response.into_parts();
        for value in head.headers.get_all(header::SET_COOKIE) {
            let text = value.to_str().expect("a cookie");
            let (pair, rest) = text.split_once(';').unwrap_or((text, ""));
            let (name, value) = pair.split_once('=').expect("name=value");
            if rest.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.into(), value.into());
            }
        }
        let bytes = body.collect().await.expect("a body").to_bytes();
        Answer {
            status: head.status,
            headers: head.headers,
            body: String::from_utf8_lossy(&bytes).into_owned(),
            bytes: bytes.to_vec(),
        }
    }
}
