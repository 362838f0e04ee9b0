use super::*;
use crate::domain::{CampaignId, EmployeeId, LinkId, LinkState};
use crate::share::{Destination, UtmOverrides};

const NOW: i64 = 1_763_600_000_000;

fn destination(text: &str) -> Destination {
    Destination::parse(text).unwrap()
}

fn campaign(to: &str) -> CampaignChange<'static> {
    CampaignChange {
        id: CampaignId(3),
        slug: "winter",
        destination: destination(to),
        opens_at_ms: None,
        closes_at_ms: None,
        disabled: false,
        fallback: None,
        title: "Winter",
        description: "",
        picture_url: None,
    }
}

const ANNA: EmployeeChange<'static> = EmployeeChange {
    id: EmployeeId(5),
    code: "张三",
};

fn link(code: &str) -> LinkChange<'_> {
    LinkChange {
        id: LinkId(7),
        code,
        employee: EmployeeId(5),
        campaign: CampaignId(3),
        channel: "wechat",
        child: false,
        disabled: false,
        expires_at_ms: None,
        destination: None,
        utm: None,
    }
}

fn location(table: &Table, code: &str) -> String {
    let reading = table.read();
    let mut out = Vec::new();
    reading
        .find(code, NOW)
        .unwrap()
        .write_location(&mut out, None, "T");
    String::from_utf8(out).unwrap()
}

fn state(table: &Table, code: &str, now_ms: i64) -> LinkState {
    table.read().find(code, now_ms).unwrap().state
}

const TAIL: &str =
    "utm_source=wechat&utm_medium=employee&utm_campaign=winter&utm_content=%E5%BC%A0%E4%B8%89&bclid=T";

#[test]
fn a_link_is_found_by_its_code_in_any_case_and_nothing_else_is() {
    let table = Table::new();
    assert_eq!(
        table.apply(&[campaign("https://a.example/")], &[ANNA], &[link("Zhang-San10")]),
        0
    );
    for code in ["Zhang-San10", "zhang-san10", "ZHANG-SAN10"] {
        assert_eq!(table.read().find(code, NOW).unwrap().facts.id, LinkId(7));
    }
    for code in [
        "",
        "zhang-san1",
        "zhang-san100",
        "zhang_san10",
        "张三",
        "a/b",
        &"a".repeat(31),
    ] {
        assert!(table.read().find(code, NOW).is_none(), "{code:?}");
    }
    assert_eq!(
        location(&table, "zhang-san10"),
        format!("https://a.example/?{TAIL}")
    );
}

#[test]
fn a_change_told_twice_is_one_link_and_the_last_word_stands() {
    let table = Table::new();
    for _ in 0..2 {
        table.apply(&[campaign("https://a.example/")], &[ANNA], &[link("abc2345")]);
    }
    assert_eq!(table.len(), 1);
    table.apply(
        &[],
        &[],
        &[LinkChange {
            disabled: true,
            ..link("ABC2345")
        }],
    );
    assert_eq!(table.len(), 1);
    assert_eq!(state(&table, "abc2345", NOW), LinkState::Disabled);
    table.apply(&[campaign("https://b.example/x")], &[], &[link("abc2345")]);
    assert_eq!(state(&table, "abc2345", NOW), LinkState::Live);
    assert_eq!(location(&table, "abc2345"), format!("https://b.example/x?{TAIL}"));
}

#[test]
fn links_end_at_their_expiry_and_with_their_campaigns_days() {
    let table = Table::new();
    let days = CampaignChange {
        opens_at_ms: Some(NOW - 10),
        closes_at_ms: Some(NOW + 10),
        fallback: Some(destination("https://a.example/over")),
        ..campaign("https://a.example/")
    };
    let child = LinkChange {
        child: true,
        expires_at_ms: Some(NOW + 5),
        id: LinkId(8),
        ..link("child22")
    };
    let past = LinkChange {
        expires_at_ms: Some(-1),
        id: LinkId(9),
        ..link("past222")
    };
    table.apply(&[days], &[ANNA], &[link("abc2345"), child, past]);
    assert_eq!(state(&table, "abc2345", NOW - 11), LinkState::Expired);
    assert_eq!(state(&table, "abc2345", NOW - 10), LinkState::Live);
    assert_eq!(state(&table, "abc2345", NOW + 9), LinkState::Live);
    assert_eq!(state(&table, "abc2345", NOW + 10), LinkState::Expired);
    assert_eq!(state(&table, "child22", NOW + 4), LinkState::Live);
    assert_eq!(state(&table, "child22", NOW + 5), LinkState::Expired);
    assert_eq!(state(&table, "past222", NOW), LinkState::Expired);
    let reading = table.read();
    let found = reading.find("child22", NOW).unwrap();
    assert!(found.facts.child);
    assert_eq!(found.facts.expires_at_ms, Some(NOW + 5));
    assert_eq!(found.campaign.fallback(), Some("https://a.example/over"));
}

#[test]
fn own_destination_and_own_utm_stand_beside_the_campaigns_and_follow_its_changes() {
    let table = Table::new();
    let utm = UtmOverrides {
        medium: Some("poster".to_owned()),
        ..UtmOverrides::default()
    };
    let own = LinkChange {
        destination: Some(destination("https://own.example/")),
        ..link("own2222")
    };
    let utm = LinkChange {
        utm: Some(utm),
        id: LinkId(8),
        ..link("utm2222")
    };
    // The links come before their campaign: unknown until it is there.
    table.apply(&[], &[ANNA], &[own, utm]);
    assert!(table.read().find("own2222", NOW).is_none());
    table.apply(&[campaign("https://a.example/")], &[], &[]);
    assert_eq!(
        location(&table, "own2222"),
        format!("https://own.example/?{TAIL}")
    );
    let poster = TAIL.replace("medium=employee", "medium=poster");
    assert_eq!(
        location(&table, "utm2222"),
        format!("https://a.example/?{poster}")
    );
    table.apply(&[campaign("https://b.example/")], &[], &[]);
    assert_eq!(
        location(&table, "own2222"),
        format!("https://own.example/?{TAIL}")
    );
    assert_eq!(
        location(&table, "utm2222"),
        format!("https://b.example/?{poster}")
    );
    table.apply(
        &[],
        &[],
        &[LinkChange {
            id: LinkId(8),
            ..link("utm2222")
        }],
    );
    assert_eq!(location(&table, "utm2222"), format!("https://b.example/?{TAIL}"));
}

#[test]
fn what_does_not_fit_is_counted_and_left_out() {
    let table = Table::new();
    let huge = LinkChange {
        id: LinkId(1 << 32),
        ..link("huge222")
    };
    assert_eq!(
        table.apply(
            &[campaign("https://a.example/")],
            &[ANNA],
            &[huge, link("a b"), link("good222")]
        ),
        2
    );
    assert_eq!(table.len(), 1);
}

/// A million links must leave room in a process of 200 MB.
#[test]
fn a_link_takes_less_than_seventy_bytes_of_memory() {
    let codes: Vec<String> = (0..100_000).map(|n| format!("x{n:06}")).collect();
    let mut bulk = Table::bulk(codes.len());
    bulk.campaign(&campaign("https://a.example/"));
    bulk.employee(&ANNA);
    for (n, code) in codes.iter().enumerate() {
        assert!(bulk.link(&LinkChange {
            id: LinkId(i64::try_from(n).unwrap() + 1),
            ..link(code)
        }));
    }
    let table = Table::new();
    table.replace(bulk);
    assert_eq!(table.len(), codes.len());
    assert!(codes.iter().all(|code| table.read().find(code, NOW).is_some()));
    assert!(table.bytes() < 70 * codes.len(), "{} bytes", table.bytes());
}
