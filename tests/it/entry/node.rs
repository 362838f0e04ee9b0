//! A program of tests/node beside the test.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use reqwest::header::CONTENT_TYPE;

/// A request with a form's fields as its body.
pub trait WithFields {
    fn fields(self, fields: &[(&str, &str)]) -> Self;
}

impl WithFields for reqwest::RequestBuilder {
    fn fields(self, fields: &[(&str, &str)]) -> Self {
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        self.header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(body)
    }
}

/// A program, ended on drop.
pub struct Node {
    child: Child,
    lines: Receiver<String>,
}

impl Node {
    /// Starts a program and waits until it says `ready`.
    pub fn start(program: &str, args: &[&str]) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/node");
        let mut child = Command::new("node")
            .arg(folder.join(program))
            .args(args)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("node");
        let out = child.stdout.take().expect("its output");
        let (send, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                if send.send(line).is_err() {
                    break;
                }
            }
        });
        let node = Self { child, lines };
        let first = node
            .line()
            .expect("the packages of tests/node; type: npm ci --prefix tests/node");
        assert_eq!(first, "ready");
        node
    }

    /// The next line it says; `None` when it says nothing for a while.
    pub fn line(&self) -> Option<String> {
        self.lines.recv_timeout(Duration::from_secs(20)).ok()
    }

    /// Whether it has said something that nobody read.
    pub fn is_silent(&self, wait: Duration) -> bool {
        self.lines.recv_timeout(wait).is_err()
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
