//! The monthly review's rewards: where points came from, and what they bought.

use std::collections::{BTreeMap, HashMap};

use super::ROWS;
use crate::domain::Period;
use crate::web::i18n::Lang;
use crate::web::pages::manage::grid::{Cell, Grid};
use crate::web::{Problem, Web};

/// Where points came from, against the month before.
pub(super) async fn rewards_grid(
    web: &Web,
    lang: Lang,
    (period, before): (&Period, &Period),
    (points, points_before): (i64, i64),
) -> Result<Grid, Problem> {
    let store = &web.app.store;
    let mut rules: BTreeMap<String, [i64; 3]> = BTreeMap::new();
    let mut rest = [points, points_before];
    for (at, p) in [(0, period), (1, before)] {
        for earned in store.earned_by_rule(p.first, p.end).await? {
            rest[at] -= earned.points;
            let row = rules.entry(earned.rule).or_default();
            if at == 0 {
                row[0] = earned.times;
            }
            row[at + 1] = earned.points;
        }
    }
    // Clicks are too many to be read here: they are what the days' sums leave.
    rules.insert(
        "click".to_owned(),
        [rest[0] / web.app.programme.points.click.max(1), rest[0], rest[1]],
    );
    let columns = [
        ("", lang.t("monthly-rule").to_string()),
        ("", lang.t("insight-times").to_string()),
        ("", lang.t("results-points").to_string()),
        ("", lang.t("insight-change").to_string()),
    ];
    let mut grid = Grid::new("rewards", lang.t("monthly-rewards").to_string(), &columns);
    let mut rows: Vec<_> = rules
        .into_iter()
        .filter(|(_, r)| r[1] != 0 || r[2] != 0)
        .collect();
    rows.sort_by_key(|(_, r)| std::cmp::Reverse(r[1]));
    for (rule, [times, now, was]) in rows {
        grid.rows.push(vec![
            Cell::Name(
                lang.word("event-rule", rule).to_string(),
                String::new(),
                String::new(),
            ),
            Cell::Count(times),
            Cell::Count(now),
            Cell::Change(now - was),
        ]);
    }
    Ok(grid)
}

/// What points bought, against the month before.
pub(super) async fn shop_grid(
    web: &Web,
    lang: Lang,
    (period, before): (&Period, &Period),
) -> Result<Grid, Problem> {
    let was = web.app.store.bought(before.first, before.end).await?;
    let was: HashMap<String, i64> = was.into_iter().map(|b| (b.title, b.times)).collect();
    let columns = [
        ("", lang.t("monthly-item").to_string()),
        ("", lang.t("insight-times").to_string()),
        ("", lang.t("results-points").to_string()),
        ("", lang.t("insight-change").to_string()),
    ];
    let mut grid = Grid::new("shop", lang.t("monthly-shop").to_string(), &columns);
    for bought in web
        .app
        .store
        .bought(period.first, period.end)
        .await?
        .into_iter()
        .take(ROWS)
    {
        let times_before = was.get(&bought.title).copied().unwrap_or(0);
        grid.rows.push(vec![
            Cell::Name(bought.title, String::new(), String::new()),
            Cell::Count(bought.times),
            Cell::Count(bought.points),
            Cell::Change(bought.times - times_before),
        ]);
    }
    Ok(grid)
}
