//! Employees out of a CSV or XLSX file; the same file again changes nothing.

use std::collections::HashSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::civil::Date;
use rand::Rng as _;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::app::people::{NAME_MAX, checked, employee_code, moved};
use crate::app::refused::Door;
use crate::app::{Actor, App, Refused};
use crate::sheet::{Header, MAX_REJECTED, ReadError, Rejected, RowFault, TableIn, read_table};
use crate::storage::employees::{EmployeeFacts, code_key, insert_employee, lock_employee, update_employee};
use crate::storage::people_imports::{insert_people_import, take_people_import};
use crate::storage::teams::{Membership, memberships, replace_memberships, team_or_insert};
use crate::storage::{StoreError, Tx, insert_audit};

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
    /// `UTF-8`, `GB18030` or `XLSX`, as the file was read.
    pub encoding: String,
    /// Lines that were not taken, at most 1 000.
    pub rejected: Vec<Rejected>,
    /// How many lines were not taken in all.
    pub rejected_count: u64,
    /// Columns nobody asked for.
    pub ignored_columns: Vec<String>,
}

/// What becomes of a line.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub enum LineDone {
    /// Somebody new.
    Created,
    /// What changes: field, before, after.
    Updated(Vec<(&'static str, String, String)>),
    /// Everything was known.
    Unchanged,
    /// Not taken: the fields that are wrong.
    Rejected(Vec<(&'static str, String)>),
    /// No row at all.
    Broken(RowFault),
}

/// A line of the file and what becomes of it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct LinePlan {
    /// Line of the file, from 1.
    pub line: u64,
    /// Code as written.
    pub code: String,
    /// Name as written.
    pub name: String,
    /// What becomes of it.
    pub done: LineDone,
}

/// What a file would do to people as they are.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Plan {
    /// `UTF-8`, `GB18030` or `XLSX`.
    pub encoding: &'static str,
    /// Columns nobody asked for.
    pub ignored_columns: Vec<String>,
    /// Sheets of a workbook that were not read.
    pub other_sheets: Vec<String>,
    /// Every line.
    pub lines: Vec<LinePlan>,
}

impl Plan {
    /// Names the plan: another file, or other people, give another.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(serde_json::to_vec(self).unwrap_or_default()).into()
    }

    /// How many lines are of a kind.
    pub fn count(&self, is: impl Fn(&LineDone) -> bool) -> u64 {
        u64::try_from(self.lines.iter().filter(|l| is(&l.done)).count()).unwrap_or(u64::MAX)
    }

    fn report(self) -> Imported {
        let mut report = Imported {
            created: self.count(|d| matches!(d, LineDone::Created)),
            updated: self.count(|d| matches!(d, LineDone::Updated(_))),
            unchanged: self.count(|d| matches!(d, LineDone::Unchanged)),
            encoding: self.encoding.to_owned(),
            ignored_columns: self.ignored_columns,
            ..Imported::default()
        };
        for line in self.lines {
            let wrong = match line.done {
                LineDone::Rejected(wrong) => wrong,
                LineDone::Broken(fault) => vec![("", fault.to_string())],
                _ => continue,
            };
            report.rejected_count += 1;
            if report.rejected.len() < MAX_REJECTED {
                let part = |(pointer, detail): &(&'static str, String)| match pointer.trim_start_matches('/')
                {
                    "" => detail.clone(),
                    name => format!("{name}: {detail}"),
                };
                report.rejected.push(Rejected {
                    line: line.line,
                    reason: wrong.iter().map(part).collect::<Vec<_>>().join("; "),
                    what: "",
                });
            }
        }
        report
    }
}

/// Takes people out of a CSV or XLSX file: new codes are created, known ones updated; an empty cell leaves what is known. A
/// wrong line is told and left out, the others are stored together.
pub async fn import_employees(app: &App, actor: &Actor, file: &[u8]) -> Result<Imported, Refused> {
    let table = read_table(file, &COLUMNS).map_err(|e| Refused::at("", e))?;
    let mut tx = app.store.begin().await?;
    let plan = run(app, &mut tx, table).await?;
    store(app, actor, tx, plan).await
}

async fn store(app: &App, actor: &Actor, mut tx: Tx, plan: Plan) -> Result<Imported, Refused> {
    let report = plan.report();
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

/// A file that was looked at waits this long to be confirmed, milliseconds.
pub const PREVIEW_MS: i64 = 3_600_000;

/// Looks at a file: what it would do now, and the token by which exactly that is confirmed. People stay as they are.
pub async fn preview_import(app: &App, actor: &Actor, file: &[u8]) -> Result<(Plan, String), PreviewError> {
    let table = read_table(file, &COLUMNS)?;
    // The very same act, taken back: what is shown is what would be done.
    let mut tx = app.store.begin().await?;
    let plan = run(app, &mut tx, table).await?;
    tx.rollback().await?;
    let mut bytes = [0_u8; 32];
    app.with_rng(|rng| rng.fill_bytes(&mut bytes));
    let token = URL_SAFE_NO_PAD.encode(bytes);
    let hash = Sha256::digest(token.as_bytes()).into();
    let mut tx = app.store.begin().await?;
    let now = app.clock.now_ms();
    insert_people_import(&mut tx, &hash, &actor.word(), file, &plan.hash(), now).await?;
    tx.commit().await?;
    Ok((plan, token))
}

/// Does what was looked at; refused when people changed since, when it was done before or is too long ago.
pub async fn confirm_import(app: &App, actor: &Actor, token: &str) -> Result<Imported, PreviewError> {
    let hash = Sha256::digest(token.as_bytes()).into();
    let since = app.clock.now_ms() - PREVIEW_MS;
    let mut tx = app.store.begin().await?;
    let kept = take_people_import(&mut tx, &hash, &actor.word(), since).await?;
    let (file, shown) = kept.ok_or(PreviewError::Gone)?;
    let table = read_table(&file, &COLUMNS)?;
    let plan = run(app, &mut tx, table).await?;
    if plan.hash()[..] != shown[..] {
        return Err(PreviewError::Changed);
    }
    Ok(store(app, actor, tx, plan).await?)
}

/// Why a file was not looked at, or not taken.
#[derive(Debug, thiserror::Error)]
pub enum PreviewError {
    /// It cannot be read at all.
    #[error(transparent)]
    File(#[from] ReadError),
    /// Confirmed before, looked at too long ago, or by somebody else.
    #[error("this import is no longer waiting: upload the file again")]
    Gone,
    /// It would do something else now.
    #[error("people changed since this was shown: upload the file again")]
    Changed,
    /// Anything else.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Takes every line inside a transaction.
async fn run(app: &App, tx: &mut Tx, table: TableIn) -> Result<Plan, Refused> {
    let mut seen = HashSet::new();
    let mut lines = Vec::with_capacity(table.rows.len());
    for row in table.rows {
        let mut plan = LinePlan {
            line: row.line,
            code: String::new(),
            name: String::new(),
            done: LineDone::Unchanged,
        };
        match row.cells {
            Err(fault) => plan.done = LineDone::Broken(fault),
            Ok(cells) => {
                let cells = Line(cells);
                plan.code = cells.cell(0).unwrap_or_default().to_owned();
                plan.name = cells.cell(1).unwrap_or_default().to_owned();
                let twice = cells.cell(0).is_some_and(|code| !seen.insert(code_key(code)));
                let taken = if twice {
                    Err(Refused::at("/code", "this code stands on an earlier line"))
                } else {
                    take(app, tx, &cells).await
                };
                plan.done = match taken {
                    Ok(done) => done,
                    Err(Refused::Wrong(wrong)) => {
                        LineDone::Rejected(wrong.into_iter().map(|w| (w.pointer, w.detail)).collect())
                    }
                    Err(other) => return Err(other),
                };
            }
        }
        lines.push(plan);
    }
    Ok(Plan {
        encoding: table.encoding,
        ignored_columns: table.ignored,
        other_sheets: table.other_sheets,
        lines,
    })
}

/// The cells of a line, in the order of [`COLUMNS`].
struct Line(Vec<Option<String>>);

impl Line {
    fn cell(&self, column: usize) -> Option<&str> {
        self.0.get(column).and_then(|c| c.as_deref())
    }
}

/// What differs between two records.
fn differences(before: &EmployeeFacts, after: &EmployeeFacts) -> Vec<(&'static str, String, String)> {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let day = |value: Option<Date>| value.map(|d| d.to_string()).unwrap_or_default();
    [
        ("name", before.name.clone(), after.name.clone()),
        ("email", text(&before.email), text(&after.email)),
        ("phone", text(&before.phone), text(&after.phone)),
        ("nickname", text(&before.nickname), text(&after.nickname)),
        ("hired_on", day(before.hired_on), day(after.hired_on)),
        ("left_on", day(before.left_on), day(after.left_on)),
    ]
    .into_iter()
    .filter(|(_, before, after)| before != after)
    .collect()
}

/// Takes one line; refuses before it writes anything.
async fn take(app: &App, tx: &mut Tx, line: &Line) -> Result<LineDone, Refused> {
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
            let only = Membership {
                team,
                from_on,
                to_on: None,
            };
            replace_memberships(tx, id, &[only]).await?;
        }
        return Ok(LineDone::Created);
    };
    let mut changes = differences(&known.facts, &facts);
    if !changes.is_empty() {
        update_employee(tx, known.id, &facts, now_ms).await?;
    }
    if let Some(name) = &team
        && known.team.as_ref() != Some(name)
    {
        let team = team_or_insert(tx, name, now_ms).await?;
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
            changes.push(("team", known.team.clone().unwrap_or_default(), name.clone()));
        }
    }
    Ok(if changes.is_empty() {
        LineDone::Unchanged
    } else {
        LineDone::Updated(changes)
    })
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
