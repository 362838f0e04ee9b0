//! Schemes: read, tried without a trace, tested back, saved as a version.

use super::{Actor, SettingInput, calculated, change_setting, firm, first_batches, signed_in, step};
use crate::support::TestDb;

const EDIT: &str = "/app/pay/schemes/07-new-customers/edit";

/// What a browser sends of the form on a page, with some fields typed otherwise.
fn form_of(html: &str, other: &[(&str, &str)]) -> Vec<(String, String)> {
    let form = html
        .split("<form class=\"compact\"")
        .nth(1)
        .expect("a form")
        .split("</form>")
        .next()
        .expect("its end");
    let attribute = |tag: &str, name: &str| {
        let rest = tag.split(&format!(" {name}=\"")).nth(1)?;
        rest.split('"').next().map(|v| {
            v.replace("&#62;", ">")
                .replace("&#60;", "<")
                .replace("&#38;", "&")
        })
    };
    let mut sent: Vec<(String, String)> = Vec::new();
    for piece in form.split('<').skip(1) {
        let Some(name) = attribute(piece, "name") else {
            if piece.starts_with("option") && piece.contains(" selected") {
                let value = attribute(piece, "value").expect("a value");
                sent.last_mut().expect("a select").1 = value;
            }
            continue;
        };
        if piece.starts_with("button") || (piece.contains("checkbox") && !piece.contains("checked")) {
            continue;
        }
        let value = if piece.starts_with("textarea") {
            piece.split('>').nth(1).unwrap_or_default().to_owned()
        } else {
            attribute(piece, "value").unwrap_or_default()
        };
        sent.push((name, value));
    }
    for (name, value) in other {
        sent.retain(|(n, _)| n != name);
        sent.push(((*name).to_owned(), (*value).to_owned()));
    }
    sent
}

async fn send(browser: &mut super::Browser, fields: &[(String, String)]) -> super::super::Answer {
    let pairs: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    browser.post(EDIT, &pairs).await
}

async fn given_a_scheme_changed_when_finance_reads_the_pay_log_then_it_is_there_and_nothing_but_pay(
    db: TestDb,
) {
    let app = firm(&db).await;
    let mut gu = signed_in(&app, "gu").await;
    let page = gu.get(EDIT).await.body;
    let saved = send(&mut gu, &form_of(&page, &[("act", "save"), ("note", "试一下")])).await;
    assert_eq!(saved.status.as_u16(), 303, "{}", saved.body);
    let log = gu.get("/app/pay/audit").await.body;
    assert!(log.contains("scheme.changed") && log.contains("顾蕾"), "{log}");
    assert!(
        !log.contains("account."),
        "sign-ins are the administrator's: {log}"
    );
    let other = gu.get("/app/pay/audit?action=account.").await.body;
    assert!(!other.contains("account.created"), "{other}");
    let file = gu.get("/app/pay/audit.csv?action=scheme.").await;
    assert_eq!(file.status.as_u16(), 200);
    assert!(file.body.contains("scheme.changed"), "{}", file.body);
    assert_eq!(gu.get("/app/admin/audit").await.status.as_u16(), 403);
}

async fn given_a_long_document_when_it_is_refused_then_its_text_is_there_again(db: TestDb) {
    let app = firm(&db).await;
    let mut gu = signed_in(&app, "gu").await;
    let page = gu.get(EDIT).await.body;
    // 1.2 MB of Chinese: a form writes it three times as long.
    let document = format!("# {}\n[scheme]\n", "注".repeat(400_000));
    let typed = form_of(&page, &[("document", &document), ("act", "save")]);
    let refused = send(&mut gu, &typed).await;
    assert_eq!(refused.status.as_u16(), 422);
    assert!(refused.body.contains(&"注".repeat(400_000)), "the text is kept");
}

async fn given_the_schemes_when_read_then_steps_bands_parameters_and_versions_are_shown(db: TestDb) {
    let app = firm(&db).await;
    first_batches(&app).await;
    let mut gu = signed_in(&app, "gu").await;
    let list = gu.get("/app/pay/schemes").await.body;
    assert!(list.contains("生效中") && list.contains("没有启用"), "{list}");
    for id in bole::app::pay::documents().keys() {
        let page = gu.get(&format!("/app/pay/schemes/{id}")).await;
        assert_eq!(page.status.as_u16(), 200, "{id}");
        assert!(!page.body.contains("Unknown localization"), "{id}: {}", page.body);
        let edit = gu.get(&format!("/app/pay/schemes/{id}/edit")).await;
        assert_eq!(edit.status.as_u16(), 200, "{id}");
        assert!(!edit.body.contains("Unknown localization"), "{id}: {}", edit.body);
    }
    let one = gu.get("/app/pay/schemes/07-new-customers").await.body;
    for told in [
        "分档",
        "空档",
        "跳升",
        "试行",
        "业务员",
        "class=\"line-1\"",
        "30,000",
    ] {
        assert!(one.contains(told), "{told}: {one}");
    }
    assert_eq!(gu.get("/app/pay/schemes/99-nothing").await.status.as_u16(), 404);
    assert_eq!(
        gu.get("/app/pay/schemes/%3Cscript%3E/edit").await.status.as_u16(),
        404
    );
}

async fn given_a_draft_when_tried_and_tested_back_then_cost_and_people_are_shown_and_nothing_is_left_behind(
    db: TestDb,
) {
    let app = firm(&db).await;
    first_batches(&app).await;
    let (mut gu, mut fang) = (signed_in(&app, "gu").await, signed_in(&app, "fang").await);
    for period in ["2026-09", "2026-10"] {
        let run = calculated(&mut gu, "07-new-customers", period).await;
        step(&mut gu, &run, "submit").await;
        step(&mut fang, &run, "approve").await;
        assert_eq!(step(&mut gu, &run, "close").await, 303);
    }
    let before = bole::app::pay::check_ledger(&app).await.expect("a store");
    let traces = |app: &bole::app::App| {
        let store = app.store.clone();
        async move {
            let runs = store.runs(None, None, 100).await.expect("a store").len();
            let facts = store
                .facts(bole::storage::pay::FactFilter::default(), None, 1000)
                .await
                .expect("a store")
                .len();
            let settings = store
                .settings_of("07-new-customers")
                .await
                .expect("a store")
                .len();
            (runs, facts, settings)
        }
    };
    let left = traces(&app).await;
    // Li's 31 000.50 lies in the gap: linear pays more, zhang's 60 000 stays.
    let page = gu.get(EDIT).await.body;
    let draft = form_of(
        &page,
        &[("p.gap", "linear"), ("act", "try"), ("period", "2026-10")],
    );
    let tried = send(&mut gu, &draft).await;
    assert_eq!(tried.status.as_u16(), 200, "{}", tried.body);
    assert!(
        tried.body.contains("只读，没有入账") && tried.body.contains("李梦"),
        "{}",
        tried.body
    );
    assert!(tried.body.contains("<dt>多得的人</dt><dd>1<"), "{}", tried.body);
    assert!(tried.body.contains("<dt>少得的人</dt><dd>0<"), "{}", tried.body);
    assert!(tried.body.contains("class=\"line-2\""), "the draft's curve");
    let draft = form_of(&page, &[("p.gap", "none"), ("act", "test")]);
    let tested = send(&mut gu, &draft).await;
    assert_eq!(tested.status.as_u16(), 200, "{}", tested.body);
    assert!(
        tested.body.contains("已关账的 2 期") && tested.body.contains("−3,100.05"),
        "{}",
        tested.body
    );
    // The month that is open, without a run.
    let draft = form_of(&page, &[("act", "try"), ("period", "2026-11")]);
    assert_eq!(
        send(&mut fang, &draft).await.status.as_u16(),
        200,
        "an approver may try"
    );
    for (period, status) in [
        ("2026-Q4", 422),
        ("x", 422),
        ("", 422),
        ("2026-10-01..2026-10-04", 422),
    ] {
        let draft = form_of(&page, &[("act", "try"), ("period", period)]);
        assert_eq!(send(&mut gu, &draft).await.status.as_u16(), status, "{period}");
    }
    let after = bole::app::pay::check_ledger(&app).await.expect("a store");
    assert_eq!(before, after, "the ledger, its hash included");
    assert_eq!(left, traces(&app).await);
}

async fn given_parameters_when_saved_then_wrong_ones_are_told_at_their_field_and_right_ones_are_a_version(
    db: TestDb,
) {
    let app = firm(&db).await;
    first_batches(&app).await;
    let mut gu = signed_in(&app, "gu").await;
    let page = gu.get(EDIT).await.body;
    let hostile = "<img src=x onerror=alert(1)>";
    let long = "9".repeat(4000);
    let shipped = std::fs::read_to_string("schemes/07-new-customers.toml").expect("a shipped document");
    let dearer = shipped.replacen(
        "expect = { lines = [\"",
        "expect = { lines = [\"somebody else 1.00\", \"",
        1,
    );
    assert_ne!(dearer, shipped);
    for (field, value, told) in [
        ("p.batch_bands.1.low", "五万", "第 2 行"),
        ("p.batch_bands.1.gives", hostile, "第 2 行"),
        ("p.batch_bands.1.low", "10", "p.batch_bands-error"),
        ("p.gap", "sideways", "p.gap-error"),
        ("p.raise_months", "-1", "p.raise_months-error"),
        ("p.store_raise", long.as_str(), "p.store_raise-error"),
        ("p.bonus_per_unit", "maybe", "p.bonus_per_unit-error"),
        ("from_on", "2026-02-30", "from_on-error"),
        ("note", "", "note-error"),
        ("document", "[scheme]\nid = 3", "document-error"),
        ("document", dearer.as_str(), "somebody else 1.00 ("),
    ] {
        let wish = [
            ("act", "save"),
            ("note", "明年起"),
            ("from_on", "2026-12-01"),
            (field, value),
        ];
        let refused = send(&mut gu, &form_of(&page, &wish)).await;
        assert_eq!(refused.status.as_u16(), 422, "{field}");
        assert!(refused.body.contains(told), "{field}: {}", refused.body);
        assert!(!refused.body.contains("<img src=x"), "escaped");
    }
    assert_eq!(
        app.store
            .settings_of("07-new-customers")
            .await
            .expect("a store")
            .len(),
        1,
        "nothing was stored"
    );
    let wish = [
        ("act", "save"),
        ("note", "空档改线性过渡"),
        ("from_on", "2026-12-01"),
        ("p.gap", "linear"),
        ("p.store_raise", "¥250"),
    ];
    let saved = send(&mut gu, &form_of(&page, &wish)).await;
    assert_eq!(
        saved.header("location"),
        "/app/pay/schemes/07-new-customers?done=saved",
        "{}",
        saved.body
    );
    // Switched off stays switched off from that day: another change does not switch it on again.
    let ticked = "id=\"enabled\" name=\"enabled\" value=\"1\" checked";
    assert!(page.contains(ticked), "{page}");
    let off = SettingInput {
        from_on: "2026-02-01".parse().expect("a day"),
        document: None,
        params: serde_json::Map::new(),
        enabled: false,
        note: "停".into(),
    };
    let none = "07-repeat-orders";
    change_setting(&app, &Actor::System, none, &off)
        .await
        .expect("a setting");
    let shut = gu.get(&format!("/app/pay/schemes/{none}/edit")).await.body;
    assert!(
        shut.contains("id=\"enabled\"") && !shut.contains(ticked),
        "{shut}"
    );
    let settings = app.store.settings_of("07-new-customers").await.expect("a store");
    let params: serde_json::Value = serde_json::from_str(&settings[0].params).expect("JSON");
    assert_eq!(params, serde_json::json!({"gap": "linear", "store_raise": "250"}));
    let shown = gu.get("/app/pay/schemes/07-new-customers").await.body;
    assert!(
        shown.contains("空档改线性过渡") && shown.contains("顾蕾") && shown.contains("还没到"),
        "{shown}"
    );
    assert!(shown.contains("改了 2 处"), "{shown}");
    // A closed day stays as it is; an approver tries but does not save.
    let run = calculated(&mut gu, "07-new-customers", "2026-10").await;
    step(&mut gu, &run, "submit").await;
    let mut fang = signed_in(&app, "fang").await;
    step(&mut fang, &run, "approve").await;
    assert_eq!(step(&mut gu, &run, "close").await, 303);
    let late = [("act", "save"), ("note", "x"), ("from_on", "2026-10-01")];
    let refused = send(&mut gu, &form_of(&page, &late)).await;
    assert!(
        refused.status.as_u16() == 422 && refused.body.contains("已关账"),
        "{}",
        refused.body
    );
    assert_eq!(send(&mut fang, &form_of(&page, &wish)).await.status.as_u16(), 403);
    assert_eq!(
        send(&mut gu, &form_of(&page, &[("act", "drop table")]))
            .await
            .status
            .as_u16(),
        422
    );
}

async fn given_a_version_to_come_when_another_is_saved_then_it_is_told_first_and_nothing_of_it_is_lost(
    db: TestDb,
) {
    let app = firm(&db).await;
    first_batches(&app).await;
    let mut gu = signed_in(&app, "gu").await;
    // Opened before anything was planned.
    let stale = gu.get(EDIT).await.body;
    assert!(!stale.contains("已有一版"), "{stale}");
    for (day, gap, note) in [
        ("2026-12-01", "linear", "空档改线性过渡"),
        ("2027-03-01", "none", "空档不付"),
    ] {
        let params = serde_json::json!({ "gap": gap });
        let planned = SettingInput {
            from_on: day.parse().expect("a day"),
            document: None,
            params: params.as_object().expect("an object").clone(),
            enabled: day < "2027",
            note: note.into(),
        };
        change_setting(&app, &Actor::System, "07-new-customers", &planned)
            .await
            .expect("a setting");
    }
    let newest = async || {
        let all = app.store.settings_of("07-new-customers").await.expect("a store");
        let made = all.iter().max_by_key(|s| s.id).expect("a setting").clone();
        (all.len(), made.from_on, made.params, made.enabled)
    };
    let before = newest().await;
    let wish = [
        ("act", "save"),
        ("note", "加到 250"),
        ("from_on", "2026-12-01"),
        ("p.store_raise", "250"),
    ];
    let asked = send(&mut gu, &form_of(&stale, &wish)).await;
    assert_eq!(asked.status.as_u16(), 409, "{}", asked.body);
    assert!(
        asked.body.contains("<del>线性过渡</del> → <ins>低档延续</ins>") && asked.body.contains("改了 2 处"),
        "{}",
        asked.body
    );
    assert_eq!(newest().await, before, "nothing is stored");
    // The form of that day begins with what is planned for it.
    let page = gu.get(EDIT).await.body;
    for told in [
        "2026年12月1日 起已有一版：空档改线性过渡",
        "2027年3月1日 起另有一版：空档不付",
    ] {
        assert!(page.contains(told), "{told}: {page}");
    }
    let asked = send(&mut gu, &form_of(&page, &wish)).await;
    assert_eq!(asked.status.as_u16(), 409);
    assert!(
        asked.body.contains("改了 1 处") && !asked.body.contains("<del>linear"),
        "{}",
        asked.body
    );
    let saved = send(&mut gu, &form_of(&asked.body, &[("act", "save")])).await;
    assert_eq!(saved.status.as_u16(), 303, "{}", saved.body);
    let (count, from_on, params, enabled) = newest().await;
    assert!(enabled, "only the version of next year is switched off");
    let params: serde_json::Value = serde_json::from_str(&params).expect("JSON");
    assert_eq!((count, from_on.as_str()), (before.0 + 1, "2026-12-01"));
    assert_eq!(params, serde_json::json!({"gap": "linear", "store_raise": "250"}));
    // Another day is another form.
    let later = gu.get(&format!("{EDIT}?from_on=2027-03-01")).await.body;
    let wish = [("act", "save"), ("note", "三月"), ("p.store_raise", "300")];
    let asked = send(&mut gu, &form_of(&later, &wish)).await.body;
    let saved = send(&mut gu, &form_of(&asked, &[("act", "save")])).await;
    assert_eq!(saved.status.as_u16(), 303, "{}", saved.body);
    let (_, from_on, params, enabled) = newest().await;
    assert!(!enabled);
    let params: serde_json::Value = serde_json::from_str(&params).expect("JSON");
    assert_eq!(from_on, "2027-03-01");
    assert_eq!(params, serde_json::json!({"gap": "none", "store_raise": "300"}));
}

both!(given_a_version_to_come_when_another_is_saved_then_it_is_told_first_and_nothing_of_it_is_lost);
both!(given_the_schemes_when_read_then_steps_bands_parameters_and_versions_are_shown);
both!(given_a_draft_when_tried_and_tested_back_then_cost_and_people_are_shown_and_nothing_is_left_behind);
both!(given_parameters_when_saved_then_wrong_ones_are_told_at_their_field_and_right_ones_are_a_version);
both!(given_a_long_document_when_it_is_refused_then_its_text_is_there_again);
both!(given_a_scheme_changed_when_finance_reads_the_pay_log_then_it_is_there_and_nothing_but_pay);
