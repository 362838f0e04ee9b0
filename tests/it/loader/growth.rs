//! However many clicks lie around it, a click costs the same: counted in rows read, not in time.

use std::sync::atomic::Ordering;

use bole::classify::{Network, Visitor};
use bole::redirect::loader::Loader;
use bole::spool::{BeaconKind, ClickRecord, Record};
use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;
use rand::{RngExt as _, SeedableRng as _};

use super::scene::{IPHONE, Scene, WECHAT, beacon, ten};
use crate::support::TestDb;

/// Clicks of every story.
pub const CLICKS: i64 = 4_000;
/// Clicks between two batches.
const BATCH: usize = 100;
/// Between two clicks, milliseconds: all lie within seconds of each other, as a hammer makes them.
const GAP_MS: i64 = 3;

/// Whom a story's clicks come from.
#[derive(Clone, Copy, Debug)]
pub enum Who {
    /// One visitor behind one hash, who never takes the cookie.
    OneHash,
    /// One visitor with a cookie.
    OneCookie,
    /// Everybody another visitor, every fourth in WeChat, from a few networks.
    Crowd,
}

pub fn story(scene: &mut Scene, who: Who, links: i64) -> Vec<ClickRecord<'static>> {
    let mut rng = StdRng::seed_from_u64(3);
    let mut clicks = Vec::new();
    for n in 0..CLICKS {
        let click = scene.click(n * GAP_MS, n % links + 1);
        let mut own = [0u8; 12];
        own[..8].copy_from_slice(&n.to_be_bytes());
        let (visitor, issued) = match who {
            Who::OneHash => (Visitor::Hash([7; 12]), Some(own)),
            Who::OneCookie => (Visitor::Cookie([7; 12]), None),
            Who::Crowd => (
                Visitor::Hash(own),
                Some([own[7], own[6], 1, 0, 0, 0, 0, 0, 0, 0, 0, 1]),
            ),
        };
        let wechat = rng.random_range(0..4) == 0;
        let network = Network::of(std::net::Ipv4Addr::new(10, 0, rng.random_range(0..8), 0).into());
        clicks.push(ClickRecord {
            visitor,
            issued,
            network,
            user_agent: if wechat { WECHAT } else { IPHONE },
            ..click
        });
    }
    // Several connections: nearly in order.
    for some in clicks.chunks_mut(8) {
        some.shuffle(&mut rng);
    }
    clicks[4..].chunks_mut(8).for_each(|some| some.shuffle(&mut rng));
    clicks
}

/// Loads a story in batches with a new loader every so many, pages reporting at once where they do; rows read in all.
async fn rows_read(
    scene: &Scene,
    clicks: &[ClickRecord<'static>],
    batches_a_life: usize,
    pages: bool,
) -> u64 {
    let mut read = 0;
    for life in clicks.chunks(BATCH * batches_a_life) {
        let mut loader: Loader = scene.loader();
        for some in life.chunks(BATCH) {
            for click in some {
                scene.write(Record::Click(*click));
                if pages {
                    let after_ms = click.id.unix_ms() - ten() + 1;
                    scene.write(Record::Beacon(beacon(
                        click.id,
                        BeaconKind::Start,
                        after_ms,
                        0,
                        Some(7),
                    )));
                }
            }
            loader.catch_up().await.unwrap();
        }
        read += loader.counts().rows_read.load(Ordering::Relaxed);
    }
    read
}

async fn given_a_hammer_when_loaded_in_batches_then_rows_read_do_not_grow_with_what_is_there(db: TestDb) {
    let mut scene = Scene::new(db).await;
    for (who, links, pages) in [
        (Who::OneHash, 5, false),
        (Who::OneCookie, 1, false),
        (Who::OneCookie, 2, true),
        (Who::Crowd, 1, false),
        (Who::Crowd, 5, false),
    ] {
        for lives in [1, 4] {
            let clicks = story(&mut scene, who, links);
            let read = rows_read(&scene, &clicks, clicks.len() / BATCH / lives, pages).await;
            let story = format!("{who:?} on {links} links, pages {pages}, {lives} lives: {read} rows read");
            println!("{story}");
            scene.assert_counts().await;
            scene.clear().await;
            // A new life reads the last hour of its links once, and who opened them once more.
            let stored_before: usize = (0..lives).map(|life| life * clicks.len() / lives).sum();
            assert!(read <= (2 * stored_before + clicks.len()) as u64, "{story}");
        }
    }
}

both!(given_a_hammer_when_loaded_in_batches_then_rows_read_do_not_grow_with_what_is_there);
