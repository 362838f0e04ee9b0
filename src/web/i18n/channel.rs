//! Names of the channels people post on.

use super::Lang;

/// Channels with a name in both languages; what else a firm writes stands as it was written.
const NAMED: [&str; 21] = [
    "wechat-moments",
    "wechat-group",
    "wechat-channels",
    "wechat",
    "wecom",
    "xiaohongshu",
    "douyin",
    "kuaishou",
    "weibo",
    "bilibili",
    "zhihu",
    "facebook",
    "instagram",
    "linkedin",
    "line",
    "whatsapp",
    "email",
    "sms",
    "offline",
    "reshare",
    "coupon",
];

impl Lang {
    /// A channel as people say it.
    pub fn channel(self, channel: &str) -> String {
        if NAMED.contains(&channel) {
            self.word("channel", channel).to_string()
        } else {
            channel.to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_channels_have_names_and_others_stay_as_written() {
        for lang in Lang::ALL {
            for channel in NAMED {
                let name = lang.channel(channel);
                assert!(
                    !name.is_empty() && !name.starts_with("Unknown") && name != channel,
                    "{name}"
                );
            }
            assert_eq!(lang.channel("shop-window"), "shop-window");
        }
    }
}
