//! What is said of a customer and an order at the door, wherever it is said: conversions, claims, CRM records.

use crate::app::{Vault, Wrong};
use crate::attribution::claim::OrderKey;
use crate::attribution::{Contact, ContactHash, ContactKind};

/// A customer's contacts, as keyed hashes.
pub(in crate::app) type Hashed = Vec<(ContactKind, ContactHash)>;

/// Phone, e-mail and the shop's id of a customer, each in its one spelling, hashed; what cannot be read is `wrong`.
pub(in crate::app) fn contacts(vault: &Vault, said: [Option<&str>; 3], wrong: &mut Vec<Wrong>) -> Hashed {
    let [phone, email, id] = said;
    let mut hashed = Hashed::new();
    for (pointer, contact) in [
        ("/customer/phone", phone.map(Contact::phone)),
        ("/customer/email", email.map(Contact::email)),
        ("/customer/id", id.map(Contact::shop_id)),
    ] {
        match contact {
            None => {}
            Some(Ok(contact)) => hashed.push((contact.kind(), vault.hash(&contact))),
            Some(Err(detail)) => wrong.push(Wrong::at(pointer, detail)),
        }
    }
    hashed
}

/// An order number: as it was written, and as orders are compared by.
pub(in crate::app) fn order(text: Option<&str>, wrong: &mut Vec<Wrong>) -> Option<(String, OrderKey)> {
    let text = text?;
    let Some(key) = OrderKey::parse(text) else {
        wrong.push(Wrong::at("/order", "1 to 60 printable characters"));
        return None;
    };
    Some((text.trim().to_owned(), key))
}
