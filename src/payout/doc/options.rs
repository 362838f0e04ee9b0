//! `[word]`: what people read for the words a text may be, like `no_fault`; `"name.word"` where one parameter or column
//! means something else by it.

use std::collections::BTreeMap;

use super::{Document, column};
use crate::payout::raw::{At, Refused};
use crate::payout::schema::{Label, Options, ParamDecl, ParamKind, Schema};

/// Words by what is written in their place.
pub(super) type Words = BTreeMap<String, Label>;

/// Reads them; each must be an option of a parameter, an attribute, a field or a step's column.
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
            if !of_params && !columns.any(|c| has(&c.name, &c.options)) {
                let what = format!("`{}` is an option of nothing", e.key);
                return Err(v.refuse(what, "a word of some `options`"));
            }
            words.insert(e.key.clone(), label);
            Ok(())
        })
    })?;
    Ok(words)
}

impl Document {
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
