//! Debts are settled from variable pay alone (GC-13).

use serde_json::json;

use super::late::{balance, next_activity, settle};
use super::{activity, closed, receipt, record, take};
use crate::points::rig::Rig;
use crate::support::TestDb;

/// Base pay and performance of a month, as a firm's own document.
const WAGES: &str = r#"
[scheme]
id = "95-wages"
version = 1
zh = "月薪"
en = "Monthly pay"
source = "test"
period = "month"
from = "2026-01-01"

[fact.month_pay]
zh = "当月应发"
en = "pay of the month"
[fact.month_pay.fields]
person = "employee"
base = { type = "money", zh = "底薪", en = "base" }
performance = { type = "money", zh = "绩效", en = "performance" }

[[step]]
id = "paid"
do = "select"
from = "fact.month_pay"

[[step]]
id = "base_cash"
do = "round"
from = "paid"
column = "base"
as = "base_pay"

[[step]]
id = "cash"
do = "round"
from = "base_cash"
column = "performance"
as = "performance_pay"

[[step]]
id = "base"
do = "emit"
as = "line"
zh = "底薪"
en = "base pay"
from = "cash"
payee = "person"
amount = "base_pay"
base = true

[[step]]
id = "performance"
do = "emit"
as = "line"
zh = "绩效工资"
en = "performance pay"
from = "cash"
payee = "person"
amount = "performance_pay"
"#;

async fn given_a_debt_when_base_pay_is_paid_then_it_is_settled_from_the_performance_alone(db: TestDb) {
    let rig = Rig::new(&db).await;
    activity(&rig).await;
    let first = closed(&rig).await;
    take(&rig, "admin", &first, "pay").await;
    record(&rig, vec![receipt("r1", "499999.99", "2026-11-04")]).await;
    settle(&rig, &next_activity(&rig).await).await;
    assert_eq!(balance(&rig, "payable:employee:Z3").await, -1_500_000);
    let version =
        json!({"from_on": "2026-01-01", "params": {}, "document": WAGES, "enabled": false, "note": "test"});
    let (status, body) = rig.post("admin", "/schemes/95-wages/versions", version).await;
    assert_eq!(status, 201, "{body}");
    let pay = |key: &str, day: &str, base: &str, performance: &str| {
        json!({"kind": "month_pay", "source": "books", "source_key": key, "occurred_on": day, "subject": "z3",
               "measures": {"base": base, "performance": performance}, "dimensions": {}})
    };
    let month = async |period: &str| {
        let body = json!({"scheme": "95-wages", "period": period});
        let (status, run) = rig.post("admin", "/payouts", body).await;
        assert_eq!(status, 201, "{run}");
        settle(&rig, &run).await;
        (
            balance(&rig, "payable:employee:Z3").await,
            balance(&rig, "cash").await,
        )
    };
    let paid = balance(&rig, "cash").await;
    // 600 of base pay is paid, 400 of performance settles: 14 600 stay owed.
    record(&rig, vec![pay("m9", "2026-09-30", "600.00", "400.00")]).await;
    assert_eq!(month("2026-09").await, (-1_460_000, paid + 60_000));
    // Base pay that was 50 too much is a debt as any other: October's 600 are paid in full.
    record(
        &rig,
        vec![
            pay("m9", "2026-09-30", "550.00", "400.00"),
            pay("m10", "2026-10-31", "600.00", "0.00"),
        ],
    )
    .await;
    assert_eq!(month("2026-10").await, (-1_465_000, paid + 120_000));
}

both!(given_a_debt_when_base_pay_is_paid_then_it_is_settled_from_the_performance_alone);
