//! The API over a store, called without a socket.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, header};
use bole::app::{App, AppParts, NoWatch, Outside, Secrets, Urls};
use bole::domain::{EmployeeId, Programme, Role};
use bole::storage::{Store, insert_api_key};
use bole::web::{Web, api, hash_key};
use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::Value;
use tower::ServiceExt;

use crate::support::TestDb;

/// An application on this store with the test's clock.
pub fn app(db: &TestDb, store: &Store) -> App {
    app_reaching(db, store, Outside::default(), 7)
}

/// The same with ways out of the house.
/// Chance differs by `seed`, as it does on each node.
pub fn app_reaching(db: &TestDb, store: &Store, outside: Outside, seed: u64) -> App {
    app_by(db, store, Programme::default(), outside, seed)
}

/// The same by the rules of a firm.
pub fn app_by(db: &TestDb, store: &Store, programme: Programme, outside: Outside, seed: u64) -> App {
    App::new(AppParts {
        store: store.clone(),
        clock: db.clock.clone(),
        rng: StdRng::seed_from_u64(seed),
        programme,
        urls: Urls {
            base: "http://bole.test/".parse().unwrap(),
            short: "http://s.test/".parse().unwrap(),
        },
        secrets: Secrets::new([7; 32]),
        watch: Arc::new(NoWatch),
        outside,
    })
}

/// The API and its keys: `admin`, `other` (an admin's too), `third` (a verifier's), `manager-z3` and `employee-z3` tied to 张三, `employee-l4`.
#[derive(Clone)]
pub struct Rig {
    pub app: App,
    router: Router,
}

impl Rig {
    pub async fn new(db: &TestDb) -> Self {
        Self::reaching(db, Outside::default()).await
    }

    /// The same with ways out of the house.
    pub async fn reaching(db: &TestDb, outside: Outside) -> Self {
        super::people::staff(&db.store).await;
        let mut tx = db.store.begin().await.unwrap();
        for (name, role, employee) in [
            ("admin", Role::Admin, None),
            ("other", Role::Admin, None),
            ("third", Role::Verifier, None),
            ("manager-z3", Role::Manager, Some(EmployeeId(1))),
            ("employee-z3", Role::Employee, Some(EmployeeId(1))),
            ("employee-l4", Role::Employee, Some(EmployeeId(2))),
        ] {
            insert_api_key(&mut tx, name, &hash_key(name), role, employee, 1, None)
                .await
                .unwrap();
        }
        tx.commit().await.unwrap();
        let app = app_reaching(db, &db.store, outside, 7);
        let router = api::router().with_state(Web::new(app.clone()));
        Self { app, router }
    }

    /// Calls with a key; gives status and JSON.
    pub async fn call(&self, key: &str, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let request = Request::builder()
            .method(method)
            .uri(format!("/api/v1{path}"))
            .header(header::AUTHORIZATION, format!("Bearer {key}"))
            .header(header::CONTENT_TYPE, "application/json")
            .body(body.map_or_else(Body::empty, |b| Body::from(b.to_string())))
            .unwrap();
        let answer = self.router.clone().oneshot(request).await.unwrap();
        let status = answer.status().as_u16();
        let bytes = to_bytes(answer.into_body(), 1 << 22).await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    /// Sends bytes of a media type with a key.
    async fn send(&self, key: &str, path: &str, media_type: &str, body: Vec<u8>) -> (u16, Value) {
        let request = Request::builder()
            .method("POST")
            .uri(format!("/api/v1{path}"))
            .header(header::AUTHORIZATION, format!("Bearer {key}"))
            .header(header::CONTENT_TYPE, media_type)
            .body(Body::from(body))
            .unwrap();
        let answer = self.router.clone().oneshot(request).await.unwrap();
        let status = answer.status().as_u16();
        let bytes = to_bytes(answer.into_body(), 1 << 22).await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    /// Posts a CSV file.
    pub async fn csv(&self, key: &str, path: &str, bytes: &[u8]) -> (u16, Value) {
        self.send(key, path, "text/csv", bytes.to_vec()).await
    }

    /// Posts a form with one part called `file`.
    pub async fn upload(&self, key: &str, path: &str, name: &str, bytes: &[u8]) -> (u16, Value) {
        let mut body = format!(
            "--edge\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
             content-type: application/octet-stream\r\n\r\n"
        )
        .into_bytes();
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n--edge--\r\n");
        self.send(key, path, "multipart/form-data; boundary=edge", body)
            .await
    }

    /// Gets a file by its full path.
    pub async fn download(&self, key: &str, path: &str) -> (u16, axum::http::HeaderMap, Vec<u8>) {
        let request = Request::builder()
            .uri(path)
            .header(header::AUTHORIZATION, format!("Bearer {key}"))
            .body(Body::empty())
            .unwrap();
        let answer = self.router.clone().oneshot(request).await.unwrap();
        let (head, body) = answer.into_parts();
        let bytes = to_bytes(body, 1 << 24).await.unwrap();
        (head.status.as_u16(), head.headers, bytes.to_vec())
    }

    pub async fn post(&self, key: &str, path: &str, body: Value) -> (u16, Value) {
        self.call(key, "POST", path, Some(body)).await
    }

    pub async fn get(&self, key: &str, path: &str) -> Value {
        let (status, body) = self.call(key, "GET", path, None).await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    /// A person's balance as the API tells it.
    pub async fn balance(&self, code: &str) -> i64 {
        self.get("admin", &format!("/employees/{code}/points")).await["balance"]
            .as_i64()
            .unwrap()
    }
}
