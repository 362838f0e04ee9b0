//! Cohorts: customers by the week of their first known click, and how many weeks later they left a number or paid.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};

use super::{Filter, FunnelPage};
use crate::app::slices::monday_of;
use crate::domain::{Counts, Money};
use crate::web::i18n::{Lang, day_words};
use crate::web::pages::manage::grid::{Cell, Grid};
use crate::web::{Problem, Web};

/// Weeks shown at least and at most.
const WEEKS: i64 = 8;
const WEEKS_MAX: i64 = 26;
/// Columns: the same week, one later …, and this many or more.
const LATER: usize = 5;

#[derive(Clone, Debug, Default)]
struct Cohort {
    human: i64,
    later: [Counts; LATER + 1],
}

/// Fills the page.
pub async fn fill(web: &Web, lang: Lang, f: &Filter, page: &mut FunnelPage) -> Result<(), Problem> {
    let store = &web.app.store;
    let end = monday_of(f.cut.end.yesterday().unwrap_or(f.cut.end)).saturating_add(7.days());
    let asked = monday_of(f.cut.first);
    let first = asked
        .min(end.saturating_sub((WEEKS * 7).days()))
        .max(end.saturating_sub((WEEKS_MAX * 7).days()));
    let mut cohorts: BTreeMap<Date, Cohort> = BTreeMap::new();
    let zone = &web.app.programme.zone;
    let edge = |day: Date| {
        let zoned = day.to_zoned(zone.clone());
        zoned.map_or(0, |z| z.timestamp().as_millisecond())
    };
    for hour in store
        .hour_sums(edge(first), edge(end), f.cut.campaign, None)
        .await?
    {
        if let Ok(at) = Timestamp::from_millisecond(hour.hour) {
            let week = monday_of(web.app.day_of(at));
            cohorts.entry(week).or_default().human += hour.counts.human;
        }
    }
    for sum in store.cohort_sums(first, end, f.cut.campaign).await? {
        let later = usize::try_from((monday_of(sum.day) - sum.week).get_days() / 7).unwrap_or(0);
        cohorts.entry(sum.week).or_default().later[later.min(LATER)] += sum.counts;
    }
    for (key, word, of) in [
        ("leads", "leads", (|c: &Counts| c.leads) as fn(&Counts) -> i64),
        ("sales", "sales", |c| c.sales),
        ("amount", "amount", |c| c.amount),
    ] {
        page.grids.push(grid(lang, key, word, &cohorts, of));
    }
    page.headline = lang.t("insight-cohort-headline").to_string();
    Ok(())
}

fn grid(
    lang: Lang,
    key: &'static str,
    word: &'static str,
    cohorts: &BTreeMap<Date, Cohort>,
    of: fn(&Counts) -> i64,
) -> Grid {
    let mut columns = vec![
        ("", lang.t("insight-week").to_string()),
        ("", lang.t("funnel-human").to_string()),
        ("", lang.t("insight-same-week").to_string()),
    ];
    for n in 1..LATER {
        columns.push(("", lang.t("insight-weeks-later").n("n", n).to_string()));
    }
    columns.push(("", lang.t("insight-weeks-more").n("n", LATER).to_string()));
    columns.push(("", lang.t("insight-sum").to_string()));
    if key != "amount" {
        columns.push(("", lang.t("insight-per-click").to_string()));
    }
    let mut grid = Grid::new(key, lang.word("col", word), &columns);
    let value = |n: i64| {
        if key == "amount" {
            Cell::Money(Money::from_minor(n))
        } else {
            Cell::Count(n)
        }
    };
    for (week, cohort) in cohorts.iter().rev() {
        let sum: i64 = cohort.later.iter().map(of).sum();
        let mut row = vec![
            Cell::Name(day_words(lang, *week), String::new(), String::new()),
            Cell::Count(cohort.human),
        ];
        row.extend(cohort.later.iter().map(|c| value(of(c))));
        row.push(value(sum));
        if key != "amount" {
            row.push(Cell::Share(sum, cohort.human));
        }
        grid.rows.push(row);
    }
    grid
}
