//! Filing: what is kept, what is refused where, and who is first.

use super::{SALE, decide, filed, firm, png, review, sale_but, signed_in};
use crate::support::TestDb;

async fn given_a_deal_when_filed_asked_answered_and_verified_then_the_employee_sees_it_credited(db: TestDb) {
    let app = firm(&db).await;
    let mut zhang = signed_in(&app, "zhang").await;
    let mut qian = signed_in(&app, "qian").await;
    assert!(zhang.get("/app/claims").await.body.contains("还没有报过单"));
    let new = zhang.get("/app/claims/new").await.body;
    assert!(new.contains("value=\"2026-11-18\""), "today stands there: {new}");

    let filed = zhang
        .upload("/app/claims/new", &SALE, &[("聊天.png", &png(1))])
        .await;
    assert_eq!(filed.status, 303, "{}", filed.body);
    let shown = zhang.get(filed.header("location")).await.body;
    assert!(
        shown.contains("报上了") && shown.contains("¥5,980.00") && shown.contains("聊天.png"),
        "{shown}"
    );
    let claim = filed
        .header("location")
        .split('?')
        .next()
        .unwrap_or_default()
        .to_owned();
    let list = zhang.get("/app/claims").await.body;
    assert!(list.contains("罗女士") && list.contains("待审"), "{list}");

    let queue = qian.get("/app/review/claims").await.body;
    assert!(
        queue.contains("你能审的有 1 单") && queue.contains("张晓雯"),
        "{queue}"
    );
    let case = qian.get(&review(&claim)).await.body;
    assert!(
        case.contains("138 0013 8000") && case.contains("没有这一单的记录"),
        "{case}"
    );
    let file = claim.clone() + "/files/1";
    let download = qian.get(&file).await;
    assert_eq!(download.header("content-type"), "image/png");
    assert!(download.header("content-disposition").starts_with("attachment;"));

    let silent = decide(&mut qian, &claim, "needs_information", "  ").await;
    assert_eq!(silent.status, 422);
    assert!(silent.body.contains("id=\"reason-error\""), "{}", silent.body);
    let asked = decide(&mut qian, &claim, "needs_information", "在哪家店成交？").await;
    assert_eq!(asked.status, 303, "{}", asked.body);

    let question = zhang.get(&claim).await.body;
    assert!(
        question.contains("在哪家店成交？") && !question.contains("钱程"),
        "asked, not by whom: {question}"
    );
    let me = zhang.get("/app/me").await.body;
    assert!(me.contains("1 单等你补充"), "{me}");
    let empty = zhang
        .upload(&format!("{claim}/answer"), &[("answer", "")], &[])
        .await;
    assert_eq!(empty.status, 422);
    let answered = zhang
        .upload(
            &format!("{claim}/answer"),
            &[("answer", "徐汇店")],
            &[("收据.pdf", b"%PDF-1.4\n%%EOF")],
        )
        .await;
    assert_eq!(answered.status, 303, "{}", answered.body);
    assert!(!zhang.get("/app/me").await.body.contains("单等你补充"));

    let case = qian.get(&review(&claim)).await.body;
    assert!(case.contains("徐汇店") && case.contains("收据.pdf"), "{case}");
    let done = decide(&mut qian, &claim, "verified", "").await;
    assert!(done.header("location").contains("done=verified"), "{}", done.body);
    let decided = qian.get(done.header("location")).await.body;
    assert!(
        decided.contains("已核实，业绩已计入") && !decided.contains("你的决定"),
        "{decided}"
    );
    let credited = zhang.get(&claim).await.body;
    assert!(
        credited.contains("待确认，¥5,980.00") && credited.contains("依据：报单"),
        "{credited}"
    );
    let results = zhang.get("/app/results").await.body;
    assert!(results.contains("¥5,980.00"), "{results}");
}

async fn given_wrong_or_hostile_values_when_filed_then_they_are_kept_as_text_and_nothing_is_stored(
    db: TestDb,
) {
    let app = firm(&db).await;
    let mut zhang = signed_in(&app, "zhang").await;
    let long = "长".repeat(2001);
    for (field, text, said) in [
        ("contact", "1381902746", "contact-error"),
        ("contact", "", "contact-error"),
        ("contact", "nobody@", "contact-error"),
        ("amount", "5千9百8", "amount-error"),
        ("amount", "-1", "amount-error"),
        ("amount", "", "amount-error"),
        ("kind", "gift", "kind-error"),
        ("day", "2026-11-19", "day-error"),
        ("day", "昨天", "day-error"),
        ("story", "", "story-error"),
        ("story", &long, "story-error"),
        ("order", &"9".repeat(61), "order-error"),
        ("name", &long, "name-error"),
        ("bought", &long, "bought-error"),
    ] {
        let sent = sale_but(&[(field, text)]);
        let refused = zhang.upload("/app/claims/new", &sent, &[]).await;
        assert_eq!(refused.status, 422, "{field}={text:.20}");
        let marked = refused.body.contains(&format!("id=\"{said}\""));
        assert!(marked, "{field}={text:.20}: {}", refused.body);
        assert!(refused.body.contains("罗女士") || field == "name", "kept");
    }
    for (name, bytes) in [
        ("a.png", &b"<script>alert(1)</script>"[..]),
        ("a.heic", b"ftypheic"),
        ("a.pdf", b"%PDF-1.7 cut off"),
        ("big.png", &vec![0; (5 << 20) + 1]),
    ] {
        let refused = zhang.upload("/app/claims/new", &SALE, &[(name, bytes)]).await;
        assert_eq!(refused.status, 422, "{name}");
        assert!(
            refused.body.contains("id=\"files-error\"") && refused.body.contains(name),
            "{name}: {}",
            refused.body
        );
    }
    let four = [1, 2, 3, 4].map(png);
    let files: Vec<(&str, &[u8])> = four.iter().map(|f| ("x.png", f.as_slice())).collect();
    assert_eq!(zhang.upload("/app/claims/new", &SALE, &files).await.status, 422);
    let huge = vec![0; 17 << 20];
    let large = zhang
        .upload("/app/claims/new", &SALE, &[("huge.png", &huge)])
        .await;
    assert_eq!(large.status, 413);
    assert!(
        large.body.contains("罗女士") && large.body.contains("文件太大"),
        "kept"
    );
    assert!(
        zhang.get("/app/claims").await.body.contains("还没有报过单"),
        "nothing is stored"
    );

    let hostile = [
        ("name", "<script>alert(1)</script>"),
        ("bought", "=HYPERLINK(\"http://evil\")"),
        ("story", "'; drop table claims; --\n<img src=x onerror=alert(1)>"),
    ];
    let claim = filed(&mut zhang, &sale_but(&hostile)).await;
    let mut qian = signed_in(&app, "qian").await;
    for body in [
        zhang.get(&claim).await.body,
        zhang.get("/app/claims").await.body,
        qian.get(&review(&claim)).await.body,
    ] {
        assert!(
            !body.contains("<script>") && !body.contains("<img src=x"),
            "shown as text: {body}"
        );
        assert!(body.contains("&#60;script&#62;"), "{body}");
    }
}

async fn given_a_claimed_deal_when_another_files_it_then_they_may_contest_but_not_learn_by_whom(db: TestDb) {
    let app = firm(&db).await;
    let mut zhang = signed_in(&app, "zhang").await;
    let mut li = signed_in(&app, "li").await;
    let claim = filed(&mut zhang, &SALE).await;
    let story = "是我在店里接待的";
    let taken = li
        .upload("/app/claims/new", &sale_but(&[("story", story)]), &[])
        .await;
    assert_eq!(taken.status, 409);
    assert!(
        taken.body.contains("这位客户已经有人报了") && taken.body.contains(story),
        "{}",
        taken.body
    );
    assert!(!taken.body.contains("张晓雯") && !taken.body.contains("zhang"));
    assert_eq!(li.get(&claim).await.status, 404, "not theirs to read");
    assert_eq!(li.get(&format!("{claim}/files/1")).await.status, 404);
    let own = zhang
        .upload("/app/claims/new", &sale_but(&[("story", "再报一次")]), &[])
        .await;
    assert_eq!(own.status, 409);
    assert!(own.body.contains("这一单你已经报过了") && own.body.contains(&claim));

    let contest = format!("{claim}/contest");
    let silent = li.post(&contest, &[("reason", " ")]).await;
    assert_eq!(silent.status, 422);
    let contested = li.post(&contest, &[("reason", story)]).await;
    assert_eq!(contested.header("location"), "/app/claims?done=contested");
    let told = zhang.get(&claim).await.body;
    assert!(
        told.contains("有同事说这一单是自己的") && !told.contains("李梦") && !told.contains(story),
        "{told}"
    );
    let mut qian = signed_in(&app, "qian").await;
    let queue = qian.get("/app/review/claims?contested=1").await.body;
    assert!(queue.contains("张晓雯") && queue.contains("有异议"), "{queue}");
    let case = qian.get(&review(&claim)).await.body;
    assert!(case.contains("李梦") && case.contains(story), "{case}");
}

async fn given_one_deal_when_filed_twice_in_the_same_instant_then_one_wins(db: TestDb) {
    let app = firm(&db).await;
    let mut zhang = signed_in(&app, "zhang").await;
    let mut again = signed_in(&app, "zhang").await;
    let mut li = signed_in(&app, "li").await;
    for round in 0..4 {
        let order = format!("SO-{round}");
        let sale = sale_but(&[("order", &order)]);
        let (one, two) = tokio::join!(
            zhang.upload("/app/claims/new", &sale, &[]),
            li.upload("/app/claims/new", &sale, &[])
        );
        let mut answers = [one.status.as_u16(), two.status.as_u16()];
        answers.sort_unstable();
        assert_eq!(answers, [303, 409], "{} {}", one.body, two.body);
    }
    // Pressing the button twice is one claim.
    let sale = sale_but(&[("order", "SO-TWICE")]);
    let (one, two) = tokio::join!(
        zhang.upload("/app/claims/new", &sale, &[]),
        again.upload("/app/claims/new", &sale, &[])
    );
    assert_eq!((one.status.as_u16(), two.status.as_u16()), (303, 303));
    let path = |answer: &super::Answer| answer.header("location").split('?').next().map(str::to_owned);
    assert_eq!(path(&one), path(&two));
}

both!(
    given_a_deal_when_filed_asked_answered_and_verified_then_the_employee_sees_it_credited,
    given_wrong_or_hostile_values_when_filed_then_they_are_kept_as_text_and_nothing_is_stored,
    given_a_claimed_deal_when_another_files_it_then_they_may_contest_but_not_learn_by_whom,
    given_one_deal_when_filed_twice_in_the_same_instant_then_one_wins,
);
