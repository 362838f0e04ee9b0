//! A declared column: `"money"` or `{ type = "text", options = [..], default = .., zh = .., en = .. }`.

use crate::payout::diag::one_of;
use crate::payout::raw::{At, Node, Refused};
use crate::payout::schema::{Column, Label, Options};
use crate::payout::setting::{read_num, read_value};
use crate::payout::value::Type;

/// Reads the declaration of column `name`.
pub fn read(at: At<'_>, name: &str) -> Result<Column, Refused> {
    let word_type = |at: At<'_>| {
        let word = at.str()?;
        let ty = Type::from_word(word)
            .ok_or_else(|| at.refuse(format!("the type `{word}`"), one_of(Type::WORDS)))?;
        Ok((ty, word == "employee"))
    };
    if !name.starts_with(|c: char| c.is_ascii_lowercase())
        || !name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    {
        return Err(at.refuse(
            format!("the name `{name}`"),
            "small letters, digits and _ , a letter first",
        ));
    }
    let mut column = Column::new(name, Type::Text);
    if let Node::Str(_) = at.raw.node {
        (column.ty, column.employee) = word_type(at)?;
        return Ok(column);
    }
    at.only(&["type", "options", "default", "min", "max", "zh", "en"])?;
    let Some((ty, employee)) = at.get("type", word_type)? else {
        return Err(at.refuse(
            format!("`{name}` without a type"),
            format!("`type`: {}", one_of(Type::WORDS)),
        ));
    };
    (column.ty, column.employee) = (ty, employee);
    column.options = options(at, ty)?;
    column.min = at.get("min", |v| read_num(v, ty))?;
    column.max = at.get("max", |v| read_num(v, ty))?;
    column.default = at.get("default", |v| read_value(v, ty, &column.options, 0))?;
    column.label = label(at)?;
    Ok(column)
}

/// The words a text may be.
pub fn options(at: At<'_>, ty: Type) -> Result<Options, Refused> {
    at.get("options", |v| {
        if ty != Type::Text {
            return Err(v.refuse(format!("options of {}", ty.word()), "options only for text"));
        }
        let mut words = Vec::new();
        v.each(|_, w| {
            let word = w.str()?.to_owned();
            if words.contains(&word) {
                return Err(w.refuse(format!("`{word}` twice"), "each option once"));
            }
            words.push(word);
            Ok(())
        })?;
        Ok(words.into())
    })
}

/// What somebody wrote: `{ zh = "…", en = "…" }`, or a text as it was typed, which stays so in both languages.
pub fn said(at: At<'_>) -> Result<Label, Refused> {
    if let Ok(text) = at.str() {
        return Ok(Label {
            zh: text.to_owned(),
            en: text.to_owned(),
        });
    }
    at.only(&["zh", "en"])?;
    let said = label(at)?;
    if said.zh.is_empty() || said.en.is_empty() {
        return Err(at.refuse(
            "a reason in one language".to_owned(),
            "`zh` and `en`, or one text",
        ));
    }
    Ok(said)
}

/// `zh` and `en`, empty when they are not there.
pub fn label(at: At<'_>) -> Result<Label, Refused> {
    let text = |key: &str| {
        at.get(key, |v| v.str().map(str::to_owned))
            .map(Option::unwrap_or_default)
    };
    Ok(Label {
        zh: text("zh")?,
        en: text("en")?,
    })
}
