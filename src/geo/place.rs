//! What files say of an address, in any of the usual layouts.

use std::net::IpAddr;

use maxminddb::{PathElement, Reader};

/// What is known of an address's network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// ISO 3166 code, upper case.
    pub country: Option<String>,
    /// Name of the region, Chinese if the file has it.
    pub region: Option<String>,
    /// Name of the city, Chinese if the file has it.
    pub city: Option<String>,
    /// Autonomous system.
    pub asn: Option<u32>,
    /// Who runs it.
    pub owner: Option<String>,
}

type File = Reader<Vec<u8>>;

const CITY_ZH: &[PathElement<'static>] = &[
    PathElement::Key("city"),
    PathElement::Key("names"),
    PathElement::Key("zh-CN"),
];
const CITY_EN: &[PathElement<'static>] = &[
    PathElement::Key("city"),
    PathElement::Key("names"),
    PathElement::Key("en"),
];
const REGION_ZH: &[PathElement<'static>] = &[
    PathElement::Key("subdivisions"),
    PathElement::Index(0),
    PathElement::Key("names"),
    PathElement::Key("zh-CN"),
];
const REGION_EN: &[PathElement<'static>] = &[
    PathElement::Key("subdivisions"),
    PathElement::Index(0),
    PathElement::Key("names"),
    PathElement::Key("en"),
];

/// Texts at most this long are kept, bytes.
const TEXT_MAX: usize = 100;

impl Place {
    /// Fills in what is not known yet out of one file: MaxMind's nested layout, DB-IP's, and flat ones
    /// (`country_code`, `asn: "AS64500"`). An address the file does not know, or a damaged part of it, adds nothing.
    pub(super) fn fill(&mut self, file: &File, address: IpAddr) {
        let Ok(found) = file.lookup(address) else { return };
        if !found.has_data() {
            return;
        }
        let text = |path: &[PathElement<'_>]| -> Option<String> {
            let text: &str = found.decode_path(path).ok().flatten()?;
            let text = text[..text.floor_char_boundary(TEXT_MAX)].trim();
            (!text.is_empty() && !text.contains('\0')).then(|| text.to_owned())
        };
        let key = |name: &'static str| text(&[PathElement::Key(name)]);
        let code = |text: String| {
            (text.len() == 2 && text.bytes().all(|b| b.is_ascii_alphabetic()))
                .then(|| text.to_ascii_uppercase())
        };
        if self.country.is_none() {
            self.country = text(&[PathElement::Key("country"), PathElement::Key("iso_code")])
                .or_else(|| key("country_code"))
                .or_else(|| key("country"))
                .or_else(|| {
                    text(&[
                        PathElement::Key("registered_country"),
                        PathElement::Key("iso_code"),
                    ])
                })
                .and_then(code);
        }
        if self.region.is_none() {
            self.region = text(REGION_ZH)
                .or_else(|| text(REGION_EN))
                .or_else(|| key("region"))
                .or_else(|| key("region_name"))
                .or_else(|| key("state1"));
        }
        if self.city.is_none() {
            self.city = text(CITY_ZH)
                .or_else(|| text(CITY_EN))
                .or_else(|| key("city"))
                .or_else(|| key("city_name"));
        }
        if self.asn.is_none() {
            let number = |name: &'static str| -> Option<u32> {
                found.decode_path(&[PathElement::Key(name)]).ok().flatten()
            };
            self.asn = number("autonomous_system_number")
                .or_else(|| number("asn"))
                .or_else(|| key("asn").and_then(|text| text.trim_start_matches("AS").parse().ok()));
        }
        if self.owner.is_none() {
            self.owner = key("autonomous_system_organization")
                .or_else(|| key("as_name"))
                .or_else(|| key("as_org"))
                .or_else(|| key("organization"));
        }
    }
}
