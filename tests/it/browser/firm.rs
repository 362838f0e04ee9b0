//! A firm with a month behind it: something on every page.

use bole::app::adjust::ask_adjustment;
use bole::app::honour::{GoalToSet, HonourToGive, give_honour, set_goal};
use bole::app::pay::{
    Enterable, FactInput, SettingInput, change_setting, known, look_at_file, object, put_facts,
    set_attributes,
};
use bole::app::vote::{NewVote, open_vote};
use bole::app::webhooks::{WebhookWish, make_webhook};
use bole::app::{Actor, slices};
use bole::attribution::odd::Odd;
use bole::domain::{EmployeeId, Period, Role};
use bole::storage::suspicions::{Evidence, file_suspicion};
use bole::tell::Format;
use jiff::ToSpan;
use serde_json::{Map, Value, json};

use super::Rig;

const SCHEME: &str = "07-new-customers";

/// What the pages' addresses are made of.
pub struct Firm {
    /// A link's code.
    pub link: String,
    /// The month that was paid: `2026-10`.
    pub month: String,
    /// A row of the payout.
    pub line: i64,
    /// A token that leads to choosing a password.
    pub token: String,
}

impl Firm {
    /// An address with what this firm has in the place of names.
    pub fn address(&self, page: &str) -> String {
        page.replace("{month}", &self.month)
            .replace("{line}", &self.line.to_string())
            .replace("{token}", &self.token)
    }
}

/// Staff of every role.
pub async fn people(rig: &Rig) {
    for (code, name, roles) in [
        ("zhang", "张晓雯", &[Role::Employee][..]),
        ("li", "李梦", &[Role::Employee]),
        ("chen", "陈经理", &[Role::Employee, Role::Manager]),
        ("qian", "钱程", &[Role::Employee, Role::Verifier]),
        ("gu", "顾蕾", &[Role::Employee, Role::Finance]),
        ("fang", "方建国", &[Role::Employee, Role::Approver]),
        ("wang", "王芳", &[Role::Employee, Role::Admin]),
    ] {
        rig.hire(code, name, roles).await;
    }
}

/// A firm with people of every role and something on every page.
pub async fn with_a_month(rig: &Rig) -> Firm {
    people(rig).await;
    let [link, _] = rig.furnish("zhang").await;
    super::staff::stock(rig, "zhang", &link).await;
    rig.tell("zhang").await;
    claims(rig).await;
    marketing(rig).await;
    let (month, line) = pay(rig).await;
    let token = office(rig).await;
    slices::count_due(&rig.app).await.expect("a count");
    Firm {
        link,
        month,
        line,
        token,
    }
}

/// Two claims, one of them with a CRM record beside it.
async fn claims(rig: &Rig) {
    let today = rig.app.today().to_string();
    for (n, order) in ["QM-1119-0024", "QM-1119-0025"].into_iter().enumerate() {
        let claim = json!({ "employee": "zhang", "kind": "sale", "order": order, "amount": "5980.00", "occurred_on": today,
            "customer": { "name": "罗文静", "phone": format!("1381902746{n}") }, "story": "在朋友圈看到我发的，聊了两周。" });
        rig.api.post("/claims", claim).await.expect(201);
    }
    let record = json!({ "external_id": "CRM-1", "customer": { "phone": "13819027460" }, "order": "QM-1119-0024",
        "source_note": "员工推荐-李梦", "created_by": "孙悦", "occurred_on": today });
    rig.api.post("/crm/records", record).await.expect(201);
}

/// A suspicion, points by hand, a vote, a goal, an honour.
async fn marketing(rig: &Rig) {
    let (app, today) = (&rig.app, rig.app.today());
    let zhang = app.store.employee("zhang", today).await.expect("a store");
    let zhang = zhang.expect("them").id;
    let evidence = Evidence {
        visitor: Some("0".repeat(24)),
        gap_seconds: Some(30),
        ..Evidence::default()
    };
    let mut tx = app.store.begin().await.expect("a store");
    let now_ms = app.clock.now_ms();
    file_suspicion(&mut tx, zhang, today, (Odd::Machine, 6, 24), &evidence, now_ms)
        .await
        .expect("filed");
    tx.commit().await.expect("a store");
    let by = Actor::System;
    ask_adjustment(app, &by, "zhang", 30, "带新人")
        .await
        .expect("asked");
    let month = Period::month_of(today).expect("a month").label();
    let vote = NewVote {
        month: month.clone(),
        closes_on: Some(today),
        candidates: vec![("zhang".into(), "三连图".into()), ("li".into(), "小视频".into())],
    };
    open_vote(app, &by, &vote).await.expect("opened");
    let goal = GoalToSet {
        team: String::new(),
        metric: "clicks".into(),
        first: Some(today),
        last: Some(today.saturating_add(20.days())),
        target: Some(500),
        reward: "团建一次".into(),
    };
    set_goal(app, &by, &goal).await.expect("set");
    let honour = HonourToGive {
        employee: "zhang".into(),
        kind: "chief".into(),
        title: "首席推荐官".into(),
        span: month,
        reason: "带来最多成交".into(),
    };
    give_honour(app, &by, &honour).await.expect("given");
}

fn object_of(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

/// A month calculated, paid, objected to; a rise proposed. Gives month and 张晓雯's row.
async fn pay(rig: &Rig) -> (String, i64) {
    let (app, by) = (&rig.app, Actor::System);
    let month = Period::month_of(app.today()).expect("a month");
    let month = month.previous().expect("a month");
    let setting = SettingInput {
        from_on: month.first,
        document: None,
        params: Map::new(),
        enabled: true,
        note: "试行".into(),
    };
    change_setting(app, &by, SCHEME, &setting)
        .await
        .expect("a setting");
    for code in ["zhang", "li"] {
        let role = object_of(&json!({ "07-new-customers.role": "sales" }));
        set_attributes(app, &by, code, month.first, &role)
            .await
            .expect("attributes");
    }
    let sold = |key: &str, who: &str, amount: &str| FactInput {
        kind: "first_batch".into(),
        source: "till".into(),
        source_key: key.into(),
        subject: Some(who.into()),
        occurred: month.first.to_string(),
        measures: object_of(&json!({ "amount": amount })),
        dimensions: object_of(&json!({ "customer": format!("{key} 号店") })),
        void: false,
    };
    let mut facts = vec![sold("s-0", "zhang", "60000.00")];
    facts.extend((1..=6).map(|n| sold(&format!("s-{n}"), "li", &format!("{}.50", n * 7000))));
    put_facts(app, &by, &facts).await.expect("facts");
    let list = "编号,日期,业务员,新店,实收金额\ns-7,2026-11-02,li,七号店,9000\ns-8,,nobody,,五\n";
    let known = known(app).await.expect("the kinds");
    let what = Enterable::find(&known, "first_batch").expect("a kind");
    look_at_file(app, &by, &what, "till", ("首批.csv", list.as_bytes()))
        .await
        .expect("a file");
    let (finance, approver) = (rig.server.api("finance"), rig.server.api("approver"));
    let run = json!({ "scheme": SCHEME, "period": month.label() });
    finance.post("/payouts", run).await.expect(201);
    finance.post("/payouts/1/submit", json!({})).await.expect(200);
    let lines = app.store.run_lines(1, Some("zhang"), None, 9).await;
    let line = lines.expect("a store")[0].id;
    let zhang = app.store.employee("zhang", app.today()).await.expect("a store");
    let own = Actor::Account {
        id: 99,
        roles: vec![Role::Employee],
        employee: Some(EmployeeId(zhang.expect("them").id.0)),
    };
    object(app, &own, line, "小票有两张").await.expect("an objection");
    let answer = approver.post("/payouts/1/approve", json!({})).await;
    assert!(answer.status.is_success() || answer.status == 409, "{answer:?}");
    (month.label(), line)
}

/// A webhook, a link to choose a password.
async fn office(rig: &Rig) -> String {
    let wish = WebhookWish {
        url: "https://crm.example/bole".into(),
        events: vec!["sale.created".into(), "payout.paid".into()],
        secret: None,
        format: Format::Standard,
    };
    make_webhook(&rig.app, &Actor::System, &wish)
        .await
        .expect("a webhook");
    let none = |_: &str, _: &str| (String::new(), String::new());
    let invited = bole::app::accounts::invite(&rig.app, &Actor::System, "li", false, none).await;
    invited.expect("a store").expect_err("no mail here")
}
