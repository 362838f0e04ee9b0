//! The lines of a run by payee and rule: filtered, sorted and paged by the address.

use serde::Deserialize;

use super::view;
use crate::app::pay::{Looked, Outlier, Review};
use crate::domain::Money;
use crate::web::i18n::Lang;
use crate::web::ui::Opt;

/// Rows on a page.
const ROWS: usize = 50;

/// What a column is sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    Who,
    Rule,
    Lines,
    Was,
    Now,
    Change,
}

impl By {
    const ALL: [(Self, &'static str); 6] = [
        (Self::Who, "who"),
        (Self::Rule, "rule"),
        (Self::Lines, "lines"),
        (Self::Was, "was"),
        (Self::Now, "now"),
        (Self::Change, "change"),
    ];
}

/// Filters and order, as addresses carry them.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    /// Part of a code or name.
    pub who: Option<String>,
    /// A component.
    pub rule: Option<String>,
    /// `outliers` or nothing.
    pub only: Option<String>,
    /// A column; with `-` the largest first.
    pub sort: Option<String>,
    /// From 1.
    pub page: Option<usize>,
}

/// The head of a column.
#[derive(Clone, Debug)]
pub struct Head {
    pub label: String,
    pub href: String,
    /// `ascending` or `descending`, where it is the one.
    pub sorted: Option<&'static str>,
    pub is_number: bool,
}

/// A row.
#[derive(Clone, Debug)]
pub struct LineView {
    pub who: String,
    /// The code beside a name.
    pub code: String,
    pub rule: String,
    pub lines: i64,
    pub was: Money,
    pub now: Money,
    pub change: String,
    pub href: String,
    /// `changed`, `far` or `negative`.
    pub outlier: Option<&'static str>,
}

/// The table.
#[derive(Clone, Debug)]
pub struct LinesView {
    pub heads: Vec<Head>,
    pub rows: Vec<LineView>,
    pub first: i64,
    pub last: i64,
    pub all: i64,
    /// Of them: only in the period before.
    pub gone: i64,
    pub was: Money,
    pub now: Money,
    pub who: String,
    pub rules: Vec<Opt>,
    pub rule: String,
    pub onlys: Vec<Opt>,
    pub only: String,
    pub sort: String,
    pub previous: Option<String>,
    pub next: Option<String>,
}

impl Asked {
    fn text(part: Option<&String>) -> &str {
        part.map_or("", |t| t.trim())
    }

    fn by(&self) -> (By, bool) {
        let text = Self::text(self.sort.as_ref());
        let (falling, name) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        By::ALL
            .into_iter()
            .find(|(_, word)| *word == name)
            .map_or((By::Now, true), |(by, _)| (by, falling))
    }

    fn href(&self, run: i64, sort: &str, page: usize) -> String {
        let page = if page > 1 { page.to_string() } else { String::new() };
        let query = view::query(&[
            ("who", Self::text(self.who.as_ref())),
            ("rule", Self::text(self.rule.as_ref())),
            ("only", Self::text(self.only.as_ref())),
            ("sort", sort),
            ("page", &page),
        ]);
        format!("/app/pay/runs/{run}{query}#lines")
    }

    fn keeps(&self, looked: &Looked) -> bool {
        let group = &looked.group;
        let who = Self::text(self.who.as_ref()).to_lowercase();
        let rule = Self::text(self.rule.as_ref());
        let named = || {
            group
                .name
                .as_ref()
                .is_some_and(|n| n.to_lowercase().contains(&who))
        };
        (who.is_empty() || group.payee.to_lowercase().contains(&who) || named())
            && (rule.is_empty() || group.component == rule)
            && (Self::text(self.only.as_ref()) != "outliers" || looked.outlier.is_some())
    }
}

/// The table of a run, as asked.
pub fn of(lang: Lang, review: &Review, asked: &Asked) -> LinesView {
    let (by, falling) = asked.by();
    let mut kept: Vec<&Looked> = review.groups.iter().filter(|l| asked.keeps(l)).collect();
    // Rows come by payee and rule: a stable sort keeps that order among equals.
    kept.sort_by(|a, b| {
        let (x, y) = (&a.group, &b.group);
        let order = match by {
            By::Who => x
                .name
                .as_ref()
                .unwrap_or(&x.payee)
                .cmp(y.name.as_ref().unwrap_or(&y.payee)),
            By::Rule => x.component.cmp(&y.component),
            By::Lines => x.lines.cmp(&y.lines),
            By::Was => x.was.cmp(&y.was),
            By::Now => x.now.cmp(&y.now),
            By::Change => (x.now - x.was).cmp(&(y.now - y.was)),
        };
        if falling { order.reverse() } else { order }
    });
    let pages = kept.len().div_ceil(ROWS).max(1);
    let at = asked.page.unwrap_or(1).clamp(1, pages);
    let from = (at - 1) * ROWS;
    let shown = &kept[from..kept.len().min(from + ROWS)];
    let sort = asked.sort.clone().unwrap_or_default();
    let run = review.run.id;
    let sum = |of: fn(&Looked) -> i64| Money::from_minor(kept.iter().map(|l| of(l)).sum());
    let number = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    LinesView {
        heads: heads(lang, review, asked, (by, falling)),
        rows: shown.iter().map(|l| row(lang, run, l)).collect(),
        first: if shown.is_empty() { 0 } else { number(from + 1) },
        last: number(from + shown.len()),
        all: number(kept.len()),
        gone: number(kept.iter().filter(|l| l.group.lines == 0).count()),
        was: sum(|l| l.group.was),
        now: sum(|l| l.group.now),
        who: Asked::text(asked.who.as_ref()).to_owned(),
        rules: std::iter::once(Opt::new("", lang.t("run-all-rules")))
            .chain(
                review
                    .components
                    .iter()
                    .map(|c| Opt::new(&c.component, view::say(lang, &c.name))),
            )
            .collect(),
        rule: Asked::text(asked.rule.as_ref()).to_owned(),
        onlys: vec![
            Opt::new("", lang.t("run-all-lines")),
            Opt::new("outliers", lang.t("run-only-outliers")),
        ],
        only: Asked::text(asked.only.as_ref()).to_owned(),
        previous: (at > 1).then(|| asked.href(run, &sort, at - 1)),
        next: (at < pages).then(|| asked.href(run, &sort, at + 1)),
        sort,
    }
}

fn heads(lang: Lang, review: &Review, asked: &Asked, (by, falling): (By, bool)) -> Vec<Head> {
    let before = review.previous.as_ref().map(|p| view::period(lang, &p.period));
    By::ALL
        .into_iter()
        .map(|(column, word)| {
            let is_number = !matches!(column, By::Who | By::Rule);
            let here = column == by;
            // Numbers fall first, words rise first; a second click turns.
            let falls = if here { !falling } else { is_number };
            let sort = if falls {
                format!("-{word}")
            } else {
                word.to_owned()
            };
            let label = match (column, &before) {
                (By::Was, Some(period)) => period.clone(),
                (By::Now, _) => view::period(lang, &review.run.period),
                _ => lang.word("run-col", word).to_string(),
            };
            Head {
                label,
                href: asked.href(review.run.id, &sort, 1),
                sorted: here.then_some(if falling { "descending" } else { "ascending" }),
                is_number,
            }
        })
        .collect()
}

fn row(lang: Lang, run: i64, looked: &Looked) -> LineView {
    let group = &looked.group;
    let title = match lang {
        Lang::Zh => &group.title_zh,
        Lang::En => &group.title_en,
    };
    let one = format!("/app/pay/lines/{}", group.line);
    let query = view::query(&[("payee", &group.payee), ("rule", &group.component)]);
    let several = format!("/app/pay/runs/{run}/lines{query}");
    LineView {
        who: group
            .name
            .clone()
            .unwrap_or_else(|| view::payee(lang, &group.payee)),
        code: group.name.as_ref().map_or(String::new(), |_| group.payee.clone()),
        rule: title.clone(),
        lines: group.lines,
        was: Money::from_minor(group.was),
        now: Money::from_minor(group.now),
        change: view::change(group.now - group.was),
        href: match group.lines {
            0 => String::new(),
            1 => one,
            _ => several,
        },
        outlier: looked.outlier.map(Outlier::as_str),
    }
}
