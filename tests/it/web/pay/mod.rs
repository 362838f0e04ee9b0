//! Pay on its pages: the board, a run and its steps, schemes, facts, proposals; and who may see what.

mod exports;
mod facts;
mod income;
mod objections;
mod offers;
mod own;
mod rises;
mod roles;
mod runs;
mod schemes;

use bole::app::Actor;
use bole::app::App;
use bole::app::pay::{FactAnswer, FactInput, SettingInput, change_setting, put_facts};
use bole::domain::Role;
use serde_json::{Value, json};

use super::pages::{hire, signed_in};
use super::{Browser, app};
use crate::support::TestDb;

/// Finance gu and fu, approver fang, manager chen, verifier qian, admin root; zhang and li are employees, and so are all
/// but root.
pub async fn firm(db: &TestDb) -> App {
    let app = app(db);
    for (code, name, roles) in [
        ("zhang", "张晓雯", &[Role::Employee][..]),
        ("li", "李梦", &[Role::Employee]),
        ("gu", "顾蕾", &[Role::Employee, Role::Finance]),
        ("fu", "傅青", &[Role::Employee, Role::Finance]),
        ("fang", "方建国", &[Role::Employee, Role::Approver]),
        ("chen", "陈经理", &[Role::Employee, Role::Manager]),
        ("qian", "钱程", &[Role::Employee, Role::Verifier]),
        ("root", "管理员", &[Role::Admin]),
    ] {
        hire(&app, code, name, roles).await;
    }
    app
}

/// Records a fact that must be taken.
pub async fn fact(app: &App, kind: &str, key: &str, person: Option<&str>, day: &str, fields: Value) {
    let (mut measures, mut dimensions) = (serde_json::Map::new(), serde_json::Map::new());
    for (name, value) in fields.as_object().expect("an object") {
        let into = if name == "amount" {
            &mut measures
        } else {
            &mut dimensions
        };
        into.insert(name.clone(), value.clone());
    }
    let input = FactInput {
        kind: kind.into(),
        source: "till".into(),
        source_key: key.into(),
        subject: person.map(str::to_owned),
        occurred: day.into(),
        measures,
        dimensions,
        void: false,
    };
    let answers = put_facts(app, &Actor::System, &[input]).await.expect("a store");
    assert!(!matches!(answers[0], FactAnswer::Wrong { .. }), "{answers:?}");
}

/// The first-batch scheme switched on from January; zhang and li sell.
pub async fn first_batches(app: &App) {
    let from_on = "2026-01-01".parse().expect("a day");
    let input = SettingInput {
        from_on,
        document: None,
        params: serde_json::Map::new(),
        enabled: true,
        note: "试行".into(),
    };
    change_setting(app, &Actor::System, "07-new-customers", &input)
        .await
        .expect("a setting");
    for code in ["zhang", "li"] {
        let role = json!({"07-new-customers.role": "sales"});
        let role = role.as_object().expect("an object");
        bole::app::pay::set_attributes(app, &Actor::System, code, from_on, role)
            .await
            .expect("attributes");
    }
    for (key, person, day, amount) in [
        ("s-1", "zhang", "2026-09-10", "20000.00"),
        ("o-1", "zhang", "2026-10-10", "60000.00"),
        ("o-2", "li", "2026-10-12", "31000.50"),
    ] {
        let words = json!({"amount": amount, "customer": format!("门店 {key}")});
        fact(app, "first_batch", key, Some(person), day, words).await;
    }
}

/// The number at the end of a path, before its query.
pub fn number(path: &str) -> String {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    path.rsplit('/').next().unwrap_or_default().to_owned()
}

/// Calculates a period on the page; the run's number.
pub async fn calculated(browser: &mut Browser, scheme: &str, period: &str) -> String {
    let answer = browser
        .post("/app/pay/runs", &[("scheme", scheme), ("period", period)])
        .await;
    assert_eq!(answer.status.as_u16(), 303, "{}", answer.body);
    number(answer.header("location"))
}

/// Takes a step of a run on its page; gives the status.
pub async fn step(browser: &mut Browser, run: &str, step: &str) -> u16 {
    browser
        .post(&format!("/app/pay/runs/{run}/{step}"), &[])
        .await
        .status
        .as_u16()
}
