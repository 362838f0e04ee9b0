//! Who clicks: browsers as people carry them, and the machines between.

/// A user agent with its weight.
pub struct DemoAgent {
    /// How often, out of the sum of weights.
    pub weight: u32,
    /// The header.
    pub agent: &'static str,
}

const fn agent(weight: u32, agent: &'static str) -> DemoAgent {
    DemoAgent { weight, agent }
}

/// People's browsers.
pub const PEOPLE: [DemoAgent; 14] = [
    agent(
        260,
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 MicroMessenger/8.0.62(0x18003e2f) NetType/WIFI Language/zh_CN",
    ),
    agent(
        150,
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 MicroMessenger/8.0.60(0x18003c2b) NetType/5G Language/zh_CN",
    ),
    agent(
        190,
        "Mozilla/5.0 (Linux; Android 15; 24069PC21C Build/AQ3A.240627.003; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/134.0.6998.136 Mobile Safari/537.36 XWEB/1340129 MMWEBSDK/20250201 MicroMessenger/8.0.60.2860(0x28003C3D) WeChat/arm64 Weixin NetType/5G Language/zh_CN ABI/arm64",
    ),
    agent(
        90,
        "Mozilla/5.0 (Linux; Android 14; V2309A Build/UP1A.231005.007; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/126.0.6478.188 Mobile Safari/537.36 XWEB/1260183 MMWEBSDK/20241202 MicroMessenger/8.0.56.2800(0x2800383C) WeChat/arm64 Weixin NetType/WIFI Language/zh_CN ABI/arm64",
    ),
    agent(
        40,
        "Mozilla/5.0 (Phone; OpenHarmony 5.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/114.0.0.0 Safari/537.36 ArkWeb/4.1.6.1 Mobile HuaweiBrowser/5.1.4.301",
    ),
    agent(
        45,
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
    ),
    agent(
        40,
        "Mozilla/5.0 (Linux; Android 14; 23127PN0CC) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Mobile Safari/537.36",
    ),
    agent(
        35,
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_3 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 aweme_32.5.0 JsSdk/2.0 NetType/WIFI Channel/App Store ByteLocale/zh Region/CN",
    ),
    agent(
        35,
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_2 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 XHS/8.80 xhsdiscover",
    ),
    agent(
        20,
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
    ),
    agent(
        12,
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Safari/605.1.15",
    ),
    agent(
        15,
        "Mozilla/5.0 (Linux; U; Android 14; zh-cn; M2102K1C Build/UKQ1.230804.001) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/109.0.5414.118 Mobile Safari/537.36 XiaoMi/MiuiBrowser/18.7.50814",
    ),
    agent(
        12,
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/22B83 Weibo (iPhone16,1__weibo__15.1.1__iphone__os18.1)",
    ),
    agent(
        10,
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 [FBAN/FBIOS;FBAV/480.0.0.49.105;FBBV/632118456;FBDV/iPhone15,3;FBMD/iPhone;FBSN/iOS;FBSV/17.5;FBSS/3;FBLC/zh_CN;FBOP/5]",
    ),
];

/// Crawlers, scripts and preview fetchers.
pub const MACHINES: [DemoAgent; 8] = [
    agent(
        30,
        "Mozilla/5.0 (compatible; Baiduspider/2.0; +http://www.baidu.com/search/spider.html)",
    ),
    agent(
        20,
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    ),
    agent(
        25,
        "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    ),
    agent(
        15,
        "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    ),
    agent(10, "python-requests/2.32.3"),
    agent(10, "curl/8.10.1"),
    agent(12, "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)"),
    agent(
        18,
        "Mozilla/5.0 (compatible; bytespider; spider-feedback@bytedance.com)",
    ),
];

/// Addresses people come from: first two octets of made-up but plausible networks.
pub const NETWORKS: [(u8, u8); 10] = [
    (116, 228),
    (101, 80),
    (180, 173),
    (117, 136),
    (223, 104),
    (112, 64),
    (58, 246),
    (140, 207),
    (183, 192),
    (61, 170),
];
