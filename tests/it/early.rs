//! Refused before the body came: the answer arrives, and the connection goes on.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::server::Server;

/// Reads an answer with its body from a connection that stays open.
async fn one_answer(socket: &mut tokio::net::TcpStream) -> String {
    let mut read = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&read).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                (name.eq_ignore_ascii_case("content-length")).then(|| value.trim().parse::<usize>().ok())?
            });
            if body.len() >= length.unwrap_or(0) {
                return text;
            }
        }
        let mut piece = [0; 4096];
        let came = tokio::time::timeout(Duration::from_secs(5), socket.read(&mut piece)).await;
        match came.expect("an answer in time").expect("an open connection") {
            0 => panic!("closed after {text:?}"),
            n => read.extend_from_slice(&piece[..n]),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn given_a_body_that_comes_after_its_refusal_when_answered_then_the_connection_is_kept() {
    let mut server = Server::with(&[]).await;
    let mut socket = tokio::net::TcpStream::connect(server.base.strip_prefix("http://").expect("http"))
        .await
        .expect("a connection");
    let body = "x".repeat(20_000);
    for (path, status) in [
        ("/api/v1/conversions", "401"),
        ("/app/nowhere", "40"),
        ("/nowhere", "40"),
    ] {
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        socket.write_all(head.as_bytes()).await.expect("a head is taken");
        tokio::time::sleep(Duration::from_millis(50)).await;
        socket.write_all(body.as_bytes()).await.expect("a body is taken");
        let answer = one_answer(&mut socket).await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}")),
            "{path}: {answer}"
        );
    }
    let ask = b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n";
    socket.write_all(ask).await.expect("the same connection");
    let answer = one_answer(&mut socket).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    server.stop().await;
}
