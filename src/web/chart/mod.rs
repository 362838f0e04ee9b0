//! Charts as SVG made on the server, each with its table behind.
//!
//! # Why
//! One approach for the whole product: no script, prints, works in every web view, readable without eyes. Geometry is
//! in whole units of a 328 wide box, so that 12 px type stays 12 px on a phone.

mod curve;
mod funnel;
mod heat;
mod line;
mod wide;

pub use curve::{Bent, Curve, Unit};
pub use funnel::{Funnel, Step};
pub use heat::Heat;
pub use line::{Line, Track};
pub use wide::{WideFunnel, WideStep};
