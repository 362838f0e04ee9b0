//! Contacts in one spelling, and the keyed hashes customers are recognised by (attribution.md §5).
//!
//! # Why
//! A shop writes `138 0013 8000`, a form `+86-13800138000`, a phone with a Chinese keyboard `１３８００１３８０００`: one
//! customer. Only the HMAC of that one spelling is kept, so a stolen store does not give phone numbers away.

use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// Longest shop id, characters.
pub const MAX_SHOP_ID: usize = 100;
/// Longest e-mail address, bytes (RFC 5321).
pub const MAX_EMAIL: usize = 254;

/// What a contact is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ContactKind {
    /// A phone number.
    Phone,
    /// An e-mail address.
    Email,
    /// The shop's own number for the customer.
    Id,
}

impl ContactKind {
    /// The word used in the API and the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::Email => "email",
            Self::Id => "id",
        }
    }
}

/// A contact in its one spelling.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Contact {
    kind: ContactKind,
    text: String,
}

impl fmt::Debug for Contact {
    /// Says what it is, never what it says: contacts do not belong into logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Contact({}, …)", self.kind.as_str())
    }
}

/// Why a text is not a contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ContactError {
    /// Something else than digits, spaces, dashes, dots, brackets and a leading `+`.
    #[error("a phone number is made of digits, like 13800138000 or +44 20 7946 0958")]
    PhoneCharacters,
    /// Looks like a mainland mobile number of another length.
    #[error("a Chinese mobile number has 11 digits")]
    MobileLength,
    /// Neither a mainland number nor one with a country code.
    #[error("a number from outside mainland China begins with its country code, like +44")]
    PhoneCountry,
    /// Fewer than 7 or more than 15 digits after the `+` (E.164).
    #[error("a phone number has 7 to 15 digits with its country code")]
    PhoneLength,
    /// Not `name@host.tld`.
    #[error("an e-mail address looks like name@example.com")]
    Email,
    /// Empty, too long, or with control characters.
    #[error("a customer id has 1 to 100 printable characters")]
    Id,
}

impl Contact {
    /// A phone number in E.164: full-width digits, spaces, dashes, `+86`/`0086`/`86` and a trunk `0` make no difference.
    pub fn phone(text: &str) -> Result<Self, ContactError> {
        let folded: String = text.chars().map(fold_width).filter(|c| !is_filler(*c)).collect();
        let (plus, rest) = match folded.strip_prefix('+').or_else(|| folded.strip_prefix("(+")) {
            Some(rest) => (true, rest),
            None => (false, folded.as_str()),
        };
        // "+44 (0)20 …": the trunk zero is dialled inside the country only.
        let rest = if plus {
            rest.replacen("(0)", "", 1)
        } else {
            rest.to_owned()
        };
        let digits: String = rest.chars().filter(|c| !matches!(c, '(' | ')')).collect();
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(ContactError::PhoneCharacters);
        }
        let international = if plus {
            Some(digits.as_str())
        } else {
            digits.strip_prefix("00")
        };
        let e164 = match international {
            Some(number) => match number.strip_prefix("86") {
                Some(national) => mainland(national)?,
                None => number.to_owned(),
            },
            None => match digits
                .strip_prefix("86")
                .filter(|n| n.len() == 11 && is_mobile(n))
            {
                Some(national) => mainland(national)?,
                None => mainland(&digits)?,
            },
        };
        if !(7..=15).contains(&e164.len()) || e164.starts_with('0') {
            return Err(ContactError::PhoneLength);
        }
        Ok(Self {
            kind: ContactKind::Phone,
            text: format!("+{e164}"),
        })
    }

    /// An e-mail address in lower case, its host as the DNS spells it. Dots and `+tags` of the local part stay: what
    /// they mean is the host's business.
    pub fn email(text: &str) -> Result<Self, ContactError> {
        let folded: String = text
            .trim()
            .chars()
            .map(fold_width)
            .filter(|c| !is_invisible(*c))
            .collect();
        let folded = folded.trim().to_lowercase();
        let (local, host) = folded.rsplit_once('@').ok_or(ContactError::Email)?;
        let fine = |c: char| {
            !c.is_whitespace() && !c.is_control() && !matches!(c, '@' | '<' | '>' | ',' | ';' | '"')
        };
        if local.is_empty() || local.len() > 64 || !local.chars().all(fine) {
            return Err(ContactError::Email);
        }
        let url::Host::Domain(host) = url::Host::parse(host).map_err(|_| ContactError::Email)? else {
            return Err(ContactError::Email);
        };
        let labels = host.split('.').count();
        let well_formed = host
            .split('.')
            .all(|l| !l.is_empty() && !l.starts_with('-') && !l.ends_with('-'));
        let letters = |l: &str| l.bytes().any(|b| b.is_ascii_alphabetic());
        if labels < 2 || !well_formed || !host.rsplit('.').next().is_some_and(letters) {
            return Err(ContactError::Email);
        }
        let text = format!("{local}@{host}");
        if text.len() > MAX_EMAIL {
            return Err(ContactError::Email);
        }
        Ok(Self {
            kind: ContactKind::Email,
            text,
        })
    }

    /// The shop's id, trimmed, full-width letters and digits folded; capitals stay different (shops decide that).
    pub fn shop_id(text: &str) -> Result<Self, ContactError> {
        let text: String = text.trim().chars().map(fold_width).collect();
        let text = text.trim();
        let length = text.chars().count();
        if !(1..=MAX_SHOP_ID).contains(&length) || text.chars().any(char::is_control) {
            return Err(ContactError::Id);
        }
        Ok(Self {
            kind: ContactKind::Id,
            text: text.to_owned(),
        })
    }

    /// What it is.
    pub fn kind(&self) -> ContactKind {
        self.kind
    }

    /// The one spelling: E.164, a lower-case address, or the id.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// Digits after `+86` of a number dialled inside mainland China.
fn mainland(digits: &str) -> Result<String, ContactError> {
    let national = digits.strip_prefix('0').unwrap_or(digits);
    let trunk = national.len() < digits.len();
    if is_mobile(national) {
        return Ok(format!("86{national}"));
    }
    // Begins like a mobile number, of the wrong length.
    let mobile_like = matches!(national.as_bytes(), [b'1', b'3'..=b'9', ..]);
    if mobile_like && !trunk {
        return Err(ContactError::MobileLength);
    }
    // Fixed lines: area code of 2 or 3 digits and 7 or 8 digits; dialled with the trunk 0, written after +86 without.
    let fixed = (9..=11).contains(&national.len()) && !national.starts_with('0');
    if fixed && (trunk || national.starts_with("10") || matches!(national.as_bytes(), [b'2'..=b'9', ..])) {
        return if trunk || digits.len() >= 10 {
            Ok(format!("86{national}"))
        } else {
            Err(ContactError::PhoneCountry)
        };
    }
    Err(ContactError::PhoneCountry)
}

/// Eleven digits beginning with 13–19.
fn is_mobile(digits: &str) -> bool {
    digits.len() == 11 && matches!(digits.as_bytes(), [b'1', b'3'..=b'9', ..])
}

/// Full-width forms (U+FF01–FF5E) and the ideographic space to their ASCII counterparts.
fn fold_width(c: char) -> char {
    match c {
        '\u{3000}' => ' ',
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        _ => c,
    }
}

/// What people put between digits.
fn is_filler(c: char) -> bool {
    c.is_whitespace()
        || is_invisible(c)
        || matches!(
            c,
            '-' | '.' | '\u{00ad}' | '\u{2010}'
                ..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' | '\u{30fc}' | '\u{2500}'
        )
}

/// Marks that copying from chats leaves behind.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// The keyed hash of a contact.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ContactHash(pub [u8; 32]);

impl fmt::Debug for ContactHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ContactHash({:02x}{:02x}…)", self.0[0], self.0[1])
    }
}

/// Hashes contacts with the installation's key. Phone numbers are few enough to try them all, so a bare hash would
/// hide nothing: the key must stay out of the store.
#[derive(Clone)]
pub struct ContactHasher(Hmac<Sha256>);

impl ContactHasher {
    /// With a key derived for the purpose `contact-hash`.
    pub fn new(key: [u8; 32]) -> Self {
        let mut block = [0u8; 64];
        block[..32].copy_from_slice(&key);
        Self(Hmac::new(&block.into()))
    }

    /// The hash of one contact; the kind is part of it.
    pub fn hash(&self, contact: &Contact) -> ContactHash {
        let mac = self
            .0
            .clone()
            .chain_update(contact.kind.as_str().as_bytes())
            .chain_update([0])
            .chain_update(contact.text.as_bytes());
        ContactHash(mac.finalize().into_bytes().into())
    }
}

/// Whether any contact of the customer is one of the employee's own.
pub fn is_own_contact(employee: &[ContactHash], customer: &[ContactHash]) -> bool {
    employee.iter().any(|own| customer.contains(own))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_mobile_number_has_one_spelling() {
        for text in [
            "13800138000",
            " 138 0013 8000 ",
            "138-0013-8000",
            "138.0013.8000",
            "+8613800138000",
            "+86 138 0013 8000",
            "+86-138-0013-8000",
            "(+86)13800138000",
            "008613800138000",
            "0086 138-0013-8000",
            "8613800138000",
            "86 13800138000",
            "013800138000",
            "+86 013800138000",
            "１３８００１３８０００",
            "＋８６　１３８－００１３－８０００",
            "138—0013—8000",
            "138–0013–8000",
            "138\u{a0}0013\u{a0}8000",
            "\u{202d}13800138000\u{202c}",
        ] {
            assert_eq!(
                Contact::phone(text).unwrap().as_str(),
                "+8613800138000",
                "{text:?}"
            );
        }
    }

    #[test]
    fn other_countries_and_fixed_lines_keep_their_code() {
        for (text, expected) in [
            ("+44 20 7946 0958", "+442079460958"),
            ("+44 (0)20 7946 0958", "+442079460958"),
            ("0044 20 7946 0958", "+442079460958"),
            ("+1 (212) 555-0100", "+12125550100"),
            ("+852 2123 4567", "+85221234567"),
            ("010-12345678", "+861012345678"),
            ("+86 10 12345678", "+861012345678"),
            ("0755-8234 5678", "+8675582345678"),
            ("（021）6234 5678", "+862162345678"),
            ("+65 6123 4567", "+6561234567"),
        ] {
            assert_eq!(Contact::phone(text).unwrap().as_str(), expected, "{text:?}");
        }
    }

    #[test]
    fn what_is_no_phone_number_is_refused_with_the_reason() {
        use ContactError as E;
        for (text, expected) in [
            ("", E::PhoneCharacters),
            ("   ", E::PhoneCharacters),
            ("+", E::PhoneCharacters),
            ("none", E::PhoneCharacters),
            ("1380013800x", E::PhoneCharacters),
            ("13800138000 ext 5", E::PhoneCharacters),
            ("13800138000/13900139000", E::PhoneCharacters),
            ("1381902746", E::MobileLength),
            ("138001380001", E::MobileLength),
            ("+86 1380013800", E::MobileLength),
            ("12345", E::PhoneCountry),
            ("110", E::PhoneCountry),
            ("62345678", E::PhoneCountry),
            ("+1234", E::PhoneLength),
            ("+1234567890123456", E::PhoneLength),
            ("+0123456789", E::PhoneLength),
        ] {
            assert_eq!(Contact::phone(text), Err(expected), "{text:?}");
        }
    }

    #[test]
    fn one_address_has_one_spelling() {
        for text in [
            "li.wei@example.com",
            " Li.Wei@Example.COM ",
            "ｌｉ．ｗｅｉ＠ｅｘａｍｐｌｅ．ｃｏｍ",
            "li.wei@example。com",
            "\u{feff}li.wei@example.com",
        ] {
            assert_eq!(
                Contact::email(text).unwrap().as_str(),
                "li.wei@example.com",
                "{text:?}"
            );
        }
        assert_eq!(
            Contact::email("王@例子.中国").unwrap().as_str(),
            "王@xn--fsqu00a.xn--fiqs8s"
        );
        assert_ne!(Contact::email("a+b@x.cn"), Contact::email("a@x.cn"));
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let long = format!("{}@example.com", "a".repeat(65));
        for text in [
            "",
            "@",
            "a@",
            "@b.cn",
            "a b@c.cn",
            "a@b",
            "a@b@c.cn",
            "a@b..cn",
            "a@-b.cn",
            "a@127.0.0.1",
            "a@[::1]",
            "<a@b.cn>",
            "a@b.cn,c@d.cn",
            "a@b.1",
            &long,
        ] {
            assert_eq!(Contact::email(text), Err(ContactError::Email), "{text:?}");
        }
    }

    #[test]
    fn shop_ids_are_trimmed_and_keep_their_capitals() {
        assert_eq!(Contact::shop_id(" C-１２ ").unwrap().as_str(), "C-12");
        assert_ne!(Contact::shop_id("abc"), Contact::shop_id("ABC"));
        for bad in ["", "  ", "a\nb", &"x".repeat(101)] {
            assert_eq!(Contact::shop_id(bad), Err(ContactError::Id), "{bad:?}");
        }
    }

    #[test]
    fn hashes_differ_by_kind_and_by_key() {
        let (a, b) = (ContactHasher::new([1; 32]), ContactHasher::new([2; 32]));
        let id = Contact::shop_id("+8613800138000").unwrap();
        let phone = Contact::phone("13800138000").unwrap();
        assert_eq!(id.as_str(), phone.as_str());
        assert_ne!(a.hash(&id), a.hash(&phone));
        assert_ne!(a.hash(&phone), b.hash(&phone));
        assert_eq!(
            a.hash(&phone),
            a.hash(&Contact::phone("+86 138-0013-8000").unwrap())
        );
        assert!(is_own_contact(&[a.hash(&phone)], &[a.hash(&id), a.hash(&phone)]));
        assert!(!is_own_contact(&[], &[a.hash(&id)]));
        assert!(!format!("{phone:?}{:?}", a.hash(&phone)).contains("138"));
    }
}
