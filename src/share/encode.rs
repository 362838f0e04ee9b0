//! Percent-encoding of what goes into a `Location` header.

/// Bytes that are written as they are in a value of ours: RFC 3986 "unreserved".
const fn unreserved(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~')
}

/// Bytes of a foreign query that are passed on as they came: printable ASCII that neither ends a query nor breaks
/// a header or an HTML attribute.
const fn passes(b: u8) -> bool {
    b.is_ascii_graphic() && !matches!(b, b'#' | b'"' | b'<' | b'>' | b'\'' | b'`' | b'\\')
}

/// A value as it stands in a query: everything but unreserved characters percent-encoded. An employee code or a
/// channel is encoded once with this when it enters the link table.
pub fn encode_value(value: &str) -> String {
    let mut out = Vec::with_capacity(value.len());
    for b in value.bytes() {
        push(&mut out, b, unreserved(b));
    }
    into_text(out)
}

/// Appends a foreign `key=value` as it came, with what would break a header or the address percent-encoded.
pub(super) fn push_foreign(out: &mut Vec<u8>, part: &[u8]) {
    for &b in part {
        push(out, b, passes(b));
    }
}

fn push(out: &mut Vec<u8>, b: u8, plain: bool) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    if plain {
        out.push(b);
    } else {
        out.extend_from_slice(&[b'%', HEX[usize::from(b >> 4)], HEX[usize::from(b & 15)]]);
    }
}

/// Bytes that are ASCII by construction as text.
pub(super) fn into_text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_default()
}

/// Whether an encoded key means `name`: compared byte for byte after percent-decoding, case and all.
pub(super) fn key_is(encoded: &[u8], name: &[u8]) -> bool {
    let hex = |b: u8| char::from(b).to_digit(16);
    let (mut at, mut rest) = (0, name);
    while at < encoded.len() {
        let mut b = encoded[at];
        at += 1;
        if b == b'%'
            && let Some(&[high, low]) = encoded.get(at..at + 2)
            && let (Some(high), Some(low)) = (hex(high), hex(low))
        {
            b = u8::try_from(high * 16 + low).unwrap_or(b'%');
            at += 2;
        }
        match rest.split_first() {
            Some((&want, tail)) if want == b => rest = tail,
            _ => return false,
        }
    }
    rest.is_empty()
}
