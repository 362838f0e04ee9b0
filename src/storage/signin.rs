//! Signing in: waits after wrong passwords, one-time links, subjects of an OpenID provider.

use crate::storage::{Store, StoreError, Tx, reading, writing};

/// What happened to a login from a network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wait {
    /// Wrong passwords since the last right one.
    pub failures: i64,
    /// Milliseconds UTC, exclusive.
    pub until: Option<i64>,
    /// When it was right last, milliseconds UTC.
    pub known_at: Option<i64>,
    /// When anything happened last, milliseconds UTC.
    pub changed_at: i64,
}

/// A login (empty: any) and a network (empty: any), as keyed hashes.
pub type WaitKey<'a> = (&'a [u8], &'a [u8]);

type WaitRow = (i64, Option<i64>, Option<i64>, i64);

fn wait(row: WaitRow) -> Wait {
    let (failures, until, known_at, changed_at) = row;
    Wait {
        failures,
        until,
        known_at,
        changed_at,
    }
}

impl Store {
    /// What is noted under a key.
    pub async fn signin_wait(&self, key: WaitKey<'_>) -> Result<Option<Wait>, StoreError> {
        let row: Option<WaitRow> = reading!(self, |db| {
            sqlx::query_as(
                "select failures, wait_until, known_at, changed_at from signin_waits \
                 where login_hash = $1 and network_hash = $2",
            )
            .bind(key.0)
            .bind(key.1)
            .fetch_optional(db)
            .await?
        });
        Ok(row.map(wait))
    }
}

/// Counts a failure under a key and returns how it stands; failures older than `forget_before` are forgotten first.
pub async fn count_signin_failure(
    tx: &mut Tx,
    key: WaitKey<'_>,
    now_ms: i64,
    forget_before: i64,
) -> Result<i64, StoreError> {
    let (failures,): (i64,) = writing!(tx, |db| {
        sqlx::query_as(
            "insert into signin_waits (login_hash, network_hash, failures, changed_at) values ($1, $2, 1, $3) \
             on conflict (login_hash, network_hash) do update set \
             failures = case when signin_waits.changed_at < $4 then 1 else signin_waits.failures + 1 end, \
             changed_at = excluded.changed_at returning cast(failures as bigint)",
        )
        .bind(key.0)
        .bind(key.1)
        .bind(now_ms)
        .bind(forget_before)
        .fetch_one(db)
        .await?
    });
    Ok(failures)
}

/// Makes a key wait until an instant (milliseconds UTC, exclusive).
pub async fn set_signin_wait(tx: &mut Tx, key: WaitKey<'_>, until: i64) -> Result<(), StoreError> {
    let done = writing!(tx, |db| {
        sqlx::query("update signin_waits set wait_until = $3 where login_hash = $1 and network_hash = $2")
            .bind(key.0)
            .bind(key.1)
            .bind(until)
            .execute(db)
            .await?
            .rows_affected()
    });
    StoreError::check_rows("signin_waits", done, 1)
}

/// Notes that a login was right from a network, and forgets its failures there.
pub async fn note_signin_known(tx: &mut Tx, key: WaitKey<'_>, now_ms: i64) -> Result<(), StoreError> {
    let done = writing!(tx, |db| {
        sqlx::query(
            "insert into signin_waits (login_hash, network_hash, failures, known_at, changed_at) \
             values ($1, $2, 0, $3, $3) on conflict (login_hash, network_hash) do update set \
             failures = 0, wait_until = null, known_at = excluded.known_at, changed_at = excluded.changed_at",
        )
        .bind(key.0)
        .bind(key.1)
        .bind(now_ms)
        .execute(db)
        .await?
        .rows_affected()
    });
    StoreError::check_rows("signin_waits", done, 1)
}

/// Forgets every wait of a login, wherever; returns how many.
pub async fn forget_signin_waits(tx: &mut Tx, login_hash: &[u8]) -> Result<u64, StoreError> {
    let done = writing!(tx, |db| {
        sqlx::query("update signin_waits set failures = 0, wait_until = null where login_hash = $1")
            .bind(login_hash)
            .execute(db)
            .await?
            .rows_affected()
    });
    Ok(done)
}

/// Removes what is over: waits of strangers before `waits_before`, of known networks and used or expired links and
/// unconfirmed imports before `rest_before`. A chore; returns how many.
pub async fn forget_signin_rest(
    tx: &mut Tx,
    waits_before: i64,
    known_before: i64,
    now_ms: i64,
    imports_before: i64,
) -> Result<u64, StoreError> {
    let done = writing!(tx, |db| {
        let waits = sqlx::query(
            "delete from signin_waits where changed_at < $1 and (known_at is null or known_at < $2) \
             and (wait_until is null or wait_until < $3)",
        )
        .bind(waits_before)
        .bind(known_before)
        .bind(now_ms)
        .execute(&mut *db)
        .await?
        .rows_affected();
        let links = sqlx::query("delete from signin_links where expires_at < $1")
            .bind(now_ms)
            .execute(&mut *db)
            .await?
            .rows_affected();
        let imports = sqlx::query("delete from people_imports where created_at < $1")
            .bind(imports_before)
            .execute(&mut *db)
            .await?
            .rows_affected();
        waits + links + imports
    });
    Ok(done)
}

/// What a one-time link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkPurpose {
    /// Signs in.
    Signin,
    /// Leads to choosing a password, then signs in.
    Password,
}

impl LinkPurpose {
    /// The word in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Signin => "signin",
            Self::Password => "password",
        }
    }
}

/// Stores a one-time link.
pub async fn insert_signin_link(
    tx: &mut Tx,
    token_hash: &[u8; 32],
    account: i64,
    purpose: LinkPurpose,
    created_at: i64,
    expires_at: i64,
) -> Result<(), StoreError> {
    let done = writing!(tx, |db| {
        sqlx::query(
            "insert into signin_links (token_hash, account_id, purpose, created_at, expires_at) \
             values ($1, $2, $3, $4, $5)",
        )
        .bind(&token_hash[..])
        .bind(account)
        .bind(purpose.as_str())
        .bind(created_at)
        .bind(expires_at)
        .execute(db)
        .await?
        .rows_affected()
    });
    StoreError::check_rows("signin_links", done, 1)
}

/// Links made for an account since an instant (milliseconds UTC) for signing in.
pub async fn signin_links_since(tx: &mut Tx, account: i64, since: i64) -> Result<i64, StoreError> {
    let (count,): (i64,) = writing!(tx, |db| {
        sqlx::query_as(
            "select count(*) from signin_links where account_id = $1 and purpose = 'signin' and created_at > $2",
        )
        .bind(account)
        .bind(since)
        .fetch_one(db)
        .await?
    });
    Ok(count)
}

impl Store {
    /// The account of a link that can still be used at `now_ms`.
    pub async fn signin_link(
        &self,
        token_hash: &[u8; 32],
        purpose: LinkPurpose,
        now_ms: i64,
    ) -> Result<Option<i64>, StoreError> {
        let row: Option<(i64,)> = reading!(self, |db| {
            sqlx::query_as(
                "select account_id from signin_links where token_hash = $1 and purpose = $2 \
                 and used_at is null and expires_at > $3",
            )
            .bind(&token_hash[..])
            .bind(purpose.as_str())
            .bind(now_ms)
            .fetch_optional(db)
            .await?
        });
        Ok(row.map(|(id,)| id))
    }
}

/// Uses a link up; its account, or `None` when it was used, is over or never was. One of two at once wins.
pub async fn use_signin_link(
    tx: &mut Tx,
    token_hash: &[u8; 32],
    purpose: LinkPurpose,
    now_ms: i64,
) -> Result<Option<i64>, StoreError> {
    let row: Option<(i64,)> = writing!(tx, |db| {
        sqlx::query_as(
            "update signin_links set used_at = $3 where token_hash = $1 and purpose = $2 and used_at is null \
             and expires_at > $3 returning account_id",
        )
        .bind(&token_hash[..])
        .bind(purpose.as_str())
        .bind(now_ms)
        .fetch_optional(db)
        .await?
    });
    Ok(row.map(|(id,)| id))
}

/// Makes every open link of an account worthless; returns how many there were.
pub async fn end_signin_links(tx: &mut Tx, account: i64, now_ms: i64) -> Result<u64, StoreError> {
    let done = writing!(tx, |db| {
        sqlx::query("update signin_links set used_at = $2 where account_id = $1 and used_at is null")
            .bind(account)
            .bind(now_ms)
            .execute(db)
            .await?
            .rows_affected()
    });
    Ok(done)
}

impl Store {
    /// The account known by an OpenID provider's subject.
    pub async fn account_of_subject(&self, issuer: &str, subject: &str) -> Result<Option<i64>, StoreError> {
        let row: Option<(i64,)> = reading!(self, |db| {
            sqlx::query_as("select account_id from account_subjects where issuer = $1 and subject = $2")
                .bind(issuer)
                .bind(subject)
                .fetch_optional(db)
                .await?
        });
        Ok(row.map(|(id,)| id))
    }
}

/// Remembers whose subject this is; `false` when it is somebody's already.
pub async fn insert_subject(
    tx: &mut Tx,
    issuer: &str,
    subject: &str,
    account: i64,
    at: i64,
) -> Result<bool, StoreError> {
    let done = writing!(tx, |db| {
        sqlx::query(
            "insert into account_subjects (issuer, subject, account_id, created_at) values ($1, $2, $3, $4) \
             on conflict do nothing",
        )
        .bind(issuer)
        .bind(subject)
        .bind(account)
        .bind(at)
        .execute(db)
        .await?
        .rows_affected()
    });
    Ok(done == 1)
}
