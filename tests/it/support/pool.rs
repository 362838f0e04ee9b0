//! PostgreSQL databases that tests take in turn: emptied when taken, made only when all are in use.
//!
//! # Why
//! A database of one's own costs a second of file copying, thousands of times in a whole run; emptying one costs some
//! milliseconds. Each is locked by the test that has it, whichever process that is. One whose schema a test changed, or
//! whose test failed, is not used again: what a failed test leaves can be looked at until the server goes.

use std::fs::{self, File};
use std::path::PathBuf;

use sqlx::{AssertSqlSafe, Connection, PgConnection};

use super::cluster::Cluster;
use super::shared;

/// What a schema is, in one word: tables, columns, indexes, triggers and whether they act, rules, constraints, functions.
const SCHEMA: &str = "select md5(string_agg(x, ',' order by x)) from ( \
    select concat_ws(':', c.relname, a.attname, a.atttypid, a.attnotnull, a.atthasdef) as x \
    from pg_attribute a join pg_class c on c.oid = a.attrelid \
    where c.relnamespace = 'public'::regnamespace and a.attnum > 0 \
    union all select concat_ws('!', c.relname, t.tgname, t.tgenabled) from pg_trigger t join pg_class c on c.oid = t.tgrelid \
    where c.relnamespace = 'public'::regnamespace \
    union all select concat_ws('?', c.relname, r.rulename) from pg_rewrite r join pg_class c on c.oid = r.ev_class \
    where c.relnamespace = 'public'::regnamespace \
    union all select conname from pg_constraint where connamespace = 'public'::regnamespace \
    union all select proname from pg_proc where pronamespace = 'public'::regnamespace) s";

/// Keeps what a fresh schema holds: its rows, where its sequences stand.
const KEEP: &str = "create schema kept; \
    create table kept.sequences as select sequencename, last_value from pg_sequences where schemaname = 'public'; \
    do $$ declare t record; filled boolean; begin \
    for t in select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' loop \
        execute format('select exists (select 1 from public.%I)', t.relname) into filled; \
        if filled then execute format('create table kept.%I as table public.%I', 't_' || t.relname, t.relname); end if; \
    end loop; end $$";

/// Makes a database again what [`KEEP`] kept; triggers are silent meanwhile, as books and facts only grow.
const EMPTY: &str = "set session_replication_role = replica; \
    do $$ declare t record; filled boolean; begin \
    for t in select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' loop \
        execute format('select exists (select 1 from public.%I)', t.relname) into filled; \
        if filled then execute format('delete from public.%I', t.relname); end if; \
    end loop; \
    for t in select relname, substr(relname, 3) as name from pg_class \
        where relnamespace = 'kept'::regnamespace and relkind = 'r' and relname like 't\\_%' loop \
        execute format('insert into public.%I select * from kept.%I', t.name, t.relname); \
    end loop; \
    for t in select sequencename, last_value from kept.sequences loop \
        perform setval(format('public.%I', t.sequencename)::regclass, coalesce(t.last_value, 1), t.last_value is not null); \
    end loop; end $$";

/// A database that is somebody's as long as this lives.
pub struct Lease {
    /// Where it is.
    pub url: String,
    _lock: File,
    /// Beside the server: whether it may be used again.
    usable: PathBuf,
}

impl Drop for Lease {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let _ = fs::rename(&self.usable, self.usable.with_extension("failed"));
        }
    }
}

/// A database with the schema in it and nothing else.
pub async fn take() -> Lease {
    let server = tokio::task::spawn_blocking(shared::server)
        .await
        .expect("the PostgreSQL of this run");
    let template = shared::template(server).await;
    for number in 0.. {
        let name = format!("{template}_{number}");
        let beside = |extension: &str| server.dir.join(format!("{name}.{extension}"));
        let lock = shared::lock_file(&beside("taken"));
        if lock.try_lock().is_err() || beside("failed").exists() {
            continue;
        }
        let lease = Lease {
            url: server.url(&name),
            _lock: lock,
            usable: beside("usable"),
        };
        if !(lease.usable.exists() && emptied(server, &name).await) {
            shared::admin(server, &format!("drop database if exists {name} with (force)")).await;
            shared::admin(server, &format!("create database {name} template {template}")).await;
            fs::write(&lease.usable, "").expect("a mark beside the server");
        }
        return lease;
    }
    unreachable!("there is always a next number")
}

/// Keeps what the template of all databases holds.
pub async fn keep(server: &Cluster, template: &str) {
    let mut db = connected(server, template).await;
    run(&mut db, KEEP).await.expect("a copy of what there is");
    run(&mut db, &format!("create table kept.schema as {SCHEMA}"))
        .await
        .expect("the schema in one word");
    let _ = db.close().await;
}

/// Empties a database; `false`: it is no longer what the template is.
async fn emptied(server: &Cluster, name: &str) -> bool {
    let mut db = connected(server, name).await;
    let alone = "select pg_terminate_backend(pid) from pg_stat_activity \
                 where datname = current_database() and pid <> pg_backend_pid()";
    let done = match run(&mut db, alone).await {
        Ok(()) => run(&mut db, EMPTY).await,
        Err(e) => Err(e),
    };
    let same: Result<bool, _> = sqlx::query_scalar(AssertSqlSafe(format!(
        "select ({SCHEMA}) = (select md5 from kept.schema)"
    )))
    .fetch_one(&mut db)
    .await;
    let _ = db.close().await;
    done.is_ok() && matches!(same, Ok(true))
}

async fn connected(server: &Cluster, name: &str) -> PgConnection {
    PgConnection::connect(&server.url(name))
        .await
        .expect("our PostgreSQL answers")
}

async fn run(db: &mut PgConnection, sql: &str) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
        .execute(db)
        .await
        .map(drop)
}
