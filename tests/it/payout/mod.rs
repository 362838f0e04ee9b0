//! The payout engine through its documents: the handbook's cases, laws, refusals, the guide.

mod cases;
mod guide;
mod template;
