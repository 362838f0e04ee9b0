//! A link by e-mail, out of the real server through a real mail server.

use std::time::Duration;

use reqwest::header::{ACCEPT, LOCATION};
use serde_json::{Value, json};

use super::node::{Node, WithFields};
use crate::support::free_port;
use crate::support::server::Server;

fn browser() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .cookie_store(true)
        .no_proxy()
        .build()
        .expect("a client")
}

/// The mail's text, its soft line breaks and codes undone, and the first of our links in it.
fn link(mail: &str, base: &str) -> String {
    let mail: Value = serde_json::from_str(mail).expect("a mail");
    let text = mail["text"].as_str().expect("its text");
    let body = text.split_once("\r\n\r\n").expect("head and body").1;
    let plain = if text.contains("base64") {
        use base64::Engine as _;
        let joined: String = body.split_whitespace().collect();
        let bytes = base64::engine::general_purpose::STANDARD
            .decode(joined)
            .expect("base64");
        String::from_utf8(bytes).expect("UTF-8")
    } else {
        body.replace("=\r\n", "").replace("=3D", "=")
    };
    let start = plain.find(base).unwrap_or_else(|| panic!("no link: {plain}"));
    plain[start..]
        .split_whitespace()
        .next()
        .expect("a link")
        .to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn given_a_mail_server_when_a_link_is_asked_for_then_it_signs_in_once_and_strangers_learn_nothing() {
    let port = free_port();
    let smtp = Node::start("smtp.mjs", &[&port.to_string()]);
    let mut server = Server::with(&[
        ("smtp_url", &format!("smtp://127.0.0.1:{port}")),
        ("mail_from", "Bole <bole@firm.example>"),
    ])
    .await;
    let api = server.api("admin");
    let zhang = json!({"code": "zhang", "name": "张晓雯", "email": "zhang@firm.example"});
    api.post("/employees", zhang).await.expect(201);
    // The first administrator invites; the invitation goes out by mail.
    let made = server.cli(&["admin", "create", "--login", "root", "--name", "王芳"]);
    let password = made
        .lines()
        .find_map(|l| l.strip_prefix("password"))
        .expect("one")
        .trim()
        .to_owned();
    let admin = browser();
    let at = |path: &str| format!("{}{path}", server.base);
    let fields = [("login", "root"), ("password", password.as_str())];
    let entered = admin
        .post(at("/app/signin"))
        .fields(&fields)
        .send()
        .await
        .expect("an answer");
    assert_eq!(entered.status(), 303);
    let invited = admin
        .post(at("/app/admin/people/zhang/signin"))
        .fields(&[("act", "invite")])
        .send()
        .await
        .expect("an answer");
    assert_eq!(invited.status(), 303);
    let mail = smtp.line().expect("an invitation");
    assert!(mail.contains("zhang@firm.example"), "{mail}");
    let invitation = link(&mail, &server.base);
    let phone = browser();
    let chosen = phone
        .post(&invitation)
        .fields(&[("wished", "a good one of my own 7")])
        .send()
        .await
        .expect("an answer");
    assert_eq!(chosen.status(), 303, "{invitation}");

    // Known or not: one answer. Only who is known gets mail.
    let ask = async |login: &str| {
        let answer = browser()
            .post(at("/app/signin/link"))
            .header(ACCEPT, "text/html")
            .fields(&[("login", login)])
            .send()
            .await
            .expect("an answer");
        (answer.status().as_u16(), answer.text().await.expect("a page"))
    };
    let (status, known) = ask("ZHANG@firm.example").await;
    let mail = smtp.line().expect("a link");
    let (_, unknown) = ask("nobody@firm.example").await;
    assert_eq!(status, 200);
    assert_eq!(known.replace("ZHANG", "nobody"), unknown);
    assert!(smtp.is_silent(Duration::from_secs(2)), "nobody else gets mail");
    let url = link(&mail, &server.base);

    // A scanner opens it; the button still works, once, and of two at once one wins.
    let scanner = browser();
    for _ in 0..2 {
        let page = scanner
            .get(&url)
            .header(ACCEPT, "text/html")
            .send()
            .await
            .expect("a page");
        assert_eq!(page.status(), 200);
        assert!(page.headers().get("set-cookie").is_none());
    }
    let (a, b) = (browser(), browser());
    let (one, two) = tokio::join!(a.post(&url).fields(&[]).send(), b.post(&url).fields(&[]).send());
    let mut statuses = [
        one.expect("an answer").status().as_u16(),
        two.expect("an answer").status().as_u16(),
    ];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 410]);
    let gone = scanner
        .get(&url)
        .header(ACCEPT, "text/html")
        .send()
        .await
        .expect("a page");
    assert_eq!(gone.status(), 410);
    let mut ins = 0;
    for client in [a, b] {
        let me = client
            .get(at("/app/me"))
            .header(ACCEPT, "text/html")
            .send()
            .await
            .expect("an answer");
        ins += u32::from(me.headers().get(LOCATION).is_none() && me.status() == 200);
    }
    assert_eq!(ins, 1);
    // Three in their time are enough for anybody.
    for _ in 0..4 {
        ask("zhang@firm.example").await;
    }
    let mails = (0..4).filter(|_| !smtp.is_silent(Duration::from_secs(2))).count();
    assert_eq!(mails, 2, "one was asked for before");
    server.stop().await;
}
