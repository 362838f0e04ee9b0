//! Where a figure meets a threshold: every comparison, band, table range and window of a run, with the distance. The
//! tests aim inputs at distance 0 and at the units on both sides of it; outside the tests nothing is noted.

use super::value::V;

#[cfg(test)]
pub use noted::{Meeting, noted};

/// Tells which step is being redone.
pub fn step(at: usize) {
    #[cfg(test)]
    noted::step(at);
    #[cfg(not(test))]
    let _ = at;
}

/// Notes that `a` met the threshold `b`: the `nth` of what stands at this address of the document.
pub fn meet<T>(site: &T, nth: usize, a: &V, b: &V) {
    #[cfg(test)]
    noted::meet(std::ptr::from_ref(site).addr() + nth, a, b);
    #[cfg(not(test))]
    let _ = (site, nth, a, b);
}

#[cfg(test)]
mod noted {
    use std::cell::RefCell;

    use dashu_ratio::RBig;

    use super::super::value::{V, day_number};

    /// A figure and a threshold.
    #[derive(Clone, Debug)]
    pub struct Meeting {
        /// Number of the step, and what in it: stable for one document.
        pub site: (usize, usize),
        /// Figure less threshold; seconds for dates.
        pub distance: RBig,
        /// Whether it is one of dates.
        pub dates: bool,
    }

    thread_local! {
        static NOTED: RefCell<(usize, Option<Vec<Meeting>>)> = const { RefCell::new((0, None)) };
    }

    pub fn step(at: usize) {
        NOTED.with_borrow_mut(|n| n.0 = at);
    }

    pub fn meet(site: usize, a: &V, b: &V) {
        let seconds = |d: &jiff::civil::DateTime| {
            let time = d.time();
            let seconds =
                i64::from(time.hour()) * 3600 + i64::from(time.minute()) * 60 + i64::from(time.second());
            RBig::from(day_number(d.date()) * 86_400 + seconds)
        };
        let (distance, dates) = match (a, b) {
            (V::N(x), V::N(y)) => (x - y, false),
            (V::D(x), V::D(y)) => (seconds(x) - seconds(y), true),
            _ => return,
        };
        NOTED.with_borrow_mut(|(step, list)| {
            if let Some(list) = list {
                list.push(Meeting {
                    site: (*step, site),
                    distance,
                    dates,
                });
            }
        });
    }

    /// What `f` gives, and every meeting on the way.
    pub fn noted<R>(f: impl FnOnce() -> R) -> (R, Vec<Meeting>) {
        NOTED.with_borrow_mut(|n| n.1 = Some(Vec::new()));
        let result = f();
        let list = NOTED.with_borrow_mut(|n| n.1.take());
        (result, list.unwrap_or_default())
    }
}
