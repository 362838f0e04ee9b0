//! The days a payout is for: mistyped ones give way, those that go on are told.

use serde_json::json;

use super::{activity, take};
use crate::points::rig::Rig;
use crate::support::TestDb;

async fn given_days_that_were_only_calculated_when_others_are_asked_for_then_they_give_way(db: TestDb) {
    let rig = Rig::new(&db).await;
    activity(&rig).await;
    let ask = async |from: &str, to: &str| {
        let body = json!({"scheme": "01-team-process", "period": {"from": from, "to": to}});
        rig.post("admin", "/payouts", body).await
    };
    let (status, mistyped) = ask("2026-11-04", "2026-11-07").await;
    assert_eq!(status, 201, "{mistyped}");
    let (status, right) = ask("2026-11-03", "2026-11-06").await;
    assert_eq!(status, 201, "{right}");
    assert_eq!(take(&rig, "admin", &mistyped, "submit").await.0, 409, "set aside");
    let list = rig.get("admin", "/payouts?scheme=01-team-process").await;
    let ids: Vec<_> = list["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r["id"].clone())
        .collect();
    assert_eq!(ids, [right["id"].clone()]);
    // Under review it does not.
    assert_eq!(take(&rig, "admin", &right, "submit").await.0, 200);
    assert_eq!(ask("2026-11-05", "2026-11-09").await.0, 409);
}

async fn given_a_period_that_goes_on_when_calculated_then_it_is_told_with_its_last_day(db: TestDb) {
    let rig = Rig::new(&db).await;
    for (month, told) in [("2026-10", false), ("2026-11", true), ("2027-01", true)] {
        let body = json!({"scheme": "07-new-customers", "period": month});
        let (status, run) = rig.post("admin", "/payouts", body).await;
        assert_eq!(status, 201, "{run}");
        let warnings = run["outcome"]["warnings"].as_array().unwrap();
        assert_eq!(warnings.len(), usize::from(told), "{month}: {run}");
        if told {
            let last = if month == "2026-11" {
                "2026-11-30"
            } else {
                "2027-01-31"
            };
            assert_eq!(warnings[0]["value"], last);
            assert!(
                warnings[0]["title"]["zh"].as_str().unwrap().contains("还没结束"),
                "{run}"
            );
        }
    }
}

both!(given_days_that_were_only_calculated_when_others_are_asked_for_then_they_give_way);
both!(given_a_period_that_goes_on_when_calculated_then_it_is_told_with_its_last_day);
