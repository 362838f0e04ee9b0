//! Coupon codes and what they take off (attribution.md §1).

use jiff::civil::Date;

use crate::domain::Money;

/// A coupon's code: 3–20 characters out of A–Z, 0–9 and `-`; lower case is folded up, so that codes are unique
/// without regard to case.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CouponCode(String);

/// Why a text is not a coupon code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a coupon code has 3 to 20 characters out of A-Z, 0-9 and '-', like \"ZHANGSAN10\"")]
pub struct CouponCodeError;

impl CouponCode {
    /// Parses a code as a customer may type it: spaces around it and lower case are forgiven.
    pub fn parse(text: &str) -> Result<Self, CouponCodeError> {
        let text = text.trim().to_ascii_uppercase();
        let fits = (3..=20).contains(&text.len())
            && text
                .bytes()
                .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'-')
            && text.bytes().any(|b| b != b'-');
        if fits {
            Ok(Self(text))
        } else {
            Err(CouponCodeError)
        }
    }

    /// The `attempt`-th code proposed for an employee: the letters and digits of the employee code and the size of
    /// the discount (`ZHANGSAN10`), from the second attempt on with a counter (`ZHANGSAN10-2`).
    pub fn propose(employee_code: &str, discount: Discount, attempt: u32) -> Self {
        let number = match discount {
            Discount::Percent(percent) => i64::from(percent),
            // Whole yuan read better than fen.
            Discount::Amount(amount) => amount.minor() / 100,
        };
        // A discount of seven digits is no longer readable, and would leave no room for the name.
        let number = if number < 1_000_000 {
            number.to_string()
        } else {
            String::new()
        };
        let tail = if attempt <= 1 {
            number
        } else {
            format!("{number}-{attempt}")
        };
        let room = 20usize.saturating_sub(tail.len());
        let kept = employee_code
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .map(|c| c.to_ascii_uppercase());
        let mut code: String = kept.take(room).collect();
        if code.is_empty() {
            code.push_str("VIP");
        }
        code.push_str(&tail);
        while code.len() < 3 {
            code.insert(0, 'C');
        }
        Self(code)
    }

    /// In capitals.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for CouponCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// What a coupon takes off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Discount {
    /// Whole percent, 1–100.
    Percent(u8),
    /// A fixed amount, above zero.
    Amount(Money),
}

impl Discount {
    /// What is taken off an order: a percentage is rounded half up to the fen, an amount never exceeds the order.
    /// Nothing is taken off an order of nothing.
    pub fn of(self, order: Money) -> Money {
        let whole = i128::from(order.minor().max(0));
        let off = match self {
            Self::Percent(percent) => (whole * i128::from(percent.min(100)) + 50) / 100,
            Self::Amount(amount) => i128::from(amount.minor().max(0)).min(whole),
        };
        Money::from_minor(i64::try_from(off).unwrap_or(order.minor()))
    }
}

/// A coupon as the check sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CouponTerms {
    /// What it takes off.
    pub discount: Discount,
    /// First business day, inclusive.
    pub starts_on: Option<Date>,
    /// Last business day, inclusive.
    pub ends_on: Option<Date>,
    /// Most redemptions; `None`: any number.
    pub max_redemptions: Option<i64>,
    /// Redemptions so far.
    pub redeemed: i64,
    /// Turned off.
    pub disabled: bool,
    /// Whose it is: the last working day, when known.
    pub employee_left_on: Option<Date>,
    /// When its campaign runs, business days inclusive.
    pub campaign_days: (Option<Date>, Option<Date>),
    /// Its campaign was turned off.
    pub campaign_disabled: bool,
}

/// Why a coupon takes nothing off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CouponRefusal {
    /// Turned off, itself or its campaign.
    #[error("the coupon or its campaign is disabled")]
    Disabled,
    /// Before its first day, or its campaign's.
    #[error("the coupon is valid from {0} on")]
    NotStarted(Date),
    /// After its last day, or its campaign's.
    #[error("the coupon was valid until {0}")]
    Ended(Date),
    /// Its employee's last working day is over: coupons pass to nobody.
    #[error("the coupon ended with its owner's last working day, {0}")]
    EmployeeLeft(Date),
    /// Redeemed as often as it may be.
    #[error("the coupon was redeemed all {0} times")]
    Exhausted(i64),
}

impl CouponRefusal {
    /// The word used in the API and in decisions.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Disabled => "disabled",
            Self::NotStarted(_) => "not_started",
            Self::Ended(_) => "ended",
            Self::EmployeeLeft(_) => "employee_left",
            Self::Exhausted(_) => "exhausted",
        }
    }
}

/// What a coupon takes off an order on a business day, or why nothing. Whether a redemption is still free is decided
/// once more by the write that redeems it.
pub fn check(coupon: &CouponTerms, order: Money, today: Date) -> Result<Money, CouponRefusal> {
    if coupon.disabled || coupon.campaign_disabled {
        return Err(CouponRefusal::Disabled);
    }
    let (begins, ends) = coupon.campaign_days;
    if let Some(first) = coupon.starts_on.max(begins).filter(|first| today < *first) {
        return Err(CouponRefusal::NotStarted(first));
    }
    let last = [coupon.ends_on, ends].into_iter().flatten().min();
    if let Some(last) = last.filter(|last| today > *last) {
        return Err(CouponRefusal::Ended(last));
    }
    if let Some(last) = coupon.employee_left_on.filter(|last| today > *last) {
        return Err(CouponRefusal::EmployeeLeft(last));
    }
    if let Some(max) = coupon.max_redemptions.filter(|max| coupon.redeemed >= *max) {
        return Err(CouponRefusal::Exhausted(max));
    }
    Ok(coupon.discount.of(order))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn yuan(text: &str) -> Money {
        Money::parse(text).unwrap()
    }

    #[test]
    fn codes_are_readable_and_the_same_in_any_case() {
        assert_eq!(CouponCode::parse(" zhangSan10 ").unwrap().as_str(), "ZHANGSAN10");
        for bad in [
            "",
            "AB",
            "---",
            "A B C",
            "张三10",
            "A_B",
            "ＡＢＣ",
            &"A".repeat(21),
        ] {
            assert_eq!(CouponCode::parse(bad), Err(CouponCodeError), "{bad}");
        }
    }

    #[test]
    fn a_code_is_proposed_from_the_employee_code_and_the_discount() {
        let ten = Discount::Percent(10);
        assert_eq!(CouponCode::propose("zhangsan", ten, 1).as_str(), "ZHANGSAN10");
        assert_eq!(CouponCode::propose("zhangsan", ten, 2).as_str(), "ZHANGSAN10-2");
        assert_eq!(
            CouponCode::propose("张三", Discount::Amount(yuan("30.50")), 1).as_str(),
            "VIP30"
        );
        for employee in ["", "a", "E-1/张", &"x".repeat(60)] {
            for attempt in [1, 2, 4_000_000_000] {
                let code = CouponCode::propose(employee, Discount::Amount(yuan("9999999999999.99")), attempt);
                assert_eq!(CouponCode::parse(code.as_str()).as_ref(), Ok(&code), "{employee}");
                let code = CouponCode::propose(employee, Discount::Percent(5), attempt);
                assert_eq!(CouponCode::parse(code.as_str()).as_ref(), Ok(&code), "{employee}");
            }
        }
    }

    #[test]
    fn percent_is_rounded_half_up_to_the_fen_and_an_amount_never_exceeds_the_order() {
        for (percent, order, off) in [
            (10, "0.05", "0.01"),
            (10, "0.04", "0"),
            (15, "199.99", "30.00"),
            (33, "0.01", "0"),
            (50, "0.01", "0.01"),
            (100, "9999999999999.99", "9999999999999.99"),
        ] {
            assert_eq!(
                Discount::Percent(percent).of(yuan(order)),
                yuan(off),
                "{percent} % of {order}"
            );
        }
        let thirty = Discount::Amount(yuan("30"));
        assert_eq!(thirty.of(yuan("298")), yuan("30"));
        assert_eq!(thirty.of(yuan("29.99")), yuan("29.99"));
        assert_eq!(thirty.of(Money::ZERO), Money::ZERO);
    }

    #[test]
    fn a_coupon_counts_on_its_days_until_it_is_used_up_or_its_owner_leaves() {
        let on = |day| date(2026, 11, day);
        let coupon = CouponTerms {
            discount: Discount::Percent(10),
            starts_on: Some(on(10)),
            ends_on: Some(on(20)),
            max_redemptions: Some(2),
            redeemed: 1,
            disabled: false,
            employee_left_on: None,
            campaign_days: (None, None),
            campaign_disabled: false,
        };
        let order = yuan("100");
        let short = CouponTerms {
            campaign_days: (Some(on(12)), Some(on(18))),
            ..coupon
        };
        assert_eq!(
            check(&short, order, on(11)),
            Err(CouponRefusal::NotStarted(on(12)))
        );
        assert_eq!(check(&short, order, on(12)), Ok(yuan("10")));
        assert_eq!(check(&short, order, on(19)), Err(CouponRefusal::Ended(on(18))));
        let off = CouponTerms {
            campaign_disabled: true,
            ..coupon
        };
        assert_eq!(check(&off, order, on(15)), Err(CouponRefusal::Disabled));
        assert_eq!(
            check(&coupon, order, on(9)),
            Err(CouponRefusal::NotStarted(on(10)))
        );
        assert_eq!(check(&coupon, order, on(10)), Ok(yuan("10")));
        assert_eq!(check(&coupon, order, on(20)), Ok(yuan("10")));
        assert_eq!(check(&coupon, order, on(21)), Err(CouponRefusal::Ended(on(20))));
        let left = CouponTerms {
            employee_left_on: Some(on(15)),
            ..coupon
        };
        assert_eq!(check(&left, order, on(15)), Ok(yuan("10")));
        assert_eq!(
            check(&left, order, on(16)),
            Err(CouponRefusal::EmployeeLeft(on(15)))
        );
        let used = CouponTerms {
            redeemed: 2,
            ..coupon
        };
        assert_eq!(check(&used, order, on(15)), Err(CouponRefusal::Exhausted(2)));
        assert_eq!(
            check(
                &CouponTerms {
                    disabled: true,
                    ..used
                },
                order,
                on(1)
            ),
            Err(CouponRefusal::Disabled)
        );
    }
}
