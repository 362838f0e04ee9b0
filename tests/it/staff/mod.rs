//! The employees' side below the pages: material, the programme's rules, the points shop.

mod materials;
mod rules;
pub mod shop;

use bole::app::{Actor, App};
use bole::domain::{EmployeeId, Role};

pub use shop::earn;

use crate::points::people;
use crate::support::TestDb;
use crate::web::app;

/// The application with 张三 (1) and 李四 (2) of the North, 王五 (3) of the South, Ann Lee (5) who left.
pub async fn firm(db: &TestDb) -> App {
    people::staff(&db.store).await;
    app(db)
}

/// An employee's account.
pub fn own(employee: i64) -> Actor {
    account(employee, employee, &[Role::Employee])
}

/// A marketing manager who is an employee too.
pub fn manager(employee: i64) -> Actor {
    account(100 + employee, employee, &[Role::Employee, Role::Manager])
}

fn account(id: i64, employee: i64, roles: &[Role]) -> Actor {
    Actor::Account {
        id,
        roles: roles.to_vec(),
        employee: Some(EmployeeId(employee)),
    }
}
