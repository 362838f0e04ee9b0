//! Acts that collided with another one, tried again.
//!
//! # Why
//! Two people who do one thing in the same instant meet at a unique key or a serialisation failure. The second try reads what
//! the first one wrote, and answers as if it had come later.

/// How often a transaction is tried that collided with another one.
pub(in crate::app) const TRIES: u32 = 6;

/// Runs an act again while it collides with another one.
macro_rules! again {
    ($once:expr) => {{
        let mut tries = 1;
        loop {
            match $once.await {
                Err(error) if error.is_collision() && tries < $crate::app::again::TRIES => {
                    tokio::time::sleep(std::time::Duration::from_millis(5 << tries)).await;
                    tries += 1;
                }
                other => break other,
            }
        }
    }};
}
pub(in crate::app) use again;
