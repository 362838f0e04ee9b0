//! The written decision: what was looked at, in order, what came out, and what would have been needed.
//!
//! # Why
//! Steps are words and values, not sentences: they are stored, answered by the API, and turned into Chinese or English
//! where they are shown (keys `decision-<reason>` and `decision-<reason>-needed`).

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// A value a sentence needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Fact {
    /// A number. Under a name ending in `_at` it is an instant, milliseconds UTC.
    Number(i64),
    /// A word or code.
    Word(String),
}

/// What came out of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It was not there to look at.
    None,
    /// It speaks for credit.
    Passed,
    /// It speaks against it; the next in order decides.
    Failed,
    /// Credit stands, and a person must look.
    Held,
}

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident = $word:literal : $rule:literal $outcome:ident),+ $(,)?) => {
        /// What a step found. The word is stored and leads to the sentence.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum Reason { $($(#[$doc])* #[serde(rename = $word)] $name),+ }

        impl Reason {
            /// All of them: each has its sentence in every language.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The word.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word),+ }
            }

            /// Which rule was looked at.
            pub const fn rule(self) -> &'static str {
                match self { $(Self::$name => $rule),+ }
            }

            /// What came out.
            pub const fn outcome(self) -> Outcome {
                match self { $(Self::$name => Outcome::$outcome),+ }
            }
        }
    };
}

reasons! {
    /// No coupon in the order.
    CouponNone = "coupon-none": "coupon" None,
    /// The coupon is the employee's and was redeemed (a lead's only looked up).
    CouponValid = "coupon-valid": "coupon" Passed,
    /// No such code among ours.
    CouponUnknown = "coupon-unknown": "coupon" Failed,
    /// Before its first day.
    CouponNotStarted = "coupon-not-started": "coupon" Failed,
    /// After its last day.
    CouponExpired = "coupon-expired": "coupon" Failed,
    /// Turned off.
    CouponDisabled = "coupon-disabled": "coupon" Failed,
    /// All redemptions used up.
    CouponExhausted = "coupon-exhausted": "coupon" Failed,
    /// Its employee's last working day is over.
    CouponOwnerLeft = "coupon-owner-left": "coupon" Failed,
    /// No click token.
    ClickNone = "click-none": "click" None,
    /// A click that can credit.
    ClickValid = "click-valid": "click" Passed,
    /// Looks like a person, but something speaks against it.
    ClickSuspect = "click-suspect": "click" Held,
    /// The token is ours, but its click has not reached the store yet.
    ClickNotLoaded = "click-not-loaded": "click" Failed,
    /// A click of a class that never credits.
    ClickClass = "click-class": "click" Failed,
    /// The click came after the conversion.
    ClickAfter = "click-after": "click" Failed,
    /// The click was overruled after the conversion was settled.
    ClickLater = "click-later": "click" None,
    /// Whoever overruled the click would earn by it.
    ClickOwnWord = "click-own-word": "click" Held,
    /// No click to measure a window from.
    WindowIn = "window-in": "window" Passed,
    /// The click is too old.
    WindowOut = "window-out": "window" Failed,
    /// The customer gave no phone, e-mail or id, or nobody knows them.
    TouchNone = "touch-none": "touch" None,
    /// The touch credited by the model in force.
    TouchChosen = "touch-chosen": "touch" Passed,
    /// The customer's touches are all out of the window or of classes that never credit.
    TouchOld = "touch-old": "touch" Failed,
    /// The employee's own link.
    ReshareOwn = "reshare-own": "reshare" Passed,
    /// A visitor's link one level below the employee's: indirect credit.
    ReshareChild = "reshare-child": "reshare" Passed,
    /// Two levels or more below: credits nobody.
    ReshareDeep = "reshare-deep": "reshare" Failed,
    /// In employment on that day.
    EmployedThen = "employed": "employment" Passed,
    /// After the last working day.
    LeftBefore = "left-before": "employment" Failed,
    /// Somebody else bought.
    NotOwnPurchase = "not-own-purchase": "self-purchase" Passed,
    /// The employee's own phone, e-mail or id.
    OwnPurchase = "own-purchase": "self-purchase" Failed,
    /// The customer is nobody's.
    OwnerNone = "owner-none": "ownership" Passed,
    /// The customer is already this employee's, within the binding.
    OwnerSame = "owner-same": "ownership" Passed,
    /// The customer was somebody's; the protection is over.
    OwnerOver = "owner-over": "ownership" Passed,
    /// A coupon beats the protection.
    OwnerBeaten = "owner-beaten": "ownership" Passed,
    /// The customer is protected for a colleague.
    OwnerProtected = "owner-protected": "ownership" Failed,
    /// Nobody knew the customer before this touch.
    CustomerNew = "customer-new": "new-customer" Passed,
    /// Coupon sales count always; within the binding it was decided before.
    CustomerNotAsked = "customer-not-asked": "new-customer" Passed,
    /// The firm knew the customer before.
    CustomerKnown = "customer-known": "new-customer" Failed,
    /// This person's lead was credited already.
    LeadKnown = "lead-known": "new-customer" Failed,
    /// The customer is nobody's, so no binding can credit.
    BindingNone = "binding-none": "binding" None,
    /// Within the binding: later orders go to who brought the customer.
    BindingIn = "binding-in": "binding" Passed,
    /// The binding is over.
    BindingOver = "binding-over": "binding" Failed,
    /// What binds is itself waiting for a person.
    BindingHeld = "binding-held": "binding" Held,
    /// No verified claim.
    ClaimNone = "claim-none": "claim" None,
    /// A verified claim.
    ClaimVerified = "claim-verified": "claim" Passed,
    /// The CRM knew the deal before it was claimed.
    ClaimLate = "claim-late": "claim" Held,
    /// A person held or rejected what the claim had become.
    ClaimDoubted = "claim-doubted": "claim" Held,
    /// Something of what the claim had become went back.
    ClaimRefunded = "claim-refunded": "claim" Held,
    /// The claim on this order was paid already.
    ClaimPaid = "claim-paid": "claim" Held,
    /// The form came back faster than people type.
    FormFast = "form-fast": "form" Held,
    /// Credited.
    Credited = "credited": "credit" Passed,
    /// Indirect credit: the talent-scout pool.
    Indirect = "indirect": "credit" Passed,
    /// Nobody is credited.
    Nobody = "nobody": "credit" Failed,
}

impl Reason {
    /// Whether it speaks against what a claim credits: known from the claim, whatever else is looked at.
    pub const fn is_about_claim(self) -> bool {
        matches!(
            self,
            Self::ClaimLate | Self::ClaimDoubted | Self::ClaimRefunded | Self::ClaimPaid
        )
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What would have been needed for a step to pass, in values.
pub type Facts = BTreeMap<String, Fact>;

/// One step of a decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// The rule looked at.
    pub rule: String,
    /// What came out.
    pub outcome: Outcome,
    /// What was found, in a word.
    pub reason: Reason,
    /// What was found, in values.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub found: Facts,
    /// What would have been needed; empty unless the step failed or held.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub needed: Facts,
}

impl Step {
    /// A step with nothing to add.
    pub fn new(reason: Reason) -> Self {
        Self {
            rule: reason.rule().to_owned(),
            outcome: reason.outcome(),
            reason,
            found: Facts::new(),
            needed: Facts::new(),
        }
    }

    /// Adds a number (an instant when `name` ends in `_at`) to what was found.
    #[must_use]
    pub fn number(mut self, name: &str, value: i64) -> Self {
        self.found.insert(name.to_owned(), Fact::Number(value));
        self
    }

    /// Adds a word to what was found.
    #[must_use]
    pub fn word(mut self, name: &str, value: impl Into<String>) -> Self {
        self.found.insert(name.to_owned(), Fact::Word(value.into()));
        self
    }

    /// Adds a number to what would have been needed.
    #[must_use]
    pub fn need_number(mut self, name: &str, value: i64) -> Self {
        self.needed.insert(name.to_owned(), Fact::Number(value));
        self
    }

    /// Adds a word to what would have been needed.
    #[must_use]
    pub fn need_word(mut self, name: &str, value: impl Into<String>) -> Self {
        self.needed.insert(name.to_owned(), Fact::Word(value.into()));
        self
    }
}
