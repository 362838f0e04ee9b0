//! Whole requests: people, machines, previews, prefetches; precedence.

use proptest::prelude::*;

use super::*;
use crate::domain::{Class, ClickReason, EmployeeId};

const CHROME: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36";
const REAL: &str = include_str!("../../tests/fixtures/real-user-agents.tsv");

fn facts(user_agent: &str) -> RequestFacts<'_> {
    RequestFacts {
        user_agent,
        accept_language: Some("zh-CN,zh;q=0.9"),
        sec_purpose: None,
        purpose: None,
        x_purpose: None,
        x_moz: None,
        do_not_track: false,
        client: std::net::IpAddr::from([203, 0, 113, 7]),
    }
}

fn outside() -> Context {
    Context {
        internal: false,
        staff: None,
        owner: EmployeeId(1),
    }
}

fn class_of(user_agent: &str) -> (Class, ClickReason) {
    classify(&facts(user_agent), &outside())
}

fn real_agents() -> Vec<[&'static str; 4]> {
    REAL.lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| {
            let columns: Vec<&str> = line.split('\t').collect();
            columns
                .try_into()
                .unwrap_or_else(|_| panic!("four columns expected: {line}"))
        })
        .collect()
}

#[test]
fn real_browsers_and_in_app_browsers_are_people() {
    let agents = real_agents();
    assert!(agents.len() >= 60, "{} agents", agents.len());
    let alarms: Vec<_> = agents
        .iter()
        .map(|[agent, ..]| (*agent, class_of(agent)))
        .filter(|(_, verdict)| *verdict != (Class::Human, ClickReason::Person))
        .collect();
    assert!(alarms.is_empty(), "false alarms: {alarms:#?}");
}

#[test]
fn every_app_of_the_rules_is_among_the_real_agents() {
    let agents = real_agents();
    for app in [
        "wechat",
        "wecom",
        "dingtalk",
        "feishu",
        "qq",
        "weibo",
        "alipay",
        "baidu",
        "douyin",
        "xiaohongshu",
        "facebook",
        "instagram",
        "line",
    ] {
        for os in ["ios", "android"] {
            assert!(
                agents
                    .iter()
                    .any(|[_, browser, on, _]| *browser == app && *on == os),
                "{app} on {os}"
            );
        }
    }
    for os in ["harmonyos", "windows", "macos", "linux"] {
        assert!(agents.iter().any(|[_, _, on, _]| *on == os), "{os}");
    }
}

#[test]
fn browser_system_and_device_are_read_from_real_agents() {
    let wrong: Vec<_> = real_agents()
        .into_iter()
        .filter_map(|[agent, browser, os, device]| {
            let read = Agent::parse(agent);
            let words = [read.browser.as_str(), read.os.as_str(), read.device.as_str()];
            (words != [browser, os, device]).then_some((agent, words, [browser, os, device]))
        })
        .collect();
    assert!(wrong.is_empty(), "read, expected: {wrong:#?}");
}

#[test]
fn preview_fetchers_are_previews_before_they_are_bots() {
    for agent in [
        "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
        "facebookexternalhit/1.1;line-poker/1.0",
        "facebookexternalhit/1.1; kakaotalk-scrap/1.0; +https://devtalk.kakao.com/t/scrap/33984",
        "meta-externalfetcher/1.1 (+https://developers.facebook.com/docs/sharing/webmasters/crawler)",
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_11_1) AppleWebKit/601.2.4 (KHTML, like Gecko) Version/9.0.1 Safari/601.2.4 facebookexternalhit/1.1 Facebot Twitterbot/1.0",
        "WhatsApp/2.23.20.0",
        "WhatsApp/2",
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) WhatsApp/2.2424.0 Chrome/91.0.4472.164 Electron/13.6.9 Safari/537.36",
        "Twitterbot/1.0",
        "LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)",
        "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
        "Slack-ImgProxy (+https://api.slack.com/robots)",
        "TelegramBot (like TwitterBot)",
        "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)",
        "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5 skype-url-preview@microsoft.com",
        "Mozilla/5.0 (compatible; Linespider/1.1; +https://lin.ee/4dwXkTH)",
        "Mozilla/5.0 (compatible; Synapse/1.100; +https://github.com/matrix-org/synapse)",
        "DingTalkBot-LinkService/1.0 (+https://open-doc.dingtalk.com/microapp/faquestions/ftpfeu)",
        "DingTalk/7.6.50 CFNetwork/1568.300.101 Darwin/24.2.0",
        "WeChatShareExtensionNew/8.0.56.34 CFNetwork/1568.300.101 Darwin/24.2.0",
        "WeChat/8.0.60.35 CFNetwork/3826.500.131 Darwin/24.5.0",
        "MicroMessenger Client",
        "%E4%BC%81%E4%B8%9A%E5%BE%AE%E4%BF%A1/4.1.36.1 CFNetwork/3826.500.131 Darwin/24.5.0",
        "Lark-Bot/1.0",
        "Lark/7.44.6 CFNetwork/1568.300.101 Darwin/24.2.0",
        "QQ/9.1.30.611 CFNetwork/1568.300.101 Darwin/24.2.0",
        "Mozilla/5.0 (Linux; U; Android 4.4.2; zh-cn; GT-I9500 Build/KOT49H) AppleWebKit/537.36 (KHTML, like Gecko)Version/4.0 MQQBrowser/5.0 QQ-URL-Manager Mobile Safari/537.36",
        "discover/8.77 (iPhone; iOS 17.2.1; Scale/2.00)",
        "Viber",
        "Viber/13.3.0.5 CFNetwork/1121.2.2 Darwin/19.2.0",
    ] {
        assert_eq!(
            class_of(agent),
            (Class::Preview, ClickReason::PreviewAgent),
            "{agent}"
        );
    }
}

#[test]
fn machines_are_told_with_their_reason() {
    for (agent, reason) in [
        ("", ClickReason::NoAgent),
        (" \t", ClickReason::NoAgent),
        ("Mozilla/5.0", ClickReason::ScriptAgent),
        ("curl/8.7.1", ClickReason::ScriptAgent),
        ("1234567890123456789", ClickReason::ScriptAgent),
        ("微信浏览器", ClickReason::ScriptAgent),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64)",
            ClickReason::ScriptAgent,
        ),
        ("Mozilla/5.0                   ", ClickReason::ScriptAgent),
        ("Java/17.0.9-internal+0-adhoc", ClickReason::ScriptAgent),
        ("Java-http-client/21.0.1 extra", ClickReason::ScriptAgent),
        ("PostmanRuntime/7.43.0 (Linux)", ClickReason::ScriptAgent),
        (
            "Dalvik/2.1.0 (Linux; U; Android 15; PLK110 Build/AP3A.240617.008)",
            ClickReason::ScriptAgent,
        ),
        (
            "SomeReader/7.1 CFNetwork/1568.300.101 Darwin/24.2.0",
            ClickReason::ScriptAgent,
        ),
        ("python-requests/2.32.3 (x86_64)", ClickReason::CrawlerList),
        (
            "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
            ClickReason::CrawlerList,
        ),
        (
            "Mozilla/5.0 (compatible;PetalBot;+https://webmaster.petalsearch.com/site/petalbot)",
            ClickReason::CrawlerList,
        ),
        (
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/142.0.0.0 Safari/537.36",
            ClickReason::CrawlerList,
        ),
        (
            "Sogou web spider/4.0(+http://www.sogou.com/docs/help/webmasters.htm#07)",
            ClickReason::CrawlerList,
        ),
    ] {
        assert_eq!(class_of(agent), (Class::Bot, reason), "{agent}");
    }
}

#[test]
fn old_browsers_without_a_product_are_people() {
    for agent in [
        "Mozilla/5.0 (compatible; MSIE 10.0; Windows NT 6.2; Trident/6.0)",
        "Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; rv:11.0) like Gecko",
        "Opera/9.80 (Android; Opera Mini/78.0/191.320; U; zh) Presto/2.12.423 Version/12.16",
        "[FBAN/FB4A;FBAV/567.1.0.52.74;FBBV/1003893689;FBLC/nl_NL;FBPN/com.facebook.katana;FBDV/SM-S921B;FBSV/16]",
    ] {
        assert_eq!(class_of(agent), (Class::Human, ClickReason::Person), "{agent}");
    }
}

#[test]
fn each_prefetch_header_makes_a_prefetch() {
    let base = facts(CHROME);
    for asked in [
        RequestFacts {
            sec_purpose: Some("prefetch"),
            ..base
        },
        RequestFacts {
            sec_purpose: Some("prefetch;prerender"),
            ..base
        },
        RequestFacts {
            sec_purpose: Some("Prefetch;anonymous-client-ip"),
            ..base
        },
        RequestFacts {
            purpose: Some("prefetch"),
            ..base
        },
        RequestFacts {
            purpose: Some("preview"),
            ..base
        },
        RequestFacts {
            x_purpose: Some("preview"),
            ..base
        },
        RequestFacts {
            x_moz: Some("prefetch"),
            ..base
        },
    ] {
        assert_eq!(
            classify(&asked, &outside()),
            (Class::Prefetch, ClickReason::PrefetchHeader),
            "{asked:?}"
        );
    }
    for asked in [
        RequestFacts {
            sec_purpose: Some(""),
            ..base
        },
        RequestFacts {
            sec_purpose: Some("pre"),
            ..base
        },
        RequestFacts {
            sec_purpose: Some("navigate"),
            ..base
        },
        RequestFacts {
            purpose: Some("unprefetch"),
            ..base
        },
    ] {
        assert_eq!(classify(&asked, &outside()).0, Class::Human, "{asked:?}");
    }
}

#[test]
fn precedence_is_prefetch_preview_bot_self_internal_suspect_do_not_track() {
    let own = Context {
        internal: true,
        staff: Some(EmployeeId(1)),
        owner: EmployeeId(1),
    };
    let all = RequestFacts {
        sec_purpose: Some("prefetch"),
        accept_language: None,
        do_not_track: true,
        ..facts("facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)")
    };
    let preview = RequestFacts {
        sec_purpose: None,
        ..all
    };
    let bot = RequestFacts {
        user_agent: "Googlebot/2.1 (+http://www.google.com/bot.html)",
        ..preview
    };
    let person = RequestFacts {
        user_agent: CHROME,
        ..bot
    };
    let colleague = Context {
        staff: Some(EmployeeId(2)),
        ..own
    };
    let network = Context { staff: None, ..own };
    let speaking = RequestFacts {
        accept_language: Some("zh"),
        ..person
    };
    for (asked, context, expected) in [
        (all, own, (Class::Prefetch, ClickReason::PrefetchHeader)),
        (preview, own, (Class::Preview, ClickReason::PreviewAgent)),
        (bot, own, (Class::Bot, ClickReason::CrawlerList)),
        (person, own, (Class::Own, ClickReason::OwnLink)),
        (person, colleague, (Class::Internal, ClickReason::StaffBrowser)),
        (
            person,
            Context {
                internal: false,
                ..colleague
            },
            (Class::Internal, ClickReason::StaffBrowser),
        ),
        (person, network, (Class::Internal, ClickReason::InternalNetwork)),
        (person, outside(), (Class::Suspect, ClickReason::NoLanguage)),
        (
            RequestFacts {
                accept_language: Some(" "),
                ..person
            },
            outside(),
            (Class::Suspect, ClickReason::NoLanguage),
        ),
        (speaking, outside(), (Class::Human, ClickReason::DoNotTrack)),
        (
            RequestFacts {
                do_not_track: false,
                ..speaking
            },
            outside(),
            (Class::Human, ClickReason::Person),
        ),
    ] {
        assert_eq!(classify(&asked, &context), expected, "{asked:?} {context:?}");
    }
}

#[test]
fn judging_is_classifying_and_reading_the_agent_at_once() {
    for [agent, ..] in real_agents() {
        let verdict = judge(&facts(agent), &outside());
        assert_eq!((verdict.class, verdict.reason), class_of(agent));
        assert_eq!(verdict.agent, Agent::parse(agent));
    }
}

#[test]
fn what_follows_a_kilobyte_is_not_looked_at() {
    let padded = format!(
        "{CHROME}{} Googlebot/2.1 MicroMessenger/8.0",
        " é".repeat(MAX_AGENT)
    );
    assert_eq!(class_of(&padded), (Class::Human, ClickReason::Person));
    assert_eq!(Agent::parse(&padded).browser, Browser::Chrome);
}

#[test]
fn words_and_codes_of_agents_lead_back() {
    for browser in Browser::ALL {
        assert_eq!(Browser::from_code(browser.code()), Some(*browser));
        assert_eq!(browser.as_str().parse(), Ok(*browser));
    }
    for os in Os::ALL {
        assert_eq!(Os::from_code(os.code()), Some(*os));
        assert_eq!(os.as_str().parse(), Ok(*os));
    }
    for device in Device::ALL {
        assert_eq!(Device::from_code(device.code()), Some(*device));
        assert_eq!(device.as_str().parse(), Ok(*device));
    }
    assert_eq!(Browser::from_code(255), None);
}

proptest! {
    #[test]
    fn any_bytes_are_classified(agent: Vec<u8>, language: Option<Vec<u8>>, purpose: Option<String>) {
        let agent = String::from_utf8_lossy(&agent);
        let language = language.map(|l| String::from_utf8_lossy(&l).into_owned());
        let asked = RequestFacts { accept_language: language.as_deref(), sec_purpose: purpose.as_deref(), ..facts(&agent) };
        let verdict = judge(&asked, &outside());
        prop_assert!(verdict.class != Class::Repeat);
        let _ = super::language(&agent);
        let _ = super::referrer_host(&agent);
        let _ = super::referrer_host(&format!("https://{agent}"));
    }

    #[test]
    fn broken_agents_do_not_panic(cut in 0_usize..400, which in 0_usize..60, junk: String) {
        let agents = real_agents();
        let agent = agents[which][0];
        let end = (0..=cut.min(agent.len())).rev().find(|at| agent.is_char_boundary(*at)).unwrap_or(0);
        let broken = format!("{}{junk}", &agent[..end]);
        let _ = judge(&facts(&broken), &outside());
    }
}
