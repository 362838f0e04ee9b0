use bole::domain::Role;
use serde_json::json;

use super::Rig;
use crate::support::TestDb;

async fn given_a_new_employee_when_posted_again_then_the_same_is_known_and_another_conflicts(db: TestDb) {
    let rig = Rig::new(&db).await;
    let new = json!({"code": "E1", "name": "张喆", "email": "z@firm.example", "phone": "138 0013 8000", "team": "北区", "hired_on": "2026-01-05"});
    let made = rig.post("/employees", new.clone()).await.is(201);
    assert_eq!(
        (&made["team"], &made["hired_on"], &made["left_on"]),
        (&json!("北区"), &json!("2026-01-05"), &json!(null))
    );
    assert_eq!(rig.post("/employees", new).await.is(200), made);
    assert_eq!(rig.get("/employees/e1").await.is(200), made);
    rig.post("/employees", json!({"code": "e1", "name": "别人"}))
        .await
        .is(409);
    assert_eq!(db.number("select count(*) from employees").await, 1);
    assert_eq!(
        db.number("select count(*) from audit_log where action = 'employee.created'")
            .await,
        1
    );
    rig.get("/employees/nobody").await.is(404);
}

async fn given_bad_fields_when_posted_then_each_is_named_and_nothing_stored(db: TestDb) {
    let rig = Rig::new(&db).await;
    for (body, pointer) in [
        (json!({"code": "../x", "name": "a"}), "/code"),
        (json!({"code": "E1", "name": " "}), "/name"),
        (json!({"code": "E1", "name": "\u{202e}evil"}), "/name"),
        (json!({"code": "E1", "name": "a\u{2066}b"}), "/name"),
        (json!({"code": "E1", "name": "a", "email": "nope"}), "/email"),
        (json!({"code": "E1", "name": "a", "phone": "call me"}), "/phone"),
        (
            json!({"code": "E1", "name": "a", "hired_on": "2026-02-30"}),
            "/hired_on",
        ),
        (json!({"code": 7, "name": "a"}), "/code"),
        (json!({"code": "E1", "name": "a", "boss": "x"}), "/boss"),
    ] {
        rig.post("/employees", body).await.wrong_at(pointer);
    }
    rig.send("POST", "/employees", "application/json", b"{".to_vec())
        .await
        .is(400);
    rig.send("POST", "/employees", "text/plain", b"{}".to_vec())
        .await
        .is(415);
    assert_eq!(db.number("select count(*) from employees").await, 0);
}

async fn given_a_team_move_with_a_date_when_read_on_that_day_then_the_new_team_counts(db: TestDb) {
    let rig = Rig::new(&db).await;
    rig.post(
        "/employees",
        json!({"code": "E1", "name": "张三", "team": "北区", "hired_on": "2026-01-05"}),
    )
    .await
    .is(201);
    let moved = rig
        .patch(
            "/employees/E1",
            json!({"team": "南区", "effective_on": "2026-12-01"}),
        )
        .await
        .is(200);
    assert_eq!(moved["team"], "北区", "not before the day");
    db.clock.set(crate::support::at("2026-11-30T16:00:00Z"));
    assert_eq!(rig.get("/employees/E1").await.is(200)["team"], "南区");
    assert_eq!(
        db.number("select count(*) from team_members where to_on = '2026-11-30'")
            .await,
        1
    );
    let gone = rig
        .patch("/employees/E1", json!({"left_on": "2026-12-31", "phone": null}))
        .await
        .is(200);
    assert_eq!(gone["left_on"], "2026-12-31");
    assert_eq!(
        rig.patch("/employees/E1", json!({"left_on": null})).await.is(200)["left_on"],
        json!(null)
    );
    rig.patch("/employees/E1", json!({"left_on": "2025-12-31"}))
        .await
        .wrong_at("/left_on");
    rig.patch("/employees/E1", json!({"effective_on": "2026-12-31"}))
        .await
        .wrong_at("/effective_on");
    rig.patch("/employees/E9", json!({"name": "x"})).await.is(404);
    rig.patch("/employees/E1", json!({"name": null}))
        .await
        .wrong_at("/name");
    // Who has no team today has none, whatever comes; who has not begun shows the one they begin in.
    rig.post("/employees", json!({"code": "E2", "name": "李四"}))
        .await
        .is(201);
    let later = json!({"team": "南区", "effective_on": "2030-01-01"});
    assert_eq!(
        rig.patch("/employees/E2", later).await.is(200)["team"],
        json!(null)
    );
    let new = json!({"code": "E3", "name": "王五", "team": "南区", "hired_on": "2027-01-04"});
    assert_eq!(rig.post("/employees", new.clone()).await.is(201)["team"], "南区");
    rig.post("/employees", new).await.is(200);
}

const FILE: &str = "工号,姓名,手机,部门,入职日期,爱好\r\nE1,张喆,13800138001,北区,2026/1/5,书法\r\nE2,李四,,南区,2026年2月1日,\r\n\
    E3,,13800138003,,,\r\nE2,重复,,,,\r\n破行,少列\r\nE4,王五,12,,,\r\nE5,赵六,,,13月,\r\n";

async fn given_a_csv_when_imported_twice_then_lines_are_told_and_nothing_changes_again(db: TestDb) {
    let rig = Rig::new(&db).await;
    let report = rig
        .send("POST", "/employees/import", "text/csv", FILE.into())
        .await
        .is(200);
    assert_eq!(
        (&report["created"], &report["updated"]),
        (&json!(2), &json!(0)),
        "{report}"
    );
    let lines: Vec<_> = report["rejected"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r["line"].as_u64().unwrap())
        .collect();
    assert_eq!(lines, [4, 5, 6, 7, 8], "{report}");
    assert_eq!(report["ignored_columns"], json!(["爱好"]));
    let (gb, ..) = encoding_rs::GB18030.encode(FILE);
    let mut bom = vec![0xef, 0xbb, 0xbf];
    bom.extend_from_slice(FILE.as_bytes());
    for (file, encoding) in [(gb.into_owned(), "GB18030"), (bom, "UTF-8")] {
        let again = rig
            .send("POST", "/employees/import", "text/csv", file)
            .await
            .is(200);
        let told = (
            &again["created"],
            &again["updated"],
            &again["unchanged"],
            &again["encoding"],
        );
        assert_eq!(told, (&json!(0), &json!(0), &json!(2), &json!(encoding)));
    }
    let english = "Employee Code,Name,Team,Last Day\nE1,张喆,南区,\nE2,李四二,,2026-11-30\n";
    let report = rig
        .send("POST", "/employees/import", "text/csv", english.into())
        .await
        .is(200);
    assert_eq!(
        (&report["created"], &report["updated"]),
        (&json!(0), &json!(2)),
        "{report}"
    );
    let first = rig.get("/employees/E1").await.is(200);
    assert_eq!(
        (&first["team"], &first["phone"]),
        (&json!("南区"), &json!("13800138001"))
    );
    assert_eq!(rig.get("/employees/E2").await.is(200)["left_on"], "2026-11-30");
}

async fn given_files_that_are_none_when_imported_then_the_whole_is_refused(db: TestDb) {
    let rig = Rig::new(&db).await;
    for file in [&b""[..], b"name\nx\n", b"\xff\xfe\x00\x01", b"{\"code\":1}"] {
        rig.send("POST", "/employees/import", "text/csv", file.to_vec())
            .await
            .wrong_at("");
    }
    let large = format!("code,name\n{}", "E1,x\n".repeat(600_000));
    let answer = rig
        .send("POST", "/employees/import", "text/csv", large.into_bytes())
        .await;
    assert_eq!(answer.status, 422, "3 MB is read and has too many lines");
    let answer = rig
        .send(
            "POST",
            "/employees/import",
            "text/csv",
            vec![b'x'; 17 * 1024 * 1024],
        )
        .await;
    assert_eq!(answer.is(413)["status"], 413);
}

async fn given_other_roles_when_they_write_people_then_they_are_refused(db: TestDb) {
    let rig = Rig::new(&db).await;
    rig.scene().await;
    for role in [
        Role::Employee,
        Role::Manager,
        Role::Verifier,
        Role::Finance,
        Role::Approver,
    ] {
        let other = rig.with_key(role, Some(2)).await;
        other
            .post("/employees", json!({"code": "E9", "name": "x"}))
            .await
            .is(403);
        other.patch("/employees/E1", json!({"name": "x"})).await.is(403);
        assert_eq!(other.get("/employees/E2").await.status, 200, "oneself");
        let sees_all = role != Role::Employee;
        assert_eq!(
            other.get("/employees/E1").await.status,
            if sees_all { 200 } else { 404 }
        );
        assert_eq!(
            other.get("/employees").await.status,
            if sees_all { 200 } else { 403 }
        );
    }
}

async fn given_many_when_listed_then_pages_follow_one_another(db: TestDb) {
    let rig = Rig::new(&db).await;
    for n in 0..5 {
        rig.post("/employees", json!({"code": format!("E{n}"), "name": "某人"}))
            .await
            .is(201);
    }
    let (mut path, mut seen) = ("/employees?limit=2".to_owned(), Vec::new());
    loop {
        let page = rig.get(&path).await.is(200);
        seen.extend(
            page["data"]
                .as_array()
                .unwrap()
                .iter()
                .map(|e| e["code"].as_str().unwrap().to_owned()),
        );
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        path = format!("/employees?limit=2&cursor={cursor}");
    }
    assert_eq!(seen, ["E0", "E1", "E2", "E3", "E4"]);
    assert_eq!(
        rig.get("/employees?q=e3").await.is(200)["data"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    rig.get("/employees?limit=0").await.wrong_at("?limit");
    rig.get("/employees?cursor=x").await.wrong_at("?cursor");
}

both!(
    given_a_new_employee_when_posted_again_then_the_same_is_known_and_another_conflicts,
    given_bad_fields_when_posted_then_each_is_named_and_nothing_stored,
    given_a_team_move_with_a_date_when_read_on_that_day_then_the_new_team_counts,
    given_a_csv_when_imported_twice_then_lines_are_told_and_nothing_changes_again,
    given_files_that_are_none_when_imported_then_the_whole_is_refused,
    given_other_roles_when_they_write_people_then_they_are_refused,
    given_many_when_listed_then_pages_follow_one_another,
);
