//! Data for the run: links through the program's own hidden filler, a backlog through its own spool.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use bole::classify::{Network, Visitor};
use bole::domain::{Class, ClickId, ClickReason, LinkId};
use bole::spool::{ClickRecord, NodeName, Record, Spool, SpoolSettings};
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

use crate::server::Server;

fn bole(data: &Path, args: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_bole"))
        .args(args)
        .arg("--data-dir")
        .arg(data)
        .output()
        .expect("bole");
    assert!(
        output.status.success(),
        "bole {args:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("text")
}

/// Fills the store with links; the codes the load will ask for.
pub fn links(data: &Path, count: u64) -> Vec<String> {
    bole(data, &["bench-fill", "--links", &count.to_string()]);
    let step = (count / 5_000).max(1);
    (1..=count)
        .step_by(usize::try_from(step).expect("small"))
        .map(|n| format!("bench{n}"))
        .collect()
}

/// The small MMDB file of the tests, so that the geo code runs.
pub fn geo_file() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/geo");
    let entries = std::fs::read_dir(folder).ok()?;
    entries
        .filter_map(Result::ok)
        .map(|e| e.path())
        .find(|p| p.extension().is_some_and(|x| x == "mmdb"))
}

/// Writes clicks of the last twelve weeks to the spool, as if the store had been away; how many seconds it took.
pub fn backlog(data: &Path, clicks: u64, links: u64) -> f64 {
    let begin = Instant::now();
    let now = jiff::Timestamp::from_millisecond(unix_ms()).expect("now");
    let node = NodeName::parse("node-1").expect("a name");
    let settings = SpoolSettings {
        total_bytes: 64 << 30,
        ..SpoolSettings::new(data.join("spool"), node)
    };
    let spool = Spool::open(settings, now).expect("spool");
    let mut rng = SmallRng::seed_from_u64(7);
    let span = 84 * 86_400_000_i64;
    for n in 0..clicks {
        let back = span - i64::try_from(n * u64::try_from(span).expect("positive") / clicks).expect("small");
        let at = jiff::Timestamp::from_millisecond(now.as_millisecond() - back).expect("past");
        let word = rng.next_u64();
        let address = IpAddr::from([20 + (word % 200) as u8, (word >> 8) as u8, (word >> 16) as u8, 0]);
        let mut id = [0u8; 12];
        rng.fill_bytes(&mut id);
        let record = Record::Click(ClickRecord {
            id: ClickId::new(at, &mut rng),
            link: LinkId(i64::try_from((word >> 24) % links + 1).expect("small")),
            class: Class::Human,
            reason: ClickReason::Person,
            visitor: Visitor::Cookie(id),
            issued: None,
            scan: word & (1 << 60) != 0,
            network: Network::of(address),
            user_agent: "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 MicroMessenger/8.0.62(0x18003e2f) NetType/WIFI Language/zh_CN",
            language: "zh-CN,zh;q=0.9",
            referrer_host: "mp.weixin.qq.com",
        });
        let _ = spool.append(&record).expect("append");
    }
    begin.elapsed().as_secs_f64()
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures the real time")]
fn unix_ms() -> i64 {
    let since = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .expect("after 1970");
    i64::try_from(since.as_millis()).expect("before 292 million")
}

/// Waits until the store holds that many clicks.
pub fn wait_loaded(data: &Path, clicks: u64) {
    loop {
        let count: u64 = bole(data, &["bench-fill", "--count"])
            .trim()
            .parse()
            .expect("a count");
        if count >= clicks {
            return;
        }
        std::thread::sleep(Duration::from_millis(500));
    }
}

/// Times the board and the results page against the store as it is now.
pub fn pages(data: &Path, server: &Server) {
    let key = bole(data, &["api-key", "create", "--name", "bench", "--role", "admin"]);
    let cookie = sign_in(server);
    println!("\npages, median of 21");
    for (name, path) in [
        (
            "leaderboard (API, week)",
            "/api/v1/leaderboard?metric=clicks&by=employee",
        ),
        (
            "leaderboard (API, teams)",
            "/api/v1/leaderboard?metric=points&by=team",
        ),
        ("board page", "/app/board"),
        ("results page", "/app/results"),
        ("results page, all time", "/app/results?span=all"),
    ] {
        let mut times: Vec<f64> = (0..21)
            .map(|_| fetch(server, path, key.trim(), cookie.trim()))
            .collect();
        times.sort_by(f64::total_cmp);
        println!("  {name:<26}{:>8.1} ms", times[10]);
    }
}

/// Signs in as the filler's employee; the session's cookie.
fn sign_in(server: &Server) -> String {
    use std::io::{Read, Write};
    let body = "login=bench&password=vier-pferde-41";
    let mut stream = std::net::TcpStream::connect(server.addr).expect("connect");
    write!(
        stream,
        "POST /app/signin HTTP/1.1\r\nHost: {}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        server.addr,
        body.len()
    )
    .expect("send");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("answer");
    let cookies = answer.lines().filter_map(|l| {
        l.split_once(": ")
            .filter(|(k, _)| k.eq_ignore_ascii_case("set-cookie"))
    });
    let pairs: Vec<&str> = cookies.filter_map(|(_, v)| v.split(';').next()).collect();
    assert!(!pairs.is_empty(), "no session: {answer}");
    pairs.join("; ")
}

fn fetch(server: &Server, path: &str, key: &str, cookie: &str) -> f64 {
    use std::io::{Read, Write};
    let begin = Instant::now();
    let mut stream = std::net::TcpStream::connect(server.addr).expect("connect");
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {key}\r\nCookie: {cookie}\r\nConnection: close\r\n\r\n",
        server.addr
    )
    .expect("send");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("answer");
    assert!(
        answer.starts_with(b"HTTP/1.1 200"),
        "{path}: {}",
        String::from_utf8_lossy(&answer[..answer.len().min(300)])
    );
    begin.elapsed().as_secs_f64() * 1e3
}
