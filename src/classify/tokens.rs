//! The names in a user agent, found in one pass.
//!
//! Every position after something that is neither letter nor digit may begin a name; the table below is
//! entered by the first byte. A name found decides nothing alone: [`Scan`] puts them together.
//!
//! # Sources of the preview fetchers
//! - Meta's crawlers page: `facebookexternalhit`, `meta-externalfetcher`; `WhatsApp/2.…` (Signal borrows it:
//!   signalapp/Signal-Desktop#5046). iMessage calls itself `facebookexternalhit … Facebot Twitterbot/1.0`.
//! - The vendored list's tag `social-preview`: LinkedIn, X, Slack, Telegram, Discord, Skype and Teams
//!   (`SkypeUriPreview`, `MicrosoftPreview`), LINE (`Linespider`), Snapchat, VK, Mattermost, Matrix (`Synapse`),
//!   Mastodon, Bluesky, `DingTalkBot-LinkService` and others. Its AI crawlers, page-image and mail-image
//!   proxies under that tag are left to the list.
//! - LINE also sends `facebookexternalhit/1.1;line-poker/1.0`, KakaoTalk `…; kakaotalk-scrap/1.0`
//!   (both named in many sites' Open Graph middleware).
//! - WeChat: no fetcher is documented. The sender's own app fetches title and picture: iOS through the share
//!   extension (`WeChatShareExtensionNew/…`, in matomo's app list), Android as `MicroMessenger Client`; the rule is
//!   in [`Scan::is_preview`]: a chat app that does not call itself `Mozilla` is no page opened by a person.
//!   What WeChat's servers fetch afterwards looks like a phone: see `is_wechat_refetch`.
//! - WeCom, like WeChat: nothing documented, its app's own `CFNetwork` fetches carry the (percent-encoded) name.
//! - QQ: `MQQBrowser/5.0 QQ-URL-Manager` fetches links sent in QQ (server logs since 2016).
//! - Feishu/Lark: nothing documented; the bot-like names seen in other sites' tests (`Lark-Bot`) are taken,
//!   `Lark/7.…` is people.

use super::agent::{Agent, Browser, Device, Os};

/// What a name says.
#[derive(Clone, Copy)]
enum Mark {
    App(Browser),
    System(Os),
    Flag(u8),
    IPad,
    Preview,
}
use Mark::{App, Flag, IPad, Preview, System};

const MOBILE: u8 = 1;
const TABLET: u8 = 2;
const PC: u8 = 4;
const TV: u8 = 8;
const WEB_VIEW: u8 = 16;
const WEBKIT: u8 = 32;
/// An app's own HTTP client, not a page: iOS `CFNetwork`, `Scale/3.00` (`AFNetworking`), Android `Dalvik`.
const NATIVE: u8 = 64;

/// Grouped by first byte; in a group a name stands before its own beginnings (tested).
#[rustfmt::skip]
const TOKENS: &[(&str, Mark)] = &[
    ("%E4%BC%81%E4%B8%9A%E5%BE%AE%E4%BF%A1", App(Browser::WeCom)),
    ("360SE", App(Browser::Qihoo)),
    ("360EE", App(Browser::Qihoo)),
    ("Aweme", App(Browser::Douyin)),
    ("ArkWeb", Flag(WEB_VIEW)),
    ("AppleWebKit", Flag(WEBKIT)),
    ("AppleTV", Flag(TV)),
    ("Apple TV", Flag(TV)),
    ("Android", System(Os::Android)),
    ("AlipayDefined", App(Browser::Alipay)),
    ("AlipayClient", App(Browser::Alipay)),
    ("AliApp(TM", App(Browser::Taobao)),
    ("AliApp(TB", App(Browser::Taobao)),
    ("BytedanceWebview", App(Browser::TikTok)),
    ("BufferLinkPreviewBot", Preview),
    ("BlueskyPreviewBot", Preview),
    ("Bluesky/", Preview),
    ("BiliApp", App(Browser::Bilibili)),
    ("Barcelona", App(Browser::Instagram)),
    ("BRAVIA", Flag(TV)),
    ("BIDUBrowser", App(Browser::Baidu)),
    ("CriOS/", App(Browser::Chrome)),
    ("CrOS", System(Os::ChromeOs)),
    ("CrKey", Flag(TV)),
    ("ClickUpLinkUnfurler", Preview),
    ("Chromium/", App(Browser::Chrome)),
    ("Chrome/", App(Browser::Chrome)),
    ("Chatwork LinkPreview", Preview),
    ("CFNetwork", Flag(NATIVE)),
    ("DuckDuckGo/", App(Browser::DuckDuckGo)),
    ("DouYin", App(Browser::Douyin)),
    ("Discourse Forum Onebox", Preview),
    ("Discordbot", Preview),
    ("DingTalkBot-LinkService", Preview),
    ("DingTalk", App(Browser::DingTalk)),
    ("Ddg/", App(Browser::DuckDuckGo)),
    ("Darwin/", Flag(NATIVE)),
    ("Dalvik/", Flag(NATIVE)),
    ("EvernoteRichLinkBot", Preview),
    ("Embedly", Preview),
    ("EdgiOS/", App(Browser::Edge)),
    ("Edge/", App(Browser::Edge)),
    ("EdgA/", App(Browser::Edge)),
    ("Edg/", App(Browser::Edge)),
    ("FxiOS/", App(Browser::Firefox)),
    ("Firefox/", App(Browser::Firefox)),
    ("FeishuBot", Preview),
    ("Feishu/", App(Browser::Feishu)),
    ("Facebot", Preview),
    ("FB_IAB", App(Browser::Facebook)),
    ("FBIOS", App(Browser::Facebook)),
    ("FBAV", App(Browser::Facebook)),
    ("FBAN", App(Browser::Facebook)),
    ("GroupMeBot", Preview),
    ("GoogleTV", Flag(TV)),
    ("HuaweiBrowser", App(Browser::Huawei)),
    ("HonorBrowser", App(Browser::Honor)),
    ("HiBrowser", App(Browser::Honor)),
    ("HeyTapBrowser", App(Browser::Oppo)),
    ("HbbTV", Flag(TV)),
    ("HarmonyOS", System(Os::HarmonyOs)),
    ("Instagram", App(Browser::Instagram)),
    ("Iframely", Preview),
    ("Kwai", App(Browser::Kuaishou)),
    ("KeybaseBot", Preview),
    ("KAKAOTALK", App(Browser::KakaoTalk)),
    ("Linux", System(Os::Linux)),
    ("LinkedInBot", Preview),
    ("LinkedInApp", App(Browser::LinkedIn)),
    ("Linespider", Preview),
    ("LineBot", Preview),
    ("Line/", App(Browser::Line)),
    ("Lemmy/", Preview),
    ("LarkBot", Preview),
    ("Lark/", App(Browser::Feishu)),
    ("Lark-Bot", Preview),
    ("Mobile", Flag(MOBILE)),
    ("MiuiBrowser", App(Browser::Xiaomi)),
    ("MicrosoftPreview", Preview),
    ("MicroMessenger", App(Browser::WeChat)),
    ("MetaSr", App(Browser::Sogou)),
    ("MetaIAB Facebook", App(Browser::Facebook)),
    ("Meta-ExternalHit", Preview),
    ("MeituanGroup", App(Browser::Meituan)),
    ("Mattermost-Bot", Preview),
    ("Mastodon", Preview),
    ("Macintosh", System(Os::MacOs)),
    ("MacWechat", App(Browser::WeChat)),
    ("MSIE", App(Browser::Ie)),
    ("MQQBrowser", App(Browser::QqBrowser)),
    ("Notion/", Preview),
    ("Nintendo", Flag(TV)),
    ("NewsArticle", App(Browser::Toutiao)),
    ("OppoBrowser", App(Browser::Oppo)),
    ("Opera", App(Browser::Opera)),
    ("OpenHarmony", System(Os::HarmonyOs)),
    ("OdklBot", Preview),
    ("OPX/", App(Browser::Opera)),
    ("OPT/", App(Browser::Opera)),
    ("OPR/", App(Browser::Opera)),
    ("PlayStation", Flag(TV)),
    ("Pinterestbot", Preview),
    ("Pinterest/iOS", App(Browser::Pinterest)),
    ("Pinterest/Android", App(Browser::Pinterest)),
    ("Pinterest/0.", Preview),
    ("Pinterest for", App(Browser::Pinterest)),
    ("Phone;", Flag(MOBILE)),
    ("PC;", Flag(PC)),
    ("Quark", App(Browser::Quark)),
    ("QihooBrowser", App(Browser::Qihoo)),
    ("QQBrowser", App(Browser::QqBrowser)),
    ("QQ/", App(Browser::Qq)),
    ("QQ-URL-Manager", Preview),
    ("QHBrowser", App(Browser::Qihoo)),
    ("Rocket.Chat", Preview),
    ("Synapse", Preview),
    ("SummalyBot", Preview),
    ("SogouSearch", App(Browser::Sogou)),
    ("SogouMobileBrowser", App(Browser::Sogou)),
    ("Snapchat/", App(Browser::Snapchat)),
    ("SnapURLPreview", Preview),
    ("Snap URL Preview", Preview),
    ("SmartTV", Flag(TV)),
    ("Slackbot", Preview),
    ("Slack-ImgProxy", Preview),
    ("SkypeUriPreview", Preview),
    ("Scale/", Flag(NATIVE)),
    ("SamsungBrowser", App(Browser::Samsung)),
    ("Safari/", App(Browser::Safari)),
    ("SP-engine", App(Browser::Baidu)),
    ("SMART-TV", Flag(TV)),
    ("Twitterbot", Preview),
    ("TwitterAndroid", App(Browser::X)),
    ("Twitter for", App(Browser::X)),
    ("Tumblr/", Preview),
    ("Trident/", App(Browser::Ie)),
    ("ToutiaoMicroApp", App(Browser::Toutiao)),
    ("Tizen", Flag(TV)),
    ("TitansX", App(Browser::Meituan)),
    ("TikTok", App(Browser::TikTok)),
    ("TelegramBot", Preview),
    ("Telegram/", App(Browser::Telegram)),
    ("Telegram-Android", App(Browser::Telegram)),
    ("Tablet;", Flag(TABLET)),
    ("Tablet)", Flag(TABLET)),
    ("TIM/", App(Browser::Qq)),
    ("UCWEB", App(Browser::Uc)),
    ("UCBrowser", App(Browser::Uc)),
    ("UBrowser", App(Browser::Uc)),
    ("VivoBrowser", App(Browser::Vivo)),
    ("Viber", App(Browser::Viber)),
    ("V1_IPH_SQ", App(Browser::Qq)),
    ("V1_AND_SQ", App(Browser::Qq)),
    ("WindowsWechat", App(Browser::WeChat)),
    ("Windows Phone", System(Os::Windows)),
    ("Windows NT", System(Os::Windows)),
    ("WhatsApp", Preview),
    ("Weixin Link Preview", Preview),
    ("Weixin", App(Browser::WeChat)),
    ("Weibo", App(Browser::Weibo)),
    ("Web0S", Flag(TV)),
    ("WeCom/", App(Browser::WeCom)),
    ("WeChatShareExtension", Preview),
    ("WeChat Crawler", Preview),
    ("WeChat", App(Browser::WeChat)),
    ("WXWork", App(Browser::WeCom)),
    ("XiaoHongShu", App(Browser::Xiaohongshu)),
    ("Xbox", Flag(TV)),
    ("XHS/", App(Browser::Xiaohongshu)),
    ("X11", System(Os::Linux)),
    ("Yahoo Link Preview", Preview),
    ("YaBrowser", App(Browser::Yandex)),
    ("ZoomBot", Preview),
    ("ZhihuHybrid", App(Browser::Zhihu)),
    ("Zhihu", App(Browser::Zhihu)),
    ("ZaloBot", Preview),
    ("aweme", App(Browser::Douyin)),
    ("bilibili", App(Browser::Bilibili)),
    ("bili-universal", App(Browser::Bilibili)),
    ("baidubrowser", App(Browser::Baidu)),
    ("baiduboxapp", App(Browser::Baidu)),
    ("discover/", App(Browser::Xiaohongshu)),
    ("dingtalk", App(Browser::DingTalk)),
    ("dianping", App(Browser::Meituan)),
    ("facebookexternalhit", Preview),
    ("iPod", System(Os::Ios)),
    ("iPhone", System(Os::Ios)),
    ("iPad", IPad),
    ("jdltapp", App(Browser::Jd)),
    ("jdapp", App(Browser::Jd)),
    ("ksNebula", App(Browser::Kuaishou)),
    ("kakaotalk-scrap", Preview),
    ("line-poker", Preview),
    ("musical_ly", App(Browser::TikTok)),
    ("meta-externalfetcher", Preview),
    ("redditbot", Preview),
    ("trill_", App(Browser::TikTok)),
    ("vkShare", Preview),
    ("vivoBrowser", App(Browser::Vivo)),
    ("wxwork", App(Browser::WeCom)),
    ("wv)", Flag(WEB_VIEW)),
    ("weibo_", App(Browser::Weibo)),
    ("xhsdiscover", App(Browser::Xiaohongshu)),
];

/// Where the group of each first byte begins in [`TOKENS`], and where the last one ends.
const GROUPS: [u8; 129] = {
    let mut starts = [0u8; 129];
    let mut byte = 0;
    let mut token = 0;
    while byte < 128 {
        starts[byte] = position(token);
        while token < TOKENS.len() && TOKENS[token].0.as_bytes()[0] as usize == byte {
            token += 1;
        }
        byte += 1;
    }
    starts[128] = position(token);
    assert!(token == TOKENS.len(), "sorted by first byte");
    starts
};

#[expect(clippy::cast_possible_truncation, reason = "checked at compile time")]
const fn position(token: usize) -> u8 {
    assert!(token <= 255, "fits in a byte");
    token as u8
}

/// The names found in one user agent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scan {
    browser: Browser,
    os: Os,
    flags: u8,
    preview: bool,
    mozilla: bool,
}

/// Reads a user agent once. Any bytes; no allocation.
pub(super) fn scan(user_agent: &str) -> Scan {
    let bytes = user_agent.as_bytes();
    let mut scan = Scan {
        browser: Browser::Other,
        os: Os::Other,
        flags: 0,
        preview: false,
        mozilla: bytes.starts_with(b"Mozilla/"),
    };
    let mut boundary = true;
    for (at, &byte) in bytes.iter().enumerate() {
        if boundary && byte < 128 {
            let group = usize::from(GROUPS[usize::from(byte)])..usize::from(GROUPS[usize::from(byte) + 1]);
            // The second byte settles most comparisons; every name has one.
            if let (false, Some(&second)) = (group.is_empty(), bytes.get(at + 1)) {
                let name_here =
                    |name: &str| name.as_bytes()[1] == second && bytes[at..].starts_with(name.as_bytes());
                if let Some((_, mark)) = TOKENS[group].iter().find(|(name, _)| name_here(name)) {
                    scan.add(*mark);
                }
            }
        }
        boundary = !byte.is_ascii_alphanumeric();
    }
    scan
}

impl Scan {
    /// The first of the enum's order wins (0 is nothing yet).
    fn add(&mut self, mark: Mark) {
        match mark {
            App(browser) if self.browser == Browser::Other || browser < self.browser => {
                self.browser = browser;
            }
            System(os) if self.os == Os::Other || os < self.os => self.os = os,
            Flag(flag) => self.flags |= flag,
            IPad => {
                self.flags |= TABLET;
                self.add(System(Os::Ios));
            }
            Preview => self.preview = true,
            App(_) | System(_) => {}
        }
    }

    fn has(self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// A link-preview fetcher: one by name, or a chat app's own HTTP client.
    pub(super) fn is_preview(self) -> bool {
        let chat = matches!(
            self.browser,
            Browser::WeCom
                | Browser::WeChat
                | Browser::DingTalk
                | Browser::Feishu
                | Browser::Qq
                | Browser::Weibo
                | Browser::Xiaohongshu
                | Browser::Line
                | Browser::KakaoTalk
                | Browser::Telegram
                | Browser::Viber
        );
        self.preview || (chat && !self.mozilla)
    }

    /// An HTTP client inside an app, not a page.
    pub(super) fn is_native(self) -> bool {
        !self.mozilla && self.has(NATIVE)
    }

    /// What the names say together.
    pub(super) fn agent(self) -> Agent {
        if self.is_native() {
            return Agent {
                device: Device::Other,
                ..Agent {
                    browser: self.browser,
                    os: self.os,
                    ..Agent::UNKNOWN
                }
            };
        }
        // An iPad in its desktop disguise gives itself away inside apps.
        let tablet_mac = self.os == Os::MacOs && self.has(MOBILE);
        let os = if tablet_mac { Os::Ios } else { self.os };
        Agent {
            browser: self.engine(os),
            os,
            device: self.device(os, tablet_mac),
        }
    }

    fn engine(self, os: Os) -> Browser {
        let apple = matches!(os, Os::Ios | Os::MacOs);
        match self.browser {
            Browser::Chrome if self.has(WEB_VIEW) => Browser::WebView,
            Browser::Safari if !apple => Browser::WebView,
            Browser::Other if apple && self.has(WEBKIT) => Browser::WebView,
            named => named,
        }
    }

    fn device(self, os: Os, tablet_mac: bool) -> Device {
        if self.has(TV) {
            Device::Other
        } else if self.has(TABLET) || tablet_mac {
            Device::Tablet
        } else if self.has(PC) {
            Device::Desktop
        } else if self.has(MOBILE) {
            Device::Mobile
        } else {
            match os {
                Os::Ios => Device::Mobile,
                Os::Android | Os::HarmonyOs => Device::Tablet, // Chromium says `Mobile` on phones only
                Os::Windows | Os::MacOs | Os::Linux | Os::ChromeOs => Device::Desktop,
                Os::Other => Device::Other,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_hides_behind_its_own_beginning() {
        for (index, (name, _)) in TOKENS.iter().enumerate() {
            assert!(name.len() > 1);
            for (later, _) in &TOKENS[index + 1..] {
                assert!(
                    !later.starts_with(name),
                    "{later} would never be found after {name}"
                );
            }
        }
    }

    #[test]
    fn a_name_counts_only_at_a_boundary() {
        assert!(!scan("Mozilla/5.0 (X11) NotAFacebot").is_preview());
        assert!(scan("Mozilla/5.0 (X11) a/Facebot").is_preview());
        assert_eq!(scan("Mozilla/5.0 Offline/1").browser, Browser::Other);
    }
}
