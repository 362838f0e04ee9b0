//! Private addresses are spoken to only where the setting allows it.

use bole::app::Outside;
use serde_json::json;

use super::receiver::{Does, Receiver};
use super::{deliveries, outside, rig, sale, send, webhook};
use crate::points::rig::{Rig, app_reaching};
use crate::support::TestDb;

async fn given_no_allowed_network_when_a_private_address_is_named_then_it_is_refused_at_the_door(db: TestDb) {
    let rig = Rig::reaching(&db, Outside::default()).await;
    for url in [
        "http://127.0.0.1/",
        "http://localhost:9000/",
        "http://a.localhost/",
        "http://10.1.2.3/hook",
        "http://192.168.0.1/",
        "http://169.254.169.254/latest/meta-data",
        "http://[::1]/",
        "http://[::ffff:10.0.0.1]/",
        "http://[fd00::1]/",
        "http://0/",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://127.1/",
    ] {
        let wish = json!({ "url": url, "events": ["sale.created"] });
        let (status, body) = rig.post("admin", "/webhooks", wish).await;
        assert_eq!(
            (status, &body["errors"][0]["pointer"]),
            (422, &json!("/url")),
            "{url}: {body}"
        );
    }
    webhook(&rig, "https://1.1.1.1/hook", &["sale.created"]).await;
    // Names are looked at when they are spoken to.
    webhook(&rig, "https://crm.example/hook", &["sale.created"]).await;
}

async fn given_a_name_that_leads_to_a_private_address_when_sent_then_nothing_goes_there(db: TestDb) {
    // Made while the network was allowed; the name resolves to loopback by the system's own table.
    let open = rig(&db).await;
    let receiver = Receiver::open(Does::ok()).await;
    let named = receiver.url.replace("127.0.0.1", "localhost");
    let by_name = webhook(&open, &named, &["sale.created"]).await;
    let by_number = webhook(&open, &receiver.url, &["sale.created"]).await;
    sale(&open, "S-1").await;
    let shut = app_reaching(&db, &db.store, Outside::default(), 8);
    assert_eq!(send(&shut).await, 0);
    assert_eq!(receiver.count(), 0, "nothing arrived");
    for made in [&by_name, &by_number] {
        let told = deliveries(&open, made).await;
        assert!(told[0].contains("leads to a private address"), "{told:?}");
    }
    db.clock.advance_ms(60_000);
    assert_eq!(send(&app_reaching(&db, &db.store, outside(), 8)).await, 2);
    assert_eq!(receiver.count(), 2);
}

both!(
    given_no_allowed_network_when_a_private_address_is_named_then_it_is_refused_at_the_door,
    given_a_name_that_leads_to_a_private_address_when_sent_then_nothing_goes_there,
);
