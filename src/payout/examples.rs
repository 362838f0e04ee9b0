//! Worked examples: run whenever a document is accepted, and again by `scheme test`.

use super::diag::Diagnostic;
use super::doc::{Document, Example};
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
        let faults: Vec<Diagnostic> = doc.try_examples().into_iter().filter_map(|r| r.fault).collect();
        if faults.is_empty() { Ok(doc) } else { Err(faults) }
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

    fn fault(&self, e: &Example, r: Refused) -> Diagnostic {
        self.diagnose(&r.span, format!("example `{}`: {}", e.id, r.what), r.expected)
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
