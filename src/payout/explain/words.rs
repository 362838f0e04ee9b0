//! The sentences.

use jiff::civil::{DateTime, Time};

use super::options;
use crate::payout::block::Block;
use crate::payout::block::bands::Method;
use crate::payout::block::derive::visit;
use crate::payout::block::emit::{Emit, What};
use crate::payout::doc::{Document, Header, Step};
use crate::payout::expr::code::Code;
use crate::payout::facts::number;
use crate::payout::income::words;
use crate::payout::num::Num;
use crate::payout::relation::{OutPolicy, Row, Share, Work};
use crate::payout::run::Evaluation;
use crate::payout::schema::{Column, Label, Named, Options, ParamKind, Setting};
use crate::payout::value::{Type, Value};

fn label(zh: String, en: String) -> Label {
    Label { zh, en }
}

/// The word of a text that is left out.
const NOTHING: &str = "-";

/// A result with its sign: one that does not end is told to four decimals, and is not equal to them.
fn equals(text: &str) -> String {
    text.strip_prefix('≈')
        .map_or_else(|| format!("= {text}"), |rest| format!("≈ {rest}"))
}

/// A value for people: conditions and what is chosen in words, the document's own first, instants to the minute.
fn told(doc: &Document, (owner, options): (&str, &Options), v: &Value, ty: Type, chinese: bool) -> String {
    if let Value::Text(word) = v {
        let label = match options {
            Some(_) => doc
                .word(owner, word)
                .cloned()
                .or_else(|| options::of(options, word)),
            None => doc.key_word(owner, word).cloned(),
        };
        if let Some(label) = label {
            return if chinese { label.zh } else { label.en };
        }
    }
    match (v, chinese) {
        (Value::Bool(true), true) => "是".into(),
        (Value::Bool(false), true) => "否".into(),
        (Value::Bool(true), false) => "yes".into(),
        (Value::Bool(false), false) => "no".into(),
        (Value::Date(at), _) => moment(*at),
        // What documents write where there is nobody or nothing.
        (Value::Text(word), true) if &**word == NOTHING => "无".into(),
        (Value::Text(word), false) if &**word == NOTHING => "none".into(),
        _ => v.shown(ty, doc.header.decimals),
    }
}

/// A day, or an instant to its minute.
fn moment(at: DateTime) -> String {
    if at.time() == Time::midnight() {
        at.date().to_string()
    } else {
        format!("{} {:02}:{:02}", at.date(), at.hour(), at.minute())
    }
}

/// Names and values of some columns; helpers are left out.
fn listed<'c>(doc: &Document, pairs: &(impl Iterator<Item = (&'c Column, &'c Value)> + Clone)) -> Label {
    let side = |chinese: bool| {
        let one = |(c, v): (&Column, &Value)| {
            let name = if chinese { &c.label.zh } else { &c.label.en };
            let name = if name.is_empty() { &c.name } else { name };
            format!("{name} {}", told(doc, (&c.name, &c.options), v, c.ty, chinese))
        };
        let all = pairs.clone().filter(|(c, _)| c.named != Named::Hidden);
        all.map(one).collect::<Vec<_>>()
    };
    label(side(true).join("，"), side(false).join(", "))
}

/// A fact or a row that was given.
pub fn given(doc: &Document, relation: usize, row: &Row) -> Label {
    let schema = &doc.schemas[relation];
    // What an input left out says nothing.
    let filled = |from: usize| {
        let cells = schema.columns.iter().zip(row.cells.iter()).skip(from);
        cells.filter(|(c, v)| c.default.as_ref() != Some(*v))
    };
    if let Some(fact) = doc.fact_kinds.iter().find(|f| f.relation == relation) {
        let all = listed(doc, &filled(2));
        let when = match &row.cells[1] {
            Value::Date(at) => moment(*at),
            other => other.to_string(),
        };
        let id = number(&fact.kind, &row.key).map_or(row.key.to_string(), |n| format!("#{n}"));
        return label(
            format!("{} {id}（{when}）：{}", fact.label.zh, all.zh),
            format!("{} {id} ({when}): {}", fact.label.en, all.en),
        );
    }
    if schema.name == "roster" || schema.name.starts_with("param.") {
        let all = listed(doc, &filled(schema.key_parts));
        if all == Label::default() {
            return all;
        }
        let named = match (schema.columns.first(), row.cells.first()) {
            (Some(c), Some(Value::Text(word))) if schema.key_parts == 1 && c.options.is_none() => {
                doc.key_word(&c.name, word)
            }
            _ => None,
        };
        let (zh, en) = named.map_or((&*row.key, &*row.key), |label| {
            (label.zh.as_str(), label.en.as_str())
        });
        return label(format!("{zh}：{}", all.zh), format!("{en}: {}", all.en));
    }
    Label::default()
}

/// Parameters a step reads, with their values.
fn params(doc: &Document, run: &Evaluation, step: &Step) -> Label {
    let mut found: Vec<usize> = Vec::new();
    for code in step.block.codes() {
        visit(code, &mut |c| {
            if let Code::Param(at) = c
                && !found.contains(at)
            {
                found.push(*at);
            }
        });
    }
    let (mut zh, mut en) = (Vec::new(), Vec::new());
    for at in found {
        let p = &doc.params[at];
        if let (Setting::One(v), ParamKind::One(ty, options)) = (&run.input.params[at], &p.kind) {
            zh.push(format!(
                "{} = {}（{}）",
                p.label.zh,
                told(doc, (&p.id, options), v, *ty, true),
                p.rule
            ));
            en.push(format!(
                "{} = {} ({})",
                p.label.en,
                told(doc, (&p.id, options), v, *ty, false),
                p.rule
            ));
        }
    }
    label(zh.join("，"), en.join(", "))
}

fn money(n: &Num) -> String {
    Value::Num(n.clone()).shown(Type::MONEY, 0)
}

/// What a step did with a row.
#[expect(
    clippy::too_many_lines,
    reason = "one sentence for each kind of working, side by side"
)]
pub fn step(doc: &Document, run: &Evaluation, step: &Step, row: &Row, members: usize) -> Label {
    if step.label == Label::default() {
        // A step without words is bookkeeping between two that have some.
        return Label::default();
    }
    let schema = &doc.schemas[step.relation];
    let decimals = doc.header.decimals;
    let measure = |ty: Type, n: &Num| Value::Num(n.clone()).shown(ty, decimals);
    let mut said = match (&step.block, row.work.as_deref()) {
        (Block::Emit(e), _) => emitted(e, row, &schema.columns, &doc.header),
        (Block::Select(_), _) => Label::default(),
        (
            Block::Scale(s),
            Some(Work::Scale {
                value,
                prior,
                result,
                rate,
                band,
            }),
        ) => {
            let ty = if s.of == Type::Cash { Type::MONEY } else { s.of };
            let rated = matches!(
                s.method.of(&run.input.params),
                Some(Method::Whole | Method::Marginal)
            );
            let result_ty = if rated { ty } else { s.gives };
            let (x, y) = (measure(ty, value), measure(result_ty, result));
            let before = if prior.is_zero() {
                String::new()
            } else {
                measure(ty, prior)
            };
            match (band, rate) {
                (None, _) => label(
                    format!("{x} 不在任何一档：{y}"),
                    format!("{x} is in no band: {y}"),
                ),
                (Some(n), Some(r)) => label(
                    format!(
                        "{x} 到第 {} 档，{}：{y}{}",
                        n + 1,
                        r.percent_to(decimals),
                        earlier(&before, true)
                    ),
                    format!(
                        "{x} reaches band {}, {}: {y}{}",
                        n + 1,
                        r.percent_to(decimals),
                        earlier(&before, false)
                    ),
                ),
                (Some(n), None) => label(
                    format!("{x} 到第 {} 档：{y}{}", n + 1, earlier(&before, true)),
                    format!("{x} reaches band {}: {y}{}", n + 1, earlier(&before, false)),
                ),
            }
        }
        (
            _,
            Some(Work::Round {
                exact,
                unit,
                mode,
                result,
                parts,
            }),
        ) => {
            let (unit, (zh, en)) = (unit.fixed(2), mode.told());
            if *parts > 1 {
                label(
                    format!(
                        "{parts} 笔逐笔取整（{unit}，{zh}）：{} → {}",
                        money(exact),
                        result.fixed(2)
                    ),
                    format!(
                        "{parts} rounded one by one ({unit}, {en}): {} → {}",
                        money(exact),
                        result.fixed(2)
                    ),
                )
            } else {
                label(
                    format!("取整（{unit}，{zh}）：{} → {}", money(exact), result.fixed(2)),
                    format!("rounded ({unit}, {en}): {} → {}", money(exact), result.fixed(2)),
                )
            }
        }
        (_, Some(Work::Share(s))) => share(s, made(&schema.columns), decimals),
        (
            _,
            Some(Work::Limit {
                before,
                after,
                low,
                high,
            }),
        ) => {
            let bound = |b: &Option<Num>| b.as_ref().map_or("–".to_owned(), money);
            label(
                format!(
                    "限额 {} 至 {}：{} → {}",
                    bound(low),
                    bound(high),
                    money(before),
                    money(after)
                ),
                format!(
                    "limits {} to {}: {} → {}",
                    bound(low),
                    bound(high),
                    money(before),
                    money(after)
                ),
            )
        }
        (_, Some(Work::Rank { rank, of, places })) => label(
            format!("{of} 人中第 {rank} 名，名额 {places}"),
            format!("place {rank} of {of}, {places} places"),
        ),
        (_, Some(Work::Tranche { total, share, result })) => {
            let ty = made(&schema.columns);
            tranche(ty, decimals, total, share, result)
        }
        (Block::Aggregate(a), _) => {
            let from = a.by.len();
            let all = listed(doc, &schema.columns[from..].iter().zip(&row.cells[from..]));
            label(
                format!("{members} 条合计：{}", all.zh),
                format!("{members} added up: {}", all.en),
            )
        }
        (Block::Derive(d), _) => {
            let from = doc.schemas[d.from].columns.len();
            listed(doc, &schema.columns[from..].iter().zip(&row.cells[from..]))
        }
        (Block::Table(t), _) => {
            let from = doc.schemas[t.from].columns.len();
            let all = listed(doc, &schema.columns[from..].iter().zip(&row.cells[from..]));
            label(format!("查表：{}", all.zh), format!("by the table: {}", all.en))
        }
        (Block::Qualify(q), _) => match &row.out {
            None => label("各项条件都满足".into(), "every condition holds".into()),
            Some(out) => {
                let failed = |f: fn(&Label) -> &String| {
                    let named = q.conditions.iter().filter(|c| out.codes.contains(&c.code));
                    named.map(|c| f(&c.label).clone()).collect::<Vec<_>>()
                };
                let (zh, en) = (failed(|l| &l.zh).join("、"), failed(|l| &l.en).join(", "));
                let (pz, pe) = match out.policy {
                    OutPolicy::Redistribute => ("份额归其他人", "the others share it"),
                    OutPolicy::Retain => ("份额归公司", "the company keeps the share"),
                    OutPolicy::Hold => ("份额暂存", "the share is held"),
                };
                label(format!("未通过：{zh}（{pz}）"), format!("failed: {en} ({pe})"))
            }
        },
        _ => Label::default(),
    };
    let read = params(doc, run, step);
    if !said.zh.is_empty() && !read.zh.is_empty() && !matches!(step.block, Block::Emit(_)) {
        said.zh = format!("{}〔{}〕", said.zh, read.zh);
        said.en = format!("{} [{}]", said.en, read.en);
    }
    if !said.zh.is_empty() && !step.label.zh.is_empty() && !matches!(step.block, Block::Emit(_)) {
        said.zh = format!("{}：{}", step.label.zh, said.zh);
        said.en = format!("{}: {}", step.label.en, said.en);
    }
    said
}

fn earlier(prior: &str, chinese: bool) -> String {
    match (prior.is_empty(), chinese) {
        (true, _) => String::new(),
        (false, true) => format!("（连同以前的 {prior}，减去已算部分）"),
        (false, false) => format!(" (with {prior} before, less what that gave)"),
    }
}

/// The unit of what a step adds as its last column: fen are shown, things that are counted are not.
fn made(columns: &[Column]) -> Type {
    match columns.last().map(|c| c.ty) {
        Some(ty) if !ty.is_money() => ty,
        _ => Type::MONEY,
    }
}

/// Where a tranche is no whole number of units, the exact part and what it came to.
fn tranche(ty: Type, decimals: usize, total: &Num, share: &Num, result: &Num) -> Label {
    let shown = |n: &Num| Value::Num(n.clone()).shown(ty, decimals);
    let exact = total * share;
    let part = format!(
        "{} × {} {}",
        shown(total),
        share.percent_to(decimals),
        equals(&shown(&exact))
    );
    if &exact == result {
        return label(format!("分期：{part}"), format!("tranche: {part}"));
    }
    label(
        format!("分期：{part}，取整为 {}", shown(result)),
        format!("tranche: {part}, in whole units {}", shown(result)),
    )
}

/// Longest fraction told as one, in bytes.
const FRACTION_MAX: usize = 12;

fn share(s: &Share, ty: Type, decimals: usize) -> Label {
    // A weight that does not end is a fraction of its own; a long one says nothing and is told to four decimals.
    let weight = |n: &Num| {
        let text = n.to_string();
        match text.contains('/') {
            true if text.len() <= FRACTION_MAX => format!("({text})"),
            true => format!("≈{}", n.fixed(4)),
            false => text,
        }
    };
    let (w, all) = (weight(&s.weight), weight(&s.weights));
    let shown = |n: &Num| Value::Num(n.clone()).shown(ty, decimals);
    let (total, exact, floor, result) = (
        shown(&s.total),
        equals(&shown(&s.exact)),
        shown(&s.floor),
        shown(&s.result),
    );
    if s.queue == 0 && !s.weight.is_zero() {
        return label(
            format!("{total} 由 {} 人分，上下限定为 {result}", s.people),
            format!("{total} for {} people, fixed by a limit at {result}", s.people),
        );
    }
    let (ez, ee) = if s.extra {
        ("补一个最小单位", "one more unit")
    } else {
        ("不补", "no more")
    };
    label(
        format!(
            "{total} × {w}/{all} {exact}，先给 {floor}，余数排第 {}，{ez}：{result}",
            s.queue
        ),
        format!(
            "{total} × {w}/{all} {exact}, first {floor}, remainder place {}, {ee}: {result}",
            s.queue
        ),
    )
}

/// Who gets what, and for money what it is to the tax office.
fn emitted(e: &Emit, row: &Row, columns: &[Column], header: &Header) -> Label {
    let shown = |name: &str| {
        e.names
            .iter()
            .position(|n| n == name)
            .map(|at| row.cells[at].shown(columns[at].ty, header.decimals))
            .unwrap_or_default()
    };
    let payee = shown("payee");
    let amount = [shown("amount"), shown("quantity"), shown("value")]
        .into_iter()
        .find(|t| !t.is_empty());
    let amount = amount.unwrap_or_default();
    let worth = shown("value");
    if !shown("quantity").is_empty() && !worth.is_empty() {
        let tax = words(e.income(header), header.tax);
        return label(
            format!("{payee} 的{}：{amount}（折 {worth}，{}）", e.title.zh, tax.zh),
            format!("{payee}, {}: {amount} (worth {worth}, {})", e.title.en, tax.en),
        );
    }
    if e.what == What::Line {
        let tax = words(e.income(header), header.tax);
        return label(
            format!("{payee} 的{}：{amount}（{}）", e.title.zh, tax.zh),
            format!("{payee}, {}: {amount} ({})", e.title.en, tax.en),
        );
    }
    label(
        format!("{payee} 的{}：{amount}", e.title.zh),
        format!("{payee}, {}: {amount}", e.title.en),
    )
}
