//! Webhooks: made, deleted, and their messages sent.
//!
//! A message is sent at least once: leased, sent, and written down as sent. Killed in between, it is sent again with the
//! same id when the lease has run out.

use rand::Rng as _;
use serde_json::json;
use url::Url;

use crate::app::refused::Door;
use crate::app::{Actor, App, Permission, Refused};
use crate::storage::deliveries::{DeliveryRow, send_again};
use crate::storage::insert_audit;
use crate::storage::webhooks::{NewWebhook, Webhook, delete_webhook, insert_webhook, webhook_exists};
use crate::tell::{Event, Format, Secret};

/// Most webhooks of an installation: each is asked for at every event.
pub const WEBHOOKS_MAX: i64 = 50;
/// Longest address, characters.
const URL_MAX: usize = 2000;
/// Longest secret of a robot, characters.
const SECRET_MAX: usize = 200;
/// Most messages one replay makes due.
const REPLAY_MAX: i64 = 10_000;

/// A webhook as it was asked for.
#[derive(Clone, Debug)]
pub struct WebhookWish {
    /// Where to: http or https.
    pub url: String,
    /// Words of events.
    pub events: Vec<String>,
    /// `whsec_…`, or a robot's signing secret; without one, a standard webhook is given one.
    pub secret: Option<String>,
    /// How messages are written.
    pub format: Format,
}

/// A webhook just made.
#[derive(Clone, Debug)]
pub struct WebhookMade {
    /// As stored.
    pub webhook: Webhook,
    /// Its secret: said now and never again.
    pub secret: Option<String>,
}

fn only_admins(actor: &Actor) -> Result<(), Refused> {
    if actor.may(Permission::Administer) {
        Ok(())
    } else {
        Err(Refused::Forbidden("only an admin sees to webhooks"))
    }
}

fn missing(id: i64) -> Refused {
    Refused::NotFound(format!("webhook {id}"))
}

/// Makes a webhook.
pub async fn make_webhook(app: &App, actor: &Actor, wish: &WebhookWish) -> Result<WebhookMade, Refused> {
    only_admins(actor)?;
    let mut door = Door::default();
    let url = door.parsed("/url", address(app, &wish.url));
    let mut events = Vec::new();
    for word in &wish.events {
        match word.parse::<Event>() {
            Ok(event) if !events.contains(&event) => events.push(event),
            Ok(_) => {}
            Err(()) => door.wrong("/events", format!("{word:?} is none of {}", words_of_events())),
        }
    }
    if wish.events.is_empty() {
        door.wrong(
            "/events",
            format!("expected at least one of {}", words_of_events()),
        );
    }
    let secret = door.parsed("/secret", secret(app, wish));
    door.close()?;
    let (Some(url), Some(secret)) = (url, secret) else {
        return Err(Refused::at("/url", "expected an address"));
    };
    if app.store.count_webhooks().await? >= WEBHOOKS_MAX {
        let detail = format!("there are {WEBHOOKS_MAX} webhooks already; delete one first");
        return Err(Refused::Conflict(detail));
    }
    let now_ms = app.clock.now_ms();
    let sealed = secret.as_deref().map(|text| seal(app, text)).transpose()?;
    let by = actor.word();
    let new = NewWebhook {
        url: url.as_str(),
        format: wish.format,
        events: &events,
        secret: sealed.as_ref().map(|(nonce, sealed)| (&nonce[..], &sealed[..])),
        by: &by,
        at: now_ms,
    };
    let mut tx = app.store.begin().await?;
    let id = insert_webhook(&mut tx, &new).await?;
    // A robot's address holds its key: the log says the host only.
    let events: Vec<&str> = events.iter().map(|e| e.as_str()).collect();
    let detail = json!({ "host": url.host_str(), "format": wish.format.as_str(), "events": events });
    insert_audit(
        &mut tx,
        now_ms,
        &by,
        "webhook.make",
        &format!("webhook:{id}"),
        &detail,
    )
    .await?;
    tx.commit().await?;
    let made = app.store.webhooks(Some(id + 1), 1).await?.pop();
    let webhook = made.filter(|w| w.id == id).ok_or_else(|| missing(id))?;
    Ok(WebhookMade { webhook, secret })
}

fn words_of_events() -> String {
    Event::ALL.map(Event::as_str).join(", ")
}

fn address(app: &App, text: &str) -> Result<Url, String> {
    let expected = "expected an http or https address without user name and password";
    if text.chars().count() > URL_MAX {
        return Err(format!("expected at most {URL_MAX} characters"));
    }
    let mut url = Url::parse(text.trim()).map_err(|_| expected.to_owned())?;
    let plain = matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.username().is_empty()
        && url.password().is_none();
    if !plain {
        return Err(expected.to_owned());
    }
    if app.outside.courier.refuses(&url) {
        return Err(
            "leads to a private address, which the setting webhook_networks does not allow".to_owned(),
        );
    }
    url.set_fragment(None);
    Ok(url)
}

/// The secret in force, as it is sealed and shown.
fn secret(app: &App, wish: &WebhookWish) -> Result<Option<String>, String> {
    let given = wish.secret.as_deref().map(str::trim).filter(|s| !s.is_empty());
    match (wish.format, given) {
        (Format::Standard, Some(text)) => match Secret::parse(text) {
            Ok(secret) => Ok(Some(secret.reveal())),
            Err(error) => Err(error.to_string()),
        },
        (Format::Standard, None) => {
            let mut bytes = [0u8; 32];
            app.with_rng(|rng| rng.fill_bytes(&mut bytes));
            Ok(Some(Secret::new(bytes).reveal()))
        }
        (Format::Wecom, Some(_)) => Err("a WeCom robot signs nothing: its key is in its address".to_owned()),
        (_, Some(text)) if text.chars().count() > SECRET_MAX || text.chars().any(char::is_control) => {
            Err(format!("expected at most {SECRET_MAX} printable characters"))
        }
        (_, given) => Ok(given.map(str::to_owned)),
    }
}

/// What the secrets' key is for, and what they are bound to.
const SEAL: (&str, &[u8]) = ("webhook-seal", b"webhook");

fn seal(app: &App, text: &str) -> Result<([u8; 24], Vec<u8>), Refused> {
    let mut nonce = [0u8; 24];
    app.with_rng(|rng| rng.fill_bytes(&mut nonce));
    let sealed = app.secrets.seal(SEAL.0, SEAL.1, nonce, text.as_bytes());
    let sealed = sealed.ok_or_else(|| Refused::at("/secret", "cannot be sealed"))?;
    Ok((nonce, sealed))
}

/// Opens what was sealed; `None` with another installation's key.
pub(super) fn open(app: &App, nonce: &[u8], sealed: &[u8]) -> Option<String> {
    let text = app.secrets.open(SEAL.0, SEAL.1, nonce, sealed)?;
    String::from_utf8(text).ok()
}

/// Webhooks, newest first; `before` is the last page's smallest id.
pub async fn list_webhooks(
    app: &App,
    actor: &Actor,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<Webhook>, Refused> {
    only_admins(actor)?;
    Ok(app.store.webhooks(before, limit).await?)
}

/// One webhook.
pub async fn the_webhook(app: &App, actor: &Actor, id: i64) -> Result<Webhook, Refused> {
    only_admins(actor)?;
    app.store.webhook(id).await?.ok_or_else(|| missing(id))
}

/// A webhook's messages, newest first, for people to look at; `before` is the last page's smallest id.
pub async fn list_deliveries(
    app: &App,
    actor: &Actor,
    id: i64,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<DeliveryRow>, Refused> {
    only_admins(actor)?;
    the_webhook(app, actor, id).await?;
    Ok(app.store.deliveries(id, before, limit).await?)
}

/// Deletes a webhook; what waits for it is given up.
pub async fn remove_webhook(app: &App, actor: &Actor, id: i64) -> Result<(), Refused> {
    only_admins(actor)?;
    let now_ms = app.clock.now_ms();
    let mut tx = app.store.begin().await?;
    if !delete_webhook(&mut tx, id, now_ms).await? {
        return Err(missing(id));
    }
    let subject = format!("webhook:{id}");
    insert_audit(
        &mut tx,
        now_ms,
        &actor.word(),
        "webhook.delete",
        &subject,
        &json!({}),
    )
    .await?;
    tx.commit().await?;
    Ok(())
}

/// Sends a webhook's messages again, with their ids: those filed since `since` (milliseconds UTC), of those only the
/// ones given up when `failed_only`. At most 10 000, the oldest first; says how many.
pub async fn replay(
    app: &App,
    actor: &Actor,
    id: i64,
    since: i64,
    failed_only: bool,
) -> Result<u64, Refused> {
    only_admins(actor)?;
    let now_ms = app.clock.now_ms();
    let mut tx = app.store.begin().await?;
    if !webhook_exists(&mut tx, id).await? {
        return Err(missing(id));
    }
    let queued = send_again(&mut tx, id, (since, !failed_only), now_ms, REPLAY_MAX).await?;
    let detail = json!({ "since": since, "failed_only": failed_only, "queued": queued });
    let subject = format!("webhook:{id}");
    insert_audit(
        &mut tx,
        now_ms,
        &actor.word(),
        "webhook.replay",
        &subject,
        &detail,
    )
    .await?;
    tx.commit().await?;
    Ok(queued)
}
