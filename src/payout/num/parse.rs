//! Text to number: `"3%"`, `"0.03"`, `"1/3"`, `"-12.50"`.

use dashu_int::{IBig, UBig};
use dashu_ratio::RBig;

use super::Num;

/// Longest text read as a number.
const DIGITS_MAX: usize = 60;

/// Why a text is not a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NumError {
    /// Not one of the accepted forms.
    #[error("a number in quotes like \"1234.50\", \"3%\" or \"1/3\"")]
    Syntax,
    /// Exponents are refused: they usually come from a float.
    #[error("a number without exponent like \"1234.50\", \"3%\" or \"1/3\"")]
    Exponent,
    /// Thousands separators are refused.
    #[error("digits without separators like \"1234567.50\"")]
    Separator,
    /// `1/0`.
    #[error("a fraction whose denominator is not 0")]
    ZeroDenominator,
    /// More than 60 characters.
    #[error("a number of at most 60 characters")]
    TooLong,
}

impl Num {
    /// Parses a decimal (`-12.50`), a percentage (`3%`, `0.5%`) or a fraction (`1/3`).
    pub fn parse(text: &str) -> Result<Self, NumError> {
        if text.len() > DIGITS_MAX {
            return Err(NumError::TooLong);
        }
        if let Some(number) = quick(text) {
            return Ok(number);
        }
        let (negative, body) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let value = if let Some((n, d)) = body.split_once('/') {
            let d = whole(d)?;
            if d == IBig::ZERO {
                return Err(NumError::ZeroDenominator);
            }
            RBig::from_parts_signed(whole(n)?, d)
        } else if let Some(percent) = body.strip_suffix('%') {
            decimal(percent)? / RBig::from(100)
        } else {
            decimal(body)?
        };
        Ok(Self::from(if negative { -value } else { value }))
    }
}

/// Plain decimals of up to 18 digits, in machine words; everything else takes the long way.
fn quick(text: &str) -> Option<Num> {
    let body = text.strip_prefix('-').unwrap_or(text);
    let (units, places) = body.split_once('.').unwrap_or((body, "0"));
    let digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
    if body.len() > 18 || !digits(units) || !digits(places) {
        return None;
    }
    let scale = 10i128.pow(u32::try_from(places.len()).ok()?);
    let number = units.parse::<i128>().ok()? * scale + places.parse::<i128>().ok()?;
    Num::ratio(if text.len() > body.len() { -number } else { number }, scale)
}

fn whole(text: &str) -> Result<IBig, NumError> {
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(wrong(text));
    }
    IBig::from_str_radix(text, 10).map_err(|_| NumError::Syntax)
}

fn decimal(text: &str) -> Result<RBig, NumError> {
    let Some((units, places)) = text.split_once('.') else {
        return Ok(RBig::from(whole(text)?));
    };
    if places.is_empty() {
        return Err(NumError::Syntax);
    }
    whole(units)?;
    whole(places)?;
    let scale = UBig::from(10u8).pow(places.len());
    Ok(RBig::from_parts(whole(&format!("{units}{places}"))?, scale))
}

fn wrong(text: &str) -> NumError {
    let digits = text.bytes().any(|b| b.is_ascii_digit());
    if digits && text.contains(['e', 'E']) {
        NumError::Exponent
    } else if digits && text.contains([',', '_', ' ', '，']) {
        NumError::Separator
    } else {
        NumError::Syntax
    }
}
