//! The programme's rules: publishing a version, accepting it (product.md, "Rules").

use jiff::civil::Date;
use serde_json::json;

use crate::app::refused::Door;
use crate::app::{Actor, App, Permission, Refused};
use crate::domain::EmployeeId;
use crate::rules::{MAX_BLOCKS, blocks};
use crate::storage::notices::tell_staff;
use crate::storage::rules::{NewRules, RulesVersion, insert_acceptance, insert_rules};
use crate::storage::{StoreError, insert_audit};
use crate::tell::{Notice, NoticeKind};

/// Longest text of a version, characters.
pub const BODY_MAX: usize = 20_000;

/// Longest note on what changed, characters.
const NOTE_MAX: usize = 300;

/// A version to be published.
#[derive(Clone, Debug)]
pub struct RulesToPublish {
    /// Its text, as `rules::blocks` reads it.
    pub body: String,
    /// First business day it is in force; not before today.
    pub effective_on: Date,
    /// What changed, in a sentence; may be empty.
    pub note: String,
}

/// What is wrong with a version before it is published.
pub fn check_rules(app: &App, new: &RulesToPublish) -> Result<(), Refused> {
    let mut door = Door::default();
    let body = door.text("/body", &new.body, BODY_MAX);
    let count = blocks(&body).len();
    if count == 0 || count > MAX_BLOCKS {
        door.wrong("/body", format!("expected 1 to {MAX_BLOCKS} paragraphs"));
    }
    let note = door.text("/note", &new.note, NOTE_MAX);
    if note.lines().count() > 1 {
        door.wrong("/note", "expected one line");
    }
    let today = app.today();
    if new.effective_on < today || new.effective_on.year() > 2200 {
        door.wrong("/effective_on", format!("expected a day not before {today}"));
    }
    door.close()
}

/// Publishes a version. What is published never changes: a correction is another version.
pub async fn publish_rules(app: &App, actor: &Actor, new: &RulesToPublish) -> Result<RulesVersion, Refused> {
    if !actor.may(Permission::PublishRules) {
        return Err(Refused::Forbidden("only who publishes rules may do this"));
    }
    check_rules(app, new)?;
    let body = new.body.trim().replace("\r\n", "\n");
    if let Some(last) = app.store.rules_versions().await?.first()
        && last.body == body
        && last.effective_on == new.effective_on
    {
        // Sent twice: the version there is.
        return Ok(last.clone());
    }
    let (by, now_ms) = (actor.word(), app.clock.now_ms());
    let mut tx = app.store.begin().await?;
    let row = NewRules {
        body: &body,
        effective_on: new.effective_on,
        note: new.note.trim(),
        by: &by,
        at: now_ms,
    };
    let Some(version) = insert_rules(&mut tx, &row).await? else {
        return Err(Refused::Conflict(
            "somebody published a version just now; look at it first".into(),
        ));
    };
    let detail =
        json!({"number": version.number, "effective_on": version.effective_on, "note": version.note});
    let subject = format!("rules:{}", version.number);
    insert_audit(&mut tx, now_ms, &by, "rules.published", &subject, &detail).await?;
    let notice = Notice {
        kind: NoticeKind::RulesChanged,
        about: version.number.to_string(),
        facts: json!({ "version": version.number, "on": version.effective_on, "reason": version.note }),
    };
    tell_staff(&mut tx, app.today(), &notice, now_ms).await?;
    tx.commit().await?;
    Ok(version)
}

/// The versions as somebody meets them.
#[derive(Clone, Debug, Default)]
pub struct Standing {
    /// All, newest first.
    pub versions: Vec<RulesVersion>,
    /// The number of the one in force today.
    pub in_force: Option<i64>,
    /// The number of the one to be accepted: the one in force, or the newest while none is.
    pub to_accept: Option<i64>,
    /// Which ones the person accepted, and when (milliseconds UTC), by number.
    pub accepted: Vec<(i64, i64)>,
}

impl Standing {
    /// The version with a number.
    pub fn version(&self, number: i64) -> Option<&RulesVersion> {
        self.versions.iter().find(|v| v.number == number)
    }

    /// The one before it.
    pub fn before(&self, number: i64) -> Option<&RulesVersion> {
        self.versions.iter().find(|v| v.number < number)
    }

    /// When the person accepted a version, milliseconds UTC.
    pub fn accepted_at(&self, number: i64) -> Option<i64> {
        let found = self.accepted.iter().find(|(n, _)| *n == number);
        found.map(|(_, at)| *at)
    }

    /// Whether the version to be accepted waits for this person.
    pub fn waits(&self) -> bool {
        self.to_accept
            .is_some_and(|number| self.accepted_at(number).is_none())
    }
}

/// The versions, and which of them a person accepted.
pub async fn standing(app: &App, employee: Option<EmployeeId>) -> Result<Standing, StoreError> {
    let versions = app.store.rules_versions().await?;
    let today = app.today();
    let in_force = versions
        .iter()
        .find(|v| v.effective_on <= today)
        .map(|v| v.number);
    let to_accept = in_force.or_else(|| versions.first().map(|v| v.number));
    let accepted = match employee {
        Some(employee) => app.store.rules_accepted(employee).await?,
        None => Vec::new(),
    };
    let number = |row: i64| versions.iter().find(|v| v.id == row).map(|v| v.number);
    let accepted = accepted
        .into_iter()
        .filter_map(|(row, at)| number(row).map(|n| (n, at)))
        .collect();
    Ok(Standing {
        versions,
        in_force,
        to_accept,
        accepted,
    })
}

/// Accepts a version for oneself: the one in force or one that is to come. The first time stands.
pub async fn accept_rules(app: &App, actor: &Actor, number: i64) -> Result<(), Refused> {
    let Some(employee) = actor.employee().filter(|_| actor.may(Permission::Own)) else {
        return Err(Refused::Forbidden("rules are accepted by employees"));
    };
    let known = standing(app, Some(employee)).await?;
    let version = known.version(number);
    let version = version.ok_or_else(|| Refused::NotFound(format!("version {number} of the rules")))?;
    if known.in_force.is_some_and(|current| number < current) {
        return Err(Refused::Conflict("this version is no longer in force".into()));
    }
    let now_ms = app.clock.now_ms();
    let mut tx = app.store.begin().await?;
    if insert_acceptance(&mut tx, employee, version.id, now_ms).await? {
        let subject = format!("rules:{number}");
        let detail = json!({"employee": employee.0});
        insert_audit(
            &mut tx,
            now_ms,
            &actor.word(),
            "rules.accepted",
            &subject,
            &detail,
        )
        .await?;
    }
    tx.commit().await?;
    Ok(())
}
