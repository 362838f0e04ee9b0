//! A spool, a loader, people and links to click on.

use std::sync::Arc;

use bole::classify::{Network, Visitor};
use bole::domain::{Class, ClickId, ClickReason, Clock as _, LinkId, Programme};
use bole::geo::Geo;
use bole::redirect::loader::{Loader, LoaderParts, Rules};
use bole::spool::{BeaconKind, BeaconRecord, ClickRecord, NodeName, Record, Spool, SpoolSettings};
use bole::storage::Store;
use bole::storage::clicks::{ClickFilter, ClickView};
use rand::SeedableRng as _;
use rand::rngs::StdRng;

use crate::points::people::{sql, staff};
use crate::support::{Kind, TestDb, at};

pub const IPHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
     Version/17.5 Mobile/15E148 Safari/604.1";
pub const WECHAT: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
     Mobile/15E148 MicroMessenger/8.0.49(0x18003137) NetType/WIFI Language/zh_CN";

/// Milliseconds of 18 November 2026, 10:00 in Shanghai.
pub fn ten() -> i64 {
    at("2026-11-18T02:00:00Z").as_millisecond()
}

/// Where clicks are written and loaded from.
pub struct Scene {
    pub db: TestDb,
    pub spool: Spool,
    pub rng: StdRng,
}

pub fn node() -> NodeName {
    NodeName::parse("n1").unwrap()
}

impl Scene {
    pub async fn new(db: TestDb) -> Self {
        staff(&db.store).await;
        Self::over(db)
    }

    /// Over a store with staff in it.
    pub fn over(db: TestDb) -> Self {
        let settings = SpoolSettings::new(db.dir.path().join("spool"), node());
        let spool = Spool::open(settings, db.clock.now()).unwrap();
        Self {
            db,
            spool,
            rng: StdRng::seed_from_u64(5),
        }
    }

    pub fn loader_on(&self, store: Store) -> Loader {
        self.loader_with(store, node())
    }

    pub fn loader_of(&self, node: NodeName) -> Loader {
        self.loader_with(self.db.store.clone(), node)
    }

    fn loader_with(&self, store: Store, node: NodeName) -> Loader {
        Loader::new(LoaderParts {
            store,
            root: self.db.dir.path().join("spool"),
            node,
            geo: Arc::new(Geo::default()),
            rules: Rules::of(&Programme::default()),
            clock: self.db.clock.clone(),
            table: None,
        })
    }

    pub fn loader(&self) -> Loader {
        self.loader_on(self.db.store.clone())
    }

    /// A click record at so many milliseconds after ten.
    pub fn click(&mut self, after_ms: i64, link: i64) -> ClickRecord<'static> {
        let at = jiff::Timestamp::from_millisecond(ten() + after_ms).unwrap();
        ClickRecord {
            id: ClickId::new(at, &mut self.rng),
            link: LinkId(link),
            class: Class::Human,
            reason: ClickReason::Person,
            visitor: Visitor::None,
            issued: None,
            scan: false,
            network: Network::of("203.0.113.9".parse().unwrap()),
            user_agent: IPHONE,
            language: "zh-CN,zh;q=0.9",
            referrer_host: "",
        }
    }

    pub fn write(&self, record: Record<'_>) {
        let _ = self.spool.append(&record).unwrap();
    }

    /// Forgets all clicks and whatever came of them; the spools are consumed.
    pub async fn clear(&self) {
        // The ledger only grows: its guard is put aside for a moment.
        let lift = match self.db.kind {
            Kind::Sqlite => "drop trigger if exists point_entries_no_delete;",
            Kind::Postgres => "alter table point_entries disable trigger user;",
        };
        sql(&self.db.store, lift).await.unwrap();
        sql(
            &self.db.store,
            "delete from clicks; delete from orphan_beacons; delete from loader_batches; delete from point_entries; delete from point_balances; \
             delete from employee_day; delete from employee_month; delete from link_totals; delete from link_recent; delete from campaign_hour;",
        )
        .await
        .unwrap();
    }

    pub async fn load(&self) {
        self.loader().catch_up().await.unwrap();
        self.assert_counts().await;
    }

    /// Rollups equal to a recount.
    pub async fn assert_counts(&self) {
        assert_eq!(
            self.db.store.recount(&Programme::default().zone).await.unwrap(),
            []
        );
    }

    pub async fn rows(&self) -> Vec<ClickView> {
        let mut rows = self
            .db
            .store
            .clicks(&ClickFilter::default(), None, 10_000)
            .await
            .unwrap();
        rows.reverse();
        rows
    }

    /// Class and reason of every click, in their order.
    pub async fn classes(&self) -> Vec<String> {
        self.rows()
            .await
            .iter()
            .map(|r| format!("{} {}", r.class, r.reason))
            .collect()
    }
}

pub fn by_hash(hash: u8) -> Visitor {
    Visitor::Hash([hash; 12])
}

pub fn by_cookie(cookie: u8) -> Visitor {
    Visitor::Cookie([cookie; 12])
}

/// A beacon of a click so many milliseconds after ten.
pub fn beacon(
    click: ClickId,
    kind: BeaconKind,
    after_ms: i64,
    visible_ms: u32,
    page: Option<u8>,
) -> BeaconRecord {
    BeaconRecord {
        click,
        at_ms: ten() + after_ms,
        kind,
        visible_ms,
        interacted: true,
        page_visitor: page.map(|p| [p; 16]),
    }
}
