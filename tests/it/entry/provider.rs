//! Signing in through a real, certified OpenID Connect provider.

use regex::Regex;
use reqwest::header::ACCEPT;
use serde_json::json;

use super::node::{Node, WithFields};
use crate::support::free_port;
use crate::support::server::Server;

fn browser() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .cookie_store(true)
        .no_proxy()
        .build()
        .expect("a client")
}

/// Where a page stands and what it says.
struct Seen {
    url: String,
    status: u16,
    text: String,
}

async fn read(answer: reqwest::Result<reqwest::Response>) -> Seen {
    let answer = answer.expect("an answer");
    Seen {
        url: answer.url().to_string(),
        status: answer.status().as_u16(),
        text: answer.text().await.expect("a page"),
    }
}

/// Goes to the provider from our page, signs in there as `who`, agrees, and comes back.
async fn through(client: &reqwest::Client, server: &Server, who: &str) -> Seen {
    let action = Regex::new(r#"action="([^"]+)""#).expect("a pattern");
    let begin = format!("{}/app/signin/oidc?next=/app/board", server.base);
    let mut seen = read(client.get(begin).header(ACCEPT, "text/html").send().await).await;
    for fields in [
        &[("prompt", "login"), ("login", who), ("password", "anything")][..],
        &[("prompt", "consent")][..],
    ] {
        assert!(seen.url.contains("/interaction/"), "{} {}", seen.url, seen.text);
        let to = action.captures(&seen.text).expect("a form")[1].to_owned();
        let to = reqwest::Url::parse(&seen.url)
            .and_then(|url| url.join(&to))
            .expect("a URL");
        seen = read(
            client
                .post(to)
                .header(ACCEPT, "text/html")
                .fields(fields)
                .send()
                .await,
        )
        .await;
    }
    seen
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn given_a_certified_provider_when_people_come_back_then_only_known_ones_are_let_in() {
    let port = free_port();
    let mut server = Server::prepare(&[
        ("oidc_issuer", &format!("http://127.0.0.1:{port}")),
        ("oidc_client_id", "bole"),
        ("oidc_client_secret", "a secret between the two of us"),
    ]);
    let back = format!("{}/app/signin/oidc/back", server.base);
    let provider = Node::start("oidc.mjs", &[&port.to_string(), &back]);
    server.spawn();
    server.ready().await;
    let api = server.api("admin");
    for (code, email) in [("zhang", "zhang@firm.example"), ("xu", "x@firm.example")] {
        let new = json!({"code": code, "name": code, "email": email});
        api.post("/employees", new).await.expect(201);
    }
    let page = read(browser().get(format!("{}/app/signin", server.base)).send().await).await;
    assert!(page.text.contains("/app/signin/oidc"), "{}", page.text);

    // No account is made in silence.
    let refused = through(&browser(), &server, "zhang@firm.example").await;
    assert_eq!(refused.status, 403, "{}", refused.text);
    assert!(refused.text.contains("还没有开通登录"), "{}", refused.text);
    server.stop().await;
    server.set("oidc_create", "true");
    server.spawn();
    server.ready().await;

    let client = browser();
    let entered = through(&client, &server, "zhang@firm.example").await;
    assert_eq!(entered.status, 200, "{} {}", entered.url, entered.text);
    assert!(
        entered.url.contains("/app/welcome") && entered.url.contains("board"),
        "{}",
        entered.url
    );
    let me = read(client.get(format!("{}/app/me", server.base)).send().await).await;
    assert!(me.text.contains("zhang@firm.example"), "{}", me.text);
    // The next time by the subject, in a browser of its own.
    assert_eq!(
        through(&browser(), &server, "zhang@firm.example").await.status,
        200
    );
    // Nobody here; an address nobody verified.
    for who in ["stranger@firm.example", "x@firm.example"] {
        let refused = through(&browser(), &server, who).await;
        assert_eq!(
            (refused.status, refused.text.contains("名单里没有")),
            (403, true),
            "{who}"
        );
    }
    // An answer nobody waits for, another state, a code of nobody's, and saying no.
    let fresh = browser();
    for query in ["code=abc&state=def", "code=abc", "", "error=access_denied"] {
        let at = format!("{back}?{query}");
        let refused = read(fresh.get(at).header(ACCEPT, "text/html").send().await).await;
        assert_eq!(refused.status, 403, "{query}");
    }
    let begun = read(fresh.get(format!("{}/app/signin/oidc", server.base)).send().await).await;
    assert!(begun.url.contains("/interaction/"));
    let forged = read(fresh.get(format!("{back}?code=abc&state=def")).send().await).await;
    assert_eq!(forged.status, 403, "a state of nobody's");
    // The provider away: told, and the password still works.
    drop(provider);
    server.stop().await;
    server.spawn();
    server.ready().await;
    let away = read(
        browser()
            .get(format!("{}/app/signin/oidc", server.base))
            .send()
            .await,
    )
    .await;
    assert_eq!(away.status, 502);
    assert!(away.text.contains("name=\"password\""), "{}", away.text);
    server.stop().await;
}
