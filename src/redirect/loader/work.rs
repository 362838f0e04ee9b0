//! One click in the making: what it was, what it becomes.

use crate::attribution::dwell::Beacons;
use crate::attribution::visits::Visit;
use crate::classify::Browser;
use crate::domain::{Class, ClickId, ClickReason, EmployeeId, LinkId};
use crate::redirect::loader::enrich::Arrived;
use crate::redirect::loader::rules::Rules;
use crate::storage::StoreError;
use crate::storage::clicks::{ClickChange, ClickRow, Seen};

/// What can change of a click.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State {
    /// Class.
    pub class: Class,
    /// Reason.
    pub reason: ClickReason,
    /// What the rules had said before a person overruled.
    pub was: Option<(Class, ClickReason)>,
    /// Visible time believed.
    pub dwell_ms: Option<i64>,
    /// Valid.
    pub valid: bool,
    /// Earned points.
    pub earned: bool,
}

/// A click being worked on.
#[derive(Clone, Debug)]
pub struct Work {
    /// The click.
    pub id: ClickId,
    /// Its link.
    pub link: LinkId,
    /// Who is credited.
    pub employee: Option<EmployeeId>,
    /// As stored; `None` when it is new.
    pub before: Option<State>,
    /// As it becomes.
    pub now: State,
    /// The row to insert, when it is new.
    pub row: Option<Box<ClickRow>>,
    /// What neighbours look at, when the rules judge it.
    pub visit: Option<Visit>,
    /// Cookie and hash.
    pub visitor: (Option<[u8; 12]>, Option<[u8; 12]>),
    /// Its beacons.
    pub beacons: Beacons,
    /// Whether there are new ones.
    pub beacons_changed: bool,
    /// The page's visitor.
    pub page_visitor: Option<[u8; 16]>,
    /// Who that was as stored.
    pub page_before: Option<[u8; 16]>,
}

impl Work {
    /// A new click.
    pub fn arrived(arrived: Arrived) -> Self {
        let Arrived { row, visit } = arrived;
        Self {
            id: row.id,
            link: row.link,
            employee: None,
            before: None,
            now: State {
                class: row.class,
                reason: row.reason,
                was: None,
                dwell_ms: None,
                valid: false,
                earned: false,
            },
            visit,
            visitor: (row.visitor, row.visitor_hash),
            row: Some(Box::new(row)),
            beacons: Beacons::default(),
            beacons_changed: false,
            page_visitor: None,
            page_before: None,
        }
    }

    /// A stored click.
    pub fn stored(seen: &Seen) -> Result<Self, StoreError> {
        let state = State {
            class: seen.class,
            reason: seen.reason,
            was: seen.was,
            dwell_ms: seen.dwell_ms,
            valid: seen.valid,
            earned: seen.earned,
        };
        let beacons = match &seen.beacons {
            None => Beacons::default(),
            Some(packed) => Beacons::unpack(packed).ok_or_else(|| StoreError::Corrupt {
                table: "clicks",
                column: "beacons",
                value: seen.id.to_string(),
            })?,
        };
        Ok(Self {
            id: seen.id,
            link: seen.link,
            employee: seen.employee,
            before: Some(state),
            now: state,
            row: None,
            visit: visit_of(seen),
            visitor: (seen.visitor, seen.visitor_hash),
            beacons,
            beacons_changed: false,
            page_visitor: seen.page_visitor,
            page_before: seen.page_visitor,
        })
    }

    /// What the rules said, whoever overruled them.
    pub fn ruled(&self) -> ClickReason {
        self.now.was.map_or(self.now.reason, |(_, reason)| reason)
    }

    /// Takes beacons in; whether there was anything new in them. Under do-not-track they are ignored.
    pub fn take(&mut self, beacons: &Beacons) -> bool {
        if self.ruled() == ClickReason::DoNotTrack || !self.beacons.merge(beacons) {
            return false;
        }
        self.beacons_changed = true;
        self.page_visitor = self.beacons.page_visitor();
        if let Some(visit) = &mut self.visit {
            visit.page_visitor = self.page_visitor;
        }
        true
    }

    /// Sets what the rules say of it, unless a person has spoken.
    pub fn rule(&mut self, (class, reason): (Class, ClickReason)) {
        if self.now.was.is_none() {
            self.now.class = class;
            self.now.reason = reason;
        }
    }

    /// Draws the conclusions: visible time and validity.
    pub fn conclude(&mut self, rules: &Rules) {
        let dwell = self.beacons.verdict(rules.dwell_limit_ms);
        self.now.dwell_ms = dwell.visible_ms;
        self.now.valid =
            self.now.class == Class::Human && dwell.over && self.ruled() != ClickReason::DoNotTrack;
        if !self.now.valid {
            self.now.earned = false;
        }
    }

    /// Whether there is anything to write of a stored click.
    pub fn changed(&self) -> bool {
        self.before.is_some_and(|before| before != self.now) || self.beacons_changed
    }

    /// Whether the two are one visitor's: a cookie or page visitor in common, or a hash when no two page visitors
    /// say otherwise.
    pub fn same_visitor(&self, other: &Self) -> bool {
        let ((cookie, hash), (other_cookie, other_hash)) = (self.visitor, other.visitor);
        let pages = self.page_visitor.zip(other.page_visitor).map(|(a, b)| a == b);
        (cookie.is_some() && cookie == other_cookie)
            || pages == Some(true)
            || (hash.is_some() && hash == other_hash && pages != Some(false))
    }

    /// The row to insert, as it stands now.
    pub fn take_row(&mut self) -> Option<ClickRow> {
        let mut row = *self.row.take()?;
        row.employee = self.employee;
        row.class = self.now.class;
        row.reason = self.now.reason;
        row.beacons = self.packed();
        row.page_visitor = self.page_visitor;
        row.dwell_ms = self.now.dwell_ms;
        row.valid = self.now.valid;
        row.earned = self.now.earned;
        Some(row)
    }

    /// The change to write.
    pub fn to_change(&self) -> ClickChange {
        ClickChange {
            id: self.id,
            class: self.now.class,
            reason: self.now.reason,
            was: self.now.was,
            beacons: self.packed(),
            page_visitor: self.page_visitor,
            dwell_ms: self.now.dwell_ms,
            valid: self.now.valid,
            earned: self.now.earned,
        }
    }

    fn packed(&self) -> Option<Vec<u8>> {
        (!self.beacons.is_empty()).then(|| self.beacons.pack())
    }
}

/// What neighbours look at of a stored click; `None` when only its request decided.
fn visit_of(seen: &Seen) -> Option<Visit> {
    let reason = seen.was.map_or(seen.reason, |(_, reason)| reason);
    let judged = ClickReason::BY_NEIGHBOURS.contains(&reason);
    judged.then(|| Visit {
        id: seen.id,
        link: seen.link,
        cookie: seen.visitor,
        hash: seen.visitor_hash,
        network: seen
            .network
            .and_then(|number| u64::try_from(number).ok())
            .unwrap_or(0),
        wechat: seen.browser.as_deref().is_some_and(|word| {
            [Browser::WeChat, Browser::WeCom]
                .iter()
                .any(|b| b.as_str() == word)
        }),
        hosting: reason == ClickReason::HostingNetwork,
        page_visitor: seen.page_visitor,
    })
}
