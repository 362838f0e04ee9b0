//! A small firm on a server under test: employees, a campaign, links.

use serde_json::{Value, json};

use super::api::Api;
use super::server::Server;

/// The firm: an admin's key and what was made with it.
pub struct Scene {
    /// An admin's key.
    pub api: Api,
    /// Codes of links, one per employee.
    pub codes: Vec<String>,
}

impl Scene {
    /// `people` employees `e1`, `e2`, … with one link each into the campaign `autumn`, which leads to `destination`.
    pub async fn lay(server: &Server, people: u32, destination: &str) -> Self {
        let api = server.api("admin");
        let campaign = json!({ "slug": "autumn", "name": "秋季护肤", "destination": destination });
        api.post("/campaigns", campaign).await.expect(201);
        let mut codes = Vec::new();
        for number in 1..=people {
            let code = format!("e{number}");
            api.post(
                "/employees",
                json!({ "code": code, "name": format!("员工{number}") }),
            )
            .await
            .expect(201);
            let link = json!({ "employee": code, "campaign": "autumn", "channel": "wechat" });
            let link = api.post("/links", link).await.expect(201);
            codes.push(link["code"].as_str().expect("a code").to_owned());
        }
        Self { api, codes }
    }

    /// How many click rows there are (`query` like `link=abc&class=human`, or nothing).
    pub async fn count(&self, query: &str) -> u64 {
        let answer = self.api.get(&format!("/clicks/count?{query}")).await.expect(200);
        answer["count"]
            .as_u64()
            .unwrap_or_else(|| panic!("no count: {answer}"))
    }

    /// All click rows, page by page.
    pub async fn clicks(&self, query: &str) -> Vec<Value> {
        let mut rows = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = self
                .api
                .get(&format!("/clicks?limit=200&{query}{cursor}"))
                .await
                .expect(200);
            rows.extend(page["data"].as_array().expect("data").iter().cloned());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return rows,
            }
        }
    }

    /// A link's figures out of the rollups.
    pub async fn stats(&self, code: &str) -> Value {
        self.api.get(&format!("/links/{code}")).await.expect(200)["stats"].clone()
    }
}
