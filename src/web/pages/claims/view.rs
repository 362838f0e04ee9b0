//! A claim as it is printed: its state, its timeline, its files.

use jiff::Timestamp;

use crate::attribution::claim::{ClaimState, ClaimStep};
use crate::storage::claims::{Claim, ClaimEvent, ClaimFile};
use crate::web::crm_words::crm_words;
use crate::web::i18n::{Lang, TimeTag};
use crate::web::shell::Shell;

/// A state in words; a colour never stands without its word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// `good`, `warn` or nothing.
    pub kind: &'static str,
    pub icon: &'static str,
    pub word: String,
}

impl State {
    pub fn of(lang: Lang, status: ClaimState) -> Self {
        let (kind, icon) = match status {
            ClaimState::Submitted | ClaimState::Appealed => ("warn", "clock"),
            ClaimState::NeedsInformation => ("warn", "alert"),
            ClaimState::Verified | ClaimState::Overturned => ("good", "check"),
            ClaimState::Rejected | ClaimState::Upheld => ("", "cross"),
        };
        let word = lang.word("claim-state", status).to_string();
        Self { kind, icon, word }
    }
}

/// A line of the timeline.
#[derive(Clone, Debug)]
pub struct Line {
    pub what: String,
    pub who: String,
    pub time: TimeTag,
    pub reason: String,
    /// Whether it is where the claim stands now.
    pub now: bool,
}

/// For whom a timeline is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Eyes {
    /// The claimant: colleagues are not named, and what they said about the claim is not told.
    Claimant,
    /// A verifier: everything.
    Verifier,
}

/// The timeline, the newest first.
pub fn timeline(s: &Shell, claim: &Claim, events: Vec<ClaimEvent>, eyes: Eyes) -> Vec<Line> {
    let last = events.len().saturating_sub(1);
    let line = |(n, event): (usize, ClaimEvent)| {
        let lang = s.lang;
        let quiet = matches!(event.step, ClaimStep::Contested | ClaimStep::CrmSeen);
        Line {
            what: lang.word("claim-step", event.step).to_string(),
            who: who(lang, claim, &event, eyes),
            time: s.moment.time(instant(event.at)),
            reason: if quiet && eyes == Eyes::Claimant {
                String::new()
            } else {
                crm_words(lang, &event.reason)
            },
            now: n == last,
        }
    };
    events.into_iter().enumerate().map(line).rev().collect()
}

fn who(lang: Lang, claim: &Claim, event: &ClaimEvent, eyes: Eyes) -> String {
    if event.person.as_deref() == Some(claim.employee_code.as_str()) {
        return match eyes {
            Eyes::Claimant => lang.t("claim-who-me").to_string(),
            Eyes::Verifier => claim.employee_name.clone(),
        };
    }
    let word = match (event.actor.as_str(), event.step) {
        ("system", _) => "system",
        (_, ClaimStep::Contested) => "colleague",
        _ => "verifier",
    };
    match (&event.person_name, eyes) {
        (Some(name), Eyes::Verifier) => name.clone(),
        _ => lang.word("claim-who", word).to_string(),
    }
}

/// A file attached.
#[derive(Clone, Debug)]
pub struct FileView {
    pub name: String,
    pub size: String,
    pub href: String,
}

/// The files of a claim.
pub fn files(claim: i64, files: Vec<ClaimFile>) -> Vec<FileView> {
    let view = |f: ClaimFile| FileView {
        href: format!("/app/claims/{claim}/files/{}", f.id),
        size: size(f.size),
        name: f.name,
    };
    files.into_iter().map(view).collect()
}

/// `812 KB`, `1.4 MB`: rounded up, so that nothing has no size.
fn size(bytes: i64) -> String {
    let kilo = (bytes + 1023) / 1024;
    if kilo < 1024 {
        return format!("{kilo} KB");
    }
    let tenths = (kilo * 10 + 1023) / 1024;
    format!("{}.{} MB", tenths / 10, tenths % 10)
}

/// An instant of the store.
pub fn instant(at: i64) -> Timestamp {
    Timestamp::from_millisecond(at).unwrap_or(Timestamp::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn a_file_has_a_size_people_read() {
        assert_eq!(size(1), "1 KB");
        assert_eq!(size(831_488), "812 KB");
        assert_eq!(size(5 << 20), "5.0 MB");
        assert_eq!(size(1_500_000), "1.5 MB");
    }
}
