//! A board's values as they are printed.

use std::collections::HashMap;

use crate::app::board::{Board, BoardRow};
use crate::domain::Money;
use crate::ranking::{By, Metric, Value};
use crate::web::i18n::{Lang, decimal, grouped, signed, yuan};

/// A row as it is printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowView {
    pub rank: i64,
    pub name: String,
    /// A person's team; a team's members and total.
    pub small: String,
    pub moved: Option<i64>,
    /// Of the first one's value, 0 to 100.
    pub percent: i64,
    pub value: String,
    pub mine: bool,
    /// What changed since the board froze.
    pub restated: Option<String>,
}

/// My place as it is printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MineView {
    pub rank: i64,
    pub value: String,
    pub moved: Option<i64>,
    /// How far the next place is, and what would reach it.
    pub distance: String,
}

/// How a board's values are printed, and measured against its best.
pub struct Scale<'a> {
    lang: Lang,
    metric: Metric,
    by: By,
    best: i128,
    teams: &'a HashMap<i64, String>,
}

impl<'a> Scale<'a> {
    pub fn of(lang: Lang, board: &Board, teams: &'a HashMap<i64, String>) -> Self {
        Self {
            lang,
            metric: board.metric,
            by: board.by,
            best: board.rows.iter().map(|r| r.value.hundredths()).max().unwrap_or(0),
            teams,
        }
    }

    /// `415`, `203.0`, `¥1,204.00`.
    pub fn value(&self, value: Value) -> String {
        match (self.metric, self.by) {
            (Metric::Sales, _) => yuan(Money::from_minor(value.rounded())),
            (_, By::Employee) => grouped(value.rounded()),
            (_, By::Team) => decimal(i64::try_from(value.hundredths()).unwrap_or(i64::MAX), 1),
        }
    }

    /// The same with its unit.
    fn amount(&self, value: Value) -> String {
        let number = self.value(value);
        self.lang
            .word("board-amount", self.metric)
            .with("n", number)
            .to_string()
    }

    pub fn row(&self, row: &BoardRow) -> RowView {
        let name = if row.name == "*" {
            self.lang.t("board-hidden").to_string()
        } else {
            row.name.clone()
        };
        let name = match (row.mine, self.by) {
            (false, _) => name,
            (true, By::Employee) => self.lang.t("board-me").with("name", name).to_string(),
            (true, By::Team) => self.lang.t("board-my-team").with("name", name).to_string(),
        };
        let small = match self.by {
            By::Employee => self.teams.get(&row.subject).cloned().unwrap_or_default(),
            By::Team => {
                let total = Value::whole(row.value.total());
                let total = match self.metric {
                    Metric::Sales => yuan(Money::from_minor(total.total())),
                    _ => grouped(total.total()),
                };
                let words = self.lang.t("board-team").with("total", total);
                words.n("members", row.value.members()).to_string()
            }
        };
        let percent = if self.best > 0 {
            row.value.hundredths() * 100 / self.best
        } else {
            0
        };
        RowView {
            rank: row.rank,
            name,
            small,
            moved: row.moved,
            percent: i64::try_from(percent.clamp(0, 100)).unwrap_or(0),
            value: self.value(row.value),
            mine: row.mine,
            restated: row.restated.map(|now| self.restated(row, now.rank, now.value)),
        }
    }

    fn restated(&self, row: &BoardRow, rank: Option<i64>, now: Value) -> String {
        if now == row.value {
            let words = self.lang.t("board-restated-place");
            return words
                .with("rank", rank.map_or("–".to_owned(), |r| r.to_string()))
                .to_string();
        }
        let change = now.rounded() - row.value.rounded();
        let change = match self.metric {
            Metric::Sales if change > 0 => format!("+{}", yuan(Money::from_minor(change))),
            Metric::Sales => yuan(Money::from_minor(change)),
            _ => signed(change),
        };
        let words = self.lang.t("board-restated").with("change", change);
        words.with("now", self.value(now)).to_string()
    }

    pub fn mine(&self, board: &Board, points_per_click: i64) -> Option<MineView> {
        let row = board.mine()?;
        let ahead = board.rows.iter().rev().find(|r| r.rank < row.rank);
        let distance = match (row.missing, ahead) {
            (Some(missing), Some(ahead)) => {
                let clicks = (missing.rounded() + points_per_click - 1) / points_per_click.max(1);
                let far = self.amount(missing);
                if self.metric == Metric::Points && self.by == By::Employee && board.frozen_at.is_none() {
                    let words = self.lang.t("board-distance-clicks").with("far", far);
                    words.n("rank", ahead.rank).n("clicks", clicks).to_string()
                } else {
                    self.lang
                        .t("board-distance")
                        .with("far", far)
                        .n("rank", ahead.rank)
                        .to_string()
                }
            }
            _ => self.lang.t("board-first").to_string(),
        };
        Some(MineView {
            rank: row.rank,
            value: self.amount(row.value),
            moved: row.moved,
            distance,
        })
    }
}
