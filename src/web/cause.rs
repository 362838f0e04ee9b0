//! A stored reason in words: the machine's in the reader's language, a person's as they wrote it.

use crate::attribution::Cause;
use crate::web::i18n::Lang;

/// A reason of a lead or order as people read it.
pub fn reason_words(lang: Lang, stored: &str) -> String {
    let text = match Cause::parse(stored) {
        None => return stored.to_owned(),
        Some(Cause::Sign(odd)) => lang.t("cause-sign").with("sign", lang.word("odd", odd)),
        Some(Cause::Order(id)) => lang.t("cause-order").with("order", id),
        Some(Cause::Step(reason)) => lang
            .try_word("cause", reason)
            .unwrap_or_else(|| lang.t("cause-other")),
    };
    text.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attribution::odd::Odd;
    use crate::attribution::{Outcome, Reason};

    #[test]
    fn every_cause_and_every_doubt_has_its_words_in_both_languages() {
        for lang in Lang::ALL {
            let held = Reason::ALL.iter().filter(|r| r.outcome() == Outcome::Held);
            let causes = held
                .map(|reason| Cause::Step(*reason))
                .chain(Odd::ALL.iter().map(|odd| Cause::Sign(*odd)))
                .chain([Cause::Order("SO-1".into())]);
            let other = lang.t("cause-other").to_string();
            for cause in causes {
                let words = reason_words(lang, &cause.to_string());
                assert!(!words.contains("Unknown") && words != other, "{cause}: {words}");
                assert!(!words.contains(&cause.to_string()), "{words}");
            }
            assert_eq!(reason_words(lang, "空号"), "空号");
        }
        let late = reason_words(Lang::Zh, "claimed after the CRM knew the deal");
        assert!(late.contains("客户系统"), "{late}");
    }
}
