//! Contacts: hashed to recognise customers by, sealed where a lead needs them in plain (attribution.md §5).

use serde::{Deserialize, Serialize};

use crate::app::{Actor, App, Secrets};
use crate::attribution::{Contact, ContactHash, ContactHasher};
use crate::storage::touches::EmployeeRow;
use crate::storage::{SealedContact, StoreError, insert_audit};

/// What a lead's form asked: enough to call back.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LeadContact {
    /// How the customer wants to be called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// As typed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// As typed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// What they want.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

impl LeadContact {
    /// Whether there is nothing to keep.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl std::fmt::Debug for LeadContact {
    /// Contacts do not belong into logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LeadContact(…)")
    }
}

/// Why a sealed contact cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// There is none, or it was erased on its date.
    #[error("there is no contact: it was never given, or erased on its retention date")]
    Gone,
    /// Another key, another conversion, or altered bytes.
    #[error("the contact cannot be opened with this installation's key")]
    Sealed,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The keys for contacts.
#[derive(Clone)]
pub struct Vault {
    hasher: ContactHasher,
    secrets: Secrets,
}

/// What the contacts' key is for.
const PURPOSE: &str = "contact-seal";

impl Vault {
    /// With keys derived from the master secret.
    pub fn new(secrets: &Secrets) -> Self {
        Self {
            hasher: ContactHasher::new(secrets.derive("contact-hash", b"")),
            secrets: secrets.clone(),
        }
    }

    /// The hash customers are recognised by.
    pub fn hash(&self, contact: &Contact) -> ContactHash {
        self.hasher.hash(contact)
    }

    /// All hashes an employee's own purchase would show: phone, e-mail, and the employee code as the shop's id.
    pub fn own_hashes(&self, employee: &EmployeeRow) -> Vec<ContactHash> {
        let phone = employee.phone.as_deref().and_then(|t| Contact::phone(t).ok());
        let email = employee.email.as_deref().and_then(|t| Contact::email(t).ok());
        let code = &employee.code;
        let codes = [code.clone(), code.to_lowercase(), code.to_uppercase()];
        let ids = codes.iter().filter_map(|code| Contact::shop_id(code).ok());
        phone
            .into_iter()
            .chain(email)
            .chain(ids)
            .map(|contact| self.hash(&contact))
            .collect()
    }

    /// Seals a contact for one conversion; `nonce` must be random.
    pub fn seal(
        &self,
        external_id: &str,
        contact: &LeadContact,
        nonce: [u8; 24],
        erase_at: i64,
    ) -> Option<SealedContact> {
        let text = serde_json::to_vec(contact).ok()?;
        let sealed = self.secrets.seal(PURPOSE, external_id.as_bytes(), nonce, &text)?;
        Some(SealedContact {
            nonce: nonce.to_vec(),
            sealed,
            erase_at,
        })
    }

    /// Opens what [`Vault::seal`] sealed for the same conversion.
    pub fn open(&self, external_id: &str, contact: &SealedContact) -> Result<LeadContact, VaultError> {
        let bound_to = external_id.as_bytes();
        let text = self
            .secrets
            .open(PURPOSE, bound_to, &contact.nonce, &contact.sealed)
            .ok_or(VaultError::Sealed)?;
        serde_json::from_slice(&text).map_err(|_| VaultError::Sealed)
    }
}

/// A lead's contact in plain, for whoever calls back. Every look is audited.
pub async fn read_contact(
    app: &App,
    actor: &Actor,
    external_id: &str,
) -> Result<Option<LeadContact>, VaultError> {
    let Some(conversion) = app.store.conversion(external_id).await? else {
        return Ok(None);
    };
    let now_ms = app.clock.now_ms();
    let sealed = app.store.sealed_contact(conversion.id).await?;
    // What is due is gone, whether or not the chore has come by.
    let sealed = sealed.filter(|s| now_ms < s.erase_at).ok_or(VaultError::Gone)?;
    let contact = Vault::new(&app.secrets).open(external_id, &sealed)?;
    let mut tx = app.store.begin().await?;
    let detail = serde_json::json!({});
    insert_audit(
        &mut tx,
        now_ms,
        &actor.word(),
        "contact.read",
        &format!("conversion:{external_id}"),
        &detail,
    )
    .await?;
    tx.commit().await?;
    Ok(Some(contact))
}

/// Erases contacts whose retention date has come; gives how many.
pub async fn erase_due_contacts(app: &App) -> Result<u64, StoreError> {
    let now_ms = app.clock.now_ms();
    Ok(app.store.erase_contacts(now_ms).await? + app.store.erase_claim_contacts(now_ms).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vault(byte: u8) -> Vault {
        Vault::new(&Secrets::new([byte; 32]))
    }

    fn contact() -> LeadContact {
        LeadContact {
            name: Some("王女士".into()),
            phone: Some("138 0013 8000".into()),
            ..LeadContact::default()
        }
    }

    #[test]
    fn a_contact_opens_only_with_its_key_for_its_conversion_unaltered() {
        let sealed = vault(1).seal("L-1", &contact(), [7; 24], 99).unwrap();
        assert!(!String::from_utf8_lossy(&sealed.sealed).contains("138"));
        assert_eq!(vault(1).open("L-1", &sealed).unwrap(), contact());
        assert!(vault(1).open("L-2", &sealed).is_err());
        assert!(vault(2).open("L-1", &sealed).is_err());
        for byte in 0..sealed.sealed.len() {
            let mut altered = sealed.clone();
            altered.sealed[byte] ^= 1;
            assert!(vault(1).open("L-1", &altered).is_err(), "byte {byte}");
        }
        assert!(!format!("{:?}", contact()).contains("138"));
    }

    #[test]
    fn an_employees_own_purchase_shows_by_phone_address_or_code() {
        let v = vault(1);
        let own = v.own_hashes(&EmployeeRow {
            id: crate::domain::EmployeeId(1),
            code: "Z3".into(),
            left_on: None,
            phone: Some("+86 13800138000".into()),
            email: Some("Zhang@Example.com".into()),
        });
        for contact in [
            Contact::phone("138-0013-8000"),
            Contact::email("zhang@example.com"),
            Contact::shop_id("z3"),
        ] {
            assert!(own.contains(&v.hash(&contact.unwrap())));
        }
        assert!(!own.contains(&v.hash(&Contact::phone("13900139000").unwrap())));
    }
}
