//! Units: what a sum, a product and a quotient are measured in.

use crate::payout::value::Type;

/// The type of a sum, a comparison or a choice between both.
pub fn unify(a: Type, b: Type) -> Option<Type> {
    use Type::{Cash, Money, Number};
    Some(match (a, b) {
        (x, y) if x == y => x,
        (Money { from_cash: x }, Money { from_cash: y }) => Money { from_cash: x || y },
        (Money { .. } | Number, Cash) | (Cash, Money { .. } | Number) => Money { from_cash: true },
        (Number, x) | (x, Number) if x.is_number() => x,
        _ => return None,
    })
}

/// The type of `a * b`.
pub fn product(a: Type, b: Type) -> Option<Type> {
    use Type::{Cash, Count, Money, Number, Points, Ratio, Score};
    Some(match (a, b) {
        (Money { from_cash }, x) | (x, Money { from_cash }) if x.is_plain() => Money { from_cash },
        (Cash, x) | (x, Cash) if x.is_plain() => Money { from_cash: true },
        (Points, x) | (x, Points) if x.is_plain() => Points,
        (Number, x) | (x, Number) if x.is_plain() => x,
        (Count, Count) => Count,
        (Score, x) | (x, Score) if x.is_plain() => Score,
        (x, y) if x.is_plain() && y.is_plain() => Ratio,
        _ => return None,
    })
}

/// The type of `a / b`.
pub fn quotient(a: Type, b: Type) -> Option<Type> {
    use Type::{Cash, Money, Number, Points, Ratio, Score};
    Some(match (a, b) {
        (Number, Number) => Number,
        (x, y) if x.is_money() && y.is_money() => Ratio,
        (x, y) if x == y && x.is_number() => Ratio,
        (Money { from_cash }, x) if x.is_plain() => Money { from_cash },
        (Cash, x) if x.is_plain() => Money { from_cash: true },
        (Points, x) if x.is_plain() => Points,
        (Score, x) if x.is_plain() => Score,
        (x, y) if x.is_plain() && y.is_plain() => Ratio,
        _ => return None,
    })
}
