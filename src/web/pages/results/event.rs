//! One event of the list: what happened, what it brought, whether it counts, why.

use jiff::Timestamp;

use crate::app::results::Event;
use crate::attribution::{ConversionKind, Status};
use crate::domain::{Class, EmployeeId, Money};
use crate::storage::conversions::Conversion;
use crate::storage::points::PointEntry;
use crate::storage::results::ClickEvent;
use crate::web::i18n::{Lang, Moment, TimeTag, signed, yuan};
use crate::web::session::Staff;
use crate::web::shell::moment;
use crate::web::{Web, decision};

/// An event as it is printed.
#[derive(Clone, Debug)]
pub struct EventView {
    pub what: String,
    pub gain: String,
    /// `good`, `warn`, `bad` or nothing.
    pub kind: &'static str,
    pub icon: &'static str,
    pub verdict: String,
    pub time: TimeTag,
    pub why: String,
}

/// What is needed to put events in words.
pub struct Words {
    pub lang: Lang,
    pub moment: Moment,
    pub me: EmployeeId,
    pub dwell_limit: String,
    pub points_per_click: i64,
}

/// Icon and colour of a verdict.
type Verdict = (&'static str, &'static str, &'static str);

const COUNTED: Verdict = ("good", "check", "counted");
const NOT_COUNTED: Verdict = ("", "cross", "not");
const WAITING: Verdict = ("warn", "clock", "waiting");
const CHECKING: Verdict = ("warn", "clock", "checking");
const REJECTED: Verdict = ("bad", "alert", "rejected");
const REFUNDED: Verdict = ("bad", "alert", "refunded");
const INDIRECT: Verdict = ("", "dash", "indirect");

impl Words {
    pub fn new(web: &Web, staff: &Staff) -> Self {
        let lang = staff.who.lang;
        Self {
            lang,
            moment: moment(&web.app, lang),
            me: staff.employee,
            dwell_limit: crate::web::pages::rules::seconds(web.app.programme.dwell_limit_ms),
            points_per_click: web.app.programme.points.click,
        }
    }

    pub fn of(&self, event: &Event) -> EventView {
        match event {
            Event::Click(click) => self.click(click),
            Event::Conversion(conversion) => self.conversion(conversion),
            Event::Points(entry) => self.points(entry),
        }
    }

    fn view(&self, at: i64, what: String, gain: String, verdict: Verdict, why: String) -> EventView {
        let (kind, icon, word) = verdict;
        let at = Timestamp::from_millisecond(at).unwrap_or(Timestamp::UNIX_EPOCH);
        EventView {
            what,
            gain,
            kind,
            icon,
            verdict: self.lang.word("verdict", word).to_string(),
            time: self.moment.time(at),
            why,
        }
    }

    fn click(&self, click: &ClickEvent) -> EventView {
        let lang = self.lang;
        let kind = if click.scan { "scan" } else { "tap" };
        let what = lang
            .word("event-click", kind)
            .with("channel", lang.channel(&click.channel))
            .with("campaign", &click.campaign);
        let gain = if click.earned { self.points_per_click } else { 0 };
        let gain = lang.t("event-points").with("n", signed(gain)).to_string();
        let stayed = click.dwell_ms.map(|ms| ms / 1000);
        let (verdict, why) = if click.indirect {
            (INDIRECT, lang.t("why-indirect"))
        } else if click.credited.is_none() {
            (NOT_COUNTED, lang.t("why-left"))
        } else if click.class == Class::Suspect {
            (CHECKING, lang.word("why", click.reason.as_str()))
        } else if click.class != Class::Human {
            (NOT_COUNTED, lang.word("why", click.reason.as_str()))
        } else if click.earned {
            (COUNTED, lang.t("why-valid").n("s", stayed.unwrap_or(0)))
        } else if click.valid {
            (NOT_COUNTED, lang.t("why-once"))
        } else {
            match stayed {
                Some(s) => (
                    NOT_COUNTED,
                    lang.t("why-short").n("s", s).with("limit", &self.dwell_limit),
                ),
                None => (
                    NOT_COUNTED,
                    lang.t("why-unmeasured").with("limit", &self.dwell_limit),
                ),
            }
        };
        self.view(click.at, what.to_string(), gain, verdict, why.to_string())
    }

    fn conversion(&self, conversion: &Conversion) -> EventView {
        let lang = self.lang;
        let what = match conversion.kind {
            ConversionKind::Lead => lang.t("event-lead"),
            ConversionKind::Sale => lang.t("event-sale"),
        };
        let mine = conversion.credited_to == Some(self.me);
        let net = Money::from_minor(conversion.amount.minor() - conversion.refunded.minor());
        let gain = match conversion.kind {
            ConversionKind::Lead => lang.t("event-lead-gain").n("n", i64::from(mine)).to_string(),
            ConversionKind::Sale if mine => yuan(net),
            ConversionKind::Sale => yuan(Money::ZERO),
        };
        let verdict = match conversion.status {
            _ if !mine && conversion.indirect_to == Some(self.me) => INDIRECT,
            _ if !mine => NOT_COUNTED,
            Status::Approved | Status::Paid => COUNTED,
            Status::Pending => WAITING,
            Status::Held => CHECKING,
            Status::Rejected => REJECTED,
            Status::Refunded => REFUNDED,
            Status::Uncredited => NOT_COUNTED,
        };
        let is_own = mine || conversion.indirect_to == Some(self.me);
        let mut why = decision::standing(lang, &self.moment.zone, conversion, is_own);
        if conversion.refunded > Money::ZERO {
            why += &lang
                .t("why-refunded")
                .with("amount", yuan(conversion.refunded))
                .to_string();
        }
        self.view(conversion.occurred_at, what.to_string(), gain, verdict, why)
    }

    fn points(&self, entry: &PointEntry) -> EventView {
        let lang = self.lang;
        let what = lang.word("event-rule", entry.rule.as_str()).to_string();
        let gain = lang.t("event-points").with("n", signed(entry.points)).to_string();
        let verdict = match (entry.points > 0, entry.seq % 2) {
            (true, _) => COUNTED,
            (false, 1) => ("bad", "alert", "taken"),
            (false, _) => ("", "dash", "spent"),
        };
        self.view(entry.recorded_at, what, gain, verdict, entry.note.clone())
    }
}
