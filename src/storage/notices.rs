//! Notices to people.

use jiff::civil::Date;
use serde_json::Value;

use crate::domain::EmployeeId;
use crate::storage::bulk::{Bulk, pieces};
use crate::storage::convert::word;
use crate::storage::{Store, StoreError, Tx, reading, writing};
use crate::tell::{Channel, Notice, NoticeKind};

/// Tells a person something in the transaction of what it tells; `false`, and nothing written, when they were told
/// before. `at` in milliseconds UTC.
pub async fn tell_person(
    tx: &mut Tx,
    employee: EmployeeId,
    notice: &Notice,
    at: i64,
) -> Result<bool, StoreError> {
    let done = writing!(tx, |db| {
        sqlx::query(
            "insert into notices (employee_id, kind, about, facts, at) values ($1, $2, $3, $4, $5) \
             on conflict (employee_id, kind, about) do nothing",
        )
        .bind(employee.0)
        .bind(notice.kind.as_str())
        .bind(&notice.about)
        .bind(notice.facts.to_string())
        .bind(at)
        .execute(db)
        .await?
        .rows_affected()
    });
    Ok(done == 1)
}

/// Tells many people the same; those who were told before are left out.
pub async fn tell_first(
    tx: &mut Tx,
    people: &[EmployeeId],
    notice: &Notice,
    at: i64,
) -> Result<u64, StoreError> {
    let mut told = 0;
    for piece in pieces(people) {
        let text = TELL.text(tx, piece.len());
        told += writing!(&mut *tx, |db| {
            let mut query = sqlx::query(text);
            for person in piece {
                query = query
                    .bind(person.0)
                    .bind(notice.kind.as_str())
                    .bind(&notice.about)
                    .bind(notice.facts.to_string())
                    .bind(at);
            }
            query.execute(db).await?.rows_affected()
        });
    }
    Ok(told)
}

static TELL: Bulk = Bulk::rows(
    "insert into notices (employee_id, kind, about, facts, at) values ",
    5,
    " on conflict (employee_id, kind, about) do nothing",
);

/// Tells everybody who works here on a business day.
pub async fn tell_staff(tx: &mut Tx, today: Date, notice: &Notice, at: i64) -> Result<u64, StoreError> {
    Ok(writing!(tx, |db| {
        sqlx::query(
            "insert into notices (employee_id, kind, about, facts, at) \
             select e.id, cast($2 as text), cast($3 as text), cast($4 as text), cast($5 as bigint) \
             from employees e where e.left_on is null or e.left_on >= $1 \
             on conflict (employee_id, kind, about) do nothing",
        )
        .bind(today.to_string())
        .bind(notice.kind.as_str())
        .bind(&notice.about)
        .bind(notice.facts.to_string())
        .bind(at)
        .execute(db)
        .await?
        .rows_affected()
    }))
}

/// Tells everybody a run pays, in the transaction that closes it.
pub async fn tell_payees(tx: &mut Tx, run: i64, notice: &Notice, at: i64) -> Result<u64, StoreError> {
    Ok(writing!(tx, |db| {
        sqlx::query(
            "insert into notices (employee_id, kind, about, facts, at) \
             select distinct e.id, cast($2 as text), cast($3 as text), cast($4 as text), cast($5 as bigint) \
             from run_lines l join employees e on e.code = l.payee \
             where l.run_id = $1 and l.payee_kind = 'employee' on conflict (employee_id, kind, about) do nothing",
        )
        .bind(run)
        .bind(notice.kind.as_str())
        .bind(&notice.about)
        .bind(notice.facts.to_string())
        .bind(at)
        .execute(db)
        .await?
        .rows_affected()
    }))
}

/// A notice as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticeRow {
    /// Row.
    pub id: i64,
    /// What it is of.
    pub kind: NoticeKind,
    /// The values of its sentence.
    pub facts: Value,
    /// Milliseconds UTC.
    pub at: i64,
    /// When it was read.
    pub read_at: Option<i64>,
}

type Row = (i64, String, String, i64, Option<i64>);

fn from_row((id, kind, facts, at, read_at): Row) -> Result<NoticeRow, StoreError> {
    Ok(NoticeRow {
        id,
        kind: word("notices", "kind", kind)?,
        facts: serde_json::from_str(&facts).map_err(|_| StoreError::Corrupt {
            table: "notices",
            column: "facts",
            value: facts,
        })?,
        at,
        read_at,
    })
}

impl Store {
    /// A person's notices, newest first, without what they opted out of; `before` is the last page's smallest id.
    pub async fn notices(
        &self,
        employee: EmployeeId,
        before: Option<i64>,
        limit: i64,
    ) -> Result<Vec<NoticeRow>, StoreError> {
        let rows: Vec<Row> = reading!(self, |db| {
            sqlx::query_as(
                "select n.id, n.kind, n.facts, n.at, n.read_at from notices n where n.employee_id = $1 and n.id < $2 \
                 and not exists (select 1 from notice_optouts o where o.employee_id = n.employee_id \
                 and o.channel = 'app' and o.kind = n.kind) order by n.id desc limit $3",
            )
            .bind(employee.0)
            .bind(before.unwrap_or(i64::MAX))
            .bind(limit)
            .fetch_all(db)
            .await?
        });
        rows.into_iter().map(from_row).collect()
    }

    /// How many of them are unread.
    pub async fn unread_notices(&self, employee: EmployeeId) -> Result<i64, StoreError> {
        let (unread,): (i64,) = reading!(self, |db| {
            sqlx::query_as(
                "select count(*) from notices n where n.employee_id = $1 and n.read_at is null \
                 and not exists (select 1 from notice_optouts o where o.employee_id = n.employee_id \
                 and o.channel = 'app' and o.kind = n.kind)",
            )
            .bind(employee.0)
            .fetch_one(db)
            .await?
        });
        Ok(unread)
    }

    /// What a person is told in a span (half-open, milliseconds UTC) and did not opt out of by mail, oldest first.
    pub async fn notices_to_mail(
        &self,
        employee: EmployeeId,
        (from, to): (i64, i64),
        limit: i64,
    ) -> Result<Vec<NoticeRow>, StoreError> {
        let rows: Vec<Row> = reading!(self, |db| {
            sqlx::query_as(
                "select n.id, n.kind, n.facts, n.at, n.read_at from notices n \
                 where n.employee_id = $1 and n.at >= $2 and n.at < $3 \
                 and not exists (select 1 from notice_optouts o where o.employee_id = n.employee_id \
                 and o.channel = 'mail' and o.kind = n.kind) order by n.id limit $4",
            )
            .bind(employee.0)
            .bind(from)
            .bind(to)
            .bind(limit)
            .fetch_all(db)
            .await?
        });
        rows.into_iter().map(from_row).collect()
    }

    /// What a person opted out of, by channel (`app`, `mail`).
    pub async fn notice_optouts(
        &self,
        employee: EmployeeId,
    ) -> Result<Vec<(Channel, NoticeKind)>, StoreError> {
        let rows: Vec<(String, String)> = reading!(self, |db| {
            sqlx::query_as("select channel, kind from notice_optouts where employee_id = $1")
                .bind(employee.0)
                .fetch_all(db)
                .await?
        });
        rows.into_iter()
            .map(|(channel, kind)| {
                Ok((
                    word("notice_optouts", "channel", channel)?,
                    word("notice_optouts", "kind", kind)?,
                ))
            })
            .collect()
    }
}

/// Marks a person's notices up to this one as read; how many were not.
pub async fn read_notices(
    tx: &mut Tx,
    employee: EmployeeId,
    newest: i64,
    at: i64,
) -> Result<u64, StoreError> {
    Ok(writing!(tx, |db| {
        sqlx::query("update notices set read_at = $3 where employee_id = $1 and id <= $2 and read_at is null")
            .bind(employee.0)
            .bind(newest)
            .bind(at)
            .execute(db)
            .await?
            .rows_affected()
    }))
}

/// Sets what a person does not want to be told, in place of what they said before.
pub async fn set_optouts(
    tx: &mut Tx,
    employee: EmployeeId,
    optouts: &[(Channel, NoticeKind)],
    at: i64,
) -> Result<(), StoreError> {
    writing!(&mut *tx, |db| {
        sqlx::query("delete from notice_optouts where employee_id = $1")
            .bind(employee.0)
            .execute(db)
            .await?
            .rows_affected()
    });
    for (channel, kind) in optouts {
        let done = writing!(&mut *tx, |db| {
            sqlx::query("insert into notice_optouts (employee_id, channel, kind, at) values ($1, $2, $3, $4)")
                .bind(employee.0)
                .bind(channel.as_str())
                .bind(kind.as_str())
                .bind(at)
                .execute(db)
                .await?
                .rows_affected()
        });
        StoreError::check_rows("notice_optouts", done, 1)?;
    }
    Ok(())
}

/// Forgets notices told before `before`, at most `limit`; how many. That of a person's first valid click stays: without it
/// the next one would be told as their first.
pub async fn forget_notices(tx: &mut Tx, before: i64, limit: i64) -> Result<u64, StoreError> {
    Ok(writing!(tx, |db| {
        sqlx::query(
            "delete from notices where id in \
             (select id from notices where at < $1 and kind <> $3 order by id limit $2)",
        )
        .bind(before)
        .bind(limit)
        .bind(NoticeKind::ClickValid.as_str())
        .execute(db)
        .await?
        .rows_affected()
    }))
}
