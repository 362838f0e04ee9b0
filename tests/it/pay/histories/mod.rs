//! Seeded histories: late, revised and voided facts, leavers, new rates, closes, retries, two writers and crashes at any
//! await, on both databases. After each step what is posted is what should be, the trial balance is zero, closed books
//! are as they were, and both databases end with the same ledger hash.
//!
//! # Why
//! The model is a page of whole-number arithmetic that knows nothing of the engine, the store or the order in which
//! things were written; the two agree after every step or the seed is printed.

mod crash;
mod known;
mod model;
mod play;

use crate::support::{Kind, db};

/// Histories of each test below, on each database.
const EACH: u64 = 125;

async fn on(kind: Kind, seed: u64) -> known::End {
    let mut end = None;
    let slot = &mut end;
    db::on(kind, async |db| *slot = Some(play::history(&db, seed).await)).await;
    end.expect("a history that ended")
}

async fn same_on_both(part: u64) {
    let mut closed = 0;
    for seed in part * EACH..(part + 1) * EACH {
        let (here, there) = (on(Kind::Sqlite, seed).await, on(Kind::Postgres, seed).await);
        assert_eq!(here, there, "seed {seed}: one history, two ledgers");
        closed += here.closed;
    }
    assert!(closed > EACH, "histories that close nothing show nothing");
}

macro_rules! parts {
    ($($name:ident $part:literal),+) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            same_on_both($part).await;
        }
    )+};
}

parts!(
    first 0,
    second 1,
    third 2,
    fourth 3,
    fifth 4,
    sixth 5,
    seventh 6,
    eighth 7,
    ninth 8,
    tenth 9,
    eleventh 10,
    twelfth 11,
    thirteenth 12,
    fourteenth 13,
    fifteenth 14,
    sixteenth 15
);
