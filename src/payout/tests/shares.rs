//! Pools, limits and ranks at their corners, each figure worked out by hand.

use super::super::block::share::{Claim, Division, divide};
use super::super::num::Num;
use super::super::{Document, Evaluation, evaluate};
use super::SMALL;

fn n(text: &str) -> Num {
    Num::parse(text).unwrap()
}

/// A claim as `weight`, `weight 3-` (floor), `weight -5` (cap) or `weight 3-5`.
fn claim(text: &str) -> Claim {
    let (weight, limits) = text.split_once(' ').unwrap_or((text, "-"));
    let (floor, cap) = limits.split_once('-').unwrap();
    let bound = |t: &str| (!t.is_empty()).then(|| n(t));
    Claim {
        weight: n(weight),
        floor: bound(floor),
        cap: bound(cap),
    }
}

fn divided(total: &str, claims: &[&str]) -> Result<Division, &'static str> {
    let claims: Vec<Claim> = claims.iter().map(|c| claim(c)).collect();
    divide(&n(total), &Num::ONE, &claims).map_err(|fault| fault.what)
}

fn parts(total: &str, claims: &[&str]) -> Result<String, &'static str> {
    let division = divided(total, claims)?;
    let mut parts: Vec<String> = division.parts.iter().map(|p| p.result.to_string()).collect();
    parts.push(format!("left {}", division.left));
    Ok(parts.join(" "))
}

#[test]
fn given_floors_and_caps_when_a_pool_is_divided_then_the_others_take_what_is_over_or_give_what_is_missing() {
    for (total, claims, right) in [
        ("10", &["1", "1"][..], "5 5 left 0"),
        // A cap alone and a floor alone hold.
        ("10", &["1 -2", "1"], "2 8 left 0"),
        ("10", &["1 8-", "1"], "8 2 left 0"),
        ("12", &["1 4-4", "1"], "4 8 left 0"),
        // Exactly what the floors need.
        ("10", &["1 4-", "1 6-"], "4 6 left 0"),
        // Everybody at a cap: the rest is left.
        ("10", &["1 -2", "1 -3"], "2 3 left 5"),
        // Over the caps by 3, under the floors by 1: the caps first, and then the floor is met by itself.
        ("12", &["1 -1", "1 5-", "1"], "1 6 5 left 0"),
        // Over by 1, under by 3: the floor first.
        ("12", &["1 -3", "1 7-", "1"], "3 7 2 left 0"),
        // Half a unit of a cap is nobody's, half a unit of a floor is a whole one.
        ("10", &["1 -2.5", "1"], "2 8 left 0"),
        ("10", &["1 6.5-", "1"], "7 3 left 0"),
        // Two capped one after the other: the second by what the first could not take.
        ("10", &["4 -1", "3 -4", "3"], "1 4 5 left 0"),
        ("0", &["1 -2", "1"], "0 0 left 0"),
        ("-7", &["1", "1"], "-4 -3 left 0"),
    ] {
        assert_eq!(
            parts(total, claims),
            Ok(right.to_owned()),
            "{total} over {claims:?}"
        );
    }
}

#[test]
fn given_claims_that_cannot_be_met_when_a_pool_is_divided_then_it_is_refused() {
    for (total, claims, says) in [
        ("10", &["-1", "1"][..], "a negative weight"),
        ("-10", &["1 -5", "1"], "floors or caps on a negative amount"),
        ("-10", &["1 5-", "1"], "floors or caps on a negative amount"),
        ("10", &["1 -0.5", "1 --1"], "a cap below 0"),
        (
            "10",
            &["1 5-4", "1"],
            "a floor above its cap, both in whole units",
        ),
        ("10", &["1 6-", "1 5-"], "floors that need more than there is"),
    ] {
        assert_eq!(parts(total, claims), Err(says), "{total} over {claims:?}");
    }
    assert!(divide(&Num::ONE, &Num::ZERO, &[]).is_err());
}

#[test]
fn given_weights_no_machine_word_holds_when_a_pool_is_divided_then_it_is_as_with_small_ones() {
    let huge = format!("1{}", "0".repeat(40));
    let small = divided("1000003", &["1", "2", "4", "0"]).unwrap();
    let claims: Vec<Claim> = ["1", "2", "4", "0"]
        .iter()
        .map(|w| Claim {
            weight: n(w) * n(&huge),
            floor: None,
            cap: None,
        })
        .collect();
    let large = divide(&n("1000003"), &Num::ONE, &claims).unwrap();
    for (a, b) in small.parts.iter().zip(&large.parts) {
        assert_eq!(
            (&a.result, &a.floor, &a.exact, a.queue, a.extra),
            (&b.result, &b.floor, &b.exact, b.queue, b.extra)
        );
    }
    let nobody: Vec<Claim> = vec![claim("0"), claim("0")];
    assert_eq!(divide(&n(&huge), &Num::ONE, &nobody).unwrap().left, n(&huge));
    assert_eq!(
        divide(&n(&huge), &Num::ONE, &[claim("0"), claim("1")])
            .unwrap()
            .parts[1]
            .result,
        n(&huge)
    );
}

/// The small document with steps after `who`, run on sales (seller, amount); the boss is out.
fn after_who(steps: &str, sales: &[(&str, &str)]) -> (Document, Evaluation) {
    let text = format!("{SMALL}{steps}");
    let doc = Document::parse("small.toml", &text)
        .unwrap_or_else(|f| panic!("{}", f.iter().map(ToString::to_string).collect::<String>()));
    let facts: Vec<_> = sales
        .iter()
        .map(|(who, amount)| serde_json::json!({ "kind": "sale", "occurred": "2026-10-02", "seller": who, "amount": amount }))
        .collect();
    let input = serde_json::json!({ "period": { "from": "2026-10-01", "to": "2026-11-01" }, "params": { "pool": "0" },
        "roster": [{ "id": "a", "role": "sales" }, { "id": "b", "role": "sales" }, { "id": "c", "role": "sales" }, { "id": "z", "role": "boss" }],
        "facts": facts });
    let run = evaluate(&doc, doc.input(&input).unwrap()).unwrap_or_else(|s| panic!("{s}"));
    (doc, run)
}

/// A last step that reads everything, so that nothing is unread.
fn read(from: &str, value: &str) -> String {
    format!(
        "[[step]]\nid = \"read_{from}\"\ndo = \"emit\"\nas = \"warning\"\nzh = \"w\"\nen = \"w\"\nfrom = \"{from}\"\npayee = \"seller\"\nvalue = \"{value}\"\n"
    )
}

fn warned(run: &Evaluation) -> Vec<String> {
    let text = |t: &Option<String>| t.clone().unwrap_or_default();
    run.outcome
        .warnings
        .iter()
        .map(|w| format!("{} {}", text(&w.payee), text(&w.value)))
        .collect()
}

fn pool(more: &str) -> String {
    format!(
        "[[step]]\nid = \"pooled\"\ndo = \"allocate\"\nfrom = \"who\"\nweight = \"total\"\nas = \"piece\"\n{more}\n{}",
        read("pooled", "piece")
    )
}

#[test]
fn given_somebody_excluded_when_floors_are_stated_then_the_excluded_have_none() {
    let steps = pool("amount = \"param.pool + 9\"\nfloor = \"2\"");
    let (_, run) = after_who(&steps, &[("a", "1"), ("b", "8"), ("z", "90")]);
    assert_eq!(warned(&run), ["a 2", "b 7"]);
}

#[test]
fn given_nobody_at_all_when_the_amount_needs_a_row_then_there_is_no_pool_and_else_it_goes_back_whole() {
    let (_, run) = after_who(&pool("amount = \"total\""), &[]);
    assert!(run.outcome.residuals.iter().all(|r| r.step != "pooled"));
    let (_, run) = after_who(&pool("amount = \"param.pool + 9\""), &[]);
    let back: Vec<_> = run
        .outcome
        .residuals
        .iter()
        .filter(|r| r.step == "pooled")
        .collect();
    assert_eq!((back.len(), back[0].reason.as_str()), (1, "nobody qualifies"));
    assert_eq!(
        (back[0].says.zh.as_str(), back[0].says.en.as_str()),
        ("没有人符合条件", "nobody qualifies")
    );
    let (_, run) = after_who(
        &pool("amount = \"param.pool + 9\"\ncap = \"2\""),
        &[("a", "1"), ("b", "1")],
    );
    let back: Vec<_> = run
        .outcome
        .residuals
        .iter()
        .filter(|r| r.step == "pooled")
        .collect();
    assert_eq!(
        (back[0].amount.to_string().as_str(), back[0].reason.as_str()),
        ("5", "everybody is at a cap")
    );
}

#[test]
fn given_a_sum_exactly_at_the_cap_when_limited_then_nothing_happens_and_nobody_is_warned() {
    for (excess, sales, right) in [
        ("warn", "6", vec!["a 4", "b 6"]),
        ("scale", "6", vec!["a 4", "b 6"]),
        ("drop", "6", vec!["a 4", "b 6"]),
        ("scale", "16", vec!["a 2", "b 8"]),
        ("drop", "8", vec!["a 4", "b 6"]),
    ] {
        let steps = format!(
            "[[step]]\nid = \"capped\"\ndo = \"limit\"\nfrom = \"who\"\ncolumn = \"total\"\ncap = \"10\"\nper = []\nexcess = \"{excess}\"\nas = \"kept\"\n{}",
            read("capped", "kept")
        );
        let (_, run) = after_who(&steps, &[("a", "4"), ("b", sales)]);
        assert_eq!(warned(&run), right, "{excess} {sales}");
        let over = run
            .outcome
            .residuals
            .iter()
            .filter(|r| r.step == "capped")
            .count();
        assert_eq!(over > 0, sales != "6", "{excess} {sales}");
    }
}

#[test]
fn given_equal_people_when_ranked_by_each_method_then_the_next_place_is_as_the_method_counts() {
    for (method, right) in [
        ("dense", ["c 1", "a 2", "b 2", "z 3"]),
        ("standard", ["c 1", "a 2", "b 2", "z 4"]),
        ("ordinal", ["c 1", "a 2", "b 3", "z 4"]),
    ] {
        let steps = format!(
            "[[step]]\nid = \"placed\"\ndo = \"rank\"\nfrom = \"totals\"\nkeys = [\"-total\"]\nmethod = \"{method}\"\nas = \"place\"\n{}",
            read("placed", "place")
        );
        let (_, run) = after_who(&steps, &[("a", "5"), ("b", "5"), ("c", "9"), ("z", "1")]);
        let mut found = warned(&run);
        found.sort_by_key(|t| right.iter().position(|r| r == t));
        assert_eq!(found, right, "{method}");
    }
}

#[test]
fn given_figures_of_a_group_when_made_then_each_is_what_its_word_says() {
    let steps = format!(
        "[[step]]\nid = \"figures\"\ndo = \"aggregate\"\nfrom = \"sales\"\nby = \"seller\"\n\
         columns = {{ low = \"lowest(amount)\", high = \"highest(amount)\", one = \"first(amount)\", end = \"last(amount)\", \
         some = \"any(amount > 5)\", every = \"all(amount > 1)\", kinds = \"distinct(amount)\" }}\n\
         [[step]]\nid = \"said\"\ndo = \"derive\"\nfrom = \"figures\"\n\
         columns = {{ told = \"low * 100000 + high * 10000 + one * 1000 + end * 100 + (when kinds = 3 then 10 else 0) + (when some then 1 else 0) + (when every then 2 else 0)\" }}\n{}",
        read("said", "told")
    );
    let (_, run) = after_who(
        &steps,
        &[("a", "3"), ("a", "7"), ("a", "2"), ("a", "7"), ("b", "1")],
    );
    // Facts told without an id stand in the order of what they say, so that the order of the file changes nothing.
    assert_eq!(warned(&run), ["a 272713", "b 111100"]);
}

#[test]
fn given_a_share_of_people_when_winners_are_cut_then_base_and_rounding_are_as_written() {
    // Four are listed, the boss does not qualify; 60 % are 2.4 of 4 and 1.8 of 3.
    for (share, rounding, base, right) in [
        ("60%", "down", "listed", 2),
        ("60%", "down", "qualified", 1),
        ("60%", "half_up", "qualified", 2),
        ("40%", "half_up", "listed", 2),
        ("100%", "down", "qualified", 3),
        ("0", "down", "listed", 0),
    ] {
        let steps = format!(
            "[[step]]\nid = \"placed\"\ndo = \"rank\"\nfrom = \"who\"\nkeys = [\"-total\"]\n\
             keep = {{ share = \"{share}\", rounding = \"{rounding}\", base = \"{base}\" }}\nas = \"place\"\n{}",
            read("placed", "place")
        );
        let (_, run) = after_who(&steps, &[("a", "5"), ("b", "4"), ("c", "3"), ("z", "9")]);
        assert_eq!(warned(&run).len(), right, "{share} {rounding} {base}");
    }
}

#[test]
fn given_a_pool_and_then_conditions_when_a_line_is_explained_then_each_step_tells_its_own_working() {
    let steps = "[[step]]\nid = \"pooled\"\ndo = \"allocate\"\nzh = \"分池\"\nen = \"pool\"\nfrom = \"who\"\namount = \"param.pool + 9\"\nweight = \"total\"\nas = \"piece\"\n\
        [[step]]\nid = \"again\"\ndo = \"qualify\"\nzh = \"再看\"\nen = \"looked at again\"\nfrom = \"pooled\"\n\
        conditions = [{ code = \"some\", test = \"piece > 0\", zh = \"有份\", en = \"a piece\" }]\n\
        [[step]]\nid = \"piece\"\ndo = \"emit\"\nas = \"line\"\nzh = \"份\"\nen = \"piece\"\nfrom = \"again\"\npayee = \"seller\"\namount = \"piece\"\n";
    let (doc, run) = after_who(steps, &[("a", "1"), ("b", "2")]);
    let line = run.outcome.lines.iter().find(|l| l.component == "piece").unwrap();
    let story = super::super::explain::trace(&doc, &run, line).text(false);
    assert!(
        story.contains("looked at again: every condition holds"),
        "{story}"
    );
    assert_eq!(story.matches("remainder place").count(), 1, "{story}");
}

#[test]
fn given_a_fact_for_the_next_period_when_emitted_then_its_kind_and_fields_are_as_written() {
    let steps = "[[step]]\nid = \"next\"\ndo = \"emit\"\nas = \"fact\"\nzh = \"结转\"\nen = \"carried\"\nfrom = \"totals\"\nwhere = \"total > 1\"\n\
        kind = \"carried\"\nfields = { who = \"seller\", amount = \"-total\" }\n";
    let (_, run) = after_who(steps, &[("a", "1"), ("b", "2.50")]);
    let told: Vec<String> = run
        .outcome
        .facts
        .iter()
        .map(|f| format!("{} {:?}", f.kind, f.fields))
        .collect();
    assert_eq!(told, ["carried [(\"who\", \"b\"), (\"amount\", \"-2.5\")]"]);
}
