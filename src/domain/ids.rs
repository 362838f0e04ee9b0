//! Typed ids: a link's number cannot be handed in where an employee's is expected.

use std::fmt;

use jiff::Timestamp;
use rand::Rng;
use uuid::Uuid;

macro_rules! number_ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )+};
}

number_ids! {
    /// An employee's row in the store; people say the employee code instead.
    EmployeeId,
    /// A team's row in the store.
    TeamId,
    /// A campaign's row in the store; people say the slug instead.
    CampaignId,
    /// A campaign's piece of material (picture and copy).
    MaterialId,
    /// A link's row in the store; people say the code instead. Fits in 32 bits (the link table packs it).
    LinkId,
    /// A coupon's row in the store.
    CouponId,
    /// A customer, known by keyed hashes only.
    CustomerId,
    /// A conversion's row in the store; callers say its `external_id`.
    ConversionId,
}

/// A click's id: a UUIDv7 (RFC 9562), so that ids sort by the instant of the click.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct ClickId(pub Uuid);

impl ClickId {
    /// A new id for a click at `at`, with 74 random bits out of `rng`.
    pub fn new(at: Timestamp, rng: &mut impl Rng) -> Self {
        let mut random = [0u8; 10];
        rng.fill_bytes(&mut random);
        let millis = u64::try_from(at.as_millisecond()).unwrap_or(0);
        Self(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
    }

    /// The instant in the id, milliseconds since the epoch.
    pub fn unix_ms(self) -> i64 {
        let b = self.0.as_bytes();
        i64::from_be_bytes([0, 0, b[0], b[1], b[2], b[3], b[4], b[5]])
    }
}

impl fmt::Display for ClickId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_hyphenated().fmt(f)
    }
}
