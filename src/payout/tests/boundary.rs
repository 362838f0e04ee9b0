//! Boundary cases made from every shipped document's own thresholds: bands, table ranges, windows, conditions, caps.
//!
//! Each example is run with every figure met and its distance noted. An input is changed a little to see which distances
//! move with it and how fast; from that the value is computed at which figure and threshold are equal. There, and one unit
//! to either side, the engine must agree with the slow one (or refuse by name). A new document needs no code here.

use std::collections::{BTreeMap, BTreeSet};

use dashu_ratio::RBig;
use jiff::civil::Date;

use super::super::audit::audit;
use super::super::audit::meet::{Meeting, noted};
use super::super::doc::{Document, ROSTER};
use super::super::num::Num;
use super::super::raw::{At, Node, Raw};
use super::super::run::evaluate;
use super::super::schema::ParamKind;
use super::super::value::{Type, Value, parse_date};
use super::shipped;

/// Where a changeable value of an example stands: names and numbers from its root.
type Place = Vec<Part>;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Key(String),
    Item(usize),
}

fn at<'r>(raw: &'r mut Raw, place: &[Part]) -> Option<&'r mut Raw> {
    let Some((first, rest)) = place.split_first() else {
        return Some(raw);
    };
    let next = match (&mut raw.node, first) {
        (Node::Map(entries), Part::Key(key)) => {
            entries.iter_mut().find(|e| e.key == *key).map(|e| &mut e.value)
        }
        (Node::List(items), Part::Item(n)) => items.get_mut(*n),
        _ => None,
    };
    at(next?, rest)
}

/// A number or date of an example that can be moved.
#[derive(Clone)]
struct Field {
    place: Place,
    ty: Type,
    value: Value,
}

fn key(name: &str) -> Part {
    Part::Key(name.to_owned())
}

/// Every number and date of parameters, roster and facts.
fn fields(doc: &Document, raw: &Raw) -> Vec<Field> {
    let mut found = Vec::new();
    let mut push = |place: Place, ty: Type, raw: &Raw| {
        let value = match (&raw.node, ty) {
            (Node::Str(text), Type::Date) => parse_date(text, 480).map(Value::Date),
            (Node::Str(text), _) => Num::parse(text).ok().map(Value::Num),
            (Node::Int(n), _) => Some(Value::Num((*n).into())),
            _ => None,
        };
        if let Some(value) = value.filter(|_| ty == Type::Date || ty.is_number()) {
            found.push(Field { place, ty, value });
        }
    };
    let Node::Map(sections) = &raw.node else {
        return found;
    };
    for section in sections {
        match (section.key.as_str(), &section.value.node) {
            ("params", Node::Map(entries)) => {
                for e in entries {
                    let p = doc.params.iter().find(|p| p.id == e.key);
                    if let Some(ParamKind::One(ty, _)) = p.map(|p| &p.kind) {
                        push(vec![key("params"), key(&e.key)], *ty, &e.value);
                    }
                }
            }
            (name @ ("roster" | "facts"), Node::List(items)) => {
                for (n, item) in items.iter().enumerate() {
                    let Node::Map(entries) = &item.node else { continue };
                    let kind = entries.iter().find(|e| e.key == "kind").map(|e| &e.value.node);
                    let schema = match kind {
                        Some(Node::Str(kind)) => doc
                            .fact_kinds
                            .iter()
                            .find(|f| f.kind == *kind)
                            .map(|f| f.relation),
                        _ => Some(ROSTER),
                    };
                    let Some(schema) = schema.map(|s| &doc.schemas[s]) else {
                        continue;
                    };
                    for e in entries {
                        if let Some(c) = schema.find(&e.key) {
                            let place = vec![key(name), Part::Item(n), key(&e.key)];
                            push(place, schema.columns[c].ty, &e.value);
                        }
                    }
                }
            }
            _ => {}
        }
    }
    found
}

/// The run with one value changed; meetings by step. `None`: refused, which is an answer too.
fn tried(doc: &Document, raw: &Raw, field: &Field, value: &Value, what: &str) -> Option<Vec<Meeting>> {
    let mut changed = raw.clone();
    at(&mut changed, &field.place)?.node = Node::Str(match value {
        Value::Date(d) => d.to_string(),
        other => other.to_string(),
    });
    run(doc, &changed, what)
}

fn run(doc: &Document, raw: &Raw, what: &str) -> Option<Vec<Meeting>> {
    let input = doc.read_input(At::root(raw)).ok()?;
    let ran = evaluate(doc, input).ok()?;
    let (found, met) = noted(|| audit(doc, &ran));
    assert_eq!(found, vec![], "{} {what}", doc.header.id);
    Some(met)
}

/// One unit of a value.
fn unit(ty: Type) -> Num {
    let text = match ty {
        Type::Money { .. } | Type::Score => "0.01",
        Type::Ratio => "0.0001",
        _ => "1",
    };
    Num::parse(text).unwrap()
}

fn moved(value: &Value, by: &RBig) -> Option<Value> {
    match value {
        Value::Num(n) => Some(Value::Num((n.to_rbig() + by).into())),
        Value::Date(d) => {
            let seconds = i64::try_from(by.clone().to_int().value()).ok()?;
            let span = jiff::Span::new().try_seconds(seconds).ok()?;
            d.checked_add(span).ok().map(Value::Date)
        }
        _ => None,
    }
}

/// Meetings of both runs, paired where a step met as often in both.
fn pairs<'m>(a: &'m [Meeting], b: &'m [Meeting]) -> Vec<(&'m Meeting, &'m Meeting)> {
    let by_step = |list: &'m [Meeting]| {
        let mut steps: BTreeMap<usize, Vec<&'m Meeting>> = BTreeMap::new();
        for m in list {
            steps.entry(m.site.0).or_default().push(m);
        }
        steps
    };
    let (mut a, mut b) = (by_step(a), by_step(b));
    let mut all = Vec::new();
    for (step, x) in std::mem::take(&mut a) {
        let y = b.remove(&step).unwrap_or_default();
        if x.len() == y.len() {
            all.extend(x.into_iter().zip(y).filter(|(p, q)| p.site == q.site));
        }
    }
    all
}

#[derive(Default)]
struct Count {
    sites: BTreeSet<(usize, usize)>,
    hit: BTreeSet<(usize, usize)>,
    runs: usize,
}

/// Aims one field of an example at every threshold it can reach that was not met exactly before.
fn aim(doc: &Document, raw: &Raw, base: &[Meeting], field: &Field, count: &mut Count) {
    let step = match field.ty {
        Type::Date => RBig::from(86_400),
        ty => unit(ty).to_rbig(),
    };
    let Some(probe) = moved(&field.value, &step) else {
        return;
    };
    count.runs += 1;
    let Some(after) = tried(doc, raw, field, &probe, "probe") else {
        return;
    };
    let mut targets: Vec<((usize, usize), RBig)> = Vec::new();
    for (before, after) in pairs(base, &after) {
        let slope = (&after.distance - &before.distance) / &step;
        let is_new = !count.hit.contains(&before.site) && !targets.iter().any(|t| t.0 == before.site);
        if is_new && slope != RBig::ZERO {
            targets.push((before.site, -before.distance.clone() / slope));
        }
    }
    for (_, by) in targets {
        let whole = field.ty == Type::Date
            || matches!(field.ty, Type::Count | Type::Days | Type::Months | Type::Points);
        let by = if whole { by.floor().into() } else { by };
        let little = if field.ty == Type::Date {
            RBig::ONE
        } else {
            step.clone()
        };
        for shift in [-little.clone(), RBig::ZERO, little] {
            let Some(value) = moved(&field.value, &(&by + shift)) else {
                continue;
            };
            count.runs += 1;
            let what = format!("{:?} = {value}", field.place);
            let met = tried(doc, raw, field, &value, &what).unwrap_or_default();
            count
                .hit
                .extend(met.iter().filter(|m| m.distance == RBig::ZERO).map(|m| m.site));
        }
    }
}

/// Hire and leave dates on, before and after every anniversary that a count of months is compared with.
fn anniversaries(doc: &Document, raw: &Raw, base: &[Meeting], field: &Field, count: &mut Count) {
    let Value::Date(date) = &field.value else { return };
    let months: BTreeSet<i64> = base
        .iter()
        .filter(|m| !m.dates && m.distance.is_int() && !count.hit.contains(&m.site))
        .filter_map(|m| i64::try_from(m.distance.clone().to_int().value()).ok())
        .filter(|n| n.abs() <= 240)
        .collect();
    let day = |d: Date, n: i64| d.checked_add(jiff::Span::new().days(n)).ok();
    for n in months.into_iter().take(40) {
        let Ok(on) = date.date().checked_add(jiff::Span::new().months(n)) else {
            continue;
        };
        for value in [-1, 0, 1].into_iter().filter_map(|d| day(on, d)) {
            count.runs += 1;
            let what = format!("{:?} = {value}", field.place);
            let met = tried(doc, raw, field, &Value::date(value), &what).unwrap_or_default();
            count
                .hit
                .extend(met.iter().filter(|m| m.distance == RBig::ZERO).map(|m| m.site));
        }
    }
}

#[test]
fn given_every_documents_own_thresholds_when_inputs_are_aimed_at_them_then_the_slow_engine_agrees() {
    let (mut sites, mut hit, mut runs) = (0, 0, 0);
    let mut said = Vec::new();
    for doc in shipped() {
        let mut count = Count::default();
        let examples: Vec<(&Raw, Vec<Meeting>)> = doc
            .examples
            .iter()
            .filter_map(|e| run(&doc, &e.raw, &e.id).map(|met| (&e.raw, met)))
            .collect();
        for (_, met) in &examples {
            count.sites.extend(met.iter().map(|m| m.site));
            count
                .hit
                .extend(met.iter().filter(|m| m.distance == RBig::ZERO).map(|m| m.site));
        }
        // What an example meets exactly is tried on both sides as well: nothing counts as hit before it was aimed at.
        count.hit.clear();
        for (raw, base) in &examples {
            for field in fields(&doc, raw) {
                aim(&doc, raw, base, &field, &mut count);
                anniversaries(&doc, raw, base, &field, &mut count);
            }
        }
        said.push(format!(
            "{}: {} of {} thresholds met exactly, {} runs",
            doc.header.id,
            count.hit.len(),
            count.sites.len(),
            count.runs
        ));
        sites += count.sites.len();
        hit += count.hit.len();
        runs += count.runs;
    }
    println!("{}", said.join("\n"));
    assert!(
        hit * 10 > sites * 8,
        "only {hit} of {sites} thresholds were met exactly:\n{}",
        said.join("\n")
    );
    assert!(runs > 2_000, "{runs} runs");
}
