//! The trace checker: it agrees with true runs of every block, and names every figure that was tampered with.

use std::sync::Arc;

use super::super::audit::audit;
use super::super::block::Block;
use super::super::num::Num;
use super::super::relation::{MadeOf, Out, OutPolicy, Row, Work};
use super::super::value::Value;
use super::super::{Document, Evaluation, evaluate};

const EVERY: &str = include_str!("every.toml");

fn document() -> Document {
    Document::parse("every.toml", EVERY).unwrap_or_else(|f| {
        panic!(
            "{}",
            f.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
        )
    })
}

fn run(doc: &Document) -> Evaluation {
    let sale = |seller: &str, day: u8, amount: &str, count: u8| {
        serde_json::json!({ "kind": "sale", "id": format!("{seller}{day}"), "occurred": format!("2026-10-{day:02}"),
            "seller": seller, "amount": amount, "count": count })
    };
    let json = serde_json::json!({ "period": { "from": "2026-10-01", "to": "2026-11-01" },
        "roster": [
            { "id": "zhao", "team": "b", "hired": "2026-01-31" }, { "id": "an", "team": "a", "hired": "2024-02-29" },
            { "id": "li", "team": "a", "hired": "2026-10-20" }, { "id": "wu", "team": "a", "hired": "2026-06-30", "left": true },
            { "id": "bo", "team": "b", "hired": "2026-08-01" },
        ],
        "facts": [
            sale("zhao", 5, "210.55", 2), sale("zhao", 6, "-10.05", 1), sale("an", 7, "99.999", 1), sale("an", 8, "0", 9),
            sale("li", 9, "30", 1), sale("wu", 10, "77.5", 3), sale("bo", 31, "12.345", 1),
            { "kind": "gift", "id": "g", "occurred": "2026-10-11", "seller": "an", "amount": "5.005" },
        ] });
    evaluate(doc, doc.input(&json).unwrap_or_else(|r| panic!("{r:?}"))).unwrap_or_else(|s| panic!("{s}"))
}

#[test]
fn given_a_true_run_of_every_block_when_audited_then_all_agrees() {
    let doc = document();
    let run = run(&doc);
    assert_eq!(audit(&doc, &run), vec![]);
    let mut words: Vec<&str> = doc.steps.iter().map(|s| s.block.word()).collect();
    words.sort_unstable();
    words.dedup();
    assert_eq!(
        words.len(),
        super::super::block::WORDS.len(),
        "every block is there"
    );
    assert!(run.outcome.lines.len() > 15 && run.outcome.residuals.len() > 5);
    // Somebody stands at the floor, somebody at the cap, and a left-over unit was given.
    let pool = doc.steps.iter().find(|s| s.id == "pool").unwrap();
    let shares: Vec<_> = run.relations[pool.relation]
        .rows
        .iter()
        .filter_map(|r| match r.work.as_deref() {
            Some(Work::Share(s)) => Some(s.clone()),
            _ => None,
        })
        .collect();
    let at = |amount: &str| {
        shares
            .iter()
            .any(|s| s.queue == 0 && s.result == Num::parse(amount).unwrap())
    };
    assert!(
        at("5") && at("40") && shares.iter().any(|s| s.extra),
        "{shares:#?}"
    );
}

fn other(value: &Value) -> Value {
    match value {
        Value::Num(n) => Value::Num(n + &Num::parse("0.01").unwrap()),
        Value::Text(t) => Value::Text(format!("{t}x").into()),
        Value::Bool(b) => Value::Bool(!b),
        Value::Date(d) => Value::date(d.date().tomorrow().unwrap()),
    }
}

/// Every working that differs from this one in one figure.
fn others(work: &Work) -> Vec<Work> {
    let cent = Num::parse("0.01").unwrap();
    let mut all = Vec::new();
    let mut push = |f: &dyn Fn(&mut Work, &Num)| {
        let mut other = work.clone();
        f(&mut other, &cent);
        all.push(other);
    };
    macro_rules! each {
        ($variant:ident: $($field:ident),*) => {
            $(push(&|w, cent| if let Work::$variant { $field, .. } = w { *$field = &*$field + cent });)*
        };
    }
    match work {
        Work::Scale { .. } => {
            each!(Scale: value, prior, result);
            push(&|w, cent| {
                if let Work::Scale { rate, .. } = w {
                    *rate = Some(rate.clone().unwrap_or_default() + cent);
                }
            });
            push(&|w, _| {
                if let Work::Scale { band, .. } = w {
                    *band = Some(band.map_or(0, |n| n + 1));
                }
            });
        }
        Work::Round { .. } => {
            each!(Round: exact, unit, result);
            push(&|w, _| {
                if let Work::Round { parts, .. } = w {
                    *parts += 1;
                }
            });
        }
        Work::Share(_) => {
            type Field = fn(&mut super::super::relation::Share) -> &mut Num;
            let fields: [Field; 7] = [
                |s| &mut s.total,
                |s| &mut s.weight,
                |s| &mut s.weights,
                |s| &mut s.unit,
                |s| &mut s.exact,
                |s| &mut s.floor,
                |s| &mut s.result,
            ];
            for field in fields {
                push(&move |w, cent| {
                    if let Work::Share(s) = w {
                        let n = field(s);
                        *n = &*n + cent;
                    }
                });
            }
            push(&|w, _| {
                if let Work::Share(s) = w {
                    s.extra = !s.extra;
                }
            });
            push(&|w, _| {
                if let Work::Share(s) = w {
                    s.people += 1;
                }
            });
        }
        Work::Limit { .. } => {
            each!(Limit: before, after);
            push(&|w, cent| {
                if let Work::Limit { low, .. } = w {
                    *low = Some(low.clone().unwrap_or_default() + cent);
                }
            });
            push(&|w, cent| {
                if let Work::Limit { high, .. } = w {
                    *high = Some(high.clone().unwrap_or_default() + cent);
                }
            });
        }
        Work::Rank { .. } => {
            push(&|w, _| {
                if let Work::Rank { rank, .. } = w {
                    *rank += 1;
                }
            });
            push(&|w, _| {
                if let Work::Rank { of, .. } = w {
                    *of += 1;
                }
            });
            push(&|w, _| {
                if let Work::Rank { places, .. } = w {
                    *places += 1;
                }
            });
        }
        Work::Tranche { .. } => {
            each!(Tranche: total, share, result);
        }
    }
    all
}

/// Every row that differs from this one in one thing.
fn tampered(row: &Row) -> Vec<(String, Row)> {
    let mut all = Vec::new();
    for at in 0..row.cells.len() {
        let mut cells = row.cells.to_vec();
        cells[at] = other(&cells[at]);
        all.push((
            format!("cell {at}"),
            Row {
                cells: cells.into(),
                ..row.clone()
            },
        ));
    }
    let out = match &row.out {
        None => Some(Arc::new(Out {
            codes: vec!["x".into()],
            policy: OutPolicy::Retain,
        })),
        Some(_) => None,
    };
    all.push(("out".into(), Row { out, ..row.clone() }));
    if let Some(o) = &row.out {
        for (codes, policy) in [
            (vec!["y".to_owned()], o.policy),
            (o.codes.clone(), OutPolicy::Hold),
        ] {
            let out = Some(Arc::new(Out { codes, policy }));
            all.push(("codes".into(), Row { out, ..row.clone() }));
        }
    }
    let key = format!("{}?", row.key).into();
    all.push(("key".into(), Row { key, ..row.clone() }));
    if !matches!(row.made_of, MadeOf::Of(..)) {
        let made_of = MadeOf::Many(vec![7, 7].into());
        all.push((
            "sources".into(),
            Row {
                made_of,
                ..row.clone()
            },
        ));
    }
    for (n, work) in row.work.iter().flat_map(|w| others(w)).enumerate() {
        let work = Some(Arc::new(work));
        all.push((format!("working {n}"), Row { work, ..row.clone() }));
    }
    if row.work.is_some() {
        let work = None;
        all.push(("no working".into(), Row { work, ..row.clone() }));
    }
    all
}

#[test]
fn given_one_figure_of_any_block_tampered_with_when_audited_then_its_step_is_named() {
    let doc = document();
    let run = run(&doc);
    let mut tried = 0;
    for step in &doc.steps {
        let named = |bad: &Evaluation, what: &str| {
            let found = audit(&doc, bad);
            assert!(
                found.iter().any(|m| m.step == step.id),
                "{}: {what}: {found:?}",
                step.id
            );
        };
        for at in 0..run.relations[step.relation].rows.len() {
            for (what, row) in tampered(&run.relations[step.relation].rows[at]) {
                let mut bad = run.clone();
                bad.relations[step.relation].rows[at] = row;
                named(&bad, &format!("row {at}, {what}"));
                tried += 1;
            }
        }
        let mut bad = run.clone();
        bad.relations[step.relation].rows.pop();
        named(&bad, "a row less");
        for n in 0..run.relations[step.relation].residuals.len() {
            let mut bad = run.clone();
            bad.relations[step.relation].residuals[n].account = "pocket".into();
            named(&bad, "another account");
            let mut bad = run.clone();
            let amount = &mut bad.relations[step.relation].residuals[n].amount;
            *amount = &*amount + &Num::ONE;
            named(&bad, "another residual");
        }
    }
    assert!(tried > 1_000, "{tried}");
}

#[test]
fn given_an_outcome_that_is_not_what_was_emitted_when_audited_then_it_is_named() {
    let doc = document();
    let run = run(&doc);
    let cent = Num::parse("0.01").unwrap();
    let says = |change: &dyn Fn(&mut Evaluation), step: &str| {
        let mut bad = run.clone();
        change(&mut bad);
        let found = audit(&doc, &bad);
        assert!(found.iter().any(|m| m.step == step), "{step}: {found:?}");
    };
    says(
        &|r| r.outcome.lines[0].amount = &r.outcome.lines[0].amount + &cent,
        "lines",
    );
    says(&|r| r.outcome.lines[0].payee = "somebody".into(), "lines");
    says(&|r| drop(r.outcome.lines.pop()), "lines");
    says(&|r| r.outcome.total = &r.outcome.total + &cent, "total");
    says(&|r| r.outcome.awards[0].quantity = cent.clone(), "awards");
    says(&|r| drop(r.outcome.proposals.pop()), "awards");
    says(&|r| drop(r.outcome.residuals.pop()), "residuals");
    // Half a fen that a broken block would pay.
    let half = Num::parse("0.005").unwrap();
    let whole = doc.steps.iter().find(|s| s.id == "whole").unwrap();
    assert!(matches!(whole.block, Block::Emit(_)));
    says(
        &|r| {
            let row = &mut r.relations[whole.relation].rows[0];
            row.cells = row
                .cells
                .iter()
                .map(|c| {
                    if c.as_num().is_some() {
                        Value::Num(half.clone())
                    } else {
                        c.clone()
                    }
                })
                .collect();
            let line = r
                .outcome
                .lines
                .iter_mut()
                .find(|l| l.component == "whole")
                .unwrap();
            line.amount = half.clone();
        },
        "whole",
    );
}

#[test]
fn given_random_facts_when_run_through_every_block_then_the_slow_engine_agrees() {
    let doc = document();
    let mut dice = super::reference::Dice(17);
    let mut ran = 0;
    let cases = super::reference::cases() / 15;
    for case in 0..cases {
        let mut roll = |below: u64| dice.roll(below);
        let people = 1 + roll(7);
        let roster: Vec<_> = (0..people)
            .map(|n| {
                serde_json::json!({ "id": format!("p{n}"), "order": roll(5), "team": if roll(2) == 0 { "a" } else { "b" },
                    "hired": format!("2026-{:02}-{:02}", 1 + roll(10), 1 + roll(28)), "left": roll(5) == 0 })
            })
            .collect();
        let facts: Vec<_> = (0..roll(14))
            .map(|n| {
                let fen = roll(if case % 2 == 0 { 4 } else { 40_000 });
                let kind = if roll(4) == 0 { "gift" } else { "sale" };
                let mut fact = serde_json::json!({ "kind": kind, "id": format!("f{n}"),
                    "occurred": format!("2026-{:02}-{:02}", 9 + roll(2), 1 + roll(30)), "seller": format!("p{}", roll(people)),
                    "amount": format!("{}.{:03}", fen / 100, fen % 1000) });
                if kind == "sale" {
                    fact["count"] = roll(4).into();
                }
                fact
            })
            .collect();
        let ties = ["include", "exclude", "split"][usize::try_from(roll(3)).unwrap()];
        let json = serde_json::json!({ "period": { "from": "2026-10-01", "to": "2026-11-01" }, "roster": roster, "facts": facts,
            "params": { "ties": ties,
                "pot": format!("{}.{:03}", roll(300), roll(1000)), "rate": format!("{}/7", roll(9)) } });
        let input = doc.input(&json).unwrap_or_else(|r| panic!("case {case}: {r:?}"));
        // Floors may need more than the pot; such a run stops by name.
        match evaluate(&doc, input) {
            Ok(run) => {
                assert_eq!(audit(&doc, &run), vec![], "case {case}: {json}");
                ran += 1;
            }
            Err(stop) => assert!(stop.fault.what.contains("floors"), "case {case}: {stop}"),
        }
    }
    assert!(ran > cases / 2, "{ran} of {cases}");
}
