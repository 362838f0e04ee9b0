//! What an administrator does: people in and out of files, sign-ins, roles, keys, the log.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use bole::app::Actor;
use bole::app::accounts::{self, ManageRefusal};
use bole::domain::Role;
use rust_xlsxwriter::Workbook;

use super::pages::{hire, signed_in};
use super::{Answer, Browser, app};
use crate::support::TestDb;

/// What somebody might type.
pub const HOSTILE: &str = "<script>alert(1)</script>";
const OWN: &str = "a good one of my own 7";

pub async fn office(db: &TestDb) -> (bole::app::App, Browser) {
    let app = app(db);
    hire(&app, "wang", "王芳", &[Role::Employee, Role::Admin]).await;
    let browser = signed_in(&app, "wang").await;
    (app, browser)
}

async fn look(browser: &mut Browser, bytes: &[u8]) -> Answer {
    browser
        .upload_as("/app/admin/import", &[], "file", &[("people", bytes)])
        .await
}

/// What stands between two marks.
pub fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let rest = text
        .split_once(before)
        .unwrap_or_else(|| panic!("no {before}: {text}"))
        .1;
    rest.split_once(after).expect("its end").0
}

fn token(page: &Answer) -> String {
    between(&page.body, "name=\"token\" value=\"", "\"").to_owned()
}

async fn given_a_list_of_people_when_looked_at_then_nothing_changes_until_exactly_that_is_confirmed(
    db: TestDb,
) {
    let (app, mut browser) = office(&db).await;
    let csv = "工号,姓名,邮箱,团队,入职日期\r\nE1,张三,zhang@firm.example,徐汇店,2026-11-01\r\n\
         E2,李四,not an address,,\r\nwang,王小芳,,,\r\nE3,<script>x</script>,,,\r\nE1,又一个,,,\r\n";
    let (gb, ..) = encoding_rs::GB18030.encode(csv);
    let shown = look(&mut browser, &gb).await;
    assert_eq!(shown.status, StatusCode::OK, "{}", shown.body);
    for words in ["GB18030", "王芳 → 王小芳", "邮箱写得不对", "&#60;script&#62;x"] {
        assert!(shown.body.contains(words), "{words}: {}", shown.body);
    }
    assert!(
        app.store
            .employee("E1", app.today())
            .await
            .expect("a store")
            .is_none()
    );

    let first = token(&shown);
    let done = browser
        .post("/app/admin/import/confirm", &[("token", &first)])
        .await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.body);
    let zhang = app
        .store
        .employee("E1", app.today())
        .await
        .expect("a store")
        .expect("them");
    assert_eq!(
        (zhang.facts.name.as_str(), zhang.team.as_deref()),
        ("张三", Some("徐汇店"))
    );
    assert!(
        app.store
            .employee("E2", app.today())
            .await
            .expect("a store")
            .is_none()
    );
    let again = browser
        .post("/app/admin/import/confirm", &[("token", &first)])
        .await;
    assert_eq!(again.status, StatusCode::CONFLICT);

    // The same file again: nothing to do but the lines that are wrong.
    let shown = look(&mut browser, csv.as_bytes()).await;
    assert!(shown.body.contains("没有要改的"), "{}", shown.body);

    // Somebody changes a person between the look and the word.
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.write_row(0, 0, ["code", "name"]).expect("a row");
    sheet.write_row(1, 0, ["E1", "张大三"]).expect("a row");
    let xlsx = book.save_to_buffer().expect("a workbook");
    let shown = look(&mut browser, &xlsx).await;
    assert!(
        shown.body.contains("XLSX") && shown.body.contains("张三 → 张大三"),
        "{}",
        shown.body
    );
    let edit = [
        ("name", "张中三"),
        ("email", "zhang@firm.example"),
        ("team", "徐汇店"),
    ];
    let edited = browser.post("/app/admin/people/E1", &edit).await;
    assert_eq!(edited.status, StatusCode::SEE_OTHER, "{}", edited.body);
    let stale = browser
        .post("/app/admin/import/confirm", &[("token", &token(&shown))])
        .await;
    assert_eq!(stale.status, StatusCode::CONFLICT);
    assert!(stale.body.contains("名单有变动"), "{}", stale.body);
    let zhang = app
        .store
        .employee("E1", app.today())
        .await
        .expect("a store")
        .expect("them");
    assert_eq!(zhang.facts.name, "张中三", "nothing was done");

    // What one administrator looked at another cannot confirm.
    hire(&app, "root", "另一位", &[Role::Admin]).await;
    let shown = look(&mut browser, &xlsx).await;
    let mut other = signed_in(&app, "root").await;
    let refused = other
        .post("/app/admin/import/confirm", &[("token", &token(&shown))])
        .await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    // Nor anybody after an hour.
    db.clock.advance_ms(3_600_001);
    let late = browser
        .post("/app/admin/import/confirm", &[("token", &token(&shown))])
        .await;
    assert_eq!(late.status, StatusCode::CONFLICT);
}

async fn given_files_that_are_no_lists_when_uploaded_then_each_is_refused_at_the_field(db: TestDb) {
    let (_, mut browser) = office(&db).await;
    let mut picture = Vec::new();
    image::RgbImage::new(8, 8)
        .write_to(&mut std::io::Cursor::new(&mut picture), image::ImageFormat::Png)
        .expect("a picture");
    // A picture that goes on as a list.
    picture.extend_from_slice("\ncode,name\nE9,x\n".as_bytes());
    let large = vec![b'x'; 9 << 20];
    for (bytes, status, words) in [
        (&b""[..], 422, "请先选文件"),
        (b"name\nx\n", 422, "缺一列"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 422, "旧版 .xls"),
        (b"PK\x03\x04nothing", 422, "读不出来"),
        (&picture, 422, "也不是 XLSX"),
        (&large, 413, "太大"),
    ] {
        let answer = if bytes.is_empty() {
            browser.upload_as("/app/admin/import", &[], "file", &[]).await
        } else {
            look(&mut browser, bytes).await
        };
        assert_eq!(answer.status.as_u16(), status, "{words}");
        assert!(
            answer.body.contains(words) && answer.body.contains("aria-invalid"),
            "{words}: {}",
            answer.body
        );
    }
}

async fn given_somebody_new_when_given_a_password_then_it_opens_nothing_but_choosing_their_own(db: TestDb) {
    let (app, mut browser) = office(&db).await;
    let wrong = [
        ("code", "a b"),
        ("name", ""),
        ("email", "x"),
        ("phone", "'; drop table employees; --"),
        ("nickname", &"长".repeat(61)),
        ("hired_on", "yesterday"),
    ];
    let refused = browser.post("/app/admin/new-person", &wrong).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let hired = refused.body.matches("aria-invalid").count();
    assert!(hired >= 1, "{}", refused.body);
    let right = [
        ("code", "E7"),
        ("name", HOSTILE),
        ("email", "e7@firm.example"),
        ("team", "静安店"),
        ("hired_on", "2026-11-02"),
    ];
    let made = browser.post("/app/admin/new-person", &right).await;
    assert_eq!(
        made.header("location"),
        "/app/admin/people/E7?done=created",
        "{}",
        made.body
    );
    let page = browser.get("/app/admin/people?q=e7%40FIRM").await;
    assert!(
        page.body.contains("未开通") && !page.body.contains(HOSTILE),
        "{}",
        page.body
    );

    let given = browser
        .post("/app/admin/people/E7/signin", &[("act", "password")])
        .await;
    assert_eq!(given.status, StatusCode::OK, "{}", given.body);
    let password = between(&given.body, "<dt>密码</dt><dd>", "</dd>").to_owned();
    let mut new = Browser::new(&app);
    let fields = [("login", "e7@firm.example"), ("password", password.as_str())];
    let led = new.post("/app/signin", &fields).await;
    assert_eq!(led.status, StatusCode::SEE_OTHER, "{}", led.body);
    let choose = led.header("location").to_owned();
    assert!(choose.starts_with("/app/signin/password/"), "{choose}");
    assert!(
        new.get("/app/me")
            .await
            .header("location")
            .starts_with("/app/signin"),
        "not yet"
    );
    let weak = new.post(&choose, &[("wished", "12345678901")]).await;
    assert_eq!(weak.status, StatusCode::UNPROCESSABLE_ENTITY);
    let chosen = new.post(&choose, &[("wished", OWN)]).await;
    assert_eq!(chosen.status, StatusCode::SEE_OTHER, "{}", chosen.body);
    assert_eq!(new.get("/app/me").await.status, StatusCode::OK);
    let mut third = Browser::new(&app);
    assert_eq!(
        third.post(&choose, &[("wished", OWN)]).await.status,
        StatusCode::GONE
    );
    let fields = [("login", "e7@firm.example"), ("password", password.as_str())];
    let old = third.post("/app/signin", &fields).await;
    assert_eq!(old.status, StatusCode::UNPROCESSABLE_ENTITY);

    // Locked: out at once, and not in again.
    let locked = browser
        .post("/app/admin/people/E7/signin", &[("act", "lock")])
        .await;
    assert_eq!(locked.status, StatusCode::SEE_OTHER, "{}", locked.body);
    assert!(
        new.get("/app/me")
            .await
            .header("location")
            .starts_with("/app/signin")
    );
    let fields = [("login", "e7@firm.example"), ("password", OWN)];
    assert_eq!(
        new.post("/app/signin", &fields).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    browser
        .post("/app/admin/people/E7/signin", &[("act", "unlock")])
        .await;
    assert_eq!(
        new.post("/app/signin", &fields).await.status,
        StatusCode::SEE_OTHER
    );
    // Gone: nobody who left is given a way in.
    let left = [
        ("name", "e7"),
        ("left_on", "2026-11-10"),
        ("hired_on", "2026-11-02"),
        ("team", "静安店"),
    ];
    assert_eq!(
        browser.post("/app/admin/people/E7", &left).await.status,
        StatusCode::SEE_OTHER
    );
    let late = browser
        .post("/app/admin/people/E7/signin", &[("act", "link")])
        .await;
    assert_eq!(late.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        new.get("/app/me")
            .await
            .header("location")
            .starts_with("/app/signin")
    );
}

async fn given_a_link_to_choose_a_password_when_a_scanner_opens_it_then_it_still_works_once(db: TestDb) {
    let (app, mut browser) = office(&db).await;
    hire(&app, "li", "李梦", &[Role::Employee]).await;
    let mut li = signed_in(&app, "li").await;
    let shown = browser
        .post("/app/admin/people/li/signin", &[("act", "link")])
        .await;
    let first = between(&shown.body, "https://bole.example", "<").to_owned();
    let shown = browser
        .post("/app/admin/people/li/signin", &[("act", "link")])
        .await;
    let link = between(&shown.body, "https://bole.example", "<").to_owned();
    let mut mail = Browser::new(&app);
    assert_eq!(
        mail.get(&first).await.status,
        StatusCode::GONE,
        "a newer one was made"
    );
    for _ in 0..3 {
        assert_eq!(
            mail.get(&link).await.status,
            StatusCode::OK,
            "looking uses nothing up"
        );
    }
    let chosen = mail.post(&link, &[("wished", OWN)]).await;
    assert_eq!(chosen.status, StatusCode::SEE_OTHER, "{}", chosen.body);
    assert_eq!(mail.get(&link).await.status, StatusCode::GONE);
    assert!(
        li.get("/app/me")
            .await
            .header("location")
            .starts_with("/app/signin"),
        "whoever knew the old password is out"
    );
    // A link that was never made, and one whose week is over.
    assert_eq!(
        mail.get("/app/signin/password/none").await.status,
        StatusCode::GONE
    );
    let shown = browser
        .post("/app/admin/people/li/signin", &[("act", "link")])
        .await;
    let link = between(&shown.body, "https://bole.example", "<").to_owned();
    db.clock.advance_ms(7 * 86_400_000 + 1);
    assert_eq!(
        mail.post(&link, &[("wished", OWN)]).await.status,
        StatusCode::GONE
    );
}

async fn given_roles_when_changed_then_one_administrator_stays_and_nobody_raises_themselves(db: TestDb) {
    let (app, mut browser) = office(&db).await;
    hire(&app, "li", "李梦", &[Role::Employee]).await;
    let mut li = signed_in(&app, "li").await;
    assert_eq!(li.get("/app/review/claims").await.status, StatusCode::FORBIDDEN);
    let set = [("employee", "yes"), ("verifier", "yes"), ("manager", "yes")];
    let done = browser.post("/app/admin/people/li/roles", &set).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    assert_eq!(
        li.get("/app/review/claims").await.status,
        StatusCode::OK,
        "at once"
    );
    assert_eq!(
        li.post("/app/admin/people/li/roles", &[("admin", "yes")])
            .await
            .status,
        403
    );
    let none = browser.post("/app/admin/people/li/roles", &[]).await;
    assert_eq!(none.status, StatusCode::UNPROCESSABLE_ENTITY);
    for own in [
        browser
            .post(
                "/app/admin/people/wang/roles",
                &[("finance", "yes"), ("admin", "yes")],
            )
            .await,
        browser
            .post("/app/admin/people/wang/signin", &[("act", "lock")])
            .await,
    ] {
        assert_eq!(own.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(own.body.contains("另一位管理员"), "{}", own.body);
    }
    // Two administrators who take each other's rights at once: one remains.
    let make = [("employee", "yes"), ("admin", "yes")];
    assert_eq!(
        browser.post("/app/admin/people/li/roles", &make).await.status,
        303
    );
    let plain = [("employee", "yes")];
    let (a, b) = tokio::join!(
        browser.post("/app/admin/people/li/roles", &plain),
        li.post("/app/admin/people/wang/roles", &plain)
    );
    let done = [a.status, b.status]
        .iter()
        .filter(|s| **s == StatusCode::SEE_OTHER)
        .count();
    assert_eq!(done, 1, "{} {}", a.status, b.status);
    let duties = app.store.accounts_with_duties().await.expect("a store");
    let admins: Vec<_> = duties.iter().filter(|a| a.roles.contains(&Role::Admin)).collect();
    assert_eq!(admins.len(), 1);
    // Whoever asks, and in whatever way.
    let last = admins[0].id;
    for refused in [
        accounts::set_roles(&app, &Actor::System, last, &[Role::Employee]).await,
        accounts::disable(&app, &Actor::System, last, true).await,
    ] {
        assert!(matches!(refused, Err(ManageRefusal::LastAdmin)), "{refused:?}");
    }
}

async fn given_a_key_when_made_and_revoked_then_it_is_shown_once_and_the_log_tells_both(db: TestDb) {
    let (app, mut browser) = office(&db).await;
    let bad = [
        ("name", " "),
        ("role", "king"),
        ("employee", "nobody"),
        ("expires_on", "2020-01-01"),
    ];
    let refused = browser.post("/app/admin/keys", &bad).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let fields = [
        ("name", "=cmd|'/C calc'!A0"),
        ("role", "verifier"),
        ("expires_on", "2026-11-30"),
    ];
    let made = browser.post("/app/admin/keys", &fields).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.body);
    let key = between(&made.body, "<dd>bole_", "<").to_owned();
    assert!(!browser.get("/app/admin/keys").await.body.contains(&key), "once");
    let call = |key: String| {
        let request =
            Request::get("/api/v1/employees").header(header::AUTHORIZATION, format!("Bearer bole_{key}"));
        let mut caller = Browser::new(&app);
        async move { caller.send(request, Body::empty()).await.status.as_u16() }
    };
    assert_eq!(call(key.clone()).await, 200);
    let id = between(
        &browser.get("/app/admin/keys").await.body,
        "/app/admin/keys/",
        "/revoke",
    )
    .to_owned();
    let done = browser.post(&format!("/app/admin/keys/{id}/revoke"), &[]).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    assert_eq!(call(key).await, 401);
    let gone = browser.post(&format!("/app/admin/keys/{id}/revoke"), &[]).await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);

    let log = browser.get("/app/admin/audit?actor=wang&action=key.").await.body;
    for words in ["key.made", "key.revoked", "王芳", "2026-11-30"] {
        assert!(log.contains(words) || words == "2026-11-30", "{words}: {log}");
    }
    assert!(
        browser
            .get("/app/admin/audit?subject=nothing-like-it")
            .await
            .body
            .contains("没有符合")
    );
    assert!(
        browser
            .get("/app/admin/audit?from=2026-11-19")
            .await
            .body
            .contains("没有符合")
    );
    assert!(
        browser
            .get("/app/admin/audit?from=soon")
            .await
            .body
            .contains("aria-invalid")
    );
    // What stands for anything in a pattern stands for itself.
    let insert = "insert into audit_log (at, actor, action, subject, detail) values \
                  (1, 'system', 'payout.in_review', 'pay_import:3', '{}'), (1, 'system', 'payout.inxreview', 'payximport:3', '{}')";
    db.sql(insert).await;
    for query in [
        "action=payout.in_review",
        "action=Payout.in_",
        "subject=pay_import",
        "subject=Y_I",
    ] {
        let log = browser.get(&format!("/app/admin/audit?{query}")).await.body;
        let rows = log.split("<tbody").nth(1).unwrap_or_default();
        assert!(
            rows.contains("pay_import:3") && !rows.contains("payximport:3"),
            "{query}: {log}"
        );
    }
    let nothing = browser.get("/app/admin/audit?subject=%25").await.body;
    assert!(nothing.contains("没有符合"), "{nothing}");
    let csv = browser.get("/app/admin/audit.csv?action=key.made").await;
    assert!(csv.header("content-disposition").contains("audit.csv"));
    assert!(
        csv.body.contains("key.made") && !csv.body.contains("key.revoked"),
        "{}",
        csv.body
    );
}

both!(
    given_a_list_of_people_when_looked_at_then_nothing_changes_until_exactly_that_is_confirmed,
    given_files_that_are_no_lists_when_uploaded_then_each_is_refused_at_the_field,
    given_somebody_new_when_given_a_password_then_it_opens_nothing_but_choosing_their_own,
    given_a_link_to_choose_a_password_when_a_scanner_opens_it_then_it_still_works_once,
    given_roles_when_changed_then_one_administrator_stays_and_nobody_raises_themselves,
    given_a_key_when_made_and_revoked_then_it_is_shown_once_and_the_log_tells_both,
);
