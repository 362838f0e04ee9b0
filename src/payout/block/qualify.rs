//! `qualify`: coded conditions; who fails stays visible with all failed codes.

use std::sync::Arc;

use crate::payout::expr::code::Code;
use crate::payout::expr::eval::World;
use crate::payout::raw::{At, Node};
use crate::payout::relation::{Out, OutPolicy, Relation, Row, one};
use crate::payout::schema::Label;
use crate::payout::value::Type;

use super::spec::{Choice, Spec};
use super::{Block, Halt, Made, at_row};

#[derive(Clone, Debug)]
pub struct Qualify {
    pub from: usize,
    pub conditions: Vec<Condition>,
    pub excluded: Choice<OutPolicy>,
}

#[derive(Clone, Debug)]
pub struct Condition {
    pub code: String,
    pub test: Code,
    pub label: Label,
}

const POLICIES: [(&str, OutPolicy); 3] = [
    ("redistribute", OutPolicy::Redistribute),
    ("retain", OutPolicy::Retain),
    ("hold", OutPolicy::Hold),
];

pub fn read(spec: &Spec<'_>) -> Option<Made> {
    spec.only(&["from", "conditions", "excluded"]);
    let from = spec.from()?;
    let excluded = spec.choice("excluded", &POLICIES, OutPolicy::Redistribute)?;
    let expected = "`[{ code = \"…\", test = \"…\", zh = \"…\", en = \"…\" }]`";
    let Some(raw) = spec.raw("conditions") else {
        spec.missing("conditions", expected);
        return None;
    };
    let Node::List(items) = &raw.node else {
        spec.env.sink.error(&raw.span, "`conditions`", expected);
        return None;
    };
    let mut conditions: Vec<Condition> = Vec::new();
    for item in items {
        let inner = Spec {
            at: At::root(item),
            ..*spec
        };
        spec.report(inner.at.only(&["code", "test", "zh", "en"]))?;
        let code = inner.need("code", "a short word")?.to_owned();
        if conditions.iter().any(|c| c.code == code) {
            spec.env
                .sink
                .error(&item.span, format!("the code `{code}` twice"), "each code once");
        }
        let test = inner
            .need_expr("test", from, |t| t == Type::Bool, "a condition")?
            .code;
        let label = Label {
            zh: inner
                .need("zh", "what it says when it fails, in Chinese")?
                .to_owned(),
            en: inner.need("en", "the same in English")?.to_owned(),
        };
        conditions.push(Condition { code, test, label });
    }
    let schema = spec.schema(from);
    let (columns, single, key_parts) = (schema.columns.clone(), schema.single, schema.key_parts);
    Some(Made {
        block: Block::Qualify(Qualify {
            from,
            conditions,
            excluded,
        }),
        columns,
        single,
        key_parts,
    })
}

impl Qualify {
    pub fn run(&self, world: &World<'_>) -> Result<Relation, Halt> {
        let policy = self.excluded.of(world.params).unwrap_or(OutPolicy::Redistribute);
        let mut rows = Vec::new();
        for (at, row) in world.relations[self.from].rows.iter().enumerate() {
            let seen = world.row(row);
            let mut codes = row.out.as_ref().map_or(Vec::new(), |o| o.codes.clone());
            let before = codes.len();
            for c in &self.conditions {
                if !at_row(seen.test(&c.test), &row.key)? {
                    codes.push(c.code.clone());
                }
            }
            let out = if codes.len() > before {
                Some(Arc::new(Out { codes, policy }))
            } else {
                row.out.clone()
            };
            rows.push(Row {
                out,
                made_of: one(at),
                work: None,
                ..row.clone()
            });
        }
        Ok(Relation::of(rows))
    }
}
