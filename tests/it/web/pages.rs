//! Pages end to end: a manager makes a campaign, an employee gets a link, both see what they should and no more.

use axum::http::StatusCode;
use bole::app::accounts::{self, AccountWish};
use bole::app::materials::{MaterialStep, decide_on_material};
use bole::app::people::{NewEmployee, create_employee};
use bole::app::{Actor, App};
use bole::domain::Role;

use super::{Browser, app};
use crate::support::TestDb;

const PASSWORD: &str = "correct horse battery";

/// An employee with an account of the same name.
pub async fn hire(app: &App, code: &str, name: &str, roles: &[Role]) {
    let new = NewEmployee {
        code: code.into(),
        name: name.into(),
        team: Some("徐汇店".into()),
        ..NewEmployee::default()
    };
    create_employee(app, &Actor::System, &new)
        .await
        .expect("an employee");
    let employee = app
        .store
        .employee(code, app.today())
        .await
        .expect("a store")
        .expect("them");
    let wish = AccountWish {
        login: code,
        name,
        password: Some(PASSWORD),
        roles,
        employee: Some(employee.id),
        lang: "zh",
    };
    accounts::create(app, &wish)
        .await
        .expect("a store")
        .expect("an account");
}

pub async fn signed_in(app: &App, login: &str) -> Browser {
    let mut browser = Browser::new(app);
    let answer = browser
        .post("/app/signin", &[("login", login), ("password", PASSWORD)])
        .await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    browser
}

const CAMPAIGN: [(&str, &str); 4] = [
    ("slug", "winter"),
    ("name", "冬季焕肤季"),
    ("destination", "https://shop.example/winter"),
    ("ends_on", "2026-12-31"),
];

async fn given_a_campaign_made_on_a_page_when_an_employee_asks_for_a_link_then_the_copy_carries_it(
    db: TestDb,
) {
    let app = app(&db);
    hire(&app, "chen", "陈经理", &[Role::Employee, Role::Manager]).await;
    hire(&app, "zhang", "张晓雯", &[Role::Employee]).await;

    let mut manager = signed_in(&app, "chen").await;
    let empty = manager.get("/app/manage/campaigns").await;
    assert!(empty.body.contains("还没有活动"), "{}", empty.body);
    let mut wrong = CAMPAIGN.to_vec();
    wrong[2] = ("destination", "javascript:alert(1)");
    let refused = manager.post("/app/manage/new-campaign", &wrong).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        refused.body.contains("id=\"destination-error\"") && refused.body.contains("冬季焕肤季"),
        "kept"
    );
    let made = manager.post("/app/manage/new-campaign", &CAMPAIGN).await;
    assert_eq!(
        made.header("location"),
        "/app/manage/campaigns/winter?done=created"
    );
    let taken = manager
        .post(
            "/app/manage/new-campaign",
            &[CAMPAIGN[0], ("name", "别的"), CAMPAIGN[2]],
        )
        .await;
    assert_eq!(taken.status, StatusCode::UNPROCESSABLE_ENTITY);
    let material = [
        ("code", "a"),
        ("title", "今天发这条"),
        ("pro", "入冬后脸上发紧。"),
        ("fun", "苏打饼干。"),
    ];
    let put = manager
        .post("/app/manage/campaigns/winter/material", &material)
        .await;
    assert_eq!(put.status, StatusCode::SEE_OTHER, "{}", put.body);
    let winter = app.store.campaign("winter").await.expect("a store").expect("it");
    decide_on_material(&app, &Actor::System, winter.id, "a", MaterialStep::Approve)
        .await
        .expect("approved");
    let coupon = [("employee", "zhang"), ("amount_off", "30")];
    let coupon = manager
        .post("/app/manage/campaigns/winter/coupons", &coupon)
        .await;
    assert_eq!(coupon.status, StatusCode::SEE_OTHER, "{}", coupon.body);

    let mut employee = signed_in(&app, "zhang").await;
    let before = employee.get("/app/share").await.body;
    assert!(
        before.contains("拿我的专属链接") && !before.contains("https://s.example/"),
        "{before}"
    );
    let links = app.store.links(None, None, None, 10).await.expect("a store");
    assert!(links.is_empty(), "looking mints nothing");
    let wish = [
        ("campaign", "winter"),
        ("material", "a"),
        ("channel", "wechat-group"),
    ];
    let minted = employee.post("/app/share/link", &wish).await;
    let shown = employee.get(minted.header("location")).await.body;
    let links = app.store.links(None, None, None, 10).await.expect("a store");
    let code = links[0].code.as_str().to_owned();
    assert_eq!(links.len(), 1);
    assert_eq!(
        shown.matches(&format!("https://s.example/{code}</p>")).count(),
        2,
        "in both voices: {shown}"
    );
    assert!(
        shown.contains("ZHANG30") && shown.contains("减 ¥30.00"),
        "{shown}"
    );
    for picture in ["poster.png", "qr.png", "qr.svg"] {
        let answer = employee.get(&format!("/app/links/{code}/{picture}")).await;
        assert_eq!(answer.status, StatusCode::OK, "{picture}: {}", answer.body);
        assert!(answer.header("content-type").starts_with("image/"));
    }
    let posted = [wish.as_slice(), &[("code", code.as_str())]].concat();
    let booked = employee.post("/app/share/posted", &posted).await;
    assert!(booked.header("location").ends_with("done=earned"), "{booked:?}");
    let again = employee.post("/app/share/posted", &posted).await;
    assert!(again.header("location").ends_with("done=known"), "{again:?}");
    let results = employee.get("/app/results").await;
    assert!(
        results.body.contains("10<small> 积分</small>"),
        "{}",
        results.body
    );
    let board = employee.get("/app/board").await;
    assert!(board.body.contains("张晓雯（我）"), "{}", board.body);

    // Turned off by the manager, it is not handed out.
    let off = manager
        .post(
            &format!("/app/manage/links/{code}/state"),
            &[("disabled", "true")],
        )
        .await;
    assert_eq!(off.status, StatusCode::SEE_OTHER);
    let dead = employee.get(minted.header("location")).await.body;
    assert!(
        dead.contains("这条链接停用了") && !dead.contains("data-copy=\"copy\""),
        "{dead}"
    );
}

async fn given_an_employee_when_opening_managers_pages_then_they_are_refused(db: TestDb) {
    let app = app(&db);
    hire(&app, "chen", "陈经理", &[Role::Employee, Role::Manager]).await;
    hire(&app, "zhang", "张晓雯", &[Role::Employee]).await;
    let mut manager = signed_in(&app, "chen").await;
    manager.post("/app/manage/new-campaign", &CAMPAIGN).await;
    let link = [
        ("employee", "chen"),
        ("channel", "weibo"),
        ("slug", "chen-winter"),
    ];
    let made = manager.post("/app/manage/campaigns/winter/links", &link).await;
    assert_eq!(made.status, StatusCode::SEE_OTHER, "{}", made.body);
    let nobody = manager
        .post(
            "/app/manage/campaigns/winter/links",
            &[("employee", "who"), ("channel", "weibo")],
        )
        .await;
    assert_eq!(nobody.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(nobody.body.contains("没有这个工号"), "{}", nobody.body);

    let mut employee = signed_in(&app, "zhang").await;
    for path in [
        "/app/manage/campaigns",
        "/app/manage/campaigns/winter",
        "/app/manage/new-campaign",
    ] {
        assert_eq!(employee.get(path).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    for (path, fields) in [
        ("/app/manage/new-campaign", CAMPAIGN.as_slice()),
        ("/app/manage/campaigns/winter/edit", CAMPAIGN.as_slice()),
        ("/app/manage/campaigns/winter/state", &[("disabled", "true")]),
        ("/app/manage/campaigns/winter/links", &link),
        ("/app/manage/links/chen-winter/state", &[("disabled", "true")]),
        (
            "/app/manage/campaigns/winter/coupons",
            &[("employee", "zhang"), ("amount_off", "30")],
        ),
        (
            "/app/manage/campaigns/winter/material",
            &[("code", "a"), ("title", "x"), ("pro", "y")],
        ),
    ] {
        assert_eq!(
            employee.post(path, fields).await.status,
            StatusCode::FORBIDDEN,
            "{path}"
        );
    }
    let others = employee.get("/app/links/chen-winter/poster.png").await;
    assert_eq!(
        others.status,
        StatusCode::NOT_FOUND,
        "nobody learns which links others have"
    );
    assert_eq!(
        employee.get("/app/board?metric=fame").await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    assert_eq!(
        employee.get("/app/results?after=x").await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
}

async fn given_a_first_sign_in_when_it_asks_for_the_name_then_the_choice_reaches_the_board(db: TestDb) {
    let app = app(&db);
    hire(&app, "zhang", "张晓雯", &[Role::Employee]).await;
    let mut browser = Browser::new(&app);
    let first = [("login", "zhang"), ("password", PASSWORD), ("next", "/app/board")];
    let asked = browser.post("/app/signin", &first).await;
    assert_eq!(asked.header("location"), "/app/welcome?next=%2Fapp%2Fboard");
    let page = browser.get(asked.header("location")).await.body;
    assert!(
        page.contains("张*") && page.contains("name=\"display\""),
        "{page}"
    );
    let none = browser.post("/app/me/display", &[("next", "/app/board")]).await;
    assert_eq!(
        none.status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "nothing is chosen for anybody"
    );
    let nickname = [
        ("display", "nickname"),
        ("nickname", "小雯"),
        ("next", "/app/board"),
    ];
    let chosen = browser.post("/app/me/display", &nickname).await;
    assert_eq!(chosen.header("location"), "/app/board");
    let known = app
        .store
        .employee("zhang", app.today())
        .await
        .expect("a store")
        .expect("them");
    assert_eq!(known.display.as_str(), "nickname");
    assert_eq!(known.facts.nickname.as_deref(), Some("小雯"));
    browser.post("/app/signout", &[]).await;
    let second = browser.post("/app/signin", &first).await;
    assert_eq!(second.header("location"), "/app/board", "asked once");

    let wrong = browser
        .post(
            "/app/me/password",
            &[("current", "not this one"), ("wished", "another good one 9")],
        )
        .await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let changed = browser
        .post(
            "/app/me/password",
            &[("current", PASSWORD), ("wished", "another good one 9")],
        )
        .await;
    assert_eq!(changed.header("location"), "/app/me?done=password");
    assert_eq!(
        browser.get("/app/me").await.status,
        StatusCode::OK,
        "this browser stays signed in"
    );
}

both!(
    given_a_campaign_made_on_a_page_when_an_employee_asks_for_a_link_then_the_copy_carries_it,
    given_an_employee_when_opening_managers_pages_then_they_are_refused,
    given_a_first_sign_in_when_it_asks_for_the_name_then_the_choice_reaches_the_board,
);
