//! The functions of the language, their signatures and what they do.

use jiff::ToSpan;
use jiff::civil::{Date, DateTime};

use crate::payout::num::Num;
use crate::payout::value::{Type, Value};

use super::fault::{Fault, NO_DATE, UNCHECKED, fault};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Func {
    Min,
    Max,
    Abs,
    Clamp,
    FloorTo,
    Whole,
    Divide,
    Days,
    Months,
    AddDays,
    AddMonths,
    DateOf,
    Year,
    Month,
}

/// Name, function, signature for messages.
pub const FUNCS: [(&str, Func, &str); 14] = [
    (
        "min",
        Func::Min,
        "min(a, b, …): the smallest of two or more of one unit",
    ),
    (
        "max",
        Func::Max,
        "max(a, b, …): the largest of two or more of one unit",
    ),
    ("abs", Func::Abs, "abs(x)"),
    ("clamp", Func::Clamp, "clamp(x, lowest, highest)"),
    (
        "floor_to",
        Func::FloorTo,
        "floor_to(x, unit): x cut down to a multiple of a unit above 0",
    ),
    (
        "whole",
        Func::Whole,
        "whole(x): the whole number not above x, a count",
    ),
    (
        "divide",
        Func::Divide,
        "divide(a, b, otherwise): a / b, or otherwise when b is 0",
    ),
    ("days", Func::Days, "days(from, to): whole days between two dates"),
    (
        "months",
        Func::Months,
        "months(from, to): complete months between two dates",
    ),
    ("add_days", Func::AddDays, "add_days(date, n)"),
    (
        "add_months",
        Func::AddMonths,
        "add_months(date, n), clamped to the end of the month",
    ),
    ("date_of", Func::DateOf, "date_of(instant): its day"),
    ("year", Func::Year, "year(date)"),
    ("month", Func::Month, "month(date): 1 to 12"),
];

/// Complete calendar months from `from` to `to`, end of month clamped (GC-26); negative when `to` is earlier.
pub fn complete_months(from: Date, to: Date) -> i64 {
    if to < from {
        return -complete_months(to, from);
    }
    let months = (i64::from(to.year()) - i64::from(from.year())) * 12
        + (i64::from(to.month()) - i64::from(from.month()));
    // 31 May + 1 month is 30 June: the anniversary of a day the month does not have is its last day.
    let reached = to.day() >= from.day() || to.day() == to.days_in_month();
    months - i64::from(!reached)
}

/// Adds months, clamped; `None` outside years 1900 to 2199.
pub fn add_months(date: DateTime, n: i64) -> Option<DateTime> {
    let n = i32::try_from(n).ok().filter(|n| n.abs() <= 12_000)?;
    date.checked_add(n.months())
        .ok()
        .filter(|d| (1900..=2199).contains(&d.year()))
}

fn add_days(date: DateTime, n: i64) -> Option<DateTime> {
    let n = i32::try_from(n).ok().filter(|n| n.abs() <= 366_000)?;
    date.checked_add(n.days())
        .ok()
        .filter(|d| (1900..=2199).contains(&d.year()))
}

/// Applies a function to values of the right types; the error says what went wrong.
pub fn apply(func: Func, args: &[Value]) -> Result<Value, Fault> {
    let num = |i: usize| args.get(i).map_or(Num::ZERO, Value::num);
    let date = |i: usize| match args.get(i) {
        Some(Value::Date(d)) => Ok(*d),
        _ => Err(fault("something that is no date", UNCHECKED)),
    };
    let whole = |i: usize| {
        num(i)
            .floor()
            .to_i128()
            .and_then(|n| i64::try_from(n).ok())
            .ok_or(fault(
                "a number of days or months beyond all calendars",
                "some thousands at most",
            ))
    };
    Ok(match func {
        Func::Min => args.iter().min().cloned().unwrap_or(Value::Num(Num::ZERO)),
        Func::Max => args.iter().max().cloned().unwrap_or(Value::Num(Num::ZERO)),
        Func::Abs => Value::Num(num(0).abs()),
        Func::Clamp => Value::Num(num(0).most(num(1)).least(num(2))),
        Func::FloorTo => {
            let unit = num(1);
            let times = num(0).over(&unit).filter(|_| unit.sign() > 0).ok_or(fault(
                "`floor_to` a unit that is not above 0",
                "a unit above 0, such as a parameter with `over = \"0\"`",
            ))?;
            Value::Num(times.floor() * unit)
        }
        Func::Whole => Value::Num(num(0).floor()),
        Func::Divide => num(0).over(&num(1)).map_or_else(|| args[2].clone(), Value::Num),
        Func::Days => {
            let (from, to) = (date(0)?.date(), date(1)?.date());
            let span = from.until(to).map_err(|_| NO_DATE)?;
            Value::Num(Num::int(span.get_days()))
        }
        Func::Months => Value::Num(Num::int(complete_months(date(0)?.date(), date(1)?.date()))),
        Func::AddDays => Value::Date(add_days(date(0)?, whole(1)?).ok_or(NO_DATE)?),
        Func::AddMonths => Value::Date(add_months(date(0)?, whole(1)?).ok_or(NO_DATE)?),
        Func::DateOf => Value::date(date(0)?.date()),
        Func::Year => Value::Num(Num::int(date(0)?.year())),
        Func::Month => Value::Num(Num::int(date(0)?.month())),
    })
}

/// The result's type; `None` when the arguments are too few, too many or of other units than the signature says.
pub fn result_type(func: Func, args: &[Type]) -> Option<Type> {
    let all_numbers = args.iter().all(|t| t.is_number());
    let joined = || {
        args.iter()
            .skip(1)
            .try_fold(args[0], |a, b| super::units::unify(a, *b))
    };
    match func {
        Func::Min | Func::Max if args.len() >= 2 && args.iter().all(|t| *t == Type::Date) => Some(Type::Date),
        Func::Min | Func::Max if args.len() >= 2 && all_numbers => joined(),
        Func::Abs if args.len() == 1 && all_numbers => Some(args[0]),
        Func::Clamp if args.len() == 3 && all_numbers => joined(),
        Func::FloorTo if args.len() == 2 && all_numbers => joined(),
        Func::Whole if args.len() == 1 && args[0].is_plain() => Some(Type::Count),
        Func::Divide if args.len() == 3 && all_numbers => {
            super::units::unify(super::units::quotient(args[0], args[1])?, args[2])
        }
        Func::Days if args == [Type::Date, Type::Date] => Some(Type::Days),
        Func::Months if args == [Type::Date, Type::Date] => Some(Type::Months),
        Func::AddDays | Func::AddMonths if args.len() == 2 && args[0] == Type::Date && args[1].is_plain() => {
            Some(Type::Date)
        }
        Func::DateOf if args == [Type::Date] => Some(Type::Date),
        Func::Year | Func::Month if args == [Type::Date] => Some(Type::Count),
        _ => None,
    }
}
