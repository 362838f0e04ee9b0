//! Browser, operating system and device out of a user agent.

use super::{tokens, visible};

macro_rules! word_enum {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum $name { $($(#[$doc])* $variant),+ }

        impl $name {
            /// All of them, in the order of their codes.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The word used in the API and the store.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// The one-byte code spool records carry.
            pub const fn code(self) -> u8 {
                self as u8
            }

            /// The variant with this code.
            pub fn from_code(code: u8) -> Option<Self> {
                Self::ALL.get(usize::from(code)).copied()
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = ();

            fn from_str(text: &str) -> Result<Self, ()> {
                Self::ALL.iter().copied().find(|v| v.as_str() == text).ok_or(())
            }
        }
    };
}
pub(super) use word_enum;

word_enum! {
    /// The browser, or the app whose built-in browser it is.
    ///
    /// When a user agent names several, the first of this list (after `Other`) is meant: WeCom calls itself
    /// WeChat too, every app calls itself Chrome or Safari. Spool records carry the code, the store the word,
    /// so a new name may stand anywhere once the spool is drained.
    Browser {
        /// Anything not named below, native fetches too.
        Other = "other",
        /// WeCom (企业微信).
        WeCom = "wecom",
        /// WeChat (微信).
        WeChat = "wechat",
        /// DingTalk (钉钉).
        DingTalk = "dingtalk",
        /// Feishu (飞书) and Lark.
        Feishu = "feishu",
        /// The QQ app.
        Qq = "qq",
        /// Weibo (微博).
        Weibo = "weibo",
        /// Alipay (支付宝).
        Alipay = "alipay",
        /// Baidu's app.
        Baidu = "baidu",
        /// Douyin (抖音).
        Douyin = "douyin",
        /// Xiaohongshu (小红书).
        Xiaohongshu = "xiaohongshu",
        /// Facebook and Messenger.
        Facebook = "facebook",
        /// Instagram and Threads.
        Instagram = "instagram",
        /// LINE.
        Line = "line",
        /// TikTok.
        TikTok = "tiktok",
        /// Toutiao (今日头条).
        Toutiao = "toutiao",
        /// Kuaishou (快手).
        Kuaishou = "kuaishou",
        /// Taobao and Tmall.
        Taobao = "taobao",
        /// JD (京东).
        Jd = "jd",
        /// Zhihu (知乎).
        Zhihu = "zhihu",
        /// Bilibili.
        Bilibili = "bilibili",
        /// Meituan and Dianping.
        Meituan = "meituan",
        /// KakaoTalk.
        KakaoTalk = "kakaotalk",
        /// Telegram.
        Telegram = "telegram",
        /// X (Twitter).
        X = "x",
        /// LinkedIn.
        LinkedIn = "linkedin",
        /// Snapchat.
        Snapchat = "snapchat",
        /// Pinterest.
        Pinterest = "pinterest",
        /// Viber.
        Viber = "viber",
        /// QQ Browser (QQ浏览器).
        QqBrowser = "qqbrowser",
        /// Quark (夸克).
        Quark = "quark",
        /// UC Browser.
        Uc = "uc",
        /// Huawei Browser.
        Huawei = "huawei",
        /// Xiaomi's browser.
        Xiaomi = "xiaomi",
        /// OPPO's browser.
        Oppo = "oppo",
        /// vivo's browser.
        Vivo = "vivo",
        /// Honor's browser.
        Honor = "honor",
        /// Sogou.
        Sogou = "sogou",
        /// 360.
        Qihoo = "360",
        /// Samsung Internet.
        Samsung = "samsung",
        /// Microsoft Edge.
        Edge = "edge",
        /// Opera.
        Opera = "opera",
        /// Yandex Browser.
        Yandex = "yandex",
        /// DuckDuckGo's browser.
        DuckDuckGo = "duckduckgo",
        /// Firefox.
        Firefox = "firefox",
        /// Internet Explorer.
        Ie = "ie",
        /// Chrome and Chromium.
        Chrome = "chrome",
        /// Safari.
        Safari = "safari",
        /// A bare web view: of an app that does not name itself.
        WebView = "webview",
    }
}

word_enum! {
    /// The operating system.
    Os {
        /// Unknown.
        Other = "other",
        /// HarmonyOS and OpenHarmony, also where they call themselves Android.
        HarmonyOs = "harmonyos",
        /// iOS and iPadOS.
        Ios = "ios",
        /// Android.
        Android = "android",
        /// Windows.
        Windows = "windows",
        /// `ChromeOS`.
        ChromeOs = "chromeos",
        /// macOS (an iPad in its desktop disguise too).
        MacOs = "macos",
        /// Linux.
        Linux = "linux",
    }
}

word_enum! {
    /// The kind of device.
    Device {
        /// Unknown, televisions, native fetches.
        Other = "other",
        /// A phone.
        Mobile = "mobile",
        /// A tablet.
        Tablet = "tablet",
        /// A desktop or laptop computer.
        Desktop = "desktop",
    }
}

/// What a user agent says about its device. Three bytes; the user agent itself is never stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Agent {
    /// The browser or in-app browser.
    pub browser: Browser,
    /// The operating system.
    pub os: Os,
    /// The kind of device.
    pub device: Device,
}

impl Agent {
    /// Nothing known.
    pub const UNKNOWN: Self = Self {
        browser: Browser::Other,
        os: Os::Other,
        device: Device::Other,
    };

    /// Reads a user agent: one pass, no allocation, any bytes.
    pub fn parse(user_agent: &str) -> Self {
        tokens::scan(visible(user_agent)).agent()
    }
}
