//! The two cookies of the short host: the visitor's (`bv`, random) and the staff's (`bs`, signed).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::classify::VisitorId;
use crate::domain::EmployeeId;

/// The visitor's cookie: 16 random bytes, base64url.
pub const VISITOR_COOKIE: &str = "bv";
/// The staff's cookie, set when somebody signs in.
pub const STAFF_COOKIE: &str = "bs";

const VISITOR_BYTES: usize = 16;
const VISITOR_CHARS: usize = 22;
/// A year: long enough for "new customers only", and browsers allow no more than 400 days.
const VISITOR_REST: &str = "; Max-Age=31536000; Path=/; HttpOnly; SameSite=Lax";

const STAFF_SIGNED: usize = 16;
const STAFF_MAC: usize = 16;
const STAFF_CHARS: usize = 43;

/// The value of cookie `name` in the lines of `Cookie`, the first one there.
pub(super) fn cookie<'a>(lines: impl Iterator<Item = &'a str>, name: &str) -> Option<&'a str> {
    lines
        .flat_map(|line| line.split(';'))
        .find_map(|pair| pair.trim_start().strip_prefix(name)?.strip_prefix('='))
        .map(str::trim_end)
}

/// The id in a visitor cookie's value; `None` when we never wrote such a value.
pub(super) fn visitor_id(value: &str) -> Option<VisitorId> {
    let mut bytes = [0u8; VISITOR_BYTES];
    if value.len() != VISITOR_CHARS {
        return None;
    }
    match URL_SAFE_NO_PAD.decode_slice(value, &mut bytes) {
        Ok(VISITOR_BYTES) => Some(id_of(&bytes)),
        _ => None,
    }
}

/// The id a cookie of these bytes stands for.
pub(super) fn id_of(random: &[u8; VISITOR_BYTES]) -> VisitorId {
    let mut id = VisitorId::default();
    id.copy_from_slice(&random[..12]);
    id
}

/// `Set-Cookie` for a new visitor.
pub(super) fn visitor_header(random: [u8; VISITOR_BYTES], secure: bool) -> String {
    let mut header = String::with_capacity(112);
    header.push_str(VISITOR_COOKIE);
    header.push('=');
    URL_SAFE_NO_PAD.encode_string(random, &mut header);
    header.push_str(VISITOR_REST);
    header.push_str(if secure { "; Secure" } else { "" });
    header
}

/// What a way out is signed for. An address never begins like this, so that no ticket in is one out.
fn out(back: &str) -> Vec<u8> {
    [b"out\0", back.as_bytes()].concat()
}

/// Signs and reads the staff cookie: employee and expiry under a MAC, so that a staff member's own clicks are known on
/// the short host without a session there.
#[derive(Clone)]
pub struct StaffCookie {
    state: Hmac<Sha256>,
    secure: bool,
}

impl StaffCookie {
    /// With 32 secret bytes; `secure` when the short host speaks https.
    pub fn new(secret: &[u8; 32], secure: bool) -> Self {
        let mut block = [0u8; 64];
        block[..32].copy_from_slice(secret);
        Self {
            state: Hmac::new(&block.into()),
            secure,
        }
    }

    /// `Set-Cookie` for a member of staff who signed in, good until `until_ms`. An account without an employee is
    /// `EmployeeId(0)`: staff, and nobody's link is theirs.
    pub fn header(&self, employee: EmployeeId, now_ms: i64, until_ms: i64) -> String {
        let value = self.seal(employee, until_ms, b"");
        let seconds = (until_ms - now_ms).max(0) / 1000;
        let secure = if self.secure { "; Secure" } else { "" };
        format!("{STAFF_COOKIE}={value}; Max-Age={seconds}; Path=/; HttpOnly; SameSite=Lax{secure}")
    }

    /// `Set-Cookie` that takes it away, for signing out.
    pub fn removal(&self) -> String {
        let secure = if self.secure { "; Secure" } else { "" };
        format!("{STAFF_COOKIE}=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax{secure}")
    }

    /// Who signed in with this browser; `None` for a value we did not sign or that has expired.
    pub fn read(&self, value: &str, now_ms: i64) -> Option<EmployeeId> {
        self.verify(value, b"", now_ms)
    }

    /// What leads through the staff door to `back`, until `until_ms`.
    pub(super) fn ticket(&self, employee: EmployeeId, until_ms: i64, back: &str) -> String {
        self.seal(employee, until_ms, back.as_bytes())
    }

    /// Whose ticket to `back` this is.
    pub(super) fn open(&self, ticket: &str, back: &str, now_ms: i64) -> Option<EmployeeId> {
        // With nothing behind it a ticket would be a cookie.
        if back.is_empty() {
            None
        } else {
            self.verify(ticket, back.as_bytes(), now_ms)
        }
    }

    /// What leads out through the staff door to `back`, until `until_ms`.
    pub(super) fn farewell(&self, until_ms: i64, back: &str) -> String {
        self.seal(EmployeeId(0), until_ms, &out(back))
    }

    /// Whether this leads out to `back`.
    pub(super) fn leads_out(&self, ticket: &str, back: &str, now_ms: i64) -> bool {
        self.verify(ticket, &out(back), now_ms).is_some()
    }

    fn seal(&self, employee: EmployeeId, until_ms: i64, purpose: &[u8]) -> String {
        let mut bytes = [0u8; STAFF_SIGNED + STAFF_MAC];
        bytes[..8].copy_from_slice(&employee.0.to_le_bytes());
        bytes[8..16].copy_from_slice(&until_ms.to_le_bytes());
        let mac = self
            .state
            .clone()
            .chain_update(&bytes[..STAFF_SIGNED])
            .chain_update(purpose)
            .finalize()
            .into_bytes();
        bytes[STAFF_SIGNED..].copy_from_slice(&mac[..STAFF_MAC]);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    fn verify(&self, value: &str, purpose: &[u8], now_ms: i64) -> Option<EmployeeId> {
        let mut bytes = [0u8; STAFF_SIGNED + STAFF_MAC];
        if value.len() != STAFF_CHARS || URL_SAFE_NO_PAD.decode_slice(value, &mut bytes) != Ok(bytes.len()) {
            return None;
        }
        let (signed, mac) = bytes.split_at(STAFF_SIGNED);
        let whole = self.state.clone().chain_update(signed).chain_update(purpose);
        whole.verify_truncated_left(mac).ok()?;
        let (employee, until) = signed.split_first_chunk::<8>()?;
        let until = i64::from_le_bytes(*until.first_chunk()?);
        (now_ms < until).then_some(EmployeeId(i64::from_le_bytes(*employee)))
    }
}

impl std::fmt::Debug for StaffCookie {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("StaffCookie(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find<'a>(line: &'a str, name: &str) -> Option<&'a str> {
        cookie([line].into_iter(), name)
    }

    #[test]
    fn a_cookie_is_found_among_others_by_its_whole_name() {
        assert_eq!(find("a=1; bv=x; bs=y", "bv"), Some("x"));
        assert_eq!(find("bv=x", "bv"), Some("x"));
        assert_eq!(find("abv=1;bv2=2; bv =3", "bv"), None);
        assert_eq!(find("", "bv"), None);
        assert_eq!(cookie(["a=1", "bs=2"].into_iter(), "bs"), Some("2"));
    }

    #[test]
    fn a_visitor_comes_back_with_the_id_of_the_cookie_handed_out() {
        let header = visitor_header([9; 16], true);
        assert!(
            header.ends_with("; Path=/; HttpOnly; SameSite=Lax; Secure"),
            "{header}"
        );
        assert!(!visitor_header([9; 16], false).contains("Secure"));
        let value = header.strip_prefix("bv=").unwrap().split(';').next().unwrap();
        assert_eq!(visitor_id(value), Some([9; 12]));
        for bad in [
            "",
            "x",
            &value[1..],
            &format!("{value}A"),
            "!!!!!!!!!!!!!!!!!!!!!!",
        ] {
            assert_eq!(visitor_id(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn only_our_own_unexpired_signature_makes_staff() {
        let staff = StaffCookie::new(&[1; 32], false);
        let header = staff.header(EmployeeId(7), 1_000, 61_000);
        assert!(header.contains("; Max-Age=60; "), "{header}");
        let value = header
            .strip_prefix("bs=")
            .unwrap()
            .split(';')
            .next()
            .unwrap()
            .to_owned();
        assert_eq!(staff.read(&value, 60_999), Some(EmployeeId(7)));
        assert_eq!(staff.read(&value, 61_000), None);
        assert_eq!(StaffCookie::new(&[2; 32], false).read(&value, 0), None);
        for at in 0..value.len() {
            let mut altered = value.clone().into_bytes();
            altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
            let altered = String::from_utf8(altered).unwrap();
            assert_eq!(staff.read(&altered, 0), None, "character {at}");
        }
        assert_eq!(staff.read("", 0), None);
    }
}
