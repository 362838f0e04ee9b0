//! A receiver on loopback: a plain socket that does what it is told, and remembers what it got. It checks signatures with
//! an HMAC of its own, written after RFC 2104, not with ours.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What it does with a request.
#[derive(Clone, Debug)]
pub enum Does {
    /// Answers with this status and body.
    Answers(u16, String),
    /// Answers with a redirect to there.
    Redirects(String),
    /// Reads the request and never answers.
    Sleeps,
    /// Answers 200 and a body without end.
    Floods,
    /// Answers 200 at once, and its body byte by byte for ever.
    Drips,
    /// Closes the connection without a word.
    HangsUp,
}

impl Does {
    pub fn ok() -> Self {
        Self::Answers(200, "{}".to_owned())
    }
}

/// A request it got.
#[derive(Clone, Debug)]
pub struct Got {
    /// Path and query.
    pub target: String,
    /// Names in lower case.
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

impl Got {
    pub fn id(&self) -> &str {
        &self.headers["webhook-id"]
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// Whether it is signed with this secret, as a receiver of the convention would look at it.
    pub fn is_signed_with(&self, secret: &str) -> bool {
        let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
        let said = format!(
            "{}.{}.{}",
            self.id(),
            self.headers["webhook-timestamp"],
            self.body
        );
        let expected = format!("v1,{}", STANDARD.encode(hmac(&key, said.as_bytes())));
        self.headers["webhook-signature"]
            .split(' ')
            .any(|s| s == expected)
    }
}

/// HMAC-SHA256 as RFC 2104 writes it down.
pub fn hmac(key: &[u8], text: &[u8]) -> [u8; 32] {
    let mut block = [0u8; 64];
    if key.len() > 64 {
        block[..32].copy_from_slice(&Sha256::digest(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let inner = Sha256::digest([&block.map(|b| b ^ 0x36)[..], text].concat());
    Sha256::digest([&block.map(|b| b ^ 0x5c)[..], &inner[..]].concat()).into()
}

/// The receiver; it ends with the test's runtime.
#[derive(Clone)]
pub struct Receiver {
    /// `http://127.0.0.1:PORT/hook`.
    pub url: String,
    does: Arc<Mutex<Does>>,
    got: Arc<Mutex<Vec<Got>>>,
}

impl Receiver {
    pub async fn open(does: Does) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let this = Self {
            url,
            does: Arc::new(Mutex::new(does)),
            got: Arc::default(),
        };
        let other = this.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let this = other.clone();
                tokio::spawn(async move { this.serve(stream).await });
            }
        });
        this
    }

    pub fn now_does(&self, does: Does) {
        *self.does.lock().unwrap() = does;
    }

    /// What it got since it was last asked.
    pub fn take(&self) -> Vec<Got> {
        std::mem::take(&mut self.got.lock().unwrap())
    }

    pub fn count(&self) -> usize {
        self.got.lock().unwrap().len()
    }

    /// Waits until it has got so many, at most ten seconds.
    pub async fn wait_for(&self, count: usize) {
        for _ in 0..1000 {
            if self.count() >= count {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("got {} requests instead of {count}", self.count());
    }

    /// One request per connection.
    async fn serve(&self, mut stream: TcpStream) {
        let Some(got) = read(&mut stream).await else {
            return;
        };
        self.got.lock().unwrap().push(got);
        let does = self.does.lock().unwrap().clone();
        let head =
            |status: u16, more: &str| format!("HTTP/1.1 {status} X\r\nconnection: close\r\n{more}\r\n");
        let _ = match does {
            Does::Answers(status, body) => {
                let text = head(status, &format!("content-length: {}\r\n", body.len())) + body.as_str();
                stream.write_all(text.as_bytes()).await
            }
            Does::Redirects(to) => {
                let text = head(307, &format!("location: {to}\r\ncontent-length: 0\r\n"));
                stream.write_all(text.as_bytes()).await
            }
            Does::Sleeps => {
                tokio::time::sleep(Duration::from_secs(60)).await;
                Ok(())
            }
            Does::Floods => {
                let _ = stream.write_all(head(200, "").as_bytes()).await;
                let piece = vec![b'x'; 1 << 16];
                while stream.write_all(&piece).await.is_ok() {}
                Ok(())
            }
            Does::Drips => {
                let _ = stream.write_all(head(200, "").as_bytes()).await;
                while stream.write_all(b"x").await.is_ok() {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                Ok(())
            }
            Does::HangsUp => Ok(()),
        };
    }
}

async fn read(stream: &mut TcpStream) -> Option<Got> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|w| w == b"\r\n\r\n") {
            break at + 4;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let mut lines = head.lines();
    let target = lines.next()?.split(' ').nth(1)?.to_owned();
    let headers: BTreeMap<String, String> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let length: usize = headers.get("content-length").map_or(0, |n| n.parse().unwrap());
    while bytes.len() < end + length {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    let body = String::from_utf8(bytes[end..end + length].to_vec()).unwrap();
    Some(Got {
        target,
        headers,
        body,
    })
}
