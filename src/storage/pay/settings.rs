//! How a firm runs a scheme, and people's attributes: both from a day on, never edited.

use jiff::civil::Date;

use crate::domain::EmployeeId;
use crate::storage::{Store, StoreError, Tx, reading, writing};

/// A setting to be made.
#[derive(Clone, Debug)]
pub struct NewSetting<'a> {
    /// Scheme id.
    pub scheme: &'a str,
    /// Holds for periods that begin on this day or later.
    pub from_on: Date,
    /// The document; `None`: the one built in.
    pub document: Option<&'a str>,
    /// JSON object.
    pub params: &'a str,
    /// Whether the scheme is due in its periods.
    pub enabled: bool,
    /// Why.
    pub note: &'a str,
    /// An actor's word.
    pub set_by: &'a str,
    /// Milliseconds UTC.
    pub created_at: i64,
}

/// A setting.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Setting {
    /// Row.
    pub id: i64,
    /// Scheme id.
    pub scheme: String,
    /// ISO day.
    pub from_on: String,
    /// The document; `None`: the one built in.
    pub document: Option<String>,
    /// JSON object.
    pub params: String,
    /// Whether the scheme is due in its periods.
    pub enabled: bool,
    /// Why.
    pub note: String,
    /// An actor's word.
    pub set_by: String,
    /// Milliseconds UTC.
    pub created_at: i64,
}

/// A person's attribute from a day on.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct RosterValue {
    /// Whose.
    pub employee_id: i64,
    /// Which.
    pub name: String,
    /// JSON.
    pub value: String,
    /// ISO day.
    pub from_on: String,
}

macro_rules! setting_sql {
    ($rest:literal) => {
        concat!(
            "select id, scheme, from_on, document, params, enabled = 1 as enabled, note, set_by, created_at \
             from scheme_settings ",
            $rest
        )
    };
}

impl Store {
    /// The setting of a scheme for a period that begins on this day; of several from one day the last made.
    pub async fn setting_on(&self, scheme: &str, day: Date) -> Result<Option<Setting>, StoreError> {
        Ok(reading!(self, |db| {
            sqlx::query_as(setting_sql!(
                "where scheme = $1 and from_on <= $2 order by from_on desc, id desc limit 1"
            ))
            .bind(scheme)
            .bind(day.to_string())
            .fetch_optional(db)
            .await?
        }))
    }

    /// All settings of a scheme, the newest first.
    pub async fn settings_of(&self, scheme: &str) -> Result<Vec<Setting>, StoreError> {
        Ok(reading!(self, |db| {
            sqlx::query_as(setting_sql!(
                "where scheme = $1 order by from_on desc, id desc limit 500"
            ))
            .bind(scheme)
            .fetch_all(db)
            .await?
        }))
    }

    /// Documents of the firm's own with their schemes, each text once, by scheme and the newest first.
    pub async fn own_documents(&self) -> Result<Vec<(String, String)>, StoreError> {
        Ok(reading!(self, |db| {
            sqlx::query_as(
                "select scheme, document from scheme_settings where document is not null \
                 group by scheme, document order by scheme, max(id) desc",
            )
            .fetch_all(db)
            .await?
        }))
    }

    /// All schemes that have settings.
    pub async fn schemes_set(&self) -> Result<Vec<String>, StoreError> {
        let rows: Vec<(String,)> = reading!(self, |db| {
            sqlx::query_as("select distinct scheme from scheme_settings order by scheme")
                .fetch_all(db)
                .await?
        });
        Ok(rows.into_iter().map(|(scheme,)| scheme).collect())
    }

    /// Everybody's attributes of these names as they hold on a day: of several the one from the latest day, of one day
    /// the last set.
    pub async fn roster_on(&self, day: Date, names: &[String]) -> Result<Vec<RosterValue>, StoreError> {
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let day = day.to_string();
        Ok(reading!(self, |db| {
            let mut q = sqlx::QueryBuilder::new(
                "select v.employee_id, v.name, v.value, v.from_on from roster_values v where v.from_on <= ",
            );
            q.push_bind(&day).push(
                " and not exists (select 1 from roster_values w where w.employee_id = v.employee_id \
                 and w.name = v.name and w.from_on <= ",
            );
            q.push_bind(&day).push(
                " and (w.from_on > v.from_on or (w.from_on = v.from_on and w.id > v.id))) and v.name in (",
            );
            let mut list = q.separated(", ");
            for name in names {
                list.push_bind(name);
            }
            q.push(") order by v.employee_id, v.name");
            q.build_query_as().fetch_all(db).await?
        }))
    }
}

/// Makes a setting; its row.
pub async fn insert_setting(tx: &mut Tx, new: &NewSetting<'_>) -> Result<i64, StoreError> {
    let (id,): (i64,) = writing!(tx, |db| {
        sqlx::query_as(
            "insert into scheme_settings (scheme, from_on, document, params, enabled, note, set_by, created_at) \
             values ($1, $2, $3, $4, $5, $6, $7, $8) returning id",
        )
        .bind(new.scheme)
        .bind(new.from_on.to_string())
        .bind(new.document)
        .bind(new.params)
        .bind(i64::from(new.enabled))
        .bind(new.note)
        .bind(new.set_by)
        .bind(new.created_at)
        .fetch_one(db)
        .await?
    });
    Ok(id)
}

/// Sets a person's attribute from a day on; `false` when the last one set for that day says the same.
pub async fn insert_roster_value(
    tx: &mut Tx,
    employee: EmployeeId,
    (name, value): (&str, &str),
    from_on: Date,
    (set_by, at): (&str, i64),
) -> Result<bool, StoreError> {
    let known: Option<(String,)> = writing!(tx, |db| {
        sqlx::query_as(
            "select value from roster_values where employee_id = $1 and name = $2 and from_on = $3 \
             order by id desc limit 1",
        )
        .bind(employee.0)
        .bind(name)
        .bind(from_on.to_string())
        .fetch_optional(db)
        .await?
    });
    if known.is_some_and(|(known,)| known == value) {
        return Ok(false);
    }
    let done = writing!(tx, |db| {
        sqlx::query(
            "insert into roster_values (employee_id, name, value, from_on, set_by, recorded_at) \
             values ($1, $2, $3, $4, $5, $6)",
        )
        .bind(employee.0)
        .bind(name)
        .bind(value)
        .bind(from_on.to_string())
        .bind(set_by)
        .bind(at)
        .execute(db)
        .await?
        .rows_affected()
    });
    StoreError::check_rows("roster_values", done, 1)?;
    Ok(true)
}
