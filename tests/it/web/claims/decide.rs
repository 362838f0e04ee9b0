//! Deciding: by another, with reasons, appeals to another person, nothing from other sites.

use super::{SALE, decide, filed, firm, review, sale_but, signed_in};
use crate::support::TestDb;

async fn given_a_rejection_when_appealed_then_another_person_decides(db: TestDb) {
    let app = firm(&db).await;
    let mut zhang = signed_in(&app, "zhang").await;
    let mut qian = signed_in(&app, "qian").await;
    let mut sun = signed_in(&app, "sun").await;
    let claim = filed(&mut zhang, &SALE).await;
    let rejected = decide(&mut qian, &claim, "rejected", "CRM 查不到").await;
    assert_eq!(rejected.status, 303, "{}", rejected.body);
    let told = zhang.get(&claim).await.body;
    assert!(told.contains("CRM 查不到") && told.contains("申诉"), "{told}");
    let silent = zhang.post(&format!("{claim}/appeal"), &[("reason", "")]).await;
    assert_eq!(silent.status, 422);
    let appealed = zhang
        .post(&format!("{claim}/appeal"), &[("reason", "备注用了全角横线")])
        .await;
    assert_eq!(appealed.status, 303, "{}", appealed.body);
    let twice = zhang
        .post(&format!("{claim}/appeal"), &[("reason", "再来")])
        .await;
    assert_eq!(twice.status, 409, "{}", twice.body);

    let first = qian.get(&review(&claim)).await.body;
    assert!(
        first.contains("要由 钱程 以外的人决定") && first.contains("要换人审") && !first.contains("你的决定"),
        "{first}"
    );
    assert!(first.contains("你能审的有 0 单"), "{first}");
    let refused = decide(&mut qian, &claim, "verified", "").await;
    assert_eq!(refused.status, 403, "{}", refused.body);
    let other = sun.get(&review(&claim)).await.body;
    assert!(
        other.contains("申诉成立")
            && other.contains("维持驳回")
            && !other.contains("decision-needs_information"),
        "{other}"
    );
    let none = decide(&mut sun, &claim, "", "").await;
    assert_eq!(none.status, 422);
    assert!(none.body.contains("请选一个决定"), "{}", none.body);
    let granted = decide(&mut sun, &claim, "verified", "说的就是她").await;
    assert!(
        granted.header("location").contains("done=overturned"),
        "{}",
        granted.body
    );
    let late = decide(&mut sun, &claim, "rejected", "改主意了").await;
    assert_eq!(late.status, 409, "{}", late.body);
}

async fn given_a_verifiers_own_claim_when_they_open_it_then_it_says_why_they_may_not_decide(db: TestDb) {
    let app = firm(&db).await;
    let mut qian = signed_in(&app, "qian").await;
    let claim = filed(&mut qian, &SALE).await;
    let queue = qian.get("/app/review/claims").await.body;
    assert!(queue.contains("你不能审"), "{queue}");
    let case = qian.get(&review(&claim)).await.body;
    assert!(
        case.contains("这是你自己的报单") && !case.contains("你的决定"),
        "{case}"
    );
    assert_eq!(decide(&mut qian, &claim, "verified", "").await.status, 403);
}

async fn given_filters_in_the_address_when_opened_then_the_queue_is_narrowed_and_waiting_comes_first(
    db: TestDb,
) {
    let app = firm(&db).await;
    let mut zhang = signed_in(&app, "zhang").await;
    let mut li = signed_in(&app, "li").await;
    let mut qian = signed_in(&app, "qian").await;
    let first = filed(&mut zhang, &sale_but(&[("order", "SO-1")])).await;
    let second = filed(&mut li, &sale_but(&[("order", "SO-2")])).await;
    assert_eq!(decide(&mut qian, &first, "rejected", "查不到").await.status, 303);
    let place = |body: &str, claim: &str| body.find(&format!("href=\"{}?", review(claim)));
    let all = qian.get("/app/review/claims?status=all").await.body;
    let (one, two) = (place(&all, &first), place(&all, &second));
    assert!(
        one.is_some() && two.is_some() && two < one,
        "waiting first: {all}"
    );
    let waiting = qian.get("/app/review/claims").await.body;
    assert!(place(&waiting, &first).is_none() && place(&waiting, &second).is_some());
    let hers = qian
        .get("/app/review/claims?status=all&employee=ZHANG")
        .await
        .body;
    assert!(place(&hers, &first).is_some() && place(&hers, &second).is_none());
    let nobody = qian.get("/app/review/claims?employee=%3Cscript%3E").await;
    assert!(nobody.body.contains("没有这个工号") && !nobody.body.contains("<script>"));
    assert_eq!(qian.get("/app/review/claims?status=paid").await.status, 422);
}

async fn given_no_right_or_another_site_when_pages_are_asked_then_they_are_refused(db: TestDb) {
    let app = firm(&db).await;
    let mut zhang = signed_in(&app, "zhang").await;
    let claim = filed(&mut zhang, &SALE).await;
    for path in ["/app/review/claims", "/app/review/crm", &review(&claim)] {
        assert_eq!(zhang.get(path).await.status, 403, "{path}");
    }
    assert_eq!(decide(&mut zhang, &claim, "verified", "").await.status, 403);
    let record = zhang.post("/app/review/crm", &[("external_id", "X")]).await;
    assert_eq!(record.status, 403);
    let import = zhang
        .upload_as("/app/review/crm/import", &[], "file", &[("x.csv", b"a,b")])
        .await;
    assert_eq!(import.status, 403);

    let mut qian = signed_in(&app, "qian").await;
    for browser in [&mut zhang, &mut qian] {
        browser.site = "cross-site";
    }
    assert_eq!(zhang.upload("/app/claims/new", &SALE, &[]).await.status, 403);
    assert_eq!(decide(&mut qian, &claim, "verified", "").await.status, 403);
    qian.site = "same-origin";
    assert!(qian.get(&review(&claim)).await.body.contains("待审"), "undecided");

    let mut nobody = super::Browser::new(&app);
    for path in ["/app/claims", "/app/claims/new", "/app/review/claims", &claim] {
        let answer = nobody.get(path).await;
        assert!(answer.header("location").starts_with("/app/signin"), "{path}");
    }
}

both!(
    given_a_rejection_when_appealed_then_another_person_decides,
    given_a_verifiers_own_claim_when_they_open_it_then_it_says_why_they_may_not_decide,
    given_filters_in_the_address_when_opened_then_the_queue_is_narrowed_and_waiting_comes_first,
    given_no_right_or_another_site_when_pages_are_asked_then_they_are_refused,
);
