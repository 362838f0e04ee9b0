//! Which claims, records and orders speak of one deal.

/// Longest order number, characters.
const LONGEST: usize = 60;

/// An order number in its one spelling: half-width, upper case, without spaces.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OrderKey(String);

impl OrderKey {
    /// Of what somebody typed: 1 to 60 printable characters. `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let length = text.chars().count();
        if !(1..=LONGEST).contains(&length) || text.chars().any(char::is_control) {
            return None;
        }
        let key: String = text
            .chars()
            .filter(|c| !c.is_whitespace())
            .map(half_width)
            .flat_map(char::to_uppercase)
            .collect();
        (!key.is_empty()).then_some(Self(key))
    }

    /// As stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The half-width form of a full-width ASCII character.
pub(super) fn half_width(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        other => other,
    }
}

/// What tells one deal from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deal<'a> {
    /// The order, where it is named.
    pub order: Option<&'a str>,
    /// The customer.
    pub customer: Option<i64>,
}

/// Why two are one deal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grounds {
    /// They name the same order.
    Order,
    /// The same customer, and not two different orders.
    Customer,
}

/// Whether both speak of one deal: the order number is equal, or the customer is the same and either names no order.
pub fn grounds(one: Deal<'_>, other: Deal<'_>) -> Option<Grounds> {
    match (one.order, other.order) {
        (Some(a), Some(b)) => (a == b).then_some(Grounds::Order),
        _ => (one.customer.is_some() && one.customer == other.customer).then_some(Grounds::Customer),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_number_has_one_spelling() {
        let key = |text: &str| OrderKey::parse(text).map(|k| k.0);
        assert_eq!(key(" so-2026 / 17 "), key("ＳＯ－２０２６／１７"));
        assert_eq!(key("订单17").as_deref(), Some("订单17"));
        for bad in ["", "  ", "a\nb", &"9".repeat(61)] {
            assert_eq!(key(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn a_deal_is_the_same_by_its_order_or_by_its_customer_where_an_order_is_missing() {
        let deal = |order, customer| Deal { order, customer };
        let (a, b) = (Some("A"), Some("B"));
        assert_eq!(grounds(deal(a, Some(1)), deal(a, Some(2))), Some(Grounds::Order));
        assert_eq!(
            grounds(deal(a, Some(1)), deal(b, Some(1))),
            None,
            "two orders of one customer"
        );
        assert_eq!(
            grounds(deal(a, Some(1)), deal(None, Some(1))),
            Some(Grounds::Customer)
        );
        assert_eq!(
            grounds(deal(None, Some(1)), deal(None, Some(1))),
            Some(Grounds::Customer)
        );
        assert_eq!(grounds(deal(None, Some(1)), deal(None, Some(2))), None);
        assert_eq!(
            grounds(deal(None, None), deal(None, None)),
            None,
            "nothing in common"
        );
    }
}
