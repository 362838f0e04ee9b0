//! What the redirect did, as plain atomics: a counter per redirect must not cost a look-up by name.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::domain::Class;
use crate::redirect::follow::Redirector;

macro_rules! counters {
    ($($(#[doc = $doc:literal])+ $name:ident: $public:literal,)+) => {
        /// Counters since the start of the process.
        #[derive(Debug, Default)]
        pub struct RedirectMetrics {
            $(pub(super) $name: Counter,)+
            by_class: [Counter; 8],
        }

        /// The counters' values at one moment.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct RedirectCounts {
            $($(#[doc = $doc])+ pub $name: u64,)+
            /// Recorded clicks by class, in the order of [`Class::ALL`].
            pub by_class: [u64; 8],
        }

        impl RedirectMetrics {
            /// The values now.
            pub fn counts(&self) -> RedirectCounts {
                RedirectCounts {
                    $($name: self.$name.get(),)+
                    by_class: std::array::from_fn(|class| self.by_class[class].get()),
                }
            }

            /// Hands the values to the metrics recorder; called before each scrape.
            pub fn publish(&self) {
                let counts = self.counts();
                $(metrics::counter!($public).absolute(counts.$name);)+
                for (class, count) in Class::ALL.into_iter().zip(counts.by_class) {
                    metrics::counter!("bole_clicks_total", "class" => class.as_str()).absolute(count);
                }
            }
        }
    };
}

counters! {
    /// Answered with the destination.
    redirected: "bole_redirects_total",
    /// Answered with a preview page.
    previewed: "bole_previews_total",
    /// Prefetches put off.
    put_off: "bole_prefetches_total",
    /// HEAD requests, never recorded.
    heads: "bole_redirect_heads_total",
    /// Answered with the campaign's fallback.
    fallbacks: "bole_redirect_fallbacks_total",
    /// Answered with 410.
    gone: "bole_redirect_gone_total",
    /// Answered with 404: no such code.
    unknown: "bole_redirect_unknown_total",
    /// Clicks answered but not kept: the spool was full or failed.
    missed: "bole_clicks_missed_total",
    /// Beacons taken.
    beacons: "bole_beacons_total",
    /// Beacons dropped: malformed, forged, too old, too many.
    beacons_refused: "bole_beacons_refused_total",
    /// Beacons that were good but could not be kept.
    beacons_missed: "bole_beacons_missed_total",
}

impl Redirector {
    /// Hands everything the hot path counts to the metrics recorder; called before each scrape.
    pub fn publish_metrics(&self) {
        self.metrics.publish();
        let spool = self.spool.counts();
        metrics::counter!("bole_spool_records_total").absolute(spool.appended);
        metrics::counter!("bole_spool_missed_total").absolute(spool.missed);
        metrics::counter!("bole_spool_syncs_total").absolute(spool.syncs);
        metrics::gauge!("bole_spool_bytes").set(lossy(spool.bytes));
        metrics::gauge!("bole_links").set(lossy(self.table.len() as u64));
        metrics::gauge!("bole_link_table_bytes").set(lossy(self.table.bytes() as u64));
    }
}

#[expect(clippy::cast_precision_loss, reason = "gauges are floating-point numbers")]
fn lossy(value: u64) -> f64 {
    value as f64
}

impl RedirectMetrics {
    pub(super) fn recorded(&self, class: Class) {
        self.by_class[class as usize].add();
    }
}

#[derive(Debug, Default)]
pub(super) struct Counter(AtomicU64);

impl Counter {
    pub(super) fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
