//! What parameters may be: rates that say where they end, lines that may not cross, ranges left with a reason.

use serde_json::{Value, json};

use super::super::{Document, Refused, evaluate};
use super::{SMALL, shipped};

fn document(id: &str) -> Document {
    let found = shipped().into_iter().find(|d| d.header.id == id);
    found.unwrap_or_else(|| panic!("no {id}"))
}

/// An input of one scheme with its missing parameters as an example has them, and these over them.
fn refused(id: &str, params: &Value) -> Refused {
    let doc = document(id);
    let raw = std::fs::read_to_string(format!("schemes/{id}.toml")).unwrap();
    let toml: toml::Value = toml::from_str(&raw).unwrap();
    let whole = |e: &&toml::Value| e["expect"].get("refused").is_none();
    let example = toml["example"].as_array().unwrap().iter().find(whole).unwrap();
    let mut all = serde_json::to_value(example.get("params").cloned()).unwrap();
    if !all.is_object() {
        all = json!({});
    }
    for (name, value) in params.as_object().unwrap() {
        all[name] = value.clone();
    }
    let input = json!({ "period": example["period"].clone(), "params": all });
    let refused = doc.input(&input).map(drop);
    // The same said where parameters are looked at alone, without a period.
    let alone = doc.params_wrong(&all);
    let refused = refused.expect_err("refused");
    assert!(alone.contains(&refused), "{alone:?}\n{refused:?}");
    refused
}

#[test]
fn given_lines_that_cross_when_set_then_the_parameter_the_figures_and_the_way_out_are_said() {
    let said = |id: &str, params: Value| {
        let r = refused(id, &params);
        (r.path, r.what, r.expected)
    };
    let split = said("05-assessment-pay", json!({ "assessment_share": "70%" }));
    assert_eq!(split.0, "params.assessment_share");
    assert_eq!(split.1, "found `base_share` 40%, `assessment_share` 70%");
    assert!(split.2.starts_with("at most 100 %"), "{}", split.2);
    for (id, params, at) in [
        (
            "08-regrade",
            json!({ "promote_from": "50", "demote_below": "60" }),
            "demote_below",
        ),
        (
            "06-three-levels",
            json!({ "promote_from": "50", "demote_below": "60" }),
            "demote_below",
        ),
        (
            "06-three-levels",
            json!({ "level_ratio_min": "5" }),
            "level_ratio_max",
        ),
        ("10-team-pk", json!({ "topup_min": "51%" }), "topup_max"),
        ("10-team-pk", json!({ "stake_min": "2000.01" }), "stake_max"),
        (
            "02-marketing-support-month",
            json!({ "target_balance": "1000000" }),
            "target_balance",
        ),
        (
            "02-marketing-support-year",
            json!({ "target_max": "30000000" }),
            "target_max",
        ),
        ("14-in-service-dividend", json!({ "cost_min": "21%" }), "cost_max"),
        (
            "14-share-purchase",
            json!({ "premium_min": "30.01" }),
            "premium_max",
        ),
    ] {
        assert_eq!(said(id, params).0, format!("params.{at}"), "{id}");
    }
}

#[test]
fn given_rates_beyond_any_sense_when_set_then_the_very_band_is_named() {
    let cases = [
        ("07-new-customers", "batch_bands", "10", "at most 1"),
        ("07-new-customers", "batch_bands", "-10%", "at least 0"),
        ("07-new-customers", "card_bands", "300%", "at most 1"),
        ("07-repeat-orders", "shipment_bands", "3", "at most 1"),
    ];
    for (id, param, rate, end) in cases {
        let r = refused(id, &json!({ param: [{ "from": "0", "gives": rate }] }));
        assert_eq!(r.pointer(), format!("/params/{param}/0/gives"));
        assert!(r.what.contains(rate) && r.expected.contains(end), "{r:?}");
    }
    // Where a form or the API sets it, an amount is whole fen.
    let bonus = json!({ "store_bonus": [{ "from": 3, "gives": "300.001" }] });
    let wrong = document("07-new-customers").params_wrong(&bonus);
    assert_eq!(wrong.len(), 1, "{wrong:?}");
    assert_eq!(wrong[0].path, "params.store_bonus[0].gives");
    assert!(wrong[0].expected.contains("in whole fen"), "{wrong:?}");
}

#[test]
fn given_every_shipped_document_when_its_rates_are_read_then_each_says_where_it_ends() {
    for doc in shipped() {
        assert_eq!(doc.endless_rates(), [], "{}", doc.header.id);
    }
    let endless = SMALL.replacen("max = \"100%\"\n", "", 1);
    let faults = Document::accept("small.toml", &endless).unwrap_err();
    assert!(
        faults[0].what.contains("the rate `bands` without bounds"),
        "{}",
        faults[0]
    );
    // What was accepted before is still read: closed periods are run again as they were.
    assert!(Document::parse("small.toml", &endless).is_ok());
}

#[test]
fn given_a_reason_when_a_range_is_left_then_it_is_told_with_the_range_and_no_rate_falls_below_nothing() {
    let lead = |rate: &str| json!({ "lead_rates": { "value": [{ "class": "contact", "rate": rate }], "reason": "a fair" } });
    let r = refused("00-social", &lead("-5"));
    assert_eq!(r.path, "params.lead_rates.value[0].rate");
    assert!(r.expected.contains("from 0"), "{r:?}");
    let own =
        json!({ "product_rates": { "value": [{ "product": "p", "rate": "-1%" }], "reason": "a fair" } });
    assert_eq!(
        refused("00-social", &own).path,
        "params.product_rates.value[0].rate"
    );
    // Without a reason the refusal says that one would do.
    let r = refused(
        "00-social",
        &json!({ "lead_rates": [{ "class": "contact", "rate": "200.01" }] }),
    );
    assert!(r.expected.contains("`{ value, reason }`"), "{r:?}");
    let r = refused(
        "00-social",
        &json!({ "sale_bands": [{ "from": "0", "gives": "0.99%" }] }),
    );
    assert_eq!(r.path, "params.sale_bands[0].gives");
    assert!(r.what.contains("\"0.99%\""), "{r:?}");
    let run = document("00-social").example("override").unwrap().unwrap();
    let told = run
        .outcome
        .warnings
        .iter()
        .find(|w| w.component == "override")
        .unwrap();
    let told = told.value.as_deref().unwrap();
    assert!(told.contains("`rate` 50 to 200"), "{told}");
}

#[test]
fn given_bounds_that_are_none_when_the_document_is_read_then_each_is_refused_at_its_place() {
    let bound = |text: &str| {
        let text = format!("{SMALL}\n[[bound]]\n{text}");
        Document::parse("small.toml", &text).map_err(|f| f[0].to_string())
    };
    let words = "zh = \"池\"\nen = \"a pool\"";
    assert!(bound(&format!("param = \"pool\"\nholds = \"param.pool < 10\"\n{words}")).is_ok());
    for (text, told) in [
        (
            "param = \"pool\"\nholds = \"param.pool < 10\"".to_owned(),
            "a bound without words",
        ),
        (
            format!("param = \"pol\"\nholds = \"param.pool < 10\"\n{words}"),
            "unknown parameter `pol`",
        ),
        (
            format!("param = \"pool\"\nholds = \"param.pool + 10\"\n{words}"),
            "a bound that is none",
        ),
        (
            format!("param = \"pool\"\nholds = \"1 < 2\"\n{words}"),
            "a bound that is none",
        ),
        (
            format!("param = \"pool\"\nholds = \"param.pool < sales.n\"\n{words}"),
            "error",
        ),
        (
            format!("param = \"pool\"\n{words}"),
            "a bound without `param` or `holds`",
        ),
    ] {
        let said = bound(&text).unwrap_err();
        assert!(said.contains(told), "{said}");
    }
}

#[test]
fn given_a_refund_of_an_order_nobody_knows_when_looked_at_then_it_is_told_and_others_are_not() {
    let text = SMALL
        .replace("[param.bands]", "[fact.refund]\nzh = \"退款\"\nen = \"refund\"\nfields = { of = { type = \"text\", default = \"-\" }, back = \"money\" }\n[param.bands]")
        .replace("[[step]]\nid = \"totals\"", "[[step]]\nid = \"backs\"\ndo = \"emit\"\nas = \"warning\"\nzh = \"退\"\nen = \"back\"\nfrom = \"fact.refund\"\nwhere = \"back > 1000 and of = ''\"\n[[step]]\nid = \"totals\"");
    let doc = Document::parse("small.toml", &text).unwrap_or_else(|f| panic!("{}", f[0]));
    let refund = |id: &str, of: &str| json!({ "kind": "refund", "id": id, "occurred": "2026-10-03", "of": of, "back": "1.00" });
    let input = json!({ "period": { "from": "2026-10-01", "to": "2026-11-01" }, "params": { "pool": "0" },
        "roster": [{ "id": "li", "role": "sales" }],
        "facts": [{ "kind": "sale", "id": "s1", "occurred": "2026-10-02", "seller": "li", "amount": "40" },
            refund("r1", "s1"), refund("r2", "nope"), refund("r3", "-"), refund("r4", "r1")] });
    let input = doc.input(&input).unwrap();
    let told: Vec<_> = doc
        .unmatched(&input)
        .into_iter()
        .map(|w| (w.component, w.about, w.value))
        .collect();
    assert_eq!(
        told,
        [(
            "refund_of_nothing".to_owned(),
            Some("r2".to_owned()),
            Some("nope".to_owned())
        )]
    );
    assert!(evaluate(&doc, input).is_ok());
}
