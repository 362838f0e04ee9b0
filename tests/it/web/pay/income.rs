//! An employee's statement: every amount with its story and its files, and nobody else's.

use std::io::Cursor;

use calamine::{Data, Reader, Xlsx};
use serde_json::json;

use super::{calculated, fact, firm, first_batches, signed_in, step};
use crate::support::TestDb;
use crate::support::pdf::pdf_lines;
use crate::web::Browser;

/// The lines of somebody in a run: id and amount as pages print it.
pub async fn lines_of(app: &bole::app::App, run: &str, payee: &str) -> Vec<(i64, String)> {
    let rows = app
        .store
        .run_lines(run.parse().expect("a number"), Some(payee), None, 99);
    let rows = rows.await.expect("a store");
    rows.iter()
        .map(|r| (r.id, bole::web::i18n::yuan(r.line.amount)))
        .collect()
}

/// A run of October under review.
pub async fn reviewed(browser: &mut Browser) -> String {
    let run = calculated(browser, "07-new-customers", "2026-10").await;
    assert_eq!(step(browser, &run, "submit").await, 303);
    run
}

async fn given_a_payout_when_it_is_put_up_for_review_then_each_sees_their_own_and_only_their_own(db: TestDb) {
    let app = firm(&db).await;
    first_batches(&app).await;
    let mut zhang = signed_in(&app, "zhang").await;
    let empty = zhang.get("/app/income").await.body;
    assert!(empty.contains("还没有收入单"), "{empty}");
    let mut gu = signed_in(&app, "gu").await;
    let run = calculated(&mut gu, "07-new-customers", "2026-10").await;
    assert!(
        zhang.get("/app/income").await.body.contains("还没有收入单"),
        "not before its review"
    );
    assert_eq!(step(&mut gu, &run, "submit").await, 303);

    let (mine, theirs) = (
        lines_of(&app, &run, "zhang").await,
        lines_of(&app, &run, "li").await,
    );
    assert!(!mine.is_empty() && !theirs.is_empty());
    let page = zhang.get("/app/income").await.body;
    for (id, amount) in &mine {
        assert!(
            page.contains(amount.as_str()) && page.contains(&format!("id=\"line-{id}\"")),
            "{page}"
        );
    }
    assert!(page.contains("复核中") && page.contains("11月25日"), "{page}");
    assert!(
        page.contains("kind=first_batch&#38;key=o-1"),
        "down to the order: {page}"
    );
    assert!(
        page.contains("<a href=\"/app/income?month=2026-10#lines\">"),
        "what is pending leads to what it is made of: {page}"
    );
    for secret in ["31,000.50", "o-2", "李梦", theirs[0].1.as_str()] {
        assert!(!page.contains(secret), "{secret} in {page}");
    }
    let mut li = signed_in(&app, "li").await;
    let page = li.get("/app/income?month=2026-10").await.body;
    assert!(
        page.contains(theirs[0].1.as_str()) && !page.contains("60,000.00"),
        "{page}"
    );

    // The order behind it, for whom it is about.
    let source = "/app/income/source?kind=first_batch&key=o-1";
    let shown = zhang.get(source).await;
    assert_eq!(shown.status.as_u16(), 200, "{}", shown.body);
    assert!(
        shown.body.contains("60,000.00") && shown.body.contains("门店 o-1"),
        "{}",
        shown.body
    );
    assert_eq!(li.get(source).await.status.as_u16(), 404);
    let all = format!("/app/income/lines/{}/sources", mine[0].0);
    let shown = zhang.get(&all).await;
    assert!(
        shown.body.contains("o-1") && !shown.body.contains("o-2"),
        "{}",
        shown.body
    );
    assert_eq!(li.get(&all).await.status.as_u16(), 404);
    assert_eq!(
        gu.get(&all).await.status.as_u16(),
        404,
        "finance has its own page"
    );
}

async fn given_a_statement_when_taken_along_then_pdf_and_workbook_say_what_the_page_says(db: TestDb) {
    let app = firm(&db).await;
    first_batches(&app).await;
    let mut gu = signed_in(&app, "gu").await;
    let run = reviewed(&mut gu).await;
    let mut zhang = signed_in(&app, "zhang").await;
    let mine = lines_of(&app, &run, "zhang").await;
    let pdf = zhang.get("/app/income/files/2026-10.pdf").await;
    assert_eq!(pdf.header("content-type"), "application/pdf");
    assert!(pdf.header("content-disposition").contains("income-2026-10.pdf"));
    let text = pdf_lines(&pdf.bytes);
    for (_, amount) in &mine {
        assert!(text.contains(amount), "{amount} is not among {text:?}");
    }
    assert!(text.iter().any(|l| l.contains("收入单 2026年10月")), "{text:?}");
    assert!(text.iter().any(|l| l.contains("张晓雯")));
    assert!(!text.iter().any(|l| l.contains("31,000.50") || l.contains("李梦")));
    let book = zhang.get("/app/income/files/2026-10.xlsx").await;
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(book.bytes)).expect("a workbook");
    let range = book.worksheet_range_at(0).expect("a sheet").expect("a range");
    assert_eq!(range.height(), mine.len() + 2);
    let sum: i64 = app
        .store
        .run_lines(run.parse().expect("a number"), Some("zhang"), None, 99)
        .await
        .expect("a store")
        .iter()
        .map(|r| r.line.amount.minor())
        .sum();
    let last = u32::try_from(range.height() - 1).expect("few rows");
    let cells: Vec<&Data> = (0..7).filter_map(|c| range.get_value((last, c))).collect();
    let total = bole::domain::Money::from_minor(sum).to_string();
    assert!(
        cells
            .iter()
            .any(|c| format!("{c}") == total.trim_end_matches(".00")),
        "{total} in {cells:?}"
    );
    for name in [
        "2026-10.exe",
        "2026-10",
        "x.pdf",
        "2026-13.pdf",
        "2026-09.pdf",
        "2026.pdf",
        "..%2F..%2Fetc%2Fpasswd.pdf",
    ] {
        let answer = zhang.get(&format!("/app/income/files/{name}")).await;
        assert_eq!(answer.status.as_u16(), 404, "{name}");
    }
    for wrong in [
        "month=x",
        "month=2026-13",
        "month=2026-Q4",
        "month=2026-W47",
        "month=%00",
    ] {
        let answer = zhang.get(&format!("/app/income?{wrong}")).await;
        assert_eq!(answer.status.as_u16(), 422, "{wrong}");
    }
    // A month without pay is an empty page, not an error.
    assert_eq!(zhang.get("/app/income?month=2025-01").await.status.as_u16(), 200);
}

async fn given_a_pool_when_an_employee_asks_for_the_explanation_then_colleagues_are_totals_only(db: TestDb) {
    let app = firm(&db).await;
    let from_on = "2026-01-01".parse().expect("a day");
    let input = bole::app::pay::SettingInput {
        from_on,
        document: None,
        params: json!({"manager_rate": "0"})
            .as_object()
            .cloned()
            .expect("an object"),
        enabled: false,
        note: "活动".into(),
    };
    bole::app::pay::change_setting(&app, &bole::app::Actor::System, "01-team-process", &input)
        .await
        .expect("a setting");
    let only = json!({"amount": "500000.00", "for_scheme": "01-team-process"});
    fact(&app, "receipt", "r1", None, "2026-11-04", only).await;
    for (key, who, node) in [("p1", "zhang", "close"), ("p2", "li", "phone")] {
        fact(
            &app,
            "participation",
            key,
            Some(who),
            "2026-11-04",
            json!({"node": node}),
        )
        .await;
    }
    let mut gu = signed_in(&app, "gu").await;
    let run = calculated(&mut gu, "01-team-process", "2026-11-03..2026-11-06").await;
    assert_eq!(step(&mut gu, &run, "submit").await, 303);
    let mut zhang = signed_in(&app, "zhang").await;
    let page = zhang.get("/app/income").await.body;
    assert!(
        page.contains("团队流程奖金") && page.contains("只有财务能看"),
        "{page}"
    );
    let told = page.split("<ul class=\"statement\">").nth(1).expect("lines");
    for secret in [" li ", "li，", "p2", "李梦"] {
        assert!(!told.contains(secret), "{secret:?} in {told}");
    }
    let line = lines_of(&app, &run, "zhang").await[0].0;
    let shown = gu.get(&format!("/app/pay/lines/{line}")).await.body;
    assert!(shown.contains("p2"), "finance sees everybody: {shown}");
}

both!(given_a_payout_when_it_is_put_up_for_review_then_each_sees_their_own_and_only_their_own);
both!(given_a_statement_when_taken_along_then_pdf_and_workbook_say_what_the_page_says);
both!(given_a_pool_when_an_employee_asks_for_the_explanation_then_colleagues_are_totals_only);
