//! The payout engine through its documents: the handbook's cases, laws, refusals, the guide.

mod bad_input;
mod cases;
mod door;
mod exact;
mod guide;
mod template;
