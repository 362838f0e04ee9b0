//! Seeded histories of orders that two schemes pay over months: late, revised and void visits, closes in any order. When
//! nothing is left to correct, every order has given exactly what it may.

use std::collections::BTreeMap;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};

use super::super::next::fact;
use super::super::record;
use super::{closed, is_same, schemes};
use crate::points::rig::Rig;
use crate::support::{Kind, TestDb, db};

const PEOPLE: [&str; 3] = ["Z3", "L4", "W5"];
const MONTHS: [&str; 6] = ["2026-06", "2026-07", "2026-08", "2026-09", "2026-10", "2026-11"];
const SCHEMES: [&str; 2] = ["95-sales", "96-visits"];

/// A visit: order, who, hundreds of yuan.
type Visit = (usize, usize, i64);

struct Play<'a> {
    rig: &'a Rig,
    rng: StdRng,
    /// The seller of each order; each is worth 1 000.
    sellers: Vec<usize>,
    visits: BTreeMap<usize, Visit>,
    made: usize,
    closed: Vec<Value>,
    /// Schemes and months not closed yet.
    open: Vec<(usize, usize)>,
}

impl Play<'_> {
    async fn order(&mut self) {
        let (at, seller) = (self.sellers.len(), self.rng.random_range(0..3));
        let day = format!("{}-04", MONTHS[self.rng.random_range(0..3)]);
        self.sellers.push(seller);
        let seller = Some(("seller", PEOPLE[seller]));
        let order = fact(
            "order",
            &format!("o{at}"),
            &day,
            json!({"amount": "1000.00"}),
            seller,
        );
        record(self.rig, vec![order]).await;
    }

    async fn visit(&mut self) {
        let one = (
            self.rng.random_range(0..self.sellers.len()),
            self.rng.random_range(0..3),
            self.rng.random_range(1..25),
        );
        self.made += 1;
        let month = self.rng.random_range(0..3);
        self.visits.insert(self.made * 3 + month, one);
        self.tell(self.made * 3 + month, one, false).await;
    }

    /// A visit's key is its number and its month.
    async fn tell(&self, key: usize, (order, who, hundreds): Visit, void: bool) {
        let day = format!("{}-07", MONTHS[key % 3]);
        let amount = json!({"amount": format!("{hundreds}00.00")});
        let mut visit = fact(
            "visit",
            &format!("v{key}"),
            &day,
            amount,
            Some(("server", PEOPLE[who])),
        );
        visit["dimensions"]["order"] = json!(format!("o{order}"));
        visit["void"] = json!(void);
        record(self.rig, vec![visit]).await;
    }

    async fn change(&mut self) {
        let at = self.rng.random_range(0..self.visits.len().max(1));
        let Some((key, visit)) = self.visits.iter().nth(at).map(|(k, v)| (*k, *v)) else {
            return;
        };
        if self.rng.random_bool(0.5) {
            self.visits.remove(&key);
            self.tell(key, visit, true).await;
        } else {
            let more = (visit.0, visit.1, visit.2 + self.rng.random_range(1..9));
            self.visits.insert(key, more);
            self.tell(key, more, false).await;
        }
    }

    async fn close(&mut self) {
        if self.open.is_empty() {
            return;
        }
        let at = self.rng.random_range(0..self.open.len());
        let (scheme, month) = self.open.remove(at);
        // Others may be calculated and wait.
        if self.rng.random_bool(0.4)
            && let Some((other, month)) = self.open.first()
        {
            let body = json!({"scheme": SCHEMES[*other], "period": MONTHS[*month]});
            assert_eq!(self.rig.post("admin", "/payouts", body).await.0, 201);
        }
        let (run, _) = closed(self.rig, SCHEMES[scheme], MONTHS[month]).await;
        self.closed.push(run);
    }

    /// Fen that each order should have given: everybody their largest claim of one scheme, together at most 21 %.
    fn should(&self) -> Vec<i64> {
        let of = |order: usize| {
            let mut claims: BTreeMap<usize, [i64; 2]> = BTreeMap::new();
            claims.entry(self.sellers[order]).or_default()[0] += 15_000;
            for (_, who, hundreds) in self.visits.values().filter(|v| v.0 == order) {
                claims.entry(*who).or_default()[1] += hundreds * 1_000;
            }
            let all: i64 = claims.values().map(|[sale, visits]| *sale.max(visits)).sum();
            all.min(21_000)
        };
        (0..self.sellers.len()).map(of).collect()
    }

    async fn gave(&self) -> Vec<i64> {
        let mut gave = vec![0; self.sellers.len()];
        for run in &self.closed {
            let id = run["id"].as_i64().unwrap();
            for row in self
                .rig
                .app
                .store
                .run_lines(id, None, None, i64::MAX)
                .await
                .unwrap()
            {
                let about = row.line.about.unwrap_or_default();
                let order: usize = about.trim_start_matches('o').parse().unwrap();
                gave[order] += row.line.amount.minor();
            }
        }
        gave
    }
}

async fn history(db: &TestDb, seed: u64) -> Vec<i64> {
    let rig = schemes(db, json!({"cap_action": "scale"})).await;
    let mut play = Play {
        rig: &rig,
        rng: StdRng::seed_from_u64(seed),
        sellers: Vec::new(),
        visits: BTreeMap::new(),
        made: 0,
        closed: Vec::new(),
        open: (0..2)
            .flat_map(|scheme| (0..3).map(move |month| (scheme, month)))
            .collect(),
    };
    for _ in 0..2 {
        play.order().await;
    }
    for _ in 0..14 {
        db.clock.advance_ms(1000);
        match play.rng.random_range(0..10) {
            0..5 => play.visit().await,
            5 | 6 => play.change().await,
            _ => play.close().await,
        }
    }
    while !play.open.is_empty() {
        play.close().await;
    }
    // Corrections are booked, then what they leave room for is given back.
    for month in 3..6 {
        for scheme in [0, 1] {
            play.open.push((scheme, month));
            play.close().await;
        }
    }
    let gave = play.gave().await;
    assert_eq!(
        gave,
        play.should(),
        "seed {seed}: {:?} {:?}",
        play.sellers,
        play.visits
    );
    for run in &play.closed {
        is_same(&rig, run).await;
    }
    gave
}

async fn on(kind: Kind, seed: u64) -> Vec<i64> {
    let mut gave = None;
    let slot = &mut gave;
    db::on(kind, async |db| *slot = Some(history(&db, seed).await)).await;
    gave.expect("a history that ended")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn given_any_history_of_two_schemes_when_nothing_is_left_to_correct_then_every_order_gave_what_it_may()
{
    for seed in 0..24 {
        assert_eq!(on(Kind::Sqlite, seed).await, on(Kind::Postgres, seed).await);
    }
}
