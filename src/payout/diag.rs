//! What is wrong with a document, said like a good compiler: where, what was found, what was expected, a hint.

use std::cell::RefCell;
use std::fmt;
use std::ops::Range;

/// One fault of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// File as it was named by the caller.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What was found.
    pub what: String,
    /// What was expected.
    pub expected: String,
    /// How to mend it, when that is known.
    pub hint: Option<String>,
    /// The line itself.
    pub text: String,
    /// Characters underlined.
    pub width: usize,
}

/// Characters of a line that a message shows; longer ones are cut around the fault.
const SHOWN: usize = 160;

impl Diagnostic {
    /// The line, or the part of a long one around the fault, and how many of its characters stand before the fault.
    fn excerpt(&self) -> (String, usize) {
        let length = self.text.chars().count();
        let before = self.column - 1;
        if length <= SHOWN {
            return (self.text.clone(), before);
        }
        let skipped = before.saturating_sub(SHOWN / 2).min(length.saturating_sub(SHOWN));
        let part: String = self.text.chars().skip(skipped).take(SHOWN).collect();
        let (head, tail) = (
            if skipped > 0 { "…" } else { "" },
            if skipped + SHOWN < length { "…" } else { "" },
        );
        (
            format!("{head}{part}{tail}"),
            before - skipped + head.chars().count(),
        )
    }
}

impl Diagnostic {
    /// Said as a warning: something to mend that refuses nothing.
    pub fn as_warning(&self) -> String {
        self.to_string().replacen("error:", "warning:", 1)
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.line.to_string();
        let margin = " ".repeat(number.len());
        writeln!(f, "error: {}", self.what)?;
        writeln!(f, "{margin}--> {}:{}:{}", self.file, self.line, self.column)?;
        writeln!(f, "{margin} |")?;
        let (line, before) = self.excerpt();
        writeln!(f, "{number} | {line}")?;
        // Chinese characters are two cells wide in a terminal; the caret line keeps up.
        let wide = |s: &str| {
            s.chars()
                .map(|c| if c as u32 >= 0x2E80 { 2 } else { 1 })
                .sum::<usize>()
        };
        let under: String = line.chars().skip(before).take(self.width).collect();
        let before: String = line.chars().take(before).collect();
        let (pad, carets) = (" ".repeat(wide(&before)), "^".repeat(wide(&under).max(1)));
        writeln!(f, "{margin} | {pad}{carets}")?;
        write!(f, "{margin} = expected: {}", self.expected)?;
        if let Some(hint) = &self.hint {
            write!(f, "\n{margin} = hint: {hint}")?;
        }
        Ok(())
    }
}

/// A document's text and its name.
#[derive(Clone, Debug)]
pub struct Source {
    /// How messages name it.
    pub file: String,
    /// The whole text.
    pub text: String,
}

/// Collects faults; nothing stops at the first.
pub struct Sink<'s> {
    source: &'s Source,
    found: RefCell<Vec<Diagnostic>>,
}

/// More faults than this are not collected.
const FAULTS_MAX: usize = 50;

impl<'s> Sink<'s> {
    /// An empty list.
    pub fn new(source: &'s Source) -> Self {
        Self {
            source,
            found: RefCell::default(),
        }
    }

    /// Notes a fault at a byte range of the text.
    pub fn error(&self, span: &Range<usize>, what: impl Into<String>, expected: impl Into<String>) {
        self.push(span, what.into(), expected.into(), None);
    }

    /// Notes a fault with a hint.
    pub fn hinted(
        &self,
        span: &Range<usize>,
        what: impl Into<String>,
        expected: impl Into<String>,
        hint: impl Into<String>,
    ) {
        self.push(span, what.into(), expected.into(), Some(hint.into()));
    }

    fn push(&self, span: &Range<usize>, what: String, expected: String, hint: Option<String>) {
        if self.found.borrow().len() < FAULTS_MAX {
            self.found
                .borrow_mut()
                .push(self.source.diagnose(span, what, expected, hint));
        }
    }

    /// How many so far.
    pub fn count(&self) -> usize {
        self.found.borrow().len()
    }

    /// All faults, in the order of the text.
    pub fn into_found(self) -> Vec<Diagnostic> {
        let mut found = self.found.into_inner();
        found.sort_by_key(|d| (d.line, d.column));
        found.dedup();
        found
    }

    /// The text being read.
    pub fn text(&self) -> &'s str {
        &self.source.text
    }
}

impl Source {
    /// A fault at a byte range.
    pub fn diagnose(
        &self,
        span: &Range<usize>,
        what: String,
        expected: String,
        hint: Option<String>,
    ) -> Diagnostic {
        let mut start = span.start.min(self.text.len());
        while !self.text.is_char_boundary(start) {
            start -= 1;
        }
        let line_start = self.text[..start].rfind('\n').map_or(0, |i| i + 1);
        let text = self.text[line_start..]
            .lines()
            .next()
            .unwrap_or_default()
            .trim_end()
            .to_owned();
        let column = self.text[line_start..start].chars().count() + 1;
        let mut end = span.end.clamp(start, self.text.len());
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        let width = self.text[start..end]
            .lines()
            .next()
            .unwrap_or_default()
            .chars()
            .count()
            .max(1);
        Diagnostic {
            file: self.file.clone(),
            line: self.text[..start].matches('\n').count() + 1,
            column,
            what,
            expected,
            hint,
            text,
            width,
        }
    }
}

/// "`a`, `b` or `c`".
pub fn one_of<S: AsRef<str>>(words: impl IntoIterator<Item = S>) -> String {
    let words: Vec<String> = words.into_iter().map(|w| format!("`{}`", w.as_ref())).collect();
    match words.split_last() {
        None => "nothing".into(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
    }
}

/// "did you mean `x`?", when a word is near.
pub fn did_you_mean<S: AsRef<str>>(word: &str, words: impl IntoIterator<Item = S>) -> Option<String> {
    words
        .into_iter()
        .map(|w| (distance(word, w.as_ref()), w.as_ref().to_owned()))
        .filter(|(d, w)| *d <= 1 + w.chars().count() / 4)
        .min()
        .map(|(_, w)| format!("did you mean `{w}`?"))
}

fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let cost = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = cost.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}
