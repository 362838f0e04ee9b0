//! One's own data as a file.

use bole::domain::EmployeeId;

use super::staff::{WISH, firm};
use crate::support::TestDb;

async fn given_a_person_when_exporting_their_data_then_it_is_theirs_and_nobody_elses(db: TestDb) {
    let (app, mut zhang, mut chen) = firm(&db).await;
    for browser in [&mut zhang, &mut chen] {
        browser.post("/app/share/link", &WISH).await;
    }
    let links = app.store.links(None, None, None, 9).await.expect("a store");
    let of = |id: i64| {
        let found = links
            .iter()
            .find(|l| l.employee == EmployeeId(id))
            .expect("a link");
        found.code.as_str().to_owned()
    };
    let answer = zhang.get("/app/me/data.zip").await;
    assert_eq!(answer.header("content-type"), "application/zip");
    assert!(answer.header("content-disposition").contains("attachment"));
    // Stored, not packed: what is in it can be read as it is.
    for there in ["me.json", "links.csv", "points.csv", "pay.csv", "张晓雯", &of(1)] {
        assert!(answer.body.contains(there), "{there}");
    }
    for foreign in ["陈经理", &of(2)] {
        assert!(!answer.body.contains(foreign), "{foreign}");
    }
}

both!(given_a_person_when_exporting_their_data_then_it_is_theirs_and_nobody_elses);
