//! MMDB files of every usual layout, and files that change or break while in use.

use std::net::IpAddr;
use std::path::Path;

use bole::geo::{Geo, Place};

use crate::support::mmdb::{V, write};

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn put(path: &Path, kind: &str, data: &V) {
    // Two networks, so that an address outside is not found.
    std::fs::write(path, write(kind, &[([203, 0, 113], data.clone())])).unwrap();
}

fn names(zh: &str, en: &str) -> V {
    V::map([("names", V::map([("zh-CN", V::text(zh)), ("en", V::text(en))]))])
}

#[test]
fn given_a_city_and_a_network_file_when_asked_then_both_answer() {
    let dir = tempfile::tempdir().unwrap();
    let (city, asn) = (dir.path().join("city.mmdb"), dir.path().join("asn.mmdb"));
    let place = V::map([
        ("country", V::map([("iso_code", V::text("CN"))])),
        ("subdivisions", V::list([names("浙江省", "Zhejiang")])),
        ("city", names("杭州", "Hangzhou")),
    ]);
    put(&city, "GeoLite2-City", &place);
    let owner = V::map([
        ("autonomous_system_number", V::Number(37963)),
        ("autonomous_system_organization", V::text("Alibaba")),
    ]);
    put(&asn, "GeoLite2-ASN", &owner);
    let geo = Geo::open([city, asn]);
    let expected = Place {
        country: Some("CN".into()),
        region: Some("浙江省".into()),
        city: Some("杭州".into()),
        asn: Some(37963),
        owner: Some("Alibaba".into()),
    };
    assert_eq!(geo.look_up(ip("203.0.113.0")), expected);
    assert_eq!(geo.look_up(ip("203.0.114.0")), Place::default());
    assert_eq!(geo.look_up(ip("2001:db8::")), Place::default());
}

#[test]
fn given_flat_layouts_when_asked_then_they_are_understood() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("flat.mmdb");
    let flat = [
        (
            V::map([("country_code", V::text("sg")), ("asn", V::text("AS64500"))]),
            Some("SG"),
            Some(64500),
        ),
        (
            V::map([("country", V::text("DE")), ("asn", V::Number(64501))]),
            Some("DE"),
            Some(64501),
        ),
        (
            V::map([("country", V::text("Germany")), ("city", V::text("Berlin"))]),
            None,
            None,
        ),
        (
            V::map([("registered_country", V::map([("iso_code", V::text("JP"))]))]),
            Some("JP"),
            None,
        ),
        (V::text("not a map"), None, None),
    ];
    for (data, country, asn) in flat {
        put(&path, "flat", &data);
        let place = Geo::open([path.clone()]).look_up(ip("203.0.113.0"));
        assert_eq!((place.country.as_deref(), place.asn), (country, asn), "{data:?}");
    }
}

#[test]
fn given_a_file_in_use_when_it_changes_or_breaks_then_the_last_good_one_answers() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("country.mmdb");
    let country = |code: &str| V::map([("country_code", V::text(code))]);
    let geo = Geo::open([path.clone()]);
    assert_eq!(geo.look_up(ip("203.0.113.0")).country, None);
    assert!(geo.status()[0].error.is_some());
    let answer = |geo: &Geo| geo.look_up(ip("203.0.113.0")).country;
    put(&path, "a", &country("CN"));
    assert_eq!((geo.refresh(), answer(&geo)), (1, Some("CN".into())));
    let generation = geo.generation();
    assert_eq!((geo.refresh(), geo.generation()), (0, generation));
    put(&path, "longer", &country("JP"));
    assert_eq!((geo.refresh(), answer(&geo)), (1, Some("JP".into())));
    assert!(geo.generation() > generation);
    // Half a file, as while it is being copied.
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, &whole[..whole.len() / 3]).unwrap();
    assert_eq!((geo.refresh(), answer(&geo)), (0, Some("JP".into())));
    assert!(geo.status()[0].error.is_some() && geo.status()[0].loaded.is_some());
    std::fs::remove_file(&path).unwrap();
    assert_eq!((geo.refresh(), answer(&geo)), (0, Some("JP".into())));
    put(&path, "whole again", &country("SG"));
    assert_eq!((geo.refresh(), answer(&geo)), (1, Some("SG".into())));
    assert_eq!(geo.status()[0].error, None);
}
