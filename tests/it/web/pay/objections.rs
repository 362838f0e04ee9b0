//! Objections: opened in one tap, decided by others, appealed to a third, corrected before the approval or in the next period;
//! lines that are held.

use std::io::Cursor;

use calamine::{Reader, Xlsx};
use jiff::ToSpan;
use serde_json::json;

use super::income::{lines_of, reviewed};
use super::{calculated, fact, firm, first_batches, number, signed_in, step};
use crate::support::TestDb;
use crate::web::Browser;

/// Objects to a line; the objection's number.
async fn objected(browser: &mut Browser, line: i64) -> String {
    let answer = browser
        .post(&format!("/app/income/lines/{line}/objection"), &[])
        .await;
    assert_eq!(answer.status.as_u16(), 303, "{}", answer.body);
    number(answer.header("location"))
}

async fn decide(browser: &mut Browser, id: &str, decision: &str, words: &str) -> u16 {
    let path = format!("/app/pay/objections/{id}/decision");
    let sent = [("decision", decision), ("words", words)];
    browser.post(&path, &sent).await.status.as_u16()
}

async fn given_an_objection_after_the_approval_when_accepted_then_the_next_period_carries_the_correction(
    db: TestDb,
) {
    let app = firm(&db).await;
    first_batches(&app).await;
    let mut gu = signed_in(&app, "gu").await;
    let run = reviewed(&mut gu).await;
    let line = lines_of(&app, &run, "zhang").await[0].0;
    let mut zhang = signed_in(&app, "zhang").await;
    let id = objected(&mut zhang, line).await;
    assert_eq!(
        objected(&mut zhang, line).await,
        id,
        "tapped twice is one objection"
    );
    let mine = zhang.get(&format!("/app/income/objections/{id}")).await.body;
    assert!(
        mine.contains("我对这一笔有疑问，请核对。") && mine.contains("等答复"),
        "{mine}"
    );
    let story = format!("<a href=\"/app/income?month=2026-10#line-{line}\">");
    assert!(mine.contains(&story), "its amount leads to its story: {mine}");

    // Nobody else objects to it or sees it.
    let mut li = signed_in(&app, "li").await;
    for browser in [&mut li, &mut gu] {
        let path = format!("/app/income/lines/{line}/objection");
        assert_eq!(browser.post(&path, &[]).await.status.as_u16(), 404);
        let path = format!("/app/income/objections/{id}");
        assert_eq!(browser.get(&path).await.status.as_u16(), 404);
        let path = format!("/app/income/objections/{id}/withdraw");
        assert_eq!(browser.post(&path, &[]).await.status.as_u16(), 404);
    }

    // It stands in the way of the close.
    let mut fang = signed_in(&app, "fang").await;
    assert_eq!(step(&mut fang, &run, "approve").await, 303);
    let shown = gu.get(&format!("/app/pay/runs/{run}")).await.body;
    assert!(shown.contains("还有 1 条申诉没处理"), "{shown}");
    assert_eq!(step(&mut gu, &run, "close").await, 409);
    let queue = gu.get("/app/pay/objections").await.body;
    assert!(
        queue.contains("张晓雯") && queue.contains(&format!("/app/pay/objections/{id}")),
        "{queue}"
    );
    assert!(
        queue.contains(&format!("<a href=\"/app/pay/lines/{line}\">¥")),
        "{queue}"
    );

    // Answered, replied to, declined, appealed: an appeal is for another person.
    assert_eq!(decide(&mut gu, &id, "answer", "是哪一单？").await, 303);
    let reply = [("words", "o-1，实收是 65,000")];
    let answer = zhang
        .post(&format!("/app/income/objections/{id}/reply"), &reply)
        .await;
    assert_eq!(answer.status.as_u16(), 303);
    assert_eq!(decide(&mut gu, &id, "decline", "和小票一致").await, 303);
    assert_eq!(
        decide(&mut gu, &id, "decline", "再来一次").await,
        409,
        "decided already"
    );
    let appeal = [("words", "小票有两张")];
    let answer = zhang
        .post(&format!("/app/income/objections/{id}/appeal"), &appeal)
        .await;
    assert_eq!(answer.status.as_u16(), 303);
    assert_eq!(decide(&mut gu, &id, "fact", "对").await, 403, "who decided first");
    assert_eq!(
        decide(&mut fang, &id, "recalculate", "对").await,
        409,
        "approved already"
    );
    assert_eq!(
        decide(&mut fang, &id, "fact", "小票确有两张，更正数据").await,
        303
    );
    let mine = zhang.get(&format!("/app/income/objections/{id}")).await.body;
    assert!(mine.contains("成立") && mine.contains("差额进下一期"), "{mine}");

    // The fact is corrected; November carries the difference and says of which period.
    for word in ["close", "pay"] {
        assert_eq!(step(&mut gu, &run, word).await, 303, "{word}");
    }
    let words = json!({"amount": "65000.00", "customer": "门店 o-1"});
    fact(&app, "first_batch", "o-1", Some("zhang"), "2026-10-10", words).await;
    let next = calculated(&mut gu, "07-new-customers", "2026-11").await;
    assert_eq!(step(&mut gu, &next, "submit").await, 303);
    let late = lines_of(&app, &next, "zhang").await;
    let page = zhang.get("/app/income?month=2026-11").await.body;
    assert!(page.contains("2026年10月 更正"), "{page}");
    assert!(
        late.iter().all(|(_, amount)| page.contains(amount.as_str())),
        "{page}"
    );
    let october = zhang.get("/app/income?month=2026-10").await.body;
    assert!(
        october.contains("申诉：") && october.contains("成立"),
        "{october}"
    );
}

async fn given_an_objection_under_review_when_accepted_then_the_payout_is_calculated_again_before_its_approval(
    db: TestDb,
) {
    let app = firm(&db).await;
    first_batches(&app).await;
    let mut gu = signed_in(&app, "gu").await;
    let run = reviewed(&mut gu).await;
    let (mine, theirs) = (
        lines_of(&app, &run, "zhang").await,
        lines_of(&app, &run, "li").await,
    );
    let mut zhang = signed_in(&app, "zhang").await;
    let id = objected(&mut zhang, mine[0].0).await;
    let mut li = signed_in(&app, "li").await;
    let other = objected(&mut li, theirs[0].0).await;
    let again = format!("/app/pay/objections/{id}/recalculate");
    assert_eq!(
        gu.post(&again, &[]).await.status.as_u16(),
        409,
        "nothing was accepted yet"
    );
    assert_eq!(decide(&mut gu, &id, "recalculate", "少录了一笔").await, 303);
    let words = json!({"amount": "70000.00", "customer": "门店 o-1"});
    fact(&app, "first_batch", "o-1", Some("zhang"), "2026-10-10", words).await;
    let mut fang = signed_in(&app, "fang").await;
    assert_eq!(
        fang.post(&again, &[]).await.status.as_u16(),
        403,
        "approvers do not calculate"
    );
    assert_eq!(gu.post(&again, &[]).await.status.as_u16(), 303);
    let newest = app.store.runs(None, None, 1).await.expect("a store").remove(0);
    assert_ne!(newest.id.to_string(), run);
    // Until it is under review again the statement has no such line to lead to.
    let page = zhang.get(&format!("/app/income/objections/{id}")).await.body;
    assert!(!page.contains("#line-"), "{page}");
    let new = newest.id.to_string();
    assert_eq!(
        step(&mut fang, &run, "approve").await,
        409,
        "the old version is set aside"
    );
    assert_eq!(step(&mut gu, &new, "submit").await, 303);
    assert_ne!(lines_of(&app, &new, "zhang").await[0].1, mine[0].1);
    // The other objection followed to the same line of the new version, and still stands in the way.
    let followed = app
        .store
        .objection(other.parse().expect("a number"))
        .await
        .expect("a store")
        .expect("it");
    assert_eq!(followed.run, newest.id);
    assert_eq!(followed.line, lines_of(&app, &new, "li").await[0].0);
    assert_eq!(step(&mut fang, &new, "approve").await, 303);
    assert_eq!(step(&mut gu, &new, "close").await, 409);
    let answer = li
        .post(&format!("/app/income/objections/{other}/withdraw"), &[])
        .await;
    assert_eq!(answer.status.as_u16(), 303);
    assert_eq!(step(&mut gu, &new, "close").await, 303);
}

async fn given_an_accepted_objection_when_the_payout_is_not_calculated_again_then_it_is_not_approved(
    db: TestDb,
) {
    let app = firm(&db).await;
    first_batches(&app).await;
    let mut gu = signed_in(&app, "gu").await;
    let run = reviewed(&mut gu).await;
    let mut zhang = signed_in(&app, "zhang").await;
    let id = objected(&mut zhang, lines_of(&app, &run, "zhang").await[0].0).await;
    db.clock.set(app.now() + 1.minute());
    assert_eq!(decide(&mut gu, &id, "recalculate", "少录了一笔").await, 303);
    let mut fang = signed_in(&app, "fang").await;
    let page = format!("/app/pay/runs/{run}");
    let shown = fang.get(&page).await.body;
    assert!(
        shown.contains("要先重新计算，再批准") && shown.contains("aria-disabled=\"true\""),
        "{shown}"
    );
    assert_eq!(step(&mut fang, &run, "approve").await, 409);
    db.clock.set(app.now() + 1.minute());
    let again = format!("/app/pay/objections/{id}/recalculate");
    assert_eq!(gu.post(&again, &[]).await.status.as_u16(), 303);
    let new = app
        .store
        .runs(None, None, 1)
        .await
        .expect("a store")
        .remove(0)
        .id
        .to_string();
    assert_eq!(step(&mut gu, &new, "submit").await, 303);
    let shown = fang.get(&format!("/app/pay/runs/{new}")).await.body;
    assert!(!shown.contains("要先重新计算，再批准"), "{shown}");
    assert_eq!(step(&mut fang, &new, "approve").await, 303);
    assert_eq!(step(&mut gu, &new, "close").await, 303);
}

async fn given_an_approval_and_a_promise_to_calculate_again_when_at_once_then_one_wins(db: TestDb) {
    let app = firm(&db).await;
    first_batches(&app).await;
    let mut gu = signed_in(&app, "gu").await;
    let run = reviewed(&mut gu).await;
    let mut zhang = signed_in(&app, "zhang").await;
    let id = objected(&mut zhang, lines_of(&app, &run, "zhang").await[0].0).await;
    db.clock.set(app.now() + 1.minute());
    let mut fang = signed_in(&app, "fang").await;
    let both = tokio::join!(
        decide(&mut gu, &id, "recalculate", "少录了一笔"),
        step(&mut fang, &run, "approve")
    );
    assert!(matches!(both, (303, 409) | (409, 303)), "{both:?}");
}

async fn given_an_objection_and_another_calculation_when_at_once_then_it_is_to_what_counts(db: TestDb) {
    let app = firm(&db).await;
    first_batches(&app).await;
    let mut gu = signed_in(&app, "gu").await;
    let run = reviewed(&mut gu).await;
    let theirs = lines_of(&app, &run, "li").await[0].0;
    let mut zhang = signed_in(&app, "zhang").await;
    let id = objected(&mut zhang, lines_of(&app, &run, "zhang").await[0].0).await;
    assert_eq!(decide(&mut gu, &id, "recalculate", "少录了一笔").await, 303);
    let mut li = signed_in(&app, "li").await;
    let (path, again) = (
        format!("/app/income/lines/{theirs}/objection"),
        format!("/app/pay/objections/{id}/recalculate"),
    );
    let (late, anew) = tokio::join!(li.post(&path, &[]), gu.post(&again, &[]));
    assert_eq!(anew.status.as_u16(), 303, "{}", anew.body);
    let newest = app.store.runs(None, None, 1).await.expect("a store").remove(0).id;
    let waiting = app.store.objections_waiting(None).await.expect("a store");
    let here = app.store.objections_waiting(Some(newest)).await.expect("a store");
    let taken = i64::from(late.status.as_u16() == 303);
    assert_eq!((waiting, here), (taken, taken), "{} {}", late.status, late.body);
}

async fn given_the_query_window_when_it_is_over_then_no_objection_is_taken(db: TestDb) {
    let app = firm(&db).await;
    first_batches(&app).await;
    let mut gu = signed_in(&app, "gu").await;
    let run = reviewed(&mut gu).await;
    let line = lines_of(&app, &run, "zhang").await[0].0;
    // The last day is whole.
    let start = app.now();
    db.clock.set(start + (7 * 24).hours());
    let mut zhang = signed_in(&app, "zhang").await;
    assert!(zhang.get("/app/income").await.body.contains("对这一笔申诉"));
    db.clock.set(start + (8 * 24).hours());
    let page = zhang.get("/app/income").await.body;
    assert!(!page.contains("对这一笔申诉"), "{page}");
    let answer = zhang
        .post(&format!("/app/income/lines/{line}/objection"), &[])
        .await;
    assert_eq!(answer.status.as_u16(), 409);
    assert_eq!(app.store.objections_waiting(None).await.expect("a store"), 0);
}

async fn given_hostile_words_when_sent_then_each_form_says_what_is_wrong_and_keeps_them(db: TestDb) {
    let app = firm(&db).await;
    first_batches(&app).await;
    let mut gu = signed_in(&app, "gu").await;
    let run = reviewed(&mut gu).await;
    let line = lines_of(&app, &run, "zhang").await[0].0;
    let mut zhang = signed_in(&app, "zhang").await;
    let long = "字".repeat(2001);
    let object = format!("/app/income/lines/{line}/objection");
    for bad in [long.as_str(), "a\0b"] {
        let answer = zhang.post(&object, &[("words", bad)]).await;
        assert_eq!(answer.status.as_u16(), 422, "{}", bad.len());
    }
    let script = "<script>alert(1)</script> ' or 1=1 -- =cmd()";
    let answer = zhang.post(&object, &[("words", script)]).await;
    let id = number(answer.header("location"));
    let shown = zhang.get(&format!("/app/income/objections/{id}")).await.body;
    assert!(
        shown.contains("&#60;script&#62;") && !shown.contains("<script>alert"),
        "{shown}"
    );
    for bad in ["", "   ", long.as_str()] {
        let answer = zhang
            .post(&format!("/app/income/objections/{id}/reply"), &[("words", bad)])
            .await;
        assert_eq!(answer.status.as_u16(), 422);
        assert!(answer.body.contains("id=\"words-error\""), "{}", answer.body);
        assert_eq!(decide(&mut gu, &id, "decline", bad).await, 422);
        let hold = format!("/app/pay/lines/{line}/hold");
        let answer = gu.post(&hold, &[("reason", bad)]).await;
        assert_eq!(answer.status.as_u16(), 422);
        assert!(answer.body.contains("id=\"reason-error\""), "{}", answer.body);
    }
    for decision in ["", "pay", "accept", "<b>"] {
        assert_eq!(decide(&mut gu, &id, decision, "x").await, 422, "{decision}");
    }
    for path in [
        "/app/income/objections/0",
        "/app/income/objections/999999",
        "/app/income/source?kind=%27&key=%00",
        "/app/income/lines/-1/sources",
    ] {
        assert_eq!(zhang.get(path).await.status.as_u16(), 404, "{path}");
    }
    assert_eq!(gu.get("/app/pay/objections?state=x").await.status.as_u16(), 422);
    assert_eq!(gu.get("/app/pay/objections?page=-5").await.status.as_u16(), 200);
    let steps = app.store.objection_steps(id.parse().expect("a number")).await;
    assert_eq!(steps.expect("a store").len(), 1, "nothing was stored");
}

async fn given_a_held_line_when_its_payout_is_paid_then_it_waits_until_somebody_else_releases_it(db: TestDb) {
    let app = firm(&db).await;
    first_batches(&app).await;
    let mut gu = signed_in(&app, "gu").await;
    let run = reviewed(&mut gu).await;
    let mine = lines_of(&app, &run, "zhang").await;
    let sum = |account: &'static str| {
        let app = app.clone();
        async move { app.store.account_balance(account).await.expect("a store") }
    };
    let hold = format!("/app/pay/lines/{}/hold", mine[0].0);
    let release = format!("/app/pay/lines/{}/release", mine[0].0);
    let why = [("reason", "客户投诉待核")];
    assert_eq!(gu.post(&hold, &why).await.status.as_u16(), 303);
    let again = gu.post(&hold, &why).await;
    assert_eq!(again.status.as_u16(), 409, "held already");
    assert!(again.body.contains("这一行已经暂扣了"), "{}", again.body);
    assert!(
        !again.body.contains("held already"),
        "in the page's language alone"
    );
    assert_eq!(gu.post(&release, &why).await.status.as_u16(), 403, "who held it");
    let own = gu.get(&hold).await.body;
    assert!(own.contains("是你暂扣的") && !own.contains("/release\""), "{own}");
    let other = signed_in(&app, "fu").await.get(&hold).await.body;
    assert!(
        other.contains("/release\"") && other.contains("客户投诉待核") && !other.contains("是你暂扣的"),
        "{other}"
    );
    let mut zhang = signed_in(&app, "zhang").await;
    for path in [&hold, &release] {
        assert_eq!(zhang.post(path, &why).await.status.as_u16(), 403);
    }
    let mut fang = signed_in(&app, "fang").await;
    assert_eq!(step(&mut fang, &run, "approve").await, 303);
    for word in ["close", "pay"] {
        assert_eq!(step(&mut gu, &run, word).await, 303, "{word}");
    }
    let held = app
        .store
        .run_line(mine[0].0)
        .await
        .expect("a store")
        .expect("it")
        .line
        .amount;
    assert_eq!(sum("payable:employee:zhang").await, held, "booked and not paid");
    let page = zhang.get("/app/income").await.body;
    assert!(
        page.contains("客户投诉待核") && page.contains("还没付的"),
        "{page}"
    );
    let states = async |zhang: &mut Browser| {
        let file = zhang.get("/app/income/files/2026-10.xlsx").await;
        let mut book: Xlsx<_> = Xlsx::new(Cursor::new(file.bytes)).expect("a workbook");
        let range = book.worksheet_range_at(0).expect("a sheet").expect("a range");
        let states: Vec<String> = range.rows().map(|row| row[4].to_string()).collect();
        states
    };
    assert!(
        states(&mut zhang).await.contains(&"暂扣".to_owned()),
        "not paid, whatever its payout is"
    );
    // Another of finance releases it; it goes out with the next payment, once.
    let mut fu = signed_in(&app, "fu").await;
    assert_eq!(
        fu.post(&release, &[("reason", "核实无误")]).await.status.as_u16(),
        303
    );
    assert_eq!(
        fu.post(&release, &[("reason", "核实无误")]).await.status.as_u16(),
        409
    );
    let page = zhang.get("/app/income").await.body;
    assert!(
        page.contains("已放行，和下一次发放一起付") && !page.contains("到 才能付"),
        "{page}"
    );
    assert!(page.contains("，2026年10月<p class=\"note\">已放行"), "{page}");
    assert!(states(&mut zhang).await.contains(&"已放行，待发放".to_owned()));
    let next = calculated(&mut gu, "07-new-customers", "2026-11").await;
    assert_eq!(step(&mut gu, &next, "submit").await, 303);
    assert_eq!(step(&mut fang, &next, "approve").await, 303);
    db.clock.set("2026-12-01T02:00:00Z".parse().expect("an instant"));
    for word in ["close", "pay"] {
        assert_eq!(step(&mut gu, &next, word).await, 303, "{word}");
    }
    assert_eq!(sum("payable:employee:zhang").await.minor(), 0);
    let ledger = bole::app::pay::check_ledger(&app).await.expect("a store");
    assert_eq!((ledger.broken_at, ledger.trial_balance), (None, 0));
}

both!(given_an_objection_after_the_approval_when_accepted_then_the_next_period_carries_the_correction);
both!(given_an_objection_under_review_when_accepted_then_the_payout_is_calculated_again_before_its_approval);
both!(given_an_accepted_objection_when_the_payout_is_not_calculated_again_then_it_is_not_approved);
both!(given_an_approval_and_a_promise_to_calculate_again_when_at_once_then_one_wins);
both!(given_an_objection_and_another_calculation_when_at_once_then_it_is_to_what_counts);
both!(given_the_query_window_when_it_is_over_then_no_objection_is_taken);
both!(given_hostile_words_when_sent_then_each_form_says_what_is_wrong_and_keeps_them);
both!(given_a_held_line_when_its_payout_is_paid_then_it_waits_until_somebody_else_releases_it);
