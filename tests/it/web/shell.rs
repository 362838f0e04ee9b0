//! What every answer carries: headers, cache policy, language, errors in the form asked for.

use axum::body::Body;
use axum::http::{Request, StatusCode};

use super::{Browser, app};
use crate::support::TestDb;

async fn given_any_page_when_answered_then_it_is_guarded_and_not_kept(db: TestDb) {
    let mut browser = Browser::new(&app(&db));
    let page = browser.get("/app/signin").await;
    assert_eq!(page.status, StatusCode::OK);
    let policy = page.header("content-security-policy");
    assert!(
        policy.contains("default-src 'none'") && !policy.contains("unsafe-inline"),
        "{policy}"
    );
    assert!(
        policy.contains("form-action 'self' https://s.example"),
        "the bounce over the short host: {policy}"
    );
    assert_eq!(page.header("cache-control"), "private, no-store");
    assert_eq!(page.header("x-content-type-options"), "nosniff");
    assert!(!page.header("x-request-id").is_empty());
    for inline in ["<style", " style=", " onclick=", "<script>", "javascript:"] {
        assert!(!page.body.contains(inline), "{inline}");
    }
}

async fn given_a_file_when_asked_by_its_hash_then_it_may_be_kept_for_ever(db: TestDb) {
    let mut browser = Browser::new(&app(&db));
    let page = browser.get("/app/signin").await.body;
    let start = page.find("/assets/").expect("a style sheet");
    let address = page[start..].split('"').next().expect("its end").to_owned();
    let file = browser.get(&address).await;
    assert_eq!(file.status, StatusCode::OK, "{address}");
    assert_eq!(
        file.header("cache-control"),
        "public, max-age=31536000, immutable"
    );
    let tag = file.header("etag").to_owned();
    let again = browser
        .send(
            Request::get(&address).header("if-none-match", &tag),
            Body::empty(),
        )
        .await;
    assert_eq!(again.status, StatusCode::NOT_MODIFIED);
    let old = address.replacen(tag.trim_matches('"'), "000000000000", 1);
    assert_eq!(browser.get(&old).await.header("cache-control"), "no-cache");
    assert_eq!(
        browser.get("/assets/0/../Cargo.toml").await.status,
        StatusCode::NOT_FOUND
    );
}

async fn given_an_error_when_html_is_asked_for_then_it_is_a_page_else_a_problem(db: TestDb) {
    let mut browser = Browser::new(&app(&db));
    let page = browser.get("/app/nowhere").await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    assert!(page.body.contains("没有这一页"), "{}", page.body);
    browser.language = "en";
    assert!(browser.get("/app/nowhere").await.body.contains("No such page"));
    let problem = browser.send(Request::get("/app/nowhere"), Body::empty()).await;
    assert_eq!(problem.header("content-type"), "application/problem+json");
    let unknown = browser.get("/api/v1/nowhere").await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    assert_eq!(
        unknown.header("content-type"),
        "application/problem+json",
        "the API speaks JSON to all"
    );
    let method = browser.send(Request::delete("/app/signin"), Body::empty()).await;
    assert_eq!(method.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(method.header("content-type"), "application/problem+json");
    assert!(method.header("allow").contains("GET"));
    let page = Request::delete("/app/signin").header("accept", "text/html");
    let page = browser.send(page, Body::empty()).await;
    assert!(page.header("content-type").starts_with("text/html") && page.header("allow").contains("GET"));
    let large = browser
        .post(
            "/app/signin",
            &[("login", "x"), ("password", &"x".repeat(2 << 20))],
        )
        .await;
    assert_eq!(large.status, StatusCode::PAYLOAD_TOO_LARGE);
}

async fn given_a_language_chosen_when_looking_on_then_pages_keep_it(db: TestDb) {
    let mut browser = Browser::new(&app(&db));
    assert!(browser.get("/app/signin").await.body.contains("lang=\"zh-CN\""));
    let changed = browser
        .post("/app/lang", &[("lang", "en"), ("next", "/app/board")])
        .await;
    assert_eq!(changed.header("location"), "/app/signin?next=%2Fapp%2Fboard");
    let page = browser.get("/app/signin").await.body;
    assert!(
        page.contains("<html lang=\"en\">") && page.contains("Sign in"),
        "{page}"
    );
    let wrong = browser.post("/app/lang", &[("lang", "fr")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
}

async fn given_an_operator_when_asking_for_health_then_it_answers(db: TestDb) {
    let mut browser = Browser::new(&app(&db));
    assert_eq!(browser.get("/healthz").await.body, "ok\n");
    assert_eq!(browser.get("/readyz").await.status, StatusCode::OK);
    db.store.close().await;
    let away = browser.get("/readyz").await;
    assert_eq!(away.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(away.body.contains("store"), "{}", away.body);
}

async fn given_the_api_when_read_by_people_then_its_description_is_a_page(db: TestDb) {
    let mut browser = Browser::new(&app(&db));
    let page = browser.get("/api/docs").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains("swagger-ui-bundle.js"));
    assert!(
        !page.body.contains("//cdn") && !page.body.contains("https://"),
        "nothing from elsewhere"
    );
}

both!(
    given_any_page_when_answered_then_it_is_guarded_and_not_kept,
    given_a_file_when_asked_by_its_hash_then_it_may_be_kept_for_ever,
    given_an_error_when_html_is_asked_for_then_it_is_a_page_else_a_problem,
    given_a_language_chosen_when_looking_on_then_pages_keep_it,
    given_an_operator_when_asking_for_health_then_it_answers,
    given_the_api_when_read_by_people_then_its_description_is_a_page,
);
