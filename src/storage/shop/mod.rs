//! The points shop: its items and what was ordered of them.
//!
//! # Why
//! Stock and points move in one transaction. Whoever orders locks their balance first, then the item; so two people can
//! wait for each other's item but never in a ring, and the last one of an item has one buyer.

mod items;
mod orders;

pub use items::{
    ItemFacts, ItemPicture, ShopItem, add_stock, insert_item, lock_item, put_item_picture, take_stock,
    update_item,
};
pub use orders::{
    NewOrder, OrderFilter, OrderRow, OrderStep, insert_order, lock_order, move_order, order_of_form,
    ordered_since,
};
