//! Facts: append-only, bitemporal. A correction is a new revision, a deletion a void one.

use jiff::civil::Date;
use tokio_stream::StreamExt as _;

use crate::storage::bulk::{Bulk, pieces};
use crate::storage::{Store, StoreError, Tx, reading, writing};

/// A fact to be recorded.
#[derive(Clone, Debug)]
pub struct NewFact<'a> {
    /// What kind of thing happened.
    pub kind: &'a str,
    /// Who says so.
    pub source: &'a str,
    /// Their id for it.
    pub source_key: &'a str,
    /// Whose, an employee code.
    pub subject: Option<&'a str>,
    /// A day, or an instant with its offset.
    pub occurred: &'a str,
    /// Business day of it.
    pub occurred_on: Date,
    /// JSON of measures and dimensions, keys sorted.
    pub fields: &'a str,
    /// SHA-256 of what was said.
    pub content_hash: [u8; 32],
    /// It did not happen after all.
    pub void: bool,
    /// An actor's word.
    pub sent_by: &'a str,
    /// Milliseconds UTC.
    pub recorded_at: i64,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PutFact {
    /// Recorded, as this revision.
    Recorded(i64),
    /// Its latest revision says the same.
    Known(i64),
}

/// A fact as it stands.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct FactRow {
    /// Row: grows with what was known.
    pub id: i64,
    /// What kind of thing happened.
    pub kind: String,
    /// Who says so.
    pub source: String,
    /// Their id for it.
    pub source_key: String,
    /// 0, 1, 2 …
    pub revision: i64,
    /// Employee code.
    pub subject: Option<String>,
    /// A day, or an instant with its offset.
    pub occurred: String,
    /// JSON.
    pub fields: String,
    /// Whether it did not happen after all.
    pub void: bool,
    /// Milliseconds UTC.
    pub recorded_at: i64,
}

/// What a list is narrowed to.
#[derive(Clone, Copy, Debug, Default)]
pub struct FactFilter<'a> {
    /// Of this kind.
    pub kind: Option<&'a str>,
    /// From this source.
    pub source: Option<&'a str>,
    /// First day.
    pub from: Option<&'a str>,
    /// First day after.
    pub to: Option<&'a str>,
}

macro_rules! fact_sql {
    ($rest:literal) => {
        concat!(
            "select f.id, f.kind, f.source, f.source_key, f.revision, f.subject, f.occurred, f.fields, \
             f.void = 1 as void, f.recorded_at from facts f ",
            $rest
        )
    };
}

/// What a fact says, with the hash it was recorded with.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct SealedFact {
    /// Row.
    pub id: i64,
    /// Employee code.
    pub subject: Option<String>,
    /// A day, or an instant with its offset.
    pub occurred: String,
    /// JSON.
    pub fields: String,
    /// Whether it did not happen after all.
    pub void: bool,
    /// SHA-256.
    pub content_hash: Vec<u8>,
}

/// A fact as a run reads it.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct ReadFact {
    /// Who says so.
    pub source: String,
    /// Their id for it.
    pub source_key: String,
    /// Employee code.
    pub subject: Option<String>,
    /// A day, or an instant with its offset.
    pub occurred: String,
    /// JSON.
    pub fields: String,
}

/// Days as the texts the table holds, half-open; `None`: no bound.
#[derive(Clone, Debug)]
struct Days(String, String);

impl Days {
    fn of((from, to): (Option<Date>, Option<Date>)) -> Self {
        let text = |day: Option<Date>, open: &str| day.map_or_else(|| open.to_owned(), |d| d.to_string());
        Self(text(from, ""), text(to, "9999"))
    }
}

/// The facts of a kind from one source that occurred from a day on, as they are now, void ones left out: key and fields (JSON).
/// Within the transaction that is about to add to them.
pub async fn told_in(
    tx: &mut Tx,
    kind: &str,
    source: &str,
    from: Date,
) -> Result<Vec<(String, String)>, StoreError> {
    Ok(writing!(tx, |db| {
        sqlx::query_as(
            "select f.source_key, f.fields from facts f where f.kind = $1 and f.source = $2 and f.occurred_on >= $3 \
             and f.void = 0 and not exists (select 1 from facts g where g.kind = f.kind and g.source = f.source \
             and g.source_key = f.source_key and g.revision > f.revision) order by f.id",
        )
        .bind(kind)
        .bind(source)
        .bind(from.to_string())
        .fetch_all(db)
        .await?
    }))
}

/// A fact that became known after its period was closed.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct LateFact {
    /// Its kind.
    pub kind: String,
    /// Its sender's id for it.
    pub source_key: String,
    /// Whose.
    pub subject: Option<String>,
    /// The firm's day it occurred on.
    pub occurred_on: String,
    /// JSON object.
    pub fields: String,
    /// It did not happen after all.
    pub void: bool,
}

impl Store {
    /// Facts in the order they were recorded, after this row.
    pub async fn sealed_facts(&self, after: i64, limit: i64) -> Result<Vec<SealedFact>, StoreError> {
        Ok(reading!(self, |db| {
            sqlx::query_as(
                "select id, subject, occurred, fields, void = 1 as void, content_hash from facts where id > $1 \
                 order by id limit $2",
            )
            .bind(after)
            .bind(limit)
            .fetch_all(db)
            .await?
        }))
    }

    /// Who sent facts of a kind with this key.
    pub async fn sources_of_fact(&self, kind: &str, key: &str) -> Result<Vec<String>, StoreError> {
        let rows: Vec<(String,)> = reading!(self, |db| {
            sqlx::query_as(
                "select distinct source from facts where kind = $1 and source_key = $2 order by source",
            )
            .bind(kind)
            .bind(key)
            .fetch_all(db)
            .await?
        });
        Ok(rows.into_iter().map(|(source,)| source).collect())
    }

    /// Hands over the facts of a kind that occurred on these days, half-open (`None`: no bound), as known at a
    /// watermark: the latest revision of each, void ones left out, by day and in the order in which they became known.
    /// One at a time: a year's facts need no memory.
    pub async fn each_fact(
        &self,
        kind: &str,
        days: (Option<Date>, Option<Date>),
        watermark: i64,
        take: &mut (dyn FnMut(ReadFact) -> Result<(), StoreError> + Send),
    ) -> Result<(), StoreError> {
        let Days(from, to) = Days::of(days);
        reading!(self, |db| {
            let mut rows = sqlx::query_as::<_, ReadFact>(
                "select f.source, f.source_key, f.subject, f.occurred, f.fields from facts f \
                 where f.kind = $1 and f.occurred_on >= $2 and f.occurred_on < $3 and f.id <= $4 and f.void = 0 \
                 and not exists (select 1 from facts g where g.kind = f.kind and g.source = f.source \
                 and g.source_key = f.source_key and g.revision > f.revision and g.id <= $4) \
                 order by f.occurred_on, f.id",
            )
            .bind(kind)
            .bind(from)
            .bind(to)
            .bind(watermark)
            .fetch(db);
            while let Some(row) = rows.next().await {
                take(row?)?;
            }
        });
        Ok(())
    }

    /// Facts of a kind under these keys, whoever says so, as known at a watermark: the latest revision of each, void
    /// ones left out, in the order in which they became known.
    pub async fn facts_keyed(
        &self,
        kind: &str,
        keys: &[String],
        watermark: i64,
    ) -> Result<Vec<ReadFact>, StoreError> {
        let mut found = Vec::new();
        for part in keys.chunks(5_000) {
            let rows: Vec<ReadFact> = reading!(self, |db| {
                let mut q = sqlx::QueryBuilder::new(
                    "select f.source, f.source_key, f.subject, f.occurred, f.fields from facts f where f.kind = ",
                );
                q.push_bind(kind).push(" and f.id <= ").push_bind(watermark);
                q.push(
                    " and f.void = 0 and not exists (select 1 from facts g where g.kind = f.kind \
                     and g.source = f.source and g.source_key = f.source_key and g.revision > f.revision and g.id <= ",
                );
                q.push_bind(watermark).push(") and f.source_key in (");
                let mut list = q.separated(", ");
                for key in part {
                    list.push_bind(key);
                }
                q.push(") order by f.id");
                q.build_query_as().fetch_all(db).await?
            });
            found.extend(rows);
        }
        Ok(found)
    }

    /// Subject and fields of the facts of a kind that became known after one watermark and by another and tell of these
    /// days, or told of them before; with the earlier revisions of those that were revised. At most `limit`.
    pub async fn late_facts(
        &self,
        kind: &str,
        days: (Option<Date>, Option<Date>),
        (after, by): (i64, i64),
        limit: i64,
    ) -> Result<Vec<(Option<String>, String)>, StoreError> {
        let Days(from, to) = Days::of(days);
        Ok(reading!(self, |db| {
            sqlx::query_as(
                "select f.subject, f.fields from facts f where f.kind = $1 and f.occurred_on >= $2 \
                 and f.occurred_on < $3 and f.id > $4 and f.id <= $5 union all \
                 select e.subject, e.fields from facts f join facts e on e.kind = f.kind and e.source = f.source \
                 and e.source_key = f.source_key and e.revision <= f.revision \
                 where f.kind = $1 and f.revision > 0 and f.id > $4 and f.id <= $5 and exists (select 1 from facts g \
                 where g.kind = f.kind and g.source = f.source and g.source_key = f.source_key \
                 and g.revision <= f.revision and g.occurred_on >= $2 and g.occurred_on < $3) limit $6",
            )
            .bind(kind)
            .bind(from)
            .bind(to)
            .bind(after)
            .bind(by)
            .bind(limit)
            .fetch_all(db)
            .await?
        }))
    }

    /// The facts of a kind that became known after one watermark and by another, the earliest first. At most `limit`.
    pub async fn known_since(
        &self,
        kind: &str,
        (after, by): (i64, i64),
        limit: i64,
    ) -> Result<Vec<LateFact>, StoreError> {
        Ok(reading!(self, |db| {
            sqlx::query_as(
                "select kind, source_key, subject, occurred_on, fields, void = 1 as void from facts \
                 where kind = $1 and id > $2 and id <= $3 order by id limit $4",
            )
            .bind(kind)
            .bind(after)
            .bind(by)
            .bind(limit)
            .fetch_all(db)
            .await?
        }))
    }

    /// How many facts of a kind [`Store::late_facts`] tells of, each revision counted.
    pub async fn count_late_facts(
        &self,
        kind: &str,
        days: (Option<Date>, Option<Date>),
        (after, by): (i64, i64),
    ) -> Result<i64, StoreError> {
        let Days(from, to) = Days::of(days);
        let (count,): (i64,) = reading!(self, |db| {
            sqlx::query_as(
                "select count(*) from facts f where f.kind = $1 and f.id > $4 and f.id <= $5 \
                 and (f.occurred_on >= $2 and f.occurred_on < $3 or f.revision > 0 and exists (select 1 from facts g \
                 where g.kind = f.kind and g.source = f.source and g.source_key = f.source_key \
                 and g.revision <= f.revision and g.occurred_on >= $2 and g.occurred_on < $3))",
            )
            .bind(kind)
            .bind(from)
            .bind(to)
            .bind(after)
            .bind(by)
            .fetch_one(db)
            .await?
        });
        Ok(count)
    }

    /// Revisions, newest first; `before` is the last page's smallest id.
    pub async fn facts(
        &self,
        filter: FactFilter<'_>,
        before: Option<i64>,
        limit: i64,
    ) -> Result<Vec<FactRow>, StoreError> {
        Ok(reading!(self, |db| {
            sqlx::query_as(fact_sql!(
                "where f.id < $1 and f.kind = coalesce($2, f.kind) and f.source = coalesce($3, f.source) \
                 and f.occurred_on >= coalesce($4, '') and f.occurred_on < coalesce($5, '9999') \
                 order by f.id desc limit $6"
            ))
            .bind(before.unwrap_or(i64::MAX))
            .bind(filter.kind)
            .bind(filter.source)
            .bind(filter.from)
            .bind(filter.to)
            .bind(limit)
            .fetch_all(db)
            .await?
        }))
    }
}

/// The last fact known.
pub async fn watermark(tx: &mut Tx) -> Result<i64, StoreError> {
    // Numbers are given out before they are committed: who is still writing one below the highest is waited for. On
    // SQLite a transaction that writes is the only one.
    if let Tx::Postgres(tx) = tx {
        sqlx::query("lock table facts in share mode")
            .execute(&mut **tx)
            .await?;
    }
    let (id,): (i64,) = writing!(tx, |db| {
        sqlx::query_as("select coalesce(max(id), 0) from facts")
            .fetch_one(db)
            .await?
    });
    Ok(id)
}

/// The facts of a kind that occurred on these days, half-open, as they stand now: the latest revision of each, void ones
/// left out. For few: all of them at once.
pub async fn facts_in(
    tx: &mut Tx,
    kind: &str,
    (from, to): (Date, Date),
) -> Result<Vec<ReadFact>, StoreError> {
    Ok(writing!(tx, |db| {
        sqlx::query_as(
            "select f.source, f.source_key, f.subject, f.occurred, f.fields from facts f \
             where f.kind = $1 and f.occurred_on >= $2 and f.occurred_on < $3 and f.void = 0 \
             and not exists (select 1 from facts g where g.kind = f.kind and g.source = f.source \
             and g.source_key = f.source_key and g.revision > f.revision) order by f.occurred_on, f.id",
        )
        .bind(kind)
        .bind(from.to_string())
        .bind(to.to_string())
        .fetch_all(db)
        .await?
    }))
}

/// Records a fact, or its next revision where its latest one says something else.
pub async fn put_fact(tx: &mut Tx, new: &NewFact<'_>) -> Result<PutFact, StoreError> {
    let known: Option<(i64, Vec<u8>)> = writing!(tx, |db| {
        sqlx::query_as(
            "select revision, content_hash from facts where kind = $1 and source = $2 and source_key = $3 \
             order by revision desc limit 1",
        )
        .bind(new.kind)
        .bind(new.source)
        .bind(new.source_key)
        .fetch_optional(db)
        .await?
    });
    let revision = match known {
        Some((revision, hash)) if hash == new.content_hash => return Ok(PutFact::Known(revision)),
        Some((revision, _)) => revision + 1,
        None => 0,
    };
    let done = writing!(tx, |db| {
        sqlx::query(
            "insert into facts (kind, source, source_key, revision, subject, occurred, occurred_on, fields, \
             content_hash, void, sent_by, recorded_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        )
        .bind(new.kind)
        .bind(new.source)
        .bind(new.source_key)
        .bind(revision)
        .bind(new.subject)
        .bind(new.occurred)
        .bind(new.occurred_on.to_string())
        .bind(new.fields)
        .bind(&new.content_hash[..])
        .bind(i64::from(new.void))
        .bind(new.sent_by)
        .bind(new.recorded_at)
        .execute(db)
        .await?
        .rows_affected()
    });
    StoreError::check_rows("facts", done, 1)?;
    Ok(PutFact::Recorded(revision))
}

static INSERT: Bulk = Bulk::rows(
    "insert into facts (kind, source, source_key, revision, subject, occurred, occurred_on, fields, content_hash, void, \
     sent_by, recorded_at) values ",
    12,
    " on conflict (kind, source, source_key, revision) do nothing",
);

/// Records facts that are new, many at a time; one that is known after all goes the way of [`put_fact`].
pub async fn put_new_facts(tx: &mut Tx, news: &[NewFact<'_>]) -> Result<(), StoreError> {
    for piece in pieces(news) {
        let text = INSERT.text(tx, piece.len());
        let done = writing!(tx, |db| {
            let mut query = sqlx::query(text);
            for new in piece {
                query = query
                    .bind(new.kind)
                    .bind(new.source)
                    .bind(new.source_key)
                    .bind(0_i64)
                    .bind(new.subject)
                    .bind(new.occurred)
                    .bind(new.occurred_on.to_string())
                    .bind(new.fields)
                    .bind(&new.content_hash[..])
                    .bind(i64::from(new.void))
                    .bind(new.sent_by)
                    .bind(new.recorded_at);
            }
            query.execute(db).await?.rows_affected()
        });
        if done != piece.len() as u64 {
            for new in piece {
                put_fact(tx, new).await?;
            }
        }
    }
    Ok(())
}
