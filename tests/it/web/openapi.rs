//! The API's description: a valid OpenAPI 3.1 document that names every call of the contract and every error.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Browser, app};
use crate::support::TestDb;

/// The contract's calls (api.md) as far as they are built, `METHOD path` below `/api/v1`.
const CALLS: [&str; 58] = [
    "POST /employees",
    "GET /employees",
    "GET /employees/{code}",
    "POST /employees/import",
    "PATCH /employees/{code}",
    "POST /customers/import",
    "POST /campaigns",
    "GET /campaigns",
    "PATCH /campaigns/{slug}",
    "PUT /campaigns/{slug}/picture",
    "POST /links",
    "GET /links",
    "GET /links/{code}",
    "POST /links/bulk",
    "PATCH /links/{code}",
    "GET /links/{code}/qr.svg",
    "GET /links/{code}/qr.png",
    "GET /links/{code}/poster.png",
    "POST /coupons",
    "GET /coupons/{code}",
    "PATCH /coupons/{code}",
    "GET /clicks",
    "GET /clicks/count",
    "POST /clicks/{id}/class",
    "POST /conversions",
    "GET /conversions/{external_id}",
    "POST /conversions/{external_id}/decision",
    "POST /conversions/{external_id}/refunds",
    "POST /shares",
    "POST /shares/{id}/decision",
    "POST /interactions",
    "POST /interactions/{id}/decision",
    "POST /awards",
    "POST /claims",
    "GET /claims",
    "GET /claims/{id}",
    "POST /claims/{id}/attachments",
    "POST /claims/{id}/appeal",
    "POST /claims/{id}/contest",
    "POST /claims/{id}/decision",
    "POST /crm/records",
    "GET /employees/{code}/points",
    "GET /leaderboard",
    "POST /facts",
    "GET /schemes",
    "GET /schemes/{id}",
    "POST /payouts",
    "GET /payouts/{id}",
    "GET /payouts/{id}/lines",
    "POST /payouts/{id}/submit",
    "POST /payouts/{id}/approve",
    "POST /payouts/{id}/close",
    "POST /payouts/{id}/pay",
    "GET /payout-lines/{id}/explanation",
    "GET /webhooks",
    "POST /webhooks",
    "DELETE /webhooks/{id}",
    "POST /webhooks/{id}/replay",
];

async fn description(db: &TestDb) -> Value {
    let mut browser = Browser::new(&app(db));
    let answer = browser.get("/api/v1/openapi.json").await;
    assert_eq!(answer.status, 200);
    serde_json::from_str(&answer.body).expect("JSON")
}

/// `METHOD /path` and the operation, for each.
fn operations(document: &Value) -> Vec<(String, &Value)> {
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        let path = path.strip_prefix("/api/v1").expect("below /api/v1");
        for (method, operation) in item.as_object().expect("an item") {
            all.push((format!("{} {path}", method.to_uppercase()), operation));
        }
    }
    all
}

async fn given_the_description_when_held_against_the_schema_of_openapi_then_it_is_valid(db: TestDb) {
    let document = description(&db).await;
    let schema = include_str!("../../fixtures/openapi/3.1-schema.json");
    let schema: Value = serde_json::from_str(schema).expect("the schema");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let wrong: Vec<String> = validator
        .iter_errors(&document)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // The validator does see errors.
    let mut broken = document.clone();
    broken["paths"]["/api/v1/links"]["post"]["responses"]["200"] = json!({});
    assert!(!validator.is_valid(&broken));
}

async fn given_the_schemas_in_the_description_when_read_then_each_is_one_and_each_reference_leads_somewhere(
    db: TestDb,
) {
    let document = description(&db).await;
    for (name, schema) in document["components"]["schemas"].as_object().expect("schemas") {
        assert!(jsonschema::meta::is_valid(schema), "{name}: {schema}");
    }
    let text = document.to_string();
    for reference in text.split("\"$ref\":\"#").skip(1) {
        let pointer = reference.split('"').next().expect("its end");
        assert!(document.pointer(pointer).is_some(), "#{pointer} leads nowhere");
    }
}

async fn given_the_contract_when_compared_then_every_call_is_described_with_every_error_it_can_answer(
    db: TestDb,
) {
    let document = description(&db).await;
    let all = operations(&document);
    let known: BTreeSet<&str> = all.iter().map(|(name, _)| name.as_str()).collect();
    let missing: Vec<_> = CALLS.iter().filter(|call| !known.contains(*call)).collect();
    assert!(missing.is_empty(), "{missing:?}");
    let mut ids = BTreeSet::new();
    for (name, operation) in &all {
        let id = operation["operationId"]
            .as_str()
            .unwrap_or_else(|| panic!("{name} has no id"));
        assert!(ids.insert(id), "{name}: the id {id} is used twice");
        let words = operation["summary"]
            .as_str()
            .or(operation["description"].as_str());
        assert!(words.is_some_and(|w| !w.is_empty()), "{name} is not described");
        let responses = operation["responses"].as_object().expect("answers");
        let mut needed = vec!["401", "403", "500", "503"];
        if operation["requestBody"].is_object() {
            needed.extend(["400", "413", "415", "422"]);
        }
        if name.contains('{') {
            needed.push("404");
        }
        if !name.starts_with("GET") {
            needed.push("409");
        }
        for status in needed {
            assert!(responses.contains_key(status), "{name} does not say {status}");
        }
        assert!(
            responses.keys().any(|s| s.starts_with('2')),
            "{name} never succeeds"
        );
        for (status, response) in responses {
            assert!(
                response["description"].as_str().is_some_and(|d| !d.is_empty()),
                "{name} {status}"
            );
            if status.starts_with(['4', '5']) {
                let schema = &response["content"]["application/problem+json"]["schema"]["$ref"];
                assert_eq!(schema, "#/components/schemas/Problem", "{name} {status}");
            }
        }
    }
}

both!(
    given_the_description_when_held_against_the_schema_of_openapi_then_it_is_valid,
    given_the_schemas_in_the_description_when_read_then_each_is_one_and_each_reference_leads_somewhere,
    given_the_contract_when_compared_then_every_call_is_described_with_every_error_it_can_answer,
);
