//! Signing in and out.

use axum::http::StatusCode;
use bole::app::accounts::{self, AccountRefusal, SignInRefusal};
use bole::classify::Network;
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
    assert_eq!(browser.get("/app").await.header("location"), "/app/admin/people");

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
    assert_eq!(browser.get("/app").await.header("location"), "/app/admin/people");
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

    let here = Network::V4([203, 0, 113]);
    let tried = async |login: &'static str, password: &'static str, network: Network| {
        accounts::sign_in(&app, login, password, network)
            .await
            .expect("a store")
            .map(|account| account.login)
    };
    for login in ["boss", "nobody"] {
        for _ in 0..5 {
            assert_eq!(
                tried(login, "whatever it is", here).await,
                Err(SignInRefusal::Wrong)
            );
        }
        // Known or not: the same wait is told, and the right password does not get around it.
        assert_eq!(
            tried(login, RIGHT, here).await,
            Err(SignInRefusal::Wait(30)),
            "{login}"
        );
    }
    // Whoever tries from elsewhere locks nobody out here, and is not locked out by others.
    let elsewhere = Network::V4([198, 51, 100]);
    assert_eq!(tried("boss", RIGHT, elsewhere).await, Ok("boss".to_owned()));
    db.clock.advance_ms(29_000);
    assert_eq!(tried("boss", RIGHT, here).await, Err(SignInRefusal::Wait(1)));
    db.clock.advance_ms(1_000);
    assert_eq!(tried("boss", RIGHT, here).await, Ok("boss".to_owned()));
    assert_eq!(
        tried("boss", "whatever it is", here).await,
        Err(SignInRefusal::Wrong),
        "counted anew"
    );
}

async fn given_many_guesses_sent_at_once_when_the_last_is_right_then_it_waits_like_the_others(db: TestDb) {
    let app = app(&db);
    let made = accounts::create_admin(&app, "boss", "老板", RIGHT)
        .await
        .expect("a store");
    made.expect("an account");
    let here = Network::V4([203, 0, 113]);
    let mut guesses = tokio::task::JoinSet::new();
    for n in 0..12 {
        let app = app.clone();
        guesses.spawn(async move {
            let password = format!("whatever it is {n}");
            accounts::sign_in(&app, "boss", &password, here).await
        });
    }
    // Begun while nobody waits yet, answered after the others.
    tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    let last = accounts::sign_in(&app, "boss", RIGHT, here)
        .await
        .expect("a store");
    guesses.join_all().await;
    assert!(
        matches!(last, Err(SignInRefusal::Wait(_) | SignInRefusal::Busy)),
        "{:?}",
        last.map(|account| account.login)
    );
    let wrong = accounts::sign_in(&app, "boss", RIGHT, here)
        .await
        .expect("a store");
    assert!(matches!(wrong, Err(SignInRefusal::Wait(_))), "all were counted");
}

async fn given_many_networks_when_they_guess_one_login_then_strangers_wait_and_its_owner_does_not(
    db: TestDb,
) {
    let app = app(&db);
    let made = accounts::create_admin(&app, "boss", "老板", RIGHT)
        .await
        .expect("a store");
    made.expect("an account");
    let home = Network::V4([203, 0, 113]);
    accounts::sign_in(&app, "boss", RIGHT, home)
        .await
        .expect("a store")
        .expect("in");
    for n in 0..40 {
        let tried = accounts::sign_in(&app, "boss", "a guess", Network::V4([10, 0, n]))
            .await
            .expect("a store");
        assert_eq!(tried.err(), Some(SignInRefusal::Wrong));
    }
    let stranger = Network::V4([10, 1, 0]);
    let tried = accounts::sign_in(&app, "boss", RIGHT, stranger)
        .await
        .expect("a store");
    assert_eq!(tried.err(), Some(SignInRefusal::Wait(30)));
    let owner = accounts::sign_in(&app, "boss", RIGHT, home)
        .await
        .expect("a store");
    assert!(owner.is_ok(), "known here: not locked out by others");
    // One network that guesses many logins waits as a whole; it is let in again, and never for more than a quarter of an hour.
    let office = Network::V4([10, 2, 0]);
    for n in 0..30 {
        let login = format!("nobody-{n}");
        accounts::sign_in(&app, &login, "a guess", office)
            .await
            .expect("a store")
            .expect_err("wrong");
    }
    let tried = accounts::sign_in(&app, "boss", RIGHT, office)
        .await
        .expect("a store");
    assert_eq!(tried.err(), Some(SignInRefusal::Wait(30)));
    db.clock.advance_ms(900_000);
    assert!(
        accounts::sign_in(&app, "boss", RIGHT, office)
            .await
            .expect("a store")
            .is_ok()
    );
    let page = {
        let mut browser = Browser::new(&app);
        for _ in 0..5 {
            browser
                .post("/app/signin", &[("login", "somebody"), ("password", "a guess")])
                .await;
        }
        browser
            .post("/app/signin", &[("login", "somebody"), ("password", "a guess")])
            .await
    };
    assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(page.header("retry-after"), "30");
    assert!(page.body.contains("30 秒后再试"), "{}", page.body);
}

async fn given_two_browsers_when_one_is_ended_from_the_list_then_only_the_other_stays_in(db: TestDb) {
    let app = app(&db);
    let made = accounts::create_admin(&app, "boss", "老板", RIGHT)
        .await
        .expect("a store");
    let id = made.expect("an account");
    let (mut phone, mut desk) = (Browser::new(&app), Browser::new(&app));
    for browser in [&mut phone, &mut desk] {
        browser
            .post("/app/signin", &[("login", "boss"), ("password", RIGHT)])
            .await;
    }
    let open = accounts::open_sessions(&app, id, None).await.expect("a store");
    assert_eq!(open.len(), 2);
    assert!(
        open.iter()
            .all(|s| s.begun_at == Some(db.clock.now_ms()) && !s.is_current)
    );
    assert!(
        !accounts::end_session(&app, id + 1, &open[0].key)
            .await
            .expect("a store"),
        "another's"
    );
    assert!(
        accounts::end_session(&app, id, &open[0].key)
            .await
            .expect("a store")
    );
    let stays = [phone.get("/app").await, desk.get("/app").await]
        .iter()
        .filter(|a| !a.header("location").starts_with("/app/signin"))
        .count();
    assert_eq!(stays, 1);

    // The same by hand: the page lists both, and leaves only its own.
    let mut third = Browser::new(&app);
    third.language = "zh-CN";
    third
        .post("/app/signin", &[("login", "boss"), ("password", RIGHT)])
        .await;
    let page = third.get("/app/me").await.body;
    assert!(
        page.contains("登录中的设备") && page.contains("退出其他所有设备"),
        "{page}"
    );
    assert_eq!(
        page.matches("name=\"key\"").count(),
        1,
        "one beside this one: {page}"
    );
    let ended = third.post("/app/me/sessions/end", &[]).await;
    assert_eq!(ended.header("location"), "/app/me?done=ended#sessions");
    let page = third.get("/app/me?done=ended").await.body;
    assert!(
        page.contains("已退出") && !page.contains("退出其他所有设备"),
        "{page}"
    );
    for browser in [&mut phone, &mut desk] {
        assert!(
            browser
                .get("/app")
                .await
                .header("location")
                .starts_with("/app/signin")
        );
    }
    let old = third.get("/app/me/sessions").await;
    assert_eq!(old.header("location"), "/app/me#sessions");
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
    let old = accounts::sign_in(&app, "boss", RIGHT, Network::V4([10, 0, 0]))
        .await
        .expect("a store");
    assert!(old.is_err());
}

both!(
    given_many_guesses_sent_at_once_when_the_last_is_right_then_it_waits_like_the_others,
    given_many_networks_when_they_guess_one_login_then_strangers_wait_and_its_owner_does_not,
    given_two_browsers_when_one_is_ended_from_the_list_then_only_the_other_stays_in,
    given_an_admin_when_signing_in_then_pages_open_under_a_fresh_session,
    given_a_session_when_its_days_are_over_then_signing_in_is_asked_again,
    given_wrong_passwords_when_trying_on_then_the_account_waits_and_tells_nobody,
    given_a_page_of_another_site_when_it_posts_a_form_then_it_is_refused,
    given_a_login_that_exists_when_made_again_then_it_is_taken,
);
