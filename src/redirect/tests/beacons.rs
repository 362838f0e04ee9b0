//! `POST /b`.

use super::*;

#[tokio::test]
async fn a_beacon_with_a_good_token_is_written_down() {
    let house = House::new();
    let (token, id) = house.token(&house.get("/abc2345", &[]).await);
    house.clock.advance_ms(30_500);
    let answer = house
        .beacon(format!("{token},2,30001,1,AAAAAAAAAAAAAAAAAAAAAA"))
        .await;
    assert_eq!(answer.status(), StatusCode::NO_CONTENT);
    assert_eq!(answer.headers()[header::ACCESS_CONTROL_ALLOW_ORIGIN], "*");
    let expected = BeaconRecord {
        click: id,
        at_ms: house.clock.now_ms(),
        kind: BeaconKind::Limit,
        visible_ms: 30_001,
        interacted: true,
        page_visitor: Some([0; 16]),
    };
    assert_eq!(house.records().1, [expected]);
}

#[tokio::test]
async fn beacons_that_are_forged_old_long_or_malformed_die_before_any_work() {
    let house = House::new();
    let (token, _) = house.token(&house.get("/abc2345", &[]).await);
    let other = TokenKeys::new(
        &TokenKey {
            id: 1,
            secret: [9; 32],
        },
        &[],
    )
    .unwrap();
    let foreign = String::from_utf8(other.sign(house.clicks()[0].id).to_vec()).unwrap();
    for bad in [
        format!("{foreign},1,0,0"),
        format!("{token},9,0,0"),
        String::new(),
        format!("{token},1,0,0{}", " ".repeat(300)),
        "x".repeat(10_000_000),
    ] {
        assert_eq!(house.beacon(bad).await.status(), StatusCode::NO_CONTENT);
    }
    for method in ["GET", "OPTIONS", "PUT"] {
        assert_eq!(
            house.send(visit(method, "/b", &[])).await.status(),
            StatusCode::NO_CONTENT
        );
    }
    house.clock.advance_ms(24 * 3_600_000 + 1);
    house.beacon(format!("{token},1,0,0")).await;
    assert!(house.records().1.is_empty());
    assert_eq!(house.redirector.metrics.counts().beacons_refused, 6);
    house.clock.advance_ms(-1);
    house.beacon(format!("{token},1,0,0")).await;
    assert_eq!(house.records().1.len(), 1, "good for 24 hours");
}

#[tokio::test]
async fn a_replayed_beacon_does_not_fill_the_spool() {
    let house = House::new();
    let (token, _) = house.token(&house.get("/abc2345", &[]).await);
    for _ in 0..50 {
        house.beacon(format!("{token},3,1000,0")).await;
    }
    assert_eq!(house.records().1.len(), 20);
}
