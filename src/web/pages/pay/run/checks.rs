//! What must be so before a run closes, in words.

use std::collections::BTreeMap;

use super::{Chip, Note};
use crate::app::pay::{Check, Review, SchemeNames};
use crate::web::i18n::Lang;
use crate::web::pages::pay::view;
use crate::web::{Problem, Web};

/// What the schemes are called that wait to be calculated, by their ids.
pub(super) async fn missing(
    web: &Web,
    lang: Lang,
    review: &Review,
) -> Result<BTreeMap<String, String>, Problem> {
    let mut names = SchemeNames::default();
    let mut found = BTreeMap::new();
    for check in &review.checks {
        let Check::SchemesMissing(list) = check else {
            continue;
        };
        for id in list {
            let name = names.of(&web.app, id, review.run.from_on).await?;
            found.insert(id.clone(), view::say(lang, &name));
        }
    }
    Ok(found)
}

/// The checks of a run as its page shows them.
pub(super) fn checks(lang: Lang, review: &Review, missing: &BTreeMap<String, String>) -> Vec<Note> {
    let note = |kind: &'static str, icon, word: &'static str, words: String, href: &str| Note {
        chip: Chip::new(kind, icon, lang.word("run-check-state", word)),
        words,
        about: String::new(),
        href: href.to_owned(),
    };
    let say = |check: &Check| match check {
        Check::Done(what) => note(
            "good",
            "check",
            "done",
            lang.word("run-check", what).to_string(),
            "",
        ),
        Check::SchemesMissing(list) => {
            let comma = lang.t("shell-comma").to_string();
            let list: Vec<&str> = list
                .iter()
                .map(|id| missing.get(id).unwrap_or(id).as_str())
                .collect();
            let words = lang.t("run-schemes-missing").with("list", list.join(&comma));
            note("bad", "alert", "stops", words.to_string(), "/app/pay/runs")
        }
        Check::GuardsTake(amount, n) => {
            let amount = crate::web::i18n::yuan(*amount);
            let words = lang.t("run-guards-take").n("n", *n).with("amount", amount);
            note("warn", "alert", "known", words.to_string(), "")
        }
        Check::Objections(n) => {
            let words = lang.t("run-objections-open").n("n", *n);
            note("bad", "alert", "stops", words.to_string(), "/app/pay/objections")
        }
        Check::Recalculate => {
            let words = lang.t("run-recalculate").to_string();
            note(
                "bad",
                "alert",
                "stops-approval",
                words,
                "/app/pay/objections?state=accepted",
            )
        }
        Check::NotOver(last) => {
            let last = crate::web::i18n::date_words(lang, *last);
            let words = lang.t("run-not-over").with("last", last).to_string();
            note("warn", "clock", "known", words, "")
        }
        Check::NewerFacts(n) => {
            let words = lang.t("run-facts-newer").n("n", *n);
            note("warn", "alert", "known", words.to_string(), "")
        }
    };
    review.checks.iter().map(say).collect()
}
