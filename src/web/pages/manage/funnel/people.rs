//! Who brings it: quality, conversion, concentration, trend.

use std::collections::{BTreeMap, HashMap};

use jiff::ToSpan;

use super::{Filter, FunnelPage};
use crate::app::slices::monday_of;
use crate::domain::{Counts, EmployeeId, Money};
use crate::storage::slices::PersonSum;
use crate::web::i18n::{Lang, grouped};
use crate::web::pages::manage::grid::{Cell, Grid, percent};
use crate::web::{Problem, Web};

/// Weeks of a trend.
const WEEKS: i64 = 8;
/// People shown at most.
const PEOPLE: usize = 500;

/// What somebody brought over all channels.
#[derive(Clone, Debug, Default)]
struct Brought {
    counts: Counts,
    visitors: i64,
    network: i64,
    best: Option<(i64, String)>,
}

/// Fills the page.
pub async fn fill(web: &Web, lang: Lang, f: &Filter, page: &mut FunnelPage) -> Result<(), Problem> {
    let store = &web.app.store;
    let sums = store.person_sums(f.cut.first, f.cut.end).await?;
    let brought = by_person(&sums, f.cut.channel.as_deref());
    let days = (f.cut.end - f.cut.first).get_days();
    let earlier = f.cut.first.saturating_sub(days.days());
    let before = store.person_sums(earlier, f.cut.first).await?;
    let before = by_person(&before, f.cut.channel.as_deref());
    let this_week = monday_of(f.cut.end.yesterday().unwrap_or(f.cut.end));
    let first_week = this_week.saturating_sub(((WEEKS - 1) * 7).days());
    let mut trends: HashMap<EmployeeId, Vec<i64>> = HashMap::new();
    for (day, employee, counts) in store.people_days(first_week, f.cut.end).await? {
        let week = usize::try_from((day - first_week).get_days() / 7).unwrap_or(0);
        let trend = trends
            .entry(employee)
            .or_insert_with(|| vec![0; usize::try_from(WEEKS).unwrap_or(0)]);
        if let Some(slot) = trend.get_mut(week) {
            *slot += counts.valid;
        }
    }
    let names = store.people_names().await?;
    let teams = store.team_names(web.app.today()).await?;
    let total: i64 = brought.values().map(|b| b.counts.valid).sum();
    let columns = [
        ("", lang.t("insight-person").to_string()),
        ("", lang.t("insight-best-channel").to_string()),
        ("human", lang.t("funnel-human").to_string()),
        ("valid", lang.t("funnel-valid").to_string()),
        ("rate", lang.t("insight-rate").to_string()),
        ("leads", lang.t("col-leads").to_string()),
        ("conversion", lang.t("insight-conversion").to_string()),
        ("sales", lang.t("col-sales").to_string()),
        ("amount", lang.t("col-amount").to_string()),
        ("part", lang.t("insight-part-of-all").to_string()),
        ("network", lang.t("insight-network").to_string()),
        ("change", lang.t("insight-change").to_string()),
        ("", lang.t("insight-trend").to_string()),
    ];
    let mut grid = Grid::new("people", lang.t("insight-who").to_string(), &columns);
    let mut order: Vec<(&EmployeeId, &Brought)> = brought.iter().collect();
    order.sort_by_key(|(id, b)| (std::cmp::Reverse(b.counts.valid), **id));
    page.headline = headline(lang, &order, total);
    for (id, b) in order.into_iter().take(PEOPLE) {
        let (code, name) = names.get(&id.0).cloned().unwrap_or_default();
        let note = teams.get(&id.0).cloned().unwrap_or_else(|| code.clone());
        let was = before.get(id).map_or(0, |b| b.counts.valid);
        let best = b
            .best
            .as_ref()
            .map(|(_, channel)| lang.channel(channel))
            .unwrap_or_default();
        grid.rows.push(vec![
            Cell::Name(name, String::new(), note),
            Cell::text(best),
            Cell::Count(b.counts.human),
            Cell::Count(b.counts.valid),
            Cell::Share(b.counts.valid, b.counts.human),
            Cell::Count(b.counts.leads),
            Cell::Share(b.counts.leads + b.counts.sales, b.counts.valid),
            Cell::Count(b.counts.sales),
            Cell::Money(Money::from_minor(b.counts.amount)),
            Cell::Share(b.counts.valid, total),
            Cell::Share(b.network, b.counts.human),
            Cell::Change(b.counts.valid - was),
            Cell::Trend(
                trends
                    .remove(id)
                    .unwrap_or_else(|| vec![0; usize::try_from(WEEKS).unwrap_or(0)]),
            ),
        ]);
    }
    grid.note = lang.t("insight-people-note").n("w", WEEKS).to_string();
    grid.base = f.page();
    grid.sort("valid");
    page.grids.push(grid);
    Ok(())
}

fn by_person(sums: &[PersonSum], channel: Option<&str>) -> BTreeMap<EmployeeId, Brought> {
    let mut people: BTreeMap<EmployeeId, Brought> = BTreeMap::new();
    for sum in sums.iter().filter(|s| channel.is_none_or(|c| c == s.channel)) {
        let b = people.entry(sum.employee).or_default();
        b.counts += sum.counts;
        b.visitors += sum.visitors;
        b.network += sum.network;
        if sum.counts.valid > b.best.as_ref().map_or(0, |(most, _)| *most) {
            b.best = Some((sum.counts.valid, sum.channel.clone()));
        }
    }
    people
}

/// How much the best few bring: the fewer bring most, the more depends on them.
fn headline(lang: Lang, order: &[(&EmployeeId, &Brought)], total: i64) -> String {
    let few = order.len().min(5);
    let theirs: i64 = order.iter().take(few).map(|(_, b)| b.counts.valid).sum();
    lang.t("insight-concentration")
        .with("people", grouped(i64::try_from(order.len()).unwrap_or(0)))
        .n("few", few)
        .with("share", percent(theirs, total))
        .to_string()
}
