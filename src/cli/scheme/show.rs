//! `show`: a scheme for people, or for programs.

use clap::Args;
use serde_json::Value as Json;

use crate::cli::run::Refusal;
use crate::payout::{Document, Income};

use super::library::find;
use super::paint::{curve, say, table};
use super::{From, Lang};

/// Show a scheme.
#[derive(Debug, Args)]
pub struct Show {
    /// Id like `07-new-customers`, or a file.
    id: String,
    /// As JSON: every parameter, fact and attribute, so that a program can build an input.
    #[arg(long)]
    json: bool,
    /// zh or en.
    #[arg(long, default_value = "zh")]
    lang: Lang,
}

impl Show {
    pub fn run(self, from: &From) -> Result<(), Refusal> {
        let doc = find(from, &self.id)?;
        let json = doc.to_json();
        if self.json {
            say(&serde_json::to_string_pretty(&json)?);
        } else {
            say(&page(&doc, &json, self.lang));
        }
        Ok(())
    }
}

fn text(v: &Json) -> String {
    match v {
        Json::String(s) => s.clone(),
        Json::Null => String::new(),
        Json::Array(list) => list.iter().map(text).collect::<Vec<_>>().join(" · "),
        Json::Object(map) => map
            .iter()
            .map(|(k, v)| format!("{k} {}", text(v)))
            .collect::<Vec<_>>()
            .join(" "),
        other => other.to_string(),
    }
}

/// A step: what it is called, and then what it does as the document writes it, so that a case can be computed from the
/// page alone.
fn step(number: usize, s: &Json, side: &str) -> String {
    let head = [&s["id"], &s["do"], &s["rule"], &s["name"][side]].map(text);
    let said: Vec<String> = head.into_iter().filter(|t| !t.is_empty()).collect();
    let mut out = format!("{number:>3}  {}\n", said.join("  "));
    for line in s["written"].as_array().into_iter().flatten() {
        out.push_str(&format!("       {}\n", text(line)));
    }
    out
}

fn page(doc: &Document, json: &Json, l: Lang) -> String {
    let side = l.say("zh", "en");
    let h = &doc.header;
    let mut out = format!("{}  {}  v{}\n", h.id, l.of(&h.name), h.version);
    let to = h.to.map_or(String::new(), |d| d.to_string());
    let unit = if h.unit.is_empty() { &h.currency } else { &h.unit };
    out.push_str(&match l {
        Lang::Zh => format!(
            "出处 {}；周期 {}；{} 起生效 {to}；金额 {}\n",
            h.source, h.period, h.from, unit
        ),
        Lang::En => format!(
            "source {}; period {}; in force from {} {to}; amounts in {}\n",
            h.source, h.period, h.from, unit
        ),
    });
    let income = h.income.unwrap_or_else(|| Income::of_payee("employee"));
    out.push_str(&format!(
        "{}{}{}{}\n",
        l.say("员工的收入类别：", "income class of employees: "),
        l.of(&income.label()),
        l.say("；金额", "; amounts "),
        l.of(&h.tax.label())
    ));
    let items = |v: &Json| v.as_array().cloned().unwrap_or_default();
    let params: Vec<Vec<String>> = items(&json["params"])
        .iter()
        .map(|p| {
            let default = if p["missing"] == true {
                l.say("必填 MISSING", "MISSING").to_owned()
            } else {
                text(&p["default"])
            };
            vec![
                text(&p["id"]),
                text(&p["rule"]),
                text(&p["name"][side]),
                text(&p["expects"]),
                default,
                text(&p["reasons"][side]),
            ]
        })
        .collect();
    if !params.is_empty() {
        out.push_str(&format!("\n{}\n", l.say("参数", "Parameters")));
        let head = [
            "id",
            l.say("规则", "rule"),
            l.say("名称", "name"),
            l.say("类型", "type"),
            l.say("默认", "default"),
            l.say("理由", "reason"),
        ];
        out.push_str(&table(&head, &params, &[]));
    }
    let column = |c: &Json, kind: &str| {
        let need = if c["required"] == true {
            l.say("必填", "required").to_owned()
        } else {
            format!("= {}", text(&c["default"]))
        };
        let options = if c["options"].is_null() {
            String::new()
        } else {
            text(&c["options"])
        };
        vec![
            kind.to_owned(),
            text(&c["name"]),
            text(&c["type"]),
            need,
            text(&c["label"][side]),
            options,
        ]
    };
    let mut rows: Vec<Vec<String>> = items(&json["roster"])
        .iter()
        .map(|c| column(c, "roster"))
        .collect();
    for f in items(&json["facts"]) {
        let kind = format!("{} {}", text(&f["kind"]), text(&f["name"][side]));
        rows.extend(items(&f["fields"]).iter().map(|c| column(c, &kind)));
    }
    out.push_str(&format!("\n{}\n", l.say("名单与事实", "Roster and facts")));
    let head = [
        l.say("来源", "from"),
        l.say("字段", "field"),
        l.say("类型", "type"),
        "",
        l.say("名称", "name"),
        l.say("取值", "values"),
    ];
    out.push_str(&table(&head, &rows, &[]));
    out.push_str(&format!("\n{}\n", l.say("步骤", "Steps")));
    for (n, s) in items(&json["steps"]).iter().enumerate() {
        out.push_str(&step(n + 1, s, side));
    }
    for c in doc.curves() {
        out.push('\n');
        out.push_str(&curve(&c, l));
    }
    if !doc.books.is_empty() {
        out.push_str(&format!(
            "\n{}\n",
            l.say("书上印错的", "What the book prints wrong")
        ));
        for b in &doc.books {
            out.push_str(&format!("  {}\n", l.of(&b.note())));
        }
    }
    out.push_str(&format!("\n{}\n", l.say("例", "Examples")));
    for e in items(&json["examples"]) {
        out.push_str(&format!("  {}  {}\n", text(&e["id"]), text(&e["name"][side])));
    }
    out
}
