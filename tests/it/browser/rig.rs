//! A firm on a real server, and people who can sign in to it.

use std::sync::Arc;

use bole::app::accounts::{self, AccountWish};
use bole::app::materials::{MaterialStep, decide_on_material, put_material};
use bole::app::notices::mark_read;
use bole::app::{Actor, App, AppParts, NoWatch, Outside, Secrets, Urls};
use bole::domain::{Programme, Role};
use bole::storage::materials::MaterialFacts;
use bole::storage::notices::tell_person;
use bole::storage::{Store, StoreOptions};
use bole::tell::{Notice, NoticeKind};
use reqwest::Method;
use serde_json::json;

use crate::support::api::{Api, client};
use crate::support::browser::Browser;
use crate::support::server::Server;

/// Everybody's password.
pub const PASSWORD: &str = "correct horse battery";

/// A small picture.
fn picture() -> Vec<u8> {
    let picture = image::RgbImage::from_fn(320, 200, |x, _| {
        image::Rgb([200, 120, u8::try_from(x % 256).unwrap_or(0)])
    });
    let mut out = std::io::Cursor::new(Vec::new());
    picture
        .write_to(&mut out, image::ImageFormat::Png)
        .expect("a PNG");
    out.into_inner()
}

/// A server with an admin's key and an application beside it for what has no call (sign-ins).
pub struct Rig {
    /// The server.
    pub server: Server,
    /// An admin's key.
    pub api: Api,
    /// On the server's store.
    pub app: App,
    /// Where staff sign in: another host than the short one.
    pub base: String,
}

impl Rig {
    /// A server with these settings. Staff sign in at `localhost`, links live at `127.0.0.1`: two sites.
    pub async fn open(settings: &[(&str, &str)]) -> Self {
        let mut server = Server::prepare(settings);
        let base = server.base.replace("127.0.0.1", "localhost");
        server.set("base_url", &base);
        server.spawn();
        server.ready().await;
        let url = format!("sqlite:{}", server.data_dir.join("bole.db").display());
        let store = Store::open(&StoreOptions::new(url))
            .await
            .expect("the server's store");
        let app = App::new(AppParts {
            store,
            clock: Arc::new(bole::boot::SystemClock),
            rng: crate::support::rng(),
            programme: Programme::default(),
            urls: Urls {
                base: base.parse().expect("a URL"),
                short: server.base.parse().expect("a URL"),
            },
            secrets: Secrets::new([7; 32]),
            watch: Arc::new(NoWatch),
            outside: Outside::default(),
        });
        Self {
            api: server.api("admin"),
            server,
            app,
            base,
        }
    }

    /// An employee who can sign in with their code.
    pub async fn hire(&self, code: &str, name: &str, roles: &[Role]) {
        let new = json!({ "code": code, "name": name, "team": "徐汇店" });
        self.api.post("/employees", new).await.expect(201);
        let employee = self.app.store.employee(code, self.app.today()).await;
        let wish = AccountWish {
            login: code,
            name,
            password: Some(PASSWORD),
            roles,
            employee: Some(employee.expect("a store").expect("them").id),
            lang: "zh",
        };
        let made = accounts::create(&self.app, &wish).await.expect("a store");
        made.expect("an account");
    }

    /// One notice of each kind for `employee`, two of them read.
    pub async fn tell(&self, employee: &str) {
        let person = self.app.store.employee(employee, self.app.today()).await;
        let person = person.expect("a store").expect("them").id;
        let facts = json!({ "claim": 1, "state": "rejected", "reason": "查无此单", "points": 35, "on": "2027-12-31",
                            "zh": "员工社交影响力激励计划", "en": "Sharing programme", "period": "2026-W46", "rank": 3,
                            "of": 12, "item": "咖啡券", "version": 2, "conversion": "sale" });
        let now_ms = self.app.clock.now_ms();
        let mut tx = self.app.store.begin().await.expect("a store");
        for kind in NoticeKind::ALL {
            let mut facts = facts.clone();
            facts["state"] = match kind {
                NoticeKind::OrderMoved => json!("handed"),
                NoticeKind::ObjectionAnswered => json!("declined"),
                _ => json!("rejected"),
            };
            let notice = Notice {
                kind,
                about: "sample".to_owned(),
                facts,
            };
            tell_person(&mut tx, person, &notice, now_ms).await.expect("told");
        }
        tx.commit().await.expect("a store");
        mark_read(&self.app, person, 2).await.expect("read");
    }

    /// A campaign `winter` on our own landing page with material, picture and coupon, links of `employee` on two
    /// channels with some clicks of every kind, a lead, sales and a refund. Gives the links' codes.
    pub async fn furnish(&self, employee: &str) -> [String; 2] {
        let landing = format!("{}/l/winter", self.server.base);
        let campaign = json!({ "slug": "winter", "name": "冬季焕肤季", "destination": landing,
            "description": "换季干燥，来店做一次补水。\n到店报手机号即可。", "ends_on": "2099-12-31" });
        self.api.post("/campaigns", campaign).await.expect(201);
        let picture = self
            .api
            .raw(Method::PUT, "/campaigns/winter/picture", "image/png", picture());
        picture.await.expect(200);
        let winter = self
            .app
            .store
            .campaign("winter")
            .await
            .expect("a store")
            .expect("it");
        let facts = MaterialFacts {
            title: "今天发这条".into(),
            pro: "入冬后脸上发紧、起皮，多半是屏障缺水。".into(),
            life: "上海这两天风一吹，脸就像贴了层纸。".into(),
            fun: "我的脸，十一月：苏打饼干。".into(),
            ..MaterialFacts::default()
        };
        put_material(&self.app, &Actor::System, winter.id, "a", &facts)
            .await
            .expect("material");
        decide_on_material(&self.app, &Actor::System, winter.id, "a", MaterialStep::Approve)
            .await
            .expect("approved");
        let coupon =
            json!({ "employee": employee, "campaign": "winter", "code": "WINTER30", "amount_off": "30.00" });
        self.api.post("/coupons", coupon).await.expect(201);
        let mut codes = Vec::new();
        for channel in ["wechat-moments", "douyin"] {
            let link =
                json!({ "employee": employee, "campaign": "winter", "channel": channel, "material": "a" });
            let link = self.api.post("/links", link).await.expect(201);
            codes.push(link["code"].as_str().expect("a code").to_owned());
        }
        for n in 0..24 {
            self.visit(&codes[n % 2], n).await;
        }
        let now = self.app.now();
        let sale = |id: &str, phone: &str| {
            json!({ "kind": "sale", "external_id": id, "occurred_at": now, "amount": "1299.00", "coupon": "WINTER30",
                    "customer": { "phone": phone } })
        };
        self.api
            .post("/conversions", sale("O-1", "13900000001"))
            .await
            .expect(201);
        self.api
            .post("/conversions", sale("O-2", "13900000002"))
            .await
            .expect(201);
        let refund = json!({ "external_id": "R-1", "amount": "299.00", "occurred_at": now });
        self.api
            .post("/conversions/O-2/refunds", refund)
            .await
            .expect(201);
        let lead = json!({ "kind": "lead", "external_id": "L-1", "occurred_at": now, "coupon": "WINTER30",
            "customer": { "phone": "13900000003" } });
        self.api.post("/conversions", lead).await.expect(201);
        codes.try_into().expect("two codes")
    }

    /// A visit of the `n`th visitor; every fourth is a program. The server must trust 127.0.0.0/8 as a proxy.
    async fn visit(&self, code: &str, n: usize) {
        let agent = match n % 4 {
            3 => "python-requests/2.32.3",
            _ => {
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
                  Mobile/15E148 MicroMessenger/8.0.54(0x18003633) NetType/WIFI Language/zh_CN"
            }
        };
        let answer = client()
            .get(format!("{}/{code}", self.server.base))
            .header("user-agent", agent)
            .header("accept-language", "zh-CN,zh;q=0.9")
            .header("x-forwarded-for", format!("198.51.{n}.7"))
            .send()
            .await
            .expect("an answer");
        assert_eq!(answer.status(), 302);
    }

    /// Signs in through the page, and answers the question asked once if it comes.
    pub async fn sign_in(&self, browser: &Browser, login: &str) {
        browser.goto(&format!("{}/app/signin", self.base)).await;
        browser.fill("#login", login).await;
        browser.fill("#password", PASSWORD).await;
        browser
            .click("form[action='/app/signin'] button[type=submit]")
            .await;
        browser
            .until(
                "!location.pathname.endsWith('/signin')",
                std::time::Duration::from_secs(10),
            )
            .await;
        if browser.url().await.contains("/app/welcome") {
            browser.click("input[value=full]").await;
            browser.click("main form button[type=submit]").await;
            browser
                .until(
                    "!location.pathname.endsWith('/welcome')",
                    std::time::Duration::from_secs(10),
                )
                .await;
        }
    }

    /// Stops the server.
    pub async fn end(mut self) {
        self.app.store.close().await;
        self.server.stop().await;
    }
}
