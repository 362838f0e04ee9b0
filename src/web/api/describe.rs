//! What every call of the API has in common, completed in its description: the errors each can answer, the key writes
//! may carry, and a word on every answer.

use axum::http::StatusCode;
use serde_json::{Map, Value, json};

const METHODS: [&str; 5] = ["get", "put", "post", "patch", "delete"];

/// Completes the description that came out of the handlers.
pub fn complete(document: &mut Value) {
    let Some(paths) = document["paths"].as_object_mut() else {
        return;
    };
    for (path, item) in paths {
        for method in METHODS {
            if let Some(operation) = item.get_mut(method).and_then(Value::as_object_mut) {
                // Handlers' names repeat from file to file; method and path do not.
                operation.insert("operationId".to_owned(), json!(id_of(method, path)));
                operation_errors(operation, method, path.contains('{'));
            }
        }
    }
}

/// `post` and `/api/v1/links/{code}/qr.svg` → `post_links_code_qr_svg`.
fn id_of(method: &str, path: &str) -> String {
    let path = path.strip_prefix("/api/v1").unwrap_or(path);
    let words = path
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty());
    std::iter::once(method).chain(words).collect::<Vec<_>>().join("_")
}

fn operation_errors(operation: &mut Map<String, Value>, method: &str, named: bool) {
    let media: Vec<String> = operation
        .get("requestBody")
        .and_then(|body| body["content"].as_object())
        .map(|content| content.keys().cloned().collect())
        .unwrap_or_default();
    let has_query = operation
        .get("parameters")
        .and_then(Value::as_array)
        .is_some_and(|all| all.iter().any(|p| p["in"] == "query"));
    let mut errors = vec![
        (401, "No valid key: none, unknown, expired or revoked"),
        (403, "This key's role or person may not do this"),
        (500, "Something went wrong on our side; it has been logged"),
        (
            503,
            "The database is busy or away, or the call took too long; try again",
        ),
    ];
    if named {
        errors.push((404, "Nothing has this name"));
    }
    if !media.is_empty() {
        errors.push((400, "The body cannot be read: not valid JSON, or broken off"));
        errors.push((413, "The body is larger than this call takes"));
        errors.push((415, "A body of another media type than this call takes"));
    }
    if !media.is_empty() || has_query {
        errors.push((422, "Readable but wrong: each field is named in errors"));
    }
    if method != "get" {
        errors.push((
            400,
            "The Idempotency-Key has not 1 to 255 visible ASCII characters",
        ));
        errors.push((
            409,
            "The Idempotency-Key was used for a request with other content, is being worked on, or its answer was lost",
        ));
        let parameters = operation.entry("parameters").or_insert_with(|| json!([]));
        if let Some(parameters) = parameters.as_array_mut() {
            parameters.push(json!({
                "name": "Idempotency-Key", "in": "header", "required": false,
                "description": "The same request again under the same key gets the first answer again, for two days",
                "schema": { "type": "string", "minLength": 1, "maxLength": 255 },
            }));
        }
    }
    let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) else {
        return;
    };
    for (status, words) in errors {
        responses
            .entry(status.to_string())
            .or_insert_with(|| json!({ "description": words, "content": problem() }));
    }
    for (status, response) in responses {
        let known = response["description"]
            .as_str()
            .is_some_and(|text| !text.is_empty());
        if !known {
            response["description"] = json!(reason(status));
        }
        if matches!(status.as_str(), "429" | "503") {
            let seconds = json!({ "description": "Seconds to wait", "schema": { "type": "integer" } });
            response["headers"] = json!({ "Retry-After": seconds });
        }
    }
}

fn problem() -> Value {
    json!({ "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } })
}

fn reason(status: &str) -> &'static str {
    let status = status.parse::<u16>().ok();
    let status = status.and_then(|status| StatusCode::from_u16(status).ok());
    status
        .and_then(|status| status.canonical_reason())
        .unwrap_or("Answer")
}
