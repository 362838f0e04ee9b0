//! Everything the firm holds on one person, as files: for that person alone.
//!
//! What is other people's stays out: customers' names and contacts, friends' names, who decided, visitors behind clicks.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::app::{App, accounts};
use crate::domain::{ClickId, EmployeeId, Money};
use crate::sheet::{Cell, Column, SheetError, Table, archive};
use crate::storage::claims::ClaimFilter;
use crate::storage::shares::Filter;
use crate::storage::shop::OrderFilter;
use crate::storage::{Account, StoreError};

/// Most rows of a table; the latest ones.
const ROWS: i64 = 20_000;

/// After every click.
const LAST: ClickId = ClickId(uuid::Uuid::max());

/// Why there is no export.
#[derive(Debug, thiserror::Error)]
pub enum MyDataError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A table could not be written.
    #[error(transparent)]
    Sheet(#[from] SheetError),
    /// There is no such person.
    #[error("no such employee")]
    Nobody,
}

/// A ZIP with `me.json` and a CSV table for each kind of thing; `rows` of a table that was cut are said in `me.json`.
pub async fn my_data(app: &App, account: &Account, employee: EmployeeId) -> Result<Vec<u8>, MyDataError> {
    let mut tables = vec![links(app, employee).await?, coupons(app, employee).await?];
    tables.push(clicks(app, employee).await?);
    tables.push(conversions(app, employee).await?);
    tables.push(claims(app, employee).await?);
    tables.push(points(app, employee).await?);
    tables.append(&mut filed(app, employee).await?);
    tables.push(orders(app, employee).await?);
    let me = profile(app, account, employee).await?;
    let code = me["employee"]["code"].as_str().unwrap_or_default().to_owned();
    tables.push(pay(app, &code).await?);
    tables.push(acts(app, account).await?);
    let text = serde_json::to_string_pretty(&me).unwrap_or_default();
    let mut files = vec![("me.json".to_owned(), text.into_bytes())];
    for table in tables {
        files.push((format!("{}.csv", table.name), table.to_csv()?));
    }
    Ok(archive(&files, app.today()))
}

async fn profile(app: &App, account: &Account, employee: EmployeeId) -> Result<Value, MyDataError> {
    let store = &app.store;
    let person = store
        .employee_by_id(employee, app.today())
        .await?
        .ok_or(MyDataError::Nobody)?;
    let teams: Vec<Value> = store
        .team_history(employee)
        .await?
        .into_iter()
        .map(|(name, from_on, to_on)| json!({"team": name, "from": from_on, "to": to_on}))
        .collect();
    let versions = store.rules_versions().await?;
    let rules: Vec<Value> = store
        .rules_accepted(employee)
        .await?
        .into_iter()
        .filter_map(|(row, at)| {
            let version = versions.iter().find(|v| v.id == row)?;
            Some(json!({"version": version.number, "accepted_at": instant(at)}))
        })
        .collect();
    let roles: Vec<&str> = account.roles.iter().map(|r| r.as_str()).collect();
    let facts = &person.facts;
    Ok(json!({
        "made_at": app.now().to_string(),
        "rows_at_most": ROWS,
        "employee": {
            "code": person.code, "name": facts.name, "email": facts.email, "phone": facts.phone,
            "nickname": facts.nickname, "shown_on_boards_as": person.display.as_str(),
            "hired_on": facts.hired_on, "left_on": facts.left_on,
        },
        "teams": teams,
        "account": {"login": account.login, "name": account.name, "roles": roles, "language": account.lang},
        "points": store.point_balance(employee).await?,
        "rules_accepted": rules,
    }))
}

fn instant(ms: i64) -> String {
    Timestamp::from_millisecond(ms).map_or_else(|_| ms.to_string(), |at| at.to_string())
}

fn at(ms: i64) -> Cell {
    Cell::from(instant(ms))
}

fn table(name: &str, heads: &[&str]) -> Table {
    Table::new(name, heads.iter().map(|h| Column::text(*h)).collect())
}

async fn links(app: &App, employee: EmployeeId) -> Result<Table, MyDataError> {
    let mut t = table("links", &["code", "campaign", "channel", "material"]);
    for l in app.store.links(Some(employee), None, None, ROWS).await? {
        t.push(vec![
            l.code.as_str().into(),
            l.campaign_slug.into(),
            l.channel.into(),
            l.material.into(),
        ]);
    }
    Ok(t)
}

async fn coupons(app: &App, employee: EmployeeId) -> Result<Table, MyDataError> {
    let mut t = table("coupons", &["code", "redeemed"]);
    for c in app.store.coupons(Some(employee), None, None, ROWS).await? {
        t.push(vec![c.code.into(), c.terms.redeemed.into()]);
    }
    Ok(t)
}

async fn clicks(app: &App, employee: EmployeeId) -> Result<Table, MyDataError> {
    let mut t = table(
        "clicks",
        &[
            "at", "link", "campaign", "channel", "class", "reason", "dwell_ms", "valid",
        ],
    );
    for c in app.store.clicks_around(employee, LAST, ROWS).await? {
        t.push(vec![
            at(c.at),
            c.link.into(),
            c.campaign.into(),
            c.channel.into(),
            c.class.as_str().into(),
            c.reason.as_str().into(),
            c.dwell_ms.into(),
            if c.valid { "yes" } else { "no" }.into(),
        ]);
    }
    Ok(t)
}

async fn conversions(app: &App, employee: EmployeeId) -> Result<Table, MyDataError> {
    let mut t = table(
        "conversions",
        &["at", "id", "kind", "amount", "refunded", "status", "credited"],
    );
    for c in app
        .store
        .conversions_around(employee, (i64::MAX, i64::MAX), ROWS)
        .await?
    {
        let credited = if c.credited_to == Some(employee) {
            "me"
        } else if c.indirect_to == Some(employee) {
            "indirect"
        } else {
            "nobody"
        };
        t.push(vec![
            at(c.occurred_at),
            c.external_id.into(),
            c.kind.as_str().into(),
            c.amount.into(),
            c.refunded.into(),
            c.status.as_str().into(),
            credited.into(),
        ]);
    }
    Ok(t)
}

async fn claims(app: &App, employee: EmployeeId) -> Result<Table, MyDataError> {
    let mut t = table(
        "claims",
        &[
            "id",
            "filed_at",
            "kind",
            "bought",
            "amount",
            "order",
            "occurred_on",
            "status",
        ],
    );
    let filter = ClaimFilter {
        employee: Some(employee),
        ..ClaimFilter::default()
    };
    for c in app.store.claims(filter, None, ROWS).await? {
        t.push(vec![
            c.id.into(),
            at(c.filed_at),
            c.kind.as_str().into(),
            c.bought.into(),
            c.amount.into(),
            c.order_no.into(),
            c.occurred_on.into(),
            c.status.as_str().into(),
        ]);
    }
    Ok(t)
}

async fn points(app: &App, employee: EmployeeId) -> Result<Table, MyDataError> {
    let mut t = table("points", &["at", "rule", "source", "points", "booked_to"]);
    for p in app.store.point_entries(employee, None, ROWS).await? {
        t.push(vec![
            at(p.at),
            p.rule.as_str().into(),
            p.source.into(),
            p.points.into(),
            p.day.into(),
        ]);
    }
    Ok(t)
}

/// Shares, exchanges (without the friends' names) and awards.
async fn filed(app: &App, employee: EmployeeId) -> Result<Vec<Table>, MyDataError> {
    let filter = Filter {
        employee: Some(employee),
        status: None,
    };
    let mut shares = table(
        "shares",
        &[
            "id",
            "posted_at",
            "link",
            "channel",
            "evidence",
            "outcome",
            "points",
            "reason",
        ],
    );
    for s in app.store.shares(filter, None, ROWS).await? {
        shares.push(vec![
            s.id.into(),
            at(s.posted_at),
            s.link_code.into(),
            s.channel.into(),
            s.evidence_url.into(),
            s.outcome.into(),
            s.points.into(),
            s.reason.into(),
        ]);
    }
    let mut exchanges = table(
        "exchanges",
        &["id", "share", "at", "evidence", "outcome", "points", "reason"],
    );
    for x in app.store.interactions(filter, None, ROWS).await? {
        exchanges.push(vec![
            x.id.into(),
            x.share_id.into(),
            at(x.occurred_at),
            x.evidence_url.into(),
            x.outcome.into(),
            x.points.into(),
            x.reason.into(),
        ]);
    }
    Ok(vec![shares, exchanges])
}

async fn orders(app: &App, employee: EmployeeId) -> Result<Table, MyDataError> {
    let mut t = table(
        "orders",
        &["id", "at", "item", "points", "status", "code", "use_by", "reason"],
    );
    let filter = OrderFilter {
        employee: Some(employee),
        status: None,
    };
    for o in app.store.orders(filter, None, ROWS).await? {
        t.push(vec![
            o.id.into(),
            at(o.ordered_at),
            o.title.into(),
            o.points.into(),
            o.status.into(),
            o.code.into(),
            o.use_by.into(),
            o.reason.into(),
        ]);
    }
    Ok(t)
}

async fn pay(app: &App, code: &str) -> Result<Table, MyDataError> {
    let mut t = table("pay", &["scheme", "period", "title", "title_en", "amount"]);
    for (scheme, period, zh, en, amount) in app.store.paid_lines(code).await? {
        let amount = Money::from_minor(amount);
        t.push(vec![
            scheme.into(),
            period.into(),
            zh.into(),
            en.into(),
            amount.into(),
        ]);
    }
    Ok(t)
}

async fn acts(app: &App, account: &Account) -> Result<Table, MyDataError> {
    let mut t = table("my-acts", &["at", "action", "subject"]);
    for (when, action, subject) in app.store.acts_of(&accounts::actor(account).word()).await? {
        t.push(vec![at(when), action.into(), subject.into()]);
    }
    Ok(t)
}
