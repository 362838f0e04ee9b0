//! Clicks as attribution sees them: joined with their link, campaign and employee (attribution.md §5).

use uuid::Uuid;

use crate::attribution::Generation;
use crate::domain::{CampaignId, Class, ClickId, CustomerId, EmployeeId, LinkId};
use crate::storage::{Store, StoreError, Tx, reading, writing};

/// Touches of one customer looked at, the latest ones.
const MOST: i64 = 200;

/// An employee as attribution needs them: contacts for the self-purchase rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmployeeRow {
    /// The row.
    pub id: EmployeeId,
    /// What people call them by.
    pub code: String,
    /// Last working day (ISO).
    pub left_on: Option<String>,
    /// As entered.
    pub phone: Option<String>,
    /// As entered.
    pub email: Option<String>,
}

/// A click with everything around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TouchRow {
    /// Which.
    pub click: ClickId,
    /// When, milliseconds UTC.
    pub at_ms: i64,
    /// What it was, overruling included.
    pub class: Class,
    /// Through which link.
    pub link: LinkId,
    /// Posted where.
    pub channel: String,
    /// Of which campaign.
    pub campaign: CampaignId,
    /// The campaign's own window, days.
    pub window_days: Option<i64>,
    /// Own link, visitor's, or further down.
    pub generation: Generation,
    /// Whose link.
    pub employee: EmployeeRow,
}

type Row = (
    Uuid,
    i64,
    String,
    i64,
    String,
    i64,
    Option<i64>,
    Option<i64>,
    Option<i64>,
    i64,
    String,
    Option<String>,
    Option<String>,
    Option<String>,
);

macro_rules! touch_sql {
    ($rest:literal) => {
        concat!(
            "select c.id, c.at, c.class, l.id, l.channel, l.campaign_id, ca.attribution_window_days, l.parent_id, ",
            "p.parent_id, e.id, e.code, e.left_on, e.phone, e.email from clicks c ",
            "join links l on l.id = c.link_id join campaigns ca on ca.id = l.campaign_id ",
            "join employees e on e.id = l.employee_id left join links p on p.id = l.parent_id ",
            $rest
        )
    };
}

fn from_row(row: Row) -> Result<TouchRow, StoreError> {
    let (
        click,
        at_ms,
        class,
        link,
        channel,
        campaign,
        window_days,
        parent,
        grandparent,
        id,
        code,
        left_on,
        phone,
        email,
    ) = row;
    let class = class.parse().map_err(|()| StoreError::Corrupt {
        table: "clicks",
        column: "class",
        value: class,
    })?;
    Ok(TouchRow {
        click: ClickId(click),
        at_ms,
        class,
        link: LinkId(link),
        channel,
        campaign: CampaignId(campaign),
        window_days,
        generation: match (parent, grandparent) {
            (None, _) => Generation::Own,
            (Some(_), None) => Generation::Child,
            (Some(_), Some(_)) => Generation::Deeper,
        },
        employee: EmployeeRow {
            id: EmployeeId(id),
            code,
            left_on,
            phone,
            email,
        },
    })
}

impl Store {
    /// The link a click came through.
    pub async fn link_of_click(&self, click: ClickId) -> Result<Option<LinkId>, StoreError> {
        let row: Option<(i64,)> = reading!(self, |db| {
            sqlx::query_as("select link_id from clicks where id = $1")
                .bind(click.0)
                .fetch_optional(db)
                .await?
        });
        Ok(row.map(|(id,)| LinkId(id)))
    }

    /// Whether a click has reached the store (the spool's loader is at most seconds behind).
    pub async fn click_is_loaded(&self, click: ClickId) -> Result<bool, StoreError> {
        let row: Option<(i64,)> = reading!(self, |db| {
            sqlx::query_as("select at from clicks where id = $1")
                .bind(click.0)
                .fetch_optional(db)
                .await?
        });
        Ok(row.is_some())
    }
}

/// A click by its id; `None` when it has not reached the store.
pub async fn by_click(tx: &mut Tx, click: ClickId) -> Result<Option<TouchRow>, StoreError> {
    let row: Option<Row> = writing!(tx, |db| {
        sqlx::query_as(touch_sql!("where c.id = $1"))
            .bind(click.0)
            .fetch_optional(db)
            .await?
    });
    row.map(from_row).transpose()
}

/// Clicks that led this customer to earlier conversions (rejected ones aside), the latest first, at most 200.
pub async fn of_customer(
    tx: &mut Tx,
    customer: CustomerId,
    except: i64,
) -> Result<Vec<TouchRow>, StoreError> {
    let rows: Vec<Row> = writing!(tx, |db| {
        sqlx::query_as(touch_sql!(
            "where c.id in (select v.click_id from conversions v where v.customer_id = $1 and v.id <> $2 \
             and v.click_id is not null and v.status <> 'rejected') order by c.at desc, c.id desc limit $3"
        ))
        .bind(customer.0)
        .bind(except)
        .bind(MOST)
        .fetch_all(db)
        .await?
    });
    rows.into_iter().map(from_row).collect()
}

/// An employee by row.
pub async fn employee(tx: &mut Tx, id: EmployeeId) -> Result<Option<EmployeeRow>, StoreError> {
    type Person = (i64, String, Option<String>, Option<String>, Option<String>);
    let row: Option<Person> = writing!(tx, |db| {
        sqlx::query_as("select id, code, left_on, phone, email from employees where id = $1")
            .bind(id.0)
            .fetch_optional(db)
            .await?
    });
    Ok(row.map(|(id, code, left_on, phone, email)| EmployeeRow {
        id: EmployeeId(id),
        code,
        left_on,
        phone,
        email,
    }))
}
