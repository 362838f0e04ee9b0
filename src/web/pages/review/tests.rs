//! The pages printed from samples.

use askama::Template;

use super::case::{Case, Contest, Other};
use super::compare::{Item, Table};
use super::crm::{CrmPage, Report};
use super::queue::{ReviewPage, Row};
use crate::attribution::claim::{ClaimState, ClaimStep};
use crate::domain::Money;
use crate::web::i18n::Lang;
use crate::web::pages::check_sample;
use crate::web::pages::claims::view::{FileView, State};
use crate::web::shell::{Place, Shell};
use crate::web::ui::{Field, Opt};

fn case(s: &Shell) -> Case {
    let lang = s.lang;
    let time = || s.moment.time("2026-11-20T06:20:00Z".parse().unwrap());
    let item = |kind: &'static str, icon: &'static str, word: &str| Item {
        name: s.t("claim-order").to_string(),
        claim: "SO-17".into(),
        other: "<i>SO-18".into(),
        kind,
        icon,
        verdict: s.word("review-match", word).to_string(),
    };
    Case {
        id: 7,
        person: "张晓雯".into(),
        code: "zhang".into(),
        customer: Some("罗女士".into()),
        phone: Some("13800138000".into()),
        email: None,
        state: State::of(lang, ClaimState::Appealed),
        filed: time(),
        held_until: Some("12月19日 16:20".into()),
        facts: vec![("订单号".into(), "SO-17".into())],
        story: "聊了三周".into(),
        files: vec![FileView {
            name: "聊天.png".into(),
            size: "812 KB".into(),
            href: "/app/claims/7/files/1".into(),
        }],
        tables: vec![Table {
            title: s.t("review-record").with("id", "OPP-1").to_string(),
            head: s.t("review-record-head").to_string(),
            items: vec![item("good", "check", "same"), item("warn", "alert", "different")],
        }],
        order: "SO-17".into(),
        others: vec![Other {
            id: 8,
            person: "李梦".into(),
            state: State::of(lang, ClaimState::Rejected),
            filed: time(),
            same_deal: true,
        }],
        contests: vec![Contest {
            person: "李梦".into(),
            reason: "是我的客户".into(),
            time: time(),
        }],
        appeal_against: Some("钱程".into()),
        lines: Vec::new(),
        barred: None,
        choices: vec![
            Opt::new("verified", s.word("review-choose", ClaimStep::Overturned)),
            Opt::new("rejected", s.word("review-choose", ClaimStep::Upheld)),
        ],
        decision: Field::empty("decision").wrong(s.t("review-wrong-decision")),
        reason: Field::new("reason", "再看看").wrong(s.t("review-wrong-reason")),
    }
}

#[test]
fn the_queue_stands_beside_one_claim_with_what_agrees_and_what_does_not() {
    for lang in Lang::ALL {
        let s = Shell::sample(lang, Place::Review);
        let row = |barred: Option<&'static str>| Row {
            id: 7,
            href: "/app/review/claims/7?status=waiting".into(),
            person: "张晓雯".into(),
            bought: "12 次卡".into(),
            amount: Money::from_minor(598_000),
            filed: s.moment.time("2026-11-18T06:20:00Z".parse().unwrap()),
            state: State::of(lang, ClaimState::Submitted),
            contested: barred.is_none(),
            barred,
            current: false,
        };
        let mut page = ReviewPage {
            statuses: vec![Opt::new("waiting", lang.t("review-waiting"))],
            status: "waiting".into(),
            employee: Field::new("employee", "who").wrong(lang.t("review-nobody")),
            contested: true,
            query: "?status=waiting".into(),
            rows: vec![row(None), row(Some("own")), row(Some("first"))],
            previous: None,
            next: Some("/app/review/claims?status=waiting&page=2".into()),
            case: Some(case(&s)),
            done: Some(lang.word("review-done", ClaimState::Verified).to_string()),
            notice: Some(lang.t("review-credited").to_string()),
            s: s.clone(),
        };
        let html = page.render().unwrap();
        check_sample("review-claim", &html, lang);
        assert!(
            html.contains("<mark>&#60;i&#62;SO-18</mark>") && html.contains("钱程"),
            "{html}"
        );
        if let Some(case) = &mut page.case {
            case.barred = Some("own");
            case.choices.clear();
            case.tables.clear();
        }
        check_sample("review-own", &page.render().unwrap(), lang);
        page.case = None;
        check_sample("review", &page.render().unwrap(), lang);
        page.rows.clear();
        check_sample("review-empty", &page.render().unwrap(), lang);
    }
}

#[test]
fn an_import_is_reported_line_by_line() {
    for lang in Lang::ALL {
        let page = CrmPage {
            s: Shell::sample(lang, Place::Crm),
            f: super::crm::sample(lang),
            file: Field::empty("file").wrong(lang.t("crm-file-none")),
            report: Some(Report {
                encoding: "GB18030".into(),
                created: 12,
                known: 3,
                rejected: 1,
                lines: vec![(4, lang.word("crm-wrong", "occurred_on").to_string())],
                ignored: Some("备注".into()),
            }),
            done: Some(lang.word("crm-done", "new").to_string()),
            verified: vec![7],
        };
        check_sample("crm", &page.render().unwrap(), lang);
    }
}

#[test]
fn every_verdict_state_and_wrong_column_is_put_in_words() {
    for lang in Lang::ALL {
        let matches = [
            "same",
            "different",
            "missing",
            "free",
            "theirs",
            "credited",
            "claimant",
            "other",
            "several",
            "unknown",
            "nobody",
            "self",
            "not-self",
            "first",
            "late",
        ];
        let columns = [
            "external_id",
            "customer",
            "order",
            "source_note",
            "created_by",
            "occurred_on",
            "content",
            "line",
        ];
        let texts = matches
            .map(|w| lang.word("review-match", w))
            .into_iter()
            .chain(columns.map(|w| lang.word("crm-wrong", w)))
            .chain(ClaimState::ALL.iter().map(|s| lang.word("review-done", s)))
            .chain(["own", "first"].map(|w| lang.word("review-barred-words", w)));
        for text in texts {
            assert!(!text.to_string().contains("Unknown"), "{text}");
        }
    }
}
