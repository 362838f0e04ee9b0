//! From a record to a row: what the user agent and the network say.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use crate::attribution::visits::Visit;
use crate::classify::{Agent, Browser, Network, Visitor, is_hosting_network, language};
use crate::domain::{Class, ClickReason};
use crate::geo::Geo;
use crate::spool::ClickRecord;
use crate::storage::clicks::ClickRow;

/// Texts and networks remembered, each.
const REMEMBERED: usize = 16_384;

/// A click out of the spool, ready to be judged.
#[derive(Clone, Debug)]
pub struct Arrived {
    /// The row to be stored.
    pub row: ClickRow,
    /// What its neighbours need to know; `None` when only the request decided.
    pub visit: Option<Visit>,
}

/// What is known of a network.
#[derive(Debug)]
struct Known {
    text: Arc<str>,
    country: Option<Arc<str>>,
    region: Option<Arc<str>>,
    city: Option<Arc<str>>,
    asn: Option<u32>,
    hosting: bool,
}

/// Looks networks and user agents up, each once.
pub struct Enricher {
    geo: Arc<Geo>,
    generation: u64,
    networks: HashMap<u64, Arc<Known>>,
    agents: HashMap<Box<str>, Agent>,
    texts: HashMap<Box<str>, Arc<str>>,
}

impl Enricher {
    /// With these files.
    pub fn new(geo: Arc<Geo>) -> Self {
        Self {
            generation: geo.generation(),
            geo,
            networks: HashMap::new(),
            agents: HashMap::new(),
            texts: HashMap::new(),
        }
    }

    /// The row of a click.
    pub fn arrived(&mut self, click: &ClickRecord<'_>) -> Arrived {
        let agent = self.agent(click.user_agent);
        let network = self.network(click.network);
        let (cookie, by_hash) = match click.visitor {
            Visitor::None => (None, None),
            Visitor::Cookie(id) => (Some(id), None),
            Visitor::Hash(id) => (click.issued, Some(id)),
        };
        let judged = click.class == Class::Human && click.reason != ClickReason::DoNotTrack;
        let visit = judged.then(|| Visit {
            id: click.id,
            link: click.link,
            cookie,
            hash: by_hash,
            network: network_number(click.network),
            wechat: matches!(agent.browser, Browser::WeChat | Browser::WeCom),
            hosting: network.hosting,
            page_visitor: None,
        });
        let row = ClickRow {
            id: click.id,
            link: click.link,
            employee: None,
            class: click.class,
            reason: click.reason,
            visitor: cookie,
            visitor_hash: by_hash,
            network: Some(Arc::clone(&network.text)),
            country: network.country.clone(),
            region: network.region.clone(),
            city: network.city.clone(),
            asn: network.asn,
            browser: agent.browser.as_str(),
            os: agent.os.as_str(),
            device: agent.device.as_str(),
            language: language(click.language).and_then(|tag| self.text(tag.as_str())),
            referrer: self.text(click.referrer_host),
            scan: click.scan,
            beacons: None,
            page_visitor: None,
            dwell_ms: None,
            valid: false,
            earned: false,
        };
        Arrived { row, visit }
    }

    fn agent(&mut self, user_agent: &str) -> Agent {
        if let Some(agent) = self.agents.get(user_agent) {
            return *agent;
        }
        let agent = Agent::parse(user_agent);
        remember(&mut self.agents, user_agent.into(), agent);
        agent
    }

    fn network(&mut self, network: Network) -> Arc<Known> {
        let generation = self.geo.generation();
        if generation != self.generation {
            self.generation = generation;
            self.networks.clear();
        }
        let number = network_number(network);
        if let Some(known) = self.networks.get(&number) {
            return Arc::clone(known);
        }
        let place = self.geo.look_up(address_of(network));
        let known = Arc::new(Known {
            text: network.to_string().into(),
            country: place.country.and_then(|text| self.text(&text)),
            region: place.region.and_then(|text| self.text(&text)),
            city: place.city.and_then(|text| self.text(&text)),
            asn: place.asn,
            hosting: is_hosting_network(place.asn.unwrap_or(0), place.owner.as_deref().unwrap_or("")),
        });
        remember(&mut self.networks, number, Arc::clone(&known));
        known
    }

    fn text(&mut self, text: &str) -> Option<Arc<str>> {
        if text.is_empty() {
            return None;
        }
        if let Some(known) = self.texts.get(text) {
            return Some(Arc::clone(known));
        }
        let shared: Arc<str> = text.into();
        remember(&mut self.texts, text.into(), Arc::clone(&shared));
        Some(shared)
    }
}

/// Forgets everything when full: simpler than forgetting the oldest, and as fast on average.
fn remember<K: Hash + Eq, V>(map: &mut HashMap<K, V>, key: K, value: V) {
    if map.len() >= REMEMBERED {
        map.clear();
    }
    map.insert(key, value);
}

/// The network's first address (host bits zero), for look-ups.
fn address_of(network: Network) -> IpAddr {
    match network {
        Network::V4([a, b, c]) => Ipv4Addr::new(a, b, c, 0).into(),
        Network::V6([a, b, c, d, e, f]) => {
            Ipv6Addr::from([a, b, c, d, e, f, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]).into()
        }
    }
}

/// A number that tells networks apart, never 0.
pub fn network_number(network: Network) -> u64 {
    let mut bytes = [0; 8];
    bytes[..7].copy_from_slice(&network.to_bytes());
    u64::from_be_bytes(bytes)
}

/// The same out of the text a row keeps; 0 when there is none.
pub fn network_number_of(text: Option<&str>) -> u64 {
    text.and_then(|text| text.parse().ok()).map_or(0, network_number)
}
