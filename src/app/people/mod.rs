//! Hiring, moving and leaving.

mod import;

mod teams;

pub use import::{
    Imported, LineDone, LinePlan, PREVIEW_MS, Plan, PreviewError, confirm_import, import_employees,
    preview_import,
};
pub use teams::{found_team, rename_team};

use jiff::ToSpan;
use jiff::civil::Date;
use serde_json::json;

use crate::app::filing::Filed;
use crate::app::refused::Door;
use crate::app::{Actor, App, Change, Refused};
use crate::attribution::Contact;
use crate::domain::TeamId;
use crate::storage::employees::{Employee, EmployeeFacts, insert_employee, lock_employee, update_employee};
use crate::storage::teams::{Membership, memberships, replace_memberships, team_or_insert};
use crate::storage::{StoreError, Tx, insert_audit};

/// Longest name, characters.
const NAME_MAX: usize = 60;

/// Somebody new.
#[derive(Clone, Debug, Default)]
pub struct NewEmployee {
    /// 1–40 letters, digits, `-`, `_`, `.`.
    pub code: String,
    /// 1–60 characters.
    pub name: String,
    /// E-mail.
    pub email: Option<String>,
    /// Phone.
    pub phone: Option<String>,
    /// What they may be called on boards.
    pub nickname: Option<String>,
    /// Team's name or code; founded when unknown.
    pub team: Option<String>,
    /// First working day.
    pub hired_on: Option<Date>,
}

/// What is to change; `None` leaves it, `Some(None)` empties it.
#[derive(Clone, Debug, Default)]
pub struct EmployeeChanges {
    /// Full name.
    pub name: Option<String>,
    /// E-mail.
    pub email: Change<String>,
    /// Phone.
    pub phone: Change<String>,
    /// Nickname.
    pub nickname: Change<String>,
    /// First working day.
    pub hired_on: Change<Date>,
    /// Last working day.
    pub left_on: Change<Date>,
    /// Team; `Some(None)`: none.
    pub team: Change<String>,
    /// First day in the new team; today unless said.
    pub effective_on: Option<Date>,
}

/// An employee code at the door.
pub(in crate::app) fn employee_code(text: &str) -> Result<String, &'static str> {
    let text = text.trim();
    let fits = (1..=40).contains(&text.chars().count())
        && text
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'))
        && text.chars().any(char::is_alphanumeric);
    if fits {
        Ok(text.to_owned())
    } else {
        Err("an employee code has 1 to 40 letters, digits, '-', '_' and '.', like \"E001\"")
    }
}

fn checked(door: &mut Door, facts: EmployeeFacts) -> EmployeeFacts {
    let facts = EmployeeFacts {
        name: door.line("/name", &facts.name, NAME_MAX),
        email: facts.email.map(|text| text.trim().to_owned()),
        phone: facts.phone.map(|text| text.trim().to_owned()),
        nickname: door.line_opt("/nickname", facts.nickname.as_deref(), NAME_MAX),
        ..facts
    };
    // A spelling no customer could have would never be recognised as their own purchase.
    if let Some(email) = &facts.email {
        door.parsed("/email", Contact::email(email));
    }
    if let Some(phone) = &facts.phone {
        door.parsed("/phone", Contact::phone(phone));
    }
    door.span("/left_on", facts.hired_on, facts.left_on);
    facts
}

/// Takes somebody on. The same code with the same content again gives the first answer; with other content it is a
/// conflict.
pub async fn create_employee(
    app: &App,
    actor: &Actor,
    new: &NewEmployee,
) -> Result<Filed<Employee>, Refused> {
    let mut door = Door::default();
    let code = door.parsed("/code", employee_code(&new.code)).unwrap_or_default();
    let facts = checked(
        &mut door,
        EmployeeFacts {
            name: new.name.clone(),
            email: new.email.clone(),
            phone: new.phone.clone(),
            nickname: new.nickname.clone(),
            hired_on: new.hired_on,
            left_on: None,
        },
    );
    let team = door.line_opt("/team", new.team.as_deref(), NAME_MAX);
    door.close()?;
    let (today, now_ms) = (app.today(), app.clock.now_ms());
    let mut tx = app.store.begin().await?;
    let Some(id) = insert_employee(&mut tx, &code, &facts, now_ms).await? else {
        let known = lock_employee(&mut tx, &code, today).await?;
        let known = known.ok_or_else(|| Refused::NotFound(format!("employee {code:?}")))?;
        let same_team = team.is_none() || team == known.team;
        if known.code == code && known.facts == facts && same_team {
            return Ok(Filed::Known(known));
        }
        return Err(Refused::Conflict(format!(
            "the code {:?} is known with other content; change it by PATCH, or take another code",
            known.code
        )));
    };
    if let Some(team) = &team {
        let team = team_or_insert(&mut tx, team, now_ms).await?;
        let from_on = facts.hired_on.unwrap_or(today);
        replace_memberships(
            &mut tx,
            id,
            &[Membership {
                team,
                from_on,
                to_on: None,
            }],
        )
        .await?;
    }
    let detail = json!({"name": facts.name, "team": team});
    audit(app, &mut tx, actor, "employee.created", &code, &detail).await?;
    let made = lock_employee(&mut tx, &code, today).await?;
    tx.commit().await?;
    app.links_changed().await;
    made.map(Filed::New)
        .ok_or_else(|| Refused::NotFound(format!("employee {code:?}")))
}

/// Changes somebody's record, team or last working day.
pub async fn change_employee(
    app: &App,
    actor: &Actor,
    code: &str,
    changes: &EmployeeChanges,
) -> Result<Employee, Refused> {
    let (today, now_ms) = (app.today(), app.clock.now_ms());
    let missing = || Refused::NotFound(format!("employee {code:?}"));
    let mut tx = app.store.begin().await?;
    let known = lock_employee(&mut tx, code, today).await?.ok_or_else(missing)?;
    let mut facts = known.facts.clone();
    facts.name = changes.name.clone().unwrap_or(facts.name);
    facts.email = changes.email.clone().unwrap_or(facts.email);
    facts.phone = changes.phone.clone().unwrap_or(facts.phone);
    facts.nickname = changes.nickname.clone().unwrap_or(facts.nickname);
    facts.hired_on = changes.hired_on.unwrap_or(facts.hired_on);
    facts.left_on = changes.left_on.unwrap_or(facts.left_on);
    let mut door = Door::default();
    let facts = checked(&mut door, facts);
    let team = changes
        .team
        .as_ref()
        .map(|team| door.line_opt("/team", team.as_deref(), NAME_MAX));
    if changes.effective_on.is_some() && team.is_none() {
        door.wrong("/effective_on", "expected together with team");
    }
    door.span("/effective_on", changes.effective_on, None);
    door.close()?;
    if facts != known.facts {
        update_employee(&mut tx, known.id, &facts, now_ms).await?;
    }
    if let Some(team) = &team {
        let to = match team {
            Some(name) => Some(team_or_insert(&mut tx, name, now_ms).await?),
            None => None,
        };
        let before = memberships(&mut tx, known.id).await?;
        let after = moved(&before, to, changes.effective_on.unwrap_or(today))?;
        if after != before {
            replace_memberships(&mut tx, known.id, &after).await?;
        }
    }
    let detail = json!({"left_on": facts.left_on, "team": team, "effective_on": changes.effective_on,
                        "fields": facts != known.facts});
    audit(app, &mut tx, actor, "employee.changed", &known.code, &detail).await?;
    let changed = lock_employee(&mut tx, code, today).await?;
    tx.commit().await?;
    app.links_changed().await;
    changed.ok_or_else(missing)
}

/// Memberships after a move on a day: what began on or after that day no longer happens, what runs into it ends the day
/// before.
fn moved(before: &[Membership], to: Option<TeamId>, on: Date) -> Result<Vec<Membership>, Refused> {
    let eve = on
        .checked_sub(1.day())
        .map_err(|_| Refused::at("/effective_on", "expected a later day"))?;
    let mut after: Vec<Membership> = before.iter().filter(|m| m.from_on < on).copied().collect();
    if let Some(last) = after.last_mut() {
        last.to_on = Some(last.to_on.map_or(eve, |end| end.min(eve)));
    }
    if let Some(team) = to {
        match after.last_mut() {
            Some(last) if last.team == team && last.to_on == Some(eve) => last.to_on = None,
            _ => after.push(Membership {
                team,
                from_on: on,
                to_on: None,
            }),
        }
    }
    Ok(after)
}

async fn audit(
    app: &App,
    tx: &mut Tx,
    actor: &Actor,
    action: &str,
    code: &str,
    detail: &serde_json::Value,
) -> Result<(), StoreError> {
    insert_audit(
        tx,
        app.clock.now_ms(),
        &actor.word(),
        action,
        &format!("employee:{code}"),
        detail,
    )
    .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn a_move_ends_the_old_membership_the_day_before_and_forgets_later_plans() {
        let on = |day| date(2026, 11, day);
        let span = |team, from, to: Option<i8>| Membership {
            team: TeamId(team),
            from_on: on(from),
            to_on: to.map(on),
        };
        let start = [span(1, 1, None)];
        let first = moved(&start, Some(TeamId(2)), on(16)).unwrap();
        assert_eq!(first, [span(1, 1, Some(15)), span(2, 16, None)]);
        assert_eq!(
            moved(&first, Some(TeamId(3)), on(10)).unwrap(),
            [span(1, 1, Some(9)), span(3, 10, None)]
        );
        assert_eq!(moved(&first, Some(TeamId(1)), on(16)).unwrap(), start);
        assert_eq!(moved(&first, Some(TeamId(2)), on(20)).unwrap(), first);
        assert_eq!(
            moved(&first, None, on(20)).unwrap(),
            [span(1, 1, Some(15)), span(2, 16, Some(19))]
        );
        assert_eq!(moved(&[], Some(TeamId(1)), on(1)).unwrap(), start);
    }

    #[test]
    fn employee_codes_are_short_words() {
        for good in ["E001", "zhang.san", "员工-7", " a "] {
            assert!(employee_code(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "../x",
            "a b",
            "a/b",
            "--",
            "a\nb",
            "a\u{202e}b",
            &"x".repeat(41),
        ] {
            assert!(employee_code(bad).is_err(), "{bad:?}");
        }
    }
}
