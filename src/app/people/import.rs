//! Employees out of a CSV file; the same file again changes nothing.

use std::collections::HashSet;

use jiff::civil::Date;
use serde_json::json;

use crate::app::people::{NAME_MAX, checked, employee_code, moved};
use crate::app::refused::Door;
use crate::app::{Actor, App, Refused, Wrong};
use crate::sheet::{Header, MAX_REJECTED, Rejected, read_table};
use crate::storage::employees::{EmployeeFacts, code_key, insert_employee, lock_employee, update_employee};
use crate::storage::teams::{Membership, memberships, replace_memberships, team_or_insert};
use crate::storage::{Tx, insert_audit};

const fn column(names: &'static [&'static str], required: bool) -> Header<'static> {
    Header { names, required }
}

const COLUMNS: [Header<'_>; 8] = [
    column(
        &[
            "code",
            "employee_code",
            "employee_id",
            "工号",
            "员工编号",
            "员工号",
            "编号",
        ],
        true,
    ),
    column(&["name", "full_name", "姓名", "名字", "员工姓名"], true),
    column(
        &["email", "e_mail", "mail", "邮箱", "电子邮箱", "电子邮件"],
        false,
    ),
    column(
        &[
            "phone",
            "mobile",
            "tel",
            "手机",
            "手机号",
            "手机号码",
            "电话",
            "联系电话",
        ],
        false,
    ),
    column(
        &["team", "department", "store", "部门", "团队", "门店", "小组"],
        false,
    ),
    column(
        &[
            "hired_on",
            "hire_date",
            "joined_on",
            "入职日期",
            "入职时间",
            "入职",
        ],
        false,
    ),
    column(
        &[
            "left_on",
            "leave_date",
            "last_day",
            "离职日期",
            "最后工作日",
            "离职时间",
            "离职",
        ],
        false,
    ),
    column(&["nickname", "昵称", "花名"], false),
];

/// What an import did.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct Imported {
    /// New people.
    pub created: u64,
    /// People something changed of.
    pub updated: u64,
    /// People of whom the file says what is known.
    pub unchanged: u64,
    /// `UTF-8` or `GB18030`, as the file was read.
    pub encoding: String,
    /// Lines that were not taken, at most 1 000.
    pub rejected: Vec<Rejected>,
    /// How many lines were not taken in all.
    pub rejected_count: u64,
    /// Columns nobody asked for.
    pub ignored_columns: Vec<String>,
}

impl Imported {
    fn reject(&mut self, line: u64, reason: String) {
        self.rejected_count += 1;
        if self.rejected.len() < MAX_REJECTED {
            self.rejected.push(Rejected {
                line,
                reason,
                what: "",
            });
        }
    }
}

enum Taken {
    Created,
    Updated,
    Unchanged,
}

/// Takes people out of a CSV file: new codes are created, known ones updated; an empty cell leaves what is known. A wrong
/// line is told and left out, the others are stored together.
pub async fn import_employees(app: &App, actor: &Actor, file: &[u8]) -> Result<Imported, Refused> {
    let table = read_table(file, &COLUMNS).map_err(|e| Refused::at("", e))?;
    let mut report = Imported {
        encoding: table.encoding.to_owned(),
        ignored_columns: table.ignored,
        ..Imported::default()
    };
    let mut seen = HashSet::new();
    let mut tx = app.store.begin().await?;
    for row in table.rows {
        let cells = match row.cells {
            Ok(cells) => Line(cells),
            Err(reason) => {
                report.reject(row.line, reason.into());
                continue;
            }
        };
        let twice = cells.cell(0).is_some_and(|code| !seen.insert(code_key(code)));
        let taken = if twice {
            Err(Refused::at("/code", "this code stands on an earlier line"))
        } else {
            take(app, &mut tx, &cells).await
        };
        match taken {
            Ok(Taken::Created) => report.created += 1,
            Ok(Taken::Updated) => report.updated += 1,
            Ok(Taken::Unchanged) => report.unchanged += 1,
            Err(Refused::Wrong(wrong)) => report.reject(row.line, Wrong::list(&wrong)),
            Err(other) => return Err(other),
        }
    }
    let detail =
        json!({"created": report.created, "updated": report.updated, "rejected": report.rejected_count});
    insert_audit(
        &mut tx,
        app.clock.now_ms(),
        &actor.word(),
        "employees.imported",
        "employees",
        &detail,
    )
    .await?;
    tx.commit().await?;
    app.links_changed().await;
    Ok(report)
}

/// The cells of a line, in the order of [`COLUMNS`].
struct Line(Vec<Option<String>>);

impl Line {
    fn cell(&self, column: usize) -> Option<&str> {
        self.0.get(column).and_then(|c| c.as_deref())
    }
}

/// Takes one line; refuses before it writes anything.
async fn take(app: &App, tx: &mut Tx, line: &Line) -> Result<Taken, Refused> {
    let (today, now_ms) = (app.today(), app.clock.now_ms());
    let mut door = Door::default();
    let code = door
        .parsed("/code", employee_code(line.cell(0).unwrap_or("")))
        .unwrap_or_default();
    let mut date = |pointer, column| line.cell(column).and_then(|text| door.parsed(pointer, day(text)));
    let (hired_on, left_on) = (date("/hired_on", 5), date("/left_on", 6));
    let known = lock_employee(tx, &code, today).await?;
    let old = known.as_ref().map(|k| k.facts.clone()).unwrap_or_default();
    let cell = |column: usize, old: Option<String>| line.cell(column).map(str::to_owned).or(old);
    let facts = checked(
        &mut door,
        EmployeeFacts {
            name: cell(1, Some(old.name.clone())).unwrap_or_default(),
            email: cell(2, old.email.clone()),
            phone: cell(3, old.phone.clone()),
            nickname: cell(7, old.nickname.clone()),
            hired_on: hired_on.or(old.hired_on),
            left_on: left_on.or(old.left_on),
        },
    );
    let team = door.line_opt("/team", line.cell(4), NAME_MAX);
    door.close()?;
    let Some(known) = known else {
        let id = insert_employee(tx, &code, &facts, now_ms).await?;
        let id = id.ok_or_else(|| Refused::at("/code", "somebody else is taking this code right now"))?;
        if let Some(team) = &team {
            let team = team_or_insert(tx, team, now_ms).await?;
            let from_on = facts.hired_on.unwrap_or(today);
            replace_memberships(
                tx,
                id,
                &[Membership {
                    team,
                    from_on,
                    to_on: None,
                }],
            )
            .await?;
        }
        return Ok(Taken::Created);
    };
    let mut changed = facts != known.facts;
    if changed {
        update_employee(tx, known.id, &facts, now_ms).await?;
    }
    if let Some(team) = &team
        && known.team.as_ref() != Some(team)
    {
        let team = team_or_insert(tx, team, now_ms).await?;
        let before = memberships(tx, known.id).await?;
        // Somebody who is in no team yet joins when they began; a move begins today.
        let on = if before.is_empty() {
            facts.hired_on.unwrap_or(today)
        } else {
            today
        };
        let after = moved(&before, Some(team), on)?;
        if after != before {
            replace_memberships(tx, known.id, &after).await?;
            changed = true;
        }
    }
    Ok(if changed { Taken::Updated } else { Taken::Unchanged })
}

/// A day as spreadsheets write it: `2026-11-05`, `2026/11/5`, `2026.11.5`, `2026年11月5日`.
fn day(text: &str) -> Result<Date, String> {
    let wrong = || format!("{text:?} is not a day like 2026-11-05");
    let plain = text.trim().replace(['/', '.', '年', '月'], "-").replace('日', "");
    let mut parts = plain.splitn(3, '-').map(str::trim);
    let mut number = |longest: usize| {
        let part = parts.next().unwrap_or("");
        let fits = (1..=longest).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        if fits {
            part.parse::<i16>().map_err(|_| wrong())
        } else {
            Err(wrong())
        }
    };
    let (year, month, day) = (number(4)?, number(2)?, number(2)?);
    let small = |n: i16| i8::try_from(n).map_err(|_| wrong());
    Date::new(year, small(month)?, small(day)?)
        .map_err(|_| wrong())
        .and_then(|date| if year >= 1900 { Ok(date) } else { Err(wrong()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_as_spreadsheets_write_them() {
        for text in [
            "2026-11-05",
            "2026/11/5",
            "2026.11.5",
            "2026年11月5日",
            " 2026-11-5 ",
        ] {
            assert_eq!(day(text).unwrap().to_string(), "2026-11-05", "{text}");
        }
        for bad in [
            "",
            "2026-02-30",
            "5/11/2026",
            "26-11-05",
            "2026-11",
            "2026-11-05T00:00",
            "45961",
        ] {
            assert!(day(bad).is_err(), "{bad}");
        }
    }
}
