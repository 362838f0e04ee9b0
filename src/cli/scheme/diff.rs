//! `diff`: two documents side by side; with an input, what they pay.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::Value as Json;

use crate::cli::run::Refusal;
use crate::payout::whatif::{compare, documents, overlay};

use super::library::{own_faults, read, told, untried};
use super::paint::{say, table};
use super::run::{evaluated, run_json};
use super::{From, Lang};

/// Compare two documents.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: bole scheme diff 07-new-customers draft.toml --input october.json\n\
    What if: bole scheme diff 07-new-customers 07-new-customers --input october.json --overlay other.json"
)]
pub struct Diff {
    /// The one in force: id or file.
    before: String,
    /// The other one.
    after: String,
    /// Input both are run on.
    #[arg(long, value_name = "FILE")]
    input: Option<PathBuf>,
    /// Parameters, roster rows or facts laid over the input for the second run.
    #[arg(long, value_name = "FILE", requires = "input")]
    overlay: Option<PathBuf>,
    /// zh or en.
    #[arg(long, default_value = "zh")]
    lang: Lang,
}

/// A text as JSON; what is not says where.
fn json(text: &str, path: &Path) -> Result<Json, Refusal> {
    Ok(serde_json::from_str(text).map_err(|e| format!("{}: {e}; expected JSON", path.display()))?)
}

impl Diff {
    pub fn run(self, from: &From) -> Result<(), Refusal> {
        let (a, b) = (untried(from, &self.before)?, untried(from, &self.after)?);
        // A draft may be compared before its examples are written anew.
        for faults in [own_faults(&a), own_faults(&b)] {
            if !faults.is_empty() {
                eprintln!("bole: {}", told(&faults));
            }
        }
        let l = self.lang;
        let mut out = String::new();
        for line in documents(&a, &b) {
            out.push_str(&format!("{line}\n"));
        }
        if let Some(path) = &self.input {
            let text = read(path)?;
            let x = evaluated(&a, text.clone(), path)?;
            let y = match &self.overlay {
                Some(patch) => {
                    let laid = overlay(&json(&text, path)?, &json(&read(patch)?, patch)?);
                    run_json(&b, &laid, path)?
                }
                None => evaluated(&b, text, path)?,
            };
            let c = compare(&x.outcome, &y.outcome);
            let rows: Vec<Vec<String>> = c
                .changes
                .iter()
                .map(|d| {
                    let difference = (&d.after - &d.before).fixed(2);
                    vec![
                        d.payee.clone(),
                        d.component.clone(),
                        d.before.fixed(2),
                        d.after.fixed(2),
                        difference,
                    ]
                })
                .collect();
            let head = [
                l.say("收款人", "payee"),
                l.say("项目", "component"),
                l.say("前", "before"),
                l.say("后", "after"),
                l.say("差", "difference"),
            ];
            out.push_str(&table(&head, &rows, &[2, 3, 4]));
            let cost = (&c.after - &c.before).fixed(2);
            let (gain, lose) = (c.gain.len(), c.lose.len());
            out.push_str(&match l {
                Lang::Zh => format!(
                    "合计 {} → {}，差 {cost}；多得 {gain} 人，少得 {lose} 人\n",
                    c.before.fixed(2),
                    c.after.fixed(2)
                ),
                Lang::En => format!(
                    "total {} → {}, {cost}; {gain} gain, {lose} lose\n",
                    c.before.fixed(2),
                    c.after.fixed(2)
                ),
            });
        }
        if out.is_empty() {
            out.push_str(l.say("没有差别", "no difference"));
        }
        say(&out);
        Ok(())
    }
}
