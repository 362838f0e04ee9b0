//! People, teams, campaigns and links as rows, without the acts that make them.

use bole::domain::EmployeeId;
use bole::storage::Store;

/// Runs statements on whichever database it is.
pub async fn sql(store: &Store, text: &'static str) -> Result<(), sqlx::Error> {
    match store {
        Store::Sqlite { write, .. } => sqlx::raw_sql(text).execute(write).await.map(drop),
        Store::Postgres(pool) => sqlx::raw_sql(text).execute(pool).await.map(drop),
    }
}

/// One number out of the store.
pub async fn number(store: &Store, text: &'static str) -> i64 {
    match store {
        Store::Sqlite { read, .. } => sqlx::query_scalar(text).fetch_one(read).await.expect("a number"),
        Store::Postgres(pool) => sqlx::query_scalar(text).fetch_one(pool).await.expect("a number"),
    }
}

/// 张三 (1, the North), 李四 (2, the North), 王五 (3, the South), 欧阳娜娜 (4, the South), Ann Lee (5, no team; left on
/// 16 November 2026); one campaign with links 1–4 of 张三 (three channels, and one with material) and 5 of 李四.
pub async fn staff(store: &Store) {
    sql(
        store,
        "insert into teams (id, code, name, created_at) values (1, 'north', '北区', 1), (2, 'south', '南区', 1);
         insert into employees (id, code, code_key, name, display, nickname, hired_on, left_on, created_at, changed_at)
         values (1, 'Z3', 'z3', '张三', 'unasked', null, '2026-01-01', null, 1, 1),
                (2, 'L4', 'l4', '李四', 'full', null, '2026-01-01', null, 1, 1),
                (3, 'W5', 'w5', '王五', 'nickname', '小五', '2026-01-01', null, 1, 1),
                (4, 'OY', 'oy', '欧阳娜娜', 'unasked', null, '2026-01-01', null, 1, 1),
                (5, 'AL', 'al', 'Ann Lee', 'hidden', null, '2026-01-01', '2026-11-16', 1, 1);
         insert into team_members (employee_id, team_id, from_on, to_on)
         values (1, 1, '2026-01-01', null), (2, 1, '2026-01-01', null),
                (3, 2, '2026-01-01', null), (4, 2, '2026-01-01', null);
         insert into campaigns (id, slug, name, destination, allowed_hosts, created_at, changed_at)
         values (1, 'spring', '春', 'https://shop.example/', '[]', 1, 1);
         insert into links (id, code, code_key, employee_id, campaign_id, channel, material, created_at, changed_at)
         values (1, 'aaaaaa2', 'aaaaaa2', 1, 1, 'wechat', '', 1, 1), (2, 'aaaaaa3', 'aaaaaa3', 1, 1, 'weibo', '', 1, 1),
                (3, 'aaaaaa4', 'aaaaaa4', 1, 1, 'douyin', '', 1, 1), (4, 'aaaaaa5', 'aaaaaa5', 1, 1, 'wechat', 'm1', 1, 1),
                (5, 'aaaaaa6', 'aaaaaa6', 2, 1, 'wechat', '', 1, 1);",
    )
    .await
    .expect("staff");
}

/// 张三.
pub const ZHANG: EmployeeId = EmployeeId(1);
