//! The payout engine at three sizes, each beside the plainest program that could do the sum: same machine, same run.
//!
//! ```text
//! cargo bench --bench payout                     100 000 payees, 1 000 000 facts, all documents; best of 3
//! cargo bench --bench payout -- --rounds 5
//! cargo bench --bench payout -- --firm           a month end: 10 000 people, 15 schemes, 1 000 000 facts, with store and pages
//! cargo bench --bench payout -- --firm --part 20   the same, twenty times smaller
//! ```
//!
//! Ratios are the result; seconds depend on the machine and its neighbours. The plain programs are what somebody would
//! write on an afternoon: they check nothing, explain nothing, and the second one pays in floats. The limits are the
//! product's own; the run ends with exit code 1 when one is missed.

mod firm;
mod month;

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use bole::payout::{Document, evaluate};

/// The allocator of the product, so that the figures are the product's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Payees of one pool.
const PAYEES: usize = 100_000;
/// Facts of one run.
const FACTS: usize = 1_000_000;
/// Sellers they belong to.
const SELLERS: usize = 2_000;

fn schemes() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemes");
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the schemes") {
        let path = entry.expect("a readable folder").path();
        if path.extension().is_some_and(|e| e == "toml") {
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            all.push((name, std::fs::read_to_string(&path).expect("a readable scheme")));
        }
    }
    all.sort();
    all
}

fn document(schemes: &[(String, String)], id: &str) -> Document {
    let name = format!("{id}.toml");
    let text = &schemes.iter().find(|s| s.0 == name).expect("a shipped scheme").1;
    Document::parse(&name, text).unwrap_or_else(|f| panic!("{}", f[0]))
}

/// The best of some rounds.
fn best(rounds: usize, mut f: impl FnMut() -> Duration) -> Duration {
    (0..rounds.max(1)).map(|_| f()).min().unwrap_or_default()
}

/// A team of many people who staked different amounts, and won.
fn pool_input() -> String {
    let mut json = String::from(
        "{\"period\":{\"from\":\"2026-10-01\",\"to\":\"2026-11-01\"},\"params\":{\"company_add\":\"600\"},\"roster\":[",
    );
    for n in 0..PAYEES {
        let comma = if n == 0 { "" } else { "," };
        let _ = write!(
            json,
            "{comma}{{\"id\":\"p{n}\",\"team\":\"A\",\"stake\":\"{}.{:02}\"}}",
            100 + n % 1900,
            n % 97
        );
    }
    json.push_str("],\"facts\":[{\"kind\":\"target\",\"occurred\":\"2026-10-01\",\"team\":\"A\",\"min\":\"1\",\"max\":\"2\"},\
        {\"kind\":\"receipt\",\"occurred\":\"2026-10-02\",\"team\":\"A\",\"amount\":\"1\"}]}");
    json
}

/// Stakes in fen as above.
fn stakes() -> Vec<i128> {
    let fen = |n: usize| i128::try_from((100 + n % 1900) * 100 + n % 97).expect("a small number");
    (0..PAYEES).map(fen).collect()
}

/// Largest remainder on machine integers.
fn plain_pool(fen: i128, weights: &[i128]) -> Vec<i128> {
    let sum: i128 = weights.iter().sum();
    let mut parts: Vec<i128> = weights.iter().map(|w| fen * w / sum).collect();
    let mut queue: Vec<usize> = (0..weights.len()).collect();
    queue.sort_by_key(|n| (-(fen * weights[*n] % sum), *n));
    let spare = usize::try_from(fen - parts.iter().sum::<i128>()).expect("a small number");
    for n in &queue[..spare] {
        parts[*n] += 1;
    }
    parts
}

/// First-batch receipts of many sellers; bands per seller.
fn facts_input() -> String {
    let mut json = String::with_capacity(FACTS * 130);
    json.push_str("{\"period\":{\"from\":\"2026-10-01\",\"to\":\"2026-11-01\"},\"params\":{},\"roster\":[");
    for n in 0..SELLERS {
        let comma = if n == 0 { "" } else { "," };
        let _ = write!(json, "{comma}{{\"id\":\"s{n}\",\"role\":\"sales\"}}");
    }
    json.push_str("],\"facts\":[");
    for n in 0..FACTS {
        let comma = if n == 0 { "" } else { "," };
        let _ = write!(
            json,
            "{comma}{{\"kind\":\"first_batch\",\"id\":\"f{n}\",\"occurred\":\"2026-10-{:02}\",\"seller\":\"s{}\",\"customer\":\"c{}\",\"amount\":\"{}.{:02}\"}}",
            1 + n % 31,
            n % SELLERS,
            n % 300_000,
            1 + n * 7 % 400,
            n % 100
        );
    }
    json.push_str("]}");
    json
}

/// Reads a tree, adds floats, takes a rate.
fn plain_facts(text: &str) -> f64 {
    let json: serde_json::Value = serde_json::from_str(text).expect("JSON");
    let mut sums: HashMap<&str, f64> = HashMap::new();
    for fact in json["facts"].as_array().expect("facts") {
        let amount: f64 = fact["amount"]
            .as_str()
            .expect("an amount")
            .parse()
            .expect("a number");
        *sums
            .entry(fact["seller"].as_str().expect("a seller"))
            .or_default() += amount;
    }
    let rate = |x: f64| {
        if x >= 100_000.0 {
            0.2
        } else if x >= 50_000.0 {
            0.15
        } else {
            0.1
        }
    };
    sums.values().map(|x| x * rate(*x)).sum()
}

/// Most memory this process ever held, in MB.
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|l| l.starts_with("VmHWM:"))?;
    line.split_whitespace()
        .nth(1)?
        .parse::<u64>()
        .ok()
        .map(|kb| kb / 1024)
}

/// The firm's month end, with its limits.
fn month_end(part: usize) {
    let mut missed = Vec::new();
    for found in firm::run(part.max(1)) {
        println!(
            "{:<44} {:>7.3} s  limit {:.1} s",
            found.name, found.took, found.limit
        );
        if found.took > found.limit {
            missed.push(found.name);
        }
    }
    if let Some(mb) = peak() {
        println!("{mb} MB at most");
    }
    if !missed.is_empty() {
        eprintln!("over the limit: {}", missed.join(", "));
        std::process::exit(1);
    }
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let number = |name: &str| {
        args.iter()
            .position(|a| a == name)
            .and_then(|n| args.get(n + 1)?.parse().ok())
    };
    if args.iter().any(|a| a == "--firm") {
        return month_end(number("--part").unwrap_or(1));
    }
    let rounds = number("--rounds").unwrap_or(3);
    let schemes = schemes();
    let mut missed = Vec::new();
    let mut say = |name: &str, took: Duration, plain: (&str, Duration), limit: f64, more: &str| {
        let (s, p) = (took.as_secs_f64(), plain.1.as_secs_f64());
        println!(
            "{name:<44} {s:>7.3} s  limit {limit:.1} s   {:>6.1} × {} ({p:.4} s){more}",
            s / p,
            plain.0
        );
        if s > limit {
            missed.push(name.to_owned());
        }
    };

    // The largest first, in a process that has held nothing else: its peak is this run's.
    let doc = document(&schemes, "07-new-customers");
    let text = facts_input();
    let (mut lines, mut read) = (0, Duration::MAX);
    let took = best(rounds, || {
        let start = Instant::now();
        let input = doc
            .input_text(&text)
            .unwrap_or_else(|r| panic!("{}: {}", r.path, r.what));
        read = read.min(start.elapsed());
        let run = evaluate(&doc, input).unwrap_or_else(|s| panic!("{s}"));
        lines = run.outcome.lines.len();
        start.elapsed()
    });
    assert_eq!(lines % SELLERS, 0, "every seller has his lines");
    let memory = peak().map_or(String::new(), |mb| {
        format!(
            ", read {:.3} s, {mb} MB at most with the {} MB of JSON",
            read.as_secs_f64(),
            text.len() / 1_000_000
        )
    });
    let plain = best(rounds, || {
        let start = Instant::now();
        assert!(plain_facts(&text) > 0.0);
        start.elapsed()
    });
    say(
        "1 000 000 facts, JSON to lines, banded",
        took,
        ("a tree and floats", plain),
        5.0,
        &memory,
    );
    drop(text);

    let doc = document(&schemes, "10-team-pk");
    let text = pool_input();
    let took = best(rounds, || {
        let start = Instant::now();
        let input = doc
            .input_text(&text)
            .unwrap_or_else(|r| panic!("{}: {}", r.path, r.what));
        let run = evaluate(&doc, input).unwrap_or_else(|s| panic!("{s}"));
        assert_eq!(run.outcome.lines.len(), PAYEES);
        start.elapsed()
    });
    let weights = stakes();
    let plain = best(rounds, || {
        let start = Instant::now();
        assert_eq!(
            plain_pool(1_000_000_007, &weights).iter().sum::<i128>(),
            1_000_000_007
        );
        start.elapsed()
    });
    say(
        "100 000 payees in one pool, JSON to lines",
        took,
        ("integers in memory", plain),
        0.5,
        "",
    );

    let took = best(rounds, || {
        let start = Instant::now();
        for (name, text) in &schemes {
            Document::accept(name, text).unwrap_or_else(|f| panic!("{}", f[0]));
        }
        start.elapsed()
    });
    let plain = best(rounds, || {
        let start = Instant::now();
        let tables: BTreeMap<&str, toml::Table> = schemes
            .iter()
            .map(|(n, t)| (n.as_str(), t.parse().expect("TOML")))
            .collect();
        assert_eq!(tables.len(), schemes.len());
        start.elapsed()
    });
    let name = format!("checking {} documents with their examples", schemes.len());
    say(&name, took, ("reading the TOML", plain), 0.2, "");
    if !missed.is_empty() {
        eprintln!("over the limit: {}", missed.join(", "));
        std::process::exit(1);
    }
}
