//! Words and values everybody else uses: ids, codes, money, time, employees, campaigns, links, clicks.
//!
//! # Why
//! Parse at the door, trust inside: a value of these types is already right, so no room above
//! checks it again. No IO, no clock, no randomness of its own.

mod channel;
mod click;
mod clock;
mod code;
mod content;
mod ids;
mod link;
mod material;
mod money;
mod people;
mod period;
mod programme;
mod shop;
mod tally;

pub use channel::{Channel, ChannelError};
pub use click::{Class, ClickReason};
pub use clock::{Clock, ManualClock};
pub use code::{CodeError, LinkCode, RESERVED, mint_code};
pub use content::ContentHash;
pub use ids::{
    CampaignId, ClickId, ConversionId, CouponId, CustomerId, EmployeeId, LinkId, MaterialId, TeamId,
};
pub use link::{LinkFacts, LinkState};
pub use material::MaterialState;
pub use money::{Currency, Money, MoneyError};
pub use people::{DisplayName, Role};
pub use period::{Period, PeriodError, PeriodKind};
pub use programme::{AttributionModel, PointRules, Precedence, Programme};
pub use shop::{ItemKind, LimitPeriod, OrderState};
pub use tally::{Counts, Slice, Tally};
