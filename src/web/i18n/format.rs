//! Numbers and amounts as people read them: thousands parted, a real minus (U+2212).

use crate::domain::Money;

/// A whole number with thousands parted by commas: `−1,234`.
pub fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3 + 3);
    if number < 0 {
        text.push('−');
    }
    for (i, digit) in digits.char_indices() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The same with a plus where it is above zero.
pub fn signed(number: i64) -> String {
    if number > 0 {
        format!("+{}", grouped(number))
    } else {
        grouped(number)
    }
}

/// A number of hundredths with `places` (0 to 2) decimals, cut rather than rounded: `240.0`.
pub fn decimal(hundredths: i64, places: usize) -> String {
    let text = money(Money::from_minor(hundredths));
    let cut = match places {
        0 => 3,
        1 => 1,
        _ => 0,
    };
    text[..text.len() - cut].to_owned()
}

/// An amount without its sign of currency: `1,234.50`.
pub fn money(amount: Money) -> String {
    let minor = amount.minor();
    let whole = grouped(minor / 100);
    let sign = if minor < 0 && minor > -100 { "−" } else { "" };
    format!("{sign}{whole}.{:02}", minor.unsigned_abs() % 100)
}

/// An amount in yuan: `¥1,234.50`, `−¥5.00`.
pub fn yuan(amount: Money) -> String {
    match money(amount).strip_prefix('−') {
        Some(size) => format!("−¥{size}"),
        None => format!("¥{}", money(amount)),
    }
}

/// Sentences of the pay engine and values of facts, with the thousands of their amounts apart: `26000.00` reads
/// `26,000.00`. An amount is digits, a point and exactly two digits; numbers of orders and days are none: what begins
/// with a nought or goes on with a point and more digits. A fact's free text is not for this: nobody can tell there.
pub fn amounts(text: &str) -> String {
    let bytes = text.as_bytes();
    let part = |c: Option<&u8>| c.is_some_and(|c| c.is_ascii_alphanumeric() || *c == b'_');
    let mut out = String::with_capacity(text.len() + 8);
    let mut at = 0;
    while at < bytes.len() {
        let digits = bytes[at..].iter().take_while(|c| c.is_ascii_digit()).count();
        if digits == 0 {
            let next = text[at..].chars().next().map_or(1, char::len_utf8);
            out.push_str(&text[at..at + next]);
            at += next;
            continue;
        }
        let end = at + digits;
        let cents = bytes[end..]
            .iter()
            .skip(1)
            .take_while(|c| c.is_ascii_digit())
            .count();
        let before = at.checked_sub(1).and_then(|n| bytes.get(n));
        let after = bytes.get(end + 3);
        // `2026.11.20` goes on after its two digits, `2,345.00` began before.
        let goes_on =
            matches!(after, Some(b'.' | b',')) && bytes.get(end + 4).is_some_and(u8::is_ascii_digit);
        let alone = !part(before) && !matches!(before, Some(b'.' | b',')) && !part(after) && !goes_on;
        let whole = &text[at..end];
        let alone = alone && (digits == 1 || !whole.starts_with('0'));
        match whole.parse() {
            Ok(number) if alone && bytes.get(end) == Some(&b'.') && cents == 2 => {
                out.push_str(&grouped(number))
            }
            _ => out.push_str(whole),
        }
        at = end;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_inside_a_sentence_get_their_thousands_and_nothing_else_does() {
        for (text, read) in [
            ("累计 26000.00", "累计 26,000.00"),
            (
                "60000.00 到第 2 档，15%：9000.00",
                "60,000.00 到第 2 档，15%：9,000.00",
            ),
            ("-1234567.89", "-1,234,567.89"),
            ("QM-1004-0017 2026-09-01", "QM-1004-0017 2026-09-01"),
            ("0.15 12345 1.2345 12345.678", "0.15 12345 1.2345 12345.678"),
            ("A12345.00 12345.00b 1,234.50", "A12345.00 12345.00b 1,234.50"),
            ("10.10.1234.56", "10.10.1234.56"),
            ("2026.11.20 1234.50.1 1234.50,5", "2026.11.20 1234.50.1 1234.50,5"),
            ("007.00 0.15 0.00", "007.00 0.15 0.00"),
            (
                "共 12345.00. 1234.00，5000.00,",
                "共 12,345.00. 1,234.00，5,000.00,",
            ),
            ("", ""),
        ] {
            assert_eq!(amounts(text), read);
        }
    }

    #[test]
    fn amounts_are_read_with_thousands_and_a_real_minus() {
        assert_eq!(yuan(Money::from_minor(123_456_789)), "¥1,234,567.89");
        assert_eq!(yuan(Money::from_minor(-5)), "−¥0.05");
        assert_eq!(yuan(Money::from_minor(-184_700)), "−¥1,847.00");
        assert_eq!(money(Money::ZERO), "0.00");
        assert_eq!(grouped(-1_000), "−1,000");
        assert_eq!(signed(20), "+20");
        assert_eq!(signed(0), "0");
        assert_eq!(decimal(24_050, 1), "240.5");
        assert_eq!(decimal(24_050, 0), "240");
    }
}
