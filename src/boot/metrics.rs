//! What `/metrics` and `/readyz` ask.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

use crate::geo::Geo;
use crate::redirect::Redirector;
use crate::redirect::loader::{Loader, LoaderCounts};
use crate::web::health::Probes;
use crate::web::pages::admin::Source;

/// The answers, out of the running parts.
pub fn probes(redirector: &Arc<Redirector>, loader: &Loader, geo: &Arc<Geo>) -> Probes {
    // A second recorder in one process (tests, the demo) leaves the first in place.
    let handle = PrometheusBuilder::new().install_recorder().ok();
    // Weak: the redirector holds the pages, and the pages' state must not hold it back.
    let (redirector, counts, geo) = (Arc::downgrade(redirector), loader.counts(), Arc::clone(geo));
    let files = Arc::clone(&geo);
    let loading = Arc::clone(&counts);
    let source = |file: crate::geo::GeoFile| Source {
        path: file.path.display().to_string(),
        kind: file.loaded.map(|(kind, _)| kind).unwrap_or_default(),
        error: file.error,
    };
    Probes {
        waiting: Some(Arc::new(move || {
            // Once is a collision; what fails again fails.
            let failing = loading.failing.load(Ordering::Relaxed) > 1;
            let reason = "loader: cannot carry clicks into the store; they wait in the spool";
            failing.then(|| reason.to_owned()).into_iter().collect()
        }) as _),
        files: Some(Arc::new(move || files.status().into_iter().map(source).collect()) as _),
        metrics: handle.map(|handle| {
            Arc::new(move || {
                redirector.upgrade().map_or_else(String::new, |redirector| {
                    text(&handle, &redirector, &counts, &geo)
                })
            }) as _
        }),
    }
}

fn text(handle: &PrometheusHandle, redirector: &Redirector, loader: &LoaderCounts, geo: &Geo) -> String {
    redirector.publish_metrics();
    #[expect(
        clippy::cast_precision_loss,
        reason = "gauges are floats; the counts are far below 2^52"
    )]
    let gauge = |name: &'static str, value: u64| metrics::gauge!(name).set(value as f64);
    gauge("bole_links", redirector.table().len() as u64);
    metrics::counter!("bole_loader_clicks_total").absolute(loader.clicks.load(Ordering::Relaxed));
    metrics::counter!("bole_loader_beacons_total").absolute(loader.beacons.load(Ordering::Relaxed));
    metrics::counter!("bole_loader_rows_read_total").absolute(loader.rows_read.load(Ordering::Relaxed));
    metrics::counter!("bole_loader_batches_total").absolute(loader.batches.load(Ordering::Relaxed));
    metrics::counter!("bole_spool_damaged_bytes_total")
        .absolute(loader.damaged_bytes.load(Ordering::Relaxed));
    metrics::counter!("bole_loader_rejected_total").absolute(loader.rejected.load(Ordering::Relaxed));
    gauge("bole_loader_failing", loader.failing.load(Ordering::Relaxed));
    let broken = geo.status().iter().filter(|file| file.error.is_some()).count();
    gauge("bole_geo_files_broken", broken as u64);
    handle.run_upkeep();
    handle.render()
}
