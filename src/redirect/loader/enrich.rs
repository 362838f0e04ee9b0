//! From a record to a row: what the user agent and the network say.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use crate::attribution::visits::Visit;
use crate::classify::{Agent, Browser, is_hosting_network, language};
use crate::domain::{Class, ClickReason};
use crate::geo::Geo;
use crate::spool::{ClickRecord, Network, VisitorBy};
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
        let by_hash = click.visitor.filter(|v| v.by == VisitorBy::Hash).map(|v| v.id);
        let brought = click.visitor.filter(|v| v.by == VisitorBy::Cookie).map(|v| v.id);
        let cookie = brought.or(click.handed);
        let judged = click.class == Class::Human && click.reason != ClickReason::DoNotTrack;
        let visit = judged.then(|| Visit {
            id: click.id,
            link: click.link,
            cookie,
            hash: by_hash,
            network: network_number(click.network),
            wechat: matches!(agent.browser, Browser::WeChat | Browser::WeCom),
            hosting: network.as_ref().is_some_and(|n| n.hosting),
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
            network: network.as_ref().map(|n| Arc::clone(&n.text)),
            country: network.as_ref().and_then(|n| n.country.clone()),
            region: network.as_ref().and_then(|n| n.region.clone()),
            city: network.as_ref().and_then(|n| n.city.clone()),
            asn: network.as_ref().and_then(|n| n.asn),
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

    fn network(&mut self, network: Network) -> Option<Arc<Known>> {
        let address = network.address()?;
        let generation = self.geo.generation();
        if generation != self.generation {
            self.generation = generation;
            self.networks.clear();
        }
        let number = network_number(network);
        if let Some(known) = self.networks.get(&number) {
            return Some(Arc::clone(known));
        }
        let place = self.geo.look_up(address);
        let bits = if address.is_ipv4() { 24 } else { 48 };
        let known = Arc::new(Known {
            text: format!("{address}/{bits}").into(),
            country: place.country.and_then(|text| self.text(&text)),
            region: place.region.and_then(|text| self.text(&text)),
            city: place.city.and_then(|text| self.text(&text)),
            asn: place.asn,
            hosting: is_hosting_network(place.asn.unwrap_or(0), place.owner.as_deref().unwrap_or("")),
        });
        remember(&mut self.networks, number, Arc::clone(&known));
        Some(known)
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

/// A number that tells networks apart; 0 when there is none.
pub fn network_number(network: Network) -> u64 {
    match network {
        Network::None => 0,
        Network::V4([a, b, c]) => u64::from_be_bytes([4, 0, 0, 0, 0, a, b, c]),
        Network::V6([a, b, c, d, e, f]) => u64::from_be_bytes([6, 0, a, b, c, d, e, f]),
    }
}

/// The same out of the text a row keeps.
pub fn network_number_of(text: Option<&str>) -> u64 {
    text.and_then(|text| text.split('/').next())
        .and_then(|address| address.parse().ok())
        .map_or(0, |address| network_number(Network::of(address)))
}
