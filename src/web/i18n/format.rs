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

#[cfg(test)]
mod tests {
    use super::*;

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
