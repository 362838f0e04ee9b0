//! Versions of the rules, and who accepted which when.

use bole::app::Refused;
use bole::app::rules::{RulesToPublish, accept_rules, publish_rules, standing};
use bole::domain::EmployeeId;
use jiff::civil::{Date, date};

use super::{firm, manager, own};
use crate::support::{TestDb, at};

fn text(body: &str, effective_on: Date) -> RulesToPublish {
    RulesToPublish {
        body: body.into(),
        effective_on,
        note: String::new(),
    }
}

const TODAY: Date = date(2026, 11, 18);

async fn given_two_versions_when_their_days_come_then_each_is_in_force_and_the_first_acceptance_stands(
    db: TestDb,
) {
    let app = firm(&db).await;
    let zhang = EmployeeId(1);
    assert!(
        !app.store.rules_hold_up(zhang).await.unwrap(),
        "nothing published holds nobody up"
    );
    let first = publish_rules(&app, &manager(2), &text("# 一\n\n分享 10 积分", TODAY))
        .await
        .unwrap();
    let again = publish_rules(&app, &manager(2), &text("# 一\n\n分享 10 积分", TODAY))
        .await
        .unwrap();
    assert_eq!(again.number, first.number, "sent twice it is one version");
    let second = text("# 一\n\n分享 12 积分", date(2026, 12, 1));
    assert_eq!(publish_rules(&app, &manager(2), &second).await.unwrap().number, 2);

    assert!(app.store.rules_hold_up(zhang).await.unwrap());
    let known = standing(&app, Some(zhang)).await.unwrap();
    assert_eq!(
        (known.in_force, known.to_accept, known.waits()),
        (Some(1), Some(1), true)
    );
    accept_rules(&app, &own(1), 1).await.unwrap();
    let when = app.clock.now_ms();
    db.clock.set(at("2026-11-19T02:00:00Z"));
    accept_rules(&app, &own(1), 1).await.unwrap();
    let known = standing(&app, Some(zhang)).await.unwrap();
    assert_eq!((known.accepted_at(1), known.waits()), (Some(when), false));
    assert!(!app.store.rules_hold_up(zhang).await.unwrap());

    // The second in force: it waits for everybody, and the first cannot be accepted any more.
    db.clock.set(at("2026-11-30T16:00:00Z"));
    let known = standing(&app, Some(zhang)).await.unwrap();
    assert_eq!((known.in_force, known.waits()), (Some(2), true));
    assert!(
        !app.store.rules_hold_up(zhang).await.unwrap(),
        "the first link is behind them"
    );
    assert!(matches!(
        accept_rules(&app, &own(2), 1).await,
        Err(Refused::Conflict(_))
    ));
    accept_rules(&app, &own(2), 2).await.unwrap();
    assert!(matches!(
        accept_rules(&app, &own(2), 3).await,
        Err(Refused::NotFound(_))
    ));
}

async fn given_a_version_when_wrong_or_not_theirs_then_nothing_is_published_and_nothing_published_changes(
    db: TestDb,
) {
    let app = firm(&db).await;
    let good = || text("规则", TODAY);
    assert!(matches!(
        publish_rules(&app, &own(1), &good()).await,
        Err(Refused::Forbidden(_))
    ));
    for wrong in [
        text(" \n ", TODAY),
        text("规则", date(2026, 11, 17)),
        text(&"长".repeat(20_001), TODAY),
        text(&"- 一\n".repeat(401), TODAY),
        text("退格\u{8}", TODAY),
    ] {
        let refused = publish_rules(&app, &manager(1), &wrong).await;
        assert!(matches!(refused, Err(Refused::Wrong(_))), "{refused:?}");
    }
    assert_eq!(app.store.rules_versions().await.unwrap().len(), 0);
    publish_rules(&app, &manager(1), &good()).await.unwrap();
    let change = "update rules_versions set body = '别的'";
    let query = sqlx::raw_sql(change);
    let refused = match &db.store {
        bole::storage::Store::Sqlite { write, .. } => query.execute(write).await.map(drop),
        bole::storage::Store::Postgres(pool) => query.execute(pool).await.map(drop),
    };
    assert!(refused.is_err(), "what people accepted stays as it was");
}

both!(
    given_two_versions_when_their_days_come_then_each_is_in_force_and_the_first_acceptance_stands,
    given_a_version_when_wrong_or_not_theirs_then_nothing_is_published_and_nothing_published_changes,
);
