//! `GET /{code}`.

use super::*;

#[tokio::test]
async fn a_click_is_answered_with_destination_and_token_and_written_down() {
    let house = House::new();
    let from = [("referer", "https://mp.weixin.qq.com/s?x=1")];
    let answer = house.get("/ABC2345?fbclid=z&q=1", &from).await;
    assert_eq!(answer.status(), StatusCode::FOUND);
    assert_eq!(answer.headers()[header::CACHE_CONTROL], "private, no-store");
    let (token, id) = house.token(&answer);
    let utm = "utm_source=wechat&utm_medium=employee&utm_campaign=winter&utm_content=E5";
    assert_eq!(
        location(&answer),
        format!("https://shop.example/p?a=1&fbclid=z&{utm}&bclid={token}#top")
    );
    let clicks = house.clicks();
    assert_eq!(clicks.len(), 1);
    let click = &clicks[0];
    assert_eq!((click.id, click.link, click.class), (id, LinkId(1), Class::Human));
    assert_eq!(click.id.unix_ms(), house.clock.now_ms());
    assert!(click.scan);
    assert_eq!(click.network, Network::V4([203, 0, 113]));
    assert_eq!(
        (click.language.as_str(), click.referrer.as_str()),
        ("zh-CN,zh;q=0.9", "mp.weixin.qq.com")
    );
    house.get("/abc2345?q=11", &[]).await;
    assert!(!house.clicks()[1].scan);
}

#[tokio::test]
async fn a_browser_is_known_by_the_cookie_of_its_first_answer() {
    let house = House::new();
    let first = house.get("/abc2345", &[]).await;
    let line = first.headers()[header::SET_COOKIE].to_str().unwrap();
    assert!(line.contains("HttpOnly; SameSite=Lax; Secure"), "{line}");
    let cookie = set_cookie(&first).unwrap();
    let second = house
        .get("/abc2345", &[("cookie", &format!("x=1; {cookie}"))])
        .await;
    assert_eq!(set_cookie(&second), None);
    let neighbour = house.get("/abc2345", &[("cookie", "bv=forged")]).await;
    assert!(set_cookie(&neighbour).is_some_and(|other| other != cookie));
    let clicks = house.clicks();
    assert_eq!(clicks[0].visitor.by(), VisitorBy::Hash);
    assert_eq!(clicks[1].visitor, Visitor::Cookie(clicks[0].issued.unwrap()));
    assert_eq!(clicks[1].issued, None);
    assert_eq!(
        clicks[2].visitor, clicks[0].visitor,
        "one browser build behind one address shares a hash"
    );
    house.redirector.set_salt(&[4; 32]);
    house.get("/abc2345", &[]).await;
    assert_ne!(
        house.clicks()[3].visitor,
        clicks[0].visitor,
        "until the salt changes"
    );
}

#[tokio::test]
async fn who_does_not_want_to_be_followed_gets_no_cookie_and_is_nobody() {
    let house = House::new();
    for header in ["dnt", "sec-gpc"] {
        let answer = house.get("/abc2345", &[(header, "1")]).await;
        assert_eq!(answer.status(), StatusCode::FOUND);
        assert_eq!(set_cookie(&answer), None);
        house.token(&answer);
    }
    house
        .get(
            "/abc2345",
            &[("dnt", "1"), ("cookie", "bv=AAAAAAAAAAAAAAAAAAAAAA")],
        )
        .await;
    house.get("/abc2345", &[("dnt", "0")]).await;
    let clicks = house.clicks();
    for click in &clicks[..3] {
        assert_eq!(
            (click.class, click.reason),
            (Class::Human, ClickReason::DoNotTrack)
        );
        assert_eq!((click.visitor, click.issued), (Visitor::None, None));
    }
    assert_eq!(clicks[3].reason, ClickReason::Person);
}

#[tokio::test]
async fn head_is_answered_alike_and_never_recorded() {
    let house = House::new();
    for path in ["/abc2345", "/off2222", "/gone222", "/nobody2"] {
        let get = house.get(path, &[("cookie", "bv=AAAAAAAAAAAAAAAAAAAAAA")]).await;
        let head = house
            .send(visit("HEAD", path, &[("cookie", "bv=AAAAAAAAAAAAAAAAAAAAAA")]))
            .await;
        assert_eq!(head.status(), get.status(), "{path}");
        assert!(head.headers().keys().eq(get.headers().keys()), "{path}");
    }
    let head = house.send(visit("HEAD", "/abc2345", &[])).await;
    assert_eq!(set_cookie(&head), None, "no cookie goes out that no record knows");
    assert_eq!(house.clicks().len(), 1, "the one GET of a live link");
}

#[tokio::test]
async fn dead_links_lead_to_the_fallback_or_say_so_and_are_no_clicks() {
    let house = House::new();
    for path in ["/off2222", "/old2222"] {
        let answer = house.get(path, &[]).await;
        assert_eq!(answer.status(), StatusCode::FOUND);
        assert_eq!(location(&answer), "https://shop.example/over");
        assert_eq!(answer.headers()[header::CACHE_CONTROL], "private, no-store");
        assert_eq!(set_cookie(&answer), None);
    }
    assert_eq!(house.get("/gone222", &[]).await.status(), StatusCode::GONE);
    assert_eq!(house.get("/nobody2", &[]).await.status(), StatusCode::NOT_FOUND);
    assert!(house.clicks().is_empty());
    let counts = house.redirector.metrics.counts();
    assert_eq!(
        (counts.fallbacks, counts.gone, counts.unknown, counts.redirected),
        (2, 1, 1, 0)
    );
}

#[tokio::test]
async fn preview_fetchers_get_a_card_and_nothing_to_run() {
    let house = House::new();
    let answer = house
        .get("/abc2345", &[("user-agent", "facebookexternalhit/1.1")])
        .await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(set_cookie(&answer), None);
    let html = body(answer).await;
    for part in [
        "<meta property=\"og:title\" content=\"Winter &lt;sale&gt;\">",
        "<meta property=\"og:description\" content=\"Warm &amp; dry\">",
        "<meta property=\"og:image\" content=\"https://app.example/picture/1\">",
        "<meta property=\"og:url\" content=\"https://s.example/abc2345\">",
    ] {
        assert!(html.contains(part), "{part} in {html}");
    }
    assert!(!html.contains("<script") && !html.contains("bclid"));
    let clicks = house.clicks();
    assert_eq!(
        (clicks[0].class, clicks[0].visitor),
        (Class::Preview, Visitor::None)
    );
}

#[tokio::test]
async fn a_prefetch_is_put_off_and_the_real_click_still_counts() {
    let house = House::new();
    let answer = house
        .get("/abc2345", &[("sec-purpose", "prefetch;prerender")])
        .await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(
        answer.headers()[header::CACHE_CONTROL]
            .to_str()
            .unwrap()
            .contains("no-store")
    );
    assert_eq!(house.get("/abc2345", &[]).await.status(), StatusCode::FOUND);
    let classes: Vec<_> = house.clicks().iter().map(|click| click.class).collect();
    assert_eq!(classes, [Class::Prefetch, Class::Human]);
}

#[tokio::test]
async fn bots_are_redirected_without_a_cookie() {
    let house = House::new();
    let answer = house.get("/abc2345", &[("user-agent", "curl/8.5.0")]).await;
    assert_eq!(answer.status(), StatusCode::FOUND);
    assert_eq!(set_cookie(&answer), None);
    assert_eq!(house.clicks()[0].class, Class::Bot);
    assert_eq!(house.redirector.metrics.counts().by_class[Class::Bot as usize], 1);
}

#[tokio::test]
async fn the_firm_is_known_by_network_and_by_signed_cookie() {
    let house = House::new();
    let now = house.clock.now_ms();
    let staff = |id: i64, until: i64| {
        let line = house.staff.header(EmployeeId(id), now, until);
        line.split(';').next().unwrap().to_owned()
    };
    house.get("/abc2345", &[("cookie", &staff(5, now + 1000))]).await;
    house.get("/abc2345", &[("cookie", &staff(6, now + 1000))]).await;
    house.get("/abc2345", &[("cookie", &staff(5, now))]).await;
    house.get("/abc2345", &[("x-forwarded-for", "192.0.2.7")]).await;
    let proxied = |entry: &str| {
        let mut request = visit("GET", "/abc2345", &[("x-forwarded-for", entry)]);
        request
            .extensions_mut()
            .insert(ConnectInfo::<SocketAddr>("10.0.0.1:1".parse().unwrap()));
        request
    };
    house.send(proxied("192.0.2.7")).await;
    house.send(proxied("198.51.100.7")).await;
    let clicks = house.clicks();
    let classes: Vec<_> = clicks.iter().map(|click| (click.class, click.reason)).collect();
    assert_eq!(
        classes,
        [
            (Class::Own, ClickReason::OwnLink),
            (Class::Internal, ClickReason::StaffBrowser),
            (Class::Human, ClickReason::Person),
            (Class::Human, ClickReason::Person),
            (Class::Internal, ClickReason::InternalNetwork),
            (Class::Human, ClickReason::Person),
        ]
    );
    assert_eq!(clicks[5].network, Network::V4([198, 51, 100]));
}

#[tokio::test]
async fn with_no_room_for_the_click_the_visitor_is_answered_and_the_miss_counted() {
    let house = House::with(|settings| settings.total_bytes = 300);
    for _ in 0..5 {
        assert_eq!(house.get("/abc2345", &[]).await.status(), StatusCode::FOUND);
    }
    let counts = house.redirector.metrics.counts();
    assert_eq!(counts.redirected, 5);
    assert!(counts.missed > 0);
    assert_eq!(house.clicks().len() as u64 + counts.missed, 5);
    assert_eq!(house.redirector.spool().counts().missed, counts.missed);
}

#[tokio::test]
async fn in_strict_mode_the_answer_comes_after_the_fsync() {
    let house = House::with(|settings| settings.durability = Durability::Strict);
    let before = house.redirector.spool().counts().syncs;
    assert_eq!(house.get("/abc2345", &[]).await.status(), StatusCode::FOUND);
    assert!(house.redirector.spool().counts().syncs > before);
}

#[tokio::test]
async fn hostile_headers_are_cut_where_they_end_being_text() {
    let house = House::new();
    let mut request = visit("GET", "/abc2345?a=%0d%0aSet-Cookie:x", &[]);
    let agent = [CHROME.as_bytes(), &[0xff, 0xfe]].concat();
    request
        .headers_mut()
        .insert(header::USER_AGENT, agent.as_slice().try_into().unwrap());
    let long = "x".repeat(4000);
    request
        .headers_mut()
        .insert(header::ACCEPT_LANGUAGE, long.parse().unwrap());
    request
        .headers_mut()
        .insert(header::REFERER, format!("https://{long}/").parse().unwrap());
    let answer = house.send(request).await;
    assert_eq!(answer.status(), StatusCode::FOUND);
    assert!(location(&answer).bytes().all(|b| b.is_ascii_graphic()));
    let click = &house.clicks()[0];
    assert_eq!((click.language.len(), click.referrer.as_str()), (64, ""));
}

#[tokio::test]
async fn everything_else_is_the_apps() {
    let house = House::new();
    for path in [
        "/",
        "/app",
        "/API",
        "/app/share",
        "/l/abc2345",
        "/b.js",
        "/abc2345/",
        "/healthz",
        "/a_b_c",
    ] {
        assert_eq!(body(house.get(path, &[]).await).await, "the app", "{path}");
    }
}

#[tokio::test]
async fn through_the_staff_door_a_browser_becomes_the_employees_and_the_door_leads_nowhere_else() {
    let house = House::new();
    let url = house
        .redirector
        .staff_door(EmployeeId(5), "https://app.example/app?a=1&b=2");
    let path = url.strip_prefix("https://s.example").unwrap();
    let answer = house.get(path, &[]).await;
    assert_eq!(answer.status(), StatusCode::FOUND);
    assert_eq!(location(&answer), "https://app.example/app?a=1&b=2");
    house
        .get("/abc2345", &[("cookie", &set_cookie(&answer).unwrap())])
        .await;
    assert_eq!(house.clicks()[0].class, Class::Own);
    for bad in [
        path.replace("app.example", "evil.example"),
        path.replace("?t=", "?t=A"),
        path.replace("to=https%3A%2F%2Fapp.example%2Fapp%3Fa%3D1%26b%3D2", "to="),
        "/bs".to_owned(),
    ] {
        let answer = house.get(&bad, &[]).await;
        assert_eq!(answer.status(), StatusCode::GONE, "{bad}");
        assert_eq!(set_cookie(&answer), None);
    }
    // A ticket is no cookie, and a cookie no ticket.
    let ticket = path.split("t=").nth(1).unwrap().split('&').next().unwrap();
    house
        .get("/abc2345", &[("cookie", &format!("bs={ticket}"))])
        .await;
    assert_eq!(house.clicks()[1].class, Class::Human);
    house.clock.advance_ms(60_000);
    assert_eq!(house.get(path, &[]).await.status(), StatusCode::GONE, "too late");
}

#[tokio::test]
async fn through_the_staff_door_a_browser_becomes_nobodys_again_and_no_way_in_leads_out() {
    let house = House::new();
    let back = "https://app.example/app/signin";
    let url = house.redirector.staff_way_out(back);
    let path = url.strip_prefix("https://s.example").unwrap();
    let answer = house.get(path, &[]).await;
    assert_eq!((answer.status(), location(&answer)), (StatusCode::FOUND, back));
    let cookie = answer.headers()[header::SET_COOKIE].to_str().unwrap();
    assert!(cookie.starts_with("bs=; Max-Age=0; Path=/; HttpOnly"), "{cookie}");
    let way_in = house.redirector.staff_door(EmployeeId(5), back);
    let way_in = way_in.strip_prefix("https://s.example").unwrap();
    for bad in [
        path.replace("app.example", "evil.example"),
        path.replace("?x=", "?t="),
        path.replace("?x=", "?x=A"),
        way_in.replace("?t=", "?x="),
    ] {
        assert_eq!(house.get(&bad, &[]).await.status(), StatusCode::GONE, "{bad}");
    }
}

#[tokio::test]
async fn a_code_with_escaped_letters_is_the_same_code() {
    let house = House::new();
    let answer = house.get("/%61bc%32345?x=1", &[]).await;
    assert_eq!(answer.status(), StatusCode::FOUND);
    assert!(
        location(&answer).starts_with("https://shop.example/p?a=1&x=1"),
        "{}",
        location(&answer)
    );
    assert_eq!(house.clicks()[0].link, LinkId(1));
}

#[tokio::test]
async fn a_link_can_only_be_followed() {
    let house = House::new();
    for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
        for code in ["/abc2345", "/off2222"] {
            let answer = house.send(visit(method, code, &[])).await;
            assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED, "{method} {code}");
            assert_eq!(answer.headers()[header::ALLOW], "GET, HEAD");
        }
        let other = house.send(visit(method, "/nobody2", &[])).await;
        assert_eq!(body(other).await, "the app", "{method}: no link of ours");
    }
    assert!(house.clicks().is_empty());
}
