//! The load generator: keep-alive connections, closed loop or constant rate, latencies in a histogram.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Latencies in buckets of about 3 % width, microseconds.
#[derive(Clone)]
pub struct Histogram {
    buckets: Vec<u64>,
    count: u64,
}

impl Histogram {
    pub fn new() -> Self {
        Self {
            buckets: vec![0; 1024],
            count: 0,
        }
    }

    fn index(us: f64) -> usize {
        ((us.max(1.0).ln() * 32.0) as usize).min(1023)
    }

    pub fn add(&mut self, latency: Duration) {
        self.buckets[Self::index(latency.as_secs_f64() * 1e6)] += 1;
        self.count += 1;
    }

    pub fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.buckets.iter_mut().zip(&other.buckets) {
            *mine += theirs;
        }
        self.count += other.count;
    }

    /// The latency that this share of the answers stayed below, microseconds.
    pub fn quantile(&self, q: f64) -> f64 {
        let wanted = (self.count as f64 * q).ceil() as u64;
        let mut seen = 0;
        for (i, n) in self.buckets.iter().enumerate() {
            seen += n;
            if seen >= wanted && seen > 0 {
                return ((i as f64 + 1.0) / 32.0).exp();
            }
        }
        0.0
    }
}

/// What one round of load saw.
pub struct Outcome {
    pub answers: u64,
    pub refused: u64,
    pub seconds: f64,
    pub latency: Histogram,
}

/// Requests are prepared before the clock runs: the generator must cost the same for every server.
pub struct Plan {
    pub addr: SocketAddr,
    pub requests: Arc<Vec<Vec<u8>>>,
    pub connections: usize,
    pub duration: Duration,
    /// Requests per second over all connections; `None` as fast as answers come.
    pub rate: Option<f64>,
}

pub async fn run(plan: &Plan) -> Outcome {
    let stop = Arc::new(AtomicBool::new(false));
    let refused = Arc::new(AtomicU64::new(0));
    let begin = Instant::now();
    let mut tasks = Vec::new();
    for n in 0..plan.connections {
        let (stop, refused, requests) = (stop.clone(), refused.clone(), plan.requests.clone());
        let (addr, connections, rate) = (plan.addr, plan.connections, plan.rate);
        tasks.push(tokio::task::spawn_local(async move {
            let mut latency = Histogram::new();
            let Ok(mut stream) = TcpStream::connect(addr).await else {
                refused.fetch_add(1, Ordering::Relaxed);
                return latency;
            };
            let _ = stream.set_nodelay(true);
            let mut buffer = vec![0u8; 4096];
            let mut turn = n;
            let gap = rate.map(|r| Duration::from_secs_f64(connections as f64 / r));
            // Spread the connections over one gap; latency counts from when a request was due, so that a stalled
            // server cannot hide behind requests that were never sent (coordinated omission).
            let mut due = gap.map(|g| begin + g.mul_f64(n as f64 / connections as f64));
            while !stop.load(Ordering::Relaxed) {
                let from = match (&mut due, gap) {
                    (Some(at), Some(gap)) => {
                        tokio::time::sleep_until((*at).into()).await;
                        let from = *at;
                        *at += gap;
                        from
                    }
                    _ => Instant::now(),
                };
                let request = &requests[turn % requests.len()];
                turn += connections;
                if stream.write_all(request).await.is_err() {
                    refused.fetch_add(1, Ordering::Relaxed);
                    break;
                }
                if read_answer(&mut stream, &mut buffer).await != Some(302) {
                    refused.fetch_add(1, Ordering::Relaxed);
                    break;
                }
                latency.add(from.elapsed());
            }
            latency
        }));
    }
    tokio::time::sleep(plan.duration).await;
    stop.store(true, Ordering::Relaxed);
    let mut latency = Histogram::new();
    for task in tasks {
        if let Ok(mine) = task.await {
            latency.merge(&mine);
        }
    }
    Outcome {
        answers: latency.count,
        refused: refused.load(Ordering::Relaxed),
        seconds: begin.elapsed().as_secs_f64(),
        latency,
    }
}

/// Reads one answer without a body to its end; its status.
async fn read_answer(stream: &mut TcpStream, buffer: &mut [u8]) -> Option<u16> {
    let mut filled = 0;
    loop {
        let n = stream.read(&mut buffer[filled..]).await.ok()?;
        if n == 0 {
            return None;
        }
        filled += n;
        if buffer[..filled].ends_with(b"\r\n\r\n") {
            return std::str::from_utf8(buffer.get(9..12)?).ok()?.parse().ok();
        }
        if filled == buffer.len() {
            return None;
        }
    }
}

/// Requests as phones send them: many agents, languages, referrers and networks (through a trusted proxy's header).
pub fn requests(host: SocketAddr, codes: &[String], count: usize) -> Vec<Vec<u8>> {
    const AGENTS: &[&str] = &[
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 MicroMessenger/8.0.62(0x18003e2f) NetType/WIFI Language/zh_CN",
        "Mozilla/5.0 (Linux; Android 15; 24069PC21C Build/AQ3A.240627.003; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/134.0.6998.136 Mobile Safari/537.36 XWEB/1340129 MMWEBSDK/20250201 MicroMessenger/8.0.60.2860(0x28003C3D) WeChat/arm64 Weixin NetType/5G Language/zh_CN ABI/arm64",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Safari/605.1.15",
        "Mozilla/5.0 (Linux; Android 14; V2309A) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Mobile Safari/537.36",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 [FBAN/FBIOS;FBAV/480.0.0.49.105]",
    ];
    (0..count)
        .map(|i| {
            let code = &codes[(i * 7919) % codes.len()];
            let agent = AGENTS[i % AGENTS.len()];
            let (a, b, c) = (i % 200 + 20, (i / 200) % 250, i % 250 + 1);
            format!(
                "GET /{code} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: {agent}\r\nAccept: text/html,application/xhtml+xml\r\n\
                 Accept-Language: zh-CN,zh;q=0.9,en;q=0.8\r\nAccept-Encoding: gzip, deflate\r\n\
                 Referer: https://mp.weixin.qq.com/s/x\r\nX-Forwarded-For: {a}.{b}.{c}.9\r\n\r\n"
            )
            .into_bytes()
        })
        .collect()
}
