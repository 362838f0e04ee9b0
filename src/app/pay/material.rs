//! What a run is calculated from: the roster and the facts a document declares, out of the store.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::ToSpan;
use jiff::civil::Date;
use serde::Serialize;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::app::App;
use crate::app::pay::PayError;
use crate::app::pay::flow::TRACKER;
use crate::app::pay::parts::Parts;
use crate::domain::Period;
use crate::payout::{Document, Reach, Refused};
use crate::storage::StoreError;
use crate::storage::pay::ReadFact;

/// Dimension that keeps a fact to one scheme, where several declare its kind.
pub(super) const FOR_SCHEME: &str = "for_scheme";
/// Leavers stay on the roster this long, and longer where a fact names them: their cash comes in later (GC-15), days.
const LEAVERS_DAYS: i32 = 400;

/// A declared field.
#[derive(Clone, Debug)]
pub(super) struct Field {
    pub name: String,
    pub kind: String,
    pub required: bool,
}

/// What a document reads, by name.
pub(super) struct Shape {
    pub roster: Vec<Field>,
    pub facts: BTreeMap<String, Vec<Field>>,
}

/// Columns every fact and roster row has by itself.
pub(super) const OWN: [&str; 3] = ["id", "occurred", "order"];

impl Shape {
    pub fn of(document: &Document) -> Self {
        let (roster, facts) = (document.roster_json(), document.facts_json());
        let fields = |list: &Value| -> Vec<Field> {
            let list = list.as_array().map_or(&[][..], Vec::as_slice);
            let text = |v: &Value, key: &str| v[key].as_str().unwrap_or_default().to_owned();
            list.iter()
                .filter(|f| !OWN.contains(&f["name"].as_str().unwrap_or_default()))
                .map(|f| Field {
                    name: text(f, "name"),
                    kind: text(f, "type"),
                    required: f["required"] == true,
                })
                .collect()
        };
        let facts = facts.as_array().map_or(&[][..], Vec::as_slice);
        Self {
            roster: fields(&roster),
            facts: facts
                .iter()
                .map(|f| {
                    (
                        f["kind"].as_str().unwrap_or_default().to_owned(),
                        fields(&f["fields"]),
                    )
                })
                .collect(),
        }
    }
}

/// Who was left out because nothing the scheme needs is known of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Unready {
    /// How many.
    pub count: usize,
    /// Those that facts name all the same: code and name.
    pub named: BTreeMap<String, String>,
    /// The attributes they lack.
    pub lack: Vec<String>,
}

/// Everything a run reads, ready for the engine, with its hash.
pub(super) struct Material {
    /// `{facts, period, params, roster}`, JSON.
    pub input: String,
    /// Roster as JSON, for the run's row.
    pub roster: String,
    /// SHA-256 of it all.
    pub hash: [u8; 32],
    /// What it is made of.
    pub parts: Parts,
    /// People left out because nothing the scheme needs is known of them.
    pub unready: Unready,
    /// The tracker's facts left out because they lack what this scheme must know.
    pub left_out: usize,
}

impl Material {
    /// Out of its parts; `facts` is a JSON list without its brackets.
    pub fn new(
        mut facts: Vec<u8>,
        (from, to): (Date, Date),
        params: &Value,
        roster: String,
        parts: Parts,
    ) -> Result<Self, StoreError> {
        // Facts come first: they are many, and what follows is put behind them without moving them.
        facts.extend_from_slice(b"],");
        let period = json!({ "from": from.to_string(), "to": to.to_string() });
        let rest = format!("\"period\":{period},\"params\":{params},\"roster\":{roster}}}");
        facts.extend_from_slice(rest.as_bytes());
        let hash = Sha256::digest(&facts).into();
        let input = String::from_utf8(facts).map_err(|_| StoreError::Corrupt {
            table: "facts",
            column: "fields",
            value: "text that is not UTF-8".to_owned(),
        })?;
        Ok(Self {
            input,
            parts: parts.with(params, &roster),
            roster,
            hash,
            unready: Unready::default(),
            left_out: 0,
        })
    }
}

/// How an input's text begins.
pub(super) const OPENING: &[u8] = b"{\"facts\":[";

/// Gathers what a document reads for a period, as known at a watermark. `roster` is a closed run's, where its period is
/// looked at again. Facts are written as text one by one: there is no tree of a million of them.
pub(super) async fn gather(
    app: &App,
    document: &Document,
    (from, to): (Date, Date),
    params: &Value,
    watermark: i64,
    roster: Option<&str>,
) -> Result<Material, PayError> {
    let shape = Shape::of(document);
    let days = reach_of(app, document, (from, to), params)?;
    let mut told = Told {
        scheme: &document.header.id,
        text: OPENING.to_vec(),
        people: HashSet::new(),
        count: 0,
        left_out: 0,
    };
    let mut parts = Parts::default();
    for (kind, fields) in &shape.facts {
        let reach = days.get(kind).copied().unwrap_or_default();
        let start = told.text.len();
        told.kind(app, (kind, fields), reach, watermark).await?;
        parts.kind(kind, told.count, &told.text[start..]);
    }
    let (roster, unready) = match roster {
        Some(text) => (
            joined(app, document, &shape, (from, to), text, &told.people).await?,
            Unready::default(),
        ),
        None => people(app, &document.header.id, &shape, (from, to), &told.people).await?,
    };
    let left_out = told.left_out;
    Ok(Material {
        unready,
        left_out,
        ..Material::new(told.text, (from, to), params, roster, parts)?
    })
}

/// A closed run's roster with those whom facts name that became known since: who had long left when it was calculated, and
/// was named by nobody, is not on it. By what the run itself had read there are none.
async fn joined(
    app: &App,
    document: &Document,
    shape: &Shape,
    days: (Date, Date),
    roster: &str,
    named: &HashSet<String>,
) -> Result<String, PayError> {
    let Ok(mut rows) = serde_json::from_str::<Vec<Value>>(roster) else {
        return Ok(roster.to_owned());
    };
    let known: HashSet<&str> = rows.iter().filter_map(|row| row["id"].as_str()).collect();
    let missing: HashSet<String> = named
        .iter()
        .filter(|code| !known.contains(code.as_str()))
        .cloned()
        .collect();
    if missing.is_empty() {
        return Ok(roster.to_owned());
    }
    let (now, _) = people(app, &document.header.id, shape, days, &missing).await?;
    let now: Vec<Value> = serde_json::from_str(&now).unwrap_or_default();
    let is_missing = |row: &Value| row["id"].as_str().is_some_and(|id| missing.contains(id));
    rows.extend(now.into_iter().filter(is_missing));
    Ok(Value::Array(rows).to_string())
}

/// The days a document reads of each kind, in the firm's own zone.
pub(super) fn reach_of(
    app: &App,
    document: &Document,
    (from, to): (Date, Date),
    params: &Value,
) -> Result<BTreeMap<String, Reach>, PayError> {
    let mut days = document.reach((from, to), params).map_err(|r| refused(&r))?;
    // A day of the firm is the document's where both are as far east; otherwise its neighbours are read too.
    let zone = &app.programme.zone;
    let same = [from, to].into_iter().all(|day| {
        let offset = day.to_zoned(zone.clone()).map(|at| at.offset().seconds());
        offset.is_ok_and(|seconds| seconds == document.header.zone * 60)
    });
    if !same {
        for reach in days.values_mut() {
            reach.from = reach.from.and_then(|day| day.checked_sub(2.days()).ok());
            reach.to = reach.to.and_then(|day| day.checked_add(2.days()).ok());
        }
    }
    Ok(days)
}

/// What the engine refuses of an input: where, what was found, what was expected.
pub(super) fn refused(r: &Refused) -> PayError {
    let place = if r.path.is_empty() { "$" } else { &r.path };
    PayError::Refused(format!("{place}: {}; expected {}", r.what, r.expected))
}

/// Facts as the text of a JSON list.
struct Told<'a> {
    scheme: &'a str,
    text: Vec<u8>,
    /// Codes that facts name as people.
    people: HashSet<String>,
    /// Facts of the kind that is written.
    count: usize,
    left_out: usize,
}

impl Told<'_> {
    /// The facts of a kind as the document's fields; others' fields are left out, and so are facts of the tracker that
    /// lack what this document must know (they are another scheme's).
    async fn kind(
        &mut self,
        app: &App,
        (kind, fields): (&str, &[Field]),
        reach: Reach,
        watermark: i64,
    ) -> Result<(), PayError> {
        let (start, left_out) = (self.text.len(), self.left_out);
        let mut doubled = HashSet::new();
        loop {
            self.count = 0;
            let (mut seen, mut again) = (HashSet::new(), HashSet::new());
            let mut take = |row: ReadFact| {
                let mark = mark_of(&row.source_key);
                let is_doubled = doubled.contains(&mark);
                if self.fact(kind, fields, row, is_doubled)? && !seen.insert(mark) && !is_doubled {
                    again.insert(mark);
                }
                Ok(())
            };
            app.store
                .each_fact(kind, (reach.from, reach.to), watermark, &mut take)
                .await?;
            if again.is_empty() {
                return Ok(());
            }
            // Two sources use one key: both are told by source and key, so it is all written once more.
            doubled.extend(again);
            self.text.truncate(start);
            self.left_out = left_out;
        }
    }

    /// Writes a fact; gives whether it is this scheme's.
    fn fact(
        &mut self,
        kind: &str,
        fields: &[Field],
        row: ReadFact,
        is_doubled: bool,
    ) -> Result<bool, StoreError> {
        let told: Map<String, Value> = match serde_json::from_str(&row.fields) {
            Ok(told) => told,
            Err(_) => {
                return Err(StoreError::Corrupt {
                    table: "facts",
                    column: "fields",
                    value: row.fields,
                });
            }
        };
        if told.get(FOR_SCHEME).is_some_and(|only| only != self.scheme) {
            return Ok(false);
        }
        let employee = fields.iter().position(|f| f.kind == "employee");
        let value_of = |at: usize, field: &Field| -> Option<Cow<'_, Value>> {
            let said = told.get(&field.name).map(Cow::Borrowed);
            said.or_else(|| {
                let subject = row.subject.as_ref().filter(|_| employee == Some(at))?;
                Some(Cow::Owned(Value::String(subject.clone())))
            })
        };
        let start = self.text.len();
        if start > OPENING.len() {
            self.text.push(b',');
        }
        self.text.push(b'{');
        // One id per kind, whichever source it came from.
        let id = if is_doubled {
            Cow::Owned(format!("{}/{}", row.source, row.source_key))
        } else {
            Cow::Borrowed(&row.source_key)
        };
        self.pair("kind", kind);
        self.text.push(b',');
        self.pair("id", &*id);
        self.text.push(b',');
        self.pair("occurred", &row.occurred);
        for (at, field) in fields.iter().enumerate() {
            match value_of(at, field) {
                Some(value) => {
                    self.text.push(b',');
                    self.pair(&field.name, &*value);
                    if let Some(code) = value.as_str().filter(|_| field.kind == "employee")
                        && !self.people.contains(code)
                    {
                        self.people.insert(code.to_owned());
                    }
                }
                None if field.required && row.source == TRACKER => {
                    self.left_out += 1;
                    self.text.truncate(start);
                    return Ok(true);
                }
                None => {}
            }
        }
        self.text.push(b'}');
        self.count += 1;
        Ok(true)
    }

    /// `"name":value`; writing JSON into memory cannot fail.
    fn pair(&mut self, name: &str, value: &(impl Serialize + ?Sized)) {
        let _ = serde_json::to_writer(&mut self.text, name);
        self.text.push(b':');
        let _ = serde_json::to_writer(&mut self.text, value);
    }
}

/// Eight bytes that stand for a key: a million of them are 16 MB, and two keys that share them are only told at greater
/// length.
fn mark_of(key: &str) -> u64 {
    let digest = Sha256::digest(key.as_bytes());
    digest
        .iter()
        .take(8)
        .fold(0, |mark, byte| mark << 8 | u64::from(*byte))
}

/// The sharing programme's document.
const PROGRAMME: &str = "00-social";

/// What the programme's own acts say of people in a period: the month's best creator, and honours given in it. An attribute
/// finance set goes before it.
async fn honoured(
    app: &App,
    scheme: &str,
    (from, to): (Date, Date),
) -> Result<HashMap<i64, Vec<&'static str>>, StoreError> {
    let mut honoured: HashMap<i64, Vec<&'static str>> = HashMap::new();
    if scheme != PROGRAMME {
        return Ok(honoured);
    }
    if let Ok(month) = Period::month_of(from)
        && month.first == from
        && month.end == to
        && let Some(best) = app.store.best_creator_of(&month.label()).await?
    {
        honoured.entry(best).or_default().push("best_creator");
    }
    let edge = |day: Date| {
        let zoned = day.to_zoned(app.programme.zone.clone());
        zoned.map_or(0, |z| z.timestamp().as_millisecond())
    };
    for (employee, kind) in app.store.honoured(edge(from), edge(to)).await? {
        let attribute = match kind.as_str() {
            "chief" => "chief",
            "training" => "training",
            "co-creation" => "voice",
            _ => continue,
        };
        honoured.entry(employee).or_default().push(attribute);
    }
    Ok(honoured)
}

/// Everybody the scheme knows enough of. `07-new-customers.role` holds for that scheme alone and goes before `role`, which
/// holds for all. Team, first and last day come from the person's record unless an attribute of
/// that name was set. Who lacks all the attributes a scheme must have takes no part in it.
async fn people(
    app: &App,
    scheme: &str,
    shape: &Shape,
    (from, to): (Date, Date),
    named: &HashSet<String>,
) -> Result<(String, Unready), PayError> {
    let last = to.yesterday().unwrap_or(from);
    let mut set: HashMap<i64, Map<String, Value>> = HashMap::new();
    let fields = shape.roster.iter().map(|f| f.name.clone());
    let names: Vec<String> = fields
        .flat_map(|name| [format!("{scheme}.{name}"), name])
        .collect();
    for value in app.store.roster_on(last, &names).await? {
        let json = serde_json::from_str(&value.value).unwrap_or(Value::String(value.value));
        set.entry(value.employee_id).or_default().insert(value.name, json);
    }
    let honoured = honoured(app, scheme, (from, to)).await?;
    let gone = from.checked_sub(LEAVERS_DAYS.days()).unwrap_or(from);
    let (mut roster, mut unready, mut after) = (Vec::new(), Unready::default(), None);
    loop {
        let page = app.store.employees(None, after, 500, last).await?;
        let Some(end) = page.last() else { break };
        after = Some(end.id.0);
        for person in &page {
            let facts = &person.facts;
            let is_gone = facts.left_on.is_some_and(|day| day < gone) && !named.contains(&person.code);
            if is_gone || facts.hired_on.is_some_and(|day| day >= to) {
                continue;
            }
            let own = set.remove(&person.id.0).unwrap_or_default();
            let record = |name: &str| match name {
                "name" => Some(json!(facts.name)),
                "team" => person.team.as_ref().map(|t| json!(t)),
                name if honoured.get(&person.id.0).is_some_and(|h| h.contains(&name)) => Some(json!(true)),
                "hired" => facts.hired_on.map(|d| json!(d.to_string())),
                "left" => facts
                    .left_on
                    .and_then(|d| d.tomorrow().ok())
                    .map(|d| json!(d.to_string())),
                _ => None,
            };
            let mut row = Map::new();
            let (mut needed, mut given) = (Vec::new(), 0);
            for field in &shape.roster {
                let known = record(&field.name);
                // What everybody's record says does not tell who takes part.
                let tells = field.required && known.is_none();
                let only_here = own.get(&format!("{scheme}.{}", field.name));
                let value = only_here.or_else(|| own.get(&field.name)).cloned().or(known);
                needed.extend(tells.then(|| field.name.clone()));
                given += usize::from(tells && value.is_some());
                if let Some(value) = value {
                    row.insert(field.name.clone(), value);
                }
            }
            if !needed.is_empty() && given == 0 {
                unready.count += 1;
                if named.contains(&person.code) {
                    unready.named.insert(person.code.clone(), facts.name.clone());
                    unready.lack = needed;
                }
                continue;
            }
            row.insert("id".into(), json!(person.code));
            row.insert("order".into(), json!(person.id.0));
            roster.push(Value::Object(row));
        }
    }
    Ok((Value::Array(roster).to_string(), unready))
}
