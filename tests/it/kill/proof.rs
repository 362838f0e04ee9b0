//! The comparison itself, tried on a made-up shortener that loses, doubles or miscounts on purpose.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use uuid::Uuid;

use super::books::balanced;
use crate::support::api::Api;
use crate::support::load::Load;
use crate::support::scene::Scene;

/// What the made-up shortener does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    None,
    Loses,
    Doubles,
    Invents,
    Miscounts,
    Refuses,
}

#[derive(Clone)]
struct Fake {
    fault: Fault,
    rows: Arc<Mutex<Vec<Uuid>>>,
}

async fn follow(State(fake): State<Fake>) -> impl IntoResponse {
    let mut rows = fake.rows.lock().expect("unpoisoned");
    let id = Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 + rows.len() as u128);
    rows.push(id);
    let token = [&[1, 1], &id.as_bytes()[..], &[0; 10]].concat();
    let place = format!(
        "https://shop.example/?bclid={}&x=1#y",
        URL_SAFE_NO_PAD.encode(token)
    );
    let refused = fake.fault == Fault::Refuses && rows.len() == 7;
    let status = if refused {
        StatusCode::SERVICE_UNAVAILABLE
    } else {
        StatusCode::FOUND
    };
    (status, [(header::LOCATION, place)])
}

fn listed(fake: &Fake) -> Vec<Uuid> {
    let mut rows = fake.rows.lock().expect("unpoisoned").clone();
    match fake.fault {
        Fault::Loses => drop(rows.pop()),
        Fault::Doubles => rows.push(rows[0]),
        Fault::Invents => rows.extend((0..9).map(Uuid::from_u128)),
        _ => {}
    }
    rows
}

async fn fake(fault: Fault) -> String {
    let state = Fake {
        fault,
        rows: Arc::default(),
    };
    let list = async |State(fake): State<Fake>, Query(query): Query<Value>| {
        let rows = listed(&fake);
        let from: usize = query["cursor"]
            .as_str()
            .map_or(0, |c| c.parse().expect("a cursor"));
        let page: Vec<Value> = rows
            .iter()
            .skip(from)
            .take(200)
            .map(|id| json!({ "id": id, "class": "human", "valid": false }))
            .collect();
        let next = (from + 200 < rows.len()).then(|| (from + 200).to_string());
        Json(json!({ "data": page, "next_cursor": next }))
    };
    let stats = async |State(fake): State<Fake>, Path(_): Path<String>| {
        let requests = listed(&fake).len() + usize::from(fake.fault == Fault::Miscounts);
        Json(json!({ "stats": { "requests": requests, "human": requests, "valid": 0 } }))
    };
    let app = Router::new()
        .route("/{code}", get(follow))
        .route("/api/v1/clicks", get(list))
        .route(
            "/api/v1/clicks/count",
            get(async |State(fake): State<Fake>| Json(json!({ "count": listed(&fake).len() }))),
        )
        .route("/api/v1/links/{code}", get(stats))
        .with_state(state);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let base = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move { axum::serve(listener, app).await });
    base
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn given_a_shortener_with_a_fault_when_compared_then_the_comparison_finds_it() {
    for (fault, complaint) in [
        (Fault::None, ""),
        (Fault::Loses, "lost"),
        (Fault::Doubles, "there twice"),
        (Fault::Invents, "nobody was answered for"),
        (Fault::Miscounts, "rollup against rows"),
        (Fault::Refuses, "not all answers were 302"),
    ] {
        let base = fake(fault).await;
        let scene = Scene {
            api: Api::new(&base, ""),
            codes: vec!["abc".to_owned()],
        };
        let load = Load::start(&base, &scene.codes, 2);
        tokio::time::sleep(Duration::from_millis(150)).await;
        let told = load.stop().await;
        assert!(told.clicks.len() > 20, "{} clicks", told.clicks.len());
        let verdict = tokio::spawn(async move { balanced(&scene, &told, 0).await }).await;
        let said = verdict.err().map_or_else(String::new, |e| {
            let panic = e.into_panic();
            panic.downcast_ref::<String>().cloned().expect("a message")
        });
        assert!(
            said.contains(complaint) && said.is_empty() == complaint.is_empty(),
            "{fault:?}: {said:?}"
        );
    }
}
