//! How often forms are taken that nobody signed in for (the landing page's lead form and share button).
//!
//! Two limits, each a burst that fills up again evenly: per network, so that one machine cannot fill the list of leads;
//! per link, so that many machines cannot either. Networks are those of attribution.md §2 (/24, /48), kept in memory
//! only and forgotten once they are at rest.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::clock::Clock as _;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};

use crate::classify::Network;
use crate::domain::Clock;

/// Forms of one network at once, and how often one more. A shop's visitors share the shop's network.
const NETWORK: (u32, Duration) = (20, Duration::from_secs(30));
/// Forms by one link at once, and how often one more.
const LINK: (u32, Duration) = (60, Duration::from_secs(10));
/// Networks or links remembered at once (about 100 bytes each).
const MOST_KEYS: usize = 50_000;

type Keyed<K> = RateLimiter<K, HashMapStateStore<K>, Ours, NoOpMiddleware<Nanos>>;

/// The application's clock as the limiter's.
#[derive(Clone)]
struct Ours(Arc<dyn Clock>);

impl governor::clock::Clock for Ours {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        let ms = u64::try_from(self.0.now_ms()).unwrap_or(0);
        Duration::from_millis(ms).into()
    }
}

/// The limiter.
pub struct FormLimit {
    clock: Ours,
    networks: Keyed<Network>,
    links: Keyed<i64>,
}

impl FormLimit {
    /// Nothing sent yet.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        let clock = Ours(clock);
        Self {
            networks: RateLimiter::hashmap_with_clock(quota(NETWORK), clock.clone()),
            links: RateLimiter::hashmap_with_clock(quota(LINK), clock.clone()),
            clock,
        }
    }

    /// Counts a form by a network; refused with the seconds to wait.
    pub fn by_network(&self, network: Network) -> Result<(), u32> {
        self.take(&self.networks, &network)
    }

    /// Counts a form by a link (its row; a campaign's own page: minus the campaign's row).
    pub fn by_link(&self, link: i64) -> Result<(), u32> {
        self.take(&self.links, &link)
    }

    fn take<K: std::hash::Hash + Eq + Clone>(&self, limiter: &Keyed<K>, key: &K) -> Result<(), u32> {
        if limiter.len() >= MOST_KEYS {
            limiter.retain_recent();
            limiter.shrink_to_fit();
            // So many at work at once are an attack: memory stays as it is, and the other limit stands.
            if limiter.len() >= MOST_KEYS {
                return Ok(());
            }
        }
        limiter.check_key(key).map_err(|until| {
            let wait = until.wait_time_from(self.clock.now());
            u32::try_from(wait.as_secs() + 1).unwrap_or(u32::MAX)
        })
    }
}

fn quota((burst, every): (u32, Duration)) -> Quota {
    let burst = NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN);
    Quota::with_period(every).map_or_else(|| Quota::per_second(burst), |quota| quota.allow_burst(burst))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ManualClock;
    use std::net::Ipv4Addr;

    fn network(n: u32) -> Network {
        Network::of(Ipv4Addr::from(n << 8).into())
    }

    #[test]
    fn a_burst_is_taken_then_one_more_every_half_minute_for_each_network_by_itself() {
        let clock = Arc::new(ManualClock::new("2026-11-18T02:00:00Z".parse().unwrap()));
        let limit = FormLimit::new(Arc::clone(&clock) as _);
        for _ in 0..20 {
            assert_eq!(limit.by_network(network(1)), Ok(()));
        }
        let wait = limit.by_network(network(1)).unwrap_err();
        assert!((29..=31).contains(&wait), "{wait}");
        assert_eq!(limit.by_network(network(2)), Ok(()));
        clock.advance_ms(30_000);
        assert_eq!(limit.by_network(network(1)), Ok(()));
        assert!(limit.by_network(network(1)).is_err());
    }

    #[test]
    fn many_networks_meet_the_limit_of_the_link() {
        let clock = Arc::new(ManualClock::new("2026-11-18T02:00:00Z".parse().unwrap()));
        let limit = FormLimit::new(Arc::clone(&clock) as _);
        let taken = (0..200).filter(|_| limit.by_link(7).is_ok()).count();
        assert_eq!(taken, 60);
        assert_eq!(limit.by_link(8), Ok(()));
    }

    #[test]
    fn memory_is_bounded_and_those_at_rest_are_forgotten() {
        let clock = Arc::new(ManualClock::new("2026-11-18T02:00:00Z".parse().unwrap()));
        let limit = FormLimit::new(Arc::clone(&clock) as _);
        let most = u32::try_from(MOST_KEYS).unwrap();
        for n in 0..most + 10_000 {
            assert_eq!(
                limit.by_network(network(n)),
                Ok(()),
                "nobody is turned away for others"
            );
        }
        assert_eq!(limit.networks.len(), MOST_KEYS);
        clock.advance_ms(600_000);
        assert_eq!(limit.by_network(network(1)), Ok(()));
        assert_eq!(limit.networks.len(), 1, "all others were at rest");
    }
}
