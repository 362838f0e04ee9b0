//! Two languages: all texts in `templates/locales/{zh,en}.ftl`.
//!
//! # Why
//! Chinese first, English complete. A text is asked for by a literal key (`lang.t("share-title")`) or as a member of a
//! family (`lang.word("click-reason", "person")` is the key `click-reason-person`), so that a test can read templates
//! and code and find missing, unused and unequal texts.

mod channel;
mod choose;
mod format;
mod when;

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;

use fluent_templates::Loader;
use fluent_templates::fluent_bundle::FluentValue;
use unic_langid::{LanguageIdentifier, langid};

pub use choose::{LANG_COOKIE, lang_cookie};
pub use format::{amounts, decimal, grouped, money, signed, yuan};
pub use when::{Moment, TimeTag, date_words, day_words, label_words, period_words, span_words};

fluent_templates::static_loader! {
    static TEXTS = {
        locales: "./templates/locales",
        fallback_language: "zh",
        // Marks around arguments would be copied along with codes and amounts.
        customise: |bundle| bundle.set_use_isolating(false),
    };
}

static ZH: LanguageIdentifier = langid!("zh");
static EN: LanguageIdentifier = langid!("en");

/// A language of the interface.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Lang {
    /// Chinese, simplified.
    #[default]
    Zh,
    /// English.
    En,
}

impl Lang {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Zh, Self::En];

    /// The word in the store, the cookie and forms: `zh` or `en`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Zh => "zh",
            Self::En => "en",
        }
    }

    /// The value of `<html lang>` (BCP 47).
    pub const fn html(self) -> &'static str {
        match self {
            Self::Zh => "zh-CN",
            Self::En => "en",
        }
    }

    /// The other one, for the switch.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Zh => Self::En,
            Self::En => Self::Zh,
        }
    }

    /// The text of a literal key.
    pub fn t(self, key: &'static str) -> Text {
        Text::new(self, Cow::Borrowed(key))
    }

    /// The text of a family's member: key `<family>-<word>`.
    pub fn word(self, family: &'static str, word: impl fmt::Display) -> Text {
        Text::new(self, Cow::Owned(format!("{family}-{word}")))
    }

    /// The text of a family's member where there is one: words that firms' own documents bring have none.
    pub fn try_word(self, family: &'static str, word: impl fmt::Display) -> Option<Text> {
        let text = self.word(family, word);
        TEXTS.try_lookup(self.id(), &text.key).is_some().then_some(text)
    }

    fn id(self) -> &'static LanguageIdentifier {
        match self {
            Self::Zh => &ZH,
            Self::En => &EN,
        }
    }
}

impl FromStr for Lang {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|l| l.as_str() == text).ok_or(())
    }
}

/// A text to be printed in a language, with its variables.
#[derive(Clone, Debug)]
pub struct Text {
    lang: Lang,
    key: Cow<'static, str>,
    args: Vec<(&'static str, FluentValue<'static>)>,
}

impl Text {
    fn new(lang: Lang, key: Cow<'static, str>) -> Self {
        Self {
            lang,
            key,
            args: Vec::new(),
        }
    }

    /// Sets a variable to a text.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl fmt::Display) -> Self {
        self.args.push((name, FluentValue::from(value.to_string())));
        self
    }

    /// Sets a variable to a number, which also chooses the plural.
    #[must_use]
    pub fn n(mut self, name: &'static str, value: impl Count) -> Self {
        self.args.push((name, FluentValue::from(value.count())));
        self
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let args: HashMap<Cow<'static, str>, FluentValue<'_>> = self
            .args
            .iter()
            .map(|(name, value)| (Cow::Borrowed(*name), value.clone()))
            .collect();
        let args = (!args.is_empty()).then_some(&args);
        f.write_str(&TEXTS.lookup_complete(self.lang.id(), &self.key, args))
    }
}

/// A whole number, also behind the references templates hand over.
pub trait Count {
    /// The number.
    fn count(self) -> i64;
}

impl Count for i64 {
    fn count(self) -> i64 {
        self
    }
}

impl Count for usize {
    fn count(self) -> i64 {
        i64::try_from(self).unwrap_or(i64::MAX)
    }
}

impl<T: Count + Copy> Count for &T {
    fn count(self) -> i64 {
        (*self).count()
    }
}
