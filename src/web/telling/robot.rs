//! Events in a group chat, in Chinese: such robots live in WeCom, Feishu and DingTalk.

use serde_json::Value;

use crate::app::deliver::RobotWords;
use crate::domain::Money;
use crate::tell::Event;
use crate::web::i18n::{Lang, label_words, money, yuan};

/// The language of group chats.
const LANG: Lang = Lang::Zh;

/// The words of group chats.
pub struct GroupWords {
    /// Where people look it up: the app's address without trailing slash.
    pub base: String,
}

impl RobotWords for GroupWords {
    fn text(&self, event: Event, data: &Value) -> String {
        let lang = LANG;
        // What was filed before there were names has codes only.
        let text = |names: [&str; 2]| names.into_iter().find_map(|name| data[name].as_str());
        let word = |names: [&str; 2]| text(names).unwrap_or("—").to_owned();
        let who =
            |names: [&str; 2]| text(names).map_or_else(|| lang.t("robot-nobody").to_string(), str::to_owned);
        let (text, path) = match event {
            Event::ClickValid => (
                lang.t("robot-click-valid")
                    .with("who", who(["employee_name", "employee"]))
                    .with("campaign", word(["campaign_name", "campaign"]))
                    .to_string(),
                "/app/board",
            ),
            Event::LeadCreated => (
                lang.t("robot-lead-created")
                    .with("who", who(["credited_name", "credited_to"]))
                    .to_string(),
                "/app/board",
            ),
            Event::SaleCreated => (
                lang.t("robot-sale-created")
                    .with("who", who(["credited_name", "credited_to"]))
                    .with("amount", amount(data))
                    .to_string(),
                "/app/board",
            ),
            Event::SaleRefunded => (
                lang.t("robot-sale-refunded")
                    .with("order", word(["conversion", "external_id"]))
                    .with("amount", amount(data))
                    .to_string(),
                "/app/board",
            ),
            Event::ClaimDecided => (
                lang.t("robot-claim-decided")
                    .with("who", who(["employee_name", "employee"]))
                    .n("claim", data["id"].as_i64().unwrap_or_default())
                    .with(
                        "state",
                        lang.word("claim-state", data["status"].as_str().unwrap_or("—")),
                    )
                    .to_string(),
                "/app/claims",
            ),
            Event::BoardFrozen => (board(lang, data), "/app/board"),
            Event::PayoutClosed => (payout(lang, "closed", data), "/app/income"),
            Event::PayoutPaid => (payout(lang, "paid", data), "/app/income"),
        };
        format!("{text}\n{}{path}", self.base)
    }
}

/// Scheme and period only: a group is no place for what somebody earns.
fn payout(lang: Lang, step: &str, data: &Value) -> String {
    let named = data["scheme_name"][lang.as_str()].as_str();
    lang.word("robot-payout", step)
        .with("scheme", named.or(data["scheme"].as_str()).unwrap_or("—"))
        .with(
            "period",
            label_words(lang, data["period"].as_str().unwrap_or("—")),
        )
        .to_string()
}

/// An amount of yuan with its sign; of other money, with its word.
fn amount(data: &Value) -> String {
    let text = data["amount"].as_str().unwrap_or("—");
    let currency = data["currency"].as_str().unwrap_or("CNY");
    match Money::parse(text) {
        Ok(amount) if currency == "CNY" => yuan(amount),
        Ok(amount) => format!("{} {currency}", money(amount)),
        Err(_) => format!("{text} {currency}"),
    }
}

fn board(lang: Lang, data: &Value) -> String {
    let period = label_words(lang, data["period"]["label"].as_str().unwrap_or("—"));
    let mut lines = vec![lang.t("robot-board-frozen").with("period", period).to_string()];
    for place in data["best"].as_array().into_iter().flatten() {
        let line = lang
            .t("robot-board-place")
            .n("rank", place["rank"].as_i64().unwrap_or_default())
            .with("name", place["name"].as_str().unwrap_or("—"))
            .n("points", place["value"].as_i64().unwrap_or_default());
        lines.push(line.to_string());
    }
    lines.join("\n")
}
