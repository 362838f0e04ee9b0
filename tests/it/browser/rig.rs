//! A firm on a real server, and people who can sign in to it.

use std::sync::Arc;

use bole::app::accounts::{self, AccountWish};
use bole::app::{App, AppParts, NoWatch, Secrets, Urls};
use bole::domain::{Programme, Role};
use bole::storage::{Store, StoreOptions};
use serde_json::json;

use crate::support::api::Api;
use crate::support::browser::Browser;
use crate::support::server::Server;

/// Everybody's password.
pub const PASSWORD: &str = "correct horse battery";

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
