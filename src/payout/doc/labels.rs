//! What people read instead of the names of columns: `labels` of a step, `[label]` of the document.

use crate::payout::block::Made;
use crate::payout::block::spec::Spec;
use crate::payout::diag::{did_you_mean, one_of};
use crate::payout::raw::{At, Node, Refused};
use crate::payout::schema::{Label, Named, Schema};

use super::column;

/// Names the columns of a step; `"hidden"` leaves a helper out of explanations. A column that is only another one, a
/// sum of one or a parameter keeps that one's label without being told.
pub fn apply(spec: &Spec<'_>, made: &mut Made) -> Option<()> {
    let Some(raw) = spec.raw("labels") else {
        return Some(());
    };
    let expected = "`{ column = { zh = \"…\", en = \"…\" }, helper = \"hidden\" }`";
    let Node::Map(entries) = &raw.node else {
        spec.env.sink.error(&raw.span, "`labels`", expected);
        return None;
    };
    for e in entries {
        let Some(at) = made.columns.iter().position(|c| c.name == e.key) else {
            let names: Vec<&str> = made.columns.iter().map(|c| c.name.as_str()).collect();
            let what = format!("step `{}` makes no column `{}`", spec.id, e.key);
            match did_you_mean(&e.key, &names) {
                Some(h) => spec.env.sink.hinted(&e.key_span, what, one_of(&names), h),
                None => spec.env.sink.error(&e.key_span, what, one_of(&names)),
            }
            return None;
        };
        let value = At::root(&e.value);
        if matches!(&e.value.node, Node::Str(word) if word == "hidden") {
            made.columns[at].named = Named::Hidden;
            continue;
        }
        if !matches!(e.value.node, Node::Map(_)) {
            spec.env
                .sink
                .error(&e.value.span, format!("found {}", value.found()), expected);
            return None;
        }
        spec.report(value.only(&["zh", "en"]))?;
        let label = spec.report(column::label(value))?;
        if label.zh.is_empty() || label.en.is_empty() {
            spec.env
                .sink
                .error(&e.value.span, "a label in one language", "`zh` and `en`");
            return None;
        }
        made.columns[at].label = label;
        made.columns[at].named = Named::Itself;
    }
    Some(())
}

/// `[label]`: what people read for a column wherever it has no name of its own.
pub fn document(root: At<'_>, schemas: &mut [Schema]) -> Result<(), Refused> {
    root.get("label", |at| {
        at.each_entry(|e, v| {
            v.only(&["zh", "en"])?;
            let label = column::label(v)?;
            if label.zh.is_empty() || label.en.is_empty() {
                return Err(v.refuse(format!("the label `{}`", e.key), "`zh` and `en`"));
            }
            let named = schemas.iter_mut().flat_map(|s| &mut s.columns);
            let mut bare = named
                .filter(|c| c.name == e.key && (c.named == Named::After || c.label == Label::default()))
                .peekable();
            if bare.peek().is_none() {
                let what = format!("`{}` names no column without a label", e.key);
                return Err(v.refuse(what, "a column that a step makes"));
            }
            bare.for_each(|c| (c.label, c.named) = (label.clone(), Named::Itself));
            Ok(())
        })
    })
    .map(Option::unwrap_or_default)
}
