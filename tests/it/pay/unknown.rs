//! Refunds of orders nobody knows are told where the run is reviewed.

use serde_json::{Value, json};

use super::next::{calculated, set_up, until_closed};
use super::{lines, record};
use crate::points::rig::Rig;
use crate::support::TestDb;

fn batch(source: &str, key: &str) -> Value {
    json!({"kind": "first_batch", "source": source, "source_key": key, "subject": "z3", "occurred_on": "2026-10-12",
           "measures": {"amount": "1000.00"}, "dimensions": {"customer": format!("c-{source}-{key}")}})
}

fn refund(key: &str, day: &str, of: &str) -> Value {
    json!({"kind": "refund", "source": "till", "source_key": key, "occurred_on": day, "measures": {"amount": "100.00"},
           "dimensions": {"of": of}})
}

/// What a run tells of facts: key of the fact, and what it names.
fn told(run: &Value) -> Vec<(String, String)> {
    let warnings = run["outcome"]["warnings"].as_array().unwrap().iter();
    let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
    let about = warnings.filter(|w| w["fact"]["kind"] == "refund");
    about
        .map(|w| (text(&w["fact"]["key"]), text(&w["value"])))
        .collect()
}

async fn given_refunds_when_their_order_is_nowhere_then_the_run_tells_of_them_and_of_no_others(db: TestDb) {
    let rig = Rig::new(&db).await;
    set_up(&rig, "07-new-customers", json!({}), None).await;
    let role = json!({"from_on": "2026-01-01", "attributes": {"07-new-customers.role": "sales"}});
    assert_eq!(
        rig.call("admin", "PUT", "/employees/z3/attributes", Some(role))
            .await
            .0,
        200
    );
    let other = json!({"kind": "order", "source": "shop", "source_key": "o-9", "occurred_on": "2026-10-12",
                       "measures": {"amount": "900.00"}, "dimensions": {"customer": "c"}});
    let facts = vec![
        batch("till", "b-1"),
        batch("till", "b-2"),
        batch("shop", "b-2"),
        other,
        refund("r-1", "2026-10-20", "b-1"),
        refund("r-2", "2026-10-20", "b-404"),
        // An order of another scheme's, one of another month, and one that two tills have.
        refund("r-3", "2026-10-20", "o-9"),
        refund("r-4", "2026-09-20", "b-403"),
        refund("r-5", "2026-10-20", "b-2"),
    ];
    record(&rig, facts).await;
    let run = calculated(&rig, "07-new-customers", "2026-10").await;
    let pair = |key: &str, of: &str| (key.to_owned(), of.to_owned());
    assert_eq!(told(&run), [pair("r-2", "b-404"), pair("r-5", "b-2")]);
    until_closed(&rig, &run).await;
    record(&rig, vec![batch("late", "b-404")]).await;
    let found = bole::app::pay::replay(&rig.app, run["id"].as_i64().unwrap()).await;
    assert!(
        found.unwrap().is_same(),
        "what the store knew that day is of that day"
    );
    assert!(!lines(&rig, &run).await.is_empty());
}

both!(given_refunds_when_their_order_is_nowhere_then_the_run_tells_of_them_and_of_no_others);
