use proptest::prelude::*;
use url::Url;

use super::encode::encode_value;
use super::{Destination, MAX_INCOMING_BYTES, Target, Utm, UtmOverrides, is_scan, location};

const TOKEN: &str = "AAEZ3kq9cHuRkq-0123456789abcdefghijk_-";

fn utm(overrides: Option<&UtmOverrides>) -> Utm<'_> {
    Utm {
        channel: "wechat",
        campaign_slug: "winter",
        employee_code: "E001",
        overrides,
    }
}

/// Both forms, which must agree.
fn merged(destination: &str, incoming: Option<&str>) -> String {
    let destination = Destination::parse(destination).unwrap();
    let plain = location(&destination, &utm(None), incoming, Some(TOKEN));
    let mut fast = Vec::new();
    Target::new(&destination, "winter", None).write_location(&mut fast, "wechat", "E001", incoming, TOKEN);
    assert_eq!(String::from_utf8(fast).unwrap(), plain);
    plain
}

const OURS: &str = "utm_source=wechat&utm_medium=employee&utm_campaign=winter&utm_content=E001&bclid=";

#[test]
fn real_addresses_keep_what_they_had_and_gain_ours_before_the_fragment() {
    for (destination, incoming, head, fragment) in [
        ("https://a.example", None, "https://a.example/?", ""),
        ("https://a.example/?", None, "https://a.example/?", ""),
        ("https://a.example/p#top", None, "https://a.example/p?", "#top"),
        (
            "https://a.example/#/route?x=1",
            None,
            "https://a.example/?",
            "#/route?x=1",
        ),
        (
            "https://a.example/?sku=1&sku=2&&e=",
            None,
            "https://a.example/?sku=1&sku=2&&e=&",
            "",
        ),
        (
            "https://a.example/?n=%e4%BD%a0+%20%zz",
            None,
            "https://a.example/?n=%e4%BD%a0+%20%zz&",
            "",
        ),
        (
            "https://晴美.example/护理?店=沪#介绍",
            None,
            "https://xn--zkvs27c.example/%E6%8A%A4%E7%90%86?%E5%BA%97=%E6%B2%AA&",
            "#%E4%BB%8B%E7%BB%8D",
        ),
        (
            "http://a.example:8080/x;y=1?u=https://b.example/?c=d",
            None,
            "http://a.example:8080/x;y=1?u=https://b.example/?c=d&",
            "",
        ),
        (
            "https://a.example/?a=1",
            Some("fbclid=IwAR&a=2&q=1"),
            "https://a.example/?a=1&fbclid=IwAR&a=2&",
            "",
        ),
        ("https://a.example/", Some("q=1"), "https://a.example/?", ""),
        (
            "https://a.example/",
            Some("q=shoes&&q=11"),
            "https://a.example/?q=shoes&q=11&",
            "",
        ),
        (
            "https://a.example/?q=1",
            Some("q=1"),
            "https://a.example/?q=1&",
            "",
        ),
        ("https://a.example/", Some(""), "https://a.example/?", ""),
    ] {
        assert_eq!(
            merged(destination, incoming),
            format!("{head}{OURS}{TOKEN}{fragment}"),
            "{destination} {incoming:?}"
        );
    }
}

#[test]
fn ours_win_on_a_clash_wherever_it_comes_from_and_however_it_is_written() {
    let clashing =
        "utm_source=x&a=1&utm%5Fmedium=x&%75tm_campaign=x&utm_content&utm_content=&bclid=forged&b=2";
    let expected = format!("https://a.example/?a=1&b=2&{OURS}{TOKEN}");
    assert_eq!(merged(&format!("https://a.example/?{clashing}"), None), expected);
    assert_eq!(merged("https://a.example/", Some(clashing)), expected);
    // Somebody else's: another case, a longer name, a term we do not send.
    let foreign = "UTM_Source=x&utm_source2=y&xbclid=z&utm_term=shoes&utm_id=7";
    assert_eq!(
        merged("https://a.example/", Some(foreign)),
        format!("https://a.example/?{foreign}&{OURS}{TOKEN}")
    );
}

#[test]
fn a_link_may_have_values_of_its_own() {
    let own = UtmOverrides {
        source: Some("小红书 &x".into()),
        term: Some("t#1".into()),
        ..UtmOverrides::default()
    };
    let destination = Destination::parse("https://a.example/?utm_term=old&utm_source=old#f").unwrap();
    let expected = "https://a.example/?utm_source=%E5%B0%8F%E7%BA%A2%E4%B9%A6%20%26x&utm_medium=employee&utm_campaign=winter&utm_term=t%231&utm_content=E001&bclid=T#f";
    assert_eq!(
        location(&destination, &utm(Some(&own)), Some("utm_term=new"), Some("T")),
        expected
    );
    let mut fast = Vec::new();
    let target = Target::new(&destination, "winter", Some(&own));
    target.write_location(&mut fast, "wechat", "E001", Some("utm_term=new"), "T");
    assert_eq!(String::from_utf8(fast).unwrap(), expected);
}

#[test]
fn hostile_queries_cannot_leave_the_header_or_the_query() {
    let hostile = "a=\r\nSet-Cookie: x=1&b=\"><script>&c=#frag&d=\u{0}\u{7f}&e=你&f='`\\";
    let text = merged("https://a.example/#end", Some(hostile));
    assert!(text.bytes().all(|b| b.is_ascii_graphic()), "{text}");
    assert_eq!(text.matches('#').count(), 1);
    assert!(!text.contains(['"', '<', '>', '\'', '\\']), "{text}");
    let too_long = format!("a={}", "x".repeat(MAX_INCOMING_BYTES));
    assert_eq!(
        merged("https://a.example/", Some(&too_long)),
        format!("https://a.example/?{OURS}{TOKEN}")
    );
}

#[test]
fn only_the_exact_marker_is_a_scan() {
    assert!(is_scan("q=1") && is_scan("a=2&q=1"));
    assert!(!is_scan("q=11") && !is_scan("Q=1") && !is_scan("aq=1") && !is_scan(""));
}

#[test]
fn the_hot_path_allocates_nothing_beyond_its_buffer() {
    let target = Target::new(
        &Destination::parse("https://a.example/?a=1#f").unwrap(),
        "winter",
        None,
    );
    let mut buf = Vec::with_capacity(512);
    let before = buf.as_ptr();
    for _ in 0..3 {
        buf.clear();
        target.write_location(&mut buf, "wechat", "E001", None, TOKEN);
    }
    assert_eq!(buf.as_ptr(), before);
}

/// Query-like texts, ours and hostile bytes among them.
fn query() -> impl Strategy<Value = String> {
    let key = prop_oneof![
        Just("utm_source".to_owned()),
        Just("utm%5fcontent".to_owned()),
        Just("bclid".to_owned()),
        Just("q".to_owned()),
        Just("%".to_owned()),
        Just("utm_term".to_owned()),
        "[a-z%=+&#?]{0,6}",
        "\\PC{0,4}",
        "[\\x00-\\x7f]{0,4}",
    ];
    let value = prop_oneof![
        Just("1".to_owned()),
        "[a-zA-Z0-9%+/#=?]{0,8}",
        "\\PC{0,4}",
        "[\\x00-\\x7f]{0,6}"
    ];
    prop::collection::vec((key, value), 0..6).prop_map(|pairs| {
        pairs
            .iter()
            .map(|(k, v)| format!("{k}={v}"))
            .collect::<Vec<_>>()
            .join("&")
    })
}

fn overrides() -> impl Strategy<Value = UtmOverrides> {
    let own = || prop::option::of("\\PC{1,8}");
    (own(), own(), own(), own(), own()).prop_map(|(source, medium, campaign, content, term)| UtmOverrides {
        source,
        medium,
        campaign,
        content,
        term,
    })
}

proptest! {
    #[test]
    fn the_composed_form_equals_the_plain_one_and_is_an_address(
        path in "[a-zA-Z0-9/%._~护-]{0,20}", dest_query in prop::option::of(query()), fragment in prop::option::of("\\PC{0,8}"),
        incoming in prop::option::of(query()), own in prop::option::of(overrides()),
        channel in "[a-z0-9_-]{1,30}", slug in "\\PC{1,12}", code in "\\PC{1,12}",
    ) {
        let mut text = format!("https://shop.example/{path}");
        if let Some(q) = dest_query { text.push('?'); text.push_str(&q); }
        if let Some(f) = fragment { text.push('#'); text.push_str(&f); }
        let Ok(destination) = Destination::parse(&text) else { return Ok(()) };
        let utm = Utm { channel: &channel, campaign_slug: &slug, employee_code: &code, overrides: own.as_ref() };
        let plain = location(&destination, &utm, incoming.as_deref(), Some(TOKEN));
        let mut fast = Vec::new();
        Target::new(&destination, &slug, own.as_ref())
            .write_location(&mut fast, &channel, &encode_value(&code), incoming.as_deref(), TOKEN);
        prop_assert_eq!(String::from_utf8(fast).unwrap(), plain.clone());

        prop_assert!(plain.bytes().all(|b| b.is_ascii_graphic()));
        let before = Url::parse(destination.as_str()).unwrap();
        let after = Url::parse(&plain).unwrap();
        prop_assert_eq!(after.as_str(), &plain);
        prop_assert_eq!((before.host_str(), before.path(), before.fragment()), (after.host_str(), after.path(), after.fragment()));
        // Each of ours stands there once, with our value.
        for (name, value) in utm.parameters().into_iter().chain([("bclid", TOKEN)]) {
            let found: Vec<_> = after.query_pairs().filter(|(k, _)| k == name).map(|(_, v)| v.into_owned()).collect();
            prop_assert_eq!(found, [value]);
        }
    }
}
