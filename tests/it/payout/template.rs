//! Inputs as data: a JSON template whose `"$name/pointer"` texts and `{"$for": …}`, `{"$times": …}` or `{"$if": …}` items
//! are filled from a case.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// Names and what they stand for: `case`, `item`, `index`, and the ones of `$for … as` (`$times … as` gives 0, 1, 2 …).
pub type Names = BTreeMap<String, Value>;

/// The value a `"$name"` or `"$name/a/0"` text stands for; `"$name/a/0%"` is that many percent.
pub fn look_up(text: &str, names: &Names) -> Value {
    if let Some(text) = text.strip_suffix('%') {
        let number = look_up(text, names);
        return Value::String(format!("{}%", number.as_str().expect("a number as text")));
    }
    let body = text.strip_prefix('$').expect("a reference");
    let (name, pointer) = body.find('/').map_or((body, ""), |at| body.split_at(at));
    let value = names
        .get(name)
        .unwrap_or_else(|| panic!("no name `{name}` for {text}"));
    value
        .pointer(pointer)
        .unwrap_or_else(|| panic!("{text} points at nothing"))
        .clone()
}

/// Fills a template.
pub fn fill(template: &Value, names: &Names) -> Value {
    match template {
        Value::String(s) if s.starts_with('$') => match look_up(s, names) {
            // Amounts and counts go in as text, as an input must write them.
            Value::Number(n) => Value::String(n.to_string()),
            other => other,
        },
        Value::Array(items) => {
            let mut filled = Vec::new();
            for item in items {
                if let Some(named) = item.get("$if") {
                    // What the case leaves open (null) is left out of the input.
                    if !look_up(named.as_str().expect("`$if` names a value"), names).is_null() {
                        filled.push(fill(&item["in"], names));
                    }
                    continue;
                }
                match (item.get("$for"), item.get("$times")) {
                    (Some(over), _) => filled.extend(repeat(list(over, names), item, names)),
                    (_, Some(times)) => filled.extend(repeat(numbers(times, names), item, names)),
                    _ => filled.push(fill(item, names)),
                }
            }
            Value::Array(filled)
        }
        Value::Object(map) => Value::Object(
            map.iter()
                .map(|(k, v)| (k.clone(), fill(v, names)))
                .collect::<Map<_, _>>(),
        ),
        other => other.clone(),
    }
}

fn list(over: &Value, names: &Names) -> Vec<Value> {
    let list = look_up(over.as_str().expect("`$for` names a list"), names);
    list.as_array().expect("a list").clone()
}

fn numbers(times: &Value, names: &Names) -> Vec<Value> {
    let times = look_up(times.as_str().expect("`$times` names a number"), names);
    let count: u32 = times
        .as_str()
        .map_or_else(|| times.to_string(), str::to_owned)
        .parse()
        .expect("a whole number");
    (0..count).map(|n| Value::String(n.to_string())).collect()
}

fn repeat(over: Vec<Value>, item: &Value, names: &Names) -> Vec<Value> {
    let name = item["as"].as_str().expect("`as`");
    let mut filled = Vec::new();
    for (n, element) in over.into_iter().enumerate() {
        let mut inner = names.clone();
        inner.insert(name.to_owned(), element);
        inner.insert(format!("{name}_index"), Value::String(n.to_string()));
        match fill(&Value::Array(vec![item["in"].clone()]), &inner) {
            Value::Array(items) => filled.extend(items),
            other => filled.push(other),
        }
    }
    filled
}
