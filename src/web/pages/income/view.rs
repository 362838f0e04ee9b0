//! Statements in words: lines, what they came from, what is pending.

use jiff::civil::Date;

use crate::app::pay::{Part, Statement, Story, Two};
use crate::domain::Money;
use crate::payout::Label;
use crate::storage::pay::{LineKind, ObjectionState, Offer, RunState};
use crate::web::i18n::{Lang, amounts, date_words, day_words, yuan};
use crate::web::pages::pay::view::{self, Chip};

/// What was overpaid and is recovered later: how much, and since when.
pub fn carried(lang: Lang, (amount, since): &(Money, String)) -> String {
    let since = since
        .parse()
        .map_or_else(|_| since.clone(), |day| date_words(lang, day));
    let words = lang.t("income-carried").with("amount", yuan(*amount));
    words.with("since", since).to_string()
}

/// A text in the language of the page, with the person's name for their code.
pub fn say(lang: Lang, two: &Two, code: &str, name: &str) -> String {
    let text = match lang {
        Lang::Zh => &two.0,
        Lang::En => &two.1,
    };
    view::uncoded(&amounts(&named(text, code, name)))
}

/// Puts a name where a code stands as a word of its own.
pub fn named(text: &str, code: &str, name: &str) -> String {
    let part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/');
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(code).filter(|_| !code.is_empty()) {
        let (before, after) = (&rest[..at], &rest[at + code.len()..]);
        let alone = !before.chars().next_back().is_some_and(part) && !after.chars().next().is_some_and(part);
        out.push_str(before);
        out.push_str(if alone { name } else { code });
        rest = after;
    }
    out + rest
}

/// Something an amount came from.
#[derive(Clone, Debug)]
pub struct SourceView {
    pub says: String,
    pub details: Vec<String>,
    /// Where one sees it whole.
    pub href: Option<String>,
}

/// The story behind a line.
#[derive(Clone, Debug)]
pub struct StoryView {
    /// Sentence and rule.
    pub steps: Vec<(String, String)>,
    pub sources: Vec<SourceView>,
    pub more: i64,
    pub others: i64,
    pub books: Vec<String>,
}

impl StoryView {
    /// In the words of a language.
    pub fn of(lang: Lang, story: &Story, (code, name): (&str, &str)) -> Self {
        let say = |two: &Two| say(lang, two, code, name);
        let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        Self {
            steps: story
                .steps
                .iter()
                .map(|(says, rule)| (say(says), rule.clone()))
                .collect(),
            sources: story
                .sources
                .iter()
                .map(|source| SourceView {
                    says: say(&source.says),
                    details: source.details.iter().map(&say).collect(),
                    href: (!source.kind.is_empty()).then(|| {
                        let query = view::query(&[("kind", &source.kind), ("key", &source.key)]);
                        format!("/app/income/source{query}")
                    }),
                })
                .collect(),
            more: count(story.more),
            others: count(story.others),
            books: story.books.iter().map(say).collect(),
        }
    }
}

/// A line of the statement.
#[derive(Clone, Debug)]
pub struct LineView {
    pub id: i64,
    pub title: String,
    /// What it is about, until when it waits.
    pub small: String,
    pub amount: Money,
    /// Late: what is corrected, in a sentence of its own.
    pub late: Option<String>,
    /// The guards': why.
    pub guard: Option<String>,
    pub story: StoryView,
    pub held: Option<String>,
    /// Its own state, where that is not its payout's.
    pub state: Option<String>,
    /// Its objection: number and state.
    pub objection: Option<(i64, Chip)>,
    /// Whether one may object now.
    pub may_object: bool,
}

/// The lines of one scheme and period.
#[derive(Clone, Debug)]
pub struct Group {
    pub name: String,
    pub period: String,
    pub state: Chip,
    pub lines: Vec<LineView>,
    pub sum: Money,
}

/// A state of an objection as a chip.
pub fn objection_chip(lang: Lang, state: ObjectionState) -> Chip {
    let (kind, icon) = match state {
        ObjectionState::Open | ObjectionState::Appealed => ("warn", "clock"),
        ObjectionState::Accepted => ("good", "check"),
        ObjectionState::Declined | ObjectionState::Dismissed => ("", "cross"),
        ObjectionState::Withdrawn => ("", "dash"),
    };
    Chip::new(kind, icon, lang.word("objection-state", state.as_str()))
}

fn line(lang: Lang, part: &Part, own: (&str, &str), today: Date) -> LineView {
    let l = &part.row.line;
    let (code, name) = own;
    let mut small = Vec::new();
    if let Some(about) = &l.about {
        small.push(about.clone());
    }
    if let Some(due) = l.due.as_deref().and_then(|d| d.parse::<Date>().ok())
        && due > today
    {
        let words = lang.t("income-due").with("day", day_words(lang, due));
        small.push(words.to_string());
    }
    let says = say(lang, &l.says, code, name);
    // The first sentence says what was due and what was booked; what follows is the story itself.
    let first = |text: &str| {
        let end = match lang {
            Lang::Zh => text.find('。').map(|at| at + '。'.len_utf8()),
            Lang::En => text.find(". ").map(|at| at + 1),
        };
        text[..end.unwrap_or(text.len())].to_owned()
    };
    LineView {
        id: part.row.id,
        title: say(lang, &l.title, code, name),
        small: small.join(&lang.t("shell-comma").to_string()),
        amount: l.amount,
        late: (l.kind == LineKind::Late).then(|| first(&says)),
        guard: (l.kind == LineKind::Guard).then_some(says),
        story: StoryView::of(lang, &part.story, own),
        held: part.held.clone(),
        state: match (part.waits, &part.held) {
            (Some(why), _) => Some(lang.word("income-waits", why).to_string()),
            (None, Some(_)) => Some(lang.word("income-waits", "held").to_string()),
            (None, None) => None,
        },
        objection: part
            .objection
            .as_ref()
            .map(|o| (o.id, objection_chip(lang, o.state))),
        may_object: part.objects_until.is_some()
            && part
                .objection
                .as_ref()
                .is_none_or(|o| o.state == ObjectionState::Withdrawn),
    }
}

/// The lines by scheme; corrections of earlier periods stand apart.
pub fn groups(lang: Lang, statement: &Statement, today: Date) -> Vec<Group> {
    let own = (statement.code.as_str(), statement.name.as_str());
    let mut groups: Vec<((i64, Option<String>), Group)> = Vec::new();
    for part in &statement.parts {
        let origin = part
            .row
            .line
            .origin
            .map(|_| part.origin.clone().unwrap_or_default());
        let key = (part.run.id, origin.clone());
        let at = groups.iter().position(|(known, _)| *known == key);
        let at = at.unwrap_or_else(|| {
            let scheme = view::say(lang, &part.scheme);
            let name = match &origin {
                Some(period) => lang
                    .t("income-correction")
                    .with("scheme", scheme)
                    .with("period", view::period(lang, period))
                    .to_string(),
                None => scheme,
            };
            let group = Group {
                name,
                period: view::period(lang, &part.run.period),
                state: run_chip(lang, part.run.state),
                lines: Vec::new(),
                sum: Money::ZERO,
            };
            groups.push((key, group));
            groups.len() - 1
        });
        let group = &mut groups[at].1;
        let view = line(lang, part, own, today);
        group.sum = group.sum.checked_add(view.amount).unwrap_or(group.sum);
        group.lines.push(view);
    }
    // What is taken back or corrected comes last.
    groups.sort_by_key(|((_, origin), _)| origin.is_some());
    groups.into_iter().map(|(_, group)| group).collect()
}

/// A payout's state in an employee's words.
pub fn run_chip(lang: Lang, state: RunState) -> Chip {
    let (kind, icon) = match state {
        RunState::Paid => ("good", "check"),
        RunState::Closed | RunState::Approved => ("", "lock"),
        _ => ("warn", "clock"),
    };
    Chip::new(kind, icon, lang.word("income-state", state.as_str()))
}

/// A non-cash award.
#[derive(Clone, Debug)]
pub struct AwardView {
    pub scheme: String,
    pub title: String,
    pub what: String,
    /// What it is worth in money, where that was said (GC-29).
    pub worth: Option<Money>,
    pub state: Chip,
}

/// The month's non-cash awards, in words.
pub fn awards(lang: Lang, found: &Statement) -> Vec<AwardView> {
    let award = |(scheme, award): &(Label, Offer)| {
        let about = award.says.about.as_deref().filter(|about| !about.is_empty());
        let mut what = vec![view::offer_what(lang, award)];
        what.extend(about.map(str::to_owned));
        AwardView {
            scheme: view::say(lang, scheme),
            title: say(lang, &award.says.title, &found.code, &found.name),
            what: what.join(&lang.t("shell-comma").to_string()),
            worth: award.says.amount,
            state: view::offer_chip(lang, award.state),
        }
    };
    found.awards.iter().map(award).collect()
}

/// Something that is not paid yet.
#[derive(Clone, Debug)]
pub struct PendingView {
    pub what: String,
    pub why: String,
    pub amount: String,
    /// The line, or the month's lines, it is in.
    pub href: Option<String>,
}

/// What is pending, in words.
pub fn pending(lang: Lang, found: &Statement) -> Vec<PendingView> {
    found
        .pending
        .iter()
        .map(|p| {
            let day = p.until.map(|d| day_words(lang, d)).unwrap_or_default();
            let why = lang.word("income-pending", p.why).with("day", day);
            let mut why = why.to_string();
            if !p.reason.is_empty() {
                why = format!("{why}{}", p.reason);
            }
            let what = say(lang, &p.what, &found.code, &found.name);
            PendingView {
                what: lang
                    .t("income-pending-what")
                    .with("what", what)
                    .with("period", view::period(lang, &p.period))
                    .to_string(),
                href: p.run_end.map(|day| {
                    let line = p
                        .line
                        .map_or_else(|| "lines".to_owned(), |line| format!("line-{line}"));
                    format!("/app/income?month={:04}-{:02}#{line}", day.year(), day.month())
                }),
                why,
                amount: yuan(p.amount),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::named;

    #[test]
    fn a_code_becomes_a_name_only_where_it_stands_alone() {
        assert_eq!(named("lin 的奖金：lin", "lin", "林晓雯"), "林晓雯 的奖金：林晓雯");
        assert_eq!(
            named("2026-09-lin-1，linda，员工 lin，", "lin", "林"),
            "2026-09-lin-1，linda，员工 林，"
        );
        assert_eq!(named("无", "", "林"), "无");
    }
}
