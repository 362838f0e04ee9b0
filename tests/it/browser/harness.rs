//! The browser itself, tried on pages made up here: what the other browser tests rely on.

use std::time::Duration;

use axum::Router;
use axum::http::header;
use axum::response::Html;
use axum::routing::get;

use crate::support::browser::{Browser, Look};

const GOOD: &str = "<!doctype html><html lang=zh><head><meta charset=utf-8><title>好</title>\
     <meta name=viewport content='width=device-width'></head>\
     <body><main><h1>伯乐相马</h1><p id=lang></p><script>lang.textContent=navigator.language</script></main></body></html>";

const BAD: &str = "<!doctype html><html><head><meta charset=utf-8></head><body><img src=/nothing.png>\
     <div style='width:900px'>wide</div><script>console.error('broken on purpose')</script></body></html>";

async fn pages() -> String {
    let csp = [(
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'none'",
    )];
    let app = Router::new()
        .route("/good", get(|| async { Html(GOOD) }))
        .route("/strict", get(move || async move { (csp, Html(GOOD)) }))
        .route("/bad", get(|| async { Html(BAD) }));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let base = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move { axum::serve(listener, app).await });
    base
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_good_and_a_bad_page_when_looked_at_then_only_the_bad_one_is_complained_about() {
    let base = pages().await;
    let browser = Browser::open(Look::PHONE).await;

    browser.goto(&format!("{base}/good")).await;
    browser
        .until("document.readyState === 'complete'", Duration::from_secs(5))
        .await;
    assert_eq!(
        browser.console_errors().await.len(),
        1,
        "only the missing favicon"
    );
    assert_eq!(browser.axe().await, Vec::<String>::new());
    assert!(!browser.overflows().await);
    assert_eq!(browser.js("return lang.textContent").await, "zh-CN");
    assert_eq!(browser.js("return window.innerWidth").await, 360);
    assert_eq!(browser.third_party(&base).await, Vec::<String>::new());
    let picture = browser.screenshot("harness").await;
    let size = image::image_dimensions(&picture).expect("a PNG");
    assert_eq!(size.0, 720, "360 CSS pixels at a phone's density");

    browser.goto(&format!("{base}/strict")).await;
    browser.axe().await;

    browser.console_errors().await;
    browser.goto(&format!("{base}/bad")).await;
    let errors = browser.console_errors().await;
    assert!(
        errors.iter().any(|e| e.contains("broken on purpose")),
        "{errors:?}"
    );
    let found = browser.axe().await.join("\n");
    for rule in ["image-alt", "html-has-lang", "document-title"] {
        assert!(found.contains(rule), "axe should find {rule}: {found}");
    }
    assert!(browser.overflows().await);
    let requests = browser.requests().await;
    assert!(requests.contains(&format!("{base}/nothing.png")), "{requests:?}");

    browser.look_as(Look::DESK.english().dark()).await;
    browser.goto(&format!("{base}/good")).await;
    assert_eq!(browser.js("return lang.textContent").await, "en");
    assert_eq!(
        browser
            .js("return matchMedia('(prefers-color-scheme: dark)').matches")
            .await,
        true
    );
    assert_eq!(browser.js("return window.innerWidth").await, 1280);

    browser.hide().await;
    assert_eq!(browser.js("return document.visibilityState").await, "hidden");
    browser.show().await;
    browser.close().await;
}
