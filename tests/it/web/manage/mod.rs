//! The marketing manager's pages: funnel out of slices, points, boards, suspicions, votes, goals, pilots, the month.

mod boards;
mod figures;
mod odd;
mod people;

use axum::http::StatusCode;
use bole::app::accounts::{self, AccountWish};
use bole::app::board::freeze_due;
use bole::app::suspect::{Decision, decide_on_suspicion};
use bole::app::{Actor, App, slices};
use bole::classify::Network;
use bole::domain::{Class, ClickId, EmployeeId, Role};
use bole::spool::{BeaconKind, Record};
use bole::storage::slices::{Cut, CutFilter};

use super::pages::signed_in;
use super::{Browser, app};
use crate::loader::scene::{Scene, beacon};
use crate::points::people::{number, sql};
use crate::support::{TestDb, at};

const PASSWORD: &str = "correct horse battery";

/// An account for somebody of the scene's staff.
async fn account(app: &App, login: &str, employee: Option<i64>, roles: &[Role]) {
    let wish = AccountWish {
        login,
        name: login,
        password: Some(PASSWORD),
        roles,
        employee: employee.map(EmployeeId),
        lang: "zh",
    };
    accounts::create(app, &wish).await.unwrap().unwrap();
}

/// A manager who is nobody of the staff, one who is 张三, and 李四 and 王五.
async fn people(app: &App) {
    account(app, "boss", None, &[Role::Manager]).await;
    account(app, "second", None, &[Role::Manager]).await;
    account(app, "z3", Some(1), &[Role::Employee, Role::Manager]).await;
    account(app, "l4", Some(2), &[Role::Employee]).await;
    account(app, "w5", Some(3), &[Role::Employee]).await;
}

/// Clicks on links of the scene: some valid, a crawler, a stranger region; all of 18 November.
async fn traffic(scene: &mut Scene) {
    for n in 0u8..12 {
        let mut click = scene.click(i64::from(n) * 60_000, if n % 3 == 0 { 5 } else { 4 });
        click.visitor = bole::classify::Visitor::Cookie([n + 1; 12]);
        click.network = Network::of(format!("198.51.{n}.7").parse().unwrap());
        if n == 11 {
            (click.class, click.reason) = (Class::Bot, bole::domain::ClickReason::CrawlerList);
        }
        let id = click.id;
        scene.write(Record::Click(click));
        if n < 6 {
            let start = i64::from(n) * 60_000;
            scene.write(Record::Beacon(beacon(
                id,
                BeaconKind::Start,
                start + 500,
                0,
                None,
            )));
            scene.write(Record::Beacon(beacon(
                id,
                BeaconKind::Limit,
                start + 41_000,
                40_000,
                None,
            )));
        }
    }
    scene.load().await;
}

fn day() -> CutFilter {
    CutFilter {
        first: "2026-11-18".parse().unwrap(),
        end: "2026-11-19".parse().unwrap(),
        ..CutFilter::default()
    }
}
