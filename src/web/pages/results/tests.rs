//! The page printed from samples.

use uuid::Uuid;

use super::*;
use crate::app::results::{Event, TrendDay};
use crate::domain::{Class, ClickId, ClickReason, Counts, EmployeeId};
use crate::storage::results::ClickEvent;

fn day(day: i8, valid: i64, before: i64) -> TrendDay {
    let counts = |valid| Counts {
        valid,
        ..Counts::default()
    };
    TrendDay {
        day: jiff::civil::date(2026, 11, day),
        counts: counts(valid),
        before: Some(counts(before)),
    }
}

fn sample(empty: bool) -> Results {
    let counts = Counts {
        requests: 128,
        human: 96,
        valid: 47,
        leads: 3,
        sales: 2,
        amount: 357_800,
        points: 285,
    };
    Results {
        first: jiff::civil::date(2026, 11, 16),
        end: jiff::civil::date(2026, 11, 23),
        counts: if empty { Counts::default() } else { counts },
        before: Some(Counts {
            valid: 31,
            points: 240,
            ..Counts::default()
        }),
        days: vec![
            day(16, 6, 5),
            day(17, 11, 4),
            day(18, 8, 9),
            day(19, 13, 7),
            day(20, 9, 6),
        ],
        balance: 1_285,
    }
}

fn words(lang: Lang) -> event::Words {
    event::Words {
        lang,
        moment: Shell::sample(lang, Place::Results).moment,
        me: EmployeeId(7),
        dwell_limit: "30".into(),
        points_per_click: 5,
    }
}

fn click(class: Class, reason: ClickReason, dwell_ms: Option<i64>, valid: bool, earned: bool) -> Event {
    Event::Click(ClickEvent {
        id: ClickId(Uuid::max()),
        at: 1_795_143_720_000,
        link: "w7kx3rp".into(),
        campaign: "冬季焕肤季".into(),
        channel: "wechat-moments".into(),
        class,
        reason,
        credited: Some(EmployeeId(7)),
        indirect: false,
        dwell_ms,
        valid,
        earned,
        scan: false,
    })
}

fn some_events(lang: Lang) -> Vec<EventView> {
    let words = words(lang);
    [
        click(Class::Human, ClickReason::Person, Some(41_200), true, true),
        click(Class::Human, ClickReason::Person, Some(18_400), false, false),
        click(Class::Human, ClickReason::Person, None, false, false),
        click(Class::Preview, ClickReason::PreviewAgent, None, false, false),
        click(Class::Suspect, ClickReason::Scanner, None, false, false),
    ]
    .iter()
    .map(|e| words.of(e))
    .collect()
}

#[test]
fn the_page_says_the_number_first_and_why_each_event_counted_or_not() {
    for lang in Lang::ALL {
        let s = Shell::sample(lang, Place::Results);
        let pending = vec![Pending {
            state: lang.t("pending-held").to_string(),
            words: lang
                .t("pending-held-words")
                .n("leads", 1_i64)
                .n("sales", 0_i64)
                .to_string(),
            amount: "¥0.00".into(),
        }];
        let full = page(
            s.clone(),
            Span::Week,
            &sample(false),
            pending,
            some_events(lang),
            Some("x_1_2_3".into()),
        );
        let html = full.render().unwrap();
        crate::web::pages::check_sample("results", &html, lang);
        let main = html.find("figure-main").unwrap();
        assert!(main < html.find("class=\"chart\"").unwrap(), "the number first");
        assert!(html.contains("¥3,578.00") && html.contains("1,285"), "{html}");
        let empty = page(s, Span::Week, &sample(true), Vec::new(), Vec::new(), None);
        crate::web::pages::check_sample("results-empty", &empty.render().unwrap(), lang);
    }
    let html = page(
        Shell::sample(Lang::Zh, Place::Results),
        Span::Week,
        &sample(false),
        Vec::new(),
        some_events(Lang::Zh),
        None,
    )
    .render()
    .unwrap();
    assert!(html.contains("停留 18 秒。要超过 30 秒才算有效。"), "{html}");
    assert!(html.contains("上周同期 240，+45"), "{html}");
}

#[test]
fn every_reason_a_click_can_have_is_put_in_words() {
    for lang in Lang::ALL {
        for reason in ClickReason::ALL {
            let why = words(lang).of(&click(Class::Bot, reason, None, false, false)).why;
            assert!(
                !why.is_empty() && !why.contains("Unknown localization"),
                "{reason:?}: {why}"
            );
        }
        for rule in crate::points::Rule::ALL {
            let word = lang.word("event-rule", rule.as_str()).to_string();
            assert!(!word.contains("Unknown"), "{word}");
        }
        for word in [
            "counted", "not", "waiting", "checking", "rejected", "refunded", "indirect", "taken", "spent",
        ] {
            let word = lang.word("verdict", word).to_string();
            assert!(!word.contains("Unknown"), "{word}");
        }
    }
}
