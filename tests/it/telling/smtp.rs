//! A mail server on loopback: speaks SMTP (RFC 5321) as far as a sender needs it, keeps what it takes, refuses when told.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// What it does with a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    /// Takes it.
    Takes,
    /// 451: come again later.
    Later,
    /// 550: never.
    Never,
    /// Greets nobody.
    Silent,
}

/// A mail it took.
#[derive(Clone, Debug)]
pub struct Taken {
    pub from: String,
    pub to: String,
    /// As it came over the wire.
    pub raw: String,
}

impl Taken {
    /// A line of the head, unfolded, with its encoded words decoded.
    pub fn head(&self, name: &str) -> String {
        let head = self.raw.split("\r\n\r\n").next().unwrap().replace("\r\n ", " ");
        let line = head.lines().find_map(|l| l.strip_prefix(&format!("{name}: ")));
        decoded_words(line.unwrap_or_default())
    }

    /// The parts' content types and decoded bodies; the whole when it has no parts.
    pub fn parts(&self) -> Vec<(String, String)> {
        let kind = self.head("Content-Type");
        let Some((_, boundary)) = kind.split_once("boundary=\"") else {
            return vec![part(&self.raw)];
        };
        let edge = format!("--{}", boundary.split('"').next().unwrap());
        let body = self.raw.split_once("\r\n\r\n").unwrap().1;
        let inner = body.split(&edge).skip(1).filter(|p| !p.starts_with("--"));
        inner.map(|p| part(p.trim_start_matches("\r\n"))).collect()
    }
}

fn part(text: &str) -> (String, String) {
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let head = head.to_lowercase();
    let kind = head
        .lines()
        .find_map(|l| l.strip_prefix("content-type: "))
        .unwrap_or("");
    let coding = head
        .lines()
        .find_map(|l| l.strip_prefix("content-transfer-encoding: "));
    let bytes = match coding.unwrap_or("7bit") {
        "base64" => base64(&body.replace("\r\n", "")),
        "quoted-printable" => quoted(body, false),
        _ => body.as_bytes().to_vec(),
    };
    (kind.to_owned(), String::from_utf8(bytes).unwrap())
}

fn base64(text: &str) -> Vec<u8> {
    use ::base64::Engine as _;
    ::base64::engine::general_purpose::STANDARD
        .decode(text.trim())
        .unwrap()
}

fn quoted(text: &str, underscores: bool) -> Vec<u8> {
    let bytes = text.as_bytes();
    let (mut out, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        match bytes[at] {
            b'=' if bytes[at + 1..].starts_with(b"\r\n") => at += 3,
            b'=' => {
                out.push(u8::from_str_radix(&text[at + 1..at + 3], 16).unwrap());
                at += 3;
            }
            b'_' if underscores => {
                out.push(b' ');
                at += 1;
            }
            byte => {
                out.push(byte);
                at += 1;
            }
        }
    }
    out
}

/// RFC 2047.
fn decoded_words(text: &str) -> String {
    let mut out = String::new();
    for word in text.split(' ') {
        let inner = word.strip_prefix("=?utf-8?").and_then(|w| w.strip_suffix("?="));
        match inner.and_then(|w| w.split_once('?')) {
            Some(("b", text)) => out.push_str(&String::from_utf8(base64(text)).unwrap()),
            Some(("q", text)) => out.push_str(&String::from_utf8(quoted(text, true)).unwrap()),
            _ => {
                if !out.is_empty() {
                    out.push(' ');
                }
                out.push_str(word);
            }
        }
    }
    out
}

/// The server; it ends with the test's runtime.
#[derive(Clone)]
pub struct Smtp {
    /// `smtp://127.0.0.1:PORT`.
    pub url: String,
    mood: Arc<Mutex<Mood>>,
    taken: Arc<Mutex<Vec<Taken>>>,
}

impl Smtp {
    pub async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let this = Self {
            url: format!("smtp://{}", listener.local_addr().unwrap()),
            mood: Arc::new(Mutex::new(Mood::Takes)),
            taken: Arc::default(),
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

    pub fn mood(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    /// What it took since it was last asked.
    pub fn take(&self) -> Vec<Taken> {
        std::mem::take(&mut self.taken.lock().unwrap())
    }

    async fn serve(&self, stream: TcpStream) -> Option<()> {
        if *self.mood.lock().unwrap() == Mood::Silent {
            tokio::time::sleep(std::time::Duration::from_secs(60)).await;
        }
        let (reader, mut writer) = stream.into_split();
        let mut lines = BufReader::new(reader).lines();
        writer.write_all(b"220 mail.test ready\r\n").await.ok()?;
        let (mut from, mut to) = (String::new(), String::new());
        while let Some(line) = lines.next_line().await.ok()? {
            let mood = *self.mood.lock().unwrap();
            let word = line.get(..4).unwrap_or(&line).to_uppercase();
            let answer: &[u8] = match word.as_str() {
                "EHLO" => b"250-mail.test\r\n250 8BITMIME\r\n",
                "MAIL" => {
                    from = line;
                    b"250 ok\r\n"
                }
                "RCPT" if mood == Mood::Later => b"451 greylisted\r\n",
                "RCPT" if mood == Mood::Never => b"550 no such user\r\n",
                "RCPT" => {
                    to = line;
                    b"250 ok\r\n"
                }
                "DATA" => {
                    writer.write_all(b"354 go on\r\n").await.ok()?;
                    let mut raw = String::new();
                    while let Some(line) = lines.next_line().await.ok()? {
                        if line == "." {
                            break;
                        }
                        raw.push_str(line.strip_prefix('.').unwrap_or(&line));
                        raw.push_str("\r\n");
                    }
                    let taken = Taken {
                        from: from.clone(),
                        to: to.clone(),
                        raw,
                    };
                    self.taken.lock().unwrap().push(taken);
                    b"250 taken\r\n"
                }
                "QUIT" => {
                    writer.write_all(b"221 bye\r\n").await.ok()?;
                    return Some(());
                }
                "RSET" | "NOOP" => b"250 ok\r\n",
                _ => b"502 what?\r\n",
            };
            writer.write_all(answer).await.ok()?;
        }
        Some(())
    }
}
