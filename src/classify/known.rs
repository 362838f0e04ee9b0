//! User agents this thread has just read, with what was found in them.
//!
//! # Why
//! A firm's visitors come with a few hundred different user agents, and reading one costs twenty times as much as
//! knowing it again. What is found depends on nothing but the text, so remembering it changes no answer: a place holds
//! one agent, compared whole, and the next one that falls on it takes it over. Nobody can make it grow.

use std::cell::RefCell;
use std::hash::BuildHasher as _;

use hashbrown::DefaultHashBuilder;

use crate::domain::ClickReason;

use super::tokens::Scan;

/// Places of a thread: with usual agents of 150 bytes about 100 kB.
const PLACES: usize = 512;
/// Longer agents are read each time, bytes.
const LONGEST: usize = 512;

/// What a user agent shows.
pub(super) type Read = (Scan, Option<ClickReason>);

struct Known {
    hasher: DefaultHashBuilder,
    places: Vec<Option<(Box<str>, Read)>>,
}

thread_local! {
    static KNOWN: RefCell<Known> = RefCell::new(Known {
        hasher: DefaultHashBuilder::default(),
        places: (0..PLACES).map(|_| None).collect(),
    });
}

/// What `read` finds in a user agent, or found in it before.
pub(super) fn known(user_agent: &str, read: impl Fn(&str) -> Read) -> Read {
    if user_agent.len() > LONGEST {
        return read(user_agent);
    }
    KNOWN.with_borrow_mut(|known| {
        let hash = usize::try_from(known.hasher.hash_one(user_agent) & 0xffff).unwrap_or(0);
        let Some(place) = known.places.get_mut(hash % PLACES) else {
            return read(user_agent);
        };
        match place {
            Some((agent, found)) if **agent == *user_agent => *found,
            _ => {
                let found = read(user_agent);
                *place = Some((user_agent.into(), found));
                found
            }
        }
    })
}
