//! The ledger: double entry, append-only, chained by hashes, each entry posted once.

use sha2::{Digest, Sha256};

use crate::domain::{ContentHash, Money};
use crate::storage::{Store, StoreError, Tx, reading, writing};

/// An entry to be posted: one row carries both sides, so an unbalanced one cannot be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEntry {
    /// The account debited.
    pub debit: String,
    /// The account credited.
    pub credit: String,
    /// Above 0.
    pub amount: Money,
    /// The run it belongs to.
    pub run: i64,
    /// The line it books.
    pub line: Option<i64>,
    /// What it books, once: `close:12:345`.
    pub key: String,
}

/// An entry as posted.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Entry {
    /// 1, 2, 3 … without a hole.
    pub id: i64,
    /// Milliseconds UTC.
    pub at: i64,
    /// The account debited.
    pub debit: String,
    /// The account credited.
    pub credit: String,
    /// Fen, above 0.
    pub amount: i64,
    /// ISO 4217.
    pub currency: String,
    /// The run it belongs to.
    pub run_id: i64,
    /// The line it books.
    pub line_id: Option<i64>,
    /// What it books, once.
    pub key: String,
    /// SHA-256 of what it says.
    pub content_hash: Vec<u8>,
    /// Of the entry before.
    pub prev_hash: Vec<u8>,
    /// SHA-256 over `prev_hash`, number, instant and content.
    pub hash: Vec<u8>,
}

/// Where the chain ends; locked until the transaction ends.
#[derive(Clone, Debug)]
pub struct Head {
    /// How many entries there are.
    pub count: i64,
    hash: Vec<u8>,
    at: i64,
}

impl Head {
    /// When the last entry was posted, milliseconds UTC; 0: none was.
    pub const fn at(&self) -> i64 {
        self.at
    }
}

/// Neither the run's nor the line's number is content: they depend on what was rolled back before. The key names both
/// by what they are, so that one history has one hash on either database.
fn content(new: &NewEntry, currency: &str) -> [u8; 32] {
    let mut hash = ContentHash::default();
    hash.part(&new.debit);
    hash.part(&new.credit);
    hash.part(new.amount.minor().to_le_bytes());
    hash.part(currency);
    hash.part(&new.key);
    hash.finish()
}

fn chain(prev: &[u8], id: i64, at: i64, content: &[u8]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(prev);
    hash.update(id.to_le_bytes());
    hash.update(at.to_le_bytes());
    hash.update(content);
    hash.finalize().into()
}

impl Entry {
    /// Whether its hashes are those of what it says, after the entry before.
    pub fn is_sound(&self, prev: &[u8]) -> bool {
        let new = NewEntry {
            debit: self.debit.clone(),
            credit: self.credit.clone(),
            amount: Money::from_minor(self.amount),
            run: self.run_id,
            line: self.line_id,
            key: self.key.clone(),
        };
        let content = content(&new, &self.currency);
        self.content_hash == content
            && self.prev_hash == prev
            && self.hash == chain(prev, self.id, self.at, &content)
    }
}

/// Locks the end of the chain: who posts follows who posted.
pub async fn lock_ledger(tx: &mut Tx) -> Result<Head, StoreError> {
    let (count, hash): (i64, Vec<u8>) = writing!(tx, |db| {
        // `for update` exists on one database only; a write locks on both.
        sqlx::query_as("update ledger_head set count = count where id = 1 returning count, hash")
            .fetch_one(db)
            .await?
    });
    let last: Option<(i64,)> = writing!(tx, |db| {
        sqlx::query_as("select at from ledger where id = $1")
            .bind(count)
            .fetch_optional(db)
            .await?
    });
    let at = last.map_or(0, |(at,)| at);
    Ok(Head { count, hash, at })
}

/// Posts an entry; `false` when its key is posted with the same content. Another content under the same key is corrupt.
pub async fn post(
    tx: &mut Tx,
    head: &mut Head,
    new: &NewEntry,
    currency: &str,
    at: i64,
) -> Result<bool, StoreError> {
    let content = content(new, currency);
    let known: Option<(Vec<u8>,)> = writing!(tx, |db| {
        sqlx::query_as("select content_hash from ledger where key = $1")
            .bind(&new.key)
            .fetch_optional(db)
            .await?
    });
    match known {
        Some((hash,)) if hash == content => return Ok(false),
        Some(_) => {
            return Err(StoreError::Corrupt {
                table: "ledger",
                column: "key",
                value: new.key.clone(),
            });
        }
        None => {}
    }
    let id = head.count + 1;
    let hash = chain(&head.hash, id, at, &content);
    let done = writing!(tx, |db| {
        sqlx::query(
            "insert into ledger (id, at, debit, credit, amount, currency, run_id, line_id, key, content_hash, prev_hash, \
             hash) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        )
        .bind(id)
        .bind(at)
        .bind(&new.debit)
        .bind(&new.credit)
        .bind(new.amount.minor())
        .bind(currency)
        .bind(new.run)
        .bind(new.line)
        .bind(&new.key)
        .bind(&content[..])
        .bind(&head.hash)
        .bind(&hash[..])
        .execute(&mut *db)
        .await?
        .rows_affected()
            + sqlx::query("update ledger_head set count = $1, hash = $2 where id = 1")
                .bind(id)
                .bind(&hash[..])
                .execute(&mut *db)
                .await?
                .rows_affected()
    });
    StoreError::check_rows("ledger", done, 2)?;
    *head = Head {
        count: id,
        hash: hash.to_vec(),
        at,
    };
    Ok(true)
}

/// What these accounts hold: credits less debits, inside a transaction.
pub async fn balances_of(tx: &mut Tx, account: &str) -> Result<Money, StoreError> {
    let (minor,): (i64,) = writing!(tx, |db| {
        sqlx::query_as(
            "select cast(coalesce((select sum(amount) from ledger where credit = $1), 0) \
             - coalesce((select sum(amount) from ledger where debit = $1), 0) as bigint)",
        )
        .bind(account)
        .fetch_one(db)
        .await?
    });
    Ok(Money::from_minor(minor))
}

impl Store {
    /// Entries in their order, after this one.
    pub async fn ledger_entries(&self, after: i64, limit: i64) -> Result<Vec<Entry>, StoreError> {
        Ok(reading!(self, |db| {
            sqlx::query_as(
                "select id, at, debit, credit, amount, currency, run_id, line_id, key, content_hash, prev_hash, hash \
                 from ledger where id > $1 order by id limit $2",
            )
            .bind(after)
            .bind(limit)
            .fetch_all(db)
            .await?
        }))
    }

    /// The entries of a run, in their order.
    pub async fn ledger_of_run(&self, run: i64) -> Result<Vec<Entry>, StoreError> {
        Ok(reading!(self, |db| {
            sqlx::query_as(
                "select id, at, debit, credit, amount, currency, run_id, line_id, key, content_hash, prev_hash, hash \
                 from ledger where run_id = $1 order by id",
            )
            .bind(run)
            .fetch_all(db)
            .await?
        }))
    }

    /// The first entry that is not what its line says, if there is one.
    pub async fn ledger_misfit(&self) -> Result<Option<i64>, StoreError> {
        let (first,): (Option<i64>,) = reading!(self, |db| {
            sqlx::query_as(
                "select min(e.id) from ledger e join run_lines l on l.id = e.line_id \
                 where l.run_id <> e.run_id or abs(l.amount) <> e.amount \
                 or (case when l.base = 1 and l.amount > 0 then 'base' else 'payable' end || ':' || l.payee_kind || ':' || l.payee) \
                 not in (e.debit, e.credit)",
            )
            .fetch_one(db)
            .await?
        });
        Ok(first)
    }

    /// Runs whose books are not what they say: a booked one has one entry for each line and the sum of its lines as its
    /// total, payments stand in paid ones, and nothing is booked of others.
    pub async fn books_misfit(&self) -> Result<Vec<i64>, StoreError> {
        let rows: Vec<(i64,)> = reading!(self, |db| {
            sqlx::query_as(
                "select r.id from runs r \
                 left join (select run_id, count(*) as n, cast(sum(amount) as bigint) as s from run_lines group by run_id) l \
                 on l.run_id = r.id \
                 left join (select run_id, count(distinct line_id) as n, \
                 sum(case when line_id is null then 1 else 0 end) as p from ledger group by run_id) e on e.run_id = r.id \
                 where case when r.state in ('closed', 'paid') \
                 then coalesce(l.n, 0) <> coalesce(e.n, 0) or coalesce(l.s, 0) <> r.total \
                 or (r.state = 'closed' and coalesce(e.p, 0) > 0) \
                 else e.run_id is not null end order by r.id",
            )
            .fetch_all(db)
            .await?
        });
        Ok(rows.into_iter().map(|(id,)| id).collect())
    }

    /// How many entries there are and the hash of the last one.
    pub async fn ledger_head(&self) -> Result<(i64, Vec<u8>), StoreError> {
        Ok(reading!(self, |db| {
            sqlx::query_as("select count, hash from ledger_head where id = 1")
                .fetch_one(db)
                .await?
        }))
    }

    /// Every account with what it holds: credits less debits, fen.
    pub async fn trial_balance(&self) -> Result<Vec<(String, i64)>, StoreError> {
        Ok(reading!(self, |db| {
            sqlx::query_as(
                "select account, cast(sum(amount) as bigint) from (select credit as account, amount from ledger \
                 union all select debit, -amount from ledger) t group by account order by account",
            )
            .fetch_all(db)
            .await?
        }))
    }
}
