//! A document of the firm's own: its kinds, its words, its name.

use axum::http::StatusCode;

use super::{calculated, fact, firm, first_batches, signed_in, step};
use crate::support::TestDb;

async fn given_a_document_of_the_firms_own_when_it_declares_a_kind_then_the_kind_can_be_entered_and_is_paid_by(
    db: TestDb,
) {
    let app = firm(&db).await;
    first_batches(&app).await;
    let mut gu = signed_in(&app, "gu").await;
    let form = "/app/pay/facts/new?kind=first_box";
    assert_eq!(
        gu.get(form).await.status,
        StatusCode::NOT_FOUND,
        "nobody knows it yet"
    );
    let text = std::fs::read_to_string("schemes/07-new-customers.toml").expect("a shipped document");
    let input = bole::app::pay::SettingInput {
        from_on: "2026-10-01".parse().expect("a day"),
        document: Some(text.replace("first_batch", "first_box").replace("首批", "首箱")),
        params: serde_json::Map::new(),
        enabled: true,
        note: "本店叫法".into(),
    };
    bole::app::pay::change_setting(&app, &bole::app::Actor::System, "07-new-customers", &input)
        .await
        .expect("a setting");
    let page = gu.get(form).await;
    assert!(
        page.status == StatusCode::OK && page.body.contains("首箱"),
        "{}",
        page.body
    );
    let typed = [
        ("f.source_key", "b-1"),
        ("f.occurred_on", "2026-10-20"),
        ("f.seller", "zhang"),
        ("f.customer", "门店 b"),
        ("f.amount", "20000.00"),
    ];
    let sent = gu.post(form, &typed).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.body);
    let run = calculated(&mut gu, "07-new-customers", "2026-10").await;
    let lines = app
        .store
        .run_lines(run.parse().expect("a number"), Some("zhang"), None, 9)
        .await;
    let amounts: Vec<String> = lines
        .expect("a store")
        .iter()
        .map(|l| l.line.amount.to_string())
        .collect();
    assert_eq!(amounts, ["2000.00", "300.00"], "by the firm's own words alone");
    // And told in its words, to who is paid and to who hands out the files.
    let mut zhang = signed_in(&app, "zhang").await;
    let source = zhang.get("/app/income/source?kind=first_box&key=b-1").await.body;
    assert!(
        source.contains("新客户首箱回款") && source.contains("实收金额"),
        "{source}"
    );
    let talk = serde_json::json!({"approved": true, "friend": "f", "post": "p"});
    fact(&app, "interaction", "i-1", Some("zhang"), "2026-10-20", talk).await;
    let source = zhang
        .get("/app/income/source?kind=interaction&key=i-1")
        .await
        .body;
    assert!(source.contains("已审核") && source.contains(">是<"), "{source}");
    let mut fang = signed_in(&app, "fang").await;
    assert_eq!(step(&mut gu, &run, "submit").await, 303);
    assert_eq!(step(&mut fang, &run, "approve").await, 303);
    assert_eq!(step(&mut gu, &run, "close").await, 303);
    let files = gu.get("/app/pay/exports?month=2026-10").await.body;
    assert!(
        files.contains("首箱高额提成") && !files.contains("首批高额提成"),
        "{files}"
    );
}

both!(given_a_document_of_the_firms_own_when_it_declares_a_kind_then_the_kind_can_be_entered_and_is_paid_by);
