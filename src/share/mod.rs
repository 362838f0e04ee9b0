//! What an employee hands out: destination with UTM, QR code, poster, coupon code.
//!
//! # Why
//! Pictures and addresses are pure functions of a link, so they can be made anywhere and tested by decoding (attribution.md §1).
//! The merge of UTM parameters is written twice: plainly ([`location`]) and composed beforehand for the redirect
//! ([`Target`]); a property test holds the two together.

mod coupon;
mod destination;
mod encode;
mod picture;
mod placard;
mod post;
mod poster;
mod qr;
mod target;
mod typeset;
mod utm;

pub use coupon::{CouponCode, CouponCodeError, CouponRefusal, CouponTerms, Discount, check as check_coupon};
pub use destination::{AllowedHosts, Destination, DestinationError, HostError, MAX_DESTINATION_BYTES};
pub use encode::encode_value;
pub use picture::{
    KeptPicture, MAX_PICTURE_BYTES, MAX_PICTURE_PIXELS, PictureError, clean as clean_picture,
    looks_like_picture,
};
pub use placard::{PLACARD_ROWS, Placard, PlacardRow, draw as draw_placard};
pub use post::{Freshness, LINK_MARKS, PostText, fill as fill_post, freshness};
pub use poster::{POSTER_HEIGHT, POSTER_WIDTH, Poster, PosterError, PosterText, draw as draw_poster};
pub use qr::{QR_SIZES, Qr, QrError, scan_url};
pub use target::Target;
pub use typeset::{FONT, Ruler};
pub use utm::{MAX_INCOMING_BYTES, Utm, UtmOverrides, is_scan, location};

#[cfg(test)]
mod utm_tests;
