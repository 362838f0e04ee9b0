//! The two migration folders say the same: applied to real databases, then compared.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use bole::storage::{Store, StoreOptions};
use sqlx::Row;

use crate::support::db::{Kind, on, unique_name};
use crate::support::{TestDb, shared};

/// A schema in words both engines share: `table.column` or index → what it is.
type Schema = BTreeMap<String, String>;

#[test]
fn given_the_two_folders_when_listed_then_their_files_are_the_same() {
    let names = |database: &str| -> BTreeSet<String> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("migrations")
            .join(database);
        let entries = std::fs::read_dir(folder).expect("a migrations folder");
        entries
            .map(|e| e.expect("an entry").file_name().into_string().expect("UTF-8"))
            .collect()
    };
    let sqlite = names("sqlite");
    assert!(!sqlite.is_empty());
    assert_eq!(sqlite, names("postgres"));
    let mut numbers: Vec<&str> = sqlite
        .iter()
        .map(|name| name.split('_').next().unwrap_or(name))
        .collect();
    numbers.dedup();
    assert_eq!(numbers.len(), sqlite.len(), "a number is used twice: {sqlite:?}");
}

#[tokio::test]
async fn given_both_folders_applied_when_compared_then_the_schemas_are_one() {
    let (send, mut receive) = tokio::sync::mpsc::unbounded_channel();
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let send = send.clone();
        on(kind, move |db: TestDb| async move {
            send.send(schema(&db.store).await).expect("the receiver lives");
        })
        .await;
    }
    let sqlite = receive.recv().await.expect("SQLite's");
    let postgres = receive.recv().await.expect("PostgreSQL's");
    assert!(
        sqlite.len() > 50,
        "only {} columns and indexes read",
        sqlite.len()
    );
    let found = differences(&sqlite, &postgres);
    assert!(found.is_empty(), "the migrations differ:\n{}", found.join("\n"));
}

#[tokio::test]
async fn given_a_schema_with_every_kind_of_difference_when_compared_then_each_is_named() {
    let (send, mut receive) = tokio::sync::mpsc::unbounded_channel();
    for (kind, sql) in [
        (
            Kind::Sqlite,
            "create table x_both (id integer primary key, a integer not null, b text, c blob, d integer, only_here text) strict;
             create index x_plain on x_both (a, b); create unique index x_differs on x_both (a);",
        ),
        (
            Kind::Postgres,
            "create table x_both (id bigint not null, a bigint, b bigint, c uuid, d boolean);
             create index x_plain on x_both (b, a); create index x_differs on x_both (a);",
        ),
    ] {
        let send = send.clone();
        on(kind, move |db: TestDb| async move {
            db.sql(sql).await;
            send.send(schema(&db.store).await).expect("the receiver lives");
        })
        .await;
    }
    let sqlite = receive.recv().await.expect("SQLite's");
    let postgres = receive.recv().await.expect("PostgreSQL's");
    let found: Vec<String> = differences(&sqlite, &postgres)
        .into_iter()
        .filter(|d| d.contains("x_"))
        .collect();
    let expected = [
        "plain on x_both (a): missing on SQLite, there on PostgreSQL",
        "plain on x_both (a, b): there on SQLite, missing on PostgreSQL",
        "plain on x_both (b, a): missing on SQLite, there on PostgreSQL",
        "primary key on x_both (id): there on SQLite, missing on PostgreSQL",
        "unique on x_both (a): there on SQLite, missing on PostgreSQL",
        "x_both.a: integer not null on SQLite, integer nullable on PostgreSQL",
        "x_both.b: text nullable on SQLite, integer nullable on PostgreSQL",
        "x_both.only_here: text nullable on SQLite, missing on PostgreSQL",
    ];
    assert_eq!(found, expected);
}

/// What is on one side only, or otherwise there, sorted.
fn differences(sqlite: &Schema, postgres: &Schema) -> Vec<String> {
    let keys: BTreeSet<&String> = sqlite.keys().chain(postgres.keys()).collect();
    let missing = "missing".to_owned();
    let side = |schema: &Schema, key: &String| schema.get(key).unwrap_or(&missing).clone();
    keys.into_iter()
        .map(|key| (key, side(sqlite, key), side(postgres, key)))
        .filter(|(_, left, right)| left != right)
        .map(|(key, left, right)| format!("{key}: {left} on SQLite, {right} on PostgreSQL"))
        .collect()
}

const SQLITE_COLUMNS: &str = "select t.name as table_name, c.name as column_name, c.type as type_name, \
     c.\"notnull\" = 0 and c.pk = 0 as is_nullable \
     from sqlite_schema t join pragma_table_info(t.name) c where t.type = 'table'";

const POSTGRES_COLUMNS: &str = "select table_name::text, column_name::text, data_type::text as type_name, \
     is_nullable = 'YES' as is_nullable from information_schema.columns where table_schema = 'public'";

/// Indexes with their columns in order; expressions count as `*`. A primary key is read from the table, because
/// SQLite's rowid has no index.
const SQLITE_INDEXES: &str = "select t.name as table_name, \
     case i.\"unique\" when 1 then 'unique' else 'plain' end as kind, i.partial = 1 as is_partial, \
     (select group_concat(coalesce(x.name, '*'), ', ') from (select * from pragma_index_info(i.name) order by seqno) x) \
     as column_names from sqlite_schema t join pragma_index_list(t.name) i where t.type = 'table' and i.origin <> 'pk' \
     union all select t.name, 'primary key', 1 = 0, \
     (select group_concat(c.name, ', ') from (select * from pragma_table_info(t.name) where pk > 0 order by pk) c) \
     from sqlite_schema t where t.type = 'table' and exists (select 1 from pragma_table_info(t.name) where pk > 0)";

const POSTGRES_INDEXES: &str = "select t.relname::text as table_name, \
     case when x.indisprimary then 'primary key' when x.indisunique then 'unique' else 'plain' end as kind, \
     x.indpred is not null as is_partial, \
     (select string_agg(coalesce(a.attname::text, '*'), ', ' order by k.n) \
      from unnest(x.indkey::int2[]) with ordinality k (attnum, n) \
      left join pg_attribute a on a.attrelid = x.indrelid and a.attnum = k.attnum and k.attnum > 0) as column_names \
     from pg_index x join pg_class t on t.oid = x.indrelid join pg_namespace n on n.oid = t.relnamespace \
     where n.nspname = 'public'";

async fn schema(store: &Store) -> Schema {
    let mut schema = Schema::new();
    let mut column = |table: String, column: String, type_name: String, nullable: bool| {
        if table != "_sqlx_migrations" && !table.starts_with("sqlite_") {
            let null = if nullable { "nullable" } else { "not null" };
            schema.insert(
                format!("{table}.{column}"),
                format!("{} {null}", shared_type(&type_name)),
            );
        }
    };
    let mut indexes = Vec::new();
    macro_rules! read {
        ($db:expr, $columns:expr, $indexes:expr) => {{
            for row in sqlx::query($columns).fetch_all($db).await.expect("columns") {
                column(
                    row.get("table_name"),
                    row.get("column_name"),
                    row.get("type_name"),
                    row.get("is_nullable"),
                );
            }
            for row in sqlx::query($indexes).fetch_all($db).await.expect("indexes") {
                let words: [String; 3] = ["table_name", "column_names", "kind"].map(|name| row.get(name));
                indexes.push((words, row.get::<bool, _>("is_partial")));
            }
        }};
    }
    match store {
        Store::Sqlite { read, .. } => read!(read, SQLITE_COLUMNS, SQLITE_INDEXES),
        Store::Postgres(pool) => read!(pool, POSTGRES_COLUMNS, POSTGRES_INDEXES),
    }
    for ([table, columns, kind], partial) in indexes {
        if table != "_sqlx_migrations" && !table.starts_with("sqlite_") {
            let part = if partial { ", partial" } else { "" };
            schema.insert(format!("{kind} on {table} ({columns}){part}"), "there".to_owned());
        }
    }
    schema
}

/// One word for types that bind the same Rust type on both engines.
fn shared_type(name: &str) -> &'static str {
    match name.to_ascii_lowercase().as_str() {
        // Booleans are 0 and 1 on SQLite.
        "integer" | "bigint" | "boolean" => "integer",
        "text" => "text",
        "blob" | "bytea" | "uuid" => "bytes",
        "real" | "double precision" => "real",
        other => panic!("type `{other}` is on no list: use @id @int @bool @blob @uuid or text"),
    }
}

/// The folder's files below a number, in order, and the one of that number.
fn files(kind: Kind, number: &str) -> (Vec<String>, String) {
    let database = match kind {
        Kind::Sqlite => "sqlite",
        Kind::Postgres => "postgres",
    };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("migrations")
        .join(database);
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    paths.sort();
    let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    let text = |path: &Path| std::fs::read_to_string(path).unwrap();
    let before = paths
        .iter()
        .filter(|path| *name(path) < *number)
        .map(|path| text(path));
    let own = paths.iter().find(|path| name(path).starts_with(number)).unwrap();
    (before.collect(), text(own))
}

/// A store as it was before a migration, and that migration's text.
async fn before(db: &TestDb, number: &str, name: &str) -> (TestDb, String) {
    let url = match db.kind {
        Kind::Sqlite => format!("sqlite:{}", db.dir.path().join("old.db").display()),
        Kind::Postgres => shared::create_empty(name).await,
    };
    let old = TestDb {
        store: Store::open(&StoreOptions::new(&url)).await.unwrap(),
        url,
        kind: db.kind,
        clock: db.clock.clone(),
        rng: crate::support::rng(),
        dir: db.dir.clone(),
    };
    let (earlier, own) = files(db.kind, number);
    for text in earlier {
        old.sql(&text).await;
    }
    (old, own)
}

async fn given_payouts_closed_before_guards_were_summed_when_migrated_then_each_total_is_that_of_its_lines(
    db: TestDb,
) {
    let name = unique_name();
    let (old, migration) = before(&db, "0027", &name).await;
    let hash = match db.kind {
        Kind::Sqlite => "x'00'",
        Kind::Postgres => "'\\x00'",
    };
    // What the guards took at the close, 30.00, was not in the sum; what is under review was never summed anew.
    for (id, state, total) in [
        (1, "closed", 10_000),
        (2, "paid", 10_000),
        (3, "in_review", 10_000),
        (4, "closed", 7),
        (5, "superseded", 10_000),
    ] {
        old.sql(&format!(
            "insert into runs (id, scheme, period, from_on, to_on, state, document, input_hash, params, roster, watermark, \
             outcome, total, calculated_by, calculated_at) values ({id}, 's', '2026-1{id}', '2026-0{id}-01', \
             '2026-0{id}-28', '{state}', '', {hash}, '{{}}', '[]', 0, '{{}}', {total}, 'x', 1)"
        ))
        .await;
        let lines = if id == 4 {
            &[][..]
        } else {
            &[("line", 10_000), ("guard", -3_000)][..]
        };
        for (kind, amount) in lines {
            old.sql(&format!(
                "insert into run_lines (run_id, kind, payee, payee_kind, component, rule, title_zh, title_en, amount, \
                 says_zh, says_en, trace) values ({id}, '{kind}', 'a', 'employee', 'c', 'R1', '', '', {amount}, '', '', '{{}}')"
            ))
            .await;
        }
    }
    old.sql(&migration).await;
    let mut totals = Vec::new();
    for id in 1..=5 {
        totals.push(
            old.number(&format!("select total from runs where id = {id}"))
                .await,
        );
    }
    assert_eq!(totals, [7_000, 7_000, 10_000, 0, 10_000]);
    old.store.close().await;
    if db.kind == Kind::Postgres {
        shared::drop_database(&name).await;
    }
}

both!(given_payouts_closed_before_guards_were_summed_when_migrated_then_each_total_is_that_of_its_lines);
