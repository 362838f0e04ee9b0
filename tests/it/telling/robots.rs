//! Group robots: each maker's format, signature and way of saying no.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bole::app::board::freeze_due;
use serde_json::{Value, json};
use url::Url;

use super::receiver::{Does, Receiver, hmac};
use super::{deliveries, rig, send};
use crate::points::rig::Rig;
use crate::support::{TestDb, at};

async fn robot(rig: &Rig, url: &str, format: &str, secret: Option<&str>) -> Value {
    let wish = json!({ "url": url, "events": ["board.frozen"], "format": format, "secret": secret });
    let (status, made) = rig.post("admin", "/webhooks", wish).await;
    assert_eq!(status, 201, "{made}");
    made
}

async fn freeze(db: &TestDb, rig: &Rig) {
    db.sql("insert into employee_day (day, employee_id, points) values ('2026-11-16', 3, 9)")
        .await;
    db.clock.set(at("2026-11-23T16:00:00Z"));
    freeze_due(&rig.app).await.unwrap();
}

const TEXT: &str = "第47周龙虎榜已定榜\n1. 小五　9 分\nhttp://bole.test/app/board";

async fn given_robots_of_three_makers_when_a_board_freezes_then_each_gets_its_format_signed(db: TestDb) {
    let rig = rig(&db).await;
    let ok = |body: Value| Does::Answers(200, body.to_string());
    let wecom = Receiver::open(ok(json!({ "errcode": 0, "errmsg": "ok" }))).await;
    let feishu = Receiver::open(ok(json!({ "code": 0, "msg": "success", "data": {} }))).await;
    let dingtalk = Receiver::open(ok(json!({ "errcode": 0, "errmsg": "ok" }))).await;
    robot(&rig, &format!("{}?key=abc", wecom.url), "wecom", None).await;
    robot(&rig, &feishu.url, "feishu", Some("hush")).await;
    robot(
        &rig,
        &format!("{}?access_token=t", dingtalk.url),
        "dingtalk",
        Some("SECret"),
    )
    .await;
    freeze(&db, &rig).await;
    assert_eq!(send(&rig.app).await, 3);

    let got = &wecom.take()[0];
    assert_eq!(got.target, "/hook?key=abc");
    assert_eq!(
        got.json(),
        json!({ "msgtype": "text", "text": { "content": TEXT } })
    );

    let body = feishu.take()[0].json();
    assert_eq!(body["msg_type"], "text");
    assert_eq!(body["content"]["text"], TEXT);
    let seconds = at("2026-11-23T16:00:00Z").as_second();
    assert_eq!(body["timestamp"], seconds.to_string());
    let sign = STANDARD.encode(hmac(format!("{seconds}\nhush").as_bytes(), b""));
    assert_eq!(body["sign"], sign);

    let got = &dingtalk.take()[0];
    let url = Url::parse(&format!("http://x{}", got.target)).unwrap();
    let query: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    let ms = at("2026-11-23T16:00:00Z").as_millisecond();
    let sign = STANDARD.encode(hmac(b"SECret", format!("{ms}\nSECret").as_bytes()));
    assert_eq!(
        query,
        [
            ("access_token".into(), "t".into()),
            ("timestamp".into(), ms.to_string()),
            ("sign".into(), sign)
        ]
    );
    assert_eq!(
        got.json(),
        json!({ "msgtype": "text", "text": { "content": TEXT } })
    );
}

async fn given_a_robot_that_refuses_in_its_body_when_sent_then_it_is_tried_again(db: TestDb) {
    let rig = rig(&db).await;
    let refusal = json!({ "errcode": 45009, "errmsg": "api freq out of limit" });
    let robot_there = Receiver::open(Does::Answers(200, refusal.to_string())).await;
    let made = robot(&rig, &robot_there.url, "wecom", None).await;
    freeze(&db, &rig).await;
    assert_eq!(send(&rig.app).await, 0);
    let told = deliveries(&rig, &made).await;
    assert_eq!(
        told,
        ["due 1 200 the robot refused it: 45009 api freq out of limit"]
    );
    robot_there.now_does(Does::Answers(200, json!({ "errcode": 0 }).to_string()));
    db.clock.advance_ms(60_000);
    assert_eq!(send(&rig.app).await, 1);
}

both!(
    given_robots_of_three_makers_when_a_board_freezes_then_each_gets_its_format_signed,
    given_a_robot_that_refuses_in_its_body_when_sent_then_it_is_tried_again,
);
