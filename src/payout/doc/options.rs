//! `[word]`: what people read for the words a text may be, like `no_fault`; `"name.word"` where one parameter or column
//! means something else by it, or where the word is a key of a parameter's rows: a firm may write others there.

use std::collections::BTreeMap;

use super::{Document, column};
use crate::payout::raw::{At, Refused};
use crate::payout::schema::{Label, Options, ParamDecl, ParamKind, Schema, Setting};
use crate::payout::value::Value;

/// Words by what is written in their place.
pub(super) type Words = BTreeMap<String, Label>;

/// Reads them; each must be an option of a parameter, an attribute, a field or a step's column, or a key of a parameter's
/// rows.
pub(super) fn read(root: At<'_>, params: &[ParamDecl], schemas: &[Schema]) -> Result<Words, Refused> {
    let mut words = Words::new();
    root.get("word", |at| {
        at.each_entry(|e, v| {
            v.only(&["zh", "en"])?;
            let label = column::label(v)?;
            if label.zh.is_empty() || label.en.is_empty() {
                return Err(v.refuse(format!("the word `{}`", e.key), "`zh` and `en`"));
            }
            let whole = (None, e.key.as_str());
            let (owner, word) = e.key.split_once('.').map_or(whole, |(o, w)| (Some(o), w));
            let has = |name: &str, options: &Options| {
                owner.is_none_or(|o| o == name) && options.iter().any(|o| o.iter().any(|w| w == word))
            };
            let of_params = params
                .iter()
                .any(|p| matches!(&p.kind, ParamKind::One(_, o) if has(&p.id, o)));
            let mut columns = schemas.iter().flat_map(|s| &s.columns);
            let is_key = owner.is_some_and(|owner| params.iter().any(|p| is_key_of(p, owner, word, schemas)));
            if !of_params && !is_key && !columns.any(|c| has(&c.name, &c.options)) {
                let what = format!("`{}` is an option of nothing", e.key);
                return Err(v.refuse(what, "a word of some `options`"));
            }
            words.insert(e.key.clone(), label);
            Ok(())
        })
    })?;
    Ok(words)
}

/// Whether a word stands in the first column of a parameter's default rows, and that column is called so.
fn is_key_of(param: &ParamDecl, name: &str, word: &str, schemas: &[Schema]) -> bool {
    let ParamKind::Table(relation) = param.kind else {
        return false;
    };
    let key = schemas.get(relation).and_then(|s| s.columns.first());
    let rows = param.dated.iter().filter_map(|d| match &d.value {
        Setting::Table(rows) => Some(rows),
        _ => None,
    });
    key.is_some_and(|c| c.name == name)
        && rows
            .flatten()
            .any(|row| matches!(row.first(), Some(Value::Text(text)) if **text == *word))
}

impl Document {
    /// What people read for a word that is no option: only where the document says it of this column.
    pub fn key_word(&self, owner: &str, word: &str) -> Option<&Label> {
        self.words.get(&format!("{owner}.{word}"))
    }

    /// What people read for a word among the options of a parameter or column; `None` where the document does not say it.
    pub fn word(&self, owner: &str, word: &str) -> Option<&Label> {
        let own = self.words.get(&format!("{owner}.{word}"));
        own.or_else(|| self.words.get(word))
    }

    /// Every word an input may have to choose, each after the parameter, attribute or field it belongs to, in the order
    /// they are declared.
    pub fn option_words(&self) -> Vec<(&str, &str)> {
        let params = self.params.iter().filter_map(|p| match &p.kind {
            ParamKind::One(_, options) => Some((p.id.as_str(), options.as_ref()?)),
            _ => None,
        });
        let given = &self.schemas[..self.schemas.len() - self.steps.len()];
        let columns = given.iter().flat_map(|s| &s.columns);
        let columns = columns.filter_map(|c| Some((c.name.as_str(), c.options.as_ref()?)));
        let all = params.chain(columns);
        all.flat_map(|(owner, o)| o.iter().map(move |word| (owner, word.as_str())))
            .collect()
    }
}
