//! Bank files of several closed payouts: together they say what the payments will be, whichever is paid first.

use bole::app::Actor;
use bole::app::pay::{ExportKind, ExportOf, check_ledger, export_table, hold_line, release_line};
use bole::domain::{Money, Period, Role};
use bole::sheet::Cell;
use serde_json::{Value, json};

use super::{record, take};
use crate::points::rig::Rig;
use crate::support::TestDb;

/// A scheme that pays each prize of its own kind as it is told.
fn prizes(name: &str) -> String {
    format!(
        r#"
[scheme]
id = "96-{name}"
version = 1
zh = "奖金"
en = "Prizes"
source = "test"
period = "month"
from = "2026-01-01"
[fact.prize_{name}]
zh = "奖金"
en = "prize"
[fact.prize_{name}.fields]
amount = {{ type = "money", min = "0", zh = "金额", en = "amount" }}
person = "employee"
[[step]]
id = "prizes"
do = "select"
from = "fact.prize_{name}"
[[step]]
id = "cash"
do = "round"
from = "prizes"
column = "amount"
as = "paid"
[[step]]
id = "prize"
do = "emit"
as = "line"
rule = "R1"
zh = "奖金"
en = "prize"
from = "cash"
payee = "person"
amount = "paid"
about = "id"
[[example]]
id = "one"
zh = "一笔"
en = "one"
period = {{ from = "2026-10-01", to = "2026-11-01" }}
roster = [{{ id = "a" }}]
facts = [{{ kind = "prize_{name}", id = "o", occurred = "2026-10-03", amount = "100", person = "a" }}]
expect = {{ lines = ["a prize 100.00"] }}
"#
    )
}

fn key(id: i64) -> Actor {
    Actor::Key {
        id,
        role: Role::Admin,
        employee: None,
    }
}

async fn firm(db: &TestDb) -> Rig {
    let rig = Rig::new(db).await;
    for name in ["a", "b", "c", "d"] {
        let version =
            json!({"from_on": "2026-01-01", "document": prizes(name), "enabled": false, "note": "test"});
        let path = format!("/schemes/96-{name}/versions");
        let (status, body) = rig.post("admin", &path, version).await;
        assert_eq!(status, 201, "{body}");
    }
    rig
}

/// Tells a prize of a scheme, or says anew what it is.
async fn prize(rig: &Rig, name: &str, (month, person): (&str, &str), amount: &str) {
    let fact = json!({"kind": format!("prize_{name}"), "source": "hr", "source_key": format!("{month}-{person}"),
                      "occurred_on": format!("{month}-05"), "measures": {"amount": amount}, "dimensions": {"person": person}});
    record(rig, vec![fact]).await;
}

/// Calculates a scheme's month and takes it to its close; its number.
async fn close(rig: &Rig, name: &str, month: &str) -> i64 {
    let body = json!({"scheme": format!("96-{name}"), "period": month});
    let (status, run) = rig.post("admin", "/payouts", body).await;
    assert_eq!(status, 201, "{run}");
    for (key, step) in [("admin", "submit"), ("other", "approve"), ("admin", "close")] {
        let (status, body) = take(rig, key, &run, step).await;
        assert_eq!(status, 200, "{step}: {body}");
    }
    run["id"].as_i64().unwrap()
}

async fn pay(rig: &Rig, run: i64) {
    let (status, body) = take(rig, "admin", &json!({"id": run}), "pay").await;
    assert_eq!(status, 200, "{body}");
}

/// The one line of a person in a payout.
async fn line(rig: &Rig, run: i64, person: &str) -> i64 {
    let list: Value = rig
        .get("admin", &format!("/payouts/{run}/lines?payee={person}"))
        .await;
    list["data"][0]["id"].as_i64().unwrap()
}

async fn hold(rig: &Rig, run: i64, person: &str) -> i64 {
    let line = line(rig, run, person).await;
    hold_line(&rig.app, &key(1), line, "核对中").await.unwrap();
    line
}

async fn release(rig: &Rig, line: i64) {
    release_line(&rig.app, &key(2), line, "没有问题").await.unwrap();
}

/// What a bank file says: payout, payee and amount.
async fn file(rig: &Rig, of: ExportOf) -> Vec<(i64, String, Money)> {
    let table = export_table(&rig.app, &key(1), of, ExportKind::Bank)
        .await
        .unwrap();
    let rows: Vec<(i64, String, Money)> = table
        .rows
        .iter()
        .map(|row| match (&row[5], &row[0], &row[2]) {
            (Cell::Integer(run), Cell::Text(who), Cell::Money(amount)) => (*run, who.clone(), *amount),
            other => panic!("{other:?}"),
        })
        .collect();
    let total: i64 = rows.iter().map(|(_, _, m)| m.minor()).sum();
    assert!(matches!(&table.totals.unwrap()[2], Cell::Money(said) if said.minor() == total));
    rows
}

async fn cash(rig: &Rig) -> i64 {
    rig.app.store.account_balance("cash").await.unwrap().minor()
}

/// The month's file and each payout's own say this; then they are paid in this order, each as its file said.
async fn paid_as_told(rig: &Rig, month: &str, told: &[(i64, &str, &str)], order: &[i64]) {
    let told: Vec<(i64, String, Money)> = told
        .iter()
        .map(|(run, who, amount)| (*run, (*who).to_owned(), Money::parse(amount).unwrap()))
        .collect();
    let month = Period::parse(month).unwrap();
    assert_eq!(file(rig, ExportOf::Month(month)).await, told);
    let before = cash(rig).await;
    for run in order {
        let of_run = |rows: &[(i64, String, Money)]| -> Vec<(i64, String, Money)> {
            rows.iter().filter(|(id, _, _)| id == run).cloned().collect()
        };
        assert_eq!(
            file(rig, ExportOf::Run(*run)).await,
            of_run(&told),
            "before any of {order:?} from here on"
        );
        pay(rig, *run).await;
        assert_eq!(
            file(rig, ExportOf::Run(*run)).await,
            of_run(&told),
            "what was paid"
        );
    }
    let sum: i64 = told.iter().map(|(_, _, amount)| amount.minor()).sum();
    assert_eq!(cash(rig).await - before, sum, "every yuan of the files once");
}

/// In the order they were closed, or the other way round.
fn ordered(runs: &[i64], backwards: bool) -> Vec<i64> {
    let mut runs = runs.to_vec();
    if backwards {
        runs.reverse();
    }
    runs
}

async fn released(db: TestDb, backwards: bool) {
    let rig = firm(&db).await;
    for (name, month, person, amount) in [
        ("a", "2026-09", "Z3", "3799.72"),
        ("a", "2026-09", "L4", "50.00"),
        ("a", "2026-10", "W5", "5.00"),
        ("b", "2026-10", "Z3", "20.00"),
        ("c", "2026-10", "L4", "30.00"),
        ("d", "2026-10", "Z3", "40.00"),
    ] {
        prize(&rig, name, (month, person), amount).await;
    }
    let first = close(&rig, "a", "2026-09").await;
    let held = hold(&rig, first, "Z3").await;
    paid_as_told(&rig, "2026-09", &[(first, "L4", "50.00")], &[first]).await;
    release(&rig, held).await;
    let mut runs = Vec::new();
    for name in ["a", "b", "c", "d"] {
        runs.push(close(&rig, name, "2026-10").await);
    }
    let told = [
        (runs[0], "W5", "5.00"),
        (runs[0], "Z3", "3799.72"),
        (runs[1], "Z3", "20.00"),
        (runs[2], "L4", "30.00"),
        (runs[3], "Z3", "40.00"),
    ];
    paid_as_told(&rig, "2026-10", &told, &ordered(&runs, backwards)).await;
    assert_eq!(owed(&rig, "Z3").await, 0);
}

async fn owed(rig: &Rig, person: &str) -> i64 {
    let account = format!("payable:employee:{person}");
    rig.app.store.account_balance(&account).await.unwrap().minor()
}

async fn indebted(db: TestDb, backwards: bool) {
    let rig = firm(&db).await;
    prize(&rig, "a", ("2026-08", "Z3"), "750.00").await;
    let first = close(&rig, "a", "2026-08").await;
    pay(&rig, first).await;
    prize(&rig, "a", ("2026-08", "Z3"), "470.00").await;
    let second = close(&rig, "a", "2026-09").await;
    pay(&rig, second).await;
    assert_eq!(owed(&rig, "Z3").await, -28_000);
    prize(&rig, "a", ("2026-10", "Z3"), "750.00").await;
    prize(&rig, "b", ("2026-10", "Z3"), "200.00").await;
    let runs = [
        close(&rig, "a", "2026-10").await,
        close(&rig, "b", "2026-10").await,
    ];
    let told = [(runs[0], "Z3", "470.00"), (runs[1], "Z3", "200.00")];
    paid_as_told(&rig, "2026-10", &told, &ordered(&runs, backwards)).await;
    assert_eq!(owed(&rig, "Z3").await, 0);
}

/// The debt is in a payout that is closed and not paid itself, and larger than what the first gives.
async fn taken(db: TestDb, backwards: bool) {
    let rig = firm(&db).await;
    prize(&rig, "a", ("2026-08", "Z3"), "750.00").await;
    let first = close(&rig, "a", "2026-08").await;
    pay(&rig, first).await;
    prize(&rig, "b", ("2026-10", "Z3"), "200.00").await;
    prize(&rig, "c", ("2026-10", "Z3"), "300.00").await;
    prize(&rig, "d", ("2026-10", "Z3"), "400.00").await;
    let mut runs = vec![
        close(&rig, "b", "2026-10").await,
        close(&rig, "c", "2026-10").await,
    ];
    prize(&rig, "a", ("2026-08", "Z3"), "470.00").await;
    runs.push(close(&rig, "a", "2026-10").await);
    runs.push(close(&rig, "d", "2026-10").await);
    let told = [(runs[1], "Z3", "220.00"), (runs[3], "Z3", "400.00")];
    paid_as_told(&rig, "2026-10", &told, &ordered(&runs, backwards)).await;
    assert_eq!(owed(&rig, "Z3").await, 0);
}

async fn held_elsewhere(db: TestDb, backwards: bool) {
    let rig = firm(&db).await;
    prize(&rig, "a", ("2026-08", "Z3"), "1000.00").await;
    let waiting = close(&rig, "a", "2026-08").await;
    let waiting_line = hold(&rig, waiting, "Z3").await;
    pay(&rig, waiting).await;
    prize(&rig, "b", ("2026-08", "Z3"), "750.00").await;
    let given = close(&rig, "b", "2026-08").await;
    pay(&rig, given).await;
    prize(&rig, "b", ("2026-08", "Z3"), "0.00").await;
    let back = close(&rig, "b", "2026-09").await;
    pay(&rig, back).await;
    assert_eq!(owed(&rig, "Z3").await, 25_000, "1000 are held, 750 are owed back");
    prize(&rig, "c", ("2026-10", "Z3"), "750.00").await;
    prize(&rig, "d", ("2026-10", "Z3"), "1000.00").await;
    let runs = [
        close(&rig, "c", "2026-10").await,
        close(&rig, "d", "2026-10").await,
    ];
    let line = hold(&rig, runs[1], "Z3").await;
    paid_as_told(&rig, "2026-10", &[], &ordered(&runs, backwards)).await;
    assert_eq!(owed(&rig, "Z3").await, 200_000, "both that are held, whole");
    release(&rig, waiting_line).await;
    release(&rig, line).await;
    prize(&rig, "c", ("2026-11", "L4"), "1.00").await;
    db.clock.set("2026-12-01T02:00:00Z".parse().unwrap());
    let last = close(&rig, "c", "2026-11").await;
    let told = [(last, "L4", "1.00"), (last, "Z3", "2000.00")];
    paid_as_told(&rig, "2026-11", &told, &[last]).await;
}

async fn given_a_released_line_and_four_closed_payouts_when_paid_as_closed_then_one_file_has_it(db: TestDb) {
    released(db, false).await;
}

async fn given_a_released_line_and_four_closed_payouts_when_the_last_is_paid_first_then_one_file_has_it(
    db: TestDb,
) {
    released(db, true).await;
}

async fn given_a_debt_and_two_closed_payouts_when_paid_as_closed_then_it_is_settled_once(db: TestDb) {
    indebted(db, false).await;
}

async fn given_a_debt_and_two_closed_payouts_when_the_last_is_paid_first_then_it_is_settled_once(db: TestDb) {
    indebted(db, true).await;
}

async fn given_a_closed_payout_that_takes_when_paid_as_closed_then_the_first_ones_settle_it(db: TestDb) {
    taken(db, false).await;
}

async fn given_a_closed_payout_that_takes_when_the_last_is_paid_first_then_the_first_ones_settle_it(
    db: TestDb,
) {
    taken(db, true).await;
}

async fn given_a_hold_in_another_closed_payout_when_paid_as_closed_then_what_is_held_stays(db: TestDb) {
    held_elsewhere(db, false).await;
}

async fn given_a_hold_in_another_closed_payout_when_the_last_is_paid_first_then_what_is_held_stays(
    db: TestDb,
) {
    held_elsewhere(db, true).await;
}

/// A scheme of base pay and a bonus, as HR tells both.
fn wages() -> String {
    let bonus = prizes("bonus").replace("96-bonus", "96-wages");
    let emit = bonus.find("[[step]]\nid = \"prize\"").unwrap();
    let example = bonus.find("[[example]]").unwrap();
    let base = bonus[emit..example]
        .replace("id = \"prize\"", "id = \"base\"")
        .replace("as = \"line\"", "as = \"line\"\nbase = true")
        .replace("amount = \"paid\"", "amount = \"paid\"\nwhere = \"is_base\"");
    let bonus = bonus.replace(
        "amount = \"paid\"\nabout",
        "amount = \"paid\"\nwhere = \"not is_base\"\nabout",
    );
    let bonus = bonus.replace(
        "person = \"employee\"",
        "person = \"employee\"\nis_base = { type = \"bool\", default = false, zh = \"基本工资\", en = \"base pay\" }",
    );
    let example = bonus.find("[[example]]").unwrap();
    format!("{}{base}{}", &bonus[..example], &bonus[example..])
}

/// Tells base pay or a bonus of 张三's.
async fn earned(rig: &Rig, month: &str, is_base: bool, amount: &str) {
    let fact = json!({"kind": "prize_bonus", "source": "hr", "source_key": format!("{month}-{is_base}"),
                      "occurred_on": format!("{month}-05"), "measures": {"amount": amount},
                      "dimensions": {"person": "Z3", "is_base": is_base}});
    record(rig, vec![fact]).await;
}

async fn given_a_debt_when_base_pay_is_paid_then_it_is_whole_and_the_debt_is_taken_from_variable_pay_alone(
    db: TestDb,
) {
    let rig = firm(&db).await;
    let version = json!({"from_on": "2026-01-01", "document": wages(), "enabled": false, "note": "test"});
    let (status, body) = rig.post("admin", "/schemes/96-wages/versions", version).await;
    assert_eq!(status, 201, "{body}");
    // 100 were paid, 20 were right: 80 are owed back.
    prize(&rig, "a", ("2026-07", "Z3"), "100.00").await;
    let first = close(&rig, "a", "2026-07").await;
    pay(&rig, first).await;
    prize(&rig, "a", ("2026-07", "Z3"), "20.00").await;
    let second = close(&rig, "a", "2026-08").await;
    pay(&rig, second).await;
    assert_eq!((owed(&rig, "Z3").await, base(&rig).await), (-8_000, 0));
    // Base pay is paid whole, the bonus settles what it can.
    earned(&rig, "2026-08", true, "50.00").await;
    earned(&rig, "2026-08", false, "30.00").await;
    let august = close(&rig, "wages", "2026-08").await;
    assert_eq!((owed(&rig, "Z3").await, base(&rig).await), (-5_000, 5_000));
    paid_as_told(&rig, "2026-08", &[(august, "Z3", "50.00")], &[august]).await;
    assert_eq!(
        (owed(&rig, "Z3").await, base(&rig).await),
        (-5_000, 0),
        "50 are carried"
    );
    // The rest is settled, and both are one transfer.
    earned(&rig, "2026-09", true, "50.00").await;
    earned(&rig, "2026-09", false, "70.00").await;
    let september = close(&rig, "wages", "2026-09").await;
    paid_as_told(&rig, "2026-09", &[(september, "Z3", "70.00")], &[september]).await;
    assert_eq!((owed(&rig, "Z3").await, base(&rig).await), (0, 0));
    // Base pay that was too much is a debt like any other; what is held waits whole.
    earned(&rig, "2026-09", true, "40.00").await;
    earned(&rig, "2026-10", true, "50.00").await;
    let october = close(&rig, "wages", "2026-10").await;
    let held = hold(&rig, october, "Z3").await;
    paid_as_told(&rig, "2026-10", &[], &[october]).await;
    assert_eq!((owed(&rig, "Z3").await, base(&rig).await), (-1_000, 5_000));
    release(&rig, held).await;
    prize(&rig, "b", ("2026-10", "L4"), "1.00").await;
    let last = close(&rig, "b", "2026-10").await;
    paid_as_told(
        &rig,
        "2026-10",
        &[(last, "L4", "1.00"), (last, "Z3", "50.00")],
        &[last],
    )
    .await;
    assert_eq!((owed(&rig, "Z3").await, base(&rig).await), (-1_000, 0));
    let report = check_ledger(&rig.app).await.unwrap();
    assert_eq!((report.broken_at, report.trial_balance), (None, 0));
}

async fn base(rig: &Rig) -> i64 {
    rig.app
        .store
        .account_balance("base:employee:Z3")
        .await
        .unwrap()
        .minor()
}

/// Code and name of every row of a file that has an amount.
async fn named(rig: &Rig, run: i64, kind: ExportKind) -> Vec<(String, Option<String>)> {
    let table = export_table(&rig.app, &key(1), ExportOf::Run(run), kind).await;
    let rows = table.unwrap().rows;
    let text = |cell: &Cell| match cell {
        Cell::Text(text) => Some(text.clone()),
        _ => None,
    };
    rows.iter()
        .map(|row| (text(&row[0]).unwrap(), text(&row[1])))
        .collect()
}

async fn given_a_customer_with_an_employees_code_when_filed_then_they_do_not_get_the_employees_name(
    db: TestDb,
) {
    let rig = firm(&db).await;
    let document = prizes("e")
        .replace(
            "person = \"employee\"",
            "person = { type = \"text\", zh = \"客户\", en = \"customer\" }",
        )
        .replace(
            "payee = \"person\"",
            "payee = \"person\"\npayee_kind = \"customer\"",
        )
        .replace("roster = [{ id = \"a\" }]\n", "");
    let version = json!({"from_on": "2026-01-01", "document": document, "enabled": false, "note": "test"});
    let (status, body) = rig.post("admin", "/schemes/96-e/versions", version).await;
    assert_eq!(status, 201, "{body}");
    prize(&rig, "a", ("2026-10", "Z3"), "10.00").await;
    prize(&rig, "e", ("2026-10", "Z3"), "20.00").await;
    let own = close(&rig, "a", "2026-10").await;
    let other = close(&rig, "e", "2026-10").await;
    for kind in [ExportKind::Bank, ExportKind::Payroll] {
        let name = named(&rig, own, kind).await;
        assert_eq!(name, [("Z3".to_owned(), Some("张三".to_owned()))], "{kind:?}");
        assert_eq!(
            named(&rig, other, kind).await,
            [("Z3".to_owned(), None)],
            "{kind:?}"
        );
    }
}

both!(given_a_customer_with_an_employees_code_when_filed_then_they_do_not_get_the_employees_name);
both!(given_a_released_line_and_four_closed_payouts_when_paid_as_closed_then_one_file_has_it);
both!(given_a_released_line_and_four_closed_payouts_when_the_last_is_paid_first_then_one_file_has_it);
both!(given_a_debt_and_two_closed_payouts_when_paid_as_closed_then_it_is_settled_once);
both!(given_a_debt_and_two_closed_payouts_when_the_last_is_paid_first_then_it_is_settled_once);
both!(given_a_closed_payout_that_takes_when_paid_as_closed_then_the_first_ones_settle_it);
both!(given_a_closed_payout_that_takes_when_the_last_is_paid_first_then_the_first_ones_settle_it);
both!(given_a_hold_in_another_closed_payout_when_paid_as_closed_then_what_is_held_stays);
both!(given_a_hold_in_another_closed_payout_when_the_last_is_paid_first_then_what_is_held_stays);
both!(given_a_debt_when_base_pay_is_paid_then_it_is_whole_and_the_debt_is_taken_from_variable_pay_alone);
