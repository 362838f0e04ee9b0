//! From a record to a row: what the user agent and the network say.

use std::hash::Hash;
use std::sync::Arc;

use hashbrown::HashMap;

use crate::attribution::visits::Visit;
use crate::classify::{Agent, Browser, Network, Visitor, is_hosting_network, language};
use crate::domain::{Class, ClickReason};
use crate::geo::Geo;
use crate::redirect::loader::words::Words;
use crate::spool::ClickRecord;
use crate::storage::clicks::{AgentWords, ClickRow, PlaceWords, agent_numbers, place_numbers};
use crate::storage::{StoreError, Tx};

/// Agents remembered, with language and referrer; then all are forgotten.
const AGENTS: usize = 16_384;
/// Networks remembered; then all are forgotten.
const NETWORKS: usize = 65_536;
/// Different words remembered of agents and of places, each; then all are forgotten.
const WORDS: usize = 16_384;

/// A click out of the spool, ready to be judged.
#[derive(Clone, Debug)]
pub struct Arrived {
    /// The row to be stored; its agent and place are the enricher's until [`Enricher::number`].
    pub row: ClickRow,
    /// What its neighbours need to know; `None` when only the request decided.
    pub visit: Option<Visit>,
}

/// What is known of what a browser said.
#[derive(Clone, Copy)]
struct KnownAgent {
    words: usize,
    wechat: bool,
}

/// What is known of a network.
#[derive(Clone, Copy)]
struct KnownNetwork {
    place: usize,
    hosting: bool,
}

/// Looks networks and user agents up, each once.
pub struct Enricher {
    geo: Arc<Geo>,
    generation: u64,
    networks: HashMap<i64, KnownNetwork>,
    places: Words<PlaceWords>,
    agents: HashMap<Box<str>, KnownAgent>,
    agent_words: Words<AgentWords>,
    /// Agent, language and referrer of the click at hand, one behind the other.
    said: String,
}

impl Enricher {
    /// With these files.
    pub fn new(geo: Arc<Geo>) -> Self {
        Self {
            generation: geo.generation(),
            geo,
            networks: HashMap::new(),
            places: Words::default(),
            agents: HashMap::new(),
            agent_words: Words::default(),
            said: String::new(),
        }
    }

    /// Before a batch: forgets what has become too much, which it must not do while rows name it.
    pub fn begin(&mut self) {
        if self.agent_words.len() >= WORDS {
            self.agent_words = Words::default();
            self.agents.clear();
        }
        if self.places.len() >= WORDS {
            self.places = Words::default();
            self.networks.clear();
        }
    }

    /// The row of a click.
    pub fn arrived(&mut self, click: &ClickRecord<'_>) -> Arrived {
        let agent = self.agent(click);
        let network = self.network(click.network);
        let number = click.network.to_number();
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
            network: u64::try_from(number).unwrap_or(0),
            wechat: agent.wechat,
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
            network: Some(number),
            place: i64::try_from(network.place).ok(),
            agent: i64::try_from(agent.words).ok(),
            scan: click.scan,
            beacons: None,
            page_visitor: None,
            dwell_ms: None,
            valid: false,
            earned: false,
        };
        Arrived { row, visit }
    }

    /// Gives rows the store's numbers of their agent and place.
    pub async fn number(&mut self, tx: &mut Tx, clicks: &mut [Arrived]) -> Result<(), StoreError> {
        let fresh = self.agent_words.unnumbered();
        let numbers = agent_numbers(tx, fresh).await?;
        self.agent_words.number(numbers);
        let fresh = self.places.unnumbered();
        let numbers = place_numbers(tx, fresh).await?;
        self.places.number(numbers);
        for Arrived { row, .. } in clicks {
            row.agent = row.agent.and_then(|at| self.agent_words.number_of(at));
            row.place = row.place.and_then(|at| self.places.number_of(at));
        }
        Ok(())
    }

    /// After a failure: numbers just given may not be stored.
    pub fn forget_numbers(&mut self) {
        self.agent_words.forget_numbers();
        self.places.forget_numbers();
    }

    fn agent(&mut self, click: &ClickRecord<'_>) -> KnownAgent {
        self.said.clear();
        // Header values contain no zero.
        for text in [click.user_agent, "\0", click.language, "\0", click.referrer_host] {
            self.said.push_str(text);
        }
        if let Some(known) = self.agents.get(self.said.as_str()) {
            return *known;
        }
        let agent = Agent::parse(click.user_agent);
        let words = self.agent_words.place_of(AgentWords {
            browser: agent.browser.as_str(),
            os: agent.os.as_str(),
            device: agent.device.as_str(),
            language: language(click.language).map_or_else(|| "".into(), |tag| tag.as_str().into()),
            referrer: click.referrer_host.into(),
        });
        let known = KnownAgent {
            words,
            wechat: matches!(agent.browser, Browser::WeChat | Browser::WeCom),
        };
        remember(&mut self.agents, AGENTS, self.said.as_str().into(), known);
        known
    }

    fn network(&mut self, network: Network) -> KnownNetwork {
        let generation = self.geo.generation();
        if generation != self.generation {
            self.generation = generation;
            self.networks.clear();
        }
        let number = network.to_number();
        if let Some(known) = self.networks.get(&number) {
            return *known;
        }
        let place = self.geo.look_up(network.address());
        let asn = place.asn.unwrap_or(0);
        let hosting = is_hosting_network(asn, place.owner.as_deref().unwrap_or(""));
        let text = |text: Option<String>| Arc::from(text.unwrap_or_default());
        let words = PlaceWords {
            country: text(place.country),
            region: text(place.region),
            city: text(place.city),
            asn,
        };
        let known = KnownNetwork {
            place: self.places.place_of(words),
            hosting,
        };
        remember(&mut self.networks, NETWORKS, number, known);
        known
    }
}

/// Forgets everything when full: simpler than forgetting the oldest, and as fast on average.
fn remember<K: Hash + Eq, V>(map: &mut HashMap<K, V>, most: usize, key: K, value: V) {
    if map.len() >= most {
        map.clear();
    }
    map.insert(key, value);
}
