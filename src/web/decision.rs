//! A written decision in words: "why (not) credited" (attribution.md §5).

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::attribution::{Fact, Facts, Outcome, Reason, Status, Step};
use crate::storage::conversions::Conversion;
use crate::web::cause::reason_words;
use crate::web::i18n::{Lang, Text};

/// Names of facts that sentences may use. Another employee's code is among the facts for those who may read everything;
/// no sentence but the last says it.
const NAMES: [&str; 20] = [
    "after_at",
    "amount",
    "before_at",
    "bound_at",
    "class",
    "click",
    "click_at",
    "code",
    "day",
    "days",
    "employee",
    "known_at",
    "model",
    "occurred_at",
    "open_ms",
    "said",
    "unknown_days",
    "until",
    "until_at",
    "via",
];

/// What a step found, and what would have been needed.
pub fn step_text(lang: Lang, zone: &TimeZone, step: &Step) -> String {
    let found = filled(lang, zone, lang.word("decision", step.reason), &step.found).to_string();
    match needed_text(lang, zone, step) {
        Some(needed) => format!("{found}{}{needed}", if lang == Lang::Zh { "" } else { " " }),
        None => found,
    }
}

/// What would have been needed, where a step failed for want of something nameable.
fn needed_text(lang: Lang, zone: &TimeZone, step: &Step) -> Option<String> {
    if step.needed.is_empty() {
        return None;
    }
    let key = format!("{}-needed", step.reason);
    Some(filled(lang, zone, lang.word("decision", key), &step.needed).to_string())
}

/// One sentence per step, in order.
pub fn sentences(lang: Lang, zone: &TimeZone, steps: &[Step]) -> Vec<String> {
    steps.iter().map(|step| step_text(lang, zone, step)).collect()
}

/// The one sentence for a list of events: what credited, or why nothing did — the last step that failed for a reason of
/// its own.
pub fn headline(lang: Lang, zone: &TimeZone, steps: &[Step]) -> String {
    let outcome = steps.last();
    let credited = outcome.is_some_and(|s| matches!(s.reason, Reason::Credited | Reason::Indirect));
    let held = steps.iter().rev().find(|s| s.outcome == Outcome::Held);
    let failed = steps
        .iter()
        .rev()
        .find(|s| s.outcome == Outcome::Failed && !matches!(s.reason, Reason::Nobody | Reason::BindingOver));
    let chosen = if credited {
        held.or(outcome)
    } else {
        failed.or(outcome)
    };
    chosen.map_or_else(String::new, |step| step_text(lang, zone, step))
}

/// Who a step credits.
const EMPLOYEE: &str = "employee";

/// The same for the employee it was credited to: they are no code to themselves.
pub fn own_headline(lang: Lang, zone: &TimeZone, steps: &[Step]) -> String {
    let own = |step: &Step| match step.found.get("employee") {
        Some(_) => step.clone().word(EMPLOYEE, lang.t("decision-you").to_string()),
        None => step.clone(),
    };
    let steps: Vec<Step> = steps.iter().map(own).collect();
    headline(lang, zone, &steps)
}

/// Why a lead or order is (not) credited now, for whoever is credited with it: what a reviewer said stands before what the
/// rules said at first, and nothing that is held or rejected is called credited. `is_own`: the reader is who it is about.
pub fn standing(lang: Lang, zone: &TimeZone, conversion: &Conversion, is_own: bool) -> String {
    let said = conversion.decided_reason.as_deref().unwrap_or_default();
    let is_held = conversion.steps.iter().any(|s| s.outcome == Outcome::Held);
    match conversion.status {
        Status::Held | Status::Rejected if !said.is_empty() => lang
            .t("why-decided")
            .with("reason", reason_words(lang, said))
            .to_string(),
        Status::Rejected => lang.t("why-rejected").to_string(),
        Status::Held if !is_held => lang.t("why-held").to_string(),
        _ if is_own => own_headline(lang, zone, &conversion.steps),
        _ => headline(lang, zone, &conversion.steps),
    }
}

fn filled(lang: Lang, zone: &TimeZone, text: Text, facts: &Facts) -> Text {
    let mut text = text;
    for name in NAMES {
        text = match (name, facts.get(name)) {
            (_, None) => text,
            ("class", Some(Fact::Word(class))) => text.with(name, lang.word("decision-class", class)),
            ("via", Some(Fact::Word(via))) => text.with(name, lang.word("decision-via", via)),
            ("model", Some(Fact::Word(model))) => text.with(name, lang.word("decision-model", model)),
            ("said", Some(Fact::Word(word))) => text.with(name, reason_words(lang, word)),
            (_, Some(Fact::Word(word))) => text.with(name, word),
            (_, Some(Fact::Number(at))) if name.ends_with("_at") => text.with(name, instant(zone, *at)),
            (_, Some(Fact::Number(number))) => text.n(name, *number),
        };
    }
    text
}

/// `2026-11-18 10:00:05` in the business zone: windows are decided to the second.
fn instant(zone: &TimeZone, at_ms: i64) -> String {
    let at = Timestamp::from_millisecond(at_ms).unwrap_or(Timestamp::UNIX_EPOCH);
    at.to_zoned(zone.clone())
        .strftime("%Y-%m-%d %H:%M:%S")
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Class;

    fn full(reason: Reason) -> Step {
        let mut step = Step::new(reason);
        for name in NAMES {
            step = match name {
                "class" => step.word(name, "bot").need_word(name, "human"),
                "via" => step.word(name, "click"),
                "model" => step.word(name, "last"),
                _ if name.ends_with("_at") => step.number(name, 0).need_number(name, 0),
                "days" | "unknown_days" | "open_ms" => step.number(name, 30).need_number(name, 30),
                _ => step.word(name, "X").need_word(name, "X"),
            };
        }
        step
    }

    #[test]
    fn every_reason_has_its_sentence_in_both_languages() {
        for lang in Lang::ALL {
            for reason in Reason::ALL {
                let step = full(*reason);
                let bare = Step {
                    needed: Facts::new(),
                    ..step
                };
                let text = step_text(lang, &TimeZone::UTC, &bare);
                assert!(!text.contains("Unknown localization"), "{reason} {text}");
                assert!(!text.contains('$'), "{reason} {text}");
            }
            for class in Class::ALL {
                let word = lang.word("decision-class", class).to_string();
                assert!(!word.contains("Unknown"), "{word}");
            }
        }
    }

    #[test]
    fn what_failed_says_what_would_have_been_needed() {
        let step = Step::new(Reason::WindowOut)
            .number("click_at", 0)
            .number("days", 30)
            .number("occurred_at", 2_592_001_000)
            .need_number("until_at", 2_592_000_000);
        let zh = step_text(Lang::Zh, &TimeZone::UTC, &step);
        assert!(zh.contains("1970-01-31 00:00:00") && zh.contains("30 天"), "{zh}");
        let en = step_text(Lang::En, &TimeZone::UTC, &step);
        assert!(
            en.contains("1970-01-31 00:00:00") && en.contains("30 days"),
            "{en}"
        );
        let steps = [
            Step::new(Reason::ClickNone),
            step,
            Step::new(Reason::BindingNone),
            Step::new(Reason::Nobody),
        ];
        assert_eq!(headline(Lang::Zh, &TimeZone::UTC, &steps), zh);
    }
}
