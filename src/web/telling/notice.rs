//! A notice as a sentence, and where it leads.

use serde_json::Value;

use crate::domain::Period;
use crate::tell::NoticeKind;
use crate::web::cause::reason_words;
use crate::web::crm_words::crm_words;
use crate::web::i18n::{Lang, day_words, label_words};

/// What a notice says, on one or two lines.
pub fn sentence(lang: Lang, kind: NoticeKind, facts: &Value) -> String {
    let word = |name: &str| facts[name].as_str().unwrap_or("—").to_owned();
    let number = |name: &str| facts[name].as_i64().unwrap_or_default();
    let period = |name: &str| label_words(lang, &word(name));
    let text = match kind {
        NoticeKind::ClickValid => lang.t("told-click-valid").to_string(),
        NoticeKind::ClaimDecided => lang
            .t("told-claim-decided")
            .with("claim", number("claim"))
            .with("state", lang.word("claim-state", word("state")))
            .to_string(),
        NoticeKind::PointsExpiring => {
            let on = word("on");
            let day = on.parse().map_or(on, |day| day_words(lang, day));
            lang.t("told-points-expiring")
                .n("points", number("points"))
                .with("day", day)
                .to_string()
        }
        NoticeKind::BoardFrozen => lang
            .t("told-board-frozen")
            .with("period", period("period"))
            .n("rank", number("rank"))
            .n("of", number("of"))
            .to_string(),
        NoticeKind::PayoutClosed => lang
            .t("told-payout-closed")
            .with("scheme", word(lang.as_str()))
            .with("period", period("period"))
            .to_string(),
        // An answer that decides nothing leaves the objection open.
        NoticeKind::ObjectionAnswered => match word("state").as_str() {
            state @ ("accepted" | "declined" | "dismissed") => lang
                .t("told-objection-answered")
                .with("state", lang.word("objection-state", state))
                .to_string(),
            _ => lang.t("told-objection-reply").to_string(),
        },
        NoticeKind::OrderMoved => lang
            .t("told-order-moved")
            .with("item", word("item"))
            .with("state", order_state(lang, &word("state")))
            .to_string(),
        NoticeKind::PointsDecided => lang
            .t("told-points-decided")
            .n("points", number("points"))
            .to_string(),
        NoticeKind::ConversionMoved => {
            let on = word("on");
            let day = on.parse().map_or(on, |day| day_words(lang, day));
            let kind = lang.word("told-conversion", word("conversion")).to_string();
            lang.word("told-moved", word("state"))
                .with("kind", kind)
                .with("day", day)
                .to_string()
        }
        NoticeKind::RulesChanged => lang
            .t("told-rules-changed")
            .with("version", number("version"))
            .to_string(),
    };
    match facts["reason"].as_str().filter(|reason| !reason.is_empty()) {
        Some(reason) => {
            let reason = reason_words(lang, &crm_words(lang, reason));
            format!("{text}{}{reason}", lang.t("told-reason"))
        }
        None => text,
    }
}

/// The state of an order in words; one nobody knows stands as it is.
fn order_state(lang: Lang, state: &str) -> String {
    match state {
        "ordered" | "handed" | "expired" | "cancelled" => lang.word("order-state", state).to_string(),
        other => other.to_owned(),
    }
}

/// The page it leads to, a path.
pub fn leads_to(kind: NoticeKind, facts: &Value) -> String {
    match kind {
        NoticeKind::ClaimDecided => format!("/app/claims/{}", facts["claim"].as_i64().unwrap_or_default()),
        NoticeKind::BoardFrozen => {
            let label = facts["period"].as_str().unwrap_or_default();
            match Period::parse(label) {
                Ok(period) => format!("/app/board?period={}", period.label()),
                Err(_) => "/app/board".to_owned(),
            }
        }
        NoticeKind::RulesChanged => "/app/rules".to_owned(),
        NoticeKind::ObjectionAnswered => match facts["objection"].as_i64() {
            Some(id) => format!("/app/income/objections/{id}"),
            None => "/app/income".to_owned(),
        },
        NoticeKind::PayoutClosed => "/app/income".to_owned(),
        NoticeKind::OrderMoved | NoticeKind::PointsExpiring => "/app/shop".to_owned(),
        NoticeKind::ClickValid | NoticeKind::PointsDecided | NoticeKind::ConversionMoved => {
            "/app/results".to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_kind_is_said_in_both_languages_with_its_values() {
        for lang in Lang::ALL {
            for kind in NoticeKind::ALL {
                // Each kind has states of its own; what is no state of it would print as the family's fallback.
                let state = match kind {
                    NoticeKind::OrderMoved => "handed",
                    NoticeKind::ObjectionAnswered => "declined",
                    _ => "rejected",
                };
                let facts = json!({
                    "claim": 7, "state": state, "reason": "查无此单", "points": 35, "on": "2027-12-31", "zh": "销售提成",
                    "en": "Sales commission", "period": "2026-W46", "rank": 3, "of": 12, "item": "咖啡券", "version": 2,
                    "conversion": "sale",
                });
                let text = sentence(lang, kind, &facts);
                assert!(
                    !text.contains("Unknown") && !text.contains('{') && !text.contains('—'),
                    "{kind}: {text}"
                );
                assert!(text.contains("查无此单"), "{text}");
                assert!(leads_to(kind, &facts).starts_with("/app/"), "{kind}");
            }
        }
        for (kind, state, words) in [
            (NoticeKind::OrderMoved, "handed", "兑换的咖啡券：已发放"),
            (NoticeKind::OrderMoved, "cancelled", "兑换的咖啡券：已取消"),
            (
                NoticeKind::ObjectionAnswered,
                "accepted",
                "你的申诉有了答复：成立",
            ),
            (NoticeKind::ObjectionAnswered, "open", "你的申诉有新回复"),
        ] {
            let facts = json!({ "item": "咖啡券", "state": state, "objection": 4 });
            assert_eq!(sentence(Lang::Zh, kind, &facts), words);
        }
        let facts = json!({ "objection": 4 });
        assert_eq!(
            leads_to(NoticeKind::ObjectionAnswered, &facts),
            "/app/income/objections/4"
        );
        let facts = json!({ "period": "2026-W46", "rank": 3, "of": 12 });
        assert_eq!(
            sentence(Lang::Zh, NoticeKind::BoardFrozen, &facts),
            "第46周龙虎榜已定榜，你排第 3 名（共 12 人）"
        );
        assert_eq!(
            leads_to(NoticeKind::BoardFrozen, &facts),
            "/app/board?period=2026-W46"
        );
        let odd = json!({ "period": "x\"><script>" });
        assert_eq!(leads_to(NoticeKind::BoardFrozen, &odd), "/app/board");
    }
}
