//! What a run is calculated from: the roster and the facts a document declares, out of the store.

use std::collections::{BTreeMap, HashMap};

use jiff::ToSpan;
use jiff::civil::Date;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::app::App;
use crate::app::pay::PayError;
use crate::app::pay::flow::TRACKER;
use crate::domain::Period;
use crate::payout::Document;
use crate::storage::StoreError;
use crate::storage::pay::FactRow;

/// Dimension that keeps a fact to one scheme, where several declare its kind.
pub(super) const FOR_SCHEME: &str = "for_scheme";
/// Leavers stay on the roster this long: their cash comes in later (GC-15), days.
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
const OWN: [&str; 3] = ["id", "occurred", "order"];

impl Shape {
    pub fn of(document: &Document) -> Self {
        let json = document.to_json();
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
        let facts = json["facts"].as_array().map_or(&[][..], Vec::as_slice);
        Self {
            roster: fields(&json["roster"]),
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

/// Everything a run reads, ready for the engine, with its hash.
pub(super) struct Material {
    /// `{period, params, roster, facts}`.
    pub input: Value,
    /// Roster as JSON, for the run's row.
    pub roster: String,
    /// SHA-256 of it all.
    pub hash: [u8; 32],
    /// People left out because nothing the scheme needs is known of them.
    pub unknown: usize,
    /// The tracker's facts left out because they lack what this scheme must know.
    pub left_out: usize,
}

/// Gathers what a document reads for a period, as known at a watermark. `roster` is a closed run's, where its period is
/// looked at again.
pub(super) async fn gather(
    app: &App,
    document: &Document,
    (from, to): (Date, Date),
    params: &Value,
    watermark: i64,
    roster: Option<&str>,
) -> Result<Material, PayError> {
    let shape = Shape::of(document);
    let (roster, unknown) = match roster {
        Some(text) => (serde_json::from_str(text).unwrap_or_default(), 0),
        None => people(app, &document.header.id, &shape, (from, to)).await?,
    };
    let (mut facts, mut left_out) = (Vec::new(), 0);
    for (kind, fields) in &shape.facts {
        let rows = app.store.facts_as_of(kind, watermark).await?;
        left_out += rows_of(&document.header.id, rows, fields, &mut facts)?;
    }
    let input = json!({
        "period": { "from": from.to_string(), "to": to.to_string() },
        "params": params, "roster": roster, "facts": facts,
    });
    let hash = Sha256::digest(input.to_string().as_bytes()).into();
    Ok(Material {
        roster: input["roster"].to_string(),
        input,
        hash,
        unknown,
        left_out,
    })
}

/// The facts of a kind as the document's fields; others' fields are left out, and so are facts of the tracker that lack
/// what this document must know (they are another scheme's); gives how many those were.
fn rows_of(
    scheme: &str,
    rows: Vec<FactRow>,
    fields: &[Field],
    out: &mut Vec<Value>,
) -> Result<usize, StoreError> {
    let mut keys: HashMap<&str, u32> = HashMap::new();
    for row in &rows {
        *keys.entry(row.source_key.as_str()).or_default() += 1;
    }
    let employee = fields.iter().find(|f| f.kind == "employee");
    let mut left_out = 0;
    for row in &rows {
        let told: Map<String, Value> =
            serde_json::from_str(&row.fields).map_err(|_| StoreError::Corrupt {
                table: "facts",
                column: "fields",
                value: row.fields.clone(),
            })?;
        if told.get(FOR_SCHEME).is_some_and(|only| only != scheme) {
            continue;
        }
        // One id per kind, whichever source it came from.
        let id = if keys.get(row.source_key.as_str()).copied() == Some(1) {
            row.source_key.clone()
        } else {
            format!("{}/{}", row.source, row.source_key)
        };
        let mut fact = Map::new();
        fact.insert("kind".into(), json!(row.kind));
        fact.insert("id".into(), json!(id));
        fact.insert("occurred".into(), json!(row.occurred));
        for field in fields {
            let value = told.get(&field.name).cloned();
            let subject = || {
                let is_subject = employee.is_some_and(|e| e.name == field.name);
                row.subject.clone().filter(|_| is_subject).map(Value::String)
            };
            if let Some(value) = value.or_else(subject) {
                fact.insert(field.name.clone(), value);
            }
        }
        let lacks = |field: &&Field| field.required && !fact.contains_key(&field.name);
        if row.source == TRACKER && fields.iter().any(|field| lacks(&field)) {
            left_out += 1;
            continue;
        }
        out.push(Value::Object(fact));
    }
    Ok(left_out)
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
) -> Result<(Value, usize), PayError> {
    let last = to.yesterday().unwrap_or(from);
    let mut set: HashMap<i64, Map<String, Value>> = HashMap::new();
    for value in app.store.roster_on(last).await? {
        let json = serde_json::from_str(&value.value).unwrap_or(Value::String(value.value));
        set.entry(value.employee_id).or_default().insert(value.name, json);
    }
    let honoured = honoured(app, scheme, (from, to)).await?;
    let gone = from.checked_sub(LEAVERS_DAYS.days()).unwrap_or(from);
    let (mut roster, mut unknown, mut after) = (Vec::new(), 0, None);
    loop {
        let page = app.store.employees(None, after, 500, last).await?;
        let Some(end) = page.last() else { break };
        after = Some(end.id.0);
        for person in &page {
            let facts = &person.facts;
            if facts.hired_on.is_some_and(|day| day >= to) || facts.left_on.is_some_and(|day| day < gone) {
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
            let (mut needed, mut given) = (0, 0);
            for field in &shape.roster {
                let known = record(&field.name);
                // What everybody's record says does not tell who takes part.
                let tells = field.required && known.is_none();
                let only_here = own.get(&format!("{scheme}.{}", field.name));
                let value = only_here.or_else(|| own.get(&field.name)).cloned().or(known);
                needed += usize::from(tells);
                given += usize::from(tells && value.is_some());
                if let Some(value) = value {
                    row.insert(field.name.clone(), value);
                }
            }
            if needed > 0 && given == 0 {
                unknown += 1;
                continue;
            }
            row.insert("id".into(), json!(person.code));
            row.insert("order".into(), json!(person.id.0));
            roster.push(Value::Object(row));
        }
    }
    Ok((Value::Array(roster), unknown))
}
