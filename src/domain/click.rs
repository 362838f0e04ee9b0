//! What a click was (attribution.md §2).

use std::fmt;
use std::str::FromStr;

/// The class of a click. Only [`Class::Human`] counts; the others stay visible with their reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Class {
    /// A person.
    Human = 0,
    /// A link-preview fetcher of a chat or social app.
    Preview = 1,
    /// A crawler or script.
    Bot = 2,
    /// A browser loading ahead of a click that may never come.
    Prefetch = 3,
    /// The same visitor on the same link within the hour.
    Repeat = 4,
    /// The firm's own network or a signed-in member of staff.
    Internal = 5,
    /// The link's own employee.
    Own = 6,
    /// Looks like a person, but something speaks against it; a person decides.
    Suspect = 7,
}

impl Class {
    /// All classes, in the order of their codes.
    pub const ALL: [Self; 8] = [
        Self::Human,
        Self::Preview,
        Self::Bot,
        Self::Prefetch,
        Self::Repeat,
        Self::Internal,
        Self::Own,
        Self::Suspect,
    ];

    /// The word used in the API and the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Human => "human",
            Self::Preview => "preview",
            Self::Bot => "bot",
            Self::Prefetch => "prefetch",
            Self::Repeat => "repeat",
            Self::Internal => "internal",
            Self::Own => "self",
            Self::Suspect => "suspect",
        }
    }

    /// The class with this code (0–7), as spool records carry it.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code)).copied()
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Class {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|c| c.as_str() == text).ok_or(())
    }
}

/// Why a click got its class; the word is stored and shown (translated) beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum ClickReason {
    /// Nothing spoke against a person.
    Person = 0,
    /// User agent of a link-preview fetcher.
    PreviewAgent = 1,
    /// User agent on the crawler list.
    CrawlerList = 2,
    /// No user agent at all.
    NoAgent = 3,
    /// User agent shorter than 20 characters, bare `Mozilla/5.0`, a library's.
    ScriptAgent = 4,
    /// A prefetch header.
    PrefetchHeader = 5,
    /// Seen on this link within the hour (cookie).
    RepeatVisitor = 6,
    /// Seen within the hour by hash only; becomes human when the page shows another visitor.
    RepeatProvisional = 7,
    /// Address in `internal_networks`.
    InternalNetwork = 8,
    /// A signed-in member of staff.
    StaffBrowser = 9,
    /// The link's own employee.
    OwnLink = 10,
    /// Address of a hosting network.
    HostingNetwork = 11,
    /// Many links within seconds from one visitor.
    Scanner = 12,
    /// No `Accept-Language`.
    NoLanguage = 13,
    /// WeChat's second fetch of a link just opened.
    WeChatRefetch = 14,
    /// The start beacon showed another visitor behind the same hash.
    OtherVisitor = 15,
    /// A person decided (the audit log says who and why).
    Overruled = 16,
    /// `Sec-GPC` or `DNT`: a person, without visitor and beacons.
    DoNotTrack = 17,
}

impl ClickReason {
    /// All reasons, in the order of their codes.
    pub const ALL: [Self; 18] = [
        Self::Person,
        Self::PreviewAgent,
        Self::CrawlerList,
        Self::NoAgent,
        Self::ScriptAgent,
        Self::PrefetchHeader,
        Self::RepeatVisitor,
        Self::RepeatProvisional,
        Self::InternalNetwork,
        Self::StaffBrowser,
        Self::OwnLink,
        Self::HostingNetwork,
        Self::Scanner,
        Self::NoLanguage,
        Self::WeChatRefetch,
        Self::OtherVisitor,
        Self::Overruled,
        Self::DoNotTrack,
    ];

    /// The word used in the API and the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::PreviewAgent => "preview-agent",
            Self::CrawlerList => "crawler-list",
            Self::NoAgent => "no-agent",
            Self::ScriptAgent => "script-agent",
            Self::PrefetchHeader => "prefetch-header",
            Self::RepeatVisitor => "repeat-visitor",
            Self::RepeatProvisional => "repeat-provisional",
            Self::InternalNetwork => "internal-network",
            Self::StaffBrowser => "staff-browser",
            Self::OwnLink => "own-link",
            Self::HostingNetwork => "hosting-network",
            Self::Scanner => "scanner",
            Self::NoLanguage => "no-language",
            Self::WeChatRefetch => "wechat-refetch",
            Self::OtherVisitor => "other-visitor",
            Self::Overruled => "overruled",
            Self::DoNotTrack => "do-not-track",
        }
    }

    /// Those that rest, or may come to rest, on the clicks around: the request itself looked like a person's.
    pub const BY_NEIGHBOURS: [Self; 7] = [
        Self::Person,
        Self::RepeatVisitor,
        Self::RepeatProvisional,
        Self::HostingNetwork,
        Self::Scanner,
        Self::WeChatRefetch,
        Self::OtherVisitor,
    ];

    /// The reason with this code, as spool records carry it.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code)).copied()
    }
}

impl FromStr for ClickReason {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|r| r.as_str() == text).ok_or(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_words_lead_back() {
        for (i, class) in Class::ALL.into_iter().enumerate() {
            assert_eq!(Class::from_code(u8::try_from(i).unwrap()), Some(class));
            assert_eq!(class.as_str().parse(), Ok(class));
        }
        for (i, reason) in ClickReason::ALL.into_iter().enumerate() {
            assert_eq!(ClickReason::from_code(u8::try_from(i).unwrap()), Some(reason));
            assert_eq!(reason as usize, i);
            assert_eq!(reason.as_str().parse(), Ok(reason));
        }
    }
}
