//! JSON as a payroll needs it: numbers keep their digits, a name twice is seen, and a million facts are read one by one.
//!
//! Nothing here is a float: `0.1` stays the text `0.1` and is refused where an amount belongs. Errors name line and column.

use std::borrow::Cow;

use super::raw::{Entry, Node, Raw, Refused};

/// Deepest nesting; an input needs five levels.
const DEPTH_MAX: usize = 32;

/// A text that is read from left to right.
pub struct Reader<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
}

type Read<T> = Result<T, Refused>;

impl<'t> Reader<'t> {
    /// At the beginning of a text.
    pub fn new(text: &'t str) -> Self {
        Self {
            text,
            at: 0,
            depth: 0,
        }
    }

    /// A refusal at this place.
    fn wrong(&self, at: usize, what: impl Into<String>, expected: &str) -> Refused {
        let mut at = at.min(self.text.len());
        while !self.text.is_char_boundary(at) {
            at -= 1;
        }
        let before = &self.text[..at];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        Refused {
            path: format!("line {line}, column {column}"),
            span: 0..0,
            what: what.into(),
            expected: expected.into(),
        }
    }

    /// What stands here, for a message.
    fn here(&self) -> String {
        match self.text[self.at..].chars().next() {
            None => "the text ends here".into(),
            Some('\u{feff}') => "a byte order mark".into(),
            Some(c) if c.is_control() => format!("the control character U+{:04X}", u32::from(c)),
            Some(c) => format!("`{c}`"),
        }
    }

    fn expected(&self, expected: &str) -> Refused {
        self.wrong(self.at, self.here(), expected)
    }

    /// The next byte that is no white space.
    fn peek(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = bytes.get(self.at) {
            self.at += 1;
        }
        bytes.get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let hit = self.peek() == Some(byte);
        self.at += usize::from(hit);
        hit
    }

    /// Whether an object begins here.
    pub fn is_object(&mut self) -> bool {
        self.peek() == Some(b'{')
    }

    /// Whether a list begins here.
    pub fn is_list(&mut self) -> bool {
        self.peek() == Some(b'[')
    }

    /// Nothing may follow.
    pub fn end(&mut self) -> Read<()> {
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(self.expected("the end of the text")),
        }
    }

    /// Calls `f` with each name, standing before its value.
    pub fn object(&mut self, mut f: impl FnMut(&mut Self, &str) -> Read<()>) -> Read<()> {
        if !self.take(b'{') {
            return Err(self.expected("`{`: an object of names and values"));
        }
        self.deeper()?;
        if !self.take(b'}') {
            loop {
                if self.peek() != Some(b'"') {
                    return Err(self.expected("a name in quotes"));
                }
                let name = self.string()?;
                if !self.take(b':') {
                    return Err(self.expected("`:` after a name"));
                }
                f(self, &name)?;
                if self.take(b',') {
                    continue;
                }
                if self.take(b'}') {
                    break;
                }
                return Err(self.expected("`,` or `}`"));
            }
        }
        self.depth -= 1;
        Ok(())
    }

    /// Calls `f` standing before each item.
    pub fn list(&mut self, mut f: impl FnMut(&mut Self) -> Read<()>) -> Read<()> {
        if !self.take(b'[') {
            return Err(self.expected("`[`: a list"));
        }
        self.deeper()?;
        if !self.take(b']') {
            loop {
                f(self)?;
                if self.take(b',') {
                    continue;
                }
                if self.take(b']') {
                    break;
                }
                return Err(self.expected("`,` or `]`"));
            }
        }
        self.depth -= 1;
        Ok(())
    }

    fn deeper(&mut self) -> Read<()> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            let what = format!("nesting deeper than {DEPTH_MAX}");
            return Err(self.wrong(self.at - 1, what, "`{ period, params, roster, facts }`"));
        }
        Ok(())
    }

    /// The value that stands here.
    pub fn value(&mut self) -> Read<Raw> {
        let mut raw = Raw {
            node: Node::Null,
            span: 0..0,
        };
        self.value_into(&mut raw)?;
        Ok(raw)
    }

    /// The same into a value that was read before: facts are alike, so names and texts find room that is there.
    pub fn value_into(&mut self, raw: &mut Raw) -> Read<()> {
        let node = match self.peek() {
            Some(b'{') => {
                let mut entries = match std::mem::replace(&mut raw.node, Node::Null) {
                    Node::Map(entries) => entries,
                    _ => Vec::new(),
                };
                let mut count = 0;
                self.object(|r, key| {
                    if let Some(e) = entries.get_mut(count) {
                        if e.key != key {
                            key.clone_into(&mut e.key);
                        }
                        r.value_into(&mut e.value)?;
                    } else {
                        entries.push(Entry {
                            key: key.to_owned(),
                            key_span: 0..0,
                            value: r.value()?,
                        });
                    }
                    count += 1;
                    Ok(())
                })?;
                entries.truncate(count);
                Node::Map(entries)
            }
            Some(b'[') => {
                let mut items = Vec::new();
                self.list(|r| {
                    items.push(r.value()?);
                    Ok(())
                })?;
                Node::List(items)
            }
            Some(b'"') => {
                let text = self.string()?;
                match &mut raw.node {
                    Node::Str(old) => {
                        old.clear();
                        old.push_str(&text);
                        return Ok(());
                    }
                    _ => Node::Str(text.into_owned()),
                }
            }
            Some(b'-' | b'0'..=b'9') => self.number()?,
            _ => {
                let words = [
                    ("true", Node::Bool(true)),
                    ("false", Node::Bool(false)),
                    ("null", Node::Null),
                ];
                let found = words.into_iter().find(|w| self.text[self.at..].starts_with(w.0));
                let Some((word, node)) = found else {
                    return Err(self.expected("a JSON value"));
                };
                self.at += word.len();
                node
            }
        };
        raw.node = node;
        Ok(())
    }

    fn digits(&mut self) -> usize {
        let rest = &self.text.as_bytes()[self.at..];
        let count = rest.iter().take_while(|b| b.is_ascii_digit()).count();
        self.at += count;
        count
    }

    fn number(&mut self) -> Read<Node> {
        let start = self.at;
        self.at += usize::from(self.text.as_bytes()[start] == b'-');
        let first = self.at;
        let whole = self.digits();
        if whole == 0 || (whole > 1 && self.text.as_bytes()[first] == b'0') {
            return Err(self.wrong(
                start,
                "a number that is no JSON number",
                "digits without a leading 0",
            ));
        }
        let mut is_whole = true;
        if self.text.as_bytes().get(self.at) == Some(&b'.') {
            self.at += 1;
            is_whole = false;
            if self.digits() == 0 {
                return Err(self.expected("a digit after `.`"));
            }
        }
        if let Some(b'e' | b'E') = self.text.as_bytes().get(self.at) {
            self.at += 1;
            is_whole = false;
            if let Some(b'+' | b'-') = self.text.as_bytes().get(self.at) {
                self.at += 1;
            }
            if self.digits() == 0 {
                return Err(self.expected("a digit of the exponent"));
            }
        }
        let text = &self.text[start..self.at];
        Ok(match text.parse() {
            // `-0` is no whole number to the general parser either: both doors refuse it where a number belongs.
            Ok(n) if is_whole && text != "-0" => Node::Int(n),
            _ => Node::Float(text.to_owned()),
        })
    }

    fn string(&mut self) -> Read<Cow<'t, str>> {
        let open = self.at;
        self.at += 1;
        let mut out = String::new();
        loop {
            let rest = &self.text.as_bytes()[self.at..];
            let plain = rest.iter().position(|b| matches!(b, b'"' | b'\\' | 0..0x20));
            let Some(plain) = plain else {
                return Err(self.wrong(open, "a text without its closing quote", "`\"` at its end"));
            };
            let part = &self.text[self.at..self.at + plain];
            self.at += plain;
            if rest[plain] == b'"' && out.is_empty() {
                self.at += 1;
                return Ok(Cow::Borrowed(part));
            }
            out.push_str(part);
            match rest[plain] {
                b'"' => {
                    self.at += 1;
                    return Ok(Cow::Owned(out));
                }
                b'\\' => out.push(self.escape()?),
                _ => {
                    return Err(self.expected("text without control characters (`\\n`, `\\t` … are escaped)"));
                }
            }
        }
    }

    fn escape(&mut self) -> Read<char> {
        let wrong = |r: &Self| {
            r.wrong(
                r.at,
                "an escape that is none",
                "`\\n`, `\\\"`, `\\\\`, `\\u4e2d` …",
            )
        };
        let c = match self.text.as_bytes().get(self.at + 1) {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                let unit = |at: usize| {
                    let hex = self
                        .text
                        .get(at..at + 4)
                        .filter(|h| h.bytes().all(|b| b.is_ascii_hexdigit()));
                    hex.and_then(|h| u32::from_str_radix(h, 16).ok())
                };
                let first = unit(self.at + 2).ok_or_else(|| wrong(self))?;
                let (code, length) = if (0xD800..0xDC00).contains(&first) {
                    let low = self.text.get(self.at + 6..self.at + 8).filter(|t| *t == "\\u");
                    let low = low
                        .and_then(|_| unit(self.at + 8))
                        .filter(|l| (0xDC00..0xE000).contains(l));
                    let low = low.ok_or_else(|| wrong(self))?;
                    (0x10000 + ((first - 0xD800) << 10) + (low - 0xDC00), 12)
                } else {
                    (first, 6)
                };
                let c = char::from_u32(code).ok_or_else(|| wrong(self))?;
                self.at += length;
                return Ok(c);
            }
            _ => return Err(wrong(self)),
        };
        self.at += 2;
        Ok(c)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<String, String> {
        let mut r = Reader::new(text);
        let raw = r.value().and_then(|v| r.end().map(|()| v));
        raw.map(|v| plain(&v))
            .map_err(|e| format!("{}: {}", e.path, e.what))
    }

    fn plain(raw: &Raw) -> String {
        match &raw.node {
            Node::Str(s) => format!("{s:?}"),
            Node::Int(n) => n.to_string(),
            Node::Float(t) => format!("float {t}"),
            Node::Bool(b) => b.to_string(),
            Node::Null => "null".into(),
            Node::List(l) => format!("[{}]", l.iter().map(plain).collect::<Vec<_>>().join(" ")),
            Node::Map(m) => {
                let each = m.iter().map(|e| format!("{}={}", e.key, plain(&e.value)));
                format!("{{{}}}", each.collect::<Vec<_>>().join(" "))
            }
        }
    }

    #[test]
    fn given_json_when_read_then_values_keep_their_digits() {
        for (text, right) in [
            (
                " [1, -2 ,0.10,1e5,9223372036854775808,-0] ",
                "[1 -2 float 0.10 float 1e5 float 9223372036854775808 float -0]",
            ),
            (r#"{"a":{"b":[]},"c":null,"a":true}"#, "{a={b=[]} c=null a=true}"),
            (
                r#""\u4e2d\"\\\/\n\t\r\b\f\ud83d\ude00 中""#,
                "\"中\\\"\\\\/\\n\\t\\r\\u{8}\\u{c}😀 中\"",
            ),
            ("{}", "{}"),
            ("false", "false"),
        ] {
            assert_eq!(read(text), Ok(right.to_owned()), "{text}");
        }
    }

    #[test]
    fn given_text_that_is_no_json_when_read_then_line_and_column_are_said() {
        for (text, what) in [
            ("", "line 1, column 1: the text ends here"),
            ("\u{feff}{}", "line 1, column 1: a byte order mark"),
            ("\0", "line 1, column 1: the control character U+0000"),
            ("{} x", "line 1, column 4: `x`"),
            ("{\"a\": 1,}", "line 1, column 9: `}`"),
            ("{a: 1}", "line 1, column 2: `a`"),
            ("{\"a\" 1}", "line 1, column 6: `1`"),
            ("{\"a\":1 \"b\":2}", "line 1, column 8: `\"`"),
            ("[1\n 2]", "line 2, column 2: `2`"),
            ("[1", "line 1, column 3: the text ends here"),
            ("\"中\u{1}\"", "line 1, column 3: the control character U+0001"),
            ("\"abc", "line 1, column 1: a text without its closing quote"),
            (r#""\x""#, "line 1, column 2: an escape that is none"),
            (r#""\ud800""#, "line 1, column 2: an escape that is none"),
            (r#""\udc00""#, "line 1, column 2: an escape that is none"),
            (r#""\u12""#, "line 1, column 2: an escape that is none"),
            ("01", "line 1, column 1: a number that is no JSON number"),
            ("-", "line 1, column 1: a number that is no JSON number"),
            ("1.", "line 1, column 3: the text ends here"),
            ("1e", "line 1, column 3: the text ends here"),
            ("nul", "line 1, column 1: `n`"),
            ("truex", "line 1, column 5: `x`"),
        ] {
            assert_eq!(read(text), Err(what.to_owned()), "{text:?}");
        }
        assert!(
            read(&"[".repeat(100_000))
                .unwrap_err()
                .ends_with("nesting deeper than 32")
        );
        assert!(read(&format!("{}{}", "[".repeat(32), "]".repeat(32))).is_ok());
    }
}
