//! The points shop: what it offers, redeeming, handing over, calling off.
//!
//! # Why
//! An order, its points and the stock move in one transaction, so that nobody pays for what is gone and the last item has
//! one buyer. A form carries a word of its own: sent twice it is one order.

mod fill;
mod order;

pub use fill::{ItemWish, put_item, set_item_picture};
pub(crate) use order::offer;
pub use order::{MAX_ONCE, Redemption, ShopError, cancel_leavers_orders, cancel_order, hand_over, redeem};
