//! The pages printed from samples.

use askama::Template;
use jiff::civil::date;

use super::claim::{ClaimPage, Credit};
use super::contest::ContestPage;
use super::form::ClaimForm;
use super::new::{NewPage, Taken};
use super::view::{FileView, Line, State};
use super::{ListPage, Row};
use crate::app::Wrong;
use crate::attribution::claim::{ClaimState, ClaimStep};
use crate::domain::Money;
use crate::web::Upload;
use crate::web::i18n::Lang;
use crate::web::pages::check_sample;
use crate::web::shell::{Place, Shell};
use crate::web::ui::Field;

fn shell(lang: Lang) -> Shell {
    Shell::sample(lang, Place::Claims)
}

/// Lines as a claim collects them.
pub fn lines(s: &Shell) -> Vec<Line> {
    let steps = [
        (ClaimStep::NeedsInformation, "聊天记录呢？"),
        (ClaimStep::Filed, ""),
    ];
    let line = |(n, (step, reason)): (usize, (ClaimStep, &str))| Line {
        what: s.word("claim-step", step).to_string(),
        who: s.t("claim-who-me").to_string(),
        time: s.moment.time("2026-11-20T06:20:00Z".parse().unwrap()),
        reason: reason.into(),
        now: n == 0,
    };
    steps.into_iter().enumerate().map(line).collect()
}

#[test]
fn the_list_shows_each_claim_with_its_state_and_begins_with_one_action() {
    for lang in Lang::ALL {
        let row = |status: &ClaimState| Row {
            id: 7,
            customer: "罗女士 <b>".into(),
            bought: "12 次卡".into(),
            day: "11月19日".into(),
            amount: Money::from_minor(598_000),
            state: State::of(lang, *status),
        };
        let mut page = ListPage {
            s: shell(lang),
            rows: ClaimState::ALL.iter().map(row).collect(),
            previous: None,
            next: Some("/app/claims?before=3".into()),
            done: Some(lang.word("claim-done", "contested").to_string()),
        };
        let html = page.render().unwrap();
        check_sample("claims", &html, lang);
        assert!(
            html.contains("¥5,980.00") && html.contains("罗女士 &#60;b&#62;"),
            "{html}"
        );
        page.rows.clear();
        check_sample("claims-empty", &page.render().unwrap(), lang);
    }
}

#[test]
fn the_form_keeps_what_was_typed_and_says_at_each_field_what_is_wrong() {
    for lang in Lang::ALL {
        let mut sent = Upload::default();
        for (name, text) in [("contact", "1381902746"), ("amount", "5千9百8"), ("kind", "sale")] {
            sent.texts.insert(name.into(), text.into());
        }
        let mut f = ClaimForm::of(&sent);
        let input = f.read(lang, "z3".into(), date(2026, 11, 20));
        assert_eq!(input.phone.as_deref(), Some("1381902746"));
        let pointers = [
            "/customer/name",
            "/customer/phone",
            "/bought",
            "/amount",
            "/order",
            "/occurred_on",
            "/story",
        ];
        f.refuse(lang, &pointers.map(|p| Wrong::at(p, "english only")));
        f.files = f
            .files
            .wrong(lang.t("claim-wrong-file").with("names", "收据.heic"));
        let page = NewPage {
            s: shell(lang),
            f,
            taken: Some(Taken {
                id: 3,
                same_order: true,
                own: false,
                reason: Field::new("reason", "我聊了三周").id("reason"),
            }),
            hold_days: 30,
        };
        let html = page.render().unwrap();
        check_sample("claim-form", &html, lang);
        assert!(
            html.contains("5千9百8") && !html.contains("english only"),
            "{html}"
        );
        assert_eq!(html.matches("aria-invalid=\"true\"").count(), 8, "{html}");
        let form = NewPage {
            f: ClaimForm::new(date(2026, 11, 20)),
            taken: None,
            ..page
        };
        check_sample("claim-new", &form.render().unwrap(), lang);
    }
}

#[test]
fn a_claim_says_where_it_stands_and_what_is_asked() {
    for lang in Lang::ALL {
        let s = shell(lang);
        let mut page = ClaimPage {
            id: 7,
            state: State::of(lang, ClaimState::NeedsInformation),
            customer: "罗女士".into(),
            contact: Some("13800138000".into()),
            is_lead: false,
            bought: "12 次卡".into(),
            amount: Money::from_minor(598_000),
            order: Some("SO-17".into()),
            day: date(2026, 11, 19),
            story: "=1+1\n<script>alert(1)</script>".into(),
            held_until: Some("2026-12-19T08:20:00Z".parse().unwrap()),
            question: Some("聊天记录呢？".into()),
            rejected: None,
            credit: None,
            files: vec![FileView {
                name: "聊天.png".into(),
                size: "812 KB".into(),
                href: "/app/claims/7/files/1".into(),
            }],
            room: 2,
            lines: lines(&s),
            answer: Field::empty("answer").wrong(lang.t("claim-wrong-text")),
            reason: Field::empty("reason"),
            more: Field::empty("files").wrong(lang.t("claim-wrong-none")),
            done: Some(lang.word("claim-done", "filed").to_string()),
            notice: Some(lang.t("claim-moved").to_string()),
            s,
        };
        let html = page.render().unwrap();
        check_sample("claim-asked", &html, lang);
        assert!(html.contains("&#60;script&#62;alert(1)"), "{html}");
        page.question = None;
        page.rejected = Some("查不到".into());
        check_sample("claim-rejected", &page.render().unwrap(), lang);
        page.rejected = None;
        page.room = 0;
        page.credit = Some(Credit {
            kind: "warn",
            icon: "clock",
            word: lang.word("verdict", "waiting").to_string(),
            amount: Money::from_minor(598_000),
            why: "…".into(),
        });
        check_sample("claim-credited", &page.render().unwrap(), lang);
        let contest = ContestPage {
            s: shell(lang),
            id: 3,
            reason: Field::empty("reason").wrong(lang.t("claim-wrong-text")),
            notice: Some(lang.t("claim-contest-late").to_string()),
        };
        check_sample("claim-contest", &contest.render().unwrap(), lang);
    }
}

#[test]
fn every_step_and_state_is_put_in_words() {
    for lang in Lang::ALL {
        let steps = ClaimStep::ALL.iter().map(|s| lang.word("claim-step", s));
        let states = ClaimState::ALL.iter().map(|s| lang.word("claim-state", s));
        let done = ["filed", "known", "answered", "attached", "appealed", "contested"];
        let done = done.map(|d| lang.word("claim-done", d));
        for text in steps.chain(states).chain(done) {
            assert!(!text.to_string().contains("Unknown"), "{text}");
        }
    }
}
