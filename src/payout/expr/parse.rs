//! Tokens to a tree, by precedence: `or`, `and`, `not`, comparison, `+ -`, `* /`, `-x`.

use std::ops::Range;

use super::ast::{Expr, Kind, List, Op};
use super::lex::{Token, Wrong, lex};

/// Deepest nesting; a document that needs more wants another step.
const DEPTH_MAX: usize = 40;
/// Longest expression, in bytes.
const LENGTH_MAX: usize = 2_000;
/// Most operators of one expression: trees stay shallow enough for any stack.
const OPERATORS_MAX: usize = 100;

const KEYWORDS: [&str; 9] = ["and", "or", "not", "in", "when", "then", "else", "true", "false"];

/// Parses `text`, which stands at byte `offset` of its file.
pub fn parse(text: &str, offset: usize) -> Result<Expr, Wrong> {
    let shift = |w: Wrong| Wrong {
        span: w.span.start + offset..w.span.end + offset,
        ..w
    };
    if text.len() > LENGTH_MAX {
        return Err(Wrong {
            span: offset..offset + 1,
            what: "an expression that is too long".into(),
            expected: format!("at most {LENGTH_MAX} characters: put a part into a step of its own"),
        });
    }
    let tokens = lex(text).map_err(shift)?;
    let mut p = Parser {
        tokens,
        at: 0,
        end: text.len(),
        offset,
        depth: 0,
        operators: 0,
    };
    let expr = p.or()?;
    match p.peek() {
        None => Ok(expr),
        Some(_) => Err(p.wrong("the end of the expression or an operator")),
    }
}

struct Parser {
    tokens: Vec<(Token, Range<usize>)>,
    at: usize,
    end: usize,
    offset: usize,
    depth: usize,
    operators: usize,
}

type Parsed = Result<Expr, Wrong>;

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at).map(|t| &t.0)
    }

    fn here(&self) -> Range<usize> {
        let span = self
            .tokens
            .get(self.at)
            .map_or(self.end..self.end, |t| t.1.clone());
        span.start + self.offset..span.end + self.offset
    }

    fn wrong(&self, expected: &str) -> Wrong {
        let what = match self.peek() {
            None => "the expression ends too early".to_owned(),
            Some(Token::Word(w)) => format!("`{w}`"),
            Some(Token::Sign(s)) => format!("`{s}`"),
            Some(Token::Num { value, .. }) => format!("the number {value}"),
            Some(Token::Text(t)) => format!("the text '{t}'"),
            Some(Token::Date(d)) => format!("the date {}", d.date()),
        };
        Wrong {
            span: self.here(),
            what,
            expected: expected.to_owned(),
        }
    }

    fn sign(&mut self, sign: &str) -> bool {
        let hit = matches!(self.peek(), Some(Token::Sign(s)) if *s == sign);
        self.at += usize::from(hit);
        hit
    }

    fn word(&mut self, word: &str) -> bool {
        let hit = matches!(self.peek(), Some(Token::Word(w)) if w == word);
        self.at += usize::from(hit);
        hit
    }

    fn binary(&mut self, op: Op, a: Expr, b: Expr) -> Parsed {
        self.operators += 1;
        if self.operators > OPERATORS_MAX {
            return Err(self.wrong("fewer operators: put a part into a step of its own"));
        }
        let span = a.span.start..b.span.end;
        Ok(Expr {
            kind: Kind::Binary(op, Box::new(a), Box::new(b)),
            span,
        })
    }

    fn or(&mut self) -> Parsed {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(self.wrong("fewer nested parts: put a part into a step of its own"));
        }
        let mut left = self.and()?;
        while self.word("or") {
            let right = self.and()?;
            left = self.binary(Op::Or, left, right)?;
        }
        self.depth -= 1;
        Ok(left)
    }

    fn and(&mut self) -> Parsed {
        let mut left = self.not()?;
        while self.word("and") {
            let right = self.not()?;
            left = self.binary(Op::And, left, right)?;
        }
        Ok(left)
    }

    fn not(&mut self) -> Parsed {
        let start = self.here().start;
        if !self.word("not") {
            return self.compare();
        }
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(self.wrong("fewer nested parts"));
        }
        let inner = self.not()?;
        self.depth -= 1;
        let span = start..inner.span.end;
        Ok(Expr {
            kind: Kind::Not(Box::new(inner)),
            span,
        })
    }

    fn compare(&mut self) -> Parsed {
        let left = self.add()?;
        for (sign, op) in [
            ("=", Op::Eq),
            ("!=", Op::Ne),
            ("<=", Op::Le),
            (">=", Op::Ge),
            ("<", Op::Lt),
            (">", Op::Gt),
        ] {
            if self.sign(sign) {
                let right = self.add()?;
                if matches!(
                    self.peek(),
                    Some(Token::Sign("=" | "!=" | "<" | "<=" | ">" | ">="))
                ) {
                    return Err(self.wrong("`and` between two comparisons (a < b and b < c)"));
                }
                return self.binary(op, left, right);
            }
        }
        let before = self.at;
        let negated = self.word("not");
        if self.word("in") {
            let list = self.list()?;
            let span = left.span.start..self.offset + self.tokens[self.at - 1].1.end;
            return Ok(Expr {
                kind: Kind::In {
                    needle: Box::new(left),
                    list,
                    negated,
                },
                span,
            });
        }
        self.at = before;
        Ok(left)
    }

    fn list(&mut self) -> Result<List, Wrong> {
        if !self.sign("[") {
            return Ok(List::Name(Box::new(self.atom()?)));
        }
        let mut items = Vec::new();
        while !self.sign("]") {
            items.push(self.add()?);
            if !self.sign(",") && !matches!(self.peek(), Some(Token::Sign("]"))) {
                return Err(self.wrong("`,` or `]`"));
            }
        }
        Ok(List::Items(items))
    }

    fn add(&mut self) -> Parsed {
        let mut left = self.mul()?;
        loop {
            let op = if self.sign("+") {
                Op::Add
            } else if self.sign("-") {
                Op::Sub
            } else {
                return Ok(left);
            };
            let right = self.mul()?;
            left = self.binary(op, left, right)?;
        }
    }

    fn mul(&mut self) -> Parsed {
        let mut left = self.unary()?;
        loop {
            let op = if self.sign("*") {
                Op::Mul
            } else if self.sign("/") {
                Op::Div
            } else {
                return Ok(left);
            };
            let right = self.unary()?;
            left = self.binary(op, left, right)?;
        }
    }

    fn unary(&mut self) -> Parsed {
        let start = self.here().start;
        if !self.sign("-") {
            return self.atom();
        }
        let inner = self.atom()?;
        let span = start..inner.span.end;
        Ok(Expr {
            kind: Kind::Neg(Box::new(inner)),
            span,
        })
    }

    fn atom(&mut self) -> Parsed {
        let span = self.here();
        let expected = "a number, a name, a text in '…', a date, `when`, a function or `(`";
        let kind = match self.peek().cloned() {
            Some(Token::Num { value, percent }) => Kind::Num { value, percent },
            Some(Token::Text(t)) => Kind::Text(t),
            Some(Token::Date(d)) => Kind::Date(d),
            Some(Token::Sign("(")) => {
                self.at += 1;
                let inner = self.or()?;
                if !self.sign(")") {
                    return Err(self.wrong("`)`"));
                }
                return Ok(inner);
            }
            Some(Token::Word(w)) if w == "when" => return self.when(span.start),
            Some(Token::Word(w)) if w == "true" || w == "false" => Kind::Bool(w == "true"),
            Some(Token::Word(w)) if !KEYWORDS.contains(&w.as_str()) => return self.name(w, span.start),
            _ => return Err(self.wrong(expected)),
        };
        self.at += 1;
        Ok(Expr { kind, span })
    }

    fn name(&mut self, first: String, start: usize) -> Parsed {
        self.at += 1;
        if self.sign("(") {
            let mut args = Vec::new();
            while !self.sign(")") {
                args.push(self.or()?);
                if !self.sign(",") && !matches!(self.peek(), Some(Token::Sign(")"))) {
                    return Err(self.wrong("`,` or `)`"));
                }
            }
            return Ok(Expr {
                kind: Kind::Call(first, args),
                span: start..self.last_end(),
            });
        }
        let mut parts = vec![first];
        while self.sign(".") {
            match self.peek().cloned() {
                Some(Token::Word(w)) => {
                    self.at += 1;
                    parts.push(w);
                }
                _ => return Err(self.wrong("a name after `.`")),
            }
        }
        Ok(Expr {
            kind: Kind::Name(parts),
            span: start..self.last_end(),
        })
    }

    fn last_end(&self) -> usize {
        self.offset + self.tokens[self.at - 1].1.end
    }

    fn when(&mut self, start: usize) -> Parsed {
        let mut arms = Vec::new();
        while self.word("when") {
            let condition = self.or()?;
            if !self.word("then") {
                return Err(self.wrong("`then`"));
            }
            arms.push((condition, self.or()?));
        }
        if !self.word("else") {
            return Err(self.wrong("`else` (every `when` says what holds otherwise)"));
        }
        let otherwise = self.or()?;
        let span = start..otherwise.span.end;
        Ok(Expr {
            kind: Kind::When(arms, Box::new(otherwise)),
            span,
        })
    }
}
