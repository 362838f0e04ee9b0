//! What the redirect writes down and the loader reads: clicks and beacons.
//!
//! # Why
//! Records borrow their texts, so that neither writing nor reading one allocates: a node answers tens of thousands
//! of redirects a second and the loader carries as many.

use uuid::Uuid;

use crate::classify::{Network, Visitor, VisitorId};
use crate::domain::{Class, ClickId, ClickReason, LinkId};
use crate::spool::frame::write_frame;

/// Longest user agent kept, bytes; the rest is cut.
pub const MAX_AGENT: usize = 512;
/// Longest `Accept-Language` kept, bytes.
pub const MAX_LANGUAGE: usize = 64;
/// Longest referrer host kept, bytes.
pub const MAX_REFERRER: usize = 100;

const CLICK: u8 = 1;
const BEACON: u8 = 2;

const HAS_VISITOR: u8 = 1;
const BY_HASH: u8 = 2;
const SCAN: u8 = 4;
const V4: u8 = 8;
const V6: u8 = 16;
const HAS_ISSUED: u8 = 32;

const INTERACTED: u8 = 1;
const HAS_PAGE_VISITOR: u8 = 2;

/// One answered click. Its instant is in its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClickRecord<'a> {
    /// The click.
    pub id: ClickId,
    /// The link it came through.
    pub link: LinkId,
    /// What the request looked like; repeats and scanners are found by the loader.
    pub class: Class,
    /// Why.
    pub reason: ClickReason,
    /// Who; nobody for bots, previews, prefetches and under do-not-track.
    pub visitor: Visitor,
    /// The visitor id in the cookie issued with this answer (then `visitor` is a hash: the request had none).
    /// The browser's next click comes by cookie with this id, so a repeat is to be looked for among visitors by
    /// cookie **and** among ids issued: without it nobody's second click would ever be their repeat.
    pub issued: Option<VisitorId>,
    /// Scanned from a QR code (`?q=1`) rather than tapped.
    pub scan: bool,
    /// From where.
    pub network: Network,
    /// `User-Agent`, at most [`MAX_AGENT`] bytes are kept.
    pub user_agent: &'a str,
    /// `Accept-Language`, at most [`MAX_LANGUAGE`] bytes are kept.
    pub language: &'a str,
    /// Host of `Referer`, at most [`MAX_REFERRER`] bytes are kept; empty when there was none.
    pub referrer_host: &'a str,
}

/// What a beacon says (api.md, `POST /b`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum BeaconKind {
    /// The page was opened and is visible.
    Start = 1,
    /// The visible time passed the limit.
    Limit = 2,
    /// The visitor leaves, or hides the page.
    Leaving = 3,
}

impl BeaconKind {
    /// The kind with this number (1–3).
    pub fn from_code(code: u8) -> Option<Self> {
        [Self::Start, Self::Limit, Self::Leaving]
            .into_iter()
            .find(|kind| *kind as u8 == code)
    }
}

/// One beacon whose token was good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BeaconRecord {
    /// The click its token speaks for.
    pub click: ClickId,
    /// When it arrived, milliseconds UTC, by the server's clock.
    pub at_ms: i64,
    /// What it says.
    pub kind: BeaconKind,
    /// Visible time as the page measured it, milliseconds.
    pub visible_ms: u32,
    /// Whether the visitor scrolled, tapped or typed.
    pub interacted: bool,
    /// The visitor id the page keeps in its own storage, if it may.
    pub page_visitor: Option<[u8; 16]>,
}

/// Anything in the spool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Record<'a> {
    /// A click.
    Click(ClickRecord<'a>),
    /// A beacon.
    Beacon(BeaconRecord),
}

/// Why a payload with a good checksum is not a record: written by a newer version, or a defect of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The payload ends too early or too late.
    #[error("the record has another length than its fields")]
    Length,
    /// A kind, class or reason nobody knows.
    #[error("the record has a kind, class or reason this version does not know")]
    Unknown,
    /// A text that is not UTF-8.
    #[error("the record's text is not UTF-8")]
    Text,
}

impl<'a> Record<'a> {
    /// Appends the record's frame to `out`; allocates only when `out` must grow.
    pub fn encode(&self, out: &mut Vec<u8>) {
        write_frame(out, |out| match self {
            Self::Click(click) => click.encode(out),
            Self::Beacon(beacon) => beacon.encode(out),
        });
    }

    /// Reads a frame's payload.
    pub fn decode(payload: &'a [u8]) -> Result<Self, DecodeError> {
        let mut bytes = Bytes(payload);
        let record = match bytes.byte()? {
            CLICK => Self::Click(ClickRecord::decode(&mut bytes)?),
            BEACON => Self::Beacon(BeaconRecord::decode(&mut bytes)?),
            _ => return Err(DecodeError::Unknown),
        };
        if bytes.0.is_empty() {
            Ok(record)
        } else {
            Err(DecodeError::Length)
        }
    }
}

impl<'a> ClickRecord<'a> {
    fn encode(&self, out: &mut Vec<u8>) {
        let mut flags = if self.scan { SCAN } else { 0 };
        flags |= match self.network {
            Network::V4(_) => V4,
            Network::V6(_) => V6,
        };
        flags |= match self.visitor {
            Visitor::None => 0,
            Visitor::Cookie(_) => HAS_VISITOR,
            Visitor::Hash(_) => HAS_VISITOR | BY_HASH,
        };
        if self.issued.is_some() {
            flags |= HAS_ISSUED;
        }
        out.extend_from_slice(&[CLICK, flags, self.class as u8, self.reason as u8]);
        out.extend_from_slice(self.id.0.as_bytes());
        out.extend_from_slice(&self.link.0.to_le_bytes());
        if let Some(id) = self.visitor.id() {
            out.extend_from_slice(&id);
        }
        if let Some(issued) = self.issued {
            out.extend_from_slice(&issued);
        }
        match self.network {
            Network::V4(part) => out.extend_from_slice(&part),
            Network::V6(part) => out.extend_from_slice(&part),
        }
        put_text(out, self.user_agent, MAX_AGENT);
        put_text(out, self.language, MAX_LANGUAGE);
        put_text(out, self.referrer_host, MAX_REFERRER);
    }

    fn decode(bytes: &mut Bytes<'a>) -> Result<Self, DecodeError> {
        let [flags, class, reason] = bytes.array()?;
        Ok(Self {
            id: ClickId(Uuid::from_bytes(bytes.array()?)),
            link: LinkId(i64::from_le_bytes(bytes.array()?)),
            class: Class::from_code(class).ok_or(DecodeError::Unknown)?,
            reason: ClickReason::from_code(reason).ok_or(DecodeError::Unknown)?,
            visitor: match flags & (HAS_VISITOR | BY_HASH) {
                HAS_VISITOR => Visitor::Cookie(bytes.array()?),
                0 | BY_HASH => Visitor::None,
                _ => Visitor::Hash(bytes.array()?),
            },
            issued: if flags & HAS_ISSUED == 0 {
                None
            } else {
                Some(bytes.array()?)
            },
            scan: flags & SCAN != 0,
            network: match flags & (V4 | V6) {
                V4 => Network::V4(bytes.array()?),
                V6 => Network::V6(bytes.array()?),
                _ => return Err(DecodeError::Unknown),
            },
            user_agent: bytes.text()?,
            language: bytes.text()?,
            referrer_host: bytes.text()?,
        })
    }
}

impl BeaconRecord {
    fn encode(&self, out: &mut Vec<u8>) {
        let mut flags = if self.interacted { INTERACTED } else { 0 };
        if self.page_visitor.is_some() {
            flags |= HAS_PAGE_VISITOR;
        }
        out.extend_from_slice(&[BEACON, flags, self.kind as u8]);
        out.extend_from_slice(self.click.0.as_bytes());
        out.extend_from_slice(&self.at_ms.to_le_bytes());
        out.extend_from_slice(&self.visible_ms.to_le_bytes());
        if let Some(visitor) = self.page_visitor {
            out.extend_from_slice(&visitor);
        }
    }

    fn decode(bytes: &mut Bytes<'_>) -> Result<Self, DecodeError> {
        let [flags, kind] = bytes.array()?;
        Ok(Self {
            click: ClickId(Uuid::from_bytes(bytes.array()?)),
            at_ms: i64::from_le_bytes(bytes.array()?),
            kind: BeaconKind::from_code(kind).ok_or(DecodeError::Unknown)?,
            visible_ms: u32::from_le_bytes(bytes.array()?),
            interacted: flags & INTERACTED != 0,
            page_visitor: if flags & HAS_PAGE_VISITOR == 0 {
                None
            } else {
                Some(bytes.array()?)
            },
        })
    }
}

/// Writes `text` with its length before it, cut to `most` bytes at a character's end.
fn put_text(out: &mut Vec<u8>, text: &str, most: usize) {
    let text = &text[..text.floor_char_boundary(most)];
    out.extend_from_slice(&u16::try_from(text.len()).unwrap_or(0).to_le_bytes());
    out.extend_from_slice(text.as_bytes());
}

/// What is left of a payload.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn byte(&mut self) -> Result<u8, DecodeError> {
        self.array::<1>().map(|[byte]| byte)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let (taken, rest) = self.0.split_first_chunk::<N>().ok_or(DecodeError::Length)?;
        self.0 = rest;
        Ok(*taken)
    }

    fn text(&mut self) -> Result<&'a str, DecodeError> {
        let length = usize::from(u16::from_le_bytes(self.array()?));
        let (taken, rest) = self.0.split_at_checked(length).ok_or(DecodeError::Length)?;
        self.0 = rest;
        std::str::from_utf8(taken).map_err(|_| DecodeError::Text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spool::{FRAME_HEAD, MAX_FRAME, read_frame};

    fn click() -> ClickRecord<'static> {
        ClickRecord {
            id: ClickId(Uuid::from_u128(0x0193_4a5b_6c7d_7000_8000_0000_0000_0001)),
            link: LinkId(4_000_000_000),
            class: Class::Suspect,
            reason: ClickReason::NoLanguage,
            visitor: Visitor::Hash([7; 12]),
            issued: Some([8; 12]),
            scan: true,
            network: Network::of("203.0.113.77".parse().unwrap()),
            user_agent: "Mozilla/5.0 (Linux; Android 14) MicroMessenger/8.0.50",
            language: "zh-CN,zh;q=0.9",
            referrer_host: "例子.cn",
        }
    }

    fn back(record: Record<'_>) {
        let mut out = vec![1, 2, 3];
        record.encode(&mut out);
        let payload = read_frame(&out[3..]).unwrap();
        assert_eq!(payload.len() + FRAME_HEAD + 3, out.len());
        assert_eq!(Record::decode(payload), Ok(record));
        for cut in 0..payload.len() {
            assert!(Record::decode(&payload[..cut]).is_err(), "cut at {cut}");
        }
        assert_eq!(
            Record::decode(&[payload, &[0]].concat()),
            Err(DecodeError::Length)
        );
    }

    #[test]
    fn records_lead_back_whole_and_never_in_part() {
        back(Record::Click(click()));
        back(Record::Click(ClickRecord {
            visitor: Visitor::Cookie([9; 12]),
            network: Network::of("2001:db8:1:2::5".parse().unwrap()),
            scan: false,
            ..click()
        }));
        back(Record::Click(ClickRecord {
            visitor: Visitor::None,
            issued: None,
            user_agent: "",
            language: "",
            referrer_host: "",
            ..click()
        }));
        let beacon = BeaconRecord {
            click: click().id,
            at_ms: 1_763_600_000_000,
            kind: BeaconKind::Limit,
            visible_ms: 30_001,
            interacted: true,
            page_visitor: Some([5; 16]),
        };
        back(Record::Beacon(beacon));
        back(Record::Beacon(BeaconRecord {
            page_visitor: None,
            interacted: false,
            kind: BeaconKind::Start,
            ..beacon
        }));
    }

    #[test]
    fn long_texts_are_cut_at_a_characters_end_and_the_frame_stays_small() {
        let long = "界".repeat(1000);
        let record = Record::Click(ClickRecord {
            user_agent: &long,
            language: &long,
            referrer_host: &long,
            ..click()
        });
        let mut out = Vec::new();
        record.encode(&mut out);
        assert!(out.len() <= MAX_FRAME);
        let Ok(Record::Click(read)) = Record::decode(read_frame(&out).unwrap()) else {
            panic!("a click")
        };
        assert_eq!(read.user_agent.len(), 510);
        assert_eq!(read.language.len(), 63);
        assert_eq!(read.referrer_host.len(), 99);
    }

    #[test]
    fn an_unknown_kind_is_said_to_be_unknown() {
        assert_eq!(Record::decode(&[9]), Err(DecodeError::Unknown));
        assert_eq!(Record::decode(&[]), Err(DecodeError::Length));
    }
}
