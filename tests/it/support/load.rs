//! A load on the redirect: keep-alive connections that remember every click they were answered.

use std::collections::HashSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use uuid::Uuid;

/// User agents of people; the load takes them in turn, so that not every click is a repeat.
const AGENTS: [&str; 4] = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 \
     MicroMessenger/8.0.54(0x18003633) NetType/WIFI Language/zh_CN",
    "Mozilla/5.0 (Linux; Android 14; PHK110) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:140.0) Gecko/20100101 Firefox/140.0",
];

/// What a load was told.
#[derive(Debug, Default)]
pub struct Told {
    /// Clicks whose 302 arrived whole.
    pub clicks: HashSet<Uuid>,
    /// Requests that were sent and not answered whole: their clicks may or may not be there.
    pub unanswered: u64,
    /// Answers other than 302.
    pub others: Vec<String>,
}

impl Told {
    /// Adds another load's.
    pub fn add(&mut self, other: Self) {
        let before = self.clicks.len() + other.clicks.len();
        self.clicks.extend(other.clicks);
        assert_eq!(self.clicks.len(), before, "a click id was handed out twice");
        self.unanswered += other.unanswered;
        self.others.extend(other.others);
    }
}

/// A running load; [`Load::stop`] ends it.
pub struct Load {
    stop: Arc<AtomicBool>,
    tasks: JoinSet<Told>,
}

impl Load {
    /// Starts `connections` connections to `http://host:port` asking for `codes` in turn, as fast as they are
    /// answered. Each request comes "from" another network: the server under test must trust 127.0.0.0/8 as proxy.
    pub fn start(base: &str, codes: &[String], connections: u32) -> Self {
        let address: SocketAddr = base.trim_start_matches("http://").parse().expect("host:port");
        let stop = Arc::new(AtomicBool::new(false));
        let mut tasks = JoinSet::new();
        for number in 0..connections {
            let (stop, codes) = (stop.clone(), codes.to_vec());
            tasks.spawn(async move { one_connection(address, &codes, number, &stop).await });
        }
        Self { stop, tasks }
    }

    /// Lets every connection finish the request it is at (or lose it, when the server is dead) and sums up.
    pub async fn stop(self) -> Told {
        self.stop.store(true, Ordering::SeqCst);
        let mut sum = Told::default();
        for told in self.tasks.join_all().await {
            sum.add(told);
        }
        sum
    }
}

async fn one_connection(address: SocketAddr, codes: &[String], number: u32, stop: &AtomicBool) -> Told {
    let mut told = Told::default();
    let mut turn: u32 = 0;
    while !stop.load(Ordering::SeqCst) {
        let Ok(mut stream) = TcpStream::connect(address).await else {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            continue;
        };
        let _ = stream.set_nodelay(true);
        let mut buffer = Vec::with_capacity(4096);
        while !stop.load(Ordering::SeqCst) {
            turn += 1;
            let request = request(codes, number, turn);
            if stream.write_all(request.as_bytes()).await.is_err() {
                told.unanswered += 1;
                break;
            }
            match answer(&mut stream, &mut buffer).await {
                Some(Ok(click)) => assert!(told.clicks.insert(click), "click id {click} twice"),
                Some(Err(other)) => told.others.push(other),
                None => {
                    told.unanswered += 1;
                    break;
                }
            }
        }
    }
    told
}

fn request(codes: &[String], number: u32, turn: u32) -> String {
    let code = &codes[(number.wrapping_mul(7).wrapping_add(turn) as usize) % codes.len()];
    let agent = AGENTS[(turn as usize) % AGENTS.len()];
    let from = Ipv4Addr::from_bits(0x0B00_0000 | (number << 18) | (turn & 0x3_FFFF));
    format!(
        "GET /{code} HTTP/1.1\r\nHost: bole.test\r\nUser-Agent: {agent}\r\nAccept: text/html\r\n\
         Accept-Language: zh-CN,zh;q=0.9\r\nX-Forwarded-For: {from}\r\n\r\n"
    )
}

/// One whole answer: the click of a 302, or what else it was; `None` when the connection ended before.
async fn answer(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<Result<Uuid, String>> {
    buffer.clear();
    let head_end = loop {
        if let Some(at) = buffer.windows(4).position(|w| w == b"\r\n\r\n") {
            break at + 4;
        }
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8_lossy(&buffer[..head_end]).into_owned();
    let header = |name: &str| {
        let mut lines = head.lines().filter_map(|line| line.split_once(':'));
        lines
            .find(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim().to_owned())
    };
    let length: usize = header("content-length").map_or(0, |v| v.parse().expect("a content-length"));
    while buffer.len() < head_end + length {
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    }
    let location = header("location").unwrap_or_default();
    let status = head.lines().next().unwrap_or_default().to_owned();
    Some(if status.contains(" 302 ") {
        click_of(&location).ok_or(location)
    } else {
        Err(status)
    })
}

/// The click id in the token of a redirect's `Location`.
pub fn click_of(location: &str) -> Option<Uuid> {
    let (_, rest) = location.split_once("bclid=")?;
    let token = &rest[..rest.find(['&', '#']).unwrap_or(rest.len())];
    let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
    Uuid::from_slice(bytes.get(2..18)?).ok()
}
