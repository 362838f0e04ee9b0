//! Facts: a file looked at and confirmed exactly so, one by hand, revised and voided with its history.

use axum::http::StatusCode;
use bole::storage::pay::{FactFilter, NewFact, put_fact};

use super::{Browser, calculated, firm, first_batches, signed_in, step};
use crate::support::TestDb;

const IMPORT: &str = "/app/pay/facts/import?kind=first_batch";

async fn count(app: &bole::app::App) -> usize {
    app.store
        .facts(FactFilter::default(), None, 10_000)
        .await
        .expect("a store")
        .len()
}

/// Sends a file; the answer.
async fn upload(browser: &mut Browser, path: &str, name: &str, bytes: &[u8]) -> super::super::Answer {
    browser
        .upload_as(path, &[("source", "收银")], "file", &[(name, bytes)])
        .await
}

/// Sends a file that is looked at; the page's path and what it says.
async fn looked_at(browser: &mut Browser, path: &str, text: &str) -> (String, String) {
    let answer = upload(browser, path, "十月.csv", text.as_bytes()).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    let page = answer.header("location").to_owned();
    let body = browser.get(&page).await.body;
    (page, body)
}

async fn given_a_file_when_it_is_looked_at_then_every_line_says_what_it_would_do_and_only_confirming_records_it(
    db: TestDb,
) {
    let app = firm(&db).await;
    first_batches(&app).await;
    let mut gu = signed_in(&app, "gu").await;
    let before = count(&app).await;
    let file = "编号,日期,业务员,新店,实收金额\n\
                k-1,2026-11-03,zhang,甲店,\"12,000.50\"\n\
                k-2,2026/11/4,LI,乙店,¥800\n\
                k-1,2026-11-05,li,丙店,1\n\
                k-3,2026-11-05,nobody,丁店,5\n\
                k-4,2026-02-30,li,戊店,5\n\
                k-5,2026-11-05,li,己店,five\n\
                k-6,2026-11-05,li,庚店,\n\
                k-7,2026-11-05\n\
                ,2026-11-05,li,辛店,5\n\
                k-8,2026-11-05,li,=1+1,5\n";
    let (page, body) = looked_at(&mut gu, IMPORT, file).await;
    for told in [
        "前面已经有了",
        "没有这个工号",
        "要写成日期",
        "要写成金额",
        "必须填",
        "列数和表头不一样",
        "编号要有",
    ] {
        assert!(body.contains(told), "{told}: {body}");
    }
    assert!(
        body.contains("记下这 3 行") && body.contains("有 7 行不收"),
        "{body}"
    );
    assert_eq!(count(&app).await, before, "nothing is recorded yet");
    let done = gu.post(&page, &[]).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    assert_eq!(count(&app).await, before + 3);
    let again = gu.post(&page, &[]).await;
    assert_eq!(again.status, StatusCode::CONFLICT, "once only");
    assert_eq!(count(&app).await, before + 3);
    let shown = gu
        .get("/app/pay/facts?kind=first_batch&source=%E6%94%B6%E9%93%B6")
        .await
        .body;
    assert!(
        shown.contains("12,000.50") && shown.contains("=1+1") && shown.contains("k-8"),
        "{shown}"
    );
    // The same file again: what is recorded is known; another amount is a revision.
    let (_, body) = looked_at(
        &mut gu,
        IMPORT,
        "编号,日期,业务员,实收金额,新店\nk-2,2026-11-04,li,900,乙店\n",
    )
    .await;
    assert!(body.contains("次更正"), "{body}");
}

async fn given_an_amount_no_scheme_could_read_when_looked_at_or_typed_then_the_column_says_its_range(
    db: TestDb,
) {
    let app = firm(&db).await;
    first_batches(&app).await;
    let mut gu = signed_in(&app, "gu").await;
    let before = count(&app).await;
    let file =
        "编号,日期,业务员,新店,实收金额\nk-1,2026-11-03,zhang,甲店,-5.00\nk-2,2026-11-03,zhang,乙店,0\n";
    let (_, body) = looked_at(&mut gu, IMPORT, file).await;
    assert!(body.contains("实收金额：不在允许的范围内（≥ 0）"), "{body}");
    assert!(body.contains("有 1 行不收"), "{body}");
    let typed = [
        ("f.source_key", "h-1"),
        ("f.occurred_on", "2026-11-03"),
        ("f.seller", "zhang"),
        ("f.customer", "丙店"),
        ("f.amount", "-5.00"),
    ];
    let answer = gu.post("/app/pay/facts/new?kind=first_batch", &typed).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.body);
    assert!(answer.body.contains("不在允许的范围内（≥ 0）"), "{}", answer.body);
    assert_eq!(count(&app).await, before);
}

async fn given_what_was_looked_at_when_something_else_is_recorded_before_it_is_confirmed_then_nothing_of_it_is(
    db: TestDb,
) {
    let app = firm(&db).await;
    first_batches(&app).await;
    let (mut gu, mut fu) = (signed_in(&app, "gu").await, signed_in(&app, "fu").await);
    let file = |amount: &str| {
        format!(
            "编号,日期,业务员,新店,实收金额\nk-1,2026-11-03,zhang,甲店,{amount}\nk-2,2026-11-03,li,乙店,7\n"
        )
    };
    let (first, _) = looked_at(&mut gu, IMPORT, &file("100")).await;
    let (second, _) = looked_at(&mut fu, IMPORT, &file("200")).await;
    assert_eq!(fu.post(&second, &[]).await.status, StatusCode::SEE_OTHER);
    let known = count(&app).await;
    let refused = gu.post(&first, &[]).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert!(refused.body.contains("什么也没有记"), "{}", refused.body);
    assert_eq!(count(&app).await, known);
    // Looked at again it is a revision, and says so.
    let (third, body) = looked_at(&mut gu, IMPORT, &file("100")).await;
    assert!(body.contains("次更正") && body.contains("已有"), "{body}");
    assert_eq!(gu.post(&third, &[]).await.status, StatusCode::SEE_OTHER);
    let history = gu
        .get("/app/pay/facts/history?kind=first_batch&key=k-1&source=%E6%94%B6%E9%93%B6")
        .await
        .body;
    assert!(history.contains("顾蕾") && history.contains("傅青"), "{history}");
    // Two who confirm the same new fact in one instant: one wins.
    let new = |amount: &str| format!("编号,日期,业务员,新店,实收金额\nk-3,2026-11-03,zhang,丙店,{amount}\n");
    let (mine, _) = looked_at(&mut gu, IMPORT, &new("100")).await;
    let (theirs, _) = looked_at(&mut fu, IMPORT, &new("200")).await;
    let (a, b) = tokio::join!(gu.post(&mine, &[]), fu.post(&theirs, &[]));
    let mut statuses = [a.status, b.status];
    statuses.sort();
    assert_eq!(
        statuses,
        [StatusCode::SEE_OTHER, StatusCode::CONFLICT],
        "{} {}",
        a.body,
        b.body
    );
}

async fn given_files_that_are_none_when_sent_then_each_is_refused_in_words_and_nothing_is_kept(db: TestDb) {
    let app = firm(&db).await;
    let mut gu = signed_in(&app, "gu").await;
    let bomb = [b"PK\x03\x04".as_slice(), &[0; 64]].concat();
    for (name, bytes) in [
        ("empty.csv", b"".as_slice()),
        ("old.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
        ("bomb.xlsx", bomb.as_slice()),
        ("picture.png", b"\x89PNG\r\n\x1a\n\x00\x00\xff\xff\xfe"),
        ("no-header.csv", b"a,b,c\n1,2,3\n"),
        ("twice.csv", "编号,编号,日期,新店,实收金额\n".as_bytes()),
    ] {
        let answer = upload(&mut gu, IMPORT, name, bytes).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{name}");
        assert!(
            answer.body.contains("id=\"file-error\""),
            "{name}: {}",
            answer.body
        );
        assert!(
            !answer.body.contains("Unknown localization"),
            "{name}: {}",
            answer.body
        );
    }
    let none = gu
        .upload_as(IMPORT, &[("source", "收银")], "file", &[("", b"")])
        .await;
    assert!(none.body.contains("选一个文件"), "{}", none.body);
    for source in ["", "tracker", "a\u{7}b", &"字".repeat(101)] {
        let answer = gu
            .upload_as(IMPORT, &[("source", source)], "file", &[("a.csv", b"x")])
            .await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{source:?}");
    }
    assert_eq!(
        gu.get("/app/pay/facts/import?kind=nothing").await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        gu.get("/app/pay/facts/imports/1").await.status,
        StatusCode::NOT_FOUND
    );
}

async fn given_every_kind_when_its_template_is_filled_in_then_the_heads_are_read_in_both_languages(
    db: TestDb,
) {
    let app = firm(&db).await;
    let mut gu = signed_in(&app, "gu").await;
    let schemes = bole::app::pay::known(&app).await.expect("a store");
    let kinds = schemes
        .kinds()
        .keys()
        .cloned()
        .chain(["roster:07-new-customers".into(), "roster:13-partners".into()]);
    let known: Vec<String> = kinds
        .filter(|k| bole::app::pay::Enterable::find(&schemes, k).is_some())
        .collect();
    for (at, kind) in known.iter().enumerate() {
        for file in ["csv", "xlsx"] {
            // Spreadsheets of a few kinds are enough.
            if file == "xlsx" && at % 10 > 0 {
                continue;
            }
            let path = format!("/app/pay/facts/template?kind={kind}&as={file}");
            let got = gu.get(&path).await;
            assert_eq!(got.status, StatusCode::OK, "{path}");
            if file == "csv" {
                let sent = upload(
                    &mut gu,
                    &format!("/app/pay/facts/import?kind={kind}"),
                    "t.csv",
                    got.body.as_bytes(),
                )
                .await;
                assert_eq!(sent.status, StatusCode::SEE_OTHER, "{kind}: {}", sent.body);
                let page = gu.get(sent.header("location")).await.body;
                assert!(page.contains("只有表头"), "{kind}: {page}");
            }
        }
        assert_eq!(
            gu.get(&format!("/app/pay/facts/new?kind={kind}")).await.status,
            StatusCode::OK,
            "{kind}"
        );
    }
}

async fn given_a_fact_by_hand_when_it_is_revised_and_voided_then_every_revision_stays_and_wrong_ones_are_told(
    db: TestDb,
) {
    let app = firm(&db).await;
    first_batches(&app).await;
    let mut gu = signed_in(&app, "gu").await;
    let new = "/app/pay/facts/new?kind=first_batch";
    let right = [
        ("f.source_key", "h-1"),
        ("f.occurred_on", "2026-11-02"),
        ("f.seller", "zhang"),
        ("f.customer", "甲店"),
        ("f.amount", "500"),
    ];
    let long = "字".repeat(201);
    let before = count(&app).await;
    for (field, value, told) in [
        ("f.source_key", "", "f.source_key-error"),
        ("f.source_key", long.as_str(), "f.source_key-error"),
        ("f.occurred_on", "yesterday", "f.occurred_on-error"),
        ("f.occurred_on", "0001-01-01", "f.occurred_on-error"),
        ("f.seller", "' or 1=1 --", "f.seller-error"),
        ("f.amount", "1e9", "f.amount-error"),
        ("f.amount", "12.345", "f.amount-error"),
        ("f.customer", long.as_str(), "f.customer-error"),
    ] {
        let mut fields = right.to_vec();
        fields.iter_mut().find(|f| f.0 == field).expect("a field").1 = value;
        let answer = gu.post(new, &fields).await;
        assert_eq!(
            answer.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{field} {value}: {}",
            answer.body
        );
        assert!(answer.body.contains(told), "{field} {value}: {}", answer.body);
    }
    assert_eq!(count(&app).await, before);
    assert_eq!(gu.post(new, &right).await.status, StatusCode::SEE_OTHER);
    let twice = gu.post(new, &right).await;
    assert!(twice.header("location").contains("done=known"), "{}", twice.body);
    let mut other = right.to_vec();
    other[4].1 = "600";
    let taken = gu.post(new, &other).await;
    assert!(
        taken.status == StatusCode::UNPROCESSABLE_ENTITY && taken.body.contains("这个编号已经有了"),
        "{}",
        taken.body
    );
    let history = "/app/pay/facts/history?kind=first_batch&key=h-1&source=form";
    let revise = |revision: &'static str, amount: &'static str, reason: &'static str, act: &'static str| {
        let mut fields = right[1..].to_vec();
        fields[3].1 = amount;
        fields.extend([("revision", revision), ("reason", reason), ("act", act)]);
        fields
    };
    let unreasoned = gu.post(history, &revise("0", "600", "", "revise")).await;
    assert!(
        unreasoned.status == StatusCode::UNPROCESSABLE_ENTITY && unreasoned.body.contains("reason-error")
    );
    let same = gu.post(history, &revise("0", "500", "看错了", "revise")).await;
    assert_eq!(same.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", same.body);
    assert_eq!(
        gu.post(history, &revise("0", "600", "看错了", "revise"))
            .await
            .status,
        StatusCode::SEE_OTHER
    );
    // Who saw the first revision does not write over the second.
    let stale = gu.post(history, &revise("0", "700", "也看错了", "revise")).await;
    assert_eq!(stale.status, StatusCode::CONFLICT, "{}", stale.body);
    assert_eq!(
        gu.post(history, &revise("1", "600", "重复", "void")).await.status,
        StatusCode::SEE_OTHER
    );
    let shown = gu.get(history).await.body;
    assert!(
        shown.contains("已作废") && shown.contains("第 2 次更正") && shown.contains("第一次记下"),
        "{shown}"
    );
    assert_eq!(count(&app).await, before + 3);
    assert_eq!(
        gu.get("/app/pay/facts/history?kind=first_batch&key=none")
            .await
            .status,
        StatusCode::NOT_FOUND
    );
}

async fn given_a_fact_that_a_payout_handed_on_when_it_is_looked_at_then_nobody_is_offered_to_correct_it(
    db: TestDb,
) {
    let app = firm(&db).await;
    let mut tx = db.store.begin().await.expect("a store");
    let handed = NewFact {
        kind: "carried_loss",
        source: "payout",
        source_key: "13-partners:2026-01-01:unit=main",
        subject: None,
        occurred: "2026-01-01",
        occurred_on: "2026-01-01".parse().expect("a day"),
        fields: r#"{"amount":"5000","for_scheme":"13-partners","unit":"main"}"#,
        content_hash: [1; 32],
        void: false,
        sent_by: "system",
        recorded_at: 1,
    };
    put_fact(&mut tx, &handed).await.expect("a fact");
    tx.commit().await.expect("a store");
    let mut gu = signed_in(&app, "gu").await;
    let path =
        "/app/pay/facts/history?kind=carried_loss&key=13-partners%3A2026-01-01%3Aunit%3Dmain&source=payout";
    let page = gu.get(path).await;
    assert!(
        page.body.contains("这里不能改") && !page.body.contains("name=\"revision\""),
        "{}",
        page.body
    );
    let fields = [
        ("f.occurred_on", "2026-01-01"),
        ("f.amount", "4000"),
        ("revision", "0"),
        ("reason", "看错了"),
        ("act", "revise"),
    ];
    assert_eq!(gu.post(path, &fields).await.status, StatusCode::FORBIDDEN);
}

both!(given_a_fact_that_a_payout_handed_on_when_it_is_looked_at_then_nobody_is_offered_to_correct_it);

async fn given_a_closed_period_when_a_fact_comes_late_then_it_is_told_and_booked_as_a_correction(db: TestDb) {
    let app = firm(&db).await;
    first_batches(&app).await;
    let (mut gu, mut fang) = (signed_in(&app, "gu").await, signed_in(&app, "fang").await);
    let run = calculated(&mut gu, "07-new-customers", "2026-10").await;
    step(&mut gu, &run, "submit").await;
    step(&mut fang, &run, "approve").await;
    assert_eq!(step(&mut gu, &run, "close").await, 303);
    let late = "编号,日期,业务员,新店,实收金额\nk-1,2026-10-20,li,甲店,20000\nk-2,2026-11-02,li,乙店,100\n";
    let (page, body) = looked_at(&mut gu, IMPORT, late).await;
    assert!(
        body.contains("有 1 行落在已关账的期间里") && body.contains("下一期补差"),
        "{body}"
    );
    assert_eq!(gu.post(&page, &[]).await.status, StatusCode::SEE_OTHER);
    let next = calculated(&mut gu, "07-new-customers", "2026-11").await;
    let shown = gu.get(&format!("/app/pay/runs/{next}")).await.body;
    assert!(shown.contains("行补差"), "{shown}");
    let before = gu.get(&format!("/app/pay/runs/{run}")).await.body;
    assert!(before.contains("关账快照"), "{before}");
}

async fn given_attributes_when_entered_by_file_and_by_hand_then_they_hold_from_their_day_on(db: TestDb) {
    let app = firm(&db).await;
    let mut gu = signed_in(&app, "gu").await;
    let import = "/app/pay/facts/import?kind=roster:07-new-customers";
    let file = "工号,从哪天起,岗位\nzhang,2026-01-01,sales\nli,2026-01-01,king\nnobody,2026-01-01,sales\nzhang,2026-01-01,sales\n";
    let (page, body) = looked_at(&mut gu, import, file).await;
    assert!(
        body.contains("只能从规定的几个里选")
            && body.contains("没有这个工号")
            && body.contains("记下这 1 行"),
        "{body}"
    );
    assert_eq!(gu.post(&page, &[]).await.status, StatusCode::SEE_OTHER);
    let new = "/app/pay/facts/new?kind=roster:07-new-customers";
    let by_hand = [
        ("f.code", "li"),
        ("f.from_on", "2026-02-01"),
        ("f.role", "beautician"),
    ];
    assert_eq!(gu.post(new, &by_hand).await.status, StatusCode::SEE_OTHER);
    let wrong = [
        ("f.code", "li"),
        ("f.from_on", "2026-02-01"),
        ("f.role", "<b>king</b>"),
    ];
    let refused = gu.post(new, &wrong).await;
    assert!(
        refused.status == StatusCode::UNPROCESSABLE_ENTITY && refused.body.contains("f.role-error"),
        "{}",
        refused.body
    );
    let set = app
        .store
        .roster_on(
            "2026-03-01".parse().expect("a day"),
            &["07-new-customers.role".to_owned()],
        )
        .await
        .expect("a store");
    let told: Vec<(String, String)> = set.into_iter().map(|v| (v.name, v.value)).collect();
    let role = |value: &str| ("07-new-customers.role".to_owned(), format!("\"{value}\""));
    assert_eq!(told, [role("sales"), role("beautician")]);
}

both!(given_a_file_when_it_is_looked_at_then_every_line_says_what_it_would_do_and_only_confirming_records_it);
both!(given_an_amount_no_scheme_could_read_when_looked_at_or_typed_then_the_column_says_its_range);
both!(given_what_was_looked_at_when_something_else_is_recorded_before_it_is_confirmed_then_nothing_of_it_is);
both!(given_files_that_are_none_when_sent_then_each_is_refused_in_words_and_nothing_is_kept);
both!(given_every_kind_when_its_template_is_filled_in_then_the_heads_are_read_in_both_languages);
both!(given_a_fact_by_hand_when_it_is_revised_and_voided_then_every_revision_stays_and_wrong_ones_are_told);
both!(given_a_closed_period_when_a_fact_comes_late_then_it_is_told_and_booked_as_a_correction);
both!(given_attributes_when_entered_by_file_and_by_hand_then_they_hold_from_their_day_on);
