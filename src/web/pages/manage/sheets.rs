//! `/app/manage/….csv` and `.xlsx`: the lists of the marketing desk, whole and not by the page: campaigns, a campaign's
//! links and coupons, points, orders of the shop, honours. What is longer than [`MAX_ROWS`] is cut and says so in its last row.

use axum::Router;
use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use axum::routing::get;
use serde::Deserialize;

use super::campaign::known;
use super::campaigns::{LATELY_DAYS, Standing, since};
use super::coupons::off;
use super::funnel::{XLSX, download};
use super::links::last_day;
use super::points;
use crate::app::Permission;
use crate::domain::{Counts, Money, OrderState};
use crate::sheet::{Cell, Column, MAX_ROWS, Table};
use crate::storage::StoreError;
use crate::storage::shop::OrderFilter;
use crate::web::i18n::{Lang, label_words};
use crate::web::pages::actors::Actors;
use crate::web::pages::claims::view::instant;
use crate::web::pages::shop::order_view;
use crate::web::session::SignedIn;
use crate::web::shell::moment;
use crate::web::{Path, Problem, Query, Web};

/// Rows read at once.
const CHUNK: i64 = 1_000;

/// The routes.
pub fn routes() -> Router<Web> {
    Router::new()
        .route("/app/manage/campaigns.csv", get(campaigns))
        .route("/app/manage/campaigns.xlsx", get(campaigns))
        .route("/app/manage/campaigns/{slug}/links.csv", get(links))
        .route("/app/manage/campaigns/{slug}/links.xlsx", get(links))
        .route("/app/manage/campaigns/{slug}/coupons.csv", get(coupons))
        .route("/app/manage/campaigns/{slug}/coupons.xlsx", get(coupons))
        .route("/app/manage/points.csv", get(points))
        .route("/app/manage/points.xlsx", get(points))
        .route("/app/manage/shop.csv", get(orders))
        .route("/app/manage/shop.xlsx", get(orders))
        .route("/app/manage/honours.csv", get(honours))
        .route("/app/manage/honours.xlsx", get(honours))
}

/// The table as the file its address names. Tens of thousands of rows take a good second of one core: not one that serves.
async fn file(web: &Web, uri: &Uri, table: Table, name: &str) -> Result<Response, Problem> {
    let ending = uri.path().rsplit('.').next();
    let (csv, today) = (ending == Some("csv"), web.app.today());
    let bytes = tokio::task::spawn_blocking(move || if csv { table.to_csv() } else { table.to_xlsx(today) })
        .await
        .map_err(|e| Problem::internal(&e))?
        .map_err(|e| Problem::internal(&e))?;
    let (media, ending) = if csv {
        ("text/csv; charset=utf-8", "csv")
    } else {
        (XLSX, "xlsx")
    };
    Ok(download(bytes, media, &format!("{name}.{ending}")))
}

/// Reads rows from a mark on, a row's own, until there are no more or `most` are there; and whether more are left.
async fn all<T, F: Future<Output = Result<Vec<T>, StoreError>>>(
    most: usize,
    read: impl Fn(Option<i64>) -> F,
    mark: impl Fn(&T) -> i64,
) -> Result<(Vec<T>, bool), StoreError> {
    let (mut rows, mut from) = (Vec::new(), None);
    while rows.len() <= most {
        let mut more = read(from).await?;
        let Some(last) = more.last() else { break };
        from = Some(mark(last));
        rows.append(&mut more);
    }
    let more = rows.len() > most;
    rows.truncate(most);
    Ok((rows, more))
}

/// Ends a table: with its sums where it has them all, else with words that it is not all.
fn end(lang: Lang, table: &mut Table, cut: bool, sums: Option<Vec<Cell>>) {
    if !cut {
        // Beside no row a sum is noise.
        table.totals = sums.filter(|_| !table.rows.is_empty());
        return;
    }
    let words = lang.t("sheet-cut").n("n", table.rows.len()).to_string();
    let mut cells = vec![Cell::Empty; table.columns.len()];
    cells[0] = words.into();
    table.push(cells);
}

/// A row of sums: its name, nothing under the texts, then the sums.
fn sums(lang: Lang, texts: usize, counts: Counts) -> Vec<Cell> {
    let mut cells = vec![Cell::Empty; texts];
    cells[0] = lang.t("insight-sum").to_string().into();
    cells.extend(self::counts(counts));
    cells
}

fn text(lang: Lang, keys: &[&'static str]) -> Vec<Column> {
    keys.iter().map(|key| Column::text(heading(lang, key))).collect()
}

/// Heads of columns, as the pages have them.
fn heading(lang: Lang, key: &str) -> String {
    let words = match key {
        "name" => lang.t("campaign-name"),
        "slug" => lang.t("campaign-slug"),
        "state" => lang.t("campaign-state"),
        "link" => lang.t("links-link"),
        "person" => lang.t("links-person"),
        "code" => lang.t("points-employee"),
        "team" => lang.t("person-team"),
        "channel" => lang.t("links-channel"),
        "material" => lang.t("material-title"),
        "evidence" => lang.t("sheet-evidence"),
        "voucher" => lang.t("order-code"),
        "coupon" => lang.t("coupon-code"),
        "off" => lang.t("coupon-off"),
        "what" => lang.t("sheet-what"),
        "when" => lang.t("order-col-when"),
        "kind" => lang.t("honour-kind"),
        "title" => lang.t("honour-title"),
        "span" => lang.t("honour-span"),
        _ => lang.t("fraud-reason"),
    };
    words.to_string()
}

/// The sums a list of campaigns or links shows.
fn counted(lang: Lang) -> Vec<Column> {
    let integers = ["requests", "people", "valid", "leads", "sales"];
    let mut columns: Vec<Column> = integers
        .iter()
        .map(|word| Column::integer(lang.word("col", word).to_string()))
        .collect();
    columns.push(Column::money(lang.word("col", "amount").to_string()));
    columns
}

fn counts(c: Counts) -> [Cell; 6] {
    [
        c.requests.into(),
        c.human.into(),
        c.valid.into(),
        c.leads.into(),
        c.sales.into(),
        Money::from_minor(c.amount).into(),
    ]
}

fn day(day: Option<jiff::civil::Date>) -> Cell {
    day.map_or(Cell::Empty, Cell::Date)
}

async fn campaigns(State(web): State<Web>, who: SignedIn, uri: Uri) -> Result<Response, Problem> {
    who.need(Permission::ReadTracker)?;
    let (lang, store, today) = (who.lang, &web.app.store, web.app.today());
    let totals = store.totals_of_campaigns(since(&web)).await?;
    let mut columns = text(lang, &["name", "slug", "state"]);
    columns.push(Column::date(lang.t("insight-from").to_string()));
    columns.push(Column::date(lang.t("insight-to").to_string()));
    columns.extend(counted(lang));
    let mut table = Table::new(lang.t("nav-campaigns").to_string(), columns);
    let (found, more) = all(MAX_ROWS, |after| store.campaigns(after, CHUNK), |c| c.id.0).await?;
    let mut sum = Counts::default();
    for c in found {
        let standing = lang.word("standing", Standing::of(&c, today).as_str());
        let mut cells = vec![
            c.facts.name.into(),
            c.slug.into(),
            standing.to_string().into(),
            day(c.facts.starts_on),
            day(c.facts.ends_on),
        ];
        let counted = totals.get(&c.id).copied().unwrap_or_default();
        sum += counted;
        cells.extend(counts(counted));
        table.push(cells);
    }
    end(lang, &mut table, more, Some(sums(lang, 5, sum)));
    // What is counted is counted over the days the page shows.
    file(&web, &uri, table, &format!("campaigns-{LATELY_DAYS}-days")).await
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct LinksAsked {
    /// Whose alone.
    employee: String,
}

async fn links(
    State(web): State<Web>,
    who: SignedIn,
    Path(slug): Path<String>,
    Query(asked): Query<LinksAsked>,
    uri: Uri,
) -> Result<Response, Problem> {
    let campaign = known(&web, &who, &slug).await?;
    let (lang, store) = (who.lang, &web.app.store);
    let employee = match asked.employee.trim() {
        "" => None,
        code => {
            let found = store.employee(code, web.app.today()).await?;
            let wrong = || Problem::field("?employee", lang.word("link-wrong", "employee"));
            Some(found.ok_or_else(wrong)?.id)
        }
    };
    let mut columns = text(lang, &["link", "person", "code", "channel", "material", "state"]);
    columns.push(Column::date(lang.t("links-end").to_string()));
    columns.extend(counted(lang));
    let mut table = Table::new(lang.t("links-title").to_string(), columns);
    let read = |after| store.links(employee, Some(campaign.id), after, CHUNK);
    let (found, more) = all(MAX_ROWS, read, |l| l.id.0).await?;
    let mut sum = Counts::default();
    for chunk in found.chunks(usize::try_from(CHUNK).unwrap_or(usize::MAX)) {
        let ids: Vec<_> = chunk.iter().map(|l| l.id).collect();
        let totals = store.totals_of_links(&ids).await?;
        for l in chunk {
            let state = match l.facts.disabled_at {
                Some(_) => lang.word("standing", "disabled").to_string().into(),
                None => Cell::Empty,
            };
            let mut cells = vec![
                web.app.urls.short_url(l.code.as_str()).into(),
                l.employee_name.as_str().into(),
                l.employee_code.as_str().into(),
                lang.channel(&l.channel).into(),
                l.material.as_str().into(),
                state,
                day(last_day(&web.app, l)),
            ];
            let counted = totals.get(&l.id.0).copied().unwrap_or_default();
            sum += counted;
            cells.extend(counts(counted));
            table.push(cells);
        }
    }
    end(lang, &mut table, more, Some(sums(lang, 7, sum)));
    file(&web, &uri, table, &format!("links-{}", campaign.slug)).await
}

async fn coupons(
    State(web): State<Web>,
    who: SignedIn,
    Path(slug): Path<String>,
    uri: Uri,
) -> Result<Response, Problem> {
    let campaign = known(&web, &who, &slug).await?;
    let (lang, store) = (who.lang, &web.app.store);
    let mut columns = text(lang, &["coupon", "code", "off"]);
    columns.push(Column::integer(lang.t("coupon-redeemed").to_string()));
    columns.push(Column::integer(lang.t("coupon-most").to_string()));
    columns.push(Column::date(lang.t("links-end").to_string()));
    columns.extend(text(lang, &["state"]));
    let mut table = Table::new(lang.t("coupons-title").to_string(), columns);
    let read = |before| store.newest_coupons(campaign.id, before, CHUNK);
    let (found, more) = all(MAX_ROWS, read, |c| c.id.0).await?;
    for c in found {
        let state = match c.disabled_at {
            Some(_) => lang.word("standing", "disabled").to_string().into(),
            None => Cell::Empty,
        };
        table.push(vec![
            c.code.into(),
            c.employee_code.into(),
            off(lang, c.terms.discount).into(),
            c.terms.redeemed.into(),
            c.terms.max_redemptions.map_or(Cell::Empty, Cell::Integer),
            day(c.terms.ends_on),
            state,
        ]);
    }
    end(lang, &mut table, more, None);
    file(&web, &uri, table, &format!("coupons-{}", campaign.slug)).await
}

async fn points(
    State(web): State<Web>,
    who: SignedIn,
    Query(asked): Query<points::Asked>,
    uri: Uri,
) -> Result<Response, Problem> {
    who.need(Permission::DecidePoints)?;
    let lang = who.lang;
    let mut columns = text(lang, &["person", "code", "team", "what", "when"]);
    columns.push(Column::integer(lang.t("order-col-points").to_string()));
    columns.extend(text(lang, &["state", "reason", "evidence"]));
    let name = lang.word("points-tab", asked.tab()).to_string();
    let mut table = Table::new(name, columns);
    let (found, more) = points::everything(&web, &who, &asked, MAX_ROWS).await?;
    for item in found {
        let state = match item.status.as_str() {
            "approved" => lang.t("points-approved"),
            "rejected" => lang.t("points-rejected"),
            _ => lang.t("points-waiting"),
        };
        table.push(vec![
            item.person.into(),
            item.code.into(),
            item.team.into(),
            item.what.into(),
            item.at.stamp().into(),
            item.worth.into(),
            state.to_string().into(),
            item.decided.unwrap_or_default().into(),
            item.evidence.unwrap_or_default().into(),
        ]);
    }
    end(lang, &mut table, more, None);
    let state = match (asked.tab(), asked.all()) {
        ("exchanges", true) => "-all",
        ("exchanges", false) => "-pending",
        _ => "",
    };
    file(&web, &uri, table, &format!("points-{}{state}", asked.tab())).await
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct OrdersAsked {
    status: String,
}

async fn orders(
    State(web): State<Web>,
    who: SignedIn,
    Query(asked): Query<OrdersAsked>,
    uri: Uri,
) -> Result<Response, Problem> {
    who.need(Permission::RunShop)?;
    let (lang, store, today) = (who.lang, &web.app.store, web.app.today());
    let filter = OrderFilter {
        employee: None,
        status: match asked.status.as_str() {
            "all" => None,
            word => Some(word.parse().unwrap_or(OrderState::Ordered)),
        },
    };
    let moment = moment(&web.app, lang);
    let teams = store.team_names(today).await?;
    let mut columns = text(lang, &["person", "code", "team", "what"]);
    columns.push(Column::integer(lang.t("order-col-points").to_string()));
    columns.extend(text(lang, &["when", "state", "reason", "voucher"]));
    columns.push(Column::date(lang.t("links-end").to_string()));
    let mut table = Table::new(lang.t("order-queue").to_string(), columns);
    let (found, more) = all(MAX_ROWS, |before| store.orders(filter, before, CHUNK), |o| o.id).await?;
    for o in found {
        let view = order_view(lang, &o, today);
        table.push(vec![
            o.employee_name.into(),
            o.employee_code.into(),
            teams.get(&o.employee_id).cloned().unwrap_or_default().into(),
            view.title.into(),
            view.points.into(),
            moment.time(view.at).stamp().into(),
            view.word.into(),
            view.reason.unwrap_or_default().into(),
            view.code.unwrap_or_default().into(),
            day(view.use_by),
        ]);
    }
    end(lang, &mut table, more, None);
    let status = filter.status.map_or("all", OrderState::as_str);
    file(&web, &uri, table, &format!("orders-{status}")).await
}

async fn honours(State(web): State<Web>, who: SignedIn, uri: Uri) -> Result<Response, Problem> {
    who.need(Permission::DecidePoints)?;
    let (lang, store) = (who.lang, &web.app.store);
    let moment = moment(&web.app, lang);
    let actors = Actors::load(&web, lang).await?;
    let mut columns = text(
        lang,
        &["person", "code", "kind", "title", "span", "reason", "when"],
    );
    columns.extend(
        ["given-by", "state", "taken-at", "taken-by", "taken-why"]
            .map(|word| Column::text(lang.word("honour-col", word).to_string())),
    );
    let mut table = Table::new(lang.t("nav-honours").to_string(), columns);
    let (found, more) = all(MAX_ROWS, |before| store.honours(before, CHUNK), |h| h.id).await?;
    for h in found {
        let state = match h.withdrawn_by {
            Some(_) => lang.t("honour-withdrawn").to_string().into(),
            None => Cell::Empty,
        };
        let taken_at = h.withdrawn_at.map(|at| moment.time(instant(at)).stamp());
        table.push(vec![
            h.name.into(),
            h.code.into(),
            lang.word("honour", &h.kind).to_string().into(),
            h.title.into(),
            label_words(lang, &h.span).into(),
            h.reason.into(),
            moment.time(instant(h.given_at)).stamp().into(),
            actors.name(&h.given_by).into(),
            state,
            taken_at.map_or(Cell::Empty, Into::into),
            h.withdrawn_by.map_or(Cell::Empty, |by| actors.name(&by).into()),
            h.withdrawn_reason.map_or(Cell::Empty, Into::into),
        ]);
    }
    end(lang, &mut table, more, None);
    file(&web, &uri, table, "honours").await
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Twos of the numbers up to `there`, counted from a mark on.
    fn read(there: i64, after: Option<i64>) -> std::future::Ready<Result<Vec<i64>, StoreError>> {
        let from = after.unwrap_or(0) + 1;
        std::future::ready(Ok((from..=there).take(2).collect()))
    }

    #[tokio::test]
    async fn a_list_is_read_whole_or_to_the_limit_and_says_which() {
        for (there, most, kept, more) in [
            (0, 4, 0, false),
            (3, 4, 3, false),
            (4, 4, 4, false),
            (5, 4, 4, true),
        ] {
            let (rows, left) = all(most, |after| read(there, after), |n| *n).await.unwrap();
            assert_eq!((rows.len(), left), (kept, more), "{there}");
            assert!(rows.iter().zip(1..).all(|(row, n)| *row == n), "{rows:?}");
        }
    }

    #[test]
    fn a_table_that_was_cut_says_so_and_sums_nothing() {
        for (lang, words, sum) in [
            (Lang::Zh, "前 1 行", "合计"),
            (Lang::En, "The first row is listed", "Total"),
        ] {
            let mut whole = Table::new("x", text(lang, &["name", "state"]));
            whole.columns.extend(counted(lang));
            let mut row = vec![Cell::from("a"), Cell::from("b")];
            row.extend(counts(Counts::default()));
            whole.push(row);
            let mut cut = whole.clone();
            let sold = Counts {
                sales: 3,
                amount: 50,
                ..Counts::default()
            };
            end(lang, &mut whole, false, Some(sums(lang, 2, sold)));
            let csv = String::from_utf8(whole.to_csv().unwrap()).unwrap();
            assert!(csv.ends_with(&format!("{sum},,0,0,0,0,3,0.50\n")), "{csv}");
            end(lang, &mut cut, true, Some(sums(lang, 2, sold)));
            let csv = String::from_utf8(cut.to_csv().unwrap()).unwrap();
            assert!(csv.contains(words) && !csv.contains(sum), "{csv}");
            assert_eq!(cut.rows.len(), 2, "{csv}");
        }
    }
}
