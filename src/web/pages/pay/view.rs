//! What the pay screens share: names, states, periods, amounts with their sign.

use jiff::Timestamp;

pub use super::marks::uncoded;
use crate::app::pay::{Clash, InputFault, Known, PayError, Unable};
use crate::domain::Money;
use crate::payout::Label;
use crate::payout::explain::option_label;
use crate::storage::pay::{Offer, OfferState, RunState};
use crate::web::i18n::{self, Lang, Moment};

/// A state as a chip.
#[derive(Clone, Debug)]
pub struct Chip {
    /// `good`, `warn`, `bad` or nothing.
    pub kind: &'static str,
    /// Its icon.
    pub icon: &'static str,
    /// What it says.
    pub word: String,
}

impl Chip {
    /// A chip.
    pub fn new(kind: &'static str, icon: &'static str, word: impl std::fmt::Display) -> Self {
        Self {
            kind,
            icon,
            word: word.to_string(),
        }
    }

    /// Of a run's state.
    pub fn run(lang: Lang, state: RunState) -> Self {
        let (kind, icon) = match state {
            RunState::Calculated => ("warn", "dash"),
            RunState::InReview | RunState::Approved => ("warn", "clock"),
            RunState::Closed => ("good", "lock"),
            RunState::Paid => ("good", "check"),
            RunState::Superseded => ("", "dash"),
        };
        Self::new(kind, icon, lang.word("run-state", state.as_str()))
    }
}

/// A name in the language of the page.
pub fn say(lang: Lang, label: &Label) -> String {
    match lang {
        Lang::Zh => uncoded(&label.zh),
        Lang::En => uncoded(&label.en),
    }
}

/// Who is paid, where it is nobody by name: the firm as a whole as people say it, an account by its code.
pub fn payee(lang: Lang, code: &str) -> String {
    match code {
        "everybody" => lang.t("payee-everybody").to_string(),
        code => code.to_owned(),
    }
}

/// A kind of fact by its name for people, as the schemes call it; one they do not declare any more by its word.
pub fn kind_name(lang: Lang, known: &Known, kind: &str) -> String {
    let label = known.kinds().get(kind).map(|info| &info.label);
    label_or(lang, label, kind)
}

/// A name in the language of the page; where there is none, the id it would stand for.
pub fn label_or(lang: Lang, label: Option<&Label>, id: &str) -> String {
    let name = label.map_or_else(String::new, |label| say(lang, label));
    if name.is_empty() { id.to_owned() } else { name }
}

/// A word among others to choose from, as people say it; a firm's own as its document writes it.
pub fn option(lang: Lang, among: &[String], word: &str) -> String {
    option_label(among, word).map_or_else(|| word.to_owned(), |label| say(lang, &label))
}

/// The language's own of two texts of a JSON object `{zh, en}`.
pub fn say_json(lang: Lang, two: &serde_json::Value) -> String {
    uncoded(&i18n::amounts(two[lang.as_str()].as_str().unwrap_or_default()))
}

/// When a fact happened, a day or an instant as the store writes it, as people say it.
pub fn occurred(moment: &Moment, text: &str) -> String {
    match text.parse::<jiff::Timestamp>() {
        Ok(at) => moment.exact(at),
        Err(_) => match text.parse::<jiff::civil::DateTime>() {
            Ok(at) if text.len() > 10 => at
                .to_zoned(moment.zone.clone())
                .map_or_else(|_| text.to_owned(), |at| moment.exact(at.timestamp())),
            _ => day(moment.lang, text),
        },
    }
}

/// A day as the store writes it, as people say it.
pub fn day(lang: Lang, text: &str) -> String {
    text.parse()
        .map_or_else(|_| text.to_owned(), |day| i18n::day_words(lang, day))
}

/// A period's label as people say it.
pub fn period(lang: Lang, label: &str) -> String {
    i18n::label_words(lang, label)
}

/// A difference with its sign: `+1,200.00`.
pub fn change(fen: i64) -> String {
    let plus = if fen > 0 { "+" } else { "" };
    format!("{plus}{}", i18n::money(Money::from_minor(fen)))
}

/// A share of two amounts in percent with one decimal and its sign, cut: `+4.6%`; nothing where there was nothing.
pub fn percent(now: i64, was: i64) -> Option<String> {
    let size = was.checked_abs().filter(|size| *size > 0)?;
    let tenths = i128::from(now - was) * 1000 / i128::from(size);
    let tenths = i64::try_from(tenths).ok()?;
    let sign = match tenths {
        0 => "",
        1.. => "+",
        _ => "−",
    };
    let size = tenths.unsigned_abs();
    Some(format!("{sign}{}.{}%", size / 10, size % 10))
}

/// An instant of the store.
pub fn instant(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap_or_default()
}

/// A query of these pairs, empty ones left out; begins with `?` unless it is empty.
pub fn query(pairs: &[(&str, &str)]) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in pairs.iter().filter(|(_, value)| !value.is_empty()) {
        query.append_pair(name, value);
    }
    let query = query.finish();
    if query.is_empty() {
        query
    } else {
        format!("?{query}")
    }
}

/// What a refusal says to who asked; `None` where it is not theirs to repair.
pub fn refusal(lang: Lang, error: &PayError) -> Option<String> {
    match error {
        PayError::Conflict(why) => Some(clash(lang, why)),
        PayError::Refused(detail) => Some(lang.t("pay-refused").with("detail", detail).to_string()),
        PayError::Input(fault) => {
            let detail = input_fault(lang, fault);
            Some(lang.t("pay-refused").with("detail", detail).to_string())
        }
        PayError::Unable(why) => Some(
            lang.t("pay-refused")
                .with("detail", unable(lang, why))
                .to_string(),
        ),
        PayError::Wrong(list) => {
            let all: Vec<&str> = list.iter().map(|w| w.detail.as_str()).collect();
            Some(lang.t("pay-wrong").with("detail", all.join("; ")).to_string())
        }
        PayError::Forbidden(_) => Some(lang.t("pay-not-you").to_string()),
        PayError::NotFound(_) | PayError::Store(_) => None,
    }
}

/// Why something cannot be computed or closed, as Bole itself finds.
fn unable(lang: Lang, why: &Unable) -> String {
    let says = lang.word("pay-unable", why.word());
    let says = match why {
        Unable::TooMuch | Unable::BrokenOff => says,
        Unable::Guard {
            scheme,
            period: of,
            why,
        } => {
            // What the engine says of a document or an input is its own words.
            let why = match why.as_ref() {
                PayError::Input(fault) => input_fault(lang, fault),
                PayError::Unable(why) => unable(lang, why),
                other => other.to_string(),
            };
            let says = says.with("scheme", scheme).with("why", why);
            says.with("period", period(lang, of))
        }
        Unable::LeftOver {
            period: of, amount, ..
        } => {
            let says = says.with("period", period(lang, of));
            says.with("amount", i18n::yuan(*amount))
        }
    };
    says.to_string()
}

/// Why the state of things does not allow an act.
pub fn clash(lang: Lang, why: &Clash) -> String {
    let state = |state: &RunState| lang.word("run-state", state.as_str()).to_string();
    let says = lang.word("pay-clash", why.word());
    let says = match why {
        Clash::Stands { run, is, wanted } => {
            let says = says.with("run", run).with("is", state(is));
            says.with("wanted", state(wanted))
        }
        Clash::Corrected { run } | Clash::Recalculate { run } => says.with("run", run),
        Clash::Objected { open, .. } => says.n("n", *open),
        Clash::NotObjected | Clash::Busy => says,
        Clash::Clock { now, last, .. } => says.with("now", now).with("last", last),
        Clash::Missing { scheme, period: of } => says.with("scheme", scheme).with("period", period(lang, of)),
        Clash::Exists {
            period: of, is, run, ..
        } => {
            let says = says.with("run", run).with("is", state(is));
            says.with("period", period(lang, of))
        }
        Clash::Overlaps { period: of, run, .. } => says.with("run", run).with("period", period(lang, of)),
        Clash::JustNow { period: of, .. } => says.with("period", period(lang, of)),
        Clash::Exported { run, told, now } => {
            let says = says.with("run", run).with("told", i18n::yuan(*told));
            says.with("now", i18n::yuan(*now))
        }
        Clash::Risen {
            rule,
            months,
            day: from,
            ..
        } => {
            let says = says.with("rule", rule).n("months", i64::from(*months));
            says.with("day", day(lang, from))
        }
        Clash::NotHoldable
        | Clash::Held
        | Clash::NotHeld
        | Clash::ObjectedTwice
        | Clash::AppealedLate
        | Clash::OfferMoved { .. }
        | Clash::FileRecorded { .. }
        | Clash::FileOvertaken
        | Clash::FactMoved
        | Clash::Trials => says,
        Clash::ObjectedLate { until } => says.with(
            "day",
            until.map_or(String::new(), |day| i18n::day_words(lang, day)),
        ),
        Clash::Replaced { run } => says.with("run", run),
        Clash::ObjectionMoved { is, .. } => says.with("is", lang.word("objection-state", is.as_str())),
        Clash::PastReview { run, is } => says.with("run", run).with("is", state(is)),
    };
    says.to_string()
}

/// Which fact or which people a calculation was refused for.
fn input_fault(lang: Lang, fault: &InputFault) -> String {
    match fault {
        InputFault::Fact(fault) => {
            let why = match fault.cause() {
                "other" => format!("{}; {}", fault.what, fault.expected),
                cause => lang
                    .word("pay-fact-why", cause)
                    .with("found", fault.found())
                    .with("expected", &fault.expected)
                    .to_string(),
            };
            lang.t("pay-fact")
                .with("kind", label_or(lang, Some(&fault.name), &fault.kind))
                .with("place", fault.place())
                .with("day", &fault.occurred)
                .with("field", label_or(lang, Some(&fault.field.1), &fault.field.0))
                .with("why", why)
                .to_string()
        }
        InputFault::People(fault) => {
            let mut people: Vec<String> = fault
                .people
                .iter()
                .map(|(code, name)| format!("{name} ({code})"))
                .collect();
            if fault.more > 0 {
                people.push(format!("+{}", fault.more));
            }
            let comma = lang.t("shell-comma").to_string();
            lang.t("pay-people")
                .with("people", people.join(&comma))
                .with("lack", fault.lack.join(&comma))
                .with("day", i18n::date_words(lang, fault.day))
                .to_string()
        }
    }
}

/// A state of a proposal or an award as a chip.
pub fn offer_chip(lang: Lang, state: OfferState) -> Chip {
    let (kind, icon) = match state {
        OfferState::Open => ("warn", "clock"),
        OfferState::Accepted => ("warn", "check"),
        OfferState::Declined => ("", "cross"),
        OfferState::HandedOver => ("good", "check"),
    };
    Chip::new(kind, icon, lang.word("offer-state", state.as_str()))
}

/// A proposal's or award's words: common ones as people say them, a document's own as they are.
pub fn offer_what(lang: Lang, offer: &Offer) -> String {
    let what = &offer.says.what;
    let word = offer_word(lang, what).unwrap_or_else(|| what.clone());
    let quantity = &offer.says.quantity;
    // A rise is an amount a month; whoever decides on it reads it as one.
    match Money::parse(quantity) {
        Ok(amount) if what == "pay_rise" || what == "pay.rise" => format!("{word} {}", i18n::yuan(amount)),
        _ => i18n::amounts(&format!("{word} {quantity}")),
    }
}

/// What people call the kind of a proposal or the unit of an award; keys of texts have no point.
fn offer_word(lang: Lang, what: &str) -> Option<String> {
    let word = lang.try_word("offer-what", what.replace('.', "_"))?;
    Some(word.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_of_the_paper_are_left_out_and_brackets_that_say_something_stay() {
        for (text, plain) in [
            ("线索 (T5)", "线索"),
            ("离职后的回款不算 (GC-15)：¥1.00", "离职后的回款不算：¥1.00"),
            ("奖金 (税前) (R5) (A12)", "奖金 (税前)"),
            ("比上月 (+4.6%)", "比上月 (+4.6%)"),
            ("没有 (", "没有 ("),
            ("(T5) 在前", "(T5) 在前"),
            ("ABC (ABC1) (5)", "ABC (ABC1) (5)"),
        ] {
            assert_eq!(uncoded(text), plain);
        }
    }

    #[test]
    fn changes_carry_their_sign_and_shares_one_decimal() {
        assert_eq!(change(120_000), "+1,200.00");
        assert_eq!(change(-5), "−0.05");
        assert_eq!(change(0), "0.00");
        assert_eq!(percent(1_046, 1_000).as_deref(), Some("+4.6%"));
        assert_eq!(percent(500, 1_000).as_deref(), Some("−50.0%"));
        assert_eq!(percent(1, 0), None);
        assert_eq!(percent(0, -10).as_deref(), Some("+100.0%"));
    }

    #[test]
    fn every_kind_of_proposal_and_award_of_the_schemes_built_in_has_a_word() {
        let mut seen = 0;
        for (name, text) in crate::app::pay::builtin_texts() {
            let document: toml::Table = text.parse().unwrap();
            for step in document["step"].as_array().unwrap() {
                let of = match step.get("as").and_then(toml::Value::as_str) {
                    Some("award") => "unit",
                    Some("proposal") => "proposal",
                    _ => continue,
                };
                // A join's own name may be one of these words, too.
                if step["do"].as_str() != Some("emit") {
                    continue;
                }
                seen += 1;
                let what = step[of].as_str().unwrap();
                for lang in Lang::ALL {
                    assert!(
                        offer_word(lang, what).is_some(),
                        "{name}: offer-what-{what} in {lang:?}"
                    );
                }
            }
        }
        assert!(seen > 50, "{seen} found");
        assert_eq!(offer_word(Lang::Zh, "firms_own"), None);
    }

    /// Every reason, with figures that have no letters.
    fn reasons() -> Vec<Clash> {
        let (is, wanted) = (RunState::Paid, RunState::Closed);
        let until = Some(jiff::civil::Date::constant(2026, 11, 3));
        let objection = crate::storage::pay::ObjectionState::Declined;
        let (run, money) = (7, Money::from_minor(100));
        let text = String::new;
        vec![
            Clash::Stands { run, is, wanted },
            Clash::Corrected { run },
            Clash::Recalculate { run },
            Clash::NotObjected,
            Clash::Objected { run, open: 2 },
            Clash::Busy,
            Clash::Clock {
                now: text(),
                last: text(),
                what: "",
            },
            Clash::Missing {
                scheme: text(),
                period: text(),
            },
            Clash::Exists {
                scheme: text(),
                period: text(),
                is,
                run,
            },
            Clash::Overlaps {
                scheme: text(),
                period: text(),
                run,
            },
            Clash::JustNow {
                scheme: text(),
                period: text(),
            },
            Clash::Exported {
                run,
                told: money,
                now: money,
            },
            Clash::Risen {
                person: text(),
                rule: text(),
                months: 12,
                day: text(),
            },
            Clash::NotHoldable,
            Clash::Held,
            Clash::NotHeld,
            Clash::ObjectedLate { until },
            Clash::ObjectedLate { until: None },
            Clash::ObjectedTwice,
            Clash::Replaced { run },
            Clash::AppealedLate,
            Clash::ObjectionMoved {
                objection: 3,
                is: objection,
            },
            Clash::PastReview { run, is },
            Clash::OfferMoved { offer: 3 },
            Clash::FileRecorded { file: 3 },
            Clash::FileOvertaken,
            Clash::FactMoved,
            Clash::Trials,
        ]
    }

    #[test]
    fn every_reason_why_not_is_said_in_the_language_of_the_page_alone() {
        let is_chinese = |c: char| ('\u{4e00}'..='\u{9fff}').contains(&c);
        let unable = [
            Unable::TooMuch,
            Unable::BrokenOff,
            Unable::Guard {
                scheme: String::new(),
                period: String::new(),
                why: Box::new(PayError::Unable(Unable::BrokenOff)),
            },
            Unable::LeftOver {
                scheme: String::new(),
                period: String::new(),
                amount: Money::from_minor(100),
            },
        ];
        let errors = reasons().into_iter().map(PayError::Conflict);
        for error in errors.chain(unable.into_iter().map(PayError::Unable)) {
            let [zh, en] = Lang::ALL.map(|lang| refusal(lang, &error).unwrap());
            assert!(zh.chars().any(is_chinese), "{zh}");
            assert!(!zh.chars().any(|c| c.is_ascii_alphabetic()), "{error}: {zh}");
            assert!(!en.chars().any(is_chinese), "{error}: {en}");
            let page = crate::web::Problem::from(error).said.unwrap();
            assert_eq!(*page, (zh, en), "the page of the error says the same");
        }
    }

    #[test]
    fn queries_leave_out_what_is_empty() {
        assert_eq!(query(&[("who", ""), ("sort", "")]), "");
        assert_eq!(query(&[("who", "a b&c"), ("page", "2")]), "?who=a+b%26c&page=2");
    }
}
