//! What is declared and never read: a leftover, or a rule somebody forgot to apply.

use crate::payout::block::Block;
use crate::payout::schema::Env;

use super::{FactKind, ROSTER, Step};

/// `period_by`: the parameter that says the period is read by whoever calculates.
pub fn report(env: &Env<'_>, steps: &[Step], facts: &[FactKind], period_by: Option<&str>) {
    let mut used = env.used.borrow_mut();
    // A column read from a step that only passes it on is read from where it came.
    for step in steps.iter().rev() {
        let columns: Vec<usize> = used
            .columns
            .iter()
            .filter(|(r, _)| *r == step.relation)
            .map(|(_, c)| *c)
            .collect();
        for c in columns {
            match &step.block {
                Block::Select(s) if !s.picks.is_empty() => {
                    for (n, (_, picks)) in s.picks.iter().enumerate() {
                        if let Some(at) = picks.get(c) {
                            used.columns.insert((s.from[n], *at));
                        }
                    }
                }
                Block::Aggregate(_) | Block::Emit(_) => {}
                Block::Round(r) if r.by.is_some() => {}
                block => {
                    let source = block.source();
                    if c < env.schemas[source].columns.len() {
                        used.columns.insert((source, c));
                    }
                }
            }
        }
    }
    for (at, p) in env.params.iter().enumerate() {
        if !used.params.contains(&at) && Some(p.id.as_str()) != period_by {
            let what = format!("the parameter `{}` is never read", p.id);
            env.sink
                .error(&p.span, what, "a step that reads it, or no parameter");
        }
    }
    for step in steps {
        let emits = matches!(step.block, Block::Emit(_));
        if !emits && !used.relations.contains(&step.relation) {
            let what = format!("the step `{}` is never read", step.id);
            env.sink
                .error(&step.span, what, "a later step that reads it, or no step");
        }
    }
    if !steps.iter().any(|s| matches!(s.block, Block::Emit(_))) {
        env.sink
            .error(&(0..1), "a document that emits nothing", "a step `do = \"emit\"`");
    }
    let leftover = |relation: usize, skip: usize, what: &str| {
        let schema = &env.schemas[relation];
        for (at, c) in schema.columns.iter().enumerate().skip(skip) {
            if !used.columns.contains(&(relation, at)) {
                let what = format!("{what} `{}` of `{}` is never read", c.name, schema.name);
                env.sink
                    .error(&schema.span, what, "a step that reads it, or no declaration");
            }
        }
    };
    leftover(ROSTER, 1, "the attribute");
    for f in facts {
        if used.relations.contains(&f.relation) {
            leftover(f.relation, 2, "the field");
        } else {
            let span = &env.schemas[f.relation].span;
            env.sink.error(
                span,
                format!("facts `{}` are never read", f.kind),
                "a step that reads them",
            );
        }
    }
    let mut components: Vec<(&str, &Step)> = Vec::new();
    for s in steps {
        if let Block::Emit(e) = &s.block {
            if components.iter().any(|c| c.0 == e.component) {
                env.sink.error(
                    &s.span,
                    format!("the component `{}` twice", e.component),
                    "each once",
                );
            }
            components.push((&e.component, s));
        }
    }
}
