//! Worked examples: run whenever a document is accepted, and again by `scheme test`.

use super::diag::Diagnostic;
use super::doc::{Book, Document, Example, Shown, ShownBy};
use super::num::Num;
use super::outcome::Outcome;
use super::raw::{At, Refused};
use super::run::{Evaluation, evaluate};
use super::schema::Label;

/// How one example went.
#[derive(Clone, Debug)]
pub struct Ran {
    /// Its id.
    pub id: String,
    /// What it shows.
    pub label: Label,
    /// The fault, when it did not give what it says.
    pub fault: Option<Diagnostic>,
}

impl Document {
    /// Reads, checks and tries a document: it is accepted when its examples give what they say.
    ///
    /// # Errors
    /// Every fault found.
    pub fn accept(file: &str, text: &str) -> Result<Self, Vec<Diagnostic>> {
        let doc = Self::parse(file, text)?;
        let faults = doc.against();
        if faults.is_empty() { Ok(doc) } else { Err(faults) }
    }

    /// What speaks against accepting it: rates without an end, examples and books that give something else.
    pub fn against(&self) -> Vec<Diagnostic> {
        let ran = self.try_examples().into_iter().chain(self.try_books());
        self.endless_rates()
            .into_iter()
            .chain(ran.filter_map(|r| r.fault))
            .collect()
    }

    /// Runs every example.
    pub fn try_examples(&self) -> Vec<Ran> {
        self.examples
            .iter()
            .map(|e| Ran {
                id: e.id.clone(),
                label: e.label.clone(),
                fault: self.try_example(e).err().map(|r| self.fault(e, r)),
            })
            .collect()
    }

    /// Compares what every `[[book]]` calls exact with the example that computes it.
    pub fn try_books(&self) -> Vec<Ran> {
        let shown = self.books.iter().filter_map(|b| Some((b, b.shown_by.as_ref()?)));
        shown
            .map(|(b, by)| Ran {
                id: format!("{} {}", b.no, by.what.text()),
                label: b.note(),
                fault: self.try_book(b, by).err().map(|d| *d),
            })
            .collect()
    }

    fn try_book(&self, b: &Book, by: &ShownBy) -> Result<(), Box<Diagnostic>> {
        let fault = |span, what: String, expected: String| {
            Box::new(self.diagnose(span, format!("book {}: {what}", b.no), expected, None))
        };
        let run = match self.example(&by.example) {
            Some(Ok(run)) => run,
            Some(Err(why)) => {
                return Err(fault(
                    &by.span,
                    format!("refused: {why}"),
                    "a run with results".into(),
                ));
            }
            None => return Err(fault(&by.span, "no such example".into(), "an example".into())),
        };
        let Some(found) = self.shown(&run, &by.what) else {
            let what = format!("the example `{}` has no `{}`", by.example, by.what.text());
            let all = run
                .outcome
                .lines
                .iter()
                .map(|l| format!("{} {}", l.payee, l.component));
            let expected = match by.what {
                Shown::Line { .. } => super::diag::one_of(all),
                Shown::Figure { .. } => "a row with this key and a number in this column".into(),
            };
            return Err(fault(&by.span, what, expected));
        };
        if Num::parse(&b.exact.en).is_ok_and(|n| n == found) {
            return Ok(());
        }
        let what = format!("`exact` is {}", b.exact.en);
        Err(fault(
            &b.exact_span,
            what,
            format!("{found}, as `{}` of `{}`", by.what.text(), by.example),
        ))
    }

    /// A figure of a run: the sum of what a payee gets by a component, or a cell.
    fn shown(&self, run: &Evaluation, what: &Shown) -> Option<Num> {
        let o = &run.outcome;
        match what {
            Shown::Line { payee, component } => {
                let mine = |p: &str, c: &str| p == payee && c == component;
                let lines = o
                    .lines
                    .iter()
                    .filter(|l| mine(&l.payee, &l.component))
                    .map(|l| &l.amount);
                let awards = o
                    .awards
                    .iter()
                    .filter(|a| mine(&a.payee, &a.component))
                    .map(|a| &a.quantity);
                let proposals = o
                    .proposals
                    .iter()
                    .filter(|p| mine(&p.payee, &p.component))
                    .map(|p| &p.value);
                let all: Vec<&Num> = lines.chain(awards).chain(proposals).collect();
                (!all.is_empty()).then(|| all.into_iter().sum())
            }
            Shown::Figure { step, key, column } => {
                let rows = run.rows(self, step)?;
                let row = match key {
                    Some(key) => rows.iter().find(|r| r.0 == *key)?,
                    None => rows.first()?,
                };
                let cell = &row.1.iter().find(|c| c.0 == *column)?.1;
                Num::parse(cell).ok()
            }
        }
    }

    fn fault(&self, e: &Example, r: Refused) -> Diagnostic {
        self.diagnose(
            &r.span,
            format!("example `{}`: {}", e.id, r.what),
            r.expected,
            None,
        )
    }

    fn try_example(&self, e: &Example) -> Result<(), Refused> {
        let at = At::root(&e.raw);
        let expected = at.get("expect", |v| {
            v.only(&[
                "refused",
                "total",
                "lines",
                "residuals",
                "proposals",
                "awards",
                "warnings",
                "excluded",
            ])?;
            if v.map()?.is_empty() {
                return Err(v.refuse(
                    "an empty `expect`",
                    "`lines`, `total`, `residuals`, … or `refused`",
                ));
            }
            let refused = v.get("refused", |r| r.str().map(str::to_owned))?;
            match (self.run_example(e), refused) {
                (Ok(_), Some(words)) => {
                    Err(v.refuse("a run that is not refused", format!("a refusal with `{words}`")))
                }
                (Ok(ran), None) => compare(v, &ran.outcome),
                (Err(why), Some(words)) if why.contains(&words) => Ok(()),
                (Err(why), Some(words)) => Err(v.refuse(
                    format!("refused with: {why}"),
                    format!("a refusal with `{words}`"),
                )),
                (Err(why), None) => Err(v.refuse(format!("refused: {why}"), "a run with results")),
            }
        })?;
        expected.ok_or_else(|| at.refuse("an example without `expect`", "`expect = { lines = […] }`"))
    }

    /// Runs one example; the error is the refusal's text.
    pub(super) fn run_example(&self, e: &Example) -> Result<Evaluation, String> {
        let input = self
            .read_input(At::root(&e.raw))
            .map_err(|r| format!("{}: {}; expected {}", r.path, r.what, r.expected))?;
        evaluate(self, input).map_err(|s| s.to_string())
    }

    /// An example's evaluation by its id, for tools and tests.
    pub fn example(&self, id: &str) -> Option<Result<Evaluation, String>> {
        self.examples
            .iter()
            .find(|e| e.id == id)
            .map(|e| self.run_example(e))
    }

    /// Ids of the examples.
    pub fn example_ids(&self) -> Vec<&str> {
        self.examples.iter().map(|e| e.id.as_str()).collect()
    }
}

fn compare(at: At<'_>, o: &Outcome) -> Result<(), Refused> {
    let money = |n: &Num| n.fixed(2);
    let number = |text: &str| Num::parse(text).map_or_else(|_| text.to_owned(), |n| n.to_string());
    at.get("total", |v| {
        let text = v.str()?;
        if number(text) == o.total.to_string() {
            Ok(())
        } else {
            Err(v.refuse(format!("the total is {}", money(&o.total)), text))
        }
    })?;
    let lines = o
        .lines
        .iter()
        .map(|l| format!("{} {} {}", l.payee, l.component, money(&l.amount)));
    same(at, "lines", lines.collect(), "\"payee component amount\"")?;
    let residuals = o
        .residuals
        .iter()
        .map(|r| format!("{} {}", r.account, money(&r.amount)));
    same(at, "residuals", residuals.collect(), "\"account amount\"")?;
    let proposals = o
        .proposals
        .iter()
        .map(|p| format!("{} {} {}", p.payee, p.proposal, money(&p.value)));
    same(
        at,
        "proposals",
        proposals.collect(),
        "\"payee proposal value\" with two decimals",
    )?;
    let awards = o
        .awards
        .iter()
        .map(|a| format!("{} {} {}", a.payee, a.unit, a.quantity));
    same(at, "awards", awards.collect(), "\"payee unit quantity\"")?;
    let warnings = o.warnings.iter().map(|w| match (&w.payee, &w.about) {
        (Some(p), _) => format!("{} {p}", w.component),
        (None, Some(a)) => format!("{} {a}", w.component),
        _ => w.component.clone(),
    });
    same(
        at,
        "warnings",
        warnings.collect(),
        "\"component\" or \"component payee\"",
    )?;
    let excluded = o
        .excluded
        .iter()
        .map(|x| format!("{} {}", x.payee, x.codes.join(",")));
    same(at, "excluded", excluded.collect(), "\"payee code,code\"")
}

/// Compares as multisets: what is missing and what is there too much.
fn same(at: At<'_>, key: &str, mut found: Vec<String>, form: &str) -> Result<(), Refused> {
    at.get(key, |v| {
        let mut wanted: Vec<String> = Vec::new();
        v.each(|_, item| {
            wanted.push(item.str().map_err(|_| item.mismatch(form))?.to_owned());
            Ok(())
        })?;
        wanted.retain(|w| match found.iter().position(|f| f == w) {
            Some(n) => {
                found.swap_remove(n);
                false
            }
            None => true,
        });
        if wanted.is_empty() && found.is_empty() {
            return Ok(());
        }
        found.sort();
        let list = |l: &[String]| {
            if l.is_empty() {
                "nothing".into()
            } else {
                l.join(" · ")
            }
        };
        Err(v.refuse(
            format!("`{key}` gave also {}", list(&found)),
            format!("{} ({form})", list(&wanted)),
        ))
    })
    .map(|_: Option<()>| ())
}
