//! Nobody's pay is seen by those who may not, and nobody takes both sides.

use super::{calculated, firm, first_batches, signed_in, step};
use crate::support::TestDb;

/// Pages that show everybody's pay; `{run}` and `{line}` are filled in.
const PAGES: [&str; 10] = [
    "/app/pay/runs",
    "/app/pay/runs/{run}",
    "/app/pay/runs/{run}/lines?payee=zhang",
    "/app/pay/lines/{line}",
    "/app/pay/facts",
    "/app/pay/proposals",
    "/app/pay/awards?state=all",
    "/app/pay/schemes",
    "/app/pay/schemes/07-new-customers",
    "/app/pay/schemes/07-new-customers/edit",
];

async fn given_pay_when_each_role_asks_for_each_page_then_only_finance_approvers_and_admins_see_it(
    db: TestDb,
) {
    let app = firm(&db).await;
    first_batches(&app).await;
    let mut gu = signed_in(&app, "gu").await;
    let run = calculated(&mut gu, "07-new-customers", "2026-10").await;
    assert_eq!(step(&mut gu, &run, "submit").await, 303);
    let lines = app
        .store
        .run_lines(run.parse().expect("a number"), None, None, 9)
        .await
        .expect("a store");
    let line = lines[0].id.to_string();
    for (login, status) in [
        ("zhang", 403),
        ("li", 403),
        ("chen", 403),
        ("qian", 403),
        ("gu", 200),
        ("fang", 200),
        ("root", 200),
    ] {
        let mut browser = signed_in(&app, login).await;
        for page in PAGES {
            let path = page.replace("{run}", &run).replace("{line}", &line);
            let answer = browser.get(&path).await;
            assert_eq!(answer.status.as_u16(), status, "{login} {path}");
            if status == 403 {
                assert!(!answer.body.contains("9,000.00"), "{login} {path}");
            }
        }
        let home = browser.get("/app/me").await.body;
        assert!(
            status == 200 || !home.contains("/app/pay/runs"),
            "{login} is led there"
        );
    }
    // Not signed in: to the door, whatever it is.
    let mut nobody = super::Browser::new(&app);
    for page in PAGES {
        let path = page.replace("{run}", &run).replace("{line}", &line);
        let answer = nobody.get(&path).await;
        assert_eq!(answer.status.as_u16(), 303, "{path}");
        assert!(answer.header("location").starts_with("/app/signin"), "{path}");
    }
}

async fn given_every_step_when_each_role_takes_it_then_it_is_refused_to_all_but_theirs(db: TestDb) {
    let app = firm(&db).await;
    first_batches(&app).await;
    let mut gu = signed_in(&app, "gu").await;
    let run = calculated(&mut gu, "07-new-customers", "2026-10").await;
    for login in ["zhang", "chen", "qian"] {
        let mut browser = signed_in(&app, login).await;
        for word in ["again", "submit", "approve", "close", "pay"] {
            assert_eq!(step(&mut browser, &run, word).await, 403, "{login} {word}");
        }
        let wish = [("scheme", "07-new-customers"), ("period", "2026-09")];
        assert_eq!(
            browser.post("/app/pay/runs", &wish).await.status.as_u16(),
            403,
            "{login}"
        );
    }
    assert_eq!(step(&mut gu, &run, "submit").await, 303);
    // Another of finance approves as little as the first; an approver neither calculates nor closes.
    let mut fu = signed_in(&app, "fu").await;
    assert_eq!(step(&mut fu, &run, "approve").await, 403);
    let mut fang = signed_in(&app, "fang").await;
    for word in ["again", "close", "pay"] {
        assert_eq!(step(&mut fang, &run, word).await, 403, "{word}");
    }
    // From another site: the cookie alone is not enough.
    fang.site = "cross-site";
    assert_eq!(step(&mut fang, &run, "approve").await, 403);
    fang.site = "same-origin";
    assert_eq!(step(&mut fang, &run, "approve").await, 303);
    assert_eq!(step(&mut gu, &run, "close").await, 303);
}

both!(given_pay_when_each_role_asks_for_each_page_then_only_finance_approvers_and_admins_see_it);
both!(given_every_step_when_each_role_takes_it_then_it_is_refused_to_all_but_theirs);
