//! The weekly mail: what a person was told since the last one (rank, claims, points about to end …).
//!
//! It is due on Tuesdays at nine in the business zone, when the week's board has frozen. At least once: leased, sent,
//! written down; the Message-ID stays the same, so that a mail program can tell.

use jiff::{Timestamp, ToSpan};
use rand::Rng as _;

use crate::app::App;
use crate::domain::{EmployeeId, Period};
use crate::mail::{Mail, MailError};
use crate::storage::StoreError;
use crate::storage::digests::{Addressee, DueDigest, lease_digest, make_digests, settle_digest};
use crate::storage::notices::NoticeRow;
use crate::tell::next_try;

/// From the week's end (Monday 0:00) to the mail, hours: Tuesday 9:00.
const AFTER_WEEK: i64 = 33;
/// A mail that has not begun a week later is not begun any more.
const LATEST_HOURS: i64 = 7 * 24;
/// How long a lease lasts, milliseconds: a mail takes at most 60 s.
const LEASE_MS: i64 = 120_000;
/// Most mails in one go.
const BATCH: usize = 500;
/// Most notices in one mail.
const NOTICES_MAX: i64 = 50;

/// What a digest says.
#[derive(Clone, Debug)]
pub struct DigestFacts {
    /// To whom.
    pub name: String,
    /// `zh` or `en`.
    pub lang: String,
    /// The week it is of.
    pub week: Period,
    /// Oldest first, at least one.
    pub notices: Vec<NoticeRow>,
}

/// A digest in words.
#[derive(Clone, Debug)]
pub struct DigestText {
    /// One line.
    pub subject: String,
    /// Plain text.
    pub text: String,
    /// HTML.
    pub html: String,
}

/// How a digest reads. Texts are in the translation files, on a floor above.
pub trait DigestWords: Send + Sync {
    /// The mail.
    fn digest(&self, facts: &DigestFacts) -> Option<DigestText>;
}

/// Makes the last week's digests due when their time has come, and sends what is due until the mail server says later;
/// how many were sent. Nothing without `smtp_url`.
pub async fn send_digests(app: &App, words: &dyn DigestWords) -> Result<u64, StoreError> {
    if app.outside.mail.is_none() {
        return Ok(0);
    }
    begin_week(app).await?;
    let mut sent = 0;
    for _ in 0..BATCH {
        let now_ms = app.clock.now_ms();
        let until = now_ms + LEASE_MS;
        let mut tx = app.store.begin().await?;
        let due = lease_digest(&mut tx, now_ms, until).await?;
        tx.commit().await?;
        let Some(due) = due else { break };
        let (state, detail, go_on) = match send_one(app, words, &due).await? {
            Sent::Yes => ("sent", String::new(), true),
            Sent::Empty => ("empty", String::new(), true),
            Sent::Never(detail) => ("failed", detail, true),
            Sent::Later(detail) => ("due", detail, false),
        };
        let chance = app.with_rng(|rng| rng.next_u32());
        let next_at = next_try(due.began_at, due.attempts + 1, app.clock.now_ms(), chance);
        let state = if state == "due" && next_at.is_none() {
            "failed"
        } else {
            state
        };
        let mut tx = app.store.begin().await?;
        let outcome = (state, detail.as_str(), next_at.filter(|_| state == "due"));
        settle_digest(&mut tx, due.id, until, outcome, app.clock.now_ms()).await?;
        tx.commit().await?;
        sent += u64::from(state == "sent");
        if !go_on {
            break;
        }
    }
    Ok(sent)
}

async fn begin_week(app: &App) -> Result<(), StoreError> {
    let Some((week, due_at)) = last_week(app, app.now()) else {
        return Ok(());
    };
    let now = app.now();
    let latest = due_at.checked_add(LATEST_HOURS.hours()).unwrap_or(Timestamp::MAX);
    if now < due_at || now >= latest {
        return Ok(());
    }
    let mut tx = app.store.begin().await?;
    make_digests(
        &mut tx,
        &week.label(),
        &app.today().to_string(),
        app.clock.now_ms(),
    )
    .await?;
    tx.commit().await
}

/// The newest week whose mail's time has come, and that time.
fn last_week(app: &App, now: Timestamp) -> Option<(Period, Timestamp)> {
    let this = Period::week_of(app.day_of(now)).ok()?;
    let mut week = this.previous().ok()?;
    if now < due_at(app, &week)? {
        week = week.previous().ok()?;
    }
    let at = due_at(app, &week)?;
    Some((week, at))
}

fn due_at(app: &App, week: &Period) -> Option<Timestamp> {
    week.to(&app.programme.zone).checked_add(AFTER_WEEK.hours()).ok()
}

enum Sent {
    Yes,
    /// There was nothing to say.
    Empty,
    Never(String),
    Later(String),
}

async fn send_one(app: &App, words: &dyn DigestWords, due: &DueDigest) -> Result<Sent, StoreError> {
    let person = EmployeeId(due.employee_id);
    let Some(mailer) = &app.outside.mail else {
        return Ok(Sent::Later("no mail server is set".to_owned()));
    };
    let Some(Addressee {
        name,
        email: Some(email),
        left_on,
        lang,
    }) = app.store.addressee(person).await?
    else {
        return Ok(Sent::Never("no address".to_owned()));
    };
    if left_on.is_some_and(|last| last < app.today().to_string()) {
        return Ok(Sent::Never("left".to_owned()));
    }
    let Some((week, until)) = Period::parse(&due.week)
        .ok()
        .and_then(|week| Some((week, due_at(app, &week)?)))
    else {
        return Ok(Sent::Never("no such week".to_owned()));
    };
    let from = until.checked_sub(LATEST_HOURS.hours()).unwrap_or(Timestamp::MIN);
    let span = (from.as_millisecond(), until.as_millisecond());
    let notices = app.store.notices_to_mail(person, span, NOTICES_MAX).await?;
    if notices.is_empty() {
        return Ok(Sent::Empty);
    }
    let facts = DigestFacts {
        name,
        lang: lang.unwrap_or_else(|| "zh".to_owned()),
        week,
        notices,
    };
    let Some(text) = words.digest(&facts) else {
        return Ok(Sent::Never("cannot be written".to_owned()));
    };
    let mail = Mail {
        to: email,
        subject: text.subject,
        text: text.text,
        html: Some(text.html),
        id: format!("digest-{}-{}", due.employee_id, due.week),
        at: app.now(),
    };
    Ok(match mailer.send(&mail).await {
        Ok(()) => Sent::Yes,
        Err(error @ (MailError::Refused(_) | MailError::Unwritable(_))) => Sent::Never(error.to_string()),
        Err(error @ MailError::Later(_)) => Sent::Later(error.to_string()),
    })
}
