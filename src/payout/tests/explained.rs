//! What people read: labels instead of column names, helpers left out, and the roster's order in groups of several columns.

use super::super::explain::{held, sentence, trace};
use super::super::{Document, Evaluation, evaluate};
use super::SMALL;

/// The small document with its `known` step written anew, run on one sale of li.
fn told(known: &str) -> Result<(Document, Evaluation), String> {
    let old = "columns = { role = \"roster.role\" }";
    assert!(SMALL.contains(old));
    let text = SMALL
        .replace(old, &format!("zh = \"人\"\nen = \"person\"\n{known}"))
        .replace(
            "role = { type = \"text\",",
            "role = { zh = \"岗位\", en = \"post\", type = \"text\",",
        );
    let doc = Document::parse("small.toml", &text)
        .map_err(|f| f.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))?;
    let json = serde_json::json!({ "period": { "from": "2026-10-01", "to": "2026-11-01" }, "params": { "pool": "0" },
        "roster": [{ "id": "li", "role": "sales" }],
        "facts": [{ "kind": "sale", "occurred": "2026-10-02", "seller": "li", "amount": "40" }] });
    let run = evaluate(&doc, doc.input(&json).unwrap()).unwrap();
    Ok((doc, run))
}

#[test]
fn given_labels_when_explained_then_people_read_them_and_helpers_are_left_out() {
    let known = "columns = { role = \"roster.role\", half = \"total * 50%\", much = \"half >= 20\", helper = \"half + 1\" }\n\
        labels = { half = { zh = \"一半\", en = \"one half\" }, much = { zh = \"够\", en = \"enough\" }, helper = \"hidden\" }";
    let (doc, run) = told(known).unwrap();
    let story = trace(&doc, &run, &run.outcome.lines[0]);
    let (zh, en) = (story.text(true), story.text(false));
    // The label of `role` comes from the roster.
    assert!(zh.contains("岗位 sales，一半 20.00，够 是"), "{zh}");
    assert!(en.contains("post sales, one half 20.00, enough yes"), "{en}");
    assert!(!zh.contains("helper") && !en.contains("helper"));
    // Programs see every figure.
    assert!(story.to_json().to_string().contains("\"helper\":\"21\""));
}

#[test]
fn given_a_join_that_is_told_when_explained_then_the_story_goes_on_at_the_partner() {
    let partner = |join: &str| {
        let text = SMALL
            .replace("join = { roster = \"seller\" }", join)
            .replace("columns = { role = \"roster.role\" }", "columns = { role = \"roster.role\", other = \"n.n\" }")
            .replace("id = \"known\"", "id = \"known\"\nzh = \"人\"\nen = \"person\"")
            .replace("[[step]]\nid = \"rated\"", "[[step]]\nid = \"number\"\ndo = \"aggregate\"\nzh = \"笔数\"\nen = \"how many\"\nfrom = \"sales\"\nby = \"seller\"\ncolumns = { n = \"count()\" }\n[[step]]\nid = \"rated\"");
        let doc = Document::parse("small.toml", &text).unwrap_or_else(|f| panic!("{}", f[0]));
        let json = serde_json::json!({ "period": { "from": "2026-10-01", "to": "2026-11-01" }, "params": { "pool": "0" },
            "roster": [{ "id": "wu", "role": "sales" }, { "id": "li", "role": "sales" }],
            "facts": [{ "kind": "sale", "id": "a", "occurred": "2026-10-02", "seller": "wu", "amount": "10" },
                { "kind": "sale", "id": "b", "occurred": "2026-10-02", "seller": "li", "amount": "40" }] });
        let run = evaluate(&doc, doc.input(&json).unwrap()).unwrap();
        let line = run.outcome.lines.iter().find(|l| l.payee == "li").unwrap();
        (trace(&doc, &run, line).text(false), sentence(&doc, &run, line).en)
    };
    let (told, short) =
        partner("join = { roster = \"seller\", n = { to = \"number\", on = \"seller\", told = true } }");
    assert!(told.contains("how many: 1 added up: n 1"), "{told}");
    // The partner's own fact, not the other seller's; what was told once is not told again.
    assert_eq!(
        (told.matches(" b (").count(), told.matches(" a (").count()),
        (1, 0),
        "{told}"
    );
    let (untold, same) = partner("join = { roster = \"seller\", n = { to = \"number\", on = \"seller\" } }");
    assert!(!untold.contains("how many"), "{untold}");
    assert_eq!(short, same, "one sentence keeps to what the amount was made of");
}

#[test]
fn given_many_lines_when_explained_then_what_their_joins_look_among_is_put_in_order_once() {
    let told = "join = { roster = { to = \"roster\", on = \"seller\", told = true } }";
    let text = SMALL.replace("join = { roster = \"seller\" }", told);
    let doc = Document::parse("small.toml", &text).unwrap();
    let json = serde_json::json!({ "period": { "from": "2026-10-01", "to": "2026-11-01" }, "params": { "pool": "0" },
        "roster": [{ "id": "li", "role": "sales" }],
        "facts": [{ "kind": "sale", "occurred": "2026-10-02", "seller": "li", "amount": "40" }] });
    let run = evaluate(&doc, doc.input(&json).unwrap()).unwrap();
    let made = || {
        run.indexes
            .iter()
            .flatten()
            .filter(|index| index.get().is_some())
            .count()
    };
    assert_eq!(
        (run.outcome.lines.len(), made()),
        (1, 0),
        "a run nobody asks about keeps none"
    );
    let step = doc.steps.iter().find(|s| s.id == "known").unwrap();
    trace(&doc, &run, &run.outcome.lines[0]);
    assert_eq!(made(), 1);
    let kept = run.indexes[step.relation][0].get().unwrap();
    trace(&doc, &run, &run.outcome.lines[0]);
    let again = run.indexes[step.relation][0].get().unwrap();
    assert!(std::ptr::eq(kept, again) && made() == 1);
}

#[test]
fn given_a_document_that_says_its_decimals_when_explained_then_ratios_that_do_not_end_have_so_many() {
    let said = |header: &str| {
        let text = SMALL
            .replace("source = \"test\"", &format!("source = \"test\"\n{header}"))
            .replace("id = \"known\"", "id = \"known\"\nzh = \"人\"\nen = \"person\"")
            .replace(
                "role = \"roster.role\" }",
                "role = \"roster.role\", third = \"divide(total, total * 3, 0%)\" }",
            );
        let doc = Document::parse("small.toml", &text).map_err(|faults| faults[0].to_string())?;
        let json = serde_json::json!({ "period": { "from": "2026-10-01", "to": "2026-11-01" }, "params": { "pool": "0" },
            "roster": [{ "id": "li", "role": "sales" }],
            "facts": [{ "kind": "sale", "occurred": "2026-10-02", "seller": "li", "amount": "40" }] });
        let run = evaluate(&doc, doc.input(&json).unwrap()).unwrap();
        let told = trace(&doc, &run, &run.outcome.lines[0]).text(false);
        let third = told
            .split("third ")
            .nth(1)
            .and_then(|t| t.split(['\n', ',', ' ']).next());
        Ok::<_, String>((third.map(str::to_owned), doc.to_json()["unit"].clone()))
    };
    let shown = |header: &str| said(header).unwrap().0.unwrap();
    assert_eq!(shown(""), "≈33.3333%");
    assert_eq!(shown("display_decimals = 2"), "≈33.33%");
    assert_eq!(shown("display_decimals = 0"), "≈33%");
    assert_eq!(said("unit = \"shares\"").unwrap().1, "shares");
    for wrong in [
        "display_decimals = 11",
        "display_decimals = \"2\"",
        "display_decimals = -1",
    ] {
        assert!(
            said(wrong).unwrap_err().contains("a whole number from 0 to 10"),
            "{wrong}"
        );
    }
}

#[test]
fn given_an_employee_field_with_a_default_when_it_is_left_out_then_the_fact_counts_and_a_stranger_is_refused()
{
    let text = SMALL.replace(
        "seller = \"employee\"",
        "helper = { type = \"employee\", default = \"-\" }, seller = \"employee\"",
    );
    let text = text
        .replace(
            "columns = { role = ",
            "columns = { nobody = \"helped > 0\", role = ",
        )
        .replace(
            "n = \"sum(count)\" }",
            "n = \"sum(count)\", helped = \"count(helper != '-')\" }",
        );
    let doc = Document::parse("small.toml", &text).unwrap_or_else(|f| panic!("{}", f[0]));
    let run = |helper: Option<&str>| {
        let mut sale =
            serde_json::json!({ "kind": "sale", "occurred": "2026-10-02", "seller": "li", "amount": "40" });
        helper.inspect(|h| sale["helper"] = (*h).into());
        let json = serde_json::json!({ "period": { "from": "2026-10-01", "to": "2026-11-01" }, "params": { "pool": "0" },
            "roster": [{ "id": "li", "role": "sales" }], "facts": [sale] });
        let input = doc.input(&json).map_err(|r| format!("{} {}", r.path, r.what))?;
        Ok(evaluate(&doc, input).unwrap().outcome.total.to_string())
    };
    for helper in [None, Some("-"), Some("li")] {
        assert_eq!(run(helper), Ok("4".to_owned()), "{helper:?}");
    }
    assert_eq!(
        run(Some("wu")),
        Err("facts[0].helper \"wu\" is not in the roster".to_owned())
    );
}

#[test]
fn given_wrong_labels_when_checked_then_the_fault_is_said() {
    for (labels, what) in [
        (
            "labels = { rol = { zh = \"一\", en = \"a\" } }",
            "step `known` makes no column `rol`",
        ),
        ("labels = { role = { zh = \"一\" } }", "a label in one language"),
        ("labels = { role = \"hiden\" }", "found \"hiden\""),
        (
            "labels = { role = { zh = \"一\", en = \"a\", fr = \"b\" } }",
            "unknown field `fr`",
        ),
        ("labels = \"x\"", "`labels`"),
    ] {
        let said = told(&format!("columns = {{ role = \"roster.role\" }}\n{labels}"))
            .err()
            .unwrap();
        assert!(said.contains(what), "{labels}: {said}");
    }
}

#[test]
fn given_groups_of_several_columns_when_made_then_people_stand_in_the_rosters_order_within_them() {
    let text = SMALL
        .replace("by = \"seller\"\ncolumns", "by = [\"team\", \"seller\"]\ncolumns")
        .replace(
            "amount = \"money\", count",
            "team = \"text\", amount = \"money\", count",
        );
    let doc = Document::parse("small.toml", &text).unwrap();
    let sale = |team: &str, seller: &str| serde_json::json!({ "kind": "sale", "occurred": "2026-10-02", "team": team, "seller": seller, "amount": "10" });
    // In the roster zhao stands before an: of two equal remainders the odd fen is his.
    let json = serde_json::json!({ "period": { "from": "2026-10-01", "to": "2026-11-01" }, "params": { "pool": "0.03" },
        "roster": [{ "id": "zhao", "role": "sales" }, { "id": "an", "role": "sales" }],
        "facts": [sale("B", "an"), sale("A", "an"), sale("A", "zhao"), sale("B", "zhao")] });
    let run = evaluate(&doc, doc.input(&json).unwrap()).unwrap();
    let keys: Vec<String> = run
        .rows(&doc, "totals")
        .unwrap()
        .into_iter()
        .map(|r| r.0)
        .collect();
    assert_eq!(keys, ["A|zhao", "A|an", "B|zhao", "B|an"]);
    let bonus: Vec<_> = run
        .outcome
        .lines
        .iter()
        .filter(|l| l.component == "bonus")
        .map(|l| format!("{} {}", l.payee, l.amount.fixed(2)))
        .collect();
    assert_eq!(bonus, ["zhao 0.01", "an 0.01", "zhao 0.01"]);
}

#[test]
fn given_somebody_who_is_not_paid_when_told_then_the_rule_and_every_reason_have_words() {
    let cut = "[[step]]\nid = \"best\"\ndo = \"rank\"\nfrom = \"who\"\nkeys = [\"-total\"]\nkeep = { count = 1 }\nas = \"place\"\n\n[[step]]\nid = \"shares\"";
    let text = SMALL.replace("[[step]]\nid = \"shares\"", cut).replace(
        "do = \"allocate\"\nfrom = \"who\"",
        "do = \"allocate\"\nfrom = \"best\"",
    );
    let doc = Document::parse("small.toml", &text).unwrap_or_else(|f| panic!("{}", f[0]));
    let sale = |seller: &str, amount: &str| serde_json::json!({ "kind": "sale", "occurred": "2026-10-02", "seller": seller, "amount": amount });
    let json = serde_json::json!({ "period": { "from": "2026-10-01", "to": "2026-11-01" }, "params": { "pool": "0" },
        "roster": [{ "id": "li", "role": "sales" }, { "id": "wu", "role": "sales" }, { "id": "he", "role": "boss" }],
        "facts": [sale("li", "40"), sale("wu", "30"), sale("he", "90")] });
    let run = evaluate(&doc, doc.input(&json).unwrap()).unwrap();
    let told: Vec<String> = run
        .outcome
        .excluded
        .iter()
        .filter(|x| x.component == "commission")
        .map(|x| {
            format!(
                "{} {} {}: {} {}",
                x.payee, x.title.zh, x.codes[0], x.reasons[0].zh, x.reasons[0].en
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            "wu 提成 rank: 名次在名额之外 ranked below the places there are",
            "he 提成 boss: 老板 the boss"
        ]
    );
}

#[test]
fn given_each_kind_of_step_when_a_line_is_traced_then_its_figures_are_what_the_step_added() {
    let (doc, run) = told("columns = { role = \"roster.role\", half = \"total * 50%\" }").unwrap();
    let json = trace(&doc, &run, &run.outcome.lines[0]).to_json();
    let mut found = Vec::new();
    let mut at = &json;
    loop {
        let figures = at["figures"].as_object().unwrap();
        let mut names: Vec<&str> = figures.keys().map(String::as_str).collect();
        // Their order is the map's, which a library of the tests makes the order of writing.
        names.sort_unstable();
        found.push(format!("{}: {}", at["step"].as_str().unwrap(), names.join(" ")));
        match at["from"].get(0) {
            Some(from) => at = from,
            None => break,
        }
    }
    // A line and a group begin anew, a selection adds nothing, the others add to what came to them.
    assert_eq!(
        found,
        [
            "commission: amount payee",
            "cash: pay",
            "shares: share",
            "who: ",
            "known: half role",
            "rated: commission",
            "totals: n seller total",
            "sales: ",
            "fact.sale: ",
        ]
    );
    // Rounded by person, a row is a new one.
    let text = SMALL
        .replace(
            "column = \"commission\"\nas = \"pay\"",
            "column = \"commission\"\nby = \"seller\"\nas = \"pay\"",
        )
        .replace(
            "id = \"bonus\"\ndo = \"emit\"",
            "id = \"bonus\"\ndo = \"emit\"\nwhere = \"share > 0\"",
        )
        .replace(
            "from = \"cash\"\npayee = \"seller\"\namount = \"share\"",
            "from = \"shares\"\npayee = \"seller\"\namount = \"share\"",
        );
    let doc = Document::parse("small.toml", &text).unwrap_or_else(|f| panic!("{}", f[0]));
    let input = serde_json::json!({ "period": { "from": "2026-10-01", "to": "2026-11-01" }, "params": { "pool": "1" },
        "roster": [{ "id": "li", "role": "sales" }],
        "facts": [{ "kind": "sale", "occurred": "2026-10-02", "seller": "li", "amount": "40" }] });
    let run = evaluate(&doc, doc.input(&input).unwrap()).unwrap();
    let json = trace(&doc, &run, &run.outcome.lines[0]).to_json();
    let figures = json["from"][0]["figures"].as_object().unwrap();
    let names: std::collections::BTreeSet<&str> = figures.keys().map(String::as_str).collect();
    assert_eq!(names.into_iter().collect::<Vec<_>>(), ["pay", "seller"]);
}

#[test]
fn given_an_amount_of_several_rows_when_said_in_one_sentence_then_all_are_named_and_many_are_counted() {
    let text = SMALL.replace(
        "[[step]]\nid = \"totals\"",
        "[[step]]\nid = \"each\"\ndo = \"derive\"\nzh = \"逐笔\"\nen = \"each\"\nfrom = \"sales\"\ncolumns = { half = \"amount * 50%\" }\n\
         labels = { half = { zh = \"一半\", en = \"half\" } }\n[[step]]\nid = \"totals\"",
    );
    let text = text.replacen(
        "do = \"aggregate\"\nfrom = \"sales\"",
        "do = \"aggregate\"\nzh = \"按人\"\nen = \"by person\"\nfrom = \"each\"",
        1,
    );
    let text = text.replace("sum(amount)", "sum(half)");
    let doc = Document::parse("small.toml", &text).unwrap_or_else(|f| panic!("{}", f[0]));
    let said = |amounts: &[&str]| {
        let sale = |(i, amount): (usize, &&str)| serde_json::json!({ "kind": "sale", "id": format!("s{i}"), "occurred": "2026-10-02", "seller": "li", "amount": amount });
        let facts: Vec<_> = amounts.iter().enumerate().map(sale).collect();
        let json = serde_json::json!({ "period": { "from": "2026-10-01", "to": "2026-11-01" }, "params": { "pool": "0" },
            "roster": [{ "id": "li", "role": "sales" }], "facts": facts });
        let run = evaluate(&doc, doc.input(&json).unwrap()).unwrap();
        let said = sentence(&doc, &run, &run.outcome.lines[0]);
        (said.zh, said.en)
    };
    assert!(said(&["10"]).0.starts_with("逐笔：一半 5.00；按人：1 条合计"));
    let (zh, en) = said(&["10", "20", "30"]);
    assert!(
        zh.starts_with("逐笔：一半 5.00、一半 10.00、一半 15.00；按人：3 条合计：一半 30.00"),
        "{zh}"
    );
    assert!(
        en.starts_with("each: half 5.00 + half 10.00 + half 15.00; by person: 3 added up"),
        "{en}"
    );
    let (zh, en) = said(&["2", "4", "6", "8", "10", "12", "14"]);
    assert!(
        zh.starts_with(
            "逐笔：一半 1.00、一半 2.00、一半 3.00、一半 4.00、一半 5.00，另有 2 条；按人：7 条合计"
        ),
        "{zh}"
    );
    assert!(en.contains("half 5.00 and 2 more; by person"), "{en}");
}

#[test]
fn given_a_tranche_that_waits_when_explained_then_its_owner_reads_how_much_and_how_it_came_about() {
    let release = |fail: &str| {
        let text = SMALL.replace(
            "[[step]]\nid = \"commission\"",
            &format!("[[step]]\nid = \"later\"\ndo = \"release\"\nzh = \"分两次\"\nen = \"in two\"\nfrom = \"cash\"\ncolumn = \"pay\"\n\
             tranches = [{{ share = \"50%\", due = \"period.to\" }}, {{ share = \"50%\", due = \"period.to\", when = \"n > 9\", on_fail = \"{fail}\" }}]\n\
             as = \"part\"\n[[step]]\nid = \"commission\""),
        );
        let text = text.replacen(
            "from = \"cash\"\npayee = \"seller\"\namount = \"pay\"",
            "from = \"later\"\npayee = \"seller\"\namount = \"part\"",
            1,
        );
        let doc = Document::parse("small.toml", &text).unwrap_or_else(|f| panic!("{}", f[0]));
        let json = serde_json::json!({ "period": { "from": "2026-10-01", "to": "2026-11-01" }, "params": { "pool": "0" },
            "roster": [{ "id": "li", "role": "sales" }, { "id": "wu", "role": "sales" }],
            "facts": [{ "kind": "sale", "occurred": "2026-10-02", "seller": "li", "amount": "40" },
                { "kind": "sale", "occurred": "2026-10-02", "seller": "wu", "amount": "40", "count": 10 }] });
        let run = evaluate(&doc, doc.input(&json).unwrap()).unwrap();
        (doc, run)
    };
    let (doc, run) = release("hold");
    let mine = held(&doc, &run, "li");
    assert_eq!(mine.len(), 1);
    assert_eq!(
        (
            mine[0].component.as_str(),
            mine[0].amount.fixed(2),
            mine[0].lapsed
        ),
        ("commission", "2.00".to_owned(), false)
    );
    assert_eq!(mine[0].says("li").zh, "li 的提成 2.00：暂存，条件满足后再付");
    assert!(
        mine[0].trace.text(true).contains("4.00 × 50% = 2.00"),
        "{}",
        mine[0].trace.text(true)
    );
    assert!(held(&doc, &run, "wu").is_empty(), "all of it is paid");
    let (doc, run) = release("lapse");
    let said = held(&doc, &run, "li")[0].says("li");
    assert_eq!(
        said.en,
        "li, commission 2.00: lapsed, its condition does not hold"
    );
    assert!(run.knows(&doc, "li") && run.knows(&doc, "wu") && !run.knows(&doc, "zz"));
}
