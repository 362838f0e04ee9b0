//! The weekly mail, through a real mail server.

use bole::app::Outside;
use bole::app::board::freeze_due;
use bole::app::digest::send_digests;
use bole::mail::{Mail, MailError, Mailer};
use bole::storage::notices::tell_person;
use bole::tell::{Notice, NoticeKind};
use bole::web::telling::MailWords;
use serde_json::json;

use super::smtp::{Mood, Smtp};
use crate::points::people::ZHANG;
use crate::points::rig::Rig;
use crate::support::{TestDb, at};

fn outside(smtp: &Smtp) -> Outside {
    Outside {
        mail: Some(Mailer::new(&smtp.url, "伯乐 <bole@firm.example>").unwrap()),
        ..Outside::default()
    }
}

async fn send(rig: &Rig) -> u64 {
    let words = MailWords {
        firm: "晴美美容".to_owned(),
        base: "https://bole.example".to_owned(),
    };
    send_digests(&rig.app, &words).await.unwrap()
}

/// 张三 (Chinese) and 李四 (English) have addresses and places on the board of week 47; 王五 has a place and no address.
async fn week(db: &TestDb, smtp: &Smtp) -> Rig {
    let rig = Rig::reaching(db, outside(smtp)).await;
    db.sql(
        "update employees set email = 'zhang@firm.example' where id = 1;
         update employees set email = 'li@firm.example' where id = 2;
         update employees set email = 'ann@firm.example' where id = 5;
         insert into accounts (login, employee_id, name, roles, lang, created_at) values ('l4', 2, '李四', 'employee', 'en', 1);
         insert into employee_day (day, employee_id, points)
         values ('2026-11-16', 1, 5), ('2026-11-16', 2, 9), ('2026-11-16', 3, 2), ('2026-11-16', 5, 1)",
    )
    .await;
    db.clock.set(at("2026-11-23T16:00:00Z"));
    freeze_due(&rig.app).await.unwrap();
    rig
}

async fn given_a_frozen_week_when_it_is_tuesday_nine_then_each_with_an_address_gets_one_mail_in_their_language(
    db: TestDb,
) {
    let smtp = Smtp::open().await;
    let rig = week(&db, &smtp).await;
    db.clock.set(at("2026-11-24T00:59:59Z"));
    send(&rig).await;
    assert_eq!(smtp.take().len(), 0, "a second before nine in Shanghai");
    db.clock.set(at("2026-11-24T01:00:00Z"));
    assert_eq!(send(&rig).await, 2);
    let mut mails = smtp.take();
    mails.sort_by_key(|m| m.to.clone());
    assert_eq!(mails.len(), 2, "who left, and who has no address, gets none");
    let (li, zhang) = (&mails[0], &mails[1]);
    assert!(zhang.to.contains("<zhang@firm.example>") && zhang.from.contains("<bole@firm.example>"));
    assert_eq!(zhang.head("Subject"), "伯乐周报：第47周");
    assert_eq!(li.head("Subject"), "Bole weekly: Week 47");
    assert_eq!(zhang.head("Message-ID"), "<digest-1-2026-W47@firm.example>");
    let parts = zhang.parts();
    assert_eq!(parts.len(), 2);
    assert!(
        parts[0].0.starts_with("text/plain") && parts[1].0.starts_with("text/html"),
        "{parts:?}"
    );
    for (kind, body) in &parts {
        assert!(body.contains("你排第 2 名（共 4 人）"), "{kind}: {body}");
        assert!(
            body.contains("https://bole.example/app/board?period=2026-W47"),
            "{kind}: {body}"
        );
    }
    assert!(
        li.parts()[0].1.contains("you are number 1 of 4"),
        "{:?}",
        li.parts()
    );
    assert_eq!(send(&rig).await, 0, "once");
    assert_eq!(smtp.take().len(), 0);
}

async fn given_somebody_who_opted_out_when_mailed_then_what_they_do_not_want_is_left_out(db: TestDb) {
    let smtp = Smtp::open().await;
    let rig = week(&db, &smtp).await;
    db.sql("insert into notice_optouts (employee_id, channel, kind, at) values (2, 'mail', 'board-frozen', 1), (1, 'mail', 'board-frozen', 1)")
        .await;
    let notice = Notice {
        kind: NoticeKind::ClaimDecided,
        about: "7:1".to_owned(),
        facts: json!({ "claim": 7, "state": "verified", "reason": "" }),
    };
    let mut tx = db.store.begin().await.unwrap();
    assert!(
        tell_person(
            &mut tx,
            ZHANG,
            &notice,
            at("2026-11-20T00:00:00Z").as_millisecond()
        )
        .await
        .unwrap()
    );
    let early = Notice {
        about: "6:1".to_owned(),
        ..notice.clone()
    };
    assert!(
        tell_person(
            &mut tx,
            ZHANG,
            &early,
            at("2026-11-17T00:59:59Z").as_millisecond()
        )
        .await
        .unwrap()
    );
    tx.commit().await.unwrap();
    db.clock.set(at("2026-11-24T01:00:00Z"));
    assert_eq!(send(&rig).await, 1, "nothing is left for 李四");
    let mails = smtp.take();
    let text = &mails[0].parts()[0].1;
    assert!(
        text.contains("报单 7 号：已核实") && !text.contains("名（共"),
        "{text}"
    );
    assert_eq!(
        text.matches("报单 7 号").count(),
        1,
        "what was told before the week's span is not told again"
    );
    assert_eq!(
        db.number("select count(*) from digests where state = 'empty'")
            .await,
        1
    );
}

async fn given_a_mail_server_that_is_away_when_back_then_the_mail_comes_and_a_refused_address_is_given_up(
    db: TestDb,
) {
    let smtp = Smtp::open().await;
    let rig = week(&db, &smtp).await;
    db.clock.set(at("2026-11-24T01:00:00Z"));
    smtp.mood(Mood::Later);
    assert_eq!(send(&rig).await, 0);
    assert_eq!(
        db.number("select count(*) from digests where state = 'due' and attempts = 1")
            .await,
        1,
        "it stops at the first"
    );
    smtp.mood(Mood::Takes);
    db.clock.advance_ms(60_000);
    assert_eq!(send(&rig).await, 2);
    assert_eq!(smtp.take().len(), 2);
    // The next week, the addresses are refused for good.
    db.clock.set(at("2026-12-01T01:00:00Z"));
    db.sql("insert into notices (employee_id, kind, about, facts, at) values (1, 'click-valid', 'x', '{}', 1795700000000)")
        .await;
    smtp.mood(Mood::Never);
    assert_eq!(send(&rig).await, 0);
    assert_eq!(
        db.number("select count(*) from digests where state = 'failed' and detail like '%no such user%'")
            .await,
        1
    );
    db.clock.advance_ms(86_400_000);
    assert_eq!(send(&rig).await, 0, "not tried again");
}

async fn given_a_node_that_dies_while_it_mails_when_its_lease_ends_then_another_one_mails(db: TestDb) {
    let smtp = Smtp::open().await;
    let rig = week(&db, &smtp).await;
    db.sql("update employees set email = null where id = 2").await;
    db.clock.set(at("2026-11-24T01:00:00Z"));
    smtp.mood(Mood::Silent);
    let dying = {
        let rig = rig.clone();
        tokio::spawn(async move { send(&rig).await })
    };
    let leased = async || {
        db.number("select count(*) from digests where leased_until > 0")
            .await
    };
    while leased().await == 0 {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    dying.abort();
    let _ = dying.await;
    smtp.mood(Mood::Takes);
    assert_eq!(send(&rig).await, 0, "leased");
    db.clock.advance_ms(120_000);
    assert_eq!(send(&rig).await, 1);
    assert_eq!(smtp.take().len(), 1);
}

async fn given_no_mail_server_when_it_is_tuesday_then_nothing_is_kept_for_later(db: TestDb) {
    let rig = Rig::new(&db).await;
    db.sql("update employees set email = 'zhang@firm.example' where id = 1")
        .await;
    db.clock.set(at("2026-11-24T01:00:00Z"));
    assert_eq!(send(&rig).await, 0);
    assert_eq!(db.number("select count(*) from digests").await, 0);
}

#[tokio::test]
async fn given_one_mail_when_sent_then_it_is_taken_refused_or_put_off_in_words() {
    let smtp = Smtp::open().await;
    let mailer = Mailer::new(&smtp.url, "bole@firm.example").unwrap();
    let mail = Mail {
        to: "zhang@firm.example".to_owned(),
        subject: "登录链接".to_owned(),
        text: "点开：https://bole.example/x\n.\n两个点也不丢".to_owned(),
        html: None,
        id: "signin-1".to_owned(),
        at: at("2026-11-18T02:00:00Z"),
    };
    mailer.send(&mail).await.unwrap();
    let taken = smtp.take();
    assert_eq!(taken[0].head("Subject"), "登录链接");
    assert_eq!(taken[0].parts()[0].1.replace("\r\n", "\n").trim_end(), mail.text);
    smtp.mood(Mood::Later);
    assert!(matches!(mailer.send(&mail).await, Err(MailError::Later(why)) if why.contains("greylisted")));
    smtp.mood(Mood::Never);
    assert!(matches!(mailer.send(&mail).await, Err(MailError::Refused(why)) if why.contains("no such user")));
    let nobody = Mailer::new("smtp://127.0.0.1:1", "bole@firm.example").unwrap();
    assert!(matches!(nobody.send(&mail).await, Err(MailError::Later(_))));
}

both!(
    given_a_frozen_week_when_it_is_tuesday_nine_then_each_with_an_address_gets_one_mail_in_their_language,
    given_somebody_who_opted_out_when_mailed_then_what_they_do_not_want_is_left_out,
    given_a_mail_server_that_is_away_when_back_then_the_mail_comes_and_a_refused_address_is_given_up,
    given_a_node_that_dies_while_it_mails_when_its_lease_ends_then_another_one_mails,
    given_no_mail_server_when_it_is_tuesday_then_nothing_is_kept_for_later,
);
