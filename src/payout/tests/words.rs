//! What an explanation calls things: `[label]`, and steps without words.

use super::super::explain::{sentence, trace};
use super::super::{Document, Evaluation};
use super::SMALL;

const EXAMPLE: &str = r#"
[[example]]
id = "one"
period = { from = "2026-10-01", to = "2026-11-01" }
params = { pool = "0" }
roster = [{ id = "li", role = "sales" }]
facts = [{ kind = "sale", id = "1", occurred = "2026-10-02", seller = "li", amount = "40" }]
expect = { total = "4.00" }
"#;

/// The small document whose totals have words, with steps before its example and more after it; and the example's run.
fn named(steps: &str, more: &str) -> Result<(Document, Evaluation), String> {
    let small = SMALL.replace(
        "id = \"totals\"",
        "id = \"totals\"\nzh = \"按人\"\nen = \"by person\"",
    );
    let doc = Document::accept("small.toml", &format!("{small}{steps}{EXAMPLE}{more}"))
        .map_err(|f| f.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))?;
    let run = doc.example("one").unwrap().unwrap();
    Ok((doc, run))
}

fn told(more: &str) -> Result<(String, String), String> {
    let (doc, run) = named("", more)?;
    let line = run
        .outcome
        .lines
        .iter()
        .find(|l| l.component == "commission")
        .unwrap();
    let story = trace(&doc, &run, line);
    Ok((story.text(true), story.text(false)))
}

#[test]
fn given_a_label_when_a_line_is_explained_then_the_column_is_called_by_it_in_both_languages() {
    let (zh, en) = told("[label]\ntotal = { zh = \"合计实收\", en = \"cash in all\" }").unwrap();
    assert!(zh.contains("合计实收 40.00"), "{zh}");
    assert!(en.contains("cash in all 40.00"), "{en}");
}

#[test]
fn given_a_label_that_names_no_column_when_the_document_is_read_then_it_is_refused() {
    let told = told("[label]\ntotel = { zh = \"合计\", en = \"total\" }").unwrap_err();
    assert!(told.contains("`totel` names no column without a label"), "{told}");
}

#[test]
fn given_a_label_in_one_language_when_the_document_is_read_then_it_is_refused() {
    let told = told("[label]\ntotal = { zh = \"合计\" }").unwrap_err();
    assert!(told.contains("the label `total`"), "{told}");
}

#[test]
fn given_steps_without_words_when_a_line_is_explained_then_only_steps_with_words_are_told() {
    let (zh, en) = told("").unwrap();
    // The line, the totals and the sale itself: six bookkeeping steps between them say nothing.
    assert_eq!(zh.lines().count(), 3, "{zh}");
    assert!(en.contains("by person: 1 added up: total 40.00"), "{en}");
    assert!(!en.contains("rounded"), "{en}");
}

#[test]
fn given_fields_left_out_when_a_line_is_explained_then_only_given_ones_are_told() {
    let (zh, _) = told("").unwrap();
    assert!(zh.contains("amount 40.00"), "{zh}");
    assert!(
        !zh.contains("count"),
        "the default of `count` was not given: {zh}"
    );
}

#[test]
fn given_an_award_and_a_proposal_when_they_are_explained_then_they_are_told_from_the_facts_on() {
    let more = "[[step]]\nid = \"cup\"\ndo = \"emit\"\nas = \"award\"\nzh = \"奖杯\"\nen = \"cup\"\nfrom = \"totals\"\n\
        payee = \"seller\"\nquantity = \"n\"\nunit = \"cup\"\nvalue = \"total\"\n\
        [[step]]\nid = \"rise\"\ndo = \"emit\"\nas = \"proposal\"\nzh = \"加薪\"\nen = \"rise\"\nfrom = \"totals\"\n\
        payee = \"seller\"\nproposal = \"pay_rise\"\nvalue = \"total\"\n\
        [[book]]\nno = \"E1\"\nsays = \"2\"\nexact = \"1\"\nexample = \"one\"\nline = \"li cup\"\nzh = \"多印一只\"\nen = \"one too many\"\n";
    let (doc, run) = named(more, "").unwrap();
    let cup = trace(&doc, &run, &run.outcome.awards[0]).text(false);
    assert!(
        cup.starts_with("li, cup: 1 (worth 40.00, before tax, wages)"),
        "{cup}"
    );
    assert!(cup.contains("by person: 1 added up: total 40.00, n 1"), "{cup}");
    assert!(cup.contains("one too many"), "{cup}");
    let rise = &run.outcome.proposals[0];
    let told = trace(&doc, &run, rise).text(false);
    assert!(
        told.contains("by person") && !told.contains("one too many"),
        "{told}"
    );
    let json = run
        .outcome
        .to_json(|emitted| sentence(&doc, &run, emitted).en)
        .to_string();
    assert!(json.matches("by person: 1 added up").count() >= 3, "{json}");
}

#[test]
fn given_one_figure_read_by_two_steps_when_a_line_is_explained_then_its_story_is_told_once() {
    let all = r#"
[[step]]
id = "everybody"
do = "aggregate"
zh = "全体"
en = "all together"
from = "totals"
columns = { sales = "sum(total)" }

[[step]]
id = "half"
do = "derive"
zh = "一半"
en = "half"
from = "totals"
columns = { half = "everybody.sales / 2" }

[[step]]
id = "quarter"
do = "derive"
zh = "四分之一"
en = "a quarter"
from = "half"
columns = { quarter = "(half + everybody.sales * 0%) / 2" }

[[step]]
id = "quarter_cash"
do = "round"
from = "quarter"
column = "quarter"
as = "pay"

[[step]]
id = "part"
do = "emit"
as = "line"
zh = "份"
en = "part"
from = "quarter_cash"
payee = "seller"
amount = "pay"
"#;
    let doc = Document::parse("small.toml", &format!("{SMALL}{all}")).unwrap();
    let run = doc.input(&serde_json::json!({ "period": { "from": "2026-10-01", "to": "2026-11-01" }, "params": { "pool": "0" },
        "roster": [{ "id": "li", "role": "sales" }],
        "facts": [{ "kind": "sale", "occurred": "2026-10-02", "seller": "li", "amount": "40" }] }));
    let run = super::super::evaluate(&doc, run.unwrap()).unwrap();
    let line = run.outcome.lines.iter().find(|l| l.component == "part").unwrap();
    let story = trace(&doc, &run, line).text(false);
    assert_eq!(story.matches("all together").count(), 1, "{story}");
    assert_eq!(story.matches("amount 40.00").count(), 1, "{story}");
}

#[test]
fn given_counted_things_in_parts_when_an_award_is_explained_then_no_fen_are_shown_and_fractions_stand_alone()
{
    let more = "[[step]]\nid = \"parts\"\ndo = \"release\"\nzh = \"分批\"\nen = \"in parts\"\nfrom = \"totals\"\ncolumn = \"n\"\n\
        tranches = [{ share = \"50%\", due = \"period.to\" }, { share = \"50%\", due = \"period.to\" }]\nas = \"part\"\n\
        [[step]]\nid = \"split\"\ndo = \"allocate\"\nzh = \"再分\"\nen = \"split\"\nfrom = \"parts\"\namount = \"n * 7\"\nweight = \"1/3\"\nas = \"piece\"\n\
        [[step]]\nid = \"cup\"\ndo = \"emit\"\nas = \"award\"\nzh = \"奖杯\"\nen = \"cup\"\nfrom = \"split\"\n\
        payee = \"seller\"\nquantity = \"piece\"\nunit = \"cup\"\n";
    let (doc, run) = named(more, "").unwrap();
    let first = trace(&doc, &run, &run.outcome.awards[0]).text(false);
    assert!(
        first.contains("tranche: 1 × 50% = 0.5, in whole units 1"),
        "{first}"
    );
    assert!(
        first.contains("7 × (1/3)/(2/3) = 3.5, first 3, remainder place 1, one more unit: 4"),
        "{first}"
    );
}

#[test]
fn given_a_scale_without_words_when_curves_are_shown_then_only_scales_with_words_have_one() {
    let doc = Document::parse("small.toml", SMALL).unwrap();
    assert!(doc.curves().is_empty());
    let named = SMALL.replace(
        "id = \"rated\"",
        "id = \"rated\"\nzh = \"提成\"\nen = \"commission\"",
    );
    let doc = Document::parse("small.toml", &named).unwrap();
    assert_eq!(doc.curves().len(), 1);
}

#[test]
fn given_a_word_of_options_when_told_then_people_read_what_it_means_and_a_column_may_mean_its_own() {
    let told = |words: &str| {
        let small = SMALL
            .replace("id = \"known\"", "id = \"known\"\nzh = \"人\"\nen = \"person\"")
            .replace(
                "[[step]]\nid = \"sales\"",
                &format!("{words}\n[[step]]\nid = \"sales\""),
            );
        let doc =
            Document::accept("small.toml", &format!("{small}{EXAMPLE}")).map_err(|f| f[0].to_string())?;
        let run = doc.example("one").unwrap().unwrap();
        let story = trace(&doc, &run, &run.outcome.lines[0]);
        Ok::<_, String>((story.text(true), story.text(false), doc.words_json()))
    };
    let (zh, en, _) = told("").unwrap();
    assert!(zh.contains("role sales") && en.contains("role sales"), "{zh}");
    let (zh, en, json) = told("[word]\nsales = { zh = \"业务员\", en = \"salesperson\" }").unwrap();
    assert!(
        zh.contains("role 业务员") && en.contains("role salesperson"),
        "{zh}"
    );
    assert_eq!(json["role"]["sales"]["zh"], "业务员");
    let own = "[word]\nsales = { zh = \"销售部\", en = \"sales\" }\n\"role.sales\" = { zh = \"业务员\", en = \"rep\" }";
    assert!(told(own).unwrap().0.contains("role 业务员"));
    let wrong = told("[word]\nselling = { zh = \"卖\", en = \"sells\" }").unwrap_err();
    assert!(wrong.contains("`selling` is an option of nothing"), "{wrong}");
    let half = told("[word]\nsales = { zh = \"卖\" }").unwrap_err();
    assert!(half.contains("the word `sales`"), "{half}");
}

#[test]
fn given_a_rounding_when_a_line_is_explained_then_its_mode_is_called_what_people_call_it() {
    for (mode, zh_word, en_word) in [
        ("half_up", "四舍五入", "halves up"),
        ("half_even", "四舍六入五成双", "halves to even"),
        ("down", "舍去零头", "down"),
        ("up", "零头进一", "up"),
    ] {
        let spoken = format!("id = \"cash\"\nzh = \"入账\"\nen = \"booked\"\nmode = \"{mode}\"");
        let text = SMALL.replace("id = \"cash\"", &spoken);
        let doc = Document::accept("small.toml", &format!("{text}{EXAMPLE}")).unwrap();
        let run = doc.example("one").unwrap().unwrap();
        let story = trace(&doc, &run, &run.outcome.lines[0]);
        let (zh, en) = (story.text(true), story.text(false));
        assert!(
            zh.contains(&format!("取整（0.01，{zh_word}）：4.00 → 4.00")),
            "{zh}"
        );
        assert!(
            en.contains(&format!("rounded (0.01, {en_word}): 4.00 → 4.00")),
            "{en}"
        );
    }
}

/// A document built in.
fn builtin(id: &str) -> (Document, String) {
    let path = format!("schemes/{id}.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    (
        Document::parse(&path, &text).unwrap_or_else(|f| panic!("{}", f[0])),
        text,
    )
}

#[test]
fn given_keys_of_a_parameters_rows_when_told_then_people_read_their_names_and_a_firms_own_as_typed() {
    let (doc, text) = builtin("01-team-process");
    assert_eq!(doc.key_word("node", "close").unwrap().zh, "成交顾客");
    assert!(doc.key_word("node", "greet").is_none());
    let run = doc.example(doc.example_ids()[0]).unwrap().unwrap();
    let line = run
        .outcome
        .lines
        .iter()
        .find(|l| l.component == "team_bonus")
        .unwrap();
    let story = trace(&doc, &run, line);
    let (zh, en) = (story.text(true), story.text(false));
    assert!(
        zh.contains("成交顾客：分值 89") && zh.contains("岗位 成交顾客"),
        "{zh}"
    );
    assert!(
        en.contains("closing: score 89") && !zh.contains("岗位 close"),
        "{en}"
    );
    let wrong = text.replacen("\"node.phone\" =", "\"node.phoney\" =", 1);
    let faults = Document::parse("x.toml", &wrong).unwrap_err();
    assert!(
        faults[0]
            .to_string()
            .contains("`node.phoney` is an option of nothing"),
        "{}",
        faults[0]
    );
}

#[test]
fn given_the_documents_built_in_when_read_then_every_reason_of_a_parameter_is_there_in_both_languages() {
    let is_chinese = |c: char| ('\u{4e00}'..='\u{9fff}').contains(&c);
    let mut seen = 0;
    for entry in std::fs::read_dir("schemes").unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|e| e != "toml") {
            continue;
        }
        let doc = Document::parse("x.toml", &std::fs::read_to_string(&path).unwrap()).unwrap();
        for p in doc.to_json()["params"].as_array().unwrap() {
            let said = |lang: &str| p["reasons"][lang].as_str().unwrap().to_owned();
            let (zh, en) = (said("zh"), said("en"));
            assert_eq!(zh.is_empty(), en.is_empty(), "{path:?} {}", p["id"]);
            assert!(!en.chars().any(is_chinese), "{path:?} {}: {en}", p["id"]);
            assert_eq!(p["reason"], zh, "as it always was for programs");
            seen += usize::from(zh.chars().any(is_chinese));
        }
    }
    assert!(seen > 350, "{seen}");
}

#[test]
fn given_a_reason_as_one_text_when_shown_then_it_stays_as_typed_and_half_of_two_is_refused() {
    let with = |because: &str| {
        let rule = "rule = \"R1\"\ntype = \"bands\"";
        let text = SMALL.replacen(rule, &format!("because = {because}\n{rule}"), 1);
        assert_ne!(text, SMALL, "its bands have a rule");
        Document::parse("small.toml", &text)
    };
    let reasons = |doc: &Document| {
        let json = doc.to_json();
        let params = json["params"].as_array().unwrap().clone();
        params.iter().map(|p| p["reasons"].clone()).collect::<Vec<_>>()
    };
    let typed = reasons(&with("\"照旧\"").unwrap());
    assert!(
        typed.contains(&serde_json::json!({ "zh": "照旧", "en": "照旧" })),
        "{typed:?}"
    );
    let two = reasons(&with("{ zh = \"照旧\", en = \"as before\" }").unwrap());
    assert!(
        two.contains(&serde_json::json!({ "zh": "照旧", "en": "as before" })),
        "{two:?}"
    );
    for half in ["{ zh = \"照旧\" }", "{ en = \"as before\" }", "3"] {
        assert!(with(half).is_err(), "{half}");
    }
}

#[test]
fn given_a_scale_on_something_counted_when_drawn_then_its_measures_are_whole_and_a_flat_share_is_a_share() {
    let (doc, _) = builtin("07-new-customers");
    let curves = doc.curves();
    let stores = curves
        .iter()
        .find(|c| c.of == "count" && c.pays == "money")
        .unwrap();
    assert!(
        stores
            .points
            .iter()
            .all(|(x, _)| !x.to_string().contains(['.', '/'])),
        "{:?}",
        stores.points
    );
    let (doc, _) = builtin("08-five-levels");
    let bands = serde_json::json!([{ "from": "60", "gives": "80%" }, { "from": "75", "gives": "100%" }]);
    let curves = doc.curves_with(&serde_json::json!({ "coefficient_bands": bands }));
    let rated = curves.iter().find(|c| c.step == "rated").unwrap();
    assert_eq!((rated.of, rated.pays), ("score", "ratio"));
}
