//! Boards: standings out of the rollups, and what was frozen.

use std::collections::{BTreeMap, BTreeSet};

use jiff::ToSpan;
use jiff::civil::Date;
use sqlx::QueryBuilder;

use crate::domain::{Counts, DisplayName, EmployeeId};
use crate::ranking::{By, Metric, Value, board_name};
use crate::storage::{Store, StoreError, Tx, convert, reading, writing};

/// Rows per statement: 5 columns × 2 000 stays below SQLite's 32 766 binds.
const ROWS: usize = 2000;

/// Whom a board's row is about; names are read when shown, so that a withdrawal reaches frozen boards too.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Subject {
    /// Row of the employee or team.
    pub id: i64,
    /// Their code.
    pub code: String,
    /// Full name.
    pub name: String,
    /// Nickname, if they gave one.
    pub nickname: Option<String>,
    /// How they want to appear; teams always in full.
    pub display: DisplayName,
}

impl Subject {
    /// How they appear to others (attribution.md §8).
    pub fn shown(&self) -> String {
        board_name(&self.name, self.nickname.as_deref(), self.display)
    }
}

/// What somebody has in a span of days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Who.
    pub who: Subject,
    /// The sums of the days.
    pub counts: Counts,
    /// Active members (1 for a person).
    pub members: i64,
}

/// A row of a frozen board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrozenRow {
    /// Who.
    pub who: Subject,
    /// The rank that stands.
    pub place: i64,
    /// The value that stands.
    pub value: Value,
}

/// A frozen board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrozenBoard {
    /// When it was frozen, milliseconds UTC.
    pub frozen_at: i64,
    /// Best first, ties by code.
    pub rows: Vec<FrozenRow>,
}

/// A row to freeze: subject, place, value.
pub type ToFreeze = (i64, i64, Value);

pub(super) type SubjectRow = (i64, String, String, Option<String>, String);
type StandingRow = (i64, String, String, Option<String>, String, i64, i64, i64, i64);
type TeamRow = (i64, i64, i64, i64, i64);
type FrozenSqlRow = (i64, String, String, Option<String>, String, i64, i64, i64);

/// A person as boards know them, for what is told in this transaction.
pub async fn person_in(tx: &mut Tx, id: EmployeeId) -> Result<Option<Subject>, StoreError> {
    let row: Option<SubjectRow> = writing!(tx, |db| {
        sqlx::query_as("select id, code, name, nickname, display from employees where id = $1")
            .bind(id.0)
            .fetch_optional(db)
            .await?
    });
    row.map(subject).transpose()
}

pub(super) fn subject(row: SubjectRow) -> Result<Subject, StoreError> {
    let (id, code, name, nickname, display) = row;
    Ok(Subject {
        id,
        code,
        name,
        nickname,
        display: convert::word("employees", "display", display)?,
    })
}

fn counts(points: i64, valid: i64, leads: i64, amount: i64) -> Counts {
    Counts {
        valid,
        leads,
        amount,
        points,
        ..Counts::default()
    }
}

fn add_row(sums: &mut BTreeMap<i64, Counts>, (team, points, valid, leads, amount): TeamRow) {
    *sums.entry(team).or_default() += counts(points, valid, leads, amount);
}

impl Store {
    /// What everybody has from `first` up to, not including, `end`; in no order. A person's day belongs to the team they
    /// were in on that day. A team's members are those who belonged to it, and to the firm, on any day before `until`.
    /// Whole months are read out of months.
    pub async fn standings(
        &self,
        by: By,
        first: Date,
        end: Date,
        until: Date,
    ) -> Result<Vec<Standing>, StoreError> {
        let months = first == first.first_of_month() && end == end.first_of_month();
        match by {
            By::Employee => self.people_standings(first, end, months).await,
            By::Team => {
                let mut sums: BTreeMap<i64, Counts> = BTreeMap::new();
                let mut month = first;
                while months && month < end {
                    for row in self.team_month(month).await? {
                        add_row(&mut sums, row);
                    }
                    month = month.saturating_add(1.month());
                }
                if !months {
                    for row in self.team_days(first, end).await? {
                        add_row(&mut sums, row);
                    }
                }
                self.teams_standing(&sums, first, until).await
            }
        }
    }

    async fn people_standings(
        &self,
        first: Date,
        end: Date,
        months: bool,
    ) -> Result<Vec<Standing>, StoreError> {
        macro_rules! people_sql {
            ($table:literal, $key:literal) => {
                concat!(
                    "select e.id, e.code, e.name, e.nickname, e.display, s.points, s.valid, s.leads, s.amount \
                     from (select employee_id, cast(sum(points) as bigint) as points, \
                     cast(sum(valid) as bigint) as valid, cast(sum(leads) as bigint) as leads, \
                     cast(sum(amount) as bigint) as amount from ",
                    $table,
                    " where ",
                    $key,
                    " >= $1 and ",
                    $key,
                    " < $2 group by employee_id) s join employees e on e.id = s.employee_id"
                )
            };
        }
        let text = if months {
            people_sql!("employee_month", "month")
        } else {
            people_sql!("employee_day", "day")
        };
        let rows: Vec<StandingRow> = reading!(self, |db| {
            sqlx::query_as(text)
                .bind(first.to_string())
                .bind(end.to_string())
                .fetch_all(db)
                .await?
        });
        rows.into_iter()
            .map(
                |(id, code, name, nickname, display, points, valid, leads, amount)| {
                    Ok(Standing {
                        who: subject((id, code, name, nickname, display))?,
                        counts: counts(points, valid, leads, amount),
                        members: 1,
                    })
                },
            )
            .collect()
    }

    /// Sums per team of any days.
    async fn team_days(&self, first: Date, end: Date) -> Result<Vec<TeamRow>, StoreError> {
        Ok(reading!(self, |db| {
            sqlx::query_as(
                "select m.team_id, cast(sum(d.points) as bigint), cast(sum(d.valid) as bigint), \
                 cast(sum(d.leads) as bigint), cast(sum(d.amount) as bigint) from employee_day d join team_members m \
                 on m.employee_id = d.employee_id and m.from_on <= d.day and coalesce(m.to_on, '9999-12-31') >= d.day \
                 where d.day >= $1 and d.day < $2 group by m.team_id",
            )
            .bind(first.to_string())
            .bind(end.to_string())
            .fetch_all(db)
            .await?
        }))
    }

    /// Sums per team of one month: months of those who were in the team throughout, days of those who came or went.
    async fn team_month(&self, month: Date) -> Result<Vec<TeamRow>, StoreError> {
        Ok(reading!(self, |db| {
            sqlx::query_as(
                "select m.team_id, cast(sum(d.points) as bigint), cast(sum(d.valid) as bigint), \
                 cast(sum(d.leads) as bigint), cast(sum(d.amount) as bigint) from employee_month d join team_members m \
                 on m.employee_id = d.employee_id and m.from_on <= $1 and coalesce(m.to_on, '9999-12-31') >= $2 \
                 where d.month = $1 group by m.team_id union all \
                 select m.team_id, cast(sum(d.points) as bigint), cast(sum(d.valid) as bigint), \
                 cast(sum(d.leads) as bigint), cast(sum(d.amount) as bigint) from team_members m join employee_day d \
                 on d.employee_id = m.employee_id and d.day >= $1 and d.day <= $2 and d.day >= m.from_on \
                 and d.day <= coalesce(m.to_on, '9999-12-31') where m.from_on <= $2 \
                 and coalesce(m.to_on, '9999-12-31') >= $1 \
                 and (m.from_on > $1 or coalesce(m.to_on, '9999-12-31') < $2) group by m.team_id",
            )
            .bind(month.to_string())
            .bind(month.last_of_month().to_string())
            .fetch_all(db)
            .await?
        }))
    }

    async fn teams_standing(
        &self,
        sums: &BTreeMap<i64, Counts>,
        first: Date,
        until: Date,
    ) -> Result<Vec<Standing>, StoreError> {
        let teams: Vec<(i64, String, String, i64)> = reading!(self, |db| {
            sqlx::query_as(
                "select t.id, t.code, t.name, coalesce(n.members, 0) from teams t left join (select m.team_id, \
                 count(distinct m.employee_id) as members from team_members m join employees e on e.id = m.employee_id \
                 where m.from_on < $2 and coalesce(m.to_on, '9999-12-31') >= $1 \
                 and coalesce(e.hired_on, m.from_on) < $2 and coalesce(e.left_on, '9999-12-31') >= $1 \
                 and coalesce(e.left_on, '9999-12-31') >= m.from_on group by m.team_id) n on n.team_id = t.id",
            )
            .bind(first.to_string())
            .bind(until.to_string())
            .fetch_all(db)
            .await?
        });
        let standing = |(id, code, name, members): (i64, String, String, i64)| {
            let counts = *sums.get(&id)?;
            let who = Subject {
                id,
                code,
                name,
                nickname: None,
                display: DisplayName::Full,
            };
            Some(Standing { who, counts, members })
        };
        Ok(teams.into_iter().filter_map(standing).collect())
    }

    /// What was frozen for this period, or `None`.
    pub async fn frozen_board(
        &self,
        period: &str,
        metric: Metric,
        by: By,
    ) -> Result<Option<FrozenBoard>, StoreError> {
        let board: Option<(i64, i64)> = reading!(self, |db| {
            sqlx::query_as("select id, frozen_at from boards where period = $1 and metric = $2 and unit = $3")
                .bind(period)
                .bind(metric.as_str())
                .bind(by.as_str())
                .fetch_optional(db)
                .await?
        });
        let Some((id, frozen_at)) = board else {
            return Ok(None);
        };
        let rows: Vec<FrozenSqlRow> = match by {
            By::Employee => reading!(self, |db| {
                sqlx::query_as(
                    "select e.id, e.code, e.name, e.nickname, e.display, r.place, r.total, r.members from board_rows r \
                     join employees e on e.id = r.subject_id where r.board_id = $1 order by r.place, e.code_key",
                )
                .bind(id)
                .fetch_all(db)
                .await?
            }),
            By::Team => reading!(self, |db| {
                sqlx::query_as(
                    "select t.id, t.code, t.name, cast(null as text), 'full', r.place, r.total, r.members \
                     from board_rows r join teams t on t.id = r.subject_id where r.board_id = $1 \
                     order by r.place, t.code",
                )
                .bind(id)
                .fetch_all(db)
                .await?
            }),
        };
        let rows = rows
            .into_iter()
            .map(|(id, code, name, nickname, display, place, total, members)| {
                Ok(FrozenRow {
                    who: subject((id, code, name, nickname, display))?,
                    place,
                    value: Value::shared(total, members),
                })
            })
            .collect::<Result<_, StoreError>>()?;
        Ok(Some(FrozenBoard { frozen_at, rows }))
    }

    /// The first business day anything was booked to.
    pub async fn first_booked_day(&self) -> Result<Option<Date>, StoreError> {
        let (day,): (Option<String>,) = reading!(self, |db| {
            sqlx::query_as("select min(day) from employee_day")
                .fetch_one(db)
                .await?
        });
        convert::day_opt("employee_day", "day", day)
    }

    /// Labels of the periods that are frozen.
    pub async fn frozen_periods(&self) -> Result<BTreeSet<String>, StoreError> {
        let rows: Vec<(String,)> = reading!(self, |db| {
            sqlx::query_as("select distinct period from boards")
                .fetch_all(db)
                .await?
        });
        Ok(rows.into_iter().map(|(period,)| period).collect())
    }

    /// The team somebody is in on a day.
    pub async fn team_on(&self, employee: i64, day: Date) -> Result<Option<i64>, StoreError> {
        let row: Option<(i64,)> = reading!(self, |db| {
            sqlx::query_as(
                "select team_id from team_members where employee_id = $1 and from_on <= $2 \
                 and coalesce(to_on, '9999-12-31') >= $2 order by from_on desc limit 1",
            )
            .bind(employee)
            .bind(day.to_string())
            .fetch_optional(db)
            .await?
        });
        Ok(row.map(|(team,)| team))
    }
}

/// Freezes one board; `false`, and nothing written, when somebody else has frozen it.
pub async fn freeze_board(
    tx: &mut Tx,
    period: &str,
    metric: Metric,
    by: By,
    at: i64,
    rows: &[ToFreeze],
) -> Result<bool, StoreError> {
    let board: Option<(i64,)> = writing!(tx, |db| {
        sqlx::query_as(
            "insert into boards (period, metric, unit, frozen_at) values ($1, $2, $3, $4) \
             on conflict (period, metric, unit) do nothing returning id",
        )
        .bind(period)
        .bind(metric.as_str())
        .bind(by.as_str())
        .bind(at)
        .fetch_optional(db)
        .await?
    });
    let Some((board,)) = board else {
        return Ok(false);
    };
    for chunk in rows.chunks(ROWS) {
        writing!(tx, |db| {
            let mut q =
                QueryBuilder::new("insert into board_rows (board_id, subject_id, place, total, members) ");
            q.push_values(chunk, |mut row, (subject, place, value)| {
                row.push_bind(board).push_bind(*subject).push_bind(*place);
                row.push_bind(value.total()).push_bind(value.members());
            });
            let done = q.build().execute(db).await?.rows_affected();
            StoreError::check_rows("board_rows", done, chunk.len() as u64)?;
        });
    }
    Ok(true)
}
