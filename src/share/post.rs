//! What is posted: copy with one's own link in it, and how fresh a piece of material is.

use jiff::civil::Date;

/// What stands in copy for one's own link.
pub const LINK_MARKS: [&str; 2] = ["{link}", "{链接}"];

/// Material that was published this many days ago is old.
const OLD_DAYS: i32 = 28;

/// Copy as it is posted, without the disclosure, which every template carries by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostText {
    /// The words.
    pub text: String,
    /// Whether one's own link stands in them already; it follows below them otherwise.
    pub has_link: bool,
}

/// Fills one's own link into copy; `blank` stands where it will be while there is none. A line that says the disclosure
/// is left out: the template says it, once, whatever the copy says.
pub fn fill(copy: &str, link: Option<&str>, blank: &str, disclosure: &str) -> PostText {
    let mut text = copy
        .lines()
        .filter(|line| line.trim() != disclosure)
        .collect::<Vec<_>>()
        .join("\n")
        .trim()
        .to_owned();
    let has_link = LINK_MARKS.iter().any(|mark| text.contains(mark));
    for mark in LINK_MARKS {
        text = text.replace(mark, link.unwrap_or(blank));
    }
    PostText { text, has_link }
}

/// How fresh material is: a library without anything new every week is forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// Published in the week under way (Monday to Sunday).
    New,
    /// Neither.
    Current,
    /// Published four weeks ago or earlier.
    Old,
}

impl Freshness {
    /// The word in texts.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Current => "current",
            Self::Old => "old",
        }
    }
}

/// How fresh material published on a day is. It counts from its first day when that is later than its approval.
pub fn freshness(published_on: Date, starts_on: Option<Date>, today: Date) -> Freshness {
    let since = starts_on.map_or(published_on, |first| first.max(published_on));
    let into_week = i32::from(today.weekday().to_monday_zero_offset());
    match (today - since).get_days() {
        days if days <= into_week => Freshness::New,
        OLD_DAYS.. => Freshness::Old,
        _ => Freshness::Current,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn copy_gets_the_link_where_it_asks_for_it_and_never_says_the_disclosure_twice() {
        let tag = "广告 · 我在晴美美容工作";
        let filled = fill(
            "来坐坐：{链接}\n广告 · 我在晴美美容工作\n等你",
            Some("https://s.example/a"),
            "…",
            tag,
        );
        assert_eq!(filled.text, "来坐坐：https://s.example/a\n等你");
        assert!(filled.has_link);
        let plain = fill("来坐坐", Some("https://s.example/a"), "…", tag);
        assert_eq!((plain.text.as_str(), plain.has_link), ("来坐坐", false));
        assert_eq!(
            fill("看 {link}", None, "（你的链接）", tag).text,
            "看 （你的链接）"
        );
    }

    #[test]
    fn material_is_new_in_its_week_and_old_after_four() {
        let sunday = date(2026, 11, 22);
        assert_eq!(freshness(date(2026, 11, 16), None, sunday), Freshness::New);
        assert_eq!(freshness(date(2026, 11, 15), None, sunday), Freshness::Current);
        assert_eq!(freshness(date(2026, 10, 26), None, sunday), Freshness::Current);
        assert_eq!(freshness(date(2026, 10, 25), None, sunday), Freshness::Old);
        assert_eq!(
            freshness(date(2026, 9, 1), Some(date(2026, 11, 20)), sunday),
            Freshness::New
        );
    }
}
