//! What a run tells besides its lines: warnings, what is carried, why money is left.

use serde_json::Value;

use super::run::{NOTES, Note, listed};
use super::view::{self, Chip};
use crate::app::pay::Review;
use crate::domain::Money;
use crate::web::i18n::{Lang, date_words};

/// Warnings of the engine and of the guards, put in the page's language.
pub(super) fn notes(lang: Lang, review: &Review) -> Vec<Note> {
    let warning = |w: &Value| {
        let text = |name: &str| w[name].as_str().unwrap_or_default();
        let value = match Money::parse(text("value")) {
            Ok(amount) if review.money.contains(text("component")) => crate::web::i18n::yuan(amount),
            _ => text("value").to_owned(),
        };
        let about = [text("payee"), text("about"), &value];
        let about: Vec<&str> = about.into_iter().filter(|t| !t.is_empty()).collect();
        Note {
            chip: Chip::new("warn", "alert", lang.t("run-warning")),
            words: view::say_json(lang, &w["title"]),
            about: about.join(" · "),
            href: match text("payee") {
                "" if w["fact"].is_object() => {
                    let part = |name: &str| w["fact"][name].as_str().unwrap_or_default();
                    let query = view::query(&[("kind", part("kind")), ("key", part("key"))]);
                    format!("/app/pay/facts/history{query}")
                }
                "" => String::new(),
                payee => format!(
                    "/app/pay/runs/{}{}#lines",
                    review.run.id,
                    view::query(&[("who", payee)])
                ),
            },
        }
    };
    // What the guards say has its room, however much the engine warns of.
    let room = NOTES - review.guards.len().min(NOTES / 2);
    let told = listed(&review.outcome, "warnings").iter().take(room);
    let told = told.chain(&review.guards);
    let mut notes: Vec<Note> = told.take(NOTES).map(warning).collect();
    notes.extend(carried(lang, review));
    let left_out = [
        ("people_without_attributes", "run-people-unknown"),
        ("facts_without_fields", "run-facts-left"),
    ];
    for (name, _) in left_out {
        let n = review.outcome[name].as_i64().unwrap_or(0);
        if n > 0 {
            let words = match name {
                "people_without_attributes" => lang.t("run-people-unknown").n("n", n),
                _ => lang.t("run-facts-left").n("n", n),
            };
            notes.push(Note {
                chip: Chip::new("", "info", lang.t("run-note")),
                words: words.to_string(),
                about: String::new(),
                href: String::new(),
            });
        }
    }
    notes
}

/// Why money is left, in the page's language; what has no words of its own is told as it is.
pub(super) fn residual_reason(lang: Lang, told: &str) -> String {
    match told {
        "nobody qualifies" => return lang.t("run-left-nobody").to_string(),
        "everybody is at a cap" => return lang.t("run-left-capped").to_string(),
        _ => {}
    }
    let part = told.rsplit_once(": tranche ");
    match part.and_then(|(who, n)| Some((who, n.parse::<i64>().ok()?))) {
        Some((who, n)) => lang.t("run-left-part").with("who", who).n("n", n).to_string(),
        None => told.to_owned(),
    }
}

/// What the guards on wages carry of overpayments, each with whose it is.
fn carried(lang: Lang, review: &Review) -> Vec<Note> {
    let mut notes = Vec::new();
    for fact in listed(&review.outcome, "facts") {
        let text = |name: &str| fact["fields"][name].as_str().unwrap_or_default();
        let Ok(amount) = Money::parse(text("amount")) else {
            continue;
        };
        if fact["kind"] != "overpayment"
            || text("carried") != "true"
            || amount == Money::ZERO
            || notes.len() == NOTES
        {
            continue;
        }
        let since: String = text("since").chars().take(10).collect();
        let words = lang
            .t("run-carried")
            .with("amount", crate::web::i18n::yuan(amount));
        let payee = text("employee");
        notes.push(Note {
            chip: Chip::new("", "info", lang.t("run-note")),
            words: words
                .with("since", since.parse().map_or(since, |day| date_words(lang, day)))
                .to_string(),
            about: payee.to_owned(),
            href: format!(
                "/app/pay/runs/{}{}#lines",
                review.run.id,
                view::query(&[("who", payee)])
            ),
        });
    }
    notes
}
