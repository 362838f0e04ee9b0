//! People, campaigns, links and coupons through the API, on both databases.

mod campaigns;
mod coupons;
mod links;
mod people;
mod pictures;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::body::Body;
use axum::http::{Request, header};
use bole::app::{App, AppParts, LinkWatch, Outside, Secrets, Urls};
use bole::domain::{EmployeeId, Programme, Role};
use bole::storage::insert_api_key;
use bole::web::{Web, hash_key, router};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::support::TestDb;

/// Counts how often the redirect table would have been refreshed.
#[derive(Default)]
pub struct Watch(pub AtomicUsize);

#[async_trait::async_trait]
impl LinkWatch for Watch {
    async fn changed(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// The API over a test's store, with an admin's key.
#[derive(Clone)]
pub struct Rig {
    pub app: App,
    pub watch: Arc<Watch>,
    router: Router,
    key: String,
}

/// What was answered.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub media_type: String,
    pub bytes: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes)
            .unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&self.bytes)))
    }

    /// The JSON of an answer of this status.
    #[track_caller]
    pub fn is(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.bytes));
        self.json()
    }

    /// Asserts a 422 at this pointer.
    #[track_caller]
    pub fn wrong_at(&self, pointer: &str) {
        let problem = self.is(422);
        assert_eq!(self.media_type, "application/problem+json");
        let pointers: Vec<_> = problem["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|e| &e["pointer"])
            .collect();
        assert!(pointers.iter().any(|p| **p == pointer), "{pointer}: {problem}");
    }
}

impl Rig {
    pub async fn new(db: &TestDb) -> Self {
        let watch = Arc::new(Watch::default());
        let app = App::new(AppParts {
            store: db.store.clone(),
            clock: db.clock.clone(),
            rng: crate::support::rng(),
            programme: Programme::default(),
            urls: Urls {
                base: "https://bole.example/".parse().unwrap(),
                short: "https://s.example/".parse().unwrap(),
            },
            secrets: Secrets::new([7; 32]),
            watch: watch.clone(),
            outside: Outside::default(),
        });
        let router = router(Web::new(app.clone()));
        let rig = Self {
            app,
            watch,
            router,
            key: String::new(),
        };
        rig.with_key(Role::Admin, None).await
    }

    /// The same with a new key of this role.
    pub async fn with_key(&self, role: Role, employee: Option<i64>) -> Self {
        let key = format!("test-{role}-{employee:?}");
        let mut tx = self.app.store.begin().await.unwrap();
        insert_api_key(
            &mut tx,
            "test",
            &hash_key(&key),
            role,
            employee.map(EmployeeId),
            1,
            None,
        )
        .await
        .unwrap();
        tx.commit().await.unwrap();
        Self { key, ..self.clone() }
    }

    pub async fn send(&self, method: &str, path: &str, media_type: &str, body: Vec<u8>) -> Answer {
        let request = Request::builder()
            .method(method)
            .uri(format!("/api/v1{path}"))
            .header(header::AUTHORIZATION, format!("Bearer {}", self.key))
            .header(header::CONTENT_TYPE, media_type)
            .body(Body::from(body))
            .unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let media_type = response
            .headers()
            .get(header::CONTENT_TYPE)
            .map_or("", |v| v.to_str().unwrap())
            .to_owned();
        let status = response.status().as_u16();
        let bytes = response.into_body().collect().await.unwrap().to_bytes().to_vec();
        Answer {
            status,
            media_type,
            bytes,
        }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, "", Vec::new()).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send("POST", path, "application/json", body.to_string().into_bytes())
            .await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send("PATCH", path, "application/json", body.to_string().into_bytes())
            .await
    }

    /// E1 张三 and E2 李四, campaign `winter` on `shop.example`.
    pub async fn scene(&self) {
        self.post(
            "/employees",
            json!({"code": "E1", "name": "张三", "team": "北区"}),
        )
        .await
        .is(201);
        self.post("/employees", json!({"code": "E2", "name": "李四"}))
            .await
            .is(201);
        self.post(
            "/campaigns",
            json!({"slug": "winter", "name": "冬季焕肤季", "destination": "https://shop.example/p?a=1#top",
                   "allowed_hosts": ["shop.example", "*.brand.example"]}),
        )
        .await
        .is(201);
    }

    pub fn refreshed(&self) -> usize {
        self.watch.0.load(Ordering::SeqCst)
    }
}
