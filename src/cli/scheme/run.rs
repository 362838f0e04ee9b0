//! `run` and `explain`.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::Value as Json;

use crate::cli::run::Refusal;
use crate::payout::explain::{held, sentence, trace};
use crate::payout::{Document, Emitted, Evaluation, Excluded, Input, Refused, evaluate};

use super::library::{find, read};
use super::paint::{say, table};
use super::{From, Lang};

/// Run a scheme.
#[derive(Debug, Args)]
pub struct Run {
    /// Id like `07-new-customers`, or a file.
    id: String,
    /// Input file (`-` reads stdin).
    #[arg(long, value_name = "FILE")]
    input: PathBuf,
    /// As JSON.
    #[arg(long)]
    json: bool,
    /// zh or en.
    #[arg(long, default_value = "zh")]
    lang: Lang,
}

/// Evaluates a text; refusals name the path.
pub fn evaluated(doc: &Document, text: String, path: &Path) -> Result<Evaluation, Refusal> {
    let input = doc.input_file(&text).map_err(|r| refused(path, r))?;
    // A million facts are a long text: it is let go before the run makes rows of its own.
    drop(text);
    told(doc, input)
}

/// The place of a fault, what was found, what was expected.
fn refused(path: &Path, r: Refused) -> String {
    let place = if r.path.is_empty() { "$".to_owned() } else { r.path };
    format!("{}: {place}: {}; expected {}", path.display(), r.what, r.expected)
}

/// Evaluates a JSON input; refusals name the path.
pub fn run_json(doc: &Document, json: &Json, path: &Path) -> Result<Evaluation, Refusal> {
    let input = doc.input_file(&json.to_string()).map_err(|r| refused(path, r))?;
    told(doc, input)
}

/// The run, and what it was told that nothing belongs to: a file is all there is.
fn told(doc: &Document, input: Input) -> Result<Evaluation, Refusal> {
    let unmatched = doc.unmatched(&input);
    let mut ran = evaluate(doc, input)?;
    ran.outcome.warnings.extend(unmatched);
    Ok(ran)
}

impl Run {
    pub fn run(self, from: &From) -> Result<(), Refusal> {
        let doc = find(from, &self.id)?;
        let ran = evaluated(&doc, read(&self.input)?, &self.input)?;
        let l = self.lang;
        if self.json {
            let json = ran
                .outcome
                .to_json(|emitted| l.of(&sentence(&doc, &ran, emitted)).to_owned());
            say(&serde_json::to_string_pretty(&json)?);
            // The process ends here: millions of rows need not be taken apart first.
            std::mem::forget(ran);
            return Ok(());
        }
        let o = &ran.outcome;
        let lines: Vec<Vec<String>> = o
            .lines
            .iter()
            .map(|x| {
                vec![
                    x.payee.clone(),
                    l.of(&x.title).to_owned(),
                    x.rule.clone(),
                    x.amount.fixed(2),
                    l.of(&x.income.label()).to_owned(),
                    x.about.clone().unwrap_or_default(),
                ]
            })
            .collect();
        let head = [
            l.say("收款人", "payee"),
            l.say("项目", "component"),
            l.say("规则", "rule"),
            l.say("金额", "amount"),
            l.say("收入类别", "income class"),
            "",
        ];
        let mut out = table(&head, &lines, &[3]);
        out.push_str(&format!(
            "{} {} ({})\n",
            l.say("合计", "total"),
            o.total.fixed(2),
            l.of(&o.tax.label())
        ));
        for r in &o.residuals {
            out.push_str(&format!(
                "{} {} {} ({})\n",
                l.say("未分配", "not given"),
                r.account,
                r.amount.fixed(2),
                l.of(&r.says)
            ));
        }
        for p in &o.proposals {
            let when = p.effective.clone().unwrap_or_default();
            let to = p.about.as_ref().map_or(String::new(), |a| format!(" → {a}"));
            out.push_str(&format!(
                "{} {} {} {} {}{to} {when}\n",
                l.say("建议", "proposal"),
                p.payee,
                l.of(&p.title),
                p.proposal,
                p.value
            ));
        }
        for a in &o.awards {
            let about = a.about.as_ref().map_or(String::new(), |x| format!(" {x}"));
            let worth = a.value.as_ref().map_or(String::new(), |v| {
                format!(" ({} {})", l.say("折", "worth"), v.fixed(2))
            });
            out.push_str(&format!(
                "{} {} {}{about} {} {}{worth}\n",
                l.say("非现金", "award"),
                a.payee,
                l.of(&a.title),
                a.quantity,
                a.unit
            ));
        }
        for w in &o.warnings {
            let about = [&w.payee, &w.about, &w.value]
                .into_iter()
                .flatten()
                .cloned()
                .collect::<Vec<_>>()
                .join(" ");
            out.push_str(&format!("! {} {about}\n", l.of(&w.title)));
        }
        for e in &o.excluded {
            out.push_str(&format!(
                "{} {} {}: {}\n",
                l.say("不发", "not paid"),
                e.payee,
                l.of(&e.title),
                reasons(l, e)
            ));
        }
        say(&out);
        Ok(())
    }
}

/// Why somebody is not paid, in words.
fn reasons(l: Lang, out: &Excluded) -> String {
    let said: Vec<&str> = out.reasons.iter().map(|r| l.of(r)).collect();
    said.join(l.say("、", ", "))
}

/// Explain somebody's amounts.
#[derive(Debug, Args)]
pub struct Explain {
    /// Id like `07-new-customers`, or a file.
    id: String,
    /// Input file (`-` reads stdin).
    #[arg(long, value_name = "FILE")]
    input: PathBuf,
    /// Whose.
    #[arg(long)]
    payee: String,
    /// As JSON.
    #[arg(long)]
    json: bool,
    /// zh or en.
    #[arg(long, default_value = "zh")]
    lang: Lang,
}

impl Explain {
    pub fn run(self, from: &From) -> Result<(), Refusal> {
        let doc = find(from, &self.id)?;
        let ran = evaluated(&doc, read(&self.input)?, &self.input)?;
        let (o, l) = (&ran.outcome, self.lang);
        if !ran.knows(&doc, &self.payee) {
            let said = format!("--payee: nobody `{}` in the roster or the facts", self.payee);
            return Err(format!("{}: {said}; expected an id that is there", self.input.display()).into());
        }
        let waiting = held(&doc, &ran, &self.payee);
        let mine: Vec<_> = o.lines.iter().filter(|x| x.payee == self.payee).collect();
        let proposals: Vec<_> = o.proposals.iter().filter(|x| x.payee == self.payee).collect();
        let awards: Vec<_> = o.awards.iter().filter(|x| x.payee == self.payee).collect();
        let out: Vec<_> = o.excluded.iter().filter(|x| x.payee == self.payee).collect();
        let story = |emitted: Emitted<'_>| trace(&doc, &ran, emitted);
        if self.json {
            let lines: Vec<Json> = mine.iter().map(|x| story((*x).into()).to_json()).collect();
            let proposals: Vec<Json> = proposals.iter().map(|x| story((*x).into()).to_json()).collect();
            let awards: Vec<Json> = awards.iter().map(|x| story((*x).into()).to_json()).collect();
            let excluded: Vec<Json> = out
                .iter()
                .map(|x| serde_json::json!({ "component": x.component, "codes": x.codes, "reasons": reasons(l, x) }))
                .collect();
            let waiting: Vec<Json> = waiting
                .iter()
                .map(|h| {
                    let says = h.says(&self.payee);
                    serde_json::json!({ "component": h.component, "amount": h.amount.fixed(2), "lapsed": h.lapsed,
                        "says": { "zh": says.zh, "en": says.en }, "trace": h.trace.to_json() })
                })
                .collect();
            let all = serde_json::json!({
                "payee": self.payee, "lines": lines, "proposals": proposals, "awards": awards, "excluded": excluded,
                "held": waiting,
            });
            say(&serde_json::to_string_pretty(&all)?);
            return Ok(());
        }
        let mut text = String::new();
        let told: Vec<Emitted<'_>> = mine.iter().map(|x| (*x).into()).collect();
        let proposed = proposals.iter().map(|x| (*x).into());
        let awarded = awards.iter().map(|x| (*x).into());
        for x in told.into_iter().chain(proposed).chain(awarded) {
            text.push_str(&story(x).text(l == Lang::Zh));
            text.push('\n');
        }
        for h in &waiting {
            text.push_str(&format!("{}\n", l.of(&h.says(&self.payee))));
            for line in h.trace.text(l == Lang::Zh).lines() {
                text.push_str(&format!("  {line}\n"));
            }
            text.push('\n');
        }
        for x in &out {
            text.push_str(&match l {
                Lang::Zh => format!("{} 没有{}：{}\n", x.payee, x.title.zh, reasons(l, x)),
                Lang::En => format!("{} gets no {}: {}\n", x.payee, x.title.en, reasons(l, x)),
            });
        }
        if text.is_empty() {
            let zh = format!("{} 在这一期没有金额", self.payee);
            let en = format!("{} has no amount in this period", self.payee);
            text = l.say(&zh, &en).to_owned();
        }
        say(&text);
        Ok(())
    }
}
