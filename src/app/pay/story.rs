//! The story behind a line, told to whom it pays: own rows and totals, nobody else's (L-06).
//!
//! # Why
//! How a pool was shared is told through everybody's rows. Who works in finance reads them; an employee reads their own row,
//! the totals, and how many others there were.

use std::collections::{BTreeSet, HashSet};

use serde_json::Value;

use crate::payout::explain::concerns;

/// Longest word that could be somebody's code.
const MAX_CODE: usize = 40;

/// A text in Chinese and English.
pub type Two = (String, String);

/// Something an amount came from: a click, an order, a score, a stake.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// Kind of fact; empty where it is none.
    pub kind: String,
    /// The fact's key.
    pub key: String,
    /// What it says.
    pub says: Two,
    /// What became of it on the way.
    pub details: Vec<Two>,
}

/// How an amount came about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Story {
    /// What was done, from the first to the last: sentence and rule.
    pub steps: Vec<(Two, String)>,
    /// What it was done with.
    pub sources: Vec<Source>,
    /// Own rows that are not listed one by one.
    pub more: usize,
    /// Rows of others that stand behind a total.
    pub others: usize,
    /// Where the handbook prints another figure.
    pub books: Vec<Two>,
}

/// A reader who sees their own only.
pub struct Reader<'a> {
    /// Their code.
    pub me: &'a str,
    /// Codes of everybody else who is named in what is read.
    pub others: &'a HashSet<String>,
}

struct Node {
    step: String,
    rule: String,
    key: String,
    says: Two,
    from: Vec<Node>,
    more: usize,
}

fn two(value: &Value) -> Two {
    let text = |lang: &str| value[lang].as_str().unwrap_or_default().to_owned();
    (text("zh"), text("en"))
}

/// Words of a text that could be codes: parts joined by `-` count as one and by themselves.
fn words(text: &str, out: &mut BTreeSet<String>) {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
    for run in text.split(|c: char| !(is_part(c) || c == '-')) {
        let parts: Vec<&str> = run.split('-').collect();
        for from in 0..parts.len() {
            for to in from + 1..=parts.len().min(from + 4) {
                let word = parts[from..to].join("-");
                if !word.is_empty() && word.len() <= MAX_CODE {
                    out.insert(word);
                }
            }
        }
    }
}

fn words_of(node: &Value, out: &mut BTreeSet<String>) {
    words(node["key"].as_str().unwrap_or_default(), out);
    words(node["says"]["zh"].as_str().unwrap_or_default(), out);
    for (_, figure) in node["figures"].as_object().into_iter().flatten() {
        words(figure.as_str().unwrap_or_default(), out);
    }
}

/// All words of a trace that could be codes.
pub fn candidates(trace: &Value, out: &mut BTreeSet<String>) {
    words_of(trace, out);
    for child in trace["from"].as_array().into_iter().flatten() {
        candidates(child, out);
    }
}

impl Reader<'_> {
    /// Whether a node names the reader, and whether it names somebody else.
    fn named(&self, node: &Value) -> (bool, bool) {
        let mut said = BTreeSet::new();
        words_of(node, &mut said);
        (
            said.contains(self.me),
            said.iter().any(|word| self.others.contains(word)),
        )
    }

    /// The same of everything below.
    fn named_below(&self, node: &Value) -> (bool, bool) {
        let own = self.named(node);
        let children = node["from"].as_array().into_iter().flatten();
        children.fold(own, |(me, other), child| {
            let below = self.named_below(child);
            (me || below.0, other || below.1)
        })
    }
}

/// What of a node a reader sees; what is left out is counted.
fn seen(node: &Value, reader: Option<&Reader<'_>>, own: bool, others: &mut usize) -> Option<Node> {
    let text = |name: &str| node[name].as_str().unwrap_or_default().to_owned();
    let key = text("key");
    let from = node["from"].as_array().cloned().unwrap_or_default();
    let more = usize::try_from(node["more"].as_u64().unwrap_or(0)).unwrap_or(0);
    let mut passes_on = true;
    if let Some(reader) = reader {
        let (me, other) = reader.named(node);
        let (me_below, other_below) = reader.named_below(node);
        let is_others = (other && !me) || (other_below && !me_below);
        // A row under a total that names nobody may be anybody's.
        let is_anybodys = !own && !me_below && !key.is_empty();
        if is_others || is_anybodys {
            *others += 1;
            return None;
        }
        // The firm's or a team's total is made of everybody's rows.
        let is_total = !me && (key.is_empty() || from.len() + more > 1);
        passes_on = (me || own) && !is_total;
    }
    let mut hidden = 0;
    let kept = from
        .iter()
        .filter_map(|child| seen(child, reader, passes_on, &mut hidden))
        .collect();
    *others += hidden;
    if !passes_on {
        *others += more;
    }
    Some(Node {
        step: text("step"),
        rule: text("rule"),
        key,
        says: two(&node["says"]),
        from: kept,
        more: if passes_on { more } else { 0 },
    })
}

impl Story {
    fn step(&mut self, says: &Two, rule: &str) {
        if !says.0.is_empty() && !self.steps.iter().any(|(said, _)| said == says) {
            self.steps.push((says.clone(), rule.to_owned()));
        }
    }

    fn source(&mut self, source: Source) {
        let known = self
            .sources
            .iter_mut()
            .find(|s| !s.key.is_empty() && (&s.kind, &s.key) == (&source.kind, &source.key));
        match known {
            Some(known) => {
                for detail in source.details {
                    if !known.details.contains(&detail) {
                        known.details.push(detail);
                    }
                }
            }
            None => self.sources.push(source),
        }
    }

    fn add(&mut self, node: &Node, is_root: bool) {
        for child in &node.from {
            let alike = node.from.iter().filter(|other| other.step == child.step).count();
            if alike > 1 || node.more > 0 {
                self.row(child);
            } else {
                self.add(child, false);
            }
        }
        self.more += node.more;
        if let Some(kind) = node.step.strip_prefix("fact.") {
            self.source(Source {
                kind: kind.to_owned(),
                key: node.key.clone(),
                says: node.says.clone(),
                details: Vec::new(),
            });
        } else if !is_root {
            self.step(&node.says, &node.rule);
        }
    }

    /// One of many rows: told as a source with what became of it.
    fn row(&mut self, node: &Node) {
        let (mut facts, mut details) = (Vec::new(), Vec::new());
        gather(node, &mut facts, &mut details, &mut self.more);
        if facts.is_empty() {
            if let Some(says) = details.pop() {
                self.source(Source {
                    says,
                    details,
                    ..Source::default()
                });
            }
            return;
        }
        for (at, mut fact) in facts.into_iter().enumerate() {
            if at == 0 {
                fact.details = std::mem::take(&mut details);
            }
            self.source(fact);
        }
    }
}

fn gather(node: &Node, facts: &mut Vec<Source>, details: &mut Vec<Two>, more: &mut usize) {
    for child in &node.from {
        gather(child, facts, details, more);
    }
    *more += node.more;
    if let Some(kind) = node.step.strip_prefix("fact.") {
        facts.push(Source {
            kind: kind.to_owned(),
            key: node.key.clone(),
            says: node.says.clone(),
            details: Vec::new(),
        });
    } else if !node.says.0.is_empty() && !details.contains(&node.says) {
        details.push(node.says.clone());
    }
}

/// Tells a stored trace; to a reader of their own only, or (`None`) to who may read everybody's pay.
pub fn story(trace: &Value, reader: Option<&Reader<'_>>) -> Story {
    let mut story = Story {
        books: trace["book"]
            .as_array()
            .into_iter()
            .flatten()
            // Who works in finance reads all the book says of the rule; somebody paid by it, what concerns their amount.
            .filter(|book| reader.is_none() || concerns(trace, book))
            .map(|b| two(&b["note"]))
            .collect(),
        ..Story::default()
    };
    let mut others = 0;
    // What the guards keep with a line is about several schemes and people: its sentence says what concerns this payee.
    if trace["step"].is_string()
        && let Some(root) = seen(trace, reader, true, &mut others)
    {
        story.add(&root, true);
    }
    story.others = others;
    story
}

/// The trace as an employee may read it by a program: other people's rows are cut, and counted in `others`.
pub fn redacted(trace: &Value, reader: &Reader<'_>) -> Value {
    fn json(node: &Node) -> Value {
        serde_json::json!({
            "step": node.step, "rule": node.rule, "key": node.key,
            "says": { "zh": node.says.0, "en": node.says.1 },
            "from": node.from.iter().map(json).collect::<Vec<_>>(), "more": node.more,
        })
    }
    let mut others = 0;
    let Some(root) = seen(trace, Some(reader), true, &mut others) else {
        return serde_json::json!({ "others": others });
    };
    let mut value = json(&root);
    value["others"] = others.into();
    let books = trace["book"].as_array().into_iter().flatten();
    value["book"] = books.filter(|book| concerns(trace, book)).cloned().collect();
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_book_is_told_to_who_is_paid_where_their_own_amount_is_the_one_it_prints_otherwise() {
        let book = |exact: &str, line: Value, figure: Value| {
            json!({ "no": "E1", "says": { "zh": "10500", "en": "10500" }, "exact": { "zh": exact, "en": exact },
                    "line": line, "figure": figure, "note": { "zh": exact, "en": exact } })
        };
        let mut trace = node(
            "pay",
            "lin",
            "lin 的奖金",
            vec![node("points", "lin-close", "分", vec![], 0)],
            0,
        );
        trace["figures"] = json!({ "payee": "lin", "amount": "10520" });
        trace["from"][0]["figures"] = json!({ "part": "89/2036" });
        trace["book"] = json!([
            book("10520", json!("wu pay"), json!(null)),
            book("10080", json!("wu pay"), json!(null)),
            book("89/2036", json!(null), json!("points wu-close part")),
            book("88/2036", json!(null), json!("points wu-close part")),
            book("10500", json!("wu pay"), json!(null)),
            book("以精确为准", json!(null), json!(null)),
        ]);
        let others = HashSet::new();
        let reader = Reader {
            me: "lin",
            others: &others,
        };
        let told = |story: Story| story.books.into_iter().map(|b| b.0).collect::<Vec<_>>();
        assert_eq!(told(story(&trace, Some(&reader))), ["10520", "89/2036"]);
        assert_eq!(told(story(&trace, None)).len(), 6);
        assert_eq!(redacted(&trace, &reader)["book"].as_array().unwrap().len(), 2);
    }

    fn node(step: &str, key: &str, zh: &str, from: Vec<Value>, more: usize) -> Value {
        json!({ "step": step, "rule": "R1", "key": key, "says": { "zh": zh, "en": zh }, "figures": {}, "from": from, "more": more })
    }

    fn pool() -> Value {
        let mine = node(
            "points",
            "lin",
            "lin 的分 172",
            vec![
                node("fact.step", "s-lin-1", "参与 s-lin-1：员工 lin", vec![], 0),
                node("fact.step", "s-lin-2", "参与 s-lin-2：员工 lin", vec![], 0),
            ],
            3,
        );
        let everybody = node(
            "everybody",
            "",
            "全部 1356 分",
            vec![
                node("points", "wang", "wang 的分 200", vec![], 0),
                node("receipt", "r-1", "回款 62,071.00", vec![], 0),
                node("points", "lin", "lin 的分 172", vec![], 0),
            ],
            10,
        );
        let team = node(
            "team",
            "徐汇",
            "全店 428,655.00",
            vec![
                node("net", "o-1", "净 2,869.00", vec![], 0),
                node("net", "o-2", "净 99.00", vec![], 0),
            ],
            0,
        );
        node(
            "bonus",
            "lin",
            "lin 的奖金：3805.31",
            vec![node(
                "share",
                "x\\|lin",
                "30000.00 × 172/1356",
                vec![mine, everybody, team],
                0,
            )],
            0,
        )
    }

    fn told(story: &Story) -> String {
        format!("{story:?}")
    }

    #[test]
    fn an_employee_reads_their_own_row_and_the_totals() {
        let others: HashSet<String> = ["wang".to_owned()].into();
        let reader = Reader {
            me: "lin",
            others: &others,
        };
        let story = story(&pool(), Some(&reader));
        let text = told(&story);
        for secret in ["wang", "200", "62,071", "2,869", "o-2"] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
        for own in [
            "全部 1356 分",
            "全店 428,655.00",
            "s-lin-2",
            "30000.00 × 172/1356",
        ] {
            assert!(text.contains(own), "{own} not in {text}");
        }
        assert_eq!((story.more, story.others), (3, 14));
        assert!(!redacted(&pool(), &reader).to_string().contains("wang"));
    }

    #[test]
    fn finance_reads_everything() {
        let story = story(&pool(), None);
        let text = told(&story);
        assert!(
            text.contains("wang 的分 200") && text.contains("62,071.00"),
            "{text}"
        );
        assert_eq!(story.others, 0);
    }

    #[test]
    fn codes_are_found_inside_joined_keys() {
        let mut found = BTreeSet::new();
        words("routed|intro_sales\\|2026-10-z-3，归谁 caihua。", &mut found);
        for code in ["z-3", "caihua", "intro_sales", "2026-10"] {
            assert!(found.contains(code), "{code} in {found:?}");
        }
    }

    #[test]
    fn what_is_no_trace_tells_nothing() {
        for odd in [json!(null), json!({"guards": [{"payee": "wang"}]}), json!([])] {
            assert_eq!(story(&odd, None), Story::default());
        }
    }
}
