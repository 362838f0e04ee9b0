//! Two nodes on one store: each remembers what the other stored, and reads it once.

use std::sync::atomic::Ordering;

use bole::redirect::loader::Loader;
use bole::spool::{NodeName, Record, Spool, SpoolSettings};

use super::growth::{CLICKS, Who, story};
use super::scene::Scene;
use crate::support::api::client;
use crate::support::scene::Scene as Firm;
use crate::support::server::Server;
use crate::support::{TestDb, noon};

/// Clicks between two batches.
const BATCH: usize = 50;

async fn rows_read_in_turns(
    scene: &Scene,
    spools: &[&Spool; 2],
    who: &[bole::spool::ClickRecord<'static>],
) -> u64 {
    let second = NodeName::parse("n2").unwrap();
    let mut loaders: [Loader; 2] = [scene.loader(), scene.loader_of(second)];
    for (n, some) in who.chunks(BATCH).enumerate() {
        for click in some {
            let _ = spools[n % 2].append(&Record::Click(*click)).unwrap();
        }
        loaders[n % 2].catch_up().await.unwrap();
    }
    let read = |loader: &Loader| loader.counts().rows_read.load(Ordering::Relaxed);
    loaders.iter().map(read).sum()
}

async fn given_two_nodes_that_take_turns_when_loaded_then_classes_are_one_nodes_and_each_click_is_read_a_few_times(
    db: TestDb,
) {
    let mut scene = Scene::new(db).await;
    let root = scene.db.dir.path().join("spool");
    let second = NodeName::parse("n2").unwrap();
    let other = Spool::open(SpoolSettings::new(root, second), noon()).unwrap();
    for (who, links) in [
        (Who::OneHash, 5),
        (Who::OneCookie, 1),
        (Who::Crowd, 1),
        (Who::Crowd, 5),
    ] {
        let clicks = story(&mut scene, who, links);
        for click in &clicks {
            scene.write(Record::Click(*click));
        }
        scene.load().await;
        let alone = scene.classes().await;
        scene.clear().await;
        let read = rows_read_in_turns(&scene, &[&scene.spool, &other], &clicks).await;
        scene.assert_counts().await;
        assert_eq!(alone, scene.classes().await, "{who:?} on {links} links");
        scene.clear().await;
        let story = format!("{who:?} on {links} links: {read} rows read");
        println!("{story}");
        assert!(read <= 4 * CLICKS.unsigned_abs(), "{story}");
    }
}

both!(
    given_two_nodes_that_take_turns_when_loaded_then_classes_are_one_nodes_and_each_click_is_read_a_few_times
);

const AGENT: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36";

/// Follows a link; the cookie it sets.
async fn follow(server: &Server, code: &str, cookie: Option<&str>, language: &str) -> Option<String> {
    let mut request = client()
        .get(format!("{}/{code}", server.base))
        .header("user-agent", AGENT)
        .header("accept-language", language);
    if let Some(cookie) = cookie {
        request = request.header("cookie", cookie);
    }
    let answer = request.send().await.expect("an answer");
    assert_eq!(answer.status(), 302);
    let set = answer.headers().get("set-cookie")?.to_str().ok()?;
    Some(set.split(';').next()?.to_owned())
}

fn rows_read(metrics: &str) -> u64 {
    let line = metrics
        .lines()
        .find(|l| l.starts_with("bole_loader_rows_read_total"));
    line.and_then(|l| l.rsplit(' ').next()?.parse().ok()).unwrap_or(0)
}

async fn metrics(server: &Server) -> String {
    let answer = client().get(format!("{}/metrics", server.base)).send().await;
    answer.expect("metrics").text().await.expect("text")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn given_two_servers_on_one_store_when_visitors_go_from_one_to_the_other_then_their_second_click_is_a_repeat()
 {
    let name = crate::support::db::unique_name();
    let url = crate::support::shared::create_database(&name).await;
    let secret = "5c".repeat(32);
    let settings = |node| {
        [
            ("database_url", url.as_str()),
            ("secret_key", secret.as_str()),
            ("node", node),
        ]
    };
    let mut one = Server::with(&settings("one")).await;
    let mut two = Server::with(&settings("two")).await;
    let firm = Firm::lay(&one, 2, "https://shop.example/autumn").await;
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    let (link, servers) = (&firm.codes[0], [&one, &two]);
    // Each comes twice, to another node the second time, some with their cookie and some without.
    for visitor in 0..24_usize {
        let language = format!("de-{visitor:02}");
        let (first, then) = (servers[visitor % 2], servers[(visitor + 1) % 2]);
        let cookie = follow(first, link, None, &language).await;
        tokio::time::sleep(std::time::Duration::from_millis(120)).await;
        let cookie = cookie.as_deref().filter(|_| visitor % 3 > 0);
        follow(then, link, cookie, &language).await;
    }
    let end = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while firm.count("").await < 48 && std::time::Instant::now() < end {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert_eq!(
        (firm.count("class=human").await, firm.count("class=repeat").await),
        (24, 24)
    );
    let read: u64 = rows_read(&metrics(&one).await) + rows_read(&metrics(&two).await);
    assert!(read <= 48 * 6, "{read} rows read for 48 clicks");
    one.stop().await;
    two.stop().await;
    crate::support::shared::drop_database(&name).await;
}
