//! Signing in and out.

use axum::http::StatusCode;
use bole::app::accounts::{self, AccountRefusal, SignInRefusal};
use bole::domain::Clock;

use super::{Browser, app};
use crate::support::TestDb;

const RIGHT: &str = "correct horse battery";

async fn given_an_admin_when_signing_in_then_pages_open_under_a_fresh_session(db: TestDb) {
    let app = app(&db);
    accounts::create_admin(&app, "Boss@Firm.example", "老板", RIGHT)
        .await
        .expect("a store")
        .expect("an account");
    let mut browser = Browser::new(&app);

    let closed = browser.get("/app?x=1").await;
    assert_eq!(closed.status, StatusCode::SEE_OTHER);
    assert_eq!(closed.header("location"), "/app/signin?next=%2Fapp%3Fx%3D1");

    // An id planted before signing in is worth nothing afterwards.
    browser.set_cookie("bole_session", "AAAAAAAAAAAAAAAAAAAAAA");
    let fields = [
        ("login", " boss@firm.EXAMPLE"),
        ("password", RIGHT),
        ("next", "/app/board"),
    ];
    let opened = browser.post("/app/signin", &fields).await;
    assert_eq!(opened.status, StatusCode::SEE_OTHER, "{}", opened.body);
    assert_eq!(opened.header("location"), "/app/board");
    let cookies: Vec<&str> = opened
        .headers
        .get_all("set-cookie")
        .iter()
        .map(|v| v.to_str().expect("text"))
        .collect();
    let session = cookies
        .iter()
        .find(|c| c.starts_with("bole_session="))
        .expect("a session");
    for part in ["HttpOnly", "SameSite=Lax", "Secure", "Path=/"] {
        assert!(session.contains(part), "{session}");
    }
    assert_ne!(browser.cookie("bole_session"), Some("AAAAAAAAAAAAAAAAAAAAAA"));
    assert_eq!(
        browser.get("/app").await.header("location"),
        "/app/manage/campaigns"
    );

    // The id is not in the store, its hash is.
    let id = browser.cookie("bole_session").expect("a session").to_owned();
    let gone = browser.post("/app/signout", &[]).await;
    assert_eq!(gone.header("location"), "/app/signin");
    browser.set_cookie("bole_session", &id);
    assert!(
        browser
            .get("/app")
            .await
            .header("location")
            .starts_with("/app/signin")
    );
}

async fn given_a_session_when_its_days_are_over_then_signing_in_is_asked_again(db: TestDb) {
    let app = app(&db);
    let made = accounts::create_admin(&app, "boss", "老板", RIGHT)
        .await
        .expect("a store");
    made.expect("an account");
    let mut browser = Browser::new(&app);
    browser
        .post("/app/signin", &[("login", "boss"), ("password", RIGHT)])
        .await;
    db.clock.advance_ms(13 * 86_400_000);
    assert_eq!(
        browser.get("/app").await.header("location"),
        "/app/manage/campaigns"
    );
    db.clock.advance_ms(2 * 86_400_000);
    assert!(
        browser
            .get("/app")
            .await
            .header("location")
            .starts_with("/app/signin")
    );
}

async fn given_wrong_passwords_when_trying_on_then_the_account_waits_and_tells_nobody(db: TestDb) {
    let app = app(&db);
    let made = accounts::create_admin(&app, "boss", "老板", RIGHT)
        .await
        .expect("a store");
    made.expect("an account");
    let mut browser = Browser::new(&app);
    let unknown = browser
        .post(
            "/app/signin",
            &[("login", "nobody"), ("password", "whatever it is")],
        )
        .await;
    assert_eq!(unknown.status, StatusCode::UNPROCESSABLE_ENTITY);
    let known = browser
        .post(
            "/app/signin",
            &[("login", "boss"), ("password", "whatever it is")],
        )
        .await;
    assert_eq!(
        known.body.replace("boss", "nobody"),
        unknown.body,
        "one answer for both"
    );

    for _ in 0..4 {
        let tried = accounts::sign_in(&app, "boss", "whatever it is")
            .await
            .expect("a store");
        assert_eq!(tried.err(), Some(SignInRefusal::Wrong));
    }
    let locked = app
        .store
        .account_by_login("boss")
        .await
        .expect("a store")
        .expect("it");
    assert_eq!(locked.failed_count, 5);
    assert_eq!(locked.locked_until, Some(db.clock.now_ms() + 30_000));
    let right_too_soon = accounts::sign_in(&app, "boss", RIGHT).await.expect("a store");
    assert_eq!(right_too_soon.err(), Some(SignInRefusal::Wrong));
    db.clock.advance_ms(30_000);
    let right = accounts::sign_in(&app, "boss", RIGHT).await.expect("a store");
    assert!(right.is_ok());
    let clear = app
        .store
        .account_by_login("boss")
        .await
        .expect("a store")
        .expect("it");
    assert_eq!((clear.failed_count, clear.locked_until), (0, None));
}

async fn given_a_page_of_another_site_when_it_posts_a_form_then_it_is_refused(db: TestDb) {
    let app = app(&db);
    let made = accounts::create_admin(&app, "boss", "老板", RIGHT)
        .await
        .expect("a store");
    made.expect("an account");
    let mut browser = Browser::new(&app);
    browser.site = "cross-site";
    let refused = browser
        .post("/app/signin", &[("login", "boss"), ("password", RIGHT)])
        .await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert_eq!(browser.cookie("bole_session"), None);
    assert!(
        refused.body.contains("<html"),
        "a page, as the browser asked: {}",
        refused.body
    );
}

async fn given_a_login_that_exists_when_made_again_then_it_is_taken(db: TestDb) {
    let app = app(&db);
    let made = accounts::create_admin(&app, "boss", "老板", RIGHT)
        .await
        .expect("a store");
    made.expect("an account");
    let again = accounts::create_admin(&app, "BOSS", "别人", RIGHT)
        .await
        .expect("a store");
    assert_eq!(again, Err(AccountRefusal::Taken));
    let weak = accounts::create_admin(&app, "other", "别人", "short")
        .await
        .expect("a store");
    assert!(matches!(weak, Err(AccountRefusal::Password(_))));

    let mut browser = Browser::new(&app);
    browser
        .post("/app/signin", &[("login", "boss"), ("password", RIGHT)])
        .await;
    let reset = accounts::set_password(&app, "boss", "another good one 9")
        .await
        .expect("a store");
    assert_eq!(reset, Ok(()));
    assert!(
        browser
            .get("/app")
            .await
            .header("location")
            .starts_with("/app/signin"),
        "sessions end"
    );
    let old = accounts::sign_in(&app, "boss", RIGHT).await.expect("a store");
    assert!(old.is_err());
}

both!(
    given_an_admin_when_signing_in_then_pages_open_under_a_fresh_session,
    given_a_session_when_its_days_are_over_then_signing_in_is_asked_again,
    given_wrong_passwords_when_trying_on_then_the_account_waits_and_tells_nobody,
    given_a_page_of_another_site_when_it_posts_a_form_then_it_is_refused,
    given_a_login_that_exists_when_made_again_then_it_is_taken,
);
