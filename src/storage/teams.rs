//! Teams, and who was in which one when.

use jiff::civil::Date;

use crate::domain::{EmployeeId, TeamId};
use crate::storage::convert::day;
use crate::storage::{Store, StoreError, Tx, reading, writing};

/// A team.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Team {
    /// Row.
    pub id: i64,
    /// What it is called by machines; the name unless somebody chose another.
    pub code: String,
    /// What it is called by people.
    pub name: String,
}

/// A span of somebody's membership, both days inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Membership {
    /// Which team.
    pub team: TeamId,
    /// First day.
    pub from_on: Date,
    /// Last day; `None`: still there.
    pub to_on: Option<Date>,
}

impl Store {
    /// The team's name of everybody who belongs to one on `day`, by employee.
    pub async fn team_names(&self, day: Date) -> Result<std::collections::HashMap<i64, String>, StoreError> {
        let rows: Vec<(i64, String)> = reading!(self, |db| {
            sqlx::query_as(
                "select m.employee_id, t.name from team_members m join teams t on t.id = m.team_id \
                 where m.from_on <= $1 and (m.to_on is null or m.to_on >= $1)",
            )
            .bind(day.to_string())
            .fetch_all(db)
            .await?
        });
        Ok(rows.into_iter().collect())
    }

    /// The team somebody belongs to on `day`.
    pub async fn team_of(&self, employee: EmployeeId, day: Date) -> Result<Option<i64>, StoreError> {
        let row: Option<(i64,)> = reading!(self, |db| {
            sqlx::query_as(
                "select team_id from team_members where employee_id = $1 \
                 and from_on <= $2 and (to_on is null or to_on >= $2) order by from_on desc limit 1",
            )
            .bind(employee.0)
            .bind(day.to_string())
            .fetch_optional(db)
            .await?
        });
        Ok(row.map(|(id,)| id))
    }

    /// All teams, by name.
    pub async fn teams(&self) -> Result<Vec<Team>, StoreError> {
        Ok(reading!(self, |db| {
            sqlx::query_as("select id, code, name from teams order by name, id")
                .fetch_all(db)
                .await?
        }))
    }
}

impl Store {
    /// How many people are in each team on a day, by the team's row.
    pub async fn team_sizes(&self, day: Date) -> Result<std::collections::HashMap<i64, i64>, StoreError> {
        let rows: Vec<(i64, i64)> = reading!(self, |db| {
            sqlx::query_as(
                "select m.team_id, count(*) from team_members m join employees e on e.id = m.employee_id \
                 where m.from_on <= $1 and (m.to_on is null or m.to_on >= $1) \
                 and (e.left_on is null or e.left_on >= $1) group by m.team_id",
            )
            .bind(day.to_string())
            .fetch_all(db)
            .await?
        });
        Ok(rows.into_iter().collect())
    }
}

/// Founds a team; `false` when one goes by this name or code.
pub async fn insert_team(tx: &mut Tx, name: &str, at: i64) -> Result<bool, StoreError> {
    let done = writing!(tx, |db| {
        sqlx::query(
            "insert into teams (code, name, created_at) select $1, $1, $2 \
             where not exists (select 1 from teams where name = $1) on conflict (code) do nothing",
        )
        .bind(name)
        .bind(at)
        .execute(db)
        .await?
        .rows_affected()
    });
    Ok(done == 1)
}

/// Gives a team another name; `false` when another one goes by it, or there is no such team.
pub async fn rename(tx: &mut Tx, id: i64, name: &str) -> Result<bool, StoreError> {
    let done = writing!(tx, |db| {
        sqlx::query(
            "update teams set name = $2 where id = $1 \
             and not exists (select 1 from teams where id <> $1 and (name = $2 or code = $2))",
        )
        .bind(id)
        .bind(name)
        .execute(db)
        .await?
        .rows_affected()
    });
    Ok(done == 1)
}

/// The team with this code or name; it is founded when there is none.
pub async fn team_or_insert(tx: &mut Tx, name: &str, at: i64) -> Result<TeamId, StoreError> {
    let (id,): (i64,) = writing!(tx, |db| {
        let known: Option<(i64,)> =
            sqlx::query_as("select id from teams where code = $1 or name = $1 order by id limit 1")
                .bind(name)
                .fetch_optional(&mut *db)
                .await?;
        match known {
            Some(row) => row,
            // The update makes the row come back when somebody founded it between our look and our write.
            None => {
                sqlx::query_as(
                    "insert into teams (code, name, created_at) values ($1, $1, $2) \
                     on conflict (code) do update set code = excluded.code returning id",
                )
                .bind(name)
                .bind(at)
                .fetch_one(db)
                .await?
            }
        }
    });
    Ok(TeamId(id))
}

/// Somebody's memberships, oldest first.
pub async fn memberships(tx: &mut Tx, employee: EmployeeId) -> Result<Vec<Membership>, StoreError> {
    let rows: Vec<(i64, String, Option<String>)> = writing!(tx, |db| {
        sqlx::query_as(
            "select team_id, from_on, to_on from team_members where employee_id = $1 order by from_on",
        )
        .bind(employee.0)
        .fetch_all(db)
        .await?
    });
    rows.into_iter()
        .map(|(team, from_on, to_on)| {
            Ok(Membership {
                team: TeamId(team),
                from_on: day("team_members", "from_on", from_on)?,
                to_on: to_on.map(|text| day("team_members", "to_on", text)).transpose()?,
            })
        })
        .collect()
}

/// Puts somebody's memberships in the place of the ones they had.
pub async fn replace_memberships(
    tx: &mut Tx,
    employee: EmployeeId,
    memberships: &[Membership],
) -> Result<(), StoreError> {
    writing!(tx, |db| {
        sqlx::query("delete from team_members where employee_id = $1")
            .bind(employee.0)
            .execute(&mut *db)
            .await?;
        for m in memberships {
            let done = sqlx::query(
                "insert into team_members (employee_id, team_id, from_on, to_on) values ($1, $2, $3, $4)",
            )
            .bind(employee.0)
            .bind(m.team.0)
            .bind(m.from_on.to_string())
            .bind(m.to_on.map(|d| d.to_string()))
            .execute(&mut *db)
            .await?
            .rows_affected();
            StoreError::check_rows("team_members", done, 1)?;
        }
    });
    Ok(())
}
