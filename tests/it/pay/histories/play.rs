//! One history: steps drawn from a seed, taken on the real store and in the model, compared after each.

use std::collections::BTreeMap;

use bole::app::App;
use bole::app::pay::{
    FactInput, PayError, SettingInput, approve, calculate, change_setting, check_ledger, close, pay,
    put_facts, replay, submit,
};
use bole::storage::pay::{Run, RunState};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Map, json};

use super::crash::within;
use super::known::{CODES, DOCUMENT, End, Known, SCHEME, STARTS, expected, input, key, settled};
use super::model::{Fact, Key, Lines, Month, Seen, Terms, add, difference, lines};
use crate::points::rig::app;
use crate::support::TestDb;

const STEPS: usize = 28;

struct Play<'a> {
    db: &'a TestDb,
    app: App,
    rng: StdRng,
    seed: u64,
    seen: Seen,
    /// First month and percent, in the order they were set.
    versions: Vec<(Month, i64)>,
    left: Vec<Option<(Month, i8)>>,
    runs: Vec<Known>,
    /// Closed and not paid, in the order they were closed.
    closed: Vec<i64>,
    accounts: BTreeMap<String, i64>,
    made: usize,
}

/// Plays the history of a seed.
pub async fn history(db: &TestDb, seed: u64) -> End {
    // Every month of it is over: nothing closes before its end.
    db.clock.set("2026-12-01T02:00:00Z".parse().unwrap());
    crate::points::people::staff(&db.store).await;
    let mut play = Play {
        db,
        app: app(db, &db.store),
        rng: StdRng::seed_from_u64(seed),
        seed,
        seen: Seen::default(),
        versions: Vec::new(),
        left: vec![None, None, None, None, Some((5, 17))],
        runs: Vec::new(),
        closed: Vec::new(),
        accounts: BTreeMap::new(),
        made: 0,
    };
    play.new_rate(0).await;
    for _ in 0..STEPS {
        db.clock.advance_ms(1000);
        play.step().await;
        play.compare().await;
    }
    play.end().await
}

impl Play<'_> {
    async fn step(&mut self) {
        match self.rng.random_range(0..20) {
            0..5 => self.happen().await,
            5 | 6 => self.revise().await,
            7 => self.void().await,
            8..11 => self.calculate().await,
            11..18 => self.go_on().await,
            18 => {
                let month = self.rng.random_range(0..6);
                self.new_rate(month).await;
            }
            _ => self.leave().await,
        }
    }

    fn open(&self) -> Month {
        (0..6)
            .find(|m| !self.runs.iter().any(|r| r.month == *m && r.is_booked()))
            .unwrap_or(5)
    }

    async fn happen(&mut self) {
        for _ in 0..self.rng.random_range(1..4) {
            let month = self.rng.random_range(0..=self.open());
            let fact = if self.rng.random_bool(0.4) {
                Fact::Receipt {
                    month,
                    yuan: self.rng.random_range(1..2000),
                }
            } else {
                Fact::Part {
                    month,
                    day: self.rng.random_range(1..29),
                    person: self.rng.random_range(0..5),
                    weight: self.rng.random_range(1..4),
                }
            };
            self.made += 1;
            let id = format!("f{}", self.made);
            self.tell(&id, fact).await;
        }
    }

    fn some_fact(&mut self) -> Option<(String, Fact)> {
        let at = self.rng.random_range(0..self.seen.facts.len().max(1));
        let fact = self.seen.facts.iter().nth(at);
        fact.map(|(id, fact)| (id.clone(), fact.clone()))
    }

    async fn revise(&mut self) {
        let Some((id, mut fact)) = self.some_fact() else {
            return;
        };
        match &mut fact {
            Fact::Receipt { yuan, .. } => *yuan = self.rng.random_range(1..2000),
            // Now and then the same again: known, and nothing new.
            Fact::Part { weight, .. } => *weight = self.rng.random_range(1..4),
        }
        self.tell(&id, fact).await;
    }

    async fn tell(&mut self, id: &str, fact: Fact) {
        let input = input(id, &fact, false);
        self.send(input).await;
        self.seen.facts.insert(id.to_owned(), fact);
    }

    async fn void(&mut self) {
        let Some((id, fact)) = self.some_fact() else {
            return;
        };
        self.send(input(&id, &fact, true)).await;
        self.seen.facts.remove(&id);
    }

    async fn send(&mut self, input: FactInput) {
        let (app, who) = (self.app.clone(), key(1));
        let act = async || put_facts(&app, &who, std::slice::from_ref(&input)).await;
        let crash = self.rng.random_bool(0.2).then(|| self.rng.random_range(1..40));
        if let Some(polls) = crash {
            let _ = within(polls, act()).await;
        }
        let told = act()
            .await
            .unwrap_or_else(|e| panic!("seed {}: {input:?}: {e}", self.seed));
        let wrong = told
            .iter()
            .any(|a| matches!(a, bole::app::pay::FactAnswer::Wrong { .. }));
        assert!(!wrong, "seed {}: {told:?}", self.seed);
    }

    async fn new_rate(&mut self, month: Month) {
        let percent = self.rng.random_range(1..30);
        let mut params = Map::new();
        params.insert("percent".to_owned(), json!(format!("{percent}%")));
        let input = SettingInput {
            from_on: STARTS[month].parse().unwrap(),
            document: Some(DOCUMENT.to_owned()),
            params,
            enabled: false,
            note: "history".to_owned(),
        };
        let done = change_setting(&self.app, &key(1), SCHEME, &input).await;
        if self.runs.iter().any(|r| r.is_booked() && r.month >= month) {
            assert!(
                matches!(done, Err(PayError::Wrong(_))),
                "seed {}: {done:?}",
                self.seed
            );
            return;
        }
        done.unwrap_or_else(|e| panic!("seed {}: {e}", self.seed));
        self.versions.push((month, percent));
    }

    fn terms(&self, month: Month) -> Terms {
        // The latest version that begins by then; of two from the same day the one set last.
        let version = self.versions.iter().filter(|v| v.0 <= month).max_by_key(|v| v.0);
        let first = version.map_or(0, |v| v.0);
        let percent = self.versions.iter().rev().find(|v| v.0 == first).unwrap().1;
        Terms {
            percent,
            left: self.left.clone(),
        }
    }

    async fn leave(&mut self) {
        let person = self.rng.random_range(0..5);
        let (month, day) = (self.rng.random_range(0..6), self.rng.random_range(2..28));
        let last = format!("{}{:02}", &STARTS[month][..8], day - 1);
        let id = person + 1;
        self.db
            .sql(&format!(
                "update employees set left_on = '{last}' where id = {id}"
            ))
            .await;
        self.left[person] = Some((month, day));
    }

    /// What is booked for a month, or under review and will be.
    fn booked(&self, month: Month) -> Lines {
        let mut sum = Lines::new();
        let mut take = |lines: &Lines| {
            for ((component, payee), fen) in lines {
                add(&mut sum, (component, payee), *fen);
            }
        };
        for run in self.runs.iter().filter(|r| r.state != RunState::Calculated) {
            if run.month == month {
                take(&run.own);
            }
            run.late.get(&month).into_iter().for_each(&mut take);
        }
        sum
    }

    async fn calculate(&mut self) {
        let open = self.open();
        let month = (open + usize::from(self.rng.random_bool(0.25))).min(5);
        if self
            .runs
            .iter()
            .any(|r| r.month == month && r.state != RunState::Calculated)
        {
            return;
        }
        let (app, who) = (self.app.clone(), key(1));
        let period = format!("{}..{}", STARTS[month], STARTS[month + 1]);
        let act = async || calculate(&app, &who, SCHEME, &period).await;
        match self.rng.random_range(0..6) {
            0 => {
                let polls = self.rng.random_range(1..120);
                let _ = within(polls, act()).await;
            }
            1 => {
                // Two at once: each is whole or refused; what counts is calculated after them.
                let (one, other) = tokio::join!(act(), act());
                for ran in [one, other] {
                    assert!(
                        matches!(ran, Ok(_) | Err(PayError::Conflict(_))),
                        "seed {}: {ran:?}",
                        self.seed
                    );
                }
            }
            _ => {}
        }
        let run = act()
            .await
            .unwrap_or_else(|e| panic!("seed {}: {period}: {e}", self.seed));
        self.runs.retain(|r| r.month != month);
        let own = lines(month, &self.seen, &self.terms(month), &CODES);
        let mut late = BTreeMap::new();
        for closed in self.runs.iter().filter(|r| r.month < month && r.is_booked()) {
            let should = lines(closed.month, &self.seen, &closed.terms, &CODES);
            let change = difference(&should, &self.booked(closed.month));
            if !change.is_empty() {
                late.insert(closed.month, change);
            }
        }
        let known = Known {
            id: run.id,
            month,
            state: RunState::Calculated,
            terms: self.terms(month),
            own,
            late,
            calculated_at: run.calculated_at,
            submitted_at: 0,
            book: String::new(),
        };
        assert_eq!(
            self.stored(run.id).await,
            expected(&known, &self.runs),
            "seed {}",
            self.seed
        );
        self.runs.push(known);
    }

    /// Fen by origin run (0: its own), component and payee.
    async fn stored(&self, id: i64) -> BTreeMap<(i64, Key), i64> {
        let mut lines = BTreeMap::new();
        for row in self.app.store.run_lines(id, None, None, i64::MAX).await.unwrap() {
            let l = row.line;
            if l.amount.minor() != 0 {
                *lines
                    .entry((l.origin.unwrap_or(0), (l.component, l.payee)))
                    .or_default() += l.amount.minor();
            }
        }
        lines
    }

    async fn go_on(&mut self) {
        let live: Vec<usize> = (0..self.runs.len())
            .filter(|at| self.runs[*at].state != RunState::Paid)
            .collect();
        if live.is_empty() {
            return;
        }
        let at = live[self.rng.random_range(0..live.len())];
        let (id, state) = (self.runs[at].id, self.runs[at].state);
        let (app, first, second) = (self.app.clone(), key(1), key(2));
        let act = async || match state {
            RunState::Calculated => submit(&app, &first, id).await,
            RunState::InReview => approve(&app, &second, id, "").await,
            RunState::Approved => close(&app, &first, id, "").await,
            _ => pay(&app, &first, id).await,
        };
        if state == RunState::InReview {
            let own = approve(&app, &first, id, "").await;
            assert!(
                matches!(own, Err(PayError::Forbidden(_))),
                "seed {}: {own:?}",
                self.seed
            );
        }
        if state == RunState::Calculated && self.is_stale(at) {
            let ran = act().await;
            assert!(
                matches!(ran, Err(PayError::Conflict(_))),
                "seed {}: {ran:?}",
                self.seed
            );
            return;
        }
        match self.rng.random_range(0..4) {
            0 => {
                let polls = self.rng.random_range(1..80);
                let _ = within(polls, act()).await;
                self.whole().await;
                // It was done or it was not; done twice it would be refused.
                settled(act().await, self.seed, true);
            }
            1 => {
                let (one, other) = tokio::join!(act(), act());
                let won = [&one, &other].into_iter().filter(|r| r.is_ok()).count();
                assert_eq!(won, 1, "seed {}: {one:?} {other:?}", self.seed);
                settled(one, self.seed, true);
                settled(other, self.seed, true);
            }
            _ => settled(act().await, self.seed, false),
        }
        self.moved(at).await;
    }

    /// Whether another run under review corrects, since this was calculated, a month this one corrects too.
    fn is_stale(&self, at: usize) -> bool {
        let mine = &self.runs[at];
        self.runs.iter().any(|r| {
            r.id != mine.id
                && r.state != RunState::Calculated
                && r.submitted_at >= mine.calculated_at
                && r.late.keys().any(|month| mine.late.contains_key(month))
        })
    }

    async fn moved(&mut self, at: usize) {
        let run = self.app.store.run(self.runs[at].id).await.unwrap().unwrap();
        let next = match self.runs[at].state {
            RunState::Calculated => RunState::InReview,
            RunState::InReview => RunState::Approved,
            RunState::Approved => RunState::Closed,
            _ => RunState::Paid,
        };
        assert_eq!(run.state, next, "seed {}", self.seed);
        self.runs[at].state = next;
        let sums = self.runs[at].sums();
        match next {
            RunState::InReview => self.runs[at].submitted_at = run.submitted.as_ref().unwrap().1,
            RunState::Closed => {
                self.closed.push(run.id);
                for (payee, fen) in sums {
                    *self
                        .accounts
                        .entry(format!("payable:employee:{payee}"))
                        .or_default() += fen;
                    *self.accounts.entry(format!("expense:{SCHEME}")).or_default() -= fen;
                }
                self.runs[at].book = self.book(&run).await;
            }
            RunState::Paid => {
                // What every closed run gives is kept for it; what the account is then short of, the first closed settles.
                let known = |id: &i64| self.runs.iter().find(|r| r.id == *id).unwrap().sums();
                let open: Vec<BTreeMap<String, i64>> = self.closed.iter().map(known).collect();
                let before = self.closed.iter().take_while(|id| **id != run.id).count();
                self.closed.remove(before);
                for (payee, gives) in sums {
                    let owed = self
                        .accounts
                        .entry(format!("payable:employee:{payee}"))
                        .or_default();
                    let given = |runs: &[BTreeMap<String, i64>]| -> i64 {
                        runs.iter()
                            .filter_map(|run| run.get(&payee))
                            .map(|fen| (*fen).max(0))
                            .sum()
                    };
                    let short = (given(&open) - *owed).max(0);
                    let left = (short - given(&open[..before])).max(0);
                    let paid = (gives - left).max(0);
                    *owed -= paid;
                    *self.accounts.entry("cash".to_owned()).or_default() += paid;
                }
            }
            _ => {}
        }
    }

    /// Everything of a closed run that never changes.
    async fn book(&self, run: &Run) -> String {
        let lines = self
            .app
            .store
            .run_lines(run.id, None, None, i64::MAX)
            .await
            .unwrap();
        let kept = Run {
            state: RunState::Closed,
            paid: None,
            ..run.clone()
        };
        format!("{kept:?}{lines:?}")
    }

    async fn whole(&self) {
        let report = check_ledger(&self.app).await.unwrap();
        assert_eq!(
            (report.broken_at, report.trial_balance),
            (None, 0),
            "seed {}",
            self.seed
        );
    }

    async fn compare(&self) {
        self.whole().await;
        let all = self.app.store.trial_balance().await.unwrap();
        let told: BTreeMap<String, i64> = all.into_iter().filter(|(_, fen)| *fen != 0).collect();
        let should: BTreeMap<String, i64> = self
            .accounts
            .iter()
            .filter(|(_, fen)| **fen != 0)
            .map(|(account, fen)| (account.clone(), *fen))
            .collect();
        assert_eq!(told, should, "seed {}", self.seed);
    }

    async fn end(self) -> End {
        let mut closed = 0;
        for known in self.runs.iter().filter(|r| r.is_booked()) {
            closed += 1;
            let run = self.app.store.run(known.id).await.unwrap().unwrap();
            assert_eq!(
                self.book(&run).await,
                known.book,
                "seed {}: a closed book changed",
                self.seed
            );
            let again = replay(&self.app, known.id).await.unwrap();
            assert!(again.is_same(), "seed {}: {again:?}", self.seed);
        }
        let report = check_ledger(&self.app).await.unwrap();
        End {
            head: report.head,
            entries: report.entries,
            closed,
        }
    }
}
