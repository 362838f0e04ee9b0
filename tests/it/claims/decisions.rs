//! Decisions: by another person, with a reason, once; appeals by a third.

use serde_json::json;

use super::{decide, filed, sale, status, steps};
use crate::points::rig::Rig;
use crate::support::TestDb;

async fn given_a_claim_when_its_own_side_decides_then_it_is_refused(db: TestDb) {
    let rig = Rig::new(&db).await;
    let id = filed(&rig, sale("z3", None)).await;
    // The key that filed it, the claimant's own manager key, and somebody without the right.
    assert_eq!(decide(&rig, "admin", id, "verified", "").await.0, 403);
    assert_eq!(decide(&rig, "manager-z3", id, "verified", "").await.0, 403);
    assert_eq!(decide(&rig, "employee-l4", id, "verified", "").await.0, 403);
    assert_eq!(status(&rig, id).await, "submitted");
    assert_eq!(decide(&rig, "other", id, "verified", "").await.0, 200);
}

async fn given_no_reason_when_rejected_or_asked_then_it_is_impossible(db: TestDb) {
    let rig = Rig::new(&db).await;
    let id = filed(&rig, sale("z3", None)).await;
    for decision in ["rejected", "needs_information"] {
        for reason in ["", "  ", &"长".repeat(2001)] {
            let (code, body) = decide(&rig, "other", id, decision, reason).await;
            assert_eq!(
                (code, &body["errors"][0]["pointer"]),
                (422, &json!("/reason")),
                "{body}"
            );
        }
    }
    assert_eq!(decide(&rig, "other", id, "paid", "x").await.0, 422);
    assert_eq!(decide(&rig, "other", 999, "verified", "x").await.0, 404);
}

async fn given_a_question_when_answered_then_the_claim_waits_again_and_its_timeline_tells(db: TestDb) {
    let rig = Rig::new(&db).await;
    let id = filed(&rig, sale("z3", None)).await;
    let answer = json!({"answer": "付款截图已上传"});
    let path = format!("/claims/{id}/answer");
    assert_eq!(
        rig.post("employee-z3", &path, answer.clone()).await.0,
        409,
        "nothing was asked"
    );
    assert_eq!(
        decide(&rig, "other", id, "needs_information", "付款凭证？")
            .await
            .0,
        200
    );
    assert_eq!(rig.post("employee-l4", &path, answer.clone()).await.0, 404);
    assert_eq!(rig.post("employee-z3", &path, answer).await.0, 200);
    assert_eq!(status(&rig, id).await, "submitted");
    assert_eq!(decide(&rig, "other", id, "verified", "CRM 一致").await.0, 200);
    assert_eq!(
        decide(&rig, "other", id, "verified", "CRM 一致").await.0,
        200,
        "the same again"
    );
    assert_eq!(decide(&rig, "other", id, "rejected", "不对").await.0, 409);
    assert_eq!(
        steps(&rig, id).await,
        ["filed", "needs_information", "supplied", "verified"]
    );
    // The claimant reads what was said, not who said it.
    let own = rig.get("employee-z3", &format!("/claims/{id}")).await;
    assert_eq!(own["timeline"][1]["reason"], "付款凭证？");
    assert_eq!(own["timeline"][1]["actor"], "staff");
}

async fn given_a_rejection_when_appealed_then_another_person_decides_for_good(db: TestDb) {
    let rig = Rig::new(&db).await;
    for (decision, end) in [("rejected", "upheld"), ("verified", "overturned")] {
        let id = filed(&rig, sale("z3", Some(end))).await;
        let appeal = json!({"reason": "客户可以作证"});
        let path = format!("/claims/{id}/appeal");
        assert_eq!(
            rig.post("employee-z3", &path, appeal.clone()).await.0,
            409,
            "not rejected yet"
        );
        assert_eq!(decide(&rig, "other", id, "rejected", "查不到").await.0, 200);
        assert_eq!(rig.post("employee-z3", &path, json!({"reason": ""})).await.0, 422);
        assert_eq!(rig.post("employee-z3", &path, appeal).await.0, 200);
        assert_eq!(
            decide(&rig, "other", id, decision, "再看一遍").await.0,
            403,
            "the first decider"
        );
        assert_eq!(decide(&rig, "third", id, "needs_information", "?").await.0, 409);
        assert_eq!(decide(&rig, "third", id, decision, "另一人复核").await.0, 200);
        assert_eq!(status(&rig, id).await, end);
        assert_eq!(
            decide(&rig, "other", id, "verified", "x").await.0,
            409,
            "it ended"
        );
        let claim = rig.get("admin", &format!("/claims/{id}")).await;
        assert_eq!(claim["conversion"].is_string(), end == "overturned");
    }
}

async fn given_a_held_deal_when_contested_then_a_person_reads_both_and_no_record_decides(db: TestDb) {
    let rig = Rig::new(&db).await;
    let id = filed(&rig, sale("z3", None)).await;
    let path = format!("/claims/{id}/contest");
    let reason = json!({"reason": "这位客户是我接待的"});
    assert_eq!(rig.post("admin", &path, reason.clone()).await.0, 403, "no person");
    assert_eq!(
        rig.post("employee-z3", &path, reason.clone()).await.0,
        403,
        "one's own"
    );
    assert_eq!(rig.post("employee-l4", &path, json!({"reason": ""})).await.0, 422);
    assert_eq!(rig.post("employee-l4", &path, reason.clone()).await.0, 200);
    assert_eq!(
        rig.post("employee-l4", &path, reason).await.0,
        200,
        "once is enough"
    );
    assert_eq!(steps(&rig, id).await, ["filed", "contested"]);
    let record = json!({"external_id": "R-1", "customer": {"phone": "13800138000"}, "source_note": "员工推荐-Z3",
                        "created_by": "前台", "occurred_on": "2026-11-17"});
    let (_, body) = rig.post("other", "/crm/records", record).await;
    assert_eq!(body["verified_claims"], json!([]));
    assert_eq!(status(&rig, id).await, "submitted");
    assert_eq!(steps(&rig, id).await, ["filed", "contested", "crm_seen"]);
}

both!(given_a_claim_when_its_own_side_decides_then_it_is_refused);
both!(given_no_reason_when_rejected_or_asked_then_it_is_impossible);
both!(given_a_question_when_answered_then_the_claim_waits_again_and_its_timeline_tells);
both!(given_a_rejection_when_appealed_then_another_person_decides_for_good);
both!(given_a_held_deal_when_contested_then_a_person_reads_both_and_no_record_decides);
