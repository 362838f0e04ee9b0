//! Text to tokens.

use std::ops::Range;

use jiff::civil::{Date, DateTime};

use crate::payout::num::Num;

#[derive(Clone, Debug, PartialEq)]
pub enum Token {
    Num {
        value: Num,
        percent: bool,
    },
    Text(String),
    Date(DateTime),
    Word(String),
    /// `+ - * / = != < <= > >= ( ) [ ] , .`
    Sign(&'static str),
}

pub struct Wrong {
    pub span: Range<usize>,
    pub what: String,
    pub expected: String,
}

const SIGNS: [&str; 16] = [
    "<=", ">=", "!=", "+", "-", "*", "/", "=", "<", ">", "(", ")", "[", "]", ",", ".",
];

/// Tokens with their byte ranges in `text`.
pub fn lex(text: &str) -> Result<Vec<(Token, Range<usize>)>, Wrong> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        let length = if c.is_whitespace() {
            at += c.len_utf8();
            continue;
        } else if c.is_ascii_digit() {
            number(rest, at, &mut tokens)?
        } else if c == '\'' || c == '"' {
            let Some(end) = rest[1..].find(c) else {
                return Err(wrong(
                    at..text.len(),
                    "a text without its closing quote",
                    &format!("`{c}` at its end"),
                ));
            };
            tokens.push((Token::Text(rest[1..=end].to_owned()), at..at + end + 2));
            end + 2
        } else if c.is_alphabetic() || c == '_' {
            let end = rest
                .find(|c: char| !c.is_alphanumeric() && c != '_')
                .unwrap_or(rest.len());
            tokens.push((Token::Word(rest[..end].to_owned()), at..at + end));
            end
        } else if let Some(sign) = SIGNS.iter().find(|s| rest.starts_with(**s)) {
            tokens.push((Token::Sign(sign), at..at + sign.len()));
            sign.len()
        } else {
            let span = at..at + c.len_utf8();
            return Err(wrong(
                span,
                &format!("`{c}`"),
                "a number, a name, a text in '…' or an operator",
            ));
        };
        at += length;
    }
    Ok(tokens)
}

fn wrong(span: Range<usize>, what: &str, expected: &str) -> Wrong {
    Wrong {
        span,
        what: what.to_owned(),
        expected: expected.to_owned(),
    }
}

fn number(rest: &str, at: usize, tokens: &mut Vec<(Token, Range<usize>)>) -> Result<usize, Wrong> {
    let bytes = rest.as_bytes();
    if rest.len() >= 10
        && rest.is_char_boundary(10)
        && bytes[4] == b'-'
        && bytes[7] == b'-'
        && bytes[..4].iter().all(u8::is_ascii_digit)
    {
        let Ok(date) = rest[..10].parse::<Date>() else {
            return Err(wrong(
                at..at + 10,
                "a date that does not exist",
                "a date like 2026-01-31",
            ));
        };
        tokens.push((Token::Date(date.at(0, 0, 0, 0)), at..at + 10));
        return Ok(10);
    }
    let mut end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    if rest[end..].starts_with('.') && rest[end + 1..].starts_with(|c: char| c.is_ascii_digit()) {
        end += 1;
        end += rest[end..]
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len() - end);
    }
    let percent = rest[end..].starts_with('%');
    let end = end + usize::from(percent);
    if rest[end..].starts_with(|c: char| c.is_alphabetic() || c == '_') {
        return Err(wrong(
            at..at + end,
            "a number that runs into a word",
            "a space or an operator after it",
        ));
    }
    match Num::parse(&rest[..end]) {
        Ok(value) => tokens.push((Token::Num { value, percent }, at..at + end)),
        Err(e) => return Err(wrong(at..at + end, "not a number", &e.to_string())),
    }
    Ok(end)
}
