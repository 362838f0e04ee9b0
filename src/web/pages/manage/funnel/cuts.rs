//! The funnel itself, cut by campaign, content, channel and region, and the week by the hour.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use jiff::civil::Date;

use super::asked::region_words;
use super::{Filter, FunnelPage};
use crate::app::slices::OTHERS;
use crate::domain::{Counts, Money};
use crate::sheet::{Cell as SheetCell, Column as SheetColumn, Table};
use crate::storage::slices::{CutSum, Excluded, Sliced};
use crate::web::chart::{Heat, WideFunnel, WideStep};
use crate::web::i18n::{Lang, grouped, yuan};
use crate::web::pages::manage::grid::{Cell, Grid, percent};
use crate::web::{Problem, Web};

/// Fills the page.
pub async fn fill(web: &Web, lang: Lang, f: &Filter, page: &mut FunnelPage) -> Result<(), Problem> {
    let store = &web.app.store;
    let [campaigns, channels, materials, regions] = store.all_cut_sums(&f.cut).await?;
    let mut sum = Sliced::default();
    for channel in &channels {
        sum += channel.sums;
    }
    // Links are known by campaign and channel; a region has none.
    let links = store.link_people(f.cut.campaign).await?;
    let mut by_channel: HashMap<&str, i64> = HashMap::new();
    let mut people = HashSet::new();
    for l in &links {
        if f.cut.channel.as_deref().is_none_or(|c| c == l.channel) {
            *by_channel.entry(&l.channel).or_default() += l.links;
            people.insert(l.employee);
        }
    }
    let made: i64 = by_channel.values().sum();
    page.headline = lang
        .t("insight-headline")
        .with("people", grouped(i64::try_from(people.len()).unwrap_or(i64::MAX)))
        .with("links", grouped(made))
        .with("sales", grouped(sum.counts.sales))
        .with("amount", yuan(Money::from_minor(sum.counts.amount)))
        .to_string();
    page.wide = Some(wide(
        lang,
        made,
        &people.len(),
        &sum,
        web.app.programme.dwell_limit_ms / 1000,
    ));
    page.heat = heat(web, lang, f).await?;
    let names: HashMap<String, String> = store
        .campaign_names()
        .await?
        .into_iter()
        .map(|c| (c.slug, c.name))
        .collect();
    let mut channels_grid = grid(
        lang,
        f,
        "channels",
        "channel",
        channels,
        |key| (lang.channel(key), String::new()),
        Some(&by_channel),
    );
    channels_grid.note = lang.t("insight-sorted").to_string();
    page.grids.push(channels_grid);
    let mut titles: HashMap<String, String> = HashMap::new();
    let slugs: HashSet<&str> = materials.iter().filter_map(|m| m.key.split('/').next()).collect();
    for slug in slugs {
        if let Some(campaign) = store.campaign(slug).await? {
            for material in store.materials_of(campaign.id).await? {
                titles.insert(format!("{slug}/{}", material.code), material.facts.title);
            }
        }
    }
    let title = |key: &str| {
        let (slug, code) = key.split_once('/').unwrap_or((key, ""));
        let campaign = names.get(slug).cloned().unwrap_or_else(|| slug.to_owned());
        let name = match code {
            "" => lang.t("insight-no-material").to_string(),
            OTHERS => lang.t("insight-others").to_string(),
            code => titles.get(key).cloned().unwrap_or_else(|| code.to_owned()),
        };
        (name, campaign)
    };
    page.grids
        .push(grid(lang, f, "materials", "material", materials, title, None));
    let region = |key: &str| (region_words(lang, key), String::new());
    page.grids
        .push(grid(lang, f, "regions", "region", regions, region, None));
    if f.campaign.is_none() {
        let name = |key: &str| {
            (
                names.get(key).cloned().unwrap_or_else(|| key.to_owned()),
                String::new(),
            )
        };
        page.grids
            .push(grid(lang, f, "campaigns", "campaign", campaigns, name, None));
    }
    page.grids.push(excluded(lang, &sum.excluded));
    Ok(())
}

/// One cut as a table, by amount unless asked otherwise.
fn grid(
    lang: Lang,
    f: &Filter,
    key: &'static str,
    word: &'static str,
    sums: Vec<CutSum>,
    name: impl Fn(&str) -> (String, String),
    links: Option<&HashMap<&str, i64>>,
) -> Grid {
    let mut columns = vec![("", lang.word("insight", word).to_string())];
    if links.is_some() {
        columns.push(("links", lang.t("insight-links").to_string()));
    }
    columns.extend([
        ("requests", lang.t("col-requests").to_string()),
        ("human", lang.t("funnel-human").to_string()),
        ("valid", lang.t("funnel-valid").to_string()),
        ("rate", lang.t("insight-rate").to_string()),
        ("leads", lang.t("col-leads").to_string()),
        ("sales", lang.t("col-sales").to_string()),
        ("amount", lang.t("col-amount").to_string()),
        ("", lang.t("insight-share").to_string()),
    ]);
    let mut grid = Grid::new(key, lang.word("insight", word).to_string(), &columns);
    let most = sums.iter().map(|s| s.sums.counts.amount).max().unwrap_or(0);
    let cells = |c: &Counts| {
        vec![
            Cell::Count(c.requests),
            Cell::Count(c.human),
            Cell::Count(c.valid),
            Cell::Share(c.valid, c.human),
            Cell::Count(c.leads),
            Cell::Count(c.sales),
            Cell::Money(Money::from_minor(c.amount)),
        ]
    };
    let mut total = Counts::default();
    for sum in &sums {
        let (words, note) = name(&sum.key);
        let mut row = vec![Cell::Name(words, String::new(), note)];
        if let Some(links) = links {
            row.push(Cell::Count(links.get(sum.key.as_str()).copied().unwrap_or(0)));
        }
        row.extend(cells(&sum.sums.counts));
        row.push(Cell::Bar(sum.sums.counts.amount, most));
        total += sum.sums.counts;
        grid.rows.push(row);
    }
    let mut totals = vec![Cell::text(lang.t("insight-sum"))];
    if let Some(links) = links {
        let shown = sums
            .iter()
            .map(|s| links.get(s.key.as_str()).copied().unwrap_or(0));
        totals.push(Cell::Count(shown.sum()));
    }
    totals.extend(cells(&total));
    totals.push(Cell::text(""));
    grid.totals = Some(totals);
    grid.base = f.page();
    grid.sort("amount");
    grid
}

fn excluded(lang: Lang, excluded: &Excluded) -> Grid {
    let columns = [
        ("", lang.t("insight-reason").to_string()),
        ("", lang.t("insight-times").to_string()),
    ];
    let mut grid = Grid::new("excluded", lang.t("insight-excluded"), &columns);
    for (class, count) in excluded.parts().into_iter().filter(|(_, n)| *n > 0) {
        grid.rows.push(vec![
            Cell::Name(
                lang.word("decision-class", class).to_string(),
                String::new(),
                String::new(),
            ),
            Cell::Count(count),
        ]);
    }
    grid.totals = Some(vec![
        Cell::text(lang.t("insight-sum")),
        Cell::Count(excluded.sum()),
    ]);
    grid
}

fn wide(lang: Lang, links: i64, people: &usize, sum: &Sliced, seconds: i64) -> WideFunnel {
    let c = &sum.counts;
    let step = |name: String, what: String, count, behind, words: String| WideStep {
        name,
        what,
        count,
        behind,
        words,
    };
    let of = |step: &'static str, part, whole| {
        // An order needs no lead before it: what is more than its whole is no share of it.
        let share = if part > whole {
            percent(0, 0)
        } else {
            percent(part, whole)
        };
        let text = lang.word("insight-of", step).with("share", share);
        text.to_string()
    };
    let label = lang
        .t("insight-label")
        .n("links", links)
        .n("requests", c.requests)
        .n("human", c.human)
        .n("valid", c.valid)
        .n("leads", c.leads)
        .n("sales", c.sales);
    WideFunnel {
        label: label.to_string(),
        region: lang.t("funnel-title").to_string(),
        steps: vec![
            step(
                lang.t("insight-links").to_string(),
                lang.t("insight-links-by").n("n", *people).to_string(),
                links,
                0,
                lang.t("insight-each-link")
                    .with(
                        "n",
                        c.human.checked_div(links).map_or_else(|| "–".to_owned(), grouped),
                    )
                    .to_string(),
            ),
            step(
                lang.t("insight-clicks").to_string(),
                lang.t("insight-human").to_string(),
                c.human,
                sum.excluded.sum(),
                lang.t("insight-left-out")
                    .with("n", grouped(sum.excluded.sum()))
                    .to_string(),
            ),
            step(
                lang.t("funnel-valid").to_string(),
                lang.t("insight-dwell").n("s", seconds).to_string(),
                c.valid,
                0,
                of("human", c.valid, c.human),
            ),
            step(
                lang.t("funnel-leads").to_string(),
                String::new(),
                c.leads,
                0,
                of("valid", c.leads, c.valid),
            ),
            step(
                lang.t("funnel-sales").to_string(),
                yuan(Money::from_minor(c.amount)),
                c.sales,
                0,
                of("leads", c.sales, c.leads),
            ),
        ],
    }
}

/// The week by the hour, out of the hours: exact at any instant, by campaign and channel; `None` where a content or region
/// was asked for.
async fn heat(web: &Web, lang: Lang, f: &Filter) -> Result<Option<Heat>, Problem> {
    if f.cut.material.is_some() || f.cut.region.is_some() {
        return Ok(None);
    }
    let zone = &web.app.programme.zone;
    let edge = |day: Date| {
        let zoned = day.to_zoned(zone.clone());
        zoned.map_or(0, |z| z.timestamp().as_millisecond())
    };
    let hours = web
        .app
        .store
        .hour_sums(
            edge(f.cut.first),
            edge(f.cut.end),
            f.cut.campaign,
            f.cut.channel.as_deref(),
        )
        .await?;
    let mut values = [[0i64; 24]; 7];
    for hour in hours {
        if let Ok(at) = Timestamp::from_millisecond(hour.hour) {
            let at = at.to_zoned(zone.clone());
            let day = usize::try_from(at.weekday().to_monday_zero_offset()).unwrap_or(0);
            let hour_of_day = usize::try_from(at.hour()).unwrap_or(0);
            values[day][hour_of_day] += hour.counts.valid;
        }
    }
    let weekday = |n: usize| lang.word("weekday", n + 1).to_string();
    let clock = |n: i64| lang.t("insight-clock").n("h", n).to_string();
    let label = match Heat::busiest(&values) {
        Some((day, hour, most)) => lang
            .t("insight-heat-label")
            .with("day", weekday(day))
            .n("hour", hour)
            .n("n", most)
            .to_string(),
        None => lang.t("insight-heat-empty").to_string(),
    };
    let days: [usize; 7] = [0, 1, 2, 3, 4, 5, 6];
    Ok(Some(Heat {
        label,
        caption: lang.t("insight-heat").to_string(),
        summary: lang.t("chart-data").to_string(),
        corner: lang.t("insight-weekday").to_string(),
        sum: lang.t("insight-sum").to_string(),
        short: days.map(|n| lang.word("weekday-short", n + 1).to_string()),
        days: days.map(weekday),
        hours: [0, 6, 12, 18, 24].map(clock),
        parts: ["0–6", "6–12", "12–18", "18–24"].map(|p| lang.t("insight-part").with("p", p).to_string()),
        values,
    }))
}

/// The hours as a sheet.
pub fn hours_table(heat: &Heat) -> Table {
    let mut columns = vec![SheetColumn::text(heat.corner.clone())];
    columns.extend((0..24).map(|h| SheetColumn::integer(format!("{h}:00"))));
    let mut table = Table::new(heat.caption.clone(), columns);
    for (day, hours) in heat.days.iter().zip(&heat.values) {
        let mut row = vec![SheetCell::Text(day.clone())];
        row.extend(hours.iter().map(|n| SheetCell::Integer(*n)));
        table.push(row);
    }
    table
}
