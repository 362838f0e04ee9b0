//! Sends what was filed.

use rand::Rng as _;
use serde_json::Value;
use url::Url;

use crate::app::App;
use crate::app::webhooks::open;
use crate::courier::{Answer, SendError};
use crate::storage::deliveries::{Leased, Target, Tried, forget_messages, lease_due, settle_delivery};
use crate::storage::{StoreError, Tx};
use crate::tell::{Event, Format, Secret, next_try, robot_post, robot_refusal};

/// How long a lease lasts: longer than a request may take (15 s), with room for a slow store.
const LEASE_MS: i64 = 60_000;
/// Messages of one webhook that are under way at once.
const AT_ONCE: i64 = 8;
/// Messages kept for replays, milliseconds: 30 days.
const KEEP_MS: i64 = 30 * 86_400_000;
/// Most messages forgotten in one transaction: others wait for it.
const FORGET_MAX: i64 = 10_000;
/// Most transactions of one go: more in an hour than clicks become valid.
const FORGET_ROUNDS: usize = 20;
/// Longest description of a failure that is kept, characters.
const DETAIL_MAX: usize = 300;

/// How an event reads in a group chat. Texts are in the translation files, on a floor above.
pub trait RobotWords: Send + Sync {
    /// The event as a few lines of text.
    fn text(&self, event: Event, data: &Value) -> String;
}

/// Sends one webhook's due messages until none is left or a whole batch fails (what is left then waits for the next
/// turn, so that a dead receiver costs little).
pub async fn send_to(app: &App, words: &dyn RobotWords, target: &Target) -> Result<u64, StoreError> {
    let mut taken = 0;
    loop {
        let now_ms = app.clock.now_ms();
        let lease = app.with_rng(|rng| format!("{:016x}", rng.next_u64()));
        let mut tx = app.store.begin().await?;
        let batch = lease_due(&mut tx, target.id, (now_ms, now_ms + LEASE_MS), &lease, AT_ONCE).await?;
        tx.commit().await?;
        if batch.is_empty() {
            return Ok(taken);
        }
        let tries = batch.iter().map(|message| send_one(app, words, target, message));
        let mut took = 0;
        let outcomes = join_all(tries).await;
        let mut tx = app.store.begin().await?;
        for (message, outcome) in batch.iter().zip(&outcomes) {
            took += u64::from(outcome.taken);
            settle(app, &mut tx, message, &lease, outcome).await?;
        }
        tx.commit().await?;
        taken += took;
        if took == 0 {
            return Ok(taken);
        }
    }
}

/// Runs futures side by side in one task: a handful, so a set of tasks would be more than is needed.
async fn join_all<F: Future>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut running: Vec<_> = futures.map(|f| (Box::pin(f), None)).collect();
    std::future::poll_fn(|context| {
        let mut waiting = false;
        for (future, output) in &mut running {
            if output.is_none() {
                match future.as_mut().poll(context) {
                    std::task::Poll::Ready(value) => *output = Some(value),
                    std::task::Poll::Pending => waiting = true,
                }
            }
        }
        if waiting {
            std::task::Poll::Pending
        } else {
            std::task::Poll::Ready(())
        }
    })
    .await;
    running.into_iter().filter_map(|(_, output)| output).collect()
}

struct Outcome {
    taken: bool,
    status: Option<i64>,
    detail: String,
}

impl Outcome {
    fn failed(status: Option<i64>, detail: impl Into<String>) -> Self {
        Self {
            taken: false,
            status,
            detail: detail.into().chars().take(DETAIL_MAX).collect(),
        }
    }
}

async fn settle(
    app: &App,
    tx: &mut Tx,
    message: &Leased,
    lease: &str,
    outcome: &Outcome,
) -> Result<(), StoreError> {
    let now_ms = app.clock.now_ms();
    let chance = app.with_rng(|rng| rng.next_u32());
    let again = next_try(message.began_at, message.attempts + 1, now_ms, chance);
    let tried = Tried {
        status: outcome.status,
        detail: &outcome.detail,
        next_at: again.filter(|_| !outcome.taken),
        taken: outcome.taken,
        at: now_ms,
    };
    let settled = settle_delivery(tx, message.id, lease, &tried).await?;
    if !settled {
        tracing::warn!(
            message = message.message,
            "the lease had run out, or the webhook was deleted: it may be sent twice"
        );
    } else if !outcome.taken && again.is_none() {
        tracing::warn!(
            message = message.message,
            detail = outcome.detail,
            "a message was given up after a day"
        );
    }
    Ok(())
}

async fn send_one(app: &App, words: &dyn RobotWords, target: &Target, message: &Leased) -> Outcome {
    let Ok(url) = Url::parse(&target.url) else {
        return Outcome::failed(None, "the address cannot be read");
    };
    let secret = match &target.secret {
        None => None,
        Some((nonce, sealed)) => match open(app, nonce, sealed) {
            Some(text) => Some(text),
            None => return Outcome::failed(None, "the secret cannot be opened with this installation's key"),
        },
    };
    let secret = secret.as_deref();
    match target.format {
        Format::Standard => standard(app, &url, secret, message).await,
        format => robot(app, words, format, &url, secret, message).await,
    }
}

async fn standard(app: &App, url: &Url, secret: Option<&str>, message: &Leased) -> Outcome {
    let Some(secret) = secret.and_then(|text| Secret::parse(text).ok()) else {
        return Outcome::failed(None, "there is no secret to sign with");
    };
    let seconds = app.clock.now_ms().div_euclid(1000);
    let headers = [
        ("webhook-id", message.message.clone()),
        ("webhook-timestamp", seconds.to_string()),
        (
            "webhook-signature",
            secret.sign(&message.message, seconds, &message.body),
        ),
    ];
    judged(
        app.outside
            .courier
            .post(url, &headers, message.body.clone())
            .await,
        |_| None,
    )
}

async fn robot(
    app: &App,
    words: &dyn RobotWords,
    format: Format,
    url: &Url,
    secret: Option<&str>,
    message: &Leased,
) -> Outcome {
    let body: Value = serde_json::from_str(&message.body).unwrap_or_default();
    let Ok(event) = message.event.parse::<Event>() else {
        return Outcome::failed(None, "no such event");
    };
    let text = words.text(event, &body["data"]);
    let Some(post) = robot_post(format, url, secret, &text, app.clock.now_ms()) else {
        return Outcome::failed(None, "not a robot's format");
    };
    judged(
        app.outside.courier.post(&post.url, &[], post.body).await,
        robot_refusal,
    )
}

fn judged(answered: Result<Answer, SendError>, refusal: fn(&str) -> Option<String>) -> Outcome {
    let answer = match answered {
        Ok(answer) => answer,
        Err(error) => return Outcome::failed(None, error.to_string()),
    };
    let status = Some(i64::from(answer.status));
    match answer.status {
        200..=299 => match refusal(&answer.body) {
            None => Outcome {
                taken: true,
                status,
                detail: String::new(),
            },
            Some(why) => Outcome::failed(status, why),
        },
        300..=399 => Outcome::failed(
            status,
            format!("answered {}: redirects are not followed", answer.status),
        ),
        _ => Outcome::failed(status, format!("answered {}", answer.status)),
    }
}

/// A chore: forgets messages older than 30 days that nobody waits for, a transaction for each 10 000, at most 200 000 a
/// time; how many.
pub async fn forget_sent(app: &App) -> Result<u64, StoreError> {
    let before = app.clock.now_ms() - KEEP_MS;
    let mut forgotten = 0;
    for _ in 0..FORGET_ROUNDS {
        let mut tx = app.store.begin().await?;
        let done = forget_messages(&mut tx, before, FORGET_MAX).await?;
        tx.commit().await?;
        forgotten += done;
        if done < FORGET_MAX.unsigned_abs() {
            break;
        }
    }
    Ok(forgotten)
}
