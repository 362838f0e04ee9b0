//! The decision: who is credited, and every step on the way (attribution.md §5, GC-24).

mod hold;

use crate::attribution::evidence::{FORM_MIN_MS, SKEW_MS};
use crate::attribution::{
    ClickFact, ConversionKind, CouponFact, CouponRefusal, Evidence, Generation, Owner, Person, Reason, Rules,
    Status, Step, Touch, Via,
};
use crate::domain::{AttributionModel, CampaignId, Class, ClickId, EmployeeId, LinkId, Precedence};

/// Channel word of coupon sales in the campaign's rollups: a coupon is not posted anywhere.
pub const COUPON_CHANNEL: &str = "coupon";

/// Who is credited, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The employee credited; never together with `indirect_to`.
    pub credited_to: Option<EmployeeId>,
    /// The employee at the root of a visitor's link (talent-scout pool).
    pub indirect_to: Option<EmployeeId>,
    /// What credited.
    pub via: Option<Via>,
    /// `pending`, `held` or `uncredited`.
    pub status: Status,
    /// The link it is booked to.
    pub link: Option<LinkId>,
    /// The campaign and channel it is booked to.
    pub campaign: Option<(CampaignId, String)>,
    /// The touch that credited.
    pub touch: Option<ClickId>,
    /// Since when the customer is bound to the credited employee, milliseconds UTC.
    pub bound_at_ms: Option<i64>,
    /// What was looked at, in order; the last one is the outcome.
    pub steps: Vec<Step>,
}

/// Who a path through the rules arrived at.
struct Credit<'a> {
    person: &'a Person,
    via: Via,
    indirect: bool,
    link: Option<LinkId>,
    campaign: Option<(CampaignId, String)>,
    touch: Option<ClickId>,
}

/// Decides. Pure: the same evidence under the same rules gives the same decision.
pub fn decide(evidence: &Evidence, rules: &Rules) -> Decision {
    let mut path = Path {
        e: evidence,
        rules,
        steps: Vec::new(),
    };
    let credit = rules.precedence.iter().find_map(|next| match next {
        Precedence::Coupon => path.coupon(),
        Precedence::Click => path.click(),
        Precedence::Claim => path.claim(),
    });
    path.finish(credit)
}

struct Path<'a> {
    e: &'a Evidence,
    rules: &'a Rules,
    steps: Vec<Step>,
}

impl<'a> Path<'a> {
    fn say(&mut self, step: Step) {
        self.steps.push(step);
    }

    fn coupon(&mut self) -> Option<Credit<'a>> {
        let (code, campaign, person) = match &self.e.coupon {
            None => {
                self.say(Step::new(Reason::CouponNone));
                return None;
            }
            Some(CouponFact::Refused { code, refusal }) => {
                let reason = match refusal {
                    CouponRefusal::Unknown => Reason::CouponUnknown,
                    CouponRefusal::NotStarted => Reason::CouponNotStarted,
                    CouponRefusal::Expired => Reason::CouponExpired,
                    CouponRefusal::Disabled => Reason::CouponDisabled,
                    CouponRefusal::Exhausted => Reason::CouponExhausted,
                    CouponRefusal::OwnerLeft => Reason::CouponOwnerLeft,
                };
                self.say(Step::new(reason).word("code", code));
                return None;
            }
            Some(CouponFact::Good {
                code,
                campaign,
                person,
                ..
            }) => (code, *campaign, person),
        };
        self.say(
            Step::new(Reason::CouponValid)
                .word("code", code)
                .word("employee", &person.code),
        );
        if !self.may_earn(person) {
            return None;
        }
        let owner = self.e.owner.as_ref();
        let same =
            owner.is_some_and(|o| o.person.id == person.id && self.rules.binds(o, self.e.occurred_at_ms));
        match owner {
            _ if same => self.say(Step::new(Reason::OwnerSame)),
            Some(o) if o.person.id != person.id && self.rules.protects(o, self.e.occurred_at_ms) => {
                self.say(Step::new(Reason::OwnerBeaten));
            }
            Some(_) => self.say(Step::new(Reason::OwnerOver)),
            None => self.say(Step::new(Reason::OwnerNone)),
        }
        if self.e.kind == ConversionKind::Sale {
            self.say(Step::new(Reason::CustomerNotAsked));
        } else if !self.is_first_lead() || !self.is_new(self.e.known_before_ms, self.e.occurred_at_ms) {
            return None;
        }
        Some(Credit {
            person,
            via: Via::Coupon,
            indirect: false,
            link: None,
            campaign: Some((campaign, COUPON_CHANNEL.to_owned())),
            touch: None,
        })
    }

    fn click(&mut self) -> Option<Credit<'a>> {
        let token = self.token();
        if let Some(touch) = self.choose(token)
            && let Some(credit) = self.by_touch(touch, token)
        {
            return Some(credit);
        }
        self.by_binding()
    }

    /// The token's click, when it can credit and lies in its window.
    fn token(&mut self) -> Option<&'a Touch> {
        let touch = match &self.e.click {
            None => {
                self.say(Step::new(Reason::ClickNone));
                return None;
            }
            Some(ClickFact::NotLoaded(click)) => {
                self.say(Step::new(Reason::ClickNotLoaded).word("click", click.to_string()));
                return None;
            }
            Some(ClickFact::Known(touch)) => touch,
        };
        let step = |reason| {
            Step::new(reason)
                .word("class", touch.class.as_str())
                .number("click_at", touch.at_ms)
                .word("employee", &touch.person.code)
        };
        if !credits(touch.class) {
            self.say(step(Reason::ClickClass).need_word("class", Class::Human.as_str()));
            return None;
        }
        if touch.at_ms > self.e.occurred_at_ms.saturating_add(SKEW_MS) {
            self.say(
                step(Reason::ClickAfter)
                    .number("occurred_at", self.e.occurred_at_ms)
                    .need_number("before_at", self.e.occurred_at_ms),
            );
            return None;
        }
        self.say(step(if touch.class == Class::Suspect {
            Reason::ClickSuspect
        } else {
            Reason::ClickValid
        }));
        let end = self.rules.window_end(touch);
        let days = touch.window_days.unwrap_or(self.rules.window_days);
        let within = self.in_window(touch);
        let step = Step::new(if within {
            Reason::WindowIn
        } else {
            Reason::WindowOut
        })
        .number("click_at", touch.at_ms)
        .number("days", days);
        self.say(if within {
            step
        } else {
            step.number("occurred_at", self.e.occurred_at_ms)
                .need_number("until_at", end)
        });
        within.then_some(touch)
    }

    fn in_window(&self, touch: &Touch) -> bool {
        touch.at_ms <= self.e.occurred_at_ms.saturating_add(SKEW_MS)
            && self.e.occurred_at_ms <= self.rules.window_end(touch)
    }

    /// The first or last touch out of the token's and the customer's earlier ones.
    fn choose(&mut self, token: Option<&'a Touch>) -> Option<&'a Touch> {
        let usable = self
            .e
            .touches
            .iter()
            .filter(|t| credits(t.class) && self.in_window(t))
            .chain(token);
        let key = |t: &&Touch| key_of(t);
        let chosen = match self.rules.model {
            AttributionModel::Last => usable.max_by_key(key),
            AttributionModel::First => usable.min_by_key(key),
        };
        let step = match chosen {
            Some(touch) => Step::new(Reason::TouchChosen)
                .word(
                    "model",
                    match self.rules.model {
                        AttributionModel::Last => "last",
                        AttributionModel::First => "first",
                    },
                )
                .number("click_at", touch.at_ms)
                .word("employee", &touch.person.code),
            None => match self.e.touches.iter().max_by_key(key) {
                Some(last) => Step::new(Reason::TouchOld)
                    .number("click_at", last.at_ms)
                    .word("class", last.class.as_str())
                    .need_number("until_at", self.rules.window_end(last)),
                None => Step::new(Reason::TouchNone),
            },
        };
        self.say(step);
        chosen
    }

    fn by_touch(&mut self, touch: &'a Touch, token: Option<&Touch>) -> Option<Credit<'a>> {
        let from_token = token.is_some_and(|t| t.click == touch.click);
        if touch.class == Class::Suspect && !from_token {
            self.say(
                Step::new(Reason::ClickSuspect)
                    .word("class", touch.class.as_str())
                    .number("click_at", touch.at_ms)
                    .word("employee", &touch.person.code),
            );
        }
        let indirect = match touch.generation {
            Generation::Own => {
                self.say(Step::new(Reason::ReshareOwn));
                false
            }
            Generation::Child => {
                self.say(Step::new(Reason::ReshareChild).word("employee", &touch.person.code));
                true
            }
            Generation::Deeper => {
                self.say(Step::new(Reason::ReshareDeep).need_word("generation", "child"));
                return None;
            }
        };
        if !self.may_earn(&touch.person) || !self.may_take(touch, indirect) {
            return None;
        }
        Some(Credit {
            person: &touch.person,
            via: if from_token { Via::Click } else { Via::Customer },
            indirect,
            link: Some(touch.link),
            campaign: Some((touch.campaign, touch.channel.clone())),
            touch: Some(touch.click),
        })
    }

    /// Ownership and the new-customer rule for a click's credit.
    fn may_take(&mut self, touch: &Touch, indirect: bool) -> bool {
        let at = self.e.occurred_at_ms;
        match &self.e.owner {
            None => self.say(Step::new(Reason::OwnerNone)),
            Some(o) if o.person.id == touch.person.id && !indirect && self.rules.binds(o, at) => {
                self.say(Step::new(Reason::OwnerSame).number("bound_at", o.bound_at_ms));
                if self.e.kind == ConversionKind::Sale {
                    self.say(Step::new(Reason::CustomerNotAsked));
                    return true;
                }
            }
            // A visitor's link takes no customer away from who brought them, the root employee included: she is
            // credited in full by the binding.
            Some(o) if (o.person.id != touch.person.id || indirect) && self.rules.protects(o, at) => {
                let end = self.rules.protection_end(o);
                self.say(
                    Step::new(Reason::OwnerProtected)
                        .number("bound_at", o.bound_at_ms)
                        .number("days", self.rules.protection_days)
                        .need_number("after_at", end),
                );
                return false;
            }
            Some(o) => self.say(Step::new(Reason::OwnerOver).number("bound_at", o.bound_at_ms)),
        }
        self.is_first_lead() && self.is_new(touch.known_before_ms, touch.at_ms)
    }

    /// Within the binding, later orders go to who brought the customer; a lead only of somebody the firm does not know.
    fn by_binding(&mut self) -> Option<Credit<'a>> {
        let at = self.e.occurred_at_ms;
        let Some(owner) = &self.e.owner else {
            self.say(Step::new(Reason::BindingNone));
            return None;
        };
        let owner: &'a Owner = owner;
        let step = |reason| {
            Step::new(reason)
                .number("bound_at", owner.bound_at_ms)
                .word("employee", &owner.person.code)
        };
        if !self.rules.binds(owner, at) {
            let end = self.rules.binding_end(owner).unwrap_or(i64::MAX);
            self.say(step(Reason::BindingOver).need_number("until_at", end));
            return None;
        }
        self.say(step(Reason::BindingIn));
        if !self.may_earn(&owner.person) {
            return None;
        }
        if self.e.kind == ConversionKind::Lead
            && !(self.is_first_lead() && self.is_new(self.e.known_before_ms, at))
        {
            return None;
        }
        if owner.held {
            self.say(Step::new(Reason::BindingHeld));
        }
        Some(Credit {
            person: &owner.person,
            via: Via::Customer,
            indirect: false,
            link: owner.link,
            campaign: owner.campaign.clone(),
            touch: None,
        })
    }

    fn claim(&mut self) -> Option<Credit<'a>> {
        let Some(person) = &self.e.claim else {
            self.say(Step::new(Reason::ClaimNone));
            return None;
        };
        self.say(Step::new(Reason::ClaimVerified).word("employee", &person.code));
        if !self.may_earn(person) {
            return None;
        }
        // A claimed lead is a lead: one per person, of somebody the firm does not know.
        if self.e.kind == ConversionKind::Lead
            && !(self.is_first_lead() && self.is_new(self.e.known_before_ms, self.e.occurred_at_ms))
        {
            return None;
        }
        Some(Credit {
            person,
            via: Via::Claim,
            indirect: false,
            link: None,
            campaign: None,
            touch: None,
        })
    }

    /// Still employed on that day, and not the customer herself.
    fn may_earn(&mut self, person: &Person) -> bool {
        if let Some(last) = person.left_on.filter(|last| self.e.day > *last) {
            self.say(
                Step::new(Reason::LeftBefore)
                    .word("day", self.e.day.to_string())
                    .need_word("until", last.to_string()),
            );
            return false;
        }
        self.say(Step::new(Reason::EmployedThen));
        let own = person.is_customer;
        self.say(Step::new(if own {
            Reason::OwnPurchase
        } else {
            Reason::NotOwnPurchase
        }));
        !own
    }

    /// One lead per person: none of this customer's was credited within the days in force. Orders are not asked.
    fn is_first_lead(&mut self) -> bool {
        let days = self.rules.new_customer_days;
        let at = self.e.occurred_at_ms;
        let counted = self.e.lead_ms.filter(|lead| self.rules.same_lead(*lead, at));
        let Some(known) = counted.filter(|_| self.e.kind == ConversionKind::Lead) else {
            return true;
        };
        self.say(
            Step::new(Reason::LeadKnown)
                .number("known_at", known)
                .number("days", days)
                .need_number("unknown_days", days),
        );
        false
    }

    /// Unknown to the firm before this touch, within the days in force.
    fn is_new(&mut self, known_ms: Option<i64>, touch_ms: i64) -> bool {
        let days = self.rules.new_customer_days;
        let Some(known) = known_ms.filter(|known| self.rules.still_known(*known, touch_ms)) else {
            self.say(Step::new(Reason::CustomerNew).number("days", days));
            return true;
        };
        self.say(
            Step::new(Reason::CustomerKnown)
                .number("known_at", known)
                .number("days", days)
                .need_number("unknown_days", days),
        );
        false
    }

    fn finish(mut self, credit: Option<Credit<'a>>) -> Decision {
        let Some(credit) = credit else {
            self.say(Step::new(Reason::Nobody));
            return Decision {
                credited_to: None,
                indirect_to: None,
                via: None,
                status: Status::Uncredited,
                link: None,
                campaign: None,
                touch: None,
                bound_at_ms: None,
                steps: self.steps,
            };
        };
        if let Some(open) = self.e.form_ms.filter(|open| *open < FORM_MIN_MS) {
            self.say(
                Step::new(Reason::FormFast)
                    .number("open_ms", open)
                    .need_number("open_ms", FORM_MIN_MS),
            );
        }
        for doubt in &self.e.doubts {
            if self.concerns(doubt, &credit) {
                self.say(doubt.clone());
            }
        }
        let held = self.must_hold(&credit);
        let code = &credit.person.code;
        self.say(if credit.indirect {
            Step::new(Reason::Indirect).word("employee", code)
        } else {
            Step::new(Reason::Credited)
                .word("employee", code)
                .word("via", credit.via.as_str())
        });
        let person = credit.person.id;
        Decision {
            credited_to: (!credit.indirect).then_some(person),
            indirect_to: credit.indirect.then_some(person),
            via: Some(credit.via),
            status: if held { Status::Held } else { Status::Pending },
            bound_at_ms: (!credit.indirect).then(|| self.bound_at(person)),
            link: credit.link,
            campaign: credit.campaign,
            touch: credit.touch,
            steps: self.steps,
        }
    }

    /// A binding in force is not renewed by later orders; else it begins with this conversion.
    fn bound_at(&self, person: EmployeeId) -> i64 {
        let at = self.e.occurred_at_ms;
        self.e
            .owner
            .as_ref()
            .filter(|o| o.person.id == person && (self.rules.binds(o, at) || self.rules.protects(o, at)))
            .map_or(at, |o| o.bound_at_ms.min(at))
    }
}

/// Classes whose clicks credit: people, and the doubtful (held). The others never, unless overruled — which changes the
/// class itself.
pub fn credits(class: Class) -> bool {
    matches!(class, Class::Human | Class::Repeat | Class::Suspect)
}

fn key_of(touch: &Touch) -> (i64, ClickId) {
    (touch.at_ms, touch.click)
}
