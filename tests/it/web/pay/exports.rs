//! Files for payroll, bank and books: totals are the ledger's, nothing is a formula, a stale file cannot be paid; and who may
//! see all this.

use bole::domain::Role;

use super::income::{lines_of, reviewed};
use super::{firm, first_batches, hire, signed_in, step};
use crate::support::TestDb;
use crate::web::Browser;

/// The cells of a CSV file without its mark.
fn rows(text: &str) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    reader
        .records()
        .map(|r| r.expect("a row").iter().map(str::to_owned).collect())
        .collect()
}

async fn closed(gu: &mut Browser, fang: &mut Browser) -> String {
    let run = reviewed(gu).await;
    assert_eq!(step(fang, &run, "approve").await, 303);
    assert_eq!(step(gu, &run, "close").await, 303);
    run
}

fn column(rows: &[Vec<String>], head: &str) -> usize {
    let at = rows[0].iter().position(|h| h.contains(head));
    at.unwrap_or_else(|| panic!("{head} in {:?}", rows[0]))
}

/// Sum of the rows of a column, and what the last row says it is; fen.
fn sums(rows: &[Vec<String>], head: &str) -> (i64, i64) {
    let at = column(rows, head);
    let fen = |text: &str| -> i64 {
        if text.is_empty() {
            return 0;
        }
        text.replace('.', "").parse().expect("an amount")
    };
    let (last, all) = rows[1..].split_last().expect("a total");
    (all.iter().map(|r| fen(&r[at])).sum(), fen(&last[at]))
}

async fn given_a_closed_payout_when_exported_then_every_total_is_the_ledgers(db: TestDb) {
    let app = firm(&db).await;
    first_batches(&app).await;
    let mut gu = signed_in(&app, "gu").await;
    let mut fang = signed_in(&app, "fang").await;
    let run = closed(&mut gu, &mut fang).await;
    let balance = app.store.trial_balance().await.expect("a store");
    let expense: i64 = balance
        .iter()
        .filter(|(a, _)| a.starts_with("expense:"))
        .map(|(_, m)| -m)
        .sum();
    assert!(expense > 0);
    let page = gu.get("/app/pay/exports?month=2026-10").await.body;
    assert!(
        page.contains(&format!("/app/pay/exports/{run}/bank.xlsx")),
        "{page}"
    );
    for of in [run.as_str(), "2026-10"] {
        let mut file = async |name: &str| {
            let answer = gu.get(&format!("/app/pay/exports/{of}/{name}")).await;
            assert_eq!(answer.status.as_u16(), 200, "{of} {name}: {}", answer.body);
            answer
        };
        let payroll = rows(&file("payroll.csv").await.body);
        assert_eq!(sums(&payroll, "pre-tax amount"), (expense, expense));
        let class = column(&payroll, "income class");
        assert!(payroll[1][class].contains("wages"), "{:?}", payroll[1]);
        let bank = rows(&file("bank.csv").await.body);
        assert_eq!(sums(&bank, "amount"), (expense, expense));
        let cost = rows(&file("cost.csv").await.body);
        assert_eq!(sums(&cost, "total"), (expense, expense));
        let ledger = rows(&file("ledger.csv").await.body);
        assert_eq!(sums(&ledger, "amount"), (expense, expense));
        assert!(file("payroll.xlsx").await.bytes.starts_with(b"PK"));
        assert!(
            file("payroll.xlsx")
                .await
                .header("content-disposition")
                .contains("attachment")
        );
    }
    // Each file is noted.
    assert_eq!(step(&mut gu, &run, "pay").await, 303);
    let bank = gu.get(&format!("/app/pay/exports/{run}/bank.csv")).await;
    assert_eq!(sums(&rows(&bank.body), "amount"), (expense, expense));
    for wrong in ["bank.pdf", "tax.csv", "bank", "..%2Fbank.csv", "bank.csv.exe"] {
        let answer = gu.get(&format!("/app/pay/exports/{run}/{wrong}")).await;
        assert_eq!(answer.status.as_u16(), 404, "{wrong}");
    }
    for of in ["x", "2026-13", "999999", "-1", "2026"] {
        let answer = gu.get(&format!("/app/pay/exports/{of}/bank.csv")).await;
        assert_eq!(answer.status.as_u16(), 404, "{of}");
    }
}

async fn given_names_like_formulas_when_exported_then_no_cell_is_one(db: TestDb) {
    let app = firm(&db).await;
    hire(&app, "evil", "=HYPERLINK(\"http://x\")", &[Role::Employee]).await;
    first_batches(&app).await;
    let from_on = "2026-01-01".parse().expect("a day");
    let role = serde_json::json!({"07-new-customers.role": "sales"});
    let role = role.as_object().expect("an object");
    bole::app::pay::set_attributes(&app, &bole::app::Actor::System, "evil", from_on, role)
        .await
        .expect("attributes");
    let words = serde_json::json!({"amount": "40000.00", "customer": "@SUM(A1)"});
    super::fact(&app, "first_batch", "e-1", Some("evil"), "2026-10-11", words).await;
    let mut gu = signed_in(&app, "gu").await;
    let mut fang = signed_in(&app, "fang").await;
    let run = closed(&mut gu, &mut fang).await;
    for kind in ["payroll", "bank", "ledger", "cost"] {
        let text = gu.get(&format!("/app/pay/exports/{run}/{kind}.csv")).await.body;
        for row in &rows(&text)[1..] {
            for cell in row.iter().filter(|c| c.parse::<f64>().is_err()) {
                assert!(!cell.starts_with(['=', '+', '-', '@', '\t']), "{kind}: {cell}");
            }
        }
    }
    let payroll = gu.get(&format!("/app/pay/exports/{run}/payroll.csv")).await.body;
    assert!(payroll.contains("'=HYPERLINK"), "{payroll}");
}

async fn given_a_bank_file_when_something_changes_then_it_cannot_be_paid_before_it_is_made_again(db: TestDb) {
    let app = firm(&db).await;
    first_batches(&app).await;
    let mut gu = signed_in(&app, "gu").await;
    let mut fang = signed_in(&app, "fang").await;
    let run = reviewed(&mut gu).await;
    let early = gu.get(&format!("/app/pay/exports/{run}/bank.csv")).await;
    assert_eq!(early.status.as_u16(), 409, "not before the close");
    assert_eq!(step(&mut fang, &run, "approve").await, 303);
    assert_eq!(step(&mut gu, &run, "close").await, 303);
    let bank = format!("/app/pay/exports/{run}/bank.csv");
    let first = gu.get(&bank).await.body;
    let line = lines_of(&app, &run, "li").await[0].0;
    let hold = format!("/app/pay/lines/{line}/hold");
    assert_eq!(gu.post(&hold, &[("reason", "待核")]).await.status.as_u16(), 303);
    assert_eq!(step(&mut gu, &run, "pay").await, 409, "the bank has another sum");
    let cash = app.store.account_balance("cash").await.expect("a store");
    assert_eq!(cash.minor(), 0, "nothing was paid");
    let second = gu.get(&bank).await.body;
    assert_ne!(first, second);
    assert_eq!(step(&mut gu, &run, "pay").await, 303);
    let cash = app.store.account_balance("cash").await.expect("a store");
    assert_eq!(sums(&rows(&second), "amount").1, cash.minor());
}

async fn given_objections_holds_and_files_when_each_role_asks_then_only_those_who_may_see_them(db: TestDb) {
    let app = firm(&db).await;
    first_batches(&app).await;
    let mut gu = signed_in(&app, "gu").await;
    let mut fang = signed_in(&app, "fang").await;
    let run = closed(&mut gu, &mut fang).await;
    let line = lines_of(&app, &run, "zhang").await[0].0;
    let pages = |file: u16, read: u16| {
        [
            ("/app/pay/objections".to_owned(), read),
            (format!("/app/pay/lines/{line}/hold"), read),
            ("/app/pay/exports".to_owned(), file),
            (format!("/app/pay/exports/{run}/payroll.csv"), file),
            ("/app/pay/exports/2026-10/bank.xlsx".to_owned(), file),
        ]
    };
    for (login, file, read, own) in [
        ("zhang", 403, 403, 200),
        ("li", 403, 403, 200),
        ("chen", 403, 403, 200),
        ("qian", 403, 403, 200),
        ("gu", 200, 200, 200),
        ("fang", 403, 200, 200),
        ("root", 200, 200, 200),
    ] {
        let mut browser = signed_in(&app, login).await;
        for (path, status) in pages(file, read) {
            let answer = browser.get(&path).await;
            assert_eq!(answer.status.as_u16(), status, "{login} {path}");
            if status == 403 {
                assert!(!answer.body.contains("9,000.00"), "{login} {path}");
            }
        }
        let answer = browser.get("/app/income").await;
        assert_eq!(answer.status.as_u16(), own, "{login}");
        let pays = ["zhang", "li"].contains(&login);
        assert_eq!(answer.body.contains("id=\"line-"), pays, "{login}");
    }
    let mut nobody = Browser::new(&app);
    for path in [
        "/app/income",
        "/app/income/files/2026-10.pdf",
        "/app/pay/objections",
        "/app/pay/exports",
    ] {
        assert_eq!(nobody.get(path).await.status.as_u16(), 303, "{path}");
    }
}

both!(given_a_closed_payout_when_exported_then_every_total_is_the_ledgers);
both!(given_names_like_formulas_when_exported_then_no_cell_is_one);
both!(given_a_bank_file_when_something_changes_then_it_cannot_be_paid_before_it_is_made_again);
both!(given_objections_holds_and_files_when_each_role_asks_then_only_those_who_may_see_them);
