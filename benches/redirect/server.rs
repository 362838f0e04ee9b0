//! The two servers under test, each a process of its own, and what the system says of them.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A server process; killed on drop.
pub struct Server {
    pub addr: SocketAddr,
    child: Child,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn free_port() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("its address")
}

impl Server {
    /// A bare axum handler that answers a fixed 302: this binary, started again.
    pub fn bare() -> Self {
        let addr = free_port();
        let me = std::env::current_exe().expect("own path");
        let child = Command::new(me)
            .args(["--serve-bare", &addr.to_string()])
            .spawn()
            .expect("bare server");
        Self { addr, child }
    }

    /// The real server with everything on.
    pub fn bole(data_dir: &Path, geo: Option<&Path>, more: &[&str]) -> Self {
        let addr = free_port();
        let mut command = Command::new(env!("CARGO_BIN_EXE_bole"));
        command.args([
            "serve",
            "--listen",
            &addr.to_string(),
            "--log",
            "warn",
            "--trusted-proxies",
            "127.0.0.0/8",
        ]);
        command.arg("--data-dir").arg(data_dir);
        if let Some(path) = geo {
            command.arg("--geo-db").arg(path);
        }
        let child = command
            .args(more)
            .stdout(Stdio::null())
            .spawn()
            .expect("bole serve");
        Self { addr, child }
    }

    /// Waits for the first 302; how long it took from now.
    pub fn first_redirect(&self, code: &str) -> Duration {
        use std::io::{Read, Write};
        let begin = Instant::now();
        while begin.elapsed() < Duration::from_secs(60) {
            if let Ok(mut stream) = std::net::TcpStream::connect(self.addr) {
                let _ = stream.set_read_timeout(Some(Duration::from_secs(5)));
                let _ = write!(
                    stream,
                    "GET /{code} HTTP/1.1\r\nHost: x\r\nUser-Agent: curl/8\r\nConnection: close\r\n\r\n"
                );
                let mut answer = [0u8; 12];
                if stream.read_exact(&mut answer).is_ok() && &answer[9..] == b"302" {
                    return begin.elapsed();
                }
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        panic!("no redirect within 60 s");
    }

    /// CPU used so far by the whole process, seconds (user + system).
    pub fn cpu(&self) -> f64 {
        cpu(Path::new(&format!("/proc/{}/stat", self.child.id())))
    }

    /// What of it went into carrying clicks to the store and to the disk: the loader's threads, the spool's.
    pub fn loader_cpu(&self) -> f64 {
        let Ok(tasks) = std::fs::read_dir(format!("/proc/{}/task", self.child.id())) else {
            return 0.0;
        };
        let of = |task: std::fs::DirEntry| {
            let name = std::fs::read_to_string(task.path().join("comm")).unwrap_or_default();
            let loads = ["loader", "sqlx-sqlite", "spool"]
                .iter()
                .any(|n| name.starts_with(n));
            if loads {
                cpu(&task.path().join("stat"))
            } else {
                0.0
            }
        };
        tasks.filter_map(Result::ok).map(of).sum()
    }

    /// Clicks its loader has carried into the store since the start; `None` for the bare server.
    pub fn loaded(&self) -> Option<u64> {
        use std::io::{Read, Write};
        let mut stream = std::net::TcpStream::connect(self.addr).ok()?;
        write!(
            stream,
            "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        )
        .ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let line = answer
            .lines()
            .find(|line| line.starts_with("bole_loader_clicks_total "))?;
        line.rsplit(' ').next()?.parse().ok()
    }

    /// Waits until that many are loaded, a minute at most.
    pub fn wait_loaded(&self, clicks: u64) {
        let begin = Instant::now();
        while self.loaded().is_some_and(|now| now < clicks) && begin.elapsed() < Duration::from_secs(60) {
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// A `Vm…` line of the process, MiB.
    pub fn memory(&self, key: &str) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find(|l| l.starts_with(key)).unwrap_or("");
        line.split_whitespace()
            .nth(1)
            .and_then(|kb| kb.parse::<f64>().ok())
            .unwrap_or(0.0)
            / 1024.0
    }
}

/// Seconds of CPU out of a `stat` file.
fn cpu(stat: &Path) -> f64 {
    let stat = std::fs::read_to_string(stat).unwrap_or_default();
    let after = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let fields: Vec<&str> = after.split_whitespace().collect();
    let ticks = |i: usize| fields.get(i).and_then(|f| f.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) + ticks(12)) / 100.0
}

/// `--serve-bare`: the yardstick.
pub fn serve_bare(addr: &str) {
    use axum::http::{StatusCode, header};
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("runtime");
    runtime.block_on(async {
        let app = axum::Router::new().route(
            "/{code}",
            axum::routing::get(|| async {
                let headers = [
                    (
                        header::LOCATION,
                        "https://shop.example/product?utm_source=wechat&utm_medium=employee",
                    ),
                    (header::CACHE_CONTROL, "private, no-store"),
                ];
                (StatusCode::FOUND, headers)
            }),
        );
        let listener = tokio::net::TcpListener::bind(addr).await.expect("listen");
        axum::serve(listener, app).await.expect("serve");
    });
}
