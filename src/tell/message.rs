//! A message as the Standard Webhooks convention has it: an id, an instant, a body.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::tell::Event;

/// Something to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// `webhook-id`: the same whenever it is sent again, so that a receiver knows it.
    pub id: String,
    /// What it tells.
    pub event: Event,
    /// JSON, to the byte as it is signed.
    pub body: String,
    /// When it happened, milliseconds UTC.
    pub at: i64,
}

impl Message {
    /// `about` is what it tells of, unique within the event (`claim 7, verified, step 31`): the same fact makes the same id.
    pub fn new(event: Event, about: &str, at: i64, data: &Value) -> Self {
        let instant = Timestamp::from_millisecond(at).unwrap_or(Timestamp::UNIX_EPOCH);
        let body = json!({ "type": event.as_str(), "timestamp": instant.to_string(), "data": data });
        Self {
            id: message_id(event, about),
            event,
            body: body.to_string(),
            at,
        }
    }
}

/// `msg_` and 27 characters out of event and what it is about.
pub fn message_id(event: Event, about: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(event.as_str());
    hash.update([0]);
    hash.update(about);
    let hash = hash.finalize();
    format!("msg_{}", URL_SAFE_NO_PAD.encode(&hash[..20]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_fact_makes_the_same_id_and_another_one_another() {
        let id = message_id(Event::SaleCreated, "S-1");
        assert_eq!(id, message_id(Event::SaleCreated, "S-1"));
        assert_ne!(id, message_id(Event::SaleCreated, "S-2"));
        assert_ne!(id, message_id(Event::LeadCreated, "S-1"));
        assert_eq!(id.len(), 31);
    }

    #[test]
    fn a_body_says_type_instant_and_data() {
        let message = Message::new(
            Event::BoardFrozen,
            "2026-W46",
            1_795_000_000_000,
            &json!({"period": "2026-W46"}),
        );
        let body: Value = serde_json::from_str(&message.body).unwrap();
        assert_eq!(
            body,
            json!({"type": "board.frozen", "timestamp": "2026-11-18T11:06:40Z", "data": {"period": "2026-W46"}})
        );
    }
}
