//! How a firm runs a scheme, and people's attributes.

use jiff::civil::Date;
use serde_json::{Map, Value, json};

use crate::app::pay::PayError;
use crate::app::pay::catalog::known;
use crate::app::pay::facts::of_kind;
use crate::app::pay::library::{documents, parsed};
use crate::app::pay::material::Field;
use crate::app::pay::whatif::own_document;
use crate::app::{Actor, App, Permission, Wrong};
use crate::storage::insert_audit;
use crate::storage::pay::{NewSetting, insert_roster_value, insert_setting};

/// A change of a scheme as it was sent.
#[derive(Clone, Debug)]
pub struct SettingInput {
    /// Holds for periods that begin on this day or later.
    pub from_on: Date,
    /// A document of the firm's own.
    pub document: Option<String>,
    /// Parameters by name.
    pub params: Map<String, Value>,
    /// Whether the scheme is due in its periods.
    pub enabled: bool,
    /// Why.
    pub note: String,
}

/// Changes how a scheme is run from a day on. Never for days of a closed period (GC-20); the document must pass all its
/// checks, and parameters must be ones it has. What the law wants acknowledged is for an administrator (L-02).
pub async fn change_setting(
    app: &App,
    actor: &Actor,
    scheme: &str,
    new: &SettingInput,
) -> Result<i64, PayError> {
    if !actor.may(Permission::CalculatePay) {
        return Err(PayError::Forbidden("only finance and HR change schemes"));
    }
    let before = app.store.setting_on(scheme, new.from_on).await?;
    let stands = before.and_then(|setting| setting.document);
    let own = match &new.document {
        None => None,
        // What is in force was accepted once, and parameters may be changed without writing it anew.
        Some(text) if stands.as_ref() == Some(text) => Some(parsed(scheme, text)?),
        Some(text) => Some(own_document(scheme, text).await?),
    };
    let document = match (&own, documents().get(scheme)) {
        (Some(own), _) => own.as_ref(),
        (None, Some(builtin)) => builtin.as_ref(),
        (None, None) => return Err(PayError::NotFound(format!("scheme {scheme:?}"))),
    };
    let wrong = document.params_wrong(&Value::Object(new.params.clone()));
    if !wrong.is_empty() {
        let detail = |w: &crate::payout::Refused| format!("{}: {}; expected {}", w.path, w.what, w.expected);
        return Err(PayError::Wrong(
            wrong
                .iter()
                .map(|w| Wrong::inside("/params", &w.pointer(), detail(w)))
                .collect(),
        ));
    }
    if !actor.may(Permission::Administer) {
        let before = app.store.setting_on(scheme, new.from_on).await?;
        let before: Value = before
            .and_then(|setting| serde_json::from_str(&setting.params).ok())
            .unwrap_or_default();
        // Unsaid it is off, and forms say so.
        let is_on = |value: Option<&Value>| value.is_some_and(|v| !v.is_null() && *v != Value::Bool(false));
        let mut signed = document.administrator_params().into_iter();
        if let Some(param) = signed.find(|id| is_on(new.params.get(*id)) != is_on(before.get(*id))) {
            let detail =
                "only an administrator acknowledges this (L-02): leave it as it is, or have one change it";
            return Err(PayError::Wrong(vec![Wrong::inside(
                "/params",
                &format!("/params/{param}"),
                detail.to_owned(),
            )]));
        }
    }
    if new.note.chars().count() > 500 {
        return Err(PayError::field("/note", "at most 500 characters"));
    }
    open_from(app, scheme, new.from_on).await?;
    let now_ms = app.clock.now_ms();
    let who = actor.word();
    let mut tx = app.store.begin().await?;
    let row = NewSetting {
        scheme,
        from_on: new.from_on,
        document: new.document.as_deref(),
        params: &Value::Object(new.params.clone()).to_string(),
        enabled: new.enabled,
        note: new.note.trim(),
        set_by: &who,
        created_at: now_ms,
    };
    let id = insert_setting(&mut tx, &row).await?;
    let detail = json!({ "from_on": new.from_on.to_string(), "params": new.params, "enabled": new.enabled,
                         "own_document": new.document.is_some(), "note": new.note });
    insert_audit(
        &mut tx,
        now_ms,
        &who,
        "scheme.changed",
        &format!("scheme:{scheme}"),
        &detail,
    )
    .await?;
    tx.commit().await?;
    Ok(id)
}

/// Refuses a day on or after which a period of the scheme is closed: what is closed stays as it was calculated (GC-20).
pub async fn open_from(app: &App, scheme: &str, day: Date) -> Result<(), PayError> {
    let far = Date::constant(2199, 12, 31);
    let booked = app.store.heads_touching(day, far).await?;
    let closed = booked.iter().find(|r| r.scheme == scheme && r.state.is_booked());
    closed.map_or(Ok(()), |run| {
        let detail = format!(
            "a day after {}, which is closed: changes are for the future",
            run.period
        );
        Err(PayError::field("/from_on", detail))
    })
}

/// Sets a person's attributes from a day on; gives how many changed. Names must be ones some scheme declares.
pub async fn set_attributes(
    app: &App,
    actor: &Actor,
    code: &str,
    from_on: Date,
    values: &Map<String, Value>,
) -> Result<usize, PayError> {
    if !actor.may(Permission::CalculatePay) && !actor.may(Permission::WritePeople) {
        return Err(PayError::Forbidden("only finance and HR set attributes"));
    }
    let person = app.store.employee(code, app.today()).await?;
    let person = person.ok_or_else(|| PayError::NotFound(format!("employee {code:?}")))?;
    let attributes = known(app).await?.attributes();
    for (name, value) in values {
        let Some(fields) = attributes.get(name) else {
            let list: Vec<&str> = attributes
                .keys()
                .map(String::as_str)
                .filter(|n| !n.contains('.'))
                .collect();
            let detail = format!("{name:?} is none of {} (or scheme.attribute)", list.join(", "));
            return Err(PayError::field("/attributes", detail));
        };
        // Where several schemes know the name, what one of them can read is right.
        let said = |field: &Field| of_kind(&field.kind, value, &|code| Some(code.to_owned()));
        if let Some(Err(expected)) = fields.first().map(said)
            && fields.iter().all(|field| said(field).is_err())
        {
            return Err(PayError::field("/attributes", format!("{name}: {expected}")));
        }
    }
    let now_ms = app.clock.now_ms();
    let who = actor.word();
    let mut changed = 0;
    let mut tx = app.store.begin().await?;
    for (name, value) in values {
        let value = value.to_string();
        let done = insert_roster_value(&mut tx, person.id, (name, &value), from_on, (&who, now_ms)).await?;
        changed += usize::from(done);
    }
    let detail = json!({ "from_on": from_on.to_string(), "attributes": values });
    insert_audit(
        &mut tx,
        now_ms,
        &who,
        "attributes.set",
        &format!("employee:{}", person.code),
        &detail,
    )
    .await?;
    tx.commit().await?;
    Ok(changed)
}
