//! A document for programs: parameters, facts, attributes, steps, examples, so that an input can be built from it.

use serde_json::{Value as Json, json};

use super::block::Block;
use super::block::bands::{Band, Bands};
use super::block::emit::What;
use super::doc::{Book, Document, FactKind, Shown, Step};
use super::income::Income;
use super::schema::{Column, Label, ParamDecl, ParamKind, Setting};
use super::value::{Type, Value};

impl Document {
    /// What `scheme show --json` prints.
    pub fn to_json(&self) -> Json {
        let h = &self.header;
        json!({
            "id": h.id, "version": h.version, "name": { "zh": h.name.zh, "en": h.name.en }, "source": h.source,
            "period": h.period, "period_by": h.period_by, "currency": h.currency,
            "unit": h.unit, "display_decimals": h.decimals, "zone_minutes": h.zone, "guard": h.guard,
            "income": h.income.map(Income::word), "tax": h.tax.word(),
            "effective": { "from": h.from.to_string(), "to": h.to.map(|d| d.to_string()) },
            "late": h.late.word(),
            "params": self.params.iter().map(|p| self.param_json(p)).collect::<Vec<_>>(),
            "roster": self.roster_json(),
            "facts": self.facts_json(),
            "steps": self.steps.iter().map(|s| self.step_json(s)).collect::<Vec<_>>(),
            "examples": self.examples.iter()
                .map(|e| json!({ "id": e.id, "name": { "zh": e.label.zh, "en": e.label.en } })).collect::<Vec<_>>(),
            "book": self.books.iter().map(book_json).collect::<Vec<_>>(),
            "words": self.words_json(),
        })
    }

    /// What people read for the words of options: by parameter or column, then by word.
    pub fn words_json(&self) -> Json {
        let mut all = serde_json::Map::new();
        for (owner, word) in self.option_words() {
            if let Some(label) = self.word(owner, word) {
                let of = all.entry(owner).or_insert_with(|| json!({}));
                of[word] = json!({ "zh": label.zh, "en": label.en });
            }
        }
        Json::Object(all)
    }

    /// The roster's attributes alone, as in [`to_json`](Self::to_json).
    pub fn roster_json(&self) -> Json {
        let columns = &self.schemas[super::doc::ROSTER].columns;
        columns.iter().map(column).collect()
    }

    /// The kinds of facts alone, as in [`to_json`](Self::to_json).
    pub fn facts_json(&self) -> Json {
        let fields = |f: &FactKind| -> Json { self.schemas[f.relation].columns.iter().map(column).collect() };
        let kinds = self.fact_kinds.iter();
        kinds
            .map(|f| {
                json!({ "kind": f.kind, "name": { "zh": f.label.zh, "en": f.label.en }, "fields": fields(f) })
            })
            .collect()
    }

    fn step_json(&self, s: &Step) -> Json {
        let (income, payee_kind, base) = match &s.block {
            Block::Emit(e) if matches!(e.what, What::Line | What::Award) => {
                (Some(e.income(&self.header).word()), Some(&e.payee_kind), e.base)
            }
            _ => (None, None, false),
        };
        json!({
            "id": s.id, "do": s.block.word(), "rule": s.rule, "name": { "zh": s.label.zh, "en": s.label.en },
            "columns": self.schemas[s.relation].columns.iter()
                .map(|c| json!({ "name": c.name, "type": c.ty.word() })).collect::<Vec<_>>(),
            "income": income, "payee_kind": payee_kind, "base": base, "written": self.written(s),
        })
    }

    /// The lines of a step as the document writes them, without its id, block, rule and names.
    fn written(&self, s: &Step) -> Vec<&str> {
        let begin = self.source.text.get(s.span.start..).unwrap_or_default();
        let mut lines = begin.lines().skip(usize::from(begin.starts_with("[[")));
        let mut kept = Vec::new();
        for line in lines.by_ref().take_while(|l| !l.starts_with('[')) {
            let key = line.split('=').next().unwrap_or_default().trim();
            let is_said = ["id", "do", "rule", "zh", "en"].contains(&key) && line.starts_with(key);
            if !is_said && !line.trim().is_empty() && !line.starts_with('#') {
                kept.push(line);
            }
        }
        kept
    }

    fn param_json(&self, p: &ParamDecl) -> Json {
        let (ty, options) = match &p.kind {
            ParamKind::One(ty, options) => (ty.word(), options.as_ref().map(|o| o.to_vec())),
            ParamKind::List(_) => ("list", None),
            ParamKind::Bands { .. } => ("bands", None),
            ParamKind::Table(_) => ("table", None),
        };
        let (of, gives) = match &p.kind {
            ParamKind::List(of) => (Some(of.word()), None),
            ParamKind::Bands { of, gives } => (Some(of.word()), Some(gives.word())),
            _ => (None, None),
        };
        let default = p
            .dated
            .last()
            .map(|d| setting_json(&d.value, p, self.table_columns(&p.kind)));
        json!({
            "id": p.id, "name": { "zh": p.label.zh, "en": p.label.en }, "rule": p.rule, "reason": p.reason.zh,
            "reasons": { "zh": p.reason.zh, "en": p.reason.en },
            "type": ty, "of": of, "gives": gives, "options": options,
            "columns": self.table_columns(&p.kind).map(|c| c.iter().map(column).collect::<Vec<_>>()),
            "key": self.table_key(&p.kind).map(|c| c.iter().map(|c| c.name.clone()).collect::<Vec<_>>()),
            "missing": p.dated.is_empty(), "default": default,
            "dated": p.dated.iter().filter(|d| d.from.is_some() || d.to.is_some()).map(|d| json!({
                "from": d.from.map(|x| x.to_string()), "to": d.to.map(|x| x.to_string()),
                "value": setting_json(&d.value, p, self.table_columns(&p.kind)),
            })).collect::<Vec<_>>(),
            "min": p.min.as_ref().map(ToString::to_string), "over": p.over.as_ref().map(ToString::to_string),
            "max": p.max.as_ref().map(ToString::to_string), "override": p.override_allowed, "administrator": p.administrator,
            "expects": self.describe(p),
        })
    }

    /// Ids of the parameters only an administrator sets: legal acknowledgements (L-02).
    pub fn administrator_params(&self) -> Vec<&str> {
        let signed = self.params.iter().filter(|p| p.administrator);
        signed.map(|p| p.id.as_str()).collect()
    }

    /// Ids of the parameters that must be supplied.
    pub fn missing_params(&self) -> Vec<&str> {
        self.params
            .iter()
            .filter(|p| p.dated.is_empty())
            .map(|p| p.id.as_str())
            .collect()
    }
}

/// A printed error: for `scheme show` and for the explanation of a line.
pub(super) fn book_json(b: &Book) -> Json {
    let two = |l: &Label| json!({ "zh": l.zh, "en": l.en });
    let (line, figure) = match b.shown_by.as_ref().map(|s| &s.what) {
        Some(w @ Shown::Line { .. }) => (Some(w.text()), None),
        Some(w @ Shown::Figure { .. }) => (None, Some(w.text())),
        None => (None, None),
    };
    json!({
        "no": b.no, "says": two(&b.says), "exact": two(&b.exact), "because": two(&b.because), "note": two(&b.note()),
        "component": b.component, "example": b.shown_by.as_ref().map(|s| &s.example), "line": line, "figure": figure,
    })
}

fn column(c: &Column) -> Json {
    let required = c.default.is_none();
    json!({
        "name": c.name, "type": if c.employee { "employee" } else { c.ty.word() },
        "options": c.options.as_ref().map(|o| o.to_vec()), "required": required,
        "default": c.default.as_ref().map(|v| value_json(v, c.ty)),
        "min": c.min.as_ref().map(ToString::to_string), "max": c.max.as_ref().map(ToString::to_string),
        "label": { "zh": c.label.zh, "en": c.label.en },
    })
}

/// A value as an input would write it.
fn value_json(value: &Value, ty: Type) -> Json {
    match value {
        Value::Bool(b) => Json::Bool(*b),
        Value::Num(n) if ty.is_money() => Json::String(n.fixed(2)),
        other => Json::String(other.to_string()),
    }
}

fn setting_json(setting: &Setting, p: &ParamDecl, columns: Option<&[Column]>) -> Json {
    match (setting, &p.kind) {
        (Setting::One(v), ParamKind::One(ty, _)) => value_json(v, *ty),
        (Setting::List(list), ParamKind::List(ty)) => list.iter().map(|v| value_json(v, *ty)).collect(),
        (Setting::Bands(b), _) => bands_json(b),
        (Setting::Table(rows), _) => rows
            .iter()
            .map(|row| {
                let columns = columns.unwrap_or_default();
                columns
                    .iter()
                    .zip(row)
                    .map(|(c, v)| (c.name.clone(), value_json(v, c.ty)))
                    .collect::<serde_json::Map<_, _>>()
            })
            .map(Json::Object)
            .collect(),
        _ => Json::Null,
    }
}

fn bands_json(bands: &Bands) -> Json {
    let band = |b: &Band| {
        let mut map = serde_json::Map::new();
        map.insert(
            if b.low_in { "from" } else { "over" }.into(),
            b.low.to_string().into(),
        );
        if let Some(high) = &b.high {
            map.insert(
                if b.high_in { "upto" } else { "below" }.into(),
                high.to_string().into(),
            );
        }
        map.insert("gives".into(), b.gives.to_string().into());
        Json::Object(map)
    };
    bands.list.iter().map(band).collect()
}
