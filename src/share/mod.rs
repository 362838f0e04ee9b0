//! What an employee hands out: destination with UTM, QR code, poster, coupon code.
//!
//! # Why
//! Pictures and addresses are pure functions of a link, so they can be made anywhere and tested by decoding (attribution.md §1).
