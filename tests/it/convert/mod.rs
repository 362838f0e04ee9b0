//! Conversions through the API's router, on both databases: credited, told why, booked, refunded, decided.

mod at_once;
mod credit;
mod doors;
mod doubts;
mod frozen;
mod landing;
mod money;
mod overruled;
mod recount;
mod signs;
mod suspects;
mod taken;

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use bole::app::App;
use bole::attribution::token::{TokenKey, TokenKeys};
use bole::domain::{ClickId, Programme, Role};
use bole::storage::{Store, insert_api_key};
use bole::web::{Web, hash_key, router};
use http_body_util::BodyExt;
use jiff::Timestamp;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::support::{TestDb, at};

const NONCE: &[u8] = b"nonce";

/// A firm with 张三 (Z3: links aaaaaa2 and, minted from it by visitors, its child and grandchild; coupon Z10), 李四
/// (L4: link bbbbbb2; coupon L10, twice redeemable) and 王五 (W5: link cccccc2; left on 16 November).
pub struct Shop {
    pub db: TestDb,
    pub app: App,
    pub router: Router,
    key: String,
    clicks: std::cell::Cell<u64>,
}

/// An answer of the API.
#[derive(Debug)]
pub struct Told {
    pub status: StatusCode,
    pub body: Value,
}

impl Told {
    /// The body of an answer with this status.
    #[track_caller]
    pub fn is(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        self.body
    }

    /// A 422 that names this field.
    #[track_caller]
    pub fn wrong_at(self, pointer: &str) {
        let body = self.is(422);
        let pointers: Vec<_> = body["errors"]
            .as_array()
            .expect("errors")
            .iter()
            .map(|e| &e["pointer"])
            .collect();
        assert!(pointers.contains(&&json!(pointer)), "{pointer} is not in {body}");
    }
}

impl Shop {
    pub async fn open(db: TestDb) -> Self {
        Self::under(db, Programme::default()).await
    }

    /// The same under other rules.
    pub async fn under(db: TestDb, programme: Programme) -> Self {
        db.sql(
            "insert into employees (id, code, code_key, name, phone, email, left_on, created_at, changed_at) values
               (1, 'Z3', 'z3', '张三', '13800000001', 'zhang@firm.cn', null, 1, 1),
               (2, 'L4', 'l4', '李四', '13800000002', null, null, 1, 1),
               (3, 'W5', 'w5', '王五', null, null, '2026-11-16', 1, 1);
             insert into campaigns (id, slug, name, destination, allowed_hosts, attribution_window_days, created_at, changed_at)
               values (1, 'autumn', '秋', 'https://shop.example/', '[]', null, 1, 1),
                      (2, 'short', '短', 'https://shop.example/', '[]', 3, 1, 1);
             insert into links (id, code, code_key, employee_id, campaign_id, channel, created_at, changed_at) values
               (1, 'aaaaaa2', 'aaaaaa2', 1, 1, 'wechat', 1, 1), (2, 'bbbbbb2', 'bbbbbb2', 2, 1, 'wechat', 1, 1),
               (3, 'cccccc2', 'cccccc2', 3, 1, 'wechat', 1, 1), (4, 'dddddd2', 'dddddd2', 1, 2, 'wechat', 1, 1);
             insert into links (id, code, code_key, employee_id, campaign_id, channel, parent_id, created_at, changed_at)
               values (5, 'eeeeee2', 'eeeeee2', 1, 1, 'reshare', 1, 1, 1);
             insert into links (id, code, code_key, employee_id, campaign_id, channel, parent_id, created_at, changed_at)
               values (6, 'ffffff2', 'ffffff2', 1, 1, 'reshare', 5, 1, 1);
             insert into coupons (id, code, code_key, employee_id, campaign_id, percent_off, max_redemptions, ends_on, created_at, changed_at)
               values (1, 'Z10', 'z10', 1, 1, 10, null, null, 1, 1), (2, 'L10', 'l10', 2, 1, 10, 2, null, 1, 1),
                      (3, 'OLD', 'old', 1, 1, 10, null, '2026-11-17', 1, 1)",
        )
        .await;
        if db.kind == crate::support::Kind::Postgres {
            // Rows with given numbers do not move the counters on.
            for table in ["employees", "campaigns", "links", "coupons"] {
                db.sql(&format!(
                    "select setval(pg_get_serial_sequence('{table}', 'id'), 100)"
                ))
                .await;
            }
        }
        let app = crate::web::app_with(&db, programme);
        match &db.store {
            Store::Sqlite { write, .. } => {
                sqlx::query("insert into token_keys (kid, nonce, created_at) values (1, $1, 1)")
                    .bind(NONCE)
                    .execute(write)
                    .await
                    .map(drop)
            }
            Store::Postgres(pool) => {
                sqlx::query("insert into token_keys (kid, nonce, created_at) values (1, $1, 1)")
                    .bind(NONCE)
                    .execute(pool)
                    .await
                    .map(drop)
            }
        }
        .expect("a token key");
        let shop = Self {
            router: router(Web::new(app.clone())),
            key: "shop".to_owned(),
            clicks: std::cell::Cell::new(0),
            app,
            db,
        };
        shop.make_key("shop", Role::Admin, None).await;
        shop
    }

    pub async fn make_key(&self, key: &str, role: Role, employee: Option<i64>) {
        let mut tx = self.db.store.begin().await.unwrap();
        let employee = employee.map(bole::domain::EmployeeId);
        insert_api_key(&mut tx, key, &hash_key(key), role, employee, 1, None)
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }

    /// The shop as somebody with another key sees it.
    pub async fn with_key(&self, key: &str, method: Method, path: &str, body: Option<Value>) -> Told {
        let body = body.map_or_else(Body::empty, |b| Body::from(b.to_string()));
        self.send(key, method, path, "application/json", body).await
    }

    pub async fn send(&self, key: &str, method: Method, path: &str, media: &str, body: Body) -> Told {
        let request = Request::builder()
            .method(method)
            .uri(format!("/api/v1{path}"))
            .header(header::AUTHORIZATION, format!("Bearer {key}"))
            .header(header::CONTENT_TYPE, media)
            .body(body)
            .unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        let body = serde_json::from_slice(&bytes)
            .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&bytes).into_owned()));
        Told { status, body }
    }

    pub async fn post(&self, path: &str, body: Value) -> Told {
        self.with_key(&self.key, Method::POST, path, Some(body)).await
    }

    pub async fn get(&self, path: &str) -> Value {
        self.with_key(&self.key, Method::GET, path, None).await.is(200)
    }

    /// A click on a link at an instant, in the store; gives its token.
    pub async fn click(&self, link: i64, when: &str, class: &str) -> String {
        let (token, id) = self.token(when);
        self.store_click(id, link, when, class).await;
        token
    }

    /// A token of a click that is not (yet) in the store.
    pub fn token(&self, when: &str) -> (String, ClickId) {
        use rand::SeedableRng;
        self.clicks.set(self.clicks.get() + 1);
        let mut rng = rand::rngs::StdRng::seed_from_u64(self.clicks.get());
        let id = ClickId::new(at(when), &mut rng);
        let key = TokenKey {
            id: 1,
            secret: self.app.secrets.derive("token", NONCE),
        };
        let keys = TokenKeys::new(&key, &[]).unwrap();
        (String::from_utf8(keys.sign(id).to_vec()).unwrap(), id)
    }

    pub async fn store_click(&self, id: ClickId, link: i64, when: &str, class: &str) {
        const SQL: &str = "insert into clicks (id, link_id, at, class, reason, scan, valid, earned) \
                           values ($1, $2, $3, $4, 'person', $5, $5, $5)";
        macro_rules! insert {
            ($db:expr) => {
                sqlx::query(SQL)
                    .bind(id.0)
                    .bind(link)
                    .bind(at(when).as_millisecond())
                    .bind(class)
                    .bind(false)
                    .execute($db)
                    .await
                    .map(drop)
            };
        }
        match &self.db.store {
            Store::Sqlite { write, .. } => insert!(write),
            Store::Postgres(pool) => insert!(pool),
        }
        .expect("a click");
    }

    /// Sends a conversion that must be taken.
    pub async fn take(&self, body: Value) -> Value {
        self.post("/conversions", body).await.is(201)
    }

    /// `[leads, sales, amount]` of an employee's day in the rollups.
    pub async fn board(&self, employee: i64, day: &str) -> [i64; 3] {
        let mut found = [0; 3];
        for (slot, column) in found.iter_mut().zip(["leads", "sales", "amount"]) {
            *slot = self
                .db
                .number(&format!(
                    "select cast(coalesce(sum({column}), 0) as bigint) from employee_day \
                     where employee_id = {employee} and day = '{day}'"
                ))
                .await;
        }
        found
    }

    /// `[leads, sales, amount]` of a link.
    pub async fn link(&self, link: i64) -> [i64; 3] {
        let totals = self
            .db
            .store
            .link_totals(bole::domain::LinkId(link))
            .await
            .unwrap();
        [totals.leads, totals.sales, totals.amount]
    }
}

/// A sale of 199.00 by a customer with this phone.
pub fn sale(id: &str, when: &str, phone: &str) -> Value {
    json!({ "kind": "sale", "external_id": id, "occurred_at": when, "amount": "199.00", "customer": { "phone": phone } })
}

/// A lead of a customer with this phone.
pub fn lead(id: &str, when: &str, phone: &str) -> Value {
    json!({ "kind": "lead", "external_id": id, "occurred_at": when, "customer": { "phone": phone } })
}

/// The same with one more field.
pub fn and(mut body: Value, name: &str, value: impl Into<Value>) -> Value {
    body[name] = value.into();
    body
}

/// `employee via status`, `~employee …` for indirect credit.
pub fn told(body: &Value) -> String {
    let text = |name: &str| body[name].as_str().unwrap_or("-").to_owned();
    match body["indirect_to"].as_str() {
        Some(code) => format!("~{code} {} {}", text("via"), text("status")),
        None => format!("{} {} {}", text("credited_to"), text("via"), text("status")),
    }
}

/// The reasons of a decision's steps.
pub fn reasons(body: &Value) -> Vec<String> {
    let steps = body["decision"].as_array().expect("a decision");
    steps
        .iter()
        .map(|s| s["reason"].as_str().unwrap().to_owned())
        .collect()
}

/// An instant this many milliseconds after another one.
pub fn later(when: &str, ms: i64) -> String {
    let ms = at(when).as_millisecond() + ms;
    Timestamp::from_millisecond(ms).unwrap().to_string()
}

/// The test clock's now.
pub const NOW: &str = "2026-11-18T02:00:00Z";
pub const DAY: i64 = 86_400_000;
