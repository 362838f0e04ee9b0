//! Days and instants in words, in the business zone.

use std::fmt;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, Zoned};

use crate::domain::{Period, PeriodKind};
use crate::web::i18n::Lang;

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

fn month_of(day: Date) -> &'static str {
    MONTHS[usize::try_from(day.month() - 1).unwrap_or(0)]
}

/// A day without its year: `11月20日`, `20 Nov`.
pub fn day_words(lang: Lang, day: Date) -> String {
    match lang {
        Lang::Zh => format!("{}月{}日", day.month(), day.day()),
        Lang::En => format!("{} {}", day.day(), month_of(day)),
    }
}

/// A day with its year: `2026年11月20日`, `20 Nov 2026`.
pub fn date_words(lang: Lang, day: Date) -> String {
    match lang {
        Lang::Zh => format!("{}年{}月{}日", day.year(), day.month(), day.day()),
        Lang::En => format!("{} {} {}", day.day(), month_of(day), day.year()),
    }
}

/// A period by name: `第47周`, `2026年11月`, `Week 47`, `Nov 2026`.
pub fn period_words(lang: Lang, period: &Period) -> String {
    let first = period.first;
    match (period.kind, lang) {
        (PeriodKind::Week, Lang::Zh) => format!("第{}周", first.iso_week_date().week()),
        (PeriodKind::Week, Lang::En) => format!("Week {}", first.iso_week_date().week()),
        (PeriodKind::Month, Lang::Zh) => format!("{}年{}月", first.year(), first.month()),
        (PeriodKind::Month, Lang::En) => format!("{} {}", month_of(first), first.year()),
        (PeriodKind::Quarter, Lang::Zh) => format!("{}年第{}季度", first.year(), (first.month() + 2) / 3),
        (PeriodKind::Quarter, Lang::En) => format!("Q{} {}", (first.month() + 2) / 3, first.year()),
        (PeriodKind::Year, Lang::Zh) => format!("{}年", first.year()),
        (PeriodKind::Year, Lang::En) => first.year().to_string(),
        (PeriodKind::Custom, _) => span_words(lang, period),
    }
}

/// A period's label by name, one that is no label as it stands.
pub fn label_words(lang: Lang, label: &str) -> String {
    Period::parse(label).map_or_else(|_| label.to_owned(), |period| period_words(lang, &period))
}

/// A period's first and last day: `11月16日 至 22日`, `16–22 Nov`.
pub fn span_words(lang: Lang, period: &Period) -> String {
    let (first, last) = (
        period.first,
        period.end.checked_sub(1.day()).unwrap_or(period.end),
    );
    let one_month = first.year() == last.year() && first.month() == last.month();
    match (lang, one_month) {
        (Lang::Zh, true) => format!("{}月{}日 至 {}日", first.month(), first.day(), last.day()),
        (Lang::Zh, false) => format!("{} 至 {}", day_words(lang, first), day_words(lang, last)),
        (Lang::En, true) => format!("{}–{} {}", first.day(), last.day(), month_of(first)),
        (Lang::En, false) => format!("{} – {}", day_words(lang, first), day_words(lang, last)),
    }
}

/// "Now" of a page, for relative times.
#[derive(Clone, Debug)]
pub struct Moment {
    /// Language.
    pub lang: Lang,
    /// The business zone.
    pub zone: TimeZone,
    /// When the page was made.
    pub now: Timestamp,
}

impl Moment {
    /// `<time datetime title>` of an instant, relative where it is near.
    pub fn time(&self, at: Timestamp) -> TimeTag {
        let then = at.to_zoned(self.zone.clone());
        TimeTag {
            exact: format!("{} {}", date_words(self.lang, then.date()), clock(&then)),
            words: self.near(at, &then),
            machine: then.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(),
        }
    }

    /// `11月24日 00:00`, `24 Nov 00:00`.
    pub fn exact(&self, at: Timestamp) -> String {
        let then = at.to_zoned(self.zone.clone());
        format!("{} {}", day_words(self.lang, then.date()), clock(&then))
    }

    /// `16:32`.
    pub fn clock(&self, at: Timestamp) -> String {
        clock(&at.to_zoned(self.zone.clone()))
    }

    /// The business day it is.
    pub fn today(&self) -> Date {
        self.now.to_zoned(self.zone.clone()).date()
    }

    fn near(&self, at: Timestamp, then: &Zoned) -> String {
        let seconds = self.now.as_second() - at.as_second();
        let days = (self.today() - then.date()).get_days();
        let lang = self.lang;
        match (seconds, days) {
            (0..60, _) => lang.t("time-now").to_string(),
            (60..3_600, _) => lang.t("time-minutes").n("n", seconds / 60).to_string(),
            (3_600..14_400, 0) => lang.t("time-hours").n("n", seconds / 3_600).to_string(),
            (_, 0) => lang.t("time-today").with("clock", clock(then)).to_string(),
            (_, 1) => lang.t("time-yesterday").with("clock", clock(then)).to_string(),
            (_, 2..=6) => {
                let weekday = then.weekday().to_monday_one_offset();
                format!("{} {}", lang.word("weekday", weekday), clock(then))
            }
            _ if then.year() == self.today().year() => day_words(lang, then.date()),
            _ => date_words(lang, then.date()),
        }
    }
}

fn clock(at: &Zoned) -> String {
    format!("{:02}:{:02}", at.hour(), at.minute())
}

/// An instant as markup: relative words, the exact instant on hover.
#[derive(Clone, Debug)]
pub struct TimeTag {
    exact: String,
    words: String,
    machine: String,
}

impl TimeTag {
    /// `2026-11-24 00:00`, in the business zone: for files, which are sorted and computed with.
    pub fn stamp(&self) -> String {
        self.machine
            .chars()
            .take(16)
            .collect::<String>()
            .replace('T', " ")
    }
}

impl fmt::Display for TimeTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            exact,
            words,
            machine,
        } = self;
        write!(f, "<time datetime=\"{machine}\" title=\"{exact}\">{words}</time>")
    }
}

// Made of our own words and digits only.
impl askama::filters::HtmlSafe for TimeTag {}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn page(lang: Lang) -> Moment {
        Moment {
            lang,
            zone: TimeZone::get("Asia/Shanghai").unwrap(),
            now: at("2026-11-20T08:20:00Z"),
        }
    }

    #[test]
    fn near_times_are_relative_and_exact_on_hover() {
        let zh = page(Lang::Zh);
        assert_eq!(
            zh.time(at("2026-11-20T06:20:00Z")).to_string(),
            "<time datetime=\"2026-11-20T14:20:00+08:00\" title=\"2026年11月20日 14:20\">2 小时前</time>"
        );
        let words = |text| zh.time(at(text)).words;
        assert_eq!(words("2026-11-20T08:19:30Z"), "刚刚");
        assert_eq!(words("2026-11-20T08:10:00Z"), "10 分钟前");
        assert_eq!(words("2026-11-20T03:02:00Z"), "今天 11:02");
        assert_eq!(words("2026-11-19T12:45:00Z"), "昨天 20:45");
        assert_eq!(words("2026-11-18T11:12:00Z"), "周三 19:12");
        assert_eq!(words("2026-11-01T11:12:00Z"), "11月1日");
        assert_eq!(words("2025-11-01T11:12:00Z"), "2025年11月1日");
        let en = page(Lang::En);
        assert_eq!(en.time(at("2026-11-20T08:18:00Z")).words, "2 minutes ago");
        assert_eq!(en.time(at("2026-11-18T11:12:00Z")).words, "Wed 19:12");
    }

    #[test]
    fn periods_have_names_and_spans() {
        let week = Period::parse("2026-W47").unwrap();
        assert_eq!(period_words(Lang::Zh, &week), "第47周");
        assert_eq!(span_words(Lang::Zh, &week), "11月16日 至 22日");
        assert_eq!(span_words(Lang::En, &week), "16–22 Nov");
        let across = Period::parse("2026-W49").unwrap();
        assert_eq!(span_words(Lang::Zh, &across), "11月30日 至 12月6日");
        assert_eq!(
            period_words(Lang::En, &Period::parse("2026-Q4").unwrap()),
            "Q4 2026"
        );
    }
}
