//! Bad input at every door of the real server: each is told what was wrong, where, and what was expected; nothing of it
//! is stored, and the server goes on.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::api::{Answer, Api, client};
use crate::support::scene::Scene;
use crate::support::server::Server;

const NOW: &str = "2026-11-18T10:00:00+08:00";
const TEN_MB: usize = 10 << 20;

/// A 422 that names this field.
#[track_caller]
fn wrong_at(answer: &Answer, pointer: &str) {
    let problem = answer.problem(422);
    let named = problem["errors"].as_array().into_iter().flatten();
    let named: Vec<&Value> = named.map(|error| &error["pointer"]).collect();
    assert!(
        named.iter().any(|p| *p == pointer),
        "{pointer} is not in {problem}"
    );
}

/// How many rows there are of whatever could be stored.
async fn counts(api: &Api) -> Vec<usize> {
    let mut counts = Vec::new();
    for list in [
        "employees",
        "campaigns",
        "links",
        "coupons",
        "conversions",
        "shares",
        "clicks",
        "awards",
    ] {
        let page = api.get(&format!("/{list}?limit=200")).await.expect(200);
        counts.push(page["data"].as_array().map_or(0, Vec::len));
    }
    counts
}

fn sale(change: &Value) -> Value {
    let mut body = json!({ "kind": "sale", "external_id": "S", "occurred_at": NOW, "amount": "199.00" });
    for (name, value) in change.as_object().expect("an object") {
        body[name] = value.clone();
    }
    body
}

/// A click's token by following a link.
async fn token(server: &Server, code: &str) -> String {
    let answer = client()
        .get(format!("{}/{code}", server.base))
        .header("user-agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36")
        .header("accept-language", "zh-CN")
        .send()
        .await
        .expect("an answer");
    let place = answer.headers()["location"].to_str().expect("text").to_owned();
    let (_, token) = place.split_once("bclid=").expect("a token");
    token[..38].to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn given_a_real_server_when_the_api_is_sent_what_is_wrong_then_it_is_named_and_nothing_is_stored() {
    let mut server = Server::with(&[]).await;
    let scene = Scene::lay(&server, 1, "https://shop.example/autumn").await;
    let api = &scene.api;
    let before = counts(api).await;

    // Unreadable, of another kind, too large.
    for path in [
        "/employees",
        "/campaigns",
        "/links",
        "/coupons",
        "/conversions",
        "/shares",
        "/awards",
    ] {
        for body in ["{", "", "{\"", "\u{0}", "nul", "{'a': 1}"] {
            api.raw(Method::POST, path, "application/json", body)
                .await
                .problem(400);
        }
        api.raw(Method::POST, path, "text/plain", "{}").await.problem(415);
        let huge = format!("{{\"name\":\"{}\"}}", "x".repeat(TEN_MB));
        api.raw(Method::POST, path, "application/json", huge)
            .await
            .problem(413);
        for body in ["null", "3", "\"x\"", "[]"] {
            api.raw(Method::POST, path, "application/json", body)
                .await
                .problem(422);
        }
    }

    // Amounts.
    for amount in [
        json!(199),
        json!(199.5),
        json!("-1.00"),
        json!("1.001"),
        json!("1e3"),
        json!("¥5"),
        json!(""),
    ] {
        wrong_at(
            &api.post("/conversions", sale(&json!({ "amount": amount }))).await,
            "/amount",
        );
        let coupon = json!({ "employee": "e1", "campaign": "autumn", "amount_off": amount });
        wrong_at(&api.post("/coupons", coupon).await, "/amount_off");
    }
    // Times.
    for at in [
        "2099-01-01T00:00:00Z",
        "2026-11-18",
        "yesterday",
        "2026-13-01T00:00:00Z",
        "1999-01-01T00:00:00Z",
    ] {
        wrong_at(
            &api.post("/conversions", sale(&json!({ "occurred_at": at })))
                .await,
            "/occurred_at",
        );
    }
    let share = json!({ "employee": "e1", "link": scene.codes[0], "channel": "wechat", "posted_at": "2099-01-01T00:00:00Z" });
    wrong_at(&api.post("/shares", share).await, "/posted_at");

    // People and places that are none, hosts of others, programs for addresses.
    let link = |employee: &str, slug: &str| json!({ "employee": employee, "campaign": "autumn", "channel": "weibo", "slug": slug });
    wrong_at(
        &api.post("/links", link("nobody", "fine-slug")).await,
        "/employee",
    );
    for slug in [
        "../x", "..%2fx", "a/b", "a b", "x", "admin", "API", "张三", "a.b", "-", "%00abc",
    ] {
        let answer = api.post("/links", link("e1", slug)).await;
        assert!(
            [409, 422].contains(&answer.status.as_u16()),
            "{slug}: {}",
            answer.text()
        );
    }
    for destination in [
        "https://evil.example/",
        "https://shop.example.evil.example/",
        "https://shop.example@evil.example/",
    ] {
        let mut body = link("e1", "fine-slug");
        body["destination"] = json!(destination);
        wrong_at(&api.post("/links", body).await, "/destination");
    }
    for destination in [
        "javascript:alert(1)",
        "data:text/html,x",
        "//shop.example/",
        "ftp://shop.example/",
        "https://",
        "x",
    ] {
        let campaign = json!({ "slug": "new", "name": "新", "destination": destination });
        wrong_at(&api.post("/campaigns", campaign).await, "/destination");
        let mut body = link("e1", "fine-slug");
        body["destination"] = json!(destination);
        wrong_at(&api.post("/links", body).await, "/destination");
    }
    let bulk = api
        .post("/links/bulk", json!({ "links": vec![link("e1", ""); 1_001] }))
        .await;
    assert!([413, 422].contains(&bulk.status.as_u16()), "{}", bulk.text());

    // Queries and names.
    for query in ["?limit=0", "?limit=201", "?limit=x", "?cursor=x", "?nonsense=1"] {
        api.get(&format!("/links{query}")).await.problem(422);
    }
    for (path, pointer) in [
        ("/links?limit=x", "?limit"),
        ("/links?nonsense=1", "?nonsense"),
        ("/clicks/count?from=2026-11-21", "?from"),
        ("/clicks?class=ghost", "?class"),
    ] {
        wrong_at(&api.get(path).await, pointer);
    }
    for path in [
        "/links/..%2F..%2Fetc%2Fpasswd",
        "/links/%00",
        "/employees/%ff",
        "/nothing",
        "/conversions/none",
    ] {
        api.get(path).await.problem(404);
    }
    api.raw(Method::DELETE, "/links", "application/json", "")
        .await
        .problem(405);

    // Keys.
    for key in ["", "bole_wrong", "x y"] {
        Api::new(&server.base, key).get("/links").await.problem(401);
    }
    server.api("employee").get("/conversions").await.problem(403);

    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(counts(api).await, before, "nothing of it was stored");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn given_a_real_servers_token_when_any_one_bit_of_it_is_altered_then_it_is_worth_nothing() {
    let mut server = Server::with(&[("dwell_limit_ms", "100")]).await;
    let scene = Scene::lay(&server, 1, "https://shop.example/autumn").await;
    let good = token(&server, &scene.codes[0]).await;
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut altered = Vec::new();
    for (at, c) in good.bytes().enumerate() {
        let value = ALPHABET.iter().position(|a| *a == c).expect("base64url");
        for bit in 0..6 {
            let mut other = good.clone().into_bytes();
            other[at] = ALPHABET[value ^ (1 << bit)];
            altered.push(String::from_utf8(other).expect("ASCII"));
        }
    }
    assert_eq!(altered.len(), 38 * 6);
    for (n, token) in altered.iter().enumerate() {
        for beacon in [format!("{token},1,0,0"), format!("{token},2,90000,1")] {
            let answer = client()
                .post(format!("{}/b", server.base))
                .body(beacon)
                .send()
                .await;
            assert_eq!(answer.expect("/b").status(), 204, "a beacon is answered alike");
        }
        // As often as it is worth its time: the MAC's bytes, the key, the id.
        if n % 7 == 0 {
            let body =
                sale(&json!({ "external_id": format!("S{n}"), "click": token, "occurred_at": jiff_now() }));
            wrong_at(&scene.api.post("/conversions", body).await, "/click");
        }
    }
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    let rows = scene.clicks("").await;
    assert_eq!(rows.len(), 1);
    assert_eq!(
        (&rows[0]["valid"], &rows[0]["dwell_ms"]),
        (&json!(false), &Value::Null),
        "{}",
        rows[0]
    );
    let body = sale(&json!({ "click": good, "occurred_at": jiff_now() }));
    let taken = scene.api.post("/conversions", body).await.expect(201);
    assert_eq!(taken["credited_to"], "e1", "the unaltered one is good: {taken}");
    server.stop().await;
}

/// The server's own time, which is the machine's.
fn jiff_now() -> String {
    use bole::domain::Clock as _;
    bole::boot::SystemClock.now().to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn given_files_in_all_encodings_when_imported_on_a_real_server_then_good_lines_are_taken_and_others_told()
 {
    let mut server = Server::with(&[]).await;
    let api = server.api("admin");
    let csv = "工号,姓名,团队\nz3,张三,静安店\nl4,李四,徐汇店\n,没有工号,徐汇店\nw5\n\"x6,引号没关,徐汇店\n";
    let with_bom = [b"\xef\xbb\xbf".as_slice(), csv.as_bytes()].concat();
    let report = api
        .raw(Method::POST, "/employees/import", "text/csv", with_bom)
        .await
        .expect(200);
    assert_eq!(
        (&report["created"], &report["encoding"]),
        (&json!(2), &json!("UTF-8")),
        "{report}"
    );
    let lines: Vec<u64> = report["rejected"]
        .as_array()
        .expect("lines")
        .iter()
        .filter_map(|line| line["line"].as_u64())
        .collect();
    assert_eq!(lines, [4, 5, 6], "{report}");
    let (gb, _, _) = encoding_rs::GB18030.encode(csv);
    let report = api
        .raw(Method::POST, "/employees/import", "text/csv", gb.into_owned())
        .await
        .expect(200);
    assert_eq!(
        (&report["created"], &report["encoding"]),
        (&json!(0), &json!("GB18030")),
        "{report}"
    );
    for (body, status) in [
        (b"a,b\n1,2\n".to_vec(), 422),
        (vec![0xff; 200], 422),
        (Vec::new(), 422),
        (vec![0x89, b'P', b'N', b'G', 13, 10, 26, 10, 0, 0], 422),
        (vec![b'x'; TEN_MB], 422),
        (vec![b'x'; 2 * TEN_MB], 413),
    ] {
        api.raw(Method::POST, "/employees/import", "text/csv", body)
            .await
            .problem(status);
    }
    let people = api.get("/employees").await.expect(200);
    assert_eq!(people["data"].as_array().map(Vec::len), Some(2));

    // The same door for a shell: exit 1, and each line that was not taken.
    let file = server.data_dir.join("people.csv");
    std::fs::write(&file, csv).expect("a file");
    let output = server
        .command()
        .args(["import", "employees", file.to_str().expect("UTF-8")])
        .output()
        .expect("bole");
    assert!(!output.status.success());
    let words = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(words.contains("line 4:") && words.contains("line 6:"), "{words}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn given_a_real_server_when_redirect_beacon_and_pages_are_sent_rubbish_then_it_answers_and_goes_on() {
    let mut server = Server::with(&[]).await;
    let scene = Scene::lay(&server, 1, "https://shop.example/autumn").await;
    let base = server.base.clone();
    for path in [
        "/../x",
        "/..%2fx",
        "/%2e%2e/x",
        "/%00",
        "/%ff%fe",
        "/a%0d%0aset-cookie:x=1",
        "/zzzzzzz",
        "/l/..%2f..%2fx",
        "/l/%00",
    ] {
        let answer = client()
            .get(format!("{base}{path}"))
            .send()
            .await
            .expect("an answer");
        assert!(
            [400, 404].contains(&answer.status().as_u16()),
            "{path}: {}",
            answer.status()
        );
        assert!(
            answer
                .headers()
                .get("set-cookie")
                .is_none_or(|c| !c.as_bytes().starts_with(b"x=")),
            "{path}"
        );
    }
    let long = "x".repeat(300);
    for beacon in ["", ",,,", "\u{0}", long.as_str(), "x,1,1,1", "é,9,-1,2"] {
        let answer = client()
            .post(format!("{base}/b"))
            .body(beacon.to_owned())
            .send()
            .await;
        assert_eq!(answer.expect("/b").status(), 204, "{beacon:.20}");
    }
    for _ in 0..3 {
        let answer = client()
            .post(format!("{base}/b"))
            .body(vec![b'x'; TEN_MB])
            .send()
            .await;
        assert_eq!(
            answer.expect("/b").status(),
            204,
            "a large beacon is answered alike"
        );
    }
    let form = |path: &str, media: &str, body: Vec<u8>| {
        client()
            .post(format!("{base}{path}"))
            .header("content-type", media.to_owned())
            .body(body)
            .send()
    };
    let urlencoded = "application/x-www-form-urlencoded";
    for (path, media, body, status) in [
        ("/app/signin", urlencoded, vec![b'x'; TEN_MB], 413),
        ("/app/signin", "application/json", b"{}".to_vec(), 415),
        ("/app/signin", urlencoded, b"login=x".to_vec(), 422),
        ("/app/signin", urlencoded, b"login=%ff&password=%00".to_vec(), 422),
        ("/l/autumn", urlencoded, vec![b'x'; TEN_MB], 413),
        ("/l/autumn", "text/plain", b"x".to_vec(), 415),
        ("/l/autumn", urlencoded, b"phone=%ff&consent=yes".to_vec(), 422),
        ("/l/autumn", urlencoded, b"phone=%3Cscript%3E".to_vec(), 422),
    ] {
        let answer = form(path, media, body.clone()).await.expect("an answer");
        assert_eq!(answer.status(), status, "{path} {media} {}", body.len());
        let text = answer.text().await.expect("a body");
        assert!(!text.contains("<script>"), "{text}");
    }

    // Not even HTTP.
    let address = base.strip_prefix("http://").expect("http");
    for rubbish in [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec(),
        b"GET\r\n\r\n".to_vec(),
        b"GET / HTTP/1.1\r\nContent-Length: -5\r\n\r\n".to_vec(),
        [
            b"GET / HTTP/1.1\r\nhost: x\r\nx: ".as_slice(),
            &vec![b'y'; 1 << 20],
            b"\r\n\r\n",
        ]
        .concat(),
        [
            b"GET /".as_slice(),
            &vec![b'z'; 1 << 17],
            b" HTTP/1.1\r\nhost: x\r\n\r\n",
        ]
        .concat(),
    ] {
        let mut socket = tokio::net::TcpStream::connect(address)
            .await
            .expect("a connection");
        let _ = socket.write_all(&rubbish).await;
        let mut answer = Vec::new();
        let read = socket.read_to_end(&mut answer);
        let _ = tokio::time::timeout(Duration::from_secs(5), read).await;
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let refused = answer.is_empty()
            || ["400", "414", "431"]
                .iter()
                .any(|s| answer.starts_with(&format!("HTTP/1.1 {s}")));
        assert!(refused, "{answer:.100}");
    }
    let fine = client()
        .get(format!("{base}/{}", scene.codes[0]))
        .send()
        .await
        .expect("an answer");
    assert_eq!(fine.status(), 302, "it goes on");
    assert_eq!(scene.api.get("/conversions").await.expect(200)["data"], json!([]));
    assert!(!server.log().contains("panicked"), "{}", server.log());
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn given_settings_that_cannot_be_right_when_started_then_each_is_named_and_nothing_begins() {
    for (name, value, words) in [
        ("time_zone", "Mars/Base", "time_zone"),
        ("base_url", "ftp://x", "base_url"),
        ("listen", "nowhere", "listen"),
        ("dwell_limit_ms", "-1", "dwell"),
        ("dwell_limit_ms", "5", "dwell_limit_ms"),
        ("contact_retention_days", "0", "contact_retention_days"),
        ("internal_networks", "300.1.1.1/8", "internal"),
        ("spool_durability", "maybe", "spool"),
        ("secret_key", "abc", "secret_key"),
        ("database_url", "mysql://x", "database_url"),
    ] {
        let server = Server::prepare(&[]);
        let output = server
            .command()
            .env(format!("BOLE_{}", name.to_uppercase()), value)
            .args(["config", "check"])
            .output()
            .expect("bole");
        let told = String::from_utf8_lossy(&output.stderr).to_lowercase();
        assert!(!output.status.success(), "{name} = {value}");
        assert!(told.replace('-', "_").contains(words), "{name} = {value}: {told}");
        assert!(!server.data_dir.exists(), "{name}: nothing was made");
    }
}
