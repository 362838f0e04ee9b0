//! Events in a group chat, in Chinese: such robots live in WeCom, Feishu and DingTalk.

use serde_json::Value;

use crate::app::deliver::RobotWords;
use crate::domain::Period;
use crate::tell::Event;
use crate::web::i18n::{Lang, period_words};

/// The words of group chats.
pub struct GroupWords {
    /// The language of the firm's groups.
    pub lang: Lang,
    /// Where people look it up: the app's address without trailing slash.
    pub base: String,
}

impl RobotWords for GroupWords {
    fn text(&self, event: Event, data: &Value) -> String {
        let lang = self.lang;
        let word = |name: &str| data[name].as_str().unwrap_or("—").to_owned();
        let who = |name: &str| {
            data[name]
                .as_str()
                .map_or_else(|| lang.t("robot-nobody").to_string(), str::to_owned)
        };
        let amount = || {
            format!(
                "{} {}",
                word("amount"),
                data["currency"].as_str().unwrap_or_default()
            )
        };
        let (text, path) = match event {
            Event::ClickValid => (
                lang.t("robot-click-valid")
                    .with("who", who("employee"))
                    .with("campaign", word("campaign"))
                    .to_string(),
                "/app/board",
            ),
            Event::LeadCreated => (
                lang.t("robot-lead-created")
                    .with("who", who("credited_to"))
                    .to_string(),
                "/app/board",
            ),
            Event::SaleCreated => (
                lang.t("robot-sale-created")
                    .with("who", who("credited_to"))
                    .with("amount", amount())
                    .to_string(),
                "/app/board",
            ),
            Event::SaleRefunded => (
                lang.t("robot-sale-refunded")
                    .with("order", word("conversion"))
                    .with("amount", amount())
                    .to_string(),
                "/app/board",
            ),
            Event::ClaimDecided => (
                lang.t("robot-claim-decided")
                    .with("who", who("employee"))
                    .n("claim", data["id"].as_i64().unwrap_or_default())
                    .with("state", lang.word("claim-state", word("status")))
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
    let word = |name: &str| data[name].as_str().unwrap_or("—");
    lang.word("robot-payout", step)
        .with("scheme", word("scheme"))
        .with("period", word("period"))
        .to_string()
}

fn board(lang: Lang, data: &Value) -> String {
    let label = data["period"]["label"].as_str().unwrap_or("—");
    let period = Period::parse(label).map_or_else(|_| label.to_owned(), |period| period_words(lang, &period));
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
