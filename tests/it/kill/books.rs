//! The comparison: clicks that were answered against clicks that are there.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use uuid::Uuid;

use crate::support::load::Told;
use crate::support::scene::Scene;

/// Waits until at least `clicks` rows are there and their number stands still.
pub async fn settled(scene: &Scene, clicks: usize, patience: Duration) {
    let end = Instant::now() + patience;
    let mut before = None;
    loop {
        let now = scene.count("").await;
        if now >= clicks as u64 && before == Some(now) {
            return;
        }
        assert!(
            Instant::now() < end,
            "{now} of at least {clicks} clicks are there after {patience:?}"
        );
        before = Some(now);
        tokio::time::sleep(Duration::from_millis(400)).await;
    }
}

/// Asserts that nothing is lost, nothing doubled, nothing invented, and that rollups equal a recount. `cut` clicks
/// may be missing because the test itself cut them off. Gives (rows, lost).
pub async fn balanced(scene: &Scene, told: &Told, cut: usize) -> (usize, usize) {
    assert!(
        told.others.is_empty(),
        "not all answers were 302: {:?}",
        &told.others[..told.others.len().min(5)]
    );
    let mut seen: HashMap<Uuid, u32> = HashMap::new();
    let mut rows = 0;
    for code in &scene.codes {
        let list = scene.clicks(&format!("link={code}")).await;
        for row in &list {
            let id = row["id"]
                .as_str()
                .and_then(|id| id.parse().ok())
                .unwrap_or_else(|| panic!("no id: {row}"));
            *seen.entry(id).or_default() += 1;
        }
        let stats = scene.stats(code).await;
        let class = |name: &str| list.iter().filter(|row| row["class"] == name).count();
        assert_eq!(
            stats["requests"],
            list.len(),
            "requests of {code}: rollup against rows"
        );
        assert_eq!(
            stats["human"],
            class("human"),
            "humans of {code}: rollup against rows"
        );
        let valid = list.iter().filter(|row| row["valid"] == true).count();
        assert_eq!(
            stats["valid"], valid,
            "valid clicks of {code}: rollup against rows"
        );
        rows += list.len();
    }
    assert_eq!(scene.count("").await, rows as u64, "the count against the list");
    let doubled: Vec<&Uuid> = seen
        .iter()
        .filter(|(_, times)| **times > 1)
        .map(|(id, _)| id)
        .collect();
    assert!(
        doubled.is_empty(),
        "{} clicks are there twice: {:?}",
        doubled.len(),
        &doubled[..doubled.len().min(5)]
    );
    let lost: Vec<&Uuid> = told.clicks.iter().filter(|id| !seen.contains_key(id)).collect();
    assert!(
        lost.len() <= cut,
        "{} answered clicks are lost, at most {cut} may be: {:?}",
        lost.len(),
        &lost[..lost.len().min(5)]
    );
    let invented = seen.len() - (told.clicks.len() - lost.len());
    let unanswered = usize::try_from(told.unanswered).expect("a small number");
    assert!(
        invented <= unanswered,
        "{invented} clicks nobody was answered for, but {unanswered} requests were cut off"
    );
    (rows, lost.len())
}
