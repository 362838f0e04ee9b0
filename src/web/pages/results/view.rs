//! Charts of one's own results, and what is not certain yet.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};

use super::{FUNNEL, span_word, step_name};
use crate::app::App;
use crate::app::results::{Results, Span};
use crate::attribution::{ConversionKind, Status};
use crate::domain::{Counts, EmployeeId, Money, Period};
use crate::storage::StoreError;
use crate::web::chart::{Funnel, Line, Step, Track};
use crate::web::i18n::{Lang, day_words, yuan};

/// Conversions looked at for what is pending.
const LOOK_BACK: i64 = 200;

/// Valid clicks day by day, beside the period before; nothing while there is one point only.
pub fn trend(lang: Lang, span: Span, found: &Results, period: Option<Period>) -> Option<Line> {
    let first = found.days.first()?.day;
    let end = period.map_or(found.end, |p| p.end);
    let days: Vec<Date> = first.series(1.day()).take_while(|day| *day < end).collect();
    if days.len() < 2 {
        return None;
    }
    let known: BTreeMap<Date, i64> = found.days.iter().map(|d| (d.day, d.counts.valid)).collect();
    let before: BTreeMap<Date, i64> = found
        .days
        .iter()
        .filter_map(|d| Some((d.day, d.before?.valid)))
        .collect();
    let week = days.len() <= 7;
    let name = |day: Date| match (week, lang) {
        (true, _) => lang
            .word("weekday-short", day.weekday().to_monday_one_offset())
            .to_string(),
        (false, _) => day.day().to_string(),
    };
    // Few enough words below the axis to be read.
    let every = days.len().div_ceil(8);
    let word = span_word(span);
    let sum = found.counts.valid;
    let mut label = lang.word("trend-label", word).n("sum", sum).to_string();
    if let Some(counts) = found.before {
        label += &lang.word("trend-before", word).n("sum", counts.valid).to_string();
    }
    Some(Line {
        label,
        caption: lang.t("trend-caption").to_string(),
        corner: lang.t("trend-day").to_string(),
        summary: lang.t("chart-data").to_string(),
        points: days
            .iter()
            .enumerate()
            .map(|(i, day)| if i % every == 0 { name(*day) } else { String::new() })
            .collect(),
        heads: days
            .iter()
            .map(|day| if week { name(*day) } else { day_words(lang, *day) })
            .collect(),
        now: Track {
            name: lang.word("results-span", word).to_string(),
            values: days.iter().map(|day| known.get(day).copied()).collect(),
        },
        before: (!before.is_empty()).then(|| Track {
            name: lang.word("results-earlier", word).to_string(),
            values: days.iter().map(|day| before.get(day).copied()).collect(),
        }),
        last_word: lang.t("trend-today").to_string(),
    })
}

/// From a person's click to a sale.
pub fn funnel(lang: Lang, counts: &Counts) -> Funnel {
    let values = [counts.human, counts.valid, counts.leads, counts.sales];
    let label = lang
        .t("funnel-label")
        .n("human", counts.human)
        .n("valid", counts.valid)
        .n("leads", counts.leads)
        .n("sales", counts.sales);
    Funnel {
        label: label.to_string(),
        caption: lang.t("funnel-title").to_string(),
        summary: lang.t("chart-data").to_string(),
        heads: [
            lang.t("funnel-step").to_string(),
            lang.t("funnel-count").to_string(),
            lang.t("funnel-share").to_string(),
        ],
        steps: FUNNEL
            .into_iter()
            .zip(values)
            .map(|(step, count)| Step {
                name: step_name(lang, step),
                count,
            })
            .collect(),
    }
}

/// Sales or leads that wait for the same thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// What they wait for.
    pub state: String,
    /// What they are and why they wait.
    pub words: String,
    /// Order amounts, net.
    pub amount: String,
}

/// What counts but is not certain yet: in its hold, or waiting for a person.
pub async fn pending(app: &App, lang: Lang, employee: EmployeeId) -> Result<Vec<Pending>, StoreError> {
    let latest = app
        .store
        .conversions_around(employee, (i64::MAX, i64::MAX), LOOK_BACK)
        .await?;
    // Until when (nothing: until a person has looked) to leads, sales and net amount.
    let mut groups: BTreeMap<Option<Date>, (i64, i64, i64)> = BTreeMap::new();
    for conversion in latest.iter().filter(|c| c.credited_to == Some(employee)) {
        let until = match conversion.status {
            Status::Pending => {
                let at = Timestamp::from_millisecond(conversion.hold_until).unwrap_or(Timestamp::UNIX_EPOCH);
                Some(app.day_of(at))
            }
            Status::Held => None,
            _ => continue,
        };
        let (leads, sales, net) = groups.entry(until).or_default();
        match conversion.kind {
            ConversionKind::Lead => *leads += 1,
            ConversionKind::Sale => *sales += 1,
        }
        *net += conversion.amount.minor() - conversion.refunded.minor();
    }
    Ok(groups
        .into_iter()
        .map(|(until, (leads, sales, net))| Pending {
            state: match until {
                Some(day) => lang
                    .t("pending-until")
                    .with("day", day_words(lang, day))
                    .to_string(),
                None => lang.t("pending-held").to_string(),
            },
            words: match until {
                Some(_) => lang
                    .t("pending-until-words")
                    .n("leads", leads)
                    .n("sales", sales)
                    .to_string(),
                None => lang
                    .t("pending-held-words")
                    .n("leads", leads)
                    .n("sales", sales)
                    .to_string(),
            },
            amount: yuan(Money::from_minor(net)),
        })
        .collect())
}
